"""What leaves the network: tunnels, foreign resolvers, databases' own connections, clear text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from auditor.checklist.matrix import DNS, ICMP, NTP, TCP, TUNNELS, UDP, named, on
from auditor.checklist.probe import Found, Probe
from auditor.checklist.sight import Sight, count_of, counted, seeing, service, ways
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.matrix import Flags
    from auditor.checklist.probe import Arguments

CLEAR_APPS: Final = (
    "telnet", "ftp", "ftp-data", "tftp", "rsh", "rlogin", "rexec", "ldap", "vnc", "rfb", "http",
    "pop3", "imap", "smtp", "mysql", "postgresql", "tds", "redis", "mongodb", "tns", "finger",
)  # fmt: skip
CLEAR_PORTS: Final = frozenset((
    (TCP, 20), (TCP, 21), (TCP, 23), (UDP, 69), (TCP, 79), (TCP, 512), (TCP, 513),
    (TCP, 80), (TCP, 110), (TCP, 143), (TCP, 389), (TCP, 5900),
))  # fmt: skip
"""Ports of protocols that have no encrypted form there, where nobody recognised the protocol."""
SNMP: Final = frozenset(((UDP, 161), (UDP, 162)))
GRE_ESP: Final = (47, 50)
TUNNEL_APPS: Final = (
    "openvpn", "wireguard", "ipsec", "ike", "socks", "tor", "anydesk", "teamviewer", "l2tp", "pptp",
)  # fmt: skip
TUNNEL_NAMES: Final = (
    "*.ngrok.io", "*.ngrok.com", "*.ngrok.app", "*.ngrok.dev", "*.ngrok-free.app",
    "*.ngrok-free.dev", "*.trycloudflare.com", "*.serveo.net", "*.loca.lt", "*.pinggy.io",
    "*.anydesk.com", "*.teamviewer.com", "*.ultraviewer.net", "*.rustdesk.com", "*.tailscale.com",
    "*.zerotier.com", "*.torproject.org", "dns.google", "*.dns.google", "dns.quad9.net",
    "cloudflare-dns.com", "*.cloudflare-dns.com", "one.one.one.one", "doh.opendns.com",
    "dns.adguard-dns.com", "dns.nextdns.io",
)  # fmt: skip
"""Names of relays, remote-control services and resolvers over HTTPS."""


def egress_tunnels(sight: Sight, arguments: Arguments) -> Found:
    """Tunnels, remote control and hidden name resolution from inside to the Internet."""
    del arguments
    edges = sight.edges
    leaving = edges[edges["src_home"] & edges["dst_outside"] & edges["moved"]]
    if leaving.empty:
        return sight.unknown(
            Text("Không thấy luồng nào ra Internet", "No flow to the Internet was seen"),
            Text("Ghi lưu lượng tại biên.", "Record at the edge."),
        )
    names = [host for host in leaving["host"].unique() if named(host, TUNNEL_NAMES)]
    by_port = on(leaving, TUNNELS) | leaving["protocol"].isin(GRE_ESP)
    by_port |= leaving["app"].isin(TUNNEL_APPS)
    declared = sight.matrix.declared(leaving, any_port=False)
    against = leaving[(by_port & ~declared) | leaving["host"].isin(names)]
    if len(against):
        return sight.failed(
            Text(
                f"{count_of(against)} đường kết nối từ {against['src_ip'].nunique()} máy bên trong "
                "là đường hầm, điều khiển từ xa hoặc phân giải tên miền ẩn",
                f"{ways(against)} from {counted(against['src_ip'].nunique(), 'inside host')} are "
                "tunnels, remote control or hidden name resolution",
            ),
            Text(
                "Chặn tại biên; khai báo nếu là kênh được phép.",
                "Close it at the edge; declare it if it is allowed.",
            ),
            against,
        )
    return sight.clear(
        Text(
            f"Không thấy đường hầm, điều khiển từ xa trong {count_of(leaving)} đường ra Internet "
            "(nhận biết theo cổng, giao thức, tên miền)",
            f"No tunnel or remote control among {ways(leaving)} to the Internet (known by port, "
            "protocol and name)",
        ),
        seen=count_of(leaving),
    )


def foreign_dns_ntp(sight: Sight, arguments: Arguments) -> Found:
    """Names and time are asked only of declared servers, and none of them abroad."""
    del arguments
    edges, network = sight.edges, sight.network
    sent = edges["src_home"] & edges["moved"]
    names = edges[sent & (on(edges, DNS) | (edges["app"] == "dns"))]
    times = edges[sent & (on(edges, NTP) | (edges["app"] == "ntp"))]
    # a resolver asks the whole world on everybody's behalf, a time server its own sources
    names = names[~names["src_ip"].isin(network.resolvers)]
    times = times[~times["src_ip"].isin(network.time_servers)]
    seen = pd.concat([names, times])
    if seen.empty:
        return sight.unknown(
            Text("Không thấy truy vấn DNS hay NTP nào", "No DNS or NTP was seen"),
            Text(
                "Ghi lưu lượng nơi các máy hỏi tên miền và giờ.",
                "Record where machines ask for names and time.",
            ),
        )
    abroad = seen[seen["crosses_border"].fillna(value=False).astype(bool)]
    if len(abroad):
        return sight.failed(
            Text(
                f"{abroad['dst_ip'].nunique()} máy chủ DNS, NTP ở nước ngoài được hỏi",
                f"{counted(abroad['dst_ip'].nunique(), 'DNS or NTP server')} abroad asked",
            ),
            Text(
                "Chỉ dùng máy chủ tên miền, máy chủ giờ trong nước đã khai báo.",
                "Use declared resolvers and time servers in the country only.",
            ),
            abroad,
        )
    lacking = [
        name
        for name, rows, servers in (
            ("resolvers", names, network.resolvers),
            ("time_servers", times, network.time_servers),
        )
        if len(rows) and not servers
    ]
    if lacking:
        return sight.unknown(
            Text(
                f"Chưa khai báo {', '.join(lacking)} trong network.yaml",
                f"network.yaml declares no {', '.join(lacking)}",
            ),
            Text(
                "Khai báo máy chủ tên miền và máy chủ giờ.",
                "Declare the resolvers and time servers.",
            ),
        )
    against = pd.concat(
        [
            names[~names["dst_ip"].isin(network.resolvers)],
            times[~times["dst_ip"].isin(network.time_servers)],
        ]
    )
    if len(against):
        return sight.failed(
            Text(
                f"{against['dst_ip'].nunique()} máy chủ DNS, NTP chưa khai báo được hỏi",
                f"{counted(against['dst_ip'].nunique(), 'undeclared DNS or NTP server')} asked",
            ),
            Text(
                "Chặn DNS, NTP ra ngoài trừ máy chủ đã khai báo.",
                "Close DNS and NTP except to the declared servers.",
            ),
            against,
        )
    return sight.passed(
        Text(
            f"{seen['src_ip'].nunique()} máy chỉ hỏi máy chủ DNS, NTP đã khai báo",
            f"{counted(seen['src_ip'].nunique(), 'host')} asked declared DNS and NTP servers only",
        ),
        seen=seen["src_ip"].nunique(),
    )


def time_sources(sight: Sight, arguments: Arguments) -> Found:
    """Time comes only from the declared time servers."""
    del arguments
    edges, servers = sight.edges, sight.network.time_servers
    asked = edges[edges["src_home"] & edges["moved"] & on(edges, NTP)]
    asked = asked[~asked["src_ip"].isin(servers)]
    if asked.empty or not servers:
        return sight.unknown(
            Text(
                "Chưa khai báo máy chủ giờ" if not servers else "Không thấy máy nào hỏi giờ (NTP)",
                "No time server is declared" if not servers else "No host was seen to ask for time",
            ),
            Text(
                "Khai báo time_servers và ghi lưu lượng NTP của các máy chủ.",
                "Declare time_servers and record the servers' NTP.",
            ),
        )
    against = asked[~asked["dst_ip"].isin(servers)]
    if len(against):
        return sight.failed(
            Text(
                f"{against['src_ip'].nunique()} trong {asked['src_ip'].nunique()} máy lấy giờ từ "
                "nguồn chưa khai báo",
                f"{against['src_ip'].nunique()} of {counted(asked['src_ip'].nunique(), 'host')} "
                "take time from undeclared sources",
            ),
            Text(
                "Cấu hình mọi máy lấy giờ từ máy chủ giờ đã khai báo.",
                "Set every host to the declared time servers.",
            ),
            against,
        )
    return sight.passed(
        Text(
            f"{asked['src_ip'].nunique()} máy chỉ lấy giờ từ máy chủ giờ đã khai báo",
            f"{counted(asked['src_ip'].nunique(), 'host')}: time from declared servers only",
        ),
        seen=asked["src_ip"].nunique(),
    )


def database_zone_to_internet(sight: Sight, arguments: Arguments) -> Found:
    """The database zone opens nothing to the Internet or abroad."""
    del arguments
    edges = sight.edges
    mine = edges[(edges["src_kind"] == "database") | (edges["dst_kind"] == "database")]
    if mine.empty:
        return sight.unknown(
            Text("Không thấy vùng cơ sở dữ liệu", "The database zone was not seen"),
            Text(
                "Khai báo vùng loại database và ghi lưu lượng tại biên vùng đó.",
                "Declare a zone of the kind database and record at its edge.",
            ),
        )
    opened = mine[(mine["src_kind"] == "database") & mine["moved"]]
    abroad = opened["crosses_border"].fillna(value=False).astype(bool)
    against = opened[opened["dst_outside"] | abroad]
    if len(against):
        sent = int(against["src_payload"].sum())
        return sight.failed(
            Text(
                f"Vùng cơ sở dữ liệu tự mở {count_of(against)} đường ra Internet hoặc nước ngoài, "
                f"gửi đi {sent} byte",
                f"The database zone opened {ways(against)} to the Internet or abroad and sent "
                f"{counted(sent, 'byte')}",
            ),
            Text(
                "Chặn mọi kết nối ra Internet từ vùng cơ sở dữ liệu.",
                "Close every way from the database zone to the Internet.",
            ),
            against,
        )
    return sight.clear(
        Text(
            "Không thấy vùng cơ sở dữ liệu mở kết nối ra Internet hay nước ngoài",
            "The database zone was not seen to open anything to the Internet or abroad",
        ),
        seen=count_of(mine),
    )


def in_clear(edges: pd.DataFrame) -> Flags:
    """Which edges carry content that anybody on the way can read."""
    recognised = edges["app"].isin(CLEAR_APPS) & ~edges["encrypted"].fillna(value=False)
    by_port = (edges["app"] == "") & edges["encrypted"].isna() & on(edges, CLEAR_PORTS)
    found: Flags = (edges["answered"] & (recognised | by_port)).to_numpy(bool)
    return found


def not_recognised(edges: pd.DataFrame) -> Flags:
    """Which edges carry content of which nobody knows whether it is encrypted."""
    carries = edges["answered"] & (edges["src_payload"] + edges["dst_payload"] > 0)
    unnamed = (edges["app"] == "") & ~edges["protocol"].isin(ICMP)  # a ping is known for what it is
    found: Flags = (carries & unnamed & edges["encrypted"].isna()).to_numpy(bool)
    return found


def _services(edges: pd.DataFrame) -> list[str]:
    """How each edge is called where nobody recognised its protocol: ``80/tcp``."""
    pairs = zip(edges["protocol"], edges["dst_port"], strict=True)
    return [service(protocol, port).removeprefix(":") for protocol, port in pairs]


def clear_text_protocols(sight: Sight, arguments: Arguments) -> Found:
    """No protocol that shows its content: everywhere from level 3, on the channel below."""
    del arguments
    edges = sight.edges[sight.edges["src_home"] | sight.edges["dst_home"]]
    if sight.facts.assessment.system.level < 3:
        edges = edges[sight.matrix.channel(edges)]
    talking = edges[edges["answered"]]
    if talking.empty:
        return sight.unknown(
            Text("Không thấy kết nối nào có trả lời", "No answered connection was seen"),
            Text("Ghi lưu lượng trong mạng và trên kênh.", "Record in the network and channel."),
        )
    against = talking[in_clear(talking)]
    snmp = count_of(talking[on(talking, SNMP)])
    if len(against):
        shown = against["app"].where(against["app"] != "", _services(against))
        kinds = ", ".join(sorted(set(shown)))
        return sight.failed(
            Text(
                f"{count_of(against)} đường kết nối dùng giao thức không mã hoá ({kinds})"
                + (f"; {snmp} đường SNMP không rõ phiên bản" if snmp else ""),
                f"{ways(against)} with protocols in clear text ({kinds})"
                + (f"; {snmp} of SNMP in an unknown version" if snmp else ""),
            ),
            Text(
                "Thay bằng giao thức có mã hoá (SSH, SFTP, HTTPS, LDAPS, TLS cho CSDL).",
                "Use encrypted protocols (SSH, SFTP, HTTPS, LDAPS, TLS for databases).",
            ),
            against,
        )
    blind = count_of(talking[not_recognised(talking) & ~on(talking, SNMP)])
    if blind or snmp:
        return sight.unknown(
            Text(
                f"Không thấy giao thức không mã hoá, nhưng {blind} đường kết nối không nhận ra "
                f"giao thức và {snmp} đường SNMP không rõ phiên bản",
                f"No clear text was recognised, but {counted(blind, 'way')} not recognised and "
                f"{snmp} of SNMP in an unknown version",
            ),
            Text(
                "Cung cấp bản ghi gói tin để nhận ra giao thức; nộp cấu hình SNMPv3.",
                "Give packet captures, in which protocols are recognised; show that SNMP is v3.",
            ),
        )
    return sight.passed(
        Text(
            f"{count_of(talking)} đường kết nối, không đường nào dùng giao thức không mã hoá",
            f"{ways(talking)}, none in clear text",
        ),
        seen=count_of(talking),
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "egress-tunnels",
        Text(
            "Có đường hầm, điều khiển từ xa nào từ bên trong ra Internet không?",
            "Are there tunnels or remote control from inside to the Internet?",
        ),
        ("traffic", "network"),
        "failure",
        seeing(egress_tunnels),
    ),
    Probe(
        "foreign-dns-ntp",
        Text(
            "Các máy có chỉ hỏi máy chủ DNS, NTP đã khai báo, trong nước không?",
            "Do hosts ask declared DNS and NTP servers in the country only?",
        ),
        ("traffic", "network"),
        "both",
        seeing(foreign_dns_ntp, inner=True),
    ),
    Probe(
        "time-sources",
        Text(
            "Các máy có chỉ lấy giờ từ máy chủ giờ đã khai báo không?",
            "Do hosts take time from declared servers only?",
        ),
        ("traffic", "network"),
        "both",
        seeing(time_sources, inner=True),
    ),
    Probe(
        "database-zone-to-internet",
        Text(
            "Vùng cơ sở dữ liệu có mở kết nối ra Internet, nước ngoài không?",
            "Does the database zone open connections to the Internet or abroad?",
        ),
        ("traffic", "network"),
        "failure",
        seeing(database_zone_to_internet, inner=True),
    ),
    Probe(
        "clear-text-protocols",
        Text(
            "Có giao thức không mã hoá nào đang dùng không?",
            "Are protocols in clear text in use?",
        ),
        ("traffic", "network"),
        "both",
        seeing(clear_text_protocols),
    ),
)

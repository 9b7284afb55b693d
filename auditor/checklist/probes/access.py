"""Who reaches databases, management ports and the agency's public addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from auditor.checklist.matrix import (
    ADMIN_WEB,
    DATABASES,
    ICMP,
    MANAGEMENT,
    SHELLS,
    TCP,
    on,
)
from auditor.checklist.probe import Found, Probe
from auditor.checklist.sight import Sight, count_of, counted, seeing, ways
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.probe import Arguments

NEVER_DIRECT: Final = ("users", "wireless")
"""Zones of people's own machines: none of them may reach a database, whatever is declared."""
SCANNED: Final = 100
"""Engineering default (M): distinct hosts, or ports of one host, tried in vain by one address."""
FANNED_OUT: Final = 20
"""Engineering default (M): inside hosts to which one address opened shares or remote desktops."""
LATERAL: Final = frozenset((TCP, port) for port in (135, 139, 445, 3389, 5985, 5986))
RECORD_INSIDE: Final = Text(
    "Ghi lưu lượng tại nơi các kết nối này đi qua.", "Record where such connections pass."
)


def database_reached(sight: Sight, arguments: Arguments) -> Found:
    """Databases are opened only from where an edge is declared, never by users."""
    del arguments
    edges = sight.edges
    to_database = (edges["dst_kind"] == "database") | (edges["dst_home"] & on(edges, DATABASES))
    within_zone = (edges["src_zone"] == edges["dst_zone"]) & (edges["dst_kind"] == "database")
    reached = edges[to_database & edges["answered"] & ~within_zone & ~edges["protocol"].isin(ICMP)]
    if reached.empty:
        return sight.unknown(
            Text(
                "Không thấy kết nối nào được chấp nhận vào cơ sở dữ liệu",
                "No accepted connection to a database was seen",
            ),
            Text(
                "Khai báo vùng cơ sở dữ liệu và ghi lưu lượng tại biên vùng đó.",
                "Declare the database zone and record at its edge.",
            ),
        )
    never = reached["src_kind"].isin(NEVER_DIRECT) | reached["src_outside"]
    administered = on(reached, MANAGEMENT) & (
        (reached["src_kind"] == "management")
        | reached["src_ip"].isin(sight.network.privileged_access)
    )
    allowed = (sight.matrix.declared(reached) | administered) & ~never
    against = reached[~allowed]
    databases = reached["dst_ip"].nunique()
    if len(against):
        return sight.failed(
            Text(
                f"{count_of(against)} đường kết nối vào cơ sở dữ liệu không được khai báo, từ "
                f"{against['src_ip'].nunique()} địa chỉ nguồn",
                f"{ways(against)} into databases not declared, from "
                f"{counted(against['src_ip'].nunique(), 'source')}",
            ),
            Text(
                "Chỉ cho máy chủ ứng dụng đã khai báo kết nối; chặn người dùng và Internet.",
                "Let only declared application servers connect; shut out users and the Internet.",
            ),
            against,
            seen=databases,
        )
    return sight.passed(
        Text(
            f"{databases} cơ sở dữ liệu chỉ được kết nối từ {reached['src_ip'].nunique()} nguồn "
            "đã khai báo",
            f"{counted(databases, 'database')} reached only from "
            f"{counted(reached['src_ip'].nunique(), 'declared source')}",
        ),
        seen=databases,
    )


def _administration(sight: Sight) -> pd.DataFrame:
    """Management connections to the agency's own hosts that were taken."""
    edges = sight.edges
    found = edges[edges["dst_home"] & edges["answered"] & on(edges, MANAGEMENT)]
    # applications use the web ports as well: a declared one is no management
    meant = on(found, ADMIN_WEB) & sight.matrix.declared(found, any_port=False)
    return found[~meant]


def management_across_zones(sight: Sight, arguments: Arguments) -> Found:
    """Management connections come from the management zone alone; at level 4 it is cut off."""
    del arguments
    found = _administration(sight)
    right = (found["src_kind"] == "management") | found["src_ip"].isin(
        sight.network.privileged_access
    )
    against = found[~right]
    level = sight.facts.assessment.system.level
    edges = sight.edges
    leaving = edges[
        edges["moved"]
        & (
            ((edges["src_kind"] == "management") & edges["dst_outside"])
            | ((edges["dst_kind"] == "management") & edges["src_outside"])
        )
    ]
    if level < 4:
        leaving = leaving.iloc[:0]
    if len(against) or len(leaving):
        return sight.failed(
            Text(
                f"{count_of(against)} đường quản trị không xuất phát từ vùng quản trị"
                + (
                    f"; {count_of(leaving)} đường nối vùng quản trị với Internet"
                    * bool(len(leaving))
                ),
                f"{counted(count_of(against), 'management connection')} not from the management "
                "zone"
                + (
                    f"; {ways(leaving)} between the management zone and the Internet"
                    * bool(len(leaving))
                ),
            ),
            Text(
                "Chỉ cho quản trị từ vùng quản trị, hoặc qua máy truy cập đặc quyền đã khai báo.",
                "Administer from the management zone only, or through the declared "
                "privileged-access host.",
            ),
            pd.concat([against, leaving]),
            rests_on="TCVN14423 §5.13.2.3b, §6.12 [S]",
        )
    if found.empty:
        return sight.unknown(
            Text("Không thấy kết nối quản trị nào", "No management connection was seen"),
            RECORD_INSIDE,
        )
    return sight.passed(
        Text(
            f"{count_of(found)} đường quản trị đều xuất phát từ vùng quản trị",
            f"{counted(count_of(found), 'management connection')}, all from the management zone",
        ),
        seen=count_of(found),
    )


def admin_through_pam(sight: Sight, arguments: Arguments) -> Found:
    """Work on servers goes through the declared privileged-access hosts."""
    del arguments
    hosts = sight.network.privileged_access
    if not hosts:
        return sight.unknown(
            Text(
                "Chưa khai báo máy quản lý truy cập đặc quyền",
                "No privileged-access host is declared",
            ),
            Text(
                "Khai báo privileged_access trong network.yaml.",
                "Declare privileged_access in network.yaml.",
            ),
        )
    edges = sight.edges
    found = edges[
        edges["dst_home"]
        & edges["answered"]
        & on(edges, SHELLS)
        & ~edges["dst_kind"].isin(NEVER_DIRECT)
        & ~edges["dst_ip"].isin(hosts).to_numpy(bool)
    ]
    if found.empty:
        return sight.unknown(
            Text("Không thấy phiên quản trị máy chủ nào", "No work on a server was seen"),
            RECORD_INSIDE,
        )
    against = found[~found["src_ip"].isin(hosts)]
    if len(against):
        return sight.failed(
            Text(
                f"{count_of(against)} trong {count_of(found)} đường quản trị máy chủ không qua "
                "máy truy cập đặc quyền",
                f"{count_of(against)} of {counted(count_of(found), 'way')} to administer servers "
                "do not go through the privileged-access hosts",
            ),
            Text(
                "Chặn quản trị trực tiếp; chỉ cho đi qua máy truy cập đặc quyền.",
                "Close direct administration; let only the privileged-access hosts through.",
            ),
            against,
            seen=count_of(found),
        )
    return sight.passed(
        Text(
            f"{count_of(found)} đường quản trị máy chủ đều qua máy truy cập đặc quyền",
            f"{count_of(found)} of {counted(count_of(found), 'way')} to administer servers go "
            "through the privileged-access hosts",
        ),
        seen=count_of(found),
    )


def exposed_to_internet(sight: Sight, arguments: Arguments) -> Found:
    """No management or database port of the agency answers the Internet."""
    del arguments
    edges = sight.edges
    inbound = edges[edges["src_outside"] & edges["dst_home"] & edges["answered"]]
    open_to_all = inbound[on(inbound, MANAGEMENT | DATABASES)]
    meant = on(open_to_all, ADMIN_WEB) & sight.matrix.declared(open_to_all, any_port=False)
    against = open_to_all[~meant]
    if len(against):
        return sight.failed(
            Text(
                f"{against['dst_ip'].nunique()} địa chỉ trả lời Internet trên cổng quản trị hoặc "
                f"cơ sở dữ liệu ({count_of(against)} đường kết nối)",
                f"{counted(against['dst_ip'].nunique(), 'address', 'addresses')} answered the "
                f"Internet on management or database ports ({ways(against)})",
            ),
            Text(
                "Đóng cổng tại biên; quản trị từ xa chỉ qua VPN.",
                "Close the port at the edge; administer from afar through a VPN only.",
            ),
            against,
        )
    if inbound.empty:
        return sight.unknown(
            Text(
                "Không thấy kết nối nào từ Internet vào được chấp nhận",
                "No accepted connection from the Internet was seen",
            ),
            Text(
                "Ghi lưu lượng tại biên và khai báo dải địa chỉ công cộng (public).",
                "Record at the edge and declare the public networks (public).",
            ),
        )
    return sight.passed(
        Text(
            f"{inbound['dst_ip'].nunique()} địa chỉ nhận kết nối từ Internet, không trên cổng "
            "quản trị hay cơ sở dữ liệu",
            f"{counted(inbound['dst_ip'].nunique(), 'address', 'addresses')} took connections from "
            "the Internet, none on management or database ports",
        ),
        seen=inbound["dst_ip"].nunique(),
    )


def scanning_seen(sight: Sight, arguments: Arguments) -> Found:
    """An inside address that tries many hosts or ports in vain, or opens many hosts' shares."""
    del arguments
    edges = sight.edges[sight.edges["src_home"]]
    if edges.empty:
        return sight.unknown(
            Text("Không thấy địa chỉ nào bên trong mở kết nối", "No inside address was seen"),
            RECORD_INSIDE,
        )
    vain = edges[~edges["answered"] & edges["protocol"].isin((TCP, *ICMP))]
    hosts = vain.groupby("src_ip")["dst_ip"].nunique()
    targets = vain.drop_duplicates(["src_ip", "dst_ip", "dst_port"])
    each = targets.groupby(["src_ip", "dst_ip"])["dst_port"].nunique()
    most = each.groupby("src_ip").max()
    mine = sight.network.privileged_access
    opened = edges[
        edges["answered"]
        & edges["dst_home"]
        & on(edges, LATERAL)
        & (edges["src_kind"] != "management")
        & ~edges["src_ip"].isin(mine).to_numpy(bool)
    ]
    fan = opened.groupby("src_ip")["dst_ip"].nunique()
    scanners = {*hosts[hosts > SCANNED].index, *most[most > SCANNED].index}
    spreaders = set(fan[fan > FANNED_OUT].index)
    if scanners or spreaders:
        against = pd.concat(
            [vain[vain["src_ip"].isin(scanners)], opened[opened["src_ip"].isin(spreaders)]]
        )
        return sight.failed(
            Text(
                f"{len(scanners)} địa chỉ bên trong dò quét (quá {SCANNED} máy hoặc cổng không "
                f"trả lời), {len(spreaders)} địa chỉ mở chia sẻ tệp, màn hình từ xa tới quá "
                f"{FANNED_OUT} máy",
                f"{counted(len(scanners), 'inside address', 'inside addresses')} scanned (more "
                f"than {SCANNED} hosts or ports without an answer), {len(spreaders)} opened shares "
                f"or remote desktops of more than {FANNED_OUT} hosts",
            ),
            Text(
                "Cách ly và kiểm tra các máy này; nếu là công cụ dò quét được phép, ghi rõ trong "
                "thuyết minh.",
                "Isolate and examine these machines; if it is an allowed scanner, say so in the "
                "answer.",
            ),
            against,
            rests_on="DEFAULT [M]",
        )
    return sight.clear(
        Text(
            f"Không thấy dấu hiệu dò quét hay lan rộng từ {edges['src_ip'].nunique()} địa chỉ bên "
            "trong",
            "No scanning or spreading was seen from "
            f"{counted(edges['src_ip'].nunique(), 'inside address', 'inside addresses')}",
        ),
        seen=edges["src_ip"].nunique(),
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "database-reached",
        Text(
            "Cơ sở dữ liệu có chỉ được kết nối từ nguồn đã khai báo không?",
            "Are databases reached only from declared sources?",
        ),
        ("traffic", "network"),
        "both",
        seeing(database_reached, inner=True),
    ),
    Probe(
        "management-across-zones",
        Text(
            "Kết nối quản trị có chỉ xuất phát từ vùng quản trị không?",
            "Do management connections come from the management zone alone?",
        ),
        ("traffic", "network"),
        "both",
        seeing(management_across_zones, inner=True),
    ),
    Probe(
        "admin-through-pam",
        Text(
            "Quản trị máy chủ có đi qua hệ thống truy cập đặc quyền không?",
            "Does work on servers go through privileged-access hosts?",
        ),
        ("traffic", "network"),
        "both",
        seeing(admin_through_pam, inner=True),
    ),
    Probe(
        "exposed-to-internet",
        Text(
            "Có cổng quản trị, cơ sở dữ liệu nào trả lời Internet không?",
            "Does a management or database port answer the Internet?",
        ),
        ("traffic", "network"),
        "both",
        seeing(exposed_to_internet),
    ),
    Probe(
        "scanning-seen",
        Text(
            "Có máy nào bên trong dò quét, lan rộng không?",
            "Does an inside machine scan or spread?",
        ),
        ("traffic", "network"),
        "failure",
        seeing(scanning_seen, inner=True),
    ),
)

"""Whether monitoring sees what it must: sensors, log servers, alerts to the authorities."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auditor.checklist.matrix import addresses_in, within
from auditor.checklist.probe import Found, Probe
from auditor.checklist.sight import Sight, column, counted, seeing
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.probe import Arguments

WATCHED: Final = ("edge", "dmz", "database")
SERVERS: Final = (
    "server", "database", "gateway", "máy chủ", "cơ sở dữ liệu", "csdl", "cổng", "firewall",
    "tường lửa",
)  # fmt: skip
LONGEST_GAP: Final = 24
"""Hours without any flow; the same limit as for gaps in logs (TCVN 14423, x.8.2.1a)."""


def sensor_coverage(sight: Sight, arguments: Arguments) -> Found:
    """The sensors see the edge, DMZ and database zones and the Agent Node, without a gap."""
    del arguments
    network = sight.network
    zones = [zone.id for zone in network.zones if zone.kind in WATCHED]
    asked = [*zones, *network.channel.agent_nodes]
    if not asked:
        return sight.unknown(
            Text(
                "Chưa khai báo vùng biên, DMZ, cơ sở dữ liệu hay Agent Node",
                "No edge, DMZ or database zone and no Agent Node is declared",
            ),
            Text("Khai báo trong network.yaml.", "Declare them in network.yaml."),
        )
    edges = sight.edges
    ends = ("src_zone", "dst_zone", "src_ip", "dst_ip")
    seen = {name for end in ends for name in edges[end].unique()}
    dark = [name for name in asked if name not in seen]
    hours = sight.traffic.active["hour"].drop_duplicates().sort_values()
    steps = hours.diff().dropna().dt.total_seconds() / 3600 - 1
    empty, gap = int(steps.sum()), int(steps.max()) if len(steps) else 0
    told = Text(
        f"{len(asked) - len(dark)}/{len(asked)} vùng và Agent Node có trong lưu lượng; {empty} giờ "
        f"không có luồng nào, dài nhất {gap} giờ liền",
        f"{len(asked) - len(dark)} of {len(asked)} zones and Agent Nodes stand in the traffic; "
        f"{counted(empty, 'hour')} without any flow, at most {gap} in a row",
    )
    way = Text(
        "Đặt cảm biến thấy được các vùng còn thiếu và ghi liên tục.",
        "Place sensors that see what is missing, and record without a gap.",
    )
    if dark and sight.short:
        return sight.unknown(
            Text(
                f"{told.vi}; chưa thấy {', '.join(dark)}, {sight.short.vi}",
                f"{told.en}; {', '.join(dark)} not seen yet, {sight.short.en}",
            ),
            way,
        )
    if dark or gap > LONGEST_GAP:
        lacking = [Reference("network.yaml", name, "not in the traffic") for name in dark]
        return sight.failed(
            Text(
                told.vi + (f"; không thấy {', '.join(dark)}" if dark else ""),
                told.en + (f"; not seen: {', '.join(dark)}" if dark else ""),
            ),
            way,
            lacking,
            seen=len(asked) - len(dark),
            declared=len(asked),
        )
    return sight.passed(told, seen=len(asked), declared=len(asked))


def log_forwarding_seen(sight: Sight, arguments: Arguments) -> Found:
    """Every server of the register of assets sends to a declared log server."""
    del arguments
    assets, servers = sight.register("assets"), sight.network.log_servers
    if assets is None or not servers:
        return sight.unknown(
            Text(
                "Chưa có danh mục tài sản" if assets is None else "Chưa khai báo máy chủ nhật ký",
                "No register of assets was attached"
                if assets is None
                else "No log server is declared",
            ),
            Text(
                "Đính kèm bằng chứng loại assets và khai báo log_servers trong network.yaml.",
                "Attach evidence of the kind assets and declare log_servers in network.yaml.",
            ),
        )
    roles = column(assets, "role").str.lower()
    wanted = assets.rows[[any(word in role for word in SERVERS) for role in roles]]
    edges = sight.edges
    talking = list({*edges["src_ip"].unique(), *edges.loc[edges["answered"], "dst_ip"].unique()})
    sending = list(edges.loc[edges["moved"] & edges["dst_ip"].isin(servers), "src_ip"].unique())
    silent: list[Reference] = []
    unseen = total = 0
    evidence = sight.facts.held("assets")[0].entry.id
    for line, text in column(assets, "address")[wanted.index].items():
        networks = addresses_in(text)
        if not networks or within(list(servers), networks).all():
            continue  # no address to look for, or the log server itself
        total += 1
        if within(sending, networks).any():
            continue
        if within(talking, networks).any():
            silent.append(Reference(evidence, f"line {line}", str(networks[0].network_address)))
        else:
            unseen += 1
    if not total:
        return sight.unknown(
            Text(
                "Danh mục tài sản không có máy chủ nào ghi địa chỉ",
                "The register of assets has no server with an address",
            ),
            Text("Điền cột role và address.", "Fill the columns role and address."),
        )
    sent = total - len(silent) - unseen
    if silent and not sight.short:
        return sight.failed(
            Text(
                f"{len(silent)} trong {total} máy chủ không gửi nhật ký tới máy chủ nhật ký đã "
                "khai báo",
                f"{len(silent)} of {counted(total, 'server')} do not send to a declared log server",
            ),
            Text(
                "Cấu hình gửi nhật ký trên các máy này.", "Set these machines to send their logs."
            ),
            silent,
            seen=sent,
            declared=total,
        )
    if silent or unseen:
        return sight.unknown(
            Text(
                f"Thấy {sent}/{total} máy chủ gửi nhật ký; {unseen} máy không xuất hiện trong lưu "
                f"lượng, {len(silent)} máy chưa thấy gửi",
                f"{sent} of {counted(total, 'server')} seen to send logs; {unseen} do not appear "
                f"in the traffic, {len(silent)} not seen to send yet",
            ),
            Text(
                "Ghi lưu lượng tại máy chủ nhật ký, đủ số ngày.",
                "Record at the log server, for as many days as asked.",
            ),
        )
    return sight.passed(
        Text(
            f"{total}/{total} máy chủ đều gửi nhật ký tới máy chủ nhật ký đã khai báo",
            f"{total} of {counted(total, 'server')} send to a declared log server",
        ),
        seen=sent,
        declared=total,
    )


def alerts_forwarded(sight: Sight, arguments: Arguments) -> Found:
    """Something went to a declared security contact in the last 24 hours of the window."""
    del arguments
    contacts, window = sight.network.security_contacts, sight.coverage.window
    if not contacts or window is None:
        return sight.unknown(
            Text(
                "Chưa khai báo nơi nhận cảnh báo của cơ quan chuyên trách",
                "No security contact that takes alerts is declared",
            ),
            Text(
                "Khai báo security_contacts trong network.yaml.",
                "Declare security_contacts in network.yaml.",
            ),
        )
    edges = sight.edges
    sent = edges[edges["moved"] & edges["dst_ip"].isin(contacts)]
    late = sent[sent["last"] >= window[1] - timedelta(hours=24)]
    if len(late):  # a sighting proves itself: the window asked about is the last day
        return Found(
            "pass",
            f"Có luồng cảnh báo tới nơi nhận đã khai báo trong 24 giờ cuối ({sight.where.vi}).",
            "Alerts went to a declared contact in the last 24 hours of the window "
            f"({sight.where.en}).",
            sight.references(late),
            coverage=sight.coverage,
        )
    way = Text(
        "Kiểm tra bộ chuyển tiếp cảnh báo và ghi lưu lượng ít nhất 24 giờ tại biên.",
        "Check the forwarder of alerts, and record at the edge for at least 24 hours.",
    )
    told = Text(
        "Không thấy luồng cảnh báo nào tới nơi nhận đã khai báo trong 24 giờ cuối",
        "Nothing went to a declared contact in the last 24 hours of the window",
    )
    if sight.days < 1 or bool(edges["sampled"].any()):
        return sight.unknown(told, way)
    return sight.failed(told, way, sent)


PROBES: tuple[Probe, ...] = (
    Probe(
        "sensor-coverage",
        Text(
            "Cảm biến có thấy vùng biên, DMZ, cơ sở dữ liệu và Agent Node, không gián đoạn không?",
            "Do sensors see the edge, DMZ and database zones and the Agent Node without a gap?",
        ),
        ("traffic", "network"),
        "both",
        seeing(sensor_coverage),
    ),
    Probe(
        "log-forwarding-seen",
        Text(
            "Mọi máy chủ có gửi nhật ký về máy chủ nhật ký không?",
            "Does every server send its logs to a log server?",
        ),
        ("traffic", "network", "assets"),
        "both",
        seeing(log_forwarding_seen, inner=True),
    ),
    Probe(
        "alerts-forwarded",
        Text(
            "Cảnh báo có được chuyển tới cơ quan chuyên trách trong 24 giờ qua không?",
            "Were alerts forwarded to the authorities in the last 24 hours?",
        ),
        ("traffic", "network"),
        "both",
        seeing(alerts_forwarded),
    ),
)

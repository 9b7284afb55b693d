"""The registered path to the National Data Center: who is on it, and how it talks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from auditor.checklist.probe import Found, Probe
from auditor.checklist.probes.egress import in_clear, not_recognised
from auditor.checklist.sight import Sight, count_of, counted, seeing, ways
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.probe import Arguments

NO_PLACE = ("users", "wireless", "database")
"""Zones from which nobody may open anything to the Agent Node, whatever is declared."""
DECLARE = Text(
    "Khai báo channel (agent_nodes, center, connection_points, ports) trong network.yaml.",
    "Declare the channel (agent_nodes, center, connection_points, ports) in network.yaml.",
)
RECORD = Text(
    "Ghi lưu lượng tại vùng biên, nơi kênh đi qua.", "Record at the edge, where the channel passes."
)


def agent_node_reached(sight: Sight, arguments: Arguments) -> Found:
    """The Agent Node stands in the edge or DMZ zone, and only declared peers talk to it."""
    del arguments
    nodes = sight.network.channel.agent_nodes
    if not nodes:
        return sight.unknown(Text("Chưa khai báo Agent Node", "No Agent Node is declared"), DECLARE)
    kinds = sight.matrix.kinds(sight.matrix.zones(nodes))
    wrong = [
        Reference("network.yaml", node, kind or "no zone")
        for node, kind in zip(nodes, kinds, strict=True)
        if kind not in ("edge", "dmz")
    ]
    if wrong:
        return sight.failed(
            Text(
                f"{len(wrong)} trong {len(nodes)} Agent Node không nằm trong vùng biên hay DMZ",
                f"{len(wrong)} of {counted(len(nodes), 'Agent Node')} not in an edge or DMZ zone",
            ),
            Text(
                "Chuyển Agent Node sang vùng biên; làm việc với Trung tâm trước khi thay đổi.",
                "Move the Agent Node to the edge zone; agree on it with the Center first.",
            ),
            wrong,
        )
    edges = sight.edges
    met = edges[edges["moved"] & (edges["src_ip"].isin(nodes) | edges["dst_ip"].isin(nodes))]
    if met.empty:
        return sight.unknown(
            Text("Không thấy luồng nào của Agent Node", "No flow of the Agent Node was seen"),
            RECORD,
        )
    to_node = met["dst_ip"].isin(nodes)
    never = to_node & (met["src_kind"].isin(NO_PLACE) | met["src_outside"])
    against = met[(never | ~sight.matrix.declared(met)).to_numpy(np.bool_)]
    if len(against):
        return sight.failed(
            Text(
                f"{count_of(against)} trong {count_of(met)} đường kết nối với Agent Node không "
                "được khai báo",
                f"{count_of(against)} of {counted(count_of(met), 'way')} to or from the Agent Node "
                "are not declared",
            ),
            Text(
                "Chặn các kết nối này; khai báo nếu đã thống nhất với Trung tâm.",
                "Close these ways; declare them if agreed with the Center.",
            ),
            against,
            seen=count_of(met),
        )
    return sight.passed(
        Text(
            f"Agent Node ở vùng biên; {count_of(met)} đường kết nối đều đã khai báo",
            f"The Agent Node stands in the edge zone; {ways(met)}, all declared",
        ),
        seen=count_of(met),
    )


def registered_path(sight: Sight, arguments: Arguments) -> Found:
    """Only registered connection points talk to the Center, on registered ports."""
    del arguments
    channel = sight.network.channel
    if not channel.center and not channel.hosts:
        return sight.unknown(
            Text(
                "Chưa khai báo địa chỉ, tên miền của Trung tâm",
                "No network or name of the Center is declared",
            ),
            DECLARE,
        )
    edges = sight.edges
    path = edges[edges["moved"] & sight.matrix.channel(edges)]
    local = path["src_ip"].isin(channel.agent_nodes) | path["dst_ip"].isin(channel.agent_nodes)
    far = sight.matrix.center(list(path["src_ip"])) | sight.matrix.center(list(path["dst_ip"]))
    met = path[far | ~local.to_numpy(np.bool_)]
    if met.empty:
        return sight.unknown(
            Text("Không thấy luồng nào với Trung tâm", "No flow with the Center was seen"), RECORD
        )
    against = met[~sight.matrix.registered(met)]
    if len(against):
        return sight.failed(
            Text(
                f"{count_of(against)} trong {count_of(met)} đường kết nối với Trung tâm không đi "
                "qua điểm kết nối, cổng đã đăng ký",
                f"{count_of(against)} of {counted(count_of(met), 'way')} to the Center do not keep "
                "to the registered connection points and ports",
            ),
            Text(
                "Chỉ kết nối qua điểm kết nối đã đăng ký; chặn các máy khác.",
                "Connect through the registered connection points only; shut out other hosts.",
            ),
            against,
            seen=count_of(met),
        )
    return sight.passed(
        Text(
            f"{count_of(met)} đường kết nối với Trung tâm đều qua điểm kết nối và cổng đã đăng ký",
            f"{ways(met)} to the Center, all from registered points on registered ports",
        ),
        seen=count_of(met),
    )


def line_bridged(sight: Sight, arguments: Arguments) -> Found:
    """No host is seen on the leased line and on the Internet."""
    del arguments
    edges = sight.edges[sight.edges["moved"]]
    parts = [
        pd.DataFrame(
            {
                "host": edges[f"{mine}_ip"],
                "line": edges[f"{other}_kind"] == "line",
                "internet": edges[f"{other}_outside"],
                "ours": edges[f"{mine}_home"] & (edges[f"{mine}_kind"] != "line"),
            }
        )
        for mine, other in (("src", "dst"), ("dst", "src"))
    ]
    sides = pd.concat(parts)
    met = sides[sides["ours"]].groupby("host")[["line", "internet"]].any()
    on_line = met[met["line"]]
    if on_line.empty:
        return sight.unknown(
            Text(
                "Không thấy luồng nào trên mạng truyền số liệu chuyên dùng",
                "No flow on the leased government line was seen",
            ),
            Text(
                "Khai báo vùng loại line và ghi lưu lượng tại đường truyền chuyên dùng.",
                "Declare a zone of the kind line and record at the leased line.",
            ),
        )
    bridges = on_line.index[on_line["internet"]]
    if len(bridges):
        mine = edges["src_ip"].isin(bridges) | edges["dst_ip"].isin(bridges)
        other = edges["dst_outside"] | edges["src_outside"]
        return sight.failed(
            Text(
                f"{len(bridges)} trong {len(on_line)} máy dùng đường truyền chuyên dùng cũng nối "
                "Internet",
                f"{len(bridges)} of {counted(len(on_line), 'host')} on the leased line also talk "
                "to the Internet",
            ),
            Text(
                "Tách máy trên đường truyền chuyên dùng khỏi Internet.",
                "Cut hosts on the leased line off the Internet.",
            ),
            edges[mine & other],
            rests_on="QĐ33 Đ7, Đ12 [C]",
            seen=len(on_line),
        )
    return sight.clear(
        Text(
            f"Không máy nào trong {len(on_line)} máy trên đường truyền chuyên dùng nối Internet",
            f"0 of {counted(len(on_line), 'host')} on the leased line was seen on the Internet",
        ),
        seen=len(on_line),
    )


def sync_in_clear(sight: Sight, arguments: Arguments) -> Found:
    """Everything on the channel, and between databases and applications, is encrypted."""
    del arguments
    edges = sight.edges
    legs = (edges["src_kind"].isin(("application", "servers", "dmz"))) & (
        edges["dst_kind"] == "database"
    )
    points = sight.network.channel.connection_points
    inner = edges["src_ip"].isin(points) & (edges["dst_kind"] == "database")
    talking = edges[
        edges["answered"]
        & (sight.matrix.channel(edges) | legs | inner)
        & (edges["src_payload"] + edges["dst_payload"] + edges["src_bytes"] > 0)
        & (edges["app"] != "dns")
        & (edges["app"] != "ntp")
        & (edges["protocol"].isin((6, 17, 132)))
    ]
    channel = sight.matrix.channel(talking)
    if not channel.any():
        return sight.unknown(
            Text("Không thấy luồng nào trên kênh đồng bộ", "No flow on the sync channel was seen"),
            RECORD,
        )
    said = (talking["encrypted"] == False).fillna(value=False)  # noqa: E712 - three values
    against = talking[in_clear(talking) | said.to_numpy(np.bool_)]
    if len(against):
        return sight.failed(
            Text(
                f"{count_of(against)} trong {count_of(talking)} đường kết nối của kênh và chặng "
                "cơ sở dữ liệu không mã hoá",
                f"{count_of(against)} of {counted(count_of(talking), 'way')} of the channel and "
                "the database legs are in clear text",
            ),
            Text(
                "Bật TLS trên mọi chặng của kênh đồng bộ, kể cả kết nối cơ sở dữ liệu.",
                "Turn TLS on for every leg of the channel, databases included.",
            ),
            against,
            seen=count_of(talking),
        )
    blind = talking[not_recognised(talking) | talking["encrypted"].isna().to_numpy(np.bool_)]
    if len(blind):
        return sight.unknown(
            Text(
                f"{count_of(blind)} trong {count_of(talking)} đường kết nối không rõ có mã hoá "
                "hay không",
                f"{count_of(blind)} of {counted(count_of(talking), 'way')}: nobody knows whether "
                "they are encrypted",
            ),
            Text(
                "Cung cấp bản ghi gói tin (pcap) của các chặng này.",
                "Give packet captures of these legs.",
            ),
        )
    return sight.passed(
        Text(
            f"{count_of(talking)}/{count_of(talking)} đường kết nối của kênh và chặng cơ sở "
            "dữ liệu đều mã hoá",
            f"{count_of(talking)} of {counted(count_of(talking), 'way')} of the channel and the "
            "database legs are encrypted",
        ),
        seen=count_of(talking),
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "agent-node-reached",
        Text(
            "Agent Node có ở vùng biên và chỉ kết nối với bên đã khai báo không?",
            "Does the Agent Node stand at the edge and talk to declared peers only?",
        ),
        ("traffic", "network"),
        "both",
        seeing(agent_node_reached, inner=True),
    ),
    Probe(
        "registered-path",
        Text(
            "Kết nối với Trung tâm có chỉ qua điểm kết nối đã đăng ký không?",
            "Is the Center reached through registered connection points only?",
        ),
        ("traffic", "network"),
        "both",
        seeing(registered_path, inner=True),
    ),
    Probe(
        "line-bridged",
        Text(
            "Có máy nào vừa dùng đường truyền chuyên dùng vừa nối Internet không?",
            "Is any host on both the leased line and the Internet?",
        ),
        ("traffic", "network"),
        "failure",
        seeing(line_bridged, inner=True),
    ),
    Probe(
        "sync-in-clear",
        Text(
            "Mọi chặng của kênh đồng bộ có được mã hoá không?",
            "Is every leg of the sync channel encrypted?",
        ),
        ("traffic", "network"),
        "both",
        seeing(sync_in_clear),
    ),
)

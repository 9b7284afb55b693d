"""Whether zones, and the ways between them, are what ``network.yaml`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from auditor.checklist.matrix import addresses_in, within
from auditor.checklist.probe import Found, Probe, unknown
from auditor.checklist.sight import Sight, column, count_of, counted, seeing, ways
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments
    from auditor.model.inventory import Network

SEVEN: Final = ("internal", "edge", "servers", "dmz", "database", "wireless", "management")
"""Zones of level 3 and up: TCVN 14423:2026 5.12.2.2, read in a paraphrase only."""
STANDS_FOR: Final = {"users": "internal", "application": "servers"}
TEST_WORDS: Final = ("test", "dev", "uat", "stag", "thử", "phát triển")
FILL_NETWORK: Final = Text(
    "Khai báo vùng, đường kết nối trong network.yaml.",
    "Declare the zones and ways in network.yaml.",
)


def edges_in_matrix(sight: Sight, arguments: Arguments) -> Found:
    """Every way between zones, and to the Internet, is a declared one."""
    del arguments
    edges = sight.edges[sight.edges["moved"] & (sight.edges["src_home"] | sight.edges["dst_home"])]
    between = edges[
        (edges["src_zone"] != edges["dst_zone"])
        | ((edges["src_zone"] == "") & (edges["src_home"] != edges["dst_home"]))
    ]
    if between.empty:
        return sight.unknown(
            Text(
                "Không thấy luồng nào giữa các vùng, hoặc ra vào mạng",
                "No flow between zones, or in and out of the network, was seen",
            ),
            Text(
                "Ghi lưu lượng tại nơi các vùng gặp nhau (tường lửa, biên).",
                "Record where zones meet (firewall, edge).",
            ),
        )
    strange = between[~sight.matrix.declared(between)]
    unseen = len(sight.matrix.unseen(edges))
    if len(strange):
        pairs = strange.groupby(["src_place", "dst_place"], sort=False).ngroups
        count = count_of(strange)
        return sight.failed(
            Text(
                f"{count} "
                f"đường kết nối quan sát được (thuộc {pairs} cặp vùng) chưa khai báo; {unseen} "
                "đường đã khai báo không thấy dùng",
                f"{counted(count, 'way')} seen between {counted(pairs, 'pair')} of zones "
                f"{'is' if count == 1 else 'are'} not declared; declared but not seen: "
                f"{unseen}",
            ),
            Text(
                "Khai báo đường kết nối trong network.yaml nếu hợp lệ, nếu không thì chặn lại.",
                "Declare the way in network.yaml if it is meant, else close it.",
            ),
            strange,
            seen=count_of(between),
            declared=len(sight.network.edges),
        )
    return sight.passed(
        Text(
            f"{count_of(between)} đường kết nối giữa các vùng đều đã khai báo; {unseen} đường đã "
            "khai báo không thấy dùng",
            f"{ways(between)} between zones, all declared; declared but not seen: {unseen}",
        ),
        seen=count_of(between),
        declared=len(sight.network.edges),
    )


def zones_required(facts: Facts, arguments: Arguments) -> Found:
    """As many zones, and of the kinds, that the level asks for."""
    del arguments
    network, number = facts.network, facts.number("zones")
    if network is None or not network.zones:
        return unknown(
            "Chưa khai báo vùng mạng nào.", "No zone is declared.", FILL_NETWORK.vi, FILL_NETWORK.en
        )
    count, level = len(network.zones), facts.assessment.system.level
    if number.value is None:
        return Found(
            "pass",
            f"Đã khai báo {count} vùng; không văn bản nào đặt số vùng cho cấp độ {level}.",
            f"{counted(count, 'zone')} declared; no instrument sets a number for level {level}.",
            rests_on=number.source,
        )
    kinds = {STANDS_FOR.get(zone.kind, zone.kind) for zone in network.zones}
    lacking = [kind for kind in SEVEN if kind not in kinds] if level >= 3 else []
    way = Text(
        "Tách đủ các vùng mà cấp độ yêu cầu và khai báo trong network.yaml.",
        "Separate the zones that the level asks for and declare them in network.yaml.",
    )
    if count < number.value or [kind for kind in lacking if kind != "wireless"]:
        return Found(
            "fail",
            f"Khai báo {count} vùng, cấp độ {level} cần ít nhất {number.value:g}; thiếu loại: "
            f"{', '.join(lacking) or 'không'}.",
            f"{counted(count, 'zone')} declared, level {level} needs at least {number.value:g}; "
            f"missing kinds: {', '.join(lacking) or 'none'}.",
            rests_on=number.source,
            way_out=way,
        )
    loose, references = _without_zone(facts)
    if lacking or loose:
        return Found(
            "partial",
            f"Khai báo {count} vùng (cần {number.value:g}), nhưng "
            + "; ".join(
                (["chưa khai báo vùng không dây"] if lacking else [])
                + ([f"{loose} địa chỉ riêng không thuộc vùng nào"] if loose else [])
            )
            + ".",
            f"{counted(count, 'zone')} declared ({number.value:g} needed), but "
            + "; ".join(
                (["no wireless zone is declared"] if lacking else [])
                + ([f"{counted(loose, 'private address', 'private addresses')} in no zone"]
                   if loose else [])
            )
            + ".",
            references,
            number.source,
            Text(
                "Khai báo vùng còn thiếu (nếu không có mạng không dây, ghi rõ trong thuyết minh).",
                "Declare what is missing (if there is no wireless network, say so in the answer).",
            ),
        )  # fmt: skip
    return Found(
        "pass",
        f"Khai báo {count} vùng, đủ số lượng ({number.value:g}) và các loại cho cấp độ {level}.",
        f"{counted(count, 'zone')} declared: enough ({number.value:g}), and of the kinds that "
        f"level {level} asks for.",
        rests_on=number.source,
    )


def _without_zone(facts: Facts) -> tuple[int, list[Reference]]:
    """Private addresses in the traffic that are in no declared network."""
    if facts.traffic is None:
        return 0, []
    edges = facts.traffic.edges
    edges = edges[edges["ordinary"] & edges["moved"]]
    sides = [
        edges[edges[f"{side}_place"] == ""][[f"{side}_ip", "flow_id", "input_id"]].rename(
            columns={f"{side}_ip": "address"}
        )
        for side in ("src", "dst")
    ]
    rows = pd.concat(sides).sort_values("flow_id").drop_duplicates("address")
    names = facts.traffic.inputs
    return len(rows), [
        Reference(names.get(number, ""), f"flow {flow}", address)
        for address, flow, number in rows.itertuples(index=False, name=None)
    ]


def environments_separate(sight: Sight, arguments: Arguments) -> Found:
    """No flow between test systems and those in operation."""
    del arguments
    edges = sight.edges[sight.edges["moved"] & sight.edges["src_home"] & sight.edges["dst_home"]]
    tests = [net for zone in sight.network.zones if zone.kind == "test" for net in zone.networks]
    listed = _test_addresses(sight)
    if not tests and not listed:
        return sight.unknown(
            Text(
                "Chưa khai báo vùng thử nghiệm, cũng không có bảng môi trường ghi máy thử nghiệm",
                "No test zone is declared, and no register tells which machines are for tests",
            ),
            Text(
                "Khai báo vùng loại test, hoặc đính kèm bảng environments và assets.",
                "Declare a zone of the kind test, or attach the registers environments and assets.",
            ),
        )
    testing = [*tests, *listed]
    source, target = within(list(edges["src_ip"]), testing), within(list(edges["dst_ip"]), testing)
    if not (source | target).any():
        return sight.unknown(
            Text("Không thấy máy thử nghiệm nào", "No test machine was seen"),
            Text("Ghi lưu lượng tại biên vùng thử nghiệm.", "Record at the edge of the test zone."),
        )
    network = sight.network
    served = {*network.resolvers, *network.time_servers, *network.log_servers}
    excused = (edges["src_kind"] == "management") | edges["dst_ip"].isin(served)
    mixed = edges[(source != target) & ~excused.to_numpy(np.bool_)]
    if len(mixed):
        return sight.failed(
            Text(
                f"{count_of(mixed)} đường kết nối giữa môi trường thử nghiệm và môi trường khác",
                f"{ways(mixed)} between the test environment and others",
            ),
            Text(
                "Chặn kết nối giữa hai môi trường trên tường lửa.",
                "Close the ways between the environments at the firewall.",
            ),
            mixed,
        )
    return sight.clear(
        Text(
            "Không thấy luồng nào giữa môi trường thử nghiệm và môi trường khác (trừ quản trị, "
            "DNS, giờ, nhật ký)",
            "No flow between the test environment and others was seen (management, DNS, time and "
            "logs apart)",
        )
    )


def _test_addresses(sight: Sight) -> list[Network]:
    """Addresses of machines that the register of environments calls test machines."""
    environments = sight.register("environments")
    if environments is None:
        return []
    words = column(environments, "environment").str.lower()
    testing = [any(word in text for word in TEST_WORDS) for text in words]
    names = column(environments, "asset")[testing]
    found = [net for name in names for net in addresses_in(name)]
    assets = sight.register("assets")
    if assets is not None:
        mine = column(assets, "address")[column(assets, "asset").isin(set(names))]
        found += [net for text in mine for net in addresses_in(text)]
    return found


PROBES: tuple[Probe, ...] = (
    Probe(
        "edges-in-matrix",
        Text(
            "Mọi đường kết nối giữa các vùng có được khai báo không?",
            "Is every way between zones a declared one?",
        ),
        ("traffic", "network"),
        "both",
        seeing(edges_in_matrix, inner=True),
    ),
    Probe(
        "zones-required",
        Text(
            "Mạng có đủ các vùng theo cấp độ không?",
            "Has the network the zones that its level asks for?",
        ),
        ("network", "traffic"),
        "both",
        zones_required,
    ),
    Probe(
        "environments-separate",
        Text(
            "Môi trường thử nghiệm có tách khỏi môi trường vận hành không?",
            "Is the test environment separate from operation?",
        ),
        ("traffic", "network", "environments"),
        "failure",
        seeing(environments_separate, inner=True),
    ),
)

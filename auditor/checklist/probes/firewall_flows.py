"""Do the firewall exports permit what was seen? If not, they are not the running rules."""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.checklist.probe import Arguments, Found, Probe, unknown
from auditor.checklist.probes.firewall_rules import Export, exports, missing, unread_in, withheld
from auditor.checklist.sources.firewall import wide
from auditor.checklist.sources.ranges import NOTHING, Ranges, of_network, place_of
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from auditor.checklist.facts import Facts, Traffic
    from auditor.checklist.sources.firewall import Chain, Firewall, Rule

    Mask = npt.NDArray[np.bool_]

_EPHEMERAL: Final = 32_768
"""From here on a responder's port may be an initiator's: the start of the flow was not seen."""
_KEYS: Final = ["src_ip", "dst_ip", "dst_port", "protocol"]


def flows_permitted(facts: Facts, arguments: Arguments) -> Found:
    """No accepted flow between zones is one that the exports surely forbid."""
    found = exports(facts)
    if not found:
        return missing()
    if facts.traffic is None:
        return unknown(
            "Chưa có bản ghi lưu lượng để so với bản xuất tường lửa.",
            "There is no traffic to compare the firewall exports with.",
            "Chạy lại với bản ghi lưu lượng hoặc nhật ký luồng.",
            "Run again with captures or flow logs.",
        )
    if facts.network is None or not facts.network.zones:
        return unknown(
            "Chưa khai báo vùng mạng nên không biết luồng nào đi qua tường lửa.",
            "No zones are declared: which flows pass a firewall is not known.",
            "Khai báo các vùng trong network.yaml.",
            "Declare the zones in network.yaml.",
        )
    unread = unread_in(found)
    if unread:
        return withheld(unread, sum(len(c.rules) for e in found for c in e.firewall.chains))
    edges = _between_zones(facts.traffic.edges)
    zones: dict[str, Ranges] = {}
    for zone in facts.network.zones:
        for network in zone.networks:
            zones[zone.id] = zones.get(zone.id, NOTHING) | of_network(network)
    seen_by = {id(export): _zones_of(export.firewall, zones) for export in found}
    table = _Table(edges)
    judged = np.zeros(len(edges), bool)
    permitted = np.zeros(len(edges), bool)
    for export in found:
        visible = edges[["src_zone", "dst_zone"]].isin(seen_by[id(export)]).all(axis=1).to_numpy()
        if visible.any():
            permitted |= visible & _permitted(export.firewall, table)
            judged |= visible
    if not judged.any():
        return unknown(
            f"Trong {len(edges)} luồng giữa các vùng, không biết luồng nào đi qua tường lửa đã "
            "xuất cấu hình.",
            f"Of {len(edges)} flows between zones, none is known to pass an exported firewall.",
            "Đính kèm bản xuất có địa chỉ giao diện và luật của các vùng; kiểm tra network.yaml.",
            "Attach an export with interface addresses and rules of the zones; check network.yaml.",
        )
    return _answer(facts.traffic, found, edges, judged, judged & ~permitted)


def _answer(
    traffic: Traffic, found: list[Export], edges: pd.DataFrame, judged: Mask, forbidden: Mask
) -> Found:
    count, of = int(forbidden.sum()), int(judged.sum())
    if not count:
        return Found(
            "clear",
            f"Không luồng nào trong {of} luồng giữa các vùng trái với bản xuất tường lửa.",
            f"None of {of} flows between zones goes against the firewall exports.",
            coverage=traffic.coverage,
        )
    worst = edges[forbidden].sort_values("flows", ascending=False).head(100)
    columns = [worst[name].tolist() for name in (*_KEYS, "flow_id", "input_id", "flows")]
    references = [
        Reference(
            traffic.inputs.get(int(source), str(source)),
            f"flow {flow}",
            f"{src} -> {dst} port {'-' if port < 0 else port}, protocol {protocol}, {flows} flows",
        )
        for src, dst, port, protocol, flow, source, flows in zip(*columns, strict=True)
    ]
    references += [export.at("", export.firewall.product) for export in found]
    return Found(
        "fail",
        f"{count} trên {of} luồng giữa các vùng đã được chấp nhận dù không luật nào cho phép; bản "
        "xuất không phải cấu hình đang chạy, hoặc của thiết bị khác.",
        f"{count} of {of} flows between zones were accepted although no rule permits them; the "
        "export is not the running configuration, or is of another device.",
        references,
        way_out=Text(
            "Xuất lại cấu hình đang chạy của mọi tường lửa giữa các vùng này.",
            "Export the running configuration of every firewall between these zones anew.",
        ),
        coverage=traffic.coverage,
    )


def _between_zones(edges: pd.DataFrame) -> pd.DataFrame:
    """Accepted flows from one zone to another, each once."""
    src, dst = edges["src_zone"].fillna(""), edges["dst_zone"].fillna("")
    answered = edges["answered"].fillna(value=False).astype(bool)
    blocked = edges["blocked"].fillna(value=False).astype(bool)
    kept = edges[answered & ~blocked & (src != "") & (dst != "") & (src != dst)]
    kept = kept.assign(dst_port=kept["dst_port"].fillna(-1).astype("int64"))
    return (
        kept.groupby([*_KEYS, "src_zone", "dst_zone"], observed=True, sort=True)
        .agg(flows=("flows", "sum"), flow_id=("flow_id", "first"), input_id=("input_id", "first"))
        .reset_index()
    )


def _zones_of(firewall: Firewall, zones: dict[str, Ranges]) -> set[str]:
    """The zones a firewall stands at: its interfaces or its rules name their addresses."""
    named = NOTHING
    for interface in firewall.interfaces:
        named |= interface.networks
    for chain in firewall.of("forward"):
        for rule in chain.rules:
            for side in (rule.match.sources, rule.match.destinations):
                if not wide(side):
                    named |= side
    return {zone for zone, networks in zones.items() if networks & named}


class _Table:
    """The flows as columns; membership in a set of addresses is told for each address once."""

    def __init__(self, edges: pd.DataFrame) -> None:
        sources = [place_of(ipaddress.ip_address(text)) for text in edges["src_ip"].tolist()]
        targets = [place_of(ipaddress.ip_address(text)) for text in edges["dst_ip"].tolist()]
        self.places = sorted({*sources, *targets})
        order = {place: at for at, place in enumerate(self.places)}
        self.sources = np.array([order[place] for place in sources], np.int64)
        self.targets = np.array([order[place] for place in targets], np.int64)
        self.ports = edges["dst_port"].to_numpy(np.int64)
        self.protocols = edges["protocol"].to_numpy(np.int64)
        self.six = np.array([place >= 1 << 32 for place in sources], bool)

    def inside(self, which: Ranges) -> Mask:
        """For each address, whether it is in the set."""
        found = np.zeros(len(self.places), bool)
        for low, high in which.parts:
            found[bisect_left(self.places, low) : bisect_right(self.places, high)] = True
        return found

    def served(self, rule: Rule, *, any_port: bool) -> Mask:
        """Flows whose protocol and port a rule names."""
        found = np.zeros(len(self.ports), bool)
        for service in rule.match.services:
            protocol = (
                np.ones(len(self.ports), bool)
                if service.protocol is None
                else self.protocols == service.protocol
            )
            port = self.ports < 0
            for low, high in service.ports.parts:
                port = port | ((self.ports >= low) & (self.ports <= high))
            found |= protocol if any_port else protocol & port
        return found


def _permitted(firewall: Firewall, table: _Table) -> Mask:
    """Flows that the rules may permit; for the rest they surely do not."""
    forward = _decided(firewall, table, backwards=False)
    # where the first packets were not seen, the sides may be the wrong way round
    unsure = (table.ports >= _EPHEMERAL) & ~forward
    if unsure.any():
        forward |= unsure & _decided(firewall, table, backwards=True)
    return forward


def _decided(firewall: Firewall, table: _Table, *, backwards: bool) -> Mask:
    results: Mask = np.zeros(len(table.ports), bool)
    for six, family in ((False, "ipv4"), (True, "ipv6")):
        chains = [chain for chain in firewall.of("forward") if family in chain.families]
        mine = table.six == six
        if not chains:
            results |= mine  # the export does not tell of this family
            continue
        masks = [_through(chain, firewall, table, backwards=backwards) for chain in chains]
        combined = np.all(masks, axis=0) if firewall.every_chain else np.any(masks, axis=0)
        results |= mine & combined
    return results


def _through(chain: Chain, firewall: Firewall, table: _Table, *, backwards: bool) -> Mask:
    left = np.ones(len(table.ports), bool)
    found = np.zeros(len(table.ports), bool)
    sides = (table.targets, table.sources) if backwards else (table.sources, table.targets)
    for rule in chain.rules:
        match = rule.match
        if not rule.enabled or not match.new:
            continue
        # a deny that only may match decides nothing here
        sure = not (match.vague or match.inward or match.outward or rule.expires)
        if rule.action == "deny" and not sure:
            continue
        targets = table.inside(match.destinations)
        published = NOTHING
        if rule.action == "accept":
            for each in firewall.translations:
                if each.inside & match.destinations:
                    published |= each.outside
        fits = table.inside(match.sources)[sides[0]] & targets[sides[1]]
        fits &= table.served(rule, any_port=backwards)
        if published:
            fits |= (
                table.inside(match.sources)[sides[0]]
                & table.inside(published)[sides[1]]
                & table.served(rule, any_port=True)
            )
        fits &= left
        if rule.action == "accept":
            found |= fits
        left &= ~fits
    return found | left if chain.default == "accept" else found


PROBES: Final = (
    Probe(
        "flows-permitted",
        Text(
            "Luồng đã thấy có luật tường lửa nào cho phép không?",
            "Is every flow that was seen one that the firewall exports permit?",
        ),
        ("firewall", "traffic", "network"),
        "failure",
        flows_permitted,
    ),
)

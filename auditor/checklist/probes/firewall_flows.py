"""Do the firewall exports permit what was seen? If not, they are not the running rules."""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.checklist.probe import Arguments, Found, Probe, unknown
from auditor.checklist.probes.firewall_exports import Export, exports, missing, unread_in, withheld
from auditor.checklist.sources.firewall import wide
from auditor.checklist.sources.ranges import NOTHING, Ranges, of_network, place_of, ranges
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from auditor.checklist.facts import Facts, Traffic
    from auditor.checklist.sources.firewall import Chain, Firewall, Rule

    Mask = npt.NDArray[np.bool_]
    Rows = npt.NDArray[np.int64]

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
    table = _Table(edges)
    judged = np.zeros(len(edges), bool)
    permitted = np.zeros(len(edges), bool)
    for export in found:
        pairs = _pairs(export.firewall, zones)
        ends = zip(edges["src_zone"], edges["dst_zone"], strict=True)
        visible = np.fromiter((each in pairs for each in ends), bool, len(edges))
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
            f"{src} -> {dst} port {'-' if port <= 0 else port}, protocol {protocol}, {flows} flows",
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
    kept = edges[edges["ordinary"] & answered & ~blocked & (src != "") & (dst != "") & (src != dst)]
    kept = kept.assign(dst_port=kept["dst_port"].fillna(0).astype("int64"))
    return (
        kept.groupby([*_KEYS, "src_zone", "dst_zone"], observed=True, sort=True)
        .agg(flows=("flows", "sum"), flow_id=("flow_id", "first"), input_id=("input_id", "first"))
        .reset_index()
    )


def _pairs(firewall: Firewall, zones: dict[str, Ranges]) -> set[tuple[str, str]]:
    """Pairs of zones with the firewall between them: they lie behind different interfaces.

    Where a zone lies is told by the addresses of an interface, by the routes, or by rules that
    name addresses of the zone together with an interface.
    """
    parts = {interface.name: [*interface.networks.parts] for interface in firewall.interfaces}
    for chain in firewall.of("forward"):
        for rule in chain.rules:
            match = rule.match
            for names, side, part in (
                (match.inward, match.sources, "source"),
                (match.outward, match.destinations, "destination"),
            ):
                if len(names) == 1 and not wide(side) and part not in match.vague:
                    parts.setdefault(names[0], []).extend(side.parts)
    networks = {name: ranges(theirs) for name, theirs in parts.items()}
    behind = {
        zone: {name for name, addresses in networks.items() if addresses & inside}
        for zone, inside in zones.items()
    }
    return {
        (one, other)
        for one in zones
        for other in zones
        if behind[one] and behind[other] and not behind[one] & behind[other]
    }


class _Table:
    """The flows as columns, ordered by either side: a rule looks only at flows of its addresses."""

    def __init__(self, edges: pd.DataFrame) -> None:
        sources = [place_of(ipaddress.ip_address(text)) for text in edges["src_ip"].tolist()]
        targets = [place_of(ipaddress.ip_address(text)) for text in edges["dst_ip"].tolist()]
        self.places = sorted({*sources, *targets})
        order = {place: at for at, place in enumerate(self.places)}
        self.sources = _Side(np.array([order[place] for place in sources], np.int64))
        self.targets = _Side(np.array([order[place] for place in targets], np.int64))
        self.ports = edges["dst_port"].to_numpy(np.int64)
        self.protocols = edges["protocol"].to_numpy(np.int64)
        self.six = np.array([place >= 1 << 32 for place in sources], bool)

    def spans(self, which: Ranges) -> list[tuple[int, int]]:
        """The addresses of a set, as ranges of their numbers here."""
        found = (
            (bisect_left(self.places, low), bisect_right(self.places, high))
            for low, high in which.parts
        )
        return [(low, high) for low, high in found if low < high]

    def served(self, rule: Rule, rows: Rows, *, any_port: bool) -> Mask:
        """Which of these flows have a protocol and a port that the rule names."""
        ports, protocols = self.ports[rows], self.protocols[rows]
        found = np.zeros(len(rows), bool)
        for service in rule.match.services:
            fits = np.ones(len(rows), bool)
            if service.protocol is not None:
                fits = protocols == service.protocol
            if not any_port:
                port = ports <= 0
                for low, high in service.ports.parts:
                    port |= (ports >= low) & (ports <= high)
                fits &= port
            found |= fits
        return found


class _Side:
    """One side of all flows: the number of its address, and the flows in the order of it."""

    def __init__(self, numbers: Rows) -> None:
        self.numbers = numbers
        self.order = np.argsort(numbers, kind="stable")
        self.ordered = numbers[self.order]

    def rows(self, spans: list[tuple[int, int]]) -> Rows:
        """The flows with an address in these spans."""
        ends = np.searchsorted(self.ordered, np.array(spans, np.int64).reshape(-1, 2))
        parts = [self.order[low:high] for low, high in ends.tolist()]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def count(self, spans: list[tuple[int, int]]) -> int:
        """How many these are."""
        ends = np.searchsorted(self.ordered, np.array(spans, np.int64).reshape(-1, 2))
        return int((ends[:, 1] - ends[:, 0]).sum())

    def within(self, rows: Rows, spans: list[tuple[int, int]]) -> Mask:
        """Which of these flows have an address in these spans."""
        lows, highs = np.array(spans, np.int64).reshape(-1, 2).T
        numbers = self.numbers[rows]
        at = np.searchsorted(lows, numbers, side="right") - 1
        return (at >= 0) & (numbers < highs[at])


def _permitted(firewall: Firewall, table: _Table) -> Mask:
    """Flows that the rules may permit; for the rest they surely do not."""
    forward = _decided(firewall, table, backwards=False)
    # where the first packets were not seen, the sides may be the wrong way round
    unsure = (table.ports >= _EPHEMERAL) & ~forward
    if unsure.any():
        forward |= unsure & _decided(firewall, table, backwards=True)
    return forward


def _decided(firewall: Firewall, table: _Table, *, backwards: bool) -> Mask:
    through = [
        (chain, _through(chain, firewall, table, backwards=backwards))
        for chain in firewall.of("forward")
    ]
    results: Mask = np.zeros(len(table.ports), bool)
    for six, family in ((False, "ipv4"), (True, "ipv6")):
        masks = [mask for chain, mask in through if family in chain.families]
        mine = table.six == six
        if not masks:
            results |= mine  # the export does not tell of this family
            continue
        combined = np.all(masks, axis=0) if firewall.every_chain else np.any(masks, axis=0)
        results |= mine & combined
    return results


def _through(chain: Chain, firewall: Firewall, table: _Table, *, backwards: bool) -> Mask:
    left = np.ones(len(table.ports), bool)
    found = np.zeros(len(table.ports), bool)
    for rule in chain.rules:
        match = rule.match
        if not rule.enabled or not match.new:
            continue
        # a deny that only may match decides nothing here
        sure = not (match.vague or match.inward or match.outward or rule.expires)
        if rule.action == "deny" and not sure:
            continue
        rows = _fitting(rule, match.destinations, table, any_port=backwards, backwards=backwards)
        if rule.action == "accept" and firewall.translations:
            published = ranges(
                part
                for each in firewall.translations
                if each.inside & match.destinations
                for part in each.outside.parts
            )
            # which port is published is not compared: this only ever permits more
            more = _fitting(rule, published, table, any_port=True, backwards=backwards)
            rows = np.concatenate([rows, more])
        rows = rows[left[rows]]
        found[rows] = rule.action == "accept"
        left[rows] = False
    return found | left if chain.default == "accept" else found


def _fitting(
    rule: Rule, destinations: Ranges, table: _Table, *, any_port: bool, backwards: bool
) -> Rows:
    """The flows that a rule fits with these destinations."""
    sources, targets = table.spans(rule.match.sources), table.spans(destinations)
    if not sources or not targets:
        return np.zeros(0, np.int64)
    one, other = table.sources, table.targets
    if backwards:
        one, other = other, one
    if one.count(sources) > other.count(targets):
        one, other, sources, targets = other, one, targets, sources
    rows = one.rows(sources)
    rows = rows[other.within(rows, targets)]
    return rows[table.served(rule, rows, any_port=any_port)]


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

"""Questions about the rules of firewall exports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from auditor.checklist.held import Held
from auditor.checklist.probe import Arguments, Found, Probe, unknown
from auditor.checklist.sources.firewall import Chain, Firewall, Rule
from auditor.checklist.sources.ranges import NOTHING, V4, V6, Ranges, of_network, outside_parts
from auditor.checklist.sources.ranges import ports as port_set
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts

ADMIN_PORTS: Final = (
    "22", "23", "3389", "5900-5905", "5985-5986", "4443", "8443", "10443",
)  # fmt: skip
DATABASE_PORTS: Final = (
    "1433-1434", "1521", "1526", "3306", "5432", "6379", "8123", "9042", "9200", "27017", "50000",
)  # fmt: skip
_ICMP: Final = (1, 58)
_TCP, _UDP = 6, 17


def _all_of(texts: tuple[str, ...]) -> Ranges:
    found = NOTHING
    for text in texts:
        found |= port_set(text)
    return found


_SENSITIVE: Final = {_TCP: _all_of(ADMIN_PORTS + DATABASE_PORTS), _UDP: _all_of(("161",))}
_ATTACH: Final = Text(
    "Đính kèm bản xuất đầy đủ của tường lửa (FortiGate show full-configuration, iptables-save và "
    "ip6tables-save, nft list ruleset).",
    "Attach the full export of the firewall (FortiGate show full-configuration, iptables-save and "
    "ip6tables-save, nft list ruleset).",
)
_UNREAD: Final = Text(
    "Đối chiếu các dòng chưa đọc được với thiết bị, hoặc xuất lại ở dạng mà công cụ đọc được.",
    "Look at the lines that were not understood on the device, or export in a form that is read.",
)


@dataclass(slots=True)
class Export:
    """A firewall export with where it is registered."""

    held: Held
    firewall: Firewall

    def at(self, place: str, shows: str = "") -> Reference:
        """A place in it."""
        return Reference(self.held.entry.id, place, shows)


@dataclass(slots=True)
class Seen:
    """What speaks against an answer, and what makes it unsure."""

    bad: list[Reference] = field(default_factory=list)
    lesser: list[Reference] = field(default_factory=list)
    unsure: list[Reference] = field(default_factory=list)


def exports(facts: Facts) -> list[Export]:
    """The youngest export of each device.

    Raises:
        InputError: one of them cannot be read.
    """
    found: dict[tuple[str, str], Export] = {}
    for held in facts.held("firewall"):
        firewall = held.content(Firewall)
        name = firewall.device or held.entry.file or held.entry.id
        found.setdefault((firewall.product, name), Export(held, firewall))
    return list(found.values())


def rule_count(found: list[Export]) -> int:
    """How many rules were read, each line once; what a device answers itself is none."""
    return sum(
        len(
            {
                rule.place
                for chain in export.firewall.chains
                if chain.name != "allowaccess"
                for rule in chain.rules
            }
        )
        for export in found
    )


def unread_in(found: list[Export]) -> list[Reference]:
    """Lines that were not understood."""
    return [export.at(line.place, line.what) for export in found for line in export.firewall.unread]


def missing() -> Found:
    """No export is registered."""
    return unknown(
        "Chưa có bản xuất cấu hình tường lửa nào.",
        "No firewall configuration export is registered.",
        _ATTACH.vi,
        _ATTACH.en,
    )


def empty() -> Found:
    """The exports hold no rules."""
    return unknown(
        "Bản xuất tường lửa không có luật nào; chưa thể kết luận.",
        "The firewall export holds no rule; nothing can be told.",
        _ATTACH.vi,
        _ATTACH.en,
    )


def withheld(lines: list[Reference], rules: int) -> Found:
    """Nothing speaks against it, but some lines were not understood."""
    return Found(
        "unknown",
        f"Có {len(lines)} dòng trong bản xuất tường lửa chưa đọc được (đã đọc {rules} luật); "
        "chưa thể kết luận đạt.",
        f"{len(lines)} lines of the firewall export were not understood ({rules} rules read); "
        "a pass cannot be told.",
        lines,
        way_out=_UNREAD,
    )


def default_deny(facts: Facts, arguments: Arguments) -> Found:
    """Every export ends in deny, inward and outward."""
    found = exports(facts)
    if not found:
        return missing()
    rules = rule_count(found)
    both_ways = facts.assessment.system.level >= 3
    open_ends = [one for export in found for one in _open_ends(export, both_ways=both_ways)]
    unread = unread_in(found)
    if not all(export.firewall.of("forward") or export.firewall.of("in") for export in found):
        return empty()
    if open_ends:
        return Found(
            "fail",
            f"{len(open_ends)} chỗ trong bản xuất tường lửa không kết thúc bằng chặn mặc định "
            f"(đã đọc {rules} luật).",
            f"{len(open_ends)} places of the firewall exports do not end in a default deny "
            f"({rules} rules read).",
            open_ends,
            way_out=Text(
                "Đặt chính sách mặc định là chặn (DROP, deny) và chỉ mở theo dịch vụ cần thiết.",
                "Set the default policy to deny (DROP) and open by service only.",
            ),
        )
    if unread:
        return withheld(unread, rules)
    if any(not rule_count([export]) for export in found):
        return empty()
    families = {family for e in found for c in e.firewall.chains for family in c.families}
    if "ipv6" not in families or "ipv4" not in families:
        shown = "IPv4" if "ipv4" in families else "IPv6"
        other = "IPv6" if shown == "IPv4" else "IPv4"
        return Found(
            "partial",
            f"Mặc định chặn với {shown}; không bản xuất nào cho biết về {other}.",
            f"Default deny holds for {shown}; no export tells of {other}.",
            way_out=Text(
                f"Đính kèm cả bản xuất {other} (ip6tables-save, nft list ruleset).",
                f"Attach the export for {other} too (ip6tables-save, nft list ruleset).",
            ),
        )
    return Found(
        "pass",
        f"Cả {len(found)} bản xuất tường lửa kết thúc bằng chặn mặc định (đã đọc {rules} luật).",
        f"All {len(found)} firewall exports end in a default deny ({rules} rules read).",
        [
            export.at(chain.place, chain.name)
            for export in found
            for chain in export.firewall.chains
        ],
    )


def _open_ends(export: Export, *, both_ways: bool) -> list[Reference]:
    firewall = export.firewall
    found: list[Reference] = []
    gateway = any(
        rule.action == "accept" and rule.match.new
        for chain in firewall.of("forward")
        for rule in chain.rules
    )
    hooks = ["in", "forward"]
    if both_ways and not gateway and firewall.product != "FortiGate":
        hooks.append("out")
    families = {family for chain in firewall.chains for family in chain.families}
    for hook in hooks:
        for family in sorted(families):
            chains = [
                chain
                for chain in firewall.chains
                if chain.hook == hook and family in chain.families
            ]
            ends = [_end_of(chain) for chain in chains]
            if firewall.product == "FortiGate" and not chains:
                continue
            denied = [end for end in ends if end[0] == "deny"]
            if denied and (firewall.every_chain or len(denied) == len(ends)):
                continue
            if not ends:
                found.append(export.at("", f"{hook}, {family}: no chain"))
            for (action, rule), chain in zip(ends, chains, strict=True):
                if action == "accept":
                    place = rule.place if rule else chain.place
                    found.append(export.at(place, f"{chain.name}, {family}: accept"))
    return sorted(set(found), key=lambda one: (one.place, one.shows))


def _end_of(chain: Chain) -> tuple[str, Rule | None]:
    """What becomes of that which nobody thought of, and the rule that says so."""
    for rule in chain.rules:
        match = rule.match
        everything = rule.any_source and rule.any_destination and rule.any_service
        if not (rule.enabled and match.new and everything) or local(rule):
            continue
        limited = match.inward or match.outward or match.vague
        if rule.action == "accept" and not match.vague:
            return "accept", rule
        if (
            rule.action == "deny"
            and not limited
            and any(s.protocol is None for s in match.services)
        ):
            return "deny", rule
    return chain.default, None


def local(rule: Rule) -> bool:
    """Whether a rule concerns the machine talking to itself."""
    return rule.match.inward == ("lo",) or rule.match.outward == ("lo",)


def broad_rules(facts: Facts, arguments: Arguments) -> Found:
    """No rule opens everything, none has run out, none is forgotten."""
    found = exports(facts)
    if not found:
        return missing()
    rules = rule_count(found)
    if not rules:
        return empty()
    seen = Seen()
    for export in found:
        for chain in export.firewall.chains:
            _look(export, chain, facts, seen)
        _forgotten(export, seen)
    seen.bad, seen.lesser = _once(seen.bad), _once(seen.lesser)
    unread = unread_in(found)
    if seen.bad:
        return Found(
            "fail",
            f"{len(seen.bad)} trên {rules} luật tường lửa mở quá rộng, đã hết hạn hoặc là luật tạm "
            "không có hạn.",
            f"{len(seen.bad)} of {rules} firewall rules are too broad, have run out or are "
            "temporary without an end.",
            [*seen.bad, *seen.lesser],
            way_out=Text(
                "Thay bằng luật nêu rõ nguồn, đích, dịch vụ; xoá luật hết hạn.",
                "Replace them with rules that name source, destination and service; delete what "
                "has run out.",
            ),
        )
    if unread or seen.unsure:
        return withheld([*unread, *_once(seen.unsure)], rules)
    if seen.lesser:
        return Found(
            "partial",
            f"{len(seen.lesser)} trên {rules} luật tường lửa bị tắt hoặc chưa khớp gói tin nào; "
            "bộ đếm tính từ lần khởi động gần nhất.",
            f"{len(seen.lesser)} of {rules} firewall rules are switched off or matched no packet; "
            "counters run since the last restart.",
            seen.lesser,
            way_out=Text(
                "Xoá luật không dùng, hoặc ghi lý do giữ lại.",
                "Delete rules that are not used, or write down why they stay.",
            ),
        )
    return Found(
        "pass",
        f"Không luật nào trong {rules} luật tường lửa mở quá rộng, hết hạn hay bỏ quên.",
        f"None of {rules} firewall rules is too broad, has run out or is forgotten.",
    )


def _look(export: Export, chain: Chain, facts: Facts, seen: Seen) -> None:
    for rule in chain.rules:
        match = rule.match
        if rule.action != "accept" or not rule.enabled or not match.new or local(rule):
            continue
        if rule.over(facts.today):
            seen.bad.append(export.at(rule.place, f"{_named(rule)} ended {rule.expires}"))
            continue
        if rule.temporary and rule.expires is None:
            seen.bad.append(export.at(rule.place, f"{_named(rule)} temporary without an end"))
        # what comes in or goes out has the machine itself on the other side
        source = rule.any_source and chain.hook != "out"
        destination = rule.any_destination and chain.hook != "in"
        icmp = all(service.protocol in _ICMP for service in match.services)
        if icmp or source + destination + rule.any_service < 2:
            continue
        where = seen.unsure if "other" in match.vague else seen.bad
        where.append(export.at(rule.place, described(rule)))


def _forgotten(export: Export, seen: Seen) -> None:
    hits: dict[str, int] = {}
    for chain in export.firewall.chains:
        for rule in chain.rules:
            if not rule.enabled:
                seen.lesser.append(export.at(rule.place, f"{_named(rule)} switched off"))
            elif rule.hits is not None and rule.action == "accept" and not local(rule):
                hits[rule.place] = max(hits.get(rule.place, 0), rule.hits)
    seen.lesser += [export.at(place, "0 packets") for place, count in hits.items() if not count]


def _once(references: list[Reference]) -> list[Reference]:
    return list(dict.fromkeys(references))


def _named(rule: Rule) -> str:
    return f"rule {rule.name[:40]}:" if rule.name else "rule"


def described(rule: Rule) -> str:
    """A rule in short."""
    source = "any" if rule.any_source else "some"
    destination = "any" if rule.any_destination else "some"
    service = "all services" if rule.any_service else "some services"
    return f"{_named(rule)} {source} -> {destination}, {service}"


def exposed_by_rules(facts: Facts, arguments: Arguments) -> Found:
    """No rule opens an administration or database port to the Internet."""
    found = exports(facts)
    if not found:
        return missing()
    rules = rule_count(found)
    if not rules:
        return empty()
    seen = Seen()
    own = _own(facts)
    for export in found:
        for chain in export.firewall.chains:
            if chain.hook != "out":
                for at, rule in enumerate(chain.rules):
                    _exposed(export, chain, at, rule, own, facts, seen)
    seen.bad, seen.unsure = _once(seen.bad), _once(seen.unsure)
    if seen.bad:
        return Found(
            "fail",
            f"{len(seen.bad)} trên {rules} luật mở cổng quản trị hoặc cơ sở dữ liệu ra Internet.",
            f"{len(seen.bad)} of {rules} rules open administration or database ports to the "
            "Internet.",
            seen.bad,
            way_out=Text(
                "Đóng các cổng này ở biên; chỉ cho phép qua VPN từ nguồn đã khai báo.",
                "Close these ports at the boundary; allow them over a VPN from declared sources.",
            ),
        )
    unread = unread_in(found)
    if unread or seen.unsure:
        return withheld([*unread, *seen.unsure], rules)
    return Found(
        "pass",
        f"Không luật nào trong {rules} luật mở cổng quản trị hoặc cơ sở dữ liệu ra Internet.",
        f"None of {rules} rules opens an administration or database port to the Internet.",
    )


def _own(facts: Facts) -> Ranges | None:
    """The agency's public addresses; null = nobody declared them."""
    if facts.network is None:
        return None
    found = NOTHING
    for network in (*facts.network.public, *(n for z in facts.network.zones for n in z.networks)):
        found |= of_network(network)
    return found


def _exposed(
    export: Export, chain: Chain, at: int, rule: Rule, own: Ranges | None, facts: Facts, seen: Seen
) -> None:
    firewall, match = export.firewall, rule.match
    if rule.action != "accept" or not rule.enabled or not match.new or local(rule):
        return
    if rule.over(facts.today) or not _from_internet(match.sources):
        return
    inward = firewall.outside(match.inward)
    if inward is False or (match.outward and firewall.outside(match.outward)):
        return
    opened = _opened(chain, rule)
    left = [port for port in opened if not _denied_before(chain, at, rule, port)]
    if not left:
        return
    listed = ", ".join(f"{port}/{'tcp' if protocol == _TCP else 'udp'}" for protocol, port in left)
    where = export.at(rule.place, f"{_named(rule)} {listed[:120]}")
    ours = match.destinations - outside_parts(match.destinations)
    if not rule.any_destination and not ours:
        if own is None:
            seen.unsure.append(where)
            return
        if not match.destinations & own:
            return
    (seen.unsure if match.vague or inward is None else seen.bad).append(where)


def _from_internet(sources: Ranges) -> bool:
    """Whether a large part of the Internet is among the sources."""
    outside = outside_parts(sources)
    return (outside & V4).size >= 1 << 24 or (outside & V6).size >= 1 << 96


def _opened(chain: Chain, rule: Rule) -> list[tuple[int, int]]:
    """Sensitive ports that a rule opens: protocol and port."""
    found: set[tuple[int, int]] = set()
    for service in rule.match.services:
        for protocol, sensitive in _SENSITIVE.items():
            if service.protocol not in (None, protocol):
                continue
            whole = service.ports if chain.name == "allowaccess" else service.ports & sensitive
            if chain.name == "allowaccess" and 541 in whole:
                continue  # the maker's management channel, not a log-in
            found |= {(protocol, low) for low, _ in whole.parts}
    return sorted(found)


def _denied_before(chain: Chain, at: int, rule: Rule, port: tuple[int, int]) -> bool:
    """Whether earlier rules surely keep the Internet from this port."""
    left = rule.match.sources
    for earlier in chain.rules[:at]:
        match = earlier.match
        if (
            earlier.action == "deny"
            and earlier.enabled
            and match.new
            and not match.vague
            and not match.outward
            and match.inward in ((), rule.match.inward)
            and match.destinations.covers(rule.match.destinations)
            and any(s.protocol in (None, port[0]) and port[1] in s.ports for s in match.services)
        ):
            left -= match.sources
    return not _from_internet(left)


PROBES: Final = (
    Probe(
        "default-deny",
        Text(
            "Tường lửa có mặc định chặn cả hai chiều không?",
            "Do the firewalls deny by default, inward and outward?",
        ),
        ("firewall",),
        "both",
        default_deny,
    ),
    Probe(
        "broad-rules",
        Text(
            "Có luật tường lửa nào mở quá rộng, hết hạn hoặc bỏ quên không?",
            "Is any firewall rule too broad, out of date or forgotten?",
        ),
        ("firewall",),
        "both",
        broad_rules,
    ),
    Probe(
        "exposed-by-rules",
        Text(
            "Có luật nào mở cổng quản trị, cơ sở dữ liệu ra Internet không?",
            "Does any rule open an administration or database port to the Internet?",
        ),
        ("firewall", "network"),
        "both",
        exposed_by_rules,
    ),
)

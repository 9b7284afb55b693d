"""Do firewalls deny by default, and is every rule narrow, valid and used?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Arguments, Found, Probe
from auditor.checklist.probes.firewall_exports import (
    Export,
    Seen,
    described,
    empty,
    exports,
    local,
    missing,
    named,
    once,
    rule_count,
    unread_in,
    withheld,
)
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.sources.firewall import Chain, Rule
    from auditor.model.readiness import Reference

_ICMP: Final = (1, 58)


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
    seen.bad, seen.lesser = once(seen.bad), once(seen.lesser)
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
        return withheld([*unread, *once(seen.unsure)], rules)
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
            seen.bad.append(export.at(rule.place, f"{named(rule)} ended {rule.expires}"))
            continue
        if rule.temporary and rule.expires is None:
            seen.bad.append(export.at(rule.place, f"{named(rule)} temporary without an end"))
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
                seen.lesser.append(export.at(rule.place, f"{named(rule)} switched off"))
            elif rule.hits is not None and rule.action == "accept" and not local(rule):
                hits[rule.place] = max(hits.get(rule.place, 0), rule.hits)
    seen.lesser += [export.at(place, "0 packets") for place, count in hits.items() if not count]


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
)

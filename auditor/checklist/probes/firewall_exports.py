"""Firewall exports as the probes of firewalls see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from auditor.checklist.held import Held
from auditor.checklist.probe import Found, unknown
from auditor.checklist.sources.firewall import Firewall, Rule
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts

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


@dataclass(slots=True)
class Seen:
    """What speaks against an answer, and what makes it unsure."""

    bad: list[Reference] = field(default_factory=list)
    lesser: list[Reference] = field(default_factory=list)
    unsure: list[Reference] = field(default_factory=list)


def once(references: list[Reference]) -> list[Reference]:
    """The references, each once."""
    return list(dict.fromkeys(references))


def named(rule: Rule) -> str:
    """How a rule is called in a reference."""
    return f"rule {rule.name[:40]}:" if rule.name else "rule"


def described(rule: Rule) -> str:
    """A rule in short."""
    source = "any" if rule.any_source else "some"
    destination = "any" if rule.any_destination else "some"
    service = "all services" if rule.any_service else "some services"
    return f"{named(rule)} {source} -> {destination}, {service}"


def local(rule: Rule) -> bool:
    """Whether a rule concerns the machine talking to itself."""
    return rule.match.inward == ("lo",) or rule.match.outward == ("lo",)

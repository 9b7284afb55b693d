"""Is the checklist itself in order? What no single item can see, and every example's outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.checklist.verdict import MET, example_gives
from auditor.model.checklist import State

if TYPE_CHECKING:
    from auditor.checklist.catalogue import Catalogue
    from auditor.model.checklist import Checklist, Item

NUMBER: Final = "number"
KIND: Final = ("kind", "than")
MILESTONES: Final = ("first-connection", "first-sync", "go-live", "last-change", "level-decision")


@dataclass(frozen=True, slots=True)
class Tried:
    """An example, and what it came out with."""

    item: str
    number: int
    expected: State
    got: State

    @property
    def passed(self) -> bool:
        """Whether it came out as written."""
        return self.expected == self.got


def tried(checklist: Checklist) -> tuple[Tried, ...]:
    """Every example of every item, through the rules that assessments go through."""
    return tuple(
        Tried(item.id, number, example.gives, example_gives(item, example))
        for item in checklist.items
        for number, example in enumerate(item.examples, start=1)
    )


def mistakes(catalogue: Catalogue) -> list[str]:
    """What is wrong with the checklist beyond the shape of its file, one line each."""
    checklist = catalogue.checklist
    numbers = {limit.id for _, limit in catalogue.limits}
    kinds = {kind.id for kind in checklist.kinds}
    used = {kind for item in checklist.items for kind in item.evidence}
    found = [f"no item asks for the kind {kind}" for kind in sorted(kinds - used)]
    grouped = {item.group for item in checklist.items}
    found += [f"the group {group.id} has no item" for group in checklist.groups
              if group.id not in grouped]  # fmt: skip
    for item in checklist.items:
        found += [f"{item.id}: {line}" for line in _mistakes(item, kinds, numbers)]
    return found


def _mistakes(item: Item, kinds: set[str], numbers: set[str]) -> list[str]:
    from auditor.checklist.probes import PROBES

    found: list[str] = []
    for call in item.probes:
        probe = PROBES.get(call.probe)
        if probe is None:
            found.append(f"no probe is called {call.probe}")
            continue
        found += [
            f"{call.probe} knows no argument {name}"
            for name in call.arguments
            if name not in probe.arguments
        ]
        for name, value in call.arguments.items():
            if name == NUMBER and value not in numbers:
                found.append(f"{call.probe}: no number is called {value}")
            if name in KIND and value not in kinds and value not in MILESTONES:
                found.append(f"{call.probe}: no kind of evidence is called {value}")
            if name == "kind" and value in kinds and value not in item.evidence:
                found.append(f"{call.probe} looks at {value}, which the item does not ask for")
        if item.mode == "A" and probe.proves == "failure" and len(item.probes) == 1:
            found.append(f"{call.probe} can only prove failure: the mode is F, not A")
    gives = {example.gives for example in item.examples}
    if not gives & {*MET} - {"not_applicable"} and item.mode != "F":
        found.append("no example shows how it is met")
    if gives <= {*MET}:
        found.append("no example shows how it is not met")
    return found

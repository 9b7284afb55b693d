"""What a reader must know of a folder before relying on it, though no item fails by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from auditor.checklist.catalogue import Catalogue
    from auditor.checklist.folder import Folder
    from auditor.checklist.held import Held


def told(
    folder: Folder, catalogue: Catalogue, held: Mapping[str, tuple[Held, ...]], today: date
) -> list[Problem]:
    """Gates that are turned off, numbers put in place of others, files that serve many kinds."""
    every = sorted((each for kind in held.values() for each in kind), key=lambda e: e.entry.id)
    return [
        *_gates(folder, catalogue),
        *_wide_edges(folder),
        *_conditions(folder, catalogue, every),
        *_numbers(folder, catalogue),
        *_same_files(every),
        *_to_come(every, today),
    ]


def _gates(folder: Folder, catalogue: Catalogue) -> Iterator[Problem]:
    for name, reason in folder.assessment.soft_gates_off.items():
        item = catalogue.checklist.item(name)
        if item is None or item.gate != "soft":
            what = "is no item" if item is None else f"is no soft gate (its gate: {item.gate})"
            yield Problem(
                "gate-not-turned-off",
                "assessment.yaml",
                f"soft_gates_off names {name}, which {what}; nothing is turned off",
                "Only soft gates can be turned off.",
            )
        elif not reason.strip():
            yield Problem(
                "gate-not-turned-off",
                "assessment.yaml",
                f"soft_gates_off names {name} without a reason; it stays a gate",
                "Write the reason after the item's id.",
            )
        else:
            yield Problem(
                "gate-turned-off",
                "assessment.yaml",
                f"The agency does not keep {name} as a gate: {' '.join(reason.split())[:200]}",
                "Whoever relies on the verdict must agree with the reason.",
            )


def _wide_edges(folder: Folder) -> Iterator[Problem]:
    network = folder.network
    for edge in network.edges if network else ():
        for end in (edge.src, edge.dst):
            if network and network.spans_zones(end):
                yield Problem(
                    "edge-too-wide",
                    "network.yaml",
                    f"The edge from {edge.src} to {edge.dst} names {end}, which holds more than "
                    "one zone; it declares nothing",
                    "Write an edge for each zone that may be reached.",
                )


def _conditions(folder: Folder, catalogue: Catalogue, held: list[Held]) -> Iterator[Problem]:
    holding = folder.assessment.system.holding
    for each in held:
        asking = [item for item in catalogue.checklist.items if each.entry.kind in item.evidence]
        lacking = {when for item in asking for when in item.when} - holding
        if asking and lacking and all(set(item.when) - holding for item in asking):
            yield Problem(
                "condition-not-declared",
                "assessment.yaml",
                f"{each.entry.id} ({each.entry.kind}) is attached, but "
                f"{', '.join(sorted(lacking))} is not declared: nothing asks for it "
                f"({', '.join(item.id for item in asking)})",
                "Declare what holds of the system, or say why this is attached.",
            )


def _numbers(folder: Folder, catalogue: Catalogue) -> Iterator[Problem]:
    level = folder.assessment.system.level
    limits = {limit.id: limit for _, limit in catalogue.limits}
    for name, value in folder.assessment.numbers.items():
        limit = limits.get(name)
        if limit is None or limit.mark not in ("M", "T"):
            why = "is no number of the tables" if limit is None else f"has the mark {limit.mark}"
            yield Problem(
                "number-not-replaced",
                "assessment.yaml",
                f"numbers names {name}, which {why}; {value:g} is not used",
                "Only engineering defaults (M) and unread letters (T) can be replaced.",
            )
        elif value != limit.levels[level - 1]:
            yield Problem(
                "number-replaced",
                "assessment.yaml",
                f"{name} is {value:g} {limit.unit} here, in place of {limit.levels[level - 1]}",
                "Whoever relies on the verdict must agree with the number.",
            )


def _same_files(held: list[Held]) -> Iterator[Problem]:
    by_hash: dict[str, list[Held]] = {}
    for each in held:
        if each.entry.sha256:
            by_hash.setdefault(each.entry.sha256, []).append(each)
    for same in by_hash.values():
        kinds = sorted({each.entry.kind for each in same})
        days = sorted({each.day.isoformat() for each in same})
        named = ", ".join(each.entry.id for each in same[:10])
        if len(kinds) > 1:
            yield Problem(
                "same-file-many-kinds",
                same[0].entry.file,
                f"One file is attached as {len(kinds)} kinds of evidence ({named}): "
                f"{', '.join(kinds[:10])}",
                "Look whether it really is each of them.",
                count=len(same),
            )
        if len(days) > 1:
            yield Problem(
                "same-file-other-day",
                same[0].entry.file,
                f"One file, byte for byte, is registered as of {len(days)} days ({named}): "
                f"{', '.join(days[:10])}",
                "Look which day it is of; a new export seldom equals the old one.",
                count=len(same),
            )


def _to_come(held: list[Held], today: date) -> Iterator[Problem]:
    for each in held:
        entry = each.entry
        for name, text in (
            ("dated", entry.dated), ("collected", entry.collected),
            ("registered", entry.registered),
        ):  # fmt: skip
            if text > today.isoformat():
                yield Problem(
                    "evidence-of-a-day-to-come",
                    entry.file or entry.id,
                    f"{entry.id}: {name} {text} is after {today}",
                    "Write the day it is of; evidence registered later does not count on this day.",
                )

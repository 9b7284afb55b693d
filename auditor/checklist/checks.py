"""What the probes found when they last ran (``checks.json``), and what has changed since."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from auditor.model.days import Moment
from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.model.readiness import Coverage, Outcome, Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.checklist.facts import Facts
    from auditor.model.checklist import Item

FORMAT: Final = 1
MOST_BYTES: Final = 16 * 1024 * 1024
"""A whole assessment takes a quarter of a MiB; hostile JSON takes forty times its length."""


@dataclass(frozen=True, slots=True)
class Checks:
    """One run of all probes.

    Attributes:
        made_from: SHA-256 of everything the probes looked at: files of the folder by name,
            evidence by id.
        items: outcomes by item, in the order of its probes, with the hash of the item's text.
        inputs: captures and logs, by name, with their hash.
        traffic: whether there was any traffic to look at, and what its silence is worth.
        baseline: the channel as this run saw it; null = it saw none.
    """

    format: int
    at: Moment
    made_from: dict[str, str]
    items: dict[str, tuple[str, tuple[Outcome, ...]]]
    inputs: tuple[Reference, ...] = ()
    traffic: Coverage | None = None
    problems: tuple[Problem, ...] = ()
    baseline: str | None = None


def asked_all(items: tuple[Item, ...], facts: Facts) -> dict[str, tuple[str, tuple[Outcome, ...]]]:
    """The outcome of every probe of every item that concerns this system's level."""
    from auditor.checklist.probe import asked
    from auditor.checklist.probes import PROBES

    level = facts.assessment.system.level
    known: dict[tuple[str, str], Outcome] = {}
    found: dict[str, tuple[str, tuple[Outcome, ...]]] = {}
    for item in items:
        if level not in item.levels:
            continue
        outcomes: list[Outcome] = []
        for call in item.probes:
            key = call.probe, json.dumps(call.arguments, sort_keys=True)
            if key not in known:
                probe = PROBES.get(call.probe)
                known[key] = asked(probe, facts, call.arguments) if probe else _newer(call.probe)
            outcomes.append(known[key])
        found[item.id] = item.text_hash(), tuple(outcomes)
    return found


def _newer(probe: str) -> Outcome:
    return Outcome(
        probe,
        "unknown",
        Text(
            f"Chương trình này không có phép kiểm tra {probe}: danh mục mới hơn chương trình.",
            f"This program has no probe {probe}: the checklist is newer than the program.",
        ),
        way_out=Text("Dùng bản auditor mới hơn.", "Use a newer auditor."),
    )


def to_json(checks: Checks) -> str:
    """The text of ``checks.json``."""
    return _adapter().dump_json(checks, indent=2).decode() + "\n"


def from_json(text: str, place: str) -> Checks:
    """The checks in ``text``.

    Raises:
        InputError: it is damaged, or of a later format.
    """
    try:
        content = json.loads(text)
        found = content.get("format") if isinstance(content, dict) else None
        if isinstance(found, int) and found > FORMAT:
            raise InputError(
                f"is of format {found}; this program knows formats up to {FORMAT}",
                place=place,
                hint="Use a newer auditor.",
            )
        return _adapter().validate_python(content, strict=False)
    except (ValidationError, ValueError, RecursionError) as error:
        raise InputError(
            f"is damaged: {str(error).splitlines()[0][:200]}",
            place=place,
            hint="Run the checks again: auditor checklist check DIR.",
        ) from None


def outdated(checks: Checks, now: Mapping[str, str]) -> tuple[str, ...]:
    """What the probes looked at that is different today: names of files, ids of evidence."""
    return tuple(
        sorted(
            name
            for name in {*checks.made_from, *now}
            if checks.made_from.get(name) != now.get(name)
        )
    )


def _adapter() -> TypeAdapter[Checks]:
    return TypeAdapter(Checks)

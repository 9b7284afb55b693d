"""What another policy would find in the same flows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.model.finding import Finding

Key = tuple[str, str | None, str, str | None]
_COMPARED: Final = ("severity", "state", "regime", "dossier", "certainty")


@dataclass(frozen=True, slots=True)
class Difference:
    """One finding that a changed policy adds, removes or changes.

    Attributes:
        changes: field: what it was, what it would be; empty where it is added or removed.
        legal: provisions that are cited now and were not, with ``+``, and the other way with ``-``.
    """

    kind: Literal["added", "removed", "changed"]
    id: str
    rule: str
    title: Text
    severity: str
    state: str
    system: str | None
    recipient: str
    category: str | None
    flows: int
    outbound_bytes: int
    changes: tuple[tuple[str, str, str], ...] = ()
    legal: tuple[str, ...] = ()


def differences(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[Difference, ...]:
    """What is added, removed and changed, in that order, each as heavy findings first.

    Findings are paired by rule, system, recipient and category. Open and covered flows of the same
    four are two findings: those of one state are paired first.
    """
    old, new = _by_key(before), _by_key(after)
    heaps: dict[str, list[Difference]] = {"added": [], "removed": [], "changed": []}
    for key in dict.fromkeys((*new, *old)):
        left, right = old.get(key, {}), new.get(key, {})
        pairs = [(left[state], right[state]) for state in left if state in right]
        lost = [one for state, one in left.items() if state not in right]
        come = [one for state, one in right.items() if state not in left]
        pairs += zip(lost, come, strict=False)
        fewer = min(len(lost), len(come))
        heaps["removed"] += [_told("removed", one) for one in lost[fewer:]]
        heaps["added"] += [_told("added", one) for one in come[fewer:]]
        for one, other in pairs:
            changes, legal = _changes(one, other), _legal(one, other)
            if changes or legal:
                heaps["changed"].append(_told("changed", other, changes, legal))
    return tuple(one for heap in heaps.values() for one in heap)


def _by_key(findings: Iterable[Finding]) -> dict[Key, dict[str, Finding]]:
    out: dict[Key, dict[str, Finding]] = defaultdict(dict)
    for one in findings:
        out[one.rule, one.system, one.recipient, one.category][one.state] = one
    return dict(out)


def _told(
    kind: Literal["added", "removed", "changed"],
    one: Finding,
    changes: tuple[tuple[str, str, str], ...] = (),
    legal: tuple[str, ...] = (),
) -> Difference:
    return Difference(
        kind,
        one.id,
        one.rule,
        one.title,
        one.severity,
        one.state,
        one.system,
        one.recipient,
        one.category,
        one.evidence.flows,
        one.evidence.outbound_bytes,
        changes,
        legal,
    )


def _changes(one: Finding, other: Finding) -> tuple[tuple[str, str, str], ...]:
    fields = [(name, getattr(one, name), getattr(other, name)) for name in _COMPARED]
    fields.append(("flows", one.evidence.flows, other.evidence.flows))
    return tuple((name, _written(was), _written(now)) for name, was, now in fields if was != now)


def _written(value: object) -> str:
    return "-" if value is None else str(value)


def _legal(one: Finding, other: Finding) -> tuple[str, ...]:
    was, now = (
        dict.fromkeys(f"{basis.instrument}, {basis.article}" for basis in finding.legal)
        for finding in (one, other)
    )
    gone = [f"- {name}" for name in was if name not in now]
    return (*gone, *(f"+ {name}" for name in now if name not in was))

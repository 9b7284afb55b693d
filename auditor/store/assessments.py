"""Checks of pre-sync checklists, and what each of them changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select

from auditor.model import readiness as readiness_document
from auditor.model.readiness import Verdict
from auditor.model.text import Text
from auditor.store.columns import storable
from auditor.store.tables import assessments

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row, Select

    from auditor.model.readiness import ItemResult, Readiness

EXPIRES_WITHIN: Final = timedelta(days=30)
"""A word or waiver that runs out sooner is told of."""
MOST: Final = 1000
"""Rows that a list gives unless more are asked for."""
_VIETNAM: Final = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class ItemChange:
    """An item that stands elsewhere than at the job's check before.

    Attributes:
        before: where it stood; null = it was no item then.
        after: where it stands; null = it is no item any more.
    """

    item: str
    title: Text
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Expiring:
    """The last day on which a person's word, or a waiver, holds for an item."""

    item: str
    title: Text
    until: date


@dataclass(frozen=True, slots=True)
class Changes:
    """What a check says that the job's check before did not.

    Attributes:
        first: there was no check before; nothing else is told then but what expires.
        verdict: before and after, where they are not the same.
        items: in the order of the checklist, then those that are gone.
        expiring: what runs out within ``EXPIRES_WITHIN``, once for each day on which it does.
    """

    first: bool
    verdict: tuple[Verdict, Verdict] | None
    items: tuple[ItemChange, ...]
    expiring: tuple[Expiring, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """A check as the store remembers it.

    Attributes:
        place: folder of the assessment.
        outcome: the verdict.
        counts: how many items stand where.
        verdicts: where each item stands.
        expiring: item: ISO date until which a word or waiver holds.
    """

    id: int
    job: str
    checked: datetime
    place: str
    system: str
    outcome: Verdict
    counts: dict[str, int]
    verdicts: dict[str, str]
    expiring: dict[str, str]


def added(
    connection: Connection, job: str, readiness: Readiness, place: str, now: datetime
) -> Changes:
    """Remembers a check, and says what changed since the job's last one.

    Args:
        connection: of ``store.writing()``.
        job: whose check it is.
        readiness: what the check came to.
        place: folder of the assessment.
        now: when it was checked.
    """
    before = latest(connection, job)
    soon = {each.item: each for each in _expiring(readiness, now)}
    connection.execute(
        insert(assessments),
        {
            "job": job,
            "checked": now,
            "place": storable(place),
            "system": storable(readiness.subject.system),
            "outcome": readiness.verdict,
            "counts": readiness.state_counts,
            "verdicts": {item.id: item.state for item in readiness.items},
            "expiring": {item: each.until.isoformat() for item, each in soon.items()},
            "readiness": readiness_document.to_json(readiness),
        },
    )
    if before is None:
        return Changes(first=True, verdict=None, items=(), expiring=tuple(soon.values()))
    same = before.outcome == readiness.verdict
    return Changes(
        first=False,
        verdict=None if same else (before.outcome, readiness.verdict),
        items=_moved(before.verdicts, readiness),
        expiring=tuple(
            each
            for item, each in soon.items()
            if before.expiring.get(item) != each.until.isoformat()
        ),
    )


def listed(
    connection: Connection, job: str | None = None, most: int = MOST
) -> tuple[Assessment, ...]:
    """The newest checks (of one job), the newest first."""
    return tuple(map(_stored, connection.execute(_newest(job).limit(most))))


def latest(connection: Connection, job: str) -> Assessment | None:
    """The job's last check; null = there was none."""
    row = connection.execute(_newest(job).limit(1)).first()
    return None if row is None else _stored(row)


def document(connection: Connection, number: int) -> str | None:
    """The ``readiness.json`` of a check by its ``id``; null = pruned, or there is no such check."""
    query = select(assessments.c.readiness).where(assessments.c.id == number)
    text: str | None = connection.scalar(query)
    return text


def _newest(job: str | None) -> Select[Any]:
    columns = [assessments.c[name] for name in Assessment.__dataclass_fields__]
    query = select(*columns).order_by(assessments.c.checked.desc(), assessments.c.id.desc())
    return query if job is None else query.where(assessments.c.job == job)


def _stored(row: Row[Any]) -> Assessment:
    return Assessment(**row._mapping)


def _moved(before: dict[str, str], readiness: Readiness) -> tuple[ItemChange, ...]:
    here = {item.id: item for item in readiness.items}
    moved = [
        ItemChange(name, item.title, before.get(name), item.state)
        for name, item in here.items()
        if before.get(name) != item.state
    ]
    moved += [
        ItemChange(name, Text(name, name), state, None)
        for name, state in before.items()
        if name not in here
    ]
    return tuple(moved)


def _expiring(readiness: Readiness, now: datetime) -> list[Expiring]:
    """Per item, the first of its words and waivers that count now and soon will not."""
    today = now.astimezone(_VIETNAM).date()
    found = []
    for item in readiness.items:
        ends = [day for day in _ends(item) if today <= day <= today + EXPIRES_WITHIN]
        if ends:
            found.append(Expiring(item.id, item.title, min(ends)))
    return found


def _ends(item: ItemResult) -> list[date]:
    words = [
        each.valid_until
        for each in item.attestations
        if each.voided is None and (each.holds or not each.applies)
    ]
    if item.waiver is not None and item.waiver.void is None:
        words.append(item.waiver.until)
    return [date.fromisoformat(each) for each in words]

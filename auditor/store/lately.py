"""What the runs of a job had of late: what a finding's growth and its absence are measured by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, func, select

from auditor.store.tables import runs, sightings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import ColumnElement, Connection

    from auditor.model.finding import Finding

GREW: Final = 10
"""So many times more than in any of the job's runs of ``LATELY`` is news."""
WORTH_TELLING: Final = 1_000_000
"""Bytes that must leave before their growth is news."""
LATELY: Final = timedelta(days=30)
"""How far back growth is measured: further than the backup of every week."""
ABSENT: Final = timedelta(days=8)
"""How long a finding is missed before it is gone: what moves on Mondays only is not gone on a
Tuesday, nor is what a run did not have that read the files of a quarter of an hour."""
_AT_ONCE: Final = 1000
"""Ids in one question: databases limit how many."""


def absent_since(connection: Connection, job: str, now: datetime) -> datetime | None:
    """When the newest of the job's runs began that is ``ABSENT`` old; null = there is none.

    What neither it had nor any run since is gone.
    """
    old = (runs.c.job == job) & (runs.c.started <= now - ABSENT)
    found: datetime | None = connection.scalar(select(func.max(runs.c.started)).where(old))
    return found


def most_bytes(
    connection: Connection, job: str, now: datetime, here: Mapping[str, Finding]
) -> dict[str, int]:
    """The most that left in one of the job's runs of late, of findings that may have grown.

    Args:
        connection: of one transaction.
        job: its name.
        now: when the run began that is compared.
        here: its findings, by id.
    """
    last = select(runs.c.run_id).where(runs.c.job == job)
    last = last.order_by(runs.c.started.desc(), runs.c.run_id).limit(1)
    seen = sightings.c.finding_id, sightings.c.outbound_bytes
    # most have not grown since the run before: for them there is no need to look further back
    rows = connection.execute(select(*seen).where(of_runs(list(connection.scalars(last)))))
    before = {row.finding_id: row.outbound_bytes for row in rows}
    grown = [
        name
        for name, each in here.items()
        if much(each.evidence.outbound_bytes, before.get(name, 0))
    ]
    lately = select(seen[0], func.max(seen[1])).join(runs, runs.c.run_id == sightings.c.run_id)
    lately = lately.where(
        runs.c.job == job, runs.c.started >= now - LATELY, sightings.c.news != "gone"
    )
    most: dict[str, int] = {}
    for some in portions(grown):
        rows = connection.execute(lately.where(seen[0].in_(some)).group_by(seen[0]))
        most.update((name, largest) for name, largest in rows)
    return most


def of_runs(names: list[str]) -> ColumnElement[bool]:
    """What runs of these ids had."""
    return and_(sightings.c.run_id.in_(names), sightings.c.news != "gone")


def much(outbound: int, before: int) -> bool:
    """Whether bytes that left are news beside those of before."""
    return outbound > WORTH_TELLING and outbound >= GREW * before


def portions(names: list[str]) -> Iterator[list[str]]:
    """Ids, as many at a time as one question may hold."""
    for begin in range(0, len(names), _AT_ONCE):
        yield names[begin : begin + _AT_ONCE]

"""Findings across runs: which are new, changed, gone or back, and the history of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from auditor.model.finding import (
    CERTAINTIES,
    SEVERITIES,
    Certainty,
    Severity,
    Standing,
    State,
)
from auditor.model.text import Text
from auditor.store.columns import bounded, storable
from auditor.store.decisions import seen_again, standing_is
from auditor.store.lately import absent_since, most_bytes, much, of_runs, portions
from auditor.store.tables import findings, runs, sightings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection, Insert, Row

    from auditor.model.finding import Finding
    from auditor.model.run import Run

MOST: Final = 1000
"""Rows that a list gives unless more are asked for."""
_TOLD: Final = (
    "title_vi", "title_en", "severity", "state", "certainty", "system", "recipient", "category",
    "countries", "dossier",
)  # fmt: skip
"""What is written again when it is another: the rest is dates."""

Differences = dict[str, list[Any]]
"""Field: what it was before, what it is now."""


@dataclass(frozen=True, slots=True)
class Change:
    """One finding in the news, as this run has it; one that is gone, as it was last seen.

    Attributes:
        countries: of this run alone.
        flows, outbound_bytes: of this run; 0 = gone.
        first_seen: when the run began that had it first.
        changes: what is not as the job's runs with it had it; empty = nothing, or new.
    """

    finding_id: str
    rule: str
    title: Text
    severity: Severity
    state: State
    certainty: Certainty
    system: str | None
    recipient: str
    category: str | None
    countries: tuple[str, ...]
    flows: int
    outbound_bytes: int
    first_seen: datetime
    changes: Differences = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class News:
    """A run's findings beside those that its job remembers; each is in one of the five.

    Attributes:
        new: never seen before.
        back: seen before, and gone meanwhile; or remediated, as people said, and here all the same.
        changed: present before, but otherwise.
        gone: present before, and missed by every run for ``lately.ABSENT``.
        same: present before, and nothing to tell.
    """

    new: tuple[Change, ...] = ()
    back: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    gone: tuple[Change, ...] = ()
    same: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Remembered:
    """A finding of a job, as its last run with it had it.

    Attributes:
        countries: all that were ever seen.
        certainty: the firmest since it was new or back.
        present: the job has it, and did not miss it for ``lately.ABSENT``.
    """

    job: str
    finding_id: str
    rule: str
    title: Text
    severity: Severity
    state: State
    certainty: Certainty
    system: str | None
    recipient: str
    category: str | None
    countries: tuple[str, ...]
    dossier: str | None
    present: bool
    first_run: str
    first_seen: datetime
    last_run: str
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one run saw of a finding.

    Attributes:
        news: ``new``, ``back``, ``changed``, ``gone`` or ``same``.
    """

    run_id: str
    started: datetime
    news: str
    changes: Differences
    severity: Severity
    state: State
    certainty: Certainty
    flows: int
    outbound_bytes: int


def recorded(connection: Connection, job: str, run: Run, *, whole: bool = True) -> News:
    """Compares a run's findings with what the job remembers, and remembers them.

    Runs read what is new since the one before, so one that does not have a finding says little: a
    finding is gone when none of the job's runs had it for ``lately.ABSENT``, counted from the
    first run that missed it (while no run was made, nothing was missed).

    A finding counts as changed when its severity, its state or its dossier is another, when it is
    firmer than it ever was, when a country came in that was never among its countries (one that is
    missing this time is no change), or when its outbound bytes are at least ``lately.GREW`` times
    those of each of the job's runs of ``lately.LATELY`` that had it, and more than
    ``lately.WORTH_TELLING``.

    Args:
        connection: of ``store.writing()``; ``runs.added`` follows in the same transaction.
        job: whose run it is.
        run: the run; runs of a job come in the order in which they ended.
        whole: false for a run that only counts what earlier ones left open: it says nothing of
            the rest, and nothing is gone.
    """
    here = {each.id: each for each in run.findings}
    if len(here) != len(run.findings):
        raise ValueError("two findings of a run have one id")
    known = _known(connection, job, here)
    most = most_bytes(connection, job, run.started, here)
    again = seen_again(connection, job, here)
    heaps: dict[str, list[Change]] = {name: [] for name in News.__dataclass_fields__}
    rows = []
    for name, finding in here.items():
        before = known.get(name)
        row = _row(job, run, finding, before)
        changes = _differences(before, row, finding, most.get(name)) if before else {}
        news = "new" if before is None else "same" if not changes else "changed"
        if before is not None and (not before.present or name in again):
            news = "back"
        heaps[news].append(_change(row, finding, changes))
        if before is None or any(getattr(before, each) != row[each] for each in _TOLD):
            rows.append(row)
    absent = absent_since(connection, job, run.started) if whole else None
    if absent is not None:
        heaps["gone"] = [
            _gone(row)
            for name, row in known.items()
            if name not in here and row.present and row.last_seen < absent
        ]
    if rows:
        connection.execute(_remembering(connection), rows)
    if seen := [_sighting(run, name, each) for name, heap in heaps.items() for each in heap]:
        connection.execute(insert(sightings), seen)
    _dated(connection, job, run, absent)
    return News(**{name: tuple(heap) for name, heap in heaps.items()})


def history(
    connection: Connection, job: str, finding_id: str, most: int = MOST
) -> tuple[Sighting, ...]:
    """What the newest runs of a job saw of a finding, the newest first; empty = never seen."""
    columns = [sightings.c[name] for name in Sighting.__dataclass_fields__ if name != "started"]
    query = (
        select(*columns, runs.c.started)
        .join(runs, runs.c.run_id == sightings.c.run_id)
        .where(sightings.c.finding_id == storable(finding_id), runs.c.job == job)
        .order_by(runs.c.started.desc(), runs.c.run_id)
        .limit(most)
    )
    return tuple(
        Sighting(**{**row._mapping, "changes": row.changes or {}})
        for row in connection.execute(query)
    )


def present(
    connection: Connection,
    job: str | None = None,
    at_least: Severity | None = None,
    most: int = MOST,
    *,
    state: State | None = None,
    standing: Standing | None = None,
    gone: bool = False,
) -> tuple[Remembered, ...]:
    """The findings that each job (or one) has and that are not gone, the heaviest first.

    Args:
        connection: of ``store.reading()``.
        job: null = of all jobs.
        at_least: none that is less severe; null = all.
        most: how many at most.
        state: what the last run said of them; null = anything.
        standing: what people say of them; null = anything.
        gone: also those that are gone.
    """
    wanted = SEVERITIES[: SEVERITIES.index(at_least) + 1] if at_least else SEVERITIES
    query = select(findings) if gone else select(findings).where(findings.c.present)
    if state is not None:
        query = query.where(findings.c.state == state)
    if standing is not None:
        query = query.where(standing_is(standing))
    query = query.order_by(findings.c.first_seen.desc(), findings.c.job, findings.c.finding_id)
    if job is not None:
        query = query.where(findings.c.job == job)
    found: list[Remembered] = []
    for severity in wanted:  # the heaviest are few: the rest need not be sorted for them
        if len(found) < most:
            some = query.where(findings.c.severity == severity).limit(most - len(found))
            found += map(_remembered, connection.execute(some))
    return tuple(found)


def jobs_with(connection: Connection, finding_id: str) -> tuple[Remembered, ...]:
    """What each job remembers of a finding, the one that saw it last first; empty = nothing."""
    query = select(findings).where(findings.c.finding_id == storable(finding_id))
    query = query.order_by(findings.c.last_seen.desc(), findings.c.job)
    return tuple(map(_remembered, connection.execute(query)))


def _known(connection: Connection, job: str, here: Mapping[str, Finding]) -> dict[str, Row[Any]]:
    """What the job remembers of these findings, and of all that are present."""
    of_job = select(findings).where(findings.c.job == job)
    known = {row.finding_id: row for row in connection.execute(of_job.where(findings.c.present))}
    for some in portions([name for name in here if name not in known]):
        rows = connection.execute(of_job.where(findings.c.finding_id.in_(some)))
        known.update((row.finding_id, row) for row in rows)
    return known


def _dated(connection: Connection, job: str, run: Run, absent: datetime | None) -> None:
    """What the run had was last seen in it; what was missed for long is gone."""
    seen = select(sightings.c.finding_id).where(of_runs([run.run_id]))
    of_job = update(findings).where(findings.c.job == job)
    dates = {"present": True, "last_run": run.run_id, "last_seen": run.started}
    connection.execute(of_job.where(findings.c.finding_id.in_(seen)).values(dates))
    if absent is not None:
        left = of_job.where(findings.c.present, findings.c.last_run != run.run_id)
        connection.execute(left.where(findings.c.last_seen < absent).values(present=False))


def _row(job: str, run: Run, finding: Finding, before: Row[Any] | None) -> dict[str, Any]:
    """The finding as it will be remembered.

    With every country that it ever had, and as firm as it was since it is present: a night with
    poorer traffic takes nothing back.
    """
    held = (before.certainty,) if before is not None and before.present else ()
    countries = set(finding.countries) | set(before.countries if before else ())
    return {
        "job": job,
        "finding_id": finding.id,
        "rule": finding.rule,
        "title_vi": storable(finding.title.vi),
        "title_en": storable(finding.title.en),
        "severity": finding.severity,
        "state": finding.state,
        "certainty": max((finding.certainty, *held), key=CERTAINTIES.index),
        "system": None if finding.system is None else storable(finding.system),
        "recipient": storable(finding.recipient),
        "category": finding.category,
        "countries": sorted(countries),
        "dossier": None if finding.dossier is None else storable(finding.dossier),
        "present": True,
        "first_run": before.first_run if before else run.run_id,
        "first_seen": before.first_seen if before else run.started,
        "last_run": run.run_id,
        "last_seen": run.started,
    }


def _differences(
    before: Row[Any], row: Mapping[str, Any], finding: Finding, most: int | None
) -> Differences:
    found: Differences = {
        name: [getattr(before, name), row[name]]
        for name in ("severity", "state", "certainty", "dossier")
        if getattr(before, name) != row[name]
    }
    if not set(finding.countries) <= set(before.countries):
        found["countries"] = [before.countries, row["countries"]]
    outbound = finding.evidence.outbound_bytes
    if most is not None and much(outbound, most):
        found["outbound_bytes"] = [most, bounded(outbound)]
    return found


def _change(row: Mapping[str, Any], finding: Finding, changes: Differences) -> Change:
    return Change(
        finding_id=finding.id,
        rule=finding.rule,
        title=Text(row["title_vi"], row["title_en"]),
        severity=finding.severity,
        state=finding.state,
        certainty=finding.certainty,
        system=row["system"],
        recipient=row["recipient"],
        category=finding.category,
        countries=finding.countries,
        flows=bounded(finding.evidence.flows),
        outbound_bytes=bounded(finding.evidence.outbound_bytes),
        first_seen=row["first_seen"],
        changes=changes,
    )


def _gone(row: Row[Any]) -> Change:
    return Change(
        finding_id=row.finding_id,
        rule=row.rule,
        title=Text(row.title_vi, row.title_en),
        severity=row.severity,
        state=row.state,
        certainty=row.certainty,
        system=row.system,
        recipient=row.recipient,
        category=row.category,
        countries=tuple(row.countries),
        flows=0,
        outbound_bytes=0,
        first_seen=row.first_seen,
    )


def _remembered(row: Row[Any]) -> Remembered:
    values = dict(row._mapping)
    values["title"] = Text(values.pop("title_vi"), values.pop("title_en"))
    values["countries"] = tuple(values["countries"])
    return Remembered(**values)


def _sighting(run: Run, news: str, change: Change) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "finding_id": change.finding_id,
        "news": news,
        "changes": change.changes or None,
        "severity": change.severity,
        "state": change.state,
        "certainty": change.certainty,
        "flows": change.flows,
        "outbound_bytes": change.outbound_bytes,
    }


def _remembering(connection: Connection) -> Insert:
    """An insert that goes on from what is there but for when a finding was first seen."""
    insertion = (
        postgresql.insert(findings)
        if connection.dialect.name == "postgresql"
        else sqlite.insert(findings)
    )
    kept = ("job", "finding_id", "first_run", "first_seen")
    replaced: Iterable[str] = (name for name in findings.c.keys() if name not in kept)  # noqa: SIM118
    return insertion.on_conflict_do_update(
        index_elements=["job", "finding_id"],
        set_={name: insertion.excluded[name] for name in replaced},
    )

"""What people decided on findings: their life. Steps are added, never changed or taken back."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from datetime import date, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final
from unicodedata import category

from sqlalchemy import func, insert, select

from auditor.model.errors import InputError, StoreError
from auditor.model.finding import STANDINGS, Plan, Standing, Step
from auditor.store.columns import storable
from auditor.store.lately import portions
from auditor.store.tables import decisions, findings, runs, sightings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

    from auditor.model.finding import Finding
    from auditor.model.run import Run

SHORTEST_WHY: Final = 10
"""Characters of a reason: less than that is none."""
_LONGEST: Final = {"who": 200, "role": 200, "why": 4000}
_LONGEST_POINT: Final = 1000
_SHOWN: Final = 60
_VIETNAM: Final = timezone(timedelta(hours=7))


def decided(connection: Connection, finding_id: str, step: Step) -> str:
    """Adds a step to the life of a finding; gives its whole id.

    Args:
        connection: of ``store.writing()``.
        finding_id: as ``found`` takes it.
        step: what was decided; ``at`` is now.

    Raises:
        StoreError: no run ever had such a finding.
        InputError: the step lacks what it needs; nothing is added.
    """
    finding_id = found(connection, finding_id)
    _complete(connection, finding_id, step)
    connection.execute(
        insert(decisions),
        {
            "finding_id": finding_id,
            "standing": step.standing,
            "at": step.at,
            "who": storable(step.who.strip()),
            "role": storable(step.role.strip()),
            "why": storable(step.why.strip()),
            "until": None if step.until is None else step.until.isoformat(),
            "plan": None if step.plan is None else _stored_plan(step.plan),
        },
    )
    return finding_id


def planned(connection: Connection, finding_id: str, plan: Plan, step: Step) -> str:
    """Adds a plan to the life of a finding; gives its whole id.

    Who plans has acknowledged it: one that was open, or was said to be remediated, is acknowledged
    then. How it stands otherwise stays.

    Args:
        connection: of ``store.writing()``.
        finding_id: as ``found`` takes it.
        plan: the six points.
        step: who, when and why; what it says of the standing does not count.

    Raises:
        StoreError, InputError: as ``decided``.
    """
    finding_id = found(connection, finding_id)
    stands = standing(steps(connection, [finding_id]).get(finding_id, ()))
    if stands in ("open", "remediated"):
        stands = "acknowledged"
    return decided(connection, finding_id, replace(step, standing=stands, plan=plan))


def found(connection: Connection, finding_id: str) -> str:
    """The whole id of the finding with this id, or of the only one whose id begins so.

    Raises:
        StoreError: there is none, or there are several.
    """
    wanted = storable(finding_id.strip())
    for table in (findings, decisions):  # old findings go with their runs; what was decided stays
        if connection.scalar(select(table.c.finding_id).where(table.c.finding_id == wanted)):
            return wanted
    begun = [
        select(table.c.finding_id).where(func.substr(table.c.finding_id, 1, len(wanted)) == wanted)
        for table in (findings, decisions)
    ]
    names = connection.scalars(begun[0].union(begun[1]).limit(2)).all() if wanted else []
    if len(names) == 1:
        return str(names[0])
    raise StoreError(
        "several findings begin like this" if names else "there is no such finding",
        place=wanted[:_SHOWN] or "finding",
        hint="Write more of the id." if names else "`auditor finding list` shows all with ids.",
    )


def steps(connection: Connection, ids: Iterable[str]) -> dict[str, tuple[Step, ...]]:
    """What was decided on findings, the newest first; those without a decision are left out."""
    told: dict[str, list[Step]] = {}
    for some in portions([storable(each) for each in ids]):
        query = select(decisions).where(decisions.c.finding_id.in_(some))
        for row in connection.execute(query.order_by(decisions.c.id.desc())):
            told.setdefault(row.finding_id, []).append(_step(row))
    return {name: tuple(life) for name, life in told.items()}


def standing(life: tuple[Step, ...]) -> Standing:
    """How a finding stands after these steps (newest first); without one it is open."""
    return life[0].standing if life else "open"


def with_life(connection: Connection, run: Run) -> Run:
    """The run with what people decided on its findings so far (``Finding.life``).

    Args:
        connection: of one transaction; the one that adds the run, so that nothing comes between.
        run: any run.
    """
    known = steps(connection, (each.id for each in run.findings))
    if not known and not any(each.life for each in run.findings):
        return run
    told = (replace(each, life=known.get(each.id, ())) for each in run.findings)
    return replace(run, findings=tuple(told))


def standing_is(wanted: Standing) -> ColumnElement[bool]:
    """That a row of the table ``findings`` stands so, for a query over it."""
    newest = select(func.max(decisions.c.id)).group_by(decisions.c.finding_id)
    rows = select(decisions.c.finding_id).where(decisions.c.id.in_(newest))
    if wanted == "open":
        return findings.c.finding_id.not_in(rows.where(decisions.c.standing != "open"))
    return findings.c.finding_id.in_(rows.where(decisions.c.standing == wanted))


def seen_again(connection: Connection, job: str, here: Mapping[str, Finding]) -> frozenset[str]:
    """Which findings people said were remediated, and yet go on in traffic after that.

    Each decision is told of once: not if a run of the job already told of it.

    Args:
        connection: of one transaction.
        job: whose run it is.
        here: the findings of the run, by id.
    """
    repaired = {
        name: life[0].at
        for name, life in steps(connection, here).items()
        if standing(life) == "remediated"
        and here[name].evidence.running is None  # a total over all runs stays, whatever is done
        and here[name].evidence.last > life[0].at
    }
    told = (
        select(sightings.c.finding_id, func.max(runs.c.started).label("told"))
        .join(runs, runs.c.run_id == sightings.c.run_id)
        .where(runs.c.job == job, sightings.c.news == "back")
        .group_by(sightings.c.finding_id)
    )
    known: dict[str, datetime] = {}
    for some in portions(list(repaired)):
        rows = connection.execute(told.where(sightings.c.finding_id.in_(some)))
        known.update((row.finding_id, row.told) for row in rows)
    return frozenset(name for name, at in repaired.items() if name not in known or known[name] < at)


def _complete(connection: Connection, finding_id: str, step: Step) -> None:
    """Refuses a step that lacks what it needs.

    Raises:
        InputError: with all that is wrong.
    """
    wrong = [
        f"{name} is longer than {most} characters" if len(text) > most else f"{name} says nothing"
        for name, most in _LONGEST.items()
        if not _says(text := getattr(step, name).strip()) or len(text) > most
    ]
    if step.standing not in STANDINGS:
        wrong.append(f"standing is none of {', '.join(STANDINGS)}")
    if _says(step.why) and len(_seen(step.why)) < SHORTEST_WHY:
        wrong.append(f"why has less than {SHORTEST_WHY} characters")
    if step.until is not None and step.until < step.at.astimezone(_VIETNAM).date():
        wrong.append(f"until ({step.until}) is over already")
    wrong += _unclear(step.plan)
    if step.standing == "accepted-risk" and step.until is None and step.plan is None:
        life = steps(connection, [finding_id]).get(finding_id, ())
        if not any(each.plan for each in life):
            wrong.append("accepted-risk needs a plan, or a day (until) to look at it again")
    if wrong:
        raise InputError(
            "; ".join(wrong), place=f"finding {finding_id[:_SHOWN]}", hint="Nothing was recorded."
        )


def _seen(text: str) -> str:
    """The text without what nobody sees."""
    return "".join(each for each in text if category(each)[0] != "C").strip()


def _says(text: str) -> bool:
    return any(map(str.isalnum, text))


def _unclear(plan: Plan | None) -> list[str]:
    """What is not clear of the six points."""
    points = {} if plan is None else asdict(plan)
    empty = [f"{name} of the plan says nothing" for name, text in points.items() if not _says(text)]
    return empty + [
        f"{name} of the plan is longer than {_LONGEST_POINT} characters"
        for name, text in points.items()
        if len(text.strip()) > _LONGEST_POINT
    ]


def _stored_plan(plan: Plan) -> dict[str, str]:
    return {name: storable(text.strip()) for name, text in asdict(plan).items()}


def _step(row: Row[Any]) -> Step:
    points = row.plan
    plan = (
        None if points is None else Plan(**{each.name: points[each.name] for each in fields(Plan)})
    )
    return Step(
        standing=row.standing,
        at=row.at,
        who=row.who,
        role=row.role,
        why=row.why,
        until=None if row.until is None else date.fromisoformat(row.until),
        plan=plan,
    )

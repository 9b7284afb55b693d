"""What is old goes: never what the law wants kept, and never because a clock jumped."""

from __future__ import annotations

import os
import shutil
from calendar import monthrange
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, exists, func, or_, select, text, tuple_

from auditor.model.errors import PolicyError, StoreError
from auditor.store import folding
from auditor.store import tables as t
from auditor.store.database import told
from auditor.store.directory import inside
from auditor.store.files import COPY_OF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Select, Table

    from auditor.store.database import Store

LEAST: Final = {
    "runs": (36, "Decree 165/2025/NĐ-CP Art. 16(3)(a): records of outsourced processing, 3 years"),
    "flows": (12, "Decree 333/2026/NĐ-CP Art. 16(6), 20(3): logs of systems, 12 months"),
    "notices": (12, "Decree 333/2026/NĐ-CP Art. 16(6), 20(3): logs of systems, 12 months"),
}
"""The fewest months that each kind is kept, and what that rests on."""
_AT_ONCE: Final = 500
_VIETNAM: Final = timedelta(hours=7)
_WITNESSES: Final = 10
_BELIEVED: Final = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many of each went, or would go.

    Attributes:
        ledger_flows: flows of the ledger that were folded into its totals, which stay for good.
    """

    runs: int = 0
    flow_files: int = 0
    findings: int = 0
    assessments: int = 0
    notices: int = 0
    attempts: int = 0
    contents: int = 0
    open_flows: int = 0
    ledger_flows: int = 0

    @property
    def total(self) -> int:
        """All together."""
        return sum(getattr(self, field.name) for field in fields(self))


def pruned(
    store: Store, runs: int, flows: int, notices: int, now: datetime, *, dry: bool = False
) -> Pruned:
    """Removes what is older than it must be kept: rows first, in portions, then their files.

    A killed run leaves files that nothing names any more; they do not count, and
    ``auditor store check`` tells of them.

    Args:
        store: the store; its agent may run meanwhile.
        runs: months that runs, findings, their history, reports and assessments are kept.
        flows: months that tables of flows are kept, from the end of the run that wrote them; a
            run stays as long as its flows do. The ledger's flows go likewise, its totals never.
        notices: months that delivered notices and attempts are kept.
        now: the time; what the store has seen happening limits what is believed of it.
        dry: only counts.

    Raises:
        PolicyError: less is to be kept than the law asks for.
        StoreError: the database does not answer.
    """
    for kind, months in (("runs", runs), ("flows", flows), ("notices", notices)):
        least, basis = LEAST[kind]
        if months < least:
            raise PolicyError(
                f"{kind} must be kept for {least} months at least, not {months} ({basis})",
                place=f"retention.{kind}",
                hint=f"Write {least} or more.",
            )
    with store.reading() as connection:
        today = believed(connection, now)
    old = _Old(before(today, runs), before(today, flows), before(today, notices))
    return _counted(store, old) if dry else _removed(store, old)


def before(now: datetime, months: int) -> datetime:
    """The same time of the same day, months ago; the last day of shorter months."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    if year < 1:
        return now.replace(year=1, month=1, day=1)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def believed(connection: Connection, now: datetime) -> datetime:
    """The time, as far as the store can believe it: a clock that jumps ahead must not empty it.

    Not more than three months after the tenth newest attempt to run a job: a clock that is years
    ahead is believed only when the agent has lived by it for ten attempts. Without attempts there
    is nothing to hold it against.
    """
    begun = select(t.attempts.c.started).order_by(t.attempts.c.started.desc()).limit(_WITNESSES)
    moments = connection.scalars(begun).all()
    return min(now, moments[-1] + _BELIEVED) if moments else now


@dataclass(frozen=True, slots=True)
class _Old:
    """The moments before which each kind is old, and which rows that makes old."""

    runs: datetime
    flows: datetime
    notices: datetime

    def flow_files(self) -> Select[Any]:
        """Of runs that ended long ago, of days long ago (captures may be older than their run)."""
        day = f"{self.flows + _VIETNAM:%Y-%m-%d}"
        return (
            select(t.flow_files.c.path)
            .join(t.runs, t.runs.c.run_id == t.flow_files.c.run_id)
            .where(
                t.runs.c.finished < self.flows,
                or_(t.flow_files.c.day < day, t.flow_files.c.day == "many"),
            )
        )

    def old_runs(self) -> Select[Any]:
        """Those whose flows went before."""
        flows = exists().where(t.flow_files.c.run_id == t.runs.c.run_id)
        return select(t.runs.c.run_id).where(t.runs.c.finished < self.runs, ~flows)

    def findings(self) -> Select[Any]:
        """Those that no run is left of: neither one that had it nor one that missed it."""
        known = exists().where(t.runs.c.run_id == t.findings.c.last_run)
        history = exists().where(
            t.sightings.c.finding_id == t.findings.c.finding_id,
            t.sightings.c.run_id == t.runs.c.run_id,
            t.runs.c.job == t.findings.c.job,
        )
        return select(t.findings.c.job, t.findings.c.finding_id).where(
            t.findings.c.last_seen < self.runs, ~known, ~history
        )

    def assessments(self) -> Select[Any]:
        """By when they were made."""
        return select(t.assessments.c.id).where(t.assessments.c.checked < self.runs)

    def old_notices(self) -> Select[Any]:
        """Those that wait are never old."""
        return select(t.notices.c.id).where(
            t.notices.c.created < self.notices, t.notices.c.state.not_in(("waiting", "refused"))
        )

    def attempts(self) -> Select[Any]:
        """Those that go on are never old."""
        return select(t.attempts.c.id).where(
            t.attempts.c.finished.is_not(None), t.attempts.c.finished < self.notices
        )

    def open_flows(self) -> Select[Any]:
        """Those of a run that went."""
        known = exists().where(t.runs.c.run_id == t.open_flows.c.run_id)
        return select(t.open_flows.c.job).where(t.open_flows.c.last < self.runs, ~known)

    def contents(self) -> Select[Any]:
        """Those of runs that went; ``_contents`` keeps what a source still shows."""
        known = exists().where(t.runs.c.run_id == t.contents.c.run_id)
        columns = (t.contents.c.job, t.contents.c.sha256, t.contents.c.name, t.contents.c.run_id)
        return select(*columns).where(t.contents.c.seen < self.runs, ~known)


def _counted(store: Store, old: _Old) -> Pruned:
    """What would go now; what goes only after something else went is not counted."""
    with store.reading() as connection:

        def many(query: Select[Any]) -> int:
            return connection.scalar(select(func.count()).select_from(query.subquery())) or 0

        later = exists().where(
            t.flow_files.c.run_id == t.runs.c.run_id,
            t.flow_files.c.path.not_in(old.flow_files().correlate(None)),
        )
        runs = select(t.runs.c.run_id).where(t.runs.c.finished < old.runs, ~later)
        return Pruned(
            runs=many(runs),
            flow_files=many(old.flow_files()),
            findings=many(old.findings()),
            assessments=many(old.assessments()),
            notices=many(old.old_notices()),
            attempts=many(old.attempts()),
            contents=sum(1 for _ in _contents(connection, old)),
            open_flows=many(old.open_flows()),
            ledger_flows=folding.many_to_fold(connection, old.flows),
        )


def _removed(store: Store, old: _Old) -> Pruned:
    return Pruned(
        flow_files=_gone(store, t.flow_files, old.flow_files, _file),
        runs=_runs_gone(store, old),
        findings=_gone(store, t.findings, old.findings),
        assessments=_gone(store, t.assessments, old.assessments),
        notices=_gone(store, t.notices, old.old_notices),
        attempts=_gone(store, t.attempts, old.attempts),
        open_flows=_open_flows_gone(store, old),
        contents=_contents_gone(store, old),
        ledger_flows=folding.folded(store, old.flows),
    )


def _gone(
    store: Store,
    table: Table,
    question: Callable[[], Select[Any]],
    file: Callable[[Store, str], None] | None = None,
) -> int:
    """Removes the rows that a question names by their primary key, portion by portion."""
    count = 0
    while True:
        with store.writing() as connection:
            keys = [tuple(row) for row in connection.execute(question().limit(_AT_ONCE))]
            if not keys:
                return count
            connection.execute(delete(table).where(tuple_(*table.primary_key).in_(keys)))
        count += len(keys)
        if file is not None:
            for key in keys:
                file(store, key[0])


def _runs_gone(store: Store, old: _Old) -> int:
    """Removes runs with their inputs and history, and then their folders."""
    count = 0
    while True:
        with store.writing() as connection:
            names = connection.scalars(old.old_runs().limit(_AT_ONCE)).all()
            if not names:
                return count
            folders = connection.scalars(
                select(t.runs.c.folder).where(t.runs.c.run_id.in_(names))
            ).all()
            for table in (t.sightings, t.inputs, t.runs):
                connection.execute(delete(table).where(table.c.run_id.in_(names)))
        count += len(names)
        for folder in filter(None, folders):
            _tree(store, folder)


def _open_flows_gone(store: Store, old: _Old) -> int:
    with store.writing() as connection:
        jobs = connection.scalars(old.open_flows()).all()
        where = t.open_flows.c.job.in_(jobs)
        paths = connection.scalars(select(t.open_flows.c.path).where(where)).all()
        connection.execute(delete(t.open_flows).where(where))
    for path in paths:
        _file(store, path)
    return len(jobs)


def _contents(connection: Connection, old: _Old) -> Iterator[tuple[str, str]]:
    """Contents whose file no source shows any more: forgotten, they would count a second time."""
    shown: dict[str, set[str]] = {}
    rows = select(t.files.c.job, t.files.c.name, t.files.c.reason, t.files.c.run_id).where(
        t.files.c.gone.is_(None)
    )
    candidates = connection.execute(old.contents()).all()
    if candidates:
        with connection.execute(rows, execution_options={"yield_per": 1000}) as files:
            for job, *names in files:
                # of a copy the reason says whose it is
                told = (each.removeprefix(COPY_OF) for each in names if each)
                shown.setdefault(job, set()).update(told)
    for job, sha256, name, run_id in candidates:
        if not shown.get(job, set()) & {name, run_id}:
            yield job, sha256


def _contents_gone(store: Store, old: _Old) -> int:
    with store.reading() as connection:
        keys = list(_contents(connection, old))
    for begin in range(0, len(keys), _AT_ONCE):
        some = keys[begin : begin + _AT_ONCE]
        with store.writing() as connection:
            back = exists().where(  # shown again since
                and_(t.files.c.job == t.contents.c.job, t.files.c.name == t.contents.c.name),
                t.files.c.gone.is_(None),
            )
            key = tuple_(t.contents.c.job, t.contents.c.sha256)
            connection.execute(delete(t.contents).where(key.in_(some), ~back))
    return len(keys)


def _file(store: Store, path: str) -> None:
    place = inside(store.folder, path)
    try:
        place.unlink(missing_ok=True)
    except OSError as error:
        raise _stays(place, error) from None
    with suppress(OSError):  # others are in there
        place.parent.rmdir()


def _tree(store: Store, path: str) -> None:
    place = inside(store.folder, path)
    try:
        if os.path.lexists(place):
            shutil.rmtree(place)
    except OSError as error:
        raise _stays(place, error) from None
    with suppress(OSError):
        place.parent.rmdir()


def _stays(place: object, error: OSError) -> StoreError:
    return StoreError(
        f"cannot be removed: {error.strerror}",
        place=str(place),
        hint="It does not count any more; remove it by hand.",
    )


def vacuumed(store: Store) -> tuple[int, int]:
    """Gives the room of what was removed back to the disk: bytes of the database before and after.

    Raises:
        StoreError: the disk has no room for a second copy, or somebody writes all the time.
    """
    before_it = _size(store)
    # neither database does this within a transaction
    options = {"isolation_level": "AUTOCOMMIT", "writing": None}
    if store.engine.dialect.name == "sqlite":
        options = {"writing": None}
        statements = ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA optimize"]
    else:
        statements = [f'VACUUM (ANALYZE) "{table.name}"' for table in t.metadata.sorted_tables]
    with told(store.engine), store.engine.connect() as connection:
        outside = connection.execution_options(**options)
        for statement in statements:
            outside.exec_driver_sql(statement)
    return before_it, _size(store)


def _size(store: Store) -> int:
    question = (
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        if store.engine.dialect.name == "sqlite"
        else "SELECT pg_database_size(current_database())"
    )
    with store.reading() as connection:
        return int(connection.scalar(text(question)) or 0)

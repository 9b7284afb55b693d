"""Is the store whole? Its database, the files it names, and whether they agree."""

from __future__ import annotations

import hashlib
import os
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import and_, case, func, or_, select, text

from auditor.model.errors import StoreError
from auditor.model.problem import Problem
from auditor.model.text import legible
from auditor.store import ledger_totals
from auditor.store import tables as t
from auditor.store.columns import Moment
from auditor.store.directory import FOLDERS, inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Connection, Select

    from auditor.store.database import Store

MOST: Final = 100
"""Problems of one kind that are told one by one; the rest is told as a number."""
RUN: Final = "/run.json"
"""What every run's folder holds; what else stands there belongs to the run too."""
_AHEAD: Final = timedelta(minutes=10)  # clocks of several machines are not one
_NEVER_PRUNED: Final = timedelta(days=36 * 30)  # runs are kept for 36 months at least
_RESTORE: Final = "Restore it from a backup; what depends on it cannot be shown until then."


class Expected(NamedTuple):
    """A file that the database names; size and digest are null where it does not know them."""

    path: str
    size: int | None
    sha256: str | None


def checked(store: Store, now: datetime, *, deep: bool = False) -> tuple[Problem, ...]:
    """What is wrong with the store; empty = nothing. The agent may run meanwhile.

    Args:
        store: to look at.
        now: the time.
        deep: whether the content of every file of flows is compared with its digest too.

    Raises:
        StoreError: the database does not answer, or is too damaged to be asked.
    """
    found = list(_files_on_disk(store))  # before the database: what comes in between is listed
    with store.reading() as connection:
        problems = [*_database(connection), *_rows(connection, now), *_ledger(connection)]
        named = list(expected(connection))
        begun = connection.scalar(
            select(func.min(t.attempts.c.started)).where(t.attempts.c.finished.is_(None))
        )
    problems += _capped(_missing(store, named, deep=deep))
    problems += _capped(_unlisted(store, found, named, begun or now))
    return tuple(problems)


def expected(connection: Connection) -> Iterator[Expected]:
    """Every file under the data directory that the database names."""
    query = select(t.flow_files.c.path, t.flow_files.c.size, t.flow_files.c.sha256)
    for row in connection.execute(query.order_by(t.flow_files.c.path)):
        yield Expected(*row)
    for folder in connection.scalars(select(t.runs.c.folder).where(t.runs.c.folder.is_not(None))):
        yield Expected(f"{folder}{RUN}", None, None)
    for path in connection.scalars(select(t.open_flows.c.path)):
        yield Expected(path, None, None)


def _database(connection: Connection) -> Iterator[Problem]:
    """What the database says about itself; PostgreSQL's pages are read, which is what it offers."""
    if connection.dialect.name == "sqlite":
        for line in connection.scalars(text(f"PRAGMA integrity_check({MOST})")):
            if line != "ok":
                yield Problem("damaged-database", "auditor.db", str(line), _RESTORE)
    else:
        for table in t.metadata.sorted_tables:
            connection.execute(select(func.count()).select_from(table))
    for table in t.metadata.sorted_tables:
        for key in table.foreign_keys:
            parent = key.column
            lost = (
                select(func.count())
                .select_from(table.outerjoin(parent.table, key.parent == parent))
                .where(key.parent.is_not(None), parent.is_(None))
            )
            if count := connection.scalar(lost):
                yield Problem(
                    "row-without-its-run",
                    table.name,
                    f"{count} rows belong to no row of {parent.table.name}",
                    _RESTORE,
                    count=count,
                )


def _rows(connection: Connection, now: datetime) -> Iterator[Problem]:
    """Rows that cannot be true, by one question each."""
    runs, sightings = t.runs.c, t.sightings.c

    def seen(*news: str) -> ColumnElement[int]:
        here = case((sightings.news.in_(news), 1), else_=0)
        return func.coalesce(func.sum(here), 0)

    counted = (
        select(runs.run_id)
        .outerjoin(t.sightings, sightings.run_id == runs.run_id)
        .group_by(runs.run_id, runs.findings, runs.new, runs.changed, runs.gone)
        .having(
            or_(
                seen("new", "back", "changed", "same") != runs.findings,
                seen("new", "back") != runs.new,
                seen("changed") != runs.changed,
                seen("gone") != runs.gone,
            )
        )
    )
    inputs = (
        select(runs.run_id)
        .outerjoin(t.inputs, t.inputs.c.run_id == runs.run_id)
        .group_by(runs.run_id, runs.inputs)
        .having(func.count(t.inputs.c.id) != runs.inputs)
    )
    flows = (  # the table holds more than the total: rows that only confirm what others told
        select(runs.run_id)
        .join(t.flow_files, t.flow_files.c.run_id == runs.run_id)
        .group_by(runs.run_id, runs.flows)
        .having(func.sum(t.flow_files.c.rows) < runs.flows)
    )
    known = select(runs.run_id)
    recent = now - _NEVER_PRUNED
    contents, files, findings = t.contents.c, t.files.c, t.findings.c
    claims: tuple[tuple[str, str, Select[Any]], ...] = (
        ("wrong-count", "the history does not hold as many findings as the run says", counted),
        ("wrong-count", "there are not as many inputs as the run says", inputs),
        ("wrong-count", "its files hold fewer flows than the run says", flows),
        (
            "wrong-time",
            "the run ends before it begins",
            select(runs.run_id).where(runs.finished < runs.started),
        ),
        (
            "unknown-run",
            "a content was taken by a run that is not there",
            select(contents.name).where(contents.seen > recent, contents.run_id.not_in(known)),
        ),
        (
            "unknown-run",
            "a file was taken by a run that is not there",
            select(files.name).where(
                files.state == "taken", files.first_seen > recent, files.run_id.not_in(known)
            ),
        ),
        (
            "unknown-run",
            "a finding was last seen in a run that is not there",
            select(findings.finding_id).where(
                findings.last_seen > recent, findings.last_run.not_in(known)
            ),
        ),
        (
            "unknown-finding",
            "the history tells of a finding that is not there",
            select(sightings.finding_id)
            .join(t.runs, runs.run_id == sightings.run_id)
            .outerjoin(
                t.findings,
                and_(findings.job == runs.job, findings.finding_id == sightings.finding_id),
            )
            .where(findings.finding_id.is_(None)),
        ),
        (
            "unknown-run",
            "open flows come from a run that is not there",
            select(t.open_flows.c.job).where(t.open_flows.c.run_id.not_in(known)),
        ),
    )
    for code, message, query in claims:
        names = connection.scalars(query.limit(MOST + 1)).all()
        yield from _capped([Problem(code, legible(str(name)), message, _RESTORE) for name in names])
    yield from _ahead(connection, now)


def _ledger(connection: Connection) -> list[Problem]:
    """Totals that are not the sums of their flows."""
    return _capped(
        [
            Problem(
                "wrong-total",
                f"{ledger_totals.EPOCH + timedelta(days=day)}",
                f"the ledger has {was[0]:,} flows and {was[1]:,} bytes of one route, and its flows "
                f"come to {should[0]:,} and {should[1]:,}",
                "`auditor ledger rebuild` works the totals out anew.",
            )
            for (day, _), (was, should) in ledger_totals.differences(connection).items()
        ]
    )


def _ahead(connection: Connection, now: datetime) -> Iterator[Problem]:
    """Moments at which something happened, and that have not come yet."""
    happened = {"started", "finished", "seen", "first_seen", "last_seen", "created", "taken"}
    for table in t.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Moment) and column.name in happened:
                count = connection.scalar(
                    select(func.count()).select_from(table).where(column > now + _AHEAD)
                )
                if count:
                    yield Problem(
                        "time-to-come",
                        f"{table.name}.{column.name}",
                        f"{count} moments lie in the future of this clock",
                        "Look after the clock; what is old is told by these moments.",
                        count=count,
                    )


def _missing(store: Store, named: list[Expected], *, deep: bool) -> list[Problem]:
    """Files that are not there, or not as the database says, and that it still names."""
    faults = [(each, _fault(store.folder, each, deep=deep)) for each in named]
    faults = [(each, problem) for each, problem in faults if problem is not None]
    if not faults:
        return []
    with store.reading() as connection:
        still = set(expected(connection))  # what was pruned meanwhile is not missed
    return [problem for each, problem in faults if problem is not None and each in still]


def _fault(folder: Path, each: Expected, *, deep: bool) -> Problem | None:
    name = legible(each.path)
    try:
        path = inside(folder, each.path)
    except StoreError as error:
        return Problem("wrong-path", error.place, error.message, error.hint)
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            return Problem("missing-file", name, "it is no plain file", _RESTORE)
        if each.size is not None and about.st_size != each.size:
            message = f"it has {about.st_size} bytes, and had {each.size}"
            return Problem("changed-file", name, message, _RESTORE)
        if deep and each.sha256 is not None and digest(path) != each.sha256:
            return Problem("changed-file", name, "its content is not what was written", _RESTORE)
    except OSError as error:
        return Problem("missing-file", name, f"it cannot be read: {error.strerror}", _RESTORE)
    return None


def digest(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files_on_disk(store: Store) -> Iterator[tuple[str, float]]:
    """Path under the data directory, and when it was last written."""
    for top in FOLDERS:
        for folder, _, names in os.walk(store.folder / top):
            for name in names:
                path = Path(folder, name)
                try:
                    yield str(path.relative_to(store.folder)), path.lstat().st_mtime
                except FileNotFoundError:
                    continue  # pruned meanwhile


def _unlisted(
    store: Store, found: list[tuple[str, float]], named: list[Expected], begun: datetime
) -> list[Problem]:
    """Files that belong to nothing, but for those that a run still going on may have made."""
    listed = {each.path for each in named}
    folders = {each.path.rpartition("/")[0] for each in named if each.path.endswith(RUN)}
    return [
        Problem(
            "unlisted-file",
            legible(name),
            "the database does not know it; it does not count",
            "It was left by something that did not end well; it may be removed.",
        )
        for name, written in found
        if name not in listed
        and name.rpartition("/")[0] not in folders
        and written < begun.timestamp()
        and os.path.lexists(store.folder / name)
    ]


def _capped(problems: list[Problem]) -> list[Problem]:
    """The first ``MOST`` of problems of one kind, and how many more there are."""
    if len(problems) <= MOST:
        return problems
    last = problems[MOST]
    more = Problem(last.code, "…", f"and more of these: {last.message}", last.hint)
    return [*problems[:MOST], more]

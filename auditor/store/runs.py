"""Runs that ended well, and what each of them looked at."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, insert, select

from auditor.model.errors import StoreError
from auditor.store.columns import bounded, storable
from auditor.store.directory import inside
from auditor.store.tables import inputs, runs

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Row

    from auditor.model.run import InputFile, Run
    from auditor.store.findings import News

MOST: Final = 1000
"""Rows that a list gives unless more are asked for."""
_DOCUMENT: Final = "run.json"
_SHOWN: Final = 60
"""Characters of a name that nobody knows, in the message that says so."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as the store remembers it.

    Attributes:
        folder: of run.json and report.html, under the data directory; null = pruned.
        inputs, problems, findings: how many.
        new, changed, gone: findings, compared with the job's run before.
    """

    run_id: str
    job: str
    audit_id: str
    auditor_version: str
    agency: str | None
    started: datetime
    finished: datetime
    folder: str | None
    inputs: int
    problems: int
    flows: int
    crossing_flows: int
    undecided_flows: int
    outbound_bytes: int
    findings: int
    new: int
    changed: int
    gone: int


def added(connection: Connection, job: str, run: Run, folder: str | None, news: News) -> None:
    """Remembers a run and its inputs: from the end of the transaction on, it counts.

    Args:
        connection: of ``store.writing()``.
        job: whose run it is.
        run: the run.
        folder: where its files lie, under the data directory.
        news: what ``findings.recorded`` said of it; those that came back count as new.

    Raises:
        sqlalchemy.exc.IntegrityError: the run is there already.
    """
    totals = run.totals
    connection.execute(
        insert(runs),
        {
            "run_id": run.run_id,
            "job": job,
            "audit_id": run.audit_id,
            "auditor_version": run.auditor_version,
            "agency": None if run.agency is None else storable(run.agency),
            "started": run.started,
            "finished": run.finished,
            "folder": folder,
            "inputs": len(run.inputs),
            "problems": len(run.problems),
            "flows": bounded(totals.flows),
            "crossing_flows": bounded(totals.crossing_flows),
            "undecided_flows": bounded(totals.undecided_flows),
            "outbound_bytes": bounded(totals.outbound_bytes),
            "findings": len(run.findings),
            "new": len(news.new) + len(news.back),
            "changed": len(news.changed),
            "gone": len(news.gone),
        },
    )
    if run.inputs:
        connection.execute(insert(inputs), [_row(run.run_id, each) for each in run.inputs])


def listed(
    connection: Connection, job: str | None = None, most: int = MOST
) -> tuple[StoredRun, ...]:
    """The newest runs (of one job), the newest first."""
    query = _COLUMNS.order_by(runs.c.started.desc(), runs.c.run_id).limit(most)
    if job is not None:
        query = query.where(runs.c.job == job)
    return tuple(map(_stored, connection.execute(query)))


def known(connection: Connection, run_id: str) -> bool:
    """Whether a run counts."""
    return connection.scalar(select(runs.c.run_id).where(runs.c.run_id == run_id)) is not None


def named(connection: Connection, run_id: str) -> StoredRun:
    """The run with this id, or the only one whose id begins so.

    Raises:
        StoreError: there is none, or there are several.
    """
    wanted = storable(run_id)
    row = connection.execute(_COLUMNS.where(runs.c.run_id == wanted)).first()
    if row is not None:
        return _stored(row)
    same = func.substr(runs.c.run_id, 1, len(wanted)) == wanted
    found = connection.execute(_COLUMNS.where(same).limit(2)).all() if wanted else []
    if len(found) == 1:
        return _stored(found[0])
    raise StoreError(
        "several runs begin like this" if found else "there is no such run",
        place=wanted[:_SHOWN] or "run",
        hint="Write more of the id." if found else "See `auditor agent status` for the last runs.",
    )


def document(folder: Path, run: StoredRun) -> Run | None:
    """What ``run.json`` of a run says; null = it is pruned.

    Args:
        folder: the data directory.
        run: as the store remembers it.

    Raises:
        StoreError: the file is not there, or leads elsewhere.
        InputError: it is no run document.
    """
    from auditor.model.run import from_json

    if run.folder is None:
        return None
    path = inside(folder, f"{run.folder}/{_DOCUMENT}")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(
            f"cannot be read: {type(error).__name__}",
            place=str(path),
            hint="`auditor store check` says what else is missing.",
        ) from None
    return from_json(text, str(path))


_COLUMNS: Final = select(*(runs.c[field.name] for field in fields(StoredRun)))


def _stored(row: Row[tuple[object, ...]]) -> StoredRun:
    return StoredRun(**row._mapping)


def _row(run_id: str, file: InputFile) -> dict[str, object]:
    return {
        "run_id": run_id,
        "number": file.id,
        "name": storable(file.name),
        "size": bounded(file.size),
        "sha256": file.sha256,
        "reader": file.reader,
        "packets": bounded(file.packets),
        "flows": bounded(file.flows),
        "first": file.first,
        "last": file.last,
    }

"""What becomes of a child's results: files to their places, then one transaction.

A file that the database does not name does not count. What a crash leaves between the two is
cleared away at the next start: ``result.json`` still lies in the child's folder, and names it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from auditor.agent import orders, transferred, trouble, watch
from auditor.agent.alone import abandoned
from auditor.agent.notices import drafts
from auditor.agent.settings import Job
from auditor.agent.watch import Taken
from auditor.model import run as run_document
from auditor.model.errors import StoreError
from auditor.model.files import left_over, written
from auditor.store import (
    assessments,
    decisions,
    files,
    findings,
    flows,
    jobs,
    ledger,
    open_flows,
    outbox,
    runs,
    subjects,
)
from auditor.store.directory import inside, settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.agent.settings import Agent
    from auditor.model.run import Run
    from auditor.store import Store

RUNS: Final = "runs"
WORK: Final = "work"
OPEN: Final = "open"
MOST_NAMED: Final = 10
"""Files that a notice names; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Done:
    """A child that ended well, and what it was begun for.

    Attributes:
        number: of the attempt.
        folder: of the child.
        ready: the files that were given to the child.
        held: names of files that were quarantined before it began.
        check: raises an error if this process may not write any more.
        said: what was odd about the sources; empty = nothing.
    """

    job: Job
    standing: jobs.Standing
    number: int
    folder: Path
    ready: tuple[Taken, ...]
    held: frozenset[str]
    check: Callable[[Connection], None]
    said: str = ""


def work_folder(store: Store, job: str) -> Path:
    """The folder of a job's child, always the same one.

    Captures that are fetched into it then lie where those of the last run lay: flows that had
    not ended go on by that.
    """
    return store.folder / WORK / job


def emptied(folder: Path) -> None:
    """Makes the folder of a child anew.

    Raises:
        StoreError: it cannot be made.
    """
    try:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        for each in (folder, folder / orders.INPUTS, folder / orders.TEMPORARY):
            each.mkdir(mode=0o700)
    except OSError as error:
        raise _unwritable(folder, error) from None


def run_folder(run_id: str) -> str:
    """Where a run's files lie, under the data directory; the id begins with the year."""
    return f"{RUNS}/{run_id[:4]}/{run_id}"


def placed(store: Store, folder: Path) -> None:
    """Moves the results of a child to where they stay. They do not count yet.

    Raises:
        StoreError: they cannot be moved; ``withdrawn`` removes those that were.
    """
    result = orders.read_result(folder)
    if result.kind != "audit":
        return
    goal = store.folder / run_folder(result.run_id)
    try:
        for each in (goal.parent.parent, goal.parent, goal):
            each.mkdir(mode=0o700, exist_ok=True)
        for name in orders.KEPT:
            (folder / name).rename(goal / name)
        for each in (goal, goal.parent, goal.parent.parent, store.folder):
            settled(each)
    except OSError as error:
        raise _unwritable(goal, error) from None
    if result.open_last is not None:
        _moved_open(store, folder, result)
    flows.placed(folder / orders.FLOWS, store.folder, flow_files(result))


def _moved_open(store: Store, folder: Path, result: orders.Result) -> None:
    goal = store.folder / open_path(result.run_id)
    try:
        goal.parent.mkdir(mode=0o700, exist_ok=True)
        (folder / orders.OPEN_FLOWS).rename(goal)
        settled(goal.parent)
    except OSError as error:
        raise _unwritable(goal, error) from None


def open_path(run_id: str) -> str:
    """Where the flows lie that a run left open, under the data directory."""
    return f"{OPEN}/{run_id}.flows"


def flow_files(result: orders.Result) -> tuple[flows.FlowFile, ...]:
    """The files of flows of a run."""
    return tuple(flows.FlowFile(**each) for each in result.flow_files)


def committed(store: Store, done: Done, settings: Agent, now: datetime) -> str | None:
    """Everything that a run changes, in one transaction; gives its id, null = a checklist.

    Raises:
        StoreError: the database does not answer, or another agent has taken over; nothing of it
            is there.
    """
    result = orders.read_result(done.folder)
    if result.kind == "checklist":
        _assessed(store, done, settings, now)
        return None
    name = run_folder(result.run_id)
    path = store.folder / name / orders.RUN
    run = run_document.from_json(_content(path), str(path))
    job = done.job.name
    with store.writing() as connection:
        done.check(connection)
        if jobs.over(connection, done.number):  # the connection broke after the last try counted
            return run.run_id
        run = _in_ledger(connection, done, run, path.parent)
        news = findings.recorded(connection, job, run, whole=bool(done.ready))
        runs.added(connection, job, run, name, news)
        watch.committed(connection, job, run.run_id, done.ready, run, now)
        flows.added(connection, run.run_id, flow_files(result))
        before = open_flows.of_job(connection, job)
        _left_open(connection, job, result)
        told = drafts.news_drafts(news, run, job, settings, now)
        told += troubles(connection, done, settings, now)
        outbox.put(connection, told + recovered(done, settings, now), now)
        jobs.done(connection, done.number, done.standing, now, "done", run.run_id, done.said)
    if before is not None:
        # its flows have counted, or lie in the file of this run
        with suppress(OSError, StoreError):
            inside(store.folder, before.path).unlink()
    return run.run_id


def _in_ledger(connection: Connection, done: Done, run: Run, place: Path) -> Run:
    """Adds what the run saw leave; gives the run with what follows from all that was added up.

    Its files are written anew where that is something else. Should the transaction fail, they say
    what does not count: with the run, which does not either.
    """
    transfers = transferred.read_transfers(done.folder)
    problems = ledger.added(connection, transfers, run.started)
    subjects.added(connection, transferred.read_counted(done.folder))
    judged = transferred.judged(
        run,
        ledger.read(connection),
        orders.audit_order(done.job, (), 1, None),
        transferred.read_sought(done.folder),
        problems,
    )
    judged = decisions.with_life(connection, judged)
    if judged != run:
        from auditor import report

        left_over(place, orders.KEPT)
        written(
            place,
            {
                orders.REPORT: report.html(judged),
                orders.RUN: lambda file: run_document.write_json(judged, file),
            },
        )
    return judged


def _assessed(store: Store, done: Done, settings: Agent, now: datetime) -> None:
    from auditor.model.readiness import from_json

    path = done.folder / orders.READINESS
    found = from_json(_content(path), str(path))
    job, place = done.job.name, str(done.job.checklist)
    with store.writing() as connection:
        done.check(connection)
        if jobs.over(connection, done.number):
            return
        changes = assessments.added(connection, job, found, place, now)
        told = drafts.assessment_drafts(
            changes, found.subject.system, job, str(done.number), settings, now
        )
        outbox.put(connection, told + recovered(done, settings, now), now)
        jobs.done(connection, done.number, done.standing, now, "done")


def troubles(
    connection: Connection, done: Done, settings: Agent, now: datetime
) -> list[outbox.Draft]:
    """Notices about sources that cannot be seen, and about files that cannot be read."""
    told = trouble.source_drafts(connection, done.job.name, done.number, done.said, settings, now)
    return told + quarantined(connection, done, settings, now)


def quarantined(
    connection: Connection, done: Done, settings: Agent, now: datetime
) -> list[outbox.Draft]:
    """Notices about files that could not be read and were not known as such before."""
    held = files.quarantined(connection, done.job.name)
    fresh = [each for each in held if each.name not in done.held]
    if not fresh:
        return []
    listed = "; ".join(f"{each.name}: {each.reason}" for each in fresh[:MOST_NAMED])
    more = f"; {len(fresh) - MOST_NAMED} more" if len(fresh) > MOST_NAMED else ""
    return drafts.trouble_drafts(
        done.job.name,
        "quarantine",
        settings,
        now,
        detail=listed + more,
        severity="medium",
        occasion=str(done.number),
    )


def _left_open(connection: Connection, job: str, result: orders.Result) -> None:
    if result.open_last is None:
        open_flows.ended(connection, job)
        return
    last = datetime.fromisoformat(result.open_last)
    path = open_path(result.run_id)
    open_flows.left(connection, job, result.run_id, path, result.open_flows, last)


def recovered(done: Done, settings: Agent, now: datetime) -> list[outbox.Draft]:
    """Notices that a job works again, if people were told that it did not."""
    if done.standing.failures <= done.job.retries:
        return []
    return drafts.recovery_drafts(
        done.job.name, "job-failed", settings, now, occasion=str(done.number)
    )


def copied(store: Store, job: Job, run_id: str) -> None:
    """Copies the report and the document of a run to where the job wants them.

    Raises:
        StoreError: they cannot be written there; the run itself is safe.
    """
    if job.results is None:
        return
    source = store.folder / run_folder(run_id)
    try:
        files = {name: (source / name).read_bytes() for name in orders.KEPT}
    except OSError as error:
        raise _unwritable(source, error) from None
    left_over(job.results / run_id, files)
    written(job.results / run_id, files)


def _counted(store: Store, folder: Path) -> str | None:
    """The id of the run that a child's folder holds, if it counts.

    Raises:
        StoreError: the database does not answer.
    """
    try:
        name = orders.read_result(folder).run_id
    except StoreError:
        return None
    with store.reading() as connection:
        return name if runs.known(connection, name) else None


def withdrawn(store: Store, folder: Path) -> None:
    """Removes what ``placed`` moved for a child; only where the database says it does not count."""
    try:
        result = orders.read_result(folder)
    except StoreError:
        return  # it never came so far
    if result.kind == "audit":
        shutil.rmtree(store.folder / run_folder(result.run_id), ignore_errors=True)
        for path in (open_path(result.run_id), *(each.path for each in flow_files(result))):
            with suppress(OSError):
                (store.folder / path).unlink(missing_ok=True)


def cleared(store: Store) -> Iterator[tuple[str, str]]:
    """Removes what earlier agents left half-done; only for who holds the lease.

    Gives jobs, with ids of their runs, that count and whose agent ended right after: what comes
    after a commit may be missing. What is left of one goes when the next is asked for, so that
    an end in between loses nothing.

    Raises:
        StoreError: the database does not answer, or the child of an earlier agent is at work yet.
    """
    left = store.folder / WORK
    for folder in sorted(left.iterdir()) if left.is_dir() else ():
        abandoned(folder)
        run_id = _counted(store, folder)
        if run_id is not None:
            yield folder.name, run_id
        else:
            withdrawn(store, folder)
        shutil.rmtree(folder, ignore_errors=True)
    with store.reading() as connection:
        kept = open_flows.paths(connection)
    for path in (store.folder / OPEN).glob("*.flows"):
        if f"{OPEN}/{path.name}" not in kept:
            path.unlink(missing_ok=True)


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(
            f"what the run wrote cannot be read: {type(error).__name__}",
            place=str(path),
            hint="It is tried again; look for an error of the disk.",
        ) from None


def _unwritable(place: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot be written: {error.strerror or error}",
        place=str(place),
        hint="Check the data directory and the room on its disk; nothing was half-written.",
    )

"""What becomes of a child's results: files to their places, then one transaction.

A file that the database does not name does not count. What a crash leaves between the two is
cleared away at the next start: ``result.json`` still lies in the child's folder, and names it.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from auditor.agent import orders, watch
from auditor.agent.notices import drafts
from auditor.model import run as run_document
from auditor.model.errors import StoreError
from auditor.model.files import written
from auditor.store import assessments, findings, flows, jobs, outbox, runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from auditor.agent.settings import Agent, Job
    from auditor.agent.watch import Look
    from auditor.model.run import Run
    from auditor.store import Store

RUNS: Final = "runs"
WORK: Final = "work"


@dataclass(frozen=True, slots=True)
class Done:
    """A child that ended well, and what it was begun for.

    Attributes:
        number: of the attempt.
        folder: of the child.
        look: at the job's sources, before the child began.
        check: raises an error if this process may not write any more.
    """

    job: Job
    standing: jobs.Standing
    number: int
    folder: Path
    look: Look
    check: Callable[[Connection], None]


def work_folder(store: Store, number: int) -> Path:
    """A new folder for a child.

    Raises:
        StoreError: it cannot be made.
    """
    folder = store.folder / WORK / str(number)
    try:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise _unwritable(folder, error) from None
    return folder


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
            _settle(each)
    except OSError as error:
        raise _unwritable(goal, error) from None
    flows.placed(folder / orders.FLOWS, store.folder, flow_files(result))


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
    run = run_document.from_json(path.read_text(encoding="utf-8"), str(path))
    job = done.job.name
    with store.writing() as connection:
        done.check(connection)
        news = findings.recorded(connection, job, run)
        runs.added(connection, job, run, name, news)
        watch.taken(connection, job, done.look, run, now)
        flows.added(connection, run.run_id, flow_files(result))
        told = drafts.news_drafts(news, run, job, settings, now)
        outbox.put(connection, told + _recovered(done, settings, now), now)
        jobs.done(connection, done.number, done.standing, now, "done", run.run_id)
    return run.run_id


def _assessed(store: Store, done: Done, settings: Agent, now: datetime) -> None:
    from auditor.model.readiness import from_json

    path = done.folder / orders.READINESS
    text = path.read_text(encoding="utf-8")
    found = from_json(text, str(path))
    job, place = done.job.name, str(done.job.checklist)
    with store.writing() as connection:
        done.check(connection)
        before = assessments.last(connection, job)
        assessments.added(connection, job, place, found, text, now)
        told = drafts.assessment_drafts(
            before.verdicts if before else None,
            {item.id: item.state for item in found.items},
            job,
            str(done.number),
            settings,
            now,
        )
        outbox.put(connection, told + _recovered(done, settings, now), now)
        jobs.done(connection, done.number, done.standing, now, "done")


def _recovered(done: Done, settings: Agent, now: datetime) -> list[outbox.Draft]:
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
    written(job.results / run_id, files)


def withdrawn(store: Store, folder: Path) -> None:
    """Removes what ``placed`` moved for a child whose run does not count."""
    try:
        result = orders.read_result(folder)
    except StoreError:
        return  # it never came so far
    if result.kind == "audit":
        shutil.rmtree(store.folder / run_folder(result.run_id), ignore_errors=True)
        for each in flow_files(result):
            with suppress(OSError):
                (store.folder / each.path).unlink(missing_ok=True)


def cleared(store: Store) -> int:
    """Removes what earlier agents left half-done; only for who holds the lease.

    Gives how many folders there were.
    """
    left = store.folder / WORK
    folders = sorted(left.iterdir()) if left.is_dir() else []
    for folder in folders:
        try:
            name = orders.read_result(folder).run_id
        except StoreError:
            name = ""
        if name:
            with store.reading() as connection:
                counts = runs.known(connection, name)
            if not counts:
                withdrawn(store, folder)
        shutil.rmtree(folder, ignore_errors=True)
    return len(folders)


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(place: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot be written: {error.strerror or error}",
        place=str(place),
        hint="Check the data directory and the room on its disk; nothing was half-written.",
    )

"""The child process of one run: reads its order, audits, leaves its results in its folder.

It never writes to the store. It ends by itself when the agent is gone: its standard input ends.
"""

from __future__ import annotations

import json
import os
import select
import sys
import threading
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from auditor import pipeline
from auditor.agent import orders, transferred
from auditor.agent.alone import claimed
from auditor.model import run as run_document
from auditor.model.errors import InputError
from auditor.model.files import written
from auditor.model.problem import Problem
from auditor.readers.open_flows import read_open
from auditor.store.subjects import KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.model.content import Sought

ALONE: Final = 75
"""Exit code of a child whose agent is gone."""
PAUSE: Final = 0.5
"""Seconds between two lines about progress."""


def worked(folder: Path) -> None:
    """Does the work in ``folder``, from ``order.json`` to ``result.json``.

    Raises:
        AuditorError: it cannot be done; nothing but the folder was touched.
    """
    os.umask(0o077)
    told = _standard_output()
    claimed(folder)
    key = _key()
    if key is None or select.select([sys.stdin], [], [], 0)[0]:  # nothing follows: it has ended
        os._exit(ALONE)  # the folder may be another agent's by now
    threading.Thread(target=_end_with_agent, daemon=True).start()
    work = orders.read_work(folder)
    begun = time.monotonic()

    def now() -> datetime:
        """The agent's clock, which may not jump while this runs."""
        return work.started + timedelta(seconds=time.monotonic() - begun)

    progress = Told(told)
    if work.checklist is not None:
        result = _checked(work, work.checklist, folder, now, progress)
    else:
        work = replace(work, audit=replace(work.audit, hash_key=key))
        result = _audited(work, folder, now, progress)
    orders.write_result(folder, result)


def _audited(
    work: orders.Work, folder: Path, now: Callable[[], datetime], progress: Told
) -> orders.Result:
    from auditor import report
    from auditor.agent import watch
    from auditor.store import flows

    order, problems = _readable(work)
    done = pipeline.audit(order, now, progress)
    run = replace(done.run, problems=problems + done.run.problems)
    run = watch.named(
        run, [watch.Taken(name, Path(path), name, "", 0, "") for path, name in work.shown]
    )
    progress.stage("write")
    written(
        folder,
        {
            orders.REPORT: lambda file: file.write(report.html(run).encode()),
            orders.RUN: lambda file: run_document.write_json(run, file),
        },
    )
    contents = done.contents
    if not contents.sought:
        contents = replace(contents, sought=_sought(order))
    transferred.write(folder, done.transfers, contents)
    files = flows.partitioned(done.table, folder / orders.FLOWS, run.run_id)
    lines = read_open(order.open_after)[0] if order.open_after is not None else ()
    ends = [line.flows.end for line in lines]
    return orders.Result(
        "audit",
        run.run_id,
        tuple(asdict(each) for each in files),
        sum(line.flows.count for line in lines),
        datetime.fromtimestamp(min(ends) // 10**9, UTC).isoformat() if ends else None,
    )


def _sought(order: pipeline.Order) -> tuple[Sought, ...]:
    """What detectors look for, where this run read no content: earlier ones may have."""
    from auditor import classify, inspect

    return inspect.sought_in(order.policies, classify.catalogue(order.policies).by_code)


def _readable(work: orders.Work) -> tuple[pipeline.Order, tuple[Problem, ...]]:
    """The order, without open flows that cannot be read: they would stop every later run."""
    order = work.audit
    try:
        if order.open_before is not None:
            read_open(order.open_before)
    except InputError as error:
        lost = Problem("open-flows-lost", error.place, error.message, error.hint)
        return replace(order, open_before=None), (*work.problems, lost)
    return order, work.problems


def _checked(
    work: orders.Work,
    place: Path,
    folder: Path,
    now: Callable[[], datetime],
    progress: Told,
) -> orders.Result:
    from auditor import readiness
    from auditor.model.readiness import to_json

    assessed = readiness.opened(place, work.audit.policies)
    traffic = (*work.audit.paths, *readiness.attached_traffic(assessed))
    order = replace(work.audit, paths=traffic) if traffic else None
    assessed = readiness.checked(assessed, order, now(), progress)
    found = readiness.readiness(assessed, now())
    written(folder, {orders.READINESS: to_json(found)})
    return orders.Result("checklist")


class Told:
    """Progress as lines of JSON: ``{"stage": ..., "total": ...}`` and ``{"done": bytes}``."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._done = 0
        self._last = 0.0
        self._lock = threading.Lock()

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage begins."""
        with self._lock:
            self._done = 0
            self._say({"stage": name, "total": total})

    def advance(self, size: int) -> None:
        """So many more bytes are done."""
        with self._lock:
            self._done += size
            if time.monotonic() - self._last >= PAUSE:
                self._last = time.monotonic()
                self._say({"done": self._done})

    def _say(self, what: dict[str, object]) -> None:
        try:
            self._file.write(json.dumps(what) + "\n")
            self._file.flush()
        except OSError:
            os._exit(ALONE)


def _standard_output() -> IO[str]:
    """Standard output for progress alone: what libraries print there goes to standard error."""
    kept = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return kept


def _key() -> bytes | None:
    """The key that the agent tells first; null = the agent is gone."""
    line = sys.stdin.buffer.readline(2 * KEY_BYTES + 1)
    try:
        key = bytes.fromhex(line.decode("ascii").rstrip("\n"))
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def _end_with_agent() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(ALONE)

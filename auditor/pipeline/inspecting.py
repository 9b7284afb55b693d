"""The captures read a second time and what flows carried inspected, by several processes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from auditor import readers
from auditor.model.problem import Problem
from auditor.model.run import InputFile
from auditor.pipeline.beside import Beside, Ended
from auditor.pipeline.memory import given_back
from auditor.pipeline.orders import wanted
from auditor.pipeline.shares import shared_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.inspect import Detector, Gathered, Inspector  # noqa: TC004 - nobody evaluates it
    from auditor.pipeline.orders import Order, Progress


@dataclass(frozen=True, slots=True)
class _Share:
    """What another process needs to inspect some of the flows."""

    wanted: readers.Wanted
    inputs: tuple[InputFile, ...]
    flows: pa.Table
    of: dict[int, readers.Extent]
    detectors: tuple[Detector, ...]
    compiled: tuple[bytes | None, ...] = field(repr=False)
    key: bytes = field(repr=False)


def inspected(
    order: Order,
    inputs: tuple[InputFile, ...],
    flows: pa.Table,
    inspector: Inspector,
    progress: Progress,
) -> list[Problem]:
    """Hands all that flows carried to the inspector, or what other processes found in it.

    Args:
        order: as of the audit; its ``jobs`` are the processes.
        inputs: as the readers gave them.
        flows: those in clear text, as the inspector was told them.
        inspector: takes the events, or joins what others gathered: the same comes of it.
        progress: told.

    Returns:
        What must be told of the reading.
    """
    if not len(flows):
        return []
    alike = readers.prepare_payloads(lambda: progress.stage("compile"))
    sizes = {each.id: each.size for each in inputs}
    of = readers.extents(flows)
    progress.stage("inspect", sum(sizes[each] for each in of))
    own, *others = shared_out(flows, order.jobs if alike else 1)
    missed, problems = readers.Missed(), []
    advance = _Mean(progress, 1 + len(others)).advance
    again, search = wanted(order), inspector.search
    shares = [
        _Share(again, inputs, each, of, search.detectors, search.packed(), search.key)
        for each in others
    ]
    given_back()
    with Beside(_gathered, shares, advance) as beside:
        _taken(inspector, again, inputs, own, missed, advance, of)
        for share, result in zip(shares, beside.results(), strict=True):
            if isinstance(result, Ended):
                problems.append(_ended(result, len(share.flows)))
                _taken(inspector, share.wanted, inputs, share.flows, missed, _nobody, of)
            else:
                inspector.join(result[0])
                missed.join(result[1])
    given_back()
    return [*missed.problems(), *dict.fromkeys(problems)]


def _gathered(share: _Share, advance: Callable[[int], None]) -> tuple[Gathered, readers.Missed]:
    """What a share of the flows comes to; in another process."""
    from auditor import inspect

    search = inspect.Search(share.detectors, share.key, packed=share.compiled)
    inspector, missed = inspect.Inspector(share.flows, search), readers.Missed()
    _taken(inspector, share.wanted, share.inputs, share.flows, missed, advance, share.of)
    return inspector.gathered(), missed


def _taken(
    inspector: Inspector,
    wanted: readers.Wanted,
    inputs: tuple[InputFile, ...],
    flows: pa.Table,
    missed: readers.Missed,
    advance: Callable[[int], None],
    of: dict[int, readers.Extent],
) -> None:
    for event in readers.payloads(wanted, inputs, flows, missed, advance, of):
        inspector.take(event)


def _nobody(size: int) -> None:
    """These bytes have been told as read."""


def _ended(how: Ended, flows: int) -> Problem:
    what = f"A process that inspected {flows:,} flows ended early ({how.how}); another did it."
    hint = "Most likely memory ran out: give the audit more, or fewer processes by --jobs."
    return Problem("content-process-ended", "content", what, hint)


class _Mean:
    """Progress of several processes that each read the same bytes, as if one did."""

    def __init__(self, progress: Progress, processes: int) -> None:
        self._progress = progress
        self._processes = processes
        self._read = self._told = 0
        self._lock = threading.Lock()

    def advance(self, size: int) -> None:
        """One of them has read so many more."""
        with self._lock:
            self._read += size
            new = self._read // self._processes - self._told
            self._told += new
            self._progress.advance(new)

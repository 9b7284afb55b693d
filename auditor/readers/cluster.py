"""Pieces of an audit on a Dask cluster, through the interface of ``concurrent.futures``.

Whoever reaches the scheduler of a Dask cluster can run programs on all its machines: it belongs
into a network of its own, or behind TLS (``tls://``, certificates as Dask's own settings name
them). What runs there is this program, to the letter: machines with another are refused.

Flows go from the machine that made them straight to the one that asked, a few pieces at a time;
the scheduler holds none of them.
"""

from __future__ import annotations

import gc
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from auditor.model.errors import InputError, StoreError
from auditor.readers.pieces import Outcome, another_build, build, piece_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.readers.pieces import Piece

ANSWER: Final = 30
"""Seconds within which the scheduler must answer and have a worker."""

LOOK: Final = 2
"""Seconds between two looks at whether the cluster is still there."""

RETRIES: Final = 2
AHEAD: Final = 2
"""Pieces that are sent beyond what the workers can do at once, so that none of them waits."""

_OFF: Final = (OSError, ValueError, TypeError, RuntimeError, AssertionError)
"""What Dask raises where it cannot connect: no answer, no such host, no certificates, or a machine
so busy that its own thread does not start within ten seconds."""


def outcomes(
    address: str, pieces: list[Piece], look: Callable[[], None]
) -> Iterator[tuple[int, Outcome]]:
    """What became of each piece, with its number, in the order they are done; largest go first.

    A piece whose worker dies is read again by another one. Where workers die of it time and again,
    it is tried once more when nothing else runs, as Dask suspects all that they had at hand; if
    that ends the same way, its files cannot be read. ``look`` is called now and then; it may
    raise, to end the reading.

    Raises:
        StoreError: the cluster does not answer, has no workers, runs another version, or is gone.
    """
    with _connected(address) as client:
        _same_program(client, address)
        executor = client.get_executor(pure=False, retries=RETRIES)
        order = sorted(range(len(pieces)), key=lambda number: sum(pieces[number].sizes))
        suspects: list[int] = []
        running: dict[Future[Outcome], int] = {}
        alone = 0
        threads = _threads(client)
        try:
            while order or running or suspects:
                last = not order and not running
                room = 1 if last else threads + AHEAD
                waiting = suspects if last else order
                while waiting and len(running) < room:
                    number = waiting.pop()
                    running[executor.submit(piece_read, pieces[number])] = number
                done = list(wait(running, LOOK, FIRST_COMPLETED).done)
                look()
                while done:
                    future = done.pop()
                    number = running.pop(future)
                    outcome = _outcome(future, address)
                    del future  # with it goes what it holds, here and there
                    if outcome is not None:
                        yield number, outcome
                    elif last:
                        yield number, _deadly(pieces[number], address)
                    else:
                        suspects.append(number)
                threads = _threads(client)
                alone = 0 if threads else alone + 1
                if alone * LOOK > ANSWER:
                    raise _without_workers(address)
        finally:
            executor.shutdown(wait=False)


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "Dask is not installed, which runs an audit on a cluster",
            place=address,
            hint="pip install 'auditor[cluster]'",
        ) from None
    client: Any = None
    silent = ""
    try:
        client = Client(  # type: ignore[no-untyped-call]
            address, timeout=ANSWER, set_as_default=False, direct_to_workers=True
        )
    except _OFF as error:
        silent = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    if client is None:
        # A client that could not connect closes itself when it is collected, for which it wants a
        # lock that another client holds while it starts: collected then, it waits for ever.
        gc.collect()
        raise StoreError(
            f"the cluster's scheduler does not answer: {silent}",
            place=address,
            hint="Check the address and that `dask scheduler` runs there; tls:// needs the "
            "certificates in Dask's own settings (distributed.comm.tls).",
        )
    try:
        try:
            client.wait_for_workers(1, timeout=ANSWER)
        except TimeoutError:
            raise _without_workers(address) from None
        yield client
    finally:
        client.close()


def _without_workers(address: str) -> StoreError:
    return StoreError(
        f"the cluster has had no workers for {ANSWER} seconds",
        place=address,
        hint=f"Start `dask worker {address}` on the machines that are to read.",
    )


def _same_program(client: Any, address: str) -> None:  # noqa: ANN401 - Dask has no types
    """Refuses a cluster of which a worker runs another program than this."""
    for worker, answer in sorted(client.run(build, on_error="return").items()):
        if answer != build():
            found = answer if isinstance(answer, str) else f"none that can be asked ({answer})"
            raise another_build(f"{address}, worker {worker}", found)


def _threads(client: Any) -> int:  # noqa: ANN401 - as above
    """How many pieces the cluster can read at once; 0 = it cannot be asked just now."""
    try:
        workers = client.scheduler_info()["workers"]
    except (OSError, RuntimeError):
        return 0
    return sum(int(worker["nthreads"]) for worker in workers.values())


def _deadly(piece: Piece, address: str) -> Outcome:
    failed = InputError(
        "ended every program of the cluster that was to read it",
        place=address,
        hint="Read it on one machine, without --cluster; perhaps a worker's memory is too small.",
    )
    return Outcome([(failed, []) for _ in piece.sources], left=piece.before)


def _outcome(future: Future[Outcome], address: str) -> Outcome | None:
    """What became of a piece; null = workers died of it, or beside it."""
    from distributed import KilledWorker

    try:
        outcome = future.result()
    except CancelledError:
        raise StoreError(
            "the cluster's scheduler has gone while it was working",
            place=address,
            hint="Nothing was written. Start it again, then the audit.",
        ) from None
    except KilledWorker:
        return None
    if outcome.failure is not None:
        raise outcome.failure
    if outcome.crash:
        raise RuntimeError(outcome.crash)
    return outcome

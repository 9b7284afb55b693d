"""Who may run: one holder of a name at a time, also across crashes and clocks that jump."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from auditor.store.tables import leases

if TYPE_CHECKING:
    from datetime import timedelta

    from sqlalchemy import Connection

AGENT: Final = "agent"
"""The lease of the one agent that may work on a store."""
Process = dict[str, Any]
"""``host`` (a name for people), ``boot`` and ``space`` (within which process numbers mean the same
thing; empty = not known), ``pid``, ``start`` (of the process, in ticks since the boot)."""
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_SPACE: Final = Path("/proc/self/ns/pid")
_PLACE: Final = ("boot", "space")
_ENDED: Final = "ZXx"  # states of a process that only waits for its parent to notice


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a lease, since when, and until when unless it is renewed."""

    holder: str
    process: Mapping[str, Any]
    taken: datetime
    until: datetime

    def held(self, now: datetime) -> bool:
        """Whether it keeps others out: its process lives, or may live and its time is not over.

        Only on the machine of the holder (the same boot, the same space of process numbers) is it
        known whether the process lives, and there the clock does not count; elsewhere only the
        clock does.
        """
        here = this_process()
        if not here["boot"] or any(self.process.get(part) != here[part] for part in _PLACE):
            return now < self.until
        return lives(self.process)


def this_process() -> Process:
    """What tells this process from every other one, on this machine and others."""
    pid = os.getpid()
    try:
        boot, space = _BOOT.read_text(encoding="ascii").strip(), str(_SPACE.readlink())
    except OSError:  # no Linux: nobody can ask about this process
        boot = space = ""
    return {
        "host": os.uname().nodename,
        "boot": boot,
        "space": space,
        "pid": pid,
        "start": _standing(pid)[1],
    }


def lives(process: Mapping[str, Any]) -> bool:
    """Whether a process of this machine and boot is still at work (stopped counts as at work)."""
    pid = process.get("pid")
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OverflowError:
        return False
    except PermissionError:
        pass  # another user's
    state, start = _standing(pid)
    if start is None:  # it is there, and hidden from this user
        return True
    return state not in _ENDED and start == process.get("start")


def _standing(pid: int) -> tuple[str, int | None]:
    """State and start of a process; its name, which is in between, may hold anything."""
    try:
        line = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return "", None
    fields = line[line.rindex(b")") + 2 :].split()
    return fields[0].decode("ascii"), int(fields[19])


def taken(
    connection: Connection,
    name: str,
    holder: str,
    process: Process,
    now: datetime,
    length: timedelta,
) -> bool:
    """Takes a lease, in a transaction of ``Store.writing``; False = somebody else holds it.

    Args:
        connection: of a transaction that writes.
        name: of the lease.
        holder: drawn by the caller (``uuid4().hex``); who holds it already takes it anew.
        process: ``this_process()``.
        now: the time.
        length: after which it ends unless it is renewed; a third of it is a good time to do so.
    """
    row = {"holder": holder, "process": process, "taken": now, "until": now + length}
    before = holder_of(connection, name)
    if before is None:
        connection.execute(insert(leases), {"name": name, **row})
        return True
    if before.holder != holder and before.held(now):
        return False
    connection.execute(update(leases).where(leases.c.name == name), row)
    return True


def renewed(
    connection: Connection, name: str, holder: str, now: datetime, length: timedelta
) -> bool:
    """Goes on holding a lease; False = it is lost, and what it guarded must stop.

    In the transaction that commits a result it also keeps one who lost the lease from committing.
    """
    done = connection.execute(
        update(leases).where(leases.c.name == name, leases.c.holder == holder),
        {"until": now + length},
    )
    return done.rowcount == 1


def released(connection: Connection, name: str, holder: str) -> bool:
    """Gives a lease back; False = it was lost before."""
    done = connection.execute(
        delete(leases).where(leases.c.name == name, leases.c.holder == holder)
    )
    return done.rowcount == 1


def holder_of(connection: Connection, name: str) -> Lease | None:
    """Who has a lease, whether or not it still keeps others out (``Lease.held``)."""
    row = connection.execute(
        select(leases.c.holder, leases.c.process, leases.c.taken, leases.c.until).where(
            leases.c.name == name
        )
    ).one_or_none()
    return None if row is None else Lease(*row)

"""The parts of the engine that are compiled by themselves, and how they find each other.

The walk over packets, the looks into payload and the opening of QUIC packets call each other by
address. So each is compiled once, and at the first start two of them at the same time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

from numba import types

from auditor.readers.capture import ordering, payload, quic, records, wanted
from auditor.readers.capture.cache import FOLDER
from auditor.readers.capture.layout import FEED_QUIC, LOOK_TCP, LOOK_UDP, STATE
from auditor.readers.capture.numbers import address_of

if TYPE_CHECKING:
    from auditor.readers.capture.layout import State

INT, BYTES, NUMBERS = types.int64, types.uint8[::1], types.int64[::1]
UNITS = ("records.walked", "payload.looked_into_tcp", "payload.looked_into_udp", "quic.fed")
DELIVERY = ("wanted.picked", "ordering.ordered", "ordering.closed", "ordering.gathered")
LOOKS = "from auditor.readers.capture.units import looks; looks()"


def compiled_before() -> bool:
    """Whether the engine has been compiled and kept; if not, the next sweep does it."""
    return _kept(UNITS)


def delivery_compiled_before() -> bool:
    """The same of what a second pass needs beyond that."""
    return _kept(DELIVERY)


def _kept(functions: tuple[str, ...]) -> bool:
    return FOLDER is not None and all(any(FOLDER.rglob(f"{each}-*.nbc")) for each in functions)


def prepared() -> None:
    """Compiles all of the engine, or fetches what was compiled before."""
    walk()
    looks()


def linked(s: State) -> None:
    """Writes the addresses of the functions that are called by address into a state."""
    walk()
    tcp, udp = looks()
    s.settings[LOOK_TCP], s.settings[LOOK_UDP], s.settings[FEED_QUIC] = tcp, udp, openers()


@cache
def looks() -> tuple[int, int]:
    """Addresses of the looks into TCP and UDP payload."""
    udp = (STATE, INT, INT, BYTES, *(INT,) * 5)
    tcp = address_of(payload.looked_into_tcp, (*udp, INT, INT))
    return tcp, address_of(payload.looked_into_udp, udp)


@cache
def openers() -> int:
    """Address of what opens QUIC packets."""
    return address_of(quic.fed, (BYTES, INT, INT, NUMBERS, BYTES, NUMBERS, BYTES))


@cache
def picker() -> int:
    """Address of what picks the packets of wanted flows in a second pass."""
    walk()
    packet = (STATE, *(INT,) * 8, BYTES, *(INT,) * 4)
    return address_of(wanted.picked, packet)


@cache
def delivery_prepared() -> None:
    """Compiles what a second pass needs, or fetches what was compiled before."""
    picker()
    ordering.lacking_holes.compile((STATE,))
    ordering.ordered.compile((STATE, BYTES, INT))
    ordering.closed.compile((STATE, NUMBERS, INT))
    ordering.gathered.compile((STATE, BYTES, NUMBERS, BYTES, types.int64[:, ::1]))


@cache
def walk() -> None:
    """Compiles the walk over records; meanwhile another process compiles the looks."""
    helper = None
    if FOLDER is not None and not compiled_before() and (os.cpu_count() or 1) > 1:
        path = os.pathsep.join(filter(None, sys.path))
        helper = subprocess.Popen(  # noqa: S603 - this interpreter, a fixed text
            [sys.executable, "-c", LOOKS],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    tables = types.int64[:, ::1]
    records.walked.compile((STATE, BYTES, INT, INT, NUMBERS, tables, tables, tables))
    openers()
    if helper is not None:
        helper.wait()  # what it compiled is in the cache; had it failed, it is compiled here

"""The first payload bytes of a flow: application, server's name, who asks (compiled).

Each direction is looked into until it has told what it can, or ``table.LOOKS`` packets were seen.
A message that spans several segments is put together from its beginning (``pieces``).
"""

from __future__ import annotations

from auditor.readers.capture.dns import dns
from auditor.readers.capture.greetings import datagram_greeting, greeting
from auditor.readers.capture.hellos import dtls, quic, tls
from auditor.readers.capture.http import DONE, MORE, NO, http
from auditor.readers.capture.layout import (
    BASE, BUDGET, CLEAR, DNS, FEEDER, FLAGS, LLMNR, MARKS, MDNS, NAME, PIECES, QUIC, Bytes, State,
)  # fmt: skip
from auditor.readers.capture.numbers import ahead, be16, compiled, entry
from auditor.readers.capture.pieces import SIZE, emptied, put, whole
from auditor.readers.capture.table import LOOKS


@compiled
def recognised(
    s: State, row: int, direction: int, data: Bytes, p: int, end: int, source: int, target: int,
    time: int,
) -> int:  # fmt: skip
    """Looks at the beginning of a TCP stream, or of what follows: ``NO``, ``DONE`` or ``MORE``."""
    answer = tls(s, row, direction, data, p, end)
    if answer != NO:
        return answer
    answer = http(s, row, direction, data, p, end)
    if answer != NO:
        s.flows[row, MARKS] |= CLEAR
        return answer
    if (source == 53 or target == 53) and end - p > 2:
        size = be16(data, p)
        if size > end - p - 2 and size < SIZE - 2:
            return MORE
        if size >= 12 and dns(s, row, direction, data, p + 2, end, time, DNS):
            s.flows[row, MARKS] |= CLEAR
        return NO
    greeting(s, row, direction, data, p, end, min(source, target))
    return NO


@compiled
def begun_piece(
    s: State, row: int, direction: int, base: int, sequence: int, data: Bytes, p: int, end: int
) -> None:
    """Begins to put a stream together whose first byte has the sequence number ``base``."""
    slot = row & (PIECES - 1)
    held = s.held[slot]
    emptied(held)
    held[FEEDER] = 2 * (row + 1) + direction
    held[BASE] = base
    put(held, s.pieces[slot], ahead(sequence, base), data, p, end)


@entry
def looked_into_tcp(
    s: State, row: int, direction: int, data: Bytes, p: int, end: int, source: int, target: int,
    time: int, sequence: int, before: int,
) -> bool:  # fmt: skip
    """Looks into one TCP payload; True when nothing more is to be learned in this direction.

    ``sequence`` is that of its first byte, ``before`` the one that was expected (-1 = none).
    """
    slot = row & (PIECES - 1)
    held = s.held[slot]
    if held[FEEDER] == 2 * (row + 1) + direction:
        put(held, s.pieces[slot], ahead(sequence, held[BASE]), data, p, end)
        size = whole(held)
        if size == 0:
            return False
        answer = recognised(s, row, direction, s.pieces[slot], 0, size, source, target, time)
        if answer == MORE and size < SIZE:
            return False
        held[FEEDER] = 0
        return answer != NO
    looks = (s.flows[row, FLAGS] >> (BUDGET + 8 * direction)) & 255
    if before >= 0 and looks == LOOKS - 1 and 0 < ahead(sequence, before) < SIZE:
        # a later segment came first, and nothing of this direction was looked into yet
        begun_piece(s, row, direction, before, sequence, data, p, end)
        return False
    answer = recognised(s, row, direction, data, p, end, source, target, time)
    if answer == MORE:
        begun_piece(s, row, direction, sequence, sequence, data, p, end)
    return answer == DONE


@entry
def looked_into_udp(
    s: State, row: int, direction: int, data: Bytes, p: int, end: int, source: int, target: int,
    time: int,
) -> bool:  # fmt: skip
    """Looks into one UDP payload; True when nothing more is to be learned in this direction."""
    app = 0
    if source == 53 or target == 53:
        app = DNS
    elif target == 5353 or source == 5353:
        app = MDNS
    elif target == 5355 or source == 5355:
        app = LLMNR
    if app:
        if dns(s, row, direction, data, p, end, time, app):
            s.flows[row, MARKS] |= CLEAR
            return app != DNS
        if app != DNS:
            return True
    known = s.flows[row, NAME] >> 40
    google = data[p] & 0x09 == 0x09 and p + 13 < end and be16(data, p + 9) == 0x5130  # "Q0"
    if (data[p] & 0x80 or google) and (known == 0 or known == QUIC):
        answer = quic(s, row, direction, data, p, end, target)
        if answer != NO:
            return answer == DONE
    if dtls(s, row, direction, data, p, end):
        return True
    return datagram_greeting(s, row, direction, data, p, end, source, target)

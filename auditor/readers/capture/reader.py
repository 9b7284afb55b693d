"""Reads pcap and pcapng files into the flow table.

Damage ends the reading of a file, not the audit: all flows up to it are kept, and a problem names
the offset and the bytes lost.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.model.errors import InputError
from auditor.model.problem import Note, Problem
from auditor.readers.capture import records
from auditor.readers.capture.layout import (
    BAD_TIME, BLOCK, DAMAGED, FRAGMENTS_LOST, HEADERS_CUT, INTERFACE_WIDTH, LINK, LINK_UNKNOWN,
    LINK_UNKNOWN_TYPE, MORE, NO_TIME, NOT_IP, PACKETS_READ, PORTS_CUT, SNAP, SNAPPED, TIME_BY,
    TIME_KIND, TIME_OFFSET, WIRE_BYTES,
)  # fmt: skip
from auditor.readers.capture.sweep import Sweep
from auditor.readers.capture.windows import Windows
from auditor.readers.reading import Progress, Reading, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.readers.capture.layout import Ints

PCAP_MAGICS: Final = {
    b"\xd4\xc3\xb2\xa1": (True, False),
    b"\xa1\xb2\xc3\xd4": (False, False),
    b"\x4d\x3c\xb2\xa1": (True, True),
    b"\xa1\xb2\x3c\x4d": (False, True),
}
"""First four bytes of a pcap file: (little-endian?, nanoseconds?)."""

PCAPNG_MAGIC: Final = b"\x0a\x0d\x0d\x0a"
MOST_INTERFACES: Final = 1 << 16

CUT = "The capture was cut off; take the rest from the sensor if it still has it."
DAMAGE = "Try `pcapfix`, `editcap` or `capinfos` on a copy, or take the file again from its source."


class CaptureReader:
    """pcap and pcapng files."""

    name = "capture"

    def sniff(self, head: bytes) -> float:
        """Certain for the magic numbers of pcap and pcapng."""
        return 1.0 if head[:4] in PCAP_MAGICS or head[:4] == PCAPNG_MAGIC else 0.0

    def read(self, path: Path, settings: Settings, note: Note, progress: Progress) -> Reading:
        """The flows of one capture; see ``Reader.read``."""
        try:
            stream = path.open("rb", buffering=0)
            size = path.stat().st_size
        except OSError as error:
            raise InputError(
                f"cannot be opened: {error.strerror}",
                place=str(path),
                hint="Check that the file is there and that this user may read it.",
            ) from None
        sweep = Sweep(settings)
        with stream, Windows(stream, progress) as windows:
            try:
                head = windows.data[windows.start : windows.start + 4].tobytes()
                walk = _pcapng if head == PCAPNG_MAGIC else _pcap
                stopped = walk(windows, sweep)
                windows.drained()
            except OSError as error:
                raise InputError(
                    f"cannot be read to its end: {error.strerror}",
                    place=str(path),
                    hint="Check the disk or the network share it lies on, then run again.",
                ) from None
            digest = windows.sha256
        source = str(path)
        if stopped is not None:
            code, where, what, hint = stopped
            note(Problem(code, source, what, hint, offset=where, lost_bytes=max(size - where, 0)))
        flows = sweep.flows()
        for problem in _shortcomings(sweep, source):
            note(problem)
        return Reading(
            flows=flows.drop_columns(["file"]),
            packets=sweep.counted(PACKETS_READ),
            not_ip=sweep.counted(NOT_IP),
            bytes_on_wire=sweep.counted(WIRE_BYTES),
            sha256=digest,
        )


Stopped = tuple[str, int, str, str] | None
"""Where reading stopped before the end: code, offset, what is wrong, hint."""


def _pcap(windows: Windows, sweep: Sweep) -> Stopped:
    begin = windows.start
    if windows.end - begin < 24:
        where = windows.offset + begin
        return "truncated-header", where, "The file ends inside its own header.", CUT
    head = windows.data[begin : begin + 24].tobytes()
    swapped, nanoseconds = PCAP_MAGICS[head[:4]]
    snap, link = struct.unpack_from("<II" if swapped else ">II", head, 16)
    place = begin + 24
    while True:
        place, why = records.pcap_records(
            sweep.state, windows.data, place, windows.end, swapped, nanoseconds, snap, link & 0xFFFF
        )
        if why == DAMAGED:
            captured = struct.unpack_from(
                "<I" if swapped else ">I", windows.data[place + 8 : place + 12].tobytes()
            )[0]
            what = f"The record claims {captured:,} bytes of one packet: it is damaged."
            return "damaged-record", windows.offset + place, what, DAMAGE
        if why != MORE:
            sweep.make_room(why)
            continue
        if windows.finished:
            if place < windows.end:
                what = "The file ends inside a packet record."
                return "truncated-record", windows.offset + place, what, CUT
            return None
        windows.advance(place)
        place = windows.start


def _pcapng(windows: Windows, sweep: Sweep) -> Stopped:
    interfaces = np.zeros((16, INTERFACE_WIDTH), np.int64)
    known = 0
    swapped = True
    place = windows.start
    while True:
        place, why = records.pcapng_blocks(
            sweep.state, windows.data, place, windows.end, swapped, interfaces, known
        )
        where = windows.offset + place
        if why == BLOCK:
            head = windows.data[place : place + 12].tobytes()
            section = head[:4] == PCAPNG_MAGIC
            if section:
                if head[8:] not in (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d"):
                    what = "A section header carries no known byte order."
                    return "damaged-record", where, what, DAMAGE
                swapped = head[8:] == b"\x4d\x3c\x2b\x1a"
                known = 0
            (size,) = struct.unpack_from("<I" if swapped else ">I", head, 4)
            if not (28 if section else 20) <= size <= records.MOST_BLOCK or size % 4:
                what = f"A block claims a length of {size:,} bytes: it is damaged."
                return "damaged-record", where, what, DAMAGE
            if place + size > windows.end:
                why = MORE
            else:
                block = windows.data[place : place + size].tobytes()
                if block[-4:] != head[4:8]:
                    what = "The two lengths of a block differ: it is damaged."
                    return "damaged-record", where, what, DAMAGE
                if not section:
                    if known == MOST_INTERFACES:
                        what = f"A section names more than {MOST_INTERFACES:,} interfaces."
                        return "damaged-record", where, what, DAMAGE
                    if known == len(interfaces):
                        interfaces = np.concatenate([interfaces, np.zeros_like(interfaces)])
                    _interface(block, swapped, interfaces[known])
                    known += 1
                place += size
                continue
        if why == DAMAGED:
            what = "A block's length, interface or packet size makes no sense: it is damaged."
            return "damaged-record", where, what, DAMAGE
        if why != MORE:
            sweep.make_room(why)
            continue
        if windows.finished:
            if place < windows.end:
                return "truncated-record", where, "The file ends inside a block.", CUT
            return None
        windows.advance(place)
        place = windows.start


def _interface(block: bytes, swapped: bool, interface: Ints) -> None:
    """Fills one row of the interface table from an Interface Description Block (section 4.2)."""
    order = "<" if swapped else ">"
    link, _, snap = struct.unpack_from(order + "HHI", block, 8)
    interface[LINK] = link
    interface[SNAP] = snap
    interface[TIME_KIND], interface[TIME_BY] = 0, 1000  # microseconds unless told otherwise
    place = 16
    while place + 8 <= len(block):
        code, length = struct.unpack_from(order + "HH", block, place)
        value = block[place + 4 : min(place + 4 + length, len(block) - 4)]
        if code == 0:
            break
        if code == 9 and len(value) >= 1:
            resolution = value[0] & 0x7F
            if value[0] & 0x80:
                interface[TIME_KIND], interface[TIME_BY] = 2, min(resolution, 62)
            elif resolution <= 9:
                interface[TIME_KIND], interface[TIME_BY] = 0, 10 ** (9 - resolution)
            else:
                interface[TIME_KIND], interface[TIME_BY] = 1, 10 ** min(resolution - 9, 18)
        elif code == 14 and len(value) >= 8:
            (seconds,) = struct.unpack_from(order + "q", value)
            interface[TIME_OFFSET] = min(max(seconds, -(2**33)), 2**33) * 1_000_000_000
        place += 4 + (length + 3) // 4 * 4


def _shortcomings(sweep: Sweep, source: str) -> list[Problem]:
    """What the packets themselves did not show, one problem per kind."""
    link = sweep.counted(LINK_UNKNOWN_TYPE)
    whole = "Capture with a larger snap length (`tcpdump -s 0`)."
    told = (
        (LINK_UNKNOWN, "unknown-link-type",
         f"packets have link type {link}, which is not read; they are in no flow.",
         "Convert the capture with `editcap -T ether`, or capture on an Ethernet interface."),
        (HEADERS_CUT, "cut-header",
         "packets have an IP header that is cut off or not valid; they are in no flow.", whole),
        (PORTS_CUT, "cut-ports",
         "packets are cut off before their ports; they count in flows without ports.", whole),
        (FRAGMENTS_LOST, "lost-fragment",
         "IP fragments came without their first one; they count in flows without ports.", whole),
        (NO_TIME, "no-time",
         "packets carry no time (simple packet blocks); they got that of the packet before.", ""),
        (BAD_TIME, "bad-time", "packets carry a time outside 1970-2262; they were given 1970.",
         "Check the clock of the sensor."),
        (SNAPPED, "snapped",
         "packets lack their end (snap length); their bytes count, their content was not seen.",
         whole),
    )  # fmt: skip
    return [
        Problem(code, source, f"{sweep.counted(counter):,} {what}", hint,
                count=sweep.counted(counter))
        for counter, code, what, hint in told
        if sweep.counted(counter)
    ]  # fmt: skip

"""What a capture file says of itself: its header, and the blocks that are no packets.

pcap: draft-ietf-opsawg-pcap, Kuznetzov's form with longer record headers, IXIA's with a longer
file header. pcapng: draft-ietf-opsawg-pcapng sections 4.1, 4.2, 4.5 and 4.7.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.readers.capture import form as forms
from auditor.readers.capture import records
from auditor.readers.capture.layout import (
    INTERFACE_WIDTH, LINK, SNAP, TIME_BY, TIME_KIND, TIME_OFFSET,
)  # fmt: skip
from auditor.readers.reading import Annotations, Comment, Secrets

if TYPE_CHECKING:
    from auditor.readers.capture.layout import Bytes, Ints

PCAP: Final = {
    0xA1B2C3D4: (16, 1000, 24),
    0xA1B23C4D: (16, 1, 24),
    0xA1B2CD34: (24, 1000, 24),
    0x1C0001AB: (16, 1000, 28),
    0x1C0001AC: (16, 1000, 28),
}
"""Magic number of a pcap file: bytes of a record header, ns per unit of time, file header."""

PCAPNG: Final = b"\x0a\x0d\x0d\x0a"
MOST_INTERFACES: Final = 1 << 16
MOST_COMMENTS: Final = 1000
LONGEST_COMMENT: Final = 1000
MOST_NAMES: Final = 1 << 16
MOST_SECRETS: Final = 1000

_SECRETS: Final = {
    0x544C534B: "tls", 0x53534B4C: "ssh", 0x57474B4C: "wireguard", 0x5A4E574B: "zigbee-nwk",
    0x5A415053: "zigbee-aps", 0x55414B4C: "opc-ua",
}  # fmt: skip


def is_capture(head: bytes) -> bool:
    """Whether a file that begins so is a capture."""
    return head[:4] == PCAPNG or _magic(head) is not None


def _magic(head: bytes) -> tuple[str, int] | None:
    """Byte order and magic number of a pcap file."""
    if len(head) < 4:
        return None
    for order in "<>":
        (magic,) = struct.unpack_from(order + "I", head)
        if magic in PCAP:
            return order, magic
    return None


class Container:
    """One capture file while it is walked: the row of ``form``, interfaces, and what was said.

    Attributes:
        form: see ``form.py``.
        interfaces: rows of the interface table of ``layout``.
        gaps: begin and length of stretches that could not be read.
        places: where comments stand in the window.
        begin: bytes of the file header; -1 = the file ends inside it.
    """

    def __init__(self, head: bytes) -> None:
        self.form: Ints = np.zeros(forms.WIDTH, np.int64)
        self.interfaces: Ints = np.zeros((16, INTERFACE_WIDTH), np.int64)
        self.gaps: Ints = np.zeros((forms.MOST_GAPS, 2), np.int64)
        self.places: Ints = np.zeros((forms.COMMENT_ROWS, 2), np.int64)
        self.begin = 0
        self._comments: list[Comment] = []
        self._comment_count = 0
        self._names: dict[tuple[str, str], None] = {}
        self._secrets: list[Secrets] = []
        form = self.form
        form[forms.LAST] = form[forms.GAP_FROM] = -1
        if head[:4] == PCAPNG:
            form[forms.PCAPNG] = 1
            form[forms.SWAPPED] = head[8:12] != b"\x1a\x2b\x3c\x4d"
        else:
            self._pcap(head)

    @property
    def annotations(self) -> Annotations:
        """What the file says besides its packets."""
        return Annotations(
            tuple(self._comments), self._comment_count, tuple(self._names), tuple(self._secrets)
        )

    def taken_comments(self, data: Bytes, offset: int) -> None:
        """Takes the comments whose places the walk has noted in this window."""
        found = int(self.form[forms.COMMENTS])
        self.form[forms.COMMENTS] = 0
        for begin, stop in self.places[: min(found, len(self.places))].tolist():
            text = data[begin : min(stop, begin + 4 * LONGEST_COMMENT)].tobytes()
            self._comment(text, offset + begin)
        self._comment_count += max(found - len(self.places), 0)

    def block(self, data: Bytes, place: int, end: int) -> int | None:
        """Reads the section header, interface, names or secrets at ``place``.

        Returns the place behind it; null if its end is behind the window. Where it is damaged,
        a gap begins, and what can be known of it is kept.
        """
        form = self.form
        head = data[place : place + 12].tobytes()
        section = head[:4] == PCAPNG
        sound = True
        if section:
            sound = head[8:] in (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d")
            if sound:
                form[forms.SWAPPED] = head[8:] == b"\x4d\x3c\x2b\x1a"
                form[forms.KNOWN] = 0
        kind, size = struct.unpack_from(self.order + "II", head)
        least = 28 if section else 20 if kind in (1, 10) else 12
        sound = sound and least <= size <= records.MOST_BLOCK and size % 4 == 0
        if sound and place + size > end:
            if not form[forms.FINISHED]:
                return None
            # cut off, unless the length itself is damaged and more stands behind it
            _, answer = records.sought(data, place + 1, end, form)
            if answer != records.YES:
                return None
            sound = False
        if sound:
            block = data[place : place + size].tobytes()
            sound = block[-4:] == block[4:8]
        else:
            block = data[place : min(place + 256, end)].tobytes()
        offset = int(form[forms.OFFSET]) + place
        if kind == 1 and len(block) >= 20:
            sound = self._interface(block, offset, sound=sound) and sound
        elif sound and section:
            for code, value, at in self._options(block, 24):
                if code == 1:
                    self._comment(value, offset + at)
        elif sound and kind == 4:
            self._resolved(block)
        elif sound and kind == 10:
            secret, length = struct.unpack_from(self.order + "II", block, 8)
            if len(self._secrets) < MOST_SECRETS:
                name = _SECRETS.get(secret, f"0x{secret:08x}")
                self._secrets.append(Secrets(name, offset + 16, min(length, size - 20)))
        if sound:
            return place + int(size)
        form[forms.GAP_FROM] = offset
        return place + 1

    @property
    def order(self) -> str:
        """Byte order, as ``struct`` names it."""
        return "<" if self.form[forms.SWAPPED] else ">"

    def _pcap(self, head: bytes) -> None:
        found = _magic(head)
        if found is None or len(head) < PCAP[found[1]][2]:
            self.begin = -1
            return
        order, magic = found
        header, scale, self.begin = PCAP[magic]
        snap, network = struct.unpack_from(order + "II", head, 16)
        form = self.form
        form[forms.SWAPPED] = order == "<"
        form[forms.HEADER], form[forms.SCALE] = header, scale
        form[forms.SNAP_LENGTH], form[forms.LINKTYPE] = snap, network & 0xFFFF
        # above the link type: 4 bits length of the check sequence in 16-bit words, if bit 26 is set
        form[forms.FCS] = (network >> 28) * 2 if network >> 26 & 1 else 0
        largest = max(records.MOST_CAPTURED, snap)
        form[forms.MOST] = largest if snap <= records.MOST_BLOCK else records.MOST_BLOCK

    def _comment(self, value: bytes, offset: int) -> None:
        self._comment_count += 1
        if len(self._comments) < MOST_COMMENTS:
            text = value.decode("utf-8", "replace")[:LONGEST_COMMENT]
            self._comments.append(Comment(offset, text))

    def _options(self, block: bytes, place: int) -> list[tuple[int, bytes, int]]:
        """Code, value and place of the options of a block, up to their end."""
        found = []
        while place + 8 <= len(block):
            code, length = struct.unpack_from(self.order + "HH", block, place)
            if code == 0 or place + 4 + length > len(block) - 4:
                break
            found.append((code, block[place + 4 : place + 4 + length], place + 4))
            place += 4 + (length + 3) // 4 * 4
        return found

    def _interface(self, block: bytes, offset: int, *, sound: bool) -> bool:
        """Takes an Interface Description Block (section 4.2) into the table."""
        known = int(self.form[forms.KNOWN])
        if known == MOST_INTERFACES:
            return False
        if known == len(self.interfaces):
            self.interfaces = np.concatenate([self.interfaces, np.zeros_like(self.interfaces)])
        interface = self.interfaces[known]
        interface[:] = 0
        link, _, snap = struct.unpack_from(self.order + "HHI", block, 8)
        interface[LINK] = link
        interface[SNAP] = snap
        interface[TIME_KIND], interface[TIME_BY] = 0, 1000  # microseconds unless told otherwise
        for code, value, at in self._options(block, 16):
            if not sound and code > 32:
                break  # of a damaged block the end is not known
            if code == 1:
                self._comment(value, offset + at)
            elif code == 9 and len(value) >= 1:
                resolution = value[0] & 0x7F
                if value[0] & 0x80:
                    interface[TIME_KIND], interface[TIME_BY] = 2, min(resolution, 62)
                elif resolution <= 9:
                    interface[TIME_KIND], interface[TIME_BY] = 0, 10 ** (9 - resolution)
                else:
                    interface[TIME_KIND], interface[TIME_BY] = 1, 10 ** min(resolution - 9, 18)
            elif code == 14 and len(value) >= 8:
                (seconds,) = struct.unpack_from(self.order + "q", value)
                interface[TIME_OFFSET] = min(max(seconds, -(2**33)), 2**33) * 1_000_000_000
        self.form[forms.KNOWN] = known + 1
        return True

    def _resolved(self, block: bytes) -> None:
        """Takes the names of a Name Resolution Block (section 4.5)."""
        place = 8
        while place + 8 <= len(block) and len(self._names) < MOST_NAMES:
            kind, length = struct.unpack_from(self.order + "HH", block, place)
            value = block[place + 4 : min(place + 4 + length, len(block) - 4)]
            if kind == 0 or len(value) < length:
                break
            size = {1: 4, 2: 16}.get(kind)
            if size is not None and length > size:
                address = str(ipaddress.ip_address(value[:size]))
                for name in value[size:].split(b"\0"):
                    if name and len(self._names) < MOST_NAMES:
                        self._names[address, name[:255].decode("utf-8", "replace")] = None
            place += 4 + (length + 3) // 4 * 4


def first_time(head: bytes) -> int | None:
    """Time of the first packet in ns, if it stands in the first bytes of the file."""
    container = Container(head)
    data = np.frombuffer(bytearray(head), np.uint8)
    if container.begin < 0:
        return None
    form = container.form
    if not form[forms.PCAPNG]:
        at = container.begin
        if len(head) < at + 16:
            return None
        seconds, fraction = struct.unpack_from(container.order + "II", head, at)
        return int(seconds * 1_000_000_000 + fraction * form[forms.SCALE])
    return _first_block(container, head, data)


def last_time(head: bytes, tail: bytes) -> int | None:
    """Time of the last packet in ns among the last bytes of a file that begins with ``head``."""
    container = Container(head)
    if container.begin < 0:
        return None
    if container.form[forms.PCAPNG]:
        _first_block(container, head, np.frombuffer(bytearray(head), np.uint8))
        container.form[forms.GAP_FROM] = -1
    container.form[forms.FINISHED] = 1
    data = np.frombuffer(bytearray(tail), np.uint8)
    time = int(records.last_time(data, len(data), container.form, container.interfaces))
    return time if time >= 0 else None


def _first_block(container: Container, head: bytes, data: Bytes) -> int | None:
    place = 0
    while place + 28 <= len(head):
        kind, size = struct.unpack_from(container.order + "II", head, place)
        if head[place : place + 4] == PCAPNG or kind in (1, 4, 10):
            after = container.block(data, place, len(head))
            if after is None or container.form[forms.GAP_FROM] >= 0:
                return None
            place = after
            continue
        if kind in (6, 2):
            wide = "I" if kind == 6 else "H"
            (number,) = struct.unpack_from(container.order + wide, head, place + 8)
            if number >= container.form[forms.KNOWN]:
                return None
            high, low = struct.unpack_from(container.order + "II", head, place + 12)
            time = int(records.time_of_block(container.interfaces, number, high, low))
            return time if time >= 0 else None
        if kind == 3 or size < 12 or size % 4:
            return None
        place += size
    return None

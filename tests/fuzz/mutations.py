"""Damages captures in the ways that captures come damaged, and in the ways that attackers choose.

Every change is drawn from a ``random.Random``: the same seed gives the same bytes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

ODD = (0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 20, 31, 32, 64, 127, 128, 129, 254, 255)
LENGTHS = (0, 1, 7, 8, 19, 20, 39, 40, 0x7F, 0xFF, 0x5DC, 0x7FFF, 0x8000, 0xFFF8, 0xFFFF)
LONG = (0, 1, 0xFF, 0xFFFF, 0x10000, 0x40000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF)
LINKS = (0, 1, 6, 9, 12, 14, 50, 51, 101, 104, 105, 108, 113, 119, 127, 147, 163, 192, 195, 226,
         228, 229, 239, 253, 276, 0xFFFF)  # fmt: skip
KINDS = (0x0800, 0x86DD, 0x8100, 0x88A8, 0x8847, 0x8864, 0x6558, 0x88BE, 0x880B, 0x0806, 0x0005)
PROTOCOLS = (0, 1, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 115, 132, 135, 136, 255)
PORTS = (53, 80, 443, 784, 1701, 2152, 3544, 4789, 4790, 5353, 5355, 6081, 8472, 1194, 51820)
PCAP_MAGICS = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d",
               b"\x34\xcd\xb2\xa1", b"\xa1\xb2\xcd\x34")  # fmt: skip


def records_of(content: bytes) -> list[tuple[int, int]]:
    """Where the records of a pcap file, or the blocks of a pcapng file, begin and end."""
    found = []
    if content[:4] in PCAP_MAGICS:
        order = "<" if content[0] in (0xD4, 0x4D, 0x34) else ">"
        extra = 8 if 0x34 in (content[0], content[3]) else 0  # Kuznetzov's longer record header
        place = 24
        while place + 16 <= len(content):
            end = place + 16 + extra + struct.unpack_from(order + "I", content, place + 8)[0]
            if end > len(content):
                break
            found.append((place, end))
            place = end
    elif content[:4] == b"\x0a\x0d\x0d\x0a" and len(content) >= 12:
        order = "<" if content[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
        place = 0
        while place + 12 <= len(content):
            end = place + struct.unpack_from(order + "I", content, place + 4)[0]
            if end > len(content) or end < place + 12:
                break
            found.append((place, end))
            place = end
    return found


def _flip(draw: Random, content: bytearray, other: bytes) -> None:
    content[draw.randrange(len(content))] = draw.choice((*ODD, draw.randrange(256)))


def _flip_a_bit(draw: Random, content: bytearray, other: bytes) -> None:
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)


def _cut(draw: Random, content: bytearray, other: bytes) -> None:
    del content[draw.randrange(4, len(content) + 1) :]


def _leave_out(draw: Random, content: bytearray, other: bytes) -> None:
    place = draw.randrange(len(content))
    del content[place : place + draw.randrange(1, 40)]


def _garbage(draw: Random, content: bytearray, other: bytes) -> None:
    place = draw.randrange(len(content))
    content[place:place] = draw.randbytes(draw.choice((1, 3, 16, 60, 4000)))


def _repeat(draw: Random, content: bytearray, other: bytes) -> None:
    """A record comes twice, perhaps many times, perhaps elsewhere."""
    if records := records_of(content):
        begin, end = draw.choice(records)
        place = draw.choice(records)[0]
        content[place:place] = content[begin:end] * draw.choice((1, 1, 2, 50))


def _swap(draw: Random, content: bytearray, other: bytes) -> None:
    """Two records change places."""
    if len(records := records_of(content)) > 1:
        (a, b), (c, d) = sorted(draw.sample(records, 2))
        content[a:d] = content[c:d] + content[b:c] + content[a:b]


def _splice(draw: Random, content: bytearray, other: bytes) -> None:
    """The beginning of one file and the end of another."""
    ours, theirs = records_of(content), records_of(other)
    place = draw.choice(ours)[0] if ours and draw.random() < 0.7 else draw.randrange(len(content))
    begin = draw.choice(theirs)[0] if theirs else draw.randrange(len(other))
    content[place:] = other[begin : begin + 200_000]


def _record_header(draw: Random, content: bytearray, other: bytes) -> None:
    """A time or a length of a record says something odd."""
    if records := records_of(content):
        begin, _ = draw.choice(records)
        place = begin + draw.choice((0, 4, 8, 12, 20, 24))
        _number(draw, content, place, LONG, "I")


def _link(draw: Random, content: bytearray, other: bytes) -> None:
    """Another link type."""
    kind = draw.choice(LINKS)
    if content[:4] in PCAP_MAGICS:
        _put(content, 20, struct.pack("<I" if content[0] in (0xD4, 0x4D, 0x34) else ">I", kind))
        return
    places = [begin for begin, _ in records_of(content)]
    described = [place for place in places if content[place] == 1 or content[place + 3] == 1]
    if described:
        _put(content, draw.choice(described) + 8, struct.pack("<H", kind))


def _inside(draw: Random, content: bytearray, other: bytes) -> None:
    """A field somewhere in the headers of a packet: lengths, protocols, ports."""
    if records := records_of(content):
        begin, end = draw.choice(records)
        place = begin + 16 + draw.randrange(max(min(end - begin - 16, 120), 1))
        values = draw.choice((LENGTHS, KINDS, PORTS, PROTOCOLS))
        _number(draw, content, place, values, "B" if values is PROTOCOLS else "H")


def _name(draw: Random, content: bytearray, other: bytes) -> None:
    """Text in the place of other text."""
    marks = (b"Host:", b"\x16\x03\x01", b"\x00\x00\x00", b"\xc0\x0c", b"HTTP/1.1", b"GET ")
    mark = draw.choice(marks)
    place = content.find(mark, draw.randrange(len(content)))
    if place >= 0:
        text = draw.choice(
            (b"\xc0\x0c" * 40, b"\xff" * 300, b"\0" * 20, b"Host: x\r\n" * 30, b"\r\n")
        )
        _put(content, place + len(mark), text)


def _number(
    draw: Random, content: bytearray, place: int, values: tuple[int, ...], kind: str
) -> None:
    value = draw.choice(values) & (256 ** struct.calcsize(kind) - 1)
    _put(content, place, struct.pack(draw.choice("<>") + kind, value))


def _put(content: bytearray, place: int, data: bytes) -> None:
    data = data[: max(len(content) - place, 0)]
    content[place : place + len(data)] = data


CHANGES: tuple[Callable[[Random, bytearray, bytes], None], ...] = (
    _flip, _flip, _flip_a_bit, _cut, _leave_out, _garbage, _repeat, _swap, _splice,
    _record_header, _link, _inside, _inside, _inside, _name,
)  # fmt: skip


def mutated(draw: Random, content: bytes, other: bytes) -> bytes:
    """``content`` after one to some dozens of changes; ``other`` is what may be spliced in."""
    out = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 3, 5, 10, 40))):
        draw.choice(CHANGES)(draw, out, other)
        if len(out) < 24:
            out += content[: 24 - len(out)]
    return bytes(out)

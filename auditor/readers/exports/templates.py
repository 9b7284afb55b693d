"""Templates of NetFlow v9 (RFC 3954, 5) and IPFIX (RFC 7011, 3.4), and records as they tell.

Information elements by number: IANA's IPFIX registry, which has the numbers of NetFlow v9 below
128; 40001-40005 are Cisco's older ones for NSEL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

Ints = npt.NDArray[np.int64]

VARIABLE: Final = 0xFFFF
REVERSE_PEN: Final = 29305  # RFC 5103: the same element, of the way back
REVERSE: Final = 1 << 16

NUMBERS: Final = frozenset((
    1, 2, 4, 6, 7, 10, 11, 14, 21, 22, 23, 24, 34, 36, 48, 50, 58, 60, 61, 85, 86, 89, 148, 150,
    151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161, 162, 227, 228, 230, 231, 232, 233, 239,
    243, 298, 299, 302, 305, 306, 309, 310, 322, 323, 324, 325, 40003, 40004, 40005,
    REVERSE | 1, REVERSE | 2, REVERSE | 6, REVERSE | 85, REVERSE | 86,
))  # fmt: skip
"""Elements that are read as numbers of up to eight bytes."""

FOUR: Final = frozenset((8, 12, 225, 226, 40001, 40002))
SIXTEEN: Final = frozenset((27, 28, 281, 282))
"""Elements that are IPv4 and IPv6 addresses."""

TWO_WAYS: Final = frozenset((REVERSE | 1, REVERSE | 2, REVERSE | 85, REVERSE | 86))
"""Elements of records that tell of both ways of a flow."""

INITIATED: Final = frozenset((231, 232, 239, 298, 299))
"""Elements of records that tell who opened the flow: counters of initiator and responder, the
direction itself."""

EVENTS: Final = (233, 40005)
"""Elements that tell of an event of a firewall: today's, and Cisco's older one."""


def are_events(elements: AbstractSet[int]) -> bool:
    """Whether records are events of whole connections, as Cisco's firewalls tell of them (NSEL).

    Others send events with the counters of one way (1), as everybody sends these.
    """
    return not elements.isdisjoint(EVENTS) and 1 not in elements


def tell_initiator(elements: AbstractSet[int]) -> bool:
    """Whether records with these elements tell who opened the flow."""
    return not elements.isdisjoint(INITIATED) or are_events(elements)


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """How records of one kind are laid out.

    Attributes:
        kind: the fields that are read, at their places in a record; of records with fields of
            varying length, in a record without these.
        size: bytes of that.
        runs: of records with fields of varying length: the bytes before each such field, and
            those behind the last; empty for others.
        elements: numbers of the elements that are read.
        scope: how many of them are the scope of options; -1 = these are no options.
        strangers: numbers of enterprises whose elements are not read.
    """

    kind: np.dtype[Any]
    size: int
    runs: tuple[int, ...]
    elements: frozenset[int]
    scope: int
    strangers: frozenset[int] = field(default=frozenset())

    @property
    def placed(self) -> bool:
        """Whether its records have two IP addresses."""
        return {8, 12} <= self.elements or {27, 28} <= self.elements

    @property
    def initiated(self) -> bool:
        """Whether its records tell who opened the flow."""
        return tell_initiator(self.elements)

    def whole(self, body: bytes) -> bytes:
        """The records of a set, each without its fields of varying length, padding left out."""
        if not self.runs:
            return body[: len(body) // self.size * self.size]
        records: list[bytes] = []
        place, size = 0, len(body)
        while True:
            parts: list[bytes] = []
            for run in self.runs[:-1]:
                parts.append(body[place : place + run])
                place += run
                if place >= size:
                    return b"".join(records)
                length = body[place]
                place += 1
                if length == 255:
                    length = int.from_bytes(body[place : place + 2], "big")
                    place += 2
                place += length
            parts.append(body[place : place + self.runs[-1]])
            place += self.runs[-1]
            if place > size:
                return b"".join(records)
            records += parts

    def values(self, records: bytes) -> dict[int, Any]:
        """The fields of records as columns: numbers, or rows of 16 bytes, by element."""
        table = np.frombuffer(records, self.kind)
        columns: dict[int, Any] = {}
        for name in self.kind.names or ():
            column, element = table[name], int(name)
            if element in SIXTEEN:
                columns[element] = np.ascontiguousarray(column)
            elif column.ndim == 1:
                columns[element] = column.astype(np.int64)
            else:
                number = np.zeros(len(table), np.int64)
                for place in range(column.shape[1]):
                    number = number << 8 | column[:, place]
                columns[element] = number
        return columns


def template(fields: list[tuple[int, int, int]], scope: int = -1) -> Template | None:
    """A template of fields (element, length, enterprise); none if its records have no bytes."""
    names: list[str] = []
    formats: list[Any] = []
    offsets: list[int] = []
    strangers: set[int] = set()
    runs: list[int] = []
    place = begin = 0
    for number, length, enterprise in fields:
        element = number | REVERSE if enterprise == REVERSE_PEN else number
        if enterprise not in (0, REVERSE_PEN):
            strangers.add(enterprise)
        if length == VARIABLE:
            runs.append(place - begin)
            begin = place
            continue
        layout = _layout(element, length) if enterprise in (0, REVERSE_PEN) else None
        if layout is not None and str(element) not in names:
            names.append(str(element))
            formats.append(layout)
            offsets.append(place)
        place += length
    if runs:
        runs.append(place - begin)
    if not place:
        return None
    kind = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": place})
    elements = frozenset(int(name) for name in names)
    return Template(kind, place, tuple(runs), elements, scope, frozenset(strangers))


def _layout(element: int, length: int) -> Any:  # noqa: ANN401 - what numpy takes for a type
    if element in FOUR:
        return ">u4" if length == 4 else None
    if element in SIXTEEN:
        return ("u1", (16,)) if length == 16 else None
    if element not in NUMBERS or not 1 <= length <= 8:
        return None
    return f">u{length}" if length in (1, 2, 4, 8) else ("u1", (length,))


_V5: Final = template([
    (8, 4, 0), (12, 4, 0), (15, 4, 0), (10, 2, 0), (14, 2, 0), (2, 4, 0), (1, 4, 0), (22, 4, 0),
    (21, 4, 0), (7, 2, 0), (11, 2, 0), (210, 1, 0), (6, 1, 0), (4, 1, 0), (5, 1, 0), (16, 2, 0),
    (17, 2, 0), (9, 1, 0), (13, 1, 0), (210, 2, 0),
])  # fmt: skip
assert _V5 is not None  # noqa: S101 - it has fields
V5: Final = _V5
"""The records of NetFlow v5, which has no templates, in the numbers of IPFIX."""

"""What runs for every record and has no counterpart in Arrow, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from auditor.readers.capture.numbers import compiled, entry, mixed

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

DOT, ZERO, NINE = 46, 48, 57
SEED = 0x5DEECE66D
NOTHING = -(1 << 63)
"""Stands for null among numbers."""

V6 = 1 << 62
"""Keys of other texts than IPv4 addresses have this bit."""


@entry
def _addressed(offsets: Any, data: Any, keys: Any) -> int:  # noqa: ANN401 - compiled
    """Writes the number of each IPv4 address into ``keys``, -1 for other texts; counts these."""
    others = 0
    for row in range(keys.shape[0]):
        place, end = offsets[row] + 0, offsets[row + 1] + 0
        value, octet, digits, dots = 0, 0, 0, 0
        good = end - place <= 15
        while place < end and good:
            letter = data[place] + 0
            if letter == DOT:
                good = digits > 0
                value = value << 8 | octet
                octet, digits, dots = 0, 0, dots + 1
            elif ZERO <= letter <= NINE:
                good = digits == 0 or octet > 0  # 010 is 8 to some and 10 to others
                octet = octet * 10 + letter - ZERO
                digits += 1
                good = good and octet < 256
            else:
                good = False
            place += 1
        if good and dots == 3 and digits > 0:
            keys[row] = value << 8 | octet
        else:
            keys[row] = -1
            others += 1
    return others


@compiled
def _hash(data: Any, place: int, end: int) -> int:  # noqa: ANN401 - compiled
    value = end - place + SEED
    while place < end:
        value = mixed(value, data[place] + 0)
        place += 1
    return value


@entry
def _hashed(offsets: Any, data: Any, keys: Any) -> None:  # noqa: ANN401 - compiled
    for row in range(keys.shape[0]):
        keys[row] = _hash(data, offsets[row] + 0, offsets[row + 1] + 0)


@entry
def added(keys: Any, more: Any, place: int) -> None:  # noqa: ANN401 - compiled
    """Adds a hash of each number, which depends on ``place`` too; ``NOTHING`` adds none."""
    for row in range(keys.shape[0]):
        if more[row] != NOTHING:
            keys[row] += mixed(mixed(more[row], SEED), place)


def buffers(texts: pa.Array) -> tuple[Any, Any]:
    """Offsets and bytes of an array of texts without its nulls' bits."""
    _, offsets, data = texts.buffers()
    kind = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    size = np.dtype(kind).itemsize
    starts = np.frombuffer(offsets, kind, len(texts) + 1, texts.offset * size).astype(np.int64)
    letters = np.frombuffer(data, np.uint8) if data and data.size else np.zeros(1, np.uint8)
    return starts, letters


def ipv4_keys(texts: pa.StringArray) -> tuple[Ints, int]:
    """The number of each dotted quad; -1 for other texts; and how many these are."""
    keys = np.full(len(texts), -1, np.int64)
    others = _addressed(*buffers(texts), keys) if len(texts) else 0
    return keys, int(others)


def text_keys(texts: pa.StringArray) -> Ints:
    """A 64-bit hash of each text (of nothing for null); not keyed, not for secrets."""
    keys = np.zeros(len(texts), np.int64)
    if len(texts):
        _hashed(*buffers(texts), keys)
    return keys


def combined(columns: list[Ints]) -> Ints:
    """One 64-bit hash of several numbers, row by row."""
    keys = columns[0].astype(np.int64)
    for place, column in enumerate(columns[1:], start=1):
        added(keys, np.ascontiguousarray(column, np.int64), place)
    return keys

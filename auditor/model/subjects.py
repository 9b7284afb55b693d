"""How many different values were seen, without keeping any: keyed hashes, and a sketch of many.

A value becomes the first 8 bytes of HMAC-SHA256 under a key that stays in the store; the name of
its detector goes into the message, so that hashes of two detectors can never be compared. Two
different values share a hash by chance once in 2^64 pairs: among a million values, with a chance of
one in 37 million.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

MOST_EXACT: Final = 1_000_000
"""Up to so many different hashes are kept, and the count is exact."""

SKETCH: Final = 65_536
"""Beyond, the smallest hashes only (k minimum values; Beyer and others, SIGMOD 2007)."""

STANDARD_ERROR: Final = 1 / math.sqrt(SKETCH - 2)
"""Of an estimate, relative: 0.39 %."""

KEY_BYTES: Final = 32
_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_FRESH: Final = 65_536
_FEW: Final = 1_024  # hashes that are sooner put to those told lately than into the order of all
_EXACT_FORM: Final = b"\x01E"
_SKETCH_FORM: Final = b"\x01S"


class Hashing:
    """Keyed hashes of one detector's values."""

    def __init__(self, key: bytes, detector: str) -> None:
        """``key``: ``KEY_BYTES`` random bytes.

        Raises:
            ValueError: the key has another length.
        """
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key has {len(key)} bytes instead of {KEY_BYTES}")
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(padded.translate(_INNER) + detector.encode() + b"\0")
        self._outer = hashlib.sha256(padded.translate(_OUTER))

    def of(self, value: bytes) -> int:
        """The hash of a value."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value)
        outer.update(inner.digest())
        return int.from_bytes(outer.digest()[:8], "little")

    def of_many(self, values: Iterable[bytes]) -> Hashes:
        """The hashes of values, in their order."""
        # HMAC spelled out (RFC 2104): its two halves begin alike for all values, which makes it
        # twice as fast as hmac.digest
        inner_copy, outer_copy = self._inner.copy, self._outer.copy
        digests = bytearray()
        for value in values:
            inner = inner_copy()
            inner.update(value)
            outer = outer_copy()
            outer.update(inner.digest())
            digests += outer.digest()
        firsts = np.frombuffer(bytes(digests), "<u8")[:: self._outer.digest_size // 8]
        return firsts.astype(np.uint64)


_NONE: Final = np.empty(0, np.uint64)


class Subjects:
    """A set of hashes of which only the size is asked.

    What it holds depends on the set alone, not on the order or the parts in which it was told.
    Up to ``MOST_EXACT`` different hashes the count is exact; beyond, it is an estimate from the
    ``SKETCH`` smallest ones, with a relative standard error of 1/sqrt(SKETCH - 2).
    """

    __slots__ = ("_exact", "_fresh", "_sorted")

    def __init__(self, hashes: Hashes | None = None) -> None:
        self._sorted: Hashes = _NONE
        self._fresh: set[int] = set()
        self._exact = True
        if hashes is not None:
            self.add_many(hashes)

    def add(self, value: int) -> bool:
        """One hash; false = it is among those told lately."""
        if value in self._fresh:
            return False
        self._fresh.add(value)
        if len(self._fresh) >= _FRESH:
            self._settle()
        return True

    def add_many(self, hashes: Hashes) -> None:
        """Many, in any order, also repeated."""
        if len(hashes) <= _FEW:
            self._add_few(hashes.tolist())
        else:
            self._settle()
            self._take(hashes)

    def update(self, other: Subjects) -> None:
        """All of another set."""
        if len(other._fresh) + len(other._sorted) <= _FEW and other._exact:
            self._add_few(other._fresh)
            self._add_few(other._sorted.tolist())
            return
        other._settle()
        self._settle()
        self._exact = self._exact and other._exact
        self._take(other._sorted)

    def _add_few(self, hashes: Iterable[int]) -> None:
        self._fresh.update(hashes)
        if len(self._fresh) >= _FRESH:
            self._settle()

    def _settle(self) -> None:
        if self._fresh:
            fresh = np.fromiter(self._fresh, np.uint64, len(self._fresh))
            self._fresh = set()
            self._take(fresh)

    def _take(self, hashes: Hashes) -> None:
        if not self._exact and len(self._sorted) >= SKETCH:
            hashes = hashes[hashes < self._sorted[SKETCH - 1]]
        if len(hashes):
            every = np.sort(np.concatenate((self._sorted, hashes)))
            self._sorted = every[np.concatenate(([True], every[1:] != every[:-1]))]
        self._exact = self._exact and len(self._sorted) <= MOST_EXACT
        if not self._exact:
            self._sorted = self._sorted[:SKETCH].copy()

    def __len__(self) -> int:
        return self.count

    @property
    def exact(self) -> bool:
        """Whether ``count`` is no estimate."""
        if not len(self._sorted) and len(self._fresh) <= MOST_EXACT:
            return True
        self._settle()
        return self._exact

    @property
    def count(self) -> int:
        """Different hashes."""
        if not len(self._sorted) and len(self._fresh) <= MOST_EXACT:
            return len(self._fresh)
        self._settle()
        if self._exact:
            return len(self._sorted)
        largest = (int(self._sorted[SKETCH - 1]) + 1) / 2**64
        return round((SKETCH - 1) / largest)

    def to_bytes(self) -> bytes:
        """For the store."""
        self._settle()
        form = _EXACT_FORM if self._exact else _SKETCH_FORM
        return form + zstandard.ZstdCompressor().compress(self._sorted.astype("<u8").tobytes())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Out of the store.

        Raises:
            ValueError: it is nothing that ``to_bytes`` wrote.
        """
        form = data[:2]
        if form not in (_EXACT_FORM, _SKETCH_FORM):
            raise ValueError("is no count of subjects of this version")
        most = 8 * (MOST_EXACT if form == _EXACT_FORM else SKETCH)
        try:
            size = zstandard.get_frame_parameters(data[2:]).content_size
            if size > most:  # also where the frame does not say
                raise ValueError("a count of subjects is damaged: it has another length")
            raw = zstandard.ZstdDecompressor().decompress(data[2:], most)
        except zstandard.ZstdError as error:
            raise ValueError(f"a count of subjects is damaged: {error}") from None
        if len(raw) % 8 or len(raw) > most or (form == _SKETCH_FORM and len(raw) != most):
            raise ValueError("a count of subjects is damaged: it has another length")
        hashes = np.frombuffer(raw, "<u8").astype(np.uint64)
        if len(hashes) > 1 and not bool((hashes[1:] > hashes[:-1]).all()):
            raise ValueError("a count of subjects is damaged: it is not in order")
        out = cls()
        out._sorted = hashes
        out._exact = form == _EXACT_FORM
        return out

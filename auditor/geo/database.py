"""One MMDB file (MaxMind DB file format specification 2.0), read whole and taken as hostile.

The search tree is turned into an array and walked for all addresses at once; each distinct record
is decoded once, by maxminddb's decoder in pure Python, which bounds depth, values and payload of a
record: a crafted file can end in an error, never in a crash.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import maxminddb
import numpy as np
from maxminddb.decoder import Decoder

from auditor.geo.records import NOTHING, Answer, answer_in, too_heavy
from auditor.geo.regular_files import content_of

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.geo.addresses import Addresses

MOST_BYTES: Final = 2 << 30
MOST_BROKEN: Final = 64
"""Broken records after which a lookup reads no more records of a database."""
_MARKER: Final = b"\xab\xcd\xefMaxMind.com"
_MARKER_WINDOW: Final = 128 * 1024
_SEPARATOR: Final = 16
_SAMPLE: Final = 256
# What maxminddb's pure-Python reader and decoder raise on crafted bytes: its own error, wrong
# metadata keys or unhashable map keys (TypeError), bad UTF-8 (ValueError), and exhausted limits.
_BROKEN: Final = (
    maxminddb.InvalidDatabaseError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
    MemoryError,
)


@dataclass(frozen=True, slots=True)
class Tree:
    """The search tree of a database, for walks over all of it.

    Attributes:
        entries: the left and the right entry of each node in turn (uint32): a node's number, the
            number of nodes where there is nothing, else a record.
        nodes: how many nodes there are.
        four: where IPv4 begins: a node, or an entry that stands for all of IPv4.
        six: it has IPv6 as well.
    """

    entries: np.ndarray
    nodes: int
    four: int
    six: bool

    def places(self, records: np.ndarray) -> np.ndarray:
        """Where records begin in the data section, as ``Database.answers_at`` wants them."""
        return records.astype(np.int64) - self.nodes - _SEPARATOR


class UnusableError(Exception):
    """The file cannot serve; ``hint`` says what somebody can do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Database:
    """An opened MMDB file.

    Attributes:
        name: the file's name, without folders.
        sha256: hex digest of the whole file.
        kind: the database type its metadata give, such as ``GeoLite2-Country``.
        built: when it was built; null where the metadata give no possible time.
        broken: records that could not be read so far.
    """

    def __init__(self, path: Path) -> None:
        """Reads and checks ``path``.

        Raises:
            UnusableError: it cannot be read, is no MMDB file, is damaged, or holds nothing known.
        """
        content = _content(path)
        self.name = path.name
        self.sha256 = hashlib.sha256(content).hexdigest()
        metadata = _metadata(content)
        self.kind = _line(metadata.database_type)
        self.built = _time(metadata.build_epoch)
        self._nodes = metadata.node_count
        tree_bytes = metadata.search_tree_size
        end = content.rfind(_MARKER)
        self._tree = _tree(content, self._nodes, metadata.record_size)
        self._data = content[tree_bytes + _SEPARATOR : end]
        self._decoder = Decoder(self._data)
        self._answers: dict[int, Answer] = {}
        self.broken = 0
        self._six = metadata.ip_version == 6
        self._four_root = np.zeros(1, dtype=np.int64)
        if self._six:  # IPv4 lies under ::/96
            for bits in (64, 32):
                zeros = np.zeros(1, dtype=np.uint64)
                self._four_root = self._descended(self._four_root, zeros, bits)
        # np.compress: several times faster here than indexing with the mask
        leaves = np.compress(self._tree > self._nodes, self._tree)
        self._check_pointers(leaves)
        self._check_records(leaves)

    def places(self, addresses: Addresses) -> np.ndarray:
        """Where each address's record begins in the data section (int64); -1 = it has none."""
        node = np.full(len(addresses), self._nodes, dtype=np.int64)  # = no record
        four = np.flatnonzero(addresses.family == 4)
        start = np.repeat(self._four_root, len(four))
        node[four] = self._descended(start, addresses.low[four], 32, top=31)
        if self._six:
            six = np.flatnonzero(addresses.family == 6)
            ends = self._descended(np.zeros(len(six), np.int64), addresses.high[six], 64)
            node[six] = self._descended(ends, addresses.low[six], 64)
        # A node number left over means a tree deeper than addresses are long: no record either.
        return np.where(node > self._nodes, node - self._nodes - _SEPARATOR, -1)

    @property
    def tree(self) -> Tree:
        """Its search tree."""
        return Tree(self._tree, self._nodes, int(self._four_root[0]), self._six)

    def answers_at(self, places: list[int]) -> list[Answer]:
        """The answer of each record; broken records say nothing and are counted in ``broken``."""
        before = self.broken
        answers: list[Answer] = []
        for place in places:
            answer = self._answers.get(place)
            if answer is None:
                if self.broken - before >= MOST_BROKEN:
                    answers.append(NOTHING)
                    continue
                answer = self._read(place)
                self._answers[place] = answer
            answers.append(answer)
        return answers

    def _read(self, place: int) -> Answer:
        try:
            record, _ = self._decoder.decode(place)
        except _BROKEN:
            self.broken += 1
            return NOTHING
        if too_heavy(record):
            self.broken += 1
            return NOTHING
        return answer_in(record)

    def _descended(
        self, nodes: np.ndarray, keys: np.ndarray, bits: int, *, top: int = 63
    ) -> np.ndarray:
        """Where a walk from ``nodes`` ends that takes ``bits`` bits of ``keys``, from bit ``top``.

        A walk that reaches a record (a number of at least the node count) stays there.
        """
        ends = nodes.copy()
        walking = np.flatnonzero(ends < self._nodes)
        at, key = ends[walking], keys[walking]
        for level in range(top, top - bits, -1):
            if not len(walking):
                break
            side = (key >> np.uint64(level)).astype(np.int64) & 1
            at = self._tree[at * 2 + side].astype(np.int64)
            inside = at < self._nodes
            if not inside.all():
                done = ~inside
                ends[walking[done]] = at[done]
                walking, at, key = walking[inside], at[inside], key[inside]
        ends[walking] = at
        return ends

    def _check_pointers(self, leaves: np.ndarray) -> None:
        if not len(leaves):
            raise UnusableError("holds no records", "Get the database again from its publisher.")
        lowest, highest = self._nodes + _SEPARATOR, self._nodes + _SEPARATOR + len(self._data)
        astray = int(np.count_nonzero((leaves < lowest) | (leaves >= highest)))
        if astray:
            raise UnusableError(
                f"is damaged: {astray:,} of {len(leaves):,} entries of its search tree point "
                "outside its data",
                "Get the database again from its publisher and compare its checksum.",
            )

    def _check_records(self, leaves: np.ndarray) -> None:
        chosen = np.linspace(0, len(leaves) - 1, min(_SAMPLE, len(leaves))).astype(np.int64)
        places = np.unique(leaves[chosen].astype(np.int64) - self._nodes - _SEPARATOR)
        answers = self.answers_at(places.tolist())
        if self.broken * 2 > len(places):
            raise UnusableError(
                f"is damaged: {self.broken} of {len(places)} records read as a sample are broken",
                "Get the database again from its publisher and compare its checksum.",
            )
        if all(answer == NOTHING for answer in answers):
            raise UnusableError(
                f"holds neither countries nor network owners in {len(places)} records read as a "
                f"sample (its type is {self.kind!r})",
                "Take it out of the folder, or put a country, city, ASN or ISP database there.",
            )
        self._answers.clear()
        self.broken = 0


def _content(path: Path) -> bytes:
    try:
        content = content_of(path, MOST_BYTES)
    except OSError as error:
        raise UnusableError(
            f"cannot be read: {error.strerror}",
            "Check that it is a file and that this user may read it.",
        ) from None
    if len(content) > MOST_BYTES:
        raise UnusableError(
            f"is larger than {MOST_BYTES >> 30} GiB", "Use the publisher's smaller edition."
        )
    return content


def _metadata(content: bytes) -> maxminddb.reader.Metadata:
    marker = content.rfind(_MARKER, max(0, len(content) - _MARKER_WINDOW))
    if marker < 0:
        raise UnusableError(
            "is not an MMDB file, or its end is missing (no metadata found)",
            "Get the database again, unpacked, from its publisher.",
        )
    try:
        with maxminddb.open_database(io.BytesIO(content), maxminddb.MODE_FD) as reader:
            metadata = reader.metadata()
    except _BROKEN as error:
        # maxminddb names the file in brackets, here an object in memory: that says nothing.
        reason = _line(str(error).replace(" (<<class '_io.BytesIO'>>)", ""))
        raise UnusableError(
            f"is damaged: its metadata cannot be used ({reason})",
            "Get the database again from its publisher and compare its checksum.",
        ) from None
    sound = (
        type(metadata.node_count) is int
        and type(metadata.record_size) is int
        and metadata.ip_version in (4, 6)
        and metadata.binary_format_major_version == 2
        and metadata.search_tree_size + _SEPARATOR <= marker
    )
    if not sound:
        raise UnusableError(
            "is damaged: its metadata contradict the file (nodes, IP version or format version)",
            "Get the database again from its publisher and compare its checksum.",
        )
    return metadata


def _tree(content: bytes, nodes: int, record_bits: int) -> np.ndarray:
    """The records of all nodes, left and right in turn (uint32).

    Every record is read as the four bytes it begins in; the separator after the tree keeps the
    last of these reads inside ``content``.
    """
    width = record_bits // 4
    left: np.ndarray = np.ndarray(nodes, ">u4", content, 0, (width,)).astype(np.uint32)
    right: np.ndarray = np.ndarray(nodes, ">u4", content, record_bits // 8, (width,)).astype(
        np.uint32
    )
    if record_bits == 24:
        left >>= 8
        right >>= 8
    elif record_bits == 28:  # the middle byte: upper half to the left, lower half to the right
        left = (left & 0xF0) << 20 | left >> 8
        right &= 0x0FFFFFFF
    tree = np.empty((nodes, 2), dtype=np.uint32)
    tree[:, 0], tree[:, 1] = left, right
    return tree.reshape(-1)


def _line(text: object) -> str:
    if not isinstance(text, str):
        return ""
    printable = "".join(letter if letter.isprintable() else " " for letter in text[:200])
    return " ".join(printable.split())


def _time(epoch: object) -> datetime | None:
    if type(epoch) is not int or not 0 < epoch < 1 << 33:
        return None
    return datetime.fromtimestamp(epoch, tz=UTC)

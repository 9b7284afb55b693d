"""Logs that a server writes of itself: the client has an address in them, the server has none."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import InputError
from auditor.readers.records.batch import Batch, Where
from auditor.readers.records.unplaced import Unplaced, kept

if TYPE_CHECKING:
    from auditor.readers.reading import Settings
    from auditor.readers.records.tally import Kinds, Tally

KIND: Final = "no-server-address"
KINDS: Final[Kinds] = {
    KIND: (
        "{count} line(s) are in no flow, for the log does not name its server's address{detail}",
        "Give the address of the server that wrote the log.",
    ),
}


class OwnServer:
    """The server behind a log, as the settings name it."""

    def __init__(self, settings: Settings, tally: Tally) -> None:
        """Gets ready for one file.

        Raises:
            InputError: what the settings have is no address.
        """
        self._address = settings.log_server
        if self._address:
            try:
                self._address = str(ipaddress.ip_address(self._address))
            except ValueError:
                raise InputError(
                    "cannot be read: the address given for its server is none",
                    place="",
                    hint="Give one IPv4 or IPv6 address, such as 203.162.10.33.",
                ) from None
        self._unplaced = Unplaced(KIND, "client(s)", tally)

    def placed(self, found: dict[str, Any], where: Where, size: pa.Array) -> Batch:
        """Records between clients (``src_ip``) and the server; counted where it is not known."""
        rows = len(size)
        found["dst_ip"] = pa.repeat(pa.scalar(self._address, pa.string()), rows)
        batch = Batch(found, where)
        if self._address:
            return batch
        self._unplaced.count(batch, np.ones(rows, np.bool_), size, found["src_ip"])
        return kept(batch, np.zeros(rows, np.bool_))

    def told(self) -> None:
        """The file is over: sums are told."""
        self._unplaced.told()


def lines_of(text: bytes) -> pa.StringArray:
    """The lines of cleaned text, each with its line end."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")) + 1
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    return pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(text))


def fields_of(text: bytes, line: int, pattern: str, names: tuple[str, ...]) -> Batch:
    """What a pattern names in each line that is not empty, and the ``line``; null = no match."""
    lines = lines_of(text)
    parts = pc.extract_regex(lines, pattern)
    columns = {name: pc.struct_field(parts, name) for name in names}
    written = np.asarray(pc.greater(pc.binary_length(lines), 1))
    return kept(Batch(columns | {"line": lines}, Where(text, line)), written)


def matches(pattern: str, line: bytes) -> bool:
    """Whether a line is of a pattern; in linear time, whatever stands in it."""
    text = pa.array([line.decode("utf-8", "replace")])
    return bool(pc.match_substring_regex(text, pattern)[0].as_py())


def seconds_of(dates: pa.Array) -> pa.Array:
    """Dates such as ``01/Oct/2026:10:00:00`` in seconds since 1970, without a zone; null = none."""
    words = pc.if_else(pc.equal(dates, ""), None, dates)
    moments = pc.strptime(words, format="%d/%b/%Y:%H:%M:%S", unit="s", error_is_null=True)
    days = pc.utf8_slice_codeunits(words, 0, 2)
    # a 31 February is taken for the 3rd of March
    same = pc.equal(pc.day(moments), pc.if_else(pc.is_valid(moments), days, None).cast(pa.int64()))
    return pc.if_else(same, moments.cast(pa.int64()), None)


def whole(texts: pa.Array) -> pa.Array:
    """Numbers out of texts of digits; null where there is none, or it is beyond any count."""
    sound = pc.and_(pc.greater(pc.utf8_length(texts), 0), pc.less(pc.utf8_length(texts), 19))
    return pc.if_else(sound, texts, None).cast(pa.int64())

"""The columns of any table as records, by a mapping: whatever their types are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.records.batch import Batch, Where
from auditor.readers.records.checked import LATEST, bools
from auditor.readers.records.text import bounded
from auditor.readers.tables.mapping import BYTE_UNITS, DURATION_UNITS, plain_name
from auditor.readers.tables.patterns import EPOCHS, amounts, bare, moments, pattern, zone_ns

if TYPE_CHECKING:
    import numpy.typing as npt

    from auditor.readers.records.tally import Kinds, Tally
    from auditor.readers.tables.mapping import Mapping, Rows

    Bools = npt.NDArray[np.bool_]
    Given = dict[str, Any]

KINDS: Final[Kinds] = {
    "mapping-guessed": (
        "what the columns mean was guessed from their names and values: {detail}",
        "Check it. `auditor formats guess` writes the guess down; --mapping reads it.",
    ),
    "skipped-rows": ("{count} record(s) were left out as the mapping says ({detail})", ""),
    "absent-columns": (
        "the first records lack {detail}, which the mapping names",
        "Correct the mapping if later records lack them too.",
    ),
    "legacy-encoding": (
        "the text is no UTF-8 and was taken for Vietnamese Windows text (windows-1258)",
        "Save the export as UTF-8 if words of it matter.",
    ),
}
"""Troubles of what is read by a mapping."""

PROTOCOLS: Final = {
    "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "egp": 8, "udp": 17, "dccp": 33, "ipv6": 41,
    "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58, "icmp6": 58, "ipv6-icmp": 58, "eigrp": 88,
    "ospf": 89, "pim": 103, "vrrp": 112, "l2tp": 115, "sctp": 132, "udplite": 136,
}  # fmt: skip
"""Names of IP protocols as logs write them (IANA registry)."""

_PORTS: Final = ("src_port", "dst_port", "nat_src_port", "nat_dst_port")
_PLAIN_NUMBERS: Final = (*_PORTS, "src_packets", "dst_packets", "sampling")
_FLAGS: Final = ("src_tcp_flags", "dst_tcp_flags")
_BYTES: Final = ("src_bytes", "dst_bytes", "src_payload", "dst_payload")
_ADDRESSES: Final = ("src_ip", "dst_ip", "nat_src_ip", "nat_dst_ip")
ENDS: Final = (
    ("src_ip", "dst_ip"), ("src_port", "dst_port"), ("nat_src_ip", "nat_dst_ip"),
    ("nat_src_port", "nat_dst_port"),
)  # fmt: skip
COUNTED: Final = (
    ("src_packets", "dst_packets"), ("src_bytes", "dst_bytes"), ("src_payload", "dst_payload"),
    ("src_tcp_flags", "dst_tcp_flags"),
)  # fmt: skip


def plain_numbers(mapping: Mapping) -> frozenset[str]:
    """Our columns whose values are whole numbers as they stand, which a parser may read as such."""
    if mapping.thousands or mapping.decimal != ".":
        return frozenset()
    more = _BYTES if mapping.units.bytes == "B" else ()
    return frozenset((*_PLAIN_NUMBERS, *more))


def converted(mapping: Mapping, given: Given, where: Where, tally: Tally, log_zone: str) -> Batch:
    """Records out of columns under the table's own names.

    Args:
        mapping: what they mean.
        given: every column that the mapping names, all of one length: texts, dictionaries of
            texts, numbers, times or truths.
        where: the records stand in the log.
        tally: told of what is wrong.
        log_zone: offset of times that name no zone, where the mapping names none either.
    """
    return _Conversion(mapping, given, where, tally, log_zone).batch()


class _Conversion:
    def __init__(
        self, mapping: Mapping, given: Given, where: Where, tally: Tally, log_zone: str
    ) -> None:
        self._mapping = mapping
        self._given = dict(given)
        self._where = where
        self._tally = tally
        self._zone = log_zone
        self._theirs = mapping.columns.given
        self._out: Given = {}

    def batch(self) -> Batch:
        for name, column in self._given.items():
            self._given[name], found = bounded(column)
            if found:
                self._tally.add("text-too-long", 0, count=found)
        self._skip()
        given = self._given
        size = len(next(iter(given.values())))
        self._times(size)
        for ours, theirs in self._theirs.items():
            if ours in _ADDRESSES:
                self._out[ours] = texts(given[theirs])
            elif ours in _PLAIN_NUMBERS or ours in _BYTES:
                self._out[ours] = self._number(ours, given[theirs])
            elif ours in _FLAGS:
                self._out[ours] = self._flags(ours, given[theirs])
            elif ours in ("vlan", "observer"):
                self._out[ours] = texts(given[theirs])
            elif ours in ("app", "host"):
                self._out[ours] = _lower(given[theirs])
            elif ours == "protocol":
                self._out[ours] = protocols(given[theirs])
        for ours, value in self._mapping.constants.given.items():
            self._out[ours] = pa.repeat(value, size)
        if "host" in self._out:
            basis = pa.repeat("log", size)
            self._out["host_basis"] = pc.if_else(pc.is_valid(self._out["host"]), basis, None)
        self._blocked()
        self._swap(size)
        return Batch(self._out, self._where)

    def _skip(self) -> None:
        rows = self._mapping.skipped
        if rows is None:
            return
        marked = bools(_among(self._given[rows.column], rows))
        if not marked.any():
            return
        batch = Batch(self._given, self._where)
        batch.counted(marked, "skipped-rows", self._tally, ", ".join(rows.values))
        keep = pa.array(~marked)
        self._given = {name: column.filter(keep) for name, column in self._given.items()}
        self._where = self._where.taken(~marked)

    def _times(self, size: int) -> None:
        theirs, out = self._theirs, self._out
        stated = np.ones(size, np.bool_)
        for ours in ("start", "end", "time"):
            if ours not in theirs:
                continue
            out[ours], sure = self._moments(self._given[theirs[ours]])
            stated &= sure
        basis = "window" if self._mapping.window_s else "recorded"
        if "time" in out:
            out["start"], basis = out.pop("time"), "log-time"
        elif "duration" in theirs:
            span = self._duration(self._given[theirs["duration"]])
            if "start" in out:
                out["end"] = _sum(out["start"], span)
            else:
                out["start"] = pc.coalesce(_sum(out["end"], pc.negate(span)), out["end"])
        elif "end" not in out:
            basis = "start-only"
        elif "start" not in out:
            out["start"], basis = out["end"], "end-only"
        else:
            read = pc.and_(pc.is_null(out["end"]), pc.is_valid(self._given[theirs["end"]]))
            self._count(bools(read), "bad-number", "end")
        out["time_basis"] = pa.repeat(basis, size)
        timed = np.asarray(pc.is_valid(out["start"]), np.bool_)
        assumed = ~stated & timed & (self._mapping.time.zone is None)
        self._count(assumed, "zone-assumed", self._zone)
        out["clock"] = pc.if_else(pa.array(assumed), "assumed", "stated")
        if self._mapping.window_s:
            out["window_s"] = pa.repeat(self._mapping.window_s, size)

    def _moments(self, column: Any) -> tuple[Any, Bools]:  # noqa: ANN401 - any column
        """Nanoseconds since 1970 UTC, null where there is none; and whether the zone is known."""
        size = len(column)
        zone = self._mapping.time.zone or self._zone
        ahead = zone_ns(zone)
        known = np.ones(size, np.bool_)
        if pa.types.is_timestamp(column.type):
            naive = column.type.tz is None
            scale = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[column.type.unit]
            values = _scaled(column.cast(pa.int64()), scale)
            if naive:
                values = _sum(values, pa.repeat(-ahead, size))
            return values, ~known if naive else known
        form = self._mapping.time.format
        if form in EPOCHS:
            if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
                return _scaled(column, EPOCHS[form]), known
            found = amounts(texts(column), times=EPOCHS[form], decimal=self._mapping.decimal)
        else:
            found, known = moments(texts(column), pattern(form), ahead)
        found[np.asarray(pc.is_null(column), np.bool_)] = -1
        return pa.array(found, mask=found < 0), known

    def _duration(self, column: Any) -> Any:  # noqa: ANN401 - any column
        scale = DURATION_UNITS[self._mapping.units.duration]
        return self._amount("duration", column, scale, 1)

    def _number(self, ours: str, column: Any) -> Any:  # noqa: ANN401 - any column
        times, over = BYTE_UNITS[self._mapping.units.bytes] if ours in _BYTES else (1, 1)
        return self._amount(ours, column, times, over)

    def _amount(self, ours: str, column: Any, times: int, over: int) -> Any:  # noqa: ANN401
        if pa.types.is_integer(column.type) and times == over == 1:
            return int64(column)
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            values = _scaled(column, times, over)
            wrong = pc.and_(pc.is_valid(column), pc.is_null(values))
        else:
            words = texts(column)
            found = amounts(
                words, times=times, over=over, decimal=self._mapping.decimal,
                thousands=self._mapping.thousands,
            )  # fmt: skip
            found[np.asarray(pc.is_null(words), np.bool_)] = -1
            values = pa.array(found, mask=found < 0)
            wrong = pc.and_(pc.is_valid(words), pc.is_null(values))
        self._count(bools(wrong), "bad-number", ours)
        return values

    def _flags(self, ours: str, column: Any) -> Any:  # noqa: ANN401 - any column
        """TCP flags as a number, decimal or hexadecimal with 0x."""
        if pa.types.is_integer(column.type):
            return int64(column)
        encoded = texts(column).dictionary_encode()
        read = [_flag_number(word) for word in encoded.dictionary.to_pylist()]
        values = pa.array(read, pa.int64()).take(encoded.indices)
        wrong = pc.and_(pc.is_valid(encoded), pc.is_null(values))
        self._count(bools(wrong), "bad-number", ours)
        return values

    def _blocked(self) -> None:
        rows = self._mapping.blocked
        if rows is not None:
            self._out["blocked"] = _among(self._given[rows.column], rows)

    def _swap(self, size: int) -> None:
        rows = self._mapping.swapped
        if rows is None:
            return
        marked = bools(_among(self._given[rows.column], rows))
        if not marked.any():
            return
        mask = pa.array(marked)
        out = self._out
        for one, two in ENDS if self._mapping.one_way else (*ENDS, *COUNTED):
            if one not in out and two not in out:
                continue
            none = pa.nulls(size, out[one if one in out else two].type)
            first, second = out.get(one, none), out.get(two, none)
            out[one] = pc.if_else(mask, second, first)
            out[two] = pc.if_else(mask, first, second)

    def _count(self, marked: Bools, kind: str, what: str) -> None:
        count = int(np.count_nonzero(marked))
        if count:
            line = self._where.number(int(np.argmax(marked)))
            self._tally.add(kind, line, count=count, detail=what)


def texts(column: Any) -> Any:  # noqa: ANN401 - any column
    """A column as plain texts without blanks around them; empty ones are null."""
    if pa.types.is_dictionary(column.type):
        words = texts(column.dictionary)
        return words.take(column.indices) if len(words) else pa.nulls(len(column), pa.string())
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    if not bare(column):
        column = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.equal(column, ""), None, column)
    return column


def protocols(column: Any) -> Any:  # noqa: ANN401 - any column
    """IANA numbers out of numbers or names; null where one is not known."""
    if pa.types.is_integer(column.type):
        return int64(column)
    if pa.types.is_floating(column.type):
        return _scaled(column, 1)
    encoded = texts(column).dictionary_encode()
    numbers = [_protocol(word) for word in encoded.dictionary.to_pylist()]
    return pa.array(numbers, pa.int64()).take(encoded.indices)


def _protocol(word: str | None) -> int | None:
    if word is None:
        return None
    word = word.lower()
    if word.isascii() and word.isdigit() and len(word) <= 3:
        return int(word)
    return PROTOCOLS.get(word)


def _flag_number(word: str | None) -> int | None:
    if word is None or len(word) > 6 or not word.isascii():
        return None
    digits = word.lower().removeprefix("0x")
    try:
        return int(digits, 16 if len(digits) < len(word) else 10)
    except ValueError:
        return None


def _lower(column: Any) -> Any:  # noqa: ANN401 - any column
    return pc.utf8_rtrim(pc.utf8_lower(texts(column)), ".")


def _among(column: Any, rows: Rows) -> Any:  # noqa: ANN401 - any column
    """Which values are among those of ``rows``; null where there is none."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.string())
    words = texts(column).dictionary_encode()
    wanted = pa.array([plain_name(value).lower() for value in rows.values])
    plain = pc.utf8_lower(pc.utf8_normalize(words.dictionary, form="NFC"))
    found = pc.is_in(plain, wanted)
    return found.take(words.indices) if len(found) else pa.nulls(len(words), pa.bool_())


def int64(column: Any) -> Any:  # noqa: ANN401 - a column of whole numbers
    """The numbers as int64; what does not fit is as wrong as a number can be: -1."""
    if column.type == pa.int64():
        return column
    if column.type == pa.uint64():
        fits = pc.less_equal(column, pa.scalar((1 << 63) - 1, pa.uint64()))
        return pc.if_else(fits, pc.if_else(fits, column, 0).cast(pa.int64()), -1)
    return column.cast(pa.int64())


def _scaled(column: Any, times: int, over: int = 1) -> Any:  # noqa: ANN401 - a column of numbers
    """``times / over`` of each number, rounded; null where it is none, negative or too large."""
    if pa.types.is_integer(column.type):
        numbers = int64(column)
        fits = pc.and_(pc.greater_equal(numbers, 0), pc.less_equal(numbers, (1 << 62) // times))
        numbers = pc.if_else(fits, numbers, None)
        numbers = pc.multiply(numbers, times)
        return pc.divide(pc.add(numbers, over // 2), over) if over > 1 else numbers
    numbers = pc.divide(pc.multiply(column.cast(pa.float64()), float(times)), float(over))
    fits = pc.and_(pc.greater_equal(numbers, 0.0), pc.less(numbers, 4e18))
    return pc.round(pc.if_else(fits, numbers, None)).cast(pa.int64())


def _sum(moment: Any, span: Any) -> Any:  # noqa: ANN401 - columns of ns
    """Both together; null where one is, or where the sum lies beyond all times."""
    low = pc.and_(pc.less_equal(pc.abs(span), 1 << 62), pc.less(moment, LATEST))
    return pc.add(pc.if_else(low, moment, None), pc.if_else(low, span, None))

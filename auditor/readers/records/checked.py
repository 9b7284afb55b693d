"""Records checked, in the columns of the flow table: what cannot be is counted and left out."""

from __future__ import annotations

import ipaddress
from socket import AF_INET6, inet_ntop, inet_pton
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.reading import ROWS
from auditor.readers.records.batch import COLUMNS, Batch
from auditor.readers.records.kernels import V6, ipv4_keys, text_keys

if TYPE_CHECKING:
    import numpy.typing as npt

    from auditor.readers.records.tally import Tally

    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]

LATEST: Final = 9_200_000_000_000_000_000  # ns: in the year 2261
UNKNOWN_PROTOCOL: Final = 255  # IANA: reserved
WITH_PORTS: Final = (6, 17, 33, 132, 136)
MOST_COUNT: Final = 1 << 60
"""A counter above this is no count of bytes on any wire."""

MOST_TOLD: Final = 8
"""Numbers (of sampling, of windows) that are told one by one."""

# What the room works with besides the flow table's columns, until the flows are handed on.
WORKING: Final = (
    pa.field("src_key", pa.int64()),
    pa.field("dst_key", pa.int64()),
    pa.field("observer", pa.int64()),
    pa.field("session", pa.int64()),
    pa.field("unfinished", pa.bool_()),
)
CHECKED: Final = pa.schema([*ROWS, *WORKING])
_COUNTERS: Final = (
    "src_packets", "dst_packets", "src_bytes", "dst_bytes", "src_payload", "dst_payload",
)  # fmt: skip
_PLAIN: Final = (
    "vlan", "tunnel", "outer_src_ip", "outer_dst_ip", "app", "host", "host_basis", "alpn",
    "tls_version", "tls_cipher", "ja4", "community_id", "nat_src_ip", "nat_dst_ip",
    "src_log_country", "dst_log_country",
)  # fmt: skip


USUAL: Final = {"initiator_basis": "recorded", "time_basis": "recorded", "clock": "stated"}
"""What holds where a format says nothing else."""


def completed(flows: pa.Table, seen_by: str) -> pa.Table:
    """``flows`` with all columns of ``ROWS`` and ``file``."""
    columns = []
    for field in (*ROWS, pa.field("file", pa.int32())):
        usual = seen_by if field.name == "seen_by" else USUAL.get(field.name)
        if field.name not in flows.column_names:
            columns.append(
                pa.nulls(len(flows), field.type) if usual is None else pa.repeat(usual, len(flows))
            )
        elif usual is None:
            columns.append(flows[field.name])
        else:
            columns.append(pc.fill_null(flows[field.name], usual))
    return pa.table(columns, schema=pa.schema([*ROWS, pa.field("file", pa.int32())]))


def checked(batch: Batch, tally: Tally) -> pa.Table:
    """The records of ``batch`` that have a time and two addresses.

    The table has those columns of ``CHECKED`` that the batch can fill; ``completed`` adds the rest.
    """
    return _Check(batch, tally).table()


class _Check:
    def __init__(self, batch: Batch, tally: Tally) -> None:
        self._tally = tally
        self._batch = batch
        self._columns: dict[str, Any] = {}

    def table(self) -> pa.Table:
        self._place()
        given = self._batch.columns
        out = self._columns
        self._times()
        self._protocol_and_ports()
        for name in _COUNTERS:
            if name in given:
                out[name] = self._within(name, 0, MOST_COUNT)
        self._sampled()
        for name in ("src_tcp_flags", "dst_tcp_flags"):
            if name in given:
                low = pc.bit_wise_and(given[name], 0xFF)
                out[name] = pc.if_else(pc.equal(out["protocol"], 6), low, None).cast(pa.uint8())
        for name, most in (("rtt_us", 1 << 40), ("window_s", 1 << 31)):
            if name in given:
                out[name] = self._within(name, 0, most)
        for name in ("nat_src_port", "nat_dst_port"):
            if name in given:
                out[name] = self._within(name, 0, 65535).cast(pa.uint16())
        for name in _PLAIN:
            if name in given:
                out[name] = plain(given[name])
        for name in ("encrypted", "ech", "blocked", "unfinished"):
            if name in given:
                out[name] = given[name]
        for name in ("observer", "session"):
            if name in given:
                out[name] = _keys(given[name])
        for name in USUAL:
            if name in given:
                out[name] = plain(given[name])
        self._told()
        names = [name for name in CHECKED.names if name in out]
        schema = pa.schema([CHECKED.field(name) for name in names])
        return pa.table([out[name] for name in names], schema=schema)

    def _place(self) -> None:
        """Leaves out records without a time or an address."""
        columns = self._batch.columns
        start = columns["start"]
        timed = bools(pc.and_(pc.greater_equal(start, 0), pc.less(start, LATEST)))
        names = ("src_ip", "dst_ip")
        texts, keys = zip(*(addressed(columns[name]) for name in names), strict=True)
        placed = (keys[0] >= 0) & (keys[1] >= 0)
        batch = Batch(columns | dict(zip(names, texts, strict=True)), self._batch.where)
        batch = batch.without(~timed, "bad-time", self._tally)
        batch = batch.without(~placed[timed], "bad-address", self._tally)
        kept = timed & placed
        whole = kept.all()
        for name, key, its in zip(names, ("src_key", "dst_key"), keys, strict=True):
            self._columns[name] = batch.columns[name]
            self._columns[key] = pa.array(its if whole else its[kept])
        self._batch = batch

    def _times(self) -> None:
        kind = pa.timestamp("ns", tz="UTC")
        start = self._batch.columns["start"]
        end = self._batch.columns.get("end")
        if end is None:
            end = start
        else:
            wrong = pc.or_(pc.less(end, start), pc.greater_equal(end, LATEST))
            marked = bools(wrong)
            if self._batch.counted(marked, "bad-number", self._tally, "end before start"):
                end = pc.if_else(pa.array(marked), start, end)
            end = pc.coalesce(end, start)
        self._columns["start"], self._columns["end"] = start.cast(kind), end.cast(kind)

    def _protocol_and_ports(self) -> None:
        rows = len(self._batch)
        given = self._batch.columns.get("protocol")
        if given is None:
            given = pa.nulls(rows, pa.int64())
        known = bools(pc.and_(pc.greater_equal(given, 0), pc.less(given, 256)))
        self._batch.counted(~known, "unknown-protocol", self._tally, "")
        protocol = pc.if_else(pa.array(known), given, UNKNOWN_PROTOCOL).cast(pa.uint8())
        self._columns["protocol"] = protocol
        # what stands there for ICMP is a type and a code
        ported = pc.is_in(protocol, pa.array((*WITH_PORTS, UNKNOWN_PROTOCOL), pa.uint8()))
        for name in ("src_port", "dst_port"):
            if name in self._batch.columns:
                ports = pc.if_else(ported, self._within(name, 0, 65535), None)
                self._columns[name] = ports.cast(pa.uint16())

    def _within(self, name: str, least: int, most: int) -> pa.Array:
        """A column of numbers; null where one is beyond what can be."""
        column = self._batch.columns[name]
        span = pc.min_max(column).as_py()
        if span["min"] is None or (span["min"] >= least and span["max"] <= most):
            return column
        wrong = pc.or_(pc.less(column, least), pc.greater(column, most))
        self._batch.counted(bools(wrong), "bad-number", self._tally, name)
        return pc.if_else(pc.fill_null(wrong, False), None, column)

    def _sampled(self) -> None:
        """Multiplies counters by the sampling, and says so."""
        if "estimated" in self._batch.columns:
            own = self._batch.columns["estimated"]
            self._columns["sampling"] = pc.if_else(own, 0, pa.scalar(None, pa.int64()))
        if "sampling" not in self._batch.columns:
            return
        sampling = self._within("sampling", 1, 1 << 32)
        self._columns["sampling"] = sampling
        self._batch.counted(
            ~np.asarray(pc.is_valid(sampling), np.bool_), "sampling-unknown", self._tally, ""
        )
        scaled = bools(pc.greater(sampling, 1))
        if not scaled.any():
            return
        self._each(sampling, scaled, "sampled", "1 in {:,}")
        times = pc.fill_null(sampling, 1)
        if "scaled" in self._batch.columns:
            times = pc.if_else(pc.fill_null(self._batch.columns["scaled"], False), 1, times)
        for name in _COUNTERS:
            if name in self._columns:
                counter = self._columns[name]
                fits = pc.less_equal(counter, pc.divide(pa.scalar(MOST_COUNT), times))
                # a product beyond any wire ends there: it must not come out negative
                product = pc.multiply(pc.if_else(fits, counter, 0), times)
                self._columns[name] = pc.if_else(fits, product, MOST_COUNT)

    def _each(self, numbers: pa.Array, marked: Bools, kind: str, what: str) -> None:
        """Counts the records marked by their number: a few numbers by themselves, then the rest."""
        distinct = pc.unique(numbers.filter(pa.array(marked)))
        for number in distinct[:MOST_TOLD].to_pylist():
            of_it = marked & bools(pc.equal(numbers, number))
            self._batch.counted(of_it, kind, self._tally, what.format(number))
        if len(distinct) > MOST_TOLD:
            rest = marked & ~bools(pc.is_in(numbers, distinct[:MOST_TOLD]))
            self._batch.counted(rest, kind, self._tally, "others")

    def _told(self) -> None:
        """Counts what a reader of the report must know of these records."""
        out, count = self._columns, self._batch.counted
        if "blocked" in out:
            count(bools(out["blocked"]), "refused", self._tally, "")
        if "nat_src_ip" in out or "nat_dst_ip" in out:
            rows = len(self._batch)
            none = pa.nulls(rows, pa.string())
            either = pc.coalesce(out.get("nat_src_ip", none), out.get("nat_dst_ip", none))
            count(bools(pc.is_valid(either)), "translated", self._tally, "")
        if "window_s" in out:
            known = np.asarray(pc.is_valid(out["window_s"]), np.bool_)
            self._each(out["window_s"], known, "window", "{} s")
        if "time_basis" in self._batch.columns:
            for basis, what in MOMENTS.items():
                count(bools(pc.equal(out["time_basis"], basis)), "one-moment", self._tally, what)


MOMENTS: Final = {
    "start-only": "when the flow began",
    "end-only": "when the flow ended",
    "log-time": "when the line was written",
}


def bools(mask: pa.Array) -> Bools:
    """A mask without nulls, which count as false."""
    return np.asarray(pc.fill_null(mask, False), np.bool_)


def plain(column: pa.Array) -> pa.Array:
    """A column of texts, decoded if it comes as a dictionary; empty texts are null."""
    if pa.types.is_dictionary(column.type):
        words = column.dictionary
        column = pa.DictionaryArray.from_arrays(
            column.indices, pc.if_else(pc.equal(words, ""), None, words)
        )
        return column.cast(pa.string())
    if pc.any(pc.equal(column, "")).as_py():
        return pc.if_else(pc.equal(column, ""), None, column)
    return column


def _keys(column: pa.Array) -> pa.Array:
    """A hash of each text; null stays null."""
    if pa.types.is_dictionary(column.type):
        return pa.array(text_keys(column.dictionary)).take(column.indices)
    keys = text_keys(column)
    return pc.if_else(pc.is_valid(column), pa.array(keys), None)


def addressed(column: pa.Array) -> tuple[pa.Array, Ints]:
    """Addresses in canonical text (RFC 5952), and a number for each; -1 where it is none."""
    if pa.types.is_dictionary(column.type):
        texts, keys = addressed(column.dictionary)
        indices = column.indices
        spread = np.asarray(pc.fill_null(pa.array(keys).take(indices), -1), np.int64)
        return texts.take(indices), spread
    keys, others = ipv4_keys(column)
    if column.null_count:  # beneath a null there may be an address
        keys[np.asarray(pc.is_null(column), np.bool_)] = -1
    elif not others:
        return column, keys
    odd = np.flatnonzero(keys < 0)
    encoded = column.take(pa.array(odd)).dictionary_encode()
    read = [_ipv6(text) for text in encoded.dictionary.to_pylist()]
    texts = pa.array(read, pa.string()).take(encoded.indices)
    # 62 bits of a hash: two addresses of one number are as good as impossible
    numbers = np.where(bools(pc.is_valid(texts)), text_keys(texts) & (V6 - 1) | V6, -1)
    keys[odd] = numbers
    mask = np.zeros(len(column), np.bool_)
    mask[odd] = True
    return pc.replace_with_mask(column, pa.array(mask), texts), keys


def _ipv6(text: str | None) -> str | None:
    if text is None or ":" not in text:
        return None
    try:
        packed = inet_pton(AF_INET6, text.strip("[]").partition("%")[0])
    except (OSError, ValueError):
        return None
    if any(packed[:10]):
        return inet_ntop(AF_INET6, packed)
    address = ipaddress.IPv6Address(packed)  # C libraries disagree about addresses in ::/80
    mapped = address.ipv4_mapped
    return str(address) if mapped is None else f"::ffff:{mapped}"


assert set(COLUMNS) <= {*CHECKED.names, "scaled", "estimated"}  # noqa: S101 - the two lists name the same things

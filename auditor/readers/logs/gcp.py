"""Google Cloud's VPC flow logs (``docs/formats/gcp-vpc.md``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.records.alpha_3 import alpha_2
from auditor.readers.records.batch import Batch
from auditor.readers.records.checked import bools
from auditor.readers.records.moments import moments, placed
from auditor.readers.records.tally import Tally
from auditor.readers.records.text import cleaned, json_lines, numbers
from auditor.readers.records.words import hosts, mapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.reading import Settings
    from auditor.readers.records.batch import Where
    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Kinds

_TEXT: Final = pa.string()
_NUMBER: Final = pa.float64()
_QUOTED: Final = ("bytes_sent", "packets_sent", "rtt_msec", "src_port", "dest_port", "protocol")
"""Numbers that are texts in one way of exporting and numbers in another."""

MOST: Final = float(1 << 62)


@dataclass(frozen=True, slots=True)
class Gcp:
    """The format."""

    name: str = "gcp-vpc"
    seen_by: str = "gcp-vpc"
    one_way: bool = True

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return {
            "estimated": (
                "{count} record(s) are Google's estimates from packets sampled at an unknown rate",
                "Small flows may be missing; only Packet Mirroring shows every packet.",
            ),
            "unknown-country": (
                "{count} record(s) name a country by no code of ISO 3166 ({detail} side)",
                "The name was left out; it would not have decided anything.",
            ),
            "not-vpc-flow": (
                "{count} entries of the log are no VPC flow log records and were not read",
                "Export the log vpc_flows only.",
            ),
        }

    def sniff(self, head: bytes) -> float:
        """Certain of records with what all of them have."""
        told = b'"src_ip"' in head and b'"dest_ip"' in head and b'"connection"' in head
        if not told or not head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[")):
            return 0.0
        return 1.0 if b'"reporter"' in head or b'"bytes_sent"' in head else 0.0

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Entries:
        """One file."""
        return _Entries(_schema(head), settings, tally)


def _schema(head: bytes) -> pa.Schema:
    """What is looked for, with the types that the numbers have in this file."""
    kinds = {
        name: _TEXT if re.search(rf'"{name}"\s*:\s*"'.encode(), head) else _NUMBER
        for name in _QUOTED
    }
    place = pa.struct({"country": _TEXT})
    service = pa.struct({"service_name": _TEXT})
    connection = {"src_ip": _TEXT, "dest_ip": _TEXT} | {name: kinds[name] for name in _QUOTED[3:]}
    payload = {
        "connection": pa.struct(connection),
        "reporter": _TEXT, "start_time": _TEXT, "end_time": _TEXT, "disposition": _TEXT,
        **{name: kinds[name] for name in _QUOTED[:3]},
        "round_trip_time": pa.struct({"median_msec": _NUMBER}),
        "src_location": place, "dest_location": place,
        "src_google_service": service, "dest_google_service": service,
    }  # fmt: skip
    return pa.schema({**payload, "jsonPayload": pa.struct(payload)})


class _Entries:
    def __init__(self, schema: pa.Schema, settings: Settings, tally: Tally) -> None:
        self._schema, self._settings, self._tally = schema, settings, tally

    def pieces(self, block: Block) -> Iterator[Block]:
        yield block

    def parsed(self, piece: Block) -> Batch:
        text, line = cleaned(piece, self._tally), piece.line
        table, where = json_lines(text, self._schema, self._tally, line=line)
        columns = {name: _whole(table[name]) for name in table.column_names}
        wrapped = columns.pop("jsonPayload")
        if wrapped.null_count < len(wrapped):
            inside = dict(
                zip((field.name for field in wrapped.type), wrapped.flatten(), strict=True)
            )
            columns = {name: pc.coalesce(own, inside[name]) for name, own in columns.items()}
        batch = Batch(columns, where)
        other = bools(pc.is_null(columns["connection"]))
        return self._records(batch.without(other, "not-vpc-flow", self._tally))

    def ended(self, line: int) -> None:
        """Nothing marks the end of such a log."""

    def _records(self, batch: Batch) -> Batch:
        gcp, where, tally = batch.columns, batch.where, self._tally
        ends = gcp["connection"]
        times = [moments(gcp[name]) for name in ("start_time", "end_time")]
        start, clock = placed(*times[0], self._settings, where, tally)
        found: dict[str, Any] = {
            "start": start,
            "end": placed(*times[1], self._settings, where, Tally())[0],
            "clock": clock,
            "src_ip": pc.struct_field(ends, "src_ip"),
            "dst_ip": pc.struct_field(ends, "dest_ip"),
            "observer": gcp["reporter"],
        }
        for name, its in (("src_port", "src_port"), ("dst_port", "dest_port"), ("protocol",) * 2):
            found[name] = _numbers(pc.struct_field(ends, its), its, where, tally)
        # what Google counts is user payload, not IP packets
        for name, its in (("src_packets", "packets_sent"), ("src_payload", "bytes_sent")):
            found[name] = _numbers(gcp[its], its, where, tally)
        found["rtt_us"] = self._round_trip(gcp, where)
        if gcp["disposition"].null_count < len(batch):
            found["blocked"] = mapped(gcp["disposition"], _refused, pa.bool_())
        for side, its in (("src", "src_location"), ("dst", "dest_location")):
            named = pc.struct_field(gcp[its], "country")
            codes = mapped(named, alpha_2, _TEXT)
            found[f"{side}_log_country"] = codes
            odd = bools(pc.and_(pc.is_null(codes), pc.not_equal(named, "")))
            batch.counted(odd, "unknown-country", tally, side)
        service = [pc.struct_field(gcp[f"{end}_google_service"], "service_name") for end in ENDS]
        found["host"] = hosts(pc.coalesce(*service))
        found["host_basis"] = pc.if_else(pc.is_valid(found["host"]), "log", None)
        found["estimated"] = pa.repeat(pa.scalar(True), len(batch))
        batch.counted(np.ones(len(batch), np.bool_), "estimated", tally, "")
        return Batch(found, where)

    def _round_trip(self, gcp: dict[str, Any], where: Where) -> pa.Array:
        """Microseconds; a zero stands for what was not measured too, and is left out."""
        median = pc.struct_field(gcp["round_trip_time"], "median_msec")
        whole = _numbers(gcp["rtt_msec"], "rtt_msec", where, self._tally)
        exact = pc.if_else(pc.less(pc.abs(median), 1e9), pc.multiply(median, 1000.0), None)
        exact = pc.round(exact).cast(pa.int64())
        rough = pc.multiply(pc.if_else(pc.less(pc.abs(whole), 1 << 30), whole, None), 1000)
        measured = pc.coalesce(pc.if_else(pc.equal(exact, 0), None, exact), rough)
        return pc.if_else(pc.equal(measured, 0), None, measured)


ENDS: Final = ("dest", "src")


def _whole(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


def _numbers(values: pa.Array, name: str, where: Where, tally: Tally) -> pa.Array:
    """Whole numbers out of texts or of numbers with a point."""
    if pa.types.is_string(values.type):
        return numbers(values, name, where, tally)
    sound = pc.and_(pc.equal(values, pc.floor(values)), pc.less(pc.abs(values), MOST))
    odd = bools(pc.invert(sound))
    if odd.any():
        count, first = int(np.count_nonzero(odd)), int(np.argmax(odd))
        tally.add("bad-number", where.number(first), count=count, detail=name)
    return pc.if_else(pc.fill_null(sound, False), values, None).cast(pa.int64())


def _refused(disposition: str) -> bool | None:
    return True if disposition.upper() == "DROPPED" else False if disposition else None

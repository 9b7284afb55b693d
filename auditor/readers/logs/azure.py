"""Azure's flow logs of virtual networks and of security groups (``docs/formats/azure-flow.md``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.records.batch import Batch, Where
from auditor.readers.records.checked import bools
from auditor.readers.records.summing import Summing
from auditor.readers.records.text import cleaned, delimited, json_lines, numbers
from auditor.readers.records.unfolding import DocumentReader
from auditor.readers.records.words import mapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from auditor.readers.reading import Settings
    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Kinds, Tally

    Ints = npt.NDArray[np.int64]

_TEXT: Final = pa.string()
_WORD: Final = pa.dictionary(pa.int32(), pa.string())
_INT: Final = pa.int64()


def _lists(**fields: pa.DataType) -> pa.ListType:
    return pa.list_(pa.struct(fields))


_TUPLES: Final = pa.list_(_TEXT)
SCHEMA: Final = pa.schema({
    "macAddress": _TEXT,
    "flowRecords": pa.struct({"flows": _lists(flowGroups=_lists(flowTuples=_TUPLES))}),
    "properties": pa.struct({"flows": _lists(flows=_lists(mac=_TEXT, flowTuples=_TUPLES))}),
})  # fmt: skip

_ENDS: Final = ("time", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "direction")
_COUNTERS: Final = ("src_packets", "src_bytes", "dst_packets", "dst_bytes")
_WORDS: Final = ("protocol", "direction", "state", "encryption", "decision")
VNET: Final = (*_ENDS, "state", "encryption", *_COUNTERS)
NSG_2: Final = (*_ENDS, "decision", "state", *_COUNTERS)
NSG_1: Final = (*_ENDS, "decision")

MILLISECONDS: Final = 100_000_000_000
"""Times from here on are in milliseconds (this many seconds are the year 5138)."""

_UNFINISHED: Final = {"C": True, "E": False}
"""Whether more is to come after a tuple with counters; the others (B, D) only begin."""

_PROTOCOLS: Final = {"T": 6, "U": 17}


@dataclass(frozen=True, slots=True)
class Azure:
    """The format."""

    name: str = "azure-flow"
    seen_by: str = "azure-flow"
    one_way: bool = False

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return {
            "not-flow-record": (
                "{count} record(s) hold no flow tuples and were not read",
                "Give the blobs of flow logs only (PT1H.json).",
            ),
            "no-statistics": (
                "{count} tuple(s) are of version 1, which counts neither packets nor bytes",
                "Turn on flow logs of virtual networks.",
            ),
            "vnet-encrypted": (
                "{count} tuple(s) passed the network encrypted by Azure itself",
                "That protects the way inside Azure; it says nothing of TLS.",
            ),
        }

    def sniff(self, head: bytes) -> float:
        """Certain of records with flow tuples."""
        if not head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[")):
            return 0.0
        own = b'"FlowLogFlowEvent"' in head or b'"NetworkSecurityGroupFlowEvent"' in head
        return 1.0 if b'"flowTuples"' in head or own else 0.0

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Records:
        """One file."""
        del head, settings
        return _Records(tally)


class AzureReader(DocumentReader):
    """Reads Azure's flow logs; the tuples of a flow are summed up."""

    gathering = Summing


class _Records:
    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def pieces(self, block: Block) -> Iterator[Block]:
        yield block

    def parsed(self, piece: Block) -> Batch:
        text, line = cleaned(piece, self._tally), piece.line
        table, where = json_lines(text, SCHEMA, self._tally, line=line)
        tuples = [self._of_networks(table), *self._of_groups(table)]
        held = np.zeros(len(table), np.bool_)
        for found in tuples:
            held[found.record] = True
        batch = Batch({"record": pa.array(np.arange(len(table)))}, where)
        batch.without(~held, "not-flow-record", self._tally)
        lines = np.array([where.number(row) for row in range(len(table))], np.int64)
        batches = [self._batch(found, lines) for found in tuples if len(found.texts)]
        names = ("start", "src_ip", "dst_ip")
        if not batches:
            return Batch(
                {name: pa.array([], _TEXT if "ip" in name else _INT) for name in names}, where
            )
        joined = pa.concat_tables(
            [pa.table(batch.columns) for batch in batches], promote_options="default"
        ).combine_chunks()
        numbers = np.concatenate([np.asarray(batch.where.kept) for batch in batches])
        columns = {name: joined[name].combine_chunks() for name in joined.column_names}
        return Batch(columns, Where(b"", 0, numbers))

    def ended(self, line: int) -> None:
        """Nothing marks the end of such a log."""

    def _of_networks(self, table: pa.Table) -> _Tuples:
        """The tuples of version 4, of virtual networks."""
        flows, of_flow = _inner(pc.struct_field(_whole(table["flowRecords"]), "flows"))
        groups, of_group = _inner(pc.struct_field(flows, "flowGroups"))
        texts, of_text = _inner(pc.struct_field(groups, "flowTuples"))
        record = of_flow[of_group[of_text]]
        mac = _whole(table["macAddress"]).take(pa.array(record))
        return _Tuples(texts, record, mac, VNET, "vnet")

    def _of_groups(self, table: pa.Table) -> list[_Tuples]:
        """The tuples of security groups, of both versions."""
        rules, of_rule = _inner(pc.struct_field(_whole(table["properties"]), "flows"))
        flows, of_flow = _inner(pc.struct_field(rules, "flows"))
        texts, of_text = _inner(pc.struct_field(flows, "flowTuples"))
        record = of_rule[of_flow[of_text]]
        mac = pc.struct_field(flows, "mac").take(pa.array(of_text))
        everything = _Tuples(texts, record, mac, NSG_2, "nsg")
        first = bools(pc.equal(pc.count_substring(texts, ","), len(NSG_1) - 1))
        if first.any():
            self._tally.add("no-statistics", 0, count=int(np.count_nonzero(first)))
        old = everything.taken(first)
        return [_Tuples(old.texts, old.record, old.mac, NSG_1, "nsg"), everything.taken(~first)]

    def _batch(self, found: _Tuples, lines: Ints) -> Batch:
        commas = pc.fill_null(pc.count_substring(found.texts, ","), 0)
        sound = np.asarray(pc.equal(commas, len(found.fields) - 1), np.bool_)
        if not sound.all():
            odd = np.flatnonzero(~sound)
            examples = found.texts.take(pa.array(odd[:3])).fill_null("").to_pylist()
            self._tally.add(
                "bad-line",
                int(lines[found.record[odd[0]]]),
                count=len(odd),
                examples=[text.encode() for text in examples],
            )
            found = found.taken(sound)
        texts = pc.replace_substring_regex(found.texts, r"[\r\n]", "?")
        whole = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
        text = pc.binary_join(whole, "\n")[0].as_buffer().to_pybytes() + b"\n"
        kinds = {name: _WORD if name in _WORDS else _TEXT for name in found.fields}
        columns, _ = delimited(
            text, list(found.fields), kinds, self._tally, line=1, delimiter=",", nulls=("",)
        )
        where = Where(b"", 0, lines[found.record])
        for name in ("time", "src_port", "dst_port", *_COUNTERS):
            if name in columns:
                columns[name] = _integers(columns[name], name, where, self._tally)
        return self._records(Batch(columns, where), found.mac, found.kind)

    def _records(self, batch: Batch, mac: pa.Array, kind: str) -> Batch:
        azure = batch.columns
        time = azure["time"]
        scale = pc.if_else(pc.greater_equal(time, MILLISECONDS), 1_000_000, 1_000_000_000)
        sound = pc.and_(pc.greater(time, 0), pc.less(time, MILLISECONDS * 1000))
        start = pc.multiply(pc.if_else(sound, time, 0), scale)
        found: dict[str, Any] = {
            "start": pc.if_else(sound, start, None),
            "protocol": mapped(azure["protocol"], _protocol, _INT),
            "observer": pc.binary_join_element_wise(pa.scalar(kind), pc.fill_null(mac, ""), ":"),
        }
        found |= {name: azure[name] for name in ("src_ip", "dst_ip", "src_port", "dst_port")}
        found |= {name: azure[name] for name in _COUNTERS if name in azure}
        state = azure.get("state", pa.nulls(len(batch), _TEXT))
        found["unfinished"] = mapped(state, lambda word: _UNFINISHED.get(word.upper()), pa.bool_())
        denied = mapped(azure.get("decision", state), lambda word: word.upper() == "D", pa.bool_())
        found["blocked"] = pc.fill_null(denied, False)
        # a beginning has no statistics, whether zeros stand there or nothing
        begins = pc.is_null(found["unfinished"])
        for name in _COUNTERS:
            if name in found:
                found[name] = pc.if_else(begins, None, found[name])
        if "encryption" in azure:
            secured = bools(mapped(azure["encryption"], lambda word: word == "X", pa.bool_()))
            batch.counted(secured, "vnet-encrypted", self._tally, "")
        return Batch(found, batch.where)


@dataclass(frozen=True, slots=True)
class _Tuples:
    """Flow tuples as they are written, each with its record, its interface and its fields."""

    texts: pa.Array
    record: Ints
    mac: pa.Array
    fields: tuple[str, ...]
    kind: str

    def taken(self, mask: npt.NDArray[np.bool_]) -> _Tuples:
        keep = pa.array(mask)
        return _Tuples(
            self.texts.filter(keep),
            self.record[mask],
            self.mac.filter(keep),
            self.fields,
            self.kind,
        )


def _whole(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


def _inner(lists: pa.ListArray) -> tuple[pa.Array, Ints]:
    """What the lists hold, and which list each comes from."""
    return pc.list_flatten(lists), np.asarray(pc.list_parent_indices(lists)).astype(np.int64)


def _protocol(text: str) -> int | None:
    known = _PROTOCOLS.get(text.upper())
    if known is None and text.isascii() and text.isdigit() and len(text) <= 3:
        return int(text)
    return known


def _integers(words: pa.Array, name: str, where: Where, tally: Tally) -> pa.Array:
    try:
        return words.cast(_INT)
    except pa.ArrowInvalid:  # some value is no number: find out which
        return numbers(words, name, where, tally)

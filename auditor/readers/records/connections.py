"""Connections of which one message tells the beginning and another the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.logs.firewalls import PROTOCOLS
from auditor.readers.records.kernels import text_keys
from auditor.readers.records.moments import SECOND

if TYPE_CHECKING:
    import numpy.typing as npt

    from auditor.readers.records.batch import Where
    from auditor.readers.records.tally import Tally

    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]
    Found = dict[str, Any]

MOST_OPEN: Final = 1 << 20
"""Connections that may wait for their end; the longest waiting give way."""

_KEPT: Final = (
    "moment", "way", "a1", "p1", "m1", "mp1", "a2", "p2", "m2", "mp2", "device", "number", "proto",
    "clock",
)  # fmt: skip


def part(
    words: pa.StringArray, common: dict[str, pa.Array], chosen: Bools, pattern: str
) -> tuple[Found, Ints]:
    """What a pattern finds in the chosen messages, by the names of its groups; and their rows."""
    rows = np.flatnonzero(chosen)
    found = pc.extract_regex(words.take(pa.array(rows)), pattern)
    matched = np.asarray(pc.is_valid(found), np.bool_)
    found, rows = found.filter(pa.array(matched)), rows[matched]
    fields = {
        found.type.field(at).name: pc.struct_field(found, [at])
        for at in range(found.type.num_fields)
    }
    index = pa.array(rows)
    return {**fields, **{name: column.take(index) for name, column in common.items()}}, rows


class Connections:
    """Joins the ends of connections with their beginnings, over all of a file."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._open = pa.table({name: pa.array([], _kind(name)) for name in (*_KEPT, "key")})

    def joined(
        self, built: Found, its: Ints, torn: Found, their: Ints, where: Where
    ) -> list[tuple[Found, Ints]]:
        """Records of a block: connections that ended, and those that began and did not yet."""
        begun = pa.table({**{name: built[name] for name in _KEPT}, "key": pa.array(_keys(built))})
        known = pa.concat_tables([self._open, begun]).combine_chunks()
        rows = np.concatenate([np.arange(-len(self._open), 0), its])
        place = _before(np.asarray(known["key"]), rows, _keys(torn), their)
        tables: list[tuple[Found, Ints]] = []
        if len(their):
            tables.append((self._ended(known, place, torn, where, their), their))
        over = np.zeros(len(known), np.bool_)
        over[place[place >= 0]] = True
        fresh = ~over[len(self._open) :]
        if fresh.any():
            waiting = begun.filter(pa.array(fresh))
            columns = _oriented({name: waiting[name].combine_chunks() for name in _KEPT})
            moment = waiting["moment"].combine_chunks()
            columns |= {
                "start": moment,
                "end": moment,
                "time_basis": pa.repeat("start-only", len(waiting)),
                "unfinished": pa.array(np.ones(len(waiting), np.bool_)),
            }
            tables.append((columns, its[fresh]))
        self._open = known.filter(pa.array(~over)).slice(
            max(0, len(known) - over.sum() - MOST_OPEN)
        )
        return tables

    def _ended(self, known: pa.Table, place: Ints, torn: Found, where: Where, rows: Ints) -> Found:
        size = _int(torn["bytes"])
        seconds = sum((pc.multiply(_int(torn[name]), each) for name, each in _UNITS), pa.scalar(0))
        lost = place < 0
        if lost.any():
            kept = rows if where.kept is None else where.kept[rows]
            line = where.line + int(kept[int(np.argmax(lost))])
            self._tally.add("no-built", line, count=int(np.count_nonzero(lost)))
        index = pa.array(np.maximum(place, 0), mask=lost)
        begun = {name: known[name].combine_chunks().take(index) for name in _KEPT}
        guessed = _guessed(torn)
        full = {
            name: pc.coalesce(begun[name], torn[name] if name in torn else guessed[name])
            for name in _KEPT
        }
        columns = _oriented(full)
        columns["initiator_basis"] = pc.if_else(pa.array(lost), "port", "recorded")
        lasted = pc.subtract(torn["moment"], pc.multiply(seconds, SECOND))
        columns["start"] = pc.if_else(pa.array(lost), lasted, begun["moment"])
        columns["end"] = torn["moment"]
        columns["clock"] = torn["clock"]
        columns["time_basis"] = pa.repeat("recorded", len(rows))
        columns["unfinished"] = pa.array(np.zeros(len(rows), np.bool_))
        # nothing in all is nothing each way; of anything else the log does not tell whose it was
        nothing = pc.if_else(pc.equal(size, 0), pa.scalar(0, pa.int64()), None)
        columns["src_payload"] = columns["dst_payload"] = nothing
        some = np.asarray(pc.fill_null(pc.greater(size, 0), False), np.bool_)
        if some.any():
            kept = rows if where.kept is None else where.kept[rows]
            line = where.line + int(kept[int(np.argmax(some))])
            self._tally.add("both-ways-bytes", line, count=int(np.count_nonzero(some)))
            self._tally.add_sum("both-ways-bytes", int(pc.sum(size).as_py()))
        return columns


_UNITS: Final = (("hours", 3600), ("minutes", 60), ("seconds", 1))


def _kind(name: str) -> pa.DataType:
    return pa.int64() if name in ("moment", "key") else pa.string()


def _int(words: pa.StringArray) -> pa.Int64Array:
    """Whole numbers out of digits; null for more of them than any count or port has."""
    fits = pc.less_equal(pc.binary_length(words), 15)
    return pc.if_else(fits, words, None).cast(pa.int64())


def _keys(found: Found) -> Ints:
    """A hash of device, protocol and number of each connection."""
    parts = [found["device"], found["proto"], found["number"]]
    return text_keys(pc.binary_join_element_wise(*parts, " "))


def _before(begun: Ints, its: Ints, ended: Ints, their: Ints) -> Ints:
    """Of each end the beginning right before it; -1 where none is, or another end is between.

    Args:
        begun: keys of beginnings.
        its: where they stand, in lines.
        ended: keys of ends.
        their: likewise.
    """
    keys = np.concatenate([begun, ended])
    order = np.lexsort((np.concatenate([its, their]), keys))
    found = np.full(len(ended), -1, np.int64)
    end = np.flatnonzero(order >= len(begun))
    end = end[end > 0]
    mine, last = order[end], order[end - 1]
    right = (keys[mine] == keys[last]) & (last < len(begun))
    found[mine[right] - len(begun)] = last[right]
    return found


def _guessed(torn: Found) -> Found:
    """For connections whose beginning is not in the log: the lower port is the server's."""
    first, second = _int(torn["p1"]), _int(torn["p2"])
    way = pc.if_else(pc.less(first, second), "outbound", "inbound")
    return {"way": way, "m1": torn["a1"], "mp1": torn["p1"], "m2": torn["a2"], "mp2": torn["p2"]}


def _oriented(found: Found) -> Found:
    """Columns of connections: who opened each is the second named if it went outward."""
    outward = pc.equal(found["way"], "outbound")

    def chosen(first: str, second: str) -> Any:  # noqa: ANN401 - an Arrow array
        return pc.if_else(outward, found[first], found[second])

    columns: Found = {"clock": found["clock"], "observer": found["device"]}
    for side, own, other in (("src", "2", "1"), ("dst", "1", "2")):
        address, port = chosen(f"a{own}", f"a{other}"), chosen(f"p{own}", f"p{other}")
        mapped, its = chosen(f"m{own}", f"m{other}"), chosen(f"mp{own}", f"mp{other}")
        moved = pc.not_equal(mapped, address)
        columns[f"{side}_ip"], columns[f"{side}_port"] = address, _int(port)
        columns[f"nat_{side}_ip"] = pc.if_else(moved, mapped, None)
        columns[f"nat_{side}_port"] = pc.if_else(moved, _int(its), None)
    known = pc.index_in(pc.utf8_lower(found["proto"]), pa.array(list(PROTOCOLS)))
    columns["protocol"] = pa.array(list(PROTOCOLS.values()), pa.int64()).take(known)
    names = ("device", "proto", "number", "a1", "p1", "a2", "p2")
    columns["session"] = pc.binary_join_element_wise(*(found[name] for name in names), " ")
    return columns

"""Two flow tables of one capture, conversation by conversation.

A conversation is what lies between the same two ends at overlapping times: engines may cut it
into flows differently, the sums must be equal all the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.agreement import Agreement, Difference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COLUMNS: Final = (
    "start", "end", "protocol", "src_ip", "src_port", "dst_ip", "dst_port", "src_packets",
    "dst_packets", "src_bytes", "dst_bytes", "src_payload", "dst_payload", "host", "tunnel",
)  # fmt: skip
SUMS: Final = ("packets", "bytes", "payload")
ATTRIBUTES: Final = (*SUMS, "initiator", "host", "tunnel", "unseen", "start", "end")
NAMES: Final = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6", 132: "SCTP"}

Row = dict[str, Any]
End = tuple[str, int]
Key = tuple[int, End, End]


@dataclass(frozen=True, slots=True)
class _Compared:
    """The conversations of one capture, counted."""

    conversations: int
    only: tuple[int, int]
    equal: int
    attributes: Counter[str]
    differences: list[Difference]


def agreement(
    tables: Iterable[tuple[str, pa.Table, pa.Table]], first: str, second: str
) -> Agreement:
    """How far two engines agree.

    ``tables`` gives per file its name and the two flow tables (columns of stage ``read``);
    ``first`` and ``second`` are the names of the engines.
    """
    files = conversations = only_first = only_second = equal = 0
    attributes = Counter(dict.fromkeys(ATTRIBUTES, 0))
    differences: list[Difference] = []
    for name, one, other in tables:
        found = _compared(name, one, other)
        files += 1
        conversations += found.conversations
        only_first += found.only[0]
        only_second += found.only[1]
        equal += found.equal
        attributes += found.attributes
        differences += found.differences
    counts = {name: attributes[name] for name in ATTRIBUTES}
    return Agreement(
        first, second, files, conversations, only_first, only_second, equal, counts,
        tuple(differences),
    )  # fmt: skip


def _compared(name: str, first: pa.Table, second: pa.Table) -> _Compared:
    conversations = equal = 0
    only = [0, 0]
    attributes: Counter[str] = Counter()
    differences: list[Difference] = []
    for key, rows in _conversations(first, second):
        conversations += 1
        title = _title(key)
        if not rows[0] or not rows[1]:
            lacking = 0 if not rows[0] else 1
            only[1 - lacking] += 1
            values = [_summary(key, rows[0]), _summary(key, rows[1])]
            differences.append(Difference(name, title, "conversation", values[0], values[1]))
            continue
        one, other = _facts(key, rows[0]), _facts(key, rows[1])
        for what in ATTRIBUTES:
            if one[what] == other[what]:
                attributes[what] += 1
            else:
                differences.append(Difference(name, title, what, one[what], other[what]))
        equal += one["packets"] == other["packets"] and one["bytes"] == other["bytes"]
    return _Compared(conversations, (only[0], only[1]), equal, attributes, differences)


def _conversations(
    first: pa.Table, second: pa.Table
) -> Iterator[tuple[Key, tuple[list[Row], list[Row]]]]:
    """Rows of both tables between the same ends whose times hang together."""
    by_key: dict[Key, list[tuple[int, Row]]] = defaultdict(list)
    for number, table in enumerate((first, second)):
        for row in _rows(table):
            by_key[_key(row)].append((number, row))
    for key in sorted(by_key, key=lambda each: (each[0], each[1], each[2])):
        rows = sorted(by_key[key], key=lambda each: (each[1]["start"], each[1]["end"]))
        group: tuple[list[Row], list[Row]] = ([], [])
        until: int | None = None
        for number, row in rows:
            if until is not None and row["start"] > until:
                yield key, group
                group = ([], [])
                until = None
            group[number].append(row)
            until = row["end"] if until is None else max(until, row["end"])
        yield key, group


def _rows(table: pa.Table) -> list[Row]:
    # what exporters reported in a capture is not for engines to agree on
    chosen = table.filter(pc.equal(table["seen_by"], "packets")).select(COLUMNS)
    for name in ("start", "end"):
        place = chosen.schema.get_field_index(name)
        chosen = chosen.set_column(place, name, chosen[name].cast(pa.int64()))
    rows: list[Row] = chosen.to_pylist()
    return rows


def _ends(row: Row) -> tuple[End, End]:
    source = (row["src_ip"], -1 if row["src_port"] is None else row["src_port"])
    target = (row["dst_ip"], -1 if row["dst_port"] is None else row["dst_port"])
    return source, target


def _key(row: Row) -> Key:
    source, target = _ends(row)
    return (row["protocol"], *((source, target) if source <= target else (target, source)))


def _facts(key: Key, rows: list[Row]) -> dict[str, str | None]:
    """What one engine says about a conversation, as text."""
    sums = {what: {key[1]: 0, key[2]: 0} for what in SUMS}
    unseen = set()
    for row in rows:
        for side, end in zip(("src", "dst"), _ends(row), strict=True):
            for what in SUMS:
                sums[what][end] += row[f"{side}_{what}"] or 0
            if row[f"{side}_packets"] is None:
                unseen.add(_end(end))
    facts: dict[str, str | None] = {
        what: f"{sums[what][key[1]]} + {sums[what][key[2]]}" for what in SUMS
    }
    facts["initiator"] = _end(_ends(rows[0])[0])
    for what in ("host", "tunnel"):
        facts[what] = ", ".join(sorted({row[what] for row in rows if row[what]})) or None
    facts["unseen"] = ", ".join(sorted(unseen)) or None
    facts["start"] = _time(min(row["start"] for row in rows))
    facts["end"] = _time(max(row["end"] for row in rows))
    return facts


def _summary(key: Key, rows: list[Row]) -> str | None:
    if not rows:
        return None
    facts = _facts(key, rows)
    tunnel = f", {facts['tunnel']}" if facts["tunnel"] else ""
    return f"{facts['packets']} packets, {facts['bytes']} bytes{tunnel}"


def _title(key: Key) -> str:
    protocol = NAMES.get(key[0], f"IP {key[0]}")
    return f"{protocol} {_end(key[1])} ↔ {_end(key[2])}"


def _end(end: End) -> str:
    address, port = end
    if port < 0:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _time(time: int) -> str:
    seconds, rest = divmod(time, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"

"""Cisco ASA and FTD connection messages in syslog (``docs/formats/cisco-asa.md``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.logs.firewalls import KINDS, protocol
from auditor.readers.logs.ftd_events import events
from auditor.readers.records.batch import COLUMNS, Batch, Where
from auditor.readers.records.checked import bools
from auditor.readers.records.connections import Connections, part
from auditor.readers.records.key_values import plain_lines
from auditor.readers.records.moments import LOCAL, NONE, SECOND, YEARLESS, moments, placed
from auditor.readers.records.text import cleaned, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from auditor.readers.reading import FileSettings
    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Kinds, Tally

    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]

DAY: Final = 86400 * SECOND
_CODE: Final = r"%(?:ASA|FTD|PIX|NGIPS)-(?:[a-z]+-)?[0-7]-"
_MESSAGE: Final = rf"^(?P<head>[^%]{{0,400}}){_CODE}(?P<id>[0-9]{{6}}): (?P<text>.*)$"
_SNIFF: Final = re.compile(rf"{_CODE}\d{{6}}: ".encode())
# of several dates in one head the device's own, with its year, is the one to take
_DATED: Final = (
    r"(?P<it>[A-Z][a-z]{2} +[0-9]{1,2} [0-9]{4} [0-9:]{8}(?:\.[0-9]{1,9})?(?: (?:UTC|GMT))?)",
    r"(?P<it>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)",
    r"(?P<it>[A-Z][a-z]{2} +[0-9]{1,2} [0-9:]{8}(?:\.[0-9]{1,9})?)",
)
_ANY_DATE: Final = "|".join(each.replace("?P<it>", "?:") for each in _DATED)
_USER: Final = r"(?: ?\([^)]*\))*"
_ONE: Final = r"(?P<if1>[^:]*):(?P<a1>[^/ (]+)/(?P<p1>[0-9]+)"
_TWO: Final = r"(?P<if2>[^:]*):(?P<a2>[^/ (]+)/(?P<p2>[0-9]+)"
_BUILT: Final = (
    r"^Built (?P<way>inbound|outbound) (?P<proto>TCP|UDP|SCTP) connection (?P<number>[0-9]+) for "
    + _ONE
    + r" ?\((?P<m1>[^)/]+)/(?P<mp1>[0-9]+)\)"
    + _USER
    + " to "
    + _TWO
    + r" ?\((?P<m2>[^)/]+)/(?P<mp2>[0-9]+)\)"
)
_TEARDOWN: Final = (
    r"^Teardown (?P<proto>TCP|UDP|SCTP) connection (?P<number>[0-9]+) for "
    + _ONE
    + _USER
    + " to "
    + _TWO
    + _USER
    + r" duration (?P<hours>[0-9]{1,6}):(?P<minutes>[0-9]{2}):(?P<seconds>[0-9]{2})"
    + r" bytes (?P<bytes>[0-9]+)"
)
_PING: Final = (
    r"^Built (?P<way>inbound|outbound) (?P<proto>ICMP) connection for faddr (?P<a1>[^/ (]+)/[0-9]+"
    + _USER
    + r" gaddr (?P<m2>[^/ (]+)/[0-9]+"
    + _USER
    + r" laddr (?P<a2>[^/ (]+)"
)
_FROM: Final = r"from (?P<a1>[^/ ]+)/(?P<p1>[0-9]+) to (?P<a2>[^/ ]+)/(?P<p2>[0-9]+)"
DENIED: Final[dict[str, str]] = {
    "106001": r"^Inbound (?P<proto>TCP) connection denied " + _FROM,
    "106006": r"^Deny inbound (?P<proto>UDP) " + _FROM,
    "106007": r"^Deny inbound (?P<proto>UDP) " + _FROM,
    "106014": r"^Deny inbound (?P<proto>icmp) src [^:]*:(?P<a1>[^/ (]+).* dst [^:]*:"
    r"(?P<a2>[^/ (]+)",
    "106023": r"^Deny (?:protocol )?(?P<proto>[^ ]+) src [^:]*:(?P<a1>[^/ (]+)(?:/(?P<p1>[0-9]+))?"
    + _USER
    + r" dst [^:]*:(?P<a2>[^/ (]+)(?:/(?P<p2>[0-9]+))?",
    "106100": r"^access-list [^ ]+ denied (?P<proto>[^ ]+) [^/]*/(?P<a1>[^( ]+)\((?P<p1>[0-9]+)\)"
    + _USER
    + r" -> [^/]*/(?P<a2>[^( ]+)\((?P<p2>[0-9]+)\)",
    "710003": r"^(?P<proto>TCP|UDP) access denied by ACL " + _FROM.replace(" to ", " to [^:]*:"),
}
"""Messages about refusals. 106015 (stray packets of a closed connection) tells of no session."""


@dataclass(frozen=True, slots=True)
class Asa:
    """The format."""

    name: str = "cisco-asa"
    seen_by: str = "cisco-asa"
    one_way: bool = False

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return {
            **KINDS,
            "both-ways-bytes": (
                "{count} connection(s) count bytes of both directions as one, {detail} in all",
                "At most this left; export NetFlow (NSEL) from the device to have each direction.",
            ),
            "no-built": (
                "{count} connection(s) lack their Built message; the lower port is the server's",
                "The log begins after them, or messages 302013 and 302015 are turned off.",
            ),
            "year-assumed": (
                "{count} record(s) have dates without a year; {detail}",
                "Have the device write it: logging timestamp, or logging timestamp rfc5424.",
            ),
        }

    def sniff(self, head: bytes) -> float:
        """Nearly certain of lines with a message number of such a device."""
        lines = head[:65536].split(b"\n")[:20]
        return 0.9 if any(_SNIFF.search(line[:4096]) for line in lines) else 0.0

    def begun(self, head: bytes, settings: FileSettings, tally: Tally) -> _Text:
        """One file."""
        del head
        return _Text(settings, tally)


class _Text:
    """Lines are read in order: a connection's end knows its beginning by its number only."""

    def __init__(self, settings: FileSettings, tally: Tally) -> None:
        self._settings = settings
        self._tally = tally
        self._connections = Connections(tally)

    def pieces(self, block: Block) -> Iterator[Batch]:
        text = cleaned(block, self._tally)
        lines, where = plain_lines(text, self._tally, line=block.line)
        found = pc.extract_regex(lines, _MESSAGE)
        known = bools(pc.is_valid(found))
        if not known.all():
            Batch({"line": lines}, where).without(~known, "bad-line", self._tally)
            found, where = found.filter(pa.array(known)), where.taken(known)
        head, number, words = (pc.struct_field(found, [at]) for at in range(3))
        moment, clock = self._moments(head, where)
        rest = pc.replace_substring_regex(head, f"<[0-9]{{1,3}}>|{_ANY_DATE}", "")
        device = pc.utf8_trim(rest, " :")
        common = {"moment": moment, "clock": clock.cast(pa.string()), "device": device}
        yield self._records(number, words, common, where)

    def parsed(self, piece: Batch) -> Batch:
        return piece

    def ended(self, line: int) -> None:
        """Connections that never ended were handed on when they began."""

    def _moments(self, head: pa.StringArray, where: Where) -> tuple[pa.Array, pa.Array]:
        """When each message was written; the year is that of the file where dates lack it."""
        texts = [pc.struct_field(pc.extract_regex(head, each), [0]) for each in _DATED]
        dates = pc.coalesce(*texts)
        written = self._settings.written
        year = datetime.fromtimestamp((written or 0) // SECOND, UTC).year
        found, kinds = moments(dates, year=year)
        bare = kinds == YEARLESS
        if bare.any():
            first, count = int(np.argmax(bare)), int(np.count_nonzero(bare))
            what = (
                "they were not read" if written is None else f"taken for {year} or the year before"
            )
            self._tally.add("year-assumed", where.number(first), count=count, detail=what)
            if written is None:
                kinds = np.where(bare, NONE, kinds)
            else:
                before, _ = moments(dates, year=year - 1)
                late = bare & (found > written + DAY)
                found, kinds = np.where(late, before, found), np.where(bare, LOCAL, kinds)
        return placed(found, kinds, self._settings, where, self._tally)

    def _records(
        self, number: pa.Array, words: pa.Array, common: dict[str, pa.Array], where: Where
    ) -> Batch:
        read = np.zeros(len(number), np.bool_)
        built, its = part(words, common, _matches(number, "302013", "302015"), _BUILT)
        read[its] = True
        torn, their = part(words, common, _matches(number, "302014", "302016"), _TEARDOWN)
        read[their] = True
        tables = self._connections.joined(built, its, torn, their, where)
        pings, rows = part(words, common, _matches(number, "302020"), _PING)
        read[rows] = True
        if len(rows):
            tables.append((_pings(pings), rows))
        rows = np.flatnonzero(_matches(number, "430002", "430003"))
        read[rows] = True
        if len(rows):
            index = pa.array(rows)
            mine = {name: column.take(index) for name, column in common.items()}
            here = _part(where, rows)
            tables.append(
                (events(number.take(index), words.take(index), mine, here, self._tally), rows)
            )
        for code, pattern in DENIED.items():
            denied, rows = part(words, common, _matches(number, code), pattern)
            read[rows] = True
            if len(rows):
                tables.append((_denied(denied, where, rows, self._tally), rows))
        seen = Batch({"number": number}, where)
        told = _matches(number, "302013", "302014", "302015", "302016", "302020", "106023")
        seen.counted(~read & ~told, "not-traffic", self._tally, "")
        if (told & ~read).any():
            seen.without(told & ~read, "bad-line", self._tally)
        return _together(tables, where)


def _matches(number: pa.StringArray, *codes: str) -> Bools:
    return bools(pc.is_in(number, pa.array(codes)))


def _part(where: Where, rows: Ints) -> Where:
    """Where some of the messages stand."""
    return Where(where.text, where.line, rows if where.kept is None else where.kept[rows])


def _pings(found: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Columns of messages about ICMP: a far and a local address, and what the local one became."""
    inward = pc.equal(found["way"], "inbound")
    far, near = found["a1"], found["a2"]
    outside = pc.if_else(pc.equal(found["m2"], near), None, found["m2"])
    version = pc.if_else(pc.match_substring(far, ":"), pa.scalar(58), pa.scalar(1))
    return {
        "start": found["moment"],
        "end": found["moment"],
        "time_basis": pa.repeat("start-only", len(far)),
        "clock": found["clock"],
        "protocol": version.cast(pa.int64()),
        "src_ip": pc.if_else(inward, far, near),
        "dst_ip": pc.if_else(inward, near, far),
        "nat_src_ip": pc.if_else(inward, None, outside),
        "nat_dst_ip": pc.if_else(inward, outside, None),
        "observer": found["device"],
    }


def _denied(
    found: dict[str, pa.Array], where: Where, rows: Ints, tally: Tally
) -> dict[str, pa.Array]:
    """Columns of messages about refusals."""
    here = _part(where, rows)
    columns = {
        "start": found["moment"],
        "end": found["moment"],
        "time_basis": pa.repeat("log-time", len(rows)),
        "clock": found["clock"],
        "protocol": protocol(found["proto"], here, tally),
        "src_ip": found["a1"],
        "dst_ip": found["a2"],
        "blocked": pa.array(np.ones(len(rows), np.bool_)),
        "observer": found["device"],
    }
    for name, its in (("src_port", "p1"), ("dst_port", "p2")):
        if its in found:
            words = pc.if_else(pc.equal(found[its], ""), None, found[its])
            columns[name] = numbers(words, name, here, tally)
    return columns


def _together(tables: list[tuple[dict[str, Any], Ints]], where: Where) -> Batch:
    """All records of a block, under the names that are used by any of them."""
    names = sorted({name for columns, _ in tables for name in columns} | {"start", "src_ip"})
    names = sorted({*names, "dst_ip"})
    joined = {
        name: pa.concat_arrays(
            [
                columns[name] if name in columns else pa.nulls(len(rows), COLUMNS[name])
                for columns, rows in tables
            ]
            or [pa.nulls(0, COLUMNS[name])]
        )
        for name in names
    }
    places = np.concatenate([rows for _, rows in tables] or [np.zeros(0, np.int64)])
    return Batch(joined, _part(where, places))

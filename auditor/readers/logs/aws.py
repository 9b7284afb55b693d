"""AWS flow logs of VPCs and transit gateways as text (``docs/formats/aws-vpc.md``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from auditor.model.errors import InputError
from auditor.readers.logs.aws_records import FIELDS, records
from auditor.readers.records.batch import Batch, Where
from auditor.readers.records.lines import BOM
from auditor.readers.records.tally import DAMAGED
from auditor.readers.records.text import cleaned, delimited, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.reading import Settings
    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Kinds, Tally

DEFAULT: Final = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start"
    " end action log-status"
)
"""The fields of version 2, in the order that is used where nobody chose another."""

TRANSIT_DEFAULT: Final = (
    "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id"
    " tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id"
    " tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr"
    " srcport dstport protocol packets bytes start end log-status type packets-lost-no-route"
    " packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region"
    " flow-direction pkt-src-aws-service pkt-dst-aws-service"
)
"""The fields of version 6 (transit gateways), likewise."""

LONGEST_HEADER: Final = 1 << 13
"""Bytes; all fields of all versions together take less than 2,000."""

OTHER_NAMES: Final = {
    "sourceaddress": "srcaddr", "destinationaddress": "dstaddr", "sourceport": "srcport",
    "destinationport": "dstport", "numpackets": "packets", "numbytes": "bytes",
    "starttime": "start", "endtime": "end", "packetsourceaddress": "pkt-srcaddr",
    "packetdestinationaddress": "pkt-dstaddr",
}  # fmt: skip
"""Names in tables that follow older examples of Athena, without what separates words."""

_PLAIN_NAMES: Final = OTHER_NAMES | {name.replace("-", ""): name for name in FIELDS}
_ANSWERS: Final = frozenset((b"OK", b"NODATA", b"SKIPDATA"))
_ALIBABA: Final = frozenset((b"eni-id", b"vswitch-id"))  # shares most names
_INTERFACE: Final = re.compile(rb"(eni|tgw)-[0-9a-f]{8,17}")
_EXPORTED: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_EVENTS: Final = b"timestamp,message"
_EVENT: Final = re.compile(rb"\d{12,14},\d+")


def known_name(name: str) -> str:
    """AWS's own name of a field, however its words are separated; else as it is."""
    plain = re.sub(r"[-_ ]", "", name.strip().strip('"')).lower()
    return _PLAIN_NAMES.get(plain, name)


@dataclass(frozen=True, slots=True)
class Aws:
    """The format."""

    name: str = "aws-vpc"
    seen_by: str = "aws-vpc"
    one_way: bool = True

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return {
            "no-traffic": (
                "{count} line(s) tell that an interface had no traffic for a while",
                "Nothing is lost.",
            ),
            "skipped-records": (
                "{count} line(s) tell that AWS skipped records; what they held is not known",
                "The volumes are too low by an unknown amount; AWS gives no other copy.",
            ),
            "gateway-copies": (
                "{count} record(s) show the outer side of a NAT gateway and were left out",
                "Nothing is lost: the same traffic stands in the log with the addresses inside.",
            ),
            "lost-in-transit": (
                "a transit gateway dropped {detail} packets in {count} record(s)",
                "They have not arrived; their routes, sizes or TTL are to blame.",
            ),
            "missing-field": (
                "{count} line(s) were not read, for their header lacks {detail}",
                _NEED,
            ),
            "bad-line": (
                "{count} line(s) have other fields than their header and were not read",
                DAMAGED,
            ),
        }

    def sniff(self, head: bytes) -> float:
        """Certain of a header line; nearly of lines of version 2 in the usual order."""
        line = _first_line(head)
        words = _words(line)
        names = {known_name(word.decode("utf-8", "replace")) for word in words}
        if not _ALIBABA & set(words) and len(names & FIELDS.keys()) > 3 and not _lacking(names):
            return 1.0
        if line == _EVENTS:
            return 0.5 if _EVENT.match(head.removeprefix(BOM)[len(_EVENTS) :].lstrip()) else 0.0
        if not _ANSWERS & set(words):
            return 0.0
        if any(_INTERFACE.fullmatch(word) for word in words):
            return 0.8
        return 0.8 if len(words) == 14 and words[0] == b"2" and words[13] in _ANSWERS else 0.0

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Text:
        """One file: its fields are named by its header, by the settings, or are the usual ones."""
        line = _first_line(head)
        form = _form_of(line)
        if form is not None:
            return _Text(form, tally)
        chosen = settings.aws_fields.replace("$", "").replace("{", "").replace("}", "").split()
        names = chosen or (TRANSIT_DEFAULT if b" TransitGateway " in line else DEFAULT).split()
        names = [known_name(name) for name in names]
        found = len(line.split(b" "))
        if line == _EVENTS:  # the time of the event and the first field are one word of the line
            names = ["", *names[1:]]
        elif _EXPORTED.fullmatch(line.split(b" ")[0]):
            names = ["", *names]
        if lacks := _lacking(names):
            raise lacking(lacks)
        if line != _EVENTS and found != len(names):
            raise InputError(
                f"has {found} fields and no header that names them",
                place="",
                hint="Name them in their order with --aws-fields, as when the log was set up.",
            )
        return _Text(_Form(tuple(names), " "), tally)


@dataclass(frozen=True, slots=True)
class _Form:
    """What the lines after a header look like."""

    names: tuple[str, ...]
    delimiter: str

    @property
    def kinds(self) -> dict[str, pa.DataType]:
        return {name: FIELDS[name] for name in self.names if name in FIELDS}


def _first_line(head: bytes) -> bytes:
    return head.removeprefix(BOM).lstrip().partition(b"\n")[0].strip()


def _words(line: bytes) -> list[bytes]:
    comma = line.count(b",") > line.count(b" ")
    return [word.strip(b'"') for word in line.split(b"," if comma else b" ")]


def _form_of(line: bytes) -> _Form | None:
    """What a header line says; nothing if it is none."""
    return _named(line) if len(line) <= LONGEST_HEADER else None


@lru_cache(64)  # a folder has many files with the same one
def _named(line: bytes) -> _Form | None:
    names = tuple(known_name(word.decode("utf-8", "replace")) for word in _words(line))
    if not {"srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"} & set(names):
        return None
    return _Form(names, "," if line.count(b",") > line.count(b" ") else " ")


_NEED: Final = "Log at least srcaddr, dstaddr, srcport, dstport, protocol, bytes, start and end."


def _lacking(names: Any) -> list[str]:  # noqa: ANN401 - any collection of names
    """Fields without which a record cannot be placed."""
    lacks = [
        side for side in ("srcaddr", "dstaddr") if side not in names and f"pkt-{side}" not in names
    ]
    return lacks + [name for name in ("start", "end") if name not in names]


def lacking(missing: list[str]) -> InputError:
    """What is said of a log without the fields that are needed."""
    return InputError(f"lacks the fields {', '.join(missing)}", place="", hint=_NEED)


class _Text:
    """One file of text."""

    def __init__(self, form: _Form, tally: Tally) -> None:
        self._form = form
        self._tally = tally

    def pieces(self, block: Block) -> Iterator[tuple[bytes, int, _Form]]:
        """The lines between headers, which may come again where files were put together."""
        text = cleaned(block, self._tally)
        line, done = block.line, 0
        if text.startswith(_EVENTS):
            done, line = text.find(b"\n") + 1, line + 1
        parts: list[bytes] = []  # of one form: the same header again becomes an empty line
        first = line
        for begin, end in _headers(text):
            form = _form_of(text[begin:end].strip()) or self._form
            parts += [text[done:begin]] if begin > done else []
            line += text.count(b"\n", done, end)
            done = end
            if parts and form == self._form:
                parts.append(b"\n")
                continue
            if parts:
                yield from self._piece(b"".join(parts), first)
            parts, first, self._form = [], line, form
        parts += [text[done:]] if done < len(text) else []
        if parts:
            yield from self._piece(b"".join(parts), first)

    def _piece(self, text: bytes, line: int) -> Iterator[tuple[bytes, int, _Form]]:
        lacks = _lacking(self._form.names)
        if not lacks:
            yield text, line, self._form
            return
        count, lost = text.count(b"\n"), len(text)
        self._tally.add("missing-field", line, count=count, lost=lost, detail=", ".join(lacks))

    def parsed(self, piece: tuple[bytes, int, _Form]) -> Batch:
        """The records of some lines under one header."""
        text, line, form = piece
        columns, where = delimited(
            text,
            list(form.names),
            form.kinds,
            self._tally,
            line=line,
            delimiter=form.delimiter,
            quoted=form.delimiter == ",",
        )
        return records(columns, where, self._tally)

    def ended(self, line: int) -> None:
        """Nothing marks the end of such a log."""


def _headers(text: bytes) -> Iterator[tuple[int, int]]:
    """Where header lines begin and end: all name an address, and values hardly ever do."""
    place = text.find(_IN_HEADERS) if b"s" in text else -1  # lines of version 2 hold no "s"
    while place >= 0:
        begin, end = text.rfind(b"\n", 0, place) + 1, text.find(b"\n", place) + 1
        if _form_of(text[begin:end].strip()) is not None:
            yield begin, end
        place = text.find(_IN_HEADERS, end)


_IN_HEADERS: Final = b"ddr"
"""Of srcaddr, src_addr, srcAddr, sourceaddress."""


def aws_batch(table: pa.Table, tally: Tally, where: Where | None = None) -> Batch:
    """Records out of a table with AWS's own names, with ``-`` or ``_`` (Parquet has these).

    Columns that are not known are ignored; numbers may be of any width, or texts. ``where`` tells
    the number of the first record.

    Raises:
        InputError: fields are missing without which nothing can be told.
    """
    named = {known_name(name): name for name in reversed(table.column_names)}
    if lacks := _lacking(named):
        raise lacking(lacks)
    where = where or Where()
    columns: dict[str, Any] = {}
    for name, kind in FIELDS.items():
        if name not in named:
            continue
        column = table[named[name]].combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # of no rows
            column = pa.array([], column.type)
        if pa.types.is_integer(kind) and not pa.types.is_integer(column.type):
            columns[name] = numbers(column.cast(pa.string()), name, where, tally)
        else:
            columns[name] = column.cast(kind) if column.type != kind else column
    return records(columns, where, tally)

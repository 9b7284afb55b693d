"""The tab-separated form of the log (Zeek's ASCII writer), header obeyed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from auditor.readers.zeek.records import FIELDS, NEEDED, TEXT, Records, clean, completed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.logs.lines import Block
    from auditor.readers.logs.tally import Tally

MOST_FIELDS: Final = 2000
_ESCAPE: Final = re.compile(rb"\\x([0-9A-Fa-f]{2})")
_INTEGER: Final = r"^[0-9]{1,18}$"
_DECIMAL: Final = r"^-?[0-9]{1,15}(\.[0-9]{0,12})?([eE][-+]?[0-9]{1,2})?$"


@dataclass(frozen=True, slots=True)
class Header:
    """What the ``#`` lines above the data say."""

    separator: bytes = b"\t"
    empty: str = "(empty)"
    unset: str = "-"
    path: str = ""
    fields: tuple[str, ...] = ()


def unescaped(text: bytes) -> bytes:
    r"""``text`` with Zeek's ``\xNN`` escapes decoded."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text)


class Tsv:
    """Reads blocks of a tab-separated log; the header lasts until the next one."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._header = Header()
        self.closed = False

    def records(self, block: Block) -> Iterator[Records]:
        """The records of ``block``, one batch for each run of lines between headers."""
        text, replaced = clean(block.text)
        if replaced:
            self._tally.add("bad-encoding", block.line, offset=block.offset)
        if not text.endswith(b"\n"):
            text = self._whole_line(text, block)
        line, start = block.line, 0
        while start < len(text):
            if text[start : start + 1] == b"#":
                end = text.find(b"\n", start) + 1 or len(text)
                self._obey(text[start + 1 : end - 1], line)
                line, start = line + 1, end
                continue
            end = text.find(b"\n#", start) + 1 or len(text)
            run = text[start:end]
            if run.strip(b"\n"):
                self.closed = False
                yield from self._run(run, line, block.offset + start)
            line, start = line + run.count(b"\n"), end

    def _whole_line(self, text: bytes, block: Block) -> bytes:
        """The last line of a file that ends without a line end, if it is worth reading."""
        if text.startswith(b"#"):
            return text + b"\n"
        whole = text.count(self._header.separator) + 1 == len(self._header.fields)
        self._tally.add(
            "cut-last-line",
            block.line,
            offset=block.offset,
            lost=0 if whole else len(text),
            detail="it was read, but its last field may be cut" if whole else "it was not read",
        )
        return text + b"\n" if whole else b""

    def _obey(self, line: bytes, number: int) -> None:
        """Takes one header line, without its ``#``, into account."""
        if line.startswith(b"separator "):
            separator = unescaped(line.removeprefix(b"separator "))
            if len(separator) != 1 or separator in b"\n\r\0" or not separator.isascii():
                self._tally.add("bad-header", number, detail=f"separator {separator!r:.40}")
                separator = b"\t"
            self._header = Header(separator)
            return
        name, *values = line.split(self._header.separator)
        words = [unescaped(value).decode("utf-8", "replace") for value in values[:MOST_FIELDS]]
        known = self._header
        first = words[0] if words else ""
        if name == b"empty_field":
            self._header = Header(known.separator, first, known.unset, known.path, known.fields)
        elif name == b"unset_field":
            self._header = Header(known.separator, known.empty, first, known.path, known.fields)
        elif name == b"path":
            self._header = Header(known.separator, known.empty, known.unset, first, known.fields)
        elif name == b"fields":
            if len(values) > MOST_FIELDS:
                self._tally.add("bad-header", number, detail=f"{len(values)} fields")
                words = []
            self._header = Header(
                known.separator, known.empty, known.unset, known.path, tuple(words)
            )
        elif name == b"close":
            self.closed = True

    def _run(self, text: bytes, line: int, offset: int) -> Iterator[Records]:
        """The records of lines that stand under one header."""
        fields = self._header.fields
        missing = [name for name in NEEDED if name not in fields]
        if "proto" not in fields and "ip_proto" not in fields:
            missing.append("proto")
        refused = (
            "no-header"
            if not fields
            else "not-conn"
            if self._header.path not in {"", "conn"}
            else "missing-field"
            if missing
            else ""
        )
        if refused:
            self._tally.add(
                refused,
                line,
                count=text.count(b"\n"),
                offset=offset,
                lost=len(text),
                detail=", ".join(missing),
            )
            return
        rows = text.count(b"\n")
        columns, bad = self._columns(text)
        found = len(next(iter(columns.values())))
        kept = None
        if found != rows:
            kept = self._kept(text, line, offset)
        yield Records(completed(columns, found), text, line, kept, bad)

    def _kept(self, text: bytes, line: int, offset: int) -> list[int]:
        """Indexes of the lines that have the header's columns; the others are counted."""
        wanted = len(self._header.fields) - 1
        kept = []
        for index, part in enumerate(text.split(b"\n")[:-1]):
            if part.count(self._header.separator) == wanted:
                kept.append(index)
            elif part:
                self._tally.add("wrong-columns", line + index, offset=offset, lost=len(part) + 1)
            offset += len(part) + 1
        return kept

    def _columns(self, text: bytes) -> tuple[dict[str, pa.Array], dict[str, pa.BooleanArray]]:
        """Arrow columns of the fields we know, and where numbers were none."""
        try:
            return self._read(text, FIELDS), {}
        except pa.ArrowInvalid:
            pass  # some value is no number of its field: find out which
        words = self._read(text, {name: pa.string() for name in FIELDS})
        columns: dict[str, pa.Array] = {}
        bad: dict[str, pa.BooleanArray] = {}
        for name, column in words.items():
            if FIELDS[name] == TEXT:
                columns[name] = column.dictionary_encode()
                continue
            pattern = _INTEGER if FIELDS[name] == pa.int64() else _DECIMAL
            is_number = pc.match_substring_regex(column, pattern)
            columns[name] = pc.if_else(is_number, column, None).cast(FIELDS[name])
            wrong = pc.fill_null(pc.invert(is_number), False)
            if pc.any(wrong).as_py():
                bad[name] = wrong
        return columns, bad

    def _read(self, text: bytes, kinds: dict[str, pa.DataType]) -> dict[str, pa.Array]:
        """The known fields of ``text``; lines with too many or too few columns are left out.

        Raises:
            ArrowInvalid: a value is not of its kind.
        """
        header = self._header
        names = [f"{index}" for index in range(len(header.fields))]
        wanted = {name: names[header.fields.index(name)] for name in kinds if name in header.fields}
        table = csv.read_csv(
            pa.BufferReader(text),
            csv.ReadOptions(column_names=names, block_size=len(text) + 1),
            csv.ParseOptions(
                delimiter=header.separator.decode(),
                quote_char=False,
                invalid_row_handler=lambda _: "skip",
            ),
            csv.ConvertOptions(
                check_utf8=False,  # it was checked block by block
                column_types={wanted[name]: kinds[name] for name in wanted},
                include_columns=list(wanted.values()),
                null_values=[header.unset, header.empty, ""],
                strings_can_be_null=True,
            ),
        )
        return {name: table.column(place).combine_chunks() for name, place in wanted.items()}

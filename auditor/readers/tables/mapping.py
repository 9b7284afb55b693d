"""Which columns of a table mean what (``docs/formats/mapping.md``): a file that people write."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from auditor.model.documents import Document, read
from auditor.model.run import DataSource
from auditor.readers.tables.patterns import EPOCHS, ISO, pattern, zone_ns

if TYPE_CHECKING:
    from pathlib import Path

MOST_COLUMNS: Final = 2000
"""Columns that a table may have."""


def plain_name(name: str) -> str:
    """A column's name as it is compared: Vietnamese letters may come in one piece or in two."""
    return unicodedata.normalize("NFC", name).strip()


Name = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(plain_name)]
Word = Annotated[str, Field(max_length=300)]


class Columns(Document):
    """Our names, and how the table calls them; a dotted path leads into nested JSON objects.

    Attributes:
        start, end: of the traffic.
        time: when the line was written, where the log knows no more.
        duration: from start to end.
        src_ip: of the end that opened the flow; of the sender, in tables of one-way records.
        src_bytes: sent by that end, IP header included; ``src_payload``: without headers.
        observer: interface or device that saw it: what two saw is counted once.
    """

    start: Name | None = None
    end: Name | None = None
    time: Name | None = None
    duration: Name | None = None
    src_ip: Name | None = None
    src_port: Name | None = None
    dst_ip: Name | None = None
    dst_port: Name | None = None
    protocol: Name | None = None
    src_packets: Name | None = None
    dst_packets: Name | None = None
    src_bytes: Name | None = None
    dst_bytes: Name | None = None
    src_payload: Name | None = None
    dst_payload: Name | None = None
    src_tcp_flags: Name | None = None
    dst_tcp_flags: Name | None = None
    sampling: Name | None = None
    vlan: Name | None = None
    app: Name | None = None
    host: Name | None = None
    nat_src_ip: Name | None = None
    nat_src_port: Name | None = None
    nat_dst_ip: Name | None = None
    nat_dst_port: Name | None = None
    observer: Name | None = None

    @property
    def given(self) -> dict[str, str]:
        """Our names and theirs, of the columns that are named."""
        return {ours: theirs for ours, theirs in self if theirs is not None}


Port = Annotated[int, Field(ge=0, le=65535)]


class Constants(Document):
    """What holds for every record of the table, and stands in none of its columns."""

    src_ip: Word | None = None
    src_port: Port | None = None
    dst_ip: Word | None = None
    dst_port: Port | None = None
    protocol: Annotated[int, Field(ge=0, le=255)] | None = None
    sampling: Annotated[int, Field(ge=1, le=1 << 32)] | None = None
    app: Word | None = None
    host: Word | None = None
    observer: Word | None = None

    @property
    def given(self) -> dict[str, str | int]:
        """Those that are named."""
        return {name: value for name, value in self if value is not None}


class Rows(Document):
    """Records that have one of some values in a column; upper and lower case are the same."""

    column: Name
    values: Annotated[tuple[Word, ...], Field(min_length=1)]


class Time(Document):
    """How times are written.

    Attributes:
        format: ``iso8601``, ``epoch-s``, ``epoch-ms``, ``epoch-us``, ``epoch-ns``, or a pattern
            such as ``%d/%m/%Y %H:%M:%S``. Columns that are times by their type (Parquet) need none.
        zone: offset from UTC of times that name none; null = as ``--log-zone`` says.
    """

    format: str = ISO
    zone: str | None = None

    @field_validator("format")
    @classmethod
    def _is_understood(cls, value: str) -> str:
        if value not in (*EPOCHS, ISO):
            pattern(value)
        return value

    @field_validator("zone")
    @classmethod
    def _is_an_offset(cls, value: str | None) -> str | None:
        if value is not None:
            zone_ns(value)
        return value


BYTE_UNITS: Final = {
    "B": (1, 1), "KB": (10**3, 1), "MB": (10**6, 1), "GB": (10**9, 1), "KiB": (1 << 10, 1),
    "MiB": (1 << 20, 1), "GiB": (1 << 30, 1), "bit": (1, 8), "kbit": (10**3, 8), "Mbit": (10**6, 8),
}  # fmt: skip
"""Bytes in one of each: a numerator and a denominator."""
DURATION_UNITS: Final = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
"""Nanoseconds in one of each."""


class Units(Document):
    """What numbers count: KB is 1,000 bytes, KiB 1,024."""

    bytes: Literal["B", "KB", "MB", "GB", "KiB", "MiB", "GiB", "bit", "kbit", "Mbit"] = "B"
    duration: Literal["s", "ms", "us", "ns"] = "s"


class Mapping(Document):
    """How the records of one kind of table become flows.

    Attributes:
        name: of the mapping, as problems show it.
        note: for people.
        match: columns by which a table is known to be meant; empty = every table that has all the
            columns named, and mistakes are told of every other one.
        one_way: whether a record tells of one direction, so that two make a flow; what it counts
            goes into the ``src_`` columns.
        window_s: longest span that one record sums up.
        seen_by: who saw the traffic, as reports show it; null = ``name``.
        header: names of all columns, for CSV without a line that names them.
        delimiter: between values; null = found by itself.
        decimal, thousands: of numbers; no thousands by default.
        null: what stands for nothing, besides an empty value.
        blocked: records of traffic that was refused.
        skipped: records that tell of no traffic at all.
        swapped: records whose two ends stand the other way round; in one-way tables their
            counters stay where they are: they are the sender's.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")]
    note: str = ""
    match: tuple[Name, ...] = ()
    columns: Columns
    constants: Constants = Constants()
    time: Time = Time()
    units: Units = Units()
    one_way: bool = False
    window_s: Annotated[int, Field(ge=1, le=1 << 31)] | None = None
    seen_by: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")] | None = None
    header: Annotated[tuple[Name, ...], Field(max_length=MOST_COLUMNS)] = ()
    delimiter: Literal[",", ";", "\t", "|", " "] | None = None
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    null: tuple[Word, ...] = ("-", "N/A", "n/a", "null", "NULL", "None")
    blocked: Rows | None = None
    skipped: Rows | None = None
    swapped: Rows | None = None

    @property
    def witness(self) -> str:
        """Who saw the traffic."""
        return self.seen_by or self.name

    @property
    def used(self) -> dict[str, str]:
        """Where the mapping names a column, and which."""
        out = {f"columns.{ours}": theirs for ours, theirs in self.columns.given.items()}
        for key in ("blocked", "skipped", "swapped"):
            rows: Rows | None = getattr(self, key)
            if rows is not None:
                out[f"{key}.column"] = rows.column
        return out

    @field_validator("columns")
    @classmethod
    def _suffice(cls, value: Columns) -> Columns:
        given = value.given
        wrong = []
        if not given.keys() & {"start", "end", "time"}:
            wrong.append("name the column of the time as `start`, `end` or `time`")
        if "time" in given and given.keys() & {"start", "end", "duration"}:
            wrong.append("`time` stands alone: with a duration, say whether it is `start` or `end`")
        if {"start", "end", "duration"} <= given.keys():
            wrong.append("name two of `start`, `end` and `duration`, not all three")
        if wrong:
            raise ValueError("; ".join(wrong))
        return value

    @field_validator("constants")
    @classmethod
    def _stand_once(cls, value: Constants, info: ValidationInfo) -> Constants:
        columns: Columns | None = info.data.get("columns")
        twice = columns.given.keys() & value.given.keys() if columns is not None else ()
        if twice:
            named = ", ".join(sorted(twice))
            raise ValueError(f"{named}: a column gives this already; keep one of the two")
        return value

    @model_validator(mode="after")
    def _agree(self) -> Mapping:
        wrong = []
        known = self.columns.given.keys() | self.constants.given.keys()
        missing = [name for name in ("src_ip", "dst_ip") if name not in known]
        if missing:
            wrong.append(f"columns: name the columns of {' and '.join(missing)}")
        backward = sorted(name for name in known if name.startswith("dst_") and name in _COUNTED)
        if self.one_way and backward:
            wrong.append(f"one_way: records of one direction have no {', '.join(backward)}")
        if self.decimal == self.thousands:
            wrong.append("decimal and thousands: cannot be the same sign")
        if self.header:
            strange = sorted(set(self.used.values()) - set(self.header))
            if strange:
                wrong.append(f"header: lacks {', '.join(map(repr, strange))}")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


_COUNTED: Final = ("dst_packets", "dst_bytes", "dst_payload", "dst_tcp_flags")


def load_mapping(path: Path) -> Mapping:
    """The mapping in ``path``.

    Raises:
        PolicyError: the file is missing or has mistakes; all are listed, with their lines.
    """
    return read(path, Mapping)


def mapping_source(path: Path) -> DataSource:
    """The mapping in ``path``, as it stands in the run: which one it was, to the byte.

    Raises:
        PolicyError: as ``load_mapping``.
    """
    mapping = load_mapping(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return DataSource("mapping", path.name, mapping.name, digest)


def as_yaml(mapping: Mapping) -> str:
    """The mapping as a file that ``load_mapping`` reads back."""
    content: dict[str, Any] = mapping.model_dump(mode="json", exclude_defaults=True)
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return text

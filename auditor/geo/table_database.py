"""A geo database (MMDB) of somebody's own table of address ranges."""

from __future__ import annotations

import csv
import ipaddress
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from auditor.model.countries import NAMES
from auditor.model.errors import GeoDataError, InputError
from auditor.model.text import legible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

MOST_BYTES: Final = 512 << 20
MOST_TOLD: Final = 20
_MOST_TEXT: Final = 200
_FIELDS: Final = {"country": "start,end,country", "asn": "start,end,asn,organisation"}
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Made:
    """A database.

    Attributes:
        content: of the file.
        networks: ranges of the table.
        records: distinct records.
    """

    content: bytes
    networks: int
    records: int


@dataclass(frozen=True, slots=True)
class _Range:
    line: int
    first: _Address
    last: _Address
    told: tuple[str, ...]


def mmdb_of(table: Path, kind: Literal["country", "asn"], built: datetime) -> Made:
    """The database that a CSV table of ranges makes.

    Args:
        table: rows of start, end, country (alpha-2), or of start, end, AS number, organisation;
            without a header line; ends are part of their ranges.
        kind: which of the two.
        built: the day of its data.

    Raises:
        InputError: it cannot be read, or has mistakes: the first of them, with their lines.
        GeoDataError: the packages that write databases are not installed.
    """
    try:
        from mmdb_writer import MMDBWriter
        from netaddr import IPSet, iprange_to_cidrs  # type: ignore[import-untyped]  # no stubs
    except ImportError:
        raise GeoDataError(
            "cannot be made: the packages mmdb_writer and netaddr are not installed",
            place=legible(str(table)),
            hint="pip install 'auditor[mmdb]', then try again.",
        ) from None

    class Dated(MMDBWriter):
        def _build_meta(self) -> dict[str, Any]:
            meta: dict[str, Any] = super()._build_meta()
            return {**meta, "build_epoch": int(built.timestamp())}

    ranges = _ranges(table, kind)
    by_record: dict[tuple[str, ...], list[Any]] = {}
    for each in ranges:
        by_record.setdefault(each.told, []).extend(
            iprange_to_cidrs(str(each.first), str(each.last))
        )
    writer = Dated(
        ip_version=6,
        ipv4_compatible=True,
        database_type=f"auditor-{kind}",
        languages=["en"],
        description=f"Made by auditor geoip build of {legible(table.name)[:_MOST_TEXT]}",
        int_type="u32",
    )
    for told, blocks in by_record.items():
        writer.insert_network(IPSet(blocks), _record(kind, told))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.mmdb"
        writer.to_db_file(str(path))
        return Made(path.read_bytes(), len(ranges), len(by_record))


def _record(kind: str, told: tuple[str, ...]) -> dict[str, Any]:
    if kind == "country":
        return {"country_code": told[0]}
    record: dict[str, Any] = {"autonomous_system_number": int(told[0])}
    return record | ({"autonomous_system_organization": told[1]} if told[1] else {})


def _ranges(table: Path, kind: str) -> list[_Range]:
    found: list[_Range] = []
    mistakes: list[str] = []
    for line, row in _rows(table):
        try:
            found.append(_range(line, row, kind))
        except ValueError as error:
            mistakes.append(f"line {line}: {error}")
            if len(mistakes) >= MOST_TOLD:
                break
    found.sort(key=lambda each: (each.first.version, int(each.first)))
    for before, after in pairwise(found):
        if before.first.version == after.first.version and int(before.last) >= int(after.first):
            mistakes.append(f"line {after.line}: overlaps the range of line {before.line}")
    if not found and not mistakes:
        mistakes.append("it is empty")
    if mistakes:
        raise InputError(
            "\n  ".join(["is no such table:", *mistakes[:MOST_TOLD]]),
            place=legible(str(table)),
            hint=f"Write rows of {_FIELDS[kind]}, without a header line.",
        )
    return found


def _rows(table: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        if table.stat().st_size > MOST_BYTES:
            raise InputError(
                f"is larger than {MOST_BYTES >> 20} MiB",
                place=legible(str(table)),
                hint="Split it into several databases.",
            )
        with table.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                if row:
                    yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(
            f"cannot be read: {reason}",
            place=legible(str(table)),
            hint="Give a CSV file in UTF-8.",
        ) from None


def _range(line: int, row: list[str], kind: str) -> _Range:
    wanted = _FIELDS[kind].count(",") + 1
    if len(row) != wanted:
        raise ValueError(f"{len(row)} fields, not {wanted} ({_FIELDS[kind]})")
    first, last = (ipaddress.ip_address(text.strip()) for text in row[:2])
    if first.version != last.version or int(first) > int(last):
        raise ValueError(f"{first} to {last} is no range")
    if kind == "country":
        country = row[2].strip().upper()
        if country not in NAMES:
            raise ValueError(f"{legible(row[2][:20])!a} is no country; write SG")
        return _Range(line, first, last, (country,))
    number = row[2].strip().upper().removeprefix("AS")
    if not number.isascii() or not number.isdigit() or not 0 < int(number[:11]) < 1 << 32:
        raise ValueError(f"{legible(row[2][:20])!a} is no AS number; write 64500")
    name = "".join(letter if letter.isprintable() else " " for letter in row[3][:_MOST_TEXT])
    return _Range(line, first, last, (str(int(number)), " ".join(name.split())))

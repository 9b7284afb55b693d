"""Imported range files: ``geoip/ranges/*.ranges``.

A file is one line that names the form, one line of JSON (where the ranges come from, and the
distinct statements), and the columns of ``RangeTable`` as little-endian numbers. Files are taken as
hostile: sizes must fit exactly, ranges must ascend and not overlap.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Final, Literal

import numpy as np
from pydantic import AfterValidator, Field, ValidationError

from auditor.geo.ranges.original import COUNTRIES
from auditor.geo.ranges.table import RangeTable
from auditor.geo.regular_files import content_of
from auditor.geo.statements import Statement
from auditor.model.documents import Document
from auditor.model.errors import GeoDataError
from auditor.model.place import Kind
from auditor.model.problem import Note, Problem
from auditor.model.text import legible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.geo.addresses import Addresses

FOLDER: Final = "ranges"
SUFFIX: Final = ".ranges"
MOST_BYTES: Final = 512 << 20
MOST_HEADER: Final = 64 << 20
MOST_FILES: Final = 200
_MARK: Final = b"auditor ranges 1\n"
_TIMES: Final = (12, 36)
"""Bytes of an IPv4 range and of an IPv6 range."""


def _on_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds what no line of text does")
    return text


Short = Annotated[str, Field(max_length=300), AfterValidator(_on_one_line)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Relay = Literal["tor-exit", "private-relay", "vpn", "proxy"]


class Said(Document):
    """A ``Statement`` as it is written; its kind is the file's."""

    countries: Annotated[tuple[str, ...], Field(max_length=300)] = ()
    anycast: bool = False
    relay: Relay | None = None
    operator: Short | None = None
    operator_country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    detail: Short = ""


class Origin(Document):
    """Where imported ranges come from.

    Attributes:
        publisher: whose they are: ``aws``.
        kind: what kind of witness they make.
        built: the day of the data; null = not known.
        original: name of the publisher's file, as the user had it.
        original_sha256: hex digest of that file.
        source: where the user has it from, in the user's words; empty = not said.
        licence: SPDX identifier or the terms in a few words; empty = not said.
        imported: when it was imported.
        regions_without_country: regions the table of regions did not know, and their networks.
    """

    publisher: Name
    kind: Kind
    built: date | None
    original: Short
    original_sha256: Digest
    source: Short
    licence: Short
    imported: datetime
    regions_without_country: dict[str, int]


class _Header(Document):
    origin: Origin
    statements: Annotated[tuple[Said, ...], Field(max_length=500_000)]
    four: Annotated[int, Field(ge=0, le=20_000_000)]
    six: Annotated[int, Field(ge=0, le=20_000_000)]
    columns_sha256: Digest


class RangeFile:
    """An opened file of ranges: a ``Source``.

    Attributes:
        name: its file's name.
        publisher, kind, built, licence: as in its origin.
        sha256: hex digest of this file; that of the publisher's own is in ``origin``.
        statements: its distinct statements.
        origin: where its ranges come from.
        table: its ranges.
    """

    def __init__(self, name: str, sha256: str, origin: Origin, table: RangeTable) -> None:
        self.name = name
        self.sha256 = sha256
        self.origin = origin
        self.table = table
        self.publisher: str = origin.publisher
        self.kind: Kind = origin.kind
        self.built = origin.built
        self.licence = origin.licence
        self.statements = table.statements

    def codes(self, addresses: Addresses) -> np.ndarray:
        """For each address the index of its statement (int64); -1 = it says nothing of it."""
        return self.table.codes(addresses)


def written(path: Path, origin: Origin, table: RangeTable) -> None:
    """Writes a range file, whole or not at all.

    Raises:
        GeoDataError: it cannot be written.
    """
    columns = _columns(table)
    said = [asdict(statement) for statement in table.statements]
    header = _Header(
        origin=origin,
        statements=tuple(
            Said(**{key: value for key, value in each.items() if key != "kind"}) for each in said
        ),
        four=table.four.shape[1],
        six=len(table.six_code),
        columns_sha256=hashlib.sha256(columns).hexdigest(),
    )
    line = header.model_dump_json(exclude_defaults=True).encode()
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(_MARK + line + b"\n" + columns)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise GeoDataError(
            f"cannot be written: {error.strerror}",
            place=legible(str(path)),
            hint="Check that this user may write there and that the disk has room.",
        ) from None


def opened(path: Path) -> RangeFile:
    """The range file at ``path``.

    Raises:
        GeoDataError: it cannot be read, or is not what this program writes.
    """
    place = legible(str(path))
    try:
        content = content_of(path, MOST_BYTES)
    except OSError as error:
        raise GeoDataError(
            f"cannot be read: {error.strerror}",
            place=place,
            hint="Check that this user may read it.",
        ) from None
    if len(content) > MOST_BYTES:
        raise _broken(place, "is too large")
    end = content.find(b"\n", len(_MARK), len(_MARK) + MOST_HEADER)
    if not content.startswith(_MARK) or end < 0:
        raise _broken(place, "is no range file of this program")
    try:
        header = _Header.model_validate_json(content[len(_MARK) : end])
    except (ValidationError, ValueError, RecursionError):
        raise _broken(place, "is damaged: its header cannot be read") from None
    columns = memoryview(content)[end + 1 :]
    table = _table(header, columns)
    if table is None:
        raise _broken(place, "is damaged: its ranges do not fit its header")
    return RangeFile(path.name, hashlib.sha256(content).hexdigest(), header.origin, table)


def open_ranges(folder: Path, note: Note) -> tuple[RangeFile, ...]:
    """The range files imported into the geo folder ``folder``, by name.

    A file that cannot serve is noted (``geo-ranges-unusable``) and left out.
    """
    inside = folder / FOLDER
    if not inside.is_dir():
        return ()
    try:
        paths = sorted(path for path in inside.iterdir() if path.suffix == SUFFIX)
    except OSError as error:
        note(_unusable(legible(str(inside)), f"cannot be read: {error.strerror}", "Check it."))
        return ()
    if len(paths) > MOST_FILES:
        note(
            Problem(
                code="geo-ranges-too-many",
                source=legible(str(inside)),
                message=f"The folder holds {len(paths)} range files; the last {MOST_FILES} by name "
                "are used.",
                hint="Take builds away whose time no traffic is from.",
                count=len(paths) - MOST_FILES,
            )
        )
    files: list[RangeFile] = []
    for path in paths[-MOST_FILES:]:
        try:
            files.append(opened(path))
        except GeoDataError as error:
            note(_unusable(error.place, error.message, error.hint))
    return tuple(files)


def _unusable(place: str, message: str, hint: str) -> Problem:
    return Problem(
        code="geo-ranges-unusable",
        source=place,
        message=f"This range file {message}; it was left out.",
        hint=hint,
    )


def _broken(place: str, what: str) -> GeoDataError:
    return GeoDataError(
        what,
        place=place,
        hint="Remove it and import the publisher's file again: auditor geoip import FILE.",
    )


def _columns(table: RangeTable) -> bytes:
    parts: Sequence[np.ndarray] = (table.six_first, table.six_last)
    return b"".join(
        [
            *(part.astype("<u8").tobytes() for part in parts),
            table.four.astype("<u4").tobytes(),
            table.six_code.astype("<u4").tobytes(),
        ]
    )


def _table(header: _Header, columns: memoryview) -> RangeTable | None:
    """The table of a file; null = its columns are not what its header says."""
    four, six = header.four, header.six
    if len(columns) != four * _TIMES[0] + six * _TIMES[1]:
        return None
    if hashlib.sha256(columns).hexdigest() != header.columns_sha256:
        return None
    wide = np.frombuffer(columns[: six * 32], "<u8").astype(np.uint64).reshape(2, 2, six)
    narrow = np.frombuffer(columns[six * 32 :], "<u4").astype(np.uint32)
    table = RangeTable(
        tuple(
            Statement(
                header.origin.kind,
                each.countries,
                each.anycast,
                each.relay,
                each.operator,
                each.operator_country,
                each.detail,
            )
            for each in header.statements
        ),
        narrow[: four * 3].reshape(3, four),
        wide[0],
        wide[1],
        narrow[four * 3 :],
    )
    return table if _sound(table) else None


def _sound(table: RangeTable) -> bool:
    """Whether ranges ascend without overlaps, and every code has its statement."""
    if any(not COUNTRIES.issuperset(statement.countries) for statement in table.statements):
        return False
    first, last, code = table.four
    codes_fit = bool((code < len(table.statements)).all()) and bool(
        (table.six_code < len(table.statements)).all()
    )
    four_fit = bool((first <= last).all()) and bool((last[:-1] < first[1:]).all())
    return (
        codes_fit
        and four_fit
        and bool(_no_more(table.six_first, table.six_last).all())
        and bool(_less(table.six_last[:, :-1], table.six_first[:, 1:]).all())
    )


def _less(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    less: np.ndarray = (left[0] < right[0]) | ((left[0] == right[0]) & (left[1] < right[1]))
    return less


def _no_more(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    no_more: np.ndarray = ~_less(right, left)
    return no_more

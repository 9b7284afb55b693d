"""Profiles of data: counts of what is right and wrong, and never a value.

``profile`` (``auditor.checklist.sources.profile``) writes one where the data lies; only the
profile leaves that place. Its reader takes nothing but what the writer writes, byte for byte:
names, counts and row numbers, so that nobody can carry values out in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from auditor.checklist.sources.rules import Drawn, Kind, Name, Purpose
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT: Final = 1
MOST_BYTES: Final = 8 * 1024 * 1024
SHOWN: Final = 5
"""Row numbers that a count shows."""

Rule = Literal[
    "empty", "placeholder", "malformed", "check-digit", "range", "order", "code-unknown",
    "code-ended", "junk", "damaged-text", "decomposed", "broken-row", "empty-key", "doubled-key",
    "doubled-row", "undated", "future", "old", "late", "one-day", "orphan", "differs", "mark",
    "mark-unread", "identifier", "missing-rows",
]  # fmt: skip
Number = Annotated[int, Field(ge=0, le=10**12)]
Hash = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


@dataclass(frozen=True, slots=True)
class Count:
    """How many of some rows do not fulfil a rule.

    Attributes:
        table: empty = packages, of which files are counted.
        column: empty = the row as a whole.
        other: the other column, or the other table.
        of: rows that the rule concerns.
        wrong: of these, rows that do not fulfil it.
        rows: the first of them; the first row below the header is 1.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    rule: Rule
    table: Name | Literal[""]
    column: Name | Literal[""]
    other: Name | Literal[""]
    of: Number
    wrong: Number
    rows: Annotated[tuple[Number, ...], Field(max_length=SHOWN)] = ()


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """A column, as the rules name it."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    name: Name
    kind: Kind
    mandatory: bool


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table that was looked at, as the rules name it, and how many rows were seen."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    name: Name
    purpose: Purpose
    drawn: Drawn
    rows: Number
    expected: Number | None
    max_age_days: Number | None
    interval_days: Number | None
    columns: tuple[ColumnShape, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """What a look at some tables on the spot counted.

    Attributes:
        made: the day it was made.
        rules: SHA-256 of the rules.
        codes: SHA-256 of the file of code lists; empty = none was given.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    format: Literal[1]
    made: Day
    rules: Hash
    codes: Hash
    tables: Annotated[tuple[TableShape, ...], Field(max_length=50)]
    counts: Annotated[tuple[Count, ...], Field(max_length=50_000)]

    def table(self, name: str) -> TableShape | None:
        """The table of this name; null = there is none."""
        return next((table for table in self.tables if table.name == name), None)


def to_json(sample: Sample) -> str:
    """The text of ``profile.json``."""
    return TypeAdapter(Sample).dump_json(sample, indent=1).decode() + "\n"


def from_json(text: str, place: str) -> Sample:
    """The profile in ``text``.

    Raises:
        InputError: it is damaged, or holds anything that this program did not write.
    """
    try:
        found = TypeAdapter(Sample).validate_json(text)
    except (ValidationError, ValueError, RecursionError):
        # what stands in it is not told: it might be a value
        raise _foreign("is no profile of data", place) from None
    if to_json(found) != text.replace("\r\n", "\n"):
        raise _foreign("was changed by hand, or by another program", place)
    if wrong := _mistake(found):
        raise _foreign(wrong, place)
    return found


def sample(path: Path) -> Sample:
    """The profile in a file.

    Raises:
        InputError: as ``from_json``; or it is too large, or no text.
    """
    with path.open("rb") as file:
        head = file.read(MOST_BYTES + 1)
    if len(head) > MOST_BYTES:
        raise _foreign("is larger than any profile", path.name)
    try:
        return from_json(head.decode("utf-8"), path.name)
    except UnicodeDecodeError:
        raise _foreign("is no profile of data", path.name) from None


def _mistake(sample: Sample) -> str:
    """What does not fit together; empty = all fits."""
    try:
        date.fromisoformat(sample.made)
    except ValueError:
        return "says it was made on a day that does not exist"
    tables = {table.name: table for table in sample.tables}
    if len(tables) != len(sample.tables):
        return "names a table twice"
    columns = {
        (table.name, column.name): column for table in sample.tables for column in table.columns
    }
    if len(columns) != sum(len(table.columns) for table in sample.tables):
        return "names a column twice"
    known = {*tables, *(column for _, column in columns), ""}
    seen: set[tuple[str, ...]] = set()
    for count in sample.counts:
        if (count.table and count.table not in tables) or count.other not in known:
            return "counts in a table that it does not name"
        if count.column and (count.table, count.column) not in columns:
            return "counts in a column that it does not name"
        if count.wrong > count.of or len(count.rows) > count.wrong:
            return "counts more wrong rows than rows"
        rows = tables[count.table].rows if count.table else count.of
        if count.rule == "broken-row":
            rows += count.wrong
        elif count.rule == "missing-rows":
            rows = max(rows, tables[count.table].expected or 0) if count.table else 0
        if count.of > rows or list(count.rows) != sorted({*count.rows}):
            return "counts more rows than it saw"
        if count.rows and not 0 < count.rows[0] <= count.rows[-1] <= rows:
            return "shows a row that it did not see"
        key = (count.rule, count.table, count.column, count.other)
        if key in seen:
            return "counts a thing twice"
        seen.add(key)
    return ""


def _foreign(message: str, place: str) -> InputError:
    return InputError(
        message,
        place=place,
        hint="Make it anew where the data lies: auditor checklist profile RULES.yaml "
        "--table NAME=FILE.csv --out profile.json.",
    )

"""Rules of data quality that people write for their own tables (YAML)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, field_validator, model_validator

from auditor.model.documents import Document

FORMAT: Final = 1

Kind = Literal[
    "citizen-id", "tax-code", "admin-code", "code", "enum", "date", "number", "email", "phone",
    "pattern", "text",
]  # fmt: skip
"""What a column holds; ``admin-code`` and ``code`` name a list, ``enum`` its values, ``pattern``
a regular expression (RE2: linear time)."""

Purpose = Literal["sync", "test", "log"]
Drawn = Literal["all", "random", "systematic", "picked", "unsaid"]
"""How the rows came out of their database; picked = by hand."""

Name = Annotated[
    str, Field(pattern=r"^[A-Za-z_]+([0-9]{1,4}[A-Za-z_]+)*[0-9]{0,4}$", max_length=63)
]
"""Of a table or column. Names go into the profile, so no long number can be one."""
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=8)]


class Column(Document):
    """One column.

    Attributes:
        title: what the file calls it; empty = its name.
        mandatory: it must hold a real value in every row.
        codes: the list its codes stand in, of the kinds ``admin-code`` and ``code``.
        least, most: of a number.
        past: a date that cannot lie in the future.
    """

    name: Name
    title: Annotated[str, Field(max_length=200)] = ""
    kind: Kind = "text"
    mandatory: bool = False
    codes: Annotated[str, Field(max_length=100)] = ""
    values: Annotated[tuple[str, ...], Field(max_length=1000)] = ()
    pattern: Annotated[str, Field(max_length=200)] = ""
    least: float | None = None
    most: float | None = None
    past: bool = False

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        import pyarrow as pa
        import pyarrow.compute as pc

        try:
            pc.match_substring_regex(pa.array(["x"]), pattern)
        except pa.ArrowInvalid:
            raise ValueError(
                "is no regular expression of RE2 (no look-around, no back-references)"
            ) from None
        return pattern

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Column:
        needs: tuple[tuple[str, object, tuple[str, ...]], ...] = (
            ("codes", self.codes, ("admin-code", "code")),
            ("values", self.values, ("enum",)),
            ("pattern", self.pattern, ("pattern",)),
        )
        for field, value, kinds in needs:
            if bool(value) != (self.kind in kinds):
                raise ValueError(
                    f"{self.name}: a column of the kind {self.kind} "
                    f"{'must not have' if value else 'needs'} {field!r}"
                )
        if (self.least is not None or self.most is not None) and self.kind != "number":
            raise ValueError(f"{self.name}: only numbers have least and most")
        if self.past and self.kind != "date":
            raise ValueError(f"{self.name}: only dates lie in the past")
        return self


class ForeignKey(Document):
    """Columns that hold the primary key of another table."""

    columns: Names
    table: Name


class Order(Document):
    """Two dates or two numbers of a row: the first is not larger than the second."""

    first: Name
    second: Name


class Table(Document):
    """One table.

    Attributes:
        purpose: ``sync`` = it is to be synced; ``test`` and ``log`` must hold no real identifiers.
        expected_rows: how many rows the table itself has (not its sample).
        distinct: columns in which no two rows may agree; empty = all columns together. Leave a
            running number out: it makes doubled rows look different.
        updated_at: the column with the day of the last change.
        max_age_days: how old the last change of any row may be.
        interval_days: how old the youngest change may be: the agreed interval of the sync.
    """

    name: Name
    purpose: Purpose = "sync"
    drawn: Drawn = "unsaid"
    expected_rows: Annotated[int, Field(ge=0, le=10**12)] | None = None
    primary_key: Annotated[tuple[Name, ...], Field(max_length=8)] = ()
    distinct: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    updated_at: Name | None = None
    max_age_days: Annotated[int, Field(gt=0, le=100_000)] | None = None
    interval_days: Annotated[int, Field(gt=0, le=100_000)] | None = None
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=300)]
    foreign_keys: Annotated[tuple[ForeignKey, ...], Field(max_length=50)] = ()
    orders: Annotated[tuple[Order, ...], Field(max_length=50)] = ()

    def column(self, name: str) -> Column | None:
        """The column of this name; null = there is none."""
        return next((column for column in self.columns if column.name == name), None)

    @model_validator(mode="after")
    def _holds_together(self) -> Table:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{self.name}: columns stand twice: {', '.join(twice)}")
        used = {*self.primary_key, *self.distinct}
        used |= {name for key in self.foreign_keys for name in key.columns}
        used |= {name for order in self.orders for name in (order.first, order.second)}
        used |= {self.updated_at} if self.updated_at else set()
        if strange := sorted(used - set(names)):
            raise ValueError(f"{self.name}: no column {', '.join(strange)}")
        for order in self.orders:
            kinds = {self._kind(order.first), self._kind(order.second)}
            if kinds not in ({"date"}, {"number"}):
                raise ValueError(f"{self.name}: orders compare two dates or two numbers")
        if self.updated_at and self._kind(self.updated_at) != "date":
            raise ValueError(f"{self.name}: updated_at must be a date")
        if (self.max_age_days or self.interval_days) and not self.updated_at:
            raise ValueError(f"{self.name}: an age needs updated_at")
        return self

    def _kind(self, name: str) -> str:
        column = self.column(name)
        return column.kind if column else ""


class Same(Document):
    """One key has one value in two tables.

    Attributes:
        key: columns of ``table`` that hold the primary key of ``other``.
    """

    table: Name
    column: Name
    key: Names
    other: Name
    other_column: Name


class Rules(Document):
    """``*.rules.yaml``: what the rows of some tables must fulfil."""

    format: Annotated[int, Field(ge=1, le=FORMAT)]
    tables: Annotated[tuple[Table, ...], Field(min_length=1, max_length=50)]
    same: Annotated[tuple[Same, ...], Field(max_length=100)] = ()

    def table(self, name: str) -> Table | None:
        """The table of this name; null = there is none."""
        return next((table for table in self.tables if table.name == name), None)

    @model_validator(mode="after")
    def _holds_together(self) -> Rules:
        names = [table.name for table in self.tables]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"tables stand twice: {', '.join(twice)}")
        links = [(table.name, key.columns, key.table) for table in self.tables for key in
                 table.foreign_keys]  # fmt: skip
        links += [(same.table, same.key, same.other) for same in self.same]
        for here, columns, there in links:
            other = self.table(there)
            if other is None or len(other.primary_key) != len(columns):
                raise ValueError(
                    f"{here}: {', '.join(columns)} does not fit the primary key of {there}"
                )
        for same in self.same:
            wanted = [(same.table, name) for name in (same.column, *same.key)]
            for table, column in (*wanted, (same.other, same.other_column)):
                found = self.table(table)
                if found is None or found.column(column) is None:
                    raise ValueError(f"no column {table}.{column}")
        return self

"""A look at tables on the spot: it counts what is right and wrong, and keeps no value."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from auditor.checklist.sources import values as value
from auditor.checklist.sources.blocks import Blocks
from auditor.checklist.sources.marks import marked
from auditor.checklist.sources.rules import Table
from auditor.checklist.sources.sample import (
    FORMAT,
    SHOWN,
    ColumnShape,
    Count,
    Rule,
    Sample,
    TableShape,
)
from auditor.checklist.sources.values import Mask
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from auditor.checklist.sources.rules import Column, Rules


Hashes = NDArray[np.uint64]
BETWEEN: Final = "\x1f"
"""Stands between cells that are hashed together; cells themselves do not hold it."""
Codes = dict[str, tuple[frozenset[str], frozenset[str]]]
"""Current and ended codes, by list."""


@dataclass(slots=True)
class Tally:
    """Counts so far, by rule, table, column and other."""

    counts: dict[tuple[Rule, str, str, str], tuple[int, int, tuple[int, ...]]] = field(
        default_factory=dict
    )

    def add(
        self,
        rule: Rule,
        place: tuple[str, str, str],
        wrong: Mask,
        of: int | None = None,
        first: int = 1,
    ) -> None:
        """Counts rows; ``wrong`` holds one for each row, the first of which has this number."""
        key = (rule, *place)
        before_of, before, rows = self.counts.get(key, (0, 0, ()))
        number = int(np.count_nonzero(wrong))
        if number and len(rows) < SHOWN:
            rows += tuple(int(row) + first for row in np.flatnonzero(wrong)[: SHOWN - len(rows)])
        of = len(wrong) if of is None else of
        self.counts[key] = before_of + of, before + number, rows

    def put(self, rule: Rule, place: tuple[str, str, str], of: int, wrong: int) -> None:
        """Counts things that are no rows of a table."""
        self.counts[(rule, *place)] = of, wrong, ()


@dataclass(slots=True)
class Kept:
    """What is kept of a table until all tables were read: hashes with a key of this run."""

    hashes: dict[tuple[str, ...], list[Hashes]] = field(default_factory=dict)
    filled: dict[tuple[str, ...], list[Mask]] = field(default_factory=dict)
    dated: dict[int, int] = field(default_factory=dict)
    """Rows by day of their last change."""

    def of(self, columns: tuple[str, ...]) -> tuple[Hashes, Mask]:
        """The hash of each row's cells in some columns, and whether none of them is empty."""
        if not self.hashes.get(columns):
            return np.zeros(0, np.uint64), np.zeros(0, np.bool_)
        return np.concatenate(self.hashes[columns]), np.concatenate(self.filled[columns])


def profile(
    tables: Mapping[str, Path],
    rules: Rules,
    today: date,
    *,
    codes: Path | None = None,
    packages: Sequence[Path] = (),
) -> Sample:
    """What a look at some tables counts.

    Args:
        tables: a CSV file for each table that the rules name.
        rules: what the rows must fulfil.
        today: the day of the look.
        codes: code lists, a register with the columns ``list``, ``code``, ``ends``.
        packages: files in which secrecy marks are looked for.

    Raises:
        InputError: a table is missing, damaged, too large, or lacks a column; or a code list is
            missing.
    """
    from auditor.checklist.folder import sha256  # late: it knows all sources

    for name in sorted({*tables} ^ {table.name for table in rules.tables}):
        raise InputError(
            "the rules name a table without a file" if rules.table(name) else
            "a file stands for a table that the rules do not name",
            place=name,
            hint="Give one file for each table of the rules: --table NAME=FILE.csv.",
        )  # fmt: skip
    lists = _lists(codes, today)
    salt, tally = secrets.token_hex(8), Tally()
    shapes, kept = [], {}
    for table in rules.tables:
        look = _Look(table, today, lists, salt, tally, _remembered(table, rules))
        shapes.append(look.at(tables[table.name]))
        kept[table.name] = look.kept
    _between(rules, kept, tally)
    if packages:
        files, wrong, unread = marked(packages)
        tally.put("mark", ("", "", ""), files, wrong)
        tally.put("mark-unread", ("", "", ""), files + unread, unread)
    return Sample(
        FORMAT,
        today.isoformat(),
        hashlib.sha256(rules.model_dump_json().encode()).hexdigest(),
        sha256(codes) if codes else "",
        tuple(shapes),
        tuple(Count(*key, *counted) for key, counted in tally.counts.items()),
    )


def _remembered(table: Table, rules: Rules) -> set[tuple[str, ...]]:
    """Columns whose hashes are needed once all tables were read."""
    wanted = {table.primary_key} if table.primary_key else set()
    wanted |= {key.columns for key in table.foreign_keys}
    for same in rules.same:
        if same.table == table.name:
            wanted |= {same.key, (*same.key, same.column)}
        if same.other == table.name:
            wanted.add((*table.primary_key, same.other_column))
    return wanted


@dataclass(slots=True)
class _Look:
    """Looks at one table."""

    table: Table
    today: date
    lists: Codes
    salt: str
    tally: Tally
    wanted: set[tuple[str, ...]]
    kept: Kept = field(default_factory=Kept)

    def at(self, path: Path) -> TableShape:
        blocks = Blocks(path, self.table)
        for column in self.table.columns:
            if column.codes and column.codes not in self.lists:
                raise InputError(
                    f"no code list {column.codes!r}, which {column.name} needs",
                    place=self.table.name,
                    hint="Give a file with the columns list, code, ends: --codes FILE.",
                )
        for batch in blocks:
            self._batch(batch, blocks)
        name, expected = self.table.name, self.table.expected_rows
        if expected and self.table.drawn == "all":
            self.tally.put("missing-rows", (name, "", ""), expected, max(0, expected - blocks.rows))
        if not blocks.rows:
            return self._shape(0)
        self.tally.put("broken-row", (name, "", ""), blocks.rows + blocks.broken, blocks.broken)
        if self.table.primary_key:
            hashes, filled = self.kept.of(self.table.primary_key)
            self.tally.add("empty-key", (name, "", ""), ~filled)
            self.tally.add("doubled-key", (name, "", ""), _again(hashes, filled), int(filled.sum()))
        hashes, _ = self.kept.of(self.table.distinct)
        self.tally.add("doubled-row", (name, "", ""), _again(hashes))
        if self.table.distinct not in self.wanted:
            self.kept.hashes.pop(self.table.distinct, None)
        if self.table.updated_at:
            self._ages(self.table.updated_at)
        return self._shape(blocks.rows)

    def _shape(self, rows: int) -> TableShape:
        table = self.table
        return TableShape(
            table.name, table.purpose, table.drawn, rows, table.expected_rows,
            table.max_age_days, table.interval_days,
            tuple(
                ColumnShape(column.name, column.kind, column.mandatory)
                for column in table.columns
            ),
        )  # fmt: skip

    def _batch(self, batch: Any, blocks: Blocks) -> None:  # noqa: ANN401 - arrow
        import pyarrow.compute as pc

        first = blocks.rows - batch.num_rows + 1
        cells = {
            name: pc.utf8_trim_whitespace(batch.column(number))
            for number, name in enumerate(blocks.names)
        }
        others = []
        for name, cell in cells.items():
            column = self.table.column(name)
            if column is None:
                others.append(cell)
            else:
                self._column(column, cell, first)
        self._others(others, first)
        for order in self.table.orders:
            a, b = (self._sizes(name, cells[name]) for name in (order.first, order.second))
            both = ~(np.isnan(a) | np.isnan(b))
            place = (self.table.name, order.first, order.second)
            self.tally.add("order", place, both & (a > b), int(both.sum()), first)
        for columns in {*self.wanted, self.table.distinct}:
            chosen = [cells[name] for name in columns or blocks.names]
            self.kept.hashes.setdefault(columns, []).append(self._hashes(chosen))
            filled = ~np.logical_or.reduce([value.empty(cell) for cell in chosen])
            self.kept.filled.setdefault(columns, []).append(filled)

    def _sizes(self, name: str, cell: Any) -> NDArray[np.float64]:  # noqa: ANN401 - arrow
        """Dates or numbers, whichever the column holds; what is neither is not a number."""
        column = self.table.column(name)
        if column is None or column.kind == "number":
            return value.numbers(cell)
        days = value.days(cell)
        return np.where(days == value.NO_DAY, np.nan, days.astype(np.float64))

    def _column(self, column: Column, cell: Any, first: int) -> None:  # noqa: ANN401 - arrow
        """Counts a column of a block; each distinct value is looked at once."""
        encoded = cell.dictionary_encode()
        each, at = encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False)
        place = self.table.name, column.name, ""

        def told(rule: Rule, wrong: Mask, of: Mask | None = None) -> None:
            number = None if of is None else int(np.count_nonzero(of[at]))
            rows = wrong[at] if wrong.any() else np.zeros(len(at), np.bool_)
            self.tally.add(rule, place, rows, number, first)

        told("mark", value.secrecy_marks(each))
        if self.table.purpose != "sync":
            numbers, real = self._identifiers(each)
            told("identifier", real, numbers)
        empty = value.empty(each)
        placeholder = value.placeholders(each)
        junk = value.junk(each, column.kind)
        there = ~empty & ~placeholder
        told("empty", empty)
        told("placeholder", placeholder | junk, ~empty)
        told("junk", junk, ~empty)
        told("damaged-text", value.damaged(each, column.kind), ~empty)
        told("decomposed", value.decomposed(each), ~empty)
        self._validity(told, column, each, there)
        if column.name == self.table.updated_at:
            days = value.days(each)
            for day, rows in zip(*np.unique(days[at], return_counts=True), strict=True):
                self.kept.dated[int(day)] = self.kept.dated.get(int(day), 0) + int(rows)
            known, now = days != value.NO_DAY, value.day_number(self.today)
            told("undated", ~known)
            told("future", known & (days > now), known)
            if self.table.max_age_days:
                told("old", known & (now - np.where(known, days, now) > self.table.max_age_days),
                     known)  # fmt: skip

    def _validity(self, told: Any, column: Column, each: Any, there: Mask) -> None:  # noqa: ANN401 - arrow
        if column.codes:
            current, ended = self.lists[column.codes]
            old = there & value.among(each, ended)
            told("code-ended", old, there)
            told("code-unknown", there & ~old & ~value.among(each, current), there)
        elif column.kind != "text":
            wrong = there & value.malformed(each, column, self.today)
            told("malformed", wrong, there)
            if column.kind == "tax-code":
                told("check-digit", there & value.check_digit_wrong(each), there & ~wrong)
            if column.past or column.least is not None or column.most is not None:
                told("range", there & value.outside(each, column, self.today), there & ~wrong)

    def _others(self, cells: list[Any], first: int) -> None:
        """Looks through columns without a rule; they have no name that could be told."""
        if not cells:
            return
        rows = len(cells[0])
        secret, numbers, real = (np.zeros(rows, np.bool_) for _ in range(3))
        for cell in cells:
            encoded = cell.dictionary_encode()
            each, at = encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False)
            secret |= value.secrecy_marks(each)[at]
            if self.table.purpose != "sync":
                some, valid = self._identifiers(each)
                numbers |= some[at]
                real |= valid[at]
        place = self.table.name, "", ""
        self.tally.add("mark", place, secret, None, first)
        if self.table.purpose != "sync":
            self.tally.add("identifier", place, real, int(numbers.sum()), first)

    def _identifiers(self, each: Any) -> tuple[Mask, Mask]:  # noqa: ANN401 - arrow
        """Which values hold twelve digits, and which hold a personal number."""
        alone = "(?:^|[^0-9])(?:{})(?:[^0-9]|$)"
        numbers = value.matching(each, alone.format("[0-9]{12}"))
        real = value.matching(each, alone.format(value.citizen_id(self.today, abroad=False)))
        return numbers, real

    def _hashes(self, cells: list[Any]) -> Hashes:
        import pyarrow as pa
        import pyarrow.compute as pc
        from pandas.util import hash_array

        clean = [pc.replace_substring(cell, BETWEEN, " ") for cell in cells]
        joined = pc.binary_join_element_wise(*clean, BETWEEN) if len(clean) > 1 else clean[0]
        if isinstance(joined, pa.ChunkedArray):
            joined = joined.combine_chunks()
        return hash_array(
            joined.to_numpy(zero_copy_only=False), hash_key=self.salt, categorize=False
        )

    def _ages(self, column: str) -> None:
        table, dated = self.table, dict(self.kept.dated)
        dated.pop(value.NO_DAY, None)
        rows = sum(dated.values())
        if not rows:
            return
        place = (table.name, column, "")
        most = max(dated.values())
        self.tally.put("one-day", place, rows, rows if most == rows > 1 else 0)
        if table.interval_days:
            now = value.day_number(self.today)
            youngest = max((day for day in dated if day <= now), default=None)
            late = youngest is None or now - youngest > table.interval_days
            self.tally.put("late", place, 1, int(late))


def _between(rules: Rules, kept: dict[str, Kept], tally: Tally) -> None:
    """Counts what does not fit between tables."""
    for table in rules.tables:
        for link in table.foreign_keys:
            other = rules.table(link.table)
            if other is None:
                continue
            here, filled = kept[table.name].of(link.columns)
            there, whole = kept[other.name].of(other.primary_key)
            orphans = filled & ~np.isin(here, there[whole])
            place = (table.name, link.columns[0], other.name)
            tally.add("orphan", place, orphans, int(filled.sum()))
    for same in rules.same:
        other = rules.table(same.other)
        if other is None:
            continue
        keys, filled = kept[same.table].of(same.key)
        there, whole = kept[other.name].of(other.primary_key)
        both = filled & np.isin(keys, there[whole])
        pairs, _ = kept[same.table].of((*same.key, same.column))
        others, _ = kept[other.name].of((*other.primary_key, same.other_column))
        wrong = both & ~np.isin(pairs, others)
        tally.add("differs", (same.table, same.column, other.name), wrong, int(both.sum()))


def _again(hashes: Hashes, counted: Mask | None = None) -> Mask:
    """Which rows hold what an earlier row holds."""
    counted = np.ones(len(hashes), np.bool_) if counted is None else counted
    again = counted.copy()
    _, first = np.unique(hashes[counted], return_index=True)
    again[np.flatnonzero(counted)[first]] = False
    return again


def _lists(path: Path | None, today: date) -> Codes:
    if path is None:
        return {}
    from auditor.checklist.sources.register import day, register

    if not path.is_file():
        raise InputError("no such file", place=path.name, hint="Name the file of code lists.")
    rows = register(path, ("list", "code", "ends")).rows
    found: Codes = {}
    for name, part in rows.groupby("list"):
        until = part["ends"].map(day)
        strange = int((until.isna() & (part["ends"] != "")).sum())
        if strange:
            raise InputError(
                f"{strange} codes end on a day that cannot be read",
                place=path.name,
                hint="Write days as 2026-06-30 or 30/06/2026.",
            )
        ended = until.map(lambda end: end is not None and end <= today).astype(bool)
        current = frozenset(part.loc[~ended, "code"])
        found[str(name)] = current, frozenset(part.loc[ended, "code"]) - current
    return found

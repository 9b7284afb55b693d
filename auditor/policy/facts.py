"""The facts that rules are asked about: one row per flow, or one per flow and category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.policy import masks
from auditor.policy.masks import Bools, Integers
from auditor.policy.vocabulary import ARROW_TYPE, BY_NAME, OF_CATEGORY, OF_FLOW

if TYPE_CHECKING:
    from auditor.model.catalogue import Catalogue, Category
    from auditor.policy.conditions import Condition
    from auditor.policy.masks import Masks

PDPL_IN_FORCE: Final = date(2026, 1, 1)
"""Law 91/2025 and Decree 356/2025, whose Article 42(3) moved personal core and important data."""

DECREE_165_IN_FORCE: Final = date(2025, 7, 1)
"""Decree 165/2025 and the list of Decision 20/2025."""

_VIETNAM_OFFSET: Final = 7 * 3600  # seconds; UTC+7, without daylight saving time
_ALL_CORE: Final = "II.1"
_CONTROL_APPS: Final = ("dns", "mdns", "llmnr", "ntp", "icmp", "icmpv6")
_CONTROL_PROTOCOLS: Final = (1, 58)  # ICMP, ICMPv6 (IANA protocol numbers)


@dataclass(frozen=True, slots=True, eq=False)
class FactTable:
    """Facts in columns.

    Attributes:
        rows: how many rows conditions are asked about.
        columns: the facts by name.
        flow_of: per row, the row of the flow in the columns of flows; null = columns of flows and
            of categories have the same rows.
    """

    rows: int
    columns: Mapping[str, pa.Array]
    flow_of: Integers | None = None

    def masks(self, name: str, operator: str, value: object) -> Masks:
        """The answer to one test, per row."""
        answer = masks.OPERATORS[operator](self.columns[name], value)
        if self.flow_of is not None and name not in OF_CATEGORY:
            return answer.take(self.flow_of)
        return answer


def evaluated(condition: Condition, facts: FactTable) -> Masks:
    """Where ``condition`` holds, and where that could be decided."""
    if condition.all_ is not None:
        out = evaluated(condition.all_[0], facts)
        for part in condition.all_[1:]:
            out = out & evaluated(part, facts)
        return out
    if condition.any_ is not None:
        out = evaluated(condition.any_[0], facts)
        for part in condition.any_[1:]:
            out = out | evaluated(part, facts)
        return out
    if condition.not_ is not None:
        return ~evaluated(condition.not_, facts)
    out = ~masks.nothing(facts.rows)
    for name, test in condition.tests:
        for operator, value in test.operators():
            out = out & facts.masks(name, operator, value)
    return out


def column_of(flows: pa.Table, name: str) -> pa.Array:
    """One column of a table in one piece."""
    column = flows.column(name)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def days_of(flows: pa.Table) -> Integers:
    """Days since 1970-01-01 on which the flows began, by the calendar of Vietnam."""
    start = np.asarray(column_of(flows, "start").cast(pa.int64()))
    days: Integers = (start // 10**9 + _VIETNAM_OFFSET) // 86_400
    return days


def of_flows(flows: pa.Table, *, inventory_given: bool) -> FactTable:
    """The facts of each flow (those that do not belong to one category)."""
    columns: dict[str, pa.Array] = {}
    for name in OF_FLOW:
        if name in flows.schema.names:
            column = column_of(flows, name)
            kind = ARROW_TYPE[BY_NAME[name].kind]
            columns[name] = column.dictionary_encode() if kind == pa.string() else column
    listed = pc.is_valid(columns["system_id"])
    if not inventory_given:
        listed = pc.if_else(listed, True, pa.scalar(None, pa.bool_()))
    columns["listed"] = listed
    columns["day"] = pa.array(days_of(flows).astype(np.int32), pa.date32())
    control = masks.one_of(columns["app"], _CONTROL_APPS).hit
    control |= np.isin(np.asarray(columns["protocol"]), _CONTROL_PROTOCOLS)
    columns["control_traffic"] = pa.array(control)
    return FactTable(flows.num_rows, columns)


@dataclass(frozen=True, slots=True, eq=False)
class Exploded:
    """One row per flow and category.

    Attributes:
        flow_of: row of the flow.
        code: number of the category in ``codes``; -1 = none or not known.
        codes: the category codes.
        known: the flow's categories are known (a flow known to have none has one row with -1).
    """

    flow_of: Integers
    code: Integers
    codes: tuple[str, ...]
    known: Bools


def exploded(categories: pa.Array) -> Exploded:
    """The rows behind a column of category lists; a code twice in one list counts once."""
    flattened = pc.list_flatten(categories).dictionary_encode()
    parents = np.asarray(pc.list_parent_indices(categories)).astype(np.int64)
    code = np.asarray(pc.fill_null(flattened.indices, -1)).astype(np.int64)
    codes = tuple(flattened.dictionary.to_pylist())
    again = np.asarray(pd.Series(parents * (len(codes) + 1) + code).duplicated())
    parents, code = parents[~again], code[~again]
    bare = np.setdiff1d(np.arange(len(categories), dtype=np.int64), parents)
    flow_of = np.concatenate([parents, bare])
    order = np.argsort(flow_of, kind="stable")
    listed = np.asarray(pc.is_valid(categories), dtype=np.bool_)
    all_codes = np.concatenate([code, np.full(len(bare), -1, np.int64)])[order]
    flow_of = flow_of[order]
    # A list that is known to be empty is an answer; a null inside a list is none.
    is_bare = np.concatenate([np.zeros(len(code), np.bool_), np.ones(len(bare), np.bool_)])[order]
    known = (all_codes >= 0) | (is_bare & listed[flow_of])
    return Exploded(flow_of, all_codes, codes, known)


def of_categories(
    flows: pa.Table, facts: FactTable, rows: Exploded, catalogue: Catalogue
) -> FactTable:
    """The facts of each flow and category; those of the flow are shared with ``facts``."""
    size = len(rows.codes)
    known = [catalogue.by_code.get(code) for code in rows.codes]
    levels = [_level(category) for category in known]
    personal = [
        category.personal or category.level == "personal" if category else None
        for category in known
    ]
    # After the codes: a flow known to hold none (size), and one of which nobody knows (size + 1).
    index = np.where(rows.code >= 0, rows.code, np.where(rows.known, size, size + 1))

    days = days_of(flows)[rows.flow_of]
    periods = np.searchsorted(_PERIOD_STARTS, days, side="right")
    regimes = [
        _regime(levels[number], bool(personal[number]), period) if number < size else none
        for number, none in [*((number, "") for number in range(size)), (size, "none")]
        for period in range(3)
    ] + [None] * 3
    columns = dict(facts.columns)
    columns["category"] = _looked_up([*rows.codes, None, None], index)
    columns["category_level"] = _looked_up([*levels, "unclassified", None], index)
    columns["category_personal"] = pa.array([*personal, False, None], pa.bool_()).take(
        pa.array(index)
    )
    columns["regime"] = _looked_up(regimes, index * 3 + periods)
    return FactTable(len(index), columns, rows.flow_of)


_PERIOD_STARTS: Final = np.array(
    [(day - date(1970, 1, 1)).days for day in (DECREE_165_IN_FORCE, PDPL_IN_FORCE)]
)


def _level(category: Category | None) -> str | None:
    """The level a category counts with.

    Item 1 of Section II of Decision 20/2025 repeats all core data among the important: whoever
    declares II.1 declares core data.
    """
    if category is None:
        return None
    return "core" if category.code == _ALL_CORE else category.level


def _regime(level: str | None, personal: bool, period: int) -> str | None:  # noqa: FBT001 - a fact of the category
    """Rules that a transfer of a category falls under.

    ``period`` is 0 before Decree 165, 1 from 2025-07-01, 2 from 2026-01-01. Personal data that is
    core or important changed sides on 2026-01-01 (Decree 356 Article 42(3), new wording of Decree
    165 Article 16(2)).
    """
    if level is None:
        return None
    if personal and period == 2:
        return "pdpl"
    if level in ("core", "important") and period >= 1:
        return f"decree-165-{level}"
    if personal:
        return "decree-13"
    return "none" if level == "unclassified" else None


def _looked_up(values: list[str | None], index: Integers) -> pa.Array:
    """A dictionary-encoded column of ``values`` by number."""
    distinct = list(dict.fromkeys(value for value in values if value is not None))
    number = np.array([distinct.index(v) if v is not None else -1 for v in values], np.int32)[index]
    indices = pa.array(number, mask=number < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(distinct, pa.string()))

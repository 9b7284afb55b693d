"""The facts that rules are asked about: one row per flow, or one per flow and category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.policy import masks
from auditor.policy.masks import Bools, Integers
from auditor.policy.regimes import chosen, period_starts
from auditor.policy.vocabulary import ARROW_TYPE, BY_NAME, OF_CATEGORY, OF_FLOW

if TYPE_CHECKING:
    from auditor.model.catalogue import Catalogue, Category, Level
    from auditor.model.inventory import Inventory
    from auditor.model.regimes import RegimeFile
    from auditor.policy.conditions import Condition
    from auditor.policy.masks import Masks

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
    """

    rows: int
    columns: Mapping[str, pa.Array]


@dataclass(frozen=True, slots=True, eq=False)
class CategoryFacts:
    """The facts of every flow and category: each row is a flow and a kind of category.

    Attributes:
        flows: the facts of the flows.
        kinds: the facts of the few kinds of categories that there are.
        flow_of: per row, the row in ``flows``.
        kind_of: per row, the row in ``kinds``.
    """

    flows: FactTable
    kinds: FactTable
    flow_of: Integers
    kind_of: Integers

    @property
    def rows(self) -> int:
        """How many rows conditions are asked about."""
        return len(self.flow_of)


def evaluated(condition: Condition, facts: FactTable | CategoryFacts) -> Masks:
    """Where ``condition`` holds, and where that could be decided."""
    if isinstance(facts, CategoryFacts):
        return _evaluated_by_category(condition, facts)
    if condition.all_ is not None:
        return reduce(and_, (evaluated(part, facts) for part in condition.all_))
    if condition.any_ is not None:
        return reduce(or_, (evaluated(part, facts) for part in condition.any_))
    if condition.not_ is not None:
        return ~evaluated(condition.not_, facts)
    out = ~masks.nothing(facts.rows)
    for name, test in condition.tests:
        for operator, value in test.operators():
            out = out & masks.OPERATORS[operator](facts.columns[name], value)
    return out


def _evaluated_by_category(condition: Condition, facts: CategoryFacts) -> Masks:
    """As ``evaluated``; what speaks of flows or of categories alone is asked once for each."""
    names = condition.facts()
    if names.isdisjoint(OF_CATEGORY):
        return evaluated(condition, facts.flows).take(facts.flow_of)
    if names <= OF_CATEGORY:
        return evaluated(condition, facts.kinds).take(facts.kind_of)
    if condition.not_ is not None:
        return ~evaluated(condition.not_, facts)
    join, parts = (and_, condition.all_) if condition.all_ is not None else (or_, condition.any_)
    by_flow = [part for part in parts or () if part.facts().isdisjoint(OF_CATEGORY)]
    others = [part for part in parts or () if not part.facts().isdisjoint(OF_CATEGORY)]
    answers = [evaluated(part, facts) for part in others]
    if by_flow:  # together, so that their answer is spread over the rows once
        answer = reduce(join, (evaluated(part, facts.flows) for part in by_flow))
        answers.append(answer.take(facts.flow_of))
    return reduce(join, answers)


def column_of(flows: pa.Table, name: str) -> pa.Array:
    """One column of a table in one piece."""
    column = flows.column(name)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def days_of(flows: pa.Table) -> Integers:
    """Days since 1970-01-01 on which the flows began, by the calendar of Vietnam."""
    start = np.asarray(column_of(flows, "start").cast(pa.int64()))
    days: Integers = (start // 10**9 + _VIETNAM_OFFSET) // 86_400
    return days


def encoded(flows: pa.Table, name: str) -> pa.DictionaryArray:
    """A column of texts as numbers of its distinct texts."""
    column = column_of(flows, name)
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()


def numbers_of(column: pa.DictionaryArray) -> Integers:
    """The numbers of a column's texts; -1 = null."""
    numbers: Integers = np.asarray(pc.fill_null(column.indices, -1)).astype(np.int64)
    return numbers


def of_flows(flows: pa.Table, inventory: Inventory | None) -> FactTable:
    """The facts of each flow (those that do not belong to one category).

    Args:
        flows: a flow table (``classify``).
        inventory: the agency's systems; null = none was given, and nobody knows what is listed.
    """
    columns: dict[str, pa.Array] = {}
    for name in OF_FLOW:
        if name in flows.schema.names:
            text = ARROW_TYPE[BY_NAME[name].kind] == pa.string()
            columns[name] = encoded(flows, name) if text else column_of(flows, name)
    listed = pc.is_valid(columns["system_id"])
    if inventory is None:
        listed = pc.if_else(listed, True, pa.scalar(None, pa.bool_()))
    columns["listed"] = listed
    columns["state_agency"] = _owners(columns["system_id"], inventory)
    columns["day"] = pa.array(days_of(flows).astype(np.int32), pa.date32())
    columns["control_traffic"] = pa.array(control_traffic_of(flows))
    return FactTable(flows.num_rows, columns)


def _owners(systems: pa.DictionaryArray, inventory: Inventory | None) -> pa.Array:
    """Per flow, whether its data is a state agency's: as its system says, or else the agency."""
    if inventory is None:
        return pa.nulls(len(systems), pa.bool_())
    owners, agency = inventory.owners, inventory.state_agency
    of_system = [owners.get(name, agency) for name in systems.dictionary.to_pylist()]
    # The last stands for flows of no system, whose number is -1.
    return pa.array(np.array([*of_system, agency], np.bool_)[numbers_of(systems)])


def control_traffic_of(flows: pa.Table) -> Bools:
    """Where a flow is name, time or control messages."""
    control = masks.one_of(column_of(flows, "app"), _CONTROL_APPS).hit
    control |= np.isin(np.asarray(column_of(flows, "protocol")), _CONTROL_PROTOCOLS)
    return control


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
    lists = _distinct_lists(categories)
    members = [list(dict.fromkeys(text.split(_BETWEEN))) for text in lists.dictionary.to_pylist()]
    numbers = {code: number for number, code in enumerate(_distinct_codes(members))}
    # One list after the other; an empty one has one row, without a category.
    starts = np.cumsum([0, *map(len, members)])
    all_codes = np.array([numbers.get(code, -1) for some in members for code in some], np.int64)
    list_of = numbers_of(lists)
    sizes = np.diff(starts)[list_of]
    flow_of = np.repeat(np.arange(len(categories), dtype=np.int64), sizes)
    place = np.arange(len(flow_of)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    code = all_codes[starts[list_of][flow_of] + place]
    # A list that is known to be empty is an answer; a null inside a list is none.
    none = np.asarray(pc.equal(pc.list_value_length(categories).fill_null(-1), 0), np.bool_)
    return Exploded(flow_of, code, tuple(numbers), (code >= 0) | none[flow_of])


_BETWEEN: Final = "\x1f"
_GAP: Final = "\x00"
_LISTS_AT_ONCE: Final = 1 << 18
"""Lists are written out as texts to compare them: in pieces, for Arrow's 2 GiB per piece."""


def _distinct_lists(categories: pa.Array) -> pa.DictionaryArray:
    """Each list as one text, ``_GAP`` for a null in it; a null list as an empty one."""
    pieces = [pa.array([], pa.string())]
    for start in range(0, len(categories), _LISTS_AT_ONCE):
        piece = categories.slice(start, _LISTS_AT_ONCE)
        sizes = np.asarray(pc.list_value_length(piece).fill_null(0))
        ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        texts = pa.ListArray.from_arrays(ends, pc.list_flatten(piece).fill_null(_GAP))
        pieces.append(pc.binary_join(texts, _BETWEEN))
    return pa.chunked_array(pieces).dictionary_encode().combine_chunks()


def _distinct_codes(lists: list[list[str]]) -> list[str]:
    codes = dict.fromkeys(code for some in lists for code in some)
    return [code for code in codes if code not in ("", _GAP)]


def of_categories(
    flows: pa.Table,
    facts: FactTable,
    rows: Exploded,
    catalogue: Catalogue,
    regimes: RegimeFile,
) -> CategoryFacts:
    """The facts of each flow and category; those of the flow are shared with ``facts``.

    Args:
        flows: a flow table (``classify``).
        facts: ``of_flows`` of it.
        rows: its flows and categories.
        catalogue: all categories.
        regimes: the rules that their transfers fall under.
    """
    size = len(rows.codes)
    known = [catalogue.by_code.get(code) for code in rows.codes]
    levels = [_level(category) for category in known]
    personal = [is_personal(category) if category else None for category in known]
    # After the codes: a flow known to hold none (size), and one of which nobody knows (size + 1).
    index = np.where(rows.code >= 0, rows.code, np.where(rows.known, size, size + 1))
    levels += ["unclassified", None]
    personal += [False, None]
    starts = period_starts(regimes)
    regime = [
        chosen(regimes, level, about_persons, state_agency, start)
        for level, about_persons in zip(levels, personal, strict=True)
        for start in starts
        for state_agency in _OWNERS
    ]
    times = len(starts) * len(_OWNERS)
    columns = {
        "category": _repeated([*rows.codes, None, None], pa.string(), times),
        "category_level": _repeated(levels, pa.string(), times),
        "category_personal": _repeated(personal, pa.bool_(), times),
        "regime": pa.array(regime, pa.string()),
    }
    kinds = FactTable((size + 2) * times, columns)
    days = np.array([start.toordinal() - _EPOCH for start in starts])
    periods = np.searchsorted(days, days_of(flows), side="right") - 1
    owners = np.asarray(facts.columns["state_agency"].cast(pa.int8()).fill_null(len(_OWNERS) - 1))
    of_flow = periods * len(_OWNERS) + owners
    kind_of = index * times + of_flow[rows.flow_of]
    return CategoryFacts(facts, kinds, rows.flow_of, kind_of)


_EPOCH: Final = date(1970, 1, 1).toordinal()
_OWNERS: Final = (False, True, None)
"""Whether a state agency owns the data, by number."""


def is_personal(category: Category) -> bool | None:
    """Whether a category is personal data; null = nobody knows."""
    return category.level == "personal" or category.personal


def _level(category: Category | None) -> Level | None:
    """The level a category counts with.

    Item 1 of Section II of Decision 20/2025 repeats all core data among the important: whoever
    declares II.1 declares core data.
    """
    if category is None:
        return None
    return "core" if category.code == _ALL_CORE else category.level


def _repeated(values: Sequence[str | bool | None], kind: pa.DataType, times: int) -> pa.Array:
    """Each value so many times, one after the other."""
    return pa.array([value for value in values for _ in range(times)], kind)

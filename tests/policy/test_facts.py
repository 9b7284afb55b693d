"""Facts of flows and categories, and conditions over them against a row-by-row interpreter."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.flow_table import Stage, to_arrow
from auditor.policy.conditions import Condition
from auditor.policy.facts import FactTable, column_of, evaluated, exploded, of_categories, of_flows
from auditor.policy.vocabulary import ARROW_TYPE, BY_NAME, FACTS, OPERATORS_OF, Kind


def asked(value: Any, operator: str, wanted: Any) -> bool | None:
    """The plain meaning of one operator over one value."""
    if operator == "known":
        return (value is not None) is wanted
    if value is None:
        return None
    if operator == "has_any":
        if any(member in wanted for member in value if member is not None):
            return True
        return None if None in value else False
    return {
        "is": lambda: value == wanted,
        "equals": lambda: value == wanted,
        "one_of": lambda: value in wanted,
        "at_least": lambda: value >= wanted,
        "below": lambda: value < wanted,
        "on_or_after": lambda: value >= wanted,
        "before": lambda: value < wanted,
    }[operator]()


def interpreted(condition: dict[str, Any], row: dict[str, Any]) -> bool | None:
    """What a condition, as it is written in the file, says of one row."""
    ((name, inner),) = condition.items()
    if name == "not":
        answer = interpreted(inner, row)
        return None if answer is None else not answer
    if name in ("all", "any"):
        answers = [interpreted(part, row) for part in inner]
        decisive = name == "any"
        if decisive in answers:
            return decisive
        return None if None in answers else not decisive
    answers = [asked(row.get(name), operator, wanted) for operator, wanted in inner.items()]
    if False in answers:
        return False
    return None if None in answers else True


DAYS = [date(2025, 6, 30), date(2025, 7, 1), date(2026, 1, 1)]
NAMES = ("crosses_border", "level", "app", "categories", "outbound_bytes", "day", "regime")


def values_of(name: str) -> list[Any]:
    fact = BY_NAME[name]
    return {
        Kind.TRUTH: [True, False],
        Kind.TEXT: list(fact.values) or ["tls", "dns", "http"],
        Kind.NUMBER: [0, 1, 2],
        Kind.DAY: DAYS,
        Kind.TEXTS: ["B1", "S-d", "I.5"],
    }[fact.kind]


def written_tests(name: str) -> st.SearchStrategy[dict[str, Any]]:
    one = st.sampled_from(values_of(name))
    several = st.lists(one, min_size=1, max_size=2)
    operators = {
        operator: st.booleans()
        if operator == "known"
        else (several if operator in ("one_of", "has_any") else one)
        for operator in OPERATORS_OF[BY_NAME[name].kind]
    }
    return st.dictionaries(st.sampled_from(sorted(operators)), st.none(), min_size=1).flatmap(
        lambda chosen: st.fixed_dictionaries(
            {name: st.fixed_dictionaries({operator: operators[operator] for operator in chosen})}
        )
    )


leaves = st.sampled_from(NAMES).flatmap(written_tests)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            name: st.none()
            | (
                st.lists(st.sampled_from(["B1", "S-d", "I.5", None]), max_size=3)
                if name == "categories"
                else st.sampled_from(values_of(name))
            )
            for name in NAMES
        }
    ),
    max_size=6,
)


@settings(max_examples=300, deadline=None)
@given(trees, rows)
def test_columns_and_single_rows_agree(tree, table):
    columns = {
        fact.name: pa.array([row.get(fact.name) for row in table], ARROW_TYPE[fact.kind])
        for fact in FACTS
    }
    answer = evaluated(Condition.model_validate(tree), FactTable(len(table), columns))
    got = [
        bool(hit) if known else None for hit, known in zip(answer.hit, answer.known, strict=True)
    ]
    assert got == [interpreted(tree, row) for row in table]


@pytest.fixture
def facts_of(flow_table, catalogue):
    def build(*differences, inventory_given=True):
        table = to_arrow(flow_table(*differences), Stage.CLASSIFY).combine_chunks()
        by_flow = of_flows(table, inventory_given=inventory_given)
        parts = exploded(column_of(table, "categories"))
        return by_flow, of_categories(table, by_flow, parts, catalogue), parts

    return build


def regime_of(facts_of, code, start):
    _, by_category, _ = facts_of({"categories": [code], "start": start})
    return by_category.columns["regime"].to_pylist()


LAST_EVENING = datetime(2025, 12, 31, 16, 59, 59, 999999, tzinfo=UTC)
"""One microsecond before midnight in Vietnam (UTC+7)."""


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("I.26a", "decree-165-core", "pdpl"),
        ("II.18a", "decree-165-important", "pdpl"),
        ("B1", "decree-13", "pdpl"),
        ("I.5", "decree-165-core", "decree-165-core"),
        ("II.10", "decree-165-important", "decree-165-important"),
        ("II.1", "decree-165-core", "decree-165-core"),
    ],
)
def test_the_regime_changes_at_midnight_in_vietnam(facts_of, code, before, after):
    assert regime_of(facts_of, code, LAST_EVENING) == [before]
    assert regime_of(facts_of, code, LAST_EVENING + timedelta(microseconds=1)) == [after]


def test_before_decree_165_only_personal_data_has_a_known_regime(facts_of):
    early = datetime(2025, 6, 30, 16, 59, 59, tzinfo=UTC)
    assert regime_of(facts_of, "I.5", early) == [None]
    assert regime_of(facts_of, "I.26a", early) == ["decree-13"]
    assert regime_of(facts_of, "I.5", early + timedelta(seconds=1)) == ["decree-165-core"]


def test_a_flow_has_one_row_per_category_and_one_where_it_has_none(facts_of):
    _, by_category, parts = facts_of(
        {"categories": ["B1", "I.5", "B1"]},
        {"categories": []},
        {"categories": None},
        {"categories": ["nobody knows"]},
        {"categories": [None]},
    )
    assert parts.flow_of.tolist() == [0, 0, 1, 2, 3, 4]
    columns = {name: by_category.columns[name].to_pylist() for name in by_category.columns}
    assert columns["category"] == ["B1", "I.5", None, None, "nobody knows", None]
    assert columns["category_level"] == ["personal", "core", "unclassified", None, None, None]
    assert columns["category_personal"] == [True, False, False, None, None, None]
    assert columns["regime"] == ["pdpl", "decree-165-core", "none", None, None, None]


def test_without_an_inventory_nobody_knows_what_is_listed(facts_of):
    with_one, _, _ = facts_of({}, {"system_id": None})
    without, _, _ = facts_of({"system_id": None}, inventory_given=False)
    assert with_one.columns["listed"].to_pylist() == [True, False]
    assert without.columns["listed"].to_pylist() == [None]


def test_control_traffic_is_always_decided(facts_of):
    by_flow, _, _ = facts_of(
        {"app": "dns"}, {"app": None}, {"app": None, "protocol": 1}, {"app": "tls"}
    )
    assert by_flow.columns["control_traffic"].to_pylist() == [True, False, True, False]

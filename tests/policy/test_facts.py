"""Facts of flows and categories, and conditions over them against a row-by-row interpreter."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.flow_table import Stage, to_arrow
from auditor.policy.conditions import Condition
from auditor.policy.facts import (
    CategoryFacts,
    FactTable,
    column_of,
    evaluated,
    exploded,
    of_categories,
    of_flows,
)
from auditor.policy.masks import Masks
from auditor.policy.vocabulary import (
    ARROW_TYPE,
    FACTS,
    OF_CATEGORY,
)
from tests.policy.naive import interpreted, names_in
from tests.policy.random_conditions import known_or_not, trees, values_of

ROOT = Path(__file__).parents[2]


@st.composite
def asked_tables(draw, tables: int) -> tuple[dict[str, Any], list[list[dict[str, Any]]]]:
    """A condition, and tables of rows that hold the facts it speaks of."""
    tree = draw(trees)
    row = st.fixed_dictionaries({name: known_or_not(name) for name in sorted(names_in(tree))})
    return tree, [draw(st.lists(row, max_size=6)) for _ in range(tables)]


@settings(max_examples=100, deadline=None)
@given(asked_tables(1))
def test_columns_and_single_rows_agree(drawn):
    tree, (table,) = drawn
    columns = {
        fact.name: pa.array([row.get(fact.name) for row in table], ARROW_TYPE[fact.kind])
        for fact in FACTS
    }
    answer = evaluated(Condition.model_validate(tree), FactTable(len(table), columns))
    assert said(answer) == [interpreted(tree, row) for row in table]


def said(answer: Masks) -> list[bool | None]:
    return [
        bool(hit) if known else None for hit, known in zip(answer.hit, answer.known, strict=True)
    ]


@settings(max_examples=100, deadline=None)
@given(asked_tables(2), st.data())
def test_facts_of_flows_and_of_categories_answer_together(drawn, data):
    tree, (flows, kinds) = drawn
    some = st.tuples(st.integers(0, len(flows) - 1), st.integers(0, len(kinds) - 1))
    pairs = data.draw(st.lists(some, max_size=6)) if flows and kinds else []
    tables = [
        FactTable(
            len(table),
            {
                fact.name: pa.array([row.get(fact.name) for row in table], ARROW_TYPE[fact.kind])
                for fact in FACTS
                if fact.of_category is of_category
            },
        )
        for table, of_category in ((flows, False), (kinds, True))
    ]
    flow_of, kind_of = np.array(pairs, np.int64).reshape(-1, 2).T
    answer = evaluated(Condition.model_validate(tree), CategoryFacts(*tables, flow_of, kind_of))
    joined = [
        {
            name: (kinds[kind] if name in OF_CATEGORY else flows[flow])[name]
            for name in names_in(tree)
        }
        for flow, kind in pairs
    ]
    assert said(answer) == [interpreted(tree, row) for row in joined]


def test_the_shipped_rules_answer_as_the_plain_interpreter_does():
    written = yaml.safe_load((ROOT / "policies" / "rules.yaml").read_text(encoding="utf-8"))
    random = np.random.default_rng(5)
    values = {
        "categories": [None, ["B1"], ["S-d"], ["I.5", None]],
        "content_labels": [None, [], ["state-secret"], ["B7", "covert-channel"], ["B1", None]],
        "content_hints": [None, [], ["I.6"], ["S-h"]],
        "category": [None, "I.5", "B1"],
        "day": [None, date(2025, 6, 30), date(2025, 7, 1), date(2026, 1, 1)],
        "outbound_bytes": [None, 0, 1],
    }
    asked_about = {name for rule in written["rules"] for name in names_in(rule["when"])}
    choices = {name: values.get(name) or [None, *values_of(name)] for name in asked_about}
    table = [
        {name: several[random.integers(len(several))] for name, several in choices.items()}
        for _ in range(400)
    ]
    facts = FactTable(
        len(table),
        {
            fact.name: pa.array([row.get(fact.name) for row in table], ARROW_TYPE[fact.kind])
            for fact in FACTS
        },
    )
    for rule in written["rules"]:
        answer = evaluated(Condition.model_validate(rule["when"]), facts)
        assert said(answer) == [interpreted(rule["when"], row) for row in table], rule["id"]


@pytest.fixture
def facts_of(flow_table, catalogue, regimes, inventory):
    def build(*differences, systems=inventory):
        table = to_arrow(flow_table(*differences), Stage.CLASSIFY).combine_chunks()
        by_flow = of_flows(table, systems)
        parts = exploded(column_of(table, "categories"))
        facts = of_categories(table, by_flow, parts, catalogue, regimes)
        return by_flow, facts, parts

    return build


def regime_of(facts_of, code, start):
    _, by_category, _ = facts_of({"categories": [code], "start": start})
    return listed(by_category, "regime")


def listed(by_category, name):
    """A fact of the categories, per row."""
    return by_category.kinds.columns[name].take(pa.array(by_category.kind_of)).to_pylist()


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
        # It holds personal core data as well as other: which of it, nobody says.
        ("II.1", "decree-165-core", None),
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


def test_before_decree_13_no_regime_is_known(facts_of):
    early = datetime(2023, 6, 30, 16, 59, 59, tzinfo=UTC)
    assert regime_of(facts_of, "B1", early) == [None]
    assert regime_of(facts_of, "B1", early + timedelta(seconds=1)) == ["decree-13"]


def test_where_nobody_knows_whether_data_is_personal_nobody_knows_its_regime_since_2026(facts_of):
    assert regime_of(facts_of, "I.t-personnel", LAST_EVENING) == ["decree-165-core"]
    later = LAST_EVENING + timedelta(microseconds=1)
    assert regime_of(facts_of, "I.t-personnel", later) == [None]


def test_a_flow_has_one_row_per_category_and_one_where_it_has_none(facts_of):
    _, by_category, parts = facts_of(
        {"categories": ["B1", "I.5", "B1"]},
        {"categories": []},
        {"categories": None},
        {"categories": ["nobody knows"]},
        {"categories": [None]},
    )
    assert parts.flow_of.tolist() == [0, 0, 1, 2, 3, 4]
    columns = {name: listed(by_category, name) for name in by_category.kinds.columns}
    assert columns["category"] == ["B1", "I.5", None, None, "nobody knows", None]
    assert columns["category_level"] == ["personal", "core", "unclassified", None, None, None]
    assert columns["category_personal"] == [True, False, False, None, None, None]
    assert columns["regime"] == ["pdpl", "decree-165-core", "none", None, None, None]


@given(
    st.lists(
        st.none() | st.lists(st.none() | st.sampled_from(["B1", "B10", "S-d"]), max_size=4),
        max_size=8,
    )
)
def test_rows_of_categories_are_those_of_each_list_on_its_own(lists):
    parts = exploded(pa.array(lists, pa.list_(pa.string())))
    names = [*parts.codes, None]
    got = list(zip(parts.flow_of.tolist(), (names[code] for code in parts.code), strict=True))
    assert got == [
        (flow, code)
        for flow, codes in enumerate(lists)
        for code in (dict.fromkeys(codes) if codes else [None])
    ]
    assert parts.known.tolist() == [code is not None or lists[flow] == [] for flow, code in got]


def test_without_an_inventory_nobody_knows_what_is_listed(facts_of):
    with_one, _, _ = facts_of({}, {"system_id": None})
    without, _, _ = facts_of({"system_id": None}, systems=None)
    assert with_one.columns["listed"].to_pylist() == [True, False]
    assert without.columns["listed"].to_pylist() == [None]


def test_control_traffic_is_always_decided(facts_of):
    by_flow, _, _ = facts_of(
        {"app": "dns"}, {"app": None}, {"app": None, "protocol": 1}, {"app": "tls"}
    )
    assert by_flow.columns["control_traffic"].to_pylist() == [True, False, True, False]


def test_the_owner_is_that_of_the_system_or_else_of_the_agency(facts_of, inventory):
    registry, portal = inventory.systems
    systems = (registry, portal.model_copy(update={"state_agency": False}))
    mixed = inventory.model_copy(update={"systems": systems})
    flows = ({}, {"system_id": "portal"}, {"system_id": None}, {"system_id": "nobody's"})
    by_flow, _, _ = facts_of(*flows, systems=mixed)
    assert by_flow.columns["state_agency"].to_pylist() == [True, False, True, True]
    by_flow, _, _ = facts_of(*flows, systems=None)
    assert by_flow.columns["state_agency"].to_pylist() == [None] * 4


def test_each_flow_has_the_regime_of_its_owner(flow_table, catalogue, regimes, inventory):
    core = regimes.regimes[1]
    both = regimes.model_copy(
        update={
            "regimes": tuple(
                core.model_copy(update={"id": owner, "owner": owner})
                for owner in ("state-agency", "other")
            )
        }
    )
    registry, portal = inventory.systems
    mixed = inventory.model_copy(
        update={"systems": (registry, portal.model_copy(update={"state_agency": False}))}
    )
    table = to_arrow(flow_table({}, {"system_id": "portal"}), Stage.CLASSIFY).combine_chunks()
    parts = exploded(column_of(table, "categories"))
    for systems, wanted in ((mixed, ["state-agency", "other"]), (None, [None, None])):
        facts = of_categories(table, of_flows(table, systems), parts, catalogue, both)
        assert listed(facts, "regime") == wanted

"""The table of facts agrees with the flow table and the operators."""

from __future__ import annotations

import pyarrow as pa

from auditor.model.flow_table import FLOW_TABLE
from auditor.policy.masks import OPERATORS
from auditor.policy.vocabulary import ARROW_TYPE, FACTS, OF_FLOW, OPERATORS_OF, Kind

DERIVED = {"day", "listed", "control_traffic", "state_agency"}


def test_every_fact_of_a_flow_is_a_column_or_derived():
    assert set(OF_FLOW) - set(FLOW_TABLE.names) == DERIVED


def test_facts_have_the_type_of_their_column():
    for fact in FACTS:
        if fact.name in FLOW_TABLE.names:
            column = FLOW_TABLE.field(fact.name).type
            number = fact.kind is Kind.NUMBER and pa.types.is_integer(column)
            assert number or column == ARROW_TYPE[fact.kind], fact.name


def test_every_operator_of_every_kind_can_be_evaluated():
    assert {name for names in OPERATORS_OF.values() for name in names} == set(OPERATORS)


def test_names_and_meanings_are_there_once():
    assert len({fact.name for fact in FACTS}) == len(FACTS)
    assert all(fact.meaning.endswith(".") for fact in FACTS)

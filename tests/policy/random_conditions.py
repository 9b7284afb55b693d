"""Random conditions as they are written in a rules file, and random values of facts."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from auditor.policy.vocabulary import BY_NAME, FACTS, OPERATORS_OF, Kind

DAYS = [date(2025, 6, 30), date(2025, 7, 1), date(2026, 1, 1)]
NAMES = tuple(fact.name for fact in FACTS)


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


def known_or_not(name: str) -> st.SearchStrategy[Any]:
    """Values of a fact, null among them; of lists also a null within."""
    one = st.sampled_from(values_of(name))
    if BY_NAME[name].kind is Kind.TEXTS:
        return st.none() | st.lists(st.none() | one, max_size=3)
    return st.none() | one

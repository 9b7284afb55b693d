"""Whole rules: the findings of the columns are those of the plain reading of the files."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import policy
from auditor.model.inventory import Inventory, System
from auditor.model.regimes import RegimeFile
from auditor.policy import Law, RuleFile
from tests.policy.flow_rows import PLAIN, flow_table_of
from tests.policy.legal_cases import ROOT, law
from tests.policy.naive import Key, Reader
from tests.policy.random_conditions import trees

POLICIES = ROOT / "policies"


def written(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((POLICIES / name).read_text(encoding="utf-8"))
    return content


RULES = written("rules.yaml")["rules"]
REGIMES = written("regimes.yaml")["regimes"]
CATEGORIES = [
    *written("decision-20-2025.yaml")["categories"],
    *written("decree-356-2025.yaml")["categories"],
]
CODES = ["I.5", "I.6", "I.13", "I.26a", "I.t-personnel", "II.1", "II.10", "II.18b", "B1", "S-d"]
MOMENTS = [
    datetime(2023, 6, 30, 16, 59, 59, tzinfo=UTC),
    datetime(2025, 6, 30, 16, 59, 59, tzinfo=UTC),
    datetime(2025, 6, 30, 17, tzinfo=UTC),
    datetime(2025, 12, 31, 16, 59, 59, 999999, tzinfo=UTC),
    datetime(2025, 12, 31, 17, tzinfo=UTC),
    datetime(2026, 9, 1, 3, tzinfo=UTC),
]
COLUMNS: dict[str, list[Any]] = {
    "start": MOMENTS,
    "crosses_border": [True, True, True, False, None],
    "foreign_recipient": [True, True, False, None],
    "operator_basis": ["service", "range", "network", None],
    "operator": ["Store Ltd", "Cloud Ltd", None],
    "peer_org": ["Network A", "Network B", None],
    "service_kind": ["object-store", "chat", None],
    "app": ["tls", "http", "tls", "dns", None],
    "protocol": [6, 6, 17, 1],
    "encrypted": [True, False, None],
    "outbound_bytes": [900, 900, 1, 0, None],
    "system_id": ["registry", "portal", "nobody's", None],
    "level": ["core", "important", "personal", "unclassified", None],
    "categories": [
        *([code] for code in CODES),
        *(
            ["II.1", "I.5", "II.1"],
            ["I.5", "I.13"],
            ["B1", None],
            ["strange", "I.26a"],
            ["S-d", "I.6"],
        ),
        *([], [None], None),
    ],
    "content_labels": [None, [], ["state-secret"], ["B7"], ["covert-channel", "B1"]],
    "content_hints": [None, [], ["I.6"], ["S-h", "II.10"]],
}


def random_flows(seed: int, number: int) -> list[dict[str, Any]]:
    """Flows whose values differ; the small examples that hypothesis likes would find little."""
    chance = random.Random(seed)
    return [
        {name: chance.choice(values) for name, values in COLUMNS.items()} for _ in range(number)
    ]


owners = st.sampled_from([True, False, None])
"""Of the agency; null = no inventory was given."""

wording = {"vi": "Một câu", "en": "A sentence"}
random_rules = st.lists(
    st.fixed_dictionaries(
        {
            "when": trees,
            "severity": st.just("low"),
            "title": st.just(wording),
            "question": st.just(wording),
            "next_step": st.just(wording),
            "on_hit": st.sampled_from(["open", "undecided"]),
            "on_unknown": st.sampled_from(["report", "ignore"]),
            "group_by": st.lists(
                st.sampled_from(["system", "recipient", "category"]), min_size=1, unique=True
            ),
            "legal": st.sampled_from([None, MOMENTS[2].date()]).map(
                lambda day: [
                    {
                        "instrument": "Luật",
                        "article": "Điều 1",
                        "says": wording,
                        "mark": "C",
                        "in_force": day,
                    }
                ]
            ),
        }
    ),
    min_size=1,
    max_size=3,
).map(lambda rules: [{"id": f"r{number}"} | rule for number, rule in enumerate(rules)])
random_regimes = st.lists(
    st.fixed_dictionaries(
        {
            "levels": st.lists(st.sampled_from(["core", "important", "personal"]), max_size=3),
            "personal": st.sampled_from([True, False, None]),
            "owner": st.sampled_from(["state-agency", "other", "any"]),
            "since": st.sampled_from([moment.date() for moment in MOMENTS[:3]]),
            "needs": st.just("none"),
            "title": st.just(wording),
        }
    ),
    min_size=1,
    max_size=4,
).map(
    lambda several: [
        {"id": f"regime-{number}", "legal": REGIMES[0]["legal"]} | each
        for number, each in enumerate(several)
    ]
)


def compared(
    rows: list[dict[str, Any]],
    files: Law,
    rules: list[dict[str, Any]],
    regimes: list[dict[str, Any]],
    agency: bool | None,
) -> dict[Key, list[int]]:
    """What columns and plain reading both find in ``rows``; asserts that it is the same."""
    systems = {"portal": False}
    inventory = None
    if agency is not None:
        inventory = Inventory(
            agency="Sở Mẫu",
            state_agency=agency,
            systems=(
                System(id="registry", name="Đất đai", hosts=("a.example.vn",)),
                System(id="portal", name="Cổng", hosts=("b.example.vn",), state_agency=False),
            ),
        )
    plain = [
        {**PLAIN, **row, "flow_id": number, "end": row["start"]}
        for number, row in enumerate(rows, start=1)
    ]
    for row in plain:
        row["content_certainties"] = row["content_labels"] and ["firm"] * len(row["content_labels"])
    table = policy.candidates([flow_table_of(*plain)])
    found: dict[Key, list[int]] = {}
    for one in policy.findings(table, files, inventory, None):
        key = (one.rule, one.system, one.recipient, one.category, one.state)
        assert key not in found
        found[key] = list(one.evidence.flow_ids)
    absent = dict.fromkeys(("subjects", "foreign_platform", "service"))
    reader = Reader(rules, regimes, CATEGORIES, agency, systems)
    assert found == reader.findings([absent | row for row in plain])
    return found


@pytest.mark.parametrize("agency", [True, False, None])
def test_the_shipped_rules_find_what_the_plain_reading_finds(agency):
    found = compared(random_flows(7, 700), law(), RULES, REGIMES, agency)
    answered = {(rule, state) for rule, _, _, _, state in found}
    assert len({rule for rule, _ in answered}) >= len(RULES) - 2
    assert len(answered) > len(RULES)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), owners, random_rules, random_regimes)
def test_any_rules_and_regimes_find_what_the_plain_reading_finds(seed, agency, rules, regimes):
    files = Law(
        RuleFile.model_validate({"version": "1", "rules": rules}),
        law().catalogue,
        RegimeFile.model_validate({"version": "1", "regimes": regimes}),
    )
    compared(random_flows(seed, 40), files, rules, regimes, agency)

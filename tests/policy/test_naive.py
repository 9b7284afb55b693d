"""Whole rules: the findings of the columns are those of the plain reading of the files."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import policy
from auditor.model.inventory import Inventory, System
from auditor.model.regimes import RegimeFile
from auditor.model.register import Register
from auditor.policy import Law, RuleFile
from tests.policy.flow_rows import PLAIN, flow_table_of
from tests.policy.legal_cases import ROOT, law
from tests.policy.naive import Key, Reader, Registered
from tests.policy.random_conditions import trees

POLICIES = ROOT / "policies"


def written(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((POLICIES / name).read_text(encoding="utf-8"))
    return content


RULES = written("rules.yaml")["rules"]
REGIMES = written("regimes.yaml")["regimes"]
GROUNDS = written("regimes.yaml")["grounds"]
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
    "host": ["a.example.com", "b.example.net", None],
    "host_basis": ["tls-sni", "tls-sni", "dns-query", "ech-outer"],
    "geo_state": ["country", "country", "anycast"],
    "peer_country": ["SG", "JP", None],
    "operator_country": ["SG", "US", None],
    "content_labels": [None, [], ["state-secret"], ["B7"], ["covert-channel", "B1"]],
    "content_hints": [None, [], ["I.6"], ["S-h", "II.10"]],
}


def random_flows(seed: int, number: int) -> list[dict[str, Any]]:
    """Flows whose values differ; the small examples that hypothesis likes would find little."""
    chance = random.Random(seed)
    return [
        {name: chance.choice(values) for name, values in COLUMNS.items()} for _ in range(number)
    ]


DAYS = sorted({(moment + timedelta(hours=7)).date() for moment in MOMENTS})
RECIPIENTS: list[dict[str, list[str]]] = [
    {"organisations": ["Store Ltd", "Network A"]},
    {"organisations": ["Cloud Ltd"], "countries": ["SG"]},
    {"hosts": ["a.example.com"]},
    {"hosts": ["*.example.net"], "organisations": ["Store Ltd"], "countries": ["SG", "JP"]},
    {"countries": ["SG", "US"]},
]


def random_register(
    chance: random.Random, regimes: list[str], grounds: list[str], number: int
) -> dict[str, list[dict[str, Any]]]:
    """Dossiers and exemptions about random flows; days lie about those of the flows."""

    def some_day() -> date:
        return chance.choice(DAYS) + timedelta(
            days=chance.choice([-61, -60, -15, -14, -1, 0, 0, 1])
        )

    def perhaps(name: str, value: Any, likely: float = 0.3) -> dict[str, Any]:
        return {name: value} if chance.random() < likely else {}

    def entry(kind: str, place: int) -> dict[str, Any]:
        begins = some_day()
        return {
            "id": f"{kind}-{place}",
            "systems": chance.choice([["registry"], ["registry", "portal"]]),
            "categories": chance.sample(CODES, 5),
            "recipients": chance.choice(RECIPIENTS),
            "valid_from": begins,
        } | perhaps("valid_to", begins + timedelta(days=chance.choice([0, 1, 400])))

    def dossier(place: int) -> dict[str, Any]:
        made = entry("D", place)
        filed = some_day()
        on = some_day()
        made |= perhaps("storage", {"countries": ["SG"], "until": made["valid_from"]}, 0.1)
        made |= perhaps("stops", [{"on": on, "by": "Bộ Công an"}], 0.1)
        if "stops" in made and chance.random() < 0.5:
            made["stops"][0]["lifted"] = on + timedelta(days=chance.choice([0, 1, 61, 200]))
        result = chance.choice(["passed", "passed", "failed", "pending", "none-needed"])
        made |= {"regime": chance.choice(regimes), "filed": filed, "result": result}
        if result in ("passed", "failed"):
            made |= perhaps("result_on", filed + timedelta(days=chance.choice([0, 1, 15])), 0.8)
        return made

    def exemption(place: int) -> dict[str, Any]:
        return entry("M", place) | {
            "ground": chance.choice(grounds),
            "reason": "Căn cứ trong văn bản",
            "recorded_by": "A",
            "recorded": DAYS[0],
            "reviewed_by": "B",
            "reviewed": DAYS[0],
        }

    return {
        "dossiers": [dossier(place) for place in range(number)],
        "exemptions": [exemption(place) for place in range(number // 2)],
    }


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
).map(
    lambda rules: [
        {"id": f"r{number}"} | rule | {"coverable": "category" in rule["group_by"]}
        for number, rule in enumerate(rules)
    ]
)
random_regimes = st.lists(
    st.fixed_dictionaries(
        {
            "levels": st.lists(st.sampled_from(["core", "important", "personal"]), max_size=3),
            "personal": st.sampled_from([True, False, None]),
            "owner": st.sampled_from(["state-agency", "other", "any"]),
            "since": st.sampled_from([moment.date() for moment in MOMENTS[:3]]),
            "needs": st.sampled_from(["none", "passed-before", "filed-before", "filed-after"]),
            "days": st.sampled_from([0, 15, 60]),
            "title": st.just(wording),
        }
    ),
    min_size=1,
    max_size=4,
).map(
    lambda several: [
        {"id": f"regime-{number}", "legal": REGIMES[0]["legal"], "dossiers_of": ["regime-0"]} | each
        for number, each in enumerate(several)
    ]
)


def compared(
    rows: list[dict[str, Any]],
    files: Law,
    rules: list[dict[str, Any]],
    regimes: list[dict[str, Any]],
    agency: bool | None,
    register: dict[str, list[dict[str, Any]]] | None = None,
    grounds: list[dict[str, Any]] = GROUNDS,
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
    entries = register and Register.model_validate({"version": "1", **register})
    for one in policy.findings(table, files, inventory, entries):
        key = (one.rule, one.system, one.recipient, one.category, one.state)
        assert key not in found
        found[key] = list(one.evidence.flow_ids)
    absent = dict.fromkeys(("subjects", "foreign_platform", "service"))
    read = register and Registered(**register, regimes=regimes, grounds=grounds)
    reader = Reader(rules, regimes, CATEGORIES, agency, systems, read)
    assert found == reader.findings([absent | row for row in plain])
    return found


@pytest.mark.parametrize("agency", [True, False, None])
def test_the_shipped_rules_find_what_the_plain_reading_finds(agency):
    found = compared(random_flows(7, 700), law(), RULES, REGIMES, agency)
    answered = {(rule, state) for rule, _, _, _, state in found}
    assert len({rule for rule, _ in answered}) >= len(RULES) - 2
    assert len(answered) > len(RULES)


def test_a_register_makes_of_them_what_the_plain_reading_makes():
    states = set()
    for seed in range(12):
        chance = random.Random(seed)
        ids = [each["id"] for each in REGIMES if each["levels"]]
        register = random_register(chance, ids, [each["id"] for each in GROUNDS], 9)
        found = compared(random_flows(seed, 300), law(), RULES, REGIMES, True, register)
        states |= {(rule, state) for rule, _, _, _, state in found}
    for rule in ("core-data-abroad", "important-data-abroad", "personal-data-abroad"):
        assert {state for one, state in states if one == rule} == {
            "open", "undecided", "exempt", "covered",
        }  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), owners, random_rules, random_regimes)
def test_any_rules_and_regimes_find_what_the_plain_reading_finds(seed, agency, rules, regimes):
    ids = [each["id"] for each in regimes]
    grounds = [GROUNDS[0] | {"id": "ground", "regimes": ids[:1]}]
    content = {"version": "1", "regimes": regimes, "grounds": grounds}
    files = Law(
        RuleFile.model_validate({"version": "1", "rules": rules}),
        law().catalogue,
        RegimeFile.model_validate(content),
    )
    register = random_register(random.Random(seed), ids, ["ground"], 6)
    compared(random_flows(seed, 40), files, rules, regimes, agency, register, grounds)

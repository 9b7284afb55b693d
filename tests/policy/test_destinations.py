"""The far side of findings, compared with the same told flow by flow; forms of transfer."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import product

import numpy as np
import pytest

from auditor import policy
from auditor.model.flow_table import Stage, to_arrow
from auditor.policy import candidates
from auditor.policy.destinations import FarSides, recipients_of
from auditor.policy.members import flow_sets

CORE = "core-data-to-foreign-operator"
IMPORTANT = "important-data-to-foreign-operator"
PERSONAL = "personal-data-to-foreign-operator"
NETWORK = "data-into-foreign-network"
UNDECIDED = "destination-undecided"
INSIDE = {
    "crosses_border": False,
    "peer_country": "VN",
    "peer_org": "Nhà mạng Mẫu",
    "peer_org_country": "VN",
    "operator": "Example Storage Inc.",
    "operator_country": "US",
    "operator_basis": "service",
    "service": "example-store",
    "service_kind": "object-store",
    "foreign_platform": False,
}
"""Core data for a foreign company's server in Hanoi."""
ANYCAST = INSIDE | {
    "crosses_border": None,
    "peer_country": None,
    "geo_state": "anycast",
    "geo_rule": "anycast",
    "geo_certainty": None,
    "geo_basis": "anycast: list 2026-02-01",
    "foreign_platform": None,
}


@pytest.fixture
def found(flow_table, law, inventory):
    """The findings of the shipped rules in the given flows."""

    def ask(*differences):
        flows = candidates([flow_table(*differences)])
        return policy.findings(flows, law, inventory, None)

    return ask


def known(finding):
    return "\n".join(said.vi for said in finding.known_by)


def test_a_foreign_companys_server_in_the_country_is_handed_to_a_foreign_organisation(found):
    (one,) = found(INSIDE)
    assert (one.rule, one.severity, one.state) == (CORE, "high", "open")
    assert (one.recipient, one.countries, one.certainty) == (
        "Example Storage Inc.",
        ("VN",),
        "likely",
    )
    assert one.legal[0].article == "Điều 23 khoản 2 điểm b"
    assert "b) chuyển cho tổ chức nước ngoài, không kể nơi đặt máy chủ: 1 luồng" in known(one)
    assert "a) chuyển tới nơi đặt ngoài lãnh thổ" not in known(one)
    assert any("pháp nhân ký hợp đồng" in said.vi for said in one.not_known)


def test_an_anycast_platform_of_a_foreign_company_is_form_b_while_its_place_is_open(found):
    (one,) = found(ANYCAST)
    assert (one.rule, one.state, one.countries) == (CORE, "open", ())
    assert any("anycast" in said.vi and "1 luồng" in said.vi for said in one.not_known)
    assert any("có ra nước ngoài hay không" in said.vi for said in one.not_known)


@pytest.mark.parametrize("state", ["ambiguous", "contradicted", "unknown"])
def test_other_open_places_of_foreign_operators_are_form_b_too(found, state):
    (one,) = found(ANYCAST | {"geo_state": state})
    assert one.rule == CORE


def test_the_owner_of_a_network_alone_is_told_softly_and_once(found):
    by_network = INSIDE | {"operator_basis": "network", "service": None, "service_kind": None}
    (one,) = found(by_network, by_network | {"categories": ["I.5", "B1", "II.10"]})
    assert (one.rule, one.severity, one.state, one.certainty) == (
        NETWORK,
        "low",
        "undecided",
        "weak",
    )
    assert (one.recipient, one.category) == ("Nhà mạng Mẫu", None)
    assert "2 luồng (trong đó 2 luồng chỉ suy từ đơn vị quản lý mạng)" in known(one)


def test_where_neither_place_nor_tenant_is_known_the_destination_is_undecided(found):
    (one,) = found(ANYCAST | {"operator_basis": "network"})
    assert (one.rule, one.state) == (UNDECIDED, "undecided")


def test_personal_data_for_a_foreign_server_in_the_country_is_a_case_to_ask_about(found):
    personal = {"categories": ["B1"], "level": "personal"}
    (one,) = found(INSIDE | personal)
    assert (one.rule, one.severity, one.state) == (PERSONAL, "medium", "undecided")
    assert "khoản 1 Điều 20 Luật 91/2025/QH15" in known(one)
    old = personal | {"start": datetime(2025, 12, 1, tzinfo=UTC)}
    assert found(INSIDE | old) == ()
    assert [one.rule for one in found(ANYCAST | old)] == [UNDECIDED]


def test_important_data_is_told_with_less_weight_than_abroad(found):
    important = {"categories": ["II.10"], "level": "important"}
    (inside,) = found(INSIDE | important)
    (abroad,) = found(important)
    assert (inside.rule, inside.severity) == (IMPORTANT, "medium")
    assert (abroad.rule, abroad.severity) == ("important-data-abroad", "high")


def test_the_finding_on_a_foreign_platform_abroad_names_every_form(found):
    platform = INSIDE | {"crosses_border": True, "peer_country": "SG", "foreign_platform": True}
    one, stored = found(platform)
    assert (one.rule, stored.rule) == ("core-data-abroad", "state-agency-data-stored-abroad")
    forms = (
        "khoản 2 Điều 23 Luật Dữ liệu: a) chuyển tới nơi đặt ngoài lãnh thổ Việt Nam: 1 luồng; b) "
        "chuyển cho tổ chức nước ngoài, không kể nơi đặt máy chủ: 1 luồng; c) sử dụng nền tảng ở "
        "ngoài lãnh thổ để xử lý: 1 luồng."
    )
    assert forms in known(one)


ABROAD = {
    "I.5": "core-data-abroad",
    "II.10": "important-data-abroad",
    "I.26a": "personal-core-important-data-abroad",
    "B1": "personal-data-abroad",
    "I.t-personnel": "core-data-abroad",
}
LEVELS = {"I.5": "core", "II.10": "important", "I.26a": "core", "B1": "personal"}
BEFORE, BETWEEN, SINCE = (
    datetime(2025, 3, 1, tzinfo=UTC),
    datetime(2025, 10, 1, tzinfo=UTC),
    datetime(2026, 3, 1, tzinfo=UTC),
)


def expected(crosses, foreign, basis, code, start):
    """The rules that must report a flow, worked out by hand and not from the file."""
    personal = code in ("I.26a", "B1")
    if crosses:
        if personal and start < SINCE and (code == "B1" or start == BEFORE):
            return {"personal-data-before-2026"}
        return {"core-data-abroad" if personal and start < SINCE else ABROAD[code]}
    identified = foreign and basis != "network"
    if identified and start == SINCE:
        return {{"I.5": CORE, "II.10": IMPORTANT, "I.t-personnel": CORE}.get(code, PERSONAL)}
    if identified and start == BETWEEN and code != "B1":
        return {IMPORTANT if code == "II.10" else CORE}
    if crosses is None:
        return {UNDECIDED}
    return {NETWORK} if foreign and basis == "network" else set()


def test_every_flow_is_reported_by_one_rule_and_never_by_two(found):
    parties = [(True, basis) for basis in ("override", "service", "range", "network")]
    parties += [(False, "service"), (None, None)]
    cases = list(product((True, None, False), parties, ABROAD, (BEFORE, BETWEEN, SINCE)))
    flows = [
        {
            "crosses_border": crosses,
            "foreign_recipient": foreign,
            "operator_basis": basis,
            "categories": [code],
            "level": LEVELS.get(code, "core"),
            "start": start,
            "end": start,
        }
        for crosses, (foreign, basis), code, start in cases
    ]
    table = Counter((flow, one.rule) for one in found(*flows) for flow in one.evidence.flow_ids)
    # Only those that are candidates have rows; numbers are those of the flows all the same.
    got = {number: set() for number in range(1, len(flows) + 1)}
    for flow, rule in table:
        got[flow].add(rule)
    for number, (crosses, (foreign, basis), code, start) in enumerate(cases, start=1):
        case = (crosses, foreign, basis, code, start.date())
        assert got[number] == expected(crosses, foreign, basis, code, start), case
    assert set(table.values()) == {1}


def test_domestic_flows_without_a_known_foreign_operator_take_no_memory(flow_table):
    table = candidates(
        [
            flow_table(
                INSIDE,
                INSIDE | {"foreign_recipient": False},
                INSIDE | {"foreign_recipient": None},
                ANYCAST | {"foreign_recipient": False},
            )
        ]
    )
    assert table.column("flow_id").to_pylist() == [1, 4]


@pytest.mark.parametrize(
    ("basis", "about", "certainty"),
    [
        ("override", "content", "firm"),
        ("override", "declared", "likely"),
        ("service", "content", "likely"),
        ("range", "content", "likely"),
    ],
)
def test_how_sure_it_is_rests_on_how_the_operator_is_known(found, basis, about, certainty):
    flow = INSIDE | {"operator_basis": basis, "class_basis": about}
    if about == "content":
        flow |= {"content_labels": flow.get("categories", ["I.5"]), "content_certainties": ["firm"]}
    (one,) = found(flow | {"geo_certainty": "weak"})
    assert one.certainty == certainty


def test_the_recipient_is_the_operator_where_it_is_named_else_the_network_else_the_address(
    flow_table,
):
    nobody = {"operator": None, "operator_basis": None, "peer_org": None}
    table = to_arrow(
        flow_table(
            INSIDE,
            INSIDE | {"operator_basis": "network"},
            INSIDE | {"operator": None},
            nobody,
            nobody | {"peer_ip": None},
        ),
        Stage.CLASSIFY,
    )
    assert recipients_of(table.combine_chunks()).to_pylist() == [
        "Example Storage Inc.",
        "Nhà mạng Mẫu",
        "Nhà mạng Mẫu",
        "198.51.100.7",
        "198.51.100.7",
    ]


def test_the_far_side_of_every_finding_adds_up(flow_table):
    random = np.random.default_rng(11)
    states = ["country", "anycast", "ambiguous", "contradicted"]
    flows = []
    for _ in range(80):
        state = states[random.integers(4)]
        listed = state in ("ambiguous", "contradicted")
        flows.append(
            {
                "geo_state": state,
                "geo_candidates": [["JP", "SG"], ["SG", "US"]][random.integers(2)]
                if listed
                else None,
                "crosses_border": [True, False, None][random.integers(3)],
                "foreign_recipient": [True, False, None][random.integers(3)],
                "foreign_platform": [True, False, None][random.integers(3)],
                "operator_basis": [None, "override", "service", "range", "network"][
                    random.integers(5)
                ],
                "service_kind": [None, "cdn", "mail"][random.integers(3)],
                "outbound_bytes": 10,
            }
        )
    members = [
        (group, flow)
        for group in range(6)
        for flow in random.choice(80, size=int(random.integers(1, 50)), replace=False).tolist()
    ]
    group, flow = np.array(members).T
    table = to_arrow(flow_table(*flows), Stage.CLASSIFY).combine_chunks()
    sides = FarSides(table, flow_sets(group, flow, 6, 80), np.full(80, 10))
    for number in range(6):
        mine = [flows[flow] for of, flow in members if of == number]
        far = sides.of(number)
        foreign = [one for one in mine if one["foreign_recipient"]]
        assert far.abroad == sum(one["crosses_border"] is True for one in mine)
        assert far.foreign == len(foreign)
        assert far.foreign_by_network == sum(one["operator_basis"] == "network" for one in foreign)
        assert far.platform == sum(one["foreign_platform"] is True for one in mine)
        assert far.handed_on == sum(one["service_kind"] == "cdn" for one in mine)
        assert far.network_named == sum(one["operator_basis"] in (None, "network") for one in mine)
        assert Counter({one.state: one.flows for one in far.places}) == Counter(
            one["geo_state"] for one in mine
        )
        for names, state in ((far.candidates, "ambiguous"), (far.claimed, "contradicted")):
            lists = [one["geo_candidates"] for one in mine if one["geo_state"] == state]
            assert names == tuple(sorted({country for several in lists for country in several}))
        assert Counter({one.basis: one.flows for one in far.operators}) == Counter(
            one["operator_basis"] for one in mine if one["operator_basis"]
        )

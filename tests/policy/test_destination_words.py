"""The sentences about the far side of a finding."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import pytest

from auditor import policy
from auditor.policy import candidates
from auditor.policy.destination_words import destination_known_by, destination_not_known
from auditor.policy.destinations import FarSide, Operator, Place
from auditor.policy.evidence import Seen
from auditor.policy.vocabulary import BY_NAME

DAY = date(2026, 3, 1)


def far_side(*, places=(), operators=(), **counts):
    plain = {
        **dict.fromkeys(("candidates", "claimed"), ()),
        **dict.fromkeys(("abroad", "open_abroad", "foreign", "foreign_by_network", "platform"), 0),
        **dict.fromkeys(("operator_unknown", "network_named", "handed_on"), 0),
    }
    return FarSide(places=places, operators=operators, **(plain | counts))


def place(rule="databases", certainty="likely", basis="country.mmdb 2026-06-17"):
    return Place("country", rule, "SG", certainty, basis, 3)


def known(far, category=None, first=DAY, *, forms=True):
    said = destination_known_by(far, category, first, forms=forms)
    return [(each.vi, each.en) for each in said]


@pytest.fixture
def found(flow_table, law, inventory):
    def ask(changes):
        flows = candidates([flow_table(changes)])
        return policy.findings(flows, law, inventory, None)

    return ask


@pytest.fixture
def one_finding(found):
    def ask(**changes):
        (one,) = found(changes)
        return one

    return ask


def test_a_place_is_told_with_its_rule_its_source_and_its_day():
    ((vi, en),) = known(far_side(places=(place(),)))
    assert vi.startswith("Nơi đặt của bên nhận trong 3 luồng: Singapore (SG), theo đa số cơ sở dữ")
    assert "căn cứ: country.mmdb 2026-06-17. Độ chắc chắn về nơi đặt: nhiều khả năng" in vi
    assert "Singapore (SG), by most of the IP databases asked" in en


def test_every_rule_and_every_certainty_has_words_of_its_own():
    rules = ("override", "cloud-region", "geofeed", "databases", "registration")
    assert set(rules) < set(BY_NAME["geo_rule"].values)
    by_rule = {known(far_side(places=(place(rule=rule),)))[0] for rule in rules}
    assert len(by_rule) == len(rules)
    rated = {
        known(far_side(places=(place(certainty=certainty),)))[0]
        for certainty in BY_NAME["geo_certainty"].values
    }
    assert len(rated) == 3


@pytest.mark.parametrize("basis", BY_NAME["operator_basis"].values)
def test_an_operator_is_told_with_how_it_is_known(basis):
    far = far_side(operators=(Operator("Example {flows}", "US", basis, "store", 2),))
    ((vi, en),) = known(far)
    assert "2 luồng" in vi and "Example {flows}" in vi
    assert "đăng ký tại Hoa Kỳ (US)" in vi
    assert "[store]" in vi and "[store]" in en
    # The owner of a network is not said to run what stands in it.
    assert vi.startswith("Mạng của địa chỉ" if basis == "network" else "Bên vận hành")


def test_only_the_heaviest_three_are_named_one_by_one():
    far = far_side(places=tuple(place(basis=f"{number}.mmdb") for number in range(5)))
    assert len(known(far)) == 3


@pytest.mark.parametrize(
    ("code", "day", "law"),
    [
        (None, DAY, "khoản 2 Điều 23 Luật Dữ liệu (chỉ áp dụng cho dữ liệu cốt lõi, quan trọng)"),
        ("I.5", DAY, "khoản 2 Điều 23 Luật Dữ liệu:"),
        ("I.26a", DAY, "khoản 1 Điều 20 Luật 91/2025/QH15"),
        ("B1", DAY, "khoản 1 Điều 20 Luật 91/2025/QH15"),
        ("I.26a", date(2025, 12, 31), "khoản 2 Điều 23 Luật Dữ liệu:"),
        ("B1", date(2025, 12, 31), None),
        ("I.5", date(2025, 6, 30), None),
    ],
)
def test_forms_are_told_apart_by_the_law_that_applied(catalogue, code, day, law):
    category = catalogue.by_code[code] if code else None
    said = known(far_side(abroad=1), category, day)
    if law is None:
        assert said == []
    else:
        assert law in said[0][0]
        assert "a) chuyển tới nơi đặt ngoài lãnh thổ Việt Nam: 1 luồng." in said[0][0]


def test_where_nothing_is_handed_over_no_form_of_transfer_is_named(found):
    assert known(far_side(abroad=4, foreign=2), forms=False) == []
    clear = {"encrypted": False, "app": "http"}
    told = {one.rule: "\n".join(each.vi for each in one.known_by) for one in found(clear)}
    assert "các hình thức nêu tại" in told["core-data-abroad"]
    assert "các hình thức nêu tại" not in told["clear-text-core-or-important"]


def test_an_operator_of_unknown_country_leaves_form_b_open(one_finding):
    one = one_finding(foreign_recipient=None, operator_country=None)
    said = "\n".join(each.vi for each in one.not_known)
    assert "Chưa rõ bên nhận trong 1 luồng có phải là tổ chức nước ngoài hay không." in said


def test_several_possible_countries_are_named_and_that_all_are_foreign(one_finding):
    one = one_finding(
        geo_state="ambiguous",
        geo_certainty=None,
        peer_country=None,
        geo_candidates=["SG", "HK"],
        geo_basis="disagree: a.mmdb 2026-01-02=SG, b.mmdb=HK",
    )
    said = "\n".join(each.vi for each in one.not_known)
    assert "có thể ở nhiều nước (HK, SG; căn cứ: disagree: a.mmdb 2026-01-02=SG" in said
    assert "mọi nước có thể đều ở ngoài lãnh thổ" in said
    assert one.rule == "core-data-abroad"


def test_a_contradicted_place_says_that_light_is_not_that_fast(one_finding):
    one = one_finding(
        geo_state="contradicted",
        geo_certainty=None,
        crosses_border=None,
        foreign_recipient=None,
        peer_country=None,
        geo_candidates=["US"],
        geo_basis="handshake: too near for country.mmdb 2026-06-17=US",
    )
    said = "\n".join(each.vi for each in one.not_known)
    assert "nhanh hơn ánh sáng cho phép; nơi thật chưa biết (US; căn cứ: handshake:" in said
    assert one.rule == "destination-undecided"


def test_a_service_that_hands_traffic_on_hides_the_true_end(one_finding):
    through = one_finding(service="example-cdn", service_kind="cdn")
    straight = one_finding(service="example-mail", service_kind="mail")
    assert any("đầu nhận cuối cùng có thể là bên khác" in each.vi for each in through.not_known)
    assert not any("đầu nhận cuối cùng" in each.vi for each in straight.not_known)


def test_long_lists_of_countries_are_cut():
    counts = dict.fromkeys((field.name for field in fields(Seen)), 0)
    seen = Seen(**(counts | {"geo_state": {"ambiguous": 1}}))
    far = far_side(candidates=tuple(f"{letter}{letter}" for letter in "ABCDEFGHIJKLMNOP"))
    (said,) = destination_not_known(seen, far, forms=True)
    assert "LL, …" in said.vi
    assert "MM" not in said.vi

"""Rules asked of flows, and their answers put together into findings."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pandas as pd
import pyarrow as pa
import pytest

from auditor import policy
from auditor.model.finding import SEVERITIES, STATES
from auditor.model.flow_table import Stage, empty
from auditor.model.register import Register
from auditor.policy import candidates


def findings(flows, *rest):
    """The findings of one whole flow table."""
    return policy.findings(candidates([flows]), *rest)


def dossiers(**changes):
    one = {
        "id": "HS-1",
        "regime": "decree-165-core",
        "systems": ["registry"],
        "categories": ["I.5"],
        "recipients": {"countries": ["SG"], "organisations": ["Example Cloud*"]},
        "filed": date(2026, 1, 5),
        "result": "passed",
        "result_on": date(2026, 1, 20),
        "valid_from": date(2026, 2, 1),
        "valid_to": date(2026, 12, 31),
        "note": "ghi chú",
    }
    return Register.model_validate({"version": "1", "dossiers": [one | changes]})


@pytest.fixture
def found(flow_table, law, inventory):
    """The findings of the shipped rules in the given flows."""

    def ask(*differences, register=None, systems=inventory):
        return findings(flow_table(*differences), law, systems, register)

    return ask


def rules_of(answer):
    return [(one.rule, one.state) for one in answer]


def test_core_data_abroad_without_a_dossier_is_one_open_critical_finding(found):
    (one,) = found({}, {"outbound_bytes": 500})
    assert (one.rule, one.severity, one.state) == (
        "core-data-abroad",
        "critical",
        "open",
    )
    assert (one.system, one.system_name, one.recipient) == (
        "registry",
        "Đất đai",
        "Example Cloud Pte",
    )
    assert (one.category, one.category_verified, one.countries) == ("I.5", False, ("SG",))
    assert one.dossier is None
    assert "Không có sổ đăng ký" in one.dossier_note.vi
    assert (one.evidence.flows, one.evidence.outbound_bytes, one.evidence.packets) == (2, 1500, 14)
    assert one.evidence.flow_ids == (1, 2)
    assert {basis.mark for basis in one.legal} == {"C", "S"}


def test_an_attempt_transfers_nothing(found):
    assert found({"outbound_bytes": 0}) == ()


def test_what_stays_in_the_country_is_no_matter(found):
    assert found({"crosses_border": False, "foreign_recipient": False}) == ()
    assert found({"crosses_border": False, "foreign_recipient": None}) == ()


def test_an_empty_table_has_no_findings(law, inventory):
    assert findings(empty(Stage.CLASSIFY), law, inventory, None) == ()


def test_an_unknown_amount_is_undecided_and_not_nothing(found):
    (one,) = found({"outbound_bytes": None})
    assert (one.rule, one.state, one.certainty) == (
        "core-data-abroad",
        "undecided",
        "weak",
    )
    assert any("Không biết số byte" in said.vi for said in one.not_known)


def test_a_null_country_or_system_never_slips_through_a_negation(found):
    # The Arrow trap: a null in a column must not make a condition silently false or true.
    answer = found(
        {"crosses_border": None, "geo_state": "unknown", "peer_country": None, "peer_org": None},
        {"system_id": None, "categories": None, "level": None, "class_basis": None},
    )
    assert rules_of(answer) == [
        ("destination-undecided", "undecided"),
        ("unlisted-system-sending-abroad", "open"),
    ]
    assert answer[0].recipient == "198.51.100.7"


def test_a_covered_transfer_shows_as_covered_with_the_dossiers_id(found):
    (one,) = found({}, register=dossiers())
    assert (one.state, one.severity, one.dossier) == ("covered", "info", "HS-1")
    assert "HS-1" in one.dossier_note.vi
    assert "ghi chú" in one.dossier_note.vi


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"valid_to": date(2026, 2, 20)}, "ngoài thời gian"),
        ({"recipients": {"countries": ["JP"]}}, "không nêu bên nhận"),
        ({"result": "pending"}, "kết quả đánh giá là: chưa có"),
        ({"categories": ["I.26a"]}, "không bao gồm nhóm dữ liệu"),
        ({"regime": "pdpl"}, "chế độ khác"),
    ],
)
def test_a_dossier_that_does_not_cover_is_named_with_the_reason(found, changes, said):
    (one,) = found({}, register=dossiers(**changes))
    assert (one.state, one.severity, one.dossier) == ("open", "critical", "HS-1")
    assert said in one.dossier_note.vi


def test_covered_and_open_flows_of_one_recipient_are_two_findings(found):
    late = datetime(2027, 1, 2, tzinfo=UTC)
    plain, covered = found({}, {"start": late, "end": late}, register=dossiers())
    assert (plain.state, plain.evidence.flow_ids) == ("open", (2,))
    assert (covered.state, covered.evidence.flow_ids) == ("covered", (1,))
    assert plain.id != covered.id


def test_an_open_findings_id_rests_on_rule_system_recipient_and_category_alone(found):
    (alone,) = found({})
    many = found(
        {"outbound_bytes": 7, "peer_country": "JP", "start": datetime(2026, 5, 1, tzinfo=UTC)},
        {"peer_org": "Other"},
        {"system_id": "portal"},
        {"categories": ["II.10"]},
    )
    assert [one.id for one in many].count(alone.id) == 1
    assert len({one.id for one in many}) == len(many) == 4
    assert alone.id == "459cc14ec1ee00fe"


def test_a_flow_counts_once_where_the_rule_does_not_look_at_categories(found):
    answer = found(
        {
            "system_id": None,
            "categories": ["B1", "S-d", "II.10"],
            "class_basis": "content",
            "outbound_bytes": 100,
        }
    )
    (one,) = [one for one in answer if one.rule == "unlisted-system-sending-abroad"]
    assert (one.evidence.flows, one.evidence.outbound_bytes) == (1, 100)
    assert (one.system, one.category, one.category_title) == (None, None, None)
    assert one.dossier_note is None


def test_each_category_of_a_flow_is_a_finding_of_its_own(found):
    answer = found({"categories": ["I.26a", "B1", "S-d"]})
    assert Counter(one.category for one in answer) == {"I.26a": 1, "B1": 1, "S-d": 1}
    assert {one.category: one.rule for one in answer} == {
        "I.26a": "personal-core-important-data-abroad",
        "B1": "personal-data-abroad",
        "S-d": "personal-data-abroad",
    }


def test_traffic_before_2026_falls_under_the_older_rules(found):
    midnight = datetime(2025, 12, 31, 17, tzinfo=UTC)
    before = datetime(2025, 12, 31, 16, 59, 59, tzinfo=UTC)
    assert rules_of(found({"categories": ["I.26a", "B1"], "start": before})) == [
        ("core-data-abroad", "open"),
        ("personal-data-before-2026", "undecided"),
    ]
    assert rules_of(found({"categories": ["I.26a", "B1"], "start": midnight})) == [
        ("personal-core-important-data-abroad", "open"),
        ("personal-data-abroad", "open"),
    ]


def test_clear_text_is_a_finding_of_the_system_and_counts_a_flow_once(found):
    flow = {"categories": ["B1", "S-d"], "level": "personal", "encrypted": False, "app": "http"}
    answer = found(flow, flow | {"start": datetime(2025, 9, 1, tzinfo=UTC)})
    clear = {one.rule: one for one in answer if one.rule.startswith("clear-text")}
    assert set(clear) == {"clear-text-personal", "clear-text-sensitive-personal"}
    # Decree 356/2025 came into force on 1 January 2026; before, the data law alone.
    assert clear["clear-text-sensitive-personal"].evidence.flow_ids == (1,)
    assert clear["clear-text-personal"].evidence.flow_ids == (2,)
    assert clear["clear-text-personal"].category is None


def test_clear_text_of_one_set_of_data_is_told_once(found):
    clear = {"level": "important", "encrypted": False, "app": "http"}

    def rules(*codes):
        answer = found({**clear, "categories": list(codes)})
        return [one.rule for one in answer if one.rule.startswith("clear-text")]

    assert rules("II.18a", "B1") == ["clear-text-core-or-important"]
    assert rules("II.18a", "S-d") == ["clear-text-sensitive-personal"]
    assert sorted(rules("I.5", "S-d")) == [
        "clear-text-core-or-important",
        "clear-text-sensitive-personal",
    ]


def articles_of(finding):
    return [(basis.instrument, basis.article) for basis in finding.legal]


@pytest.mark.parametrize(("day", "fined"), [(10, False), (11, True)])
def test_a_finding_cites_only_what_was_in_force_on_its_last_day(found, day, fined):
    (one,) = found({}, {"start": datetime(2026, 11, day, 12, tzinfo=UTC)})
    named = [instrument for instrument, _ in articles_of(one)]
    assert ("Nghị định 363/2026/NĐ-CP" in named) is fined
    # The original Article 16(2) ended with 2025.
    assert not any("bản gốc" in article for _, article in articles_of(one))
    (old,) = found({"start": datetime(2025, 10, 1, tzinfo=UTC)})
    assert any("bản gốc" in article for _, article in articles_of(old))


def test_before_the_law_was_in_force_nothing_is_open(found):
    early = {"start": datetime(2025, 6, 30, 16, 59, tzinfo=UTC), "encrypted": False, "app": "http"}
    answer = found(early, early | {"system_id": None, "categories": None, "level": None})
    assert {one.rule for one in answer} == {
        "core-data-abroad",
        "clear-text-core-or-important",
        "unlisted-system-sending-abroad",
    }
    assert {one.state for one in answer} == {"undecided"}
    assert all(one.legal for one in answer)
    for one in answer:
        assert any("trước 01/07/2025" in said.vi for said in one.not_known)
    later = early | {"start": datetime(2025, 6, 30, 17, tzinfo=UTC)}
    assert {one.state for one in found(later)} == {"open"}
    for one in found(later):
        assert not any("trước 01/07/2025" in said.vi for said in one.not_known)


def test_a_row_nobody_could_confirm_is_undecided_at_most(found):
    assert rules_of(found({"categories": ["I.13"]})) == [("core-data-abroad", "undecided")]


def test_a_row_for_state_agencies_is_undecided_for_others(found, inventory):
    private = inventory.model_copy(update={"state_agency": False})
    (agency,) = found({"categories": ["I.6"]})
    (other,) = found({"categories": ["I.6"]}, systems=private)
    assert (agency.state, other.state) == ("open", "undecided")
    said = [text.vi for text in other.not_known]
    assert any("do cơ quan nhà nước thu thập" in text for text in said)
    assert "Không áp dụng cho dữ liệu đã công khai." in said


def test_where_a_row_may_be_personal_data_it_is_undecided_once(found):
    (one,) = found({"categories": ["I.t-personnel"]})
    assert (one.rule, one.state) == ("core-data-abroad", "undecided")
    assert any((text.vi, text.en) == ("Chưa rõ.", "Unclear.") for text in one.not_known)


def test_a_dossier_that_names_countries_only_leaves_it_undecided(found):
    (one,) = found({}, register=dossiers(recipients={"countries": ["SG"]}))
    assert (one.state, one.dossier) == ("undecided", "HS-1")
    assert "chỉ nêu quốc gia" in one.dossier_note.vi


def test_recipients_that_cannot_be_compared_leave_it_undecided(found):
    (one,) = found(
        {"host": None, "host_basis": None},
        register=dossiers(recipients={"hosts": ["store.example.com"]}),
    )
    assert (one.state, one.dossier) == ("undecided", "HS-1")


def test_a_dossier_of_2025_for_personal_core_data_may_not_carry_over(found):
    old = dossiers(categories=["I.26a"], filed=date(2025, 9, 1))
    (one,) = found({"categories": ["I.26a"]}, register=old)
    assert (one.state, one.dossier) == ("open", "HS-1")
    assert "có được chuyển tiếp hay không" in one.dossier_note.vi


def test_the_network_is_not_called_the_recipient_itself(found):
    (named,) = found({})
    (bare,) = found({"peer_org": None})
    assert any("đơn vị vận hành mạng" in said.vi for said in named.not_known)
    assert not any("đơn vị vận hành mạng" in said.vi for said in bare.not_known)


@pytest.mark.parametrize(("sent", "small"), [(9_999, True), (10_000, False)])
def test_a_small_amount_may_be_connection_set_up(found, sent, small):
    (one,) = found({"outbound_bytes": sent})
    assert any("thiết lập kết nối" in said.vi for said in one.not_known) is small


def test_a_crossing_to_an_unknown_country_says_so(found):
    answer = found({"peer_country": None, "geo_state": "unknown"})
    assert any("quốc gia nơi nhận" in said.vi for one in answer for said in one.not_known)


def test_control_messages_are_no_transfer_of_records_but_are_told(found):
    assert rules_of(found({"app": "dns", "protocol": 17, "encrypted": False})) == [
        ("control-traffic-abroad", "open")
    ]


def test_without_an_inventory_unlisted_senders_are_undecided_one_per_recipient(found):
    nobody = {"system_id": None, "categories": None, "level": None, "class_basis": None}
    flows = [nobody | {"src_ip": f"10.0.0.{number}"} for number in range(1, 30)]
    (one,) = found(*flows, systems=None)
    assert (one.rule, one.state) == ("unlisted-system-sending-abroad", "undecided")
    assert (one.evidence.flows, len(one.evidence.home)) == (29, 10)
    assert any("Không có bản kê khai hệ thống" in said.vi for said in one.not_known)


def test_certainty_rests_on_content_place_and_whole_counting(found):
    def certainty(*flows):
        return found(*flows)[0].certainty

    firm = {"geo_certainty": "firm"}
    seen = {"class_basis": "content", "content_certainties": ["firm"]}
    read = firm | seen | {"categories": ["I.5"], "content_labels": ["I.5"]}
    assert certainty(firm) == "likely"
    assert certainty(read) == "firm"
    assert certainty(read | {"content_certainties": ["likely"]}) == "likely"
    assert certainty(read | {"content_labels": ["B1"]}) == "likely"  # declared, another was seen
    assert certainty(read | {"sampling": 100}) == "likely"
    assert certainty(read | {"geo_certainty": "likely"}) == "likely"
    assert certainty(read | {"geo_certainty": "weak"}) == "weak"
    unplaced = {"geo_certainty": None, "peer_country": None}
    # That it left is what the sources agree on; to which of several countries is open.
    assert certainty(read | unplaced | {"geo_state": "ambiguous"}) == "likely"
    assert certainty(read | unplaced | {"geo_state": "unknown"}) == "weak"
    # The best flow decides what a finding may claim.
    assert certainty({"sampling": 100}, read) == "firm"


def test_a_secrecy_mark_that_left_is_as_certain_as_the_place_whoever_runs_the_server(found):
    def certainty(**flow):
        flow |= {"content_labels": ["state-secret"], "content_certainties": ["firm"]}
        answer = {one.rule: one for one in found(flow | {"geo_certainty": "firm"})}
        one = answer["secrecy-mark-abroad"]
        assert (one.severity, one.state, one.category) == ("critical", "open", None)
        return one.certainty

    assert certainty() == "firm"
    assert certainty(foreign_recipient=False) == "firm"
    at_home = {"crosses_border": False, "home_side": "src"}
    assert certainty(**at_home, operator_basis="service") == "likely"
    assert certainty(**at_home, operator_basis="network") == "weak"


def test_estimates_add_up_to_no_more_than_the_system_holds(found):
    flow = {"subjects": 30, "subjects_basis": "estimated", "categories": ["B1"]}
    (one,) = found(flow)
    assert (one.evidence.subjects, one.evidence.subjects_basis) == (30, "estimated")
    (two,) = found(flow, flow)
    assert two.evidence.subjects == 50
    assert any("ước tính" in said.vi for said in two.not_known)
    # Nobody is counted in data that is not about persons, nor in control messages.
    (other,) = found(flow | {"categories": ["II.10"]})
    assert (other.evidence.subjects, other.evidence.subjects_basis) == (None, None)
    (control,) = found(flow | {"app": "dns", "level": "personal"})
    assert control.evidence.subjects is None
    (none,) = found({})
    assert (none.evidence.subjects, none.evidence.subjects_basis) == (None, None)


def test_one_uncounted_flow_makes_the_packets_unknown(found):
    (one,) = found({}, {"src_packets": None})
    assert one.evidence.packets is None


def test_long_lists_are_cut_and_say_by_how_much(found):
    flows = [{"outbound_bytes": number + 1, "host": f"h{number}"} for number in range(1005)]
    (one,) = found(*flows)
    assert (len(one.evidence.flow_ids), one.evidence.flow_ids_cut) == (1000, 5)
    assert one.evidence.flow_ids == tuple(range(1, 1001))
    assert [line.flow_id for line in one.evidence.lines] == list(range(1005, 995, -1))
    assert [counted.name for counted in one.evidence.hosts] == [
        f"h{number}" for number in range(1004, 994, -1)
    ]


def test_sums_that_no_number_holds_end_at_the_largest(found):
    (one,) = found(*[{"outbound_bytes": 2**63 - 1}] * 3)
    assert one.evidence.outbound_bytes == 2**62


def test_a_name_asked_of_a_resolver_is_not_shown_as_the_recipients(found):
    (one,) = found({"host": "secret.example.vn", "host_basis": "dns-query"})
    assert one.evidence.hosts == ()
    assert any("Không thấy tên máy chủ" in said.vi for said in one.not_known)


def test_findings_come_by_weight(found):
    answer = found(
        {"categories": ["II.10"], "level": "important"},
        {"peer_org": "Small", "outbound_bytes": 10},
        {"peer_org": "Large", "outbound_bytes": 10_000},
        {"system_id": None, "categories": None, "level": None, "class_basis": None},
        {"peer_org": "Covered", "peer_country": "JP"},
        register=dossiers(recipients={"organisations": ["Covered"]}),
    )
    keys = [(SEVERITIES.index(one.severity), STATES.index(one.state)) for one in answer]
    assert keys == sorted(keys)
    assert [one.recipient for one in answer[:2]] == ["Large", "Small"]
    assert answer[-1].state == "covered"


def test_the_order_of_rows_does_not_change_the_findings(flow_table, law, inventory):
    flows = flow_table(
        {}, {"peer_org": "Other", "outbound_bytes": 5}, {"categories": ["B1", "S-d"]}
    )
    turned = flows.iloc[::-1].reset_index(drop=True)
    assert findings(flows, law, inventory, None) == findings(turned, law, inventory, None)


def test_chunked_columns_give_the_same_findings(flow_table, law, inventory):
    flows = flow_table({}, {"categories": ["B1", "S-d"]}, {"crosses_border": None})
    pieces = pd.concat([flows.iloc[:1], flows.iloc[1:]], ignore_index=True)
    assert pa.chunked_array(pieces["app"].array.__arrow_array__()).num_chunks > 1
    assert findings(pieces, law, inventory, None) == findings(flows, law, inventory, None)


def test_no_finding_speaks_of_guilt(found):
    answer = found(
        {"encrypted": False, "app": "http", "categories": ["I.5", "II.10", "B1"]},
        {"crosses_border": None, "geo_state": "anycast"},
        {"system_id": None, "categories": None, "level": None},
        {"app": "dns"},
        register=dossiers(),
    )
    assert len({one.rule for one in answer}) > 5
    assert "vi phạm" not in str(answer).lower()
    assert "violation" not in str(answer).lower()

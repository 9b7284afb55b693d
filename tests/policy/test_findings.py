"""Rules asked of flows, and their answers put together into findings."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pandas as pd
import pyarrow as pa
import pytest

from auditor.model.finding import SEVERITIES
from auditor.model.flow_table import Stage, empty
from auditor.policy import DossierFile, findings
from auditor.policy.findings import STATES


def dossiers(**changes):
    one = {
        "id": "HS-1",
        "regime": "decree-165-core",
        "systems": ["registry"],
        "categories": ["I.5"],
        "recipients": {"countries": ["SG"]},
        "filed": date(2026, 1, 5),
        "result": "passed",
        "valid_from": date(2026, 2, 1),
        "valid_to": date(2026, 12, 31),
        "note": "ghi chú",
    }
    return DossierFile.model_validate({"version": "1", "dossiers": [one | changes]})


@pytest.fixture
def found(flow_table, shipped, catalogue, inventory):
    """The findings of the shipped rules in the given flows."""

    def ask(*differences, register=None, systems=inventory):
        return findings(flow_table(*differences), shipped, catalogue, systems, register)

    return ask


def rules_of(answer):
    return [(one.rule, one.state) for one in answer]


def test_core_data_abroad_without_a_dossier_is_one_open_critical_finding(found):
    (one,) = found({}, {"outbound_bytes": 500})
    assert (one.rule, one.severity, one.state) == (
        "core-data-without-passed-assessment",
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
    assert found({"crosses_border": False}) == ()


def test_an_empty_table_has_no_findings(shipped, catalogue, inventory):
    assert findings(empty(Stage.CLASSIFY), shipped, catalogue, inventory, None) == ()


def test_an_unknown_amount_is_undecided_and_not_nothing(found):
    (one,) = found({"outbound_bytes": None})
    assert (one.rule, one.state, one.certainty) == (
        "core-data-without-passed-assessment",
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
    assert alone.id == "cdacaa1c9dca25e3"


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
    assert {one.rule for one in answer} == {"personal-data-without-assessment"}


def test_traffic_before_2026_falls_under_the_older_rules(found):
    midnight = datetime(2025, 12, 31, 17, tzinfo=UTC)
    before = datetime(2025, 12, 31, 16, 59, 59, tzinfo=UTC)
    assert rules_of(found({"categories": ["I.26a", "B1"], "start": before})) == [
        ("core-data-without-passed-assessment", "open"),
        ("personal-data-before-2026", "undecided"),
    ]
    assert rules_of(found({"categories": ["I.26a", "B1"], "start": midnight})) == [
        ("personal-data-without-assessment", "open"),
        ("personal-data-without-assessment", "open"),
    ]


def test_clear_text_is_a_finding_of_the_system_and_counts_a_flow_once(found):
    flow = {"categories": ["B1", "S-d"], "level": "personal", "encrypted": False, "app": "http"}
    answer = found(flow, flow | {"start": datetime(2026, 9, 1, tzinfo=UTC)})
    clear = {one.rule: one for one in answer if one.rule.startswith("clear-text")}
    assert set(clear) == {"clear-text-personal", "clear-text-sensitive-personal"}
    assert clear["clear-text-personal"].evidence.flow_ids == (1, 2)
    # Decree 330/2026 came into force on 19 August 2026.
    assert clear["clear-text-sensitive-personal"].evidence.flow_ids == (2,)
    assert clear["clear-text-personal"].category is None


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
    assert any("Không có danh mục hệ thống" in said.vi for said in one.not_known)


def test_certainty_rests_on_content_place_and_whole_counting(found):
    assert [one.certainty for one in found({})] == ["likely"]
    assert [one.certainty for one in found({"class_basis": "content"})] == ["firm"]
    assert [one.certainty for one in found({"class_basis": "content", "sampling": 100})] == [
        "likely"
    ]
    assert [
        one.certainty
        for one in found({"class_basis": "content", "geo_basis": "registered: country.mmdb"})
    ] == ["likely"]
    anycast = found({"class_basis": "content", "geo_state": "unknown"})
    assert anycast[0].certainty == "weak"
    # The best flow decides what a finding may claim.
    assert [one.certainty for one in found({"sampling": 100}, {"class_basis": "content"})] == [
        "firm"
    ]


def test_estimates_add_up_to_no_more_than_the_system_holds(found):
    flow = {"subjects": 30, "subjects_basis": "estimated"}
    (one,) = found(flow)
    assert (one.evidence.subjects, one.evidence.subjects_basis) == (30, "estimated")
    (two,) = found(flow, flow)
    assert two.evidence.subjects == 50
    assert any("ước tính" in said.vi for said in two.not_known)
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
        register=dossiers(recipients={"countries": ["JP"]}),
    )
    keys = [(SEVERITIES.index(one.severity), STATES.index(one.state)) for one in answer]
    assert keys == sorted(keys)
    assert [one.recipient for one in answer[:2]] == ["Large", "Small"]
    assert answer[-1].state == "covered"


def test_the_order_of_rows_does_not_change_the_findings(flow_table, shipped, catalogue, inventory):
    flows = flow_table(
        {}, {"peer_org": "Other", "outbound_bytes": 5}, {"categories": ["B1", "S-d"]}
    )
    turned = flows.iloc[::-1].reset_index(drop=True)
    assert findings(flows, shipped, catalogue, inventory, None) == findings(
        turned, shipped, catalogue, inventory, None
    )


def test_chunked_columns_give_the_same_findings(flow_table, shipped, catalogue, inventory):
    flows = flow_table({}, {"categories": ["B1", "S-d"]}, {"crosses_border": None})
    pieces = pd.concat([flows.iloc[:1], flows.iloc[1:]], ignore_index=True)
    assert pa.chunked_array(pieces["app"].array.__arrow_array__()).num_chunks > 1
    assert findings(pieces, shipped, catalogue, inventory, None) == findings(
        flows, shipped, catalogue, inventory, None
    )


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

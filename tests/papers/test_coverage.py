from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from auditor.model.finding import Claim, Comparison, Deadline, LegalBasis, Plan, Step
from auditor.model.text import Text
from auditor.papers.coverage import (
    by_rule,
    coverage_table,
    findings_blocks,
    gaps,
    gaps_table,
    recipient_of,
    result,
    six_points_table,
)
from tests.papers.conftest import day, evidence, finding, material, run

BASIS = LegalBasis("Nghị định 165/2025/NĐ-CP", "khoản 11 Điều 12", Text("a", "b"), "C")
CLAIM = Claim(
    "M-1", Text("Hợp đồng vận chuyển", "Transport"), BASIS, "Đặt chỗ cho đoàn công tác", "Lan",
    day("2026-01-05"), "Hùng", day("2026-01-06"), None,
)  # fmt: skip
PLAN = Plan("Chị Lan", "Lập hồ sơ", "30/11/2026", "Phòng CNTT", "Hồ sơ Mẫu 09", "Giám đốc Sở")


def step(**changes):
    values = {
        "standing": "acknowledged", "at": datetime(2026, 9, 20, 3, tzinfo=UTC), "who": "Lan",
        "role": "DPO", "why": "Xem xét", "plan": PLAN,
    }  # fmt: skip
    return Step(**(values | changes))


def of(*findings):
    return material(replace(run(), findings=findings))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"state": "covered", "dossier": "H"}, "Được hồ sơ bao quát"),
        ({"state": "exempt", "claim": CLAIM}, "Khai được miễn (người khai chịu trách nhiệm)"),
        ({}, "Chưa thấy hồ sơ trong sổ đăng ký"),
        ({"dossier": "H"}, "Hồ sơ gần nhất không khớp"),
        ({"dossier": "H", "state": "undecided"}, "Chưa đủ căn cứ kết luận"),
        ({"dossier": "H", "compared": ("time",)}, "Hồ sơ hết hạn hoặc chưa tới hạn."),
        (
            {"dossier": "H", "compared": ("time", "recipient")},
            "Hồ sơ gần nhất không nêu bên nhận này.",
        ),
        ({"dossier": "H", "compared": ("category",)}, "Hồ sơ gần nhất không gồm nhóm dữ liệu này."),
        (
            {"dossier": "H", "compared": ("category", "recipient")},
            "Hồ sơ gần nhất không nêu bên nhận này, không gồm nhóm dữ liệu này.",
        ),
        ({"dossier": "H", "compared": ("stop-order",)}, "Vẫn chuyển sau yêu cầu ngừng."),
    ],
)
def test_what_the_register_says_is_told_in_a_few_words(changes, says):
    fields = changes.pop("compared", ())
    compared = tuple(Comparison(f, Text("x", "x"), Text("y", "y"), fits=False) for f in fields)
    assert result(finding(**changes, compared=compared)) == says


def test_a_claim_is_told_with_who_made_and_who_reviewed_it():
    made = of(finding(state="exempt", claim=CLAIM))
    (row,) = coverage_table(made).rows
    assert row[0] == "M-1"
    assert all(
        each in row[4] for each in ("Đặt chỗ cho đoàn công tác", "Lan", "Hùng", "chưa báo cáo sau")
    )


def test_fields_that_do_not_fit_are_told_and_those_that_are_not_known_are_not():
    compared = (
        Comparison("country", Text("JP", "JP"), Text("SG", "SG"), fits=False),
        Comparison("purpose", Text("mục đích kín", "p"), Text("?", "?"), fits=None),
    )
    (row,) = coverage_table(of(finding(dossier="H", compared=compared))).rows
    assert "Nước nhận: hồ sơ ghi JP; đã thấy SG." in row[4]
    assert "mục đích kín" not in row[4]


def test_a_total_over_all_runs_is_a_gap_and_has_no_dossier_to_compare():
    made = of(finding(evidence=evidence(peers=(), flow_ids=())))
    assert coverage_table(made).rows == ()
    (group,) = gaps(made.seen)
    assert recipient_of(group[0]) == "cộng mọi bên nhận"
    ((_, told, *_),) = gaps_table(made, gaps(made.seen)).rows
    assert told.endswith("- Cộng mọi hệ thống [B7]")


def test_covered_transfers_are_no_gap_and_the_heaviest_stands_first():
    found = gaps(material().seen)
    assert [group[0].finding.rule for group in found] == [
        "core-data-abroad", "personal-data-abroad"
    ]  # fmt: skip
    assert len(found[1]) == 2
    assert [len(group) for group in by_rule(material().seen)] == [1, 2]


def test_deadlines_say_whether_the_day_they_count_from_is_known():
    due = Deadline(
        day("2026-11-13"), day("2026-09-14"), False, "file", Text("Nộp hồ sơ", "File"), BASIS
    )
    sure = replace(due, due=day("2026-11-15"), known=True)
    rows = gaps_told(
        finding(deadlines=(due,)),
        finding(id="f9", rule="z", severity="medium", deadlines=(sure,)),
        finding(id="f8", rule="zz", severity="medium"),
    )
    assert [row[3] for row in rows] == [
        "≤ 13/11/2026: Nộp hồ sơ", "15/11/2026: như mục 1", "–"
    ]  # fmt: skip


def gaps_told(*findings):
    made = of(*findings)
    return gaps_table(made, gaps(made.seen)).rows


def test_a_next_step_is_told_once():
    rows = gaps_told(finding(), finding(id="f9", rule="z"))
    assert [row[4] for row in rows] == ["Lập hồ sơ.", "Như mục 1."]


def test_one_gap_stands_once_with_all_its_systems():
    (row,) = gaps_told(finding(), finding(id="f9", system="land", category="B1"))
    assert row[1].endswith(
        "\n- Cổng dịch vụ công → 1 bên nhận [B7]\n- Cơ sở dữ liệu đất đai → 1 bên nhận [B1]"
    )


def test_a_plan_fills_the_six_points_and_a_gap_without_one_stays_open():
    planned = finding(life=(step(standing="remediated", plan=None), step()))
    made = of(planned, finding(id="f9", rule="other"))
    rows = six_points_table(made, gaps(made.seen)).rows
    filled = next(row for row in rows if row[2])
    assert filled[2:] == (
        "Chị Lan", "Lập hồ sơ", "30/11/2026", "Phòng CNTT", "Hồ sơ Mẫu 09", "Giám đốc Sở"
    )  # fmt: skip
    assert "đã khắc phục, Lan, 20/09/2026" in filled[1]
    (empty,) = (row for row in rows if not row[2])
    assert empty[2:] == (None,) * 6


def test_a_plan_for_some_findings_of_a_gap_leaves_the_others_open():
    made = of(finding(life=(step(),)), finding(id="f9", system="land"))
    open_row, planned = six_points_table(made, gaps(made.seen)).rows
    assert open_row[1].endswith("1 trong 2 dấu hiệu chưa có kế hoạch")
    assert open_row[2:] == (None,) * 6
    assert "1 trong 2 dấu hiệu" in planned[1]


def test_every_finding_stands_in_the_list_by_its_id():
    rows = findings_blocks(material())[-1].rows
    assert {code for row in rows for code in row[5].split(", ")} == {"f1", "f2", "f3", "f4"}


def test_categories_to_one_recipient_stand_on_one_line_of_the_list():
    rows = findings_blocks(of(finding(), finding(id="f2", category="B1")))[-1].rows
    assert [(row[2], row[5]) for row in rows] == [("Example Cloud [B1, B7]", "f1, f2")]


def test_recipients_of_which_a_dossier_says_the_same_stand_together():
    made = of(finding(), finding(id="f2", recipient="Example Telecom"))
    (row,) = coverage_table(made).rows
    assert row[2] == "Example Cloud, Example Telecom [B7]"


def test_categories_that_the_register_answers_differently_stand_apart():
    late = Comparison("time", Text("đến 2026", "x"), Text("tháng 9", "y"), fits=False)
    other = Comparison("category", Text("B1", "B1"), Text("S-d", "S-d"), fits=False)
    made = of(
        finding(id="1", dossier="H", compared=(late,)),
        finding(id="2", dossier="H", category="B1", compared=(late,)),
        finding(id="3", dossier="H", category="S-d", compared=(late, other)),
    )
    rows = {row[2]: row[3] for row in coverage_table(made).rows}
    assert rows == {
        "Example Cloud [B1, B7]": "Hồ sơ hết hạn hoặc chưa tới hạn.",
        "Example Cloud [S-d]": "Hồ sơ gần nhất không gồm nhóm dữ liệu này.",
    }


def test_regimes_are_told_once_above_the_list():
    law = Text("Luật 91/2025/QH15", "Law 91/2025/QH15")
    told, table = findings_blocks(
        of(
            finding(regime_title=law),
            finding(id="f2", system="land", regime_title=law),
            finding(id="f3", rule="z"),
        )
    )
    assert told.text == "Chế độ áp dụng: (1) Luật 91/2025/QH15."
    assert [row[4] for row in table.rows] == ["(1)", "(1)", "–"]

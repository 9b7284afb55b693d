from __future__ import annotations

from dataclasses import replace

from auditor.papers.blocks import Table
from auditor.papers.form_09 import form_09
from auditor.papers.transfers import (
    categories_table,
    diagram,
    forms_said,
    recipients_table,
    subjects_said,
    transfers,
    volume_said,
)
from tests.papers.conftest import PAPERS, evidence, finding, material, run


def by_recipient(made):
    return {each.recipient: each for each in transfers(made)}


def test_one_flow_with_several_categories_counts_once():
    cloud = by_recipient(material())["Example Cloud"]
    assert cloud.categories == ("B7", "S-d")
    assert (cloud.bytes, cloud.counted, cloud.subjects) == (2_500_000, 40, 2_800)


def test_counted_and_estimated_volumes_stand_apart():
    telecom = by_recipient(material())["Example Telecom"]
    assert volume_said(telecom) == "5,0 MB đếm được; ≈ 4,0 MB ước tính"
    assert (
        subjects_said(40, 2_849) == "đếm được trong nội dung: 40; ước tính theo khối lượng: ≈ 2.800"
    )
    assert subjects_said(None, None) == "chưa biết"


def test_what_nobody_says_is_not_known_and_what_some_do_not_say_is_at_least():
    def said(unknown):
        odd = finding(evidence=evidence(unknown_flows=unknown))
        return volume_said(transfers(material(replace(run(), findings=(odd,))))[0])

    assert said(3) == "chưa biết"
    assert said(1) == "≥ 2,5 MB đếm được"


def test_forms_come_from_the_decision_records_and_stay_unknown_without_them():
    moved = by_recipient(material())
    assert forms_said(moved["Example Cloud"]) == "a, b, c"
    assert forms_said(moved["Example Telecom"]) == "chưa rõ: a, b, c"
    assert forms_said(moved["University of Example"]) == "a, b"
    bare = by_recipient(material(replace(run(), destinations=())))
    assert bare["Example Cloud"].undecided == ("a", "b", "c")


def test_a_total_of_the_ledger_is_no_transfer_of_its_own():
    total = finding(evidence=evidence(peers=(), flow_ids=()))
    assert transfers(material(replace(run(), findings=(total,)))) == ()


def test_tables_hold_every_transfer_and_say_how_many_are_left_out():
    made = material()
    table = recipients_table(made, transfers(made))
    assert [row[2] for row in table.rows] == [
        "Example Telecom", "Example Cloud", "University of Example"
    ]  # fmt: skip
    many = tuple(finding(id=f"x{n}", recipient=f"R{n:03}") for n in range(250))
    crowd = material(replace(run(), findings=many))
    assert recipients_table(crowd, transfers(crowd)).left_out == 50
    assert diagram(crowd, transfers(crowd)).left_out == 238
    assert diagram(crowd, transfers(crowd), 24).left_out == 226
    form = form_09(crowd)
    (recipients,) = next(part for part in form.annexes if part.number == "B.II.").blocks
    assert (len(recipients.rows), recipients.left_out) == (200, 50)


def test_a_category_that_no_list_has_is_shown_by_its_code():
    odd = finding(category="<b>X-1</b>")
    made = material(replace(run(), findings=(odd,)))
    (row,) = categories_table(made, transfers(made)).rows
    assert row[:2] == ("<b>X-1</b>", "không có trong danh mục")


def test_the_category_about_conduct_is_named_by_its_provision():
    made = material(replace(run(), findings=(finding(category="S-g"),)))
    (row,) = categories_table(made, transfers(made)).rows
    assert "điểm g khoản 1 Điều 4" in row[0]
    assert "vi phạm" not in row[0]


def test_no_table_or_list_grows_without_end_and_none_is_cut_in_silence():
    many = tuple(
        finding(
            id=f"x{n}", rule=f"rule-{n}", recipient=f"R{n:03}", system=f"s{n}", category=f"C{n}"
        )
        for n in range(300)
    )
    crowd = material(replace(run(), findings=many))
    for made in PAPERS:
        paper = made(crowd)
        for part in (*paper.parts, *paper.annexes):
            for block in part.blocks:
                if isinstance(block, Table):
                    assert len(block.rows) <= 400
                    assert block.left_out or len(block.rows) < 400

"""The parts of the page about the law and people: ``law.html.j2`` and ``life.html.j2``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from auditor.model.finding import Comparison, LegalBasis
from auditor.model.text import Text
from auditor.report import html, terminal_summary
from auditor.report.page import MOST_DUES, MOST_STEPS
from tests.report.lawful import (
    CLAIM,
    COMPARED,
    FILE,
    PLAN,
    RANGE,
    REPAIRED,
    REPORT,
    SANCTION,
    SEEN,
    lawful,
)
from tests.report.parsed import Page

if TYPE_CHECKING:
    from auditor.model.run import Run

EVIL = "<script>alert(1)</script>\u202e\x00{{7*7}}{n}' onclick=x \"" + "h" * 5000


@pytest.fixture
def whole(run: Run, make_finding: Any) -> Run:
    return replace(run, findings=lawful(make_finding))


def test_the_page_stays_sound_and_needs_no_other_tag(whole: Run, run: Run) -> None:
    page = Page(html(whole))
    assert page.unclosed == []
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = [str(attributes["href"]) for _, attributes in page.tags if "href" in attributes]
    assert {link[1:] for link in links} <= ids
    for _, attributes in page.tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
    assert html(replace(whole, findings=whole.findings[::-1])) == html(whole)


def test_what_nobody_said_prints_nothing(run: Run) -> None:
    text = html(run)
    for part in (
        "Thời hạn gần nhất",
        "Khung xử lý",
        "Lời khai",
        "Kế hoạch khắc phục",
        "Được khai là miễn",
    ):
        assert part not in text
    assert 'id="dues"' not in text
    assert "Quy định áp dụng cho ngày" not in text


def test_an_exempt_finding_says_who_claims_what_and_what_is_due(whole: Run) -> None:
    text = Page(html(whole)).shown("vi")
    assert "◇ Được khai là miễn" in text
    assert "Được khai là miễn: 1 dấu hiệu." in text
    for part in (
        CLAIM.id,
        CLAIM.reason,
        CLAIM.ground.vi,
        "Trần Bình , 20/06/2026",
        "Lê Chi , 22/06/2026",
    ):
        assert part in text
    assert "chưa ghi là đã gửi ; 01/07/2026 đã qua 15 ngày" in text
    english = Page(html(whole)).shown("en")
    assert "Exempt: claimed" in english
    assert "the report does not judge whether it holds" in english


def test_a_report_that_was_sent_is_said_with_its_day(whole: Run, make_finding: Any) -> None:
    sent = make_finding(2, state="exempt", claim=replace(CLAIM, reported=REPORT.due))
    text = Page(html(replace(whole, findings=(sent,)))).shown("en")
    assert "sent on 2026-07-01" in text
    assert "not recorded as sent" not in text


def test_a_ground_that_asks_for_no_report_says_nothing_of_one(
    whole: Run, make_finding: Any
) -> None:
    free = make_finding(2, state="exempt", claim=CLAIM)
    text = Page(html(replace(whole, findings=(free,)))).shown("en")
    assert CLAIM.reason in text
    assert "Report afterwards" not in text


def test_deadlines_lead_the_page_and_stand_with_their_findings(whole: Run) -> None:
    text = Page(html(whole)).shown("vi")
    first = text[text.index("Thời hạn gần nhất") : text.index("1. Đã kiểm tra những gì")]
    assert first.index("01/07/2026 đã qua 15 ngày") < first.index("≤ 12/09/2026 còn 58 ngày")
    assert "; có thể sớm hơn" in first
    assert "14/07/2026 ngày đầu tiên thấy được, hoặc ngày quy định có hiệu lực;" in text
    assert text.count(FILE.basis.says.vi) == 1


def test_of_many_deadlines_the_first_page_has_the_next_ones(run: Run, make_finding: Any) -> None:
    many = tuple(replace(FILE, due=FILE.due + timedelta(days=each)) for each in range(9))
    text = Page(html(replace(run, findings=(make_finding(3, deadlines=many),)))).shown("en")
    first = text[text.index("The next deadlines") : text.index("1. What was examined")]
    assert first.count("days left") == MOST_DUES
    assert "4 more deadlines stand with the indicators" in first


def test_a_dossier_is_shown_field_by_field_in_three_ways(whole: Run) -> None:
    text = Page(html(whole)).shown("vi")
    assert "Bên nhận Amazon Web Services Amazon Technologies Inc. ✓ khớp" in text
    assert "Quốc gia SG SG, US ✗ không khớp" in text
    assert "Số lượng tối đa 10.000 người – ? chưa biết" in text


def test_fields_of_one_kind_stand_together_for_several_categories(
    run: Run, make_finding: Any
) -> None:
    def of(code: str) -> Comparison:
        return Comparison("category", Text("B9", "B9"), Text(code, code), False)

    one = make_finding(3, id="1", category="B1", compared=(of("B1"), COMPARED[0]))
    two = make_finding(3, id="2", category="B2", compared=(of("B2"), COMPARED[0]))
    text = Page(html(replace(run, findings=(one, two)))).shown("en")
    assert text.count(f"{COMPARED[0].said.en} {COMPARED[0].seen.en}") == 1
    assert text.index("( B2 ) B9 B2") < text.index(f"{COMPARED[0].said.en} {COMPARED[0].seen.en}")


def test_the_rules_are_named_with_the_days_of_the_traffic(whole: Run) -> None:
    text = Page(html(whole)).shown("vi")
    assert (
        "Quy định áp dụng cho ngày 14/07/2026 – 15/07/2026 : "
        "Luật Bảo vệ dữ liệu cá nhân: hồ sơ trong 60 ngày" in text
    )


def test_sanctions_are_folded_information_with_their_mark_and_stand_once(whole: Run) -> None:
    page = Page(html(whole))
    text = page.shown("vi")
    assert text.count("không phải dấu hiệu và không phải nhận định về bất kỳ ai") == 1
    assert text.count(SANCTION.range.vi) == 1
    assert f"{RANGE.instrument}, {RANGE.article} M chưa kiểm chứng" in text
    assert "Khung xử lý sẽ được tra cứu (thông tin): như nhóm 1" in text
    (folded,) = (each for tag, each in page.tags if each.get("class") == "sanctions printed")
    assert "open" not in folded


def test_a_life_is_told_with_its_plan_and_that_it_goes_on(whole: Run) -> None:
    text = Page(html(whole)).shown("vi")
    assert "Đã ghi là khắc phục ngày 10/07/2026, nhưng sau ngày đó vẫn thấy" in text
    assert "Đã khắc phục , lại thấy" in text
    assert text.index(REPAIRED.why) < text.index(SEEN.why)
    for point in ("people", "work", "time", "responsibility", "product", "authority"):
        assert getattr(PLAN, point) in text
    assert "Rõ thẩm quyền Giám đốc Sở" in text


def test_of_a_long_life_the_newest_steps_are_printed(run: Run, make_finding: Any) -> None:
    life = tuple(
        replace(SEEN, why=f"lý do thứ {number}.", plan=None) for number in range(MOST_STEPS + 3)
    )
    text = Page(html(replace(run, findings=(make_finding(0, life=life),)))).shown("en")
    assert f"lý do thứ {MOST_STEPS - 1}." in text
    assert f"lý do thứ {MOST_STEPS}." not in text
    assert "3 more steps are in run.json" in text


def test_a_total_over_all_runs_says_what_was_counted_and_names_no_flow(whole: Run) -> None:
    total = next(each for each in whole.findings if each.evidence.running)
    text = Page(html(replace(whole, findings=(total,)))).shown("vi")
    details = text[text.index("5. Từng dấu hiệu") : text.index("6. Phương pháp")]
    for part in (
        "Tổng cộng dồn của chủ quản Sở Tài nguyên và Môi trường tỉnh Ví Dụ",
        "Cộng dồn qua mọi lần chạy",
        "Ngưỡng 1.000.000 S nguồn thứ cấp",
        "≥ ≈ 1.204.000 chủ thể khác nhau",
        "Ước tính riêng ≈ 3.500.000 lượt bản ghi",
        "Đạt ngưỡng ngày 15/07/2026",
        "Cộng dồn từ ngày 01/07/2025 có lưu lượng từ 01/01/2026",
    ):
        assert part in details, part
    for part in ("Mã hóa", "Phía trong nước", "Chưa xác định được quốc gia", "*", "chưa kê khai"):
        assert part not in details, part
    (line,) = (each for each in terminal_summary(whole, "r.html") if total.title.vi in each)
    assert line.endswith(": Sở Tài nguyên và Môi trường tỉnh Ví Dụ, 15/07/2026 [I.26a]")


def test_a_total_whose_threshold_is_not_known_says_so(whole: Run) -> None:
    total = next(each for each in whole.findings if each.evidence.running)
    running = replace(
        total.evidence.running, threshold=None, mark="M", counted=0, estimated=None, alone=True
    )  # type: ignore[type-var]
    one = replace(total, evidence=replace(total.evidence, running=running))
    text = Page(html(replace(whole, findings=(one,)))).shown("en")
    for part in (
        "the number could not be confirmed M not verified",
        "First counted on 2026-07-15",
        "no estimate possible",
        "Added up in this run only",
    ):
        assert part in text, part


def test_a_threshold_that_an_estimate_alone_passes_is_not_said_to_be_reached(whole: Run) -> None:
    total = next(each for each in whole.findings if each.evidence.running)
    running = replace(total.evidence.running, counted=999_999)  # type: ignore[type-var]
    one = replace(total, evidence=replace(total.evidence, running=running))
    text = Page(html(replace(whole, findings=(one,)))).shown("vi")
    assert "Có thể đạt ngưỡng ngày (ước tính) 15/07/2026" in text


def test_deadlines_say_on_what_they_depend(whole: Run) -> None:
    text = Page(html(whole)).shown("en")
    assert "no exemption holds; that is for the data custodian to say" in text
    assert "whether their totals are those of this run alone or of all runs" in text


def test_hostile_words_of_people_stay_words(run: Run, make_finding: Any) -> None:
    text = Text(EVIL, EVIL)
    basis = LegalBasis(EVIL, EVIL, text, "M", EVIL)
    evil = make_finding(
        0, state="exempt", regime=EVIL, regime_title=text,
        deadlines=(replace(FILE, duty=EVIL, what=text, basis=basis),),
        compared=(Comparison(EVIL, text, text, None),),
        claim=replace(
            CLAIM, id=EVIL, ground=text, basis=basis, reason=EVIL, recorded_by=EVIL,
            reviewed_by=EVIL,
        ),
        sanctions=(replace(SANCTION, conduct=text, range=text, basis=basis),),
        life=(replace(SEEN, who=EVIL, role=EVIL, why=EVIL, plan=type(PLAN)(*[EVIL] * 6)),),
    )  # fmt: skip
    made = html(replace(run, findings=(evil,)))
    page = Page(made)
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert page.unclosed == []
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
    assert "\u202e" not in made
    assert "\x00" not in made
    assert "h" * 2100 not in made
    assert len(made) < 500_000
    for line in terminal_summary(replace(run, findings=(evil,)), "r.html"):
        assert line.isprintable()
        assert len(line) < 600


def test_the_terminal_has_the_deadlines_and_the_claims(whole: Run) -> None:
    lines = terminal_summary(whole, "r.html")
    assert "1 được khai là miễn" in lines[0]
    assert "1 claimed to be exempt" in lines[1]
    at = lines.index("Thời hạn gần nhất / The next deadlines:")
    assert lines[at + 1] == f"  01/07/2026  đã qua 15 ngày / 15 days past: {REPORT.what.vi}"
    assert lines[at + 2].startswith("  ≤ 12/09/2026  còn 58 ngày / 58 days left: ")
    assert not [each for each in lines if CLAIM.id in each or "Microsoft" in each]


def test_on_a_small_screen_each_table_of_deadlines_has_labels_of_its_own(whole: Run) -> None:
    text = html(whole)
    first, later = text.split('<article class="finding', 1)
    assert first.count('<table class="cards deadlines next-dues">') == 1
    assert "next-dues" not in later
    rules = [line.strip() for line in first.splitlines() if 'content: "' in line]
    for label in ("Tính từ", "Counted from"):
        (rule,) = [line for line in rules if f'"{label}: "' in line]
        assert ".finding .deadlines td:nth-child(3)" in rule
    labels = [line for line in rules if ".next-dues td:nth-child(4)" in line]
    assert [line.split('"')[1] for line in labels] == ["Nhóm dấu hiệu: ", "Groups: "]

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from auditor.model.text import Text
from auditor.report import readiness_html
from auditor.report.readiness import words
from tests.report.parsed import Page

if TYPE_CHECKING:
    from auditor.model.readiness import Readiness


@pytest.fixture(scope="module")
def page(readiness: Readiness) -> Page:
    return Page(readiness_html(readiness))


@pytest.fixture(scope="module")
def pages(readiness: Readiness, hostile: Readiness, bare: Readiness) -> list[Page]:
    return [Page(readiness_html(each)) for each in (readiness, hostile, bare)]


def hashed(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def test_every_tag_is_closed_and_every_id_is_unique(pages: list[Page]) -> None:
    for each in pages:
        assert each.unclosed == []
        ids = [attributes["id"] for _, attributes in each.tags if "id" in attributes]
        assert len(ids) == len(set(ids))


def test_every_link_stays_inside_the_file_and_finds_its_place(pages: list[Page]) -> None:
    for each in pages:
        ids = {attributes.get("id") for _, attributes in each.tags}
        links = [str(attributes["href"]) for _, attributes in each.tags if "href" in attributes]
        assert links
        for link in links:
            assert link.startswith("#")
            assert link[1:] in ids


def test_nothing_is_loaded_and_no_tag_carries_style_or_script(pages: list[Page]) -> None:
    for each in pages:
        for tag, attributes in each.tags:
            assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
            assert not {"src", "srcset", "action", "data", "style"} & set(attributes)
            assert not [name for name in attributes if name.startswith("on")]
        for text in each.raw.values():
            for word in ("url(", "@import", "http", "fetch", "innerHTML"):
                assert word not in text


def test_the_policy_allows_the_one_style_and_the_one_script_by_their_hashes(
    pages: list[Page],
) -> None:
    for each in pages:
        (policy,) = (
            str(attributes["content"])
            for _, attributes in each.tags
            if attributes.get("http-equiv") == "Content-Security-Policy"
        )
        assert policy.startswith("default-src 'none'; ")
        assert f"style-src {hashed(each.raw['style'])};" in policy
        assert f"script-src {hashed(each.raw['script'])};" in policy
        assert "unsafe" not in policy


def test_the_same_assessment_gives_the_same_page(readiness: Readiness) -> None:
    assert readiness_html(readiness) == readiness_html(readiness)


def test_hostile_words_are_shown_and_never_obeyed(
    hostile: Readiness, hostile_texts: tuple[str, ...]
) -> None:
    text = readiness_html(hostile)
    assert "<script>alert" not in text
    assert "<img" not in text
    assert ">49<" not in text
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ud800\ufffe\uffff]", text)
    text.encode("utf-8")
    shown = Page(text).shown()
    for each in ("<script>alert(1)</script>", "{{ 7 * 7 }} {% raw %}", "⟨U+202E⟩gpj.exe", "+1+1"):
        assert each in shown
    assert len(hostile_texts) == len(hostile.items)


def test_each_text_stands_in_both_languages_side_by_side(pages: list[Page]) -> None:
    for each in pages:
        pairs = 0
        for place, (tag, attributes) in enumerate(each.tags):
            if tag == "span" and attributes.get("lang") == "vi":
                assert each.tags[place + 1][1].get("lang") == "en"
                pairs += 1
        assert pairs > 40


def test_each_language_reads_as_one_language(page: Page) -> None:
    assert "Chưa đủ điều kiện" in page.shown("vi")
    assert "Not ready" not in page.shown("vi")
    assert "Not ready" in page.shown("en")
    assert "Chưa đủ điều kiện" not in page.shown("en")


@pytest.mark.parametrize("verdict", list(words.VERDICT))
def test_the_verdict_stands_in_words_on_top(make_assessment: Any, verdict: str) -> None:
    text = Page(readiness_html(make_assessment(verdict=verdict))).shown()
    first = text.index(words.VERDICT_MARK[verdict] + " " + words.VERDICT[verdict].vi)  # type: ignore[index]
    assert first < text.index("Không nhìn thấy được những gì")


def test_the_gates_are_named_with_their_state(page: Page, readiness: Readiness) -> None:
    shown = page.shown()
    part = shown[
        shown.index("Điều kiện chặn còn vướng: 4") : shown.index("Phải khắc phục có thời hạn")
    ]
    for name in readiness.gates:
        assert name in part
    assert "DOS-06 Đánh giá rủi ro của việc kết nối – ↻ Quá hạn bằng chứng" in part


def test_many_conditions_do_not_flood_the_first_page(readiness: Readiness) -> None:
    many = replace(readiness, conditions=tuple(item.id for item in readiness.items))
    shown = Page(readiness_html(many)).shown()
    assert "và 15 mục nữa, xem từng mục ." in shown


def test_every_item_is_on_the_page_with_its_state_in_words(
    page: Page, readiness: Readiness
) -> None:
    articles = [attributes for tag, attributes in page.tags if tag == "article"]
    assert [each["data-state"] for each in articles] == [item.state for item in readiness.items]
    shown = page.shown()
    for item in readiness.items:
        assert item.question.vi in shown
        assert words.STATE[item.state].vi in shown


def test_every_state_occurs_in_the_example(readiness: Readiness) -> None:
    assert {item.state for item in readiness.items} == set(words.STATE)


def test_an_item_whose_group_has_no_numbers_is_not_lost(readiness: Readiness) -> None:
    text = Page(readiness_html(replace(readiness, groups=()))).shown()
    assert all(item.title.vi in text for item in readiness.items)


def test_contradictions_have_a_section_of_their_own_with_both_sides(page: Page) -> None:
    shown = page.shown()
    part = shown[shown.index("1. Điều cơ quan khai") : shown.index("2. Không nhìn thấy")]
    assert "không có luồng ngoài khai báo." in part
    assert "Thấy 3 luồng không có trong khai báo, từ 2 máy." in part
    assert "flow 812" in part
    assert "và 17 chỗ nữa" in part


def test_no_contradiction_is_not_praised(bare: Readiness) -> None:
    assert "điều đó không chứng minh điều đã khai là đúng" in Page(readiness_html(bare)).shown()


def test_what_was_not_seen_is_told(page: Page, bare: Readiness) -> None:
    shown = page.shown()
    for each in (
        "edge-span (ngoài NAT)",
        "1.204",
        "41 / 44",
        "lưu lượng IPv6 nội bộ",
        "10/11/2026",
    ):
        assert each in shown
    nothing = Page(readiness_html(bare)).shown()
    assert "Không có lưu lượng hay kết quả quét nào được xem" in nothing
    assert "chưa chạy lần nào" in nothing


def test_loss_that_nobody_knows_is_not_shown_as_none(readiness: Readiness) -> None:
    assert readiness.coverage
    unknown = replace(readiness, coverage=replace(readiness.coverage, lost=None))
    assert "không nguồn nào cho biết" in Page(readiness_html(unknown)).shown()


def test_nothing_is_shown_as_a_percentage(pages: list[Page]) -> None:
    assert not re.search(r"\d ?%(?![}])", pages[0].shown("en"))


def test_hashes_waivers_measures_and_voided_words_are_shown(
    page: Page, readiness: Readiness
) -> None:
    shown = page.shown()
    for row in readiness.evidence:
        assert row.sha256 in shown
    for each in (
        "Không được tính: Đã hết hạn ngày 30/06/2026.",
        "Không còn được tính: Bằng chứng đã thay đổi sau khi xác nhận.",
        "Câu hỏi đã đổi nội dung",
        "không có chữ ký số",
        "Rõ thẩm quyền chưa rõ",
        "chỉ đăng ký thông tin, không sao chép tài liệu",
        "nội dung đã thay đổi sau khi ký",
        "khoá chưa được nêu trong assessment.yaml",
    ):
        assert each in shown


def test_marks_of_legal_bases_are_explained(page: Page) -> None:
    shown = page.shown()
    for meaning in words.MARK.values():
        assert meaning.vi in shown
    assert "CV4856" in shown[shown.index("Văn bản chưa ai đọc bản gốc") :]


def test_colour_never_speaks_alone(page: Page) -> None:
    marks = [words.STATE_MARK[state] for state in words.STATE]
    assert all(marks)
    for tag, attributes in page.tags:
        if tag == "svg":
            assert attributes["aria-hidden"] == "true"


def test_headings_do_not_skip_a_level_and_inputs_have_labels(pages: list[Page]) -> None:
    for each in pages:
        levels = [int(tag[1]) for tag, _ in each.tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        for before, after in pairwise(levels):
            assert after <= before + 1
        labels = {attributes.get("for") for tag, attributes in each.tags if tag == "label"}
        for place, (tag, attributes) in enumerate(each.tags):
            if tag == "input":
                assert attributes.get("id") in labels or each.tags[place - 1][0] == "label"
        assert ("html", {"lang": "vi"}) in each.tags


def test_long_words_of_others_are_cut(make_assessment: Any, readiness: Readiness) -> None:
    long = replace(readiness.items[0], explanation="x" * 1_000_000, why=Text("y" * 99_999, "z"))
    assert len(readiness_html(make_assessment(items=(long,)))) < 150_000

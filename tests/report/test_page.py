from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from auditor.model.finding import Counted
from auditor.model.problem import Problem
from auditor.model.run import CountryTotal, DataSource
from auditor.model.text import Text
from auditor.report import html
from auditor.report.page import (
    INPUTS_ON_FIRST_PAGE,
    MOST_DETAILS,
    MOST_INPUTS,
    MOST_LISTED,
    PROBLEMS_PER_KIND,
)
from tests.report.parsed import Page

if TYPE_CHECKING:
    from auditor.model.run import Run


def csp(page: Page) -> str:
    (policy,) = (
        attributes["content"]
        for tag, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy
    return policy


def hashed(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


@pytest.fixture
def page(run: Run) -> Page:
    return Page(html(run))


def test_every_tag_is_closed_and_every_id_is_unique(page: Page, empty_run: Run) -> None:
    for each in (page, Page(html(empty_run))):
        assert each.unclosed == []
        ids = [attributes["id"] for _, attributes in each.tags if "id" in attributes]
        assert len(ids) == len(set(ids))


def test_every_link_stays_inside_the_file_and_finds_its_place(page: Page, empty_run: Run) -> None:
    for each in (page, Page(html(empty_run))):
        ids = {attributes.get("id") for _, attributes in each.tags}
        links = [str(attributes["href"]) for _, attributes in each.tags if "href" in attributes]
        assert links
        for link in links:
            assert link.startswith("#")
            assert link[1:] in ids


def test_nothing_is_loaded_from_anywhere(page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form", "image"}
        assert not {"src", "srcset", "action", "data", "xlink:href", "poster"} & set(attributes)
    for text in page.raw.values():
        assert "url(" not in text
        assert "@import" not in text
        assert "http" not in text
        assert "fetch" not in text


def test_the_policy_allows_the_one_style_and_the_one_script_by_their_hashes(page: Page) -> None:
    policy = csp(page)
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src {hashed(page.raw['style'])};" in policy
    assert f"script-src {hashed(page.raw['script'])};" in policy
    assert "unsafe" not in policy
    assert sum(tag == "style" for tag, _ in page.tags) == 1
    assert sum(tag == "script" for tag, _ in page.tags) == 1


def test_no_tag_carries_style_or_script_of_its_own(page: Page) -> None:
    for _, attributes in page.tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]


def test_the_same_run_gives_the_same_page(run: Run) -> None:
    assert html(run) == html(run)
    mixed = replace(run, findings=tuple(reversed(run.findings)))
    assert html(mixed) == html(run)


def test_a_normal_report_is_small(run: Run) -> None:
    assert len(html(run).encode()) < 500_000


def test_every_text_stands_in_both_languages_side_by_side(run: Run, empty_run: Run) -> None:
    for text in (html(run), html(empty_run)):
        tags = Page(text).tags
        pairs = 0
        for place, (tag, attributes) in enumerate(tags):
            if tag == "span" and attributes.get("lang") == "vi":
                following, its = tags[place + 1]
                assert (following, its.get("lang")) == ("span", "en")
                pairs += 1
        assert pairs == sum(
            (tag, attributes.get("lang"), attributes.get("class")) == ("span", "en", None)
            for tag, attributes in tags
        )
        assert pairs > 40
        assert '<span lang="vi"></span>' not in text
        assert '<span lang="en"></span>' not in text


def test_each_language_reads_as_one_language(page: Page) -> None:
    vietnamese, english = page.shown("vi"), page.shown("en")
    assert "12 nhóm: 9 cần xem xét, 2 chưa xác định, 1 có hồ sơ khớp." in vietnamese
    assert "to be reviewed" not in vietnamese
    assert "12 groups: 9 to be reviewed, 2 undecided, 1 with a matching dossier." in english
    assert "cần xem xét" not in english
    assert "48,2 GB" in vietnamese
    assert "48.2 GB" in english
    assert "48.211.904.512 byte" in vietnamese
    assert "48,211,904,512 bytes" in english


def test_the_language_is_switched_by_buttons_and_without_script_by_a_checkbox(page: Page) -> None:
    buttons = {
        attributes["data-show"]: attributes
        for tag, attributes in page.tags
        if tag == "button" and "data-show" in attributes
    }
    assert set(buttons) == {"vi", "en"}
    assert buttons["vi"]["aria-pressed"] == "true"
    assert buttons["en"]["aria-pressed"] == "false"
    assert all(attributes["type"] == "button" for attributes in buttons.values())
    (checkbox,) = (attributes for tag, attributes in page.tags if tag == "input")
    assert checkbox["type"] == "checkbox"
    assert "checked" not in checkbox
    assert ("label", {"for": checkbox["id"]}) in page.tags
    assert "aria-pressed" in page.raw["script"]
    style = page.raw["style"]
    assert '#in-english:not(:checked) ~ * [lang="en"]:not(.kept)' in style
    assert '#in-english:checked ~ * [lang="vi"]:not(.kept) { display: none; }' in style


def test_the_page_is_vietnamese_for_whoever_opens_it(page: Page) -> None:
    assert ("html", {"lang": "vi"}) in page.tags


def test_no_finding_is_called_a_violation(page: Page) -> None:
    assert "vi phạm" not in page.shown("vi").lower()
    assert "violat" not in page.shown("en").lower()


def test_the_first_page_says_what_was_examined_and_what_was_not_seen(page: Page, run: Run) -> None:
    text = page.shown("vi")
    before_details = text[: text.index("5. Từng dấu hiệu")]
    for each in run.inputs:
        assert each.name in before_details
        assert (each.sha256 or "") in before_details
    assert "Sở Tài nguyên và Môi trường tỉnh Ví Dụ" in before_details
    assert run.run_id in before_details
    assert run.audit_id in before_details
    assert "14/07/2026 09:02:03 – 13:02:03" in before_details
    assert re.search(r"không đọc được nội dung : 53,9 GB \( 98,9% \)", before_details)
    assert "4.101 luồng chưa xác định được có ra nước ngoài" in before_details
    assert "Tệp kết thúc giữa một bản ghi truncated-record" in before_details
    assert "Copy the file again from where it was captured." in before_details
    assert "Tệp không bộ đọc nào nhận: 1" in before_details
    assert "I.26a II.10" in before_details
    assert "1.830" in before_details
    assert "Đài Loan (Trung Quốc) TW" in before_details
    for each in run.findings:
        assert each.title.vi in before_details


def test_each_finding_shows_its_evidence_doubt_law_and_next_step(page: Page, run: Run) -> None:
    text = page.shown("vi")
    details = text[text.index("5. Từng dấu hiệu") :]
    for finding in run.findings:
        assert finding.id in details
        assert finding.recipient in details
        for each in (*finding.known_by, *finding.not_known, finding.next_step):
            assert each.vi in details
        for basis in finding.legal:
            assert f"{basis.instrument}, {basis.article} {basis.mark}" in details
            assert basis.url in details
    assert details[: details.index("6. Phương pháp")].count("chưa kiểm chứng") == sum(
        finding.category_verified is False for finding in run.findings
    )
    assert "HS-2026-014" in details
    assert "[2001:db8:4001:830:9f2c:77aa:120b:200e]:443" in details


def test_methods_name_every_source_with_its_hash_licence_and_attribution(
    page: Page, run: Run
) -> None:
    text = page.shown("en")
    methods = text[text.index("6. Methods and sources") :]
    for source in run.sources:
        assert source.name in methods
        assert source.sha256 in methods
        assert source.attribution in methods
    assert "CC-BY-4.0" in methods
    assert "The report states indicators only." in methods
    assert "not to be cited as law" in methods
    assert "TCP idle timeout (s) 300" in methods


def test_the_signatures_come_last(page: Page) -> None:
    text = page.shown("vi")
    assert re.search(r"Người lập .* Người kiểm tra \(Ký, ghi rõ họ tên\)$", text)


def test_a_run_that_saw_nothing_says_so_and_warns_of_the_missing_inventory(empty_run: Run) -> None:
    text = Page(html(empty_run)).shown("vi")
    assert "không cho phép kết luận điều gì" in text
    assert "Không có bản kê khai hệ thống" in text
    assert "chưa biết" in text


def test_absent_facts_are_said_to_be_absent(run: Run, make_finding: Any, make_line: Any) -> None:
    bare = make_finding(6)
    lines = (
        make_line(0, 5, None, src_port=None, dst_port=None, protocol=1, host=None,
                  host_basis=None, app=None, encrypted=None, geo_basis=None),
    )  # fmt: skip
    bare = replace(
        bare,
        known_by=(),
        not_known=(),
        legal=(),
        evidence=replace(
            bare.evidence, packets=None, lines=lines, flow_ids=(), hosts=(), apps=(), peers=()
        ),
    )
    inputs = (replace(run.inputs[0], sha256=None),)
    text = Page(html(replace(run, findings=(bare,), inputs=inputs))).shown("vi")
    assert "không đọc được, không có mã băm" in text
    assert "Chủ thể dữ liệu" not in text
    assert "ICMP chưa rõ mã hóa" in text
    assert "hệ thống chưa kê khai" in text


EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}{n}\u202e\x00\x1b\u200b" + (
    "h" * 10_000
)


@pytest.fixture
def hostile(run: Run, make_finding: Any, make_line: Any, make_input: Any) -> Run:
    text = Text(EVIL, EVIL)
    evil = make_finding(
        0, id=EVIL, rule=EVIL, title=text, system=EVIL, system_name=EVIL, recipient=EVIL,
        category=EVIL, category_title=text, countries=(EVIL,), known_by=(text,),
        not_known=(text,), next_step=text, dossier=EVIL, dossier_note=text,
    )  # fmt: skip
    counted = (Counted(EVIL, 1, 1),) * 30
    line = make_line(
        0, 5, EVIL, src_ip=EVIL, dst_ip=EVIL, host=EVIL, host_basis=EVIL, app=EVIL,
        initiator_basis=EVIL, geo_basis=EVIL,
    )  # fmt: skip
    basis = replace(evil.legal[0], instrument=EVIL, article=EVIL, says=text, url=EVIL)
    evil = replace(
        evil,
        legal=(basis,),
        evidence=replace(
            evil.evidence, lines=(line,), home=counted, peers=counted, hosts=counted,
            apps=counted, countries=counted,
        ),
    )  # fmt: skip
    return replace(
        run,
        audit_id=EVIL,
        run_id=EVIL,
        auditor_version=EVIL,
        agency=EVIL,
        home=EVIL,
        settings={EVIL: EVIL},
        inputs=(make_input(1, name=EVIL, reader=EVIL, sha256=EVIL),),
        totals=replace(
            run.totals,
            by_country=(CountryTotal(EVIL, 1, 1, 1, 1),),
            geo_states={EVIL: 3},
        ),
        findings=(evil,),
        problems=(Problem(EVIL, EVIL, EVIL, EVIL), Problem(EVIL, EVIL, EVIL)),
        sources=(DataSource(EVIL, EVIL, EVIL, EVIL, EVIL, EVIL),),
        unverified=(EVIL,),
    )


def test_hostile_text_stays_text_wherever_it_comes_from(hostile: Run, run: Run) -> None:
    page = Page(html(hostile))
    honest = {tag for tag, _ in Page(html(run)).tags}
    assert {tag for tag, _ in page.tags} <= honest | {"em"}
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert page.unclosed == []
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
    assert f"script-src {hashed(page.raw['script'])};" in csp(page)
    assert f"style-src {hashed(page.raw['style'])};" in csp(page)
    assert "<script>alert(1)</script>" in page.shown("vi")
    assert "{{7*7}}{n}" in page.shown("vi")
    assert "49" not in re.sub(r"[^{}]", "", page.shown("vi"))


def test_hidden_and_turning_characters_are_seen_and_long_names_are_cut(hostile: Run) -> None:
    text = html(hostile)
    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text
    )
    assert "⟨U+202E⟩" in text
    assert "⟨U+0000⟩" in text
    assert "h" * 2_000 not in text
    assert len(text.encode()) < 1_000_000


def test_the_run_id_in_the_page_footer_cannot_leave_its_string(hostile: Run) -> None:
    style = Page(html(hostile)).raw["style"]
    (footer,) = re.findall(r'@bottom-left \{ content: "(.*)"; font', style)
    assert re.fullmatch(r"(?:[0-9A-Za-z]|\\[0-9a-f]{6})+", footer)
    assert "@run_id@" not in style


def test_at_scale_the_heaviest_are_shown_whole_and_the_rest_is_listed_and_counted(
    run: Run, make_finding: Any, make_input: Any
) -> None:
    template = [make_finding(scene) for scene in range(12)]
    findings = tuple(
        replace(template[number % 12], id=f"F-{number:05d}", recipient=f"R{number}")
        for number in range(5_000)
    )
    inputs = tuple(make_input(number) for number in range(MOST_INPUTS + 5))
    problems = tuple(
        Problem(f"kind-{number % 60:02d}", f"file-{number}.pcap", "was cut", lost_bytes=number)
        for number in range(10_000)
    )
    text = html(replace(run, findings=findings, inputs=inputs, problems=problems))
    assert len(text.encode()) < 8_000_000
    page = Page(text)
    assert sum(tag == "article" for tag, _ in page.tags) == MOST_DETAILS
    english = page.shown("en")
    assert f"Below are the {MOST_DETAILS} heaviest groups." in english
    left_out = f"{5_000 - MOST_DETAILS - MOST_LISTED:,}"
    assert f"{left_out} lighter indicators are not printed here; all are in run.json." in english
    assert "5 more files are in run.json." in english
    assert "20 more kinds are in run.json." in english
    assert f"{10_000 // 60 + 1 - PROBLEMS_PER_KIND} more of this kind are in run.json." in english
    listed = [attributes for tag, attributes in page.tags if tag == "tr"]
    assert len(listed) > MOST_DETAILS + MOST_LISTED


def test_many_inputs_move_from_the_first_page_to_an_annex(run: Run, make_input: Any) -> None:
    few = replace(run, inputs=tuple(make_input(each) for each in range(INPUTS_ON_FIRST_PAGE)))
    assert 'id="annex-inputs"' not in html(few)
    many = replace(run, inputs=tuple(make_input(each) for each in range(INPUTS_ON_FIRST_PAGE + 1)))
    text = html(many)
    assert text.index('href="#annex-inputs"') < text.index('id="annex-inputs"')
    assert text.index("gateway-hn") > text.index('id="methods"')


def test_many_countries_are_drawn_together_and_keep_their_bytes(run: Run) -> None:
    codes = ("US", "SG", "JP", "DE", "FR", "GB", "NL", "IE", "KR", "CN", "HK", "TW", "AU", "CA",
             "BR", "IN", "ID", "TH", "MY", "PH", "RU", "SE")  # fmt: skip
    by_country = tuple(
        CountryTotal(code, 1, 1_000_000 - place, 1, 1) for place, code in enumerate(codes)
    )
    totals = replace(run.totals, by_country=by_country, outbound_bytes=22_000_000)
    text = Page(html(replace(run, totals=totals))).shown("vi")
    assert "2 nơi khác 2,0 MB" in text
    assert "Các nơi khác: 21 Liên bang Nga 1,0 MB ; 22 Thụy Điển 1,0 MB ." in text


def test_totals_say_that_some_flows_do_not_tell_how_much_left(run: Run) -> None:
    by_country = (
        CountryTotal("US", 3, 1_000_000, 1, 1, estimated_bytes=5, unknown_flows=1),
        CountryTotal("SG", 2, 0, 1, 1, unknown_flows=2),
    )
    totals = replace(run.totals, by_country=by_country, outbound_bytes=1_000_000, unknown_flows=3)
    text = Page(html(replace(run, totals=totals))).shown("en")
    assert "≥ ≈ 1.0 MB" in text
    assert "≥ 1,000,000 bytes" in text
    assert "3 flows across the border do not say" in text
    assert re.search(r"Singapore SG not known", text)


def test_bars_are_drawn_by_attributes_within_their_frame(page: Page) -> None:
    widths = [float(attributes["width"] or "nan") for tag, attributes in page.tags if tag == "rect"]
    assert len(widths) > 20
    assert all(0 <= width <= 100 for width in widths)
    assert 100.0 in widths


@pytest.fixture
def family(run: Run, make_finding: Any) -> Run:
    """One system, one recipient, the same flows: three categories of data."""
    first = make_finding(3)
    members = []
    for code, verified in (("B4", True), ("B1", True), ("B12", False)):
        known = Text(f"Nhóm dữ liệu {code} do cơ quan kê khai.", f"Category {code} was declared.")
        members.append(
            replace(
                first,
                id=f"id-of-{code}",
                category=code,
                category_title=Text(f"Tên của ({code})", f"Title of ({code})"),
                category_verified=verified,
                known_by=(known, *first.known_by),
            )
        )
    doubt = Text("Chỉ của một loại.", "Of one kind only.")
    basis = replace(first.legal[0], article="khoản 9 Điều 99")
    members[2] = replace(
        members[2],
        not_known=(*members[2].not_known, doubt),
        legal=(*members[2].legal, basis),
        certainty="weak",
        dossier_note=Text("Ghi chú của B12.", "Note of B12."),
    )
    return replace(run, findings=tuple(members))


def test_findings_on_the_same_flows_stand_once_with_their_categories(family: Run) -> None:
    page = Page(html(family))
    assert sum(tag == "article" for tag, _ in page.tags) == 1
    text = page.shown("vi")
    assert "3 dấu hiệu trong 1 nhóm: 3 cần xem xét" in text
    details = text[text.index("5. Từng dấu hiệu") : text.index("6. Phương pháp")]
    for finding in family.findings:
        assert finding.id in details
        assert finding.category_title is not None
        assert details.count(finding.category_title.vi) == 1
    assert details.count("≈ 88.000") == 4  # each category, and the group
    assert "Nhóm dữ liệu B1, B12, B4 do cơ quan kê khai." in details
    assert details.count(family.findings[0].known_by[1].vi) == 1
    assert "B1 , B12 , B4" in text[: text.index("5. Từng dấu hiệu")]


def test_what_holds_for_one_category_only_names_it(family: Run) -> None:
    text = Page(html(family)).shown("vi")
    details = text[text.index("5. Từng dấu hiệu") : text.index("6. Phương pháp")]
    assert "Chỉ của một loại. ( B12 )" in details
    assert "khoản 9 Điều 99 C đã đọc nguyên văn ( B12 )" in details
    assert "Độ chắc chắn: thấp ( B12 )" in details
    assert "Độ chắc chắn: cao ( B1 , B4 )" in details
    assert "Ghi chú của B12. ( B12 )" in details


def test_doubts_of_most_groups_stand_once_and_are_pointed_to(run: Run) -> None:
    page = Page(html(run))
    text = page.shown("vi")
    doubt = run.findings[0].not_known[0].vi
    assert text.count(doubt) == 1
    assert text.index(doubt) > text.index("6. Phương pháp")
    links = [attributes.get("href") for _, attributes in page.tags]
    assert links.count("#doubt-1") == len(run.findings)


def test_each_provision_says_what_it_says_once(run: Run) -> None:
    text = Page(html(run)).shown("en")
    assert text.count(run.findings[0].legal[0].says.en) == 1


def test_each_problem_is_explained_with_a_way_out_in_both_languages(page: Page) -> None:
    assert "Mọi gói tin trước chỗ cắt đã được đọc" in page.shown("vi")
    assert "All packets before the cut were read" in page.shown("en")


def test_the_report_does_not_claim_more_than_it_knows(page: Page) -> None:
    text = page.shown("vi")
    assert "Lần kiểm tra này không đọc nội dung luồng nào; nhóm dữ liệu dựa vào kê khai." in text
    assert "hoặc không có sổ đăng ký để đối chiếu" in text
    assert "mục đích, phương thức chuyển và nội dung hợp đồng không thấy được" in text
    assert "điểm a khoản 1 Điều 17 Nghị định 356/2025/NĐ-CP" in text
    assert "QCVN 12:2026/BCA, 3.9.2.1.9" in text
    assert "333/2026" not in text
    for old in ("Chưa biết gì", "không chạm trong nước", "Chưa quyết định được", "điểm thu."):
        assert old not in text

"""What holds for every paper, in Word and in HTML."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from io import BytesIO

import docx as word
import pytest

from auditor import papers
from auditor.model.agency import Agency
from auditor.model.run import from_json, to_json
from auditor.model.text import Text, visible
from auditor.papers.blocks import OPEN, Boxes, Field, Sentence, Table
from tests.papers.conftest import (
    AT,
    BEGIN,
    PAPERS,
    destination,
    evidence,
    finding,
    material,
    member,
    moved,
    run,
    word_texts,
)

HOSTILE = (
    "{{ 7*7 }}{% for x in () %}{%p endfor %}{# x #}",
    "</w:t></w:r><w:p><!-- ]]>",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "&lt;b&gt; \" ' & </style>",
    "a\x00\x0b\ufffe\u202eb",
    "=HYPERLINK(\"http://x\")",
)  # fmt: skip


class Shown(HTMLParser):
    """Text and tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: set[str] = set()
        self.loud: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.loud += [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]

    def handle_data(self, data):
        self.text.append(data)


def plain(text: str) -> str:
    return re.sub(r"\s+", "", text)


def texts_of(paper):
    """Every text that a paper holds, block by block."""
    yield from (paper.subject.vi, *paper.bases, paper.opening)
    for part in (*paper.parts, *paper.annexes):
        yield part.title.vi
        for block in part.blocks:
            if isinstance(block, Sentence):
                yield block.text
            elif isinstance(block, Field):
                yield from (block.ref, block.label.vi, block.value or OPEN, block.hint)
            elif isinstance(block, Boxes):
                for box in block.boxes:
                    yield from (box.text, box.known_by)
            elif isinstance(block, Table):
                yield from (title.vi for title in block.titles if block.rows)
                yield "" if block.rows else block.empty
                yield from (cell for row in block.rows for cell in row if cell)
            else:
                for arrow in block.arrows:
                    yield from (arrow.system, arrow.recipient, arrow.country, arrow.says)


@pytest.mark.parametrize("made", PAPERS)
def test_word_and_page_hold_every_text_of_the_paper(made, register):
    paper = made(material(register=register))
    in_word = plain("".join(word_texts(papers.docx(paper, AT)))).casefold()
    on_page = plain("".join(Shown(papers.html(paper)).text)).casefold()
    for text in texts_of(paper):
        for line in text.split("\n"):
            assert plain(line).casefold() in in_word, line
            assert plain(line).casefold() in on_page, line


@pytest.mark.parametrize("made", PAPERS)
def test_every_open_field_is_marked_in_both(made):
    paper = made(material(agency=Agency(version="1"), inventory=None))
    done, whole = paper.filled()
    assert done < whole
    parts = (*paper.parts, *paper.annexes)
    fields = sum(isinstance(b, Field) and not b.value for p in parts for b in p.blocks)
    cells = sum(
        cell is None
        for p in parts
        for b in p.blocks
        if isinstance(b, Table)
        for r in b.rows
        for cell in r
    )
    page = papers.html(paper)
    assert page.count('<span class="open">') == fields
    assert page.count('<td class="open">') == cells
    in_word = member(papers.docx(paper, AT)).decode()
    assert in_word.count('w:val="diagStripe"') == fields + cells
    assert f"Đã điền {done} trong {whole} trường" in page


def named(number: int, name: str):
    """Two findings with a name everywhere that a name can stand."""
    told = Text(name, name)
    return (
        finding(
            id=f"h{number}", recipient=name, system_name=name, system=f"odd{number}", title=told,
            next_step=told, countries=(name[:8],), dossier_note=told,
        ),
        finding(id=f"c{number}", category=name, recipient=name),
    )  # fmt: skip


@pytest.mark.parametrize("made", PAPERS)
def test_hostile_names_change_nothing_but_the_text(made, register):
    agency = Agency.model_validate(
        {"version": "1", "name": HOSTILE[0], "symbol": HOSTILE[1], "recipients": HOSTILE[:4]}
    )
    findings = tuple(each for number, name in enumerate(HOSTILE) for each in named(number, name))
    odd = replace(run(), agency=HOSTILE[2], run_id=HOSTILE[1], findings=findings)
    paper = made(material(odd, agency=agency, inventory=None, register=register))
    file = papers.docx(paper, AT)
    tags = set(re.findall(rb"<(/?[A-Za-z][A-Za-z0-9:]*)", member(file)))
    assert all(tag.lstrip(b"/").startswith(b"w:") for tag in tags), tags
    in_word = "".join(word_texts(file))
    assert HOSTILE[0] in in_word
    assert "49" not in in_word
    shown = Shown(papers.html(paper))
    assert not shown.tags & {"script", "img", "a", "iframe", "link"}
    assert not shown.loud
    on_page = plain("".join(shown.text))
    for name in HOSTILE:
        assert plain(visible(name)) in on_page or made in (papers.assessment, papers.risk_report)
        assert plain(visible(name)) in plain(in_word) or plain(visible(name)) not in on_page


@pytest.mark.parametrize("made", PAPERS)
def test_the_same_input_gives_the_same_bytes(made):
    paper, again = made(material()), made(material())
    assert papers.docx(paper, AT) == papers.docx(again, AT)
    assert papers.html(paper) == papers.html(again)


@pytest.mark.parametrize("made", PAPERS)
def test_a_run_without_findings_gives_a_paper_that_says_so(made):
    paper = made(material(replace(run(), findings=(), destinations=(), inputs=())))
    assert word_texts(papers.docx(paper, AT))
    assert "Không" in papers.html(paper)


@pytest.mark.parametrize("made", PAPERS)
def test_the_head_is_that_of_an_administrative_document(made):
    texts = word_texts(papers.docx(made(material()), AT))
    for line in (
        "ỦY BAN NHÂN DÂN TỈNH MẪU", "SỞ MẪU", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc", "Số: ……/BC-SM", "Mẫu, ngày … tháng … năm ……", "BÁO CÁO",
        "Nơi nhận:", "- Như trên;", "KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC", "Nguyễn Văn Mẫu",
    ):  # fmt: skip
        assert line in texts, line


@pytest.mark.parametrize("made", PAPERS)
def test_no_paper_speaks_of_guilt(made):
    all_codes = tuple(finding(id=code, category=code) for code in material().catalogue.by_code)
    paper = made(material(replace(run(), findings=all_codes)))
    for text in (papers.html(paper), "".join(word_texts(papers.docx(paper, AT)))):
        assert "vi phạm" not in text.lower()
        assert "violat" not in text.lower()


@pytest.mark.parametrize("made", [papers.assessment, papers.risk_report])
def test_what_is_not_the_official_form_says_so_on_its_first_page(made):
    paper = made(material())
    for text in (papers.html(paper), "".join(word_texts(papers.docx(paper, AT)))):
        assert text.index("KHÔNG PHẢI MẪU CHÍNH THỨC") < text.index("Căn cứ")


@pytest.mark.parametrize("made", PAPERS)
def test_pages_are_as_the_decree_asks(made):
    file = papers.docx(made(material()), AT)
    first, across = word.Document(BytesIO(file)).sections
    assert (round(first.page_width.mm), round(first.page_height.mm)) == (210, 297)
    assert (round(across.page_width.mm), round(across.page_height.mm)) == (297, 210)
    for section in (first, across):
        assert 20 <= round(section.top_margin.mm) <= 25
        assert 20 <= round(section.bottom_margin.mm) <= 25
        assert 30 <= round(section.left_margin.mm) <= 35
        assert 15 <= round(section.right_margin.mm) <= 20
    assert first.different_first_page_header_footer


def test_a_page_asks_nobody_for_anything():
    page = papers.html(papers.review(material()))
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|url\((?!#)", page.split("<body>")[0])


def test_a_run_that_was_written_and_read_again_gives_the_same_paper():
    again = from_json(to_json(run()), "run.json")
    assert papers.html(papers.review(material(again))) == papers.html(papers.review(material()))
    assert json.loads(to_json(again))["version"] == 1


def test_flows_into_a_cloud_tick_the_clouds_box_and_others_do_not():
    def ticked(made):
        boxes = (b for p in papers.form_09(made).parts for b in p.blocks if isinstance(b, Boxes))
        return [box.ticked for box in next(boxes).boxes]

    assert ticked(material()) == [True, True, True, False, False]
    plainly = replace(run(), destinations=(destination("203.0.113.10"),))
    assert ticked(material(plainly)) == [True, False, False, False, False]


def test_boxes_of_kinds_are_ticked_by_what_was_seen():
    paper = papers.form_09(material())
    boxes = {
        box.text.split(" ")[0]: box.ticked
        for part in paper.parts
        for block in part.blocks
        if isinstance(block, Boxes) and block.ref.startswith("A.II.3")
        for box in block.boxes
    }
    assert [code for code, ticked in boxes.items() if ticked] == ["B7", "S-d"]
    assert len(boxes) == 11 + 12


def test_the_agencys_word_on_a_system_holds_for_the_recipients_it_names():
    page = papers.html(papers.form_09(material()))
    assert page.count("Sao lưu hằng đêm") == 1
    assert page.count("Người nộp hồ sơ") == 1


def test_contract_purpose_and_storage_come_from_the_dossier_that_covers(register):
    page = papers.html(papers.form_09(material(register=register)))
    for text in ("Hợp tác nghiên cứu", "HD-7, 10/01/2026", "Nhật Bản, đến 01/01/2027"):
        assert text in page, text
    uncovered = tuple(f for f in run().findings if f.state != "covered")
    other = material(replace(run(), findings=uncovered), register=register)
    assert "HD-7" not in papers.html(papers.form_09(other))


def test_the_part_on_national_security_stands_only_where_it_is_asked_for():
    def part(findings):
        return papers.html(papers.form_09(material(replace(run(), findings=findings))))

    many = part((finding(category="S-d", evidence=evidence(subjects=20_000)),))
    assert "A.III.2.3 Tác động tới an ninh quốc gia: thuộc trường hợp phải điền" in many
    none = part(())
    assert "không thuộc trường hợp phải điền theo số liệu hiện có" in none


def test_personal_core_data_of_2026_is_left_to_the_other_dossier():
    citizens = finding(category="II.18a")
    page = papers.html(papers.assessment(material(replace(run(), findings=(citizens,)))))
    assert "nhóm II.18a là dữ liệu cá nhân" in page
    earlier = evidence(
        first=AT.replace(year=2025, month=9), last=AT.replace(year=2025, month=9, day=2)
    )
    before = replace(run(), findings=(replace(citizens, evidence=earlier),), inputs=())
    page = papers.html(papers.assessment(material(before, since=earlier.first.date())))
    assert "là dữ liệu cá nhân; từ 01/01/2026" not in page


def test_instruments_stand_only_where_they_were_in_force():
    bases = papers.review(material()).bases
    assert any("116/2025" in base for base in bases)
    early = papers.review(material(moved(run(), -365, "b"))).bases
    assert not any("91/2025" in base or "116/2025" in base or "43/TB" in base for base in early)
    assert any("165/2025" in base for base in early)


def test_what_was_not_seen_is_told():
    page = papers.html(papers.review(material(since=run().inputs[0].first.date().replace(day=1))))
    for text in (
        "Chỉ 3 trong 16 ngày của kỳ có dữ liệu đầu vào.",
        "1 luồng (500 B) chưa xác định được có ra nước ngoài hay không.",
        "1 tệp đầu vào (1 tệp bản ghi gói tin, 0 tệp nhật ký",
        "Không có sổ đăng ký hồ sơ",
    ):
        assert text in page, text


def test_a_system_without_transfers_is_told_too():
    assert "Hệ thống im lặng" in papers.html(papers.review(material()))


def test_word_files_say_nothing_of_who_made_them():
    file = papers.docx(papers.review(material()), AT)
    core = word.Document(BytesIO(file)).core_properties
    assert (core.author, core.last_modified_by, core.comments) == ("", "", "")
    assert core.created.replace(tzinfo=None) == AT.replace(tzinfo=None)


def test_totals_of_whole_runs_say_what_they_take_in_beyond_the_papers_limits():
    whole = papers.html(papers.review(material()))
    assert "Tính theo toàn bộ các lượt kiểm tra." in whole
    assert "kể cả phần ngoài kỳ" not in whole
    cut = papers.html(papers.review(material(since=BEGIN.date() + timedelta(days=1))))
    assert "Tính theo toàn bộ các lượt kiểm tra, kể cả phần ngoài kỳ." in cut
    one = papers.html(papers.review(material(system="portal")))
    assert "của mọi hệ thống và bên nhận, không riêng phạm vi của báo cáo này." in one


def test_the_risk_report_has_no_gaps_of_personal_data():
    totals = finding(
        id="t", title=Text("Tổng cộng dồn", "Total"), category=None,
        evidence=evidence(peers=(), flow_ids=()),
    )  # fmt: skip
    unknown = finding(
        id="u", title=Text("Chưa rõ dữ liệu", "Unknown data"), category=None, rule="u"
    )
    made = material(replace(run(), findings=(*run().findings, totals, unknown)))
    page = papers.html(papers.risk_report(made))
    gaps = page[page.index("Rủi ro đã phát hiện") :]
    assert "Dữ liệu cốt lõi ra nước ngoài" in gaps
    assert "Chưa rõ dữ liệu" in gaps
    assert "Dữ liệu cá nhân ra nước ngoài" not in gaps
    assert "Tổng cộng dồn" not in gaps

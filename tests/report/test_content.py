"""What was recognised in content, and how much of it could be read, as the report shows it."""

from dataclasses import replace

from auditor.model import content
from auditor.model.finding import Recognised
from auditor.model.run import ContentTotal
from auditor.model.text import Text
from auditor.report import html
from auditor.report.content import UNREAD, content_parts
from auditor.report.summary import terminal_summary


def seen(**changes):
    values = {
        "detector": "personal-number",
        "title": Text("Số định danh cá nhân", "Personal number"),
        "outbound": True,
        "flows": 2,
        "matches": 812,
        "distinct": 400,
        "exact": True,
        "subject": "person",
        "certainty": "firm",
        "samples": ("0010******12", "<b>79**"),
        "places": ("HTTP request body / khach<1>.csv / column so_cccd",),
        "withheld": False,
        "mark": "S",
    }
    return Recognised(**(values | changes))


def with_content(run, *some):
    first = run.findings[0]
    evidence = replace(first.evidence, recognised=some, read_bytes=5000, raw_bytes=70)
    return replace(run, findings=(replace(first, evidence=evidence), *run.findings[1:]))


def test_what_was_recognised_stands_in_the_finding_and_is_escaped(run):
    page = html(with_content(run, seen(), seen(detector="b", exact=False, distinct=7)))
    assert "0010******12" in page
    assert "&lt;b&gt;79**" in page
    assert "<b>79**" not in page
    assert "khach&lt;1&gt;.csv" in page
    assert "≤ " in page
    assert "Số định danh cá nhân" in page


def test_content_with_a_secrecy_mark_shows_no_sample(run):
    page = html(with_content(run, seen(withheld=True)))
    assert "0010******12" not in page
    assert "có dấu hiệu mang dấu độ mật: không trích mẫu" in page


def test_the_first_page_says_how_much_could_be_read_and_why_the_rest_could_not(run):
    totals = ContentTotal(True, 1000, 250, 50, {"encrypted": 500, "media": 90}, logged=110)
    run = replace(run, totals=replace(run.totals, content=(totals,)))
    parts = content_parts(run.totals)
    assert [(text.en, size) for _, text, size in parts] == [
        ("read", 250),
        ("searched raw, protocol not understood", 50),
        ("encrypted, not readable", 500),
        ("told by logs only, no content", 110),
        ("pictures, sound, film, programs", 90),
    ]
    assert sum(size for _, _, size in parts) == totals.bytes
    page = html(run)
    assert "mã hóa, không đọc được" in page
    assert "Lần kiểm tra này không đọc nội dung" not in page
    assert any("25 %" in line or "25%" in line for line in terminal_summary(run, "r.html"))


def test_every_reason_has_words():
    assert set(UNREAD) == {*content.UNREAD, "logged"}

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.contracts import About
from auditor.inspect.documents.plain import HtmlPage, PlainText
from tests.inspect.documents.cutting import damaged, pages_of, written

PAGE = (
    b"<!DOCTYPE html><html><head><meta charset='utf-8'><title>H&#7891; s&#x1A1;</title></head>"
    b"<body><p>CCCD: 0010<b>900</b>12345</p><td>1</td><td>2</td>"
    b'<input name="cccd" value="001090054321"><p>A&amp;B &lt;x&gt; &nosuch; &#99999999;</p></body>'
)


def test_text_in_an_old_charset_comes_out_as_utf8():
    data = "Nguyễn".encode("utf-16")
    assert pages_of(PlainText(), data * 1).data.decode() == "Nguyễn"


def test_text_is_recognised_and_random_bytes_are_not():
    assert PlainText().sniff("Họ và tên\n".encode(), About()) > 0
    assert PlainText().sniff("Họ và tên\n".encode("utf-16"), About()) > 0
    assert PlainText().sniff(bytes(range(256)) * 16, About()) == 0
    assert PlainText().sniff(b"", About()) == 0


def test_a_page_loses_its_tags_and_keeps_its_values():
    text = pages_of(HtmlPage(), PAGE).data.decode()
    assert "CCCD: 001090012345" in text
    assert "Hồ sơ" in text
    assert "001090054321" in text
    assert "12" not in text.split("001090012345")[1].split("2")[0]
    assert "A&B <x>" in text


def test_a_page_is_recognised():
    assert HtmlPage().sniff(PAGE, About()) > 0.8
    assert HtmlPage().sniff(b"just text", About(media_type="text/html")) == 0.5
    assert HtmlPage().sniff(b"just text", About()) == 0


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 400))
def test_cuts_change_nothing(size):
    data = PAGE + "Đường".encode() * 600
    assert written(pages_of(HtmlPage(), data, size)) == written(pages_of(HtmlPage(), data))
    assert written(pages_of(PlainText(), data, size)) == written(pages_of(PlainText(), data))


@pytest.mark.parametrize("document", [PlainText(), HtmlPage()])
def test_damaged_bytes_do_no_harm(document):
    for data in damaged(PAGE):
        document.sniff(data[:4096], About())
        pages_of(document, data, 100)


def test_hostile_entities_and_tags_stay_cheap():
    data = b"<html>" + b"&#" + b"9" * 100_000 + b";" + b"<" * 200_000 + b"&" * 200_000
    assert pages_of(HtmlPage(), data).data.count(b"9") == 100_000

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from auditor.inspect.contracts import About
from auditor.inspect.documents import pdf
from auditor.inspect.documents.pdf import Pdf
from tests.inspect.documents.reading import damaged_copies, held, read_whole, why

PAPERS = Path(__file__).parents[3] / "samples" / "checklist" / "papers"
TYPE_0 = b"/F2 << /Type /Font /Subtype /Type0 /Encoding /Identity-H /BaseFont /A "


def written(objects):
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, start,
    )  # fmt: skip
    return bytes(out)


def stream(content, about=b"/Filter /FlateDecode"):
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), about, content)


def page_with(content, pages=1, resources=b"", page=b""):
    font = b"/F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    return [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b"3 0 R " * pages, pages),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R %s /Resources << %s "
        b"/Font << %s >> >> >>" % (page, resources, font),
        stream(zlib.compress(content)),
    ]


HELLO = b"BT /F1 1 Tf (so 001089012345) Tj ET"


def test_the_text_layer_is_read_in_vietnamese_with_its_properties():
    pages = read_whole(Pdf(), (PAPERS / "risk-report.pdf").read_bytes())
    assert "Mẫu, ngày 05 tháng 3 năm 2026" in pages.data.decode()
    assert "Risk report" in pages.data.decode()
    assert not pages.unread_why


def test_pages_without_any_text_are_pictures():
    assert why(read_whole(Pdf(), (PAPERS / "scan.pdf").read_bytes())) == {"media"}


def test_remarks_and_fields_of_forms_are_read():
    notes = b"/Annots [<< /Contents (nhan xet) >> << /V (gia tri) >> 7]"
    text = read_whole(Pdf(), written(page_with(HELLO, page=notes))).data.decode()
    assert "so 001089012345" in text
    assert "nhan xet\ngia tri" in text


def test_files_attached_are_members():
    writer = PdfWriter(clone_from=PdfReader(PAPERS / "risk-report.pdf"))
    writer.add_attachment("khách.csv", b"cccd\n001089012345\n")
    file = io.BytesIO()
    writer.write(file)
    assert held(read_whole(Pdf(), file.getvalue())) == {"khách.csv": b"cccd\n001089012345\n"}


@pytest.mark.parametrize(("password", "reasons"), [("secret", {"locked"}), ("", set())])
def test_a_locked_pdf_is_told_and_one_that_opens_without_password_is_read(password, reasons):
    writer = PdfWriter(clone_from=PdfReader(PAPERS / "risk-report.pdf"))
    writer.encrypt(password, owner_password="x", algorithm="AES-256")  # noqa: S106
    file = io.BytesIO()
    writer.write(file)
    assert why(read_whole(Pdf(), file.getvalue())) == reasons


def test_a_page_that_unpacks_to_far_too_much_is_left_out_and_told():
    pages = read_whole(Pdf(), written(page_with(HELLO + b" " * 100_000_000)))
    assert why(pages) == {"damaged"} or why(pages) == {"too-large"}


def test_work_without_end_is_stopped(monkeypatch):
    monkeypatch.setattr(pdf, "MOST_WORK", 300_000)
    pages = read_whole(Pdf(), written(page_with(HELLO * 1_000, pages=500)))
    assert why(pages) == {"too-large"}
    assert pages.data.count(b"001089012345") < 20_000


def test_a_drawing_that_is_drawn_hundreds_of_times_is_stopped(monkeypatch):
    monkeypatch.setattr(pdf, "MOST_WORK", 300_000)
    objects = page_with(b"/X Do " * 400, resources=b"/XObject << /X 5 0 R >>")
    about = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Filter /FlateDecode"
    objects.append(stream(zlib.compress(HELLO * 1_000), about))
    assert why(read_whole(Pdf(), written(objects))) == {"too-large"}


def test_a_drawing_that_draws_itself_ends():
    objects = page_with(b"/X Do " * 200, resources=b"/XObject << /X 5 0 R >>")
    about = b"/Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>"
    objects.append(stream(b"/X Do ", about))
    assert why(read_whole(Pdf(), written(objects))) == {"media"}


def test_fonts_that_spell_out_thousands_of_widths_on_each_page_are_stopped(monkeypatch):
    monkeypatch.setattr(pdf, "MOST_WORK", 300_000)
    font = TYPE_0 + b"/DescendantFonts [<< /Subtype /CIDFontType2 /W [0 65000 5] >>] >> "
    objects = page_with(HELLO, pages=500)
    objects[2] = objects[2].replace(b"/F1", font + b"/F1")
    assert why(read_whole(Pdf(), written(objects))) == {"too-large"}


def test_fonts_that_spell_out_thousands_of_letters_on_each_page_are_stopped(monkeypatch):
    monkeypatch.setattr(pdf, "MOST_WORK", 300_000)
    letters = b"begincmap 1 beginbfrange <0000><ffff><0000> endbfrange endcmap"
    objects = [*page_with(HELLO, pages=500), stream(zlib.compress(letters))]
    objects[2] = objects[2].replace(b"/F1", TYPE_0 + b"/ToUnicode 5 0 R >> /F1")
    assert why(read_whole(Pdf(), written(objects))) == {"too-large"}


@pytest.mark.parametrize(
    "tree",
    [
        b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /Parent 2 0 R >>",
        b"<< /Type /Pages /Kids " + b"[" * 50_000 + b"]" * 50_000 + b" >>",
        b"2 0 R",
        b"<< /Type /Pages /Kids [%s] /Count 9 >>" % (b"3 0 R " * 30_000),
    ],
)
def test_page_trees_that_loop_or_never_end_end(tree):
    objects = page_with(HELLO)
    objects[1] = tree
    read_whole(Pdf(), written(objects))


def test_a_file_beyond_the_size_that_is_searched_is_told(monkeypatch):
    monkeypatch.setattr(pdf, "MOST_SIZE", 100)
    assert why(read_whole(Pdf(), written(page_with(HELLO)))) == {"too-large"}


def test_damaged_files_are_survived():
    for path, count in (("risk-report.pdf", 40), ("scan.pdf", 40)):
        for copy in damaged_copies((PAPERS / path).read_bytes(), count):
            read_whole(Pdf(), copy)
    for copy in damaged_copies(written(page_with(HELLO)), 100):
        read_whole(Pdf(), copy)
    for junk in (
        b"",
        b"%PDF-",
        b"%PDF-1.4\n" + b"startxref\n" * 1_000,
        b"%PDF-1.7\n" + b"<" * 10_000,
    ):
        assert why(read_whole(Pdf(), junk)) == {"damaged"}


def test_files_are_known_by_their_beginning():
    assert Pdf().sniff(b"%PDF-1.7\n", About()) > 0.9
    assert Pdf().sniff(b"\r\n\r\n%PDF-1.4", About()) > 0.5
    assert not Pdf().sniff(b"PDF", About())

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from auditor.checklist.sources import pdf
from auditor.checklist.sources.pdf import pdf_text
from auditor.model.errors import InputError

PAPERS = Path(__file__).parents[3] / "samples" / "checklist" / "papers"


def written(folder, objects, trailer=b""):
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, trailer, start,
    )  # fmt: skip
    path = folder / "a.pdf"
    path.write_bytes(bytes(out))
    return path


def one_page(content, filters=b"/Filter /FlateDecode", resources=b""):
    return [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << %s "
        b"/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>" % resources,
        b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), filters, content),
    ]


def test_the_text_layer_is_read_in_vietnamese():
    read = pdf_text(PAPERS / "risk-report.pdf", 10_000)
    assert "Mẫu, ngày 05 tháng 3 năm 2026" in read.text.splitlines()
    assert (read.pages, read.bare, read.cut, read.titles) == (1, 0, False, ("Risk report",))


def test_pages_without_text_are_counted():
    read = pdf_text(PAPERS / "scan.pdf", 10_000)
    assert (read.pages, read.bare, read.text.strip()) == (2, 2, "")


def test_longer_text_is_cut_and_told():
    read = pdf_text(PAPERS / "risk-report.pdf", 40)
    assert read.cut
    assert len(read.text) <= 41


def test_a_stream_that_unpacks_to_far_too_much_ends_as_an_input_error(tmp_path):
    bomb = zlib.compress(b"BT /F1 1 Tf (a) Tj ET " * 2_000_000, 9)
    path = written(tmp_path, one_page(bomb))
    assert path.stat().st_size < 300_000
    with pytest.raises(InputError, match="is no PDF that can be read"):
        pdf_text(path, 1_000)


def test_a_chain_of_filters_is_refused(tmp_path):
    content = b"x" * 100
    for _ in range(8):
        content = zlib.compress(content)
    filters = b"/Filter [" + b"/FlateDecode " * 8 + b"]"
    with pytest.raises(InputError):
        pdf_text(written(tmp_path, one_page(content, filters)), 1_000)


def test_a_page_that_draws_itself_again_and_again_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "MOST_SECONDS", 3.0)
    objects = one_page(zlib.compress(b"/X Do " * 200), resources=b"/XObject << /X 5 0 R >>")
    objects.append(
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 6 "
        b"/Resources << /XObject << /X 5 0 R >> >> >>\nstream\n/X Do \nendstream"
    )
    try:
        read = pdf_text(written(tmp_path, objects), 1_000)
    except InputError:
        return
    assert not read.text.strip()


def test_time_that_runs_out_ends_the_reading(monkeypatch):
    monkeypatch.setattr(pdf, "MOST_SECONDS", -1.0)
    with pytest.raises(InputError, match="takes more than"):
        pdf_text(PAPERS / "risk-report.pdf", 1_000)


def test_a_page_tree_that_holds_itself_ends_as_an_input_error(tmp_path):
    objects = one_page(zlib.compress(b""))
    objects[1] = b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"
    try:
        read = pdf_text(written(tmp_path, objects), 1_000)
    except InputError:
        return
    assert not read.text.strip()


def test_arrays_nested_a_hundred_thousand_deep_end_as_an_input_error(tmp_path):
    objects = one_page(zlib.compress(b""))
    objects[1] = b"<< /Type /Pages /Kids " + b"[" * 100_000 + b"]" * 100_000 + b" /Count 1 >>"
    with pytest.raises(InputError):
        pdf_text(written(tmp_path, objects), 1_000)


def test_a_locked_pdf_is_told_and_one_that_opens_without_password_is_read(tmp_path):
    from pypdf import PdfReader, PdfWriter

    for password, name in (("secret", "locked.pdf"), ("", "open.pdf")):
        writer = PdfWriter(clone_from=PdfReader(PAPERS / "risk-report.pdf"))
        writer.encrypt(password, algorithm="AES-256")
        writer.write(tmp_path / name)
    with pytest.raises(InputError, match="password"):
        pdf_text(tmp_path / "locked.pdf", 1_000)
    assert "Nguyễn Văn Mẫu" in pdf_text(tmp_path / "open.pdf", 10_000).text


def test_no_cut_of_a_pdf_makes_anything_but_an_input_error(tmp_path):
    whole = (PAPERS / "risk-report.pdf").read_bytes()
    path = tmp_path / "a.pdf"
    refused = 0
    for at in range(8, len(whole), 211):
        path.write_bytes(whole[:at])
        try:
            pdf_text(path, 1_000)
        except InputError:
            refused += 1
    assert refused > 3


def words(text, x, y, size=12):
    return b"BT /F1 %d Tf 1 0 0 1 %d %d Tm <%s> Tj ET\n" % (
        size, x, y, text.encode("utf-16-be").hex().encode(),
    )  # fmt: skip


def page_of(folder, drawn, form=b""):
    """A page in the font of the samples, half as wide as high, which knows every letter."""
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Plain /Encoding /Identity-H /ToUnicode 5 0 R "
        b"/DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Plain /DW 500 "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>] >>"
    )
    unicode = (
        b"begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange "
        b"1 beginbfrange <0000> <1FFF> <0000> endbfrange endcmap"
    )
    fonts = b"/Font << /F1 6 0 R >>"
    return written(
        folder,
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << %s /XObject << /X 7 0 R >> >> >>" % fonts,
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(unicode), unicode),
            font,
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << %s >> "
            b"/Length %d >>\nstream\n%s\nendstream" % (fonts, len(form), form),
        ],
    )


def test_two_columns_of_a_letterhead_stand_apart_on_their_line(tmp_path):
    drawn = words("Số: 7/BC-SYT", 60, 700) + words("Mẫu, ngày 05 tháng 3 năm 2026", 330, 700)
    text = pdf_text(page_of(tmp_path, drawn), 1_000).text
    assert text.splitlines() == ["Số: 7/BC-SYT\tMẫu, ngày 05 tháng 3 năm 2026"]


def test_a_word_that_is_drawn_letter_by_letter_holds_together(tmp_path):
    drawn = b"".join(words(letter, 60 + 6 * at, 700) for at, letter in enumerate("Nguyễn"))
    assert pdf_text(page_of(tmp_path, drawn), 1_000).text == "Nguyễn"


def test_a_stamp_that_is_drawn_as_a_form_is_read_too(tmp_path):
    drawn = words("Số: 7/BC-SYT", 60, 700) + b"/X Do\n"
    read = pdf_text(page_of(tmp_path, drawn, form=words("TỐI MẬT", 60, 800)), 1_000)
    assert "TỐI MẬT" in read.text.splitlines()


def test_text_far_away_makes_no_endless_white(tmp_path):
    drawn = words("gần", 60, 700) + words("xa", 2_000_000_000, 700) + words("cao", 60, 2**31)
    assert len(pdf_text(page_of(tmp_path, drawn), 100_000).text) < 1_000

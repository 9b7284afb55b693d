"""Documents within documents: found with their place, bounded, and accounted for."""

import base64
import bz2
import gzip
import io
import random
import zipfile

import pytest

from auditor.inspect import budget, parts
from auditor.inspect.detectors.items import MOST_TABLES
from tests.inspect.inspecting import CCCD, account, all_of, found, one, search
from tests.inspect.recorder import head

NUMBERS = [f"0010990{number:05d}" for number in range(10000, 10060)]
CSV = ("so_cccd,ten\n" + "".join(f"{each},Anh {each[-2:]}\n" for each in NUMBERS)).encode()
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def zipped(files: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def workbook() -> bytes:
    rows = [["so_cccd", "ten"], *([each, "Anh"] for each in NUMBERS)]
    cells = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>"
        for row in rows
    )
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{LINKS}"><sheets>'
            '<sheet name="Khach" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": "<Relationships>"
            '<Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}"><sheetData>{cells}'
            "</sheetData></worksheet>",
        }
    )


def letter() -> bytes:
    text = CCCD.decode().strip()
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body><w:p><w:r><w:t>{text}'
            "</w:t></w:r></w:p></w:body></w:document>",
        }
    )


def posted(body: bytes, *fields: bytes) -> bytes:
    lines = b"".join(field + b"\r\n" for field in fields)
    return b"POST /up HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % (lines, len(body), body)


def mailed(mail: bytes) -> list[tuple[int, bytes]]:
    return [
        (1, b"220 mx ESMTP\r\n"),
        (0, b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n"),
        (1, b"250 mx\r\n250 ok\r\n250 ok\r\n354 go on\r\n"),
        (0, mail + b"\r\n.\r\n"),
    ]


def attached(data: bytes, name: bytes) -> bytes:
    return (
        b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: application/zip; name=%s\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        % name
        + base64.encodebytes(data).replace(b"\n", b"\r\n")
        + b"--b--\r\n"
    )


def test_a_table_in_a_workbook_in_an_archive_in_a_mail_is_found_with_its_place():
    said = mailed(attached(zipped({"khach.xlsx": workbook()}), b"khach.zip"))
    inspection, problems = one(head(25), said)
    [(_, outbound, distinct, [place])] = found(inspection, detector="personal-number")
    assert (outbound, distinct, problems) == (True, 60, [])
    assert place.startswith("SMTP mail / khach.zip / khach.xlsx")
    assert place.endswith("column so_cccd")
    assert all_of(*one(head(25), said, 77)) == all_of(inspection, problems)


def test_a_letter_in_a_packed_form_is_found_with_its_place():
    form = b"--b\r\nContent-Disposition: form-data; name=f; filename=thu.docx\r\n\r\n" + letter()
    body = gzip.compress(form + b"\r\n--b--\r\n")
    fields = b"Content-Type: multipart/form-data; boundary=b", b"Content-Encoding: gzip"
    inspection, _ = one(head(), [(0, posted(body, *fields))])
    [(_, _, distinct, [place])] = found(inspection, detector="personal-number")
    assert distinct == 1 and place.startswith("HTTP") and "thu.docx" in place
    assert list(account(inspection)[0]) == ["read"]


def nested(levels: int) -> bytes:
    data = CSV
    for level in range(levels):
        data = zipped({f"{level}.zip" if level else "khach.csv": data})
    return data


def test_archives_in_archives_are_read_down_to_a_depth_and_told_below():
    inspection, problems = one(head(), [(0, posted(nested(5)))])
    assert [distinct for _, _, distinct, _ in found(inspection, detector="personal-number")] == [60]
    assert problems == []
    inspection, [problem] = one(head(), [(0, posted(nested(30)))])
    assert problem.code == "content-bomb" and found(inspection) == []


def locked() -> bytes:
    data = bytearray(zipped({"khach.csv": CSV}))
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + place] |= 1
    return bytes(data)


HOSTILE = {
    "bomb": (posted(gzip.compress(bytes(1 << 26)), b"Content-Encoding: gzip"), "content-bomb"),
    "bomb of two": (posted(bz2.compress(gzip.compress(bytes(1 << 26)))), "content-bomb"),
    "locked": (posted(locked()), "locked-content"),
    "looping PDF": (
        posted(
            b"%PDF-1.4\n1 0 obj<</Type/Pages/Kids[1 0 R 1 0 R]/Count 9>>endobj\n"
            b"2 0 obj<</Type/Catalog/Pages 1 0 R>>endobj\ntrailer<</Root 2 0 R>>\n"
        ),
        "damaged-content",
    ),
    "cut gzip with rubbish": (
        posted(gzip.compress(CSV)[:60] + b"\xff" * 90, b"Content-Encoding: gzip"),
        "damaged-content",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_is_told_and_every_byte_counted(name):
    sent, code = HOSTILE[name]
    inspection, problems = one(head(), [(0, sent)])
    assert code in {problem.code for problem in problems}
    assert sum(account(inspection)[0].values()) == len(sent)


def test_ten_thousand_mails_within_mails_end_in_a_problem():
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (each, each)
        for each in range(10_000)
    )
    inspection, [problem] = one(head(25), mailed(deep))
    assert problem.code == "content-bomb"
    assert sum(account(inspection)[0].values()) == len(mailed(deep)[1][1] + mailed(deep)[3][1])


def test_what_came_before_damage_is_searched():
    body = gzip.compress(CCCD + random.Random(8).randbytes(1_500).hex().encode())
    damaged = body[:1_000] + b"\xff" * 500
    inspection, [problem] = one(head(), [(0, posted(damaged, b"Content-Encoding: gzip"))])
    assert (problem.code, account(inspection)[0]["damaged"]) == ("damaged-content", len(damaged))
    assert len(found(inspection, detector="personal-number")) == 1


def test_many_parts_may_not_unpack_to_more_than_the_flow_allows(monkeypatch):
    monkeypatch.setattr(budget, "UNPACKED", 100_000)
    monkeypatch.setattr(budget, "RATIO", 10)
    body = posted(gzip.compress(CSV[:20] * 2_000), b"Content-Encoding: gzip")
    inspection, problems = one(head(), [(0, body * 20)])
    assert {problem.code for problem in problems} == {"content-bomb"}
    assert sum(account(inspection)[0].values()) == 20 * len(body)


def test_packed_text_full_of_numbers_is_searched_up_to_what_its_work_may_be(monkeypatch):
    monkeypatch.setattr(budget, "UNPACKED", 1_000_000)
    numbers = " ".join(NUMBERS).encode()
    text = b"so cccd " + (b"%b so cccd " % numbers) * 3_000  # 2.4 MB; each match is dear
    packed = posted(gzip.compress(text), b"Content-Encoding: gzip")
    inspection, [problem] = one(head(), [(0, packed)])
    assert problem.code == "content-bomb"
    assert account(inspection)[0]["bomb"] == len(gzip.compress(text))
    [some] = [hit for hit in inspection.hits if hit.detector == "personal-number"]
    inspection, problems = one(head(), [(0, posted(text))])  # as it is: the wire is the bound
    [every] = [hit for hit in inspection.hits if hit.detector == "personal-number"]
    assert 0 < some.matches < every.matches
    assert not problems


@pytest.mark.parametrize("gap", [1, 5_000, 1 << 40])
def test_an_archive_with_a_hole_is_read_as_far_as_it_goes(gap):
    data = zipped({"khach.csv": CSV})
    head_of = posted(b"")[:-5] + b"%d\r\n\r\n" % (len(data) + gap)
    said = [(0, head_of + data[:200]), (0, data[200:], gap)]
    inspection, _ = one(head(), said)
    assert sum(account(inspection)[0].values()) == len(head_of) + len(data) + gap


def test_a_document_that_must_be_whole_and_is_too_large_is_told(monkeypatch):
    monkeypatch.setattr(parts, "MOST_WHOLE", 300)
    data = zipped({"khach.csv": CSV})
    inspection, [problem] = one(head(), [(0, posted(data))], 100)
    assert (problem.code, account(inspection)[0]["too-large"]) == ("content-too-large", len(data))


def test_short_texts_are_searched_together_each_by_itself():
    said = [(0, posted(b"Sdt CCCD: 0010990") + posted(b"12345 x")), (0, posted(CCCD.strip()))]
    inspection, _ = one(head(), said)
    [(_, _, distinct, places)] = found(inspection, detector="personal-number")
    assert (distinct, places) == (1, ("HTTP request body",))


def test_tables_beyond_those_that_are_judged_are_searched_as_text():
    item = search().item(0, "here")
    for number in range(MOST_TABLES + 1):
        last = number == MOST_TABLES
        item.table([f"a{number}", "so_cccd"], [["x"], ["001099012345" if last else ""]])
    item.close()
    assert [each.detector.id for each in item.found] == ["personal-number"]

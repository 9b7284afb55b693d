from __future__ import annotations

import datetime
import io
import random
import zipfile

import docx
import openpyxl
import pytest
from openpyxl.comments import Comment

from auditor.inspect.contracts import About
from auditor.inspect.documents import sheets
from auditor.inspect.documents.archive import Zip
from auditor.inspect.documents.office import Office
from tests.inspect.documents.reading import damaged_copies, held, read_whole, why

PARTS = '<?xml version="1.0"?>'
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
OPEN = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
)


def container(parts, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def word(body, **others):
    document = f"{PARTS}<w:document {WORD}><w:body>{body}</w:body></w:document>"
    return container({"[Content_Types].xml": "<Types/>", "word/document.xml": document, **others})


def opened(kind, body, **others):
    content = f"{PARTS}<office:document-content {OPEN}><office:body>{body}"
    return container(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "META-INF/manifest.xml": "<manifest/>",
            "content.xml": f"{content}</office:body></office:document-content>",
            **others,
        }
    )


def saved(document):
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


@pytest.fixture(scope="module")
def letter():
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "TỐI MẬT"
    document.sections[0].footer.paragraphs[0].text = "trang cuối"
    document.core_properties.title = "Tờ trình"
    document.add_paragraph("Công dân 0010890").add_run("12345 ở Hà Nội")
    table = document.add_table(3, 2)
    rows = (("Họ tên", "Số CCCD"), ("Nguyễn Văn A", "001089012345"), ("Trần B", "001089012346"))
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            table.cell(row, column).text = value
    document.add_paragraph("Hết.")
    return saved(document)


@pytest.fixture(scope="module")
def workbook():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Khách hàng"
    sheet.append(["DANH SÁCH KHÁCH HÀNG"])
    sheet.append(["STT", "Họ tên", "CCCD", "Ngày sinh", "Số đơn"])
    for number in range(40):
        born = datetime.date(1990, 5, 17)
        sheet.append([number, f"Người {number}", 1089012345 + number, born, 123456789012])
        sheet.cell(sheet.max_row, 3).number_format = "000000000000"
    sheet["A2"].comment = Comment("ghi chú riêng", "An")
    return saved(book)


def test_a_letter_is_read_from_its_header_to_its_properties(letter):
    pages = read_whole(Office(), letter)
    text = pages.data.decode()
    order = ["TỐI MẬT", "Công dân 001089012345 ở Hà Nội", "Hết.", "trang cuối", "Tờ trình"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert not pages.unread_why


def test_a_list_in_a_letter_is_a_table_with_names_of_columns(letter):
    assert read_whole(Office(), letter).tables == [
        (
            ("Họ tên", "Số CCCD"),
            [["Nguyễn Văn A", "Trần B"], ["001089012345", "001089012346"]],
        )
    ]


def test_a_table_that_only_places_words_side_by_side_is_text():
    cells = "".join(
        f"<w:tc><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:tc>" for words in ("MẬT", "SỐ 12")
    )
    pages = read_whole(Office(), word(f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>"))
    assert pages.data.decode() == "MẬT\tSỐ 12\n"
    assert not pages.tables


def test_what_is_said_twice_for_old_programs_is_read_once():
    box = "<w:p><w:r><w:t>ô chữ</w:t></w:r></w:p>"
    body = (
        '<w:p><mc:AlternateContent xmlns:mc="urn:mc">'
        f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
        "</mc:AlternateContent></w:p>"
    )
    assert read_whole(Office(), word(body)).data.decode() == "ô chữ\n"


def test_a_sheet_is_a_table_whose_numbers_keep_all_digits(workbook):
    pages = read_whole(Office(), workbook)
    [(names, columns)] = pages.tables
    assert names == ("STT", "Họ tên", "CCCD", "Ngày sinh", "Số đơn")
    assert columns[1][:2] == ["Người 0", "Người 1"]
    assert columns[2][0] == "001089012345"
    assert set(columns[3]) == {"1990-05-17"}
    assert set(columns[4]) == {"123456789012"}
    assert len(columns[0]) == 40


def test_titles_names_of_sheets_and_comments_are_text(workbook):
    text = read_whole(Office(), workbook).data.decode()
    for words in ("DANH SÁCH KHÁCH HÀNG", "Khách hàng\n", "ghi chú riêng", "STT\tHọ tên"):
        assert words in text


def sheet_of(rows, **others):
    return container(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.xml": "<workbook/>",
            "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{rows}</sheetData></worksheet>",
            **others,
        }
    )


def test_numbers_with_an_exponent_are_written_out():
    pages = read_whole(
        Office(), sheet_of('<row><c r="B1"><v>7.9089012345E10</v></c><c><v>1E400</v></c></row>')
    )
    assert pages.tables == [(("", ""), [["79089012345"], ["1E400"]])]


def test_cells_without_names_of_columns_are_a_table_without_names():
    rows = "".join(f"<row><c><v>{n}</v></c><c><v>{n * 7}</v></c></row>" for n in range(30))
    [(names, columns)] = read_whole(Office(), sheet_of(rows)).tables
    assert names == ("", "")
    assert len(columns[0]) == 30


def test_shared_strings_beyond_the_memory_for_them_are_text(monkeypatch):
    monkeypatch.setattr(sheets, "MOST_STRINGS", 100)
    strings = "<sst>" + "".join(f"<si><t>chữ {n}</t></si>" for n in range(9)) + "</sst>"
    rows = "".join(f'<row><c t="s"><v>{n}</v></c></row>' for n in range(9))
    pages = read_whole(Office(), sheet_of(rows, **{"xl/sharedStrings.xml": strings}))
    found = pages.data.decode() + str(pages.tables)
    assert all(f"chữ {n}" in found for n in range(9))


def test_a_sheet_that_is_nearly_all_empty_stays_small():
    letters = [chr(65 + n // 26) + chr(65 + n % 26) for n in range(600)][:600]
    rows = "".join(
        f'<row r="{n}"><c r="{letters[n % 600]}{n}"><v>{n}</v></c></row>' for n in range(20_000)
    )
    pages = read_whole(Office(), sheet_of(rows))
    cells = sum(len(column) for _, columns in pages.tables for column in columns)
    assert cells < 32 * 20_000
    assert "19999" in pages.data.decode() + str(pages.tables)


def test_a_string_that_is_used_a_million_times_is_a_bomb():
    strings = f"<sst><si><t>{'x' * 30_000}</t></si></sst>"
    rows = '<row><c t="s"><v>0</v></c></row>' * 20_000
    pages = read_whole(Office(), sheet_of(rows, **{"xl/sharedStrings.xml": strings}))
    assert why(pages) == {"bomb"}


def test_rows_that_a_pivot_table_keeps_are_read():
    cache = '<r><s v="Nguyễn Văn A"/><n v="1.089012345E9"/></r>'
    pages = read_whole(
        Office(), sheet_of("", **{"xl/pivotCache/pivotCacheRecords1.xml": f"<p>{cache}</p>"})
    )
    assert pages.data.decode() == "Nguyễn Văn A\n1089012345\n"


def test_slides_are_read_in_their_order_with_notes():
    def slide(words):
        return f'<p xmlns:a="urn:a"><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p>'

    data = container(
        {
            "[Content_Types].xml": "<Types/>",
            "ppt/slides/slide10.xml": slide("mười"),
            "ppt/slides/slide2.xml": slide("hai"),
            "ppt/notesSlides/notesSlide1.xml": slide("lời nói"),
            "ppt/slideLayouts/slideLayout1.xml": slide("mẫu"),
        }
    )
    assert read_whole(Office(), data).data.decode() == "hai\nmười\nlời nói\n"


def test_an_open_text_is_read_with_spaces_tabs_and_lists():
    row = "<table:table-row>{}</table:table-row>"
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    names = row.format(cell.format("Họ tên") + cell.format("CCCD"))
    values = row.format(cell.format("A B") + cell.format("001089012345"))
    body = (
        '<text:h>Tiêu đề</text:h><text:p>a<text:s text:c="3"/>b<text:tab/>c<text:line-break/>d'
        f"</text:p><table:table>{names}{values}</table:table>"
    )
    pages = read_whole(Office(), opened("text", body))
    assert pages.data.decode() == "Tiêu đề\na   b\tc\nd\nHọ tên\tCCCD\n"
    assert pages.tables == [(("Họ tên", "CCCD"), [["A B"], ["001089012345"]])]


def test_an_open_sheet_gives_values_and_leaves_repeated_emptiness_out():
    def cell(words, **said):
        attributes = " ".join(f'{name.replace("_", ":", 1)}="{v}"' for name, v in said.items())
        opening = f"<table:table-cell {attributes.replace('_', '-')}>"
        return f"{opening}<text:p>{words}</text:p></table:table-cell>"

    def row(cells, extra=""):
        return f"<table:table-row {extra}>{cells}</table:table-row>"

    far = '<table:table-cell table:number-columns-repeated="16000"/>'
    body = (
        row(cell("Tên") + cell("Số") + cell("Ngày"))
        + row(
            cell("An")
            + cell("7.9E+10", office_value="79089012345")
            + cell("17/5", office_date_value="1990-05-17")
            + far
        )
        + row(cell("B") + cell("001", office_value="1") + cell("x"))
        + row(far, 'table:number-rows-repeated="1048000"')
    )
    pages = read_whole(Office(), opened("spreadsheet", f"<table:table>{body}</table:table>"))
    assert pages.tables == [
        (("Tên", "Số", "Ngày"), [["An", "B"], ["79089012345", "001"], ["1990-05-17", "x"]])
    ]


def test_a_locked_open_document_is_told():
    manifest = '<m><manifest:encryption-data xmlns:manifest="urn:m"/></m>'
    pages = read_whole(Office(), opened("text", "", **{"META-INF/manifest.xml": manifest}))
    assert why(pages) == {"locked"}


def test_pictures_and_documents_within_are_members():
    inner = word("<w:p><w:t>trong</w:t></w:p>")
    within = {"word/media/image1.png": b"\x89PNG", "word/embeddings/a.docx": inner}
    pages = read_whole(Office(), word("", **within))
    assert held(pages) == within


def test_a_document_type_is_refused_and_nothing_is_expanded():
    bad = '<!DOCTYPE a [<!ENTITY x "nổ">]><a><p>&x;</p></a>'
    pages = read_whole(Office(), word("", **{"word/header1.xml": bad}))
    assert why(pages) == {"damaged"}
    assert "nổ" not in pages.data.decode()


@pytest.mark.parametrize(
    "body", ["<w:p>" * 5_000, "<w:p " + "a" * 100, "<w:p><w:t>chữ &#0;", "<w:tbl><w:tr><w:tc>" * 80]
)
def test_xml_that_is_broken_or_too_deep_is_damaged_and_what_came_before_is_read(body):
    pages = read_whole(Office(), word(f"<w:p><w:t>trước</w:t></w:p>{body}"))
    assert why(pages) == {"damaged"}
    assert "trước" in pages.data.decode()


def test_one_endless_paragraph_is_handed_on_in_pieces():
    pages = read_whole(Office(), word(f"<w:p><w:t>{'chữ ' * 200_000}</w:t></w:p>"))
    assert pages.data.decode() == "chữ " * 200_000
    assert max(map(len, pages.pieces)) < 1 << 20


def test_a_part_that_unpacks_to_far_too_much_is_a_bomb():
    pages = read_whole(Office(), word("<w:p/>" * 5_000_000))
    assert why(pages) == {"bomb"}


def test_office_documents_are_known_by_their_beginning(letter, workbook):
    for data in (letter, workbook, opened("text", "")):
        assert Office().sniff(data[:4096], About()) > Zip().sniff(data[:4096], About()) or (
            read_whole(Zip(), data).data == read_whole(Office(), data).data
        )
    assert not Office().sniff(b"PK\3\4" + bytes(99), About())


def test_a_zip_file_that_only_looks_like_an_office_document_gives_its_members():
    data = container({"a.txt": b"abc"})
    assert held(read_whole(Office(), data)) == {"a.txt": b"abc"}


def test_damaged_documents_are_survived(letter, workbook):
    stored = {}
    for data in (letter, workbook):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            keep = [n for n in archive.namelist() if "theme" not in n and "thumbnail" not in n]
            stored = {name: archive.read(name) for name in keep if "styles" not in name}
        for copy in damaged_copies(container(stored, zipfile.ZIP_STORED), 60):
            held(read_whole(Office(), copy))
        for copy in damaged_copies(data, 40):
            held(read_whole(Office(), copy))


def test_random_sheets_lose_no_value():
    chance = random.Random(3)
    for _ in range(30):
        values, rows = set(), ""
        for number in range(chance.randrange(1, 60)):
            rows += "<row>"
            for column in range(chance.randrange(0, 5)):
                value = f"{chance.choice(('tên', '9'))}{number}x{column}"
                if chance.random() < 0.7:
                    values.add(value)
                    rows += f'<c r="{chr(65 + column)}1" t="str"><v>{value}</v></c>'
            rows += "</row>"
        pages = read_whole(Office(), sheet_of(rows))
        shown = {v for _, columns in pages.tables for column in columns for v in column}
        assert values <= shown | set(pages.data.decode().split())

"""The workbook that agencies fill in and pass around: answers, evidence, guide, legal basis.

No cell of it is a formula: what others wrote stays text, whatever it begins with. What people
wrote into an answer stands here letter for letter, so that reading the workbook back changes
nothing.
"""

from __future__ import annotations

from datetime import UTC
from io import BytesIO
from typing import TYPE_CHECKING, Final

from auditor.model.packed import packed
from auditor.model.text import Text
from auditor.model.workbook import (
    ANSWERS,
    BASIS_SHEET,
    COLUMNS,
    EVIDENCE_SHEET,
    GUIDE_SHEET,
    SHEET,
    written,
)
from auditor.report.formats import moment, visible
from auditor.report.readiness import words
from auditor.report.readiness.sentences import proof

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from auditor.model.readiness import EvidenceRow, ItemResult, Readiness

_WIDTHS: Final = {
    "item": 9, "group": 20, "question": 48, "evidence": 42, "state": 20, "said": 15,
    "explanation": 42, "measure_who": 18, "measure_what": 26, "measure_due": 13,
    "measure_responsible": 20, "measure_product": 22, "measure_authority": 20, "by": 18,
    "text_sha256": 14,
}  # fmt: skip

GUIDE: Final = (
    Text("Cách điền", "How to fill it in"),
    Text(
        "Chỉ điền vào các cột màu vàng của trang “Tra loi”; mỗi dòng là một mục.",
        "Write into the yellow columns of the sheet “Tra loi” only; each row is one item.",
    ),
    Text(
        "Cột “Trả lời”: chọn có, một phần, không, không áp dụng hoặc chưa trả lời. Để trống là "
        "chưa trả lời.",
        "Column “Answer”: choose yes, partly, no, not applicable or not answered (in Vietnamese). "
        "Empty means not answered.",
    ),
    Text(
        "Cột “Giải trình”: nêu điều đang làm, hoặc lý do không áp dụng. Không ghi dữ liệu cá nhân, "
        "mật khẩu hay bí mật nhà nước.",
        "Column “Explanation”: what is done, or why it does not apply. No personal data, no "
        "passwords, no state secrets.",
    ),
    Text(
        "Sáu cột biện pháp: người làm, việc, thời hạn (ví dụ 31/12/2026), người chịu trách nhiệm, "
        "sản phẩm, cấp có thẩm quyền. Để trống là chưa rõ.",
        "The six columns of a measure: who, what, by when (such as 31/12/2026), who answers for "
        "it, what comes out, who decides. Empty means not clear yet.",
    ),
    Text(
        "Không sửa cột “Mã mục” và “Mã câu hỏi”; không xoá dòng tiêu đề. Mã câu hỏi gắn câu trả "
        "lời với đúng nội dung đã hỏi.",
        "Leave the columns “Item” and “Hash of the question” and the heading as they are. The hash "
        "ties an answer to the very wording that was asked.",
    ),
    Text(
        "Bằng chứng không dán vào đây: đăng ký bằng công cụ, tệp nằm trong thư mục đánh giá.",
        "Evidence is not pasted here: register it with the tool; the files lie in the folder of "
        "the assessment.",
    ),
    Text(
        "Trả lời “có” không làm cho mục thành “Đạt”: còn cần bằng chứng, kiểm tra hoặc người xác "
        "nhận.",
        "Answering “yes” does not make an item pass: it needs evidence, a check or an attestation.",
    ),
)


def workbook_xlsx(readiness: Readiness) -> bytes:
    """The workbook as ``.xlsx``; the same assessment gives the same bytes."""
    from openpyxl import Workbook  # late: only a workbook needs the library
    from openpyxl.xml.functions import tostring

    book = Workbook()
    book.remove(book.worksheets[0])
    _answers(book.create_sheet(SHEET), readiness)
    _table(
        book.create_sheet(EVIDENCE_SHEET),
        ("Mã", "Bằng chứng", "Tệp", "Số", "Ngày", "Người ký", "Hiệu lực", "Thu thập", "Đăng ký",
         "Người đăng ký", "Chữ ký số", "Trạng thái", "SHA-256"),
        (10, 40, 32, 16, 12, 22, 12, 12, 12, 22, 30, 28, 68),
        (map(_seen, _evidence(row)) for row in readiness.evidence),
    )  # fmt: skip
    _table(
        book.create_sheet(GUIDE_SHEET),
        ("Tiếng Việt", "English"),
        (80, 80),
        (map(_seen, row) for row in _guide(readiness)),
    )
    _table(
        book.create_sheet(BASIS_SHEET),
        (
            "Mã mục",
            "Mục",
            "Văn bản",
            "Điều khoản",
            "Dấu",
            "Ý nghĩa của dấu",
            "Đối tượng",
            "Ghi chú",
        ),
        (9, 40, 60, 24, 6, 40, 36, 40),
        (map(_seen, row) for row in _bases(readiness)),
    )
    about = book.properties
    about.title = visible(readiness.subject.name or readiness.subject.system)[:250]
    about.creator = "auditor"
    about.created = about.modified = readiness.at.astimezone(UTC).replace(tzinfo=None)
    properties = tostring(about.to_tree())
    out = BytesIO()
    book.save(out)  # writes the clock into its properties; ours take their place
    return packed(out.getvalue(), {"docProps/core.xml": properties})


def _answers(sheet: Worksheet, readiness: Readiness) -> None:
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    rows = {row.id: row for row in readiness.evidence}
    groups = {group.id: group.title.vi for group in readiness.groups}
    _table(
        sheet,
        [column.heading for column in COLUMNS],
        [_WIDTHS[column.id] for column in COLUMNS],
        (_answer(item, groups, rows) for item in readiness.items),
    )
    last = len(readiness.items) + 1
    yellow = PatternFill("solid", fgColor="FFF7D6")
    for place, column in enumerate(COLUMNS, start=1):
        letter = get_column_letter(place)
        if column.input:
            for (cell,) in sheet[f"{letter}1:{letter}{last}"]:
                cell.fill = yellow
        if column.id == "text_sha256":
            for (cell,) in sheet[f"{letter}1:{letter}{last}"]:
                cell.font = Font(size=8, color="808080", bold=cell.row == 1)
        if column.id == "said" and readiness.items:
            choices = ",".join(answer.vi for answer in ANSWERS.values())
            offered = DataValidation("list", formula1=f'"{choices}"', allow_blank=True)
            offered.error = "Chọn một trong các câu trả lời của danh sách."
            offered.errorTitle = "Trả lời"
            sheet.add_data_validation(offered)
            offered.add(f"{letter}2:{letter}{last}")
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{last}"


def _answer(item: ItemResult, groups: dict[str, str], rows: dict[str, EvidenceRow]) -> list[str]:
    attached = [proof(rows[name]) if name in rows else name for name in item.evidence]
    lacking = [f"Còn thiếu: {each.vi}" for each in item.missing]
    measure = item.measure
    values = {
        "item": item.id,
        "group": groups.get(item.group, item.group),
        "question": item.question.vi,
        "evidence": "\n".join([*attached, *lacking]),
        "state": words.STATE[item.state].vi,
        "said": "" if item.said == "nothing" else ANSWERS[item.said].vi,
        "explanation": item.explanation,
        "by": item.answered_by,
        "text_sha256": item.text_sha256,
    }
    if measure:
        values |= {f"measure_{key}": getattr(measure, key) for key in words.MEASURE}
    return [
        values.get(column.id, "") if column.input else _seen(values[column.id])
        for column in COLUMNS
    ]


def _seen(text: str) -> str:
    """Each line with nothing hidden in it; answers stay as they are, since they are read back."""
    return "\n".join(visible(line, 8000) for line in text.split("\n"))


def _evidence(row: EvidenceRow) -> list[str]:
    return [
        row.id, row.kind_title.vi, row.file, row.number, row.dated, row.signer, row.effective,
        row.collected, row.registered, row.by, row.signature.vi if row.signature else "",
        words.EVIDENCE_STATE[row.state].vi, row.sha256,
    ]  # fmt: skip


def _guide(readiness: Readiness) -> Iterable[tuple[str, str]]:
    for each in GUIDE:
        yield each.vi, each.en
    yield "", ""
    yield words.WORKING_TOOL.vi, words.WORKING_TOOL.en
    yield readiness.checklist_note.vi, readiness.checklist_note.en
    yield "", ""
    verdict = words.VERDICT[readiness.verdict]
    system = f"{readiness.subject.name} ({readiness.subject.system})"
    checklist = f"{readiness.checklist} {readiness.checklist_version}"
    for vi, en, value in (
        ("Hệ thống", "System", Text(system, system)),
        ("Danh mục", "Checklist", Text(checklist, checklist)),
        ("Kết luận khi lập tệp này", "Verdict when this file was made", verdict),
        ("Lập lúc", "Made on", moment(readiness.at)),
        ("Dấu vân tay", "Fingerprint", Text(readiness.fingerprint, readiness.fingerprint)),
    ):
        yield f"{vi}: {value.vi}", f"{en}: {value.en}"
    yield "", ""
    for state, meaning in words.STATE_MEANING.items():
        name = words.STATE[state]
        yield f"{name.vi}: {meaning.vi}", f"{name.en}: {meaning.en}"


def _bases(readiness: Readiness) -> Iterable[list[str]]:
    for item in readiness.items:
        for one in item.basis:
            binds = words.BINDS.get(one.binds)
            yield [
                item.id, item.title.vi, readiness.instruments.get(one.instrument, one.instrument),
                one.article, one.mark, words.MARK[one.mark].vi, binds.vi if binds else one.binds,
                one.note,
            ]  # fmt: skip


def _table(
    sheet: Worksheet, titles: Sequence[str], widths: Sequence[float], rows: Iterable[Iterable[str]]
) -> None:
    """A sheet of text cells under one bold row that stays in view and on every printed page."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    for place, given in enumerate((titles, *rows), start=1):
        values = tuple(given)
        for number, value in enumerate(values, start=1):
            cell = sheet.cell(place, number)
            if value:
                cell.value = written(value)
                cell.data_type = "s"  # the library takes a text with = in front for a formula
                cell.quotePrefix = value[:1] in ("=", "+", "-", "@", "'")
            cell.number_format = "@"
            cell.alignment = Alignment(vertical="top", wrap_text=True)
            if place == 1:
                cell.font = Font(bold=True)
        sheet.row_dimensions[place].height = _height(values, widths)
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


LINE: Final = 15.0
"""Points that a line of text takes."""

HIGHEST: Final = 409.0
"""Points that a row can be high at most."""


def _height(values: Sequence[str], widths: Sequence[float]) -> float:
    """The height at which a row shows its wrapped texts: not every program works it out itself."""
    lines = (
        sum(1 + int(len(line) // (0.9 * width)) for line in value.split("\n"))
        for value, width in zip(values, widths, strict=False)
    )
    return min(HIGHEST, LINE * max(lines, default=1))

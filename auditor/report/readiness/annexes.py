"""The annexes of the plan: every requirement, every piece of evidence, how to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.report.formats import moment, period
from auditor.report.readiness import words
from auditor.report.readiness.sentences import basis, gap, papers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.readiness import EvidenceRow, ItemResult, Readiness, SignatureRow
    from auditor.report.readiness.administrative import Paper

_KEPT: Final = "Kèm theo Phương án số …/PA-… ngày … tháng … năm …"


def annexes(paper: Paper, readiness: Readiness) -> None:
    """Writes the three annexes at the end of the plan."""
    rows = {row.id: row for row in readiness.evidence}
    _annex(paper, "I", "Bảng đối chiếu từng yêu cầu")
    paper.table(
        ("TT", "Yêu cầu", "Căn cứ", "Trạng thái", "Bằng chứng", "SHA-256"),
        (11, 66, 58, 30, 42, 45),
        [
            (
                str(place),
                f"{item.id} {item.title.vi}",
                basis(item, readiness),
                words.STATE[item.state].vi,
                "\n".join(item.evidence) or _nothing(item),
                "\n".join(_hashes(item, rows)) or "–",
            )
            for place, item in enumerate(readiness.items, start=1)
        ],
    )
    _annex(paper, "II", "Danh mục bằng chứng kèm mã băm")
    if readiness.evidence:
        paper.table(
            ("Mã", "Bằng chứng", "Tệp", "Số, ngày, người ký", "Trạng thái", "SHA-256"),
            (22, 55, 45, 50, 35, 45),
            [
                (
                    row.id,
                    row.kind_title.vi,
                    row.file or "chỉ đăng ký thông tin",
                    papers(row),
                    words.EVIDENCE_STATE[row.state].vi,
                    row.sha256 or "–",
                )
                for row in readiness.evidence
            ],
        )
    else:
        paper.text(gap("chưa đăng ký bằng chứng nào"))
    _annex(paper, "III", "Phạm vi đã quan sát, chữ ký trên đánh giá, cách đọc")
    for title, lines in _reading(readiness):
        paper.subheading(title)
        for line in lines:
            paper.text(line)


def _nothing(item: ItemResult) -> str:
    return "–" if item.state == "not_applicable" else gap("chưa có")


def _hashes(item: ItemResult, rows: dict[str, EvidenceRow]) -> list[str]:
    return [rows[name].sha256 or "–" for name in item.evidence if name in rows]


def _annex(paper: Paper, number: str, title: str) -> None:
    paper.section(wide=True, annex=True)
    paper.centred(f"Phụ lục {number}")
    paper.centred(title.upper())
    paper.text(f"({_KEPT})", italic=True, indent=False)


def _reading(readiness: Readiness) -> Iterator[tuple[str, list[str]]]:
    yield "1. Phạm vi đã quan sát", list(_seen(readiness))
    yield (
        "2. Chữ ký trên toàn bộ đánh giá",
        [_signed(each) for each in readiness.signatures] or [gap("chưa ai ký")],
    )
    marks = [f"{mark}: {meaning.vi}." for mark, meaning in words.MARK.items()]
    yield "3. Dấu độ tin cậy của căn cứ", marks
    unread = [f"{name}: {readiness.instruments.get(name, name)}." for name in readiness.unverified]
    yield "4. Văn bản chưa ai đọc bản gốc", unread or ["Không có."]
    states = [f"{words.STATE[state].vi}: {text.vi}" for state, text in words.STATE_MEANING.items()]
    yield "5. Trạng thái", states
    yield (
        "6. Về tài liệu này",
        [
            readiness.checklist_note.vi,
            (
                f"Danh mục {readiness.checklist} {readiness.checklist_version}, SHA-256 "
                f"{readiness.checklist_sha256}; dấu vân tay của đánh giá {readiness.fingerprint}."
            ),
        ],
    )


def _signed(one: SignatureRow) -> str:
    known = "" if one.known else f" ({words.KEY_NOT_NAMED.vi} {one.key})"
    changes = "".join(f" {each.vi}" for each in one.changes)
    return (
        f"{one.person} ({words.role(one.role).vi}), {moment(one.at).vi}: "
        f"{words.SIGNATURE_STATE[one.state].vi}{known}.{changes}"
    )


def _seen(readiness: Readiness) -> Iterator[str]:
    checked = readiness.checked
    yield f"Kiểm tra tự động lần cuối: {moment(checked).vi if checked else 'chưa chạy lần nào'}."
    coverage = readiness.coverage
    if coverage is None:
        yield "Không có lưu lượng hay kết quả quét nào được xem."
    else:
        window = period(*coverage.window) if coverage.window else Text("không rõ", "")
        lost = "không nguồn nào cho biết" if coverage.lost is None else str(coverage.lost)
        places = ", ".join(coverage.vantage) or "không nêu"
        yield f"Khoảng thời gian: {window.vi}; nhìn từ: {places}."
        yield f"Gói tin bị mất: {lost}."
        if coverage.seen is not None:
            yield f"Đã thấy {coverage.seen} trên {coverage.declared} đối tượng đã khai báo."
        hidden = "; ".join(each.vi for each in coverage.not_covered) or "không nêu"
        yield f"Không thấy được: {hidden}."
    if readiness.problems:
        yield f"Vấn đề khi đọc dữ liệu: {len(readiness.problems)}, xem readiness.html."

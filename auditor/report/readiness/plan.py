"""The plan that an agency signs before it connects, as a Word document to be finished by hand.

Its twelve parts hold what was answered, seen and attested. What nobody said stays a visible gap:
nothing is made up to fill it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.report.formats import day, moment
from auditor.report.problem_words import PROBLEM
from auditor.report.readiness import words
from auditor.report.readiness.annexes import annexes
from auditor.report.readiness.sentences import attested, basis, gap, proof, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.readiness import EvidenceRow, ItemResult, Outcome, Readiness
    from auditor.report.readiness.administrative import Paper

TITLE: Final = (
    "Bảo đảm an ninh mạng, an ninh dữ liệu trước khi kết nối, đồng bộ dữ liệu về "
    "Trung tâm dữ liệu quốc gia"
)

PARTS: Final = {
    1: "Căn cứ, phạm vi, đối tượng; chủ quản, vận hành, chuyên trách",
    2: "Hệ thống và dữ liệu kết nối",
    3: "Đánh giá rủi ro của việc kết nối và biện pháp",
    4: "Bảo đảm an ninh trong thiết kế, xây dựng và vận hành",
    5: "Kiểm tra, đánh giá",
    6: "Quản lý rủi ro; giám sát",
    7: "Dự phòng, ứng phó, khôi phục, ngắt kết nối khẩn cấp",
    8: "An ninh dữ liệu, dữ liệu cá nhân, bí mật nhà nước",
    9: "Sẵn sàng kỹ thuật và chất lượng dữ liệu",
    10: "Giám sát sau đồng bộ, tạm dừng, chấm dứt",
    11: "Tồn tại, biện pháp, thời hạn, người chịu trách nhiệm",
    12: "Phụ lục",
}

MOST_NAMED: Final = 30
TOLD: Final = (
    "gate-turned-off", "number-replaced", "condition-not-declared", "same-file-many-kinds",
    "same-file-other-day",
    "evidence-of-a-day-to-come", "edited-by-hand", "history-broken", "evidence-changed",
    "evidence-missing", "other-checklist-version",
)  # fmt: skip
"""Problems that whoever relies on the verdict must know of; they stand under it."""
"""Items the summary names one by one; the table of remedies has all of them."""

_ROMAN: Final = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


def plan_docx(readiness: Readiness) -> bytes:
    """The plan as a ``.docx``; the same assessment gives the same bytes.

    The layout is that of administrative documents (Nghị định 30/2020/NĐ-CP, Phụ lục I).
    """
    from auditor.report.readiness.administrative import Paper  # late: only a plan needs the library

    paper = Paper(f"Phương án: {readiness.subject.name or readiness.subject.system}", readiness.at)
    _first_page(paper, readiness)
    for part in range(1, 11):
        paper.heading(f"{_ROMAN[part]}. {PARTS[part].upper()}")
        _part(paper, readiness, part)
    _remedies(paper, readiness)
    _end(paper, readiness)
    annexes(paper, readiness)
    return paper.bytes()


def _first_page(paper: Paper, readiness: Readiness) -> None:
    subject = readiness.subject
    issuer = subject.owner or subject.agency or gap("tên cơ quan ban hành")
    above = subject.agency if subject.owner and subject.agency != subject.owner else ""
    paper.head(above, issuer, "Số: ……/PA-……", "……………, ngày … tháng … năm ……")
    paper.centred("")
    paper.centred("PHƯƠNG ÁN")
    paper.centred(TITLE)
    paper.rule(0.35)
    paper.text(
        f"(Dự thảo lập {moment(readiness.at).vi} từ kết quả kiểm tra theo danh mục "
        f"{readiness.checklist} {readiness.checklist_version}; dấu vân tay "
        f"{readiness.fingerprint[:16]}. Chỗ có dấu […] phải được bổ sung trước khi ký.)",
        italic=True,
    )
    read, unread = _instruments(readiness)
    for name in read:
        paper.text(f"Căn cứ {readiness.instruments.get(name, name)};", italic=True)
    function = gap("văn bản quy định chức năng, nhiệm vụ của cơ quan ban hành")
    paper.text(f"Căn cứ {function}.", italic=True)
    if unread:
        doubted = "; ".join(short(readiness.instruments.get(name, name)) for name in unread)
        paper.text(f"[Đối chiếu bản gốc trước khi viện dẫn: {doubted}.]", italic=True)
    paper.text(
        f"{issuer} xây dựng Phương án bảo đảm an ninh mạng, an ninh dữ liệu trước khi kết nối, "
        f"đồng bộ dữ liệu của hệ thống {subject.name or subject.system} về Trung tâm dữ liệu "
        "quốc gia như sau:"
    )
    paper.subheading("Tóm tắt kết quả kiểm tra")
    paper.text(
        "Kết luận: ",
        f"{words.VERDICT[readiness.verdict].vi}. {readiness.verdict_why.vi}",
        bold_first=True,
    )
    by_id = {item.id: item for item in readiness.items}
    for title, names in (
        ("Điều kiện chặn còn vướng", readiness.gates),
        ("Phải khắc phục có thời hạn", readiness.conditions),
    ):
        told = "; ".join(
            f"{name} {by_id[name].title.vi} ({words.STATE[by_id[name].state].vi})"
            if name in by_id
            else name
            for name in names
        )
        if len(names) > MOST_NAMED:
            told = "xem Phần XI"
        if names:
            paper.text(f"{title} ({len(names)}): ", f"{told}.", bold_first=True)
    counted = [
        f"{words.STATE[state].vi}: {readiness.state_counts[state]}"
        for state in words.STATE
        if readiness.state_counts.get(state)
    ]
    paper.text("Số mục theo trạng thái: ", "; ".join(counted) + ".", bold_first=True)
    codes = [problem.code for problem in readiness.problems]
    known = [
        f"{PROBLEM[code].vi}: {codes.count(code)}" for code in dict.fromkeys(codes) if code in TOLD
    ]
    if known:
        told = "; ".join(known)
        paper.text(
            "Điều phải biết khi dùng kết luận: ", f"{told}; xem readiness.html.", bold_first=True
        )


def _part(paper: Paper, readiness: Readiness, part: int) -> None:
    number = 0
    if part in (1, 2):
        number = 1
        paper.subheading(f"1. {'Phạm vi, đối tượng' if part == 1 else 'Thông tin hệ thống'}")
        for title, value in _scope(readiness) if part == 1 else _system(readiness):
            paper.text(f"{title}: ", value or gap("chưa khai"), bold_first=True)
    items = [item for item in readiness.items if item.part == part]
    if not items:
        paper.text(gap("chưa có nội dung cho phần này"))
    rows = {row.id: row for row in readiness.evidence}
    for place, item in enumerate(items, start=number + 1):
        paper.subheading(f"{place}. {item.title.vi} ({item.id})")
        for letter, (title, value) in zip("abcdđeghik", _told(item, readiness, rows), strict=False):
            paper.text(f"{letter}) {title}: ", value, bold_first=True)


def _scope(readiness: Readiness) -> Iterator[tuple[str, str]]:
    subject = readiness.subject
    yield "Phạm vi", subject.description
    yield "Cơ quan", subject.agency
    yield "Chủ quản hệ thống thông tin", subject.owner
    yield "Đơn vị vận hành", subject.operator


def _system(readiness: Readiness) -> Iterator[tuple[str, str]]:
    subject = readiness.subject
    yield "Tên hệ thống", f"{subject.name} ({subject.system})" if subject.name else subject.system
    yield "Cấp độ", str(subject.level)
    known = [
        words.CONDITION[each].vi if each in words.CONDITION else each for each in subject.conditions
    ]
    yield "Đặc điểm", "; ".join(known)
    yield "Ngày kết nối lần đầu", day(subject.first_connection).vi
    yield "Thay đổi gần nhất", day(subject.last_change).vi


def _told(
    item: ItemResult, readiness: Readiness, rows: dict[str, EvidenceRow]
) -> Iterator[tuple[str, str]]:
    """What a part says of an item, in the order in which it is asked."""
    if item.state == "not_applicable":
        yield "Không áp dụng", item.explanation or item.why.vi
        return
    yield "Nội dung đang áp dụng", item.explanation or gap("chưa có nội dung")
    proofs = [proof(rows[name]) if name in rows else name for name in item.evidence]
    lacking = [f"còn thiếu: {each.vi}" for each in item.missing]
    yield "Hồ sơ, bằng chứng", "; ".join([*proofs, *lacking]) or gap("chưa có bằng chứng")
    yield "Trạng thái", f"{words.STATE[item.state].vi}. {item.why.vi}"
    if item.contradicted:
        yield "Mâu thuẫn cần làm rõ", item.contradicted.vi
    if item.voided:
        yield "Lưu ý", item.voided.vi
    if item.outcomes:
        yield "Kiểm tra bằng máy", "; ".join(dict.fromkeys(map(_found, item.outcomes)))
    if item.attests or item.attestations:
        told = "; ".join(map(attested, item.attestations))
        yield "Người xác nhận", told or gap("chưa có xác nhận")
    if item.waiver:
        kept = f" Không được tính: {item.waiver.void.vi}" if item.waiver.void else ""
        yield (
            "Tạm chấp nhận",
            (
                f"đến {day(item.waiver.until).vi}, {item.waiver.approver} "
                f"({words.role(item.waiver.role).vi}): {item.waiver.reason.rstrip('.')}.{kept}"
            ),
        )
    yield "Căn cứ", basis(item, readiness)


def _found(outcome: Outcome) -> str:
    against = f" (so với {outcome.rests_on})" if outcome.rests_on else ""
    return f"{words.ANSWER[outcome.answer].vi} – {outcome.says.vi.rstrip('.')}{against}"


def _instruments(readiness: Readiness) -> tuple[list[str], list[str]]:
    """The instruments the items rest on: those read in their own text, and the others.

    A default of the tool is no instrument, and what binds Party bodies alone is no basis here.
    """
    cited = [one for item in readiness.items for one in item.basis if one.mark != "M"]
    read = dict.fromkeys(
        one.instrument for one in cited if one.mark == "C" and one.binds != "party"
    )
    unread = dict.fromkeys(one.instrument for one in cited if one.instrument not in read)
    return list(read), list(unread)


def remaining(readiness: Readiness) -> list[ItemResult]:
    """What is left to do: gates first, then conditions, then by state as it wants attention."""
    first = {name: place for place, name in enumerate((*readiness.gates, *readiness.conditions))}
    order = list(words.STATE)
    left = (item for item in readiness.items if item.state not in words.SETTLED)
    return sorted(left, key=lambda item: (first.get(item.id, len(first)), order.index(item.state)))


def _remedies(paper: Paper, readiness: Readiness) -> None:
    paper.section(wide=True)
    paper.heading(f"XI. {PARTS[11].upper()}")
    items = remaining(readiness)
    if not items:
        paper.text("Không còn mục nào để ngỏ.")
        return
    paper.text(
        "Mỗi tồn tại có một biện pháp rõ người, rõ việc, rõ thời gian, rõ trách nhiệm, rõ sản "
        "phẩm, rõ thẩm quyền. Chỗ ghi “chưa rõ” phải được bổ sung trước khi ký."
    )
    rows = []
    for place, item in enumerate(items, start=1):
        stops = item.id in readiness.gates and item.gate != "none"
        gate = f" – {words.GATE[item.gate].vi}" if stops else ""
        lack = f"{item.id} {item.title.vi}{gate}\n{words.STATE[item.state].vi}: {item.why.vi}"
        if item.way_out:
            lack += f"\nHướng xử lý: {item.way_out.vi}"
        if item.waiver and not item.waiver.void:
            lack += f"\nTạm chấp nhận đến {day(item.waiver.until).vi}"
        clear = [getattr(item.measure, key) if item.measure else "" for key in words.MEASURE]
        clear[2] = day(clear[2]).vi
        rows.append((str(place), lack, *(value or words.NOT_CLEAR.vi for value in clear)))
    titles = ("TT", "Tồn tại", *(label.vi for label in words.MEASURE.values()))
    paper.table(titles, (11, 66, 28, 40, 24, 28, 30, 25), rows)


def _end(paper: Paper, readiness: Readiness) -> None:
    paper.section(wide=False)
    paper.heading(f"XII. {PARTS[12].upper()}")
    paper.text("Kèm theo Phương án này:")
    paper.text("Phụ lục I. Bảng đối chiếu từng yêu cầu với trạng thái và bằng chứng.")
    paper.text("Phụ lục II. Danh mục bằng chứng kèm mã băm.")
    paper.text("Phụ lục III. Phạm vi đã quan sát, chữ ký trên đánh giá, cách đọc.")
    paper.text(words.WORKING_TOOL.vi, italic=True)
    paper.text("")
    paper.close(
        (f"- {gap('nơi nhận')};", f"- Lưu: VT, {gap('đơn vị soạn thảo')}."),
        gap("QUYỀN HẠN, CHỨC VỤ CỦA NGƯỜI KÝ"),
        gap("họ và tên"),
    )

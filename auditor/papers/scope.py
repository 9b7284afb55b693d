"""What was looked at, and what nobody looked at: every paper says both."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.papers.blocks import Sentence, Table
from auditor.papers.transfers import FORM
from auditor.papers.wording import country, day, day_of, number, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.run import ContentTotal, Run
    from auditor.papers.blocks import Block
    from auditor.papers.material import Material

MOST_INPUTS: Final = 300
MOST_SOURCES: Final = 100


def seen_and_unseen(material: Material) -> tuple[Block, ...]:
    """The scope, then what was not seen, one line each."""
    lines = [Sentence(text) for text in _looked_at(material)]
    lines.append(Sentence("Những gì không thấy được hoặc chưa xác định:"))
    lines += [Sentence(f"- {text}", "item") for text in _not_seen(material)]
    return tuple(lines)


def whole_runs(material: Material) -> str:
    """What totals of whole runs take in beyond the paper's limits; a sentence."""
    beyond = []
    if material.cut:
        beyond.append("kể cả phần ngoài kỳ")
    if material.system is not None or material.recipient:
        beyond.append("của mọi hệ thống và bên nhận, không riêng phạm vi của báo cáo này")
    return ", ".join(["Tính theo toàn bộ các lượt kiểm tra", *beyond]) + "."


def _looked_at(material: Material) -> Iterator[str]:
    runs = material.runs
    files = [file for run in runs for file in run.inputs]
    packets = sum(file.reader == "capture" for file in files)
    unread = sum(file.reader is None for file in files)
    yield (
        f"Kỳ rà soát: từ ngày {day(material.since)} đến ngày {day(material.until)}. Nguồn số liệu: "
        f"{len(runs)} lượt kiểm tra, {number(len(files))} tệp đầu vào ({number(packets)} tệp bản "
        f"ghi gói tin, {number(len(files) - packets - unread)} tệp nhật ký, {number(unread)} tệp "
        "không đọc được), "
        f"{number(sum(run.totals.flows for run in runs))} luồng."
    )
    if material.system:
        yield f"Phạm vi hệ thống: {material.system_name(material.system)} ({material.system})."
    if material.recipient:
        yield f"Phạm vi bên nhận: tên có chứa “{material.recipient}”."
    if material.repeated:
        yield (
            f"{material.repeated} lượt kiểm tra trên cùng dữ liệu với lượt khác không được cộng."
        )
    if material.outside:
        yield f"{material.outside} lượt kiểm tra không có lưu lượng trong kỳ, không được tính."
    if material.ledger is None:
        tail = (
            "các lượt có tệp đầu vào hoặc thời gian trùng nhau, nên số cộng có thể tính một luồng "
            "hai lần"
            if material.overlap
            else "các lượt không trùng tệp đầu vào và thời gian"
        )
        yield f"Số liệu cộng từ các lượt kiểm tra, không có sổ cộng dồn; {tail}."
    else:
        begun = material.ledger.complete_from
        yield (
            "Số liệu cộng dồn lấy từ sổ cộng dồn của kho dữ liệu, mỗi luồng một lần; sổ có lưu "
            f"lượng từ ngày {day(begun) if begun else '(chưa có)'}."
        )


def _not_seen(material: Material) -> Iterator[str]:
    runs = material.runs
    if material.cut or material.system is not None or material.recipient:
        yield f"Các số liệu dưới đây: {whole_runs(material)}"
    yield (
        "Lưu lượng không đi qua điểm thu (đường truyền khác, mạng di động, thiết bị cá nhân, dịch "
        "vụ đám mây gọi lẫn nhau) không thấy được; mục đích, hợp đồng và việc chuyển tiếp của bên "
        "nhận cũng vậy."
    )
    covered, whole = _days(material)
    if covered < whole:
        yield f"Chỉ {covered} trong {whole} ngày của kỳ có dữ liệu đầu vào."
    outbound = [total for run in runs for total in run.totals.content if total.outbound]
    yield from _content(outbound)
    undecided = sum(run.totals.undecided_flows for run in runs)
    if undecided:
        amount = size(sum(run.totals.undecided_outbound_bytes for run in runs))
        yield f"{number(undecided)} luồng ({amount}) chưa xác định được có ra nước ngoài hay không."
    unknown = sum(run.totals.unknown_flows for run in runs)
    if unknown:
        yield f"{number(unknown)} luồng ra nước ngoài không có số liệu khối lượng."
    estimated = sum(run.totals.estimated_outbound_bytes for run in runs)
    if estimated:
        yield f"{size(estimated)} ra nước ngoài là ước tính từ lưu lượng lấy mẫu."
    unlisted = sum(run.totals.unlisted_flows for run in runs)
    if unlisted:
        yield f"{number(unlisted)} luồng ra nước ngoài từ địa chỉ không thuộc hệ thống nào đã khai."
    partly = sum(seen.partly for seen in material.seen)
    if partly:
        yield (
            f"{number(partly)} dấu hiệu có một phần lưu lượng ngoài kỳ; lượt kiểm tra không tách "
            "khối lượng theo ngày."
        )
    troubles: Counter[str] = Counter()
    for run in runs:
        for problem in run.problems:
            troubles[problem.code] += problem.count
    if troubles:
        yield (
            f"{number(sum(troubles.values()))} vấn đề khi đọc đầu vào thuộc {len(troubles)} loại "
            "(chi tiết trong report.html của từng lượt)."
        )
    if material.inventory is None:
        yield "Không có bản kê khai hệ thống thông tin: luồng không gán được cho hệ thống."
    if material.register is None:
        yield "Không có sổ đăng ký hồ sơ: chi tiết của hồ sơ (hợp đồng, mức trần) không nêu được."


def _content(outbound: list[ContentTotal]) -> Iterator[str]:
    whole = sum(total.bytes for total in outbound)
    if not whole:
        yield "Nội dung ra nước ngoài không được xem xét."
        return
    logged = sum(total.logged for total in outbound)
    if logged:
        yield (
            f"{size(logged)} trong {size(whole)} ra nước ngoài chỉ biết qua nhật ký, không có "
            "nội dung."
        )
    encrypted = sum(total.unread.get("encrypted", 0) for total in outbound)
    if encrypted:
        yield f"{size(encrypted)} ra nước ngoài được mã hóa, không đọc được nội dung."
    other = sum(sum(total.unread.values()) for total in outbound) - encrypted
    if other:
        yield f"{size(other)} ra nước ngoài không đọc được vì lý do khác."


def _days(material: Material) -> tuple[int, int]:
    """On how many of the period's days an input has traffic, at most the days of a lifetime."""
    begin = material.since
    whole = (material.until - begin).days + 1
    covered: set[date] = set()
    for run in material.runs:
        for file in run.inputs:
            if file.first is None or file.last is None:
                continue
            first, last = max(day_of(file.first), begin), min(day_of(file.last), material.until)
            span = min((last - first).days + 1, MOST_DAYS)
            covered |= {first + timedelta(days=each) for each in range(max(0, span))}
    return len(covered), whole


MOST_DAYS: Final = 36_600


def forms_table(material: Material) -> Table:
    """All crossing flows of the runs by the forms of Article 23(2) of the Law on Data."""
    rows = []
    for form, says in FORM.items():
        totals = [each for run in material.runs for each in run.totals.forms if each.form == form]
        rows.append(
            (
                f"{form}) {says}",
                number(sum(each.flows for each in totals)),
                size(sum(each.outbound_bytes for each in totals)),
                size(sum(each.network_bytes for each in totals)) if form == "b" else "–",
                (
                    f"{number(sum(each.undecided_flows for each in totals))} luồng, "
                    f"{size(sum(each.undecided_bytes for each in totals))}"
                ),
            )
        )
    titles = (
        Text("Hình thức", "Form"),
        Text("Số luồng", "Flows"),
        Text("Khối lượng ra", "Bytes out"),
        Text("Trong đó chỉ biết theo chủ mạng", "Of which by network owner only"),
        Text("Chưa xác định", "Undecided"),
    )
    return Table(titles, (50, 14, 18, 22, 26), tuple(rows))


def countries_table(material: Material) -> Table:
    """All crossing flows of the runs by country."""
    names = sorted({each.country for run in material.runs for each in run.totals.by_country})
    rows = []
    for code in names:
        totals = [
            each for run in material.runs for each in run.totals.by_country if each.country == code
        ]
        sent = sum(each.outbound_bytes for each in totals)
        estimated = sum(each.estimated_bytes for each in totals)
        unknown = sum(each.unknown_flows for each in totals)
        flows = sum(each.flows for each in totals)
        line = (
            country(code),
            number(flows),
            ("≥ " if unknown else "") + size(sent - estimated),
            f"≈ {size(estimated)}" if estimated else "–",
            number(unknown) if unknown else "–",
        )
        rows.append((-sent, line))
    rows.sort()
    titles = (
        Text("Nước, vùng lãnh thổ", "Country"),
        Text("Số luồng", "Flows"),
        Text("Khối lượng đếm được", "Counted"),
        Text("Khối lượng ước tính", "Estimated"),
        Text("Luồng không rõ lượng", "Flows of unknown size"),
    )
    return Table.bounded(titles, (40, 18, 24, 24, 24), [line for _, line in rows])


def inputs_table(material: Material) -> Table:
    """The inputs with their digests."""
    files = [(run, file) for run in material.runs for file in run.inputs]
    rows = tuple(
        (
            str(place),
            file.name,
            file.reader or "không đọc được",
            size(file.size),
            number(file.flows),
            f"{day(day_of(file.first))} – {day(day_of(file.last))}"
            if file.first and file.last
            else "–",
            (file.sha256 or "–")[:16],
        )
        for place, (_, file) in enumerate(files[:MOST_INPUTS], start=1)
    )
    titles = (
        Text("TT", "No."),
        Text("Tệp", "File"),
        Text("Loại", "Kind"),
        Text("Cỡ", "Size"),
        Text("Số luồng", "Flows"),
        Text("Thời gian", "Time"),
        Text("SHA-256 (16 ký tự đầu)", "SHA-256 (first 16)"),
    )
    return Table(titles, (8, 70, 26, 16, 14, 34, 32), rows, max(0, len(files) - MOST_INPUTS))


def sources_table(material: Material) -> Table:
    """Rules, lists and databases that the runs relied on."""
    held = dict.fromkeys(
        (source.kind, source.name, source.version, source.sha256[:16])
        for run in material.runs
        for source in run.sources
    )
    rows = tuple(held)[:MOST_SOURCES]
    titles = (
        Text("Loại", "Kind"),
        Text("Tên", "Name"),
        Text("Phiên bản", "Version"),
        Text("SHA-256 (16 ký tự đầu)", "SHA-256 (first 16)"),
    )
    return Table(titles, (26, 70, 50, 40), rows, max(0, len(held) - MOST_SOURCES))


def runs_table(material: Material) -> Table:
    """The runs, so that every figure can be traced."""
    rows = tuple(_run(run) for run in material.runs[:MOST_INPUTS])
    titles = (
        Text("Lượt kiểm tra", "Run"),
        Text("Mã dữ liệu", "Material"),
        Text("Kết thúc ngày", "Finished"),
        Text("Phiên bản", "Version"),
        Text("Số dấu hiệu", "Indicators"),
    )
    return Table(titles, (60, 60, 24, 20, 20), rows, max(0, len(material.runs) - MOST_INPUTS))


def _run(run: Run) -> tuple[str, ...]:
    return (
        run.run_id[:36],
        run.audit_id[:32],
        day(day_of(run.finished)),
        run.auditor_version,
        number(len(run.findings)),
    )

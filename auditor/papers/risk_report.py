"""The yearly report on risks to core and important data: Decree 165/2025, Article 17(11), a to đ.

The text of the form that the decree annexes was not to be had: this is not it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.papers import coverage, heading, scope
from auditor.papers.blocks import Field, Paper, Part, Sentence, Table
from auditor.papers.dossiers import purpose_of, storage_of
from auditor.papers.ledgers import ledger_blocks
from auditor.papers.material import core_or_important
from auditor.papers.transfers import (
    diagram,
    recipients_table,
    subjects_said,
    transfers,
    volume_said,
)
from auditor.papers.wording import (
    STANDING,
    countries,
    day,
    day_of,
    listed,
    number,
)

if TYPE_CHECKING:
    from auditor.papers.blocks import Block
    from auditor.papers.material import Material, Seen
    from auditor.papers.transfers import Transfer

MOST: Final = 100


def risk_report(material: Material) -> Paper:
    """The report, with b) and d) pre-filled."""
    moved = transfers(material, core_or_important(material)[0])
    agency = material.agency
    return Paper(
        name="risk-report",
        kind=Text("BÁO CÁO", "Report"),
        subject=Text(
            "Đánh giá rủi ro đối với dữ liệu cốt lõi, dữ liệu quan trọng "
            f"{heading.period(material)}",
            "Yearly risk assessment of core and important data",
        ),
        head=heading.head(material),
        warning=Text(
            "KHÔNG PHẢI MẪU CHÍNH THỨC. Khoản 11 Điều 17 Nghị định 165/2025/NĐ-CP quy định báo cáo "
            "theo mẫu ban hành kèm theo Nghị định; lời văn của mẫu chưa thu thập được. Bản này xếp "
            "theo các điểm a đến đ của khoản đó.",
            "Not the official form: its text was not to be had.",
        ),
        bases=heading.bases((heading.DATA_LAW, heading.DECREE_165, heading.DECISION_20), material),
        opening="",
        parts=(
            Part(
                "a)",
                Text("Chủ quản dữ liệu, đơn vị an ninh dữ liệu, người chịu trách nhiệm", "Who"),
                (
                    Field("a", Text("Chủ quản dữ liệu", "Custodian"), material.owner()),
                    Field(
                        "a",
                        Text("Đơn vị phụ trách an ninh dữ liệu", "Security unit"),
                        agency.security_unit.unit,
                    ),
                    Field(
                        "a",
                        Text("Người chịu trách nhiệm (họ tên, chức vụ)", "Person responsible"),
                        ", ".join(
                            each
                            for each in (agency.security_unit.person, agency.security_unit.title)
                            if each
                        ),
                    ),
                ),
            ),
            Part(
                "b)", Text("Dữ liệu và hoạt động xử lý", "Data and processing"), _b(material, moved)
            ),
            Part("c)", Text("Hệ thống bảo vệ", "Protection"), _c(moved)),
            *_d(material),
            Part(
                "đ)",
                Text("Nội dung khác", "Other"),
                (
                    Field("đ", Text("Nội dung khác", "Other")),
                    Sentence(
                        "Báo cáo này không phải lập trong trường hợp đã có hồ sơ theo Điều 12; với "
                        "dữ liệu cá nhân, từ 01/01/2026 không phải đánh giá rủi ro theo Nghị định "
                        "165/2025/NĐ-CP (khoản 3 Điều 42 Nghị định 356/2025/NĐ-CP).",
                        "note",
                    ),
                ),
            ),
        ),
        annexes=(
            Part(
                "PHỤ LỤC I.",
                Text("Việc chuyển dữ liệu theo hệ thống và bên nhận", "Transfers"),
                (recipients_table(material, moved),),
            ),
            Part(
                "PHỤ LỤC II.",
                Text("Phạm vi số liệu", "Scope of the figures"),
                (*scope.seen_and_unseen(material), scope.runs_table(material)),
            ),
        ),
    )


def _b(material: Material, moved: tuple[Transfer, ...]) -> tuple[Block, ...]:
    return (
        Sentence(
            "Số liệu chỉ gồm phần dữ liệu ra nước ngoài hoặc cho bên nước ngoài đã thấy trong lưu "
            "lượng; hoạt động xử lý trong nước do đơn vị bổ sung.",
            "note",
        ),
        _processing(material, moved),
        diagram(material, moved),
        *ledger_blocks(material, {code for each in moved for code in each.categories}),
        Field("b", Text("Hoạt động xử lý trong nước và hoàn cảnh xử lý", "Processing at home")),
    )


def _processing(material: Material, moved: tuple[Transfer, ...]) -> Table:
    rows: list[tuple[str | None, ...]] = []
    for each in moved[:MOST]:
        details = material.agency.details(each.system, each.recipient)
        evidence = max(each.seen, key=lambda seen: seen.bytes).finding.evidence
        rows.append(
            (
                f"{material.system_name(each.system)} → {each.recipient}",
                purpose_of(material, each) or None,
                listed(each.categories),
                (f"{volume_said(each)}; chủ thể: {subjects_said(each.counted, each.subjects)}"),
                listed((app.name for app in evidence.apps), 4) or "chưa rõ",
                countries(each.countries, 3),
                (details.retention if details else "") or None,
                storage_of(material, each) or None,
            )
        )
    titles = (
        Text("Việc chuyển", "Transfer"),
        Text("Mục đích", "Purpose"),
        Text("Loại", "Type"),
        Text("Số lượng", "Quantity"),
        Text("Phương thức", "Method"),
        Text("Phạm vi (nơi đến)", "Scope"),
        Text("Thời gian lưu trữ", "Retention"),
        Text("Vị trí lưu trữ", "Storage place"),
    )
    widths = (28, 18, 24, 26, 18, 18, 15, 16)
    return Table(titles, widths, tuple(rows), max(0, len(moved) - MOST))


def _c(moved: tuple[Transfer, ...]) -> tuple[Block, ...]:
    evidence = [max(each.seen, key=lambda seen: seen.bytes).finding.evidence for each in moved]
    locked = sum(each.encrypted_flows for each in evidence)
    clear = sum(each.clear_text_flows for each in evidence)
    return (
        Sentence(
            f"Đã thấy trong lưu lượng: {number(locked)} luồng mã hóa, {number(clear)} luồng không "
            "mã hóa trên đường truyền; việc mã hóa khi lưu trữ không thấy được.",
            "note",
        ),
        Field("c", Text("Hệ thống bảo vệ dữ liệu", "Protection system")),
        Field("c", Text("Mã hóa", "Encryption")),
        Field("c", Text("Sao lưu", "Backup")),
        Field("c", Text("Gán nhãn dữ liệu", "Labelling")),
        Field("c", Text("Kiểm soát truy cập, xác thực", "Access control, authentication")),
    )


def _d(material: Material) -> tuple[Part, ...]:
    return (
        Part("d)", Text("Rủi ro đã phát hiện, sự cố, xử lý", "Risks, incidents, handling")),
        Part(
            "1.",
            Text("Rủi ro đã phát hiện", "Risks found"),
            (
                Sentence(heading.INDICATORS, "note"),
                Sentence(
                    "Chỉ nêu dấu hiệu về dữ liệu cốt lõi, dữ liệu quan trọng không phải dữ liệu cá "
                    f"nhân và dấu hiệu chưa rõ nhóm dữ liệu. {coverage.MAY_BE_EARLIER}",
                    "note",
                ),
                coverage.gaps_table(material, coverage.gaps(_about(material))),
            ),
            level=2,
        ),
        Part(
            "2.",
            Text("Sự cố", "Incidents"),
            (Field("d", Text("Sự cố trong kỳ", "Incidents")),),
            level=2,
        ),
        Part("3.", Text("Xử lý", "Handling"), (_handling(material),), level=2),
    )


def _about(material: Material) -> list[Seen]:
    """Findings on core and important data, and those of flows of which nobody knows the data."""
    kept = {seen.finding.id for seen in core_or_important(material)[0]}
    return [
        seen
        for seen in material.seen
        if seen.finding.id in kept or (seen.finding.category is None and seen.has_flows)
    ]


def _handling(material: Material) -> Table:
    steps = [(step.at, seen.finding, step) for seen in material.seen for step in seen.finding.life]
    steps.sort(key=lambda each: (each[0], each[1].id))
    rows = tuple(
        (
            day(day_of(at)),
            f"{finding.title.vi} – {material.system_name(finding.system)} → {finding.recipient}",
            STANDING[step.standing].vi,
            f"{step.who} ({step.role})",
            step.why,
        )
        for at, finding, step in steps[-MOST:]
    )
    titles = (
        Text("Ngày", "Day"),
        Text("Dấu hiệu", "Indicator"),
        Text("Quyết định", "Decision"),
        Text("Người quyết định", "By"),
        Text("Lý do", "Why"),
    )
    return Table(
        titles,
        (16, 60, 22, 30, 40),
        rows,
        max(0, len(steps) - MOST),
        "Chưa có quyết định nào được ghi nhận.",
    )

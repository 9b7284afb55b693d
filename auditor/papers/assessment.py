"""The assessment of cross-border transfer and processing of core and important data.

Decree 165/2025, Article 12: clause 2 says what is assessed, clause 3 what the contract states,
clause 7 what the authority looks at. The text of Mẫu số 02 was not to be had: this is not it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.papers import coverage, heading, scope
from auditor.papers.blocks import Field, Paper, Part, Sentence, Table
from auditor.papers.dossiers import contract_of, purpose_of, storage_of
from auditor.papers.ledgers import ledger_blocks
from auditor.papers.material import core_or_important
from auditor.papers.transfers import (
    categories_table,
    counted_bytes,
    diagram,
    estimated_bytes,
    forms_said,
    recipients_table,
    transfers,
)
from auditor.papers.wording import countries, listed, number

if TYPE_CHECKING:
    from auditor.papers.blocks import Block
    from auditor.papers.material import Material
    from auditor.papers.transfers import Transfer

MOST: Final = 100


def assessment(material: Material) -> Paper:
    """The dossier's report, pre-filled."""
    kept, left_out = core_or_important(material)
    moved = transfers(material, kept)
    return Paper(
        name="assessment",
        kind=Text("BÁO CÁO", "Report"),
        subject=Text(
            "Đánh giá tác động chuyển, xử lý dữ liệu cốt lõi, dữ liệu quan trọng xuyên biên giới",
            "Impact assessment of cross-border transfer and processing of core, important data",
        ),
        head=heading.head(material),
        warning=Text(
            "KHÔNG PHẢI MẪU CHÍNH THỨC. Nghị định 165/2025/NĐ-CP (khoản 4 Điều 12) quy định Mẫu số "
            "02; lời văn của mẫu chưa thu thập được. Bản này xếp theo các khoản 2, 3 và 7 Điều 12 "
            "để chuẩn bị nội dung; khi nộp phải dùng mẫu ban hành kèm theo Nghị định.",
            "Not the official form: the text of Mẫu số 02 was not to be had.",
        ),
        bases=heading.bases((heading.DATA_LAW, heading.DECREE_165, heading.DECISION_20), material),
        opening="",
        parts=(
            Part("I.", Text("Thông tin chung", "General"), _general(material, moved, left_out)),
            *_clause_2(material, moved),
            Part(
                "III.",
                Text("Nội dung hợp đồng (khoản 3 Điều 12)", "Contract (clause 3)"),
                (_contracts(material, moved),),
            ),
            *_clause_7(material, moved),
            Part(
                "V.",
                Text("Lượng dữ liệu tích lũy (khoản 10 Điều 12)", "Running totals (clause 10)"),
                ledger_blocks(material, {code for each in moved for code in each.categories}),
            ),
            Part(
                "VI.",
                Text("Theo dõi, cập nhật (khoản 8 Điều 12)", "Updates (clause 8)"),
                (
                    Field("", Text("Thay đổi kể từ lần đánh giá trước", "Changes since the last")),
                    Field("", Text("Người chịu trách nhiệm theo dõi", "Who watches for changes")),
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


def _general(
    material: Material, moved: tuple[Transfer, ...], left_out: list[str]
) -> tuple[Block, ...]:
    agency = material.agency
    told: tuple[Block, ...] = (
        Field("", Text("Bên chuyển dữ liệu (chủ quản dữ liệu)", "Sender"), material.owner()),
        Field(
            "",
            Text("Địa chỉ, điện thoại, thư điện tử", "Address, telephone, e-mail"),
            ", ".join(each for each in (agency.address, agency.phone, agency.email) if each),
        ),
        Field(
            "", Text("Đơn vị phụ trách an ninh dữ liệu", "Security unit"), agency.security_unit.unit
        ),
        Field(
            "",
            Text(
                "Nơi gửi hồ sơ (Bộ Công an; lĩnh vực quân sự, quốc phòng, cơ yếu: Bộ Quốc phòng)",
                "Where the dossier goes",
            ),
        ),
        Field(
            "",
            Text("Hệ thống", "Systems"),
            listed((material.system_name(each.system) for each in moved), 20),
        ),
        Field("", Text("Bên nhận", "Recipients"), listed((each.recipient for each in moved), 20)),
    )
    if not moved:
        told += (
            Sentence(
                "Không thấy việc chuyển dữ liệu cốt lõi, dữ liệu quan trọng thuộc Nghị định "
                "165/2025/NĐ-CP trong phạm vi số liệu; điều đó không có nghĩa là không có.",
                "strong",
            ),
        )
    if left_out:
        told += (
            Sentence(
                f"Không thuộc bản này: nhóm {listed(left_out)} là dữ liệu cá nhân; từ 01/01/2026 "
                "thực hiện hồ sơ theo pháp luật bảo vệ dữ liệu cá nhân (khoản 3 Điều 42 Nghị định "
                "356/2025/NĐ-CP), xem Mẫu số 09. Dữ liệu cá nhân cốt lõi có còn cần chấp thuận "
                "trước hay không chưa rõ; hỏi bộ phận pháp chế.",
                "note",
            ),
        )
    return told


def _clause_2(material: Material, moved: tuple[Transfer, ...]) -> tuple[Part, ...]:
    return (
        Part("II.", Text("Nội dung đánh giá (khoản 2 Điều 12)", "What is assessed (clause 2)")),
        Part(
            "a)",
            Text("Tính hợp pháp, sự cần thiết, phạm vi, phương thức", "Legality, need, scope"),
            (
                Field("", Text("Tính hợp pháp", "Legality")),
                Field("", Text("Sự cần thiết", "Necessity")),
                _scope(material, moved),
                diagram(material, moved),
            ),
            level=2,
        ),
        Part(
            "b)",
            Text("Rủi ro", "Risks"),
            (
                Field(
                    "",
                    Text(
                        "Đối với quốc phòng, an ninh, kinh tế, đối ngoại, ổn định xã hội, lợi ích "
                        "công cộng, quyền và lợi ích hợp pháp",
                        "For defence, security, economy, foreign relations, stability, rights",
                    ),
                ),
                Field(
                    "",
                    Text(
                        "Giả mạo, phá hủy, lộ, mất, sử dụng trái phép",
                        "Forgery, destruction, leak, loss, unlawful use",
                    ),
                ),
                Sentence("Dấu hiệu đã thấy liên quan đến các rủi ro này:"),
                _risks(material, moved),
            ),
            level=2,
        ),
        Part(
            "c)",
            Text("Trách nhiệm, biện pháp của bên nhận", "The recipient's duties and measures"),
            (
                Field("", Text("Nghĩa vụ của bên nhận", "Duties")),
                Field("", Text("Biện pháp quản lý và kỹ thuật", "Measures")),
            ),
            level=2,
        ),
        Part("d)", Text("Nội dung khác", "Other"), (Field("", Text("Khác", "Other")),), level=2),
    )


def _scope(material: Material, moved: tuple[Transfer, ...]) -> Table:
    rows = tuple(
        (
            f"{material.system_name(each.system)} → {each.recipient}",
            purpose_of(material, each) or None,
            listed(each.categories),
            forms_said(each),
            _method(each),
            None,
        )
        for each in moved[:MOST]
    )
    titles = (
        Text("Việc chuyển", "Transfer"),
        Text("Mục đích", "Purpose"),
        Text("Loại dữ liệu", "Type"),
        Text("Hình thức (Điều 23 khoản 2)", "Form"),
        Text("Phương thức truyền đã thấy", "Method seen"),
        Text("Xử lý của bên nhận", "Recipient's processing"),
    )
    return Table(titles, (36, 22, 20, 16, 26, 24), rows, max(0, len(moved) - MOST))


def _method(each: Transfer) -> str:
    evidence = max(each.seen, key=lambda seen: seen.bytes).finding.evidence
    apps = listed((app.name for app in evidence.apps), 4) or "chưa rõ giao thức"
    return (
        f"{apps}; {number(evidence.encrypted_flows)} luồng mã hóa, "
        f"{number(evidence.clear_text_flows)} luồng không mã hóa"
    )


def _risks(material: Material, moved: tuple[Transfer, ...]) -> Table:
    rows = tuple(
        (
            group[0].finding.title.vi,
            listed((coverage.system_of(material, seen) for seen in group), 6),
            str(len({seen.finding.recipient for seen in group if seen.has_flows})),
            group[0].finding.next_step.vi,
            None,
        )
        for group in coverage.by_rule(seen for each in moved for seen in each.seen)
    )
    titles = (
        Text("Dấu hiệu", "Indicator"),
        Text("Hệ thống", "System"),
        Text("Số bên nhận", "Recipients"),
        Text("Hướng xử lý gợi ý", "Suggested step"),
        Text("Đánh giá của đơn vị", "The agency's judgement"),
    )
    return Table(titles, (44, 26, 12, 40, 28), rows[:MOST], max(0, len(rows) - MOST))


def _contracts(material: Material, moved: tuple[Transfer, ...]) -> Table:
    rows = tuple(
        (
            each.recipient,
            contract_of(material, each) or None,
            purpose_of(material, each) or None,
            storage_of(material, each) or None,
            None,
            None,
            None,
            None,
        )
        for each in moved[:MOST]
    )
    titles = (
        Text("Bên nhận", "Recipient"),
        Text("Hợp đồng", "Contract"),
        Text("a) Mục đích, phương thức, phạm vi", "Purpose, method, scope"),
        Text("b) Nơi, thời gian lưu trữ; xử lý khi hết hạn", "Place, time of storage"),
        Text("c) Cung cấp cho bên thứ ba", "Onward supply"),
        Text("d) Biện pháp bảo vệ", "Protection"),
        Text("đ) Khắc phục, bồi thường, tranh chấp", "Remedies"),
        Text("e) Trách nhiệm", "Responsibilities"),
    )
    return Table(titles, (30, 18, 20, 22, 18, 18, 20, 18), rows, max(0, len(moved) - MOST))


def _clause_7(material: Material, moved: tuple[Transfer, ...]) -> tuple[Part, ...]:
    titles = (
        Text("Việc chuyển", "Transfer"),
        Text("Nước, vùng lãnh thổ", "Country"),
        Text("Khối lượng đếm được", "Counted"),
        Text("Khối lượng ước tính", "Estimated"),
        Text("Chính sách, pháp luật, môi trường an ninh mạng nơi nhận", "Law, cyber environment"),
    )
    rows = tuple(
        (
            f"{material.system_name(each.system)} → {each.recipient}",
            countries(each.countries, 3),
            counted_bytes(each),
            estimated_bytes(each),
            None,
        )
        for each in moved[:MOST]
    )
    return (
        Part(
            "IV.", Text("Nội dung được xem xét (khoản 7 Điều 12)", "What is looked at (clause 7)")
        ),
        Part(
            "a)",
            Text("Tính hợp pháp, sự cần thiết", "Legality, necessity"),
            (Sentence("Như điểm a mục II."),),
            level=2,
        ),
        Part(
            "b)",
            Text("Nơi nhận: pháp luật, môi trường an ninh mạng, mức bảo vệ", "Where it goes"),
            (Table(titles, (40, 22, 18, 18, 40), rows, max(0, len(moved) - MOST)),),
            level=2,
        ),
        Part(
            "c)",
            Text("Quy mô, phạm vi, loại dữ liệu; rủi ro sau khi chuyển", "Scale, scope, type"),
            (
                categories_table(material, moved),
                Field("", Text("Rủi ro sau khi chuyển", "Risk after transfer")),
            ),
            level=2,
        ),
        Part(
            "d)",
            Text("Trách nhiệm các bên", "Responsibilities"),
            (Field("", Text("Trách nhiệm bên chuyển, bên nhận", "Responsibilities")),),
            level=2,
        ),
        Part("đ)", Text("Nội dung khác", "Other"), (Field("", Text("Khác", "Other")),), level=2),
    )

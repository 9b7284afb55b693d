"""Form 09 of Decree 356/2025 (impact assessment of transferring personal data across the border).

The fields are those of the form (Official Gazette no. 18 of 18/01/2026), by its numbers; their
names are shortened. What traffic, inventory and register cannot tell stays open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.papers import coverage, heading, scope, thresholds
from auditor.papers.blocks import Box, Boxes, Field, Paper, Part, Sentence, Table
from auditor.papers.dossiers import contract_of, dossiers_of, purpose_of, storage_of
from auditor.papers.transfers import (
    counted_bytes,
    diagram,
    estimated_bytes,
    subjects_said,
    transfers,
)
from auditor.papers.wording import category, countries, day, listed, number

if TYPE_CHECKING:
    from auditor.papers.blocks import Block
    from auditor.papers.material import Material
    from auditor.papers.transfers import Transfer


def form_09(material: Material) -> Paper:
    """The form, filled as far as it can be."""
    codes = {code for code, known in material.catalogue.by_code.items() if known.personal}
    personal = [seen for seen in material.seen if seen.finding.category in codes]
    moved = transfers(material, personal)
    return Paper(
        name="form-09",
        kind=Text("BÁO CÁO", "Report"),
        subject=Text(
            "Đánh giá tác động chuyển dữ liệu cá nhân xuyên biên giới",
            "Impact assessment of cross-border transfer of personal data (Form 09)",
        ),
        head=heading.head(material),
        warning=Text(
            "Bản điền sẵn theo số thứ tự các trường của Mẫu số 09 ban hành kèm theo Nghị định "
            "356/2025/NĐ-CP; tên trường được viết gọn. Khi nộp, chép vào mẫu chính thức.",
            "Pre-filled by the field numbers of Form 09; copy into the official form to file.",
        ),
        bases=heading.bases((heading.PERSONAL_LAW, heading.DECREE_356), material),
        opening="",
        parts=(
            *_sender(material),
            *_transfer(material, moved),
            *_impact(material, moved),
            Part(
                "A.IV.",
                Text("Danh mục tài liệu kèm theo", "Attachments"),
                _attachments(material),
            ),
        ),
        annexes=(
            Part("B.I.", Text("Bên gửi, đại lý", "Sending agents"), (_parties(()),)),
            Part(
                "B.II.",
                Text("Bên nhận dữ liệu", "Recipients"),
                (_parties(_recipients(material, moved)),),
            ),
            Part("B.III.", Text("Bên khác có liên quan", "Others"), (_parties(()),)),
            Part(
                "PHỤ LỤC.",
                Text("Phạm vi số liệu, lượt kiểm tra", "Scope and sources of the figures"),
                (*scope.seen_and_unseen(material), scope.runs_table(material)),
            ),
        ),
    )


def _sender(material: Material) -> tuple[Part, ...]:
    agency = material.agency
    officer = agency.protection_officer
    fields = (
        Field("A.I.1–7", Text("Tên cơ quan, tổ chức (tiếng Việt)", "Name"), material.owner()),
        Field("A.I.1–7", Text("Tên bằng tiếng Anh", "Name in English"), agency.name_english),
        Field("A.I.1–7", Text("Mã số thuế", "Tax code"), agency.tax_code),
        Field("A.I.1–7", Text("Địa chỉ trụ sở", "Address"), agency.address),
        Field("A.I.1–7", Text("Điện thoại", "Telephone"), agency.phone),
        Field(
            "A.I.1–7", Text("Ngành nghề, lĩnh vực (kèm mã)", "Lines of business with codes"),
            agency.business_lines,
        ),
        Field("A.I.1–7", Text("Chi nhánh, đơn vị phụ thuộc", "Branches"), agency.branches),
        Field("A.I.1–7", Text("Thư điện tử", "E-mail"), agency.email),
        Field("A.I.1–7", Text("Trang thông tin điện tử", "Website"), agency.website),
        Field(
            "A.I.8", Text("Bộ phận bảo vệ dữ liệu cá nhân hoặc tổ chức cung cấp dịch vụ", "Unit"),
            officer.unit,
        ),
        Field(
            "A.I.8", Text("Người phụ trách: họ tên, chức vụ", "Person in charge"),
            ", ".join(each for each in (officer.person, officer.title) if each),
        ),
        Field(
            "A.I.8", Text("Người phụ trách: điện thoại, thư điện tử", "Telephone, e-mail"),
            ", ".join(each for each in (officer.phone, officer.email) if each),
        ),
    )  # fmt: skip
    return (Part("A.I.", Text("Thông tin bên chuyển dữ liệu", "The sender"), fields),)


def _transfer(material: Material, moved: tuple[Transfer, ...]) -> tuple[Part, ...]:
    return (
        Part("A.II.", Text("Thông tin về việc chuyển dữ liệu", "The transfer"), _note(moved)),
        Part(
            "1.",
            Text("Hình thức chuyển (A.II.1)", "Ways of transfer"),
            _ways(material, moved),
            level=2,
        ),
        Part(
            "2.",
            Text("Từng luồng và sơ đồ luồng (A.II.2)", "Each flow; flow diagram"),
            (_flows(material, moved), diagram(material, moved)),
            level=2,
        ),
        Part(
            "3.",
            Text("Loại dữ liệu cá nhân (A.II.3)", "Kinds of personal data"),
            _kinds(material, moved),
            level=2,
        ),
        Part(
            "4.",
            Text("Lưu trữ, xóa, chuyển tiếp, bảo vệ (A.II.4–A.II.10)", "Retention, protection"),
            _keeping(material, moved),
            level=2,
        ),
    )


def _note(moved: tuple[Transfer, ...]) -> tuple[Block, ...]:
    if moved:
        return ()
    return (
        Sentence(
            "Không thấy việc chuyển dữ liệu cá nhân trong phạm vi số liệu; điều đó không có nghĩa "
            "là không có.",
            "strong",
        ),
    )


_CLOUD: Final = frozenset({"cloud", "object-store", "backup"})
"""Kinds of services of ``services.yaml`` that are somebody's cloud."""


def _ways(material: Material, moved: tuple[Transfer, ...]) -> tuple[Block, ...]:
    ways = (
        (
            "A.II.1.1",
            "Dữ liệu thu thập, lưu trữ tại Việt Nam chuyển tới máy chủ ngoài Việt Nam",
            [each for each in moved if "a" in each.forms],
        ),
        (
            "A.II.1.2",
            "Dùng dịch vụ đám mây của nhà cung cấp nước ngoài",
            [each for each in moved if "b" in each.forms and _in_cloud(material, each)],
        ),
        (
            "A.II.1.3",
            "Thu thập từ người dùng tại Việt Nam vào nền tảng ngoài Việt Nam",
            [each for each in moved if "c" in each.forms],
        ),
    )
    boxes = [
        Box(bool(found), f"{ref} {says}", listed((each.recipient for each in found), 6))
        for ref, says, found in ways
    ]
    boxes += [
        Box(False, "A.II.1.4 Qua đối tác, đại lý tại Việt Nam"),
        Box(False, "A.II.1.5 Hình thức khác"),
    ]
    counts = tuple(
        Field(
            ref,
            Text("Nhóm chủ thể và số lượng tại thời điểm lập", "Subject groups and counts"),
            _subjects(found) if found else "",
            "" if found else "chưa thấy hình thức này; bỏ trống nếu không áp dụng",
        )
        for ref, _, found in ways
    )
    label = Text("Hình thức chuyển dữ liệu", "Ways of transfer")
    return (Boxes("A.II.1", label, tuple(boxes)), *counts)


def _in_cloud(material: Material, transfer: Transfer) -> bool:
    """Whether a provider's own list, or a service's name, says that it is a cloud."""
    return any(
        place.rule == "cloud-region" or place.service_kind in _CLOUD
        for seen in transfer.seen
        for place in material.destinations_of(seen.finding)
    )


def _subjects(moved: list[Transfer]) -> str:
    """Nothing where nobody could count or estimate: then the field is open."""
    counted = max((each.counted for each in moved if each.counted is not None), default=None)
    guessed = [each.subjects for each in moved if each.subjects is not None]
    if counted is None and not guessed:
        return ""
    said = subjects_said(counted, sum(guessed) if guessed else None)
    return (
        f"{said} (cộng {len(moved)} cặp hệ thống – bên nhận; một người có thể được tính nhiều lần)"
    )


def _flows(material: Material, moved: tuple[Transfer, ...]) -> Table:
    rows: list[tuple[str | None, ...]] = []
    for each in moved[:MOST]:
        details = material.agency.details(each.system, each.recipient)
        sensitive = [code for code in each.categories if code.startswith("S-")]
        rows.append(
            (
                f"{material.system_name(each.system)} → {each.recipient} "
                f"({countries(each.countries, 2)})",
                (details.subject_groups if details else "") or None,
                purpose_of(material, each) or None,
                f"Có: {listed(sensitive)}" if sensitive else "Chưa thấy",
                None,
                f"{counted_bytes(each)}; ước tính: {estimated_bytes(each)}",
            )
        )
    titles = (
        Text("Luồng", "Flow"),
        Text("Nhóm chủ thể", "Subject group"),
        Text("Mục đích", "Purpose"),
        Text("Dữ liệu nhạy cảm", "Sensitive"),
        Text("Xử lý sau khi chuyển", "Processing after transfer"),
        Text("Khối lượng đã thấy", "Volume seen"),
    )
    return Table(titles, (38, 22, 24, 16, 22, 22), tuple(rows), max(0, len(moved) - MOST))


MOST = 100


def _kinds(material: Material, moved: tuple[Transfer, ...]) -> tuple[Block, ...]:
    codes = {code for each in moved for code in each.categories}
    total = _subjects(list(moved))
    ticks = []
    for ref, beginning, label in (
        ("A.II.3.1", "B", Text("Dữ liệu cá nhân cơ bản", "Basic personal data")),
        ("A.II.3.2", "S-", Text("Dữ liệu cá nhân nhạy cảm", "Sensitive personal data")),
    ):
        boxes = tuple(
            Box(code in codes, category(code, material.catalogue), _known_by(moved, code))
            for code in material.catalogue.by_code
            if code.startswith(beginning)
        )
        ticks.append(Boxes(ref, label, boxes))
    others = sorted(code for code in codes if not code.startswith(("B", "S-")))
    lists = tuple(Sentence(f"- {category(code, material.catalogue)}", "item") for code in others)
    return (
        Field("A.II.3", Text("Tổng số chủ thể dữ liệu", "Data subjects in total"), total),
        *ticks,
        Sentence(
            "Ô theo các nhóm của Điều 3 và khoản 1 Điều 4 Nghị định 356/2025/NĐ-CP; Mẫu số 09 chia "
            "nhỏ hơn (17 ô dữ liệu cơ bản). Ô không đánh dấu: chưa thấy trong lưu lượng và bản kê "
            "khai, không có nghĩa là không chuyển.",
            "note",
        ),
        *(
            (Sentence("Nhóm thuộc Quyết định 20/2025/QĐ-TTg gắn với việc chuyển:"), *lists)
            if others
            else ()
        ),
    )


def _known_by(moved: tuple[Transfer, ...], code: str) -> str:
    seen = [s for each in moved for s in each.seen if s.finding.category == code]
    if any(s.finding.evidence.recognised for s in seen):
        return "nhận dạng trong nội dung"
    return "theo bản kê khai hệ thống" if seen else ""


def _keeping(material: Material, moved: tuple[Transfer, ...]) -> tuple[Block, ...]:
    details = [material.agency.details(each.system, each.recipient) for each in moved]
    said = [each.retention for each in details if each] + [storage_of(material, m) for m in moved]
    kept = "; ".join(dict.fromkeys(filter(None, said)))
    deleted = "; ".join(dict.fromkeys(each.deletion for each in details if each and each.deletion))
    evidence = [seen.finding.evidence for each in moved for seen in each.seen[:1]]
    locked, clear = (
        sum(each.encrypted_flows for each in evidence),
        sum(each.clear_text_flows for each in evidence),
    )
    return (
        Field("A.II.4", Text("Thời gian lưu trữ", "Retention"), kept),
        Field("A.II.5", Text("Quy định xóa, hủy (đính kèm)", "Deletion rules"), deleted),
        Field("A.II.6", Text("Chuyển giao theo Điều 17 Luật; có thu phí", "Transfer under Art. 17; fee"), hint="☐ Có  ☐ Không"),
        Field("A.II.7", Text("Giao dịch, trao đổi dữ liệu", "Data exchange"), hint="☐ Có  ☐ Không"),
        Field("A.II.8", Text("Kinh doanh dịch vụ xử lý dữ liệu cá nhân", "Processing services"), hint="☐ Có  ☐ Không"),
        Field("A.II.9.1", Text("Phương án bảo vệ", "Protection plan"), material.agency.protection_measures),
        Sentence(
            f"Đã thấy trong lưu lượng: {number(locked)} luồng mã hóa, {number(clear)} luồng không mã "
            "hóa trên đường truyền (lấy một dấu hiệu của mỗi cặp hệ thống – bên nhận).",
            "note",
        ),
        Field("A.II.9.2", Text("Biện pháp và sơ đồ hệ thống", "Measures, system diagram")),
        Field("A.II.9.3", Text("Kiểm tra an ninh: nội dung, đối tượng, tần suất", "Security testing")),
        Field("A.II.9.4", Text("Phương án của bên nhận", "The recipient's plan")),
        Field(
            "A.II.10",
            Text("Đánh giá tuân thủ: hình thức, thời gian, kết quả", "Compliance assessment"),
            f"Kiểm tra lưu lượng mạng bằng công cụ, kỳ {heading.period(material)}, "
            f"{len(material.runs)} lượt; {number(len(material.seen))} dấu hiệu (không phải kết luận)."
            if material.runs
            else "",
        ),
    )  # fmt: skip


def _impact(material: Material, moved: tuple[Transfer, ...]) -> tuple[Part, ...]:
    risk_titles = (
        Text("Dấu hiệu đã thấy", "Indicator seen"),
        Text("Tác động", "Impact"),
        Text("Khả năng xảy ra", "Likelihood"),
        Text("Biện pháp giảm thiểu", "Mitigation"),
        Text("Hướng xử lý gợi ý", "Suggested step"),
    )
    rows = tuple(
        (
            f"{group[0].finding.title.vi} ({len(group)})",
            None,
            None,
            None,
            group[0].finding.next_step.vi,
        )
        for group in coverage.gaps(material)[:30]
    )
    return (
        Part("A.III.", Text("Đánh giá tác động", "Impact assessment")),
        Part(
            "1.",
            Text("Tổng quan, sự cần thiết (A.III.1)", "Overview, necessity"),
            (Field("A.III.1", Text("Tổng quan và sự cần thiết của việc chuyển", "Overview")),),
            level=2,
        ),
        Part(
            "2.",
            Text("Tác động, rủi ro (A.III.2)", "Impact and risks"),
            (
                Field("A.III.2.1", Text("Tác động tới chủ thể dữ liệu (5 điểm)", "On subjects")),
                Field("A.III.2.2", Text("Tác động tới an ninh hệ thống (5 điểm)", "On systems")),
                Table(risk_titles, (44, 20, 18, 24, 40), rows, empty="Không thấy dấu hiệu nào."),
                *_national_security(material),
            ),
            level=2,
        ),
        Part(
            "3.",
            Text("Bên nhận (A.III.3)", "The recipients"),
            (_keepers(material, moved),),
            level=2,
        ),
    )


def _national_security(material: Material) -> tuple[Block, ...]:
    answers = thresholds.reached(material)
    needed = thresholds.asked(answers)
    said = tuple(Sentence(f"- {each.says}", "item") for each in answers)
    begins = "A.III.2.3 Tác động tới an ninh quốc gia: "
    if needed is False:
        return (
            Sentence(f"{begins}không thuộc trường hợp phải điền theo số liệu hiện có.", "strong"),
            *said,
        )
    why = "thuộc trường hợp phải điền" if needed else "chưa loại trừ được, giữ phần này"
    label = Text("Đánh giá tác động tới an ninh quốc gia", "Impact on national security")
    return (
        Sentence(f"{begins}{why}.", "strong"),
        *said,
        Field("A.III.2.3", label),
    )  # fmt: skip


def _keepers(material: Material, moved: tuple[Transfer, ...]) -> Table:
    rows = tuple(
        (
            each.recipient,
            countries(each.countries, 3),
            storage_of(material, each) or None,
            None,
            None,
            None,
        )
        for each in moved[:MOST]
    )
    titles = (
        Text("Bên nhận", "Recipient"),
        Text("Nơi nhận đã thấy", "Place seen"),
        Text("Lưu trữ, xử lý (3.1)", "Storage, processing"),
        Text("Phương án (3.2)", "Plan"),
        Text("Biện pháp (3.3)", "Measures"),
        Text("Đánh giá (3.4)", "Assessment"),
    )
    return Table(titles, (34, 22, 28, 20, 20, 20), rows, max(0, len(moved) - MOST))


def _attachments(material: Material) -> tuple[Block, ...]:
    contracts = [
        f"hợp đồng {each.contract.number} ngày {day(each.contract.on)} (hồ sơ {each.id})"
        for each in dossiers_of(material)
        if each.contract is not None
    ]
    return (
        Field("A.IV", Text("Bản sao hợp đồng (khoản 2 Điều 18)", "Contracts"), "; ".join(contracts)),
        Field("A.IV", Text("Chính sách, quy trình, biểu mẫu", "Policies, procedures, forms")),
        Sentence("Sơ đồ luồng (mục A.II.2), danh sách bên nhận (phần B) kèm theo bản này."),
    )  # fmt: skip


def _recipients(
    material: Material, moved: tuple[Transfer, ...]
) -> tuple[tuple[str | None, ...], ...]:
    of_name: dict[str, list[Transfer]] = {}
    for each in moved:
        of_name.setdefault(each.recipient, []).append(each)
    return tuple(
        (
            str(place),
            name,
            None,
            None,
            "; ".join(dict.fromkeys(filter(None, (contract_of(material, one) for one in held))))
            or None,
            None,
            f"{countries(sorted({code for one in held for code in one.countries}), 3)}; từ "
            + listed((material.system_name(one.system) for one in held), 4),
        )
        for place, (name, held) in enumerate(of_name.items(), start=1)
    )[:MOST]


def _parties(rows: tuple[tuple[str | None, ...], ...]) -> Table:
    titles = (
        Text("STT", "No."),
        Text("Tên", "Name"),
        Text("Mã số thuế", "Tax code"),
        Text("Người phụ trách bảo vệ dữ liệu", "Data protection officer"),
        Text("Hợp đồng (số, ngày)", "Contract (no., date)"),
        Text("Dịch vụ", "Service"),
        Text("Ghi chú", "Note"),
    )
    return Table(titles, (8, 50, 24, 40, 36, 30, 50), rows or (("1", *[None] * 6),))

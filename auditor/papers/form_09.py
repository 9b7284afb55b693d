"""Form 09 of Decree 356/2025 (impact assessment of transferring personal data across the border).

The fields are those of the form (Official Gazette no. 18 of 18/01/2026), by its numbers; their
names are shortened. What traffic, inventory and register cannot tell stays open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.text import Text
from auditor.papers import coverage, heading, scope, thresholds
from auditor.papers.blocks import Field, Paper, Part, Sentence, Table
from auditor.papers.dossiers import contract_of, dossiers_of, storage_of
from auditor.papers.form_09_transfer import MOST, transfer_parts
from auditor.papers.transfers import (
    transfers,
)
from auditor.papers.wording import countries, day, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.papers.blocks import Block
    from auditor.papers.material import Material, Seen
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
            *transfer_parts(material, moved),
            *_impact(material, moved, personal),
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
            "A.I.1–7",
            Text("Ngành nghề, lĩnh vực (kèm mã)", "Lines of business with codes"),
            agency.business_lines,
        ),
        Field("A.I.1–7", Text("Chi nhánh, đơn vị phụ thuộc", "Branches"), agency.branches),
        Field("A.I.1–7", Text("Thư điện tử", "E-mail"), agency.email),
        Field("A.I.1–7", Text("Trang thông tin điện tử", "Website"), agency.website),
        Field(
            "A.I.8.1–8.3",
            Text(
                "Bộ phận bảo vệ dữ liệu cá nhân, hoặc tổ chức, cá nhân cung cấp dịch vụ bảo vệ",
                "Unit, or provider of the service",
            ),
            officer.unit,
        ),
        Field(
            "A.I.8.1–8.3",
            Text("Người phụ trách: họ tên, chức vụ", "Person in charge"),
            ", ".join(each for each in (officer.person, officer.title) if each),
        ),
        Field(
            "A.I.8.1–8.3",
            Text("Người phụ trách: điện thoại, thư điện tử", "Telephone, e-mail"),
            ", ".join(each for each in (officer.phone, officer.email) if each),
        ),
    )
    return (Part("A.I.", Text("Thông tin bên chuyển dữ liệu", "The sender"), fields),)


def _risks(material: Material, personal: list[Seen]) -> Table:
    titles = (
        Text("Dấu hiệu đã thấy", "Indicator seen"),
        Text("Tác động", "Impact"),
        Text("Khả năng xảy ra", "Likelihood"),
        Text("Biện pháp giảm thiểu", "Mitigation"),
    )
    rows = []
    for group in coverage.by_rule(personal):
        told = f"{group[0].finding.title.vi}\n{coverage.where_said(material, group)}"
        rows.append((told, None, None, None))
    return Table.bounded(titles, (60, 30, 24, 34), rows, empty="Không thấy dấu hiệu nào.")


def _impact(
    material: Material, moved: tuple[Transfer, ...], personal: list[Seen]
) -> tuple[Part, ...]:
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
                _risks(material, personal),
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
    )


def _by_recipient(moved: tuple[Transfer, ...]) -> dict[str, list[Transfer]]:
    of_name: dict[str, list[Transfer]] = {}
    for each in moved:
        of_name.setdefault(each.recipient, []).append(each)
    return of_name


def _places(held: list[Transfer]) -> str:
    return countries(sorted({code for one in held for code in one.countries}), 3)


def _once(said: Iterable[str]) -> str | None:
    """What was said, each once; nothing said is an open cell."""
    return "; ".join(dict.fromkeys(filter(None, said))) or None


def _keepers(material: Material, moved: tuple[Transfer, ...]) -> Table:
    held = _by_recipient(moved)
    rows = tuple(
        (name, _places(of_one), _once(storage_of(material, one) for one in of_one), *[None] * 3)
        for name, of_one in list(held.items())[:MOST]
    )
    titles = (
        Text("Bên nhận", "Recipient"),
        Text("Nơi nhận đã thấy", "Place seen"),
        Text("Lưu trữ, xử lý (3.1)", "Storage, processing"),
        Text("Phương án (3.2)", "Plan"),
        Text("Biện pháp (3.3)", "Measures"),
        Text("Đánh giá (3.4)", "Assessment"),
    )
    return Table(titles, (34, 22, 28, 20, 20, 20), rows, max(0, len(held) - MOST))


def _attachments(material: Material) -> tuple[Block, ...]:
    contracts = [
        f"hợp đồng {each.contract.number} ngày {day(each.contract.on)} (hồ sơ {each.id})"
        for each in dossiers_of(material)
        if each.contract is not None
    ]
    return (
        Field(
            "A.IV", Text("Bản sao hợp đồng (khoản 2 Điều 18)", "Contracts"), "; ".join(contracts)
        ),
        Field("A.IV", Text("Chính sách, quy trình, biểu mẫu", "Policies, procedures, forms")),
        Sentence("Sơ đồ luồng (mục A.II.2), danh sách bên nhận (phần B) kèm theo bản này."),
    )


def _recipients(
    material: Material, moved: tuple[Transfer, ...]
) -> tuple[tuple[str | None, ...], ...]:
    return tuple(
        (
            str(place),
            name,
            None,
            None,
            _once(contract_of(material, one) for one in held),
            None,
            f"{_places(held)}; từ " + listed((material.system_name(one.system) for one in held), 4),
        )
        for place, (name, held) in enumerate(_by_recipient(moved).items(), start=1)
    )


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
    return Table.bounded(titles, (11, 50, 24, 40, 36, 30, 50), rows or (("1", *[None] * 6),))

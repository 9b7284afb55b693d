"""Form 09, A.II: ways of transfer, each flow, kinds of data, how it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.papers import heading
from auditor.papers.blocks import Box, Boxes, Field, Part, Sentence, Table
from auditor.papers.dossiers import purpose_of, storage_of
from auditor.papers.transfers import (
    diagram,
    estimate,
    volume_said,
)
from auditor.papers.wording import category, countries, listed, number, rounded

if TYPE_CHECKING:
    from auditor.papers.blocks import Block
    from auditor.papers.material import Material
    from auditor.papers.transfers import Transfer

MOST: Final = 100
"""Rows of one table."""
MOST_ARROWS: Final = 24


def transfer_parts(material: Material, moved: tuple[Transfer, ...]) -> tuple[Part, ...]:
    """A.II, filled as far as it can be."""
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
            (_flows(material, moved), diagram(material, moved, MOST_ARROWS)),
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


_NOT_SHOWN: Final = "lưu lượng không cho thấy, đơn vị đánh dấu"
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
        Box(False, "A.II.1.4 Qua đối tác, đại lý tại Việt Nam", _NOT_SHOWN),
        Box(False, "A.II.1.5 Hình thức khác", _NOT_SHOWN),
    ]
    counts = tuple(
        Field(
            ref,
            Text("Nhóm chủ thể và số lượng tại thời điểm lập", "Subject groups and counts"),
            _subjects(material, found) if found else "",
            "" if found else "chưa thấy hình thức này; bỏ trống nếu không áp dụng",
        )
        for ref, _, found in ways
    )
    label = Text("Hình thức chuyển dữ liệu", "Ways of transfer")
    partly = Field(
        "A.II.1.4–1.5",
        Text("Nhóm chủ thể và số lượng tại thời điểm lập", "Subject groups and counts"),
        hint="bỏ trống nếu không áp dụng",
    )
    return (Boxes("A.II.1", label, tuple(boxes)), *counts, partly)


def _in_cloud(material: Material, transfer: Transfer) -> bool:
    """Whether a provider's own list, or a service's name, says that it is a cloud."""
    return any(
        place.rule == "cloud-region" or place.service_kind in _CLOUD
        for seen in transfer.seen
        for place in material.destinations_of(seen.finding)
    )


def _subjects(material: Material, moved: list[Transfer]) -> str:
    """Nothing where nobody could count or estimate: then the field is open."""
    counted = max((each.counted for each in moved if each.counted is not None), default=None)
    guessed = estimate(material, ((each.system, each.subjects) for each in moved))
    parts = []
    if counted is not None:
        parts.append(f"đếm được trong nội dung, nhiều nhất tới một bên nhận: {number(counted)}")
    if guessed is not None:
        parts.append(
            f"ước tính theo khối lượng, cộng {len(moved)} cặp hệ thống – bên nhận, một người có "
            f"thể được tính nhiều lần: {rounded(guessed)}"
        )
    return "; ".join(parts)


def _flows(material: Material, moved: tuple[Transfer, ...]) -> Table:
    rows: list[tuple[str | None, ...]] = []
    for each in moved[:MOST]:
        details = material.agency.details(each.system, each.recipient)
        sensitive = [code for code in each.categories if code.startswith("S-")]
        rows.append(
            (
                (
                    f"{material.system_name(each.system)} → {each.recipient} "
                    f"({countries(each.countries, 2)})"
                ),
                (details.subject_groups if details else "") or None,
                purpose_of(material, each) or None,
                f"Có: {listed(sensitive)}" if sensitive else "Chưa thấy",
                None,
                volume_said(each),
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


def _kinds(material: Material, moved: tuple[Transfer, ...]) -> tuple[Block, ...]:
    codes = {code for each in moved for code in each.categories}
    total = _subjects(material, list(moved))
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
        Field(
            "A.II.6",
            Text("Chuyển giao theo Điều 17 Luật; có thu phí", "Transfer under Art. 17; fee"),
            hint="chuyển giao: ☐ Có  ☐ Không; thu phí: ☐ Có  ☐ Không",
        ),
        Field("A.II.7", Text("Giao dịch, trao đổi dữ liệu", "Data exchange"), hint="☐ Có  ☐ Không"),
        Field(
            "A.II.8",
            Text("Kinh doanh dịch vụ xử lý dữ liệu cá nhân", "Processing services"),
            hint="☐ Có  ☐ Không; nếu có, kèm danh sách",
        ),
        Field(
            "A.II.9.1",
            Text("Phương án bảo vệ", "Protection plan"),
            material.agency.protection_measures,
        ),
        Sentence(
            f"Đã thấy trong lưu lượng: {number(locked)} luồng mã hóa, {number(clear)} luồng "
            "không mã hóa trên đường truyền (lấy một dấu hiệu của mỗi cặp hệ thống – bên nhận).",
            "note",
        ),
        Field("A.II.9.2", Text("Biện pháp và sơ đồ hệ thống", "Measures, system diagram")),
        Field(
            "A.II.9.3", Text("Kiểm tra an ninh: nội dung, đối tượng, tần suất", "Security testing")
        ),
        Field("A.II.9.4", Text("Phương án của bên nhận", "The recipient's plan")),
        Field(
            "A.II.10",
            Text("Đánh giá tuân thủ: hình thức, thời gian, kết quả", "Compliance assessment"),
            f"Kiểm tra lưu lượng mạng bằng công cụ, kỳ {heading.period(material)}, "
            f"{len(material.runs)} lượt (báo cáo của từng lượt: report.html); "
            f"{number(sum(map(len, (each.seen for each in moved))))} dấu hiệu về việc chuyển dữ "
            "liệu cá nhân (không phải kết luận)."
            if material.runs
            else "",
        ),
    )

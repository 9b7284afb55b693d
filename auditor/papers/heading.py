"""What stands around the text of every paper: head, instruments, foot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from auditor.papers.blocks import Head
from auditor.papers.wording import day

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.papers.material import Material


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument that a paper may rest on, with its first and last day in force.

    Attributes:
        part: which provisions, in Vietnamese; empty = the whole.
    """

    name: str
    part: str = ""
    since: date = date.min
    until: date = date.max


DATA_LAW: Final = Instrument("Luật Dữ liệu số 60/2024/QH15", "Điều 23, Điều 25", date(2025, 7, 1))
DECREE_165: Final = Instrument(
    "Nghị định số 165/2025/NĐ-CP ngày 30/6/2025 của Chính phủ",
    "Điều 12, Điều 15, Điều 17, Điều 19",
    date(2025, 7, 1),
)
DECISION_20: Final = Instrument(
    "Quyết định số 20/2025/QĐ-TTg ngày 01/7/2025 của Thủ tướng Chính phủ ban hành Danh mục dữ liệu "
    "cốt lõi, dữ liệu quan trọng",
    since=date(2025, 7, 1),
)
PERSONAL_LAW: Final = Instrument(
    "Luật Bảo vệ dữ liệu cá nhân số 91/2025/QH15", "Điều 20, Điều 22", date(2026, 1, 1)
)
DECREE_356: Final = Instrument(
    "Nghị định số 356/2025/NĐ-CP của Chính phủ",
    "các Điều 17, 18, 20 và khoản 3 Điều 42",
    date(2026, 1, 1),
)
CYBER_LAW: Final = Instrument(
    "Luật An ninh mạng số 116/2025/QH15", "điểm e khoản 2 Điều 26", date(2026, 7, 1)
)
NOTICE_43: Final = Instrument(
    "Thông báo số 43/TB-VPCP ngày 26/01/2026 của Văn phòng Chính phủ kết luận Phiên họp thứ nhất "
    "Ban Chỉ đạo quốc gia về dữ liệu",
    "điểm 6 mục IV",
    date(2026, 1, 26),
)
"""Dates as read in the instruments (see docs of policies); NOTICE_43 from the day it was signed."""


def bases(instruments: Iterable[Instrument], material: Material) -> tuple[str, ...]:
    """The instruments in force on some day of the period, each as a line of the paper."""
    return tuple(
        f"Căn cứ {each.name}" + (f" ({each.part})" if each.part else "")
        for each in instruments
        if each.since <= material.until and material.since <= each.until
    )


def head(material: Material) -> Head:
    """The agency's own lines; what it does not say stays empty, that is open.

    The day is written by hand when the paper is signed.
    """
    agency = material.agency
    place = agency.place or "………"
    return Head(
        parent=agency.parent,
        issuer=material.owner(),
        number=f"Số: {agency.number or '……'}/BC-{agency.symbol or '……'}",
        place_and_date=f"{place}, ngày … tháng … năm ……",
        signer_title=tuple(agency.signer.title.splitlines()) or (),
        signer_name=agency.signer.name,
        recipients=agency.recipients,
    )


def period(material: Material) -> str:
    """``từ ngày 01/07/2026 đến ngày 30/09/2026``."""
    return f"từ ngày {day(material.since)} đến ngày {day(material.until)}"


INDICATORS: Final = (
    "Các kết quả dưới đây là dấu hiệu kỹ thuật rút ra từ lưu lượng mạng, bản kê khai hệ thống và "
    "sổ đăng ký hồ sơ; không phải là kết luận về việc tuân thủ. Việc phân loại dữ liệu, xác định "
    "căn cứ miễn và kết luận thuộc trách nhiệm của chủ quản dữ liệu và cơ quan có thẩm quyền."
)

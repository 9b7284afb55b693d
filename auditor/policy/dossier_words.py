"""The sentences about dossiers: which one covers a transfer, and why the closest does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.policy.coverage import Reason
from auditor.policy.regimes import covers_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from auditor.model.regimes import Regime
    from auditor.model.register import Dossier

_RESULTS: Final[dict[str, Text]] = {
    "passed": Text("đạt", "passed"),
    "failed": Text("không đạt", "failed"),
    "pending": Text("chưa có", "pending"),
    "none-needed": Text("không phải chờ kết quả", "none needed"),
}

COVERED_STEP: Final = Text(
    "Đối chiếu hồ sơ với thực tế chuyển (loại dữ liệu, bên nhận, số lượng, thời gian); cập nhật hồ "
    "sơ nếu có thay đổi – dữ liệu cá nhân: định kỳ 06 tháng hoặc trong 10 ngày (Điều 20 Nghị định "
    "356/2025/NĐ-CP); dữ liệu cốt lõi, quan trọng: khoản 8 Điều 12 Nghị định 165/2025/NĐ-CP.",
    "Compare the dossier with what is really transferred (kind of data, recipient, quantity, "
    "time); update it where that has changed - personal data: every 6 months or within 10 days "
    "(Decree 356/2025 Article 20); core and important data: Decree 165/2025 Article 12(8).",
)
"""What to do about a transfer that a dossier covers."""

_NOT_CARRIED_OVER: Final = Text(
    " Chưa rõ hồ sơ theo chế độ cũ có được chuyển tiếp hay không.",
    " Whether a dossier of the earlier regime carries over is unclear.",
)


def dossier_said(
    reason: Reason,
    dossier: Dossier | None,
    regimes: Mapping[str, Regime],
    others: Sequence[str],
    *,
    register_given: bool,
    personal: bool = False,
) -> Text:
    """Why ``dossier`` covers a transfer, or why it, the closest of all, does not.

    Args:
        reason: how far it reaches.
        dossier: the closest of all; null = there is none.
        regimes: by id.
        others: ids of those that reach as far.
        register_given: there was a register to look in.
        personal: the data is personal data.
    """
    if dossier is None or reason is Reason.NONE:
        if not register_given:
            return Text(
                "Không có sổ đăng ký hồ sơ để đối chiếu.", "No register of dossiers was given."
            )
        return Text(
            "Sổ đăng ký không có hồ sơ nào của hệ thống này.",
            "The register has no dossier of this system.",
        )
    said = _reason_said(reason, dossier, covers_from(dossier, regimes[dossier.regime]))
    older = dossier.regime != "pdpl" and dossier.filed < regimes["pdpl"].since
    if reason is Reason.OTHER_REGIME and personal and older:
        said = Text(said.vi + _NOT_CARRIED_OVER.vi, said.en + _NOT_CARRIED_OVER.en)
    more = Text("", "")
    if others:
        names = ", ".join(others)
        more = Text(f" Hồ sơ khác cùng mức: {names}.", f" Other dossiers alike: {names}.")
    note = f" [{dossier.note}]" if dossier.note else ""
    return Text(said.vi + more.vi + note, said.en + more.en + note)


def _reason_said(reason: Reason, dossier: Dossier, counts_from: date) -> Text:
    name = dossier.id
    filed, result = dossier.filed, _RESULTS[dossier.result]
    ends = dossier.valid_to
    period = Text(
        f"từ {_day(dossier.valid_from)} " + (f"đến {_day(ends)}" if ends else "không thời hạn"),
        f"from {dossier.valid_from} " + (f"to {ends}" if ends else "without end"),
    )
    texts = {
        Reason.COVERED: Text(
            f"Hồ sơ {name} khớp về hệ thống, nhóm dữ liệu, bên nhận, thời gian; chưa đối chiếu mục "
            f"đích, phạm vi, phương thức, số lượng và hợp đồng (nộp ngày {_day(filed)}, kết quả: "
            f"{result.vi}, hiệu lực {period.vi}).",
            f"Dossier {name} matches system, category, recipient and time; purpose, scope, method, "
            f"quantity and contract were not compared (filed {filed}, result: {result.en}, valid "
            f"{period.en}).",
        ),
        Reason.COUNTRY_ONLY: Text(
            f"Hồ sơ {name} khớp về hệ thống, nhóm dữ liệu, thời gian nhưng chỉ nêu quốc gia, không "
            "nêu tên bên nhận; chưa xác định được bên nhận này có thuộc hồ sơ hay không.",
            f"Dossier {name} matches system, category and time, but names countries only and no "
            "recipient; whether it means this one is undecided.",
        ),
        Reason.NOT_PASSED: Text(
            f"Hồ sơ {name} khớp về hệ thống, nhóm dữ liệu, thời gian nhưng kết quả đánh giá là: "
            f"{result.vi}.",
            f"Dossier {name} matches system, category and time, but its assessment result is: "
            f"{result.en}.",
        ),
        Reason.FILED_LATE: Text(
            f"Hồ sơ {name} khớp về hệ thống, nhóm dữ liệu nhưng nộp ngày {_day(filed)}, theo quy "
            f"ước của công cụ, chỉ tính từ ngày {_day(counts_from)}; việc chuyển diễn ra "
            "trước ngày đó.",
            f"Dossier {name} matches system and category but was filed on {filed} and, by this "
            f"tool's convention, counts only from {counts_from}; the transfer took place "
            "before.",
        ),
        Reason.OUT_OF_DATE: Text(
            f"Hồ sơ {name} có hiệu lực {period.vi}; việc chuyển diễn ra ngoài thời gian đó.",
            f"Dossier {name} is valid {period.en}; the transfer took place outside that time.",
        ),
        Reason.RECIPIENT_UNKNOWN: Text(
            f"Hồ sơ {name} nêu bên nhận, nhưng tên máy chủ, tổ chức hoặc nơi đặt của bên nhận "
            "trong các luồng này chưa đủ rõ để đối chiếu; chưa xác định được hồ sơ có bao gồm "
            "việc chuyển này hay không.",
            f"Dossier {name} names its recipients, but server name, organisation or place of the "
            "far side are not known well enough in these flows to compare; whether it covers them "
            "is undecided.",
        ),
        Reason.OTHER_RECIPIENT: Text(
            f"Hồ sơ {name} không nêu bên nhận này.", f"Dossier {name} does not name this recipient."
        ),
        Reason.OTHER_CATEGORY: Text(
            f"Hồ sơ {name} không bao gồm nhóm dữ liệu này.",
            f"Dossier {name} does not extend to this category.",
        ),
        Reason.REGIME_UNKNOWN: Text(
            f"Hồ sơ {name} có nhóm dữ liệu này, nhưng chưa xác định được chế độ áp dụng vào thời "
            "điểm chuyển nên chưa đối chiếu tiếp.",
            f"Dossier {name} names this category, but the regime at the time of the transfer is "
            "undecided, so nothing more was compared.",
        ),
        Reason.OTHER_REGIME: Text(
            f"Hồ sơ {name} được lập theo chế độ khác với chế độ áp dụng cho dữ liệu này vào thời "
            "điểm chuyển.",
            f"Dossier {name} was filed under another regime than the one that applied to this data "
            "at the time of the transfer.",
        ),
    }
    return texts[reason]


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"

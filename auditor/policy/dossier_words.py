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

RESULTS: Final[dict[str, Text]] = {
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

STOPPED_STEP: Final = Text(
    "Tạm dừng ngay việc chuyển này và xác định vì sao dữ liệu vẫn được gửi sau yêu cầu ngừng "
    "chuyển; báo cáo người có thẩm quyền và đơn vị đã yêu cầu. Chỉ chuyển tiếp khi yêu cầu "
    "được bãi bỏ.",
    "Suspend this transfer at once and find out why data still leaves after the order to stop; "
    "report to whoever is in charge and to the authority. Go on only once the order is lifted.",
)
"""What to do about a transfer that goes on after an order to stop it."""

CHANGED_STEP: Final = Text(
    "Làm rõ thay đổi so với hồ sơ (quốc gia, thời gian lưu trữ) và cập nhật hồ sơ: dữ liệu cá nhân "
    "theo Điều 20 Nghị định 356/2025/NĐ-CP (trong 10 ngày hoặc định kỳ 06 tháng, tùy loại thay "
    "đổi); dữ liệu cốt lõi, quan trọng theo khoản 8 Điều 12 Nghị định 165/2025/NĐ-CP.",
    "Find out what changed against the dossier (country, storage time) and update it: personal "
    "data by Decree 356/2025 Article 20 (within 10 days or every 6 months, by kind of change); "
    "core and important data by Decree 165/2025 Article 12(8).",
)
"""What to do about a transfer that its dossier no longer describes."""

_MOST_ORDERS: Final = 3
_OF_LAW_91: Final = "pdpl"
_OF_PERSONAL_DATA: Final = Text(
    " (trong 10 ngày hoặc định kỳ 06 tháng, tùy loại thay đổi)",
    " (within 10 days or every 6 months, by kind of change)",
)
_OF_DECREE_165: Final = Text(
    " (khoản 8 Điều 12 Nghị định 165/2025/NĐ-CP)",
    " (Decree 165/2025 Article 12(8))",
)
_UPDATED: Final = {
    _OF_LAW_91: _OF_PERSONAL_DATA,
    "decree-13": _OF_PERSONAL_DATA,
    "decree-165-core": _OF_DECREE_165,
    "decree-165-important": _OF_DECREE_165,
}
"""When a dossier is updated, by what it was filed under."""

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
    later = regimes.get(_OF_LAW_91)
    older = later is not None and dossier.regime != later.id and dossier.filed < later.since
    if reason is Reason.OTHER_REGIME and personal and older:
        said = Text(said.vi + _NOT_CARRIED_OVER.vi, said.en + _NOT_CARRIED_OVER.en)
    more = Text("", "")
    if others:
        names = ", ".join(others)
        more = Text(f" Hồ sơ khác cùng mức: {names}.", f" Other dossiers alike: {names}.")
    note = f" [{dossier.note}]" if dossier.note else ""
    return Text(said.vi + more.vi + note, said.en + more.en + note)


def period(dossier: Dossier) -> Text:
    """The time that a dossier speaks of."""
    ends = dossier.valid_to
    return Text(
        f"từ {day(dossier.valid_from)} " + (f"đến {day(ends)}" if ends else "không thời hạn"),
        f"from {dossier.valid_from} " + (f"to {ends}" if ends else "without end"),
    )


def day(of: date) -> str:
    """A day as Vietnamese papers write it."""
    return f"{of:%d/%m/%Y}"


def _reason_said(reason: Reason, dossier: Dossier, counts_from: date) -> Text:
    for said in (_order_said, _covering_said, _change_said, _paper_said, _time_said, _scope_said):
        text = said(reason, dossier, counts_from)
        if text is not None:
            return text
    raise ValueError(f"nothing is said of {reason!r}")


def _order_said(reason: Reason, dossier: Dossier, _counts_from: date) -> Text | None:
    name = dossier.id
    if reason is Reason.STOPPED:
        return Text(
            f"Việc chuyển theo hồ sơ {name} vẫn tiếp tục sau khi có yêu cầu ngừng chuyển"
            f"{_orders(dossier).vi}.",
            f"The transfer of dossier {name} goes on after an order to stop it"
            f"{_orders(dossier).en}.",
        )
    if reason is Reason.PERHAPS_STOPPED:
        return Text(
            f"Có yêu cầu ngừng chuyển theo hồ sơ {name}{_orders(dossier).vi}; bên nhận trong các "
            "luồng này chưa đủ rõ để biết yêu cầu đó có áp dụng hay không.",
            f"The transfer of dossier {name} was ordered to stop{_orders(dossier).en}; whether the "
            "order means the recipient of these flows is undecided.",
        )
    return None


def _orders(dossier: Dossier) -> Text:
    """Day, authority and number of its orders to stop, the last ones first."""
    last = sorted(dossier.stops, key=lambda stop: stop.on, reverse=True)[:_MOST_ORDERS]
    names = [(stop, f"{stop.by} {stop.number}".strip()) for stop in last]
    vi = "; ".join(f"ngày {day(stop.on)}, {name}" for stop, name in names)
    en = "; ".join(f"of {stop.on}, {name}" for stop, name in names)
    return Text(f" ({vi})", f" ({en})")


def _covering_said(reason: Reason, dossier: Dossier, _counts_from: date) -> Text | None:
    name, filed, result = dossier.id, dossier.filed, RESULTS[dossier.result]
    if reason is Reason.COVERED:
        volume, within = Text(", số lượng", ", quantity"), Text("", "")
        if dossier.ceiling is not None:
            volume = Text("", "")
            within = Text(
                " Chưa thấy vượt mức trần của hồ sơ.", " Its ceiling was not seen to be passed."
            )
        return Text(
            f"Hồ sơ {name} khớp về hệ thống, nhóm dữ liệu, bên nhận, thời gian; chưa đối chiếu mục "
            f"đích, phạm vi, phương thức{volume.vi} và hợp đồng (nộp ngày {day(filed)}, kết quả: "
            f"{result.vi}, hiệu lực {period(dossier).vi}).{within.vi}",
            f"Dossier {name} matches system, category, recipient and time; purpose, scope, method"
            f"{volume.en} and contract were not compared (filed {filed}, result: {result.en}, "
            f"valid {period(dossier).en}).{within.en}",
        )
    if reason is Reason.COUNTRY_ONLY:
        return Text(
            f"Hồ sơ {name} khớp về hệ thống, nhóm dữ liệu, thời gian nhưng chỉ nêu quốc gia, không "
            "nêu tên bên nhận; chưa xác định được bên nhận này có thuộc hồ sơ hay không.",
            f"Dossier {name} matches system, category and time, but names countries only and no "
            "recipient; whether it means this one is undecided.",
        )
    if reason is Reason.RECIPIENT_UNKNOWN:
        return Text(
            f"Hồ sơ {name} nêu bên nhận, nhưng tên máy chủ, tổ chức hoặc nơi đặt của bên nhận "
            "trong các luồng này chưa đủ rõ để đối chiếu; chưa xác định được hồ sơ có bao gồm "
            "việc chuyển này hay không.",
            f"Dossier {name} names its recipients, but server name, organisation or place of the "
            "far side are not known well enough in these flows to compare; whether it covers them "
            "is undecided.",
        )
    return None


def _change_said(reason: Reason, dossier: Dossier, _counts_from: date) -> Text | None:
    name = dossier.id
    if reason is Reason.CEILING_UNDECIDED:
        return Text(
            f"Hồ sơ {name} khớp nhưng theo ước tính, khối lượng có thể vượt mức trần của hồ sơ; "
            "chưa xác định.",
            f"Dossier {name} matches, but by estimates the volume may be beyond its ceiling; this "
            "is undecided.",
        )
    if reason is Reason.BEYOND_CEILING:
        return Text(
            f"Hồ sơ {name} khớp nhưng khối lượng đã chuyển vượt mức trần của hồ sơ.",
            f"Dossier {name} matches, but what was transferred is beyond its ceiling.",
        )
    if reason is Reason.OTHER_COUNTRY:
        when = _UPDATED.get(dossier.regime, Text("", ""))
        return Text(
            f"Hồ sơ {name} có nêu bên nhận này, nhưng tại quốc gia khác với nơi thấy trong lưu "
            f"lượng: kiểm tra thay đổi và việc cập nhật hồ sơ{when.vi}.",
            f"Dossier {name} names this recipient, but in another country than the traffic shows: "
            f"check the change and the update that it asks for{when.en}.",
        )
    if reason is Reason.KEPT_LONGER and dossier.storage and dossier.storage.until:
        until = dossier.storage.until
        return Text(
            f"Theo hồ sơ {name}, bên nhận lưu trữ dữ liệu đến ngày {day(until)}; sau ngày đó dữ "
            "liệu vẫn được chuyển: kiểm tra việc kéo dài thời gian lưu trữ và cập nhật hồ sơ.",
            f"By dossier {name} the recipient keeps the data until {until}; data still left after "
            "that day: check whether storage was prolonged, and the update that it asks for.",
        )
    return None


def _paper_said(reason: Reason, dossier: Dossier, counts_from: date) -> Text | None:
    name, filed, result = dossier.id, dossier.filed, RESULTS[dossier.result]
    if reason is Reason.NOT_PASSED:
        return Text(
            f"Hồ sơ {name} khớp về hệ thống, nhóm dữ liệu, thời gian nhưng kết quả đánh giá là: "
            f"{result.vi}.",
            f"Dossier {name} matches system, category and time, but its assessment result is: "
            f"{result.en}.",
        )
    if reason is Reason.FILED_LATE:
        return Text(
            f"Hồ sơ {name} khớp về hệ thống, nhóm dữ liệu nhưng nộp ngày {day(filed)}, theo quy "
            f"ước của công cụ, chỉ tính từ ngày {day(counts_from)}; việc chuyển diễn ra "
            "trước ngày đó.",
            f"Dossier {name} matches system and category but was filed on {filed} and, by this "
            f"tool's convention, counts only from {counts_from}; the transfer took place "
            "before.",
        )
    return None


def _time_said(reason: Reason, dossier: Dossier, _counts_from: date) -> Text | None:
    name, valid = dossier.id, period(dossier)
    if reason is Reason.EXPIRED:
        return Text(
            f"Hồ sơ {name} có hiệu lực {valid.vi}, đã hết hạn; việc chuyển diễn ra ngoài thời gian "
            "đó, sau ngày hết hạn.",
            f"Dossier {name} is valid {valid.en} and expired; the transfer took place outside that "
            "time, after its end.",
        )
    if reason is Reason.NOT_YET_VALID:
        return Text(
            f"Hồ sơ {name} có hiệu lực {valid.vi}; việc chuyển diễn ra ngoài thời gian đó, trước "
            "ngày bắt đầu.",
            f"Dossier {name} is valid {valid.en}; the transfer took place outside that time, "
            "before its beginning.",
        )
    return None


def _scope_said(reason: Reason, dossier: Dossier, _counts_from: date) -> Text | None:
    name = dossier.id
    texts = {
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
    return texts.get(reason)

"""The words for what the law asks and what people decide: deadlines, dossiers, claims, lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.report.formats import number, visible

if TYPE_CHECKING:
    from auditor.model.finding import Standing

STANDING: Final[dict[Standing, Text]] = {
    "open": Text("Đang mở", "Open"),
    "acknowledged": Text("Đã ghi nhận", "Acknowledged"),
    "claimed-exempt": Text("Khai là được miễn", "Exemption claimed"),
    "covered": Text("Đã có hồ sơ", "Covered by a dossier"),
    "remediated": Text("Đã khắc phục", "Remediated"),
    "accepted-risk": Text("Chấp nhận rủi ro", "Risk accepted"),
}
"""What people say of a finding."""

PLAN: Final[dict[str, Text]] = {
    "people": Text("Rõ người", "Who"),
    "work": Text("Rõ việc", "What is done"),
    "time": Text("Rõ thời gian", "By when"),
    "responsibility": Text("Rõ trách nhiệm", "Who answers for it"),
    "product": Text("Rõ sản phẩm", "What comes of it"),
    "authority": Text("Rõ thẩm quyền", "Who decides"),
}
"""The six clear points of a remediation plan, by field."""

FIELD: Final[dict[str, Text]] = {
    "system": Text("Hệ thống", "System"),
    "category": Text("Nhóm dữ liệu", "Category of data"),
    "recipient": Text("Bên nhận", "Recipient"),
    "country": Text("Quốc gia", "Country"),
    "result": Text("Kết quả đánh giá", "Result"),
    "filed": Text("Ngày nộp", "Filed"),
    "time": Text("Thời hạn hiệu lực", "Validity"),
    "regime": Text("Quy định áp dụng", "Rules it was filed under"),
    "ceiling": Text("Số lượng tối đa", "Ceiling"),
    "storage": Text("Nơi và thời gian lưu trữ", "Storage"),
    "contract": Text("Hợp đồng", "Contract"),
    "purpose": Text("Mục đích", "Purpose"),
    "updates": Text("Cập nhật", "Updates"),
    "stop-order": Text("Yêu cầu ngừng chuyển", "Stop order"),
}
"""Fields of a dossier that are compared."""

FITS: Final[dict[bool | None, Text]] = {
    True: Text("khớp", "fits"),
    False: Text("không khớp", "does not fit"),
    None: Text("chưa biết", "not known"),
}
FITS_MARK: Final[dict[bool | None, str]] = {True: "✓", False: "✗", None: "?"}

SANCTIONS_ARE: Final = Text(
    "Đây là khung mà người có thẩm quyền thanh tra sẽ tra cứu, không phải dấu hiệu và không phải "
    "nhận định về bất kỳ ai. Câu chữ chắc đến đâu: xem ký hiệu nguồn.",
    "This is the range that an inspector would look up; it is not an indicator, and says nothing "
    "about anybody. How sure its text is: see the mark of its source.",
)


def field(code: str) -> Text:
    """The name of a field of a dossier; the code itself where it has no words here."""
    shown = visible(code, 60)
    return FIELD.get(code, Text(shown, shown))


def days_left(left: int) -> Text:
    """How far a day is away: ``còn 5 ngày``, ``hôm nay``, ``đã qua 3 ngày``."""
    if not left:
        return Text("hôm nay", "today")
    count = number(abs(left))
    word = "day" if abs(left) == 1 else "days"
    if left > 0:
        return Text(f"còn {count.vi} ngày", f"{count.en} {word} left")
    return Text(f"đã qua {count.vi} ngày", f"{count.en} {word} past")

"""What could be read of the content that left, as the report shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.model.run import ContentTotal, Totals

UNREAD: Final[dict[str, Text]] = {
    "encrypted": Text("mã hóa, không đọc được", "encrypted, not readable"),
    "logged": Text("chỉ biết qua nhật ký, không có nội dung", "told by logs only, no content"),
    "missing": Text("không có trong tệp thu (mất hoặc bị cắt)", "not in the capture (lost or cut)"),
    "unordered": Text("có nhưng không ghép được thứ tự", "captured, but could not be put in order"),
    "media": Text("ảnh, âm thanh, phim, chương trình", "pictures, sound, film, programs"),
    "locked": Text("tài liệu đặt mật khẩu", "documents with a password"),
    "bomb": Text("nén quá mức cho phép", "unpacks beyond all bounds"),
    "damaged": Text("hỏng, không tách được", "damaged, cannot be taken apart"),
    "too-large": Text("quá lớn để đọc trọn", "too large to be read whole"),
    "opaque": Text("không nhận ra, trông như dữ liệu ngẫu nhiên", "not recognised, looks random"),
    "unsupported": Text("loại chưa đọc được", "of a kind that is not read"),
}
"""Why content was not read."""

READ: Final = Text("đã đọc", "read")
RAW: Final = Text("tìm thô, không hiểu giao thức", "searched raw, protocol not understood")


def outbound(totals: Totals) -> ContentTotal | None:
    """What became of the content that left; null = content was not looked at."""
    return next((each for each in totals.content if each.outbound), None)


def content_parts(totals: Totals) -> list[tuple[str, Text, int]]:
    """Parts of what left, with the tone of each: read, raw, and the rest by why, most first."""
    total = outbound(totals)
    if total is None:
        return []
    rest = {**total.unread, "logged": total.logged}
    ranked = sorted(((why, size) for why, size in rest.items() if size), key=lambda one: -one[1])
    parts = [("tone-a", READ, total.read)]
    if total.raw:
        parts.append(("tone-c", RAW, total.raw))
    for number, (why, size) in enumerate(ranked):
        tone = "tone-b" if number == 0 else "tone-d" if number == 1 else "tone-e"
        parts.append((tone, UNREAD.get(why, Text(why, why)), size))
    return parts

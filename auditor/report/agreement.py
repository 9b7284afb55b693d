"""How two engines agree, as lines for a terminal: Vietnamese first, English after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.report.formats import number, share, visible

if TYPE_CHECKING:
    from auditor.model.agreement import Agreement, Difference

WORDS: Final = {
    "packets": Text("Số gói tin", "packets"),
    "bytes": Text("Số byte IP", "IP bytes"),
    "payload": Text("Byte tải dữ liệu", "payload bytes"),
    "initiator": Text("Bên khởi tạo", "initiator"),
    "host": Text("Tên máy chủ", "host name"),
    "tunnel": Text("Đường hầm", "tunnel"),
    "unseen": Text("Chiều không bắt được", "unseen side"),
    "start": Text("Bắt đầu", "start"),
    "end": Text("Kết thúc", "end"),
    "conversation": Text("Phiên trao đổi", "conversation"),
}
NOTHING: Final = "–"


def agreement_rows(agreement: Agreement) -> list[tuple[str, str, str]]:
    """What was compared, how many conversations agree in it, and the share of them."""
    total = agreement.conversations
    rows = [("Có ở cả hai / known to both", agreement.both, total)]
    rows.append(("Bằng nhau về gói và byte / equal packets and bytes", agreement.equal, total))
    for what, count in agreement.attributes.items():
        rows.append((f"{WORDS[what].vi} / {WORDS[what].en}", count, agreement.both))
    return [
        (title, f"{number(part).vi} / {number(whole).vi}", share(part, whole).vi)
        for title, part, whole in rows
    ]


def agreement_heads(agreement: Agreement) -> list[str]:
    """What was compared with what, and the result in one line each."""
    first, second = visible(agreement.first, 40), visible(agreement.second, 40)
    total, differing = number(agreement.conversations), number(len(agreement.differences))
    files = number(agreement.files)
    file_word = "file" if agreement.files == 1 else "files"
    total_word = "conversation" if agreement.conversations == 1 else "conversations"
    lines = [
        f"So sánh {first} với {second}: {files.vi} tệp, {total.vi} phiên trao đổi",
        f"{first} against {second}: {files.en} {file_word}, {total.en} {total_word}",
    ]
    if not agreement.differences:
        return [*lines, "Không có khác biệt / No difference"]
    return [*lines, f"{differing.vi} khác biệt / {differing.en} differences"]


def difference_lines(agreement: Agreement, limit: int) -> list[str]:
    """Each difference on a line of its own, at most ``limit``, and how many more there are."""
    shown = agreement.differences[:limit]
    lines = [_line(each, agreement) for each in shown]
    rest = len(agreement.differences) - len(shown)
    if rest:
        more = number(rest)
        lines.append(f"  … và {more.vi} khác biệt nữa / {more.en} more differences (--limit)")
    return lines


def agreement_lines(agreement: Agreement, limit: int) -> list[str]:
    """All of it as plain text."""
    rows = agreement_rows(agreement)
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    table = [
        f"  {title:<{widths[0]}}  {count:>{widths[1]}}  {part:>{widths[2]}}"
        for title, count, part in rows
    ]
    return [*agreement_heads(agreement), "", *table, "", *difference_lines(agreement, limit)]


def _line(each: Difference, agreement: Agreement) -> str:
    word = WORDS[each.what]
    first = NOTHING if each.first is None else visible(each.first, 120)
    second = NOTHING if each.second is None else visible(each.second, 120)
    return (
        f"  {visible(each.source, 120)}: {visible(each.conversation, 160)}: {word.vi} / {word.en}:"
        f" {agreement.first} {first}, {agreement.second} {second}"
    )

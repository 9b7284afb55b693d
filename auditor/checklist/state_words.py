"""Why an item stands where it stands, in one sentence for each state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.model.checklist import State

REASONS: Final[Mapping[State, Text]] = {
    "not_checked": Text(
        "Chưa có bằng chứng, chưa trả lời, chưa kiểm tra.",
        "No evidence, no answer, no check yet.",
    ),
    "pass": Text("Mọi phép kiểm tra tự động đều đạt.", "Every automatic check holds."),
    "fail": Text(
        "Kiểm tra hoặc chính cơ quan cho thấy chưa đạt.",
        "A check, or the agency itself, shows that it does not hold.",
    ),
    "partial": Text("Chỉ đạt một phần.", "It holds in part."),
    "no_contrary_evidence": Text(
        "Chưa thấy điều gì trái với yêu cầu; như vậy chưa phải là đạt.",
        "Nothing against it was seen; that is not a pass.",
    ),
    "manual_pending": Text(
        "Bằng chứng đã được đọc; cần người có trách nhiệm xác nhận.",
        "The evidence was read; a responsible person must attest.",
    ),
    "attested_pass": Text(
        "Người có trách nhiệm đã xác nhận đạt; không có gì trái với xác nhận đó.",
        "A responsible person attests it; nothing speaks against it.",
    ),
    "attested_fail": Text(
        "Người có trách nhiệm xác nhận chưa đạt.",
        "A responsible person attests that it does not hold.",
    ),
    "not_applicable": Text("Không áp dụng cho hệ thống này.", "It does not concern this system."),
    "unknown": Text(
        "Chưa kiểm tra được: thiếu bằng chứng hoặc phạm vi quan sát chưa đủ.",
        "It cannot be told: evidence is missing, or too little was seen.",
    ),
    "error": Text("Phép kiểm tra bị lỗi; không kết luận.", "A probe broke down; nothing is said."),
    "waived": Text(
        "Chưa đạt; được tạm chấp nhận có thời hạn.", "It does not hold; accepted for a time."
    ),
    "stale": Text("Bằng chứng đã quá hạn.", "The evidence is too old."),
}

TO_CONFIRM: Final = Text(
    "Khai là không áp dụng; cần người có trách nhiệm xác nhận điều đó (auditor checklist attest).",
    "Declared not to apply; a responsible person must attest that (auditor checklist attest).",
)
"""Of a gate that the agency says does not concern it: nobody has stood up for that yet."""

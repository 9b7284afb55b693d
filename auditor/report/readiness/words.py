"""The words of the checklist's papers: states, verdicts, marks and roles in both languages."""

# ruff: noqa: E501 - tables of texts

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.model.catalogue import Mark
    from auditor.model.checklist import Condition, Gate, Mode, State
    from auditor.model.readiness import Answer, Verdict

VERDICT: Final[dict[Verdict, Text]] = {
    "ready": Text("Đủ điều kiện", "Ready"),
    "conditionally-ready": Text("Đủ có điều kiện", "Conditionally ready"),
    "not-ready": Text("Chưa đủ điều kiện", "Not ready"),
}

VERDICT_MARK: Final[dict[Verdict, str]] = {
    "ready": "✓", "conditionally-ready": "◐", "not-ready": "✗",
}  # fmt: skip

STATE: Final[dict[State, Text]] = {
    "fail": Text("Không đạt", "Fail"),
    "attested_fail": Text("Xác nhận không đạt", "Attested: fail"),
    "partial": Text("Một phần", "Partial"),
    "stale": Text("Quá hạn bằng chứng", "Evidence out of date"),
    "unknown": Text("Chưa kiểm tra được", "Could not be checked"),
    "error": Text("Lỗi khi kiểm tra", "Check broke down"),
    "waived": Text("Tạm chấp nhận có thời hạn", "Accepted for a time"),
    "manual_pending": Text("Chờ xác nhận", "Awaiting attestation"),
    "no_contrary_evidence": Text("Chưa phát hiện sai khác", "No contrary evidence"),
    "not_checked": Text("Chưa kiểm tra", "Not checked"),
    "attested_pass": Text("Đã xác nhận", "Attested: pass"),
    "pass": Text("Đạt", "Pass"),
    "not_applicable": Text("Không áp dụng", "Not applicable"),
}
"""In the order in which they want attention."""

STATE_MARK: Final[dict[State, str]] = {
    "fail": "✗", "attested_fail": "✗", "partial": "◐", "stale": "↻", "unknown": "?", "error": "!",
    "waived": "△", "manual_pending": "…", "no_contrary_evidence": "○", "not_checked": "□",
    "attested_pass": "✓", "pass": "✓", "not_applicable": "–",
}  # fmt: skip
"""The state once more without colour: it must survive a black-and-white printer."""

Tone = Literal["against", "doubtful", "waiting", "met", "aside"]

TONE: Final[dict[State, Tone]] = {
    "fail": "against", "attested_fail": "against", "partial": "doubtful", "stale": "doubtful",
    "unknown": "doubtful", "error": "doubtful", "waived": "doubtful", "manual_pending": "waiting",
    "no_contrary_evidence": "waiting", "not_checked": "waiting", "attested_pass": "met",
    "pass": "met", "not_applicable": "aside",
}  # fmt: skip

SETTLED: Final[frozenset[State]] = frozenset(("pass", "attested_pass", "not_applicable"))
"""States that leave nothing to do; every other one belongs into the table of gaps."""

STATE_MEANING: Final[dict[State, Text]] = {
    "fail": Text(
        "Có bằng chứng cho thấy yêu cầu chưa được đáp ứng.",
        "There is evidence that the requirement is not met.",
    ),
    "attested_fail": Text(
        "Người đứng tên xác nhận yêu cầu chưa được đáp ứng.",
        "A named person attests that the requirement is not met.",
    ),
    "partial": Text(
        "Mới đáp ứng một phần; phần còn lại phải có biện pháp.",
        "Met in part; the rest needs a measure.",
    ),
    "stale": Text(
        "Bằng chứng hoặc xác nhận đã quá hạn nên không còn được tính.",
        "The evidence or attestation is too old and no longer counts.",
    ),
    "unknown": Text(
        "Thiếu bằng chứng hoặc phạm vi quan sát quá nhỏ nên không kết luận được.",
        "Evidence is missing, or too little was seen, to say anything.",
    ),
    "error": Text(
        "Công cụ gặp lỗi khi kiểm tra mục này; đó không phải kết quả.",
        "The tool broke down on this item; that is no result.",
    ),
    "waived": Text(
        "Thiếu sót được người có thẩm quyền tạm chấp nhận đến một ngày xác định; vẫn là thiếu sót.",
        "The lack is accepted by an authority until a stated day; it stays a lack.",
    ),
    "manual_pending": Text(
        "Đã có bằng chứng; người có trách nhiệm chưa xác nhận.",
        "Evidence is there; the person responsible has not attested yet.",
    ),
    "no_contrary_evidence": Text(
        "Chưa thấy điều gì trái với yêu cầu trong phạm vi đã quan sát; như vậy chưa phải là đạt.",
        "Nothing against it was seen within what was observed; that is not a pass.",
    ),
    "not_checked": Text(
        "Chưa ai trả lời, chưa có gì để kiểm tra.",
        "Nobody answered yet, and there was nothing to check.",
    ),
    "attested_pass": Text(
        "Có bằng chứng và người đứng tên, có chức vụ, xác nhận yêu cầu được đáp ứng.",
        "Evidence is there, and a named person attests that the requirement is met.",
    ),
    "pass": Text(
        "Công cụ kiểm tra được từ bằng chứng và thấy yêu cầu được đáp ứng.",
        "The tool could check it from evidence and found the requirement met.",
    ),
    "not_applicable": Text(
        "Yêu cầu không áp dụng cho hệ thống này; lý do ghi ở mục.",
        "The requirement does not concern this system; the item says why.",
    ),
}

ANSWER: Final[dict[Answer, Text]] = {
    "pass": Text("đạt", "holds"),
    "fail": Text("không đạt", "does not hold"),
    "partial": Text("một phần", "holds in part"),
    "clear": Text("chưa thấy sai khác", "nothing against it seen"),
    "pending": Text("chờ xác nhận", "awaiting a person"),
    "unknown": Text("không kết luận được", "cannot be told"),
    "error": Text("lỗi khi kiểm tra", "check broke down"),
}

ANSWER_MARK: Final[dict[Answer, str]] = {
    "pass": "✓", "fail": "✗", "partial": "◐", "clear": "○", "pending": "…", "unknown": "?",
    "error": "!",
}  # fmt: skip

SAID: Final[dict[str, Text]] = {
    "nothing": Text("chưa trả lời", "not answered"),
    "yes": Text("có", "yes"),
    "partly": Text("một phần", "partly"),
    "no": Text("không", "no"),
    "not-applicable": Text("không áp dụng", "not applicable"),
}

GATE: Final[dict[Gate, Text]] = {
    "hard": Text("Điều kiện chặn", "Gate"),
    "soft": Text("Điều kiện chặn mềm", "Soft gate"),
    "none": Text("", ""),
}

GATE_MEANING: Final[dict[Gate, Text]] = {
    "hard": Text(
        "Chưa đạt mục này thì không kết nối; căn cứ đã được đọc trong chính văn bản (bản lưu).",
        "Without it no connection; its basis was read in its own text (a stored copy).",
    ),
    "soft": Text(
        "Như trên, nhưng căn cứ chưa được đọc trong văn bản gốc; cơ quan có thể tắt, có lý do.",
        "The same, but its basis was not read in its own text; an agency may turn it off, with a "
        "reason.",
    ),
}

MODE: Final[dict[Mode, Text]] = {
    "A": Text("máy kiểm tra được cả hai chiều", "a program can tell both ways"),
    "F": Text("máy chỉ có thể chứng minh không đạt", "a program can only prove failure"),
    "P": Text("máy đọc bằng chứng, người xác nhận", "a program reads, a person confirms"),
    "H": Text("chỉ người xác nhận được", "a person alone can tell"),
}

MARK: Final[dict[Mark, Text]] = {
    "C": Text(
        "đã đọc trong chính văn bản (bản lưu, chưa đối chiếu Công báo)",
        "read in its own text (a stored copy, not compared with the gazette)",
    ),
    "S": Text("chỉ thấy qua nguồn thứ cấp", "seen in a secondary source only"),
    "T": Text(
        "văn bản do bên khác trích lại, chưa thấy bản gốc",
        "quoted by others, the original was not seen",
    ),
    "M": Text(
        "mặc định kỹ thuật của công cụ hoặc chưa kiểm chứng; không viện dẫn như quy định",
        "default of this tool or not verified; not to be cited as law",
    ),
}  # fmt: skip

BINDS: Final[dict[str, Text]] = {
    "everybody": Text("", ""),
    "party": Text(
        "áp dụng cho cơ quan Đảng và nơi chia sẻ dữ liệu với cơ quan Đảng; nơi khác tham khảo",
        "for Party bodies and those who share data with them; a model for others",
    ),
    "national-security": Text(
        "áp dụng cho hệ thống thông tin quan trọng về an ninh quốc gia",
        "for systems important to national security",
    ),
    "derived": Text(
        "suy ra từ quy định, không nêu trực tiếp", "derived, not said in so many words"
    ),
}

CONDITION: Final[dict[Condition, Text]] = {
    "personal-data": Text("có dữ liệu cá nhân", "holds personal data"),
    "state-secrets": Text("có bí mật nhà nước", "holds state secrets"),
    "national-security": Text(
        "quan trọng về an ninh quốc gia", "important to national security"
    ),
    "hosted": Text("thuê hạ tầng, dịch vụ bên ngoài", "hosted by others"),
}  # fmt: skip

EVIDENCE_STATE: Final[dict[str, Text]] = {
    "present": Text("có, mã băm khớp", "present, hash matches"),
    "changed": Text("đã thay đổi sau khi đăng ký", "changed since it was registered"),
    "missing": Text("không còn trong thư mục", "no longer in the folder"),
    "stale": Text("quá hạn sử dụng", "too old to rely on"),
    "metadata-only": Text(
        "chỉ đăng ký thông tin, không sao chép tài liệu", "registered only, the document is not copied"
    ),
}  # fmt: skip

SIGNATURE_STATE: Final[dict[str, Text]] = {
    "valid": Text("hợp lệ: nội dung đã ký không thay đổi", "valid: what was signed is unchanged"),
    "changed": Text("nội dung đã thay đổi sau khi ký", "something changed since it was signed"),
    "invalid": Text("chữ ký không khớp", "the signature does not fit"),
}

SIGNATURE_MARK: Final[dict[str, str]] = {"valid": "✓", "changed": "△", "invalid": "✗"}

KEY_NOT_NAMED: Final = Text(
    "khoá chưa được nêu trong assessment.yaml, đối chiếu với bản giấy:",
    "assessment.yaml does not name this key, compare it with a paper:",
)

ROLE: Final[dict[str, Text]] = {
    "owner": Text("chủ quản", "owner"),
    "operator": Text("đơn vị vận hành", "operator"),
    "security-unit": Text("đơn vị chuyên trách an ninh mạng", "cybersecurity unit"),
    "assessor": Text("đơn vị đánh giá", "assessor"),
    "data-owner": Text("chủ sở hữu dữ liệu", "data owner"),
    "secrecy-officer": Text("người phụ trách bảo vệ bí mật nhà nước", "secrecy officer"),
    "custodian": Text("người giữ khoá mật mã", "key custodian"),
    "leader": Text("lãnh đạo", "leader"),
    "inspector": Text("cơ quan kiểm tra", "inspector"),
    "staff": Text("cán bộ", "staff"),
}

MEASURE: Final[dict[str, Text]] = {
    "who": Text("Rõ người", "Who"),
    "what": Text("Rõ việc", "What"),
    "due": Text("Rõ thời gian", "By when"),
    "responsible": Text("Rõ trách nhiệm", "Who answers for it"),
    "product": Text("Rõ sản phẩm", "What comes out"),
    "authority": Text("Rõ thẩm quyền", "Who decides"),
}
"""The six clear points of a measure, in the order in which they are asked."""

NOT_CLEAR: Final = Text("chưa rõ", "not clear yet")

WORKING_TOOL: Final = Text(
    "Tài liệu do công cụ kiểm tra lập từ hồ sơ của cơ quan; là công cụ làm việc, không phải biểu mẫu "
    "chính thức và không thay cho kết luận của cơ quan có thẩm quyền.",
    "Made by a checking tool from the agency's own files; a working tool, not an official form, and "
    "no substitute for the decision of the competent authority.",
)


def role(name: str) -> Text:
    """What a role is called; a role of other words stays as it was written."""
    return ROLE.get(name, Text(name, name))

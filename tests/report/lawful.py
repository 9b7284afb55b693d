"""What the law and people add to findings: deadlines, dossiers, claims, sanctions, lives."""

# ruff: noqa: E501 - tables of texts

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from auditor.model.finding import (
    Claim,
    Comparison,
    Counted,
    Deadline,
    LegalBasis,
    Plan,
    Running,
    Sanction,
    Step,
)
from auditor.model.text import Text

FILING = LegalBasis(
    "Luật 91/2025/QH15", "khoản 2 Điều 20",
    Text("Gửi 01 bản chính trong 60 ngày kể từ ngày đầu tiên chuyển.", "One original within 60 days from the first day of transfer."),
    "C", "https://datafiles.chinhphu.vn/cpp/files/vbpq/2025/7/91qh.signed.pdf",
)  # fmt: skip
REPORTING = LegalBasis(
    "Nghị định 165/2025/NĐ-CP", "khoản 12 Điều 12",
    Text("Trường hợp được miễn vẫn gửi báo cáo đánh giá sau 15 ngày kể từ ngày tiến hành.", "Exempt cases still send the assessment 15 days after the start."),
    "C",
)  # fmt: skip
GROUND = LegalBasis(
    "Nghị định 165/2025/NĐ-CP", "điểm c khoản 11 Điều 12",
    Text("Thực sự cần thiết để giao kết, thực hiện hợp đồng.", "Truly necessary to conclude or perform a contract."),
    "C",
)  # fmt: skip
RANGE = LegalBasis(
    "Nghị định 363/2026/NĐ-CP", "điểm b khoản 3 Điều 19",
    Text("Chuyển dữ liệu cốt lõi khi chưa có chấp thuận.", "Transfer of core data without approval."),
    "M",
)  # fmt: skip

FILE = Deadline(
    date(2026, 9, 12), date(2026, 7, 14), False, "file",
    Text("Gửi hồ sơ đánh giá tác động chuyển dữ liệu cá nhân xuyên biên giới.", "Send the transfer impact assessment."), FILING,
)  # fmt: skip
REPORT = Deadline(
    date(2026, 7, 1), date(2026, 6, 16), True, "report-exempt",
    Text("Gửi báo cáo đánh giá của trường hợp được miễn.", "Send the assessment of the exempt case."), REPORTING,
)  # fmt: skip
CLAIM = Claim(
    id="MT-2026-003", ground=Text("Thực hiện hợp đồng", "Performance of a contract"), basis=GROUND,
    reason="Đặt phòng cho đoàn công tác theo hợp đồng 12/HĐ.", recorded_by="Trần Bình",
    recorded=date(2026, 6, 20), reviewed_by="Lê Chi", reviewed=date(2026, 6, 22), reported=None,
)  # fmt: skip
COMPARED = (
    Comparison("recipient", Text("Amazon Web Services", "Amazon Web Services"), Text("Amazon Technologies Inc.", "Amazon Technologies Inc."), True),
    Comparison("country", Text("SG", "SG"), Text("SG, US", "SG, US"), False),
    Comparison("ceiling", Text("10.000 người", "10,000 persons"), Text("", ""), None),
)  # fmt: skip
SANCTION = Sanction(
    Text("Chuyển dữ liệu cốt lõi khi chưa có chấp thuận", "Transferring core data without approval"),
    Text("theo điểm b khoản 3 Điều 19; mức chưa kiểm chứng", "as in Art. 19(3)(b); amount not verified"), RANGE,
)  # fmt: skip
PLAN = Plan(
    "Tổ CNTT, Sở TN&MT", "Chuyển bản sao về trung tâm dữ liệu của tỉnh", "trước 30/09/2026",
    "Trưởng phòng CNTT", "Biên bản nghiệm thu", "Giám đốc Sở",
)  # fmt: skip
SEEN = Step(
    "acknowledged", datetime(2026, 7, 2, 3, tzinfo=UTC), "Nguyễn An", "security-unit",
    "Đã trao đổi với đơn vị vận hành.", None, PLAN,
)  # fmt: skip
REPAIRED = Step(
    "remediated", datetime(2026, 7, 10, 3, tzinfo=UTC), "Nguyễn An", "security-unit",
    "Đã tắt đồng bộ ra ngoài.",
)  # fmt: skip
TITLE = Text(
    "Luật Bảo vệ dữ liệu cá nhân: hồ sơ trong 60 ngày", "Personal data law: dossier within 60 days"
)


def lawful(finding: Any) -> tuple[Any, ...]:
    """One finding of each kind; ``finding`` is the maker of ``conftest``."""
    evidence = finding(3).evidence
    total = Running(
        "Sở Tài nguyên và Môi trường tỉnh Ví Dụ", date(2025, 7, 1), date(2026, 7, 15), 1_000_000, "S", 1_204_000,
        False, 3_500_000, (Counted("dat-dai", 90, 5_000),), (Counted("Amazon Technologies Inc.", 90, 5_000),), False, date(2026, 1, 1),
    )  # fmt: skip
    nothing = dict.fromkeys(
        ("home", "peers", "hosts", "countries", "apps", "flow_ids", "lines"), ()
    )
    added_up = {
        **{name: getattr(evidence, name) for name in evidence.__slots__}, **nothing,
        "packets": None, "inbound_bytes": 0, "encrypted_flows": 0, "subjects": 1_204_000,
        "subjects_basis": "counted", "running": total,
    }  # fmt: skip
    return (
        finding(0, compared=COMPARED, dossier="HS-2026-014", dossier_note=Text("Hồ sơ không nêu Hoa Kỳ.", "The dossier does not name the United States."), sanctions=(SANCTION,), life=(REPAIRED, SEEN)),
        finding(3, regime="pdpl", regime_title=TITLE, deadlines=(FILE,), sanctions=(SANCTION,)),
        finding(2, state="exempt", claim=CLAIM, deadlines=(REPORT,)),
        finding(9, rule="threshold-core-citizens", title=Text("Tổng cộng dồn vượt ngưỡng dữ liệu cốt lõi", "The running total crossed the threshold of core data"), system=None, system_name=None, recipient="*", category="I.26a", countries=(), evidence=type(evidence)(**added_up)),
    )  # fmt: skip

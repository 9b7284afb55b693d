"""A rich assessment: every state, a contradiction, waivers, old evidence, changed signatures."""

# ruff: noqa: E501 - tables of texts

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from auditor.model.problem import Problem
from auditor.model.readiness import (
    Attestation,
    Basis,
    Coverage,
    EvidenceRow,
    GroupResult,
    ItemResult,
    Measure,
    Outcome,
    Readiness,
    Reference,
    SignatureRow,
    Subject,
    Waiver,
)
from auditor.model.text import Text

AT = datetime(2026, 11, 21, 9, 30, tzinfo=timezone(timedelta(hours=7)))

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% raw %}",
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "a\x00b\x07c\x1b[31m",
    "\u202egpj.exe",
    "]]></w:t><w:p>",
    "_x000D_ _x0041_",
    "\ud800 lone",
    "\ufffe\uffff",
    "&amp; &lt;b&gt;",
)


def both(vi: str, en: str) -> Text:
    return Text(vi, en)


def digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()


ND331 = Basis("ND331", "Điều 29 khoản 2", "C")
ND331_10 = Basis("ND331", "Điều 10 khoản 2 điểm c", "C")
CV4856 = Basis("CV4856", "mục 2", "T", note="Chỉ thấy qua bên thứ ba trích lại.")
TCVN = Basis("TCVN14423", "8.2.1", "S")
DEFAULT = Basis("DEFAULT", "", "M", binds="derived")
QD384 = Basis("QD384", "Điều 6", "S", binds="party")

COVERAGE = Coverage(
    window=(datetime(2026, 11, 10, 1, 0, tzinfo=UTC), datetime(2026, 11, 17, 1, 0, tzinfo=UTC)),
    vantage=("edge-span (ngoài NAT)", "core-mirror"),
    lost=1204,
    seen=41,
    declared=44,
    not_covered=(
        both("lưu lượng IPv6 nội bộ", "internal IPv6 traffic"),
        both("nội dung đã mã hóa", "encrypted content"),
    ),
)


def item(name: str, title: str, state: str, **changes: Any) -> ItemResult:
    given: dict[str, Any] = {
        "id": name,
        "group": name[:-3],
        "title": both(title, f"{title} (en)"),
        "question": both(f"{title}: đã thực hiện và có bằng chứng chưa?", f"{title}: done, with evidence?"),
        "mode": "P",
        "gate": "none",
        "part": 4,
        "basis": (ND331,),
        "state": state,
        "why": both("Lý do của trạng thái này.", "Why it stands there."),
        "said": "yes",
        "explanation": "",
        "answered_by": "",
        "answered_at": None,
        "outcomes": (),
        "evidence": (),
        "missing": (),
        "attestations": (),
        "waiver": None,
        "measure": None,
        "contradicted": None,
        "voided": None,
        "way_out": None if state in ("pass", "attested_pass", "not_applicable") else both("Bổ sung bằng chứng còn thiếu.", "Supply the missing evidence."),
        "hint": both("Xem hướng dẫn.", "See the guide."),
        "attests": both("Tôi xác nhận yêu cầu được đáp ứng.", "I attest that it holds."),
        "text_sha256": digest(name),
    }  # fmt: skip
    return ItemResult(**(given | changes))


def attestation(**changes: Any) -> Attestation:
    given: dict[str, Any] = {
        "holds": True,
        "person": "Nguyễn Văn An",
        "role": "owner",
        "unit": "Cục Công nghệ thông tin",
        "statement": "Quyết định còn hiệu lực, phạm vi đúng với hệ thống kết nối.",
        "at": AT - timedelta(days=3),
        "valid_until": "2027-11-18",
        "signature": "ab" * 64,
        "key": "SHA256:" + "k" * 43,
    }
    return Attestation(**(given | changes))


MEASURE = Measure(
    who="Phòng An ninh mạng",
    what="Cấu hình chặn mặc định giữa vùng máy chủ và vùng người dùng",
    due="2026-12-15",
    responsible="Trưởng phòng An ninh mạng",
    product="Biên bản nghiệm thu, tệp cấu hình tường lửa",
    authority="Cục trưởng Cục Công nghệ thông tin",
)

ITEMS = (
    item("ORG-01", "Văn bản xác định chủ quản, đơn vị vận hành", "attested_pass", part=1, gate="hard",
         basis=(ND331, QD384), evidence=("ev-0001",), attestations=(attestation(),),
         explanation="Quyết định 112/QĐ-BXD giao Cục CNTT là chủ quản.", answered_by="Nguyễn Văn An", answered_at=AT),
    item("ORG-02", "Hợp đồng thuê vận hành", "not_applicable", part=1, said="not-applicable",
         explanation="Đơn vị tự vận hành, không thuê ngoài."),
    item("ORG-03", "Đơn vị chuyên trách an ninh mạng", "manual_pending", part=1, evidence=("ev-0002",),
         outcomes=(Outcome("dates", "pending", both("Quyết định ngày 02/03/2025, còn hiệu lực.", "Decision of 2025-03-02, in force."), "Nghị định 331/2026, Điều 29 [C]", both("Người phụ trách xác nhận.", "The person in charge attests.")),)),
    item("DOS-03", "Quyết định phê duyệt cấp độ", "fail", part=2, gate="hard", mode="P", said="nothing",
         why=both("Chưa có quyết định phê duyệt cấp độ.", "There is no decision on the level."),
         missing=(both("Quyết định phê duyệt cấp độ", "Decision approving the level"),),
         way_out=both("Trình phê duyệt hồ sơ đề xuất cấp độ, đính kèm quyết định.", "Have the level dossier approved and attach the decision.")),
    item("DOS-06", "Đánh giá rủi ro của việc kết nối", "stale", part=3, gate="hard", basis=(ND331_10,), evidence=("ev-0003",),
         outcomes=(Outcome("age", "unknown", both("Báo cáo ngày 10/01/2025, quá 365 ngày.", "Report of 2025-01-10, older than 365 days."), "365 ngày (mặc định của công cụ) [M]", both("Lập báo cáo mới.", "Make a new report.")),)),
    item("DOS-09", "Thỏa thuận kết nối với Trung tâm dữ liệu quốc gia", "not_checked", part=2, said="nothing", basis=(CV4856,), gate="soft"),
    item("NET-02", "Sơ đồ mạng khớp với lưu lượng thực tế", "fail", part=4, mode="F", gate="soft", basis=(ND331, TCVN),
         said="yes", explanation="Sơ đồ logic cập nhật tháng 10/2026, không có luồng ngoài khai báo.", answered_by="Trần Thị Bình", answered_at=AT - timedelta(days=2),
         evidence=("ev-0004",),
         contradicted=both("Cơ quan khai không có luồng ngoài khai báo, nhưng thấy 3 luồng từ vùng máy chủ ra Internet.", "The agency says there is no undeclared way, but 3 flows went from the servers to the internet."),
         outcomes=(Outcome("undeclared-edges", "fail", both("Thấy 3 luồng không có trong khai báo, từ 2 máy.", "3 flows outside of what was declared, from 2 hosts."), "network.yaml của cơ quan", both("Khai báo hoặc chặn các luồng này.", "Declare or block these flows."),
                           (Reference("edge-span.pcapng", "flow 812", "10.20.4.15 → 104.18.32.7:443/tcp"), Reference("edge-span.pcapng", "flow 977", "10.20.4.15 → 104.18.33.7:443/tcp"), Reference("conn.log", "line 14", "10.20.4.22 → 8.8.8.8:53/udp")), 17, COVERAGE),),
         measure=MEASURE),
    item("NET-05", "Điểm kết nối riêng tới Trung tâm", "attested_fail", part=2, attestations=(attestation(holds=False, signature="", key="", statement="Đang dùng chung cổng Internet, chưa có điểm kết nối riêng."),),
         contradicted=None, measure=Measure("Phòng Hạ tầng", "Thuê kênh TSLCD", "", "", "", "")),
    item("BND-01", "Tường lửa mặc định chặn", "pass", part=4, mode="A", evidence=("ev-0005",), basis=(TCVN, DEFAULT),
         outcomes=(Outcome("default-deny", "pass", both("Quy tắc cuối cùng của 4 chính sách là chặn.", "The last rule of 4 policies denies."), "TCVN 14423:2026, 8.2.1 [S]", None, (Reference("ev-0005", "rule 12", "deny all"),)),)),
    item("BND-03", "Không có dịch vụ quản trị mở ra Internet", "no_contrary_evidence", part=4, mode="F",
         outcomes=(Outcome("admin-ports", "clear", both("Không thấy kết nối nào tới cổng quản trị từ bên ngoài trong 7 ngày.", "No connection to an administration port from outside in 7 days."), "", both("Xác nhận bằng văn bản.", "Attest it in writing."), (), 0, COVERAGE),)),
    item("ACC-01", "Tài khoản không dùng được khóa", "partial", part=4, mode="A", evidence=("ev-0006",), said="partly",
         explanation="Đã khóa 118/121 tài khoản.",
         outcomes=(Outcome("stale-accounts", "partial", both("3 trong 121 tài khoản không đăng nhập quá 90 ngày vẫn mở.", "3 of 121 accounts unused for 90 days are still open."), "90 ngày (mặc định của công cụ) [M]", both("Khóa 3 tài khoản.", "Disable 3 accounts."), (Reference("ev-0006", "line 14", "a***n"),), 2),)),
    item("ACC-03", "Xác thực đa yếu tố cho quản trị viên", "waived", part=4,
         waiver=Waiver("Lê Quốc Cường", "leader", "Thiết bị xác thực về trong quý I/2027.", AT - timedelta(days=20), "2027-03-31"), measure=MEASURE),
    item("ACC-04", "Rà soát quyền truy cập hằng quý", "fail", part=4,
         waiver=Waiver("Lê Quốc Cường", "leader", "Chờ phần mềm.", AT - timedelta(days=200), "2026-06-30", both("Đã hết hạn ngày 30/06/2026.", "It ran out on 2026-06-30."))),
    item("CRY-02", "TLS của điểm trao đổi", "unknown", part=4, mode="A", missing=(both("Kết quả quét TLS", "TLS scan"),)),
    item("LOG-01", "Lưu nhật ký đủ thời hạn", "error", part=6, mode="A",
         outcomes=(Outcome("log-retention", "error", both("Phép kiểm tra gặp lỗi: tệp có 0 dòng.", "The probe broke down: the file has 0 lines.")),)),
    item("MAL-01", "Phần mềm phòng chống mã độc", "attested_pass", part=6, attestations=(attestation(person="Phạm Thị Dung", role="security-unit"),)),
    item("VUL-03", "Kiểm thử xâm nhập trước khi kết nối", "manual_pending", part=5, voided=both("Câu hỏi đã đổi nội dung; câu trả lời cũ không còn được tính.", "The wording changed; the earlier answer no longer counts."),
         attestations=(attestation(voided=both("Bằng chứng đã thay đổi sau khi xác nhận.", "The evidence changed after it was attested.")),)),
    item("BCK-01", "Khôi phục thử trong 12 tháng", "pass", part=7, mode="A", evidence=("ev-0007",)),
    item("INC-02", "Phương án ngắt kết nối khẩn cấp", "not_checked", part=7, said="nothing"),
    item("DAT-01", "Danh mục dữ liệu kết nối", "partial", part=8, said="partly"),
    item("PDP-01", "Hồ sơ đánh giá tác động xử lý dữ liệu cá nhân", "attested_pass", part=8, evidence=("ev-0008",), attestations=(attestation(role="data-owner"),)),
    item("SUP-01", "Danh mục nhà cung cấp", "pass", part=4),
    item("API-01", "Đặc tả API đã thống nhất", "not_checked", part=9, said="nothing"),
    item("DQ-01", "Tỷ lệ bản ghi trùng định danh", "fail", part=9, mode="A",
         outcomes=(Outcome("duplicates", "fail", both("212 trong 50.000 bản ghi trùng định danh.", "212 of 50,000 records share an identifier."), "0 (mặc định của công cụ) [M]", both("Làm sạch trước khi đồng bộ.", "Clean before the sync."), (Reference("ev-0009", "line 2", "cột so_dinh_danh"),), 211),)),
    item("PST-01", "Theo dõi kênh sau đồng bộ", "not_applicable", part=10, said="not-applicable", explanation="Chưa đồng bộ lần nào."),
)  # fmt: skip


def row(name: str, kind: str, vi: str, **changes: Any) -> EvidenceRow:
    given: dict[str, Any] = {
        "id": name, "kind": kind, "kind_title": both(vi, f"{vi} (en)"), "form": "document", "file": f"evidence/{name}.pdf",
        "sha256": digest(name), "size": 182_331, "items": (), "number": "112/QĐ-BXD", "dated": "2026-03-05",
        "signer": "Lê Quốc Cường", "registered": "2026-11-01", "by": "Trần Thị Bình",
    }  # fmt: skip
    return EvidenceRow(**(given | changes))


EVIDENCE = (
    row("ev-0001", "owner-decision", "Quyết định xác định chủ quản, đơn vị vận hành", signature=both("Chữ ký số hợp lệ, người ký: Cục CNTT", "Digital signature valid, by: Cục CNTT")),
    row("ev-0002", "security-unit-decision", "Quyết định giao nhiệm vụ chuyên trách", number="07/QĐ-CNTT", dated="2025-03-02"),
    row("ev-0003", "risk-report", "Báo cáo đánh giá rủi ro", number="", dated="2025-01-10", state="stale"),
    row("ev-0004", "diagram", "Sơ đồ mạng", number="", dated="", signer="", state="changed"),
    row("ev-0005", "firewall", "Cấu hình tường lửa", form="configuration", file="evidence/fw.conf", number="", dated="", signer="", collected="2026-11-12"),
    row("ev-0006", "accounts", "Danh sách tài khoản", form="register", file="evidence/accounts.csv", number="", dated="", signer="", collected="2026-11-12"),
    row("ev-0007", "restore-test", "Biên bản khôi phục thử", state="missing"),
    row("ev-0008", "impact-assessment", "Hồ sơ đánh giá tác động", file="", sha256="", size=None, state="metadata-only"),
    row("ev-0009", "sample", "Mẫu dữ liệu", form="sample", file="evidence/mau.csv", number="", dated="", signer="", collected="2026-11-12"),
)  # fmt: skip

GROUPS = {
    "ORG": "Tổ chức, nhân sự", "DOS": "Hồ sơ cấp độ, phương án, thủ tục kết nối", "NET": "Kiến trúc mạng, phân vùng",
    "BND": "Bảo vệ biên", "ACC": "Tài khoản, truy cập", "CRY": "Mật mã, TLS", "LOG": "Nhật ký, giám sát",
    "MAL": "Mã độc, phát hiện tại máy (EDR)", "VUL": "Lỗ hổng, cấu hình, kiểm thử", "BCK": "Sao lưu, khôi phục",
    "INC": "Ứng phó sự cố", "DAT": "An ninh, phân loại dữ liệu", "PDP": "Dữ liệu cá nhân", "SUP": "Chuỗi cung ứng",
    "API": "Sẵn sàng trao đổi dữ liệu", "DQ": "Chất lượng dữ liệu", "PST": "Giám sát sau đồng bộ",
}  # fmt: skip


def groups(items: tuple[ItemResult, ...]) -> tuple[GroupResult, ...]:
    made = []
    for name, title in GROUPS.items():
        mine = [each for each in items if each.group == name and each.state != "not_applicable"]
        states = [each.state for each in mine]
        machine = sum(bool(each.outcomes) for each in mine)
        person = sum(bool(each.attestations) and not each.outcomes for each in mine)
        made.append(GroupResult(name, both(title, f"{title} (en)"), len(mine), sum(state in ("pass", "attested_pass") for state in states), sum(state in ("fail", "attested_fail") for state in states), machine, person, len(mine) - machine - person))  # fmt: skip
    return tuple(made)


def counted(items: tuple[ItemResult, ...]) -> dict[str, int]:
    states = [each.state for each in items]
    return {state: states.count(state) for state in dict.fromkeys(states)}


def assessment(**changes: Any) -> Readiness:
    """The rich assessment, with any field changed."""
    given: dict[str, Any] = {
        "version": 1,
        "auditor_version": "0.1.0",
        "at": AT,
        "checklist": "pre-sync",
        "checklist_version": "2026.11",
        "checklist_sha256": digest("checklist"),
        "checklist_title": both("Danh mục kiểm tra an ninh mạng, an ninh dữ liệu trước khi kết nối, đồng bộ về Trung tâm dữ liệu quốc gia", "Cybersecurity and data-security checklist before connecting to and syncing with the National Data Center"),
        "checklist_note": both("Đây là công cụ làm việc, không phải biểu mẫu chính thức.", "A working tool, not an official form."),
        "levels_version": "2026.11",
        "instruments": {
            "ND331": "Nghị định 331/2026/NĐ-CP (bảo vệ an ninh mạng hệ thống thông tin theo cấp độ)",
            "CV4856": "Công văn 4856/BCA-TTDLQG ngày 14/9/2026 (chỉ thấy qua bên thứ ba trích lại)",
            "TCVN14423": "TCVN 14423:2026 (chỉ đọc bản diễn giải)",
            "DEFAULT": "Mặc định kỹ thuật của công cụ",
            "QD384": "Quy định 384-QĐ/TW năm 2025 (cơ quan Đảng)",
        },
        "subject": Subject("csdl-nha-o", "Cơ sở dữ liệu nhà ở và thị trường bất động sản", "Bộ Xây dựng", "Cục Công nghệ thông tin", "Trung tâm Dữ liệu ngành Xây dựng", 3, ("personal-data", "hosted"), "2026-12-20", "2026-10-02", "Hệ thống quản lý dữ liệu nhà ở của 63 tỉnh cũ, 34 tỉnh mới; đồng bộ hằng ngày."),
        "verdict": "not-ready",
        "verdict_why": both("3 điều kiện chặn chưa đạt.", "3 gates do not hold."),
        "gates": ("DOS-03", "DOS-06", "NET-02", "DOS-09"),
        "conditions": ("ACC-03", "NET-05"),
        "state_counts": counted(ITEMS),
        "groups": groups(ITEMS),
        "items": ITEMS,
        "evidence": EVIDENCE,
        "signatures": (
            SignatureRow("Nguyễn Văn An", "owner", AT - timedelta(days=1), "SHA256:" + "k" * 43, "changed", (both("Bằng chứng ev-0004 đã thay đổi.", "Evidence ev-0004 changed."), both("Câu trả lời ACC-01 đã thay đổi.", "The answer to ACC-01 changed."))),
            SignatureRow("Phạm Thị Dung", "security-unit", AT, "SHA256:" + "m" * 43, "valid", known=True),
        ),
        "problems": (Problem("truncated-record", "edge-span.pcapng", "the last record is cut", "copy it again", 99_120, 512), Problem("bad-address", "conn.log", "line 4: not an address", count=3)),
        "fingerprint": digest("all of it"),
        "checked": AT - timedelta(minutes=4),
        "inputs": (Reference("edge-span.pcapng", "", "pcap, 1.204.331 gói"), Reference("conn.log", "", "zeek")),
        "coverage": COVERAGE,
        "unverified": ("CV4856", "TCVN14423"),
    }  # fmt: skip
    return Readiness(**(given | changes))


def hostile_item(name: str, text: str) -> ItemResult:
    """An item that is hostile wherever somebody else's words stand in it."""
    two = both(text, text)
    return replace(
        item(name, text, "fail"), title=two, question=two, why=two, explanation=text, answered_by=text, answered_at=AT,
        basis=(Basis(text, text, "S", note=text),), missing=(two,), evidence=(text,), contradicted=two, voided=two, way_out=two,
        outcomes=(Outcome(text, "fail", two, text, two, (Reference(text, text, text),), 3, Coverage(None, (text,), None, None, None, (two,))),),
        attestations=(attestation(person=text, role=text, unit=text, statement=text, valid_until=text, key=text, voided=two),),
        waiver=Waiver(text, text, text, AT, text, two), measure=Measure(text, text, text, text, text, text),
    )  # fmt: skip


def hostile_assessment() -> Readiness:
    """An assessment in which every text is hostile."""
    items = tuple(
        hostile_item(f"ORG-{number:02}", text) for number, text in enumerate(HOSTILE, start=1)
    )
    joined = " ".join(HOSTILE)
    two = both(joined, joined)
    return assessment(
        auditor_version=joined, checklist=joined, checklist_title=two, checklist_note=two, verdict_why=two,
        instruments=dict(zip(HOSTILE, HOSTILE, strict=True)), items=items, groups=groups(items), state_counts=counted(items),
        subject=Subject(joined, joined, joined, joined, joined, 3, (joined,), joined, joined, joined), gates=("ORG-01",), conditions=("ORG-02",),
        evidence=tuple(row(text, text, text, form=text, file=text, number=text, dated=text, signer=text, effective=text, collected=text, registered=text, by=text, signature=both(text, text), items=(text,)) for text in HOSTILE),
        signatures=tuple(SignatureRow(text, text, AT, text, "changed", (both(text, text),)) for text in HOSTILE),
        problems=tuple(Problem(text, text, text, text) for text in HOSTILE), inputs=tuple(Reference(text, text, text) for text in HOSTILE),
        coverage=Coverage(None, HOSTILE, None, 1, 2, (two,)), unverified=HOSTILE, fingerprint=joined, checked=None,
    )  # fmt: skip


def bare_assessment() -> Readiness:
    """An assessment of which nothing was filled in yet."""
    items = tuple(item(each.id, each.title.vi, "not_checked", part=each.part, said="nothing", gate=each.gate) for each in ITEMS)  # fmt: skip
    return assessment(
        subject=Subject("he-thong", "", "", "", "", 1, (), "", ""), items=items, groups=groups(items), state_counts=counted(items),
        evidence=(), signatures=(), problems=(), inputs=(), coverage=None, unverified=(), checked=None, instruments={}, conditions=(),
    )  # fmt: skip


@pytest.fixture(scope="session")
def readiness() -> Readiness:
    return assessment()


@pytest.fixture(scope="session")
def hostile() -> Readiness:
    return hostile_assessment()


@pytest.fixture(scope="session")
def bare() -> Readiness:
    return bare_assessment()


@pytest.fixture(scope="session")
def make_assessment() -> Any:
    """Makes the rich assessment with any field changed."""
    return assessment


@pytest.fixture(scope="session")
def hostile_texts() -> tuple[str, ...]:
    return HOSTILE

"""A rich run of an invented agency, and how to make variants of it."""

# ruff: noqa: E501 - tables of texts

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auditor.model.finding import Counted, Evidence, Finding, FlowLine, LegalBasis
from auditor.model.problem import Problem
from auditor.model.run import CountryTotal, DataSource, InputFile, Run, Totals
from auditor.model.text import Text
from tests.report.destinations import CERTAINTY_BYTES, FORMS, STATE_BYTES, destinations

BEGIN = datetime(2026, 7, 14, 1, 2, 3, 250_000, tzinfo=UTC)

ARTICLE_12_5 = LegalBasis(
    "Nghị định 165/2025/NĐ-CP",
    "khoản 5 Điều 12",
    Text(
        "Dữ liệu cốt lõi chỉ được chuyển sau khi có kết quả đánh giá đạt của Bộ Công an hoặc "
        "Bộ Quốc phòng.",
        "Core data may leave only after an assessment by the Ministry of Public Security or "
        "the Ministry of Defence came out as passed.",
    ),
    "C",
    "https://vanban.chinhphu.vn/?pageid=27160&docid=214331",
)
DECISION_20 = LegalBasis(
    "Quyết định 20/2025/QĐ-TTg",
    "Phụ lục, mục I.26",
    Text(
        "Dữ liệu công dân cơ bản của 1.000.000 công dân Việt Nam trở lên là dữ liệu cốt lõi.",
        "Basic citizen data of 1,000,000 Vietnamese citizens or more are core data.",
    ),
    "S",
    "https://vanban.chinhphu.vn/?pageid=27160&docid=214354",
)
ARTICLE_20 = LegalBasis(
    "Luật 91/2025/QH15",
    "khoản 2 Điều 20",
    Text(
        "Hồ sơ đánh giá tác động chuyển dữ liệu cá nhân xuyên biên giới được gửi trong 60 ngày "
        "kể từ ngày đầu tiên chuyển.",
        "The transfer impact assessment is sent within 60 days of the first day of transfer.",
    ),
    "C",
    "https://datafiles.chinhphu.vn/cpp/files/vbpq/2025/7/91qh.signed.pdf",
)

SCENES: tuple[tuple[Any, ...], ...] = (
    # rule, title, severity, state, system, recipient, category, verified, countries, bytes, subjects
    ("core-without-assessment", ("Dữ liệu cốt lõi ra nước ngoài khi chưa có kết quả đánh giá đạt", "Core data leaving without a passed assessment"), "critical", "open", ("dat-dai", "Cơ sở dữ liệu đất đai quốc gia"), "Amazon Technologies Inc.", "I.26a", False, ("SG",), 48_211_904_512, 1_204_000, "likely"),
    ("clear-text-sensitive", ("Hệ thống nhạy cảm trao đổi với máy chủ nước ngoài bằng văn bản rõ", "A sensitive system talks to a foreign host in clear text"), "critical", "open", ("ho-tich", "Hệ thống hộ tịch điện tử dùng chung"), "Hetzner Online GmbH", "B7", True, ("DE",), 3_404_112, 11_842, "firm"),
    ("important-without-dossier", ("Dữ liệu quan trọng ra nước ngoài khi chưa có hồ sơ", "Important data leaving without a filed dossier"), "high", "open", ("bhxh", "Cơ sở dữ liệu quỹ bảo hiểm xã hội"), "Microsoft Corporation", "II.10", False, ("SG", "JP", "US"), 2_412_345_678, None, "likely"),
    ("personal-without-assessment", ("Dữ liệu cá nhân ra nước ngoài khi chưa có hồ sơ đánh giá tác động", "Personal data leaving without a transfer assessment"), "high", "open", ("mot-cua", "Cổng dịch vụ công một cửa"), "Google LLC", "B4", True, ("US",), 912_400_100, 88_000, "firm"),
    ("personal-without-assessment", ("Dữ liệu cá nhân ra nước ngoài khi chưa có hồ sơ đánh giá tác động", "Personal data leaving without a transfer assessment"), "high", "undecided", ("mot-cua", "Cổng dịch vụ công một cửa"), "Cloudflare, Inc.", "B4", True, (), 734_000_001, 70_800, "weak"),
    ("core-without-assessment", ("Dữ liệu cốt lõi ra nước ngoài khi chưa có kết quả đánh giá đạt", "Core data leaving without a passed assessment"), "high", "covered", ("bien-gioi", "Hệ thống hồ sơ biên giới"), "Liên hợp quốc – Văn phòng Geneva", "I.1", True, ("CH",), 22_000_130, None, "firm"),
    ("unlisted-system", ("Hệ thống chưa kê khai gửi dữ liệu ra nước ngoài", "An unlisted home system sends data abroad"), "medium", "open", None, "Alibaba Cloud (Singapore) Private Limited", None, None, ("SG", "HK", "CN"), 190_554_000, None, "likely"),
    ("unlisted-system", ("Hệ thống chưa kê khai gửi dữ liệu ra nước ngoài", "An unlisted home system sends data abroad"), "medium", "open", None, "203.0.113.77", None, None, ("TW",), 40_554_000, None, "weak"),
    ("destination-undecided", ("Chưa xác định được nơi đến", "Destination undecided"), "medium", "undecided", ("dat-dai", "Cơ sở dữ liệu đất đai quốc gia"), "Fastly, Inc.", "I.26a", False, (), 12_000_999, 300, "weak"),
    ("personal-without-assessment", ("Dữ liệu cá nhân ra nước ngoài khi chưa có hồ sơ đánh giá tác động", "Personal data leaving without a transfer assessment"), "low", "open", ("thu-dien-tu", "Thư điện tử công vụ"), "Yahoo Holdings Inc.", "B1", True, ("US", "GB", "IE", "NL", "FR", "DE"), 94_020, 12, "likely"),
    ("unlisted-system", ("Hệ thống chưa kê khai gửi dữ liệu ra nước ngoài", "An unlisted home system sends data abroad"), "info", "open", None, "2001:db8:4001:830::200e", None, None, ("KR",), 811, None, "firm"),
    ("clear-text-sensitive", ("Hệ thống nhạy cảm trao đổi với máy chủ nước ngoài bằng văn bản rõ", "A sensitive system talks to a foreign host in clear text"), "low", "open", ("bhxh", "Cơ sở dữ liệu quỹ bảo hiểm xã hội"), "University of Tokyo NTP", "II.10", False, ("JP",), 3_100, None, "likely"),
)  # fmt: skip


def line(number: int, outbound: int, country: str | None, **changes: Any) -> FlowLine:
    values: dict[str, Any] = {
        "flow_id": 1000 + number,
        "input_id": 1 + number % 3,
        "start": BEGIN + timedelta(seconds=17 * number),
        "end": BEGIN + timedelta(seconds=17 * number + 64),
        "protocol": 6,
        "src_ip": f"10.20.4.{11 + number}",
        "src_port": 49_152 + number,
        "dst_ip": "203.0.113.10" if number % 2 else "2001:db8:4001:830:9f2c:77aa:120b:200e",
        "dst_port": 443,
        "host": "replica-1.storage.ap-southeast-1.example.com",
        "host_basis": "tls-sni",
        "app": "tls",
        "encrypted": True,
        "country": country,
        "initiator_basis": "syn",
        "geo_basis": "country.mmdb",
        "outbound_bytes": outbound,
        "inbound_bytes": outbound // 90,
    }
    return FlowLine(**(values | changes))


def evidence(outbound: int, countries: tuple[str, ...], subjects: int | None) -> Evidence:
    flows = 3 + outbound % 40
    heavy = tuple(
        line(each, outbound // (each + 2), countries[0] if countries else None) for each in range(4)
    )
    return Evidence(
        flows=flows,
        packets=outbound // 1100 + flows,
        outbound_bytes=outbound,
        inbound_bytes=outbound // 88,
        first=BEGIN,
        last=BEGIN + timedelta(hours=30, minutes=12),
        home=(Counted("10.20.4.11", flows - 1, outbound - 5), Counted("10.20.4.12", 1, 5)),
        peers=(
            Counted("203.0.113.10", flows - 1, outbound // 2),
            Counted("2001:db8:4001:830:9f2c:77aa:120b:200e", 1, outbound // 2),
        ),
        hosts=(Counted("replica-1.storage.ap-southeast-1.example.com", flows, outbound),),
        countries=tuple(Counted(code, 2, outbound // len(countries)) for code in countries),
        apps=(Counted("tls", flows, outbound),),
        clear_text_flows=0,
        encrypted_flows=flows,
        subjects=subjects,
        subjects_basis=None if subjects is None else "estimated",
        flow_ids=tuple(range(1000, 1000 + flows)),
        flow_ids_cut=0,
        lines=heavy,
    )


def finding(scene: int = 0, **changes: Any) -> Finding:
    (rule, title, severity, state, system, recipient, category, verified, countries, outbound,
     subjects, certainty) = SCENES[scene]  # fmt: skip
    personal = rule.startswith("personal")
    values: dict[str, Any] = {
        "id": "F-" + hashlib.sha256(f"{rule}{system}{recipient}".encode()).hexdigest()[:10],
        "rule": rule,
        "title": Text(*title),
        "severity": severity,
        "state": state,
        "system": system[0] if system else None,
        "system_name": system[1] if system else None,
        "recipient": recipient,
        "category": category,
        "category_title": Text("Dữ liệu về tổ chức, công dân chưa công khai", "Undisclosed data on organisations and citizens") if category else None,
        "category_verified": verified,
        "countries": countries,
        "certainty": certainty,
        "known_by": (
            Text("Nơi đến: cơ sở dữ liệu địa lý country.mmdb, bản 2026-06-17.", "Destination: geo database country.mmdb, build 2026-06-17."),
            Text("Bên nhận: tổ chức công bố dải địa chỉ (ASN 16509).", "Recipient: the organisation that announces the address range (ASN 16509)."),
            Text("Loại dữ liệu: do cơ quan kê khai cho hệ thống.", "Category: declared by the agency for this system."),
        ),
        "not_known": (
            Text("Nội dung được mã hóa: không biết dữ liệu nào thực sự được chuyển.", "The content is encrypted: which data really left is not known."),
            Text("Mục đích chuyển; các trường hợp miễn ở khoản 11 Điều 12 Nghị định 165/2025/NĐ-CP.", "The purpose of the transfer; the exemptions of Decree 165/2025, Art. 12(11)."),
        ),
        "legal": (ARTICLE_20,) if personal else (ARTICLE_12_5, DECISION_20),
        "next_step": Text(
            "Hỏi đơn vị vận hành hệ thống về mục đích chuyển và đối chiếu với sổ đăng ký hồ sơ.",
            "Ask the system's operator for the purpose and compare with the dossier register.",
        ),
        "evidence": evidence(outbound, countries, subjects),
        "dossier": "HS-2026-014" if state == "covered" else None,
        "dossier_note": Text("Hồ sơ có kết quả đạt, hiệu lực đến 31/12/2027, nêu đúng bên nhận và quốc gia.", "The dossier passed, is valid to 2027-12-31 and names this recipient and country.") if state == "covered" else None,
    }  # fmt: skip
    return Finding(**(values | changes))


def input_file(number: int, **changes: Any) -> InputFile:
    values: dict[str, Any] = {
        "id": number,
        "name": f"captures/gateway-hn-2026071{number % 10}-{number:02d}00.pcapng",
        "size": 1_073_741_824 - number * 7919,
        "sha256": hashlib.sha256(str(number).encode()).hexdigest(),
        "reader": "pcapng",
        "packets": 1_048_576 + number,
        "not_ip": 312,
        "bytes_on_wire": 1_050_000_000,
        "flows": 81_211,
        "first": BEGIN + timedelta(hours=number),
        "last": BEGIN + timedelta(hours=number + 1),
    }
    return InputFile(**(values | changes))


@pytest.fixture
def run() -> Run:
    inputs = (
        input_file(1),
        input_file(2),
        input_file(3, name="logs/conn.2026-07-15.log.gz", reader="zeek", bytes_on_wire=None),
        input_file(4, name="captures/damaged.pcap", reader="pcap", flows=9_402),
        input_file(5, name="notes.pcap", reader=None, packets=0, not_ip=0, flows=0, first=None, last=None, size=5_210),
    )  # fmt: skip
    abroad = (
        ("SG", 51_002_111_222, 41), ("US", 2_004_112_001, 112), ("JP", 903_000_410, 12),
        ("DE", 410_204_112, 9), ("HK", 96_000_000, 3), ("TW", 40_554_000, 1), ("NL", 22_900_121, 6),
        ("CH", 22_000_130, 1), ("CN", 9_120_440, 4), ("KR", 811, 1),
    )  # fmt: skip
    totals = Totals(
        flows=253_035,
        packets=4_203_411,
        crossing_flows=38_204,
        undecided_flows=4_101,
        domestic_flows=209_730,
        foreign_flows=1_000,
        outbound_bytes=sum(outbound for _, outbound, _ in abroad),
        inbound_bytes=91_442_100_230,
        undecided_outbound_bytes=746_001_000,
        encrypted_outbound_bytes=53_900_114_001,
        clear_outbound_bytes=204_112_900,
        unlisted_flows=1_830,
        by_country=tuple(
            CountryTotal(code, outbound % 9000 + 1, outbound, outbound // 3, recipients)
            for code, outbound, recipients in abroad
        ),
        geo_states={"country": 38_204, "anycast": 3_600, "unknown": 501, "not-applicable": 210_730},
        state_bytes=STATE_BYTES,
        certainty_bytes=CERTAINTY_BYTES,
        forms=FORMS,
    )
    problems = (
        Problem("truncated-record", "captures/damaged.pcap", "ends inside the record at byte 73400320; 1200 of 1514 bytes are there", "Copy the file again from where it was captured.", 73_400_320, 314),
        Problem("unknown-format", "notes.pcap", "no reader knows this format", "Convert it to pcap, or leave it out.", lost_bytes=5_210),
        Problem("bad-line", "logs/conn.2026-07-15.log.gz", "line 4410 has 19 fields, the header names 21", "Ask for the log again.", count=7),
        Problem("bad-line", "logs/conn.2026-07-15.log.gz", "line 9001: orig_bytes is not a number", "Ask for the log again."),
    )  # fmt: skip
    sources = (
        DataSource("geo", "country.mmdb", "2.3.2026061719", "a" * 64, "CC0-1.0", "", datetime(2026, 6, 17, 19, tzinfo=UTC)),
        DataSource("geo", "asn.mmdb", "2.3.2026061719", "b" * 64, "CC-BY-4.0", "IP to ASN data by RouteViews and DB-IP, https://db-ip.com", datetime(2026, 6, 17, 19, tzinfo=UTC)),
        DataSource("category-list", "decision-20-2025.yaml", "2026-11-21", "c" * 64),
        DataSource("policy", "rules.yaml", "1", "d" * 64),
        DataSource("inventory", "inventory.yaml", "", "e" * 64),
        DataSource("dossiers", "dossiers.yaml", "", "f" * 64),
    )  # fmt: skip
    return Run(
        version=1,
        audit_id=hashlib.sha256(b"audit").hexdigest(),
        run_id="20260716T081501Z-4f1c9a",
        auditor_version="0.1.0",
        started=datetime(2026, 7, 16, 8, 15, 1, tzinfo=UTC),
        finished=datetime(2026, 7, 16, 8, 15, 44, tzinfo=UTC),
        agency="Sở Tài nguyên và Môi trường tỉnh Ví Dụ",
        home="VN",
        settings={"tcp_timeout": "300", "udp_timeout": "60", "active_timeout": "1800"},
        inputs=inputs,
        totals=totals,
        findings=tuple(finding(scene) for scene in range(len(SCENES))),
        problems=problems,
        sources=sources,
        unverified=("I.26a", "II.10"),
        destinations=destinations(),
        destinations_cut=17,
    )


@pytest.fixture
def empty_run(run: Run) -> Run:
    """A run that read nothing: no inventory, no input, no flow."""
    nothing = dict.fromkeys(run.totals.__slots__, 0) | {
        "by_country": (),
        "forms": (),
        "content": (),
    }
    nothing |= {name: {} for name in ("geo_states", "state_bytes", "certainty_bytes")}
    return replace(
        run,
        agency=None,
        inputs=(),
        totals=Totals(**nothing),  # type: ignore[arg-type]
        findings=(),
        problems=(),
        sources=(),
        settings={},
        unverified=(),
        destinations=(),
        destinations_cut=0,
    )


@pytest.fixture
def make_finding() -> Any:
    """Makes one finding of the scenes, with any field changed."""
    return finding


@pytest.fixture
def make_input() -> Any:
    """Makes one input file, with any field changed."""
    return input_file


@pytest.fixture
def make_line() -> Any:
    """Makes one flow line, with any field changed."""
    return line

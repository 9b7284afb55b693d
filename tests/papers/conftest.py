"""A small run of an invented agency, and what papers are made of it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import docx
import pytest

from auditor import classify, papers, policy
from auditor.model.agency import Agency
from auditor.model.finding import Counted, Evidence, Finding, LegalBasis
from auditor.model.inventory import Inventory
from auditor.model.place import Destination
from auditor.model.register import load_register
from auditor.model.run import CountryTotal, FormTotal, InputFile, Run, Totals
from auditor.model.text import Text

ROOT = Path(__file__).parents[2]
BEGIN = datetime(2026, 9, 14, 2, tzinfo=UTC)
CATALOGUE = classify.catalogue(ROOT / "policies")
REGIMES = policy.load_regimes(ROOT / "policies" / "regimes.yaml", CATALOGUE)
PAPERS = (papers.review, papers.form_09, papers.assessment, papers.risk_report)

INVENTORY = Inventory.model_validate(
    {
        "agency": "Sở Mẫu",
        "systems": [
            {"id": "portal", "name": "Cổng dịch vụ công", "networks": ["10.20.2.0/24"],
             "categories": ["B7", "S-d"], "subjects": 350_000, "record_bytes": 900},
            {"id": "land", "name": "Cơ sở dữ liệu đất đai", "networks": ["10.20.1.0/24"],
             "categories": ["I.t-geospatial"]},
            {"id": "quiet", "name": "Hệ thống im lặng", "networks": ["10.20.9.0/24"],
             "categories": []},
        ],
    }
)  # fmt: skip
AGENCY = Agency.model_validate(
    {
        "version": "1",
        "name": "Sở Mẫu",
        "parent": "Ủy ban nhân dân tỉnh Mẫu",
        "place": "Mẫu",
        "symbol": "SM",
        "tax_code": "0123456789",
        "signer": {"title": "KT. GIÁM ĐỐC\nPHÓ GIÁM ĐỐC", "name": "Nguyễn Văn Mẫu"},
        "recipients": ["- Như trên;", "- Lưu: VT."],
        "systems": [
            {"id": "portal", "subject_groups": "Người nộp hồ sơ"},
            {"id": "portal", "recipients": ["Example Cloud"], "purpose": "Sao lưu hằng đêm"},
        ],
    }
)


def finding(**changes: Any) -> Finding:
    """Personal data of the portal to a cloud in Singapore, unless told otherwise."""
    values: dict[str, Any] = {
        "id": "f1",
        "rule": "personal-data-abroad",
        "title": Text("Dữ liệu cá nhân ra nước ngoài", "Personal data abroad"),
        "severity": "high",
        "state": "open",
        "system": "portal",
        "system_name": "Cổng dịch vụ công",
        "recipient": "Example Cloud",
        "category": "B7",
        "category_title": Text("Số điện thoại", "Telephone numbers"),
        "category_verified": True,
        "countries": ("SG",),
        "certainty": "likely",
        "known_by": (),
        "not_known": (),
        "legal": (LegalBasis("Luật 91/2025/QH15", "Điều 20", Text("a", "b"), "C"),),
        "next_step": Text("Lập hồ sơ.", "File a dossier."),
        "evidence": evidence(),
    }
    return Finding(**(values | changes))


def evidence(**changes: Any) -> Evidence:
    values: dict[str, Any] = {
        "flows": 3, "packets": 9, "outbound_bytes": 2_500_000, "inbound_bytes": 900,
        "first": BEGIN, "last": BEGIN + timedelta(days=2), "home": (),
        "peers": (Counted("203.0.113.10", 3, 2_500_000),), "hosts": (), "countries": (),
        "apps": (Counted("tls", 3, 2_500_000),), "clear_text_flows": 1, "encrypted_flows": 2,
        "subjects": 2_800, "subjects_basis": "estimated", "flow_ids": (1, 2, 3),
        "flow_ids_cut": 0, "lines": (),
    }  # fmt: skip
    return Evidence(**(values | changes))


FINDINGS = (
    finding(),
    finding(
        id="f2", category="S-d", category_title=Text("Tình trạng sức khỏe", "Health"),
        evidence=evidence(subjects=40, subjects_basis="counted"),
    ),
    finding(
        id="f3", rule="core-data-abroad", severity="critical", system="land",
        system_name="Cơ sở dữ liệu đất đai", recipient="Example Telecom",
        title=Text("Dữ liệu cốt lõi ra nước ngoài", "Core data abroad"),
        category="I.t-geospatial", countries=("JP",),
        evidence=evidence(
            outbound_bytes=9_000_000, estimated_bytes=4_000_000, subjects=None,
            subjects_basis=None, peers=(Counted("203.0.113.20", 3, 9_000_000),),
        ),
    ),
    finding(
        id="f4", state="covered", severity="info", recipient="University of Example",
        countries=("JP",), dossier="HS-1",
        dossier_note=Text("Hồ sơ HS-1 bao quát.", "HS-1 covers it."),
        evidence=evidence(peers=(Counted("203.0.113.30", 1, 800),), outbound_bytes=800),
    ),
)  # fmt: skip


def destination(address: str, **changes: Any) -> Destination:
    values: dict[str, Any] = {
        "address": address, "host": None, "state": "country", "country": "SG", "candidates": (),
        "rule": "databases", "certainty": "likely", "basis": "x", "witnesses": (),
        "abroad": True, "foreign_recipient": True, "foreign_platform": None,
    }  # fmt: skip
    return Destination(**(values | changes))


def run(**changes: Any) -> Run:
    """One capture over three days with four findings."""
    totals = Totals(
        flows=10, packets=90, crossing_flows=6, undecided_flows=1, domestic_flows=3,
        foreign_flows=0, outbound_bytes=11_500_800, inbound_bytes=900,
        undecided_outbound_bytes=500, encrypted_outbound_bytes=2, clear_outbound_bytes=1,
        unlisted_flows=0, by_country=(CountryTotal("SG", 3, 2_500_000, 9, 1),), geo_states={},
        forms=(FormTotal("a", 6, 11_500_800, 0, 0, 1, 500),),
    )  # fmt: skip
    file = InputFile(
        0, "a.pcap", 1000, "ab" * 32, "capture", 90, 0, 2000, 10, BEGIN, BEGIN + timedelta(days=2)
    )
    values: dict[str, Any] = {
        "version": 1, "audit_id": "a" * 64, "run_id": "r1", "auditor_version": "0.1.0",
        "started": BEGIN + timedelta(days=3), "finished": BEGIN + timedelta(days=3, hours=1),
        "agency": "Sở Mẫu", "home": "VN", "settings": {}, "inputs": (file,), "totals": totals,
        "findings": FINDINGS, "problems": (), "sources": (),
        "destinations": (
            destination("203.0.113.10", rule="cloud-region", foreign_platform=True),
            destination("203.0.113.20", abroad=None, foreign_recipient=None),
            destination("203.0.113.30", foreign_platform=False),
        ),
    }  # fmt: skip
    return Run(**(values | changes))


def moved(made: Run, days: int, name: str) -> Run:
    """Another run, of other material, so many days later."""
    later = timedelta(days=days)
    files = tuple(
        replace(f, first=f.first + later, last=f.last + later, sha256=name * 16, content=None)
        for f in made.inputs
    )
    findings = tuple(
        replace(
            each,
            evidence=replace(
                each.evidence, first=each.evidence.first + later, last=each.evidence.last + later
            ),
        )
        for each in made.findings
    )
    return replace(
        made, audit_id=name, run_id=name, finished=made.finished + later, inputs=files,
        findings=findings,
    )  # fmt: skip


def material(*runs: Run, **changes: Any):
    values: dict[str, Any] = {"inventory": INVENTORY}
    agency = changes.pop("agency", AGENCY)
    return papers.gathered(runs or (run(),), agency, CATALOGUE, REGIMES, **(values | changes))


REGISTER = """
version: "1"
dossiers:
  - id: HS-1
    regime: pdpl
    systems: [portal]
    categories: [B7]
    recipients: {organisations: [University of Example]}
    filed: 2026-02-20
    result: passed
    valid_from: 2026-01-15
    purpose: Hợp tác nghiên cứu
    storage: {countries: [JP], until: 2027-01-01}
    contract: {number: HD-7, on: 2026-01-10}
"""


@pytest.fixture
def register(tmp_path):
    path = tmp_path / "dossiers.yaml"
    path.write_text(REGISTER, encoding="utf-8")
    return load_register(path, CATALOGUE, INVENTORY, REGIMES)


AT = datetime(2026, 10, 1, tzinfo=UTC)


def word_texts(file: bytes) -> list[str]:
    """Every paragraph of a Word file, in its order, those in tables too."""
    document = docx.Document(io.BytesIO(file))
    return ["".join(t.text or "" for t in p.iter(T)) for p in document.element.body.iter(P)]


W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
P, T = f"{W}p", f"{W}t"


def member(file: bytes, name: str = "word/document.xml") -> bytes:
    return zipfile.ZipFile(io.BytesIO(file)).read(name)


def day(text: str) -> date:
    return date.fromisoformat(text)

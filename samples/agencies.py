"""Writes the two example assessments: ``python samples/agencies.py [FOLDER]``.

Both are of one invented agency, level 3, and say the same of themselves: every item is in place.
The traffic of the one shows otherwise. Everything goes through the commands' own functions, with a
fixed clock and keys grown out of a fixed seed, so every run writes the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import yaml
from agency_papers import papers
from agency_registers import registers
from agency_traffic import logs
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auditor import pipeline, readiness
from auditor.checklist import entries
from auditor.checklist.assessment import Assessment
from auditor.checklist.beginning import begun
from auditor.checklist.catalogue import load
from auditor.checklist.folder import opened
from auditor.checklist.signing import Signer, key_fingerprint
from auditor.checklist.writing import saved
from auditor.model.documents import read

if TYPE_CHECKING:
    from auditor.checklist.folder import Folder
    from auditor.model.checklist import Checklist

NOW: Final = datetime.fromisoformat("2026-11-20T10:00:00+07:00")
POLICIES: Final = Path(__file__).resolve().parents[1] / "policies"
NAMES: Final = {"paper-only": True, "ready": False}
"""The folders, and whether the traffic shows what the paperwork does not tell."""
LEVEL: Final = 3
OWNER: Final = Signer("Nguyễn Văn Mẫu", "owner", "Sở Công Thương tỉnh Mẫu")
CLERK: Final = "Trần Thị Bình"
ASIDE: Final = {
    "PST-05": "Kết nối chưa từng bị tạm dừng hay chấm dứt.",
}
"""Items that do not concern the agencies, and why."""


class _Quiet:
    """Nobody watches."""

    def stage(self, name: str, total: int | None = None) -> None:
        pass

    def advance(self, size: int) -> None:
        pass


def key() -> Ed25519PrivateKey:
    """The owner's key: good for nothing else."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"auditor samples").digest())


def made(*, faults: bool) -> None:
    """One assessment in the current folder: filled in, evidence attached, checked and signed.

    The folder is empty before. Nothing but ``.`` is ever named, so that no path of this machine
    stands in what is written.
    """
    folder, catalogue = Path(), load(POLICIES)
    begun(folder, POLICIES, catalogue, system="industry-registry", level=LEVEL)
    _declared(folder)
    traffic = Path("traffic")
    traffic.mkdir()
    for name, text in logs(faults=faults).items():
        (traffic / name).write_text(text, encoding="utf-8")
    _attached(opened(folder), catalogue.checklist)
    _answered()
    for at in (NOW, NOW + timedelta(minutes=10)):
        # the first check gives the channel that is signed, and that the second compares with
        signatures = sorted(Path("signatures").glob("*"))
        assessed = readiness.checked(
            readiness.opened(folder, POLICIES), _order(traffic), at, _Quiet()
        )
        readiness.signed(assessed, OWNER, key(), at, endpoints=False)
        for old in signatures:
            old.unlink()  # it was of the check before
    Path("history.jsonl").unlink()  # a history of ten minutes tells nobody anything


def _order(traffic: Path) -> pipeline.Order:
    return pipeline.Order(
        paths=(traffic,),
        policies=POLICIES,
        geoip=pipeline.data_folder("geoip"),
    )


def _declared(folder: Path) -> None:
    public = key().public_key().public_bytes_raw().hex()
    assessment = read(folder / "assessment.yaml", Assessment).model_dump(mode="json")
    assessment["system"] |= {
        "name": "Cơ sở dữ liệu cơ sở công nghiệp",
        "agency": "Sở Công Thương tỉnh Mẫu",
        "owner": "Sở Công Thương tỉnh Mẫu",
        "operator": "Trung tâm Công nghệ thông tin tỉnh Mẫu",
        "security_unit": "Phòng An toàn thông tin",
        "functions": ["public-services"],
        "basic_subjects": 2400,
        "sensitive_subjects": 0,
    }
    assessment["dates"] |= {
        "built_before_july_2026": False,
        "go_live": "2026-10-20",
        "first_connection": "2026-11-02",
        "first_sync": "2026-11-03T08:00:00+07:00",
        "last_change": "2026-08-20",
        "cut": "2026-11-15T09:00:00+07:00",
        "reconnected": "2026-11-15T15:00:00+07:00",
    }
    assessment["assessor"] = {
        "unit": "Công ty Đánh giá Mẫu", "licence": "05/GP-BCA", "designated": False,
    }  # fmt: skip
    assessment["people"] = [
        {"name": OWNER.person, "role": "owner", "unit": OWNER.unit, "key": key_fingerprint(public)}
    ]
    _dumped(folder / "assessment.yaml", assessment)
    _dumped(folder / "network.yaml", NETWORK)
    _dumped(folder / "inventory.yaml", INVENTORY)
    _dumped(folder / "endpoints.yaml", ENDPOINTS)


def _dumped(path: Path, content: object) -> None:
    path.write_text(
        yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100), encoding="utf-8"
    )


def _attached(folder: Folder, checklist: Checklist) -> None:
    """Every file of the agency's evidence, registered as a person would."""
    with TemporaryDirectory() as place:
        for kind, name, content, facts in (*papers(), *registers()):
            file = Path(place) / name
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
            register, _ = entries.attached(
                folder, entries.kind_of(checklist, kind), file,
                items=(), at=NOW, by=CLERK, facts=facts, secret=False,
            )  # fmt: skip
            folder = replace(folder, evidence=register)
    saved(opened(folder.path), "evidence.yaml", folder.evidence, at=NOW, what="attach")


def _answered() -> None:
    """The agency says yes to everything, and its people attest it."""
    assessed = readiness.opened(Path(), POLICIES)
    folder = assessed.folder
    for item in assessed.catalogue.checklist.items:
        if LEVEL not in item.levels:
            continue
        aside = ASIDE.get(item.id)
        answers = entries.answered(
            folder.answers,
            item,
            "not-applicable" if aside else "yes",
            explanation=aside or "Đã thực hiện; xem bằng chứng kèm theo.",
            by=CLERK,
            at=NOW,
        )
        folder = replace(folder, answers=answers)
        if item.attests is None or aside:
            continue
        evidence = tuple(each for kind in item.evidence for each in assessed.held.get(kind, ()))
        answers = entries.attested(
            folder, item, evidence, OWNER, holds=True, statement=item.attests.vi,
            at=NOW, valid_until="2027-05-20", key=None,
        )  # fmt: skip
        folder = replace(folder, answers=answers)
    saved(assessed.folder, "answers.yaml", folder.answers, at=NOW, what="answers")


NETWORK: Final = {
    "zones": [
        {"id": "bien", "kind": "edge", "networks": ["10.30.0.0/24"]},
        {"id": "dmz", "kind": "dmz", "networks": ["10.30.9.0/24"]},
        {"id": "nguoi-dung", "kind": "internal", "networks": ["10.30.5.0/24"]},
        {"id": "may-chu", "kind": "servers", "networks": ["10.30.2.0/24"]},
        {"id": "csdl", "kind": "database", "networks": ["10.30.1.0/24"]},
        {"id": "khong-day", "kind": "wireless", "networks": ["10.30.7.0/24"]},
        {"id": "quan-tri", "kind": "management", "networks": ["10.30.99.0/24"]},
        {"id": "thu-nghiem", "kind": "test", "networks": ["10.30.60.0/24"]},
        {"id": "truyen-dan", "kind": "line", "networks": ["10.250.20.0/29"]},
    ],
    "edges": [
        {"src": "nguoi-dung", "dst": "may-chu", "ports": ["443/tcp"],
         "purpose": "cán bộ dùng phần mềm"},
        {"src": "may-chu", "dst": "csdl", "ports": ["5432/tcp"], "data": "cơ sở công nghiệp",
         "purpose": "ứng dụng đọc, ghi"},
        {"src": "10.30.9.20", "dst": "csdl", "ports": ["5432/tcp"], "data": "cơ sở công nghiệp",
         "purpose": "cổng đồng bộ đọc dữ liệu"},
        {"src": "10.30.9.20", "dst": "agent-node", "ports": ["443/tcp"], "purpose": "đồng bộ"},
        {"src": "agent-node", "dst": "center", "ports": ["443/tcp"], "purpose": "đồng bộ"},
        {"src": "agent-node", "dst": "truyen-dan", "ports": ["icmp"], "purpose": "đo đường truyền"},
        {"src": "bien", "dst": "may-chu", "ports": ["443/tcp"], "purpose": "dịch vụ công"},
        {"src": "10.30.2.53", "dst": "internet", "ports": ["53/udp"], "purpose": "tên miền"},
        {"src": "10.30.2.123", "dst": "internet", "ports": ["123/udp"], "purpose": "giờ"},
        {"src": "113.161.7.20", "dst": "bien", "ports": ["1194/udp"], "purpose": "bảo trì"},
        {"src": "quan-tri", "dst": "thu-nghiem", "ports": ["22/tcp"], "purpose": "quản trị"},
        {"src": "quan-tri", "dst": "may-chu", "ports": ["22/tcp"], "purpose": "quản trị"},
        {"src": "quan-tri", "dst": "csdl", "ports": ["22/tcp"], "purpose": "quản trị"},
        {"src": "csdl", "dst": "may-chu", "ports": ["6514/tcp", "123/udp"],
         "purpose": "nhật ký, giờ"},
        {"src": "dmz", "dst": "may-chu", "ports": ["6514/tcp", "123/udp"],
         "purpose": "nhật ký, giờ"},
        {"src": "nguoi-dung", "dst": "may-chu", "ports": ["53/udp", "123/udp"],
         "purpose": "tên miền, giờ"},
        {"src": "may-chu", "dst": "internet", "ports": ["6514/tcp"], "purpose": "chia sẻ cảnh báo"},
        {"src": "internet", "dst": "bien", "ports": ["443/tcp"], "purpose": "dịch vụ công"},
    ],
    "channel": {
        "agent_nodes": ["10.30.9.10"], "center": ["10.250.8.0/24"], "hosts": [],
        "connection_points": ["10.30.9.20"], "ports": ["443/tcp"],
    },
    "public": ["203.162.20.0/24"],
    "resolvers": ["10.30.2.53"],
    "time_servers": ["10.30.2.123"],
    "log_servers": ["10.30.2.14"],
    "privileged_access": ["10.30.99.5"],
    "backup_servers": [],
    "security_contacts": ["113.160.9.9"],
    "sensors": [
        {"id": "loi", "files": ["conn.log", "ssl.log"], "zones": ["bien", "dmz", "csdl"],
         "behind_nat": True}
    ],
}  # fmt: skip

INVENTORY: Final = {
    "agency": "Sở Công Thương tỉnh Mẫu",
    "state_agency": True,
    "home_networks": ["10.30.0.0/16", "203.162.20.0/24"],
    "systems": [
        {
            "id": "industry-registry", "name": "Cơ sở dữ liệu cơ sở công nghiệp",
            "networks": ["10.30.1.0/24", "10.30.2.0/24", "10.30.9.0/24", "10.30.0.0/24",
                         "10.30.60.0/24", "10.250.20.0/29"],
            "categories": ["B1", "B7"], "subjects": 2400, "record_bytes": 900,
        },
        {"id": "office", "name": "Mạng văn phòng",
         "networks": ["10.30.5.0/24", "10.30.7.0/24", "10.30.99.0/24"], "categories": []},
    ],
}  # fmt: skip

ENDPOINTS: Final = {
    "format": 1,
    "endpoints": [
        {"address": "10.30.9.20", "port": 443, "name": "trao-doi.sct.mau.example.vn",
         "role": "exchange", "client_certificate": True},
        {"address": "203.162.20.10", "port": 443, "name": "dichvu.sct.mau.example.vn",
         "role": "public"},
    ],
}  # fmt: skip


def all_made(place: Path) -> None:
    """Both assessments, in the place of those that were there."""
    before = Path.cwd()
    for name, faults in NAMES.items():
        folder = place / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        os.chdir(folder)
        try:
            made(faults=faults)
        finally:
            os.chdir(before)


if __name__ == "__main__":
    all_made(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "agency").resolve())

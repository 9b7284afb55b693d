"""The legal cases: read, run through the shipped policies, and written out for a lawyer to sign.

``python -m tests.policy.legal_cases > docs/legal-cases.md`` writes the page.
"""

from __future__ import annotations

import sys
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from pydantic import model_validator

from auditor import classify, policy
from auditor.model.catalogue import Wording
from auditor.model.content import Sought
from auditor.model.documents import Document, Some, read
from auditor.model.finding import Finding, LegalBasis
from auditor.model.inventory import Inventory, System
from auditor.model.ledger import Carried, DayCount, DayTotal, Ledger, Route
from auditor.model.register import Register
from auditor.model.subjects import Subjects
from auditor.model.text import Text
from auditor.policy import Law
from tests.policy.flow_rows import flow_table_of

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).with_name("legal_cases.yaml")
VIETNAM = timezone(timedelta(hours=7))
PAGE = ROOT / "docs" / "legal-cases.md"

Owner = Literal["state-agency", "other"]
To = Literal[
    "abroad", "storage-abroad", "platform-abroad", "foreign-run-at-home", "foreign-run-anywhere",
    "foreign-network-at-home", "at-home", "unknown-place",
]  # fmt: skip


class Added(Document):
    """What an earlier or this transfer of the same data moved.

    Attributes:
        counted: the subjects were counted in content, all of them others than before; else they are
            estimated.
    """

    on: date
    subjects: int
    counted: bool = False


class Given(Document):
    """One transfer and what the register says; see the head of the file."""

    on: date | None = None
    at: datetime | None = None
    earlier: date | None = None
    data: tuple[str, ...]
    owner: Owner = "state-agency"
    system_owner: Owner | None = None
    to: To = "abroad"
    encrypted: bool | None = True
    bytes: int | None = 1000
    content: tuple[str, ...] | None = None
    hints: tuple[str, ...] | None = None
    added: tuple[Added, ...] = ()
    dossiers: tuple[dict[str, Any], ...] = ()
    exemptions: tuple[dict[str, Any], ...] = ()

    @model_validator(mode="after")
    def _has_a_moment(self) -> Given:
        if [self.on is not None, self.at is not None, bool(self.added)].count(True) != 1:
            raise ValueError("write `on`, `at` or `added`")
        return self

    @property
    def moment(self) -> datetime:
        """When the flow began; noon in Vietnam where only the day is given."""
        if self.at is not None:
            return self.at.replace(tzinfo=VIETNAM)
        return datetime.combine(self.on or date.min, time(12), VIETNAM)


class Gives(Document):
    """One finding.

    Attributes:
        article: how the provision begins that it must cite: instrument, article.
        due: by duty; null = the case does not say.
        sanctions: provisions of which each is among its sanctions; none = it must have none; null =
            the case does not say.
    """

    rule: str
    state: str
    regime: str | None
    article: str
    due: dict[str, date] | None = None
    sanctions: tuple[str, ...] | None = None


class Case(Document):
    """One case."""

    id: str
    says: Wording
    given: Given
    gives: tuple[Gives, ...]


class Theme(Document):
    """Cases about one question."""

    title: Wording
    cases: Some[Case]


class CaseFile(Document):
    """``legal_cases.yaml``."""

    version: str
    themes: Some[Theme]


@cache
def themes() -> tuple[Theme, ...]:
    """All cases of the file."""
    return read(CASES, CaseFile).themes


@cache
def law() -> Law:
    """The project's own policies."""
    folder = ROOT / "policies"
    return policy.load_law(folder, classify.catalogue(folder))


RECIPIENTS: dict[To, dict[str, Any]] = {
    "abroad": {},
    "storage-abroad": {"service": "example-store", "service_kind": "object-store"},
    "platform-abroad": {
        "service": "example-chat",
        "service_kind": "chat",
        "foreign_platform": True,
    },
    "foreign-run-at-home": {
        "crosses_border": False,
        "peer_country": "VN",
        "operator_basis": "service",
    },
    "foreign-run-anywhere": {
        "crosses_border": None,
        "peer_country": None,
        "geo_state": "anycast",
        "operator_basis": "range",
    },
    "foreign-network-at-home": {"crosses_border": False, "peer_country": "VN"},
    "at-home": {
        "crosses_border": False,
        "foreign_recipient": False,
        "peer_country": "VN",
        "operator_country": "VN",
    },
    "unknown-place": {
        "crosses_border": None,
        "foreign_recipient": None,
        "peer_country": None,
        "geo_state": "unknown",
        "operator": None,
        "operator_country": None,
        "operator_basis": None,
    },
}


def flows(given: Given) -> list[dict[str, Any]]:
    """The flow, as it differs from the plain one, after the earlier one of the same transfer."""
    last = flow(given)
    if given.earlier is None:
        return [last]
    began = datetime.combine(given.earlier, time(12), VIETNAM)
    return [last | {"start": began, "end": began + timedelta(minutes=1)}, last]


def flow(given: Given) -> dict[str, Any]:
    """The one flow, as it differs from the plain one."""
    levels = [law().catalogue[code].level for code in given.data]
    order = ("core", "important", "personal")
    level = next((each for each in order if each in levels), "unclassified")
    return {
        "start": given.moment,
        "end": given.moment + timedelta(minutes=1),
        "categories": list(given.data),
        "level": level,
        "encrypted": given.encrypted,
        "app": "http" if given.encrypted is False else "tls",
        "outbound_bytes": given.bytes,
        "content_labels": None if given.content is None else list(given.content),
        "content_certainties": None if given.content is None else ["firm"] * len(given.content),
        "content_hints": None if given.hints is None else list(given.hints),
        **RECIPIENTS[given.to],
    }


def entries(case: Case) -> dict[str, list[dict[str, Any]]]:
    """The register's entries for a case, filled up with what its flow is."""
    given = case.given
    entry = {
        "systems": [case.id],
        "categories": list(given.data),
        "recipients": {"organisations": ["Example Cloud*"]},
    }
    dossier = entry | {"id": f"HS-{case.id}", "result": "passed"}
    exemption = entry | {
        "id": f"MT-{case.id}",
        "reason": "Căn cứ nêu trong văn bản kèm theo.",
        "recorded_by": "Nguyễn Văn A",
        "recorded": date(2026, 1, 2),
        "reviewed_by": "Trần Thị B",
        "reviewed": date(2026, 1, 3),
    }
    return {
        "dossiers": [dossier | each for each in given.dossiers],
        "exemptions": [exemption | each for each in given.exemptions],
    }


def _answered(owner: Owner, cases: list[Case]) -> tuple[Finding, ...]:
    """What the program finds for an agency in which every case is a system of its own."""
    systems = tuple(
        System(
            id=case.id,
            name=case.says.vi,
            hosts=(f"{case.id.lower()}.example.vn",),
            state_agency=case.given.system_owner and case.given.system_owner == "state-agency",
        )
        for case in cases
    )
    inventory = Inventory(agency="Sở Mẫu", state_agency=owner == "state-agency", systems=systems)
    several = [entries(case) for case in cases]
    content = {
        kind: [each for one in several for each in one[kind]] for kind in ("dossiers", "exemptions")
    }
    register = Register.model_validate({"version": "1", **content})
    rows = [row | {"system_id": case.id} for case in cases for row in flows(case.given)]
    return policy.findings(policy.candidates([flow_table_of(*rows)]), law(), inventory, register)


def _added_up(case: Case) -> tuple[Finding, ...]:
    """What the program finds in the totals of one owner."""
    owner = "Sở Mẫu"
    given = case.given
    carried = tuple(Carried(code, "pdpl") for code in given.data)
    route = Route(owner, "registry", "Example Cloud Pte", "SG", carried)
    totals = tuple(
        DayTotal(each.on, route, 1, 1000, None if each.counted else each.subjects)
        for each in given.added
    )
    counts, known = [], 0
    for each in given.added:
        if each.counted:
            others = np.arange(known, known + each.subjects, dtype=np.uint64)
            state = Subjects(others).to_bytes()
            about = (each.on, owner, "registry", "Example Cloud Pte", "detector", True, state)
            counts.append(DayCount(*about))
            known += each.subjects
    ledger = Ledger(totals, tuple(counts), min(each.on for each in given.added))
    inventory = Inventory(
        agency=owner, systems=(System(id="registry", name="Đất đai", hosts=("a.example.vn",)),)
    )
    about_organisations = all(code.endswith("organisations") for code in given.data)
    subject = "organisation" if about_organisations else "person"
    sought = Sought("detector", Text("Số", "Number"), given.data, subject, "C")
    return policy.crossed(ledger, law(), inventory, (sought,))


@cache
def answers() -> dict[str, list[Finding]]:
    """What the program finds, by case; one flow each, all in one table per kind of owner."""
    cases = [case for theme in themes() for case in theme.cases]
    found = {case.id: list(_added_up(case)) if case.given.added else [] for case in cases}
    alone = [case for case in cases if not case.given.added]
    for owner in get_args(Owner):
        for one in _answered(owner, [case for case in alone if case.given.owner == owner]):
            found[str(one.system)].append(one)
    return found


def cited(basis: LegalBasis) -> str:
    """A provision as the cases write it."""
    return f"{basis.instrument}, {basis.article}"


HEAD = """# Các trường hợp pháp lý / Legal cases

Mỗi dòng là một lần chuyển và kết quả của chương trình với các chính sách trong thư mục
`policies`. Kết quả là dấu hiệu cần kiểm tra, không phải kết luận. Người có chuyên môn pháp lý
đọc từng dòng, ký vào cột cuối hoặc ghi chỗ không đồng ý. Mức tin cậy của căn cứ: C = đã đọc
nguyên văn, S = nguồn thứ cấp, M = chưa xác nhận.

Each row is one transfer and what the program answers with the policies of the folder
`policies`: an indicator to check, no conclusion. Somebody learned in the law reads every row
and signs the last column, or writes what they disagree with. Marks: C = read in the text
itself, S = secondary source, M = not confirmed. Every row is run as a test.

Trạng thái / states: open = điều kiện đúng, chưa có hồ sơ phù hợp; undecided = chưa xác định;
exempt = có người ghi nhận miễn trừ; covered = đã có hồ sơ. Chế độ và quy tắc gọi theo id trong
`policies/regimes.yaml` và `policies/rules.yaml`.
"""

TO: dict[To, str] = {
    "abroad": "ra nước ngoài / abroad",
    "storage-abroad": "dịch vụ lưu trữ ở nước ngoài / storage service abroad",
    "platform-abroad": "nền tảng nhắn tin ở nước ngoài / messaging platform abroad",
    "foreign-run-at-home": (
        "máy chủ tại Việt Nam do tổ chức nước ngoài vận hành / foreign-run server in Vietnam"
    ),
    "foreign-run-anywhere": "tổ chức nước ngoài, chưa rõ nơi đặt / foreign-run, place unknown",
    "foreign-network-at-home": "mạng nước ngoài tại Việt Nam / foreign network in Vietnam",
    "at-home": "tổ chức Việt Nam tại Việt Nam / Vietnamese, in Vietnam",
    "unknown-place": "chưa rõ / unknown",
}


def page() -> str:
    """The page: a table per theme, with room to sign."""
    parts = [HEAD]
    for theme in themes():
        parts.append(f"## {theme.title.vi} / {theme.title.en}\n")
        parts.append(
            "| Số | Trường hợp / Case | Dữ kiện / Facts | Kết quả / Answer | Ký / Signed |"
        )
        parts.append("|---|---|---|---|---|")
        for case in theme.cases:
            given = "<br>".join(_facts(case.given))
            gives = "<br><br>".join(map(_said, case.gives)) or "không có dấu hiệu / no indicator"
            parts.append(f"| {case.id} | {case.says.vi}<br>{case.says.en} | {given} | {gives} | |")
        parts.append("")
    parts.append(
        "Người đọc / Read by: ……………………  Chức danh / Title: ……………………  Ngày / Date: ……………………"
    )
    return "\n".join(parts) + "\n"


def _facts(given: Given) -> list[str]:
    if given.added:
        return [
            f"dữ liệu / data: {', '.join(given.data)}",
            *(
                f"{each.on:%d/%m/%Y}: {each.subjects:,} chủ thể, "
                + ("đếm được / subjects, counted" if each.counted else "ước tính / estimated")
                for each in given.added
            ),
        ]
    moment = given.moment
    day = f"{moment:%d/%m/%Y}" if given.at is None else f"{moment:%d/%m/%Y %H:%M:%S.%f}"
    facts = [
        *([f"thấy từ / seen since: {given.earlier:%d/%m/%Y}"] if given.earlier else []),
        f"ngày / day: {day.removesuffix('.000000')}",
        f"dữ liệu / data: {', '.join(given.data) or 'không có / none'}",
        f"bên nhận / recipient: {TO[given.to]}",
    ]
    owners = {"state-agency": "cơ quan nhà nước / state agency", "other": "bên khác / other"}
    facts.append(f"chủ sở hữu / owner: {owners[given.system_owner or given.owner]}")
    if given.bytes != 1000:
        facts.append(
            f"byte ra / out: {'chưa biết / unknown' if given.bytes is None else given.bytes}"
        )
    if given.encrypted is not True:
        known = "không / no" if given.encrypted is False else "chưa rõ / unknown"
        facts.append(f"mã hóa / encrypted: {known}")
    if given.content:
        facts.append(f"nội dung / content: {', '.join(given.content)}")
    if given.hints:
        facts.append(f"gợi ý trong nội dung / hints in content: {', '.join(given.hints)}")
    facts += [f"hồ sơ / dossier: {_entry(each)}" for each in given.dossiers]
    facts += [f"miễn trừ / exemption: {_entry(each)}" for each in given.exemptions]
    return facts


def _entry(entry: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in entry.items())


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items())
    if isinstance(value, list):
        return "; ".join(map(_plain, value))
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)


def _said(gives: Gives) -> str:
    regime = gives.regime or "chưa rõ hoặc không chỉ một / not known or not one"
    said = [f"`{gives.rule}`", f"**{gives.state}**", f"chế độ / regime: {regime}"]
    said.append(f"căn cứ / basis: {gives.article} ({_mark(gives)})")
    for duty, day in (gives.due or {}).items():
        said.append(f"hạn / due: {day:%d/%m/%Y} ({duty})")
    if gives.sanctions:
        said.append(f"tra cứu / look up: {'; '.join(gives.sanctions)}")
    return "<br>".join(said)


def _mark(gives: Gives) -> str:
    legal = {rule.id: rule.legal for rule in law().rules.rules}
    legal |= {threshold.id: threshold.legal for threshold in law().regimes.thresholds}
    for basis in legal[gives.rule]:
        if f"{basis.instrument}, {basis.article}".startswith(gives.article):
            return basis.mark
    raise ValueError(f"{gives.rule} does not cite {gives.article}")


if __name__ == "__main__":
    sys.stdout.write(page())

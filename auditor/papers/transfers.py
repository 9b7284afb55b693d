"""Who sends what to whom: findings brought together by system and recipient."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, Literal

from auditor.model.finding import STATES, State
from auditor.model.text import Text
from auditor.papers.blocks import Arrow, Diagram, Table
from auditor.papers.material import Seen
from auditor.papers.wording import (
    STATE,
    category,
    countries,
    day,
    listed,
    number,
    rounded,
    size,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.papers.material import Material

MOST_ROWS: Final = 200
MOST_ARROWS: Final = 12
MOST_LETTERS: Final = 90
"""Of a category's wording in a table."""

Form = Literal["a", "b", "c"]
FORM: Final[dict[Form, str]] = {
    "a": "tới hệ thống lưu trữ đặt ngoài lãnh thổ Việt Nam",
    "b": "cho tổ chức, cá nhân nước ngoài",
    "c": "dùng nền tảng ở ngoài lãnh thổ Việt Nam để xử lý",
}
"""Article 23(2) of the Law on Data (60/2024)."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One system's transfers to one recipient.

    One flow may carry several categories and be in several findings: ``bytes``, ``estimated``,
    ``unknown``, ``flows`` are those of the finding with most bytes, and what left is at least that.

    Attributes:
        categories: codes, sorted.
        forms: of which the form is known to be taken.
        undecided: forms of which nobody can say.
        states: of its findings, the heaviest first.
    """

    system: str | None
    recipient: str
    countries: tuple[str, ...]
    categories: tuple[str, ...]
    flows: int
    bytes: int
    estimated: int
    unknown: int
    counted: int | None
    subjects: int | None
    first: date
    last: date
    forms: tuple[Form, ...]
    undecided: tuple[Form, ...]
    states: tuple[State, ...]
    seen: tuple[Seen, ...]


def transfers(material: Material, kept: Iterable[Seen] | None = None) -> tuple[Transfer, ...]:
    """By system and recipient, the most bytes first; of ``kept`` alone where that is given."""
    of_pair: dict[tuple[str | None, str], list[Seen]] = defaultdict(list)
    for seen in material.seen if kept is None else kept:
        if seen.has_flows:
            of_pair[seen.finding.system, seen.finding.recipient].append(seen)
    made = [_transfer(material, pair, seen) for pair, seen in of_pair.items()]
    return tuple(sorted(made, key=lambda each: (-each.bytes, each.system or "", each.recipient)))


def _transfer(material: Material, pair: tuple[str | None, str], seen: Sequence[Seen]) -> Transfer:
    heaviest = max(seen, key=lambda each: each.bytes)
    forms, undecided = _forms(material, seen)
    states = {each.finding.state for each in seen}
    return Transfer(
        system=pair[0],
        recipient=pair[1],
        countries=tuple(sorted({code for each in seen for code in each.finding.countries})),
        categories=tuple(sorted({s.finding.category for s in seen if s.finding.category})),
        flows=heaviest.flows,
        bytes=heaviest.bytes,
        estimated=heaviest.estimated,
        unknown=heaviest.unknown,
        counted=max((s.counted for s in seen if s.counted is not None), default=None),
        subjects=max((s.subjects for s in seen if s.subjects is not None), default=None),
        first=min(each.first for each in seen),
        last=max(each.last for each in seen),
        forms=forms,
        undecided=undecided,
        states=tuple(state for state in STATES if state in states),
        seen=tuple(seen),
    )


def _forms(material: Material, seen: Sequence[Seen]) -> tuple[tuple[Form, ...], tuple[Form, ...]]:
    """Forms that a destination of the findings takes, and those of which none is known to."""
    places = {
        each.address: each for one in seen for each in material.destinations_of(one.finding)
    }.values()
    said: dict[Form, list[bool | None]] = {
        "a": [each.abroad for each in places],
        "b": [each.foreign_recipient for each in places],
        "c": [each.foreign_platform for each in places],
    }
    known = tuple(form for form, answers in said.items() if True in answers)
    open_ = tuple(
        form
        for form, answers in said.items()
        if form not in known and (not answers or None in answers)
    )
    return known, open_


def forms_said(transfer: Transfer) -> str:
    """``a, b; chưa rõ: c``."""
    parts = [", ".join(transfer.forms)] if transfer.forms else []
    if transfer.undecided:
        parts.append(f"chưa rõ: {', '.join(transfer.undecided)}")
    return "; ".join(parts) or "không thấy"


def counted_bytes(transfer: Transfer) -> str:
    """What left by count, ``≥`` where some flows do not say."""
    counted = transfer.bytes - transfer.estimated
    if transfer.unknown and transfer.unknown >= transfer.flows:
        return "chưa biết"
    return ("≥ " if transfer.unknown else "") + size(counted)


def estimated_bytes(transfer: Transfer) -> str:
    """What left by estimate from sampled traffic; a dash where nothing is estimated."""
    return f"≈ {size(transfer.estimated)}" if transfer.estimated else "–"


def volume_said(transfer: Transfer) -> str:
    """What left, counted and estimated apart, in one phrase."""
    counted = counted_bytes(transfer)
    if not transfer.estimated:
        return counted if counted == "chưa biết" else f"{counted} đếm được"
    return f"{counted} đếm được; {estimated_bytes(transfer)} ước tính"


def subjects_said(counted: int | None, estimated: int | None) -> str:
    """Data subjects, counted and estimated apart."""
    parts = []
    if counted is not None:
        parts.append(f"đếm được trong nội dung: {number(counted)}")
    if estimated is not None:
        parts.append(f"ước tính theo khối lượng: {rounded(estimated)}")
    return "; ".join(parts) or "chưa biết"


def recipients_table(material: Material, moved: Sequence[Transfer]) -> Table:
    """Transfers by system and recipient, with counted and estimated volumes apart."""
    rows = tuple(
        (
            str(place),
            material.system_name(each.system),
            each.recipient,
            countries(each.countries),
            forms_said(each),
            listed(each.categories) or "–",
            counted_bytes(each),
            estimated_bytes(each),
            subjects_said(each.counted, each.subjects),
            f"{day(each.first)} – {day(each.last)}",
            STATE[each.states[0]].vi,
        )
        for place, each in enumerate(moved[:MOST_ROWS], start=1)
    )
    titles = (
        Text("TT", "No."),
        Text("Hệ thống", "System"),
        Text("Bên nhận", "Recipient"),
        Text("Nước, vùng lãnh thổ", "Country"),
        Text("Hình thức", "Form"),
        Text("Nhóm dữ liệu", "Categories"),
        Text("Khối lượng đếm được", "Counted"),
        Text("Khối lượng ước tính", "Estimated"),
        Text("Chủ thể dữ liệu", "Data subjects"),
        Text("Thời gian thấy", "Seen"),
        Text("Tình trạng", "State"),
    )
    widths = (6, 16, 20, 13, 9, 15, 12, 11, 19, 12, 11)
    return Table(titles, widths, rows, max(0, len(moved) - MOST_ROWS))


def diagram(material: Material, moved: Sequence[Transfer], most: int = MOST_ARROWS) -> Diagram:
    """Who sends to whom, the ``most`` heaviest first."""
    arrows = tuple(
        Arrow(
            system=material.system_name(each.system),
            recipient=each.recipient,
            country=countries(each.countries, 2),
            says=f"{_volume(each)} · {listed(each.categories, 4) or 'chưa rõ nhóm dữ liệu'}",
            sure=bool(each.forms),
        )
        for each in moved[:most]
    )
    return Diagram(arrows, max(0, len(moved) - most))


def estimate(material: Material, pairs: Iterable[tuple[str | None, int | None]]) -> int | None:
    """Estimated subjects of systems (id, subjects of one transfer), added up.

    Of no system more than it holds: who goes to many recipients is one person. Null = nothing is
    known of any.
    """
    held = (
        {each.id: each.subjects for each in material.inventory.systems}
        if (material.inventory)
        else {}
    )
    sums: dict[str | None, int] = {}
    for system, subjects in pairs:
        if subjects is None:
            continue
        total = sums.get(system, 0) + subjects
        most = held.get(system) if system else None
        sums[system] = total if most is None else min(total, most)
    return sum(sums.values()) if sums else None


def _volume(transfer: Transfer) -> str:
    if transfer.unknown and transfer.unknown >= transfer.flows:
        return "chưa biết lượng"
    mark = "≈ " if transfer.estimated else "≥ " if transfer.unknown else ""
    return mark + size(transfer.bytes)


def categories_table(material: Material, moved: Sequence[Transfer]) -> Table:
    """Categories that were transferred: level, how they are known, to how many."""
    codes = sorted({code for each in moved for code in each.categories})
    rows = []
    for code in codes:
        carrying = [each for each in moved if code in each.categories]
        seen = [s for each in carrying for s in each.seen if s.finding.category == code]
        recognised = any(s.finding.evidence.recognised for s in seen)
        counted = max((s.counted for s in seen if s.counted is not None), default=None)
        subjects = max((s.subjects for s in seen if s.subjects is not None), default=None)
        rows.append(
            (
                category(code, material.catalogue, MOST_LETTERS),
                _level(material, code),
                "nhận dạng trong nội dung" if recognised else "theo bản kê khai hệ thống",
                str(len({each.system for each in carrying})),
                str(len({each.recipient for each in carrying})),
                subjects_said(counted, subjects),
            )
        )
    titles = (
        Text("Nhóm dữ liệu", "Category"),
        Text("Mức", "Level"),
        Text("Căn cứ nhận biết", "Known by"),
        Text("Số hệ thống", "Systems"),
        Text("Số bên nhận", "Recipients"),
        Text("Chủ thể dữ liệu nhiều nhất tới một bên nhận", "Most subjects to one recipient"),
    )
    return Table.bounded(titles, (46, 16, 20, 10, 10, 28), rows)


_LEVEL: Final = {
    "core": "cốt lõi", "important": "quan trọng", "personal": "cá nhân", "unclassified": "khác",
}  # fmt: skip


def _level(material: Material, code: str) -> str:
    if code not in material.catalogue:
        return "không có trong danh mục"
    known = material.catalogue[code]
    personal = ", cá nhân" if known.personal and known.level != "personal" else ""
    return _LEVEL[known.level] + personal

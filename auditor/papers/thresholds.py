"""Whether the part of Form 09 on national security is to be filled in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from auditor.papers.ledgers import about, most_counted
from auditor.papers.transfers import estimate, transfers
from auditor.papers.wording import day, listed, number, rounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.model.ledger import DayCount, DayTotal
    from auditor.papers.material import Material
    from auditor.papers.transfers import Transfer

BASIC_ABOVE: Final = 100_000
SENSITIVE_ABOVE: Final = 10_000
"""Form 09, A.III.2.3 (Decree 356/2025): more subjects than these."""
SINCE: Final = date(2026, 1, 1)
"""From when on the form's numbers count: Decree 356/2025 is in force."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Whether a number of subjects is exceeded.

    Attributes:
        answer: null = not known; the part stays on the paper.
        says: on what the answer rests, counted and estimated apart.
    """

    answer: bool | None
    says: str


def reached(material: Material) -> tuple[Reached, ...]:
    """For basic data, for sensitive data, and by what the inventory declares."""
    return (
        _by_label("cơ bản", lambda code: _codes(code, "B"), BASIC_ABOVE, material),
        _by_label("nhạy cảm", lambda code: _codes(code, "S-"), SENSITIVE_ABOVE, material),
        *_declared(material),
    )


def asked(answers: tuple[Reached, ...]) -> bool | None:
    """Whether the part is asked for; null = it cannot be ruled out."""
    said = [each.answer for each in answers]
    return True if True in said else None if None in said else False


def _codes(code: str | None, beginning: str) -> bool:
    return code is not None and code.startswith(beginning)


def _by_label(
    kind: str, wanted: Callable[[str | None], bool], above: int, material: Material
) -> Reached:
    kept = [seen for seen in material.seen if wanted(seen.finding.category)]
    moved = transfers(material, kept)
    begins = f"Dữ liệu {kind}, mốc trên {number(above)} chủ thể: "
    known, source = _estimates(material, wanted, moved)
    counted, told = _counted(material, wanted, moved)
    if not moved and not known and counted is None:
        return Reached(False, f"{begins}không thấy nhóm dữ liệu này trong việc chuyển.")
    estimated = estimate(material, known) or 0
    if any(subjects is not None for _, subjects in known):
        told += f"; ước tính cộng các bên nhận {rounded(estimated)} ({source})"
        told += "; thiếu phần không ước tính được" if any(n is None for _, n in known) else ""
    else:
        told += "; không ước tính được"
    if counted is not None and counted > above:
        return Reached(True, f"{begins}vượt theo số đếm được: {told}.")
    if estimated > above:
        return Reached(True, f"{begins}vượt theo ước tính, đơn vị xác nhận: {told}.")
    sending = {total.route.system for total in _totals(material, wanted)}
    sending |= {each.system for each in _counts(material, wanted)}
    ceiling = _ceiling(material, sending | {each.system for each in moved})
    if ceiling is not None and ceiling <= above:
        held = f"các hệ thống này lưu giữ tất cả {number(ceiling)} chủ thể"
        return Reached(False, f"{begins}không vượt: {held}; {told}.")
    return Reached(None, f"{begins}chưa biết số cộng dồn: {told}.")


def _counted(
    material: Material, wanted: Callable[[str | None], bool], moved: tuple[Transfer, ...]
) -> tuple[int | None, str]:
    """Subjects recognised in content, at least so many: by the ledger, or to one recipient."""
    one = max((each.counted for each in moved if each.counted is not None), default=None)
    found = most_counted(_counts(material, wanted))
    if found is not None and found[1].count >= (one or 0):
        detector, held = found
        name = material.detector_names[detector]
        how_many = number(held.count) if held.exact else rounded(held.count)
        told = f"đếm được {how_many} ({name}; sổ cộng dồn từ {day(SINCE)}, mỗi chủ thể một lần)"
        return held.count, told
    if one is None:
        return None, "không đếm được trong nội dung"
    return one, f"đếm được nhiều nhất {number(one)} tới một bên nhận"


def _counts(material: Material, wanted: Callable[[str | None], bool]) -> Iterator[DayCount]:
    """Persons that the ledger has of detectors for such data, within the paper's limits."""
    detectors = {
        each.detector
        for each in material.sought
        if each.subject == "person" and any(map(wanted, each.labels))
    }
    for count in material.ledger.counts if material.ledger else ():
        asked_for = count.detector in detectors and count.outbound is True and count.day >= SINCE
        if asked_for and about(material, count.system, count.recipient):
            yield count


def _estimates(
    material: Material, wanted: Callable[[str | None], bool], moved: tuple[Transfer, ...]
) -> tuple[list[tuple[str | None, int | None]], str]:
    """Estimated subjects by system, and what they are taken from: the ledger where it is."""
    if material.ledger is None:
        return [(each.system, each.subjects) for each in moved], "theo các lượt kiểm tra"
    held = [(total.route.system, total.records) for total in _totals(material, wanted)]
    return held, f"theo sổ cộng dồn từ {day(SINCE)}"


def _totals(material: Material, wanted: Callable[[str | None], bool]) -> Iterator[DayTotal]:
    """What the ledger has of routes within the paper's limits that carry such data."""
    for total in material.ledger.totals if material.ledger else ():
        route = total.route
        carries = any(wanted(each.category) for each in route.carried)
        if carries and total.day >= SINCE and about(material, route.system, route.recipient):
            yield total


def _ceiling(material: Material, systems: set[str | None]) -> int | None:
    """How many subjects the systems hold at most, as the inventory declares; null = not known."""
    held = (
        {each.id: each.subjects for each in material.inventory.systems}
        if material.inventory
        else {}
    )
    known = [held.get(system) if system else None for system in systems]
    return None if None in known else sum(each for each in known if each is not None)


def _declared(material: Material) -> tuple[Reached, ...]:
    carried = {seen.finding.category for seen in material.seen if seen.has_flows}
    codes = [
        code
        for code, known in material.catalogue.by_code.items()
        if code in carried and known.personal and known.level in ("core", "important")
    ]
    if not codes:
        return ()
    return (
        Reached(
            True,
            f"Bản kê khai hoặc nội dung gán nhóm {listed(codes)} (dữ liệu công dân từ ngưỡng dữ "
            "liệu quan trọng trở lên) cho việc chuyển này.",
        ),
    )

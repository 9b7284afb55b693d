"""Whether the part of Form 09 on national security is to be filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.model.ledger import COUNTED_FROM
from auditor.papers.ledgers import about
from auditor.papers.transfers import transfers
from auditor.papers.wording import day, listed, number, rounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.model.ledger import Route
    from auditor.papers.material import Material
    from auditor.papers.transfers import Transfer

BASIC_ABOVE: Final = 100_000
SENSITIVE_ABOVE: Final = 10_000
"""Form 09, A.III.2.3 (Decree 356/2025): more subjects than these."""


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
    if not moved and not known:
        return Reached(False, f"{begins}không thấy nhóm dữ liệu này trong việc chuyển.")
    counted = max((each.counted for each in moved if each.counted is not None), default=None)
    told = (
        "không đếm được trong nội dung"
        if counted is None
        else f"đếm được nhiều nhất {number(counted)} tới một bên nhận"
    )
    estimated = sum(each for each in known if each is not None)
    if any(each is not None for each in known):
        told += f"; ước tính cộng các bên nhận {rounded(estimated)} ({source})"
        told += "; thiếu bên nhận không ước tính được" if None in known else ""
    else:
        told += "; không ước tính được"
    if counted is not None and counted > above:
        return Reached(True, f"{begins}vượt theo số đếm được: {told}.")
    if estimated > above:
        return Reached(True, f"{begins}vượt theo ước tính, đơn vị xác nhận: {told}.")
    sending = {route.system for route in _routes(material, wanted)}
    ceiling = _ceiling(material, sending | {each.system for each in moved})
    if ceiling is not None and ceiling <= above:
        held = f"các hệ thống này lưu giữ tất cả {number(ceiling)} chủ thể"
        return Reached(False, f"{begins}không vượt: {held}; {told}.")
    return Reached(None, f"{begins}chưa biết số cộng dồn: {told}.")


def _estimates(
    material: Material, wanted: Callable[[str | None], bool], moved: tuple[Transfer, ...]
) -> tuple[list[int | None], str]:
    """Estimated subjects by recipient, and what they are taken from: the ledger where it is."""
    if material.ledger is None:
        return [each.subjects for each in moved], "theo các lượt kiểm tra"
    routes = set(_routes(material, wanted))
    records = [total.records for total in material.ledger.totals if total.route in routes]
    return [*records], f"theo sổ cộng dồn từ {day(COUNTED_FROM)}"


def _routes(material: Material, wanted: Callable[[str | None], bool]) -> Iterator[Route]:
    """Routes of the ledger within the paper's limits that carry such data, each as often as met."""
    for total in material.ledger.totals if material.ledger else ():
        route = total.route
        carries = any(wanted(each.category) for each in route.carried)
        if carries and about(material, route.system, route.recipient):
            yield route


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
    carried = {seen.finding.category for seen in material.seen}
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

"""What the running totals say, where there are any."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from auditor.model.errors import StoreError
from auditor.model.ledger import COUNTED_FROM
from auditor.model.subjects import Subjects
from auditor.model.text import Text
from auditor.papers.blocks import Sentence, Table
from auditor.papers.wording import country, day, number, rounded, size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.model.ledger import DayTotal, Ledger, Route
    from auditor.papers.blocks import Block
    from auditor.papers.material import Material

MOST_ROWS: Final = 200


def ledger_blocks(material: Material) -> tuple[Block, ...]:
    """Totals since Decree 165 counts, and of the period; or that there is no ledger."""
    ledger = material.ledger
    if ledger is None:
        return (
            Sentence(
                "Không có sổ cộng dồn. Khoản 10 Điều 12 Nghị định 165/2025/NĐ-CP tính lượng dữ "
                f"liệu tích lũy từ ngày {day(COUNTED_FROM)}; số liệu của các lượt kiểm tra không "
                "thay cho số tích lũy đó."
            ),
        )
    begun = ledger.complete_from
    since = (
        f"Sổ có lưu lượng từ ngày {day(begun)}" if begun else "Sổ chưa có lưu lượng nào"
    ) + f"; khoản 10 Điều 12 Nghị định 165/2025/NĐ-CP tính từ ngày {day(COUNTED_FROM)}."
    if begun is None or begun > COUNTED_FROM:
        since += " Phần chuyển trước đó, hoặc không qua điểm thu, không có trong sổ."
    return (Sentence(since), _totals(material, ledger))


def _totals(material: Material, ledger: Ledger) -> Table:
    of_route: dict[Route, list[DayTotal]] = defaultdict(list)
    for total in ledger.totals:
        if about(material, total.route.system, total.route.recipient):
            of_route[total.route].append(total)
    rows = []
    for route, totals in of_route.items():
        now = [each for each in totals if material.since <= each.day <= material.until]
        whole = sum(each.bytes for each in totals)
        line = (
            f"{material.system_name(route.system)} → {route.recipient}",
            country(route.country),
            ", ".join(each.category for each in route.carried) or "–",
            size(sum(each.bytes for each in now)),
            size(whole),
            _records(each.records for each in totals),
            _subjects(ledger, route),
        )
        rows.append((-whole, line))
    rows.sort()
    titles = (
        Text("Hệ thống → bên nhận", "System → recipient"),
        Text("Nước", "Country"),
        Text("Nhóm dữ liệu", "Categories"),
        Text("Trong kỳ", "In the period"),
        Text("Cộng dồn", "Running total"),
        Text("Chủ thể ước tính", "Subjects estimated"),
        Text("Chủ thể đếm được", "Subjects counted"),
    )
    return Table(
        titles, (40, 18, 26, 16, 16, 20, 20), tuple(line for _, line in rows[:MOST_ROWS]),
        max(0, len(rows) - MOST_ROWS), "Sổ không có dòng nào trong phạm vi này.",
    )  # fmt: skip


def about(material: Material, system: str | None, recipient: str) -> bool:
    """Whether a route is within what the paper is limited to."""
    here = material.system is None or system == material.system
    return here and material.recipient.casefold() in recipient.casefold()


def _records(values: Iterable[int | None]) -> str:
    known = [value for value in values if value is not None]
    return rounded(sum(known)) if known else "chưa biết"


def _subjects(ledger: Ledger, route: Route) -> str:
    """Different values that content showed going out, by the detector that saw most."""
    of_detector: dict[str, Subjects] = {}
    for count in ledger.counts:
        if (count.system, count.recipient, count.owner) == (
            route.system, route.recipient, route.owner
        ) and count.outbound is True:  # fmt: skip
            held = of_detector.setdefault(count.detector, Subjects())
            held.update(_known(count.state))
    if not of_detector:
        return "–"
    name, most = max(of_detector.items(), key=lambda item: (item[1].count, item[0]))
    return f"{number(most.count) if most.exact else rounded(most.count)} ({name})"


def _known(state: bytes) -> Subjects:
    try:
        return Subjects.from_bytes(state)
    except ValueError as error:
        raise StoreError(
            f"cannot be read: {error}", place="ledger", hint="Run `auditor ledger rebuild`."
        ) from None

"""What the running totals say, where there are any."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from auditor.model.errors import StoreError
from auditor.model.ledger import COUNTED_FROM
from auditor.model.subjects import Subjects
from auditor.model.text import Text
from auditor.papers.blocks import Sentence, Table
from auditor.papers.wording import countries, day, listed, number, rounded, size

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from auditor.model.ledger import DayCount, DayTotal, Ledger
    from auditor.papers.blocks import Block
    from auditor.papers.material import Material

MOST_ROWS: Final = 200


def ledger_blocks(material: Material, codes: AbstractSet[str] | None = None) -> tuple[Block, ...]:
    """Totals since Decree 165 counts, and of the period; or that there is no ledger.

    ``codes``: only routes that carry one of these categories; null = all.
    """
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
    held = _held(material, ledger, codes)
    now = sum(each.bytes for each in held if material.since <= each.day <= material.until)
    whole = sum(each.bytes for each in held)
    sums = f"Trong kỳ: {size(now)}; cộng dồn: {size(whole)}"
    sums += ", kể cả chuyển cho bên nước ngoài đặt máy chủ tại Việt Nam"
    sums += " (chỉ các đường chuyển có nhóm dữ liệu của báo cáo này)." if codes is not None else "."
    return (Sentence(f"{since} {sums}"), _totals(material, ledger, held))


def _held(material: Material, ledger: Ledger, codes: AbstractSet[str] | None) -> list[DayTotal]:
    """What counts since Decree 165 does, within the paper's limits."""
    return [
        each
        for each in ledger.totals
        if about(material, each.route.system, each.route.recipient)
        and each.day >= COUNTED_FROM
        and (codes is None or any(kind.category in codes for kind in each.route.carried))
    ]


def _totals(material: Material, ledger: Ledger, held: Iterable[DayTotal]) -> Table:
    """By owner, system and recipient: a route that changed its categories or place is one line."""
    of_pair: dict[tuple[str, str | None, str], list[DayTotal]] = defaultdict(list)
    for total in held:
        route = total.route
        of_pair[route.owner, route.system, route.recipient].append(total)
    rows = []
    for (owner, system, recipient), totals in of_pair.items():
        now = [each for each in totals if material.since <= each.day <= material.until]
        whole = sum(each.bytes for each in totals)
        codes = {kind.category for each in totals for kind in each.route.carried}
        line = (
            f"{material.system_name(system)} → {recipient}",
            countries(sorted({each.route.country or "" for each in totals}), 3),
            listed(sorted(codes)) or "–",
            size(sum(each.bytes for each in now)),
            size(whole),
            _records(each.records for each in totals),
            _subjects(material, ledger, (owner, system, recipient)),
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


def _subjects(material: Material, ledger: Ledger, pair: tuple[str, str | None, str]) -> str:
    """Different values that content showed going out, by the detector that saw most."""
    found = most_counted(
        each
        for each in ledger.counts
        if (each.owner, each.system, each.recipient) == pair and each.day >= COUNTED_FROM
    )
    if found is None:
        return "–"
    detector, most = found
    name = material.detector_names.get(detector, detector)
    return f"{number(most.count) if most.exact else rounded(most.count)} ({name})"


def most_counted(counts: Iterable[DayCount]) -> tuple[str, Subjects] | None:
    """The detector that recognised most different values in what left, and the values' hashes.

    Raises:
        StoreError: a count is damaged.
    """
    of_detector: dict[str, Subjects] = {}
    for count in counts:
        if count.outbound is True:
            of_detector.setdefault(count.detector, Subjects()).update(_known(count.state))
    return max(of_detector.items(), key=lambda item: (item[1].count, item[0]), default=None)


def _known(state: bytes) -> Subjects:
    try:
        return Subjects.from_bytes(state)
    except ValueError as error:
        raise StoreError(
            f"cannot be read: {error}", place="ledger", hint="Run `auditor ledger rebuild`."
        ) from None

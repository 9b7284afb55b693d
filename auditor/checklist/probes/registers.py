"""Probes of what an agency lists of its people, its suppliers and its request to connect."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Probe
from auditor.checklist.probes.tables import (
    Table,
    from_registers,
    judged,
    names,
)
from auditor.checklist.sources.register import day, truth
from auditor.checklist.working_days import months_before
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from datetime import date

    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments, Found

CONTACTS: Final[dict[str, tuple[Text, tuple[str, ...]]]] = {
    "owner": (Text("chủ quản", "owner"), ("chủ quản", "owner")),
    "operator": (Text("đơn vị vận hành", "operator"), ("vận hành", "operator")),
    "soc": (Text("SOC, giám sát", "SOC"), ("SOC", "giám sát", "monitoring")),
    "center": (
        Text("Trung tâm dữ liệu quốc gia", "National Data Center"),
        ("TTDLQG", "Trung tâm dữ liệu quốc gia", "National Data Center", "NDC"),
    ),
    "police": (
        Text("A05 hoặc PA05", "cyber police (A05, PA05)"),
        ("A05", "PA05", "Bộ Công an", "Công an tỉnh", "cyber police"),
    ),
    "provider": (
        Text("nhà cung cấp đường truyền", "line provider"),
        ("ISP", "đường truyền", "viễn thông", "line provider"),
    ),
    "supplier": (Text("nhà thầu", "supplier"), ("nhà thầu", "supplier", "contractor")),
}
"""Whom an emergency needs; an item asks for all of them (ORG-06)."""


def contacts_filled(facts: Facts, _: Arguments, contacts: Table) -> Found:
    """All roles have a name and a phone, looked after lately."""
    limit = facts.number("contact-months")
    oldest = months_before(facts.today, int(limit.value)) if limit.value else None
    held: dict[str, str] = {}
    failing: list[Reference] = []
    for line, row in contacts.records():
        roles = [role for role, (_, words) in CONTACTS.items() if names(row["role"], words)]
        updated = day(row["updated"])
        if not row["name"] or len(re.findall(r"\d", row["phone"])) < 3:
            failing.append(contacts.at(line, f"{row['role']}: no name or no phone"))
        elif updated is None or updated > facts.today:
            failing.append(contacts.at(line, f"{row['role']}: no day of update"))
        elif oldest and updated < oldest:
            failing.append(contacts.at(line, f"{row['role']}: updated {updated}"))
        else:
            held |= dict.fromkeys(roles, row["role"])
    absent = [title for role, (title, _) in CONTACTS.items() if role not in held]
    failing += [
        Reference(contacts.held.entry.id, "", f"{title.en}: no usable row") for title in absent
    ]
    vi, en = ", ".join(t.vi for t in absent), ", ".join(t.en for t in absent)
    return judged(
        Text(
            f"Đủ {len(CONTACTS)} đầu mối, đều có tên, điện thoại và mới được cập nhật.",
            f"All {len(CONTACTS)} contacts have a name, a phone and a recent update.",
        ),
        Text(
            f"Có {len(CONTACTS) - len(absent)}/{len(CONTACTS)} đầu mối dùng được"
            + (f"; thiếu: {vi}." if absent else "; có dòng thiếu hoặc quá hạn cập nhật."),
            f"{len(CONTACTS) - len(absent)} of {len(CONTACTS)} contacts can be used"
            + (f"; missing: {en}." if absent else "; some rows are empty or out of date."),
        ),
        Text(
            "Bổ sung người, điện thoại và ngày cập nhật cho từng đầu mối.",
            "Fill in the person, the phone and the day of update of each contact.",
        ),
        failing=failing,
        rests_on=limit.source,
        tables=(contacts,),
        covered=(len(CONTACTS) - len(absent), len(CONTACTS)),
    )


def suppliers_reviewed(facts: Facts, _: Arguments, suppliers: Table) -> Found:
    """Each supplier has security clauses and was reviewed lately."""
    limit = facts.number("supplier-review-months")
    oldest = months_before(facts.today, int(limit.value)) if limit.value else None
    failing, unread = [], []
    for line, row in suppliers.records():
        reviewed = day(row["reviewed"])
        if not row["clauses"] or truth(row["clauses"]) is False:
            failing.append(suppliers.at(line, f"{row['supplier']}: no security clauses"))
        elif row["reviewed"] and (reviewed is None or reviewed > facts.today):
            unread.append(suppliers.at(line, f"{row['supplier']}: day of review is no past day"))
        elif oldest and (reviewed is None or reviewed < oldest):
            failing.append(suppliers.at(line, f"{row['supplier']}: reviewed {reviewed or 'never'}"))
    return judged(
        Text(
            f"Cả {len(suppliers)} nhà cung cấp có điều khoản an ninh"
            + (" và được rà soát đúng hạn." if oldest else "; cấp độ này không có kỳ rà soát."),
            f"All {len(suppliers)} suppliers have security clauses"
            + (" and a review in time." if oldest else "; this level has no review interval."),
        ),
        Text(
            f"{len(failing)}/{len(suppliers)} nhà cung cấp thiếu điều khoản hoặc quá hạn rà soát.",
            f"{len(failing)} of {len(suppliers)} suppliers have no clauses or are due for review.",
        ),
        Text(
            "Bổ sung điều khoản an ninh vào hợp đồng và rà soát nhà cung cấp.",
            "Add security clauses to the contract and review the supplier.",
        ),
        failing=failing,
        unread=unread,
        rests_on=limit.source,
        tables=(suppliers,),
    )


STEPS: Final = 5
BEFORE_GO_LIVE: Final = 4
"""The fifth step is going live."""


def steps_in_order(facts: Facts, _: Arguments, steps: Table) -> Found:
    """The steps of the request follow each other; none is begun before the one before it."""
    dates: dict[int, tuple[int, date]] = {}
    failing, unread = [], []
    for line, row in steps.records():
        number = re.search(r"\d", row["step"])
        done = day(row["date"])
        if number is None or not 1 <= int(number[0]) <= STEPS:
            unread.append(steps.at(line, "no number of a step, 1 to 5"))
        elif row["date"] and done is None:
            unread.append(steps.at(line, f"step {number[0]}: the date cannot be read"))
        elif done and done > facts.today:
            failing.append(steps.at(line, f"step {number[0]}: {done} is to come"))
        elif done and not row["document"]:
            failing.append(steps.at(line, f"step {number[0]}: no document"))
        elif done:
            earlier = dates.get(int(number[0]))
            dates[int(number[0])] = max((line, done), earlier or (line, done), key=lambda d: d[1])
    for step, (line, done) in sorted(dates.items()):
        before = dates.get(step - 1)
        if step > 1 and before is None:
            failing.append(steps.at(line, f"step {step}: step {step - 1} is not done"))
        elif before and before[1] > done:
            failing.append(
                steps.at(line, f"step {step}: {done}, before step {step - 1} ({before[1]})")
            )
    open_steps = [step for step in range(1, BEFORE_GO_LIVE + 1) if step not in dates]
    limit = facts.number("appraisal-days")
    took = (dates[2][1] - dates[1][1]).days if {1, 2} <= dates.keys() else None
    took_vi = f" Thẩm định mất {took} ngày." if took is not None else ""
    took_en = f" The appraisal took {took} days." if took is not None else ""
    return judged(
        Text(
            f"{len(dates)}/{STEPS} bước đã xong, đúng thứ tự.{took_vi}",
            f"{len(dates)} of {STEPS} steps are done, in order.{took_en}",
        ),
        Text(
            f"{len(dates)}/{STEPS} bước đã xong; {len(failing)} bước sai thứ tự hoặc thiếu văn bản."
            + took_vi,
            f"{len(dates)} of {STEPS} steps are done; {len(failing)} are out of order or have no "
            f"document.{took_en}",
        ),
        Text(
            "Hoàn tất bước trước rồi mới sang bước sau; ghi số văn bản và ngày của từng bước.",
            "Finish each step before the next; give the document and date of each.",
        ),
        failing=failing,
        unread=unread,
        lacking=[
            Reference(steps.held.entry.id, "", f"step {step}: not done") for step in open_steps
        ],
        rests_on=limit.source if took is not None else "",
        tables=(steps,),
        covered=(len(dates), STEPS),
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "contacts-filled",
        Text("Danh bạ đầu mối có đủ và mới không?", "Are all contacts filled in and recent?"),
        ("contacts",),
        "both",
        from_registers(contacts_filled, ("contacts", "role name phone updated")),
    ),
    Probe(
        "suppliers-reviewed",
        Text("Nhà cung cấp có điều khoản và được rà soát?", "Are suppliers bound and reviewed?"),
        ("suppliers",),
        "both",
        from_registers(suppliers_reviewed, ("suppliers", "supplier reviewed clauses")),
    ),
    Probe(
        "steps-in-order",
        Text("Các bước kết nối có đúng thứ tự?", "Do the steps of the request follow each other?"),
        ("connection-steps",),
        "both",
        from_registers(steps_in_order, ("connection-steps", "step document date")),
    ),
)

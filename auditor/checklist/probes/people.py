"""Questions about the persons behind accounts: leavers, duties, training, contractors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Arguments, Found, Probe, unknown
from auditor.checklist.probes.account_rows import (
    accounts,
    first_register,
    lacks,
    masked,
    none_held,
    shown,
)
from auditor.checklist.sources.register import day, moment, plain, timed
from auditor.checklist.working_days import months_before
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from datetime import date, datetime

    import pandas as pd

    from auditor.checklist.facts import Facts

_ACCOUNTS_VI: Final = "bản xuất tài khoản"
_GUARDS: Final = (
    "security", "siem", "soc", "logadmin", "logging", "anninh", "antoanthongtin", "giamsat",
    "nhatky", "antoan",
)  # fmt: skip
_ASSESSES: Final = ("assess", "audit", "danhgia", "kiemtoan", "thamdinh")
_OPERATES: Final = (
    "operat", "vanhanh", "systemadmin", "sysadmin", "administrator", "networkadmin", "dba",
    "databaseadmin", "quantri", "admin", "backup", "saoluu",
)  # fmt: skip
_AWARENESS: Final = ("nhanthuc", "awareness")


def leavers_disabled(facts: Facts, arguments: Arguments) -> Found:
    """No account of somebody who left is enabled, or was used after that day."""
    table, lacking = accounts(facts)
    if table.empty:
        return none_held("accounts", _ACCOUNTS_VI)
    held = first_register(facts, "leavers")
    if held is None or held[1].rows.empty:
        return none_held("leavers", "danh sách nghỉ, chuyển vị trí")
    _, leavers = held
    for found in (
        lacks(("person", "enabled"), lacking),
        lacks(("person", "left"), frozenset(leavers.missing), "leavers"),
    ):
        if found is not None:
            return found
    left: dict[str, date] = {}
    unread = 0
    for name, text in zip(leavers.rows["person"], leavers.rows["left"], strict=True):
        when = day(text)
        if when is None or not plain(name):
            unread += 1
        elif when <= facts.today:
            left[plain(name)] = max(when, left.get(plain(name), when))
    gone = table["person"].map(lambda name: left.get(plain(name)))
    theirs = table[gone.notna()]
    notes = [
        "enabled after leaving"
        if enabled
        else "used after leaving"
        if (used := day(text)) is not None and used > when
        else ""
        for enabled, text, when in zip(
            theirs["is_enabled"], theirs["last-logon"], gone[theirs.index], strict=True
        )
    ]
    bad = theirs.assign(note=notes)
    bad = bad[bad["note"] != ""]
    if len(bad):
        return Found(
            "fail",
            f"{len(bad)} tài khoản của {len(left)} người đã nghỉ, chuyển vị trí còn bật hoặc được "
            "dùng sau ngày nghỉ (so theo cột person).",
            f"{len(bad)} accounts of {len(left)} leavers are enabled or were used after they left "
            "(compared by column person).",
            shown(bad),
            way_out=Text(
                "Vô hiệu hoá các tài khoản này; trùng tên thì ghi mã cán bộ ở cột person.",
                "Disable these accounts; where two people share a name, write staff numbers in "
                "column person.",
            ),
        )
    if unread or not left:
        return unknown(
            f"{unread} dòng danh sách nghỉ không đọc được tên hoặc ngày.",
            f"{unread} rows of the leavers have no readable name or day.",
            "Ghi đủ person và left (2026-11-21).",
            "Fill in person and left (2026-11-21).",
        )
    return Found(
        "clear",
        f"Không tài khoản nào của {len(left)} người đã nghỉ còn bật trong {len(table)} tài khoản.",
        f"No account of {len(left)} leavers is enabled among {len(table)}.",
    )


def duties_separate(facts: Facts, arguments: Arguments) -> Found:
    """Nobody both operates and guards; the assessor is not the operator."""
    assessor, operator = facts.assessment.assessor.unit, facts.assessment.system.operator
    if plain(assessor) and plain(assessor) == plain(operator):
        return _overlap(
            [Reference("assessment.yaml", "assessor.unit", "the same unit as system.operator")], 1
        )
    held = first_register(facts, "duties")
    if held is None or held[1].rows.empty:
        return none_held("duties", "bảng phân công nhiệm vụ")
    evidence, register = held
    if (found := lacks(("person", "duty"), frozenset(register.missing), "duties")) is not None:
        return found
    duties: dict[str, dict[str, tuple[int, str]]] = {}
    for line, name, text in zip(
        register.rows.index.tolist(), register.rows["person"], register.rows["duty"], strict=True
    ):
        duty = _duty(text)
        if duty and plain(name):
            duties.setdefault(plain(name), {}).setdefault(duty, (line, name))
    bad = [
        Reference(evidence, f"line {line}", f"{masked(name)}: {' and '.join(sorted(theirs))}")
        for theirs in duties.values()
        if "operates" in theirs and len(theirs) > 1
        for line, name in [theirs["operates"]]
    ]
    if bad:
        return _overlap(bad, len(bad))
    told = {duty for theirs in duties.values() for duty in theirs}
    if not {"operates", "guards"} <= told:
        return unknown(
            "Bảng phân công chưa cho biết cả người vận hành lẫn người làm an ninh.",
            "The duties do not name both who operates and who guards.",
            "Ghi nhiệm vụ: vận hành, quản trị hệ thống; an ninh, giám sát, nhật ký.",
            "Write the duties: operation, system administration; security, monitoring, logs.",
        )
    return Found(
        "clear",
        f"Không ai trong {len(duties)} người vừa vận hành, quản trị vừa làm an ninh, đánh giá.",
        f"None of {len(duties)} persons both operates and guards or assesses.",
    )


def _overlap(references: list[Reference], count: int) -> Found:
    return Found(
        "fail",
        f"{count} người hoặc đơn vị giữ các nhiệm vụ phải tách nhau.",
        f"{count} persons or units hold duties that must be separate.",
        references,
        way_out=Text(
            "Giao vận hành, quản trị và an ninh, đánh giá cho những người (đơn vị) khác nhau.",
            "Give operation, security and assessment to different persons (units).",
        ),
    )


def _duty(text: str) -> str:
    """``operates``, ``guards``, ``assesses``, or empty; guarding words come first."""
    word = plain(text)
    for duty, words in (("assesses", _ASSESSES), ("guards", _GUARDS), ("operates", _OPERATES)):
        if any(each in word for each in words):
            return duty
    return ""


def administrators_trained(facts: Facts, arguments: Arguments) -> Found:
    """Everybody with a privileged account has a valid training row; awareness is kept up."""
    table, lacking = accounts(facts)
    if table.empty:
        return none_held("accounts", _ACCOUNTS_VI)
    held = first_register(facts, "training")
    if held is None or held[1].rows.empty:
        return none_held("training", "danh sách đào tạo")
    _, training = held
    for found in (
        lacks(("person", "privileged", "enabled"), lacking),
        lacks(("person", "date"), frozenset(training.missing), "training"),
    ):
        if found is not None:
            return found
    limit = facts.number("training-months")
    oldest = None if limit.value is None else months_before(facts.today, int(limit.value))
    trained, aware = _trained(training.rows, facts.today, oldest)
    asked = table[table["is_enabled"] & table["is_privileged"] & (table["group"] != "service")]
    if asked.empty or (asked["person"].map(plain) == "").any():
        nameless = asked[asked["person"].map(plain) == ""]
        return Found(
            "unknown",
            f"{len(nameless)} trên {len(asked)} tài khoản đặc quyền không ghi người dùng.",
            f"{len(nameless)} of {len(asked)} privileged accounts name no person.",
            shown(nameless, "no person"),
            limit.source,
            Text("Ghi person cho mọi tài khoản đặc quyền.", "Name the person of each of them."),
        )
    without = asked[~asked["person"].map(plain).isin(trained)]
    persons = asked["person"].map(plain).nunique()
    if len(without):
        return Found(
            "fail",
            f"{without['person'].map(plain).nunique()} trên {persons} người có tài khoản đặc quyền "
            "chưa được đào tạo hoặc chứng chỉ đã hết hạn.",
            f"{without['person'].map(plain).nunique()} of {persons} persons with privileged "
            "accounts have no valid training.",
            shown(without, "no valid training"),
            limit.source,
            Text(
                "Cử đi đào tạo, bổ sung chứng chỉ vào danh sách.",
                "Have them trained; add the certificates to the list.",
            ),
        )
    if not aware:
        return Found(
            "partial",
            f"Cả {persons} người có tài khoản đặc quyền đã được đào tạo; không thấy lớp nâng cao "
            "nhận thức nào còn trong hạn.",
            f"All {persons} persons with privileged accounts are trained; no awareness course "
            "within the limit is listed.",
            rests_on=limit.source,
            way_out=Text(
                "Tổ chức và ghi lớp nâng cao nhận thức hằng năm.",
                "Hold and list the yearly awareness course.",
            ),
        )
    return Found(
        "pass",
        f"Cả {persons} người có tài khoản đặc quyền được đào tạo còn hạn.",
        f"All {persons} persons with privileged accounts have valid training.",
        rests_on=limit.source,
    )


def _trained(rows: pd.DataFrame, today: date, oldest: date | None) -> tuple[set[str], bool]:
    """Persons with a valid row; and whether an awareness course is within the limit."""
    trained: set[str] = set()
    aware = False
    for name, course, on, until in zip(
        rows["person"], rows["course"], rows["date"], rows["expires"], strict=True
    ):
        taken, ends = day(on), day(until)
        if taken is None or taken > today:
            continue
        young = oldest is None or taken >= oldest
        if ends >= today if ends is not None else young:
            trained.add(plain(name))
        if young and any(word in plain(course) for word in _AWARENESS):
            aware = True
    return trained, aware


def contractors_in_tickets(facts: Facts, arguments: Arguments) -> Found:
    """Accounts of contractors are enabled and used only while a ticket is open."""
    table, lacking = accounts(facts)
    if table.empty:
        return none_held("accounts", _ACCOUNTS_VI)
    if (found := lacks(("account", "kind", "enabled"), lacking)) is not None:
        return found
    theirs = table[table["group"] == "contractor"]
    if theirs.empty:
        if (table["kind"].map(plain) == "").any():
            return unknown(
                "Cột kind chưa điền đủ nên không biết tài khoản nào của nhà thầu.",
                "Column kind is not filled in: which accounts are contractors' is not known.",
                "Điền kind cho mọi tài khoản (user, admin, service, remote, contractor).",
                "Fill in kind for every account (user, admin, service, remote, contractor).",
            )
        return Found(
            "pass",
            f"Trong {len(table)} tài khoản không có tài khoản nhà thầu nào.",
            f"None of {len(table)} accounts is a contractor's.",
        )
    held = first_register(facts, "remote-tickets")
    if held is None:
        return none_held("remote-tickets", "phiếu cho phép bảo trì từ xa")
    tickets = held[1]
    asked = ("account", "opens", "closes")
    if (found := lacks(asked, frozenset(tickets.missing), "remote-tickets")) is not None:
        return found
    windows, unread = _windows(tickets.rows)
    notes = [
        _outside(windows.get(account.strip().casefold(), []), enabled, text, facts.now)
        for account, enabled, text in zip(
            theirs["account"], theirs["is_enabled"], theirs["last-logon"], strict=True
        )
    ]
    bad = theirs.assign(note=notes)
    bad = bad[bad["note"] != ""]
    if unread:
        return unknown(
            f"{unread} phiếu không đọc được thời gian mở, đóng.",
            f"{unread} tickets have no readable opening and closing time.",
            "Ghi opens và closes dạng 2026-11-21 08:30.",
            "Write opens and closes as 2026-11-21 08:30.",
        )
    if len(bad):
        return Found(
            "fail",
            f"{len(bad)} trên {len(theirs)} tài khoản nhà thầu bật hoặc được dùng ngoài thời gian "
            "của phiếu.",
            f"{len(bad)} of {len(theirs)} contractor accounts are enabled or were used outside a "
            "ticket's window.",
            shown(bad),
            way_out=Text(
                "Tắt tài khoản khi hết phiếu; mở phiếu trước khi bật lại.",
                "Disable the account when its ticket closes; open a ticket before the next use.",
            ),
        )
    return Found(
        "pass",
        f"Cả {len(theirs)} tài khoản nhà thầu chỉ bật trong thời gian của phiếu.",
        f"All {len(theirs)} contractor accounts are enabled within a ticket's window only.",
    )


Window = tuple["datetime", "datetime"]


def _windows(rows: pd.DataFrame) -> tuple[dict[str, list[Window]], int]:
    """The tickets' times by account; and how many could not be read."""
    from datetime import timedelta

    found: dict[str, list[Window]] = {}
    unread = 0
    for account, first, last in zip(rows["account"], rows["opens"], rows["closes"], strict=True):
        opens, closes = moment(first), moment(last)
        if opens is None or closes is None:
            unread += 1
            continue
        if not timed(last):
            closes += timedelta(days=1)  # a day alone lasts to its end
        found.setdefault(account.strip().casefold(), []).append((opens, closes))
    return found, unread


def _outside(windows: list[Window], enabled: bool, used: str, now: datetime) -> str:  # noqa: FBT001 - a cell
    if enabled and not any(opens <= now <= closes for opens, closes in windows):
        return "enabled outside of a ticket"
    when = moment(used)
    if when is None:
        return ""
    if timed(used):
        inside = any(opens <= when <= closes for opens, closes in windows)
    else:
        inside = any(opens.date() <= when.date() <= closes.date() for opens, closes in windows)
    return "" if inside else "used outside of a ticket"


PROBES: Final[tuple[Probe, ...]] = (
    Probe(
        "leavers-disabled",
        Text(
            "Tài khoản của người đã nghỉ, chuyển vị trí đã vô hiệu hoá chưa?",
            "Are the accounts of leavers disabled?",
        ),
        ("leavers", "accounts"),
        "failure",
        leavers_disabled,
    ),
    Probe(
        "duties-separate",
        Text(
            "Vận hành, quản trị và an ninh có tách người không?",
            "Are operation, administration and security held by different persons?",
        ),
        ("duties",),
        "failure",
        duties_separate,
    ),
    Probe(
        "administrators-trained",
        Text(
            "Người có tài khoản đặc quyền có đào tạo còn hạn không?",
            "Has everybody with a privileged account valid training?",
        ),
        ("accounts", "training"),
        "both",
        administrators_trained,
    ),
    Probe(
        "contractors-in-tickets",
        Text(
            "Tài khoản nhà thầu có chỉ bật trong thời gian của phiếu không?",
            "Are contractor accounts enabled within a ticket's window only?",
        ),
        ("accounts", "remote-tickets"),
        "both",
        contractors_in_tickets,
    ),
)

"""Probes of the exchange itself: errors, reconciliation, limits, capacity, hashes."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Found, Probe, unknown
from auditor.checklist.probes.tables import (
    Table,
    from_registers,
    judged,
    key,
    names,
)
from auditor.checklist.sources.register import count, day, moment, number, truth
from auditor.checklist.working_days import working_days
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from datetime import datetime

    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments

GROUPS: Final = (
    ("error-days-light", ("nhẹ", "light", "minor", "low")),
    ("error-days-medium", ("vừa", "trung bình", "medium", "moderate")),
    ("error-days-heavy", ("nặng", "nghiêm trọng", "heavy", "severe", "major")),
)


def errors_closed(facts: Facts, _: Arguments, errors: Table) -> Found:
    """Each data error was put right within the working days of its group."""
    failing: list[Reference] = []
    unread: list[Reference] = []
    for line, row in errors.records():
        group = next((name for name, words in GROUPS if names(row["group"], words)), None)
        opened, closed = day(row["opened"]), day(row["closed"])
        late = closed is not None and closed > facts.today
        if group is None or opened is None or late or (row["closed"] and closed is None):
            unread.append(errors.at(line, f"{row['error']}: group or a day cannot be read"))
            continue
        limit = facts.number(group).value
        took = working_days(opened, closed or facts.today, facts.holidays)
        if closed and closed < opened:
            failing.append(errors.at(line, f"{row['error']}: closed before it was opened"))
        elif limit is not None and took > limit:
            what = "took" if closed else "open for"
            failing.append(errors.at(line, f"{row['error']}: {what} {took} days, limit {limit:g}"))
    told = "/".join(f"{facts.number(name).value or 0:g}" for name, _ in GROUPS)
    return judged(
        Text(
            f"Cả {len(errors)} lỗi được xử lý trong hạn {told} ngày làm việc.",
            f"All {len(errors)} errors are within {told} working days.",
        ),
        Text(
            f"{len(failing)}/{len(errors)} lỗi quá hạn {told} ngày làm việc.",
            f"{len(failing)} of {len(errors)} errors exceed {told} working days.",
        ),
        Text(
            "Xử lý các lỗi quá hạn; ghi nhóm lỗi (nhẹ, vừa, nặng), ngày mở và ngày đóng.",
            "Put the late errors right; give group (light, medium, heavy), opened and closed.",
        ),
        failing=failing,
        unread=unread,
        rests_on="; ".join(facts.number(name).source for name, _ in GROUPS),
        tables=(errors,),
    )


def reconciled(_: Facts, __: Arguments, batches: Table) -> Found:
    """Source and target agree in every batch, or the difference is explained."""
    failing: list[Reference] = []
    unread: list[Reference] = []
    lacking: list[Reference] = []
    explained = 0
    for line, row in batches.records():
        name = f"{row['batch']} {row['table']}"
        source, target = count(row["source-rows"]), count(row["target-rows"])
        sums = (key(row["source-checksum"]), key(row["target-checksum"]))
        if source is None or target is None:
            unread.append(batches.at(line, f"{name}: a number of rows cannot be read"))
        elif source != target or (all(sums) and sums[0] != sums[1]):
            if row["explained"] and truth(row["explained"]) is not False:
                explained += 1
            else:
                failing.append(batches.at(line, f"{name}: {source} rows there, {target} here"))
        elif not all(sums):
            lacking.append(batches.at(line, f"{name}: no checksum"))
    return judged(
        Text(
            f"{len(batches)} lô khớp giữa nguồn và đích ({explained} lô lệch có giải trình).",
            f"{len(batches)} batches agree with their source ({explained} differ, explained).",
        ),
        Text(
            f"{len(failing)}/{len(batches)} lô lệch chưa giải trình; {len(lacking)} lô không có mã "
            "kiểm tra.",
            f"{len(failing)} of {len(batches)} batches differ without explanation; {len(lacking)} "
            "have no checksum.",
        ),
        Text(
            "Đối soát lại các lô lệch, ghi nguyên nhân; tính mã kiểm tra hai phía.",
            "Reconcile these batches, write down why; compute checksums on both sides.",
        ),
        failing=failing,
        lacking=lacking,
        unread=unread,
        tables=(batches,),
    )


SETTINGS: Final[dict[str, tuple[str, ...]]] = {
    "rate limit": ("giới hạn tần suất", "rate limit", "rate_limit", "throttle", "quota"),
    "retry": ("thử lại", "retry", "retries", "backoff"),
    "idempotency": ("idempoten", "chống trùng", "không trùng lặp", "message id", "mã bản tin"),
    "time limit": ("timeout", "time-out", "thời gian chờ", "thời hạn chờ"),
}
UNLIMITED: Final = ("unlimited", "không giới hạn", "none", "tắt", "off", "disabled", "-1")


def gateway_limits(_: Facts, __: Arguments, settings: Table) -> Found:
    """The gateway limits rates and waiting, retries safely and takes nothing twice."""
    held: dict[str, list[tuple[int, bool]]] = {}
    for line, row in settings.records():
        value = number(row["value"].split(" ")[0].split("/")[0])
        off = names(row["value"], UNLIMITED) or truth(row["value"]) is False
        works = bool(row["value"]) and not off and (value is None or value > 0)
        for name, words in SETTINGS.items():
            if names(row["setting"], words):
                held.setdefault(name, []).append((line, works))
    failing = [
        Reference(settings.held.entry.id, "", f"{name}: not set")
        if name not in held
        else settings.at(held[name][0][0], f"{name}: switched off or without a limit")
        for name in SETTINGS
        if not any(works for _, works in held.get(name, ()))
    ]
    return judged(
        Text(
            f"Cổng trao đổi có đủ {len(SETTINGS)} thiết lập: giới hạn tần suất, thời gian chờ, "
            "thử lại, chống trùng.",
            f"The gateway has all {len(SETTINGS)} settings: rate limit, time limit, retry, "
            "idempotency.",
        ),
        Text(
            f"Cổng trao đổi thiếu hoặc tắt {len(failing)}/{len(SETTINGS)} thiết lập.",
            f"The gateway lacks {len(failing)} of {len(SETTINGS)} settings, or has them off.",
        ),
        Text(
            "Đặt giới hạn tần suất, thời gian chờ, thử lại và chống trùng; xuất lại cấu hình.",
            "Set rate limit, time limit, retry and idempotency; export the settings anew.",
        ),
        failing=failing,
        tables=(settings,),
        covered=(len(SETTINGS) - len(failing), len(SETTINGS)),
    )


MEASUREMENTS: Final = 20
"""With fewer, the 95th percentile is no more than the greatest value."""


def capacity_within(facts: Facts, _: Arguments, measured: Table) -> Found:
    """Nineteen of twenty measurements leave room on the line."""
    limit = facts.number("link-percent")
    unread: list[Reference] = []
    used: list[float] = []
    moments: list[datetime] = []
    for line, row in measured.records():
        percent, when = number(row["used-percent"]), moment(row["time"])
        if percent is None or when is None or not 0 <= percent <= 100:
            unread.append(measured.at(line, "no moment, or no percentage"))
        else:
            used.append(percent)
            moments.append(when)
    if len(used) < MEASUREMENTS or max(moments) - min(moments) < timedelta(days=1):
        return unknown(
            f"Chỉ có {len(used)} lần đo đọc được hoặc đo chưa đủ một ngày; cần ít nhất "
            f"{MEASUREMENTS} lần.",
            f"Only {len(used)} measurements can be read, or they span less than a day; at least "
            f"{MEASUREMENTS} are needed.",
            "Xuất số đo đường truyền của ít nhất một ngày (thời điểm, % sử dụng).",
            "Export the measurements of at least a day (time, percentage in use).",
        )
    used.sort()
    p95 = used[-(-95 * len(used) // 100) - 1]
    over = limit.value is not None and p95 > limit.value
    return judged(
        Text(
            f"Mức dùng đường truyền p95 là {p95:.1f} % (ngưỡng {limit.value or 0:g} %) qua "
            f"{len(used)} lần đo.",
            f"The line is used by {p95:.1f} % (p95; limit {limit.value or 0:g} %) over {len(used)} "
            "measurements.",
        ),
        Text(
            f"Mức dùng đường truyền p95 là {p95:.1f} %, ngưỡng {limit.value or 0:g} %, qua "
            f"{len(used)} lần đo.",
            f"The line is used by {p95:.1f} % (p95), limit {limit.value or 0:g} %, over "
            f"{len(used)} measurements.",
        ),
        Text(
            "Nâng băng thông hoặc giãn lịch đồng bộ, rồi đo lại.",
            "Widen the line or spread the sync, then measure again.",
        ),
        failing=[Reference(measured.held.entry.id, "", f"p95 {p95:.1f} %")] if over else [],
        unread=unread,
        rests_on=limit.source,
        tables=(measured,),
    )


PACKAGES: Final = ("signed-package", "data-sample")


def hash_manifest(facts: Facts, _: Arguments, manifest: Table) -> Found:
    """The manifest is well formed and agrees with the registered packages."""
    hashes: dict[str, str] = {}
    failing: list[Reference] = []
    for line, row in manifest.records():
        name = PurePosixPath(row["file"].replace("\\", "/")).name.casefold()
        digest = row["sha256"].casefold()
        if not re.fullmatch(r"[0-9a-f]{64}", digest) or not name:
            failing.append(manifest.at(line, "no file name, or no SHA-256"))
        elif hashes.setdefault(name, digest) != digest:
            failing.append(manifest.at(line, f"{name}: stands twice with different hashes"))
    packages = [held for kind in PACKAGES for held in facts.held(kind) if held.entry.sha256]
    agreed = 0
    for held in packages:
        name = PurePosixPath(held.entry.file).name.casefold()
        if held.state != "present":
            failing.append(Reference(held.entry.id, "", f"{name}: {held.state} since registered"))
        elif held.entry.sha256 in hashes.values():
            agreed += 1
        elif name in hashes:
            failing.append(Reference(held.entry.id, "", f"{name}: differs from the manifest"))
        elif held.entry.kind == PACKAGES[0]:
            failing.append(Reference(held.entry.id, "", f"{name}: not in the manifest"))
    if not failing and not agreed:
        return unknown(
            f"Bảng mã băm có {len(hashes)} tệp nhưng chưa có gói dữ liệu nào để đối chiếu.",
            f"The manifest names {len(hashes)} files, but no package is there to compare.",
            "Đính kèm gói dữ liệu mẫu (loại signed-package) mà bảng mã băm nói tới.",
            "Attach the sample package (kind signed-package) that the manifest speaks of.",
        )
    return judged(
        Text(
            f"{agreed} gói dữ liệu khớp bảng mã băm ({len(hashes)} tệp).",
            f"{agreed} packages agree with the manifest ({len(hashes)} files).",
        ),
        Text(
            f"{len(failing)} chỗ lệch giữa bảng mã băm ({len(hashes)} tệp) và gói dữ liệu.",
            f"{len(failing)} differences between the manifest ({len(hashes)} files) and packages.",
        ),
        Text(
            "Lập lại bảng mã băm SHA-256 từ đúng gói dữ liệu rồi đính kèm.",
            "Make the SHA-256 manifest anew from the package itself and attach it.",
        ),
        failing=failing,
        tables=(manifest,),
        covered=(agreed, len(packages)),
    )


def change_history_kept(facts: Facts, _: Arguments, history: Table) -> Found:
    """Each change has version, time and actor; versions of a row ascend with their times."""
    failing: list[Reference] = []
    unread: list[Reference] = []
    last: dict[str, tuple[int, datetime]] = {}
    for number_, (line, row) in enumerate(history.records(), start=1):
        name = f"change {number_}"
        version, changed = count(row["version"]), moment(row["changed"])
        if empty := [column for column, value in row.items() if not value]:
            failing.append(history.at(line, f"{name}: no {', no '.join(empty)}"))
        elif version is None or changed is None:
            unread.append(history.at(line, f"{name}: version or time cannot be read"))
        elif changed > facts.now + timedelta(minutes=5):
            failing.append(history.at(line, f"{name}: its time is to come"))
        else:
            before = last.get(row["row"])
            if before and (version <= before[0] or changed < before[1]):
                failing.append(history.at(line, f"{name}: version or time does not ascend"))
            elif before and version > before[0] + 1:
                failing.append(history.at(line, f"{name}: version {before[0] + 1} is missing"))
            last[row["row"]] = (version, changed)
    return judged(
        Text(
            f"{len(history)} thay đổi của {len(last)} bản ghi đủ phiên bản, thời điểm, người sửa.",
            f"All {len(history)} changes of {len(last)} rows have version, time and actor.",
        ),
        Text(
            f"{len(failing)}/{len(history)} thay đổi thiếu phiên bản, thời điểm, người sửa "
            "hoặc sai thứ tự.",
            f"{len(failing)} of {len(history)} changes lack version, time or actor, or are out of "
            "order.",
        ),
        Text(
            "Ghi đủ phiên bản, thời điểm, tài khoản sửa; sắp theo thời gian.",
            "Record version, time and account of each change, in order of time.",
        ),
        failing=failing,
        unread=unread,
        tables=(history,),
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "errors-closed",
        Text("Lỗi dữ liệu được xử lý đúng hạn?", "Are data errors put right in time?"),
        ("quality-errors",),
        "both",
        from_registers(errors_closed, ("quality-errors", "error group opened closed")),
    ),
    Probe(
        "reconciled",
        Text("Nguồn và đích có khớp?", "Do source and target agree?"),
        ("reconciliation",),
        "both",
        from_registers(
            reconciled, ("reconciliation", "batch table source-rows target-rows explained")
        ),
    ),
    Probe(
        "gateway-limits",
        Text("Cổng trao đổi có giới hạn, thử lại?", "Does the gateway limit and retry?"),
        ("gateway-settings",),
        "both",
        from_registers(gateway_limits, ("gateway-settings", "setting value")),
    ),
    Probe(
        "capacity-within",
        Text("Đường truyền còn đủ chỗ?", "Is there room on the line?"),
        ("capacity",),
        "both",
        from_registers(capacity_within, ("capacity", "time used-percent")),
    ),
    Probe(
        "hash-manifest",
        Text("Bảng mã băm khớp gói dữ liệu?", "Does the manifest agree with the package?"),
        ("manifest", *PACKAGES),
        "both",
        from_registers(hash_manifest, ("manifest", "file sha256")),
    ),
    Probe(
        "change-history-kept",
        Text("Thay đổi dữ liệu có lịch sử?", "Is the history of changes kept?"),
        ("change-history",),
        "both",
        from_registers(change_history_kept, ("change-history", "row version changed actor")),
    ),
)

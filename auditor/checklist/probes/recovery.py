"""Probes of backups, their copies, and the snapshot before the first sync."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from auditor.checklist.facts import VIETNAM, utc
from auditor.checklist.probe import Probe, unknown
from auditor.checklist.probes.tables import (
    Table,
    from_registers,
    judged,
    key,
    names,
    optional_table,
)
from auditor.checklist.sources.register import moment, plain
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments, Found

FAILED: Final = (
    "thất bại", "không thành công", "lỗi", "failed", "failure", "error", "aborted", "huỷ",
    "không đạt",
)  # fmt: skip
SUCCEEDED: Final = ("thành công", "success", "succeeded", "successful", "completed", "ok", "đạt")


def succeeded(outcome: str) -> bool | None:
    """Whether a job's outcome is a success; null = the word is not known."""
    if names(outcome, FAILED):
        return False
    return True if names(outcome, SUCCEEDED) else None


UNDECLARED: Final = Text(
    "Chưa có danh mục dữ liệu đồng bộ nên chỉ xét các bộ dữ liệu có trong bảng.",
    "Without the list of datasets only those of the table were looked at.",
)


def datasets_asked(facts: Facts, jobs: Table) -> tuple[dict[str, str], tuple[Text, ...]]:
    """Every dataset that must be there, by its key, and what is not covered.

    They are the declared ones, or else those of the table.
    """
    declared = optional_table(facts, "datasets", "dataset")
    rows = (declared if declared is not None else jobs).records()
    asked = {key(row["dataset"]): row["dataset"] for _, row in rows if row["dataset"]}
    return asked, () if declared is not None else (UNDECLARED,)


def backup_schedule(facts: Facts, _: Arguments, jobs: Table) -> Found:
    """Each dataset has a recent good backup, and no failed one without a good one after it."""
    limit = facts.number("backup-hours")
    hours = f"{limit.value or 0:g}"
    good: dict[str, datetime] = {}
    bad: dict[str, tuple[datetime, int]] = {}
    unread: list[Reference] = []
    for line, row in jobs.records():
        when = moment(row["ended"] or row["started"])
        outcome = succeeded(row["outcome"])
        if when is None or outcome is None or utc(when) > utc(facts.now) + timedelta(hours=1):
            unread.append(jobs.at(line, f"{row['dataset']}: time or outcome cannot be read"))
        elif outcome:
            good[key(row["dataset"])] = max(utc(when), good.get(key(row["dataset"]), utc(when)))
        else:
            bad[key(row["dataset"])] = max(
                (utc(when), line), bad.get(key(row["dataset"]), (utc(when), line))
            )
    asked, not_covered = datasets_asked(facts, jobs)
    failing: list[Reference] = []
    for name, title in asked.items():
        last = good.get(name)
        if last is None:
            failing.append(Reference(jobs.held.entry.id, "", f"{title}: no good backup"))
        elif limit.value and utc(facts.now) - last > timedelta(hours=limit.value):
            day = last.astimezone(VIETNAM).date()
            failing.append(Reference(jobs.held.entry.id, "", f"{title}: last good one {day}"))
        elif name in bad and bad[name][0] > last:
            failing.append(jobs.at(bad[name][1], f"{title}: failed, not run again"))
    return judged(
        Text(
            f"Cả {len(asked)} bộ dữ liệu có bản sao lưu thành công trong {hours} giờ qua.",
            f"All {len(asked)} datasets have a good backup within {hours} hours.",
        ),
        Text(
            f"{len(failing)}/{len(asked)} bộ dữ liệu không có bản sao lưu thành công trong {hours} "
            "giờ, hoặc lần cuối thất bại.",
            f"{len(failing)} of {len(asked)} datasets have no good backup within {hours} hours, or "
            "their last one failed.",
        ),
        Text(
            "Chạy lại sao lưu thất bại và kiểm tra lịch sao lưu từng bộ dữ liệu.",
            "Run failed backups again and look after the schedule of each dataset.",
        ),
        failing=failing,
        unread=unread,
        rests_on=limit.source,
        tables=(jobs,),
        covered=(len(asked) - len(failing), len(asked)),
        not_covered=not_covered,
    )


ISOLATED: Final = (
    "offline", "ngoại tuyến", "tách biệt", "cách ly", "isolated", "air-gap", "bất biến",
    "immutable", "worm",
)  # fmt: skip


def copies_lack(copies: str) -> list[str] | None:
    """What a list of copies lacks of 3-2-1 and isolation; null = it names no copies.

    Args:
        copies: ``medium@place`` separated by ``;``, such as ``disk@dc1; tape@dc2 (offline)``.
    """
    each = [part.strip() for part in copies.split(";") if part.strip()]
    pairs = [
        (plain(medium), plain(re.sub(r"\(.{0,80}\)", "", place)))
        for medium, at, place in (part.partition("@") for part in each)
        if at
    ]
    if not pairs or len(pairs) < len(each) or not all(all(pair) for pair in pairs):
        return None
    lacks = []
    if len(pairs) < 3:
        lacks.append(f"{len(pairs)} copies")
    if len({medium for medium, _ in pairs}) < 2:
        lacks.append("one medium only")
    if len({place for _, place in pairs}) < 2:
        lacks.append("one place only")
    if not names(copies, ISOLATED):
        lacks.append("no isolated copy")
    return lacks


def copies_three(facts: Facts, _: Arguments, jobs: Table) -> Found:
    """The last good backup of each dataset has 3 copies on 2 media, 1 elsewhere, 1 apart."""
    last: dict[str, tuple[datetime, int, str]] = {}
    for line, row in jobs.records():
        when = moment(row["ended"] or row["started"])
        if when is None or not succeeded(row["outcome"]):
            continue
        name = key(row["dataset"])
        last[name] = max((utc(when), line, row["copies"]), last.get(name, (utc(when), line, "")))
    failing: list[Reference] = []
    unread: list[Reference] = []
    asked, not_covered = datasets_asked(facts, jobs)
    for name, title in asked.items():
        if name not in last:
            failing.append(Reference(jobs.held.entry.id, "", f"{title}: no good backup"))
            continue
        line, copies = last[name][1:]
        lacks = copies_lack(copies)
        if lacks is None:
            unread.append(jobs.at(line, f"{title}: copies are not written medium@place"))
        elif lacks:
            failing.append(jobs.at(line, f"{title}: {', '.join(lacks)}"))
    return judged(
        Text(
            f"Cả {len(asked)} bộ dữ liệu có 3 bản sao, 2 loại vật mang, 1 nơi khác, 1 tách biệt.",
            f"All {len(asked)} datasets have 3 copies on 2 media, 1 elsewhere and 1 isolated.",
        ),
        Text(
            f"{len(failing)}/{len(asked)} bộ dữ liệu chưa đủ 3-2-1 hoặc không có bản tách biệt.",
            f"{len(failing)} of {len(asked)} datasets miss 3-2-1 or an isolated copy.",
        ),
        Text(
            "Ghi cột bản sao dạng: disk@dc1; disk@dc2; tape@kho (ngoại tuyến), và bổ sung bản sao "
            "còn thiếu.",
            "Write the copies as disk@dc1; disk@dc2; tape@vault (offline); add what is missing.",
        ),
        failing=failing,
        unread=unread,
        tables=(jobs,),
        covered=(len(asked) - len(failing) - len(unread), len(asked)),
        not_covered=not_covered,
    )


def snapshot_before_sync(facts: Facts, _: Arguments, snapshots: Table) -> Found:
    """Each dataset has a snapshot with its hash, taken shortly before the first sync."""
    limit = facts.number("snapshot-hours")
    sync = facts.assessment.dates.first_sync
    if sync is None:
        return unknown(
            "Chưa ghi thời điểm đồng bộ lần đầu (dates.first_sync).",
            "The moment of the first sync is not given (dates.first_sync).",
            "Ghi thời điểm đồng bộ lần đầu vào assessment.yaml.",
            "Write the moment of the first sync into assessment.yaml.",
        )
    taken: dict[str, list[tuple[int, datetime, bool]]] = {}
    unread: list[Reference] = []
    for line, row in snapshots.records():
        when = moment(row["taken"])
        hashed = re.fullmatch(r"[0-9a-fA-F]{64}", row["sha256"]) is not None
        if when is None:
            unread.append(snapshots.at(line, f"{row['dataset']}: the time cannot be read"))
        else:
            taken.setdefault(key(row["dataset"]), []).append((line, utc(when), hashed))
    asked, not_covered = datasets_asked(facts, snapshots)
    window = timedelta(hours=limit.value) if limit.value else None
    to_come = utc(facts.now) < utc(sync)
    failing: list[Reference] = []
    waiting: list[Reference] = []
    for name, title in asked.items():
        rows = taken.get(name, [])
        fits = [
            row for row in rows
            if row[1] < utc(sync) and (window is None or utc(sync) - row[1] <= window)
        ]  # fmt: skip
        if any(hashed for _, _, hashed in fits):
            continue
        if fits:
            failing.append(snapshots.at(fits[0][0], f"{title}: no SHA-256"))
        elif to_come:
            waiting.append(Reference(snapshots.held.entry.id, "", f"{title}: not taken yet"))
        else:
            why = "no snapshot shortly before the sync"
            failing.append(Reference(snapshots.held.entry.id, "", f"{title}: {why}"))
    hours = f"{limit.value or 0:g}"
    if waiting and not failing:
        return unknown(
            f"{len(waiting)}/{len(asked)} bộ dữ liệu chưa có bản chụp trong {hours} giờ trước khi "
            "đồng bộ; thời điểm đồng bộ chưa tới.",
            f"{len(waiting)} of {len(asked)} datasets have no snapshot within {hours} hours before "
            "the sync, which is still to come.",
            "Chụp lại và ghi mã băm trước thời điểm đồng bộ, rồi đính kèm.",
            "Take the snapshots shortly before the sync, with their hashes, and attach the list.",
        )
    return judged(
        Text(
            f"Cả {len(asked)} bộ dữ liệu có bản chụp kèm mã băm trong {hours} giờ trước đồng bộ.",
            f"All {len(asked)} datasets have a hashed snapshot within {hours} hours of the sync.",
        ),
        Text(
            f"{len(failing)}/{len(asked)} bộ dữ liệu không có bản chụp kèm mã băm trong {hours} "
            "giờ trước khi đồng bộ.",
            f"{len(failing)} of {len(asked)} datasets have no hashed snapshot within {hours} hours "
            "before the sync.",
        ),
        Text(
            "Chụp lại trước lần đồng bộ tới và ghi SHA-256 của bản chụp.",
            "Take a snapshot before the next sync and give its SHA-256.",
        ),
        failing=failing,
        unread=unread,
        rests_on=limit.source,
        tables=(snapshots,),
        covered=(len(asked) - len(failing), len(asked)),
        not_covered=not_covered,
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "backup-schedule",
        Text("Sao lưu có đúng lịch?", "Are backups made on schedule?"),
        ("backups", "datasets"),
        "both",
        from_registers(backup_schedule, ("backups", "dataset ended outcome")),
    ),
    Probe(
        "copies-three",
        Text("Có đủ bản sao 3-2-1?", "Are there three copies, on two media, one elsewhere?"),
        ("backups", "datasets"),
        "both",
        from_registers(copies_three, ("backups", "dataset ended outcome copies")),
    ),
    Probe(
        "snapshot-before-sync",
        Text("Có bản chụp trước khi đồng bộ?", "Is there a snapshot before the sync?"),
        ("snapshots", "datasets"),
        "both",
        from_registers(snapshot_before_sync, ("snapshots", "dataset taken sha256")),
    ),
)

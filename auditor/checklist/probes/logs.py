"""Probes of what is logged: sources, retention, fields, clocks, and the register of incidents."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from auditor.checklist.facts import VIETNAM, utc
from auditor.checklist.probe import Probe
from auditor.checklist.probes.tables import (
    SERIOUS,
    WORKSTATIONS,
    Table,
    from_registers,
    ids_of,
    judged,
    key,
    names,
    optional_table,
    severity,
)
from auditor.checklist.sources.register import count, day, moment, number, timed
from auditor.checklist.working_days import months_before
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments, Found

CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""An event this far ahead of the check's clock is still taken for now."""


def sources_in_siem(facts: Facts, _: Arguments, assets: Table, sources: Table) -> Found:
    """Each asset but workstations sends its logs, and did so lately."""
    limit = facts.number("last-event-hours")
    last: dict[str, tuple[int, datetime]] = {}
    unread: list[Reference] = []
    listed: set[str] = set()
    for line, row in sources.records():
        when = moment(row["last-event"])
        listed.add(key(row["asset"]))
        if when is None:
            unread.append(sources.at(line, f"{row['asset']}: last event cannot be read"))
        elif key(row["asset"]) not in last or last[key(row["asset"])][1] < utc(when):
            last[key(row["asset"])] = (line, utc(when))
    failing: list[Reference] = []
    asked = 0
    for line, row in assets.records():
        if names(row["role"], WORKSTATIONS):
            continue
        asked += 1
        ids = ids_of(row)
        seen = max((last[name] for name in ids if name in last), key=lambda s: s[1], default=None)
        if seen is None:
            if not listed.intersection(ids):
                failing.append(assets.at(line, f"{row['asset']}: is no log source"))
        elif seen[1] > utc(facts.now) + CLOCKS_DIFFER:
            failing.append(sources.at(seen[0], f"{row['asset']}: last event is to come"))
        elif limit.value and utc(facts.now) - seen[1] > timedelta(hours=limit.value):
            hours = int((utc(facts.now) - seen[1]).total_seconds() // 3600)
            failing.append(sources.at(seen[0], f"{row['asset']}: last event {hours} h ago"))
    return judged(
        Text(
            f"Cả {asked} thiết bị, máy chủ gửi nhật ký về hệ thống tập trung trong "
            f"{limit.value or 0:g} giờ qua.",
            f"All {asked} servers and devices sent logs within {limit.value or 0:g} hours.",
        ),
        Text(
            f"{len(failing)}/{asked} thiết bị, máy chủ không gửi nhật ký hoặc đã ngừng gửi.",
            f"{len(failing)} of {asked} servers and devices send no logs or have stopped.",
        ),
        Text(
            "Đưa các thiết bị này vào hệ thống thu thập nhật ký và kiểm tra đường gửi.",
            "Add these devices to the log collection and check that their logs arrive.",
        ),
        failing=failing,
        unread=unread,
        rests_on=limit.source,
        tables=(assets, sources),
        covered=(asked - len(failing), asked),
        not_covered=(Text("Máy trạm không được tính.", "Workstations are not counted."),)
        if asked < len(assets)
        else (),
    )


def log_retention(facts: Facts, _: Arguments, index: Table) -> Found:
    """Each source reaches back far enough, without a day missing."""
    limit = facts.number("log-months")
    oldest = months_before(facts.today, int(limit.value)) if limit.value else None
    taken = day(index.held.entry.collected or index.held.entry.registered) or facts.today
    days: dict[str, dict[date, int]] = {}
    unread: list[Reference] = []
    for line, row in index.records():
        when, records = day(row["day"]), count(row["records"])
        if when is None or records is None or when > facts.today:
            unread.append(index.at(line, f"{row['source']}: no past day or no count"))
        elif records:
            days.setdefault(row["source"], {})[when] = line
        else:
            days.setdefault(row["source"], {})
    failing: list[Reference] = []
    for source, lines in sorted(days.items()):
        if not lines:
            failing.append(Reference(index.held.entry.id, "", f"{source}: no record at all"))
            continue
        known = sorted(lines)
        if oldest and known[0] > oldest:
            failing.append(
                index.at(lines[known[0]], f"{source}: begins {known[0]}, needed {oldest}")
            )
        # what is older than the limit may be gone in part
        kept = [each for each in known if oldest is None or each >= oldest]
        for before, after in zip(kept, [*kept[1:], taken], strict=True):
            # the day of the export itself, and the day before where it ran at night
            if (after - before).days > (2 if after is taken else 1):
                failing.append(index.at(lines[before], f"{source}: nothing until {after}"))
    told = f"{limit.value:g}" if limit.value else ""
    return judged(
        Text(
            f"{len(days)} nguồn nhật ký lưu đủ, không đứt quãng"
            + (f", ít nhất {told} tháng." if told else "; không có thời hạn cho cấp độ này."),
            f"{len(days)} log sources are kept without gaps"
            + (f" for at least {told} months." if told else "; no limit is set for this level."),
        ),
        Text(
            f"{len(failing)} chỗ nhật ký bắt đầu muộn hoặc đứt quãng, trên {len(days)} nguồn"
            + (f" (thời hạn {told} tháng)." if told else "."),
            f"{len(failing)} late beginnings or gaps in {len(days)} log sources"
            + (f" (limit {told} months)." if told else "."),
        ),
        Text(
            "Kéo dài thời gian lưu và tìm nguyên nhân các ngày thiếu.",
            "Keep the logs longer, and find out why days are missing.",
        ),
        failing=failing,
        unread=unread,
        rests_on=limit.source if limit.value else "",
        tables=(index,),
    )


def log_fields(facts: Facts, _: Arguments, log: Table) -> Found:
    """Each row of the sharing log says when, who, how, what, and what came back."""
    limit = facts.number("sharing-log-months")
    failing: list[Reference] = []
    first: date | None = None
    for line, row in log.records():
        when = day(row["time"])
        if empty := [column for column, value in row.items() if not value]:
            failing.append(log.at(line, f"empty: {', '.join(empty)}"))
        elif when is None:
            failing.append(log.at(line, "the time cannot be read"))
        if when and (first is None or when < first):
            first = when
    reach_vi = f"; dòng cũ nhất ngày {first}" if first else ""
    reach_en = f"; the oldest row is of {first}" if first else ""
    if first and limit.value and first > months_before(facts.today, int(limit.value)):
        reach_vi += f", ngắn hơn {limit.value:g} tháng (quy định ràng buộc cơ quan Đảng, làm mẫu)"
        reach_en += f", less than {limit.value:g} months (binds Party bodies, used as a model)"
    return judged(
        Text(
            f"Cả {len(log)} dòng nhật ký chia sẻ có đủ trường{reach_vi}.",
            f"All {len(log)} rows of the sharing log have all fields{reach_en}.",
        ),
        Text(
            f"{len(failing)}/{len(log)} dòng nhật ký chia sẻ thiếu trường{reach_vi}.",
            f"{len(failing)} of {len(log)} rows of the sharing log lack fields{reach_en}.",
        ),
        Text(
            "Ghi đủ thời gian, bên yêu cầu, hình thức, nội dung, trạng thái và phản hồi.",
            "Log time, requester, form, content, status and response of each exchange.",
        ),
        failing=failing,
        rests_on=limit.source,
        tables=(log,),
    )


def clock_offsets(facts: Facts, _: Arguments, records: Table) -> Found:
    """Clocks are near the right time and take it from declared servers."""
    limit = facts.number("clock-offset-seconds")
    declared = {key(server) for server in facts.network.time_servers} if facts.network else set()
    failing: list[Reference] = []
    unread: list[Reference] = []
    measured: set[str] = set()
    for line, row in records.records():
        offset, when = number(row["offset-ms"]), day(row["measured"])
        measured.add(key(row["asset"]))
        if offset is None or when is None or when > facts.today:
            unread.append(records.at(line, f"{row['asset']}: no offset or no past day"))
        elif limit.value is not None and abs(offset) > limit.value * 1000:
            failing.append(records.at(line, f"{row['asset']}: {offset:g} ms"))
        elif declared and key(row["source"]) not in declared:
            failing.append(records.at(line, f"{row['asset']}: source {row['source'] or 'none'}"))
    assets = optional_table(facts, "assets", "asset role")
    lacking: list[Reference] = []
    for line, row in assets.records() if assets is not None else ():
        known = measured.intersection(ids_of(row))
        if not names(row["role"], WORKSTATIONS) and not known and assets is not None:
            lacking.append(assets.at(line, f"{row['asset']}: not measured"))
    return judged(
        Text(
            f"Đồng hồ của {len(measured)} máy lệch không quá {limit.value or 0:g} giây.",
            f"The clocks of {len(measured)} hosts differ by at most {limit.value or 0:g} s.",
        ),
        Text(
            f"{len(failing)}/{len(measured)} máy lệch giờ quá {limit.value or 0:g} giây hoặc dùng "
            f"nguồn giờ chưa khai báo; {len(lacking)} máy chưa đo.",
            f"{len(failing)} of {len(measured)} hosts differ by more than {limit.value or 0:g} s "
            f"or use a time source that is not declared; {len(lacking)} were not measured.",
        ),
        Text(
            "Đặt các máy này đồng bộ với máy chủ thời gian đã khai báo, rồi đo lại.",
            "Set these hosts to the declared time servers and measure again.",
        ),
        failing=failing,
        lacking=lacking,
        unread=unread,
        rests_on=limit.source,
        tables=(records,),
        covered=(len(measured), len(measured) + len(lacking)),
        not_covered=()
        if declared
        else (Text("Chưa khai báo máy chủ thời gian.", "No time servers are declared."),),
    )


def incidents_closed(facts: Facts, _: Arguments, incidents: Table) -> Found:
    """No serious incident is open."""
    failing: list[Reference] = []
    unread: list[Reference] = []
    for line, row in incidents.records():
        closed, level = day(row["closed"]), severity(row["severity"])
        if closed is not None and closed <= facts.today:
            continue
        where = incidents.at(line, f"{row['incident']}: {row['severity'] or 'no severity'}, open")
        if level is None:
            unread.append(where)
        elif level in SERIOUS:
            failing.append(where)
    return judged(
        Text(
            f"Không thấy sự cố nghiêm trọng nào còn mở trong {len(incidents)} dòng.",
            f"No serious incident is open among {len(incidents)} rows.",
        ),
        Text(
            f"{len(failing)}/{len(incidents)} sự cố nghiêm trọng chưa đóng.",
            f"{len(failing)} of {len(incidents)} incidents are serious and not closed.",
        ),
        Text(
            "Khắc phục xong, ghi ngày đóng và mức độ của sự cố.",
            "Remedy it, and give the day it was closed and its severity.",
        ),
        failing=failing,
        unread=unread,
        tables=(incidents,),
        best="clear",
    )


def passed_between(start: str, end: str) -> tuple[timedelta, timedelta] | None:
    """The least and the most time between two cells; a day alone may be any moment of it."""
    first, last = moment(start), moment(end)
    if first is None or last is None:
        return None
    least = most = utc(last) - utc(first)
    if not timed(start):
        least -= timedelta(days=1)
    if not timed(end):
        most += timedelta(days=1)
    return least, most


def reporting_clocks(facts: Facts, _: Arguments, incidents: Table) -> Found:
    """Past incidents were notified and reported in time."""
    notice, report = facts.number("incident-notice-hours"), facts.number("incident-report-hours")
    personal = facts.number("personal-data-notice-hours")
    now = facts.now.astimezone(VIETNAM).isoformat(timespec="seconds")
    failing: list[Reference] = []
    lacking: list[Reference] = []
    unread: list[Reference] = []
    for line, row in incidents.records():
        detected = moment(row["detected"])
        if detected is None or detected > facts.now:
            unread.append(incidents.at(line, f"{row['incident']}: no past time of detection"))
            continue
        serious = severity(row["severity"]) in (*SERIOUS, None)
        clocks = [("reported", report.value)]
        if serious:
            clocks.insert(0, ("notified", notice.value))
        for column, hours in clocks:
            took = passed_between(row["detected"], row[column] or now)
            if took is None:
                unread.append(incidents.at(line, f"{row['incident']}: no time for {column}"))
            elif row[column] and took[1] < timedelta():
                failing.append(incidents.at(line, f"{row['incident']}: {column} before detected"))
            elif hours is None:
                continue
            elif took[0] > timedelta(hours=hours):
                passed = int(took[0].total_seconds() // 3600)
                failing.append(
                    incidents.at(line, f"{row['incident']}: {column} after {passed} h or never")
                )
            elif not row[column]:
                lacking.append(incidents.at(line, f"{row['incident']}: not {column} yet"))
            elif took[1] > timedelta(hours=hours):
                unread.append(incidents.at(line, f"{row['incident']}: {column} needs its hour"))
    hours_told = f"{notice.value or 0:g}/{report.value or 0:g}"
    return judged(
        Text(
            f"Cả {len(incidents)} sự cố được thông báo, báo cáo trong {hours_told} giờ.",
            f"All {len(incidents)} incidents were notified and reported within {hours_told} hours.",
        ),
        Text(
            f"{len(failing)} lần thông báo, báo cáo quá {hours_told} giờ, {len(lacking)} lần "
            f"chưa tới hạn, trong {len(incidents)} sự cố.",
            f"{len(failing)} notices or reports took more than {hours_told} hours, "
            f"{len(lacking)} are not due yet, of {len(incidents)} incidents.",
        ),
        Text(
            "Ghi đủ ngày giờ phát hiện, thông báo, báo cáo; sửa quy trình để kịp thời hạn.",
            "Give day and hour of detection, notice and report; mend the procedure.",
        ),
        failing=failing,
        lacking=lacking,
        unread=unread,
        rests_on=f"{notice.source}; {report.source}; {personal.source}",
        tables=(incidents,),
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "sources-in-siem",
        Text("Thiết bị nào cũng gửi nhật ký tập trung?", "Does each device send its logs?"),
        ("assets", "log-sources"),
        "both",
        from_registers(
            sources_in_siem, ("assets", "asset role"), ("log-sources", "asset last-event")
        ),
    ),
    Probe(
        "log-retention",
        Text("Nhật ký được lưu đủ thời hạn?", "Are logs kept for long enough?"),
        ("log-index",),
        "both",
        from_registers(log_retention, ("log-index", "source day records")),
    ),
    Probe(
        "log-fields",
        Text("Nhật ký chia sẻ có đủ trường?", "Does the sharing log have all its fields?"),
        ("sharing-log",),
        "both",
        from_registers(
            log_fields, ("sharing-log", "time requester form content status response")
        ),
    ),
    Probe(
        "clock-offsets",
        Text("Đồng hồ các máy có đúng giờ?", "Are the clocks right?"),
        ("time-records",),
        "both",
        from_registers(clock_offsets, ("time-records", "asset source offset-ms measured")),
    ),
    Probe(
        "incidents-closed",
        Text("Còn sự cố nghiêm trọng chưa đóng?", "Is a serious incident open?"),
        ("incidents",),
        "failure",
        from_registers(incidents_closed, ("incidents", "incident severity closed")),
    ),
    Probe(
        "reporting-clocks",
        Text("Sự cố được báo cáo đúng hạn?", "Were incidents reported in time?"),
        ("incidents",),
        "both",
        from_registers(
            reporting_clocks, ("incidents", "incident severity detected notified reported")
        ),
    ),
)  # fmt: skip

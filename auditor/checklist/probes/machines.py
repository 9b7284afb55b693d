"""Probes of machines: protection, vulnerabilities, support by their maker, web firewalls."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from auditor.checklist.facts import utc
from auditor.checklist.probe import Probe, unknown
from auditor.checklist.probes.tables import (
    NETWORK_DEVICES,
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
from auditor.checklist.sources.register import day, moment, truth
from auditor.checklist.working_days import months_before
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments, Found


def protection_coverage(facts: Facts, arguments: Arguments) -> Found:
    """Each machine that can carry an agent (``agent`` = antivirus or edr) has one that works."""
    match kind := arguments.get("agent", "antivirus"):
        case "antivirus":
            columns = "asset updated real-time"
        case "edr":
            columns = "asset edr last-seen"
        case _:
            raise ValueError(f"agent is antivirus or edr, not {kind}")
    return from_registers(_protected, ("assets", "asset role"), ("protection-agents", columns))(
        facts, arguments
    )


def _protected(facts: Facts, arguments: Arguments, assets: Table, agents: Table) -> Found:
    kind = arguments.get("agent", "antivirus")
    edr = kind == "edr"
    limit = facts.number("last-event-hours" if edr else "signature-days")
    spared = (*NETWORK_DEVICES, *WORKSTATIONS) if edr else NETWORK_DEVICES
    held: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in agents.records():
        held.setdefault(key(row["asset"]), []).append((line, row))
    failing: list[Reference] = []
    unread: list[Reference] = []
    asked = 0
    for line, row in assets.records():
        if names(row["role"], spared):
            continue
        asked += 1
        rows = [each for name in ids_of(row) for each in held.get(name, ())]
        if not rows:
            failing.append(assets.at(line, f"{row['asset']}: no agent"))
            continue
        reasons = [_lack(facts, agent, limit.value, edr=edr) for _, agent in rows]
        if None in reasons:
            continue
        where = agents.at(rows[0][0], f"{row['asset']}: {reasons[0]}")
        (unread if reasons[0] == "cannot be read" else failing).append(where)
    title = "EDR" if edr else "phòng chống mã độc"
    return judged(
        Text(
            f"{asked}/{asked} máy có {title} đang hoạt động.",
            f"{asked} of {asked} machines have a working {kind} agent.",
        ),
        Text(
            f"{len(failing)}/{asked} máy không có {title} hoặc tác tử không hoạt động.",
            f"{len(failing)} of {asked} machines have no {kind} agent, or one that does not work.",
        ),
        Text(
            "Cài hoặc khôi phục tác tử trên các máy này rồi xuất lại danh sách.",
            "Install or mend the agent on these machines and export the list anew.",
        ),
        failing=failing,
        unread=unread,
        rests_on=limit.source,
        tables=(assets, agents),
        covered=(asked - len(failing) - len(unread), asked),
        not_covered=(
            Text(
                f"{len(assets) - asked} thiết bị không cài được tác tử loại này không được tính.",
                f"{len(assets) - asked} devices that carry no such agent are not counted.",
            ),
        )
        if asked < len(assets)
        else (),
    )


def _lack(facts: Facts, agent: dict[str, str], limit: float | None, *, edr: bool) -> str | None:
    """What an agent lacks; null = nothing."""
    seen = moment(agent["last-seen" if edr else "updated"])
    works = truth(agent["edr" if edr else "real-time"])
    if works is None or seen is None or utc(seen) > utc(facts.now) + timedelta(days=1):
        return "cannot be read"
    if not works:
        return "EDR is off" if edr else "real-time protection is off"
    if edr:
        late = limit is not None and utc(facts.now) - utc(seen) > timedelta(hours=limit)
    else:
        late = limit is not None and (facts.today - seen.date()).days > limit
    return f"last {'seen' if edr else 'updated'} {seen.date()}" if late else None


def vulnerability_schedule(facts: Facts, _: Arguments, found: Table) -> Found:
    """The last scan is recent, and nothing grave is open past its day."""
    limit = facts.number("scan-months")
    critical = facts.number("critical-scan-months")
    failing: list[Reference] = []
    unread: list[Reference] = []
    days = []
    for line, row in found.records():
        name = f"{row['asset']}: {row['severity'] or 'no severity'}"
        seen, due = day(row["found"]), day(row["due"])
        if seen is None or seen > facts.today:
            unread.append(found.at(line, f"{name}: no past day of finding"))
            continue
        days.append(seen)
        level, closed = severity(row["severity"]), day(row["closed"])
        if level in ("medium", "low") or (closed is not None and closed <= facts.today):
            continue
        if level is None or (row["closed"] and closed is None):
            unread.append(found.at(line, f"{name}: severity or day of closing cannot be read"))
        elif due is None:
            failing.append(found.at(line, f"{name}: open, without a day it is due"))
        elif due < facts.today:
            failing.append(found.at(line, f"{name}: open, was due {due}"))
    last = max(days, default=None)
    late = limit.value is not None and last is not None and (
        last < months_before(facts.today, int(limit.value))
    )  # fmt: skip
    if late:
        failing.insert(0, Reference(found.held.entry.id, "", f"last scan: {last}"))
    told = f"{limit.value:g}" if limit.value else "–"
    return judged(
        Text(
            f"Lần dò quét cuối ngày {last} (chu kỳ {told} tháng); không có lỗ hổng nghiêm trọng, "
            f"cao quá hạn trong {len(found)} dòng.",
            f"The last scan is of {last} (interval {told} months); nothing critical or high is "
            f"past due among {len(found)} rows.",
        ),
        Text(
            f"Lần dò quét cuối ngày {last or 'không rõ'} (chu kỳ {told} tháng); "
            f"{len(failing) - late} lỗ hổng nghiêm trọng, cao quá hạn hoặc không có hạn.",
            f"The last scan is of {last or 'no known day'} (interval {told} months); "
            f"{len(failing) - late} critical or high vulnerabilities are past due or have no due "
            "day.",
        ),
        Text(
            "Dò quét lại; khắc phục hoặc có quyết định chấp nhận rủi ro cho từng lỗ hổng.",
            "Scan again; fix each vulnerability or have the risk accepted by decision.",
        ),
        failing=failing,
        unread=unread,
        rests_on=limit.source,
        tables=(found,),
        not_covered=(
            Text(
                "Máy không có lỗ hổng nào thì không có dòng, nên phạm vi dò quét không thấy được.",
                "Machines without a vulnerability have no row, so the scan's scope is not seen.",
            ),
            *(
                (
                    Text(
                        f"Tài sản trọng yếu cần dò quét {critical.value:g} tháng một lần "
                        f"({critical.source}); bảng không ghi tài sản nào là trọng yếu.",
                        f"Critical assets are scanned every {critical.value:g} months "
                        f"({critical.source}); the table does not say which they are.",
                    ),
                )
                if critical.value
                else ()
            ),
        ),
    )


def end_of_life(facts: Facts, _: Arguments, hosts: Table) -> Found:
    """Every host is still supported by its maker and patched lately."""
    limit = facts.number("patch-days")
    failing: list[Reference] = []
    unread: list[Reference] = []
    for line, row in hosts.records():
        name = f"{row['asset']}: {row['os']} {row['version']}"
        ends, patched = day(row["support-ends"]), day(row["patched"])
        if ends is not None and ends < facts.today:
            failing.append(hosts.at(line, f"{name}, support ended {ends}"))
        elif patched is not None and limit.value and (facts.today - patched).days > limit.value:
            failing.append(hosts.at(line, f"{name}, patched {patched}"))
        elif ends is None or patched is None or patched > facts.today:
            unread.append(hosts.at(line, f"{name}: end of support or last patch is no day"))
    assets = optional_table(facts, "assets", "asset role")
    lacking: list[Reference] = []
    if assets is not None:
        known = {key(row["asset"]) for _, row in hosts.records()}
        lacking = [
            assets.at(line, f"{row['asset']}: no host facts")
            for line, row in assets.records()
            if not known.intersection(ids_of(row)) and not names(row["role"], NETWORK_DEVICES)
        ]
    return judged(
        Text(
            f"Cả {len(hosts)} máy còn được hãng hỗ trợ, vá trong {limit.value or 0:g} ngày.",
            f"All {len(hosts)} hosts are supported and patched within {limit.value or 0:g} days.",
        ),
        Text(
            f"{len(failing)}/{len(hosts)} máy hết hỗ trợ hoặc chưa vá quá {limit.value or 0:g} "
            f"ngày; {len(lacking)} máy không có thông tin.",
            f"{len(failing)} of {len(hosts)} hosts are out of support or unpatched for more than "
            f"{limit.value or 0:g} days; {len(lacking)} have no facts.",
        ),
        Text(
            "Nâng cấp, vá các máy này; bổ sung ngày hết hỗ trợ và ngày vá.",
            "Upgrade or patch these hosts; fill in end of support and last patch.",
        ),
        failing=failing,
        lacking=lacking,
        unread=unread,
        rests_on=limit.source,
        tables=(hosts,),
        covered=(len(hosts), len(hosts) + len(lacking)),
    )


def web_hosts_protected(facts: Facts, _: Arguments, protection: Table) -> Found:
    """Each public endpoint stands behind a web application firewall that blocks."""
    endpoints = facts.endpoints.endpoints if facts.endpoints else ()
    public = [endpoint for endpoint in endpoints if endpoint.role == "public"]
    if not public:
        return unknown(
            "Chưa khai báo điểm cuối công khai nào trong endpoints.yaml.",
            "No public endpoint is listed in endpoints.yaml.",
            "Liệt kê các trang, API công khai trong endpoints.yaml (role: public).",
            "List public pages and APIs in endpoints.yaml (role: public).",
        )
    modes: dict[str, list[tuple[int, str]]] = {}
    for line, row in protection.records():
        if row["host"] and not names(row["kind"], ("DBF", "cơ sở dữ liệu", "CSDL", "database")):
            modes.setdefault(key(row["host"]), []).append((line, row["mode"]))
    failing: list[Reference] = []
    for endpoint in public:
        name = endpoint.name or endpoint.address
        rows = modes.get(key(endpoint.name), []) + modes.get(key(endpoint.address), [])
        if not rows:
            failing.append(Reference("endpoints.yaml", "", f"{name}: not behind a firewall"))
        elif not any(names(mode, ("blocking", "block", "chặn", "ngăn chặn")) for _, mode in rows):
            failing.append(protection.at(rows[0][0], f"{name}: mode {rows[0][1] or 'not given'}"))
    return judged(
        Text(
            f"Cả {len(public)} điểm cuối công khai sau tường lửa ứng dụng web ở chế độ chặn.",
            f"All {len(public)} public endpoints are behind a web firewall that blocks.",
        ),
        Text(
            f"{len(failing)}/{len(public)} điểm cuối công khai không sau tường lửa ứng dụng web, "
            "hoặc tường lửa không chặn.",
            f"{len(failing)} of {len(public)} public endpoints are not behind a web firewall, or "
            "it does not block.",
        ),
        Text(
            "Đưa các trang này ra sau tường lửa ứng dụng web và chuyển sang chế độ chặn.",
            "Put these pages behind the web application firewall, in blocking mode.",
        ),
        failing=failing,
        tables=(protection,),
        covered=(len(public) - len(failing), len(public)),
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "protection-coverage",
        Text("Máy nào cũng có tác tử bảo vệ?", "Has each machine a working agent?"),
        ("assets", "protection-agents"),
        "both",
        protection_coverage,
        ("agent",),
    ),
    Probe(
        "vulnerability-schedule",
        Text("Dò quét, khắc phục lỗ hổng đúng hạn?", "Are scans and fixes on schedule?"),
        ("vulnerabilities",),
        "both",
        from_registers(
            vulnerability_schedule, ("vulnerabilities", "asset severity found due closed")
        ),
    ),
    Probe(
        "end-of-life",
        Text("Máy còn được hỗ trợ và được vá?", "Are hosts supported and patched?"),
        ("hosts",),
        "both",
        from_registers(end_of_life, ("hosts", "asset os patched support-ends")),
    ),
    Probe(
        "web-hosts-protected",
        Text("Trang công khai sau tường lửa ứng dụng?", "Are public pages behind a web firewall?"),
        ("web-protection",),
        "both",
        from_registers(web_hosts_protected, ("web-protection", "host mode kind")),
    ),
)

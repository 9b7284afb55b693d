"""What each traffic question of the checklist answers when it is read again, row by row."""

from __future__ import annotations

from datetime import timedelta

from tests.differential.checklist_rows import (
    DAY,
    VIETNAM,
    Reading,
    inside,
    is_one,
    moments,
    networks_in,
    way,
)
from tests.differential.checklist_zone_answers import (
    addresses_in_inventory,
    admin_through_pam,
    clear_text_protocols,
    database_reached,
    database_zone_to_internet,
    edges_in_matrix,
    egress_tunnels,
    environments_separate,
    exposed_to_internet,
    foreign_dns_ntp,
    management_across_zones,
    readable,
    scanning_seen,
    suppliers_seen,
    time_sources,
    unknown_devices,
    ways,
    zones_required,
)


def sensor_coverage(seen):
    network = seen.declared.network
    asked = [zone.id for zone in network.zones if zone.kind in ("edge", "dmz", "database")]
    asked += network.channel.agent_nodes
    if not asked:
        return Reading("unknown")
    lit = set()
    for row in seen.rows:
        for side in ("src", "dst"):
            lit |= {seen.end(row, side)["zone"], row[f"{side}_ip"]}
    dark = {name for name in asked if name not in lit}
    hours = {row["start"].replace(minute=0, second=0, microsecond=0, nanosecond=0)
             for row in seen.every}  # fmt: skip
    longest, last = 0, None
    for hour in sorted(hours):
        if last is not None:
            longest = max(longest, round((hour - last) / timedelta(hours=1)) - 1)
        last = hour
    if dark and seen.short:
        return Reading("unknown")
    if dark or longest > 24:
        return Reading("fail", dark)
    return seen.holds()


def log_forwarding_seen(seen):
    servers = seen.declared.network.log_servers
    if "assets" not in seen.registers or not servers:
        return Reading("unknown")
    words = (
        "server", "database", "gateway", "máy chủ", "cơ sở dữ liệu", "csdl", "cổng", "firewall",
        "tường lửa",
    )  # fmt: skip
    total = unseen = 0
    silent = set()
    for line, row in seen.registers["assets"]:
        networks = networks_in(row["address"])
        if not networks or not any(word in row["role"].lower() for word in words):
            continue
        if all(any(inside(seen.declared.of(s)["address"], [n]) for n in networks)
               for s in servers):  # fmt: skip
            continue  # the log server itself
        total += 1
        talks = sends = False
        for flow in seen.rows:
            if inside(seen.end(flow, "src")["address"], networks):
                talks = True
                if flow["moved"] and is_one(seen.end(flow, "dst")["address"], servers):
                    sends = True
            if flow["answered"] and inside(seen.end(flow, "dst")["address"], networks):
                talks = True
        if not sends and talks:
            silent.add(f"line {line}")
        elif not sends:
            unseen += 1
    if not total:
        return Reading("unknown")
    if silent and not seen.short:
        return Reading("fail", silent)
    return Reading("unknown") if silent or unseen else seen.holds()


def alerts_forwarded(seen):
    contacts = seen.declared.network.security_contacts
    if not contacts:
        return Reading("unknown")
    sent = [
        row
        for row in seen.rows
        if row["moved"] and is_one(seen.end(row, "dst")["address"], contacts)
    ]
    if any(row["end"] >= seen.window[1] - DAY for row in sent):
        return Reading("pass")
    if seen.days < 1 or any(row["sampling"] not in (None, 1) for row in seen.rows):
        return Reading("unknown")
    return Reading("fail", ways(sent))


def agent_node_reached(seen):
    nodes = seen.declared.network.channel.agent_nodes
    wrong = {node for node in nodes if seen.declared.of(node)["kind"] not in ("edge", "dmz")}
    if not nodes or wrong:
        return Reading("fail" if wrong else "unknown", wrong)
    met, against = False, []
    for row in seen.rows:
        source, target = seen.end(row, "src"), seen.end(row, "dst")
        if not (row["moved"] and (source["agent"] or target["agent"])):
            continue
        met = True
        people = source["kind"] in ("users", "wireless", "database") or source["outside"]
        if (target["agent"] and people) or not seen.declared.declared(row):
            against.append(row)
    if not met:
        return Reading("unknown")
    return Reading("fail", ways(against)) if against else seen.holds()


def registered_path(seen):
    channel = seen.declared.network.channel
    if not channel.center and not channel.hosts:
        return Reading("unknown")
    met = []
    for row in seen.rows:
        source, target = seen.end(row, "src"), seen.end(row, "dst")
        local = (source["agent"] or target["agent"]) and not (
            source["center"] or target["center"]
        )  # with our own node only: no way to the Center
        if row["moved"] and seen.declared.channel(row) and not local:
            met.append(row)
    against = [row for row in met if not seen.declared.registered(row)]
    if not met:
        return Reading("unknown")
    return Reading("fail", ways(against)) if against else seen.holds()


def line_bridged(seen):
    on_line, on_internet = set(), {}
    for row in seen.rows:
        if not row["moved"]:
            continue
        for mine, other in (("src", "dst"), ("dst", "src")):
            me, peer = seen.end(row, mine), seen.end(row, other)
            if me["home"] and me["kind"] != "line":
                if peer["kind"] == "line":
                    on_line.add(row[f"{mine}_ip"])
                if peer["outside"]:
                    on_internet.setdefault(row[f"{mine}_ip"], []).append(row)
    if not on_line:
        return Reading("unknown")
    against = [row for host in on_line for row in on_internet.get(host, ())]
    return Reading("fail", ways(against)) if against else Reading("clear")


def sync_in_clear(seen):
    points = seen.declared.network.channel.connection_points
    talking, channel = [], False
    for row in seen.rows:
        source, target = seen.end(row, "src"), seen.end(row, "dst")
        leg = target["kind"] == "database" and (
            source["kind"] in ("application", "servers", "dmz") or is_one(source["address"], points)
        )
        mine = seen.declared.channel(row)
        carried = row["payload"] > 0 or (row["src_bytes"] or 0) > 0
        asking = row["app"] in ("dns", "ntp") or row["protocol"] not in (6, 17, 132)
        if row["answered"] and (mine or leg) and carried and not asking:
            talking.append(row)
            channel = channel or mine
    if not channel:
        return Reading("unknown")
    against = [row for row in talking if readable(row) or row["encrypted"] is False]
    if against:
        return Reading("fail", ways(against))
    return Reading("unknown") if any(row["encrypted"] is None for row in talking) else seen.holds()


def sessions(seen):
    """Answered flows of the channel between single hosts."""
    return [
        row
        for row in seen.every
        if row["answered"]
        and seen.declared.channel(row)
        and seen.end(row, "src")["host"]
        and seen.end(row, "dst")["host"]
    ]


def exchanges(seen):
    """Sessions that may carry data: no names, time, logs or pings."""
    return [row for row in sessions(seen) if not seen.declared.upkeep(row)]


def edge(row):
    return row["src_ip"], row["dst_ip"], row.get("port", row["dst_port"]), row["protocol"]


def drift_from_baseline(seen):
    marks, mine = seen.more["baseline"], sessions(seen)
    if marks is None or not mine:
        return Reading("unknown")
    against = []
    for row in mine:
        same = [mark for mark in marks if edge(mark) == edge(row)]
        versions = {mark["tls_version"] for mark in same} - {""}
        other = row["tls"] and versions and row["tls"] not in versions
        if not same or other:
            against.append(row)
    return Reading("fail", ways(against)) if against else seen.holds()


def volume_against_baseline(seen):
    marks, factor = seen.more["baseline"], seen.more["volume-factor"]
    if marks is None or factor is None:
        return Reading("unknown")
    days = {}
    for row in sessions(seen):
        local = row["start"].astimezone(VIETNAM)
        days.setdefault((edge(row), local.date()), []).append((row, local.hour))
    known, against = False, set()
    for (ends, _), those in days.items():
        same = [mark for mark in marks if edge(mark) == ends]
        if not same:
            continue
        known = True
        moved = 0
        for row, _ in those:
            packets = (row["src_bytes"] or 0) + (row["dst_bytes"] or 0)
            moved += packets if packets > 0 else row["payload"]
        hours = {hour for mark in same for hour in mark["hours"].split(",")}
        if (
            len(those) > factor * sum(mark["flows_per_day"] for mark in same)
            or moved > factor * sum(mark["bytes_per_day"] for mark in same)
            or any(str(hour) not in hours for _, hour in those)
        ):
            against.add(way(those[0][0]))
    if not known:
        return Reading("unknown")
    return Reading("fail", against) if against else seen.holds()


def sessions_in_sharing_log(seen):
    mine, slack = exchanges(seen), timedelta(minutes=10)
    if "sharing-log" not in seen.registers or not mine:
        return Reading("unknown")
    first, last = seen.window
    told = {line: moments(row["time"]) for line, row in seen.registers["sharing-log"]}
    log = {
        line: when
        for line, when in told.items()
        if when is not None and first - slack <= when <= last + slack
    }
    if not log:
        return Reading("unknown")
    days = [when.astimezone(VIETNAM).date() for when in log.values()]
    against, beyond = set(), False
    for row in mine:
        if any(row["start"] - slack <= when <= row["end"] + slack for when in log.values()):
            continue
        if min(days) <= row["start"].astimezone(VIETNAM).date() <= max(days):
            against.add(way(row))
        else:
            beyond = True
    for line, when in log.items():
        if not any(row["start"] - slack <= when <= row["end"] + slack for row in mine):
            against.add(f"line {line}")
    if against:
        return Reading("fail", against)
    if beyond or None in told.values():
        return Reading("unknown")
    return seen.holds()


def silent_after_cut(seen):
    cut, back = seen.more["cut"], seen.more["reconnected"]
    if cut is None:
        return Reading("unknown")
    deadline = cut + timedelta(minutes=seen.more["cut-minutes"])
    mine = exchanges(seen)
    after = [row for row in mine if row["end"] > deadline and (back is None or row["start"] < back)]
    if after:
        return Reading("fail", ways(after))
    before = any(row["start"] < cut for row in mine)
    needed = back or deadline + timedelta(days=seen.least_days - 0.05)
    sampled = any(row["sampling"] not in (None, 1) for row in seen.rows)
    watched = before and seen.window[1] >= needed and not sampled
    return Reading("pass" if watched else "unknown")


NETWORK = {"zones-required": zones_required}
"""Questions to ``network.yaml`` that traffic only adds to."""
OUTSIDE = {
    "suppliers-seen": suppliers_seen,
    "exposed-to-internet": exposed_to_internet,
    "egress-tunnels": egress_tunnels,
    "clear-text-protocols": clear_text_protocols,
    "sync-in-clear": sync_in_clear,
    "sensor-coverage": sensor_coverage,
    "alerts-forwarded": alerts_forwarded,
    "drift-from-baseline": drift_from_baseline,
    "volume-against-baseline": volume_against_baseline,
    "sessions-in-sharing-log": sessions_in_sharing_log,
    "silent-after-cut": silent_after_cut,
}
"""Questions that every sensor can answer."""
INSIDE = {
    "edges-in-matrix": edges_in_matrix,
    "environments-separate": environments_separate,
    "addresses-in-inventory": addresses_in_inventory,
    "unknown-devices": unknown_devices,
    "database-reached": database_reached,
    "management-across-zones": management_across_zones,
    "admin-through-pam": admin_through_pam,
    "scanning-seen": scanning_seen,
    "foreign-dns-ntp": foreign_dns_ntp,
    "time-sources": time_sources,
    "database-zone-to-internet": database_zone_to_internet,
    "log-forwarding-seen": log_forwarding_seen,
    "agent-node-reached": agent_node_reached,
    "registered-path": registered_path,
    "line-bridged": line_bridged,
}
"""Questions about inner hosts: sensors outside of address translation cannot answer them."""

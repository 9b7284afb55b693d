"""What each traffic question of the checklist answers by the second reading (``checklist_rows``).

The port tables are written from the questions' words: SSH, telnet, RDP and so on.
"""

from __future__ import annotations

from datetime import timedelta

from tests.differential.checklist_rows import (
    DAY,
    VIETNAM,
    Reading,
    goes_by,
    inside,
    is_one,
    moments,
    networks_in,
    way,
)

SSH, TELNET, RDP, VNC, WINRM = {22}, {23}, {3389}, {5900, 5901, 5902, 5903}, {5985, 5986}
SHELLS = {(6, port) for port in SSH | TELNET | RDP | VNC | WINRM}
DEVICE_PAGES = {(6, 4443), (6, 8443), (6, 10443)}
MANAGEMENT = SHELLS | DEVICE_PAGES | {(17, 161), (6, 161)}
DATABASES = {
    (6, 1433), (6, 1521), (6, 1526), (6, 3306), (6, 5432), (6, 6379), (6, 8123), (6, 9042),
    (6, 9200), (6, 27017), (6, 50000),
}  # fmt: skip
OPENVPN = {(6, 1194), (17, 1194)}
IPSEC = {(17, 500), (17, 4500)}
WIREGUARD, PPTP, L2TP, SSL_VPN = {(17, 51820)}, {(6, 1723)}, {(17, 1701)}, {(6, 10443)}
VPN = OPENVPN | IPSEC | WIREGUARD | PPTP | L2TP | SSL_VPN
HIDDEN_DNS = {(6, 853), (17, 853)}
TOR = {(6, 9001), (6, 9030), (6, 9050), (6, 9150)}
REMOTE_CONTROL = {(6, 7070), (6, 5938), (17, 5938), (6, 6568)}
TUNNELS = OPENVPN | IPSEC | WIREGUARD | PPTP | L2TP | HIDDEN_DNS | TOR | REMOTE_CONTROL
TUNNEL_APPS = {
    "openvpn", "wireguard", "ipsec", "ike", "socks", "tor", "anydesk", "teamviewer", "l2tp", "pptp",
}  # fmt: skip
TUNNEL_NAMES = (
    "*.ngrok.io", "*.ngrok.com", "*.ngrok.app", "*.ngrok.dev", "*.ngrok-free.app",
    "*.ngrok-free.dev", "*.trycloudflare.com", "*.serveo.net", "*.loca.lt", "*.pinggy.io",
    "*.anydesk.com", "*.teamviewer.com", "*.ultraviewer.net", "*.rustdesk.com", "*.tailscale.com",
    "*.zerotier.com", "*.torproject.org", "dns.google", "*.dns.google", "dns.quad9.net",
    "cloudflare-dns.com", "*.cloudflare-dns.com", "one.one.one.one", "doh.opendns.com",
    "dns.adguard-dns.com", "dns.nextdns.io",
)  # fmt: skip
SHARES = {(6, 135), (6, 139), (6, 445), (6, 3389), (6, 5985), (6, 5986)}
CLEAR_APPS = {
    "telnet", "ftp", "ftp-data", "tftp", "rsh", "rlogin", "rexec", "ldap", "vnc", "rfb", "http",
    "pop3", "imap", "smtp", "mysql", "postgresql", "tds", "redis", "mongodb", "tns", "finger",
}  # fmt: skip
CLEAR_PORTS = {
    (6, 20), (6, 21), (6, 23), (17, 69), (6, 79), (6, 512), (6, 513), (6, 80), (6, 110), (6, 143),
    (6, 389), (6, 5900),
}  # fmt: skip
SNMP = {(17, 161), (17, 162)}


def service(row):
    return row["protocol"], row["port"]


def ways(rows):
    return {way(row) for row in rows}


def edges_in_matrix(seen):
    between = []
    for row in seen.rows:
        source, target = seen.end(row, "src"), seen.end(row, "dst")
        if row["moved"] and (source["home"] or target["home"]):
            both_nowhere = source["zone"] == target["zone"] == ""
            if source["zone"] != target["zone"] or (
                both_nowhere and source["home"] != target["home"]
            ):
                between.append(row)
    if not between:
        return Reading("unknown")
    strange = [row for row in between if not seen.declared.declared(row)]
    return Reading("fail", ways(strange)) if strange else seen.holds()


def zones_required(seen):
    zones, least = seen.declared.network.zones, seen.more["zones"]
    if not zones:
        return Reading("unknown")
    if least is None:
        return Reading("pass")
    kinds = {{"users": "internal", "application": "servers"}.get(z.kind, z.kind) for z in zones}
    lacking = set()
    if seen.level >= 3:
        lacking = {"internal", "edge", "servers", "dmz", "database", "wireless", "management"}
        lacking -= kinds
    if len(zones) < least or lacking - {"wireless"}:
        return Reading("fail")
    loose = set()
    for row in seen.every:
        source, target = seen.end(row, "src"), seen.end(row, "dst")
        if row["moved"] and source["host"] and target["host"]:
            for side, end in (("src", source), ("dst", target)):
                if end["place"] == "":
                    loose.add(row[f"{side}_ip"])
    return Reading("partial", loose) if lacking or loose else Reading("pass")


def environments_separate(seen):
    network = seen.declared.network
    tests = [net for zone in network.zones if zone.kind == "test" for net in zone.networks]
    if not tests:
        return Reading("unknown")
    met, mixed = False, []
    for row in seen.rows:
        source, target = seen.end(row, "src"), seen.end(row, "dst")
        if not (row["moved"] and source["home"] and target["home"]):
            continue
        a, b = inside(source["address"], tests), inside(target["address"], tests)
        met = met or a or b
        servers = (*network.resolvers, *network.time_servers, *network.log_servers)
        excused = source["kind"] == "management" or is_one(target["address"], servers)
        if a != b and not excused:
            mixed.append(row)
    if not met:
        return Reading("unknown")
    return Reading("fail", ways(mixed)) if mixed else Reading("clear")


def present(seen):
    """Own addresses that talked."""
    found = set()
    for row in seen.rows:
        if seen.end(row, "src")["home"] and not row["blocked"]:
            found.add(row["src_ip"])
        if seen.end(row, "dst")["home"] and row["answered"]:
            found.add(row["dst_ip"])
    return found


def addresses_in_inventory(seen):
    inventory = seen.declared.inventory
    if inventory is None or not inventory.systems:
        return Reading("unknown")
    there = present(seen)
    if not there:
        return Reading("unknown")
    serving = {
        row["dst_ip"]
        for row in seen.rows
        if any(goes_by(row["host"], system.hosts) for system in inventory.systems)
    }
    strange = set()
    for text in there:
        address = seen.declared.of(text)["address"]
        listed = any(inside(address, system.networks) for system in inventory.systems)
        if not listed and text not in serving:
            strange.add(text)
    return Reading("fail", strange) if strange else seen.holds()


def listed_networks(seen, kind):
    if kind not in seen.registers:
        return None
    return [net for _, row in seen.registers[kind] for net in networks_in(row["address"])]


def unknown_devices(seen):
    known = listed_networks(seen, "assets")
    there = {text for text in present(seen) if seen.declared.of(text)["zone"]}
    if not known or not there:
        return Reading("unknown")
    strange = {text for text in there if not inside(seen.declared.of(text)["address"], known)}
    return Reading("fail", strange) if strange else Reading("clear")


def suppliers_seen(seen):
    known = listed_networks(seen, "suppliers")
    found = [
        row
        for row in seen.rows
        if seen.end(row, "src")["outside"]
        and seen.end(row, "dst")["home"]
        and row["answered"]
        and service(row) in MANAGEMENT | VPN
    ]
    if not known or not found:
        return Reading("unknown")
    strange = [row for row in found if not inside(seen.end(row, "src")["address"], known)]
    return Reading("fail", ways(strange)) if strange else seen.holds()


def database_reached(seen):
    reached, against = [], []
    for row in seen.rows:
        source, target = seen.end(row, "src"), seen.end(row, "dst")
        a_database = target["kind"] == "database" or (target["home"] and service(row) in DATABASES)
        neighbours = target["kind"] == "database" and source["zone"] == target["zone"]
        pinged = row["protocol"] in (1, 58)
        if not a_database or neighbours or pinged or not row["answered"]:
            continue
        reached.append(row)
        people = source["kind"] in ("users", "wireless") or source["outside"]
        work = service(row) in MANAGEMENT and (source["kind"] == "management" or source["pam"])
        if people or not (work or seen.declared.declared(row)):
            against.append(row)
    if not reached:
        return Reading("unknown")
    return Reading("fail", ways(against)) if against else seen.holds()


def management_across_zones(seen):
    found, against = [], []
    for row in seen.rows:
        source, target = seen.end(row, "src"), seen.end(row, "dst")
        if target["home"] and row["answered"] and service(row) in MANAGEMENT:
            page = service(row) in DEVICE_PAGES
            if not (page and seen.declared.declared(row, any_port=False)):
                found.append(row)
                if source["kind"] != "management" and not source["pam"]:
                    against.append(row)
        if seen.level >= 4 and row["moved"]:
            out = source["kind"] == "management" and target["outside"]
            into = target["kind"] == "management" and source["outside"]
            if out or into:
                against.append(row)
    if against:
        return Reading("fail", ways(against))
    return seen.holds() if found else Reading("unknown")


def admin_through_pam(seen):
    if not seen.declared.network.privileged_access:
        return Reading("unknown")
    found, against = [], []
    for row in seen.rows:
        source, target = seen.end(row, "src"), seen.end(row, "dst")
        server = target["home"] and target["kind"] not in ("users", "wireless")
        if server and row["answered"] and service(row) in SHELLS and not target["pam"]:
            found.append(row)
            if not source["pam"]:
                against.append(row)
    if not found:
        return Reading("unknown")
    return Reading("fail", ways(against)) if against else seen.holds()


def exposed_to_internet(seen):
    inbound, against = [], []
    for row in seen.rows:
        if not (
            seen.end(row, "src")["outside"] and seen.end(row, "dst")["home"] and row["answered"]
        ):
            continue
        inbound.append(row)
        meant = service(row) in DEVICE_PAGES and seen.declared.declared(row, any_port=False)
        if service(row) in MANAGEMENT | DATABASES and not meant:
            against.append(row)
    if not inbound:
        return Reading("unknown")
    return Reading("fail", ways(against)) if against else seen.holds()


def scanning_seen(seen):
    hosts, ports, opened = {}, {}, {}
    mine = [row for row in seen.rows if seen.end(row, "src")["home"]]
    if not mine:
        return Reading("unknown")

    def in_vain(row):
        return not row["answered"] and row["protocol"] in (6, 1, 58)

    def opens(row):
        source, target = seen.end(row, "src"), seen.end(row, "dst")
        keeper = source["kind"] == "management" or source["pam"]
        return row["answered"] and target["home"] and service(row) in SHARES and not keeper

    for row in mine:
        if in_vain(row):
            hosts.setdefault(row["src_ip"], set()).add(row["dst_ip"])
            ports.setdefault((row["src_ip"], row["dst_ip"]), set()).add(row["port"])
        if opens(row):
            opened.setdefault(row["src_ip"], set()).add(row["dst_ip"])
    scanners = {source for source, those in hosts.items() if len(those) > 100}
    scanners |= {source for (source, _), those in ports.items() if len(those) > 100}
    spreaders = {source for source, those in opened.items() if len(those) > 20}
    against = [
        row
        for row in mine
        if (in_vain(row) and row["src_ip"] in scanners)
        or (opens(row) and row["src_ip"] in spreaders)
    ]
    return Reading("fail", ways(against)) if against else Reading("clear")


def egress_tunnels(seen):
    leaving, against = False, []
    for row in seen.rows:
        source, target = seen.end(row, "src"), seen.end(row, "dst")
        if not (source["home"] and target["outside"] and row["moved"]):
            continue
        leaving = True
        tunnel = service(row) in TUNNELS or row["protocol"] in (47, 50)
        tunnel = tunnel or row["app"] in TUNNEL_APPS
        meant = seen.declared.declared(row, any_port=False)
        if (tunnel and not meant) or goes_by(row["host"], TUNNEL_NAMES):
            against.append(row)
    if not leaving:
        return Reading("unknown")
    return Reading("fail", ways(against)) if against else Reading("clear")


def foreign_dns_ntp(seen):
    network = seen.declared.network
    names, times = [], []
    for row in seen.rows:
        source = seen.end(row, "src")
        if not (source["home"] and row["moved"]):
            continue
        if (row["port"] == 53 and row["protocol"] in (6, 17)) or row["app"] == "dns":
            if not is_one(source["address"], network.resolvers):
                names.append(row)
        if service(row) == (17, 123) or row["app"] == "ntp":
            if not is_one(source["address"], network.time_servers):
                times.append(row)
    if not names and not times:
        return Reading("unknown")
    abroad = [row for row in (*names, *times) if row["crosses_border"] is True]
    if abroad:
        return Reading("fail", ways(abroad))
    if (names and not network.resolvers) or (times and not network.time_servers):
        return Reading("unknown")
    strange = []
    for rows, servers in ((names, network.resolvers), (times, network.time_servers)):
        for row in rows:
            if not is_one(seen.end(row, "dst")["address"], servers):
                strange.append(row)
    return Reading("fail", ways(strange)) if strange else seen.holds()


def time_sources(seen):
    servers = seen.declared.network.time_servers
    asked = [
        row
        for row in seen.rows
        if seen.end(row, "src")["home"]
        and row["moved"]
        and service(row) == (17, 123)
        and not is_one(seen.end(row, "src")["address"], servers)
    ]
    if not asked or not servers:
        return Reading("unknown")
    strange = [row for row in asked if not is_one(seen.end(row, "dst")["address"], servers)]
    return Reading("fail", ways(strange)) if strange else seen.holds()


def database_zone_to_internet(seen):
    met, against = False, []
    for row in seen.rows:
        source, target = seen.end(row, "src"), seen.end(row, "dst")
        met = met or "database" in (source["kind"], target["kind"])
        abroad = target["outside"] or row["crosses_border"] is True
        if source["kind"] == "database" and row["moved"] and abroad:
            against.append(row)
    if not met:
        return Reading("unknown")
    return Reading("fail", ways(against)) if against else Reading("clear")


def readable(row):
    """Whether anybody on the way can read what an answered row carries."""
    if row["app"]:
        return row["app"] in CLEAR_APPS and row["encrypted"] is not True
    return row["encrypted"] is None and service(row) in CLEAR_PORTS


def blind(row):
    return row["payload"] > 0 and not row["app"] and row["encrypted"] is None


def clear_text_protocols(seen):
    talking = []
    for row in seen.rows:
        home = seen.end(row, "src")["home"] or seen.end(row, "dst")["home"]
        asked = seen.level >= 3 or seen.declared.channel(row)
        if home and asked and row["answered"]:
            talking.append(row)
    against = [row for row in talking if readable(row)]
    if against:
        return Reading("fail", ways(against))
    if not talking or any(service(row) in SNMP or blind(row) for row in talking):
        return Reading("unknown")
    return seen.holds()


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
    mine, slack = sessions(seen), timedelta(minutes=10)
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
    mine = sessions(seen)
    after = [row for row in mine if row["end"] > deadline and (back is None or row["start"] < back)]
    if after:
        return Reading("fail", ways(after))
    before = any(row["start"] < cut for row in mine)
    needed = back or deadline + timedelta(days=seen.least_days - 0.05)
    sampled = any(row["sampling"] not in (None, 1) for row in seen.rows)
    watched = before and seen.window[1] >= needed and not sampled
    return Reading("pass" if watched else "unknown")


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

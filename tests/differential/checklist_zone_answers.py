"""What the questions about zones, hosts and services answer by the second reading.

The port tables are written from the questions' words: SSH, telnet, RDP and so on.
"""

from __future__ import annotations

from tests.differential.checklist_rows import (
    Reading,
    goes_by,
    inside,
    is_one,
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
        about_names = service(row) in ((6, 53), (17, 53)) or row["app"] == "dns"
        if about_names and not is_one(source["address"], network.resolvers):
            names.append(row)
        about_time = service(row) == (17, 123) or row["app"] == "ntp"
        if about_time and not is_one(source["address"], network.time_servers):
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
    unnamed = not row["app"] and row["protocol"] not in (1, 58)
    return row["payload"] > 0 and unnamed and row["encrypted"] is None


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

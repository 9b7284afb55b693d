"""The stage ``geo`` flow by flow in plain Python: the slow, plain reading of its documents.

Written from the words of ``auditor/model/flow_table.py``, ``auditor/model/place.py`` and the
docstrings of ``auditor/geo``; it shares the table of special ranges with them and nothing else.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from auditor.geo.special import SPECIAL_RANGES

DAY_NS = 86_400 * 10**9
OLD_NS = 400 * DAY_NS
COLUMNS = (
    *("src_ip", "dst_ip", "initiator_basis", "home_side", "peer_ip", "peer_country", "peer_asn"),
    *("peer_org", "peer_org_country", "service", "service_kind", "operator", "operator_country"),
    *("operator_basis", "geo_state", "geo_rule", "geo_certainty", "geo_candidates"),
    *("crosses_border", "foreign_recipient", "foreign_platform", "outbound_bytes"),
    *("inbound_bytes",),
)


@dataclass
class Build:
    """One build of a database (records) or of a list of ranges (statements), by network."""

    name: str
    day: date | None
    told: dict[str, dict[str, Any]]
    kind: str = ""


@dataclass
class World:
    """What is known of places.

    Attributes:
        databases, lists: each with its builds; databases in the order of precedence.
        hosts: by name: its service and the country of the region inside it.
        reach: km that an answer after so many µs can have come from.
    """

    databases: list[list[Build]]
    lists: list[list[Build]]
    overrides: dict[str, dict[str, Any]]
    hosts: dict[str, tuple[dict[str, Any] | None, str | None]]
    registrations: dict[int, str]
    distances: dict[str, int]
    handshakes: dict[str, int]
    reach: dict[int, int]
    own: list[str]
    home: str = "VN"


@dataclass
class End:
    """Where one end of a flow is, and who runs it."""

    place: str  # home, foreign, open
    state: str
    rule: str
    country: str | None = None
    certainty: str | None = None
    candidates: list[str] = field(default_factory=list)


def located_row(flow: dict[str, Any], world: World) -> dict[str, Any]:
    """The columns ``COLUMNS`` of one flow."""
    flow = dict(flow)
    served = flow["dst_ip"]
    named = world.hosts.get(flow["host"]) if flow["host"] else None
    if flow["host_basis"] in ("dns-query", "ech-outer"):
        named = None
    service, region = named or (None, None)
    src = end_of(flow["src_ip"], flow["start"], None, flow["src_log_country"], world)
    dst = end_of(flow["dst_ip"], flow["start"], region, flow["dst_log_country"], world)
    src_home, dst_home = src.place == "home", dst.place == "home"
    if src_home and dst_home:
        src_away = foreign_run(src, operator_of(flow["src_ip"], flow["start"], None, world), world)
        dst_operator = operator_of(flow["dst_ip"], flow["start"], service, world)
        dst_away = foreign_run(dst, dst_operator, world)
        if src_away != dst_away:
            src_home, dst_home = not src_away, not dst_away
    alone = src_home != dst_home
    both_sent = (flow["src_packets"] or 0) > 0 and (flow["dst_packets"] or 0) > 0
    if flow["initiator_basis"] == "first-packet" and both_sent and alone:
        flow["initiator_basis"] = "home"
        if dst_home:
            flow = swapped(flow)
            src, dst, src_home, dst_home = dst, src, True, False
    row = {name: flow[name] for name in ("src_ip", "dst_ip", "initiator_basis")}
    row |= dict.fromkeys(COLUMNS[3:])
    if alone:
        home, away = ("src", "dst") if src_home else ("dst", "src")
        row["home_side"] = home
        fill_peer(row, flow, home, away, dst if src_home else src, served, service, world)
    elif (src_home and dst_home) or (src.place == dst.place == "foreign"):
        row["home_side"] = "both" if src_home else "none"
        row |= {"geo_state": "not-applicable", "crosses_border": False, "foreign_recipient": False,
                "foreign_platform": False, "outbound_bytes": 0, "inbound_bytes": 0}  # fmt: skip
    else:
        fill_place(row, dst if dst.place == "open" else src)
    if flow["blocked"]:
        row |= {"crosses_border": False, "foreign_recipient": False, "foreign_platform": False,
                "outbound_bytes": 0, "inbound_bytes": 0}  # fmt: skip
    return row


def fill_place(row: dict[str, Any], end: End) -> None:
    row["geo_state"], row["geo_rule"], row["geo_certainty"] = end.state, end.rule, end.certainty
    row["geo_candidates"] = end.candidates or None


def fill_peer(
    row: dict[str, Any],
    flow: dict[str, Any],
    home: str,
    away: str,
    end: End,
    served: str,
    service: dict[str, Any] | None,
    world: World,
) -> None:
    fill_place(row, end)
    peer = flow[f"{away}_ip"]
    row["peer_ip"], row["peer_country"] = peer, end.country
    asn, org = owner_of(peer, flow["start"], world)
    row["peer_asn"], row["peer_org"] = asn, org
    row["peer_org_country"] = world.registrations.get(asn) if asn else None
    service = service if peer == served else None
    if service:
        row["service"], row["service_kind"] = service["id"], service["kind"]
    operator = operator_of(peer, flow["start"], service, world)
    if operator:
        row["operator"], row["operator_country"], row["operator_basis"] = operator
    row["crosses_border"] = {"home": False, "foreign": True, "open": None}[end.place]
    country = row["operator_country"]
    row["foreign_recipient"] = None if country is None else country != world.home
    needed = [service["platform"] if service else None, row["foreign_recipient"],
              row["crosses_border"]]  # fmt: skip
    row["foreign_platform"] = False if False in needed else None if None in needed else True
    for column, sender in (("outbound_bytes", home), ("inbound_bytes", away)):
        payload = flow[f"{sender}_payload"]
        row[column] = flow[f"{sender}_bytes"] if payload is None else payload


def swapped(flow: dict[str, Any]) -> dict[str, Any]:
    other = {"src": "dst", "dst": "src"}
    return {
        (other[name[:3]] + name[3:] if name[:4] in ("src_", "dst_") else name): value
        for name, value in flow.items()
    }


def end_of(text: str, start: int, region: str | None, log: str | None, world: World) -> End:
    """Where an address is, by the written precedence."""
    address = parsed(text)
    if address is None:
        return End("open", "unknown", "none")
    inner = carried(address)
    ordinary = is_ordinary(address, world)
    rtt = world.handshakes.get(text)
    too_near = {
        country
        for country, km in world.distances.items()
        if ordinary and rtt is not None and km > world.reach[rtt]
    }
    stated = override_for(address, world)
    if stated and stated.get("anycast"):
        return End("open", "anycast", "override")
    if stated and stated.get("countries"):
        country = stated["countries"][0]
        certainty = "weak" if country in too_near else "firm"
        return End(side(country, world), "country", "override", country, certainty)
    special = narrowest(inner)
    if special:
        if special.kind == "local":
            return End("home", "not-applicable", "special", certainty="firm")
        return End("open", "anycast" if special.kind == "anycast" else "unknown", "special")
    if not ordinary:
        return End("home", "not-applicable", "inventory", certainty="firm")
    said = [(build, old, told) for build, old in at_the_time(world.lists, start)
            if (told := match(build.told, inner))]  # fmt: skip
    voices = [(build, old, told) for build, old in at_the_time(world.databases, start)
              if (told := match(build.told, inner))]  # fmt: skip
    if any(told.get("anycast") for _, _, told in said) or any(
        told.get("is_anycast") for _, _, told in voices
    ):
        return End("open", "anycast", "anycast")
    region = None if region == world.home else region
    return by_steps(steps_of(said, voices, region), log, too_near, world)


def steps_of(said: list, voices: list, region: str | None) -> list[tuple]:
    """(rule, certainty, shipped, [(who, old, countries, maker)]) of the steps that speak."""
    steps = []
    for rule, kind, certainty in (
        ("cloud-region", "cloud", "firm"), ("host", "", "likely"), ("geofeed", "geofeed", "likely")
    ):  # fmt: skip
        told = [(build.name, old, each["countries"], "") for build, old, each in said
                if each["kind"] == kind and each.get("countries")]  # fmt: skip
        if rule == "host":
            rule, told = "cloud-region", [("host", False, [region], "")] if region else []
        steps.append((rule, certainty, False, told))
    for rule, key, certainty in (
        ("databases", "country_code", "likely"), ("registration", "registered_country", "weak")
    ):  # fmt: skip
        for shipped in (False, True):
            told = [
                (maker_of(build) or build.name, old, [code_of(each[key])], maker_of(build))
                for build, old, each in voices
                if each.get(key) and (build.name in ("country.mmdb", "asn.mmdb")) == shipped
            ]
            steps.append((rule, certainty, shipped, told))
    return [step for step in steps if step[3]]


def maker_of(build: Build) -> str:
    """Of a database: the first word of its type, if that is a name."""
    return {"GeoLite2": "MaxMind", "GeoIP2": "MaxMind", "DBIP": "DB-IP"}.get(
        build.kind.split("-")[0], ""
    )


def code_of(value: Any) -> str:
    return value if isinstance(value, str) else value["iso_code"]


def by_steps(steps: list[tuple], log: str | None, too_near: set[str], world: World) -> End:
    if not steps:
        return End("open", "unknown", "none")
    rule, certainty, _, told = steps[0]
    named = {country for _, _, countries, _ in told for country in countries}
    left = named - too_near
    if not left:
        return End("open", "contradicted", rule, candidates=sorted(named))
    ballots: dict[str, set[str]] = {}
    for who, _, countries, _ in told:
        ballots[who] = ballots.get(who, set()) | set(countries)
    votes = Counter({each: sum(each in ballot for ballot in ballots.values()) for each in left})
    voters = sum(bool(left & ballot) for ballot in ballots.values())
    (country, most), *others = votes.most_common()
    if most * 2 <= voters or any(count == most for _, count in others):
        place = "open" if world.home in left else "foreign"
        return End(place, "ambiguous", rule, candidates=sorted(left))
    here = side(country, world)
    for_it = [each for each in told if country in each[2]]
    if rule == "registration" or all(old for _, old, _, _ in for_it):
        return End(here, "country", rule, country, "weak")
    later = [step for step in steps[1:] if step[0] != "registration"]
    logged = [("log", False, [log], "")] if log else []
    heard = told + [each for step in later for each in step[3]] + logged
    if certainty == "firm":  # a cloud's own list: only another such list speaks against it
        against = told
    elif rule == "cloud-region":  # a name: anybody does
        against = heard
    else:
        against = told + [each for step in later if not step[2] for each in step[3]] + logged
    if any(country not in each and set(each) - too_near for _, _, each, _ in against):
        alone = len({who for who, _, each, _ in heard if country in each}) == 1
        by_name = rule == "cloud-region" and certainty == "likely"
        return End(here, "country", rule, country, "weak" if alone or by_name else "likely")
    makers = {maker for _, old, _, maker in for_it if maker and not old}
    if rule == "databases" and len(makers) >= 2:
        certainty = "firm"
    return End(here, "country", rule, country, certainty)


def operator_of(
    text: str, start: int, service: dict[str, Any] | None, world: World
) -> tuple[str | None, str | None, str] | None:
    address = parsed(text)
    if address is not None:
        stated = override_for(address, world) or {}
        if stated.get("operator") or stated.get("operator_country"):
            return stated.get("operator"), stated.get("operator_country"), "override"
    landlord = landlord_of(text, start, world)
    if service:
        away = landlord and landlord[1] not in (None, world.home)
        if service["operator_country"] != world.home or not away:
            return service["operator"], service["operator_country"], "service"
    return landlord


def landlord_of(text: str, start: int, world: World) -> tuple[str | None, str | None, str] | None:
    """Whose list has the address, or else who owns its network."""
    address = parsed(text)
    if address is not None and is_ordinary(address, world):
        for build, _ in at_the_time(world.lists, start):
            told = match(build.told, carried(address)) or {}
            if told.get("operator") or told.get("operator_country"):
                return told.get("operator"), told.get("operator_country"), "range"
    asn, org = owner_of(text, start, world)
    country = world.registrations.get(asn) if asn else None
    return (org, country, "network") if org or country else None


def owner_of(text: str, start: int, world: World) -> tuple[int | None, str | None]:
    """The first database that knows a number gives it; the name must be of the same network."""
    address = parsed(text)
    if address is None or not is_ordinary(address, world):
        return None, None
    told = [match(build.told, carried(address)) or {} for build, _ in
            at_the_time(world.databases, start)]  # fmt: skip
    asn = next((each["asn"] for each in told if each.get("asn")), None)
    orgs = (each.get("as_name") for each in told if each.get("asn") in (asn, None))
    return asn, next((org for org in orgs if org), None)


def foreign_run(end: End, operator: tuple | None, world: World) -> bool:
    placed = end.state == "country"
    return bool(placed and operator and operator[1] and operator[1] != world.home)


def override_for(address: Any, world: World) -> dict[str, Any] | None:
    return match(world.overrides, address) or match(world.overrides, carried(address))


def is_ordinary(address: Any, world: World) -> bool:
    inner = carried(address)
    networks = [ip_network(text) for text in world.own]
    own = any(each in network for each in (address, inner) for network in networks)
    return not own and narrowest(inner) is None


def narrowest(address: Any) -> Any:
    inside = [each for each in SPECIAL_RANGES if address in each.network]
    return max(inside, key=lambda each: each.network.prefixlen, default=None)


def match(told: dict[str, dict[str, Any]], address: Any) -> dict[str, Any] | None:
    networks = [ip_network(text) for text in told if address in ip_network(text)]
    return told[str(max(networks, key=lambda each: each.prefixlen))] if networks else None


def at_the_time(groups: list[list[Build]], start: int) -> list[tuple[Build, bool]]:
    """Of each group the build nearest to the time, the older of two; and whether it is old."""
    chosen = []
    for builds in groups:
        dated = sorted((each for each in builds if each.day), key=lambda each: each.day or date.min)
        if not dated:
            chosen.append((builds[-1], False))
            continue
        away = {each.name: abs((each.day - date(1970, 1, 1)).days * DAY_NS - start)
                for each in dated if each.day}  # fmt: skip
        best = min(dated, key=lambda each: away[each.name])
        chosen.append((best, away[best.name] >= OLD_NS))
    return chosen


def side(country: str, world: World) -> str:
    return "home" if country == world.home else "foreign"


def parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def carried(address: Any) -> Any:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in ip_network("64:ff9b::/96"):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if int(address) >> 32 == 0 and int(address) > 1:
        return IPv4Address(int(address))
    return address

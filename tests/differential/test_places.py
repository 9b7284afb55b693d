"""The stage ``geo`` against the plain reading of its documents, on worlds made at random."""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, date, datetime
from ipaddress import ip_network
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from auditor.geo import GeoData, Question, destinations, located
from auditor.geo.statements import Statement
from auditor.model.flow_table import Stage, schema_at, to_pandas
from tests.differential.places import COLUMNS, DAY_NS, Build, World, located_row
from tests.geo.sources import Ranges, databases_of, names

NETWORKS = (
    *("8.0.0.0/8", "8.8.0.0/16", "8.8.8.0/24", "203.162.0.0/16", "203.162.4.0/24", "52.0.0.0/8"),
    *("118.189.0.0/16", "10.0.0.0/8", "2600::/16", "2600:1::/32", "2402:800::/32", "2002::/16"),
)
ADDRESSES = (
    *("8.8.8.8", "8.8.1.1", "8.1.1.1", "203.162.4.191", "203.162.9.9", "52.1.1.1", "118.189.1.1"),
    *("1.2.3.4", "10.1.1.1", "192.168.0.1", "224.0.0.5", "192.31.196.1", "2600::1", "2600:1::1"),
    *("2402:800::1", "fe80::1", "2002:808:808::1", "64:ff9b::808:808", "::ffff:203.162.4.191"),
    *("2001:20::1", "2001:0:4136:e378:8000:63bf:f7f7:f7f7", "not an address", "2002:a01:1::1"),
)
COUNTRIES = ("VN", "VN", "US", "SG", "JP")
DAYS = (date(2023, 3, 1), date(2025, 6, 1), date(2026, 1, 1), date(2026, 5, 1))
STORE = {"id": "store", "kind": "object-store", "operator": "Store Inc", "operator_country": "US",
         "platform": True}  # fmt: skip
HOSTS = {
    "x.s3.ap-southeast-1.example.com": (STORE, "SG"),
    "x.store.example.com": (STORE, None),
    "x.s3.ap-southeast-1-han-1.example.com": (STORE, "VN"),
    "dns.example.net": (
        {"id": "resolver", "kind": "dns", "operator": "Resolver Ltd", "operator_country": "SG",
         "platform": False}, None),
    "mail.example.vn": (
        {"id": "mail", "kind": "mail", "operator": "Thư Việt", "operator_country": "VN",
         "platform": True}, None),
    "www.example.org": (None, None),
}  # fmt: skip
REACH = {1_000: 300, 25_000: 2_800, 500_000: 20_000}
DISTANCES = {"VN": 0, "SG": 2_000, "JP": 3_000, "US": 9_000}


class Nearest:
    """The fastest handshake with each address."""

    def __init__(self, rtt_us: dict[str, int]) -> None:
        self._rtt_us = rtt_us

    def of(self, texts: pa.Array) -> np.ndarray:
        return np.array([self._rtt_us.get(text, -1) for text in texts.to_pylist()], np.int64)


def some(chance: random.Random, values, share=0.5):
    return chance.choice(values) if chance.random() < share else None


def kept(record):
    return {key: value for key, value in record.items() if value is not None and value is not False}


def made_record(chance):
    registered = some(chance, COUNTRIES, 0.3)
    return kept(
        {
            "country_code": some(chance, COUNTRIES, 0.8),
            "registered_country": {"iso_code": registered} if registered else None,
            "asn": some(chance, (11, 12, 13), 0.6),
            "as_name": some(chance, ("One", "Two"), 0.6),
            "is_anycast": chance.random() < 0.04,
            # So that no record is empty; never 1, which the writer takes for true.
            "n": chance.randrange(20, 30),
        }
    )


def made_statement(chance, kind):
    told = kept(
        {
            "kind": kind,
            "countries": some(chance, (("SG",), ("US",), ("VN",), ("JP", "SG")), 0.7),
            "anycast": chance.random() < 0.05,
            "operator": some(chance, ("Cloud A", "Cloud B")),
            "operator_country": some(chance, COUNTRIES),
        }
    )
    if kind == "override" and len(told.get("countries", ())) > 1:
        del told["countries"]
    return told


def networks(chance, share):
    return sorted((text for text in NETWORKS if chance.random() < share),
                  key=lambda text: ip_network(text).prefixlen)  # fmt: skip


KINDS = ("Test", "GeoLite2-Country", "GeoIP2-City", "DBIP-Country-Lite")


def builds(chance, stem, suffix, made):
    """One undated file, or dated ones."""
    kind = chance.choice(KINDS)
    days = chance.sample(DAYS, chance.choice((0, 1, 1, 2, 3)))
    names_ = [(f"{stem}-{day}{suffix}", day) for day in sorted(days)] or [(stem + suffix, None)]
    return [Build(name, day, made(), kind) for name, day in names_]


def made_world(chance: random.Random) -> World:
    def records():
        return {text: made_record(chance) for text in networks(chance, 0.7)} or {
            NETWORKS[0]: {"country_code": "US", "n": 20}
        }

    mine = [builds(chance, f"m{n}", ".mmdb", records) for n in range(chance.randrange(4))]
    shipped = [[Build("country.mmdb", chance.choice(DAYS), records())]]
    kinds = ("cloud", "geofeed", "relay")
    lists = [
        builds(chance, f"l{n}", ".json", lambda: {
            text: made_statement(chance, chance.choice(kinds)) for text in networks(chance, 0.4)})
        for n in range(chance.randrange(3))
    ]  # fmt: skip
    return World(
        databases=mine + shipped,
        lists=lists,
        overrides={text: made_statement(chance, "override") for text in networks(chance, 0.1)},
        hosts=HOSTS,
        registrations=kept({asn: some(chance, COUNTRIES, 0.7) for asn in (11, 12, 13)}),
        distances=DISTANCES,
        handshakes=kept({text: some(chance, tuple(REACH), 0.3) for text in ADDRESSES}),
        reach=REACH,
        own=networks(chance, 0.1),
    )


def made_flow(chance, number):
    src, dst = chance.sample(ADDRESSES, 2)
    start = (
        int((chance.choice(DAYS) - date(1970, 1, 1)).days + chance.randrange(-500, 500)) * DAY_NS
    )
    size = {
        f"{end}_{what}": some(chance, (0, 1, 7, 1000), 0.8)
        for end in ("src", "dst")
        for what in ("packets", "bytes", "payload")
    }
    return size | {
        "flow_id": number, "input_id": 1, "start": start, "end": start, "protocol": 6,
        "seen_by": "packets", "time_basis": "packets", "clock": "stated", "src_ip": src,
        "dst_ip": dst, "initiator_basis": chance.choice(("syn", "first-packet")),
        "host": some(chance, tuple(HOSTS)),
        "host_basis": chance.choice(("tls-sni", "dns-query", "ech-outer", "log", "tls-sni")),
        "src_log_country": some(chance, COUNTRIES, 0.2),
        "dst_log_country": some(chance, COUNTRIES, 0.2),
        "blocked": some(chance, (True, False), 0.2),
    }  # fmt: skip


class Writer(MMDBWriter):
    epoch = 0

    def _build_meta(self):
        return {**super()._build_meta(), "build_epoch": self.epoch}


def opened(world: World, folder: Path) -> GeoData:
    for build in (build for group in world.databases for build in group):
        writer = Writer(
            ip_version=6, database_type=build.kind or "country ipvAll", ipv4_compatible=True
        )
        writer.epoch = (build.day - date(1970, 1, 1)).days * 86_400 if build.day else 0
        for network, record in build.told.items():
            writer.insert_network(IPSet([network]), record)
        writer.to_db_file(str(folder / build.name))
    problems: list[object] = []
    geodata = databases_of(folder, problems.append)
    assert problems == []
    return GeoData(
        geodata.databases,
        tuple(
            Ranges(build.name, statements(build.told), build.day, publisher=f"publisher {number}")
            for number, group in enumerate(world.lists)
            for build in group
        ),
        Ranges("overrides.yaml", statements(world.overrides)),
        names(),
        world.distances,
        world.registrations,
    )


def statements(told):
    return {text: Statement(**each) for text, each in told.items()}


def made(seed: int, flows: int) -> tuple[World, GeoData, list[dict], pa.Table]:
    """A world, what knows about its places, flows in it, and these after the stage ``geo``."""
    chance = random.Random(seed)
    world = made_world(chance)
    rows = [made_flow(chance, number) for number in range(1, flows + 1)]
    schema = schema_at(Stage.READ)
    table = pa.table(
        {each.name: pa.array([row.get(each.name) for row in rows], each.type) for each in schema},
        schema=schema,
    )
    with tempfile.TemporaryDirectory() as folder:
        geodata = opened(world, Path(folder))
    done = located(to_pandas(table), geodata, "VN", own_of(world), Nearest(world.handshakes))
    return world, geodata, rows, pa.Table.from_pandas(done, preserve_index=False)


def own_of(world: World) -> list:
    return [ip_network(text) for text in world.own]


def compared(seed: int, flows: int) -> tuple[int, list[str]]:
    """Compares the flows of one world; their number, and every difference in words."""
    world, _, rows, done = made(seed, flows)
    differences = []
    for flow, row in zip(rows, done.select(list(COLUMNS)).to_pylist(), strict=True):
        expected = located_row(flow, world)
        differences += [
            f"world {seed}, flow {flow['flow_id']} {flow['src_ip']} > {flow['dst_ip']}: {name} is "
            f"{row[name]!r}, by the documents {expected[name]!r}"
            for name in COLUMNS
            if row[name] != expected[name]
        ]
    return len(rows), differences


def recorded(seed: int, flows: int) -> tuple[int, list[str]]:
    """Compares peers of flows with their decision records; their number, and every difference."""
    world, geodata, rows, done = made(seed, flows)
    differences: list[str] = []
    peers = 0
    for flow, row in zip(rows, done.to_pylist(), strict=True):
        peer = row["peer_ip"]
        if peer is None or peer == "not an address" or row["blocked"]:
            continue
        peers += 1
        at_dst = peer == flow["dst_ip"]
        hidden = flow["host_basis"] in ("dns-query", "ech-outer")
        question = Question(
            peer,
            flow["host"] if at_dst and not hidden else None,
            flow["dst_log_country" if at_dst else "src_log_country"],
            world.handshakes.get(peer),
        )
        edition = geodata.at(datetime.fromtimestamp(flow["start"] // 10**9, tz=UTC))
        (record,) = destinations([question], geodata, edition, "VN", own_of(world))
        pairs = {
            "geo_state": record.state, "peer_country": record.country,
            "geo_candidates": list(record.candidates) or None, "geo_rule": record.rule,
            "geo_certainty": record.certainty, "geo_basis": record.basis, "peer_asn": record.asn,
            "peer_org": record.org, "peer_org_country": record.org_country,
            "service": record.service, "service_kind": record.service_kind,
            "operator": record.operator, "operator_country": record.operator_country,
            "operator_basis": record.operator_basis, "crosses_border": record.abroad,
            "foreign_recipient": record.foreign_recipient,
            "foreign_platform": record.foreign_platform,
        }  # fmt: skip
        differences += [
            f"world {seed}, {question}: {name} is {row[name]!r}, in the record {value!r}"
            for name, value in pairs.items()
            if row[name] != value
        ]
        told = {country for each in record.witnesses for country in each.countries}
        if not {record.country, *record.candidates} - {None} <= told:
            differences.append(f"world {seed}, {question}: no witness names {record.country}")
    return peers, differences


@pytest.mark.parametrize("seed", range(6))
def test_every_flow_of_a_random_world_is_placed_as_the_documents_say(seed):
    flows, differences = compared(seed, 200)
    assert flows == 200
    assert differences == []


@pytest.mark.parametrize("seed", range(50, 52))
def test_the_decision_record_of_a_peer_says_what_its_flow_says(seed):
    peers, differences = recorded(seed, 60)
    assert peers > 10
    assert differences == []

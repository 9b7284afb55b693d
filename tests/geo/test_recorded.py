"""The decision records of the destinations that findings name."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from auditor.geo import Nearest, located, recorded
from auditor.model.flow_table import Stage, to_arrow
from tests.geo.sources import databases_of, names

HOME, US, SG = "10.1.2.3", "8.8.8.8", "118.189.1.1"
STORE, RESOLVER = "x.store.example.com", "dns.example.net"
NOBODY = Nearest(pa.array([], pa.string()), np.empty(0, np.int64))


@pytest.fixture
def records_of(world, opened, flows_of):
    """The records of peers in parts of flows."""

    def records(addresses, *parts, nearest=NOBODY, **more):
        geodata = opened(names=names(), **more)
        tables = [
            to_arrow(located(flows_of(*part), geodata, "VN", []), Stage.GEO) for part in parts
        ]
        return recorded(tables, addresses, geodata, "VN", [], nearest)

    return records


def flow(dst=US, sent=1, src=HOME, **more):
    return {"src_ip": src, "dst_ip": dst, "src_payload": sent, "dst_payload": 5, **more}


def test_flows_of_all_parts_are_added_up_and_the_heaviest_stand_first(records_of):
    found = records_of(
        [US, SG, "9.9.9.9"],
        [flow(sent=3), flow(SG, 10), flow(HOME, 1000)],
        [flow(sent=4), flow(src=US, dst=HOME), flow(sent=None)],
    )
    assert [(each.address, each.flows, each.outbound_bytes) for each in found] == [
        (US, 4, 12),
        (SG, 1, 10),
    ]
    assert [each.country for each in found] == ["US", "SG"]


def test_a_destination_has_the_name_that_most_was_sent_to(records_of):
    (found,) = records_of(
        [US],
        [flow(sent=3, host=RESOLVER), flow(sent=9, host=STORE, host_basis="tls-sni")],
        [flow(sent=3, host=RESOLVER), flow(sent=2, host=RESOLVER)],
    )
    assert (found.host, found.service, found.flows) == (STORE, "store", 4)


@pytest.mark.parametrize("basis", ["dns-query", "ech-outer"])
def test_a_name_that_may_not_be_the_servers_is_not_taken(records_of, basis):
    (found,) = records_of([US], [flow(host=STORE, host_basis=basis)])
    assert (found.host, found.service) == (None, None)


def test_the_name_of_a_server_at_home_is_not_the_clients(records_of):
    (found,) = records_of([US], [flow(src=US, dst=HOME, host=STORE, src_log_country="CA")])
    assert (found.host, found.service, found.outbound_bytes) == (None, None, 5)
    assert ("log", ("CA",)) in [(each.kind, each.countries) for each in found.witnesses]


def test_rows_that_only_confirm_others_do_not_count(records_of):
    (found,) = records_of([US], [flow(sent=3), flow(sent=3, witness_of=1)])
    assert (found.flows, found.outbound_bytes) == (1, 3)


def test_the_fastest_handshake_of_the_run_is_heard(records_of):
    nearest = Nearest(pa.array([US]), np.array([2_000]))
    found = records_of([US, SG], [flow(), flow(SG)], nearest=nearest,
                       distances={"US": 9_000, "SG": 900})  # fmt: skip
    states = {each.address: (each.state, each.reach is None) for each in found}
    assert states == {US: ("contradicted", False), SG: ("country", True)}


def test_the_builds_nearest_to_the_first_flow_decide(folder, write_mmdb, flows_of, problems):
    for day, country in ((date(2020, 1, 1), "US"), (date(2026, 1, 1), "JP")):
        write_mmdb(f"country-{day}.mmdb", {"8.8.8.0/24": {"country_code": country}}, built=day)
    geodata = databases_of(folder, problems.append)
    days = [(date(year, 3, 1) - date(1970, 1, 1)).days * 86_400 * 10**9 for year in (2026, 2020)]
    flows = flows_of(*(flow(start=start, end=start) for start in days))
    table = to_arrow(located(flows, geodata, "VN", []), Stage.GEO)
    (found,) = recorded([table], [US], geodata, "VN", [], NOBODY)
    assert (found.country, found.basis) == ("US", "country-2020-01-01.mmdb 2020-01-01")


def test_sums_beyond_64_bits_do_not_turn_negative(records_of):
    (found,) = records_of([US], [flow(sent=1 << 62)] * 3, [flow(sent=1 << 62)])
    assert found.outbound_bytes == 4 << 62


def test_nothing_asked_or_nothing_seen_gives_no_records(records_of):
    assert records_of([], [flow()]) == []
    assert records_of([US]) == []
    assert records_of([SG], [flow()]) == []

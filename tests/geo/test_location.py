from ipaddress import ip_network

import pandas as pd
import pyarrow as pa
import pytest

from auditor.geo import located
from auditor.model.flow_table import Stage, empty, schema_at
from tests.geo.sources import databases_of

HOME, HOME6, HOME_PRIVATE = "203.162.4.191", "2402:800::1", "10.1.2.3"
US, SG, UNKNOWN, ANYCAST = "8.8.8.8", "118.189.1.1", "1.2.3.4", "192.31.196.1"


@pytest.fixture
def databases(world, problems):
    return databases_of(world, problems.append)


@pytest.fixture
def locate(databases, rows_of):
    """The located flow of two addresses, as a dict with None for null."""

    def one(src, dst, own=(), **columns):
        return rows_of(databases, {"src_ip": src, "dst_ip": dst, **columns}, own=own)[0]

    return one


@pytest.mark.parametrize(
    ("src", "dst", "side", "crosses", "peer", "state"),
    [
        (HOME, US, "src", True, US, "country"),
        (US, HOME, "dst", True, US, "country"),
        (HOME_PRIVATE, SG, "src", True, SG, "country"),
        (HOME6, "2600::1", "src", True, "2600::1", "country"),
        (HOME, HOME_PRIVATE, "both", False, None, "not-applicable"),
        (HOME_PRIVATE, "224.0.0.251", "both", False, None, "not-applicable"),
        ("fe80::1", "ff02::fb", "both", False, None, "not-applicable"),
        ("0.0.0.1", "255.255.255.255", "both", False, None, "not-applicable"),
        (US, SG, "none", False, None, "not-applicable"),
        (HOME, UNKNOWN, "src", None, UNKNOWN, "unknown"),
        (UNKNOWN, HOME, "dst", None, UNKNOWN, "unknown"),
        (HOME, ANYCAST, "src", None, ANYCAST, "anycast"),
        (US, UNKNOWN, None, None, None, "unknown"),
        (ANYCAST, US, None, None, None, "anycast"),
        (UNKNOWN, ANYCAST, None, None, None, "anycast"),
        (UNKNOWN, UNKNOWN, None, None, None, "unknown"),
    ],
)
def test_the_home_side_decides_whether_a_flow_crosses(locate, src, dst, side, crosses, peer, state):
    row = locate(src, dst, src_payload=1, dst_payload=2)
    assert row["home_side"] == side
    assert row["crosses_border"] is crosses
    assert row["peer_ip"] == peer
    assert row["geo_state"] == state


@pytest.mark.parametrize(
    ("src", "dst", "outbound", "inbound"),
    [
        (HOME, US, 10, 20),
        (US, HOME, 20, 10),
        (HOME, UNKNOWN, 10, 20),
        (HOME, HOME_PRIVATE, 0, 0),
        (US, SG, 0, 0),
        (US, UNKNOWN, None, None),
        (UNKNOWN, UNKNOWN, None, None),
    ],
)
def test_outbound_is_what_home_sent_whoever_opened_the_connection(
    locate, src, dst, outbound, inbound
):
    row = locate(src, dst, src_payload=10, dst_payload=20, src_bytes=1000, dst_bytes=2000)
    assert (row["outbound_bytes"], row["inbound_bytes"]) == (outbound, inbound)


def test_a_foreign_client_that_pulls_2_gb_from_a_home_server_is_2_gb_outbound(locate):
    row = locate(US, HOME, src_payload=500, dst_payload=2_000_000_000)
    assert row["outbound_bytes"] == 2_000_000_000
    assert row["inbound_bytes"] == 500
    assert (row["home_side"], row["crosses_border"]) == ("dst", True)


def test_ip_bytes_stand_in_for_unknown_payload_per_direction(locate):
    row = locate(HOME, US, src_bytes=1000, dst_payload=20, dst_bytes=2000)
    assert (row["outbound_bytes"], row["inbound_bytes"]) == (1000, 20)
    row = locate(HOME, US, src_payload=0, src_bytes=1000)
    assert (row["outbound_bytes"], row["inbound_bytes"]) == (0, None)


def test_the_peer_is_described(locate):
    row = locate(US, HOME)
    assert row["peer_country"] == "US"
    assert (row["peer_asn"], row["peer_org"], row["peer_org_country"]) == (
        15169,
        "Google LLC",
        None,
    )
    assert row["geo_basis"] == "country.mmdb"
    unplaced = locate(HOME, UNKNOWN)
    assert (unplaced["peer_country"], unplaced["peer_org"]) == (None, "Nowhere Ltd")


@pytest.mark.parametrize(
    ("src", "dst", "basis"),
    [
        (HOME, US, "country.mmdb"),
        (HOME, "2002:808:808::1", "6to4: country.mmdb"),
        (HOME, ANYCAST, "special: as112"),
        (HOME_PRIVATE, "192.168.1.1", "special: private-use"),
        (HOME_PRIVATE, HOME, "special: private-use; country.mmdb"),
        (US, UNKNOWN, "country.mmdb; in no database"),
        (HOME, "not an address", "not an IP address"),
    ],
)
def test_the_basis_names_what_the_decision_rests_on(locate, src, dst, basis):
    assert locate(src, dst)["geo_basis"] == basis


def test_the_agencys_own_network_abroad_is_home(locate):
    row = locate(HOME, US, own=[ip_network("8.8.8.0/24")])
    assert (row["home_side"], row["crosses_border"]) == ("both", False)
    assert row["geo_basis"] == "country.mmdb; inventory"


def test_databases_that_disagree_about_which_country_abroad_still_say_that_it_crosses(
    write_mmdb, locate_in
):
    write_mmdb("a.mmdb", {"8.8.8.0/24": {"country_code": "US"}})
    write_mmdb("b.mmdb", {"8.8.8.0/24": {"country": {"iso_code": "SG"}}})
    row = locate_in(HOME_PRIVATE, US)
    assert (row["geo_state"], row["geo_rule"], row["geo_certainty"]) == (
        "ambiguous",
        "databases",
        None,
    )
    assert (row["geo_candidates"], row["peer_country"]) == (["SG", "US"], None)
    assert row["geo_basis"] == "disagree: a.mmdb=US, b.mmdb=SG"
    assert (row["home_side"], row["peer_ip"], row["crosses_border"]) == ("src", US, True)


def test_databases_that_disagree_whether_it_is_abroad_leave_the_flow_undecided(
    write_mmdb, locate_in
):
    write_mmdb("a.mmdb", {"8.8.8.0/24": {"country_code": "US"}})
    write_mmdb("b.mmdb", {"8.8.8.0/24": {"country_code": "VN"}})
    row = locate_in(HOME_PRIVATE, US)
    assert (row["geo_state"], row["geo_candidates"]) == ("ambiguous", ["US", "VN"])
    assert (row["home_side"], row["peer_ip"], row["crosses_border"]) == ("src", US, None)


def test_an_anycast_peer_has_no_country(write_mmdb, locate_in):
    write_mmdb(
        "a.mmdb", {"8.8.8.0/24": {"country": {"iso_code": "US"}, "traits": {"is_anycast": True}}}
    )
    row = locate_in(HOME_PRIVATE, US)
    assert (row["geo_state"], row["peer_country"], row["crosses_border"]) == ("anycast", None, None)


def test_a_registered_country_decides_only_in_its_own_name(write_mmdb, locate_in):
    write_mmdb("a.mmdb", {"8.8.8.0/24": {"registered_country": {"iso_code": "US"}}})
    row = locate_in(HOME_PRIVATE, US)
    assert (row["peer_country"], row["geo_basis"]) == ("US", "registered: a.mmdb")


@pytest.fixture
def locate_in(opened, rows_of):
    """As ``locate``, with the databases the test wrote."""

    def one(src, dst):
        return rows_of(opened(), {"src_ip": src, "dst_ip": dst})[0]

    return one


def test_an_empty_flow_table_stays_empty_and_conforms(databases):
    done = located(empty(Stage.READ), databases, "VN", [ip_network("10.0.0.0/8")])
    assert len(done) == 0
    assert list(done.columns) == schema_at(Stage.GEO).names


def test_many_flows_in_several_chunks_keep_their_rows(databases, flows_of):
    rows = [{"src_ip": HOME, "dst_ip": dst, "src_payload": n}
            for n, dst in enumerate([US, SG, UNKNOWN, HOME_PRIVATE] * 50)]  # fmt: skip
    parts = [flows_of(*rows[start : start + 40]) for start in range(0, 200, 40)]
    flows = pd.concat(parts, ignore_index=True)
    flows["flow_id"] = pd.Series(
        pa.chunked_array([range(1, 201)], pa.int64()), dtype=pd.ArrowDtype(pa.int64())
    )
    done = located(flows, databases, "VN", [])
    assert isinstance(done.index, pd.RangeIndex)
    assert done["flow_id"].tolist() == list(range(1, 201))
    table = pa.Table.from_pandas(done, preserve_index=False)
    assert table["peer_country"].to_pylist() == ["US", "SG", None, None] * 50
    assert table["outbound_bytes"].to_pylist() == [0 if n % 4 == 3 else n for n in range(200)]


def test_the_given_flow_table_is_left_as_it_was(databases, flows_of):
    flows = flows_of({"src_ip": HOME, "dst_ip": US})
    before = flows.copy()
    located(flows, databases, "VN", [])
    pd.testing.assert_frame_equal(flows, before)


def test_the_same_flows_give_the_same_table(databases, flows_of):
    flows = flows_of(*({"src_ip": HOME, "dst_ip": dst} for dst in (US, SG, UNKNOWN, ANYCAST)))
    first, second = (located(flows, databases, "VN", []) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)

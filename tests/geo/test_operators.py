"""Who runs the far side, and what follows from it (Law on Data, Article 23(2)(b) and (c))."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from auditor.geo import GeoData
from auditor.geo.statements import Statement
from tests.geo.sources import Ranges, names

PRIVATE, VIETTEL, CACHE, FOREIGN_ISP, US, NOWHERE = (
    *("10.1.2.3", "203.162.4.191", "203.113.1.1", "203.113.2.1", "8.8.8.8", "1.2.3.4"),
)


@pytest.fixture
def geodata(write_mmdb, opened):
    """Addresses in Vietnam, some of a foreign cache and a foreign network; one in the USA."""

    def owner(country, number, name):
        return {"country_code": country, "asn": number, "as_name": name}

    write_mmdb(
        "a.mmdb",
        {
            "203.162.0.0/16": owner("VN", 7552, "Viettel"),
            "203.113.1.0/24": owner("VN", 7552, "Viettel"),
            "203.113.2.0/24": owner("VN", 64500, "Foreign ISP"),
            "8.8.8.0/24": owner("US", 15169, "Google"),
            "9.9.9.0/24": {"country_code": "US"},
        },
    )
    cache = Statement("cloud", operator="Google", operator_country="US", detail="cache")
    mine = Statement("override", operator="Cục A", operator_country="VN", detail="An: ours")
    return opened(
        ranges=(Ranges("google.json", {"203.113.1.0/24": cache}),),
        overrides=Ranges("overrides.yaml", {"203.113.1.128/25": mine}),
        names=names(),
        registrations={7552: "VN", 64500: "SG", 15169: "US"},
    )


@pytest.fixture
def one(geodata, rows_of):
    """One located flow."""

    def row(src, dst, own=(), **columns):
        sizes = {"src_payload": 10, "dst_payload": 20}
        return rows_of(geodata, {"src_ip": src, "dst_ip": dst, **sizes, **columns}, own=own)[0]

    return row


@pytest.mark.parametrize(
    ("src", "dst", "side", "sent", "received"),
    [
        (PRIVATE, CACHE, "src", 10, 20),
        (CACHE, PRIVATE, "dst", 20, 10),
        (VIETTEL, CACHE, "src", 10, 20),
        (PRIVATE, FOREIGN_ISP, "src", 10, 20),
        (FOREIGN_ISP, VIETTEL, "dst", 20, 10),
    ],
)
def test_a_server_in_the_country_that_somebody_foreign_runs_is_the_peer(
    one, src, dst, side, sent, received
):
    row = one(src, dst)
    assert (row["home_side"], row["peer_ip"]) == (
        side,
        CACHE if CACHE in (src, dst) else FOREIGN_ISP,
    )
    assert (row["peer_country"], row["geo_state"]) == ("VN", "country")
    assert (row["crosses_border"], row["foreign_recipient"]) == (False, True)
    assert (row["outbound_bytes"], row["inbound_bytes"]) == (sent, received)


@pytest.mark.parametrize(
    ("src", "dst"),
    [
        (PRIVATE, VIETTEL),
        (VIETTEL, PRIVATE),
        (VIETTEL, "203.162.9.9"),
        (CACHE, FOREIGN_ISP),  # two foreign-run ends in Vietnam: none is more at home
        (PRIVATE, "203.113.1.200"),  # an override says who runs it
        (PRIVATE, "192.168.1.1"),
    ],
)
def test_what_stays_among_ends_at_home_has_no_peer(one, src, dst):
    row = one(src, dst)
    assert (row["home_side"], row["peer_ip"], row["peer_country"]) == ("both", None, None)
    assert (row["crosses_border"], row["foreign_recipient"], row["foreign_platform"]) == (
        (False,) * 3
    )
    assert (row["outbound_bytes"], row["inbound_bytes"], row["operator"]) == (0, 0, None)


def test_the_agencys_own_network_at_a_foreign_cloud_stays_its_own(one):
    own = [ip_network("203.113.1.0/25"), ip_network("8.8.8.0/24")]
    for src, dst in ((PRIVATE, CACHE), (CACHE, US), (PRIVATE, US)):
        row = one(src, dst, own=own)
        assert (row["home_side"], row["foreign_recipient"]) == ("both", False)
    row = one(CACHE, NOWHERE, own=own)
    assert (row["home_side"], row["peer_ip"]) == ("src", NOWHERE)


def test_what_is_at_home_by_itself_stays_there_whoever_runs_it(geodata, rows_of):
    stated = Statement("override", operator="Cloud Ltd", operator_country="US", detail="An: hosted")
    hosted = replace(
        geodata, overrides=Ranges("overrides.yaml", {"10.9.0.0/16": stated, "8.8.8.0/24": stated})
    )
    own = [ip_network("8.8.8.0/24")]
    for src, dst in (("10.9.1.1", PRIVATE), (PRIVATE, "10.9.1.1"), (US, PRIVATE), (PRIVATE, US)):
        flow = {"src_ip": src, "dst_ip": dst, "host": "x.store.example.com"}
        (row,) = rows_of(hosted, flow, own=own)
        assert (row["home_side"], row["foreign_recipient"]) == ("both", False)


def test_an_end_in_the_country_stays_at_home_where_the_other_end_is_abroad_or_open(one):
    row = one(CACHE, US)
    assert (row["home_side"], row["peer_ip"], row["crosses_border"]) == ("src", US, True)
    row = one(NOWHERE, FOREIGN_ISP)
    assert (row["home_side"], row["peer_ip"], row["crosses_border"]) == ("dst", NOWHERE, None)


def test_a_name_makes_a_server_in_the_country_the_peer_but_not_the_client(one):
    row = one(PRIVATE, VIETTEL, host="x.store.example.com")
    assert (row["home_side"], row["peer_ip"], row["operator"]) == ("src", VIETTEL, "Store Inc")
    assert (row["operator_basis"], row["service"]) == ("service", "store")
    assert (row["foreign_recipient"], row["foreign_platform"]) == (True, False)
    # The name belongs to the responder: of a client it says nothing.
    row = one(US, VIETTEL, host="mail.example.vn")
    assert (row["home_side"], row["peer_ip"], row["service"]) == ("dst", US, None)
    assert (row["operator"], row["operator_basis"]) == ("Google", "network")


@pytest.mark.parametrize("basis", ["dns-query", "ech-outer"])
def test_a_name_that_may_not_be_the_servers_says_nothing(one, basis):
    row = one(PRIVATE, US, host="x.store.example.com", host_basis=basis)
    assert (row["service"], row["operator"], row["operator_basis"]) == (None, "Google", "network")


@pytest.mark.parametrize(
    ("dst", "host", "operator", "country", "basis"),
    [
        (US, "x.store.example.com", "Store Inc", "US", "service"),
        (US, None, "Google", "US", "network"),
        (CACHE, None, "Google", "US", "range"),
        # A name at home goes before nobody foreign who has the address: it is only what was asked.
        (US, "mail.example.vn", "Google", "US", "network"),
        (CACHE, "mail.example.vn", "Google", "US", "range"),
        (FOREIGN_ISP, "mail.example.vn", "Foreign ISP", "SG", "network"),
        (NOWHERE, "mail.example.vn", "Thư Việt", "VN", "service"),
        ("9.9.9.9", None, None, None, None),
    ],
)
def test_the_operator_is_told_by_the_name_the_list_or_the_network(
    one, dst, host, operator, country, basis
):
    row = one(PRIVATE, dst, host=host)
    assert (row["operator"], row["operator_country"], row["operator_basis"]) == (
        operator,
        country,
        basis,
    )
    assert row["foreign_recipient"] is (None if country is None else country != "VN")


def test_what_was_refused_went_nowhere(one):
    row = one(PRIVATE, CACHE, blocked=True, host="x.store.example.com")
    assert (row["home_side"], row["peer_ip"], row["operator"]) == ("src", CACHE, "Store Inc")
    assert (row["crosses_border"], row["foreign_recipient"], row["foreign_platform"]) == (
        (False,) * 3
    )
    assert (row["outbound_bytes"], row["inbound_bytes"]) == (0, 0)


def test_half_a_conversation_with_a_foreign_run_server_counts_the_half_that_was_seen(one):
    row = one(PRIVATE, CACHE, dst_payload=None, dst_packets=None)
    assert (row["outbound_bytes"], row["inbound_bytes"]) == (10, None)
    row = one(CACHE, PRIVATE, src_payload=None, src_bytes=70)
    assert (row["outbound_bytes"], row["inbound_bytes"]) == (20, 70)


def test_a_flow_that_begins_with_the_foreign_run_servers_packet_is_turned(one):
    guessed = {"initiator_basis": "first-packet", "src_packets": 1, "dst_packets": 1}
    row = one(CACHE, PRIVATE, **guessed, src_log_country="US", dst_log_country="VN")
    assert (row["src_ip"], row["dst_ip"], row["initiator_basis"]) == (PRIVATE, CACHE, "home")
    assert (row["home_side"], row["peer_ip"]) == ("src", CACHE)
    assert (row["outbound_bytes"], row["inbound_bytes"]) == (20, 10)
    assert (row["src_log_country"], row["dst_log_country"]) == ("VN", "US")
    assert row["geo_certainty"] == "weak"  # the log has another country for it
    row = one(CACHE, FOREIGN_ISP, **guessed)
    assert (row["src_ip"], row["initiator_basis"]) == (CACHE, "first-packet")


def test_the_name_of_a_server_at_home_says_nothing_about_the_peer_it_is_turned_to(one):
    guessed = {"initiator_basis": "first-packet", "src_packets": 1, "dst_packets": 1}
    row = one(US, VIETTEL, **guessed, host="mail.example.vn")
    assert (row["home_side"], row["peer_ip"], row["service"]) == ("src", US, None)
    assert row["operator"] == "Google"


@pytest.mark.parametrize(
    ("dst", "host", "recipient", "platform"),
    [
        (US, "x.store.example.com", True, True),
        (US, "dns.example.net", True, False),
        (US, "mail.example.vn", True, True),
        (NOWHERE, "mail.example.vn", False, False),
        (FOREIGN_ISP, "mail.example.vn", True, False),
        (US, None, True, None),
        ("9.9.9.9", None, None, None),
        (NOWHERE, "x.store.example.com", True, None),
        (NOWHERE, "dns.example.net", True, False),
        (CACHE, "x.store.example.com", True, False),
    ],
)
def test_the_three_forms_are_told_apart(one, dst, host, recipient, platform):
    row = one(PRIVATE, dst, host=host)
    assert (row["foreign_recipient"], row["foreign_platform"]) == (recipient, platform)


def test_a_flow_whose_home_side_is_open_has_no_peer_and_no_forms(one):
    row = one(NOWHERE, US, host="x.store.example.com")
    assert (row["home_side"], row["peer_ip"], row["operator"], row["service"]) == (None,) * 4
    assert (row["foreign_recipient"], row["foreign_platform"]) == (None, None)
    assert (row["outbound_bytes"], row["inbound_bytes"]) == (None, None)


def test_the_owner_of_the_network_is_shown_beside_another_operator(one):
    row = one(PRIVATE, CACHE)
    assert (row["peer_asn"], row["peer_org"], row["peer_org_country"]) == (7552, "Viettel", "VN")
    assert (row["operator"], row["operator_country"], row["operator_basis"]) == (
        "Google",
        "US",
        "range",
    )


def test_of_two_lists_the_first_names_the_operator(rows_of):
    first, second = (
        Ranges(name, {"8.8.8.0/24": Statement("cloud", operator=name, operator_country="US")})
        for name in ("a", "b")
    )
    flow = {"src_ip": PRIVATE, "dst_ip": US}
    assert rows_of(GeoData((), (first, second)), flow)[0]["operator"] == "a"
    assert rows_of(GeoData((), (second, first)), flow)[0]["operator"] == "b"


def test_statements_without_an_operator_leave_it_to_the_network(rows_of, geodata):
    silent = Ranges("geofeed.csv", {"8.8.8.0/24": Statement("geofeed", ("SG",))})
    (row,) = rows_of(replace(geodata, ranges=(silent,)), {"src_ip": PRIVATE, "dst_ip": US})
    assert (row["peer_country"], row["operator"], row["operator_basis"]) == (
        "SG",
        "Google",
        "network",
    )

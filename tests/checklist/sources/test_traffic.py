from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest

from auditor.checklist.sources.traffic import sensor_of, traffic
from auditor.model.inventory import Inventory
from auditor.model.problem import Problem
from tests.checklist.flows import (
    BEGIN,
    RESET,
    SILENT,
    added_up,
    an_input,
    daily,
    flow,
    network,
    table,
    zone,
)

APP, DB, NODE, CENTER = "10.20.20.5", "10.20.30.5", "10.20.1.10", "10.20.254.9"
NETWORK = network(
    zones=[
        zone("ung-dung", "application", "10.20.20.0/24"),
        zone("csdl", "database", "10.20.30.0/24"),
        zone("csdl-loi", "database", "10.20.30.128/25"),
    ],
    public=["203.162.10.0/24"],
    channel={"agent_nodes": [NODE], "center": ["10.20.254.0/24"], "hosts": ["*.ndc.example.vn"]},
)


def only(seen):
    assert len(seen.edges) == 1
    return seen.edges.iloc[0]


def said(seen):
    return " | ".join(text.en for text in seen.coverage.not_covered)


def test_flows_alike_are_added_up():
    row = only(added_up([flow(APP, DB, 5432), flow(APP, DB, 5432, timedelta(days=2))], NETWORK))
    assert (row["flows"], row["src_bytes"], row["dst_payload"], row["flow_id"]) == (
        2, 1800, 1800, 1,
    )  # fmt: skip
    assert row["last"] - row["first"] == timedelta(days=2, seconds=2)


def test_a_row_that_only_confirms_another_witness_is_left_out():
    rows = [flow(APP, DB, 5432), flow(APP, DB, 5432, input_id=2, witness_of=1)]
    seen = added_up(rows, inputs=(an_input(), an_input(2, "second.log")))
    assert only(seen)["flows"] == 1
    assert only(seen)["input_id"] == 1


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        ({}, True),
        (SILENT, False),
        (RESET, False),
        ({"blocked": True}, False),
        ({"dst_packets": None, "dst_bytes": None, "dst_payload": None}, True),
        ({"dst_packets": None, "dst_bytes": 0}, False),
        (RESET | {"dst_tcp_flags": 22}, True),  # SYN, ACK, then RST: it was taken
        (RESET | {"dst_payload": 12}, True),
    ],
)
def test_a_connection_counts_as_answered_only_if_the_responder_took_it(given, answered):
    assert only(added_up([flow(APP, DB, 5432, **given)]))["answered"] == answered


@pytest.mark.parametrize(
    ("given", "moved"),
    [
        ({"protocol": 17}, True),
        ({"protocol": 17, "blocked": True}, False),
        ({"protocol": 6}, False),
        ({"protocol": 1, "dst_port": None}, False),
        ({"protocol": 47, "dst_port": None}, True),
    ],
)
def test_datagrams_arrive_without_an_answer_and_connections_do_not(given, moved):
    row = only(added_up([flow(APP, DB, 514, **(SILENT | {"dst_tcp_flags": None} | given))]))
    assert row["moved"] == moved


def test_names_that_dns_flows_ask_for_are_not_names_of_their_servers():
    rows = [
        flow(APP, DB, 53, protocol=17, app="dns", host=f"h{n}.example.vn", host_basis="dns-query")
        for n in range(5)
    ]
    assert only(added_up(rows))["host"] == ""


def test_parts_add_up_to_what_the_whole_does():
    rows = [*daily(APP, DB, 5432), *daily(NODE, CENTER), flow(APP, DB, 22, **SILENT)]
    whole = table(rows)
    inputs = (an_input(),)
    one = traffic([whole], inputs, (), NETWORK, None)
    many = traffic(
        [whole.slice(at, 3) for at in range(0, len(whole), 3)], inputs, (), NETWORK, None
    )
    for name in ("edges", "moments", "active"):
        left, right = getattr(one, name), getattr(many, name)
        keys = [column for column in left.columns if column not in ("encrypted", "crosses_border")]
        assert left[keys].sort_values(keys).to_dict("records") == (
            right[keys].sort_values(keys).to_dict("records")
        )


@pytest.mark.parametrize("parts", [[], [table([])]])
def test_no_flows_make_empty_tables_with_all_columns(parts):
    seen = traffic(parts, (), (), NETWORK, None)
    assert len(seen.edges) == len(seen.moments) == len(seen.active) == 0
    assert {"src_zone", "moved", "tls_cipher", "answered"} <= set(seen.edges.columns)
    assert seen.coverage.window is None


def test_a_column_of_ciphers_is_taken_where_the_flow_table_has_one():
    plain = table([flow(APP, DB, tls_version="TLS 1.2")])
    bare = plain.drop_columns(["tls_cipher"]) if "tls_cipher" in plain.column_names else plain
    assert only(traffic([bare], (an_input(),), (), None, None))["tls_cipher"] == ""
    told = bare.append_column("tls_cipher", pa.array(["TLS_RSA_WITH_RC4_128_SHA"]))
    row = only(traffic([told], (an_input(),), (), None, None))
    assert (row["tls_cipher"], row["tls_version"]) == ("TLS_RSA_WITH_RC4_128_SHA", "TLS 1.2")


def test_the_longest_network_names_the_zone_and_the_rest_is_told_from_home():
    inventory = Inventory.model_validate(
        {"agency": "Sở Mẫu", "home_networks": ["192.168.7.0/24"], "systems": []}
    )
    rows = [flow("10.20.30.200", "203.162.10.5"), flow("192.168.7.1", "113.160.1.1")]
    edges = added_up(rows, NETWORK, inventory).edges
    first, second = edges.iloc[0], edges.iloc[1]
    assert (first["src_zone"], first["src_kind"]) == ("csdl-loi", "database")
    assert first["dst_home"] and first["dst_zone"] == "" and not first["dst_outside"]
    assert second["src_home"] and second["src_zone"] == ""
    assert second["dst_outside"] and second["dst_place"] == "internet"


def test_multicast_and_broadcast_are_no_hosts():
    rows = [
        flow(APP, address, 1900, protocol=17) for address in ("239.255.255.250", "10.20.20.255")
    ]
    assert not added_up(rows, NETWORK).edges["ordinary"].any()


def test_the_channel_is_what_touches_the_node_the_center_or_its_names():
    rows = [
        *daily(NODE, CENTER, days=2),
        flow(APP, "113.160.1.1", host="api.ndc.example.vn", host_basis="tls-sni"),
        flow(APP, DB, 5432),
        flow(NODE, CENTER, 443, **SILENT),
    ]
    seen = added_up(rows, NETWORK)
    assert set(seen.moments["dst_ip"]) == {CENTER, "113.160.1.1"}


def test_odd_nanoseconds_do_not_disturb_the_window():
    moment = pa.array([1794531600123456789], pa.timestamp("ns", tz="UTC"))
    rows = table([flow(APP, DB)])
    for name in ("start", "end"):
        rows = rows.set_column(rows.schema.get_field_index(name), name, moment)
    window = traffic([rows], (an_input(),), (), None, None).coverage.window
    assert window[0].microsecond == 123456
    assert window[1].microsecond == 123457


def test_sampled_flows_are_estimates_and_told():
    seen = added_up([flow(APP, DB, sampling=1000), flow(APP, DB, sampling=1)])
    assert seen.edges["sampled"].all()
    assert "come from sampling" in said(seen)
    assert "sampling" not in said(added_up([flow(APP, DB, sampling=None)]))


def test_what_could_not_be_seen_is_told():
    problems = (
        Problem("missed-bytes", "conn.log", "", count=7),
        Problem("damaged-record", "a.pcap", "", lost_bytes=10),
        Problem("no-duration", "conn.log", ""),
    )
    rows = [
        flow(APP, DB, 7777),
        flow(APP, DB, None, protocol=50),
        flow("2001:ee0::1", "2001:ee0::2", encrypted=True),
    ]
    seen = added_up(
        rows, NETWORK, problems=problems, inputs=(an_input(), an_input(2, "x.bin", None))
    )
    told = said(seen)
    for words in (
        "1 files could not be read", "1 places in the inputs", "content of 7 connections",
        "2 flows of an unrecognised protocol", "1 flows are tunnels", "1 IPv6 flows",
        "on which side of NAT the sensor stands: conn.log, x.bin",
    ):  # fmt: skip
        assert words in told


def test_loss_is_known_only_where_somebody_counts_it():
    assert added_up([flow(APP, DB)]).coverage.lost is None
    problems = [
        Problem("export-lost", "a", "", count=3),
        Problem("samples-dropped", "a", "", count=4),
    ]
    assert added_up([flow(APP, DB)], problems=problems).coverage.lost == 7


def test_vantage_points_are_inputs_with_their_sensors():
    declared = network(
        sensors=[{"id": "bien", "files": ["EDGE*.pcap"], "behind_nat": False}, {"id": "loi"}]
    )
    inputs = (an_input(1, "/data/edge-1.pcap"), an_input(2, "core.pcap"))
    seen = added_up([flow(APP, DB)], declared, inputs=inputs)
    assert seen.coverage.vantage == ("edge-1.pcap [bien]", "core.pcap")
    assert "outside of NAT and sees no inner addresses: edge-1.pcap" in said(seen)


@pytest.mark.parametrize("pattern", ["[", "../*.pcap", "**********************x", "?" * 300])
def test_odd_patterns_of_files_match_nothing_and_break_nothing(pattern):
    declared = network(sensors=[{"id": "a", "files": [pattern]}])
    assert sensor_of("conn.log", declared) is None


def test_without_a_network_every_address_is_in_no_zone():
    row = only(added_up([flow(APP, DB)]))
    assert (row["src_zone"], row["dst_zone"], row["src_home"]) == ("", "", False)
    assert row["first"] == BEGIN

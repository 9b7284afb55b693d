"""The flow table of all inputs: numbered through, and what several inputs saw counted once."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.flow_table import Stage, schema_at
from auditor.readers import flow_parts
from auditor.readers.flow_parts import FlowParts, Told
from auditor.readers.parts import Parts
from auditor.readers.reading import ROWS

SECOND = 1_000_000_000
HOME, ABROAD, OUTSIDE = "10.20.1.5", "52.219.40.10", "203.162.10.5"
USUAL = {
    "start": 0, "end": 10 * SECOND, "protocol": 6, "src_ip": HOME, "src_port": 50000,
    "dst_ip": ABROAD, "dst_port": 443, "initiator_basis": "syn", "seen_by": "packets",
    "time_basis": "packets", "clock": "stated", "src_bytes": 100, "dst_bytes": 200, "sampling": 1,
}  # fmt: skip


def table(*rows):
    filled = [USUAL | row for row in rows]
    return pa.table(
        [pa.array([row.get(each.name) for row in filled], each.type) for each in ROWS], schema=ROWS
    )


def told(*inputs, folders=None):
    """Flows of inputs (a list of rows each) as one table, and how many of each only confirm."""
    parts, known = Parts(), []
    for number, rows in enumerate(inputs, start=1):
        parts.add(number, table(*rows))
        known.append(Told(number, number, folders[number - 1] if folders else f"/{number}"))
    flows = FlowParts(parts, known, with_ids=False)
    return flows.whole(), flows.confirming


def log(**changed):
    return {"seen_by": "zeek", "sampling": None, **changed}


def test_without_a_second_witness_every_flow_counts_and_is_numbered():
    flows, confirming = told([{}, {"src_port": 2}], [{}])
    assert flows.schema.equals(schema_at(Stage.READ))
    assert flows["flow_id"].to_pylist() == [1, 2, 3]
    assert flows["input_id"].to_pylist() == [1, 1, 2]
    assert flows["witness_of"].null_count == flows["witnesses"].null_count == 3
    assert confirming == {}


def test_packets_and_a_log_of_one_flow_are_two_witnesses_and_the_larger_counts():
    flows, confirming = told([{}], [log(src_bytes=90)])
    assert flows["witness_of"].to_pylist() == [None, 1]
    assert flows["witnesses"].to_pylist() == [[2], None]
    assert confirming == {2: 1}
    flows, confirming = told([{}], [log(src_bytes=110)])
    assert flows["witness_of"].to_pylist() == [2, None]
    assert flows["witnesses"].to_pylist() == [None, [1]]
    assert confirming == {1: 1}


def test_whichever_end_opened_it_it_is_the_same_flow():
    turned = log(src_ip=ABROAD, src_port=443, dst_ip=HOME, dst_port=50000, src_bytes=1)
    flows, _ = told([{}], [turned])
    assert flows["witness_of"].to_pylist() == [None, 1]


@pytest.mark.parametrize(
    "other",
    [
        {"src_port": 50001},
        {"dst_port": 444},
        {"protocol": 17},
        {"dst_ip": "52.219.40.11"},
        {"start": 13 * SECOND, "end": 20 * SECOND},
        {"src_port": None},
    ],
)
def test_another_flow_is_no_witness(other):
    flows, confirming = told([{}], [log(**other)])
    assert confirming == {}
    assert flows["witness_of"].null_count == 2


def test_clocks_may_differ_a_little_and_windows_by_their_length():
    late = {"start": 11 * SECOND, "end": 20 * SECOND}
    assert told([{}], [log(**late)])[1] == {1: 1} or told([{}], [log(**late)])[1] == {2: 1}
    far = {"start": 60 * SECOND, "end": 70 * SECOND}
    assert told([{}], [log(**far)])[1] == {}
    assert told([{"window_s": 60, "seen_by": "aws-vpc"}], [log(**far)])[1] != {}


def test_many_records_of_one_log_are_summed_before_they_are_compared():
    pieces = [
        log(start=at * SECOND, end=(at + 1) * SECOND, src_bytes=40, dst_bytes=10) for at in range(8)
    ]
    flows, confirming = told([{}], pieces)
    assert confirming == {1: 1}  # 400 bytes against 300
    assert flows["witness_of"].to_pylist() == [2, *[None] * 8]
    assert flows["witnesses"].to_pylist() == [None, *[[1]] * 8]


def test_an_estimate_counts_only_where_nobody_counted_every_packet():
    sampled = {"seen_by": "netflow", "sampling": 1000, "src_bytes": 10_000}
    flows, confirming = told([sampled], [log()])
    assert confirming == {1: 1}
    flows, confirming = told([sampled], [sampled | {"seen_by": "sflow"}])
    assert confirming == {2: 1}
    del flows


def test_all_captures_are_one_witness_and_so_are_logs_of_one_kind_and_folder():
    assert told([{}], [{}])[1] == {}
    assert told([log()], [log()], folders=["/a", "/a"])[1] == {}
    assert told([log()], [log()], folders=["/a", "/b"])[1] == {2: 1}


def test_behind_a_translation_the_outer_addresses_match_too():
    seen_outside = {"src_ip": OUTSIDE, "src_port": 1025, "src_bytes": 90}
    firewall = log(seen_by="fortigate", nat_src_ip=OUTSIDE, nat_src_port=1025)
    flows, confirming = told([seen_outside], [firewall])
    assert confirming == {1: 1}
    assert flows["witness_of"].to_pylist() == [2, None]
    # where somebody inside saw it, that is what matches
    flows, confirming = told([{"src_bytes": 101}], [firewall])
    assert flows["witness_of"].to_pylist() == [None, 1]


def test_what_counts_learns_from_its_witnesses_what_it_does_not_know_itself():
    knowing = log(
        host="s3.example", host_basis="tls-sni", app="tls", encrypted=True, src_bytes=1,
        dst_log_country="SG",
    )  # fmt: skip
    flows, _ = told([{"app": "http2"}, {"src_port": 9}], [knowing, log(src_port=9, src_bytes=1)])
    first, second, *_ = flows.to_pylist()
    assert (first["host"], first["host_basis"], first["app"]) == ("s3.example", "tls-sni", "http2")
    assert (first["encrypted"], first["dst_log_country"]) == (True, "SG")
    assert second["host"] is second["encrypted"] is None


def test_a_country_of_the_other_end_is_not_taken_over():
    turned = log(
        src_ip=ABROAD, src_port=443, dst_ip=HOME, dst_port=50000, src_bytes=1,
        src_log_country="SG",
    )  # fmt: skip
    flows, _ = told([{}], [turned])
    assert flows["src_log_country"].to_pylist()[0] is None


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6), st.integers(1, 7))
def test_parts_of_any_size_make_the_same_table(sizes, part):
    inputs = [
        [log(src_port=row, src_bytes=number * 7 + row) if number % 2 else {"src_port": row}
         for row in range(size)]
        for number, size in enumerate(sizes)
    ]  # fmt: skip
    whole, confirming = told(*inputs)
    usual = flow_parts.PART
    flow_parts.PART = part
    try:
        pieces, same = told(*inputs)
    finally:
        flow_parts.PART = usual
    assert pieces.equals(whole)
    assert same == confirming


def test_a_providers_own_estimate_gives_way_to_what_was_counted():
    estimate = {"seen_by": "gcp-vpc", "sampling": 0, "src_bytes": 9_000}
    assert told([estimate], [log()])[1] == {1: 1}


def test_flows_of_which_a_port_is_unknown_match_nothing_whatever_their_place():
    flows, confirming = told([{"src_port": None}], [log(src_port=None, src_bytes=900)])
    assert flows["witness_of"].null_count == 2
    assert confirming == {}


def hours(*spans, **changed):
    return [
        [log(start=begin * SECOND, end=end * SECOND, src_bytes=sent, **changed)]
        for begin, end, sent in spans
    ]


ROTATED = ["/log/d=20/h=22", "/log/d=20/h=23", "/log/d=21/h=00"]


@pytest.mark.parametrize("window", [None, 60])
def test_folders_that_follow_one_another_in_time_are_one_witness(window):
    inputs = hours((0, 3600, 400), (3600, 7200, 500), (7200, 10800, 600), window_s=window)
    flows, confirming = told(*inputs, folders=ROTATED)
    assert flows["witness_of"].null_count == 3
    assert confirming == {}
    short = {"src_bytes": 900, "start": 3500 * SECOND, "end": 3700 * SECOND}
    flows, confirming = told([short], *inputs, folders=["/p", *ROTATED])
    assert flows["witness_of"].to_pylist() == [2, None, None, None]  # 1500 bytes against 900


def test_a_session_told_again_in_the_next_folder_is_not_added_up():
    inputs = hours((0, 3600, 400), (0, 7200, 900), (7200, 10800, 600))
    flows, confirming = told(*inputs, folders=ROTATED)
    assert flows["witness_of"].to_pylist() == [2, None, 2]
    assert confirming == {1: 1, 3: 1}


@pytest.mark.parametrize("folders", [["/sensor1", "/sensor2"], ["/day1/east", "/day2/west"]])
def test_folders_of_one_time_or_of_other_names_are_witnesses_of_their_own(folders):
    inputs = [
        [log(), log(src_port=2, end=100 * SECOND), log(src_port=3, end=200 * SECOND)],
        [log(), log(src_port=2, end=101 * SECOND), log(src_port=4, end=204 * SECOND)],
    ]
    assert told(*inputs, folders=folders)[1] == {2: 2}


def test_what_one_refused_and_another_saw_pass_is_counted():
    refused = log(seen_by="cisco-asa", src_bytes=9000, blocked=True)
    flows, confirming = told([refused], [{}])
    assert flows["witness_of"].to_pylist() == [2, None]
    assert confirming == {1: 1}


def test_ipv4_written_as_ipv6_is_the_same_address():
    mapped = log(seen_by="haproxy", src_ip=f"::ffff:{HOME}", dst_ip=f"::ffff:{ABROAD}")
    assert told([{}], [mapped])[1] == {2: 1}
    assert told([{}], [mapped | {"dst_ip": "::ffff:52.219.40.11"}])[1] == {}

from __future__ import annotations

import random
from time import process_time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.reading import Settings
from auditor.readers.records import pairing
from auditor.readers.records.batch import COLUMNS, Batch, Where
from auditor.readers.records.checked import checked
from auditor.readers.records.pairing import SECOND, half, paired
from auditor.readers.records.tally import Tally

TIMES = Settings(udp_timeout=60, tcp_timeout=300, active_timeout=1800)
HOME, PEER = "10.20.1.15", "52.95.110.1"
ASK = {"src_ip": HOME, "src_port": 50000, "dst_ip": PEER, "dst_port": 443, "protocol": 6}
ANSWER = {"src_ip": PEER, "src_port": 443, "dst_ip": HOME, "dst_port": 50000, "protocol": 6}
SYN, SYN_ACK, FIN = 2, 18, 1


def table(*records: dict) -> pa.Table:
    names = {"start", "end", "src_bytes", *(name for record in records for name in record)} - {
        "at",
        "to",
    }
    columns = {}
    for name in COLUMNS:
        if name in names:
            values = [record.get(name) for record in records]
            if name in ("start", "end"):
                short = "at" if name == "start" else "to"
                values = [record.get(short, record.get("at", 0)) * SECOND for record in records]
            columns[name] = pa.array(values, COLUMNS[name])
    made = checked(Batch(columns, Where()), Tally())
    return made.append_column("file", pa.array(range(len(made)), pa.int32()))


def flows(*records: dict, times=TIMES) -> list[dict]:
    made = paired(table(*records), times)
    rows = made.flows.to_pylist()
    for row in rows:
        row["at"], row["to"] = row["start"].value // SECOND, row["end"].value // SECOND
    return rows


def test_two_directions_make_a_flow():
    [flow] = flows(
        {**ASK, "at": 0, "to": 5, "src_bytes": 100}, {**ANSWER, "at": 1, "to": 9, "src_bytes": 7}
    )
    assert (flow["src_ip"], flow["src_port"], flow["dst_ip"], flow["dst_port"]) == (
        HOME,
        50000,
        PEER,
        443,
    )
    assert (flow["src_bytes"], flow["dst_bytes"]) == (100, 7)
    assert (flow["at"], flow["to"], flow["file"]) == (0, 9, 0)


def test_counters_beyond_any_wire_do_not_make_a_sum_negative():
    [flow] = flows(*({**ASK, "at": at, "to": at, "src_bytes": 1 << 60} for at in range(9)))
    assert flow["src_bytes"] == (1 << 62) - 1


def test_the_side_that_was_not_logged_is_null_and_half():
    made = paired(table({**ASK, "src_bytes": 1}, {**ANSWER, "src_port": 9, "src_bytes": 2}), TIMES)
    assert [(row["src_bytes"], row["dst_bytes"]) for row in made.flows.to_pylist()] == [
        (1, None),
        (None, 2),
    ]
    assert half(made.flows).tolist() == [True, True]


def test_refused_attempts_are_no_halves_and_no_part_of_what_was_let_through():
    records = table({**ASK, "blocked": True}, {**ANSWER, "blocked": False})
    made = paired(records, TIMES)
    assert len(made.flows) == 2
    assert half(made.flows).tolist() == [False, False]  # the second has no bytes either
    made = paired(
        table(
            {**ASK, "blocked": True, "src_bytes": 1}, {**ANSWER, "blocked": False, "src_bytes": 1}
        ),
        TIMES,
    )
    assert half(made.flows).tolist() == [False, True]


@pytest.mark.parametrize("protocol", [6, 17])
def test_silence_ends_a_flow(protocol):
    silence = TIMES.tcp_timeout if protocol == 6 else TIMES.udp_timeout
    ask = {**ASK, "protocol": protocol}
    assert len(flows({**ask, "at": 0, "to": 10}, {**ask, "at": 10 + silence})) == 1
    assert len(flows({**ask, "at": 0, "to": 10}, {**ask, "at": 11 + silence})) == 2
    longer = {**ask, "window_s": 600}
    assert len(flows({**longer, "at": 0, "to": 10}, {**longer, "at": 10 + silence + 600})) == 1


def test_a_long_flow_goes_on_as_a_new_one():
    rows = flows(*({**ASK, "at": at, "src_bytes": 1} for at in range(0, 3601, 60)))
    assert [(row["at"], row["to"], row["src_bytes"]) for row in rows] == [
        (0, 1740, 30),
        (1800, 3540, 30),
        (3600, 3600, 1),
    ]


def test_a_connection_that_begins_anew_is_another_flow():
    once = [{**ASK, "src_tcp_flags": SYN | FIN}, {**ANSWER, "src_tcp_flags": SYN_ACK | FIN}]
    again = [{**record, "at": 60} for record in once]
    assert [(row["src_tcp_flags"], row["dst_tcp_flags"]) for row in flows(*once, *again)] == [
        (3, 19),
        (3, 19),
    ]
    assert len(flows(*({**record, "protocol": 17} for record in (*once, *again)))) == 1


@pytest.mark.parametrize(
    ("records", "initiator", "basis"),
    [
        ([{**ASK, "src_tcp_flags": SYN}, {**ANSWER, "src_tcp_flags": SYN_ACK}], HOME, "syn"),
        ([{**ANSWER, "src_tcp_flags": SYN_ACK}, {**ASK, "src_tcp_flags": SYN}], HOME, "syn"),
        ([{**ANSWER, "src_tcp_flags": SYN}, {**ASK, "src_tcp_flags": SYN_ACK}], PEER, "syn"),
        ([{**ANSWER, "src_tcp_flags": SYN_ACK}], HOME, "syn-ack"),
        ([{**ANSWER, "src_tcp_flags": SYN_ACK | FIN}], HOME, "syn-ack"),
        ([{**ANSWER, "src_tcp_flags": 16}, {**ASK, "src_tcp_flags": 16}], HOME, "port"),
        ([ANSWER, ASK], HOME, "port"),
        ([ASK, ANSWER], HOME, "port"),
        ([{**ANSWER, "src_port": 8443}], HOME, "port"),
        ([{**ANSWER, "src_port": 50001}], PEER, "first-packet"),
        ([{**ANSWER, "src_port": 444, "dst_port": 443}], PEER, "first-packet"),
        ([{**ANSWER, "protocol": 1}], PEER, "first-packet"),
        # all flags of each side or-ed: who began first
        (
            [{**ANSWER, "src_tcp_flags": 26, "at": 5}, {**ASK, "src_tcp_flags": 26, "at": 4}],
            HOME,
            "syn",
        ),
    ],
)
def test_who_opened_a_flow(records, initiator, basis):
    [flow] = flows(*records)
    assert (flow["src_ip"], flow["initiator_basis"]) == (initiator, basis)


def test_what_belongs_to_an_end_turns_with_it():
    answer = {
        **ANSWER, "src_tcp_flags": SYN_ACK, "nat_src_ip": "1.1.1.1", "nat_src_port": 1,
        "src_log_country": "US", "dst_log_country": "VN", "src_packets": 3, "src_bytes": 4,
        "src_payload": 5, "host": "a.vn", "vlan": "7", "outer_src_ip": "9.9.9.9",
    }  # fmt: skip
    [flow] = flows(answer)
    assert flow["src_ip"] == HOME
    assert {name: flow[name] for name in flow if name.startswith(("dst_", "nat_", "outer_"))} == {
        "dst_ip": PEER, "dst_port": 443, "dst_packets": 3, "dst_bytes": 4, "dst_payload": 5,
        "dst_tcp_flags": SYN_ACK, "nat_src_ip": None, "nat_src_port": None, "nat_dst_ip": "1.1.1.1",
        "nat_dst_port": 1, "dst_log_country": "US", "outer_src_ip": None, "outer_dst_ip": "9.9.9.9",
    }  # fmt: skip
    assert (flow["src_packets"], flow["src_bytes"], flow["src_tcp_flags"]) == (None, None, None)
    assert (flow["src_log_country"], flow["host"], flow["vlan"]) == ("VN", "a.vn", "7")


def test_what_the_first_record_lacks_comes_from_the_first_that_goes_back():
    ask = {**ASK, "host": None, "nat_src_ip": None}
    [flow] = flows(ask, {**ANSWER, "host": "a.vn", "nat_dst_ip": "1.1.1.1", "app": "tls"})
    assert (flow["host"], flow["nat_src_ip"], flow["nat_dst_ip"], flow["app"]) == (
        "a.vn",
        "1.1.1.1",
        None,
        "tls",
    )


def test_flags_that_were_not_logged_are_null_and_none_are_none():
    [flow] = flows({**ASK, "src_tcp_flags": None}, {**ANSWER, "src_tcp_flags": 0})
    assert (flow["src_tcp_flags"], flow["dst_tcp_flags"]) == (None, 0)


def test_each_record_knows_its_flow_also_when_they_come_in_any_order():
    records = [
        {**ASK, "src_port": 40000 + number % 7, "at": number, "src_bytes": 1 << number}
        for number in range(40)
    ]
    random.Random(3).shuffle(records)
    made = paired(table(*records), TIMES)
    sums = [0] * len(made.flows)
    for record, flow in zip(records, made.flow_of.tolist(), strict=True):
        sums[flow] += record["src_bytes"]
        assert made.flows["src_port"][flow].as_py() == record["src_port"]
    assert made.flows["src_bytes"].to_pylist() == sums
    assert made.flows["src_port"].to_pylist() == [40000 + number for number in range(7)]


def test_no_records_make_no_flows():
    assert len(paired(table(ASK).slice(1), TIMES).flows) == 0


RECORD = st.fixed_dictionaries(
    {
        "src_ip": st.sampled_from([HOME, PEER, "::1"]), "dst_ip": st.sampled_from([HOME, PEER]),
        "src_port": st.sampled_from([None, 443, 50000]), "dst_port": st.sampled_from([443, 50000]),
        "protocol": st.sampled_from([6, 17]), "at": st.integers(0, 3000),
        "src_bytes": st.one_of(st.none(), st.integers(0, 9)),
        "src_tcp_flags": st.sampled_from([None, 0, 1, 2, 3, 4, 16, 18, 19]),
        "blocked": st.sampled_from([None, False, True]),
    }
)  # fmt: skip


def naive(records: list[dict]) -> list[tuple]:
    """Flows as sets of record numbers and sums, in plain Python."""
    open_flows: dict = {}
    flows_made = []
    for number in sorted(range(len(records)), key=lambda place: records[place]["at"]):
        record = records[number]
        ends = (
            (record["src_ip"], record["src_port"] or -1),
            (record["dst_ip"], record["dst_port"]),
        )
        key = (frozenset(ends), record["protocol"], record["blocked"])
        tcp = record["protocol"] == 6
        flags = (record["src_tcp_flags"] or 0) if tcp else 0
        flow = open_flows.get(key)
        if flow is not None:
            mine = flow["seen"] if flow["way"] == ends else flow["seen_back"]
            if (
                record["at"] - flow["end"] > (TIMES.tcp_timeout if tcp else TIMES.udp_timeout)
                or record["at"] - flow["start"] >= TIMES.active_timeout
                or (tcp and mine & 5 and flags & 2)
            ):
                flow = None
        if flow is None:
            flow = {"way": ends, "start": record["at"], "end": record["at"], "seen": 0,
                    "seen_back": 0,
                    "records": set(), "sums": {}}  # fmt: skip
            open_flows[key] = flow
            flows_made.append(flow)
        flow["end"] = max(flow["end"], record["at"])
        flow["seen" if flow["way"] == ends else "seen_back"] |= flags
        flow["records"].add(number)
        if record["src_bytes"] is not None:
            side = ends[0] if ends[0] != ends[1] else "same"
            flow["sums"][side] = flow["sums"].get(side, 0) + record["src_bytes"]
    return [
        (flow["start"], flow["end"], sorted(flow["records"]), sorted(flow["sums"].values()))
        for flow in flows_made
    ]


@settings(deadline=None)
@given(st.lists(RECORD, max_size=30))
def test_a_plain_version_makes_the_same_flows(records):
    if not records:
        return
    made = paired(table(*records), TIMES)
    found = []
    for number, flow in enumerate(made.flows.to_pylist()):
        members = [row for row, of in enumerate(made.flow_of.tolist()) if of == number]
        sums = sorted(flow[name] for name in ("src_bytes", "dst_bytes") if flow[name] is not None)
        found.append((flow["start"].value // SECOND, flow["end"].value // SECOND, members, sums))
    assert found == naive(records)


def test_flows_made_to_collide_take_no_longer_than_others():
    rows = 1 << 18  # without a secret number in the hash: a minute, and hours for a million
    place = np.arange(rows)
    keys = [0x0A000000 + (place & 0xFFFF), 0x08080000 + (place >> 16)]
    ports = [((key + 77) ^ 0x1234) & 0xFFFF for key in keys]
    numbers = np.zeros((pairing.COLUMNS, rows), np.int64)
    numbers[[pairing.SRC, pairing.DST]] = keys
    numbers[[pairing.SRC_PORT, pairing.DST_PORT]] = ports
    flows, rest = np.zeros((pairing.FLOW_COLUMNS, rows), np.int64), np.zeros((2, rows), np.int64)
    slots, limits = np.full(rows * 2, -1, np.int32), np.array([1, 1, 1, 12345])
    begun = process_time()
    assert pairing._followed(numbers, slots, flows, rest[0], rest[1], limits) == rows
    assert process_time() - begun < 10

"""Who opened a flow, told by where its ends are."""

import numpy as np
import pandas as pd
import pyarrow as pa

from auditor.geo.initiator import COLUMNS, turned
from auditor.model.flow_table import FLOW_TABLE

HOME, ABROAD = "203.162.10.5", "52.219.40.10"


def table(**changed):
    row = {
        "initiator_basis": "first-packet", "src_ip": ABROAD, "dst_ip": HOME, "src_port": 40001,
        "dst_port": 50001, "src_packets": 3, "dst_packets": 4, "src_bytes": 300, "dst_bytes": 400,
        "src_payload": 30, "dst_payload": 40, "src_tcp_flags": 24, "dst_tcp_flags": 16,
        "outer_src_ip": "192.0.2.1", "outer_dst_ip": "192.0.2.2", "nat_src_ip": "192.0.2.3",
        "nat_dst_ip": "192.0.2.4", "nat_src_port": 7, "nat_dst_port": 8, "src_log_country": "SG",
        "dst_log_country": "VN",
    } | changed  # fmt: skip
    arrays = [pa.array([row[name]], FLOW_TABLE.field(name).type) for name in COLUMNS]
    return pa.table(arrays, names=list(COLUMNS)).to_pandas(types_mapper=pd.ArrowDtype)


def first(flows, src_home=False, dst_home=False):
    done, turn = turned(flows, np.array([src_home]), np.array([dst_home]))
    return done.iloc[0].to_dict(), bool(turn[0])


def test_a_flow_known_by_its_first_packet_alone_is_turned_to_begin_at_home():
    row, turn = first(table(), dst_home=True)
    assert turn
    assert row == {
        "initiator_basis": "home", "src_ip": HOME, "dst_ip": ABROAD, "src_port": 50001,
        "dst_port": 40001, "src_packets": 4, "dst_packets": 3, "src_bytes": 400, "dst_bytes": 300,
        "src_payload": 40, "dst_payload": 30, "src_tcp_flags": 16, "dst_tcp_flags": 24,
        "outer_src_ip": "192.0.2.2", "outer_dst_ip": "192.0.2.1", "nat_src_ip": "192.0.2.4",
        "nat_dst_ip": "192.0.2.3", "nat_src_port": 8, "nat_dst_port": 7, "src_log_country": "VN",
        "dst_log_country": "SG",
    }  # fmt: skip


def test_a_flow_that_begins_at_home_already_only_gets_the_better_reason():
    before = table(src_ip=HOME, dst_ip=ABROAD)
    row, turn = first(before, src_home=True)
    assert not turn
    assert row == before.iloc[0].to_dict() | {"initiator_basis": "home"}


def test_what_a_handshake_or_a_request_told_stays():
    for basis in ("syn", "syn-ack", "role", "port", "recorded"):
        row, turn = first(table(initiator_basis=basis), dst_home=True)
        assert (row["src_ip"], row["initiator_basis"], turn) == (ABROAD, basis, False)


def test_an_end_that_sent_nothing_did_not_open_the_flow():
    for silent in (0, None):
        row, turn = first(table(dst_packets=silent), dst_home=True)
        assert (row["src_ip"], row["initiator_basis"], turn) == (ABROAD, "first-packet", False)


def test_without_one_end_at_home_nothing_is_known_better():
    row, turn = first(table())
    assert (row["src_ip"], row["initiator_basis"], turn) == (ABROAD, "first-packet", False)

"""The fastest handshake with each address, over a whole run."""

import numpy as np
import pyarrow as pa
import pytest

from auditor.geo import Nearest, nearest
from auditor.model.flow_table import Stage, to_arrow

HOME, US, SG = "10.1.2.3", "8.8.8.8", "118.189.1.1"
DISTANCES = {"VN": 0, "SG": 900, "US": 9_000}
SYN_ACK = 0x12


def handshake(dst, rtt_us, **more):
    return {"src_ip": HOME, "dst_ip": dst, "dst_port": 443, "src_tcp_flags": 2,
            "dst_tcp_flags": SYN_ACK, "rtt_us": rtt_us, **more}  # fmt: skip


@pytest.fixture
def found_in(world, opened, flows_of, problems):
    """The fastest handshakes in parts of flows, for some addresses."""

    def found(texts, *parts, distances=DISTANCES):
        tables = [to_arrow(flows_of(*part), Stage.READ) for part in parts]
        geodata = opened(distances=distances)
        named = {1: "a.pcap"}
        return (
            nearest(tables, geodata, "VN", [], named, problems.append).of(pa.array(texts)).tolist()
        )

    return found


def test_each_address_has_its_fastest_handshake_of_all_parts(found_in, problems):
    parts = [[handshake(US, 210_000), handshake(SG, 40_000)], [handshake(US, 190_000)]]
    assert found_in([SG, "1.1.1.1", US], *parts) == [40_000, -1, 190_000]
    assert problems == []


def test_without_distances_nobody_is_asked_how_near_it_is(found_in):
    assert found_in([US], [handshake(US, 210_000)], distances={}) == [-1]


def test_no_handshakes_bound_nothing(found_in):
    assert found_in([US], [{"src_ip": HOME, "dst_ip": US}]) == [-1]
    assert found_in([US]) == [-1]


def test_one_that_answers_too_fast_keeps_its_handshake_for_the_decision(found_in):
    assert found_in([US], [handshake(US, 3_000)]) == [3_000]


def test_addresses_that_nobody_asked_about_cost_nothing():
    assert Nearest(pa.array([US]), np.array([7])).of(pa.array([], pa.string())).tolist() == []
    assert Nearest(pa.array([], pa.string()), np.empty(0, np.int64)).of(
        pa.array([US])
    ).tolist() == [-1]

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import readers
from auditor.geo.distances import Distances
from auditor.geo.physics import COLUMNS, KM_PER_MS, LEAST_US, Handshakes, reach_km, reaches_km
from auditor.model.flow_table import FLOW_TABLE
from tests.readers.reading import read_files

ROOT = Path(__file__).parents[2]

SYN_ACK = 18
FAR = 5000.0


def flows(*rows: dict) -> pa.Table:
    usual = {
        "input_id": 1,
        "seen_by": "packets",
        "initiator_basis": "syn",
        "dst_port": 443,
        "dst_tcp_flags": SYN_ACK,
    }
    filled = [{**usual, **row} for row in rows]
    return pa.table(
        {
            name: pa.array([row.get(name) for row in filled], FLOW_TABLE.field(name).type)
            for name in COLUMNS
        }
    )


def far(number: int, rtt: int, **more) -> dict:
    """A handshake with an address in a network of its own."""
    return {"dst_ip": f"23.{number}.0.1", "rtt_us": rtt, **more}


def gathered(*rows: dict) -> Handshakes:
    handshakes = Handshakes()
    handshakes.add(flows(*rows))
    return handshakes


def believed(handshakes: Handshakes, km=FAR, names=None):
    """Round trips by address, and problems; ``km`` = of all, or by address."""
    addresses = handshakes.addresses()
    of = km if isinstance(km, dict) else dict.fromkeys(addresses, km)
    claimed = np.array([of.get(each, np.nan) for each in addresses])
    rtt, problems = handshakes.believed(claimed, names or {1: "one.pcap", 2: "two.pcap"})
    return dict(zip(addresses, rtt.tolist(), strict=True)), problems


# How far light comes


def test_a_round_trip_of_a_millisecond_is_a_hundred_kilometres_and_a_millisecond_is_given():
    assert reach_km(0) == KM_PER_MS
    assert reach_km(1_000) == 2 * KM_PER_MS
    assert reach_km(35_000) == 36 * KM_PER_MS
    assert reach_km(1) == KM_PER_MS + 1  # rounded up


def test_nothing_is_farther_away_than_half_around_the_earth():
    assert reach_km(250_000) == reach_km(1 << 62) == 20_038


@given(st.lists(st.integers(0, 1 << 62), min_size=2, max_size=20))
def test_more_time_never_shrinks_the_reach(times):
    found = reaches_km(np.sort(np.array(times, np.int64)))
    assert (np.diff(found) >= 0).all()
    assert found.tolist() == [reach_km(each) for each in sorted(times)]


# Which handshakes count


def test_the_smallest_of_a_run_counts_whatever_part_and_port_it_came_in():
    handshakes = gathered(far(1, 90_000), far(2, 70_000))
    handshakes.add(flows(far(1, 60_000, dst_port=22), far(1, 80_000, input_id=2)))
    assert handshakes.addresses() == ["23.1.0.1", "23.2.0.1"]
    assert believed(handshakes) == ({"23.1.0.1": 60_000, "23.2.0.1": 70_000}, [])


def test_addresses_stand_in_the_order_of_their_texts():
    assert gathered(far(9, 50), far(10, 50), far(2, 50)).addresses() == [
        "23.10.0.1",
        "23.2.0.1",
        "23.9.0.1",
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"rtt_us": None},
        {"seen_by": "gcp-vpc"},  # measured in the cloud's region
        {"initiator_basis": "syn-ack"},
        {"initiator_basis": "port"},  # both ends sent a SYN
        {"dst_tcp_flags": 16},
        {"dst_tcp_flags": None},
        {"tunnel": "erspan"},
        {"nat_dst_ip": "10.0.0.9"},
        {"blocked": True},
        {"dst_port": None},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_row_that_bounds_no_distance_is_left_out(more):
    assert gathered(far(1, 2_000, **more)).addresses() == []


def test_a_handshake_says_nothing_of_who_opened_it():
    pulled = flows({"dst_ip": "203.162.10.21", "rtt_us": 250})
    handshakes = Handshakes()
    handshakes.add(pulled.append_column("src_ip", pa.array(["133.11.93.20"])))
    assert handshakes.addresses() == ["203.162.10.21"]


def test_no_handshakes_give_no_round_trips():
    rtt, problems = Handshakes().believed(np.array([]), {})
    assert len(rtt) == 0 and problems == []
    assert Handshakes().addresses() == []


# Who answers


def test_one_early_answer_among_far_ones_stands():
    found, problems = believed(gathered(far(1, 2_000), *(far(n, 180_000) for n in range(2, 9))))
    assert found["23.1.0.1"] == 2_000 and found["23.5.0.1"] == 180_000
    assert problems == []


def test_two_networks_are_no_pattern():
    found, problems = believed(gathered(far(1, 2_000), far(2, 2_000)))
    assert set(found.values()) == {2_000} and problems == []


def test_a_port_where_something_near_answers_for_all_says_nothing():
    proxied = [far(n, 900) for n in range(1, 6)]
    honest = [far(n, 180_000, dst_port=22) for n in (1, 7)]
    found, problems = believed(gathered(*proxied, *honest))
    assert found == {
        **{f"23.{n}.0.1": -1 for n in range(2, 6)},
        "23.1.0.1": 180_000,
        "23.7.0.1": 180_000,
    }
    (problem,) = problems
    assert (problem.code, problem.source, problem.count) == (
        "handshakes-answered-near",
        "one.pcap",
        5,
    )
    assert "port 443 " in problem.message


def test_another_input_without_the_device_is_still_believed():
    proxied = [far(n, 900) for n in range(1, 6)]
    outside = [far(n, 180_000, input_id=2) for n in range(1, 6)]
    found, problems = believed(gathered(*proxied, *outside))
    assert set(found.values()) == {180_000}
    assert [problem.source for problem in problems] == ["one.pcap"]


def test_half_of_the_networks_is_not_most():
    rows = [*(far(n, 2_000) for n in range(3)), *(far(n, 180_000) for n in range(10, 13))]
    assert believed(gathered(*rows))[1] == []
    assert len(believed(gathered(*rows, far(3, 2_000)))[1]) == 1


def test_many_addresses_of_one_network_are_one_cache():
    cache = [{"dst_ip": f"23.1.0.{n}", "rtt_us": 2_000} for n in range(50)]
    six = [{"dst_ip": f"2600:1:{n:x}::1", "rtt_us": 2_000} for n in range(50)]
    found, problems = believed(gathered(*cache, *six))
    assert problems == [] and set(found.values()) == {2_000}


def test_destinations_near_by_or_at_home_are_no_sign_of_a_device():
    near = [far(n, 2_000) for n in range(20)]
    assert believed(gathered(*near), km=70.0) == (
        dict.fromkeys(gathered(*near).addresses(), 2_000),
        [],
    )
    assert believed(gathered(*near), km=np.nan)[1] == []


def test_a_device_on_all_ports_shows_itself_over_the_ports():
    rows = [far(n, 900, dst_port=1000 + n) for n in range(1, 7)]
    found, problems = believed(gathered(*rows))
    assert set(found.values()) == {-1}
    assert problems[0].count == 6 and ", ..." in problems[0].message


# Clocks


def test_a_handshake_of_no_time_is_not_believed():
    found, problems = believed(gathered(far(1, 0), far(2, LEAST_US - 1), far(3, 50_000)))
    assert found == {"23.3.0.1": 50_000} and problems == []


def test_a_clock_that_stands_still_takes_the_whole_input_with_it():
    coarse = [*(far(n, 0) for n in range(5)), *(far(n, 1_000) for n in range(10, 20))]
    found, problems = believed(gathered(*coarse, far(15, 170_000, input_id=2)))
    assert found.pop("23.15.0.1") == 170_000
    assert len(found) == 9 and set(found.values()) == {-1}
    assert [(problem.code, problem.source) for problem in problems] == [
        ("handshake-clock", "one.pcap")
    ]


# Properties

_ROWS = st.lists(
    st.builds(
        far,
        st.integers(0, 12),
        st.one_of(st.none(), st.integers(0, 300_000)),
        dst_port=st.sampled_from([22, 443, None]),
        input_id=st.integers(1, 3),
        tunnel=st.sampled_from([None, None, None, "gre"]),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(_ROWS, st.randoms(use_true_random=False), st.integers(0, 40))
def test_the_order_and_the_parts_of_rows_change_nothing(rows, random, cut):
    whole = believed(gathered(*rows))
    random.shuffle(rows)
    parted = gathered(*rows[:cut])
    parted.add(flows(*rows[cut:]))
    assert believed(parted) == whole


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(LEAST_US, 5_000), min_size=3, max_size=30),
    st.lists(st.floats(2_000, 20_000), min_size=30, max_size=30),
)
def test_a_proxied_port_never_contradicts_anybody(times, distances):
    handshakes = gathered(*(far(n, time) for n, time in enumerate(times)))
    addresses = handshakes.addresses()
    claimed = dict(zip(addresses, distances, strict=False))
    found, _ = believed(handshakes, km=claimed)
    assert not [
        each for each in addresses if found[each] >= 0 and claimed[each] > reach_km(found[each])
    ]


def test_parts_beyond_the_limit_are_put_together(monkeypatch):
    monkeypatch.setattr("auditor.geo.physics._COMPACT_ROWS", 4)
    handshakes = Handshakes()
    for time in range(50_000, 50_040):
        handshakes.add(flows(*(far(n, time) for n in range(3))))
    assert set(believed(handshakes)[0].values()) == {50_000}


def test_the_sample_has_one_destination_that_cannot_be_where_it_is_filed():
    path = ROOT / "samples" / "pcaps" / "place.pcap"
    _, tables, _, _ = read_files(readers.reader_of(path), [path])
    (table,) = tables
    for name in COLUMNS:
        if name not in table.column_names:
            kind = FLOW_TABLE.field(name).type
            value = pa.scalar(1 if name == "input_id" else None, kind)
            table = table.append_column(name, pa.repeat(value, len(table)))
    handshakes = Handshakes()
    handshakes.add(table)
    distances = Distances.load(ROOT / "geoip" / "distances.csv")
    filed = {"23.210.215.50": "US", "128.30.52.100": "US"}
    claimed = {each: float(distances.km(code)) for each, code in filed.items()}
    found, problems = believed(handshakes, km=claimed)
    assert found["23.210.215.50"] == 2_140 and reach_km(2_140) < claimed["23.210.215.50"]
    assert reach_km(found["128.30.52.100"]) > claimed["128.30.52.100"]
    assert problems == []

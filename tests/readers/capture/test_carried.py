"""A sweep goes on where another one stopped, and believes no number that it cannot check."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.readers.capture import carried
from auditor.readers.capture.carried import SHAPES, UnfitError, packed, restored
from auditor.readers.capture.layout import (
    ALPN,
    FEEDER,
    FLOWS_LIVE,
    HELLO,
    HOLES,
    MARKS,
    NAME,
    NAMES,
    TUNNEL,
    TUNNELS_USED,
)  # fmt: skip
from auditor.readers.capture.pieces import OWNER
from auditor.readers.capture.reader import CaptureReader
from auditor.readers.capture.standing import read as standing
from auditor.readers.reading import Settings
from auditor.readers.streams import Source
from tests.readers.capture.packets import (
    ABROAD,
    HOME,
    SECOND,
    T0,
    client_hello,
    dns,
    ether,
    handshake,
    ip4,
    pcap,
    segment,
    udp,
)  # fmt: skip

TIMEOUTS = (300 * SECOND, 60 * SECOND, 1800 * SECOND)
HELLO_BYTES = client_hello("s3.example")
INNER = ip4("10.0.0.1", "10.0.0.2", 17, udp(1, 2, b"x"))
SCENE = [
    (T0, ether(ip4("8.8.8.8", HOME, 17, udp(53, 5353, dns("a.example", (ABROAD,), reply=True))))),
    *handshake(T0 + SECOND),
    segment(T0 + 2 * SECOND, 1001, HELLO_BYTES[:40]),
    segment(T0 + 3 * SECOND, 2001, b"beyond a gap"),
    (T0 + 4 * SECOND, ether(ip4(HOME, ABROAD, 4, INNER))),
    (T0 + 5 * SECOND, ether(ip4(HOME, ABROAD, 17, bytes(80), number=9, offset=80))),
]  # fmt: skip


def read_on(path, packets, before=None, keep=True):
    path.write_bytes(pcap(packets, nano=True))
    tables, problems = [], []
    _, left = CaptureReader().read_on(
        [Source(path)], Settings(copies_within=5), problems.append, lambda size: None,
        lambda number, table: tables.append(table), before, keep_from=0 if keep else None,
    )  # fmt: skip
    return tables[0], left, problems


@cache
def opened():
    """What the scene leaves open."""
    with TemporaryDirectory() as folder:
        return read_on(Path(folder) / "a.pcap", SCENE)[1]


@pytest.fixture
def left():
    return opened()


def arrays_of(left):
    return {name: array.copy() for name, array in carried._arrays(left.state).items()}


def saved(arrays):
    return carried._as_bytes(**{**arrays, "flows": arrays["flows"].T})


def test_a_state_holds_all_that_is_open(left):
    assert left.count == 4  # two that DNS and TCP make, the tunnelled one, the lost fragment's
    assert left.end == T0 + 5 * SECOND
    state = restored(left.state, TIMEOUTS, 0)
    assert state.counters[FLOWS_LIVE] == 3
    assert state.counters[TUNNELS_USED] == 1
    assert state.counters[NAMES] == 1
    arrays = arrays_of(left)
    for name in SHAPES:
        assert arrays[name].size, name
    assert set(arrays_of(left)) == set(SHAPES)


def test_a_restored_state_is_the_same_when_saved_again(left):
    again = packed(restored(left.state, TIMEOUTS, 5_000_000))
    first, second = carried._arrays(left.state), carried._arrays(again)
    for name in set(SHAPES) - {"flows"}:
        assert np.array_equal(first[name], second[name]), name
    low = (1 << 32) - 1
    first["flows"], second["flows"] = first["flows"].copy(), second["flows"].copy()
    for flows in (first["flows"], second["flows"]):
        flows[:, MARKS] &= low
    assert np.array_equal(first["flows"], second["flows"])


def test_names_that_nothing_holds_do_not_gather_night_after_night(tmp_path):
    left = None
    for night in range(4):
        time = T0 + night * 3000 * SECOND
        name = f"night{night}.example"
        answer = udp(53, 5353, dns(name, (f"52.0.0.{night}",), reply=True))
        packets = [(time, ether(ip4("8.8.8.8", HOME, 17, answer)))]
        _, left, _ = read_on(tmp_path / "a.pcap", packets, left)
        assert left is not None
    assert bytes(carried._arrays(left.state)["name_bytes"]).count(b"night") == 2


def test_nothing_of_other_streams_is_left_in_the_pieces(left):
    arrays = carried._arrays(left.state)
    (held,) = arrays["held"]
    first, begin, end = held[1:3].tolist(), *held[3:5].tolist()
    assert first == [0, 40]
    piece = arrays["pieces"][0]
    assert piece[begin:end].tobytes() == b"beyond a gap"
    assert not piece[40:begin].any()
    assert not piece[end:].any()


def changed(name, column, value):
    def change(arrays):
        rows = arrays[name]
        if column is None:
            rows.reshape(-1)[-1] = value
        else:
            rows[-1, column] = value

    return change


WRONG = {
    "a hole that is not there": changed("flows", HOLES, 2),
    "a hole before the first": changed("flows", HOLES, -1),
    "a tunnel that is not there": changed("flows", TUNNEL, 2),
    "a name that is not there": changed("flows", NAME, 99),
    "a basis that is none": changed("flows", NAME, 99 << 32),
    "an application that is none": changed("flows", NAME, 99 << 40),
    "a fingerprint that is not there": changed("flows", HELLO, 99),
    "a protocol that is not there": changed("flows", HELLO, 99 << ALPN),
    "an answer that names nothing": changed("answers", 4, 99),
    "a place beyond the answers": changed("answer_places", None, 1 << 16),
    "a place before the fragments": changed("fragment_places", None, -1),
    "a place beyond the copies": changed("recent_places", None, 1 << 40),
    "too many ranges": changed("held", 0, 7),
    "a range before the piece": changed("held", 1, -1),
    "a range beyond the piece": changed("held", 2, 8193),
    "a connection ID that is too long": changed("held", OWNER, 22),
    "a piece of no flow": changed("held", FEEDER, 99),
    "a piece of the flow before the first": changed("held", FEEDER, 1),
    "a tunnel of no kind": changed("tunnels", 4, 31),
    "a tunnel without an end": changed("tunnels", 4, -1),
    "names that end before they begin": changed("name_ends", None, -1),
    "names beyond their bytes": changed("name_ends", None, 1 << 30),
    "a time before all": changed("numbers", None, -1),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_number_that_points_nowhere_is_refused(left, name):
    arrays = arrays_of(left)
    WRONG[name](arrays)
    with pytest.raises(UnfitError):
        restored(saved(arrays), TIMEOUTS, 0)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(sorted(SHAPES)),
    place=st.integers(0, 1 << 20),
    value=st.one_of(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(-2, 40)),
)
def test_whatever_number_stands_in_a_state_it_is_refused_or_read_on_with(
    tmp_path, name, place, value
):
    left = opened()
    arrays = arrays_of(left)
    flat = arrays[name].reshape(-1)
    flat[place % flat.size] = value if flat.dtype == np.int64 else value & 255
    if name == "flows":
        arrays[name] = flat.reshape(arrays[name].shape)
    try:
        restored(saved(arrays), TIMEOUTS, 0)
    except UnfitError:
        return
    before = type(left)(left.end, left.count, saved(arrays), left.table)
    later = [(time + 6 * SECOND, data) for time, data in SCENE]
    flows, _, _ = read_on(tmp_path / "b.pcap", later, before, keep=False)
    assert len(flows)


@pytest.mark.parametrize("cut", [0, 3, 8, 20, 300, -1])
def test_a_state_that_is_cut_is_refused(left, cut):
    with pytest.raises(UnfitError):
        restored(left.state[:cut], TIMEOUTS, 0)


def test_flows_as_they_stood_are_read_by_a_version_with_other_columns(left):
    table = standing(left.table)
    assert len(table) == left.count
    assert set(table["file"].to_pylist()) == {carried.CARRIED}

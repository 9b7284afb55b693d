"""Inspection in shares, by one process or several: the same comes of it."""

import os
import pickle
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import inspect, pipeline, readers
from auditor.model.stream import Ended
from auditor.pipeline import inspecting, shares
from auditor.readers.capture.units import DELIVERY
from tests.inspect import test_dns
from tests.inspect.inspecting import CCCD, TALKS, all_of, chunks, flows, search, together
from tests.readers.capture.packets import (
    ABROAD,
    ACK,
    HOME,
    SECOND,
    SYN,
    T0,
    ether,
    ip4,
    pcap,
    tcp,
)

HEADS = [head for head, _ in TALKS.values()] + [test_dns.UDP] * 40
SAID = [said for _, said in TALKS.values()] + [
    [(0, test_dns.query(f"{test_dns.packed('base32', Random(i), 50)}.kenh.example.com"))]
    for i in range(40)
]
STREAMS = [
    [*chunks(number, head, said, 700), Ended(number, conflicts=(number % 3, 0))]
    for number, (head, said) in enumerate(zip(HEADS, SAID, strict=True))
]


def in_shares(share_of, order):
    """Everything that comes of the streams, by inspectors that take a share each."""
    table, problems, gathered = flows(*HEADS), [], []
    for share in sorted(set(share_of)):
        mine = [number for number, one in enumerate(share_of) if one == share]
        inspector = inspect.Inspector(table.take(pa.array(mine)), search())
        for event in together(*(STREAMS[number] for number in mine)):
            inspector.take(event)
        packed = pickle.dumps(inspector.gathered())
        gathered.append(pickle.loads(packed))  # noqa: S301 - our own
    order.shuffle(gathered)
    inspector = inspect.Inspector(table, search())
    for each in gathered:
        inspector.join(each)
    return all_of(inspector.finish(problems), problems)


ONE = in_shares([0] * len(STREAMS), Random(0))


@settings(max_examples=8, deadline=None)
@given(st.sampled_from([2, 5]), st.randoms(use_true_random=False))
def test_what_is_found_does_not_depend_on_how_flows_are_shared_out(count, chance):
    assert ONE[0] and ONE[3]
    assert in_shares([chance.randrange(count) for _ in STREAMS], chance) == ONE


class Told:
    """Progress that remembers."""

    def __init__(self):
        self.stages, self.done = [], 0

    def stage(self, name, total=None):
        self.stages.append((name, total))
        self.done = 0

    def advance(self, size):
        assert size >= 0
        self.done += size


def capture(path, connections):
    """Connections from home to a server abroad, each with a few personal numbers."""
    packets = [
        (T0 + number * SECOND + step, ether(ip4(HOME, ABROAD, 6, tcp(20_000 + number, 80, *said))))
        for number in range(connections)
        for step, said in enumerate(
            [(1000, SYN), (1001, ACK, CCCD * (1 + number % 5)), (5001, ACK, CCCD)]
        )
    ]
    path.write_bytes(pcap(packets))
    return path


def inspection(path, jobs):
    """What a capture's flows come to with so many processes, and the progress."""
    wanted, told = readers.Wanted((path,)), Told()
    inputs, parts = readers.read_inputs(wanted, lambda problem: None, readers.Watch())
    table = parts.whole()
    table = table.append_column("group", pa.array([0] * len(table), pa.int64()))
    home = pa.array(["src"] * len(table), pa.string())
    table = table.append_column("home_side", home)
    inspector = inspect.Inspector(table, search())
    order = pipeline.Order((path,), Path(), Path(), jobs=jobs)
    problems = inspecting.inspected(order, inputs, table, inspector, told)
    return all_of(inspector.finish(problems), problems), told


@pytest.fixture
def small(monkeypatch):
    """Every few flows are worth a process."""
    monkeypatch.setattr(shares, "LEAST", 1)


def test_several_processes_find_what_one_does_and_progress_goes_on_to_the_end(tmp_path, small):
    path = capture(tmp_path / "a.pcap", 30)
    inspection(path, 1)  # compiles what it needs, where that was never done
    one, told = inspection(path, 1)
    assert one[0] and not one[3] and told.stages == [("inspect", path.stat().st_size)]
    for jobs in (2, 3):
        same, also = inspection(path, jobs)
        assert same == one
        assert also.stages == told.stages and also.done == told.done == path.stat().st_size


def test_the_share_of_a_process_that_dies_is_inspected_all_the_same_and_told(
    tmp_path, small, monkeypatch
):
    path = capture(tmp_path / "a.pcap", 9)
    one, _ = inspection(path, 1)
    monkeypatch.setattr(inspecting, "_gathered", dying)
    same, _ = inspection(path, 2)
    [problem] = same[3]
    assert (problem.code, same[:3]) == ("content-process-ended", one[:3])
    assert "exit code 3" in problem.message


def dying(share, advance):
    os._exit(3)


def test_little_work_starts_no_process(tmp_path, monkeypatch):
    monkeypatch.setattr(inspecting, "_gathered", None)  # nothing that another process could do
    assert inspection(capture(tmp_path / "a.pcap", 9), 8)[0][0]


def test_compiling_is_told_once_ever(tmp_path, monkeypatch):
    path = capture(tmp_path / "a.pcap", 1)
    monkeypatch.setattr("auditor.readers.capture.units.FOLDER", tmp_path)
    assert [name for name, _ in inspection(path, 1)[1].stages] == ["compile", "inspect"]
    for name in DELIVERY:
        (tmp_path / f"{name}-1.py311.1.nbc").touch()
    assert [name for name, _ in inspection(path, 1)[1].stages] == ["inspect"]

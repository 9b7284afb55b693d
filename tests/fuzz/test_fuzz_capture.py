"""The fuzzer works, and a fixed row of its cases goes well."""

from pathlib import Path
from random import Random

import pytest

from tests.fuzz import fuzz_capture
from tests.fuzz.fuzz_capture import Tally, WrongError, check, run
from tests.fuzz.mutations import mutated, records_of
from tests.property.test_captures import PCAP, PCAPNG, SCENE

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="peak memory is asked of a Linux kernel"
)


def test_some_hundred_damaged_captures_are_read_within_all_bounds(tmp_path):
    tally = run(None, 20, tmp_path, cases=300)
    assert tally.cases == 300
    assert tally.refused < 60
    assert tally.packets > 1000


def test_the_same_seed_makes_the_same_cases():
    assert [mutated(Random(7), PCAP, PCAPNG) for _ in range(3)] == [
        mutated(Random(7), PCAP, PCAPNG) for _ in range(3)
    ]
    assert mutated(Random(7), PCAP, PCAPNG) != mutated(Random(8), PCAP, PCAPNG)


def test_the_records_of_both_containers_are_found():
    assert len(records_of(PCAP)) == len(SCENE)
    assert len(records_of(PCAPNG)) == 3 + 2 * len(SCENE)
    assert records_of(PCAP)[-1][1] == len(PCAP)
    assert records_of(PCAPNG)[-1][1] == len(PCAPNG)


def test_a_reading_that_looks_beyond_the_packet_is_caught(tmp_path, monkeypatch):
    def careless(path, pattern):
        return fuzz_capture.CaptureReader().sniff(PCAP), pattern

    monkeypatch.setattr(fuzz_capture, "reading_over", careless)
    with pytest.raises(WrongError, match="two readings differ"):
        check(tmp_path / "a.pcap", PCAP, Tally())


def test_a_reading_that_takes_too_much_memory_is_caught(tmp_path, monkeypatch):
    def greedy(path, pattern):
        return bytearray(b"x") * (fuzz_capture.MEMORY + (64 << 20))

    monkeypatch.setattr(fuzz_capture, "reading_over", greedy)
    with pytest.raises(WrongError, match="MB for"):
        check(tmp_path / "a.pcap", PCAP, Tally())

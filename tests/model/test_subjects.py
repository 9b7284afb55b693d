"""Counting: sizes of sets of hashes, whatever the order and the parts."""

from __future__ import annotations

import contextlib
import hmac

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model import subjects as counting
from auditor.model.subjects import SKETCH, STANDARD_ERROR, Hashing, Subjects


def hashes(size, seed=0):
    return np.random.default_rng(seed).integers(0, 2**64, size, np.uint64)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(counting, "MOST_EXACT", 40)
    monkeypatch.setattr(counting, "SKETCH", 16)
    monkeypatch.setattr(counting, "_FRESH", 7)


def test_counts_are_exact_up_to_a_million_and_estimates_within_their_error_beyond():
    exact = Subjects(hashes(1_000_000))
    assert (exact.count, exact.exact) == (1_000_000, True)
    for size in (1_000_001, 3_000_000):
        many = Subjects(hashes(size))
        assert not many.exact
        assert abs(many.count / size - 1) < 4 * STANDARD_ERROR


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 90), max_size=150), st.lists(st.integers(1, 40), max_size=8), st.data()
)
def test_order_and_split_change_nothing(values, sizes, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "MOST_EXACT", 40)
        patch.setattr(counting, "SKETCH", 16)
        patch.setattr(counting, "_FRESH", 7)
        told = np.array([value * 2**57 for value in values], np.uint64)
        whole = Subjects(told)
        mixed = data.draw(st.permutations(list(told)))
        merged = Subjects()
        for size in sizes:
            part = Subjects()
            for value in mixed[:size]:
                part.add(int(value))
            mixed = mixed[size:]
            merged.update(Subjects.from_bytes(part.to_bytes()))
        rest = Subjects(np.array(mixed, np.uint64))
        rest.update(merged)
        assert rest.to_bytes() == whole.to_bytes()
        assert (rest.count, rest.exact) == (whole.count, whole.exact)
        assert whole.exact == (len(set(values)) <= 40)


def test_a_sketch_takes_an_exact_count_in_and_the_other_way_round(small):
    one, other = hashes(100, 1), hashes(30, 2)
    for first, second in ((one, other), (other, one)):
        merged = Subjects(first)
        merged.update(Subjects(second))
        assert merged.to_bytes() == Subjects(np.concatenate((one, other))).to_bytes()


def test_hashes_of_different_detectors_and_keys_have_nothing_in_common():
    value = b"079085012345"
    seen = {
        Hashing(key, name).of(value) for key in (bytes(32), bytes([1] * 32)) for name in ("a", "b")
    }
    assert len(seen) == 4
    assert Hashing(bytes(32), "a").of_many([value, b"x"])[0] == Hashing(bytes(32), "a").of(value)
    by_the_library = hmac.digest(bytes(range(32)), b"card\0" + value, "sha256")[:8]
    assert Hashing(bytes(range(32)), "card").of(value) == int.from_bytes(by_the_library, "little")
    with pytest.raises(ValueError, match="31 bytes"):
        Hashing(bytes(31), "a")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x01E", b"\x02E", b"\x01Egarbage",
        b"\x01E" + zstandard.compress(b"1234567"),
        b"\x01E" + zstandard.compress(bytes(16)),
        b"\x01S" + zstandard.compress(np.arange(SKETCH - 1, dtype="<u8").tobytes()),
        b"\x01E" + zstandard.compress(bytes(9_000_000)),
        b"\x01E" + zstandard.compress(np.arange(100, dtype="<u8").tobytes())[:40],
    ],
)  # fmt: skip
def test_what_was_not_written_here_is_refused(data):
    with pytest.raises(ValueError, match="count of subjects"):
        Subjects.from_bytes(data)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 60))
def test_damaged_bytes_are_refused_or_read_but_never_break(noise, place):
    good = Subjects(hashes(5)).to_bytes()
    data = good[:place] + noise + good[place + len(noise) :]
    with contextlib.suppress(ValueError):
        assert Subjects.from_bytes(data).count >= 0

"""The beginning of a stream comes together from pieces in any order."""

import itertools
import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.capture.pieces import OWNER, RANGES, SIZE, WIDTH_HELD, emptied, put, whole
from tests.readers.capture.direct import called

emptied = called(emptied)
put = called(put)
whole = called(whole)


def empty():
    return np.zeros(WIDTH_HELD, np.int64), np.zeros(SIZE, np.uint8)


def placed(held, piece, offset, content):
    data = np.frombuffer(b"<" + content + b">", np.uint8).copy()
    return put(held, piece, offset, data, 1, 1 + len(content))


STREAM = bytes(random.Random(5).randbytes(300))


def test_pieces_in_every_order_give_the_same_stream():
    cuts = [(0, 50), (50, 120), (100, 200), (180, 300)]
    for order in itertools.permutations(cuts):
        held, piece = empty()
        for start, end in order:
            assert placed(held, piece, start, STREAM[start:end])
        assert whole(held) == 300
        assert piece[:300].tobytes() == STREAM


def test_a_gap_ends_what_is_whole():
    held, piece = empty()
    placed(held, piece, 10, STREAM[10:20])
    assert whole(held) == 0
    placed(held, piece, 0, STREAM[:9])
    assert whole(held) == 9
    placed(held, piece, 9, STREAM[9:10])
    assert whole(held) == 20


def test_the_first_bytes_for_a_place_stay():
    held, piece = empty()
    placed(held, piece, 2, b"firstly")
    placed(held, piece, 0, b"------------")
    assert piece[:12].tobytes() == b"--firstly---"


def test_a_piece_beyond_the_end_is_cut_and_one_outside_ignored():
    held, piece = empty()
    assert placed(held, piece, SIZE - 3, b"abcdef")
    assert not placed(held, piece, SIZE, b"abc")
    assert not placed(held, piece, -1, b"abc")
    assert not placed(held, piece, 2**62, b"abc")
    assert not placed(held, piece, 0, b"")
    assert piece[SIZE - 3 :].tobytes() == b"abc"
    assert held[:3].tolist() == [1, SIZE - 3, SIZE]


def test_one_range_too_many_is_dropped_but_a_bridge_still_fits():
    held, piece = empty()
    for i in range(RANGES):
        assert placed(held, piece, 20 * i, STREAM[20 * i : 20 * i + 10])
    assert not placed(held, piece, 250, b"x")
    assert placed(held, piece, 5, STREAM[5:35])
    assert whole(held) == 35
    assert placed(held, piece, 250, STREAM[250:251])


def test_an_emptied_row_knows_nothing():
    held, piece = empty()
    placed(held, piece, 0, b"abc")
    held[OWNER] = 5
    emptied(held)
    assert not held.any()


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.tuples(st.integers(0, 290), st.integers(1, 60)), max_size=40))
def test_a_map_of_bytes_agrees(cuts):
    held, piece = empty()
    seen: dict[int, int] = {}
    for start, size in cuts:
        content = STREAM[start : start + size]
        if placed(held, piece, start, content):
            seen |= {start + i: byte for i, byte in enumerate(content)}
    count = 0
    while count in seen:
        count += 1
    assert whole(held) == count
    assert all(piece[place] == byte for place, byte in seen.items())
    ranges = held[1 : 1 + 2 * held[0]].tolist()
    assert ranges == sorted(set(ranges))
    assert sum(b - a for a, b in zip(ranges[::2], ranges[1::2], strict=True)) == len(seen)
    assert not held[OWNER:].any()

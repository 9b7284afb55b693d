"""Numbers out of bytes, and sequence arithmetic."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.capture.numbers import ahead, be16, be32, be64, entry, word16, word32
from tests.readers.capture.direct import called

ahead, word16, word32 = called(ahead), called(word16), called(word32)


@entry
def read(data, place):
    return be16(data, place), be32(data, place), be64(data, place)


@settings(deadline=None)  # the first call compiles
@given(content=st.binary(min_size=16, max_size=32), place=st.integers(0, 8))
def test_big_endian_numbers_are_those_of_python(content, place):
    data = np.frombuffer(content, np.uint8).copy()
    wanted = [int.from_bytes(content[place : place + size], "big") for size in (2, 4)]
    whole = int.from_bytes(content[place : place + 8], "big", signed=True)
    assert list(read(data, place)) == [*wanted, whole]


@settings(deadline=None)  # the first call compiles
@given(content=st.binary(min_size=4, max_size=4))
def test_either_byte_order(content):
    data = np.frombuffer(content, np.uint8).copy()
    for swapped, order in ((True, "little"), (False, "big")):
        assert word32(data, 0, swapped) == int.from_bytes(content, order)
        assert word16(data, 0, swapped) == int.from_bytes(content[:2], order)


@settings(deadline=None)  # the first call compiles
@given(number=st.integers(0, 2**32 - 1), step=st.integers(-(2**31), 2**31 - 1))
def test_how_far_ahead_survives_the_wrap(number, step):
    assert ahead((number + step) % 2**32, number) == step

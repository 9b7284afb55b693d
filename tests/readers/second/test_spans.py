from hypothesis import given
from hypothesis import strategies as st

from auditor.readers.second.spans import WORD, Spans

PIECES = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60)), max_size=40)


@given(PIECES, st.integers(0, WORD - 1))
def test_every_byte_counts_once_wherever_the_numbers_begin_and_wrap(pieces, begin):
    spans, seen = Spans(), set()
    for offset, length in pieces:
        fresh = set(range(offset, offset + length)) - seen
        assert spans.add((begin + offset) % WORD, length) == len(fresh)
        seen |= fresh

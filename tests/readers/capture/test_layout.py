"""The state: tables that compiled code reaches through one address."""

import numpy as np
import pytest

from auditor.readers.capture.layout import TABLES, fresh
from auditor.readers.capture.numbers import entry


@entry
def counted(s, row):
    s.counters[row] += 1
    return s.flows.shape[0] + s.holes.shape[2] + s.name_bytes.size


def test_compiled_code_sees_and_writes_the_tables():
    state = fresh((1, 1, 1), 5)
    wanted = state.flows.shape[0] + state.holes.shape[2] + state.name_bytes.size
    assert counted(state, 3) == wanted
    assert counted(state, 3) == wanted
    assert state.counters[3] == 2


def test_a_state_with_another_table_keeps_the_rest():
    state = fresh((1, 1, 1), 5)
    larger = state.having(name_bytes=np.zeros(state.name_bytes.size * 2, np.uint8))
    assert counted(larger, 3) == counted(state, 3) + state.name_bytes.size
    assert state.counters[3] == 2
    assert all(
        getattr(larger, name) is getattr(state, name) for name in TABLES if name != "name_bytes"
    )


@pytest.mark.parametrize(
    "wrong", [np.zeros(8, np.int32), np.zeros((4, 2), np.int64), np.zeros(16, np.int64)[::2]]
)
def test_a_table_of_another_shape_or_kind_is_refused(wrong):
    with pytest.raises(TypeError, match="table counters"):
        fresh((1, 1, 1), 5).having(counters=wrong)

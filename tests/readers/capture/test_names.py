"""The store of names stays bounded and right when it is thinned out."""

import numpy as np

from auditor.readers.capture import names
from auditor.readers.capture.layout import (
    FLOWS_LIVE,
    NAME,
    NAME_BYTES,
    NAMES,
    fresh,
)  # fmt: skip
from auditor.readers.capture.naming import named, told
from tests.readers.capture.direct import called

named, told = called(named), called(told)


def written(state, text):
    name = np.frombuffer(text.encode().ljust(320, b"\0"), np.uint8).copy()
    return named(state, name, len(text))


def test_a_name_is_kept_once(tmp_path):
    state = fresh((1, 1, 1), 5)
    assert [written(state, name) for name in ("a.example", "b.example", "a.example")] == [0, 1, 0]
    assert names.decoded(state) == ["a.example", "b.example"]


def test_thinning_keeps_the_names_of_live_flows_and_their_numbers_right(monkeypatch):
    monkeypatch.setattr(names, "MOST_BYTES", 100)
    state = fresh((1, 1, 1), 5)
    for i in range(50):
        number = written(state, f"name{i}.example")
        if i % 10 == 3:
            row = state.counters[FLOWS_LIVE]
            told(state, row, 0, number, 5)
            state.counters[FLOWS_LIVE] = row + 1
    state = names.with_more_names(state)
    assert names.decoded(state) == [f"name{i}.example" for i in (3, 13, 23, 33, 43)]
    kept = state.flows[: state.counters[FLOWS_LIVE], NAME] & 0xFFFFFFFF
    assert kept.tolist() == [1, 2, 3, 4, 5]
    assert state.counters[NAMES] == 5
    assert state.counters[NAME_BYTES] == sum(len(name) for name in names.decoded(state))
    assert written(state, "name13.example") == 1  # found again in the new index

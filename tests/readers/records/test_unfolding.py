from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.records.unfolding import unfolding

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(st.dictionaries(st.text(), VALUES, max_size=4), min_size=1, max_size=5)


def unfolded(text: bytes, size: int) -> bytes:
    made = unfolding(text)
    assert made is not None
    return b"".join(made(text[at : at + size]) for at in range(0, len(text), size))


@settings(max_examples=150, deadline=None)
@given(records=RECORDS, indent=st.none() | st.integers(0, 2), size=st.integers(1, 50))
@pytest.mark.parametrize("wrap", [list, lambda records: {"records": records}])
def test_every_record_becomes_a_line_wherever_the_pieces_are_cut(wrap, records, indent, size):
    document = wrap(records)
    text = json.dumps(document, indent=indent, ensure_ascii=False).encode("utf-8", "replace")
    lines = [line for line in unfolded(text, size).split(b"\n") if line.strip()]
    read = json.loads(text)
    assert [json.loads(line) for line in lines] == (read if wrap is list else read["records"])


def test_several_documents_may_follow_one_another():
    document = b'{"records": [{"a": 1}, {"b": [2]}]}'
    assert unfolded(document + b"\n" + document, 7).split() == unfolded(document, 7).split() * 2


def test_records_over_several_lines_are_put_on_one():
    lines = unfolded(b'{\n "a": {"b": 1}\n}\n{\n "a": 2\n}\n', 5).splitlines()
    assert [json.loads(line) for line in lines] == [{"a": {"b": 1}}, {"a": 2}]


@pytest.mark.parametrize(
    "head", [b"", b'{"a": 1}\n{"a": 2}\n', b"2 123 eni", b'{"records": 1}', b"{x\n"]
)
def test_what_has_lines_is_left_alone(head):
    assert unfolding(head) is None


@given(st.binary(max_size=300), st.integers(1, 9))
@settings(deadline=None)
def test_nothing_is_too_odd_to_unfold(junk, size):
    text = b"[" + junk
    assert len(unfolded(text, size)) <= 2 * len(text)


def test_an_open_text_ends_with_its_line():
    lines = unfolded(b'[{"a": "open},\n{"b": 1}]', 100).splitlines()
    assert lines

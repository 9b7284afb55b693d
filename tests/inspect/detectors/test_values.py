"""One value, however it is written."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.detectors.values import OTHER_BLANKS, canonical, canonical_all

LETTERS = st.text("aZ09 .-\n\u00a0ệĐß\u0323\u0301", max_size=8)
VALUES = (LETTERS | LETTERS.map(lambda text: unicodedata.normalize("NFD", text))).map(str.encode)


@given(st.lists(VALUES | st.binary(max_size=4) | st.sampled_from([b"0912345678", b"ab"])))
@settings(max_examples=200)
def test_many_values_are_each_as_by_itself(values: list[bytes]) -> None:
    assert canonical_all(values) == [canonical(value) for value in values]


def test_numbers_in_one_go_are_the_same() -> None:
    assert canonical_all([b"079085000001", b"ab12"]) == [b"079085000001", b"AB12"]


def test_every_blank_is_known():
    blanks = {chr(code) for code in range(0x11000) if chr(code).isspace()}
    assert blanks == {*OTHER_BLANKS, " ", "\n"}

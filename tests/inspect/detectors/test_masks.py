"""Masked samples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.inspect.detectors.masks import MOST_SHOWN, legible, masked


@pytest.mark.parametrize(
    ("value", "shown", "sample"),
    [
        (b"001085012312", (4, 2), "0010******12"),
        ("Nguyễn Văn A".encode(), (1, 0), "N***********"),
        (b"ab", (2, 2), "**"),
        (b"4071", (2, 2), "****"),
        (b"51F12345", (3, 1), "5******5"),
        (b"a", (1, 0), "*"),
        (b"", (2, 2), ""),
        ("Đỗ".encode(), (1, 1), "**"),
        (b"a\x1b[31m" + b"x" * 9, (2, 1), "a·************x"),
        (b"0" * 300, (4, 2), "0000*********…********00"),
    ],
)
def test_a_sample_shows_the_ends_only(value, shown, sample):
    assert masked(value, shown) == sample


@given(st.binary(max_size=60), st.integers(0, 6), st.integers(0, 4))
def test_no_sample_shows_more_than_half_or_hides_few_or_what_cannot_be_printed(value, lead, tail):
    sample = masked(value, (lead, tail))
    size = len(value.decode("utf-8", "replace").strip())
    assert len(sample) <= MOST_SHOWN
    assert sample.isprintable()
    assert size == 0 or "*" in sample
    if "…" not in value.decode("utf-8", "replace") and "*" not in value.decode("utf-8", "replace"):
        assert len(sample.replace("*", "").replace("…", "")) <= max(0, min(size // 2, size - 6))


def test_names_are_shortened_and_legible():
    assert legible("a\u202eb\n" + "x" * 50, 8) == "a·b·xxx…"

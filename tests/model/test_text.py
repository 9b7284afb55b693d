"""Names of files and words of others become text that can be stored and shown."""

from __future__ import annotations

import pytest

from auditor.model.text import legible


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ngày 1.pcap", "ngày 1.pcap"),
        ("\udcff\udcfe.pcap", "\\xff\\xfe.pcap"),
        ("\ud800", "\\ud800"),
        ("\udcff \ud800 \udfff", "\\udcff \\ud800 \\udfff"),
    ],
)
def test_half_characters_are_written_out(name, shown):
    assert legible(name) == shown
    assert legible(shown) == shown

"""Names of files, fields and columns, as places show them."""

from __future__ import annotations

import pytest

from auditor.inspect.detectors.names import MOST_NAME, shown


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("CCCD_001085012345.pdf", "CCCD_************.pdf"),
        ("001 085 012 345.jpg", "*** *** *** ***.jpg"),
        ("24-08-1984.docx", "**-**-****.docx"),
        ("an.nguyen@example.vn.eml", "***@***"),
        ("danh-sach/cong-dan-2025.xlsx", "danh-sach/cong-dan-2025.xlsx"),
        ("so_cccd", "so_cccd"),
        ("a\u202eb\n", "a·b·"),
        ("", ""),
    ],
)
def test_numbers_and_addresses_in_names_are_hidden(name, seen):
    assert shown(name) == seen


def test_a_name_of_any_length_is_short():
    assert len(shown("x" * 100_000)) == MOST_NAME
    assert "1" not in shown("1" * 100_000)

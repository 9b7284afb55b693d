"""Versions and what warnings say of them."""

from __future__ import annotations

import pytest

from auditor.checklist.versions import affected


@pytest.mark.parametrize(
    ("version", "warned", "expected"),
    [
        ("5.2", "", True),
        ("", "*", True),
        ("bất kỳ", "tất cả", True),
        ("5.2.1", "5.2", True),
        ("5.20", "5.2", False),
        ("5", "5.0", True),
        ("5", "<5.0", False),
        ("4.9.9", "<5", True),
        ("5.2.1", "<=5.2", True),
        ("5.3", "<= 5.2", False),
        ("5.2.1", ">5.2", False),
        ("5.3", ">5.2", True),
        ("5.2", ">=5.2", True),
        ("5.1", "≥5.2", False),
        ("5.1", "5.0-5.2", True),
        ("5.2.9", "5.0-5.2", True),
        ("5.3", "5.0-5.2", False),
        ("7.0", "5.1; 7", True),
        ("v7.0", "7", True),
        ("7.0", "=7.0", True),
        ("7.0", "mới nhất", None),
        ("R81", "7", None),
        ("7.0", "mới nhất, 7", True),
        ("7.0", "5-", None),
    ],
)
def test_versions(version, warned, expected):
    assert affected(version, warned) is expected

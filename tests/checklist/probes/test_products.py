"""Products, components and keys."""

from __future__ import annotations

import pytest

from auditor.checklist.probes import products
from tests.checklist.probes.register_facts import outcome, table

IN_USE = "cam01|Hãng Thử|Camera T9|2.1|Nước Mẫu"


@pytest.mark.parametrize(
    ("product", "warned", "answer"),
    [
        (IN_USE, "Hãng Khác|Camera T9||TB", "pass"),
        (IN_USE, "Hãng Thử|||TB", "fail"),  # everything of a maker
        (IN_USE, "|camera t9||TB", "fail"),  # whoever makes it
        (IN_USE, "Công ty TNHH Hãng Thử|Camera|2.1|TB", "fail"),
        (IN_USE, "Hãng Thử|Camera|<2.1|TB", "pass"),
        (IN_USE, "Hãng Thử|Camera|mới nhất|TB", "unknown"),
        (IN_USE, "|||TB", "pass"),  # an entry that names nothing
        ("cam01||Camera T9|2.1|Nước Mẫu", "Hãng Thử|Camera||TB", "unknown"),
        ("cam01||Máy in|2.1|", "Hãng Thử|Camera||TB", "partial"),
    ],
)
def test_banned_products(product, warned, answer):
    tables = {
        "products": table("asset vendor product version origin", product),
        "warned-products": table("vendor product versions source", warned),
    }
    assert outcome("banned-products", tables).answer == answer


def test_too_many_comparisons_are_told_and_not_made(monkeypatch):
    monkeypatch.setattr(products, "COMPARISONS", 0)
    tables = {
        "products": table("asset vendor product version origin", IN_USE),
        "warned-products": table("vendor product versions source", "Hãng Thử|||TB"),
    }
    found = outcome("banned-products", tables)
    assert found.answer == "unknown"
    assert "too many" in found.says.en


@pytest.mark.parametrize(
    ("short", "long", "same"),
    [("hp", "hpe", False), ("hikvision", "hangzhouhikvision", True), ("", "a", True),
     ("a", "b", False)],
)  # fmt: skip
def test_makers(short, long, same):
    assert products.same_maker(short, long) is same
    assert products.same_maker(long, short) is same


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ("openssl|3.0|không|", "pass"),
        ("openssl|3.0|none|", "pass"),
        ("openssl|3.0|CVE-2026-0001|", "fail"),  # of unknown severity
        ("openssl|3.0|CVE-2026-0001|9.1", "fail"),
        ("openssl|3.0|CVE-2026-0001|high", "partial"),
        ("openssl|||", "partial"),
    ],
)
def test_components(row, answer):
    tables = {"components": table("component version vulnerability severity", row)}
    assert outcome("components-known", tables).answer == answer


@pytest.mark.parametrize(
    ("dated", "level", "answer"),
    [
        ("2026-08-21", 4, "pass"),
        ("2026-08-20", 4, "fail"),
        ("2026-10-20", 5, "fail"),
        ("2020-01-01", 3, "pass"),
    ],
)
def test_the_age_of_the_list_by_level(dated, level, answer):
    tables = {"components": table("component version vulnerability severity", "a|1||")}
    entries = {"components": {"dated": dated}}
    found = outcome("components-known", tables, level=level, entries=entries)
    assert found.answer == answer


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ("k1|2025-01-01||2026-11-21|Phòng CNTT", "pass"),
        ("k1|2025-01-01||2026-11-20|Phòng CNTT", "fail"),
        ("k1|2025-01-01|||Phòng CNTT", "fail"),
        ("k1|2025-01-01||2027-01-01|", "fail"),
        ("k1|2025-01-01|2024-01-01|2027-01-01|Phòng CNTT", "fail"),
        ("k1|2025-01-01|năm nay|2027-01-01|Phòng CNTT", "unknown"),
    ],
)
def test_keys(row, answer):
    tables = {"key-register": table("key created rotated expires custodian", row)}
    assert outcome("keys-rotated", tables).answer == answer


def test_a_register_that_holds_a_key_fails_and_does_not_show_it():
    held = "-----BEGIN RSA PRIVATE KEY----- MIIEabcdef"
    row = f"{held}|2025-01-01||2027-01-01|Phòng CNTT"
    tables = {"key-register": table("key created rotated expires custodian", row)}
    found = outcome("keys-rotated", tables)
    assert found.answer == "fail"
    assert "MIIE" not in str(found)

"""Datasets, classes, mapping and personal fields."""

from __future__ import annotations

import pytest

from auditor.checklist.probes.datasets import type_family
from tests.checklist.probes.register_facts import outcome, table

DATASETS = table("dataset class", "Thửa đất|Quan trọng")


@pytest.mark.parametrize(
    ("said", "answer"),
    [("Cốt lõi", "pass"), ("core", "pass"), ("Quan trọng", "fail"), ("không cốt lõi", "fail"),
     ("non-core", "fail"), ("", "fail")],
)  # fmt: skip
def test_sensitive_data_of_100_000_subjects_must_be_core(said, answer):
    tables = {
        "datasets": table("dataset class", f"Thửa đất|{said}"),
        "classification": table("table field class", "thua|so|khác"),
    }
    found = outcome("classes-assigned", tables, system={"sensitive_subjects": 100_000})
    assert found.answer == answer
    assert "I.26b" in found.rests_on


@pytest.mark.parametrize("said", ["", "chưa phân loại", "không quan trọng", "abc"])
def test_what_names_no_class_is_not_classified(said):
    tables = {
        "datasets": DATASETS,
        "classification": table("table field class", f"thua|so|{said}"),
    }
    assert outcome("classes-assigned", tables).answer == "fail"


def test_fewer_subjects_need_no_core_class():
    tables = {"datasets": DATASETS, "classification": table("table field class", "thua|so|khác")}
    assert (
        outcome("classes-assigned", tables, system={"sensitive_subjects": 99_999}).answer == "pass"
    )


def test_what_cannot_be_seen_without_a_mapping_is_told():
    tables = {"datasets": DATASETS, "classification": table("table field class", "thua|so|khác")}
    assert outcome("classes-assigned", tables).coverage.not_covered


@pytest.mark.parametrize(
    ("field", "entry", "answer"),
    [
        ("soThua|varchar(10)|10", "soThua|chuỗi|10", "pass"),
        ("SOTHUA|int|", "soThua|số nguyên|", "pass"),
        ("soThua|varchar|11", "soThua|string|10", "fail"),
        ("soThua|int|10", "soThua|string|10", "fail"),
        ("|string|10", "soThua|string|10", "fail"),
        ("soTo|string|10", "soThua|string|10", "fail"),
        ("soThua|string|max", "soThua|string|10", "unknown"),
        ("soThua||10", "soThua|string|10", "unknown"),
    ],
)
def test_fields_and_the_dictionary(field, entry, answer):
    tables = {
        "field-map": table("table field dictionary type length", f"thua|so|{field}"),
        "dictionary": table("name type length", entry),
    }
    assert outcome("fields-mapped", tables).answer == answer


def test_a_date_is_no_moment():
    assert type_family("DATE") != type_family("timestamp(6)")
    assert type_family("geometry") == "geometry"


@pytest.mark.parametrize(
    ("personal", "listed", "answer"),
    [
        ("có", "chu|ten|quản lý|Luật", "pass"),
        ("nhạy cảm", "chu|ten|quản lý|Luật", "pass"),
        ("có", "chu|ten||Luật", "fail"),
        ("có", "chu|ten|quản lý|", "fail"),
        ("có", "chu|tuoi|quản lý|Luật", "fail"),
        ("không", "chu|ten|quản lý|Luật", "unknown"),
        ("có thể", "chu|ten|quản lý|Luật", "unknown"),
    ],
)
def test_personal_fields(personal, listed, answer):
    tables = {
        "classification": table("table field personal", f"chu|ten|{personal}"),
        "personal-fields": table("table field purpose basis", listed),
    }
    assert outcome("personal-fields-listed", tables).answer == answer


def test_a_dataset_that_stands_twice_is_found():
    row = "Thửa đất|Sở|An|core|API|hằng ngày|2026-12-01|100.000"
    columns = "dataset owner steward class method frequency starts subjects"
    assert outcome("datasets-described", {"datasets": table(columns, row)}).answer == "pass"
    assert outcome("datasets-described", {"datasets": table(columns, row, row)}).answer == "fail"

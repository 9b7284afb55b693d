from __future__ import annotations

from pathlib import Path

import pytest

from auditor.model.catalogue import Catalogue, Category, CategoryFile
from auditor.model.documents import parse, read
from auditor.model.errors import PolicyError

POLICIES = Path(__file__).parents[2] / "policies"
ROW = """
instrument: {vi: Văn bản, en: Instrument}
version: "1"
in_force: "2026-01-01"
categories:
  - code: CODE
    item: null
    level: personal
    title: {vi: Họ tên, en: Name}
    binds: everybody
    verified: false
    mark: S
    sources: [{title: somewhere}]
"""


def test_a_catalogue_finds_categories_by_code():
    file = parse(ROW.replace("CODE", "S-đ"), CategoryFile, "list.yaml")
    catalogue = Catalogue(file.categories)
    assert "S-đ" in catalogue
    assert "B1" not in catalogue
    assert catalogue["S-đ"].title.vi == "Họ tên"


@pytest.mark.parametrize("code", ["''", "' '", "a/b", "a b", '"<b>"', "-a", "../x", '"a\\nb"'])
def test_a_code_is_a_plain_word(code):
    with pytest.raises(PolicyError, match=r"categories\[1\]\.code"):
        parse(ROW.replace("CODE", code), CategoryFile, "list.yaml")


def test_a_row_without_a_source_is_a_mistake():
    text = ROW.replace("CODE", "B1").replace("[{title: somewhere}]", "[]")
    with pytest.raises(PolicyError, match=r"categories\[1\]\.sources"):
        parse(text, CategoryFile, "list.yaml")


def rows(name: str) -> tuple[Category, ...]:
    return read(POLICIES / name, CategoryFile).categories


def test_decision_20_has_all_its_rows():
    by_level = {"core": 0, "important": 0}
    numbered = {"core": set(), "important": set()}
    for row in rows("decision-20-2025.yaml"):
        by_level[row.level] += 1
        section, _, number = row.code.partition(".")
        assert section == {"core": "I", "important": "II"}[row.level]
        if number.isdigit():
            numbered[row.level].add(int(number))
    assert numbered == {"core": set(range(1, 27)), "important": set(range(1, 19))}


@pytest.mark.parametrize("name", ["decision-20-2025.yaml", "decree-356-2025.yaml"])
def test_a_row_nobody_read_in_the_instrument_says_so(name):
    for row in rows(name):
        assert row.verified == (row.mark == "C"), row.code
        assert row.verified or row.known, row.code

"""The library has what CISO Assistant's loader asks for (its core/models.py, library/utils.py)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from auditor.model.checklist import Checklist
from auditor.model.documents import read
from auditor.report.readiness.library import NAME, ciso_library

PATH = Path(__file__).parents[3] / "policies" / "checklists" / "pre-sync.yaml"

URN = re.compile(
    r"^urn:([a-zA-Z0-9_-]+):([a-zA-Z0-9_-]+):([a-zA-Z0-9_-]+)(?::([a-zA-Z0-9_-]+))?"
    r":([0-9A-Za-z\[\]\(\)\-\._:]+)$"
)
"""What the loader takes for a URN; it lower-cases them."""


@pytest.fixture(scope="module")
def checklist():
    return read(PATH, Checklist)


@pytest.fixture(scope="module")
def short(checklist):
    """The same with one item: what is quick to write many times."""
    return checklist.model_copy(update={"items": checklist.items[:1]})


@pytest.fixture(scope="module")
def library(checklist):
    return yaml.safe_load(ciso_library(checklist))


@pytest.fixture(scope="module")
def nodes(library):
    return library["objects"]["framework"]["requirement_nodes"]


def test_the_library_has_the_fields_that_the_loader_requires(library):
    assert {"urn", "name", "version", "objects"} <= library.keys()
    framework = library["objects"]["framework"]
    assert {"ref_id", "urn"} <= framework.keys()
    assert framework["requirement_nodes"]
    assert type(library["version"]) is int
    assert library["locale"] == "vi"


def test_every_urn_is_one_unique_and_in_lower_case(library, nodes):
    urns = [library["urn"], library["objects"]["framework"]["urn"], *(n["urn"] for n in nodes)]
    assert all(URN.match(urn) and urn == urn.lower() and len(urn) <= 255 for urn in urns)
    assert len(urns) == len(set(urns))


def test_every_item_stands_one_step_below_its_group_which_comes_first(nodes):
    depths = {}
    for node in nodes:
        parent = node.get("parent_urn")
        if parent is None:
            assert node["depth"] == 1
            assert node["assessable"] is False
        else:
            assert node["depth"] == depths[parent] + 1
            assert node["assessable"] is True
        depths[node["urn"]] = node["depth"]


def test_every_item_and_group_of_the_checklist_is_there_in_both_languages(checklist, nodes):
    by_name = {node["ref_id"]: node for node in nodes}
    assert set(by_name) == {i.id for i in checklist.items} | {g.id for g in checklist.groups}
    for item in checklist.items:
        node = by_name[item.id]
        assert (node["name"], node["description"]) == (item.title.vi, item.question.vi)
        english = node["translations"]["en"]
        assert (english["name"], english["description"]) == (item.title.en, item.question.en)
        for field in ("annotation", "typical_evidence"):
            assert node[field] != english[field]


def test_names_fit_into_its_database(library, nodes):
    for part in (library, library["objects"]["framework"], *nodes):
        assert len(part["name"]) <= NAME
        assert len(part["ref_id"]) <= 100


def test_system_levels_are_implementation_groups(checklist, library, nodes):
    groups = library["objects"]["framework"]["implementation_groups_definition"]
    assert [group["ref_id"] for group in groups] == ["L1", "L2", "L3", "L4", "L5"]
    by_name = {node["ref_id"]: node for node in nodes}
    for item in checklist.items:
        wanted = [f"L{level}" for level in item.levels]
        assert by_name[item.id]["implementation_groups"] == wanted


def test_the_mark_of_a_basis_and_a_gate_are_told(checklist, nodes):
    by_name = {node["ref_id"]: node for node in nodes}
    for item in checklist.items:
        note = by_name[item.id]["annotation"]
        for row in item.basis:
            assert f"({row.mark}: " in note
        assert note.startswith("◆") == (item.gate != "none")
    quoted = [item for item in checklist.items if any(row.mark == "T" for row in item.basis)]
    assert quoted
    assert "chưa thấy bản gốc" in by_name[quoted[0].id]["annotation"]


@pytest.mark.parametrize(
    ("version", "number"), [("2026.11", 20261100), ("2026.11.2", 20261102), ("2027.01", 20270100)]
)
def test_a_later_version_is_a_greater_number(short, version, number):
    text = ciso_library(short.model_copy(update={"version": version}))
    assert yaml.safe_load(text)["version"] == number


def test_signs_of_yaml_in_a_title_stay_text(short):
    title = short.title.model_copy(update={"vi": "a: [b] #c\n- !!python/object:x {}"})
    text = ciso_library(short.model_copy(update={"title": title}))
    assert yaml.safe_load(text)["name"] == title.vi


def test_the_same_short_gives_the_same_bytes(short):
    assert ciso_library(short) == ciso_library(short)

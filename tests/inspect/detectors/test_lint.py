"""Detector files: every mistake of all files at once, with its line."""

from __future__ import annotations

import hashlib

import pytest
import yaml

from auditor.inspect.detectors.lint import load_detectors, sources
from auditor.model.errors import PolicyError
from tests.inspect.detectors.made import CHECKS

GOOD = {
    "id": "card",
    "title": {"vi": "Số thẻ", "en": "Card number"},
    "kind": "identifier",
    "labels": ["B7"],
    "patterns": ["[0-9]{4}(?:[ -]?[0-9]{4}){3}"],
    "bound": "digits",
    "check": "luhn",
    "columns": ["số thẻ"],
    "minimum": {"alone": 1},
    "mark": "M",
    "sources": [{"title": "ISO/IEC 7812", "mark": "M"}],
    "examples": {
        "hit": ["4111 1111 1111 1111", "table:\nx|so_the\n1|4111111111111111"],
        "miss": ["4111 1111 1111 1112", "table:\nx|gia\n1|4111111111111112"],
    },
}


@pytest.fixture
def folder(tmp_path):
    """Writes files of detectors."""

    def write(**files):
        for name, detectors in files.items():
            text = yaml.safe_dump(
                {"version": "1", "detectors": detectors}, allow_unicode=True, sort_keys=False
            )
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def refused(folder) -> str:
    with pytest.raises(PolicyError) as told:
        load_detectors(folder, {"B7"}, checks=CHECKS)
    return str(told.value)


def test_good_files_are_read_in_order_and_named_with_version_and_hash(folder):
    path = folder(b=[GOOD], a=[GOOD | {"id": "one", "labels": ["state-secret"]}])
    detectors = load_detectors(path, {"B7"}, checks=CHECKS)
    assert [one.id for one in detectors] == ["one", "card"]
    assert detectors.by_id["card"].title.en == "Card number"
    first, second = sources(path)
    assert (first.kind, first.name, first.version) == ("detectors", "a.yaml", "1")
    assert second.sha256 == hashlib.sha256((path / "b.yaml").read_bytes()).hexdigest()


def test_all_mistakes_of_all_files_are_told_with_their_lines(folder):
    path = folder(
        a=[GOOD | {"labels": ["B7", "Z9"]}, GOOD | {"id": "two", "check": "moon"}],
        b=[GOOD, GOOD | {"id": "three", "colour": "red"}],
    )
    said = refused(path)
    assert f"{path}/a.yaml:8: detectors[1].labels: no list of categories has the code 'Z9'" in said
    assert "detectors[2].check: there is no check 'moon'; write one of luhn, even" in said
    assert "b.yaml:3: detectors[1].id: 'card' stands in a.yaml already" in said
    assert "detectors[2].colour: unknown key" in said


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"patterns": ["(a+)+$"]}, "its ways multiply, as in (a+)+"),
        ({"patterns": ["x", "[0-9]*"]}, "patterns[2]: the pattern '[0-9]*' matches the empty text"),
        ({"patterns": ["[^Đđ]x"]}, "several bytes"),
        ({"patterns": ["(?#"]}, "no regular expression"),
        ({"patterns": [r"x\Q.\E{3}"]}, "no regular expression"),
        ({"patterns": [], "check": None, "any_value": True, "columns": []}, "looks for nothing"),
        ({"minimum": {}, "columns": []}, "can never be a hit"),
        ({"examples": {"hit": ["1"], "miss": ["x"]}}, "examples.hit[1] is no hit: '1'"),
        (
            {"examples": {"hit": ["4111111111111111"], "miss": ["x", "4111111111111111"]}},
            "examples.miss[2] is no miss",
        ),
    ],
)
def test_what_no_search_can_run_is_refused(folder, change, why):
    assert why in refused(folder(a=[GOOD | change]))


def test_a_folder_without_detectors_is_refused(tmp_path):
    assert "holds no detectors" in refused(tmp_path)
    assert "cannot be read" in refused(tmp_path / "missing")


def test_examples_need_not_be_tried_each_time(folder):
    path = folder(a=[GOOD | {"examples": {"hit": ["1"], "miss": ["x"]}}])
    assert len(load_detectors(path, {"B7"}, checks=CHECKS, examples=False)) == 1

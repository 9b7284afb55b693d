from __future__ import annotations

import pytest

from auditor.checklist.sources import json_tree
from auditor.checklist.sources.json_tree import entries, json_object, members
from auditor.model.errors import InputError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"a": [' * 50_000, "nested too deeply"),
        ('{"a": ', "damaged"),
        ("[1]", "no object"),
        ('{"a": ' + "9" * 10_000 + "}", "damaged"),
        ('{"a": "\udcff"}', "damaged"),
    ],
)
def test_hostile_json_is_an_input_error(text, said, tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=said):
        json_object(path)


def test_a_file_larger_than_the_limit_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    path.write_text("{}")
    monkeypatch.setattr(json_tree, "BYTES", 1)
    with pytest.raises(InputError, match="larger"):
        json_object(path)


@pytest.mark.parametrize("value", [None, 1, "x", 1.5, True])
def test_values_of_other_types_are_empty(value):
    assert members(value) == {}
    assert entries(value) == []
    assert members([1]) == {}
    assert entries({"a": 1}) == []

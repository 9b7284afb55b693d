from __future__ import annotations

from pathlib import Path

import pytest

from auditor.model.agency import Agency
from auditor.model.documents import parse, read
from auditor.model.errors import PolicyError

ROOT = Path(__file__).parents[2]


def agency(text: str) -> Agency:
    return parse('version: "1"\n' + text, Agency, "agency.yaml")


def test_the_example_has_no_mistakes():
    example = read(ROOT / "policies" / "examples" / "agency.yaml", Agency)
    assert example.details("citizen-portal", "the university of tokyo").purpose
    assert example.details("citizen-portal", "Somebody").purpose == ""
    assert example.details("hr", "Somebody") is None


def test_an_entry_that_names_the_recipient_comes_before_the_general_one():
    found = agency(
        "systems:\n"
        "  - {id: a, purpose: general}\n"
        "  - {id: a, recipients: [Xã Mẫu], purpose: special}\n"
    )
    assert found.details("a", "XÃ MẪU").purpose == "special"
    assert found.details("a", "other").purpose == "general"
    assert found.details(None, "other") is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("nam: x\n", "agency.yaml:2: nam: unknown key; did you mean 'name'"),
        ("systems: [{id: a}, {id: a}]\n", "stand twice: a"),
        ("systems: [{id: a, recipients: [X]}, {id: a, recipients: [x]}]\n", "stand twice: a x"),
        (f"name: {'x' * 301}\n", "agency.yaml:2: name"),
    ],
)
def test_mistakes_are_named_with_their_line(text, what):
    with pytest.raises(PolicyError) as caught:
        agency(text)
    assert what in str(caught.value)

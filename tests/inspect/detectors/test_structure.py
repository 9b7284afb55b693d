"""Expressions that are refused before anything runs them."""

from __future__ import annotations

import pytest

from auditor.inspect.detectors.structure import MOST_PLACES, objections, widths


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("(a+)+$", "cannot be told apart"),
        ("(?:a{1,20}){1,20}", "cannot be told apart"),
        ("(?:(?:a{1,3}|b)c?){2,9}", "cannot be told apart"),
        ("(((a|b){1,3}){1,3}){1,3}", "cannot be told apart"),
        ("(a|aa){1,9}", "begin alike"),
        ("(?:[0-9]x|[5-7]y){9}", "begin alike"),
        ("(a*)*", "may be empty"),
        ("(?:a?b?){2,9}c", "may be empty"),
        (".{1,99}x.{1,99}y.{1,99}z", "ways multiply"),
        ("a{1,9}a{1,9}a{1,9}a{1,9}", "ways multiply"),
        ("[0-9]+", "upper end"),
        ("x{0,9}", "empty text"),
        ("(?:(?:ab){30}){40}", "more than 1024 bytes"),
        ("(?:" + "|".join(f"{one:04}" for one in range(2000)) + ")", "characters long"),
        ("(?=a)b", "assert"),
        (r"(a)\1", "groupref"),
        (r"\bx", "bound"),
        ("(?i)x", "case"),
        ("[[:alpha:]]", "no regular expression"),
        ("(x", "no regular expression"),
        ("a{99999999999999}", "repeats too often"),
    ],
)
def test_what_costs_too_much_or_means_nothing_is_refused(source, why):
    assert why in "; ".join(objections(source, 1024))


@pytest.mark.parametrize(
    "source",
    [
        "[0-9]{12}", "[0-9]{4}(?:[ -]?[0-9]{4}){3}", r"(?:\s?[0-9]){9,12}", "^MAT$",
        "(?:[0-9]{1,3}[.]){3}[0-9]{1,3}", "(?:ab?c){2,50}", "(?:[a-z]{1,9} ){1,30}",
        "(?:[ ;]| - |; ){1,2}", r"[0-9]{12}\|[^|\r\n]{2,80}\|[0-9]{8}", "(?i:nam|nu)",
    ],
)  # fmt: skip
def test_what_people_write_is_taken(source):
    assert objections(source, 1024) == []


def test_widths_are_bytes():
    assert widths("[0-9]{2}x?") == (2, 3)
    assert MOST_PLACES > 0

"""Expressions that are refused before anything runs them."""

from __future__ import annotations

import pytest

from auditor.inspect.detectors.structure import (
    MOST_PLACES,
    digits,
    literal,
    members,
    objections,
    widths,
)


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


@pytest.mark.parametrize(
    ("source", "together"),
    [
        ("[0-9]{10}", 10),
        ("[0-9]{3}[ .][0-9]{4,6}", 4),
        ("[0-9]{6,7}(?:[.,][0-9]{1,4})?[0-9]", 6),
        ("(?:84|0084)[35789][0-9]{8}", 11),
        ("A(?:1[0-9]|[0-9]{4}x)", 2),
        ("(?:[0-9]{3})?a", 0),
        ("^(?:19|20)[0-9]{2}$", 4),
        ("[0-9a]{5}", 0),
    ],
)
def test_digits_that_must_stand_together_are_counted(source, together):
    assert digits(source) == together


@pytest.mark.parametrize(
    ("source", "longest"), [("P[A-Z]{9}", 1), ("ab[0-9]cde", 3), ("(?:abc|d)", 0)]
)
def test_a_literal_is_what_every_match_contains(source, longest):
    assert literal(source) == longest


@pytest.mark.parametrize(
    ("source", "own"),
    [
        ("[0-2]{3}", b"012"),
        (r"(?:ab|c)+\.x?$", b".abcxABCX"),
        ("^[^\\x00-\\xfd]", b"\xfe\xff"),
    ],
)
def test_no_byte_stands_in_a_match_but_those_that_are_told(source, own):
    assert set(members(source)) == set(own)

"""Items: what is found does not depend on how text comes, and is what a plain search finds."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.detectors import items
from auditor.inspect.detectors.search import Search
from tests.inspect.detectors.made import (
    ALL,
    CARD,
    CHECKS,
    KEY,
    PERSON,
    PHONE,
    PLATE,
    SECRET,
    TOPIC,
    detector,
    searched,
    slowly,
    told,
)  # fmt: skip

SEARCH = Search(ALL, KEY, CHECKS)
LETTERS = (
    "số cccd", "SỐ CCCD", unicodedata.normalize("NFD", "số cccd"), "căn cước", "can cuoc",
    "điện thoại", "Điện Thoại", "biển số", "“", "\u00a0", "ế", "\u0301",
    "TUYỆT MẬT", "tuyệt mật", "tần số",
    "079085012345", "0790850123456", "4111 1111 1111 1111", "4111111111111111", "0912345678",
    "+84912345678", "0912 345 678", "30A-12345", "51F1234", " ", "\n", ", ", "-", "x", "1",
    "so_cccd", "tel:", "mst", "bang tan", "x" * 45,
)  # fmt: skip
PIECES = [*(one.encode() for one in LETTERS), b"\xff", b"\xe2", b"\xc2"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=24).map(b"".join)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_what_is_found_is_what_a_search_by_plain_expressions_finds(text):
    counted = []
    item = SEARCH.item(0, "here")
    item._count = lambda spans, _: counted.extend(spans)
    item.text(text)
    item.close()
    plainly = slowly(SEARCH, text)
    assert sorted(one._replace(sought=one.sought.rank) for one in counted) == sorted(
        one._replace(sought=one.sought.rank) for one in plainly
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3).map(b" 12345 ".join))
def test_words_near_no_number_change_nothing_however_many(text):
    many = b"m\xc3\xa3 mst tin " * 3 + text + b" mst bi\xe1\xbb\x83n s\xe1\xbb\x91 tel: " * 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[Search.__module__], "_MANY", 1)
        bulk = told(searched(SEARCH, many))
    assert bulk == told(searched(SEARCH, many))


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, max_size=6), st.integers(1, 50), st.integers(40, 200))
def test_how_a_text_is_cut_and_where_windows_end_changes_nothing(texts, size, window):
    text = b"".join(texts)
    whole = searched(SEARCH, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(items, "WINDOW", window)
        patch.setattr(items, "MARGIN", 300)  # the detectors here reach no further
        cut = [text[place : place + size] for place in range(0, len(text), size)]
        in_pieces = searched(SEARCH, *cut)
    assert told(in_pieces) == told(whole)
    assert in_pieces.secret == whole.secret


def test_matches_at_the_end_of_a_window_are_found_once():
    record = "Số CCCD 079085012345; ".encode()
    for before in (items.WINDOW - 30, items.WINDOW - 12, items.WINDOW - 1, items.WINDOW + 3):
        item = searched(SEARCH, b" " * before, record, b" " * 100_000)
        assert [(one.detector.id, one.matches) for one in item.found] == [("person", 1)]


def test_pieces_with_a_place_do_not_reach_into_each_other():
    item = SEARCH.item(1, "SMTP")
    item.text(b"so cccd 0790850", "command")
    item.text(b"12345 30A-12345", "reply")
    item.text("biển số".encode(), "reply")
    item.text(b"4111 1111", "one")
    item.text(b" 1111 1111", "")
    item.close()
    assert [(one.detector.id, one.places) for one in item.found] == [("card", ("SMTP / one",))]


def test_a_number_counts_for_the_detector_whose_word_is_nearer():
    account = detector(
        "account", patterns=["[0-9]{9,14}"], bound="digits",
        context={"words": ["stk"], "within": 200},
    )  # fmt: skip
    search = Search((account, PERSON, PHONE), KEY, CHECKS)
    text = "Căn cước: 079085012345, điện thoại 0912345678, STK 190355667788".encode()
    found = {one.detector.id: one.matches for one in searched(search, text).found}
    assert found == {"account": 1, "person": 1, "phone": 1}


def test_numbers_without_their_words_are_nothing_and_with_enough_of_them_a_weak_hit():
    assert searched(SEARCH, b"079085012345 0912345678").found == []
    [found] = searched(SEARCH, b"0912345678 0912345679 0912345679 0912345670").found
    assert (found.detector.id, found.certainty, found.matches) == ("phone", "weak", 4)
    assert found.subjects.count == 3


def test_one_value_written_in_two_ways_is_one_subject():
    [found] = searched(SEARCH, b"4111 1111 1111 1111\n4111-1111-1111-1111\n4111111111111111").found
    assert (found.matches, found.subjects.count) == (3, 1)
    assert found.samples == ("41***************11", "41************11")


def test_a_secrecy_mark_hides_all_samples_of_its_item_and_is_told_at_once():
    item = SEARCH.item(0, "SMTP attachment")
    item.text("TUYỆT MẬT\nsố cccd 079085012345".encode() + b" " * 2 * items.WINDOW)
    assert item.secret
    item.close()
    assert {one.detector.id for one in item.found} == {"secret", "person"}
    assert all(one.withheld and not one.samples for one in item.found)


@pytest.mark.parametrize("text", ["tuyệt mật", "Tuyệt Mật", "TUYET MAT", "TUYỆT MẬTS", "BẢO MẬT"])
def test_what_is_no_secrecy_mark_is_none(text):
    assert not searched(SEARCH, text.encode()).secret


def test_a_mark_counts_composed_and_decomposed():
    for form in ("NFC", "NFD"):
        assert searched(SEARCH, unicodedata.normalize(form, "“TUYỆT MẬT”").encode()).secret


def test_samples_are_withheld_where_the_owner_says_so():
    item = SEARCH.item(0, "here", withheld=True)
    item.text(b"4111 1111 1111 1111")
    item.close()
    [found] = item.found
    assert (found.samples, found.withheld) == ((), True)


def test_a_topic_needs_different_words_not_the_same_one_twice():
    assert searched(SEARCH, "tần số, TAN SO, tần số".encode()).found == []
    [found] = searched(SEARCH, "tần số và Băng tần".encode()).found
    assert (found.detector.id, found.subjects.count) == ("topic", 2)


def test_a_fact_is_a_hit_of_the_detectors_that_ask_for_it():
    search = Search((detector("geodata", kind="container", facts=["geodata"]), CARD), KEY, CHECKS)
    item = search.item(0, "SMB write / map.tif")
    item.fact("geodata", "GeoTIFF\u202e")
    item.fact("other")
    item.close()
    [found] = item.found
    assert (found.detector.id, found.certainty, found.samples) == ("geodata", "weak", ("GeoTIFF·",))
    assert found.places == ("SMB write / map.tif",)


def test_no_value_is_held_after_the_item_is_closed():
    search = Search((CARD, PLATE, SECRET, TOPIC), KEY, CHECKS)
    searched(search, b"4111 1111 1111 1111")
    assert all(not sought._judged for sought in search.sought)

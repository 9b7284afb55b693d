"""Columns of tables."""

from __future__ import annotations

import random

import pytest

from auditor.inspect.detectors import tables
from auditor.inspect.detectors.search import Search
from auditor.inspect.detectors.tables import folded, names_of
from auditor.model.subjects import Subjects
from tests.inspect.detectors.made import ALL, CARD, CHECKS, KEY, detector, luhn, told

SEARCH = Search(ALL, KEY, CHECKS)


def item_of(*batches, search=SEARCH, names=("a", "b")):
    """An item with the batches of one table."""
    item = search.item(0, "HTTP request body / khach.csv")
    for columns in batches:
        item.table(names, columns)
    item.close()
    return item


def numbers(count, seed=1):
    """So many different numbers of 12 digits."""
    return [f"0790{one:08}" for one in random.Random(seed).sample(range(10**8), count)]


def test_a_column_of_numbers_under_its_name_is_one_firm_hit():
    cells = numbers(5000)
    item = item_of([cells, ["x"] * 5000], names=("Số CCCD", "ghi chú"))
    [found] = item.found
    assert (found.detector.id, found.certainty, found.matches) == ("person", "firm", 5000)
    assert found.subjects.count == 5000
    assert found.places == ("HTTP request body / khach.csv / column Số CCCD",)
    assert found.samples == tuple(f"07********{one[-2:]}" for one in cells[:3])


def test_twelve_scattered_numbers_are_nothing():
    cells = [*numbers(12), *("x" * 12 for _ in range(300))]
    assert item_of([cells, [None] * 312]).found == []


def test_a_column_without_a_telling_name_needs_many_values_of_one_form():
    for count, hits in ((19, 0), (20, 1)):
        item = item_of([numbers(count), ["x"] * count], names=("f1", ""))
        assert len(item.found) == hits
    assert item.found[0].certainty == "likely"


def test_values_that_do_not_fit_may_be_few_only():
    mixed = [*numbers(40), *("none",) * 60]
    assert item_of([["x"] * 100, mixed], names=("x", "điện thoại")).found == []
    [found] = item_of(
        [[*numbers(70), *("none",) * 30, *(" ", None) * 50]], names=("so_cccd",)
    ).found
    assert (found.matches, found.subjects.count) == (70, 70)


def test_batches_of_a_table_add_up_and_make_no_difference():
    cells = numbers(90)
    names = [f"Người {one % 40}" for one in range(90)]
    whole = item_of([cells, names], names=("số CCCD", "Họ tên"))
    parts = item_of(
        *([cells[place : place + 30], names[place : place + 30]] for place in (0, 30, 60)),
        names=("số CCCD", "Họ tên"),
    )
    assert told(parts) == told(whole)
    counts = {one.detector.id: (one.matches, one.subjects.count) for one in whole.found}
    assert counts == {"person": (90, 90), "name": (90, 40)}


@pytest.mark.parametrize("held", [0, 100, 500, tables.MOST_HELD])
def test_values_are_counted_once_whether_they_are_held_or_hashed_at_once(held, monkeypatch):
    monkeypatch.setattr(tables, "MOST_HELD", held)
    cells = [*numbers(40), *numbers(20), *numbers(60, seed=2)]
    batches = [[cells[place : place + 30]] for place in range(0, 120, 30)]
    for names in (("so_cccd",), ("x",)):
        [found] = item_of(*batches, names=names).found
        assert (found.matches, found.subjects.count) == (120, len(set(cells)))
        values = SEARCH.sought[0].hashing.of_many(sorted({one.encode() for one in cells}))
        assert found.subjects.to_bytes() == Subjects(values).to_bytes()


def test_a_column_that_counts_is_not_searched_as_text_again():
    search = Search((CARD,), KEY, CHECKS)
    good = [
        one for one in map(str, range(4111111111111000, 4111111111113000)) if luhn(one.encode())
    ]
    for name in ("card", "Card (Visa)", "khach.card"):
        [found] = item_of([good], search=search, names=(name,)).found
        assert (found.matches, found.subjects.count) == (len(good), len(good))
        assert len(found.places) == 1


def test_what_stands_in_other_columns_is_searched_as_text():
    notes = ["gọi lại", "số cccd 079085012345 của khách", None]
    [found] = item_of([["1", "2", "3"], notes]).found
    assert (found.detector.id, found.certainty, found.samples) == (
        "person",
        "likely",
        ("07********45",),
    )


def test_a_word_in_one_cell_speaks_for_the_number_in_the_next():
    [found] = item_of([["căn cước"], ["079085012345"]]).found
    assert found.detector.id == "person"


def test_any_value_counts_under_a_name_that_says_so():
    rows = ["Trần A", "Trần A", "", None, "  ", "Lê B"]
    [found] = item_of([rows], names=("hoTen",)).found
    assert (found.matches, found.subjects.count, found.samples) == (3, 2, ("******", "****"))
    assert item_of([["Trần A", "Trần A"]], names=("ho_ten",)).found == []


def test_one_value_counts_for_one_detector_of_a_column():
    twin = detector("twin", patterns=["[0-9]{12}"], columns=["so cccd"], check="even")
    search = Search((*ALL, twin), KEY, CHECKS)
    assert [
        one.detector.id for one in item_of([numbers(9)], search=search, names=("cccd",)).found
    ] == []
    found = item_of([numbers(9)], search=search, names=("so cccd",)).found
    assert [one.detector.id for one in found] == ["person"]


def test_rows_of_uneven_names_and_broken_letters_do_no_harm():
    item = item_of([["\ud800 x", "TUYỆT MẬT"], ["1", None], ["", ""]], names=("a\ud800",))
    assert item.secret
    assert item_of([], [[]], [[], []]).found == []


def test_names_of_columns_are_compared_by_their_letters_alone():
    assert {folded(one) for one in ("soCCCD", "SO_CCCD", "Số CCCD", "so-cccd ")} == {"socccd"}
    assert names_of("Khách.SĐT/Zalo") == {"khachsdtzalo", "khach", "sdt", "zalo"}
    assert names_of("???") == set()

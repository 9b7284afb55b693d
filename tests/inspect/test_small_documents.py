"""Small documents that are built alike are one table; others, and what they hold, stay apart."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect import small_documents
from auditor.inspect.small_documents import SmallDocument, SmallDocuments
from auditor.model.content import STATE_SECRET
from tests.inspect.inspecting import all_of, found, one, search
from tests.inspect.recorder import head

NUMBERS = [f"0010990{number:05d}" for number in range(10000, 10400)]


def posted(body: bytes) -> bytes:
    return (
        b"POST /up HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        % (len(body), body)
    )


def answer(numbers, name="so_cccd", **more) -> bytes:
    rows = [{"stt": place, name: number, "ghi_chu": "-"} for place, number in enumerate(numbers)]
    return posted(json.dumps({"data": rows, **more}).encode())


class Owner:
    """Keeps the items that were judged."""

    def __init__(self):
        self.items = []

    def item(self, side, place):
        return search().item(side, place)

    def judged(self, side, item):
        self.items.append(item)


def document(*pieces) -> SmallDocument:
    small = SmallDocument()
    for piece in pieces:
        assert small.text(piece) if isinstance(piece, bytes) else small.table(*piece)
    return small


def judged(*placed):
    """The items of some small documents with their places."""
    owner = Owner()
    documents = SmallDocuments(owner, 0)
    for place, small in placed:
        documents.add(place, small)
    documents.close()
    return owner.items


def rows(*numbers, name="so_cccd"):
    return [name], [list(numbers)]


def test_records_in_many_answers_count_as_in_one():
    pages = [(0, answer(NUMBERS[at : at + 4])) for at in range(0, 400, 4)]
    [(_, _, distinct, places)] = found(one(head(), pages)[0], detector="personal-number")
    assert (distinct, places) == (400, ("HTTP request body / column so_cccd",))


def test_a_column_that_says_nothing_is_recognised_over_several_answers():
    def hits(pages):
        return found(one(head(), pages)[0], detector="personal-number")

    pages = [(0, answer(NUMBERS[at : at + 4], "ma")) for at in range(0, 200, 4)]
    assert not hits(pages[:1])
    [(_, _, distinct, _)] = hits(pages)
    assert distinct == 200


def test_other_values_under_the_same_names_do_not_hide_those_of_a_column():
    owner = judged(
        ("here", document(rows(*NUMBERS[:60], name="ma"))),
        ("here", document(rows(*["đỏ", "xanh"] * 200, name="ma"))),
    )
    assert [[each.detector.id for each in item.found] for item in owner] == [
        ["personal-number"],
        [],
    ]


def test_documents_at_other_places_and_with_other_columns_stay_apart():
    three = rows(*NUMBERS[:3])
    items = judged(
        ("a.csv", document(three)),
        ("b.csv", document(three)),
        ("a.csv", document(rows(*NUMBERS[:3], name="cccd"))),
        ("a.csv", document(rows(*NUMBERS[3:6]))),
    )
    assert [(item.place, item.found[0].subjects.count) for item in items] == [
        ("b.csv", 3),
        ("a.csv", 3),
        ("a.csv", 6),
    ]


def test_no_word_reaches_from_one_document_into_the_next():
    number, table = NUMBERS[0].encode(), rows("x", name="a")
    apart = judged(("", document(b"So CCCD: ", table)), ("", document(number, table)))
    assert not [item.found for item in apart if item.found]
    [item] = judged(("", document(b"So CCCD: " + number, table)))
    assert [each.detector.id for each in item.found] == ["personal-number"]


def test_only_so_many_kinds_are_open():
    owner = Owner()
    documents = SmallDocuments(owner, 0)
    for number in range(10 * small_documents.MOST_OPEN):
        documents.add("", document(rows("x", name=f"a{number}")))
    assert len(owner.items) == 9 * small_documents.MOST_OPEN


def test_a_document_is_small_up_to_a_number_of_characters_of_text_and_of_cells():
    small = SmallDocument()
    assert small.text(b"x" * small_documents.MOST_TEXT)
    assert not small.text(b"x")
    small = SmallDocument()
    assert not small.table(*rows("x" * small_documents.MOST_CELLS))
    small = SmallDocument()
    empty = sum(small.table(["a"], []) for _ in range(small_documents.MOST_CELLS))
    assert empty < small_documents.MOST_CELLS


@pytest.mark.parametrize("first", [0, 1])
def test_a_secrecy_mark_withholds_what_came_before_and_after_it(first):
    mark = posted("BỘ CÔNG AN\n\nTUYỆT MẬT\n\nKính gửi các đơn vị\n".encode())
    pages = [answer(NUMBERS[at : at + 4]) for at in range(0, 40, 4)]
    pages.insert(0 if first else 10, mark)
    hits = one(head(), [(0, page) for page in pages])[0].hits
    assert {STATE_SECRET} in [set(hit.labels) for hit in hits]
    assert "personal-number" in {hit.detector for hit in hits}
    assert all(hit.withheld and not hit.samples for hit in hits)


@pytest.mark.parametrize("name", ["so_cccd", "ma"])
@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3000), st.lists(st.integers(0, 60), min_size=1, max_size=30))
def test_cutting_elsewhere_changes_nothing(name, size, counts):
    said, at = [], 0
    for count in counts:
        said.append((0, answer(NUMBERS[at % 340 : at % 340 + count], name, trang=count)))
        at += count
    assert all_of(*one(head(), said, size)) == all_of(*one(head(), said))

from auditor.inspect.documents import rows as module
from auditor.inspect.documents.records import add_all, flat
from auditor.inspect.documents.rows import MOST_SAME, Rows, cleaned
from tests.inspect.documents.cutting import rows_of
from tests.inspect.recorder import RecordedPages


def test_records_with_other_names_share_a_table():
    pages = RecordedPages()
    rows = Rows(pages)
    rows.add(("a", "b"), ("1", "2"))
    rows.add(("c", "a", "a"), ("3", "4", "5"))
    rows.flush()
    assert pages.tables == [
        (("a", "b", "c", "a"), [["1", "4"], ["2", None], [None, "3"], [None, "5"]])
    ]


def test_tables_are_handed_on_before_they_grow_too_large(monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 100)
    pages = RecordedPages()
    rows = Rows(pages)
    for at in range(200):
        rows.add((f"n{at % 30}",), (str(at),))
    rows.flush()
    assert sum(cell is not None for row in rows_of(pages) for cell in row) == 200
    assert max(len(names) * len(columns[0]) for names, columns in pages.tables) <= 130


def test_what_stands_beyond_the_columns_is_text(monkeypatch):
    monkeypatch.setattr(module, "MOST_COLUMNS", 3)
    pages = RecordedPages()
    rows = Rows(pages)
    rows.add(tuple("abcde"), tuple("12345"))
    rows.flush()
    assert pages.tables[0][0] == ("a", "b", "c")
    assert pages.data == b"d: 4\ne: 5\n"


def test_halves_of_surrogate_pairs_are_replaced():
    assert cleaned(["a", None, "\ud800"]) == ["a", None, "?"]


def test_records_alike_and_not_give_the_same_rows():
    alike = [{"a": {"b": str(at), "c": [True, None]}, "d": "x"} for at in range(5)]
    for records in (
        alike,
        [*alike, {"d": "y", "a": {}}],
        [{"a": [str(at)] * 40} for at in range(3)],
        [
            {"d": str(at), "a": ["x"] * (at % 3)} | ({"e": {"f": "y"}} if at % 5 else {})
            for at in range(99)
        ],
    ):
        one, other = RecordedPages(), RecordedPages()
        rows = Rows(one)
        add_all(rows, records)
        rows.flush()
        rows = Rows(other)
        for record in records:
            rows.add(*flat(record))
        rows.flush()
        assert one.tables == other.tables


def test_long_lists_of_a_record_are_bounded_columns():
    names, values = flat({"a": [str(at) for at in range(1000)]})
    assert len(names) == MOST_SAME + 1
    assert values[-1].endswith("\n999")


def test_kinds_of_records_with_more_columns_than_a_table_has_keep_their_values(monkeypatch):
    monkeypatch.setattr(module, "MOST_COLUMNS", 5)
    records = [{f"n{kind}{at}": str(kind) for at in range(3)} for kind in range(4)] * 8
    pages = RecordedPages()
    rows = Rows(pages)
    add_all(rows, records)
    rows.flush()
    assert sum(cell is not None for row in rows_of(pages) for cell in row) == 96


def test_tables_of_names_that_are_ever_new_are_handed_on_sooner(monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 400)
    monkeypatch.setattr(module, "MOST_EMPTY", 4)
    pages = RecordedPages()
    rows = Rows(pages)
    for at in range(100):
        rows.add((f"n{at}",), (str(at),))
    rows.flush()
    for at in range(100):
        rows.add(("a", "b"), (str(at), "x"))
    rows.flush()
    assert sum(cell is not None for row in rows_of(pages) for cell in row) == 300
    assert max(len(names) for names, _ in pages.tables) == 10  # 100 cells
    assert len(pages.tables[-1][1][0]) == 100  # full tables are as long as before

import pytest

from auditor.inspect.documents.xml_records import LONGEST, learned, meant


def read(record):
    """A parser that knows one kind of record."""
    value = record.split(">", 2)[2].split("<")[0]
    return [("d.r", [("a", value)])]


def test_a_shape_takes_all_records_that_are_written_alike():
    shape = learned("<r><a>1</a></r>\n", read)
    text = "".join(f"<r><a>{at}</a></r>\n" for at in range(50))
    assert shape.rows == [("d.r", ("a",), [0])]
    assert shape.one(text, 0) == (len("<r><a>0</a></r>\n"), ("0",))
    assert shape.every(text, 0) == [[str(at) for at in range(50)]]


def test_a_shape_takes_one_record_where_others_stand_between():
    shape = learned("<r><a>1</a></r>", read)
    text = "<r><a>1</a></r><r><b>2</b></r><r><a>3</a></r>"
    assert shape.one(text, 0) == (15, ("1",))
    assert shape.every(text, 0) is None
    assert shape.one(text, 15) is None


@pytest.mark.parametrize(
    "record",
    [
        "<r><!-- 1 --><a>1</a></r>",
        "<r><a b='1>1</a></r>",
        "<r><a>" + "<b>1</b>" * 600 + "</a></r>",
        "<r/>",
    ],
)
def test_records_of_which_no_pattern_can_be_made(record):
    assert learned(record, lambda _: None) is None


def test_a_pattern_is_refused_where_a_field_is_more_than_one_value():
    assert learned("<r><a>1</a><b>2</b></r>", lambda _: [("d.r", [("a", "both")])]) is None


def test_hostile_records_stay_cheap():
    for piece in ("<r a='", "<![CDATA[", "<a>", "<a b=", "''", "< "):
        learned(piece * (LONGEST // len(piece)), lambda _: None)


def test_references_are_what_they_stand_for():
    assert meant([" A &amp;&#66; ", "&lt;&#x43;", "&nosuch;", "&#0;x"]) == [
        "A &B",
        "<C",
        "&nosuch;",
        "x",
    ]

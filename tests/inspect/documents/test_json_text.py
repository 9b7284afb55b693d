import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.contracts import About
from auditor.inspect.documents import json_text
from auditor.inspect.documents.json_text import WINDOW, JsonDocument
from tests.inspect.documents.cutting import damaged, pages_of, rows_of, written
from tests.inspect.recorder import RecordedPages

RECORDS = [
    {"id": at, "tên": f"Nguyễn {at}", "so_cccd": f"0010900{at:05d}", "gia": 1.50, "ok": at % 2 == 0}
    for at in range(5000)
]
PATIENT = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:cccd", "value": "001090012345"}],
    "name": [{"text": "Trần Thị B", "given": ["B", "Thị"]}],
    "birthDate": "1990-01-01",
}


def read(value: object, size: int | None = None):
    return pages_of(JsonDocument(), json.dumps(value, ensure_ascii=False).encode(), size)


def test_an_object_becomes_lines_with_paths():
    text = read(PATIENT).data.decode()
    assert "identifier.value: 001090012345\n" in text
    assert "name.text: Trần Thị B\n" in text
    assert "birthDate: 1990-01-01\n" in text


def test_an_array_of_objects_becomes_a_table():
    pages = read(RECORDS)
    assert pages.tables[0][0] == ("id", "tên", "so_cccd", "gia", "ok")
    rows = rows_of(pages)
    assert len(rows) == 5000
    assert rows[4999] == ("4999", "Nguyễn 4999", "001090004999", "1.5", "false")


def test_arrays_within_objects_and_bundles_of_resources_become_tables():
    pages = read({"total": 3000, "entry": [{"resource": PATIENT}] * 3000})
    assert "total: 3000" in pages.data.decode()
    names = pages.tables[0][0]
    assert "resource.identifier.value" in names
    assert len(rows_of(pages)) == 3000
    assert names.count("resource.name.given") == 2


def test_small_arrays_deep_within_become_tables_too():
    pages = read({"data": {"rows": [{"a": "1"}, {"a": "2", "b": {"c": None}}]}})
    assert pages.tables == [(("a", "b.c"), [["1", "2"], [None, None]])]


def test_lines_of_json_become_a_table():
    data = "\n".join(json.dumps(record) for record in RECORDS).encode()
    assert rows_of(pages_of(JsonDocument(), data, 10_000)) == rows_of(read(RECORDS))


def test_records_of_other_shapes_keep_all_values():
    records = [{"a": 1}, {"b": "x"}, {"a": 2, "c": [1, 2]}, {}] * 2000
    rows = rows_of(read(records))
    assert sum(cell == "x" for row in rows for cell in row) == 2000
    assert len(rows) == 8000


def test_numbers_stay_as_they_were_written():
    data = b'{"so": 001, "n": 123456789012345678901234567890, "x": 1.500, "e": 1E5}'
    assert b"1.500" in pages_of(JsonDocument(), data).data
    data = data.replace(b"001", b"12")
    text = pages_of(JsonDocument(), data).data
    assert text == b"so: 12\nn: 123456789012345678901234567890\nx: 1.500\ne: 1E5\n"


def test_a_string_longer_than_a_window_is_read():
    pages = pages_of(JsonDocument(), b'{"a":"' + b'x\\"' * WINDOW + b'","b":"c"}', 50_000)
    assert pages.data.count(b"x") == WINDOW
    assert pages.data.endswith(b"b: c\n")


def test_half_a_surrogate_pair_can_be_written():
    pages = pages_of(JsonDocument(), b'[{"a":"\\ud83d"},{"a":"b"}]')
    pages.tables[0][1][0][0].encode()
    pages_of(JsonDocument(), b'{"\\ud83d":"\\ud83d"}')


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":[', b'{"a":[{"b":'])
def test_deep_nesting_ends_in_text(opening):
    pages = pages_of(JsonDocument(), opening * 200_000 + b'"001090012345"')
    assert b"001090012345" in pages.data


def test_what_is_cut_is_read_as_far_as_it_goes():
    data = json.dumps(RECORDS).encode()
    rows = rows_of(pages_of(JsonDocument(), data[: len(data) // 2]))
    assert len(rows) > 2000


def test_what_turns_out_to_be_no_json_is_read_as_text():
    assert b"hotline 19001234" in pages_of(JsonDocument(), b'{"a": 1} hotline 19001234').data


def test_geojson_is_geodata():
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [105.8, 21.0]}}
    pages = read({"type": "FeatureCollection", "features": [feature, feature]})
    assert pages.facts == [("geodata", "GeoJSON, in Vietnam")]
    feature["geometry"]["coordinates"] = [2.3, 48.8]
    assert read(feature).facts == [("geodata", "GeoJSON, elsewhere")]
    assert read({"type": "Feature", "name": "x"}).facts == []


def test_json_is_recognised():
    for data in (b'{"a":1}', b"[1,2]", b' [{"a"', '{"tên"'.encode("utf-16"), b"\xef\xbb\xbf{}"):
        assert JsonDocument().sniff(data, About()) > 0.2, data
    for data in (b"{not json}", b"[INFO] start", b"hello", b"", b"[\x00\x01\x02"):
        assert JsonDocument().sniff(data, About()) == 0, data


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)


@settings(max_examples=40, deadline=None)
@given(VALUES, st.integers(1, 40))
def test_cuts_change_nothing(value, size):
    assert written(read(value, size)) == written(read(value))


@pytest.mark.parametrize("size", [4096, 100_003])
def test_cuts_change_nothing_over_windows(size):
    for value in (RECORDS, {"a": [{"b": "x" * WINDOW}, {"b": RECORDS[:2000]}]}, ["x"] * 90_000):
        assert written(read(value, size)) == written(read(value))


def test_damaged_bytes_do_no_harm():
    for data in damaged(json.dumps([PATIENT, *RECORDS[:20]]).encode(), 60):
        JsonDocument().sniff(data[:4096], About())
        pages_of(JsonDocument(), data, 500)


LETTERS = st.text('[]{}",:\\ aệ', max_size=9)
VALUES = st.recursive(
    LETTERS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LETTERS, inner, max_size=4)
)


@settings(max_examples=200, deadline=None)
@given(st.lists(VALUES, min_size=1) | st.dictionaries(LETTERS, VALUES, min_size=1), LETTERS)
def test_a_value_is_parsed_wherever_it_ends_within_a_window(value, behind):
    text = json.dumps(value, ensure_ascii=False)
    reading = JsonDocument().reading(About(), RecordedPages())
    reading._text = text + behind
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "WINDOW", 64)
        assert reading._ends() or len(text) > 64


def test_a_long_document_of_short_values_is_read_like_a_short_one():
    long = {"a": [{"n": at, "s": ["]", '{"', at]} for at in range(3)], "b": ["x" * WINDOW] * 2}
    short = {**long, "b": ["x", "x"]}
    assert read(long).tables == read(short).tables


def test_a_key_that_stands_twice_hides_neither_value():
    twice = b'{"ten": "A", "so": "001090012345", "so": "0"}'
    assert b"001090012345" in pages_of(JsonDocument(), twice).data
    pages = pages_of(JsonDocument(), b"[" + b",".join([twice] * 30) + b"]")
    names, *_ = pages.tables[0]
    assert names.count("so") == 2
    assert all("001090012345" in row for row in rows_of(pages))

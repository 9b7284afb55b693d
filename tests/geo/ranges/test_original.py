"""Publishers' files as they are given: hostile until checked."""

from __future__ import annotations

import gzip
from datetime import date

import pytest

from auditor.geo.ranges import original
from auditor.geo.ranges.original import Original, day_of, shown_text
from auditor.model.errors import GeoDataError


@pytest.fixture
def given(tmp_path):
    def write(content, name="file"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\x1f\x8b garbage", "damaged"),
        (gzip.compress(b"x" * 1000, mtime=0)[:-12], "cut short"),
    ],
)
def test_a_file_without_content_is_refused(given, content, told):
    with pytest.raises(GeoDataError, match=told):
        Original(given(content))


def test_what_unpacks_to_more_than_is_believed_is_refused(given, monkeypatch):
    monkeypatch.setattr(original, "MOST_BYTES", 1000)
    with pytest.raises(GeoDataError, match="larger"):
        Original(given(gzip.compress(b"x" * 5000, mtime=0)))


def test_a_folder_or_nothing_is_no_file(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(GeoDataError, match="is no file"):
            Original(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"a":' + b"[" * 1_000_000, "nested too deeply"),
        (b'{"a":' + b"9" * 5000 + b"}", "beyond all measure"),
        (b'{"a": 1', "is no JSON: line 1"),
        ("[1]".encode("utf-16"), "is not UTF-8"),
    ],
)
def test_json_that_is_none_or_without_measure_is_refused(given, content, told):
    with pytest.raises(GeoDataError, match=told):
        Original(given(content)).json()


def test_the_day_in_a_name_is_a_day_that_exists(given):
    days = {
        "ServiceTags_Public_20260615.json": date(2026, 6, 15),
        "IPv4-2026-03-22.csv.gz": date(2026, 3, 22),
        "x-20261345.json": None,
        "build-1202606151.json": None,
    }
    assert {name: Original(given(b"x", name)).day_in_name() for name in days} == days


def test_a_day_is_read_from_the_beginning_of_a_time():
    assert day_of("2026-06-17-21-34-18") == day_of("2026-06-17T00:00:00Z") == date(2026, 6, 17)
    assert [day_of(value) for value in ("soon", 20260617, None, "2026-02-30")] == [None] * 4


def test_shown_text_has_one_line_and_one_direction():
    assert shown_text("Hà\u202e Nội\n\x1b[31m") == "Hà Nội [31m"
    assert len(shown_text("x" * 1000)) == 100

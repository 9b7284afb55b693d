"""Lengths of time, sizes, names, zones and paths as people write them, and as they should not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from auditor.agent.fields import Clock, Name, Part, Size, Span, Where, Zone


class Sample(Part):
    """Any part of the file."""

    name: str = ""


def read(kind: Any, value: object, folder: Path | None = None) -> Any:
    return TypeAdapter(kind).validate_python(value, context=folder and {"folder": folder})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("6h", 21_600), ("2d", 172_800), ("2 d", 172_800)],
)
def test_a_length_of_time_has_a_number_and_a_unit(text, seconds):
    assert read(Span, text) == timedelta(seconds=seconds)


def test_the_longest_length_that_can_be_written_is_a_length():
    assert read(Span, "999999d") == timedelta(days=999_999)


@pytest.mark.parametrize(
    "value",
    ["0s", "01m", "90", 90, 1.5, None, True, "1.5h", "-1h", "1w", "1h30m", "2  d", "1h\n", "٣h",
     "1000000s", ["1h"]],
)  # fmt: skip
def test_other_lengths_are_refused_with_an_example(value):
    with pytest.raises(ValidationError, match="such as 90s, 15m, 6h or 2d"):
        read(Span, value)


def test_sizes_are_in_powers_of_ten():
    assert [read(Size, each) for each in ("1kB", "64MB", "2 GB", "3TB")] == [
        1_000, 64_000_000, 2_000_000_000, 3_000_000_000_000,
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["0MB", "64", 64, "64mb", "64MiB", "1.5GB", "64MB\n", None])
def test_other_sizes_are_refused_with_an_example(value):
    with pytest.raises(ValidationError, match="such as 64MB or 2GB"):
        read(Size, value)


@pytest.mark.parametrize("text", ["night", "0", "a-b-c", "a" * 60])
def test_a_name_can_be_part_of_a_path(text):
    assert read(Name, text) == text


@pytest.mark.parametrize(
    "text", ["", "-a", "Night", "a/b", "..", "a.b", "a_b", "đêm", "a\n", "a" * 61]
)
def test_a_name_that_could_lead_elsewhere_is_refused(text):
    with pytest.raises(ValidationError, match="use small letters, digits and -, 60 at most"):
        read(Name, text)


def test_a_zone_is_one_of_the_tz_database():
    assert read(Zone, "Asia/Ho_Chi_Minh") == "Asia/Ho_Chi_Minh"
    for text in ("Hanoi", "+07:00", "../../etc/passwd", ""):
        with pytest.raises(ValidationError, match="is no time zone"):
            read(Zone, text)


def test_a_time_of_the_day_has_two_digits_each():
    assert [read(Clock, each) for each in ("00:00", "23:59")] == ["00:00", "23:59"]
    for text in ("24:00", "7:30", "07:60", "07:30:00", "07:30\n", ""):
        with pytest.raises(ValidationError, match="write a time of the day in quotes"):
            read(Clock, text)


def test_a_path_is_meant_from_the_folder_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    assert read(Where, "in/night", tmp_path) == tmp_path / "in" / "night"
    assert read(Where, "/srv/in", tmp_path) == Path("/srv/in")
    assert read(Where, "~/in", tmp_path) == Path("/home/somebody/in")


@pytest.mark.parametrize("value", [7, None, ["a"], {"a": 1}, True, "", "a\0b", "~no-such-user/in"])
def test_what_is_no_path_is_refused_as_a_mistake_of_the_file(value):
    with pytest.raises(ValidationError, match="path"):
        read(Where, value)


@pytest.mark.parametrize(
    "key", ["password", "Passwords", "SECRET", "token", "keys", "passphrase", "credentials"]
)
def test_a_secret_is_refused_by_its_key_and_not_repeated(key):
    with pytest.raises(ValidationError) as refused:
        Sample.model_validate({key: "hunter2"})
    assert f"write {key}_env" in str(refused.value.errors()[0]["msg"])
    assert "hunter2" not in str(refused.value.errors()[0]["msg"])


def test_a_part_that_is_no_mapping_is_refused_and_not_searched():
    with pytest.raises(ValidationError):
        Sample.model_validate(["password"])
    assert Sample.model_validate({"name": "password"}).name == "password", "a value is no key"

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from auditor.model.documents import MOST_BYTES, Document, parse, read
from auditor.model.errors import PolicyError


class Server(Document):
    name: str
    countries: tuple[Annotated[str, Field(pattern="^[A-Z]{2}$")], ...] = ()
    port: Annotated[int, Field(ge=1)] | None = None


class Farm(Document):
    title: str
    kind: Literal["open", "closed"] = "open"
    since: date | None = None
    on_call: bool = False
    servers: tuple[Server, ...] = ()


def mistakes(text: str, kind: type[Document] = Farm) -> list[str]:
    """The lines of the message that name a place in the file."""
    with pytest.raises(PolicyError) as caught:
        parse(text, kind, "farm.yaml")
    return [
        line.strip().removeprefix("farm.yaml:")
        for line in caught.value.message.splitlines()
        if line.strip().startswith("farm.yaml:")
    ]


def test_a_right_file_becomes_a_frozen_document():
    farm = parse("title: Nhà máy\nsince: 2026-01-01\nservers: [{name: a, port: 1}]", Farm, "f")
    assert farm == Farm(
        title="Nhà máy", since=date(2026, 1, 1), servers=(Server(name="a", port=1),)
    )
    with pytest.raises(ValueError, match="frozen"):
        farm.title = "other"


def test_all_mistakes_come_at_once_each_with_its_line():
    found = mistakes(
        "kind: ajar\n"
        "servers:\n"
        "  - name: a\n"
        "    prot: 22\n"
        "  - port: 0\n"
        "    countries: [VN, vn]\n"
        "    colour: red\n"
    )
    assert [line.split(":")[0:2] for line in found] == [
        ["1", " title"],
        ["1", " kind"],
        ["4", " servers[1].prot"],
        ["5", " servers[2].name"],
        ["5", " servers[2].port"],
        ["6", " servers[2].countries[2]"],
        ["7", " servers[2].colour"],
    ]
    assert "is missing" in found[0]
    assert "'ajar'" in found[1]
    assert found[2].endswith("unknown key; did you mean 'port'?")
    assert found[6].endswith("unknown key")


def test_the_message_says_what_to_do():
    with pytest.raises(PolicyError) as caught:
        parse("titel: x", Farm, "farm.yaml")
    assert str(caught.value).startswith("farm.yaml: 2 mistakes:\n")
    assert "did you mean 'title'?" in str(caught.value)
    assert caught.value.hint
    assert caught.value.exit_code == 12


def test_a_key_that_stands_twice_is_a_mistake_with_both_lines():
    assert mistakes("title: a\nkind: open\ntitle: b\n") == [
        "3: title: this key stands twice (first in line 1)"
    ]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("title: [a\nkind: open", 2, "not YAML"),
        ("title: a\n\tkind: open", 2, "not YAML"),
        ("title: a\n---\ntitle: b", 2, "not YAML"),
        ("title: *nobody", 1, "not YAML"),
        ("title: a\nkind: !unknown b", 2, "!unknown"),
        ("title: a\nsince: 2026-13-45", 2, "month"),
        ("? [a, b]\n: c\ntitle: x", 1, "key"),
        ("", 1, "file"),
        ("# only a remark", 1, "file"),
        ("- a\n- b", 1, "file"),
        ("just words", 1, "file"),
    ],
)
def test_what_is_no_document_is_told_with_its_line(text, line, what):
    (found, *_) = mistakes(text)
    assert found.startswith(f"{line}: ")
    assert what in found


@pytest.mark.parametrize("text", ["", "- a", "words"])
def test_a_file_of_another_shape_is_told_in_words_for_people(text):
    (found,) = mistakes(text)
    assert "Farm" not in found


def test_a_control_character_is_told_with_its_own_line():
    (found, *_) = mistakes("title: a\nkind: open\nsince: \0\n")
    assert found.startswith("3: ")


@pytest.mark.parametrize(
    "text",
    [
        'title: !!python/object/apply:os.system ["touch made"]',
        "title: !!python/name:os.system",
        "!!python/object:os.system {title: a}",
        "!!python/object/new:os.system [touch made]",
    ],
)
def test_yaml_that_asks_for_code_runs_none_of_it(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert mistakes(text)
    assert list(tmp_path.iterdir()) == []


def test_aliases_may_be_used_with_measure():
    farm = parse(
        "title: &t x\nservers: [&one {name: *t, countries: [VN]}, *one]\n", Farm, "farm.yaml"
    )
    assert farm.servers[0] == farm.servers[1] == Server(name="x", countries=("VN",))


def test_aliases_that_multiply_are_stopped_and_named_once():
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]\n" for at in range(1, 12)
    )
    found = mistakes(text)
    assert sum("aliases" in line for line in found) == 1


@pytest.mark.parametrize(
    "text",
    [
        "title: &x [*x]",
        "&x\ntitle: *x",
        "title: " + "[" * 100 + "]" * 100,
        "title: " + "[" * 20_000 + "]" * 20_000,
        "{a: " * 5_000 + "}" * 5_000,
        "\n".join(" " * at + "a:" for at in range(2_000)),
    ],
    ids=["alias of itself", "root alias", "deep", "very deep", "deep flow", "deep block"],
)
def test_what_nests_without_end_is_a_mistake_not_a_crash(text):
    assert any("nested" in line for line in mistakes(text))


def test_a_message_stays_readable_however_many_mistakes_there_are():
    text = "title: a\n" + "".join(f"key{at}: 1\n" for at in range(3000))
    with pytest.raises(PolicyError) as caught:
        parse(text, Farm, "farm.yaml")
    assert "3000 mistakes" in caught.value.message
    assert len(caught.value.message.splitlines()) < 500


@pytest.mark.parametrize("number", ["9" * 5_000, "0x" + "f" * 50_000, "1e999999"])
def test_a_number_beyond_all_measure_is_a_mistake(number):
    found = mistakes(f"title: a\nservers: [{{name: a, port: {number}}}]")
    assert found[0].startswith("2: servers[1].port")
    assert len(found[0]) < 300


@pytest.mark.parametrize("written", ["NO", "no", "on", "Off", "yes"])
def test_a_word_that_yaml_takes_for_yes_or_no_is_refused_with_the_way_out(written):
    found = mistakes(f"title: a\nservers: [{{name: a, countries: [VN, {written}]}}]")
    assert len(found) == 1
    assert found[0].startswith("2: servers[1].countries[2]")
    assert "quotes" in found[0]


@pytest.mark.parametrize("written", ["12", "1.5", "2026-01-01", "1:30"])
def test_a_number_or_date_where_a_text_belongs_is_refused_with_the_way_out(written):
    (found,) = mistakes(f"title: {written}")
    assert found.startswith("1: title")
    assert "quotes" in found


def test_norway_in_quotes_is_a_country():
    farm = parse('title: a\nservers: [{name: a, countries: ["NO"]}]', Farm, "farm.yaml")
    assert farm.servers[0].countries == ("NO",)


@pytest.mark.parametrize("written", ["010", "1:30", "0o17"])
def test_a_number_that_does_not_mean_what_it_looks_like_is_refused(written):
    (found,) = mistakes(f"title: a\nservers: [{{name: a, port: {written}}}]")
    assert found.startswith("2: servers[1].port")


@pytest.mark.parametrize("text", ['title: "\\ud800"', '"\\ud800": x\ntitle: a'])
def test_half_a_character_is_a_mistake(text):
    assert mistakes(text)


def test_a_file_is_read_with_and_without_a_byte_order_mark(tmp_path):
    path = tmp_path / "farm.yaml"
    for mark in (b"", b"\xef\xbb\xbf"):
        path.write_bytes(mark + "title: Nhà".encode())
        assert read(path, Farm).title == "Nhà"


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "cp1258"])
def test_text_that_is_not_utf_8_is_refused_by_name(tmp_path, encoding):
    path = tmp_path / "farm.yaml"
    path.write_bytes("title: Sở Tư pháp é".encode(encoding, "replace"))
    with pytest.raises(PolicyError, match="UTF-8") as caught:
        read(path, Farm)
    assert caught.value.place == str(path)


def test_a_file_larger_than_people_write_is_not_read(tmp_path):
    path = tmp_path / "farm.yaml"
    path.write_bytes(b"title: " + b"x" * MOST_BYTES)
    with pytest.raises(PolicyError, match="larger than 8 MiB"):
        read(path, Farm)


@pytest.mark.skipif(not Path("/dev/null").is_char_device(), reason="no /dev/null here")
def test_a_device_is_no_file_that_people_write():
    with pytest.raises(PolicyError, match="no regular file"):
        read(Path("/dev/null"), Farm)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(PolicyError) as caught:
        read(tmp_path, Farm)
    assert caught.value.place == str(tmp_path)
    assert caught.value.hint


def test_a_missing_file_is_told_with_its_nearest_neighbour(tmp_path):
    (tmp_path / "inventory.yaml").write_text("title: a")
    with pytest.raises(PolicyError, match="no such file") as caught:
        read(tmp_path / "inventroy.yaml", Farm)
    assert str(tmp_path / "inventory.yaml") in caught.value.hint
    with pytest.raises(PolicyError) as caught:
        read(tmp_path / "missing" / "inventory.yaml", Farm)
    assert f"{tmp_path / 'missing'} does not exist" in caught.value.hint


def test_a_key_written_twice_hides_no_other_mistake():
    found = mistakes("title: a\ntitel: b\ntitle: c\nservers: [{name: a, port: 010}]\n")
    assert [line.split(": ")[0] for line in found] == ["2", "3", "4"]

"""Whatever is done to a JSON log, it is read without stumbling, and what is sound stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.formats import readers_for
from tests.readers.reading import read_files

SAMPLES = Path(__file__).parents[3] / "samples" / "logs"
NAMES = ("suricata-eve", "gcp-vpc", "azure-flow")
FILES = sorted(path for name in NAMES for path in (SAMPLES / name).iterdir())
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


def reader_named(name):
    return next(reader for reader in readers_for(()) if reader.name == name)


def places(value, path=()):
    """Every way to a value inside ``value``."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield (*path, key)
        if isinstance(each, dict | list):
            yield from places(each, (*path, key))


def replaced(value, path, odd):
    if not path:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], odd)
    return copy


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_bytes_may_be_anything(tmp_path_factory, path, data):
    text = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=6))
    made = tmp_path_factory.mktemp("odd") / "log"
    made.write_bytes(text)
    answers, _, _, _ = read_files(reader_named(path.parent.name), [made])
    assert len(answers) == 1


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_values_may_be_anything(tmp_path_factory, name, data):
    path = next(path for path in FILES if path.parent.name == name and path.stat().st_size > 2500)
    content = path.read_text(encoding="utf-8")
    try:
        records = json.loads(content)["records"]
    except ValueError:
        lines = [line for line in content.splitlines() if line.endswith("}")]
        records = [json.loads(line) for line in lines]
    at = data.draw(st.integers(0, len(records) - 1))
    ways = list(places(records[at]))
    odd = data.draw(ODD)
    records[at] = replaced(records[at], data.draw(st.sampled_from(ways)), odd)
    made = tmp_path_factory.mktemp("odd") / "log"
    made.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    [answer], [flows], _, _ = read_files(reader_named(name), [made])
    assert answer.packets
    assert len(flows)

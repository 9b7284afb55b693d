"""Mapping files: strict, every mistake at once, and written back as they were read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.documents import parse
from auditor.model.errors import PolicyError
from auditor.readers.tables.mapping import Mapping, as_yaml, load_mapping

EXAMPLES = sorted((Path(__file__).parents[3] / "policies" / "examples" / "mappings").iterdir())

GOOD = """
name: fw
columns:
  start: Begin
  duration: Seconds
  src_ip: From
  dst_ip: To
"""


def mistakes(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        parse(text, Mapping, "m.yaml")
    return [line.strip() for line in caught.value.message.splitlines()[1:]]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_read(path):
    assert load_mapping(path).name == path.stem


def test_a_small_mapping_is_enough():
    mapping = parse(GOOD, Mapping, "m.yaml")
    assert mapping.columns.given["src_ip"] == "From"
    assert mapping.time.format == "iso8601"
    assert mapping.witness == "fw"


def test_every_mistake_is_told_with_its_line_and_what_to_write():
    found = mistakes(
        """
name: FW one
columns:
  begin: Begin
  src_ip: From
  dst_ip: To
  dst_ip: Two
time:
  format: "%d/%m/%q"
  zone: Hanoi
units:
  bytes: kilobytes
one_way: perhaps
blocked:
  column: Action
  values: [no]
delimiter: "::"
window_s: -5
"""
    )
    lines = [int(line.split(":")[1]) for line in found]
    assert lines == sorted(lines)
    text = "\n".join(found)
    assert "m.yaml:4: columns.begin: unknown key" in text
    assert "m.yaml:7: columns.dst_ip: this key stands twice (first in line 6)" in text
    assert "m.yaml:9: time.format: %q is not understood; write iso8601" in text
    assert "m.yaml:10: time.zone: write the offset from UTC such as '+07:00' (Vietnam)" in text
    assert "m.yaml:12: units.bytes" in text
    assert "m.yaml:13: one_way" in text
    assert "m.yaml:16: blocked.values[1]: must be text; put it in quotes" in text
    assert "m.yaml:17: delimiter" in text
    assert "m.yaml:18: window_s" in text
    assert len(found) >= 9


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ("{src_ip: a, dst_ip: b}", "name the column of the time"),
        ("{src_ip: a, dst_ip: b, time: t, duration: d}", "`time` stands alone"),
        ("{src_ip: a, dst_ip: b, start: s, end: e, duration: d}", "two of"),
        ("{start: s}", "name the columns of src_ip and dst_ip"),
    ],
)
def test_columns_must_tell_of_a_flow(columns, what):
    assert what in "\n".join(mistakes(f"name: x\ncolumns: {columns}\n"))


def test_what_cannot_go_together_is_told():
    base = "name: x\ncolumns: {start: s, src_ip: a, dst_ip: b, dst_bytes: c}\n"
    assert "no dst_bytes" in mistakes(base + "one_way: true\n")[0]
    assert "same sign" in mistakes(base + 'thousands: "."\n')[0]
    assert "lacks 'a', 'b', 'c'" in mistakes(base + "header: [s]\n")[0]
    assert "gives this already" in mistakes(base + "constants: {src_ip: 10.0.0.1}\n")[0]


@pytest.mark.parametrize(
    ("form", "what"),
    [("%d/%m/%Y", "lacks %H %M"), ("%Y-%m-%d %I:%M", "needs %p"), ("yesterday", "lacks %Y %m")],
)
def test_a_time_format_must_tell_a_moment(form, what):
    assert what in mistakes(GOOD + f"time: {{format: '{form}'}}\n")[0]


@settings(deadline=None)
@given(
    st.text(min_size=1, max_size=30).filter(lambda text: text.strip()),
    st.sampled_from(["iso8601", "epoch-ms", "%d/%m/%Y %H:%M:%S"]),
    st.sampled_from([",", ";", "\t", "|", None]),
    st.booleans(),
)
def test_what_is_written_is_read_back(name, form, delimiter, one_way):
    if any(not letter.isprintable() for letter in name):
        return
    mapping = Mapping.model_validate(
        {
            "name": "x",
            "columns": {"start": name, "src_ip": "a", "dst_ip": "b", "src_bytes": "=1"},
            "time": {"format": form, "zone": "+07:00"},
            "delimiter": delimiter,
            "one_way": one_way,
            "blocked": {"column": "no", "values": ["yes", "1"]},
        }
    )
    assert parse(as_yaml(mapping), Mapping, "m.yaml") == mapping

"""Values out of lines: each way of writing, its escapes, and text that is none of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.records.key_values import Keys, cef_values, leef_values, quoted_values
from auditor.readers.records.tally import Tally

KEYS = Keys("src", "dst", "act", "msg", "in")
PAD = " unwanted=0123456789012345678901234567890123456789"


def values(read, line: str, **more):
    found = read(line.encode() + b"\n", KEYS, Tally(), line=1, **more)
    return {
        name: text
        for name in KEYS.names
        if (text := found.texts(name, escaped=True).to_pylist()[0]) is not None
    }


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("src=1.2.3.4 act=deny", {"src": "1.2.3.4", "act": "deny"}),
        ('src="1.2.3.4" msg="a b" act=x', {"src": "1.2.3.4", "msg": "a b", "act": "x"}),
        (r'msg="say \"src=9\" now" src=1', {"msg": 'say "src=9" now', "src": "1"}),
        ("<13>src=1", {"src": "1"}),
        ("src=1 src=2", {"src": "1"}),
        ("src= act=x", {"act": "x"}),
        ('act=x msg="never closed src=1', {"act": "x", "msg": "never closed src=1" + PAD}),
        ("mysrc=1 srcs=2 sr=3 Src=4", {}),
        ("act=a=b", {"act": "a=b"}),
        ("= =x src=1", {"src": "1"}),
    ],
)
def test_quoted_pairs(line, found):
    assert values(quoted_values, line + PAD) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("src=1 msg=a b c act=x", {"src": "1", "msg": "a b c", "act": "x"}),
        (r"msg=a\=b c\\d act=x", {"msg": r"a=b c\d", "act": "x"}),
        ("msg=a b   act=x", {"msg": "a b", "act": "x"}),
        ("msg=http://h/?a=b&c=d act=x", {"msg": "http://h/?a=b&c=d", "act": "x"}),
        ("act=x src=1 act=y", {"act": "x", "src": "1"}),
        ("msg=a b", {"msg": "a b"}),
        ("act= src=1", {"src": "1"}),
        ("msg=end\\", {"msg": "end\\"}),
    ],
)
def test_cef_pairs(line, found):
    assert values(cef_values, "Oct 2 host CEF:0|V|P|1|2|n|3|" + line) == found


def test_cef_header_fields_lose_their_escapes():
    found = cef_values(rb"CEF:0|A\|B|P|1|2|some name|3|src=1.2.3.4" + b"\n", KEYS, Tally(), line=1)
    assert [found.header(at).to_pylist()[0] for at in range(7)] == [
        "0", "A|B", "P", "1", "2", "some name", "3"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "separator"),
    [
        ("LEEF:1.0|V|P|1|E|", "\t"),
        ("Oct  2 10:00:00 fw LEEF:1.0|V|P|1|E|", "|"),
        ("LEEF:2.0|V|P|1|E|", "\t"),
        ("LEEF:2.0|V|P|1|E||", "\t"),
        ("LEEF:2.0|V|P|1|E|^|", "^"),
        ("LEEF:2.0|V|P|1|E|x7c|", "|"),
        ("LEEF:2.0|V|P|1|E|0x7C|", "|"),
        ("LEEF:2.0|V|P|1|E|0x00A6|", "\t"),
        ("LEEF:2.0|V|P|1|E|xyz|", "\t"),
    ],
)
def test_leef_pairs_with_every_separator(head, separator):
    pairs = separator.join(["src=1.2.3.4", "msg=a b=c", "act=", "in=7"])
    assert values(leef_values, head + pairs) == {"src": "1.2.3.4", "msg": "a b=c", "in": "7"}


@pytest.mark.parametrize("read", [cef_values, leef_values])
@pytest.mark.parametrize(
    "line",
    ["CEF:0|V|P|1|2|src=1.2.3.4 dst=1.2.3.4", "LEEF:1.0|V|src=1.2.3.4 dst=5.6.7.8", "x" * 50],
)
def test_half_a_header_gives_nothing(read, line):
    assert values(read, line) == {}
    assert read(line.encode() + b"\n", KEYS, Tally(), line=1).header(0).to_pylist() == [None]


def test_lines_are_numbered_as_they_stand_and_short_ones_counted():
    tally = Tally()
    text = b"\nnoise\nsrc=1.2.3.4 dst=5.6.7.8 act=deny msg=x\n\nsrc=9.9.9.9 dst=5.6.7.8 act=deny\n"
    found = quoted_values(text, KEYS, tally, line=10)
    assert [found.where.number(row) for row in range(len(found))] == [12, 14]
    problems = []
    tally.tell("x", problems.append, offsets=True)
    assert [(each.code, each.count, each.lost_bytes) for each in problems] == [("bad-line", 1, 6)]


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("42", 42), ("-7", -7), ("9" * 18, 10**18 - 1)],
)
def test_numbers_are_read(text, number):
    tally = Tally()
    found = quoted_values(f"in={text}{PAD}\n".encode(), KEYS, tally, line=1)
    assert found.numbers("in", tally).to_pylist() == [number]


@pytest.mark.parametrize("text", ["x", "1.5", "1e3", "9" * 19, "9" * 40, "-", "--1", "+1", "0x10"])
def test_what_is_no_number_is_counted(text):
    tally = Tally()
    found = quoted_values(f"in={text}{PAD}\n".encode(), KEYS, tally, line=1)
    assert found.numbers("in", tally).to_pylist() == [None]
    problems = []
    tally.tell("x", problems.append, offsets=True)
    assert [each.code for each in problems] == ["bad-number"]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([quoted_values, cef_values, leef_values]),
    st.lists(st.text(st.sampled_from('=|\\" \taCEFL:0src12x<>'), max_size=80), max_size=5),
)
def test_any_text_gives_one_row_a_long_line(read, lines):
    text = ("\n".join(lines) + "\n").encode()
    found = read(text, KEYS, Tally(), line=1)
    assert len(found) == sum(len(line) >= 32 for line in lines)
    for name in KEYS.names:
        for value in found.texts(name, escaped=True).to_pylist():
            assert value is None or value.replace("\\", "") in text.decode().replace("\\", "")

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from auditor.model.errors import InputError
from auditor.readers.records import gathering, lines
from auditor.readers.records.batch import Batch
from auditor.readers.records.reader import LogReader
from auditor.readers.records.text import cleaned, delimited
from tests.readers.reading import read_files

KINDS = {"start": pa.int64(), "src_ip": pa.string(), "dst_ip": pa.string(), "src_bytes": pa.int64()}


@dataclass
class Plain:
    """A small format: a header line, then start, two addresses and bytes."""

    name: str = "plain"
    seen_by: str = "plain"
    one_way: bool = False

    @property
    def kinds(self):
        return {"unended": ("no end after {count} line(s)", "End it.")}

    def sniff(self, head):
        return 1.0 if head.startswith(b"plain") else 0.0

    def begun(self, head, settings, tally):
        if not self.sniff(head):
            raise InputError("is not plain", place="", hint="Make it plain.")
        return Form(tally)


class Form:
    def __init__(self, tally):
        self.tally = tally

    def pieces(self, block):
        text = cleaned(block, self.tally)
        line = block.line
        if line == 1:
            text, line = text.partition(b"\n")[2], 2
        if text:
            yield text, line

    def parsed(self, piece):
        text, line = piece
        columns, where = delimited(text, list(KINDS), KINDS, self.tally, line=line, delimiter=" ")
        return Batch({**columns, "start": pc.multiply(columns["start"], 1000)}, where)

    def ended(self, line):
        self.tally.add("unended", 0, count=line)


def text(rows: int, first: int = 0) -> bytes:
    return b"plain\n" + b"".join(
        b"%d 1.2.3.4 2001:db8::%x 5\n" % (row, row % 9) for row in range(first, first + rows)
    )


def read(tmp_path, *contents: bytes, names=()):
    paths = []
    for number, content in enumerate(contents):
        path = tmp_path / (names[number] if names else f"{number}.log")
        path.write_bytes(content)
        paths.append(path)
    answers, tables, problems, sizes = read_files(LogReader(Plain()), paths)
    assert sum(sizes) == sum(path.stat().st_size for path in paths if path.exists())
    return (
        answers,
        tables,
        {(problem.source.rpartition("/")[2], problem.code): problem for problem in problems},
    )


def test_a_log_becomes_flows(tmp_path):
    content = text(3)
    [answer], [flows], problems = read(tmp_path, content)
    assert (answer.packets, answer.not_ip, answer.bytes_on_wire) == (3, 0, None)
    assert answer.sha256 == answer.content == hashlib.sha256(content).hexdigest()
    assert answer.size == len(content)
    assert flows["dst_ip"].to_pylist() == ["2001:db8::", "2001:db8::1", "2001:db8::2"]
    assert [problem.code for problem in problems.values()] == ["unended", "unknown-protocol"]
    assert problems["0.log", "unended"].count == 4


@pytest.mark.parametrize("block", [1, 30, 1000, 1 << 20])
def test_blocks_and_parts_of_any_size_give_the_same(tmp_path, monkeypatch, block):
    content = text(5000) + b"x\n" + text(20, 9000)[6:]
    _, [wanted], told = read(tmp_path, content)
    monkeypatch.setattr(lines, "BLOCK", block)
    monkeypatch.setattr(lines, "CHUNK", 4096)
    monkeypatch.setattr(gathering, "PART", 700)
    _, [flows], problems = read(tmp_path, content)
    assert flows.equals(wanted)
    assert problems == told
    assert "at line 5002" in problems["0.log", "bad-line"].message


def test_a_packed_log_has_two_digests(tmp_path):
    content = text(100)
    packed = gzip.compress(content)
    [answer], [flows], _ = read(tmp_path, packed)
    assert answer.sha256 == hashlib.sha256(packed).hexdigest()
    assert answer.content == hashlib.sha256(content).hexdigest()
    assert len(flows) == 100


def test_what_is_packed_and_breaks_off_is_read_up_to_there(tmp_path):
    packed = gzip.compress(text(50_000), 1)
    [answer], [flows], problems = read(tmp_path, packed[: len(packed) // 2])
    assert 0 < len(flows) < 50_000
    assert answer.packets >= len(flows)
    assert ("0.log", "packing-damaged") in problems
    assert ("0.log", "unended") not in problems


def test_a_file_that_is_none_of_the_format_does_not_spoil_the_others(tmp_path):
    answers, tables, _ = read(tmp_path, text(2), b"other\n", text(1, 7))
    assert [type(answer).__name__ for answer in answers] == ["Reading", "InputError", "Reading"]
    assert answers[1].place.endswith("1.log")
    assert answers[1].hint == "Make it plain."
    assert [len(table) for table in tables] == [2, 0, 1]


def test_a_file_that_is_gone_has_its_error(tmp_path):
    (tmp_path / "0.log").write_bytes(text(1))
    answers, _, _, _ = read_files(LogReader(Plain()), [tmp_path / "gone.log", tmp_path / "0.log"])
    assert isinstance(answers[0], InputError)
    assert "cannot be opened" in answers[0].message
    assert answers[1].packets == 1


def test_an_empty_log_and_one_with_its_header_only_have_no_flows(tmp_path):
    answers, tables, _ = read(tmp_path, b"plain\n", b"plain")
    assert [answer.packets for answer in answers] == [0, 0]
    assert [len(table) for table in tables] == [0, 0]


def test_the_same_record_in_two_files_counts_once(tmp_path):
    answers, tables, problems = read(tmp_path, text(5), text(9))
    assert [len(table) for table in tables] == [5, 4]
    assert [answer.packets for answer in answers] == [5, 9]
    assert problems["1.log", "duplicate-records"].count == 5


def test_a_mistake_of_a_format_is_not_swallowed(tmp_path, monkeypatch):
    def broken(self, piece):
        raise ZeroDivisionError

    monkeypatch.setattr(Form, "parsed", broken)
    with pytest.raises(ZeroDivisionError):
        read(tmp_path, text(5))


def test_many_files_are_read_side_by_side_and_told_apart(tmp_path):
    contents = [text(number, 1000 * number) + b"x\n" * (number % 3) for number in range(40)]
    names = [f"{number:02}.log" for number in range(40)]
    answers, tables, problems = read(tmp_path, *contents, names=names)
    assert [answer.packets for answer in answers] == list(range(40))
    assert [len(table) for table in tables] == list(range(40))
    for number, name in enumerate(names):
        told = problems.get((name, "bad-line"))
        assert (told.count if told else 0) == number % 3
    assert tables[7]["start"].cast(pa.int64()).to_pylist() == [
        1000 * (7000 + row) for row in range(7)
    ]

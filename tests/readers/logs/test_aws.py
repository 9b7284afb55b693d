from __future__ import annotations

import gzip

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.errors import InputError
from auditor.readers.formats import Choice
from auditor.readers.logs.aws import DEFAULT, TRANSIT_DEFAULT, Aws, aws_batch, known_name
from auditor.readers.reading import FileSettings
from auditor.readers.records.lines import Block
from auditor.readers.records.reader import LogReader
from auditor.readers.records.tally import Tally
from auditor.report.problem_words import PROBLEM
from tests.readers.logs.aws_lines import USUAL, line, read
from tests.readers.reading import read_files
from tests.readers.records.telling import told


def test_a_header_names_fields_in_any_order_and_unknown_ones_are_left_out(tmp_path):
    names = "bytes end dstaddr some-new-field start srcaddr log-status"
    _, [flow], _ = read(tmp_path, names, line(names))
    assert (flow["src_bytes"], flow["src_ip"], flow["protocol"]) == (14249, "10.20.1.15", 255)
    assert flow["src_port"] is None


def test_headers_may_come_again_and_with_other_fields(tmp_path):
    other = "srcaddr dstaddr bytes end start"
    _, flows, problems = read(
        tmp_path,
        DEFAULT,
        line(srcport=1024),
        DEFAULT,
        line(srcport=1025),
        other,
        line(other),
        "x y",
    )
    assert [flow["src_port"] for flow in flows] == [1024, 1025, None]
    assert "at line 7" in problems["bad-line"].message


def test_the_same_header_again_does_not_cut_the_log_into_pieces():
    head = b"srcaddr dstaddr protocol start end action"
    text = head + b"\na\n" + head + b"\n" + head + b"\nb\n"
    form = Aws().begun(text, FileSettings(), Tally())
    [(piece, line, _)] = form.pieces(Block(text, 1, 0))
    assert (piece, line) == (b"a\n\n\nb\n", 2)


def test_lines_under_a_header_without_what_is_needed_are_counted(tmp_path):
    other = "srcaddr bytes start action"
    _, flows, problems = read(tmp_path, DEFAULT, line(), other, line(other), line(other))
    assert len(flows) == 1
    assert problems["missing-field"].count == 2
    assert "lacks dstaddr, end" in problems["missing-field"].message
    assert "first at line 4" in problems["missing-field"].message


def test_a_log_without_what_is_needed_is_refused_or_tells_it(tmp_path):
    _, flows, problems = read(tmp_path, "srcaddr dstaddr bytes", "1.2.3.4 1.2.3.5 9")
    assert flows == []
    assert "lacks start, end" in problems["missing-field"].message


def test_without_a_header_the_order_comes_from_the_settings(tmp_path):
    names = "srcaddr dstaddr start end bytes interface-id log-status"
    formed = " ".join("${" + name + "}" for name in names.split())
    for given_names in (names, formed):
        _, [flow], _ = read(tmp_path, line(names), fields=given_names)
        assert flow["src_bytes"] == 14249
    answer, _, _ = read(tmp_path, line(names))
    assert isinstance(answer, InputError)
    assert "--aws-fields" in answer.hint
    assert answer.place.endswith("a.log")
    answer, _, _ = read(tmp_path, line(names), fields="bytes start")
    assert "lacks the fields srcaddr, dstaddr, end" in answer.message


def test_lines_exported_from_cloudwatch_have_a_time_before_them(tmp_path):
    _, [flow], problems = read(tmp_path, f"2026-10-01T03:01:03.000Z {line()}")
    assert flow["src_bytes"] == 14249
    assert set(problems) == {"one-way", "window"}


def test_events_downloaded_from_cloudwatch_are_read(tmp_path):
    answer, flows, problems = read(
        tmp_path,
        "timestamp,message",
        f"1790823663000,{line()}",
        f"1790823663001,{line(srcport=1024)}",
        "x",
    )
    assert len(flows) == 2
    assert "at line 4" in problems["bad-line"].message
    assert Choice().reader_for(b"timestamp,message\n1790823663000,2 1").name == "aws-vpc"
    assert Choice().reader_for(b"timestamp,message\n2026-01-01,hello") is None
    del answer


@pytest.mark.parametrize("quote", ["", '"'])
def test_tables_of_athena_are_read(tmp_path, quote):
    names = DEFAULT.replace("-", "_").split()
    values = line().split(" ")
    rows = [",".join(f"{quote}{word}{quote}" for word in row) for row in (names, values)]
    _, [flow], problems = read(tmp_path, *rows)
    assert (flow["src_port"], flow["blocked"], flow["src_bytes"]) == (49152, False, 14249)
    assert set(problems) == {"one-way", "window"}


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("srcaddr", "srcaddr"),
        ("pkt_srcaddr", "pkt-srcaddr"),
        ("interfaceId", "interface-id"),
        ('"tcp_flags"', "tcp-flags"),
        ("sourceaddress", "srcaddr"),
        ("numbytes", "bytes"),
        ("some_thing", "some_thing"),
    ],
)
def test_fields_are_known_however_their_words_are_separated(name, known):
    assert known_name(name) == known


def test_packed_logs_put_one_behind_the_other_are_read(tmp_path):
    path = tmp_path / "a.log.gz"
    logs = [f"{DEFAULT}\n{line(srcport=port)}\n".encode() for port in (1024, 1025)]
    path.write_bytes(b"".join(gzip.compress(log) for log in logs))
    [answer], [flows], _, _ = read_files(LogReader(Aws()), [path])
    assert (answer.packets, len(flows)) == (2, 2)


def test_hostile_text_does_no_harm(tmp_path):
    path = tmp_path / "a.log"
    parts = [
        DEFAULT.encode(),
        line().encode(),
        b"\0" * 50,
        b"\xff " * 13 + b"\xff",
        b"A" * (1 << 20),
        b" " * 100,
        b"",
        line().encode() + b"\r",
        b"srcaddr dstaddr",
        "Đ".encode() * 9,
    ]
    path.write_bytes(b"\n".join(parts))
    [answer], [flows], problems, _ = read_files(LogReader(Aws()), [path])
    assert len(flows) == 1
    assert flows["src_bytes"].to_pylist() == [2 * 14249]
    codes = {problem.code for problem in problems}
    assert {"bad-encoding", "bad-line", "missing-field"} <= codes
    assert answer.packets == 3


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.lists(st.text('0159.-: eniOKx\t"', max_size=9), min_size=12, max_size=16), max_size=8
    )
)
def test_any_lines_are_read_or_told(tmp_path_factory, rows):
    tmp_path = tmp_path_factory.mktemp("any")
    answer, flows, _ = read(tmp_path, DEFAULT, line(), *(" ".join(row) for row in rows))
    assert 1 <= len(flows) <= 1 + len(rows)
    assert 1 <= answer.packets <= 1 + len(rows)


@pytest.mark.parametrize(
    ("head", "sure"),
    [
        (DEFAULT, 1.0),
        ("\ufeff" + DEFAULT, 1.0),
        (line(), 0.8),
        (f"2026-10-01T03:01:03Z {line()}", 0.8),
        (DEFAULT.replace("-", "_").replace(" ", ","), 1.0),
        (TRANSIT_DEFAULT, 1.0),
        (
            "version vswitch-id vpc-id account-id eni-id srcaddr srcport dstaddr dstport start end",
            0.0,
        ),
        ("srcaddr", 0.0),
        ("srcaddr dstaddr", 0.0),
        ("timestamp,message", 0.0),
        ("unix_secs,srcaddr,dstaddr,srcport,dstport,prot,dpkts,doctets", 0.0),
        ("2026-10-01 eni-0a1b2c3d4e is OKAY", 0.0),
        (" ".join(["2"] * 14), 0.0),
    ],
)
def test_heads_are_told_apart(head, sure):
    assert Aws().sniff(f"{head}\n".encode()) == sure


@pytest.mark.parametrize("integer", [pa.int32(), pa.int64(), pa.string(), pa.uint16()])
@pytest.mark.parametrize("separator", ["-", "_"])
def test_a_table_becomes_records(integer, separator):
    columns = {name.replace("-", separator): [value] for name, value in USUAL.items()}
    columns["srcport"] = pa.array(["49152"]).cast(integer)
    tally = Tally(Aws().kinds)
    batch = aws_batch(pa.table({**columns, "more": [1]}), tally)
    assert batch.columns["src_port"].to_pylist() == [49152]
    assert batch.columns["src_port"].type == pa.int64()
    assert batch.columns["blocked"].to_pylist() == [False]
    assert not told(tally)


def test_a_table_without_what_is_needed_is_refused():
    with pytest.raises(InputError, match="lacks the fields dstaddr, end"):
        aws_batch(pa.table({"srcaddr": ["1.2.3.4"], "start": [1]}), Tally())


def test_a_table_without_rows_has_no_records():
    table = pa.table({name: pa.array([], pa.string()) for name in DEFAULT.split()})
    assert len(aws_batch(table, Tally())) == 0


def test_every_kind_has_words_for_the_report():
    assert set(Aws().kinds) <= set(PROBLEM)


def test_a_header_of_absurd_length_is_none(tmp_path):
    _, flows, problems = read(
        tmp_path, DEFAULT, line(), "srcaddr dstaddr start end " * 9999, line()
    )
    assert [flow["src_bytes"] for flow in flows] == [2 * 14249]
    assert problems["bad-line"].count == 1

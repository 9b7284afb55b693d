"""A stretch goes on with an earlier one, ends it where it cannot, and says which."""

from auditor.readers.capture.reader import CaptureReader
from auditor.readers.reading import OpenFlows, Settings
from auditor.readers.streams import Source
from tests.readers.capture.packets import SECOND, T0, handshake, pcap, segment

FIRST = handshake(T0)
NEXT = [segment(T0 + SECOND, 1001, b"x" * 10)]


def read_on(path, packets, before=None, keep=False):
    path.write_bytes(pcap(packets, nano=True))
    tables, problems = [], []
    answers, left = CaptureReader().read_on(
        [Source(path)], Settings(), problems.append, lambda size: None,
        lambda number, table: tables.append(table), before, keep_from=0 if keep else None,
    )  # fmt: skip
    assert [answer.packets for answer in answers] == [len(packets)]
    return tables[0].to_pylist(), left, {problem.code: problem for problem in problems}


def left_open(tmp_path):
    rows, left, problems = read_on(tmp_path / "a.pcap", FIRST, keep=True)
    assert rows == []
    assert problems["open-flows"].source == str(tmp_path / "a.pcap")
    return left


def test_the_next_file_has_the_whole_flow(tmp_path):
    rows, left, problems = read_on(tmp_path / "b.pcap", NEXT, left_open(tmp_path))
    assert left is None
    assert [row["src_packets"] for row in rows] == [3]
    assert problems["carried-flows"].source == str(tmp_path / "b.pcap")


def test_a_file_from_before_the_end_ends_what_was_open_and_stands_for_itself(tmp_path):
    earlier = [(time - 60 * SECOND, data) for time, data in NEXT]
    rows, _, problems = read_on(tmp_path / "b.pcap", earlier, left_open(tmp_path))
    assert sorted(row["src_packets"] for row in rows) == [1, 2]
    assert problems["carried-flows"].count == 1


def test_flows_whose_state_is_of_no_use_count_as_they_stood(tmp_path):
    left = left_open(tmp_path)
    broken = OpenFlows(left.end, left.count, b"broken", left.table)
    rows, _, problems = read_on(tmp_path / "b.pcap", NEXT, broken)
    assert [row["src_packets"] for row in rows] == [2, 1]
    assert "cannot be unpacked" in problems["flows-broken-off"].message


def test_a_file_without_packets_leaves_what_was_open_as_it_was(tmp_path):
    left = left_open(tmp_path)
    rows, again, _ = read_on(tmp_path / "b.pcap", [], left, keep=True)
    assert rows == []
    assert (again.end, again.count) == (left.end, left.count)
    rows, _, _ = read_on(tmp_path / "c.pcap", NEXT, again)
    assert [row["src_packets"] for row in rows] == [3]

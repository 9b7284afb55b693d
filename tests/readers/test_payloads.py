"""What wanted flows carried comes again from their captures, in stream order, each byte once."""

from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from auditor.model.stream import Ended
from auditor.readers import Missed, Wanted, Watch, extents, payloads, read_inputs
from auditor.readers.capture import windows
from tests.readers.capture.packets import (
    ABROAD,
    ACK,
    HOME,
    SECOND,
    T0,
    ether,
    handshake,
    ip4,
    pcap,
    segment,
    tcp,
    udp,
)

SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "pcaps").glob("*.pcap*"))
COLUMNS = [
    "flow_id", "input_id", "protocol", "src_ip", "src_port", "dst_ip", "dst_port", "start", "end",
]  # fmt: skip
TEXT = bytes(i * 7 % 251 for i in range(6000))


def carried(path):
    """Flows of a capture; their chunks; their ends; problems of the second reading."""
    wanted = Wanted((path,))
    inputs, flows = read_inputs(wanted, lambda problem: None, Watch())
    table = flows.whole()
    table = table.filter([each == "packets" for each in table["seen_by"].to_pylist()])
    missed, chunks, ends = Missed(), defaultdict(list), {}
    for each in payloads(wanted, inputs, table.select(COLUMNS), missed, lambda size: None):
        if isinstance(each, Ended):
            assert each.flow_id not in ends
            ends[each.flow_id] = each
        else:
            assert each.flow_id not in ends
            chunks[each.flow_id].append(each)
    return table.to_pylist(), chunks, ends, list(missed.problems())


def sent(chunks, side):
    """The bytes of one side; missing ones as dots."""
    return b"".join(b"." * c.gap + c.data for c in chunks if c.side == side)


def of_one(tmp_path, packets):
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets))
    [_], chunks, ends, problems = carried(path)
    assert not problems
    return chunks[1], ends[1]


def segments(pieces, start=T0 + SECOND):
    return [
        segment(start + i * 1_000_000, 1001 + place, data) for i, (place, data) in enumerate(pieces)
    ]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_payload_byte_of_a_sample_is_delivered_or_told_missing(path):
    rows, chunks, ends, problems = carried(path)
    assert not problems
    for row in rows:
        end = ends[row["flow_id"]]
        for side, name in enumerate(("src_payload", "dst_payload")):
            count = len(sent(chunks[row["flow_id"]], side)) + end.unread[side]
            assert count == (row[name] or 0), row


@pytest.mark.parametrize("seed", range(12))
def test_cutting_reordering_and_repeating_segments_changes_nothing(tmp_path, seed):
    draw = Random(seed)
    cuts = sorted({0, len(TEXT), *(draw.randrange(len(TEXT)) for _ in range(30))})
    pieces = [
        (begin, TEXT[begin : min(end + draw.choice((0, 0, 9)), len(TEXT))])
        for begin, end in pairwise(cuts)
    ]
    pieces += draw.sample(pieces, 8)
    draw.shuffle(pieces)
    isn = 2**32 - 3000 if seed % 2 else 1000
    packets = handshake(T0, isn=isn) + [
        segment(T0 + SECOND + i * 1_000_000, isn + 1 + place, data)
        for i, (place, data) in enumerate(pieces)
    ]
    chunks, end = of_one(tmp_path, packets)
    assert sent(chunks, 0) == TEXT
    assert all(chunk.gap == 0 for chunk in chunks)
    assert end.conflicts == (0, 0) and end.midstream == (False, False) and end.unread == (0, 0)


def test_what_is_missing_is_a_gap(tmp_path):
    chunks, _ = of_one(tmp_path, handshake(T0) + segments([(0, b"abc"), (7, b"xyz")]))
    assert sent(chunks, 0) == b"abc....xyz"


def test_the_first_copy_counts_and_others_are_conflicts(tmp_path):
    chunks, end = of_one(
        tmp_path, handshake(T0) + segments([(0, b"abcd"), (0, b"abXX"), (6, b"gh"), (4, b"efGh")])
    )
    assert sent(chunks, 0) == b"abcdefgh"
    assert end.conflicts == (3, 0)


def test_requests_and_replies_keep_their_turns(tmp_path):
    packets = [*handshake(T0)]
    for i in range(5):
        packets.append(segment(T0 + SECOND + 2 * i, 1001 + i, b"q"))
        packets.append(segment(T0 + SECOND + 2 * i + 1, 5001 + i, b"r", back=True))
    chunks, _ = of_one(tmp_path, packets)
    assert [chunk.side for chunk in chunks] == [0, 1] * 5


def test_a_stream_without_its_begin_says_so(tmp_path):
    chunks, end = of_one(tmp_path, segments([(0, b"abc"), (3, b"def")]))
    assert sent(chunks, 0) == b"abcdef"
    assert end.midstream == (True, False)


def test_datagrams_come_whole_and_fragments_are_counted(tmp_path):
    there = [ether(ip4(HOME, ABROAD, 17, udp(5000, 53, data))) for data in (b"one", b"two")]
    body = udp(5000, 53, bytes(1400))
    parts = [
        ether(ip4(HOME, ABROAD, 17, body[800:], offset=800, number=3)),
        ether(ip4(HOME, ABROAD, 17, body[:800], more=True, number=3)),
    ]
    chunks, end = of_one(tmp_path, [(T0 + i, data) for i, data in enumerate(there + parts)])
    assert [(chunk.data, chunk.whole) for chunk in chunks] == [(b"one", True), (b"two", True)]
    assert end.unread == (1400, 0)


def test_the_size_of_the_windows_changes_nothing(tmp_path, monkeypatch):
    pieces = [(place, TEXT[place : place + 100]) for place in range(0, len(TEXT), 100)]
    Random(1).shuffle(pieces)
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(handshake(T0) + segments(pieces[3:])))
    _, chunks, ends, _ = carried(path)
    monkeypatch.setattr(windows.Windows.__init__, "__defaults__", (1 << 10,))
    _, others, same_ends, _ = carried(path)
    assert sent(chunks[1], 0) == sent(others[1], 0)
    assert ends == same_ends


def test_a_changed_capture_is_told(tmp_path):
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(handshake(T0)))
    wanted = Wanted((path,))
    inputs, flows = read_inputs(wanted, lambda problem: None, Watch())
    table = flows.whole().select(COLUMNS)
    path.write_bytes(pcap(handshake(T0)[:2]))
    missed = Missed()
    assert not list(payloads(wanted, inputs, table, missed, lambda size: None))
    assert [(problem.code, problem.count) for problem in missed.problems()] == [
        ("payload-not-reread", 1)
    ]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_shares_of_the_flows_carry_together_what_all_of_them_do(path):
    rows, chunks, ends, problems = carried(path)
    wanted = Wanted((path,))
    inputs, flows = read_inputs(wanted, lambda problem: None, Watch())
    table = flows.whole()
    table = table.filter([each == "packets" for each in table["seen_by"].to_pylist()])
    pairs = [frozenset([row["src_ip"], row["dst_ip"]]) for row in rows]
    whole = extents(table)
    missed, shared, same_ends = Missed(), defaultdict(list), {}
    for number in range(3):
        mine = [hash(pair) % 3 == number for pair in pairs]
        part = table.select(COLUMNS).filter(mine)
        missed_here = Missed()
        for each in payloads(wanted, inputs, part, missed_here, lambda size: None, whole):
            if isinstance(each, Ended):
                same_ends[each.flow_id] = each
            else:
                shared[each.flow_id].append(each)
        missed.join(missed_here)
    assert same_ends == ends and list(missed.problems()) == problems
    for row in rows:
        for side in (0, 1):
            assert sent(shared[row["flow_id"]], side) == sent(chunks[row["flow_id"]], side)


def test_a_changed_capture_is_told_once_for_all_shares(tmp_path):
    path = tmp_path / "a.pcap"
    both = sorted(handshake(T0) + handshake(T0, sport=40001))
    path.write_bytes(pcap(both))
    wanted = Wanted((path,))
    inputs, flows = read_inputs(wanted, lambda problem: None, Watch())
    table = flows.whole().select(COLUMNS)
    path.write_bytes(pcap(both[:-1] + both[:1]))
    missed = Missed()
    for number in (0, 1):
        share, here = table.slice(number, 1), Missed()
        list(payloads(wanted, inputs, share, here, lambda size: None, extents(table)))
        missed.join(here)
    assert [(problem.code, problem.count) for problem in missed.problems()] == [
        ("payload-not-reread", 2)
    ]


@pytest.mark.parametrize("ports", [(21, 50000), (50000, 21)])
def test_what_a_flow_said_first_comes_before_what_a_later_one_says(tmp_path, ports):
    packets = []
    for number, port in enumerate(ports):
        frame = ether(ip4(HOME, ABROAD, 6, tcp(40000, port, 1, ACK, b"%d" % port)))
        packets.append((T0 + number, frame))
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets))
    _, chunks, _, _ = carried(path)
    assert [chunk.data for each in chunks.values() for chunk in each] == [b"%d" % p for p in ports]


def test_what_an_earlier_run_had_of_a_flow_is_told(tmp_path):
    packets = [*handshake(T0), *segments([(0, b"abc"), (3, b"def"), (6, b"ghi")])]
    first, second, open_flows = (tmp_path / name for name in ("a1.pcap", "a2.pcap", "open"))
    first.write_bytes(pcap(packets[:4]))
    second.write_bytes(pcap(packets[4:]))
    read_inputs(Wanted((first,), open_after=open_flows), lambda problem: None, Watch())
    wanted = Wanted((second,), open_before=open_flows)
    inputs, flows = read_inputs(wanted, lambda problem: None, Watch())
    missed = Missed()
    events = list(
        payloads(wanted, inputs, flows.whole().select(COLUMNS), missed, lambda size: None)
    )
    assert b"".join(event.data for event in events[:-1]) == b"defghi"
    [problem] = missed.problems()
    assert (problem.code, problem.source, problem.count) == (
        "payload-of-earlier-run", inputs[0].name, 1,
    )  # fmt: skip

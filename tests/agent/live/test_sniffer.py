"""The files that scapy's capture writes, from packets that a real socket says have come."""

from __future__ import annotations

import socket
import struct

import pytest

from auditor.agent.live import sniffer
from auditor.agent.live.figures import Figures, told
from auditor.agent.live.sniffer import ONE_READ, PACKET_STATISTICS, SOL_PACKET, Sniffer

ETHERNET = 1
HEAD = 24
"""Bytes before the first packet of a pcap file; each packet has 16 of its own."""


class Told(socket.socket):
    """A socket that also has a packet socket's statistics."""

    dropped = 0

    def getsockopt(self, level, name, size=0):
        if (level, name) == (SOL_PACKET, PACKET_STATISTICS):
            lost, self.dropped = self.dropped, 0  # as the kernel: asked once, and zero again
            return struct.pack("II", 9, lost)
        return super().getsockopt(level, name, size)


class Source:
    """What scapy's socket offers; packets are datagrams, all seen at one moment."""

    seen = 1_763_775_000.123_456_7

    def __init__(self) -> None:
        self.out, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ins = Told(fileno=other.detach())

    def put(self, *packets: bytes) -> None:
        for packet in packets:
            self.out.send(packet)

    def recv_raw(self):
        packet = self.ins.recv(65_536)
        return None, None if packet == b"none" else packet, self.seen


@pytest.fixture
def source():
    made = Source()
    yield made
    made.out.close()
    made.ins.close()


@pytest.fixture
def begun(tmp_path, source):
    made = []

    def begin(size=10_000, seconds=3600, snap=0):
        made.append(Sniffer(tmp_path, size, seconds, snap, source, ETHERNET))
        return made[-1]

    yield begin
    for each in made:
        each.end_file()


def packets(path):
    """Seconds, nanoseconds, kept bytes and length on the wire of each packet of a file."""
    content = path.read_bytes()
    magic, _, _, _, _, _, link = struct.unpack_from("=IHHiIII", content)
    assert (magic, link) == (0xA1B23C4D, ETHERNET), "nanoseconds, and the link's kind"
    found, place = [], HEAD
    while place < len(content):
        second, rest, kept, length = struct.unpack_from("=IIII", content, place)
        place += 16 + kept
        found.append((second, rest, content[place - kept : place], length))
    return found


def files(folder):
    return sorted(each.name for each in folder.glob("*.pcap"))


def test_without_packets_there_is_no_file(begun, tmp_path):
    begun().receive()
    assert files(tmp_path) == []


def test_each_packet_is_written_once_with_its_time_to_the_nanosecond(begun, source, tmp_path):
    made = begun()
    source.put(b"one", b"none", b"three")
    made.receive()
    made.receive()
    made.end_file()
    assert files(tmp_path) == ["live-00000001.pcap"]
    written = packets(tmp_path / "live-00000001.pcap")
    assert [kept for _, _, kept, _ in written] == [b"one", b"three"]
    assert {second * 10**9 + rest for second, rest, _, _ in written} == {
        round(source.seen * 1_000_000_000)
    }
    assert made.packets == 2


def test_a_time_that_rounds_up_to_a_second_is_the_next_second(begun, source, tmp_path):
    source.seen = 1_000.999_999_999_9
    made = begun()
    source.put(b"x")
    made.receive()
    made.end_file()
    assert packets(tmp_path / "live-00000001.pcap") == [(1001, 0, b"x", 1)]


def test_a_packet_is_cut_where_wanted_and_its_length_is_told(begun, source, tmp_path):
    made = begun(snap=4)
    source.put(b"abcdefgh", b"ab")
    made.receive()
    made.end_file()
    written = packets(tmp_path / "live-00000001.pcap")
    assert [(kept, length) for _, _, kept, length in written] == [(b"abcd", 8), (b"ab", 2)]


def test_a_file_ends_with_the_packet_that_fills_it(begun, source, tmp_path):
    made = begun(size=2 * (16 + 10))
    source.put(*(b"%010d" % number for number in range(5)))
    made.receive()
    made.end_file()
    kept = [[row[2] for row in packets(tmp_path / name)] for name in files(tmp_path)]
    assert [len(each) for each in kept] == [2, 2, 1]
    assert [packet for each in kept for packet in each] == [b"%010d" % one for one in range(5)]


def test_a_file_ends_when_its_time_is_over_and_not_before(begun, source, tmp_path, monkeypatch):
    times = [100.0]
    monkeypatch.setattr(sniffer.time, "monotonic", lambda: times[0])
    made = begun(seconds=60)
    for moment in (100.0, 159.9, 160.0):
        times[0] = moment
        source.put(b"x")
        made.receive()
    made.end_file()
    assert [len(packets(tmp_path / name)) for name in files(tmp_path)] == [2, 1]


def test_a_flood_does_not_keep_it_from_looking_at_signals(begun, source, monkeypatch):
    monkeypatch.setattr(sniffer, "ONE_READ", 3)
    assert ONE_READ > 3
    made = begun()
    source.put(*[b"x"] * 5)
    made.receive()
    assert made.packets == 3
    made.receive()
    assert made.packets == 5


def test_losses_add_up_over_answers_and_are_read_as_tcpdumps(begun, source, capfd):
    made = begun()
    source.put(b"x")
    made.receive()
    for lost in (3, 0, 4):
        source.ins.dropped = lost
        made.tell()
    said = capfd.readouterr().err
    assert said.splitlines()[-1] == "1 packets captured, 7 packets dropped by kernel"
    assert told(Figures(), said.encode()) == Figures(1, 7), "it is understood as tcpdump's word"

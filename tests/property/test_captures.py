"""Any bytes whatever: no crash, no hang, nothing read that does not belong to the packet.

The windows of the reader are filled with one pattern or another before each reading. If any code
looked beyond the bytes of a packet or of the file, the two readings would differ.
"""

import struct
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auditor.readers.capture import reader, windows
from auditor.readers.capture.reader import CaptureReader
from tests.readers.capture.packets import (
    ABROAD,
    ABROAD6,
    HOME,
    HOME6,
    SECOND,
    T0,
    client_hello,
    dns,
    enhanced,
    ether,
    handshake,
    interface,
    ip4,
    ip6,
    option,
    pcap,
    read_file,
    read_files,
    section,
    segment,
    udp,
)

SCENE = [
    *handshake(T0),
    segment(T0 + SECOND, 1001, client_hello("s3.example")),
    segment(T0 + SECOND, 1001, client_hello("s3.example")),
    segment(T0 + SECOND, 6001, b"gap" * 50, back=True),
    segment(T0 + 2 * SECOND, 5001, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", back=True),
    (T0, ether(ip4(HOME, ABROAD, 17, udp(5000, 53, dns("a.example"))))),
    (T0, ether(ip4(ABROAD, HOME, 17, udp(53, 5000, dns("a.example", (ABROAD,), reply=True))))),
    (T0, ether(ip4(HOME, ABROAD, 17, udp(4000, 5000, bytes(1400))[:800], more=True, number=3))),
    (T0, ether(ip4(HOME, ABROAD, 17, bytes(608), offset=800, number=3), tags=((0x8100, 5),))),
    (T0, ether(ip6(HOME6, ABROAD6, 0, bytes([44, 0, *bytes(6)]) + struct.pack(
        ">BBHI", 17, 0, 1, 9) + udp(5000, 6000, b"abc")), 0x86DD)),
    (T0, ether(ip4(HOME, ABROAD, 1, b"\x08\0\0\0" + bytes(20)))),
]  # fmt: skip
PCAP = pcap(SCENE)
PCAPNG = (
    section()
    + interface(1, option(9, b"\x09"))
    + interface(101, option(9, b"\x94"))
    + b"".join(enhanced(0, time, data) for time, data in SCENE)
    + b"".join(enhanced(1, time // 1000, data[14:]) for time, data in SCENE)
)


def reading_over(path, pattern, size=1 << 16):
    """What is read when the windows held ``pattern`` before."""

    class Filled(windows.Windows):
        def __init__(self, stream):
            super().__init__(stream, size)

        def _empty(self):
            return np.full(self._room + self._window, pattern, np.uint8)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "Windows", Filled)
        return read_file(path)


@st.composite
def damaged(draw):
    content = bytearray(draw(st.sampled_from([PCAP, PCAPNG])))
    for _ in range(draw(st.integers(1, 12))):
        place = draw(st.integers(0, len(content) - 1))
        content[place] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        del content[draw(st.integers(4, len(content))) :]
    return bytes(content)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=damaged())
@example(content=PCAP)
@example(content=PCAPNG)
def test_damaged_captures_are_read_the_same_whatever_lies_around_them(tmp_path, content):
    path = tmp_path / "a.pcap"
    path.write_bytes(content)
    if CaptureReader().sniff(content[:64]) == 0:
        return
    zeros, problems = reading_over(path, 0x00)
    ones, other_problems = reading_over(path, 0xFF)
    small, same_problems = reading_over(path, 0xFF, 1 << 10)
    assert zeros == ones == small
    assert problems == other_problems == same_problems
    counted = pc.sum(zeros.flows["src_packets"]).as_py() or 0
    counted += pc.sum(zeros.flows["dst_packets"]).as_py() or 0
    left_out = sum(p.count for p in problems if p.code in ("cut-header", "unknown-link-type"))
    assert counted + zeros.not_ip + left_out == zeros.packets


@pytest.mark.parametrize("content", [PCAP, PCAPNG], ids=["pcap", "pcapng"])
def test_a_capture_cut_at_any_byte_is_read_and_what_is_lost_is_said(tmp_path, content):
    path = tmp_path / "a.pcap"
    before = -1
    for size in range(4, len(content), 7):
        path.write_bytes(content[:size])
        reading, problems = read_file(path)
        assert reading.packets >= before  # a longer part never holds fewer packets
        before = reading.packets
        for problem in problems:
            if problem.lost_bytes is not None:
                assert problem.offset + problem.lost_bytes == size


@pytest.mark.parametrize("size", [1 << 12, 5000, 1 << 14, 1 << 20])
def test_the_size_of_the_windows_changes_nothing(tmp_path, size):
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([(time + i * SECOND, data) for i in range(40) for time, data in SCENE]))
    reference, _ = reading_over(path, 0)
    other, _ = reading_over(path, 0, size)
    assert other == reference


def test_both_containers_hold_the_same_flows(tmp_path):
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(SCENE, nano=True))
    one, _ = reading_over(path, 0)
    path.write_bytes(section() + interface(1, option(9, b"\x09")) + b"".join(
        enhanced(0, time, data) for time, data in SCENE))  # fmt: skip
    two, _ = reading_over(path, 0)
    assert one.flows.equals(two.flows)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.sets(st.integers(1, 2 * len(SCENE) - 1), min_size=1, max_size=3))
def test_a_capture_cut_into_files_at_any_record_gives_the_same_flows(tmp_path, cuts):
    packets = SCENE + [(time + 400 * SECOND, data) for time, data in SCENE]
    whole = tmp_path / "whole.pcap"
    whole.write_bytes(pcap(packets))
    places = [0, *sorted(cuts), len(packets)]
    paths = []
    for begin, end in pairwise(places):
        paths.append(tmp_path / f"{begin}.pcap")
        paths[-1].write_bytes(pcap(packets[begin:end]))
    if any(
        packets[end][0] < max(time for time, _ in packets[:end]) - SECOND for end in places[1:-1]
    ):
        return  # a file that begins long before the last one's end is no later part of it
    one, _ = read_file(whole)
    parts, _ = read_files(paths)
    together = pa.concat_tables([part.flows for part in parts])
    keys = [(name, "ascending") for name in ("start", "src_ip", "src_port", "dst_ip", "dst_port",
                                            "protocol", "end")]  # fmt: skip
    assert together.sort_by(keys).equals(one.flows.sort_by(keys))
    assert sum(part.packets for part in parts) == one.packets

"""Damage: the reading goes on at the next record, and says what was lost."""

import random
import struct

import pytest

from tests.readers.capture.packets import (
    SECOND,
    T0,
    enhanced,
    handshake,
    interface,
    option,
    pcap,
    read,
    section,
    segment,
)

SCENE = [
    *handshake(T0),
    *(segment(T0 + i * SECOND, 1001 + 100 * i, bytes([i]) * (50 + i % 7)) for i in range(1, 60)),
]
PCAP = pcap(SCENE)
PCAPNG = section() + interface(1, option(9, b"\x09")) + b"".join(
    enhanced(0, time, data) for time, data in SCENE)  # fmt: skip
FORMS = pytest.mark.parametrize("content", [PCAP, PCAPNG], ids=["pcap", "pcapng"])
FIRST = {PCAP: 24, PCAPNG: len(section() + interface(1, option(9, b"\x09")))}


@FORMS
def test_a_flipped_bit_anywhere_costs_a_record_or_two(tmp_path, content):
    random.seed(7)
    for _ in range(400):
        place = random.randrange(FIRST[content], len(content))
        damaged = bytearray(content)
        damaged[place] ^= 1 << random.randrange(8)
        reading, problems = read(tmp_path / "a", bytes(damaged))
        assert reading.packets >= len(SCENE) - 2, place
        told = sum(p.lost_bytes for p in problems if p.code == "damaged-record")
        assert told <= 400


@FORMS
@pytest.mark.parametrize("size", [1, 3, 40, 500])
def test_missing_and_inserted_bytes_cost_their_neighbours_only(tmp_path, content, size):
    random.seed(size)
    for _ in range(60):
        place = random.randrange(FIRST[content], len(content) - size)
        cut = content[:place] + content[place + size :]
        reading, _ = read(tmp_path / "a", cut)
        assert reading.packets >= len(SCENE) - 3 - size // 60
        more = content[:place] + random.randbytes(size) + content[place:]
        reading, problems = read(tmp_path / "b", more)
        assert reading.packets >= len(SCENE) - 2, place
        assert problems


@FORMS
@pytest.mark.parametrize("fill", [b"\0", b"\xff", b"\x41"])
def test_a_stretch_overwritten_is_one_gap(tmp_path, content, fill):
    begin, end = len(content) // 3, len(content) * 2 // 3
    damaged = content[:begin] + fill * (end - begin) + content[end:]
    reading, problems = read(tmp_path / "a", damaged)
    gaps = [problem for problem in problems if problem.code == "damaged-record"]
    assert len(gaps) == 1
    assert gaps[0].offset <= begin + 100
    assert end - 2 * 200 <= gaps[0].offset + gaps[0].lost_bytes <= end + 200
    assert reading.packets >= len(SCENE) * 2 // 3 - 3


def test_many_gaps_are_told_one_by_one_and_then_as_one(tmp_path):
    parts = [pcap([packet])[24:] for packet in SCENE]
    content = PCAP[:24] + b"".join(
        part + part + (b"\xff" * 21 if i < 50 else b"") for i, part in enumerate(parts)
    )
    reading, problems = read(tmp_path / "a", content)
    gaps = [problem for problem in problems if problem.code == "damaged-record"]
    assert len(gaps) == 21
    assert gaps[-1].count == 30
    assert sum(gap.lost_bytes for gap in gaps) == 50 * 21
    assert reading.packets == 2 * len(SCENE)


def test_a_file_where_every_place_looks_like_half_a_record_ends(tmp_path):
    half = struct.pack("<IIII", T0 // SECOND, 5, 2000, 2000)
    content = PCAP + b"\xff" * 16 + half * 60_000
    reading, problems = read(tmp_path / "a", content)
    assert reading.packets >= len(SCENE)
    assert any(problem.code == "damaged-record" for problem in problems)


def test_damage_in_an_interface_block_keeps_its_packets(tmp_path):
    start = len(section())
    for place in (start + 4, FIRST[PCAPNG] - 4):  # the first and the second length
        damaged = bytearray(PCAPNG)
        damaged[place] ^= 0x20
        reading, [problem] = read(tmp_path / "a", bytes(damaged))
        assert reading.packets == len(SCENE)
        assert problem.code == "damaged-record"


@pytest.mark.parametrize("order", ["<", ">"])
def test_modified_pcap_has_longer_record_headers(tmp_path, order):
    plain, _ = read(tmp_path / "a", PCAP)
    out = struct.pack(order + "IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 65535, 1)
    for time, data in SCENE:
        fraction = time % SECOND // 1000
        head = struct.pack(order + "IIII", time // SECOND, fraction, len(data), len(data))
        out += head + struct.pack(order + "IHBB", 2, 0x0800, 0, 0) + data
    reading, problems = read(tmp_path / "b", out)
    assert problems == []
    assert reading.flows.equals(plain.flows)


@pytest.mark.parametrize("magic", [0x1C0001AC, 0x1C0001AB])
def test_ixia_captures_have_a_longer_file_header(tmp_path, magic):
    plain, _ = read(tmp_path / "a", PCAP)
    body = b""
    for time, data in SCENE:
        body += struct.pack("<IIII", time // SECOND, time % SECOND // 1000, len(data), len(data))
        body += data
    out = struct.pack("<IHHiIIII", magic, 2, 4, 0, 0, 65535, 1, len(body)) + body
    reading, problems = read(tmp_path / "b", out)
    assert problems == []
    assert reading.flows.equals(plain.flows)


def test_frame_check_sequences_are_no_payload(tmp_path):
    packets = [(time, data + b"\x99\x98\x97\x96") for time, data in SCENE]
    content = bytearray(pcap(packets))
    struct.pack_into("<I", content, 20, 2 << 28 | 1 << 26 | 1)
    plain, _ = read(tmp_path / "a", PCAP)
    reading, problems = read(tmp_path / "b", bytes(content))
    assert problems == []
    assert reading.flows.equals(plain.flows)
    assert reading.bytes_on_wire == plain.bytes_on_wire


def test_packets_more_than_a_day_apart_are_no_damage(tmp_path):
    days = [(T0 + i * 3 * 86_400 * SECOND, data) for i, (_, data) in enumerate(SCENE)]
    reading, problems = read(tmp_path / "a", pcap(days))
    damaged = [problem for problem in problems if problem.code == "damaged-record"]
    assert (reading.packets, damaged) == (len(SCENE), [])

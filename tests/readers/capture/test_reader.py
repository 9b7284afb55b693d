"""Files: containers, byte orders, times, interfaces, damage."""

import struct

import pytest

from auditor.model.errors import InputError
from auditor.readers.capture.reader import CaptureReader
from tests.readers.capture.packets import (
    ABROAD,
    HOME,
    SECOND,
    SYN,
    T0,
    block,
    client_hello,
    enhanced,
    ether,
    handshake,
    interface,
    ip4,
    option,
    pcap,
    read,
    read_file,
    rows,
    section,
    segment,
    tcp,
    udp,
)  # fmt: skip

SCENE = [
    *handshake(T0),
    segment(T0 + 40_000_000, 1001, client_hello("s3.example")),
    segment(T0 + 80_000_000, 5001, b"x" * 900, back=True),
]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_byte_order_and_resolution_do_not_change_the_flows(tmp_path, order, nano):
    reading, problems = read(tmp_path / "a.pcap", pcap(SCENE, order=order, nano=nano))
    [row] = rows(reading)
    assert problems == []
    assert (row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"]) == (
        HOME, 40000, ABROAD, 443,
    )  # fmt: skip
    assert (row["src_packets"], row["dst_packets"]) == (3, 2)
    assert row["dst_payload"] == 900
    assert row["rtt_us"] == 35_000
    assert row["host"] == "s3.example"


def test_nanoseconds_are_kept(tmp_path):
    reading, _ = read(tmp_path / "a.pcap", pcap([(T0 + 7, SCENE[0][1])], nano=True))
    assert reading.flows["start"].cast("int64").to_pylist() == [T0 + 7]


def test_the_snap_length_of_the_header_is_obeyed(tmp_path):
    data = ether(ip4(HOME, ABROAD, 17, udp(5000, 53, bytes(200))))
    reading, problems = read(tmp_path / "a.pcap", pcap([(T0, data)] * 2, snap=60))
    [row] = rows(reading)
    assert reading.packets == 2
    assert row["src_bytes"] == 2 * 228  # from the IP length
    assert [problem.code for problem in problems] == ["snapped"]
    assert problems[0].count == 2


def test_a_cut_file_gives_all_flows_up_to_the_cut_and_says_what_was_lost(tmp_path):
    whole = pcap(SCENE)
    reading, [problem] = read(tmp_path / "cut.pcap", whole[:-10])
    assert reading.packets == 4
    assert problem.code == "truncated-record"
    assert problem.source == str(tmp_path / "cut.pcap")
    last = 16 + len(SCENE[-1][1])
    assert problem.offset == len(whole) - last
    assert problem.lost_bytes == last - 10


def test_a_record_that_claims_four_gigabytes_is_damage(tmp_path):
    bad = struct.pack("<IIII", 1, 1, 0xFFFFFFF0, 0xFFFFFFF0) + bytes(100)
    reading, [problem] = read(tmp_path / "bad.pcap", pcap(SCENE) + bad)
    assert reading.packets == 5
    assert problem.code == "damaged-record"
    assert problem.offset == len(pcap(SCENE))
    assert problem.lost_bytes == 116


@pytest.mark.parametrize("size", [4, 8, 23])
def test_a_file_that_ends_in_its_header_is_a_problem(tmp_path, size):
    reading, [problem] = read(tmp_path / "a.pcap", pcap([])[:size])
    assert reading.packets == 0
    assert len(reading.flows) == 0
    assert problem.code == "truncated-header"


def test_a_capture_without_packets_is_no_problem(tmp_path):
    reading, problems = read(tmp_path / "a.pcap", pcap([]))
    assert (len(reading.flows), problems) == (0, [])


def test_sha256_is_that_of_the_whole_file_also_behind_damage(tmp_path):
    import hashlib

    content = pcap(SCENE) + struct.pack("<IIII", 1, 1, 2**31, 2**31) + bytes(1000)
    reading, _ = read(tmp_path / "a.pcap", content)
    assert reading.sha256 == hashlib.sha256(content).hexdigest()


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.pcap"):
        read_file(tmp_path / "gone.pcap")


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_reads_interfaces_with_their_own_link_type_and_clock(tmp_path, order):
    raw = ip4(HOME, ABROAD, 17, udp(5000, 53, b"a" * 20))
    offset = option(14, struct.pack(order + "q", 3600), order)
    content = (
        section(order)
        + interface(1, option(9, b"\x09", order), order=order)
        + interface(101, option(9, b"\x06", order) + offset, order=order)
        + block(0x0BAD, b"skip me", order)
        + block(5, bytes(16), order)
        + enhanced(0, T0 + 5, SCENE[0][1], order)
        + enhanced(1, T0 // 1000, raw, order)
    )
    reading, problems = read(tmp_path / "a.pcapng", content)
    assert problems == []
    by_protocol = {row["protocol"]: row for row in rows(reading)}
    starts = dict(
        zip(reading.flows["protocol"].to_pylist(), reading.flows["start"].cast("int64").to_pylist(),
            strict=True)
    )  # fmt: skip
    assert starts == {6: T0 + 5, 17: T0 + 3600 * SECOND}
    assert by_protocol[17]["src_payload"] == 20


def test_pcapng_binary_time_resolution(tmp_path):
    ticks = (T0 // SECOND << 20) + (1 << 19)
    content = section() + interface(1, option(9, b"\x94")) + enhanced(0, ticks, SCENE[0][1])
    reading, _ = read(tmp_path / "a.pcapng", content)
    assert reading.flows["start"].cast("int64").to_pylist() == [T0 + SECOND // 2]


def test_pcapng_resolution_finer_than_nanoseconds(tmp_path):
    ticks = 5 * 10**12 + 7_000
    content = section() + interface(1, option(9, b"\x0c")) + enhanced(0, ticks, SCENE[0][1])
    reading, _ = read(tmp_path / "a.pcapng", content)
    assert reading.flows["start"].cast("int64").to_pylist() == [5 * SECOND + 7]


def test_pcapng_sections_may_change_byte_order_and_number_interfaces_anew(tmp_path):
    content = (
        section("<") + interface(1) + enhanced(0, T0 // 1000, SCENE[0][1])
        + section(">") + interface(101, order=">")
        + enhanced(0, T0 // 1000, SCENE[1][1][14:], ">")
    )  # fmt: skip
    reading, problems = read(tmp_path / "a.pcapng", content)
    assert problems == []
    [row] = rows(reading)
    assert (row["src_packets"], row["dst_packets"]) == (1, 1)


def test_pcapng_simple_and_obsolete_packet_blocks(tmp_path):
    data = SCENE[0][1]
    simple = block(3, struct.pack("<I", len(data)) + data + b"\0" * (-len(data) % 4))
    old = struct.pack("<HHIIII", 0, 0, *divmod(T0 // 1000, 2**32), len(data), len(data))
    content = section() + interface(1) + block(2, old + data + b"\0" * (-len(data) % 4)) + simple
    reading, problems = read(tmp_path / "a.pcapng", content)
    [row] = rows(reading)
    assert row["src_packets"] == 2
    assert [problem.code for problem in problems] == ["no-time"]


def test_pcapng_packet_of_an_interface_nobody_described_is_damage(tmp_path):
    content = section() + interface(1) + enhanced(0, 0, SCENE[0][1]) + enhanced(9, 0, SCENE[1][1])
    reading, [problem] = read(tmp_path / "a.pcapng", content)
    assert reading.packets == 1
    assert problem.code == "damaged-record"


def test_pcapng_blocks_with_two_lengths_are_damage(tmp_path):
    good = section() + interface(1) + enhanced(0, 0, SCENE[0][1])
    bad = bytearray(enhanced(0, 0, SCENE[1][1]))
    bad[-4] ^= 4
    reading, [problem] = read(tmp_path / "a.pcapng", good + bytes(bad) + good)
    assert reading.packets == 2  # nothing of the part behind it is lost
    assert (problem.code, problem.offset) == ("damaged-record", len(good))
    assert problem.lost_bytes == len(bad)


def test_pcapng_of_hundred_interfaces(tmp_path):
    content = section() + interface(1) * 100 + enhanced(99, T0 // 1000, SCENE[0][1])
    reading, problems = read(tmp_path / "a.pcapng", content)
    assert (reading.packets, problems) == (1, [])


@pytest.mark.parametrize(
    ("link", "prefix"),
    [
        (101, b""),
        (228, b""),
        (113, bytes(14) + b"\x08\x00"),
        (276, b"\x08\x00" + bytes(18)),
        (0, b"\x02\0\0\0"),
        (0, b"\0\0\0\x02"),
        (108, b"\0\0\0\x02"),
    ],
)
def test_link_types_lead_to_the_same_flow(tmp_path, link, prefix):
    packets = [(time, prefix + data[14:]) for time, data in SCENE]
    reading, problems = read(tmp_path / "a.pcap", pcap(packets, link=link))
    reference, _ = read(tmp_path / "b.pcap", pcap(SCENE))
    assert problems == []
    assert reading.flows.equals(reference.flows)


def test_an_unknown_link_type_is_counted_and_said(tmp_path):
    reading, [problem] = read(tmp_path / "a.pcap", pcap(SCENE, link=147))
    assert len(reading.flows) == 0
    assert reading.packets == 5
    assert problem.code == "unknown-link-type"
    assert "147" in problem.message
    assert problem.count == 5


def test_packets_without_ip_are_counted_but_in_no_flow(tmp_path):
    arp = ether(bytes(28), 0x0806)
    llc = ether(b"\x42\x42\x03" + bytes(40), 43)
    reading, problems = read(tmp_path / "a.pcap", pcap([(T0, arp), (T0, llc)]))
    assert (reading.packets, reading.not_ip, len(reading.flows), problems) == (2, 2, 0, [])


def test_snap_encapsulated_ip_inside_802_3_is_read(tmp_path):
    inner = ip4(HOME, ABROAD, 6, tcp(1, 2, 3, SYN))
    frame = ether(b"\xaa\xaa\x03\0\0\0\x08\x00" + inner, 8 + len(inner))
    reading, _ = read(tmp_path / "a.pcap", pcap([(T0, frame)]))
    assert rows(reading)[0]["src_ip"] == HOME


def test_sniff_knows_its_magic_numbers_only():
    reader = CaptureReader()
    assert reader.sniff(pcap([])) == 1
    assert reader.sniff(section()) == 1
    assert reader.sniff(b"#separator \\x09") == 0
    assert reader.sniff(b"") == 0

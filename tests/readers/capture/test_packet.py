"""Packets: headers, tags, fragments, lengths that lie."""

import struct

from tests.readers.capture.packets import (
    ABROAD,
    ABROAD6,
    ACK,
    HOME,
    HOME6,
    SECOND,
    SYN,
    T0,
    ether,
    ip4,
    ip6,
    pcap,
    read,
    rows,
    tcp,
    udp,
)  # fmt: skip


def flows(tmp_path, *frames, **keywords):
    packets = [(T0 + i * 1000, frame) for i, frame in enumerate(frames)]
    return read(tmp_path / "a.pcap", pcap(packets, **keywords))


def test_vlan_and_qinq_tags_are_kept_outer_first(tmp_path):
    data = ip4(HOME, ABROAD, 17, udp(4000, 5000, b"x"))
    other = ip4(HOME, ABROAD, 17, udp(4001, 5000, b"x"))
    reading, _ = flows(
        tmp_path, ether(data, tags=((0x88A8, 100), (0x8100, 42))), ether(other, tags=((0x8100, 7),))
    )
    assert [row["vlan"] for row in rows(reading)] == ["100.42", "7"]


def test_ip_options_do_not_hide_the_ports(tmp_path):
    reading, _ = flows(
        tmp_path, ether(ip4(HOME, ABROAD, 17, udp(4000, 5000, b"abc"), options=b"\x01" * 8))
    )
    [row] = rows(reading)
    assert (row["src_port"], row["src_payload"], row["src_bytes"]) == (4000, 3, 39)


def test_ipv6_extension_headers_are_stepped_over(tmp_path):
    inner = udp(4000, 5000, b"hello")
    destination = bytes([17, 0]) + bytes(6)
    routing = bytes([60, 0]) + bytes(6)
    hop = bytes([43, 0]) + bytes(6)
    data = ip6(HOME6, ABROAD6, 0, hop + routing + destination + inner)
    reading, _ = flows(tmp_path, ether(data, 0x86DD))
    [row] = rows(reading)
    assert (row["protocol"], row["src_port"], row["src_payload"]) == (17, 4000, 5)
    assert (row["src_ip"], row["dst_ip"]) == (HOME6, ABROAD6)


def test_an_endless_chain_of_extension_headers_ends(tmp_path):
    chain = bytes([0, 0, *bytes(6)]) * 100
    reading, [problem] = flows(tmp_path, ether(ip6(HOME6, ABROAD6, 0, chain), 0x86DD))
    assert len(reading.flows) == 0
    assert problem.code == "cut-header"


def test_the_ports_of_a_first_fragment_serve_the_rest(tmp_path):
    whole = udp(4000, 5000, bytes(2000))
    reading, problems = flows(
        tmp_path,
        ether(ip4(HOME, ABROAD, 17, whole[:1480], more=True, number=77)),
        ether(ip4(HOME, ABROAD, 17, whole[1480:], offset=1480, number=77)),
    )
    [row] = rows(reading)
    assert problems == []
    assert (row["src_port"], row["src_packets"], row["src_payload"]) == (4000, 2, 2000)
    assert row["src_bytes"] == 2008 + 2 * 20


def test_ipv6_fragments_too(tmp_path):
    whole = udp(4000, 5000, bytes(1400))
    first = struct.pack(">BBHI", 17, 0, 1, 99) + whole[:1000]
    second = struct.pack(">BBHI", 17, 0, 1000, 99) + whole[1000:]
    reading, problems = flows(
        tmp_path,
        ether(ip6(HOME6, ABROAD6, 44, first), 0x86DD),
        ether(ip6(HOME6, ABROAD6, 44, second), 0x86DD),
    )
    [row] = rows(reading)
    assert problems == []
    assert (row["src_packets"], row["src_payload"]) == (2, 1400)


def test_a_fragment_without_its_first_is_a_flow_without_ports_and_a_problem(tmp_path):
    reading, [problem] = flows(
        tmp_path, ether(ip4(HOME, ABROAD, 17, bytes(100), offset=1480, number=5))
    )
    [row] = rows(reading)
    assert (row["src_port"], row["dst_port"], row["src_payload"]) == (None, None, 100)
    assert problem.code == "lost-fragment"


def test_fragments_of_other_datagrams_do_not_borrow_ports(tmp_path):
    whole = udp(4000, 5000, bytes(2000))
    reading, _ = flows(
        tmp_path,
        ether(ip4(HOME, ABROAD, 17, whole[:1480], more=True, number=77)),
        ether(ip4(HOME, ABROAD, 17, whole[1480:], offset=1480, number=78)),
    )
    assert sorted(row["src_port"] or 0 for row in rows(reading)) == [0, 4000]


def test_icmp_has_no_ports_and_the_asker_opens(tmp_path):
    request, reply = b"\x08\0\0\0" + bytes(60), b"\0\0\0\0" + bytes(60)
    reading, _ = flows(
        tmp_path, ether(ip4(ABROAD, HOME, 1, reply)), ether(ip4(HOME, ABROAD, 1, request))
    )
    [row] = rows(reading)
    assert (row["src_ip"], row["initiator_basis"]) == (HOME, "role")
    assert (row["src_port"], row["src_payload"], row["dst_payload"]) == (None, 56, 56)


def test_any_other_protocol_is_a_flow_without_ports(tmp_path):
    reading, _ = flows(tmp_path, ether(ip4(HOME, ABROAD, 50, bytes(200))))
    [row] = rows(reading)
    assert (row["protocol"], row["src_port"], row["src_payload"]) == (50, None, 200)
    assert row["src_tcp_flags"] is None


def test_a_length_of_zero_means_offload_and_the_frame_counts(tmp_path):
    data = ip4(HOME, ABROAD, 6, tcp(1000, 443, 1, ACK, bytes(30000)), length=0)
    reading, _ = flows(tmp_path, ether(data))
    [row] = rows(reading)
    assert (row["src_bytes"], row["src_payload"]) == (30040, 30000)


def test_a_length_beyond_the_packet_is_cut_to_it(tmp_path):
    data = ip4(HOME, ABROAD, 17, udp(4000, 5000, b"tiny"), length=60000)
    reading, _ = flows(tmp_path, ether(data))
    [row] = rows(reading)
    assert (row["src_bytes"], row["src_payload"]) == (32, 4)


def test_ethernet_padding_is_not_payload(tmp_path):
    data = ip4(HOME, ABROAD, 6, tcp(1000, 443, 1, SYN)) + bytes(6)
    reading, _ = flows(tmp_path, ether(data))
    [row] = rows(reading)
    assert (row["src_bytes"], row["src_payload"]) == (40, 0)


def test_bytes_come_from_the_ip_length_not_from_what_was_captured(tmp_path):
    data = ether(ip4(HOME, ABROAD, 6, tcp(1000, 443, 1, ACK, bytes(1400))))
    reading, problems = flows(tmp_path, data, cut=68)
    [row] = rows(reading)
    assert (row["src_bytes"], row["src_payload"]) == (1440, 1400)
    assert [problem.code for problem in problems] == ["snapped", "half-conversation"]


def test_a_packet_cut_before_its_ports_is_a_flow_without_ports(tmp_path):
    data = ether(ip4(HOME, ABROAD, 6, tcp(1000, 443, 1, ACK, bytes(1400))))
    reading, problems = flows(tmp_path, data, cut=36)
    [row] = rows(reading)
    assert row["src_port"] is None
    assert "cut-ports" in [problem.code for problem in problems]


def test_headers_that_make_no_sense_are_counted(tmp_path):
    short = ether(b"\x45\0\0\x14")
    no_header = ether(bytes([0x42]) + ip4(HOME, ABROAD, 6, bytes(20))[1:])
    wrong = ether(bytes([0x65]) + ip4(HOME, ABROAD, 6, bytes(20))[1:])
    reading, [problem] = flows(tmp_path, short, no_header, wrong)
    assert len(reading.flows) == 0
    assert (problem.code, problem.count) == ("cut-header", 3)


def test_fragments_without_their_first_make_the_same_flows_each_time(tmp_path):
    """Hours apart between the same hosts: in what order they are given up decides the flows."""
    packets = [
        (
            T0 + hour * 3600 * SECOND,
            ether(ip4(HOME, ABROAD, 17, bytes(64), number=hour, offset=800)),
        )
        for hour in range(12)
    ]
    times = {
        tuple(
            (row["start"], row["end"]) for row in rows(read(tmp_path / "a.pcap", pcap(packets))[0])
        )
        for _ in range(6)
    }
    assert [len(each) for each in times] == [12]

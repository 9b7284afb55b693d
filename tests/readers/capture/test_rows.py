"""Columns: who opened the flow, order, types."""

import random

from auditor.readers.reading import ROWS
from tests.readers.capture.packets import (
    ABROAD,
    ACK,
    HOME,
    HOME6,
    SYN,
    T0,
    ether,
    handshake,
    ip4,
    ip6,
    pcap,
    read,
    rows,
    segment,
    tcp,
    udp,
)  # fmt: skip


def one(tmp_path, *packets):
    reading, _ = read(tmp_path / "a.pcap", pcap(list(packets)))
    [row] = rows(reading)
    return row


def test_the_syn_opens_whatever_came_first(tmp_path):
    syn, answer, ack = handshake(T0, sport=80, dport=50000)
    row = one(tmp_path, answer, ack, syn)
    assert (row["src_ip"], row["initiator_basis"]) == (HOME, "syn")


def test_the_syn_ack_tells_the_other_end(tmp_path):
    row = one(tmp_path, handshake(T0)[1])
    assert (row["src_ip"], row["initiator_basis"], row["src_packets"]) == (HOME, "syn-ack", None)
    assert row["rtt_us"] is None


def test_without_handshake_the_lower_port_serves(tmp_path):
    row = one(tmp_path, segment(T0, 5001, b"\xff" * 20, back=True))
    assert (row["src_ip"], row["dst_port"], row["initiator_basis"]) == (HOME, 443, "port")


def test_two_high_udp_ports_leave_the_first_packet(tmp_path):
    row = one(tmp_path, (T0, ether(ip4(ABROAD, HOME, 17, udp(40000, 50000, b"\xff")))))
    assert (row["src_ip"], row["initiator_basis"]) == (ABROAD, "first-packet")


def test_equal_ports_leave_the_first_packet(tmp_path):
    data = ether(ip4(ABROAD, HOME, 6, tcp(5000, 5000, 1, ACK, b"\xff")))
    row = one(tmp_path, (T0, data))
    assert (row["src_ip"], row["initiator_basis"]) == (ABROAD, "first-packet")


def test_a_simultaneous_open_leaves_the_next_rule(tmp_path):
    there = ether(ip4(HOME, ABROAD, 6, tcp(40000, 443, 1, SYN)))
    back = ether(ip4(ABROAD, HOME, 6, tcp(443, 40000, 1, SYN)))
    row = one(tmp_path, (T0, back), (T0 + 1000, there))
    assert (row["src_ip"], row["initiator_basis"]) == (HOME, "port")


def test_flags_are_those_of_each_side(tmp_path):
    row = one(tmp_path, *handshake(T0))
    assert (row["src_tcp_flags"], row["dst_tcp_flags"]) == (SYN | ACK, SYN | ACK)
    assert row["sampling"] == 1


def test_addresses_are_canonical(tmp_path):
    row = one(tmp_path, (T0, ether(ip6("2001:db8:0:0:0:0:0:1", HOME6, 17, udp(1, 2, b"")), 0x86DD)))
    assert row["src_ip"] == "2001:db8::1"


def test_the_schema_is_the_contract(tmp_path):
    reading, _ = read(tmp_path / "a.pcap", pcap(handshake(T0)))
    assert reading.flows.drop_columns(["icmp"]).schema.equals(ROWS)


def test_packets_of_one_time_in_any_order_give_the_same_table(tmp_path):
    packets = [
        (T0, ether(ip4(f"10.0.0.{i % 40}", ABROAD, 17, udp(4000 + i % 40, 9000, bytes(i)))))
        for i in range(200)
    ]
    reference, _ = read(tmp_path / "a.pcap", pcap(packets))
    random.Random(3).shuffle(packets)
    shuffled, _ = read(tmp_path / "b.pcap", pcap(packets))
    assert shuffled.flows.equals(reference.flows)

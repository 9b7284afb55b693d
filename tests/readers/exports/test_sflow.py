import struct

import pytest

from tests.readers.capture.packets import ABROAD6, HOME6, ether, ip4, ip6, tcp, udp
from tests.readers.exports.collecting import captured, of_packets, reported
from tests.readers.exports.datagrams import (
    ABROAD,
    HOME,
    NOW,
    SECOND,
    flow_sample,
    raw_header,
    sflow,
    sflow_record,
)  # fmt: skip

PACKET = ether(ip4(HOME, ABROAD, 6, tcp(40000, 443, 1, 0x18, bytes(60))))
COUNTERS = struct.pack(">IIIII", 2, 12, 1, 1, 0)


def read(tmp_path, *datagrams):
    return reported(tmp_path, datagrams, port=6343)


def test_a_sample_is_a_packet_times_its_rate(tmp_path):
    [row], problems = read(tmp_path, sflow(flow_sample(raw_header(PACKET), rate=100)))
    assert (row["seen_by"], row["time_basis"], row["sampling"]) == ("sflow", "log-time", 100)
    assert (row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"]) == (
        HOME, 40000, ABROAD, 443
    )  # fmt: skip
    assert (row["src_packets"], row["src_bytes"], row["dst_bytes"]) == (100, 10_000, None)
    assert row["src_tcp_flags"] == 0x18
    assert row["start"].timestamp() == NOW
    assert problems["sampled"].count == 1


def test_samples_of_both_ways_and_of_a_while_are_one_flow(tmp_path):
    back = ether(ip4(ABROAD, HOME, 6, tcp(443, 40000, 1, 0x18)))
    sent = [sflow(flow_sample(raw_header(PACKET)), number=at) for at in range(1, 4)]
    sent.append(
        sflow(
            flow_sample(raw_header(back), port=2), flow_sample(raw_header(back), port=2), number=4
        )
    )
    [row], _ = read(tmp_path, *sent)
    assert (row["src_packets"], row["dst_packets"]) == (300, 200)
    assert row["end"].timestamp() - row["start"].timestamp() == 3


def test_two_ports_that_saw_the_same_count_once(tmp_path):
    [row], problems = read(
        tmp_path,
        *(
            sflow(*(flow_sample(raw_header(PACKET), port=port) for port in (1, 1, 2)), number=at)
            for at in (1, 2)
        ),
    )
    assert row["src_packets"] == 400
    assert problems["several-observers"].count == 1


def test_another_rate_is_another_record(tmp_path):
    samples = [flow_sample(raw_header(PACKET), rate=rate) for rate in (10, 1000)]
    [row], _ = read(tmp_path, sflow(*samples))
    assert row["src_packets"] == 1010


@pytest.mark.parametrize("wide", [False, True])
def test_expanded_samples_vlans_and_other_records(tmp_path, wide):
    tagged = ether(ip4(HOME, ABROAD, 17, udp(5000, 53, b"x" * 30)), tags=((0x8100, 20),))
    other = sflow_record(1002, bytes(16)), sflow_record(0x12345, bytes(8))
    [row], _ = read(tmp_path, sflow(flow_sample(*other, raw_header(tagged), wide=wide)))
    assert (row["protocol"], row["vlan"], row["src_bytes"]) == (17, "20", 5800)


def test_the_vlan_may_stand_beside_the_packet(tmp_path):
    switched = sflow_record(1001, struct.pack(">IIII", 30, 0, 30, 0))
    [row], _ = read(tmp_path, sflow(flow_sample(switched, raw_header(PACKET))))
    assert row["vlan"] == "30"


def test_ipv6_and_agents_with_ipv6(tmp_path):
    packet = ether(ip6(HOME6, ABROAD6, 6, tcp(40000, 443, 1, 0x18)), kind=0x86DD)
    [row], _ = read(tmp_path, sflow(flow_sample(raw_header(packet)), agent="2001:db8::1"))
    assert (row["src_ip"], row["dst_ip"], row["dst_port"]) == (HOME6, ABROAD6, 443)
    assert row["src_bytes"] == 6000


def test_packets_described_by_their_fields(tmp_path):
    four = struct.pack(">II4s4sIIII", 99, 6, bytes([203, 162, 10, 5]), bytes([52, 219, 40, 10]),
                       40000, 443, 2, 0)  # fmt: skip
    [row], _ = read(tmp_path, sflow(flow_sample(sflow_record(3, four))))
    assert (row["src_ip"], row["src_bytes"], row["src_tcp_flags"]) == (HOME, 9900, 2)


def test_a_header_that_is_bare_ip(tmp_path):
    [row], _ = read(tmp_path, sflow(flow_sample(raw_header(PACKET[14:], protocol=11))))
    assert row["src_ip"] == HOME


def test_a_cut_header_gives_what_it_has(tmp_path):
    [row], _ = read(tmp_path, sflow(flow_sample(raw_header(PACKET[:34], length=len(PACKET)))))
    assert (row["src_bytes"], row["src_port"], row["src_tcp_flags"]) == (10_000, None, None)


def test_counters_and_packets_without_ip_are_counted(tmp_path):
    arp = raw_header(b"\xff" * 12 + b"\x08\x06" + bytes(28))
    rows, problems = read(
        tmp_path, sflow(COUNTERS, flow_sample(arp), flow_sample(raw_header(PACKET)))
    )
    assert len(rows) == 1
    assert problems["counter-samples"].count == 1
    assert problems["not-ip"].count == 1


def test_drops_lost_and_repeated_datagrams_are_counted(tmp_path):
    sent = [
        sflow(flow_sample(raw_header(PACKET), drops=drops), number=number)
        for number, drops in ((1, 5), (2, 5), (2, 5), (6, 9))
    ]
    [row], problems = read(tmp_path, *sent)
    assert row["src_packets"] == 300
    assert problems["samples-dropped"].count == 4
    assert problems["export-repeated"].count == 1
    assert problems["export-lost"].count == 3


def test_a_sample_rate_of_zero_is_unknown(tmp_path):
    [row], problems = read(tmp_path, sflow(flow_sample(raw_header(PACKET), rate=0)))
    assert (row["sampling"], row["src_packets"]) == (None, 1)
    assert problems["sampling-unknown"].count == 1


def test_damage_ends_a_datagram_only(tmp_path):
    good = sflow(flow_sample(raw_header(PACKET)), number=1)
    broken = bytearray(
        sflow(flow_sample(raw_header(PACKET)), flow_sample(raw_header(PACKET)), number=2)
    )
    broken[28 + 4 + 2] = 0xFF  # the length of the first sample
    rows, problems = read(tmp_path, good, bytes(broken), sflow(number=3)[:20])
    assert rows[0]["src_packets"] == 100
    assert problems["export-damaged"].count == 2


def test_silence_of_a_minute_ends_a_record_but_sums_stay(tmp_path):
    sent = [sflow(flow_sample(raw_header(PACKET)), number=at) for at in (1, 2)]
    packets = captured([sent[0]], port=6343)
    packets += captured([sent[1]], port=6343, time=(NOW + 2000) * SECOND)
    rows, _ = of_packets(tmp_path, packets)
    assert [row["src_packets"] for row in rows] == [100, 100]

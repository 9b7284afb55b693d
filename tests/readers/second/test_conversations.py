"""The rules of the flow table, by packets given one by one."""

import itertools

from auditor.readers.reading import Settings
from auditor.readers.second.conversations import flows_of_packets
from auditor.readers.second.packets import ACK, FIN, RST, SYN, Packet, Said
from tests.readers.capture.packets import ABROAD, HOME, PSH, SECOND, T0


def tcp(after, flags, *, sequence=0, size=0, back=False, acknowledged=0, ports=(40000, 443)):
    source, target = (ABROAD, HOME) if back else (HOME, ABROAD)
    return Packet(
        T0 + after, source, target, 6, 40 + size, 20 + size, ports[::-1] if back else ports,
        flags, sequence % 2**32, acknowledged % 2**32,
    )  # fmt: skip


def udp(after, size=10, *, back=False, fragment=None, ports=(40000, 9000), said=None):
    source, target = (ABROAD, HOME) if back else (HOME, ABROAD)
    pair = None if ports is None else ports[::-1] if back else ports
    head = 8 if fragment is None or fragment[1] == 0 else 0
    return Packet(
        T0 + after, source, target, 17, 20 + head + size, head + size, pair,
        fragment=fragment, said=said,
    )  # fmt: skip


def flows(*packets, **settings):
    return flows_of_packets(iter(packets), Settings(**settings)).to_pylist()


def test_a_handshake_says_who_opened_and_how_far_the_answer_came():
    (flow,) = flows(tcp(0, SYN, sequence=9), tcp(5_000_000, SYN | ACK, back=True, acknowledged=10))
    assert (flow["src_ip"], flow["initiator_basis"], flow["rtt_us"]) == (HOME, "syn", 5000)


def test_the_first_answer_counts_from_the_first_syn():
    (flow,) = flows(
        tcp(0, SYN, sequence=9),
        tcp(1_000_000, SYN, sequence=9),
        tcp(5_000_000, SYN | ACK, back=True, acknowledged=10),
    )
    assert flow["rtt_us"] == 5000


def test_one_direction_that_acknowledges_the_other_leaves_it_unknown():
    (flow,) = flows(tcp(0, ACK | PSH, sequence=1, size=7))
    assert (flow["src_packets"], flow["src_payload"]) == (1, 7)
    assert [flow[f"dst_{name}"] for name in ("packets", "bytes", "payload", "tcp_flags")] == (
        [None] * 4
    )


def test_a_syn_without_answer_leaves_the_other_side_at_nothing():
    (flow,) = flows(tcp(0, SYN))
    assert (flow["dst_packets"], flow["dst_bytes"], flow["dst_tcp_flags"]) == (0, 0, 0)


def test_a_side_seen_before_the_active_timeout_is_not_unknown_after_it():
    talk = [
        tcp(0, SYN, sequence=1),
        tcp(1, SYN | ACK, back=True, sequence=1, acknowledged=2),
        *(tcp(k * SECOND, ACK, sequence=2, acknowledged=2) for k in range(2, 30)),
    ]
    first, second = flows(*talk, active_timeout=20)
    assert (first["dst_packets"], second["dst_packets"]) == (1, 0)
    assert second["initiator_basis"] == "syn"


def test_a_keep_alive_is_no_payload():
    (flow,) = flows(
        tcp(0, SYN, sequence=99),
        tcp(1, SYN | ACK, back=True, sequence=7, acknowledged=100),
        tcp(2, ACK, sequence=99, size=1, acknowledged=8),  # before any data
        tcp(3, ACK | PSH, sequence=100, size=50, acknowledged=8),
        tcp(4, ACK, sequence=149, size=1, acknowledged=8),
    )
    assert flow["src_payload"] == 50


def test_a_fin_counts_as_a_number_and_not_as_a_byte():
    (flow,) = flows(
        tcp(0, ACK, sequence=1, size=10),
        tcp(1, ACK | FIN, sequence=11),
        tcp(2, ACK | FIN, sequence=11, size=1),
    )
    assert flow["src_payload"] == 10


def test_a_new_syn_after_the_end_or_after_data_is_a_new_flow():
    ended = flows(tcp(0, SYN, sequence=1), tcp(1, RST, back=True), tcp(2, SYN, sequence=500))
    assert len(ended) == 2
    lost_end = flows(
        tcp(0, SYN, sequence=1), tcp(1, ACK, sequence=2, size=5), tcp(2, SYN, sequence=500)
    )
    assert [flow["src_payload"] for flow in lost_end] == [5, 0]


def test_a_repeated_syn_and_a_late_answer_are_the_same_flow():
    assert len(flows(tcp(0, SYN, sequence=1), tcp(1, SYN, sequence=1))) == 1
    late = flows(
        tcp(0, SYN, sequence=1),
        tcp(1, RST, sequence=2),
        tcp(2, SYN | ACK, back=True, sequence=70, acknowledged=2),
    )
    assert len(late) == 1


def test_silence_ends_a_flow_sooner_without_tcp():
    assert len(flows(udp(0), udp(60 * SECOND))) == 1
    assert len(flows(udp(0), udp(60 * SECOND + 1))) == 2
    assert len(flows(tcp(0, ACK), tcp(300 * SECOND, ACK))) == 1
    assert len(flows(tcp(0, ACK), tcp(300 * SECOND + 1, ACK))) == 2


def test_fragments_count_in_their_flow_whatever_their_order():
    parts = [
        udp(0, 16, fragment=(5, 0)),
        udp(1, 24, fragment=(5, 24), ports=None),
        udp(2, 8, fragment=(5, 48), ports=None),
    ]
    for order in itertools.permutations(parts):
        (flow,) = flows(*order)
        assert (flow["src_packets"], flow["src_bytes"], flow["src_payload"]) == (3, 116, 48)
        assert (flow["src_port"], flow["start"].value) == (40000, T0)


def test_fragments_without_their_first_one_are_a_flow_without_ports():
    (flow,) = flows(udp(0, 24, fragment=(5, 24), ports=None))
    assert (flow["src_port"], flow["src_payload"]) == (None, 24)


def test_later_fragments_of_a_tcp_segment_carry_bytes_that_count_once():
    def part(after, offset, size):
        one = tcp(after, ACK if offset == 0 else None, sequence=100, size=size)
        one.segment = size + (20 if offset == 0 else 0)
        one.fragment = (3, offset)
        if offset:
            one.ports, one.sequence = None, 0
        return one

    whole = tcp(9, ACK, sequence=100, size=120)
    (flow,) = flows(part(0, 0, 76), part(1, 96, 44), whole)
    assert flow["src_payload"] == 120


def test_the_server_port_decides_where_nothing_better_does():
    (flow,) = flows(tcp(0, ACK, back=True))
    assert (flow["src_ip"], flow["initiator_basis"]) == (HOME, "port")
    (high,) = flows(udp(0, back=True))
    assert (high["src_ip"], high["initiator_basis"]) == (ABROAD, "first-packet")
    (low,) = flows(udp(0, back=True, ports=(40000, 53)))
    assert (low["src_ip"], low["initiator_basis"]) == (HOME, "port")


def test_a_dns_answer_names_a_later_flow_of_the_one_who_asked():
    said = Said("target", "dns", False, "a.vn", "dns-query", (("a.vn", "192.0.2.9"),))
    answer = udp(0, back=True, ports=(5000, 53), said=said)
    later = tcp(SECOND, SYN)
    later.target = "192.0.2.9"
    other = tcp(2 * SECOND, SYN)
    other.source, other.target = "203.0.113.8", "192.0.2.9"
    named = {flow["src_ip"]: flow for flow in flows(answer, later, other) if flow["protocol"] == 6}
    assert (named[HOME]["host"], named[HOME]["host_basis"]) == ("a.vn", "dns-answer")
    assert named["203.0.113.8"]["host"] is None

"""Flows: when they end, when a new one begins, how many are alive."""

import pytest

from auditor.readers.capture.layout import CAPACITY
from auditor.readers.reading import Settings
from tests.readers.capture.packets import (
    ABROAD,
    ACK,
    FIN,
    HOME,
    RST,
    SECOND,
    SYN,
    T0,
    ether,
    handshake,
    ip4,
    pcap,
    read,
    read_file,
    rows,
    segment,
    tcp,
    udp,
)  # fmt: skip


def test_silence_beyond_the_timeout_ends_a_udp_flow(tmp_path):
    data = ether(ip4(HOME, ABROAD, 17, udp(4000, 5000, b"x")))
    times = [T0, T0 + 60 * SECOND, T0 + 121 * SECOND]
    reading, _ = read(tmp_path / "a.pcap", pcap([(time, data) for time in times]))
    assert [row["src_packets"] for row in rows(reading)] == [2, 1]


def test_tcp_has_its_own_timeout_and_settings_change_it(tmp_path):
    packets = [segment(T0, 1, b"x"), segment(T0 + 200 * SECOND, 2, b"y")]
    reading, _ = read(tmp_path / "a.pcap", pcap(packets))
    assert len(rows(reading)) == 1
    reading, _ = read(tmp_path / "a.pcap", pcap(packets), Settings(tcp_timeout=100))
    assert len(rows(reading)) == 2


def test_a_long_flow_goes_on_as_a_new_row_and_keeps_its_direction(tmp_path):
    packets = handshake(T0) + [
        segment(T0 + i * 100 * SECOND, 5001 + 10 * i, bytes(10), back=True) for i in range(30)
    ]
    reading, _ = read(tmp_path / "a.pcap", pcap(packets))
    first, second = rows(reading)
    assert {first["src_ip"], second["src_ip"]} == {HOME}
    assert {first["initiator_basis"], second["initiator_basis"]} == {"syn"}
    assert first["dst_payload"] + second["dst_payload"] == 300
    assert (second["start"] - first["start"]).total_seconds() > 1800


@pytest.mark.parametrize("closing", [FIN | ACK, RST])
def test_a_new_syn_after_the_end_starts_a_new_flow(tmp_path, closing):
    packets = [
        *handshake(T0),
        segment(T0 + SECOND, 1001, b"", flags=closing),
        *handshake(T0 + 2 * SECOND, isn=9000, peer=70000),
    ]
    reading, _ = read(tmp_path / "a.pcap", pcap(packets))
    assert [row["src_packets"] for row in rows(reading)] == [3, 2]


def test_a_repeated_syn_stays_in_its_flow(tmp_path):
    syn = (T0, ether(ip4(HOME, ABROAD, 6, tcp(40000, 443, 1000, SYN))))
    again = (T0 + SECOND, syn[1])
    reading, _ = read(tmp_path / "a.pcap", pcap([syn, again, *handshake(T0 + 2 * SECOND)[1:]]))
    [row] = rows(reading)
    assert row["src_packets"] == 3


def test_packets_after_the_fin_stay_in_the_flow(tmp_path):
    packets = [
        *handshake(T0),
        segment(T0 + SECOND, 1001, b"", flags=FIN | ACK),
        segment(T0 + 2 * SECOND, 5001, b"late", back=True),
        segment(T0 + 3 * SECOND, 1002, b"", flags=ACK),
    ]
    reading, _ = read(tmp_path / "a.pcap", pcap(packets))
    assert len(rows(reading)) == 1


def test_more_flows_than_the_first_table_holds(tmp_path):
    count = CAPACITY + 10_000
    packets = [
        (T0 + i, ether(ip4(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", ABROAD, 17, udp(9, 9, b"x"))))
        for i in range(count)
    ]
    reading, _ = read(tmp_path / "a.pcap", pcap(packets, nano=True))
    assert len(reading.flows) == count
    assert set(reading.flows["src_packets"].to_pylist()) == {1}


def test_silent_flows_make_room_for_new_ones(tmp_path):
    """Many flows of which few live at a time: the table must not grow with all of them."""
    from auditor.readers.capture.sweep import Sweep

    sizes = []

    class Watched(Sweep):
        def flows(self):
            sizes.append(self.state.flows.shape[0])
            return super().flows()

    count = 3 * CAPACITY
    packets = [
        (T0 + i * SECOND // 10,
         ether(ip4(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", ABROAD, 17, udp(9, 9, b"x"))))
        for i in range(count)
    ]  # fmt: skip
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets))
    import auditor.readers.capture.reader as module

    original = module.Sweep
    module.Sweep = Watched
    try:
        reading, _ = read_file(path)
    finally:
        module.Sweep = original
    assert len(reading.flows) == count
    assert sizes == [CAPACITY]

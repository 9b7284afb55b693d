"""However the same packets are kept, the flow table is the same."""

import struct

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.property.stories import captures
from tests.property.test_captures import reading_over
from tests.readers.capture.packets import (
    SECOND,
    T0,
    block,
    enhanced,
    ether,
    interface,
    ip4,
    option,
    pcap,
    section,
    udp,
)

small = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def flows_of(path, content, window=1 << 16):
    """The flow table of a capture with this content, without a word of trouble."""
    path.write_bytes(content)
    reading, problems = reading_over(path, 0, window)
    assert [problem for problem in problems if problem.code == "damaged"] == []
    return reading.flows


def pcapng(packets, *, order="<", resolution=9):
    """The packets behind two interfaces in turns, with times in units of 10 to the -resolution."""
    kind = option(9, bytes([resolution]), order)
    out = section(order) + interface(1, kind, order=order) + interface(1, kind, order=order)
    for i, (time, data) in enumerate(packets):
        out += enhanced(i % 2, time * 10**resolution // SECOND, data, order)
        if i % 3 == 0:  # a block of a kind nobody reads
            out += block(0x0BAD, struct.pack(order + "I", i), order)
    return out


FORMS = {
    "microseconds": pcap,
    "nanoseconds": lambda packets: pcap(packets, nano=True),
    "other byte order": lambda packets: pcap(packets, order=">"),
    "other byte order, nanoseconds": lambda packets: pcap(packets, order=">", nano=True),
    "pcapng": pcapng,
    "pcapng, microseconds": lambda packets: pcapng(packets, resolution=6),
    "pcapng, other byte order": lambda packets: pcapng(packets, order=">"),
}


@small
@given(packets=captures())
def test_every_form_of_a_capture_holds_the_same_flows(tmp_path, packets):
    path = tmp_path / "a.pcap"
    tables = {name: flows_of(path, form(packets)) for name, form in FORMS.items()}
    wanted = tables.pop("microseconds")
    assert len(wanted) > 0
    for name, table in tables.items():
        assert table.equals(wanted), name


@small
@given(packets=captures(), form=st.sampled_from(sorted(FORMS)), size=st.integers(2048, 9000))
def test_the_windows_that_a_capture_is_read_in_change_nothing(tmp_path, packets, form, size):
    content = FORMS[form](packets)
    path = tmp_path / "a.pcap"
    assert flows_of(path, content, size).equals(flows_of(path, content))


@settings(small, max_examples=150)
@given(packets=captures(), chance=st.randoms(use_true_random=False))
def test_packets_of_one_moment_may_come_in_any_order(tmp_path, packets, chance):
    mixed = sorted(packets, key=lambda packet: (packet[0], chance.random()))
    path = tmp_path / "a.pcap"
    assert flows_of(path, pcap(mixed)).to_pylist() == flows_of(path, pcap(packets)).to_pylist()


def test_two_datagrams_in_fragments_at_once_are_both_whole(tmp_path):
    """Same identification, and pairs of addresses that differ alike: no two share a place."""
    packets = []
    for part, (offset, more) in enumerate([(0, True), (800, False)]):
        for host in range(1, 9):
            data = udp(4000, 5000, bytes(1000))[offset : offset + 800]
            packet = ip4(f"10.0.0.{host}", f"10.0.1.{host}", 17, data, number=7, offset=offset,
                         more=more)  # fmt: skip
            packets.append((T0 + (part * 8 + host) * 1000, ether(packet)))
    table = flows_of(tmp_path / "a.pcap", pcap(packets))
    assert table["src_payload"].to_pylist() == [1000] * 8
    assert table["src_packets"].to_pylist() == [2] * 8

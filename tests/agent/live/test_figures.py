from __future__ import annotations

from auditor.agent.live.figures import Figures, lost_by_interface, told

DUMPCAP = (
    b"Capturing on 'Loopback: lo'\nFile: /r/x_00001_20261122084718.pcapng\n"
    b"\rPackets: 9 \rPackets: 19 File: /r/x_00002_20261122084719.pcapng\n"
)
DUMPCAP_END = (
    b"\rPackets captured: 30\n"
    b"Packets received/dropped on interface 'Loopback: lo': 30/12 "
    b"(pcap:7/dumpcap:5/flushed:0/ps_ifdrop:0) (71.4%)\n"
)
TCPDUMP = (
    b"tcpdump: listening on lo, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n"
    b"tcpdump: 18 packets captured, 60 packets received by filter, 2 packets dropped by kernel\n"
)
TCPDUMP_END = (
    b"1 packet captured\n60 packets received by filter\n3 packets dropped by kernel\n"
    b"1 packet dropped by interface\n"
)


def test_dumpcap_counts_as_it_goes_and_tells_its_losses_at_the_end():
    going = told(Figures(), DUMPCAP)
    assert going == Figures(19, None)
    assert told(going, DUMPCAP_END) == Figures(30, 12)


def test_losses_on_several_interfaces_are_added():
    two = DUMPCAP_END + DUMPCAP_END.splitlines(keepends=True)[-1].replace(b"lo'", b"eth0'")
    assert told(Figures(), two).dropped == 24


def test_an_interface_named_to_deceive_changes_no_figure():
    line = b"Packets received/dropped on interface 'x': 1/99 y': 30/0 (pcap:0/dumpcap:0/"
    assert told(Figures(), line).dropped == 0


def test_tcpdump_tells_both_when_asked_and_at_the_end():
    asked = told(Figures(), TCPDUMP)
    assert asked == Figures(18, 2)
    assert told(asked, TCPDUMP_END) == Figures(1, 4)


def test_the_last_of_several_answers_counts():
    assert told(Figures(), TCPDUMP + TCPDUMP.replace(b"2 packets dr", b"9 packets dr")).dropped == 9


def test_words_without_figures_leave_them():
    assert told(Figures(5, 1), b"something else\n") == Figures(5, 1)


def test_what_the_card_lost_is_read_from_the_system(tmp_path):
    counters = tmp_path / "eth0" / "statistics"
    counters.mkdir(parents=True)
    (counters / "rx_dropped").write_text("12\n")
    (counters / "rx_missed_errors").write_text("30\n")
    assert lost_by_interface("eth0", tmp_path) == 42
    (counters / "rx_dropped").write_text("many\n")
    assert lost_by_interface("eth0", tmp_path) == 30
    assert lost_by_interface("any", tmp_path) is None

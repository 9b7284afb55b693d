import gzip
import os
import struct
import threading

import pytest

from auditor.readers.capture.reader import CaptureReader
from auditor.readers.exports import collected
from auditor.readers.exports.collected import KINDS
from auditor.readers.reading import Settings
from auditor.readers.streams import Source, opened_pipe
from auditor.report.problem_words import PROBLEM
from tests.readers.capture.packets import (
    enhanced,
    ether,
    interface,
    ip4,
    ip6,
    pcap,
    section,
    tcp,
    udp,
)  # fmt: skip
from tests.readers.exports.collecting import captured, of_files, of_packets, reported
from tests.readers.exports.datagrams import (
    ABROAD,
    BASIC,
    HOME,
    NOW,
    SECOND,
    a_set,
    flow_sample,
    ipfix,
    netflow5,
    netflow9,
    raw_header,
    record,
    record5,
    sflow,
    template,
)  # fmt: skip
from tests.readers.reading import read_files

NINE = netflow9(template(256, BASIC), a_set(256, record()))
FIVE = netflow5(record5())
SAMPLE = sflow(flow_sample(raw_header(ether(ip4(HOME, ABROAD, 6, tcp(40000, 443, 1, 0x18))))))


@pytest.mark.parametrize(
    ("payload", "app"),
    [
        (NINE, "netflow"),
        (FIVE, "netflow"),
        (ipfix(template(256, BASIC, 10)), "ipfix"),
        (SAMPLE, "sflow"),
    ],
    ids=["v9", "v5", "ipfix", "sflow"],
)
@pytest.mark.parametrize("port", [2055, 30000, 514])
def test_exports_are_told_by_their_content_at_any_port(tmp_path, payload, app, port):
    (tmp_path / "a.pcap").write_bytes(pcap(captured([payload], port=port)))
    _, [flows], _, _ = read_files(CaptureReader(), [tmp_path / "a.pcap"])
    [row] = [row for row in flows.to_pylist() if row["seen_by"] == "packets"]
    assert (row["app"], row["dst_port"], row["initiator_basis"]) == (app, port, "role")
    assert row["encrypted"] is False


@pytest.mark.parametrize(
    "payload",
    [
        NINE + b"\0",
        NINE[:-1],
        FIVE + bytes(4),
        netflow9(a_set(5, bytes(4))),
        b"\0\x0a" + bytes(30),
        SAMPLE[:-4],
        SAMPLE + bytes(4),
        struct.pack(">II", 5, 3) + SAMPLE[8:],
        bytes(60),
    ],
    ids=range(9),
)
def test_what_only_looks_alike_is_not_taken(tmp_path, payload):
    (tmp_path / "a.pcap").write_bytes(pcap(captured([payload])))
    _, [flows], problems, _ = read_files(CaptureReader(), [tmp_path / "a.pcap"])
    assert [row["app"] for row in flows.to_pylist()] == [None]
    assert problems == []


def test_flows_of_packets_stay_beside_those_reported(tmp_path):
    (tmp_path / "a.pcap").write_bytes(pcap(captured([FIVE])))
    _, [flows], _, sizes = read_files(CaptureReader(), [tmp_path / "a.pcap"])
    assert flows["seen_by"].to_pylist() == ["netflow", "packets"]
    assert sum(sizes) == (tmp_path / "a.pcap").stat().st_size


def test_flows_go_over_files_and_templates_too(tmp_path):
    later = netflow9(a_set(256, record(size=50, flags=0x10, sport=40000)), number=2)
    for name, payload, time in (("a", NINE, NOW), ("b", later, NOW + 30)):
        packets = captured([payload], time=time * SECOND)
        (tmp_path / f"{name}.pcap").write_bytes(pcap(packets))
    _, tables, problems, _ = read_files(CaptureReader(), [tmp_path / "a.pcap", tmp_path / "b.pcap"])
    first, second = ([r for r in t.to_pylist() if r["seen_by"] != "packets"] for t in tables)
    assert [row["src_bytes"] for row in first] == [1050]
    assert second == []
    assert {problem.source for problem in problems} == {
        str(tmp_path / "a.pcap"),
        str(tmp_path / "b.pcap"),
    }


def test_packed_files_and_pcapng_and_ipv6_and_vlans_and_tunnels(tmp_path):
    (tmp_path / "a.pcap.gz").write_bytes(gzip.compress(pcap(captured([FIVE]))))
    inner = ether(ip6("2001:db8::1", "2001:db8::9", 17, udp(50000, 9996, FIVE)), kind=0x86DD)
    vxlan = ether(ip4("10.0.0.1", "10.0.0.2", 17, udp(1, 4789, b"\x08\0\0\0\0\0\x01\0" + inner)))
    tagged = ether(ip4("10.0.0.3", "10.0.0.9", 17, udp(5, 2055, FIVE)), tags=((0x8100, 7),))
    blocks = [enhanced(0, at, data) for at, data in enumerate((vxlan, tagged))]
    (tmp_path / "b.pcapng").write_bytes(section() + interface() + b"".join(blocks))
    for name, rows in (("a.pcap.gz", 1), ("b.pcapng", 1)):
        found, problems = of_files([tmp_path / name])
        assert len(found) == rows
        assert [row["src_bytes"] for row in found] == [1000]
        assert ("several-observers" in problems) == (name == "b.pcapng")


def test_damage_in_the_capture_does_not_hide_what_follows(tmp_path):
    payloads = [netflow5(record5(sport=at), number=at) for at in (1, 2, 3)]
    first, second, third = (pcap([packet])[24:] for packet in captured(payloads))
    head = pcap([])[:24]
    (tmp_path / "a.pcap").write_bytes(head + first + second + b"\xff" * 50 + third + third)
    found, problems = of_files([tmp_path / "a.pcap"])
    assert {row["src_port"] for row in found} == {1, 2, 3}
    assert "damaged-record" in problems


def test_cut_and_fragmented_datagrams_are_counted(tmp_path):
    whole = udp(50_001, 2055, netflow5(*[record5()] * 29, number=9))
    parts = [
        ether(ip4("10.20.0.1", "10.20.0.9", 17, whole[:800], more=True)),
        ether(ip4("10.20.0.1", "10.20.0.9", 17, whole[800:], offset=800)),
    ]
    packets = [*captured([FIVE]), *((NOW * SECOND, part) for part in parts)]
    rows, problems = of_packets(tmp_path, packets)
    assert [row["src_bytes"] for row in rows] == [1000]
    assert problems["export-cut"].count == 1
    (tmp_path / "b.pcap").write_bytes(pcap(captured([NINE, NINE]), cut=80))
    rows, problems = of_files([tmp_path / "b.pcap"])
    assert rows == []
    assert problems["export-cut"].count == 2


def test_ipfix_over_tcp_is_told(tmp_path):
    message = ipfix(template(256, BASIC, 10), a_set(256, record()))
    packets = [
        (NOW * SECOND, ether(ip4("10.20.0.1", "10.20.0.9", 6, tcp(5000, 4739, 1, 0x18, message))))
    ]
    rows, problems = of_packets(tmp_path, packets)
    assert rows == []
    assert problems["export-not-read"].count == 1
    assert "TCP" in problems["export-not-read"].message


def test_ipfix_over_sctp_is_told(tmp_path):
    chunk = (
        struct.pack(">HHII", 5000, 4739, 0, 0)
        + struct.pack(">BBHIHHI", 0, 3, 20, 1, 0, 0, 0)
        + bytes(4)
    )
    packets = [(NOW * SECOND, ether(ip4("10.20.0.1", "10.20.0.9", 132, chunk)))]
    assert "SCTP" in of_packets(tmp_path, packets)[1]["export-not-read"].message


def test_a_pipe_cannot_be_read_twice(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(pcap(captured([FIVE]))))
    writer.start()
    problems, tables = [], []
    source = Source(path, pipe=opened_pipe(path))
    CaptureReader().read(
        [source], Settings(), problems.append, lambda size: None, lambda at, t: tables.append(t)
    )
    writer.join()
    assert [table["seen_by"].to_pylist() for table in tables] == [["packets"]]
    [problem] = [problem for problem in problems if problem.code == "export-not-read"]
    assert "pipe" in problem.message


def test_other_datagrams_to_the_same_port_are_left_alone(tmp_path):
    packets = captured([FIVE]) + captured([b"hello"], exporter="10.20.0.77")
    rows, problems = of_packets(tmp_path, packets)
    assert len(rows) == 1
    assert "export-damaged" not in problems


def test_what_is_told_has_no_line(tmp_path):
    _, problems = reported(tmp_path, [FIVE, FIVE, SAMPLE])
    assert problems
    assert not any("at line" in problem.message for problem in problems.values())


def test_every_trouble_has_words_in_both_languages():
    assert set(KINDS) <= set(PROBLEM)


def test_more_exporters_than_are_followed_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(collected, "MOST_STREAMS", 2)
    packets = [
        packet for at in range(5) for packet in captured([FIVE], exporter=f"10.20.0.{20 + at}")
    ]
    rows, problems = of_packets(tmp_path, packets)
    assert len(rows) == 1
    assert problems["export-limit"].count == 3

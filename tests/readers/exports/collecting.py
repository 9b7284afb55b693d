"""What becomes of captures with export datagrams, for the tests."""

from __future__ import annotations

from auditor.readers.capture.reader import CaptureReader
from tests.readers.exports.datagrams import NOW, SECOND
from tests.readers.reading import read_files

EXPORTER, COLLECTOR = "10.20.0.1", "10.20.0.9"


def captured(payloads, port=2055, time=NOW * SECOND, source=50_001, exporter=EXPORTER):
    """Packets of datagrams, a second apart."""
    from tests.readers.capture.packets import ether, ip4, udp

    return [
        (time + at * SECOND, ether(ip4(exporter, COLLECTOR, 17, udp(source, port, payload))))
        for at, payload in enumerate(payloads)
    ]


def reported(tmp_path, payloads, **more):
    """Rows that exporters reported in a capture of these datagrams, and problems by code."""
    return of_packets(tmp_path, captured(payloads, **more))


def of_packets(tmp_path, packets, settings=None):
    from tests.readers.capture.packets import pcap

    (tmp_path / "a.pcap").write_bytes(pcap(packets))
    return of_files([tmp_path / "a.pcap"], settings)


def of_files(paths, settings=None):
    _, tables, problems, _ = read_files(CaptureReader(), paths, settings)
    rows = [row for table in tables for row in table.to_pylist() if row["seen_by"] != "packets"]
    return rows, {problem.code: problem for problem in problems}

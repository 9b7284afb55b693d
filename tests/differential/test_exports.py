"""Exports read by others: the netflow library field by field, nfcapd flow by flow."""

import ipaddress
import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from netflow.ipfix import IPFIXFieldTypes
from netflow.utils import parse_packet
from netflow.v9 import V9_FIELD_TYPES

from auditor.readers.exports.collected import KINDS
from auditor.readers.exports.datagrams import BEGIN, END, TIME, datagrams
from auditor.readers.exports.netflow import NetFlow
from auditor.readers.exports.sflow import SFlow
from auditor.readers.exports.templates import FOUR, NUMBERS, SIXTEEN, V5, template
from auditor.readers.records.checked import checked
from auditor.readers.records.tally import Tally
from auditor.readers.streams import Source
from tests.readers.exports import datagrams as made

SAMPLES = Path(__file__).parents[2] / "samples" / "pcaps"
IPFIX_NAMES = {number: name for number, name, _ in IPFIXFieldTypes.iana_field_types}
IPFIX_KINDS = {number: kind for number, _, kind in IPFIXFieldTypes.iana_field_types}


def number_of(value) -> int:
    """A value of the library, as a number."""
    if isinstance(value, str):
        return int(ipaddress.ip_address(value))
    if isinstance(value, bytes):
        return int.from_bytes(value, "big")
    return int(value)


def ours(fields, records: bytes, element: int) -> list[int]:
    column = template(fields).values(records)[element]
    if column.ndim == 2:
        return [int.from_bytes(bytes(row), "big") for row in column]
    return [int(value) % (1 << 64) for value in column.tolist()]


def layouts(names, kinds=None):
    """Fields that both sides can read, each once, in the lengths that the library knows."""

    def length(element):
        if element in FOUR:
            return st.just(4)
        if element in SIXTEEN:
            return st.just(16)
        if kinds is not None:
            kind = kinds[element].__name__ if hasattr(kinds[element], "__name__") else ""
            known = {"Unsigned8": 1, "Unsigned16": 2, "Unsigned32": 4, "Unsigned64": 8}
            return st.sampled_from([1, 2, 4, 8]) if kind not in known else st.just(known[kind])
        return st.sampled_from([1, 2, 4, 8])

    usable = sorted((NUMBERS | FOUR | SIXTEEN) & set(names))
    elements = st.lists(st.sampled_from(usable), min_size=1, max_size=12, unique=True)
    fields = elements.flatmap(
        lambda chosen: st.tuples(*(st.tuples(st.just(each), length(each)) for each in chosen))
    )
    # what is shorter than a word is padding to the library
    return fields.filter(lambda chosen: sum(size for _, size in chosen) >= 4)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_records_of_netflow_9_are_read_as_the_library_reads_them(data):
    fields = [(*each, 0) for each in data.draw(layouts(V9_FIELD_TYPES))]
    size = sum(length for _, length, _ in fields)
    count = data.draw(st.integers(1, 4))
    records = data.draw(st.binary(min_size=size * count, max_size=size * count))
    plain = [field[:2] for field in fields]
    packet = made.netflow9(made.template(256, plain), made.a_set(256, records))
    theirs = parse_packet(packet, {"netflow": {}, "ipfix": {}}).flows[:count]
    for element, _, _ in fields:
        expected = [number_of(flow.data[V9_FIELD_TYPES[element]]) for flow in theirs]
        assert ours(fields, records, element) == expected


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_records_of_ipfix_are_read_as_the_library_reads_them(data):
    numbers = set(IPFIX_NAMES) - {154, 155, 156, 157, 324, 325}  # as pairs of numbers there
    fields = [(*each, 0) for each in data.draw(layouts(numbers, IPFIX_KINDS))]
    size = sum(length for _, length, _ in fields)
    count = data.draw(st.integers(1, 4))
    records = data.draw(st.binary(min_size=size * count, max_size=size * count))
    plain = [field[:2] for field in fields]
    packet = made.ipfix(made.template(256, plain, 10), made.a_set(256, records, pad=False))
    theirs = parse_packet(packet, {"netflow": {}, "ipfix": {}}).flows
    for element, _, _ in fields:
        expected = [number_of(flow.data[IPFIX_NAMES[element]]) for flow in theirs]
        assert ours(fields, records, element) == expected


@given(st.binary(min_size=48 * 3, max_size=48 * 3))
def test_records_of_netflow_5_are_read_as_the_library_reads_them(records):
    packet = made.netflow5(records[:48], records[48:96], records[96:])
    names = {
        8: "IPV4_SRC_ADDR", 12: "IPV4_DST_ADDR", 10: "INPUT", 14: "OUTPUT", 2: "IN_PACKETS",
        1: "IN_OCTETS", 22: "FIRST_SWITCHED", 21: "LAST_SWITCHED", 7: "SRC_PORT", 11: "DST_PORT",
        6: "TCP_FLAGS", 4: "PROTO",
    }  # fmt: skip
    values = V5.values(records)
    for element, name in names.items():
        expected = [flow.data[name] for flow in parse_packet(packet).flows]
        assert values[element].tolist() == expected


needs_tools = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("softflowd", "nfcapd", "nfdump")),
    reason="softflowd and nfdump are not installed: `make test` installs them",
)


def exported(capture: Path, version: str, *more: str) -> list[bytes]:
    """The datagrams that softflowd makes of a capture."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(1)
        target = f"127.0.0.1:{collector.getsockname()[1]}"
        command = ["softflowd", "-r", str(capture), "-n", target, "-v", version, "-d", "-a", *more]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        found = []
        while True:
            try:
                found.append(collector.recvfrom(65535)[0])
            except TimeoutError:
                if process.poll() is not None:
                    return found


def of_nfcapd(datagrams: list[bytes], folder: Path) -> Counter:
    """One-way flows as nfcapd takes them and nfdump lists them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    collector = subprocess.Popen(
        ["nfcapd", "-b", "127.0.0.1", "-p", str(port), "-w", str(folder), "-t", "3600"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    local = Path("/proc/net/udp")
    end = time.monotonic() + 20
    while f":{port:04X} " not in local.read_text() and time.monotonic() < end:
        time.sleep(0.01)  # what is sent before it listens is lost
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exporter:
        for datagram in datagrams:
            exporter.sendto(datagram, ("127.0.0.1", port))
            time.sleep(0.01)
    time.sleep(0.5)
    collector.terminate()
    collector.wait()
    form = "fmt:%pr,%sa,%sp,%da,%dp,%ipkt,%ibyt,%ts,%te"
    listed = subprocess.run(
        ["nfdump", "-R", str(folder), "-q", "-N", "-6", "-o", form],
        capture_output=True, text=True, check=True, env={**os.environ, "TZ": "UTC"},
    )  # fmt: skip
    flows: Counter = Counter()
    for line in listed.stdout.splitlines():
        protocol, src, sport, dst, dport, packets, size, *times = (
            cell.strip() for cell in line.split(",")
        )
        ports = (int(sport), int(dport)) if protocol in ("6", "17") else (0, 0)
        # nfdump 1.7.1 has the times of IPFIX the wrong way round, and none for the uptime's begin
        moments = tuple(
            sorted(
                round(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)
                for moment in times
            )
        )
        flows[int(protocol), src, dst, *ports, int(packets), int(size), moments] += 1
    return flows


@needs_tools
@pytest.mark.parametrize("version", ["5", "9", "10"])
@pytest.mark.parametrize(
    "capture",
    ["land-registry-replica", "midstream-and-resets", "vlan-ipv6", "foreign-client-pulls"],
)
def test_softflowds_exports_are_read_as_nfdump_reads_them(capture, version, tmp_path):
    datagrams = exported(SAMPLES / f"{capture}.pcap", version)
    tally = Tally(KINDS)
    netflow = NetFlow(tally)
    for datagram in datagrams:
        netflow.take(0, datagram, time.time_ns())
    flows: Counter = Counter()
    for _, _, batch in netflow.batches():
        for row in checked(batch, tally).to_pylist():
            moments = tuple(row[name].value // 1_000_000 for name in ("start", "end"))
            flows[
                row["protocol"], row["src_ip"], row["dst_ip"], row.get("src_port") or 0,
                row.get("dst_port") or 0, row["src_packets"], row["src_bytes"], moments,
            ] += 1  # fmt: skip
    theirs = of_nfcapd(datagrams, tmp_path)
    unset = (0, 0)
    assert flows
    timeless = Counter({key[:-1]: 1 for key in theirs if key[-1] == unset})
    assert {key: n for key, n in flows.items() if key[:-1] not in timeless} == {
        key: n for key, n in theirs.items() if key[-1] != unset
    }
    assert timeless <= Counter(key[:-1] for key in flows)


@pytest.mark.skipif(
    shutil.which("tshark") is None, reason="tshark is not installed: `make test` installs it"
)
def test_samples_of_sflow_are_read_as_tshark_reads_them():
    capture = SAMPLES / "exporters.pcap"
    fields = ("sflow.flow_sample.sampling_rate", "ip.src", "ip.dst", "ip.len")
    command = ["tshark", "-n", "-r", str(capture), "-Y", "sflow", "-T", "fields"]
    command += [part for field in fields for part in ("-e", field)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs: Counter = Counter()
    for line in listed.stdout.splitlines():
        rates, *packets = (cell.split(",") for cell in line.split("\t"))
        # the first IP header is that of the datagram itself
        for rate, src, dst, size in zip(rates, *(each[1:] for each in packets), strict=True):
            theirs[src, dst] += int(rate) * int(size)
    sflow = SFlow(Tally(KINDS))
    for found in datagrams(Source(capture), {6343}):
        for row in found.rows.tolist():
            sflow.take(0, found.data[row[BEGIN] : row[END]].tobytes(), row[TIME])
    ours: Counter = Counter()
    for _, _, batch in sflow.batches():
        for row in checked(batch, Tally(KINDS)).to_pylist():
            ours[row["src_ip"], row["dst_ip"]] += row["src_bytes"]
    assert ours == theirs
    assert len(ours) == 2

"""Flows that real exporters make of the samples say what the packet engine says.

Two ways: nfpcapd writes a file; softflowd exports NetFlow 5, 9 and IPFIX over the loopback to
nfcapd, which writes one. Each direction of each conversation must have the same packets and IP
bytes, but for what ``EXPLAINED`` names; docs/formats/nfdump.md has the shares.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from pathlib import Path
from random import Random

import pytest

from auditor.readers.formats import reader_of
from tests.differential.conversations import flows_of, of_flows
from tests.readers.capture.packets import (
    ACK,
    SECOND,
    SYN,
    T0,
    ether,
    ip4,
    ip6,
    pcap,
    tcp,
    udp,
)
from tests.readers.reading import read_files

SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "pcaps").iterdir())
WAYS = ("nfpcapd", "5", "9", "10")
PORTED = (6, 17)
NEEDED = ("nfdump", "nfpcapd", "nfcapd", "softflowd")
MISSING = [program for program in NEEDED if shutil.which(program) is None]

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"not installed: {', '.join(MISSING)}; see `make test`"
)


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name[-4:].isdigit())


def by_nfpcapd(capture: Path, folder: Path) -> None:
    subprocess.run(["nfpcapd", "-r", capture, "-w", folder], capture_output=True, check=True)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def collector(folder: Path):
    port = free_port()
    command = ["nfcapd", "-l", folder, "-p", str(port), "-b", "127.0.0.1", "-t", "3600"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        for line in process.stderr:
            if b"Startup" in line:
                break
        yield port
        time.sleep(0.3)  # the last datagram is on its way
        process.terminate()
        process.stderr.read()


def by_softflowd(capture: Path, version: str, folder: Path) -> None:
    with collector(folder) as port:
        subprocess.run(
            ["softflowd", "-r", capture, "-n", f"127.0.0.1:{port}", "-v", version, "-d"],
            capture_output=True, check=False, timeout=60, cwd=folder,
        )  # fmt: skip


def told(capture: Path, way: str, folder: Path):
    """What the reader makes of what ``way`` wrote, and the problems told."""
    if way == "nfpcapd":
        by_nfpcapd(capture, folder)
    else:
        by_softflowd(capture, way, folder)
    paths = files_of(folder)
    assert paths
    answers, tables, problems, _ = read_files(reader_of(paths[0]), paths)
    assert all(hasattr(answer, "packets") for answer in answers)
    return tables, problems


def compared(capture: Path, way: str, folder: Path):
    """Directions of TCP and UDP: all, and those that differ (ours, theirs)."""
    seen = of_flows(flows_of(capture))
    tables, _ = told(capture, way, folder)
    ours = {key: (seen.packets[key], seen.octets[key]) for key in seen.packets}
    theirs = {}
    for table in tables:
        other = of_flows(table)
        for key in other.packets:
            packets, octets = theirs.get(key, (0, 0))
            theirs[key] = (packets + other.packets[key], octets + other.octets[key])
    keys = {key for key in (*ours, *theirs) if key[0] in PORTED}
    differing = {
        key: (ours.get(key), theirs.get(key)) for key in keys if ours.get(key) != theirs.get(key)
    }
    return keys, differing


def generated(path: Path, seed: int) -> None:
    """A capture of 400 conversations, IPv4 and IPv6, TCP and UDP, interleaved over ten minutes."""
    chance = Random(seed)
    sent = []
    for number in range(400):
        six, protocol = chance.random() < 0.3, chance.choice((6, 17))
        ends = [
            (f"2405:4800:10::{number:x}", "2a01:4f8::1"),
            (f"10.20.{number % 9}.{number % 250}", "5.9.77.10"),
        ]
        source, target = ends[not six]
        pack, kind = (ip6, 0x86DD) if six else (ip4, 0x0800)
        ports = 1024 + number, chance.choice((53, 443, 9000))
        moment = T0 + chance.randrange(400) * SECOND
        seq = 1
        for step in range(chance.randrange(1, 40)):
            back = step > 0 and chance.random() < 0.4
            data = bytes(chance.randrange(1200))
            here, there = ports[::-1] if back else ports
            flags = SYN if step == 0 else ACK
            inner = tcp(here, there, seq, flags, data) if protocol == 6 else udp(here, there, data)
            seq += len(data)
            way = (target, source) if back else (source, target)
            sent.append((moment, ether(pack(*way, protocol, inner), kind)))
            moment += chance.randrange(1, 4 * SECOND)
    sent.sort(key=lambda one: one[0])
    path.write_bytes(pcap(sent))


UNREADABLE = {
    "two-interfaces-ns.pcapng": "libpcap reads no pcapng whose interfaces differ",
    "truncated.pcap": "softflowd exports nothing of a capture that is cut",
}
EXPLAINED = {
    "nfpcapd": "leaves IPv6 out behind a VLAN tag, and counts a fragmented datagram as one packet",
    "softflowd": "counts later fragments as flows of their own, without ports, and knows no IPv6"
    " extension headers; NetFlow 5 has no IPv6",
}
VLAN = "vlan-ipv6.pcap"
DIFFERING = {"nfpcapd": 5, "5": 7, "9": 5, "10": 5}
"""Directions of the VLAN sample that differ, of 6 to 7."""


def readable(way: str) -> list[Path]:
    left_out = set(UNREADABLE) - ({"truncated.pcap"} if way == "nfpcapd" else set())
    return [path for path in SAMPLES if path.name not in left_out]


CASES = [
    pytest.param(path, way, id=f"{path.name}-{way}")
    for way in WAYS
    for path in readable(way)
    if path.name != VLAN
]


@pytest.mark.parametrize(("capture", "way"), CASES)
def test_every_direction_has_the_packets_and_ip_bytes_of_the_packet_engine(capture, way, tmp_path):
    keys, differing = compared(capture, way, tmp_path)
    assert keys
    assert differing == {}


@pytest.mark.parametrize("way", WAYS)
def test_fragments_and_ipv6_differ_by_the_exporters_own_doing_only(way, tmp_path):
    capture = next(path for path in SAMPLES if path.name == VLAN)
    _, differing = compared(capture, way, tmp_path)
    assert len(differing) == DIFFERING[way], EXPLAINED
    for (_, source, source_port, target, _), (ours, theirs) in differing.items():
        v6, fragmented = ":" in source, (source, target) == ("203.162.10.20", "5.9.77.10")
        assert v6 or fragmented
        assert theirs is None or not source_port or theirs < ours


@pytest.mark.parametrize("way", [way for way in WAYS if way != "5"])
def test_every_direction_of_many_conversations_is_equal(way, tmp_path):
    generated(tmp_path / "many.pcap", seed=7)
    folder = tmp_path / "flows"
    folder.mkdir()
    keys, differing = compared(tmp_path / "many.pcap", way, folder)
    assert len(keys) > 700
    assert differing == {}


def spans(table):
    """Start and end in ms of the five-tuples that have one flow, whoever opened it."""
    ends = ("src_ip", "src_port", "dst_ip", "dst_port")
    keys = [
        tuple(sorted(((a, b or 0), (c, d or 0))))
        for a, b, c, d in zip(*(table[name].to_pylist() for name in ends), strict=True)
    ]
    times = zip(*(table[n].cast("int64").to_pylist() for n in ("start", "end")), strict=True)
    found = [(key, start / 1e6, end / 1e6) for key, (start, end) in zip(keys, times, strict=True)]
    return {key: (start, end) for key, start, end in found if keys.count(key) == 1}


@pytest.mark.parametrize("way", WAYS)
def test_times_are_those_of_the_packets_to_the_millisecond(way, tmp_path):
    capture = next(path for path in SAMPLES if path.name == "land-registry-replica.pcap")
    (table, *_), problems = told(capture, way, tmp_path)
    ours, theirs = spans(flows_of(capture)), spans(table)
    assert set(ours) == set(theirs) != set()
    for key, (start, end) in ours.items():
        begun, ended = theirs[key]
        assert ended - begun == pytest.approx(end - start, abs=2)
        if way == "nfpcapd":  # softflowd gives times of its own to what it reads from a file
            assert begun == pytest.approx(start, abs=1)
    assert all(each.code != "nfdump-failed" for each in problems)
    # softflowd writes the two times of IPFIX the other way round when it reads a file
    assert way == "10" or all(each.code != "swapped-times" for each in problems)

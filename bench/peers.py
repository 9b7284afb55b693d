"""The programs beside which the auditor is measured: how each is run, what it writes and does.

The packages that are missing are named, and the measurement goes on without them.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
AUDITOR = (sys.executable, "-m", "auditor")


@dataclass(frozen=True, slots=True)
class Peer:
    """One program.

    Attributes:
        needs: a program on the path, or a Python package (``python:name``).
        run: capture and empty folder in, commands out, one after the other.
        writes: what is on disk in the end, in words.
        packets: it is given the first so many packets only, and scaled; 0 = the whole file.
        big: measured on the larger files too.
    """

    name: str
    needs: str
    run: Callable[[str, Path], list[list[str]]]
    writes: str
    packets: int = 0
    big: bool = False

    def missing(self) -> bool:
        """Whether it is not installed."""
        kind, _, name = self.needs.partition("python:")
        return importlib.util.find_spec(name) is None if name else shutil.which(kind) is None


# Each counts packets and bytes by five-tuple, and writes one line per flow.
DPKT = """
import sys, socket, dpkt
flows = {}
with open(sys.argv[1], "rb") as file:
    for time, data in dpkt.pcap.Reader(file):
        try:
            ip = dpkt.ethernet.Ethernet(data).data
            layer = ip.data
            key = (ip.src, ip.dst, layer.sport, layer.dport, type(layer).__name__)
        except (AttributeError, dpkt.UnpackError):
            continue
        flow = flows.setdefault(key, [0, 0, time])
        flow[0] += 1
        flow[1] += len(ip)
with open(sys.argv[2], "w") as out:
    for key, flow in flows.items():
        print(*key, *flow, sep=",", file=out)
"""
SCAPY = """
import sys
from scapy.layers.inet import TCP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import PcapReader
flows = {}
for packet in PcapReader(sys.argv[1]):
    layer = packet.getlayer(TCP) or packet.getlayer(UDP)
    if layer is None:
        continue
    ip = layer.underlayer
    flow = flows.setdefault((ip.src, ip.dst, layer.sport, layer.dport, layer.name), [0, 0])
    flow[0] += 1
    flow[1] += len(ip)
with open(sys.argv[2], "w") as out:
    for key, flow in flows.items():
        print(*key, *flow, sep=",", file=out)
"""
PYSHARK = """
import sys
import pyshark
flows = {}
capture = pyshark.FileCapture(sys.argv[1], keep_packets=False)
for packet in capture:
    kind = packet.transport_layer
    if kind is None:
        continue
    ip, layer = packet[packet.layers[1].layer_name], packet[kind]
    flow = flows.setdefault((ip.src, ip.dst, layer.srcport, layer.dstport, kind), [0, 0])
    flow[0] += 1
    flow[1] += int(packet.length)
capture.close()
with open(sys.argv[2], "w") as out:
    for key, flow in flows.items():
        print(*key, *flow, sep=",", file=out)
"""
NFSTREAM = """
import sys
from nfstream import NFStreamer
if __name__ == "__main__":
    NFStreamer(source=sys.argv[1]).to_csv(path=sys.argv[2])
"""


def _script(text: str) -> Callable[[str, Path], list[list[str]]]:
    def commands(capture: str, folder: Path) -> list[list[str]]:
        path = folder / "script.py"  # nfstream starts processes that read it again
        path.write_text(text, encoding="utf-8")
        return [[sys.executable, str(path), capture, str(folder / "flows.csv")]]

    return commands


def flows(*captures: str, folder: Path, jobs: int = 0) -> list[list[str]]:
    """The auditor's flow table of some captures, as Parquet."""
    out = str(folder / "flows.parquet")
    return [[*AUDITOR, "flows", *captures, "--out", out, "--jobs", str(jobs)]]


def audit(capture: str, folder: Path) -> list[list[str]]:
    """A whole audit with the example policies."""
    policies = ROOT / "policies" / "examples"
    return [[
        *AUDITOR, "audit", capture, "--inventory", str(policies / "inventory.yaml"),
        "--dossiers", str(policies / "dossiers.yaml"), "--out", str(folder / "out"),
    ]]  # fmt: skip


def _softflowd(capture: str, folder: Path) -> list[list[str]]:
    return [[
        "softflowd", "-r", capture, "-d", "-6", "-m", "4000000", "-v", "9",
        "-n", "127.0.0.1:29995", "-c", "none", "-p", str(folder / "pid"),
    ]]  # fmt: skip


PEERS = (
    Peer("auditor flows", "python:auditor", lambda c, f: flows(c, folder=f),
         "Parquet: a row per two-way flow with names, JA4, tunnel, country, network; SHA-256",
         big=True),
    Peer("auditor audit", "python:auditor", audit,
         "the same judged by rules: HTML, JSON and CSV", big=True),
    Peer("nfpcapd", "nfpcapd", lambda c, f: [["nfpcapd", "-r", c, "-w", str(f)]],
         "nfdump's binary: a record per direction and five minutes; no names", big=True),
    Peer("nfpcapd, nfdump -o csv", "nfdump",
         lambda c, f: [["nfpcapd", "-r", c, "-w", str(f)], ["nfdump", "-R", str(f), "-o", "csv"]],
         "the same, then as text"),
    Peer("softflowd", "softflowd", _softflowd,
         "NetFlow 9 sent to a collector (nfcapd) on this machine; no names", big=True),
    Peer("argus", "argus", lambda c, f: [["argus", "-r", c, "-w", str(f / "argus")]],
         "argus' binary: status records per flow and minute; no names", big=True),
    Peer("ndpiReader -C", "ndpiReader",
         lambda c, f: [["ndpiReader", "-i", c, "-q", "-C", str(f / "flows.csv")]],
         "CSV: a line per flow with protocol and names"),
    Peer("tshark -z conv", "tshark",
         lambda c, f: [["tshark", "-n", "-r", c, "-q", "-z", "conv,tcp", "-z", "conv,udp"]],
         "text: TCP and UDP conversations; dissects every packet"),
    Peer("nfstream", "python:nfstream", _script(NFSTREAM),
         "CSV: a line per flow with protocol and names; a process per core", packets=300_000),
    Peer("dpkt", "python:dpkt", _script(DPKT),
         "CSV: packets and bytes per direction; fifteen lines of Python", packets=200_000),
    Peer("scapy", "python:scapy", _script(SCAPY),
         "CSV: packets and bytes per direction; fifteen lines of Python", packets=20_000),
    Peer("pyshark", "python:pyshark", _script(PYSHARK),
         "CSV: packets and bytes per direction; fifteen lines of Python", packets=4_000),
)  # fmt: skip


def versions() -> list[str]:
    """Names and versions of the programs that are there."""
    asked = (("tshark", "--version"), ("nfdump", "-V"), ("softflowd", "-h"), ("argus", "-h"),
             ("ndpiReader", "-h"))  # fmt: skip
    found = []
    for tool, option in asked:
        if shutil.which(tool):
            said = subprocess.run([tool, option], capture_output=True, text=True, check=False)
            lines = (said.stdout + said.stderr).splitlines()
            line = next((x for x in lines if any(c.isdigit() for c in x)), "")
            number = re.search(r"\d+(\.\d+)+", line)
            found.append(f"{tool} {number.group()}" if number else tool)
    return found

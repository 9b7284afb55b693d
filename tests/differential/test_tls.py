"""Two independent ways agree on what servers chose: the packet engine, and tshark's dissection.

``make test`` installs tshark. Real captures are compared where ``AUDITOR_CORPUS`` names their
folder.
"""

import os
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from auditor.model.cipher_suites import suite_name
from tests.differential.conversations import flows_of

SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "pcaps").glob("*.pcap*"))
CORPUS = os.environ.get("AUDITOR_CORPUS")
VERSIONS = {
    0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3",
}  # fmt: skip
HANDSHAKE = b"\x16\x03"
"""How a record with a hello begins: tshark need not look for one where these bytes are nowhere."""
FIELDS = (
    "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport",
    "tls.handshake.version", "tls.handshake.extensions.supported_version",
    "tls.handshake.ciphersuite",
)  # fmt: skip

pytestmark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="tshark is not installed: `make test` installs it"
)


def chosen_by_tshark(path):
    """What the first ServerHello of each frame says, by the ends of its connection."""
    command = ["tshark", "-r", path, "-Y", "tcp && tls.handshake.type==2", "-T", "fields"]
    command += ["-E", "occurrence=f", *(part for name in FIELDS for part in ("-e", name))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = defaultdict(set)
    for line in done.stdout.splitlines():
        src4, src6, sport, dst4, dst6, dport, version, supported, suite = line.split("\t")
        if suite:
            ends = frozenset({(src4 or src6, int(sport)), (dst4 or dst6, int(dport))})
            number = int(supported or version, 16)
            found[ends].add((VERSIONS.get(number), suite_name(int(suite, 16))))
    return found


def chosen_by_engine(path):
    found = defaultdict(set)
    for row in flows_of(path).to_pylist():
        if row["protocol"] == 6 and (row["tls_version"] or row["tls_cipher"]):
            ends = frozenset({(row["src_ip"], row["src_port"]), (row["dst_ip"], row["dst_port"])})
            found[ends].add((row["tls_version"], row["tls_cipher"]))
    return found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_version_and_suite_of_every_sample_are_tsharks(path):
    assert chosen_by_engine(path) == chosen_by_tshark(path)


def test_version_and_suite_of_real_captures_are_tsharks():
    if not CORPUS:
        pytest.skip("AUDITOR_CORPUS is unset: it names the folder of the real captures")
    paths = [path for path in sorted(Path(CORPUS).rglob("*.pcap*")) if path.suffix != ".out"]
    same, other, unseen = 0, [], []
    for path in (each for each in paths if HANDSHAKE in each.read_bytes()):
        ours, theirs = chosen_by_engine(path), chosen_by_tshark(path)
        for ends, chosen in theirs.items():
            if ends not in ours:
                unseen.append((path.name, chosen))
            elif ours[ends] & chosen:
                same += 1
            else:
                other.append((path.name, ours[ends], chosen))
    assert len(paths) > 200
    assert same > 300
    assert other == []
    # hellos behind a proxy's greeting; tunnels, whose ends tshark shows outside
    assert len(unseen) <= same // 50, unseen

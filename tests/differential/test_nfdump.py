"""A third way agrees: nfpcapd's flows, as nfdump lists them.

``make test`` installs nfdump; where it is missing these tests say so and are skipped.
"""

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.differential.conversations import flows_of, of_flows

EXPLAINED = {
    "vlan-ipv6.pcap": "nfpcapd counts a fragmented datagram as one packet and leaves IPv6 out here",
}
SAMPLES = sorted(
    path
    for path in (Path(__file__).parents[2] / "samples" / "pcaps").glob("*.pcap")
    if path.name not in EXPLAINED
)
FORM = "fmt:%pr,%sa,%sp,%da,%dp,%ipkt,%ibyt"

pytestmark = pytest.mark.skipif(
    shutil.which("nfpcapd") is None, reason="nfdump is not installed: `make test` installs it"
)


def of_nfdump(capture, folder):
    """TCP and UDP packets and IP bytes per direction, as nfdump lists them."""
    subprocess.run(["nfpcapd", "-r", capture, "-w", folder], capture_output=True, check=True)
    listed = subprocess.run(
        ["nfdump", "-R", folder, "-q", "-N", "-6", "-o", FORM],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    packets, octets = Counter(), Counter()
    for line in listed.stdout.splitlines():
        protocol, src, sport, dst, dport, count, size = (cell.strip() for cell in line.split(","))
        if protocol in ("6", "17"):
            key = (int(protocol), src, int(sport), dst, int(dport))
            packets[key] += int(count)
            octets[key] += int(size)
    return packets, octets


@pytest.mark.parametrize("capture", SAMPLES, ids=lambda path: path.name)
def test_every_tcp_and_udp_conversation_of_a_sample_is_equal_to_nfdumps(capture, tmp_path):
    seen = of_flows(flows_of(capture))
    packets, octets = seen.packets, seen.octets
    ported = [key for key in packets if key[0] in (6, 17)]
    assert ported
    ours = {key: (packets[key], octets[key]) for key in ported}
    theirs, sizes = of_nfdump(capture, tmp_path)
    assert ours == {key: (theirs[key], sizes[key]) for key in theirs}

"""Two independent ways agree: the packet engine's flows and tshark's dissection, packet by packet.

``make test`` installs tshark; where it is missing these tests say so and are skipped. The real
captures are compared in ``test_agreement.py``.
"""

import shutil
from pathlib import Path

import pytest

from tests.differential.conversations import flows_of, of_flows, of_tshark

SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "pcaps").glob("*.pcap*"))

pytestmark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="tshark is not installed: `make test` installs it"
)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_conversation_of_a_sample_is_equal_to_tsharks(path):
    ours, theirs = of_flows(flows_of(path)), of_tshark(path)
    assert ours.packets
    assert (ours.packets, ours.octets) == (theirs.packets, theirs.octets)

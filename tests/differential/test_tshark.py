"""Two independent ways agree: the packet engine's flows and tshark's dissection, packet by packet.

``make test`` installs tshark; where it is missing these tests say so and are skipped.
"""

import os
import shutil
from pathlib import Path

import pytest

from tests.differential.conversations import of_engine, of_tshark

SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "pcaps").glob("*.pcap*"))
CORPUS = os.environ.get("AUDITOR_CORPUS")
CAPTURES = sorted((Path(CORPUS) / "ndpi" / "pcap").glob("*.*cap*")) if CORPUS else []

pytestmark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="tshark is not installed: `make test` installs it"
)

EXPLAINED = {
    "ajp.pcap": "packets inside Cisco FabricPath frames are not read",
    "someip_sd_sample.pcap": "link type 192 (PPI) is not read",
    "fuzz-2020-02-16-11740.pcap": "IP lengths beyond the packet: cut to it here, as claimed there",
    "reasm_crash_anon.pcapng": "IP lengths beyond the packet: cut to it here, as claimed there",
    "telnet.pcap": "IP lengths beyond the packet: cut to it here, as claimed there",
}
"""Captures in which some conversation differs, and why."""


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_conversation_of_a_sample_is_equal_to_tsharks(path):
    packets, octets = of_engine(path)
    assert packets
    assert (packets, octets) == of_tshark(path)


@pytest.mark.skipif(not CORPUS, reason="AUDITOR_CORPUS is unset: it names the real captures")
def test_real_captures_agree_with_tshark_but_for_what_is_explained():
    assert len(CAPTURES) > 200
    conversations = agreeing = 0
    differing = []
    for path in CAPTURES:
        packets, octets = of_engine(path)
        expected, expected_octets = of_tshark(path)
        keys = set(packets) | set(expected)
        equal = {
            key
            for key in keys
            if packets[key] == expected[key] and octets[key] == expected_octets[key]
        }
        if path.name not in EXPLAINED:
            conversations += len(keys)
            agreeing += len(equal)
        if equal != keys:
            differing.append(path.name)
    assert sorted(differing) == sorted(EXPLAINED)
    assert agreeing == conversations
    assert conversations > 3000

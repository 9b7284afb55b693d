"""What the packet engine calls flows of real captures, against what nDPI calls them."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from auditor.model.errors import InputError
from auditor.readers import Wanted, Watch, read_inputs
from tests.differential.conversations import pair_of
from tests.differential.inspected import captures
from tests.differential.ndpi import answers

CORPUS = os.environ.get("AUDITOR_CORPUS")

SAME = {
    "dns": {"DNS"},
    "dtls": {"DTLS", "CAPWAP"},  # CAPWAP runs inside it
    "ftp": {"FTP_CONTROL", "FTPS"},  # until AUTH TLS
    # SOCKS and CONNECT are tunnels in which HTTP was seen, the others run over HTTP
    "http": {"HTTP", "HTTP_Connect", "MapleStory", "SOAP", "SOCKS"},
    "http2": {"HTTP2"},
    "ike": {"IPSec"},
    "imap": {"IMAPS"},  # until STARTTLS
    "ipfix": {"NetFlow"},
    "llmnr": {"LLMNR"},
    "mdns": {"MDNS"},
    "mms": {"ISO9506-1-MMS"},
    "mqtt": {"MQTT"},
    "ntp": {"NTP"},
    "openvpn": {"OpenVPN"},
    "pop3": {"POP3"},
    "postgresql": {"PostgreSQL"},
    "quic": {"QUIC"},
    "rdp": {"RDP"},
    "rtsp": {"RTSP"},
    "s7comm": {"S7Comm"},
    "sflow": {"sFlow"},
    "smb": {"NetBIOS"},
    "smtp": {"SMTP", "SMTPS"},  # until STARTTLS
    "ssh": {"SSH"},
    "stun": {"DTLS", "SRTP", "STUN"},  # what follows on the same ports
    "tls": {"ApplePush", "IMAPS", "SOCKS", "TLS", "UltraSurf"},
    "wireguard": {"WireGuard"},
}
"""What nDPI calls the flows that have a name here."""


@pytest.mark.skipif(not CORPUS, reason="AUDITOR_CORPUS names the folder of real captures")
def test_flows_are_called_as_ndpi_calls_them():
    seen = Counter()
    for path in captures(Path(CORPUS)):
        answer = path.parents[1] / "result" / f"{path.name}.out"
        try:
            _, table = read_inputs(Wanted((path,)), lambda problem: None, Watch())
        except InputError:  # some captures of the corpus are damaged on purpose
            continue
        called = {each.pair: each.protocol for each in answers(answer)} if answer.exists() else {}
        columns = ["protocol", "src_ip", "src_port", "dst_ip", "dst_port", "app"]
        for *ends, app in zip(*(table.whole()[name].to_pylist() for name in columns), strict=True):
            if app is not None and ends[2] is not None:
                other = called.get(pair_of(tuple(ends)))
                if other is not None:
                    seen[app, other] += 1
    assert {pair: n for pair, n in seen.items() if pair[1] not in SAME.get(pair[0], set())} == {}
    assert seen["rtsp", "RTSP"] == 8
    assert seen["mms", "ISO9506-1-MMS"] == seen["s7comm", "S7Comm"] == 1

"""What nDPI says of the flows of a capture: the answers that lie beside the real captures.

One line is one flow: ``1 TCP a:p <-> b:p [proto: 91.220/TLS.Cloudflare]...[Hostname/SNI: x]...``.
An answer is nDPI's opinion; where it differs from ours the packets decide who is right.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.differential.conversations import NAMED, Pair, pair_of

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 79
"""nDPI keeps so many characters of a name, of longer ones the end (``ndpi_hostname_sni_set``)."""

SERVER_NAMES = {
    "TLS": "tls-sni", "SMTPS": "tls-sni", "IMAPS": "tls-sni", "POPS": "tls-sni",
    "FTPS": "tls-sni", "DoH_DoT": "tls-sni", "DTLS": "tls-sni", "QUIC": "quic-sni",
    "HTTP": "http-host", "DNS": "dns-query",
}  # fmt: skip
"""nDPI's protocols whose host field is the server's name as this project means it."""

_FLOW = re.compile(r"^\t\d+\t(TCP|UDP|SCTP) (\S+) <?-> (\S+) \[(.*)\]\s*$")


@dataclass(frozen=True, slots=True)
class Answer:
    """One flow of nDPI's.

    Attributes:
        protocol: nDPI's name of the protocol, without the service: ``TLS`` of ``TLS.Cloudflare``.
        host, alpn, ja4: as nDPI prints them, empty where it does not; of ALPN the first offered.
    """

    pair: Pair
    protocol: str
    host: str
    alpn: str
    ja4: str


def answers(path: Path) -> list[Answer]:
    """nDPI's flows of one capture (``result/*.out``)."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [_answer(*found.groups()) for line in lines if (found := _FLOW.match(line))]


def _answer(transport: str, source: str, target: str, details: str) -> Answer:
    said: dict[str, str] = {}
    for detail in details.split("]["):
        name, _, value = detail.partition(": ")
        said.setdefault(name, value)
    protocol = said["proto"].rpartition("/")[2].partition(".")[0]
    key = (NAMED[transport.lower()], *_end(source), *_end(target))
    alpn = said.get("(Advertised) ALPNs", "").partition(";")[0]
    host, ja4 = said.get("Hostname/SNI", ""), said.get("JA4", "")
    return Answer(pair_of(key), protocol, host, alpn, ja4)


def _end(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    address = address.strip("[]")
    while address.count("::") > 1:  # nDPI prints each ":0:" as "::"
        address = address.replace("::", ":0:", 1)
    return str(ipaddress.ip_address(address)), int(port)


def comparable(name: str) -> str:
    """A name as both sides are compared: no port, no final dot, lower case, nDPI's length."""
    bare = re.sub(r":\d+$", "", name.lower()).rstrip(".")
    return bare[-LONGEST:]

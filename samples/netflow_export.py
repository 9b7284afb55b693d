"""Sends the NetFlow 9 messages behind ``logs/nfdump/`` to a collector: made once, not each time.

    nfcapd -l FOLDER -p 9995 -b 127.0.0.1 -t 3600 &
    python samples/netflow_export.py 127.0.0.1 9995

What nfcapd writes holds the moment at which it was written, hence no two runs give the same file.
Formats: RFC 3954 (NetFlow 9), Cisco (NetFlow 5), IANA's IPFIX registry (element numbers), Cisco ASA
NSEL (events). Everything in it is invented.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
import time
from typing import Final

BEGIN: Final = 1_790_823_600  # 2026-10-01T03:00:00Z
UPTIME: Final = 3_600_000  # ms

# element number and size; IANA's IPFIX registry
FLOW_4: Final = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (2, 4), (1, 4), (22, 4), (21, 4),
                 (61, 1), (58, 2))  # fmt: skip
FLOW_6: Final = ((27, 16), (28, 16), *FLOW_4[2:])
EVENT: Final = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (225, 4), (226, 4), (227, 2), (228, 2),
                (233, 1), (231, 8), (232, 8), (298, 8), (299, 8), (152, 8), (323, 8))  # fmt: skip
CREATED, DELETED, DENIED = 1, 2, 3
SYN_TO_FIN: Final = 27


def template(number: int, fields: tuple[tuple[int, int], ...]) -> bytes:
    """A flow set with one template."""
    body = struct.pack(">HH", number, len(fields))
    body += b"".join(struct.pack(">HH", *field) for field in fields)
    return struct.pack(">HH", 0, 4 + len(body)) + body


def records(number: int, fields: tuple[tuple[int, int], ...], rows: list[tuple]) -> bytes:
    """A flow set of data."""
    body = b""
    for row in rows:
        for (_, size), value in zip(fields, row, strict=True):
            plain = int(ipaddress.ip_address(value)) if isinstance(value, str) else value
            body += plain.to_bytes(size, "big")
    body += b"\0" * (-len(body) % 4)
    return struct.pack(">HH", number, 4 + len(body)) + body


def message(sequence: int, source: int, count: int, *sets: bytes) -> bytes:
    """One export packet."""
    head = struct.pack(">HHIIII", 9, count, UPTIME, BEGIN, sequence, source)
    return head + b"".join(sets)


def sampled_5() -> bytes:
    """A message of NetFlow 5 from a router that looks at one packet in 100."""
    head = struct.pack(">HHIIIIBBH", 5, 1, UPTIME, BEGIN, 0, 1, 0, 0, 1 << 14 | 100)
    ends = b"".join(ipaddress.ip_address(end).packed for end in ("10.20.1.15", "139.162.20.30"))
    body = ends + bytes(4) + struct.pack(
        ">HHIIIIHHBBBBHHBBH", 1, 2, 10, 14_000, at(600), at(15), 53000, 443, 0, 16, 6, 0, 0, 0,
        16, 16, 0,
    )  # fmt: skip
    return head + body


def at(seconds: float) -> int:
    """Uptime so many seconds before ``BEGIN``."""
    return UPTIME - int(seconds * 1000)


def messages() -> list[bytes]:
    """All that is exported: a router, a firewall, and a router that samples one packet in 100."""
    registry, store = "10.20.1.15", "52.95.110.1"
    flows = [
        # seen coming in and going out: the same traffic twice
        (registry, store, 49152, 443, 6, SYN_TO_FIN, 120, 150_000, at(60), at(30.5), 0, 12),
        (registry, store, 49152, 443, 6, SYN_TO_FIN, 118, 147_500, at(60), at(30.5), 1, 12),
        (store, registry, 443, 49152, 6, SYN_TO_FIN, 70, 6_200, at(59.98), at(30.4), 0, 12),
        # one way only, at home
        ("203.162.10.33", "203.162.4.191", 40000, 53, 17, 0, 1, 71, at(50), at(50), 0, 0),
        (registry, "8.8.8.8", 0, 2048, 1, 0, 4, 336, at(45), at(42), 0, 0),
        # ends before it begins
        ("10.20.3.21", "51.38.20.11", 52001, 443, 6, SYN_TO_FIN, 30, 31_000, at(20), at(25), 0, 0),
    ]
    flows_6 = [
        ("2405:4800:10:2::20", "2a01:4f8:c0c:1::10", 50600, 443, 6, SYN_TO_FIN, 22, 19_682,
         at(40), at(39.2), 0, 0),
        ("2a01:4f8:c0c:1::10", "2405:4800:10:2::20", 443, 50600, 6, SYN_TO_FIN, 15, 4_089,
         at(39.9), at(39.1), 0, 0),
    ]  # fmt: skip
    portal, outside = ("10.20.2.20", "5.9.77.10", 51000, 443, 6), ("203.162.10.20", "5.9.77.10")
    opened, closed = (BEGIN - 100) * 1000, (BEGIN - 10) * 1000
    events = [
        (*portal, *outside, 40001, 443, CREATED, 0, 0, 0, 0, opened, opened),
        (*portal, *outside, 40001, 443, DELETED, 88_000, 5_400, 75, 60, opened, closed),
        ("45.33.32.156", "203.162.10.5", 44000, 22, 6, "45.33.32.156", "203.162.10.5", 44000, 22,
         DENIED, 0, 0, 0, 0, closed, closed),
    ]  # fmt: skip
    return [
        message(1, 1, 10, template(256, FLOW_4), template(257, FLOW_6),
                records(256, FLOW_4, flows), records(257, FLOW_6, flows_6)),
        message(1, 2, 4, template(258, EVENT), records(258, EVENT, events)),
        sampled_5(),
    ]  # fmt: skip


def main(host: str, port: int) -> None:
    """Sends everything to a collector."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for each in messages():
            sender.sendto(each, (host, port))
            time.sleep(0.1)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

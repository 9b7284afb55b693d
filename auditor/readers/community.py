"""Community ID: a name for a flow that other tools give it too (version 1 of the specification)."""

from __future__ import annotations

import base64
import hashlib
import socket
from typing import TYPE_CHECKING, Final

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable

ICMP, ICMP6 = 1, 58
PORTED: Final = frozenset({6, 17, 132})

ANSWERS: Final = {
    ICMP: {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 10: 9, 9: 10, 17: 18, 18: 17},
    ICMP6: {
        128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 130: 131, 131: 130, 144: 145,
        145: 144, 139: 140, 140: 139,
    },
}  # fmt: skip
"""ICMP messages that belong together: they stand in place of ports (as Zeek pairs them)."""


def community_ids(flows: pa.Table) -> pa.StringArray:
    """The Community ID of each flow, seed 0; null where ports or ICMP messages are not known.

    ``flows`` has the columns of the stage ``read``, and may have ``icmp``: type << 8 | code.
    Distinct endpoints are hashed once.
    """
    names = ["protocol", "src_ip", "src_port", "dst_ip", "dst_port"]
    table = flows.select(names)
    icmp = flows["icmp"] if "icmp" in flows.column_names else pa.nulls(len(flows), pa.int32())
    rows: Iterable[tuple[int, str, int | None, str, int | None, int | None]] = zip(
        *(table[name].to_pylist() for name in names), icmp.to_pylist(), strict=True
    )
    known: dict[tuple[int, str, int | None, str, int | None, int | None], str | None] = {}
    found = []
    for row in rows:
        if row not in known:
            known[row] = _community_id(*row)
        found.append(known[row])
    return pa.array(found, pa.string())


def _community_id(
    protocol: int, src: str, src_port: int | None, dst: str, dst_port: int | None, icmp: int | None
) -> str | None:
    one_way = False
    if protocol in ANSWERS:
        if icmp is None:
            return None
        src_port, code = icmp >> 8, icmp & 0xFF
        answer = ANSWERS[protocol].get(src_port)
        one_way = answer is None
        dst_port = code if answer is None else answer
    elif protocol in PORTED and (src_port is None or dst_port is None):
        return None
    family = socket.AF_INET6 if ":" in src else socket.AF_INET
    ends = [(socket.inet_pton(family, src), src_port), (socket.inet_pton(family, dst), dst_port)]
    if not one_way:
        ends.sort(key=lambda end: (end[0], end[1] or 0))
    (low, low_port), (high, high_port) = ends
    text = b"\0\0" + low + high + bytes([protocol, 0])
    if low_port is not None and high_port is not None:
        text += low_port.to_bytes(2, "big") + high_port.to_bytes(2, "big")
    digest = hashlib.sha1(text, usedforsecurity=False).digest()
    return "1:" + base64.b64encode(digest).decode()

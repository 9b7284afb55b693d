"""Flow records on their way to a collector, told by their first bytes (compiled).

NetFlow v5 (Cisco), v9 (RFC 3954), IPFIX (RFC 7011), sFlow v5 (sflow.org, section 5). The ports say
nothing: exporters are set to any. So every length in the datagram must be right.
"""

from __future__ import annotations

from auditor.readers.capture.layout import IPFIX, NETFLOW, SFLOW, Bytes
from auditor.readers.capture.numbers import be16, be32, compiled

MOST_SETS = 512


@compiled
def export_kind(data: Bytes, p: int, end: int, size: int) -> int:
    """The kind of flow records in a datagram of ``size`` bytes, of which some may lack; 0 = none.

    Of a datagram that was not captured whole, what is there must be right.
    """
    if end - p < 24 or size < end - p:
        return 0
    version = be16(data, p)
    if version == 5:
        count = be16(data, p + 2)
        return NETFLOW if 1 <= count <= 64 and size == 24 + 48 * count else 0
    if version == 9:
        sound = be16(data, p + 2) > 0 and are_sets(data, p + 20, end, p + size, 0, 1)
        return NETFLOW if sound else 0
    if version == 10:
        sound = be16(data, p + 2) == size and are_sets(data, p + 16, end, p + size, 2, 3)
        return IPFIX if sound else 0
    if be32(data, p) == 5:
        return SFLOW if are_samples(data, p, end, p + size) else 0
    return 0


@compiled
def are_sets(data: Bytes, p: int, end: int, stop: int, templates: int, options: int) -> bool:
    """Whether sets of records fill the bytes up to ``stop``, of which those to ``end`` are here."""
    for _ in range(MOST_SETS):
        if p == stop:
            return True
        if p + 4 > end:
            return end < stop
        kind, size = be16(data, p), be16(data, p + 2)
        if size < 4 or p + size > stop or (kind < 256 and kind != templates and kind != options):
            return False
        p += size
    return False


@compiled
def are_samples(data: Bytes, p: int, end: int, stop: int) -> bool:
    """Whether samples of sFlow fill the bytes up to ``stop``; those up to ``end`` are here."""
    agent = be32(data, p + 4)
    if agent != 1 and agent != 2:
        return False
    p += 24 if agent == 1 else 36
    if p + 4 > end:
        return False
    left = be32(data, p)
    p += 4
    if left == 0 or left > MOST_SETS:
        return False
    while left > 0 and p + 8 <= end:
        size = be32(data, p + 4)
        if size % 4 or p + 8 + size > stop:
            return False
        p += 8 + size
        left -= 1
    return left > 0 or p == stop

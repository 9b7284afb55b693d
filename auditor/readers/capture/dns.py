"""DNS messages: the name asked for, and the addresses given for it (RFC 1035) (compiled)."""

from __future__ import annotations

from auditor.readers.capture.layout import (
    ADDRESS,
    DNS,
    DNS_QUERY,
    MDNS,
    NAME_LENGTH,
    Bytes,
    State,
)  # fmt: skip
from auditor.readers.capture.naming import answer_kept, client_is, named, told
from auditor.readers.capture.numbers import be16, be32, compiled


@compiled
def dns_name(data: Bytes, base: int, p: int, end: int, name: Bytes) -> tuple[int, int]:
    """Reads a DNS name into ``name``; its length, and where reading goes on (-1 = not valid)."""
    length = 0
    after = -1
    jumps = 0
    while p < end:
        size = data[p]
        if size == 0:
            return length, (p + 1 if after < 0 else after)
        if size >= 192:
            if p + 2 > end or jumps > 16:
                return 0, -1
            if after < 0:
                after = p + 2
            p = base + (be16(data, p) & 0x3FFF)
            jumps += 1
            continue
        if size > 63 or p + 1 + size > end or length + size + 1 > NAME_LENGTH:
            return 0, -1
        if length:
            name[length] = 46
            length += 1
        for i in range(size):
            letter = data[p + 1 + i]
            name[length] = 45 if letter == 46 else letter  # a dot inside a label is no dot
            length += 1
        p += 1 + size
    return 0, -1


@compiled
def dns(
    s: State, row: int, direction: int, data: Bytes, p: int, end: int, time: int, app: int
) -> bool:
    """Reads one DNS message: the name asked for, and the addresses given for it."""
    if end - p < 12:
        return False
    flags = be16(data, p + 2)
    questions = be16(data, p + 4)
    answers = be16(data, p + 6)
    if questions > 16 or (flags >> 11) & 15 > 6 or answers > 512 or (questions == answers == 0):
        return False
    reply = flags >> 15
    name = s.scratch
    number = -1
    q = p + 12
    for i in range(questions):
        length, q = dns_name(data, p, q, end, name)
        if q < 0 or q + 4 > end:
            return False
        if i == 0 and length:
            number = named(s, name, length)
        q += 4
    if app != MDNS:
        client_is(s, row, 1 - direction if reply else direction)
    told(s, row, app, number, DNS_QUERY)
    if not reply or number < 0 or app != DNS:
        return True
    asker = ADDRESS + 2 * (1 - direction)
    for _ in range(min(answers, 64)):
        _, q = dns_name(data, p, q, end, name)
        if q < 0 or q + 10 > end:
            return True
        kind = be16(data, q)
        size = be16(data, q + 8)
        q += 10
        if q + size > end:
            return True
        high, low = 0, 0
        if kind == 1 and size == 4:
            low = be32(data, q)
        elif kind == 28 and size == 16:
            high = (be32(data, q) << 32) | be32(data, q + 4)
            low = (be32(data, q + 8) << 32) | be32(data, q + 12)
        if high or low:
            client_high, client_low = s.flows[row, asker], s.flows[row, asker + 1]
            answer_kept(s, client_high, client_low, high, low, number, time)
            answer_kept(s, 0, 0, high, low, number, time)
        q += size
    return True

"""One packet, from its link layer to its flow (compiled).

Lengths are believed only as far as the bytes reach: what a header claims beyond the packet's
original length is cut to it. Sources: IEEE 802.3/802.1Q, RFC 791, RFC 8200, RFC 9293, RFC 768.
"""

from __future__ import annotations


from auditor.readers.capture.layout import (
    BAD_TIME, BUDGET, CLOSED, END, FIRST_TIME, FLAGS, FRAGMENTS, FRAGMENTS_LOST, HEADERS_CUT,
    LAST_TIME, LINK_UNKNOWN, LINK_UNKNOWN_TYPE, MARKS, NEXT, NOT_IP, OCTETS, PACKETS,
    PACKETS_READ, PAYLOAD, PORTS_CUT, RTT, SNAPPED, START,
    SYN_FROM_0, SYN_TIME, SYNACK_FROM_0, VLAN, WIRE_BYTES, Bytes, State,
)  # fmt: skip
from auditor.readers.capture.numbers import be16, be32, be64, compiled, hot, le32, mixed
from auditor.readers.capture.payload import (
    client_is, looked_into_tcp, looked_into_udp, name_guessed,
)  # fmt: skip
from auditor.readers.capture.sequence import new_bytes
from auditor.readers.capture.table import found, restarted

IP4, IP6, OTHER, UNKNOWN = 0x0800, 0x86DD, 0, -1
FRAGMENT_LIFE = 30_000_000_000
"""ns that a first fragment's ports are kept for the rest (RFC 791 lets a datagram live 15-60 s)."""


@hot
def by_version(data: Bytes, p: int, end: int) -> int:
    """The protocol that a bare IP packet's first half-byte tells."""
    if p >= end:
        return OTHER
    version = data[p] >> 4
    return IP4 if version == 4 else IP6 if version == 6 else OTHER


@hot
def network(data: Bytes, p: int, end: int, link: int) -> tuple[int, int, int]:
    """Goes through the link layer: protocol above it, where that begins, VLAN tags."""
    vlan = 0
    kind = UNKNOWN
    if link == 1:
        if p + 14 > end:
            return OTHER, end, vlan
        kind = be16(data, p + 12)
        p += 14
    elif link in (101, 12, 14, 228, 229):
        return by_version(data, p, end), p, vlan
    elif link == 113:
        if p + 16 > end:
            return OTHER, end, vlan
        kind = be16(data, p + 14)
        p += 16
    elif link == 276:
        if p + 20 > end:
            return OTHER, end, vlan
        kind = be16(data, p)
        p += 20
    elif link in (0, 108):
        if p + 4 > end:
            return OTHER, end, vlan
        family = be32(data, p)
        if family > 0xFFFF:
            family = le32(data, p)
        # AF_INET; AF_INET6 of NetBSD and OpenBSD, FreeBSD, macOS (and Linux 10, Windows 23)
        kind = IP4 if family == 2 else IP6 if family in (10, 23, 24, 28, 30) else OTHER
        return kind, p + 4, vlan
    else:
        return UNKNOWN, p, vlan
    tags = 0
    while kind in (0x8100, 0x88A8, 0x9100, 0x9200, 0x9300):
        if p + 4 > end or tags == 8:
            return OTHER, end, vlan
        if tags < 4:
            vlan |= (be16(data, p) & 0xFFF) << (4 + 12 * tags)
            vlan = (vlan & ~15) | (tags + 1)
        tags += 1
        kind = be16(data, p + 2)
        p += 4
    if kind <= 1500 and link == 1:  # 802.3 length; IP only inside LLC/SNAP with RFC 1042's prefix
        if p + 8 <= end and be32(data, p) == 0xAAAA0300 and be16(data, p + 4) == 0:
            kind = be16(data, p + 6)
            p += 8
        else:
            kind = OTHER
    return kind, p, vlan


@hot
def above_ip6(data: Bytes, p: int, end: int, kind: int) -> tuple[int, int, int]:
    """Goes through IPv6 extension headers: protocol, where it begins, place of a fragment header.

    The place is -1 without a fragment header; where the chain was not captured whole the
    protocol is -1.
    """
    fragment = -1
    for _ in range(16):
        if kind in (0, 43, 60, 135, 139, 140):
            if p + 2 > end:
                return -1, p, fragment
            size = 8 + 8 * data[p + 1]
        elif kind == 51:
            if p + 2 > end:
                return -1, p, fragment
            size = 8 + 4 * data[p + 1]
        elif kind == 44:
            if p + 8 > end:
                return -1, p, fragment
            fragment = p
            size = 8
        else:
            return kind, p, fragment
        kind = data[p]
        p += size
        if fragment >= 0 and be16(data, fragment + 2) & 0xFFF8:
            return kind, p, fragment  # what follows is the middle of a datagram
    return -1, p, fragment


@compiled
def fragment_place(s: State, high_0: int, low_0: int, high_1: int, low_1: int, number: int) -> int:
    """Where the ports of a fragmented datagram are kept."""
    return mixed(mixed(low_0, low_1), mixed(number, high_0 ^ (high_1 << 1))) & (FRAGMENTS - 1)


@compiled
def ports_kept(
    s: State, high_0: int, low_0: int, high_1: int, low_1: int, number: int, ports: int, time: int
) -> None:
    """Keeps a first fragment's ports for the rest of its datagram."""
    f = s.fragments
    place = fragment_place(s, high_0, low_0, high_1, low_1, number)
    f[place, 0], f[place, 1], f[place, 2], f[place, 3] = high_0, low_0, high_1, low_1
    f[place, 4], f[place, 5], f[place, 6] = number + 1, ports, time


@compiled
def ports_of(
    s: State, high_0: int, low_0: int, high_1: int, low_1: int, number: int, time: int
) -> int:
    """The ports of a later fragment's datagram; -1 if its first fragment was not seen."""
    f = s.fragments
    place = fragment_place(s, high_0, low_0, high_1, low_1, number)
    if (
        f[place, 4] == number + 1
        and f[place, 1] == low_0 and f[place, 3] == low_1
        and f[place, 0] == high_0 and f[place, 2] == high_1
        and abs(time - f[place, 6]) < FRAGMENT_LIFE
    ):  # fmt: skip
        return f[place, 5]
    return -1


@hot
def taken(s: State, data: Bytes, p: int, end: int, wire: int, link: int, time: int) -> None:
    """Counts one packet and adds it to its flow.

    Args:
        s: the state; the caller has made sure of room for one more of everything.
        data: the window.
        p: where the captured packet begins in it.
        end: where the captured packet ends.
        wire: original length of the packet.
        link: link-layer type (LINKTYPE registry).
        time: ns since the epoch.
    """
    c = s.counters
    c[PACKETS_READ] += 1
    c[WIRE_BYTES] += wire
    if end - p < wire:
        c[SNAPPED] += 1
    if time < 0:
        c[BAD_TIME] += 1
        time = 0
    c[FIRST_TIME] = min(c[FIRST_TIME], time)
    c[LAST_TIME] = max(c[LAST_TIME], time)
    begin = p
    kind, p, vlan = network(data, p, end, link)
    if kind != IP4 and kind != IP6:
        if kind == UNKNOWN:
            c[LINK_UNKNOWN] += 1
            c[LINK_UNKNOWN_TYPE] = link
        else:
            c[NOT_IP] += 1
        return
    left = wire - (p - begin)  # bytes the packet had from here on, captured or not
    fragment = -1  # offset of a fragment in its datagram; -1 = whole
    number = 0
    if kind == IP4:
        if p + 20 > end or data[p] >> 4 != 4:
            c[HEADERS_CUT] += 1
            return
        header = (data[p] & 15) * 4
        if header < 20:
            c[HEADERS_CUT] += 1
            return
        octets = be16(data, p + 2)
        if octets == 0 or octets > left:  # 0: segmentation offload, the length is the frame's
            octets = left
        if octets < header:
            c[HEADERS_CUT] += 1
            return
        part = be16(data, p + 6)
        protocol = np_int(data[p + 9])
        if part & 0x3FFF:
            fragment = (part & 0x1FFF) * 8
            number = be16(data, p + 4) << 8 | protocol
        high_0, low_0, high_1, low_1 = 0, be32(data, p + 12), 0, be32(data, p + 16)
        end = min(end, p + octets)
        body = p + header
        version = 4
    else:
        if p + 40 > end or data[p] >> 4 != 6:
            c[HEADERS_CUT] += 1
            return
        octets = be16(data, p + 4) + 40
        if octets == 40 and (data[p + 6] == 0 or left > 40 + 14):
            # jumbogram (RFC 2675) or segmentation offload; a short rest is Ethernet padding
            octets = left
        octets = min(octets, left)
        high_0, low_0 = be64(data, p + 8), be64(data, p + 16)
        high_1, low_1 = be64(data, p + 24), be64(data, p + 32)
        end = min(end, p + octets)
        protocol, body, place = above_ip6(data, p + 40, end, np_int(data[p + 6]))
        if protocol < 0:
            c[HEADERS_CUT] += 1
            return
        if place >= 0:
            part = be16(data, place + 2)
            if part & 0xFFF9:
                fragment = part & 0xFFF8
                number = be32(data, place + 4) << 8 | protocol
        version = 6
    segment = octets - (body - p)  # bytes of the transport layer, captured or not
    source, target, seen = 0, 0, 0
    ported = protocol in (6, 17, 132, 136, 33)
    if fragment > 0:
        ports = ports_of(s, high_0, low_0, high_1, low_1, number, time)
        if ports >= 0:
            source, target, seen = ports & 0xFFFF, ports >> 16, 1
        elif ported:
            c[FRAGMENTS_LOST] += 1
    elif ported:
        if body + 4 <= end and segment >= 4:
            source, target, seen = be16(data, body), be16(data, body + 2), 1
            if fragment == 0:
                ports = source | target << 16
                ports_kept(s, high_0, low_0, high_1, low_1, number, ports, time)
        else:
            c[PORTS_CUT] += 1
    # end 0 is the smaller (address, port)
    if high_0 != high_1:
        swap = high_0 > high_1
    elif low_0 != low_1:
        swap = low_0 > low_1
    else:
        swap = source > target
    if swap:
        high_0, low_0, high_1, low_1 = high_1, low_1, high_0, low_0
        key = target | source << 16
        direction = 1
    else:
        key = source | target << 16
        direction = 0
    key |= protocol << 32 | version << 40 | seen << 48
    row, new = found(s, high_0, low_0, high_1, low_1, key, time, direction)
    f = s.flows
    if protocol == 6 and fragment <= 0:
        tcp(s, row, new, direction, data, body, end, segment, source, target, time)
    elif protocol == 17 and fragment <= 0 and seen:
        length = max(segment - 8, 0)
        f[row, PAYLOAD + direction] += length
        if new:
            name_guessed(s, row, time)
        shift = BUDGET + 8 * direction
        if (f[row, FLAGS] >> shift) & 255 and body + 8 < end:
            f[row, FLAGS] -= 1 << shift
            if looked_into_udp(s, row, direction, data, body + 8, end, source, target, time):
                f[row, FLAGS] &= ~(255 << shift)
    else:
        header = 0
        if fragment <= 0:
            header = 12 if protocol == 132 else 8 if protocol in (1, 58, 136) else 0
        length = max(segment - header, 0)
        f[row, PAYLOAD + direction] += length
        if protocol == 6 and f[row, NEXT + direction] >= 0:
            f[row, NEXT + direction] = (f[row, NEXT + direction] + length) & 0xFFFFFFFF
        if (protocol == 1 or protocol == 58) and body < end:
            icmp_role(s, row, direction, protocol, np_int(data[body]))
    if new:
        f[row, VLAN] = vlan
    f[row, START] = min(f[row, START], time)
    f[row, END] = max(f[row, END], time)
    f[row, PACKETS + direction] += 1
    f[row, OCTETS + direction] += octets


@hot
def np_int(value: int) -> int:
    """A byte as ``int64``."""
    return value + 0


@hot
def icmp_role(s: State, row: int, direction: int, protocol: int, kind: int) -> None:
    """Echo and timestamp requests come from the client, their replies go to it."""
    if protocol == 1:
        if kind in (8, 13, 15, 17):
            client_is(s, row, direction)
        elif kind in (0, 14, 16, 18):
            client_is(s, row, 1 - direction)
    elif kind == 128:
        client_is(s, row, direction)
    elif kind == 129:
        client_is(s, row, 1 - direction)


@hot
def tcp(
    s: State,
    row: int,
    new: bool,
    direction: int,
    data: Bytes,
    p: int,
    end: int,
    segment: int,
    source: int,
    target: int,
    time: int,
) -> None:
    """Adds one TCP segment to its flow: flags, new payload, handshake time, first bytes."""
    f = s.flows
    if p + 14 > end:  # ports without flags
        if new:
            name_guessed(s, row, time)
        return
    flags = np_int(data[p + 13])
    syn, fin = (flags >> 1) & 1, flags & 1
    sequence = be32(data, p + 4)
    if syn and not new:
        again = f[row, NEXT + direction] == (sequence + 1) & 0xFFFFFFFF
        ended = f[row, MARKS] & CLOSED
        busy = f[row, PAYLOAD] + f[row, PAYLOAD + 1] > 0
        opens = flags & 16 == 0
        if not again and (ended or (busy and opens)):
            restarted(s, row, time, direction)
            new = True
    if new:
        name_guessed(s, row, time)
    if syn:
        if flags & 16:
            f[row, MARKS] |= SYNACK_FROM_0 << direction
            if (
                f[row, SYN_TIME] >= 0
                and f[row, RTT] < 0
                and f[row, MARKS] & (SYN_FROM_0 << (1 - direction))
            ):
                f[row, RTT] = max(time - f[row, SYN_TIME], 0)
        else:
            f[row, MARKS] |= SYN_FROM_0 << direction
            if f[row, RTT] < 0:
                # after a repeated SYN the answer may be to either: the last one gives the
                # smaller time, which never makes a far host seem nearer than the first could
                f[row, SYN_TIME] = time if f[row, SYN_TIME] < 0 else f[row, SYN_TIME]
    f[row, FLAGS] |= flags << (8 * direction)
    header = (data[p + 12] >> 4) * 4
    if header < 20:
        header = 20
    length = max(segment - header, 0)
    if length or syn or fin or f[row, NEXT + direction] < 0:
        f[row, PAYLOAD + direction] += new_bytes(s, row, direction, sequence, length, syn, fin)
    if flags & 5:
        f[row, MARKS] |= CLOSED
    shift = BUDGET + 8 * direction
    if length and (f[row, FLAGS] >> shift) & 255 and p + header < end:
        f[row, FLAGS] -= 1 << shift
        if looked_into_tcp(s, row, direction, data, p + header, end, source, target, time):
            f[row, FLAGS] &= ~(255 << shift)

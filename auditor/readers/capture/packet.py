"""One packet, from its link layer to its flow (compiled).

Lengths are believed only as far as the bytes reach: what a header claims beyond the packet's
original length is cut to it. Of a packet in a tunnel the innermost IP packet counts. Sources:
RFC 791, RFC 8200, RFC 9293, RFC 768, RFC 3828 (UDP-Lite), RFC 9260 (SCTP).
"""

from __future__ import annotations

from numba import types

from auditor.readers.capture.fragments import TUNNELLED, held, taken_up, waits
from auditor.readers.capture.greetings import opaque
from auditor.readers.capture.layout import (
    BAD_TIME, BUDGET, DUPLICATES, END, FIRST_FROM_1, FIRST_TIME, FLAGS,
    HEADERS_CUT, IPSEC, LAST_TIME, LINK_SECRET, LINK_SEVERAL, LINK_UNKNOWN, LINK_UNKNOWN_TYPE,
    LOOK_UDP, MARKS, NESTED_DEEP, NEXT, NOT_IP, OCTETS, OUTER_6, PACKETS, PACKETS_READ,
    PAYLOAD, PICK, PORTS_CUT, RECENT, SNAPPED, START, TUNNEL,
    TUNNEL_BITS, VLAN, WIRE_BYTES, Bytes, State,
)  # fmt: skip
from auditor.readers.capture.link import IP4, IP6, SECRET, SEVERAL, UNKNOWN, network
from auditor.readers.capture.naming import client_is, name_guessed
from auditor.readers.capture.numbers import be16, be32, be64, compiled, hot, mixed, octet, through
from auditor.readers.capture.table import found
from auditor.readers.capture.tcp import looked_into, tcp
from auditor.readers.capture.tunnels import MOST_NESTED, may_carry, tunnel_number, unwrapped

picked = through(types.boolean)


@compiled
def above_ip(data: Bytes, p: int, end: int, kind: int) -> tuple[int, int, int]:
    """Goes through extension headers: protocol, where it begins, place of a fragment header.

    The place is -1 without a fragment header; where the chain was not captured whole the
    protocol is -1.
    """
    fragment = -1
    for _ in range(16):
        if kind == 0 or kind == 43 or kind == 60 or kind == 135 or kind == 139 or kind == 140:
            if p + 2 > end:
                return -1, p, fragment
            size = 8 + 8 * octet(data, p + 1)
        elif kind == 51:
            if p + 2 > end:
                return -1, p, fragment
            size = 8 + 4 * octet(data, p + 1)
        elif kind == 44:
            if p + 8 > end:
                return -1, p, fragment
            fragment = p
            size = 8
        else:
            return kind, p, fragment
        kind = octet(data, p)
        p += size
        if fragment >= 0 and be16(data, fragment + 2) & 0xFFF8:
            return kind, p, fragment  # what follows is the middle of a datagram
    return -1, p, fragment


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
        no_ip(s, kind, link)
        return
    left = wire - (p - begin)  # bytes the packet had from here on, captured or not
    depth, kinds = 0, 0
    outer_high_0, outer_low_0, outer_high_1, outer_low_1 = 0, 0, 0, 0
    high_0, low_0, high_1, low_1 = 0, 0, 0, 0
    while True:  # from the outermost IP header to the innermost
        fragment = -1  # offset of a fragment in its datagram; -1 = whole
        number = 0
        if kind == IP4:
            if p + 20 > end or data[p] >> 4 != 4:
                c[HEADERS_CUT] += 1
                return
            header = (octet(data, p) & 15) * 4
            octets = be16(data, p + 2)
            if octets == 0 or octets > left:  # 0: segmentation offload, the length is the frame's
                octets = left
            if header < 20 or octets < header:
                c[HEADERS_CUT] += 1
                return
            part = be16(data, p + 6)
            protocol = octet(data, p + 9)
            if part & 0x3FFF:
                fragment = (part & 0x1FFF) * 8
                number = be16(data, p + 4) << 9 | protocol
            high_0, low_0, high_1, low_1 = 0, be32(data, p + 12), 0, be32(data, p + 16)
            end = min(end, p + octets)
            body = p + header
            version = 4
            if protocol == 51 and fragment <= 0:
                protocol, body, _ = above_ip(data, body, end, protocol)
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
            protocol, body, place = above_ip(data, p + 40, end, octet(data, p + 6))
            if place >= 0 and protocol >= 0:
                part = be16(data, place + 2)
                if part & 0xFFF9:
                    fragment = part & 0xFFF8
                    number = be32(data, place + 4) << 9 | 0x100 | protocol
            version = 6
        if protocol < 0:
            c[HEADERS_CUT] += 1
            return
        if depth == 0 and s.settings[4] > 0 and is_copy(s, data, p, end, octets, time):
            c[DUPLICATES] += 1
            return
        segment = octets - (body - p)  # bytes of the transport layer, captured or not
        source, target, seen = 0, 0, 0
        # TCP, UDP, SCTP, UDP-Lite, DCCP
        ported = (
            protocol == 6 or protocol == 17 or protocol == 132 or protocol == 136 or protocol == 33
        )
        datagram = -1
        if fragment >= 0:
            datagram = held(s, high_0, low_0, high_1, low_1, number, time)
        if fragment > 0:
            ports = s.fragments[datagram, 5]
            if ports == TUNNELLED:
                return
            if ports < 0 and (ported or may_carry(protocol, 0, 0)):
                waits(s, datagram, octets, max(segment, 0), time)
                return
            if ports >= 0 and ported:
                source, target, seen = ports & 0xFFFF, ports >> 16, 1
        elif ported:
            if body + 4 <= end and segment >= 4:
                source, target, seen = be16(data, body), be16(data, body + 2), 1
            else:
                c[PORTS_CUT] += 1
        if fragment <= 0 and may_carry(protocol, source, target):
            code, inner, q = unwrapped(data, body, end, protocol, version, source, target)
            if code and depth == MOST_NESTED:
                c[NESTED_DEEP] += 1
            elif code:
                if depth == 0:
                    outer_high_0, outer_low_0, outer_high_1, outer_low_1 = (
                        high_0, low_0, high_1, low_1
                    )  # fmt: skip
                    kinds = OUTER_6 if version == 6 else 0
                kinds |= code << (TUNNEL_BITS * depth)
                depth += 1
                left = octets - (q - p)
                if fragment == 0:  # the inner packet is longer than this part of it
                    left = 0xFFFF
                    s.fragments[datagram, 5] = TUNNELLED
                kind, p = inner, q
                continue
        break
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
    if s.settings[PICK]:  # the second pass
        packet = (
            s, high_0, low_0, high_1, low_1, key, direction, fragment, datagram, data, body, end,
            segment, time,
        )  # fmt: skip
        picked(s.settings[PICK], packet)
        return
    row, new = found(s, high_0, low_0, high_1, low_1, key, time, direction)
    f = s.flows
    if protocol == 6 and fragment <= 0:
        tcp(s, row, new, direction, data, body, end, segment, source, target, time)
    elif protocol == 17 and fragment <= 0 and seen:
        f[row, PAYLOAD + direction] += max(segment - 8, 0)
        f[row, NEXT + direction] = 0
        if new:
            name_guessed(s, row, time)
        shift = BUDGET + 8 * direction
        if (f[row, FLAGS] >> shift) & 255 and body + 8 < end:
            f[row, FLAGS] -= 1 << shift
            look = (s, row, direction, data, body + 8, end, source, target, time)
            if looked_into(s.settings[LOOK_UDP], look):
                f[row, FLAGS] &= ~(255 << shift)
    else:
        other(s, row, direction, data, body, end, segment, protocol, fragment)
    if time <= f[row, START]:
        earliest(s, row, new, direction, time, vlan)
    f[row, END] = max(f[row, END], time)
    f[row, PACKETS + direction] += 1
    f[row, OCTETS + direction] += octets
    if fragment == 0:
        taken_up(s, datagram, row, direction)
        s.fragments[datagram, 5] = source | target << 16
    if kinds and f[row, TUNNEL] == 0:
        if swap:
            f[row, TUNNEL] = tunnel_number(
                s, outer_high_1, outer_low_1, outer_high_0, outer_low_0, kinds
            )
        else:
            f[row, TUNNEL] = tunnel_number(
                s, outer_high_0, outer_low_0, outer_high_1, outer_low_1, kinds
            )


@compiled
def no_ip(s: State, kind: int, link: int) -> None:
    """Counts a packet that is in no flow."""
    c = s.counters
    if kind == UNKNOWN:
        c[LINK_UNKNOWN] += 1
        c[LINK_UNKNOWN_TYPE] = link
    elif kind == SECRET:
        c[LINK_SECRET] += 1
    elif kind == SEVERAL:
        c[LINK_SEVERAL] += 1
    else:
        c[NOT_IP] += 1


@compiled
def is_copy(s: State, data: Bytes, p: int, end: int, octets: int, time: int) -> bool:
    """Whether the same IP packet was seen a moment ago; if not, it is remembered."""
    code = mixed(octets, s.settings[3])
    while p + 8 <= end:
        code = mixed(code, be64(data, p))
        p += 8
    while p < end:
        code = mixed(code, octet(data, p))
        p += 1
    known = s.recent[code & (RECENT - 1)]
    oldest = 0
    for i in range(4):
        if known[i, 0] == code and abs(time - known[i, 1]) <= s.settings[4]:
            return True
        if known[i, 1] < known[oldest, 1]:
            oldest = i
    known[oldest, 0], known[oldest, 1] = code, time
    return False


@compiled
def earliest(s: State, row: int, new: bool, direction: int, time: int, vlan: int) -> None:
    """Notes what the first packet shows; of several at the same time one from end 0 is first."""
    f = s.flows
    if new:
        f[row, VLAN] = vlan
    elif time < f[row, START] or (direction == 0 and f[row, MARKS] & FIRST_FROM_1):
        f[row, VLAN] = vlan
        f[row, MARKS] = (f[row, MARKS] & ~FIRST_FROM_1) | (FIRST_FROM_1 if direction else 0)
        f[row, START] = time


@compiled
def other(
    s: State, row: int, direction: int, data: Bytes, p: int, end: int, segment: int, protocol: int,
    fragment: int,
) -> None:  # fmt: skip
    """Adds a packet that is neither TCP nor whole UDP, or a later fragment, to its flow."""
    f = s.flows
    length = payload_of(data, p, end, segment, protocol, fragment)
    f[row, PAYLOAD + direction] += length
    if protocol == 6 and f[row, NEXT + direction] >= 0:
        f[row, NEXT + direction] = (f[row, NEXT + direction] + length) & 0xFFFFFFFF
    elif protocol != 1 and protocol != 58:
        f[row, NEXT + direction] = 0
        if protocol == 50:
            opaque(s, row, IPSEC)
    elif fragment <= 0 and p + 2 <= end:
        if f[row, NEXT + direction] < 0:
            f[row, NEXT + direction] = be16(data, p)
        icmp_role(s, row, direction, protocol, octet(data, p))


@compiled
def payload_of(data: Bytes, p: int, end: int, segment: int, protocol: int, fragment: int) -> int:
    """Payload bytes of such a packet."""
    length = segment
    if fragment <= 0:
        if protocol == 132:
            length = user_data(data, p + 12, end, segment - 12)
        elif protocol == 1 or protocol == 58 or protocol == 136 or protocol == 17:
            length = segment - 8
    return max(length, 0)


@compiled
def user_data(data: Bytes, p: int, end: int, size: int) -> int:
    """Bytes of user data in the chunks of an SCTP packet; all of it where a chunk is cut."""
    total = 0
    stop = p + size
    for _ in range(256):
        if p + 4 > stop:
            return total
        if p + 4 > end:
            return total + stop - p
        kind, length = octet(data, p), be16(data, p + 2)
        if length < 4:
            return total
        if kind == 0:
            total += max(min(length, stop - p) - 16, 0)
        elif kind == 64:
            total += max(min(length, stop - p) - 20, 0)
        p += (length + 3) // 4 * 4
    return total


@compiled
def icmp_role(s: State, row: int, direction: int, protocol: int, kind: int) -> None:
    """Echo and timestamp requests come from the client, their replies go to it."""
    if protocol == 1:
        if kind == 8 or kind == 13 or kind == 15 or kind == 17:
            client_is(s, row, direction)
        elif kind == 0 or kind == 14 or kind == 16 or kind == 18:
            client_is(s, row, 1 - direction)
    elif kind == 128:
        client_is(s, row, direction)
    elif kind == 129:
        client_is(s, row, 1 - direction)

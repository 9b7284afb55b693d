"""What is inside a packet that carries another (compiled).

GRE (RFC 2784, 2890), NVGRE (RFC 7637), PPTP's GRE (RFC 2637), ERSPAN
(draft-foschiano-erspan), IP in IP (RFC 2003, 4213, 2473), EtherIP (RFC 3378), MPLS in IP and UDP
(RFC 4023, 7510), VXLAN (RFC 7348), VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe), Geneve (RFC 8926),
Teredo (RFC 4380), GTP-U (3GPP TS 29.281), L2TP (RFC 2661, 3931), CAPWAP (RFC 5415).
"""

from __future__ import annotations

import numpy as np

from auditor.readers.capture.layout import (
    TUNNEL_BITS,
    TUNNELS_USED,
    Bytes,
    State,
)  # fmt: skip
from auditor.readers.capture.link import ETHER, IP4, IP6, OTHER, PPP, WIFI, following, layers
from auditor.readers.capture.numbers import be16, be32, compiled, entry, hot, mixed, octet

TUNNELS = (
    "", "gre", "nvgre", "erspan", "4in4", "6in4", "4in6", "6in6", "etherip", "mpls", "vxlan",
    "vxlan-gpe", "geneve", "teredo", "gtp-u", "l2tp", "pptp", "capwap",
)  # fmt: skip
"""Names of the kinds, by number."""

GRE, NVGRE, ERSPAN, IN_IP, ETHERIP, MPLS, VXLAN = 1, 2, 3, 4, 8, 9, 10
VXLAN_GPE, GENEVE, TEREDO, GTP_U, L2TP, PPTP, CAPWAP = 11, 12, 13, 14, 15, 16, 17

MOST_NESTED = 8


@hot
def may_carry(protocol: int, source: int, target: int) -> bool:
    """Whether a packet of this protocol, or with these UDP ports, may carry another packet."""
    if protocol == 17:
        return (
            target == 4789 or target == 2152 or target == 6081 or target == 8472
            or target == 4790 or target == 6635 or target == 3544 or source == 3544
            or target == 1701 or source == 1701 or source == 2152 or source == 4789
            or target == 5247 or source == 5247
        )  # fmt: skip
    return (
        protocol == 47 or protocol == 41 or protocol == 4 or protocol == 115 or protocol == 97
        or protocol == 137
    )  # fmt: skip


@compiled
def unwrapped(
    data: Bytes, p: int, end: int, protocol: int, version: int, source: int, target: int
) -> tuple[int, int, int]:
    """The packet inside another one: kind of tunnel (0 = none), kind of IP, where it begins.

    ``p`` is where the transport header, or what stands in its place, begins.
    """
    code, kind, q = 0, OTHER, p
    if protocol == 4 or protocol == 41:
        kind = IP4 if protocol == 4 else IP6
        code = IN_IP + (protocol == 41) + (version == 6) * 2
    elif protocol == 47:
        code, kind, q = in_gre(data, p, end)
    elif protocol == 97 and p + 2 <= end and be16(data, p) == 0x3000:
        code, kind, q = ETHERIP, ETHER, p + 2
    elif protocol == 137:
        code, kind = MPLS, 0x8847
    elif protocol == 115:
        code, kind, q = in_l2tp3(data, p, end)
    elif protocol == 17 and p + 16 <= end:
        code, kind, q = in_udp(data, p + 8, end, source, target)
    if code:
        kind, q, _ = layers(data, q, end, kind)
        if is_ip(data, q, end, kind):
            return code, kind, q
    return 0, OTHER, p


@compiled
def is_ip(data: Bytes, p: int, end: int, kind: int) -> bool:
    """Whether a whole IP header with lengths that make sense stands here."""
    if kind == IP4 and p + 20 <= end and octet(data, p) >> 4 == 4:
        header = (octet(data, p) & 15) * 4
        total = be16(data, p + 2)
        return header >= 20 and (total >= header or total == 0)
    return kind == IP6 and p + 40 <= end and octet(data, p) >> 4 == 6


@compiled
def in_udp(data: Bytes, p: int, end: int, source: int, target: int) -> tuple[int, int, int]:
    """The same for a UDP payload of at least 8 bytes, by port and header."""
    first = octet(data, p)
    if target == 4789 or target == 8472 or source == 4789:
        # the flag of a valid network number; group policy and reserved bits may be set
        if first & 0x08 and data[p + 7] == 0:
            return VXLAN, ETHER, p + 8
    elif target == 4790:
        if first & 0x0C == 0x0C:
            return VXLAN_GPE, following(data[p + 3]), p + 8
        if first & 0x08:
            return VXLAN_GPE, ETHER, p + 8
    elif target == 6081:
        if first >> 6 == 0:
            kind = be16(data, p + 2)
            return GENEVE, (ETHER if kind == 0x6558 else kind), p + 8 + (first & 63) * 4
    elif target == 2152 or source == 2152:
        return in_gtp(data, p, end)
    elif target == 3544 or source == 3544:
        return in_teredo(data, p, end)
    elif target == 1701 or source == 1701:
        return in_l2tp2(data, p, end)
    elif target == 6635:
        return MPLS, 0x8847, p
    elif first == 0 and data[p + 3] & 0x80 == 0:  # CAPWAP data, not encrypted, not a fragment
        wifi = data[p + 2] & 1
        return CAPWAP, (WIFI if wifi else ETHER), p + (octet(data, p + 1) >> 3) * 4
    return 0, OTHER, p


@compiled
def in_gre(data: Bytes, p: int, end: int) -> tuple[int, int, int]:
    """The same for what follows an IP header of protocol 47."""
    if p + 4 > end:
        return 0, OTHER, p
    flags, kind = be16(data, p), be16(data, p + 2)
    q = p + 4
    if flags & 7 == 1:
        if kind != 0x880B:
            return 0, OTHER, p
        q += 4  # length of the payload and call number
        q += 4 * ((flags >> 12) & 1) + 4 * ((flags >> 7) & 1)
        return PPTP, PPP, q
    if flags & 0x4007:  # source routing, or an unknown version
        return 0, OTHER, p
    q += 4 * (flags >> 15) + 4 * ((flags >> 13) & 1) + 4 * ((flags >> 12) & 1)
    if kind == 0x6558:
        return (NVGRE if flags & 0xF000 == 0x2000 else GRE), ETHER, q
    if kind == 0x88BE:  # type II has a sequence number and a header, type I neither
        return ERSPAN, ETHER, q + (8 if flags & 0x1000 else 0)
    if kind == 0x22EB:
        if q + 12 > end:
            return 0, OTHER, p
        return ERSPAN, ETHER, q + (20 if data[q + 11] & 1 else 12)
    if kind == 0x883E:  # WCCP: older ones put a word before the packet
        old = q < end and octet(data, q) >> 4 == 4
        return GRE, IP4, q + (0 if old else 4)
    return GRE, kind, q


@compiled
def in_gtp(data: Bytes, p: int, end: int) -> tuple[int, int, int]:
    """The same for GTP-U version 1: a user's packet behind its extension headers."""
    flags = octet(data, p)
    if flags >> 4 != 3 or data[p + 1] != 255:
        return 0, OTHER, p
    q = p + 8
    if flags & 7:
        if q + 4 > end:
            return 0, OTHER, p
        more = octet(data, q + 3) if flags & 4 else 0
        q += 4
        for _ in range(16):
            if more == 0:
                break
            if q >= end or data[q] == 0:
                return 0, OTHER, p
            q += octet(data, q) * 4
            if q > end:
                return 0, OTHER, p
            more = octet(data, q - 1)
    if q >= end:
        return 0, OTHER, p
    return GTP_U, (IP6 if octet(data, q) >> 4 == 6 else IP4), q


@compiled
def in_teredo(data: Bytes, p: int, end: int) -> tuple[int, int, int]:
    """The same for Teredo: IPv6 behind indications of authentication and origin."""
    for _ in range(2):
        if p + 8 > end or data[p]:
            break
        if data[p + 1] == 1:
            p += 13 + octet(data, p + 2) + octet(data, p + 3)
        elif data[p + 1] == 0:
            p += 8
        else:
            break
    return TEREDO, IP6, p


@compiled
def in_l2tp2(data: Bytes, p: int, end: int) -> tuple[int, int, int]:
    """The same for a data message of L2TP version 2."""
    flags = be16(data, p)
    if flags & 0x800F != 2:
        return 0, OTHER, p
    q = p + 6 + 2 * ((flags >> 14) & 1) + 4 * ((flags >> 11) & 1)
    if flags & 0x0200:
        if q + 2 > end:
            return 0, OTHER, p
        q += 2 + be16(data, q)
    return L2TP, PPP, q


@compiled
def in_l2tp3(data: Bytes, p: int, end: int) -> tuple[int, int, int]:
    """The same for L2TP version 3 over IP.

    The length of its cookie is agreed outside the packet: that is taken which leads to an
    Ethernet frame whose IPv4 packet ends where this one ends.
    """
    if p + 4 <= end and be32(data, p) != 0:  # 0 = control message
        for more in range(0, 13, 4):
            q = p + 4 + more + 14
            if q + 20 > end or be16(data, q - 2) != IP4 or data[q] != 0x45:
                continue
            if q + be16(data, q + 2) == end:
                return L2TP, IP4, q
    return 0, OTHER, p


@compiled
def tunnel_hash(high_0: int, low_0: int, high_1: int, low_1: int, kinds: int, seed: int) -> int:
    """The hash of a tunnel's key."""
    return mixed(mixed(mixed(low_0, seed), low_1), mixed(kinds, high_0 ^ (high_1 << 1)))


@compiled
def tunnel_number(s: State, high_0: int, low_0: int, high_1: int, low_1: int, kinds: int) -> int:
    """The number of a pair of outer addresses and a nesting of kinds, from 1; kept if new."""
    table = s.tunnels
    mask = table.shape[0] - 1
    slot = tunnel_hash(high_0, low_0, high_1, low_1, kinds, s.settings[3]) & mask
    while True:
        number = table[slot, 5]
        if number == 0:
            break
        row = number - 1
        if (
            table[row, 0] == high_0 and table[row, 1] == low_0 and table[row, 2] == high_1
            and table[row, 3] == low_1 and table[row, 4] == kinds
        ):  # fmt: skip
            return number
        slot = (slot + 1) & mask
    row = s.counters[TUNNELS_USED]
    s.counters[TUNNELS_USED] = row + 1
    table[slot, 5] = row + 1
    table[row, 0], table[row, 1], table[row, 2], table[row, 3] = high_0, low_0, high_1, low_1
    table[row, 4] = kinds
    return row + 1


def with_more_tunnels(s: State) -> State:
    """The same state with room for twice as many tunnels."""
    rows = s.tunnels.shape[0]
    tunnels = np.zeros((rows * 2, 6), np.int64)
    tunnels[:rows, :5] = s.tunnels[:, :5]
    larger = s.having(tunnels=tunnels)
    tunnels_indexed(larger)
    return larger


@entry
def tunnels_indexed(s: State) -> None:
    """Builds the hash index over the tunnels anew."""
    table = s.tunnels
    mask = table.shape[0] - 1
    for row in range(s.counters[TUNNELS_USED]):
        high_0, low_0, high_1, low_1 = table[row, 0], table[row, 1], table[row, 2], table[row, 3]
        slot = tunnel_hash(high_0, low_0, high_1, low_1, table[row, 4], s.settings[3]) & mask
        while table[slot, 5]:
            slot = (slot + 1) & mask
        table[slot, 5] = row + 1


def kinds_named(kinds: int) -> str:
    """The kinds of a nesting as text, outer to inner, joined by ``/``."""
    names = []
    while kinds & (1 << TUNNEL_BITS) - 1:
        names.append(TUNNELS[kinds & (1 << TUNNEL_BITS) - 1])
        kinds >>= TUNNEL_BITS
    return "/".join(names)

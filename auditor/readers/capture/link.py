"""From the link layer to IP (compiled).

Link types: the tcpdump group's LINKTYPE registry. Between link and IP: 802.1Q/ad/ah/BR, VN-Tag,
MPLS (RFC 3032, pseudowires RFC 4385), PPPoE (RFC 2516), PPP (RFC 1661), 802.2 LLC/SNAP (RFC 1042),
802.11 data frames, Cisco HDLC, FabricPath and metadata, TRILL (RFC 6325), NSH (RFC 8300), MACsec
without encryption (802.1AE).
"""

from __future__ import annotations

from auditor.readers.capture.layout import Bytes
from auditor.readers.capture.numbers import be16, be32, compiled, hot, le16, le32, octet

IP4, IP6, OTHER, UNKNOWN, SECRET, SEVERAL = 0x0800, 0x86DD, 0, -1, -2, -3
"""What a frame carries: IP, something else, unknown link type, encrypted, several packets."""

ETHER, PPP, LLC, WIFI = 0x10000, 0x10001, 0x10002, 0x10003
"""What begins at a place, where no EtherType can say it."""

VLAN_TAGS = (0x8100, 0x88A8, 0x9100, 0x9200, 0x9300)
MOST_LAYERS = 24


@hot
def by_version(data: Bytes, p: int, end: int) -> int:
    """The protocol that a bare IP packet's first half-byte tells."""
    if p >= end:
        return OTHER
    version = octet(data, p) >> 4
    return IP4 if version == 4 else IP6 if version == 6 else OTHER


@hot
def network(data: Bytes, p: int, end: int, link: int) -> tuple[int, int, int]:
    """Goes through the link layer: what is above it, where that begins, VLAN tags."""
    if link == 1 and p + 14 <= end:
        kind = be16(data, p + 12)
        if kind == IP4 or kind == IP6:
            return kind, p + 14, 0
    kind, p = opened(data, p, end, link)
    return layers(data, p, end, kind)


@compiled
def opened(data: Bytes, p: int, end: int, link: int) -> tuple[int, int]:
    """What the header of a link type says: the kind of what follows, and where that begins."""
    for _ in range(3):  # PPI and PKTAP carry another link type
        if link == 1:
            return ETHER, p
        if link == 101 or link == 12 or link == 14 or link == 228 or link == 229:
            return by_version(data, p, end), p
        if link == 113 and p + 16 <= end:  # Linux cooked
            return be16(data, p + 14), p + 16
        if link == 276 and p + 20 <= end:  # Linux cooked, version 2
            return be16(data, p), p + 20
        if (link == 0 or link == 108) and p + 4 <= end:
            family = be32(data, p)
            if family > 0xFFFF:
                family = le32(data, p)
            # AF_INET; AF_INET6 of Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS
            if family == 2:
                return IP4, p + 4
            if family == 10 or family == 23 or family == 24 or family == 28 or family == 30:
                return IP6, p + 4
            return OTHER, p
        if link == 9:
            return PPP, p
        if link == 204:  # PPP behind a byte for the direction
            return PPP, p + 1
        if (link == 50 or link == 104) and p + 4 <= end:
            if link == 104 or data[p] == 0x0F or data[p] == 0x8F:  # Cisco HDLC
                return be16(data, p + 2), p + 4
            return PPP, p
        if link == 51:
            return 0x8864, p
        if link == 105:
            return WIFI, p
        if link == 127 and p + 8 <= end:  # radiotap
            return WIFI, p + le16(data, p + 2)
        if link == 119 and p + 144 <= end:  # Prism; the same number was used for AVS headers
            return WIFI, p + (be32(data, p + 4) if data[p] == 0x80 else 144)
        if link == 163 and p + 8 <= end:  # AVS
            return WIFI, p + be32(data, p + 4)
        if link == 192 and p + 8 <= end:  # PPI
            link = le32(data, p + 4)
            p += le16(data, p + 2)
        elif link == 258 and p + 12 <= end:  # PKTAP
            link = le32(data, p + 8)
            p += le32(data, p)
        elif link == 107 and p + 4 <= end:  # frame relay: RFC 2427, or Cisco's own
            if data[p + 2] != 3:
                return be16(data, p + 2), p + 4
            q = p + 3 + (data[p + 3] == 0)
            if q >= end:
                return OTHER, p
            if data[q] == 0xCC:
                return IP4, q + 1
            if data[q] == 0x8E:
                return IP6, q + 1
            if data[q] == 0x80 and q + 6 <= end and be32(data, q) & 0xFFFFFF == 0:
                return be16(data, q + 4), q + 6
            return OTHER, p
        elif link == 10 and p + 13 <= end:  # FDDI
            return LLC, p + 13
        elif link == 100:  # RFC 1483
            return LLC, p
        elif link == 109:  # OpenBSD enc
            return by_version(data, p + 12, end), p + 12
        elif link == 117 and p < end:  # pflog: its length is without the padding to 4
            q = p + (octet(data, p) + 3) // 4 * 4
            return by_version(data, q, end), q
        elif link == 138 and p + 18 <= end:  # IP over IEEE 1394
            return be16(data, p + 16), p + 18
        elif link == 226:  # Solaris ipnet
            return by_version(data, p + 24, end), p + 24
        elif link == 239:
            return of_nflog(data, p + 4, end)
        else:
            return (OTHER if short(link) else UNKNOWN), p
    return UNKNOWN, p


@hot
def short(link: int) -> bool:
    """Whether a link type is one that is read, so that only the packet was too short."""
    return (
        link == 113 or link == 276 or link == 0 or link == 108 or link == 50 or link == 104
        or link == 127 or link == 119 or link == 163 or link == 192 or link == 258 or link == 107
        or link == 10 or link == 117 or link == 138
    )  # fmt: skip


@compiled
def of_nflog(data: Bytes, p: int, end: int) -> tuple[int, int]:
    """The packet among the fields of a Linux netfilter log message (type 9)."""
    for _ in range(64):
        if p + 4 > end:
            break
        size = le16(data, p)
        if le16(data, p + 2) & 0x7FFF == 9:
            return by_version(data, p + 4, end), p + 4
        if size < 4:
            break
        p += (size + 3) // 4 * 4
    return OTHER, p


@compiled
def layers(data: Bytes, p: int, end: int, kind: int) -> tuple[int, int, int]:
    """Goes through what lies between link and IP: what is above, where it begins, VLAN tags."""
    vlan, tags = 0, 0
    for _ in range(MOST_LAYERS):
        if kind == IP4 or kind == IP6 or kind <= OTHER:
            return kind, p, vlan
        if p + 2 > end:
            break
        if kind == ETHER:
            if p + 14 > end:
                break
            kind = be16(data, p + 12)
            p += 14
            if kind <= 1500:  # an 802.3 length
                kind = LLC
        elif kind in VLAN_TAGS:
            if p + 4 > end:
                break
            if tags < 4:
                vlan = (vlan & ~15) | (be16(data, p) & 0xFFF) << (4 + 12 * tags) | (tags + 1)
            tags += 1
            kind = be16(data, p + 2)
            p += 4
            if kind <= 1500:
                kind = LLC
        elif kind == LLC:
            if p + 8 <= end and be32(data, p) == 0xAAAA0300 and be16(data, p + 4) & 0xFF07 == 0:
                kind = be16(data, p + 6)  # RFC 1042, or 802.1H's bridge tunnel (00-00-F8)
                p += 8
            elif p + 3 <= end and be16(data, p) == 0x0606:
                kind, p = IP4, p + 3
            else:
                break
        elif kind == 0x8847 or kind == 0x8848:
            kind, p = below_labels(data, p, end)
        elif kind == 0x8864:
            if p + 8 > end or be16(data, p) != 0x1100:
                break
            kind, p = PPP, p + 6
        elif kind == PPP:
            kind, p = in_ppp(data, p, end)
        elif kind == WIFI:
            kind, p = in_wifi(data, p, end)
        elif kind == 0x8903:  # FabricPath: tag, then the frame
            kind, p = ETHER, p + 2
        elif kind == 0x88E7:  # 802.1ah: instance tag, then the customer's frame
            kind, p = ETHER, p + 4
        elif kind == 0x8926 and p + 6 <= end:  # VN-Tag
            kind, p = be16(data, p + 4), p + 6
        elif (kind == 0x893F or kind == 0x8909) and p + 8 <= end:  # 802.1BR; Cisco metadata
            kind, p = be16(data, p + 6), p + 8
        elif kind == 0x22F3 and p + 6 <= end:  # TRILL, with options in words
            kind, p = ETHER, p + 6 + ((be16(data, p) >> 6) & 31) * 4
        elif kind == 0x894F and p + 4 <= end:
            kind, p = following(data[p + 3]), p + (be16(data, p) & 63) * 4
        elif kind == 0x88E5 and p + 16 <= end:
            tag = octet(data, p)
            if tag & 0x0C:
                return SECRET, p, vlan
            p += 14 if tag & 0x20 else 6
            kind, p = be16(data, p), p + 2
        else:
            break
    return OTHER, end, vlan


@hot
def following(number: int) -> int:
    """The kind of a next-protocol number of NSH and VXLAN-GPE (RFC 8300 section 12.6)."""
    if number == 1:
        return IP4
    if number == 2:
        return IP6
    if number == 3:
        return ETHER
    if number == 4:
        return 0x894F
    return 0x8847 if number == 5 else OTHER


@compiled
def below_labels(data: Bytes, p: int, end: int) -> tuple[int, int]:
    """What is under a stack of MPLS labels, by its first half-byte (RFC 4928)."""
    for _ in range(16):
        if p + 5 > end:
            break
        last = data[p + 2] & 1
        p += 4
        if last:
            first = octet(data, p) >> 4
            if first == 4:
                return IP4, p
            if first == 6:
                return IP6, p
            if first == 0:  # a pseudowire's control word
                return ETHER, p + 4
            return (ETHER if first != 1 else OTHER), p
    return OTHER, p


@compiled
def in_ppp(data: Bytes, p: int, end: int) -> tuple[int, int]:
    """What a PPP frame carries, with or without address and control bytes."""
    for _ in range(2):
        if p + 4 > end:
            break
        if be16(data, p) == 0xFF03:
            p += 2
        if data[p] & 1:  # compressed protocol field
            number = octet(data, p)
            p += 1
        else:
            number = be16(data, p)
            p += 2
        if number == 0x0021:
            return IP4, p
        if number == 0x0057:
            return IP6, p
        if number == 0x0281 or number == 0x0283:
            return 0x8847, p
        if number == 0x0031 and p + 2 <= end and data[p + 1] == 1:  # bridged Ethernet
            return ETHER, p + 2
        if number != 0x003D or p >= end or data[p] & 0xC0 != 0xC0:
            break
        p += 4  # multilink, a fragment that is the whole frame
    return OTHER, p


@compiled
def in_wifi(data: Bytes, p: int, end: int) -> tuple[int, int]:
    """What an 802.11 frame carries; only data frames carry anything."""
    if p + 26 > end:
        return OTHER, p
    control = le16(data, p)
    if control & 3 and be16(data, p) & 3 == 0:
        control = be16(data, p)  # swapped, as access points of one maker do in CAPWAP
    if (control >> 2) & 3 != 2 or control & 0x40:
        return OTHER, p
    if control & 0x4000:
        return SECRET, p
    p += 24
    if control & 0x0300 == 0x0300:  # from one access point to another: a fourth address
        p += 6
    if control & 0x80:
        if p + 2 > end:
            return OTHER, p
        quality = le16(data, p)
        p += 6 if control & 0x8000 else 2
        if quality & 0x80:
            return SEVERAL, p
        if p + 4 <= end and be16(data, p) != 0xAAAA and be16(data, p + 2) == 0xAAAA:
            p += 2  # header padded to four bytes, as some radios write it
    return LLC, p

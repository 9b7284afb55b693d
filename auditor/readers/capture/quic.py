"""The client's first flight of QUIC: the ClientHello out of Initial packets (compiled).

QUIC version 1 (RFC 9000, RFC 9001), version 2 (RFC 9369), the drafts from 22 on, Facebook's
mvfst, and Google's QUIC before TLS (its CHLO, in clear up to Q046, in an Initial in Q050). A
server's Initials are sealed with keys from the client's connection ID too, but with nothing that
is wanted here; they do not open and change nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.readers.capture.crypto import (
    BLOCK, KEYS, MASK_KEYS, WORK, aes_block, aes_keys, expanded, gcm_opened, hmac,
)  # fmt: skip
from auditor.readers.capture.hello import NAME_END, NAME_START
from auditor.readers.capture.numbers import be16, be32, compiled, entry, le16, le32, octet
from auditor.readers.capture.pieces import OWNER, SIZE, emptied, put, whole

if TYPE_CHECKING:
    from auditor.readers.capture.layout import Bytes, Ints

WORK_QUIC: Final = WORK
"""``work`` of fed(): up to 199 that of crypto, then what a packet's header said."""
ROW: Final = 200  # of SALTS
INITIAL: Final = 201  # 1 = an Initial
ID_START: Final = 202  # destination connection ID
ID_SIZE: Final = 203
NUMBER: Final = 204  # where the packet number begins
STOP: Final = 205  # where the packet ends

# Regions of ``scratch``: up to 255 that of crypto.
SECRET: Final = 256
CLIENT_SECRET: Final = 288
KEY: Final = 320
IV: Final = 352
MASK_KEY: Final = 384
SALT: Final = 416
ID: Final = 448
PACKET: Final = 512
MOST_PACKET: Final = 16384
SCRATCH_QUIC: Final = PACKET + MOST_PACKET

# What fed() keeps in ``held``.
ID_HELD: Final = OWNER  # size + 1 of the connection ID that gave the keys; 0 = none yet
ID_BYTES: Final = OWNER + 1  # 3: its bytes, eight in each

MOST_COALESCED: Final = 8
VERSION_2: Final = 1  # row of SALTS
Q050: Final = 5
RESERVED: Final = 8

SALTS = np.frombuffer(
    bytes.fromhex(
        "38762cf7f55934b34d179ae6a4c80cadccbb7f0a"  # version 1, drafts 33 and 34
        "0dede3def700a6db819381be6e269dcbf9bd2ed9"  # version 2
        "afbfec289993d24c9e9786f19c6111e04390a899"  # drafts 29 to 32
        "c3eef712c72ebb5a11a7d2432bb46365bef9f502"  # drafts 23 to 28, mvfst
        "7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a"  # draft 22, the first mvfst
        "504574efd066fe2f9d945cfcdbd3a7f0d3b56b45"  # Q050
        "7ff579e5acd072915580304c43a2367c60488310"  # T050
        "7a4edef4e7ccee5fa4506c19124fc8ccda6e033d"  # T051
        "afbfec289993d24c9e9786f19c6111e04390a899"  # reserved versions, first try: as draft 29
    ),
    np.uint8,
).astype(np.int64)


@compiled
def salted(version: int) -> int:
    """The row of SALTS for a version; -1 = not known."""
    if version == 1:
        return 0
    if version == 0x6B3343CF:
        return VERSION_2
    if version >> 8 == 0xFF0000:
        draft = version & 0xFF
        if draft < 22 or draft > 34:
            return -1
        return 0 if draft > 32 else 2 if draft > 28 else 3 if draft > 22 else 4
    if version == 0xFACEB001:
        return 4
    if version >> 8 == 0xFACEB0:
        last = version & 0xFF
        return 3 if last == 2 or last == 3 or last == 0x0E or last == 0x11 or last == 0x13 else -1
    if version & 0x0F0F0F0F == 0x0A0A0A0A:
        return RESERVED  # sent to make the server name its versions; the client's own is not told
    if version == 0x51303530:
        return Q050
    if version == 0x54303530:
        return 6
    return 7 if version == 0x54303531 else -1


@compiled
def google_version(data: Bytes, p: int, end: int) -> int:
    """The version, ``Q0`` and two digits, of a Google QUIC packet whose handshake is in clear."""
    place = p + 1 if p < end and data[p] & 0x80 else p + 9  # Q046 has a long header
    if place + 4 > end or (place == p + 9 and data[p] & 0x09 != 0x09):
        return 0
    version = be32(data, place)
    tens, ones = version >> 8 & 0xFF, version & 0xFF
    if version >> 16 != 0x5130 or tens < 50 or tens > 52 or ones < 48 or ones > 57:
        return 0
    return version


@compiled
def is_initial(data: Bytes, p: int, end: int) -> int:
    """The version if these bytes look like the beginning of a QUIC handshake; else 0."""
    version = google_version(data, p, end)
    if version:
        return version
    if p + 7 > end or data[p] & 0xC0 != 0xC0 or data[p + 5] > 20:
        return 0
    version = be32(data, p + 1)
    row = salted(version)
    kind = octet(data, p) >> 4 & 3
    return version if row >= 0 and kind == (1 if row == VERSION_2 else 0) else 0


@compiled
def varint(data: Bytes, p: int, end: int) -> tuple[int, int]:
    """A number of 1 to 8 bytes and the place behind it; -1 = cut off (RFC 9000 section 16)."""
    if p >= end:
        return 0, -1
    value = octet(data, p)
    size = 1 << (value >> 6)
    if p + size > end:
        return 0, -1
    value &= 0x3F
    for i in range(1, size):
        value = value << 8 | octet(data, p + i)
    return value, p + size


@compiled
def header(data: Bytes, p: int, end: int, work: Ints) -> bool:
    """Reads a long header into ``work``; False if it is none that can be read (RFC 9000, 17.2)."""
    if p + 7 > end or data[p] & 0xC0 != 0xC0:
        return False
    row = salted(be32(data, p + 1))
    q = p + 5
    size = octet(data, q)
    if row < 0 or size > 20 or q + 2 + size > end:
        return False
    work[ROW], work[ID_START], work[ID_SIZE] = row, q + 1, size
    q += 1 + size
    if data[q] > 20:
        return False
    q += 1 + octet(data, q)
    kind = octet(data, p) >> 4 & 3
    if row == VERSION_2:
        kind = (kind + 3) & 3
    if kind == 3:  # a Retry has no length: nothing follows it
        return False
    if kind == 0:
        size, q = varint(data, q, end)  # of the token
        if q < 0 or size > end - q:
            return False
        q += size
    size, q = varint(data, q, end)
    if q < 0 or size > end - q:
        return False
    work[INITIAL], work[NUMBER], work[STOP] = kind == 0, q, q + size
    return True


@compiled
def keyed(size: int, work: Ints, scratch: Bytes) -> None:
    """Derives the client's Initial keys from ``scratch[ID:ID + size]`` (RFC 9001 section 5.2)."""
    row = work[ROW]
    for i in range(20):
        scratch[SALT + i] = SALTS[20 * row + i]
    hmac(scratch, SALT, 20, ID, ID + size, SECRET, work)
    expanded(scratch, SECRET, b"client in", 32, CLIENT_SECRET, work)
    if row == VERSION_2:
        expanded(scratch, CLIENT_SECRET, b"quicv2 key", 16, KEY, work)
        expanded(scratch, CLIENT_SECRET, b"quicv2 iv", 12, IV, work)
        expanded(scratch, CLIENT_SECRET, b"quicv2 hp", 16, MASK_KEY, work)
    else:
        expanded(scratch, CLIENT_SECRET, b"quic key", 16, KEY, work)
        expanded(scratch, CLIENT_SECRET, b"quic iv", 12, IV, work)
        expanded(scratch, CLIENT_SECRET, b"quic hp", 16, MASK_KEY, work)
    aes_keys(scratch, KEY, work, KEYS)
    aes_keys(scratch, MASK_KEY, work, MASK_KEYS)


@compiled
def opened(data: Bytes, p: int, work: Ints, scratch: Bytes) -> int:
    """Opens the packet at ``data[p]`` in ``scratch[PACKET:]``; where its frames begin, -1 = not.

    header() and keyed() have been called. Header protection: RFC 9001 section 5.4.
    """
    size, number = work[STOP] - p, PACKET + work[NUMBER] - p
    if work[STOP] - work[NUMBER] < 20 or size > MOST_PACKET:
        return -1
    for i in range(size):
        scratch[PACKET + i] = data[p + i]
    for i in range(4):
        work[BLOCK + i] = be32(scratch, number + 4 + 4 * i)
    aes_block(work, MASK_KEYS)
    mask = work[BLOCK]
    scratch[PACKET] ^= mask >> 24 & 0x0F
    count = (octet(scratch, PACKET) & 3) + 1
    for i in range(count):
        mask_byte = mask >> (16 - 8 * i) & 0xFF if i < 3 else work[BLOCK + 1] >> 24
        scratch[number + i] ^= mask_byte
        # The packet number goes into the last bytes of the nonce.
        scratch[IV + 12 - count + i] ^= scratch[number + i]
    good = gcm_opened(scratch, IV, PACKET, number + count, PACKET + size, work)
    return number + count if good else -1


@compiled
def unsealed(data: Bytes, p: int, held: Ints, work: Ints, scratch: Bytes) -> int:
    """Opens an Initial; one of a reserved version as draft 29, then as version 1."""
    body = unsealed_as(data, p, held, work, scratch)
    if body < 0 and work[ROW] == RESERVED:
        work[ROW] = 0
        body = unsealed_as(data, p, held, work, scratch)
    return body


@compiled
def unsealed_as(data: Bytes, p: int, held: Ints, work: Ints, scratch: Bytes) -> int:
    """Opens an Initial with the connection ID that gave the keys before, else with its own.

    A client goes on to the ID that the server chose, but keeps its keys; after a Retry they come
    from the new ID (RFC 9001 section 5.2), and what was held of the stream is void.
    """
    known = held[ID_HELD] - 1
    if known >= 0:
        for i in range(known):
            scratch[ID + i] = held[ID_BYTES + i // 8] >> 8 * (i % 8) & 0xFF
        keyed(known, work, scratch)
        body = opened(data, p, work, scratch)
        if body >= 0:
            return body
    size, start = work[ID_SIZE], work[ID_START]
    same = size == known
    for i in range(size):
        same = same and scratch[ID + i] == data[start + i]
        scratch[ID + i] = data[start + i]
    if same:
        return -1
    keyed(size, work, scratch)
    body = opened(data, p, work, scratch)
    if body >= 0:
        emptied(held)
        held[ID_HELD] = size + 1
        for i in range(size):
            held[ID_BYTES + i // 8] |= octet(scratch, ID + i) << 8 * (i % 8)
    return body


@compiled
def frames(scratch: Bytes, p: int, end: int, held: Ints, piece: Bytes, google: bool) -> None:
    """Puts what the CRYPTO frames of an Initial carry in its place (RFC 9000 section 19)."""
    while p >= 0 and p < end:
        kind = scratch[p]
        p += 1
        if kind == 0 or kind == (7 if google else 1):  # PADDING, PING
            continue
        if kind == (8 if google else 6):  # CRYPTO
            offset, p = varint(scratch, p, end)
            size, p = varint(scratch, p, end) if p >= 0 else (0, -1)
            if p < 0 or size > end - p:
                return
            put(held, piece, offset, scratch, p, p + size)
            p += size
        elif not google and (kind == 2 or kind == 3):  # ACK
            _, p = varint(scratch, p, end)
            _, p = varint(scratch, p, end) if p >= 0 else (0, -1)
            count, p = varint(scratch, p, end) if p >= 0 else (0, -1)
            count = min(count, end) * 2 + (4 if kind == 3 else 1)
            while p >= 0 and count > 0:
                _, p = varint(scratch, p, end)
                count -= 1
        elif not google and kind == 0x1C:  # CONNECTION_CLOSE
            _, p = varint(scratch, p, end)
            _, p = varint(scratch, p, end) if p >= 0 else (0, -1)
            size, p = varint(scratch, p, end) if p >= 0 else (0, -1)
            if p < 0 or size > end - p:
                return
            p += size
        else:
            return


@compiled
def google_hello(data: Bytes, p: int, end: int, found: Ints) -> bool:
    """Finds the server name in a Google QUIC CHLO; False if it is none or not all there.

    ``found[NAME_START]`` and ``found[NAME_END]`` are written, -1 = no name. A CHLO is a table of
    tags, each with the end of its value, then the values (QUIC Crypto, message format).
    """
    found[NAME_START] = found[NAME_END] = -1
    if p + 8 > end or be32(data, p) != 0x43484C4F:
        return False
    count = le16(data, p + 4)
    values = p + 8 + 8 * count
    if count > 128 or values > end:
        return False
    start = 0
    for i in range(count):
        stop = le32(data, p + 12 + 8 * i)
        if stop < start or values + stop > end:
            return False
        if be32(data, p + 8 + 8 * i) == 0x534E4900:  # SNI
            found[NAME_START], found[NAME_END] = values + start, values + stop
        start = stop
    return True


@compiled
def verdict(held: Ints, piece: Bytes, work: Ints) -> int:
    """What has come together: 1 = a part, 2 = a ClientHello, 3 = a Google CHLO."""
    size = whole(held)
    if size >= 8 and be32(piece, 0) == 0x43484C4F:
        return 3 if google_hello(piece, 0, size, work[ROW:]) else 1
    if size < 4 or piece[0] != 1:
        return 1
    wanted = 4 + (octet(piece, 1) << 16 | be16(piece, 2))
    return 2 if size >= min(wanted, SIZE) else 1


@entry
def fed(data: Bytes, p: int, end: int, held: Ints, piece: Bytes, work: Ints, scratch: Bytes) -> int:
    """Feeds one UDP payload of the client to the beginning of its handshake.

    Returns 0 if no Initial in it could be opened; 1 if one was and more is needed; 2 if
    ``piece[:whole(held)]`` now has the ClientHello, from its handshake header on (of one larger
    than a piece, what fits); 3 if it has the CHLO of Google's QUIC, for google_hello().
    ``held`` and ``piece`` are the flow's, ``work`` has ``WORK_QUIC`` numbers, ``scratch``
    ``SCRATCH_QUIC`` bytes of any content. What does not open changes nothing in ``held``.
    """
    version = google_version(data, p, end)
    if version and version != 0x51303530:
        for place in range(p + 9, min(end - 8, p + 80)):
            if be32(data, place) == 0x43484C4F:
                put(held, piece, 0, data, place, end)
                return verdict(held, piece, work)
        return 0
    answer = 0
    for _ in range(MOST_COALESCED):
        if not header(data, p, end, work):
            break
        stop = work[STOP]
        if work[INITIAL]:
            google = work[ROW] == Q050
            body = unsealed(data, p, held, work, scratch)
            if body >= 0:
                frames(scratch, body, PACKET + stop - p - 16, held, piece, google)
                answer = 1
        p = stop
    return verdict(held, piece, work) if answer else 0

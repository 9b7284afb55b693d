"""SHA-256, HKDF and AES-128-GCM, for fingerprints and for reading QUIC Initials (compiled).

No secret is protected here: the keys of a QUIC Initial follow from bytes of the same packet
(RFC 9001 section 5.2), so anyone on the path can open it, and it does not matter that the time
these functions take depends on the key. The ``cryptography`` package would do the same, but it
can only be called from Python, and the engine would have to leave compiled code for every flow.

All numbers in ``work`` (``WORK`` of them) are words of 32 bits, those of GHASH of 64.
Sources: FIPS 180-4, RFC 2104, RFC 5869, RFC 8446 section 7.1, FIPS 197, NIST SP 800-38D.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.readers.capture.numbers import be32, be64, compiled, octet

if TYPE_CHECKING:
    from auditor.readers.capture.layout import Bytes, Ints

# Regions of ``work``.
SCHEDULE: Final = 0  # 64: SHA-256 message schedule
DIGEST: Final = 64  # 8: SHA-256 state
TABLE: Final = 72  # 32: multiples of the hash key H, high halves, then low halves
HASHED: Final = 104  # 2: the GHASH so far
BLOCK: Final = 106  # 4: the AES block, in and out
KEYS: Final = 112  # 44: AES round keys
MASK_KEYS: Final = 156  # 44: those of header protection
WORK: Final = 512  # from 200 on: free for the callers

# Regions of ``scratch``.
MESSAGE: Final = 0  # 256: what HMAC hashes


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _root_bits(number: int, power: int) -> int:
    """The first 32 bits of the fraction of a square or cube root, exactly."""
    low, high = 0, number << 32
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**power <= number << 32 * power else (low, middle)
    return low & 0xFFFFFFFF


ROUNDS = np.array([_root_bits(prime, 3) for prime in _primes(64)], np.int64)
BEGINNING = np.array([_root_bits(prime, 2) for prime in _primes(8)], np.int64)
"""The constants of SHA-256 (FIPS 180-4, 4.2.2 and 5.3.3)."""


def _substitution() -> list[int]:
    """The AES S-box: the inverse in GF(2^8), then the affine map (FIPS 197, 5.1.1)."""
    power, log, value = [0] * 255, [0] * 256, 1
    for i in range(255):
        power[i], log[value] = value, i
        value ^= value << 1 ^ (0x11B if value & 0x80 else 0)
    box = []
    for byte in range(256):
        inverse = power[-log[byte] % 255] if byte else 0
        twice = inverse * 0x101
        box.append((inverse ^ twice >> 7 ^ twice >> 6 ^ twice >> 5 ^ twice >> 4) & 0xFF ^ 0x63)
    return box


def _column(s: int) -> int:
    double = s << 1 ^ (0x11B if s & 0x80 else 0)
    return double << 24 | s << 16 | s << 8 | double ^ s


COLUMNS = np.array([_column(s) for s in _substitution()], np.int64)
"""What a byte adds to a column in an AES round: S-box and MixColumns; bits 8-15 are the S-box."""

REDUCED = np.array(
    [0, 0x1C20, 0x3840, 0x2460, 0x7080, 0x6CA0, 0x48C0, 0x54E0,
     0xE100, 0xFD20, 0xD940, 0xC560, 0x9180, 0x8DA0, 0xA9C0, 0xB5E0], np.int64,
)  # fmt: skip
"""What four bits shifted out of a GHASH product come back as at its top (times x^128 modulo P)."""


@compiled
def turned(word: int, bits: int) -> int:
    """A 32-bit word rotated right."""
    return (word >> bits | word << (32 - bits)) & 0xFFFFFFFF


@compiled
def sha256(data: Bytes, p: int, end: int, work: Ints, out: Bytes, at: int) -> None:
    """Writes the SHA-256 of ``data[p:end]`` into ``out[at:at + 32]``."""
    for i in range(8):
        work[DIGEST + i] = BEGINNING[i]
    size = end - p
    for start in range(0, size + 9, 64):
        for i in range(16):
            place = start + 4 * i
            if place + 4 <= size:
                word = be32(data, p + place)
            else:
                word = 0
                for j in range(place, place + 4):
                    word <<= 8
                    if j < size:
                        word |= octet(data, p + j)
                    elif j == size:
                        word |= 0x80
                if start + 64 >= size + 9 and i == 15:
                    word |= size * 8  # less than 2**32: the arrays here are small
            work[SCHEDULE + i] = word
        for i in range(16, 64):
            early, late = work[SCHEDULE + i - 15], work[SCHEDULE + i - 2]
            early = turned(early, 7) ^ turned(early, 18) ^ early >> 3
            late = turned(late, 17) ^ turned(late, 19) ^ late >> 10
            total = early + late + work[SCHEDULE + i - 16] + work[SCHEDULE + i - 7]
            work[SCHEDULE + i] = total & 0xFFFFFFFF
        a, b, c, d = work[DIGEST], work[DIGEST + 1], work[DIGEST + 2], work[DIGEST + 3]
        e, f, g, h = work[DIGEST + 4], work[DIGEST + 5], work[DIGEST + 6], work[DIGEST + 7]
        for i in range(64):
            chosen = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)
            chosen += h + (e & f ^ ~e & g) + ROUNDS[i] + work[SCHEDULE + i]
            most = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + (a & b ^ a & c ^ b & c)
            h, g, f, e = g, f, e, (d + chosen) & 0xFFFFFFFF
            d, c, b, a = c, b, a, (chosen + most) & 0xFFFFFFFF
        for i, word in enumerate((a, b, c, d, e, f, g, h)):
            work[DIGEST + i] = (work[DIGEST + i] + word) & 0xFFFFFFFF
    for i in range(32):
        out[at + i] = work[DIGEST + i // 4] >> (24 - 8 * (i % 4)) & 0xFF


@compiled
def hmac(scratch: Bytes, key: int, size: int, p: int, end: int, at: int, work: Ints) -> None:
    """Writes HMAC-SHA-256 into ``scratch[at:at + 32]``; key and text stand there too.

    The key has at most 64 bytes, the text at most 128; ``scratch[MESSAGE:MESSAGE + 192]`` is used.
    """
    for i in range(64):
        scratch[MESSAGE + i] = 0x36 ^ (octet(scratch, key + i) if i < size else 0)
    for i in range(end - p):
        scratch[MESSAGE + 64 + i] = scratch[p + i]
    sha256(scratch, MESSAGE, MESSAGE + 64 + end - p, work, scratch, MESSAGE + 64)
    for i in range(64):
        scratch[MESSAGE + i] = 0x5C ^ (octet(scratch, key + i) if i < size else 0)
    sha256(scratch, MESSAGE, MESSAGE + 96, work, scratch, at)


@compiled
def expanded(scratch: Bytes, secret: int, label: bytes, size: int, at: int, work: Ints) -> None:
    """Writes HKDF-Expand-Label(secret, label, "", size) to ``scratch[at:]``, 32 bytes in all.

    ``size`` is at most 32 (one block of HKDF-Expand), and is part of what is hashed; the label
    has at most 40 bytes and stands without its ``tls13`` prefix. ``scratch[MESSAGE:MESSAGE + 256]``
    is used (RFC 8446 section 7.1).
    """
    p = MESSAGE + 192
    scratch[p] = 0
    scratch[p + 1] = size
    scratch[p + 2] = 6 + len(label)
    prefix = b"tls13 "
    for i in range(6):
        scratch[p + 3 + i] = prefix[i]
    for i in range(len(label)):
        scratch[p + 9 + i] = label[i]
    end = p + 9 + len(label)
    scratch[end] = 0
    scratch[end + 1] = 1
    hmac(scratch, secret, 32, p, end + 2, at, work)


@compiled
def replaced(a: int, b: int, c: int, d: int) -> int:
    """The S-box of the first byte of ``a``, the second of ``b``, the third, the fourth."""
    return (
        (COLUMNS[a >> 24] >> 8 & 0xFF) << 24 | (COLUMNS[b >> 16 & 0xFF] >> 8 & 0xFF) << 16
        | (COLUMNS[c >> 8 & 0xFF] >> 8 & 0xFF) << 8 | COLUMNS[d & 0xFF] >> 8 & 0xFF
    )  # fmt: skip


@compiled
def aes_keys(scratch: Bytes, key: int, work: Ints, at: int) -> None:
    """Writes the 44 round keys of the 16 bytes at ``scratch[key:]`` to ``work[at:]``."""
    for i in range(4):
        work[at + i] = be32(scratch, key + 4 * i)
    constant = 1
    for i in range(4, 44):
        word = work[at + i - 1]
        if i % 4 == 0:
            word = turned(word, 24)
            word = replaced(word, word, word, word) ^ constant << 24
            constant = constant << 1 ^ (0x11B if constant & 0x80 else 0)
        work[at + i] = work[at + i - 4] ^ word


@compiled
def aes_block(work: Ints, keys: int) -> None:
    """Encrypts the four words at ``work[BLOCK]`` with the round keys at ``work[keys:]``."""
    a, b = work[BLOCK] ^ work[keys], work[BLOCK + 1] ^ work[keys + 1]
    c, d = work[BLOCK + 2] ^ work[keys + 2], work[BLOCK + 3] ^ work[keys + 3]
    for place in range(keys + 4, keys + 40, 4):
        e, f, g, h = a, b, c, d
        for column in range(4):
            word = (
                COLUMNS[e >> 24] ^ turned(COLUMNS[f >> 16 & 0xFF], 8)
                ^ turned(COLUMNS[g >> 8 & 0xFF], 16) ^ turned(COLUMNS[h & 0xFF], 24)
                ^ work[place + column]
            )  # fmt: skip
            a, b, c, d = b, c, d, word
            e, f, g, h = f, g, h, e
    for column in range(4):
        work[BLOCK + column] = replaced(a, b, c, d) ^ work[keys + 40 + column]
        a, b, c, d = b, c, d, a


@compiled
def hashed(high: int, low: int, work: Ints) -> None:
    """Takes one block of 128 bits into the GHASH at ``work[HASHED]`` (SP 800-38D, 6.4)."""
    high ^= work[HASHED]
    low ^= work[HASHED + 1]
    top = bottom = 0
    for i in range(32):
        back = REDUCED[bottom & 15] << 48
        bottom = top << 60 | bottom >> 4 & 0x0FFFFFFFFFFFFFFF
        top = (top >> 4 & 0x0FFFFFFFFFFFFFFF) ^ back
        bits = (low >> 4 * i if i < 16 else high >> 4 * (i - 16)) & 15
        top ^= work[TABLE + bits]
        bottom ^= work[TABLE + 16 + bits]
    work[HASHED] = top
    work[HASHED + 1] = bottom


@compiled
def hashed_all(scratch: Bytes, p: int, end: int, work: Ints) -> None:
    """Takes ``scratch[p:end]`` into the GHASH, filled with zeros to whole blocks."""
    while p + 16 <= end:
        hashed(be64(scratch, p), be64(scratch, p + 8), work)
        p += 16
    if p < end:
        high = low = 0
        for i in range(16):
            high = high << 8 | low >> 56 & 0xFF
            low = low << 8 | (octet(scratch, p + i) if p + i < end else 0)
        hashed(high, low, work)


@compiled
def multiplied(work: Ints) -> None:
    """Fills the table of multiples of the hash key, which is the zero block encrypted."""
    for i in range(4):
        work[BLOCK + i] = 0
    aes_block(work, KEYS)
    high = work[BLOCK] << 32 | work[BLOCK + 1]
    low = work[BLOCK + 2] << 32 | work[BLOCK + 3]
    work[TABLE], work[TABLE + 16] = 0, 0
    work[TABLE + 8], work[TABLE + 24] = high, low
    step = 4
    while step:
        carried = low & 1
        low = high << 63 | low >> 1 & 0x7FFFFFFFFFFFFFFF
        high = high >> 1 & 0x7FFFFFFFFFFFFFFF
        if carried:
            high ^= -0x1F00000000000000
        work[TABLE + step], work[TABLE + 16 + step] = high, low
        step >>= 1
    for i in range(3, 16):
        lowest = i & -i
        if lowest != i:
            for half in (TABLE, TABLE + 16):
                work[half + i] = work[half + lowest] ^ work[half + i - lowest]


@compiled
def gcm_opened(scratch: Bytes, nonce: int, p: int, body: int, end: int, work: Ints) -> bool:
    """Decrypts ``scratch[body:end - 16]`` in place if the tag (the last 16 bytes) is right.

    ``scratch[p:body]`` is the associated data, ``scratch[nonce:nonce + 12]`` the nonce,
    ``work[KEYS:]`` the round keys. Nothing is changed if the tag is wrong.
    """
    tag = end - 16
    if tag < body:
        return False
    multiplied(work)
    work[HASHED] = work[HASHED + 1] = 0
    hashed_all(scratch, p, body, work)
    hashed_all(scratch, body, tag, work)
    hashed((body - p) * 8, (tag - body) * 8, work)
    for counter in range(1, 2 + (tag - body + 15) // 16):
        for i in range(3):
            work[BLOCK + i] = be32(scratch, nonce + 4 * i)
        work[BLOCK + 3] = counter
        aes_block(work, KEYS)
        if counter == 1:
            high = be64(scratch, tag) ^ (work[BLOCK] << 32 | work[BLOCK + 1])
            low = be64(scratch, tag + 8) ^ (work[BLOCK + 2] << 32 | work[BLOCK + 3])
            if high != work[HASHED] or low != work[HASHED + 1]:
                return False
            continue
        start = body + 16 * (counter - 2)
        for i in range(min(16, tag - start)):
            scratch[start + i] ^= work[BLOCK + i // 4] >> (24 - 8 * (i % 4)) & 0xFF
    return True

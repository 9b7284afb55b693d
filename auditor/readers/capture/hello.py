"""What the two hellos of a TLS or DTLS handshake say, and the client's JA4 fingerprint (compiled).

Records: RFC 8446 section 5.1, RFC 6347 section 4. Hellos: RFC 8446 sections 4.1.2 and 4.1.3,
RFC 6347 section 4.2.1 (cookie). Extensions: RFC 6066 (server name), RFC 7301 (ALPN), RFC 8446
section 4.2.1 (versions), RFC 8701 (GREASE), RFC 9849 (ECH). JA4: FoxIO's published
specification of the TLS client fingerprint. Every length is checked against what was captured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.readers.capture.crypto import sha256
from auditor.readers.capture.numbers import be16, be32, compiled, mixed, octet

if TYPE_CHECKING:
    from auditor.readers.capture.layout import Bytes, Ints

# What client_hello() finds: places in its bytes (-1 = not there), and numbers.
NAME_START: Final = 0  # of the server name
NAME_END: Final = 1
ALPN_START: Final = 2  # of the first protocol offered
ALPN_END: Final = 3
ECH_OFFERED: Final = 4  # 1 = Encrypted Client Hello, or its forerunner ESNI
VERSION_OFFERED: Final = 5  # the highest; 0 = not captured
COMPLETE: Final = 6  # 1 = the hello was there to its end
CIPHERS_START: Final = 7
CIPHERS_END: Final = 8
EXTENSIONS_START: Final = 9
EXTENSIONS_END: Final = 10
SIGNATURES_START: Final = 11
SIGNATURES_END: Final = 12
NAMED: Final = 13  # 1 = there is a server_name extension, even if no name can be read in it
WIDTH_FOUND: Final = 16

MOST_LISTED: Final = 2048
"""Ciphers or extensions that JA4 takes: more do not fit into what is kept of a hello."""
WORK_JA4: Final = 128 + MOST_LISTED
"""``work`` of ja4(): the first 128 are those of crypto.sha256()."""
SCRATCH_JA4: Final = 32 + 10 * MOST_LISTED + 8
LENGTH_JA4: Final = 36

HEX: Final = b"0123456789abcdef"


@compiled
def walked(data: Bytes, p: int, end: int, out: Bytes) -> tuple[int, int]:
    """Writes the first handshake message without its record headers to ``out``, as far as it goes.

    Returns how many of its bytes are there (those beyond the size of ``out`` are only counted),
    and how many it has: 0 = not known yet, -1 = these bytes cannot be a ClientHello.
    """
    size, wanted, total = 0, 0, 0
    while p < end and (wanted == 0 or size < wanted):
        if data[p] != 22 or (p + 1 < end and data[p + 1] != 3) or (p + 2 < end and data[p + 2] > 4):
            return size, -1
        if p + 5 > end:
            break
        length = be16(data, p + 3)
        if length == 0 or length > 16384:  # neither is allowed in a handshake record
            return size, -1
        p += 5
        stop = min(end, p + length)
        while p < stop and (wanted == 0 or size < wanted):
            byte = octet(data, p)
            if size == 0 and byte != 1:
                return size, -1
            if size < 4:
                total = total << 8 | byte
            if size < out.size:
                out[size] = byte
            size += 1
            p += 1
            if size == 4:
                wanted = 4 + (total & 0xFFFFFF)
                if wanted < 45 or wanted > 4 + 65535 + 65535:  # its fields have 16-bit lengths
                    return size, -1
    return size, wanted


@compiled
def grease(value: int) -> bool:
    """Whether a number is one of those sent only to keep servers tolerant (RFC 8701)."""
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


@compiled
def newer(version: int, other: int, datagram: bool) -> bool:
    """Whether a version is newer; those of DTLS count downwards (RFC 6347 section 4.1)."""
    if other == 0:
        return True
    return (version < other) if datagram else (version > other)


@compiled
def extension(data: Bytes, kind: int, p: int, stop: int, found: Ints, datagram: bool) -> None:
    """Takes what one extension of a ClientHello says; its bytes are ``data[p:stop]``."""
    if kind == 0:  # server_name
        found[NAMED] = 1
        if p + 5 <= stop and data[p + 2] == 0:
            size = be16(data, p + 3)
            if p + 5 + size <= stop and found[NAME_START] < 0:
                found[NAME_START], found[NAME_END] = p + 5, p + 5 + size
    elif kind == 16:  # application_layer_protocol_negotiation
        if p + 3 <= stop and p + 3 + octet(data, p + 2) <= stop and found[ALPN_START] < 0:
            found[ALPN_START], found[ALPN_END] = p + 3, p + 3 + octet(data, p + 2)
    elif kind == 13:  # signature_algorithms
        if p + 2 <= stop and p + 2 + be16(data, p) <= stop and found[SIGNATURES_START] < 0:
            found[SIGNATURES_START], found[SIGNATURES_END] = p + 2, p + 2 + be16(data, p)
    elif kind == 43 and p < stop:  # supported_versions
        last = min(stop, p + 1 + octet(data, p))
        p += 1
        best = 0
        while p + 2 <= last:
            version = be16(data, p)
            if not grease(version) and newer(version, best, datagram):
                best = version
            p += 2
        if best:
            found[VERSION_OFFERED] = best
    elif kind == 0xFE0D or kind == 0xFFCE:  # encrypted_client_hello, encrypted_server_name
        found[ECH_OFFERED] = 1


@compiled
def client_hello(data: Bytes, p: int, end: int, found: Ints, datagram: bool) -> bool:
    """Finds what stands in a ClientHello, as far as it was captured; False if it is none.

    ``data[p:end]`` begins behind the handshake header; bytes behind the hello do no harm.
    ``found`` has ``WIDTH_FOUND`` places, all written.
    """
    for i in range(WIDTH_FOUND):
        found[i] = 0
    for i in (NAME_START, ALPN_START, CIPHERS_START, EXTENSIONS_START, SIGNATURES_START):
        found[i] = found[i + 1] = -1
    if p + 34 > end:
        return False
    version = be16(data, p)
    if version >> 8 != (254 if datagram else 3) and version != 0x100:  # DTLS before RFC 4347
        return False
    found[VERSION_OFFERED] = version
    p += 34  # version, random
    if p >= end:
        return True
    if data[p] > 32:  # the longest session ID
        return False
    p += 1 + octet(data, p)
    if datagram:
        if p >= end:
            return True
        p += 1 + octet(data, p)
    if p + 2 > end:
        return True
    size = be16(data, p)
    if size & 1:
        return False
    p += 2
    found[CIPHERS_START], found[CIPHERS_END] = p, min(p + size, end)
    p += size
    if p >= end:
        return True
    p += 1 + octet(data, p)  # compression methods
    if p + 2 > end:
        found[COMPLETE] = p == end  # before TLS 1.3 there need be no extensions
        return True
    stop = p + 2 + be16(data, p)
    found[COMPLETE] = stop <= end
    stop = min(stop, end)
    p += 2
    found[EXTENSIONS_START], found[EXTENSIONS_END] = p, stop
    while p + 4 <= stop:
        after = p + 4 + be16(data, p + 2)
        extension(data, be16(data, p), p + 4, min(after, stop), found, datagram)
        p = after
    if p != stop:
        found[COMPLETE] = 0
    return True


@compiled
def server_hello(data: Bytes, p: int, end: int, datagram: bool) -> tuple[int, int]:
    """The version and the cipher suite that a ServerHello or HelloRetryRequest chose.

    ``data[p:end]`` begins behind the handshake header. Version 0 and suite -1 = not readable.
    """
    if p + 35 > end:
        return 0, -1
    version = be16(data, p)
    if version >> 8 != (254 if datagram else 3) and version != 0x100:
        return 0, -1
    p += 34
    if data[p] > 32:
        return 0, -1
    p += 1 + octet(data, p)  # session ID
    suite = be16(data, p) if p + 2 <= end else -1
    p += 3  # suite, compression
    if p + 2 > end:
        # What came in between is older than TLS 1.3 only if the message ends here.
        return (version if p == end else 0), suite
    stop = p + 2 + be16(data, p)
    p += 2
    while p + 4 <= min(stop, end):
        size = be16(data, p + 2)
        if be16(data, p) == 43 and size == 2 and p + 6 <= min(stop, end):
            return be16(data, p + 4), suite
        p += 4 + size
    return (version if p >= stop else 0), suite


@compiled
def datagram_hello(data: Bytes, p: int, end: int) -> int:
    """Where the body of the hello begins in a DTLS record; 0 = no unfragmented hello is here.

    ``data[place - 12]`` is its kind: 1 client, 2 server. The record header has 13 bytes, the
    handshake header 12 (RFC 6347 sections 4.1 and 4.2.2).
    """
    if p + 25 > end or data[p] != 22:
        return 0
    version = be16(data, p + 1)
    if version != 0xFEFF and version != 0xFEFD and version != 0x100:
        return 0
    kind, size = data[p + 13], be32(data, p + 13) & 0xFFFFFF
    if (kind != 1 and kind != 2) or be16(data, p + 3) != 0 or be16(data, p + 11) < 12 + size:
        return 0  # no hello, or in an epoch that is encrypted, or not all of it in this record
    if be32(data, p + 18) & 0xFFFFFF != 0 or be32(data, p + 21) & 0xFFFFFF != size:
        return 0
    return p + 25


@compiled
def listed(data: Bytes, p: int, end: int, step: int, work: Ints) -> int:
    """Collects the numbers of a list in ``work[128:]`` without GREASE; how many; -1 = too many.

    ``step`` 2: they follow each other; 4: each is followed by a length and so many bytes.
    """
    count = 0
    while p + step <= end:
        value = be16(data, p)
        p += step + (be16(data, p + 2) if step == 4 else 0)
        if not grease(value):
            if count == MOST_LISTED:
                return -1
            work[128 + count] = value
            count += 1
    return count


@compiled
def ja4_key(data: Bytes, found: Ints, transport: int, seed: int) -> int:
    """A hash of all that goes into the JA4 of a hello, whatever order it stands in; never 0.

    So the fingerprint itself, which takes longer, is made once for hellos that share it.
    """
    key = mixed(seed, transport << 32 | found[VERSION_OFFERED] << 1 | found[NAMED])
    p, end = found[CIPHERS_START], found[CIPHERS_END]
    total = 0
    while p + 2 <= end:
        value = be16(data, p)
        if not grease(value):
            total += mixed(seed, value)
        p += 2
    key = mixed(key, total)
    p, end = found[EXTENSIONS_START], found[EXTENSIONS_END]
    total = 0
    while p + 4 <= end:
        value = be16(data, p)
        if not grease(value):
            total += mixed(seed, value)
        p += 4 + be16(data, p + 2)
    key = mixed(key, total)
    p, end = found[SIGNATURES_START], found[SIGNATURES_END]
    while p + 2 <= end:
        key = mixed(key, be16(data, p))
        p += 2
    p, end = found[ALPN_START], found[ALPN_END]
    if p < end:
        key = mixed(key, octet(data, p) << 8 | octet(data, end - 1))
    return key | 1


@compiled
def ascending(work: Ints, count: int) -> None:
    """Sorts ``work[128:128 + count]`` (Shell's way: hostile orders cost little)."""
    gap = 1093
    while gap > 0:
        for i in range(128 + gap, 128 + count):
            value, j = work[i], i
            while j >= 128 + gap and work[j - gap] > value:
                work[j] = work[j - gap]
                j -= gap
            work[j] = value
        gap //= 3


@compiled
def written(work: Ints, count: int, out: Bytes, at: int, skipped: bool) -> int:
    """Writes numbers as ``1301,1302``, server_name and ALPN left out if ``skipped``; the end."""
    first = True
    for i in range(128, 128 + count):
        value = work[i]
        if skipped and (value == 0 or value == 16):
            continue
        if not first:
            out[at] = 44
            at += 1
        first = False
        for j in range(4):
            out[at + j] = HEX[value >> (12 - 4 * j) & 15]
        at += 4
    return at


@compiled
def digest(scratch: Bytes, end: int, work: Ints, text: Bytes, at: int) -> None:
    """Writes ``_`` and 12 hex digits of the hash of ``scratch[32:end]``; zeros if that is empty."""
    if end == 32:
        for i in range(6):
            scratch[i] = 0
    else:
        sha256(scratch, 32, end, work, scratch, 0)
    text[at] = 95
    for i in range(6):
        text[at + 1 + 2 * i] = HEX[octet(scratch, i) >> 4]
        text[at + 2 + 2 * i] = HEX[octet(scratch, i) & 15]


@compiled
def alphanumeric(letter: int) -> bool:
    """Whether a byte is an ASCII letter or digit."""
    return 48 <= letter <= 57 or 65 <= letter <= 90 or 97 <= letter <= 122


@compiled
def ja4(
    data: Bytes, found: Ints, transport: int, text: Bytes, work: Ints, scratch: Bytes
) -> int:  # fmt: skip
    """Writes the JA4 of the hello that client_hello() found; 36, its length, or 0 = none.

    ``transport`` is the letter t, q or d; ``work`` has ``WORK_JA4`` numbers, ``scratch``
    ``SCRATCH_JA4`` bytes, ``text`` ``LENGTH_JA4``. A hello that was not captured whole has none.
    """
    if found[COMPLETE] == 0:
        return 0
    version = found[VERSION_OFFERED]
    text[0] = transport
    text[1] = text[2] = 48
    if 0x0301 <= version <= 0x0304:
        text[1], text[2] = 49, 47 + (version & 0xF)
    elif version == 0x0300 or version == 0x0002:
        text[1], text[2] = 115, 51 if version == 0x0300 else 50
    elif version == 0xFEFF or version == 0xFEFD or version == 0xFEFC:
        text[1], text[2] = 100, 49 if version == 0xFEFF else 255 - (version & 0xFF) + 48
    text[3] = 100 if found[NAMED] else 105
    text[8] = text[9] = 48
    start, end = found[ALPN_START], found[ALPN_END]
    if start < end:
        first, last = octet(data, start), octet(data, end - 1)
        if not (alphanumeric(first) and alphanumeric(last)):
            first, last = HEX[first >> 4], HEX[last & 15]
        text[8], text[9] = first, last
    count = listed(data, found[CIPHERS_START], found[CIPHERS_END], 2, work)
    if count < 0:
        return 0
    text[4], text[5] = 48 + min(count, 99) // 10, 48 + min(count, 99) % 10
    ascending(work, count)
    digest(scratch, written(work, count, scratch, 32, False), work, text, 10)
    count = listed(data, found[EXTENSIONS_START], found[EXTENSIONS_END], 4, work)
    if count < 0:
        return 0
    text[6], text[7] = 48 + min(count, 99) // 10, 48 + min(count, 99) % 10
    ascending(work, count)
    end = written(work, count, scratch, 32, True)
    if end > 32:
        count = listed(data, found[SIGNATURES_START], found[SIGNATURES_END], 2, work)
        if count < 0:
            return 0
        if count:
            scratch[end] = 95
            end = written(work, count, scratch, end + 1, False)
    digest(scratch, end, work, text, 23)
    return LENGTH_JA4

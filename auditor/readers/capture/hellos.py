"""TLS, DTLS and QUIC handshakes: the server's name and what else their hellos say (compiled).

TLS: RFC 8446, RFC 6066. DTLS: RFC 6347, RFC 9147. QUIC: RFC 9000, RFC 9001, RFC 9369.
"""

from __future__ import annotations

from numba import types

from auditor.readers.capture.hello import (
    ALPN_END, ALPN_START, ECH_OFFERED, LENGTH_JA4, NAME_END, NAME_START, WIDTH_FOUND,
    client_hello, datagram_hello, ja4, ja4_key, COMPLETE, server_hello, walked,
)  # fmt: skip
from auditor.readers.capture.http import DONE, MORE, NO
from auditor.readers.capture.layout import (
    ALPN, DTLS, ECH, ENCRYPTED, FEED_QUIC, FEEDER, FOUND, HELLO, JA4_TEXT, MARKS, MESSAGE,
    MOST_PRINTS, PRINTS, Ints, PIECES, QUIC, QUIC_SNI, ROLE_CLIENT_0, ROLE_CLIENT_1, ROOM, SUITE,
    SUITES, TLS, TLS_SNI, VERSION, VERSIONS, Bytes, State,
)  # fmt: skip
from auditor.readers.capture.naming import (
    client_is, covered, interned, plain_name, token, told,
)  # fmt: skip
from auditor.readers.capture.numbers import be16, be32, compiled, through
from auditor.readers.capture.pieces import SIZE, emptied, whole
from auditor.readers.capture.quic import google_hello, is_initial

fed = through(types.int64)


@compiled
def suite_told(s: State, row: int, suite: int) -> None:
    """Writes the cipher suite a server chose into a flow; -1 = not known."""
    if suite >= 0 and (s.flows[row, MARKS] >> SUITE) & SUITES == 0:
        s.flows[row, MARKS] |= (suite + 1) << SUITE


@compiled
def version_told(s: State, row: int, version: int) -> None:
    """Writes the TLS version a server chose into a flow."""
    for i in range(len(VERSIONS)):
        if VERSIONS[i] == version and s.flows[row, HELLO] >> VERSION == 0:
            s.flows[row, HELLO] |= (i + 1) << VERSION


@compiled
def hello_told(
    s: State, row: int, data: Bytes, p: int, end: int, app: int, basis: int, transport: int
) -> None:
    """Takes a ClientHello's body apart: server name, ECH, ALPN, JA4."""
    found = s.work[FOUND : FOUND + WIDTH_FOUND]
    datagram = app == DTLS
    if not client_hello(data, p, end, found, datagram):
        return
    number = -1
    if found[NAME_START] >= 0:
        number = plain_name(s, data, found[NAME_START], found[NAME_END])
    if found[ECH_OFFERED]:
        s.flows[row, MARKS] |= ECH
        covered(s, row, app, number, basis)
    else:
        told(s, row, app, number, basis)
    packed = s.flows[row, HELLO]
    if packed & ((1 << ALPN) - 1):
        return  # the first whole hello counts, not a second one after a retry
    offered = -1
    if found[ALPN_START] >= 0:
        offered = token(s, data, found[ALPN_START], found[ALPN_END])
    print_number = fingerprint(s, data, found, transport)
    if print_number + 1 < 1 << ALPN and offered + 1 < 1 << (VERSION - ALPN):
        chosen = packed >> VERSION << VERSION
        s.flows[row, HELLO] = chosen | (offered + 1) << ALPN | (print_number + 1)


@compiled
def fingerprint(s: State, data: Bytes, found: Ints, transport: int) -> int:
    """The number of a hello's JA4 among the names; -1 = it was not captured whole."""
    if found[COMPLETE] == 0:
        return -1
    key = ja4_key(data, found, transport, s.settings[3])
    place = PRINTS + 2 * ((key >> 8) & (MOST_PRINTS - 1))
    if s.work[place] != key:
        text = s.scratch[JA4_TEXT : JA4_TEXT + LENGTH_JA4]
        if ja4(data, found, transport, text, s.work, s.scratch[ROOM:]) == 0:
            return -1
        s.work[place], s.work[place + 1] = key, interned(s, text, LENGTH_JA4)
    return s.work[place + 1]


@compiled
def tls(s: State, row: int, direction: int, data: Bytes, p: int, end: int) -> int:
    """Recognises a TLS record: ``NO``, ``DONE`` or ``MORE``."""
    if end - p > 12 and data[p] == 21 and data[p + 5] == 1 and data[p + 7] == 22:
        if data[p + 1] == 3 and be16(data, p + 3) == 2:
            p += 7  # a warning goes before the hello: the name is unknown (RFC 6066 section 3)
    if end - p < 6 or data[p + 1] != 3 or data[p + 2] > 4:
        return NO
    kind = data[p]
    if not 20 <= kind <= 23 or be16(data, p + 3) > 16384 + 2048:
        return NO
    answer = DONE
    if kind == 22:
        message = data[p + 5]
        if message == 1 and end - p > 9:
            client_is(s, row, direction)
            size = be32(data, p + 5) & 0xFFFFFF
            if be16(data, p + 3) >= size + 4 and p + 9 + size <= end:  # whole, in one record
                hello_told(s, row, data, p + 9, p + 9 + size, TLS, TLS_SNI, 116)
                told(s, row, TLS, -1, 0)
                s.flows[row, MARKS] |= ENCRYPTED
                return DONE
            out = s.scratch[MESSAGE : MESSAGE + SIZE]
            size, wanted = walked(data, p, end, out)
            if size < wanted or wanted == 0:
                answer = MORE
            if size > 4:
                hello_told(s, row, out, 4, min(size, SIZE), TLS, TLS_SNI, 116)
        elif message == 2 and end - p > 9:
            client_is(s, row, 1 - direction)
            size = be32(data, p + 5) & 0xFFFFFF
            version, suite = server_hello(data, p + 9, min(end, p + 9 + size), False)
            version_told(s, row, version)
            suite_told(s, row, suite)
    elif be16(data, p + 3) == 0:
        return NO
    told(s, row, TLS, -1, 0)
    s.flows[row, MARKS] |= ENCRYPTED
    return answer


@compiled
def dtls(s: State, row: int, direction: int, data: Bytes, p: int, end: int) -> bool:
    """Recognises a DTLS record, also behind CAPWAP's four bytes (RFC 5415 section 4.2)."""
    if end - p > 17 and be32(data, p) == 0x01000000:
        p += 4
    if end - p < 13 or data[p + 1] != 254 or not 20 <= data[p] <= 23:
        return False
    place = datagram_hello(data, p, end)
    if place:
        stop = min(end, place + (be32(data, place - 12) & 0xFFFFFF))
        if data[place - 12] == 1:
            client_is(s, row, direction)
            hello_told(s, row, data, place, stop, DTLS, TLS_SNI, 100)
        else:
            client_is(s, row, 1 - direction)
            version, suite = server_hello(data, place, stop, True)
            version_told(s, row, version)
            suite_told(s, row, suite)
    elif be16(data, p + 11) > end - p - 13:
        return False
    told(s, row, DTLS, -1, 0)
    s.flows[row, MARKS] |= ENCRYPTED
    return place != 0 and be16(data, place) != 0


@compiled
def quic(s: State, row: int, direction: int, data: Bytes, p: int, end: int, target: int) -> int:
    """Recognises the beginning of a QUIC connection: ``NO``, ``DONE`` or ``MORE``."""
    version = is_initial(data, p, end)
    if version == 0:
        return NO
    told(s, row, QUIC, -1, 0)
    s.flows[row, MARKS] |= ENCRYPTED
    if s.flows[row, MARKS] & (ROLE_CLIENT_0 if direction else ROLE_CLIENT_1):
        return DONE  # the server's: only its client's opens with what is in it
    slot = row & (PIECES - 1)
    held, piece = s.held[slot], s.pieces[slot]
    mine = 2 * (row + 1) + direction
    if held[FEEDER] != mine:
        emptied(held)
        held[FEEDER] = mine
    parts = (data, p, end, held, piece, s.work, s.scratch[ROOM:])
    answer = fed(s.settings[FEED_QUIC], parts)
    if answer == 0:
        if end - p >= 1200 and target == 443:
            client_is(s, row, direction)
        return MORE
    client_is(s, row, direction)
    if answer == 1:
        return MORE
    size = whole(held)
    held[FEEDER] = 0
    if answer == 2:
        hello_told(s, row, piece, 4, size, QUIC, QUIC_SNI, 113)
        version_told(s, row, 0x0304)
    else:
        found = s.work[FOUND : FOUND + WIDTH_FOUND]
        if google_hello(piece, 0, size, found):
            name = plain_name(s, piece, found[NAME_START], found[NAME_END])
            told(s, row, QUIC, name, QUIC_SNI)
    return DONE

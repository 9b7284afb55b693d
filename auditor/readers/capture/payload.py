"""What the first payload bytes of a flow say: application, server name, who asks (compiled).

TLS ClientHello (RFC 8446 section 4.1.2, SNI RFC 6066 section 3), HTTP/1 (RFC 9112), DNS
(RFC 1035), and the greetings of other protocols. Every length is checked against the bytes that
were captured; what does not fit is left alone.
"""

from __future__ import annotations

import numpy as np

from auditor.readers.capture.layout import (
    ADDRESS, ANSWERS, CLEAR, DNS, DNS_ANSWER, DNS_QUERY, ECH, ENCRYPTED, FTP, HTTP, HTTP2,
    HTTP_HOST, IMAP, LDAP, LLMNR, MARKS, MDNS, MQTT, MYSQL, NAME, NAME_BYTES, NAME_LENGTH, NAMES,
    NTP, POP3, POSTGRESQL, QUIC, RDP, ROLE_CLIENT_0, ROLE_CLIENT_1, SMB, SMTP, SNMP, SSH, SYSLOG,
    TLS, TLS_SNI, Bytes, State,
)  # fmt: skip
from auditor.readers.capture.numbers import be16, be32, compiled, mixed

WINDOW = 3600 * 1_000_000_000
"""ns that a DNS answer gives its address a name."""


@compiled
def name_hash(data: Bytes, start: int, end: int, seed: int) -> int:
    """The hash of a name."""
    code = seed
    for i in range(start, end):
        code = mixed(code, np.int64(data[i]))
    return code


@compiled
def names_indexed(s: State) -> None:
    """Builds the hash index over the names anew."""
    index = s.name_index
    index[:] = 0
    mask = index.size - 1
    for number in range(s.counters[NAMES]):
        start, end = s.name_ends[number], s.name_ends[number + 1]
        code = name_hash(s.name_bytes, start, end, s.settings[3])
        slot = code & mask
        while index[slot]:
            slot = (slot + 1) & mask
        index[slot] = ((code >> 32) & 0x7FFFFFFF) << 32 | (number + 1)


@compiled
def named(s: State, name: Bytes, length: int) -> int:
    """The number of a name, written into the store if it is new; -1 if it is no host name."""
    if length == 0 or length > NAME_LENGTH:
        return -1
    for i in range(length):
        letter = name[i]
        if 65 <= letter <= 90:
            letter += 32
            name[i] = letter
        if not (
            97 <= letter <= 122 or 45 <= letter <= 46 or 48 <= letter <= 58
            or letter == 95 or letter == 91 or letter == 93
        ):  # fmt: skip
            return -1
    code = name_hash(name, 0, length, s.settings[3])
    mask = s.name_index.size - 1
    slot = code & mask
    tag = (code >> 32) & 0x7FFFFFFF
    while True:
        entry = s.name_index[slot]
        if entry == 0:
            break
        if entry >> 32 == tag:
            number = (entry & 0xFFFFFFFF) - 1
            start = s.name_ends[number]
            if s.name_ends[number + 1] - start == length:
                same = True
                for i in range(length):
                    if s.name_bytes[start + i] != name[i]:
                        same = False
                        break
                if same:
                    return number
        slot = (slot + 1) & mask
    number = s.counters[NAMES]
    start = s.counters[NAME_BYTES]
    for i in range(length):
        s.name_bytes[start + i] = name[i]
    s.name_ends[number] = start
    s.name_ends[number + 1] = start + length
    s.counters[NAMES] = number + 1
    s.counters[NAME_BYTES] = start + length
    s.name_index[slot] = tag << 32 | (number + 1)
    return number


@compiled
def told(s: State, row: int, app: int, number: int, basis: int) -> None:
    """Writes application and name into a flow; a better-founded name replaces a lesser one."""
    packed = s.flows[row, NAME]
    known = packed >> 40
    if known == 0 and app:
        known = app
    if number >= 0 and basis > (packed >> 32) & 0xFF:
        packed = basis << 32 | (number + 1)
    s.flows[row, NAME] = known << 40 | (packed & 0xFFFFFFFFFF)


@compiled
def client_is(s: State, row: int, end: int) -> None:
    """Marks which end asked."""
    s.flows[row, MARKS] |= ROLE_CLIENT_1 if end else ROLE_CLIENT_0


@compiled
def plain_name(s: State, data: Bytes, start: int, end: int) -> int:
    """The number of the name that stands as text between two places, without port or last dot."""
    if end - start > NAME_LENGTH:
        return -1
    if end > start and data[start] != 91:  # an IPv6 literal keeps its colons
        for i in range(start, end):
            if data[i] == 58:
                end = i
                break
    if end > start and data[end - 1] == 46:
        end -= 1
    if end <= start:
        return -1
    for i in range(start, end):
        s.scratch[i - start] = data[i]
    return named(s, s.scratch, end - start)


@compiled
def client_hello(s: State, row: int, data: Bytes, p: int, end: int) -> None:
    """Takes the server name out of a ClientHello body, as far as it was captured."""
    p += 34  # version, random
    if p + 1 > end:
        return
    p += 1 + data[p]
    if p + 2 > end:
        return
    p += 2 + be16(data, p)
    if p + 1 > end:
        return
    p += 1 + data[p]
    if p + 2 > end:
        return
    stop = min(end, p + 2 + be16(data, p))
    p += 2
    while p + 4 <= stop:
        kind = be16(data, p)
        length = be16(data, p + 2)
        p += 4
        if kind == 0 and p + 5 <= stop and data[p + 2] == 0:
            size = be16(data, p + 3)
            if p + 5 + size <= stop and size + 3 <= length:
                told(s, row, TLS, plain_name(s, data, p + 5, p + 5 + size), TLS_SNI)
        elif kind == 0xFE0D:
            s.flows[row, MARKS] |= ECH
        p += length


@compiled
def tls(s: State, row: int, direction: int, data: Bytes, p: int, end: int) -> bool:
    """Recognises a TLS record; True if it is one."""
    if end - p < 6 or data[p + 1] != 3 or data[p + 2] > 4:
        return False
    kind = data[p]
    if not 20 <= kind <= 23 or be16(data, p + 3) > 16384 + 2048:
        return False
    if kind == 22:
        message = data[p + 5]
        if message == 1:
            client_is(s, row, direction)
            if end - p >= 44:
                client_hello(s, row, data, p + 9, end)
        elif message == 2:
            client_is(s, row, 1 - direction)
    elif be16(data, p + 3) == 0:
        return False
    told(s, row, TLS, -1, 0)
    s.flows[row, MARKS] |= ENCRYPTED
    return True


@compiled
def begins(data: Bytes, p: int, end: int, text: bytes) -> bool:
    """Whether the bytes at a place begin with a text."""
    if end - p < len(text):
        return False
    for i in range(len(text)):
        if data[p + i] != text[i]:
            return False
    return True


@compiled
def http_host(s: State, row: int, data: Bytes, p: int, end: int) -> None:
    """Takes the Host header (or the absolute URI's host) out of an HTTP/1 request."""
    while p < end and data[p] != 32:
        p += 1
    p += 1
    if begins(data, p, end, b"http://"):
        start = p + 7
        stop = start
        while stop < end and data[stop] != 47 and data[stop] != 32 and data[stop] != 64:
            stop += 1
        if stop < end and data[stop] != 64:
            told(s, row, HTTP, plain_name(s, data, start, stop), HTTP_HOST)
            return
    while p + 6 < end:
        if data[p] == 10:
            if data[p + 1] == 13 or data[p + 1] == 10:
                return
            if (
                data[p + 1] | 32 == 104 and data[p + 2] | 32 == 111 and data[p + 3] | 32 == 115
                and data[p + 4] | 32 == 116 and data[p + 5] == 58
            ):  # fmt: skip
                start = p + 6
                while start < end and (data[start] == 32 or data[start] == 9):
                    start += 1
                stop = start
                while stop < end and data[stop] > 32:
                    stop += 1
                if stop < end:  # else the name goes on beyond what was captured
                    told(s, row, HTTP, plain_name(s, data, start, stop), HTTP_HOST)
                return
        p += 1


@compiled
def http(s: State, row: int, direction: int, data: Bytes, p: int, end: int) -> bool:
    """Recognises an HTTP/1 message or the HTTP/2 preface; True if it is one."""
    if end - p < 8:
        return False
    if begins(data, p, end, b"HTTP/1."):
        client_is(s, row, 1 - direction)
        told(s, row, HTTP, -1, 0)
        return True
    if begins(data, p, end, b"PRI * HTTP/2"):
        client_is(s, row, direction)
        told(s, row, HTTP2, -1, 0)
        return True
    if (
        begins(data, p, end, b"GET ") or begins(data, p, end, b"POST ")
        or begins(data, p, end, b"PUT ") or begins(data, p, end, b"HEAD ")
        or begins(data, p, end, b"DELETE ") or begins(data, p, end, b"OPTIONS ")
        or begins(data, p, end, b"PATCH ") or begins(data, p, end, b"CONNECT ")
        or begins(data, p, end, b"PROPFIND ") or begins(data, p, end, b"REPORT ")
    ):  # fmt: skip
        client_is(s, row, direction)
        http_host(s, row, data, p, end)
        told(s, row, HTTP, -1, 0)
        return True
    return False


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
def answer_kept(
    s: State, client_high: int, client_low: int, high: int, low: int, number: int, time: int
) -> None:
    """Remembers that an address was given as the answer for a name."""
    place = mixed(mixed(client_low, low), client_high ^ (high << 1)) & (ANSWERS - 1)
    answers = s.answers
    answers[place, 0] = client_high
    answers[place, 1] = client_low
    answers[place, 2] = high
    answers[place, 3] = low
    answers[place, 4] = number + 1
    answers[place, 5] = time


@compiled
def answer_for(s: State, client_high: int, client_low: int, high: int, low: int, time: int) -> int:
    """The number of the name an address was lately given for; -1 if none."""
    place = mixed(mixed(client_low, low), client_high ^ (high << 1)) & (ANSWERS - 1)
    answers = s.answers
    if (
        answers[place, 4]
        and answers[place, 3] == low and answers[place, 2] == high
        and answers[place, 1] == client_low and answers[place, 0] == client_high
        and -WINDOW < time - answers[place, 5] < WINDOW
    ):  # fmt: skip
        return answers[place, 4] - 1
    return -1


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


@compiled
def greeting(
    s: State, row: int, direction: int, data: Bytes, p: int, end: int, server_port: int
) -> bool:
    """Recognises protocols by the first bytes of either side; True if one was."""
    size = end - p
    app = 0
    client = direction
    clear = True
    if begins(data, p, end, b"SSH-"):
        told(s, row, SSH, -1, 0)
        s.flows[row, MARKS] |= ENCRYPTED
        return True
    if begins(data, p, end, b"EHLO ") or begins(data, p, end, b"HELO "):
        app = SMTP
    elif (begins(data, p, end, b"220 ") or begins(data, p, end, b"220-")) and server_port == 21:
        app, client = FTP, 1 - direction
    elif (begins(data, p, end, b"220 ") or begins(data, p, end, b"220-")) and (
        server_port == 25 or server_port == 587
    ):
        app, client = SMTP, 1 - direction
    elif begins(data, p, end, b"USER ") and server_port == 21:
        app = FTP
    elif begins(data, p, end, b"* OK") and server_port == 143:
        app, client = IMAP, 1 - direction
    elif begins(data, p, end, b"+OK") and server_port == 110:
        app, client = POP3, 1 - direction
    elif size >= 9 and be32(data, p) == size and be32(data, p + 4) == 196608:
        app = POSTGRESQL  # StartupMessage, protocol 3.0
    elif size == 8 and be32(data, p) == 8 and be32(data, p + 4) == 80877103:
        app, clear = POSTGRESQL, False  # SSLRequest: what follows decides
    elif size > 20 and data[p + 3] == 0 and data[p + 4] == 10 and 48 <= data[p + 5] <= 57:
        if data[p] + (data[p + 1] << 8) + (data[p + 2] << 16) == size - 4:
            app, client = MYSQL, 1 - direction
    elif (
        size > 8
        and data[p] == 0
        and (begins(data, p + 4, end, b"\xffSMB") or begins(data, p + 4, end, b"\xfeSMB"))
    ):
        told(s, row, SMB, -1, 0)
        return True
    elif (
        size >= 11
        and be16(data, p) == 0x0300
        and be16(data, p + 2) == size
        and (data[p + 5] == 0xE0)
    ):
        told(s, row, RDP, -1, 0)
        client_is(s, row, direction)
        return True
    elif (
        size > 14
        and data[p] == 0x10
        and (begins(data, p + 2, end, b"\x00\x04MQTT") or begins(data, p + 3, end, b"\x00\x04MQTT"))
    ):
        app = MQTT
    elif size > 7 and data[p] == 0x30 and server_port == 389:
        app = LDAP
        client = direction if data[p + 2] == 2 and data[p + 5] == 0x60 else -1
    if app == 0:
        return False
    told(s, row, app, -1, 0)
    if client >= 0:
        client_is(s, row, client)
    if clear:
        s.flows[row, MARKS] |= CLEAR
    return True


@compiled
def looked_into_tcp(
    s: State,
    row: int,
    direction: int,
    data: Bytes,
    p: int,
    end: int,
    source_port: int,
    target_port: int,
    time: int,
    sequence: int,
    before: int,
) -> bool:
    """Looks into one TCP payload; True when nothing more is to be learned in this direction."""
    if tls(s, row, direction, data, p, end):
        return True
    if http(s, row, direction, data, p, end):
        s.flows[row, MARKS] |= CLEAR
        return True
    if (source_port == 53 or target_port == 53) and end - p > 14:
        if be16(data, p) >= 12 and dns(s, row, direction, data, p + 2, end, time, DNS):
            s.flows[row, MARKS] |= CLEAR
        return False
    server = min(source_port, target_port)
    greeting(s, row, direction, data, p, end, server)
    return False


@compiled
def looked_into_udp(
    s: State,
    row: int,
    direction: int,
    data: Bytes,
    p: int,
    end: int,
    source_port: int,
    target_port: int,
    time: int,
) -> bool:
    """Looks into one UDP payload; True when nothing more is to be learned in this direction."""
    size = end - p
    if source_port == 53 or target_port == 53:
        if dns(s, row, direction, data, p, end, time, DNS):
            s.flows[row, MARKS] |= CLEAR
        return False
    if target_port == 5353 or source_port == 5353:
        if dns(s, row, direction, data, p, end, time, MDNS):
            s.flows[row, MARKS] |= CLEAR
        return True
    if target_port == 5355 or source_port == 5355:
        if dns(s, row, direction, data, p, end, time, LLMNR):
            s.flows[row, MARKS] |= CLEAR
        return True
    if (
        size >= 1200
        and data[p] >= 0xC0
        and (be32(data, p + 1) == 1 or be32(data, p + 1) == 0x6B3343CF)
    ):  # a long header; only a client must fill its Initial to 1200 bytes (RFC 9000 14.1)
        told(s, row, QUIC, -1, 0)
        s.flows[row, MARKS] |= ENCRYPTED
        if target_port == 443 and source_port != 443:
            client_is(s, row, direction)
        return True
    if (target_port == 123 or source_port == 123) and size >= 48:
        version = (data[p] >> 3) & 7
        mode = data[p] & 7
        if 1 <= version <= 4 and mode:
            told(s, row, NTP, -1, 0)
            s.flows[row, MARKS] |= CLEAR
            if mode == 3:
                client_is(s, row, direction)
            elif mode == 4:
                client_is(s, row, 1 - direction)
            return True
    if target_port == 514 and size > 4 and data[p] == 60 and 48 <= data[p + 1] <= 57:
        told(s, row, SYSLOG, -1, 0)
        s.flows[row, MARKS] |= CLEAR
        client_is(s, row, direction)
        return True
    if (target_port == 161 or target_port == 162) and size > 10 and data[p] == 0x30:
        told(s, row, SNMP, -1, 0)
        client_is(s, row, direction)
        if data[p + 2] == 2 and data[p + 4] <= 1:  # versions 1 and 2c
            s.flows[row, MARKS] |= CLEAR
        return True
    return False


@compiled
def name_guessed(s: State, row: int, time: int) -> None:
    """Gives a new flow the name that an earlier DNS answer gave its server's address."""
    flows = s.flows
    for client in range(2):
        asker = ADDRESS + 2 * client
        server = ADDRESS + 2 * (1 - client)
        high, low = flows[row, server], flows[row, server + 1]
        number = answer_for(s, flows[row, asker], flows[row, asker + 1], high, low, time)
        if number >= 0:
            told(s, row, 0, number, DNS_ANSWER)
            return
    for client in range(2):
        server = ADDRESS + 2 * (1 - client)
        number = answer_for(s, 0, 0, flows[row, server], flows[row, server + 1], time)
        if number >= 0:
            told(s, row, 0, number, DNS_ANSWER)
            return

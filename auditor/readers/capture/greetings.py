"""Protocols told by their first bytes: greetings, databases, opaque tunnels (compiled).

WireGuard: its protocol page; IPsec: RFC 4303, 3948; IKE: RFC 7296; OpenVPN: its protocol page;
STUN: RFC 8489; RTSP: RFC 7826; PostgreSQL, MySQL, SMB, MQTT, LDAP, NTP, syslog, SNMP: their
specifications.
"""

from __future__ import annotations

from typing import Final

from auditor.readers.capture.exports import are_sets, export_kind
from auditor.readers.capture.http import begins
from auditor.readers.capture.iso_transport import iso_transport
from auditor.readers.capture.layout import (
    CLEAR, ENCRYPTED, FTP, IKE, IMAP, IPFIX, IPSEC, LDAP, MARKS, MQTT, MYSQL, NTP, OPENVPN, POP3,
    POSTGRESQL, RTSP, SMB, SMTP, SNMP, SSH, STUN, SYSLOG, WIREGUARD, Bytes, State,
)  # fmt: skip
from auditor.readers.capture.naming import client_is, told
from auditor.readers.capture.numbers import be16, be32, compiled, octet

LONGEST_METHOD: Final = 16
"""Bytes of a method of RTSP: ``SET_PARAMETER`` is the longest."""


@compiled
def greeting(
    s: State, row: int, direction: int, data: Bytes, p: int, end: int, server_port: int
) -> bool:
    """Recognises protocols by the first bytes of either side; True if one was."""
    size = end - p
    app = 0
    client = direction
    clear = True
    if size >= 16 and be16(data, p) == size - 2:
        if openvpn(s, row, direction, data, p + 2, end, server_port):
            return True
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
    elif size >= 11 and be16(data, p) == 0x0300 and be16(data, p + 2) == size:
        return iso_transport(s, row, direction, data, p, end, server_port)
    elif begins(data, p, end, b"RTSP/1."):
        app, client = RTSP, 1 - direction
    elif asks_rtsp(data, p, end):
        app = RTSP
    elif (
        size > 14
        and data[p] == 0x10
        and (begins(data, p + 2, end, b"\x00\x04MQTT") or begins(data, p + 3, end, b"\x00\x04MQTT"))
    ):
        app = MQTT
    elif (
        size >= 20
        and be16(data, p) == 10
        and 20 <= be16(data, p + 2)
        and are_sets(data, p + 16, min(p + be16(data, p + 2), end), p + be16(data, p + 2), 2, 3)
    ):
        app = IPFIX
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
def asks_rtsp(data: Bytes, p: int, end: int) -> bool:
    """Whether a request of RTSP begins here (RFC 7826, section 20.2)."""
    place = p
    while place < end and place < p + LONGEST_METHOD and is_of_method(data[place]):
        place += 1
    return place > p and (
        begins(data, place, end, b" rtsp://") or begins(data, place, end, b" * RTSP/")
    )


@compiled
def is_of_method(letter: int) -> bool:
    """A capital letter or an underscore."""
    return 65 <= letter <= 90 or letter == 95


@compiled
def openvpn(
    s: State, row: int, direction: int, data: Bytes, p: int, end: int, server_port: int
) -> bool:
    """Recognises an OpenVPN control packet: a reset without keys anywhere, others at its port."""
    size = end - p
    code = octet(data, p) >> 3
    bare = size == 14 and data[p] == 0x38 and data[p + 9] == 0 and be32(data, p + 10) == 0
    if not bare and not (server_port == 1194 and size >= 14 and 1 <= code <= 10):
        return False
    opaque(s, row, OPENVPN)
    if code == 7 or code == 10:
        client_is(s, row, direction)
    elif code == 8:
        client_is(s, row, 1 - direction)
    return True


@compiled
def opaque(s: State, row: int, app: int) -> None:
    """Marks an encrypted tunnel: what it carries, and to whom, cannot be seen."""
    told(s, row, app, -1, 0)
    s.flows[row, MARKS] |= ENCRYPTED


@compiled
def datagram_greeting(
    s: State, row: int, direction: int, data: Bytes, p: int, end: int, source: int, target: int
) -> bool:
    """The same for a UDP payload; True when nothing more is to be learned in this direction."""
    size = end - p
    server_port = min(source, target)
    if size >= 32 and be32(data, p) & 0x00FFFFFF == 0 and 1 <= data[p] <= 4:
        kind = octet(data, p)
        if (
            (kind == 1 and size == 148)
            or (kind == 2 and size == 92)
            or ((source == 51820 or target == 51820) and (kind == 3 or size % 16 == 0))
        ):
            opaque(s, row, WIREGUARD)
            if kind == 1:
                client_is(s, row, direction)
            elif kind == 2:
                client_is(s, row, 1 - direction)
            return True
    if source == 4500 or target == 4500:
        if size >= 32 and be32(data, p) == 0:
            told(s, row, IKE, -1, 0)
            return False
        if size >= 20:
            opaque(s, row, IPSEC)
            return True
    if (source == 500 or target == 500) and size >= 28 and be32(data, p + 24) == size:
        told(s, row, IKE, -1, 0)
        if be32(data, p + 8) == 0 and be32(data, p + 12) == 0:
            client_is(s, row, direction)
        return False
    if size >= 14 and openvpn(s, row, direction, data, p, end, server_port):
        return True
    if size >= 20 and be32(data, p + 4) == 0x2112A442 and be16(data, p + 2) == size - 20:
        told(s, row, STUN, -1, 0)
        kind = be16(data, p)
        if kind == 0x0001 or kind == 0x0003:
            client_is(s, row, direction)
        elif kind == 0x0101 or kind == 0x0103 or kind == 0x0113:
            client_is(s, row, 1 - direction)
        return False  # DTLS may follow on the same ports
    if (target == 123 or source == 123) and size >= 48:
        version = (octet(data, p) >> 3) & 7
        mode = data[p] & 7
        if 1 <= version <= 4 and mode:
            told(s, row, NTP, -1, 0)
            s.flows[row, MARKS] |= CLEAR
            if mode == 3:
                client_is(s, row, direction)
            elif mode == 4:
                client_is(s, row, 1 - direction)
            return True
    if target == 514 and size > 4 and data[p] == 60 and 48 <= data[p + 1] <= 57:
        told(s, row, SYSLOG, -1, 0)
        s.flows[row, MARKS] |= CLEAR
        client_is(s, row, direction)
        return True
    if (target == 161 or target == 162) and size > 10 and data[p] == 0x30:
        told(s, row, SNMP, -1, 0)
        client_is(s, row, direction)
        if data[p + 2] == 2 and data[p + 4] <= 1:  # versions 1 and 2c
            s.flows[row, MARKS] |= CLEAR
        return True
    app = export_kind(data, p, end, be16(data, p - 4) - 8)
    if app == 0:
        return False
    told(s, row, app, -1, 0)
    s.flows[row, MARKS] |= CLEAR
    client_is(s, row, direction)
    return True

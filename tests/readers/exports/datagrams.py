"""Export datagrams built by hand, for the tests."""

from __future__ import annotations

import ipaddress
import struct

SECOND = 1_000_000_000
NOW = 1_790_000_000
UPTIME = 90_000_000
HOME, ABROAD = "203.162.10.5", "52.219.40.10"
VARIABLE = 0xFFFF
REVERSE_PEN = 29305

BASIC = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (1, 4), (2, 4), (22, 4), (21, 4)]
"""Fields of the records that ``record`` makes."""


def record(src=HOME, dst=ABROAD, sport=40000, dport=443, protocol=6, flags=0x1B, size=1000,
           packets=10, first=UPTIME - 5000, last=UPTIME - 1000):  # fmt: skip
    addresses = ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed
    return addresses + struct.pack(
        ">HHBBIIII", sport, dport, protocol, flags, size, packets, first, last
    )


def a_set(number, body, pad=True):
    body += b"\0" * (-len(body) % 4 if pad else 0)
    return struct.pack(">HH", number, 4 + len(body)) + body


def fields_of(fields):
    out = b""
    for element, length, *enterprise in fields:
        if enterprise:
            out += struct.pack(">HHI", element | 0x8000, length, enterprise[0])
        else:
            out += struct.pack(">HH", element, length)
    return out


def template(number, fields, version=9):
    return a_set(
        0 if version == 9 else 2, struct.pack(">HH", number, len(fields)) + fields_of(fields)
    )


def options(number, scope, fields, version=9):
    if version == 9:
        head = struct.pack(">HHH", number, 4 * len(scope), 4 * len(fields))
        return a_set(1, head + fields_of(scope) + fields_of(fields))
    head = struct.pack(">HHH", number, len(scope) + len(fields), len(scope))
    return a_set(3, head + fields_of(scope) + fields_of(fields))


def netflow9(*sets, number=1, source=0, seconds=NOW, uptime=UPTIME):
    head = struct.pack(">HHIIII", 9, len(sets), uptime, seconds, number, source)
    return head + b"".join(sets)


def ipfix(*sets, number=0, source=0, seconds=NOW):
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), seconds, number, source) + body


def netflow5(*records, number=0, sampling=0, seconds=NOW, uptime=UPTIME):
    head = struct.pack(
        ">HHIIIIBBH", 5, len(records), uptime, seconds, 500_000_000, number, 0, 0, sampling
    )
    return head + b"".join(records)


def record5(src=HOME, dst=ABROAD, sport=40000, dport=443, protocol=6, flags=0x1B, size=1000,
            packets=10, first=UPTIME - 5000, last=UPTIME - 1000, into=1, out=2):  # fmt: skip
    addresses = ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed + bytes(4)
    return addresses + struct.pack(
        ">HHIIIIHHBBBBHHBBH", into, out, packets, size, first, last, sport, dport, 0, flags,
        protocol, 0, 0, 0, 0, 0, 0,
    )  # fmt: skip


def sflow(*samples, number=1, agent="10.20.0.3", part=0):
    packed = ipaddress.ip_address(agent).packed
    head = struct.pack(">II", 5, 1 if len(packed) == 4 else 2) + packed
    return head + struct.pack(">IIII", part, number, 5000, len(samples)) + b"".join(samples)


def flow_sample(*records, rate=100, port=1, drops=0, wide=False):
    if wide:
        body = struct.pack(">11I", 1, 0, port, rate, 9, drops, 0, 1, 0, 2, len(records))
    else:
        body = struct.pack(">8I", 1, port, rate, 9, drops, 1, 2, len(records))
    body += b"".join(records)
    return struct.pack(">II", 3 if wide else 1, len(body)) + body


def sflow_record(kind, body):
    return struct.pack(">II", kind, len(body)) + body


def raw_header(packet, length=None, protocol=1):
    padded = packet + b"\0" * (-len(packet) % 4)
    size = len(packet) if length is None else length
    return sflow_record(1, struct.pack(">IIII", protocol, size, 0, len(packet)) + padded)

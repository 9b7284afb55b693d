"""Ended flows as columns of the flow table: who opened the flow, addresses as text, names."""

from __future__ import annotations

import socket
from typing import Final

import numpy as np
import pyarrow as pa

from auditor.model.cipher_suites import suite_name
from auditor.readers.capture.layout import (
    ADDRESS, ALPN, ANSWER_TIME, APPS, BASES, CLEAR, DTLS, DNS_ANSWER, ECH, ENCRYPTED, END,
    FILE_SHIFT, FIRST_FROM_1, FLAGS, HELLO, MARKS, NAME, NAMED_0, NAMED_1, NEXT, OCTETS, OUTER_6,
    PACKETS, PAYLOAD, PORTS, QUIC, ROLE_CLIENT_0, ROLE_CLIENT_1, START, SYN_FROM_0, SYN_FROM_1,
    SUITE, SUITES, SYN_TIME, SYNACK_FROM_0, SYNACK_FROM_1, TLS, TUNNEL, VERSION, VERSION_NAMES,
    VLAN, Ints,
)  # fmt: skip
from auditor.readers.capture.tunnels import kinds_named
from auditor.readers.reading import ROWS

SWEPT: Final = ROWS.append(pa.field("file", pa.int32())).append(pa.field("icmp", pa.int32()))
"""What a reader gives, with the number of the file a flow began in, from 0 (a sweep may go over
several), and the first ICMP message of the initiator, or else of the responder (type << 8 | code).
"""

_INITIATOR: Final = ("syn", "syn-ack", "role", "port", "first-packet")
ICMP, TCP, ICMP6 = 1, 6, 58
ACK: Final = 16


def columns(done: Ints, names: list[str], tunnels: Ints) -> pa.Table:
    """Ended flows (shape ``[flows, WIDTH]``) as a table of schema ``SWEPT``, in their order."""
    marks = done[:, MARKS]
    ports = done[:, PORTS]
    protocol = (ports >> 32) & 0xFF
    from_1, basis = _initiators(marks, ports, protocol)
    seen = (ports >> 48) & 1 == 1
    version4 = (ports >> 40) & 0xFF == 4
    source, target = _addresses(done, version4, from_1)
    port_0, port_1 = ports & 0xFFFF, (ports >> 16) & 0xFFFF
    rtt = done[:, ANSWER_TIME] - done[:, SYN_TIME]
    measured = (done[:, ANSWER_TIME] >= 0) & (done[:, SYN_TIME] >= 0) & (rtt >= 0)
    unseen_0, unseen_1 = _unseen(done, protocol)
    encrypted = marks & ENCRYPTED > 0
    secrecy = encrypted | (marks & CLEAR > 0)
    packed = done[:, NAME]
    # a DNS answer tells the name of the end it was given for: of use only if that is the server
    client_named = marks & np.where(from_1, NAMED_1, NAMED_0) > 0
    known = ~(client_named & ((packed >> 32) & 0xFF == DNS_ANSWER))
    tcp = protocol == TCP
    found = {
        "start": pa.array(done[:, START], pa.timestamp("ns", tz="UTC")),
        "end": pa.array(done[:, END], pa.timestamp("ns", tz="UTC")),
        "seen_by": pa.repeat("packets", len(done)),
        "time_basis": pa.repeat("packets", len(done)),
        "clock": pa.repeat("stated", len(done)),
        "protocol": pa.array(protocol.astype(np.uint8)),
        "src_ip": source,
        "src_port": _maybe(np.where(from_1, port_1, port_0), seen, pa.uint16()),
        "dst_ip": target,
        "dst_port": _maybe(np.where(from_1, port_0, port_1), seen, pa.uint16()),
        "initiator_basis": pa.DictionaryArray.from_arrays(
            pa.array(basis, pa.int32()), pa.array(_INITIATOR)
        ).cast(pa.string()),
        "rtt_us": _maybe(rtt // 1000, measured, pa.int64()),
        "sampling": pa.array(np.ones(len(done), np.int64)),
        "vlan": _vlans(done[:, VLAN]),
        "encrypted": _maybe(encrypted, secrecy, pa.bool_()),
        "app": _numbered(packed >> 40, APPS),
        "host": _numbered(np.where(known, packed & 0xFFFFFFFF, 0), ("", *names)),
        "host_basis": _numbered(np.where(known, (packed >> 32) & 0xFF, 0), BASES),
        "ech": _maybe(marks & ECH > 0, np.isin(packed >> 40, (TLS, DTLS, QUIC)), pa.bool_()),
    }
    for side, other in (("src", from_1), ("dst", ~from_1)):
        seen_side = ~np.where(other, unseen_1, unseen_0)
        for name, column in (("packets", PACKETS), ("bytes", OCTETS), ("payload", PAYLOAD)):
            count = np.where(other, done[:, column + 1], done[:, column])
            found[f"{side}_{name}"] = _maybe(count, seen_side, pa.int64())
        flags = (done[:, FLAGS] >> np.where(other, 8, 0)).astype(np.uint8)
        found[f"{side}_tcp_flags"] = _maybe(flags, tcp & seen_side, pa.uint8())
    hello = done[:, HELLO]
    found["ja4"] = _numbered(hello & ((1 << ALPN) - 1), ("", *names))
    found["alpn"] = _numbered((hello >> ALPN) & ((1 << VERSION - ALPN) - 1), ("", *names))
    found["tls_version"] = _numbered(hello >> VERSION, VERSION_NAMES)
    found["tls_cipher"] = _suites((marks >> SUITE) & SUITES)
    found |= _tunnels(done[:, TUNNEL], tunnels, from_1)
    there, back = np.where(from_1, 1, 0) + NEXT, np.where(from_1, 0, 1) + NEXT
    every = np.arange(len(done))
    icmp = np.where(done[every, there] < 0, done[every, back], done[every, there])
    is_icmp = (protocol == ICMP) | (protocol == ICMP6)
    found["icmp"] = _maybe(icmp, is_icmp & (icmp >= 0), pa.int32())
    found["file"] = pa.array((marks >> FILE_SHIFT).astype(np.int32))
    for field in SWEPT:
        if field.name not in found:
            found[field.name] = pa.nulls(len(done), field.type)
    return pa.table(found).select(SWEPT.names).cast(SWEPT)


def ordered(done: Ints) -> Ints:
    """Ended flows by start, then endpoints: the same whatever order they ended in.

    Rows that are nearly in order are set right in place: most of the table is not copied.
    """
    if not (done[1:, START] >= done[:-1, START]).all():
        done = done[np.argsort(done[:, START], kind="stable")]
    start = done[:, START]
    same = np.zeros(len(done), bool)
    same[1:] = start[1:] == start[:-1]
    same[:-1] |= same[1:]
    # the other columns are compared only where the times are equal: few rows
    tied = np.flatnonzero(same)
    part = done[tied]
    keys = (END, PORTS, ADDRESS + 3, ADDRESS + 2, ADDRESS + 1, ADDRESS, START)
    done[tied] = part[np.lexsort([part[:, column] for column in keys])]
    return done


def joined(parts: list[pa.Table]) -> pa.Table:
    """Parts, each in order, as one table in order."""
    if len(parts) < 2:
        return parts[0] if parts else SWEPT.empty_table()
    by = ("start", "src_ip", "src_port", "dst_ip", "dst_port", "protocol", "end")
    table = pa.concat_tables(parts).combine_chunks()
    return table.sort_by([(name, "ascending") for name in by])


def _initiators(marks: Ints, ports: Ints, protocol: Ints) -> tuple[np.ndarray, np.ndarray]:
    """Per flow: did end 1 open it, and how that is known (place in ``_INITIATOR``)."""
    first_from_1 = marks & FIRST_FROM_1 > 0
    port_0, port_1 = ports & 0xFFFF, (ports >> 16) & 0xFFFF
    low, high = np.minimum(port_0, port_1), np.maximum(port_0, port_1)
    # For UDP two high ports say nothing; for a TCP flow without handshake the lower one is the
    # better guess than the packet the capture happened to begin with.
    ported = ((ports >> 48) & 1 == 1) & (low != high)
    telling = ported & ((protocol == TCP) | ((low < 1024) & (high >= 1024)))
    rules = (
        (marks & SYN_FROM_0 > 0, marks & SYN_FROM_1 > 0),
        (marks & SYNACK_FROM_1 > 0, marks & SYNACK_FROM_0 > 0),
        (marks & ROLE_CLIENT_0 > 0, marks & ROLE_CLIENT_1 > 0),
        (telling & (port_1 < port_0), telling & (port_0 < port_1)),
    )
    from_1 = first_from_1.copy()
    basis = np.full(len(marks), len(rules), np.int32)
    for place, (is_0, is_1) in reversed(list(enumerate(rules))):
        decided = is_0 ^ is_1  # both: this rule cannot tell
        from_1 = np.where(decided, is_1, from_1)
        basis = np.where(decided, np.int32(place), basis)
    return from_1, basis


def _unseen(done: Ints, protocol: Ints) -> tuple[np.ndarray, np.ndarray]:
    """Per flow and end: nothing of it was captured, yet the other end proves that it talked.

    A TCP segment with ACK acknowledges something; so does a reply (role of a server).
    """
    marks = done[:, MARKS]
    unseen = []
    for end, answers in ((0, ROLE_CLIENT_0), (1, ROLE_CLIENT_1)):
        flags = (done[:, FLAGS] >> (8 * (1 - end))) & 0xFF
        proved = np.where(protocol == TCP, flags & ACK > 0, marks & answers > 0)
        unseen.append((done[:, NEXT + end] < 0) & (done[:, PACKETS + end] == 0) & proved)
    return unseen[0], unseen[1]


def _tunnels(numbers: Ints, tunnels: Ints, from_1: np.ndarray) -> dict[str, pa.Array]:
    """The columns on tunnels; each distinct tunnel is written out once."""
    count = int(numbers.max(initial=0))
    texts: tuple[list[str | None], ...] = ([None], [None], [None])
    for row in tunnels[:count].tolist():
        four = row[4] & OUTER_6 == 0
        texts[0].append(_address_text(row[0], row[1], four))
        texts[1].append(_address_text(row[2], row[3], four))
        texts[2].append(kinds_named(row[4]))
    end_0, end_1, kinds = (pa.array(column, pa.string()) for column in texts)
    both = pa.concat_arrays([end_0, end_1])
    return {
        "tunnel": kinds.take(pa.array(numbers)),
        "outer_src_ip": both.take(pa.array(np.where(from_1, numbers + count + 1, numbers))),
        "outer_dst_ip": both.take(pa.array(np.where(from_1, numbers, numbers + count + 1))),
    }


def _address_text(high: int, low: int, four: bool) -> str:
    high, low = high & (1 << 64) - 1, low & (1 << 64) - 1
    if four:
        return socket.inet_ntoa(low.to_bytes(4, "big"))
    return socket.inet_ntop(socket.AF_INET6, (high << 64 | low).to_bytes(16, "big"))


def _addresses(done: Ints, version4: np.ndarray, from_1: np.ndarray) -> tuple[pa.Array, pa.Array]:
    """Source and destination as text; each distinct address is written out once."""
    import pandas as pd  # late: it loads while the first packets are swept

    count = len(done)
    high = np.concatenate([done[:, ADDRESS], done[:, ADDRESS + 2]])
    low = np.concatenate([done[:, ADDRESS + 1], done[:, ADDRESS + 3]])
    four = np.concatenate([version4, version4])
    low_codes, low_values = pd.factorize(low)
    high_codes, high_values = pd.factorize(np.where(four, np.int64(-1), high))
    codes, pairs = pd.factorize((high_codes * len(low_values) + low_codes) * 2 + four)
    pairs, is_four = np.divmod(pairs, 2)
    highs = high_values[pairs // max(len(low_values), 1)].tolist()
    lows = low_values[pairs % max(len(low_values), 1)].tolist()
    texts = [
        _address_text(high, low, four)
        for high, low, four in zip(highs, lows, is_four.tolist(), strict=True)
    ]
    written = pa.array(texts, pa.string())
    code_0, code_1 = codes[:count], codes[count:]
    source = written.take(pa.array(np.where(from_1, code_1, code_0)))
    return source, written.take(pa.array(np.where(from_1, code_0, code_1)))


def _maybe(values: np.ndarray, known: np.ndarray, kind: pa.DataType) -> pa.Array:
    return pa.array(values, mask=~known).cast(kind)


def _numbered(numbers: Ints, texts: tuple[str, ...]) -> pa.Array:
    """Texts by number; number 0 is null."""
    codes = pa.array(numbers.astype(np.int32), mask=numbers == 0)
    return pa.DictionaryArray.from_arrays(codes, pa.array(texts, pa.string())).cast(pa.string())


def _suites(numbers: Ints) -> pa.Array:
    """Names of cipher suites by number + 1; 0 is null."""
    import pandas as pd  # late: as above

    codes, distinct = pd.factorize(numbers)
    names = [suite_name(number - 1) if number else None for number in distinct.tolist()]
    return pa.array(names, pa.string()).take(pa.array(codes))


def _vlans(packed: Ints) -> pa.Array:
    import pandas as pd  # late: as above

    codes, distinct = pd.factorize(packed)
    texts = [
        ".".join(str((tags >> (4 + 12 * i)) & 0xFFF) for i in range(tags & 15)) or None
        for tags in distinct.tolist()
    ]
    return pa.array(texts, pa.string()).take(pa.array(codes))

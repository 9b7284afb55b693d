"""Makes the capture that the content benchmark reads: from a seed, the same bytes every time.

    python bench/make_content_capture.py bench/data/content.pcap [--size 1000000000]

Everything crosses in clear text. By bytes: JSON of an API 25 %, pages 15 %, CSV exports 15 %,
pictures 15 %, XML 10 %, SQL dumps and logs 10 %, archives 5 %, all over HTTP; mail with attachments
5 %. Flows carry 4 kB to 20 MB (log-normal). 1 % of the segments come late, 0.6 % twice. A quarter
of the flows is IPv6. People and their numbers are invented.
"""

from __future__ import annotations

import argparse
import struct
import sys
from pathlib import Path

import numpy as np
from numba import njit

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.content_bodies import Bodies
from bench.make_capture import put16, put32, put32le

SHARES = {
    "json": 0.25, "html": 0.15, "csv": 0.15, "picture": 0.15, "xml": 0.10, "text": 0.10,
    "archive": 0.05, "mail": 0.05,
}  # fmt: skip
BODY = {"json": 9.2, "html": 10.6, "csv": 12.5, "picture": 12.6, "xml": 10.5, "text": 13.0,
        "archive": 12.0, "mail": 12.5}  # fmt: skip
"""Logarithm of the median size of one body or mail, in bytes."""

LEAST, MOST = 4_000, 20_000_000
GROUP = 64_000_000
"""Bytes of flows that run side by side; what is held in memory."""

SEGMENT = 1448
START = 1_790_000_000_000_000  # 2026-09-21, µs
WINDOW = 38_000_000
"""µs that one group takes."""

FOREIGN = [first << 24 | second << 16 for first, second in (
    (3, 5), (13, 35), (18, 140), (20, 43), (34, 70), (35, 190), (52, 20), (54, 70), (104, 18),
)]  # fmt: skip
FOREIGN6 = [0x2A0104F8, 0x26001F18, 0x26064700, 0x2A001450, 0x26200107]
HOME, HOME6 = 0xCBA20000, 0x24054800

SYN, ACK, DATA, FIN = 2, 0x10, 0x18, 0x11


class Group:
    """Messages of flows that run side by side."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.flows: list[tuple[bool, int, int]] = []  # IPv6, server's port, bytes
        self.homely: list[bool] = []  # the client is at home
        self.rows: list[tuple[int, int, int, int, int, int]] = []
        self.parts: list[bytes] = []
        self.size = 0
        self._sent = [0, 0]

    def opened(self, *, six: bool, port: int, homely: bool) -> None:
        """Begins a connection; what is sent from now on is in it."""
        self.flows.append((six, port, 0))
        self.homely.append(homely)
        self._sent = [0, 0]
        for way, flags in ((0, SYN), (1, SYN | ACK), (0, ACK)):
            self._row(way, flags, 0)

    def sent(self, way: int, *parts: bytes) -> None:
        """One message; way 0 is from the client."""
        size = sum(map(len, parts))
        self._row(way, DATA, size)
        self.parts += parts
        self.size += size

    def ended(self) -> None:
        """Both ends close."""
        for way, flags in ((0, FIN), (1, FIN), (0, ACK)):
            self._row(way, flags, 0)

    def _row(self, way: int, flags: int, size: int) -> None:
        sent = self._sent
        number = len(self.flows) - 1
        self.rows.append((number, way, flags, size, sent[way], sent[1 - way]))
        sent[way] += size + (flags & 1) + (flags >> 1 & 1)


def web(group: Group, bodies: Bodies, kind: str, size: int) -> None:
    """One HTTP/1.1 connection with as many requests as its bytes need."""
    chance = bodies.chance
    leaves = 0 if kind != "html" and chance.random() < 0.75 else 1
    homely = leaves == 0 or chance.random() < 0.3
    group.opened(six=chance.random() < 0.25, port=80, homely=homely)
    host = f"dich-vu{chance.randrange(90)}.example"
    left = size
    while left > 0:
        wanted = min(left, int(chance.lognormvariate(BODY[kind], 1.0)))
        described, body = bodies.made(kind, max(wanted, 600))
        path = f"/api/v1/{kind}/{chance.randrange(10**6)}"
        typed = f"Content-Type: {described}\r\nContent-Length: {len(body)}\r\n"
        if leaves == 0:
            head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: dong-bo/2.1\r\n{typed}\r\n"
            group.sent(0, head.encode(), body)
            group.sent(1, b"HTTP/1.1 201 Created\r\nServer: nginx\r\nContent-Length: 2\r\n"
                       b"Content-Type: application/json\r\n\r\n{}")  # fmt: skip
        else:
            head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n"
            group.sent(0, (head + "User-Agent: Mozilla/5.0\r\n\r\n").encode())
            group.sent(1, f"HTTP/1.1 200 OK\r\nServer: nginx\r\n{typed}\r\n".encode(), body)
        left -= len(body)
    group.ended()


def post(group: Group, bodies: Bodies, size: int) -> None:
    """One SMTP session (RFC 5321) that hands over mails."""
    chance = bodies.chance
    group.opened(six=chance.random() < 0.25, port=25, homely=True)
    group.sent(1, b"220 mx.doi-tac.example ESMTP\r\n")
    group.sent(0, b"EHLO thu.example.vn\r\n")
    group.sent(1, b"250-mx.doi-tac.example\r\n250-8BITMIME\r\n250 SIZE 50000000\r\n")
    left = size
    while left > 0:
        mail = bodies.mail(min(left, int(chance.lognormvariate(BODY["mail"], 1.0))))
        for asked, answer in (
            (b"MAIL FROM:<van.thu@example.vn>\r\n", b"250 2.1.0 Ok\r\n"),
            (b"RCPT TO:<nhan@doi-tac.example>\r\n", b"250 2.1.5 Ok\r\n"),
            (b"DATA\r\n", b"354 End data with <CR><LF>.<CR><LF>\r\n"),
        ):
            group.sent(0, asked)
            group.sent(1, answer)
        group.sent(0, mail, b".\r\n")
        group.sent(1, b"250 2.0.0 Ok: queued\r\n")
        left -= len(mail)
    group.sent(0, b"QUIT\r\n")
    group.sent(1, b"221 2.0.0 Bye\r\n")
    group.ended()


def planned(size: int, draw: np.random.Generator) -> list[tuple[str, int]]:
    """Kind and bytes of each flow, in the order they begin in."""
    flows: list[tuple[str, int]] = []
    for kind, share in SHARES.items():
        left = int(size * share)
        while left > 0:
            drawn = min(int(np.clip(draw.lognormal(11.8, 1.7), LEAST, MOST)), max(left, LEAST))
            flows.append((kind, drawn))
            left -= drawn
    order = draw.permutation(len(flows))
    return [flows[place] for place in order]


@njit
def fill(out, rows, times, payload, flow_of, sequence):
    """Writes packets; rows: flow, way, flags, bytes, number, acknowledged, place of the bytes."""
    p = 0
    for i in range(len(rows)):
        number, way, flags, length = rows[i, 0], rows[i, 1], rows[i, 2], rows[i, 3]
        six, client, server = flow_of[number, 0], flow_of[number, 1], flow_of[number, 2]
        total = 14 + (40 if six else 20) + 20 + length
        put32le(out, p, times[i] // 1_000_000)
        put32le(out, p + 4, times[i] % 1_000_000)
        put32le(out, p + 8, total)
        put32le(out, p + 12, total)
        p += 16
        for j in range(12):
            out[p + j] = 2 * (j % 6 == 0) + (j % 6 == 5) * (1 + (j // 6 ^ way))
        put16(out, p + 12, 0x86DD if six else 0x0800)
        p += 14
        if six:
            put32(out, p, 0x60000000)
            put16(out, p + 4, 20 + length)
            out[p + 6], out[p + 7] = 6, 60
            out[p + 8 : p + 40] = 0
            a, b = (p + 24, p + 8) if way else (p + 8, p + 24)
            put32(out, a, flow_of[number, 5])
            put32(out, a + 12, client)
            put32(out, b, flow_of[number, 6])
            put32(out, b + 12, server)
            p += 40
        else:
            out[p], out[p + 1] = 0x45, 0
            put16(out, p + 2, 40 + length)
            put32(out, p + 4, 0x4000)
            put16(out, p + 6, 0x4000)
            out[p + 8], out[p + 9] = 60, 6
            put16(out, p + 10, 0)
            put32(out, p + 12, server if way else client)
            put32(out, p + 16, client if way else server)
            p += 20
        put16(out, p, flow_of[number, 4] if way else flow_of[number, 3])
        put16(out, p + 2, flow_of[number, 3] if way else flow_of[number, 4])
        put32(out, p + 4, sequence[number, way] + rows[i, 4])
        put32(out, p + 8, sequence[number, 1 - way] + rows[i, 5])
        out[p + 12], out[p + 13] = 0x50, flags
        put16(out, p + 14, 64000)
        put32(out, p + 16, 0)
        p += 20
        at = rows[i, 6]
        out[p : p + length] = payload[at : at + length]
        p += length
    return p


def segments(group: Group, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Packets of a group in their order (columns of ``fill``), and the time of each."""
    messages = np.array(group.rows, np.int64)
    size = messages[:, 3]
    at = np.cumsum(size) - size
    count = np.maximum(-(-size // SEGMENT), 1)
    of = np.repeat(np.arange(len(messages)), count)
    done = (np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)) * SEGMENT
    rows = np.empty((len(of), 7), np.int64)
    rows[:, :6] = messages[of]
    rows[:, 3] = np.minimum(size[of] - done, SEGMENT)
    rows[:, 4] += done
    rows[:, 6] = at[of] + done
    flow = rows[:, 0]
    first = np.searchsorted(flow, flow)
    position = np.arange(len(rows)) - first
    flows = len(group.flows)
    many = np.bincount(flow, minlength=flows)
    pace = np.minimum(draw.exponential(3_000, flows) + 100, WINDOW * 0.9 / many)
    begin = draw.random(flows) * (WINDOW - pace * many)
    times = begin[flow] + position * pace[flow]
    data = rows[:, 3] > 0
    chance = draw.random(len(rows))
    again = np.flatnonzero(data & (chance < 0.006))
    late = np.flatnonzero((done + 5 * SEGMENT < size[of]) & (chance > 0.989))  # not past an answer
    times[late] += 3.5 * pace[flow[late]]
    told = np.flatnonzero(data & (position % 4 == 3))
    answers = rows[told].copy()
    answers[:, 1], answers[:, 2], answers[:, 3] = 1 - rows[told, 1], ACK, 0
    answers[:, 4], answers[:, 5] = rows[told, 5], rows[told, 4] + rows[told, 3]
    rows = np.concatenate([rows, rows[again], answers])
    times = np.concatenate([
        times, times[again] + 6.5 * pace[flow[again]], times[told] + 0.4 * pace[flow[told]],
    ])  # fmt: skip
    order = np.argsort(times, kind="stable")
    return rows[order], times[order].astype(np.int64)


def ends_of(group: Group, draw: np.random.Generator) -> np.ndarray:
    """IPv6, addresses, ports and upper halves of IPv6 of each flow's client and server."""
    count = len(group.flows)
    table = np.empty((count, 7), np.int64)
    numbers = np.arange(count) + group.first
    home = HOME + numbers % 4000
    away = np.array(FOREIGN)[draw.integers(0, len(FOREIGN), count)] + draw.integers(0, 2000, count)
    away6 = np.array(FOREIGN6)[draw.integers(0, len(FOREIGN6), count)]
    homely = np.array(group.homely)
    table[:, 0] = [six for six, _, _ in group.flows]
    table[:, 1] = np.where(homely, home, away)
    table[:, 2] = np.where(homely, away, home)
    table[:, 3] = 32_768 + numbers % 28_000
    table[:, 4] = [port for _, port, _ in group.flows]
    table[:, 5] = np.where(homely, HOME6, away6)
    table[:, 6] = np.where(homely, away6, HOME6)
    return table


def written(file, group: Group, number: int, draw: np.random.Generator) -> None:
    rows, times = segments(group, draw)
    payload = np.frombuffer(b"".join(group.parts), np.uint8)
    sequence = draw.integers(0, 2**32, (len(group.flows), 2))
    out = np.empty(int(rows[:, 3].sum()) + 90 * len(rows), np.uint8)
    ends = ends_of(group, draw)
    size = fill(out, rows, times + START + number * WINDOW, payload, ends, sequence)
    file.write(out[:size])


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("path", type=Path)
    ask.add_argument("--size", type=int, default=1_000_000_000, help="bytes of payload, about")
    ask.add_argument("--seed", type=int, default=20)
    chosen = ask.parse_args()
    draw = np.random.default_rng(chosen.seed)
    bodies = Bodies(chosen.seed)
    flows = planned(chosen.size, draw)
    chosen.path.parent.mkdir(parents=True, exist_ok=True)
    groups = 0
    with chosen.path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        group = Group(0)
        for number, (kind, size) in enumerate(flows):
            if kind == "mail":
                post(group, bodies, size)
            else:
                web(group, bodies, kind, size)
            if group.size >= GROUP or number + 1 == len(flows):
                written(file, group, groups, draw)
                groups += 1
                group = Group(number + 1)
    size = chosen.path.stat().st_size
    print(f"{chosen.path}: {size / 1e9:.2f} GB, {len(flows):,} flows")


if __name__ == "__main__":
    main()

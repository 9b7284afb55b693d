"""Makes the capture that the benchmark reads: from a seed, the same bytes every time.

    python bench/make_capture.py bench/data/1g.pcap [--packets 3000000] [--flows 250000]
                                 [--repeat 8] [--clients 1]

About 1 GB for the defaults: 75 % IPv4 and 25 % IPv6, 80 % TCP with handshakes, TLS ClientHellos
with one of 2,000 names, HTTP requests and closes, 20 % UDP with DNS; flow lengths and packet sizes
are heavy-tailed (a few flows carry most bytes, most packets are small or full-sized).

``--repeat N`` makes nearly N times as many bytes of the same flows: each packet of a flow's middle
comes N times, its sequence numbers going on. ``--clients N`` takes the clients of another network:
what a second sensor sees at the same time.
"""

from __future__ import annotations

import argparse
import struct
from pathlib import Path

import numpy as np
from numba import njit

NETWORKS = [
    first << 8 | second
    for first, seconds in {
        3: range(40), 5: (9, 39, 189), 13: range(32, 60), 14: (225, 160, 177), 18: range(130, 180),
        20: range(40, 70), 34: range(64, 104), 35: range(180, 200), 52: range(64),
        54: range(64, 100), 103: (1, 4, 28), 104: range(16, 28), 113: (160, 161, 190),
        123: (16, 24, 30), 133: (11, 5), 142: (250, 251), 151: (101,), 172: (217, 253),
        203: (113, 119, 205), 210: (155, 245), 216: (58, 239),
    }.items()
    for second in seconds
]  # fmt: skip
"""Upper halves of server addresses: clouds, CDNs, networks of Asia and of Vietnam."""

NETWORKS6 = [
    0x2A0104F8, 0x26001F18, 0x26064700, 0x24046800, 0x2A001450, 0x26200107, 0x24054800, 0x24020800,
]  # fmt: skip

START = 1_790_000_000_000_000  # 2026-09-21, µs


def hello(name: str) -> bytes:
    """A TLS 1.3 ClientHello with a server name (RFC 8446 section 4.1.2)."""
    host = name.encode()
    sni = struct.pack(">HHHBH", 0, len(host) + 5, len(host) + 3, 0, len(host)) + host
    versions = struct.pack(">HHBH", 43, 3, 2, 0x0304)
    share = struct.pack(">HHHHH", 51, 38, 36, 29, 32) + bytes(range(32))
    extensions = sni + versions + share
    body = (
        b"\x03\x03" + bytes(range(32)) + b"\x20" + bytes(32)
        + struct.pack(">HHHH", 6, 0x1301, 0x1302, 0x1303) + b"\x01\x00"
        + struct.pack(">H", len(extensions)) + extensions
    )  # fmt: skip
    handshake = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + struct.pack(">H", len(handshake)) + handshake


def plan(packets: int, flows: int, seed: int) -> dict[str, np.ndarray]:
    """Per flow: endpoints, kind, number of packets; per packet: flow, time, size, direction."""
    draw = np.random.default_rng(seed)
    weights = draw.pareto(1.3, flows) + 0.4
    counts = np.maximum((weights / weights.sum() * (packets - 4 * flows)).astype(np.int64), 0) + 4
    counts[np.argsort(-counts)[0]] += packets - counts.sum()
    order = np.repeat(np.arange(flows), counts)
    position = np.arange(packets) - np.repeat(np.cumsum(counts) - counts, counts)
    begin = draw.integers(0, 600_000_000, flows)
    pace = draw.exponential(20_000, flows) + 500
    time = begin[order] + (position * pace[order] * (0.5 + draw.random(packets))).astype(np.int64)
    time = np.minimum(time, begin[order] + 1_200_000_000)
    small = draw.random(packets) < 0.62
    size = np.where(small, draw.integers(0, 60, packets), draw.integers(60, 1460, packets))
    size = np.where(draw.random(packets) < 0.09, 1400, size)
    by_time = np.lexsort((position, time))
    return {
        "flow": order[by_time], "position": position[by_time], "time": time[by_time],
        "size": size[by_time], "back": (draw.random(packets) < 0.5)[by_time], "count": counts,
        "six": draw.random(flows) < 0.25, "tcp": draw.random(flows) < 0.8,
        "tls": draw.random(flows) < 0.85, "name": draw.integers(0, 2000, flows),
        "client": draw.integers(0, 4000, flows),
        "server": np.minimum(draw.zipf(1.25, flows), 20_000) - 1,
        "port": draw.integers(32768, 61000, flows),
    }  # fmt: skip


def repeated(
    made: dict[str, np.ndarray], first: int, last: int, times: int
) -> dict[str, np.ndarray]:
    """Packets first to last, those with payload so many times, a microsecond apart.

    Handshakes, the first request, DNS and the last packet of a flow stay single.
    """
    part = {name: made[name][first:last] for name in ("flow", "position", "time", "size", "back")}
    flow, position = part["flow"], part["position"]
    single = (position < 4) | (position == made["count"][flow] - 1)
    each = np.where(single, 1, times)
    part = {name: np.repeat(values, each) for name, values in part.items()}
    part["time"] = (
        part["time"] + np.arange(len(part["time"])) - np.repeat(np.cumsum(each) - each, each)
    )
    return part


@njit
def put16(out, p, value):
    out[p] = (value >> 8) & 255
    out[p + 1] = value & 255


@njit
def put32(out, p, value):
    put16(out, p, (value >> 16) & 0xFFFF)
    put16(out, p + 2, value & 0xFFFF)


@njit
def put32le(out, p, value):
    for i in range(4):
        out[p + i] = (value >> (8 * i)) & 255


@njit
def scattered(value):
    value = (value + 0x9E3779B9) * 2654435761 & 0xFFFFFFFF
    return ((value >> 15) ^ value) * 2246822519 & 0xFFFFFFFF


@njit
def fill(out, first, last, flow, position, time, size, back, count, six, tcp, tls, name, client,
         server, port, sequence, hellos, hello_ends, noise, networks,
         networks6):  # fmt: skip
    p = 0
    for i in range(first, last):
        f = flow[i]
        at = position[i]
        closing = tcp[f] and at == count[f] - 1
        handshake = tcp[f] and at < 3
        reverse = back[i]
        if handshake or closing:
            reverse = at == 1
        length = 0 if handshake or closing else size[i]
        greets = tcp[f] and at == 3
        head_start = 0
        if greets:
            reverse = False
            n = name[f] if tls[f] else 2000 + name[f] % 50
            head_start = hello_ends[n]
            length = hello_ends[n + 1] - head_start
        asks = not tcp[f] and at < 2
        if asks:
            reverse = at == 1
            n = 2050 + name[f] % 500
            head_start = hello_ends[n]
            length = hello_ends[n + 1] - head_start
            greets = True
        transport = 20 if tcp[f] else 8
        network = 40 if six[f] else 20
        total = 14 + network + transport + length
        stamp = time[i]
        put32le(out, p, stamp // 1_000_000)
        put32le(out, p + 4, stamp % 1_000_000)
        put32le(out, p + 8, total)
        put32le(out, p + 12, total)
        p += 16
        for j in range(12):
            out[p + j] = 2 * (j % 6 == 0) + (j // 6 ^ reverse)
        put16(out, p + 12, 0x86DD if six[f] else 0x0800)
        p += 14
        inner = 0xCBA20000 + client[f]
        outer = scattered(server[f])
        network_of = server[f] % networks.size  # a few hundred networks, as one agency meets
        outer = networks[network_of] << 16 | outer & 0xFFFF
        if six[f]:
            put32(out, p, 0x60000000)
            put16(out, p + 4, transport + length)
            out[p + 6] = 6 if tcp[f] else 17
            out[p + 7] = 60
            a, b = (p + 24, p + 8) if reverse else (p + 8, p + 24)
            for j in range(32):
                out[p + 8 + j] = 0
            put32(out, a, 0x24054800)
            put32(out, a + 12, inner)
            put32(out, b, networks6[network_of % networks6.size])
            put32(out, b + 4, outer & 0xFFFF)
            put32(out, b + 12, outer)
        else:
            out[p] = 0x45
            out[p + 1] = 0
            put16(out, p + 2, 20 + transport + length)
            put32(out, p + 4, 0x4000)
            put16(out, p + 6, 0x4000)
            out[p + 8] = 60
            out[p + 9] = 6 if tcp[f] else 17
            put16(out, p + 10, 0)
            put32(out, p + 12, outer if reverse else inner)
            put32(out, p + 16, inner if reverse else outer)
        p += network
        there = 443 if tls[f] else 80
        if not tcp[f]:
            there = 53
        put16(out, p, there if reverse else port[f])
        put16(out, p + 2, port[f] if reverse else there)
        if tcp[f]:
            put32(out, p + 4, sequence[f, int(reverse)])
            put32(out, p + 8, sequence[f, int(not reverse)])
            out[p + 12] = 0x50
            flags = 0x10
            if at == 0:
                flags = 2
            elif at == 1:
                flags = 0x12
            elif closing:
                flags = 0x11
            elif length:
                flags = 0x18
            out[p + 13] = flags
            put16(out, p + 14, 64000)
            put32(out, p + 16, 0)
            sequence[f, int(reverse)] += length + (flags & 1) + ((flags >> 1) & 1)
        else:
            put16(out, p + 4, 8 + length)
            put16(out, p + 6, 0)
        p += transport
        if greets:
            for j in range(length):
                out[p + j] = hellos[head_start + j]
            if asks and reverse:
                out[p + 2] |= 0x80
        else:
            shift = (i * 31) % 65536
            out[p : p + length] = noise[shift : shift + length]
        p += length
    return p


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("path", type=Path)
    ask.add_argument("--packets", type=int, default=3_000_000)
    ask.add_argument("--flows", type=int, default=250_000)
    ask.add_argument("--seed", type=int, default=20)
    ask.add_argument("--repeat", type=int, default=1)
    ask.add_argument("--clients", type=int, default=0, help="number of the clients' network")
    chosen = ask.parse_args()
    made = plan(chosen.packets, chosen.flows, chosen.seed)
    made["client"] += chosen.clients * 4096
    names = [f"host{i}.service{i % 97}.example" for i in range(2000)]
    texts = [hello(name) for name in names]
    texts += [
        f"POST /upload HTTP/1.1\r\nHost: clear{i}.example\r\nContent-Length: 4000\r\n\r\n".encode()
        for i in range(50)
    ]
    for i in range(500):
        labels = [f"host{i}".encode(), b"service", b"example"]
        asked = b"".join(bytes([len(label)]) + label for label in labels)
        header = struct.pack(">HHHHHH", i, 0x0100, 1, 0, 0, 0)
        texts.append(header + asked + b"\0" + struct.pack(">HH", 1, 1))
    ends = np.cumsum([0, *(len(text) for text in texts)])
    hellos = np.frombuffer(b"".join(texts), np.uint8)
    draw = np.random.default_rng(chosen.seed + 1)
    noise = draw.integers(128, 256, 65536 + 2000, dtype=np.uint8)
    sequence = draw.integers(0, 2**32, (chosen.flows, 2))
    networks, networks6 = np.array(NETWORKS), np.array(NETWORKS6)
    chosen.path.parent.mkdir(parents=True, exist_ok=True)
    step = max(200_000 // chosen.repeat, 1)
    out = np.empty(step * chosen.repeat * 1600, np.uint8)
    with chosen.path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for first in range(0, chosen.packets, step):
            part = repeated(made, first, min(first + step, chosen.packets), chosen.repeat)
            size = fill(
                out, 0, len(part["flow"]), part["flow"], part["position"], part["time"] + START,
                part["size"], part["back"], made["count"], made["six"], made["tcp"], made["tls"],
                made["name"], made["client"], made["server"], made["port"], sequence, hellos, ends,
                noise, networks, networks6,
            )  # fmt: skip
            file.write(out[:size])
    print(f"{chosen.path}: {chosen.path.stat().st_size / 1e9:.2f} GB")


if __name__ == "__main__":
    main()

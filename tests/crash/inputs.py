"""Inputs that keep coming: a rotated capture whose flows go on, and logs; each content once."""

from __future__ import annotations

import gzip
import hashlib
import random
import time
from pathlib import Path

from tests.readers.capture.packets import (
    SECOND,
    client_hello,
    handshake,
    pcap,
    segment,
)  # fmt: skip

MINUTES_AGO = 20
"""Captures are of now: what they leave open waits for what goes on with it."""
FIELDS = {
    "ts": "time", "uid": "string", "id.orig_h": "addr", "id.orig_p": "port", "id.resp_h": "addr",
    "id.resp_p": "port", "proto": "enum", "service": "string", "duration": "interval",
    "orig_bytes": "count", "resp_bytes": "count", "conn_state": "string", "local_orig": "bool",
    "local_resp": "bool", "missed_bytes": "count", "history": "string", "orig_pkts": "count",
    "orig_ip_bytes": "count", "resp_pkts": "count", "resp_ip_bytes": "count",
}  # fmt: skip
LOG_HEAD = "\n".join(
    [
        "#separator \\x09",
        "#set_separator\t,",
        "#empty_field\t(empty)",
        "#unset_field\t-",
        "#path\tconn",
        "\t".join(["#fields", *FIELDS]),
        "\t".join(["#types", *FIELDS.values()]),
        "",
    ]
)
PEERS = "52.219.40", "139.162.20", "8.8.4", "13.107.6", "157.240.13"


class Inputs:
    """What comes in, in its order.

    Attributes:
        folder: that the agent watches.
        originals: folder with every content once, under the names it came by first.
        digests: of each content, plain and as it is packed: which one it is.
    """

    def __init__(self, folder: Path, originals: Path, chance: random.Random) -> None:
        self.folder, self.originals, self._chance = folder, originals, chance
        self._begin = (int(time.time()) - MINUTES_AGO * 60) * SECOND
        self.digests: dict[str, int] = {}
        self.contents: set[str] = set()
        self._captures: list[Path] = []
        self._number = 0

    def come(self) -> None:
        """One more file, now and then a copy of an older one, or an older one renamed."""
        number, self._number = self._number, self._number + 1
        if number % 4 == 3:
            self._put(Path("logs", f"conn.{number:05}.log"), _log(number).encode())
        else:
            path = Path("eth0", f"eth0_{number:05}.pcap")
            self._put(path, pcap(_packets(self._begin, number), nano=True))
            self._captures.append(path)
        if self._captures and self._chance.random() < 0.25:
            self._disturb(self._chance.choice(self._captures))

    def _put(self, path: Path, content: bytes) -> None:
        for folder in (self.folder, self.originals):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        self.contents.add(digest)
        packed = hashlib.sha256(gzip.compress(content, mtime=0)).hexdigest()
        self.digests |= {digest: self._number, packed: self._number}

    def _disturb(self, path: Path) -> None:
        here = self.folder / path
        if not here.exists():
            return
        match self._chance.randrange(3):
            case 0:
                here.with_name(f"{path.name}.gz").write_bytes(
                    gzip.compress(here.read_bytes(), mtime=0)
                )
            case 1:
                here.rename(here.with_name(path.name.replace("eth0_0", "eth0_7")))
            case 2:
                # of two that come at once the first by name is read: here, the one of the series
                copy = self.folder / "spare" / path.name
                copy.parent.mkdir(exist_ok=True)
                copy.write_bytes(here.read_bytes())


def _packets(begin: int, number: int) -> list[tuple[int, bytes]]:
    """Four seconds: one flow that never ends, one that goes on into the next file, one alone."""
    at = begin + 4 * SECOND * number
    found = []
    if number == 0:
        found += handshake(at, sport=50_000)
    found += [segment(at + i * SECOND // 2, 5001 + 800 * number + 100 * i, b"x" * 100, back=True,
                      sport=50_000) for i in range(1, 7)]  # fmt: skip
    hello = client_hello(f"s{number}.example")
    if number:  # the rest of what began in the capture before; logs stand between some
        before, other = _peer(number - 1), client_hello(f"s{number - 1}.example")
        found.append(segment(at + 100_000_000, 1041, other[40:], server=before,
                             sport=40_000 + number - 1))  # fmt: skip
    peer = _peer(number)
    found += handshake(at + 2 * SECOND, server=peer, sport=40_000 + number)
    found.append(
        segment(at + 3 * SECOND + 500_000_000, 1001, hello[:40], server=peer, sport=40_000 + number)
    )
    return sorted(found)


def _peer(number: int) -> str:
    return f"{PEERS[number % len(PEERS)]}.{1 + number % 250}"


def _log(number: int) -> str:
    at = time.time() - 3600 * 24 * (number + 1)
    lines = [
        f"{at + i:.6f}\tC{number:06}{i}\t203.162.11.{1 + i}\t{30_000 + number}\t"
        f"104.16.{number % 250}.{1 + i}\t443\ttcp\tssl\t1.5\t{1000 + number}\t900\tSF\tT\tF\t0\t"
        "ShADadFf\t10\t1400\t9\t1300"
        for i in range(3)
    ]
    return LOG_HEAD + "\n".join(lines) + "\n"

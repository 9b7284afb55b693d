"""What a sensor in the example agency's core recorded: nine days of Zeek's conn.log and ssl.log.

With faults it is the same days, plus what the paperwork does not tell.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST: Final = datetime.fromisoformat("2026-11-12T00:00:00+07:00")
DAYS: Final = 9
UNTIL: Final = datetime.fromisoformat("2026-11-20T09:30:00+07:00")
CUT: Final = datetime.fromisoformat("2026-11-15T09:00:00+07:00")
BACK: Final = datetime.fromisoformat("2026-11-15T15:00:00+07:00")

AGENT, GATEWAY, CENTER = "10.30.9.10", "10.30.9.20", "10.250.8.5"
APP_1, APP_2, DB_1, DB_2 = "10.30.2.21", "10.30.2.22", "10.30.1.11", "10.30.1.12"
DNS, NTP, LOGS, JUMP, ADMIN = "10.30.2.53", "10.30.2.123", "10.30.2.14", "10.30.99.5", "10.30.99.11"
WAF, FIREWALL, SWITCH, TEST, LINE = (
    "10.30.0.10", "10.30.0.1", "10.30.99.2", "10.30.60.11", "10.250.20.1",
)  # fmt: skip
SENDERS: Final = (
    APP_1, APP_2, DB_1, DB_2, GATEWAY, AGENT, WAF, JUMP, FIREWALL, DNS, NTP, TEST,
)  # fmt: skip
"""Who sends logs."""
STAFF: Final = ("10.30.5.31", "10.30.5.32", "10.30.5.33")
CITIZENS: Final = ("14.160.12.7", "113.161.40.22", "171.244.3.18")
MAINTAINER, ALERTS, UPSTREAM_DNS, UPSTREAM_NTP = (
    "113.161.7.20", "113.160.9.9", "203.162.0.11", "203.113.174.3",
)  # fmt: skip

STRONG: Final = ("TLSv13", "TLS_AES_256_GCM_SHA384")
OLD: Final = ("TLSv10", "TLS_RSA_WITH_AES_128_CBC_SHA")
EXCHANGE, PORTAL = "trao-doi.sct.mau.example.vn", "dichvu.sct.mau.example.vn"


@dataclass(frozen=True, slots=True)
class Flow:
    """One connection: at which minute of the day, from where to where, and how it was read."""

    minute: int
    src: str
    dst: str
    port: int
    service: str = "ssl"
    protocol: str = "tcp"
    sent: int = 1_800
    back: int = 5_200
    tls: tuple[str, str] = STRONG
    name: str = ""


def logs(*, faults: bool) -> dict[str, str]:
    """The logs by file name."""
    conn: list[dict[str, Any]] = []
    ssl: list[dict[str, Any]] = []
    number = 0
    for day in range(DAYS):
        start = FIRST + timedelta(days=day)
        flows = [*_ordinary(day), *(_hidden(day) if faults else ())]
        for flow in sorted(flows, key=lambda flow: (flow.minute, flow.src, flow.dst, flow.port)):
            at = start + timedelta(minutes=flow.minute)
            if at > UNTIL or (CUT <= at < BACK and CENTER in (flow.src, flow.dst)):
                continue
            number += 1
            conn.append(_connection(number, at, flow))
            if flow.service == "ssl":
                ssl.append(_session(conn[-1], flow))
    return {"conn.log": _lines(conn), "ssl.log": _lines(ssl)}


def _ordinary(day: int) -> Iterator[Flow]:
    yield from _channel(day)
    for at, person in enumerate(STAFF):
        yield Flow(8 * 60 + 5 + at, person, APP_1, 443)
        yield Flow(14 * 60 + 10 + at, person, APP_2, 443)
    for at, citizen in enumerate(CITIZENS):
        yield Flow(9 * 60 + 20 * at, citizen, WAF, 443, name=PORTAL)
    yield Flow(9 * 60 + 1, WAF, APP_1, 443)
    for hour in (1, 8, 15):
        yield Flow(hour * 60 + 30, APP_1, DB_1, 5432, sent=9_000, back=64_000)
    yield Flow(8 * 60 + 31, APP_2, DB_1, 5432, sent=8_000, back=52_000)
    for at, host in enumerate(SENDERS if day % 3 == 0 else ()):
        yield Flow(3 * 60 + at, host, LOGS, 6514, sent=40_000, back=900)
    for at, host in enumerate((APP_1, DB_1, DB_2, GATEWAY, STAFF[0])):
        yield Flow(4 * 60 + at, host, NTP, 123, "ntp", "udp", 48, 48)
    yield Flow(4 * 60 + 20, NTP, UPSTREAM_NTP, 123, "ntp", "udp", 48, 48)
    for at, host in enumerate((STAFF[1], TEST)):
        yield Flow(8 * 60 + 50 + at, host, DNS, 53, "dns", "udp", 60, 180)
    yield Flow(8 * 60 + 52, DNS, UPSTREAM_DNS, 53, "dns", "udp", 60, 180)
    yield Flow(7 * 60, LOGS, ALERTS, 6514, sent=3_000, back=500)
    yield Flow(5 * 60, AGENT, LINE, 0, "", "icmp", 320, 320)
    yield Flow(7 * 60 + 30, ADMIN, JUMP, 22, "ssh")
    if day % 3 == 0:
        for at, host in enumerate((APP_1, DB_1, TEST)):
            yield Flow(7 * 60 + 35 + at, JUMP, host, 22, "ssh")
    if day in (1, 7):
        yield Flow(8 * 60 + 40, MAINTAINER, FIREWALL, 1194, "openvpn", "udp")


def _channel(day: int) -> Iterator[Flow]:
    """One sync every six hours: the gateway reads, and hands over to the Agent Node."""
    for hour in (2, 8, 14, 20):
        grows = 400 * (day % 3)
        if day == 3 and hour == 14:
            continue  # the line was cut for the rehearsal
        yield Flow(hour * 60, GATEWAY, DB_1, 5432, sent=4_000, back=180_000 + grows)
        yield Flow(hour * 60 + 1, GATEWAY, AGENT, 443, sent=190_000 + grows, name=EXCHANGE)
        yield Flow(hour * 60 + 2, AGENT, CENTER, 443, sent=200_000 + grows)


def _hidden(day: int) -> Iterator[Flow]:
    """What nobody declared."""
    if day >= 4:
        yield Flow(10 * 60 + 15, APP_1, CENTER, 443, sent=75_000)
        yield Flow(9 * 60 + 5, STAFF[2], DB_1, 5432, sent=3_000, back=410_000)
    if day in (4, 6):
        yield Flow(8 * 60 + 12, STAFF[2], SWITCH, 23, "telnet", sent=400, back=2_600)
        yield Flow(22 * 60 + 40, DB_2, "52.219.40.10", 443, sent=6_400_000, back=9_000)
    if day >= 5:
        yield Flow(8 * 60 + 55, STAFF[0], "8.8.8.8", 53, "dns", "udp", 60, 180)
        yield Flow(8 * 60 + 33, APP_2, DB_1, 5432, "postgresql", sent=7_000, back=88_000)
    if day >= 6:
        yield Flow(8 * 60 + 7, GATEWAY, AGENT, 443, sent=60_000, tls=OLD, name=EXCHANGE)


def _connection(number: int, at: datetime, flow: Flow) -> dict[str, Any]:
    packets, answers = 4 + flow.sent // 1400, 4 + flow.back // 1400
    row: dict[str, Any] = {
        "ts": at.timestamp() + number % 50,
        "uid": f"CSm{number:06}",
        "id.orig_h": flow.src,
        "id.orig_p": 8 if flow.protocol == "icmp" else 40_000 + number % 20_000,
        "id.resp_h": flow.dst,
        "id.resp_p": flow.port,
        "proto": flow.protocol,
    }
    if flow.service:
        row["service"] = flow.service
    return row | {
        "duration": 1.5,
        "orig_bytes": flow.sent,
        "resp_bytes": flow.back,
        "conn_state": "OTH" if flow.protocol == "icmp" else "SF",
        "orig_pkts": packets,
        "resp_pkts": answers,
    }


def _session(row: dict[str, Any], flow: Flow) -> dict[str, Any]:
    kept = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")
    named = {"server_name": flow.name} if flow.name else {}
    version, cipher = flow.tls
    return {
        **{name: row[name] for name in kept},
        "version": version,
        "cipher": cipher,
        **named,
        "established": True,
    }


def _lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)

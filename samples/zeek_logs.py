"""Zeek connection logs of similar traffic, as Zeek's ASCII writer writes them."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from random import Random
from string import ascii_letters, digits
from typing import Final

from wire import at

TYPES: Final = {
    "ts": "time", "uid": "string", "id.orig_h": "addr", "id.orig_p": "port", "id.resp_h": "addr",
    "id.resp_p": "port", "proto": "enum", "service": "string", "duration": "interval",
    "orig_bytes": "count", "resp_bytes": "count", "conn_state": "string", "local_orig": "bool",
    "local_resp": "bool", "missed_bytes": "count", "history": "string", "orig_pkts": "count",
    "orig_ip_bytes": "count", "resp_pkts": "count", "resp_ip_bytes": "count",
    "tunnel_parents": "set[string]", "ip_proto": "count",
}  # fmt: skip
NUMBERS: Final = {"tcp": 6, "udp": 17}
Value = str | int | float | bool | None
Row = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Habit:
    """One kind of connection that comes again and again.

    ``out`` and ``back`` are the payload bytes of originator and responder, about.
    """

    source: str
    target: str
    port: int
    proto: str
    service: str | None
    out: int
    back: int
    times: int
    hour: int


PORTAL_V6: Final = "2405:4800:10:2::20"
STORE_V6: Final = "2a01:4f8:c0c:1::10"
HABITS: Final = (
    Habit("203.162.10.5", "52.219.40.10", 443, "tcp", "ssl", 48_000_000, 61_000, 4, 2),
    Habit("203.162.10.20", "5.9.77.10", 80, "tcp", "http", 26_000, 310, 5, 10),
    Habit("203.162.10.20", "113.160.92.10", 443, "tcp", "ssl", 9_000, 72_000, 8, 9),
    Habit("203.162.10.22", "210.155.141.200", 443, "tcp", "ssl", 410_000, 5_200, 4, 10),
    Habit("133.11.93.20", "203.162.10.21", 443, "tcp", "ssl", 900, 2_400_000, 3, 23),
    Habit("10.20.3.15", "5.9.77.20", 3306, "tcp", "mysql", 88_000, 4_000, 3, 14),
    Habit("10.20.3.17", "51.38.20.10", 25, "tcp", "smtp,ssl", 31_000, 900, 3, 15),
    Habit(PORTAL_V6, STORE_V6, 443, "udp", "quic,ssl", 730_000, 9_800, 3, 16),
    Habit("203.162.10.200", "139.162.20.30", 443, "tcp", "ssl", 1_900_000, 8_000, 3, 3),
    Habit("203.162.10.40", "203.162.4.191", 53, "udp", "dns", 46, 120, 12, 8),
    Habit("203.162.10.20", "14.225.3.20", 123, "udp", "ntp", 48, 48, 6, 8),
    Habit("10.20.1.5", "10.20.2.7", 443, "tcp", "ssl", 52_000, 4_000, 4, 11),
    Habit("211.233.10.20", "203.162.10.40", 443, "tcp", "ssl", 1_100, 88_000, 6, 13),
    Habit("203.162.10.40", "88.198.10.20", 8443, "tcp", None, 0, 0, 2, 17),
)  # fmt: skip


def _record(rng: Random, habit: Habit, day: int) -> Row:
    """One connection of a habit, with counters that agree with each other."""
    time = day + (habit.hour * 3600 + rng.randrange(3600)) * 1_000_000 + rng.randrange(1_000_000)
    out, back = (size and size * rng.randrange(80, 121) // 100 for size in (habit.out, habit.back))
    tcp, header = habit.proto == "tcp", 40 if ":" in habit.source else 20
    header += 20 if tcp else 8
    tried = habit.service is None
    packets = [3 if tried else size // 1400 + (5 if tcp else 1) for size in (out, back)]
    packets[1] = 0 if tried else packets[1]
    return {
        "ts": time / 1e6,
        "uid": "C" + "".join(rng.choices(ascii_letters + digits, k=17)),
        "id.orig_h": habit.source,
        "id.orig_p": 123 if habit.port == 123 else rng.randrange(32_768, 61_000),
        "id.resp_h": habit.target,
        "id.resp_p": habit.port,
        "proto": habit.proto,
        "service": habit.service,
        "duration": round(0.02 + (out + back) / 4e6 + rng.random(), 6),
        "orig_bytes": out,
        "resp_bytes": back,
        "conn_state": "S0" if tried else "SF",
        "local_orig": habit.source.startswith(("10.", "203.162.10.", "2405:4800:10:")),
        "local_resp": habit.target.startswith(("10.", "203.162.10.", "2405:4800:10:")),
        "missed_bytes": 0,
        "history": "S" if tried else "ShADadFf" if tcp else "Dd",
        "orig_pkts": packets[0],
        "orig_ip_bytes": out + packets[0] * header,
        "resp_pkts": packets[1],
        "resp_ip_bytes": back + packets[1] * header,
        "tunnel_parents": None,
        "ip_proto": NUMBERS[habit.proto],
    }


def _others(rng: Random, day: int) -> list[Row]:
    """What a log has besides: pings, a single datagram, a connection with a gap, one midstream."""
    ping = _record(rng, Habit("203.162.10.40", "5.9.77.10", 0, "udp", None, 0, 0, 1, 9), day)
    ping |= {"proto": "icmp", "ip_proto": 1, "id.orig_p": 8, "conn_state": "OTH", "history": None,
             "orig_bytes": 224, "resp_bytes": 224, "orig_pkts": 4, "orig_ip_bytes": 336,
             "resp_pkts": 4, "resp_ip_bytes": 336}  # fmt: skip
    neighbour = _record(
        rng, Habit("fe80::a14:1", "ff02::1:ff00:fe", 136, "udp", None, 0, 0, 1, 9), day
    )
    neighbour |= {"proto": "icmp", "ip_proto": 58, "id.orig_p": 135, "conn_state": "OTH",
                  "history": None, "duration": None, "orig_bytes": None, "resp_bytes": None,
                  "orig_pkts": 1, "orig_ip_bytes": 72, "resp_pkts": 0,
                  "resp_ip_bytes": 0}  # fmt: skip
    single = _record(
        rng, Habit("203.162.10.20", "5.9.77.10", 514, "udp", "syslog", 0, 0, 1, 9), day
    )
    single |= {"duration": None, "orig_bytes": None, "resp_bytes": None, "conn_state": "S0",
               "history": "D", "orig_pkts": 1, "orig_ip_bytes": 77, "resp_pkts": 0,
               "resp_ip_bytes": 0}  # fmt: skip
    gap = _record(rng, HABITS[0], day)
    gap |= {"missed_bytes": 2_920, "history": "ShADadgFf"}
    midstream = _record(rng, HABITS[4], day)
    midstream |= {"conn_state": "OTH", "history": "^dDa"}
    return [ping, neighbour, single, gap, midstream]


def _day(seed: int, date: str) -> list[Row]:
    rng = Random(seed)
    day = at(f"{date} 00:00:00")
    rows = [_record(rng, habit, day) for habit in HABITS for _ in range(habit.times)]
    rows += _others(rng, day)
    return sorted(rows, key=lambda row: float(row["ts"] or 0) + float(row["duration"] or 0))


def _cell(value: Value) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "T" if value else "F"
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def _tsv(rows: list[Row], date: str, log: str = "conn", types: dict[str, str] = TYPES) -> bytes:
    lines = [
        "#separator \\x09",
        "#set_separator\t,",
        "#empty_field\t(empty)",
        "#unset_field\t-",
        f"#path\t{log}",
        f"#open\t{date}-00-00-00",
        "\t".join(("#fields", *types)),
        "\t".join(("#types", *types.values())),
    ]
    lines += ["\t".join(_cell(row.get(name)) for name in types) for row in rows]
    lines.append(f"#close\t{date}-23-59-59")
    return ("\n".join(lines) + "\n").encode()


ENDS: Final = {
    "ts": "time", "uid": "string", "id.orig_h": "addr", "id.orig_p": "port", "id.resp_h": "addr",
    "id.resp_p": "port",
}  # fmt: skip
SSL: Final = ENDS | {
    "version": "string", "cipher": "string", "server_name": "string", "resumed": "bool",
    "next_protocol": "string", "established": "bool", "ssl_history": "string", "ja4": "string",
}  # fmt: skip
HTTP: Final = ENDS | {
    "trans_depth": "count", "method": "string", "host": "string", "uri": "string",
    "request_body_len": "count", "response_body_len": "count", "status_code": "count",
}  # fmt: skip
QUIC: Final = ENDS | {
    "version": "string", "client_initial_dcid": "string", "server_name": "string",
    "client_protocol": "string", "history": "string",
}  # fmt: skip
DNS: Final = ENDS | {
    "proto": "enum", "trans_id": "count", "rtt": "interval", "query": "string", "qclass": "count",
    "qtype": "count", "qtype_name": "string", "rcode_name": "string", "answers": "vector[string]",
    "TTLs": "vector[interval]", "rejected": "bool",
}  # fmt: skip
FILES: Final = {
    "ts": "time", "fuid": "string", "uid": "string", "source": "string", "mime_type": "string",
    "seen_bytes": "count",
}  # fmt: skip
SERVERS: Final = {
    "52.219.40.10": "backup.store.example", "113.160.92.10": "Portal.Tinh.example",
    "210.155.141.200": "api.partner.example", "203.162.10.21": "replica.land.example",
    "51.38.20.10": "mx.partner.example", STORE_V6: "media.store.example",
    "10.20.2.7": "intranet.tinh.example", "203.162.10.40": "www.tinh.example.",
}  # fmt: skip
"""Names that clients ask for; one server is asked for none."""

JA4: Final = "t13d0302h2_0123456789ab_cdef01234567"
DATE: Final = "2026-10-01"


def _first_day(service: str) -> list[Row]:
    """What the other logs have of each connection of the first day that speaks ``service``."""
    rows = _day(2001, DATE)
    found = [row for row in rows if service in str(row["service"] or "").split(",")]
    return sorted(
        ({name: row[name] for name in (*ENDS, "proto")} for row in found),
        key=lambda row: float(row["ts"] or 0),
    )


def ssl() -> bytes:
    """``ssl.log``: names, versions, one connection that no ``conn.log`` has yet."""
    rows = _first_day("ssl")
    for number, row in enumerate(rows):
        quic = row["proto"] == "udp"
        row |= {
            "version": "TLSv13" if quic or number % 3 else "TLSv12", "established": True,
            "cipher": "TLS_AES_128_GCM_SHA256", "resumed": False, "next_protocol": "h2",
            "server_name": SERVERS.get(str(row["id.resp_h"])), "ssl_history": "CsxknGIi",
            "ja4": None if quic else JA4,
        }  # fmt: skip
    rows.append(rows[-1] | {"uid": "CStillRunning00001", "id.orig_p": 40_000})
    return _tsv(rows, DATE, "ssl", SSL)


def http() -> bytes:
    """``http.log``: a port in the name, two names in one connection."""
    rows = _first_day("http")
    for row in rows:
        row |= {
            "trans_depth": 1, "method": "POST", "host": "Upload.Partner.example:80", "uri": "/in",
            "request_body_len": 26_000, "response_body_len": 12, "status_code": 200,
        }  # fmt: skip
    rows.insert(1, rows[0] | {"trans_depth": 2, "host": "cdn.partner.example"})
    return _tsv(rows, DATE, "http", HTTP)


def quic() -> bytes:
    """``quic.log``: names, and what the client offered first."""
    rows = _first_day("quic")
    for row in rows:
        row |= {
            "version": "1", "client_initial_dcid": "a4b2c1d0e9f80716", "history": "ISishIHhhH",
            "server_name": SERVERS[STORE_V6], "client_protocol": "h3",
        }  # fmt: skip
    return _tsv(rows, DATE, "quic", QUIC)


def dns() -> bytes:
    """``dns.log``: answers by way of an alias, a name that does not exist."""
    rows = _first_day("dns")
    for number, row in enumerate(rows):
        found = number % 4 != 3
        row |= {
            "trans_id": 4711 + number, "rtt": 0.012, "qclass": 1, "qtype": 1, "qtype_name": "A",
            "query": "mirror.partner.example" if found else "no.such.example", "rejected": False,
            "rcode_name": "NOERROR" if found else "NXDOMAIN",
            "answers": "edge.partner.example,5.9.77.10" if found else None,
            "TTLs": "300.000000,7200.000000" if found else None,
        }  # fmt: skip
    return _tsv(rows, DATE, "dns", DNS)


def files() -> bytes:
    """``files.log``, which says nothing of where data went."""
    rows = _first_day("http")
    for number, row in enumerate(rows):
        row |= {
            "fuid": f"FSample{number:011d}", "source": "HTTP", "mime_type": "text/csv",
            "seen_bytes": 26_000,
        }  # fmt: skip
    return _tsv(rows, DATE, "files", FILES)


def ssl_json() -> bytes:
    """``ssl.log`` of the second day as JSON, with nothing but names and versions."""
    rows = [row for row in _day(2002, "2026-10-02") if "ssl" in str(row["service"]).split(",")]
    lines = [
        {name: row[name] for name in ENDS}
        | {"version": "TLSv13", "server_name": SERVERS[str(row["id.resp_h"])]}
        | {"resumed": False, "established": True, "ssl_history": "CsoxyF"}
        for row in rows[:8]
        if str(row["id.resp_h"]) in SERVERS
    ]
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()


def tab_separated() -> bytes:
    """``conn.log`` with its header."""
    return _tsv(_day(2001, "2026-10-01"), "2026-10-01")


def json_lines() -> bytes:
    """The same kind of day as JSON lines; unset fields are absent, as Zeek leaves them."""
    rows = _day(2002, "2026-10-02")
    lines = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()


def gzipped() -> bytes:
    """A rotated log; the compressed bytes may differ between versions of zlib."""
    return gzip.compress(_tsv(_day(2003, "2026-10-03"), "2026-10-03"), mtime=0)

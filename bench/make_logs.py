"""Makes the logs that the benchmark reads: from a seed, the same bytes every time.

    python bench/make_logs.py zeek bench/data/zeek.log [--records 2000000]

``zeek``: conn.log with tabs; ``aws``: VPC flow logs of version 2, two records to a flow; ``eve``:
Suricata's JSON, of ten events six flow, two tls, one http and one dns, each with its flow's id.
Clients are 5,000 addresses of an agency, servers 70,000, four flows in five to servers in Vietnam,
the others to six clouds; times ascend over a day.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

START = 1_790_000_000  # 2026-09-21, s
CHUNK = 1 << 18
HOME = (203 << 8 | 162, 113 << 8 | 160, 14 << 8 | 225, 171 << 8 | 244)
ABROAD = (52 << 8 | 219, 13 << 8 | 107, 34 << 8 | 87, 104 << 8 | 18, 142 << 8 | 250, 20 << 8 | 43)
"""Upper halves of servers' addresses: networks of Vietnam, and clouds."""

ZEEK = (
    "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service",
    "duration", "orig_bytes", "resp_bytes", "conn_state", "local_orig", "local_resp",
    "missed_bytes", "history", "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes",
    "tunnel_parents", "ip_proto",
)  # fmt: skip
AWS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start"
    " end action log-status"
)


class Flows:
    """Some flows, column by column, as texts."""

    def __init__(self, number: int, first: int, count: int, records: int) -> None:
        chance = np.random.default_rng([7, number])
        client, server = chance.integers(0, 5000, count), chance.integers(0, 70_000, count)
        at = first + np.arange(count)
        self.count = count
        self.micros = START * 1_000_000 + at * (86_400_000_000 // records)
        self.lasted = chance.integers(1_000, 30_000_000, count)
        self.client = _joined("10.20.", client >> 8, ".", client & 255)
        home, abroad = np.array(HOME)[server % 4], np.array(ABROAD)[server % 6]
        half = np.where(chance.random(count) < 0.8, home, abroad)
        self.server = _joined(half >> 8, ".", half & 255, ".", server >> 8 & 255, ".", server & 255)
        self.port = _text(chance.integers(1024, 65_536, count))
        self.uid = _joined("C", at + 10**15)
        self.id = _text(at + 10**15)
        self.sent = np.minimum((chance.pareto(1.2, count) + 1) * 300, 1e9).astype(np.int64)
        self.got = np.minimum((chance.pareto(1.1, count) + 1) * 900, 1e9).astype(np.int64)
        self.host = _joined("host", server % 2000, ".example.com")

    def seconds(self, micros: np.ndarray) -> pa.Array:
        """Seconds with six digits."""
        whole, rest = np.divmod(micros, 1_000_000)
        return _joined(whole, ".", pc.utf8_lpad(_text(rest), 6, "0"))

    def stamp(self, micros: np.ndarray) -> pa.Array:
        """``2026-09-21T14:13:20.000000+0000``."""
        kind = pa.timestamp("us")
        return _joined(pc.strftime(pa.array(micros, kind), format="%Y-%m-%dT%H:%M:%S"), "+0000")


def _text(values: Any) -> pa.Array:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array if array.type == pa.string() else array.cast(pa.string())


def _joined(*parts: Any) -> pa.Array:
    texts = [part if isinstance(part, str) else _text(part) for part in parts]
    return pc.binary_join_element_wise(*texts, "")


def _lines(*parts: Any) -> list[str]:
    lines: list[str] = _joined(*parts).to_pylist()
    return lines


def zeek(file: IO[str], flows: Flows) -> None:
    """Records of conn.log."""
    tab = "\t"
    file.write("\n".join(_lines(
        flows.seconds(flows.micros), tab, flows.uid, tab, flows.client, tab, flows.port, tab,
        flows.server, "\t443\ttcp\tssl\t", flows.seconds(flows.lasted), tab, flows.sent, tab,
        flows.got, "\tSF\tT\tF\t0\tShADadFf\t", flows.sent // 900 + 4, tab, flows.sent + 240, tab,
        flows.got // 1200 + 4, tab, flows.got + 300, "\t-\t6",
    )) + "\n")  # fmt: skip


def aws(file: IO[str], flows: Flows) -> None:
    """Two records of each flow."""
    start = flows.micros // 1_000_000
    head, tail = "2 123456789010 eni-1235b8ca123456789 ", " ACCEPT OK"
    span = _joined(" ", start, " ", start + 59, tail)
    there = _lines(head, flows.client, " ", flows.server, " ", flows.port, " 443 6 ",
                   flows.sent // 900 + 4, " ", flows.sent + 240, span)  # fmt: skip
    back = _lines(head, flows.server, " ", flows.client, " 443 ", flows.port, " 6 ",
                  flows.got // 1200 + 4, " ", flows.got + 300, span)  # fmt: skip
    both = [line for pair in zip(there, back, strict=True) for line in pair]
    file.write("\n".join(both) + "\n")


def eve(file: IO[str], flows: Flows) -> None:
    """A flow event of each flow, and for some of them what was inside."""
    ends = (
        '{"timestamp":"', flows.stamp(flows.micros + flows.lasted), '","flow_id":', flows.id,
        ',"in_iface":"eth0","event_type":"',
    )  # fmt: skip
    tuple_ = (
        '","src_ip":"', flows.client, '","src_port":', flows.port, ',"dest_ip":"', flows.server,
        '","dest_port":443,"ip_v":4,"proto":"TCP",',
    )  # fmt: skip
    flow = _lines(
        *ends, "flow", *tuple_, '"app_proto":"tls","flow":{"pkts_toserver":',
        flows.sent // 900 + 4, ',"pkts_toclient":', flows.got // 1200 + 4, ',"bytes_toserver":',
        flows.sent + 400, ',"bytes_toclient":', flows.got + 500, ',"start":"',
        flows.stamp(flows.micros), '","end":"', flows.stamp(flows.micros + flows.lasted),
        '","age":3,"state":"closed","reason":"timeout","alerted":false},"tcp":{"tcp_flags":"1b",',
        '"tcp_flags_ts":"1b","tcp_flags_tc":"1b","syn":true,"fin":true,"psh":true,"ack":true,',
        '"state":"closed"}}',
    )  # fmt: skip
    tls = _lines(
        *ends, "tls", *tuple_, '"tls":{"sni":"', flows.host, '","version":"TLS 1.3",',
        '"ja4":"t13d1516h2_8daaf6152771_e5627efa2ab1"}}',
    )  # fmt: skip
    http = _lines(
        *ends, "http", *tuple_, '"tx_id":0,"http":{"hostname":"', flows.host,
        '","url":"/index.html","http_user_agent":"curl/8","http_method":"GET",',
        '"protocol":"HTTP/1.1","status":200,"length":',
        flows.got, "}}",
    )  # fmt: skip
    dns = _lines(
        *ends, "dns", *tuple_, '"dns":{"type":"query","id":4711,"rrname":"', flows.host,
        '","rrtype":"A","tx_id":0,"opcode":0}}',
    )  # fmt: skip
    lines = []
    for place in range(flows.count):
        if place % 3 == 0:
            lines.append(tls[place])
        elif place % 6 == 1:
            lines.append(http[place])
        elif place % 6 == 2:
            lines.append(dns[place])
        lines.append(flow[place])
    file.write("\n".join(lines) + "\n")


KINDS = {"zeek": (zeek, 1.0), "aws": (aws, 2.0), "eve": (eve, 1 + 1 / 3 + 1 / 6 + 1 / 6)}
"""What writes a kind, and how many records a flow gives."""


def main() -> None:
    """As the module says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("path", type=Path)
    parser.add_argument("--records", type=int, default=2_000_000)
    wanted = parser.parse_args()
    write, each = KINDS[wanted.kind]
    flows = round(wanted.records / each)
    wanted.path.parent.mkdir(parents=True, exist_ok=True)
    with wanted.path.open("w", encoding="ascii") as file:
        if wanted.kind == "zeek":
            file.write("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n")
            file.write("#unset_field\t-\n#path\tconn\n#fields\t" + "\t".join(ZEEK) + "\n")
        elif wanted.kind == "aws":
            file.write(AWS + "\n")
        for number, first in enumerate(range(0, flows, CHUNK)):
            write(file, Flows(number, first, min(CHUNK, flows - first), flows))
        if wanted.kind == "zeek":
            file.write("#close\t2026-09-22-00-00-00\n")


if __name__ == "__main__":
    main()

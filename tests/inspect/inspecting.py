"""Flows to inspect, made of the real conversations of the protocols' tests."""

from __future__ import annotations

from functools import cache
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa

from auditor import inspect
from auditor.inspect.contracts import FlowHead
from auditor.model.content import UNREAD
from auditor.model.stream import Chunk, Ended
from tests.inspect import (
    test_dns,
    test_ftp,
    test_hl7,
    test_http1,
    test_http2,
    test_imap,
    test_iso8583,
    test_mongodb,
    test_mqtt,
    test_mysql,
    test_pop3,
    test_postgresql,
    test_smb,
    test_smtp,
    test_syslog,
    test_tds,
)
from tests.inspect.recorder import head

POLICIES = Path(__file__).parents[2] / "policies"
KEY = bytes(range(32))

CCCD = "Số CCCD: 001099012345 cấp ngày 01/02/2022\n".encode()
"""One personal number that counts."""

TALKS: dict[str, tuple[FlowHead, list[tuple[int, bytes]]]] = {
    **{f"http {each}": (head(), talk) for each, talk in enumerate(test_http1.TALKS)},
    "http2": (head(), test_http2.talk()),
    "smtp": (test_smtp.PORT, test_smtp.SENT),
    "imap": (test_imap.PORT, test_imap.TALK),
    "pop3": (test_pop3.PORT, test_pop3.FETCHED),
    "ftp": (test_ftp.PORT, test_ftp.TALK),
    "ftp-data": (head(20), [(1, b"so_cccd\n001099012345\n" * 40)]),
    "dns": (
        test_dns.UDP,
        [
            (0, test_dns.query("www.example.com")),
            (1, test_dns.answer("a.example.com", 16, b"\x05hello\x06 world")),
            (0, b"\0" * 5),
        ],
    ),
    "dns tcp": (test_dns.TCP, [(0, b"\0\x21" + test_dns.query("www.example.com"))]),
    "syslog": (test_syslog.TCP, [(0, test_syslog.FIRST + b"\n" + test_syslog.SECOND + b"\n")]),
    "syslog udp": (test_syslog.UDP, [(0, test_syslog.FIRST), (0, test_syslog.SECOND)]),
    "mqtt": (test_mqtt.PORT, test_mqtt.talk(5)),
    "hl7": (head(2575), [(0, test_hl7.MESSAGE * 2), (1, test_hl7.ACK * 2)]),
    **{
        f"iso8583 {name}": (test_iso8583.PORT, [(0, framed * 3), (1, framed)])
        for name, framed in test_iso8583.FRAMES.items()
    },
    "smb": (test_smb.FLOW, test_smb.TALK),
    "postgresql": (test_postgresql.FLOW, test_postgresql.REAL),
    "mysql": (test_mysql.FLOW, test_mysql.TALK),
    "tds": (test_tds.FLOW, test_tds.TALK),
    "mongodb": (test_mongodb.FLOW, test_mongodb.TALK),
    "nobody's": (head(4711), [(0, CCCD * 30), (1, bytes(range(256)) * 30)]),
    "nobody's udp": (head(4711, protocol=17), [(0, CCCD), (1, bytes(range(256)) * 30)]),
}
"""By name: a flow and what was said in it."""


@cache
def search() -> inspect.Search:
    """The detectors of the program, compiled once."""
    codes = _Any()
    return inspect.compiled(POLICIES, codes, KEY)


class _Any:
    """Knows all codes."""

    def __contains__(self, code: object) -> bool:
        return True


def flows(*heads: FlowHead, home: str | None = "src", group: int = 0) -> pa.Table:
    """The table of flows 0, 1, ..."""
    size = len(heads)
    return pa.table(
        {
            "flow_id": pa.array(range(size), pa.int64()),
            "protocol": pa.array([each.protocol for each in heads], pa.uint8()),
            "src_ip": pa.array(["192.0.2.1"] * size, pa.string()),
            "src_port": pa.array([each.src_port for each in heads], pa.uint16()),
            "dst_ip": pa.array(["198.51.100.1"] * size, pa.string()),
            "dst_port": pa.array([each.dst_port for each in heads], pa.uint16()),
            "app": pa.array([each.app for each in heads], pa.string()),
            "host": pa.array([each.host for each in heads], pa.string()),
            "home_side": pa.array([home] * size, pa.string()),
            "group": pa.array([group] * size, pa.int64()),
        }
    )


def chunks(flow_id: int, head: FlowHead, said, size: int | None = None) -> list[Chunk]:
    """What was said (sides, bytes, perhaps the gap before) as chunks, cut where a stream may be."""
    datagrams = head.protocol == 17
    out = []
    for side, data, *gap in said:
        if gap and gap[0]:
            out.append(Chunk(flow_id, side, b"", gap[0], datagrams))
        step = len(data) if datagrams or size is None else size
        for begin in range(0, len(data), max(step, 1)):
            out.append(Chunk(flow_id, side, data[begin : begin + step], 0, datagrams))
    return out


def together(*streams):
    """Events of many flows, one of each in turn."""
    return [each for turn in zip_longest(*streams) for each in turn if each is not None]


def inspected(head_or_heads, events, **of_flows):
    """The inspection of some events, and what was told."""
    heads = [head_or_heads] if isinstance(head_or_heads, FlowHead) else head_or_heads
    problems = []
    inspector = inspect.Inspector(flows(*heads, **of_flows), search())
    for event in events:
        inspector.take(event)
    return inspector.finish(problems), problems


def one(head: FlowHead, said, size: int | None = None, *, ended: Ended | None = None):
    """The inspection of one flow, and what was told."""
    events = [*chunks(0, head, said, size), ended or Ended(0)]
    return inspected(head, events)


def account(inspection, flow_id: int = 0) -> list[dict[str, int]]:
    """By side: what became of its bytes; what is zero is left out."""
    rows = [row for row in inspection.coverage.to_pylist() if row["flow_id"] == flow_id]
    return [{name: row[name] for name in ("read", "raw", *UNREAD) if row[name]} for row in rows]


def found(inspection, **wanted):
    """Hits, as detector, direction, values and places."""
    return [
        (hit.detector, hit.outbound, hit.distinct, hit.places)
        for hit in inspection.hits
        if all(getattr(hit, name) == value for name, value in wanted.items())
    ]


def all_of(inspection, problems):
    """Everything that must not depend on how bytes came."""
    subjects = {key: (value.count, value.to_bytes()) for key, value in inspection.subjects.items()}
    return inspection.hits, inspection.coverage.to_pylist(), subjects, problems

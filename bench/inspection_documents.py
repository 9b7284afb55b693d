"""Measures how fast documents become text and tables, and small flows become hits, on one core.

    python bench/inspection_documents.py [--size 16] [--rounds 3] [--flows 5000] [--only html]

Documents are made here, the same ones each time. Each goes in pieces of 64 KiB through a part of a
flow: once with a search that does nothing (what the parser costs), once with the real one. Small
flows (a request by GET, an answer of JSON) go through the whole inspector, chunk by chunk.
"""

# ruff: noqa: S608 - the statements are read as text, never run

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import pyarrow as pa
from inspection_scan import PIECE, WORDS, AnyCode, log, prose

from auditor.inspect.budget import Budget
from auditor.inspect.contracts import About
from auditor.inspect.detectors.lint import load_detectors
from auditor.inspect.detectors.search import Search
from auditor.inspect.inspector import Inspector
from auditor.inspect.parts import FlowPart
from auditor.model.stream import Chunk, Ended

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.inspect.contracts import Item

ROOT = Path(__file__).parents[1]
NAMES = [word.strip(",.;") for word in WORDS]
CHANCE = random.Random(8)  # noqa: S311 - made documents


def person(at: int) -> dict[str, Any]:
    """A customer of about a thousand different ones, and an order of its own."""
    who = at % 997
    return {
        "id": at,
        "hoTen": " ".join(NAMES[(who + step) % len(NAMES)] for step in range(3)),
        "soCCCD": f"0790850{who:05d}",
        "dienThoai": f"0912{who * 7:06d}",
        "email": f"mau{who}@vi-du.vn",
        "diaChi": {"duong": f"{who} Lê Lợi", "tinh": "Hà Nội"},
        "soTien": at * 1000 % 999_983,
        "ngay": f"2026-{1 + at % 12:02}-{1 + at % 28:02}",
        "vip": at % 3 == 0,
    }


def html_tables(at: int) -> str:
    """A row of a list, as web applications write it."""
    one = person(at)
    return (
        f'<tr class="row r{at % 9}" data-id="{at}">\n  <td class="c1"><a href="/khach-hang/{at}'
        f'?ref=ds">{one["hoTen"]}</a></td>\n  <td>{one["soCCCD"]}</td><td>{one["dienThoai"]}</td>'
        f'\n  <td><span class="badge">{one["soTien"]} &#8363;</span></td><td>A&amp;B</td></tr>\n'
    )


def html_page(at: int) -> str:
    """An article with navigation and a script."""
    text = prose(CHANCE)
    return (
        f'<div class="card shadow-sm" id="c{at}"><h3><a href="/tin/{at}.html" title="Tin {at}">'
        f'{text[:40]}</a></h3><p class="lead">{text}</p><ul><li>x</li><li>y&nbsp;z</li></ul>'
        f"<script>var a{at}={{b:{at},c:function(x){{return x<2&&x>0}}}};</script></div>\n"
    )


def iso20022(at: int) -> str:
    """A transfer of a pain.001 message."""
    one = person(at)
    return (
        f'<CdtTrfTxInf><PmtId><EndToEndId>E{at}</EndToEndId></PmtId><Amt><InstdAmt Ccy="VND">'
        f"{one['soTien']}</InstdAmt></Amt><CdtrAgt><FinInstnId><BICFI>BFTVVNVX</BICFI></FinInstnId>"
        f"</CdtrAgt><Cdtr><Nm>{one['hoTen']}</Nm></Cdtr><CdtrAcct><Id><Othr><Id>00110{at:08d}</Id>"
        f"</Othr></Id></CdtrAcct><RmtInf><Ustrd>{one['diaChi']['duong']}</Ustrd></RmtInf>"
        "</CdtTrfTxInf>\n"
    )


def soap(at: int) -> str:
    """A flat record of an answer."""
    one = person(at)
    return (
        f"    <n:khachHang>\n      <n:id>{at}</n:id>\n      <n:hoTen>{one['hoTen']}"
        f"</n:hoTen>\n      <n:soCCCD>{one['soCCCD']}</n:soCCCD>\n      <n:dienThoai>"
        f"{one['dienThoai']}</n:dienThoai>\n      <n:soTien>{one['soTien']}</n:soTien>\n"
        "    </n:khachHang>\n"
    )


def spread(at: int) -> str:
    """Elements of many kinds that are no records."""
    one = person(at)
    return (
        f"<muc{at % 90}><ten lang='vi'>{one['hoTen']}</ten><SoCCCD>{one['soCCCD']}</SoCCCD>"
        f"<moTa><![CDATA[{one['email']} a < b]]></moTa></muc{at % 90}>"
    )


def api(at: int) -> str:
    """An object of an answer."""
    return json.dumps(person(at), ensure_ascii=False)


def tight(at: int) -> str:
    """The same without spaces."""
    return json.dumps(person(at), ensure_ascii=False, separators=(",", ":"))


def ragged(at: int) -> str:
    """Objects whose keys differ, and hold lists."""
    one = person(at)
    if at % 3:
        del one["vip"]
    one["the"] = [{"so": f"{at:08d}", "loai": "A"}] * (at % 4)
    return json.dumps(one, ensure_ascii=False)


def values(at: int) -> str:
    """A row of an INSERT."""
    one = person(at)
    return (
        f"({at},'{one['hoTen']}','{one['soCCCD']}','{one['dienThoai']}','{one['email']}',"
        f"{one['soTien']},'{one['ngay']}',NULL,'{NAMES[at % 50]}, {NAMES[at % 60]}\\'s')"
    )


def copied(at: int) -> str:
    """A line of a COPY block."""
    one = person(at)
    cells = (at, one["hoTen"], one["soCCCD"], one["dienThoai"], one["email"], one["ngay"], "\\N")
    return "\t".join(map(str, cells)) + "\n"


def row(at: int) -> str:
    """A line of a table."""
    one = person(at)
    cells = (at, one["hoTen"], one["soCCCD"], one["dienThoai"], one["email"], one["soTien"])
    return ",".join(map(str, cells)) + "\n"


def quoted(at: int) -> str:
    """The same between quotes."""
    one = person(at)
    cells = (at, one["hoTen"], one["soCCCD"], one["dienThoai"], one["email"], one["soTien"])
    return ",".join(f'"{cell}"' for cell in cells) + "\n"


HEADER = "id,ho_ten,so_cccd,dien_thoai,email,so_tien\n"
DUMP = (
    "-- MySQL dump 10.13\nCREATE TABLE `khach` (\n  `id` int NOT NULL,\n  `ho_ten` varchar(50),\n"
    "  `so_cccd` char(12),\n  `dien_thoai` char(12),\n  `email` text,\n  `so_tien` int,\n"
    "  `ngay` date,\n  `ghi_chu` text,\n  `khac` text\n);\n"
)
COPY = (
    "-- PostgreSQL database dump\n"
    "COPY public.khach (id, ho_ten, so_cccd, dien_thoai, email, ngay, x) FROM stdin;\n"
)
ENVELOPE = '<?xml version="1.0"?><S:Envelope xmlns:S="s" xmlns:n="n"><S:Body>'
MESSAGE = '<?xml version="1.0"?><Document><PmtInf>'

Kind = tuple[str, "Callable[[int], str]", str, str, str]
KINDS: dict[str, Kind] = {
    # kind: before all, each record, between records, after all, media type
    "html table": ("<!DOCTYPE html><html><table>", html_tables, "", "</html>", "text/html"),
    "html page": ("<!DOCTYPE html><html><body>", html_page, "", "</html>", "text/html"),
    "xml iso20022": (MESSAGE, iso20022, "", "</PmtInf></Document>", "application/xml"),
    "xml soap": (ENVELOPE, soap, "", "</S:Body></S:Envelope>", "text/xml"),
    "xml spread": ("<?xml version='1.0'?><goc>", spread, "", "</goc>", "text/xml"),
    "json array": ('{"total": 1, "data": [', api, ", ", "]}", "application/json"),
    "json tight": ("[", tight, ",", "]", "application/json"),
    "json ragged": ("[", ragged, ", ", "]", "application/json"),
    "ndjson": ("", api, "\n", "\n", "application/x-ndjson"),
    "sql insert many": (DUMP + "INSERT INTO `khach` VALUES ", values, ",", ";\n", ""),
    "sql insert one": (DUMP, lambda at: f"INSERT INTO `khach` VALUES {values(at)};\n", "", "", ""),
    "sql copy": (COPY, copied, "", "\\.\n", ""),
    "csv": (HEADER, row, "", "", "text/csv"),
    "csv quoted": (HEADER, quoted, "", "", "text/csv"),
    "log": ("", lambda _: log(CHANCE), "", "", "text/plain"),
}


def made(kind: str, size: int) -> bytes:
    """A document of about so many bytes."""
    begin, each, between, end, _ = KINDS[kind]
    sample = len(between.join(map(each, range(200))).encode()) / 200
    records = between.join(map(each, range(int(size / sample))))
    return (begin + records + end).encode()


class Nothing:
    """A search that does nothing."""

    secret = False
    matches = 0
    found: tuple[()] = ()

    def text(self, data: bytes, place: str = "") -> None:
        """Takes text."""

    def table(self, names: Sequence[str], columns: Sequence[Sequence[str | None]]) -> None:
        """Takes rows."""

    def fact(self, name: str, detail: str = "") -> None:
        """Takes a fact."""

    def close(self) -> None:
        """Judges nothing."""


class Owner:
    """A flow that counts nothing."""

    def __init__(self, search: Search | None) -> None:
        self.search = search
        self.budget = Budget()
        self.problems: list[str] = []

    def begun(self, part: FlowPart) -> None:
        """Nothing is kept."""

    def over(self, part: FlowPart) -> None:
        """Nothing is kept."""

    def text(self, side: int, place: str, data: bytes) -> None:
        """Nothing is searched that is no part."""

    def left_out(self, place: str, why: str, what: str) -> None:
        """Nothing is counted."""

    def item(self, side: int, place: str) -> Item:
        """The search, or one that does nothing."""
        return Nothing() if self.search is None else self.search.item(side, place)

    def judged(self, side: int, item: Item) -> None:
        """Nothing is kept."""

    def lost(self, side: int, size: int, why: str) -> None:
        """Nothing is counted."""

    def raw(self, side: int, size: int) -> None:
        """Nothing is counted."""

    def problem(self, code: str, message: str) -> None:
        """Keeps it, to be shown."""
        self.problems.append(f"{code}: {message}")


def rate(data: bytes, media_type: str, search: Search | None, rounds: int) -> float:
    """MB/s, of the best round."""
    best = float("inf")
    for _ in range(rounds):
        owner = Owner(search)
        begin = time.process_time()
        part = FlowPart(owner, 0, About(media_type, place="HTTP response body"))
        for place in range(0, len(data), PIECE):
            part.feed(data[place : place + PIECE])
        part.close()
        best = min(best, time.process_time() - begin)
        if owner.problems:
            print(*owner.problems[:3], sep="\n")
    return len(data) / best / 1e6


def small_flows(search: Search, count: int, size: int) -> str:
    """Flows a second: a request by GET and an answer of JSON of ``size`` bytes together."""
    head = (
        "GET /api/v1/khach-hang/{0} HTTP/1.1\r\nHost: api.vi-du.vn\r\nUser-Agent: okhttp/4.9\r\n"
        "Accept: application/json\r\nAuthorization: Basic xyz\r\n\r\n"
    )
    answers = []
    for at in range(100):
        body = "[" + ", ".join(api(at * 50 + step) for step in range(max(1, size // 260))) + "]"
        sent = body.encode()[: size - 360].rpartition(b", {")[0] + b"]"
        answers.append(
            b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json; charset=utf-8\r\n"
            b"Date: Mon, 16 Nov 2026 08:00:00 GMT\r\nContent-Length: %d\r\n\r\n" % len(sent) + sent
        )
    table = pa.table(
        {
            "flow_id": pa.array(range(count), pa.int64()),
            "protocol": pa.array([6] * count, pa.uint8()),
            "src_port": pa.array([50_000] * count, pa.uint16()),
            "dst_port": pa.array([80] * count, pa.uint16()),
            "app": pa.array(["http"] * count),
            "host": pa.array(["api.vi-du.vn"] * count),
            "home_side": pa.array(["src"] * count),
            "src_payload": pa.array([200] * count, pa.int64()),
            "dst_payload": pa.array([size] * count, pa.int64()),
            "group": pa.array([at % 50 for at in range(count)], pa.int64()),
        }
    )
    inspector = Inspector(table, search)
    begin = time.process_time()
    total = 0
    for at in range(count):
        request, answer = head.format(at).encode(), answers[at % 100]
        total += len(request) + len(answer)
        inspector.take(Chunk(at, 0, request))
        for place in range(0, len(answer), 1460):
            inspector.take(Chunk(at, 1, answer[place : place + 1460]))
        inspector.take(Ended(at))
    taken = time.process_time() - begin
    found = inspector.finish([])
    return f"{count / taken:8,.0f} flows/s {total / taken / 1e6:7.1f} MB/s   {len(found.hits)} hits"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", type=int, default=16, help="MB of each document")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--flows", type=int, default=5000)
    options.add_argument("--only", default="", help="kinds that begin so; 'flows' for flows alone")
    options.add_argument("--detectors", type=Path, default=ROOT / "policies" / "detectors")
    chosen = options.parse_args()
    search = Search(load_detectors(chosen.detectors, AnyCode(), examples=False), bytes(32))
    for kind, (*_, media_type) in KINDS.items():
        if not kind.startswith(chosen.only):
            continue
        data = made(kind, chosen.size * 1_000_000)
        alone = rate(data, media_type, None, chosen.rounds)
        searched = rate(data, media_type, search, max(1, chosen.rounds - 1))
        print(f"{kind:16} {alone:7.1f} MB/s   with the search {searched:7.1f} MB/s", flush=True)
    if "flows".startswith(chosen.only):
        for size in (1024, 4096, 16_384):
            print(f"flows of {size:6,} B {small_flows(search, chosen.flows, size)}", flush=True)


if __name__ == "__main__":
    main()

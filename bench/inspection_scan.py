"""Measures the search of text for everything that detectors look for, on one core.

    python bench/inspection_scan.py [--size 64] [--rounds 3] [--detectors policies/detectors]

Texts are made here: Vietnamese prose, markup and logs mixed in equal parts (with a record of a
person in every two hundredth line), the same in logs alone, and a dense table of numbers, once as
cells and once as plain text. Each is one item, handed over in pieces of 64 KiB, as a body comes out
of reassembly; the best of the rounds counts.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from auditor.inspect.detectors.lint import load_detectors
from auditor.inspect.detectors.search import Search

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.inspect.detectors.items import Item

ROOT = Path(__file__).parents[1]
WANTED = 500
"""MB/s of ordinary text."""

PIECE = 1 << 16
PROSE = (
    "Trong phiên họp thường kỳ, các đại biểu đã thảo luận về kế hoạch phát triển kinh tế, xã hội "
    "năm tới, trong đó chú trọng bảo mật thông tin, ngày ký hợp đồng và số lượng khách hàng mới "
    "tại các chi nhánh. Nhiều ý kiến cho rằng việc chuyển đổi số cần đi trước một bước, song phải "
    "bảo đảm quyền lợi của người dân và doanh nghiệp trên địa bàn, nhất là ở vùng sâu, vùng xa. "
    "The committee asked for a report on delivery times, prices and the quality of service by the "
    "end of the quarter; further items were moved to the next meeting."
)
WORDS = PROSE.split()


class AnyCode:
    """Every label is known: the lists of categories are not what is measured."""

    def __contains__(self, code: object) -> bool:
        return True


def prose(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=90)) + ".\n"


def markup(chance: random.Random) -> str:
    lines = []
    for _ in range(8):
        words = " ".join(chance.choices(WORDS, k=6))
        number = chance.randrange(10**6)
        lines.append(
            f'<div class="row c{number % 97}"><a href="/san-pham/{number}?ref=a{number % 7}">'
            f"{words}</a><span>{number % 1000}.000</span></div>\n"
        )
    return "".join(lines)


def log(chance: random.Random) -> str:
    return "".join(
        f"2026-11-{chance.randrange(1, 29):02} {chance.randrange(24):02}:{chance.randrange(60):02}:"
        f"{chance.randrange(60):02}.{chance.randrange(1000):03} host{chance.randrange(9)} "
        f"nginx[{chance.randrange(10**5)}]: 10.0.{chance.randrange(256)}.{chance.randrange(256)} "
        f'"GET /api/v1/items/{chance.randrange(10**7)} HTTP/1.1" 200 {chance.randrange(10**5)}\n'
        for _ in range(8)
    )


def record(chance: random.Random) -> str:
    return (
        f"Họ tên: Trần Văn Mẫu, CCCD: 0790850{chance.randrange(10**5):05}, SĐT: 0912"
        f"{chance.randrange(10**6):06}, email: mau{chance.randrange(10**4)}@vi-du.vn\n"
    )


def made(size: int, kinds: list[Callable[[random.Random], str]], records: int) -> bytes:
    """A text of so many bytes; a record in every ``records``-th part."""
    chance = random.Random(8)  # noqa: S311 - a made text
    parts: list[bytes] = []
    total = 0
    while total < size:
        part = chance.choice(kinds)(chance)
        if chance.randrange(records) == 0:
            part += record(chance)
        parts.append(part.encode())
        total += len(parts[-1])
    return b"".join(parts)


def cells(rows: int) -> tuple[tuple[str, ...], list[list[str]]]:
    """A table of customers."""
    chance = random.Random(9)  # noqa: S311 - as above
    names = ("ma_don", "ho_ten", "so_cccd", "dien_thoai", "so_tien", "ghi_chu")
    columns = [
        [str(10**9 + place) for place in range(rows)],
        [" ".join(chance.choices(WORDS, k=3)) for _ in range(rows)],
        [f"0790850{chance.randrange(10**5):05}" for _ in range(rows)],
        [f"0912{chance.randrange(10**6):06}" for _ in range(rows)],
        [str(chance.randrange(10**7)) for _ in range(rows)],
        [chance.choice(WORDS) for _ in range(rows)],
    ]
    return names, columns


def rate(search: Search, size: int, rounds: int, write: Callable[[Item], None]) -> str:
    """MB/s and what was found."""
    best = float("inf")
    found = ""
    for _ in range(rounds):
        begin = time.process_time()  # of this core, whoever else has it at times
        item = search.item(0, "bench")
        write(item)
        item.close()
        best = min(best, time.process_time() - begin)
        hits = sorted(item.found, key=lambda one: -one.matches)
        found = ", ".join(f"{one.detector.id} {one.matches:,}" for one in hits[:6])
    return f"{size / best / 1e6:6.0f} MB/s   {found}"


def dearest(search: Search, text: bytes, most: int = 12) -> list[str]:
    """The expressions that are reported most often, each of which costs a call."""
    ends = search.ends(b"\n" + text[: 8 << 20] + b"\n")
    ranked = sorted(ends.items(), key=lambda pair: -len(pair[1]))[:most]
    return [
        f"{len(places):9,}  {search.expressions[number].source[:60]}" for number, places in ranked
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", type=int, default=64, help="MB of each text")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--detectors", type=Path, default=ROOT / "policies" / "detectors")
    chosen = options.parse_args()
    size = chosen.size * 1_000_000

    begin = time.perf_counter()
    detectors = load_detectors(chosen.detectors, AnyCode(), examples=False)
    loaded = time.perf_counter()
    search = Search(detectors, bytes(32))
    print(
        f"{len(detectors)} detectors, {len(search.expressions)} expressions: read in "
        f"{loaded - begin:.2f} s, compiled in {time.perf_counter() - loaded:.2f} s"
    )

    def fed(text: bytes) -> Callable[[Item], None]:
        def write(item: Item) -> None:
            for place in range(0, len(text), PIECE):
                item.text(text[place : place + PIECE])

        return write

    ordinary = made(size, [prose, markup, log], 200)
    print(f"ordinary text  {rate(search, len(ordinary), chosen.rounds, fed(ordinary))}")
    print("  reported most often:", *dearest(search, ordinary), sep="\n    ")
    for title, kinds in (("prose", [prose]), ("markup", [markup]), ("logs", [log])):
        text = made(size // 4, kinds, 10**9)
        print(f"{title:13}  {rate(search, len(text), chosen.rounds, fed(text))}")
    names, columns = cells(65_536)
    lines = ["\t".join(names), *("\t".join(row) for row in zip(*columns, strict=True))]
    text = "\n".join(lines).encode()
    print(f"dense as text  {rate(search, len(text), chosen.rounds, fed(text))}")
    as_table = rate(search, len(text), chosen.rounds, lambda item: item.table(names, columns))
    print(f"dense as cells {as_table}")
    print(f"wanted: {WANTED} MB/s of ordinary text")


if __name__ == "__main__":
    main()

"""Damaged logs of every kind: nothing stops the reading, and every flow is one that can be."""

from __future__ import annotations

import gzip
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from auditor.model.errors import InputError
from auditor.readers.formats import Choice
from auditor.readers.reading import ROWS
from tests.readers.reading import read_files

SAMPLES = Path(__file__).parents[2] / "samples" / "logs"
FILES = sorted(SAMPLES.glob("*/*"))
SLOW = ("nfdump",)
WORDS = (
    b"\0", b"\xff\xfe", b"-", b"-1", b"99999999999999999999", b"1e309", b"NaN", b"::1", b"\r",
    b"\n", b'"', b"'", b",", b"\t", b"{", b"}", b"[]", b"null", b"true", b"=", b"|", b"\\", b"0x1F",
    "Đ".encode(), b" ", b"2026-13-45", b"1969-12-31T23:59:59Z", b"255.255.255.256", b"x" * 3000,
)  # fmt: skip


def damaged(content: bytes, draw: Random) -> bytes:
    """``content`` with some bytes turned, words put in, lines repeated, swapped or cut."""
    data = bytearray(content)
    for _ in range(draw.randrange(1, 8)):
        if not data:
            break
        place = draw.randrange(len(data))
        kind = draw.randrange(6)
        if kind == 0:
            data[place] = draw.randrange(256)
        elif kind == 1:
            data[place:place] = draw.choice(WORDS)
        elif kind == 2:
            del data[place : place + draw.randrange(1, 60)]
        elif kind == 3:
            size = draw.randrange(1, 200)
            data[place:place] = data[max(place - size, 0) : place]
        elif kind == 4:
            end = data.find(b"\n", place) + 1 or len(data)
            data[place:end] = data[place:end][::-1]
        else:
            del data[draw.randrange(len(data)) :]
    return bytes(data)


def assert_possible(flows: pa.Table) -> None:
    """What no damage may make of a flow."""
    assert set(ROWS.names) <= set(flows.column_names)
    flows.validate(full=True)
    for name in ROWS.names:
        assert ROWS.field(name).nullable or flows[name].null_count == 0, name
    assert pc.all(pc.less_equal(flows["start"], flows["end"])).as_py() is not False
    for name in ("src_bytes", "dst_bytes", "src_packets", "dst_packets", "sampling", "window_s"):
        assert (pc.min(flows[name]).as_py() or 0) >= 0, name


def read_damaged(path: Path, content: bytes, folder: Path) -> None:
    file = folder / path.name
    file.write_bytes(content)
    head = gzip.decompress(content) if path.suffix == ".gz" else content
    reader = Choice().reader_for(head[: 1 << 16])
    if reader is None:
        return
    [answer], [flows], problems, _ = read_files(reader, [file])
    if isinstance(answer, InputError):
        assert answer.message
        return
    assert_possible(flows)
    assert all(problem.message and problem.count >= 0 for problem in problems)


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.parent.name not in SLOW],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_a_damaged_log_stops_nothing(path, tmp_path):
    tortured(path, tmp_path, rounds=6, seed=0)


def tortured(path: Path, folder: Path, rounds: int, seed: int) -> None:
    """Reads damaged copies of a log; the same seed damages the same way."""
    plain = path.read_bytes()
    packed = path.suffix == ".gz"
    draw = Random(f"{path.name} {seed}")
    for _ in range(rounds):
        content = damaged(gzip.decompress(plain) if packed else plain, draw)
        read_damaged(path, gzip.compress(content) if packed else content, folder)

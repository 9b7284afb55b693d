"""Every reader keeps the conventions: a sample of its own, and a table as the contract wants it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pytest

from auditor.readers import formats
from auditor.readers.formats import reader_of, readers_for
from auditor.readers.reading import ROWS
from auditor.readers.streams import Source
from tests.readers.reading import read_files

SAMPLES = Path(__file__).parents[2] / "samples"
READERS = readers_for(())
FILES = sorted([*SAMPLES.glob("pcaps/*"), *SAMPLES.glob("logs/*/*")])


def head(path: Path) -> bytes:
    with Source(path).open() as opened:
        return opened.head


def read(path: Path):
    [reading], [flows], problems, sizes = read_files(reader_of(path), [path])
    return reading, flows, problems, sizes


def test_readers_have_different_plain_names():
    names = [reader.name for reader in READERS]
    assert len(set(names)) == len(names)
    assert all(name and name.replace("-", "").isalnum() and name.islower() for name in names)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_every_reader_has_a_sample_that_it_alone_takes(reader):
    others = [other for other in READERS if other is not reader]
    mine = [path for path in FILES if reader.sniff(head(path)) > 0]
    assert mine
    assert not any(other.sniff(head(path)) for path in mine for other in others)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_sample_is_taken(path):
    assert reader_of(path) is not None


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"\0",
        b"\xff" * 65536,
        b"{",
        b'{"a": 1}\n',
        b"#",
        b"\x1f\x8b",
        b"\x1f\x8b" + b"\xff" * 99,
        b"<html>",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"SQLite format 3\0",
        b"\xab\xcd\xefMaxMind.com",
        "Không phải nhật ký\n".encode(),
    ],
    ids=lambda start: repr(start[:12]),
)
def test_no_reader_takes_what_is_nobodys_nor_stumbles_over_it(reader, start):
    assert reader.sniff(start) == 0.0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_reading_keeps_the_contract(path):
    reading, flows, problems, sizes = read(path)
    assert set(flows.column_names) - {"icmp"} == set(ROWS.names)
    for field in ROWS:
        column = flows[field.name]
        assert column.type.equals(field.type), field.name
        assert field.nullable or column.null_count == 0, field.name
    assert reading.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert sum(sizes) == path.stat().st_size
    starts = flows["start"].cast(pa.int64()).to_pylist()
    assert starts == sorted(starts)
    assert all(problem.message and problem.source for problem in problems)
    for problem in problems:
        assert problem.count >= 1
        assert problem.lost_bytes is None or 0 <= problem.lost_bytes <= path.stat().st_size


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_flow_makes_sense_by_itself(path):
    for flow in read(path)[1].to_pylist():
        assert flow["start"] <= flow["end"]
        for side in ("src", "dst"):
            packets, size = flow[f"{side}_packets"], flow[f"{side}_bytes"]
            payload = flow[f"{side}_payload"]
            assert payload is None or size is None or 0 <= payload <= size
            assert packets != 0 or not size
            assert flow["protocol"] in (6, 17) or flow[f"{side}_port"] is None
        assert flow["host"] is None or flow["host"] == flow["host"].lower()
        assert (flow["host"] is None) == (flow["host_basis"] is None)
        assert flow["src_tcp_flags"] is None or flow["protocol"] == 6


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_reading_twice_gives_the_same(path):
    first, second = read(path), read(path)
    assert first[1].equals(second[1])
    assert first[0] == second[0]


def test_the_surest_reader_wins(tmp_path, monkeypatch):
    class Sure:
        name = "sure"

        def __init__(self, confidence):
            self.sniff = lambda start: confidence

    doubtful, sure, never = Sure(0.2), Sure(0.9), Sure(0.0)
    (tmp_path / "file").write_bytes(b"x")
    monkeypatch.setattr(formats, "ONE_FORMAT", (never, doubtful, sure))
    assert reader_of(tmp_path / "file") is sure
    monkeypatch.setattr(formats, "ONE_FORMAT", (never,))
    assert reader_of(tmp_path / "file") is None

"""What becomes of a file that grew in a way that cannot be continued."""

import gzip
import hashlib
import struct
from datetime import UTC, datetime, timedelta

import pytest

from auditor.agent.settings import Job
from auditor.agent.watch import look
from auditor.store import files, opened
from auditor.store.files import Content


@pytest.fixture
def store(tmp_path):
    made = opened(tmp_path / "data")
    yield made
    made.close()


def capture(packets):
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
    return head + b"".join(
        struct.pack("<IIII", number, 0, 60, 60) + bytes([number % 251]) * 60
        for number in range(packets)
    )


def test_a_packed_capture_that_grew_is_quarantined_and_whole_once_released(store, tmp_path):
    folder, now = tmp_path / "in", datetime.now(UTC) + timedelta(hours=1)
    folder.mkdir()
    before = capture(900)
    mark = hashlib.sha256(before[:65_536]).hexdigest()
    kept = Content(hashlib.sha256(before).hexdigest(), mark, len(before), "x.pcap")
    path = folder / "x.pcap.gz"
    path.write_bytes(gzip.compress(capture(950)))
    given = {"name": "j", "schedule": {"every": "1d"}, "sources": [{"folder": str(folder)}]}
    job = Job.model_validate(given)
    with store.writing() as connection:
        files.taken(connection, "j", "run-1", [kept], now)
    found = look(job, store, now, tmp_path / "scratch", lambda _: None)
    assert "it is a packed capture" in found.quarantined[0].reason and not found.ready
    assert not look(job, store, now, tmp_path / "scratch", lambda _: None).quarantined
    with store.writing() as connection:
        assert files.released(connection, "j", str(path))
    (taken,) = look(job, store, now, tmp_path / "scratch", lambda _: None).ready
    assert taken.path == path and taken.original == path


def test_a_file_that_grew_is_read_as_a_copy_of_its_new_part(store, tmp_path):
    folder, now = tmp_path / "in", datetime.now(UTC) + timedelta(hours=1)
    folder.mkdir()
    path = folder / "x.pcap"
    path.write_bytes(capture(950))
    before = capture(900)
    mark = hashlib.sha256(before[:65_536]).hexdigest()
    kept = Content(hashlib.sha256(before).hexdigest(), mark, len(before), "x.pcap")
    given = {"name": "j", "schedule": {"every": "1d"}, "sources": [{"folder": str(folder)}]}
    with store.writing() as connection:
        files.taken(connection, "j", "run-1", [kept], now)
    found = look(Job.model_validate(given), store, now, tmp_path / "scratch", lambda _: None)
    (taken,) = found.ready
    assert taken.original is None and taken.shown == f"{path} (from byte {len(before)})"
    assert taken.content == hashlib.sha256(capture(950)).hexdigest()
    assert taken.path.stat().st_size == 24 + 50 * 76


def test_a_disk_that_fails_is_told_and_the_file_waits(store, tmp_path):
    folder, now = tmp_path / "in", datetime.now(UTC) + timedelta(hours=1)
    folder.mkdir()
    (folder / "x.pcap").write_bytes(capture(950))
    before = capture(900)
    mark = hashlib.sha256(before[:65_536]).hexdigest()
    kept = Content(hashlib.sha256(before).hexdigest(), mark, len(before), "x.pcap")
    given = {"name": "j", "schedule": {"every": "1d"}, "sources": [{"folder": str(folder)}]}
    with store.writing() as connection:
        files.taken(connection, "j", "run-1", [kept], now)
    (tmp_path / "scratch").write_text("in the way")
    problems = []
    found = look(Job.model_validate(given), store, now, tmp_path / "scratch", problems.append)
    assert [each.code for each in problems] == ["unreadable-file"]
    assert len(found.waiting) == 1 and not found.ready

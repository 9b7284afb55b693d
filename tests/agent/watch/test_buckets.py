"""Buckets, against a real server of the S3 protocol on loopback."""

import gzip
import os
import shutil
import sys
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from fsspec.registry import _registry

from auditor.agent.settings import Job
from auditor.agent.watch import buckets, changed, committed, look
from auditor.agent.watch.contents import digests_of
from auditor.model.errors import PolicyError
from auditor.readers import Source as Input
from auditor.store import opened

LINE = (
    "1700000{0:03}.000 100 192.0.2.1 TCP_MISS/200 {0} GET http://h{0}.example/ -"
    " DIRECT/203.0.113.1 text/html\n"
)


@pytest.fixture(scope="module")
def server():
    from moto.server import ThreadedMotoServer

    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server, monkeypatch):
    """A client of an empty bucket; the agent's secrets are in its environment."""
    import boto3

    monkeypatch.setenv("TEST_ACCESS_ID", "testing")
    monkeypatch.setenv("TEST_ACCESS_KEY", "testing-secret")
    client = boto3.client(
        "s3",
        endpoint_url=server,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing-secret",  # noqa: S106 - of the server above
    )
    client.create_bucket(Bucket="logs")
    yield client
    for each in client.list_objects_v2(Bucket="logs").get("Contents", ()):
        client.delete_object(Bucket="logs", Key=each["Key"])
    client.delete_bucket(Bucket="logs")
    client.close()


def job(server, **more):
    source = {
        "bucket": "s3://logs/night",
        "endpoint": server,
        "region": "us-east-1",
        "access_id_env": "TEST_ACCESS_ID",
        "access_key_env": "TEST_ACCESS_KEY",
        **more,
    }
    return Job.model_validate({"name": "j", "schedule": {"every": "1d"}, "sources": [source]})


class Watcher:
    def __init__(self, server, tmp_path):
        self.job, self.store = job(server), opened(tmp_path / "data")
        self.scratch, self.now = tmp_path / "scratch", datetime.now(UTC)
        self.problems = []

    def look(self, later=120):
        self.now += timedelta(seconds=later)
        self.problems = []
        shutil.rmtree(self.scratch, ignore_errors=True)
        return look(self.job, self.store, self.now, self.scratch, self.problems.append)

    def commit(self, found):
        inputs = []
        for each in found.ready:
            digest = digests_of(Input(each.path)).whole
            inputs.append(SimpleNamespace(name=each.shown, reader="squid", sha256=digest,
                                          content=digest, packets=1))  # fmt: skip
        run = SimpleNamespace(inputs=inputs, problems=())
        with self.store.writing() as connection:
            committed(connection, "j", "run", found.ready, run, self.now)


@pytest.fixture
def watcher(server, tmp_path):
    made = Watcher(server, tmp_path)
    yield made
    made.store.close()


def put(bucket, key, content):
    bucket.put_object(Bucket="logs", Key=key, Body=content)


def text(first, last):
    return "".join(LINE.format(number) for number in range(first, last)).encode()


def test_an_object_is_taken_once_by_content(bucket, watcher):
    put(bucket, "night/a/x.log", text(0, 900))
    put(bucket, "night/.hidden", b"x")
    put(bucket, "other/y.log", text(900, 999))
    assert not watcher.look(later=0).ready
    found = watcher.look()
    (taken,) = found.ready
    assert taken.name == "s3://logs/night/a/x.log" and taken.shown == taken.name
    assert taken.path.read_bytes() == text(0, 900)
    assert taken.path.stat().st_mode & 0o777 == 0o600
    assert not changed(found.ready)
    watcher.commit(found)
    put(bucket, "night/copy.log.gz", gzip.compress(text(0, 900)))
    found = watcher.look()
    assert [each.name for each in found.known] == ["s3://logs/night/copy.log.gz"]
    assert not found.ready and not watcher.problems
    put(bucket, "night/a/x.log", text(0, 905))
    (rest,) = watcher.look().ready
    assert rest.path.read_bytes() == text(900, 905)
    assert rest.shown == f"s3://logs/night/a/x.log (from byte {len(text(0, 900))})"


def test_keys_that_are_no_paths_stay_in_the_folder(bucket, watcher):
    keys = ["night/../../../etc/x.log", "night//a.log", "night/" + "n" * 500 + ".log"]
    for number, key in enumerate(keys):
        put(bucket, key, text(number, number + 1))
    found = watcher.look()
    assert len(found.ready) == 3, watcher.problems
    assert all(watcher.scratch.resolve() in each.path.resolve().parents for each in found.ready)


def test_a_disk_without_room_downloads_nothing_and_says_so(bucket, watcher, monkeypatch):
    put(bucket, "night/x.log", text(0, 9))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(buckets.shutil, "disk_usage", lambda _: usage(10**12, 10**12, 10**6))
    found = watcher.look()
    assert [each.reason for each in found.waiting] == ["was not downloaded"]
    assert "Free some space" in watcher.problems[0].hint
    assert not [each for each in watcher.scratch.rglob("*") if each.is_file()]


def test_a_bucket_that_is_not_there_is_told(bucket, watcher, server):
    watcher.job = job(server, bucket="s3://absent/night")
    assert not watcher.look().ready
    assert [each.code for each in watcher.problems] == ["source-unreadable"]


def test_a_server_that_does_not_answer_is_told(bucket, watcher):
    watcher.job = job("http://127.0.0.1:1")
    assert not watcher.look().ready
    assert [each.code for each in watcher.problems] == ["source-unreadable"]
    assert "testing-secret" not in repr(watcher.problems)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"endpoint": "http://storage.example"}, "https://"),
        ({"endpoint": "https://me:word@storage.example"}, "password"),
        ({"access_key_env": None}, "one half"),
        ({"bucket": "sftp://me:word@host/x"}, "password"),
        ({"access_key_env": "NOT_SET_ANYWHERE"}, "is not set"),
        ({"bucket": "nothing://x"}, "no address"),
    ],
)
def test_settings_that_are_not_right_are_refused(bucket, server, change, match):
    (source,) = job(server, **change).sources
    with pytest.raises(PolicyError, match=match):
        buckets.listed(source, "sources.0", lambda _: None)


def test_a_driver_that_is_not_installed_is_told_with_the_way_out(server, monkeypatch):
    monkeypatch.setenv("TEST_ACCESS_ID", "testing")
    monkeypatch.setenv("TEST_ACCESS_KEY", "testing-secret")
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(_registry, "s3", raising=False)  # found before
    (source,) = job(server).sources
    with pytest.raises(PolicyError) as told:
        buckets.listed(source, "sources.0", lambda _: None)
    assert "pip install 'auditor[s3]'" in told.value.hint


def test_any_address_that_fsspec_reads_is_a_bucket(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.log").write_bytes(text(0, 9))
    os.utime(tmp_path / "in" / "x.log", (10**9, 10**9))
    (source,) = job("", bucket=f"file://{tmp_path}/in", endpoint=None).sources
    (found,) = buckets.listed(source, "sources.0", lambda _: None)
    assert found.size == len(text(0, 9)) and found.written == 10**9


@pytest.fixture
def liar(monkeypatch, tmp_path):
    """A storage whose listing and whose objects are what the test says."""
    from fsspec import AbstractFileSystem

    class Liar(AbstractFileSystem):
        protocol = "liar"
        entries: ClassVar = {}
        error = None

        def find(self, path, **more):
            if self.error is not None:
                raise self.error
            return self.entries

        def info(self, path, **more):
            return self.entries[path]

        def get_file(self, rpath, lpath, callback, **more):
            with Path(lpath).open("wb") as file:
                for _ in range(100):
                    file.write(bytes(1000))
                    callback.relative_update(1000)

    monkeypatch.setitem(_registry, "liar", Liar)
    made = Watcher("http://127.0.0.1:1", tmp_path)
    plain = {"bucket": "liar://b/night", "settle": "1s"}
    made.job = Job.model_validate({"name": "j", "schedule": {"every": "1d"}, "sources": [plain]})
    yield made, Liar
    made.store.close()


@pytest.mark.parametrize("size", [-1, 1 << 70, "many", 1.5])
def test_an_object_that_cannot_be_is_left_out(liar, size):
    watcher, storage = liar
    storage.entries = {"b/night/x": {"name": "b/night/x", "type": "file", "size": size}}
    assert watcher.look().seen == 0
    assert [each.code for each in watcher.problems] == ["source-odd"]


def test_a_name_with_half_a_character_is_left_out(liar):
    watcher, storage = liar
    name = "b/night/\ud800"
    storage.entries = {name: {"name": name, "type": "file", "size": 5}}
    assert watcher.look().seen == 0
    assert [each.source for each in watcher.problems] == [r"'b/night/\ud800'"]


@pytest.mark.parametrize("written", [float("nan"), float("inf"), 1e30, -5])
def test_a_time_that_cannot_be_is_not_known(liar, written):
    watcher, storage = liar
    entry = {"name": "b/night/x", "type": "file", "size": 100_000, "mtime": written}
    storage.entries = {"b/night/x": entry}
    watcher.look()
    assert [each.size for each in watcher.look().ready] == [100_000]


def test_an_object_without_end_is_not_downloaded(liar, monkeypatch):
    watcher, storage = liar
    storage.entries = {"b/night/x": {"name": "b/night/x", "type": "file", "size": 2500}}
    watcher.look()
    found = watcher.look()
    assert not found.ready and "more bytes come than it has" in watcher.problems[0].message
    assert [each for each in watcher.scratch.rglob("*") if each.is_file()] == []
    storage.entries["b/night/x"]["size"] = 100_000
    monkeypatch.setattr(buckets, "PATIENCE", -5.0)
    watcher.look()
    watcher.look()
    assert "too slowly" in watcher.problems[0].message


def test_whatever_a_driver_makes_of_an_answer_is_told_in_one_harmless_line(liar):
    from botocore.parsers import ResponseParserError

    watcher, storage = liar
    for error in (ResponseParserError("\x1b[2J\nx"), KeyError("x"), ValueError("x")):
        storage.error = error
        assert watcher.look().seen == 0
        (problem,) = watcher.problems
        assert problem.code == "source-unreadable" and problem.message.isprintable()

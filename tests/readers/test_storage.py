"""Inputs on shared storage: the same flows as from a disk, and words for whatever goes wrong."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import pytest

from auditor.model.errors import InputError
from auditor.readers import Url, Wanted, Watch, place_of, read_inputs, storage
from tests.readers.cluster_processes import ROOT, free_port

SAMPLES = ROOT / "samples"


@pytest.fixture(scope="module")
def s3():
    """An S3 server on loopback, with one bucket."""
    moto = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    s3fs.S3FileSystem.clear_instance_cache()  # it would go on with an earlier server's address
    server = moto.ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    server.start()
    told = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server._server.server_port}",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = dict(os.environ)
    os.environ.update(told)
    try:
        system = fsspec.filesystem("s3", **storage._OPTIONS["s3"])
        system.mkdir("evidence")
        yield system
    finally:
        os.environ.clear()
        os.environ.update(before)
        server.stop()


@pytest.fixture
def memory():
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


@pytest.fixture
def night(tmp_path):
    """A folder of every way in: plain, packed, in an archive, a log, a table at its end."""
    folder = tmp_path / "night"
    (folder / "zeek").mkdir(parents=True)
    plain = (SAMPLES / "pcaps" / "domestic-only.pcap").read_bytes()
    shutil.copy(SAMPLES / "pcaps" / "domestic-only.pcap", folder / "b.pcap")
    shutil.copy(SAMPLES / "pcaps" / "truncated.pcap", folder / "cut.pcap")
    (folder / "c.pcap.gz").write_bytes(gzip.compress(plain))
    (folder / ".hidden.pcap").write_bytes(plain)
    for log in sorted((SAMPLES / "logs").rglob("conn*.log"))[:1]:
        shutil.copy(log, folder / "zeek" / log.name)
    for table in sorted((SAMPLES / "logs").rglob("*.parquet"))[:1]:
        shutil.copy(table, folder / table.name)
    with zipfile.ZipFile(folder / "d.zip", "w") as archive:
        for name in ("encrypted-protocols.pcap", "vlan-tunnel.pcap"):
            if (SAMPLES / "pcaps" / name).exists():
                archive.write(SAMPLES / "pcaps" / name, name, zipfile.ZIP_DEFLATED)
        archive.writestr("readme.txt", "hello")
    return folder


def read(*places, **changes):
    problems = []
    inputs, flows = read_inputs(Wanted(places, **changes), problems.append, Watch())
    table = flows.whole()
    flows.close()
    return inputs, table, problems


def told(result, root):
    """The same without what depends on where the files lie."""
    inputs, table, problems = result
    names = [(file.name.removeprefix(root), file.size, file.sha256) for file in inputs]
    said = [
        (each.code, each.source.removeprefix(root), each.message.replace(root, ""))
        for each in problems
    ]
    return names, table, said


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_bucket_is_read_as_the_same_folder_on_a_disk(s3, night, jobs):
    s3.put(str(night), f"evidence/night-{jobs}", recursive=True)
    place = place_of(f"s3://evidence/night-{jobs}/")
    there = told(read(place, jobs=jobs), f"s3://evidence/night-{jobs}")
    here = told(read(night, jobs=jobs), str(night))
    assert there[0] == here[0]
    assert there[2] == here[2]
    assert there[1].equals(here[1])
    assert len(here[1]) > 10


def test_a_single_file_keeps_its_address_as_its_name(s3, night):
    s3.put(str(night / "b.pcap"), "evidence/one/b.pcap")
    [file], flows, problems = read(Url("s3://evidence/one/b.pcap"))
    assert file.name == "s3://evidence/one/b.pcap"
    assert len(flows) > 0
    assert problems == []


def test_other_storages_are_read_the_same_way(memory, night):
    memory.put(str(night), "/night", recursive=True)
    there = told(read(Url("memory://night")), "memory://night")
    here = told(read(night), str(night))
    assert there[0] == here[0]
    assert there[1].equals(here[1])
    assert there[2] == here[2]


def test_what_is_not_there_is_told(s3):
    with pytest.raises(InputError, match="no such file or folder") as caught:
        read(Url("s3://evidence/nothing/here.pcap"))
    assert caught.value.place == "s3://evidence/nothing/here.pcap"


def test_a_storage_that_does_not_answer_is_told(s3, monkeypatch):
    options = {"endpoint_url": f"http://127.0.0.1:{free_port()}", "skip_instance_cache": True}
    options["config_kwargs"] = {"connect_timeout": 1, "retries": {"max_attempts": 0}}
    monkeypatch.setitem(storage._OPTIONS, "s3", options)
    with pytest.raises(InputError, match="the storage cannot be asked") as caught:
        read(Url("s3://evidence/night"))
    assert "secret" not in str(caught.value)


def test_a_file_that_goes_away_while_it_is_read_is_a_problem_of_that_file(memory, night):
    memory.put(str(night), "/night", recursive=True)

    class Removing(Watch):
        def begin(self, total):
            memory.rm("/night/b.pcap")

    problems = []
    _, flows = read_inputs(Wanted((Url("memory://night"),)), problems.append, Removing())
    flows.close()
    [gone] = [problem for problem in problems if problem.source == "memory://night/b.pcap"]
    assert gone.code == "unreadable-file"


def test_a_file_that_is_changed_while_it_is_read_is_told(memory, night):
    memory.put(str(night / "b.pcap"), "/night/b.pcap")
    content = (night / "b.pcap").read_bytes()

    class Changing(Watch):
        def begin(self, total):
            memory.pipe("/night/b.pcap", content[:-4] + b"\0\0\0\0")

    problems = []
    [file], flows = read_inputs(Wanted((Url("memory://night"),)), problems.append, Changing())
    flows.close()
    assert [problem.code for problem in problems] == ["unreadable-file"]
    assert "changed while it was read" in problems[0].message
    assert file.sha256 is None


def test_bytes_are_sought_and_read_like_those_of_a_disk(memory):
    content = bytes(range(256)) * 4096
    memory.pipe("/bytes", content)
    [stored] = storage.found_at(Url("memory://bytes"))
    with storage.opened(stored) as file, io.BytesIO(content) as known:
        for offset, whence, size in ((5, 0, 10), (-300, 2, 400), (1 << 17, 0, 1 << 19), (3, 1, 7)):
            assert file.seek(offset, whence) == known.seek(offset, whence)
            assert file.read(size) == known.read(size)
        with pytest.raises(OSError, match="before the beginning"):
            file.seek(-1)


def test_when_a_file_was_written_is_known_in_every_form_storages_have():
    moment = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
    nanoseconds = int(moment.timestamp()) * 1_000_000_000
    for about in (
        {"LastModified": moment},
        {"mtime": moment.timestamp()},
        {"updated": "2026-11-22T01:02:03Z"},
        {"created": moment.replace(tzinfo=None)},
    ):
        assert storage._written(about) == nanoseconds
    assert storage._written({"updated": "yesterday"}) is None
    assert storage._written({}) is None


@pytest.mark.parametrize(
    "text",
    [
        "s3://AKIA:secret@bucket/night",
        "S3://AKIA:sec/ret@bucket/night",
        "sftp://somebody:secret@host/night",
    ],
)
def test_a_key_in_an_address_is_refused_and_not_shown(text):
    with pytest.raises(InputError, match="a key does not belong into an address") as caught:
        place_of(text)
    assert "ret" not in caught.value.place
    assert "AKIA" not in str(caught.value)


@pytest.mark.parametrize("text", ["http://host/a.pcap", "zip://a::s3://b", "file://host/a"])
def test_an_address_that_is_not_read_is_refused(text):
    with pytest.raises(InputError, match="no address that is read"):
        place_of(text)


def test_paths_stay_paths():
    assert place_of("night/a.pcap") == Path("night/a.pcap")
    assert place_of("-") == Path("-")
    assert place_of("file:///data/night") == Path("/data/night")
    assert place_of("S3://bucket/Night") == Url("s3://bucket/Night")
    assert place_of("a:b/c") == Path("a:b/c")


def test_without_its_library_the_hint_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    with pytest.raises(InputError, match="not installed") as caught:
        read(Url("s3://evidence/night"))
    assert caught.value.hint == "pip install 'auditor[s3]'"

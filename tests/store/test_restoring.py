"""Backups that are damaged, of another program, or made to do harm."""

import hashlib
import json
import struct
import zipfile
from contextlib import closing

import pytest

from auditor.model.errors import StoreError
from auditor.store import opened, runs
from auditor.store.archive import backed_up
from auditor.store.restoring import restored
from tests.store.world import NOW, filled


@pytest.fixture(scope="module")
def backup(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    with closing(opened(folder / "source")) as source:
        filled(source)
        return backed_up(source, folder / "backup.zip", NOW).path


class Parts(dict):
    """A backup as name to content, to be changed and packed again."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            super().__init__({name: archive.read(name) for name in archive.namelist()})
        self.manifest = json.loads(self.pop("manifest.json"))

    def put(self, name, content):
        """Adds or changes a piece, and what the manifest says of it."""
        self[name] = content
        kind, _, rest = name.partition("/")
        about = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        if kind == "tables":
            about["rows"] = content.count(b"\n")
        self.manifest[kind][rest.removesuffix(".jsonl") if kind == "tables" else rest] = about

    def rows(self, table, change):
        """Changes the rows of a table."""
        name = f"tables/{table}.jsonl"
        rows = [json.loads(line) for line in self[name].splitlines()]
        changed = [change(row) or row for row in rows]
        self.put(name, b"".join(json.dumps(row).encode() + b"\n" for row in changed))

    def packed(self, path):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.items():
                archive.writestr(name, content)
            archive.writestr("manifest.json", json.dumps(self.manifest))
        return path


@pytest.fixture
def refused(tmp_path):
    """Restores what must be refused, and sees that nothing of it is anywhere."""

    def attempt(path, url=""):
        with pytest.raises(StoreError) as raised:
            restored(path, tmp_path / "data", url, NOW)
        assert not list((tmp_path / "data").glob("[!a]*")), "nothing but an empty database"
        if (tmp_path / "data" / "auditor.db").exists() or url:
            store = opened(tmp_path / "data", url)
            with closing(store), store.reading() as connection:
                assert runs.listed(connection) == ()
        return raised.value.message

    return attempt


def test_a_file_that_is_no_backup_is_refused(refused, tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(b"nothing" * 99)
    assert "no whole backup" in refused(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("holiday.jpg", b"x")
    assert "no manifest" in refused(path)


def test_a_backup_cut_short_or_with_a_flipped_bit_is_refused(refused, backup, tmp_path):
    content = backup.read_bytes()
    path = tmp_path / "x.zip"
    path.write_bytes(content[: len(content) // 2])
    assert "no whole backup" in refused(path)
    at = content.index(b"PAR1 flows")
    path.write_bytes(content[:at] + b"?" + content[at + 1 :])
    assert "whole" in refused(path)


HOSTILE = ["../x", "flows/../../x", "/etc/x", "flows//x", "flows/a\nb", "auditor.db", "work/x", "x"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_leads_elsewhere_is_refused(refused, backup, tmp_path, name):
    parts = Parts(backup)
    parts.put(f"files/{name}", b"evil")
    assert "leads elsewhere" in refused(parts.packed(tmp_path / "x.zip"))
    assert not (tmp_path / "x").exists()


def _twice(parts):
    parts["files/open/x"] = b"1"  # in the archive, not in the manifest


def _lost(parts):
    del parts["tables/runs.jsonl"]


def _newer(parts):
    parts.manifest["store"] = "9999"


def _odd(parts):
    parts.manifest["files"] = []


def _claims(parts):
    parts.manifest["tables"]["runs"]["size"] += 1


def _digest(parts):
    parts.manifest["tables"]["runs"]["sha256"] = "0" * 64


def _rows(parts):
    parts.manifest["tables"]["runs"]["rows"] += 1


def _unknown_table(parts):
    parts.put("tables/users.jsonl", b"{}\n")


def _schedule(parts):
    parts.put("tables/apscheduler_jobs.jsonl", b'{"id":"a","next_run_time":1,"job_state":"x"}\n')


@pytest.mark.parametrize(
    "change",
    [_twice, _lost, _newer, _odd, _claims, _digest, _rows, _unknown_table, _schedule],
    ids=lambda change: change.__name__.strip("_"),
)
def test_a_backup_that_is_not_what_its_manifest_says_is_refused(refused, backup, tmp_path, change):
    parts = Parts(backup)
    change(parts)
    refused(parts.packed(tmp_path / "x.zip"))


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("runs", {"flows": "many"}),
        ("runs", {"flows": True}),
        ("runs", {"flows": 2**70}),
        ("runs", {"job": None}),
        ("runs", {"job": "a\0b"}),
        ("runs", {"job": "\ud800"}),
        ("runs", {"job": 5}),
        ("runs", {"more": 1}),
        ("runs", {"folder": "../../elsewhere"}),
        ("flow_files", {"path": "/etc/passwd"}),
        ("runs", {"started": "2026-11-22T01:30:00.000000"}),
        ("findings", {"countries": "[["}),
        ("findings", {"countries": "[" * 100_000}),
        ("findings", {"present": "yes"}),
    ],
)
def test_rows_that_no_store_has_are_refused(refused, backup, tmp_path, table, values):
    parts = Parts(backup)
    parts.rows(table, lambda row: row.update(values))
    refused(parts.packed(tmp_path / "x.zip"))


@pytest.mark.parametrize(
    ("table", "values"),
    [("inputs", {"run_id": "nobody's"}), ("runs", {"job": "x" * 999, "started": "yesterday"})],
)
def test_rows_that_the_database_refuses_leave_nothing(
    refused, backup, tmp_path, database_url, table, values
):
    parts = Parts(backup)
    parts.rows(table, lambda row: row.update(values))
    assert "make no store" in refused(parts.packed(tmp_path / "x.zip"), database_url)


@pytest.mark.parametrize("line", [b"[" * 100_000, b"{", b"[]", b"\xff"])
def test_lines_that_are_no_rows_are_refused(refused, backup, tmp_path, line):
    parts = Parts(backup)
    parts.put("tables/runs.jsonl", line + b"\n")
    assert "no store" in refused(parts.packed(tmp_path / "x.zip"))


def test_a_small_backup_with_a_large_manifest_is_not_read(refused, backup, tmp_path):
    parts = Parts(backup)
    parts.manifest["more"] = " " * 1_000_000
    assert "no manifest" in refused(parts.packed(tmp_path / "x.zip"))


def test_a_backup_that_claims_more_than_the_disk_holds_is_not_begun(refused, backup, tmp_path):
    parts = Parts(backup)
    path = parts.packed(tmp_path / "x.zip")
    size = 1 << 60
    name = next(name for name in parts if name.startswith("files/flows"))
    parts.manifest["files"][name.removeprefix("files/")]["size"] = size
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in parts.items():
            info = zipfile.ZipInfo(each)
            archive.writestr(info, content)
            if each == name:
                info.file_size = size  # as the directory at the end will say
        archive.writestr("manifest.json", json.dumps(parts.manifest))
    assert "are free" in refused(path)


def test_a_bomb_is_cut_off_at_the_size_it_admits_to(refused, backup, tmp_path):
    parts = Parts(backup)
    name = next(name for name in parts if name.startswith("files/flows"))
    parts.put(name, b"\0" * 50_000_000)
    parts.manifest["files"][name.removeprefix("files/")]["size"] = 10
    path = parts.packed(tmp_path / "x.zip")
    content = bytearray(path.read_bytes())
    place = content.rindex(name.encode()) - 46  # its line in the directory at the end
    content[place + 24 : place + 28] = struct.pack("<I", 10)
    path.write_bytes(content)
    assert "whole" in refused(path) or "damaged" in refused(path)


def test_a_name_that_stands_twice_in_the_archive_is_refused(refused, backup, tmp_path):
    path = Parts(backup).packed(tmp_path / "x.zip")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("tables/runs.jsonl", b"")
    assert "twice" in refused(path)


def test_a_backup_that_is_not_there_is_said_not_to_be(refused, tmp_path):
    assert "No such file" in refused(tmp_path / "none.zip")

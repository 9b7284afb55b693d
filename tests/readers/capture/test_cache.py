"""Compiled code is kept per version of the sources, where the user can write."""

import shutil
from pathlib import Path

import pytest

from auditor.readers.capture import cache


def test_the_folder_changes_when_any_source_of_the_engine_changes(tmp_path, monkeypatch):
    engine = tmp_path / "capture"
    shutil.copytree(Path(cache.__file__).parent, engine, ignore=shutil.ignore_patterns("__pyc*"))
    monkeypatch.setattr(cache, "__file__", str(engine / "cache.py"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    before = cache.folder()
    assert before == cache.folder()
    assert before.parent == engine / "__pycache__"
    with (engine / "sequence.py").open("a") as file:
        file.write("# changed\n")
    assert cache.folder() not in (before, None)


def test_a_folder_of_the_user_is_respected(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "own"))
    assert cache.folder().parent == tmp_path / "own"


@pytest.mark.parametrize("beside_too", [False, True])
def test_where_nothing_beside_the_code_can_be_written_the_users_cache_serves(
    tmp_path, monkeypatch, beside_too
):
    engine = tmp_path / "capture"
    shutil.copytree(Path(cache.__file__).parent, engine, ignore=shutil.ignore_patterns("__pyc*"))
    (engine / "__pycache__").write_text("a file, where a folder would have to be")
    home = tmp_path / "cache"
    if beside_too:
        home.write_text("a file as well")
    monkeypatch.setattr(cache, "__file__", str(engine / "cache.py"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    if beside_too:
        assert cache.folder() is None
    else:
        assert cache.folder().parent == home / "auditor"

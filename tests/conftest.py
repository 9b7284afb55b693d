"""What every test may use: golden files, weak permissions, databases and a store on each.

``--update-golden``: write the reviewed texts in ``tests/golden`` anew instead of comparing.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request):
    """Compares a text with the golden file of that name."""
    update = request.config.getoption("--update-golden")

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if update:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        known = path.read_text(encoding="utf-8") if path.exists() else ""
        assert text.splitlines() == known.splitlines(), (
            f"tests/golden/{name} is another. If the change is meant: "
            "pytest tests/golden --update-golden, then read the difference before committing it."
        )

    return compare


@pytest.fixture
def powerless():
    """For one test, root too is bound by the permissions of files and folders.

    capabilities(7): without CAP_DAC_OVERRIDE (bit 1) and CAP_DAC_READ_SEARCH (bit 2) in effect,
    the kernel asks root what it asks everybody.
    """
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "capset"):
        pytest.skip("root may read everything here: permissions show only to other users")
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    before = (ctypes.c_uint32 * 6)()  # twice: effective, permitted, inheritable
    assert libc.capget(header, before) == 0
    fewer = (ctypes.c_uint32 * 6)(*before)
    fewer[0] &= ~0b110
    assert libc.capset(header, fewer) == 0
    yield
    assert libc.capset(header, before) == 0


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server of this session's own (``tests/postgresql.py``)."""
    from tests import postgresql as server_for_tests

    programs = server_for_tests.binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed here (apt-get install postgresql)")
    server = server_for_tests.Server(programs)
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request):
    """Runs the test on both databases: "" = SQLite in the data directory, else a URL.

    Every test gets an empty database of its own; processes that it starts may use the URL too.
    """
    if request.param == "sqlite":
        yield ""
        return
    server = request.getfixturevalue("postgresql")
    url = server.new_database()
    yield url
    server.drop(url)


@pytest.fixture
def store(tmp_path, database_url):
    """An empty store in ``tmp_path / "data"``, on both databases."""
    from auditor.store import opened

    made = opened(tmp_path / "data", database_url)
    yield made
    made.close()

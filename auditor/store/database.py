"""The database behind the store: SQLite in the data directory, or PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from auditor.model.errors import StoreError
from auditor.model.text import legible
from auditor.store import directory
from auditor.store.migration import migrated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

BUSY: Final = 30
"""Seconds that a writer waits for another one."""
_WRITERS: Final = 7046029254386353131  # the lock that PostgreSQL's writers take, one at a time
_ALONE: Final = f"""
SET LOCAL lock_timeout = '{BUSY}s';
SET LOCAL idle_in_transaction_session_timeout = '10min';
SELECT pg_advisory_xact_lock({_WRITERS})
"""
_DAMAGED: Final = (11, 26)  # SQLITE_CORRUPT, SQLITE_NOTADB
_DENIED: Final = ("42501", "3F000")  # no privilege; no schema to make tables in
_HINTS: Final = {
    "full": "Make room on the disk; nothing was half-written.",
    "readonly": "Run it as the user that the data directory belongs to.",
    "locked": "Another auditor has been writing for too long; try again, or look what it does.",
    "damaged": "Restore a backup (`auditor store restore`).",
    "denied": "Give the user of the URL the right to make tables there (GRANT CREATE ON SCHEMA).",
    "away": "Check the disk, or the database server; nothing was half-written.",
}


@dataclass(frozen=True, slots=True)
class Store:
    """The store: its database, and the data directory (absolute) that its paths are relative to."""

    engine: Engine
    folder: Path

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database; nothing written on it stays.

        Raises:
            StoreError: the database does not answer, or is damaged.
        """
        options: dict[str, Any] = {"writing": False}
        if self.engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with told(self.engine), self.engine.connect() as connection:
            yield connection.execution_options(**options)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, all of it or nothing; no other writer is at work meanwhile.

        Raises:
            StoreError: the database does not answer, is full, damaged, or may not be written.
        """
        with told(self.engine), self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Lets the database go."""
        self.engine.dispose()


def opened(folder: Path, url: str = "", *, create: bool = True) -> Store:
    """The store in a data directory, made or brought to this program's version if need be.

    Args:
        folder: the data directory; only its owner may enter it.
        url: of a PostgreSQL database; empty = ``auditor.db`` in the folder.
        create: whether a store that is not there is made.

    Raises:
        StoreError: it is of a newer version, is no store, does not answer, or cannot be written.
    """
    folder = folder.absolute()  # processes that are given its paths work in other folders
    address = _address(folder, url)
    directory.prepared(folder, create=create, sqlite=not url)
    store = Store(engine_of(address), folder)
    try:
        # SQLite cannot make WAL out of a new file for two programs at once
        with directory.locked(folder), told(store.engine):
            migrated(store.engine, create=create, place=place_of(store.engine))
    except BaseException:
        store.close()
        raise
    return store


def _address(folder: Path, url: str) -> URL:
    """Where the database is; the driver is ours to choose."""
    if not url:
        return URL.create("sqlite", database=str(folder / directory.FILE))
    try:
        made = make_url(url.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError):
        made = None
    if made is None or made.get_backend_name() != "postgresql":
        raise StoreError(
            "is no address of a database that is supported",
            place="AUDITOR_DATABASE_URL",
            hint="Write postgresql://user@host/name, or leave it out for SQLite.",
        )
    return made.set(drivername="postgresql+psycopg")


def engine_of(url: URL) -> Engine:
    """Connections to a database, with one meaning of a transaction on both kinds."""
    # hide_parameters: what is in the rows is nobody's business who reads a stack trace
    if url.get_backend_name() == "postgresql":
        try:
            engine = create_engine(
                url,
                pool_pre_ping=True,
                hide_parameters=True,
                connect_args={"connect_timeout": 10} if "connect_timeout" not in url.query else {},
            )
        except ModuleNotFoundError:
            raise StoreError(
                "the driver for PostgreSQL is not installed",
                place="AUDITOR_DATABASE_URL",
                hint="Install it: pip install 'auditor[postgresql]'.",
            ) from None
        event.listen(engine, "begin", _begun_in_postgresql)
        return engine
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY})
    event.listen(engine, "connect", _connected_to_sqlite)
    event.listen(engine, "begin", _begun_in_sqlite)
    return engine


def _connected_to_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's
    # the driver would begin transactions by its own rules, and never around CREATE TABLE
    connection.isolation_level = None
    try:
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {setting}").close()
    except sqlite3.Error:
        connection.close()
        raise


def _begun_in_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", True)
    if writing is not None:  # else no transaction at all
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _begun_in_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("writing", True):
        connection.exec_driver_sql(_ALONE)


@contextmanager
def told(engine: Engine) -> Iterator[None]:
    """Errors of the database as errors for people; what is a mistake of ours goes through.

    Raises:
        StoreError: in place of the database's error.
    """
    try:
        yield
    except DBAPIError as error:
        kind = _kind(error)
        if kind is None:
            raise
        raise StoreError(
            f"the database cannot be used: {_first_line(error)}",
            place=place_of(engine),
            hint=_HINTS[kind],
        ) from error


def _kind(error: DBAPIError) -> str | None:
    """What is wrong with the database; None = nothing, but with what it was asked."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # of the extended code, the kind
    known = {5: "locked", 8: "readonly", 13: "full"}
    if code in _DAMAGED or state.startswith("XX"):
        return "damaged"
    if code in known:
        return known[code]
    if code in (10, 14):  # cannot read, write or open the file
        return "away"
    if code:
        return None
    if state in _DENIED:
        return "denied"
    kinds = {"53100": "full", "25006": "readonly", "55P03": "locked"}
    if state in kinds:
        return kinds[state]
    away = error.connection_invalidated or not state or state[:2] in ("08", "28", "3D", "53", "57")
    return "away" if away and type(error.orig).__module__.startswith("psycopg") else None


def _first_line(error: DBAPIError) -> str:
    return next(iter(str(error.orig).strip().splitlines()), type(error.orig).__name__)


def place_of(engine: Engine) -> str:
    """Where the database is, without the password, wherever in the URL it stands."""
    url = engine.url
    if url.get_backend_name() == "sqlite":
        return legible(str(url.database))
    host = url.host or url.query.get("host", "")
    user = f"{url.username}@" if url.username else ""
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{user}{host}{port}/{url.database or ''}"

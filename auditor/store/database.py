"""The database behind the store: SQLite in the data directory, or PostgreSQL by URL."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from auditor.model.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection

FILE: Final = "auditor.db"
BUSY: Final = 30
"""Seconds that a writer waits for another one."""


@dataclass(frozen=True, slots=True)
class Store:
    """The store: its database, and the data directory that its paths are relative to."""

    engine: Engine
    folder: Path

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database.

        Raises:
            StoreError: the database does not answer.
        """
        with _told(self), self.engine.connect() as connection:
            yield connection.execution_options(writing=False)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it, or nothing.

        Raises:
            StoreError: the database does not answer, is full, or may not be written.
        """
        with _told(self), self.engine.begin() as connection:
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
    if not create and not folder.is_dir():
        raise StoreError(
            "there is no store here", place=str(folder), hint="Run `auditor agent once` first."
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot be made: {error.strerror}",
            place=str(folder),
            hint="Name a data directory that this user may write (--data, AUDITOR_DATA).",
        ) from None
    if (
        folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        and folder.stat().st_uid == os.geteuid()
    ):
        folder.chmod(0o700)
    store = Store(_engine(_url(folder, url)), folder)
    with _told(store):
        _migrated(store)
    return store


def _url(folder: Path, url: str) -> URL:
    if not url:
        return make_url(f"sqlite:///{folder / FILE}")
    try:
        made = make_url(url)
    except ArgumentError:
        made = None
    if made is None or made.get_backend_name() not in ("postgresql", "sqlite"):
        raise StoreError(
            "is no address of a database that is supported",
            place="AUDITOR_DATABASE_URL",
            hint="Write postgresql://user@host/name, or leave it out for SQLite.",
        )
    return (
        made.set(drivername="postgresql+psycopg")
        if made.get_backend_name() == "postgresql"
        else made
    )


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "postgresql":
            return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
        engine = create_engine(url, connect_args={"timeout": BUSY})
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError(
            "the driver for PostgreSQL is not installed",
            place="AUDITOR_DATABASE_URL",
            hint="Install it: pip install 'auditor[postgresql]'.",
        ) from None

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's
        # the driver would begin transactions by its own rules, and never around CREATE TABLE
        connection.isolation_level = None
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _migrated(store: Store) -> None:
    """Brings the tables to the newest version, in one transaction."""
    config = Config()
    config.set_main_option("script_location", "auditor.store:migrations")
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    with store.reading() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return
    if current is not None and current not in {each.revision for each in script.walk_revisions()}:
        raise StoreError(
            f"the store is of a newer version ({current}) than this program knows ({head})",
            place=str(store.folder),
            hint="Use the auditor that wrote it, or a newer one; nothing was changed.",
        )
    with store.writing() as connection:
        if connection.dialect.name == "postgresql":  # two programs may start at once
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7046029254386353131)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _told(store: Store) -> Iterator[None]:
    """Errors of the database as errors for people."""
    try:
        yield
    except OperationalError as error:
        raise StoreError(
            f"the database does not answer or is full: {_first_line(error)}",
            place=_place(store),
            hint="Check the disk, or the database server; nothing was half-written.",
        ) from error
    except DBAPIError as error:
        if not error.connection_invalidated and "not a database" not in str(error.orig):
            raise
        raise StoreError(
            f"the database cannot be used: {_first_line(error)}",
            place=_place(store),
            hint="Restore a backup (`auditor store restore`), or check the database server.",
        ) from error


def _first_line(error: DBAPIError) -> str:
    return next(iter(str(error.orig).strip().splitlines()), type(error.orig).__name__)


def _place(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=True)

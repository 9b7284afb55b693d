"""Brings the tables of a database to a version, forward only, all of it or nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, text

from auditor.model.errors import StoreError
from auditor.store.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

NEWEST: Final = "0003"
"""The version that this program reads and writes: the newest file in ``migrations/versions``."""
STEPS: Final = "auditor.store:migrations"
_ONE_AT_A_TIME: Final = threading.Lock()  # Alembic keeps what it works on in global variables


def migrated(engine: Engine, *, create: bool, place: str) -> None:
    """Brings a database to the newest version, in one transaction.

    Args:
        engine: of the database.
        create: whether an empty database becomes a store.
        place: of the database, for messages.

    Raises:
        StoreError: it is of a newer version, is something else's, or empty and not to be made.
    """
    with engine.connect().execution_options(writing=False) as connection:
        if version_of(connection) == NEWEST:
            return
    with engine.begin() as connection:  # no other program is at work in here
        current = version_of(connection)
        if current is None:
            _empty(connection, create=create, place=place)
        elif current != NEWEST and not known(current):
            raise StoreError(
                f"the store is of a newer version ({current}) than this program knows ({NEWEST})",
                place=place,
                hint="Use the auditor that wrote it, or a newer one; nothing was changed.",
            )
        upgrade(connection)


def version_of(connection: Connection) -> str | None:
    """The version of the tables; None = there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT max(version_num) FROM alembic_version"))
    return found


def known(version: str) -> bool:
    """Whether this program has the steps from that version on."""
    from alembic.script import ScriptDirectory

    steps = ScriptDirectory.from_config(_config())
    return version in {step.revision for step in steps.walk_revisions()}


def upgrade(connection: Connection, version: str = "head") -> None:
    """Runs the steps up to a version in the transaction of the connection."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        command.upgrade(config, version)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", STEPS)
    return config


def _empty(connection: Connection, *, create: bool, place: str) -> None:
    """Makes sure that a database without a version is to become a store, and can."""
    if not create:
        raise StoreError(
            "there is no store here",
            place=place,
            hint="Run `auditor agent once` first, or name another data directory (--data).",
        )
    strange = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
    if strange:
        raise StoreError(
            f"the database is something else's: it has a table {strange[0]}, but no version",
            place=place,
            hint="Give the auditor a database of its own.",
        )

"""Which files of a live capture an audit has counted: those may make room for newer ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from auditor.store.tables import files

if TYPE_CHECKING:
    from sqlalchemy import Connection

COUNTED: Final = {"taken", "known"}


def audited(connection: Connection, name: str) -> bool:
    """Whether every job that has seen the file of this name (legible path) has counted it."""
    states = set(connection.scalars(select(files.c.state).where(files.c.name == name)))
    return bool(states) and states <= COUNTED

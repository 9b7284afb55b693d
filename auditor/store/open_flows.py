"""Where the flows lie that had not ended when a job's last run did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from auditor.store.tables import open_flows

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Open:
    """The file of a job's open flows.

    Attributes:
        path: under the data directory.
        flows: how many they are.
        last: when the first of their time lines ends.
    """

    run_id: str
    path: str
    flows: int
    last: datetime | None


def of_job(connection: Connection, job: str) -> Open | None:
    """What a job's last run left open; null = nothing."""
    columns = [open_flows.c[name] for name in Open.__dataclass_fields__]
    row = connection.execute(select(*columns).where(open_flows.c.job == job)).one_or_none()
    return None if row is None else Open(*row)


def paths(connection: Connection) -> frozenset[str]:
    """The files of all jobs, under the data directory."""
    return frozenset(connection.scalars(select(open_flows.c.path)))


def left(
    connection: Connection, job: str, run_id: str, path: str, flows: int, last: datetime
) -> None:
    """A run left flows open, in place of what the one before it left."""
    ended(connection, job)
    values = {"job": job, "run_id": run_id, "path": path, "flows": flows, "last": last}
    connection.execute(insert(open_flows), values)


def ended(connection: Connection, job: str) -> None:
    """Nothing is open any more."""
    connection.execute(delete(open_flows).where(open_flows.c.job == job))

"""Running totals, subjects by day in place of runs, and what people decided on findings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Forward only: a store is never taken back."""
    op.create_table(
        "decisions",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("finding_id", sa.String(length=64), nullable=False),
        sa.Column("standing", sa.String(length=20), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=True),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_finding_id"), "decisions", ["finding_id"], unique=False)
    _subjects()
    _ledger()


def _subjects() -> None:
    """What each run counted becomes what was counted on the day that the run began."""
    kept = op.get_bind().execute(
        sa.text(
            "SELECT runs.started, runs.agency, subjects.system, subjects.recipient, "
            "subjects.detector, subjects.outbound, subjects.state FROM subjects "
            "JOIN runs ON runs.run_id = subjects.run_id ORDER BY subjects.id"
        )
    )
    rows = [
        {
            "day": _day(started),
            "owner": agency or "",
            "system": system,
            "recipient": recipient,
            "detector": detector,
            "outbound": None if outbound is None else bool(outbound),
            "state": state,
        }
        for started, agency, system, recipient, detector, outbound, state in kept
    ]
    op.drop_table("subjects")
    table = op.create_table(
        "subjects",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("detector", sa.String(length=64), nullable=False),
        sa.Column("outbound", sa.Boolean(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subjects")),
    )
    op.create_index(op.f("ix_subjects_day"), "subjects", ["day"], unique=False)
    if rows:
        op.bulk_insert(table, rows)


def _day(moment: str) -> str:
    """The day in Vietnam."""
    at = datetime.fromisoformat(moment).astimezone(UTC) + timedelta(hours=7)
    return f"{at:%Y-%m-%d}"


def _ledger() -> None:
    op.create_table(
        "ledger_routes",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("carried", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_routes")),
    )
    op.create_table(
        "ledger_flows",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("begins", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ends", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bytes", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("route", sa.BigInteger(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=True),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["route"], ["ledger_routes.id"], name=op.f("fk_ledger_flows_route")
        ),
        sa.PrimaryKeyConstraint("key", "begins", "ends", "bytes", name=op.f("pk_ledger_flows")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_days",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("route", sa.BigInteger(), nullable=False),
        sa.Column("folded", sa.Boolean(), nullable=False),
        sa.Column("flows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("estimated", sa.BigInteger(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["route"], ["ledger_routes.id"], name=op.f("fk_ledger_days_route")),
        sa.PrimaryKeyConstraint("day", "route", "folded", name=op.f("pk_ledger_days")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_closed",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_ledger_closed")),
    )

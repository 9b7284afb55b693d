"""The store of version 0.1."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Every table of the first store."""
    op.create_table(
        "apscheduler_jobs",
        sa.Column("id", sa.Unicode(length=191), nullable=False),
        sa.Column("next_run_time", sa.Float(precision=25), nullable=True),
        sa.Column("job_state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_apscheduler_jobs")),
    )
    op.create_index(
        op.f("ix_apscheduler_jobs_next_run_time"),
        "apscheduler_jobs",
        ["next_run_time"],
        unique=False,
    )
    op.create_table(
        "assessments",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("job", sa.String(length=100), nullable=False),
        sa.Column("checked", sa.String(length=27), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("verdicts", sa.Text(), nullable=False),
        sa.Column("expiring", sa.Text(), nullable=False),
        sa.Column("readiness", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
    )
    op.create_index(
        op.f("ix_assessments_job_checked"), "assessments", ["job", "checked"], unique=False
    )
    op.create_table(
        "attempts",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("job", sa.String(length=100), nullable=False),
        sa.Column("scheduled", sa.String(length=27), nullable=True),
        sa.Column("started", sa.String(length=27), nullable=False),
        sa.Column("finished", sa.String(length=27), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_job_started"), "attempts", ["job", "started"], unique=False)
    op.create_table(
        "contents",
        sa.Column("job", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("seen", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("job", "sha256", name=op.f("pk_contents")),
    )
    op.create_index(op.f("ix_contents_job_mark"), "contents", ["job", "mark"], unique=False)
    op.create_table(
        "files",
        sa.Column("job", sa.String(length=100), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("first_seen", sa.String(length=27), nullable=False),
        sa.Column("steady_since", sa.String(length=27), nullable=False),
        sa.Column("gone", sa.String(length=27), nullable=True),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("job", "name", name=op.f("pk_files")),
    )
    op.create_index(
        op.f("ix_files_job_state_gone_first_seen_size"),
        "files",
        ["job", "state", "gone", "first_seen", "size"],
        unique=False,
    )
    op.create_table(
        "findings",
        sa.Column("job", sa.String(length=100), nullable=False),
        sa.Column("finding_id", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("title_vi", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("certainty", sa.String(length=10), nullable=False),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=True),
        sa.Column("countries", sa.Text(), nullable=False),
        sa.Column("dossier", sa.Text(), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("first_run", sa.String(length=40), nullable=False),
        sa.Column("first_seen", sa.String(length=27), nullable=False),
        sa.Column("last_run", sa.String(length=40), nullable=False),
        sa.Column("last_seen", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("job", "finding_id", name=op.f("pk_findings")),
    )
    op.create_index(
        op.f("ix_findings_present_job_severity"),
        "findings",
        ["present", "job", "severity"],
        unique=False,
    )
    op.create_table(
        "jobs",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("requested", sa.String(length=27), nullable=True),
        sa.Column("requested_by", sa.String(length=20), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.String(length=27), nullable=True),
        sa.Column("heard", sa.String(length=27), nullable=True),
        sa.Column("silence_told", sa.String(length=27), nullable=True),
        sa.Column("fired", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_jobs")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("taken", sa.String(length=27), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("job", sa.String(length=100), nullable=True),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.Column("severity", sa.String(length=10), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created", sa.String(length=27), nullable=False),
        sa.Column("not_before", sa.String(length=27), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("sent", sa.String(length=27), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(
        op.f("ix_notices_state_not_before"), "notices", ["state", "not_before"], unique=False
    )
    op.create_table(
        "open_flows",
        sa.Column("job", sa.String(length=100), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("flows", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_open_flows")),
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("job", sa.String(length=100), nullable=False),
        sa.Column("audit_id", sa.String(length=64), nullable=False),
        sa.Column("auditor_version", sa.String(length=40), nullable=False),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.Column("started", sa.String(length=27), nullable=False),
        sa.Column("finished", sa.String(length=27), nullable=False),
        sa.Column("folder", sa.Text(), nullable=True),
        sa.Column("inputs", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("flows", sa.BigInteger(), nullable=False),
        sa.Column("crossing_flows", sa.BigInteger(), nullable=False),
        sa.Column("undecided_flows", sa.BigInteger(), nullable=False),
        sa.Column("outbound_bytes", sa.BigInteger(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_job_started"), "runs", ["job", "started"], unique=False)
    op.create_index(op.f("ix_runs_started"), "runs", ["started"], unique=False)
    op.create_table(
        "flow_files",
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.run_id"], name=op.f("fk_flow_files_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_flow_files")),
    )
    op.create_index(op.f("ix_flow_files_day"), "flow_files", ["day"], unique=False)
    op.create_index(op.f("ix_flow_files_run_id"), "flow_files", ["run_id"], unique=False)
    op.create_table(
        "inputs",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("reader", sa.String(length=40), nullable=True),
        sa.Column("packets", sa.BigInteger(), nullable=False),
        sa.Column("flows", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.String(length=27), nullable=True),
        sa.Column("last", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.run_id"], name=op.f("fk_inputs_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inputs")),
    )
    op.create_index(op.f("ix_inputs_run_id"), "inputs", ["run_id"], unique=False)
    op.create_index(op.f("ix_inputs_sha256"), "inputs", ["sha256"], unique=False)
    op.create_table(
        "sightings",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("finding_id", sa.String(length=64), nullable=False),
        sa.Column("news", sa.String(length=10), nullable=False),
        sa.Column("changes", sa.Text(), nullable=True),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("certainty", sa.String(length=10), nullable=False),
        sa.Column("flows", sa.BigInteger(), nullable=False),
        sa.Column("outbound_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["runs.run_id"],
            name=op.f("fk_sightings_run_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("run_id", "finding_id", name=op.f("pk_sightings")),
    )
    op.create_index(op.f("ix_sightings_finding_id"), "sightings", ["finding_id"], unique=False)

"""What the store remembers: the tables, as they are after the newest migration.

A new kind of memory is a table here and a migration in ``migrations/versions``. Moments are UTC.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Unicode,
)  # fmt: skip

from auditor.store.columns import Day, Json, Moment, Octets

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

COUNT: Final = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows of INTEGER only

jobs: Final = Table(
    "jobs",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("paused", Boolean, nullable=False, default=False),
    # when it was last asked for, by its schedule or by a person, and has not ended well since
    Column("requested", Moment),
    Column("requested_by", String(20)),  # schedule, person, start
    Column("failures", Integer, nullable=False, default=0),  # in a row
    Column("not_before", Moment),  # of the next try
    Column("heard", Moment),  # when a new input was last seen
    Column("silence_told", Moment),
    Column("fired", Moment),  # the last time at which its schedule asked for it
)
"""What a schedule must not forget; when it is due stands in APScheduler's own table."""

planned: Final = Table(
    "apscheduler_jobs",
    metadata,
    Column("id", Unicode(191), primary_key=True),
    Column("next_run_time", Float(25), index=True),
    Column("job_state", LargeBinary, nullable=False),
)
"""When each job is due next, as APScheduler 3 keeps it: the columns are its own."""

attempts: Final = Table(
    "attempts",
    metadata,
    Column("id", COUNT, primary_key=True, autoincrement=True),
    Column("job", String(100), nullable=False),
    Column("scheduled", Moment),
    Column("started", Moment, nullable=False),
    Column("finished", Moment),
    Column("outcome", String(20)),  # done, nothing-new, failed, ended, interrupted; null = running
    Column("message", Text),
    Column("run_id", String(40)),
    Index(None, "job", "started"),
)
"""Each time a job was begun, whatever became of it."""

runs: Final = Table(
    "runs",
    metadata,
    Column("run_id", String(40), primary_key=True),
    Column("job", String(100), nullable=False),
    Column("audit_id", String(64), nullable=False),
    Column("auditor_version", String(40), nullable=False),
    Column("agency", Text),
    Column("started", Moment, nullable=False),
    Column("finished", Moment, nullable=False),
    Column("folder", Text),  # of run.json and report.html, under the data directory; null = pruned
    Column("inputs", Integer, nullable=False),
    Column("problems", Integer, nullable=False),
    Column("flows", BigInteger, nullable=False),
    Column("crossing_flows", BigInteger, nullable=False),
    Column("undecided_flows", BigInteger, nullable=False),
    Column("outbound_bytes", BigInteger, nullable=False),
    Column("findings", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("gone", Integer, nullable=False),
    Index(None, "job", "started"),
    Index(None, "started"),
)
"""Audits that ended well; one whose row stands here counts, and no other."""

inputs: Final = Table(
    "inputs",
    metadata,
    Column("id", COUNT, primary_key=True, autoincrement=True),
    Column("run_id", String(40), ForeignKey("runs.run_id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),  # input_id of its flows in that run
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64)),
    Column("reader", String(40)),
    Column("packets", BigInteger, nullable=False),
    Column("flows", BigInteger, nullable=False),
    Column("first", Moment),
    Column("last", Moment),
    Index(None, "run_id"),
    Index(None, "sha256"),
)
"""What each run looked at."""

contents: Final = Table(
    "contents",
    metadata,
    Column("job", String(100), primary_key=True),
    Column("sha256", String(64), primary_key=True),  # of the unpacked content
    Column("mark", String(64), nullable=False),  # of its first bytes
    Column("size", BigInteger, nullable=False),  # unpacked; 0 = not known
    Column("name", Text, nullable=False),
    Column("run_id", String(40), nullable=False),
    Column("seen", Moment, nullable=False),
    Index(None, "job", "mark"),
)
"""Every content a job has taken, once; outlives the run, so that nothing counts twice."""

files: Final = Table(
    "files",
    metadata,
    Column("job", String(100), primary_key=True),
    Column("name", Text, primary_key=True),  # path or URL
    Column("stamp", Text, nullable=False),  # size, times, inode or ETag: what changes with it
    Column("size", BigInteger, nullable=False),
    Column("state", String(20), nullable=False),  # waiting, taken, known, quarantined, released
    Column("reason", Text),  # why it is quarantined or waits, or whose copy it is
    Column("first_seen", Moment, nullable=False),
    Column("steady_since", Moment, nullable=False),  # when the stamp was first seen
    Column("gone", Moment),  # when it was first missed; null = it is there
    Column("run_id", String(40)),
    # a backlog is counted without a look at its rows
    Index(None, "job", "state", "gone", "first_seen", "size"),
)
"""Every file a job's sources show: a file whose stamp is here and not waiting is not opened."""

findings: Final = Table(
    "findings",
    metadata,
    Column("job", String(100), primary_key=True),
    Column("finding_id", String(64), primary_key=True),
    Column("rule", String(100), nullable=False),
    Column("title_vi", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    Column("certainty", String(10), nullable=False),
    Column("system", Text),
    Column("recipient", Text, nullable=False),
    Column("category", String(40)),
    Column("countries", Json, nullable=False),
    Column("dossier", Text),
    Column("present", Boolean, nullable=False),  # and not gone
    Column("first_run", String(40), nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_run", String(40), nullable=False),  # that had it
    Column("last_seen", Moment, nullable=False),
    Index(None, "present", "job", "severity"),
)
"""Each finding of a job, as its last run with it had it, and as firm as it ever was."""

sightings: Final = Table(
    "sightings",
    metadata,
    Column(
        "run_id",
        String(40),
        # looked at when the transaction ends: the run's row counts the news, and comes after them
        ForeignKey("runs.run_id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"),
        primary_key=True,
    ),
    Column("finding_id", String(64), primary_key=True),
    Column("news", String(10), nullable=False),  # new, same, changed, back, gone
    Column("changes", Json),  # field: [before, after]
    Column("severity", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    Column("certainty", String(10), nullable=False),
    Column("flows", BigInteger, nullable=False),
    Column("outbound_bytes", BigInteger, nullable=False),
    Index(None, "finding_id"),
)
"""The history of findings: what each run saw of them."""

flow_files: Final = Table(
    "flow_files",
    metadata,
    Column("path", String(200), primary_key=True),  # under the data directory
    Column("run_id", String(40), ForeignKey("runs.run_id", ondelete="CASCADE"), nullable=False),
    Column("day", String(10), nullable=False),  # in Vietnam, of the start of its flows
    Column("rows", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Index(None, "day"),
    Index(None, "run_id"),
)
"""Parquet files of flows; a file that is not listed here does not count."""

open_flows: Final = Table(
    "open_flows",
    metadata,
    Column("job", String(100), primary_key=True),
    Column("run_id", String(40), nullable=False),
    Column("path", String(200), nullable=False),  # under the data directory
    Column("flows", BigInteger, nullable=False),
    Column("last", Moment),  # when the first of their time lines ends
)
"""Flows that had not ended when the captures of a job's last run did: the next one goes on."""

keys: Final = Table(
    "keys",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("key", Octets, nullable=False),
    Column("made", Moment, nullable=False),
)
"""Secrets of this store that never leave it but in its backups."""

subjects: Final = Table(
    "subjects",
    metadata,
    Column("id", COUNT, primary_key=True, autoincrement=True),
    Column("day", Day, nullable=False),  # in Vietnam
    Column("owner", Text, nullable=False),
    Column("system", Text),
    Column("recipient", Text, nullable=False),
    Column("detector", String(64), nullable=False),
    Column("outbound", Boolean),
    Column("state", Octets, nullable=False),  # keyed hashes, to count on with
    Index(None, "day"),
)
"""Whom the content of each day was about, as keyed hashes, never values; outlives its runs."""

ledger_routes: Final = Table(
    "ledger_routes",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # keyed hash of all the rest
    Column("owner", Text, nullable=False),
    Column("system", Text),
    Column("recipient", Text, nullable=False),
    Column("country", Text),
    Column("carried", Json, nullable=False),  # [[category, regime or null], ...]
)
"""Who sent what to whom under which rules."""

ledger_flows: Final = Table(
    "ledger_flows",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("begins", BigInteger, primary_key=True, autoincrement=False),  # ns since 1970, UTC
    Column("ends", BigInteger, primary_key=True, autoincrement=False),
    Column("bytes", BigInteger, primary_key=True, autoincrement=False),
    Column("route", BigInteger, ForeignKey("ledger_routes.id"), nullable=False),
    Column("records", BigInteger),
    Column("run", BigInteger, nullable=False),  # when the run began that said so last, as begins
    Column("counted", Boolean, nullable=False),  # else others tell of the same traffic
    sqlite_with_rowid=False,
)
"""Every flow that left, as runs told of it, until its day is closed; no addresses."""

ledger_days: Final = Table(
    "ledger_days",
    metadata,
    Column("day", Day, primary_key=True),  # in Vietnam, of the start of flows
    Column("route", BigInteger, ForeignKey("ledger_routes.id"), primary_key=True),
    Column("folded", Boolean, primary_key=True),  # its flows are gone; else they still stand above
    Column("flows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("estimated", BigInteger, nullable=False),  # flows with an estimate of records
    Column("records", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Totals of the flows that count; never pruned."""

ledger_closed: Final = Table(
    "ledger_closed",
    metadata,
    Column("day", Day, primary_key=True),
)
"""Days whose flows were folded into totals: what comes later of them cannot be told apart."""

decisions: Final = Table(
    "decisions",
    metadata,
    Column("id", COUNT, primary_key=True, autoincrement=True),
    Column("finding_id", String(64), nullable=False),
    Column("standing", String(20), nullable=False),  # as auditor.model.finding.Standing
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("until", String(10)),  # the day on which it must be looked at again
    Column("plan", Json),  # the six points; null = none
    Index(None, "finding_id"),
)
"""What people decided on findings; rows are added, never changed."""

assessments: Final = Table(
    "assessments",
    metadata,
    Column("id", COUNT, primary_key=True, autoincrement=True),
    Column("job", String(100), nullable=False),
    Column("checked", Moment, nullable=False),
    Column("place", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("outcome", String(40), nullable=False),
    Column("counts", Json, nullable=False),  # verdict: items
    Column("verdicts", Json, nullable=False),  # item: verdict
    Column("expiring", Json, nullable=False),  # item: day on which a word or waiver runs out
    Column("readiness", Text),  # readiness.json; null = pruned
    Index(None, "job", "checked"),
)
"""Checks of pre-sync checklists."""

notices: Final = Table(
    "notices",
    metadata,
    Column("id", String(40), primary_key=True),  # the receiver knows a repetition by it
    Column("channel", String(100), nullable=False),
    Column("kind", String(20), nullable=False),  # news, trouble, silence, digest
    Column("job", String(100)),
    Column("run_id", String(40)),
    Column("severity", String(10)),
    Column("content", Json, nullable=False),
    Column("created", Moment, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("state", String(10), nullable=False),  # waiting, refused, sent, given-up, folded
    Column("sent", Moment),
    Column("error", Text),
    Index(None, "state", "not_before"),
)
"""The outbox: written with what it tells of, in one transaction, and marked once delivered."""

leases: Final = Table(
    "leases",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("holder", String(64), nullable=False),  # drawn by who holds it
    Column("process", Json, nullable=False),  # host, boot, pid, start: whether it still lives
    Column("taken", Moment, nullable=False),
    Column("until", Moment, nullable=False),
)
"""Who may run: one holder at a time, until its time is over or its process is gone."""

"""``agent.yaml``: what runs when, over which sources, and who is told.

Secrets never stand in the file: a setting ``NAME_env`` names an environment variable, ``NAME_file``
a file that only its owner may read (mode 600).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from auditor.agent import cron
from auditor.agent.channels import Channel
from auditor.agent.fields import Name, Part, Size, Span, Variable, Where, Zone
from auditor.model.documents import read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHORTEST: Final = timedelta(seconds=10)
LONGEST: Final = timedelta(days=366)


def _cron(text: str) -> str:
    cron.fields(text)
    return text


def _often(span: timedelta) -> timedelta:
    if not SHORTEST <= span <= LONGEST:
        raise ValueError("write a length of time from 10s to 366d")
    return span


def _argument(text: str) -> str:
    if "\0" in text:
        raise ValueError("has a NUL, which no program can be told")
    return text


def _mistake(what: str, place: tuple[int | str, ...]) -> InitErrorDetails:
    return {"type": PydanticCustomError("value_error", what), "loc": place, "input": None}


class Source(Part):
    """Where a job's inputs come from: one of ``folder``, ``files`` and ``bucket``.

    Attributes:
        folder: walked with everything in it.
        files: a pattern such as ``/var/log/zeek/*/conn.*.log.gz``.
        bucket: ``s3://name/prefix`` (or any address that fsspec reads).
        endpoint: of an S3-compatible service other than Amazon's.
        include, exclude: patterns that file names must, or must not, match.
        settle: how long a file must have stood still before it is taken.
        rotating: the newest file of each series is left until a newer one stands beside it, or
            until nothing was written for ``silent``.
    """

    folder: Where | None = None
    files: Where | None = None
    bucket: str | None = None
    endpoint: str | None = None
    region: str | None = None
    access_id_env: Variable | None = None
    access_key_env: Variable | None = None
    access_key_file: Where | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    settle: Span = timedelta(seconds=60)
    rotating: bool = False
    silent: Span = timedelta(hours=1)

    @model_validator(mode="after")
    def _one(self) -> Source:
        if [self.folder, self.files, self.bucket].count(None) != 2:
            raise ValueError("name exactly one of folder, files and bucket")
        return self


class Schedule(Part):
    """``cron`` (five fields, as in crontab) or ``every`` (a length of time, from 10s)."""

    cron: Annotated[str, AfterValidator(_cron)] | None = None
    every: Annotated[Span, AfterValidator(_often)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Schedule:
        if (self.cron is None) == (self.every is None):
            raise ValueError("name exactly one of cron and every")
        return self


class Job(Part):
    """One thing that is done again and again: an audit of sources, or a checklist's check.

    Attributes:
        checklist: folder of an assessment; its evidence is checked again, and nothing is read
            from ``sources`` but as its traffic.
        content: whether the content of what leaves is read.
        key_log: TLS secrets (NSS key log) that decrypt some of it.
        limit: how long a run may take before it is ended.
        retries: how often a run that failed is tried again before people are told.
        backoff: the wait before the first of these; each next one is twice as long.
        silent_after: people are told if no new input came for so long.
        results: folder that gets report.html and run.json of each run, in a folder by its id.
    """

    name: Name
    schedule: Schedule
    sources: tuple[Source, ...] = ()
    checklist: Where | None = None
    inventory: Where | None = None
    dossiers: Where | None = None
    policies: Where | None = None
    geoip: Where | None = None
    mappings: tuple[Where, ...] = ()
    home: str = Field(default="VN", pattern="^[A-Z]{2}$")
    copies_within: int = Field(default=0, ge=0, le=10_000)
    log_zone: str = Field(default="+07:00", pattern=r"^[+-](0[0-9]|1[0-4]):[0-5][0-9]$")
    log_server: str = ""
    aws_fields: str = ""
    content: bool = True
    key_log: Where | None = None
    limit: Span = timedelta(hours=6)
    retries: int = Field(default=3, ge=0, le=20)
    backoff: Span = timedelta(minutes=1)
    silent_after: Span | None = None
    results: Where | None = None

    @model_validator(mode="after")
    def _something(self) -> Job:
        if not self.sources and self.checklist is None:
            raise ValueError("name sources, or the checklist that is to be checked")
        return self


class Capture(Part):
    """Live capture of one interface into a folder that a job watches (as rotating).

    Attributes:
        filter: in the language of pcap-filter(7).
        file_size, file_time: a new file begins when one of them is reached.
        most: bytes that the folder may hold; the oldest files that were audited go first.
    """

    name: Name
    interface: str
    folder: Where
    filter: Annotated[str, AfterValidator(_argument)] = ""
    snap: int = Field(default=0, ge=0, le=262_144)
    file_size: Size = 100_000_000
    file_time: Span = timedelta(minutes=5)
    most: Size = 10_000_000_000


class Retention(Part):
    """How long each kind is kept, in months; less than the law asks for is refused.

    Attributes:
        runs: runs, findings, their history, reports, checklist assessments (>= 36).
        flows: flow tables (>= 12).
        notices: delivered notices and attempts (>= 12).
    """

    runs: int = Field(default=36, ge=36, le=1200)
    flows: int = Field(default=12, ge=12, le=1200)
    notices: int = Field(default=12, ge=12, le=1200)


class Health(Part):
    """The page and metrics about the agent; loopback only."""

    address: Literal["127.0.0.1", "::1", "localhost"] = "127.0.0.1"
    port: int = Field(default=9479, ge=0, le=65_535)


def _named_twice(some: Sequence[Job | Capture]) -> list[InitErrorDetails]:
    """Those whose name an earlier one has."""
    names = [each.name for each in some]
    return [
        _mistake(f"{name} is the name of number {names.index(name) + 1} as well", (number, "name"))
        for number, name in enumerate(names)
        if name in names[:number]
    ]


def _shared_sources(jobs: Sequence[Job]) -> list[InitErrorDetails]:
    """Sources that stand twice: the same files would be audited, and told, twice."""
    wrong: list[InitErrorDetails] = []
    seen: dict[tuple[object, ...], str] = {}
    for number, job in enumerate(jobs):
        for place, source in enumerate(job.sources):
            where = source.folder or source.files
            # as a name, not as the disk has it now: the folder may come later
            same = str(where.resolve()) if where else source.bucket
            key = (same, source.endpoint, source.include, source.exclude)
            if key in seen:
                what = f"job {seen[key]} reads the same; its files would count twice"
                wrong.append(_mistake(what, (number, "sources", place)))
            seen.setdefault(key, job.name)
    return wrong


class Agent(Part):
    """The whole file."""

    version: Literal[1]
    zone: Zone = "Asia/Ho_Chi_Minh"
    data: Where | None = None
    cluster: str | None = Field(default=None, pattern="^(tcp|tls)://")
    jobs: tuple[Job, ...]
    channels: tuple[Channel, ...] = ()
    captures: tuple[Capture, ...] = ()
    retention: Retention = Retention()
    health: Health | None = Health()

    @field_validator("jobs")
    @classmethod
    def _jobs(cls, jobs: tuple[Job, ...]) -> tuple[Job, ...]:
        """Refuses none, two of one name, and sources that two would read, each at its line."""
        if not jobs:  # Field(min_length) would also say so where each job has a mistake
            raise ValueError("name at least one job")
        mistakes = [*_named_twice(jobs), *_shared_sources(jobs)]
        if mistakes:
            raise ValidationError.from_exception_data("jobs", mistakes)
        return jobs

    @field_validator("captures")
    @classmethod
    def _captures(cls, captures: tuple[Capture, ...]) -> tuple[Capture, ...]:
        """Refuses two of one name."""
        mistakes = _named_twice(captures)
        if mistakes:
            raise ValidationError.from_exception_data("captures", mistakes)
        return captures

    @field_validator("channels")
    @classmethod
    def _channels(cls, channels: tuple[Channel, ...], info: ValidationInfo) -> tuple[Channel, ...]:
        """Refuses two channels of one name, and jobs that there are not, each at its line."""
        jobs = info.data.get("jobs")
        names = [channel.name for channel in channels]
        mistakes: list[InitErrorDetails] = []
        for place, channel in enumerate(channels):
            if channel.name in names[:place]:
                mistakes.append(_mistake("two channels have this name", (place, "name")))
            for number, job in enumerate(channel.jobs):
                if jobs is not None and job not in {each.name for each in jobs}:
                    mistakes.append(_mistake("no job has this name", (place, "jobs", number)))
        if mistakes:
            raise ValidationError.from_exception_data("channels", mistakes)
        return channels

    @property
    def clock(self) -> ZoneInfo:
        """The zone of everything the file says about times."""
        return ZoneInfo(self.zone)


def settings(path: Path) -> Agent:
    """The settings in ``path``.

    Raises:
        PolicyError: the file is missing or has mistakes; all of them are listed.
    """
    return read(path, Agent, {"folder": path.absolute().parent})

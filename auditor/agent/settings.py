"""``agent.yaml``: what runs when, over which sources, and who is told.

Secrets never stand in the file: a setting ``NAME_env`` names an environment variable, ``NAME_file``
a file that only its owner may read (mode 600).
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from auditor.agent import cron
from auditor.model.documents import Document, read
from auditor.model.finding import Severity

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
SECRETS: Final = ("password", "secret", "token", "key", "passphrase", "credential", "credentials")
SHORTEST: Final = timedelta(seconds=10)
LONGEST: Final = timedelta(days=366)
_SPAN: Final = re.compile(r"([1-9][0-9]{0,5}) ?(s|m|h|d)")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SIZE: Final = re.compile(r"([1-9][0-9]{0,8}) ?(kB|MB|GB|TB)")
_SIZES: Final = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def _span(value: object) -> timedelta:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("write a length of time such as 90s, 15m, 6h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _size(value: object) -> int:
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("write a size such as 64MB or 2GB")
    return int(found[1]) * _SIZES[found[2]]


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError("use small letters, digits and -, 60 at most")
    return text


def _zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError(
            "is no time zone; write Asia/Ho_Chi_Minh, UTC or another of the tz database"
        )
    return text


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError("write a time of the day in quotes, such as '07:30'")
    return text


def _cron(text: str) -> str:
    cron.fields(text)
    return text


def _often(span: timedelta) -> timedelta:
    if not SHORTEST <= span <= LONGEST:
        raise ValueError("write a length of time from 10s to 366d")
    return span


def _some(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    if not jobs:  # Field(min_length) would also say so where each job has a mistake
        raise ValueError("name at least one job")
    return jobs


def _path(value: str, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder", Path())
    return Path(folder) / Path(value).expanduser()


Span = Annotated[timedelta, BeforeValidator(_span)]
"""A length of time: ``90s``, ``15m``, ``6h``, ``2d``."""
Size = Annotated[int, BeforeValidator(_size)]
"""Bytes: ``64MB``, ``2GB`` (powers of ten)."""
Name = Annotated[str, AfterValidator(_name)]
Clock = Annotated[str, AfterValidator(_clock)]
"""A time of the day in the agent's zone."""
Zone = Annotated[str, AfterValidator(_zone)]
Where = Annotated[Path, BeforeValidator(_path)]
"""A path; relative ones are meant from the folder of ``agent.yaml``."""


class Part(Document):
    """A part of the file; a secret in it is refused by name."""

    @model_validator(mode="before")
    @classmethod
    def _no_secret(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the YAML holds
        if isinstance(value, dict):
            for key in value:
                if str(key).lower().removesuffix("s") in SECRETS or str(key).lower() in SECRETS:
                    raise ValueError(
                        f"a secret ({key}) does not belong into this file: write {key}_env with "
                        f"the name of an environment variable, or {key}_file with the path of "
                        "a file of mode 600"
                    )
        return value


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
    access_id_env: str | None = None
    access_key_env: str | None = None
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


class Mail(Part):
    """SMTP: ``tls`` is starttls (587), tls (465) or none (only to this machine)."""

    server: str
    port: int = Field(default=587, ge=1, le=65_535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    ca: Where | None = None
    user: str | None = None
    password_env: str | None = None
    password_file: Where | None = None
    sender: str
    to: tuple[str, ...] = Field(min_length=1)


class Webhook(Part):
    """JSON by POST, signed with HMAC-SHA256 of the time and the body."""

    url: str | None = None
    url_env: str | None = None
    url_file: Where | None = None
    ca: Where | None = None
    secret_env: str | None = None
    secret_file: Where | None = None


class Syslog(Part):
    """CEF in RFC 5424 messages over TCP (RFC 6587, octet counts) or TLS (RFC 5425)."""

    server: str
    port: int = Field(default=6514, ge=1, le=65_535)
    tls: bool = True
    ca: Where | None = None
    certificate: Where | None = None
    private_file: Where | None = None


class Drop(Part):
    """A folder that gets one JSON file per notice."""

    folder: Where


class Quiet(Part):
    """Hours in which nothing is sent, but for what is at least as severe as ``but``."""

    begin: Clock
    end: Clock
    but: Severity | None = "critical"


class Channel(Part):
    """One way to tell people: exactly one of mail, webhook, syslog and drop.

    Attributes:
        jobs: names of the jobs it hears of; empty = all.
        about: news of findings, trouble of the agent, silence of sources.
        at_least: findings less severe than this are not told.
        digest: all that gathered since yesterday goes out as one message at this time.
    """

    name: Name
    mail: Mail | None = None
    webhook: Webhook | None = None
    syslog: Syslog | None = None
    drop: Drop | None = None
    jobs: tuple[str, ...] = ()
    about: tuple[Literal["news", "trouble", "silence"], ...] = ("news", "trouble", "silence")
    at_least: Severity = "low"
    quiet: Quiet | None = None
    digest: Clock | None = None

    @model_validator(mode="after")
    def _one(self) -> Channel:
        if [self.mail, self.webhook, self.syslog, self.drop].count(None) != 3:
            raise ValueError("name exactly one of mail, webhook, syslog and drop")
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
    filter: str = ""
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


class Agent(Part):
    """The whole file."""

    version: Literal[1]
    zone: Zone = "Asia/Ho_Chi_Minh"
    data: Where | None = None
    cluster: str | None = Field(default=None, pattern="^(tcp|tls)://")
    jobs: Annotated[tuple[Job, ...], AfterValidator(_some)]
    channels: tuple[Channel, ...] = ()
    captures: tuple[Capture, ...] = ()
    retention: Retention = Retention()
    health: Health | None = Health()

    @model_validator(mode="after")
    def _fits(self) -> Agent:
        wrong = [*_named_twice(self), *_unknown_jobs(self), *_shared_sources(self)]
        if wrong:
            raise ValidationError.from_exception_data(
                "Agent",
                [
                    InitErrorDetails(
                        type=PydanticCustomError("value_error", "{what}", {"what": what}),
                        loc=place,
                        input=None,
                    )
                    for place, what in wrong
                ],
            )
        return self

    @property
    def clock(self) -> ZoneInfo:
        """The zone of everything the file says about times."""
        return ZoneInfo(self.zone)


Mistake = tuple[tuple[str | int, ...], str]


def _named_twice(agent: Agent) -> list[Mistake]:
    """Jobs, channels and captures whose name another one has."""
    wrong: list[Mistake] = []
    for kind in ("jobs", "channels", "captures"):
        first: dict[str, int] = {}
        for number, each in enumerate(getattr(agent, kind)):
            if each.name in first:
                other = f"{kind}[{first[each.name] + 1}]"
                wrong.append(((kind, number, "name"), f"{each.name!r} is the name of {other} too"))
            first.setdefault(each.name, number)
    return wrong


def _unknown_jobs(agent: Agent) -> list[Mistake]:
    """What channels say about jobs that are not there."""
    names = {job.name for job in agent.jobs}
    return [
        (("channels", number, "jobs", place), f"there is no job {name!r}")
        for number, channel in enumerate(agent.channels)
        for place, name in enumerate(channel.jobs)
        if name not in names
    ]


def _shared_sources(agent: Agent) -> list[Mistake]:
    """Sources that stand twice: the same files would be audited, and told, twice."""
    wrong: list[Mistake] = []
    seen: dict[tuple[object, ...], str] = {}
    for number, job in enumerate(agent.jobs):
        for place, source in enumerate(job.sources):
            where = source.folder or source.files
            # as a name, not as the disk has it now: the folder may come later
            same = (str(where.resolve()) if where else source.bucket, source.endpoint)
            key = (*same, source.include, source.exclude)
            if key in seen:
                what = f"job {seen[key]!r} reads the same; its files would count twice"
                wrong.append((("jobs", number, "sources", place), what))
            seen.setdefault(key, job.name)
    return wrong


def settings(path: Path) -> Agent:
    """The settings in ``path``.

    Raises:
        PolicyError: the file is missing or has mistakes; all of them are listed.
    """
    return read(path, Agent, {"folder": path.absolute().parent})

"""``agent.yaml``: what runs when, over which sources, and who is told.

Secrets never stand in the file: a setting ``NAME_env`` names an environment variable, ``NAME_file``
a file that only its owner may read (mode 600).
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from auditor.agent import cron
from auditor.agent.addresses import host, is_loopback, mailbox, open_webhook_address
from auditor.model.documents import Document, read
from auditor.model.finding import Severity

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
SECRETS: Final = ("password", "secret", "token", "key", "passphrase", "credential", "credentials")
if TYPE_CHECKING:
    from collections.abc import Sequence

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


def _path(value: str, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder", Path())
    return Path(folder) / Path(value).expanduser()


def _mailbox(text: str) -> str:
    mailbox(text)
    return text


def _open_url(text: str) -> str:
    open_webhook_address(text)
    return text


def _mistake(what: str, place: tuple[int | str, ...]) -> InitErrorDetails:
    return {"type": PydanticCustomError("value_error", what), "loc": place, "input": None}


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
Server = Annotated[str, AfterValidator(host)]
"""A server's name or address."""
Mailbox = Annotated[str, AfterValidator(_mailbox)]
"""Somebody's e-mail address."""


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


def _one_secret(env: object, file: object, name: str, use: str) -> None:
    if (env is None) == (file is None):
        raise ValueError(f"name exactly one of {name}_env and {name}_file: {use}")


class Mail(Part):
    """SMTP: ``tls`` is starttls (587), tls (465) or none (only to this machine).

    Attributes:
        ca: certificates that sign the server's, where they are not the system's.
        user: who signs in; with it, where the password is.
        sender, to: ``an@example.vn`` or ``An Ninh <an@example.vn>``.
    """

    server: Server
    port: int = Field(default=587, ge=1, le=65_535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    ca: Where | None = None
    user: str | None = Field(default=None, min_length=1)
    password_env: str | None = None
    password_file: Where | None = None
    sender: Mailbox
    to: tuple[Mailbox, ...] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _safe(self) -> Mail:
        if self.tls == "none" and not is_loopback(self.server):
            raise ValueError("none is only for a server on this machine; write starttls or tls")
        if self.user is not None:
            _one_secret(self.password_env, self.password_file, "password", "the user signs in")
        elif self.password_env is not None or self.password_file is not None:
            raise ValueError("a password without user: name the user that signs in")
        return self


class Webhook(Part):
    """JSON by POST, signed with HMAC-SHA256 of the time and the body.

    Attributes:
        url: https://, or http:// on this machine; ``url_env`` or ``url_file`` where it is a secret.
        ca: certificates that sign the server's, where they are not the system's.
        secret_env, secret_file: what signs; the receiver knows by it who told.
    """

    url: Annotated[str, AfterValidator(_open_url)] | None = None
    url_env: str | None = None
    url_file: Where | None = None
    ca: Where | None = None
    secret_env: str | None = None
    secret_file: Where | None = None

    @model_validator(mode="after")
    def _safe(self) -> Webhook:
        if [self.url, self.url_env, self.url_file].count(None) != 2:
            raise ValueError("name exactly one of url, url_env and url_file")
        _one_secret(self.secret_env, self.secret_file, "secret", "what is told is signed with it")
        return self


class Syslog(Part):
    """CEF in RFC 5424 messages over TCP (RFC 6587, octet counts) or TLS (RFC 5425).

    Attributes:
        ca: certificates that sign the server's, where they are not the system's.
        certificate, private_file: this machine's, for a server that asks for one (PEM).
    """

    server: Server
    port: int = Field(default=6514, ge=1, le=65_535)
    tls: bool = True
    ca: Where | None = None
    certificate: Where | None = None
    private_file: Where | None = None

    @model_validator(mode="after")
    def _safe(self) -> Syslog:
        if (self.certificate is None) != (self.private_file is None):
            raise ValueError("certificate and private_file belong together: name both or neither")
        if not self.tls and (self.ca is not None or self.certificate is not None):
            raise ValueError("certificates without tls: leave them out, or write tls: true")
        return self


class Drop(Part):
    """A folder that gets one JSON file per notice."""

    folder: Where


class Quiet(Part):
    """Hours in which nothing is sent, but for what is at least as severe as ``but``.

    Trouble of the agent has the severity high, or critical where it can do nothing at all; silence
    has medium.
    """

    begin: Clock
    end: Clock
    but: Severity | None = "critical"

    @model_validator(mode="after")
    def _some(self) -> Quiet:
        if self.begin == self.end:
            raise ValueError("begin and end are the same: no hours, or all of them; leave it out")
        return self


class Channel(Part):
    """One way to tell people: exactly one of mail, webhook, syslog and drop.

    Attributes:
        jobs: names of the jobs it hears of; empty = all.
        about: news of findings, trouble of the agent, silence of sources.
        at_least: findings less severe than this are not told.
        digest: all that gathered since yesterday goes out as one message at this time, whatever
            its severity; what is to be told at once has a channel of its own.
    """

    name: Name
    mail: Mail | None = None
    webhook: Webhook | None = None
    syslog: Syslog | None = None
    drop: Drop | None = None
    jobs: tuple[str, ...] = ()
    about: tuple[Literal["news", "trouble", "silence"], ...] = Field(
        default=("news", "trouble", "silence"), min_length=1
    )
    at_least: Severity = "low"
    quiet: Quiet | None = None
    digest: Clock | None = None

    @model_validator(mode="after")
    def _one(self) -> Channel:
        if [self.mail, self.webhook, self.syslog, self.drop].count(None) != 3:
            raise ValueError("name exactly one of mail, webhook, syslog and drop")
        if self.quiet is not None and self.digest is not None:
            raise ValueError("a digest is sent at its time alone: leave out quiet")
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

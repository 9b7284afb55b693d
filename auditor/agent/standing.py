"""How the agent and its jobs stand, for people and for machines (``auditor agent status``).

The document for machines, ``version`` 1, times in UTC (ISO 8601), null = not known or none:

* ``at``, ``data``; ``agent``: ``running``, ``host``, ``pid``, ``since``;
* ``jobs``: ``name``, ``paused``, ``next``, ``requested``, ``requested_by``, ``failures``,
  ``not_before``, ``heard``, ``silent``; ``running`` and ``last`` (``attempt``, ``scheduled`` = when
  it was asked for, ``started``, ``finished``, ``outcome``, ``message``, ``run_id``); ``run`` (the
  last one that ended well:
  ``run_id``, ``started``, ``finished``, ``inputs``, ``problems``, ``flows``, ``crossing_flows``,
  ``outbound_bytes``, ``findings``, ``new``, ``changed``, ``gone``); ``present`` (findings that are
  not gone, by severity); ``backlog`` (``files``, ``bytes``, ``oldest``, ``seconds``);
  ``quarantined``;
* ``channels`` with notices that wait or were given up: ``channel``, ``waiting``, ``oldest``,
  ``given_up``;
* ``runs``, ``present``, ``database_bytes``;
* ``worries``: ``job`` and ``code``: failed, silent, backlog, quarantine, late.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from auditor.agent import hold, schedule
from auditor.agent.secret import secret_of
from auditor.model.errors import PolicyError
from auditor.model.text import Text, legible
from auditor.report.formats import size
from auditor.store import jobs, leases
from auditor.store.leases import Lease
from auditor.store.overview import Backlog, JobOverview, Overview, overview

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from auditor.agent.channels import Channel
    from auditor.agent.settings import Agent, Job
    from auditor.store import Store

VERSION: Final = 1
BEHIND: Final = timedelta(days=1)
"""A backlog, or a run that is due, older than this is a worry."""
_OUTCOMES: Final = {
    "done": Text("xong", "done"),
    "nothing-new": Text("không có gì mới", "nothing new"),
    "failed": Text("thất bại", "failed"),
    "ended": Text("quá thời gian, đã dừng", "ended at its limit"),
    "interrupted": Text("bị ngắt", "interrupted"),
}
_WORRIES: Final = {
    "failed": Text("lần chạy gần nhất thất bại", "its last run failed"),
    "silent": Text("không có dữ liệu mới quá lâu", "no new input for too long"),
    "backlog": Text("có tệp chờ hơn một ngày", "files have been waiting for more than a day"),
    "quarantine": Text(
        "có tệp bị cách ly (auditor agent quarantine)",
        "files are in quarantine (auditor agent quarantine)",
    ),
    "late": Text("trễ hơn một ngày", "more than a day late"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """How things stand.

    Attributes:
        holder: who holds the store now; null = no agent is at work.
        jobs: of ``agent.yaml``, in its order.
        next: when each is due next.
        worries: names of jobs, with codes.
    """

    data: str
    overview: Overview
    holder: Lease | None
    jobs: tuple[JobOverview, ...]
    next: dict[str, datetime]
    worries: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at the settings and their surroundings finds."""

    lines: tuple[str, ...]
    mistakes: tuple[str, ...]


def stood(store: Store, settings: Agent, now: datetime) -> Found:
    """How things stand now; it works whether or not an agent is at work.

    Raises:
        StoreError: the store does not answer.
    """
    with store.reading() as connection:
        found = overview(connection, now, {job.name for job in settings.jobs})
        holder = leases.holder_of(connection, hold.NAME)
        planned = jobs.next_times(connection)
    known = {each.name: each for each in found.jobs}
    shown = tuple(known.get(job.name, _unknown(job.name)) for job in settings.jobs)
    coming = {
        job.name: planned.get(job.name) or schedule.next_times(job, settings, now, 1)[0]
        for job in settings.jobs
    }
    worries = [
        (job.name, code)
        for job, each in zip(settings.jobs, shown, strict=True)
        for code in _worries(job, each, coming[job.name], now)
    ]
    alive = holder if holder is not None and holder.held(now) else None
    return Found(str(store.folder), found, alive, shown, coming, tuple(worries))


def _unknown(name: str) -> JobOverview:
    """A job that no agent has seen yet."""
    return JobOverview(
        name=name, paused=False, requested=None, requested_by=None, failures=0, not_before=None,
        heard=None, last=None, running=None, run=None, present={}, backlog=Backlog(), quarantined=0,
    )  # fmt: skip


def _worries(job: Job, each: JobOverview, coming: datetime, now: datetime) -> list[str]:
    codes = []
    if each.last is not None and each.last.outcome in ("failed", "ended"):
        codes.append("failed")
    if _silent(job, each, now):
        codes.append("silent")
    if each.backlog.oldest is not None and now - each.backlog.oldest > BEHIND:
        codes.append("backlog")
    if each.quarantined:
        codes.append("quarantine")
    asked = each.requested if each.running is None else None
    if not each.paused and now - min(asked or now, coming) > BEHIND:
        codes.append("late")
    return codes


def _silent(job: Job, each: JobOverview, now: datetime) -> bool:
    if job.silent_after is None or each.heard is None:
        return False
    return now - each.heard > job.silent_after


def document(found: Found, settings: Agent) -> dict[str, Any]:
    """The document for machines."""
    at = found.overview.at
    holder = found.holder
    return {
        "version": VERSION,
        "at": _moment(at),
        "data": legible(found.data),
        "agent": {
            "running": holder is not None,
            "host": holder.process.get("host") if holder else None,
            "pid": holder.process.get("pid") if holder else None,
            "since": _moment(holder.taken) if holder else None,
        },
        "jobs": [
            _job(job, each, found.next[each.name], at)
            for job, each in zip(settings.jobs, found.jobs, strict=True)
        ],
        "channels": [
            {
                "channel": each.channel,
                "waiting": each.waiting,
                "oldest": _moment(each.oldest_waiting),
                "given_up": each.given_up,
            }
            for each in found.overview.outboxes
        ],
        "runs": found.overview.runs,
        "present": found.overview.present,
        "database_bytes": found.overview.size,
        "worries": [{"job": job, "code": code} for job, code in found.worries],
    }


def _job(job: Job, each: JobOverview, coming: datetime, at: datetime) -> dict[str, Any]:
    oldest = each.backlog.oldest
    return {
        "name": each.name,
        "paused": each.paused,
        "next": _moment(coming),
        "requested": _moment(each.requested),
        "requested_by": each.requested_by,
        "failures": each.failures,
        "not_before": _moment(each.not_before),
        "heard": _moment(each.heard),
        "silent": _silent(job, each, at),
        "running": _attempt(each.running),
        "last": _attempt(each.last),
        "run": _plain(asdict(each.run)) if each.run is not None else None,
        "present": each.present,
        "backlog": {
            "files": each.backlog.files,
            "bytes": each.backlog.size,
            "oldest": _moment(oldest),
            "seconds": max(0, int((at - oldest).total_seconds())) if oldest else None,
        },
        "quarantined": each.quarantined,
    }


def _attempt(attempt: Any) -> dict[str, Any] | None:  # noqa: ANN401 - the overview's attempt
    if attempt is None:
        return None
    fields = _plain(asdict(attempt))
    return {"attempt": fields.pop("id"), **fields}


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _moment(value) if isinstance(value, datetime) else value
        for name, value in fields.items()
    }


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat(timespec="seconds")


def lines(found: Found, zone: ZoneInfo) -> list[str]:
    """The same for people; times in the zone of ``agent.yaml``."""

    def shown(value: datetime | None) -> str:
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}" if value is not None else "–"

    holder = found.holder
    told = ["Hệ thống kiểm tra tự động không chạy. / No agent is at work."]
    if holder is not None:
        who = f"{holder.process.get('pid')} @ {holder.process.get('host')}"
        running = "Hệ thống kiểm tra tự động đang chạy / the agent is at work"
        told = [f"{running}: {who}, {shown(holder.taken)}"]
    for each in found.jobs:
        told += ["", *_job_lines(each, found.next[each.name], shown)]
    for box in found.overview.outboxes:
        told.append("")
        told.append(f"Thông báo / notices → {box.channel}: {box.waiting} chờ / waiting")
        if box.given_up:
            told.append(f"  {box.given_up} không gửi được / given up")
    total = found.overview
    told += ["", f"{total.runs} lần kiểm tra / runs; {size(total.size).en} ({found.data})"]
    for job, code in found.worries:
        told.append(f"! {job}: {_WORRIES[code].vi} / {_WORRIES[code].en}")
    return told


def _job_lines(each: JobOverview, coming: datetime, shown: Any) -> list[str]:  # noqa: ANN401 - lines' own
    state = "tạm dừng / paused" if each.paused else f"lần tới / next {shown(coming)}"
    if each.running is not None:
        state = f"đang chạy từ / running since {shown(each.running.started)}"
    told = [f"{each.name}: {state}"]
    if each.requested is not None and each.running is None:
        told.append(f"  chờ chạy từ / asked for at {shown(each.requested)}")
    if each.last is not None:
        outcome = _OUTCOMES[each.last.outcome or "interrupted"]
        told.append(f"  {shown(each.last.started)} {outcome.vi} / {outcome.en}")
        if each.last.message:
            told.append(f"    {each.last.message.splitlines()[0][:200]}")
    if each.failures:
        again = f", lần sau / again {shown(each.not_before)}" if each.not_before else ""
        told.append(f"  {each.failures} lần thất bại liên tiếp / failures in a row{again}")
    if each.run is not None:
        run = each.run
        told.append(
            f"  {run.run_id}: {run.inputs} tệp / inputs, {run.flows} luồng / flows, "
            f"{run.findings} dấu hiệu / findings (+{run.new} ~{run.changed} -{run.gone})"
        )
    if each.backlog.files:
        waiting = f"{each.backlog.files} tệp chờ / files waiting, {size(each.backlog.size).en}"
        told.append(f"  {waiting}, từ / since {shown(each.backlog.oldest)}")
    if each.quarantined:
        told.append(f"  {each.quarantined} tệp bị cách ly / files in quarantine")
    return told


def checked(settings: Agent, now: datetime) -> Checked:
    """When jobs will run, and what of the settings does not fit this machine now."""
    told: list[str] = []
    mistakes: list[str] = []
    for job in settings.jobs:
        told.append(f"{job.name}:")
        told += [
            f"  {when:%a %Y-%m-%d %H:%M:%S %Z}"
            for when in schedule.next_times(job, settings, now, 5)
        ]
        for number, source in enumerate(job.sources):
            place = f"jobs.{job.name}.sources[{number + 1}]"
            if source.folder is not None and not source.folder.is_dir():
                mistakes.append(f"{place}: there is no folder {legible(str(source.folder))}")
            if source.bucket is not None:
                mistakes += _secret(source.access_key_env, source.access_key_file, place)
        for name in ("inventory", "dossiers", "checklist", "policies", "geoip"):
            path = getattr(job, name)
            if path is not None and not path.exists():
                mistakes.append(f"jobs.{job.name}.{name}: there is no {legible(str(path))}")
    for channel in settings.channels:
        told.append(f"→ {channel.name}: {', '.join(channel.about)}")
        mistakes += _secrets_of(channel)
    return Checked(tuple(told), tuple(mistakes))


def _secrets_of(channel: Channel) -> list[str]:
    place = f"channels.{channel.name}"
    if channel.mail is not None:
        return _secret(channel.mail.password_env, channel.mail.password_file, f"{place}.password")
    if channel.webhook is not None:
        way = channel.webhook
        return [
            *_secret(way.url_env, way.url_file, f"{place}.url"),
            *_secret(way.secret_env, way.secret_file, f"{place}.secret"),
        ]
    return []


def _secret(env: str | None, file: Any, place: str) -> list[str]:  # noqa: ANN401 - a path or none
    try:
        secret_of(env, file, place)
    except PolicyError as error:
        return [str(error)]
    return []

"""The standing as metrics in the format of Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from auditor import __version__
from auditor.agent.health.standing import MOST_LISTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from prometheus_client import Metric

    from auditor.agent.health.standing import Standing
    from auditor.agent.live import State
    from auditor.store.overview import JobOverview, Outbox

KIND: Final = "text/plain; version=0.0.4; charset=utf-8"
OUTCOMES: Final = ("done", "nothing-new", "failed", "ended", "interrupted")
WELL: Final = ("done", "nothing-new")

Number = float | int | None


def text(standing: Standing) -> bytes:
    """All metrics, each with its help."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Metrics(standing))
    return generate_latest(registry)


class _Metrics(Collector):
    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def collect(self) -> Iterator[Metric]:
        """The agent, its jobs, its notices, its captures."""
        standing, overview = self._standing, self._standing.overview
        info = GaugeMetricFamily("auditor_build_info", "Version.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        yield _one("auditor_database_up", "Whether the database answers.", overview is not None)
        yield _one("auditor_agent_lease_held", "Whether this agent may work.", standing.pulse.lease)
        yield _one(
            "auditor_agent_last_beat_timestamp_seconds",
            "Last turn of the agent's loop.",
            _seconds(standing.pulse.beat),
        )
        yield from _captures(standing)
        if overview is None:
            return
        yield _one("auditor_runs", "Runs that the store remembers.", overview.runs)
        yield _one("auditor_database_size_bytes", "Size of the database.", overview.size)
        yield from _jobs(overview.jobs[:MOST_LISTED])
        yield from _notices(overview.outboxes[:MOST_LISTED])


def _jobs(jobs: tuple[JobOverview, ...]) -> Iterator[Metric]:
    rows: tuple[tuple[str, str, list[Number]], ...] = (
        ("paused", "Whether it is paused.", [job.paused for job in jobs]),
        ("running", "Whether it is running.", [job.running is not None for job in jobs]),
        ("requested_timestamp_seconds", "Since when it is due.",
         [_seconds(job.requested) for job in jobs]),
        ("consecutive_failures", "Failed attempts in a row.", [job.failures for job in jobs]),
        ("last_attempt_timestamp_seconds", "End of its last attempt.",
         [_seconds(job.last.finished) if job.last else None for job in jobs]),
        ("last_attempt_duration_seconds", "Length of its last attempt.",
         [_length(job) for job in jobs]),
        ("last_success_timestamp_seconds", "End of its last attempt that went well.",
         [_seconds(last_success(job)) for job in jobs]),
        ("last_input_timestamp_seconds", "When a new input was last seen.",
         [_seconds(job.heard) for job in jobs]),
        ("last_run_inputs", "Inputs of its last run.",
         [job.run.inputs if job.run else None for job in jobs]),
        ("last_run_problems", "What its last run could not read or place.",
         [job.run.problems if job.run else None for job in jobs]),
        ("last_run_flows", "Flows of its last run.",
         [job.run.flows if job.run else None for job in jobs]),
        ("last_run_crossing_flows", "Flows of its last run that cross the border.",
         [job.run.crossing_flows if job.run else None for job in jobs]),
        ("last_run_outbound_bytes", "Bytes that left in its last run.",
         [job.run.outbound_bytes if job.run else None for job in jobs]),
    )  # fmt: skip
    names = [_label(job.name) for job in jobs]
    for name, about, values in rows:
        yield _gauge(f"auditor_job_{name}", about, ["job"], names, values)
    yield _gauge("auditor_backlog_files", "Files that wait.", ["job"], names,
                 [job.backlog.files for job in jobs])  # fmt: skip
    yield _gauge("auditor_backlog_bytes", "Bytes that wait.", ["job"], names,
                 [job.backlog.size for job in jobs])  # fmt: skip
    yield _gauge(
        "auditor_backlog_oldest_timestamp_seconds", "Since when the oldest waiting file waits.",
        ["job"], names, [_seconds(job.backlog.oldest) for job in jobs],
    )  # fmt: skip
    yield _gauge("auditor_quarantined_files", "Files that could not be read.", ["job"], names,
                 [job.quarantined for job in jobs])  # fmt: skip
    outcomes = GaugeMetricFamily(
        "auditor_job_last_outcome", "1 at the outcome of its last attempt.",
        labels=["job", "outcome"],
    )  # fmt: skip
    findings = GaugeMetricFamily(
        "auditor_findings", "Findings that are not gone.", labels=["job", "severity"]
    )
    for name, job in zip(names, jobs, strict=True):
        for outcome in OUTCOMES if job.last else ():
            outcomes.add_metric(
                [name, outcome], job.last is not None and job.last.outcome == outcome
            )
        for severity, count in job.present.items():
            findings.add_metric([name, severity], count)
    yield outcomes
    yield findings


def _notices(boxes: tuple[Outbox, ...]) -> Iterator[Metric]:
    names = [_label(box.channel) for box in boxes]
    yield _gauge("auditor_notices_waiting", "Notices not delivered yet.", ["channel"], names,
                 [box.waiting for box in boxes])  # fmt: skip
    yield _gauge(
        "auditor_notices_oldest_waiting_timestamp_seconds", "When the oldest of them was written.",
        ["channel"], names, [_seconds(box.oldest_waiting) for box in boxes],
    )  # fmt: skip
    yield _gauge("auditor_notices_given_up", "Notices that could not be delivered.", ["channel"],
                 names, [box.given_up for box in boxes])  # fmt: skip


def _captures(standing: Standing) -> Iterator[Metric]:
    captures = standing.captures[:MOST_LISTED]
    names = [_label(each.name) for each in captures]
    yield _gauge("auditor_capture_running", "Whether it is at work.", ["capture"], names,
                 [each.runs(standing.at) for each in captures])  # fmt: skip
    counts: tuple[tuple[str, str, list[Number]], ...] = (
        ("packets", "Packets written.", [each.packets for each in captures]),
        ("dropped_packets", "Packets that the tool or the kernel lost, as far as told.",
         [each.dropped for each in captures]),
        ("interface_dropped_packets", "Packets that the network card lost.",
         [each.interface_dropped for each in captures]),
        ("files", "Files finished.", [each.files for each in captures]),
        ("lost_files", "Files removed before an audit had seen them.",
         [each.lost_files for each in captures]),
        ("lost_bytes", "Bytes of these.", [each.lost_bytes for each in captures]),
        ("restarts", "How often the tool was started again.",
         [each.restarts for each in captures]),
    )  # fmt: skip
    for name, about, values in counts:
        yield _counter(f"auditor_capture_{name}", about, names, captures, values)


def last_success(job: JobOverview) -> datetime | None:
    """When the job last ended well, as far as its last run and its last attempt tell."""
    ends = [job.run.finished] if job.run else []
    if job.last is not None and job.last.outcome in WELL and job.last.finished is not None:
        ends.append(job.last.finished)
    return max(ends, default=None)


def _length(job: JobOverview) -> float | None:
    if job.last is None or job.last.finished is None:
        return None
    return max(0.0, (job.last.finished - job.last.started).total_seconds())


def _one(name: str, about: str, value: Number) -> Metric:
    family = GaugeMetricFamily(name, about)
    if value is not None:
        family.add_metric([], float(value))
    return family


def _gauge(
    name: str, about: str, labels: list[str], keys: list[str], values: list[Number]
) -> Metric:
    family = GaugeMetricFamily(name, about, labels=labels)
    for key, value in zip(keys, values, strict=True):
        if value is not None:
            family.add_metric([key], float(value))
    return family


def _counter(
    name: str, about: str, keys: list[str], captures: tuple[State, ...], values: list[Number]
) -> Metric:
    family = CounterMetricFamily(name, about, labels=["capture"])
    for key, capture, value in zip(keys, captures, values, strict=True):
        if value is not None:
            family.add_metric([key], float(value), created=capture.since.timestamp())
    return family


def _label(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode("utf-8")[:100]


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None

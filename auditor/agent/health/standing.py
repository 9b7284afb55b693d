"""How the agent stands: what the store says, what only the running agent knows, and a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from auditor.agent.live import State
from auditor.store.overview import Overview

if TYPE_CHECKING:
    from auditor.store.overview import JobOverview

LATE: Final = timedelta(minutes=5)
"""After so long without a turn of its loop the agent counts as stuck."""


MOST_LISTED: Final = 1_000
Verdict = Literal["ok", "trouble", "down"]


@dataclass(frozen=True, slots=True)
class Pulse:
    """What only the running agent knows.

    Attributes:
        beat: when its loop last made a turn; null = it has not yet.
        lease: whether it holds the lease, so that it may work.
    """

    beat: datetime | None
    lease: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that is shown, at one moment.

    Attributes:
        overview: what the store says; null = the database does not answer, for the reason
            ``silence``.
    """

    at: datetime
    pulse: Pulse
    overview: Overview | None
    captures: tuple[State, ...] = ()
    silence: str = ""

    @property
    def beats(self) -> bool:
        """Whether the loop made a turn of late."""
        return self.pulse.beat is not None and self.at - self.pulse.beat <= LATE

    @property
    def failing(self) -> tuple[JobOverview, ...]:
        """Jobs whose last attempt failed."""
        jobs = self.overview.jobs if self.overview else ()
        return tuple(job for job in jobs if job.failures)[:MOST_LISTED]

    @property
    def verdict(self) -> Verdict:
        """``down``: it does not work. ``trouble``: it does, and somebody should look."""
        if self.overview is None or not self.beats or not self.pulse.lease:
            return "down"
        given_up = any(box.given_up for box in self.overview.outboxes)
        lost = any(each.lost_files for each in self.captures)
        still = not all(each.runs(self.at) for each in self.captures)
        return "trouble" if self.failing or given_up or lost or still else "ok"


def document(standing: Standing) -> dict[str, Any]:
    """The standing as JSON, for supervisors: short, and without names of files."""
    overview = standing.overview
    waiting = (
        [job.backlog.oldest for job in overview.jobs if job.backlog.oldest] if overview else []
    )
    return {
        "status": standing.verdict,
        "at": standing.at.isoformat(),
        "loop": {"beats": standing.beats, "last_beat": _moment(standing.pulse.beat)},
        "lease": standing.pulse.lease,
        "database": overview is not None,
        "backlog": {
            "files": sum(job.backlog.files for job in overview.jobs) if overview else None,
            "oldest": _moment(min(waiting, default=None)),
        },
        "quarantined": sum(job.quarantined for job in overview.jobs) if overview else None,
        "failing_jobs": {
            job.name[:100]: job.failures for job in standing.failing
        },
        "captures": {
            each.name[:100]: {
                "running": each.runs(standing.at),
                "dropped": each.dropped,
                "interface_dropped": each.interface_dropped,
                "lost_files": each.lost_files,
            }
            for each in standing.captures
        },
    }  # fmt: skip


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None

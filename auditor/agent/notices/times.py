"""When a notice may go: quiet hours and digests, in the agent's zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from auditor.model.finding import SEVERITIES

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from auditor.agent.channels import Channel, Quiet

LONGEST: Final = timedelta(hours=26)
"""Nothing waits longer for its time: a day, with the hour of a clock change and one to spare."""


def not_before(channel: Channel, severity: str | None, now: datetime, zone: ZoneInfo) -> datetime:
    """When a notice that comes up at ``now`` may go: at once, after the quiet hours, in the digest.

    A digest gathers everything, whatever its severity.
    """
    if channel.digest is not None:
        return next_time(channel.digest, now, zone)
    return after_quiet(channel, severity, now, zone)


def after_quiet(channel: Channel, severity: str | None, now: datetime, zone: ZoneInfo) -> datetime:
    """The end of the quiet hours if ``now`` is in them and the severity does not go through."""
    quiet = channel.quiet
    if quiet is None or _goes_through(quiet, severity) or not _in(quiet, now, zone):
        return now
    return next_time(quiet.end, now, zone)


def next_time(clock: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The next moment, not before ``now``, at which clocks in ``zone`` show ``clock``."""
    shown = time.fromisoformat(clock)
    today = now.astimezone(zone).date()
    for days in (-1, 0, 1, 2):
        local = datetime.combine(today + timedelta(days=days), shown, zone)
        if local.astimezone(UTC) >= now:
            return local.astimezone(UTC)
    raise AssertionError("every clock time comes within two days")


def _goes_through(quiet: Quiet, severity: str | None) -> bool:
    if quiet.but is None or severity is None:
        return False
    return SEVERITIES.index(severity) <= SEVERITIES.index(quiet.but)


def _in(quiet: Quiet, now: datetime, zone: ZoneInfo) -> bool:
    shown = now.astimezone(zone).time()
    begin, end = time.fromisoformat(quiet.begin), time.fromisoformat(quiet.end)
    if begin < end:
        return begin <= shown < end
    return shown >= begin or shown < end

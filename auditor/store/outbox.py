"""Notices that wait for delivery, and what became of them.

A notice is put in the transaction of what it tells of, and marked once its receiver has it. A
crash between the two delivers it again under the same id. States:

=========  =====================================================================================
waiting    to be sent in its turn: what came later to its channel comes later to its receiver
refused    the receiver is there but does not take this one: tried again, the others go past it
sent       delivered
folded     its content went into a digest
given-up   nobody took it for a week; it stays in the store and in `auditor agent status`
=========  =====================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select, update

from auditor.store.tables import notices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Select

OPEN: Final = ("waiting", "refused")
MOST_AT_ONCE: Final = 500
"""Ids in one statement."""
CLOCK: Final = timedelta(minutes=1)
"""By how much clocks differ without one of them being called wrong."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a channel is to be told.

    Attributes:
        id: the same for the same thing told to the same channel: it is put once.
        kind: news, trouble, silence or digest.
        content: a JSON document (``docs/notices.md`` describes it).
        not_before: when it may go at the earliest.
    """

    id: str
    channel: str
    kind: str
    job: str | None
    run_id: str | None
    severity: str | None
    content: dict[str, Any]
    not_before: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """A draft in the outbox.

    Attributes:
        tries: how often its delivery failed.
        error: why, the last time; of a delivered one: what was odd about it.
    """

    id: str
    channel: str
    kind: str
    job: str | None
    run_id: str | None
    severity: str | None
    content: dict[str, Any]
    created: datetime
    not_before: datetime
    tries: int
    state: str
    sent: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in one channel: how many, since when, how many failed, and the last error."""

    channel: str
    waiting: int
    oldest: datetime
    failing: int
    error: str | None


def put(connection: Connection, drafts: Iterable[Draft], now: datetime) -> int:
    """Puts ``drafts`` into the outbox; those whose id is there already are left as they are.

    Returns:
        how many are new.
    """
    wanted = {draft.id: draft for draft in drafts}
    ids = list(wanted)
    for begin in range(0, len(ids), MOST_AT_ONCE):
        some = ids[begin : begin + MOST_AT_ONCE]
        for known in connection.scalars(select(notices.c.id).where(notices.c.id.in_(some))):
            del wanted[known]
    first = _after_others(connection, now) if wanted else now
    rows = [
        {
            "id": draft.id,
            "channel": draft.channel,
            "kind": draft.kind,
            "job": draft.job,
            "run_id": draft.run_id,
            "severity": draft.severity,
            "content": draft.content,
            "created": first + timedelta(microseconds=number),
            "not_before": draft.not_before,
            "tries": 0,
            "state": "waiting",
        }
        for number, draft in enumerate(wanted.values())
    ]
    if rows:
        connection.execute(insert(notices), rows)
    return len(rows)


def due(connection: Connection, now: datetime, most: int = 100) -> list[Notice]:
    """What may go now, oldest first.

    A channel whose delivery failed waits as a whole until it is tried again: nothing overtakes.

    Args:
        connection: to the store.
        now: the time.
        most: at most so many of each channel.
    """
    held = select(notices.c.channel).where(
        notices.c.state == "waiting", notices.c.tries > 0, notices.c.not_before > now
    )
    place = func.row_number().over(
        partition_by=notices.c.channel, order_by=(notices.c.created, notices.c.id)
    )
    ready = (
        select(notices.c.id, place.label("place"))
        .where(
            notices.c.state.in_(OPEN),
            notices.c.not_before <= now,
            (notices.c.state == "refused") | notices.c.channel.not_in(held),
        )
        .subquery()
    )
    return _read(
        connection,
        select(notices).join(ready, ready.c.id == notices.c.id).where(ready.c.place <= most),
    )


def untried(connection: Connection, channels: Iterable[str], now: datetime) -> list[Notice]:
    """What may go now in some channels, has not been tried, and is no digest; oldest first."""
    return _read(
        connection,
        select(notices).where(
            notices.c.state == "waiting",
            notices.c.channel.in_(list(channels)),
            notices.c.kind != "digest",
            notices.c.tries == 0,
            notices.c.not_before <= now,
        ),
    )


def sent(connection: Connection, notice_id: str, now: datetime, remark: str | None = None) -> None:
    """Marks a notice as delivered; ``remark`` = what was odd about it."""
    connection.execute(
        update(notices)
        .where(notices.c.id == notice_id, notices.c.state.in_(OPEN))
        .values(state="sent", sent=now, error=remark)
    )


def failed(
    connection: Connection, notice_id: str, next_try: datetime, error: str, *, alone: bool = False
) -> None:
    """Marks a failed try.

    Args:
        connection: to the store.
        notice_id: whose delivery failed.
        next_try: when it is tried again, and with it what waits behind it.
        error: why it failed, in words for people, without secrets.
        alone: only this notice is not taken: nothing waits for it.
    """
    connection.execute(
        update(notices)
        .where(notices.c.id == notice_id, notices.c.state.in_(OPEN))
        .values(
            state="refused" if alone else "waiting",
            tries=notices.c.tries + 1,
            not_before=next_try,
            error=error,
        )
    )


def given_up(connection: Connection, notice_id: str, error: str) -> None:
    """Marks a notice that nobody took; it is not tried again."""
    connection.execute(
        update(notices)
        .where(notices.c.id == notice_id, notices.c.state.in_(OPEN))
        .values(state="given-up", tries=notices.c.tries + 1, error=error)
    )


def folded(connection: Connection, notice_ids: Iterable[str]) -> None:
    """Marks notices whose content stands in a digest that was put in the same transaction."""
    ids = list(notice_ids)
    for begin in range(0, len(ids), MOST_AT_ONCE):
        connection.execute(
            update(notices)
            .where(notices.c.id.in_(ids[begin : begin + MOST_AT_ONCE]), notices.c.state.in_(OPEN))
            .values(state="folded")
        )


def timed(connection: Connection, notice_id: str, created: datetime, not_before: datetime) -> None:
    """Gives a notice new times: those it has were taken from a clock that was wrong."""
    connection.execute(
        update(notices)
        .where(notices.c.id == notice_id, notices.c.state.in_(OPEN))
        .values(created=created, not_before=not_before)
    )


def mistimed(connection: Connection, now: datetime, longest: timedelta) -> list[Notice]:
    """What is from the future, or waits longer than anything may: a clock was set back."""
    return _read(
        connection,
        select(notices).where(
            notices.c.state.in_(OPEN),
            (notices.c.created > now + CLOCK) | (notices.c.not_before > now + longest),
        ),
    )


def counts(connection: Connection) -> dict[str, int]:
    """How many notices are in each state; states without any are left out."""
    found = connection.execute(
        select(notices.c.state, func.count()).group_by(notices.c.state).order_by(notices.c.state)
    )
    return {state: count for state, count in found}  # noqa: C416 - a row is no pair to the checker


def backlog(connection: Connection) -> list[Backlog]:
    """What waits, by channel."""
    found = connection.execute(
        select(
            notices.c.channel,
            notices.c.tries,
            notices.c.created,
            notices.c.error,
        )
        .where(notices.c.state.in_(OPEN))
        .order_by(notices.c.channel, notices.c.created, notices.c.id)
    )
    out: dict[str, Backlog] = {}
    for channel, tries, created, error in found:
        before = out.get(channel, Backlog(channel, 0, created, 0, None))
        out[channel] = Backlog(
            channel,
            before.waiting + 1,
            before.oldest,
            before.failing + (tries > 0),
            error or before.error,
        )
    return list(out.values())


def _after_others(connection: Connection, now: datetime) -> datetime:
    """``now``, or just after what was put at the same moment: it is the order of delivery."""
    last = connection.scalar(
        select(func.max(notices.c.created)).where(
            notices.c.state.in_(OPEN), notices.c.created.between(now, now + CLOCK)
        )
    )
    return now if last is None else last + timedelta(microseconds=1)


def _read(connection: Connection, query: Select[Any]) -> list[Notice]:
    found = connection.execute(query.order_by(notices.c.created, notices.c.id))
    return [Notice(**row._mapping) for row in found]

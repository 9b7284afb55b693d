"""Delivering what waits in the outbox: each channel by itself, in its order, until it is there."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auditor.agent.notices import drop, mail, syslog, webhook
from auditor.agent.notices.drafts import digest, trial, trouble_drafts
from auditor.agent.notices.sending import Undelivered, told
from auditor.agent.notices.times import LONGEST, after_quiet, not_before
from auditor.model.errors import InputError, PolicyError
from auditor.store import outbox
from auditor.store.outbox import Notice

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from auditor.agent.channels import Channel
    from auditor.agent.settings import Agent
    from auditor.store import Store

SOONEST: Final = timedelta(minutes=1)
"""Before the second try; each next one waits twice as long."""
LATEST: Final = timedelta(hours=1)
GIVEN_UP: Final = timedelta(days=7)
LEAST_TRIES: Final = 20
"""Before a notice is given up, however old it is: an agent that was off has not tried."""
ODD: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a notice that no agent wrote, or an answer that no server gives, may lead to."""
PATIENCE: Final = timedelta(minutes=1)
"""How long one channel may take in one pass; what is left waits for the next."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one pass did.

    Attributes:
        sent: notices delivered.
        failed: tries that failed.
        given_up: notices that are not tried again.
        waiting: notices that are left, whatever for.
        errors: ``channel: why``, for the journal.
    """

    sent: int = 0
    failed: int = 0
    given_up: int = 0
    waiting: int = 0
    errors: tuple[str, ...] = ()


def deliver(
    store: Store,
    settings: Agent,
    now: Callable[[], datetime],
    stopping: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Delivers what is due. One pass at a time: who holds the agent's lease calls it.

    Channels go side by side: one that hangs keeps no other waiting. A notice is marked after its
    delivery; a crash between them delivers it again with its id.

    Args:
        store: with the outbox.
        settings: the agent's.
        now: the clock.
        stopping: asked between notices; true ends the pass early.

    Raises:
        StoreError: the store does not answer; what was delivered and not marked comes again.
    """
    _prepare(store, settings, now())
    with store.reading() as connection:
        due = outbox.due(connection, now())
    by_channel: dict[str, list[Notice]] = defaultdict(list)
    for notice in due:
        by_channel[notice.channel].append(notice)
    passes = [_Pass(store, settings, now, stopping, name) for name in by_channel]
    if passes:
        with ThreadPoolExecutor(len(passes), thread_name_prefix="notices") as pool:
            running = [pool.submit(each.through, by_channel[each.name]) for each in passes]
        for each in running:
            each.result()
    with store.reading() as connection:
        left = sum(each.waiting for each in outbox.backlog(connection))
    return Delivered(
        sent=sum(each.sent for each in passes),
        failed=sum(each.failed for each in passes),
        given_up=sum(each.given_up for each in passes),
        waiting=left,
        errors=tuple(error for each in passes for error in each.errors),
    )


def tried(settings: Agent, channel: str, now: datetime) -> str:
    """Sends a test message through a channel, at once and past the outbox.

    Returns:
        a sentence that says so.

    Raises:
        PolicyError: there is no such channel.
        InputError: the message was not taken; it says why.
    """
    wanted = next((each for each in settings.channels if each.name == channel), None)
    if wanted is None:
        names = ", ".join(each.name for each in settings.channels) or "none"
        raise PolicyError("no channel has this name", place=channel, hint=f"Channels are: {names}.")
    content = trial(channel, now)
    name = f"test-{int(now.timestamp())}"
    notice = Notice(
        name, channel, "trouble", None, None, "info", content, now, now, 0, "waiting", None, None
    )
    try:
        remark = _send(wanted, notice, now)
    except Undelivered as error:
        raise InputError(
            f"the test message was not taken: {error.why}",
            place=channel,
            hint="Check the channel in agent.yaml, and the receiver.",
        ) from None
    return f"the test message {name} was taken by {channel}" + (f"; {remark}" if remark else "")


def _send(channel: Channel, notice: Notice, now: datetime) -> str:
    if channel.mail is not None:
        return mail.sent(channel.mail, notice, now)
    if channel.webhook is not None:
        return webhook.sent(channel.webhook, notice, now)
    if channel.syslog is not None:
        return syslog.sent(channel.syslog, notice, now)
    if channel.drop is not None:
        return drop.sent(channel.drop, notice, now)
    raise AssertionError("a channel is one of the four")


class _Pass:
    """One channel's part of one pass."""

    def __init__(
        self,
        store: Store,
        settings: Agent,
        now: Callable[[], datetime],
        stopping: Callable[[], bool],
        name: str,
    ) -> None:
        self.store, self.settings, self.now, self.stopping = store, settings, now, stopping
        self.name = name
        self.channel = next((each for each in settings.channels if each.name == name), None)
        self.sent = self.failed = self.given_up = 0
        self.errors: list[str] = []

    def through(self, notices: list[Notice]) -> None:
        """Sends ``notices`` in their order until one fails that the others wait for."""
        begun = self.now()
        for notice in notices:
            now = self.now()
            if self.stopping() or now - begun > PATIENCE:
                return
            if self._quiet(notice, now):
                continue
            try:
                remark = self._sent(notice, now)
            except Undelivered as error:
                self._fail(notice, error)
                if not error.alone:
                    return
                continue
            with self.store.writing() as connection:
                outbox.sent(connection, notice.id, self.now(), remark or None)
                if remark:
                    self._tell(connection, notice, "channel-recipient", remark)
            self.sent += 1
            if remark:
                self.errors.append(f"{self.name}: {remark}")

    def _quiet(self, notice: Notice, now: datetime) -> bool:
        """Whether it has to wait for the morning after all: it failed until the hours began."""
        if self.channel is None:
            return False
        return after_quiet(self.channel, notice.severity, now, self.settings.clock) > now

    def _sent(self, notice: Notice, now: datetime) -> str:
        if self.channel is None:
            raise Undelivered("agent.yaml has no such channel any more", slow=True)
        try:
            return _send(self.channel, notice, now)
        except ODD as error:  # one notice, or one receiver, must not end what serves all
            why = told(f"no sense can be made of it, or of the answer: {type(error).__name__}")
            raise Undelivered(why, slow=True, alone=True) from error

    def _fail(self, notice: Notice, error: Undelivered) -> None:
        now = self.now()
        self.errors.append(f"{self.name}: {error.why}")
        over = now - notice.created >= GIVEN_UP and notice.tries + 1 >= LEAST_TRIES
        with self.store.writing() as connection:
            if over:
                outbox.given_up(connection, notice.id, error.why)
                self._tell(connection, notice, "channel-given-up", error.why)
            else:
                wait = error.wait if error.wait is not None else waiting(notice.tries, error.slow)
                outbox.failed(connection, notice.id, now + wait, error.why, alone=error.alone)
                if error.slow:
                    self._tell(connection, notice, "channel-refused", error.why)
        self.given_up += over
        self.failed += 1

    def _tell(self, connection: Connection, notice: Notice, what: str, why: str) -> None:
        """Tells the other channels, once a day; not of what only tells of another channel."""
        if str(notice.content.get("what", "")).startswith("channel-"):
            return
        now = self.now()
        day = now.astimezone(self.settings.clock).date()
        detail = told(f"{self.name}: {why}")
        drafts = trouble_drafts(
            None,
            what,
            self.settings,
            now,
            detail=detail,
            severity="medium",
            occasion=f"{self.name} {day}",
            but=self.name,
        )
        outbox.put(connection, drafts, now)


def waiting(tries: int, slow: bool) -> timedelta:  # noqa: FBT001 - of one failure
    """How long after a failed try the next one comes: 1 min, 2 min, 4 min, … 1 h."""
    return LATEST if slow else min(LATEST, SOONEST * 2 ** min(tries, 10))


def _prepare(store: Store, settings: Agent, now: datetime) -> None:
    """Sets times right and makes digests; writes only if there is something to do."""
    digests = [each.name for each in settings.channels if each.digest is not None]
    with store.reading() as connection:
        if not outbox.mistimed(connection, now, LONGEST) and not (
            digests and outbox.untried(connection, digests, now)
        ):
            return
    with store.writing() as connection:
        _settle_times(connection, settings, now)
        _fold(connection, digests, now)


def _fold(connection: Connection, digests: list[str], now: datetime) -> None:
    """Makes one notice of all that gathered in a channel whose digest is due."""
    gathered: dict[str, list[Notice]] = defaultdict(list)
    for notice in outbox.untried(connection, digests, now):
        gathered[notice.channel].append(notice)
    for name, notices in gathered.items():
        outbox.put(connection, [digest(name, notices, now)], now)
        outbox.folded(connection, [notice.id for notice in notices])


def _settle_times(connection: Connection, settings: Agent, now: datetime) -> None:
    """Where a clock was set back, what is from the future gets its times anew, in its order."""
    channels = {each.name: each for each in settings.channels}
    wrong = outbox.mistimed(connection, now, LONGEST)
    for number, notice in enumerate(wrong):
        channel = channels.get(notice.channel)
        when = now
        if channel is not None and notice.kind != "digest":
            when = not_before(channel, notice.severity, now, settings.clock)
        created = min(notice.created, now - timedelta(microseconds=len(wrong) - number))
        outbox.timed(connection, notice.id, created, when)

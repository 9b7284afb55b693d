"""Sources that fall silent, and speak again: people are told once of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.agent.journal import tell
from auditor.agent.notices import drafts
from auditor.store import jobs, outbox

if TYPE_CHECKING:
    from datetime import datetime

    from auditor.agent.commit import Done
    from auditor.agent.settings import Agent
    from auditor.store import Store


def heard(store: Store, done: Done, settings: Agent, now: datetime) -> None:
    """Remembers that something new is ready; tells of it if people knew of a silence.

    Raises:
        StoreError: the store cannot be used.
    """
    if not done.ready:
        return
    name = done.job.name
    told: list[outbox.Draft] = []
    if done.standing.silence_told is not None:
        told = drafts.recovery_drafts(name, "silence", settings, now)
    with store.writing() as connection:
        jobs.heard(connection, name, now)
        outbox.put(connection, told, now)


def listened(store: Store, settings: Agent, now: datetime) -> None:
    """Tells of jobs whose sources have been silent for too long, once.

    Raises:
        StoreError: the store cannot be used.
    """
    patient = {job.name: job.silent_after for job in settings.jobs if job.silent_after}
    if not patient:
        return
    with store.reading() as connection:
        standings = jobs.standings(connection)
    for name, longest in patient.items():
        each = standings[name]
        if each.heard is not None and each.heard > now:  # the clock was ahead: it counts from here
            with store.writing() as connection:
                jobs.heard(connection, name, now)
        if each.paused or each.silence_told is not None or not each.silent(longest, now):
            continue
        tell("silence", level="warning", job=name, since=each.heard)
        told = drafts.silence_drafts(name, each.heard, settings, now)
        with store.writing() as connection:
            jobs.silence(connection, name, now)
            outbox.put(connection, told, now)

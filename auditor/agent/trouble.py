"""What was odd about jobs and their sources: told when it begins, not every night."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.agent.journal import tell
from auditor.agent.notices import drafts
from auditor.store import jobs, outbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from auditor.agent.settings import Agent
    from auditor.model.problem import Problem
    from auditor.store import Store
    from auditor.store.outbox import Draft

MOST_TOLD: Final = 5
"""Problems that are told one by one; the rest is counted."""
_OF_CONTENTS: Final = ("same-beginning", "shortened-line")
"""They say what was made of a file, and stand in the report of its run."""


def listed(problems: Sequence[Problem]) -> str:
    """Problems as one text for people."""
    told = [f"{each.source}: {each.message}" for each in problems[:MOST_TOLD]]
    if len(problems) > MOST_TOLD:
        told.append(f"{len(problems) - MOST_TOLD} more")
    return "; ".join(told)


def of_sources(problems: Iterable[Problem]) -> str:
    """What keeps inputs from being seen, as one text; empty = nothing does."""
    return listed([each for each in problems if each.code not in _OF_CONTENTS])


def renamed_perhaps(
    store: Store, fresh: Sequence[str], gone: Sequence[str], settings: Agent, now: datetime
) -> None:
    """Tells that jobs came while others went: under another name every file counts again."""
    if not fresh or not gone:
        return
    said = f"new: {', '.join(fresh)}; no longer there: {', '.join(gone)}"
    tell("jobs-renamed-perhaps", level="warning", jobs=said)
    told = drafts.trouble_drafts(None, "job-renamed", settings, now, detail=said)
    with store.writing() as connection:
        outbox.put(connection, told, now)


def source_drafts(
    connection: Connection, job: str, attempt: int, said: str, settings: Agent, now: datetime
) -> list[Draft]:
    """That there is trouble with the sources, unless the attempt before ended with the same."""
    if not said or jobs.message_before(connection, job, attempt) == jobs.kept(said):
        return []
    return drafts.trouble_drafts(
        job, "source", settings, now, detail=said, severity="medium", occasion=str(attempt)
    )

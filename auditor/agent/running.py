"""The attempt in progress, as far as only the agent that began it knows it."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.agent import commit
from auditor.agent.child import Child
from auditor.store import jobs


@dataclass(slots=True)
class Running:
    """The attempt in progress.

    Attributes:
        failure: why it failed; null = it goes on, or ended well.
        exit_code: of the child; of a run that failed otherwise, that of its error.
        unread: whether it failed because none of its files can be read.
        placed: whether its results lie in their places already.
        tries: how often they were tried to be written.
    """

    done: commit.Done
    child: Child | None
    outcome: jobs.Outcome = "done"
    failure: str | None = None
    exit_code: int = 0
    unread: bool = False
    placed: bool = False
    tries: int = 0

"""What a tally would tell, for the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.model.problem import Problem
    from auditor.readers.records.tally import Tally


def told(tally: Tally) -> dict[str, Problem]:
    """The problems by their codes."""
    problems: list[Problem] = []
    tally.tell("log", problems.append, offsets=True)
    return {problem.code: problem for problem in problems}

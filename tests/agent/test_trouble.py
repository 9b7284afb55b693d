"""Trouble of a job's sources is told when it begins, and not every night."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from auditor.agent import trouble
from auditor.agent.settings import Agent
from auditor.model.problem import Problem
from auditor.store import jobs

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
SETTINGS = Agent.model_validate(
    {
        "version": 1,
        "jobs": [
            {"name": "night", "schedule": {"every": "1d"}, "checklist": "/c"},
            {"name": "other", "schedule": {"every": "1d"}, "checklist": "/d"},
        ],
        "channels": [{"name": "box", "drop": {"folder": "/drop"}}],
    }
)


def problems(count, code="unreadable-source"):
    return [Problem(code, f"/in/{number}", "cannot be listed") for number in range(count)]


def test_the_first_problems_are_named_and_the_rest_is_counted():
    assert trouble.listed([]) == ""
    most = trouble.listed(problems(trouble.MOST_TOLD))
    assert most.count("cannot be listed") == trouble.MOST_TOLD
    assert "more" not in most
    more = trouble.listed(problems(trouble.MOST_TOLD + 3))
    assert more == most + "; 3 more"


@pytest.mark.parametrize("code", ["same-beginning", "shortened-line"])
def test_what_was_made_of_a_file_is_no_trouble_of_its_source(code):
    assert trouble.of_sources(problems(2, code)) == ""
    assert trouble.of_sources([*problems(2, code), *problems(1)]) == "/in/0: cannot be listed"


@pytest.fixture
def night(store):
    """One night that ended with these words; gives what would be told of it."""
    with store.writing() as connection:
        jobs.known(connection, ["night", "other"], NOW)

    def ended(said, name="night"):
        with store.writing() as connection:
            standing = jobs.standings(connection)[name]
            number = jobs.begun(connection, standing, NOW)
            told = trouble.source_drafts(connection, name, number, said, SETTINGS, NOW)
            jobs.done(connection, number, standing, NOW, "nothing-new", None, said)
        return [draft.content["detail"] for draft in told]

    return ended


def test_the_same_trouble_is_told_once_until_it_ends_or_changes(night):
    assert night("") == []
    assert night("a is gone") == ["a is gone"]
    assert night("a is gone") == []
    assert night("a is gone; b is gone") == ["a is gone; b is gone"]
    assert night("") == []
    assert night("a is gone") == ["a is gone"], "it came back"


def test_another_jobs_trouble_is_its_own(night):
    assert night("a is gone") == ["a is gone"]
    assert night("a is gone", "other") == ["a is gone"]


def test_a_name_that_no_database_takes_is_not_told_every_night(night):
    said = "a\0b\ud800: cannot be listed"
    assert len(night(said)) == 1
    assert night(said) == []


def test_trouble_longer_than_what_is_kept_is_not_told_every_night(night):
    said = "x" * (jobs.MESSAGE + 1)
    assert len(night(said)) == 1
    assert night(said) == []


def test_an_agent_that_was_killed_in_between_tells_nothing_twice(night, store):
    assert night("a is gone") == ["a is gone"]
    with store.writing() as connection:
        jobs.begun(connection, jobs.standings(connection)["night"], NOW)
        jobs.interrupted(connection, NOW, "the agent ended")
    assert night("a is gone") == []

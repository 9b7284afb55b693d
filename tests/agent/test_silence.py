"""What is told of sources that fall silent, on both databases."""

from __future__ import annotations

from auditor.store import jobs


def test_silence_is_told_once_and_its_end_too(agent, clock, turns):
    with agent.service(silent_after="2d") as made:
        for _ in range(4):
            clock.forward(days=1)
            turns(made)
        assert agent.told() == ["silence silence"]
        agent.put("a.log", "logs/zeek/conn.log")
        agent.night()
        turns(made)
    assert agent.told()[:2] == ["silence silence", "recovery silence"]


def test_a_paused_job_is_not_called_silent(agent, clock, turns):
    with agent.service(silent_after="2d") as made:
        with agent.store.writing() as connection:
            jobs.paused(connection, ["night"])
        clock.forward(days=4)
        turns(made)
    assert agent.told() == []


def test_a_clock_that_was_years_ahead_silences_nobody(agent, clock, turns):
    clock.forward(days=3650)
    with agent.service(silent_after="2d") as made:
        turns(made)
        clock.forward(days=-3650)
        for _ in range(4):
            turns(made)
            clock.forward(days=1)
    assert agent.told() == ["silence silence"]

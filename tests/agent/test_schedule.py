"""Schedules on both databases: missed runs, changed files, clocks that jump."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from auditor.agent.schedule import Schedule, next_times
from auditor.agent.settings import Agent
from auditor.store import jobs
from auditor.store.tables import planned

NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)  # 12:00 in Vietnam


def agent(**schedules: str) -> Agent:
    written = [
        {
            "name": name,
            "schedule": {"every" if text[-1] in "smhd" else "cron": text},
            "sources": [{"folder": f"/{name}"}],
        }
        for name, text in schedules.items()
    ]
    return Agent.model_validate({"version": 1, "jobs": written})


@pytest.fixture
def plan(store):
    made: list[Schedule] = []

    def planned_for(settings: Agent, now: datetime) -> Schedule:
        made.append(Schedule(store, settings))
        made[-1].planned(settings, now)
        return made[-1]

    yield planned_for
    for each in made:
        each.close()


def asked(store) -> dict[str, str | None]:
    with store.reading() as connection:
        return {name: each.requested_by for name, each in jobs.standings(connection).items()}


def planned_next(store) -> dict[str, datetime]:
    with store.reading() as connection:
        return jobs.next_times(connection)


def answered(store, name: str, now: datetime) -> None:
    with store.writing() as connection:
        standing = jobs.standings(connection)[name]
        jobs.done(connection, jobs.begun(connection, standing, now), standing, now, "nothing-new")


def test_a_day_of_missed_runs_is_made_up_once(store, plan):
    settings = agent(night="0 2 * * *", often="10m")
    plan(settings, NOON)
    answered(store, "often", NOON)
    later = plan(settings, NOON + timedelta(days=1, hours=1))  # as after a restart
    assert set(later.fired(NOON + timedelta(days=1, hours=1))) == {"night", "often"}
    assert later.fired(NOON + timedelta(days=1, hours=1, seconds=1)) == ()
    assert asked(store) == {"night": "schedule", "often": "schedule"}
    assert planned_next(store)["night"] == datetime(2026, 11, 23, 19, tzinfo=UTC)


def test_what_ran_is_not_asked_for_again_after_a_restart(store, plan):
    settings = agent(night="0 2 * * *")
    night = datetime(2026, 11, 22, 19, 0, 1, tzinfo=UTC)
    first = plan(settings, NOON)
    assert first.fired(night) == ("night",)
    answered(store, "night", night)
    assert plan(settings, night + timedelta(seconds=5)).fired(night + timedelta(seconds=5)) == ()
    assert asked(store) == {"night": None}


def test_a_new_interval_is_asked_for_at_once_a_new_cron_is_not(store, plan):
    plan(agent(night="0 2 * * *", often="10m"), NOON)
    assert asked(store) == {"night": None, "often": "start"}


def test_a_changed_schedule_keeps_what_was_missed(store, plan):
    plan(agent(night="0 2 * * *", gone="0 3 * * *"), NOON)
    plan(agent(night="0 4 * * *"), NOON + timedelta(days=1))
    assert asked(store)["night"] == "start"
    assert planned_next(store) == {"night": datetime(2026, 11, 23, 21, tzinfo=UTC)}


def test_a_changed_schedule_that_missed_nothing_waits(store, plan):
    plan(agent(night="0 2 * * *"), NOON)
    plan(agent(night="0 4 * * *"), NOON + timedelta(hours=1))
    assert asked(store) == {"night": None}


def test_a_clock_set_back_an_hour_runs_nothing_twice(store, plan):
    night = datetime(2026, 11, 22, 19, tzinfo=UTC)
    schedule = plan(agent(night="0 2 * * *"), NOON)
    fired = [schedule.fired(night + timedelta(minutes=minutes)) for minutes in (0, 30)]
    fired += [schedule.fired(night + timedelta(minutes=minutes)) for minutes in (-30, -10, 0, 10)]
    assert fired == [("night",), (), (), (), (), ()]
    assert schedule.fired(night + timedelta(days=1)) == ("night",)


@pytest.mark.parametrize("when", ["0 2 * * *", "1d"])
def test_a_clock_that_was_years_ahead_stops_nothing(store, plan, when):
    settings = agent(night=when)
    ahead = NOON + timedelta(days=3650)
    plan(settings, ahead).fired(ahead + timedelta(days=1))
    schedule = plan(settings, NOON)
    schedule.fired(NOON)
    assert planned_next(store)["night"] <= NOON + timedelta(days=1)
    assert schedule.fired(NOON + timedelta(days=1)) == ("night",)


def test_a_clock_that_jumps_forward_asks_once(store, plan):
    schedule = plan(agent(often="*/10 * * * *"), NOON)
    assert schedule.fired(NOON + timedelta(days=40)) == ("often",)
    assert schedule.fired(NOON + timedelta(days=40, seconds=1)) == ()


def test_a_clock_that_was_ahead_for_a_while_loses_no_night(store, plan):
    schedule = plan(agent(night="0 2 * * *", often="30m"), NOON)
    assert schedule.fired(NOON + timedelta(days=3)) == ("often", "night")
    schedule.fired(NOON)
    nights = [
        day for day in range(1, 5) if "night" in schedule.fired(NOON + timedelta(days=day - 0.25))
    ]
    assert nights == [1, 2, 3, 4]


@pytest.mark.parametrize("when", ["0 2 * * *", "1d"])
def test_a_clock_that_was_years_ahead_at_first_stops_nothing(store, plan, when):
    settings = agent(night=when)
    plan(settings, NOON + timedelta(days=3650))
    schedule = plan(settings, NOON)
    schedule.fired(NOON)
    assert schedule.fired(NOON + timedelta(days=1)) == ("night",)


@pytest.mark.parametrize(
    ("when", "often"),
    [
        ("30 2 * * *", {28: 1, 29: 1, 30: 1, 31: 1}),
        ("0,30 2-3 * * *", {28: 2, 29: 4, 30: 4, 31: 4}),
        ("*/30 * * * *", {28: 46, 29: 48, 30: 48, 31: 50}),
        ("30m", {28: 46, 29: 48, 30: 48, 31: 50}),
    ],
)
def test_days_of_23_and_25_hours_run_what_they_should(when, often):
    zone = ZoneInfo("Europe/Berlin")
    settings = agent(night=when).model_copy(update={"zone": zone.key})
    begin = {28: (2027, 3, 28), 29: (2027, 3, 29), 30: (2027, 10, 30), 31: (2027, 10, 31)}
    for day, place in begin.items():
        before = datetime(*place, tzinfo=zone).astimezone(UTC) - timedelta(seconds=1)
        times = next_times(settings.jobs[0], settings, before, 60)
        assert all(one.timestamp() < other.timestamp() for one, other in pairwise(times))
        assert (day, sum(each.date() == date(*place) for each in times)) == (day, often[day])


def test_a_row_that_is_none_of_ours_is_replaced_and_not_run(store, plan, tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    settings = agent(night="0 2 * * *")
    plan(settings, NOON)
    with store.writing() as connection:
        connection.execute(update(planned).values(job_state=pickle.dumps({"func": Evil()})))
    plan(settings, NOON)
    assert not (tmp_path / "ran").exists()
    assert set(planned_next(store)) == {"night"}
    with store.reading() as connection:
        (state,) = connection.scalars(select(planned.c.job_state))
    assert json.loads(state)["id"] == "night"


def test_the_next_times_are_in_the_zone_of_the_file():
    settings = agent(night="30 1 * * *")
    assert [str(each) for each in next_times(settings.jobs[0], settings, NOON, 2)] == [
        "2026-11-23 01:30:00+07:00",
        "2026-11-24 01:30:00+07:00",
    ]

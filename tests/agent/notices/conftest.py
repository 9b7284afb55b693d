"""Notices, settings and a clock for the tests of this room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from auditor.agent.notices import drafts
from auditor.agent.settings import Agent
from auditor.model.problem import Problem
from auditor.model.text import Text
from auditor.store.findings import Change, News
from auditor.store.outbox import Notice
from tests.agent.notices.receivers import Authority

NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
"""12:00 in Vietnam."""


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now=NOON):
        self.now = now

    def __call__(self):
        return self.now

    def go(self, **by):
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def change(number=1, **fields):
    values = {
        "finding_id": f"f{number:04}",
        "rule": "cross-border-personal",
        "title": Text("Dữ liệu cá nhân ra nước ngoài", "Personal data leaves the country"),
        "severity": "high",
        "state": "open",
        "certainty": "likely",
        "system": "dkkd",
        "recipient": "Example Cloud Pte. Ltd.",
        "category": "P1",
        "countries": ("SG",),
        "flows": 12,
        "outbound_bytes": 2_400_000_000,
        "first_seen": NOON - timedelta(hours=2),
        "changes": {},
    }
    return Change(**(values | fields))


class Totals:
    flows, crossing_flows, outbound_bytes = 1000, 50, 3_000_000_000
    undecided_flows, undecided_outbound_bytes = 3, 7000


class Run:
    """What a notice tells of a run, and nothing else of it."""

    run_id = "20261122T050000Z-abc"
    agency = "Sở Kế hoạch và Đầu tư"
    started, finished = NOON - timedelta(hours=2), NOON - timedelta(minutes=1)
    inputs, findings = (1, 2), (1, 2, 3)
    problems = (Problem("unreadable-file", "a", "b"), Problem("open-flows", "a", "c"))
    totals = Totals


def settings(*channels, **more):
    job = {"name": "night", "schedule": {"cron": "0 1 * * *"}, "checklist": "assessment"}
    other = job | {"name": "day"}
    return Agent(version=1, jobs=(job, other), channels=channels, **more)


def drop(folder, **more):
    return {"name": "drop", "drop": {"folder": str(folder)}} | more


def notice(number=1, channel="drop", news=None, **fields):
    """A notice of news, as the outbox gives it."""
    heard = settings(drop("notices", name=channel))
    news = news or News(new=(change(),))
    draft = drafts.news_drafts(news, Run, "night", heard, NOON)[0]
    values = {name: getattr(draft, name) for name in type(draft).__slots__}
    values |= {"id": f"{number:032x}", "created": NOON, "tries": 0, "state": "waiting"}
    return Notice(**(values | {"sent": None, "error": None} | fields))

"""An agent on a real store, with a clock that the test sets."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from auditor.agent.loop import service
from auditor.agent.settings import settings
from auditor.store.tables import attempts, notices

SAMPLES = Path(__file__).parents[2] / "samples"
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)  # 12:00 in Vietnam


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        """Lets so much time go by."""
        self.time += timedelta(**by)


class Agent:
    """The agent of one test: its settings, its folders, its turns."""

    def __init__(self, folder: Path, store, clock: Clock) -> None:
        self.folder = folder
        self.store = store
        self.clock = clock
        self.inputs = folder / "in"
        self.inputs.mkdir()

    def settings(self, **job):
        """Settings of one job, ``night``; written and read as people's are."""
        job = {
            "name": "night",
            "schedule": {"cron": "0 2 * * *"},
            "sources": [{"folder": "in", "settle": "1s"}],
            **job,
        }
        content = {
            "version": 1,
            "data": "data",
            "jobs": [{name: value for name, value in job.items() if value is not None}],
            "channels": [{"name": "box", "drop": {"folder": "drop"}}],
            "health": None,
        }
        path = self.folder / "agent.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return settings(path)

    def put(self, name: str, sample: str = "pcaps/citizens-csv-http.pcap") -> Path:
        """A settled copy of a sample among the inputs."""
        path = self.inputs / name
        shutil.copyfile(SAMPLES / sample, path)
        return path

    @contextmanager
    def service(self, **job):
        """The agent at work."""
        with service(self.store, self.settings(**job), self.clock) as made:
            yield made

    def night(self) -> None:
        """The clock goes on to the next two o'clock."""
        ahead = self.clock.time + timedelta(hours=7) - timedelta(hours=2)
        self.clock.time += timedelta(days=1) - (ahead - ahead.replace(hour=0, minute=0, second=0))

    def attempts(self) -> list[tuple[str, str | None]]:
        """Outcome and message of every attempt."""
        with self.store.reading() as connection:
            query = select(attempts.c.outcome, attempts.c.message).order_by(attempts.c.id)
            return [tuple(row) for row in connection.execute(query)]

    def outcomes(self) -> list[str]:
        """Outcomes of every attempt."""
        return [outcome for outcome, _ in self.attempts()]

    def told(self) -> list[str]:
        """What people were told, in order: kinds, and codes of trouble."""
        with self.store.reading() as connection:
            rows = connection.execute(select(notices.c.content).order_by(notices.c.created))
            return [" ".join([row[0]["kind"], row[0].get("what", "")]).strip() for row in rows]


def turned(made, most: float = 240) -> None:
    """Turns until there is nothing to do at once."""
    end = time.monotonic() + most
    while made.step():
        assert time.monotonic() < end, "the agent does not come to rest"
        time.sleep(0.02)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def agent(tmp_path, store, clock):
    return Agent(tmp_path, store, clock)


@pytest.fixture(scope="session")
def turns():
    return turned

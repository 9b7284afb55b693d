"""Seven nights on both databases, with what goes wrong in a week; real children, a clock we set."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import time
from contextlib import closing, contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from auditor import pipeline
from auditor.agent import child, standing
from auditor.agent.orders import audit_order
from auditor.model.errors import StoreError
from auditor.store import consistency, database, files, flows, jobs, opened, runs

PARTS = 5
SAMPLES = Path(__file__).parents[2] / "samples"
INVENTORY = Path(__file__).parents[2] / "policies" / "examples" / "inventory.yaml"
COUNTED = ["start", "end", "src_ip", "src_port", "dst_ip", "dst_port", "src_bytes", "dst_bytes",
           "peer_country", "crosses_border", "outbound_bytes"]  # fmt: skip
"""Columns of a flow that are the same whichever run it was counted in."""


STATUS = {
    **dict.fromkeys(["version", "at", "data", "runs", "database_bytes"]),
    "agent": dict.fromkeys(["running", "host", "pid", "since"]),
    "jobs": [
        {
            **dict.fromkeys(["name", "paused", "next", "requested", "requested_by", "failures"]),
            **dict.fromkeys(["not_before", "heard", "silent", "running", "quarantined"]),
            "last": dict.fromkeys(
                ["attempt", "scheduled", "started", "finished", "outcome", "message", "run_id"]
            ),
            "run": dict.fromkeys(
                [
                    *["run_id", "started", "finished", "inputs", "problems", "flows"],
                    *["crossing_flows", "outbound_bytes", "findings", "new", "changed", "gone"],
                ]
            ),
            "present": {},
            "backlog": dict.fromkeys(["files", "bytes", "oldest", "seconds"]),
        }
    ],
    "channels": [dict.fromkeys(["channel", "waiting", "oldest", "given_up"])],
    "present": {},
    "worries": [],
}
"""What machines read of `auditor agent status --json`: a name that goes breaks them."""


@pytest.fixture
def store(tmp_path, database_url, monkeypatch):
    """A store that waits for other writers half a second instead of half a minute."""
    monkeypatch.setattr(database, "BUSY", 0.5)
    made = opened(tmp_path / "data", database_url)
    yield made
    made.close()


class Week:
    """The agent of a week: its files come in parts of one log."""

    def __init__(self, agent, request) -> None:
        self.agent = agent
        self._request = request
        text = (SAMPLES / "logs" / "zeek" / "conn.log").read_text(encoding="utf-8")
        lines = text.splitlines(keepends=True)
        self._head = [line for line in lines if line.startswith("#") and "close" not in line]
        self._rows = [line for line in lines if not line.startswith("#")]
        self.inventory = agent.folder / "inventory.yaml"
        shutil.copyfile(INVENTORY, self.inventory)

    def came(self, night: int) -> None:
        """What the sensor saw on a day."""
        path = self.agent.inputs / f"conn-{night}.log"
        path.write_text("".join([*self._head, *self._rows[night::PARTS]]), encoding="utf-8")

    def settings(self, **job):
        """Those of this week."""
        return {"retries": 1, "backoff": "5m", "silent_after": "60h", "limit": "10m",
                "inventory": str(self.inventory), **job}  # fmt: skip

    @contextmanager
    def without_database(self):
        """PostgreSQL ends as in a crash, and starts again; SQLite's file is in another's hands."""
        if self.agent.store.engine.dialect.name == "postgresql":
            server = self._request.getfixturevalue("postgresql")
            server.stop()
            try:
                yield
            finally:
                server.start()
        else:
            path = self.agent.store.folder / "auditor.db"
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                yield

    def counted(self):
        """Every flow that the store counts, in order."""
        frame = flows.frame(self.agent.store, date(1970, 1, 1), date(2200, 1, 1))
        return _ordered(frame)

    def at_once(self):
        """The flows of one audit over everything."""
        job = self.agent.settings(**self.settings()).jobs[0]
        order = audit_order(job, (self.agent.inputs,), 1, None)
        return _ordered(pipeline.audit(order, lambda: datetime.now(UTC), Unseen()).flows)


class Unseen:
    """Progress that nobody looks at."""

    def stage(self, name, total=None):
        pass

    def advance(self, size):
        pass


def _ordered(frame):
    return frame[COUNTED].astype(str).sort_values(COUNTED).values.tolist()


def the_child() -> int:
    """The number of the process that the agent has just begun."""
    mine = f"PPid:\t{os.getpid()}\n".encode()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it ended meanwhile
                line = (place / "cmdline").read_bytes()
                if b"\0work\0" in line and mine in (place / "status").read_bytes():
                    return int(place.name)
    raise AssertionError("the agent has no child")


@pytest.fixture
def week(agent, request):
    return Week(agent, request)


def test_after_a_week_of_mishaps_all_is_counted_once(week, agent, clock, turns, monkeypatch):
    monkeypatch.setattr(child, "GRACE", 0.2)
    with agent.service(**week.settings()) as made:
        # no room at first: whatever the child writes is refused, as by a quota
        week.came(0)
        agent.put("citizens.pcap")
        agent.night()
        made.step()
        resource.prlimit(the_child(), resource.RLIMIT_FSIZE, (1_000, 1_000))
        made.changed(agent.settings(**week.settings(retries=2, limit="1s")))
        turns(made)
        outcome, message = agent.attempts()[-1]
        assert (outcome, "cannot be written: File too large" in message) == ("failed", True)

        # then it hangs, whatever it is asked
        clock.forward(minutes=6)
        made.step()
        os.kill(the_child(), signal.SIGSTOP)
        made.changed(agent.settings(**week.settings(retries=2)))
        turns(made)
        clock.forward(minutes=11)
        turns(made)
        assert agent.outcomes() == ["failed", "ended", "done"]
        assert agent.told() == ["news"]

    # switched off for a day and a half, two nights; then the database goes away during the run
    week.came(1)
    clock.forward(days=1, hours=12)
    with agent.service(**week.settings()) as made:
        made.step()
        ran = the_child()
        with week.without_database():
            until_it_ended(ran)
            for _ in range(2):
                with pytest.raises(StoreError, match="database cannot be used"):
                    made.step()
        turns(made)
        assert agent.outcomes()[3:] == ["done"]

        # a mistake in the inventory for one night
        told = len(agent.told())
        week.came(2)
        right = week.inventory.read_text(encoding="utf-8")
        week.inventory.write_text(right + "sistems: []\n", encoding="utf-8")
        for minutes in (0, 6, 6, 60):
            agent.night() if not minutes else clock.forward(minutes=minutes)
            turns(made)
        assert agent.outcomes()[4:] == ["failed"] * 2
        assert "sistems" in agent.attempts()[-1][1]
        assert agent.told()[told:] == ["trouble job-failed"]
        week.inventory.write_text(right, encoding="utf-8")
        week.came(3)
        agent.night()
        turns(made)
        assert agent.outcomes()[6:] == ["done"]
        assert "recovery job-failed" in agent.told()[told + 1 :]

        # the share is not mounted for one night
        told = len(agent.told())
        away = agent.folder / "away"
        agent.inputs.rename(away)
        for minutes in (0, 6, 60):
            agent.night() if not minutes else clock.forward(minutes=minutes)
            turns(made)
        away.rename(agent.inputs)
        agent.night()
        turns(made)
        assert agent.outcomes()[7:] == ["failed", "failed", "nothing-new"]
        assert agent.told()[told:] == ["trouble job-failed", "recovery job-failed"]

        # the clock is three days ahead for a while, and an hour behind
        told = len(agent.told())
        clock.forward(days=3)
        turns(made)
        assert agent.outcomes()[10:] == ["nothing-new"]
        assert agent.told()[told:] == ["silence silence"]
        clock.forward(days=-3)
        turns(made)
        clock.forward(hours=-1)
        turns(made)
        week.came(4)
        agent.night()
        turns(made)
        assert agent.outcomes()[11:] == ["done"]
        assert [agent.told().count(each) for each in ("silence silence", "recovery silence")] == [
            1,
            1,
        ]

    assert week.counted() == week.at_once()
    with agent.store.reading() as connection:
        assert sum(each.inputs for each in runs.listed(connection)) == PARTS + 1
        assert files.backlog(connection, "night").files == 0
        assert jobs.standings(connection)["night"].requested is None
    told = standing.document(
        standing.stood(agent.store, agent.settings(**week.settings()), clock()),
        agent.settings(**week.settings()),
    )
    assert shape(told) == STATUS
    clock.forward(
        days=3
    )  # what was written while the clock was ahead is not of the future any more
    assert consistency.checked(agent.store, clock(), deep=True) == ()
    assert list((agent.store.folder / "work").iterdir()) == []


def shape(value: object) -> object:
    """Names of fields alone, those of the first of many; findings by severity may be any."""
    if isinstance(value, dict):
        return {name: {} if name == "present" else shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return None


def until_it_ended(process: int) -> None:
    """Waits until a child is over; it is not reaped, so its number stays its own."""
    end = time.monotonic() + 120
    while os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        assert time.monotonic() < end
        time.sleep(0.05)

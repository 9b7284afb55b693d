"""An agent in a world that is unkind: processes that are killed, receivers that fail or hang.

Moments are drawn from a seed. ``AUDITOR_CRASHES`` says how many kills each test makes, and
``AUDITOR_CRASH_SEED`` repeats the moments of a test that failed.
"""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from auditor.agent.hold import Hold
from auditor.agent.settings import settings
from auditor.store import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
CRASHES = int(os.environ.get("AUDITOR_CRASHES", "2"))
JOB = "night"
SECRET = "only the two of them know"  # noqa: S105 - of this test
PATIENCE = 600.0
"""Seconds after which a process that should have ended is at fault; the first one compiles."""
SOON = 0.0005


def seed() -> int:
    """Of all that is drawn in a test."""
    return int(os.environ.get("AUDITOR_CRASH_SEED", "0")) or random.SystemRandom().randrange(10**9)


def now() -> datetime:
    return datetime.now(UTC)


class Receiver:
    """A webhook's receiver: a real server that fails, hangs, and writes down what it got.

    Attributes:
        bodies: by the ids of notices, all different bodies that came with them.
        taken: ids that were answered with 200.
        wrong: what no receiver should get.
        unkind: whether it fails and hangs.
        asked: set when a request has come and is not yet answered.
    """

    def __init__(self, chance: random.Random) -> None:
        self.bodies: dict[str, set[bytes]] = defaultdict(set)
        self.taken: list[str] = []
        self.wrong: list[str] = []
        self.unkind = True
        self.asked = threading.Event()
        self._chance = chance
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/notices"

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """What becomes of one request."""
        with suppress(OSError):  # who asked may be dead by now
            length = int(request.headers["Content-Length"])
            body = request.rfile.read(length)
            if len(body) < length:
                return  # who asked is dead by now
            name = request.headers["Auditor-Notice"]
            stamp = request.headers["Auditor-Timestamp"].encode() + b"."
            signed = hmac.new(SECRET.encode(), stamp + body, hashlib.sha256).hexdigest()
            if request.headers["Auditor-Signature"] != f"v1={signed}":
                self.wrong.append(f"{name}: the signature is wrong")
            if json.loads(body)["id"] != name:
                self.wrong.append(f"{name}: the body is of another notice")
            self.bodies[name].add(body)
            self.asked.set()
            mood = self._chance.random() if self.unkind else 1.0
            if mood < 0.25:
                time.sleep(self._chance.uniform(0.02, 0.8))
            if 0.15 < mood < 0.35:
                request.send_response(503)
                request.send_header("Retry-After", "0")
            elif 0.35 <= mood < 0.4:
                return  # hangs up
            else:
                self.taken.append(name)
                request.send_response(200)
            request.send_header("Content-Length", "0")
            request.end_headers()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class World:
    """One agent: its settings, its data directory, its database, its processes."""

    def __init__(self, folder: Path, url: str, chance: random.Random) -> None:
        self.folder, self.url, self.chance = folder, url, chance
        self.data, self.inputs = folder / "data", folder / "in"
        self.inputs.mkdir(parents=True)
        self.receiver = Receiver(chance)
        self.kills: dict[str, int] = defaultdict(int)
        self.log = folder / "agent.log"
        self._write_settings()
        self.settings = settings(folder / "agent.yaml")
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "AUDITOR_DATABASE_URL": url,
            "AUDITOR_TEST_SECRET": SECRET,
        }
        self.store = None

    def _write_settings(self) -> None:
        content = {
            "version": 1,
            "data": "data",
            "health": None,
            "jobs": [
                {
                    "name": JOB,
                    "schedule": {"cron": "0 2 * * *"},
                    "sources": [{"folder": "in", "settle": "1s"}],
                    "results": "results",
                    "retries": 20,
                    "backoff": "1s",
                }
            ],
            "channels": [
                {
                    "name": "hook",
                    "at_least": "info",
                    "webhook": {"url": self.receiver.address, "secret_env": "AUDITOR_TEST_SECRET"},
                },
                {"name": "box", "at_least": "info", "drop": {"folder": "drop"}},
            ],
        }
        (self.folder / "agent.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")

    def open(self) -> None:
        """Opens the store for the test itself."""
        self.store = opened(self.data, self.url)

    def close(self) -> None:
        if self.store is not None:
            self.store.close()
        self.receiver.close()

    def begun(self, *command: str) -> subprocess.Popen:
        """A process of the agent."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "auditor", "agent", *command, "--config", "agent.yaml"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen]:
        """An agent without end, asked to end afterwards."""
        agent = self.begun("run")
        try:
            yield agent
        finally:
            agent.terminate()
            code = agent.wait(PATIENCE)
        assert code == 0

    def ended(self, process: subprocess.Popen) -> int:
        """Waits for a process that nobody kills."""
        return process.wait(PATIENCE)

    def killed(self, process: subprocess.Popen, whom: str) -> bool:
        """Kills the agent, its child, or both; whether there was somebody to kill."""
        if process.poll() is not None:
            return False
        below = children(process.pid)
        if whom == "child":
            for each in below:
                _kill(each)
            return bool(below)
        _kill(process.pid)
        if whom == "all":
            for each in below:
                _kill(each)
        process.wait()
        return True

    def check_lease(self) -> None:
        """Who died holds nothing up: the lease is there to be taken."""
        hold = Hold(self.store, now)
        hold.taken()
        hold.released()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """The processes below one, all of them."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(each) for each in path.read_text().split()]
    return found + [below for each in found for below in children(each)]


def at_work(folder: Path) -> list[int]:
    """Processes that have a folder among their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if str(folder).encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found


def awaited(process: subprocess.Popen, happened, most: float) -> bool:
    """Waits until something has happened; false = the process ended first, or it took too long."""
    end = time.monotonic() + most
    while not happened():
        if process.poll() is not None or time.monotonic() > end:
            return False
        time.sleep(SOON)
    return True

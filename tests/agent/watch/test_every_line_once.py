"""A folder full of life, with crashes at any moment: every line is counted exactly once."""

import gzip
import hashlib
import os
import random
import re
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from auditor.agent.settings import Job
from auditor.agent.watch import changed, committed, look
from auditor.store import opened

SEEDS = int(os.environ.get("AUDITOR_WATCH_SEEDS", "4"))
STEPS = 60
LINE = (
    "1700{0:06}.000 100 192.0.2.1 TCP_MISS/200 {0} GET http://h{0}.example/{1} -"
    " DIRECT/203.0.113.1 text/html\n"
)


class World:
    """The folder, those who write into it, and the agent that is killed now and then."""

    def __init__(self, seed, tmp_path):
        self.random = random.Random(seed)
        self.data, self.folder = tmp_path / "data", tmp_path / "in"
        self.scratch, self.away = tmp_path / "scratch", tmp_path / "away"
        for each in (self.folder, self.away):
            each.mkdir()
        self.store = opened(self.data)
        self.now = datetime.now(UTC)
        self.written, self.counted = 0, Counter()
        self.turn, self.half, self.slow = 0, "", []
        self.without = frozenset()
        given = {"folder": str(self.folder), "settle": "60s", "rotating": seed % 2 == 0}
        schedule = {"every": "1d"}
        self.job = Job.model_validate({"name": "j", "schedule": schedule, "sources": [given]})

    def touched(self, path):
        os.utime(path, (self.now.timestamp(),) * 2)

    def append(self):
        text = self.half
        for _ in range(self.random.randrange(1, 12)):
            text += LINE.format(self.written, "x" * self.random.choice((5, 9_000)))
            self.written += 1
        cut = self.random.choice((0, 0, 20))
        self.half = text[len(text) - cut :] if cut else ""
        with (self.folder / "access.log").open("a") as file:
            file.write(text[: len(text) - cut])
        self.touched(self.folder / "access.log")

    def rotate(self):
        log = self.folder / "access.log"
        if log.exists() and not self.half:
            self.turn += 1
            log.rename(self.folder / f"access.log.{self.turn}")

    def some(self, pattern):
        found = sorted(self.folder.glob(pattern))
        return self.random.choice(found) if found else None

    def pack(self):
        path = self.some("access.log.*[0-9]")
        if path is not None and path not in [target for target, _ in self.slow]:
            packed = gzip.compress(path.read_bytes(), mtime=0)
            half = self.random.randrange(1, len(packed))
            target = path.with_name(path.name + ".gz")
            target.write_bytes(packed[:half])
            self.touched(target)
            self.slow.append((target, packed[half:]))
            path.unlink()

    def copy(self):
        path = self.some("access.log.*")
        if path is not None and path not in [target for target, _ in self.slow]:
            shutil.copy(path, self.folder / f"copy-{self.turn}-{self.random.randrange(99)}.dat")

    def move(self):
        path = self.some("*.[0-9dg]*")
        if path is not None and path not in [target for target, _ in self.slow]:
            path.rename(self.away / path.name)

    def back(self):
        found = sorted(self.away.iterdir())
        if found:
            path = self.random.choice(found)
            path.rename(self.folder / self.random.choice((path.name, f"back.{path.name}")))

    def slowly(self):
        for target, rest in self.slow:
            with target.open("ab") as file:
                file.write(rest)
            self.touched(target)
        self.slow = []

    def audit(self, *, crash):
        shutil.rmtree(self.scratch, ignore_errors=True)
        found = look(
            self.job, self.store, self.now, self.scratch, lambda _: None, without=self.without
        )
        self.without = frozenset()
        if not found.ready:
            return found
        run, numbers = self.read(found)
        if self.random.random() < 0.2:
            self.append()
        restless = changed(found.ready)
        if restless or crash:
            self.without = frozenset(restless)
            return found
        with self.store.writing() as connection:
            committed(connection, "j", "run", found.ready, run, self.now)
        self.counted.update(numbers)
        return found

    def read(self, found):
        """What a run would say, and the lines in it."""
        inputs, numbers = [], []
        for each in found.ready:
            content = each.path.read_bytes()
            content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
            assert content.endswith(b"\n"), each
            inside = [int(number) for number in re.findall(rb"http://h(\d+)\.", content)]
            assert len(inside) == content.count(b"\n")
            numbers += inside
            digest = hashlib.sha256(content).hexdigest()
            inputs.append(
                SimpleNamespace(name=each.shown, reader="squid", sha256=digest, content=digest,
                                packets=len(inside))
            )  # fmt: skip
        return SimpleNamespace(inputs=inputs, problems=()), numbers

    def restart(self):
        self.store.close()
        self.store = opened(self.data)

    def step(self):
        self.now += timedelta(seconds=self.random.choice((5, 40, 90)))
        self.slowly()
        deed = self.random.choices(
            (self.append, self.rotate, self.pack, self.copy, self.move, self.back, self.restart),
            (8, 4, 3, 5, 2, 2, 1),
        )[0]
        deed()
        if self.random.random() < 0.4:
            self.audit(crash=self.random.random() < 0.4)

    def end(self):
        self.slowly()
        if self.half:
            self.append()
            while self.half:
                self.append()
        for path in self.away.iterdir():
            path.rename(self.folder / f"home.{path.name}")
        for _ in range(8):
            self.now += timedelta(hours=2)
            state = self.random.getstate()
            self.random.random = lambda: 1.0
            found = self.audit(crash=False)
            del self.random.random
            self.random.setstate(state)
        return found


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_line_is_counted_exactly_once_whatever_happens(seed, tmp_path):
    world = World(seed, tmp_path)
    try:
        for _ in range(STEPS):
            world.step()
        last = world.end()
    finally:
        world.store.close()
    assert world.counted == Counter(range(world.written))
    assert not last.ready and not last.waiting

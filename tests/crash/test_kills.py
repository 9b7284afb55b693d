"""An agent killed at any moment loses nothing and counts nothing twice, on both databases."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections import Counter
from contextlib import nullcontext
from datetime import date, timedelta

import pytest
from sqlalchemy import func, inspect, select, text

from auditor import pipeline, policy
from auditor.agent import loop, orders
from auditor.agent.notices import drafts
from auditor.store import consistency, flows, jobs, ledger, outbox
from auditor.store import tables as t
from auditor.store.migration import NEWEST, version_of
from tests.crash import world as w
from tests.crash.inputs import Inputs

LATER = timedelta(hours=2)
"""After so long, flows that had not ended count."""
FEW = 10
"""From so many kills on, tests say what they did, and the slow ones are tried."""


@pytest.fixture
def world(tmp_path, database_url, monkeypatch, capsys):
    seed = w.seed()
    print(f"AUDITOR_CRASH_SEED={seed}")  # noqa: T201 - shown if the test fails
    monkeypatch.setenv("AUDITOR_TEST_SECRET", w.SECRET)
    made = w.World(tmp_path, database_url, random.Random(seed))
    yield made
    with capsys.disabled() if w.CRASHES >= FEW else nullcontext():
        print("kills:", seed, database_url.partition(":")[0], dict(made.kills))  # noqa: T201
    print(made.log.read_text()[-6000:] if made.log.exists() else "")  # noqa: T201
    made.close()


def later():
    return w.now() + LATER


def count(world, table) -> int:
    with world.store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def asked(world) -> None:
    """Somebody asks for the job."""
    with world.store.writing() as connection:
        jobs.known(connection, [w.JOB], w.now())
        jobs.requested(connection, w.JOB, w.now(), "person")


def disturbed(world, span: float) -> bool:
    """One process of the agent, killed at some moment; whether it was."""
    chance, work = world.chance, world.data / "work" / w.JOB
    runs = count(world, t.runs)
    folders = len(list(world.data.glob("runs/*/*")))
    copies = len(list((world.folder / "results").glob("*")))
    world.receiver.asked.clear()
    moments = {
        "time": (lambda: True, 1.1 * span),
        "ordered": ((work / orders.ORDER).exists, 0.8 * span),
        "result": ((work / orders.RESULT).exists, 0.1),
        "placed": (lambda: len(list(world.data.glob("runs/*/*"))) > folders, 0.03),
        "committed": (lambda: count(world, t.runs) > runs, 0.03),
        "copied": (lambda: len(list((world.folder / "results").glob("*"))) > copies, 0.03),
        "told": (world.receiver.asked.is_set, 0.05),
    }
    moment = chance.choice([*moments, "time", "ordered"])
    whom = chance.choice(["all", "all", "parent"] + ["child"] * (moment == "ordered"))
    happened, delay = moments[moment]
    if chance.random() < 0.3:
        asked(world)
        process = world.begun("run")
    else:
        process = world.begun("once", w.JOB)
    try:
        if w.awaited(process, happened, 10 * span + 10):
            w.awaited(process, lambda: False, chance.uniform(0, delay))
        killed = world.killed(process, whom)
        if killed and whom == "child":  # the agent goes on: to its end, or to another's
            w.awaited(process, lambda: False, chance.uniform(0, 2 * span))
            world.killed(process, "all")
    finally:
        if process.poll() is None:
            world.killed(process, "all")
            process.wait()
    if killed:
        world.kills[f"{whom} {moment}"] += 1
        world.check_lease()
    return killed


def came_to_rest(world) -> None:
    """Runs without disturbance until nothing is left, and once more when open flows are over."""
    world.receiver.unkind = False
    time.sleep(1.1)  # the last file settles
    for _ in range(10):
        assert world.ended(world.begun("once", w.JOB)) == 0
        with world.store.reading() as connection:
            last = connection.scalar(
                select(t.attempts.c.outcome).order_by(t.attempts.c.id.desc()).limit(1)
            )
        if last == "nothing-new":
            break
    else:
        pytest.fail("there is always something new")
    assert consistency.checked(world.store, w.now(), deep=True) == ()
    assert loop.once(world.store, world.settings, later, [w.JOB], threading.Event()) == 0


def check_counted_once(world, inputs: Inputs) -> None:
    with world.store.reading() as connection:
        contents = connection.execute(select(t.contents.c.sha256)).scalars().all()
        read = connection.execute(
            select(t.inputs.c.sha256, t.inputs.c.name).where(t.inputs.c.reader.is_not(None))
        ).all()
        waiting = connection.execute(
            select(t.files.c.name, t.files.c.state, t.files.c.reason).where(
                t.files.c.state.in_(("waiting", "quarantined", "released")),
                t.files.c.gone.is_(None),
            )
        ).all()
        known = set(connection.scalars(select(t.findings.c.finding_id)))
    assert waiting == []
    assert sorted(contents) == sorted(inputs.contents)
    counted = Counter(inputs.digests[sha] for sha, _ in read if sha in inputs.digests)
    assert set(counted.values()) == {1}, [n for n, times in counted.items() if times > 1]
    assert len(counted) == len(inputs.contents)
    others = [name for sha, name in read if sha not in inputs.digests]
    assert all("open" in name for name in others), others
    audit = pipeline.audit(
        orders.audit_order(world.settings.jobs[0], (inputs.originals,), 1, None), w.now, Silent()
    )
    assert rows(flows.frame(world.store, date(1970, 1, 1), date(2200, 1, 1))) == rows(audit.flows)
    check_ledger(world, audit)
    assert audit.run.findings
    assert {finding.id for finding in audit.run.findings} <= known


def check_ledger(world, audit) -> None:
    """Running totals are those of one audit over everything, and so are they worked out anew."""
    once = policy.own_ledger(audit.transfers, ())
    with world.store.writing() as connection:
        assert ledger.rebuilt(connection) == ()
        found = ledger.read(connection)
    assert found.totals
    assert sums(found) == sums(once)
    # subjects: of a flow that a run carries into the next one only the last part was read, but
    # nobody is counted whom the audit of everything does not know
    ours = {(each.day, each.recipient, each.detector) for each in found.counts}
    assert ours <= {(each.day, each.recipient, each.detector) for each in audit.contents.counted}


def sums(book) -> list[str]:
    return sorted(
        repr((each.day, each.route, each.flows, each.bytes, each.records)) for each in book.totals
    )


class Silent:
    def stage(self, name, total=None):
        pass

    def advance(self, size):
        pass


def rows(frame) -> list[str]:
    # What was inside is read where the packets still are: of a flow that a run carries into the
    # next one that is its last part, and where runs end depends on the kills.
    content = {"content_labels", "content_certainties", "content_hints", "read_bytes", "raw_bytes"}
    apart = {"flow_id", "input_id", "run_id", "unread_why"} | content
    ours = sorted(set(frame.columns) - apart)
    return sorted(map(repr, frame[ours].astype(object).itertuples(index=False, name=None)))


def check_told(world) -> None:
    with world.store.reading() as connection:
        rows = connection.execute(select(t.notices.c.id, t.notices.c.channel, t.notices.c.state))
        notices = rows.all()
    assert notices
    assert {state for *_, state in notices} <= {"sent"}, Counter(state for *_, state in notices)
    by_hook = {name for name, channel, _ in notices if channel == "hook"}
    assert by_hook == set(world.receiver.taken) == set(world.receiver.bodies)
    assert world.receiver.wrong == []
    assert [name for name, bodies in world.receiver.bodies.items() if len(bodies) > 1] == []
    dropped = {path.name.rpartition("-")[2] for path in (world.folder / "drop").iterdir()}
    by_box = {name for name, channel, _ in notices if channel == "box"}
    assert {f"{name}.json" for name in by_box} == dropped


def check_tidy(world) -> None:
    """Nothing is left over, and the store is whole."""
    assert w.at_work(world.data / "work") == []
    assert consistency.checked(world.store, later(), deep=True) == ()
    assert list((world.data / "work").iterdir()) == []
    places = [path for path in world.folder.rglob("*") if path.is_file()]
    assert [path for path in places if path.suffix in (".tmp", ".auditor-part")] == []
    with world.store.reading() as connection:
        runs = set(connection.scalars(select(t.runs.c.run_id)))
        listed = {*connection.scalars(select(t.flow_files.c.path)),
                  *connection.scalars(select(t.open_flows.c.path))}  # fmt: skip
        open_attempts = connection.scalar(
            select(func.count()).select_from(t.attempts).where(t.attempts.c.finished.is_(None))
        )
    assert open_attempts == 0
    assert {path.name for path in world.data.glob("runs/*/*")} == runs
    kept = [path for folder in ("flows", "open") for path in (world.data / folder).rglob("*")]
    assert {str(path.relative_to(world.data)) for path in kept if path.is_file()} == listed
    copied = {path.name for path in (world.folder / "results").iterdir()
              if {each.name for each in path.iterdir()} == set(orders.KEPT)}  # fmt: skip
    assert copied == runs
    loose = [path for path in world.data.rglob("*") if path.stat().st_mode & 0o077]
    assert loose == []


def test_an_agent_killed_at_any_moment_counts_everything_once(world):
    world.open()
    inputs = Inputs(world.inputs, world.folder / "originals", world.chance)
    inputs.come()
    time.sleep(1)
    began = time.monotonic()
    assert world.ended(world.begun("once", w.JOB)) == 0
    span = time.monotonic() - began
    for _ in range(3 * w.CRASHES):
        if sum(world.kills.values()) >= w.CRASHES:
            break
        inputs.come()
        disturbed(world, span)
    came_to_rest(world)
    check_tidy(world)
    check_counted_once(world, inputs)
    check_told(world)


def test_notices_reach_their_receiver_although_the_agent_dies_telling(world):
    world.open()
    began = time.monotonic()
    assert world.ended(world.begun("once")) == 0
    span = time.monotonic() - began
    with world.store.writing() as connection:
        jobs.known(connection, [w.JOB], w.now())
    told = 0
    for _ in range(3 * w.CRASHES):
        if sum(world.kills.values()) >= w.CRASHES:
            break
        for _ in range(world.chance.randint(0, 3)):
            told += 1
            made = drafts.trouble_drafts(
                None, "settings", world.settings, w.now(), detail=f"№ {told}", occasion=str(told)
            )
            with world.store.writing() as connection:
                outbox.put(connection, made, w.now())
        world.receiver.asked.clear()
        process = world.begun("once")
        moment = world.chance.choice(["time", "told", "told"])
        happened = world.receiver.asked.is_set if moment == "told" else lambda: True
        if w.awaited(process, happened, 60):
            delay = 0.2 if moment == "told" else 1.1 * span
            w.awaited(process, lambda: False, world.chance.uniform(0, delay))
        if world.killed(process, "all"):
            world.kills[moment] += 1
            world.check_lease()
    world.receiver.unkind = False
    assert told
    for _ in range(2 + told // 10):  # a round tells so many at most
        loop.once(world.store, world.settings, later, [], threading.Event())
    check_told(world)
    assert consistency.checked(world.store, later(), deep=True) == ()
    assert list((world.folder / "drop").glob(".*")) == []


def emptied(world) -> None:
    """No store is there any more."""
    shutil.rmtree(world.data, ignore_errors=True)
    if world.url:
        import psycopg

        with psycopg.connect(world.url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")


def test_a_store_that_was_killed_while_it_was_made_is_made(world):
    began = time.monotonic()
    assert world.ended(world.begun("once")) == 0
    span = time.monotonic() - began
    while sum(world.kills.values()) < w.CRASHES:
        emptied(world)
        for _ in range(world.chance.randint(1, 3)):
            process = world.begun("once")
            moment = world.chance.choice(["time", "made", "made"])
            happened = world.data.exists if moment == "made" else lambda: True
            if w.awaited(process, happened, 60):
                w.awaited(process, lambda: False, world.chance.uniform(0, 0.7 * span))
            if world.killed(process, "all"):
                world.kills[moment] += 1
        world.open()  # as the next agent does
        try:
            with world.store.reading() as connection:
                assert version_of(connection) == NEWEST
                there = set(inspect(connection).get_table_names()) - {"alembic_version"}
                assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1
            assert there == set(t.metadata.tables)
            assert consistency.checked(world.store, w.now(), deep=True) == ()
            world.check_lease()
        finally:
            world.store.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_child_that_is_killed_is_told_and_its_run_is_made_up(world):
    world.open()
    inputs = Inputs(world.inputs, world.folder / "originals", world.chance)
    inputs.come()
    asked(world)
    with world.running() as agent:
        assert w.awaited(agent, lambda: w.children(agent.pid), w.PATIENCE)
        time.sleep(world.chance.uniform(0, 0.5))
        assert world.killed(agent, "child")
        assert w.awaited(agent, lambda: count(world, t.runs) == 1, w.PATIENCE)
    with world.store.reading() as connection:
        outcomes = connection.scalars(select(t.attempts.c.outcome).order_by(t.attempts.c.id)).all()
    assert outcomes == ["failed", "done"]
    came_to_rest(world)
    check_tidy(world)
    check_counted_once(world, inputs)
    check_told(world)


@pytest.mark.skipif(w.CRASHES < FEW, reason="takes its time: AUDITOR_CRASHES=10, or more")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_crashes_during_a_run_costs_nothing(world, postgresql):
    moment = world.chance.choice([orders.ORDER, orders.RESULT])
    world.open()
    inputs = Inputs(world.inputs, world.folder / "originals", world.chance)
    inputs.come()
    asked(world)
    with world.running() as agent:
        assert w.awaited(agent, (world.data / "work" / w.JOB / moment).exists, w.PATIENCE)
        time.sleep(world.chance.uniform(0, 0.05))
        postgresql.stop()
        time.sleep(world.chance.uniform(0, 2))
        postgresql.start()
        assert w.awaited(agent, lambda: count(world, t.runs) == 1, w.PATIENCE)
    came_to_rest(world)
    check_tidy(world)
    check_counted_once(world, inputs)
    check_told(world)

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from auditor.store import leases, opened

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
LENGTH = timedelta(minutes=1)
HERE = leases.this_process()
ELSEWHERE = {**HERE, "boot": "11111111-2222-3333-4444-555555555555"}


def taken(store, holder, now=NOW, process=HERE):
    with store.writing() as connection:
        return leases.taken(connection, "agent", holder, process, now, LENGTH)


def renewed(store, holder, now=NOW):
    with store.writing() as connection:
        return leases.renewed(connection, "agent", holder, now, LENGTH)


def holder(store):
    with store.reading() as connection:
        return leases.holder_of(connection, "agent")


def test_one_holder_keeps_others_out_until_it_gives_the_lease_back(store):
    assert holder(store) is None
    assert taken(store, "a")
    assert not taken(store, "b")
    assert taken(store, "a"), "who holds it takes it anew"
    assert holder(store) == leases.Lease("a", HERE, NOW, NOW + LENGTH)
    with store.writing() as connection:
        assert leases.released(connection, "agent", "a")
        assert not leases.released(connection, "agent", "a")
    assert taken(store, "b")


def test_a_holder_that_lives_here_keeps_it_whatever_the_clock_says(store):
    assert taken(store, "a")
    for jump in (timedelta(days=-4000), timedelta(days=4000)):
        assert not taken(store, "b", NOW + jump)
        assert holder(store).held(NOW + jump)


def test_a_holder_elsewhere_keeps_it_until_its_time_is_over(store):
    assert taken(store, "a", process=ELSEWHERE)
    assert not taken(store, "b", NOW + LENGTH - timedelta(seconds=1))
    assert renewed(store, "a", NOW + timedelta(seconds=30))
    assert not taken(store, "b", NOW + LENGTH)
    assert taken(store, "b", NOW + LENGTH + timedelta(seconds=30))
    assert not renewed(store, "a", NOW + LENGTH), "who lost it hears so"
    assert holder(store).holder == "b"


def test_a_process_in_another_space_of_numbers_is_somewhere_else(store):
    container = {**HERE, "space": "pid:[1]", "pid": 2**22 + 1}
    assert taken(store, "a", process=container)
    assert not taken(store, "b")


def test_a_lease_that_is_lost_cannot_be_given_back_by_who_lost_it(store):
    assert taken(store, "a", process=ELSEWHERE)
    assert taken(store, "b", NOW + 2 * LENGTH)
    with store.writing() as connection:
        assert not leases.released(connection, "agent", "a")
    assert holder(store).holder == "b"


@pytest.mark.parametrize("reaped", [True, False], ids=["gone", "unnoticed by its parent"])
def test_the_lease_of_a_killed_process_is_free_at_once(store, reaped):
    program = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    start = leases._standing(program.pid)[1]
    process = {**HERE, "pid": program.pid, "start": start}
    assert taken(store, "a", process=process)
    assert not taken(store, "b")
    program.send_signal(signal.SIGSTOP)
    assert not taken(store, "b"), "one that is stopped may go on"
    program.send_signal(signal.SIGKILL)
    if reaped:
        program.wait()
    else:
        while leases._standing(program.pid)[0] != "Z":
            time.sleep(0.01)
    assert taken(store, "b")
    program.stdin.close()
    program.wait()


def test_another_process_with_the_number_of_the_holder_is_not_the_holder(store):
    assert taken(store, "a", process={**HERE, "start": HERE["start"] - 1})
    assert taken(store, "b")


@pytest.mark.parametrize("pid", [None, "1", -1, 0, 2**80])
def test_a_process_that_cannot_be_holds_nothing(pid):
    assert not leases.lives({**HERE, "pid": pid})


def test_the_process_of_another_user_lives():
    assert leases.lives({**HERE, "pid": 1, "start": leases._standing(1)[1]})


RACER = """
import sys, uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from auditor.store import leases, opened
store = opened(Path(sys.argv[1]), sys.argv[2])
holder, log = uuid.uuid4().hex, Path(sys.argv[3])
print("ready", flush=True)
sys.stdin.read(1)
for _ in range(int(sys.argv[4])):
    now = datetime.now(UTC)
    with store.writing() as connection:
        got = leases.taken(
            connection, "agent", holder, leases.this_process(), now, timedelta(microseconds=1)
        )
    if got:
        (log / "held").mkdir()  # fails if another one is in here
        (log / "held").rmdir()
        with store.writing() as connection:
            assert leases.renewed(connection, "agent", holder, now, timedelta(microseconds=1))
            assert leases.released(connection, "agent", holder)
store.close()
"""


def test_programs_that_race_never_hold_it_together(tmp_path, store, database_url):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", RACER, tmp_path / "data", database_url, tmp_path, "25"]
    programs = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        for _ in range(3)
    ]
    for program in programs:
        assert program.stdout.readline() == b"ready\n"
    for program in programs:
        program.stdin.write(b"x")
        program.stdin.close()
    assert [program.wait() for program in programs] == [0] * 3
    for program in programs:
        program.stdout.close()
    assert holder(store) is None
    again = opened(tmp_path / "data", database_url)
    assert taken(again, "after")
    again.close()

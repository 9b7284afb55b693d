"""Other processes: their results, their mistakes, their deaths, and that none is left."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from auditor.model.errors import InputError
from auditor.pipeline.beside import Beside, Ended

ROOT = Path(__file__).parents[2]


def doubled(task, advance):
    advance(task)
    advance(1)
    return task * 2


def failing(task, advance):
    raise InputError("cannot be read", place=task, hint="Look.") if task else ValueError("mistake")


def dying(task, advance):
    os.kill(os.getpid(), task) if task else os._exit(3)


def sleeping(task, advance):
    Path(task).write_text(str(os.getpid()))
    time.sleep(600)


def alive(number):
    try:
        return "State:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except OSError:
        return False


def waited(condition):
    for _ in range(600):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_results_come_in_the_order_of_tasks_and_progress_is_told():
    told = []
    with Beside(doubled, [10, 20, 30], told.append) as beside:
        assert beside.results() == [20, 40, 60]
    assert sorted(told) == [1, 1, 1, 10, 20, 30]


def test_without_tasks_there_is_nothing_to_wait_for():
    with Beside(doubled, [], lambda size: None) as beside:
        assert beside.results() == []


def test_what_stops_the_work_is_raised_here():
    with Beside(failing, ["a.pcap", ""], lambda size: None) as beside:
        failed, mistaken = beside._results
        with pytest.raises(InputError, match=r"a\.pcap: cannot be read"):
            failed.result()
        assert mistaken.result() == Ended("exit code 1"), "whoever does it again meets the mistake"
        with pytest.raises(InputError):
            beside.results()


def test_a_process_that_dies_is_told_and_the_others_go_on():
    with Beside(dying, [int(signal.SIGKILL), 0], lambda size: None) as beside:
        assert beside.results() == [Ended("signal 9"), Ended("exit code 3")]


def test_leaving_early_ends_those_that_still_work(tmp_path):
    note = tmp_path / "number"
    with Beside(sleeping, [str(note)], lambda size: None):
        assert waited(lambda: note.exists() and note.read_text())
    assert waited(lambda: not alive(int(note.read_text())))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_however_the_parent_ends_no_process_is_left(tmp_path, how):
    note = tmp_path / "number"
    text = f"""
        import signal
        from auditor.pipeline.beside import Beside
        from tests.pipeline.test_beside import sleeping
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job may ignore it
        with Beside(sleeping, [{str(note)!r}], print) as beside:
            beside.results()
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(text)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )
    assert waited(lambda: note.exists() and note.read_text())
    parent.send_signal(how)
    error = parent.communicate()[1].decode()
    assert waited(lambda: not alive(int(note.read_text())))
    assert error.count("KeyboardInterrupt") <= 1

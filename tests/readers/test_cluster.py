"""A cluster of real processes gives what one machine gives; whatever is wrong with it is said."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from auditor import pipeline
from auditor.model.errors import InputError, StoreError
from auditor.model.run import to_json
from auditor.readers import Url, Wanted, Watch, cluster, read_inputs
from tests.readers.capture.packets import SECOND, T0, client_hello, handshake, pcap, segment
from tests.readers.cluster_processes import DEADLY, ROOT, free_port, scheduler, worker

distributed = pytest.importorskip("distributed")

SAMPLES = ROOT / "samples"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A scheduler, and two workers who die of captures called deadly."""
    folder = tmp_path_factory.mktemp("cluster")
    preload = folder / "deadly.py"
    preload.write_text(DEADLY)
    with ExitStack() as stack:
        _, where = stack.enter_context(scheduler())
        for number in range(2):
            stack.enter_context(
                worker(where, folder / f"worker-{number}", "--preload", str(preload))
            )
        with distributed.Client(where, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield where


def conversation(port, start=T0):
    """A capture of one TCP conversation, some packets long."""
    hello = segment(start + SECOND, 1001, client_hello("s3.example"), sport=port)
    more = (segment(start + i * SECOND, 5000 + i, b"x", sport=port, back=True) for i in range(2, 9))
    return [*handshake(start, sport=port), hello, *more]


@pytest.fixture
def sensors(tmp_path):
    """Twelve sensors' folders, with rotated captures."""
    for number in range(12):
        folder = tmp_path / f"sensor-{number}"
        folder.mkdir()
        packets = conversation(40000 + number)
        for part, begin in enumerate((0, 4, 7)):
            cut = packets[begin : (4, 7, None)[part]]
            (folder / f"night-{part}.pcap").write_bytes(pcap(cut))
    return tmp_path


def read(wanted, watch=None):
    problems = []
    inputs, flows = read_inputs(wanted, problems.append, watch or Watch())
    table = flows.whole()
    flows.close()
    return inputs, table, problems


def same(first, second):
    assert first[0] == second[0]
    assert first[1].equals(second[1])
    assert first[2] == second[2]


class Acting(Watch):
    """Does something when the first piece is done."""

    def __init__(self, act):
        self.act = act
        self.total = self.done = 0

    def begin(self, total):
        self.total = total

    def advance(self, size):
        self.done += size
        if size and self.act is not None:
            act, self.act = self.act, None
            act()


def test_an_audit_of_all_samples_is_the_same_byte_for_byte(address, sensors):
    def audited(where):
        clock = (datetime(2026, 11, 22, second=second, tzinfo=UTC) for second in count())
        order = pipeline.Order(
            (SAMPLES / "pcaps", SAMPLES / "logs", sensors),
            pipeline.data_folder("policies"),
            pipeline.data_folder("geoip"),
            cluster=where,
        )
        return pipeline.audit(order, lambda: next(clock), Told())

    class Told:
        def stage(self, name, total=None):
            pass

        def advance(self, size):
            pass

    one, many = audited(None), audited(address)
    assert to_json(many.run) == to_json(one.run)
    assert list(many.table) == list(one.table)
    assert one.run.totals.flows > 300


def test_a_span_of_time_is_cut_out_where_the_files_are_read(address, sensors):
    wanted = Wanted((sensors,), until=datetime(1980, 1, 1, tzinfo=UTC))
    assert len(read(wanted)[1]) == 0
    same(read(replace(wanted, cluster=address)), read(wanted))


def test_relative_paths_are_meant_from_where_the_audit_runs(address, sensors, monkeypatch):
    monkeypatch.chdir(sensors)
    wanted = Wanted((Path("sensor-3"),))
    same(read(replace(wanted, cluster=address)), read(wanted))


def test_flows_go_on_from_one_night_into_the_next_all_the_same(address, tmp_path):
    packets = conversation(40000)
    nights = tmp_path / "first", tmp_path / "second"
    for night, cut in zip(nights, (packets[:5], packets[5:]), strict=True):
        folder = night / "sensor"
        folder.mkdir(parents=True)
        (folder / "night.pcap").write_bytes(pcap(cut))
    results = []
    for where in (None, address):
        kept, after = tmp_path / "kept.open", tmp_path / "after.open"
        read(Wanted((nights[0],), cluster=where, open_after=kept))
        (nights[1] / "sensor").rename(tmp_path / "moved")
        (nights[0] / "sensor").rename(tmp_path / "away")
        (tmp_path / "moved").rename(nights[0] / "sensor")
        wanted = Wanted((nights[0],), cluster=where, open_before=kept, open_after=after)
        results.append(read(wanted))
        (nights[0] / "sensor").rename(nights[1] / "sensor")
        (tmp_path / "away").rename(nights[0] / "sensor")
    (inputs, flows, problems), (others, other_flows, other_problems) = results
    assert flows.equals(other_flows)
    assert [file.flows for file in inputs] == [file.flows for file in others]
    assert problems == other_problems


def test_a_worker_killed_in_the_middle_changes_nothing(address, sensors):
    def kill():
        with distributed.Client(address, set_as_default=False) as client:
            os.kill(min(client.run(os.getpid).values()), signal.SIGKILL)

    wanted = Wanted((sensors, SAMPLES / "pcaps"))
    watch = Acting(kill)
    same(read(replace(wanted, cluster=address), watch), read(wanted))
    assert watch.act is None
    assert watch.done == watch.total


def test_a_file_that_workers_die_of_is_told_and_all_others_are_read(address, sensors):
    deadly = sensors / "deadly"
    deadly.mkdir()
    (deadly / "deadly.pcap").write_bytes(pcap(conversation(50000)))
    inputs, flows, problems = read(Wanted((sensors,), cluster=address))
    [problem] = [problem for problem in problems if problem.code == "unreadable-file"]
    assert problem.source == str(deadly / "deadly.pcap")
    assert "ended every program of the cluster" in problem.message
    assert [file.name for file in inputs if file.sha256 is None] == [problem.source]
    assert len(flows) == 12


def test_what_the_workers_do_not_see_ends_the_audit(address):
    import fsspec

    fsspec.filesystem("memory").pipe("/cluster/night.pcap", pcap(conversation(40000)))
    where = Url("memory://cluster")
    assert len(read(Wanted((where,)))[1]) == 1
    with pytest.raises(InputError, match="not there for the machines of the cluster"):
        read(Wanted((where,), cluster=address))


def test_a_worker_with_another_version_is_refused(address, sensors, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "auditor", other / "auditor", ignore=ignore)
    with (other / "auditor" / "readers" / "parts.py").open("a") as file:
        file.write("\n# another\n")
    with (
        worker(address, other / "worker", tree=other),
        distributed.Client(address, set_as_default=False) as client,
    ):
        client.wait_for_workers(3, timeout=60)
        with pytest.raises(StoreError, match="the auditor there is") as caught:
            read(Wanted((sensors,), cluster=address))
    assert "Install the same version" in caught.value.hint


def test_a_scheduler_that_does_not_answer_is_told(sensors, monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER", 1)
    with pytest.raises(StoreError, match="does not answer"):
        read(Wanted((sensors,), cluster=f"tcp://127.0.0.1:{free_port()}"))
    with pytest.raises(StoreError, match="does not answer"):
        read(Wanted((sensors,), cluster="tls://127.0.0.1:8786"))  # without certificates


def test_a_client_that_could_not_connect_is_gone_when_that_is_told(sensors, monkeypatch):
    def clients():
        return sum(isinstance(each, distributed.Client) for each in gc.get_objects())

    before = clients()
    monkeypatch.setattr(cluster, "ANSWER", 1)
    with pytest.raises(StoreError, match="does not answer"):
        read(Wanted((sensors,), cluster=f"tcp://127.0.0.1:{free_port()}"))
    assert clients() == before


def test_a_cluster_without_workers_or_that_goes_away_is_told(sensors, monkeypatch, tmp_path):
    with scheduler() as (running, where):
        monkeypatch.setattr(cluster, "ANSWER", 5)
        with pytest.raises(StoreError, match="no workers"):
            read(Wanted((sensors,), cluster=where))
        monkeypatch.setattr(cluster, "ANSWER", 30)
        with (
            worker(where, tmp_path / "worker"),
            pytest.raises(StoreError, match=r"scheduler has gone|no workers"),
        ):
            read(Wanted((sensors,), cluster=where), Acting(running.kill))


def test_without_dask_the_hint_says_what_to_install(sensors, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(InputError) as caught:
        read(Wanted((sensors,), cluster="tcp://127.0.0.1:8786"))
    assert caught.value.hint == "pip install 'auditor[cluster]'"

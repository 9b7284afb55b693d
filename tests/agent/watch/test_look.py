"""A look at a job's sources: what is ready, what waits, what is known, what cannot be read."""

import gzip
import os
import shutil
import sys
import tarfile
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.agent.settings import Job
from auditor.agent.watch import changed, committed, contents, look, named
from auditor.model.run import Run, Totals
from auditor.pipeline import Order  # noqa: F401 - the pipeline imports beside the agent
from auditor.readers import Wanted, read_inputs
from auditor.readers import Watch as Nobody
from auditor.store import files, opened

look_room = sys.modules[look.__module__]

SQUID = (
    "1700000{0:03}.000 100 192.0.2.1 TCP_MISS/200 {0} GET http://h{0}.example/ -"
    " DIRECT/203.0.113.1 text/html\n"
)


def lines(first, last):
    return "".join(SQUID.format(number) for number in range(first, last))


def totals():
    return Totals(*[0] * 12, by_country=(), geo_states={})


class Agent:
    """What the agent does around a look: audits for real, and commits or not."""

    def __init__(self, store, folder, scratch, **source):
        self.store, self.folder, self.scratch = store, folder, scratch
        given = {"folder": str(folder), "settle": "60s", **source}
        self.job = Job.model_validate(
            {"name": "night", "schedule": {"every": "1d"}, "sources": [given]}
        )
        self.now = datetime.now(UTC)
        self.problems = []
        self.runs = 0

    def look(self, later=120, **more):
        self.now += timedelta(seconds=later)
        self.problems = []
        shutil.rmtree(self.scratch, ignore_errors=True)
        return look(self.job, self.store, self.now, self.scratch, self.problems.append, **more)

    def audited(self, found):
        problems = []
        paths = tuple(each.path for each in found.ready)
        inputs, flows = read_inputs(Wanted(paths), problems.append, Nobody())
        flows.whole()
        self.runs += 1
        run = Run(1, "a", f"run-{self.runs}", "0", self.now, self.now, None, "VN", {}, inputs,
                  totals(), (), tuple(problems), ())  # fmt: skip
        return named(run, found.ready)

    def commit(self, found, run):
        with self.store.writing() as connection:
            committed(connection, "night", run.run_id, found.ready, run, self.now)

    def night(self, **more):
        """A look, and if there is something, its audit and commit."""
        found = self.look(**more)
        if not found.ready:
            return found, None
        run = self.audited(found)
        assert not changed(found.ready)
        self.commit(found, run)
        return found, run

    def state(self, name):
        with self.store.reading() as connection:
            return files.known(connection, "night")[str(self.folder / name)].state


@pytest.fixture
def agent(tmp_path):
    store = opened(tmp_path / "data")
    (tmp_path / "in").mkdir()
    yield Agent(store, tmp_path / "in", tmp_path / "scratch")
    store.close()


def ready(found):
    return [Path(each.name).name for each in found.ready]


def reasons(held):
    return {Path(each.name).name: each.reason for each in held}


def records(run):
    return sum(file.packets for file in run.inputs)


def test_a_file_is_taken_once_it_has_settled_and_never_again(agent):
    (agent.folder / "a.log").write_text(lines(0, 5))
    found = agent.look(later=0)
    assert reasons(found.waiting) == {"a.log": "has not settled yet"}
    assert found.oldest is not None
    found, run = agent.night()
    assert ready(found) == ["a.log"] and records(run) == 5
    assert agent.state("a.log") == "taken"
    found = agent.look()
    assert found.counts == {
        "seen": 1, "ready": 0, "waiting": 0, "known": 0, "quarantined": 0, "vanished": 0,
    }  # fmt: skip


def test_nights_are_the_same_on_both_databases(store, tmp_path):
    (tmp_path / "in").mkdir()
    agent = Agent(store, tmp_path / "in", tmp_path / "scratch")
    log, strange = agent.folder / "a.log", agent.folder / os.fsdecode(b"\xff\n.log")
    log.write_text(lines(0, 5))
    strange.write_text(lines(5, 9))
    (agent.folder / "b.jpg").write_bytes(b"\xff\xd8\0\xe0" * 9)
    found, run = agent.night()
    assert found.counts["ready"] == 3 and records(run) == 9
    with log.open("a") as file:
        file.write(lines(9, 12))
    strange.rename(agent.folder / "b.log")
    found, run = agent.night()
    assert records(run) == 3 and ready(found) == ["a.log"]
    assert set(reasons(found.known)) == {"b.log"}
    with store.reading() as connection:
        assert [Path(each.name).name for each in files.quarantined(connection, "night")] == [
            "b.jpg"
        ]
        assert files.backlog(connection, "night").files == 0


def test_a_crash_before_the_commit_loses_nothing(agent):
    (agent.folder / "a.log").write_text(lines(0, 5))
    agent.audited(agent.look())
    assert ready(agent.look()) == ["a.log"]


def test_renamed_rotated_packed_and_copied_files_are_known(agent):
    log = agent.folder / "conn.log"
    log.write_text(lines(0, 5))
    agent.night()
    log.rename(agent.folder / "conn.log.1")
    assert "same content" in reasons(agent.look().known)["conn.log.1"]
    with gzip.open(agent.folder / "conn.log.2.gz", "wb") as packed:
        packed.write((agent.folder / "conn.log.1").read_bytes())
    (agent.folder / "conn.log.1").unlink()
    shutil.copy(agent.folder / "conn.log.2.gz", agent.folder / "copy.gz")
    found = agent.look()
    assert set(reasons(found.known)) == {"conn.log.2.gz", "copy.gz"} and not found.ready
    assert not found.vanished


def test_of_copies_in_one_batch_one_is_taken_and_the_other_known(agent):
    big = lines(0, 999)
    (agent.folder / "a.log").write_text(big)
    (agent.folder / "b.log").write_text(big)
    with gzip.open(agent.folder / "c.log.gz", "wt") as packed:
        packed.write(big)
    found, run = agent.night()
    assert len(found.ready) == 1 and len(found.ready[0].copies) == 2 and records(run) == 999
    states = sorted(agent.state(name) for name in ("a.log", "b.log", "c.log.gz"))
    assert states == ["known", "known", "taken"]
    assert not agent.look().ready


ZEEK = "".join(
    f"#{line}\n"
    for line in (
        "separator \\x09", "set_separator\t,", "empty_field\t(empty)", "unset_field\t-",
        "path\tconn",
        "fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes",
        "types\ttime\tstring\taddr\tport\taddr\tport\tenum\tcount\tcount",
    )
)  # fmt: skip
AWS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status\n"
)
LOGS = {
    "squid": ("", SQUID),
    "zeek": (ZEEK, "1700000{0:03}.0\tC{0}\t192.0.2.1\t{0}\t203.0.113.1\t443\ttcp\t10\t20\n"),
    "aws": (AWS, "2 1 e-1 192.0.2.1 203.0.113.1 {0} 443 6 5 9 17{0:08} 18{0:08} ACCEPT OK\n"),
}  # fmt: skip


@pytest.mark.parametrize("size", [5, 950], ids=["short", "long"])
@pytest.mark.parametrize("kind", LOGS)
def test_of_a_log_that_grew_only_the_rest_is_taken(agent, size, kind):
    title, line = LOGS[kind]

    def some(first, last):
        return "".join(line.format(number) for number in range(first, last))

    log = agent.folder / "conn.log"
    log.write_text(title + some(0, size))
    agent.night()
    with log.open("a") as file:
        file.write(some(size, size + 7))
    _, run = agent.night()
    assert records(run) == 7
    assert run.inputs[0].name.endswith(f"conn.log (from byte {len(title + some(0, size))})")
    with log.open("a") as file:
        file.write(some(size + 7, size + 9))
    log.rename(agent.folder / "conn.log.1")
    log.write_text(title + some(size + 9, size + 12))
    _found, run = agent.night()
    assert records(run) == 2 + 3
    assert not agent.look().ready


def test_a_line_without_an_end_is_counted_once_when_it_is_whole(agent):
    log = agent.folder / "access.log"
    text = lines(0, 6)
    log.write_text(text[:-40])
    assert reasons(agent.look().waiting) == {"access.log": "its last line has no end yet"}
    _, run = agent.night(later=3600)  # silent for an hour: that is all there is
    first = records(run)
    log.write_text(text + lines(6, 8))
    _, run = agent.night()
    assert first + records(run) == 8


def test_a_capture_that_grew_goes_on_with_the_next_whole_packet(agent):
    for name in ("pcaps",):
        samples = sorted(Path("samples", name).glob("*.pcap*"))
    for sample in samples[:6]:
        whole = sample.read_bytes()
        if len(whole) < 400:
            continue
        path = agent.folder / sample.name
        path.write_bytes(whole[: len(whole) * 2 // 3])
        _, first = agent.night()
        path.write_bytes(whole)
        _, second = agent.night()
        path.unlink()
        alone = agent.folder / "alone.pcap"
        alone.write_bytes(whole)
        inputs, flows = read_inputs(Wanted((alone,)), lambda _: None, Nobody())
        flows.whole()
        alone.unlink()
        assert records(first) + records(second) == sum(each.packets for each in inputs), sample


def test_what_cannot_be_read_is_quarantined_with_its_reason_until_it_changes(agent):
    (agent.folder / "a.log").write_text(lines(0, 5))
    bad = agent.folder / "photo.jpg"
    bad.write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)))
    agent.night()
    assert agent.state("photo.jpg") == "quarantined"
    with agent.store.reading() as connection:
        (held,) = files.quarantined(connection, "night")
    assert "No reader takes this file" in held.reason
    assert not agent.look().ready
    bad.write_text(lines(5, 9))
    assert ready(agent.look()) == ["photo.jpg"]


def test_a_file_that_may_not_be_read_is_quarantined_by_the_look(agent, powerless):
    path = agent.folder / "a.log"
    path.write_text(lines(0, 5))
    path.chmod(0)
    found = agent.look()
    assert "may not read it" in reasons(found.quarantined)["a.log"]
    path.chmod(0o600)
    assert ready(agent.look()) == ["a.log"]


def test_an_empty_file_is_left_until_something_is_in_it(agent):
    path = agent.folder / "a.log"
    path.touch()
    assert reasons(agent.look().known) == {"a.log": "is empty"}
    path.write_text(lines(0, 1))
    assert ready(agent.look()) == ["a.log"]


def test_a_packed_file_is_empty_only_if_its_packing_is_whole(agent):
    (agent.folder / "a.log.gz").write_bytes(gzip.compress(b""))
    (agent.folder / "b.log.gz").write_bytes(gzip.compress(lines(0, 5).encode())[:12])
    (agent.folder / "c.log").write_text(lines(0, 5))
    found, _ = agent.night()
    assert reasons(found.known) == {"a.log.gz": "is empty"}
    assert agent.state("b.log.gz") == "quarantined" and agent.state("c.log") == "taken"


def test_names_of_copies_under_way_wait(agent):
    for name in ("a.log.part", "b.tmp", "c.filepart", "d.crdownload"):
        (agent.folder / name).write_text(lines(0, 1))
    (agent.folder / ".e.log.x7Gh2").write_text(lines(0, 1))
    found = agent.look()
    assert not found.ready and len(found.waiting) == 4
    (agent.folder / "a.log.part").rename(agent.folder / "a.log")
    found = agent.look()
    assert ready(found) == ["a.log"] and not found.vanished


def test_the_newest_of_a_rotating_series_waits(agent):
    agent.job = Agent(agent.store, agent.folder, agent.scratch, rotating=True).job
    for number in (1, 2):
        (agent.folder / f"cap_{number}.log").write_text(lines(number * 10, number * 10 + 5))
        os.utime(agent.folder / f"cap_{number}.log", (agent.now.timestamp() + number,) * 2)
    found, _ = agent.night()
    assert ready(found) == ["cap_1.log"]
    assert reasons(found.waiting) == {"cap_2.log": "is the newest of its series"}
    found, _ = agent.night(later=3600)
    assert ready(found) == ["cap_2.log"]


def test_times_in_the_future_do_not_block_for_ever(agent):
    path = agent.folder / "a.log"
    path.write_text(lines(0, 5))
    os.utime(path, (agent.now.timestamp() + 10**6,) * 2)
    assert not agent.look().ready
    assert ready(agent.look()) == ["a.log"]


def test_a_clock_that_was_set_back_does_not_take_a_growing_file(agent):
    path = agent.folder / "a.log"
    for number in range(4):
        with path.open("a") as file:
            file.write(lines(number, number + 1))
        os.utime(path, (agent.now.timestamp() + 10**6,) * 2)
        assert not agent.look(later=-(10**5) if number == 2 else 120).ready
    assert not agent.look(later=30).ready
    assert ready(agent.look(later=31)) == ["a.log"]


def test_a_file_that_changes_while_it_is_read_is_told_and_waits(agent):
    path = agent.folder / "a.log"
    path.write_text(lines(0, 5))
    (agent.folder / "b.log").write_text(lines(5, 9))
    found = agent.look()
    agent.audited(found)
    with path.open("a") as file:
        file.write(lines(9, 10))
    assert changed(found.ready) == (str(path),)
    found = agent.look(without=frozenset({str(path)}))
    assert ready(found) == ["b.log"]
    assert reasons(found.waiting) == {"a.log": "changed while it was read"}


def test_a_log_that_was_emptied_and_begun_anew_is_new(agent):
    path = agent.folder / "a.log"
    path.write_text(lines(0, 50))
    agent.night()
    path.write_text(lines(50, 90))
    _, run = agent.night()
    assert records(run) == 40


def test_a_log_that_changed_in_its_middle_is_quarantined_and_can_be_released(agent):
    path = agent.folder / "a.log"
    whole = lines(0, 999) + lines(0, 999).replace("192.0.2.1", "192.0.2.2")
    path.write_text(whole)
    agent.night()
    path.write_text(whole[:-500] + lines(3, 20))
    found = agent.look()
    assert "changed in its middle" in reasons(found.quarantined)["a.log"]
    with agent.store.writing() as connection:
        assert files.released(connection, "night", str(path))
    assert ready(agent.look()) == ["a.log"]


def test_an_archive_whose_members_were_taken_is_known_and_a_mixed_one_is_not_counted(agent):
    (agent.folder / "a.log").write_text(lines(0, 5))
    agent.night()
    with zipfile.ZipFile(agent.folder / "old.zip", "w") as archive:
        archive.writestr("a.log", lines(0, 5))
    with tarfile.open(agent.folder / "mixed.tar", "w") as archive:
        archive.add(agent.folder / "a.log", "a.log")
        (agent.folder.parent / "b").write_text(lines(5, 9))
        archive.add(agent.folder.parent / "b", "b.log")
    with zipfile.ZipFile(agent.folder / "new.zip", "w") as archive:
        archive.writestr("c.log", lines(9, 12))
        archive.writestr("d.log", lines(12, 15))
    found, run = agent.night()
    assert ready(found) == ["new.zip"] and records(run) == 6
    assert "all its members" in reasons(found.known)["old.zip"]
    assert "1 of its 2 members" in reasons(found.quarantined)["mixed.tar"]
    (agent.folder / "c.log").write_text(lines(9, 12))
    (agent.folder / "new.zip").rename(agent.folder / "newer.zip")
    assert set(reasons(agent.look().known)) == {"c.log", "newer.zip"}


def test_strange_names_are_taken_like_others(agent):
    names = [b"\xff\xfe.log", b"n\nl.log", "\u202egol.txt".encode(), b"q'\";--.log"]
    for number, name in enumerate(names):
        Path(os.fsdecode(os.fsencode(agent.folder) + b"/" + name)).write_text(
            lines(number, number + 1)
        )
    deep = agent.folder.joinpath(*["d" * 250] * 5)
    deep.mkdir(parents=True)
    (deep / "long.log").write_text(lines(10, 12))
    found, run = agent.night()
    assert len(found.ready) == 5 and records(run) == 6
    assert all(len(each.name.encode()) < 1_000 for each in found.ready)
    assert agent.look().counts["ready"] == 0


def test_a_folder_that_is_gone_is_told_and_its_files_are_not_forgotten(agent):
    (agent.folder / "a.log").write_text(lines(0, 5))
    agent.night()
    agent.folder.rename(agent.folder.parent / "away")
    found = agent.look()
    assert [each.code for each in agent.problems] == ["source-unreadable"] and not found.ready
    agent.folder.mkdir()  # as an empty mount point
    agent.look()
    assert [each.code for each in agent.problems] == ["source-empty"]
    agent.look()
    assert agent.problems == []
    agent.folder.rmdir()
    (agent.folder.parent / "away").rename(agent.folder)
    assert agent.look().counts["ready"] == 0 and agent.state("a.log") == "taken"


def test_a_file_that_goes_before_it_was_taken_is_told(agent):
    (agent.folder / "keep.log").write_text(lines(0, 5))
    (agent.folder / "a.log").write_text(lines(0, 5))
    agent.look(later=0)
    (agent.folder / "a.log").unlink()
    found = agent.look()
    assert found.vanished == (str(agent.folder / "a.log"),)
    assert [each.code for each in agent.problems] == ["vanished-file"]


def test_links_to_folders_pipes_and_hidden_files_are_left_out(agent):
    (agent.folder / "round").symlink_to(agent.folder)
    os.mkfifo(agent.folder / "pipe")
    (agent.folder / ".hidden").write_text(lines(0, 1))
    (agent.folder / "dangling").symlink_to("nowhere")
    assert agent.look().counts["seen"] == 0
    assert sorted(each.code for each in agent.problems) == [
        "not-followed", "unreadable-file", "unreadable-file",
    ]  # fmt: skip


def test_patterns_choose_by_name(agent):
    for name in ("a.log", "b.log", "c.txt"):
        (agent.folder / name).write_text(name + lines(0, 3))
    source = {"files": str(agent.folder / "*.log"), "exclude": ["b*"]}
    agent.job = Job.model_validate(
        {"name": "night", "schedule": {"every": "1d"}, "sources": [source]}
    )
    assert ready(agent.look()) == ["a.log"]


def test_bombs_are_quarantined_and_taken_whole_when_released(agent, monkeypatch):
    monkeypatch.setattr(contents, "LEAST", 1 << 16)
    monkeypatch.setattr(contents, "MOST_TIMES", 2)
    (agent.folder / "a.log").write_text(lines(0, 1000))
    agent.night()
    bomb = agent.folder / "b.log.gz"
    bomb.write_bytes(gzip.compress((lines(0, 1000) + lines(0, 5000)).encode()))
    assert "2 times as large" in reasons(agent.look().quarantined)["b.log.gz"]
    with agent.store.writing() as connection:
        assert files.released(connection, "night", str(bomb))
    found, run = agent.night()
    assert ready(found) == ["b.log.gz"] and records(run) == 6000


def test_archives_of_too_many_members_are_quarantined_and_of_many_wait_for_their_turn(
    agent, monkeypatch
):
    monkeypatch.setattr(look_room, "MOST_MEMBERS", 3)
    monkeypatch.setattr(look_room, "MOST_OPENED", 4)
    for number, members in enumerate((4, 3, 3)):
        with zipfile.ZipFile(agent.folder / f"{number}.zip", "w") as archive:
            for member in range(members):
                archive.writestr(f"{member}.log", lines(10 * number + member, 10 * number + 5))
    found, _ = agent.night()
    assert "more than 3 members" in reasons(found.quarantined)["0.zip"]
    assert ready(found) == ["1.zip"] and reasons(found.waiting) == {"2.zip": "waits for its turn"}
    assert ready(agent.look()) == ["2.zip"]


def test_more_files_than_one_look_opens_wait_for_their_turn(agent, monkeypatch):
    monkeypatch.setattr(look_room, "MOST_OPENED", 2)
    for number in range(3):
        path = agent.folder / f"{number}.log"
        path.write_text(lines(number * 10, number * 10 + 5))
        os.utime(path, (1000 - number, 1000 - number))
    found, _ = agent.night()
    assert len(ready(found)) == 2 and len(found.waiting) == 1
    assert len(agent.night()[0].ready) == 1

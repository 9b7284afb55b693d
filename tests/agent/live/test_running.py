"""Real captures of this machine's loopback, by whatever tool is installed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.agent.live import capture, checked, states, tool_for
from auditor.agent.live.tools import Tool, command, rights, surroundings
from auditor.agent.settings import Capture
from auditor.model.errors import InputError, StoreError
from auditor.readers import Wanted, Watch, read_inputs

PATIENCE = 20.0


def now() -> datetime:
    return datetime.now(UTC)


class Line:
    """A port of the loopback interface that is ours alone while it is held."""

    def __init__(self) -> None:
        self.held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.held.bind(("127.0.0.1", 0))
        self.port = self.held.getsockname()[1]

    def sent(self, count: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for _ in range(count):
                out.sendto(b"x" * 100, ("127.0.0.1", self.port))

    def wanted(self, folder: Path, **more) -> Capture:
        given = {"name": "mirror", "interface": "lo", "folder": str(folder)}
        return Capture.model_validate(given | {"filter": f"udp port {self.port}"} | more)

    def listening(self, data: Path, folder: Path, kind: str) -> None:
        """Waits until packets that are sent arrive in the file that is written."""
        until(lambda: [each.pid for each in states(data) if each.pid], "the tool's start")

        def heard() -> bool:
            self.sent(1)
            # dumpcap writes at once; tcpdump and scapy keep a block, so its start has to do
            files = list((folder / ".part").glob("live*"))
            return any(kind != "dumpcap" or each.stat().st_size > 600 for each in files)

        until(heard, "the first packet")
        if kind != "dumpcap":
            time.sleep(0.3)


@pytest.fixture
def line():
    made = Line()
    yield made
    made.held.close()


def needs(kind: str, what: Capture):
    """The tool, where this machine lets us capture with it."""
    if kind != "scapy" and shutil.which(kind) is None:
        pytest.skip(f"{kind} is not installed")
    if "lo" not in [name for _, name in socket.if_nameindex()]:
        pytest.skip("this machine has no loopback interface by the name lo")
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW):
            pass
    except PermissionError:
        if kind == "scapy":
            pytest.skip("this user may not capture")
    tool = tool_for(kind)
    try:
        checked(tool, what)
    except InputError as error:
        if "may not capture" in str(error):
            pytest.skip("this user may not capture")
        raise
    return tool


@contextmanager
def running(what: Capture, data: Path, kind: str):
    """The capture in a thread; the list gets its last state."""
    stop, ended = threading.Event(), []
    thread = threading.Thread(
        target=lambda: ended.append(
            capture(what, data=data, audited=lambda _: False, now=now, stop=stop, wanted=kind)
        )
    )
    thread.start()
    try:
        yield ended
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def until(seen, what: str):
    latest = time.monotonic() + PATIENCE
    while time.monotonic() < latest:
        if found := seen():
            return found
        time.sleep(0.05)
    pytest.fail(f"{what} was not seen within {PATIENCE} s")


@pytest.mark.parametrize(("kind", "least"), [("dumpcap", 5), ("tcpdump", 1), ("scapy", 5)])
def test_each_packet_is_captured_once_also_where_a_file_ends(line, tmp_path, kind, least):
    folder, data = tmp_path / "ring", tmp_path / "data"
    folder.mkdir(mode=0o755)
    what = line.wanted(folder, file_size="1kB")  # tcpdump's files have a megabyte at least
    needs(kind, what)
    with running(what, data, kind) as ended:
        line.listening(data, folder, kind)
        line.sent(50)
        time.sleep(0.5)
    (state,) = ended
    assert state.packets >= 50 and state.dropped == 0 and state.last_error is None
    assert state.pid is None and state.tool == kind
    assert states(data) == (state,)
    files = sorted(folder.glob("mirror-*.pcap*"))
    assert len(files) == state.files >= least
    assert {each.stat().st_mode & 0o777 for each in files} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (data / "live" / "mirror.json").stat().st_mode & 0o777 == 0o600
    inputs, flows = read_inputs(Wanted((folder,)), lambda _: None, Watch())
    assert sum(each.packets for each in inputs) == state.packets
    assert sum(sum(table["src_packets"].to_pylist()) for table in flows) == state.packets
    times = [each.first for each in inputs if each.first]
    assert times == sorted(times)  # names sort by time


def test_a_tool_that_dies_is_started_again_and_nothing_is_lost_of_its_file(line, tmp_path):
    folder, data = tmp_path / "ring", tmp_path / "data"
    folder.mkdir()
    needs("dumpcap", line.wanted(folder))
    with running(line.wanted(folder), data, "dumpcap") as ended:
        line.listening(data, folder, "dumpcap")
        (first,) = states(data)
        os.kill(first.pid, signal.SIGKILL)
        until(lambda: list(folder.glob("mirror-*")), "the dead tool's file")
        until(lambda: states(data)[0].pid not in (None, first.pid), "the tool's second start")
        line.listening(data, folder, "dumpcap")
    (state,) = ended
    assert state.restarts == 1
    assert len(list(folder.glob("mirror-*"))) == 2


def test_a_tool_left_over_by_a_killed_agent_is_ended_first(line, tmp_path):
    folder, data = tmp_path / "ring", tmp_path / "data"
    (folder / ".part").mkdir(parents=True)
    tool = needs("dumpcap", line.wanted(folder))
    what = line.wanted(folder)
    words = [word for word in command(tool, what, folder / ".part") if "pdeathsig" not in word]
    with subprocess.Popen(
        words, env=surroundings(tool, os.environ), stderr=subprocess.DEVNULL
    ) as orphan:
        until(lambda: list((folder / ".part").glob("live*")), "the orphan's file")
        with running(what, data, "dumpcap"):
            assert orphan.wait(PATIENCE) is not None
            line.listening(data, folder, "dumpcap")


def test_the_same_capture_is_not_started_twice(line, tmp_path):
    folder, data = tmp_path / "ring", tmp_path / "data"
    folder.mkdir()
    needs("dumpcap", line.wanted(folder))
    with running(line.wanted(folder), data, "dumpcap"):
        line.listening(data, folder, "dumpcap")
        with pytest.raises(InputError, match="runs already"):
            capture(
                line.wanted(folder), data=data, audited=lambda _: False, now=now,
                stop=threading.Event(), wanted="dumpcap",
            )  # fmt: skip


def test_a_folder_that_holds_other_things_keeps_its_permissions(line, tmp_path):
    folder, data = tmp_path / "ring", tmp_path / "data"
    folder.mkdir(mode=0o755)
    (folder / "notes.txt").write_text("of somebody else")
    needs("dumpcap", line.wanted(folder))
    stop = threading.Event()
    stop.set()
    capture(line.wanted(folder), data=data, audited=lambda _: False, now=now, stop=stop)
    assert folder.stat().st_mode & 0o777 == 0o755
    assert (folder / ".part").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kind", ["dumpcap", "tcpdump", "scapy"])
def test_a_wrong_filter_is_said_in_plain_words_before_anything_starts(line, tmp_path, kind):
    tool = needs(kind, line.wanted(tmp_path))
    with pytest.raises(InputError, match=r"filter 'tcp porrt 80' of the capture mirror is wrong"):
        checked(tool, line.wanted(tmp_path, filter="tcp porrt 80"))


def test_a_missing_interface_is_said_with_those_that_are_there(line, tmp_path):
    with pytest.raises(InputError, match=r"(?s)eth77: there is no such interface.*has:.*lo"):
        checked(tool_for("scapy"), line.wanted(tmp_path, interface="eth77"))


def test_a_filter_cannot_become_an_option_or_a_command(line, tmp_path):
    for kind in ("dumpcap", "tcpdump", "scapy"):
        if kind != "scapy" and shutil.which(kind) is None:
            continue
        tool = tool_for(kind)
        hostile = line.wanted(tmp_path, filter="-w /etc/passwd; $(reboot)")
        words = command(tool, hostile, tmp_path)
        place = words.index(hostile.filter)
        assert words[place - 1] in ("-f", "--", "lo")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights that are taken away")
def test_the_tool_keeps_no_right_but_to_capture(line, tmp_path):
    needs("scapy", line.wanted(tmp_path))
    told = subprocess.run(
        [*rights(tool_for("scapy"), tmp_path), "cat", "/proc/self/status"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    held = {line.split(":")[0]: line.split(":")[1].strip() for line in told.splitlines()}
    assert {int(held[each], 16) for each in ("CapPrm", "CapEff", "CapBnd")} == {1 << 13}
    assert held["NoNewPrivs"] == "1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give rights to a file")
def test_a_tool_with_rights_of_its_own_is_begun_and_has_no_others(line, tmp_path):
    needs("dumpcap", line.wanted(tmp_path))
    own = shutil.copy(shutil.which("cat"), tmp_path / "cat")
    # cap_net_raw and cap_net_admin, effective and permitted, as Debian gives them to dumpcap
    rights_of_file = struct.pack("<IIIII", 0x02000001, 1 << 13 | 1 << 12, 0, 0, 0)
    try:
        os.setxattr(own, "security.capability", rights_of_file)
    except OSError:
        pytest.skip("this file system keeps no rights of files")
    told = subprocess.run(
        [*rights(Tool("dumpcap", str(own)), tmp_path), own, "/proc/self/status"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    (held,) = re.findall(r"CapEff:\s*(\w+)", told)
    assert int(held, 16) & ~(1 << 13 | 1 << 12) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_root_becomes_the_owner_of_the_folder(tmp_path):
    os.chown(tmp_path, 65_534, 65_534)
    told = subprocess.run(
        [*rights(tool_for("scapy"), tmp_path), "id", "-u"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == "65534"


def test_a_tool_sees_none_of_our_environment(tmp_path):
    own = {"PATH": "/bin", "AUDITOR_DATABASE_URL": "postgresql://u:p@h/d", "PYTHONPATH": "x"}
    assert "AUDITOR_DATABASE_URL" not in surroundings(tool_for("scapy"), own)
    assert surroundings(tool_for("scapy"), own)["PYTHONPATH"] == "x"


def test_a_tool_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="tcpdump: is not installed"):
        tool_for("tcpdump")
    assert tool_for().path == sys.executable


def test_renewal_adds_up_what_the_processes_told(line, tmp_path, monkeypatch):
    monkeypatch.setattr("auditor.agent.live.running.RENEW", 1.0)
    folder, data = tmp_path / "ring", tmp_path / "data"
    folder.mkdir()
    needs("dumpcap", line.wanted(folder))
    with running(line.wanted(folder, file_time="1h"), data, "dumpcap") as ended:
        line.listening(data, folder, "dumpcap")
        first = states(data)[0].pid
        until(lambda: states(data)[0].pid not in (None, first), "the renewal")
        assert states(data)[0].dropped == 0
        line.sent(5)
        time.sleep(0.3)
    (state,) = ended
    assert state.restarts == 0
    assert state.since <= state.beat < state.since + timedelta(hours=1)


@pytest.mark.parametrize("name", [".part", ".part/lock"])
def test_links_in_the_folder_give_nothing_away(tmp_path, name):
    prey = tmp_path / "prey"
    (tmp_path / "ring" / name).parent.mkdir(parents=True)
    if name == ".part":
        prey.mkdir()
        (tmp_path / "ring").chmod(0o755)
    (tmp_path / "ring" / name).symlink_to(prey)
    what = Capture.model_validate(
        {"name": "mirror", "interface": "lo", "folder": str(tmp_path / "ring")}
    )
    with pytest.raises(StoreError, match="folder of the capture cannot be used"):
        capture(
            what, data=tmp_path, audited=lambda _: False, now=now, stop=threading.Event(),
            wanted="scapy",
        )  # fmt: skip
    assert not prey.exists() or list(prey.iterdir()) == []

"""What each tool is told, with which rights, and what of its words reaches people."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest

from auditor.agent.live import tools
from auditor.agent.live.tools import Tool, checked, command, complaint, rights, surroundings
from auditor.agent.settings import Capture
from auditor.model.errors import InputError

SETPRIV = "/usr/bin/setpriv"


def wanted(folder, **more):
    given = {"name": "mirror", "interface": "lo", "folder": str(folder), "filter": "port 53"}
    return Capture.model_validate(given | more)


@pytest.fixture
def user(monkeypatch):
    """This process as somebody, on a machine with setpriv or without."""

    def become(number, setpriv=SETPRIV):
        monkeypatch.setattr(os, "geteuid", lambda: number)
        monkeypatch.setattr(tools.shutil, "which", lambda name: setpriv)

    return become


def after(words, option):
    return words[words.index(option) + 1]


def test_dumpcap_is_told_sizes_in_kilobytes_and_whole_seconds(tmp_path, user):
    user(1000, None)
    given = wanted(tmp_path, file_size="64MB", file_time="5m", snap=96)
    words = command(Tool("dumpcap", "/bin/dumpcap"), given, tmp_path)
    assert words[0] == "/bin/dumpcap"
    assert "filesize:64000" in words
    assert "duration:300" in words
    assert after(words, "-s") == "96"
    assert after(words, "-w") == str(tmp_path / "live.pcapng")


def test_a_size_or_time_below_what_a_tool_counts_in_is_one_of_it(tmp_path, user):
    user(1000, None)
    given = wanted(tmp_path, file_size="1kB", file_time="1s")
    object.__setattr__(given, "file_size", 1)
    object.__setattr__(given, "file_time", timedelta(milliseconds=1))
    assert "filesize:1" in command(Tool("dumpcap", "/bin/dumpcap"), given, tmp_path)
    tcpdump = command(Tool("tcpdump", "/bin/tcpdump"), given, tmp_path)
    assert (after(tcpdump, "-G"), after(tcpdump, "-C")) == ("1", "1")


def test_whole_packets_are_kept_unless_a_length_is_named(tmp_path, user):
    user(1000, None)
    given = wanted(tmp_path)
    assert "-s" not in command(Tool("dumpcap", "/bin/dumpcap"), given, tmp_path)
    assert after(command(Tool("tcpdump", "/bin/tcpdump"), given, tmp_path), "-s") == "0"


def test_tcpdump_stays_root_only_where_it_is(tmp_path, user):
    given, tool = wanted(tmp_path), Tool("tcpdump", "/bin/tcpdump")
    user(1000, None)
    assert "-Z" not in command(tool, given, tmp_path)
    user(0)
    words = command(tool, given, tmp_path)
    assert after(words, "-Z") == "root"
    assert words[-2:] == ["--", "port 53"]


def test_the_sniffer_is_this_python_and_reads_nothing_beside_the_program(tmp_path, user):
    user(1000, None)
    words = command(Tool("scapy", sys.executable), wanted(tmp_path), tmp_path)
    assert words[:4] == [sys.executable, "-P", "-m", "auditor.agent.live.sniffer"]
    assert words[4:] == [str(tmp_path), "lo", "port 53", "100000000", "300", "0"]


def test_who_is_not_root_keeps_what_it_has_and_the_tool_ends_with_it(tmp_path, user):
    user(1000)
    assert rights(Tool("dumpcap", "/bin/dumpcap"), tmp_path) == [SETPRIV, "--pdeathsig=TERM"]
    user(1000, None)
    assert rights(Tool("dumpcap", "/bin/dumpcap"), tmp_path) == []


def test_root_without_the_means_to_give_up_its_rights_captures_nothing(tmp_path, user):
    user(0, None)
    with pytest.raises(InputError, match="setpriv: is not installed"):
        rights(Tool("dumpcap", "/bin/dumpcap"), tmp_path)


@pytest.mark.parametrize(
    ("kind", "owner", "kept"),
    [
        ("dumpcap", 0, "-all,+net_raw"),
        ("dumpcap", 990, "-all,+net_raw"),
        ("tcpdump", 990, "-all,+net_raw"),
        ("tcpdump", 0, "-all,+net_raw,+setuid,+setgid"),
    ],
)
def test_root_leaves_the_tool_no_more_than_it_needs(user, kind, owner, kept):
    user(0)
    folder = SimpleNamespace(stat=lambda: SimpleNamespace(st_uid=owner, st_gid=owner))
    words = rights(Tool(kind, "/nowhere/tool"), folder)
    assert "--no-new-privs" in words
    assert {each.partition("=")[0]: each.partition("=")[2] for each in words[3:6]} == dict.fromkeys(
        ("--inh-caps", "--ambient-caps", "--bounding-set"), kept
    )
    assert (f"--reuid={owner}" in words) == ("--clear-groups" in words) == bool(owner)


@pytest.mark.parametrize(
    ("told", "what"),
    [
        (b"", "it said nothing"),
        (b"Capturing on 'lo'\r\nFile: x\nPackets: 3\rPackets: 9\n", "it said nothing"),
        (b"tcpdump: syntax error\n", "syntax error"),
        (b"dumpcap: a\n\n  dumpcap: b  \nSee the User's Guide for help\n", "a b"),
        (b"\xff\xfe\n", "\ufffd\ufffd"),
    ],
)
def test_of_a_tools_words_only_its_complaint_is_passed_on(told, what):
    assert complaint(told) == what


def test_an_endless_complaint_is_cut():
    assert len(complaint(b"x" * 100_000)) == tools.MOST_TOLD


def test_every_interface_at_once_is_for_the_tools_that_know_it(tmp_path):
    given = wanted(tmp_path, interface="any", filter="")
    checked(Tool("tcpdump", "/nowhere/tcpdump"), given)  # no filter: nothing is started
    with pytest.raises(InputError, match="there is no such interface"):
        checked(Tool("scapy", sys.executable), given)


def script(folder, text):
    path = folder / "tool"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o700)
    return Tool("dumpcap", str(path))


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("echo 'dumpcap: You do not have permission' >&2; exit 1", "may not capture"),
        ("echo 'setpriv: unknown capability' >&2; exit 127", "cannot be begun"),
        ("echo 'dumpcap: bad filter' >&2; exit 0", "is wrong: bad filter"),
        ("echo ' '; exit 0", "is wrong: it said nothing"),
        ("echo '(000) ret'; exit 1", "is wrong: it said nothing"),
    ],
)
def test_why_a_tool_refuses_is_told_in_its_words(tmp_path, user, does, why):
    user(1000, None)
    with pytest.raises(InputError, match=why):
        checked(script(tmp_path, does), wanted(tmp_path))


def test_a_tool_that_understood_the_filter_says_what_it_made_of_it(tmp_path, user):
    user(1000, None)
    checked(script(tmp_path, "echo '(000) ret #1'"), wanted(tmp_path))


def test_a_tool_is_given_a_path_and_no_more():
    own = {"HOME": "/root", "PYTHONPATH": "/x", "AUDITOR_DATABASE_URL": "x"}
    assert surroundings(Tool("tcpdump", "/bin/tcpdump"), own) == {
        "PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC",
    }  # fmt: skip
    assert "PYTHONPATH" not in surroundings(Tool("scapy", sys.executable), {})

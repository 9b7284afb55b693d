"""The files in deploy/: what they run exists, and systemd understands them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from auditor.agent.settings import settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
SERVICES = [each for each in UNITS if each.suffix == ".service"]
PROGRAM = "/opt/auditor/bin/auditor"
CONFIG = "/etc/auditor/agent.yaml"


def entries(path: Path) -> dict[str, list[tuple[str, str]]]:
    """The unit's sections, each with its settings in order."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), [])
            continue
        name, found, value = line.partition("=")
        assert found and re.fullmatch("[A-Z][A-Za-z]*", name), f"{path.name}: {line!r}"
        section.append((name, value))
    return sections


def commands() -> list[tuple[str, list[str]]]:
    """Every command line of ours in deploy/, with the file it stands in."""
    found = []
    for path in SERVICES:
        for name, value in entries(path)["Service"]:
            if name.startswith("Exec") and PROGRAM in value:
                found.append((path.name, value.split()))
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    (words,) = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    found.append(("Containerfile", [PROGRAM, *re.findall(r'"([^"]*)"', words)]))
    return found


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_has_the_sections_of_its_kind(path):
    sections = entries(path)
    own = {".service": "Service", ".timer": "Timer"}[path.suffix]
    assert set(sections) <= {"Unit", own, "Install"} and own in sections
    for each in sections.values():
        names = [name for name, _ in each if name not in ("Environment", "SystemCallFilter")]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(("place", "words"), commands(), ids=lambda value: str(value)[:60])
def test_what_is_run_is_a_command_of_ours_with_its_options(place, words):
    from auditor.cli import app

    assert words[0] == PROGRAM
    command = typer.main.get_command(app)
    rest = words[1:]
    while hasattr(command, "commands") and rest:
        assert rest[0] in command.commands, f"{place}: there is no command {' '.join(words)}"
        command = command.commands[rest.pop(0)]
    given = [word for word in rest if word.startswith("--")]
    known = {option for each in command.params for option in each.opts}
    assert set(given) <= known
    assert CONFIG in rest


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_is_held_back(path):
    service = entries(path)["Service"]
    held = dict(service)
    assert held["User"] == "auditor"
    for name in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectKernelModules"):
        assert held[name] == "yes"
    assert held["ProtectSystem"] == "strict" and held["UMask"] == "0077"
    assert held["StateDirectory"] == "auditor" and held["StateDirectoryMode"] == "0700"
    assert ("SystemCallFilter", "~@privileged") in service
    rights = "CAP_NET_RAW" if "capture" in path.name else ""
    assert held["AmbientCapabilities"] == rights


def test_only_what_compiles_may_write_what_it_runs():
    held = {path.name: dict(entries(path)["Service"]) for path in SERVICES}
    loose = {name for name, each in held.items() if each["MemoryDenyWriteExecute"] == "no"}
    assert loose == {"auditor-agent.service", "auditor-audit.service"}


def test_the_timer_has_its_service():
    assert (DEPLOY / "auditor-audit.timer").with_suffix(".service").exists()


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_files_that_units_speak_of_exist(path):
    for name in re.findall(r"deploy/[\w@./-]+", path.read_text(encoding="utf-8")):
        assert (ROOT / name.rstrip(".")).exists()


def test_systemd_finds_nothing_to_complain_of(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for path in UNITS:
        text = path.read_text(encoding="utf-8").replace(PROGRAM, sys.executable)
        (tmp_path / path.name.replace("@.", "@mirror.")).write_text(text, encoding="utf-8")
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True,
    )  # fmt: skip
    said = [
        line for line in ended.stderr.splitlines()
        if "auditor" in line and "Failed to connect" not in line
    ]  # fmt: skip
    assert (ended.returncode, said) == (0, [])


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_systemd_calls_a_service_little_exposed(path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    ended = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=25", str(path)],
        capture_output=True, text=True,
    )  # fmt: skip
    if "unrecognized option" in ended.stderr:
        pytest.skip("this systemd-analyze judges no files")
    assert ended.returncode == 0, ended.stdout[-300:]


def test_logrotate_understands_its_file(tmp_path):
    if shutil.which("logrotate") is None:
        pytest.skip("logrotate is not installed")
    logs = tmp_path / "logs"
    logs.mkdir(mode=0o700)
    (logs / "agent.log").write_text("{}\n")
    text = (DEPLOY / "logrotate" / "auditor").read_text(encoding="utf-8")
    own = re.sub("su auditor auditor\n", "", text).replace("/var/log/auditor", str(logs))
    (tmp_path / "rotate").write_text(own, encoding="utf-8")
    (tmp_path / "rotate").chmod(0o600)
    subprocess.run(
        ["logrotate", "--force", "--state", tmp_path / "state", tmp_path / "rotate"], check=True
    )
    assert not (logs / "agent.log").exists() and len(list(logs.glob("agent.log-*"))) == 1


def test_the_container_has_no_root_and_what_it_copies_is_there():
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["10001:10001"]
    copied = [
        name
        for words in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE)
        for name in words.split()
    ]
    assert copied and [name for name in copied if not (ROOT / name).exists()] == []
    assert all(":" in name and not name.endswith(":latest")
               for name in re.findall(r"^FROM (\S+)", text, re.MULTILINE))  # fmt: skip


def test_the_example_of_agent_yaml_is_whole_and_right():
    known = settings(ROOT / "policies" / "examples" / "agent.yaml")
    assert [job.name for job in known.jobs] == ["nightly", "checklist"]
    assert {"mail", "webhook", "syslog", "drop"} == {
        kind for each in known.channels for kind in ("mail", "webhook", "syslog", "drop")
        if getattr(each, kind)
    }  # fmt: skip
    watched = {source.folder for job in known.jobs for source in job.sources if source.rotating}
    assert {each.folder for each in known.captures} <= watched

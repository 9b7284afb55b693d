"""The guided mode at a real terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time

import yaml

PROMPT = ": "


def spoken(place, *lines):
    """What the guided mode shows when somebody types these lines, each at its prompt."""
    terminal, theirs = pty.openpty()
    command = [sys.executable, "-m", "auditor", "checklist", "answer", str(place)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        seen = b""
        for line in (*lines, None):
            seen += until_prompt(terminal)
            if line is not None:
                os.write(terminal, f"{line}\n".encode())
        os.close(terminal)
    return seen.decode(errors="replace"), running.returncode


def until_prompt(terminal):
    seen, end = b"", time.monotonic() + 30
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if not ready:
            if seen.endswith(PROMPT.encode()):
                return seen
            continue
        try:
            seen += os.read(terminal, 1 << 16)
        except OSError:  # the program has ended
            return seen
    raise AssertionError(seen.decode(errors="replace"))


def test_it_explains_asks_and_keeps_every_answer(place):
    shown, code = spoken(
        place, "Trần Thị Bình", "?", "c", "Quyết định 12",
        "k", "chưa có", "An", "ra quyết định", "2026-13-45", "2026-12-31", "Giám đốc", "", "",
        "o", "", "không có nhà thầu", "s", "t",
    )  # fmt: skip
    assert code == 0, shown
    assert "không tính / does not count" in shown
    answers = yaml.safe_load((place / "answers.yaml").read_text(encoding="utf-8"))["answers"]
    assert [(each["said"], each["explanation"]) for each in answers] == [
        ("yes", "Quyết định 12"), ("no", "chưa có"), ("not-applicable", "không có nhà thầu"),
    ]  # fmt: skip
    assert answers[1]["measure"] == {
        "who": "An", "what": "ra quyết định", "due": "2026-12-31", "responsible": "Giám đốc",
    }  # fmt: skip
    assert {each["by"] for each in answers} == {"Trần Thị Bình"}

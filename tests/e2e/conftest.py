"""The program as people get it: the wheel in an environment of its own, the page in a browser."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import select
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
PATIENCE = 60  # seconds after which a silent browser counts as dead


def called(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command without anything that could lead it back to this checkout."""
    kept = {"PATH", "HOME", "LANG", "TMPDIR"}
    environment = {name: value for name, value in os.environ.items() if name in kept}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def call():
    """``called``, for the tests."""
    return called


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    isolation = [] if importlib.util.find_spec("hatchling") is None else ["--no-build-isolation"]
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    done = called(*pip, "wheel", "-q", "--no-deps", *isolation, "-w", folder, ROOT, cwd=folder)
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of an environment that has the wheel, and the libraries of the running one."""
    place = tmp_path_factory.mktemp("installed") / "venv"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    for command in (
        (sys.executable, "-m", "venv", "--without-pip", place),
        (
            *pip,
            "--python",
            place / "bin" / "python",
            "install",
            "-q",
            "--no-deps",
            "--no-index",
            wheel,
        ),
    ):
        done = called(*command, cwd=place.parent)
        assert done.returncode == 0, done.stderr
    (packages,) = place.glob("lib/python*/site-packages")
    # A path in a .pth file is added as it is: the .pth of an editable checkout there stays unread.
    (packages / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return place


@pytest.fixture(scope="session")
def outside(tmp_path_factory) -> Path:
    """A folder far from the checkout, with copies of the samples and examples."""
    folder = tmp_path_factory.mktemp("outside")
    for name in ("pcaps", "logs"):
        shutil.copytree(ROOT / "samples" / name, folder / "samples" / name)
    shutil.copytree(ROOT / "policies" / "examples", folder / "examples")
    return folder


@pytest.fixture(scope="session")
def report(tmp_path_factory) -> Path:
    """The report of all samples, with the example inventory and register."""
    folder = tmp_path_factory.mktemp("report")
    examples = ROOT / "policies" / "examples"
    given = ("--inventory", examples / "inventory.yaml", "--dossiers", examples / "dossiers.yaml")
    samples = (ROOT / "samples" / "pcaps", ROOT / "samples" / "logs")
    audit = (sys.executable, "-m", "auditor", "audit", *samples, *given, "--out", folder)
    done = subprocess.run(
        [str(part) for part in audit], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "report.html"


@dataclass
class Tab:
    """One page of a browser, over the DevTools protocol on a pipe.

    Attributes:
        requests: every address the page asked for, its own included.
        complaints: what the browser complained of: errors, refusals, broken scripts.
    """

    reading: int
    writing: int
    session: str | None = None
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _number: int = 0
    _rest: bytes = b""
    _events: list[str] = field(default_factory=list)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Asks the browser for something and waits for the answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writing, json.dumps(message).encode() + b"\0")
        while True:
            told = self._message()
            if told.get("id") == self._number:
                assert "error" not in told, f"{method}: {told['error']}"
                return told["result"]

    def run(self, script: str) -> Any:
        """The value of a script in the page."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def go(self, page: Path, width: int = 1280, *, scripts: bool = True) -> None:
        """Opens a file at the given width and waits until it is there."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=844,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.requests.clear()
        self.complaints.clear()
        self._events.clear()
        self.call("Page.navigate", url=page.as_uri())
        while "Page.loadEventFired" not in self._events:
            self._message()
        self.run("1")  # whatever was told before this answer has been heard

    def press(self, key: str, *, shift: bool = False) -> None:
        """Presses and releases a key."""
        text = {"Enter": "\r", " ": " "}.get(key, "")
        code = {"Enter": 13, " ": 32, "Tab": 9}[key]
        given = {
            "key": key,
            "code": "Space" if key == " " else key,
            "windowsVirtualKeyCode": code,
            "modifiers": 8 if shift else 0,
        }
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **given)
        self.call("Input.dispatchKeyEvent", type="keyUp", **given)

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self.reading], [], [], PATIENCE)
            assert ready, "the browser says nothing"
            piece = os.read(self.reading, 1 << 16)
            assert piece, "the browser ended"
            self._rest += piece
        first, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        self._hear(message.get("method", ""), message.get("params", {}))
        return message

    def _hear(self, method: str, params: dict[str, Any]) -> None:
        self._events.append(method)
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requests.append(params["url"])
        elif method in (
            "Log.entryAdded",
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
            "Audits.issueAdded",
        ):
            self.complaints.append(json.dumps(params)[:2000])


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A running browser with one empty page; skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: nobody can say how the page looks")
    profile = tmp_path_factory.mktemp("profile")
    to_browser, from_browser = os.pipe(), os.pipe()
    theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (to_browser[0], from_browser[1])]
    # Chromium speaks on descriptors 3 and 4.
    start = "import os, sys; os.dup2(%d, 3); os.dup2(%d, 4); os.execv(sys.argv[1], sys.argv[1:])"
    options = [
        "--headless",
        "--remote-debugging-pipe",
        f"--user-data-dir={profile}",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-dev-shm-usage",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        "about:blank",
    ]
    with subprocess.Popen(
        [sys.executable, "-c", start % tuple(theirs), CHROMIUM, *options],
        pass_fds=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        for fd in (to_browser[0], from_browser[1], *theirs):
            os.close(fd)
        tab = Tab(from_browser[0], to_browser[1])
        target = tab.call("Target.createTarget", url="about:blank")["targetId"]
        attached = tab.call("Target.attachToTarget", targetId=target, flatten=True)
        tab.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            tab.call(f"{domain}.enable")
        yield tab
        tab.session = None
        tab.call("Browser.close")
        running.wait(PATIENCE)
    os.close(from_browser[0])
    os.close(to_browser[1])

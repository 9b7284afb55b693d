"""A page as PDF, printed by a browser that is already installed; nothing is fetched for it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from auditor.model.errors import StoreError
from auditor.report.formats import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS: Final = 120
_HINT: Final = "open readiness.html in any browser and print it from there"
_COMMANDS: Final = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "microsoft-edge-stable", "msedge", "brave-browser",
)  # fmt: skip
_UNDER_PROGRAMS: Final = (
    "Google/Chrome/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
    "Chromium/Application/chrome.exe",
)
_ON_A_MAC: Final = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)


def pdf(html: str, folder: Path | None = None) -> bytes:
    """The page as a browser prints it, on the paper that the page's own style asks for.

    The browser is an installed Chromium, Chrome or Edge, without a window, with a profile of its
    own that is thrown away, and without any name it could look up.

    Args:
        html: a whole page.
        folder: where the page lies while it is printed; null = the system's folder for such
            things. Some systems let a browser read below the user's own folders only.

    Raises:
        StoreError: no such browser is installed, it took too long, or it made no PDF.
    """
    browser = next(_installed(), None)
    if browser is None:
        raise StoreError(
            "no Chromium, Chrome or Edge is installed to make a PDF", place="pdf", hint=_HINT
        )
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix="print-", dir=folder, ignore_cleanup_errors=True
        ) as place:
            return _printed(browser, html, Path(place).resolve())
    except OSError as error:
        raise StoreError(
            f"the page could not be printed: {error.strerror or error}",
            place="pdf" if folder is None else str(folder),
            hint=_HINT,
        ) from error


def _printed(browser: str, html: str, place: Path) -> bytes:
    page, made, told = place / "page.html", place / "page.pdf", place / "browser.log"
    page.write_text(html, "utf-8")
    command = [
        browser,
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-extensions",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-breakpad",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={place / 'profile'}",
        "--no-pdf-header-footer",
        f"--print-to-pdf={made}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--no-sandbox")  # its sandbox refuses to start for root
    with told.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - a browser's path, and our own file
            [*command, page.as_uri()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired as error:
            raise StoreError(
                f"the browser did not print the page within {SECONDS} seconds",
                place=browser,
                hint=_HINT,
            ) from error
        finally:
            _end(process)
    content = made.read_bytes() if made.exists() else b""
    if not content.startswith(b"%PDF-"):
        said = told.read_text("utf-8", "replace").strip().rpartition("\n")[2]
        raise StoreError(
            f"the browser made no PDF (exit {process.returncode}): {visible(said, 300)}",
            place=browser,
            hint=_HINT,
        )
    return content


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the browser with all processes it started; it may have left some behind."""
    if os.name == "posix":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # gone already
            return
        finally:
            process.wait()
    elif process.poll() is None:
        process.kill()
        process.wait()


def _installed() -> Iterator[str]:
    for command in _COMMANDS:
        found = shutil.which(command)
        if found:
            yield found
    roots = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    places = [Path(root) / each for root in roots if root for each in _UNDER_PROGRAMS]
    for place in (*places, *map(Path, _ON_A_MAC)):
        if place.is_file():
            yield str(place)

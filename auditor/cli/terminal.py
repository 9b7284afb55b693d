"""What the terminal is told: lines, complaints, progress. Names in captures are hostile."""

from __future__ import annotations

import json
import os
import sys
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final
from unicodedata import category

import typer

from auditor.model.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.problem import Problem

CLOSED: Final = 141
"""Whoever read the output has gone (128 + SIGPIPE, as shells count it)."""


def trace_if_debugging() -> None:
    """Shows where it went wrong, with --debug."""
    if os.environ.get("AUDITOR_DEBUG"):
        complain(traceback.format_exc())


def complain(text: str) -> None:
    """One message on standard error."""
    with suppress(OSError):  # nobody reads it: the exit code still tells
        typer.echo(f"auditor: {plain(text)}", err=True)


def say(text: str = "") -> None:
    """One line of output.

    Raises:
        StoreError: standard output cannot be written.
    """
    try:
        typer.echo(plain(text))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(CLOSED)
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror}",
            place="standard output",
            hint="Send the output somewhere with room; files named before are written.",
        ) from None


def say_json(content: object) -> None:
    """A document for machines: legible for people too, and what could steer a terminal is escaped.

    Raises:
        StoreError: as ``say``.
    """
    text = json.dumps(content, ensure_ascii=False, indent=2, default=str)
    say(
        "".join(
            part if part == "\n" or category(part)[0] != "C" else json.dumps(part)[1:-1]
            for part in text
        )
    )


def plain(text: str) -> str:
    """The text without what could steer a terminal: names in captures and folders are hostile."""
    return "".join(
        part if part == "\n" or category(part)[0] != "C" else ascii(part)[1:-1] for part in text
    )


def tell(problem: Problem) -> None:
    """A problem with its way out."""
    complain(f"{problem.source}: {problem.message.rstrip('.')}." + f"\n  {problem.hint}".rstrip())


class Quiet:
    """Progress when nobody watches."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Says nothing, but for what takes long and happens once."""
        if name == "compile":
            complain("Biên dịch bộ đọc gói tin, chỉ lần đầu, khoảng 20 giây.")
            complain("Compiling the packet engine, the first time only, about 20 seconds.")

    def advance(self, size: int) -> None:
        """Says nothing."""


@contextmanager
def progress_shown() -> Iterator[Quiet]:
    """Shows progress on a terminal; quiet otherwise."""
    if not sys.stderr.isatty():
        yield Quiet()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    words = {
        "compile": "Biên dịch bộ đọc gói tin, chỉ lần đầu / compile the engine, once",
        "read": "Đọc / read",
        "locate": "Định vị / locate",
        "classify": "Phân loại / classify",
        "inspect": "Đọc nội dung / read content",
        "judge": "Đối chiếu / judge",
        "write": "Ghi / write",
    }
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:

        class Shown(Quiet):
            task = bar.add_task("…", total=None)

            def stage(self, name: str, total: int | None = None) -> None:
                bar.reset(self.task, total=total, description=words.get(name, name))

            def advance(self, size: int) -> None:
                bar.advance(self.task, size)

        yield Shown()

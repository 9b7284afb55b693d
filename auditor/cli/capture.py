"""``auditor agent capture``: live capture for whoever has no sensor."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from auditor.cli.options import (
    Config,
    Data,
    LogFile,
    LogLevel,
    data_directory,
    settings_file,
    store_of,
)
from auditor.cli.terminal import say
from auditor.model.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from auditor.agent.live import State
    from auditor.agent.settings import Capture

app = typer.Typer()


@app.command()
def capture(
    name: Annotated[str | None, typer.Argument(help="A capture; default: all of them.")] = None,
    config: Config = None,
    data: Data = None,
    tool: Annotated[
        Literal["dumpcap", "tcpdump", "scapy"] | None,
        typer.Option("--with", help="Capture with this tool; default: the first that is there."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check interface, filter and rights, and end.")
    ] = False,
    log_level: LogLevel = "info",
    log_file: LogFile = None,
) -> None:
    """Write what an interface hears into files that a job watches, until told to end (SIGTERM)."""
    from threading import Event

    from auditor.agent import journal, live
    from auditor.agent.settings import settings

    place = settings_file(config) or Path("agent.yaml")
    known = settings(place)
    folder = data_directory(data, place)
    chosen = _chosen(known.captures, name, place)
    if check:
        for each in chosen:
            with_tool = live.tool_for(tool)
            live.checked(with_tool, each)
            say(f"{each.name}: {each.interface}, {with_tool.path}")
        return
    journal.begun(log_level, log_file)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        _captured(
            chosen,
            lambda each: live.capture(
                each,
                data=folder,
                audited=_memory(folder),
                now=lambda: datetime.now(UTC),
                stop=stop,
                wanted=tool,
            ),
            stop,
        )
    finally:
        journal.ended()


def _captured(chosen: list[Capture], run: Callable[[Capture], State], stop: Event) -> None:
    """Runs them side by side until ``stop``; when one cannot go on, the others end too."""
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    with ThreadPoolExecutor(len(chosen)) as threads:
        running = [threads.submit(run, each) for each in chosen]
        try:
            wait(running, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
        for each in running:
            each.result()


def _chosen(captures: tuple[Capture, ...], name: str | None, place: Path) -> list[Capture]:
    chosen = [each for each in captures if name in (None, each.name)]
    if chosen:
        return chosen
    names = ", ".join(each.name for each in captures)
    raise PolicyError(
        f"there is no capture {name}" if name else "there are no captures",
        place=str(place),
        hint=f"There are: {names}." if names else "Write one under `captures:` (docs/agent.md).",
    )


def _memory(folder: Path) -> Callable[[Path], bool]:
    """Whether a file was audited, as the store says; the store is asked only when room is short.

    A database that is away does not keep a capture from running.
    """

    def audited(path: Path) -> bool:
        from auditor.agent.watch.listing import name_of
        from auditor.store import captured

        store = store_of(folder)
        try:
            with store.reading() as connection:
                return captured.audited(connection, name_of(str(path)))
        finally:
            store.close()

    return audited

"""``auditor agent capture``: live capture for whoever has no sensor."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from auditor.cli.terminal import say
from auditor.model.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from auditor.agent.live import State
    from auditor.agent.settings import Capture

PLACES: Final = ("agent.yaml", "/etc/auditor/agent.yaml")

app = typer.Typer()


@app.command()
def capture(
    name: Annotated[str | None, typer.Argument(help="A capture; default: all of them.")] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            envvar="AUDITOR_AGENT",
            readable=False,
            help="agent.yaml; default: ./agent.yaml, then /etc/auditor/agent.yaml.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            envvar="AUDITOR_DATA",
            readable=False,
            help="Data directory; default: data in agent.yaml.",
        ),
    ] = None,
    tool: Annotated[
        Literal["dumpcap", "tcpdump", "scapy"] | None,
        typer.Option("--with", help="Capture with this tool; default: the first that is there."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check interface, filter and rights, and end.")
    ] = False,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        typer.Option("--log-level", help="What is logged: this, and what is worse."),
    ] = "info",
    log_file: Annotated[
        Path | None, typer.Option("--log-file", readable=False, help="Default: standard error.")
    ] = None,
) -> None:
    """Write what an interface hears into files that a job watches, until told to end (SIGTERM)."""
    from threading import Event

    from auditor.agent import journal, live
    from auditor.agent.settings import settings

    place = config or next((Path(each) for each in PLACES if Path(each).exists()), Path(PLACES[0]))
    known = settings(place)
    folder = data or known.data
    if folder is None:
        raise PolicyError(
            "no data directory is named",
            place="--data",
            hint="Name it in agent.yaml (data: /var/lib/auditor), by --data or AUDITOR_DATA.",
        )
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
        from auditor.model.text import legible
        from auditor.store import captured, opened

        store = opened(folder, os.environ.get("AUDITOR_DATABASE_URL", ""))
        try:
            with store.reading() as connection:
                return captured.audited(connection, legible(str(path)))
        finally:
            store.close()

    return audited

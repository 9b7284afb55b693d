"""The commands of the agent: audits that run by themselves."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from auditor.cli import capture
from auditor.cli.options import (
    FINDINGS,
    MISTAKES,
    Config,
    Data,
    LogFile,
    LogLevel,
    data_directory,
    settings_file,
    store_of,
)
from auditor.cli.terminal import complain, say, say_json

if TYPE_CHECKING:
    import threading

    from auditor.agent.settings import Agent
    from auditor.store import Store

app = typer.Typer(
    help="Kiểm tra tự động theo lịch. / Audits that run by themselves.", no_args_is_help=True
)
app.add_typer(capture.app)
PRIVATE: Final = 0o077
"""What the agent makes is for its user alone, wherever it makes it and whoever started it."""
Names = Annotated[list[str] | None, typer.Argument(help="Jobs; default: all.")]


@app.command()
def run(
    config: Config = None, data: Data = None, log_level: LogLevel = "info", log_file: LogFile = None
) -> None:
    """Work until told to end (SIGTERM): run jobs when they are due, tell people."""
    from auditor.agent import journal
    from auditor.agent.loop import Loop

    place = _place(config)
    settings = _read(place)
    journal.begun(log_level, log_file)
    before = os.umask(PRIVATE)
    store = store_of(data_directory(data, place), create=True)
    try:
        loop = Loop(store, settings, _now, lambda: _read(place))
        _ends(loop.stop)
        signal.signal(signal.SIGHUP, lambda *_: loop.again.set())
        loop.run()
    finally:
        store.close()
        journal.ended()
        os.umask(before)


@app.command()
def once(
    names: Names = None,
    config: Config = None,
    data: Data = None,
    log_level: LogLevel = "info",
    log_file: LogFile = None,
) -> None:
    """Run what is due, or the named jobs, now and once; for timers and cron."""
    import threading

    from auditor.agent import journal
    from auditor.agent.loop import once as done_once

    place = _place(config)
    settings = _read(place)
    journal.begun(log_level, log_file)
    stop = threading.Event()
    _ends(stop)
    before = os.umask(PRIVATE)
    store = store_of(data_directory(data, place), create=True)
    try:
        code = done_once(store, settings, _now, tuple(names or ()), stop)
    finally:
        store.close()
        journal.ended()
        os.umask(before)
    if code:
        raise typer.Exit(code)


@app.command()
def status(
    config: Config = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Exit 1 if a job failed, is silent, a day behind or has files in quarantine.",
        ),
    ] = False,
) -> None:
    """Show how things stand: jobs, runs, findings, backlog, notices."""
    from auditor.agent import standing

    place = _place(config)
    settings = _read(place)
    store = store_of(data_directory(data, place))
    try:
        found = standing.stood(store, settings, _now())
    finally:
        store.close()
    if as_json:
        say_json(standing.document(found, settings))
    else:
        for line in standing.lines(found, settings.clock):
            say(line)
    if check and found.worries:
        raise typer.Exit(FINDINGS)


@app.command()
def trigger(
    names: Annotated[list[str], typer.Argument(help="Jobs.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Ask the agent to run jobs now."""
    from auditor.store import jobs

    _, store = _opened(config, data, names)
    try:
        with store.writing() as connection:
            jobs.known(connection, names, _now())
            standings = jobs.standings(connection)
            for name in names:
                jobs.requested(connection, name, _now(), "person")
    finally:
        store.close()
    for name in names:
        say(f"{name}: đã yêu cầu chạy / asked for")
        if standings[name].paused:
            say("  đang tạm dừng, sẽ chạy sau khi tiếp tục / paused: it runs once it is resumed")


@app.command()
def pause(names: Names = None, config: Config = None, data: Data = None) -> None:
    """Let jobs rest; what falls due meanwhile is made up once afterwards."""
    from auditor.store import jobs

    settings, store = _opened(config, data, names)
    chosen = names or [job.name for job in settings.jobs]
    try:
        with store.writing() as connection:
            jobs.known(connection, chosen, _now())
            jobs.paused(connection, chosen)
    finally:
        store.close()
    for name in chosen:
        say(f"{name}: tạm dừng / paused")


@app.command()
def resume(names: Names = None, config: Config = None, data: Data = None) -> None:
    """Let jobs go on."""
    from auditor.store import jobs

    settings, store = _opened(config, data, names)
    chosen = names or [job.name for job in settings.jobs]
    try:
        with store.writing() as connection:
            jobs.known(connection, chosen, _now())
            jobs.resumed(connection, chosen)
    finally:
        store.close()
    for name in chosen:
        say(f"{name}: tiếp tục / resumed")


@app.command()
def rename(
    before: Annotated[str, typer.Argument(metavar="old", help="Its name until now.")],
    after: Annotated[str, typer.Argument(metavar="new", help="Its name in agent.yaml.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Give a job's memory to the name it has now, so that nothing counts again."""
    from auditor.agent.hold import Hold
    from auditor.model.errors import PolicyError
    from auditor.store import jobs

    settings, store = _opened(config, data, [after])
    hold = Hold(store, _now)
    try:
        if before in (job.name for job in settings.jobs):
            raise PolicyError(
                "this job is in agent.yaml", place=before, hint="Name one that is not."
            )
        hold.taken()
        with store.writing() as connection:
            hold.check(connection)
            if not jobs.renamed(connection, before, after):
                raise PolicyError(
                    f"is unknown to the store, or job {after} has run already",
                    place=before,
                    hint="Rename a job before it runs under its new name.",
                )
    finally:
        hold.released()
        store.close()
    say(f"{before} → {after}")


@app.command()
def quarantine(
    names: Names = None,
    config: Config = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show the files that could not be read, each with its reason."""
    import json

    from auditor.store import files

    settings, store = _opened(config, data, names)
    chosen = names or [job.name for job in settings.jobs]
    try:
        with store.reading() as connection:
            held = {name: files.quarantined(connection, name) for name in chosen}
    finally:
        store.close()
    if as_json:
        found = [
            {"job": name, "file": each.name, "bytes": each.size, "reason": each.reason}
            | {"since": each.since.astimezone(UTC).isoformat(timespec="seconds")}
            for name, some in held.items()
            for each in some
        ]
        say(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for name, some in held.items():
        for each in some:
            say(f"{name}: {each.name}")
            say(f"  {each.since.astimezone(settings.clock):%Y-%m-%d %H:%M}  {each.reason}")
    if not any(held.values()):
        say("Không có tệp nào bị cách ly. / No file is in quarantine.")


@app.command()
def release(
    name: Annotated[str, typer.Argument(metavar="job", help="The job.")],
    names: Annotated[
        list[str], typer.Argument(metavar="files...", help="As `quarantine` shows them.")
    ],
    config: Config = None,
    data: Data = None,
) -> None:
    """Let quarantined files be tried again, as they are, at the job's next run."""
    from auditor.model.errors import InputError
    from auditor.store import files

    _, store = _opened(config, data, [name])
    try:
        with store.writing() as connection:
            unknown = [each for each in names if not files.released(connection, name, each)]
            if unknown:  # none of them is released
                raise InputError(
                    f"is not in the quarantine of job {name}",
                    place=unknown[0],
                    hint="Write the name as `auditor agent quarantine` shows it.",
                )
    finally:
        store.close()
    for each in names:
        say(f"{each}: sẽ được đọc lại / is tried again")


@app.command()
def check(config: Config = None) -> None:
    """Check agent.yaml: mistakes with their lines, next times, sources, channels."""
    from auditor.agent.standing import checked

    found = checked(_read(_place(config)), _now())
    for line in found.lines:
        say(line)
    for line in found.mistakes:
        complain(line)
    if found.mistakes:
        raise typer.Exit(MISTAKES)


@app.command("tell-test")
def tell_test(
    channel: Annotated[str, typer.Argument(help="A channel of agent.yaml.")],
    config: Config = None,
) -> None:
    """Send a test message through a channel, now."""
    from auditor.agent.notices import tried

    say(tried(_read(_place(config)), channel, _now()))


@app.command(hidden=True)
def work(
    folder: Annotated[Path, typer.Argument(readable=False, help="Folder with the order.")],
) -> None:
    """Do one piece of work for the agent that started this process."""
    from auditor.agent.work import worked

    worked(folder)


def _now() -> datetime:
    return datetime.now(UTC)


def _place(config: Path | None) -> Path:
    """The settings that are meant."""
    return settings_file(config) or Path("agent.yaml")  # which is not there, and is said so


def _read(place: Path) -> Agent:
    from auditor.agent.settings import settings

    return settings(place)


def _opened(config: Path | None, data: Path | None, names: list[str] | None) -> tuple[Agent, Store]:
    from auditor.agent.loop import known

    place = _place(config)
    settings = _read(place)
    known(settings, names or ())
    return settings, store_of(data_directory(data, place), create=True)


def _ends(stop: threading.Event) -> None:
    """SIGTERM and SIGINT end the work in good order."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

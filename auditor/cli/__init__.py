"""The command line: arguments in, one library call, messages and an exit code out.

Heavy imports stand inside the commands: ``auditor --help`` must answer at once.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import Annotated, Final

import typer

from auditor import __version__
from auditor.cli import (
    agent,
    audit,
    checklist,
    findings,
    geoip,
    ledger,
    lookups,
    paper,
    papers,
    policies,
    scan,
    store,
)
from auditor.cli.terminal import complain, say, trace_if_debugging
from auditor.model.errors import AuditorError

BUG: Final = 70
ISSUES: Final = "Run the same command with --debug and give its output to the maintainers."

app = typer.Typer(
    help="Kiểm tra luồng dữ liệu xuyên biên giới. / Audit of data flows that cross the border.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
app.add_typer(audit.app)
app.add_typer(scan.app)
readiness_app = typer.Typer(
    help="Danh mục kiểm tra trước khi kết nối. / The pre-sync security checklist.",
    no_args_is_help=True,
)
readiness_app.add_typer(checklist.app)
readiness_app.add_typer(papers.app)
app.add_typer(readiness_app, name="checklist")
app.add_typer(agent.app, name="agent")
app.add_typer(store.app, name="store")
app.add_typer(findings.app, name="finding")
app.add_typer(ledger.app, name="ledger")
app.add_typer(geoip.app, name="geoip")
app.add_typer(policies.app)
app.add_typer(lookups.app)
app.add_typer(paper.app, name="paper")


def main() -> None:
    """Runs the command line and ends the process with the documented exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal of another alphabet must not end the run
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except AuditorError as error:
        complain(str(error))
        trace_if_debugging()
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - the outermost place: a bug of ours, said as one
        complain(f"internal error: {type(error).__name__}: {error}\n  {ISSUES}")
        trace_if_debugging()
        sys.exit(BUG)


def run() -> None:
    """The ``auditor`` command: ``main``, and the process is gone at once.

    Everything is written and every thread has ended by then; taking hundreds of megabytes apart
    object by object, only to give the memory back, would take another third of a second.
    """
    try:
        main()
    except SystemExit as leaving:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # nobody reads it any more, or it is closed
                stream.flush()
        os._exit(leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None))


def _version(show: bool) -> None:
    if show:
        say(f"auditor {__version__}")
        raise typer.Exit


def _debug(on: bool) -> None:
    if on:
        os.environ["AUDITOR_DEBUG"] = "1"


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", callback=_debug, help="Show stack traces.")
    ] = False,
) -> None:
    del version, debug  # their callbacks have done it

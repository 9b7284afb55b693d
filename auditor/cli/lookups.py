"""The commands that show what the program can read, and what is installed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from auditor import __version__
from auditor.cli.terminal import say
from auditor.model.errors import AuditorError

app = typer.Typer()
formats_app = typer.Typer(help="Look at the kinds of files that are read.", no_args_is_help=True)
app.add_typer(formats_app, name="formats")


@formats_app.command("list")
def formats_list() -> None:
    """Show the kinds of files that are read; docs/formats/README.md tells what each can tell."""
    from auditor import readers

    for reader in readers.readers_for(()):
        say(reader.name)


@formats_app.command("guess")
def formats_guess(
    file: Annotated[Path, typer.Argument(readable=False, help="A CSV, JSON or Parquet file.")],
) -> None:
    """Write down what the columns of a table may mean: a mapping to correct and use."""
    from auditor.readers.tables.first_mapping import guess_of

    say(guess_of(file).rstrip())


@app.command()
def doctor() -> None:
    """Show what is installed, what is missing, and what that costs."""
    import importlib.metadata
    import shutil

    from auditor import geo, pipeline
    from auditor.readers.capture import cache

    say(f"auditor {__version__}, Python {sys.version.split()[0]}")
    for package in ("numba", "numpy", "pandas", "pyarrow", "maxminddb", "jinja2", "scapy"):
        say(f"  {package} {importlib.metadata.version(package)}")
    tools = (
        ("tshark", "no second opinion by tshark (scapy gives one too; an audit needs neither)"),
        ("nfdump", "files of nfdump cannot be read, and nothing is compared with it"),
        ("chromium", "no PDF of a checklist's report (another browser can print it)"),
    )
    for tool, cost in tools:
        place = shutil.which(tool)
        say(f"  {tool}: {place or f'missing: {cost}'}")
    if cache.FOLDER is None:
        say("  compiled packet engine: no folder can be written; every start compiles it anew")
    else:
        made = "compiled" if any(cache.FOLDER.rglob("*.nbc")) else "compiled at the first capture"
        say(f"  packet engine: {made}; kept in {cache.FOLDER}")
    shipped = pipeline.data_folder("geoip")
    policies = pipeline.data_folder("policies")
    today = datetime.now(UTC).date()
    try:
        geodata = geo.open_geodata(
            shipped, shipped, policies, today, lambda problem: say(f"  geo: {problem.message}")
        )
        for source in geodata.sources:
            say(f"  geo data {source.name}: {source.version}".rstrip(": "))
    except AuditorError as error:
        say(f"  geo data: {error}")

"""The commands that show what the program rests on: rules, formats, tools."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from auditor import __version__
from auditor.cli.options import MISTAKES, InventoryFile, Mappings, Policies
from auditor.cli.terminal import say
from auditor.model.errors import AuditorError

app = typer.Typer()
policy_app = typer.Typer(help="Look at and check the rules.", no_args_is_help=True)
formats_app = typer.Typer(help="Look at the kinds of files that are read.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")
app.add_typer(formats_app, name="formats")


@policy_app.command("lint")
def policy_lint(
    policies: Policies = None,
    inventory: InventoryFile = None,
    dossiers: Annotated[
        Path | None, typer.Option("--dossiers", readable=False, help="A register.")
    ] = None,
    mapping: Mappings = None,
) -> None:
    """Check every policy file; all mistakes at once, each with its line."""
    from auditor import classify, pipeline, policy
    from auditor.checklist.catalogue import load
    from auditor.checklist.lint import mistakes
    from auditor.geo import services
    from auditor.readers.tables.mapping import load_mapping

    folder = policies or pipeline.data_folder("policies")
    found: list[str] = policy.lint(folder / "rules.yaml")
    try:
        catalogue = classify.catalogue(folder)
        systems = classify.inventory(inventory, catalogue) if inventory else None
        if dossiers:
            policy.load_dossiers(dossiers, catalogue, systems)
    except AuditorError as error:
        found += str(error).splitlines()
    names = folder / services.FILE_NAME
    if names.exists():
        found += services.services_mistakes(names)
    try:
        found += [f"{folder}/checklists: {line}" for line in mistakes(load(folder))]
    except AuditorError as error:
        found += str(error).splitlines()
    for path in mapping or ():
        try:
            load_mapping(path)
        except AuditorError as error:
            found += str(error).splitlines()
    for line in found:
        say(line)
    if found:
        raise typer.Exit(MISTAKES)
    say(f"{folder}: no mistakes")


@policy_app.command("test")
def policy_test(policies: Policies = None) -> None:
    """Run the examples of every rule and checklist item through what decides real ones."""
    from auditor import pipeline, policy
    from auditor.checklist.catalogue import load
    from auditor.checklist.lint import tried

    folder = policies or pipeline.data_folder("policies")
    results = policy.tested(policy.load_rules(folder / "rules.yaml"))
    for result in results:
        if not result.passed:
            say(f"{result.rule}: example {result.expected} {result.number} gives {result.got}")
    items = tried(load(folder).checklist)
    for case in items:
        if not case.passed:
            say(f"{case.item}: example {case.number} gives {case.got}, not {case.expected}")
    failed = sum(not rule.passed for rule in results) + sum(not case.passed for case in items)
    say(f"{len(results) + len(items)} examples, {failed} failed")
    if failed:
        raise typer.Exit(MISTAKES)


@policy_app.command("show")
def policy_show(policies: Policies = None) -> None:
    """Show the rules: what each asks, how heavy it is, what it rests on and how sure that is."""
    from auditor import pipeline, policy

    folder = policies or pipeline.data_folder("policies")
    for rule in policy.load_rules(folder / "rules.yaml").rules:
        say(f"{rule.id}  [{rule.severity}]")
        say(f"  {rule.title.vi}")
        say(f"  {rule.title.en}")
        for basis in rule.legal:
            say(f"  ({basis.mark}) {basis.instrument}, {basis.article}")
        say()


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

"""The commands that read captures and logs: audit, flows, crosscheck, report."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from auditor.cli.options import (
    FINDINGS,
    AwsFields,
    Cluster,
    CommunityId,
    Content,
    CopiesWithin,
    FailOn,
    Geoip,
    Home,
    InventoryFile,
    Jobs,
    KeyLog,
    LogServer,
    LogZone,
    Mappings,
    Paths,
    Places,
    Policies,
    Since,
    Until,
    order_of,
    settings_of,
)  # fmt: skip
from auditor.cli.terminal import progress_shown, say, say_json, tell
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from auditor.model.finding import Severity
    from auditor.model.problem import Problem

app = typer.Typer()


@app.command()
def audit(
    paths: Places,
    inventory: InventoryFile = None,
    dossiers: Annotated[
        Path | None,
        typer.Option(
            "--dossiers", readable=False, help="Register of filed dossiers (dossiers.yaml)."
        ),
    ] = None,
    policies: Policies = None,
    geoip: Geoip = None,
    home: Home = "VN",
    out: Annotated[
        Path, typer.Option("--out", readable=False, help="Folder for the results.")
    ] = Path("reports"),
    jobs: Jobs = 0,
    cluster: Cluster = None,
    fail_on: FailOn = None,
    since: Since = None,
    until: Until = None,
    copies_within: CopiesWithin = 0,
    community_id: CommunityId = False,
    log_zone: LogZone = "+07:00",
    aws_fields: AwsFields = "",
    log_server: LogServer = "",
    mapping: Mappings = None,
    content: Content = True,
    key_log: KeyLog = None,
) -> None:
    """Audit captures and logs: report.html, run.json and flows.parquet in --out."""
    from auditor import pipeline, report
    from auditor.model.run import write_json

    settings = settings_of(copies_within, community_id, log_zone, aws_fields, log_server)
    order = order_of(
        paths, inventory, dossiers, policies, geoip, home, jobs, since, until, settings, cluster
    )
    order = replace(order, mappings=tuple(mapping or ()), content=content, key_log=key_log)
    with progress_shown() as progress:
        done = pipeline.audit(order, lambda: datetime.now(UTC), progress)
        progress.stage("write")
        report.written(
            out,
            {
                "report.html": lambda file: file.write(report.html(done.run).encode()),
                "run.json": lambda file: write_json(done.run, file),
                "flows.parquet": lambda file: pipeline.write_parquet(done.table, file),
            },
        )
    for line in report.terminal_summary(done.run, str(out / "report.html")):
        say(line)
    if fail_on is not None and _reaches(done.run.findings, fail_on):
        raise typer.Exit(FINDINGS)


@app.command()
def flows(
    paths: Places,
    out: Annotated[
        Path, typer.Option("--out", readable=False, help="A .parquet, .csv or .jsonl file.")
    ],
    inventory: InventoryFile = None,
    policies: Policies = None,
    geoip: Geoip = None,
    home: Home = "VN",
    jobs: Jobs = 0,
    cluster: Cluster = None,
    since: Since = None,
    until: Until = None,
    copies_within: CopiesWithin = 0,
    community_id: CommunityId = False,
    log_zone: LogZone = "+07:00",
    aws_fields: AwsFields = "",
    log_server: LogServer = "",
    mapping: Mappings = None,
    engine: Annotated[
        Literal["capture", "scapy", "tshark"],
        typer.Option(
            "--engine",
            help="What reads packets; scapy and tshark: a second opinion by other code, slow.",
        ),
    ] = "capture",
) -> None:
    """Write the flow table (docs/flow-table.md) after the geo stage, without judging it."""
    from auditor import pipeline, report

    writers = {
        ".parquet": pipeline.write_parquet,
        ".csv": pipeline.write_csv,
        ".jsonl": pipeline.write_json_lines,
    }
    writer = writers.get(out.suffix.lower())
    if writer is None:
        raise typer.BadParameter(f"{out.name}: use {', '.join(writers)}", param_hint="--out")
    if engine != "capture" and copies_within:
        raise typer.BadParameter("only the packet engine can", param_hint="--copies-within")
    if engine != "capture" and cluster:
        raise typer.BadParameter("only the packet engine can", param_hint="--cluster")
    settings = settings_of(copies_within, community_id, log_zone, aws_fields, log_server)
    order = order_of(
        paths, inventory, None, policies, geoip, home, jobs, since, until, settings, cluster
    )
    order = replace(order, mappings=tuple(mapping or ()))
    today = datetime.now(UTC).date()
    with progress_shown() as progress:
        if engine == "capture":
            table, inputs, problems = pipeline.located_flows(order, progress, today)
        else:
            table, inputs, problems = pipeline.located_again(order, engine, progress, today)
        progress.stage("write")
        report.written(out.parent, {out.name: lambda file: writer(table, file)})
    for problem in problems:
        tell(problem)
    say(f"{table.rows:,} flows from {len(inputs):,} files: {out}")


@app.command()
def crosscheck(
    paths: Paths,
    engine: Annotated[
        Literal["scapy", "tshark"], typer.Option("--engine", help="The second opinion.")
    ] = "tshark",
    against: Annotated[
        Literal["capture", "scapy", "tshark"],
        typer.Option("--against", help="What it is compared with."),
    ] = "capture",
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Differences that are shown one by one.")
    ] = 20,
    as_json: Annotated[
        bool, typer.Option("--json", help="All of it as one JSON object, without --limit.")
    ] = False,
) -> None:
    """Read captures by two engines and show each difference; exit code 1 if there is one."""
    from dataclasses import asdict

    from auditor import pipeline, report

    if engine == against:
        raise typer.BadParameter("name two different engines", param_hint="--against")
    problems: list[Problem] = []
    with progress_shown() as progress:
        found = pipeline.crosschecked(tuple(paths), against, engine, problems.append, progress)
    for problem in dict.fromkeys(problems):
        tell(problem)
    if as_json:
        say_json(asdict(found))
    elif sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(show_header=False)
        for row in report.agreement_rows(found):
            table.add_row(*(Text(cell) for cell in row))
        for line in report.agreement_heads(found):
            say(line)
        Console().print(table)
        for line in report.difference_lines(found, limit):
            say(line)
    else:
        for line in report.agreement_lines(found, limit):
            say(line)
    if found.differences:
        raise typer.Exit(FINDINGS)


@app.command("report")
def render(
    run: Annotated[Path, typer.Argument(readable=False, help="The run.json of an audit.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", readable=False, help="HTML file; default: report.html beside run.json."
        ),
    ] = None,
) -> None:
    """Render the HTML report again from run.json, without analysing."""
    from auditor import report
    from auditor.model.run import from_json

    try:
        if run.exists() and not run.is_file():
            raise InputError("is no file", place=str(run), hint="Give the run.json of an audit.")
        text = run.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(
            f"cannot be read: {reason}", place=str(run), hint="Give the run.json of an audit."
        ) from None
    target = out or run.with_name("report.html")
    report.written(target.parent, {target.name: report.html(from_json(text, str(run)))})
    say(str(target))


def _reaches(findings: tuple[object, ...], level: Severity) -> bool:
    from auditor.model.finding import ANSWERED, SEVERITIES, Finding

    heavy = SEVERITIES[: SEVERITIES.index(level) + 1]
    return any(
        isinstance(finding, Finding) and finding.state not in ANSWERED and finding.severity in heavy
        for finding in findings
    )

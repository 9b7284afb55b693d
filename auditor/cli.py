"""The command line: arguments in, one library call, messages and an exit code out.

Heavy imports stand inside the commands: ``auditor --help`` must answer at once.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from io import TextIOWrapper
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal
from unicodedata import category

import typer

from auditor import __version__
from auditor.model.errors import AuditorError, InputError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.finding import Severity
    from auditor.model.problem import Problem
    from auditor.pipeline import Order
    from auditor.readers import Settings

VIETNAM: Final = timezone(timedelta(hours=7))
FINDINGS: Final = 1
BUG: Final = 70
CLOSED: Final = 141
"""Whoever read the output has gone (128 + SIGPIPE, as shells count it)."""

MISTAKES: Final = 12
ISSUES: Final = "Run the same command with --debug and give its output to the maintainers."

app = typer.Typer(
    help="Kiểm tra luồng dữ liệu xuyên biên giới. / Audit of data flows that cross the border.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
policy_app = typer.Typer(help="Look at and check the rules.", no_args_is_help=True)
geoip_app = typer.Typer(help="Look at the geo databases.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")
formats_app = typer.Typer(help="Look at the kinds of files that are read.", no_args_is_help=True)
app.add_typer(geoip_app, name="geoip")
app.add_typer(formats_app, name="formats")

# readable=False: what cannot be read is told by the room that reads it, with a way out; typer
# would refuse the whole command.
Paths = Annotated[
    list[Path],
    typer.Argument(
        readable=False, help="Captures, logs, folders with them, or - for standard input."
    ),
]
InventoryFile = Annotated[
    Path | None,
    typer.Option("--inventory", readable=False, help="The agency's systems (inventory.yaml)."),
]
Policies = Annotated[
    Path | None, typer.Option("--policies", readable=False, help="Folder of rules and lists.")
]
Geoip = Annotated[
    Path | None, typer.Option("--geoip", readable=False, help="Folder of geo databases (*.mmdb).")
]
Home = Annotated[str, typer.Option("--home", help="Home country (ISO 3166-1 alpha-2).")]
Jobs = Annotated[int, typer.Option("--jobs", min=0, help="Files read side by side; 0 = cores.")]
Since = Annotated[
    str | None,
    typer.Option("--since", help="Only flows that end at or after this time (ISO 8601; +07:00)."),
]
Until = Annotated[
    str | None, typer.Option("--until", help="Only flows that start before this time.")
]
CopiesWithin = Annotated[
    int,
    typer.Option(
        "--copies-within",
        min=0,
        max=10_000,
        metavar="MS",
        help="Count the same IP packet within so many milliseconds once (mirror ports); 0 = off.",
    ),
]
CommunityId = Annotated[
    bool, typer.Option("--community-id", help="Fill the column community_id of the flow table.")
]
LogZone = Annotated[
    str,
    typer.Option(
        "--log-zone", metavar="ZONE", help="Zone of logs that name none: UTC, +07:00, -03:30."
    ),
]
Mappings = Annotated[
    list[Path] | None,
    typer.Option(
        "--mapping", readable=False, help="What the columns of a table mean; may be repeated."
    ),
]
LogServer = Annotated[
    str,
    typer.Option(
        "--log-server", metavar="IP", help="The server behind web logs, which do not name it."
    ),
]
AwsFields = Annotated[
    str,
    typer.Option(
        "--aws-fields",
        metavar="NAMES",
        help="Fields of AWS flow logs without a header line, in their order: 'version srcaddr …'.",
    ),
]
FailOn = Annotated[
    Literal["critical", "high", "medium", "low", "info"] | None,
    typer.Option("--fail-on", help="Exit with 1 if an uncovered finding is at least this severe."),
]


def main() -> None:
    """Runs the command line and ends the process with the documented exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal of another alphabet must not end the run
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except AuditorError as error:
        _complain(str(error))
        _trace_if_debugging()
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - the outermost place: a bug of ours, said as one
        _complain(f"internal error: {type(error).__name__}: {error}\n  {ISSUES}")
        _trace_if_debugging()
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


def _trace_if_debugging() -> None:
    if os.environ.get("AUDITOR_DEBUG"):
        _complain(traceback.format_exc())


def _complain(text: str) -> None:
    with suppress(OSError):  # nobody reads it: the exit code still tells
        typer.echo(f"auditor: {_plain(text)}", err=True)


def _say(text: str = "") -> None:
    try:
        typer.echo(_plain(text))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(CLOSED)
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror}",
            place="standard output",
            hint="Send the output somewhere with room; files named before are written.",
        ) from None


def _plain(text: str) -> str:
    """The text without what could steer a terminal: names in captures and folders are hostile."""
    return "".join(
        part if part == "\n" or category(part)[0] != "C" else ascii(part)[1:-1] for part in text
    )


def _tell(problem: Problem) -> None:
    _complain(f"{problem.source}: {problem.message.rstrip('.')}." + f"\n  {problem.hint}".rstrip())


def _version(show: bool) -> None:  # noqa: FBT001 - typer calls it so
    if show:
        _say(f"auditor {__version__}")
        raise typer.Exit


def _debug(on: bool) -> None:  # noqa: FBT001 - typer calls it so
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


@app.command()
def audit(
    paths: Paths,
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
    fail_on: FailOn = None,
    since: Since = None,
    until: Until = None,
    copies_within: CopiesWithin = 0,
    community_id: CommunityId = False,
    log_zone: LogZone = "+07:00",
    aws_fields: AwsFields = "",
    log_server: LogServer = "",
    mapping: Mappings = None,
) -> None:
    """Audit captures and logs: report.html, run.json and flows.parquet in --out."""
    from auditor import pipeline, report
    from auditor.model.run import write_json

    settings = _settings(copies_within, community_id, log_zone, aws_fields, log_server)
    order = _order(paths, inventory, dossiers, policies, geoip, home, jobs, since, until, settings)
    order = replace(order, mappings=tuple(mapping or ()))
    with _progress() as progress:
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
        _say(line)
    if fail_on is not None and _reaches(done.run.findings, fail_on):
        raise typer.Exit(FINDINGS)


@app.command()
def flows(
    paths: Paths,
    out: Annotated[
        Path, typer.Option("--out", readable=False, help="A .parquet, .csv or .jsonl file.")
    ],
    inventory: InventoryFile = None,
    policies: Policies = None,
    geoip: Geoip = None,
    home: Home = "VN",
    jobs: Jobs = 0,
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
    settings = _settings(copies_within, community_id, log_zone, aws_fields, log_server)
    order = _order(paths, inventory, None, policies, geoip, home, jobs, since, until, settings)
    order = replace(order, mappings=tuple(mapping or ()))
    with _progress() as progress:
        if engine == "capture":
            table, inputs, problems = pipeline.located_flows(order, progress)
        else:
            table, inputs, problems = pipeline.located_again(order, engine, progress)
        progress.stage("write")
        report.written(out.parent, {out.name: lambda file: writer(table, file)})
    for problem in problems:
        _tell(problem)
    _say(f"{table.rows:,} flows from {len(inputs):,} files: {out}")


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
    import json
    from dataclasses import asdict

    from auditor import pipeline, report

    if engine == against:
        raise typer.BadParameter("name two different engines", param_hint="--against")
    problems: list[Problem] = []
    with _progress() as progress:
        found = pipeline.crosschecked(tuple(paths), against, engine, problems.append, progress)
    for problem in dict.fromkeys(problems):
        _tell(problem)
    if as_json:
        _say(json.dumps(asdict(found), ensure_ascii=False, indent=2))
    elif sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(show_header=False)
        for row in report.agreement_rows(found):
            table.add_row(*(Text(cell) for cell in row))
        for line in report.agreement_heads(found):
            _say(line)
        Console().print(table)
        for line in report.difference_lines(found, limit):
            _say(line)
    else:
        for line in report.agreement_lines(found, limit):
            _say(line)
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
    _say(str(target))


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
    for path in mapping or ():
        try:
            load_mapping(path)
        except AuditorError as error:
            found += str(error).splitlines()
    for line in found:
        _say(line)
    if found:
        raise typer.Exit(MISTAKES)
    _say(f"{folder}: no mistakes")


@policy_app.command("test")
def policy_test(policies: Policies = None) -> None:
    """Run the examples of every rule through the evaluator that flows go through."""
    from auditor import pipeline, policy

    folder = policies or pipeline.data_folder("policies")
    results = policy.tested(policy.load_rules(folder / "rules.yaml"))
    for result in results:
        if not result.passed:
            _say(f"{result.rule}: example {result.expected} {result.number} gives {result.got}")
    failed = sum(not result.passed for result in results)
    _say(f"{len(results)} examples, {failed} failed")
    if failed:
        raise typer.Exit(MISTAKES)


@policy_app.command("show")
def policy_show(policies: Policies = None) -> None:
    """Show the rules: what each asks, how heavy it is, what it rests on and how sure that is."""
    from auditor import pipeline, policy

    folder = policies or pipeline.data_folder("policies")
    for rule in policy.load_rules(folder / "rules.yaml").rules:
        _say(f"{rule.id}  [{rule.severity}]")
        _say(f"  {rule.title.vi}")
        _say(f"  {rule.title.en}")
        for basis in rule.legal:
            _say(f"  ({basis.mark}) {basis.instrument}, {basis.article}")
        _say()


@formats_app.command("list")
def formats_list() -> None:
    """Show the kinds of files that are read; docs/formats/README.md tells what each can tell."""
    from auditor import readers

    for reader in readers.readers_for(()):
        _say(reader.name)


@formats_app.command("guess")
def formats_guess(
    file: Annotated[Path, typer.Argument(readable=False, help="A CSV, JSON or Parquet file.")],
) -> None:
    """Write down what the columns of a table may mean: a mapping to correct and use."""
    from auditor.readers.tables.first_mapping import guess_of

    _say(guess_of(file).rstrip())


@geoip_app.command("info")
def geoip_info(geoip: Geoip = None) -> None:
    """Show the geo databases: build date, licence, checksum, what is wrong with them."""
    from auditor import geo, pipeline

    problems: list[Problem] = []
    folder = geoip or pipeline.data_folder("geoip")
    with geo.open_databases(folder, problems.append) as databases:
        for source in databases.sources:
            _say(f"{source.name}  {source.version}")
            if source.built:
                age = (datetime.now(UTC) - source.built).days
                _say(f"  built {source.built:%Y-%m-%d}, {age} days ago")
            for label, value in (("licence", source.licence), ("source", source.attribution)):
                if value:
                    _say(f"  {label}: {value}")
            _say(f"  sha256 {source.sha256}")
    for problem in problems:
        _tell(problem)


@geoip_app.command("lookup")
def geoip_lookup(
    addresses: Annotated[list[str], typer.Argument(help="IP addresses.")],
    geoip: Geoip = None,
    home: Home = "VN",
) -> None:
    """Show what is known about addresses, and what is decided from it."""
    from auditor import geo, pipeline

    folder = geoip or pipeline.data_folder("geoip")
    with geo.open_databases(folder, lambda problem: _complain(problem.message)) as databases:
        for found in geo.looked_up(addresses, databases, home, ()):
            decision = found.decision
            country = decision.country or "-"
            _say(f"{found.address}  {decision.state}  {country}  ({decision.basis})")
            if found.org or found.asn:
                _say(f"  AS{found.asn or '?'} {found.org or ''}".rstrip())
            if found.carrier:
                _say(f"  carries an IPv4 address ({found.carrier})")
            if found.special:
                _say(f"  {found.special.name}: {found.special.source}")
            for given in found.answers:
                answer = given.answer
                said = [
                    f"country {answer.country}" if answer.country else "",
                    f"registered {answer.registered}" if answer.registered else "",
                    f"AS{answer.asn}" if answer.asn else "",
                    answer.org or "",
                    "anycast" if answer.anycast else "",
                ]
                _say(f"  {given.file}: {', '.join(part for part in said if part) or 'nothing'}")


@app.command()
def doctor() -> None:
    """Show what is installed, what is missing, and what that costs."""
    import importlib.metadata
    import shutil

    from auditor import geo, pipeline
    from auditor.readers.capture import cache

    _say(f"auditor {__version__}, Python {sys.version.split()[0]}")
    for package in ("numba", "numpy", "pandas", "pyarrow", "maxminddb", "jinja2", "scapy"):
        _say(f"  {package} {importlib.metadata.version(package)}")
    tools = (
        ("tshark", "no second opinion by tshark (scapy gives one too; an audit needs neither)"),
        ("nfdump", "files of nfdump cannot be read, and nothing is compared with it"),
    )
    for tool, cost in tools:
        place = shutil.which(tool)
        _say(f"  {tool}: {place or f'missing: {cost}'}")
    if cache.FOLDER is None:
        _say("  compiled packet engine: no folder can be written; every start compiles it anew")
    else:
        made = "compiled" if any(cache.FOLDER.rglob("*.nbc")) else "compiled at the first capture"
        _say(f"  packet engine: {made}; kept in {cache.FOLDER}")
    try:
        with geo.open_databases(
            pipeline.data_folder("geoip"), lambda problem: _say(f"  geo: {problem.message}")
        ) as databases:
            for source in databases.sources:
                _say(f"  geo database {source.name}: {source.version}")
    except AuditorError as error:
        _say(f"  geo databases: {error}")


def _address(text: str, option: str) -> str:
    try:
        return str(ip_address(text)) if text else ""
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no IP address", param_hint=option) from None


def _settings(
    copies_within: int,
    community_id: bool,  # noqa: FBT001 - as the option gives it
    log_zone: str,
    aws_fields: str,
    log_server: str,
) -> Settings:
    from auditor import readers

    zone = "+00:00" if log_zone.upper() in ("UTC", "Z") else log_zone
    if not re.fullmatch(r"[+-](0\d|1[0-4]):[0-5]\d", zone):
        raise typer.BadParameter("write UTC, +07:00 or -03:30", param_hint="--log-zone")
    return readers.Settings(
        copies_within=copies_within,
        community_id=community_id,
        log_zone=zone,
        log_server=_address(log_server, "--log-server"),
        aws_fields=" ".join(aws_fields.replace("${", " ").replace("}", " ").split()),
    )


def _order(
    paths: list[Path],
    inventory: Path | None,
    dossiers: Path | None,
    policies: Path | None,
    geoip: Path | None,
    home: str,
    jobs: int,
    since: str | None,
    until: str | None,
    settings: Settings,
) -> Order:
    from auditor import pipeline
    from auditor.report.countries import NAMES

    if home.upper() not in NAMES:
        raise typer.BadParameter("use a two-letter country code such as VN", param_hint="--home")
    begin, end = _moment(since, "--since"), _moment(until, "--until")
    if begin and end and begin >= end:
        raise typer.BadParameter("--since must be before --until", param_hint="--since")
    return pipeline.Order(
        paths=tuple(paths),
        policies=policies or pipeline.data_folder("policies"),
        geoip=geoip or pipeline.data_folder("geoip"),
        inventory=inventory,
        dossiers=dossiers,
        home=home.upper(),
        jobs=jobs or os.cpu_count() or 1,
        since=begin,
        until=end,
        settings=settings,
    )


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        hint = f"{text!r} is no time; write 2026-09-21 or 2026-09-21T08:00:00+07:00"
        raise typer.BadParameter(hint, param_hint=option) from None
    if not 1970 <= moment.year < 2262:
        raise typer.BadParameter("use a year from 1970 to 2261", param_hint=option)
    return moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)


def _reaches(findings: tuple[object, ...], level: Severity) -> bool:
    from auditor.model.finding import SEVERITIES, Finding

    heavy = SEVERITIES[: SEVERITIES.index(level) + 1]
    return any(
        isinstance(finding, Finding) and finding.state != "covered" and finding.severity in heavy
        for finding in findings
    )


class _Quiet:
    """Progress when nobody watches."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Says nothing, but for what takes long and happens once."""
        if name == "compile":
            _complain("Biên dịch bộ đọc gói tin, chỉ lần đầu, khoảng 20 giây.")
            _complain("Compiling the packet engine, the first time only, about 20 seconds.")

    def advance(self, size: int) -> None:
        """Says nothing."""


@contextmanager
def _progress() -> Iterator[_Quiet]:
    """Shows progress on a terminal; quiet otherwise."""
    if not sys.stderr.isatty():
        yield _Quiet()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    words = {
        "compile": "Biên dịch bộ đọc gói tin, chỉ lần đầu / compile the engine, once",
        "read": "Đọc / read",
        "locate": "Định vị / locate",
        "classify": "Phân loại / classify",
        "judge": "Đối chiếu / judge",
        "write": "Ghi / write",
    }
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:

        class Shown(_Quiet):
            task = bar.add_task("…", total=None)

            def stage(self, name: str, total: int | None = None) -> None:
                bar.reset(self.task, total=total, description=words.get(name, name))

            def advance(self, size: int) -> None:
                bar.advance(self.task, size)

        yield Shown()

"""What several commands are given: their options, and what is made of them."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

if TYPE_CHECKING:
    from auditor.pipeline import Order
    from auditor.readers import Settings
    from auditor.store import Store

VIETNAM: Final = timezone(timedelta(hours=7))
FINDINGS: Final = 1
MISTAKES: Final = 12

# readable=False: what cannot be read is told by the room that reads it, with a way out; typer
# would refuse the whole command.
Paths = Annotated[
    list[Path],
    typer.Argument(
        readable=False, help="Captures, logs, folders with them, or - for standard input."
    ),
]
# text: a path would make s3:/ of s3://
Places = Annotated[
    list[str],
    typer.Argument(
        metavar="PATHS...",
        help="Captures, logs, folders with them, - for standard input, or s3://bucket/folder.",
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="Scheduler of a Dask cluster whose workers read the files: tcp://host:8786.",
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
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="AUDITOR_AGENT",
        readable=False,
        help="agent.yaml; default: ./agent.yaml, then /etc/auditor/agent.yaml.",
    ),
]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"],
    typer.Option("--log-level", help="What is logged: this, and what is worse."),
]
LogFile = Annotated[
    Path | None, typer.Option("--log-file", readable=False, help="Default: standard error.")
]
Mappings = Annotated[
    list[Path] | None,
    typer.Option(
        "--mapping", readable=False, help="What the columns of a table mean; may be repeated."
    ),
]
Content = Annotated[
    bool,
    typer.Option(
        "--content/--no-content", help="Read what leaves in clear text, and search it for data."
    ),
]
KeyLog = Annotated[
    Path | None,
    typer.Option(
        "--key-log", readable=False, help="TLS secrets (NSS key log) for captures; needs tshark."
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
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="AUDITOR_DATA",
        readable=False,
        help="Data directory; default: data in agent.yaml, then /var/lib/auditor or one's own.",
    ),
]
SETTINGS: Final = ("agent.yaml", "/etc/auditor/agent.yaml")
FailOn = Annotated[
    Literal["critical", "high", "medium", "low", "info"] | None,
    typer.Option("--fail-on", help="Exit with 1 if an uncovered finding is at least this severe."),
]


def address_of(text: str, option: str) -> str:
    """The IP address an option names; empty = none."""
    try:
        return str(ip_address(text)) if text else ""
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no IP address", param_hint=option) from None


def settings_of(
    copies_within: int,
    community_id: bool,
    log_zone: str,
    aws_fields: str,
    log_server: str,
) -> Settings:
    """How inputs are to be read."""
    from auditor import readers

    zone = "+00:00" if log_zone.upper() in ("UTC", "Z") else log_zone
    if not re.fullmatch(r"[+-](0\d|1[0-4]):[0-5]\d", zone):
        raise typer.BadParameter("write UTC, +07:00 or -03:30", param_hint="--log-zone")
    return readers.Settings(
        copies_within=copies_within,
        community_id=community_id,
        log_zone=zone,
        log_server=address_of(log_server, "--log-server"),
        aws_fields=" ".join(aws_fields.replace("${", " ").replace("}", " ").split()),
    )


def order_of(
    paths: list[str],
    inventory: Path | None,
    dossiers: Path | None,
    policies: Path | None,
    geoip: Path | None,
    home: str,
    jobs: int,
    since: str | None,
    until: str | None,
    settings: Settings,
    cluster: str | None = None,
) -> Order:
    """What is to be audited, and by what."""
    from auditor import pipeline, readers
    from auditor.report.countries import NAMES

    if home.upper() not in NAMES:
        raise typer.BadParameter("use a two-letter country code such as VN", param_hint="--home")
    if cluster is not None and not re.fullmatch(r"(tcp|tls)://[^\s/@]+:[0-9]{1,5}/?", cluster):
        raise typer.BadParameter("write tcp://host:8786 or tls://…", param_hint="--cluster")
    begin, end = moment_of(since, "--since"), moment_of(until, "--until")
    if begin and end and begin >= end:
        raise typer.BadParameter("--since must be before --until", param_hint="--since")
    return pipeline.Order(
        paths=tuple(map(readers.place_of, paths)),
        policies=policies or pipeline.data_folder("policies"),
        geoip=geoip or pipeline.data_folder("geoip"),
        inventory=inventory,
        dossiers=dossiers,
        home=home.upper(),
        jobs=jobs or os.cpu_count() or 1,
        since=begin,
        until=end,
        settings=settings,
        cluster=cluster,
    )


def moment_of(text: str | None, option: str) -> datetime | None:
    """The time an option names; Vietnam's where it names no zone."""
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


def settings_file(config: Path | None) -> Path | None:
    """Where ``agent.yaml`` is: the one named, else the first that is there; null = nowhere."""
    return config or next((Path(each) for each in SETTINGS if Path(each).is_file()), None)


def data_directory(data: Path | None, config: Path | None = None) -> Path:
    """The data directory: the one named, else that of ``agent.yaml``, else the usual one."""
    if data is not None:
        return data
    place = settings_file(config)
    if place is not None:
        from auditor.agent.settings import settings

        named = settings(place).data
        if named is not None:
            return named
    usual = Path("/var/lib/auditor")
    if usual.is_dir() and os.access(usual, os.W_OK):
        return usual
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "auditor"


def store_of(folder: Path, *, create: bool = False) -> Store:
    """The store in a data directory, in the database that ``AUDITOR_DATABASE_URL`` names."""
    from auditor.store import opened

    return opened(folder, os.environ.get("AUDITOR_DATABASE_URL", ""), create=create)

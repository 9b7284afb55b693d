"""``auditor geoip build``: what is derived from databases, and databases from tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from auditor.cli.options import Geoip  # noqa: TC001 - typer reads it
from auditor.cli.terminal import complain, say
from auditor.model.errors import GeoDataError

if TYPE_CHECKING:
    from auditor.geo.database import Database


def geoip_build(
    table: Annotated[
        Path | None,
        typer.Argument(
            readable=False,
            metavar="[TABLE.csv]",
            help="start,end,country or start,end,asn,organisation; without it as-countries.csv is "
            "derived anew from the databases of the folder.",
        ),
    ] = None,
    kind: Annotated[
        Literal["country", "asn"], typer.Option("--kind", help="What the table tells.")
    ] = "country",
    out: Annotated[
        Path | None,
        typer.Option("--out", readable=False, help="The file to write: NAME.mmdb, or a .csv."),
    ] = None,
    owners: Annotated[
        str, typer.Option("--asn", metavar="NAME", help="Database of autonomous systems.")
    ] = "asn.mmdb",
    places: Annotated[
        str, typer.Option("--country", metavar="NAME", help="Database of countries.")
    ] = "country.mmdb",
    built: Annotated[
        str | None, typer.Option("--built", metavar="DAY", help="Of the table's data; else today.")
    ] = None,
    geoip: Geoip = None,
) -> None:
    """Derive where autonomous systems are registered, or make a database of a table."""
    from auditor import pipeline

    folder = geoip or pipeline.data_folder("geoip")
    if table is None:
        _derive(folder, owners, places, out)
        return
    if out is None or out.suffix.lower() != ".mmdb":
        raise typer.BadParameter("name the file to write: NAME.mmdb", param_hint="--out")
    from auditor.geo.table_database import mmdb_of
    from auditor.model.files import written

    made = mmdb_of(table, kind, _day(built))
    written(out.parent, {out.name: made.content})
    say(f"{out}: {made.networks:,} mạng / networks, {made.records:,} mục / records")


def _day(text: str | None) -> datetime:
    try:
        day = date.fromisoformat(text) if text else datetime.now(UTC).date()
    except ValueError:
        raise typer.BadParameter("write a day as 2026-06-17", param_hint="--built") from None
    if not 1970 < day.year < 2200:
        raise typer.BadParameter("use a year from 1971 to 2199", param_hint="--built")
    return datetime.combine(day, time(), UTC)


def _derive(folder: Path, owners: str, places: str, out: Path | None) -> None:
    from auditor.geo.database import UnusableError
    from auditor.geo.registrations import FILE_NAME, derived
    from auditor.model.files import written

    owner, place = _opened(folder / owners), _opened(folder / places)
    try:
        made = derived(owner, place)
    except UnusableError as error:
        raise GeoDataError(error.message, place=str(folder), hint=error.hint) from None
    target = out or folder / FILE_NAME
    written(target.parent, {target.name: made.text.encode()})
    say(f"{target}")
    say(
        f"  {made.systems:,} hệ thống tự trị (AS): {made.registered:,} có nước đăng ký, "
        f"{made.split:,} không nước nào quá nửa, {made.unplaced:,} không rõ."
    )
    say(
        f"  {made.systems:,} autonomous systems: {made.registered:,} with a country, "
        f"{made.split:,} without one that holds more than half, {made.unplaced:,} in none."
    )
    _warn_of_listed(folder, target)


def _warn_of_listed(folder: Path, target: Path) -> None:
    from auditor.geo.manifest import FILE_NAME

    if target.parent == folder and (folder / FILE_NAME).exists():
        complain(f"{target.name}: {FILE_NAME} may list this file with another checksum.")
        complain("  List it anew; for the files of the program: python geoip/build.py --manifest")


def _opened(path: Path) -> Database:
    from auditor.geo.database import Database, UnusableError

    try:
        return Database(path)
    except UnusableError as error:
        raise GeoDataError(error.message, place=str(path), hint=error.hint) from None

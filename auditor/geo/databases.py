"""The geo databases of a folder: which take part, in which order, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from auditor.geo.database import Database, UnusableError
from auditor.geo.manifest import FILE_NAME, Listed, Manifest
from auditor.geo.records import NOTHING, Answer
from auditor.geo.regular_files import is_named
from auditor.model.documents import read
from auditor.model.errors import GeoDataError, PolicyError
from auditor.model.problem import Note, Problem
from auditor.model.run import DataSource

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.geo.addresses import Addresses

MOST_DATABASES: Final = 32
SHIPPED: Final = ("country.mmdb", "asn.mmdb")
"""Names of the databases that come with the program: asked where the user's own say nothing."""

_MAKERS: Final = {
    "geolite": "MaxMind",
    "geoip": "MaxMind",
    "dbip": "DB-IP",
    "ipinfo": "IPinfo",
    "ip2": "IP2Location",
}
"""How the type of a database (``GeoLite2-City``, ``DBIP-Country-Lite``, ``ipinfo ...``) begins, and
who makes it. A type such as ``country ipvAll`` names nobody: other people's data is packed under
it, so that it may be another file of a maker who speaks already."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one database says about many addresses.

    Attributes:
        distinct: the distinct answers; the first is ``NOTHING``.
        codes: for each address the index of its answer in ``distinct`` (int64).
    """

    distinct: tuple[Answer, ...]
    codes: np.ndarray


@dataclass(frozen=True, slots=True)
class GeoDatabase:
    """One opened database.

    Attributes:
        source: it as a source of the run.
        note: told of records that are broken.
    """

    database: Database
    source: DataSource
    note: Note

    @property
    def last_resort(self) -> bool:
        """It came with the program: asked where the user's own say nothing."""
        return self.database.name in SHIPPED

    @property
    def maker(self) -> str:
        """Whose data it is, by its type; empty = not known."""
        kind = self.database.kind.lower()
        return next((maker for start, maker in _MAKERS.items() if kind.startswith(start)), "")

    def answers(self, addresses: Addresses, wanted: np.ndarray) -> Answers:
        """What it says about the addresses where ``wanted`` (bool) is true.

        Broken records are noted as one problem and say nothing.
        """
        database = self.database
        places = np.where(wanted, database.places(addresses), -1)
        inverse, distinct = pd.factorize(places, sort=True)
        before = database.broken
        found = database.answers_at(distinct[distinct >= 0].tolist())
        if database.broken > before:
            self.note(
                Problem(
                    code="geo-record-broken",
                    source=database.name,
                    message=f"{database.broken - before} records of this geo database are broken; "
                    "addresses under them were placed without it.",
                    hint="Get the database again from its publisher and compare its checksum.",
                    count=database.broken - before,
                )
            )
        by_answer = {NOTHING: 0}
        of_place = [0] * (len(distinct) - len(found))  # the place -1, if any address has it
        of_place += [by_answer.setdefault(answer, len(by_answer)) for answer in found]
        return Answers(tuple(by_answer), np.array(of_place, dtype=np.int64)[inverse])


def open_databases(folder: Path, note: Note) -> tuple[GeoDatabase, ...]:
    """The databases (``*.mmdb``) of ``folder``: by name, those that came with the program last.

    A file that cannot serve is noted and left out; so is a listed file that is missing or differs
    from what ``MANIFEST.yaml`` says of it, but the latter is still used.

    Raises:
        GeoDataError: no such folder, or nothing usable in it.
    """
    paths = _paths(folder, note)
    listed = _listed(folder, note)
    databases: list[Database] = []
    unusable: list[str] = []
    for path in paths:
        try:
            databases.append(Database(path))
        except UnusableError as error:
            unusable.append(f"{path.name} {error.message}")
            note(
                Problem(
                    code="geo-database-unusable",
                    source=str(path),
                    message=f"This geo database {error.message}; it was left out.",
                    hint=error.hint,
                )
            )
    if not databases:
        raise GeoDataError(
            "no usable geo database" + (f": {'; '.join(unusable)}" if unusable else " in it"),
            place=str(folder),
            hint="Put a country database (*.mmdb of MaxMind, DB-IP, IPinfo or ip-location-db) "
            "there, or leave --geoip out to use the one that comes with the program.",
        )
    for name in sorted(set(listed) - {path.name for path in paths}):
        note(
            Problem(
                code="geo-database-missing",
                source=str(folder / name),
                message=f"{FILE_NAME} lists this geo database, but it is not there.",
                hint="Restore the file, or take it out of the manifest.",
            )
        )
    sources = tuple(
        _source(database, listed.get(database.name), folder, note) for database in databases
    )
    _warn(sources, listed, note)
    return tuple(
        GeoDatabase(database, source, note)
        for database, source in zip(databases, sources, strict=True)
    )


def _warn(sources: tuple[DataSource, ...], listed: dict[str, Listed], note: Note) -> None:
    """Notes what publishers warn of, once for all databases that share a warning."""
    names: dict[str, list[str]] = {}
    for source in sources:
        about = listed.get(source.name)
        if about and about.caution and about.sha256 == source.sha256:
            names.setdefault(about.caution, []).append(source.name)
    for caution, warned in names.items():
        note(
            Problem(
                code="geo-database-caution",
                source=", ".join(warned),
                message=caution,
                hint="Put a newer database (MaxMind, DB-IP or IPinfo) into the folder beside them.",
            )
        )


def _paths(folder: Path, note: Note) -> list[Path]:
    try:
        paths = [path for path in folder.iterdir() if path.suffix.lower() == ".mmdb"]
    except OSError as error:
        raise GeoDataError(
            f"the folder of geo databases cannot be read: {error.strerror}",
            place=str(folder),
            hint="Give a folder with *.mmdb files that this user may read.",
        ) from None
    paths.sort(key=lambda path: (path.name in SHIPPED, path.name))
    if len(paths) > MOST_DATABASES:
        note(
            Problem(
                code="geo-databases-too-many",
                source=str(folder),
                message=f"The folder holds {len(paths)} geo databases; the first {MOST_DATABASES} "
                "by name are used.",
                hint="Leave the databases there that shall decide.",
                count=len(paths) - MOST_DATABASES,
            )
        )
    return paths[:MOST_DATABASES]


def _listed(folder: Path, note: Note) -> dict[str, Listed]:
    path = folder / FILE_NAME
    if not is_named(path):
        return {}
    try:
        manifest = read(path, Manifest)
    except PolicyError as error:
        note(
            Problem(
                code="geo-manifest-unusable",
                source=str(path),
                message=f"The manifest of the geo databases was not used: {error.message}",
                hint=error.hint,
            )
        )
        return {}
    return {listed.name: listed for listed in manifest.databases}


def _source(database: Database, listed: Listed | None, folder: Path, note: Note) -> DataSource:
    day = database.built.date().isoformat() if database.built else "build date unknown"
    version = f"{day} ({database.kind})"
    changed = listed is not None and listed.sha256 != database.sha256
    if changed:
        note(
            Problem(
                code="geo-database-changed",
                source=str(folder / database.name),
                message=f"This geo database is not the one {FILE_NAME} lists (its SHA-256 "
                "differs); it is used, without the licence and the origin the manifest states.",
                hint="Restore the file, or list the new one in the manifest.",
            )
        )
    if listed is None or changed:
        return DataSource("geo", database.name, version, database.sha256, built=database.built)
    return DataSource(
        "geo",
        database.name,
        f"{listed.version}, {version}",
        database.sha256,
        licence=listed.licence,
        attribution=" ".join(part for part in (listed.attribution, listed.licence_note) if part),
        built=database.built,
    )

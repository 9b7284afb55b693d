"""Everything of a geo folder that knows about places, opened."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Final

from auditor.geo import distances, overrides, regions, registrations, services
from auditor.geo.databases import open_databases
from auditor.geo.geodata import GeoData
from auditor.geo.host_names import HostNames
from auditor.geo.ranges import open_ranges
from auditor.geo.regular_files import is_named
from auditor.model.run import DataSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.geo.ranges import RangeFile
    from auditor.model.problem import Note

SHIPPED_LISTS: Final = ("anycast",)
"""Publishers of the lists of ranges that come with the program: facts that are true for whoever
audits, so they are also used beside a folder of the user's own."""


def open_geodata(folder: Path, shipped: Path, policies: Path, today: date, note: Note) -> GeoData:
    """What decides about places.

    Args:
        folder: databases (``*.mmdb``), ``ranges/``, ``overrides.yaml``; whoever keeps files of
            their own for distances, regions or registrations puts them there.
        shipped: the geo folder that came with the program, for those that ``folder`` has not;
            its list of anycast addresses too, unless ``folder`` has one of the same publisher.
        policies: the folder of ``services.yaml``.
        today: overrides of later days are mistakes.
        note: told of what the decisions go on without.

    Raises:
        GeoDataError: no such folder, no usable database in it, or a file of it is wrong.
        PolicyError: the overrides or the services have mistakes.
    """
    databases = open_databases(folder, note)
    ranges = _ranges(folder, shipped, note)
    stated = None
    if is_named(folder / overrides.FILE_NAME):
        stated = overrides.load_overrides(folder / overrides.FILE_NAME, today, note)

    def beside(name: str) -> Path:
        return folder / name if is_named(folder / name) else shipped / name

    paths = [beside(module.FILE_NAME) for module in (regions, distances, registrations)]
    clouds, kilometres, registered = paths
    names = policies / services.FILE_NAME
    if not is_named(names):  # policies of others, that came without: those of the program
        names = shipped.parent / "policies" / services.FILE_NAME
    served = services.load_services(names)
    # all are read and checked before their digests are taken
    networks = registrations.load_registrations(registered)
    standing = regions.load_regions(clouds)
    far = distances.Distances.load(kilometres)
    versions = {
        registered: networks.built.isoformat() if networks.built else "",
        names: served.version,
    }
    plain = [
        DataSource(
            "geo", path.name, versions.get(path, ""), hashlib.sha256(path.read_bytes()).hexdigest()
        )
        for path in (*paths, names)
    ]
    if stated is not None:
        plain.append(DataSource("geo", stated.name, "", stated.sha256))
    return GeoData(
        databases,
        ranges,
        stated,
        HostNames(served, standing),
        far.kilometres,
        networks,
        (*(each.source for each in databases), *_sources(ranges), *plain),
    )


def _ranges(folder: Path, shipped: Path, note: Note) -> tuple[RangeFile, ...]:
    """The lists of ``folder``, and those that came with the program where it has none of theirs."""
    ranges = open_ranges(folder, note)
    if folder.resolve() == shipped.resolve():
        return ranges
    missing = set(SHIPPED_LISTS) - {each.publisher for each in ranges}
    return (
        *ranges,
        *(each for each in open_ranges(shipped, note) if each.publisher in missing),
    )


def _sources(ranges: tuple[RangeFile, ...]) -> Iterator[DataSource]:
    for each in ranges:
        built = None if each.built is None else datetime.combine(each.built, time(), UTC)
        day = each.built.isoformat() if each.built else "build date unknown"
        yield DataSource("geo", each.name, day, each.sha256, licence=each.licence, built=built)

"""Whether the files of a geo folder are what they should be, looked at one by one."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from auditor.geo import distances, manifest, overrides, registrations
from auditor.geo import regions as clouds
from auditor.geo.database import Database, UnusableError
from auditor.geo.networks import contents
from auditor.geo.ranges import stored
from auditor.geo.regular_files import is_named
from auditor.model.documents import read
from auditor.model.errors import AuditorError, GeoDataError
from auditor.model.text import legible

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from auditor.model.problem import Problem

Listed = Literal["as-listed", "changed", "not-listed", "missing"]
MOST_FILES: Final = 1000
_READABLE: Final = "Check that it is a file and that this user may read it."
_AGAIN: Final = "Restore the file, or list the new one in the manifest."


@dataclass(frozen=True, slots=True)
class Checked:
    """One file of the folder.

    Attributes:
        name: under the folder.
        listed: how it stands to ``MANIFEST.yaml``.
        sha256: hex digest; empty = it cannot be read.
        four, six: IPv4 and IPv6 networks of a database or ranges of a list.
        records: distinct records of a database or rows of a table.
        broken: records that cannot be read.
        wrong: what is wrong with it, each with its way out.
        remarks: what somebody should know, though nothing is wrong.
    """

    name: str
    listed: Listed = "not-listed"
    sha256: str = ""
    four: int = 0
    six: int = 0
    records: int = 0
    broken: int = 0
    wrong: tuple[str, ...] = field(default=())
    remarks: tuple[str, ...] = field(default=())


def verified(folder: Path, today: date) -> tuple[Checked, ...]:
    """Every file of ``folder`` that decides about places, opened and read whole.

    Args:
        folder: of geo data.
        today: overrides of days to come are wrong.

    Raises:
        GeoDataError: there is no such folder.
    """
    listed, found = _manifest(folder)
    names = _names(folder)
    found += [_compared(folder, name, listed, today) for name in names]
    found += [
        _wrong(
            Checked(name, "missing"), f"{manifest.FILE_NAME} lists it, but it is not there", _AGAIN
        )
        for name in sorted(set(listed) - set(names))
    ]
    if not any(name.lower().endswith(".mmdb") for name in names):
        hint = "Put a country database (*.mmdb) there: auditor cannot place anything without one."
        found.append(_wrong(Checked("."), "holds no geo database", hint))
    return tuple(_based(found))


def _manifest(folder: Path) -> tuple[dict[str, tuple[str, int]], list[Checked]]:
    """Digest and size of each listed file; the manifest itself as a file."""
    path = folder / manifest.FILE_NAME
    if not is_named(path):
        return {}, []
    sha256 = ""
    try:
        sha256 = _sha256(path)
        told = read(path, manifest.Manifest)
    except OSError as error:
        return {}, [_wrong(Checked(path.name), f"cannot be read: {error.strerror}", _READABLE)]
    except AuditorError as error:
        return {}, [_wrong(Checked(path.name, sha256=sha256), error.message, error.hint)]
    listed = {each.name: (each.sha256, each.size) for each in told.databases}
    listed |= {each.name: (each.sha256, each.size) for each in told.files}
    return listed, [Checked(path.name, sha256=sha256, records=len(listed))]


def _names(folder: Path) -> list[str]:
    try:
        paths = list(folder.iterdir())
        inside = folder / stored.FOLDER
        paths += inside.iterdir() if inside.is_dir() else ()
    except OSError as error:
        raise GeoDataError(
            f"the folder of geo databases cannot be read: {error.strerror}",
            place=legible(str(folder)),
            hint="Give a folder with *.mmdb files that this user may read.",
        ) from None
    names = [path.relative_to(folder).as_posix() for path in paths]
    return sorted(name for name in names if _reader(name) is not None)[:MOST_FILES]


def _compared(folder: Path, name: str, listed: dict[str, tuple[str, int]], today: date) -> Checked:
    path = folder / name
    try:
        sha256 = _sha256(path)
    except OSError as error:
        return _wrong(Checked(legible(name)), f"cannot be read: {error.strerror}", _READABLE)
    checked = Checked(legible(name), sha256=sha256)
    if name in listed:
        same = listed[name] == (sha256, path.stat().st_size)
        checked = replace(checked, listed="as-listed" if same else "changed")
        if not same:
            changed = (
                f"is not the file that {manifest.FILE_NAME} lists (its SHA-256 or size differs)"
            )
            checked = _wrong(checked, changed, _AGAIN)
    reader = _reader(name)
    try:
        return checked if reader is None else reader(path, checked, today)
    except (GeoDataError, UnusableError) as error:
        return _wrong(checked, _told(error), error.hint)
    except AuditorError as error:
        return _wrong(checked, error.message, error.hint)


def _wrong(checked: Checked, message: str, hint: str) -> Checked:
    told = f"{message.rstrip('.')}. {hint}"
    return replace(checked, wrong=(*checked.wrong, told))


def _told(error: GeoDataError | UnusableError) -> str:
    place = getattr(error, "place", "")
    line = place.rsplit(":", 1)[-1]
    return f"line {line}: {error.message}" if line.isdecimal() else error.message


def _sha256(path: Path) -> str:
    if not path.is_file() and path.exists():
        raise OSError(errno.EINVAL, "it is no regular file")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _database(path: Path, checked: Checked, today: date) -> Checked:
    del today
    held = contents(Database(path))
    if held.broken:
        again = "Get the database again from its publisher and compare its checksum."
        told = f"{held.broken:,} of {held.records:,} records cannot be read"
        checked = _wrong(checked, told, again)
    return replace(checked, four=held.four, six=held.six, records=held.records, broken=held.broken)


def _ranges(path: Path, checked: Checked, today: date) -> Checked:
    del today
    opened = stored.opened(path)
    return replace(
        checked,
        four=opened.table.four.shape[1],
        six=len(opened.table.six_code),
        records=len(opened.statements),
    )


def _registrations(path: Path, checked: Checked, today: date) -> Checked:
    del today
    loaded = registrations.load_registrations(path)
    remarks = tuple(f"from {base.name} {base.sha256}" for base in loaded.bases)
    return replace(checked, records=len(loaded), remarks=remarks)


def _distances(path: Path, checked: Checked, today: date) -> Checked:
    del today
    return replace(checked, records=len(distances.Distances.load(path).kilometres))


def _regions(path: Path, checked: Checked, today: date) -> Checked:
    del today
    providers = clouds.load_regions(path).providers.values()
    return replace(checked, records=sum(len(each.regions) for each in providers))


def _overrides(path: Path, checked: Checked, today: date) -> Checked:
    noted: list[Problem] = []
    loaded = overrides.load_overrides(path, today, noted.append)
    remarks = tuple(problem.message for problem in noted)
    return replace(checked, records=len(loaded.entries), remarks=remarks)


_Reader = Callable[["Path", Checked, "date"], Checked]
_BY_NAME: Final[dict[str, _Reader]] = {
    registrations.FILE_NAME: _registrations,
    distances.FILE_NAME: _distances,
    clouds.FILE_NAME: _regions,
    overrides.FILE_NAME: _overrides,
}


def _reader(name: str) -> _Reader | None:
    """What reads the file of that name; null = it decides nothing."""
    if name.startswith(f"{stored.FOLDER}/"):
        return _ranges if name.endswith(stored.SUFFIX) else None
    return _database if name.lower().endswith(".mmdb") else _BY_NAME.get(name)


def _based(found: list[Checked]) -> list[Checked]:
    """With a remark where registrations were derived from other databases than lie there."""
    present = {each.sha256 for each in found}
    done: list[Checked] = []
    for each in found:
        if each.name == registrations.FILE_NAME:
            gone = [told for told in each.remarks if told.rsplit(" ", 1)[-1] not in present]
            remarks = tuple(
                f"was derived {told.split(' ')[0]} {told.split(' ')[1]} of another build than lies "
                "there; `auditor geoip build` derives it anew"
                for told in gone
            )
            done.append(replace(each, remarks=remarks))
        else:
            done.append(each)
    return done

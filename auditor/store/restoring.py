"""A backup becomes a store again, in either database; the backup may be anybody's."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.exc import DataError, IntegrityError

from auditor.model.errors import StoreError
from auditor.model.problem import Problem
from auditor.model.text import legible
from auditor.store import leases
from auditor.store.archive import LEFT_OUT, MANIFEST, MANIFESTS, PIECE, Manifest, Piece
from auditor.store.consistency import checked
from auditor.store.database import opened
from auditor.store.directory import FILE, FOLDERS, PARTS, inside, made, prepared, scratch, settled
from auditor.store.loading import dropped, loaded, present
from auditor.store.migration import NEWEST, known
from auditor.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection


_MOST_MANIFEST: Final = 1 << 28
_MOST_TOLD: Final = 2000
"""Bytes that a manifest tells of one file: a small backup has no large one, however well packed."""
_TELLING: Final = ("runs", "contents", "findings", "assessments", "notices")
"""Tables that make a store one with something in it; the rest an agent makes when it starts."""
_NAME: Final = re.compile(r"[a-z_]{1,60}")
_HINT: Final = "Use another backup; nothing was changed."


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back.

    Attributes:
        aside: where what stood there before is now; null = nothing did.
        problems: what is wrong with the store, as it was when it was backed up.
    """

    made: datetime
    files: int
    rows: int
    aside: str | None
    problems: tuple[Problem, ...]


def restored(
    source: Path,
    folder: Path,
    url: str,
    now: datetime,
    *,
    replace: bool = False,
    advance: Callable[[int], object] = lambda _: None,
) -> Restored:
    """Makes a store out of a backup; nothing of it is used before all of it has been compared.

    Args:
        source: the backup.
        folder: the data directory.
        url: of a PostgreSQL database; empty = SQLite in the folder.
        now: the time.
        replace: whether a store that holds something is put aside; else it is an error.
        advance: hears of bytes that were read.

    Raises:
        StoreError: the backup is damaged, of a newer version or a trap; the store is not empty,
            or its agent runs; the disk is full.
    """
    prepared(folder, create=True, sqlite=False)
    place = legible(str(source))
    try:
        with scratch(folder, "restore", alone=True) as staging:
            try:
                with ZipFile(source) as archive:
                    manifest = _manifest(archive, place)
                    _room(manifest, staging, place)
                    _unpacked(archive, manifest, staging, place, advance)
            except (BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
                raise _refused(f"is no whole backup: {error}", place) from None
            aside = _put(staging, manifest, folder, url, now, replace=replace)
    except (ValueError, RecursionError, IntegrityError, DataError) as error:
        reason = getattr(error, "orig", error)
        raise _refused(f"its tables make no store: {reason}", place) from None
    except OSError as error:
        raise StoreError(
            f"the backup cannot be restored: {error.strerror or error}",
            place=legible(str(error.filename or folder)),
            hint="Check the file, and the room in the data directory; try again with --replace.",
        ) from None
    store = opened(folder, url, create=False)
    try:
        problems = checked(store, now)
    finally:
        store.close()
    rows = sum(piece.rows for piece in manifest.tables.values())
    return Restored(manifest.made, len(manifest.files), rows, aside, problems)


def _refused(message: str, place: str) -> StoreError:
    return StoreError(message[:500], place=place, hint=_HINT)


def _manifest(archive: ZipFile, place: str) -> Manifest:
    """What the backup says that it holds, once that is what it holds."""
    entries = {entry.filename: entry for entry in archive.infolist()}
    if len(entries) != len(archive.infolist()):
        raise _refused("names a file twice", place)
    most = min(_MOST_MANIFEST, _MOST_TOLD * (len(entries) + 10))
    if MANIFEST not in entries or entries[MANIFEST].file_size > most:
        raise _refused("is no backup of a store: it has no manifest", place)
    try:
        manifest = MANIFESTS.validate_json(archive.read(MANIFEST))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise _refused(f"its manifest is not understood: {first}", place) from None
    if manifest.store != NEWEST and not known(manifest.store):
        raise _refused(
            f"it is of a newer store ({manifest.store!r}) than this program knows ({NEWEST})", place
        )
    wanted = {f"tables/{name}.jsonl": piece for name, piece in manifest.tables.items()}
    wanted |= {f"files/{name}": piece for name, piece in manifest.files.items()}
    for name in manifest.files:
        try:
            inside(Path(), name)
        except StoreError:
            raise _refused(f"holds a file that leads elsewhere: {name!r}", place) from None
    if not all(_NAME.fullmatch(name) and name not in LEFT_OUT for name in manifest.tables):
        raise _refused("holds a table that no store has", place)
    if wanted.keys() | {MANIFEST} != entries.keys():
        raise _refused("does not hold what its manifest says", place)
    for name, piece in wanted.items():
        entry = entries[name]
        plain = entry.compress_type in (ZIP_STORED, ZIP_DEFLATED) and not entry.flag_bits & 1
        if not plain or entry.file_size != piece.size or piece.size < 0:
            raise _refused(f"{name!r} is not what its manifest says", place)
    return manifest


def _room(manifest: Manifest, staging: Path, place: str) -> None:
    """A backup that claims more than the disk has is not even begun."""
    pieces = [*manifest.tables.values(), *manifest.files.values()]
    needed, free = sum(piece.size for piece in pieces), shutil.disk_usage(staging).free
    if needed > free:
        raise StoreError(
            f"it needs {needed} bytes, and {free} are free in the data directory",
            place=place,
            hint="Make room, or name another data directory (--data); nothing was changed.",
        )


def _unpacked(
    archive: ZipFile,
    manifest: Manifest,
    staging: Path,
    place: str,
    advance: Callable[[int], object],
) -> None:
    """Unpacks what the manifest names, and compares it with its digests."""
    pieces = [(f"tables/{name}.jsonl", piece) for name, piece in manifest.tables.items()]
    pieces += [(f"files/{name}", piece) for name, piece in manifest.files.items()]
    for name, piece in pieces:
        path = staging / name
        made(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file, archive.open(name) as packed:
            if _copied(packed, file, piece, advance) != piece.sha256:
                raise _refused(f"{name!r} is damaged: it is not what its manifest says", place)
            file.flush()
            os.fsync(file.fileno())


def _copied(packed: Any, file: Any, piece: Piece, advance: Callable[[int], object]) -> str:  # noqa: ANN401 - two files
    """Copies no more than the piece's size; gives the digest of what there was."""
    digest, left = hashlib.sha256(), piece.size
    while left > 0 and (part := packed.read(min(PIECE, left))):
        file.write(part)
        digest.update(part)
        left -= len(part)
        advance(len(part))
    return digest.hexdigest() if left == 0 else ""


def _put(
    staging: Path, manifest: Manifest, folder: Path, url: str, now: datetime, *, replace: bool
) -> str | None:
    """Puts what was unpacked into its place: the files first, the database last.

    Whoever is killed in between leaves files that no database names; they do not count.
    """
    goal = folder / f"replaced-{now:%Y%m%dT%H%M%SZ}"
    if url:
        return _put_into_server(staging, manifest, folder, url, now, goal, replace=replace)
    old = (folder / FILE).exists() and _holds_something(folder, now, replace=replace)
    fresh = opened(staging / "store")
    try:
        with fresh.writing() as connection:
            dropped(connection)
            loaded(connection, manifest, staging / "tables")
    finally:
        fresh.close()
    moved = _moved(folder, goal, (*PARTS, *FOLDERS))
    _moved(staging / "files", folder, FOLDERS)
    settled(folder)
    _moved(fresh.folder, folder, reversed(PARTS))
    settled(folder)
    return _aside(goal, keep=old or bool(moved & set(FOLDERS)))


def _put_into_server(
    staging: Path,
    manifest: Manifest,
    folder: Path,
    url: str,
    now: datetime,
    goal: Path,
    *,
    replace: bool,
) -> str | None:
    """As ``_put``, for PostgreSQL: what was there goes into a schema, in the same transaction."""
    schema = goal.name.replace("-", "_").lower()
    store = opened(folder, url)
    try:
        with store.writing() as connection:
            old = _in_use(connection, folder, now, replace=replace)
            if old:
                connection.execute(text(f'CREATE SCHEMA "{schema}"'))
                for table in present(connection):
                    connection.execute(text(f'ALTER TABLE "{table}" SET SCHEMA "{schema}"'))
            else:
                dropped(connection)
            loaded(connection, manifest, staging / "tables")
            moved = _moved(folder, goal, FOLDERS)
            _moved(staging / "files", folder, FOLDERS)
            settled(folder)
    finally:
        store.close()
    places = (f"schema {schema}" if old else None, _aside(goal, keep=bool(moved)))
    return ", ".join(filter(None, places)) or None


def _holds_something(folder: Path, now: datetime, *, replace: bool) -> bool:
    """Whether SQLite's store has rows; one that cannot be opened counts as if it had."""
    try:
        store = opened(folder)
    except StoreError:
        if replace:
            return True
        raise
    try:
        with store.reading() as connection:
            return _in_use(connection, folder, now, replace=replace)
    finally:
        store.close()


def _in_use(connection: Connection, folder: Path, now: datetime, *, replace: bool) -> bool:
    """Whether the store has rows.

    Raises:
        StoreError: it has, and may not be replaced, or its agent is at work.
    """
    lease = leases.holder_of(connection, leases.AGENT)
    if lease is not None and lease.held(now):
        raise StoreError(
            f"an agent is at work (process {lease.process.get('pid')})",
            place=legible(str(folder)),
            hint="Stop it first: systemctl stop auditor-agent",
        )
    tables = (metadata.tables[name] for name in _TELLING)
    held = any(connection.execute(select(table).limit(1)).first() for table in tables)
    if held and not replace:
        raise StoreError(
            "there is a store with something in it",
            place=legible(str(folder)),
            hint="Name another data directory, or put the store there aside with --replace.",
        )
    return held


def _moved(source: Path, goal: Path, names: Iterable[str]) -> set[str]:
    """Moves what is there of these names; what that was."""
    there = [name for name in names if (source / name).exists()]
    for name in there:
        goal.mkdir(mode=0o700, exist_ok=True)
        (source / name).rename(goal / name)
    return set(there)


def _aside(goal: Path, *, keep: bool) -> str | None:
    """Where the old files are; an empty store is not worth keeping."""
    if keep:
        return legible(str(goal))
    shutil.rmtree(goal, ignore_errors=True)
    return None

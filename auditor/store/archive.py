"""A backup: one ZIP file, the same for both databases.

``manifest.json`` names everything else with its size and SHA-256; ``tables/<table>.jsonl`` has one
row a line; ``files/…`` are the files under the data directory. Leases are not in it, nor is what
APScheduler keeps: it is made anew from ``agent.yaml``, and is code that would be run.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from pydantic import TypeAdapter
from sqlalchemy import Boolean, Float, String, select, type_coerce

from auditor import __version__
from auditor.model.errors import StoreError
from auditor.model.problem import Problem
from auditor.model.text import legible
from auditor.store.consistency import RUN, Expected, expected
from auditor.store.directory import inside, new_file, scratch, taken
from auditor.store.migration import NEWEST
from auditor.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Column, Connection, Table

    from auditor.store.database import Store

LEFT_OUT: Final = ("leases", "apscheduler_jobs")
MANIFEST: Final = "manifest.json"
PIECE: Final = 1 << 20
_TRIES: Final = 20
_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of a backup; ``rows`` of a table."""

    size: int
    sha256: str
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    Attributes:
        store: version of the tables.
        tables: by name.
        files: by path under the data directory.
    """

    store: str
    auditor: str
    made: datetime
    tables: dict[str, Piece]
    files: dict[str, Piece]
    format: Literal["auditor-backup"] = "auditor-backup"
    version: Literal[1] = 1


MANIFESTS: Final = TypeAdapter(Manifest)


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made.

    Attributes:
        problems: files that the store names and that are missing or not as they were written; the
            backup has the rest.
    """

    path: Path
    files: int
    rows: int
    size: int
    problems: tuple[Problem, ...]


def backed_up(
    store: Store, target: Path, now: datetime, advance: Callable[[int], object] = lambda _: None
) -> Backup:
    """Writes one state of the store, whole, into one file, while the agent goes on.

    Args:
        store: to be backed up.
        target: a new file, or a folder that gets one named after the moment.
        now: the moment.
        advance: hears of bytes that were written.

    Raises:
        StoreError: the disk is full, the file is there already; nothing half-written stays.
    """
    if target.is_dir():
        target = target / f"auditor-backup-{now:%Y%m%dT%H%M%SZ}.zip"
    if target.exists():
        raise taken(target)
    try:
        with (
            scratch(store.folder, "backup") as pins,
            new_file(target) as file,
            ZipFile(file, "w", allowZip64=True) as archive,
        ):
            writer = _Writer(archive, advance)
            problems = _told(store, pins, writer)
            manifest = Manifest(NEWEST, __version__, now, writer.tables, writer.files)
            content = MANIFESTS.dump_json(manifest, indent=1)
            archive.writestr(ZipInfo(MANIFEST), content, ZIP_DEFLATED)
    except OSError as error:
        raise StoreError(
            f"the backup cannot be written: {error.strerror or error}",
            place=legible(str(target)),
            hint="Make room there, or name another place; nothing half-written was left.",
        ) from None
    rows = sum(piece.rows for piece in manifest.tables.values())
    return Backup(target, len(manifest.files), rows, target.stat().st_size, tuple(problems))


def _told(store: Store, pins: Path, writer: _Writer) -> list[Problem]:
    """Writes tables and files of one state; a file may go while it is being pinned: try again."""
    for _ in range(_TRIES):
        with store.reading() as connection:
            named = list(expected(connection))
            lost = _pinned(store.folder, pins, named)
            if lost:
                with store.reading() as later:
                    if not lost <= {each.path for each in expected(later)}:
                        continue
            for table in tables():
                writer.table(table.name, _lines(connection, table))
        return [*_missing(lost), *writer.copied(pins, named)]
    raise StoreError(
        "files are removed faster than they can be backed up",
        place=legible(str(store.folder)),
        hint="Try again when nothing is being pruned.",
    )


def tables() -> list[Table]:
    """The tables of a backup, each after those that it refers to."""
    return [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]


def _pinned(folder: Path, pins: Path, named: list[Expected]) -> set[str]:
    """Gives every file a second name, so that it stays although it may be pruned.

    Returns:
        paths that are not there.
    """
    lost = set()
    for each in named:
        try:
            source = inside(folder, each.path)
            if each.path.endswith(RUN):
                for path in source.parent.iterdir():
                    _pin(path, pins / path.relative_to(folder))
                if not source.exists():
                    lost.add(each.path)
            else:
                _pin(source, pins / each.path)
        except (FileNotFoundError, NotADirectoryError, StoreError):
            lost.add(each.path)
    return lost


def _pin(source: Path, pin: Path) -> None:
    if source.is_symlink() or not source.is_file():
        raise FileNotFoundError(str(source))
    pin.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):  # of an earlier try
        try:
            pin.hardlink_to(source)
        except PermissionError:  # another user's file, or a file system without links
            pin.write_bytes(source.read_bytes())


def _missing(lost: set[str]) -> Iterator[Problem]:
    for path in sorted(lost):
        yield Problem(
            "missing-file",
            legible(path),
            "it is not there; the backup has all the rest",
            "`auditor store check` tells what is wrong with the store.",
        )


def _lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """The rows as JSON, with values as the database keeps them."""
    query = select(*(_bare(column) for column in table.columns)).order_by(*table.primary_key)
    with connection.execute(query, execution_options={"yield_per": _ROWS}) as rows:
        for row in rows:
            line = json.dumps(dict(row._mapping), ensure_ascii=False, separators=(",", ":"))
            yield line.encode() + b"\n"


def _bare(column: Column[Any]) -> Any:  # noqa: ANN401 - one of SQLAlchemy's many
    """A column without what this program makes of its text (moments, documents)."""
    if column.type.python_type in (int, bool, float):
        return column
    return type_coerce(column, String()).label(column.name)


def kind(column: Column[Any]) -> type | tuple[type, ...]:
    """What Python makes of a column's JSON."""
    if isinstance(column.type, Boolean):
        return bool
    if isinstance(column.type, Float):
        return (float, int)
    return int if column.type.python_type is int else str


class _Writer:
    """Writes pieces, and remembers what is to stand in the manifest."""

    def __init__(self, archive: ZipFile, advance: Callable[[int], object]) -> None:
        self._archive = archive
        self._advance = advance
        self.tables: dict[str, Piece] = {}
        self.files: dict[str, Piece] = {}

    def table(self, name: str, lines: Iterator[bytes]) -> None:
        """Writes a table."""
        self.tables[name] = self._written(f"tables/{name}.jsonl", lines)

    def copied(self, pins: Path, named: list[Expected]) -> Iterator[Problem]:
        """Writes every file that is pinned, and tells of those that are not what they were."""
        wanted = {each.path: each.sha256 for each in named}
        for path in sorted(path for path in pins.rglob("*") if path.is_file()):
            name = path.relative_to(pins).as_posix()
            with path.open("rb") as file:
                piece = self._written(f"files/{name}", iter(lambda: file.read(PIECE), b""))
            self.files[name] = Piece(piece.size, piece.sha256)
            if (wanted.get(name) or piece.sha256) != piece.sha256:
                yield Problem(
                    "changed-file",
                    legible(name),
                    "its content is not what was written; the backup has it as it is",
                    "`auditor store check --deep` tells what else is wrong with the store.",
                )

    def _written(self, name: str, parts: Iterator[bytes]) -> Piece:
        about = ZipInfo(name)
        about.external_attr = 0o600 << 16
        about.compress_type = ZIP_STORED if name.endswith(".parquet") else ZIP_DEFLATED
        digest, size, count = hashlib.sha256(), 0, 0
        with self._archive.open(about, "w", force_zip64=True) as piece:
            for part in parts:
                piece.write(part)
                digest.update(part)
                size += len(part)
                count += 1
                self._advance(len(part))
        return Piece(size, digest.hexdigest(), count)

"""What the sources of a job show now: names and stamps, nothing opened."""

from __future__ import annotations

import errno
import fnmatch
import glob
import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.model.problem import Problem
from auditor.model.text import legible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from auditor.agent.settings import Source
    from auditor.model.problem import Note

LONGEST: Final = 1_000
"""Bytes of a name that databases can find again; of longer ones the digest stands for the rest."""


MOST_FILES: Final = 1_000_000
"""Files that a job's sources may show: each of them is held in memory."""


class Seen(NamedTuple):
    """A file as a source shows it.

    Attributes:
        name: by which it is remembered; legible, unique.
        path: on this machine, or its address.
        stamp: changes with the file.
        written: when its content or its place last changed, in seconds since 1970.
        source: number of the job's source that shows it, from 0.
    """

    name: str
    path: str
    stamp: str
    size: int
    written: float
    source: int


@dataclass(slots=True)
class Listing:
    """All files of a job, by name.

    Attributes:
        complete: whether every source could be listed whole: what is not here is gone.
        bare: folders that hold no file at all.
        newest: names of the last files of their series, once somebody asked.
    """

    files: dict[str, Seen] = field(default_factory=dict)
    complete: bool = True
    bare: list[str] = field(default_factory=list)
    newest: frozenset[str] | None = None


def listed(sources: Iterable[Source], note: Note) -> Listing:
    """The files of all sources, each once; what cannot be listed is noted.

    Hidden files, links to folders, pipes, sockets and devices are left out, as when a folder is
    audited.

    Raises:
        PolicyError: a bucket cannot be reached the way the settings say.
    """
    listing = Listing()
    for number, source in enumerate(sources):
        wanted = _wanted(source)
        if source.folder is not None:
            count = len(listing.files)
            _held(listing, _walked(str(source.folder), number, wanted, listing, note), note)
            if len(listing.files) == count and not source.include and not source.exclude:
                listing.bare.append(str(source.folder))
        elif source.files is not None:
            _held(listing, _globbed(str(source.files), number, wanted, listing, note), note)
        else:
            from auditor.agent.watch import buckets  # late: few jobs have one

            found = buckets.listed(source, f"sources.{number}", note)
            listing.complete &= found is not None
            objects = (
                Seen(name_of(each.path), each.path, each.stamp, each.size, each.written, number)
                for each in found or ()
                if wanted(each.path.rpartition("/")[2])
            )
            _held(listing, objects, note)
    return listing


def _held(listing: Listing, some: Iterable[Seen], note: Note) -> None:
    """Puts files into the listing, as far as there is room."""
    for seen in some:
        if len(listing.files) >= MOST_FILES:
            listing.complete = False
            what = f"The sources of the job show more than {MOST_FILES:,} files; the others wait."
            hint = "Move what was audited elsewhere, or make several jobs of it."
            note(Problem("source-too-large", legible(seen.path), what, hint))
            return
        listing.files.setdefault(seen.name, seen)


def name_of(path: str) -> str:
    """The name by which a path is remembered: text that every database takes, and unique."""
    if path.isascii() and len(path) <= LONGEST and "\0" not in path:
        return path
    whole = path.encode("utf-8", "surrogateescape")
    shown = legible(path).replace("\0", "\\x00")
    if len(whole) <= LONGEST and shown == path:
        return path
    digest = hashlib.sha256(whole).hexdigest()[:32]
    return f"{shown[:200]}…{digest}"


def _wanted(source: Source) -> Callable[[str], bool]:
    include, exclude = _pattern(source.include), _pattern(source.exclude)

    def wanted(name: str) -> bool:
        return (include is None or include.match(name) is not None) and (
            exclude is None or exclude.match(name) is None
        )

    return wanted


def _pattern(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(fnmatch.translate, patterns))) if patterns else None


def _walked(
    root: str, number: int, wanted: Callable[[str], bool], listing: Listing, note: Note
) -> Iterator[Seen]:
    todo = [root]
    while todo:
        folder = todo.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name[0] == ".":
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    elif wanted(entry.name):
                        seen = _seen(entry.path, entry.stat, number, note)
                        if seen is not None:
                            yield seen
        except OSError as error:
            if folder != root and isinstance(error, FileNotFoundError):
                continue  # gone since its parent was listed
            listing.complete = False
            note(_unlisted(folder, error))


def _globbed(
    pattern: str, number: int, wanted: Callable[[str], bool], listing: Listing, note: Note
) -> Iterator[Seen]:
    fixed = pattern
    while glob.has_magic(fixed) or fixed == pattern:
        fixed = os.path.dirname(fixed)  # noqa: PTH120 - a text for each of 100,000 files
    try:
        os.scandir(fixed or ".").close()
    except OSError as error:
        listing.complete = False
        note(_unlisted(fixed, error))
        return
    try:
        for path in matching(pattern):
            if wanted(os.path.basename(path)) and not os.path.isdir(path):  # noqa: PTH112, PTH119 - a text for each of 100,000 files
                seen = _seen(path, partial(os.stat, path), number, note)
                if seen is not None:
                    yield seen
    except (OSError, RecursionError) as error:
        listing.complete = False
        deep = OSError(errno.ELOOP, "it is nested too deeply")
        note(_unlisted(fixed, error if isinstance(error, OSError) else deep))


def matching(pattern: str) -> Iterator[str]:
    """Paths that match a pattern; ``**`` stands for any folders, links among them not followed.

    Two links to the folder that they stand in would be a tree without end.
    """
    parts = Path(pattern).parts
    if "**" not in parts:
        yield from glob.iglob(pattern)  # noqa: PTH207 - a text for each of 100,000 files
        return
    place = parts.index("**")
    below = Path(*parts[place:], *(["*"] if parts[-1] == "**" else []))
    for start in glob.iglob(str(Path(*parts[:place]))):  # noqa: PTH207 - as above
        for path in Path(start).glob(str(below)):
            if not any(part.startswith(".") for part in path.relative_to(start).parts):
                yield str(path)


def _seen(
    path: str, status_of: Callable[[], os.stat_result], number: int, note: Note
) -> Seen | None:
    try:
        status = status_of()
    except FileNotFoundError:
        if os.path.islink(path):  # noqa: PTH114 - a text for each of 100,000 files
            note(_left_out(path, "The link leads nowhere.", "unreadable-file"))
        return None  # gone since it was listed
    except OSError as error:
        what = f"Nothing can be learnt of the file: {error.strerror}."
        note(_left_out(path, what, "unreadable-file"))
        return None
    if not stat.S_ISREG(status.st_mode):
        if stat.S_ISDIR(status.st_mode):
            note(_left_out(path, "A link to another folder was not followed.", "not-followed"))
        else:
            note(_left_out(path, "It is no file but a pipe, socket or device.", "unreadable-file"))
        return None
    return Seen(
        name_of(path), path, stamp_of(status), status.st_size, written_at(status), number
    )  # fmt: skip


def stamp_of(status: os.stat_result) -> str:
    """Changes whenever the content, the times or the file behind a name do."""
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"


def written_at(status: os.stat_result) -> float:
    """When it last changed: copiers set the one time back (`cp -p`), never the other."""
    return max(status.st_mtime, status.st_ctime)


def _left_out(path: str, what: str, code: str) -> Problem:
    return Problem(code, legible(path), what, "Name it as a source of its own if it is wanted.")


def _unlisted(folder: str, error: OSError) -> Problem:
    return Problem(
        "source-unreadable",
        legible(folder),
        f"The folder cannot be listed: {error.strerror}; what is in it waits.",
        "Check that it is there (is the share mounted?) and that the agent's user may read it.",
    )

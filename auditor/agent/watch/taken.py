"""Files that were given to a run, and what is remembered of them once it is committed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from auditor.agent.watch.contents import Budget, TooLargeError, digests_of
from auditor.agent.watch.listing import Seen, stamp_of
from auditor.model.text import legible
from auditor.readers.streams import Source
from auditor.store import files
from auditor.store.files import Content

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from auditor.model.run import InputFile, Run

LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that is ready.

    Attributes:
        name: by which it is remembered.
        path: what is to be read: the file itself, or a copy in the scratch folder.
        shown: what the run is to call it (``named``).
        stamp, size: as it was seen; bytes on disk.
        mark: of its content.
        content: digest of all its content; null = the run will say.
        length: of its content, unpacked; null = not known.
        original: the file whose change during the run matters; null = a copy is read.
        copies: others that have settled and hold the same.
        members: marks of an archive's members by their names in the run.
    """

    name: str
    path: Path
    shown: str
    stamp: str
    size: int
    mark: str
    content: str | None = None
    length: int | None = None
    original: Path | None = None
    copies: tuple[Seen, ...] = ()
    members: tuple[tuple[str, str], ...] = ()


def changed(taken: Iterable[Taken]) -> tuple[str, ...]:
    """Names of the files that are not any more what the look saw.

    Asked after the run and before its commit: if there is one, the run is not committed but begun
    anew, and its look is told (``without``), so that one restless file cannot hold up the others.
    """
    return tuple(each.name for each in taken if each.original is not None and _is_other(each))


def _is_other(each: Taken) -> bool:
    try:
        return stamp_of((each.original or each.path).stat()) != each.stamp
    except OSError:
        return True


def named(run: Run, taken: Iterable[Taken]) -> Run:
    """The run, with copies called by the names of what they are copies of."""
    shown = {legible(str(each.path)): each.shown for each in taken}
    shown = {path: name for path, name in shown.items() if path != name}
    if not shown:
        return run

    def true(name: str) -> str:
        place = name
        while place not in shown:  # the member of an archive is called after it
            place, slash, _ = place.rpartition("/")
            if not slash:
                return name
        return shown[place] + name[len(place) :]

    return replace(
        run,
        inputs=tuple(replace(each, name=true(each.name)) for each in run.inputs),
        problems=tuple(replace(each, source=true(each.source)) for each in run.problems),
    )


def committed(
    connection: Connection,
    job: str,
    run_id: str,
    taken: Sequence[Taken],
    run: Run,
    now: datetime,
) -> None:
    """Remembers, within the commit's transaction, what the run took and what it could not read.

    Each content that was read stands in ``contents`` from now on; a file of which nothing could be
    read is quarantined with the reason, until it changes or is released. ``run`` may be as the
    audit gave it, or as ``named`` gave it.
    """
    inputs = _by_file(taken, run)
    some: list[Content] = []
    rows: list[dict[str, Any]] = []
    for each in taken:
        read = [file for file in inputs[each.name] if _was_read(file)]
        if read:
            some += _contents(each, read)
            rows.append(_row(each, "taken", None, run_id))
        else:
            rows.append(_row(each, "quarantined", _reason(each, run), None))
        for copy in each.copies:
            state, reason = ("known", f"same content as {each.name}") if read else ("waiting", None)
            rows.append({**_row(each, state, reason, None), "name": copy.name,
                         "stamp": copy.stamp, "size": copy.size})  # fmt: skip
    files.taken(connection, job, run_id, some, now)
    files.concluded(connection, job, rows)


def refused(connection: Connection, job: str, taken: Sequence[Taken], reason: str) -> None:
    """Quarantines files of which a run could read nothing at all (``InputError``)."""
    text = _plain(reason)
    files.concluded(connection, job, [_row(each, "quarantined", text, None) for each in taken])


def _by_file(taken: Sequence[Taken], run: Run) -> dict[str, list[InputFile]]:
    """The run's inputs by the names of the files: one of a file, several of an archive."""
    owners = {legible(str(each.path)): each.name for each in taken}
    owners |= {each.shown: each.name for each in taken}
    found: dict[str, list[InputFile]] = {each.name: [] for each in taken}
    for file in run.inputs:
        place = file.name
        while place not in owners and "/" in place:
            place = place.rpartition("/")[0]
        if place in owners:
            found[owners[place]].append(file)
    return found


def _was_read(file: InputFile) -> bool:
    return file.reader is not None and (file.sha256 is not None or file.packets > 0)


def _contents(each: Taken, read: Sequence[InputFile]) -> list[Content]:
    """What was read of one file; of an archive itself and its members."""
    if not each.members:
        file = read[0]
        digest, length = each.content or file.content, each.length
        if digest is None:
            digest, length = _digest(each)
        return [_content(digest, each.mark, length, each.name, file.packets)]
    marks = dict(each.members)
    records = sum(file.packets for file in read)
    some = [_content(each.content or _digest(each)[0], each.mark, None, each.name, records)]
    for file in read:
        mark = marks.get(file.name) or marks.get(_inside(each, file.name))
        if file.content is not None and mark:
            some.append(_content(file.content, mark, None, file.name, file.packets))
    return some


def _inside(each: Taken, name: str) -> str:
    """The name of a member under the archive's own path, where the run shows another."""
    return f"{legible(str(each.path))}{name.removeprefix(each.shown)}"


def _content(digest: str, mark: str, length: int | None, name: str, records: int) -> Content:
    """What held no record is no beginning of anything: it is found again by its whole digest."""
    if not records:
        return Content(digest, digest, 0, name)
    return Content(digest, mark, length or 0, name)


def _digest(each: Taken) -> tuple[str, int]:
    """Of a file that the run could read in part only: as far as it can be unpacked."""
    try:
        digests = digests_of(Source(each.path), (), None, Budget.of(each.size))
    except (OSError, TooLargeError):  # gone, or a bomb: it cannot be told from the like
        return hashlib.sha256(f"{each.mark} {each.size}".encode()).hexdigest(), 0
    return digests.whole, digests.length


def _reason(each: Taken, run: Run) -> str:
    path, shown = legible(str(each.path)), each.shown
    for problem in run.problems:
        if problem.source in (path, shown) or problem.source.startswith((f"{path}/", f"{shown}/")):
            return _plain(f"{problem.message} {problem.hint}")
    return "Nothing of it could be read."


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)[:LONGEST_REASON].strip()


def _row(each: Taken, state: str, reason: str | None, run_id: str | None) -> dict[str, Any]:
    return {
        "name": each.name,
        "stamp": each.stamp,
        "size": each.size,
        "state": state,
        "reason": reason,
        "run_id": run_id,
    }

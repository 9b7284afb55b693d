"""Each input, as far as its first bytes tell: who reads it, or why nobody does."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.readers.listing import listed, members
from auditor.readers.streams import ZIP, Source, is_pipe, opened_pipe
from auditor.readers.time_lines import Examined, marked

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model.problem import Note
    from auditor.readers.formats import Choice
    from auditor.readers.storage import Url


def examined(
    paths: tuple[Path | Url, ...], note: Note, choice: Choice, *, pipes: bool = True
) -> list[Examined]:
    """Every source that the paths lead to, with its reader or the reason why it has none.

    ``pipes``: standard input and pipes are opened; they can be only once.
    """
    found: list[Examined] = []
    for source, named in listed(paths, note):
        path = source.path
        try:
            if source.stored is None and named and is_pipe(path):
                if not pipes:
                    found.append(Examined(source, 0))
                    continue
                found.append(_looked_at(Source(path, pipe=opened_pipe(path)), choice))
                continue
            if source.stored is None and not stat.S_ISREG(path.stat().st_mode):
                failure = InputError(
                    "is no regular file but a pipe, socket or device",
                    place=str(path),
                    hint="Write what comes out of it into a file, and name that.",
                )
                found.append(Examined(source, 0, failure=failure))
                continue
            inner = members(source, note)
        except OSError as error:
            found.append(Examined(source, source.size, failure=_unopened(source, error)))
            continue
        found += [_looked_at(each, choice) for each in ([source] if inner is None else inner)]
    return found


def _unopened(source: Source, error: OSError) -> InputError:
    return InputError(
        f"cannot be opened: {error.strerror}",
        place=source.name,
        hint="Check that the file is there and that this user may read it.",
    )


def _looked_at(source: Source, choice: Choice) -> Examined:
    size = source.size
    try:
        opened = source.open()
    except OSError as error:
        return Examined(source, size, failure=_unopened(source, error))
    head = opened.head
    broken = opened.broken
    if source.pipe is None:
        opened.close()
    if isinstance(broken, OSError) and not head:
        return Examined(source, size, failure=_unopened(source, broken))
    reader = choice.reader_for(head)
    if reader is None:
        return Examined(source, size, problem=_nobodys(source, head, size))
    mark, whole = marked(head)
    packed = bool(opened.packings) or source.part is not None
    begin = reader.begins(head)
    return Examined(source, size, reader, None, None, begin, mark, whole, packed)


def _nobodys(source: Source, head: bytes, size: int) -> Problem:
    name = source.name
    if not head and not size:
        return Problem("empty-file", name, "The file is empty.", "Take it from its source.")
    if head.startswith(ZIP) or head[257:262] == b"ustar":
        what = "An archive inside a packed file, a pipe or another archive is not read."
        return Problem("unknown-format", name, what, "Unpack it and name the folder.", None, size)
    return Problem(
        "unknown-format",
        name,
        "No reader takes this file: it is no capture and no log of a kind that is known.",
        "See docs/formats; any table of flows is read with a mapping (--mapping).",
        lost_bytes=size,
    )

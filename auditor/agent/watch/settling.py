"""When a file has settled.

The rule: of a file, *written* is the later of its two times (content, place), and *steady* is the
moment at which the agent first saw its present stamp (size, both times, inode). The file has
settled, for a span ``settle``, when one of these holds:

1. ``written + settle <= now``: by its own times nothing has happened to it for so long. So what was
   finished during the day is taken at the first look of the night.
2. ``steady + settle <= now``: two looks so far apart found it the same. So a file whose times lie
   in the future (a share whose clock is ahead, a clock that was set back) does not wait for ever.

A *steady* that lies in the future was noted before the clock was set back: it begins anew. A file
that grows changes its stamp, so that neither holds. What a clock that jumps ahead, or a share whose
clock is behind, lets through too early is caught later: a file that changes while it is read is not
counted (``changed``), and one that grows afterwards goes on from where it was (``growth``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.agent.watch.listing import Seen

_TEMPORARY: Final = re.compile(
    r"(?is).*(\.(part|partial|filepart|tmp|temp|crdownload|download|opdownload|aria2|swp)|~)"
)
_PACKED: Final = re.compile(r"(?is)\.(gz|bz2|xz|zst|lz4)$")
_TURN: Final = re.compile(r"(?s)([._-]?0)+$")
_DIGITS: Final = re.compile(r"[0-9]+")


def settled(written: float, steady: float, span: float, now: float) -> bool:
    """Whether nothing happened to a file for ``span``; all in seconds. The rule stands above."""
    return written + span <= now or steady + span <= now


def steady_since(before: float, now: float) -> float:
    """When the stamp was first seen; anew where that is in the future."""
    return min(before, now)


def is_temporary(name: str) -> bool:
    """Whether a copier or browser calls a file so until it is whole (hidden names do not show)."""
    return _TEMPORARY.fullmatch(name) is not None


def series_of(path: str) -> tuple[str, str]:
    """Folder, and the name but for digits, turn and packing: ``conn.log.2.gz`` is ``conn.log``."""
    folder, _, name = path.rpartition("/")
    return folder, _TURN.sub("", _DIGITS.sub("0", _PACKED.sub("", name)))


def newest(files: Iterable[Seen]) -> frozenset[str]:
    """Names of the files that were written last in their series."""
    last: dict[tuple[str, str], Seen] = {}
    for seen in files:
        if not is_temporary(seen.path):
            series = series_of(seen.path)
            other = last.get(series)
            if other is None or (other.written, other.path) < (seen.written, seen.path):
                last[series] = seen
    return frozenset(seen.name for seen in last.values())

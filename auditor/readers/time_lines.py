"""Which files belong together: captures that follow one another, and copies of one content."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.readers.reading import Reader
from auditor.readers.streams import CHUNK, HEAD, DamagedError, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.readers.open_flows import OpenLine

TOLERANCE: Final = 1_000_000_000
"""ns that a file may begin before the end of the one it follows."""

LONGEST_SILENCE: Final = 3600_000_000_000
"""ns between two files beyond which nothing goes on from one into the other."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A source, as far as its first and last bytes tell.

    Attributes:
        reader: who reads it; null = nobody, for the reason in ``failure`` or ``problem``.
        begin: time of its first packet in ns; null = not known.
        mark: digest of its first bytes.
        whole: whether these are all of it.
    """

    source: Source
    size: int
    reader: Reader | None = None
    failure: InputError | None = None
    problem: Problem | None = None
    begin: int | None = None
    mark: bytes = b""
    whole: bool = False
    packed: bool = False


@dataclass(frozen=True, slots=True)
class Fate:
    """Where a time line of captures comes from, and whether it may go on.

    Attributes:
        folder: where its files lie, absolute.
        earlier: number of the time line of an earlier run that it goes on with; null = none.
        newest: the latest time known of a packet in its folder.
    """

    folder: str
    earlier: int | None
    newest: int


@dataclass(slots=True)
class _Chain:
    places: list[int]
    pattern: str
    end: int | None
    begin: int
    earlier: int | None = None


def pattern_of(source: Source) -> str:
    """The name of a file, but for its digits."""
    return re.sub(r"\d+", "0", (source.part or source.path).name)


def chains(
    examined: list[Examined], left_out: Iterable[int], earlier: Sequence[OpenLine] = ()
) -> tuple[list[list[int]], list[str], dict[int, Fate]]:
    """Places of the files of each time line, in its order; folders whose time lines overlap.

    A capture follows the one of its folder that ended before it began; among several, the one of
    its own name but for the digits, then the one that ended last. Where the end is not known
    (packed files), the name decides, and the reader begins a new line if it was wrong. The time
    lines of ``earlier`` runs are followed in the same way.

    The fates are by the first place of a time line, of those that packets tell the times of.
    """
    gone = set(left_out)
    alone: list[list[int]] = []
    folders: dict[tuple[str, str], list[int]] = defaultdict(list)
    together: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, each in enumerate(examined):
        if each.reader is None or place in gone:
            continue
        if each.reader.together and each.source.pipe is None:
            together[each.reader.name, each.source.folder].append(place)
        elif each.begin is None or each.source.pipe is not None:
            alone.append([place])
        else:
            folders[each.reader.name, each.source.folder].append(place)
    found = alone + list(together.values())
    overlapping = []
    fates: dict[int, Fate] = {}
    for (_, folder), places in folders.items():
        absolute = examined[places[0]].source.absolute_folder
        before = [
            _Chain([], line.pattern, line.flows.end, 0, number)
            for number, line in enumerate(earlier)
            if line.folder == absolute
        ]
        lines = _lines(examined, places, before)
        found += [line.places for line in lines]
        newest = max(max(line.end or 0, examined[line.places[-1]].begin or 0) for line in lines)
        for line in lines:
            fates[line.places[0]] = Fate(absolute, line.earlier, newest)
        latest = None
        for line in lines:
            if latest is not None and line.begin < latest - TOLERANCE:
                overlapping.append(folder)
                break
            if line.end is not None:
                latest = max(latest or 0, line.end)
    return sorted(found), overlapping, fates


def _lines(examined: list[Examined], places: list[int], before: list[_Chain]) -> list[_Chain]:
    lines: list[_Chain] = []
    live = before
    for place in sorted(places, key=lambda place: (examined[place].begin or 0, place)):
        each = examined[place]
        begin = each.begin or 0
        end = None
        if each.reader is not None and len(places) > 1 and not each.packed:
            end = each.reader.ends(each.source)
        pattern = pattern_of(each.source)
        live = [line for line in live if line.end is None or begin - line.end <= LONGEST_SILENCE]
        fitting = [
            line
            for line in live
            if (line.pattern == pattern if line.end is None else line.end <= begin + TOLERANCE)
        ]
        if fitting:
            line = max(fitting, key=lambda line: (line.pattern == pattern, line.end or 0))
            if not line.places:
                line.begin = begin
                lines.append(line)
            line.places.append(place)
            line.pattern = pattern
            line.end = None if line.end is None or end is None else max(line.end, end)
        else:
            line = _Chain([place], pattern, end, begin)
            lines.append(line)
            live.append(line)
    return lines


def line_of(found: list[Examined], line: list[int]) -> tuple[Reader, list[Source]]:
    """The sources of a time line, and who reads them."""
    reader = found[line[0]].reader
    assert reader is not None  # noqa: S101 - only files with a reader are in a line
    return reader, [found[place].source for place in line]


def copies(examined: list[Examined]) -> dict[int, tuple[int, str]]:
    """Place of each file whose content another has: place of the first such, own digest.

    Contents are compared unpacked, and only where the first bytes are the same.
    """
    alike: dict[bytes, list[int]] = defaultdict(list)
    for place, each in enumerate(examined):
        if each.reader is not None and each.source.pipe is None:
            alike[each.mark].append(place)
    found = {}
    for places in alike.values():
        sizes = [examined[place].size for place in places]
        first: dict[str, int] = {}
        for place, size in zip(places, sizes, strict=True):
            plain = not any(examined[other].packed for other in places)
            if len(places) == 1 or (plain and sizes.count(size) == 1):
                continue
            try:
                content, own = _digests(examined[place].source)
            except (OSError, DamagedError):
                continue  # reading it will tell
            if content in first:
                found[place] = (first[content], own)
            else:
                first[content] = place
    return found


def _digests(source: Source) -> tuple[str, str]:
    """Digests of the unpacked content and of the file on disk."""
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(CHUNK))
    with source.open() as opened:
        while size := opened.readinto(buffer):
            digest.update(buffer[:size])
        content = digest.hexdigest()
        return content, opened.sha256(content)


def marked(head: bytes) -> tuple[bytes, bool]:
    """Digest of first bytes, and whether they are all there is."""
    return hashlib.sha256(head).digest(), len(head) < HEAD

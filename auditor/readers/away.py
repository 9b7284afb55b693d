"""Time lines, read by a cluster as if they had been read here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.errors import InputError
from auditor.readers.cluster import outcomes
from auditor.readers.pieces import Answer, piece_of
from auditor.readers.streams import Source
from auditor.readers.time_lines import Examined, line_of

if TYPE_CHECKING:
    from auditor.readers.going_on import GoingOn
    from auditor.readers.inputs import Wanted, Watch
    from auditor.readers.parts import Parts


def read_away(
    found: list[Examined],
    lines: list[list[int]],
    wanted: Wanted,
    watch: Watch,
    parts: Parts,
    going_on: GoingOn,
) -> tuple[dict[int, Answer], list[list[int]]]:
    """What a cluster read, by the place of each file, and the lines that can be read only here.

    Raises:
        InputError: the machines of the cluster do not see a file that this one sees.
        StoreError: as ``outcomes``.
    """
    here = [line for line in lines if found[line[0]].source.pipe is not None]
    away = [line for line in lines if found[line[0]].source.pipe is None]
    pieces = [
        piece_of(
            *line_of(found, line),
            wanted.settings,
            wanted.since,
            wanted.until,
            going_on.before(line[0]),
            going_on.keep_from(line[0]),
        )
        for line in away
    ]
    answers: dict[int, Answer] = {}
    for number, outcome in outcomes(wanted.cluster or "", pieces, lambda: watch.advance(0)):
        line = away[number]
        if outcome.unseen:
            piece = pieces[number]
            if all(map(Source.is_there, piece.sources, piece.sizes)):
                raise _unseen(outcome.unseen)
            here.append(line)  # it is gone from here too, by now: that is told of the file
            continue
        answers.update(zip(line, outcome.answers, strict=True))
        for file, table in outcome.tables():
            parts.add(line[file], table)
        before = pieces[number].before
        left = before if outcome.left == before else outcome.left  # the same: nothing was read
        going_on.left(line[0], found[line[-1]].source, left)
        watch.advance(sum(found[place].size for place in line))
    return answers, here


def _unseen(name: str) -> InputError:
    return InputError(
        "is not there for the machines of the cluster as it is for this one",
        place=name,
        hint="Put the inputs on storage that all of them see under the same path, or name them "
        "by an address such as s3://bucket/folder.",
    )

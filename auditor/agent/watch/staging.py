"""What becomes of each file that is new or has changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from auditor.agent.watch.growth import CannotGoOnError, rest_of
from auditor.agent.watch.listing import Seen, stamp_of
from auditor.agent.watch.taken import Taken
from auditor.model.problem import Note, Problem
from auditor.model.text import legible
from auditor.readers.tables.mapping import Mapping

if TYPE_CHECKING:
    from datetime import datetime

    from auditor.agent.watch.news import Candidate, Verdict


class News(NamedTuple):
    """A file that is new or has changed, or still waits."""

    seen: Seen
    first_seen: datetime
    steady: datetime
    released: bool


@dataclass(slots=True)
class Found:
    """What becomes of the news, by kind."""

    ready: list[Taken] = field(default_factory=list)
    waiting: list[tuple[News, str]] = field(default_factory=list)
    known: list[tuple[News, str]] = field(default_factory=list)
    quarantined: list[tuple[News, str]] = field(default_factory=list)

    def unreadable(self, each: News, why: str, note: Note) -> None:
        """A file waits because the disk or the share failed, and that is told."""
        what = f"The file cannot be read now: {why}; it waits."
        hint = "Check the disk or the share, and the space under the data directory."
        note(Problem("unreadable-file", each.seen.name, what, hint, None, each.seen.size))
        self.waiting.append((each, f"cannot be read: {why}"))


@dataclass(frozen=True, slots=True)
class Stage:
    """Makes of each verdict what becomes of the file."""

    scratch: Path
    mappings: tuple[Mapping, ...]
    note: Note
    found: Found

    def put(self, each: News, candidate: Candidate, verdict: Verdict) -> None:
        """Files one candidate under its kind."""
        if verdict.kind == "failed":
            self.found.unreadable(each, verdict.reason, self.note)
        elif verdict.kind == "waits":
            self.found.waiting.append((each, verdict.reason))
        elif verdict.kind == "refused":
            self.found.quarantined.append((each, verdict.reason))
        elif verdict.kind == "known":
            self.found.known.append((each, verdict.reason))
        elif verdict.kind == "copy":
            self._copy(each, verdict)
        elif verdict.kind == "grown":
            self._grown(each, candidate, verdict)
        else:
            if verdict.same_beginning is not None:
                self._odd(each, verdict.same_beginning.name)
            self.found.ready.append(_taken(candidate, verdict))

    def _copy(self, each: News, verdict: Verdict) -> None:
        for place, taken in enumerate(self.found.ready):
            if taken.name == verdict.twin:
                copies = (*taken.copies, each.seen)
                self.found.ready[place] = replace(taken, copies=copies)
                return
        self.found.waiting.append((each, verdict.reason))

    def _grown(self, each: News, candidate: Candidate, verdict: Verdict) -> None:
        assert verdict.base is not None and verdict.length is not None  # noqa: PT018, S101 - what grown means
        span = (verdict.base.size, verdict.length)
        try:
            rest = rest_of(candidate.path, *span, self.scratch / "grown", self.mappings, self.note)
            if _changed(candidate):
                self.found.waiting.append((each, "has not settled yet"))
                return
        except CannotGoOnError as error:
            if each.released:
                self.found.ready.append(_taken(candidate, verdict))
                return
            reason = f"It grew after it was taken, and {error}: its new part cannot be told."
            self.found.quarantined.append((each, reason))
            return
        except OSError as error:
            self.found.unreadable(each, str(error.strerror or error), self.note)
            return
        shown = f"{legible(str(each.seen.path))} (from byte {rest.begin})"
        taken = _taken(candidate, verdict)
        self.found.ready.append(replace(taken, path=rest.path, shown=shown, original=None))

    def _odd(self, each: News, other: str) -> None:
        what = f"It begins as {other}, which was taken, and goes on otherwise; it counts whole."
        hint = "If it is a part or a damaged copy of the other, its flows count twice."
        self.note(Problem("same-beginning", each.seen.name, what, hint))


def _taken(candidate: Candidate, verdict: Verdict) -> Taken:
    seen = candidate.seen
    local = str(candidate.path) == seen.path
    return Taken(
        name=seen.name,
        path=candidate.path,
        shown=legible(seen.path),
        stamp=seen.stamp,
        size=seen.size,
        mark=candidate.facts.mark,
        content=verdict.digest,
        length=verdict.length,
        original=candidate.path if local else None,
        members=tuple(
            (legible(each.source.name), each.facts.mark) for each in candidate.members or ()
        ),
    )


def _changed(candidate: Candidate) -> bool:
    if str(candidate.path) != candidate.seen.path:
        return False
    return stamp_of(candidate.path.stat()) != candidate.seen.stamp

"""Which of the settled files hold something new, and what of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.agent.watch.contents import (
    Budget,
    Digests,
    Facts,
    Member,
    TooLargeError,
    digests_of,
)
from auditor.agent.watch.listing import Seen
from auditor.readers.streams import Source
from auditor.store.files import COPY_OF, Content

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Kept = Mapping[str, Sequence[Content]]


@dataclass(slots=True)
class Candidate:
    """A settled file, its place on this machine, and what its first bytes tell."""

    seen: Seen
    path: Path
    facts: Facts
    members: tuple[Member, ...] | None = None
    released: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a candidate is.

    Attributes:
        kind: new, grown (only what follows ``base`` is new), known, copy (of ``twin``, which is
            new), waits, refused, or failed (the disk or the share did).
        reason: why it waits or is refused, or whose copy it is.
        same_beginning: a content that begins so and goes on otherwise; what is new counts whole.
    """

    kind: str
    reason: str = ""
    digest: str | None = None
    length: int | None = None
    base: Content | None = None
    twin: str = ""
    same_beginning: Content | None = None


@dataclass(slots=True)
class _Placed:
    """Contents of this batch so far: name by digest; lengths of the long ones by mark."""

    names: dict[str, str] = field(default_factory=dict)
    lengths: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


def marks_of(candidates: Iterable[Candidate]) -> set[str]:
    """All marks under which something like these may have been taken."""
    found: set[str] = set()
    for each in candidates:
        for facts in (each.facts, *(member.facts for member in each.members or ())):
            found.update(facts.marks)
            if facts.digest is not None:
                found.add(facts.digest)
    return found


def verdicts(
    candidates: Sequence[Candidate], kept: Kept, company: Mapping[str, int]
) -> dict[str, Verdict]:
    """What each candidate is, by name; contents are read whole only where beginnings agree.

    Args:
        candidates: settled files.
        kept: contents that were taken, by their marks.
        company: how many files there are of each one's series, by its name. Of copies, the one
            with the most company is taken: flows go on from file to file of a series.
    """
    found: dict[str, Verdict] = {}
    alike = Counter(each.facts.mark for each in candidates)
    close: list[tuple[Digests, Candidate, list[Content]]] = []
    for each in candidates:
        facts, rows = each.facts, _rows(each.facts, kept)
        try:
            if each.members is not None:
                found[each.seen.name] = _of_archive(each, rows, kept)
            elif rows or (facts.digest is None and alike[facts.mark] > 1):
                close.append((_digests(each, (row.size for row in rows)), each, rows))
            elif facts.digest is not None:
                close.append((Digests(facts.length or 0, facts.digest), each, rows))
            else:
                found[each.seen.name] = Verdict("new", "", None, facts.length)
        except OSError as error:
            found[each.seen.name] = _unread(error)
        except TooLargeError as error:
            found[each.seen.name] = _beyond(each, error)
    placed = _Placed()

    def turn(it: tuple[Digests, Candidate, list[Content]]) -> tuple[int, int, str]:
        name = it[1].seen.name
        return it[0].length, -company.get(name, 0), name

    for digests, each, rows in sorted(close, key=turn):
        try:
            found[each.seen.name] = _verdict(each, digests, rows, placed)
        except OSError as error:
            found[each.seen.name] = _unread(error)
        except TooLargeError as error:
            found[each.seen.name] = _beyond(each, error)
    return found


def _verdict(each: Candidate, digests: Digests, rows: list[Content], placed: _Placed) -> Verdict:
    name, mark = each.seen.name, each.facts.mark
    known = _same(digests, rows)
    if known is not None:
        return Verdict("known", _copy_of(known.name, name), digests.whole, digests.length)
    if digests.whole in placed.names:
        twin = placed.names[digests.whole]
        return Verdict("copy", _copy_of(twin, name), digests.whole, digests.length, twin=twin)
    shorter = {length for length in placed.lengths[mark] if length < digests.length}
    if shorter:
        again = _digests(each, shorter)
        for length in sorted(shorter):
            first = placed.names.get(again.until.get(length, ""))
            if first is not None:
                return Verdict("waits", f"goes on from {first}, which is taken first")
    placed.names[digests.whole] = name
    if each.facts.digest is None:  # what is short may be no more than the head of its format
        placed.lengths[mark].add(digests.length)
    base = _beginning(digests, rows)
    if base is not None:
        return Verdict("grown", "", digests.whole, digests.length, base)
    other = next((row for row in rows if row.mark in each.facts.telling), None)
    if other is not None and other.name == name and not each.released:
        return Verdict(
            "refused",
            "It was taken before and has changed in its middle since: what of it is new cannot "
            "be told. Released, it is taken whole, and what it held before counts twice. Of files "
            "that are written anew as they grow, raise `settle` beyond the time that this takes.",
        )
    return Verdict("new", "", digests.whole, digests.length, same_beginning=other)


def _of_archive(each: Candidate, rows: list[Content], kept: Kept) -> Verdict:
    digests = _digests(each, ())
    known = _same(digests, rows)
    if known is not None:
        return Verdict("known", _copy_of(known.name, each.seen.name), digests.whole, digests.length)
    members = each.members or ()
    budget = Budget.of(each.seen.size)
    before = sum(_was_taken(member, kept, budget) for member in members)
    if members and before == len(members):
        return Verdict("known", "all its members were taken before", digests.whole, digests.length)
    if before and not each.released:
        return Verdict(
            "refused",
            f"{before:,} of its {len(members):,} members were taken before, in whole or in part. "
            "Unpack it and put the others into the folder; released, it is taken whole.",
        )
    return Verdict("new", "", digests.whole, digests.length)


def _was_taken(member: Member, kept: Kept, budget: Budget) -> bool:
    rows = _rows(member.facts, kept)
    if not rows:
        return False
    digests = digests_of(member.source, (row.size for row in rows), None, budget)
    return _same(digests, rows) is not None or _beginning(digests, rows) is not None


def _rows(facts: Facts, kept: Kept) -> list[Content]:
    """What was taken and may be this, or its beginning; what held no record has no mark."""
    return [row for mark in {*facts.marks, facts.digest or ""} for row in kept.get(mark, ())]


def _same(digests: Digests, rows: Iterable[Content]) -> Content | None:
    return next((row for row in rows if row.sha256 == digests.whole), None)


def _beginning(digests: Digests, rows: Iterable[Content]) -> Content | None:
    """The longest content that these bytes begin with."""
    shorter = (
        row
        for row in rows
        if row.size < digests.length and digests.until.get(row.size) == row.sha256
    )
    return max(shorter, key=lambda row: row.size, default=None)


def _digests(each: Candidate, lengths: Iterable[int]) -> Digests:
    if each.facts.packed:
        return digests_of(Source(each.path), lengths, None, Budget.of(each.seen.size))
    return digests_of(Source(each.path), lengths, each.seen.size)


def _copy_of(other: str, name: str) -> str:
    return "as it was when it was taken" if other == name else f"{COPY_OF}{other}"


def _beyond(each: Candidate, error: TooLargeError) -> Verdict:
    if each.released:
        return Verdict("new")
    return Verdict(
        "refused",
        f"Whether it was taken before cannot be told: {error}. Released, it is taken whole.",
    )


def _unread(error: OSError) -> Verdict:
    return Verdict("failed", str(error.strerror or error))

"""One look at a job's sources: what is ready to be audited, what waits, what cannot be read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from auditor.agent.watch.contents import (
    MOST_MEMBERS,
    TooLargeError,
    archive_of,
    ends_open,
    facts_of,
    members_of,
)
from auditor.agent.watch.listing import Listing, Seen, listed
from auditor.agent.watch.news import Candidate, marks_of, verdicts
from auditor.agent.watch.settling import is_temporary, newest, series_of, settled, steady_since
from auditor.agent.watch.staging import Found, News, Stage
from auditor.agent.watch.taken import Taken
from auditor.model.problem import Problem
from auditor.model.text import legible
from auditor.readers.streams import Source as Input
from auditor.store import files
from auditor.store.files import FileRow, Held

if TYPE_CHECKING:
    from auditor.agent.settings import Job
    from auditor.model.problem import Note
    from auditor.readers.tables.mapping import Mapping
    from auditor.store import Store
    from auditor.store.files import Known, Wait

MOST_OPENED: Final = 100_000
"""Files, and members of archives, that one look opens; the others wait for the next."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found.

    Attributes:
        ready: to be audited now.
        waiting: not yet, and why.
        known: files that hold nothing new, found by this look, and why.
        quarantined: files that this look could not read, and why; ``store.files`` has all.
        vanished: files that went away before they were taken.
        seen: how many files the sources show.
        oldest: since when the oldest of what is ready or waits has been there.
    """

    ready: tuple[Taken, ...] = ()
    waiting: tuple[Held, ...] = ()
    known: tuple[Held, ...] = ()
    quarantined: tuple[Held, ...] = ()
    vanished: tuple[str, ...] = ()
    seen: int = 0
    oldest: datetime | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many files are in each state."""
        return {
            "seen": self.seen,
            "ready": len(self.ready),
            "waiting": len(self.waiting),
            "known": len(self.known),
            "quarantined": len(self.quarantined),
            "vanished": len(self.vanished),
        }


def look(
    job: Job,
    store: Store,
    now: datetime,
    scratch: Path,
    note: Note,
    *,
    without: frozenset[str] = frozenset(),
) -> Look:
    """What of a job's sources is ready, and remembers what it saw.

    Nothing that was taken is opened again while its stamp is the same. What is ready stays waiting
    in the store until ``committed``: a crash in between loses nothing and counts nothing.

    Args:
        job: its sources are looked at.
        store: remembers files and contents.
        now: the clock.
        scratch: an empty folder; downloads and the new parts of grown files are put there, and
            are needed until the run is over.
        note: is told of sources that cannot be listed, and of what is odd.
        without: names of files that changed under the last run: this time they wait.

    Raises:
        PolicyError: a bucket's settings or secrets are wrong, or a mapping is.
        StoreError: the store does not answer, or is full.
    """
    listing = listed(job.sources, note)
    with store.reading() as connection:
        known = files.known(connection, job.name)
        waits = files.waits(connection, job.name)
    news = [
        _news_of(seen, known.get(name), waits.get(name), now)
        for name, seen in listing.files.items()
        if (row := known.get(name)) is None or row.stamp != seen.stamp or row.state in files.OPEN
    ]
    vanished = _vanished(listing, known, news, note)
    found = Found()
    settled_now = [each for each in news if _is_settled(each, job, listing, now, without, found)]
    settled_now = _in_turn(settled_now, found)
    candidates = _candidates(settled_now, job, scratch, now, note, found)
    with store.reading() as connection:
        kept = files.with_marks(connection, job.name, marks_of(candidates))
    by_name = {each.seen.name: each for each in settled_now}
    decided = verdicts(candidates, kept, _company(candidates, listing))
    stage = Stage(scratch, _mappings(job), note, found)
    for candidate in candidates:
        stage.put(by_name[candidate.seen.name], candidate, decided[candidate.seen.name])
    _remembered(job, store, now, listing, known, by_name, found)
    return _look(listing, found, by_name, vanished)


def _news_of(seen: Seen, row: Known | None, wait: Wait | None, now: datetime) -> News:
    released = row is not None and row.state == "released" and row.stamp == seen.stamp
    if row is None or wait is None:
        return News(seen, now, now, released)
    if row.stamp != seen.stamp:
        return News(seen, min(wait.first_seen, now), now, released)
    steady = steady_since(wait.steady_since.timestamp(), now.timestamp())
    return News(
        seen, min(wait.first_seen, now), datetime.fromtimestamp(steady, UTC), released
    )  # fmt: skip


def _is_settled(
    each: News, job: Job, listing: Listing, now: datetime, without: frozenset[str], found: Found
) -> bool:
    """Whether a file may be opened; what may not is put to what waits, with the reason."""
    source = job.sources[each.seen.source]
    reason = ""
    if is_temporary(each.seen.path.rpartition("/")[2]):
        reason = "has the name of a copy that is not whole yet"
    elif each.seen.name in without:
        reason = "changed while it was read"
    elif not _stood(each, source.settle.total_seconds(), now):
        reason = "has not settled yet"
    elif (
        source.rotating
        and not _stood(each, source.silent.total_seconds(), now)
        and each.seen.name in _newest(listing)
    ):
        reason = "is the newest of its series"
    if reason:
        found.waiting.append((each, reason))
    return not reason


def _in_turn(settled_now: list[News], found: Found) -> list[News]:
    """As many files as one look opens, those that have waited longest first."""
    if len(settled_now) <= MOST_OPENED:
        return settled_now
    settled_now.sort(key=lambda each: (each.first_seen, each.seen.written))
    found.waiting += [(each, "waits for its turn") for each in settled_now[MOST_OPENED:]]
    return settled_now[:MOST_OPENED]


def _stood(each: News, span: float, now: datetime) -> bool:
    return settled(each.seen.written, each.steady.timestamp(), span, now.timestamp())


def _newest(listing: Listing) -> frozenset[str]:
    if listing.newest is None:
        listing.newest = newest(listing.files.values())
    return listing.newest


def _vanished(
    listing: Listing, known: dict[str, Known], news: list[News], note: Note
) -> tuple[str, ...]:
    """Files that went before they were taken; what was only renamed or packed is not among them."""
    if not listing.complete:
        return ()
    missed = [name for name, row in known.items() if not row.gone and name not in listing.files]
    if not missed:
        return ()
    for folder in listing.bare:
        lost = sum(name.startswith(f"{folder}/") for name in missed)
        if lost:
            what = f"The folder is empty; at the last look it held {lost:,} files."
            hint = "If a share should be mounted there, mount it: files are known by their content."
            note(Problem("source-empty", legible(folder), what, hint, count=lost))
    renamed = {_same_file(each.seen.stamp) for each in news}
    series = {series_of(each.seen.name) for each in news}
    vanished = tuple(
        name
        for name in missed
        if known[name].state in files.OPEN
        and _same_file(known[name].stamp) not in renamed
        and series_of(name) not in series
    )
    for name in vanished:
        what = "The file went away before it was taken: nothing of it was audited."
        note(Problem("vanished-file", name, what, "Keep files until they were taken."))
    return vanished


def _same_file(stamp: str) -> tuple[str, ...]:
    """What a rename does not change: size, time of the content, inode."""
    parts = stamp.split("-")
    return (*parts[:2], parts[-1])


def _candidates(
    news: list[News], job: Job, scratch: Path, now: datetime, note: Note, found: Found
) -> list[Candidate]:
    """Settled files that could be opened; downloaded where they lie elsewhere."""
    paths = _downloads(news, job, scratch, note)
    candidates, room = [], MOST_OPENED
    for each in sorted(news, key=lambda each: each.seen.path):
        source = job.sources[each.seen.source]
        path = paths.get(each.seen.name) if source.bucket else Path(each.seen.path)
        if path is None:
            found.waiting.append((each, "was not downloaded"))
            continue
        try:
            candidate = _candidate(each, path, room)
            if candidate is None:
                found.waiting.append((each, "waits for its turn"))
                continue
            room -= len(candidate.members or ())
            open_end = (
                source.bucket is None
                and candidate.facts.is_text
                and not candidate.facts.packed
                and not each.released
                and not _stood(each, source.silent.total_seconds(), now)
                and ends_open(path, each.seen.size)
            )
        except TooLargeError as error:
            found.quarantined.append((each, str(error)))
        except PermissionError as error:
            found.quarantined.append((each, f"This user may not read it: {error.strerror}."))
        except OSError as error:
            found.unreadable(each, str(error.strerror or error), note)
        else:
            if candidate.facts.length == 0:
                found.known.append((each, "is empty"))
            elif open_end:
                found.waiting.append((each, "its last line has no end yet"))
            else:
                candidates.append(candidate)
    return candidates


def _company(candidates: list[Candidate], listing: Listing) -> dict[str, int]:
    """How many files there are of each candidate's series, by its name."""
    if len(candidates) < 2:
        return {}
    sizes = Counter(series_of(seen.path) for seen in listing.files.values())
    return {each.seen.name: sizes[series_of(each.seen.path)] for each in candidates}


def _candidate(each: News, path: Path, room: int) -> Candidate | None:
    """What the first bytes of a file tell; null if it has more members than there is room for.

    Raises:
        OSError: it cannot be read.
        TooLargeError: it has more members than are ever compared.
    """
    facts = facts_of(Input(path), each.seen.size)
    found = None if facts.packed else archive_of(path)
    if found is None:
        return Candidate(each.seen, path, facts, None, each.released)
    if len(found) > MOST_MEMBERS:
        what = f"It has more than {MOST_MEMBERS:,} members: unpack it into the folder."
        raise TooLargeError(what)
    if len(found) > room:
        return None
    return Candidate(each.seen, path, facts, members_of(found), each.released)


def _downloads(news: list[News], job: Job, scratch: Path, note: Note) -> dict[str, Path]:
    paths: dict[str, Path] = {}
    for number, source in enumerate(job.sources):
        wanted = [each.seen for each in news if each.seen.source == number]
        if source.bucket is not None and wanted:
            from auditor.agent.watch import buckets  # late: few jobs have one

            folder = scratch / f"bucket-{number}"
            paths |= buckets.fetched(source, f"sources.{number}", wanted, folder, note)
    return paths


def _mappings(job: Job) -> tuple[Mapping, ...]:
    if not job.mappings:
        return ()
    from auditor.readers.tables.mapping import load_mapping

    return tuple(load_mapping(path) for path in job.mappings)


def _remembered(
    job: Job,
    store: Store,
    now: datetime,
    listing: Listing,
    known: dict[str, Known],
    news: dict[str, News],
    found: Found,
) -> None:
    """Writes what the look found, in one transaction, if there is anything."""
    rows = [_row(each, "waiting", reason) for each, reason in found.waiting]
    rows += [_row(each, "known", reason) for each, reason in found.known]
    rows += [_row(each, "quarantined", reason) for each, reason in found.quarantined]
    for taken in found.ready:
        rows.append(_row(news[taken.name], "waiting", None))
        rows += [_row(news[copy.name], "waiting", None) for copy in taken.copies]
    missed: list[str] = []
    if listing.complete:
        missed = [name for name, row in known.items() if not row.gone and name not in listing.files]
    there = {row.name for row in rows}
    back = [
        name
        for name, row in known.items()
        if row.gone and name in listing.files and name not in there
    ]
    gone = any(row.gone for row in known.values())
    if not (rows or missed or back or gone):
        return
    with store.writing() as connection:
        files.put(connection, job.name, rows)
        files.missed(connection, job.name, missed, now)
        files.back(connection, job.name, back)
        files.forgotten(connection, job.name, now - files.FORGET_AFTER)


def _row(each: News, state: str, reason: str | None) -> FileRow:
    if each.released and state == "waiting":
        state = "released"
    return FileRow(
        each.seen.name,
        each.seen.stamp,
        each.seen.size,
        state,
        each.first_seen,
        each.steady,
        reason,
    )


def _look(listing: Listing, found: Found, news: dict[str, News], vanished: tuple[str, ...]) -> Look:
    def held(some: list[tuple[News, str]]) -> tuple[Held, ...]:
        return tuple(
            Held(each.seen.name, each.seen.size, reason, each.first_seen) for each, reason in some
        )

    since = [each.first_seen for each, _ in found.waiting]
    since += [news[taken.name].first_seen for taken in found.ready]
    return Look(
        ready=tuple(found.ready),
        waiting=held(found.waiting),
        known=held(found.known),
        quarantined=held(found.quarantined),
        vanished=vanished,
        seen=len(listing.files),
        oldest=min(since, default=None),
    )

"""Everything that knows about places, opened; and which builds fit the time of the traffic."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from auditor.geo.databases import GeoDatabase
from auditor.geo.decision import Origin
from auditor.geo.host_names import HostNames
from auditor.geo.overrides import Overrides
from auditor.geo.statements import Source
from auditor.model.run import DataSource

OLD: Final = timedelta(days=400)
"""So far from the time of the traffic, data about places is old: addresses change hands."""

_DAY_IN_NAME: Final = re.compile(
    r"(?:^|[-_. ])(?:19|20)\d{2}[-_.]?(?:0[1-9]|1[0-2])(?:[-_.]?(?:0[1-9]|[12]\d|3[01]))?(?!\d)"
)
"""A day or a month, apart from letters and other digits: ``AS201011`` names a network."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What decides about flows of one span of time.

    Attributes:
        databases: with whether they are old for these flows, in the order of precedence.
        ranges: lists of ranges, likewise.
        overrides: what the user states of that time; null = nothing.
    """

    databases: tuple[tuple[GeoDatabase, Origin], ...]
    ranges: tuple[tuple[Source, Origin], ...]
    overrides: Source | None = None


@dataclass(frozen=True)  # no slots: what is worked out once is kept
class GeoData:
    """What knows about places.

    Attributes:
        databases: every build of every database.
        ranges: every build of every list of ranges.
        overrides: the user's own statements, those with an end until then; null = there are none.
        names: what the names of servers say; null = not known.
        distances: least distance from Vietnam to a country, in km.
        registrations: country that an autonomous system is registered in, by its number.
        sources: all of it as sources of a run.
    """

    databases: tuple[GeoDatabase, ...]
    ranges: tuple[Source, ...] = ()
    overrides: Overrides | Source | None = None
    names: HostNames | None = None
    distances: Mapping[str, int] = field(default_factory=dict)
    registrations: Mapping[int, str] = field(default_factory=dict)
    sources: tuple[DataSource, ...] = ()

    def editions(self, starts: np.ndarray) -> tuple[list[Edition], np.ndarray]:
        """The editions that flows need, and for each flow the index of its own (int64).

        Args:
            starts: when each flow began (int64, ns since 1970 in UTC).
        """
        spans = np.searchsorted(self._boundaries, starts, side="right")
        codes, distinct = pd.factorize(spans)
        needed: list[Edition] = []
        of_span: list[int] = []
        for span in distinct.tolist():
            edition = self._of_span(span)
            if edition not in needed:
                needed.append(edition)
            of_span.append(needed.index(edition))
        return needed, np.array(of_span, dtype=np.int64)[codes]

    def newest(self) -> Edition:
        """The newest builds: for questions without a time."""
        return self._nearest(None)

    def at(self, moment: datetime) -> Edition:
        """The builds nearest to a moment."""
        return self._nearest(int(moment.timestamp()) * 10**9)

    def _of_span(self, span: int) -> Edition:
        cuts = self._boundaries
        if not len(cuts):
            return self._nearest(None)
        return self._nearest(int(cuts[span - 1]) if span else int(cuts[0]) - 1)

    @cached_property
    def _groups(self) -> list[list[tuple[GeoDatabase | Source, date | None]]]:
        """Databases and lists, those that are builds of one another together, oldest first."""
        groups: dict[tuple[str, str], list[tuple[GeoDatabase | Source, date | None]]] = {}
        for each in self.databases:
            stem = _DAY_IN_NAME.sub("", each.database.name)
            groups.setdefault((each.database.kind, stem), []).append((each, _day(each)))
        for source in self.ranges:
            groups.setdefault(("ranges", source.publisher), []).append((source, source.built))
        for group in groups.values():
            group.sort(key=lambda pair: pair[1] or date.min)
        return list(groups.values())

    @cached_property
    def _boundaries(self) -> np.ndarray:
        """Where another build becomes the nearest, or one becomes old (int64, ns), ascending."""
        cuts: set[int] = set()
        for group in self._groups:
            days = [day for _, day in group if day is not None]
            cuts |= {(_ns(a) + _ns(b)) // 2 + 1 for a, b in pairwise(days) if a != b}
            cuts |= {_ns(day) - _OLD_NS + 1 for day in days}
            cuts |= {_ns(day) + _OLD_NS for day in days}
        cuts |= set(self._endings)
        return np.array(sorted(cuts), dtype=np.int64)

    @cached_property
    def _endings(self) -> list[int]:
        """When overrides end: with the last day of theirs, in Vietnam (ns), ascending."""
        if not isinstance(self.overrides, Overrides):
            return []
        last = {each.until for each in self.overrides.entries if each.until is not None}
        return sorted(_ns(day) + _DAY_NS - _VIETNAM_NS for day in last)

    @cached_property
    def _stated(self) -> dict[int, Source]:
        """The overrides that hold, by how many ends have passed."""
        if self.overrides is None:
            return {}
        if not isinstance(self.overrides, Overrides):
            return {0: self.overrides}
        ends = [datetime.fromtimestamp((ns + _VIETNAM_NS) // 10**9, UTC) for ns in self._endings]
        days = [date.min, *(end.date() for end in ends)]
        return {number: self.overrides.source_on(day) for number, day in enumerate(days)}

    def _nearest(self, moment: int | None) -> Edition:
        """The build of each group nearest to ``moment`` (ns); the newest for null."""
        databases: list[tuple[GeoDatabase, Origin]] = []
        ranges: list[tuple[Source, Origin]] = []
        for group in self._groups:
            day = _chosen(group, moment)
            old = day is not None and moment is not None and abs(moment - _ns(day)) >= _OLD_NS
            # a publisher may give one day's data in several files; a database is one file
            for each in [each for each, built in group if built == day]:
                if isinstance(each, GeoDatabase):
                    name, licence = each.database.name, each.source.licence
                    databases.append((each, Origin(name, day, licence, old, each.maker)))
                else:
                    ranges.append((each, Origin(each.name, day, each.licence, old)))
        return Edition(tuple(databases), tuple(ranges), self._held(moment))

    def _held(self, moment: int | None) -> Source | None:
        """What the user states of a moment (ns); of today for null."""
        if moment is None and isinstance(self.overrides, Overrides):
            moment = _ns(self.overrides.today)
        return self._stated.get(bisect_right(self._endings, moment or 0))


_DAY_NS: Final = 86_400 * 10**9
_VIETNAM_NS: Final = 7 * 3600 * 10**9
"""Ahead of UTC: days are Vietnam's."""
_MOST_NS: Final = 1 << 62
"""No build is farther from 1970 than this; a database may claim any day."""
_OLD_NS: Final = int(OLD.total_seconds()) * 10**9


def _chosen(
    group: list[tuple[GeoDatabase | Source, date | None]], moment: int | None
) -> date | None:
    """The day of the build nearest to ``moment``, of two equally near the older; null = undated."""
    days = [day for _, day in group if day is not None]
    if not days:
        return None
    return days[-1] if moment is None else min(days, key=lambda day: abs(moment - _ns(day)))


def _day(database: GeoDatabase) -> date | None:
    built = database.database.built
    return built.date() if built else None


def _ns(day: date) -> int:
    nanoseconds = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 10**9
    return max(-_MOST_NS, min(_MOST_NS, nanoseconds))

"""How far the data about places is from the time of the traffic it decided about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.model.problem import Problem

if TYPE_CHECKING:
    from auditor.geo.geodata import GeoData

_STEP: Final = timedelta(days=10)
"""Moments that are asked about; an age may be told so much too small."""
_YEAR: Final = 365.25
_MOST: Final = 1 << 62
"""Nanoseconds from 1970: a log may claim any time."""


def old_databases(geodata: GeoData, first: datetime, last: datetime) -> list[Problem]:
    """One problem for each database or list of ranges that is old for some of the traffic.

    Args:
        geodata: what decided.
        first: when the traffic began.
        last: when it ended.
    """
    moments = _moments(first, last)
    editions, codes = geodata.editions(moments)
    ages: dict[tuple[str, date], int] = {}
    for number, edition in enumerate(editions):
        its = moments[codes == number]
        for _, origin in (*edition.databases, *edition.ranges):
            if origin.old and origin.built is not None:
                built = (origin.built - date(1970, 1, 1)).days
                days = its // _DAY - built
                age = int(days[np.argmax(np.abs(days))])
                key = (origin.name, origin.built)
                ages[key] = max(ages.get(key, 0), age, key=abs)
    return [_problem(name, built, age) for (name, built), age in sorted(ages.items())]


_DAY: Final = 86_400 * 10**9


def _moments(first: datetime, last: datetime) -> np.ndarray:
    begin, end = (_nanoseconds(each) for each in (first, max(first, last)))
    step = int(_STEP.total_seconds()) * 10**9
    return np.array([*range(begin, end, step), end], dtype=np.int64)


def _nanoseconds(moment: datetime) -> int:
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    nanoseconds = since // timedelta(microseconds=1) * 1000
    return max(-_MOST, min(_MOST, nanoseconds))


def _problem(name: str, built: date, age: int) -> Problem:
    side = "older" if age > 0 else "newer"
    years = f"{abs(age) / _YEAR:.1f} years"
    return Problem(
        code="geo-database-old",
        source=name,
        message=f"The data of {name} is of {built.isoformat()}, {abs(age):,} days ({years}) {side} "
        "than the traffic it decided about: addresses change hands, and what rests on it alone "
        "is weak.",
        hint="Put a build from the time of the traffic into the folder of geo data; several builds "
        "may lie there, the nearest decides. `auditor geoip replay` shows what it changes.",
    )

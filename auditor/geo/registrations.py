"""Where autonomous systems are registered: ``as-countries.csv`` of the geo folder.

Nobody tells it: it is derived from the databases of the folder. A system counts as registered in
the country that holds more than half of the addresses it announces; without such a country nothing
is said of it. Systems that announce IPv6 alone are weighed by their /48s.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from auditor.geo.database import UnusableError
from auditor.geo.networks import answers_of, blocks
from auditor.geo.regular_files import content_of
from auditor.model.errors import GeoDataError
from auditor.model.text import legible

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.geo.database import Database

FILE_NAME: Final = "as-countries.csv"
MOST_BYTES: Final = 16 << 20
_COLUMNS: Final = "asn,country,percent"
_ROWS: Final = re.compile(rb"(?:[1-9][0-9]{0,9},[A-Z]{2},(?:100|[5-9][0-9])\n)++")
_ROW: Final = re.compile(r"[1-9][0-9]{0,9},[A-Z]{2},(?:100|[5-9][0-9])")
_FROM: Final = re.compile(
    r"# from: ([A-Za-z0-9][A-Za-z0-9._-]{0,99}) ([0-9]{4}-[0-9]{2}-[0-9]{2}|-) ([0-9a-f]{64})"
)
_MOST_COMMENTS: Final = 50
_HINT: Final = (
    "Derive the file anew with `auditor geoip build`; without it the folder works too, but the "
    "countries of network owners are not known."
)


@dataclass(frozen=True, slots=True)
class Base:
    """A database that registrations were derived from.

    Attributes:
        built: the day of its data; null = not known.
        sha256: hex digest of the file.
    """

    name: str
    built: date | None
    sha256: str


class Registrations(Mapping[int, str]):
    """By the number of an autonomous system, the country it is registered in (alpha-2).

    Attributes:
        name: the file's name.
        sha256: hex digest of the file.
        bases: what it was derived from.
    """

    def __init__(
        self, countries: dict[int, str], name: str, sha256: str, bases: tuple[Base, ...]
    ) -> None:
        self._countries = countries
        self.name = name
        self.sha256 = sha256
        self.bases = bases

    def __getitem__(self, number: int) -> str:
        return self._countries[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._countries)

    def __len__(self) -> int:
        return len(self._countries)

    @property
    def built(self) -> date | None:
        """The day of the oldest data it was derived from; null = not known."""
        days = [base.built for base in self.bases if base.built is not None]
        return min(days) if len(days) == len(self.bases) else None


def load_registrations(path: Path) -> Registrations:
    """The registrations that a file of ``derived`` holds.

    Raises:
        GeoDataError: it cannot be read, or is not of that form; with the line.
    """
    try:
        content = content_of(path, MOST_BYTES)
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise _wrong(path, f"is larger than {MOST_BYTES >> 20} MiB")
    bases, begin, line = _head(path, content)
    rows = content[begin:]
    if _ROWS.fullmatch(rows) is None:
        raise _first_wrong(path, rows, line)
    values = rows.replace(b"\n", b",").decode("ascii").split(",")
    numbers = list(map(int, values[:-1:3]))
    ascending = np.diff(np.array(numbers, dtype=np.int64)) > 0
    if not ascending.all():
        at = line + 1 + int(np.argmin(ascending))
        raise _wrong(path, "numbers must ascend, each once", at)
    if numbers[-1] >= 1 << 32:
        raise _wrong(path, f"{numbers[-1]} is no AS number", line + len(numbers) - 1)
    countries = dict(zip(numbers, values[1::3], strict=True))
    return Registrations(countries, path.name, hashlib.sha256(content).hexdigest(), bases)


def _head(path: Path, content: bytes) -> tuple[tuple[Base, ...], int, int]:
    """What it was derived from; where the rows begin, and on which line."""
    bases: list[Base] = []
    begin = 0
    for number in range(1, _MOST_COMMENTS + 1):
        end = content.find(b"\n", begin, begin + 1000)
        if end < 0:
            break
        line = content[begin:end].decode("utf-8", "surrogateescape")
        begin = end + 1
        if line == _COLUMNS:
            if not bases:
                raise _wrong(path, "does not say what it was derived from", number)
            return tuple(bases), begin, number + 1
        if not line.startswith("#"):
            raise _wrong(path, f"the line before the rows is not {_COLUMNS!r}", number)
        if line.startswith("# from: "):
            bases.append(_base(path, line, number))
    raise _wrong(path, f"has no line {_COLUMNS!r}")


def _base(path: Path, line: str, number: int) -> Base:
    told = _FROM.fullmatch(line)
    try:
        if told is not None:
            built = None if told[2] == "-" else date.fromisoformat(told[2])
            return Base(told[1], built, told[3])
    except ValueError:  # a day that no calendar has
        pass
    raise _wrong(path, "is not of the form '# from: FILE DAY SHA-256'", number)


def _first_wrong(path: Path, rows: bytes, line: int) -> GeoDataError:
    text = rows.decode("utf-8", "surrogateescape")
    if not text:
        return _wrong(path, "holds no registrations")
    for number, row in enumerate(text.split("\n"), start=line):
        if _ROW.fullmatch(row) is None:
            shown = ascii(legible(row[:40]))
            return _wrong(path, f"{shown} is no row such as 15169,US,98", number)
    return _wrong(path, "its last line is cut off")


def _wrong(path: Path, what: str, line: int | None = None) -> GeoDataError:
    place = legible(str(path))
    return GeoDataError(what, place=place if line is None else f"{place}:{line}", hint=_HINT)


@dataclass(frozen=True, slots=True)
class Derived:
    """What was derived.

    Attributes:
        text: of the file.
        systems: autonomous systems that announce anything.
        registered: those with a country.
        split: those of which no country holds more than half.
        unplaced: those of which more than half lies in no country at all.
    """

    text: str
    systems: int
    registered: int
    split: int
    unplaced: int


def derived(owners: Database, places: Database) -> Derived:
    """The registrations that follow from a database of network owners and one of countries.

    Raises:
        UnusableError: one of them holds nothing of the kind, or its search tree is no tree.
    """
    four, six = (_weighed(owners, places, family) for family in (4, 6))
    by_country = pd.concat([four, six[~six["asn"].isin(four["asn"])]])
    if by_country.empty:
        raise UnusableError(
            "holds no network owners", "Name a database of autonomous systems with --asn."
        )
    sums = by_country.groupby(["asn", "country"], as_index=False)["weight"].sum()
    sums["share"] = sums["weight"] / sums.groupby("asn")["weight"].transform("sum")
    most = sums[sums["share"] > 0.5]
    placed = most[most["country"] != ""].sort_values("asn")
    if placed.empty:
        raise UnusableError("holds no countries", "Name a database of countries with --country.")
    percents = np.floor(placed["share"].to_numpy() * 100).astype(np.int64)  # 99.9 is not all
    rows = zip(placed["asn"].tolist(), placed["country"], percents.tolist(), strict=True)
    systems = int(sums["asn"].nunique())
    return Derived(
        "\n".join([*_header(owners, places), *(f"{n},{c},{p}" for n, c, p in rows), ""]),
        systems,
        len(placed),
        systems - len(most),
        len(most) - len(placed),
    )


def _weighed(owners: Database, places: Database, family: int) -> pd.DataFrame:
    """Autonomous system, country (empty = none) and how much of it lies there."""
    found = blocks(owners, places, family)
    owner_codes, owner_places = pd.factorize(found.first)
    place_codes, place_places = pd.factorize(found.second)
    numbers = [answer.asn or 0 for answer in answers_of(owners, owner_places)]
    known = place_places >= 0
    countries = np.full(len(place_places), "", dtype=object)
    countries[known] = [answer.country or "" for answer in answers_of(places, place_places[known])]
    weights = 2.0 ** ((32 if family == 4 else 48) - found.bits)
    pairs = owner_codes.astype(np.int64) * max(len(place_places), 1) + place_codes
    codes, distinct = pd.factorize(pairs)
    owner, place = np.divmod(distinct, max(len(place_places), 1))
    table = pd.DataFrame(
        {
            "asn": np.array(numbers, dtype=np.int64)[owner],
            "country": countries[place],
            "weight": np.bincount(codes, weights, len(distinct)),
        }
    )
    return table[table["asn"] > 0]


def _header(owners: Database, places: Database) -> list[str]:
    lines = [
        "# The country that each autonomous system is taken to be registered in: the one that",
        "# holds more than half of the addresses it announces. Derived, told by nobody; written",
        "# by `auditor geoip build`. percent: its share, rounded down; a system without such a",
        "# country has no row; systems that announce IPv6 alone are weighed by their /48s.",
    ]
    for base in (owners, places):
        day = base.built.date().isoformat() if base.built else "-"
        lines.append(f"# from: {base.name} {day} {base.sha256}")
    return [*lines, _COLUMNS]

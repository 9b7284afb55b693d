"""How far countries are from home: ``distances.csv`` of the geo folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.geo.regular_files import content_of
from auditor.model.errors import GeoDataError
from auditor.model.text import legible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE_NAME: Final = "distances.csv"
FARTHEST: Final = 20_038
"""Kilometres: half the equator; no two places are farther apart."""

_HEADER: Final = "country,km"
_ROW: Final = re.compile(r"([A-Z]{2}),(0|[1-9][0-9]{0,4})")
_MOST_BYTES: Final = 1 << 16
_HINT: Final = (
    "Restore the file that came with auditor, or build it again with geoip/outlines.py; without "
    f"{FILE_NAME} the folder works too, but handshakes are not compared with distances."
)


@dataclass(frozen=True, slots=True)
class Distances:
    """Least distances from Vietnam to countries, never too large.

    Attributes:
        kilometres: by ISO 3166-1 alpha-2; 0 = a neighbour, or home.
        source: where the outlines come from, in the file's words; empty = it does not say.
        sha256: hex digest of the file.
    """

    kilometres: Mapping[str, int]
    source: str
    sha256: str

    @classmethod
    def load(cls, path: Path) -> Distances:
        """The distances that a file gives: lines of ``#`` comments, ``country,km``, the rows.

        Raises:
            GeoDataError: it cannot be read, or a line is not of that form.
        """
        try:
            content = content_of(path, _MOST_BYTES)
            lines = content.decode("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise _wrong(path, f"cannot be read: {error}") from error
        if len(content) > _MOST_BYTES:
            raise _wrong(path, f"is larger than {_MOST_BYTES:,} bytes")
        comments = [line for line in lines if line.startswith("#")]
        sources = [line for line in comments if line.startswith("# Source: ")]
        return cls(
            _rows(path, lines),
            legible(sources[0].removeprefix("# Source: ")) if sources else "",
            hashlib.sha256(content).hexdigest(),
        )

    def km(self, country: str | None) -> int | None:
        """The least distance to ``country`` (alpha-2); null = not known."""
        return None if country is None else self.kilometres.get(country)

    def of(self, countries: Sequence[str | None]) -> np.ndarray:
        """The same for many (float64); nan = not known."""
        return np.array([self.kilometres.get(each or "", np.nan) for each in countries], np.float64)


def _rows(path: Path, lines: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    headed = False
    for number, line in enumerate(lines, start=1):
        if line.startswith("#"):
            continue
        if not headed:
            if line != _HEADER:
                raise _wrong(path, f"the first line is not {_HEADER!r}", number)
            headed = True
            continue
        row = _ROW.fullmatch(line)
        if row is None or int(row[2]) > FARTHEST:
            shown = legible(line[:40])
            raise _wrong(path, f"{shown!r} is no country and distance, such as SG,780", number)
        if row[1] in found:
            raise _wrong(path, f"{row[1]} stands twice", number)
        found[row[1]] = int(row[2])
    if not found:
        raise _wrong(path, "holds no distances")
    return found


def _wrong(path: Path, what: str, line: int | None = None) -> GeoDataError:
    place = str(path) if line is None else f"{path}:{line}"
    return GeoDataError(what, place=place, hint=_HINT)

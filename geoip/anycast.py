"""Compiles ``lists/anycast.yaml`` into a range file of ``ranges/``.

A maintainer runs it: ``python geoip/build.py --lists``, or this file by itself. It reads nothing
from the network; the same list gives the same bytes.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, model_validator

from auditor.geo.ranges.stored import FOLDER, SUFFIX, Origin, written
from auditor.geo.ranges.table import Entry, flattened
from auditor.geo.statements import Statement
from auditor.model.documents import Document, read

HERE: Final = Path(__file__).resolve().parent
LIST: Final = HERE / "lists" / "anycast.yaml"
PUBLISHER: Final = "anycast"


class Read(Document):
    """One source, as it was read.

    Attributes:
        title: what it is, and what it says.
        read: the day it was read.
    """

    title: Annotated[str, Field(min_length=1)]
    url: Annotated[str, Field(pattern=r"^https://\S+$")]
    read: date


class Group(Document):
    """Prefixes of one service.

    Attributes:
        operator_country: country that the operator is registered in; null = not known.
        sources: keys of the sources that say where its prefixes are, and that they are anycast.
    """

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^,]+$")]
    operator: Annotated[str, Field(min_length=1, max_length=100)]
    operator_country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    prefixes: Annotated[tuple[IPv4Network | IPv6Network, ...], Field(min_length=1)]


class Anycast(Document):
    """Everything in the list.

    Attributes:
        day: the day the list was last checked as a whole.
    """

    day: date
    sources: dict[str, Read]
    groups: tuple[Group, ...]

    @model_validator(mode="after")
    def _holds_together(self) -> Anycast:
        prefixes = [str(prefix) for group in self.groups for prefix in group.prefixes]
        twice = sorted({prefix for prefix in prefixes if prefixes.count(prefix) > 1})
        if twice:
            raise ValueError(f"prefixes stand twice: {', '.join(twice)}")
        named = {key for group in self.groups for key in group.sources}
        if named != set(self.sources):
            odd = ", ".join(sorted(named ^ set(self.sources)))
            raise ValueError(f"sources that are named but not there, or there but not named: {odd}")
        late = [key for key, source in self.sources.items() if source.read > self.day]
        if late:
            raise ValueError(f"sources read after the day of the list: {', '.join(late)}")
        return self


def main() -> None:
    """Writes the range file of the list, in place of the one of an earlier day."""
    listed = read(LIST, Anycast)
    for earlier in (HERE / FOLDER).glob(f"{PUBLISHER}-2*{SUFFIX}"):
        earlier.unlink()
    path = compiled(LIST, HERE / FOLDER)
    count = sum(len(group.prefixes) for group in listed.groups)
    print(f"{path.name}: {count} prefixes, {path.stat().st_size:,} bytes", flush=True)


def compiled(path: Path, folder: Path) -> Path:
    """Writes the range file of the list at ``path`` into ``folder``; gives its path."""
    listed = read(path, Anycast)
    origin = Origin(
        publisher=PUBLISHER,
        kind="anycast",
        built=listed.day,
        original=path.name,
        original_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        source=f"geoip/lists/{path.name}, which names the sources of each prefix",
        licence="",
        imported=datetime.combine(listed.day, time(), UTC),
        regions_without_country={},
    )
    target = folder / f"{PUBLISHER}-{listed.day.isoformat()}{SUFFIX}"
    written(target, origin, flattened(entries(listed)))
    return target


def entries(listed: Anycast) -> list[Entry]:
    """Each prefix with what is said of it."""
    return [
        (
            prefix,
            Statement(
                "anycast",
                anycast=True,
                operator=group.operator,
                operator_country=group.operator_country,
                detail=group.name,
            ),
        )
        for group in listed.groups
        for prefix in group.prefixes
    ]


if __name__ == "__main__":
    main()

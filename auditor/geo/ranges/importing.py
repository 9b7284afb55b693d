"""Taking a publisher's range file into the folder of geo data: checked, flattened, written once."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from auditor.geo.ranges.clouds import Aws, Azure, Cloudflare, Fastly, Google, Oracle
from auditor.geo.ranges.lists import (
    RELAYS,
    AnycastCensus,
    Geofeed,
    PlainList,
    PrivateRelay,
    TorExits,
)
from auditor.geo.ranges.original import MOST_NETWORKS, Original, shown_text
from auditor.geo.ranges.stored import FOLDER, SUFFIX, Origin, opened, written
from auditor.geo.ranges.table import RangeTable, flattened
from auditor.model.errors import GeoDataError
from auditor.model.problem import Problem

if TYPE_CHECKING:
    from datetime import date, datetime

    from auditor.geo.ranges.original import Found
    from auditor.geo.regions import Regions
    from auditor.model.problem import Note

KINDS: Final = ("geofeed", "anycast", *RELAYS)
"""What a user may say a list is."""
_WRONG_SHARE: Final = 10
"""A file of which more than one entry in so many is wrong is refused."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class Publisher(Protocol):
    """A form in which ranges are published."""

    name: str

    def sniff(self, original: Original) -> float:
        """How sure it is that the file is in this form, 0 to 1."""
        ...

    def found(self, original: Original, regions: Regions) -> Found:
        """What the file says."""
        ...


PUBLISHERS: Final[tuple[Publisher, ...]] = (
    Aws(),
    Google(),
    Azure(),
    Oracle(),
    Cloudflare(),
    Fastly(),
    TorExits(),
    PrivateRelay(),
    AnycastCensus(),
    Geofeed(),
    PlainList(),
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import.

    Attributes:
        path: the file that holds the ranges now.
        origin: where they come from.
        networks: networks in the publisher's file that count.
        four_ranges, six_ranges: ranges after narrower networks were cut out of wider ones.
        four_addresses: IPv4 addresses they hold; ``placed`` of them with a country.
        wrong: entries that were left out.
        already: this very file had been imported before; nothing was written.
    """

    path: Path
    origin: Origin
    networks: int
    four_ranges: int
    six_ranges: int
    four_addresses: int
    placed: int
    wrong: int
    already: bool


def imported(
    file: Path,
    folder: Path,
    *,
    regions: Regions,
    now: datetime,
    note: Note,
    kind: str = "",
    publisher: str = "",
    built: date | None = None,
    source: str = "",
    licence: str = "",
) -> Imported:
    """Imports a publisher's file into ``folder/ranges``.

    Args:
        file: as its publisher gives it; gzip is unpacked.
        folder: the folder of geo data.
        regions: where regions stand.
        now: the time of the import.
        note: takes what was left out or is not known.
        kind: what a list is (``KINDS``), where its form does not say.
        publisher: whose file it is, where its form does not say, or which form it is in.
        built: the day of its data, where the file gives none.
        source: where the user has it from.
        licence: SPDX identifier or the terms in a few words.

    Raises:
        GeoDataError: the file is in no known form, or too much of it is wrong.
    """
    if publisher and not _NAME.fullmatch(publisher):
        raise GeoDataError(
            f"{shown_text(publisher, 60)!r} is no name of a publisher",
            place="--publisher",
            hint="Use small letters, digits and hyphens: aws, starlink.",
        )
    original = Original(file)
    form = _form(original, kind, publisher)
    found = form.found(original, regions)
    _check(found, original, form, note)
    if publisher and publisher != form.name:
        found.publisher = publisher
    _note_regions(found, original, note)
    day = _built(found, original, built, now, note)
    table = flattened(found.entries, inherits=found.inherits)
    digest = hashlib.sha256(original.packed).hexdigest()
    origin = Origin(
        publisher=found.publisher,
        kind=found.kind,
        built=day,
        original=shown_text(original.name, 200),
        original_sha256=digest,
        source=shown_text(source, 300),
        licence=shown_text(licence, 300),
        imported=now,
        regions_without_country=dict(found.unplaced.most_common(100)),
    )
    path, already = _place(folder / FOLDER, origin)
    if not already:
        written(path, origin, table)
    return _summary(path, origin, found, table, already=already)


def _form(original: Original, kind: str, publisher: str) -> Publisher:
    """The form that fits best; a kind or a form's own name decides."""
    if kind == "geofeed":
        return Geofeed(publisher)
    if kind == "private-relay":
        return PrivateRelay()
    if kind:
        sure = [form for form in (TorExits(), AnycastCensus()) if form.sniff(original) > 0.5]
        return sure[0] if sure else PlainList(kind)
    named = [form for form in PUBLISHERS if form.name == publisher]
    if publisher == "cloudflare" and not original.head.lstrip().startswith("{"):
        named = []
    if named:
        return named[0]
    best = max(PUBLISHERS, key=lambda form: form.sniff(original))
    if best.sniff(original) == 0:
        known = ", ".join(form.name for form in PUBLISHERS)
        raise original.error(
            "is in no form that is known",
            f"Known are {known}. Get the file again as its publisher gives it, or say which it is "
            "with --publisher or --kind.",
        )
    return Geofeed(publisher) if best.name == Geofeed.name else best


def _check(found: Found, original: Original, form: Publisher, note: Note) -> None:
    """Refuses files of which too much is wrong; notes what was left out of others."""
    told = "\n  ".join(found.mistakes)
    if found.wrong > len(found.mistakes):
        told += f"\n  and {found.wrong - len(found.mistakes):,} more"
    if not found.entries or found.wrong * _WRONG_SHARE > found.wrong + len(found.entries):
        what = f"{found.wrong:,} of its {found.wrong + len(found.entries):,} entries are wrong"
        raise original.error(
            f"is not what {form.name} publishes: {what}:\n  {told}"
            if found.wrong
            else "holds no networks",
            "Get it again from its publisher, or say what it is with --publisher or --kind.",
        )
    if len(found.entries) > MOST_NETWORKS:
        raise original.error(
            f"holds more than {MOST_NETWORKS:,} networks", "Is this the right file?"
        )
    if found.wrong:
        note(
            Problem(
                code="geo-ranges-mistakes",
                source=original.place,
                message=f"{found.wrong:,} entries of this range file are wrong and were left out:"
                f"\n  {told}",
                hint="Tell its publisher; the other entries were imported.",
                count=found.wrong,
            )
        )


def _note_regions(found: Found, original: Original, note: Note) -> None:
    if found.unplaced:
        some = ", ".join(f"{region} ({count})" for region, count in found.unplaced.most_common(10))
        note(
            Problem(
                code="geo-regions-unknown",
                source=original.place,
                message=f"The country of {len(found.unplaced)} regions of {found.publisher} is not "
                f"known: {some}. Their {found.unplaced.total():,} networks say nothing of a place.",
                hint="Add the regions to regions.yaml, with a source, and import the file again.",
                count=len(found.unplaced),
            )
        )


def _built(
    found: Found, original: Original, given: date | None, now: datetime, note: Note
) -> date | None:
    """The day of the data: the file's own, else the user's, else not known."""
    latest = now.date() + timedelta(days=1)  # somewhere it is that day already
    if given and given > latest:
        raise GeoDataError(
            f"{given} is a day to come", place="--built", hint="Give the day of the data."
        )
    own = found.built
    if own and own > latest:
        found.built = own = None
        _note_built(original, "gives a day to come for its data; that day was not believed", note)
    elif own and given and own != given:
        _note_built(original, f"gives {own} as its day; {given} (--built) was not taken", note)
    elif not own and not given:
        _note_built(original, "does not say of which day its data are", note)
    return own or given


def _note_built(original: Original, what: str, note: Note) -> None:
    note(
        Problem(
            code="geo-ranges-day",
            source=original.place,
            message=f"This range file {what}.",
            hint="Give the day with --built where the file gives none: it decides which build "
            "fits the time of the traffic.",
        )
    )


def _place(folder: Path, origin: Origin) -> tuple[Path, bool]:
    """Where the ranges go, and whether this very file is there already."""
    day = origin.built.isoformat() if origin.built else "undated"
    name = f"{origin.publisher}-{day}"
    taken = False
    for path in sorted(folder.glob(f"{name}*{SUFFIX}")):
        try:
            there = opened(path).origin
        except GeoDataError:  # it counts as nothing, and is written over if it has this name
            continue
        same = (there.original_sha256, there.kind) == (origin.original_sha256, origin.kind)
        if same and (there.publisher, there.built) == (origin.publisher, origin.built):
            if there.regions_without_country == origin.regions_without_country:
                return path, True
            return path, False  # the table of regions knows more, or less, than it did
        taken = taken or path.name == name + SUFFIX
    if taken or not origin.built:  # two lists of one day: IPv4 and IPv6, say
        name += f"-{origin.original_sha256[:8]}"
    return folder / (name + SUFFIX), False


def _summary(
    path: Path, origin: Origin, found: Found, table: RangeTable, *, already: bool
) -> Imported:
    sizes = [
        (int(last) - int(first) + 1, bool(table.statements[code].countries))
        for first, last, code in table.four.T.tolist()
    ]
    return Imported(
        path=path,
        origin=origin,
        networks=len(found.entries),
        four_ranges=table.four.shape[1],
        six_ranges=len(table.six_code),
        four_addresses=sum(size for size, _ in sizes),
        placed=sum(size for size, placed in sizes if placed),
        wrong=found.wrong,
        already=already,
    )

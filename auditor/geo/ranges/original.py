"""A publisher's file as it was given, and what is found in it."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Any, Final

from auditor.geo.ranges.table import Entry
from auditor.model.countries import NAMES
from auditor.model.errors import GeoDataError
from auditor.model.place import Kind
from auditor.model.text import legible

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model.inventory import Network

MOST_BYTES: Final = 256 << 20
MOST_NETWORKS: Final = 2_000_000
HEAD: Final = 4096
"""Bytes by which forms are told apart."""
MOST_TOLD: Final = 20
"""Mistakes that are named one by one; the rest is counted."""
WIDEST: Final = {4: 8, 6: 12}
"""Shortest prefix that is believed: nobody's network is wider."""
COUNTRIES: Final = frozenset(NAMES) - {"AP", "EU"}
_DAY: Final = re.compile(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?!\d)")


@dataclass(slots=True)
class Found:
    """What a file says.

    Attributes:
        publisher: whose file it is: ``aws``; part of the name it is kept under.
        kind: what kind of witness it makes.
        built: the day the file gives for its data; null = it gives none.
        entries: networks and what is said of them.
        unplaced: regions whose country is not known, with the number of their networks.
        inherits: as for ``flattened``.
        mistakes: the first of what is wrong, each with its place.
        wrong: how many entries are wrong, and were left out.
    """

    publisher: str
    kind: Kind
    built: date | None = None
    entries: list[Entry] = field(default_factory=list)
    unplaced: Counter[str] = field(default_factory=Counter)
    inherits: bool = False
    mistakes: list[str] = field(default_factory=list)
    wrong: int = 0

    def mistake(self, place: str, what: str) -> None:
        """Notes an entry that is left out: where it stands and what is wrong."""
        self.wrong += 1
        if len(self.mistakes) < MOST_TOLD:
            self.mistakes.append(f"{place}: {what}")


class Original:
    """The file a user has from a publisher, read whole and unpacked.

    Attributes:
        name: its name, without folders.
        place: its path, for messages.
        content: its bytes, unpacked.
        packed: its bytes as they are.
    """

    def __init__(self, path: Path) -> None:
        """Reads ``path``.

        Raises:
            GeoDataError: it cannot be read, is no file, is empty, too large or badly packed.
        """
        self.name = path.name
        self.place = legible(str(path))
        try:
            if not path.is_file():
                raise self.error("is no file", "Name the file as its publisher gives it.")
            if path.stat().st_size > MOST_BYTES:
                raise self._too_large()
            self.packed = path.read_bytes()
        except OSError as error:
            raise self.error(
                f"cannot be read: {error.strerror}", "Check that this user may read it."
            ) from None
        self.content = self._unpacked() if self.packed[:2] == b"\x1f\x8b" else self.packed
        if not self.content.strip():
            raise self.error("is empty", "Get it again from its publisher.")

    def error(self, message: str, hint: str) -> GeoDataError:
        """An error about this file."""
        return GeoDataError(message, place=self.place, hint=hint)

    @property
    def head(self) -> str:
        """The beginning of its text, for telling formats apart."""
        return self.content[:HEAD].decode("utf-8-sig", "replace")

    def text(self) -> str:
        """Its text.

        Raises:
            GeoDataError: it is not UTF-8.
        """
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise self.error(
                f"is not UTF-8 text (byte {error.start})", "Save it as UTF-8, or get it again."
            ) from None

    def json(self) -> Any:  # noqa: ANN401 - JSON holds anything
        """Its content as JSON.

        Raises:
            GeoDataError: it is no JSON, or nested beyond measure.
        """
        try:
            return json.loads(self.text())
        except json.JSONDecodeError as error:
            raise self.error(
                f"is no JSON: line {error.lineno}: {error.msg}", "Get it again from its publisher."
            ) from None
        except RecursionError:
            raise self.error("is nested too deeply", "Get it again from its publisher.") from None
        except ValueError:  # a number of thousands of digits
            raise self.error(
                "holds a number beyond all measure", "Get it again from its publisher."
            ) from None

    def day_in_name(self) -> date | None:
        """The day its name gives: ``ServiceTags_Public_20260615.json``; null = none."""
        found = _DAY.search(self.name)
        return _day(found) if found else None

    def _unpacked(self) -> bytes:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            content = unpacker.decompress(self.packed, MOST_BYTES + 1)
        except zlib.error:
            raise self.error("is damaged (gzip)", "Get it again from its publisher.") from None
        if len(content) > MOST_BYTES:
            raise self._too_large()
        if not unpacker.eof:
            raise self.error("is cut short (gzip)", "Get it again from its publisher.")
        return content

    def _too_large(self) -> GeoDataError:
        return self.error(f"is larger than {MOST_BYTES >> 20} MiB", "Is this the right file?")


def day_of(value: object) -> date | None:
    """The day a text begins with: ``2026-06-17-01-02-03``, ``2026-06-17T…``; null = none."""
    found = _DAY.match(value) if isinstance(value, str) else None
    return _day(found) if found else None


def _day(found: re.Match[str]) -> date | None:
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None


def network_of(value: object, version: int | None = None) -> Network:
    """The network (or single address) a publisher writes.

    Raises:
        ValueError: it is none, is of another version, has host bits, or is wider than any network.
    """
    if not isinstance(value, str):
        raise ValueError("must be text such as 203.0.113.0/24")  # noqa: TRY004 - one kind for all
    text = value.strip()
    made = IPv6Network if ":" in text else IPv4Network
    try:
        network: Network = made(text if len(text) <= 64 and "%" not in text else "")
    except ValueError:
        raise ValueError(_no_network(text, shown_text(text, 60), made)) from None
    if version and network.version != version:
        raise ValueError(f"{network} is IPv{network.version}, where IPv{version} belongs")
    if network.prefixlen < WIDEST[network.version]:
        raise ValueError(f"{network} is wider than any network that somebody has")
    return network


def _no_network(text: str, shown: str, made: type[IPv4Network | IPv6Network]) -> str:
    try:
        meant = made(text, strict=False) if len(text) <= 64 and "%" not in text else None
    except ValueError:
        meant = None
    if meant is None:
        return f"{shown!r} is no network"
    return (
        f"{shown} is no network: bits are set behind its prefix ({meant} is meant, or an address)"
    )


def shown_text(text: object, most: int = 100) -> str:
    """Text of a publisher on one line, without what steers a terminal or turns its direction."""
    if not isinstance(text, str):
        return ""
    printable = "".join(letter if letter.isprintable() else " " for letter in text[: most * 4])
    return " ".join(printable.split())[:most]

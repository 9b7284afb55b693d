"""Lists of networks, line by line: geofeeds, relays, Tor exits, anycast prefixes.

- Geofeeds: RFC 8805 (``prefix,country,region,city,postal code``); an empty country is no statement.
  Where they are found: RFC 9632.
- iCloud Private Relay ``egress-ip-ranges.csv`` looks like a geofeed, but gives the country of its
  users, not of its place: it marks relays and places nothing.
- Tor: the bulk exit list (addresses), and TorDNSEL's exit list (metrics.torproject.org).
- Anycast: the LACeS census (github.com/ut-dacs/anycast-census; CSV, JSON or Parquet), and plain
  lists.
"""

from __future__ import annotations

import csv
import io
import re
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Any, Final

from auditor.geo.ranges.clouds import CLOUDFLARE
from auditor.geo.ranges.original import COUNTRIES, HEAD, Found, day_of, network_of, shown_text
from auditor.geo.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.geo.ranges.original import Original
    from auditor.geo.regions import Regions

RELAYS: Final = {
    "relay": "proxy",
    "proxy": "proxy",
    "vpn": "vpn",
    "tor-exit": "tor-exit",
    "private-relay": "private-relay",
}
"""Kinds of lists a user can name, and what a statement calls them."""
_KNOWN_FEEDS: Final = {
    "starlink": ("Starlink", "US"),
    "linode": ("Akamai (Linode)", "US"),
    "digitalocean": ("DigitalOcean", "US"),
    "vultr": ("Vultr", "US"),
}
_PRIVATE_RELAY: Final = Statement(
    "relay", relay="private-relay", operator="Apple iCloud Private Relay", operator_country="US"
)
_RELAY_EXITS: Final = (IPv4Network("172.224.0.0/12"), IPv6Network("2a02:26f7::/32"))
"""The networks Apple's list begins with; no other geofeed names them."""
_NETWORK_FIRST: Final = re.compile(r"[0-9A-Fa-f:.]+(/\d{1,3})?,")
_SURE_SITES: Final = 3
"""The census recommends: more than 3 sites by anycast probing, or more than 1 by latency."""
_MOST_LINE: Final = 2000


class Geofeed:
    """RFC 8805.

    Attributes:
        feed: whose it is, as the user says; empty = not said.
    """

    name = "geofeed"

    def __init__(self, feed: str = "") -> None:
        self.feed = feed

    def sniff(self, original: Original) -> float:
        """How sure it is that the file is in this form, 0 to 1."""
        lines = _first_lines(original)
        fitting = [line for line in lines if _NETWORK_FIRST.match(line) and line.count(",") >= 1]
        return 0.6 if fitting and len(fitting) * 2 > len(lines) else 0.0

    def found(self, original: Original, regions: Regions) -> Found:
        """What the file says."""
        name = self.feed or original.name.lower()
        known = next((feed for feed in _KNOWN_FEEDS if feed in name), None)
        operator, country = _KNOWN_FEEDS[known] if known else (None, None)
        publisher = known or re.sub(r"[^a-z0-9]+", "-", name.partition(".")[0]).strip("-")[:40]
        found = Found(publisher or "geofeed", "geofeed")
        for place, fields in _rows(original, found):
            code = fields[1].strip().upper() if len(fields) > 1 else ""
            if code in ("", "ZZ"):  # sections 2.1.1.2 and 2.1.2: nothing is said of the place
                said: tuple[str, ...] = ()
            elif code in COUNTRIES:
                said = (code,)
            else:
                found.mistake(place, f"{shown_text(code, 20)!r} is no country (ISO 3166-1)")
                continue
            parts = [shown_text(part, 60) for part in (*fields[3:4], *fields[2:3])]
            statement = Statement(
                "geofeed",
                countries=said,
                operator=operator,
                operator_country=country,
                detail=", ".join(part for part in parts if part),
            )
            _add(found, place, fields[0], statement)
        return found


class PrivateRelay:
    """``egress-ip-ranges.csv``."""

    name = "private-relay"

    def sniff(self, original: Original) -> float:
        """How sure it is that the file is in this form, 0 to 1."""
        if "egress-ip-ranges" in original.name:
            return 0.95
        first = next((line for _, line in _lines(original.head)), "")
        try:
            network = network_of(first.partition(",")[0])
        except ValueError:
            return 0.0
        return 0.9 if any(_within(network, exits) for exits in _RELAY_EXITS) else 0.0

    def found(self, original: Original, regions: Regions) -> Found:
        """What the file says: relays, and for which country's users; no places."""
        found = Found("private-relay", "relay")
        by_country: dict[str, Statement] = {}
        for place, fields in _rows(original, found):
            code = fields[1].strip().upper() if len(fields) > 1 else ""
            if code not in by_country:
                detail = f"for users in {code}" if code in COUNTRIES else ""
                by_country[code] = Statement(
                    _PRIVATE_RELAY.kind,
                    relay=_PRIVATE_RELAY.relay,
                    operator=_PRIVATE_RELAY.operator,
                    operator_country=_PRIVATE_RELAY.operator_country,
                    detail=detail,
                )
            _add(found, place, fields[0], by_country[code])
        return found


class TorExits:
    """TorDNSEL's exit list; addresses alone are a plain list."""

    name = "tor-exits"

    def sniff(self, original: Original) -> float:
        """How sure it is that the file is in this form, 0 to 1."""
        return 0.9 if re.search(r"^ExitNode [0-9A-F]{40}$", original.head, re.MULTILINE) else 0.0

    def found(self, original: Original, regions: Regions) -> Found:
        """What the file says."""
        found = Found("tor-exits", "relay")
        downloaded, seen = "", ""
        for number, line in _lines(original.text()):
            word, _, rest = line.partition(" ")
            if word == "ExitAddress":
                address = rest.partition(" ")[0]
                _add(found, f"line {number}", address, Statement("relay", relay="tor-exit"))
            elif word == "Downloaded":
                downloaded = max(downloaded, rest)
            elif word == "LastStatus":
                seen = max(seen, rest)
            elif word not in ("@type", "ExitNode", "Published"):
                found.mistake(
                    f"line {number}", f"{shown_text(word, 40)!r} is no word of exit lists"
                )
        found.built = day_of(downloaded or seen)
        return found


class AnycastCensus:
    """The LACeS census, in any of its forms."""

    name = "anycast-census"

    def sniff(self, original: Original) -> float:
        """How sure it is that the file is in this form, 0 to 1."""
        if original.content[:4] == b"PAR1":
            return 0.8
        head = original.head.lstrip()
        counted = "GCD_" in head or "number_of_sites" in head
        table = head.startswith(("prefix,", "Prefix,"))
        listed = head.startswith(("[", "{")) and '"prefix"' in head
        return 0.9 if counted and (table or listed) else 0.0

    def found(self, original: Original, regions: Regions) -> Found:
        """What the file says: prefixes that answer from more places than one."""
        found = Found("anycast-census", "anycast", built=original.day_in_name())
        for place, row in _census_rows(original, found):
            sites = _sites(row)
            if sites is None:
                continue
            partly = str(row.get("partial")).lower() == "true"
            words = [f"seen at {sites} sites" if sites else "", "in part only" if partly else ""]
            detail = ", ".join(word for word in words if word)
            statement = Statement("anycast", anycast=True, detail=detail)
            _add(found, place, row.get("prefix", row.get("Prefix")), statement)
        return found


class PlainList:
    """Networks or addresses, one in a line; its name or the user says what they are.

    Attributes:
        kind: what the user says they are: ``anycast`` or a key of ``RELAYS``; empty = not said.
    """

    name = "list"

    def __init__(self, kind: str = "") -> None:
        self.kind = kind

    def sniff(self, original: Original) -> float:
        """How sure it is that the file is in this form, 0 to 1."""
        lines = _first_lines(original)
        fitting = [line for line in lines if re.fullmatch(r"[0-9A-Fa-f:.]+(/\d{1,3})?", line)]
        return 0.5 if fitting and len(fitting) * 2 > len(lines) else 0.0

    def found(self, original: Original, regions: Regions) -> Found:
        """What the file says.

        Raises:
            GeoDataError: neither the user nor its name says what it lists.
        """
        publisher, statement = self._meant(original)
        found = Found(publisher, statement.kind)
        for number, line in _lines(original.text()):
            _add(found, f"line {number}", line.partition(",")[0], statement)
        return found

    def _meant(self, original: Original) -> tuple[str, Statement]:
        name = original.name.lower()
        if not self.kind and name.startswith(("ips-v4", "ips-v6")):
            return "cloudflare", CLOUDFLARE
        kind = self.kind or ("anycast" if "anyca" in name else "")
        kind = kind or ("tor-exit" if re.search(r"\btor\b|torbulk|tor[-_]?exit", name) else "")
        if kind == "anycast":
            return "anycast-list", Statement("anycast", anycast=True)
        if kind == "private-relay":
            return "private-relay", _PRIVATE_RELAY
        if kind in RELAYS:
            names = {"tor-exit": "tor-exits"}
            return names.get(kind, f"{kind}-list"), Statement("relay", relay=RELAYS[kind])
        raise original.error(
            "lists networks, but nothing says what they are",
            f"Say it with --kind: anycast, {', '.join(RELAYS)}.",
        )


def _census_rows(original: Original, found: Found) -> Iterator[tuple[str, dict[str, Any]]]:
    if original.content[:4] == b"PAR1":
        yield from _parquet_rows(original)
    elif original.head.lstrip().startswith(("[", "{")):
        content = original.json()
        rows = (
            content.get("data", content.get("prefixes")) if isinstance(content, dict) else content
        )
        for index, row in enumerate(rows if isinstance(rows, list) else []):
            if isinstance(row, dict):
                yield f"[{index}]", row
            else:
                found.mistake(f"[{index}]", "is no object")
    else:
        names: list[str] = []
        for place, fields in _rows(original, found):
            if names:
                yield place, dict(zip(names, fields, strict=False))
            else:
                names = fields


def _parquet_rows(original: Original) -> Iterator[tuple[str, dict[str, Any]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(original.content))
        names = [
            name
            for name in file.schema_arrow.names
            if name.lower() in ("prefix", "partial") or name.startswith(("AB_", "GCD_"))
        ]
        if file.metadata.num_rows > 2_000_000:
            raise original.error("holds too many rows", "Is this the right file?")
        rows = file.read(columns=names).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise original.error(
            f"is no usable Parquet file: {shown_text(str(error))}", "Get it again."
        ) from None
    for number, row in enumerate(rows):
        yield f"row {number + 1}", row


def _sites(row: dict[str, Any]) -> int | None:
    """At how many sites a prefix was seen; 0 = not told; null = not surely anycast."""
    counted = {key: _number(value) for key, value in row.items() if key.startswith(("AB_", "GCD_"))}
    if not counted:
        return _number(row.get("number_of_sites"))
    by_latency = max((n for key, n in counted.items() if key.startswith("GCD_")), default=0)
    by_anycast = max((n for key, n in counted.items() if key.startswith("AB_")), default=0)
    sure = by_latency > 1 or by_anycast > _SURE_SITES
    return max(by_latency, by_anycast) if sure else None


def _number(value: object) -> int:
    text = str(value).partition(".")[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _rows(original: Original, found: Found) -> Iterator[tuple[str, list[str]]]:
    """The fields of each line of comma-separated values; ``#`` begins a comment."""
    for number, line in _lines(original.text()):
        place = f"line {number}"
        if len(line) > _MOST_LINE or "\0" in line:
            found.mistake(place, "is no line of text")
            continue
        if '"' not in line:
            yield place, line.split(",")
            continue
        try:
            yield place, next(csv.reader([line], strict=True))
        except csv.Error as error:
            found.mistake(place, f"its quotes do not fit ({error})")


def _first_lines(original: Original) -> list[str]:
    """Whole lines with content at its beginning."""
    lines = [line for _, line in _lines(original.head)]
    return lines[:-1] if len(original.content) > HEAD else lines


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with content, with their numbers."""
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.partition("#")[0].strip()
        if content:
            yield number, content


def _add(found: Found, place: str, value: object, statement: Statement) -> None:
    try:
        found.entries.append((network_of(value), statement))
    except ValueError as mistake:
        found.mistake(place, str(mistake))


def _within(network: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    if isinstance(network, IPv4Network) and isinstance(other, IPv4Network):
        return network.subnet_of(other)
    if isinstance(network, IPv6Network) and isinstance(other, IPv6Network):
        return network.subnet_of(other)
    return False

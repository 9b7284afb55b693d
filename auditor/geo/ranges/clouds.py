"""Range files of clouds and content networks, in their publishers' own JSON.

- AWS ``ip-ranges.json``: docs.aws.amazon.com/vpc, AWS IP address ranges. The network border group
  is where addresses are announced from: a local zone's decides before its region does.
- Google ``cloud.json`` (with scopes) and ``goog.json`` (without):
  support.google.com/a/answer/10026322.
- Azure ``ServiceTags_Public_*.json``: learn.microsoft.com, virtual network service tags. A network
  stands in several tags; a tag without a region says nothing of a place.
- Oracle ``public_ip_ranges.json``: docs.oracle.com, IP address ranges.
- Cloudflare ``/client/v4/ips`` and Fastly ``public-ip-list``: announced from many places at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from auditor.geo.ranges.original import Found, day_of, network_of, shown_text
from auditor.geo.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.geo.ranges.original import Original
    from auditor.geo.regions import Regions

_AWS_EVERYWHERE: Final = frozenset({"CLOUDFRONT", "GLOBALACCELERATOR", "ROUTE53"})
"""Services that answer from many places, where their region is GLOBAL."""
_AZURE_EVERYWHERE: Final = ("AzureFrontDoor.Frontend", "AzureFrontDoor.FirstParty")


Parts = dict[str, Any]


class Cloud:
    """A cloud's file: what is common to reading all of them."""

    name = ""
    keys: tuple[str, ...] = ()
    """Keys that tell its files from others'."""

    def sniff(self, original: Original) -> float:
        """How sure it is that the file is in this form, 0 to 1."""
        head = original.head
        known = head.lstrip().startswith("{") and all(f'"{key}"' in head for key in self.keys)
        return 0.9 if known else 0.0

    def found(self, original: Original, regions: Regions) -> Found:
        """What the file says.

        Raises:
            GeoDataError: it is not in this form.
        """
        content = original.json()
        if not isinstance(content, dict):
            raise _shape(original, self.name, "the file must be an object")
        found = Found(self.name, "cloud")
        provider = regions.providers.get(self.name)
        said = Statement("cloud")
        if provider:
            said = replace(said, operator=provider.name, operator_country=provider.operator_country)
        self.fill(found, content, said, regions, original)
        return found

    def fill(
        self, found: Found, content: Parts, said: Statement, regions: Regions, original: Original
    ) -> None:
        """Puts what ``content`` says into ``found``; ``said`` names the operator."""
        raise NotImplementedError


class Aws(Cloud):
    """``ip-ranges.json``."""

    name = "aws"
    keys = ("syncToken", "createDate", "prefixes")

    def fill(
        self, found: Found, content: Parts, said: Statement, regions: Regions, original: Original
    ) -> None:
        """As for ``Cloud``."""
        found.built = day_of(content.get("createDate"))
        for key, field, version in (
            ("prefixes", "ip_prefix", 4),
            ("ipv6_prefixes", "ipv6_prefix", 6),
        ):
            for place, entry in _entries(found, content, key, original, self.name):
                region, service = _text(entry, "region"), _text(entry, "service")
                group = _text(entry, "network_border_group") or region
                country = None
                if region != "GLOBAL":
                    country = regions.country(self.name, group)
                    if country is None:
                        found.unplaced[shown_text(group) or "no region"] += 1
                where = region if group == region else f"{group} ({region})"
                _add(
                    found,
                    f"{place}.{field}",
                    entry.get(field),
                    version,
                    replace(
                        said,
                        countries=(country,) if country else (),
                        anycast=region == "GLOBAL" and service in _AWS_EVERYWHERE,
                        detail=shown_text(f"{where}, {service}"),
                    ),
                )


class Google(Cloud):
    """``cloud.json`` and ``goog.json``."""

    name = "google"
    keys = ("syncToken", "creationTime", "prefixes")

    def fill(
        self, found: Found, content: Parts, said: Statement, regions: Regions, original: Original
    ) -> None:
        """As for ``Cloud``."""
        found.built = day_of(content.get("creationTime"))
        entries = list(_entries(found, content, "prefixes", original, self.name))
        if not any("scope" in entry for _, entry in entries):  # goog.json: cloud and all else
            found.publisher = "google-all"
            said = replace(said, operator="Google LLC")
        for place, entry in entries:
            scope, country = _text(entry, "scope"), None
            if scope and scope != "global":
                country = regions.country(self.name, scope)
                if country is None:
                    found.unplaced[shown_text(scope)] += 1
            field, version = ("ipv4Prefix", 4) if "ipv4Prefix" in entry else ("ipv6Prefix", 6)
            parts = (scope, _text(entry, "service"))
            _add(
                found,
                f"{place}.{field}",
                entry.get(field),
                version,
                replace(
                    said,
                    countries=(country,) if country else (),
                    detail=shown_text(", ".join(part for part in parts if part)),
                ),
            )


class Azure(Cloud):
    """``ServiceTags_Public_*.json``."""

    name = "azure"
    keys = ("changeNumber", "cloud", "values")

    def fill(
        self, found: Found, content: Parts, said: Statement, regions: Regions, original: Original
    ) -> None:
        """As for ``Cloud``."""
        found.built = original.day_in_name()
        found.inherits = True
        for place, tag in _entries(found, content, "values", original, self.name):
            properties = tag.get("properties")
            prefixes = properties.get("addressPrefixes") if isinstance(properties, dict) else None
            if not isinstance(properties, dict) or not isinstance(prefixes, list):
                found.mistake(f"{place}.properties.addressPrefixes", "is no list")
                continue
            region, name = _text(properties, "region"), _text(tag, "name")
            country = regions.country(self.name, region) if region else None
            if region and country is None:
                found.unplaced[shown_text(region)] += len(prefixes)
            service = _text(properties, "systemService") or name.partition(".")[0]
            statement = replace(
                said,
                countries=(country,) if country else (),
                anycast=name in _AZURE_EVERYWHERE,
                detail=shown_text(", ".join(part for part in (region, service) if part)),
            )
            for index, prefix in enumerate(prefixes):
                where = f"{place}.properties.addressPrefixes[{index}]"
                _add(found, where, prefix, None, statement)


class Oracle(Cloud):
    """``public_ip_ranges.json``."""

    name = "oracle"
    keys = ("last_updated_timestamp", "regions")

    def fill(
        self, found: Found, content: Parts, said: Statement, regions: Regions, original: Original
    ) -> None:
        """As for ``Cloud``."""
        found.built = day_of(content.get("last_updated_timestamp"))
        for place, entry in _entries(found, content, "regions", original, self.name):
            region, cidrs = _text(entry, "region"), entry.get("cidrs")
            if not isinstance(cidrs, list):
                found.mistake(f"{place}.cidrs", "is no list")
                continue
            country = regions.country(self.name, region)
            if country is None:
                found.unplaced[shown_text(region) or "no region"] += len(cidrs)
            for index, cidr in enumerate(cidrs):
                where = f"{place}.cidrs[{index}]"
                if not isinstance(cidr, dict):
                    found.mistake(where, "is no object")
                    continue
                tags = cidr.get("tags")
                words = tags if isinstance(tags, list) else []
                detail = ", ".join([region, *(word for word in words if isinstance(word, str))])
                statement = replace(
                    said, countries=(country,) if country else (), detail=shown_text(detail)
                )
                _add(found, f"{where}.cidr", cidr.get("cidr"), None, statement)


class Cloudflare(Cloud):
    """The answer of ``/client/v4/ips``; the text lists are plain lists."""

    name = "cloudflare"
    keys = ("result", "ipv4_cidrs")

    def fill(
        self, found: Found, content: Parts, said: Statement, regions: Regions, original: Original
    ) -> None:
        """As for ``Cloud``."""
        result = content.get("result")
        if not isinstance(result, dict):
            raise _shape(original, self.name, "result must be an object")
        lists = {f"result.{key}": result.get(key) for key in ("ipv4_cidrs", "ipv6_cidrs")}
        _add_everywhere(found, lists, CLOUDFLARE, original)


class Fastly(Cloud):
    """``public-ip-list``."""

    name = "fastly"
    keys = ("addresses", "ipv6_addresses")

    def fill(
        self, found: Found, content: Parts, said: Statement, regions: Regions, original: Original
    ) -> None:
        """As for ``Cloud``."""
        lists = {key: content.get(key) for key in ("addresses", "ipv6_addresses")}
        _add_everywhere(found, lists, FASTLY, original)


CLOUDFLARE: Final = Statement(
    "cloud", anycast=True, operator="Cloudflare, Inc.", operator_country="US"
)
FASTLY: Final = Statement("cloud", anycast=True, operator="Fastly, Inc.", operator_country="US")


def _add_everywhere(
    found: Found, lists: dict[str, Any], statement: Statement, original: Original
) -> None:
    """Lists by their JSON path: the first of IPv4 networks, the second of IPv6 networks."""
    for version, (key, networks) in zip((4, 6), lists.items(), strict=True):
        if not isinstance(networks, list):
            raise _shape(original, found.publisher, f"{key} must be a list")
        for index, network in enumerate(networks):
            _add(found, f"{key}[{index}]", network, version, statement)


def _entries(
    found: Found, content: Parts, key: str, original: Original, name: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    entries = content.get(key, [] if key == "ipv6_prefixes" else None)
    if not isinstance(entries, list):
        raise _shape(original, name, f"{key} must be a list")
    for index, entry in enumerate(entries):
        if isinstance(entry, dict):
            yield f"{key}[{index}]", entry
        else:
            found.mistake(f"{key}[{index}]", "is no object")


def _add(
    found: Found, place: str, value: object, version: int | None, statement: Statement
) -> None:
    try:
        found.entries.append((network_of(value, version), statement))
    except ValueError as mistake:
        found.mistake(place, str(mistake))


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _shape(original: Original, name: str, what: str) -> Exception:
    return original.error(
        f"has not the shape of a range file of {name}: {what}",
        "Get it again from its publisher, or say whose it is with --publisher.",
    )

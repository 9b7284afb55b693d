"""Sets of numbers as ranges: addresses on one line, ports on another.

IPv4 addresses stand at 0 to 2**32 - 1 of the address line, IPv6 addresses above them, so that one
set holds both families.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

Range = tuple[int, int]
_V6: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class Ranges:
    """A set of whole numbers; ``parts`` ascend and never touch."""

    parts: tuple[Range, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __contains__(self, number: int) -> bool:
        return any(low <= number <= high for low, high in self.parts)

    def __or__(self, other: Ranges) -> Ranges:
        if not self.parts or not other.parts:
            return self if self.parts else other
        return ranges((*self.parts, *other.parts))

    def __and__(self, other: Ranges) -> Ranges:
        if self is other:
            return self
        found: list[Range] = []
        mine, theirs = 0, 0
        while mine < len(self.parts) and theirs < len(other.parts):
            low = max(self.parts[mine][0], other.parts[theirs][0])
            high = min(self.parts[mine][1], other.parts[theirs][1])
            if low <= high:
                found.append((low, high))
            if self.parts[mine][1] < other.parts[theirs][1]:
                mine += 1
            else:
                theirs += 1
        return Ranges(tuple(found))

    def __sub__(self, other: Ranges) -> Ranges:
        found: list[Range] = []
        for low, high in self.parts:
            start = low
            for taken_low, taken_high in other.parts:
                if taken_high < start or taken_low > high:
                    continue
                if taken_low > start:
                    found.append((start, taken_low - 1))
                start = taken_high + 1
            if start <= high:
                found.append((start, high))
        return ranges(found)

    def covers(self, other: Ranges) -> bool:
        """Whether every number of the other set is in this one."""
        return (self & other) == other

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return sum(high - low + 1 for low, high in self.parts)


def ranges(parts: Iterable[Range]) -> Ranges:
    """The set of all numbers in these ranges."""
    merged: list[Range] = []
    for low, high in sorted(parts):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return Ranges(tuple(merged))


V4: Final = Ranges(((0, _V6 - 1),))
V6: Final = Ranges(((_V6, _V6 + (1 << 128) - 1),))
ADDRESSES: Final = V4 | V6
PORTS: Final = Ranges(((0, 65535),))
NOTHING: Final = Ranges()


def place_of(address: Address) -> int:
    """Where an address stands on the address line."""
    return int(address) if address.version == 4 else _V6 + int(address)


def of_network(network: Network) -> Ranges:
    """The addresses of a network."""
    return Ranges(((place_of(network.network_address), place_of(network.broadcast_address)),))


def addresses(text: str) -> Ranges:
    """The addresses written as ``10.0.0.1``, ``10.0.0.0/8``, with a netmask, or as ``low-high``.

    Raises:
        ValueError: it is none of these.
    """
    low, dash, high = text.partition("-")
    if dash:
        first, last = ipaddress.ip_address(low.strip()), ipaddress.ip_address(high.strip())
        if first.version != last.version or int(first) > int(last):
            raise ValueError(f"{text}: the ends of a range must ascend")
        return Ranges(((place_of(first), place_of(last)),))
    return of_network(ipaddress.ip_network(text.strip(), strict=False))


def ports(text: str) -> Ranges:
    """The ports written as ``443`` or ``5000-5100`` (``:`` for ``-`` too).

    Raises:
        ValueError: it is none of these.
    """
    low, dash, high = text.strip().replace(":", "-").partition("-")
    first = int(low or 0)
    last = int(high) if high else 65535 if dash else first
    if not 0 <= first <= last <= 65535:
        raise ValueError(f"{text}: no ports")
    return Ranges(((first, last),))


def outside_parts(which: Ranges) -> Ranges:
    """What of a set lies on the public Internet."""
    return which - _PRIVATE


_PRIVATE: Final = ranges(
    part
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "::/8", "fc00::/7", "fe80::/10",
        "ff00::/8",
    )
    for part in addresses(text).parts
)  # fmt: skip
"""Addresses that nobody on the Internet has (IANA special-purpose registries)."""

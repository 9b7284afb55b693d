"""Distinct addresses as numbers, so that ranges and trees are walked for all of them at once."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from itertools import compress
from socket import AF_INET, AF_INET6, inet_pton
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.model.inventory import Network

_HALF: Final = (1 << 64) - 1
_LOW_32: Final = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses in three parallel columns.

    Attributes:
        family: 4 or 6; 0 = the text is no IP address (uint8).
        high: the upper 64 bits of an IPv6 address (uint64).
        low: the lower 64 bits of an IPv6 address, or the 32 bits of an IPv4 address (uint64).
    """

    family: np.ndarray
    high: np.ndarray
    low: np.ndarray

    def __len__(self) -> int:
        return len(self.family)

    def take(self, rows: np.ndarray) -> Addresses:
        """The addresses of ``rows`` (int64), in that order."""
        return Addresses(self.family[rows], self.high[rows], self.low[rows])


def numbered(texts: Sequence[str]) -> Addresses:
    """The addresses that ``texts`` write, in the same order."""
    six = np.array([":" in text for text in texts], dtype=bool)
    family = np.where(six, np.uint8(6), np.uint8(4))
    high = np.zeros(len(texts), dtype=np.uint64)
    low = np.zeros(len(texts), dtype=np.uint64)
    four_texts = list(compress(texts, (~six).tolist()))
    six_texts = list(compress(texts, six.tolist()))
    if len(four_texts):
        packed, valid = _packed(four_texts, AF_INET, 4)
        low[~six] = np.frombuffer(packed, dtype=">u4")
        family[np.flatnonzero(~six)[~valid]] = 0
    if len(six_texts):
        packed, valid = _packed(six_texts, AF_INET6, 16)
        halves = np.frombuffer(packed, dtype=">u8").reshape(-1, 2)
        high[six], low[six] = halves[:, 0], halves[:, 1]
        family[np.flatnonzero(six)[~valid]] = 0
    return Addresses(family, high, low)


def _packed(texts: Sequence[str], family: int, width: int) -> tuple[bytes, np.ndarray]:
    try:
        packed = b"".join([inet_pton(family, text) for text in texts])
        return packed, np.ones(len(texts), dtype=bool)
    except (OSError, ValueError):  # at least one is no address: find out which
        pass
    parts: list[bytes] = []
    valid = np.ones(len(texts), dtype=bool)
    for index, text in enumerate(texts):
        try:
            parts.append(inet_pton(family, text))
        except (OSError, ValueError):
            parts.append(bytes(width))
            valid[index] = False
    return b"".join(parts), valid


def within(addresses: Addresses, network: Network) -> np.ndarray:
    """Which addresses lie in ``network`` (bool)."""
    first, mask = int(network.network_address), int(network.netmask)
    if not isinstance(network, IPv6Network):
        inside = (addresses.low & np.uint64(mask)) == np.uint64(first)
        return np.asarray(inside & (addresses.family == 4))
    inside = (addresses.high & np.uint64(mask >> 64)) == np.uint64(first >> 64)
    if mask & _HALF:
        inside &= (addresses.low & np.uint64(mask & _HALF)) == np.uint64(first & _HALF)
    return np.asarray(inside & (addresses.family == 6))


def within_any(addresses: Addresses, networks: Iterable[Network]) -> np.ndarray:
    """Which addresses lie in one of ``networks`` (bool)."""
    once = set(networks)
    # Networks inside or beside one another become one: an inventory names most addresses twice.
    four = collapse_addresses(network for network in once if isinstance(network, IPv4Network))
    six = collapse_addresses(network for network in once if isinstance(network, IPv6Network))
    apart: list[Network] = [*four, *six]
    inside = np.zeros(len(addresses), dtype=bool)
    for network in apart:
        inside |= within(addresses, network)
    return inside


CARRIERS: Final = ("", "ipv4-mapped", "ipv4-compatible", "nat64", "6to4", "teredo")
"""Kinds of IPv6 addresses with an IPv4 address inside; the first stands for none."""


def carried(addresses: Addresses) -> tuple[Addresses, np.ndarray]:
    """The addresses that decide about places, and for each the index of its kind in ``CARRIERS``.

    An IPv6 address with an IPv4 address inside is as far away as that IPv4 address: mapped and
    compatible ones (RFC 4291 section 2.5.5), behind the well-known NAT64 prefix (RFC 6052), 6to4
    (RFC 3056), and Teredo, where it is the client's address, inverted (RFC 4380 section 4).
    """
    high, low = addresses.high, addresses.low
    six = addresses.family == 6
    no_high = six & (high == 0)
    upper = low >> np.uint64(32)
    kinds = np.select(
        [
            no_high & (upper == 0xFFFF),
            no_high & (upper == 0) & (low > 1),  # :: and ::1 carry nothing
            six & (high == np.uint64(0x0064_FF9B_0000_0000)) & (upper == 0),
            six & (high >> np.uint64(48) == 0x2002),
            six & (high >> np.uint64(32) == 0x2001_0000),
        ],
        [1, 2, 3, 4, 5],
        0,
    ).astype(np.int8)
    inner = np.where(kinds == 4, (high >> np.uint64(16)) & _LOW_32, low & _LOW_32)
    inner = np.where(kinds == 5, ~low & _LOW_32, inner)
    carrier = kinds > 0
    return Addresses(
        np.where(carrier, np.uint8(4), addresses.family),
        np.where(carrier, np.uint64(0), high),
        np.where(carrier, inner, low),
    ), kinds

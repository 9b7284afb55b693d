"""Which of many networks an address belongs to: the longest match, for many addresses at once."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.model.inventory import Network

NOBODY: Final = -1

_FAMILIES: Final = ((4, 4, socket.AF_INET), (6, 16, socket.AF_INET6))


def longest_match(
    addresses: Sequence[str], networks: Sequence[tuple[Network, int]]
) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Owner of each address: of the longest network that holds it, else ``NOBODY``.

    Networks nest or are disjoint, so each family's networks cut its address space into stretches
    with one owner each; an address is then found by bisection.

    Args:
        addresses: IPv4 and IPv6 addresses as text; what is no address belongs to nobody.
        networks: networks with their owners (numbers from 0); of two equal ones the first counts.
    """
    owners = np.full(len(addresses), NOBODY, dtype=np.int32)
    for version, width, family in _FAMILIES:
        mine = [(net, owner) for net, owner in networks if net.version == version]
        if not mine:
            continue
        starts, owner_from = _stretches(mine, width)
        packed = {
            index: value
            for index, address in enumerate(addresses)
            if (":" in address) == (version == 6) and (value := _packed(address, family))
        }
        values = np.array(list(packed.values()), dtype=f"S{width}")
        owners[list(packed)] = owner_from[np.searchsorted(starts, values, side="right") - 1]
    return owners


def _packed(address: str, family: socket.AddressFamily) -> bytes | None:
    try:
        return socket.inet_pton(family, address)
    except (OSError, ValueError):  # no address at all
        return None


def _stretches(
    networks: list[tuple[Network, int]], width: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.bytes_]], np.ndarray[tuple[int], np.dtype[np.int32]]]:
    """First address of every stretch of one owner, ascending from 0, and that owner."""
    starts: list[int] = [0]
    owner_from: list[int] = [NOBODY]

    def cut(at: int, owner: int) -> None:
        if starts[-1] == at:
            owner_from[-1] = owner
        else:
            starts.append(at)
            owner_from.append(owner)

    def close_before(at: int) -> None:
        while around and around[-1][0] < at:
            last, _ = around.pop()
            if last + 1 < 1 << (8 * width):
                cut(last + 1, around[-1][1] if around else NOBODY)

    around: list[tuple[int, int]] = []  # the networks the sweep is inside of: (last address, owner)
    once = dict(reversed(networks))  # of two equal networks the first counts
    for network in sorted(once, key=lambda net: (int(net.network_address), net.prefixlen)):
        start, owner = int(network.network_address), once[network]
        close_before(start)
        cut(start, owner)
        around.append((int(network.broadcast_address), owner))
    close_before(1 << (8 * width))
    # numpy drops zero bytes at the end of a bytes value and compares as if they were there.
    packed = [start.to_bytes(width, "big") for start in starts]
    return np.array(packed, dtype=f"S{width}"), np.array(owner_from, dtype=np.int32)

"""What one source says about an address; the same whatever kind of source it is.

Sources answer for many addresses at once: an index into their few distinct statements per address.
So a decision is made once for each combination of statements, never once per address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from auditor.model.place import Kind

if TYPE_CHECKING:
    from datetime import date

    import numpy as np

    from auditor.geo.addresses import Addresses


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing said.

    Attributes:
        kind: what kind of witness says it.
        countries: where the address is (ISO 3166-1 alpha-2); empty = nothing is said of that.
        anycast: it is served from many places at once.
        relay: it hands traffic on, so that the true end is not known: ``tor-exit``,
            ``private-relay``, ``vpn``, ``proxy``; null = nothing is said of that.
        operator: who runs it, such as ``Amazon Web Services``; null = not said.
        operator_country: country that the operator is registered in; null = not said.
        detail: what else is said, as the publisher writes it: ``ap-southeast-1, S3``, a city.
    """

    kind: Kind
    countries: tuple[str, ...] = ()
    anycast: bool = False
    relay: str | None = None
    operator: str | None = None
    operator_country: str | None = None
    detail: str = ""


class Source(Protocol):
    """A list of address ranges (a publisher's file, a geofeed, an anycast or relay list).

    Attributes:
        name: its file's name.
        publisher: whose it is: files of one publisher are builds of one another.
        built: the day of its data; null = not known.
        licence: SPDX identifier or the terms in a few words; empty = not known.
        sha256: hex digest of the file.
        statements: its distinct statements.
    """

    name: str
    publisher: str
    built: date | None
    licence: str
    sha256: str
    statements: tuple[Statement, ...]

    def codes(self, addresses: Addresses) -> np.ndarray:
        """For each address the index of its statement (int64); -1 = it says nothing of it."""
        ...

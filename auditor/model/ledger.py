"""Running totals: what left, to whom, under which rules, over all runs since 2025-07-01.

Decree 165/2025 Article 12(10) counts what was transferred cumulatively. A run gives its
``Transfers``; the store keeps them so that no flow counts twice; what it has added up comes back
as ``DayTotal`` and ``DayCount``, whatever the order, the cut or the repetition of the runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

import pyarrow as pa

COUNTED_FROM: Final = date(2025, 7, 1)
"""Decree 165/2025 Article 12(10)."""

TRANSFERS: Final = pa.schema(
    [
        pa.field("key", pa.int64(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),
        pa.field("end", pa.int64(), nullable=False),
        pa.field("route", pa.int32(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("records", pa.int64()),
    ]
)
"""One row per flow that counts. ``key``: keyed hash of protocol, addresses and ports (no address is
kept); ``start``, ``end``: ns since 1970, UTC; ``route``: place in ``Transfers.routes``; ``bytes``:
outbound, IP layer; ``records``: estimate of data subjects from the declared size of a record; null
= none possible, or a flow of control messages."""


@dataclass(frozen=True, slots=True, order=True)
class Carried:
    """One category on a route, and the regime it fell under on that day (null = not known)."""

    category: str
    regime: str | None


@dataclass(frozen=True, slots=True)
class Route:
    """Who sends what to whom under which rules.

    Attributes:
        owner: the system's owner as the inventory names it, else the agency; empty = no inventory.
        system: id; null = no listed system.
        recipient: as ``auditor.model.finding.Finding.recipient``.
        country: where the recipient's end is, or where its operator is from, if that is at home.
        carried: sorted by category; empty = the system is known to hold nothing on the lists, or
            nothing is known of it.
    """

    owner: str
    system: str | None
    recipient: str
    country: str | None
    carried: tuple[Carried, ...]


@dataclass(frozen=True, slots=True)
class Transfers:
    """What one run saw leave.

    Attributes:
        routes: different ones.
        flows: ``TRANSFERS``, in any order; flows that confirm another input's are not in it.
    """

    routes: tuple[Route, ...] = ()
    flows: pa.Table = field(default_factory=TRANSFERS.empty_table)


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What took one route on one day (of Vietnam, by the start of flows).

    Attributes:
        records: estimated data subjects; null = nothing could be estimated.
    """

    day: date
    route: Route
    flows: int
    bytes: int
    records: int | None


@dataclass(frozen=True, slots=True)
class DayCount:
    """Whom the content was about that one detector recognised on one day.

    Attributes:
        outbound: in what left; false = in what came in; null = not known.
        state: keyed hashes (``auditor.model.subjects.Subjects``): they add up without counting
            anybody twice.
    """

    day: date
    owner: str
    system: str | None
    recipient: str
    detector: str
    outbound: bool | None
    state: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that was added up, ordered by day.

    Attributes:
        complete_from: first day of the longest time that was watched; null = nothing yet. What left
            before, or past the sensors, is not in it.
        first_seen: first day on which a system was seen to send a category to a recipient.
    """

    totals: tuple[DayTotal, ...] = ()
    counts: tuple[DayCount, ...] = ()
    complete_from: date | None = None
    first_seen: dict[tuple[str | None, str, str], date] = field(default_factory=dict)

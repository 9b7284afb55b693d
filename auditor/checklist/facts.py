"""Everything a probe may look at. Probes open no files and read no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

import pandas as pd

from auditor.checklist.assessment import Assessment, Endpoints, Network
from auditor.checklist.held import Held
from auditor.model.inventory import Inventory
from auditor.model.readiness import Coverage

if TYPE_CHECKING:
    from auditor.model.checklist import Limit

VIETNAM: Final = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class Number:
    """A limit for this system's level, with where it comes from.

    Attributes:
        value: null = the instrument sets none for this level.
        source: instrument, article and mark in one line, as the papers show it.
    """

    value: float | None
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Traffic:
    """What captures and flow logs showed, added up; rows that only confirm others are left out.

    Attributes:
        edges: one row for each distinct initiator address, responder address, responder port,
            protocol, application, TLS version, outcome and input. Columns (see
            ``sources.traffic``): ``src_ip``, ``dst_ip``, ``dst_port`` (0 = none), ``protocol``,
            ``app``, ``host``, ``tls_version``, ``tls_cipher``, ``tunnel``, ``peer_country``
            (texts; empty = not known), ``encrypted``, ``crosses_border`` (null = not known),
            ``answered`` (the responder took it: it sent something back that is no refusal),
            ``blocked`` (a log says that it was refused), ``src_zone``, ``dst_zone`` (ids; empty =
            no zone), ``src_kind``, ``dst_kind`` (of those zones), ``src_home``, ``dst_home``
            (inside the declared networks), ``src_outside``, ``dst_outside`` (on the Internet),
            ``src_place``, ``dst_place`` (zone, ``center``, ``agent-node``, ``internet`` or empty),
            ``ordinary`` (both ends are single hosts), ``way`` (a number for each pair of hosts,
            port and protocol), ``moved`` (answered, or a datagram that
            needs no answer and was not refused), ``flows``,
            ``src_packets``, ``dst_packets``, ``src_bytes``, ``dst_bytes``, ``src_payload``,
            ``dst_payload`` (0 = none or not known), ``sampled`` (estimates), ``first``, ``last``,
            ``flow_id`` (of the first), ``input_id``.
        inputs: file name of each input, by ``input_id``.
        moments: flows of the channel by the minute they began in: ``minute``, ``src_ip``,
            ``dst_ip``, ``dst_port``, ``protocol``, ``tls_version``, ``answered``, ``input_id``,
            and what ``edges`` add up.
        active: ``hour``, ``input_id``, ``flows``: when anything at all was seen.
    """

    edges: pd.DataFrame
    inputs: Mapping[int, str]
    coverage: Coverage
    moments: pd.DataFrame
    active: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one system today.

    Attributes:
        now: the moment of the check; ``today`` is its day in Vietnam.
        network: null = ``network.yaml`` is not there.
        endpoints: null = ``endpoints.yaml`` is not there.
        inventory: null = none was named.
        numbers: limits for this system's level, by id.
        evidence: what is registered, by kind.
        traffic: null = no capture or flow log was named.
        baseline: null = no baseline is signed.
        holidays: public holidays, for working days.
    """

    now: datetime
    assessment: Assessment
    numbers: Mapping[str, Number]
    evidence: Mapping[str, tuple[Held, ...]] = field(default_factory=dict)
    network: Network | None = None
    endpoints: Endpoints | None = None
    inventory: Inventory | None = None
    traffic: Traffic | None = None
    baseline: pd.DataFrame | None = None
    holidays: frozenset[date] = frozenset()

    @property
    def today(self) -> date:
        """The day in Vietnam."""
        return self.now.astimezone(VIETNAM).date()

    def held(self, kind: str) -> tuple[Held, ...]:
        """What is registered of a kind, the youngest first."""
        return self.evidence.get(kind, ())

    def number(self, name: str) -> Number:
        """A limit for this level; its value is null where no instrument sets one."""
        return self.numbers[name]


def numbers_for(
    limits: tuple[tuple[str, Limit], ...], level: int, own: Mapping[str, float]
) -> dict[str, Number]:
    """The limits of a level, by id.

    Args:
        limits: instrument and limit.
        level: 1 to 5.
        own: an agency's own numbers; they replace only defaults and unread letters (M, T).
    """
    numbers: dict[str, Number] = {}
    for instrument, limit in limits:
        value, source = limit.levels[level - 1], f"{instrument} {limit.article}".strip()
        source = f"{source} [{limit.mark}]"
        if limit.id in own and limit.mark in ("M", "T"):
            value, source = own[limit.id], f"assessment.yaml ({source}: {value})"
        numbers[limit.id] = Number(value, limit.unit, source)
    return numbers


def utc(moment: datetime) -> datetime:
    """The moment in UTC; one without a zone is taken for Vietnam's."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)).astimezone(UTC)

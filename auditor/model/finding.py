"""What the audit found: an indicator with its evidence, its certainty and its legal basis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from pydantic import AwareDatetime

from auditor.model.catalogue import Mark
from auditor.model.text import Text

Severity = Literal["critical", "high", "medium", "low", "info"]
SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "high", "medium", "low", "info")
"""From the heaviest to the lightest."""

State = Literal["open", "covered", "undecided"]
"""open = the condition holds; covered = a dossier covers it; undecided = a fact is not known."""

Certainty = Literal["firm", "likely", "weak"]
CERTAINTIES: Final[tuple[Certainty, ...]] = ("weak", "likely", "firm")
"""From the least sure to the surest."""


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """The provision a finding rests on, with how sure its text is (C, S or M)."""

    instrument: str
    article: str
    says: Text
    mark: Mark
    url: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """A name and how many flows and outbound bytes stand behind it."""

    name: str
    flows: int
    outbound_bytes: int


@dataclass(frozen=True, slots=True)
class FlowLine:
    """One flow shown as evidence; ``flows.parquet`` holds it whole under ``flow_id``."""

    flow_id: int
    input_id: int
    start: AwareDatetime
    end: AwareDatetime
    protocol: int
    src_ip: str
    src_port: int | None
    dst_ip: str
    dst_port: int | None
    host: str | None
    host_basis: str | None
    app: str | None
    encrypted: bool | None
    country: str | None
    initiator_basis: str
    geo_basis: str | None
    outbound_bytes: int | None
    inbound_bytes: int | None
    seen_by: str = "packets"
    sampling: int | None = None


@dataclass(frozen=True, slots=True)
class Recognised:
    """What one detector recognised in the flows of a finding; never the values themselves.

    Attributes:
        outbound: in what left home; false = in what came in; null = which is home is not known.
        distinct: how many different values; an estimate or an upper bound unless ``exact``.
        subject: whom values stand for (``person``, ``organisation``, ``object``); null = nobody.
        samples: masked, at most three; none where ``withheld``.
        places: where it stood, at most three; without names of files where ``withheld``.
        withheld: there is a secrecy mark: nothing of the content is shown.
        mark: how sure the structure that is looked for is (C, S or M).
    """

    detector: str
    title: Text
    outbound: bool | None
    flows: int
    matches: int
    distinct: int
    exact: bool
    subject: Literal["person", "organisation", "object"] | None
    certainty: Certainty
    samples: tuple[str, ...]
    places: tuple[str, ...]
    withheld: bool
    mark: Mark


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen.

    Attributes:
        flow_ids: every flow of the finding, ascending, up to ``flow_ids_cut``.
        flow_ids_cut: how many more flows there are than ``flow_ids`` lists.
        lines: the heaviest flows by outbound bytes, at most ten.
        subjects: data subjects concerned; null = no estimate possible.
        unknown_flows: flows that do not say how much left: ``outbound_bytes`` is without them.
        estimated_bytes: what of ``outbound_bytes`` is an estimate from sampled traffic.
        samplings: one packet in so many was looked at, as text: the factors behind the estimates.
        sources: what the flows were read from: packets, or kinds of logs.
        witnesses: inputs that saw some of this as well and are not counted, by id; at most 20.
        read_bytes: what of ``outbound_bytes`` was understood and searched.
        raw_bytes: what of it was searched as it stood, its protocol not understood.
        recognised: what detectors recognised; for a finding about a category, of that category.
    """

    flows: int
    packets: int | None
    outbound_bytes: int
    inbound_bytes: int
    first: AwareDatetime
    last: AwareDatetime
    home: tuple[Counted, ...]
    peers: tuple[Counted, ...]
    hosts: tuple[Counted, ...]
    countries: tuple[Counted, ...]
    apps: tuple[Counted, ...]
    clear_text_flows: int
    encrypted_flows: int
    subjects: int | None
    subjects_basis: Literal["counted", "estimated"] | None
    flow_ids: tuple[int, ...]
    flow_ids_cut: int
    lines: tuple[FlowLine, ...]
    unknown_flows: int = 0
    estimated_bytes: int = 0
    samplings: tuple[Counted, ...] = ()
    sources: tuple[Counted, ...] = ()
    witnesses: tuple[int, ...] = ()
    read_bytes: int = 0
    raw_bytes: int = 0
    recognised: tuple[Recognised, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One indicator: rule x system x recipient x category.

    Attributes:
        id: stable: the same rule, system, recipient and category give the same id in every run. A
            recipient that becomes known by another name (a new list of services or ranges) is
            another recipient.
        system: id of the inventory's system; null = not one system of the inventory.
        recipient: the operator of the far side where an override, a service's name or a
            provider's list of addresses names it, else the organisation that owns its network,
            else its address.
        category: code of the data category; null = the finding is not about one category.
        category_verified: false where the category's wording could not be confirmed.
        known_by: how each part is known (what was seen, how).
        not_known: what is not known and would change the finding.
        dossier: id of the dossier that covers it, or that comes closest; null = none.
        dossier_note: why the dossier covers it or does not.
    """

    id: str
    rule: str
    title: Text
    severity: Severity
    state: State
    system: str | None
    system_name: str | None
    recipient: str
    category: str | None
    category_title: Text | None
    category_verified: bool | None
    countries: tuple[str, ...]
    certainty: Certainty
    known_by: tuple[Text, ...]
    not_known: tuple[Text, ...]
    legal: tuple[LegalBasis, ...]
    next_step: Text
    evidence: Evidence
    dossier: str | None = None
    dossier_note: Text | None = None

"""What the audit found: an indicator with its evidence, its certainty and its legal basis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from pydantic import AwareDatetime

from auditor.model.catalogue import Mark
from auditor.model.text import Text

Severity = Literal["critical", "high", "medium", "low", "info"]
SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "high", "medium", "low", "info")
"""From the heaviest to the lightest."""

State = Literal["open", "undecided", "exempt", "covered"]
"""open = the condition holds; undecided = a fact is not known; exempt = somebody claims a ground on
which no dossier is needed; covered = a dossier covers it."""
STATES: Final[tuple[State, ...]] = ("open", "undecided", "exempt", "covered")
"""From the heaviest to the lightest; a flow that is several at once is the heaviest."""
ANSWERED: Final[tuple[State, ...]] = ("exempt", "covered")
"""States in which the register already answers: they are shown, and not counted as open."""

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
class Running:
    """A total over all transfers since a day, compared with a threshold.

    Attributes:
        owner: whose data it is; empty = no inventory.
        since: day from which on transfers count.
        crossed: day on which the total reached the threshold; where its number is not known, the
            first day on which anything counted.
        threshold: the number from which it is crossed; null = it could not be confirmed.
        mark: how sure that number is.
        counted: different subjects that were recognised in content: at least so many; an estimate
            of a large number unless ``exact``.
        estimated: subjects by the declared size of a record, which may be counted several times;
            null = no estimate possible. Never added to ``counted``.
        systems, recipients: behind the total, heaviest first, at most ten.
        alone: it is the total of one run only, no ledger was at hand.
        complete_from: first day of the longest time that the ledger watched.
    """

    owner: str
    since: date
    crossed: date
    threshold: int | None
    mark: Mark
    counted: int
    exact: bool
    estimated: int | None
    systems: tuple[Counted, ...]
    recipients: tuple[Counted, ...]
    alone: bool
    complete_from: date | None


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
        running: the total over all runs that the finding rests on; it then names no single flow,
            and the numbers are sums of the ledger's days. Null = flows of this run are behind it.
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
    running: Running | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day by which something must be done, as far as this traffic tells.

    Attributes:
        due: the last day.
        counted_from: the day it is reckoned from.
        known: that day is known; false = it is the first day seen, and may have been earlier, so
            that ``due`` is the latest day that it can be.
        duty: id of the duty in ``regimes.yaml``.
    """

    due: date
    counted_from: date
    known: bool
    duty: str
    what: Text
    basis: LegalBasis


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field of a dossier beside what was seen.

    Attributes:
        field: such as ``recipient``, ``country``, ``ceiling``, ``stop-order``.
        said: what the dossier says.
        seen: what the traffic shows.
        fits: null = one of the two is not known.
    """

    field: str
    said: Text
    seen: Text
    fits: bool | None


@dataclass(frozen=True, slots=True)
class Claim:
    """An exemption that a person recorded; the program neither finds nor judges any.

    Attributes:
        id: of the entry in the register.
        reported: day on which the report that the ground asks for was sent; null = not yet.
        ground_id: id of the ground in ``regimes.yaml``.
    """

    id: str
    ground: Text
    basis: LegalBasis
    reason: str
    recorded_by: str
    recorded: date
    reviewed_by: str
    reviewed: date
    reported: date | None
    ground_id: str = ""


@dataclass(frozen=True, slots=True)
class Sanction:
    """The range that the law names for some conduct: information, not a finding."""

    conduct: Text
    range: Text
    basis: LegalBasis


Standing = Literal[
    "open", "acknowledged", "claimed-exempt", "covered", "remediated", "accepted-risk"
]
"""What people say of a finding, whatever the program says."""
STANDINGS: Final[tuple[Standing, ...]] = (
    "open", "acknowledged", "claimed-exempt", "covered", "remediated", "accepted-risk"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """A remediation plan in the six clear points that the committee asks for.

    Attributes:
        people: rõ người; ``work``: rõ việc; ``time``: rõ thời gian; ``responsibility``: rõ trách
            nhiệm; ``product``: rõ sản phẩm; ``authority``: rõ thẩm quyền.
    """

    people: str
    work: str
    time: str
    responsibility: str
    product: str
    authority: str


@dataclass(frozen=True, slots=True)
class Step:
    """One decision of a person on a finding.

    Attributes:
        until: day on which it must be looked at again; null = none was set.
    """

    standing: Standing
    at: AwareDatetime
    who: str
    role: str
    why: str
    until: date | None = None
    plan: Plan | None = None


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
        compared: that dossier beside what was seen, field by field.
        regime: id of the rules it falls under; null = not one, or not known.
        deadlines: what must be done by which day, the earliest first.
        claim: the exemption that is claimed for it.
        sanctions: what an inspector would look up.
        life: what people decided, the newest first; kept by the store.
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
    compared: tuple[Comparison, ...] = ()
    regime: str | None = None
    regime_title: Text | None = None
    deadlines: tuple[Deadline, ...] = ()
    claim: Claim | None = None
    sanctions: tuple[Sanction, ...] = ()
    life: tuple[Step, ...] = ()

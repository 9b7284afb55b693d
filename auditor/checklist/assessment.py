"""What an assessment folder says of itself: the files that people and the commands write.

``assessment.yaml`` names the system and who answers for it, ``network.yaml`` declares its network,
``endpoints.yaml`` lists the agency's own TLS endpoints, ``answers.yaml`` holds what was answered,
attested and waived, ``evidence.yaml`` what lies in ``evidence/``.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Final, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from auditor.model.checklist import Condition, ItemId, Name
from auditor.model.days import Day, Moment
from auditor.model.documents import Document
from auditor.model.inventory import Network as IpNetwork
from auditor.model.inventory import network as _ip_network

FORMAT: Final = 1

Networks = tuple[Annotated[IpNetwork, BeforeValidator(_ip_network)], ...]


def _address(value: object) -> str:
    try:
        return str(ipaddress.ip_address(str(value).strip()))
    except ValueError:
        raise ValueError("write an IP address, such as 10.20.0.5") from None


Address = Annotated[str, BeforeValidator(_address)]
Port = Annotated[str, Field(pattern=r"^([0-9]{1,5}(-[0-9]{1,5})?/(tcp|udp|sctp)|icmp|any)$")]
"""``443/tcp``, ``5000-5100/udp``, ``icmp`` or ``any``."""

Said = Literal["nothing", "yes", "partly", "no", "not-applicable"]


class SystemPart(Document):
    """The system that is to be connected."""

    id: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    name: str = ""
    agency: str = ""
    owner: str = ""
    operator: str = ""
    security_unit: str = ""
    level: Annotated[int, Field(ge=1, le=5)]
    description: str = ""
    conditions: tuple[Condition, ...] = ()
    functions: tuple[
        Literal[
            "public-services", "online-services", "shared-infrastructure", "nationwide",
            "round-the-clock", "national-database",
        ],
        ...,
    ] = ()  # fmt: skip
    basic_subjects: Annotated[int, Field(ge=0)] | None = None
    sensitive_subjects: Annotated[int, Field(ge=0)] | None = None

    @property
    def holding(self) -> frozenset[Condition]:
        """The conditions declared; a system with data subjects holds personal data, said or not."""
        implied: frozenset[Condition] = frozenset()
        if self.basic_subjects or self.sensitive_subjects:
            implied = frozenset({"personal-data"})
        return frozenset(self.conditions) | implied


class Dates(Document):
    """The days that date rules compare with; times are those of Vietnam where none is given."""

    built_before_july_2026: bool | None = None
    go_live: Day | None = None
    first_connection: Day | None = None
    first_sync: Moment | None = None
    last_change: Day | None = None
    cut: Moment | None = None
    reconnected: Moment | None = None
    terminated: Moment | None = None


class Assessor(Document):
    """Who assesses; a body with a licence has its number here."""

    unit: str = ""
    licence: str = ""
    designated: bool = False


class MajorChange(Document):
    """Whether the connection is a major change of scope or architecture (a legal question)."""

    is_one: bool = True
    decision: str = ""


class Person(Document):
    """Somebody who answers, attests, approves or signs; ``key`` is a public key's fingerprint."""

    name: Annotated[str, Field(min_length=1)]
    role: Literal[
        "owner", "operator", "security-unit", "assessor", "data-owner", "secrecy-officer",
        "custodian", "leader", "inspector", "staff",
    ]  # fmt: skip
    unit: str = ""
    key: str = ""


class Assessment(Document):
    """``assessment.yaml``."""

    format: Annotated[int, Field(ge=1)]
    checklist: Name
    checklist_version: str
    system: SystemPart
    dates: Dates = Dates()
    assessor: Assessor = Assessor()
    major_change: MajorChange = MajorChange()
    people: tuple[Person, ...] = ()
    soft_gates_off: dict[ItemId, str] = Field(default={})
    """Soft gates this agency does not keep as gates, each with the reason."""
    numbers: dict[Name, Annotated[float, Field(ge=0, le=1e6)]] = Field(default={})
    """Numbers of this agency in place of engineering defaults (mark M) and unread letters (T)."""


class Zone(Document):
    """A network zone. ``kind`` is what the standard calls it."""

    id: Name
    kind: Literal[
        "edge", "dmz", "internal", "servers", "application", "database", "management", "wireless",
        "users", "test", "backup", "line",
    ]  # fmt: skip
    """``line`` = the government's leased network (TSLCD)."""
    networks: Networks


class Edge(Document):
    """One declared way: who may open connections to whom, on which ports."""

    src: str
    dst: str
    """A zone's id, an address, a network, or ``internet``, ``center``, ``agent-node``."""
    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    data: str = ""
    purpose: str = ""


class Channel(Document):
    """The registered path to the National Data Center.

    Attributes:
        agent_nodes: addresses of the Agent Node (set up by the Center; never scanned).
        center: networks of the Center and its platforms, as registered.
        hosts: names of them, exact or ``*.example.vn``.
        connection_points: the agency's own hosts that may talk to the Center or the Agent Node.
        ports: on which the channel runs.
    """

    agent_nodes: tuple[Address, ...] = ()
    center: Networks = ()
    hosts: tuple[str, ...] = ()
    connection_points: tuple[Address, ...] = ()
    ports: tuple[Port, ...] = ("443/tcp",)


class Sensor(Document):
    """Where traffic was recorded. ``files`` are names of captures, ``*`` allowed."""

    id: Name
    files: tuple[str, ...] = ()
    zones: tuple[Name, ...] = ()
    behind_nat: bool | None = None
    """True = sees inner addresses; false = outside of address translation; null = not said."""


WIDEST: Final = {4: 8, 6: 16}
"""Least prefix of a declared network, by version of IP: a wider one would take in strangers."""


def _holds(wide: IpNetwork, net: IpNetwork) -> bool:
    if isinstance(wide, ipaddress.IPv4Network):
        return isinstance(net, ipaddress.IPv4Network) and net.subnet_of(wide)
    return isinstance(net, ipaddress.IPv6Network) and net.subnet_of(wide)


class Network(Document):
    """``network.yaml``: the declared network."""

    zones: tuple[Zone, ...] = ()
    edges: tuple[Edge, ...] = ()
    channel: Channel = Channel()
    public: Networks = ()
    resolvers: tuple[Address, ...] = ()
    time_servers: tuple[Address, ...] = ()
    log_servers: tuple[Address, ...] = ()
    privileged_access: tuple[Address, ...] = ()
    backup_servers: tuple[Address, ...] = ()
    security_contacts: tuple[Address, ...] = ()
    """Where alerts are forwarded to (monitoring of the Ministry of Public Security)."""
    sensors: tuple[Sensor, ...] = ()

    def spans_zones(self, end: str) -> bool:
        """Whether an edge's end is a network that holds networks of more than one zone.

        Such an end says nothing of who may reach whom: it declares no way.
        """
        if end in (*(zone.id for zone in self.zones), "internet", "center", "agent-node"):
            return False
        wide = _ip_network(end)
        held = [zone for zone in self.zones if any(_holds(wide, net) for net in zone.networks)]
        return len(held) > 1

    @model_validator(mode="after")
    def _holds_together(self) -> Network:
        wide = [
            str(net)
            for net in (
                *(net for zone in self.zones for net in zone.networks),
                *self.public,
                *self.channel.center,
            )
            if net.prefixlen < WIDEST[net.version]
        ]
        if wide:
            raise ValueError(
                f"{', '.join(wide)}: wider than any agency's network; name the networks there are"
            )
        zones = [zone.id for zone in self.zones]
        taken = sorted({"internet", "center", "agent-node"} & set(zones))
        if taken:
            raise ValueError(f"a zone cannot be called {', '.join(taken)}: these words are taken")
        twice = sorted({name for name in zones if zones.count(name) > 1})
        if twice:
            raise ValueError(f"zones stand twice: {', '.join(twice)}")
        for edge in self.edges:
            for end in (edge.src, edge.dst):
                if end not in (*zones, "internet", "center", "agent-node"):
                    try:
                        _ip_network(end)
                    except ValueError:
                        raise ValueError(
                            f"{end}: no zone of this name, and no network either"
                        ) from None
        return self


class Endpoint(Document):
    """One of the agency's own TLS endpoints."""

    address: Address
    port: Annotated[int, Field(gt=0, lt=65536)] = 443
    name: str = ""
    role: Literal["exchange", "public", "internal"] = "internal"
    client_certificate: bool = False
    """It must refuse clients without a certificate."""


class Endpoints(Document):
    """``endpoints.yaml``: what the agency itself lists and signs for a scan of its own."""

    format: Annotated[int, Field(ge=1)]
    endpoints: tuple[Endpoint, ...] = ()


class MeasurePart(Document):
    """The six clear points of a remedy; empty = not clear yet."""

    who: str = ""
    what: str = ""
    due: Day | Literal[""] = ""
    responsible: str = ""
    product: str = ""
    authority: str = ""


class AnswerEntry(Document):
    """What the agency says of one item, bound to the wording it answered."""

    item: ItemId
    said: Said
    explanation: str = ""
    by: str = ""
    at: Moment
    text_sha256: str
    measure: MeasurePart | None = None


class AttestationEntry(Document):
    """A named person's word for one item, bound to its wording and its evidence."""

    item: ItemId
    holds: bool
    applies: bool = True
    """False = it says that the item does not concern the system; it says nothing else then."""
    person: str
    role: str
    unit: str = ""
    statement: str
    at: Moment
    valid_until: Day
    text_sha256: str
    evidence: dict[str, str] = Field(default={})
    """Id of each piece of evidence it looked at, with its SHA-256."""
    key: str = ""
    signature: str = ""

    @model_serializer(mode="wrap")
    def _as_written(self, plain: SerializerFunctionWrapHandler) -> dict[str, object]:
        """``applies`` is written only where it is false: older signatures keep fitting."""
        content: dict[str, object] = plain(self)
        if content.get("applies") is True:
            del content["applies"]
        return content


class WaiverEntry(Document):
    """A lack that is accepted for a time."""

    item: ItemId
    approver: Annotated[str, Field(min_length=1)]
    role: Annotated[str, Field(min_length=1)]
    reason: Annotated[str, Field(min_length=1)]
    at: Moment
    until: Day


class Answers(Document):
    """``answers.yaml``: one answer and one waiver an item, and every attestation."""

    format: Annotated[int, Field(ge=1)]
    answers: tuple[AnswerEntry, ...] = ()
    attestations: tuple[AttestationEntry, ...] = ()
    waivers: tuple[WaiverEntry, ...] = ()

    @model_validator(mode="after")
    def _one_each(self) -> Answers:
        for name, entries in (("answers", self.answers), ("waivers", self.waivers)):
            items = [entry.item for entry in entries]
            twice = sorted({item for item in items if items.count(item) > 1})
            if twice:
                raise ValueError(
                    f"two {name} to one item: {', '.join(twice)}; keep the one that is true"
                )
        return self


class EvidenceEntry(Document):
    """One registered piece of evidence."""

    id: Annotated[str, Field(pattern=r"^ev-[0-9]{4}$")]
    kind: Name
    file: str = ""
    """Relative to the folder, ``evidence/…``; empty = registered by metadata only."""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    size: int | None = None
    items: tuple[ItemId, ...] = ()
    """Items it was attached for; empty = all items that ask for its kind."""
    number: str = ""
    dated: Day | Literal[""] = ""
    signer: str = ""
    effective: Day | Literal[""] = ""
    collected: Day | Literal[""] = ""
    registered: Day
    by: str = ""
    secrecy: Literal["none", "registered-only"] = "none"
    note: str = ""


class EvidenceRegister(Document):
    """``evidence.yaml``."""

    format: Annotated[int, Field(ge=1)]
    evidence: tuple[EvidenceEntry, ...] = ()

    @model_validator(mode="after")
    def _no_id_twice(self) -> EvidenceRegister:
        ids = [entry.id for entry in self.evidence]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"evidence ids stand twice: {', '.join(twice)}")
        return self

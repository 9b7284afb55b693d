"""The facts a rule may speak of: one table, from which the rule format is built."""

# ruff: noqa: E501 - the table has one line per fact

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pyarrow as pa

from auditor.model.catalogue import LEVELS


class Kind(StrEnum):
    """What a fact is, and with it which operators fit."""

    TRUTH = "true or false"
    TEXT = "text"
    TEXTS = "list of texts"
    NUMBER = "number"
    DAY = "day"


ARROW_TYPE: Final[dict[Kind, pa.DataType]] = {
    Kind.TRUTH: pa.bool_(),
    Kind.TEXT: pa.string(),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.NUMBER: pa.int64(),
    Kind.DAY: pa.date32(),
}

OPERATORS_OF: Final[dict[Kind, tuple[str, ...]]] = {
    Kind.TRUTH: ("is", "known"),
    Kind.TEXT: ("equals", "one_of", "known"),
    Kind.TEXTS: ("has_any", "known"),
    Kind.NUMBER: ("at_least", "below", "known"),
    Kind.DAY: ("on_or_after", "before", "known"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact.

    Attributes:
        of_category: the fact belongs to one category of a flow, not to the flow as a whole: a flow
            with three categories has it three times.
        values: all values it can take, where these are few.
    """

    name: str
    kind: Kind
    meaning: str
    of_category: bool = False
    values: tuple[str, ...] = ()


RULES: Final = (
    *("override", "special", "inventory", "anycast", "cloud-region", "geofeed", "databases"),
    *("registration", "none"),
)
REGIMES: Final = ("decree-165-core", "decree-165-important", "pdpl", "decree-13", "none")

# One line per fact: this is a table.
# fmt: off
FACTS: Final[tuple[Fact, ...]] = (
    # Columns of the flow table, as they are.
    Fact("crosses_border", Kind.TRUTH, "The flow connects home with a foreign country (form a of Article 23(2) of the Law on Data); false for a foreign-run server in the country."),
    Fact("foreign_recipient", Kind.TRUTH, "Somebody foreign runs the far side, wherever it stands (form b); unknown where the operator's country is."),
    Fact("foreign_platform", Kind.TRUTH, "The far side is a foreign platform abroad on which data is processed (form c); unknown without a known service, or where its place is undecided."),
    Fact("home_side", Kind.TEXT, "Which end is at home; a foreign-run server in the country is not, but the peer.", values=("src", "dst", "both", "none")),
    Fact("geo_state", Kind.TEXT, "How far the place of the peer is known; `ambiguous` = several countries, perhaps all foreign; `contradicted` = it answers faster than light allows from there.", values=("country", "anycast", "ambiguous", "contradicted", "unknown", "not-applicable")),
    Fact("geo_rule", Kind.TEXT, "Step that decided the place.", values=RULES),
    Fact("geo_certainty", Kind.TEXT, "How sure the country is; unknown where none was decided.", values=("firm", "likely", "weak")),
    Fact("peer_country", Kind.TEXT, "Country the peer is in (ISO 3166-1 alpha-2); the home country for a foreign-run server that stands there."),
    Fact("peer_org", Kind.TEXT, "Organisation that runs the peer's network."),
    Fact("peer_org_country", Kind.TEXT, "Country that organisation is registered in."),
    Fact("operator", Kind.TEXT, "Who runs what is at the peer's address."),
    Fact("operator_country", Kind.TEXT, "Country the operator is registered in (ISO 3166-1 alpha-2)."),
    Fact("operator_basis", Kind.TEXT, "How the operator is known; `network` = owner of the network only: a tenant may be another.", values=("override", "service", "range", "network")),
    Fact("service", Kind.TEXT, "Well-known service that the server's name belongs to, by its id in `services.yaml`."),
    Fact("service_kind", Kind.TEXT, "Kind of that service, as `services.yaml` names it."),
    Fact("protocol", Kind.NUMBER, "IP protocol number: 6 = TCP, 17 = UDP."),
    Fact("src_port", Kind.NUMBER, "Transport port of the initiator."),
    Fact("dst_port", Kind.NUMBER, "Transport port of the responder."),
    Fact("app", Kind.TEXT, "Application protocol, lower case."),
    Fact("encrypted", Kind.TRUTH, "The payload is protected; false = a clear-text protocol was recognised."),
    Fact("host", Kind.TEXT, "Name of the server, lower case."),
    Fact("host_basis", Kind.TEXT, "Where the name was seen.", values=("tls-sni", "quic-sni", "http-host", "dns-answer", "dns-query", "ech-outer", "log")),
    Fact("outbound_bytes", Kind.NUMBER, "Bytes that left home; 0 = an attempt, nothing was transferred."),
    Fact("inbound_bytes", Kind.NUMBER, "Bytes that came in."),
    Fact("system_id", Kind.TEXT, "System of the inventory at the home end."),
    Fact("level", Kind.TEXT, "Highest level among the categories of the flow.", values=LEVELS),
    Fact("categories", Kind.TEXTS, "Codes of all categories the flow may carry."),
    Fact("class_basis", Kind.TEXT, "How the categories are known.", values=("content", "declared", "destination")),
    Fact("content_labels", Kind.TEXTS, "What was recognised in what left: codes of categories, `state-secret`, `covert-channel`; unknown where the content was not searched."),
    Fact("content_hints", Kind.TEXTS, "What words or the kind of a file in what left only hint at; unknown where the content was not searched."),
    Fact("subjects", Kind.NUMBER, "Data subjects whose data the flow may carry."),
    # Derived from them.
    Fact("day", Kind.DAY, "Day the flow began, in Vietnam time."),
    Fact("listed", Kind.TRUTH, "The home end is a system of the inventory; unknown where there is no inventory."),
    Fact("control_traffic", Kind.TRUTH, "Name, time or control messages (DNS, mDNS, LLMNR, NTP, ICMP), which carry no records unless somebody hides them there."),
    # Of one category each.
    Fact("category", Kind.TEXT, "Code of the category.", of_category=True),
    Fact("category_level", Kind.TEXT, "Level of the category; `unclassified` where the system is known to hold none.", of_category=True, values=LEVELS),
    Fact("category_personal", Kind.TRUTH, "The category is personal data; unknown where the list does not say.", of_category=True),
    Fact("regime", Kind.TEXT, "Rules the transfer of this category falls under on that day; unknown before 2023-07-01 (Decree 13), for other than personal data before 2025-07-01 (Decree 165), and since 2026-01-01 where it is unknown whether the category is personal.", of_category=True, values=REGIMES),
)
# fmt: on

BY_NAME: Final[dict[str, Fact]] = {fact.name: fact for fact in FACTS}
OF_FLOW: Final[tuple[str, ...]] = tuple(fact.name for fact in FACTS if not fact.of_category)
OF_CATEGORY: Final[frozenset[str]] = frozenset(fact.name for fact in FACTS if fact.of_category)
OF_DATA: Final = frozenset((
    "level", "categories", "class_basis", "content_labels", "content_hints", "subjects",
))  # fmt: skip
"""Facts about which data a flow carries."""

OF_OPERATOR: Final = frozenset((
    "foreign_recipient", "operator", "operator_country", "operator_basis", "service", "service_kind",
))  # fmt: skip
"""Facts about who runs the far side."""

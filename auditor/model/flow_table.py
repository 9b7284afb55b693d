"""The one contract between readers and everything after: one row = one bidirectional flow.

``FLOW_TABLE`` is the schema, in the order of the stages. Each field carries its stage, its unit and
its meaning as metadata; ``docs/flow-table.md`` is generated from it (``python -m
auditor.model.flow_table > docs/flow-table.md``). A column of a later stage is absent until that
stage ran; null = looked, not known.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

VERSION: Final = 1


class Stage(StrEnum):
    """Who fills a column, in the order of the pipeline."""

    READ = "read"
    GEO = "geo"
    CLASSIFY = "classify"


def _field(
    name: str, kind: pa.DataType, stage: Stage, doc: str, unit: str = "", *, null: bool = True
) -> pa.Field:
    metadata = {"stage": stage.value, "unit": unit, "doc": doc}
    return pa.field(name, kind, nullable=null, metadata=metadata)


_TIME: Final = pa.timestamp("ns", tz="UTC")
_STRINGS: Final = pa.list_(pa.string())

# One line per column: this is a table.
# fmt: off
FLOW_TABLE: Final = pa.schema(
    [
        _field("flow_id", pa.int64(), Stage.READ, "Number of the flow in this run, from 1, in the order of inputs, start and endpoints.", null=False),
        _field("input_id", pa.int32(), Stage.READ, "Number of the input file the flow was read from; `inputs` in `run.json` names it.", null=False),
        _field("start", _TIME, Stage.READ, "Time of the first packet, as far as `time_basis` says.", "ns, UTC", null=False),
        _field("end", _TIME, Stage.READ, "Time of the last packet, likewise.", "ns, UTC", null=False),
        _field("seen_by", pa.string(), Stage.READ, "What the row was read from: `packets`, or the kind of log: `zeek`, `netflow`, `aws-vpc`...", null=False),
        _field("time_basis", pa.string(), Stage.READ, "What `start` and `end` are: `packets` (first and last packet seen), `recorded` (the log gives both), `window` (the bounds of a span that the log sums up), `start-only`, `end-only` (the log gives one; they are equal), `log-time` (only when the line was written is known).", null=False),
        _field("window_s", pa.int64(), Stage.READ, "Longest span that the log sums up in one record: moments are exact to this only; null = none, or not known.", "s"),
        _field("clock", pa.string(), Stage.READ, "How the zone of the times is known: `stated` (by the file or its format) or `assumed`.", null=False),
        _field("protocol", pa.uint8(), Stage.READ, "IP protocol number (IANA registry).", null=False),
        _field("src_ip", pa.string(), Stage.READ, "Address of the initiator, in the canonical text form of RFC 5952.", null=False),
        _field("src_port", pa.uint16(), Stage.READ, "Transport port of the initiator; null where the protocol has none or it was not seen."),
        _field("dst_ip", pa.string(), Stage.READ, "Address of the responder.", null=False),
        _field("dst_port", pa.uint16(), Stage.READ, "Transport port of the responder; null where the protocol has none or it was not seen."),
        _field("initiator_basis", pa.string(), Stage.READ, "How it is known who opened the flow: `syn`, `syn-ack`, `role` (request or reply seen), `port` (server port), `home` (the end at home, where only the first packet told otherwise), `first-packet`, `recorded` (the log says so).", null=False),
        _field("src_packets", pa.int64(), Stage.READ, "Packets sent by the initiator; null in half a conversation: that end proved to have talked, but was not captured.", "packets"),
        _field("dst_packets", pa.int64(), Stage.READ, "Packets sent by the responder; null in half a conversation: that end proved to have talked, but was not captured.", "packets"),
        _field("src_bytes", pa.int64(), Stage.READ, "Bytes of the IP packets sent by the initiator, IP header included; a few kinds of logs count whole frames (`docs/formats/README.md`).", "bytes"),
        _field("dst_bytes", pa.int64(), Stage.READ, "Bytes of the IP packets sent by the responder, IP header included.", "bytes"),
        _field("src_payload", pa.int64(), Stage.READ, "Transport payload sent by the initiator, from the IP length, each TCP byte counted once.", "bytes"),
        _field("dst_payload", pa.int64(), Stage.READ, "Transport payload sent by the responder, from the IP length, each TCP byte counted once.", "bytes"),
        _field("src_tcp_flags", pa.uint8(), Stage.READ, "All TCP flags the initiator sent, or-ed (FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128)."),
        _field("dst_tcp_flags", pa.uint8(), Stage.READ, "All TCP flags the responder sent, or-ed."),
        _field("rtt_us", pa.int64(), Stage.READ, "Time from the first SYN to the first SYN-ACK as seen at the sensor; repeated ones only make it larger.", "µs"),
        _field("sampling", pa.int64(), Stage.READ, "One packet in so many was looked at: 1 = every packet; 0 = the exporter made estimates of its own and does not tell the rate; null = unknown. Packets and bytes are multiplied by it; unless it is 1 or null they are estimates."),
        _field("vlan", pa.string(), Stage.READ, "VLAN identifiers of the first packet, outer to inner, joined by `.`; null = untagged or not recorded."),
        _field("tunnel", pa.string(), Stage.READ, "Kinds of the tunnels around the flow, outer to inner, joined by `/`; null = none recognised."),
        _field("outer_src_ip", pa.string(), Stage.READ, "Address of the outermost tunnel endpoint on the initiator's side."),
        _field("outer_dst_ip", pa.string(), Stage.READ, "Address of the outermost tunnel endpoint on the responder's side."),
        _field("app", pa.string(), Stage.READ, "Application protocol recognised from the payload or named by the log, lower case; null = not recognised."),
        _field("encrypted", pa.bool_(), Stage.READ, "Whether the payload is protected by a recognised encrypted protocol; false = a clear-text protocol was recognised."),
        _field("host", pa.string(), Stage.READ, "Name of the server, lower case (for `dns-query`: the name asked for)."),
        _field("host_basis", pa.string(), Stage.READ, "Where the name was seen: `tls-sni`, `quic-sni`, `http-host`, `dns-answer` (an answer in the same input gave this address that name), `dns-query` (the name this DNS flow asked for: not the server's own), `ech-outer` (beside an Encrypted Client Hello: perhaps a cover), `log`."),
        _field("ech", pa.bool_(), Stage.READ, "Encrypted Client Hello was offered (some clients only pretend to): unless DNS confirms the visible name its basis is `ech-outer`."),
        _field("alpn", pa.string(), Stage.READ, "Application protocol the client offered first in its TLS or QUIC hello (ALPN), such as `h2`."),
        _field("tls_version", pa.string(), Stage.READ, "Version the server chose: `SSL 3.0`, `TLS 1.0` to `TLS 1.3`, `DTLS 1.0` to `DTLS 1.3`; null = its hello was not seen."),
        _field("tls_cipher", pa.string(), Stage.READ, "Cipher suite the server chose, by its IANA name, or its number such as `0x1a2b` where it has none; null = not seen."),
        _field("ja4", pa.string(), Stage.READ, "JA4 fingerprint of the client's hello; null = no whole hello was seen."),
        _field("community_id", pa.string(), Stage.READ, "Community ID 1.0 of the flow, seed 0; null unless asked for or logged."),
        _field("nat_src_ip", pa.string(), Stage.READ, "Address that the initiator showed outside, where the log tells of a translation; null = none, or not logged."),
        _field("nat_src_port", pa.uint16(), Stage.READ, "Port likewise."),
        _field("nat_dst_ip", pa.string(), Stage.READ, "Address by which the responder was addressed, where a translation leads to another; null = none, or not logged."),
        _field("nat_dst_port", pa.uint16(), Stage.READ, "Port likewise."),
        _field("blocked", pa.bool_(), Stage.READ, "The log says that the traffic was refused: nothing of it counts as moved; null = not known."),
        _field("src_log_country", pa.string(), Stage.READ, "Country of the initiator as the maker of the log claims (ISO 3166-1 alpha-2): a further opinion, never the decision."),
        _field("dst_log_country", pa.string(), Stage.READ, "Country of the responder likewise."),
        _field("witnesses", pa.list_(pa.int32()), Stage.READ, "Inputs that saw the same traffic as well and are not counted for it, by `input_id`; null = none."),
        _field("witness_of", pa.int64(), Stage.READ, "The flow that is counted for this traffic, by `flow_id`: this row only confirms it; null = this row counts."),
        _field("home_side", pa.string(), Stage.GEO, "Which end is at home: `src`, `dst`, `both`, `none`; null = not known. A server in the country that somebody foreign runs is not at home, but the peer of an end that is."),
        _field("peer_ip", pa.string(), Stage.GEO, "The end that is not at home; null where both are or none is."),
        _field("peer_country", pa.string(), Stage.GEO, "Country the peer's address is in (ISO 3166-1 alpha-2): the home country for a foreign-run server that stands there."),
        _field("peer_asn", pa.int64(), Stage.GEO, "Autonomous system that announces the peer's address."),
        _field("peer_org", pa.string(), Stage.GEO, "Organisation of that autonomous system."),
        _field("peer_org_country", pa.string(), Stage.GEO, "Country that the autonomous system is registered in (ISO 3166-1 alpha-2), derived from the shipped data."),
        _field("service", pa.string(), Stage.GEO, "Service of `policies/services.yaml` that the server's name belongs to; null = none is known."),
        _field("service_kind", pa.string(), Stage.GEO, "Kind of that service, such as `object-store`, `mail`, `ai`."),
        _field("operator", pa.string(), Stage.GEO, "Who runs what is at the peer's address."),
        _field("operator_country", pa.string(), Stage.GEO, "Country that the operator is registered in (ISO 3166-1 alpha-2)."),
        _field("operator_basis", pa.string(), Stage.GEO, "How the operator is known: `override` (stated by the user), `service` (the server's name), `range` (a provider's list of its addresses), `network` (owner of the network only: a tenant may be another)."),
        _field("geo_state", pa.string(), Stage.GEO, "How far the place of the peer is known: `country`, `anycast` (many places at once), `ambiguous` (several countries), `contradicted` (it answers faster than light allows from there), `unknown`, `not-applicable` (no peer: the flow stays at home or never touches it).", null=False),
        _field("geo_rule", pa.string(), Stage.GEO, "Step that decided: `override`, `special`, `inventory`, `anycast`, `cloud-region`, `geofeed`, `databases`, `registration`, `none`."),
        _field("geo_certainty", pa.string(), Stage.GEO, "How sure the country is: `firm`, `likely`, `weak`; null = nothing was decided."),
        _field("geo_candidates", _STRINGS, Stage.GEO, "Countries that remain possible (`ambiguous`) or were claimed (`contradicted`); null in other states."),
        _field("geo_basis", pa.string(), Stage.GEO, "What the state rests on, with the day of its data, such as `country.mmdb 2026-06-17` or `special: private-use`."),
        _field("crosses_border", pa.bool_(), Stage.GEO, "Whether the flow connects home with a foreign country (form a of Article 23(2) of the Law on Data); also where only the country is open, but home is none of the candidates; false where it was refused (`blocked`); null = undecided."),
        _field("foreign_recipient", pa.bool_(), Stage.GEO, "Whether somebody foreign runs the far side, wherever it stands (form b); false rests on `operator_basis`; null = the operator's country is not known."),
        _field("foreign_platform", pa.bool_(), Stage.GEO, "Whether the far side is a foreign platform abroad on which data is processed (form c); null = no known service, or its place is undecided."),
        _field("outbound_bytes", pa.int64(), Stage.GEO, "What left home, whoever opened the connection: transport payload where known, else IP bytes; 0 where no end is at home alone.", "bytes"),
        _field("inbound_bytes", pa.int64(), Stage.GEO, "What came in from the peer, counted the same way.", "bytes"),
        _field("system_id", pa.string(), Stage.CLASSIFY, "System of the inventory at the home end; null = no listed system."),
        _field("categories", _STRINGS, Stage.CLASSIFY, "Codes of the data categories the flow may carry; null = not known."),
        _field("level", pa.string(), Stage.CLASSIFY, "Highest level among the categories: `core`, `important`, `personal`, `unclassified`; null = not known."),
        _field("class_basis", pa.string(), Stage.CLASSIFY, "How the categories are known: `content` (some were recognised in what left, see `content_labels`; others may be declared), `declared` (the inventory says the system holds them), `destination`."),
        _field("subjects", pa.int64(), Stage.CLASSIFY, "Data subjects whose data the flow may carry.", "persons"),
        _field("subjects_basis", pa.string(), Stage.CLASSIFY, "`counted` (distinct values seen) or `estimated` (outbound bytes over the declared average record)."),
        _field("content_labels", _STRINGS, Stage.CLASSIFY, "What detectors recognised in what left: codes of data categories, `state-secret`, `covert-channel`; empty = searched, nothing recognised; null = not searched."),
        _field("content_certainties", _STRINGS, Stage.CLASSIFY, "Certainty of each of these, in the same order: `firm` or `likely`."),
        _field("content_hints", _STRINGS, Stage.CLASSIFY, "What words or the kind of a file only hint at (certainty `weak`): no category rests on it."),
        _field("read_bytes", pa.int64(), Stage.CLASSIFY, "Outbound payload whose protocol or kind of document was understood and whose content was searched; null = the flow was not opened.", "bytes"),
        _field("raw_bytes", pa.int64(), Stage.CLASSIFY, "Outbound payload that was searched as it stood, its protocol not understood.", "bytes"),
        _field("unread_why", _STRINGS, Stage.CLASSIFY, "Why the rest of the outbound payload was not searched, most bytes first; null = the flow was not opened."),
    ],
    metadata={"version": str(VERSION)},
)
# fmt: on


def schema_at(stage: Stage) -> pa.Schema:
    """The columns that exist once ``stage`` has run."""
    order = list(Stage)
    reached = {kind.value for kind in order[: order.index(stage) + 1]}
    return pa.schema(
        [field for field in FLOW_TABLE if field.metadata[b"stage"].decode() in reached],
        metadata=FLOW_TABLE.metadata,
    )


def conform(flows: pd.DataFrame, stage: Stage) -> pd.DataFrame:
    """``flows`` with its columns in the contract's order; every stage ends with this.

    Raises:
        ValueError: columns are missing, unknown, of another type, or null where the contract
            forbids it; the message names all differences at once. This is a mistake in our code,
            never in somebody's input.
    """
    import pandas as pd  # late: readers begin without it, see pipeline

    schema = schema_at(stage)
    differences = [f"missing column {name}" for name in schema.names if name not in flows.columns]
    differences += [f"unknown column {name}" for name in flows.columns if name not in schema.names]
    for field in schema:
        if field.name not in flows.columns:
            continue
        column = flows[field.name]
        wanted = pd.ArrowDtype(field.type)
        if column.dtype != wanted:
            differences.append(f"{field.name}: is {column.dtype}, must be {wanted}")
        elif not field.nullable and column.hasnans:
            differences.append(f"{field.name}: has nulls, must not")
    if differences:
        raise ValueError(f"flow table after stage {stage}: " + "; ".join(differences))
    ordered: pd.DataFrame = flows[schema.names]
    return ordered


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """The table as pandas columns over the same Arrow memory."""
    import pandas as pd  # late: as above

    flows: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return flows


def to_arrow(flows: pd.DataFrame, stage: Stage) -> pa.Table:
    """The flow table as Arrow, with the contract's schema and metadata."""
    return pa.Table.from_pandas(flows, schema=schema_at(stage), preserve_index=False)


def empty(stage: Stage) -> pd.DataFrame:
    """A flow table without rows."""
    return to_pandas(schema_at(stage).empty_table())


def markdown() -> str:
    """The contract as a page for people (``docs/flow-table.md``)."""
    lines = [
        "# The flow table",
        "",
        "Generated from `auditor/model/flow_table.py` by `make docs`; do not edit by hand.",
        f"Version {VERSION}. One row is one bidirectional flow; *src* is the end that opened it.",
        "A column of a later stage is absent until that stage ran; an empty value (null) means:",
        "looked, not known.",
    ]
    for stage in Stage:
        lines += ["", f"## Stage `{stage.value}`", ""]
        lines += ["| column | type | unit | may be null | meaning |", "|---|---|---|---|---|"]
        for field in FLOW_TABLE:
            about = {key.decode(): value.decode() for key, value in field.metadata.items()}
            if about["stage"] == stage.value:
                null = "yes" if field.nullable else "no"
                cells = (f"`{field.name}`", f"`{field.type}`", about["unit"], null, about["doc"])
                lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())

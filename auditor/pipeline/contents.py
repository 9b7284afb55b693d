"""The content of what leaves: read again, searched, and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor import readers
from auditor.model.content import NOTHING_OPENED, UNREAD, Contents, Counted
from auditor.model.run import ContentTotal
from auditor.pipeline.counts import whole_sum
from auditor.pipeline.inspecting import inspected
from auditor.pipeline.orders import wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.inspect import Inspection, Search
    from auditor.model.problem import Problem
    from auditor.model.run import InputFile
    from auditor.pipeline.orders import Order, Progress
    from auditor.pipeline.tables import FlowTable

_RECIPIENT: Final = ("operator", "operator_basis", "peer_org", "peer_ip", "system_id")


@dataclass(frozen=True, slots=True)
class Opened:
    """What was inside.

    Attributes:
        by_flow: ``auditor.model.content.CONTENT``, or null = no flow was opened.
        coverage: ``auditor.inspect.COVERAGE`` of the flows that were opened; null likewise.
    """

    contents: Contents = NOTHING_OPENED
    by_flow: pa.Table | None = None
    coverage: pa.Table | None = None


def opened(
    order: Order,
    inputs: tuple[InputFile, ...],
    table: FlowTable,
    search: Search,
    problems: list[Problem],
    progress: Progress,
) -> Opened:
    """Reads the captures again for the flows that leave, and what they carry.

    Args:
        order: as of the audit.
        inputs: as the readers gave them.
        table: all flows, after stage ``classify`` (declared).
        search: the detectors.
        problems: takes what could not be read.
        progress: told.
    """
    from auditor import inspect

    secrets = readers.with_secrets(inputs)
    chosen = _chosen(table, with_keys=secrets if order.key_log is None else True)
    sought = inspect.all_sought(search)
    if not len(chosen):
        return Opened(Contents(sought))
    grouped = _grouped(chosen)
    inspector = inspect.Inspector(grouped, search)
    clear = grouped.filter(pc.invert(pc.fill_null(chosen["encrypted"], pa.scalar(value=False))))
    problems += inspected(order, inputs, clear, inspector, progress)
    if order.key_log is not None or secrets:
        tls = chosen.filter(pc.fill_null(chosen["encrypted"], pa.scalar(value=False)))
        for event in readers.decrypted(wanted(order), inputs, tls, order.key_log, problems.append):
            inspector.take(event)
    found = inspector.finish(problems)
    contents = Contents(sought, found.hits, tuple(_counted(found, grouped)))
    return Opened(contents, inspect.by_flow(found, chosen, sought), found.coverage)


def _chosen(table: FlowTable, *, with_keys: bool | list[int]) -> pa.Table:
    """The flows whose content is read, ordered by ``flow_id``, with who receives them."""
    from auditor import inspect, policy

    parts = []
    for part in table:
        some = inspect.opened(part, with_keys=with_keys)
        recipient = policy.recipients_of(some).cast(pa.string())
        parts.append(
            some.select([*inspect.COLUMNS, "system_id"]).append_column("recipient", recipient)
        )
    if not parts:
        return pa.table({"flow_id": pa.array([], pa.int64())})
    return pa.concat_tables(parts).sort_by("flow_id").combine_chunks()


def _grouped(chosen: pa.Table) -> pa.Table:
    """The flows with the number of their system and recipient: subjects are counted by it."""
    systems = pc.fill_null(chosen["system_id"], "").combine_chunks().dictionary_encode()
    recipients = chosen["recipient"].combine_chunks().dictionary_encode()
    group = (
        systems.indices.to_numpy().astype(np.int64) * max(len(recipients.dictionary), 1)
        + recipients.indices.to_numpy()
    )
    return chosen.append_column("group", pa.array(group))


def _counted(found: Inspection, grouped: pa.Table) -> Iterator[Counted]:
    """The distinct values of each system and recipient."""
    group = grouped["group"].to_numpy()
    first = {number: place for place, number in reversed(list(enumerate(group.tolist())))}
    for (number, detector, outbound), subjects in sorted(
        found.subjects.items(), key=lambda item: (item[0][0], item[0][1], str(item[0][2]))
    ):
        row = grouped.slice(first[number], 1)
        yield Counted(
            row["system_id"][0].as_py(),
            row["recipient"][0].as_py(),
            detector,
            outbound,
            subjects.count,
            subjects.exact,
            subjects.to_bytes(),
        )


class ContentCounts:
    """What became of the payload of crossing flows, added up part by part."""

    def __init__(self, coverage: pa.Table | None) -> None:
        self._coverage = coverage
        self._sums: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}

    def add(self, flows: pa.Table) -> None:
        """A part of the flow table after stage ``classify``, without flows that only confirm."""
        false = pa.scalar(value=False)
        crossing = flows.filter(pc.fill_null(flows["crosses_border"], false))
        opened = pc.is_valid(crossing["read_bytes"])
        closed = crossing.filter(pc.invert(opened))
        logged = pc.not_equal(closed["seen_by"], "packets")
        secret = pc.and_(pc.fill_null(closed["encrypted"], false), pc.invert(logged))
        other = pc.and_(pc.invert(logged), pc.invert(secret))
        for outbound, name in ((True, "outbound_bytes"), (False, "inbound_bytes")):
            sums, size = self._sums[outbound], pc.fill_null(closed[name], 0)
            sums["bytes"] += _sum(crossing[name])
            for why, mask in (("logged", logged), ("encrypted", secret), ("unsupported", other)):
                sums[why] += _sum(pc.if_else(mask, size, 0))
        if self._coverage is not None:
            self._add_opened(crossing.filter(opened))

    def _add_opened(self, flows: pa.Table) -> None:
        """Adds what is known of each side of flows that were opened."""
        coverage = self._coverage
        assert coverage is not None  # noqa: S101 - the caller made sure
        ids = flows["flow_id"].to_numpy()
        if not len(ids):
            return
        flow = coverage["flow_id"].to_numpy()
        place = np.minimum(np.searchsorted(ids, flow), len(ids) - 1)
        mine = ids[place] == flow
        at_home = np.asarray(pc.equal(flows["home_side"], "dst").fill_null(False)).astype(np.int64)
        out = coverage["side"].to_numpy() == at_home[place]
        secret = np.asarray(pc.fill_null(flows["encrypted"], False), np.bool_)
        for outbound, name in ((True, "outbound_bytes"), (False, "inbound_bytes")):
            direction = mine & (out if outbound else ~out)
            payload = pc.fill_null(flows[name], 0).to_numpy().astype(np.int64)
            sums = self._sums[outbound]
            rows = coverage.filter(pa.array(direction))
            flow_of = place[direction]
            known, holes = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
            np.add.at(holes, flow_of, rows["missing"].to_numpy())
            for why in ("read", "raw", *UNREAD):
                if why != "missing":
                    np.add.at(known, flow_of, rows[why].to_numpy())
                    sums[why] += _sum(rows[why])
            # What reading again did not bring. A forged sequence number makes a hole of any size:
            # none is larger than what is left. The rest of decrypted flows is what TLS takes.
            rest = np.maximum(payload - known, 0)
            missing = np.where(secret, np.minimum(holes, rest), rest)
            sums["missing"] += whole_sum(missing)
            sums["encrypted"] += whole_sum(rest - missing)

    def totals(self) -> tuple[ContentTotal, ...]:
        """Both directions, what left first."""
        return tuple(
            ContentTotal(
                outbound=outbound,
                bytes=sums["bytes"],
                read=sums["read"],
                raw=sums["raw"],
                unread={why: sums[why] for why in UNREAD if sums[why]},
                logged=sums["logged"],
            )
            for outbound, sums in self._sums.items()
        )


def _sum(column: pa.ChunkedArray) -> int:
    return whole_sum(pc.fill_null(column, 0).to_numpy())

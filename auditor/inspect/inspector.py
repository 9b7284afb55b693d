"""Bytes of flows in, hits and coverage out.

Every payload byte of a flow is counted once: read, raw, or unread with a reason.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditor.inspect.announcements import CONTROL_PORT, Announcements
from auditor.inspect.contracts import FlowHead
from auditor.inspect.covert import Channel, Channels, Way
from auditor.inspect.flow_content import FlowContent
from auditor.inspect.messages import Messages
from auditor.inspect.places import outermost
from auditor.inspect.selection import TCP
from auditor.model.content import UNREAD, Hit
from auditor.model.problem import Problem
from auditor.model.stream import Chunk
from auditor.model.subjects import Subjects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from auditor.inspect.detectors.search import Search
    from auditor.model.stream import Ended

COVERAGE: Final = pa.schema(
    [
        pa.field("flow_id", pa.int64()),
        pa.field("side", pa.int8()),
        pa.field("read", pa.int64()),
        pa.field("raw", pa.int64()),
        *(pa.field(why, pa.int64()) for why in UNREAD),
    ]
)
"""Payload bytes of each side of each flow that was read again: what became of them."""


SubjectsOf = dict[tuple[int, str, bool | None], Subjects]
"""Distinct values by group of flows, detector and direction."""

_HEAD: Final = (
    *("protocol", "src_ip", "src_port", "dst_ip", "dst_port", "app", "host", "home_side", "group"),
)


def _listed(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], list[Any]]:
    """A column as numbers of its different values, and those."""
    different = column.combine_chunks().dictionary_encode(null_encoding="encode")
    return different.indices.to_numpy(), different.dictionary.to_pylist()


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was inside.

    Attributes:
        hits: by flow, direction and detector.
        coverage: ``COVERAGE``, ordered by flow and side.
        subjects: distinct values by group of flows, detector and direction.
    """

    hits: tuple[Hit, ...]
    coverage: pa.Table
    subjects: SubjectsOf


@dataclass(frozen=True, slots=True)
class Gathered:
    """What an inspector found in its share of the flows, for another to join (it pickles).

    Attributes:
        rows: those of ``COVERAGE``, number by number.
        channels: see ``Channels``.
    """

    hits: list[Hit]
    rows: array[int]
    subjects: SubjectsOf
    messages: Messages
    channels: dict[Way, Channel]


class Inspector:
    """Takes the events of flows in any order of flows, each flow's in its own.

    Args:
        flows: the wanted flows: ``flow_id`` (ascending), ``protocol``, ``src_ip``, ``src_port``,
            ``dst_ip``, ``dst_port``, ``app``, ``host``, ``home_side``, and ``group`` (int64),
            which subjects are counted by.
        search: the detectors, and the key of their hashes.
    """

    def __init__(self, flows: pa.Table, search: Search) -> None:
        self.search = search
        self._columns = [_listed(flows[name]) for name in _HEAD]
        self._ids = flows["flow_id"].to_numpy()
        self._open: dict[int, FlowContent] = {}
        self._hits: list[Hit] = []
        self._rows = array("q")
        self._subjects: SubjectsOf = {}
        self._messages = Messages()
        self._channels = Channels(search)
        self._announcements = Announcements()
        self._done = np.zeros(len(self._ids), np.bool_)

    def take(self, event: Chunk | Ended) -> None:
        """The next event; those of flows that are not wanted are left alone."""
        flow = self._open.get(event.flow_id)
        if flow is None:
            place = int(np.searchsorted(self._ids, event.flow_id))
            if place == len(self._ids) or self._ids[place] != event.flow_id or self._done[place]:
                return
            flow = self._open[event.flow_id] = FlowContent(self, *self._head(place), place)
        if isinstance(event, Chunk):
            flow.take(event)
        else:
            flow.end(event)
            self._ended(flow)

    def gathered(self) -> Gathered:
        """What was found so far; no events follow."""
        for flow in list(self._open.values()):
            flow.end(None)
            self._ended(flow)
        return Gathered(
            self._hits, self._rows, self._subjects, self._messages, self._channels.found
        )

    def join(self, other: Gathered) -> None:
        """Takes over what was found in other flows; in whatever order, the result is the same."""
        self._hits += other.hits
        self._rows.extend(other.rows)
        for key, subjects in other.subjects.items():
            self._subjects.setdefault(key, Subjects()).update(subjects)
        self._messages.join(other.messages)
        self._channels.join(other.channels)

    def finish(self, problems: list[Problem]) -> Inspection:
        """Everything that was found; ``problems`` takes what must be told."""
        self.gathered()
        self._hits += self._hidden()
        for code, message, count in self._messages.told():
            problems.append(Problem(code, "content", message, count=count))
        return Inspection(
            tuple(
                sorted(self._hits, key=lambda hit: (hit.flow_id, hit.detector, str(hit.outbound)))
            ),
            self._coverage(),
            self._subjects,
        )

    def problem(self, code: str, message: str, count: int = 1) -> None:
        """Counts ``count``; a code shows some of its messages only."""
        self._messages.add(code, message, count)

    def covert(self, flow: FlowContent, side: int, place: str, size: int, distinct: bytes) -> None:
        """See ``Content.covert``."""
        head, outbound = flow.head, flow.outbound(side)
        self._channels.add(head.flow_id, flow.group, outbound, place, size, distinct)

    def announced(self, flow: FlowContent, side: int, port: int, path: str) -> None:
        """See ``Content.announced``."""
        head = flow.head
        if CONTROL_PORT in (head.src_port, head.dst_port):
            self._announcements.add((head.ends[side], port, head.ends[1 - side]), path)

    def _hidden(self) -> Iterator[Hit]:
        sought = {each.detector.id: each.detector for each in self.search.sought}
        for each in self._channels.hidden():
            detector = sought[self._channels.detector or ""]
            yield Hit(
                flow_id=each.flow_id,
                outbound=each.outbound,
                detector=detector.id,
                labels=detector.labels,
                certainty=detector.certainty.with_context,
                matches=each.pieces,
                distinct=each.pieces,
                exact=False,
                places=(each.place,),
            )

    def _head(self, place: int) -> tuple[FlowHead, str | None, int]:
        protocol, src_ip, src_port, dst_ip, dst_port, app, host, home_side, group = (
            different[codes[place]] for codes, different in self._columns
        )
        flow_id = int(self._ids[place])
        ends = src_ip, dst_ip
        head = FlowHead(flow_id, protocol, src_port or 0, dst_port or 0, app, host, ends)
        if protocol == TCP:
            head = self._announcements.known(head)
        return head, home_side, group

    def _ended(self, flow: FlowContent) -> None:
        del self._open[flow.head.flow_id]
        self._done[flow.place] = True
        for side in (0, 1):
            self._rows.extend((flow.head.flow_id, side, *flow.counts(side)))
        for (side, name), found in flow.found.items():
            outbound, subjects = flow.outbound(side), found.subjects
            hidden = found.withheld or flow.secret
            places = found.places  # the name of a secret document is content of it
            if hidden:
                places = tuple(dict.fromkeys(outermost(place) for place in places))
            self._hits.append(
                Hit(
                    flow_id=flow.head.flow_id,
                    outbound=outbound,
                    detector=name,
                    labels=found.detector.labels,
                    certainty=found.certainty,
                    matches=found.matches,
                    distinct=subjects.count,
                    exact=subjects.exact,
                    samples=() if hidden else found.samples,
                    places=places,
                    withheld=hidden,
                )
            )
            # what may be by chance is shown with its flow, and never counts towards a threshold
            if found.detector.subject is not None and found.certainty != "weak":
                known = self._subjects.setdefault((flow.group, name, outbound), Subjects())
                known.update(subjects)

    def _coverage(self) -> pa.Table:
        rows = np.frombuffer(self._rows, np.int64).reshape(-1, len(COVERAGE))
        rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
        columns = [pa.array(rows[:, i]).cast(each.type) for i, each in enumerate(COVERAGE)]
        return pa.table(columns, schema=COVERAGE)

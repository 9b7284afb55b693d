"""What was inside, flow by flow: columns for the flow table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.content import CONTENT, UNREAD

if TYPE_CHECKING:
    from auditor.inspect.inspector import Inspection
    from auditor.model.content import Sought
    from auditor.model.finding import Certainty

_CERTAINTIES: Final[tuple[Certainty, ...]] = ("weak", "likely", "firm")


def by_flow(inspection: Inspection, flows: pa.Table, sought: tuple[Sought, ...]) -> pa.Table:
    """``CONTENT`` of the flows that were opened.

    Args:
        inspection: what was found.
        flows: the flows that were opened (``selection.opened``), by ``flow_id``.
        sought: the detectors.
    """
    coverage = inspection.coverage
    ids = flows["flow_id"].to_numpy()
    dst_at_home = np.asarray(
        pc.fill_null(pc.equal(flows["home_side"], "dst"), pa.scalar(value=False))
    )
    # what left: of the end at home; of the initiator where nobody knows which end that is
    side = dst_at_home.astype(np.int64)
    sides = coverage["side"].to_numpy().astype(np.int64)
    place = np.searchsorted(ids, coverage["flow_id"].to_numpy())
    mine = coverage.filter(pa.array(sides == side[place]))
    labels, certainties, persons = _labels(inspection, sought)
    numbers = mine["flow_id"].to_pylist()
    return pa.table(
        [
            mine["flow_id"],
            pa.array([labels.get(number, []) for number in numbers], pa.list_(pa.string())),
            pa.array([certainties.get(number) for number in numbers], pa.string()),
            mine["read"],
            mine["raw"],
            pa.array(_reasons(mine), pa.list_(pa.string())),
            pa.array([persons.get(number) for number in numbers], pa.int64()),
        ],
        schema=CONTENT,
    )


def _reasons(coverage: pa.Table) -> list[list[str]]:
    """Per row, why bytes were not read, most bytes first; made once per pattern of reasons."""
    sizes = np.stack([coverage[why].to_numpy() for why in UNREAD], axis=1)
    order = np.argsort(-sizes, axis=1, kind="stable")
    ranked = np.where(np.take_along_axis(sizes, order, axis=1) > 0, order, -1)
    patterns, rows = np.unique(ranked, axis=0, return_inverse=True)
    named = [[UNREAD[each] for each in row if each >= 0] for row in patterns.tolist()]
    return [named[each] for each in rows.reshape(-1).tolist()]


def _labels(
    inspection: Inspection, sought: tuple[Sought, ...]
) -> tuple[dict[int, list[str]], dict[int, str], dict[int, int]]:
    """What left, by flow: labels, the surest certainty, and persons that were counted."""
    personal = {each.detector for each in sought if each.subject == "person"}
    labels: dict[int, list[str]] = {}
    certainties: dict[int, str] = {}
    persons: dict[int, int] = {}
    for hit in inspection.hits:
        if hit.outbound is False:
            continue
        known = labels.setdefault(hit.flow_id, [])
        known.extend(label for label in hit.labels if label not in known)
        before = certainties.get(hit.flow_id)
        certainties[hit.flow_id] = max(
            (each for each in (before, hit.certainty) if each), key=_CERTAINTIES.index
        )
        if hit.detector in personal:
            persons[hit.flow_id] = max(persons.get(hit.flow_id, 0), hit.distinct)
    return labels, certainties, persons

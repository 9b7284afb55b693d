"""What inspection finds in a real capture when all its clear-text flows are opened.

    AUDITOR_CORPUS=... python -m tests.differential.inspected

In an audit only what crosses the border is opened; here everything is, with the detectors that
come with the program.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from auditor.inspect import COLUMNS, Inspector
from auditor.inspect.detectors.lint import load_detectors
from auditor.inspect.detectors.search import Search
from auditor.inspect.selection import TCP, UDP
from auditor.model.content import UNREAD
from auditor.model.errors import InputError
from auditor.model.stream import Ended
from auditor.readers import Missed, Wanted, Watch, payloads, read_inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.inspect.inspector import Inspection
    from auditor.model.problem import Problem
    from auditor.model.stream import Chunk

POLICIES: Final = Path(__file__).parents[2] / "policies"


@dataclass(frozen=True, slots=True)
class Carried:
    """The clear-text flows of one capture, and what they carried.

    Attributes:
        flows: as ``Inspector`` wants them.
        events: chunks and ends, as the second reading gave them.
        problems: of the second reading.
    """

    flows: pa.Table
    events: tuple[Chunk | Ended, ...]
    problems: tuple[Problem, ...]


def shipped_search() -> Search:
    """All detectors of the program."""
    codes = {
        category["code"]
        for name in ("decision-20-2025", "decree-356-2025")
        for category in yaml.safe_load((POLICIES / f"{name}.yaml").read_text("utf-8"))["categories"]
    }
    return Search(load_detectors(POLICIES / "detectors", codes, examples=False), bytes(32))


def captures(corpus: Path) -> list[Path]:
    """All real captures, by name."""
    return sorted((corpus / "ndpi" / "pcap").glob("*.pcap*"))


def carried(path: Path) -> Carried | None:
    """A capture read twice; null = no capture that can be read."""
    wanted = Wanted((path,))
    try:
        inputs, table = read_inputs(wanted, lambda problem: None, Watch())
    except InputError:
        return None
    flows = _clear(table.whole())
    missed = Missed()
    events = tuple(payloads(wanted, inputs, flows, missed, lambda size: None))
    return Carried(flows, events, tuple(missed.problems()))


def _clear(table: pa.Table) -> pa.Table:
    """TCP and UDP flows in clear text that carried something; their initiators are at home."""
    table = table.append_column("home_side", pa.array(["src"] * len(table), pa.string()))
    rows = table.select([*COLUMNS, "seen_by"])
    payload = pc.add(pc.fill_null(rows["src_payload"], 0), pc.fill_null(rows["dst_payload"], 0))
    mask = pc.is_in(rows["protocol"], pa.array([TCP, UDP], pa.uint8()))
    for each in (
        pc.equal(rows["seen_by"], "packets"),
        pc.is_valid(rows["src_port"]),
        pc.greater(payload, 0),
        pc.invert(pc.fill_null(rows["encrypted"], pa.scalar(value=False))),
    ):
        mask = pc.and_(mask, pc.fill_null(each, pa.scalar(value=False)))
    chosen = rows.filter(mask).sort_by("flow_id").combine_chunks()
    return chosen.append_column("group", pa.array(np.zeros(len(chosen), np.int64)))


def inspected(
    flows: pa.Table, events: Iterable[Chunk | Ended], search: Search
) -> tuple[Inspection, list[Problem]]:
    """What was inside."""
    problems: list[Problem] = []
    inspector = Inspector(flows, search)
    for event in events:
        inspector.take(event)
    return inspector.finish(problems), problems


def unaccounted(one: Carried, found: Inspection) -> Iterator[str]:
    """Sides of flows, and of all flows between the same ends, whose bytes are not counted once.

    Of a side: what inspection was given is what it read, searched as it stood, or names as unread.
    Of the same ends: that is the payload of the flow table, but for bytes that are missing. The
    table knows those that a frame was cut by, and cannot know those of segments that were lost.
    """
    given: Counter[tuple[int, int]] = Counter()
    for event in one.events:
        if isinstance(event, Ended):
            given.update({(event.flow_id, side): event.unread[side] for side in (0, 1)})
        else:
            given[event.flow_id, event.side] += len(event.data) + event.gap
    counted = {(row["flow_id"], row["side"]): row for row in found.coverage.to_pylist()}
    payload: Counter[tuple[object, ...]] = Counter()
    held: Counter[tuple[object, ...]] = Counter()
    missing: Counter[tuple[object, ...]] = Counter()
    for flow in one.flows.to_pylist():
        ends = [flow[each] for each in ("protocol", "src_ip", "src_port", "dst_ip", "dst_port")]
        for side, name in enumerate(("src_payload", "dst_payload")):
            row = counted.get((flow["flow_id"], side), {})
            parts = [row.get(each, 0) for each in ("read", "raw", *UNREAD)]
            fed = given[flow["flow_id"], side]
            if fed != sum(parts) or min(parts) < 0:
                yield f"flow {flow['flow_id']} side {side}: given {fed}, {row}"
            key = (*ends, side)
            payload[key] += flow[name] or 0
            missing[key] += row.get("missing", 0)
            held[key] += sum(parts) - row.get("missing", 0)
    for key, size in payload.items():
        if not held[key] <= size <= held[key] + missing[key]:
            yield f"{key}: payload {size}, held {held[key]}, missing {missing[key]}"


ALARM: Final = ("capture", "flow", "way", "detector", "certainty", "matches", "distinct", "where")


def alarms(name: str, found: Inspection) -> list[tuple[str, ...]]:
    """What was found in a capture, as the reviewed list (``content-alarms.md``) writes it."""
    return [
        (
            name,
            str(hit.flow_id),
            "out" if hit.outbound else "in",
            hit.detector,
            hit.certainty,
            str(hit.matches),
            str(hit.distinct),
            "; ".join(hit.places) or "unnamed",
        )
        for hit in found.hits
    ]


def main() -> None:
    """Prints what is found in every capture."""
    corpus = os.environ.get("AUDITOR_CORPUS")
    if not corpus:
        sys.exit("AUDITOR_CORPUS is unset: it names the folder of the real captures")
    search = shipped_search()
    sums: Counter[str] = Counter()
    for path in captures(Path(corpus)):
        begun = time.perf_counter()
        one = carried(path)
        if one is None:
            continue
        read = time.perf_counter()
        found, problems = inspected(one.flows, one.events, search)
        took = time.perf_counter() - read
        sizes = {
            each: size
            for each in ("read", "raw", *UNREAD)
            if (size := pc.sum(found.coverage[each]).as_py())
        }
        sums.update({"captures": 1, "flows": len(one.flows), "alarms": len(found.hits), **sizes})
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        sys.stdout.write(
            f"{path.name}: {len(one.flows)} flows, {sizes}, read twice in {read - begun:.2f} s, "
            f"inspected in {took:.2f} s, peak so far {memory} MiB\n"
        )
        for alarm, hit in zip(alarms(path.name, found), found.hits, strict=True):
            sys.stdout.write(f"    {' | '.join(alarm[1:])} {' '.join(hit.samples)}\n")
        for problem in (*one.problems, *problems):
            sys.stdout.write(f"    {problem.code} ({problem.count}): {problem.message}\n")
        for text in unaccounted(one, found):
            sys.stdout.write(f"    {text}\n")
    sys.stdout.write(f"{dict(sums)}\n")


if __name__ == "__main__":
    main()

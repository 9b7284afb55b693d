"""Which flows stand behind which finding, and which findings share theirs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from auditor.policy.masks import Integers


@dataclass(frozen=True, slots=True, eq=False)
class FlowSets:
    """The distinct sets of flows behind findings.

    A system with five categories gives five findings over the same flows: what was seen in them is
    gathered once per set.

    Attributes:
        of_finding: per finding, the number of its set.
        starts: per set, where its members begin; one more stands at the end.
        members: the flows of all sets, one set after the other, ascending within a set.
    """

    of_finding: Integers
    starts: Integers
    members: Integers

    @property
    def count(self) -> int:
        """How many sets there are."""
        return len(self.starts) - 1

    @property
    def sizes(self) -> Integers:
        """How many flows each set has."""
        return np.diff(self.starts)

    @property
    def set_of(self) -> Integers:
        """Per member, the number of its set."""
        return np.repeat(np.arange(self.count), self.sizes)


def flow_sets(finding: Integers, flow: Integers, findings: int, flows: int) -> FlowSets:
    """The sets of flows behind ``findings`` findings over a table of ``flows`` flows.

    Every finding from 0 to ``findings`` - 1 must have a member; no flow may stand in one twice.

    Args:
        finding: per member, the finding.
        flow: per member, the flow.
        findings: how many findings there are.
        flows: how many flows the table has.
    """
    flow = flow[np.argsort(finding * flows + flow)]
    sizes = np.bincount(finding, minlength=findings)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    leader = _first_alike(flow, sizes, starts)
    leads = leader == np.arange(findings)
    number = np.cumsum(leads) - 1
    kept = np.concatenate([[0], np.cumsum(sizes[leads])])
    return FlowSets(number[leader], kept, flow[np.repeat(leads, sizes)])


def _first_alike(flow: Integers, sizes: Integers, starts: Integers) -> Integers:
    """Per finding, the first finding with the same flows (itself, where it is the first)."""
    # Equal sets have equal sums of these scattered numbers (the multiplier of splitmix64). Others
    # may have them too: that is why the flows themselves are compared then.
    scattered = (flow.astype(np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    scattered ^= scattered >> np.uint64(31)
    alike, sums = pd.factorize(np.add.reduceat(scattered, starts[:-1]))
    itself = np.arange(len(sizes))
    first = np.empty(len(sums), np.int64)
    first[alike[::-1]] = itself[::-1]  # the last assigned, the first finding, stays
    leader = first[alike]
    leader = np.where(sizes[leader] == sizes, leader, itself)
    shift = np.repeat(starts[leader] - starts[:-1], sizes)
    same = np.logical_and.reduceat(flow == flow[np.arange(len(flow)) + shift], starts[:-1])
    return np.where(same, leader, itself)

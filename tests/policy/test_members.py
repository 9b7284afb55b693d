"""Sets of flows that several findings share."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from auditor.policy.members import flow_sets

ONE = st.sets(st.integers(0, 5), min_size=1)


@given(st.lists(ONE, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_every_finding_keeps_its_flows_and_equal_ones_share_a_set(findings, random):
    members = [(number, flow) for number, flows in enumerate(findings) for flow in flows]
    random.shuffle(members)
    finding, flow = np.array(members).T
    sets = flow_sets(finding, flow, len(findings), 6)
    held = [
        sets.members[sets.starts[number] : sets.starts[number + 1]].tolist()
        for number in range(sets.count)
    ]
    assert [held[number] for number in sets.of_finding] == [sorted(flows) for flows in findings]
    assert sets.count == len({frozenset(flows) for flows in findings})
    assert sets.sizes.tolist() == [len(flows) for flows in held]
    assert sets.set_of.tolist() == [number for number, flows in enumerate(held) for _ in flows]

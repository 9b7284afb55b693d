"""Sums and lists per finding, compared with the same made flow by flow."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from auditor.model.flow_table import Stage, to_arrow
from auditor.policy.evidence import Gathering, heaviest
from auditor.policy.members import flow_sets

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def many(flow_table):
    """Sixty flows, and eight findings with random parts of them."""
    random = np.random.default_rng(7)
    flows = [
        {
            "outbound_bytes": int(random.integers(0, 50)),
            "inbound_bytes": int(random.integers(0, 50)),
            "host": [None, "a.example", "b.example", "c.example"][random.integers(4)],
            "peer_country": [None, "SG", "JP"][random.integers(3)],
            "encrypted": [None, True, False][random.integers(3)],
            "start": START + timedelta(minutes=int(random.integers(600))),
            "end": START + timedelta(minutes=int(random.integers(600, 900))),
        }
        for _ in range(60)
    ]
    members = [
        (group, flow)
        for group in range(8)
        for flow in random.choice(60, size=int(random.integers(1, 40)), replace=False).tolist()
    ]
    random.shuffle(members)
    group, flow = np.array(members).T
    table = to_arrow(flow_table(*flows), Stage.CLASSIFY).combine_chunks()
    sets = flow_sets(group, flow, 8, len(flows))
    assert sets.of_finding.tolist() == list(range(8))
    return flows, members, Gathering(table, sets)


def test_every_finding_adds_up(many):
    flows, members, gathering = many
    for number in range(8):
        mine = [flows[flow] for group, flow in members if group == number]
        evidence = gathering.evidence(number, None)
        assert evidence.flows == len(mine)
        assert evidence.outbound_bytes == sum(flow["outbound_bytes"] for flow in mine)
        assert evidence.inbound_bytes == sum(flow["inbound_bytes"] for flow in mine)
        assert evidence.first == min(flow["start"] for flow in mine)
        assert evidence.last == max(flow["end"] for flow in mine)
        assert evidence.encrypted_flows == sum(flow["encrypted"] is True for flow in mine)
        assert evidence.clear_text_flows == sum(flow["encrypted"] is False for flow in mine)
        assert evidence.packets == 7 * len(mine)


def test_names_are_counted_by_bytes_then_flows_then_alphabet(many):
    flows, members, gathering = many
    for number in range(8):
        totals = defaultdict(lambda: [0, 0])
        for group, flow in members:
            name = flows[flow]["host"]
            if group == number and name is not None:
                totals[name][0] += 1
                totals[name][1] += flows[flow]["outbound_bytes"]
        wanted = sorted(
            ((name, count, size) for name, (count, size) in totals.items()),
            key=lambda item: (-item[2], -item[1], item[0]),
        )
        hosts = gathering.evidence(number, None).hosts
        assert [(one.name, one.flows, one.outbound_bytes) for one in hosts] == wanted


def test_lines_are_the_heaviest_flows(many):
    flows, members, gathering = many
    for number in range(8):
        mine = [flow for group, flow in members if group == number]
        wanted = sorted(mine, key=lambda flow: (-flows[flow]["outbound_bytes"], flow))[:10]
        evidence = gathering.evidence(number, None)
        assert [line.flow_id - 1 for line in evidence.lines] == wanted
        assert evidence.flow_ids == tuple(sorted(flow + 1 for flow in mine))


def test_how_flows_are_known_is_counted_by_value(many):
    _, _, gathering = many
    for number in range(8):
        seen = gathering.seen(number)
        assert seen.host_basis == {"tls-sni": seen.flows}
        assert seen.geo_state == {"country": seen.flows}
        assert (seen.not_whole, seen.crossing_unknown, seen.amount_unknown) == (0, 0, 0)


def test_of_many_names_the_heaviest_are_listed_and_of_equal_ones_the_first_by_alphabet():
    names = pa.array(["đ", "b", "a", "z", "c"])
    code = np.array([0, 1, 2, 3, 4, 3, -1, 2])
    group = np.array([0, 0, 0, 0, 0, 0, 0, 2])
    weight = np.array([5, 5, 5, 1, 5, 1, 99, 7])
    first, second, third = heaviest(group, code, weight, names, 3, 3)
    assert [(one.name, one.flows, one.outbound_bytes) for one in first] == [
        ("a", 1, 5),
        ("b", 1, 5),
        ("c", 1, 5),
    ]
    assert second == ()
    assert [one.name for one in third] == ["a"]


def test_of_equally_heavy_names_the_one_with_more_flows_comes_first():
    names = pa.array(["few", "many"])
    code, weight = np.array([0, 1, 1]), np.array([6, 3, 3])
    (found,) = heaviest(np.zeros(3, np.int64), code, weight, names, 1, 1)
    assert [(one.name, one.flows) for one in found] == [("many", 2)]

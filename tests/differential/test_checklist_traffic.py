"""The traffic probes of the checklist agree with a second, row-by-row reading of their questions.

Random networks and flows; the shipped samples; and the real captures where ``AUDITOR_CORPUS`` names
their folder. The figures stand in docs/checklist.md, section "Truth".
"""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import UTC, date
from pathlib import Path

import pytest

from auditor import pipeline
from auditor.checklist.assessment import Assessment
from auditor.checklist.facts import VIETNAM, Facts, numbers_for
from auditor.checklist.probes import (
    access,
    channel,
    devices,
    egress,
    monitoring,
    sessions,
)
from auditor.checklist.probes import traffic as ways_between
from auditor.checklist.sources.traffic import traffic
from tests.checklist.beginnings import ROOT
from tests.checklist.flows import LIMITS, NOW, an_input, register, table
from tests.differential import checklist_cases as cases
from tests.differential.checklist_answers import INSIDE, NETWORK, OUTSIDE
from tests.differential.checklist_rows import Declared, Reading, Seen, at_sensors, rows_of

CORPUS = os.environ.get("AUDITOR_CORPUS")
ROOMS = (ways_between, devices, access, egress, monitoring, channel, sessions)
PROBES = {probe.id: probe for room in ROOMS for probe in room.PROBES}
CASES = 60


class Quiet:
    """Progress that nobody sees."""

    def stage(self, name, total=None):
        pass

    def advance(self, size):
        pass


def measured(network, inventory, parts, inputs, level=3, held=None, mark=None, when=None):
    """What the probes say, and what the second reading says, by the probe's id."""
    held = held or {}
    facts = Facts(
        now=NOW,
        assessment=Assessment.model_validate(
            {
                "format": 1, "checklist": "pre-sync", "checklist_version": "2026.11",
                "system": {"id": "land", "level": level}, "dates": when or {},
            }
        ),
        numbers=numbers_for(LIMITS, level, {}),
        evidence={kind: register(kind, *rows)[kind] for kind, rows in held.items()},
        network=network,
        inventory=inventory,
        traffic=traffic(parts, inputs, (), network, inventory),
        baseline=mark,
    )  # fmt: skip
    rows = [row for part in parts for row in part.to_pylist()]
    return asked(facts), read_again(facts, rows, held, mark)


def asked(facts):
    found = {}
    for name, probe in PROBES.items():
        says = probe.answer(facts, {})
        against = {key(each) for each in says.references}
        found[name] = Reading(says.answer, against if says.answer in ("fail", "partial") else set())
    return found


def key(reference):
    """What a reference names: a way, an address, a line of a register, a part of the network."""
    if " → " in reference.shows:
        return " ".join(reference.shows.split(" ")[:3])
    if reference.place.startswith("flow "):
        return reference.shows
    return reference.place


def read_again(facts, table_of_flows, held, mark):
    declared = Declared(facts.network, facts.inventory)
    every = rows_of(table_of_flows)
    dates = facts.assessment.dates
    moment = {
        name: when and (when if when.tzinfo else when.replace(tzinfo=VIETNAM)).astimezone(UTC)
        for name, when in (("cut", dates.cut), ("reconnected", dates.reconnected))
    }
    seen = Seen(
        declared=declared,
        every=every,
        rows=[
            row
            for row in every
            if declared.of(row["src_ip"])["host"] and declared.of(row["dst_ip"])["host"]
        ],
        level=facts.assessment.system.level,
        least_days=facts.number("capture-days").value,
        registers={kind: list(enumerate(rows, start=2)) for kind, rows in held.items()},
        more={
            "baseline": None if mark is None else mark.to_dict("records"),
            **{
                name: facts.number(name).value for name in ("zones", "volume-factor", "cut-minutes")
            },
            **moment,
        },
    )
    found = {name: question(seen) for name, question in NETWORK.items()}
    if not every:
        return found | {name: Reading("unknown") for name in (*OUTSIDE, *INSIDE)}
    found |= {name: question(seen) for name, question in OUTSIDE.items()}
    seen.rows = at_sensors(seen.rows, facts.network, facts.traffic.inputs)
    for name, question in INSIDE.items():
        found[name] = question(seen) if seen.rows else Reading("unknown")
    return found


def differences(one, other):
    return {
        name: (one[name].answer, other[name].answer,
               sorted(one[name].against ^ other[name].against)[:5])
        for name in one
        if one[name] != other[name]
    }  # fmt: skip


def a_case(seed):
    draw = random.Random(seed)
    tidy = draw.random() < 0.5  # else a question would hardly ever be answered with yes
    network = (cases.a_tidy_network if tidy else cases.a_network)(draw)
    rows = (cases.tidy_flows if tidy else cases.flows)(draw)
    inventory = cases.an_inventory(draw)
    return measured(
        network,
        inventory,
        [table(rows)],
        (an_input(1, "inner.log"), an_input(2, "outer.log")),
        level=draw.randint(1, 5),
        held=cases.registers(draw, rows),
        mark=cases.baseline(draw, rows),
        when=cases.dates(draw),
    )


def test_every_traffic_probe_is_read_twice():
    assert PROBES.keys() == NETWORK.keys() | OUTSIDE.keys() | INSIDE.keys()


def test_random_networks_and_flows_give_the_same_answers_twice():
    answers = Counter()
    for seed in range(CASES):
        one, other = a_case(seed)
        assert differences(one, other) == {}, f"case {seed}"
        answers.update((name, reading.answer) for name, reading in one.items())
    for name in PROBES:  # one answer to everything would agree with anything
        assert len({answer for probe, answer in answers if probe == name}) > 1, name


def seen_in(path):
    """The flow table of a capture or log, and its inputs."""
    order = pipeline.Order(
        paths=(path,),
        policies=pipeline.data_folder("policies"),
        geoip=pipeline.data_folder("geoip"),
        mappings=tuple(path.parent.glob("*.mapping.yaml")),
    )
    found, inputs, _ = pipeline.located_flows(order, Quiet(), date(2026, 11, 22))
    return list(found), inputs


def read_twice(path, count):
    """Differences in a capture or log under a few declared networks, and how many answers."""
    parts, inputs = seen_in(path)
    rows = [row for part in parts for row in part.to_pylist()]
    found, answers = {}, Counter()
    for seed in range(count):
        draw = random.Random(f"{path.name} {seed}")
        network = cases.a_tidy_network(draw) if seed == 2 else cases.a_network_of(draw, rows)
        held, mark = cases.registers(draw, rows), cases.baseline(draw, rows[:200])
        one, other = measured(
            network, cases.an_inventory(draw), parts, inputs, draw.choice((2, 3, 4)), held, mark
        )
        found |= {(seed, name): told for name, told in differences(one, other).items()}
        answers.update(reading.answer for reading in one.values())
    return found, answers


SAMPLES = sorted(
    path
    for folder in ("pcaps", "logs")
    for path in (ROOT / "samples" / folder).rglob("*")
    if path.is_file() and path.suffix not in (".yaml", ".md")
)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_gives_the_same_answers_twice(path):
    assert read_twice(path, 1)[0] == {}


def test_real_captures_give_the_same_answers_twice():
    if not CORPUS:
        pytest.skip("AUDITOR_CORPUS is unset: it names the folder of the real captures")
    captures = [path for path in sorted(Path(CORPUS).rglob("*.pcap*")) if path.suffix != ".out"]
    small = [path for path in captures[::6] if path.stat().st_size < 6_000_000]
    assert len(small) > 24
    assert {path.name: found for path in small if (found := read_twice(path, 2)[0])} == {}

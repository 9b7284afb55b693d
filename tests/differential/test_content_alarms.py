"""What inspection finds in the real captures is what ``content-alarms.md`` says, alarm by alarm.

They are read where ``AUDITOR_CORPUS`` names their folder.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from auditor.inspect import flow_content
from tests.differential.conversations import pair_of
from tests.differential.inspected import (
    ALARM,
    alarms,
    captures,
    carried,
    inspected,
    shipped_search,
    unaccounted,
)
from tests.differential.ndpi import answers

CORPUS = os.environ.get("AUDITOR_CORPUS")
REVIEWED = Path(__file__).parent / "content-alarms.md"

TWICE = {
    "ajp.pcap": "each packet stands twice in the capture, in two encapsulations: three flows of "
    "the same ends for the table, one stream whose bytes count once for inspection",
}
"""Captures in which inspection does not have the payload of the flow table, and why."""

TAKEN = {
    "dns": {"DNS", "LLMNR", "MDNS"},
    "ftp": {"FTP_CONTROL"},
    "hl7": {"HL7"},
    # SSDP is framed as HTTP; SOCKS is a tunnel in which HTTP was recognised
    "http": {"HTTP", "MapleStory", "SOAP", "SOCKS", "SSDP"},
    "http2": {"HTTP2"},
    "mongodb": {"MongoDB", "Unknown"},  # one of its flows is on another port: unknown to nDPI
    "mqtt": {"MQTT"},
    "pop3": {"POP3"},
    "postgresql": {"PostgreSQL"},
    "smb": {"NetBIOS"},
    "smtp": {"SMTP"},
    "tds": {"MsSQL-TDS"},
}
"""Dissectors that real flows were given to, and what nDPI calls those flows."""

PASSED_OVER = {
    "MQTT": 3,  # from the middle of a session: a PING first
    "HTTP": 2,  # no HTTP: one byte that keeps a connection alive, and random bytes on port 80
    "SOAP": 1,  # a body without its head: read as XML
    "WebSocket": 1,  # from the middle
}
"""Flows that no dissector took though there is one for what nDPI calls them."""


class Noting:
    """A dissector, and the flows that it was given."""

    def __init__(self, dissector, flows):
        self.name, self.sniff = dissector.name, dissector.sniff
        self._dissector, self._flows = dissector, flows

    def conversation(self, flow, content):
        self._flows[flow.flow_id] = self.name
        return self._dissector.conversation(flow, content)


class Seen:
    """All real captures."""

    def __init__(self, corpus):
        self.sums, self.taken = Counter(), Counter()
        self.alarms, self.problems, self.unaccounted = [], [], {}
        given = {}
        with pytest.MonkeyPatch.context() as patch:
            dissectors = [Noting(each, given) for each in flow_content.DISSECTORS]
            patch.setattr(flow_content, "DISSECTORS", dissectors)
            patch.setattr(flow_content, "RAW", Noting(flow_content.RAW, given))
            search = shipped_search()
            for path in captures(Path(corpus)):
                given.clear()
                self.add(path, search, given)

    def add(self, path, search, given):
        one = carried(path)
        if one is None:
            return
        found, problems = inspected(one.flows, one.events, search)
        self.sums.update(captures=1, flows=len(one.flows))
        self.alarms += alarms(path.name, found)
        self.problems += [(path.name, each) for each in (*one.problems, *problems)]
        if unequal := list(unaccounted(one, found)):
            self.unaccounted[path.name] = unequal
        answer = path.parents[1] / "result" / f"{path.name}.out"
        called = {each.pair: each.protocol for each in answers(answer)} if answer.exists() else {}
        for row in one.flows.to_pylist():
            ends = [row[each] for each in ("protocol", "src_ip", "src_port", "dst_ip", "dst_port")]
            self.taken[given.get(row["flow_id"]), called.get(pair_of(tuple(ends)))] += 1


@pytest.fixture(scope="module")
def seen():
    if not CORPUS:
        pytest.skip("AUDITOR_CORPUS is unset: it names the folder of the real captures")
    return Seen(CORPUS)


def reviewed():
    lines = REVIEWED.read_text("utf-8").splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    ]
    assert rows[0] == [*ALARM, "verdict", "what it is"]
    return rows[2:]


def test_every_alarm_is_reviewed_and_every_reviewed_one_is_raised(seen):
    assert sorted(seen.alarms) == sorted(tuple(row[: len(ALARM)]) for row in reviewed())


def test_reviewed_alarms_have_a_verdict_and_its_reason():
    assert all(row[-2] in ("true", "false") and len(row[-1]) > 10 for row in reviewed())


def test_all_clear_text_flows_of_the_corpus_are_opened(seen):
    assert seen.sums["captures"] > 250
    assert seen.sums["flows"] > 2100


def test_every_payload_byte_of_real_captures_is_counted_once(seen):
    assert seen.unaccounted.keys() == TWICE.keys(), seen.unaccounted


def test_nothing_in_real_captures_makes_a_parser_fail(seen):
    assert [one for one in seen.problems if one[1].code == "content-not-taken-apart"] == []


def test_flows_are_given_to_the_dissector_of_what_they_are(seen):
    wrong = {
        (name, called): count
        for (name, called), count in seen.taken.items()
        if name not in (None, "raw") and called not in TAKEN[name]
    }
    assert wrong == {}


def test_flows_that_no_dissector_took_are_known(seen):
    known = set().union(*TAKEN.values()) - {"Unknown", "NetBIOS"} | {"WebSocket"}
    passed = {called: n for (name, called), n in seen.taken.items() if name == "raw"}
    assert {called: n for called, n in passed.items() if called in known} == PASSED_OVER

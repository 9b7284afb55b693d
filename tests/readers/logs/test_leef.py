"""LEEF 1.0 and 2.0: separators, PAN-OS's keys, and damage."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.logs.leef import Leef
from auditor.readers.reading import Settings
from auditor.readers.records.reader import LogReader
from tests.readers.reading import read_files

READER = LogReader(Leef())
NS = 1_790_906_400 * 10**9  # 2026-10-02T02:00:00Z
BASE = {
    "src": "10.20.1.15",
    "srcPort": 50112,
    "dst": "52.95.110.1",
    "dstPort": 443,
    "proto": "tcp",
    "srcBytes": 5000,
    "dstBytes": 300,
    "srcPackets": 9,
    "dstPackets": 4,
    "devTime": "Oct 02 2026 02:00:00 GMT",
}


def line(head: str = "LEEF:1.0|Example|Gateway|1|closed|", join: str = "\t", **changes) -> str:
    values = {**BASE, **changes}
    pairs = [f"{key}={value}" for key, value in values.items() if value is not None]
    return head + join.join(pairs)


def pan(**changes) -> str:
    more = {"cat": "TRAFFIC", "SessionID": 7, "Subtype": "end", "SerialNumber": "S1"}
    return line("LEEF:1.0|Palo Alto Networks|PAN-OS|11|allow|", "|", **{**more, **changes})


def read(tmp_path, *lines: str | bytes):
    path = tmp_path / "leef.log"
    path.write_bytes(
        b"".join((each.encode() if isinstance(each, str) else each) + b"\n" for each in lines)
    )
    [reading], [flows], problems, _ = read_files(READER, [path], Settings())
    return reading, flows.to_pylist(), {problem.code: problem for problem in problems}


def one(tmp_path, text):
    _, [flow], problems = read(tmp_path, text)
    return flow, problems


@pytest.mark.parametrize(
    ("head", "join"),
    [
        ("LEEF:1.0|E|G|1|closed|", "\t"),
        ("LEEF:1.0|E|G|1|closed|", "#011"),
        ("LEEF:2.0|E|G|1|closed|^|", "^"),
        ("LEEF:2.0|E|G|1|closed|0x7c|", "|"),
        ("<13>Oct  2 09:00:00 gw LEEF:2.0|E|G|1|closed||", "\t"),
    ],
)
def test_a_record_is_mapped_whatever_separates_it(tmp_path, head, join):
    flow, problems = one(tmp_path, line(head, join))
    assert (flow["protocol"], flow["src_ip"], flow["src_port"]) == (6, "10.20.1.15", 50112)
    assert (flow["dst_ip"], flow["dst_port"]) == ("52.95.110.1", 443)
    assert (flow["src_bytes"], flow["dst_bytes"]) == (5000, 300)
    assert (flow["src_packets"], flow["dst_packets"]) == (9, 4)
    assert (flow["start"].value, flow["time_basis"], flow["clock"]) == (NS, "log-time", "stated")
    assert set(problems) == {"one-moment"}


@pytest.mark.parametrize(
    "moment",
    ["1790906400000", "1790906400", "2026-10-02T02:00:00.000Z", "2026-10-02 09:00:00 +0700"],
)
def test_times_in_every_writing(tmp_path, moment):
    assert one(tmp_path, line(devTime=moment))[0]["start"].value == NS


def test_a_zone_is_assumed_where_none_is_written(tmp_path):
    flow, problems = one(tmp_path, line(devTime="2026-10-02 09:00:00"))
    assert (flow["start"].value, flow["clock"]) == (NS, "assumed")
    assert problems["zone-assumed"].count == 1


def test_pan_os_tells_length_session_application_and_countries(tmp_path):
    flow, problems = one(
        tmp_path,
        pan(
            ElapsedTime=60,
            Application="ssl",
            SourceLocation="10.0.0.0-10.255.255.255",
            DestinationLocation="Singapore",
            srcPostNAT="203.162.10.5",
            srcPostNATPort=9,
            dstPostNAT="52.95.110.1",
            dstPostNATPort=443,
        ),
    )
    assert (flow["start"].value, flow["end"].value) == (NS - 60 * 10**9, NS)
    assert (flow["time_basis"], flow["app"], flow["encrypted"]) == ("recorded", "tls", True)
    assert (flow["src_log_country"], flow["dst_log_country"]) == (None, "SG")
    assert (flow["nat_src_ip"], flow["nat_src_port"]) == ("203.162.10.5", 9)
    assert flow["nat_dst_ip"] is None
    assert set(problems) == {"translated"}


def test_without_a_time_of_writing_the_start_is_taken(tmp_path):
    flow, _ = one(tmp_path, pan(devTime=None, StartTime="2026/10/02 09:00:00", ElapsedTime=5))
    assert (flow["start"].value, flow["end"].value) == (NS, NS + 5 * 10**9)


@pytest.mark.parametrize("given", ["0.0.0.157", "::", "10.20.1.15", ""])
def test_what_stands_for_no_translation_is_none(tmp_path, given):
    assert one(tmp_path, pan(srcPostNAT=given))[0]["nat_src_ip"] is None


def test_of_the_start_and_the_end_of_a_session_the_end_counts(tmp_path):
    start = pan(Subtype="start", srcBytes=1, devTime="Oct 02 2026 01:59:00 GMT")
    _, [flow], problems = read(tmp_path, start, pan())
    assert flow["src_bytes"] == 5000
    assert problems["interim-records"].count == 1


@pytest.mark.parametrize("key", ["action", "Action", "act"])
def test_refusals_are_marked(tmp_path, key):
    flow, problems = one(tmp_path, pan(**{key: "deny"}, dstBytes=0, dstPackets=0))
    assert flow["blocked"] is True
    assert problems["refused"].count == 1


def test_only_the_host_of_a_url_is_kept_and_no_user(tmp_path):
    flow, _ = one(tmp_path, line(url="https://Kho.example.com/secret?x=1", usrName="nguyen"))
    assert (flow["host"], flow["host_basis"]) == ("kho.example.com", "log")
    assert "secret" not in str(flow)
    assert "nguyen" not in str(flow)


def test_other_events_are_counted_and_not_read(tmp_path):
    lines = [line(), pan(cat="THREAT"), "LEEF:1.0|E|G|1|login|usrName=nguyen\toutcome=failed"]
    reading, _, problems = read(tmp_path, *lines)
    assert reading.packets == 1
    assert problems["not-traffic"].count == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"devTime": "then"}, "bad-time"),
        ({"devTime": None}, "bad-time"),
        ({"dst": "there"}, "bad-address"),
        ({"src": None}, "bad-address"),
        ({"srcBytes": "many"}, "bad-number"),
        ({"dstPackets": "-1"}, "bad-number"),
        ({"srcPort": "99999"}, "bad-number"),
        ({"proto": "pigeon"}, "bad-number"),
    ],
)
def test_values_that_are_none_are_counted(tmp_path, changes, code):
    assert read(tmp_path, line(**changes))[2][code].count == 1


def test_damage_neither_stops_nor_leaks(tmp_path):
    junk = ["LEEF:1.0|Example|secretname and nothing more here", "y" * 50, b"\xff" * 50]
    _, flows, problems = read(tmp_path, line(), *junk)
    assert len(flows) == 1
    assert problems["bad-line"].count == 3
    assert not any("secretname" in problem.message for problem in problems.values())


@pytest.mark.parametrize("text", ["LEEF: so", "CEF:0|a|b|c|d|e|f|", "LEEF:3.0|a|b|c"])
def test_other_text_is_not_taken_for_it(text):
    assert Leef().sniff(text.encode()) == 0.0


def test_its_own_lines_are_recognised():
    assert Leef().sniff(pan().encode()) > 0.5


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 150))
def test_no_text_stops_it(tmp_path_factory, noise, cut):
    good = line().encode()
    noise = noise.replace(b"\n", b"").replace(b"#", b"")
    _, flows, _ = read(tmp_path_factory.mktemp("noise"), good, good[:cut] + noise + good[cut:])
    assert flows

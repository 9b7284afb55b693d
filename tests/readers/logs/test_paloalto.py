"""PAN-OS traffic logs: fixed places, exports with a head, zones, sessions, refusals, damage."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.errors import InputError
from auditor.readers.logs.paloalto import PaloAlto
from auditor.readers.reading import Settings
from auditor.readers.records.reader import LogReader
from tests.readers.reading import read_files

READER = LogReader(PaloAlto())
NS = 1_790_906_400 * 10**9  # 2026-10-02T02:00:00Z
PLACES = {
    "generated": 6, "src": 7, "dst": 8, "natsrc": 9, "natdst": 10, "rule": 11, "user": 12,
    "app": 14, "vsys": 15, "session": 22, "repeat": 23, "sport": 24, "dport": 25, "natsport": 26,
    "natdport": 27, "proto": 29, "action": 30, "sent": 32, "received": 33, "start": 35,
    "elapsed": 36, "srccountry": 41, "dstcountry": 42, "packets_sent": 44, "packets_received": 45,
    "serial": 2, "type": 3, "subtype": 4,
}  # fmt: skip
BASE = {
    "serial": "S1", "type": "TRAFFIC", "subtype": "end", "generated": "2026/10/02 09:01:30",
    "src": "10.20.1.15", "dst": "52.95.110.1", "vsys": "vsys1", "session": 7, "repeat": 1,
    "sport": 50112, "dport": 443, "proto": "tcp", "action": "allow", "sent": 5000,
    "received": 300, "start": "2026/10/02 09:00:00", "elapsed": 60, "packets_sent": 9,
    "packets_received": 4, "app": "ssl", "natsport": 0, "natdport": 0,
}  # fmt: skip


def line(prefix: str = "1", *more: str, fields: int = 47, **changes) -> str:
    texts = [""] * fields
    texts[0] = prefix
    for name, value in {**BASE, **changes}.items():
        texts[PLACES[name]] = str(value)
    return ",".join([*texts, *more])


def read(tmp_path, *lines: str | bytes, log_zone: str = "+07:00"):
    path = tmp_path / "pan.log"
    path.write_bytes(
        b"".join((each.encode() if isinstance(each, str) else each) + b"\n" for each in lines)
    )
    [reading], [flows], problems, _ = read_files(READER, [path], Settings(log_zone=log_zone))
    return reading, flows.to_pylist(), {problem.code: problem for problem in problems}


def one(tmp_path, *more: str, **changes):
    _, [flow], problems = read(tmp_path, line("1", *more, **changes))
    return flow, problems


@pytest.mark.parametrize("prefix", ["1", "Oct  2 09:01:30 pa 1", "<14>Oct  2 09:01:30 pa 1", ""])
def test_a_session_is_mapped(tmp_path, prefix):
    _, [flow], problems = read(tmp_path, line(prefix))
    assert (flow["start"].value, flow["end"].value) == (NS, NS + 60 * 10**9)
    assert (flow["time_basis"], flow["clock"], flow["seen_by"]) == (
        "recorded",
        "assumed",
        "paloalto",
    )
    assert (flow["protocol"], flow["src_ip"], flow["src_port"]) == (6, "10.20.1.15", 50112)
    assert (flow["dst_ip"], flow["dst_port"]) == ("52.95.110.1", 443)
    assert (flow["src_bytes"], flow["dst_bytes"]) == (5000, 300)
    assert (flow["src_packets"], flow["dst_packets"]) == (9, 4)
    assert (flow["app"], flow["encrypted"], flow["blocked"]) == ("tls", True, False)
    assert set(problems) == {"zone-assumed"}


@pytest.mark.parametrize(("fields", "packets"), [(43, None), (46, 4), (60, 4), (120, 4)])
def test_older_and_newer_versions_have_fewer_and_more_fields(tmp_path, fields, packets):
    texts = line(fields=120).split(",")[:fields]
    _, [flow], _ = read(tmp_path, ",".join(texts))
    assert flow["dst_bytes"] == 300
    assert flow["dst_packets"] == packets


def test_quoted_fields_may_hold_commas_and_quotation_marks(tmp_path):
    flow, _ = one(tmp_path, rule='"out, ""web"""', user='"a,b"')
    assert (flow["app"], flow["src_bytes"]) == ("tls", 5000)


@pytest.mark.parametrize(
    ("stamp", "ns", "clock"),
    [
        ("2026-10-02T09:01:30.123+07:00", NS, "stated"),
        ("2026-10-02T02:01:30.923+00:00", NS, "stated"),
        ("2026-10-02T08:01:30.123+07:00", NS - 3600 * 10**9, "stated"),
        ("2026-10-05T08:01:30.123+07:00", NS + 3600 * 10**9, "assumed"),
    ],
    ids=["its zone", "same moment in UTC", "device in another zone", "not of this record"],
)
def test_the_exact_stamp_tells_the_zone(tmp_path, stamp, ns, clock):
    zone = "+07:00" if clock == "stated" else "+06:00"
    _, [flow], _ = read(tmp_path, line("1", "", stamp, ""), log_zone=zone)
    assert (flow["start"].value, flow["clock"]) == (ns, clock)


def test_the_logging_service_writes_its_zone(tmp_path):
    flow, problems = one(
        tmp_path, start="2026-10-02T02:00:00.000000Z", generated="2026-10-02T02:01:30.000000Z"
    )
    assert (flow["start"].value, flow["clock"]) == (NS, "stated")
    assert not problems


def test_without_a_start_the_moment_of_writing_is_taken(tmp_path):
    flow, _ = one(tmp_path, start="", elapsed="")
    assert flow["start"].value == NS + 90 * 10**9
    assert flow["time_basis"] == "start-only"


def test_of_start_and_end_records_the_end_counts_and_alone_the_start(tmp_path):
    start = line(subtype="start", elapsed=0, sent=60, generated="2026/10/02 09:00:01")
    _, [flow], problems = read(tmp_path, start, line())
    assert flow["src_bytes"] == 5000
    assert problems["interim-records"].count == 1
    assert read(tmp_path, start)[1][0]["src_bytes"] == 60


def test_sessions_of_other_devices_and_numbers_stay_apart(tmp_path):
    later = {"start": "2026/10/02 11:00:00"}
    lines = [line(), line(session=8, **later), line(serial="S2", start="2026/10/02 12:00:00")]
    assert len(read(tmp_path, *lines)[1]) == 3
    assert len(read(tmp_path, line(session=0, sport=1), line(session=0, sport=2))[1]) == 2


def test_counts_of_repeated_sessions_are_sums_already(tmp_path):
    flow, _ = one(tmp_path, repeat=6, proto="icmp", sent=588, packets_sent=6)
    assert (flow["src_bytes"], flow["src_packets"], flow["src_port"]) == (588, 6, None)


@pytest.mark.parametrize(
    ("changes", "blocked", "late"),
    [
        ({"subtype": "drop", "received": 0, "packets_received": 0}, True, False),
        ({"action": "deny", "received": 0, "packets_received": 0}, True, False),
        ({"action": "reset-both", "received": 0, "packets_received": 0}, True, False),
        ({"action": "deny", "subtype": "deny"}, False, True),
        ({}, False, False),
    ],
)
def test_refusals_are_marked_unless_something_came_back(tmp_path, changes, blocked, late):
    flow, problems = one(tmp_path, **changes)
    assert flow["blocked"] is blocked
    assert ("refused-late" in problems) is late


def test_translation_shows_each_end_s_own_address(tmp_path):
    flow, _ = one(tmp_path, natsrc="203.162.10.5", natsport=9, natdst="52.95.110.1", natdport=443)
    assert (flow["nat_src_ip"], flow["nat_src_port"], flow["nat_dst_ip"]) == (
        "203.162.10.5",
        9,
        None,
    )
    flow, _ = one(
        tmp_path, natsrc="10.20.1.15", natdst="10.20.2.8", natdport=8443, dstcountry="Singapore"
    )
    assert (flow["nat_src_ip"], flow["dst_ip"], flow["dst_port"]) == (None, "10.20.2.8", 8443)
    assert (flow["nat_dst_ip"], flow["nat_dst_port"]) == ("52.95.110.1", 443)
    assert flow["dst_log_country"] is None


def test_a_published_address_that_is_none_makes_no_flow(tmp_path):
    _, flows, problems = read(tmp_path, line(dst="<hidden>", natdst="10.20.2.8"))
    assert flows == []
    assert problems["bad-address"].count == 1


def test_countries_are_kept_as_codes_and_users_not_at_all(tmp_path):
    flow, _ = one(
        tmp_path, srccountry="10.0.0.0-10.255.255.255", dstcountry="Viet Nam", user="mau\\nguyen"
    )
    assert (flow["src_log_country"], flow["dst_log_country"]) == (None, "VN")
    assert "nguyen" not in str(flow)


HEAD = (
    "Domain,Receive Time,Serial #,Type,Threat/Content Type,Start Time,Elapsed Time (sec),"
    "Destination address,Source address,Bytes Received,Bytes Sent,IP Protocol"
)
EXPORTED = (
    "1,2026/10/02 09:01:30,S1,TRAFFIC,end,2026/10/02 09:00:00,60,52.95.110.1,10.20.1.15,3,5,tcp"
)


def test_the_head_of_an_export_is_obeyed(tmp_path):
    _, [flow], problems = read(tmp_path, HEAD, EXPORTED)
    assert (flow["src_ip"], flow["dst_ip"]) == ("10.20.1.15", "52.95.110.1")
    assert (flow["src_bytes"], flow["dst_bytes"], flow["src_port"]) == (5, 3, None)
    assert set(problems) == {"zone-assumed"}


def test_an_export_without_needed_columns_is_refused(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(HEAD.replace("Source address", "Source User") + "\n" + EXPORTED + "\n")
    [answer], *_ = read_files(READER, [path])
    assert isinstance(answer, InputError)
    assert "source address" in str(answer)


def test_an_export_of_only_its_head_gives_nothing(tmp_path):
    reading, flows, problems = read(tmp_path, HEAD)
    assert (reading.packets, flows, problems) == (0, [], {})


def test_other_logs_are_counted_and_not_read(tmp_path):
    threat = line(type="THREAT", subtype="url")
    reading, _, problems = read(tmp_path, threat, line(), line(type="SYSTEM")[:80])
    assert reading.packets == 1
    assert problems["not-traffic"].count == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"start": "then", "generated": "now"}, "bad-time"),
        ({"src": "here"}, "bad-address"),
        ({"dst": ""}, "bad-address"),
        ({"sent": "many"}, "bad-number"),
        ({"received": "-3"}, "bad-number"),
        ({"elapsed": "1e9"}, "bad-number"),
        ({"dport": 70000}, "bad-number"),
        ({"proto": "pigeon"}, "bad-number"),
        ({"natsrc": "<b>"}, "bad-number"),
    ],
)
def test_values_that_are_none_are_counted(tmp_path, changes, code):
    assert read(tmp_path, line(**changes))[2][code].count == 1


def test_damage_neither_stops_nor_leaks(tmp_path):
    junk = [line()[:90], "secretname,and,nothing,more,than,that,here", '"' * 90, b"\xff," * 90]
    _, flows, problems = read(tmp_path, line(), *junk)
    assert len(flows) == 1
    assert problems["bad-line"].count == 4
    assert not any("secretname" in problem.message for problem in problems.values())


@pytest.mark.parametrize("text", ["1,2,3,4", "a,TRAFFIC,end", "time,src,dst,type,TRAFFIC"])
def test_other_text_is_not_taken_for_it(text):
    assert PaloAlto().sniff(text.encode()) == 0.0


def test_its_own_lines_are_recognised():
    text = line().replace("1,,", "1,2026/10/02 09:01:31,", 1)
    assert PaloAlto().sniff(text.encode()) > 0.5
    assert PaloAlto().sniff(HEAD.encode()) == 1.0


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 150))
def test_no_text_stops_it(tmp_path_factory, noise, cut):
    good = line().encode()
    noise = noise.replace(b"\n", b"")
    _, flows, _ = read(tmp_path_factory.mktemp("noise"), good, good[:cut] + noise + good[cut:])
    assert flows


def test_an_export_whose_head_is_no_utf8_is_read(tmp_path):
    _, [flow], _ = read(tmp_path, HEAD.encode() + b",\xd2\xff", EXPORTED + ",x")
    assert flow["src_ip"] == "10.20.1.15"

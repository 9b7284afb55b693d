"""Cisco ASA and FTD: who opened what, joined beginnings and ends, refusals, dates, damage."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.logs.asa import Asa
from auditor.readers.reading import Settings
from auditor.readers.records import connections, lines
from auditor.readers.records.reader import LogReader
from tests.readers.reading import read_files

READER = LogReader(Asa())
NS = 1_790_906_400 * 10**9  # 2026-10-02T02:00:00Z
HEAD = "<166>Oct 02 2026 {} fw : %ASA-6-"
OUT = "outside:52.95.110.1/443 (52.95.110.1/443) to inside:10.20.1.15/50112 (203.162.10.5/31000)"
ENDS = "outside:52.95.110.1/443 to inside:10.20.1.15/50112"
BUILT = f"302013: Built outbound TCP connection 7 for {OUT}"
TORN = f"302014: Teardown TCP connection 7 for {ENDS} duration 0:00:38 bytes 5330880 TCP FINs"


def at(time: str, message: str, device: str = "fw") -> str:
    return f"<166>Oct 02 2026 {time} {device} : %ASA-6-{message}"


def read(tmp_path, *texts: str | bytes, log_zone: str = "+07:00", written: datetime | None = None):
    path = tmp_path / "asa.log"
    path.write_bytes(
        b"".join((each.encode() if isinstance(each, str) else each) + b"\n" for each in texts)
    )
    if written is not None:
        os.utime(path, (written.timestamp(),) * 2)
    [reading], [flows], problems, _ = read_files(READER, [path], Settings(log_zone=log_zone))
    return reading, flows.to_pylist(), {problem.code: problem for problem in problems}


def test_a_connection_is_one_flow_from_its_beginning_to_its_end(tmp_path):
    _, [flow], problems = read(tmp_path, at("09:00:00", BUILT), at("09:00:38", TORN))
    assert (flow["start"].value, flow["end"].value) == (NS, NS + 38 * 10**9)
    assert (flow["time_basis"], flow["clock"], flow["seen_by"]) == (
        "recorded",
        "assumed",
        "cisco-asa",
    )
    assert (flow["protocol"], flow["src_ip"], flow["src_port"]) == (6, "10.20.1.15", 50112)
    assert (flow["dst_ip"], flow["dst_port"]) == ("52.95.110.1", 443)
    assert (flow["nat_src_ip"], flow["nat_src_port"]) == ("203.162.10.5", 31000)
    assert flow["nat_dst_ip"] is None
    assert flow["initiator_basis"] == "recorded"
    assert set(problems) == {"zone-assumed", "translated", "both-ways-bytes"}


def test_bytes_of_both_directions_are_told_and_given_to_neither(tmp_path):
    _, [flow], problems = read(tmp_path, at("09:00:00", BUILT), at("09:00:38", TORN))
    counts = ("src_bytes", "dst_bytes", "src_payload", "dst_payload", "src_packets")
    assert [flow[name] for name in counts] == [None] * 5
    assert "5,330,880" in problems["both-ways-bytes"].message


def test_nothing_in_all_is_nothing_each_way(tmp_path):
    torn = at("09:00:38", TORN.replace("5330880", "0"))
    _, [flow], problems = read(tmp_path, at("09:00:00", BUILT), torn)
    assert (flow["src_payload"], flow["dst_payload"]) == (0, 0)
    assert "both-ways-bytes" not in problems


def test_inbound_means_that_the_first_named_opened_it(tmp_path):
    built = at(
        "09:00:00",
        "302013: Built inbound TCP connection 8 for outside:128.199.200.7/61000"
        " (128.199.200.7/61000) to dmz:10.20.2.8/8443 (203.162.10.20/443)",
    )
    _, [flow], problems = read(tmp_path, built)
    assert (flow["src_ip"], flow["src_port"]) == ("128.199.200.7", 61000)
    assert (flow["dst_ip"], flow["dst_port"]) == ("10.20.2.8", 8443)
    assert (flow["nat_dst_ip"], flow["nat_dst_port"]) == ("203.162.10.20", 443)
    assert flow["time_basis"] == "start-only"
    assert "one-moment" in problems


def test_names_of_users_are_passed_over(tmp_path):
    built = BUILT.replace("50112 (", "50112(LOCAL\\nguyen) (") + " (nguyen)"
    torn = TORN.replace("50112 dur", "50112(LOCAL\\nguyen) dur") + " (nguyen)"
    _, [flow], _ = read(tmp_path, at("09:00:00", built), at("09:00:38", torn))
    assert flow["end"].value == NS + 38 * 10**9
    assert "nguyen" not in str(flow)


def test_without_a_beginning_the_lower_port_is_the_server_s(tmp_path):
    _, [flow], problems = read(tmp_path, at("09:00:38", TORN))
    assert (flow["src_ip"], flow["dst_ip"]) == ("10.20.1.15", "52.95.110.1")
    assert flow["initiator_basis"] == "port"
    assert flow["start"].value == NS
    assert problems["no-built"].count == 1


def test_a_beginning_many_blocks_ago_is_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "BLOCK", 1 << 12)
    monkeypatch.setattr(lines, "CHUNK", 1 << 12)
    other = [
        at("09:00:01", BUILT.replace("connection 7 ", f"connection {number} "))
        for number in range(100, 400)
    ]
    _, flows, problems = read(tmp_path, at("09:00:00", BUILT), *other, at("09:00:38", TORN))
    assert len(flows) == 301
    assert [flow["end"].value for flow in flows if flow["time_basis"] == "recorded"] == [
        NS + 38 * 10**9
    ]
    assert problems["interim-records"].count == 1
    assert "no-built" not in problems


def test_only_so_many_beginnings_are_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(connections, "MOST_OPEN", 0)
    monkeypatch.setattr(lines, "BLOCK", 200)
    monkeypatch.setattr(lines, "CHUNK", 200)
    _, _, problems = read(tmp_path, at("09:00:00", BUILT), at("09:00:38", TORN))
    assert problems["no-built"].count == 1


def test_a_number_used_again_belongs_to_the_latest_beginning(tmp_path):
    again = BUILT.replace("50112 (203", "50113 (203")
    torn = TORN.replace("50112", "50113")
    _, flows, _ = read(tmp_path, at("09:00:00", BUILT), at("09:01:00", again), at("09:02:00", torn))
    ended = [flow for flow in flows if flow["time_basis"] == "recorded"]
    assert [flow["src_port"] for flow in ended] == [50113]


def test_a_number_used_again_in_one_stretch_is_two_connections(tmp_path):
    again, over = (each.replace("50112", "50113") for each in (BUILT, TORN))
    _, flows, problems = read(
        tmp_path,
        at("09:00:00", BUILT),
        at("09:00:38", TORN),
        at("09:01:00", again),
        at("09:01:38", over),
    )
    spans = [(flow["src_port"], flow["start"].value - NS, flow["end"].value - NS) for flow in flows]
    assert spans == [(50112, 0, 38 * 10**9), (50113, 60 * 10**9, 98 * 10**9)]
    assert "no-built" not in problems


def test_an_end_before_its_beginning_belongs_to_another_connection(tmp_path):
    again = BUILT.replace("50112", "50113")
    _, flows, problems = read(tmp_path, at("09:00:38", TORN), at("09:01:00", again))
    assert [flow["initiator_basis"] for flow in flows] == ["port", "recorded"]
    assert problems["no-built"].count == 1


def test_numbers_of_different_devices_are_different_connections(tmp_path):
    torn = at("10:00:38", TORN, "fw2")
    _, flows, problems = read(tmp_path, at("09:00:00", BUILT), torn)
    assert len(flows) == 2
    assert problems["no-built"].count == 1


@pytest.mark.parametrize(
    ("message", "protocol", "source", "target"),
    [
        (
            "106023: Deny tcp src outside:198.51.100.7/40000 dst dmz:203.162.10.20/3389 by x",
            6, ("198.51.100.7", 40000), ("203.162.10.20", 3389),
        ),
        (
            "106023: Deny icmp src outside:198.51.100.7 dst dmz:203.162.10.20 (type 8, code 0)",
            1, ("198.51.100.7", None), ("203.162.10.20", None),
        ),
        (
            "106023: Deny protocol 47 src outside:198.51.100.7 dst dmz:203.162.10.20 by x",
            47, ("198.51.100.7", None), ("203.162.10.20", None),
        ),
        (
            "106100: access-list a denied udp inside/10.20.3.9(40001) -> out/47.74.1.10(53) hit",
            17, ("10.20.3.9", 40001), ("47.74.1.10", 53),
        ),
        (
            "106001: Inbound TCP connection denied from 198.51.100.9/40000 to 203.162.10.20/22 f",
            6, ("198.51.100.9", 40000), ("203.162.10.20", 22),
        ),
        (
            "106001: Inbound TCP connection denied from 2001:db8::9/40000 to 2001:db8::1/22 f",
            6, ("2001:db8::9", 40000), ("2001:db8::1", 22),
        ),
        (
            "106006: Deny inbound UDP from 198.51.100.9/40000 to 203.162.10.20/22 on interface o",
            17, ("198.51.100.9", 40000), ("203.162.10.20", 22),
        ),
        (
            "106014: Deny inbound icmp src outside:198.51.100.9 dst dmz:203.162.10.20 (type 8)",
            1, ("198.51.100.9", None), ("203.162.10.20", None),
        ),
        (
            "710003: TCP access denied by ACL from 198.51.100.9/40001 to outside:203.162.10.5/23",
            6, ("198.51.100.9", 40001), ("203.162.10.5", 23),
        ),
    ],
)  # fmt: skip
def test_refusals(tmp_path, message, protocol, source, target):
    _, [flow], _ = read(tmp_path, at("09:00:00", message))
    assert flow["blocked"] is True
    assert (flow["protocol"], flow["time_basis"]) == (protocol, "log-time")
    assert (flow["src_ip"], flow["src_port"]) == source
    assert (flow["dst_ip"], flow["dst_port"]) == target


@pytest.mark.parametrize(
    ("way", "source", "target", "outside"),
    [
        ("outbound", "10.20.3.9", "1.1.1.1", ("203.162.10.5", None)),
        ("inbound", "1.1.1.1", "10.20.3.9", (None, "203.162.10.5")),
    ],
)
def test_pings(tmp_path, way, source, target, outside):
    message = f"302020: Built {way} ICMP connection for faddr 1.1.1.1/0 gaddr 203.162.10.5/7 laddr"
    _, [flow], _ = read(tmp_path, at("09:00:00", f"{message} 10.20.3.9/7 type 8 code 0"))
    assert (flow["protocol"], flow["src_ip"], flow["dst_ip"]) == (1, source, target)
    assert (flow["nat_src_ip"], flow["nat_dst_ip"]) == outside


@pytest.mark.parametrize(
    ("head", "clock"),
    [
        ("<166>Oct 02 2026 09:00:00 fw : ", "assumed"),
        ("<166>Oct 02 2026 09:00:00: ", "assumed"),
        ("Oct  2 2026 02:00:00 UTC fw : ", "stated"),
        ("<166>2026-10-02T02:00:00Z fw : ", "stated"),
        ("<166>1 2026-10-02T09:00:00.000+07:00 fw - - - : ", "stated"),
        ("Jan 14 16:10:24 10.1.2.13 Oct 02 2026 09:00:00 fw : ", "assumed"),
    ],
)
@pytest.mark.parametrize("name", ["ASA", "FTD", "PIX"])
def test_heads_of_every_kind(tmp_path, head, clock, name):
    _, [flow], problems = read(tmp_path, f"{head}%{name}-6-{BUILT}")
    assert (flow["start"].value, flow["clock"]) == (NS, clock)
    assert "year-assumed" not in problems


@pytest.mark.parametrize(
    ("date", "written", "year"),
    [
        ("Oct  2 09:00:00", datetime(2026, 10, 3, tzinfo=UTC), 2026),
        ("Dec 31 23:59:59", datetime(2026, 1, 2, tzinfo=UTC), 2025),
        ("Jan  1 03:00:00", datetime(2025, 12, 31, 20, tzinfo=UTC), 2025),
        ("Feb 29 09:00:00", datetime(2025, 1, 9, tzinfo=UTC), 2024),
    ],
)
def test_a_year_that_lacks_is_the_latest_before_the_file_was_written(tmp_path, date, written, year):
    _, [flow], problems = read(tmp_path, f"{date} fw %ASA-6-{BUILT}", written=written)
    assert flow["start"].tz_convert("+07:00").year == year
    assert problems["year-assumed"].count == 1


EVENT = {
    "DeviceUUID": "e856", "InstanceID": 2, "FirstPacketSecond": "2026-10-02T02:00:00Z",
    "ConnectionID": 7, "AccessControlRuleAction": "Allow", "SrcIP": "10.20.1.15",
    "DstIP": "52.95.110.1", "SrcPort": 50112, "DstPort": 443, "Protocol": "tcp",
    "ApplicationProtocol": "HTTPS", "User": "nguyen", "ConnectionDuration": 38,
    "InitiatorPackets": 9, "ResponderPackets": 4, "InitiatorBytes": 5000, "ResponderBytes": 300,
}  # fmt: skip


def event(number: int = 430003, **changes) -> str:
    pairs = [f"{key}: {value}" for key, value in {**EVENT, **changes}.items() if value is not None]
    return f"<113>2026-10-02T02:00:40Z ftd : %FTD-1-{number}: " + ", ".join(pairs)


def test_events_of_ftd_part_the_directions(tmp_path):
    _, [flow], problems = read(tmp_path, event(NAT_InitiatorIP="203.162.10.5"))
    assert (flow["start"].value, flow["end"].value) == (NS, NS + 38 * 10**9)
    assert (flow["time_basis"], flow["clock"]) == ("recorded", "stated")
    assert (flow["protocol"], flow["src_ip"], flow["src_port"]) == (6, "10.20.1.15", 50112)
    assert (flow["dst_ip"], flow["dst_port"]) == ("52.95.110.1", 443)
    assert (flow["src_bytes"], flow["dst_bytes"]) == (5000, 300)
    assert (flow["src_packets"], flow["dst_packets"]) == (9, 4)
    assert (flow["app"], flow["nat_src_ip"], flow["blocked"]) == ("https", "203.162.10.5", False)
    assert "nguyen" not in str(flow)
    assert set(problems) == {"translated"}


def test_of_the_events_of_a_connection_the_end_counts(tmp_path):
    begin = event(430002, ConnectionDuration=0, InitiatorBytes=60)
    _, [flow], problems = read(tmp_path, begin, event())
    assert flow["src_bytes"] == 5000
    assert problems["interim-records"].count == 1


def test_a_connection_told_by_message_and_event_counts_once(tmp_path):
    built = f"<166>2026-10-02T02:00:00Z ftd : %FTD-6-{BUILT}"
    torn = f"<166>2026-10-02T02:00:38Z ftd : %FTD-6-{TORN}"
    _, [flow], problems = read(tmp_path, built, torn, event())
    assert flow["src_bytes"] == 5000
    assert problems["several-observers"].count == 1


@pytest.mark.parametrize(
    ("changes", "blocked"),
    [
        ({"AccessControlRuleAction": "Block", "ResponderBytes": 0, "ResponderPackets": 0}, True),
        ({"AccessControlRuleAction": "Block with reset"}, False),
        ({"AccessControlRuleAction": "Trust"}, False),
    ],
)
def test_events_tell_of_refusals(tmp_path, changes, blocked):
    assert read(tmp_path, event(**changes))[1][0]["blocked"] is blocked


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SrcIP": None}, "bad-address"),
        ({"InitiatorBytes": "many"}, "bad-number"),
        ({"Protocol": "pigeon"}, "bad-number"),
    ],
)
def test_damaged_events_are_counted(tmp_path, changes, code):
    assert read(tmp_path, event(**changes))[2][code].count == 1


def test_an_event_keeps_the_first_of_two_values_and_only_the_host_of_a_url(tmp_path):
    url = "https://Kho.example.com/secret, SrcIP: 9.9.9.9"
    _, [flow], _ = read(tmp_path, event(URL=url))
    assert (flow["src_ip"], flow["host"]) == ("10.20.1.15", "kho.example.com")
    assert "secret" not in str(flow)


def test_other_messages_are_counted_and_not_read(tmp_path):
    lines_of_others = [
        at("09:00:00", "305011: Built dynamic TCP translation from inside:10.0.0.1/5 to x"),
        at("09:00:00", "106015: Deny TCP (no connection) from 10.0.0.1/5 to 10.0.0.2/6 flags ACK"),
        at("09:00:00", "106100: access-list a permitted udp inside/10.0.0.1(5) -> b/10.0.0.2(6)"),
        at("09:00:00", "302021: Teardown ICMP connection for faddr 1.1.1.1/0 gaddr 1.2.3.4/7"),
    ]
    reading, flows, problems = read(tmp_path, *lines_of_others)
    assert (reading.packets, flows) == (0, [])
    assert problems["not-traffic"].count == 4


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            at("09:00:00", BUILT.replace("52.95.110.1/443 (", "kho.example.com/443 (")),
            "bad-address",
        ),
        (at("25:00:00", BUILT), "bad-time"),
        ("no date at all fw : %ASA-6-" + BUILT, "bad-time"),
        (at("09:00:00", BUILT.replace("/50112 ", "/99999 ")), "bad-number"),
        (at("09:00:00", BUILT[:60]), "bad-line"),
        ("Oct  2 2026 09:00:00 fw last message repeated 2 times", "bad-line"),
    ],
)
def test_damage_is_counted(tmp_path, text, code):
    assert read(tmp_path, text)[2][code].count == 1


def test_hostile_text_neither_stops_nor_leaks(tmp_path):
    junk = [
        "%" * 200,
        b"\xff" * 90,
        at("09:00:00", "302014: Teardown TCP connection secretname for nothing at all"),
        at("09:00:00", TORN.replace("5330880", "9" * 40)),
        at("09:00:00", TORN.replace("0:00:38", "999999:99:99").replace(" 7 ", " 9 ")),
    ]
    _, _, problems = read(tmp_path, at("09:00:00", BUILT), *junk)
    assert problems["bad-line"].count == 3
    assert not any("secretname" in problem.message for problem in problems.values())


@pytest.mark.parametrize("text", ["ASA-6-302013: Built", "%ASA is a firewall", "%LINK-3-UPDOWN: x"])
def test_other_text_is_not_taken_for_it(text):
    assert Asa().sniff(text.encode()) == 0.0


def test_its_own_lines_are_recognised():
    assert Asa().sniff(b"\nnoise\n" + at("09:00:00", BUILT).encode()) > 0.5


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 150))
def test_no_text_stops_it(tmp_path_factory, noise, cut):
    good = at("09:00:00", BUILT).encode()
    noise = noise.replace(b"\n", b"")
    _, flows, _ = read(tmp_path_factory.mktemp("noise"), good, good[:cut] + noise + good[cut:])
    assert flows

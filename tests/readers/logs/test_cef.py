"""CEF of several makers: whose bytes are whose, times, translation, and damage."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.logs.cef import Cef
from auditor.readers.reading import Settings
from auditor.readers.records.reader import LogReader
from tests.readers.reading import read_files

READER = LogReader(Cef())
NS = 1_790_906_400 * 10**9  # 2026-10-02T02:00:00Z
FORTIGATE = "CEF:0|Fortinet|Fortigate|v7.2|00013|traffic:forward close|3|cat=traffic:forward "
PAN = "CEF:0|Palo Alto Networks|PAN-OS|10.2|end|TRAFFIC|1|"
SERVICE = "CEF:0|Palo Alto Networks|LF|2.0|TRAFFIC|end|3|"
OTHER = "CEF:0|Example|Gateway|1.0|7|closed|2|"
LABELLED = "cn1=60 cn1Label=Duration cn2=9 cn2Label=Packets Sent cn3=4 cn3Label=Packets Received"
LONG = (
    "FortinetFortiGateeventtime=1790906400 FortinetFortiGateduration=60"
    " FortinetFortiGatesentpkt=9 FortinetFortiGatercvdpkt=4"
)
TUPLE = "src=10.20.1.15 spt=50112 dst=52.95.110.1 dpt=443 proto=6 "


def read(tmp_path, *lines: str | bytes, log_zone: str = "+07:00"):
    path = tmp_path / "cef.log"
    path.write_bytes(
        b"".join((each.encode() if isinstance(each, str) else each) + b"\n" for each in lines)
    )
    [reading], [flows], problems, _ = read_files(READER, [path], Settings(log_zone=log_zone))
    return reading, flows.to_pylist(), {problem.code: problem for problem in problems}


def one(tmp_path, line):
    _, [flow], problems = read(tmp_path, line)
    return flow, problems


@pytest.mark.parametrize(
    ("head", "sent", "received", "assumed"),
    [
        (FORTIGATE, 800, 100, False),
        (PAN, 100, 800, False),
        (SERVICE, 800, 100, False),
        (OTHER, 100, 800, True),
    ],
    ids=["FortiGate", "PAN-OS", "logging service", "by the standard"],
)
def test_in_and_out_are_what_the_maker_means_by_them(tmp_path, head, sent, received, assumed):
    flow, problems = one(tmp_path, f"{head}{TUPLE}rt=1790906400000 in=100 out=800")
    assert (flow["src_bytes"], flow["dst_bytes"]) == (sent, received)
    assert ("directions-assumed" in problems) is assumed
    if assumed:
        assert "Example" in problems["directions-assumed"].message


def test_a_record_is_mapped(tmp_path):
    flow, _ = one(
        tmp_path, f"Oct  2 09:00:00 gw {OTHER}{TUPLE}start=1790906400000 end=1790906401500"
    )
    assert (flow["src_ip"], flow["src_port"]) == ("10.20.1.15", 50112)
    assert (flow["dst_ip"], flow["dst_port"]) == ("52.95.110.1", 443)
    assert (flow["start"].value, flow["end"].value) == (NS, NS + 1_500_000_000)
    assert (flow["time_basis"], flow["clock"], flow["seen_by"]) == ("recorded", "stated", "cef")
    assert (flow["src_bytes"], flow["blocked"]) == (None, False)


@pytest.mark.parametrize(
    ("extension", "start", "end", "basis"),
    [
        ("start=1790906400000", NS, NS, "start-only"),
        ("rt=1790906400000", NS, NS, "log-time"),
        ("end=1790906400000", NS, NS, "log-time"),
        ("rt=1790906400000 cn2=7 cn2Label=Duration", NS - 7 * 10**9, NS, "recorded"),
        ("start=1790906400000 cn2=7 cn2Label=Duration", NS, NS + 7 * 10**9, "recorded"),
        ("rt=Oct 02 2026 02:00:00.000 UTC", NS, NS, "log-time"),
        ("rt=Oct 02 2026 02:00:00 dtz=UTC", NS, NS, "log-time"),
        ("rt=Oct 02 2026 09:00:00 dtz=+07:00", NS, NS, "log-time"),
    ],
)
def test_times_of_other_makers(tmp_path, extension, start, end, basis):
    flow, problems = one(tmp_path, f"{OTHER}{TUPLE}{extension}")
    assert (flow["start"].value, flow["end"].value, flow["time_basis"]) == (start, end, basis)
    assert "zone-assumed" not in problems


@pytest.mark.parametrize("zone", ["", " dtz=Asia/Ho_Chi_Minh"])
def test_a_zone_is_assumed_where_none_can_be_read(tmp_path, zone):
    flow, problems = one(tmp_path, f"{OTHER}{TUPLE}rt=Oct 02 2026 09:00:00{zone}")
    assert flow["start"].value == NS
    assert flow["clock"] == "assumed"
    assert problems["zone-assumed"].count == 1


@pytest.mark.parametrize(
    "extension",
    [
        "FTNTFGTeventtime=1790906400000000000 FTNTFGTduration=60 FTNTFGTsentpkt=9 FTNTFGTrcvdpkt=4",
        f"rt=1790906400000 {LABELLED}",
        LONG,
    ],
    ids=["6.2 and later", "5.6", "6.0"],
)
def test_fortigate_s_own_keys_of_every_version(tmp_path, extension):
    flow, _ = one(tmp_path, f"{FORTIGATE}{TUPLE}{extension}")
    assert (flow["start"].value, flow["end"].value) == (NS - 60 * 10**9, NS)
    assert (flow["src_packets"], flow["dst_packets"]) == (9, 4)


def test_pan_os_calls_start_the_moment_of_writing(tmp_path):
    extension = "start=Oct 02 2026 02:00:00 GMT cn3Label=Elapsed time in seconds cn3=60"
    flow, _ = one(tmp_path, f"{PAN}{TUPLE}{extension} PanOSPacketsSent=5 PanOSPacketsReceived=3")
    assert (flow["start"].value, flow["end"].value) == (NS - 60 * 10**9, NS)
    assert (flow["src_packets"], flow["dst_packets"]) == (5, 3)


@pytest.mark.parametrize(
    ("head", "app", "found"),
    [
        (PAN, "ssl", ("tls", True)),
        (PAN, "web-browsing", ("http", None)),
        (PAN, "incomplete", (None, None)),
        (FORTIGATE, "HTTPS", ("https", None)),
        (FORTIGATE, "SSL", ("ssl", None)),
        (OTHER, "tcp/8443", (None, None)),
    ],
)
def test_only_who_looks_into_traffic_says_that_it_is_encrypted(tmp_path, head, app, found):
    flow, _ = one(tmp_path, f"{head}{TUPLE}rt=1790906400000 app={app}")
    assert (flow["app"], flow["encrypted"]) == found


@pytest.mark.parametrize(
    ("proto", "number"), [("6", 6), ("TCP", 6), ("udp", 17), ("icmp6", 58), ("IPv6-ICMP", 58)]
)
def test_protocols_are_read_by_name_and_number(tmp_path, proto, number):
    flow, _ = one(tmp_path, f"{OTHER}rt=1790906400000 src=10.0.0.1 dst=10.0.0.2 proto={proto}")
    assert flow["protocol"] == number


@pytest.mark.parametrize("proto", ["carrier-pigeon", "999999", "²", ""])
def test_protocols_that_are_none_are_not_known(tmp_path, proto):
    line = f"{OTHER}rt=1790906400000 src=10.0.0.1 dst=10.0.0.2 proto={proto}"
    flow, problems = one(tmp_path, line)
    assert flow["protocol"] == 255
    assert ("bad-number" in problems) is bool(proto)


@pytest.mark.parametrize(
    ("extension", "source", "target", "outside"),
    [
        ("sourceTranslatedAddress=203.162.10.5 sourceTranslatedPort=9",
         ("203.162.10.5", 9), ("52.95.110.1", 443), (None, None)),
        ("sourceTranslatedAddress=0.0.0.0 sourceTranslatedPort=0",
         (None, None), ("52.95.110.1", 443), (None, None)),
        ("sourceTranslatedAddress=10.20.1.15", (None, None), ("52.95.110.1", 443), (None, None)),
        ("destinationTranslatedAddress=10.20.2.8 destinationTranslatedPort=8443",
         (None, None), ("10.20.2.8", 8443), ("52.95.110.1", 443)),
        ("destinationTranslatedAddress=10.20.2.8 destinationTranslatedPort=0",
         (None, None), ("10.20.2.8", 443), ("52.95.110.1", 443)),
        ("destinationTranslatedAddress=52.95.110.1 destinationTranslatedPort=443",
         (None, None), ("52.95.110.1", 443), (None, None)),
    ],
)  # fmt: skip
def test_translation_shows_each_end_s_own_address(tmp_path, extension, source, target, outside):
    flow, _ = one(tmp_path, f"{OTHER}{TUPLE}rt=1790906400000 {extension}")
    assert flow["src_ip"] == "10.20.1.15"
    assert (flow["nat_src_ip"], flow["nat_src_port"]) == source
    assert (flow["dst_ip"], flow["dst_port"]) == target
    assert (flow["nat_dst_ip"], flow["nat_dst_port"]) == outside


def test_a_translated_address_that_is_none_is_counted(tmp_path):
    line = f"{OTHER}{TUPLE}rt=1790906400000 sourceTranslatedAddress=<b>x</b>"
    flow, problems = one(tmp_path, line)
    assert flow["nat_src_ip"] is None
    assert problems["bad-number"].count == 1


@pytest.mark.parametrize("action", ["deny", "Drop", "REJECT", "blocked", "reset-both", "Prevent"])
def test_refusals_are_marked(tmp_path, action):
    assert one(tmp_path, f"{OTHER}{TUPLE}rt=1790906400000 act={action}")[0]["blocked"] is True


def test_a_refusal_after_an_answer_counts_what_had_passed(tmp_path):
    flow, problems = one(tmp_path, f"{PAN}{TUPLE}rt=1790906400000 act=deny in=900 out=60")
    assert flow["blocked"] is False
    assert problems["refused-late"].count == 1


@pytest.mark.parametrize(
    ("extension", "host"),
    [
        ("dhost=Kho.Example.com", "kho.example.com"),
        ("dhost=52.95.110.1 request=https://a.example/x", None),
        ("request=https://who:secret@Kho.example.com:8443/a?b\\=c", "kho.example.com"),
        ("request=not a url", None),
    ],
)
def test_of_a_request_only_the_host_is_kept(tmp_path, extension, host):
    flow, _ = one(tmp_path, f"{OTHER}{TUPLE}rt=1790906400000 suser=nguyen {extension}")
    assert flow["host"] == host
    assert "secret" not in str(flow)
    assert "nguyen" not in str(flow)


def test_sessions_that_tell_of_themselves_again_count_once(tmp_path):
    lines = [
        f"{FORTIGATE}{TUPLE}externalId=7 FTNTFGTeventtime={1790906400 + at} FTNTFGTduration={at}"
        f" FTNTFGTlogid=00000000{log} out={size}"
        for at, size, log in ((120, 5, 20), (240, 9, 20), (300, 11, 13))
    ]
    lines += [
        f"CEF:0|Palo Alto Networks|PAN-OS|10.2|{kind}|TRAFFIC|1|src=10.20.3.9 spt=5 dst=8.8.8.8"
        f" rt=17909064{at}000 in={size} cn1Label=SessionID cn1=3"
        for kind, at, size in (("start", "00", 60), ("end", "50", 600))
    ]
    _, flows, problems = read(tmp_path, *lines)
    assert sorted(flow["src_bytes"] for flow in flows) == [11, 600]
    assert problems["interim-records"].count == 3


def test_other_events_are_counted_and_not_read(tmp_path):
    reading, flows, problems = read(
        tmp_path,
        f"{FORTIGATE}{TUPLE}rt=1790906400000",
        FORTIGATE.replace("cat=traffic:forward", "cat=utm:webfilter") + TUPLE,
        f"CEF:0|Palo Alto Networks|PAN-OS|10.2|url|THREAT|1|{TUPLE}rt=1790906400000",
        f"{OTHER}suser=nguyen outcome=failure",
    )
    assert (reading.packets, len(flows)) == (1, 1)
    assert problems["not-traffic"].count == 3


@pytest.mark.parametrize(
    ("extension", "code"),
    [
        ("rt=later", "bad-time"),
        ("", "bad-time"),
        ("rt=1790906400000 src=nowhere", None),
        ("rt=1790906400000 in=-4", "bad-number"),
        ("rt=1790906400000 in=NaN", "bad-number"),
        ("rt=1790906400000 out=99999999999999999999", "bad-number"),
    ],
)
def test_values_that_are_none_are_counted(tmp_path, extension, code):
    _, _, problems = read(tmp_path, f"{OTHER}{TUPLE}{extension}")
    assert code is None or code in problems


def test_a_record_without_its_addresses_is_counted(tmp_path):
    _, flows, problems = read(tmp_path, f"{OTHER}src=10.0.0.1 dst=here rt=1790906400000")
    assert flows == []
    assert problems["bad-address"].count == 1


def test_damage_and_hostile_text_neither_stop_nor_leak(tmp_path):
    good = f"{OTHER}{TUPLE}rt=1790906400000"
    junk = [
        "CEF:0|Example|Gateway|secretname and no more",
        "x" * 60,
        b"CEF:0|" + b"\xff" * 90,
        b"CEF:0|a|b|c|d|e|f|" + b"=" * 5000,
        "\0" * 80,
    ]
    _, flows, problems = read(tmp_path, good, *junk)
    assert len(flows) == 1
    assert problems["bad-line"].count == 4
    assert not any("secretname" in problem.message for problem in problems.values())


@pytest.mark.parametrize("text", ["CEF: and other things", "LEEF:1.0|a|b|c|d|e", "CEF:7|a|b|c"])
def test_other_text_is_not_taken_for_it(text):
    assert Cef().sniff(text.encode()) == 0.0


def test_its_own_lines_are_recognised():
    assert Cef().sniff(f"\nnoise\n<13>Oct 2 gw {FORTIGATE}".encode()) > 0.5


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 150))
def test_no_text_stops_it(tmp_path_factory, noise, cut):
    good = f"{OTHER}{TUPLE}rt=1790906400000".encode()
    noise = noise.replace(b"\n", b"")
    _, flows, _ = read(tmp_path_factory.mktemp("noise"), good, good[:cut] + noise + good[cut:])
    assert flows

"""FortiGate traffic logs: every mapped value, every trap, every trouble."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.logs.fortigate import FortiGate
from auditor.readers.reading import Settings
from auditor.readers.records.reader import LogReader
from tests.readers.reading import read_files

READER = LogReader(FortiGate())
END = 1_790_904_041_123_456_789  # 2026-10-02T01:20:41Z, as eventtime has it

BASE = {
    "date": "2026-10-02",
    "time": "08:20:41",
    "devid": '"FG1"',
    "eventtime": END,
    "tz": '"+0700"',
    "logid": '"0000000013"',
    "type": '"traffic"',
    "subtype": '"forward"',
    "vd": '"root"',
    "srcip": "10.20.1.15",
    "srcport": 50112,
    "dstip": "52.95.110.1",
    "dstport": 443,
    "proto": 6,
    "action": '"close"',
    "sessionid": 7,
    "duration": 38,
    "sentbyte": 5000,
    "rcvdbyte": 300,
    "sentpkt": 9,
    "rcvdpkt": 4,
}


def line(prefix: str = "", join: str = " ", **changes) -> str:
    values = {**BASE, **changes}
    return prefix + join.join(
        f"{key}={value}" for key, value in values.items() if value is not None
    )


def read(tmp_path, *lines: str | bytes, log_zone: str = "+07:00"):
    path = tmp_path / "fgt.log"
    path.write_bytes(
        b"".join((each.encode() if isinstance(each, str) else each) + b"\n" for each in lines)
    )
    [reading], [flows], problems, _ = read_files(READER, [path], Settings(log_zone=log_zone))
    return reading, flows.to_pylist(), {problem.code: problem for problem in problems}


def one(tmp_path, **changes):
    _, [flow], problems = read(tmp_path, line(**changes))
    return flow, problems


def test_a_session_is_mapped(tmp_path):
    flow, problems = one(tmp_path)
    assert not problems
    assert flow["end"].value == END
    assert flow["start"].value == END - 38_000_000_000
    assert (flow["time_basis"], flow["clock"], flow["seen_by"]) == (
        "recorded",
        "stated",
        "fortigate",
    )
    assert (flow["protocol"], flow["src_ip"], flow["src_port"]) == (6, "10.20.1.15", 50112)
    assert (flow["dst_ip"], flow["dst_port"]) == ("52.95.110.1", 443)
    assert (flow["src_bytes"], flow["dst_bytes"]) == (5000, 300)
    assert (flow["src_packets"], flow["dst_packets"]) == (9, 4)
    assert flow["src_payload"] is None
    assert flow["blocked"] is False


@pytest.mark.parametrize(
    "eventtime",
    [END, str(END)[:16], str(END)[:13], str(END)[:10], f'"{END}"'],
    ids=["ns", "µs", "ms", "s", "quoted"],
)
def test_eventtime_is_read_in_every_unit_and_wins_over_the_date(tmp_path, eventtime):
    flow, problems = one(tmp_path, eventtime=eventtime, date="1999-01-01", tz='"+0000"')
    assert flow["end"].value // 10**9 == END // 10**9
    assert "zone-assumed" not in problems


def test_without_eventtime_date_time_and_zone_tell(tmp_path):
    flow, problems = one(tmp_path, eventtime=None)
    assert flow["end"].value == END // 10**9 * 10**9
    assert flow["clock"] == "stated"
    assert not problems


def test_a_zone_is_assumed_where_none_is_written(tmp_path):
    _, [flow], problems = read(tmp_path, line(eventtime=None, tz=None), log_zone="+08:00")
    assert flow["end"].value == (END // 10**9 - 3600) * 10**9
    assert flow["clock"] == "assumed"
    assert "+08:00" in problems["zone-assumed"].message


def test_without_a_duration_only_the_writing_is_known(tmp_path):
    flow, problems = one(tmp_path, duration=None)
    assert flow["start"] == flow["end"]
    assert flow["time_basis"] == "log-time"
    assert "one-moment" in problems


@pytest.mark.parametrize("prefix", ["<189>", "Oct  2 08:20:41 fgt ", "<189>1 - fgt - - - [a b] "])
def test_what_syslog_puts_before_a_line_is_passed_over(tmp_path, prefix):
    _, [flow], problems = read(tmp_path, line(prefix))
    assert flow["src_bytes"] == 5000
    assert not problems


def test_lines_with_commas_are_read(tmp_path):
    _, [flow], problems = read(tmp_path, line(join=","))
    assert (flow["dst_ip"], flow["dst_bytes"]) == ("52.95.110.1", 300)
    assert not problems


def test_quoted_values_may_hold_what_looks_like_a_key(tmp_path):
    text = line().replace("srcip=", r'msg="srcip=1.1.1.1 \" dstip=2.2.2.2" srcip=')
    _, [flow], _ = read(tmp_path, text)
    assert (flow["src_ip"], flow["dst_ip"]) == ("10.20.1.15", "52.95.110.1")


def test_of_two_equal_keys_the_first_counts(tmp_path):
    _, [flow], _ = read(tmp_path, line() + " sentbyte=1 dstip=9.9.9.9")
    assert (flow["src_bytes"], flow["dst_ip"]) == (5000, "52.95.110.1")


def test_source_translation_leaves_the_inside_address_in_place(tmp_path):
    flow, problems = one(tmp_path, trandisp='"snat"', transip="203.162.10.5", transport=1024)
    assert flow["src_ip"] == "10.20.1.15"
    assert (flow["nat_src_ip"], flow["nat_src_port"]) == ("203.162.10.5", 1024)
    assert problems["translated"].count == 1


def test_destination_translation_shows_who_really_answered(tmp_path):
    flow, _ = one(
        tmp_path,
        srcip="128.199.200.7",
        dstip="203.162.10.20",
        trandisp='"dnat"',
        tranip="10.20.2.8",
        tranport=8443,
        srccountry='"Singapore"',
        dstcountry='"Viet Nam"',
    )
    assert (flow["dst_ip"], flow["dst_port"]) == ("10.20.2.8", 8443)
    assert (flow["nat_dst_ip"], flow["nat_dst_port"]) == ("203.162.10.20", 443)
    assert (flow["src_log_country"], flow["dst_log_country"]) == ("SG", None)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Viet Nam", "VN"),
        ("Vietnam", "VN"),
        ("Korea, Republic of", "KR"),
        ("Reserved", None),
        ("Atlantis", None),
    ],
)
def test_the_makers_country_is_kept_as_a_code(tmp_path, name, code):
    assert one(tmp_path, dstcountry=f'"{name}"')[0]["dst_log_country"] == code


@pytest.mark.parametrize("action", ["deny", "DENY", "blocked", "dropped"])
def test_what_was_refused_is_marked(tmp_path, action):
    flow, problems = one(tmp_path, action=action, rcvdbyte=0, rcvdpkt=0)
    assert flow["blocked"] is True
    assert problems["refused"].count == 1


@pytest.mark.parametrize("action", ["accept", "close", "timeout", "ip-conn", "client-rst", "dns"])
def test_what_was_let_through_is_not(tmp_path, action):
    flow, problems = one(tmp_path, action=action, rcvdbyte=0, rcvdpkt=0)
    assert flow["blocked"] is False
    assert not problems


def test_a_session_refused_after_an_answer_counts_what_had_passed(tmp_path):
    flow, problems = one(tmp_path, action='"deny"')
    assert flow["blocked"] is False
    assert problems["refused-late"].count == 1


def test_of_a_session_with_interim_records_the_last_tells_all(tmp_path):
    more = [(120, 900), (240, 1800)]
    texts = [line(action='"start"', logid='"0000000015"', duration=0, sentbyte=0)]
    texts += [
        line(
            logid='"0000000020"',
            eventtime=END + at * 10**9,
            duration=at,
            sentbyte=size,
            sentdelta=900,
        )
        for at, size in more
    ]
    texts.append(line(eventtime=END + 300 * 10**9, duration=300, sentbyte=2000))
    reading, flows, problems = read(tmp_path, *texts)
    assert reading.packets == 4
    [flow] = flows
    assert flow["src_bytes"] == 2000
    assert flow["start"].value == END
    assert problems["interim-records"].count == 3


def test_interim_records_without_an_end_count_as_far_as_they_tell(tmp_path):
    texts = [
        line(logid='"0000000020"', eventtime=END + at, duration=at // 10**9, sentbyte=size)
        for at, size in ((10**9, 5), (2 * 10**9, 9))
    ]
    _, [flow], _ = read(tmp_path, *texts)
    assert flow["src_bytes"] == 9


def test_sessions_without_a_number_or_of_other_firewalls_stay_apart(tmp_path):
    assert len(read(tmp_path, *[line(sessionid=0, srcport=port) for port in (1, 2)])[1]) == 2
    other = line(devid='"FG2"', eventtime=END + 3600 * 10**9)
    assert len(read(tmp_path, line(), other)[1]) == 2


def test_traffic_that_two_virtual_firewalls_saw_counts_once(tmp_path):
    reading, flows, problems = read(tmp_path, line(), line(vd='"edge"', sessionid=9))
    assert (reading.packets, len(flows)) == (2, 1)
    assert problems["several-observers"].count == 1


def test_the_server_s_name_is_kept_and_nothing_else_of_the_address(tmp_path):
    text = line(hostname='"Kho.Example.COM"', url='"/x?who=me"', user='"nguyen"')
    _, [flow], _ = read(tmp_path, text)
    assert (flow["host"], flow["host_basis"]) == ("kho.example.com", "log")
    assert "nguyen" not in str(flow)
    assert "who" not in str(flow)


@pytest.mark.parametrize("host", ["52.95.110.1", "a b", "x/y", "", "-"])
def test_what_is_no_name_is_no_host(tmp_path, host):
    flow, _ = one(tmp_path, hostname=f'"{host}"')
    assert flow["host"] is None
    assert flow["host_basis"] is None


@pytest.mark.parametrize(
    ("service", "app"), [('"HTTPS"', "https"), ('"tcp/8443"', None), ('"X Y"', None)]
)
def test_a_service_is_named_unless_it_is_a_port(tmp_path, service, app):
    assert one(tmp_path, service=service)[0]["app"] == app


def test_other_logs_are_counted_and_not_read(tmp_path):
    utm = line(type='"utm"', subtype='"webfilter"')
    reading, flows, problems = read(tmp_path, utm, line(), line(type="event"))
    assert (reading.packets, len(flows)) == (1, 1)
    assert problems["not-traffic"].count == 2


def test_damaged_lines_are_counted_with_their_bytes(tmp_path):
    cut = line()[:40]
    _, flows, problems = read(tmp_path, line(), cut, "noise", "", line(sessionid=8, srcport=9))
    assert len(flows) == 2
    assert problems["bad-line"].count == 2
    assert problems["bad-line"].lost_bytes == len(cut) + len("noise") + 2


@pytest.mark.parametrize(
    ("name", "value", "column"),
    [
        ("sentbyte", "lots", "src_bytes"),
        ("rcvdbyte", "-5", "dst_bytes"),
        ("sentbyte", "9" * 30, "src_bytes"),
        ("sentpkt", "NaN", "src_packets"),
        ("rcvdpkt", "1e9", "dst_packets"),
        ("srcport", "70000", "src_port"),
        ("dstport", "https", "dst_port"),
    ],
)
def test_numbers_that_are_none_are_counted_and_null(tmp_path, name, value, column):
    flow, problems = one(tmp_path, **{name: value})
    assert flow[column] is None
    assert problems["bad-number"].count == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"eventtime": "soon", "date": None},
        {"eventtime": None, "time": "25:00:00"},
        {"eventtime": "9" * 19, "date": "x"},
    ],
)
def test_records_without_a_time_are_counted(tmp_path, changes):
    _, flows, problems = read(tmp_path, line(**changes), line())
    assert len(flows) == 1
    assert problems["bad-time"].count == 1


@pytest.mark.parametrize("address", [None, "", "10.20.1", "300.1.1.1", "fe80::x", '"'])
def test_records_without_an_address_are_counted(tmp_path, address):
    _, flows, problems = read(tmp_path, line(srcip=address), line())
    assert len(flows) == 1
    assert problems["bad-address"].count == 1


@pytest.mark.parametrize("duration", ["-5", "99999999999", "x"])
def test_a_duration_that_cannot_be_is_not_used(tmp_path, duration):
    flow, _ = one(tmp_path, duration=duration)
    assert flow["start"] <= flow["end"]
    assert flow["end"].value == END


def test_hostile_text_neither_stops_nor_leaks(tmp_path):
    junk = [
        b"\0" * 200,
        b"\xff\xfe" * 100,
        b"a=" * 5000,
        b'type="traffic' + b" " * 100,
        b'"' * 999 + b"=",
        b"=" * 500,
        b"\\" * 500,
        b"secretname" * 120_000,
    ]
    _, [flow], problems = read(tmp_path, line(), *junk)
    assert flow["src_bytes"] == 5000
    assert problems["line-too-long"].count == 1
    assert not any("secretname" in problem.message for problem in problems.values())


def test_an_empty_file_and_a_file_of_other_logs_only_give_nothing(tmp_path):
    assert read(tmp_path)[1] == []
    assert read(tmp_path, line(type="utm"))[1] == []


@pytest.mark.parametrize(
    "text",
    [
        "date=2026-10-02 and so on",
        "CEF:0|Fortinet|Fortigate|v7|13|traffic|3|FTNTFGTlogid=1 type=traffic vd=root srcip=1",
        "date=2026-10-02 time=08:20:41 level=info msg=hello",
        "srcip=10.0.0.1 dstip=10.0.0.2",
    ],
)
def test_other_text_is_not_taken_for_it(text):
    assert FortiGate().sniff(text.encode()) == 0.0


@pytest.mark.parametrize("prefix", ["", "<189>", "\n\nnoise\n<189>", "Oct 2 08:20:41 fgt "])
def test_its_own_lines_are_recognised(prefix):
    assert FortiGate().sniff(line(prefix).encode()) > 0.5
    assert FortiGate().sniff(line(prefix, type='"utm"').encode()) > 0.5


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 300))
def test_no_text_stops_it(tmp_path_factory, noise, cut):
    tmp_path = tmp_path_factory.mktemp("noise")
    text = line().encode()
    noise = noise.replace(b"\n", b"")
    _, flows, _ = read(tmp_path, line(), text[:cut] + noise + text[cut:], line(srcport=2))
    assert len(flows) >= 2

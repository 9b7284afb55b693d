from __future__ import annotations

import gzip

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.errors import InputError
from auditor.readers.formats import reader_for
from auditor.readers.logs.aws import DEFAULT, TRANSIT_DEFAULT, Aws, aws_batch, known_name
from auditor.readers.logs.aws_records import REGIONS
from auditor.readers.logs.reader import LogReader
from auditor.readers.logs.tally import Tally
from auditor.readers.reading import Settings
from auditor.report.problem_words import PROBLEM
from tests.readers.logs.telling import told
from tests.readers.reading import read_files

T = 1790823600
USUAL = {
    "version": 2,
    "account-id": 123456789012,
    "interface-id": "eni-0a1b2c3d",
    "srcaddr": "10.20.1.15",
    "dstaddr": "52.95.110.1",
    "srcport": 49152,
    "dstport": 443,
    "protocol": 6,
    "packets": 20,
    "bytes": 14249,
    "start": T,
    "end": T + 59,
    "action": "ACCEPT",
    "log-status": "OK",
}


def line(names: str = DEFAULT, between: str = " ", **more) -> str:
    values = USUAL | {name.replace("_", "-"): value for name, value in more.items()}
    return between.join(str(values.get(name, "-")) for name in names.split())


def read(tmp_path, *lines: str, fields="", name="a.log", packed=False):
    path = tmp_path / name
    content = "".join(f"{each}\n" for each in lines).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    [answer], [flows], problems, _ = read_files(
        LogReader(Aws()), [path], Settings(aws_fields=fields)
    )
    return answer, flows.to_pylist(), {problem.code: problem for problem in problems}


def fields(names: str, *records: dict):
    """A log with these fields, and one record for each dictionary."""
    names = f"{DEFAULT} {names}"
    return [names, *(line(names, **record) for record in records)]


def test_a_record_of_version_2_becomes_a_flow(tmp_path):
    answer, [flow], problems = read(tmp_path, line())
    assert answer.packets == 1
    plain = {
        name: flow[name]
        for name in (
            "src_ip",
            "src_port",
            "dst_ip",
            "dst_port",
            "protocol",
            "src_packets",
            "src_bytes",
            "dst_packets",
            "dst_bytes",
            "src_payload",
            "src_tcp_flags",
            "blocked",
            "time_basis",
            "clock",
            "window_s",
            "seen_by",
            "initiator_basis",
            "encrypted",
            "sampling",
            "nat_src_ip",
        )
    }
    assert plain == {
        "src_ip": "10.20.1.15",
        "src_port": 49152,
        "dst_ip": "52.95.110.1",
        "dst_port": 443,
        "protocol": 6,
        "src_packets": 20,
        "src_bytes": 14249,
        "dst_packets": None,
        "dst_bytes": None,
        "src_payload": None,
        "src_tcp_flags": None,
        "blocked": False,
        "time_basis": "window",
        "clock": "stated",
        "window_s": 60,
        "seen_by": "aws-vpc",
        "initiator_basis": "port",
        "encrypted": None,
        "sampling": None,
        "nat_src_ip": None,
    }
    assert (flow["start"].timestamp(), flow["end"].timestamp()) == (T, T + 59)
    assert set(problems) == {"one-way", "window"}


def test_both_directions_make_one_flow(tmp_path):
    back = line(srcaddr="52.95.110.1", dstaddr="10.20.1.15", srcport=443, dstport=49152, bytes=7)
    _, [flow], problems = read(tmp_path, line(), back)
    assert (flow["src_bytes"], flow["dst_bytes"]) == (14249, 7)
    assert set(problems) == {"window"}


@pytest.mark.parametrize(("span", "window"), [(0, 60), (60, 60), (61, 600), (600, 600)])
def test_the_window_is_told_by_the_longest_record(tmp_path, span, window):
    _, flows, problems = read(tmp_path, line(), line(srcport=1024, end=T + span))
    assert {flow["window_s"] for flow in flows} == {window}
    assert f"{window} s" in problems["window"].message


def test_a_header_names_fields_in_any_order_and_unknown_ones_are_left_out(tmp_path):
    names = "bytes end dstaddr some-new-field start srcaddr log-status"
    _, [flow], _ = read(tmp_path, names, line(names))
    assert (flow["src_bytes"], flow["src_ip"], flow["protocol"]) == (14249, "10.20.1.15", 255)
    assert flow["src_port"] is None


def test_headers_may_come_again_and_with_other_fields(tmp_path):
    other = "srcaddr dstaddr bytes end start"
    _, flows, problems = read(
        tmp_path,
        DEFAULT,
        line(srcport=1024),
        DEFAULT,
        line(srcport=1025),
        other,
        line(other),
        "x y",
    )
    assert [flow["src_port"] for flow in flows] == [1024, 1025, None]
    assert "at line 7" in problems["bad-line"].message


def test_lines_under_a_header_without_what_is_needed_are_counted(tmp_path):
    other = "srcaddr bytes start action"
    _, flows, problems = read(tmp_path, DEFAULT, line(), other, line(other), line(other))
    assert len(flows) == 1
    assert problems["missing-field"].count == 2
    assert "lacks dstaddr, end" in problems["missing-field"].message
    assert "first at line 4" in problems["missing-field"].message


def test_a_log_without_what_is_needed_is_refused_or_tells_it(tmp_path):
    _, flows, problems = read(tmp_path, "srcaddr dstaddr bytes", "1.2.3.4 1.2.3.5 9")
    assert flows == []
    assert "lacks start, end" in problems["missing-field"].message


def test_without_a_header_the_order_comes_from_the_settings(tmp_path):
    names = "srcaddr dstaddr start end bytes interface-id log-status"
    formed = " ".join("${" + name + "}" for name in names.split())
    for given_names in (names, formed):
        _, [flow], _ = read(tmp_path, line(names), fields=given_names)
        assert flow["src_bytes"] == 14249
    answer, _, _ = read(tmp_path, line(names))
    assert isinstance(answer, InputError)
    assert "--aws-fields" in answer.hint
    assert answer.place.endswith("a.log")
    answer, _, _ = read(tmp_path, line(names), fields="bytes start")
    assert "lacks the fields srcaddr, dstaddr, end" in answer.message


def test_lines_exported_from_cloudwatch_have_a_time_before_them(tmp_path):
    _, [flow], problems = read(tmp_path, f"2026-10-01T03:01:03.000Z {line()}")
    assert flow["src_bytes"] == 14249
    assert set(problems) == {"one-way", "window"}


def test_events_downloaded_from_cloudwatch_are_read(tmp_path):
    answer, flows, problems = read(
        tmp_path,
        "timestamp,message",
        f"1790823663000,{line()}",
        f"1790823663001,{line(srcport=1024)}",
        "x",
    )
    assert len(flows) == 2
    assert "at line 4" in problems["bad-line"].message
    assert reader_for(b"timestamp,message\n1790823663000,2 1").name == "aws-vpc"
    assert reader_for(b"timestamp,message\n2026-01-01,hello") is None
    del answer


@pytest.mark.parametrize("quote", ["", '"'])
def test_tables_of_athena_are_read(tmp_path, quote):
    names = DEFAULT.replace("-", "_").split()
    values = line().split(" ")
    rows = [",".join(f"{quote}{word}{quote}" for word in row) for row in (names, values)]
    _, [flow], problems = read(tmp_path, *rows)
    assert (flow["src_port"], flow["blocked"], flow["src_bytes"]) == (49152, False, 14249)
    assert set(problems) == {"one-way", "window"}


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("srcaddr", "srcaddr"),
        ("pkt_srcaddr", "pkt-srcaddr"),
        ("interfaceId", "interface-id"),
        ('"tcp_flags"', "tcp-flags"),
        ("sourceaddress", "srcaddr"),
        ("numbytes", "bytes"),
        ("some_thing", "some_thing"),
    ],
)
def test_fields_are_known_however_their_words_are_separated(name, known):
    assert known_name(name) == known


def test_packed_logs_put_one_behind_the_other_are_read(tmp_path):
    path = tmp_path / "a.log.gz"
    logs = [f"{DEFAULT}\n{line(srcport=port)}\n".encode() for port in (1024, 1025)]
    path.write_bytes(b"".join(gzip.compress(log) for log in logs))
    [answer], [flows], _, _ = read_files(LogReader(Aws()), [path])
    assert (answer.packets, len(flows)) == (2, 2)


def test_what_was_not_logged_is_no_record(tmp_path):
    empty = "2 1 eni-0a1b2c3d - - - - - - - {} {} - {}"
    answer, flows, problems = read(
        tmp_path, line(), empty.format(T, T + 9, "NODATA"), empty.format(T, T + 9, "SKIPDATA")
    )
    assert len(flows) == 1
    assert answer.packets == 1
    assert problems["no-traffic"].count == 1
    assert problems["skipped-records"].count == 1
    assert "at line 3" in problems["skipped-records"].message
    assert "bad-address" not in problems


def test_without_a_status_lines_without_addresses_tell_of_no_traffic(tmp_path):
    names = "srcaddr dstaddr bytes start end"
    _, flows, problems = read(
        tmp_path, names, line(names), f"- - - {T} {T}", f"1.2.3.4 - 5 {T} {T}"
    )
    assert len(flows) == 1
    assert problems["no-traffic"].count == 1
    assert problems["bad-address"].count == 1


def test_refused_traffic_is_told(tmp_path):
    _, [flow], problems = read(tmp_path, line(action="REJECT"))
    assert flow["blocked"] is True
    assert problems["refused"].count == 1
    assert "one-way" not in problems
    assert read(tmp_path, line(action="-"))[1][0]["blocked"] is None


def test_flags_tell_who_began(tmp_path):
    _, [flow], _ = read(
        tmp_path, *fields("tcp-flags", {"srcport": 443, "dstport": 49152, "tcp-flags": 19})
    )
    assert (flow["src_port"], flow["initiator_basis"], flow["dst_tcp_flags"]) == (
        49152,
        "syn-ack",
        19,
    )


def test_icmp_has_no_ports_and_ipv6_is_canonical(tmp_path):
    _, flows, _ = read(
        tmp_path, line(protocol=1, srcport=0, dstport=0), line(srcaddr="2001:DB8::1", dstaddr="::2")
    )
    assert [(flow["src_ip"], flow["src_port"]) for flow in flows] == [
        ("10.20.1.15", None),
        ("2001:db8::1", 49152),
    ]


PKT = "pkt-srcaddr pkt-dstaddr"
INSIDE, GATEWAY, PEER = "10.20.2.30", "10.20.9.9", "13.107.42.14"


def legs(**more):
    """What a NAT gateway logs of one connection, as AWS's own example has it."""
    ends = [
        (INSIDE, GATEWAY, INSIDE, PEER),
        (GATEWAY, PEER, GATEWAY, PEER),
        (PEER, GATEWAY, PEER, GATEWAY),
        (GATEWAY, INSIDE, PEER, INSIDE),
    ]
    ports = [(50000, 443), (1201, 443), (443, 1201), (443, 50000)]
    return [
        {
            "srcaddr": src,
            "dstaddr": dst,
            "pkt-srcaddr": pkt_src,
            "pkt-dstaddr": pkt_dst,
            "srcport": one,
            "dstport": two,
            "interface-id": "eni-0ee55ff66aa77bb88",
            **more,
        }
        for (src, dst, pkt_src, pkt_dst), (one, two) in zip(ends, ports, strict=True)
    ]


def test_of_a_nat_gateway_only_the_inner_side_counts(tmp_path):
    _, [flow], problems = read(tmp_path, *fields(f"{PKT} instance-id", *legs()))
    assert (flow["src_ip"], flow["dst_ip"], flow["nat_src_ip"], flow["nat_dst_ip"]) == (
        INSIDE,
        PEER,
        GATEWAY,
        None,
    )
    assert (flow["src_bytes"], flow["dst_bytes"]) == (14249, 14249)
    assert problems["gateway-copies"].count == 2
    assert problems["translated"].count == 2


def test_a_gateway_may_be_known_by_its_type(tmp_path):
    _, flows, _ = read(
        tmp_path, *fields(f"{PKT} interface-type", *legs(**{"interface-type": "nat_gateway"}))
    )
    assert len(flows) == 1
    _, flows, problems = read(
        tmp_path, *fields(f"{PKT} interface-type", *legs(**{"interface-type": "branch"}))
    )
    assert len(flows) == 2
    assert "gateway-copies" not in problems


def test_other_interfaces_are_never_taken_for_gateways(tmp_path):
    """A node forwards for its containers, and talks for itself with the same address."""
    _, flows, problems = read(
        tmp_path, *fields(f"{PKT} instance-id", *legs(**{"instance-id": "i-1"}))
    )
    assert {(flow["src_ip"], flow["dst_ip"]) for flow in flows} == {(INSIDE, PEER), (GATEWAY, PEER)}
    assert {"gateway-copies", "translated"}.isdisjoint(problems)


def test_what_both_interfaces_saw_counts_once(tmp_path):
    log = fields(PKT, {}, {"interface-id": "eni-0bbbbbbb"})
    _, [flow], problems = read(tmp_path, *log)
    assert flow["src_bytes"] == 14249
    assert problems["several-observers"].count == 1


@pytest.mark.parametrize(
    ("status", "encrypted"), [("-", None), (0, None), (1, None), (2, True), (3, True), (9, None)]
)
def test_only_encryption_by_the_ends_counts(tmp_path, status, encrypted):
    _, [flow], _ = read(tmp_path, *fields("encryption-status", {"encryption-status": status}))
    assert flow["encrypted"] is encrypted


@pytest.mark.parametrize(
    ("more", "src", "dst"),
    [
        ({"flow-direction": "egress", "region": "ap-southeast-1"}, "SG", None),
        ({"flow-direction": "ingress", "region": "ap-southeast-1"}, None, "SG"),
        ({"flow-direction": "-", "region": "ap-southeast-1"}, None, None),
        ({"flow-direction": "egress", "region": "xx-new-1"}, None, None),
        (
            {
                "flow-direction": "egress",
                "region": "ap-southeast-1",
                "sublocation-type": "localzone",
            },
            None,
            None,
        ),
    ],
)
def test_the_region_is_the_country_of_the_interfaces_own_end(tmp_path, more, src, dst):
    _, [flow], _ = read(tmp_path, *fields("flow-direction region sublocation-type", more))
    assert (flow["src_log_country"], flow["dst_log_country"]) == (src, dst)


def test_an_end_behind_a_gateway_is_not_where_the_gateway_is(tmp_path):
    ways = [
        {**leg, "flow-direction": way, "region": "us-east-1"}
        for leg, way in zip(legs(), ("ingress", "egress") * 2, strict=True)
    ]
    _, [flow], _ = read(tmp_path, *fields(f"{PKT} instance-id flow-direction region", *ways))
    assert (flow["src_log_country"], flow["dst_log_country"]) == (None, None)


def test_countries_of_regions_are_codes():
    assert all(len(code) == 2 and code.isupper() for code in REGIONS.values())


@pytest.mark.parametrize("header", [[TRANSIT_DEFAULT], []])
def test_transit_gateways_are_read_and_what_they_lost_is_told(tmp_path, header):
    more = {
        "resource_type": "TransitGateway",
        "tgw_attachment_id": "tgw-attach-1",
        "tgw_id": "tgw-0123456789abcdef0",
        "packets_lost_blackhole": 1200,
        "packets_lost_no_route": 34,
        "tcp_flags": 2,
        "version": 6,
    }
    lines = [
        line(TRANSIT_DEFAULT, **more),
        line(TRANSIT_DEFAULT, **{**more, "tgw_attachment_id": "tgw-attach-2"}),
    ]
    _, [flow], problems = read(tmp_path, *header, *lines)
    assert (flow["src_bytes"], flow["blocked"], flow["initiator_basis"]) == (14249, None, "syn")
    assert problems["several-observers"].count == 1
    assert "2,468 packets in 2 record(s)" in problems["lost-in-transit"].message


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"start": "-"}, "bad-time"),
        ({"start": -5}, "bad-time"),
        ({"start": 18446744075}, "bad-time"),
        ({"start": 10**17}, "bad-time"),
        ({"start": "nan"}, "bad-time"),
        ({"end": T - 9}, "bad-number"),
        ({"end": 10**17}, "bad-number"),
        ({"srcaddr": "1.2.3"}, "bad-address"),
        ({"dstaddr": "-"}, "bad-address"),
        ({"srcport": 70000}, "bad-number"),
        ({"bytes": -1}, "bad-number"),
        ({"bytes": 10**30}, "bad-number"),
        ({"bytes": "1.5"}, "bad-number"),
        ({"protocol": 300}, "unknown-protocol"),
        ({"protocol": "TCP"}, "unknown-protocol"),
        ({"dstaddr": "a b"}, "bad-line"),
    ],
)
def test_what_cannot_be_is_told(tmp_path, more, kind):
    _, flows, problems = read(tmp_path, line(srcport=1024), line(**more))
    assert problems[kind].count == 1
    assert "line 2" in problems[kind].message
    assert len(flows) == (1 if kind in ("bad-time", "bad-address", "bad-line") else 2)


def test_hostile_text_does_no_harm(tmp_path):
    path = tmp_path / "a.log"
    parts = [
        DEFAULT.encode(),
        line().encode(),
        b"\0" * 50,
        b"\xff " * 13 + b"\xff",
        b"A" * (1 << 20),
        b" " * 100,
        b"",
        line().encode() + b"\r",
        b"srcaddr dstaddr",
        "Đ".encode() * 9,
    ]
    path.write_bytes(b"\n".join(parts))
    [answer], [flows], problems, _ = read_files(LogReader(Aws()), [path])
    assert len(flows) == 1
    assert flows["src_bytes"].to_pylist() == [2 * 14249]
    codes = {problem.code for problem in problems}
    assert {"bad-encoding", "bad-line", "missing-field"} <= codes
    assert answer.packets == 3


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.lists(st.text('0159.-: eniOKx\t"', max_size=9), min_size=12, max_size=16), max_size=8
    )
)
def test_any_lines_are_read_or_told(tmp_path_factory, rows):
    tmp_path = tmp_path_factory.mktemp("any")
    answer, flows, _ = read(tmp_path, DEFAULT, line(), *(" ".join(row) for row in rows))
    assert 1 <= len(flows) <= 1 + len(rows)
    assert 1 <= answer.packets <= 1 + len(rows)


@pytest.mark.parametrize(
    ("head", "sure"),
    [
        (DEFAULT, 1.0),
        ("\ufeff" + DEFAULT, 1.0),
        (line(), 0.8),
        (f"2026-10-01T03:01:03Z {line()}", 0.8),
        (DEFAULT.replace("-", "_").replace(" ", ","), 1.0),
        (TRANSIT_DEFAULT, 1.0),
        (
            "version vswitch-id vpc-id account-id eni-id srcaddr srcport dstaddr dstport start end",
            0.0,
        ),
        ("srcaddr", 0.0),
        ("srcaddr dstaddr", 0.0),
        ("timestamp,message", 0.0),
        ("unix_secs,srcaddr,dstaddr,srcport,dstport,prot,dpkts,doctets", 0.0),
        ("2026-10-01 eni-0a1b2c3d4e is OKAY", 0.0),
        (" ".join(["2"] * 14), 0.0),
    ],
)
def test_heads_are_told_apart(head, sure):
    assert Aws().sniff(f"{head}\n".encode()) == sure


@pytest.mark.parametrize("integer", [pa.int32(), pa.int64(), pa.string(), pa.uint16()])
@pytest.mark.parametrize("separator", ["-", "_"])
def test_a_table_becomes_records(integer, separator):
    columns = {name.replace("-", separator): [value] for name, value in USUAL.items()}
    columns["srcport"] = pa.array(["49152"]).cast(integer)
    tally = Tally(Aws().kinds)
    batch = aws_batch(pa.table({**columns, "more": [1]}), tally)
    assert batch.columns["src_port"].to_pylist() == [49152]
    assert batch.columns["src_port"].type == pa.int64()
    assert batch.columns["blocked"].to_pylist() == [False]
    assert not told(tally)


def test_a_table_without_what_is_needed_is_refused():
    with pytest.raises(InputError, match="lacks the fields dstaddr, end"):
        aws_batch(pa.table({"srcaddr": ["1.2.3.4"], "start": [1]}), Tally())


def test_a_table_without_rows_has_no_records():
    table = pa.table({name: pa.array([], pa.string()) for name in DEFAULT.split()})
    assert len(aws_batch(table, Tally())) == 0


def test_every_kind_has_words_for_the_report():
    assert set(Aws().kinds) <= set(PROBLEM)

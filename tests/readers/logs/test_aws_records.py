from __future__ import annotations

import pytest

from auditor.readers.logs.aws import TRANSIT_DEFAULT
from auditor.readers.logs.aws_records import REGIONS
from tests.readers.logs.aws_lines import T, fields, line, read


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

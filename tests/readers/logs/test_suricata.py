# ruff: noqa: E501 - tables of cases
from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.logs.suricata import Suricata, SuricataReader
from auditor.readers.reading import Settings
from auditor.readers.records import joining
from tests.readers.reading import read_files

READER = SuricataReader(Suricata())
ENDS = {
    "src_ip": "10.20.1.15", "src_port": 49152, "dest_ip": "52.95.110.1", "dest_port": 443,
    "proto": "TCP",
}  # fmt: skip
BACK = {
    "src_ip": "52.95.110.1", "src_port": 443, "dest_ip": "10.20.1.15", "dest_port": 49152,
    "proto": "TCP",
}  # fmt: skip
START, END = "2026-10-01T10:00:01.000000+0700", "2026-10-01T10:00:31.000000+0700"
NOON = 1_790_823_600_000_000_000


def event(kind, number=1, ends=ENDS, **more):
    stamp = {"timestamp": "2026-10-01T10:00:02.000000+0700", "flow_id": number}
    return {**stamp, "event_type": kind, **ends, **more}


def flow(number=1, ends=ENDS, **more):
    told = {
        "pkts_toserver": 20, "pkts_toclient": 18, "bytes_toserver": 14249,
        "bytes_toclient": 5120, "start": START, "end": END, **more.pop("flow", {}),
    }  # fmt: skip
    return event("flow", number, ends, flow=told, **more)


def tls(name="a.example", number=1, **more):
    return event("tls", number, tls={"sni": name, "version": "TLS 1.3"}, **more)


def netflow(number, ends, packets, size, flags="1b"):
    told = {"pkts": packets, "bytes": size, "start": START, "end": END}
    return event("netflow", number, ends, netflow=told, tcp={"tcp_flags": flags})


def text(*events):
    lines = [line if isinstance(line, str) else json.dumps(line) for line in events]
    return "".join(line + "\n" for line in lines)


def read(tmp_path, *files, reader=READER, **options):
    paths = []
    for number, content in enumerate(files):
        paths.append(tmp_path / f"eve-{number}.json")
        paths[-1].write_bytes(content if isinstance(content, bytes) else content.encode())
    _, tables, problems, _ = read_files(reader, paths, Settings(**options))
    told: dict[str, int] = {}
    for problem in problems:
        told[problem.code] = told.get(problem.code, 0) + problem.count
    return [flow for table in tables for flow in table.to_pylist()], told


def only(tmp_path, *events, **options):
    [found], told = read(tmp_path, text(*events), **options)
    return found, told


def test_a_flow_event_is_a_flow(tmp_path):
    tcp = {"tcp_flags": "1f", "tcp_flags_ts": "1b", "tcp_flags_tc": "16"}
    found, told = only(tmp_path, flow(app_proto="tls", vlan=[120, 7], community_id="1:x=", tcp=tcp))
    wanted = {
        "protocol": 6, "src_ip": "10.20.1.15", "src_port": 49152, "dst_ip": "52.95.110.1",
        "dst_port": 443, "src_packets": 20, "dst_packets": 18, "src_bytes": 14249,
        "dst_bytes": 5120, "src_payload": None, "src_tcp_flags": 0x1B, "dst_tcp_flags": 0x16,
        "vlan": "120.7", "community_id": "1:x=", "app": "tls", "encrypted": True, "host": None,
        "time_basis": "recorded", "clock": "stated", "initiator_basis": "recorded",
        "seen_by": "suricata", "blocked": None, "sampling": None,
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    assert int(found["start"].timestamp()) * 10**9 == NOON + 10**9
    assert (found["end"] - found["start"]).total_seconds() == 30
    assert told == {"frame-bytes": 1}


@pytest.mark.parametrize(
    ("name", "more", "wanted"),
    [
        ("tls", {"tls": {"sni": "A.Example.", "version": "TLSv1", "ja4": "t13", "client_alpns": ["h2", "x"], "ja3s": {"hash": "a", "string": "769,47,65281"}}},
         {"host": "a.example", "host_basis": "tls-sni", "tls_version": "TLS 1.0", "tls_cipher": "TLS_RSA_WITH_AES_128_CBC_SHA", "ja4": "t13", "alpn": "h2", "app": "tls", "encrypted": True}),
        ("tls", {"tls": {"version": "UNDETERMINED", "client_alpns": []}},
         {"host": None, "host_basis": None, "tls_version": None, "alpn": None, "app": "tls"}),
        ("tls", {"tls": {"ja3s": {"string": "771,65279,"}}}, {"tls_cipher": "0xfeff"}),
        ("tls", {"tls": {"ja3s": {"string": "771,70000,"}}}, {"tls_cipher": None}),
        ("tls", {"tls": {"ja3s": {"string": "771,٤٧,"}}}, {"tls_cipher": None}),
        ("tls", {"tls": {"sni": "", "version": "TLS 1.3 draft-28"}}, {"host": None, "tls_version": "TLS 1.3"}),
        ("quic", {"quic": {"sni": "q.example", "ja4": "q13"}},
         {"host": "q.example", "host_basis": "quic-sni", "ja4": "q13", "app": "quic", "encrypted": True}),
        ("http", {"http": {"hostname": "h.example"}},
         {"host": "h.example", "host_basis": "http-host", "app": "http", "encrypted": False}),
        ("fileinfo", {"app_proto": "http", "http": {"hostname": "f.example"}},
         {"host": "f.example", "host_basis": "http-host", "app": "http"}),
        ("dns", {"dns": {"type": "query", "rrname": "one.example", "rrtype": "A"}},
         {"host": "one.example", "host_basis": "dns-query", "app": "dns", "encrypted": False}),
        ("dns", {"dns": {"version": 2, "type": "answer", "rrname": "two.example", "answers": [{"rrname": "x", "rdata": "1.2.3.4"}]}},
         {"host": "two.example"}),
        ("dns", {"dns": {"version": 3, "type": "response", "queries": [{"rrname": "three.example", "rrtype": "A"}], "grouped": {"A": ["1.2.3.4"]}}},
         {"host": "three.example", "host_basis": "dns-query"}),
        ("dns", {"dns": {"version": 3, "type": "request", "queries": []}}, {"host": None, "host_basis": None}),
    ],
)  # fmt: skip
def test_an_event_gives_its_flow_what_it_tells(tmp_path, name, more, wanted):
    for found, told in (
        only(tmp_path, event(name, **more), flow()),
        only(tmp_path, flow(), event(name, **more)),
    ):
        assert {key: found[key] for key in wanted} == wanted
        assert (found["src_bytes"], found["time_basis"]) == (14249, "recorded")
        assert told == {"frame-bytes": 1}


def test_of_several_names_the_surest_then_the_first_is_shown(tmp_path):
    found, told = only(
        tmp_path,
        event("http", http={"hostname": "proxy.example"}),
        tls("first.example"), tls("second.example"), tls("first.example"), flow(),
    )  # fmt: skip
    assert (found["host"], found["host_basis"]) == ("first.example", "tls-sni")
    assert told == {"frame-bytes": 1, "several-names": 2}


def test_an_event_without_a_flow_is_a_contact_without_volume(tmp_path):
    found, told = only(tmp_path, tls("a.example"), tls("a.example"))
    assert found["time_basis"] == "log-time"
    assert found["start"] == found["end"]
    assert [
        found[f"{side}_{what}"] for side in ("src", "dst") for what in ("packets", "bytes")
    ] == [None] * 4
    assert (found["host"], found["dst_ip"]) == ("a.example", "52.95.110.1")
    assert told == {"no-flow-event": 1}


def test_a_file_event_is_told_from_the_clients_side(tmp_path):
    found, _ = only(tmp_path, event("fileinfo", ends=BACK, http={"hostname": "f.example"}))
    assert (found["src_ip"], found["src_port"]) == ("10.20.1.15", 49152)
    assert (found["dst_ip"], found["dst_port"]) == ("52.95.110.1", 443)
    assert found["initiator_basis"] == "port"


def test_the_same_number_with_other_ends_is_another_flow(tmp_path):
    other = {**ENDS, "dest_ip": "8.8.8.8"}
    flows, told = read(tmp_path, text(tls("a.example"), flow(ends=other)))
    assert sorted((found["dst_ip"], found["host"]) for found in flows) == [
        ("52.95.110.1", "a.example"), ("8.8.8.8", None),
    ]  # fmt: skip
    assert told == {"frame-bytes": 1, "no-flow-event": 1}


def test_netflow_events_beside_a_flow_event_are_not_counted_again(tmp_path):
    halves = [netflow(1, ENDS, 20, 14249), netflow(1, BACK, 18, 5120)]
    for order in ([flow(), *halves], [*halves, flow()]):
        found, told = only(tmp_path, *order)
        assert (found["src_bytes"], found["dst_bytes"]) == (14249, 5120)
        assert told == {"frame-bytes": 3, "duplicate-records": 2}


def test_netflow_events_alone_are_paired(tmp_path):
    found, told = only(
        tmp_path, tls("a.example"), netflow(1, ENDS, 20, 14249), netflow(1, BACK, 18, 5120, "12")
    )
    wanted = {
        "src_ip": "10.20.1.15", "src_packets": 20, "dst_packets": 18, "src_bytes": 14249,
        "dst_bytes": 5120, "src_tcp_flags": 0x1B, "dst_tcp_flags": 0x12, "host": "a.example",
        "time_basis": "recorded",
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    assert told == {"frame-bytes": 2}


def test_a_netflow_event_without_its_way_back_says_that_nothing_came_back(tmp_path):
    found, _ = only(tmp_path, netflow(1, ENDS, 20, 14249))
    assert (found["dst_packets"], found["dst_bytes"]) == (0, 0)


def test_events_and_flows_find_each_other_across_files_in_any_order(tmp_path):
    for files in (
        [text(tls()), text(flow(app_proto="tls"))],
        [text(flow(app_proto="tls")), text(tls())],
    ):
        [found], told = read(tmp_path, *files)
        assert found["host"] == "a.example"
        assert told == {"frame-bytes": 1}


def test_a_flow_told_in_two_files_counts_once(tmp_path):
    [found], told = read(tmp_path, text(tls(), flow()), text(tls(), flow()))
    assert found["host"] == "a.example"
    assert told["duplicate-records"] == 1


def test_what_several_sensors_saw_counts_once(tmp_path):
    small = {"bytes_toserver": 10, "pkts_toserver": 1}
    [found], told = read(
        tmp_path,
        text(flow(1, host="one")),
        text(flow(2, host="two", flow=small), tls(number=2, host="two")),
    )
    assert found["src_bytes"] == 14249
    assert told["several-observers"] == 1


def test_a_dropped_flow_is_refused_only_where_nothing_came_through(tmp_path):
    nothing = {"pkts_toclient": 0, "bytes_toclient": 0, "action": "drop"}
    found, told = only(tmp_path, flow(flow=nothing))
    assert found["blocked"] is True
    assert told == {"frame-bytes": 1, "refused": 1}
    found, told = only(tmp_path, flow(flow={"action": "drop"}))
    assert found["blocked"] is False
    assert told == {"frame-bytes": 1, "dropped-midway": 1}
    found, told = only(tmp_path, flow(ends={**ENDS, "proto": "UDP"}, flow=nothing))
    assert found["blocked"] is False
    assert told == {"frame-bytes": 1, "dropped-midway": 1}
    assert only(tmp_path, flow(flow={"action": "pass"}))[0]["blocked"] is False


@pytest.mark.parametrize(
    ("source", "tunnel", "inner", "wanted"),
    [
        ("gre tunnel", {"proto": "GRE"}, "10.20.1.15", "gre"),
        ("vxlan tunnel", {"proto": "UDP"}, "10.20.1.15", "vxlan"),
        ("wire/pcap", {"proto": "GRE"}, "10.20.1.15", "gre"),
        ("ipv4 tunnel", {"proto": "IPv6"}, "2405:4800:10::1", "6in4"),
        (None, {"proto": "UDP"}, "10.20.1.15", None),
    ],
)
def test_a_tunnel_is_named_with_its_ends(tmp_path, source, tunnel, inner, wanted):
    ends = {**ENDS, "src_ip": inner}
    around = {"src_ip": "203.162.10.2", "dest_ip": "203.162.10.20", "depth": 0, **tunnel}
    more = {"tunnel": around} | ({"pkt_src": source} if source else {})
    found, told = only(tmp_path, tls(**more) | {"src_ip": inner}, flow(ends=ends, parent_id=77))
    assert (found["tunnel"], found["outer_src_ip"]) == (wanted, "203.162.10.2")
    assert told == {"frame-bytes": 1, "tunnelled": 1}


def test_alerts_statistics_and_other_events_are_no_flows(tmp_path):
    alert = event("alert", flow={"bytes_toserver": 99, "start": START}, alert={"action": "blocked"})
    flows, told = read(
        tmp_path,
        text(alert, event("anomaly"), event("drop"), event("ssh"), {"event_type": "stats"}),
    )
    assert flows == []
    assert told == {}


def test_times_without_a_zone_are_of_the_zone_that_was_set(tmp_path):
    bare = {"start": START[:-5], "end": END[:-5]}
    found, told = only(tmp_path, flow(flow=bare))
    assert int(found["start"].timestamp()) * 10**9 == NOON + 10**9
    assert found["clock"] == "assumed"
    assert told == {"frame-bytes": 1, "zone-assumed": 1}
    found, _ = only(tmp_path, flow(flow=bare), log_zone="+00:00")
    assert int(found["start"].timestamp()) * 10**9 == NOON + 10**9 + 7 * 3600 * 10**9


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("{", "not-json"),
        ("[1, 2]", "not-json"),
        ("\0\0", "not-json"),
        ('{"timestamp": "2026-10-01T10:00:01Z"}', "bad-line"),
        ({**flow(2), "src_ip": "10.20.1"}, "bad-address"),
        ({**flow(2), "src_ip": 7}, "bad-address"),
        (flow(2, flow={"start": "yesterday"}), "bad-time"),
        (flow(2, flow={"start": None}), "bad-time"),
        ({**event("flow", 2), "flow": [1]}, "bad-time"),
    ],
)
def test_what_cannot_be_read_is_counted_and_the_rest_is_read(tmp_path, line, kind):
    [found], told = read(tmp_path, text(flow(1), line, tls()))
    assert found["host"] == "a.example"
    assert told[kind] == 1


@pytest.mark.parametrize(
    ("change", "left", "kind"),
    [
        ({"src_port": -1}, "src_port", "bad-number"),
        ({"src_port": 70000}, "src_port", "bad-number"),
        ({"flow": {"bytes_toserver": -5}}, "src_bytes", "bad-number"),
        ({"flow": {"bytes_toserver": 2**62}}, "src_bytes", "bad-number"),
        ({"flow": {"bytes_toserver": 10**30}}, "src_bytes", None),
        ({"flow": {"bytes_toserver": {"x": 1}}}, "src_bytes", None),
        ({"flow": {"bytes_toserver": "many"}}, "src_bytes", None),
    ],
)
def test_numbers_that_cannot_be_are_null(tmp_path, change, left, kind):
    made = flow(**({"flow": change["flow"]} if "flow" in change else {})) | {
        name: value for name, value in change.items() if name != "flow"
    }
    found, told = only(tmp_path, made)
    assert found[left] is None
    assert found["dst_bytes"] == 5120
    assert kind is None or told[kind] == 1


def test_odd_but_sound_values_are_read(tmp_path):
    line = json.dumps(flow(proto="047")).replace('"TCP"', '"047"').replace(": 20,", ': "20",')
    found, _ = only(tmp_path, line)
    assert (found["protocol"], found["src_port"], found["src_packets"]) == (47, None, 20)
    found, told = only(tmp_path, flow(ends={**ENDS, "proto": "Nobody"}))
    assert (found["protocol"], told["unknown-protocol"]) == (255, 1)
    number = {**flow(), "flow_id": None}
    found, _ = only(tmp_path, {**tls(), "flow_id": None}, number)
    assert found["host"] == "a.example"


def test_a_name_longer_than_any_name_is_left_out(tmp_path):
    found, _ = only(tmp_path, tls("x" * 300), flow())
    assert (found["host"], found["host_basis"], found["app"]) == (None, None, "tls")


def test_damaged_text_costs_only_itself(tmp_path):
    good = text(tls(), flow()).encode()
    [found], told = read(
        tmp_path, b"\xef\xbb\xbf" + good + b"\xff\xfe\n" + b"x" * (1 << 21) + b"\n"
    )
    assert found["host"] == "a.example"
    assert told["not-json"] >= 1
    assert told["bad-encoding"] == 1
    assert told["line-too-long"] == 1
    flows, told = read(tmp_path, good + good.splitlines()[1][:80])
    assert len(flows) == 1
    assert told["not-json"] == 1


def test_the_last_line_may_lack_its_end_and_lines_may_end_as_in_windows(tmp_path):
    [found], _ = read(tmp_path, text(tls(), flow()).replace("\n", "\r\n").rstrip().encode())
    assert found["host"] == "a.example"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"{}\n"])
def test_nothing_gives_nothing(tmp_path, content):
    assert read(tmp_path, content)[0] == []


def test_events_wait_over_parts_for_their_flows_and_flows_for_events(tmp_path, monkeypatch):
    monkeypatch.setattr(joining, "PART", 8)
    events = [tls(f"h{number}.example", number) for number in range(1, 7)]
    flows = [flow(number, app_proto="tls") for number in range(1, 7)]
    found, _ = read(tmp_path, text(*events, *events, *flows))
    assert [each["host"] for each in found if each["src_bytes"]] == [
        f"h{n}.example" for n in range(1, 7)
    ]


def test_nameless_flows_wait_for_the_events_of_another_file(tmp_path, monkeypatch):
    monkeypatch.setattr(joining, "PART", 8)
    monkeypatch.setattr("auditor.readers.records.gathering.PART", 8)
    others = [flow(number, app_proto="ssh") for number in range(10, 30)]
    files = [text(flow(1, app_proto="tls"), *others), text(tls("a.example", 1))]
    found, told = read(tmp_path, *files)
    assert [each["host"] for each in found if each["app"] == "tls"] == ["a.example"]
    assert told == {"frame-bytes": 21}


def test_what_comes_too_late_is_told_and_no_flow_is_told_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(joining, "PART", 2)
    monkeypatch.setattr("auditor.readers.records.lines.BLOCK", 1)
    others = [event("anomaly", 9)] * 30_000
    flows, told = read(
        tmp_path, text(flow(), tls("x.example", 5), tls("y.example", 6), *others, tls())
    )
    assert [(each["host"], each["dst_bytes"]) for each in flows] == [
        (None, 5120), ("x.example", None), ("y.example", None),
    ]  # fmt: skip
    assert told == {"frame-bytes": 1, "no-flow-event": 2, "late-names": 1}


def test_sniffing_goes_by_content():
    assert READER.sniff(text(flow()).encode()) > 0.8
    assert READER.sniff(text({"timestamp": "x", "event_type": "stats", "stats": {}}).encode()) > 0.8
    assert READER.sniff(b'{"timestamp":"x","event_type":"login","user":"y"}\n') == 0.0
    assert READER.sniff(b'{"ts":1,"_path":"conn"}\n') == 0.0


@settings(max_examples=40, deadline=None)
@given(order=st.permutations([0, 1, 2, 3, 4, 5, 6, 7]), cut=st.integers(0, 8))
def test_the_order_of_events_and_files_does_not_matter(tmp_path_factory, order, cut):
    lines = [
        flow(1, app_proto="tls"), tls("a.example", 1), flow(2, app_proto="tls"),
        tls("b.example", 2), tls("c.example", 3), netflow(4, ENDS, 20, 14249), flow(5, app_proto="tls"),
        event("dns", 6, dns={"rrname": "d.example"}),
    ]  # fmt: skip
    shuffled = [lines[at] for at in order]
    flows, _ = read(tmp_path_factory.mktemp("eve"), text(*shuffled[:cut]), text(*shuffled[cut:]))
    assert sorted((found["host"] or "", found["src_bytes"] or 0) for found in flows) == [
        ("", 14249), ("", 14249), ("a.example", 14249), ("b.example", 14249), ("c.example", 0),
        ("d.example", 0),
    ]  # fmt: skip

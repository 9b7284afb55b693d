"""Tables by a mapping: CSV and JSON in all their dialects, and every mistake told."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.model.documents import parse
from auditor.model.errors import InputError
from auditor.readers import Wanted, Watch, read_inputs
from auditor.readers.formats import Choice, readers_for
from auditor.readers.reading import Settings
from auditor.readers.records.lines import Block
from auditor.readers.records.tally import Tally
from auditor.readers.tables.mapped import MappedFormat
from auditor.readers.tables.mapping import Mapping, load_mapping
from tests.readers.reading import read_files

ROOT = Path(__file__).parents[3]
MAPPINGS = ROOT / "policies" / "examples" / "mappings"
SAMPLES = ROOT / "samples" / "logs" / "table"

BASE = """
name: fw
columns: {start: Begin, end: End, src_ip: From, src_port: FromPort, dst_ip: To, dst_port: ToPort,
          protocol: Proto, src_bytes: Out, dst_bytes: In}
time: {zone: "+07:00"}
"""
HEADER = "Begin,End,From,FromPort,To,ToPort,Proto,Out,In"
ROW = "2026-09-28 08:00:00,2026-09-28 08:00:05,10.20.1.5,50000,8.8.8.8,443,tcp,1000,2000"


def mapping(text: str = BASE) -> Mapping:
    return parse(text, Mapping, "m.yaml")


def read(tmp_path, content: bytes | str, *mappings: Mapping, zone: str = "+07:00"):
    """The answer, the flows, and the problems by their codes."""
    path = tmp_path / "log"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    reader = Choice(mappings).reader_for(path.read_bytes()[:65536])
    assert reader is not None
    assert reader.name == "table"
    given = Settings(log_zone=zone, mappings=mappings)
    [answer], [table], problems, _ = read_files(reader, [path], given)
    return answer, table.to_pylist(), {problem.code: problem for problem in problems}


def test_every_column_goes_where_the_mapping_says(tmp_path):
    more = mapping(
        """
name: fw
columns: {start: a, end: b, src_ip: c, src_port: d, dst_ip: e, dst_port: f, protocol: g,
          src_packets: h, dst_packets: i, src_bytes: j, dst_bytes: k, src_payload: l,
          dst_payload: m, src_tcp_flags: n, dst_tcp_flags: o, sampling: p, vlan: q, app: r,
          host: s, nat_src_ip: t, nat_src_port: u, nat_dst_ip: v, nat_dst_port: w}
time: {format: epoch-ms}
seen_by: my-firewall
blocked: {column: x, values: [Drop]}
"""
    )
    row = (
        "1790558400000,1790558401500,10.20.1.5,50000,8.8.8.8,443,6,2,3,100,200,10,20,2,0x12,10,7,"
        "HTTPS,Example.COM.,203.162.10.1,60000,10.9.9.9,8443,DROP"
    )
    _, [flow], problems = read(tmp_path, ",".join("abcdefghijklmnopqrstuvwx") + "\n" + row, more)
    flow = {name: value for name, value in flow.items() if value is not None}
    assert str(flow.pop("start")) == "2026-09-28 01:20:00+00:00"
    assert str(flow.pop("end")) == "2026-09-28 01:20:01.500000+00:00"
    assert flow == {
        "seen_by": "my-firewall", "time_basis": "recorded", "clock": "stated", "protocol": 6,
        "src_ip": "10.20.1.5", "src_port": 50000, "dst_ip": "8.8.8.8", "dst_port": 443,
        "initiator_basis": "recorded", "src_packets": 20, "dst_packets": 30, "src_bytes": 1000,
        "dst_bytes": 2000, "src_payload": 100, "dst_payload": 200, "src_tcp_flags": 2,
        "dst_tcp_flags": 18, "sampling": 10, "vlan": "7", "app": "https", "host": "example.com",
        "host_basis": "log", "nat_src_ip": "203.162.10.1", "nat_src_port": 60000,
        "nat_dst_ip": "10.9.9.9", "nat_dst_port": 8443, "blocked": True,
    }  # fmt: skip
    assert set(problems) == {"sampled", "translated", "refused"}


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace(",", "\t").encode(),
        lambda text: text.replace(",", "|").encode(),
        lambda text: text.replace(",", '","').replace("\n", '"\n"').join('""').encode(),
        lambda text: ("# Nhật ký\n\n" + text).encode(),
        lambda text: ("sep=,\n" + text).encode(),
        lambda text: gzip.compress(text.encode()),
        lambda text: text.replace(",", ", ").encode(),
        lambda text: text.rstrip().encode(),
    ],
    ids=range(13),
)
def test_a_table_says_the_same_in_every_dialect(tmp_path, changed):
    content = changed(f"{HEADER}\n{ROW}\n{ROW.replace('50000', '50001')}\n")
    path = tmp_path / "log"
    path.write_bytes(content)
    inputs, flows = read_inputs(
        Wanted((path,), Settings(mappings=(mapping(),))), lambda problem: None, Watch()
    )
    flows = flows.whole()
    assert inputs[0].reader == "table"
    assert flows["src_port"].to_pylist() == [50000, 50001]
    assert flows["dst_bytes"].to_pylist() == [2000, 2000]
    assert flows["clock"].to_pylist() == ["stated"] * 2


def test_windows_text_of_vietnam_is_read_and_told(tmp_path):
    header = "Begin,End,From,FromPort,To,ToPort,Proto,Out,In,Hành động"
    content = f"{header}\n{ROW},Chặn\n".replace("ặ", "ă\u0323").replace("ộ", "ô\u0323")
    more = mapping(BASE + "blocked: {column: Hành động, values: [chặn]}\n")
    _, [flow], problems = read(tmp_path, content.encode("cp1258"), more)
    assert flow["src_ip"] == "10.20.1.5"
    assert flow["blocked"]
    assert "legacy-encoding" in problems


def test_spreadsheet_numbers_units_and_durations(tmp_path):
    more = mapping(
        """
name: fw
columns: {end: t, duration: d, src_ip: a, dst_ip: b, src_bytes: o}
constants: {protocol: 6, dst_port: 443}
time: {format: "%d/%m/%Y %H:%M:%S", zone: "+07:00"}
units: {bytes: KiB, duration: ms}
decimal: ","
thousands: "."
"""
    )
    _, [flow], problems = read(
        tmp_path, "t;d;a;b;o\n28/09/2026 08:00:02;1.500;10.0.0.1;8.8.8.8;1.000,5\n", more
    )
    assert str(flow["start"]) == "2026-09-28 01:00:00.500000+00:00"
    assert str(flow["end"]) == "2026-09-28 01:00:02+00:00"
    assert (flow["src_bytes"], flow["protocol"], flow["dst_port"]) == (1024512, 6, 443)
    assert not problems


def test_one_way_records_are_paired_and_idle_ones_left_out():
    alibaba = load_mapping(MAPPINGS / "alibaba-vpc.yaml")
    path = SAMPLES / "alibaba-vpc.csv"
    reader = Choice((alibaba,)).reader_for(path.read_bytes())
    assert reader.sniff(path.read_bytes()) == 1.0
    [_], [flows], problems, _ = read_files(reader, [path], Settings(mappings=(alibaba,)))
    assert flows["dst_bytes"].to_pylist() == [9120, None, None]
    assert flows["seen_by"].to_pylist() == ["alibaba-vpc"] * 3
    assert flows["window_s"].to_pylist() == [600] * 3
    assert {problem.code for problem in problems} == {
        "one-way",
        "refused",
        "skipped-rows",
        "window",
    }


def test_the_vietnamese_example_fits_its_sample():
    example = load_mapping(MAPPINGS / "vn-cloud-firewall.yaml")
    path = SAMPLES / "tuong-lua-vi.csv"
    reader = Choice((example,)).reader_for(path.read_bytes())
    [answer], [flows], problems, _ = read_files(reader, [path], Settings(mappings=(example,)))
    assert answer.packets == 8
    assert flows["src_bytes"].to_pylist() == [1224310, 74, 60, 88120, 168, None]
    assert "mapping-guessed" not in {problem.code for problem in problems}


@pytest.mark.parametrize("one_way", [True, False])
def test_records_that_came_in_are_turned_round(tmp_path, one_way):
    back = "" if one_way else ", dst_bytes: i"
    more = mapping(
        "name: fw\n"
        f"columns: {{start: t, src_ip: near, src_port: p, dst_ip: far, src_bytes: o{back}}}\n"
        f"one_way: {str(one_way).lower()}\nswapped: {{column: dir, values: [in]}}\n"
        "time: {format: epoch-s}\n"
    )
    rows = "1790558400,10.0.0.1,22,8.8.8.8,5,9,IN\n1790558500,10.0.0.2,50000,8.8.8.8,5,9,out\n"
    _, flows, _ = read(tmp_path, "t,near,p,far,o,i,dir\n" + rows, more)
    first, second = flows
    assert (first["src_ip"], first["dst_ip"], first["dst_port"]) == ("8.8.8.8", "10.0.0.1", 22)
    assert (first["src_bytes"], first["dst_bytes"]) == ((5, None) if one_way else (9, 5))
    assert (second["src_ip"], second["src_bytes"]) == ("10.0.0.2", 5)


def test_the_zone_of_the_settings_is_used_and_told(tmp_path):
    zoneless = mapping(BASE.replace('time: {zone: "+07:00"}', ""))
    _, [flow], problems = read(tmp_path, f"{HEADER}\n{ROW}\n", zoneless, zone="-01:30")
    assert str(flow["start"]) == "2026-09-28 09:30:00+00:00"
    assert flow["clock"] == "assumed"
    assert "-01:30" in problems["zone-assumed"].message


def test_a_wrong_mapping_of_a_wide_table_ends_with_all_its_mistakes(tmp_path):
    header = [f"column {number}" for number in range(44)]
    header += ["Start Time", "Source IP", "Destination IP", "Bytes", "Bytes", "Sent"]
    row = ["x"] * 44 + ["28/09/2026 08:00:00", "10.0.0.1", "web-server", "1", "2", "many"]
    wrong = mapping(
        """
name: wrong
columns: {start: Start Time, src_ip: Source Ip, dst_ip: Destination IP, src_bytes: Bytes,
          dst_bytes: Sent, protocol: Protocol}
time: {format: "%m/%d/%Y %H:%M:%S"}
blocked: {column: Verdict, values: [drop]}
"""
    )
    answer, flows, _ = read(tmp_path, ",".join(header) + "\n" + ",".join(row) + "\n", wrong)
    assert isinstance(answer, InputError)
    assert not flows
    text = answer.message
    assert "7 mistakes" in text
    assert (
        "columns.src_ip: the table has no column 'Source Ip'; the nearest are 'Source IP'" in text
    )
    assert "columns.dst_ip: holds no IP addresses but values like 'xxx-xxxxxx'" in text
    assert "columns.start: time.format %m/%d/%Y %H:%M:%S fits none of the values" in text
    assert "look like '99/99/9999 99:99:99'; %d/%m/%Y %H:%M:%S would fit" in text
    assert "columns.src_bytes: the table has 2 columns 'Bytes'" in text
    assert "columns.dst_bytes: holds no numbers" in text
    assert "columns.protocol: the table has no column 'Protocol'" in text
    assert "blocked.column: the table has no column 'Verdict'" in text
    assert "'column 43'" in answer.hint


def test_a_mapping_of_which_nothing_fits_is_told_too(tmp_path):
    text = "time,src_ip,dst_ip\n2026-09-28 08:00:00,10.0.0.1,8.8.8.8\n"
    answer, _, _ = read(tmp_path, text, mapping())
    assert isinstance(answer, InputError)
    assert "9 mistakes" in answer.message


def test_a_table_that_nobody_can_explain_lists_its_columns(tmp_path):
    answer, _, _ = read(tmp_path, "src_ip,dst_ip,moment\n10.0.0.1,8.8.8.8,noon\n")
    assert isinstance(answer, InputError)
    assert "no column holds times" in answer.message
    assert "Its columns: 'src_ip', 'dst_ip', 'moment'" in answer.message
    assert "--mapping" in answer.hint


def test_a_guess_is_shown(tmp_path):
    _, _, problems = read(tmp_path, "time,src_ip,dst_ip\n2026-09-28 08:00:00,10.0.0.1,8.8.8.8\n")
    assert (
        "src_ip = 'src_ip', dst_ip = 'dst_ip', time = 'time'" in problems["mapping-guessed"].message
    )
    assert "one-moment" in problems


def test_a_mapping_picks_its_tables_by_their_columns(tmp_path):
    mine = mapping(BASE + "match: [From, To]\n")
    other = mapping(BASE.replace("fw", "other").replace("From", "Von") + "match: [Von]\n")
    for name, text in (("a.csv", HEADER), ("b.csv", HEADER.replace("From", "Von"))):
        (tmp_path / name).write_text(f"{text}\n{ROW.replace('50000', str(ord(name[0])))}\n")
    given = Settings(mappings=(other, mine))
    _, parts = read_inputs(Wanted((tmp_path,), given), lambda problem: None, Watch())
    flows = parts.whole()
    assert dict(zip(flows["seen_by"].to_pylist(), flows["src_port"].to_pylist(), strict=True)) == {
        "fw": 97, "other": 98,
    }  # fmt: skip


def test_columns_without_a_header_have_their_names_from_the_mapping(tmp_path):
    names = HEADER.split(",")
    more = mapping(BASE + f"header: [{', '.join(names)}]\ndelimiter: ' '\n")
    row = ROW.replace("28 08", "28T08").replace(",", " ")
    _, flows, problems = read(tmp_path, f"{row}\n{row.replace('50000', '50001')}\n", more)
    assert [flow["src_port"] for flow in flows] == [50000, 50001]
    assert not problems


def test_headers_of_joined_files_are_passed_over(tmp_path):
    text = f"{HEADER}\n{ROW}\n{HEADER}\n{ROW.replace('50000', '50001')}\n{HEADER}\n"
    _, flows, problems = read(tmp_path, text, mapping())
    assert [flow["src_port"] for flow in flows] == [50000, 50001]
    assert not problems


def test_a_header_on_every_second_line_does_not_cut_the_table_into_pieces():
    text = f"{HEADER}\n{ROW}\n{HEADER}\n{HEADER}\n{HEADER}\n{ROW}\n".encode()
    form = MappedFormat(mapping()).begun(text, Settings(), Tally())
    [(piece, line)] = form.pieces(Block(text, 1, 0))
    assert (piece, line) == (f"{ROW}\n\n\n\n{ROW}\n".encode(), 2)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (ROW.replace("2026-09-28 08:00:00", "soon"), "bad-time"),
        (ROW.replace("10.20.1.5", "10.20.1.555"), "bad-address"),
        (ROW.replace("1000", "-1000"), "bad-number"),
        (ROW.replace("1000", "nan"), "bad-number"),
        (ROW.replace("1000", "9" * 40), "bad-number"),
        (ROW.replace("50000", "70000"), "bad-number"),
        (ROW.replace("08:00:05", "07:00:05"), "bad-number"),
        (ROW.replace("08:00:05", "25:00:05"), "bad-number"),
        (ROW.replace("tcp", "carrier-pigeon"), "unknown-protocol"),
        (ROW + ",more", "bad-line"),
        ("half,a,li", "bad-line"),
        (ROW.replace("tcp", '"tcp'), "bad-line"),
        (ROW.replace("tcp", "t\0p"), "unknown-protocol"),
        ("x" * (1 << 20), "bad-line"),
    ],
)
def test_what_is_damaged_is_counted_and_the_rest_read(tmp_path, row, code):
    sound = [ROW.replace("50000", str(port)) for port in (1001, 1002)]
    # the head of the file is sound, as the mapping is checked against it
    text = "\n".join([HEADER, *[sound[0]] * 1000, row, sound[1]]) + "\n"
    _, flows, problems = read(tmp_path, text, mapping())
    assert code in problems, set(problems)
    assert flows[-1]["src_port"] == 1002 or flows[-2]["src_port"] == 1002
    assert len(flows) in (1001, 1002)


def objects(*rows: dict) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


JSON_MAPPING = """
name: siem
columns: {start: "@timestamp", duration: event.duration, src_ip: source.ip, src_port: source.port,
          dst_ip: destination.ip, src_bytes: source.bytes, host: url.domain}
units: {duration: ns}
blocked: {column: event.allowed, values: ["false"]}
"""
RECORD = {
    "@timestamp": "2026-09-28T08:00:00.000Z",
    "event": {"duration": 1500000000, "allowed": False},
    "source": {"ip": "10.0.0.1", "port": 50000, "bytes": 77},
    "destination": {"ip": "8.8.8.8"},
}


@pytest.mark.parametrize("form", ["lines", "array", "pretty array", "one long array", "records"])
def test_nested_objects_are_reached_by_dotted_paths(tmp_path, form):
    count = 3 if form != "one long array" else 9000
    rows = [RECORD | {"note": 'a "]}, {[\\'} for _ in range(count)]
    text = {
        "lines": objects(*rows),
        "array": json.dumps(rows),
        "pretty array": json.dumps(rows, indent=2),
        "one long array": json.dumps(rows),
        "records": json.dumps({"records": rows}),
    }[form]
    assert form != "one long array" or len(text) > 1 << 20
    answer, flows, problems = read(tmp_path, text, mapping(JSON_MAPPING))
    assert answer.packets == len(flows) == count
    flow = flows[-1]
    assert str(flow["end"]) == "2026-09-28 08:00:01.500000+00:00"
    assert (flow["src_port"], flow["src_bytes"], flow["blocked"]) == (50000, 77, True)
    assert set(problems) == {"absent-columns", "refused", "unknown-protocol"}
    assert "url.domain" in problems["absent-columns"].message


def test_damaged_objects_are_counted_and_the_rest_read(tmp_path):
    odd = RECORD | {"source": {"ip": 7, "port": "x", "bytes": [1]}}
    late = RECORD | {"url": {"domain": "Late.VN"}, "source": {"ip": "10.0.0.2", "port": "81"}}
    text = objects(*[RECORD] * 500) + "{broken\n[1]\n" + objects(odd, late)
    _, flows, problems = read(tmp_path, text, mapping(JSON_MAPPING))
    assert len(flows) == 501
    found = next(flow for flow in flows if flow["src_ip"] == "10.0.0.2")
    assert (found["src_port"], found["host"], found["host_basis"]) == (81, "late.vn", "log")
    assert problems["not-json"].count == 2
    assert problems["bad-address"].count == 1


def test_flat_keys_with_dots_are_columns_too(tmp_path):
    row = {"time": "2026-09-28T08:00:00Z", "source.ip": "10.0.0.1", "destination.ip": "8.8.8.8"}
    _, [flow], _ = read(tmp_path, objects(row))
    assert (flow["src_ip"], flow["dst_ip"]) == ("10.0.0.1", "8.8.8.8")


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_no_damage_makes_the_reader_stumble(tmp_path, junk, place):
    sound = f"{HEADER}\n{ROW}\n{ROW}\n".encode()
    place = min(place, len(sound))
    path = tmp_path / "log"
    path.write_bytes(sound[:place] + junk + sound[place:])
    for mappings in ((mapping(),), ()):
        reader = next(one for one in readers_for(mappings) if one.name == "table")
        [answer], [table], _, _ = read_files(reader, [path], Settings(mappings=mappings))
        assert isinstance(answer, InputError) or answer.packets >= len(table)


def test_one_long_word_beside_many_short_ones_takes_no_room(tmp_path):
    # Arrow would reserve the mean length of the different words for each record
    row = "1790558400,10.0.0.1,8.8.8.8,5,app\n"
    text = "start,src_ip,dst_ip,bytes,app\n" + row * 20_000 + row.replace("app", "z" * 900_000)
    _, flows, problems = read(tmp_path, text)
    assert problems["text-too-long"].count == 1
    assert sum(flow["app"] == "app" for flow in flows) >= 1
    assert all(flow["app"] in ("app", None) for flow in flows)

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from auditor.model.errors import InputError
from auditor.readers.logs.zeek import WANTED
from auditor.readers.logs.zeek_folder import ZeekReader
from auditor.readers.logs.zeek_text import Text
from auditor.readers.reading import ROWS
from auditor.readers.records.lines import Block
from auditor.readers.records.tally import Tally
from auditor.readers.streams import Source
from tests.readers.reading import read_files

SAMPLES = Path(__file__).parents[3] / "samples" / "logs" / "zeek"
PLAIN = {
    "ts": "1788220800.123456",
    "uid": "CAcJw21BbVedgFnYH3",
    "id.orig_h": "203.162.10.5",
    "id.orig_p": "51514",
    "id.resp_h": "52.219.40.10",
    "id.resp_p": "443",
    "proto": "tcp",
    "service": "ssl",
    "duration": "1.500000",
    "orig_bytes": "1000",
    "resp_bytes": "200",
    "conn_state": "SF",
    "local_orig": "T",
    "local_resp": "F",
    "missed_bytes": "0",
    "history": "ShADadFf",
    "orig_pkts": "5",
    "orig_ip_bytes": "1200",
    "resp_pkts": "4",
    "resp_ip_bytes": "360",
    "tunnel_parents": "-",
    "ip_proto": "6",
}
FIELDS = tuple(PLAIN)
CLOSE = "#close\t2026-09-01-01-00-00\n"


def header(fields=FIELDS, *, separator="\t", unset="-", empty="(empty)", path="conn"):
    escaped = f"\\x{ord(separator):02x}"
    rows = [
        ("#set_separator", ","),
        ("#empty_field", empty),
        ("#unset_field", unset),
        ("#path", path),
        ("#open", "2026-09-01-00-00-00"),
        ("#fields", *fields),
        ("#types", *("string" for _ in fields)),
    ]
    lines = [f"#separator {escaped}", *(separator.join(row) for row in rows)]
    return "".join(f"{line}\n" for line in lines)


def line(*, fields=FIELDS, separator="\t", **changes):
    changes = {name.replace("__", "."): value for name, value in changes.items()}
    return separator.join({**PLAIN, **changes}[name] for name in fields) + "\n"


def log(*lines):
    return (header() + "".join(lines) + CLOSE).encode()


def read(tmp_path: Path, content: bytes, name="conn.log"):
    path = tmp_path / name
    path.write_bytes(content)
    [reading], [flows], problems, told = read_files(ZeekReader(), [path])
    assert reading.sha256 == hashlib.sha256(content).hexdigest()
    assert sum(told) == len(content)
    assert_contract(flows)
    return Read(reading.packets, flows), problems


@dataclass
class Read:
    packets: int
    flows: pa.Table


def assert_contract(flows: pa.Table) -> None:
    assert list(flows.schema) == list(ROWS)
    for field in ROWS:
        assert field.nullable or flows.column(field.name).null_count == 0, field.name
    flows.validate(full=True)


def flow(tmp_path, **changes):
    reading, _ = read(tmp_path, log(line(**changes)))
    (only,) = reading.flows.to_pylist()
    return only


def only(problems, code):
    (found,) = [problem for problem in problems if problem.code == code]
    return found


# --- sniff ---------------------------------------------------------------------------------------


def test_a_conn_log_with_header_is_surely_ours():
    assert ZeekReader().sniff(log()) == 1.0


def test_a_gzipped_conn_log_is_recognised_from_what_it_holds(tmp_path):
    path = tmp_path / "conn.log.gz"
    path.write_bytes(gzip.compress(log(*[line()] * 500)))
    assert sniffed(path) == 1.0


def sniffed(path):
    with Source(path).open() as opened:
        return ZeekReader().sniff(opened.head)


def test_json_lines_of_conn_are_ours():
    assert ZeekReader().sniff((SAMPLES / "conn.json.log").read_bytes()[:4096]) == 0.9


def test_json_lines_that_name_conn_as_their_path_are_ours():
    head = b'{"_path": "conn", "ts":1.0, "id.orig_h":"10.0.0.1", "id.resp_h":"10.0.0.2"}\n'
    assert ZeekReader().sniff(head) == 0.9


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xd4\xc3\xb2\xa1",
        b"\x1f\x8b",
        b"\x1f\x8b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"#separator \\x09\n#path\tconn\n",
        b'{"ts":1.0,"uid":"C1","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","proto":"udp","query":"a"}',
        b'{"_path":"ssl","ts":1.0}',
        b'{"ts":1.0,"uid":"C1","conn_state":"SF"}',
        b'{"event_type":"flow"}',
        b"[1,2]",
        b"#separator",
    ],
)
def test_other_files_are_not_ours(head):
    assert ZeekReader().sniff(head) == 0.0


def test_a_byte_order_mark_does_not_hide_the_log(tmp_path):
    content = b"\xef\xbb\xbf" + log(line())
    assert ZeekReader().sniff(content) == 1.0
    assert read(tmp_path, content)[0].packets == 1


# --- the samples ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["conn.log", "conn.json.log", "conn-2026-10-03.log.gz"])
def test_each_sample_is_read_whole(name):
    path = SAMPLES / name
    assert sniffed(path) > 0.5
    [reading], [flows], problems, _ = read_files(ZeekReader(), [path])
    assert_contract(flows)
    reading = Read(reading.packets, flows)
    assert reading.packets == reading.flows.num_rows == 71
    assert [problem.code for problem in problems] == ["missed-bytes"]
    assert set(reading.flows["app"].to_pylist()) >= {"tls", "http", "dns", "ntp", "quic", "mysql"}


def test_tabs_and_json_of_the_same_records_give_the_same_flows(tmp_path):
    text = (SAMPLES / "conn.log").read_text()
    names = next(row for row in text.splitlines() if row.startswith("#fields")).split("\t")[1:]
    words = {"ts", "uid", "id.orig_h", "id.resp_h", "proto", "service", "history", "duration"}
    objects = []
    for row in text.splitlines():
        if row.startswith("#"):
            continue
        cells = zip(names, row.split("\t"), strict=True)
        found = {name: cell for name, cell in cells if cell != "-"}
        for name in found.keys() - words - {"conn_state", "local_orig", "local_resp"}:
            found[name] = int(found[name])
        for name in found.keys() & {"ts", "duration"}:
            found[name] = float(found[name])
        objects.append(json.dumps(found))
    tabs, _ = read(tmp_path, text.encode())
    lines, _ = read(tmp_path, "\n".join(objects).encode(), "conn.json")
    assert tabs.flows == lines.flows


# --- what each column means ----------------------------------------------------------------------


def test_one_record_becomes_one_flow(tmp_path):
    reading, problems = read(tmp_path, log(line()))
    assert problems == []
    assert reading.packets == 1
    (found,) = reading.flows.to_pylist()
    assert found["start"].isoformat() == "2026-09-01T00:00:00.123456+00:00"
    assert found["end"].isoformat() == "2026-09-01T00:00:01.623456+00:00"
    expected = {
        "protocol": 6, "src_ip": "203.162.10.5", "src_port": 51514, "dst_ip": "52.219.40.10",
        "dst_port": 443, "initiator_basis": "recorded", "src_packets": 5, "dst_packets": 4,
        "src_bytes": 1200, "dst_bytes": 360, "src_payload": 1000, "dst_payload": 200,
        "src_tcp_flags": 19, "dst_tcp_flags": 19, "rtt_us": None, "sampling": None, "vlan": None,
        "tunnel": None, "app": "tls", "encrypted": True, "host": None, "ech": None,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def test_unset_fields_are_null(tmp_path):
    names = ("service", "duration", "orig_bytes", "history", "orig_pkts", "orig_ip_bytes")
    found = flow(tmp_path, **dict.fromkeys(names, "-"))
    for name in ("app", "encrypted", "src_payload", "src_tcp_flags", "src_packets", "src_bytes"):
        assert found[name] is None
    assert found["end"] == found["start"]


@pytest.mark.parametrize(
    ("logged", "canonical"),
    [
        ("2405:4800:0010:0002:0:0:0:20", "2405:4800:10:2::20"),
        ("2A01:4F8::1", "2a01:4f8::1"),
        ("::ffff:203.162.10.5", "::ffff:203.162.10.5"),
        ("::ffff:cba2:a05", "::ffff:203.162.10.5"),
        ("::1", "::1"),
        ("[2a01:4f8::1]", "2a01:4f8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("0.0.0.0", "0.0.0.0"),  # noqa: S104
        ("255.255.255.255", "255.255.255.255"),
    ],
)
def test_addresses_are_written_in_canonical_form(tmp_path, logged, canonical):
    assert flow(tmp_path, id__orig_h=logged)["src_ip"] == canonical


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"proto": "udp", "ip_proto": "17"}, 17),
        ({"proto": "udp", "ip_proto": "-"}, 17),
        ({"proto": "icmp", "ip_proto": "-"}, 1),
        ({"proto": "icmp", "ip_proto": "-", "id__orig_h": "2a01::1", "id__resp_h": "2a01::2"}, 58),
        ({"proto": "unknown_transport", "ip_proto": "47"}, 47),
        ({"proto": "sctp", "ip_proto": "-"}, 132),
        ({"proto": "tcp", "ip_proto": "999"}, 6),
        ({"proto": "unknown_transport", "ip_proto": "-"}, 255),
    ],
)
def test_the_protocol_is_an_iana_number(tmp_path, changes, number):
    assert flow(tmp_path, **changes)["protocol"] == number


def test_a_record_without_a_known_protocol_is_counted(tmp_path):
    changes = {"proto": "unknown_transport", "ip_proto": "-"}
    _, problems = read(tmp_path, log(line(), line(**changes), line(**changes)))
    problem = only(problems, "unknown-protocol")
    assert problem.count == 2
    assert "line 10" in problem.message


def test_type_and_code_of_icmp_are_no_ports(tmp_path):
    found = flow(tmp_path, proto="icmp", ip_proto="1", id__orig_p="8", id__resp_p="0")
    assert (found["src_port"], found["dst_port"], found["src_tcp_flags"]) == (None, None, None)


@pytest.mark.parametrize(
    ("history", "source", "target"),
    [
        ("S", 2, 0),
        ("Sr", 2, 4),
        ("ShAdDaFf", 19, 19),
        ("^hADaR", 20, 18),
        ("Dd", 0, 0),
        ("ShI", 7, 18),
        ("D^d", None, None),
        ("ShADx", None, None),
        ("-", None, None),
    ],
)
def test_history_proves_tcp_flags_of_each_side(tmp_path, history, source, target):
    found = flow(tmp_path, history=history)
    assert (found["src_tcp_flags"], found["dst_tcp_flags"]) == (source, target)


@pytest.mark.parametrize(
    ("service", "app", "encrypted"),
    [
        ("ssl", "tls", True),
        ("SSH", "ssh", True),
        ("http", "http", False),
        ("smtp,ssl", "smtp", True),
        ("ssl,quic", "quic", True),
        ("gssapi,ntlm,smb", "smb", None),
        ("krb_tcp", "kerberos", None),
        ("-ssl,http", "http", False),
        ("-ssl", None, None),
        (r"dns\x2chttp", "dns", False),
        ("(empty)", None, None),
    ],
)
def test_service_names_the_application_and_whether_it_is_encrypted(
    tmp_path, service, app, encrypted
):
    found = flow(tmp_path, service=service)
    assert (found["app"], found["encrypted"]) == (app, encrypted)


def test_vlans_stand_outer_to_inner(tmp_path):
    fields = (*FIELDS, "vlan", "inner_vlan")
    rows = [("100", "20"), ("30", "-"), ("-", "-")]
    lines = [line(fields=fields, vlan=vlan, inner_vlan=inner) for vlan, inner in rows]
    reading, _ = read(tmp_path, (header(fields) + "".join(lines) + CLOSE).encode())
    assert sorted(reading.flows["vlan"].to_pylist(), key=str) == ["100.20", "30", None]


def test_flows_are_sorted_by_start_then_as_they_stand_in_the_log(tmp_path):
    lines = [line(ts="1788220801.0"), line(id__orig_p="9"), line(id__orig_p="8")]
    reading, _ = read(tmp_path, log(*lines))
    assert reading.flows["src_port"].to_pylist() == [9, 8, 51514]


# --- what is doubtful is said --------------------------------------------------------------------


def test_payload_that_its_packets_cannot_hold_is_left_empty(tmp_path):
    absurd = line(orig_bytes="4294967295")
    reading, problems = read(tmp_path, log(absurd))
    assert reading.flows["src_payload"].to_pylist() == [None]
    assert reading.flows["dst_payload"].to_pylist() == [200]
    assert only(problems, "absurd-payload").count == 1


def test_payload_larger_than_its_packets_is_kept_where_a_gap_explains_it(tmp_path):
    reading, problems = read(tmp_path, log(line(orig_bytes="9000", missed_bytes="8000")))
    assert reading.flows["src_payload"].to_pylist() == [9000]
    problem = only(problems, "missed-bytes")
    assert "8,000 bytes" in problem.message
    assert [problem.code for problem in problems] == ["missed-bytes"]


def test_missed_bytes_are_added_up(tmp_path):
    _, problems = read(tmp_path, log(line(missed_bytes="1000"), line(), line(missed_bytes="500")))
    problem = only(problems, "missed-bytes")
    assert problem.count == 2
    assert "1,500 bytes" in problem.message


def test_a_single_packet_without_duration_is_no_problem_but_several_are(tmp_path):
    single = line(duration="-", orig_pkts="1", resp_pkts="0")
    several = line(duration="-")
    _, problems = read(tmp_path, log(single, several))
    assert only(problems, "no-duration").count == 1


def test_records_from_inside_tunnels_are_counted(tmp_path):
    reading, problems = read(tmp_path, log(line(tunnel_parents="CAbc,CDef"), line()))
    assert reading.flows["tunnel"].to_pylist() == [None, None]
    assert only(problems, "tunnelled").count == 1


NAMED = {"id__orig_p": "src_port", "orig_bytes": "src_payload", "resp_pkts": "dst_packets"}


@pytest.mark.parametrize("name", ["id__orig_p", "orig_bytes", "resp_pkts", "duration"])
@pytest.mark.parametrize("value", ["x", "-5", "99999999999999999999", "1e999", "nan"])
def test_a_bad_number_costs_its_field_not_its_line(tmp_path, name, value):
    reading, problems = read(tmp_path, log(line(), line(**{name: value})))
    assert reading.flows.num_rows == 2
    problem = only(problems, "bad-number")
    assert problem.count == 1
    assert "line 10" in problem.message
    names = {name.replace("__", "."), NAMED.get(name, name), "end before start"}
    assert any(each in problem.message for each in names)


@pytest.mark.parametrize("value", ["-", "x", "nan", "inf", "-1.0", "1e300", "99999999999999.0"])
def test_a_record_without_a_time_is_counted_with_its_bytes(tmp_path, value):
    bad = line(ts=value)
    reading, problems = read(tmp_path, log(line(), bad, line()))
    assert reading.flows.num_rows == 2
    problem = only(problems, "bad-time")
    assert (problem.count, problem.lost_bytes) == (1, len(bad))
    assert "line 10" in problem.message


@pytest.mark.parametrize(
    "value",
    [
        "-",
        "",
        "1.2.3",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.4.",
        "::g",
        "host",
        "1::2::3",
    ],
)
def test_a_record_without_an_address_is_counted_with_its_bytes(tmp_path, value):
    bad = line(id__resp_h=value)
    reading, problems = read(tmp_path, log(line(), line(), bad))
    assert reading.flows.num_rows == 2
    problem = only(problems, "bad-address")
    assert (problem.count, problem.lost_bytes) == (1, len(bad))
    assert "line 11" in problem.message


def test_lines_with_other_columns_are_counted_and_the_rest_is_read(tmp_path):
    content = log(line(), "two\tcolumns\n", line(), "\n", line().replace("\n", "\tmore\n"), line())
    reading, problems = read(tmp_path, content)
    assert reading.flows.num_rows == 3
    (problem,) = problems
    assert (problem.code, problem.count) == ("bad-line", 2)
    assert "xxx\txxxxxxx" in problem.message  # its shape, not what it says
    assert problem.lost_bytes == len("two\tcolumns\n") + len(line()) + len("\tmore")
    assert "line 10" in problem.message


def test_line_numbers_hold_behind_lines_that_were_left_out(tmp_path):
    _, problems = read(tmp_path, log("broken\n", "\n", line(), line(id__orig_h="nobody")))
    assert "line 12" in only(problems, "bad-address").message


# --- the header is obeyed ------------------------------------------------------------------------


def test_fields_may_stand_in_any_order_and_unknown_ones_are_ignored(tmp_path):
    fields = (*reversed(FIELDS), "orig_l2_addr")
    content = header(fields) + line(fields=fields, orig_l2_addr="00:00:5e:00:53:01") + CLOSE
    plain, _ = read(tmp_path, log(line()))
    turned, problems = read(tmp_path, content.encode())
    assert turned.flows == plain.flows
    assert problems == []


def test_absent_fields_are_null(tmp_path):
    fields = ("ts", "id.orig_h", "id.resp_h", "proto")
    reading, problems = read(tmp_path, (header(fields) + line(fields=fields) + CLOSE).encode())
    (found,) = reading.flows.to_pylist()
    assert found["protocol"] == 6
    assert [found[name] for name in ("src_port", "src_bytes", "app", "vlan")] == [None] * 4
    assert problems == []


@pytest.mark.parametrize("separator", ["|", ",", " ", ";", "\x01"])
def test_the_separator_of_the_header_counts(tmp_path, separator):
    content = header(separator=separator) + line(separator=separator) + f"#close{separator}x\n"
    plain, _ = read(tmp_path, log(line()))
    other, problems = read(tmp_path, content.encode())
    assert other.flows == plain.flows
    assert problems == []


def test_unset_and_empty_marks_of_the_header_count(tmp_path):
    content = header(unset="N/A", empty="EMPTY") + line(
        service="EMPTY", orig_bytes="N/A", tunnel_parents="EMPTY"
    )
    reading, problems = read(tmp_path, (content + CLOSE).encode())
    assert reading.flows["app"].to_pylist() == [None]
    assert reading.flows["src_payload"].to_pylist() == [None]
    assert problems == []


def test_concatenated_logs_may_change_their_header_on_the_way(tmp_path):
    fields = tuple(reversed(FIELDS))
    content = log(line()) + (header(fields) + line(fields=fields, id__orig_p="7") + CLOSE).encode()
    reading, problems = read(tmp_path, content)
    assert reading.flows["src_port"].to_pylist() == [51514, 7]
    assert problems == []


def test_another_log_in_between_is_left_out_and_said(tmp_path):
    other = header(path="dns") + line() * 3 + CLOSE
    reading, problems = read(tmp_path, log(line()) + other.encode() + log(line()))
    assert reading.flows.num_rows == 2
    problem = only(problems, "other-log")
    assert (problem.count, problem.lost_bytes) == (3, 3 * len(line()))


def test_comments_between_lines_do_not_cut_the_log_into_pieces():
    text = Text(b"#", WANTED, Tally())
    rows = [line(uid=f"C{number}") for number in range(3)]
    content = header() + "#\n" + "#\n#x\n".join(rows) + CLOSE
    [piece] = text.pieces(Block(content.encode(), 1, 0))
    assert piece.text.decode() == "\n\n".join(rows)
    assert piece.line == (header() + "#\n").count("\n") + 1


def test_a_header_without_addresses_is_named(tmp_path):
    fields = tuple(name for name in FIELDS if name not in {"id.orig_h", "proto", "ip_proto"})
    reading, problems = read(tmp_path, (header(fields) + line(fields=fields) + CLOSE).encode())
    assert reading.flows.num_rows == 0
    assert "lacks id.orig_h, proto" in only(problems, "missing-field").message


def test_data_without_a_header_is_counted(tmp_path):
    reading, problems = read(tmp_path, line().encode() * 2)
    assert reading.flows.num_rows == 0
    assert only(problems, "no-header").count == 2


def test_a_separator_of_several_characters_is_refused_with_a_hint(tmp_path):
    _, problems = read(tmp_path, b"#separator \\x09\\x09\n" + log(line()))
    problem = only(problems, "bad-header")
    assert problem.hint


def test_windows_line_ends_change_nothing(tmp_path):
    plain, _ = read(tmp_path, log(line(), line(id__orig_p="7")))
    windows, problems = read(tmp_path, log(line(), line(id__orig_p="7")).replace(b"\n", b"\r\n"))
    assert windows.flows == plain.flows
    assert problems == []


def test_text_that_is_not_utf8_is_replaced_and_said(tmp_path):
    content = log(line(service="XYZ"), line()).replace(b"XYZ", b"\xff\xfe")
    reading, problems = read(tmp_path, content)
    assert reading.flows.num_rows == 2
    assert only(problems, "bad-encoding").count == 1


# --- files that break off ------------------------------------------------------------------------


def test_an_empty_file_is_an_empty_table(tmp_path):
    reading, problems = read(tmp_path, b"")
    assert (reading.flows.num_rows, reading.packets, problems) == (0, 0, [])


def test_a_file_that_stops_inside_a_line_gives_what_stands_before(tmp_path):
    content = log(line(), line())[: -len(CLOSE) - 40]
    reading, problems = read(tmp_path, content)
    assert reading.flows.num_rows == 1
    problem = only(problems, "cut-last-line")
    assert problem.lost_bytes == len(line()) - 40
    assert problem.offset == len(content) - problem.lost_bytes
    assert "line 10" in problem.message


def test_a_last_line_without_an_end_is_read_but_said(tmp_path):
    reading, problems = read(tmp_path, (header() + line() + line()).encode()[:-1])
    assert reading.flows.num_rows == 2
    assert only(problems, "cut-last-line").lost_bytes == 0


def test_a_log_without_a_close_line_is_said(tmp_path):
    _, problems = read(tmp_path, (header() + line()).encode())
    assert [problem.code for problem in problems] == ["not-closed"]


def test_a_gzip_file_that_breaks_off_gives_what_stands_before(tmp_path):
    lines = [line(id__orig_p=str(port), uid=f"C{port * 7919}") for port in range(3000)]
    whole = gzip.compress(log(*lines))
    reading, problems = read(tmp_path, whole[: len(whole) // 2], "conn.log.gz")
    assert 1000 < reading.flows.num_rows < 2999
    assert only(problems, "packing-damaged").offset is None


def test_a_gzip_file_with_a_flipped_byte_gives_what_stands_before(tmp_path):
    lines = [line(id__orig_p=str(port), uid=f"C{port * 7919}") for port in range(3000)]
    whole = bytearray(gzip.compress(log(*lines), mtime=0))
    whole[-6] ^= 0xFF  # the checksum at the end: every line before it is there
    reading, problems = read(tmp_path, bytes(whole), "conn.log.gz")
    assert reading.flows.num_rows == 3000
    assert only(problems, "packing-damaged").lost_bytes is not None


def test_gzip_members_one_behind_the_other_are_all_read(tmp_path):
    content = gzip.compress(log(line())) + gzip.compress(log(line())) + bytes(512)
    reading, problems = read(tmp_path, content, "conn.log.gz")
    assert reading.flows.num_rows == 2
    assert problems == []


def test_bytes_behind_the_gzip_stream_are_said(tmp_path):
    reading, problems = read(tmp_path, gzip.compress(log(line())) + b"tail", "conn.log.gz")
    assert reading.flows.num_rows == 1
    assert only(problems, "packing-damaged").lost_bytes == 4


def test_a_line_without_end_does_not_fill_the_memory(tmp_path):
    content = header().encode() + b"x" * (5 << 20) + b"\n" + line().encode() + CLOSE.encode()
    reading, problems = read(tmp_path, content)
    assert reading.flows.num_rows == 1
    problem = only(problems, "line-too-long")
    assert (problem.count, problem.lost_bytes) == (1, (5 << 20) + 1)


def test_a_log_of_several_blocks_keeps_its_line_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr("auditor.readers.records.lines.CHUNK", 700)
    monkeypatch.setattr("auditor.readers.records.lines.BLOCK", 1500)
    lines = [line(id__orig_p=str(port)) for port in range(100)]
    lines[77] = line(id__orig_h="nobody")
    reading, problems = read(tmp_path, log(*lines))
    assert reading.flows["src_port"].to_pylist() == sorted(set(range(100)) - {77})
    assert "line 86" in only(problems, "bad-address").message


def test_a_missing_file_is_an_input_error_with_its_path(tmp_path):
    [answer], _, _, _ = read_files(ZeekReader(), [tmp_path / "none.log"])
    assert isinstance(answer, InputError)
    assert "none.log" in str(answer)
    assert answer.hint


# --- JSON ----------------------------------------------------------------------------------------


def as_json(**changes):
    numbers = {name: int(value) for name, value in PLAIN.items() if value.isdigit()}
    found = {**PLAIN, **numbers, "ts": 1788220800.123456, "duration": 1.5}
    del found["tunnel_parents"]
    found |= {name.replace("__", "."): value for name, value in changes.items()}
    kept = {name: value for name, value in found.items() if value is not ...}
    return json.dumps(kept).encode() + b"\n"


@pytest.mark.parametrize(
    "time",
    [1788220800.123456, 1788220800123.456, "2026-09-01T00:00:00.123456Z",
     "2026-09-01T07:00:00.123456+07:00"],
)  # fmt: skip
def test_json_times_may_be_seconds_milliseconds_or_iso8601(tmp_path, time):
    reading, problems = read(tmp_path, as_json(ts=time))
    assert reading.flows["start"].to_pylist()[0].isoformat() == "2026-09-01T00:00:00.123456+00:00"
    assert problems == []


def test_json_lines_of_mixed_time_forms_are_read(tmp_path):
    reading, problems = read(
        tmp_path, as_json() + as_json(ts="2026-09-01T00:00:00.123456Z") + as_json(ts=1788220800)
    )
    assert reading.flows["start"].to_pylist()[1:] == [reading.flows["start"].to_pylist()[1]] * 2
    assert problems == []


def test_absent_and_null_json_fields_are_null(tmp_path):
    reading, problems = read(tmp_path, as_json(service=..., orig_bytes=None))
    (found,) = reading.flows.to_pylist()
    assert (found["app"], found["src_payload"]) == (None, None)
    assert problems == []


def test_a_damaged_json_line_is_counted_and_the_rest_is_read(tmp_path):
    content = as_json() + b'{"ts": 17882\n' + b"\n" + b"[1]\n" + as_json(id__orig_h="nobody")
    reading, problems = read(tmp_path, content + as_json())
    assert reading.flows.num_rows == 2
    problem = only(problems, "not-json")
    assert problem.count == 2
    assert "line 2" in problem.message
    assert "line 5" in only(problems, "bad-address").message


@pytest.mark.parametrize("value", ["x", -5, 1.5, [1], {"a": 1}, True, 2**70])
def test_a_bad_json_number_costs_its_field_not_its_line(tmp_path, value):
    reading, problems = read(tmp_path, as_json() + as_json(orig_pkts=value))
    assert reading.flows.num_rows == 2
    assert only(problems, "bad-number").count == 1


def test_json_lines_of_other_logs_in_the_stream_are_left_out(tmp_path):
    lines = [as_json(_path="conn"), as_json(_path="weird"), as_json(), as_json(_path="weird")]
    reading, problems = read(tmp_path, b"".join(lines))
    assert reading.flows.num_rows == 2
    problem = only(problems, "other-log")
    assert (problem.count, problem.lost_bytes) == (2, 2 * len(lines[1]))


def test_tunnel_parents_of_json_are_counted(tmp_path):
    _, problems = read(tmp_path, as_json(tunnel_parents=["CAbc"]) + as_json(tunnel_parents=[]))
    assert only(problems, "tunnelled").count == 1


def test_deep_nesting_does_not_break_the_json_reader(tmp_path):
    content = as_json() + b'{"ts":' + b"[" * 100_000 + b"\n" + as_json()
    reading, problems = read(tmp_path, content)
    assert reading.flows.num_rows == 2
    assert only(problems, "not-json").count == 1


def test_a_last_json_line_that_is_cut_is_said(tmp_path):
    reading, problems = read(tmp_path, as_json() + as_json()[:-30])
    assert reading.flows.num_rows == 1
    assert [problem.code for problem in problems] == ["not-json"]


# --- whatever comes ------------------------------------------------------------------------------

CELLS = st.one_of(
    st.sampled_from(
        sorted({*PLAIN.values(), "-", "(empty)", "", "1e9", "::", '"', "#", "\r", "nan"})
    ),
    st.text(max_size=8),
)


@hypothesis_settings(max_examples=150, deadline=None)
@given(tail=st.binary(max_size=400))
def test_random_bytes_behind_a_header_never_break_the_reader(tmp_path_factory, tail):
    folder = tmp_path_factory.mktemp("random")
    reading, _ = read(folder, header().encode() + line().encode() + tail + b"\n" + line().encode())
    assert reading.flows.num_rows >= 1
    read(folder, as_json() + tail + b"\n" + as_json())
    read(folder, gzip.compress(log(line())) + tail)
    read(folder, tail)
    ZeekReader().sniff(tail)


@hypothesis_settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.lists(CELLS, min_size=20, max_size=24), max_size=6))
def test_every_line_is_either_a_flow_or_counted(tmp_path_factory, rows):
    texts = ["\t".join(row).replace("\n", "") for row in rows]
    kept = [text for text in texts if text.strip() and not text.startswith("#")]
    folder = tmp_path_factory.mktemp("rows")
    content = header() + "".join(f"{text}\n" for text in kept) + CLOSE
    reading, problems = read(folder, content.encode("utf-8", "replace"))
    lost = sum(
        problem.count
        for problem in problems
        if problem.code in {"bad-line", "bad-time", "bad-address"}
    )
    assert reading.flows.num_rows + lost == len(kept)

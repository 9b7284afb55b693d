"""TLS sessions of the standard library's own, decrypted by tshark with their keys."""

import ssl

import pyarrow as pa
import pytest

from auditor.model.stream import Chunk, Ended
from auditor.readers.second.decrypted import decrypted
from tests.readers.capture.packets import ABROAD, HOME, SECOND, T0, pcap
from tests.readers.second.captures import needs_tshark
from tests.readers.second.tls_sessions import packets, pcapng, session

SAID = [
    (0, b"POST /khach HTTP/1.1\r\nHost: may.example.vn\r\n\r\n"),
    (1, b"so_cccd,ten\r\n" + "001099012345,Nguyễn An\r\n".encode() * 2000),
    (0, b"\0\1\2" * 10),
]
HTTP2 = [
    (0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\4" + bytes(5)),
    (1, bytes(3) + b"\4" + bytes(5)),
    (0, b"\0\0\x0c\0\1\0\0\0\1001099012345"),
]
OLD, NEW = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def flows(*ports: int, last: int = 100) -> pa.Table:
    moment = pa.timestamp("ns", "UTC")
    count = len(ports)
    return pa.table(
        {
            "flow_id": pa.array(range(1, count + 1), pa.int64()),
            "protocol": pa.array([6] * count, pa.uint8()),
            "src_ip": [HOME] * count,
            "src_port": pa.array(ports, pa.uint16()),
            "dst_ip": [ABROAD] * count,
            "dst_port": pa.array([443] * count, pa.uint16()),
            "start": pa.array([T0] * count, moment),
            "end": pa.array([T0 + last * SECOND] * count, moment),
        }
    )


def plain(path, keys, wanted):
    """By flow what each side said, and the codes of the problems."""
    problems = []
    said = {}
    for each in decrypted(path, keys, wanted, problems.append):
        if isinstance(each, Chunk):
            said.setdefault(each.flow_id, [b"", b""])[each.side] += each.data
        else:
            assert isinstance(each, Ended) and each.flow_id in said
    return said, problems


@needs_tshark
def test_both_versions_come_back_with_a_key_log_whatever_its_name(tmp_path):
    old, new, second = session(SAID, OLD), session(SAID, NEW), session(HTTP2, NEW, ["h2"])
    path, keys = tmp_path / "-r capture;$(x).pcap", tmp_path / "-o khóa 'x\" %s.txt"
    sent = packets(old, port=40001) + packets(new, port=40002) + packets(second, port=40003)
    path.write_bytes(pcap(sorted(sent)))
    keys.write_bytes(
        old.keys + b"rubbish \xff\xfe\n" + new.keys + bytes(5000) + b"\n" + second.keys
    )
    said, problems = plain(path, keys, flows(40001, 40002, 40003))
    assert said == {1: old.plain, 2: new.plain, 3: second.plain}
    assert [problem.code for problem in problems] == ["tls-keys-broken"]
    assert "rubbish" not in str(problems)


@needs_tshark
def test_secrets_within_the_capture_need_no_key_log(tmp_path):
    new, other = session(SAID, NEW), session(SAID, OLD)
    path = tmp_path / "capture.pcapng"
    path.write_bytes(pcapng(packets(new) + packets(other, port=40009), new.keys))
    said, problems = plain(path, None, flows(40000, 40009))
    assert said == {1: new.plain}
    assert [(problem.code, problem.count) for problem in problems] == [("tls-keys-do-not-fit", 1)]


@needs_tshark
def test_flows_that_are_not_wanted_are_left_out(tmp_path):
    new = session(SAID, NEW)
    path, keys = tmp_path / "capture.pcap", tmp_path / "keys"
    path.write_bytes(pcap(packets(new)))
    keys.write_bytes(new.keys)
    said, problems = plain(path, keys, flows(41000))
    assert said == {} and [problem.code for problem in problems] == ["tls-keys-do-not-fit"]


@needs_tshark
def test_a_capture_that_is_cut_is_said_and_what_came_before_it_is_read(tmp_path):
    new = session(SAID, NEW)
    path, keys = tmp_path / "capture.pcap", tmp_path / "keys"
    path.write_bytes(pcap(packets(new))[:-20])
    keys.write_bytes(new.keys)
    said, problems = plain(path, keys, flows(40000))
    assert said[1][1] == new.plain[1]
    assert [problem.code for problem in problems] == ["tls-keys-tshark-failed"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "tls-keys-broken"),
        (b"CLIENT_RANDOM zz yy\n\0\xff" * 50, "tls-keys-broken"),
        (b"x" * 1_000_000, "tls-keys-broken"),
        (None, "tls-keys-unreadable"),
    ],
)
@needs_tshark
def test_a_broken_key_log_is_a_problem_and_nothing_more(tmp_path, content, code):
    path, keys = tmp_path / "capture.pcap", tmp_path / "keys"
    path.write_bytes(pcap([]))
    if content is not None:
        keys.write_bytes(content)
    said, problems = plain(path, keys, flows(40000))
    assert said == {} and [problem.code for problem in problems] == [code]
    assert "CLIENT_RANDOM" not in str(problems)


@needs_tshark
def test_a_key_log_that_is_too_large_is_not_read(tmp_path):
    path, keys = tmp_path / "capture.pcap", tmp_path / "keys"
    path.write_bytes(pcap([]))
    with keys.open("wb") as file:
        file.truncate(100 << 20)
    assert [problem.code for problem in plain(path, keys, flows(40000))[1]] == [
        "tls-keys-too-large"
    ]


@needs_tshark
def test_what_is_no_capture_is_said_by_its_own_name(tmp_path):
    path = tmp_path / "no capture"
    path.write_bytes(b"not a capture at all")
    keys = tmp_path / "keys"
    keys.write_bytes(session(SAID, NEW).keys)
    said, problems = plain(path, keys, flows(40000))
    assert said == {} and problems[0].code == "tls-keys-tshark-failed"
    assert "no capture" in problems[0].message
    assert plain(tmp_path / "absent", keys, flows(40000))[1][0].code == "tls-keys-tshark-failed"


def test_without_tshark_it_is_said(tmp_path, monkeypatch):
    (tmp_path / "capture.pcap").write_bytes(pcap([]))
    monkeypatch.setenv("PATH", str(tmp_path))
    said, problems = plain(tmp_path / "capture.pcap", tmp_path / "keys", flows(40000))
    assert said == {} and [problem.code for problem in problems] == ["tls-keys-without-tshark"]


def test_without_flows_nothing_is_asked_of_anybody(tmp_path):
    assert plain(tmp_path / "none", None, flows()) == ({}, [])

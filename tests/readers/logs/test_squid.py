from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.readers.logs.squid import Squid
from auditor.readers.records.reader import LogReader
from tests.readers.reading import read_files

READER = LogReader(Squid())
LINE = (
    "1790823600.250    250 10.20.1.15 TCP_MISS/200 15240 GET http://a.example.com/x?y=1 - "
    "HIER_DIRECT/139.162.20.30 text/html\n"
)


@pytest.fixture
def read(tmp_path):
    def reading(text):
        path = tmp_path / "access.log"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        [answer], [table], problems, _ = read_files(READER, [path])
        return answer, table.to_pylist(), {problem.code: problem for problem in problems}

    return reading


def test_a_request_that_went_out_is_a_flow(read):
    answer, [flow], problems = read(LINE)
    assert answer.packets == 1
    assert flow["start"].isoformat() == "2026-10-01T03:00:00+00:00"
    assert flow["end"].isoformat() == "2026-10-01T03:00:00.250000+00:00"
    assert (flow["time_basis"], flow["clock"], flow["seen_by"]) == ("recorded", "stated", "squid")
    assert (flow["src_ip"], flow["src_port"], flow["protocol"]) == ("10.20.1.15", None, 6)
    assert (flow["dst_ip"], flow["dst_port"]) == ("139.162.20.30", 80)
    assert (flow["src_bytes"], flow["dst_bytes"], flow["src_payload"]) == (None, None, None)
    assert flow["dst_payload"] == 15240
    assert (flow["host"], flow["host_basis"]) == ("a.example.com", "log")
    assert (flow["app"], flow["encrypted"], flow["blocked"]) == ("http", False, False)
    assert problems == {}


@pytest.mark.parametrize(
    ("url", "host", "port", "app", "encrypted"),
    [
        ("A.Example.com:8443", "a.example.com", 8443, None, None),
        ("https://a.example.com/b", "a.example.com", 443, "http", True),
        ("ftp://user:word@a.example.com/b", "a.example.com", 21, "ftp", False),
        ("http://a.example.com:81", "a.example.com", 81, "http", False),
        ("http://5.9.77.10/", None, 80, "http", False),
        ("http://[2a01:4f8:c0c:1::10]:8080/", None, 8080, "http", False),
        ("http://" + "a" * 300 + "/", None, 80, "http", False),
        ("urn:a:b", None, None, None, None),
        ("http://a.example.com:99999/", "a.example.com", None, "http", False),
        ("http:///nothing", None, None, None, None),
    ],
)
def test_the_url_names_the_server_and_nothing_else_of_it_is_kept(
    url, host, port, app, encrypted, read
):
    _, [flow], _ = read(LINE.replace("http://a.example.com/x?y=1", url))
    assert (flow["host"], flow["dst_port"], flow["app"], flow["encrypted"]) == (
        host, port, app, encrypted,
    )  # fmt: skip
    assert flow["host_basis"] == (None if host is None else "log")
    assert not any("word" in str(value) for value in flow.values())


@pytest.mark.parametrize(
    ("change", "code", "detail"),
    [
        (
            ("HIER_DIRECT/139.162.20.30", "DIRECT/a.example.com"),
            "no-server-address",
            "15,240 bytes",
        ),
        (("HIER_DIRECT/139.162.20.30", "HIER_DIRECT/-"), "no-server-address", "1 server(s)"),
        (("HIER_DIRECT/139.162.20.30", "HIER_NONE/-"), "answered-by-proxy", "15,240 bytes"),
        (("TCP_MISS/200", "UDP_MISS/000"), "answered-by-proxy", "1 server(s)"),
    ],
)
def test_lines_without_a_servers_address_are_counted_not_dropped(change, code, detail, read):
    answer, rows, problems = read(LINE.replace(*change) + LINE)
    assert len(rows) == 1
    assert problems[code].count == 1
    assert detail in problems[code].message
    assert answer.packets == 1


def test_what_was_refused_has_a_flow_where_the_url_has_an_address(read):
    line = LINE.replace("TCP_MISS/200", "TCP_DENIED/403").replace("a.example.com", "5.9.77.10")
    _, [flow], problems = read(line.replace("HIER_DIRECT/139.162.20.30", "HIER_NONE/-"))
    assert (flow["dst_ip"], flow["blocked"], flow["dst_payload"]) == ("5.9.77.10", True, None)
    assert problems["refused"].count == 1


def test_what_was_refused_by_name_is_counted(read):
    line = LINE.replace("TCP_MISS/200", "TCP_DENIED/403")
    _, rows, problems = read(line.replace("HIER_DIRECT/139.162.20.30", "HIER_NONE/-"))
    assert rows == []
    assert "1 server(s)" in problems["refused-unplaced"].message


def test_where_only_the_answer_was_refused_the_request_had_gone_out(read):
    _, [flow], problems = read(LINE.replace("TCP_MISS/200", "TCP_DENIED_REPLY/403"))
    assert (flow["dst_ip"], flow["blocked"], flow["dst_payload"]) == ("139.162.20.30", False, None)
    assert problems == {}


def test_another_proxy_is_the_next_hop_whose_port_is_not_known(read):
    way = LINE.replace("HIER_DIRECT/139.162.20.30", "FIRSTUP_PARENT/10.20.0.9")
    _, [flow], problems = read(way)
    assert (flow["dst_ip"], flow["dst_port"], flow["host"]) == ("10.20.0.9", None, "a.example.com")
    assert problems["other-proxy"].count == 1


def test_a_request_lasts_as_long_as_it_can(read):
    _, rows, problems = read(LINE.replace("   250", "-1") + LINE.replace("   250", "9" * 17))
    assert [(row["end"] - row["start"]).days for row in rows] == [30, 0]
    assert problems == {}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("15240", "x9", "bad-number"),
        ("15240", "-4", "bad-number"),
        ("15240", "9" * 19, "bad-number"),
        ("1790823600.250", "9790823600.250", "bad-time"),
        ("1790823600.250", "nan", "bad-time"),
        ("1790823600.250", "1e300", "bad-time"),
        ("10.20.1.15", "pc-nguyen", "bad-address"),
        ("text/html", "text/html more", "bad-line"),
        (" text/html", "", "bad-line"),
        ("GET", "\0", None),
        ("GET", "\xff", None),
    ],
)
def test_what_cannot_be_is_counted(old, new, code, read):
    _, rows, problems = read(LINE + LINE.replace(old, new, 1))
    assert set(problems) <= {code} - {None} or code in problems
    if code is not None:
        assert problems[code].count == 1
        assert "nguyen" not in problems[code].message
    assert rows[0]["dst_payload"] == 15240


def test_a_long_line_ends_nothing(read):
    _, rows, problems = read(LINE + LINE.replace("/x?y=1", "/" + "x" * 2_000_000) + LINE)
    assert len(rows) >= 2
    assert problems["line-too-long"].count == 1


@pytest.mark.parametrize(
    ("head", "sure"),
    [
        (LINE, True),
        (LINE.strip(), True),
        (LINE.replace(" text/html", ""), False),
        ('10.0.0.1 - - [01/Oct/2026:10:00:00 +0700] "GET / HTTP/1.1" 200 5\n', False),
        ("", False),
        ("1790823600.250\n", False),
        ("1790823600.250 1 " + "x " * 32000, False),
    ],
)
def test_the_first_line_tells_the_format(head, sure):
    assert (READER.sniff(head.encode()) > 0) == sure


@given(st.lists(st.binary(max_size=80), max_size=8))
def test_rubbish_between_lines_costs_no_sound_line(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("rubbish") / "access.log"
    rubbish = [piece.replace(b"\n", b"") for piece in pieces]
    path.write_bytes(LINE.encode() + b"".join(piece + b"\n" + LINE.encode() for piece in rubbish))
    [answer], [table], _, _ = read_files(READER, [path])
    assert answer.packets >= len(table) >= 1 + len(rubbish)

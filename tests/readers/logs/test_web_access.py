from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.errors import InputError
from auditor.readers.logs.web_access import WebAccess
from auditor.readers.reading import Settings
from auditor.readers.records.reader import LogReader
from tests.readers.reading import read_files

READER = LogReader(WebAccess())
COMMON = '113.160.10.7 - - [01/Oct/2026:10:00:00 +0700] "GET /a?ten=Nguyen HTTP/1.1" 200 15240'
COMBINED = COMMON + ' "https://mau.gov.vn/b" "Mozilla/5.0 (X11)"'
SERVER = "203.162.10.33"


@pytest.fixture
def read(tmp_path):
    def reading(text, server=SERVER):
        path = tmp_path / "access.log"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        settings = Settings(log_server=server)
        [answer], [table], problems, _ = read_files(READER, [path], settings)
        return answer, table.to_pylist(), {problem.code: problem for problem in problems}

    return reading


@pytest.mark.parametrize("line", [COMMON, COMBINED], ids=["common", "combined"])
def test_a_request_is_a_flow_from_the_client_to_the_server_that_was_named(line, read):
    answer, [flow], problems = read(line + "\n")
    assert answer.packets == 1
    assert flow["start"].isoformat() == "2026-10-01T03:00:00+00:00"
    assert flow["end"] == flow["start"]
    assert (flow["time_basis"], flow["clock"]) == ("log-time", "stated")
    assert (flow["src_ip"], flow["dst_ip"], flow["protocol"]) == ("113.160.10.7", SERVER, 6)
    assert (flow["src_port"], flow["dst_port"]) == (None, None)
    assert (flow["src_payload"], flow["dst_payload"]) == (None, 15240)
    assert (flow["src_bytes"], flow["dst_bytes"]) == (None, None)
    assert (flow["app"], flow["encrypted"], flow["host"]) == ("http", None, None)
    assert set(problems) == {"one-moment"}
    assert not any("Nguyen" in str(value) for value in flow.values())


def test_without_the_servers_address_nothing_is_invented_but_all_is_counted(read):
    answer, rows, problems = read((COMBINED + "\n") * 3, server="")
    assert (answer.packets, rows) == (0, [])
    problem = problems["no-server-address"]
    assert problem.count == 3
    assert "45,720 bytes in answers, 1 client(s)" in problem.message


def test_an_address_that_is_none_is_refused(read):
    answer, rows, _ = read(COMMON + "\n", server="web1")
    assert isinstance(answer, InputError)
    assert rows == []


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        ("[01/Oct/2026:03:00:00 +0000]", "2026-10-01T03:00:00+00:00"),
        ("[30/Sep/2026:20:30:00 -0630]", "2026-10-01T03:00:00+00:00"),
        ("[29/Feb/2028:00:00:00 +0530]", "2028-02-28T18:30:00+00:00"),
    ],
)
def test_zones_are_obeyed(time, moment, read):
    _, [flow], _ = read(COMMON.replace("[01/Oct/2026:10:00:00 +0700]", time) + "\n")
    assert flow["start"].isoformat() == moment


def test_a_virtual_host_names_the_server_and_its_port(read):
    _, [flow], _ = read("DatDai.mau.gov.vn:8443 " + COMBINED + "\n")
    assert (flow["host"], flow["host_basis"], flow["dst_port"]) == (
        "datdai.mau.gov.vn", "log", 8443,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "sent", "came"),
    [(" 310 15500", 15500, 310), (" 310 15000", 15240, None), (" 7 15500", 15240, None)],
)
def test_two_more_numbers_are_bytes_in_and_out_only_if_they_can_be(more, sent, came, read):
    _, [flow], _ = read(COMBINED + more + "\n")
    assert (flow["dst_payload"], flow["src_payload"]) == (sent, came)


@pytest.mark.parametrize(
    "line",
    [
        COMBINED + " TCP_MISS:HIER_DIRECT",
        COMMON.replace("GET /a", "CONNECT a.example.com:443") + " TCP_TUNNEL:HIER_DIRECT",
    ],
)
def test_a_proxy_that_logs_like_a_server_is_none(line, read):
    _, rows, problems = read(line + "\n" + COMMON + "\n")
    assert len(rows) == 1
    assert problems["proxy-line"].count == 1


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("01/Oct", "31/Feb", "bad-time"),
        ("01/Oct", "01/Okt", "bad-time"),
        ("2026:10", "2026:25", "bad-time"),
        ("113.160.10.7", "113.160.10.700", "bad-address"),
        ("113.160.10.7", "may-cua-nguyen", "bad-line"),
        (" +0700", "", "bad-line"),
        ('HTTP/1.1"', "HTTP/1.1", "bad-line"),
        ("15240", "-15240", "bad-line"),
        ("15240", "9" * 30, None),
        ("15240", "-", None),
        ("GET /a", '\\x16\\x03\\"', None),
        ("GET", "\0", None),
        ("GET", "\xff", None),
    ],
)
def test_what_cannot_be_is_counted(old, new, code, read):
    _, rows, problems = read(COMMON + "\n" + COMMON.replace(old, new, 1) + "\n")
    assert len(rows) == (2 if code is None else 1)
    assert set(problems) - {"one-moment"} == ({code} if code else set())
    assert all("nguyen" not in problem.message for problem in problems.values())


def test_a_size_beyond_any_wire_is_not_known(read):
    _, [flow], _ = read(COMMON.replace("15240", "9" * 30) + "\n")
    assert flow["dst_payload"] is None


@pytest.mark.parametrize("text", [b"", b"\n\n", COMMON.encode()[:40], b"\xff" * 99])
def test_half_a_log_is_no_crash(text, read):
    answer, rows, _ = read(text)
    assert rows == []
    assert answer.content


@pytest.mark.parametrize(
    ("head", "sure"),
    [
        (COMMON + "\n", True),
        (COMBINED + "\n", True),
        (COMBINED, True),
        ("www.mau.gov.vn:443 " + COMBINED + "\n", True),
        ('::1 - - [01/Oct/2026:10:00:00 +0700] "-" 408 -\n', True),
        (
            "1790823600.250    250 10.20.1.15 TCP_MISS/200 15240 GET http://a - HIER_DIRECT/1 t\n",
            False,
        ),
        ("Oct  1 10:00:00 lb1 haproxy[1]: 1.2.3.4:5 [01/Oct/2026:10:00:00.655] a b/c 1\n", False),
        (COMMON[:60], False),
        ("g" * 65536, False),
        ("", False),
    ],
)
def test_the_first_line_tells_the_format(head, sure):
    assert (READER.sniff(head.encode()) > 0) == sure


@given(st.lists(st.text(max_size=60), max_size=8))
def test_rubbish_between_lines_costs_no_sound_line(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("rubbish") / "access.log"
    rubbish = [piece.replace("\n", "").replace("\r", "") for piece in pieces]
    text = COMMON + "\n" + "".join(f"{piece}\n{COMMON}\n" for piece in rubbish)
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    [answer], [table], _, _ = read_files(READER, [path], Settings(log_server=SERVER))
    assert answer.packets == len(table) == 1 + len(rubbish)


def test_empty_lines_are_nothing(read):
    _, rows, problems = read("\n" + COMMON + "\n" + "\r\n\n")
    assert len(rows) == 1
    assert not set(problems) & {"bad-line", "other-message"}

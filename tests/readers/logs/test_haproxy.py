from __future__ import annotations

import pytest

from auditor.readers.logs.haproxy import Haproxy
from auditor.readers.reading import Settings
from auditor.readers.records.reader import LogReader
from tests.readers.reading import read_files

READER = LogReader(Haproxy())
SYSLOG = "Oct  1 10:00:00 lb1 haproxy[14389]: "
HTTP = (
    SYSLOG + "113.160.10.7:33317 [01/Oct/2026:10:00:00.655] cong~ web/web1 10/0/30/69/109 200 2750 "
    '- - ---- 1/1/1/1/0 0/0 {mau.gov.vn} {} "GET /a?ten=Nguyen HTTP/1.1"\n'
)
TCP = (
    SYSLOG + "113.160.10.7:33313 [01/Oct/2026:10:00:00.655] csdl db/pg1 0/0/5007 212000 -- "
    "0/0/0/0/3 0/0\n"
)
SERVER = "203.162.10.5"


@pytest.fixture
def read(tmp_path):
    def reading(text, **settings):
        path = tmp_path / "haproxy.log"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        settings = Settings(**({"log_server": SERVER} | settings))
        [answer], [table], problems, _ = read_files(READER, [path], settings)
        return answer, table.to_pylist(), {problem.code: problem for problem in problems}

    return reading


def test_an_http_line_is_a_flow(read):
    _, [flow], problems = read(HTTP)
    assert flow["start"].isoformat() == "2026-10-01T03:00:00.655000+00:00"
    assert flow["end"].isoformat() == "2026-10-01T03:00:00.764000+00:00"
    assert (flow["time_basis"], flow["clock"]) == ("recorded", "assumed")
    ends = [flow[name] for name in ("src_ip", "src_port", "dst_ip", "dst_port", "protocol")]
    assert ends == ["113.160.10.7", 33317, SERVER, None, 6]
    assert (flow["src_payload"], flow["dst_payload"]) == (None, 2750)
    assert (flow["app"], flow["encrypted"], flow["blocked"]) == ("http", True, False)
    assert "UTC+07:00" in problems["zone-assumed"].message
    assert not any("Nguyen" in str(value) for value in flow.values())


def test_a_tcp_line_is_a_flow_of_whatever_it_carried(read):
    _, [flow], _ = read(TCP, log_zone="-03:30")
    assert flow["start"].isoformat() == "2026-10-01T13:30:00.655000+00:00"
    assert (flow["end"] - flow["start"]).total_seconds() == 5.007
    assert (flow["dst_payload"], flow["app"], flow["encrypted"]) == (212000, None, None)


def test_a_line_written_before_the_end_has_a_plus(read):
    _, [flow], _ = read(HTTP.replace("/109 200 2750", "/+109 200 +2750"))
    assert (flow["dst_payload"], flow["blocked"]) == (2750, False)


def test_what_the_proxy_refused_is_blocked(read):
    line = HTTP.replace("web/web1", "cong/<NOSRV>").replace("----", "PR--")
    _, [flow], problems = read(line.replace("10/0/30/69/109", "0/-1/-1/-1/-1"))
    assert (flow["blocked"], flow["dst_payload"]) == (True, None)
    assert flow["start"] == flow["end"]
    assert problems["refused"].count == 1


def test_a_server_that_was_down_is_no_refusal(read):
    _, [flow], _ = read(HTTP.replace("web/web1", "web/<NOSRV>").replace("----", "SC--"))
    assert (flow["blocked"], flow["dst_payload"]) == (False, 2750)


def test_ipv6_and_other_headers_of_syslog(read):
    plain = HTTP.replace("113.160.10.7", "2a01:4f8:c0c:1::10")
    rfc5424 = plain.replace(SYSLOG, "<134>1 2026-10-01T10:00:06+07:00 lb1 haproxy[14389]: ")
    own = plain.replace(SYSLOG, "<134>1 2026-10-01T10:00:06+07:00 lb1 haproxy 14389 - - ")
    _, rows, problems = read(plain + rfc5424 + own)
    assert READER.sniff(own.encode()) > 0
    assert [row["src_ip"] for row in rows] == ["2a01:4f8:c0c:1::10"] * 3
    assert set(problems) == {"zone-assumed"}


def test_without_the_servers_address_nothing_is_invented_but_all_is_counted(read):
    _, rows, problems = read(HTTP + TCP, log_server="")
    assert rows == []
    assert problems["no-server-address"].count == 2
    assert "214,750 bytes in answers, 1 client(s)" in problems["no-server-address"].message


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (SYSLOG + "Proxy cong started.\n", "other-message"),
        (HTTP[:100] + "\n", "bad-line"),
        (HTTP.replace("01/Oct", "31/Feb"), "bad-time"),
        (HTTP.replace("113.160.10.7", "999.160.10.7"), "bad-address"),
        (HTTP.replace("2750", "x"), "bad-line"),
        (HTTP.replace("33317", "99999"), "bad-number"),
        ("\0\xff\n", "other-message"),
    ],
)
def test_what_cannot_be_is_counted(line, code, read):
    _, rows, problems = read(HTTP + line)
    assert problems[code].count == 1
    assert rows[0]["dst_payload"] == 2750
    assert "Nguyen" not in problems[code].message


@pytest.mark.parametrize("size", [2**63, 10**30])
def test_numbers_beyond_any_count_are_not_known(size, read):
    _, [flow], _ = read(HTTP.replace("2750", str(size)).replace("/109", f"/{size}"))
    assert flow["dst_payload"] is None
    assert flow["end"] >= flow["start"]


@pytest.mark.parametrize(
    ("head", "sure"),
    [
        (HTTP, True),
        (TCP, True),
        (SYSLOG + "Proxy cong started.\n" + TCP, True),
        (SYSLOG + "Proxy cong started.\n", False),
        (HTTP.replace("haproxy", "sshd"), False),
        (SYSLOG + "1 " * 32000, False),
        ("", False),
    ],
)
def test_the_first_lines_tell_the_format(head, sure):
    assert (READER.sniff(head.encode()) > 0) == sure


def test_empty_lines_are_nothing(read):
    _, rows, problems = read("\n" + HTTP + "\r\n\n")
    assert len(rows) == 1
    assert not set(problems) & {"bad-line", "other-message"}

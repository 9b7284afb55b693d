"""PostgreSQL: a real server's conversation (psycopg 3, server 15), and hand-made messages."""

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.postgresql import PostgreSQL
from auditor.inspect.protocols.postgresql_values import text
from tests.inspect.conversing import same_however_cut, survives
from tests.inspect.recorder import RecordedContent, conversed, head

FLOW = head(5432)
REAL = [
    (side, bytes.fromhex(data))
    for side, data in json.loads(Path(__file__).with_name("postgresql_session.json").read_text())
]


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">I", len(body) + 4) + body


def startup(code: int = 0x30000, body: bytes = b"user\0an\0database\0kho\0\0") -> bytes:
    return struct.pack(">II", 8 + len(body), code) + body


def description(*names: str) -> bytes:
    column = struct.pack(">IHIhiH", 0, 0, 25, -1, -1, 0)
    columns = b"".join(name.encode() + b"\0" + column for name in names)
    return message(b"T", struct.pack(">H", len(names)) + columns)


def row(*values: bytes | None) -> bytes:
    body = struct.pack(">H", len(values))
    for value in values:
        body += struct.pack(">i", -1) if value is None else struct.pack(">I", len(value)) + value
    return message(b"D", body)


DONE = message(b"C", b"SELECT 1\0") + message(b"Z", b"I")
BEGUN = [(0, startup()), (1, message(b"R", bytes(4)) + message(b"Z", b"I"))]


def test_a_real_conversation_gives_queries_parameters_rows_and_copies():
    found = same_however_cut(PostgreSQL(), FLOW, REAL)
    parts = [(part.side, part.media_type, part.data.decode()) for part in found.parts]
    assert (
        1,
        "text/csv",
        (
            "id,cccd,ten,sinh,so\r\n"
            '1,001099012345,"Nguyễn ""An"", Hà Nội",1990-01-02,12345.67\r\n'
            "2,001099054321,,1991-03-04,-0.05\r\n"
        ),
    ) in parts
    assert any("id,cccd,ten,sinh,so,t\r\n1,001099012345" in data for _, _, data in parts)
    assert any(
        kind == "text/tab-separated-values" and "10\t001099000000\tTrần Thị Bích" in data
        for side, kind, data in parts
        if side == 0
    )
    assert any(data.startswith("1,001099012345\n") for _, kind, data in parts if kind == "text/csv")
    texts = [(place, data) for _, place, data in found.texts]
    assert ("PostgreSQL query", b"select cccd from khach where cccd=$1") in texts
    assert ("PostgreSQL parameters", b"001099012345") in texts
    assert found.problems == []


def test_binary_rows_are_as_the_text_rows_of_the_same_table():
    found = conversed(PostgreSQL(), FLOW, REAL)
    plain, binary = (part.data.decode().splitlines() for part in found.parts[:2])
    for one, other in zip(plain[1:], binary[1:], strict=True):
        assert other.startswith(one)


def test_passwords_are_passed_over():
    said = [*BEGUN[:1], (0, message(b"p", b"mat khau 123\0")), (0, message(b"Q", b"select 1\0"))]
    found = same_however_cut(PostgreSQL(), FLOW, said)
    assert b"mat khau" not in repr(found.summary).encode()
    assert found.texts[-1] == (0, "PostgreSQL query", b"select 1")


def test_a_granted_request_for_encryption_makes_the_rest_secure():
    said = [
        (0, startup(80877103, b"")),
        (1, b"S"),
        (0, b"\x16\x03\x01\0\x05hello"),
        (1, b"\x16\x03\x03"),
    ]
    found = same_however_cut(PostgreSQL(), FLOW, said)
    assert found.secured and found.texts == [] and found.parts == []
    assert sum(size for _, size, why in found.unread_bytes if why == "encrypted") == 14


def test_a_refused_request_for_encryption_leaves_the_rest_clear():
    said = [(0, startup(80877104, b"")), (1, b"N"), *BEGUN, (0, message(b"Q", b"select 2\0"))]
    found = same_however_cut(PostgreSQL(), FLOW, said)
    assert not found.secured
    assert found.texts[-1] == (0, "PostgreSQL query", b"select 2")


def test_values_that_csv_must_quote_come_back_from_a_csv_reader():
    import csv

    values = ["a,b", 'x"y', "two\r\nlines", "", "Nguyễn"]
    said = [*BEGUN, (1, description(*"abcde") + row(*[v.encode() for v in values]) + DONE)]
    [part] = same_however_cut(PostgreSQL(), FLOW, said).parts
    lines = part.data.decode()
    assert list(csv.reader(lines.splitlines(keepends=True))) == [list("abcde"), values]


def test_lost_rows_do_not_take_the_others_along():
    rows = b"".join(row(b"%012d" % n) for n in range(100))
    content = RecordedContent()
    conversation = PostgreSQL().conversation(FLOW, content)
    for side, data in [*BEGUN, (1, description("cccd") + rows[:1000])]:
        conversation.feed(side, data, 0)
    conversation.feed(1, rows[1200:] + DONE, 200)
    conversation.close()
    data = b"".join(part.data for part in content.parts)
    assert data.count(b"\r\n") >= 85
    assert content.problems[0][0] == "messages-out-of-step"


def test_a_very_long_row_streams_as_it_stands():
    value = b"001099012345 " * 200_000
    said = [*BEGUN, (1, description("a") + row(value) + row(b"short") + DONE)]
    found = conversed(PostgreSQL(), FLOW, said, 65536)
    assert found.summary == conversed(PostgreSQL(), FLOW, said).summary
    assert value in found.parts[0].data or value in found.parts[1].data


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.none() | st.binary(max_size=12), min_size=2, max_size=2), max_size=8),
       st.integers(1, 40))  # fmt: skip
def test_cuts_change_nothing(rows, size):
    said = [*BEGUN, (1, description("a", "b") + b"".join(row(*each) for each in rows) + DONE)]
    assert (
        conversed(PostgreSQL(), FLOW, said, size).summary
        == conversed(PostgreSQL(), FLOW, said).summary
    )


def test_damage_is_survived():
    survives(PostgreSQL(), FLOW, REAL, 60)


@pytest.mark.parametrize(
    ("kind", "raw", "shown"),
    [
        (20, "0000000000000007", b"7"), (21, "fffe", b"-2"), (16, "01", b"t"),
        (1082, "00000000", b"2000-01-01"), (1082, "7fffffff", None), (23, "00", None),
        (1700, "0002000000000002000109c4", b"1.25"), (1700, "0001ffff4000000401f4", b"-0.0500"),
        (1700, "0001000100000000000c", b"120000"), (1700, "0000", None),
        (3802, "017b7d", b"{}"), (9999, "00ff", None), (9999, "61", b"a"),
    ],
)  # fmt: skip
def test_binary_values_are_shown_as_text(kind, raw, shown):
    assert text(kind, bytes.fromhex(raw)) == shown


def test_it_knows_itself_by_the_start_and_by_the_port():
    assert PostgreSQL().sniff(head(6000), (startup(), b"")) == 1.0
    assert PostgreSQL().sniff(head(6000), (startup(80877103, b""), b"N")) == 1.0
    assert 0 < PostgreSQL().sniff(FLOW, (b"", DONE)) < 1
    assert PostgreSQL().sniff(head(6000), (b"", DONE)) == 0
    assert PostgreSQL().sniff(FLOW, (b"GET / HTTP/1.1\r\n", b"")) == 0

"""MySQL: messages by the manual's pages of the client/server protocol; tshark reads the same."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.mysql import MySQL
from tests.inspect.conversing import same_however_cut, survives
from tests.inspect.recorder import RecordedContent, conversed, head

FLOW = head(3306)
BASE = 0x200 | 0x8000 | 8


def packet(number: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([number]) + body


def packets(*bodies: bytes, first: int = 1) -> bytes:
    return b"".join(packet((first + n) % 256, body) for n, body in enumerate(bodies))


def text(value: bytes) -> bytes:
    size = len(value)
    if size < 0xFB:
        return bytes([size]) + value
    return (
        b"\xfc" + struct.pack("<H", size) + value
        if size < 65536
        else (b"\xfd" + size.to_bytes(3, "little") + value)
    )


def column(name: bytes, kind: int = 0xFD, flags: int = 0) -> bytes:
    names = b"".join(map(text, (b"def", b"kho", b"khach", b"khach", name, name)))
    return names + b"\x0c" + struct.pack("<HIBHB", 45, 1020, kind, flags, 0) + b"\0\0"


def greeting() -> bytes:
    flags = BASE | 0x80000
    return packet(
        0,
        b"\x0a8.0.36\0" + struct.pack("<I", 7) + b"12345678\0" + struct.pack("<H", flags & 0xFFFF)
        + b"\x2d\2\0" + struct.pack("<H", flags >> 16) + b"\x15" + bytes(10) + b"123456789012\0"
        + b"caching_sha2_password\0",
    )  # fmt: skip


def login(flags: int = BASE) -> bytes:
    body = (
        struct.pack("<IIB", flags, 1 << 24, 45) + bytes(23) + b"an\0\x14mat-khau-duoc-che-20kho\0"
    )
    return packet(1, body)


OK = b"\0\0\0\2\0\0\0"
EOF = b"\xfe\0\0\2\0"
END = b"\xfe\0\0\2\0\0\0"
BEGUN = [(0, b""), (1, greeting()), (0, login()), (1, packet(2, OK))]
EXECUTED = (
    packet(0, b"\x17" + struct.pack("<IBI", 1, 0, 1) + b"\0\1" + b"\xfd\0\x08\0"
           + text(b"001099012345") + struct.pack("<q", 5))
)  # fmt: skip
BINARY_ROW = (
    b"\0\x20"
    + text(b"Tr\xe1\xba\xa7n B")
    + struct.pack("<q", -5)
    + b"\x04"
    + struct.pack("<HBB", 1990, 1, 2)
)
TALK = [
    *BEGUN,
    (0, packet(0, b"\x03select cccd, ten from khach")),
    (
        1,
        packets(b"\2", column(b"cccd"), column(b"ten"), EOF,
                text(b"001099012345") + text("Nguyễn, An".encode()),
                text(b"001099054321") + b"\xfb", EOF),
    ),
    (0, packet(0, b"\x16insert into khach values (?, ?)")),
    (1, packets(b"\0" + struct.pack("<IHHBH", 1, 0, 2, 0, 0), column(b"?"), column(b"?"), EOF)),
    (0, EXECUTED),
    (
        1,
        packets(b"\4", column(b"ten"), column(b"so", 8), column(b"sinh", 10), column(b"mat", 3),
                EOF, BINARY_ROW, EOF),
    ),
]  # fmt: skip


def test_queries_parameters_and_rows_are_read():
    found = same_however_cut(MySQL(), FLOW, TALK)
    assert [(side, place, data) for side, place, data in found.texts] == [
        (1, "MySQL server", b"8.0.36"),
        (0, "MySQL query", b"select cccd, ten from khach"),
        (0, "MySQL query", b"insert into khach values (?, ?)"),
        (0, "MySQL parameters", b"001099012345\n5"),
    ]
    assert [part.data.decode() for part in found.parts] == [
        'cccd,ten\r\n001099012345,"Nguyễn, An"\r\n001099054321,\r\n',
        "ten,so,sinh,mat\r\nTrần B,-5,1990-01-02,\r\n",
    ]
    assert found.unread_bytes == [] and found.problems == []


def test_passwords_are_passed_over():
    assert b"mat-khau" not in repr(same_however_cut(MySQL(), FLOW, TALK).summary).encode()


def test_servers_that_leave_out_the_packet_after_the_columns_are_read_alike():
    said = [
        *BEGUN,
        (0, packet(0, b"\x03select 1")),
        (1, packets(b"\1", column(b"a"), text(b"001099012345"), b"\xfe\0\0\x0a\0\0\0")
         + packets(b"\1", column(b"b"), END, first=5)),
        (0, packet(0, b"\x03select 2")),
    ]  # fmt: skip
    found = same_however_cut(MySQL(), FLOW, said)
    assert [part.data for part in found.parts] == [b"a\r\n001099012345\r\n", b"b\r\n"]
    assert found.texts[-1][2] == b"select 2"


def test_tls_is_secure_and_compression_is_unread():
    asked = packet(1, struct.pack("<IIB", BASE | 0x800, 1 << 24, 45) + bytes(23))
    said = [(1, greeting()), (0, asked + b"\x16\x03\x01\0\x01x"), (1, b"\x16\x03\x03\0\x01y")]
    found = same_however_cut(MySQL(), FLOW, said)
    assert found.secured and found.summary[2] == {(0, "encrypted"): 6, (1, "encrypted"): 6}
    said = [
        (1, greeting()),
        (0, login(BASE | 0x20)),
        (1, packet(2, OK)),
        (0, b"x" * 20),
        (1, b"y" * 9),
    ]
    found = same_however_cut(MySQL(), FLOW, said)
    assert found.summary[2] == {(0, "unsupported"): 20, (1, "unsupported"): 9}


def test_a_file_that_is_loaded_is_a_part():
    said = [
        *BEGUN,
        (0, packet(0, b"\x03load data local infile 'khach.csv' into table khach")),
        (1, packet(1, b"\xfbkhach.csv")),
        (0, packet(2, b"001099012345,An\n") + packet(3, b"001099054321,Ba\n") + packet(4, b"")),
        (1, packet(5, OK)),
        (0, packet(0, b"\x03select 3")),
    ]
    found = same_however_cut(MySQL(), FLOW, said)
    [part] = found.parts
    assert (part.side, part.filename) == (0, "khach.csv")
    assert part.data == b"001099012345,An\n001099054321,Ba\n"
    assert found.texts[-1][2] == b"select 3"


def test_packets_of_sixteen_megabytes_are_joined():
    query = b"insert into khach values ('" + b"001099012345" * 1_500_000 + b"')"
    first = b"\x03" + query[: 0xFFFFFF - 1]
    said = [
        *BEGUN,
        (0, packet(0, first) + packet(1, query[0xFFFFFF - 1 :]) + packet(0, b"\x03select 4")),
    ]
    found = conversed(MySQL(), FLOW, said, 1 << 16)
    assert [part.data for part in found.parts] == [query]
    assert max(map(len, found.parts[0].pieces)) <= 1 << 16
    assert found.texts[-1][2] == b"select 4"


def test_a_loss_inside_a_row_costs_that_row_alone():
    said = TALK[:4]
    content = RecordedContent()
    conversation = MySQL().conversation(FLOW, content)
    for side, data in [*said, (1, packets(b"\1", column(b"a"), EOF) + packet(4, b"\x0c0010"))][:-1]:
        conversation.feed(side, data, 0)
    conversation.feed(0, packet(0, b"\x03select a"), 0)
    conversation.feed(
        1, packets(b"\1", column(b"a"), EOF) + packet(4, text(b"001099012345"))[:9], 0
    )
    conversation.feed(1, packet(5, text(b"001099054321")) + packet(6, EOF), 8)
    conversation.close()
    assert content.parts[-1].data == b"a\r\n001099054321\r\n"
    assert content.summary[2] == {(1, "missing"): 5}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=6), st.integers(1, 50))
def test_cuts_change_nothing(values, size):
    rows = packets(b"\1", column(b"a"), EOF, *map(text, values), EOF)
    said = [*BEGUN, (0, packet(0, b"\x03select a")), (1, rows)]
    assert conversed(MySQL(), FLOW, said, size).summary == conversed(MySQL(), FLOW, said).summary


def test_damage_is_survived():
    survives(MySQL(), FLOW, TALK)


@pytest.mark.parametrize(
    ("port", "heads", "least", "most"),
    [
        (7000, (b"", greeting()), 0.9, 1), (3306, (TALK[4][1], b""), 0.5, 0.7),
        (7000, (TALK[4][1], b""), 0, 0), (3306, (b"GET / HTTP/1.1\r\n", b""), 0, 0),
    ],
)  # fmt: skip
def test_it_knows_itself(port, heads, least, most):
    assert least <= MySQL().sniff(head(port), heads) <= most

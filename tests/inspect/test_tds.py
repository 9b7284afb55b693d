"""SQL Server: messages by [MS-TDS]; tshark reads the same."""

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.tds import TDS
from tests.inspect.conversing import same_however_cut, survives
from tests.inspect.recorder import RecordedContent, conversed, head

FLOW = head(1433)
VIETNAMESE = struct.pack("<IB", 0x042A, 0)
HEADERS = struct.pack("<IIHQI", 22, 18, 2, 0, 1)


def packets(kind: int, body: bytes, most: int = 4088) -> bytes:
    out = b""
    for number, begin in enumerate(range(0, len(body) or 1, most)):
        piece = body[begin : begin + most]
        last = begin + most >= len(body)
        out += struct.pack(">BBHHBB", kind, last, len(piece) + 8, 0, number % 256, 0) + piece
    return out


def wide(words: str) -> bytes:
    return words.encode("utf-16-le")


def name(words: str) -> bytes:
    return bytes([len(words)]) + wide(words)


def prelogin(encryption: int) -> bytes:
    return b"\0\0\x0b\0\6\1\0\x11\0\1\xff" + b"\x0f\0\7\xd0\0\0" + bytes([encryption])


def columns(*each: tuple[str, bytes]) -> bytes:
    out = b"\x81" + struct.pack("<H", len(each))
    return out + b"".join(struct.pack("<IH", 0, 9) + kind + name(words) for words, kind in each)


def short(value: bytes) -> bytes:
    return struct.pack("<H", len(value)) + value


NVARCHAR = b"\xe7" + struct.pack("<H", 200) + VIETNAMESE
VARCHAR = b"\xa7" + struct.pack("<H", 200) + VIETNAMESE
LONGEST = b"\xe7\xff\xff" + VIETNAMESE
INT, INTN, DATE, DECIMAL = b"\x38", b"\x26\4", b"\x28", b"\x6a\5\x0a\2"
DATETIME, BINARY = b"\x6f\x08", b"\xa5" + struct.pack("<H", 100)
DONE = b"\xfd" + struct.pack("<HHQ", 0x10, 0xC1, 2)
TABLE = columns(("cccd", VARCHAR), ("tên", NVARCHAR), ("id", INT), ("sinh", DATE), ("số", DECIMAL),
                ("lúc", DATETIME), ("ghi chú", LONGEST))  # fmt: skip
ROW = (
    b"\xd1" + short(b"001099012345") + short(wide("Nguyễn, An")) + struct.pack("<i", 7)
    + b"\3" + (726103).to_bytes(3, "little") + b"\5\1" + struct.pack("<I", 1250)
    + b"\x08" + struct.pack("<iI", 32873, 300 * 3600)
    + struct.pack("<QI", 2**64 - 2, 4) + wide("dà") + struct.pack("<I", 2) + wide("i") + bytes(4)
)  # fmt: skip
SPARSE = (
    b"\xd2" + bytes([0b1111010]) + short("Trần".encode("cp1258", "ignore")) + struct.pack("<i", -1)
)
CALL = (
    HEADERS + struct.pack("<HH", 0xFFFF, 10) + b"\0\0" + b"\0\0" + NVARCHAR
    + short(wide("select @1 from khách")) + name("@1") + b"\0" + VARCHAR + short(b"001099012345")
)  # fmt: skip
TALK = [
    (0, packets(0x12, prelogin(2))),
    (1, packets(4, prelogin(2))),
    (0, packets(1, HEADERS + wide("select * from khách"))),
    (1, packets(4, TABLE + ROW + SPARSE + DONE, most=50)),
    (0, packets(3, CALL)),
    (1, packets(4, b"\xab" + short(struct.pack("<iBB", 5701, 1, 0) + struct.pack("<H", 4)
        + wide("xong") + b"\0\0" + struct.pack("<I", 1)) + b"\xfe" + bytes(12))),
]  # fmt: skip


def test_batches_calls_and_rows_are_read():
    found = same_however_cut(TDS(), FLOW, TALK)
    assert [(side, place, data.decode()) for side, place, data in found.texts] == [
        (0, "TDS batch", "select * from khách"),
        (0, "TDS call", "sp_executesql\nselect @1 from khách\n@1 = 001099012345"),
        (1, "TDS message", "xong"),
    ]
    [part] = found.parts
    lines = part.data.decode().split("\r\n")
    assert lines[0] == "cccd,tên,id,sinh,số,lúc,ghi chú"
    assert lines[1] == '001099012345,"Nguyễn, An",7,1989-01-02,12.50,1990-01-02 01:00:00,dài'
    assert lines[2].startswith("Tr") and lines[2].endswith(",,-1,,,,")
    assert found.problems == [] and found.unread_bytes == []


def test_the_login_is_read_without_its_password():
    strings = [
        wide(each) for each in ("may-1", "an", "mật khẩu", "app", "sql", "", "odbc", "", "kho")
    ]
    body, place = bytes(36), 36 + 4 * len(strings)
    for each in strings:
        body += struct.pack("<HH", place, len(each) // 2)
        place += len(each)
    said = [*TALK[:2], (0, packets(0x10, body + b"".join(strings)))]
    found = same_however_cut(TDS(), FLOW, said)
    assert found.texts == [(0, "TDS login", b"may-1\nan\napp\nsql\nkho")]


def test_with_the_login_alone_encrypted_the_rest_is_read():
    record = b"\x17\x03\x03\0\x10" + bytes(16)
    hello = packets(0x12, b"\x16\x03\x01\0\5hello")
    said = [
        (0, packets(0x12, prelogin(0))),
        (1, packets(4, prelogin(0))),
        (0, hello + record),
        *TALK[2:],
    ]
    found = same_however_cut(TDS(), FLOW, said)
    assert not found.secured
    assert found.summary[2] == {(0, "encrypted"): 31}
    assert found.texts[0][2].decode() == "select * from khách"


def test_with_all_encrypted_it_is_secure():
    said = [(0, packets(0x12, prelogin(1))), (1, packets(4, prelogin(1)))]
    said += [(side, b"\x17\x03\x03\0\x10" + bytes(16 + 10 * side)) for side in (0, 1)]
    found = same_however_cut(TDS(), FLOW, said)
    assert found.secured
    assert found.summary[2] == {(0, "encrypted"): 21, (1, "encrypted"): 31}


def test_what_is_not_understood_is_searched_as_it_stands():
    said = [(1, packets(4, TABLE + ROW + b"\x99" + wide("001099012345") + DONE)), *TALK[2:4]]
    found = same_however_cut(TDS(), FLOW, said)
    assert b"001099012345" in found.parts[1].data
    assert found.problems[0][0] == "message-damaged"
    assert len(found.parts) == 3  # the message after it is read again


def test_binary_values_are_counted_as_unread():
    said = [
        (
            1,
            packets(
                4, columns(("a", BINARY), ("b", INTN)) + b"\xd1" + short(bytes(9)) + b"\0" + DONE
            ),
        )
    ]
    found = same_however_cut(TDS(), FLOW, said)
    assert found.parts[0].data == b"a,b\r\n,\r\n"
    assert found.summary[2] == {(1, "unsupported"): 11}


def test_a_bulk_load_gives_rows_of_the_client():
    found = same_however_cut(TDS(), FLOW, [*TALK[:2], (0, packets(7, TABLE + ROW * 3 + DONE))])
    [part] = found.parts
    assert (part.side, part.place, part.data.count(b"001099012345")) == (0, "TDS bulk load", 3)


def test_a_loss_leaves_the_next_message_readable():
    content = RecordedContent()
    conversation = TDS().conversation(FLOW, content)
    answer = packets(4, TABLE + ROW * 30 + DONE)
    conversation.feed(1, answer[:1000], 0)
    conversation.feed(1, answer[1100:], 100)
    conversation.feed(1, TALK[3][1], 0)
    conversation.close()
    assert content.parts[-1].data.startswith("cccd,tên".encode())


def test_a_large_batch_streams():
    query = "insert into khách values (N'001099012345')" * 40_000
    found = conversed(TDS(), FLOW, [*TALK[:2], (0, packets(1, HEADERS + wide(query)))], 1 << 16)
    [part] = found.parts
    assert part.charset == "utf-16-le" and part.data.decode("utf-16-le") == query


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=5), st.integers(1, 60), st.integers(9, 70))
def test_cuts_change_nothing(values, size, most):
    rows = b"".join(b"\xd1" + short(wide(value)) for value in values)
    said = [(1, packets(4, columns(("a", NVARCHAR)) + rows + DONE, most))]
    assert conversed(TDS(), FLOW, said, size).summary == conversed(TDS(), FLOW, said).summary


def test_damage_is_survived():
    survives(TDS(), FLOW, TALK)


def test_it_knows_itself():
    assert TDS().sniff(head(7000), (TALK[0][1], b"")) > 0.9
    assert 0 < TDS().sniff(FLOW, (b"", TALK[3][1])) < 0.9
    assert TDS().sniff(FLOW, (b"GET / HTTP/1.1\r\n", b"")) == 0

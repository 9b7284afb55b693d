"""SMB: messages by [MS-SMB2]; tshark reads the same."""

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.smb import SMB
from tests.inspect.conversing import same_however_cut, survives
from tests.inspect.recorder import RecordedContent, conversed, head

FLOW = head(445)
FILE = bytes(range(1, 17))
ALL_ONES = b"\xff" * 16


def frame(*messages: bytes) -> bytes:
    """Messages in one NetBIOS frame; each tells where the next begins."""
    out = b""
    for place, each in enumerate(messages):
        if place < len(messages) - 1:
            each += bytes(-len(each) % 8)
            each = each[:20] + struct.pack("<I", len(each)) + each[24:]
        out += each
    return b"\0" + len(out).to_bytes(3, "big") + out


def message(command: int, number: int, body: bytes, answer: bool = False, status: int = 0) -> bytes:
    return (
        b"\xfeSMB" + struct.pack("<HHIHHII", 64, 1, status, command, 1, answer, 0)
        + struct.pack("<QIIQ", number, 0, 1, 9) + bytes(16) + body
    )  # fmt: skip


def wide(words: str) -> bytes:
    return words.encode("utf-16-le")


def connect(number: int, path: str) -> bytes:
    return message(3, number, struct.pack("<HHHH", 9, 0, 72, len(wide(path))) + wide(path))


def create(number: int, name: str) -> bytes:
    body = struct.pack("<HBBIQQIIIII", 57, 0, 0, 2, 0, 0, 0x12019F, 0x80, 7, 3, 0)
    return message(5, number, body + struct.pack("<HHII", 120, len(wide(name)), 0, 0) + wide(name))


def created(number: int, file: bytes = FILE, status: int = 0) -> bytes:
    body = struct.pack("<HBBI", 89, 0, 0, 1) + bytes(32) + struct.pack("<QQII", 0, 0, 0x80, 0)
    return message(5, number, body + file + bytes(8), True, status)


def write(number: int, offset: int, data: bytes, file: bytes = FILE) -> bytes:
    body = struct.pack("<HHIQ", 49, 112, len(data), offset) + file + bytes(16)
    return message(9, number, body + data)


def written(number: int) -> bytes:
    return message(9, number, struct.pack("<HHIIHH", 17, 0, 0, 0, 0, 0), True)


def read(number: int, offset: int, size: int, file: bytes = FILE) -> bytes:
    body = struct.pack("<HBBIQ", 49, 80, 0, size, offset) + file + bytes(17)
    return message(8, number, body)


def answered(number: int, data: bytes, status: int = 0) -> bytes:
    return message(
        8, number, struct.pack("<HBBIII", 17, 80, 0, len(data), 0, 0) + data, True, status
    )


def close(number: int, file: bytes = FILE) -> bytes:
    return message(6, number, struct.pack("<HHI", 24, 0, 0) + file)


def closed(number: int) -> bytes:
    return message(6, number, struct.pack("<HHI", 60, 0, 0) + bytes(52), True)


CSV = "so_cccd,ten\n001099012345,Nguyễn An\n".encode()
TALK = [
    (0, frame(connect(1, r"\\may\kho"))),
    (1, frame(message(3, 1, struct.pack("<HBBIII", 16, 1, 0, 0, 0, 0), True))),
    (0, frame(create(2, r"thu muc\khach.csv"))),
    (1, frame(created(2))),
    (0, frame(write(3, 0, CSV)) + frame(write(4, len(CSV), b"001099054321,Ba\n"))),
    (1, frame(written(3)) + frame(written(4))),
    (0, frame(read(5, 0, 100), read(6, 20, 100))),
    (1, frame(answered(5, CSV[:20]), answered(6, CSV[20:]))),
    (0, frame(close(7))),
    (1, frame(closed(7))),
]


def test_files_that_are_written_and_read_are_parts_with_their_name():
    found = same_however_cut(SMB(), FLOW, TALK)
    assert [(side, place, data.decode()) for side, place, data in found.texts] == [
        (0, "SMB share", r"\\may\kho"),
        (0, "SMB file", r"thu muc\khach.csv"),
    ]
    assert [(part.side, part.place, part.filename, part.data) for part in found.parts] == [
        (0, r"SMB write / thu muc\khach.csv", "khach.csv", CSV + b"001099054321,Ba\n"),
        (1, r"SMB read / thu muc\khach.csv", "khach.csv", CSV),
    ]
    assert found.problems == [] and found.unread_bytes == []


def test_a_chain_of_requests_on_the_file_it_opens_itself_is_followed():
    said = [
        (0, frame(create(2, "a.txt"), read(3, 0, 50, ALL_ONES), close(4, ALL_ONES))),
        (1, frame(created(2), answered(3, b"001099012345"), closed(4))),
    ]
    found = same_however_cut(SMB(), FLOW, said)
    assert [(part.place, part.data) for part in found.parts] == [
        ("SMB read / a.txt", b"001099012345")
    ]


def test_answers_out_of_order_go_on_where_they_were():
    said = [
        *TALK[:4],
        (0, frame(*(read(10 + n, 100 * n, 100) for n in range(4)))),
        *[(1, frame(answered(10 + n, bytes([65 + n]) * 100))) for n in (0, 2, 1, 3)],
    ]
    found = same_however_cut(SMB(), FLOW, said)
    assert [part.data for part in found.parts] == [b"A" * 100 + b"B" * 100, b"C" * 100 + b"D" * 100]


def test_what_is_encrypted_packed_or_of_version_one_is_unread():
    said = [(0, frame(kind + b"SMB" + bytes(60))) for kind in (b"\xfd", b"\xfc", b"\xff")]
    found = same_however_cut(SMB(), FLOW, said)
    assert found.summary[2] == {(0, "encrypted"): 64, (0, "unsupported"): 128}
    assert [code for code, _ in found.problems] == ["smb1-not-read"]


def test_a_large_write_streams():
    data = b"001099012345\n" * 600_000
    found = conversed(SMB(), FLOW, [*TALK[:4], (0, frame(write(3, 0, data)))], 1 << 16)
    assert found.parts[0].data == data
    assert max(map(len, found.parts[0].pieces)) <= 1 << 16


def test_a_loss_within_a_write_is_a_gap_and_one_beyond_it_is_overcome():
    sent = frame(write(3, 0, b"x" * 1000)) + frame(write(4, 1000, b"y" * 100))
    content = RecordedContent()
    conversation = SMB().conversation(FLOW, content)
    for side, data in TALK[:4]:
        conversation.feed(side, data, 0)
    conversation.feed(0, sent[:500], 0)
    conversation.feed(0, sent[600:], 100)
    conversation.feed(
        0, frame(write(5, 1100, b"z" * 50))[60:] + frame(write(6, 1100, b"w" * 5)), 60
    )
    conversation.close()
    part = content.parts[0]
    assert part.gaps == [100]
    assert part.data == b"x" * 900 + b"y" * 100 + b"w" * 5


def test_without_names_and_requests_the_bytes_are_read_all_the_same():
    said = [(0, frame(write(3, 0, CSV))), (1, frame(answered(6, CSV)) + frame(answered(7, CSV)))]
    found = same_however_cut(SMB(), FLOW, said)
    assert [(part.place, part.data) for part in found.parts] == [
        ("SMB write", CSV), ("SMB read", CSV + CSV),
    ]  # fmt: skip


def test_many_open_files_are_bounded_and_all_closed():
    said = [
        (side, data)
        for n in range(1500)
        for side, data in (
            (0, frame(create(n, f"{n}.txt"))),
            (1, frame(created(n, struct.pack("<QQ", n, n)))),
            (0, frame(write(n, 0, b"a", struct.pack("<QQ", n, n)))),
        )
    ]
    found = conversed(SMB(), FLOW, said)
    assert len(found.parts) == 1500 and all(part.closed for part in found.parts)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.binary(max_size=40)), max_size=6), st.integers(1, 99)
)
def test_cuts_change_nothing(writes, size):
    said = [*TALK[:4], *((0, frame(write(9, offset, data))) for offset, data in writes)]
    assert conversed(SMB(), FLOW, said, size).summary == conversed(SMB(), FLOW, said).summary


def test_damage_is_survived():
    survives(SMB(), FLOW, TALK)


def test_it_knows_itself():
    assert SMB().sniff(head(7000), (TALK[0][1], b"")) == 1.0
    assert SMB().sniff(head(139), (b"\x81\0\0\x44" + bytes(68), b"")) == 0.9
    assert SMB().sniff(FLOW, (b"GET / HTTP/1.1\r\n", b"")) == 0

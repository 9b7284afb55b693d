"""MongoDB: messages by its manual and BSON by bsonspec.org; tshark reads the same."""

import json
import struct
import zlib

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols import bson
from auditor.inspect.protocols.mongodb import MongoDB
from tests.inspect.conversing import same_however_cut, survives
from tests.inspect.recorder import RecordedContent, conversed, head

FLOW = head(27017)


def document(**fields) -> bytes:
    body = b"".join(element(name.encode(), value) for name, value in fields.items())
    return struct.pack("<I", len(body) + 5) + body + b"\0"


def element(name: bytes, value) -> bytes:
    name += b"\0"
    if isinstance(value, bool):
        return b"\x08" + name + bytes([value])
    if isinstance(value, str):
        return b"\2" + name + struct.pack("<I", len(value.encode()) + 1) + value.encode() + b"\0"
    if isinstance(value, int):
        return b"\x12" + name + struct.pack("<q", value)
    if isinstance(value, float):
        return b"\1" + name + struct.pack("<d", value)
    if isinstance(value, bytes):
        return b"\5" + name + struct.pack("<I", len(value)) + b"\0" + value
    if isinstance(value, list):
        each = {str(place): one for place, one in enumerate(value)}
        return b"\4" + name + document(**each)
    if isinstance(value, dict):
        return b"\3" + name + document(**value)
    return b"\x0a" + name


def message(body: bytes, code: int = 2013, answered: int = 0) -> bytes:
    return struct.pack("<iiii", len(body) + 16, 1, answered, code) + body


def sections(command: bytes, name: bytes = b"", documents: bytes = b"") -> bytes:
    out = bytes(4) + b"\0" + command
    if name:
        out += b"\1" + struct.pack("<I", len(documents) + len(name) + 5) + name + b"\0" + documents
    return out


def packed(body: bytes, method: int, data: bytes, code: int = 2013) -> bytes:
    return message(struct.pack("<iIB", code, len(body), method) + data, 2012)


KHACH = {"cccd": "001099012345", "ten": 'Nguyễn "An"', "tuoi": 30, "anh": None, "so": 1.5}
INSERT = sections(document(insert="khach"), b"documents", document(**KHACH) * 3)
REPLY = sections(document(cursor={"firstBatch": [KHACH, {"a": [True, {}]}], "id": 0}, ok=1.0))
TALK = [
    (0, message(bytes(4) + b"admin.$cmd\0" + bytes(8) + document(isMaster=1), 2004)),
    (1, message(bytes(20) + document(ok=1.0), 1, 1)),
    (0, message(INSERT)),
    (1, message(REPLY, answered=1)),
    (0, message(bytes(4) + b"kho.khach\0" + document(**KHACH), 2002)),
]  # fmt: skip
VALUES = st.text(max_size=20) | st.integers(-(2**63), 2**63 - 1) | st.none()
LINE = b'{"cccd":"001099012345","ten":"Nguy\xe1\xbb\x85n \\"An\\"","tuoi":30,"anh":null,"so":1.5}\n'


def test_documents_are_lines_of_json():
    found = same_however_cut(MongoDB(), FLOW, TALK)
    assert [(part.side, part.place) for part in found.parts] == [
        (0, "MongoDB query"), (1, "MongoDB reply"), (0, "MongoDB command"), (1, "MongoDB reply"),
        (0, "MongoDB insert"),
    ]  # fmt: skip
    assert found.parts[2].data == b'{"insert":"khach"}\n' + LINE * 3
    assert found.parts[4].data == LINE
    assert json.loads(found.parts[3].data)["cursor"]["firstBatch"] == [KHACH, {"a": [True, {}]}]
    assert {part.media_type for part in found.parts} == {"application/x-ndjson"}
    assert found.problems == [] and found.unread_bytes == []


@pytest.mark.parametrize(
    ("method", "pack"), [(0, bytes), (2, zlib.compress), (3, zstandard.ZstdCompressor().compress)]
)
def test_compressed_messages_are_unpacked(method, pack):
    found = same_however_cut(MongoDB(), FLOW, [(0, packed(INSERT, method, pack(INSERT)))])
    assert found.parts[0].data == b'{"insert":"khach"}\n' + LINE * 3


def test_snappy_and_bombs_are_unread():
    bomb = zlib.compress(bytes(50_000_000))
    said = [(0, packed(INSERT, 1, b"x" * 50)), (0, packed(INSERT, 2, bomb)),
            (0, packed(INSERT, 2, b"broken")), (0, message(INSERT))]  # fmt: skip
    found = same_however_cut(MongoDB(), FLOW, said)
    assert found.summary[2][0, "unsupported"] == 50
    assert found.summary[2][0, "damaged"] == 6
    assert found.parts[-1].data.endswith(LINE * 3)


def test_what_proves_passwords_is_left_out():
    said = [
        (0, message(sections(document(saslStart=1, mechanism="PLAIN", payload=b"\0an\0mat-khau")))),
        (0, message(sections(document(saslContinue=1, payload="mat-khau")))),
        (0, message(sections(document(hello=1, speculativeAuthenticate={"payload": "mat-khau"})))),
        (0, message(sections(document(createUser="an", pwd="mat-khau")))),  # noqa: S106
    ]
    found = same_however_cut(MongoDB(), FLOW, said)
    assert b"mat-khau" not in repr(found.summary).encode()
    assert b'"createUser":"an"' in found.parts[-1].data


def test_of_a_large_answer_each_document_is_a_line():
    batch = [KHACH] * 15_000
    body = sections(document(cursor={"nextBatch": batch, "id": 5}, ok=1.0))
    assert len(body) > 1 << 20
    found = conversed(MongoDB(), FLOW, [(1, message(body)), (1, message(REPLY))], 1 << 14)
    assert found.parts[0].data.count(LINE) == 15_000
    assert found.parts[1].data.startswith(b'{"cursor"')
    assert found.unread_bytes == []


def test_damage_within_a_message_leaves_the_next_readable():
    broken = bytearray(message(INSERT))
    broken[60] = 0xFF
    found = same_however_cut(MongoDB(), FLOW, [(0, bytes(broken)), (0, message(INSERT))])
    assert found.parts[-1].data == b'{"insert":"khach"}\n' + LINE * 3


def test_a_loss_between_messages_is_overcome():
    content = RecordedContent()
    conversation = MongoDB().conversation(FLOW, content)
    conversation.feed(0, message(INSERT), 0)
    conversation.feed(0, message(INSERT)[100:] + message(INSERT), 100)
    conversation.close()
    assert content.parts[-1].data == b'{"insert":"khach"}\n' + LINE * 3


def test_deep_nesting_is_refused_without_recursion():
    inner = document()
    for _ in range(200):
        inner = struct.pack("<I", len(inner) + 8) + b"\3a\0" + inner + b"\0"
    with pytest.raises(ValueError, match="nested too deeply"):
        bson.line(inner)


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.text("abcxyz", min_size=1, max_size=5), VALUES, max_size=5),
       st.integers(1, 60))  # fmt: skip
def test_cuts_change_nothing(fields, size):
    said = [(0, message(sections(document(**fields))))]
    found = conversed(MongoDB(), FLOW, said, size)
    assert found.summary == conversed(MongoDB(), FLOW, said).summary
    assert json.loads(found.parts[0].data, strict=False) == fields


def test_damage_is_survived():
    survives(MongoDB(), FLOW, [*TALK, (0, packed(INSERT, 2, zlib.compress(INSERT)))])


def test_it_knows_itself():
    assert MongoDB().sniff(FLOW, (TALK[0][1], b"")) == 0.9
    assert MongoDB().sniff(head(80), (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"")) == 0


def test_a_small_number_alone_is_no_sign_of_it():
    noise = bytes.fromhex("4b450000020601550000039e01000000") + bytes(100)
    assert MongoDB().sniff(head(443), (noise, b"")) == 0

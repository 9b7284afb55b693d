from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.mqtt import Mqtt
from tests.inspect.conversations import alike_for_all_cuts, survives_damage
from tests.inspect.recorder import RecordedContent, conversed, head

MQTT = Mqtt()
PORT = head(1883)


def text(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value


def packet(first: int, body: bytes) -> bytes:
    length, size = b"", len(body)
    while True:
        length += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
        size >>= 7
        if not size:
            return bytes([first]) + length + body


def connect(version: int) -> bytes:
    five = version == 5
    body = text(b"MQTT") + bytes([version, 0b11000110]) + b"\x00\x3c"
    body += (b"\x05\x11\x00\x00\x00\x0a" if five else b"") + text(b"device-7")
    body += (b"\x00" if five else b"") + text(b"last/topic") + text(b"last words")
    return packet(0x10, body + text(b"anna") + text(b"secret"))


def talk(version: int) -> list[tuple[int, bytes]]:
    properties = b"\x02\x01\x01" if version == 5 else b""
    none = b"\x00" if version == 5 else b""
    payload = b'{"cccd":"001090012345"}' * 20
    return [
        (0, connect(version)),
        (1, packet(0x20, b"\x00\x00" + none)),
        (
            0,
            packet(0x82, b"\x00\x01" + none + text(b"a/#") + b"\x00"),
        ),
        (0, packet(0x32, text("kho/lạnh".encode()) + b"\x00\x02" + properties + payload)),
        (1, packet(0x40, b"\x00\x02")),
        (1, packet(0x30, text(b"a/b") + properties + b"on")),
        (0, packet(0x30, text(b"a/c") + properties)),
        (0, b"\xc0\x00\xe0\x00"),
    ]


@pytest.mark.parametrize("version", [4, 5])
def test_what_is_published_becomes_a_part_under_its_topic(version):
    content = alike_for_all_cuts(MQTT, PORT, talk(version))
    assert [(part.side, part.place, part.data) for part in content.parts] == [
        (0, "MQTT message / kho/lạnh", b'{"cccd":"001090012345"}' * 20),
        (1, "MQTT message / a/b", b"on"),
    ]
    said = [data for _, _, data in content.texts]
    assert said[:4] == [b"device-7", b"last/topic", b"last words", b"anna"]
    assert b"a/c" in said
    assert not any(b"secret" in data for data in said)
    assert content.unread_bytes == []


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 60))
def test_a_cut_elsewhere_changes_nothing(size):
    assert conversed(MQTT, PORT, talk(5), size).summary == conversed(MQTT, PORT, talk(5)).summary


def test_missing_bytes_within_a_message_are_told_and_others_end_the_framing():
    content = RecordedContent()
    conversation = MQTT.conversation(PORT, content)
    conversation.feed(0, packet(0x30, text(b"a") + b"0123456789")[:9], 0)
    conversation.feed(0, b"89" + packet(0x30, text(b"b") + b"second"), 4)
    conversation.feed(0, b"anything", 50)
    conversation.close()
    assert [(part.place, part.data, part.gaps) for part in content.parts] == [
        ("MQTT message / a", b"012389", [4]),
        ("MQTT message / b", b"second", []),
        ("MQTT", b"anything", []),
    ]
    assert content.problems[0][0] == "mqtt-lost"


def test_a_length_of_five_bytes_is_searched_as_it_stands():
    content = alike_for_all_cuts(MQTT, PORT, [(0, b"\x30\xff\xff\xff\xff\x01 0123456")])
    assert content.parts[0].data == b"\x30\xff\xff\xff\xff\x01 0123456"


def test_a_huge_message_is_not_held():
    chunks = [(0, b"\x30\xff\xff\xff\x7f" + text(b"t") + b"a" * 200_000)]
    content = conversed(MQTT, PORT, chunks, 9000)
    assert len(content.parts[0].data) == 200_000


@pytest.mark.parametrize(
    ("port", "heads", "least", "most"),
    [
        (17501, (connect(4), b""), 0.9, 1),
        (1883, (packet(0x30, text(b"topic") + b"xx"), b""), 0.5, 0.8),
        (80, (b"\x10\x00", b""), 0, 0),
        (1883, (b"GET / HTTP", b""), 0, 0),
    ],
)
def test_it_is_recognised_by_its_first_packet(port, heads, least, most):
    assert least <= MQTT.sniff(head(port), heads) <= most


def test_damage_neither_fails_nor_hangs():
    survives_damage(MQTT, PORT, talk(4))
    survives_damage(MQTT, PORT, talk(5))

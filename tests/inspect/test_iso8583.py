from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.iso8583 import Iso8583
from auditor.inspect.protocols.iso8583_fields import VERSIONS
from tests.inspect.conversations import alike_for_all_cuts, survives_damage
from tests.inspect.recorder import RecordedContent, conversed, head

ISO = Iso8583()
PORT = head(5000)
VALUES = {
    2: "4111111111111111",
    3: "000000",
    4: "000000150000",
    7: "0901101530",
    11: "123456",
    35: "4111111111111111=29121010000000000",
    41: "TERM0001",
    43: "CUA HANG A            HA NOI          VN",
    52: b"\x99\x88\x77\x66\x55\x44\x33\x22",
    102: "0011001234567",
}


def written(number: int, value, version: str, *, packed: bool, doubled: bool) -> bytes:
    field = VERSIONS[version][number]
    if isinstance(value, bytes):
        return value.hex().upper().encode() if doubled else value
    front = f"{len(value):0{field.length}d}" if field.length else ""
    if not packed:
        return (front + value).encode()
    body = value.encode()
    if field.kind in "nzx":
        digits = value.replace("=", "D") + ("F" if len(value) % 2 and field.length else "")
        body = bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    return bytes.fromhex(front if len(front) % 2 == 0 else "0" + front) + body


def message(kind="0200", values=VALUES, *, packed=False, doubled=True) -> bytes:
    numbers = {1, *values} if max(values) > 64 else set(values)
    bits = sum(1 << (128 - number) for number in numbers)
    bitmap = bits.to_bytes(16, "big")[: 16 if 1 in numbers else 8]
    fields = b"".join(
        written(number, values[number], kind[0], packed=packed, doubled=doubled)
        for number in sorted(values)
    )
    front = bytes.fromhex(kind) if packed else kind.encode()
    return front + (bitmap.hex().upper().encode() if doubled else bitmap) + fields


def binary(body: bytes) -> bytes:
    return len(body).to_bytes(2, "big") + body


FRAMES = {
    "length of two bytes, characters": binary(message()),
    "length of two bytes, characters, packed bitmap": binary(message(doubled=False)),
    "length of two bytes, TPDU, packed digits": binary(
        b"\x60\x00\x01\x00\x00" + message(packed=True, doubled=False)
    ),
    "length of four digits": b"%04d" % len(message()) + message(),
    "a header of twelve characters": binary(b"ISO015000055" + message()),
}


@pytest.mark.parametrize("framed", FRAMES.values(), ids=FRAMES.keys())
def test_messages_become_a_line_per_field(framed):
    assert ISO.sniff(PORT, (framed[:120], b"")) == 0.9
    assert ISO.sniff(PORT, (b"", framed * 2)) == 0.9
    content = alike_for_all_cuts(ISO, PORT, [(0, framed * 3), (1, framed)])
    assert len(content.texts) == 4
    lines = content.texts[0][2].decode().splitlines()
    assert lines == [
        "ISO 8583 message 0200",
        "số thẻ (primary account number): 4111111111111111",
        "field 3: 000000",
        "số tiền (amount): 000000150000",
        "field 7: 0901101530",
        "field 11: 123456",
        "thẻ từ (track 2): 4111111111111111=29121010000000000",
        "terminal: TERM0001",
        "merchant name and location: CUA HANG A            HA NOI          VN",
        "số tài khoản (account identification 1): 0011001234567",
    ]
    assert content.unread_bytes == []


def test_the_version_of_1993_has_its_own_fields():
    values = {
        2: "4111111111111111", 11: "123456", 12: "260901101530", 22: "A10101A10101", 43: "SHOP A",
    }  # fmt: skip
    framed = binary(message("1100", values))
    content = alike_for_all_cuts(ISO, PORT, [(0, framed)])
    assert "merchant name and location: SHOP A" in content.texts[0][2].decode()
    assert "field 12: 260901101530" in content.texts[0][2].decode()


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 60))
def test_a_cut_elsewhere_changes_nothing(size):
    framed = FRAMES["length of two bytes, TPDU, packed digits"] * 2
    whole = conversed(ISO, PORT, [(0, framed)])
    assert conversed(ISO, PORT, [(0, framed)], size).summary == whole.summary


def test_what_does_not_parse_is_unread_and_the_next_message_is_read():
    good = FRAMES["length of two bytes, characters"]
    odd = binary(message()[:-3] + b"\x00\x01\x02")
    junk = binary(b"x" * 40)
    content = alike_for_all_cuts(ISO, PORT, [(0, good + odd + junk + b"\x00\x00" + good)])
    assert len(content.texts) == 3
    assert b"4111111111111111" in content.texts[1][2]
    assert content.summary[2] == {(0, "damaged"): 15 + 42}


def test_missing_bytes_make_the_rest_unread():
    good = FRAMES["length of two bytes, characters"]
    content = RecordedContent()
    conversation = ISO.conversation(PORT, content)
    conversation.feed(0, good + good[:10], 0)
    conversation.feed(0, good, 33)
    conversation.close()
    assert len(content.texts) == 1
    assert content.summary[2] == {(0, "damaged"): 10 + len(good)}
    assert content.problems[0][0] == "iso8583-lost"


def test_other_traffic_is_not_taken_for_it():
    chance = random.Random(8)
    for _ in range(2000):
        size = chance.randrange(20, 80)
        data = chance.randbytes(size)
        digits = b"%04d0200" % size + bytes(chance.choice(b"0123456789") for _ in range(size))
        framed = binary(b"0200" + data)
        for wild in (data, digits, framed):
            assert ISO.sniff(PORT, (wild, b"")) == 0
    assert ISO.sniff(PORT, (b"GET / HTTP/1.1\r\nHost: example.com\r\n", b"HTTP/1.1 200 OK")) == 0


def test_damage_neither_fails_nor_hangs():
    for framed in FRAMES.values():
        survives_damage(ISO, PORT, [(0, framed), (1, framed), (0, framed)], rounds=20)

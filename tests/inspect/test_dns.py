from __future__ import annotations

import base64
import random
import struct

import pytest

from auditor.inspect.contracts import FlowHead
from auditor.inspect.protocols.dns import Dns, hidden, parent
from tests.inspect.conversations import alike_for_all_cuts, survives_damage
from tests.inspect.recorder import RecordedContent, head

DNS = Dns()
UDP = head(53, protocol=17)
TCP = head(53)


def wire(name: str) -> bytes:
    labels = [label.encode() for label in name.split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def query(name: str, kind: int = 1) -> bytes:
    return struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + wire(name) + struct.pack(">2H", kind, 1)


def answer(name: str, kind: int, *bodies: bytes) -> bytes:
    head = struct.pack(">6H", 7, 0x8180, 1, len(bodies), 0, 0)
    records = b"".join(
        b"\xc0\x0c" + struct.pack(">2HIH", kind, 1, 60, len(body)) + body for body in bodies
    )
    return head + wire(name) + struct.pack(">2H", kind, 1) + records


def read(*messages: bytes) -> RecordedContent:
    content = RecordedContent()
    conversation = DNS.conversation(UDP, content)
    for message in messages:
        conversation.feed(0, message, 0)
    conversation.close()
    return content


def packed(alphabet: str, chance: random.Random, size: int = 40) -> str:
    data = chance.randbytes(size)
    if alphabet == "hex":
        return data.hex()[:size]
    if alphabet == "base32":
        return base64.b32encode(data).decode().lower()[:size]
    return base64.urlsafe_b64encode(data).decode()[:size]


def test_ordinary_names_leave_nothing_but_count_as_read():
    content = read(query("www.example.com"), answer("www.example.com", 1, b"\x7f\0\0\1"))
    assert content.summary == RecordedContent().summary


def test_answers_with_free_text_become_texts():
    content = read(answer("a.example.com", 16, b"\x05hello\x06 world", b"\x03abc"))
    assert content.texts == [
        (0, "DNS TXT answer", b"hello world"),
        (0, "DNS TXT answer", b"abc"),
    ]
    assert read(answer("a.example.com", 10, b"\x02raw")).texts == [
        (0, "DNS NULL answer", b"\x02raw")
    ]


@pytest.mark.parametrize("alphabet", ["hex", "base32", "base64"])
def test_random_labels_are_counted_under_the_registered_name(alphabet):
    chance = random.Random(8)
    labels = [packed(alphabet, chance) for _ in range(200)]
    content = read(*(query(f"{label}.t.example.com.vn") for label in labels))
    assert len(content.coverts) >= 180
    assert {place for _, place, _, _ in content.coverts} == {"DNS queries under example.com.vn"}
    assert {size for _, _, size, _ in content.coverts} == {40}
    assert len({distinct for *_, distinct in content.coverts}) == len(content.coverts)


def test_bytes_that_names_do_not_have_are_counted():
    chance = random.Random(8)
    labels = [bytes(chance.randrange(128, 256) for _ in range(60)), b"example", b"com"]
    assert hidden(labels) == labels[0]


@pytest.mark.parametrize(
    "name",
    [
        "www.example.com",
        "1.2.0.192.in-addr.arpa",
        "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
        "internal-a1b2c3d4e5f60718293a4b5c6d7e8f90-1234567890.us-east-1.elb.amazonaws.com",
        "d41d8cd98f00b204e9800998ecf8427e0011223344.avqs.mcafee.com",
        "0011223344556677889900112233445566778899aabb.0.a.sophosxl.net",
        "selector1-example-com0i._domainkey.example.onmicrosoft.com",
        "r3---sn-4g5e6nzz0123456789abcdefghij.googlevideo.com",
        "wd-prod-cp-eu-north-2-fe.northeurope.cloudapp.azure.com",
        "this-is-a-rather-long-name-of-a-shop-in-2026.example.com",
        "thisisaratherlongnameofashopwithoutanyhyphens.example.com",
        "xn--bch-hng-thnh-ph-h-ch-minh-2kc3g6f.example.vn",
        "_acme-challenge.www.example.com",
        "_0123456789abcdef0123456789abcdef.shop.example.com",
        "e1234.dscx.akamaiedge.net",
        "outlook-namnortheast3.office365.com",
        "llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch.co.uk",
    ],
)
def test_names_that_only_look_strange_are_ordinary(name):
    assert hidden([label.encode() for label in name.split(".")]) == b""


def test_a_registered_name_has_three_labels_where_the_second_is_shared():
    assert parent([b"a", b"b", b"Example", b"COM"]) == b"example.com"
    assert parent([b"a", b"b", b"example", b"com", b"vn"]) == b"example.com.vn"
    assert parent([b"a", b"example", b"vn"]) == b"example.vn"


def test_messages_over_tcp_are_read_wherever_they_are_cut():
    messages = [query("www.example.com"), query(packed("hex", random.Random(8)) + ".x.example.com")]
    sent = b"".join(struct.pack(">H", len(message)) + message for message in messages)
    reply = answer("a.example.com", 16, b"\x05hello")
    chunks = [(0, sent), (1, struct.pack(">H", len(reply)) + reply + b"\x00")]
    content = alike_for_all_cuts(DNS, TCP, chunks)
    assert len(content.coverts) == 1
    assert content.texts == [(1, "DNS TXT answer", b"hello")]
    assert content.summary[2] == {(1, "damaged"): 1}


@pytest.mark.parametrize(
    "name", [b"\xc0\x0c", b"\xc0\xff", b"\x01a\xc0\x0c", b"\x80abc", b"\x3fab", b"\x01a" * 200]
)
def test_names_that_loop_or_run_over_are_damaged(name):
    message = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + name + b"\x00\x01\x00\x01"
    content = read(message)
    assert content.summary[2] == {(0, "damaged"): len(message) - 12}


def test_what_is_missing_from_a_stream_makes_its_rest_unread():
    content = RecordedContent()
    conversation = DNS.conversation(TCP, content)
    conversation.feed(0, b"\x00\x99ab", 0)
    conversation.feed(0, b"cdef", 9)
    conversation.close()
    assert content.summary[2] == {(0, "damaged"): 8}


def test_damage_neither_fails_nor_hangs():
    messages = [query("www.example.com"), answer("a.example.com", 16, b"\x05hello", b"\x03abc")]
    survives_damage(DNS, UDP, [(0, message) for message in messages] * 5)
    stream = b"".join(struct.pack(">H", len(message)) + message for message in messages)
    survives_damage(DNS, TCP, [(0, stream), (1, stream)] * 3)


def test_it_is_recognised_by_port_and_header():
    assert DNS.sniff(UDP, (query("a.vn"), b"")) == 0.9
    assert DNS.sniff(head(4444, protocol=17), (query("a.vn"), b"")) == 0
    assert DNS.sniff(FlowHead(1, 17, 5353, 5353, None, None), (b"\xff" * 20, b"")) == 0

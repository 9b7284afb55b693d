import pytest

from auditor.readers.second.names import Heads, stream_said
from auditor.readers.second.packets import Packet, host_name
from tests.readers.capture.packets import ABROAD, HOME, client_hello

POST = b"POST /a HTTP/1.1\r\nContent-Type: x\r\nHOST: Www.Example.VN:8080 \r\n\r\nhost: no.vn\r\n"


def packet(sequence: int, data: bytes) -> Packet:
    return Packet(
        0, HOME, ABROAD, 6, 40 + len(data), 20 + len(data), (40000, 443), 24,
        sequence=sequence % 2**32, payload=data,
    )  # fmt: skip


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_a_hello_in_three_segments_gives_its_name_in_any_order(order):
    hello = client_hello("kho.example.vn")
    parts = [(0, hello[:30]), (30, hello[30:50]), (50, hello[50:])]
    heads = Heads()
    said = [heads.said(packet(2**32 - 20 + parts[i][0], parts[i][1])) for i in order]
    assert said[-1] is not None
    assert (said[-1].host, said[-1].basis, said[-1].client) == (
        "kho.example.vn", "tls-sni", "source",
    )  # fmt: skip


def test_a_hello_in_two_records_gives_its_name():
    hello = client_hello("kho.example.vn")
    body = hello[5:]
    two = b"".join(
        b"\x16\x03\x01" + len(part).to_bytes(2, "big") + part for part in (body[:45], body[45:])
    )
    assert stream_said(two)[0].host == "kho.example.vn"


def test_a_hello_after_a_greeting_of_another_protocol_is_found():
    heads = Heads()
    assert heads.said(packet(1, b"EHLO example.vn\r\nSTARTTLS\r\n")) is None
    assert heads.said(packet(100, client_hello("mail.example.vn"))).host == "mail.example.vn"


@pytest.mark.parametrize("cut", range(0, 120, 3))
def test_a_cut_hello_says_no_wrong_name(cut):
    said, _ = stream_said(client_hello("kho.example.vn")[:cut])
    assert said is None or said.host in (None, "kho.example.vn")


def test_a_host_header_is_read_whatever_its_case_and_only_in_the_head():
    said, complete = stream_said(POST)
    assert (said.host, said.basis, complete) == ("www.example.vn", "http-host", True)
    assert stream_said(b"GET http://a.vn/x HTTP/1.1\r\n\r\n")[0].host == "a.vn"
    assert stream_said(b"GET / HTTP/1.1\r\n\r\nHost: no.vn\r\n")[0].host is None


def test_a_reply_makes_the_other_end_the_client():
    assert stream_said(b"HTTP/1.1 200 OK\r\n")[0].client == "target"
    assert stream_said(b"\x16\x03\x03\x00\x31\x02\x00")[0].client == "target"


@pytest.mark.parametrize(
    ("text", "name"),
    [("A.vn.", "a.vn"), ("a.vn:8443", "a.vn"), ("[::1]:80", "[::1]:80"), ("", None),
     ("a b", None), ("x" * 256, None), ("\x1b[31m", None)],
)  # fmt: skip
def test_only_what_can_be_a_name_is_one(text, name):
    assert host_name(text) == name

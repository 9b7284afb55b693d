"""The first payload bytes: application, server name, encryption, roles."""

import struct
from itertools import pairwise

import pytest

from auditor.readers.reading import Settings
from tests.readers.capture.packets import (
    ABROAD,
    ACK,
    HOME,
    PSH,
    SECOND,
    T0,
    client_hello,
    dns,
    ether,
    handshake,
    ip4,
    pcap,
    read,
    rows,
    segment,
    tcp,
    udp,
)  # fmt: skip


def told(tmp_path, data, *, back=False, dport=443):
    start = 5001 if back else 1001
    packets = [
        *handshake(T0, dport=dport),
        segment(T0 + SECOND, start, data, back=back, dport=dport),
    ]
    reading, _ = read(tmp_path / "a.pcap", pcap(packets))
    [row] = rows(reading)
    return row


def test_sni_is_the_host_of_a_tls_flow(tmp_path):
    row = told(tmp_path, client_hello("S3.Example.COM"))
    assert (row["app"], row["host"], row["host_basis"]) == ("tls", "s3.example.com", "tls-sni")
    assert (row["encrypted"], row["ech"]) == (True, False)


def test_ech_is_seen(tmp_path):
    row = told(tmp_path, client_hello("cover.example", ech=True))
    assert (row["host"], row["host_basis"], row["ech"]) == ("cover.example", "ech-outer", True)


def test_dns_tells_a_name_from_its_cover(tmp_path):
    def asked(name):
        answer = dns(name, (ABROAD,), reply=True)
        return [
            (T0 - SECOND, ether(ip4(HOME, "203.0.113.53", 17, udp(4000, 53, dns(name))))),
            (T0 - SECOND // 2, ether(ip4("203.0.113.53", HOME, 17, udp(53, 4000, answer)))),
        ]

    said = segment(T0 + SECOND, 1001, client_hello("cover.example", ech=True))
    for name, basis in (("cover.example", "tls-sni"), ("real.example", "dns-answer")):
        reading, _ = read(tmp_path / "a.pcap", pcap([*asked(name), *handshake(T0), said]))
        [row] = [row for row in rows(reading) if row["dst_port"] == 443]
        assert (row["host"], row["host_basis"], row["ech"]) == (name, basis, True)


def test_tls_without_a_name_has_no_host(tmp_path):
    row = told(tmp_path, client_hello(None))
    assert (row["app"], row["host"], row["host_basis"]) == ("tls", None, None)


@pytest.mark.parametrize("size", range(1, len(client_hello("abcdefgh.example"))))
def test_a_hello_cut_anywhere_never_gives_a_wrong_name(tmp_path, size):
    row = told(tmp_path, client_hello("abcdefgh.example")[:size])
    assert row["host"] in (None, "abcdefgh.example")


@pytest.mark.parametrize("name", ["a b.example", "x<script>.example", "é.example", "a/b", "a\x00b"])
def test_names_that_no_host_can_have_are_not_taken(tmp_path, name):
    assert told(tmp_path, client_hello(name))["host"] is None


def test_application_data_midstream_is_tls(tmp_path):
    row = told(tmp_path, b"\x17\x03\x03\x01\x00" + bytes(256))
    assert (row["app"], row["encrypted"]) == ("tls", True)


@pytest.mark.parametrize(
    ("request_text", "host"),
    [
        (b"GET / HTTP/1.1\r\nHost: upload.example\r\n\r\n", "upload.example"),
        (
            b"POST /a HTTP/1.1\r\nAccept: */*\r\nhOsT:   Upload.Example:8080\r\n\r\n",
            "upload.example",
        ),
        (b"GET http://proxy.example/x HTTP/1.1\r\nHost: other.example\r\n\r\n", "proxy.example"),
        (b"GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n", "[2001:db8::1]:80"),
        (b"GET / HTTP/1.0\r\n\r\nHost: body.example\r\n", None),
        (b"GET / HTTP/1.1\r\nHost: cut.exam", None),
    ],
)
def test_http_host(tmp_path, request_text, host):
    row = told(tmp_path, request_text, dport=80)
    assert (row["app"], row["host"], row["encrypted"]) == ("http", host, False)


def test_a_dns_flow_is_named_by_what_it_asked(tmp_path):
    data = ether(ip4(HOME, ABROAD, 17, udp(5000, 53, dns("s3.example"))))
    reading, _ = read(tmp_path / "a.pcap", pcap([(T0, data)]))
    [row] = rows(reading)
    assert (row["app"], row["host"], row["host_basis"]) == ("dns", "s3.example", "dns-query")
    assert row["encrypted"] is False


def test_a_dns_answer_names_the_address_for_later_flows_of_the_asker_and_others(tmp_path):
    answer = dns("store.example", (ABROAD,), reply=True)
    reply = ether(ip4("203.162.4.191", HOME, 17, udp(53, 5000, answer)))
    packets = [
        (T0, reply),
        *handshake(T0 + SECOND),
        *handshake(T0 + SECOND, client="203.162.10.9"),
        *handshake(T0 + 2 * 3600 * SECOND, sport=41000),
    ]
    reading, _ = read(tmp_path / "a.pcap", pcap(packets))
    named = {(r["src_ip"], r["src_port"]): (r["host"], r["host_basis"]) for r in rows(reading)}
    assert named[(HOME, 40000)] == ("store.example", "dns-answer")
    assert named[("203.162.10.9", 40000)] == ("store.example", "dns-answer")
    assert named[(HOME, 41000)] == (None, None)  # an hour is the limit


def test_the_name_in_the_handshake_beats_the_dns_answer(tmp_path):
    answer = ether(ip4("9.9.9.9", HOME, 17, udp(53, 5000, dns("a.example", (ABROAD,), reply=True))))
    packets = [
        (T0, answer),
        *handshake(T0 + SECOND),
        segment(T0 + 2 * SECOND, 1001, client_hello("b.example")),
    ]
    reading, _ = read(tmp_path / "a.pcap", pcap(packets))
    assert [r["host"] for r in rows(reading) if r["protocol"] == 6] == ["b.example"]


def test_dns_over_tcp(tmp_path):
    message = dns("tcp.example")
    row = told(tmp_path, struct.pack(">H", len(message)) + message, dport=53)
    assert (row["app"], row["host"]) == ("dns", "tcp.example")


@pytest.mark.parametrize("size", range(12, 60))
def test_dns_with_pointer_loops_and_cuts_is_survived(tmp_path, size):
    looped = struct.pack(">HHHHHH", 1, 0x8180, 1, 300, 0, 0) + b"\xc0\x0c" * 40
    data = ether(ip4(ABROAD, HOME, 17, udp(53, 5000, looped[:size])))
    reading, _ = read(tmp_path / "a.pcap", pcap([(T0, data)]))
    assert rows(reading)[0]["host"] is None


@pytest.mark.parametrize(
    ("data", "port", "app", "encrypted", "back"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", 22, "ssh", True, True),
        (b"220 mail.example ESMTP\r\n", 25, "smtp", False, True),
        (b"220 ftp.example\r\n", 21, "ftp", False, True),
        (b"* OK IMAP4\r\n", 143, "imap", False, True),
        (b"+OK POP3\r\n", 110, "pop3", False, True),
        (struct.pack(">II", 16, 196608) + b"user\0a\0\0", 5432, "postgresql", False, False),
        (struct.pack(">II", 8, 80877103), 5432, "postgresql", None, False),
        (b"\x2d\0\0\0\x0a8.0.36-commercial-edition-x\0" + bytes(16), 3306, "mysql", False, True),
    ],
)
def test_greetings(tmp_path, data, port, app, encrypted, back):
    row = told(tmp_path, data, dport=port, back=back)
    assert (row["app"], row["encrypted"]) == (app, encrypted)


def test_starttls_turns_clear_into_encrypted(tmp_path):
    packets = [
        *handshake(T0, dport=25),
        segment(T0 + SECOND, 5001, b"220 mail.example ESMTP\r\n", back=True, dport=25),
        segment(T0 + 2 * SECOND, 1001, client_hello("mail.example"), dport=25),
    ]
    reading, _ = read(tmp_path / "a.pcap", pcap(packets))
    [row] = rows(reading)
    assert (row["app"], row["encrypted"], row["host"]) == ("smtp", True, "mail.example")


def test_random_bytes_are_nothing(tmp_path):
    row = told(tmp_path, bytes(range(130, 230)))
    assert (row["app"], row["encrypted"], row["host"]) == (None, None, None)


def test_many_names_do_not_mix(tmp_path):
    packets = []
    for i in range(20_000):
        data = udp(1024 + i % 60000, 53, dns(f"n{i}.example"))
        packets.append((T0 + i, ether(ip4(f"10.0.{i >> 8 & 255}.{i & 255}", ABROAD, 17, data))))
    reading, _ = read(tmp_path / "a.pcap", pcap(packets, nano=True))
    assert sorted(reading.flows["host"].to_pylist()) == sorted(
        f"n{i}.example" for i in range(20_000)
    )


def test_reply_before_request_still_tells_the_client(tmp_path):
    reply = ether(ip4(ABROAD, HOME, 17, udp(53, 53, dns("a.example", reply=True))))
    reading, _ = read(tmp_path / "a.pcap", pcap([(T0, reply)]))
    [row] = rows(reading)
    assert (row["src_ip"], row["initiator_basis"]) == (HOME, "role")


def test_http_reply_alone_tells_the_server(tmp_path):
    reply = b"HTTP/1.1 200 OK\r\n\r\n"
    data = ether(ip4(ABROAD, HOME, 6, tcp(40000, 39999, 1, ACK | PSH, reply)))
    reading, _ = read(tmp_path / "a.pcap", pcap([(T0, data)]))
    [row] = rows(reading)
    assert (row["src_ip"], row["initiator_basis"]) == (HOME, "role")


LONG = client_hello("spread.example" + ".example" * 30)


def cut(data, *places):
    ends = (0, *places, len(data))
    return [(1001 + start, data[start:end]) for start, end in pairwise(ends)]


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 0, 1), (2, 1, 0), (1, 2, 0)])
def test_a_hello_over_several_segments_is_read_whatever_their_order(tmp_path, order):
    pieces = cut(LONG, 60, 200)
    packets = [segment(T0 + SECOND + i, *pieces[at]) for i, at in enumerate(order)]
    reading, _ = read(tmp_path / "a.pcap", pcap([*handshake(T0), *packets], nano=True))
    [row] = rows(reading)
    assert row["host"] == "spread.example" + ".example" * 30
    assert (row["host_basis"], row["ja4"][:4]) == ("tls-sni", "t13d")
    assert (row["src_payload"], row["dst_payload"]) == (len(LONG), 0)


def test_a_hello_over_several_records_is_read(tmp_path):
    message = LONG[5:]
    records = b"".join(
        b"\x16\x03\x01" + struct.pack(">H", len(part)) + part
        for part in (message[:100], message[100:101], message[101:])
    )
    assert told(tmp_path, records)["host"] == "spread.example" + ".example" * 30


def test_a_host_header_in_a_later_segment_is_found(tmp_path):
    request = b"GET /" + b"a" * 900 + b" HTTP/1.1\r\nAccept: */*\r\nHost: late.example:8080\r\n\r\n"
    packets = [segment(T0 + SECOND + i, *part) for i, part in enumerate(cut(request, 500, 960))]
    reading, _ = read(tmp_path / "a.pcap", pcap([*handshake(T0, dport=443), *packets], nano=True))
    [row] = rows(reading)
    assert (row["app"], row["host"], row["host_basis"]) == ("http", "late.example", "http-host")


def test_an_absolute_uri_comes_before_the_host_header(tmp_path):
    row = told(tmp_path, b"GET http://real.example/x HTTP/1.1\r\nHost: proxy.example\r\n\r\n")
    assert row["host"] == "real.example"


def test_a_clear_text_http2_request_has_a_host(tmp_path):
    headers = b"\x82\x86\x84\x41\x0bh2c.example"  # GET, http, /, :authority
    frames = b"\0\0\0\x04\0\0\0\0\0" + bytes([0, 0, len(headers), 1, 4, 0, 0, 0, 1]) + headers
    row = told(tmp_path, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frames)
    assert (row["app"], row["host"], row["host_basis"]) == ("http2", "h2c.example", "http-host")


def test_a_name_given_to_the_end_that_asks_is_not_the_servers(tmp_path):
    answer = dns("client.example", (HOME,), reply=True)
    named = [
        (T0, ether(ip4(ABROAD, "203.0.113.53", 17, udp(4000, 53, dns("client.example"))))),
        (T0 + 1000, ether(ip4("203.0.113.53", ABROAD, 17, udp(53, 4000, answer)))),
    ]
    reading, _ = read(tmp_path / "a.pcap", pcap([*named, *handshake(T0 + SECOND)]))
    [row] = [row for row in rows(reading) if row["dst_port"] == 443]
    assert (row["src_ip"], row["host"], row["host_basis"]) == (HOME, None, None)


@pytest.mark.parametrize(
    ("protocol", "payload", "app"),
    [
        (17, udp(40000, 51820, b"\x01\0\0\0" + bytes(144)), "wireguard"),
        (17, udp(40000, 9999, b"\x01\0\0\0" + bytes(144)), "wireguard"),
        (17, udp(40000, 51820, b"\x04\0\0\0" + bytes(76)), "wireguard"),
        (17, udp(4500, 4500, b"\x12\x34\x56\x78" + bytes(60)), "ipsec"),
        (50, b"\x12\x34\x56\x78" + bytes(60), "ipsec"),
        (17, udp(40000, 1194, b"\x38" + bytes(13)), "openvpn"),
    ],
)
def test_opaque_tunnels_are_told_and_said(tmp_path, protocol, payload, app):
    data = ether(ip4(HOME, ABROAD, protocol, payload))
    reading, [problem] = read(tmp_path / "a.pcap", pcap([(T0, data)]))
    [row] = rows(reading)
    assert (row["app"], row["encrypted"], row["tunnel"]) == (app, True, None)
    assert (problem.code, problem.count) == ("opaque-tunnel", 1)


def test_the_version_is_what_the_server_chose(tmp_path):
    def answered(version, more=b""):
        body = struct.pack(">H", version) + bytes(32) + b"\0" + b"\x13\x01\0" + more
        hello = b"\x02" + len(body).to_bytes(3, "big") + body
        return told(tmp_path, b"\x16\x03\x03" + struct.pack(">H", len(hello)) + hello, back=True)

    chosen = struct.pack(">HHHH", 6, 43, 2, 0x0304)
    assert answered(0x0301)["tls_version"] == "TLS 1.0"
    assert answered(0x0303)["tls_version"] == "TLS 1.2"
    assert answered(0x0303, chosen)["tls_version"] == "TLS 1.3"


def test_a_warning_may_go_before_the_servers_hello(tmp_path):
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\xc0\x2f\0"
    hello = b"\x02" + len(body).to_bytes(3, "big") + body
    record = b"\x16\x03\x03" + struct.pack(">H", len(hello)) + hello
    row = told(tmp_path, b"\x15\x03\x03\0\x02\x01\x70" + record, back=True)
    assert (row["app"], row["tls_version"]) == ("tls", "TLS 1.2")


def test_what_the_server_chose_stands_in_every_row_of_a_long_flow(tmp_path):
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\xc0\x2f\0"
    hello = b"\x02" + len(body).to_bytes(3, "big") + body
    record = b"\x16\x03\x03" + struct.pack(">H", len(hello)) + hello
    packets = [
        *handshake(T0, dport=443),
        segment(T0 + SECOND, 5001, record, back=True, dport=443),
        segment(T0 + 40 * SECOND, 5001 + len(record), b"\x17\x03\x03\0\x01x", back=True, dport=443),
    ]
    reading, _ = read(tmp_path / "a.pcap", pcap(packets), Settings(active_timeout=30))
    suite = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert [row["tls_cipher"] for row in rows(reading)] == [suite, suite]


@pytest.mark.parametrize(
    ("suite", "name"),
    [
        (0x0000, "TLS_NULL_WITH_NULL_NULL"), (0x1301, "TLS_AES_128_GCM_SHA256"),
        (0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), (0xFFFF, "0xffff"),
    ],
)  # fmt: skip
def test_the_suite_is_what_the_server_chose(tmp_path, suite, name):
    body = b"\x03\x03" + bytes(32) + b"\0" + struct.pack(">HB", suite, 0)
    hello = b"\x02" + len(body).to_bytes(3, "big") + body
    row = told(tmp_path, b"\x16\x03\x03" + struct.pack(">H", len(hello)) + hello, back=True)
    assert (row["tls_cipher"], row["tls_version"]) == (name, "TLS 1.2")


ISO_REQUEST = bytes.fromhex("0300001611e00000000700c1020100c2020102c0010a")
"""As S7comm and MMS begin: what will be spoken is not said."""

S7COMM = bytes.fromhex("0300001902f08032010000020000080000f0000001000101e0")
MMS = bytes.fromhex("0300001b02f0800d9e0506130100160102140200060528ca220203")


@pytest.mark.parametrize(
    ("data", "dport", "back", "app", "encrypted"),
    [
        (bytes.fromhex("030000130ee00000000000010008000b000000"), 4000, False, "rdp", None),
        (bytes.fromhex("030000130ed00000123400021f080008000000"), 4000, True, "rdp", None),
        (b"\x03\0\0\x27\x22\xe0\0\0\0\0\0Cookie: mstshash=Administr\r\n", 4000, False, "rdp", None),
        (bytes.fromhex("0300000b06e00000000000"), 3389, False, "rdp", None),
        (bytes.fromhex("0300000b06e00000000000"), 102, False, None, None),
        (ISO_REQUEST, 102, False, None, None),
        (S7COMM, 102, False, "s7comm", False),
        (MMS, 102, False, "mms", False),
        (MMS[:-1] + b"\x04", 102, False, "mms", False),
        (MMS.replace(b"\x28\xca\x22", b"\x28\xca\x23"), 102, False, None, None),
        (b"OPTIONS rtsp://a.example:8554/ RTSP/1.0\r\nCSeq: 2\r\n\r\n", 8554, False, "rtsp", False),
        (b"OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n", 8554, False, "rtsp", False),
        (b"GET_PARAMETER rtsp://a.example/ RTSP/1.0\r\n\r\n", 8554, False, "rtsp", False),
        (b"RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n", 8554, True, "rtsp", False),
        (b"OPTIONS sip:a@example.com SIP/2.0\r\n\r\n", 5060, False, None, None),
        (b"OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n", 80, False, "http", False),
        (b"OPTIONS /a HTTP/1.1\r\nHost: a.example\r\n\r\n", 80, False, "http", False),
        (b" rtsp://a.example/ RTSP/1.0\r\n\r\n", 8554, False, None, None),
    ],
)  # fmt: skip
def test_protocols_that_begin_alike_are_told_apart(tmp_path, data, dport, back, app, encrypted):
    row = told(tmp_path, data, dport=dport, back=back)
    assert (row["app"], row["encrypted"]) == (app, encrypted)


def test_who_asks_for_an_iso_connection_is_the_client(tmp_path):
    packets = [segment(T0, 5001, ISO_REQUEST, back=True, dport=102)]
    reading, _ = read(tmp_path / "a.pcap", pcap(packets))
    [row] = rows(reading)
    assert row["src_ip"] == ABROAD

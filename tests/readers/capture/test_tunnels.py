"""The packet inside a packet is the flow; the outer ends stay in their columns."""

import struct

import pytest

from tests.readers.capture.packets import (
    ABROAD,
    ABROAD6,
    HOME,
    HOME6,
    SECOND,
    T0,
    ether,
    ip4,
    ip6,
    pcap,
    read,
    rows,
    tcp,
    udp,
)  # fmt: skip

OUTER, FAR = "192.0.2.1", "198.51.100.7"
OUTER6, FAR6 = "2001:db8::1", "2001:db8:f::7"
INNER = ip4(HOME, ABROAD, 17, udp(4000, 5000, b"payload"))
INNER6 = ip6(HOME6, ABROAD6, 17, udp(4000, 5000, b"payload"))
FRAME = ether(INNER)


def gre(kind: int, data: bytes, flags: int = 0) -> bytes:
    words = b"".join(
        b"\0\0\0\x01" for bit in (0x8000, 0x2000, 0x1000) if flags & bit
    )  # checksum, key, sequence number
    return struct.pack(">HH", flags, kind) + words + data


def vxlan(data: bytes) -> bytes:
    return b"\x08\0\0\0\0\0\x2a\0" + data


def gtp(data: bytes, flags: int = 0x30, more: bytes = b"") -> bytes:
    return struct.pack(">BBHI", flags, 255, len(more + data), 77) + more + data


KINDS = {
    "4in4": ("4in4", 4, INNER), "6in4": ("6in4", 41, INNER6),
    "GRE": ("gre", 47, gre(0x0800, INNER)), "GRE with IPv6": ("gre", 47, gre(0x86DD, INNER6)),
    "GRE with all fields": ("gre", 47, gre(0x0800, INNER, 0xB000)),
    "GRE with a frame": ("gre", 47, gre(0x6558, FRAME)),
    "GRE with MPLS": ("gre", 47, gre(0x8847, struct.pack(">I", 16 << 12 | 0x1FF) + INNER)),
    "NVGRE": ("nvgre", 47, gre(0x6558, FRAME, 0x2000)),
    "ERSPAN I": ("erspan", 47, gre(0x88BE, FRAME)),
    "ERSPAN II": ("erspan", 47, gre(0x88BE, bytes([0x10, 5, 0, 1, 0, 0, 0, 0]) + FRAME, 0x1000)),
    "ERSPAN III": ("erspan", 47, gre(0x22EB, bytes([0x20]) + bytes(11) + FRAME, 0x1000)),
    "ERSPAN III with a platform's header": (
        "erspan", 47, gre(0x22EB, bytes([0x20]) + bytes(10) + b"\x01" + bytes(8) + FRAME, 0x1000),
    ),
    "PPTP": (
        "pptp", 47, struct.pack(">HHHHI", 0x3001, 0x880B, len(INNER) + 4, 5, 1)
        + b"\xff\x03\x00\x21" + INNER,
    ),
    "EtherIP": ("etherip", 97, b"\x30\0" + FRAME),
    "MPLS in IP": ("mpls", 137, struct.pack(">I", 16 << 12 | 0x1FF) + INNER),
    "VXLAN": ("vxlan", 17, udp(50000, 4789, vxlan(FRAME))),
    "VXLAN at Linux's port": ("vxlan", 17, udp(50000, 8472, vxlan(FRAME))),
    "VXLAN-GPE": ("vxlan-gpe", 17, udp(50000, 4790, b"\x0c\0\0\x01\0\0\x2a\0" + INNER)),
    "Geneve": ("geneve", 17, udp(50000, 6081, b"\0\0\x65\x58\0\0\x2a\0" + FRAME)),
    "Geneve with options": (
        "geneve", 17, udp(50000, 6081, b"\x02\0\x08\0\0\0\x2a\0" + bytes(8) + INNER),
    ),
    "Teredo": ("teredo", 17, udp(50000, 3544, INNER6)),
    "Teredo with both indications": (
        "teredo", 17, udp(3544, 50000, b"\0\x01\0\0" + bytes(9) + b"\0\0" + bytes(6) + INNER6),
    ),
    "GTP-U": ("gtp-u", 17, udp(2152, 2152, gtp(INNER))),
    "GTP-U with an extension": (
        "gtp-u", 17, udp(2152, 2152, gtp(INNER, 0x34, b"\0\0\0\x85\x01\x10\x09\x00")),
    ),
    "L2TP": ("l2tp", 17, udp(1701, 1701, b"\0\x02\0\x01\0\x02\xff\x03\0\x21" + INNER)),
    "L2TP with length and sequence": (
        "l2tp", 17,
        udp(1701, 1701, b"\x48\x02\0\x40\0\x01\0\x02\0\0\0\0\xff\x03\0\x21" + INNER),
    ),
    "L2TP version 3": ("l2tp", 115, b"\0\0\0\x09" + b"cookie!!" + FRAME),
    "CAPWAP": ("capwap", 17, udp(5247, 50000, b"\0\x10\x02\0\0\0\0\0" + FRAME)),
}  # fmt: skip


def one(tmp_path, *frames, **keywords):
    packets = [(T0 + i * 1000, frame) for i, frame in enumerate(frames)]
    reading, problems = read(tmp_path / "a.pcap", pcap(packets, **keywords))
    [row] = rows(reading)
    return row, problems


def inner_of(row):
    return {name: row[name] for name in ("src_port", "dst_port", "src_packets", "src_payload")}


@pytest.mark.parametrize("name", KINDS)
def test_the_inner_packet_is_the_flow(tmp_path, name):
    kind, protocol, data = KINDS[name]
    row, problems = one(tmp_path, ether(ip4(OUTER, FAR, protocol, data)))
    assert problems == []
    assert row["src_ip"] in (HOME, HOME6)
    assert row["src_bytes"] == len(INNER if row["src_ip"] == HOME else INNER6)
    assert inner_of(row) == {
        "src_port": 4000, "dst_port": 5000, "src_packets": 1, "src_payload": 7,
    }  # fmt: skip
    assert (row["tunnel"], row["outer_src_ip"], row["outer_dst_ip"]) == (kind, OUTER, FAR)


@pytest.mark.parametrize("name", KINDS)
def test_over_ipv6_too(tmp_path, name):
    kind, protocol, data = KINDS[name]
    row, _ = one(tmp_path, ether(ip6(OUTER6, FAR6, protocol, data), 0x86DD))
    kind = {"4in4": "4in6", "6in4": "6in6"}.get(kind, kind)
    assert (row["src_port"], row["tunnel"], row["outer_dst_ip"]) == (4000, kind, FAR6)


@pytest.mark.parametrize("name", KINDS)
def test_a_tunnel_cut_anywhere_is_read_as_far_as_it_goes(tmp_path, name):
    kind, protocol, data = KINDS[name]
    frame = ether(ip4(OUTER, FAR, protocol, data))
    for cut in range(34, len(frame)):
        reading, _ = read(tmp_path / "a.pcap", pcap([(T0, frame)], cut=cut))
        for row in rows(reading):
            assert row["tunnel"] in (None, kind)
            assert {row["src_ip"], row["dst_ip"]} <= {OUTER, FAR, HOME, ABROAD, HOME6, ABROAD6}


def test_the_outer_ends_follow_the_initiator(tmp_path):
    request = ip4(HOME, ABROAD, 6, tcp(40000, 443, 1000, 2))
    answer = ip4(ABROAD, HOME, 6, tcp(443, 40000, 5000, 18, ack=1001))
    there = ether(ip4(OUTER, FAR, 17, udp(50000, 4789, vxlan(ether(request)))))
    back = ether(ip4(FAR, OUTER, 17, udp(50001, 4789, vxlan(ether(answer)))))
    for frames in ((there, back), (back, there)):
        row, _ = one(tmp_path, *frames)
        assert (row["src_ip"], row["src_packets"], row["dst_packets"]) == (HOME, 1, 1)
        assert (row["outer_src_ip"], row["outer_dst_ip"]) == (OUTER, FAR)


def test_nested_tunnels_are_named_outer_to_inner(tmp_path):
    data = ip4("10.9.9.1", "10.9.9.2", 47, gre(0x0800, INNER))
    data = ip4("10.8.8.1", "10.8.8.2", 17, udp(1, 4789, vxlan(ether(data, tags=((0x8100, 5),)))))
    row, _ = one(tmp_path, ether(ip4(OUTER, FAR, 17, udp(2152, 2152, gtp(data)))))
    assert (row["tunnel"], row["src_ip"]) == ("gtp-u/vxlan/gre", HOME)
    assert (row["outer_src_ip"], row["outer_dst_ip"], row["vlan"]) == (OUTER, FAR, None)


def test_nesting_ends_somewhere_and_says_so(tmp_path):
    data = INNER
    for i in range(12):
        data = ip4(f"10.0.{i}.1", f"10.0.{i}.2", 4, data)
    row, [problem] = one(tmp_path, ether(data))
    assert row["tunnel"] == "/".join(["4in4"] * 8)
    assert row["src_ip"] == "10.0.3.1"
    assert (problem.code, problem.count) == ("deep-tunnel", 1)


@pytest.mark.parametrize(
    "data",
    [
        ip4(OUTER, FAR, 17, udp(50000, 4789, b"\x00" * 8 + FRAME)),  # no valid network number
        ip4(OUTER, FAR, 17, udp(50000, 4789, vxlan(ether(b"\0\1\x08\0", 0x0806)))),
        ip4(OUTER, FAR, 17, udp(2152, 2152, struct.pack(">BBHI", 0x32, 1, 4, 0) + bytes(4))),
        ip4(OUTER, FAR, 17, udp(2152, 2152, gtp(INNER, 0x34, b"\0\0\0\x85\0\0\0\0"))),
        ip4(OUTER, FAR, 17, udp(1701, 1701, b"\xc8\x02\0\x0c\0\0\0\0\0\0\0\0" + bytes(20))),
        ip4(OUTER, FAR, 47, gre(0x0800, bytes(40))),
        ip4(OUTER, FAR, 4, b"\x41" + bytes(30)),
        ip4(OUTER, FAR, 115, bytes(4) + FRAME),
    ],
)
def test_what_is_no_tunnel_is_a_flow_of_its_own(tmp_path, data):
    row, _ = one(tmp_path, ether(data))
    assert (row["src_ip"], row["dst_ip"], row["tunnel"]) == (OUTER, FAR, None)


def test_a_tunnel_in_fragments_carries_one_packet_counted_whole(tmp_path):
    inner = ip4(HOME, ABROAD, 17, udp(4000, 5000, bytes(2000)))
    outer = udp(50000, 4789, vxlan(ether(inner)))
    first = ether(ip4(OUTER, FAR, 17, outer[:1480], more=True, number=9))
    last = ether(ip4(OUTER, FAR, 17, outer[1480:], offset=1480, number=9))
    for frames in ((first, last), (last, first)):
        row, problems = one(tmp_path, *frames)
        assert problems == []
        assert (row["src_packets"], row["src_bytes"], row["src_payload"]) == (1, 2028, 2000)


def test_many_tunnels_are_told_apart_when_their_table_grows(tmp_path):
    packets = []
    for i in range(3000):
        outer = f"10.{i >> 8}.{i & 255}.1"
        inner = ip4(HOME, ABROAD, 17, udp(1024 + i, 5000, b"x"))
        packets.append((T0 + i, ether(ip4(outer, FAR, 4, inner))))
    reading, _ = read(tmp_path / "a.pcap", pcap(packets, nano=True))
    seen = {row["src_port"]: row["outer_src_ip"] for row in rows(reading)}
    assert seen == {1024 + i: f"10.{i >> 8}.{i & 255}.1" for i in range(3000)}


LINKS = {
    "MPLS": (1, ether(struct.pack(">II", 17 << 12 | 0xFF, 16 << 12 | 0x1FF) + INNER, 0x8847)),
    "a pseudowire": (1, ether(struct.pack(">II", 16 << 12 | 0x1FF, 0) + FRAME, 0x8847)),
    "PPPoE": (1, ether(b"\x11\0\0\x01\0\x40\0\x21" + INNER, 0x8864)),
    "PPPoE in a VLAN": (1, ether(b"\x11\0\0\x01\0\x40\0\x21" + INNER, 0x8864, ((0x8100, 7),))),
    "802.1ah": (1, ether(b"\0\0\0\x09" + FRAME, 0x88E7)),
    "802.1BR": (1, ether(bytes(6) + b"\x08\0" + INNER, 0x893F)),
    "VN-Tag": (1, ether(bytes(4) + b"\x08\0" + INNER, 0x8926)),
    "FabricPath": (1, ether(b"\0\x40" + FRAME, 0x8903)),
    "TRILL": (1, ether(bytes(6) + FRAME, 0x22F3)),
    "NSH": (1, ether(bytes([0, 2, 2, 1]) + bytes(4) + INNER, 0x894F)),
    "MACsec without encryption": (1, ether(bytes([0x20]) + bytes(13) + b"\x08\0" + INNER, 0x88E5)),
    "SNAP": (1, ether(b"\xaa\xaa\x03\0\0\0\x08\0" + INNER, len(INNER) + 8)),
    "PPP": (9, b"\xff\x03\0\x21" + INNER),
    "PPP with compressed fields": (9, b"\x21" + INNER),
    "PPP multilink": (9, b"\xff\x03\0\x3d\xc0\0\0\x01\0\x21" + INNER),
    "PPP with its direction": (204, b"\x01\xff\x03\0\x21" + INNER),
    "Cisco HDLC": (104, b"\x0f\0\x08\0" + INNER),
    "PPP in HDLC": (50, b"\xff\x03\0\x21" + INNER),
    "PPPoE alone": (51, b"\x11\0\0\x01\0\x40\0\x21" + INNER),
    "802.11": (105, b"\x08\x01" + bytes(22) + b"\xaa\xaa\x03\0\0\0\x08\0" + INNER),
    "802.11 with quality of service": (
        105, b"\x88\x02" + bytes(24) + b"\xaa\xaa\x03\0\0\0\x08\0" + INNER,
    ),
    "802.11 between access points": (
        105, b"\x08\x03" + bytes(28) + b"\xaa\xaa\x03\0\0\0\x08\0" + INNER,
    ),
    "radiotap": (
        127, b"\0\0\x0c\0" + bytes(8) + b"\x08\x01" + bytes(22) + b"\xaa\xaa\x03\0\0\0\x08\0"
        + INNER,
    ),
    "PPI": (192, struct.pack("<BBHI", 0, 0, 8, 1) + FRAME),
    "PKTAP": (258, struct.pack("<III", 108, 1, 1) + bytes(96) + FRAME),
    "frame relay": (107, b"\x18\x41\x03\xcc" + INNER),
    "frame relay of Cisco": (107, b"\x18\x41\x08\0" + INNER),
    "netfilter log": (239, b"\x02\0\0\0" + struct.pack("<HH", 4 + len(INNER), 9) + INNER),
    "OpenBSD's enc": (109, bytes(12) + INNER),
    "OpenBSD's pflog": (117, bytes([61]) + bytes(63) + INNER),
    "FDDI": (10, bytes(13) + b"\xaa\xaa\x03\0\0\0\x08\0" + INNER),
    "IEEE 1394": (138, bytes(16) + b"\x08\0" + INNER),
    "cooked": (113, bytes(14) + b"\x08\0" + INNER),
    "cooked, version 2": (276, b"\x08\0" + bytes(18) + INNER),
}  # fmt: skip


@pytest.mark.parametrize("name", LINKS)
def test_link_layers_are_gone_through(tmp_path, name):
    link, frame = LINKS[name]
    row, problems = one(tmp_path, frame, link=link)
    assert problems == []
    assert (row["src_ip"], row["src_bytes"], row["tunnel"]) == (HOME, len(INNER), None)
    assert inner_of(row)["src_payload"] == 7


@pytest.mark.parametrize("name", LINKS)
def test_a_link_layer_cut_anywhere_harms_nothing(tmp_path, name):
    link, frame = LINKS[name]
    for cut in range(len(frame) - len(INNER) + 20):
        reading, _ = read(tmp_path / "a.pcap", pcap([(T0, frame)], cut=cut, link=link))
        assert all(row["src_ip"] == HOME for row in rows(reading))
        assert reading.packets == 1


@pytest.mark.parametrize(
    ("link", "frame", "code"),
    [
        (105, b"\x08\x41" + bytes(22) + bytes(60), "link-encrypted"),
        (1, ether(bytes([0x2C]) + bytes(80), 0x88E5), "link-encrypted"),
        (105, b"\x88\x02" + bytes(22) + b"\x80\0" + bytes(60), "several-in-one"),
        (147, bytes(60), "unknown-link-type"),
    ],
)
def test_frames_that_cannot_be_read_are_said(tmp_path, link, frame, code):
    reading, problems = read(tmp_path / "a.pcap", pcap([(T0, frame)], link=link))
    assert len(reading.flows) == 0
    assert [(problem.code, problem.count) for problem in problems] == [(code, 1)]


def test_copies_count_once_on_request(tmp_path):
    from auditor.readers.reading import Settings

    packet = ether(INNER)
    again = ether(INNER, tags=((0x8100, 9),))
    content = pcap([(T0, packet), (T0 + 2_000_000, again), (T0 + SECOND, packet)])
    reading, problems = read(tmp_path / "a.pcap", content)
    assert ([row["src_packets"] for row in rows(reading)], problems) == ([3], [])
    reading, [problem] = read(tmp_path / "a.pcap", content, Settings(copies_within=50))
    [row] = rows(reading)
    assert (row["src_packets"], problem.code, problem.count) == (2, "copies", 1)


def test_fragments_before_their_first_belong_to_its_flow(tmp_path):
    whole = udp(4000, 5000, bytes(4000))
    parts = [
        ether(ip4(HOME, ABROAD, 17, whole[at : at + 1480], offset=at, more=at < 2960, number=3))
        for at in (0, 1480, 2960)
    ]
    for order in ((2, 1, 0), (1, 0, 2), (2, 0, 1)):
        row, problems = one(tmp_path, *(parts[i] for i in order))
        assert problems == []
        assert (row["src_port"], row["src_packets"], row["src_payload"]) == (4000, 3, 4000)
        assert row["src_bytes"] == 4008 + 3 * 20


def test_sctp_payload_is_the_user_data(tmp_path):
    data = struct.pack(">BBHIHHI", 0, 3, 16 + 5, 1, 0, 0, 0) + b"hello\0\0\0"
    chunk = struct.pack(">BBHIIHH", 3, 0, 16, 1, 1000, 0, 0)
    packet = struct.pack(">HHII", 4000, 3868, 1, 0) + chunk + data
    row, _ = one(tmp_path, ether(ip4(HOME, ABROAD, 132, packet)))
    assert (row["src_port"], row["dst_port"], row["src_payload"]) == (4000, 3868, 5)


def test_udp_lite_has_ports(tmp_path):
    packet = struct.pack(">HHHH", 4000, 5000, 8, 0) + b"x" * 30
    row, _ = one(tmp_path, ether(ip4(HOME, ABROAD, 136, packet)))
    assert (row["src_port"], row["dst_port"], row["src_payload"]) == (4000, 5000, 30)


def test_an_ipv6_jumbogram_counts_whole(tmp_path):
    jumbo = bytes([17, 0, 0xC2, 4]) + struct.pack(">I", 70008 + 8)
    packet = ip6(HOME6, ABROAD6, 0, jumbo + udp(4000, 5000, b"")[:8] + bytes(70000), length=0)
    row, _ = one(tmp_path, ether(packet, 0x86DD), snap=1 << 18)
    assert (row["src_port"], row["src_bytes"], row["src_payload"]) == (4000, 70056, 70000)


def test_an_authentication_header_hides_nothing(tmp_path):
    packet = bytes([17, 4]) + bytes(22) + udp(4000, 5000, b"seen")
    row, _ = one(tmp_path, ether(ip4(HOME, ABROAD, 51, packet)))
    assert (row["protocol"], row["src_port"], row["src_payload"]) == (17, 4000, 4)

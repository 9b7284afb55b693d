"""Three ways agree, over the samples and hand-built packets: the packet engine, scapy, tshark."""

import struct
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from auditor.model.errors import InputError
from auditor.readers.reading import Settings
from auditor.readers.second import flows_of
from tests.readers.capture.packets import (
    ABROAD,
    ABROAD6,
    ACK,
    HOME,
    HOME6,
    PSH,
    SECOND,
    SYN,
    T0,
    block,
    client_hello,
    dns,
    enhanced,
    ether,
    handshake,
    interface,
    ip4,
    ip6,
    pcap,
    read_file,
    section,
    segment,
    tcp,
    udp,
)  # fmt: skip
from tests.readers.second.captures import ENGINES, rows, timed

SAMPLES = sorted((Path(__file__).parents[3] / "samples" / "pcaps").glob("*.pcap*"))
COLUMNS = (
    "start", "end", "protocol", "src_ip", "src_port", "dst_ip", "dst_port", "initiator_basis",
    "src_packets", "dst_packets", "src_bytes", "dst_bytes", "src_payload", "dst_payload",
    "src_tcp_flags", "dst_tcp_flags", "rtt_us", "vlan", "tunnel", "outer_src_ip", "outer_dst_ip",
    "host", "host_basis",
)  # fmt: skip


def compared(found: list[dict]) -> list[dict]:
    """Only what all engines know."""
    return sorted(({name: row[name] for name in COLUMNS} for row in found), key=repr)


def of_engine(path: Path) -> list[dict]:
    table = read_file(path)[0].flows
    table = table.filter(pc.equal(table["seen_by"], "packets"))
    # only the packet engine knows exports of flows, and so who sends them
    exports = pc.is_in(table["app"], pa.array(["netflow", "ipfix", "sflow"]))
    basis = pc.if_else(exports, "first-packet", table["initiator_basis"])
    table = table.set_column(table.column_names.index("initiator_basis"), "initiator_basis", basis)
    return timed(table.to_pylist(), table)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_flow_of_a_sample_is_equal_to_the_packet_engines(path, engine):
    expected = of_engine(path)
    assert expected
    assert compared(rows(path, engine)) == compared(expected)


def part6(offset: int, data: bytes, *, more: bool) -> bytes:
    return struct.pack(">BBHI", 17, 0, offset | more, 77) + data


HELLO = client_hello("kho.example.vn")
LONG = udp(5000, 6000, bytes(40))
HAND_BUILT = {
    "a hello that is sent twice": pcap(
        [
            *handshake(T0),
            segment(T0 + SECOND, 1001, HELLO),
            segment(T0 + SECOND + 1000, 1001, HELLO),
            segment(T0 + SECOND + 2000, 1001 + len(HELLO), bytes(60)),
            segment(T0 + SECOND + 3000, 5001, bytes(900), back=True),
        ]
    ),
    "sequence numbers that wrap": pcap(
        [
            *handshake(T0, isn=2**32 - 5),
            segment(T0 + SECOND, 2**32 - 4, bytes(20)),
            segment(T0 + SECOND + 1000, 16, bytes(20)),
            segment(T0 + SECOND + 2000, 6, bytes(20)),
        ]
    ),
    "two tags": pcap([(T0, ether(ip4(HOME, ABROAD, 17, LONG), tags=((0x88A8, 7), (0x8100, 9))))]),
    "fragments": pcap(
        [
            (T0, ether(ip4(HOME, ABROAD, 17, LONG[:24], number=3, more=True))),
            (T0 + 1000, ether(ip4(HOME, ABROAD, 17, LONG[24:], number=3, offset=24))),
            (T0 + 2000, ether(ip6(HOME6, ABROAD6, 44, part6(0, LONG[:24], more=True)), 0x86DD)),
            (T0 + 3000, ether(ip6(HOME6, ABROAD6, 44, part6(24, LONG[24:], more=False)), 0x86DD)),
        ]
    ),
    "extension headers": pcap(
        [
            (T0, ether(ip6(HOME6, ABROAD6, 0, bytes([60, 0, 1, 4, 0, 0, 0, 0])
             + bytes([17, 0, 1, 4, 0, 0, 0, 0]) + LONG), 0x86DD)),
            (T0 + 1000, ether(ip6(HOME6, ABROAD6, 43, bytes([17, 2]) + bytes(22) + LONG), 0x86DD)),
        ]
    ),
    "padding and options": pcap(
        [(T0, ether(ip4(HOME, ABROAD, 17, udp(5, 53, dns("a.vn")), options=bytes(8))) + bytes(9))]
    ),
    "a length that is zero": pcap([(T0, ether(ip4(HOME, ABROAD, 17, LONG, length=0)))]),
    "echo": pcap(
        [
            (T0, ether(ip4(ABROAD, HOME, 1, b"\0\0" + bytes(14)))),
            (T0 + 1000, ether(ip4(HOME, ABROAD, 1, b"\x08\0" + bytes(14)))),
        ]
    ),
    "an error that quotes a packet": pcap(
        [(T0, ether(ip4(ABROAD, HOME, 1, b"\x03\x01" + bytes(6) + ip4(HOME, ABROAD, 17, LONG))))]
    ),
    "cut packets": pcap([*handshake(T0), segment(T0 + SECOND, 1001, bytes(500))], cut=60),
    "names asked for and answered": pcap(
        [
            (T0, ether(ip4(HOME, "8.8.8.8", 17, udp(5000, 53, dns("kho.vn"))))),
            (T0 + 1000, ether(ip4("8.8.8.8", HOME, 17,
             udp(53, 5000, dns("kho.vn", (ABROAD,), reply=True))))),
            *handshake(T0 + SECOND),
        ]
    ),
    "nanoseconds": pcap([(T0 + 123_456_789, ether(ip4(HOME, ABROAD, 17, LONG)))], nano=True),
    "other byte order": pcap([(T0 + 5000, ether(ip4(HOME, ABROAD, 17, LONG)))], order=">"),
    "pcapng": section() + interface() + enhanced(0, T0 // 1000 + 7, ether(
        ip4(HOME, ABROAD, 6, tcp(40000, 443, 1, ACK | PSH, HELLO)))) + block(0x0BAD, bytes(8)),
    "no IP": pcap([(T0, ether(bytes(40), 0x0806)), *handshake(T0 + 1000)]),
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("content", HAND_BUILT.values(), ids=HAND_BUILT)
def test_hand_built_packets_make_the_packet_engines_flows(tmp_path, engine, content):
    path = tmp_path / "it.pcap"
    found = rows(path, engine, content)
    assert found
    assert compared(found) == compared(of_engine(path))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_hello_in_two_segments_names_the_flow(tmp_path, engine):
    parts = [segment(T0 + SECOND, 1001, HELLO[:60]), segment(T0 + SECOND + 1, 1061, HELLO[60:])]
    (flow,) = rows(tmp_path / "it.pcap", engine, pcap([*handshake(T0), *parts]))
    assert (flow["host"], flow["host_basis"]) == ("kho.example.vn", "tls-sni")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_segment_in_fragments_and_once_more_whole_counts_once(tmp_path, engine):
    whole = tcp(40000, 443, 1000, ACK | PSH, bytes(300))
    parts = [(64, 160, True), (0, 64, True), (160, 320, False)]
    packets = [
        (T0 + i, ether(ip4(HOME, ABROAD, 6, whole[begin:end], number=9, offset=begin, more=more)))
        for i, (begin, end, more) in enumerate(parts)
    ]
    packets.append((T0 + SECOND, ether(ip4(HOME, ABROAD, 6, whole))))
    (flow,) = rows(tmp_path / "it.pcap", engine, pcap(packets))
    assert (flow["src_packets"], flow["src_payload"], flow["src_port"]) == (4, 300, 40000)


INNER = ip4(HOME, ABROAD, 17, LONG)
INNER6 = ip6(HOME6, ABROAD6, 17, LONG)
FROM, TO = "198.51.100.1", "198.51.100.2"


def in_udp(port: int, head: bytes, inner: bytes) -> bytes:
    return ip4(FROM, TO, 17, udp(50000, port, head + inner))


TUNNELS = {
    "4in4": ("ipip", ip4(FROM, TO, 4, INNER)),
    "6in4": ("ipip", ip4(FROM, TO, 41, INNER6)),
    "gre": ("gre", ip4(FROM, TO, 47, b"\0\0\x08\0" + INNER)),
    "nvgre": ("nvgre", ip4(FROM, TO, 47, b"\x20\0\x65\x58\0\0\x01\0" + ether(INNER))),
    "vxlan": ("vxlan", in_udp(4789, b"\x08\0\0\0\0\0\x07\0", ether(INNER))),
    "geneve": ("geneve", in_udp(6081, b"\0\0\x65\x58\0\0\x07\0", ether(INNER))),
    "gtp-u": ("gtp-u", in_udp(2152, struct.pack(">BBHI", 0x30, 255, len(INNER), 9), INNER)),
    "teredo": ("teredo", in_udp(3544, b"", INNER6)),
    "erspan": ("erspan", ip4(FROM, TO, 47, b"\x10\0\x88\xbe\0\0\0\1" + b"\x10\x01\0\0\0\0\0\0"
               + ether(INNER))),
    "erspan III": ("erspan", ip4(FROM, TO, 47, b"\x10\0\x22\xeb\0\0\0\1" + b"\x20\x01\0\0"
                   + bytes(8) + ether(INNER))),
    "vxlan-gpe": ("vxlan-gpe", in_udp(4790, b"\x0c\0\0\1\0\0\7\0", INNER)),
    "geneve with an option": ("geneve", in_udp(6081, b"\2\0\x65\x58\0\0\7\0\1\2\3\1" + bytes(4),
                              ether(INNER))),
    "gtp-u with an extension": ("gtp-u", in_udp(2152, struct.pack(
        ">BBHI", 0x34, 255, len(INNER) + 8, 9) + b"\0\0\0\x85\1\x10\1\0", INNER)),
    "l2tp": ("l2tp", in_udp(1701, b"\0\2\0\1\0\2\xff\3\0\x21", INNER)),
    "pptp": ("gre", ip4(FROM, TO, 47, struct.pack(">HHHHI", 0x3001, 0x880B, len(INNER) + 4, 9, 1)
             + b"\xff\3\0\x21" + INNER)),
    "gre over mpls": ("gre", ip4(FROM, TO, 47, b"\0\0\x88\x47\0\0\x91\x40" + INNER)),
    "teredo with its indications": ("teredo", in_udp(3544, b"\0\1" + bytes(11) + b"\0\0" + bytes(6),
                                    INNER6)),
    "gre/ipip": ("gre/ipip", ip4(FROM, TO, 47, b"\0\0\x08\0" + ip4(TO, FROM, 4, INNER))),
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("kind", "packet"), TUNNELS.values(), ids=TUNNELS)
def test_the_inner_packet_is_the_flow_and_the_tunnel_is_named(tmp_path, engine, kind, packet):
    (flow,) = rows(tmp_path / "it.pcap", engine, pcap([(T0, ether(packet))]))
    six = flow["src_ip"] == HOME6
    inner = (HOME6, ABROAD6, 88) if six else (HOME, ABROAD, 68)
    assert flow["tunnel"] == kind
    assert (flow["src_ip"], flow["dst_ip"], flow["src_bytes"]) == inner
    assert six == (INNER6 in packet)
    assert (flow["src_port"], flow["dst_port"]) == (5000, 6000)
    assert (flow["outer_src_ip"], flow["outer_dst_ip"]) == (FROM, TO)


LABEL, LAST_LABEL = b"\0\6\x40\x40", b"\0\x0c\x81\x40"
IN_PPPOE = b"\x11\0\0\7" + struct.pack(">HH", len(INNER) + 2, 0x21) + INNER
DOT11 = b"\x08\2" + bytes(22) + b"\xaa\xaa\3\0\0\0\x08\0" + INNER
LINKS = {
    "mpls": (1, ether(LABEL + LAST_LABEL + INNER, 0x8847), None),
    "mpls in a vlan": (1, ether(LAST_LABEL + INNER, 0x8847, tags=((0x8100, 5),)), "5"),
    "pppoe": (1, ether(IN_PPPOE, 0x8864), None),
    "pppoe in a vlan": (1, ether(IN_PPPOE, 0x8864, tags=((0x8100, 5),)), "5"),
    "snap": (1, ether(b"\xaa\xaa\3\0\0\0\x08\0" + INNER, 8 + len(INNER)), None),
    "ppp": (9, b"\xff\3\0\x21" + INNER, None),
    "cisco hdlc": (104, b"\x0f\0\x08\0" + INNER, None),
    "802.11": (105, DOT11, None),
    "radiotap": (127, b"\0\0\x08\0\0\0\0\0" + DOT11, None),
    "linux cooked": (113, struct.pack(">HHH8sH", 0, 1, 6, bytes(8), 0x800) + INNER, None),
    "linux cooked 2": (
        276, struct.pack(">HHIHBB8s", 0x800, 0, 1, 1, 0, 6, bytes(8)) + INNER, None,
    ),
    "null": (0, struct.pack("<I", 2) + INNER, None),
    "loop": (108, struct.pack(">I", 2) + INNER, None),
    "raw": (101, INNER, None),
    "ipv4": (228, INNER, None),
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("link", "packet", "vlan"), LINKS.values(), ids=LINKS)
def test_every_link_layer_leads_to_the_same_packet(tmp_path, engine, link, packet, vlan):
    (flow,) = rows(tmp_path / "it.pcap", engine, pcap([(T0, packet)], link=link))
    assert (flow["src_ip"], flow["dst_port"], flow["src_bytes"]) == (HOME, 6000, 68)
    assert (flow["tunnel"], flow["outer_src_ip"], flow["vlan"]) == (None, None, vlan)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("protocol", [50, 51, 132, 136])
def test_other_transports_have_their_ports_or_none(tmp_path, engine, protocol):
    heads = {
        50: bytes(60), 51: struct.pack(">BBHIII", 17, 4, 0, 1, 2, 0) + bytes(8) + LONG,
        132: struct.pack(">HHII", 5000, 6000, 1, 0) + bytes(4), 136: LONG,
    }  # fmt: skip
    packet = ether(ip4(HOME, ABROAD, protocol, heads[protocol]))
    (flow,) = rows(tmp_path / "it.pcap", engine, pcap([(T0, packet)]))
    expected = (5000, 6000) if protocol in (132, 136) else (None, None)
    assert (flow["protocol"], flow["src_port"], flow["dst_port"]) == (protocol, *expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_dtls_hello_tells_the_client(tmp_path, engine):
    body = b"\xfe\xfd" + bytes(32) + b"\0\0\0\2\xc0\x2b\1\0"
    hello = b"\1" + len(body).to_bytes(3, "big") + bytes(5) + len(body).to_bytes(3, "big") + body
    record = b"\x16\xfe\xff" + bytes(8) + len(hello).to_bytes(2, "big") + hello
    answer = (T0, ether(ip4(ABROAD, HOME, 17, udp(9000, 8000, b"\x80" * 20))))
    asked = (T0 + 1000, ether(ip4(HOME, ABROAD, 17, udp(8000, 9000, record))))
    (flow,) = rows(tmp_path / "it.pcap", engine, pcap([answer, asked]))
    assert (flow["src_ip"], flow["initiator_basis"], flow["app"]) == (HOME, "role", "dtls")


@pytest.mark.parametrize("engine", ENGINES)
def test_outer_ends_stand_on_the_side_of_their_inner_ends(tmp_path, engine):
    answer = ip4(TO, FROM, 4, ip4(ABROAD, HOME, 6, tcp(443, 40000, 1, SYN | ACK)))
    (flow,) = rows(tmp_path / "it.pcap", engine, pcap([(T0, ether(answer))]))
    assert (flow["src_ip"], flow["initiator_basis"]) == (HOME, "syn-ack")
    assert (flow["outer_src_ip"], flow["outer_dst_ip"]) == (FROM, TO)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("content", [b"", b"no capture at all", b"\xd4\xc3\xb2\xa1"], ids=len)
def test_what_is_no_capture_is_said_plainly(tmp_path, engine, content):
    path = tmp_path / "it.pcap"
    path.write_bytes(content)
    with pytest.raises(InputError) as told:
        flows_of(path, Settings(), engine=engine)
    assert str(path) == told.value.place
    assert told.value.hint


@pytest.mark.parametrize("engine", ENGINES)
def test_what_stands_before_the_damage_is_kept_and_the_damage_noted(tmp_path, engine):
    path = tmp_path / "it.pcap"
    path.write_bytes(pcap(handshake(T0))[:-10])
    noted = []
    table = flows_of(path, Settings(), engine=engine, note=noted.append)
    assert table["src_packets"].to_pylist() == [1]
    assert [problem.source for problem in noted] == [str(path)]
    assert "2 packets" in noted[0].message


@pytest.mark.parametrize("engine", ENGINES)
def test_packets_of_random_bytes_stop_nothing(tmp_path, engine):
    import random

    source = random.Random(7)
    packets = [(T0 + i * 1000, source.randbytes(source.randrange(0, 90))) for i in range(60)]
    packets += [(T0 + i, ether(source.randbytes(60))) for i in range(60)]
    packets += [(T0 + i, ether(ip4(HOME, ABROAD, i, source.randbytes(50)))) for i in range(256)]
    found = rows(tmp_path / "it.pcap", engine, pcap([*packets, *handshake(T0 + SECOND)]))
    assert any(row["rtt_us"] == 35_000 for row in found)


def test_tshark_missing_is_said_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="tshark is not installed") as told:
        flows_of(SAMPLES[0], Settings(), engine="tshark")
    assert "--engine scapy" in told.value.hint

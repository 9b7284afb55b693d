"""The scenes: what happens in each sample capture."""

from __future__ import annotations

import struct
from random import Random
from typing import Final

from databases import mysql, postgresql, smtp
from people import people, table
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import ICMP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NS
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw
from tls import greet, sealed
from wire import HOME_MAC, SERVICE_VLAN, VLAN, Frame, Tcp, Wire, at, pcap

RESOLVER: Final = "203.162.4.191"
LAND: Final = "203.162.10.5"
PORTAL: Final = "203.162.10.20"
PORTAL_WEB: Final = "203.162.10.21"
PORTAL_PARTNER: Final = "203.162.10.22"
PORTAL_V6: Final = "2405:4800:10:2::20"
STORE: Final = ("s3.ap-southeast-1.amazonaws.com", "52.219.40.10")
COLLECTOR: Final = ("upload.analytics.example.com", "5.9.77.10")
PARTNER: Final = ("dtia.partner.example.jp", "210.155.141.200")
STORE_V6: Final = ("storage.example.de", "2a01:4f8:c0c:1::10")


def land_registry_replica() -> bytes:
    """The land registry copies itself to an object store in Singapore at night."""
    wire = Wire(Random(1001))
    now = wire.lookup(at("2026-09-14 02:07:00"), LAND, RESOLVER, *STORE)
    talk = Tcp(wire, (LAND, 51_514), (STORE[1], 443), now, rtt=35_000)
    greet(talk, STORE[0])
    talk.send("client", sealed(wire.rng, 900))
    talk.send("server", sealed(wire.rng, 120))
    talk.send(
        "client",
        sealed(wire.rng, 160_000),
        again=frozenset({17, 63}),
        swapped=frozenset({40}),
    )
    talk.send("server", sealed(wire.rng, 310))
    talk.close()
    return pcap(wire.frames)


def citizens_csv_http() -> bytes:
    """The citizen portal posts 200 citizens as CSV to a collector in Germany, in clear text."""
    wire = Wire(Random(1002))
    now = wire.lookup(at("2026-09-15 10:31:00"), PORTAL, RESOLVER, *COLLECTOR)
    talk = Tcp(wire, (PORTAL, 40_412), (COLLECTOR[1], 80), now, rtt=212_000)
    edge = "----cong-dan-2026-09-15"
    file = table(people(wire.rng, 200))
    body = (
        f"--{edge}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cong_dan.csv\"\r\n"
        "Content-Type: text/csv; charset=utf-8\r\n\r\n"
    ).encode() + file + f"\r\n--{edge}--\r\n".encode()  # fmt: skip
    head = (
        f"POST /v2/import HTTP/1.1\r\nHost: {COLLECTOR[0]}\r\nUser-Agent: portal-export/3.1\r\n"
        f"Content-Type: multipart/form-data; boundary={edge}\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    talk.open()
    talk.send("client", head.encode() + body)
    answer = b'{"status":"accepted","rows":200}\n'
    talk.send("server", _http_answer("application/json", answer))
    talk.close("server")
    return pcap(wire.frames)


def domestic_only() -> bytes:
    """An ordinary morning: every end is in Vietnam or inside the agency."""
    wire = Wire(Random(1003))
    start = at("2026-09-15 08:00:00")
    question = ARP(op=1, hwsrc=HOME_MAC, psrc=LAND, hwdst="00:00:00:00:00:00", pdst="203.162.10.1")
    broadcast = Ether(src=HOME_MAC, dst="ff:ff:ff:ff:ff:ff") / question
    wire.frames.append(Frame(start, bytes(broadcast)))
    name, address = "csdl.mau.gov.vn", "113.160.92.10"
    now = wire.lookup(start + 5_000, PORTAL, RESOLVER, name, address)
    talk = Tcp(wire, (PORTAL, 44_010), (address, 443), now, rtt=4_200)
    greet(talk, name)
    talk.send("client", sealed(wire.rng, 1_200))
    talk.send("server", sealed(wire.rng, 9_000))
    talk.close()
    gazette = Tcp(wire, ("203.162.10.40", 39_900), ("123.30.51.20", 80), start + 900_000, rtt=6_000)
    gazette.open()
    gazette.send("client", b"GET /so/17 HTTP/1.1\r\nHost: congbao.mau.gov.vn\r\n\r\n")
    gazette.send("server", _http_answer("text/plain", "Công báo số 17\n".encode() * 90))
    gazette.close()
    inside = Tcp(wire, ("10.20.1.5", 42_001), ("10.20.2.7", 443), start + 1_500_000, rtt=NEAR_RTT)
    greet(inside, "trao-doi.noi-bo.mau.gov.vn")
    inside.send("client", sealed(wire.rng, 5_000))
    inside.close()
    wire.datagram(start + 2_000_000, (PORTAL, 123), ("14.225.3.20", 123), _ntp(3))
    answer = _ntp(4)
    wire.datagram(start + 2_008_000, ("14.225.3.20", 123), (PORTAL, 123), answer, outbound=False)
    local = DNS(id=0, qr=0, rd=0, qd=[DNSQR(qname="_ipp._tcp.local", qtype="PTR", qclass="IN")])
    wire.datagram(start + 3_000_000, ("10.20.3.9", 5353), ("224.0.0.251", 5353), local)
    return pcap(wire.frames)


NEAR_RTT: Final = 700


def foreign_client_pulls() -> bytes:
    """A client in Japan opens the connection; the data still leaves Vietnam."""
    wire = Wire(Random(1004))
    client = ("133.11.93.20", 55_123)
    talk = Tcp(
        wire, client, (PORTAL_WEB, 443), at("2026-09-16 23:40:00"), rtt=78_000, home="server"
    )
    greet(talk, "dichvucong.mau.gov.vn")
    talk.send("client", sealed(wire.rng, 700))
    talk.send("server", sealed(wire.rng, 220_000))
    talk.close()
    return pcap(wire.frames)


def covered_transfer() -> bytes:
    """The citizen portal sends to the partner in Japan that a filed dossier names."""
    wire = Wire(Random(1005))
    now = wire.lookup(at("2026-09-21 10:00:00"), PORTAL_PARTNER, RESOLVER, *PARTNER)
    talk = Tcp(wire, (PORTAL_PARTNER, 47_800), (PARTNER[1], 443), now, rtt=74_000)
    greet(talk, PARTNER[0], tls13=False)
    talk.send("client", sealed(wire.rng, 60_000))
    talk.send("server", sealed(wire.rng, 400))
    talk.close()
    return pcap(wire.frames)


def vlan_ipv6() -> bytes:
    """VLAN and QinQ tags, IPv6 with extension headers, fragments of both versions, ICMP."""
    start = at("2026-09-22 14:05:00")
    outer = Wire(Random(1006), tags=((SERVICE_VLAN, 100), (VLAN, 20)))
    talk = Tcp(outer, (PORTAL_V6, 50_600), (STORE_V6[1], 443), start, rtt=208_000)
    greet(talk, STORE_V6[0])
    talk.send("client", sealed(outer.rng, 18_000))
    talk.send("server", sealed(outer.rng, 200))
    talk.close()
    single = Wire(Random(1007), tags=((VLAN, 20),))
    for frame in _fragments_v4(single, start + 4_000_000):
        single.put(*frame, outbound=True)
    for frame in _fragments_v6(single, start + 5_000_000):
        single.put(*frame, outbound=True)
    _extension_headers(single, start + 6_000_000)
    single.put(start + 7_000_000, _ping(single, PORTAL, COLLECTOR[1], 8), outbound=True)
    single.put(start + 7_212_000, _ping(single, COLLECTOR[1], PORTAL, 0), outbound=False)
    ends = (PORTAL_V6, STORE_V6[1])
    for kind, pair, time in (
        (ICMPv6EchoRequest, ends, start + 8_000_000),
        (ICMPv6EchoReply, ends[::-1], start + 8_208_000),
    ):
        outbound = pair == ends
        packet = single.network(*pair, outbound=outbound) / kind(id=7, seq=1, data=b"auditor" * 4)
        single.put(time, packet, outbound=outbound)
    ask = single.network("fe80::a14:1", "ff02::1:ff00:fe", outbound=True)
    ask.hlim = 255
    single.put(start + 9_000_000, ask / ICMPv6ND_NS(tgt="fe80::fe"), outbound=True)
    return pcap(outer.frames + single.frames)


def truncated() -> bytes:
    """Personnel data on its way to a backup in France; the file breaks off inside a record."""
    wire = Wire(Random(1008))
    name, address = "backup.example.fr", "51.38.20.11"
    now = wire.lookup(at("2026-09-23 02:15:00"), "10.20.3.21", RESOLVER, name, address)
    for port in (52_001, 52_002):
        talk = Tcp(wire, ("10.20.3.21", port), (address, 443), now, rtt=231_000)
        greet(talk, name)
        talk.send("client", sealed(wire.rng, 15_000))
        talk.close()
        now = talk.now + 2_000_000
    whole = pcap(wire.frames)
    return whole[: len(whole) - 9_777]


def midstream_and_resets() -> bytes:
    """No handshake, refusal and reset, a port used twice, and silences longer than a timeout."""
    wire = Wire(Random(1009))
    start = at("2026-10-02 09:00:00")
    running = Tcp(wire, (PORTAL, 50_211), (COLLECTOR[1], 443), start, rtt=212_000)
    running.send("client", sealed(wire.rng, 4_000))
    running.send("server", sealed(wire.rng, 900))
    refused = Tcp(wire, (PORTAL, 50_300), ("88.198.10.20", 8443), start + 2_000_000, rtt=205_000)
    refused.segment("client", "S")
    refused.next["client"] += 1
    refused.now += refused.rtt
    refused.segment("server", "RA", seq=0)
    broken = Tcp(wire, (PORTAL, 50_301), ("88.198.10.20", 443), start + 4_000_000, rtt=205_000)
    greet(broken, "api.example.net")
    broken.send("client", sealed(wire.rng, 2_500))
    broken.reset("server")
    for begin in (start + 10_000_000, start + 30_000_000):
        twice = Tcp(wire, (PORTAL, 40_000), (COLLECTOR[1], 80), begin, rtt=212_000)
        twice.open()
        twice.send("client", f"GET /ping HTTP/1.1\r\nHost: {COLLECTOR[0]}\r\n\r\n".encode())
        twice.send("server", _http_answer("text/plain", b"pong\n"))
        twice.close()
    idle = Tcp(wire, (PORTAL, 50_400), ("13.228.10.10", 443), start + 60_000_000, rtt=36_000)
    greet(idle, "queue.example.sg")
    idle.send("client", sealed(wire.rng, 1_000))
    idle.now += 400_000_000  # longer than the silence that ends a TCP flow
    idle.send("client", sealed(wire.rng, 1_000))
    idle.close()
    for gap in (0, 90_000_000):  # longer than the silence that ends a UDP flow
        message = b"<134>Oct  2 09:02:00 cong portal: phien lam viec\n"
        wire.datagram(start + 80_000_000 + gap, (PORTAL, 5140), (COLLECTOR[1], 514), message)
    return pcap(wire.frames)


def clear_text_databases() -> bytes:
    """Personnel rows abroad in clear text: MySQL, PostgreSQL, and a mail."""
    wire = Wire(Random(1010))
    rows = people(wire.rng, 60)
    start = at("2026-09-17 14:30:00")
    for client, server, rtt, talk in (
        (("10.20.3.15", 38_110), ("5.9.77.20", 3306), 214_000, mysql(wire.rng, rows[:20])),
        (("10.20.3.16", 38_120), ("13.228.10.10", 5432), 36_000, postgresql(rows[20:40])),
        (("10.20.3.17", 38_130), ("51.38.20.10", 25), 233_000, smtp(rows[40:])),
    ):
        connection = Tcp(wire, client, server, start, rtt=rtt)
        connection.open()
        for side, data in talk:
            connection.send(side, data)
        connection.close()
        start += 60_000_000
    return pcap(wire.frames)


def short_snaplen() -> bytes:
    """Only the first 96 bytes of each packet were kept; sizes are still known."""
    wire = Wire(Random(1011))
    now = wire.lookup(
        at("2026-10-05 16:20:00"), "10.20.3.22", RESOLVER, "box.example.jp", "202.232.2.10"
    )
    talk = Tcp(wire, ("10.20.3.22", 53_530), ("202.232.2.10", 443), now, rtt=75_000)
    greet(talk, "box.example.jp")
    talk.send("client", sealed(wire.rng, 40_000))
    talk.close()
    return pcap(wire.frames, snap=96)


def _http_answer(kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _ntp(mode: int) -> bytes:
    stamp = struct.pack("!II", 3_997_479_602, 0)  # 2026-09-15 08:00:02 in Vietnam, since 1900
    head = struct.pack("!BBbb", 4 << 3 | mode, 0 if mode == 3 else 2, 6, -20)
    rest = bytes(8) + b"GPS\0" + stamp * 4 if mode == 4 else bytes(36) + stamp
    return head + rest


def _ping(wire: Wire, source: str, target: str, kind: int) -> Raw:
    network = wire.network(source, target, outbound=source == PORTAL)
    return network / ICMP(type=kind, code=0, id=7, seq=1) / Raw(b"auditor" * 8)


def _log_line(rng: Random, size: int) -> bytes:
    words = rng.randbytes(size // 2).hex()
    return f"<134>Sep 22 14:05:04 cong portal: {words}".encode()


def _fragments_v4(wire: Wire, time: int) -> list[tuple[int, Raw]]:
    """One UDP datagram to a log collector abroad, in three IPv4 fragments."""
    network = wire.network(PORTAL, COLLECTOR[1], outbound=True)
    whole = bytes(network / UDP(sport=5141, dport=514) / Raw(_log_line(wire.rng, 3_600)))[20:]
    found = []
    for index, place in enumerate(range(0, len(whole), 1480)):
        part = network.copy()
        part.flags = "MF" if place + 1480 < len(whole) else 0
        part.frag, part.proto = place // 8, 17
        found.append((time + index * 90, part / Raw(whole[place : place + 1480])))
    return found


def _fragments_v6(wire: Wire, time: int) -> list[tuple[int, Raw]]:
    """One UDP datagram in two IPv6 fragments (RFC 8200 section 4.5)."""
    network = wire.network(PORTAL_V6, STORE_V6[1], outbound=True)
    whole = bytes(network / UDP(sport=5142, dport=514) / Raw(_log_line(wire.rng, 2_200)))[40:]
    found = []
    for index, place in enumerate(range(0, len(whole), 1232)):
        more = place + 1232 < len(whole)
        header = struct.pack("!BBHI", 17, 0, place | more, 0x20260922)
        part = network.copy()
        part.nh = 44
        found.append((time + index * 90, part / Raw(header + whole[place : place + 1232])))
    return found


def _extension_headers(wire: Wire, time: int) -> None:
    """A DNS question behind a hop-by-hop and a destination-options header, and its answer."""
    padding = b"\x01\x04" + bytes(4)  # PadN (RFC 8200 section 4.2)
    ends = (PORTAL_V6, "2a01:4f8:0:1::add:1010")
    question = DNSQR(qname=STORE_V6[0], qtype="AAAA", qclass="IN")
    plain = wire.network(*ends, outbound=True)
    asked = UDP(sport=40_953, dport=53) / DNS(id=953, qr=0, rd=1, qd=[question])
    datagram = bytes(plain / asked)[40:]
    plain.nh = 0
    chain = struct.pack("!BB", 60, 0) + padding + struct.pack("!BB", 17, 0) + padding
    wire.put(time, plain / Raw(chain + datagram), outbound=True)
    told = DNS(id=953, qr=1, rd=1, ra=1, rcode=2, qd=[question])
    wire.datagram(time + 208_000, (ends[1], 53), (ends[0], 40_953), told, outbound=False)

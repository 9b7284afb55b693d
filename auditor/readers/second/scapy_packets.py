"""Packets as scapy dissects them.

scapy is loaded by the first call and only here: it is slow to start. It asks no name server and
sends nothing; its warnings are kept from the terminal.
"""

from __future__ import annotations

import importlib
import logging
import struct
import zlib
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Final

from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.readers.second.packets import (
    HEADERS,
    IP_IN_IP,
    TCP,
    UDP,
    Client,
    Packet,
    Said,
    canonical,
    host_name,
    is_address,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.model.problem import Note

LAYERS: Final = (
    "layers.l2", "layers.inet", "layers.inet6", "layers.sctp", "layers.dns", "layers.llmnr",
    "layers.ppp", "layers.l2tp", "layers.vxlan", "layers.dot11", "layers.ppi", "contrib.geneve",
    "contrib.gtp", "contrib.erspan", "contrib.mpls", "contrib.chdlc",
)  # fmt: skip
"""What is loaded of scapy: what can stand before an IP header, and DNS."""

TUNNELS: Final = {
    "GRE": "gre", "GRE_PPTP": "gre", "ERSPAN": "erspan", "ERSPAN_I": "erspan",
    "ERSPAN_II": "erspan", "ERSPAN_III": "erspan", "VXLAN": "vxlan", "GENEVE": "geneve",
    "GTP_U_Header": "gtp-u", "L2TP": "l2tp",
}  # fmt: skip
VLANS: Final = ("Dot1Q", "Dot1AD")
EXTENSIONS: Final = {0: 8, 43: 8, 60: 8, 51: 4, 135: 8, 139: 8, 140: 8}
"""IPv6 extension headers (IANA registry) and the unit of their length field, in bytes."""
TEREDO: Final = 3544
MOST_LAYERS: Final = 64
MOST_PAYLOAD: Final = 1 << 14
VXLAN_PORTS: Final = {4789: "vxlan", 8472: "vxlan", 4790: "vxlan-gpe"}
DNS_APPS: Final = {53: "dns", 5353: "mdns", 5355: "llmnr"}


def packets(path: Path, note: Note | None = None) -> Iterator[Packet]:
    """The IP packets of a capture (pcap, pcapng, also gzipped), in its order.

    Raises:
        InputError: the file cannot be opened, or scapy does not know it as a capture.
    """
    with _quiet():
        utils = importlib.import_module("scapy.utils")
        error = importlib.import_module("scapy.error")
        for name in LAYERS:
            importlib.import_module(f"scapy.{name}")
        with _opened(path) as file:
            try:
                reader = utils.RawPcapReader(file)
            except (error.Scapy_Exception, EOFError, OSError, struct.error, zlib.error):
                raise _no_capture(path) from None
            count, time = 0, 0
            with reader:
                while True:
                    try:
                        data, about = reader._read_packet(size=1 << 18)
                    except EOFError:
                        return
                    except (error.Scapy_Exception, struct.error, IndexError, ZeroDivisionError):
                        _stopped(path, count, note)  # scapy cannot go on after it
                        return
                    if len(data) < min(getattr(about, "caplen", 0), 1 << 18):
                        _stopped(path, count, note)
                        return
                    count += 1
                    time = _nanoseconds(reader, about, time)
                    link = getattr(about, "linktype", None)
                    frame = _dissected(data, reader.linktype if link is None else link)
                    found = neutral(frame, about.wirelen, time)
                    if found is not None:
                        yield found


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as failure:
        raise InputError(
            f"cannot be opened: {failure.strerror}",
            place=str(path),
            hint="Check that the file is there and that this user may read it.",
        ) from None


def _dissected(data: bytes, link: int) -> Any:  # noqa: ANN401 - scapy has no types for its layers
    """The packet in scapy's layers, under one that only knows the link type.

    scapy guards every layer but the first against bytes that make no sense.
    """
    config = importlib.import_module("scapy.config").conf
    packet = importlib.import_module("scapy.packet")
    first = config.l2types.num2layer.get(link, config.raw_layer)
    return _envelope(packet.Packet, first)(data)


@cache
def _envelope(packet: Any, first: Any) -> Any:  # noqa: ANN401 - as above
    class Envelope(packet):  # type: ignore[misc]
        name = "Envelope"
        fields_desc: ClassVar[list[Any]] = []

        def guess_payload_class(self, payload: bytes) -> Any:  # noqa: ANN401 - as above
            del payload
            return first

    return Envelope


def _nanoseconds(reader: Any, about: Any, before: int) -> int:  # noqa: ANN401 - as above
    """Time of a packet; the one before's for a block without a time (pcapng)."""
    if hasattr(about, "sec"):
        return int(about.sec * 1_000_000_000 + about.usec * (1 if reader.nano else 1000))
    if about.tshigh is None:
        return before
    return int((about.tshigh << 32 | about.tslow) * 1_000_000_000 // int(about.tsresol))


def _stopped(path: Path, count: int, note: Note | None) -> None:
    if note is not None:
        what = f"scapy met a damaged or cut record after {count:,} packets and stopped."
        note(Problem("damaged-record", str(path), what, "Compare with the default engine."))


def _no_capture(path: Path) -> InputError:
    return InputError(
        "is no capture that scapy reads (pcap or pcapng, also gzipped)",
        place=str(path),
        hint="Use the default engine, or convert a copy with editcap.",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("scapy")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def neutral(frame: Any, wire: int, time: int) -> Packet | None:  # noqa: ANN401 - as above
    """One packet of scapy's by its innermost IP header; none without one."""
    data: bytes = frame.original or b""
    layers = list(_layers(frame))
    limit = max(wire, len(data))
    begin, found = 0, None
    vlans: list[int] = []
    tunnels: list[str] = []
    outer: tuple[str, str] | None = None
    between: list[Any] = []
    for layer in layers:
        if type(layer).__name__ in VLANS and found is None:
            vlans.append(int(layer.vlan))
        if layer.name not in ("IP", "IPv6"):
            between.append(layer)
            continue
        if found is not None:
            kind = _tunnel(between)
            if kind is None:
                break
            tunnels.append(kind)
            outer = outer or (found.source, found.target)
        head = bytes(layer.original[:20])
        place = data.find(head, begin) if len(head) == 20 else -1
        inner = _header(layer, data, place, limit) if place >= 0 else None
        if inner is None:
            return None
        found, limit, between = inner, place + inner.octets, []
        begin = place + 20
    if found is None:
        return None
    found.time = time
    found.vlans, found.tunnels, found.outer = tuple(vlans), tuple(tunnels), outer
    if found.fragment is None or found.fragment[1] == 0:
        _transport(found, data[limit - found.segment : limit])
        if found.ports is not None and not set(found.ports).isdisjoint(DNS_APPS):
            found.said = _dns_said(between, found)
    return found


def _layers(frame: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
    """The layers from the outermost in, also through Teredo, which scapy has no layer for."""
    layer, count = frame, 0
    while layer is not None and layer.name != "NoPayload" and count < MOST_LAYERS:
        yield layer
        count += 1
        if type(layer).__name__ == "Loopback" and layer.original[4:5] >= b"\x60":
            # each system has its own number for IPv6, and scapy knows one of them
            layer = importlib.import_module("scapy.layers.inet6").IPv6(layer.original[4:])
            continue
        if layer.name == "UDP" and TEREDO in (layer.sport, layer.dport):
            inner = _past_teredo(bytes(layer.original[8 : layer.len]))
            if inner:
                yield layer
                layer = importlib.import_module("scapy.layers.inet6").IPv6(inner)
                continue
        layer = layer.payload


def _past_teredo(data: bytes) -> bytes:
    """The IPv6 packet behind Teredo's indications (RFC 4380 section 5.1.1); empty = none."""
    if data[:2] == b"\0\1" and len(data) >= 4:
        data = data[4 + data[2] + data[3] + 9 :]
    if data[:2] == b"\0\0":
        data = data[8:]
    return data if len(data) >= 40 and data[0] >> 4 == 6 else b""


def _tunnel(between: list[Any]) -> str | None:
    """The kind of tunnel the layers between two IP headers make; none = not one that is known."""
    names = [type(layer).__name__ for layer in between]
    if all(name.startswith("IPv6ExtHdr") for name in names):
        return IP_IN_IP
    kind = None
    for layer, name in zip(between, names, strict=True):
        if name == "VXLAN":
            kind = VXLAN_PORTS.get(layer.underlayer.dport)
        elif name in ("GRE", "GRE_PPTP") and layer.proto == 0x6558 and layer.key_present:
            kind = "nvgre"
        elif name in TUNNELS:
            kind = TUNNELS[name]
    if kind is None and names.count("UDP") == 2:  # _layers gives Teredo's UDP twice
        kind = "teredo"
    return kind


def _header(layer: Any, data: bytes, place: int, limit: int) -> Packet | None:  # noqa: ANN401
    """The IP header at a place of the frame; none if it makes no sense."""
    left = limit - place
    if layer.version != (4 if layer.name == "IP" else 6):  # discarded by whoever gets it
        return None
    if layer.name == "IP":
        header = (layer.ihl or 0) * 4
        octets = left if not layer.len or layer.len > left else int(layer.len)
        if header < 20 or octets < header:
            return None
        packet = Packet(0, str(layer.src), str(layer.dst), layer.proto, octets, octets - header)
        if layer.frag or int(layer.flags) & 1:
            packet.fragment = (int(layer.id), int(layer.frag) * 8)
        return packet
    octets = int(layer.plen or 0) + 40
    if octets == 40 and (layer.nh == 0 or left > 54):  # jumbogram, or segmentation offload
        octets = left
    octets = min(octets, left)
    if octets < 40:
        return None
    source, target = canonical(str(layer.src)), canonical(str(layer.dst))
    packet = Packet(0, source, target, layer.nh, octets, octets - 40)
    end = min(place + octets, len(data))
    at = place + 40
    while packet.protocol == 44 or packet.protocol in EXTENSIONS:
        if at + 8 > end:
            return None
        size = 8
        if packet.protocol == 44:
            offset = int.from_bytes(data[at + 2 : at + 4], "big")
            if offset & 0xFFF9:
                number = int.from_bytes(data[at + 4 : at + 8], "big")
                packet.fragment = (number, offset & 0xFFF8)
        else:
            unit = EXTENSIONS[packet.protocol]
            size = data[at + 1] * unit + 8
        packet.protocol = data[at]
        at += size
        packet.segment = max(packet.segment - size, 0)
        if packet.fragment and packet.fragment[1] > 0:
            break
    return packet


def _transport(packet: Packet, data: bytes) -> None:
    """Ports, TCP numbers and payload out of the captured bytes of the transport layer."""
    if packet.protocol in (TCP, UDP, 33, 132, 136):
        if len(data) < 4:
            return
        packet.ports = struct.unpack(">HH", data[:4])
    elif packet.protocol in (1, 58):
        packet.kind = data[0] if data else None
        return
    if packet.protocol == TCP:
        if len(data) < 14 or data[12] >> 4 < 5:  # no valid header (RFC 9293 section 3.1)
            return
        tcp = importlib.import_module("scapy.layers.inet").TCP(data.ljust(20, b"\0"))
        packet.sequence, packet.acknowledged = int(tcp.seq), int(tcp.ack)
        packet.flags = int(tcp.flags) & 0xFF
        packet.header = (data[12] >> 4) * 4
        packet.payload = data[packet.header : packet.header + MOST_PAYLOAD]
    elif packet.protocol == UDP:
        packet.payload = data[HEADERS[UDP] : HEADERS[UDP] + MOST_PAYLOAD]


def _dns_said(layers: list[Any], packet: Packet) -> Said | None:
    """What a DNS, mDNS or LLMNR message asks and answers."""
    message = next((each for each in layers if each.name == "DNS" or "LLMNR" in each.name), None)
    port = next((port for port in packet.ports or () if port in DNS_APPS), None)
    if message is None or port is None:
        return None
    app = DNS_APPS[port]
    reply = bool(message.qr)
    questions = message.qd or []
    name = None
    if len(questions):
        name = host_name(_text(getattr(questions[0], "qname", b"")))
    elif not message.an:
        return None
    answers = []
    if reply and name and app == "dns":
        answers = [
            (name, canonical(str(answer.rdata)))
            for answer in (message.an or [])[:64]
            if getattr(answer, "type", 0) in (1, 28) and is_address(str(answer.rdata))
        ]
    client: Client = None if app == "mdns" else "target" if reply else "source"
    return Said(
        client=client, app=app, encrypted=False, host=name,
        basis="dns-query" if name else None, answers=tuple(answers),
    )  # fmt: skip


def _text(name: bytes | str) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else str(name)

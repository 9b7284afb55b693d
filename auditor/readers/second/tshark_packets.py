"""Packets as tshark dissects them, by way of pyshark.

tshark's own dissectors say what is in the payload, so that nothing of it is read here. It asks no
name server, uses nobody's preferences and profile, and puts no fragments together: each packet
stands for itself.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.readers.second.packets import IP_IN_IP, Packet, canonical
from auditor.readers.second.tshark_names import every, first, number, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.problem import Note

LAYERS: Final = (
    "frame eth ethertype vlan ieee8021ad sll sll_v2 null raw ip ipv6 tcp udp udplite sctp dccp"
    " icmp icmpv6 gre erspan vxlan geneve gtp l2tp teredo tls ssl dtls quic http http2 dns mdns"
    " llmnr ntp syslog"
)
"""The layers that tshark writes out; it dissects all of them."""

PREFERENCES: Final = {
    "ip.defragment": "FALSE", "ipv6.defragment": "FALSE", "ip.check_checksum": "FALSE",
    "tcp.check_checksum": "FALSE", "udp.check_checksum": "FALSE",
    "tcp.relative_sequence_numbers": "FALSE", "tcp.reassemble_out_of_order": "TRUE",
    "gui.max_tree_depth": "500",
}  # fmt: skip
TUNNELS: Final = {
    "gre": "gre", "geneve": "geneve", "gtp": "gtp-u", "l2tp": "l2tp", "teredo": "teredo",
}  # fmt: skip
VLANS: Final = ("vlan", "ieee8021ad")
PORTED: Final = {"tcp": 6, "udp": 17, "udplite": 136, "sctp": 132, "dccp": 33}
CARRIERS: Final = {
    "gre", "erspan", "vxlan", "geneve", "gtp", "l2tp", "teredo", "udp", "eth", "ethertype", "vlan",
    "ieee8021ad", "mpls", "pwethheuristic", "pwethcw", "pwethnocw", "ppp", "pppoes", "llc", "ipv6",
    "lapd", "gtpv1u",
}  # fmt: skip
"""What may stand between two IP headers of a tunnel that is told apart."""

EXTENSIONS: Final = (
    ("ipv6.hopopts.nxt", "ipv6.hopopts.len", 8),
    ("ipv6.dstopts.nxt", "ipv6.dstopts.len", 8),
    ("ipv6.routing.nxt", "ipv6.routing.len", 8),
    ("ipv6.fraghdr.nxt", None, 8),
    ("ah.next_header", "ah.length", 4),
)
"""IPv6 extension headers: field of the following header, field of the length, its unit."""
CONTROLS: Final = bytes(byte for byte in range(0x20) if byte not in (0x09, 0x0A, 0x0D))
"""Bytes that XML does not allow."""

PATIENCE: Final = 30
"""Seconds that tshark may take to end after its last packet."""

REMEDY: Final = (
    "Install tshark (Debian, Ubuntu: `apt install tshark`), or use --engine scapy,"
    " which needs nothing else."
)


def packets(path: Path, note: Note | None = None) -> Iterator[Packet]:
    """The IP packets of a capture, in its order; where tshark stopped early is noted.

    Raises:
        InputError: tshark is not installed, or cannot read the file.
    """
    tshark = shutil.which("tshark")
    if tshark is None:
        raise InputError("tshark is not installed", place=str(path), hint=REMEDY)
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise InputError(
            f"cannot be opened: {error.strerror}",
            place=str(path),
            hint="Check that the file is there and that this user may read it.",
        ) from None
    if empty:
        raise InputError("is empty", place=str(path), hint="Take it from its source again.")
    count = 0
    layers = ["-J", LAYERS]
    with own_preferences(), event_loop() as loop, capture_of(path, tshark, loop, layers) as capture:
        for frame in capture:
            count += 1
            packet = neutral(frame)
            if packet is not None:
                yield packet
        if capture.exit_code:
            _stopped(path, count, capture.last_line, note)


def _stopped(path: Path, count: int, last_line: str, note: Note | None) -> None:
    """Says that tshark ended with an error; after some packets the file's end is damaged."""
    why = last_line.removeprefix("tshark: ").rstrip(".") or "it gives no reason"
    if count == 0:
        raise InputError(
            f"cannot be read by tshark: {why}",
            place=str(path),
            hint="Give a capture (pcap or pcapng).",
        )
    if note is not None:
        what = f"tshark stopped after {count:,} packets: {why}."
        note(Problem("truncated-record", str(path), what, "Compare with the default engine."))


def capture_of(
    path: Path,
    tshark: str,
    loop: asyncio.AbstractEventLoop,
    parameters: list[str],
    preferences: dict[str, str] | None = None,
) -> Any:  # noqa: ANN401 - pyshark has no types
    """The packets of a file by way of pyshark, as a context; knows how tshark ended.

    ``parameters`` are more words for tshark's command line, ``preferences`` more of what it is set.
    """
    import pyshark
    from pyshark.tshark.output_parser import tshark_xml

    objectify = importlib.import_module("lxml.objectify")
    reading = objectify.makeparser(
        huge_tree=True, recover=True, encoding="utf-8", resolve_entities=False
    )

    class Parser(tshark_xml.TsharkXmlParser):  # type: ignore[misc]
        def _parse_single_packet(self, packet: bytes) -> Any:  # noqa: ANN401 - as above
            # pyshark looks at each letter one by one; this takes half of the whole time away
            element = objectify.fromstring(packet.translate(None, CONTROLS), reading)
            return tshark_xml.packet_from_xml_packet(element)

    class Capture(pyshark.FileCapture):  # type: ignore[misc]
        exit_code = 0
        last_line = ""

        def _setup_tshark_output_parser(self) -> Any:  # noqa: ANN401 - as above
            return Parser()

        async def _cleanup_subprocess(self, process: asyncio.subprocess.Process) -> None:
            # pyshark kills tshark when the output ends, before it can say how it ended
            if self._eof_reached:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(process.wait(), PATIENCE)
                await asyncio.gather(*self._stderr_handling_tasks, return_exceptions=True)
                self._stderr_handling_tasks.clear()
                self.exit_code = process.returncode or 0
                self.last_line = str(self._last_error_line or "")
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
            self._running_processes.discard(process)

    return Capture(
        str(path),
        keep_packets=False,
        tshark_path=tshark,  # else pyshark looks into a config.ini of the working folder
        override_prefs=PREFERENCES | (preferences or {}),
        custom_parameters=parameters,
        eventloop=loop,
    )


@contextmanager
def own_preferences() -> Iterator[Path]:
    """Keeps the user's preferences, profile and name files from tshark; gives our own folder."""
    before = os.environ.get("WIRESHARK_CONFIG_DIR")
    with tempfile.TemporaryDirectory(prefix="auditor-tshark-") as folder:
        os.environ["WIRESHARK_CONFIG_DIR"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["WIRESHARK_CONFIG_DIR"]
            else:
                os.environ["WIRESHARK_CONFIG_DIR"] = before


@contextmanager
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop of our own for pyshark, closed afterwards."""
    loop = asyncio.new_event_loop()
    try:
        yield loop
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def neutral(frame: Any) -> Packet | None:  # noqa: ANN401 - pyshark has no types
    """One packet of pyshark's by its innermost IP header; none without one."""
    limit = int(frame.length)
    named = _between(frame)
    found: Packet | None = None
    vlans: list[int] = []
    tunnels: list[str] = []
    outer: tuple[str, str] | None = None
    after: list[Any] = []
    for layer in frame.layers:
        name = layer.layer_name
        if name in VLANS and found is None:
            vlans += [int(each, 16) & 0xFFF for each in every(layer, f"{name}.id", whole=True)]
        if name not in ("ip", "ipv6"):
            after.append(layer)
            continue
        if found is not None:
            kind = _tunnel(after, named[len(tunnels)] if len(tunnels) < len(named) else None)
            if kind is None:
                break
            tunnels.append(kind)
            outer = outer or (found.source, found.target)
        inner = _header(layer, limit)
        if inner is None:
            return None
        (found, limit), after = inner, []
    if found is None:
        return None
    seconds, _, fraction = str(frame.sniff_timestamp).partition(".")
    # a fraction that overflowed in a damaged record is shown with a sign
    found.time = int(seconds) * 1_000_000_000 + (
        int(f"{fraction:0<9}") if fraction.isdigit() else 0
    )
    found.vlans, found.tunnels, found.outer = tuple(vlans), tuple(tunnels), outer
    if found.fragment is None or found.fragment[1] == 0:
        _transport(found, after)
        found.said = said(after, found.ports or ())
    return found


def _between(frame: Any) -> list[list[str]]:  # noqa: ANN401 - as above
    """The protocols between each IP header and the next, by tshark's own list of them."""
    names = (first(frame.frame_info, "frame.protocols") or "").split(":")
    places = [place for place, name in enumerate(names) if name in ("ip", "ipv6")]
    return [names[place + 1 : after] for place, after in pairwise(places)]


def _tunnel(layers: list[Any], names: list[str] | None) -> str | None:
    """The kind of tunnel between two IP headers; none where it is not one of those told apart."""
    if names is None or any(name.split(".")[0] not in CARRIERS for name in names):
        return None
    fields = {layer.layer_name: layer for layer in layers}
    if "erspan" in names:
        return "erspan"
    if "vxlan" in fields:  # tshark's own list leaves out that of port 4790
        ports = first(fields["udp"], "udp.dstport") if "udp" in fields else None
        return "vxlan-gpe" if ports == "4790" else "vxlan"
    if "gre" in names and "gre" in fields and number(fields["gre"], "gre.proto") == 0x6558:
        return "nvgre" if first(fields["gre"], "gre.key") else "gre"
    for name in names:
        if name in TUNNELS:
            return TUNNELS[name]
    return None if "udp" in names or "tcp" in names else IP_IN_IP


def _header(layer: Any, limit: int) -> tuple[Packet, int] | None:  # noqa: ANN401 - as above
    """The IP header of a layer and where its packet ends in the frame; none if it is broken."""
    name = layer.layer_name
    version = layer.get_field(f"{name}.version")
    source, target = first(layer, f"{name}.src"), first(layer, f"{name}.dst")
    if version is None or not source or not target:
        return None
    begin = int(version.pos)
    left = limit - begin
    if name == "ip":
        header, octets = int(first(layer, "ip.hdr_len") or 0), number(layer, "ip.len")
        if octets == 0 or octets > left:
            octets = left
        if header < 20 or octets < header:
            return None
        packet = Packet(0, source, target, number(layer, "ip.proto"), octets, octets - header)
        part = _word(layer, "ip.frag_offset")  # tshark's versions show it in different units
        offset = (part & 0x1FFF) * 8
        if offset or part & 0x2000:
            packet.fragment = (number(layer, "ip.id"), offset)
        return packet, begin + octets
    following = number(layer, "ipv6.nxt")
    octets = number(layer, "ipv6.plen") + 40
    if octets == 40 and (following == 0 or left > 54):  # jumbogram, or segmentation offload
        octets = left
    octets = min(octets, left)
    if octets < 40:
        return None
    packet = Packet(0, canonical(source), canonical(target), following, octets, octets - 40)
    _extended(packet, layer, begin)
    return packet, begin + octets


def _extended(packet: Packet, layer: Any, begin: int) -> None:  # noqa: ANN401 - as above
    """Takes protocol and place of the transport from the last IPv6 extension header."""
    last = begin
    for following, length, unit in EXTENSIONS:
        after = layer.get_field(following)
        sizes = every(layer, length, whole=True) if length else []
        for index, each in enumerate(after.all_fields if after is not None else ()):
            place = int(each.pos)
            size = 8 + unit * (int(sizes[index], 16) if index < len(sizes) else 0)
            if place > last:
                last = place
                packet.protocol = int(each.raw_value, 16)
                packet.segment = max(packet.octets - (place + size - begin), 0)
    if layer.get_field("ipv6.fraghdr.ident") is not None:
        part = _word(layer, "ipv6.fraghdr.offset")
        offset = part & 0xFFF8
        if offset or part & 1:
            packet.fragment = (number(layer, "ipv6.fraghdr.ident"), offset)


def _word(layer: Any, name: str) -> int:  # noqa: ANN401 - as above
    """The bytes a field of some bits stands in, as a number."""
    found = every(layer, name, whole=True)
    return int(found[0], 16) if found else 0


def _transport(packet: Packet, layers: list[Any]) -> None:
    """Ports and TCP numbers out of the layer that follows the IP header."""
    if not layers:
        return
    for layer in layers[:2]:  # an authentication header may stand between
        name = layer.layer_name
        if name in ("icmp", "icmpv6") and packet.protocol in (1, 58):
            packet.kind = int(first(layer, f"{name}.type") or -1)
            return
        if PORTED.get(name) != packet.protocol:
            continue
        prefix = "udp" if name == "udplite" else name
        source, target = first(layer, f"{prefix}.srcport"), first(layer, f"{prefix}.dstport")
        if source is None or target is None:
            return
        packet.ports = (int(source), int(target))
        if name == "tcp" and "tcp.flags" in layer._all_fields:
            packet.flags = number(layer, "tcp.flags") & 0xFF
            packet.sequence = number(layer, "tcp.seq")
            packet.acknowledged = number(layer, "tcp.ack")
            packet.header = max(int(first(layer, "tcp.hdr_len") or 20), 20)
        return

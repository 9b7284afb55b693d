"""MQTT 3.1, 3.1.1 and 5 over TCP: topics and what is published under them (OASIS standards)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.inspect.contracts import MOST_HELD
from auditor.inspect.protocols.incoming import Incoming

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Conversation, FlowHead, Part

_CONNECT: Final = re.compile(
    rb"\x10[\x00-\xff]{1,4}?(?:\x00\x04MQTT[\x04\x05]|\x00\x06MQIsdp\x03)", re.DOTALL
)
_PUBLISH: Final = 3
_PACKETS: Final = {1: "CONNECT", 8: "SUBSCRIBE", 10: "UNSUBSCRIBE"}
_LONGEST_SHOWN: Final = 200
"""Bytes of a topic in a place; the topic itself is searched whole."""

_LONGEST_HEAD: Final = 2 + 65535 + 2 + 4 + 65535
"""Bytes of a PUBLISH before its payload: topic, packet identifier, properties."""


class Mqtt:
    """Devices and services that publish to a broker."""

    name = "mqtt"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """By the CONNECT that opens it; by the port, where the beginning is missing."""
        client, server = heads
        if _CONNECT.match(client):
            return 0.98
        if 1883 not in (flow.dst_port, flow.src_port) and flow.app != "mqtt":
            return 0.0
        return 0.6 if _makes_sense(client) or _makes_sense(server) else 0.0

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """What is published becomes a part with its topic as place; passwords are not copied."""
        return _Session(content)


def _makes_sense(head: bytes) -> bool:
    """Whether a packet begins here: a known type with the flags that belong to it."""
    if len(head) < 2:
        return False
    kind, flags = head[0] >> 4, head[0] & 15
    if kind == _PUBLISH:
        return flags & 6 != 6 and len(head) >= 8
    return kind > 0 and flags == (2 if kind in (6, 8, 10) else 0)


def _length(data: bytes, at: int) -> tuple[int, int] | None:
    """A number of one to four bytes, and where it ends; null = not whole, or too long (-1)."""
    value = 0
    for index in range(4):
        if at + index >= len(data):
            return None
        byte = data[at + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, at + index + 1
    return -1, at + 4


def _field(data: bytes, at: int) -> tuple[bytes, int]:
    """Bytes with their length before them, and where they end; beyond the end they are short."""
    size = int.from_bytes(data[at : at + 2], "big")
    return data[at + 2 : at + 2 + size], at + 2 + size


class _Session:
    """One connection. ``_five`` is null until a CONNECT told the version."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._waiting = (Incoming(), Incoming())
        self._five = False
        self._topics = [b"", b""]  # that were told last
        self._left = [0, 0]  # bytes of the payload, or of the packet that is passed over
        self._payloads: list[Part | None] = [None, None]
        self._unframed: list[Part | None] = [None, None]

    def feed(self, side: int, data: bytes, gap: int) -> None:
        if gap:
            self._missing(side, gap)
        unframed = self._unframed[side]
        if unframed:
            if data:
                unframed.feed(data)
            return
        self._waiting[side].add(data)
        while self._packet(side):
            pass

    def close(self) -> None:
        for side in (0, 1):
            rest = self._waiting[side].rest()
            if rest:
                self._content.unread(side, len(rest), "damaged")
            for part in (self._payloads[side], self._unframed[side]):
                if part:
                    part.close()

    def _missing(self, side: int, gap: int) -> None:
        part = self._payloads[side]
        unframed = self._unframed[side]
        if unframed:
            unframed.gap(gap)
        elif part and gap <= self._left[side]:
            part.gap(gap)
            self._passed(side, gap)
        else:
            self._lost(side)

    def _lost(self, side: int) -> None:
        """Where packets begin is not known any more: the rest is searched as it stands."""
        part = self._payloads[side]
        if part:
            part.close()
            self._payloads[side] = None
        self._content.problem("mqtt-lost", "MQTT packets could not be told apart any more")
        self._unframed[side] = unframed = self._content.part(side, "MQTT")
        rest = self._waiting[side].rest()
        if rest:
            unframed.feed(rest)

    def _passed(self, side: int, size: int) -> None:
        self._left[side] -= size
        part = self._payloads[side]
        if part and not self._left[side]:
            part.close()
            self._payloads[side] = None

    def _packet(self, side: int) -> bool:
        """Takes what is there of one packet; whether more may follow at once."""
        incoming = self._waiting[side]
        if self._left[side]:
            data = incoming.some(self._left[side])
            part = self._payloads[side]
            if part and data:
                part.feed(data)
            self._passed(side, len(data))
            return not self._left[side]
        head = incoming.head(5)
        length = _length(head, 1)
        if not head or length is None:
            return False
        size, begin = length
        kind = head[0] >> 4
        if size < 0 or kind == 0:
            self._lost(side)
            return False
        if kind == _PUBLISH:
            return self._publish(side, incoming, head[0], begin, size)
        if kind in _PACKETS and size <= MOST_HELD:
            packet = incoming.block(begin + size)
            if packet is None:
                return False
            self._short(side, kind, packet[begin:])
            return True
        incoming.some(begin)  # acknowledgements and the like; a huge one carries nothing known
        self._left[side] = size
        return True

    def _publish(self, side: int, incoming: Incoming, first: int, begin: int, size: int) -> bool:
        """Begins a payload, once all that stands before it has come."""
        head = incoming.head(min(begin + size, _LONGEST_HEAD))
        topic, at = _field(head, begin)
        at += 2 if first & 6 else 0
        if self._five and at <= begin + size:
            properties = _length(head[: begin + size], at)
            if properties is None and at < begin + size:
                return False
            extent, at = properties or (0, at)
            at = at + extent if extent >= 0 else begin + size + 1
        if at > begin + size or at > _LONGEST_HEAD:
            self._lost(side)
            return False
        if len(incoming) < at:
            return False
        incoming.some(at)
        if topic != self._topics[side]:
            self._topics[side] = topic
            self._content.text(side, "MQTT topic", topic)
        self._left[side] = begin + size - at
        if self._left[side]:
            name = topic[:_LONGEST_SHOWN].decode("utf-8", "replace")
            self._payloads[side] = self._content.part(side, f"MQTT message / {name}")
        return True

    def _short(self, side: int, kind: int, body: bytes) -> None:
        place = f"MQTT {_PACKETS[kind]}"
        if kind != 1:
            self._content.text(side, place, body[2:])
            return
        _, at = _field(body, 0)
        if len(body) < at + 4:
            return
        self._five = body[at] >= 5
        flags = body[at + 1]
        at += 4
        at = self._skipped(body, at)
        client, at = _field(body, at)
        self._content.text(side, place, client)
        if flags & 4:
            at = self._skipped(body, at)
            for _ in range(2):  # what is published when the client is lost: topic, payload
                will, at = _field(body, at)
                self._content.text(side, place, will)
        if flags & 0x80:
            user, _ = _field(body, at)
            self._content.text(side, place, user)

    def _skipped(self, body: bytes, at: int) -> int:
        """Behind the properties that version 5 has here."""
        if not self._five:
            return at
        size, end = _length(body, at) or (0, at)
        return end + max(size, 0)

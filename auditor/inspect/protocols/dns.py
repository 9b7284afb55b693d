"""DNS over UDP and TCP, mDNS and LLMNR: what answers carry, and what hides in names (RFC 1035).

Names of ordinary queries are not searched; they are accounted for as read. Names that look like
packed data are counted as a covert channel, see ``hidden``.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from auditor.inspect.protocols.incoming import Incoming

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Conversation, FlowHead

_PORTS: Final = (53, 5353, 5355)
_HEADER: Final = 12
_MOST_RECORDS: Final = 1000
"""Questions and answers of one message that are looked at; a datagram holds fewer."""

_MOST_JUMPS: Final = 32
"""Compression pointers of one name; each must point backwards, so there is no loop anyway."""

_LONGEST_NAME: Final = 255
_PTR: Final = 12
_TEXT_TYPES: Final = {10: "NULL", 13: "HINFO", 16: "TXT", 99: "SPF", 257: "CAA"}

_IN_STRINGS: Final = (13, 16, 99)

_LONG_LABEL: Final = 24
"""Letters from which a label is judged; a word is shorter, packed data is not."""

_LEAST_HIDDEN: Final = 30
"""Bytes of judged labels in one name; hashes in names that clouds give out stay below mostly."""

_PROOF: Final = 33
"""Bytes of ``_`` and a hash in hexadecimal digits: proofs for those who issue certificates."""

_HEX: Final = re.compile(rb"[0-9a-f]+\Z")
_LETTERS: Final = re.compile(rb"[0-9a-z_=+/-]+\Z")
_SHARED_SECOND: Final = frozenset(
    (b"com", b"net", b"org", b"edu", b"gov", b"co", b"ac", b"or", b"ne", b"go", b"info", b"biz")
)
_ORDINARY: Final = (
    # Address to name, and names that never leave the network.
    b".arpa", b".local", b".localdomain", b".lan", b".internal", b".home",
    # Machines and load balancers of clouds and content networks, which answer for these names
    # themselves: nobody else can have a name server below them, so no tunnel ends there.
    b".amazonaws.com", b".cloudfront.net", b".awsglobalaccelerator.com", b".azure.com",
    b".azurewebsites.net", b".windows.net", b".trafficmanager.net", b".akamaiedge.net",
    b".akadns.net", b".edgekey.net", b".edgesuite.net", b".fastly.net", b".cloudflare.net",
    b".googlevideo.com", b".googleusercontent.com", b".googlesyndication.com", b".nflxvideo.net",
    b".fbcdn.net", b".acm-validations.aws",
    # Look-ups that carry a fingerprint of a file or an address by design: protection against
    # viruses and spam.
    b".mcafee.com", b".sophosxl.net", b".sophosxl.com", b".e5.sk",
    b".eset.com", b".kaspersky.com", b".kaspersky-labs.com", b".trendmicro.com", b".avast.com",
    b".cymru.com", b".spamhaus.org", b".spamhaus.net", b".surbl.org",
    b".uribl.com", b".senderbase.org", b".barracudabrts.com", b".dnswl.org",
)  # fmt: skip


def parent(labels: list[bytes]) -> bytes:
    """The name that somebody registered, by a plain rule: the last two labels, or the last three.

    Three, where the last has two letters (a country) and the one before is a shared one such as
    ``com`` or ``gov``. Lists of all shared suffixes are large and age; a wrong cut only names a
    finding differently.
    """
    shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2].lower() in _SHARED_SECOND
    return b".".join(labels[-3 if shared else -2 :]).lower()


def hidden(labels: list[bytes]) -> bytes:
    """The labels of a name that look like packed data, joined; empty = the name is ordinary.

    Below the registered name, labels of 24 bytes or more are judged; those that look packed must
    have 30 bytes together. A label looks packed if it has bytes that names do not have, is written
    in hexadecimal digits, in small and large letters with digits (base64), or has digits all over
    and few vowels (base32). Words have vowels, stand between hyphens, and keep their digits
    together. Internationalised names (``xn--``), names that prove who owns a name (``_`` and a
    hash) and those of ``_ORDINARY`` are left out. Tunnels send such a name for every 20 to 150
    bytes, so many different ones under one registered name are the sign; a single one may be
    anything. Labels below 24 bytes, which the signs of life of tunnels have, are not counted.
    """
    if len(labels) < 3 or max(map(len, labels)) < _LONG_LABEL:
        return b""
    name = b"." + b".".join(labels).lower()
    if name.endswith(_ORDINARY) or b"._domainkey." in name:
        return b""
    own = labels[: len(labels) - parent(labels).count(b".") - 1]
    packed = b"".join(label for label in own if len(label) >= _LONG_LABEL and _is_packed(label))
    return packed if len(packed) >= _LEAST_HIDDEN else b""


def _is_packed(label: bytes) -> bool:
    low = label.lower()
    if low.startswith(b"xn--") or (low.startswith(b"_") and len(low) == _PROOF):
        return False
    if _LETTERS.match(low) is None:
        try:
            text = label.decode("utf-8")
        except UnicodeDecodeError:
            return True
        if not text.isprintable():
            return True
        if " " in text or not text.isascii():  # a printer in Vietnamese, announced as a service
            return False
    if _HEX.match(low):
        return True
    size = len(low)
    digits = sum(map(low.count, b"0123456789"))
    hyphens = low.count(b"-")
    if hyphens * 8 > size:  # words joined by hyphens
        return False
    if label not in (low, low.upper()) and digits * 20 > size:
        return True  # base64: names are not written in mixed letters with digits
    kinds = [byte in b"0123456789" for byte in low]
    turns = sum(a != b for a, b in pairwise(kinds))
    vowels = sum(map(low.count, b"aeiou"))
    # Random base32 has 19 % digits in some 30 % of places a turn, and 16 % vowels; words have
    # 35 to 45 % vowels, and their digits stand together.
    return digits * 14 > size and turns * 7 > size and vowels * 10 < size * 3


class Dns:
    """Names being resolved."""

    name = "dns"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """By port, and by a header that makes sense."""
        head = heads[0] or heads[1]
        if flow.protocol == 6:
            head = head[2:]
        likely = flow.dst_port in _PORTS or flow.src_port in _PORTS or flow.app in _APPS
        if not likely:
            return 0.0
        return 0.9 if _plausible(head) else 0.3 if 53 in (flow.dst_port, flow.src_port) else 0.0

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """Answers with free text become text; names that look packed are counted."""
        return _Stream(content) if flow.protocol == 6 else _Datagrams(content)


_APPS: Final = ("dns", "mdns", "llmnr")


def _plausible(head: bytes) -> bool:
    """Whether a header has a known kind of query and few enough records."""
    if len(head) < _HEADER:
        return False
    kind = head[2] >> 3 & 15
    counts = [int.from_bytes(head[at : at + 2], "big") for at in (4, 6, 8, 10)]
    return kind in (0, 1, 2, 4, 5, 6) and 0 < sum(counts) < 300 and counts[0] <= 20


class _Datagrams:
    """Each chunk is one message."""

    def __init__(self, content: Content) -> None:
        self._content = content

    def feed(self, side: int, data: bytes, gap: int) -> None:
        if data:
            _read(self._content, side, data)

    def close(self) -> None:
        pass


class _Stream:
    """Each message has its length before it (RFC 1035 section 4.2.2)."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._waiting = (Incoming(), Incoming())
        self._lost = [False, False]

    def feed(self, side: int, data: bytes, gap: int) -> None:
        incoming = self._waiting[side]
        if gap:
            self._lost[side] = True
            self._unframed(side)
        if self._lost[side]:
            if data:
                self._content.unread(side, len(data), "damaged")
            return
        incoming.add(data)
        while len(incoming) >= 2:
            size = int.from_bytes(incoming.head(2), "big")
            message = incoming.block(2 + size)
            if message is None:
                return
            _read(self._content, side, message[2:])

    def close(self) -> None:
        for side in (0, 1):
            self._unframed(side)

    def _unframed(self, side: int) -> None:
        rest = len(self._waiting[side].rest())
        if rest:
            self._content.unread(side, rest, "damaged")


def _read(content: Content, side: int, data: bytes) -> None:
    """Takes one message apart; what follows damage is accounted for."""
    if len(data) < _HEADER:
        content.unread(side, len(data), "damaged")
        return
    questions = int.from_bytes(data[4:6], "big")
    answers = sum(int.from_bytes(data[at : at + 2], "big") for at in (6, 8, 10))
    at = _HEADER
    for _ in range(min(questions, _MOST_RECORDS)):
        found = _name(data, at)
        if found is None or found[1] + 4 > len(data):
            content.unread(side, len(data) - at, "damaged")
            return
        labels, at = found
        kind = int.from_bytes(data[at : at + 2], "big")
        at += 4
        if kind != _PTR and not data[2] & 0x80:
            packed = hidden(labels)
            if packed:
                place = f"DNS queries under {_shown(parent(labels))}"
                content.covert(side, place, len(packed), packed)
    for _ in range(min(answers, _MOST_RECORDS)):
        end = _passed(data, at)
        if end is None or end + 10 > len(data):
            content.unread(side, len(data) - at, "damaged")
            return
        kind = int.from_bytes(data[end : end + 2], "big")
        size = int.from_bytes(data[end + 8 : end + 10], "big")
        body = data[end + 10 : end + 10 + size]
        if len(body) < size:
            content.unread(side, len(data) - at, "damaged")
            return
        if kind in _TEXT_TYPES and body:
            text = _strings(body) if kind in _IN_STRINGS else body
            content.text(side, f"DNS {_TEXT_TYPES[kind]} answer", text)
        at = end + 10 + size


def _shown(name: bytes) -> str:
    return name.decode("ascii", "backslashreplace")


def _strings(body: bytes) -> bytes:
    """The strings of a record, each with its length before it, joined."""
    pieces: list[bytes] = []
    at = 0
    while at < len(body):
        pieces.append(body[at + 1 : at + 1 + body[at]])
        at += 1 + body[at]
    return b"".join(pieces)


def _passed(data: bytes, at: int) -> int | None:
    """Where a name ends that nobody asks for; null = it is damaged."""
    while at < len(data):
        size = data[at]
        if size >= 0xC0:
            return at + 2
        if size > 63:
            return None
        at += 1 + size
        if not size:
            return at
    return None


def _name(data: bytes, at: int) -> tuple[list[bytes], int] | None:
    """Labels of the name at a place, and where it ends there; null = it is damaged."""
    labels: list[bytes] = []
    end = 0
    total = jumps = 0
    while at < len(data):
        size = data[at]
        if size >= 0xC0:
            if at + 1 >= len(data):
                return None
            target = (size & 0x3F) << 8 | data[at + 1]
            end = end or at + 2
            jumps += 1
            if target >= at or jumps > _MOST_JUMPS:
                return None
            at = target
        elif size > 63:
            return None
        elif not size:
            return labels, end or at + 1
        else:
            total += 1 + size
            if total > _LONGEST_NAME or at + 1 + size > len(data):
                return None
            labels.append(data[at + 1 : at + 1 + size])
            at += 1 + size
    return None

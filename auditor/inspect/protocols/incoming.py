"""Conversations in lines: bytes that wait to be taken, and bodies that end with a lone dot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.inspect.contracts import MOST_HELD

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Part
    from auditor.model.content import Unread

TLS: Final = b"\x16\x03"
"""A record that begins a handshake of TLS (RFC 8446, section 5.1)."""

_LONE_DOT: Final = b"\r\n.\r\n"


def speak_tls(heads: tuple[bytes, bytes]) -> bool:
    """Whether a side begins with TLS, so that no lines follow."""
    return heads[0].startswith(TLS) or heads[1].startswith(TLS)


class Incoming:
    """What a side has sent and nobody has taken.

    The caller takes all it can after each ``add``, so that at most ``MOST_HELD`` bytes stay.
    """

    __slots__ = ("_at", "_data")

    def __init__(self) -> None:
        self._data = b""
        self._at = 0

    def __len__(self) -> int:
        return len(self._data) - self._at

    def add(self, data: bytes) -> None:
        """More bytes came."""
        self._data = self._data[self._at :] + data
        self._at = 0

    def line(self) -> bytes | None:
        """The next line with its end, or the first ``MOST_HELD`` bytes of a longer one.

        Null = the line has not come whole.
        """
        begin = self._at
        end = self._data.find(b"\n", begin, begin + MOST_HELD) + 1
        if not end:
            if len(self._data) - begin < MOST_HELD:
                return None
            end = begin + MOST_HELD
        self._at = end
        return self._data[begin:end]

    def head(self, size: int) -> bytes:
        """The first so many bytes, or as many as there are, which stay."""
        return self._data[self._at : self._at + size]

    def block(self, size: int) -> bytes | None:
        """So many bytes; null = they have not all come."""
        if len(self) < size:
            return None
        return self.some(size)

    def some(self, size: int) -> bytes:
        """At most so many bytes; none where none are there."""
        begin = self._at
        self._at = min(begin + size, len(self._data))
        return self._data[begin : self._at]

    def until(self, mark: bytes) -> tuple[bytes, bool]:
        """Bytes up to the mark, and whether it came; it is taken too.

        Where it did not come, what may be its beginning stays: nothing is held twice.
        """
        begin = self._at
        end = self._data.find(mark, begin)
        if end >= 0:
            self._at = end + len(mark)
            return self._data[begin:end], True
        cut = self._data.find(mark[:1], max(begin, len(self._data) - len(mark) + 1))
        self._at = cut if cut >= 0 else len(self._data)
        return self._data[begin : self._at], False

    def rest(self) -> bytes:
        """All that is there."""
        data = self._data[self._at :]
        self._at = len(self._data)
        return data

    def back(self, size: int) -> None:
        """The last so many bytes taken belong to what comes next (nothing was added since)."""
        self._at -= size


class Body:
    """A part that ends with a line of a single dot.

    Lines that begin with a dot have one more on the wire (RFC 5321 section 4.5.2, RFC 1939
    section 3).
    """

    __slots__ = ("_fresh", "_gapped", "_part", "_tail")

    def __init__(self, part: Part) -> None:
        self._part = part
        self._fresh = True
        self._gapped = False
        self._tail = b""

    def doubtful(self, incoming: Incoming) -> bool:
        """The end may have gone by unseen: bytes are missing, or lines end in a bare line feed."""
        return self._gapped or (self._tail + incoming.head(5)).endswith(b"\n.\n")

    def take(self, incoming: Incoming) -> bool:
        """Takes what it can; whether the body has ended (and its part is closed)."""
        if self._fresh:
            head = incoming.head(3)
            if head == b".\r\n":
                incoming.some(3)
                self._part.close()
                return True
            if b".\r\n".startswith(head):
                return False
            self._fresh = False
            if head.startswith(b"."):
                incoming.some(1)
        data, ended = incoming.until(_LONE_DOT)
        if data:
            self._tail = (self._tail + data[-3:])[-3:]
            self._part.feed(data.replace(b"\r\n.", b"\r\n"))
        if ended:
            self._part.feed(b"\r\n")
            self._part.close()
        return ended

    def gap(self, incoming: Incoming, size: int) -> None:
        """So many bytes are missing next."""
        self._flush(incoming)
        self._gapped = True
        self._part.gap(size)

    def close(self, incoming: Incoming) -> None:
        """Nothing more comes."""
        self._flush(incoming)
        self._part.close()

    def _flush(self, incoming: Incoming) -> None:
        self._fresh = False
        held = incoming.rest()
        if held:
            self._part.feed(held)


class Sealed:
    """The rest of a conversation that nobody here can read; false until that begins."""

    __slots__ = ("_content", "_why")

    def __init__(self, content: Content) -> None:
        self._content = content
        self._why: Unread | None = None

    def __bool__(self) -> bool:
        return self._why is not None

    def encrypted(self, waiting: tuple[Incoming, Incoming]) -> None:
        """Both sides speak TLS from here, also what was not taken yet."""
        self._content.secure()
        self._begin("encrypted", waiting)

    def packed(self, waiting: tuple[Incoming, Incoming]) -> None:
        """Both sides compress from here, in a way that is not read."""
        self._begin("unsupported", waiting)

    def add(self, side: int, size: int) -> None:
        """Accounts for further bytes."""
        if size and self._why:
            self._content.unread(side, size, self._why)

    def _begin(self, why: Unread, waiting: tuple[Incoming, Incoming]) -> None:
        self._why = why
        for side, incoming in enumerate(waiting):
            self.add(side, len(incoming.rest()))


class Session:
    """Both sides of a conversation in lines, each with what nobody has taken, until TLS begins."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._waiting = (Incoming(), Incoming())
        self._sealed = Sealed(content)

    def feed(self, side: int, data: bytes, gap: int) -> None:
        """As ``Conversation.feed``."""
        if self._sealed:
            self._sealed.add(side, len(data))
            return
        if gap:
            self._missing(side, gap)
        self._waiting[side].add(data)
        self._work(side)

    def _missing(self, side: int, gap: int) -> None:
        """So many bytes are missing next (0 = none will come): what waits has no end."""
        raise NotImplementedError

    def _work(self, side: int) -> None:
        """More bytes of a side wait: takes what it can."""
        raise NotImplementedError

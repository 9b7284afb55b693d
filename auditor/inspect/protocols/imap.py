"""IMAP: commands, responses, and the mails that are fetched and stored (RFC 9051, 3501, 4978)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.inspect.contracts import MOST_HELD
from auditor.inspect.protocols.incoming import TLS, Incoming, Session, speak_tls

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Conversation, FlowHead, Part

_TAG: Final = re.compile(rb"([!#$&',\-./0-9:;<=>?@A-Z\[\]^_`a-z|}]{1,64}) +([A-Za-z]+)(?: +|\r?\n)")
_LITERAL: Final = re.compile(rb"\{([0-9]{1,18})(\+?-?)\}\r?\n\Z")
_SECTION: Final = re.compile(rb"(?:BODY|BINARY)\[([^\]]*)\](?:<([0-9]{1,18})>)?\Z", re.IGNORECASE)
_WHOLE: Final = (b"RFC822", b"RFC822.HEADER", b"RFC822.TEXT")
_FETCHED: Final = re.compile(rb"\* ([0-9]{1,18}) (?:UID)?FETCH ", re.IGNORECASE)
_MOST_PENDING: Final = 1000


class Imap:
    """Mail that a program reads, and keeps, on its server."""

    name = "imap"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """By the greeting, the first command and the port."""
        client, server = heads
        if speak_tls(heads):
            return 0.0
        greeted = server.startswith((b"* OK", b"* PREAUTH", b"* BYE"))
        spoken = _TAG.match(client) is not None
        if flow.dst_port == 143:
            return 0.95 if greeted else 0.7 if spoken or server.startswith(b"* ") else 0.4
        if greeted:
            return 0.9 if b"IMAP" in server.upper() or spoken else 0.6
        return 0.8 if flow.app == "imap" else 0.0

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """Mails become parts of ``message/rfc822``; passwords are never copied."""
        return _Session(content)


class _Session(Session):
    """One connection."""

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        self._turns: dict[bytes, bytes] = {}  # tag -> a command that changes what follows
        self._verb = b""  # of the client's command that is not whole
        self._whole = True
        self._torn = False
        self._secret = b""  # tag of the authentication that is going on
        self._asked = False  # a literal waits for the server's word
        self._answered = False
        self._left = [0, 0]  # bytes of the literal that is on its way
        self._literals: list[Part | None] = [None, None]
        self._short = [False, False]  # the literal is a short text
        self._message = b""
        self._partial: tuple[bytes, int] | None = None  # what a mail in pieces goes on with

    def close(self) -> None:
        for side in (0, 1):
            self._missing(side, 0)
            self._end_literal(side)

    def _missing(self, side: int, gap: int) -> None:
        """Bytes are missing next, or none come: half a line is a line."""
        if side == 0 and self._asked:
            self._asked = False
            self._work(0)
        incoming = self._waiting[side]
        if self._left[side]:
            self._literal_missing(side, gap)
        elif rest := incoming.rest():
            self._text(side, rest)
        if gap and side:
            self._secret = b""  # the word that ends the authentication may be lost
        elif gap and not self._left[0]:
            self._whole = True
            self._torn = True

    def _literal_missing(self, side: int, gap: int) -> None:
        part = self._literals[side]
        if part is None:
            rest = self._waiting[side].rest()
            self._left[side] -= len(rest)
            if rest:
                self._text(side, rest)
            self._short[side] = False
        lost = min(gap, self._left[side])
        if lost and part:
            part.gap(lost)
        self._left[side] -= lost
        if not self._left[side] and (side == 0 or self._partial is None):
            self._end_literal(side)

    def _work(self, side: int) -> None:
        incoming = self._waiting[side]
        while not self._sealed and len(incoming):
            if side == 0 and self._asked and self._answered and len(incoming) < MOST_HELD:
                return
            if self._left[side]:
                self._asked = self._asked and bool(side)
                if not self._literal(side, incoming):
                    return
                continue
            if side == 0 and self._verb == b"STARTTLS" and incoming.head(2) == TLS:
                self._sealed.encrypted(self._waiting)
                return
            line = incoming.line()
            if line is None:
                return
            if side:
                self._response(line)
            else:
                self._asked = False
                self._command(line)

    def _literal(self, side: int, incoming: Incoming) -> bool:
        """Takes more of a literal; false = it has not come."""
        left = self._left[side]
        if self._short[side]:
            data = incoming.block(left)
            if data is None:
                return False
            self._short[side] = False
            self._text(side, data)
        else:
            data = incoming.some(left)
            part = self._literals[side]
            if part:
                part.feed(data)
        self._left[side] = left - len(data)
        if not self._left[side] and (side == 0 or self._partial is None):
            self._end_literal(side)
        return True

    def _text(self, side: int, data: bytes) -> None:
        if side:
            self._content.text(1, "IMAP response", data)
        elif self._verb != b"LOGIN" and not self._secret:
            self._content.text(0, "IMAP command", data)

    def _end_literal(self, side: int) -> None:
        part = self._literals[side]
        if part:
            part.close()
        self._literals[side] = None

    def _command(self, line: bytes) -> None:
        if self._torn:  # the rest of a line whose beginning is missing may be a password
            self._torn = False
            self._content.unread(0, len(line), "damaged")
            return
        if self._secret and self._answered:
            return  # a credential, until the server has judged it
        if self._whole:
            self._begin_command(line)
        else:
            self._text(0, line)
        match = _LITERAL.search(line)
        self._whole = match is None
        if match is None:
            return
        self._begin_literal(0, int(match[1]), mail=self._verb == b"APPEND", place="IMAP APPEND")
        self._asked = not match[2]

    def _begin_command(self, line: bytes) -> None:
        match = _TAG.match(line)
        self._verb = match[2].upper() if match else b""
        if match is None:
            self._text(0, line)
            return
        tag = match[1]
        if self._verb in (b"STARTTLS", b"COMPRESS", b"AUTHENTICATE"):
            if len(self._turns) >= _MOST_PENDING:
                self._turns.clear()
            self._turns[tag] = self._verb
        if self._verb in (b"LOGIN", b"AUTHENTICATE"):
            shown = line.split(maxsplit=3)[:3]
            if shown[-1][:1] == b"{" or shown[-1].count(b'"') == 1:
                shown = shown[:2]  # a literal, or a quoted name with spaces
            self._content.text(0, "IMAP command", b" ".join(shown))
        else:
            self._content.text(0, "IMAP command", line)
        self._secret = tag if self._verb == b"AUTHENTICATE" else b""

    def _begin_literal(self, side: int, size: int, *, mail: bool, place: str) -> None:
        self._left[side] = size
        if mail:
            self._literals[side] = self._content.part(side, place, media_type="message/rfc822")
        elif size > MOST_HELD:
            self._literals[side] = self._content.part(side, "IMAP literal")
        else:
            self._short[side] = size > 0
        if not size:
            self._end_literal(side)

    def _response(self, line: bytes) -> None:
        self._answered = True
        if line.startswith(b"+"):
            # After AUTHENTICATE it is a challenge, which belongs to the credential.
            self._content.text(1, "IMAP response", b"+" if self._secret else line)
            self._released()
            return
        self._content.text(1, "IMAP response", line)
        fetched = _FETCHED.match(line)
        if fetched:
            self._message = fetched[1]
        match = _LITERAL.search(line)
        if match:
            self._begin_fetched(line, int(match[1]))
        elif not line.startswith(b"* "):
            self._tagged(line)

    def _begin_fetched(self, line: bytes, size: int) -> None:
        asked = line[: line.rfind(b"{")].rstrip(b" ~")
        words = asked.upper().rpartition(b" ")[2].lstrip(b"(")
        bracket = asked.rfind(b"[")
        section = _SECTION.search(asked, max(0, bracket - len(b"BINARY"))) if bracket > 0 else None
        if section is None and words not in _WHOLE:
            self._finish_partial()
            self._begin_literal(1, size, mail=False, place="")
            return
        name = self._message + b" " + (section[1] if section else words)
        begin = int(section[2] or 0) if section else 0
        if self._partial == (name, begin) and begin and self._literals[1]:
            self._left[1] = size
        else:
            self._finish_partial()
            self._begin_literal(1, size, mail=True, place="IMAP mail")
        # A mail that is fetched in pieces (BODY[]<0>, BODY[]<4096>) is one part.
        self._partial = (name, begin + size) if section and section[2] else None

    def _finish_partial(self) -> None:
        self._end_literal(1)
        self._partial = None

    def _tagged(self, line: bytes) -> None:
        """A command has ended: some change all that follows."""
        words = line.split(maxsplit=2)
        if len(words) < 2 or words[1].upper() not in (b"OK", b"NO", b"BAD"):
            return
        good = words[1].upper() == b"OK"
        if words[0] == self._secret:
            self._secret = b""
        verb = self._turns.pop(words[0], b"")
        if good and verb == b"STARTTLS":
            self._sealed.encrypted(self._waiting)
        elif good and verb == b"COMPRESS":
            self._content.problem("imap-compressed", "IMAP went on compressed (RFC 4978)")
            self._sealed.packed(self._waiting)
        elif not good and self._asked:  # the literal was refused and will not come
            self._left[0] = 0
            self._short[0] = False
            self._whole = True
            self._end_literal(0)
            self._released()

    def _released(self) -> None:
        if self._asked:
            self._asked = False
            self._work(0)

"""SMTP and submission: commands, replies, and the mails they carry (RFC 5321, 3030, 3207, 4954)."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from auditor.inspect.contracts import MOST_HELD
from auditor.inspect.protocols.incoming import TLS, Body, Incoming, Session, speak_tls

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Conversation, FlowHead, Part

_PORTS: Final = (25, 587, 2525)
_COMMAND: Final = re.compile(
    rb"(EHLO|HELO|LHLO|MAIL|RCPT|DATA|BDAT|RSET|NOOP|QUIT|VRFY|EXPN|HELP|AUTH|STARTTLS|ETRN|TURN"
    rb"|BURL|XCLIENT|XFORWARD)\b",
    re.IGNORECASE,
)
_SIZE: Final = re.compile(rb"BDAT\s+([0-9]{1,18})(\s+LAST)?\s*$", re.IGNORECASE)
_REPLY: Final = re.compile(rb"([2-5][0-9][0-9])([ -]|\r?\n)")
_MOST_PENDING: Final = 1000
"""Commands whose reply has not come; a client that sends more without waiting is not followed."""


class Smtp:
    """Mail on its way between servers, and from programs to their server."""

    name = "smtp"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """By the greeting and the first command; by the port alone, hardly."""
        client, server = heads
        if speak_tls(heads):
            return 0.0
        hello = client[:4].upper() in (b"EHLO", b"HELO", b"LHLO")
        greeted = server.startswith((b"220 ", b"220-"))
        if hello or (greeted and b"SMTP" in server[:200].upper()):
            return 0.95
        if flow.dst_port in _PORTS and greeted:
            return 0.9
        if flow.app == "smtp":
            return 0.8
        if flow.dst_port in _PORTS:
            known = _COMMAND.match(client) or _REPLY.match(server)
            return 0.7 if known else 0.4
        return 0.0

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """Mails become parts of ``message/rfc822``; AUTH is named, never copied."""
        return _Session(content)


class _Session(Session):
    """One connection. ``_pending`` holds the commands whose last reply line has not come."""

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        self._pending: deque[bytes] = deque()
        self._answered = False  # the server was heard at all
        self._secret = False  # the client's next lines are a credential
        self._torn = False
        self._begun = False  # a command or a greeting was seen
        self._body: Body | None = None
        self._chunked: Part | None = None
        self._chunk_left = 0
        self._last_chunk = False
        self._held: bytes | None = None  # DATA or STARTTLS: what follows waits for the reply

    def _work(self, side: int) -> None:
        if side:
            self._replies()
        else:
            self._commands()

    def close(self) -> None:
        for side in (0, 1):
            self._missing(side, 0)
        self._end_mail()
        if self._chunked:
            self._chunked.close()

    def _missing(self, side: int, gap: int) -> None:
        """Bytes are missing next (or none come): half a line is a line, a body goes on behind."""
        if side:
            rest = self._waiting[1].rest()
            if rest:
                self._content.text(1, "SMTP reply", rest)
            if gap:  # which reply answers which command is not known any more
                self._pending.clear()
                self._secret = False
                if self._held:
                    self._pending.append(self._held)
            return
        if self._held:
            if gap and self._held == b"DATA":
                self._held = None
                self._begin_mail()
            else:
                self._guess(self._waiting[0])
            self._commands()
        if self._body:
            if gap:
                self._body.gap(self._waiting[0], gap)
        elif self._chunk_left:
            lost = min(gap, self._chunk_left)
            if lost and self._chunked:
                self._chunked.gap(lost)
            self._chunk_left -= lost
            self._end_chunk()
        else:
            rest = self._waiting[0].rest()
            if rest:
                self._command(rest)
            if self._body and gap:  # half a line was the beginning of what is there of a mail
                self._body.gap(self._waiting[0], gap)
            self._torn = gap > 0 and not self._body

    def _commands(self) -> None:
        incoming = self._waiting[0]
        while not self._sealed and len(incoming):
            if self._held:
                if not self._released(incoming):
                    return
            elif self._body:
                if not self._body.take(incoming):
                    return
                self._body = None
                self._sent(b".")
            elif self._chunk_left:
                self._chunk(incoming)
            else:
                line = incoming.line()
                if line is None:
                    return
                self._command(line)

    def _released(self, incoming: Incoming) -> bool:
        """Whether what follows DATA or STARTTLS can be judged, as no reply to it will come."""
        if self._answered and len(incoming) < MOST_HELD:
            return False
        if self._held == b"STARTTLS" and incoming.head(2) == TLS[:1]:
            return False
        self._guess(incoming)
        return not self._sealed

    def _guess(self, incoming: Incoming) -> None:
        """Judges without a reply what follows DATA or STARTTLS."""
        held, self._held = self._held, None
        if held == b"DATA":
            if len(incoming):
                self._begin_mail()
        elif incoming.head(2) == TLS:
            self._sealed.encrypted(self._waiting)

    def _command(self, line: bytes) -> None:
        if self._torn:  # the rest of a line whose beginning is missing may be a credential
            self._torn = False
            self._content.unread(0, len(line), "damaged")
            return
        match = _COMMAND.match(line)
        if match is None:
            if not self._begun and not self._secret:
                self._begun = True  # the beginning was not captured: a mail is on its way
                self._waiting[0].back(len(line))
                self._begin_mail()
            elif not self._secret:
                self._content.text(0, "SMTP command", line)
            return
        self._begun = True
        verb = match[1].upper()
        if self._secret and self._answered:
            return  # a credential that happens to look like a command
        self._secret = verb == b"AUTH"
        if self._secret:
            line = b" ".join(line.split()[:2])
        self._content.text(0, "SMTP command", line)
        if verb == b"BDAT":
            self._begin_chunk(line)
        elif verb == b"RSET" and self._chunked:
            self._chunked.close()
            self._chunked = None
        elif verb in (b"DATA", b"STARTTLS"):
            self._held = verb
        self._sent(verb)

    def _sent(self, verb: bytes) -> None:
        if len(self._pending) >= _MOST_PENDING:
            self._pending.clear()
        self._pending.append(verb)

    def _begin_mail(self) -> None:
        self._body = Body(self._content.part(0, "SMTP mail", media_type="message/rfc822"))

    def _begin_chunk(self, line: bytes) -> None:
        match = _SIZE.match(line)
        if match is None:
            return
        if self._chunked is None:
            self._chunked = self._content.part(0, "SMTP mail", media_type="message/rfc822")
        self._chunk_left = int(match[1])
        self._last_chunk = match[2] is not None
        self._end_chunk()

    def _chunk(self, incoming: Incoming) -> None:
        data = incoming.some(self._chunk_left)
        self._chunk_left -= len(data)
        if self._chunked:
            self._chunked.feed(data)
        self._end_chunk()

    def _end_chunk(self) -> None:
        if not self._chunk_left and self._last_chunk and self._chunked:
            self._chunked.close()
            self._chunked = None

    def _replies(self) -> None:
        incoming = self._waiting[1]
        while not self._sealed:
            line = incoming.line()
            if line is None:
                return
            self._reply(line)

    def _reply(self, line: bytes) -> None:
        match = _REPLY.match(line)
        self._answered = True
        if match and match[1] == b"334":
            self._content.text(1, "SMTP reply", b"334")  # a challenge belongs to the credential
            self._secret = True
            return
        self._content.text(1, "SMTP reply", line)
        if match is None or match[2] == b"-":
            return
        self._answer(match[1])

    def _answer(self, code: bytes) -> None:
        """The last line of a reply: what it answers decides what follows."""
        pending = self._pending
        if code == b"220" and (not pending or pending[0] != b"STARTTLS"):
            self._begun = True  # the greeting
            return
        if code == b"354" and b"DATA" in pending:
            while pending[0] != b"DATA":
                pending.popleft()
        if code == b"354" and not (self._body or self._held or self._chunk_left):
            self._torn = False  # DATA itself is missing
            self._begin_mail()
            return
        if self._body and b"DATA" not in pending:
            if self._body.doubtful(self._waiting[0]):  # the server has the mail all the same
                self._end_mail()
            return
        verb = pending.popleft() if pending else b""
        self._secret = self._secret and verb != b"AUTH" and bool(pending)
        if verb == b"STARTTLS" and code == b"220":
            self._sealed.encrypted(self._waiting)
        elif verb == self._held:
            self._held = None
            if verb == b"DATA" and code == b"354":
                self._begin_mail()
            self._commands()
        elif verb == b"DATA" and code != b"354":
            self._end_mail()

    def _end_mail(self) -> None:
        if self._body:
            self._body.close(self._waiting[0])
            self._body = None

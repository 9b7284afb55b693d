"""POP3: commands, replies, and the mails that are fetched (RFC 1939, 2449, 2595, 5034)."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from auditor.inspect.protocols.incoming import TLS, Body, Session, speak_tls

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Conversation, FlowHead

_COMMAND: Final = re.compile(
    rb"(USER|PASS|APOP|AUTH|RETR|TOP|STLS|LIST|UIDL|CAPA|STAT|DELE|NOOP|RSET|QUIT|UTF8|LANG|LAST"
    rb"|XTND)\b",
    re.IGNORECASE,
)
_MOST_PENDING: Final = 10_000
"""Commands whose reply has not come; a client may fetch a whole mailbox without waiting."""


class Pop3:
    """Mail that a program fetches."""

    name = "pop3"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """By the greeting, the first command and the port."""
        client, server = heads
        if speak_tls(heads):
            return 0.0
        greeted = server.startswith((b"+OK", b"-ERR"))
        spoken = _COMMAND.match(client) is not None
        if greeted and (spoken or flow.dst_port == 110):
            return 0.95
        if flow.app == "pop3":
            return 0.8
        if flow.dst_port == 110:
            return 0.7 if spoken else 0.4
        return 0.6 if greeted and not client else 0.0

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """Mails become parts of ``message/rfc822``; passwords are never copied."""
        return _Session(content)


class _Session(Session):
    """One connection. ``_pending`` holds what the replies to come answer."""

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        self._pending: deque[bytes] = deque()
        self._secret = False  # the client's next lines are a credential
        self._last = b""
        self._greeted = False
        self._body: Body | None = None
        self._listing = False

    def _work(self, side: int) -> None:
        if side:
            self._replies()
        else:
            self._commands()

    def close(self) -> None:
        for side in (0, 1):
            self._missing(side, 0)
        if self._body:
            self._body.close(self._waiting[1])

    def _missing(self, side: int, gap: int) -> None:
        if gap and side:  # which reply answers which command is not known any more
            self._pending.clear()
            self._secret = False
        if side and self._body:
            if gap:
                self._body.gap(self._waiting[1], gap)
            return
        rest = self._waiting[side].rest()
        if rest and side:
            self._content.text(1, "POP3 reply", rest)
        elif rest:
            self._command(rest)

    def _commands(self) -> None:
        incoming = self._waiting[0]
        while True:
            if self._last == b"STLS" and incoming.head(2) == TLS:
                self._sealed.encrypted(self._waiting)
                return
            line = incoming.line()
            if line is None:
                return
            self._command(line)

    def _command(self, line: bytes) -> None:
        if self._secret:
            return
        words = line.split(maxsplit=2)
        verb = words[0].upper() if words else b""
        if not _COMMAND.match(line):
            # A line that is no command may be half a password: it is not copied.
            return
        if verb in (b"PASS", b"AUTH", b"APOP"):
            line = b" ".join(words[: 1 if verb == b"PASS" else 2])
        self._content.text(0, "POP3 command", line)
        self._last = verb
        self._secret = verb == b"AUTH" and len(words) > 1
        if len(self._pending) >= _MOST_PENDING:
            self._pending.clear()
        many = verb in (b"LIST", b"UIDL") and len(words) == 1
        if many or verb == b"CAPA" or (verb == b"AUTH" and len(words) == 1):
            verb = b"many"
        self._pending.append(verb)

    def _replies(self) -> None:
        incoming = self._waiting[1]
        while not self._sealed and len(incoming):
            if self._body:
                if not self._body.take(incoming):
                    return
                self._body = None
                continue
            line = incoming.line()
            if line is None:
                return
            self._reply(line)

    def _reply(self, line: bytes) -> None:
        good = line.startswith(b"+OK")
        if self._listing:
            self._content.text(1, "POP3 reply", line)
            self._listing = line.rstrip(b"\r\n") != b"."
        elif good or line.startswith(b"-ERR"):
            self._content.text(1, "POP3 reply", line)
            self._status(good=good)
        elif line.startswith(b"+"):
            self._content.text(1, "POP3 reply", b"+")  # a challenge belongs to the credential
        else:  # lines that nobody is known to have asked for: the client was not captured
            self._waiting[1].back(len(line))
            self._begin_mail()

    def _status(self, *, good: bool) -> None:
        if not self._greeted:
            self._greeted = True
            return
        verb = self._pending.popleft() if self._pending else b""
        if verb == b"AUTH":
            self._secret = False
        if not good:
            return
        if verb == b"STLS":
            self._sealed.encrypted(self._waiting)
        elif verb in (b"RETR", b"TOP"):
            self._begin_mail()
        elif verb == b"many":
            self._listing = True

    def _begin_mail(self) -> None:
        self._body = Body(self._content.part(1, "POP3 mail", media_type="message/rfc822"))

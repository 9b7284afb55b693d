"""Mail in files: single messages (RFC 5322, ``.eml``) and mailboxes (RFC 4155, ``.mbox``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.inspect.mime import MailReading

if TYPE_CHECKING:
    from auditor.inspect.contracts import About, Pages, Part, Reading

_HEADER: Final = re.compile(
    rb"(?:Return-Path|Received|Delivered-To|From|To|Cc|Subject|Date|Message-ID|MIME-Version"
    rb"|Reply-To|Sender|DKIM-Signature|X-[A-Za-z0-9-]+|Content-[A-Za-z-]+):",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(rb"^([!-9;-~]{1,80}):", re.MULTILINE)
_TELLING: Final = frozenset((b"from", b"to", b"subject", b"date", b"message-id", b"received"))
_BREAK: Final = re.compile(rb"\r?\n\r?\n")
_BETWEEN: Final = re.compile(
    rb"\nFrom \S{1,200} {1,2}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ 0-9]\d"
    rb" \d\d:\d\d[^\n]{0,60}\n"
)
_LONGEST_BETWEEN: Final = 320
"""Bytes of a line between messages, with the line ends around it."""


class Mail:
    """A single message."""

    name = "mail"

    def sniff(self, head: bytes, about: About) -> float:
        """See ``Document``."""
        if about.media_type == "message/rfc822":
            return 0.9
        if not _HEADER.match(head):
            return 0.0
        top = _BREAK.split(head, maxsplit=1)[0]
        telling = {name.lower() for name in _NAMED.findall(top)} & _TELLING
        if about.filename.lower().endswith(".eml"):
            return 0.9
        return 0.85 if len(telling) >= 3 else 0.0

    def reading(self, about: About, pages: Pages) -> Reading:
        """See ``Document``."""
        del about
        return MailReading(pages)


class Mailbox:
    """Messages one after the other, each as a member."""

    name = "mailbox"

    def sniff(self, head: bytes, about: About) -> float:
        """See ``Document``."""
        del about
        return 0.9 if _BETWEEN.match(b"\n" + head) else 0.0

    def reading(self, about: About, pages: Pages) -> Reading:
        """See ``Document``."""
        del about
        return _MailboxReading(pages)


class _MailboxReading:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._part: Part | None = None
        self._count = 0
        self._waiting = b"\n"
        """What may be the beginning of a line between two messages, from the line end before."""

    def feed(self, data: bytes) -> None:
        self._take(self._waiting + data)

    def gap(self, size: int) -> None:
        self._take(self._waiting + b"\n")  # a line that is begun does not go on behind it
        if self._part is not None:
            self._part.gap(size)

    def close(self) -> None:
        self._give(self._waiting)
        if self._part is not None:
            self._part.close()

    def _take(self, data: bytes) -> None:
        done = 0
        for found in _BETWEEN.finditer(data):
            self._give(data[done : found.start() + 1])
            self._begin()
            done = found.end()
        last = data.rfind(b"\n", max(done, len(data) - _LONGEST_BETWEEN))
        tail = data[last + 1 :] if last >= 0 else b""
        waits = last >= 0 and (tail.startswith(b"From ") or b"From ".startswith(tail))
        end = last if waits else len(data)
        self._give(data[done:end])
        self._waiting = data[end:]

    def _begin(self) -> None:
        if self._part is not None:
            self._part.close()
        self._count += 1
        self._part = self._pages.member(f"message {self._count}", "message/rfc822")

    def _give(self, data: bytes) -> None:
        if self._part is not None and data:
            self._part.feed(data)

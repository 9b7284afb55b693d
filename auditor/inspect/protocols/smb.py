"""Files over SMB 2 and 3 that is not encrypted ([MS-SMB2]), in NetBIOS frames (RFC 1002)."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final

from auditor.inspect.contracts import MOST_HELD
from auditor.inspect.protocols.framing import (
    Aside,
    Beginning,
    Body,
    Framed,
    Missing,
    OutOfStep,
    Steps,
    framed,
    passed,
    unread,
)
from auditor.inspect.protocols.smb_files import Files

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, FlowHead
    from auditor.model.content import Unread

PORTS: Final = frozenset({139, 445})
SMB2, ENCRYPTED, COMPRESSED, SMB1 = b"\xfeSMB", b"\xfdSMB", b"\xfcSMB", b"\xffSMB"
HEADER: Final = 64
MOST_NAME: Final = 2048
"""Bytes of a file's name that are kept."""
SESSION_MESSAGE: Final = 0
SESSION_KINDS: Final = frozenset({0x81, 0x82, 0x83, 0x84, 0x85})
"""NetBIOS asks for a session, grants, refuses or moves it, keeps it alive."""
SMB1_NEGOTIATE: Final = 0x72
"""The one message of SMB 1 that clients of SMB 2 begin with."""

TREE_CONNECT, CREATE, CLOSE, READ, WRITE = 3, 5, 6, 8, 9
IS_ANSWER: Final = 1
OK, PENDING, OVERFLOW = 0, 0x103, 0x80000005
FIXED: Final = {(WRITE, False): 48, (READ, True): 16}
"""Bytes before the data of a write request and of a read response."""

ANEW: Final = Beginning(re.compile(rb"\x00...[\xfc-\xfe]SMB", re.DOTALL), 8)


class SMB:
    """Files that are written and read, their names, and the share."""

    name = "smb"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """Sure by a frame with a message of SMB in it."""
        for head in heads:
            if head[:1] == b"\0" and head[4:8] in (SMB2, ENCRYPTED, COMPRESSED, SMB1):
                return 1.0
            if head[:1] == b"\x81" and PORTS & {flow.dst_port, flow.src_port}:
                return 0.9  # NetBIOS asks for a session
        return 0.0

    def conversation(self, flow: FlowHead, content: Content) -> SMBConversation:
        """A conversation from its beginning, or from the middle."""
        return SMBConversation(content)


class SMBConversation:
    """One connection."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._files = Files()
        self._sides = framed(
            content, "SMB", (lambda: self._frames(0), lambda: self._frames(1)), (ANEW, ANEW)
        )

    def feed(self, side: int, data: bytes, gap: int) -> None:
        """The next bytes of a side."""
        self._sides.feed(side, data, gap)

    def close(self) -> None:
        """No more bytes will come."""
        self._sides.close()
        self._files.close()

    def _frames(self, side: int) -> Steps:
        """Frames: a kind and the length of what follows."""
        while True:
            head = yield 4
            size = int.from_bytes(head[1:], "big")
            if head[0] in SESSION_KINDS:
                yield passed(size & 0x1FFFF)
                continue
            if head[0] != SESSION_MESSAGE:
                raise OutOfStep
            inner = self._frame(side, size)
            try:
                yield Body(size, inner.feed, inner.gap)
            finally:
                inner.close()

    def _frame(self, side: int, size: int) -> Framed:
        return Framed(lambda: self._messages(side, size), Aside(self._content, side, "SMB"))

    def _messages(self, side: int, left: int) -> Steps:
        """The messages of a frame, one or several chained ones."""
        while left >= HEADER:
            head = yield 4
            if head in (ENCRYPTED, COMPRESSED, SMB1):
                yield from self._unread(side, head, left)
                return
            if head != SMB2:
                raise OutOfStep
            head += yield HEADER - 4
            (following,) = struct.unpack_from("<I", head, 20)
            size = following or left
            if not HEADER <= size <= left:
                raise OutOfStep
            yield from self._message(side, head, size - HEADER)
            left -= size
        yield passed(left)

    def _unread(self, side: int, head: bytes, size: int) -> Steps:
        """A message that cannot be read, whose first four bytes were taken."""
        why: Unread = "encrypted" if head == ENCRYPTED else "unsupported"
        if head == SMB1:
            command = yield 1
            size -= 1
            if command[0] != SMB1_NEGOTIATE:
                self._content.problem("smb1-not-read", "SMB 1 is recognised but not read")
        self._content.unread(side, 4 + (head == SMB1), why)
        yield unread(self._content, side, size - 4, why)

    def _message(self, side: int, head: bytes, size: int) -> Steps:
        """One message after its header."""
        (status,) = struct.unpack_from("<I", head, 8)
        (command,) = struct.unpack_from("<H", head, 12)
        (flags,) = struct.unpack_from("<I", head, 16)
        (message,) = struct.unpack_from("<Q", head, 24)
        session = head[40:48]
        answer = bool(flags & IS_ANSWER)
        if answer and status == PENDING:
            yield passed(size)
            return
        fixed = FIXED.get((command, answer))
        if fixed is not None and size >= fixed and (not answer or status in (OK, OVERFLOW)):
            yield from self._data(side, message, session, command, size)
            return
        if size > MOST_HELD:
            yield unread(self._content, side, size, "unsupported")
            return
        try:
            body = yield size
        except Missing:
            return
        try:
            if answer:
                self._answered(command, message, session, status, body)
            else:
                self._asked(side, command, message, session, body)
        except struct.error:
            self._content.unread(side, size, "damaged")
            self._content.problem("message-damaged", "SMB: a message cannot be taken apart")

    def _data(self, side: int, message: int, session: bytes, command: int, size: int) -> Steps:
        """A write request or read response: bytes of a file, of any size."""
        fixed = FIXED[command, command == READ]
        body = yield fixed
        if command == WRITE:
            begin, length, offset = struct.unpack_from("<HIQ", body, 2)
            file, place = self._files.file(session + body[16:32]), offset
        else:
            begin, length = struct.unpack_from("<BxI", body, 2)
            file, place = self._files.answered(message)
        padding = begin - HEADER - fixed
        left = size - fixed
        if padding < 0 or padding + length > left:
            yield unread(self._content, side, left, "damaged")
            return
        yield passed(padding)
        if length:
            run = file.run(self._content, side, place, written=command == WRITE)
            yield Body(length, run.feed, run.gap)
        yield passed(left - padding - length)

    def _asked(self, side: int, command: int, message: int, session: bytes, body: bytes) -> None:
        """A request; ``struct.error`` where it is cut."""
        if command == TREE_CONNECT:
            begin, size = struct.unpack_from("<HH", body, 4)
            self._text(side, "SMB share", _name(body, begin, size))
        elif command == CREATE:
            begin, size = struct.unpack_from("<HH", body, 44)
            name = _name(body, begin, size)
            self._files.asked(message, name)
            self._text(side, "SMB file", name)
        elif command == READ:
            (offset,) = struct.unpack_from("<Q", body, 8)
            self._files.read(message, session + body[16:32], offset)
        elif command == CLOSE:
            self._files.leaving(message, session + body[8:24])

    def _answered(
        self, command: int, message: int, session: bytes, status: int, body: bytes
    ) -> None:
        """A response without data of a file."""
        if command in (CREATE, READ, CLOSE) and status not in (OK, OVERFLOW):
            self._files.refused(message)
        elif command == CREATE and len(body) >= 80:
            self._files.opened(message, session + body[64:80])
        elif command == CLOSE:
            self._files.left(message)

    def _text(self, side: int, place: str, text: str) -> None:
        if text:
            self._content.text(side, place, text.encode())


def _name(body: bytes, begin: int, size: int) -> str:
    """A name in UTF-16 at an offset from the header; empty where it lies outside."""
    begin -= HEADER
    if begin < 0 or begin + size > len(body):
        return ""
    return body[begin : begin + min(size, MOST_NAME)].decode("utf-16-le", "replace")

"""FTP: commands and replies, and the connections that carry files (RFC 959, 2428, 4217)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from auditor.inspect.protocols.incoming import TLS, Session, speak_tls
from auditor.inspect.protocols.sides import Late, Sides

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Conversation, FlowHead

_VERBS: Final = (
    b"USER", b"PASS", b"ACCT", b"SYST", b"FEAT", b"OPTS", b"TYPE", b"PASV", b"EPSV", b"PORT",
    b"EPRT", b"LIST", b"NLST", b"MLSD", b"MLST", b"RETR", b"STOR", b"APPE", b"STOU", b"CWD", b"PWD",
    b"AUTH", b"PBSZ", b"PROT", b"QUIT", b"NOOP", b"DELE", b"SIZE", b"MDTM", b"REST", b"MKD", b"RMD",
    b"RNFR", b"RNTO", b"SITE", b"HELP", b"STAT", b"ABOR", b"CDUP", b"HOST", b"CLNT",
)  # fmt: skip
_NAMED: Final = (b"RETR", b"STOR", b"APPE", b"STOU")
_TRANSFERS: Final = (*_NAMED, b"LIST", b"NLST", b"MLSD")
_SIX: Final = re.compile(rb"([0-9]{1,3}(?:,[0-9]{1,3}){5})(?![0-9,])")
_EXTENDED: Final = re.compile(rb"([!-~])[12]\1[0-9A-Fa-f.:]{2,45}\1([0-9]{1,5})\1")
_PASSIVE: Final = re.compile(rb"\(([!-~])\1\1([0-9]{1,5})\1\)")


def announced(side: int, line: bytes) -> int | None:
    """The port that a line of the control connection announces for a file.

    Its address is left alone: it is the sender's own, but for addresses that a router has
    translated (they are not in the capture) and files between two servers (which few allow).

    Args:
        side: who sent it: 0 = the client (``PORT``, ``EPRT``), 1 = the server (227, 229).
        line: one command or reply.

    Returns:
        The port of ``side`` to which the other end connects next; null = the line announces none.
    """
    if side == 0 and line[:5].upper() == b"EPRT ":
        return _port(_EXTENDED.match(line, 5))
    if side == 1 and line.startswith(b"229"):
        return _port(_PASSIVE.search(line))
    if line.startswith(b"227") if side else line[:5].upper() == b"PORT ":
        match = _SIX.search(line, 4)
        numbers = [int(number) for number in match[1].split(b",")] if match else [256]
        return None if max(numbers) > 255 else numbers[4] * 256 + numbers[5] or None
    return None


def _port(match: re.Match[bytes] | None) -> int | None:
    port = int(match[2]) if match else 0
    return port if 0 < port < 65536 else None


class Ftp:
    """The control connection."""

    name = "ftp"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """By the greeting, the first command and the port."""
        client, server = heads
        if speak_tls(heads):
            return 0.0
        greeted = server.startswith((b"220 ", b"220-"))
        verb = client.split(maxsplit=1)[0].upper() if client.strip() else b""
        spoken = verb in _VERBS
        if greeted and spoken and verb not in (b"NOOP", b"HELP", b"QUIT"):
            return 0.95
        if flow.dst_port == 21:
            return 0.9 if greeted or spoken else 0.5
        return 0.8 if flow.app == "ftp" else 0.0

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """Commands and replies as text; what follows PASS and ACCT is never copied."""
        return _Control(content)


class _Control(Session):
    """One control connection."""

    def __init__(self, content: Content) -> None:
        super().__init__(content)
        self._tls_asked = False
        self._torn = False
        self._listener: tuple[int, int] | None = None  # side and port of the next file
        self._path: str | None = None  # of the file that is asked for, until the reply

    def _work(self, side: int) -> None:
        incoming = self._waiting[side]
        if side == 0 and self._tls_asked and incoming.head(2) == TLS:
            self._sealed.encrypted(self._waiting)
        while not self._sealed and (line := incoming.line()) is not None:
            self._line(side, line)

    def close(self) -> None:
        for side in (0, 1):
            self._missing(side, 0)

    def _missing(self, side: int, gap: int) -> None:
        rest = self._waiting[side].rest()
        if rest and not self._sealed:
            self._line(side, rest)
        self._torn = self._torn or (gap > 0 and side == 0)

    def _line(self, side: int, line: bytes) -> None:
        if port := announced(side, line):
            self._listener = side, port
        if side:
            self._reply(line)
            return
        if self._torn:  # the rest of a line whose beginning is missing may be a password
            self._torn = False
            self._content.unread(0, len(line), "damaged")
            return
        words = line.split(maxsplit=1)
        verb = words[0].upper() if words else b""
        if verb in (b"PASS", b"ACCT", b"ADAT"):
            self._content.text(0, "FTP command", verb)
            return
        if verb == b"AUTH" and line[5:8].upper() in (b"TLS", b"SSL"):
            self._tls_asked = True
        if verb in _TRANSFERS:
            named = verb in _NAMED and len(words) > 1
            self._path = words[1].strip().decode("utf-8", "replace") if named else ""
        self._content.text(0, "FTP command", line)

    def _reply(self, line: bytes) -> None:
        self._content.text(1, "FTP reply", line)
        if self._tls_asked and line[:3].isdigit() and line[3:4] != b"-":
            self._tls_asked = False
            if line.startswith(b"234"):
                self._sealed.encrypted(self._waiting)
        if self._path is None:
            return
        if line.startswith((b"125", b"150")):  # the file comes now
            if self._listener is not None:
                self._content.announced(*self._listener, self._path)
            self._path = None
        elif line.startswith((b"4", b"5")):
            self._path = None


class FtpData:
    """A connection that carries one file or one listing."""

    name = "ftp-data"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """By the control connection; where that was not captured, by port 20 (active mode)."""
        if speak_tls(heads):
            return 0.0
        if flow.file is not None:
            return 1.0
        if flow.app == "ftp-data":
            return 0.8
        return 0.7 if flow.protocol == 6 and 20 in (flow.src_port, flow.dst_port) else 0.0

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """All bytes of a side are one part."""
        name = flow.file or ""
        client, server = (
            Late(partial(content.part, side, "FTP data", filename=name)) for side in (0, 1)
        )
        return Sides(client, server)

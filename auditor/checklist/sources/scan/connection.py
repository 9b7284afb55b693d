"""Connections to one endpoint: few, one after the other, each with an end in time."""

from __future__ import annotations

import socket
import ssl
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.scan.hello import MOST_CHAIN, Heard, heard
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.checklist.sources.scan.result import Refusal

MOST_HEARD: Final = 1 << 18
MOST_ANSWER: Final = 1 << 13
SILENCE_S: Final = 2.0
"""How long a server that has a client without certificate may take to refuse it."""

_REFUSALS: Final = ("No required SSL certificate", "client certificate", "SSL certificate error")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect to.

    Attributes:
        name: told to the server (SNI); empty = none.
        timeout_s: for each connection as a whole.
    """

    address: str
    port: int
    name: str
    timeout_s: float

    def connected(self) -> socket.socket:
        """A connection; no proxy, no look-up of names.

        Raises:
            OSError: nobody accepts it.
        """
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        plain = socket.socket(family, socket.SOCK_STREAM)
        try:
            plain.settimeout(self.timeout_s)
            plain.connect((self.address, self.port))
        except OSError:
            plain.close()
            raise
        return plain


def answered(target: Target, hello: bytes) -> Heard | None:
    """What the server answers to a hello; null = nothing that decides, in time.

    Raises:
        OSError: nobody accepts the connection.
    """
    data = b""
    with target.connected() as plain:
        ends = time.monotonic() + target.timeout_s
        try:
            plain.sendall(hello)
            while len(data) < MOST_HEARD:
                left = ends - time.monotonic()
                if left <= 0:
                    break
                plain.settimeout(left)
                piece = plain.recv(1 << 15)
                if not piece:
                    return _closed(data)
                data += piece
                found = heard(data)
                if found.complete:
                    return found
        except TimeoutError:
            pass
        except OSError:  # it hung up: that is how some refuse
            return _closed(data)
    found = heard(data)
    return found if found.version is not None else None


def _closed(data: bytes) -> Heard:
    found = heard(data)
    return Heard(found.version, found.suite, found.alert, found.chain, found.foreign, complete=True)


@dataclass(frozen=True, slots=True)
class Roots:
    """The certificates that chains must lead to.

    Attributes:
        path: a PEM bundle; null = the system's store.
        name: how the scan tells of it.
    """

    path: Path | None
    name: str

    def loaded(self) -> ssl.SSLContext:
        """A client's context that trusts them.

        Raises:
            InputError: the bundle cannot be used.
        """
        context = _context()
        context.verify_mode = ssl.CERT_REQUIRED
        if self.path is None:
            context.load_default_certs()
            return context
        try:
            context.load_verify_locations(cafile=str(self.path))
        except (OSError, ssl.SSLError) as error:
            raise InputError(
                f"holds no root certificates: {error.strerror or error}",
                place=str(self.path),
                hint="Name a PEM file with the approved root certificates.",
            ) from None
        return context


def _context() -> ssl.SSLContext:
    """A context that agrees to whatever the local OpenSSL can: it is here to look, not to trust."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@dataclass(frozen=True, slots=True)
class Checked:
    """A chain, and whether it leads to the roots (null = could not be told)."""

    chain: tuple[bytes, ...]
    valid: bool | None
    says: str


def checked(target: Target, trusting: ssl.SSLContext) -> Checked:
    """The chain that the server sends, and whether OpenSSL accepts it (whatever its name)."""
    try:
        with target.connected() as plain, _wrapped(plain, target, trusting) as tls:
            try:
                tls.do_handshake()
            except ssl.SSLCertVerificationError as error:
                return Checked(_chain(tls), False, error.verify_message)
            except ssl.SSLError as error:
                # it came to the certificates, and what failed later was something else
                chain = _chain(tls)
                passed = bool(chain) and "ALERT" in (error.reason or "")
                return Checked(chain, True, "") if passed else Checked(chain, None, _reason(error))
            return Checked(_chain(tls), True, "")
    except OSError as error:
        return Checked((), None, _reason(error))


def without_certificate(target: Target) -> tuple[Refusal, str]:
    """``refused``, ``accepted`` or ``unknown`` for a client without certificate, and how.

    TLS 1.3 refuses after the handshake, and web servers only when they are asked for a page: so a
    page is asked for where the server stays silent.
    """
    try:
        with target.connected() as plain, _wrapped(plain, target, _context()) as tls:
            try:
                tls.do_handshake()
            except ssl.SSLError as error:
                refused = bool(_chain(tls)) and "ALERT" in (error.reason or "")
                return ("refused" if refused else "unknown"), _reason(error)
            return _page(tls, target)
    except OSError as error:
        return "unknown", _reason(error)


def _page(tls: ssl.SSLSocket, target: Target) -> tuple[Refusal, str]:
    host = target.name or target.address
    request = f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    tls.settimeout(min(SILENCE_S, target.timeout_s))
    try:
        try:
            first = tls.recv(MOST_ANSWER)
        except TimeoutError:
            tls.sendall(request.encode("ascii"))
        else:
            return ("accepted", "the server spoke first") if first else ("unknown", "closed")
        answer = b"".join(_read(tls, target.timeout_s))
    except ssl.SSLError as error:
        return ("refused" if "ALERT" in (error.reason or "") else "unknown"), _reason(error)
    except OSError as error:
        return "unknown", _reason(error)
    text = answer.decode("latin-1")
    if not text.startswith("HTTP/"):
        return "unknown", "no answer to a request for a page"
    status = text[9:12]
    if status in ("400", "403", "495", "496") and any(word in text for word in _REFUSALS):
        return "refused", f"HTTP {status}: no client certificate"
    if status[:1] in ("2", "3") or status == "404":
        return "accepted", f"HTTP {status}"
    return "unknown", f"HTTP {status}"


def _read(tls: ssl.SSLSocket, timeout_s: float) -> Iterator[bytes]:
    ends, size = time.monotonic() + timeout_s, 0
    while size < MOST_ANSWER and (left := ends - time.monotonic()) > 0:
        tls.settimeout(left)
        try:
            piece = tls.recv(MOST_ANSWER - size)
        except TimeoutError:
            return
        if not piece:
            return
        size += len(piece)
        yield piece


def _wrapped(plain: socket.socket, target: Target, context: ssl.SSLContext) -> ssl.SSLSocket:
    name = target.name or None
    return context.wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False)


def _chain(tls: ssl.SSLSocket) -> tuple[bytes, ...]:
    """What the server sent, as DER, even where the handshake failed."""
    if hasattr(tls, "get_unverified_chain"):  # Python 3.13 and later
        sent = tls.get_unverified_chain()
    else:
        inner = tls._sslobj  # type: ignore[attr-defined]
        sent = [each.public_bytes(2) for each in inner.get_unverified_chain() or ()]  # 2 = DER
    return tuple(bytes(each) for each in sent)[:MOST_CHAIN]


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS failed").replace("_", " ").lower()
    return (error.strerror or str(error) or type(error).__name__).lower()

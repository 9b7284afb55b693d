"""Real receivers on loopback: HTTP(S), SMTP and syslog servers, and who certifies them."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading
import warnings
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BEGIN = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
END = datetime.datetime(2090, 1, 1, tzinfo=datetime.UTC)


class Authority:
    """Signs certificates; ``ca`` is the file to trust."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"test {folder.name}")])
        certificate = (
            self._begun(self.name, self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(*[False] * 5, True, True, False, False), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _begun(self, name, public):
        authority = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(BEGIN)
            .not_valid_after(END)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority),
                critical=False,
            )
        )

    def certified(self, name="localhost"):
        """Files of a certificate for ``name`` (and 127.0.0.1 with localhost) and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(name)]
        if name == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._begun(subject, key.public_key())
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        chain, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private.touch(mode=0o600)
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return chain, private

    def context(self, name="localhost"):
        """What a server of this name needs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certified(name))
        return context


class Web(ThreadingHTTPServer):
    """Answers POSTs with ``answers`` one after the other, then with 204; keeps what came.

    An answer is a status, a status with headers, a function of the handler, or "hang".
    """

    daemon_threads = True

    def __init__(self, answers=(), context=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.got, self.released = list(answers), [], threading.Event()
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    def handle_error(self, request, address):
        """Clients that hang up, or do not trust us, are part of the tests."""

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.shutdown()
        self.thread.join()
        self.server_close()

    @property
    def port(self):
        return self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        answer = self.server.answers.pop(0) if self.server.answers else 204
        if callable(answer):
            answer = answer(self)
        if answer == "hang":
            self.server.released.wait(30)
            return
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Quiet."""


class Post:
    """An SMTP server; keeps envelopes. ``password`` = it wants ``robot`` to sign in."""

    def __init__(self, context=None, password=None, *, implicit=False, refused=(), answers=()):
        self.got, self.refused, self.answers, self.sessions = [], refused, list(answers), []
        self.password = password
        self.context, self.implicit = context, implicit

    def make(self):
        signed = {}
        if self.password is not None:
            signed = {
                "authenticator": self.signed_in,
                "auth_required": True,
                "auth_require_tls": not self.implicit,
            }
        starttls = None if self.implicit else self.context
        with warnings.catch_warnings():  # it takes TLS from the first byte for none
            warnings.simplefilter("ignore")
            return SMTP(
                self,
                enable_SMTPUTF8=True,
                tls_context=starttls,
                require_starttls=starttls is not None,
                **signed,
            )

    def signed_in(self, server, session, envelope, mechanism, data):
        right = (data.login, data.password) == (b"robot", self.password.encode())
        return AuthResult(success=right, handled=right)

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.refused:
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        self.got.append(envelope)
        self.sessions.append((self.implicit or session.ssl is not None, session.authenticated))
        return "250 taken"

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        context = self.context if self.implicit else None
        beginning = self.loop.create_server(self.make, "127.0.0.1", 0, ssl=context)
        self.server = self.loop.run_until_complete(beginning)
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _end(self):
        self.server.close()
        others = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class Collector:
    """A syslog server that takes messages apart by their octet counts."""

    def __init__(self, context=None, *, reset=0):
        self.context, self.reset = context, reset
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.messages, self.errors = [], []
        self.done = threading.Semaphore(0)
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                try:
                    self._taken(connection)
                except OSError as error:
                    self.errors.append(error)
            self.done.release()

    def _taken(self, connection):
        if self.reset:
            self.reset -= 1
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            return
        if self.context is not None:
            connection = self.context.wrap_socket(connection, server_side=True)
        with connection, connection.makefile("rb") as file:
            while count := _count(file):
                message = file.read(count)
                assert len(message) == count
                self.messages.append(message)


def _count(file):
    digits = b""
    while (byte := file.read(1)) not in (b" ", b""):
        digits += byte
    return int(digits) if digits else 0


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def mute():
    """A port that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]

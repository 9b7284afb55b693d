"""The server of the page and the metrics: this machine only, reading only."""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, Final

from auditor.agent.health import metrics, page
from auditor.agent.health.standing import Pulse, Standing, document
from auditor.agent.journal import tell
from auditor.agent.live import states
from auditor.model.errors import AuditorError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from auditor.agent.settings import Health
    from auditor.store.overview import Overview

FRESH: Final = 2.0
"""Seconds for which one answer of the store serves all who ask."""

MOST_AT_ONCE: Final = 16
PATIENCE: Final = 10.0
"""Seconds for a request to arrive, and for its answer to be taken."""

_OWN: Final = re.compile(r"(?i)(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?")
"""What a browser on this machine calls us; another name is a page that had its name rebound."""


class Server:
    """A health page and metrics on loopback, in a thread of its own, until ``close``."""

    def __init__(
        self,
        settings: Health,
        data: Path,
        overview: Callable[[], Overview],
        pulse: Callable[[], Pulse],
        now: Callable[[], datetime],
        zone: ZoneInfo,
    ) -> None:
        """Begins to answer.

        Args:
            settings: address and port (0 = any that is free, see ``port``).
            data: the data directory, where captures tell how they go.
            overview: what the store says now; called from other threads.
            pulse: how the loop stands; called from other threads.
            now: the clock.
            zone: in which the page tells times.

        Raises:
            AuditorError: the port is taken.
        """
        self._data, self._overview, self._pulse, self._now = data, overview, pulse, now
        self.zone = zone
        self._lock = threading.Lock()
        self._kept: tuple[float, Overview | None, str] | None = None
        try:
            self._server = _listening(settings, self)
        except OSError as error:
            raise AuditorError(
                f"the health page cannot be served: {error.strerror}",
                place=f"{settings.address}:{settings.port}",
                hint="Is another agent running? Name another port (health: {port: ...}).",
            ) from None
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Answers no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def standing(self) -> Standing:
        """How everything stands, as of a moment ago at most."""
        with self._lock:  # one question at a time, however many ask
            kept = self._kept
            if kept is None or not 0 <= time.monotonic() - kept[0] < FRESH:
                kept = self._kept = (time.monotonic(), *self._asked())
        return Standing(self._now(), self._pulse(), kept[1], states(self._data), kept[2])

    def _asked(self) -> tuple[Overview | None, str]:
        try:
            return self._overview(), ""
        except StoreError as error:
            return None, error.message


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True
    request_queue_size = MOST_AT_ONCE

    def __init__(self, address: tuple[str, int], asked: Server) -> None:
        self.asked = asked
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(address, _Answer)

    def server_bind(self) -> None:
        """As ``TCPServer``: ``HTTPServer`` would ask name servers who we are."""
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """As ``ThreadingHTTPServer``, for so many at once and no more."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """As ``ThreadingHTTPServer``; the place is free again at the end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Told in the log; but for a client that goes away, which is nobody's business."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            tell("health-page-failed", level="error", failed=error)


class _Listener6(_Listener):
    address_family = socket.AF_INET6


def _listening(settings: Health, asked: Server) -> _Listener:
    if settings.address == "::1":
        return _Listener6(("::1", settings.port), asked)
    return _Listener(("127.0.0.1", settings.port), asked)


class _Answer(BaseHTTPRequestHandler):
    server: _Listener
    timeout = PATIENCE
    protocol_version = "HTTP/1.0"  # one request, one answer: nobody keeps a place

    def handle(self) -> None:
        """As the library's, and cut off when its time is over: who dribbles keeps no place."""
        watch = threading.Timer(PATIENCE, self._cut)
        watch.daemon = True
        watch.start()
        try:
            super().handle()
        finally:
            watch.cancel()

    def _cut(self) -> None:
        with suppress(OSError):  # it has ended by itself
            self.connection.shutdown(socket.SHUT_RDWR)

    def do_GET(self) -> None:
        """Metrics, health or the page."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """The same without the body."""
        self._answer(body=False)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - http.server asks by method
        """Every other method is refused."""
        if name.startswith("do_"):
            return self._refused
        raise AttributeError(name)

    def _refused(self) -> None:
        self._send(HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", b"only GET and HEAD\n", body=True)

    def _answer(self, *, body: bool) -> None:
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or not _OWN.fullmatch(hosts[0].strip()):
            self._send(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", b"not this host\n", body=body)
            return
        path = self.path.split("?", 1)[0]
        if path not in ("/", "/en", "/health", "/metrics"):
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"no such page\n", body=body)
            return
        status, kind, content, policy = self._made(path, self.server.asked.standing())
        self._send(status, kind, content, body=body, policy=policy)

    def _made(self, path: str, standing: Standing) -> tuple[HTTPStatus, str, bytes, str]:
        if path == "/metrics":
            return HTTPStatus.OK, metrics.KIND, metrics.text(standing), _NOTHING
        if path == "/health":
            works = standing.verdict != "down"
            status = HTTPStatus.OK if works else HTTPStatus.SERVICE_UNAVAILABLE
            text = json.dumps(document(standing), indent=2, ensure_ascii=True) + "\n"
            return status, "application/json", text.encode(), _NOTHING
        shown = page.html(standing, self.server.asked.zone, english=path == "/en")
        return HTTPStatus.OK, "text/html; charset=utf-8", shown.text.encode(), shown.policy

    def _send(
        self, status: HTTPStatus, kind: str, content: bytes, *, body: bool, policy: str = ""
    ) -> None:
        self.send_response_only(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("Content-Security-Policy", policy or _NOTHING),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
            *((("Allow", "GET, HEAD"),) if status == HTTPStatus.METHOD_NOT_ALLOWED else ()),
        ):
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself refuses, with our heads."""
        del message, explain
        status = HTTPStatus(code)
        self._send(status, "text/plain", f"{status.phrase}\n".encode(), body=True)

    def log_message(self, format: str, *args: object) -> None:
        """Who asks is nobody's business."""


_NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

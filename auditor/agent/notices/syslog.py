"""Notices as CEF events in syslog messages, one per change, over TCP or TLS.

A message is RFC 5424 with CEF:0 (ArcSight Common Event Format, revision 25) as its text, framed by
octet counts (RFC 6587 section 3.4.1, RFC 5425 section 4.3). Syslog has no receipt: a notice counts
as delivered when all was sent and the server closed without complaint, or stayed silent.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from auditor import __version__
from auditor.agent.notices.sending import TIMEOUT, Undelivered, stamp, told, trusting
from auditor.agent.secret import is_private

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from datetime import datetime

    from auditor.agent.channels import Syslog
    from auditor.store.outbox import Notice

MOST_BYTES: Final = 8192
"""Of one message (RFC 5425 section 4.3.1: receivers should take so many)."""
MOST_VALUE: Final = 1000
"""Bytes of one value, before escaping."""
OBJECTION: Final = 1.0
"""Seconds in which a server says that our certificate, or the lack of one, is not to its liking."""
GOODBYE: Final = 3.0
"""Seconds in which the server may still complain."""
FACILITY: Final = 13
"""Log audit (RFC 5424, table 1)."""
LEVELS: Final = {
    "critical": (2, 10),
    "high": (3, 8),
    "medium": (4, 5),
    "low": (5, 3),
    "info": (6, 1),
}
"""Severity: of syslog (RFC 5424, table 2), of CEF (0 to 10)."""


def sent(syslog: Syslog, notice: Notice, now: datetime) -> str:
    """Sends one message per change, or one for a notice without changes.

    Returns:
        nothing to remark.

    Raises:
        Undelivered: the server cannot be reached, or closed with a complaint.
    """
    del now
    place = f"{syslog.server}:{syslog.port}"
    here = machine()
    content = b"".join(framed(each) for each in messages(notice, here))
    context = _context(syslog, place) if syslog.tls else None
    try:
        with socket.create_connection((syslog.server, syslog.port), TIMEOUT) as connection:
            if context is None:
                _plain(connection, content)
            else:
                _protected(connection, context, syslog.server, content)
    except TimeoutError:
        raise Undelivered(f"{place}: no answer within {TIMEOUT:.0f} s") from None
    except (OSError, ValueError) as error:
        raise Undelivered(told(f"{place}: {error}")) from None
    return ""


def _context(syslog: Syslog, place: str) -> ssl.SSLContext:
    context = trusting(syslog.ca, place)
    if syslog.certificate is None or syslog.private_file is None:
        return context
    try:
        if not is_private(syslog.private_file):
            raise Undelivered(f"{syslog.private_file}: others may read it; chmod 600 it", slow=True)
        context.load_cert_chain(syslog.certificate, syslog.private_file, password=_no_password)
    except (OSError, ValueError) as error:
        why = f"{syslog.certificate}: the certificate or its key cannot be used: {error}"
        raise Undelivered(told(why), slow=True) from None
    return context


def _no_password() -> str:
    raise ValueError("the key is locked with a password")  # or OpenSSL would ask at the terminal


def _plain(connection: socket.socket, content: bytes) -> None:
    connection.sendall(content)
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(GOODBYE)
    try:
        connection.recv(1)  # a server that refused has answered with a reset by now
    except TimeoutError:
        return


def _protected(
    connection: socket.socket, context: ssl.SSLContext, name: str, content: bytes
) -> None:
    """The same under TLS: what the server thinks of our certificate it says after the greeting."""
    import ssl

    with context.wrap_socket(connection, server_hostname=name) as protected:
        protected.sendall(content)
        protected.settimeout(OBJECTION)
        with suppress(TimeoutError):
            protected.recv(1)  # the alert of a server that wants nothing of us
            raise OSError("the server closed before it could have taken anything")
        protected.settimeout(GOODBYE)
        try:
            protected.unwrap()
        except (TimeoutError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return  # not every server says goodbye
        except ssl.SSLError as error:
            if error.reason != "APPLICATION_DATA_AFTER_CLOSE_NOTIFY":
                raise


def framed(message: str) -> bytes:
    """Its length in bytes, a space, and the message."""
    content = message.encode()
    return b"%d " % len(content) + content


def messages(notice: Notice, here: str) -> Iterator[str]:
    """RFC 5424 messages: one per change of the notice, one for what has no changes."""
    for signature, name, severity, extension in events(notice):
        level, weight = LEVELS[severity]
        head = f"<{FACILITY * 8 + level}>1 {stamp(notice.created)} {here} auditor - "
        head += f"{notice.kind.upper()} - "
        yield _short_enough(head, signature, name, weight, extension)


def machine() -> str:
    """This machine's name as RFC 5424 has it: visible ASCII, 255 at most; ``-`` = not known."""
    name = socket.gethostname()
    return name[:255] if name.isascii() and name.isprintable() and " " not in name else "-"


Event = tuple[str, str, str, dict[str, str]]
"""Signature id, name, severity, extension."""


def events(notice: Notice) -> Iterator[Event]:
    """The CEF events of a notice, or of each notice in a digest."""
    content = notice.content
    for each in content["notices"] if content["kind"] == "digest" else (content,):
        common = {"flexString1Label": "notice", "flexString1": notice.id}
        if each["job"]:
            common |= {"cs2Label": "job", "cs2": each["job"]}
        for change in each.get("changes", ()):
            yield _change(change, each, common)
        if not each.get("changes") or each["more"]:
            more = f"{each['more']} more changes" if each.get("more") else ""
            text = each.get("detail") or more or each["text"]["en"]
            kind, name = f"auditor-{each['kind']}", each["title"]["en"]
            about = {"cat": each.get("what", each["kind"]), "msg": text}
            yield kind, name, each["severity"], common | about
    if content.get("more_notices"):
        text = {"msg": f"{content['more_notices']} more notices"}
        yield "auditor-digest", content["title"]["en"], "info", text


def _change(change: dict[str, Any], content: dict[str, Any], common: dict[str, str]) -> Event:
    if content["kind"] == "assessment":
        text = f"{change['title']['vi']}: {change['before'] or '-'} -> {change['now'] or '-'}"
        extension = common | {"cat": "assessment", "externalId": change["item"], "msg": text}
        return "auditor-assessment", change["title"]["en"], content["severity"], extension
    extension = common | {
        "cat": change["news"],
        "externalId": change["id"],
        "cnt": str(change["flows"]),
        "cn1Label": "outboundBytes",
        "cn1": str(change["outbound_bytes"]),
        "msg": change["title"]["vi"],
        "cs1Label": "recipient",
        "cs1": change["recipient"],
        "cs4Label": "state",
        "cs4": change["state"],
        "cs5Label": "certainty",
        "cs5": change["certainty"],
        "cs6Label": "run",
        "cs6": content["run"]["id"],
    }
    if change["countries"]:
        extension |= {"cs3Label": "countries", "cs3": ",".join(change["countries"])}
    if change["system"]:
        extension |= {"flexString2Label": "system", "flexString2": change["system"]}
    return change["rule"], change["title"]["en"], change["severity"], extension


def cef(signature: str, name: str, severity: int, extension: dict[str, str]) -> str:
    """A CEF event; no line breaks in it, and nothing in a value ends the value."""
    head = ("auditor", "auditor", __version__, signature, name, str(severity))
    pairs = " ".join(f"{key}={_value(value)}" for key, value in extension.items())
    return "CEF:0|" + "|".join(map(_field, head)) + "|" + pairs


def _field(text: str) -> str:
    """In the head, backslash and pipe are escaped; line breaks have no place there."""
    return " ".join(text.splitlines()).replace("\\", "\\\\").replace("|", "\\|")


def _value(text: str) -> str:
    r"""In the extension, backslash and equals are escaped; line breaks are written ``\n``."""
    text = text.replace("\\", "\\\\").replace("=", "\\=")
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _short_enough(
    head: str, signature: str, name: str, severity: int, extension: dict[str, str]
) -> str:
    """The message; long values lose their ends until it fits."""
    most = MOST_VALUE
    while True:
        cut = {key: _cut(value, most) for key, value in extension.items()}
        text = head + cef(_cut(signature, most), _cut(name, min(most, 512)), severity, cut)
        if len(text.encode()) <= MOST_BYTES:
            return text
        most //= 2


def _cut(text: str, most: int) -> str:
    content = text.encode()
    return text if len(content) <= most else content[: most - 3].decode("utf-8", "ignore") + "…"

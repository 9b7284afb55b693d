"""Addresses that people write into ``agent.yaml``: of servers, of people, of webhooks."""

from __future__ import annotations

import ipaddress
import re
from email.headerregistry import Address
from typing import Final
from urllib.parse import parse_qsl, urlsplit

_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_WORD: Final = r"[^<>@,;:\"\s.]+"
_MAILBOX: Final = re.compile(rf"(?P<local>{_WORD}(\.{_WORD})*)@(?P<domain>{_WORD}(\.{_WORD})*)")
_NAMED: Final = re.compile(r"(?P<name>[^<>@\"]{1,100}?)\s*<(?P<box>[^<>]+)>")
_SECRET_NAME: Final = re.compile(r"token|key|secret|sig|pass|auth|code|cred", re.IGNORECASE)
_DRAWN: Final = re.compile(r"[A-Za-z0-9]{20,}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""What nobody would choose as a name: it was drawn by a machine to be unguessable."""


def host(text: str) -> str:
    """``text``, if it is a host name or an IP address.

    Raises:
        ValueError: it is something else, such as a URL.
    """
    if _HOST.fullmatch(text):
        return text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(
            "is no server; write its name or address alone, such as mail.example.vn"
        ) from None


def is_loopback(name: str) -> bool:
    """Whether it is this machine."""
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def mailbox(text: str) -> Address:
    """``an@example.vn`` or ``An Ninh <an@example.vn>``.

    Raises:
        ValueError: it is no e-mail address.
    """
    named = _NAMED.fullmatch(text)
    found = _MAILBOX.fullmatch(named["box"] if named else text)
    try:
        if found is not None and text.isprintable() and len(text) <= 320:
            found["domain"].encode("idna")
            return Address(named["name"] if named else "", found["local"], found["domain"])
    except (ValueError, IndexError, AttributeError):  # the library's parser fails in many ways
        pass
    raise ValueError("is no e-mail address; write an@example.vn or An Ninh <an@example.vn>")


def webhook_address(url: str) -> None:
    """Refuses an address that is not HTTPS, but for one on this machine.

    Raises:
        ValueError: what is wrong with it; the address, which may be a secret, is not repeated.
    """
    try:
        parts = urlsplit(url)
        name, _ = parts.hostname, parts.port
    except ValueError:
        name = None
        parts = urlsplit("")
    if not name or not url.isprintable() or " " in url:
        raise ValueError("is no address; write https://server/path")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(name)):
        return
    raise ValueError("is not https://: who listens could read and change what is told")


def open_webhook_address(url: str) -> None:
    """The same, and refuses an address that is itself a secret: it stands in a file for all.

    Raises:
        ValueError: what is wrong with it; the secret is not repeated.
    """
    webhook_address(url)
    parts = urlsplit(url)
    drawn = any(_DRAWN.fullmatch(part) for part in parts.path.split("/"))
    asked = parse_qsl(parts.query, keep_blank_values=True)
    named = any(_SECRET_NAME.search(key) or _DRAWN.fullmatch(value) for key, value in asked)
    if "@" in parts.netloc or drawn or named:
        raise ValueError(
            "holds a secret, which does not belong into this file: write url_env with the name "
            "of an environment variable, or url_file with the path of a file of mode 600"
        )

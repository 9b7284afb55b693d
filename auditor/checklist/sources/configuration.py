"""Exports of devices and databases: which form a file has, told by its content."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Final

from auditor.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 64 << 20
_SIGNS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
                 (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_NFT: Final = re.compile(r"^[ \t]*table[ \t]+(\w+[ \t]+)?\S+[ \t]*\{", re.MULTILINE)
_FORTI: Final = re.compile(r"^[ \t]*config (firewall|system|router|vdom|global)\b", re.MULTILINE)


def configuration(path: Path, kind_id: str) -> object:
    """What an export holds: a ``Firewall``, ``PasswordPolicy``, ``Grants`` or ``HostAccess``.

    Args:
        path: the file.
        kind_id: ``firewall``, ``password-policy``, ``database-grants`` or ``database-access``.

    Raises:
        InputError: it is too large, no text, or of no form that is known for this kind.
    """
    text, place = text_of(path), path.name
    match kind_id:
        case "firewall":
            return _firewall(text, place)
        case "password-policy":
            from auditor.checklist.sources.password_policy import password_policy

            return password_policy(text, place)
        case "database-grants":
            from auditor.checklist.sources.postgresql import database_grants

            return database_grants(text, place)
        case "database-access":
            from auditor.checklist.sources.host_access import host_access

            return host_access(text, place)
    raise InputError(
        f"no export of the kind {kind_id} can be read",
        place=place,
        hint="Use firewall, password-policy, database-grants or database-access.",
    )


def text_of(path: Path) -> str:
    """The text of a file: UTF-8, or UTF-16 (Windows writes it) where its first bytes say so.

    Raises:
        InputError: it is too large, or no text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", place=path.name, hint="Check the file."
        ) from None
    if len(content) > MOST_BYTES:
        raise InputError(
            f"is larger than {MOST_BYTES >> 20} MiB",
            place=path.name,
            hint="Export the part that matters: policies, objects, interfaces.",
        )
    encoding = next((name for sign, name in _SIGNS if content.startswith(sign)), "")
    if not encoding:
        # secedit's UTF-16 sometimes loses its mark on the way
        encoding = "utf-16-le" if content[1:40:2].count(0) > 15 else "utf-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"is no text in {encoding} (byte {error.start})",
            place=path.name,
            hint="Export it as text; save it as UTF-8.",
        ) from None
    if "\0" in text:
        raise InputError(
            "holds zero bytes: it is no text", place=path.name, hint="Export it as text."
        )
    if not text.strip():
        raise InputError("is empty", place=path.name, hint="Export it anew.")
    # one way of ending lines: what the numbers of lines count
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _firewall(text: str, place: str) -> object:
    start = text.lstrip()[:1]
    if start == "{" and '"nftables"' in text[:4096]:
        return _of_json(text, place)
    if re.search(r"^\*(filter|nat|mangle|raw|security)[ \t]*$", text, re.MULTILINE):
        from auditor.checklist.sources.iptables import iptables

        return iptables(text)
    if _FORTI.search(text):
        from auditor.checklist.sources.fortigate_policies import fortigate

        return fortigate(text)
    if _NFT.search(text):
        from auditor.checklist.sources.nftables_text import nftables_text

        return nftables_text(text)
    raise InputError(
        "is no firewall export of a form that is known here",
        place=place,
        hint="Attach FortiGate show full-configuration, iptables-save, nft list ruleset "
        "or nft -j list ruleset.",
    )


def _of_json(text: str, place: str) -> object:
    from auditor.checklist.sources.nftables_json import nftables_json

    try:
        return nftables_json(json.loads(text))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise InputError(
            f"is no output of nft -j ({type(error).__name__})",
            place=place,
            hint="Export it anew: nft -j list ruleset.",
        ) from None

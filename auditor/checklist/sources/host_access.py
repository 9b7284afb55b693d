"""PostgreSQL: who may connect from where and how (``pg_hba.conf``).

Lines are tried in order; the first that fits decides (PostgreSQL manual, "The pg_hba.conf File").
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.firewall import Unread, first_words
from auditor.checklist.sources.ranges import ADDRESSES, Ranges, addresses
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS: Final = ("local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc")
METHODS: Final = (
    "trust", "reject", "scram-sha-256", "md5", "password", "gss", "sspi", "ident", "peer", "ldap",
    "radius", "cert", "pam", "bsd", "oauth",
)  # fmt: skip
_WORD: Final = re.compile(r'((?:"[^"]*"|[^\s,"])+|,)')
_MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Door:
    """One line.

    Attributes:
        addresses: null = a name, ``samehost`` or ``samenet`` (``host`` says which).
        host: as written; empty for ``local``.
    """

    kind: str
    databases: tuple[str, ...]
    users: tuple[str, ...]
    host: str
    addresses: Ranges | None
    method: str
    options: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class HostAccess:
    """One file."""

    doors: tuple[Door, ...]
    unread: tuple[Unread, ...] = ()


def host_access(text: str, place: str) -> HostAccess:
    """The lines of a ``pg_hba.conf``.

    Raises:
        InputError: no line of it is one.
    """
    doors: list[Door] = []
    unread: list[Unread] = []
    for number, line in _joined(text):
        fields = _fields(line)
        if not fields:
            continue
        door = _door(fields, f"line {number}") if len(doors) < _MOST else None
        if door is None:
            unread.append(Unread(f"line {number}", first_words(line)))
        else:
            doors.append(door)
    if not doors:
        raise InputError(
            "no line of it is one of pg_hba.conf",
            place=place,
            hint="Attach the file pg_hba.conf of the server (SHOW hba_file).",
        )
    return HostAccess(tuple(doors), tuple(unread))


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Line number and text; a backslash at the end goes on in the next line."""
    held, start = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        start = start if held else number
        if line.endswith("\\"):
            held += line[:-1]
            continue
        yield start, held + line
        held = ""
    if held:
        yield start, held


def _fields(line: str) -> list[list[str]]:
    """Columns, each a list of values (``a,b``); comments are left out, quotes taken off."""
    columns: list[list[str]] = []
    joins, ended = False, 0
    for found in _WORD.finditer(_without_comment(line)):
        word = found[1]
        if word == ",":
            joins = True
        elif (joins or found.start() == ended) and columns:
            columns[-1].append(word.replace('"', ""))
            joins = False
        else:
            columns.append([word.replace('"', "")])
        ended = found.end() if word == "," else 0
    return columns


def _without_comment(line: str) -> str:
    quoted = False
    for at, letter in enumerate(line):
        if letter == '"':
            quoted = not quoted
        elif letter == "#" and not quoted:
            return line[:at]
    return line


def _door(fields: list[list[str]], place: str) -> Door | None:
    """A line; null = it is an include, or not understood."""
    kind = fields[0][0]
    if kind not in KINDS or len(fields) < (4 if kind == "local" else 5):
        return None
    databases, users = tuple(fields[1]), tuple(fields[2])
    at = 3
    host, found = "", None
    if kind != "local":
        host = fields[3][0]
        at = 4
        if len(fields) > 5 and _is_mask(fields[4][0]):
            host, at = f"{host}/{fields[4][0]}", 5
        try:
            found = ADDRESSES if host == "all" else addresses(host)
        except ValueError:
            if "/" in host or not re.fullmatch(r"\.?[A-Za-z0-9][A-Za-z0-9.-]*", host):
                return None
    method = fields[at][0]
    if method not in METHODS:
        return None
    options = tuple(value for column in fields[at + 1 :] for value in column)
    return Door(kind, databases, users, host, found, method, options, place)


def _is_mask(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

"""Password and session policies: exports of Windows and configuration files of Linux.

Windows: a table of names and values (group policy report as CSV), ``secedit /export`` (an INF of
UTF-16), ``net accounts``. Linux: ``login.defs``, ``pwquality.conf``, ``faillock.conf`` and lines of
PAM that name these modules (man 5 login.defs, pwquality.conf, faillock.conf).
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Name = Literal[
    "length", "age-days", "history", "attempts", "session-seconds", "complexity", "reversible"
]
NEVER: Final = -1
"""A value of ``age-days``, ``attempts`` and ``session-seconds``: there is no limit."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; ``value`` is a number (``NEVER`` = no limit; 0 or 1 for switches)."""

    name: Name
    value: int
    place: str


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """One export. A setting may stand in it more than once.

    Attributes:
        source: ``secedit``, ``net accounts``, ``table`` or ``linux``.
    """

    source: str
    settings: tuple[Setting, ...]

    def of(self, name: Name) -> tuple[Setting, ...]:
        """The settings of a name."""
        return tuple(setting for setting in self.settings if setting.name == name)


_SECEDIT: Final[dict[str, Name]] = {
    "minimumpasswordlength": "length", "maximumpasswordage": "age-days",
    "passwordhistorysize": "history", "lockoutbadcount": "attempts",
    "passwordcomplexity": "complexity", "cleartextpassword": "reversible",
}  # fmt: skip
_INACTIVITY: Final = "\\policies\\system\\inactivitytimeoutsecs"
# PASS_MIN_LEN is left out: where PAM decides, login.defs has no say in it
_LINUX: Final[dict[str, Name]] = {
    "pass_max_days": "age-days", "minlen": "length",
    "remember": "history", "deny": "attempts", "tmout": "session-seconds",
}  # fmt: skip
_NAMES: Final[tuple[tuple[str, Name], ...]] = (
    (r"min(imum)? password length|do dai mat khau", "length"),
    (r"max(imum)? password age|thoi han mat khau|tuoi toi da", "age-days"),
    (r"password history|nho mat khau|mat khau cu", "history"),
    (r"lockout threshold|so lan (dang nhap )?sai", "attempts"),
    (r"inactivity limit|session lock|khoa phien|screen saver timeout", "session-seconds"),
    (r"complexity|do phuc tap", "complexity"),
    (r"reversible encryption|ma hoa (co the )?dao nguoc", "reversible"),
)
_NUMBER: Final = re.compile(r"-?[0-9]{1,9}")
_LONGEST: Final = 2_000


def password_policy(text: str, place: str) -> PasswordPolicy:
    """The policy in a text.

    Raises:
        InputError: it is none of the forms known here.
    """
    lower = text.lower()
    if "[system access]" in lower:
        return PasswordPolicy("secedit", tuple(_secedit(text)))
    if re.search(r"^lockout threshold\s*:", lower, re.MULTILINE):
        return PasswordPolicy("net accounts", tuple(_colons(text)))
    linux = tuple(_linux(text))
    if linux:
        return PasswordPolicy("linux", linux)
    table = tuple(_table(text))
    if table:
        return PasswordPolicy("table", table)
    raise InputError(
        "no password or session setting is recognised in it",
        place=place,
        hint="Attach secedit /export, net accounts, a table of name,value, login.defs, "
        "pwquality.conf or faillock.conf.",
    )


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and len(line) <= _LONGEST:
            yield f"line {number}", line.strip()


def _secedit(text: str) -> Iterator[Setting]:
    for place, line in _lines(text):
        key, _, value = line.partition("=")
        name = _SECEDIT.get(key.strip().lower())
        if name:
            yield from _setting(name, value, place)
        elif key.strip().lower().endswith(_INACTIVITY):
            yield from _setting("session-seconds", value.rpartition(",")[2], place)


def _colons(text: str) -> Iterator[Setting]:
    for place, line in _lines(text):
        key, _, value = line.partition(":")
        yield from _named(key, value, place)


def _table(text: str) -> Iterator[Setting]:
    head = text[:4096]
    separator = max(",;\t", key=head.count)
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=separator), start=1):
            # reports put groups and states before and after name and value
            for at in range(min(len(row) - 1, 8)):
                yield from _named(row[at], row[at + 1], f"row {number}")
    except csv.Error:
        return  # then it is no table, and the caller says what was looked for


def _named(key: str, value: str, place: str) -> Iterator[Setting]:
    plain = _plain(key[:200])
    for pattern, name in _NAMES:
        if re.search(pattern, plain):
            yield from _setting(name, value, place)
            return


def _plain(text: str) -> str:
    marks = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(letter for letter in marks if not unicodedata.combining(letter))


def _linux(text: str) -> Iterator[Setting]:
    for place, line in _lines(text):
        bare = re.sub(r"^(readonly |export |declare -r |typeset -r )+", "", line.partition("#")[0])
        words = bare.replace("=", " ").split()
        if not words:
            continue
        if re.match(r"-?(auth|account|password|session)$", words[0]):
            yield from _pam(bare, place)
        elif len(words) >= 2 and words[0].lower() in _LINUX:
            yield from _setting(_LINUX[words[0].lower()], words[1], place)


def _pam(line: str, place: str) -> Iterator[Setting]:
    """Arguments of the modules pam_pwquality, pam_pwhistory, pam_unix, pam_faillock."""
    for word in line.split():
        key, _, value = word.partition("=")
        if key in ("minlen", "remember", "deny"):
            yield from _setting(_LINUX[key], value, place)


def _setting(name: Name, text: str, place: str) -> Iterable[Setting]:
    plain = _plain(text.strip().strip('"')[:100])
    number = _NUMBER.search(plain)
    if name in ("complexity", "reversible"):
        on = plain in ("1", "enabled", "yes", "true", "bat", "co")
        return (Setting(name, int(on), place),)
    if plain in ("never", "unlimited", "none", "khong", "khong gioi han"):
        value = 0 if name in ("history", "length") else NEVER
        return (Setting(name, value, place),)
    if number is None:
        return ()
    value = int(number[0])
    if name == "session-seconds" and re.search("minute|phut", plain):
        value *= 60
    if name == "age-days" and re.search("month|thang", plain):
        value *= 30
    endless = {"age-days": value <= 0 or value >= 99_999, "attempts": value <= 0}
    if endless.get(name) or (name == "session-seconds" and value <= 0):
        value = NEVER
    return (Setting(name, value, place),)

"""Secrets: from the environment, or from a file that only the agent may read; never elsewhere.

systemd's ``LoadCredential=`` gives files of root, mode 400, and the agent's user the right to read
them by an access control list, for which the mode then shows 440 (systemd, ``write_credential`` in
src/core/exec-credential.c). Such a list, and none that lets anybody else in, is as good as 600.
"""

from __future__ import annotations

import os
import stat
import struct
from typing import TYPE_CHECKING, Final

from auditor.model.errors import PolicyError
from auditor.model.text import legible

if TYPE_CHECKING:
    from pathlib import Path

LONGEST: Final = 1 << 16
"""Bytes of a file that can be a secret."""

_LIST: Final = "system.posix_acl_access"
_VERSION: Final = struct.pack("<I", 2)
_ENTRY: Final = struct.Struct("<HHI")
_OWNER, _USER, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NOBODY: Final = 0xFFFFFFFF
_READ: Final = 4
"""Access control lists: linux/posix_acl_xattr.h, linux/posix_acl.h."""


def secret_of(env: str | None, file: Path | None, place: str) -> str:
    """The secret behind the settings ``…_env`` and ``…_file``; empty if neither is given.

    Args:
        env: name of an environment variable.
        file: of one line; its mode must be 600 or stricter, or it is a credential of systemd.
        place: what needs it, for messages, such as ``channels.mail.password``.

    Raises:
        PolicyError: both are given, or the secret is missing, empty, of more than one line, or
            readable by others. The message never holds any of it.
    """
    if env is not None and file is not None:
        raise PolicyError(
            "two places are named for one secret",
            place=place,
            hint=f"Keep one of {place}_env and {place}_file.",
        )
    if env is not None:
        found = os.environ.get(env)
        if found is None:
            raise PolicyError(
                f"the environment variable {env} is not set",
                place=place,
                hint="Set it where the agent is started (for systemd: EnvironmentFile=, "
                "mode 600), or name a file of mode 600 instead.",
            )
        return _one_line(found, place, f"the environment variable {env}")
    if file is not None:
        return _one_line(_content(file, place), place, legible(str(file)))
    return ""


def is_private(file: Path) -> bool:
    """Whether nobody but its owner, or the agent by a list, may open a file.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = _at_once(str(file), os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _closed(descriptor, os.fstat(descriptor))
    finally:
        os.close(descriptor)


def _content(file: Path, place: str) -> str:
    name = legible(str(file))
    try:
        opened = open(file, "rb", opener=_at_once)  # noqa: SIM115 - closed below
    except OSError as error:
        raise PolicyError(
            f"the secret's file {name} cannot be read: {error.strerror}",
            place=place,
            hint="Check the path, and that the agent's user may read it.",
        ) from None
    with opened:
        status = os.fstat(opened.fileno())  # what is checked is what is read
        if not stat.S_ISREG(status.st_mode):
            raise PolicyError(
                f"the secret's file {name} is no regular file",
                place=place,
                hint="Write the secret into a file of mode 600.",
            )
        if not _closed(opened.fileno(), status):
            raise PolicyError(
                f"others may read or change the secret's file {name} "
                f"(mode {stat.S_IMODE(status.st_mode):o})",
                place=place,
                hint="chmod 600 it, and think of the secret as known: change it.",
            )
        if status.st_uid not in (0, os.geteuid()):
            raise PolicyError(
                f"the secret's file {name} belongs to another user",
                place=place,
                hint="Give it to the agent's user (chown), mode 600.",
            )
        content = opened.read(LONGEST + 1)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise PolicyError(
            f"the secret's file {name} is no text in UTF-8",
            place=place,
            hint="Write the secret into it as one line of text.",
        ) from None


def _closed(descriptor: int, status: os.stat_result) -> bool:
    """Whether nobody but its owner may open a file, and the agent where a list says so."""
    if not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return True
    if stat.S_IMODE(status.st_mode) != stat.S_IRUSR | stat.S_IRGRP:
        return False
    try:
        listed = os.getxattr(descriptor, _LIST)
    except (AttributeError, OSError):  # no list: the group may read it
        return False
    if listed[:4] != _VERSION or len(listed) % _ENTRY.size != len(_VERSION):
        return False
    return set(_ENTRY.iter_unpack(listed[4:])) == {
        (_OWNER, _READ, _NOBODY),
        (_USER, _READ, os.geteuid()),
        (_GROUP, 0, _NOBODY),
        (_MASK, _READ, _NOBODY),
        (_OTHER, 0, _NOBODY),
    }


def _at_once(path: str, flags: int) -> int:
    """Opened without waiting for whoever writes to a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _one_line(text: str, place: str, where: str) -> str:
    secret = text.strip("\r\n")
    if not secret.strip() or len(secret) > LONGEST:
        raise PolicyError(
            f"the secret in {where} is empty or far too long",
            place=place,
            hint="Write the secret into it, as one line.",
        )
    if not secret.isprintable():
        raise PolicyError(
            f"the secret in {where} has line breaks or control characters",
            place=place,
            hint="Write the secret alone into it, as one line.",
        )
    return secret

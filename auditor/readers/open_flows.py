"""The file in which flows wait that had not ended when a run was over.

Magic, SHA-256 of all that follows, length of a head in JSON, the head, and per time line the two
byte strings of ``OpenFlows``. The digest tells damage, not forgery: who may write the file may
say in it what he likes of flows. The states are checked before use (``capture.carried``).
"""

from __future__ import annotations

import hashlib
import json
import stat
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.model.errors import InputError
from auditor.model.files import written
from auditor.readers.reading import OpenFlows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import IO

MAGIC: Final = b"auditor-open-1\r\n"
_DIGEST: Final = 32
_LENGTH: Final = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A time line of captures that may go on in a later run.

    Attributes:
        folder: where they lie, absolute.
        pattern: name of the last one, its digits replaced (``time_lines.pattern_of``).
        name: of the last one.
    """

    folder: str
    pattern: str
    name: str
    flows: OpenFlows


def read_open(path: Path) -> tuple[tuple[OpenLine, ...], str]:
    """The time lines in a file, and the SHA-256 of it.

    Raises:
        InputError: the file cannot be opened, is none of this kind, or is damaged.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _damaged(path, "is no regular file")
        content = path.read_bytes()
    except OSError as error:
        raise _damaged(path, f"cannot be opened: {error.strerror or error}") from None
    begin = len(MAGIC) + _DIGEST
    if not content.startswith(MAGIC):
        raise _damaged(path, "is no file of open flows of a kind that is known")
    body = memoryview(content)[begin:]
    if hashlib.sha256(body).digest() != content[len(MAGIC) : begin]:
        raise _damaged(path, "is damaged: its content does not fit its checksum")
    try:
        lines = _lines(body)
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise _damaged(path, f"makes no sense ({type(error).__name__})") from None
    return lines, hashlib.sha256(content).hexdigest()


def _lines(body: memoryview) -> tuple[OpenLine, ...]:
    (size,) = _LENGTH.unpack_from(body)
    place = _LENGTH.size + size
    lines = []
    for told in json.loads(bytes(body[_LENGTH.size : place])):
        parts = []
        for length in (int(told["state"]), int(told["table"])):
            if not 0 <= length <= len(body) - place:
                raise ValueError("length")
            parts.append(bytes(body[place : place + length]))
            place += length
        flows = OpenFlows(int(told["end"]), int(told["count"]), *parts)
        if not 0 <= flows.end < 1 << 63 or flows.count < 0:
            raise ValueError("time")
        lines.append(OpenLine(str(told["folder"]), str(told["pattern"]), str(told["name"]), flows))
    if place != len(body):
        raise ValueError("length")
    return tuple(lines)


def write_open(path: Path, lines: Sequence[OpenLine]) -> None:
    """Writes the file, whole or not at all; only its owner may read it.

    Raises:
        StoreError: it cannot be written there.
    """
    head = json.dumps(
        [
            {
                "folder": line.folder,
                "pattern": line.pattern,
                "name": line.name,
                "end": line.flows.end,
                "count": line.flows.count,
                "state": len(line.flows.state),
                "table": len(line.flows.table),
            }
            for line in lines
        ]
    ).encode()
    parts = [_LENGTH.pack(len(head)), head]
    for line in lines:
        parts += (line.flows.state, line.flows.table)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)

    def write(file: IO[bytes]) -> None:
        import os

        os.fchmod(file.fileno(), stat.S_IRUSR | stat.S_IWUSR)
        file.writelines((MAGIC, digest.digest(), *parts))

    written(path.parent, {path.name: write})


def _damaged(path: Path, what: str) -> InputError:
    return InputError(
        f"the file of open flows {what}",
        place=str(path),
        hint="Set it aside and go on without it: the flows that were open in it are lost.",
    )

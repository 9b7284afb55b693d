"""Compound files (MS-CFB): locked office documents, and the formats before 2007.

Those formats (MS-DOC, MS-XLS, MS-PPT, MS-OXMSG) are not taken apart. Their runs of letters are
searched as they stand, so that much of what they say is seen; they count as unread all the same.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from auditor.inspect.contracts import About, Pages

MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PIECE: Final = 1 << 18
_OVERLAP: Final = 1 << 10
"""Bytes of a piece that are looked at again with the next; a run across them is cut."""


def _name(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


_KINDS: Final = (
    (_name("EncryptedPackage"), "locked", "Office Open XML"),
    (_name("DRMEncryptedDataSpace"), "locked", "Office Open XML"),
    (_name("WordDocument"), "unsupported", "Word 97-2003"),
    (_name("Workbook"), "unsupported", "Excel 97-2003"),
    (_name("Book"), "unsupported", "Excel 5.0"),
    (_name("PowerPoint Document"), "unsupported", "PowerPoint 97-2003"),
    (_name("__properties_version1.0"), "unsupported", "Outlook message"),
)
"""Names in the directory of a compound file, and what they say of it."""

_RUNS: Final = re.compile(
    rb"(?:[\t\r\n\x20-\x7e\xc0-\xfd]\0|[\x00-\xff]\x01|[\xa0-\xf9]\x1e|[\x00-\x23]\x03){4,}"
    rb"|[\t\r\n\x20-\x7e]{6,}"
)
"""Letters of two bytes (Latin, its extensions, Vietnamese, combining marks), or ASCII."""


class Compound:
    """See the module."""

    name = "compound file"

    def sniff(self, head: bytes, about: About) -> float:
        """See ``WholeDocument``."""
        del about
        return 0.98 if head.startswith(MAGIC) else 0.0

    def read(self, file: IO[bytes], size: int, about: About, pages: Pages) -> None:
        """See ``WholeDocument``."""
        del size, about
        why, what = _kind(file)
        if why == "unsupported":
            _give_runs(file, pages)
        pages.unread("locked" if why == "locked" else "unsupported", what)


def _kind(file: IO[bytes]) -> tuple[str, str]:
    """Why it is not read, and what it is; directories stand anywhere in the file."""
    found: set[int] = set()
    kept = b""
    file.seek(0)
    while data := file.read(_PIECE):
        kept += data
        found |= {number for number, (mark, _, _) in enumerate(_KINDS) if mark in kept}
        if 0 in found:
            break
        kept = kept[-64:]
    if not found:
        return "unsupported", Compound.name
    _, why, what = _KINDS[min(found)]
    return why, what


def _give_runs(file: IO[bytes], pages: Pages) -> None:
    file.seek(0)
    kept = b""
    while data := file.read(_PIECE):
        whole = kept + data
        last = len(data) < _PIECE
        end = len(whole) if last else len(whole) - _OVERLAP
        lines: list[bytes] = []
        reached = 0
        for run in _RUNS.finditer(whole):
            if run.start() >= end:
                break
            raw = run[0]
            reached = run.end()
            wide = raw[1] < 0x20 and raw[1] not in b"\t\r\n"
            lines.append(
                raw.decode("utf-16-le", "replace").encode("utf-8", "replace") if wide else raw
            )
        if lines:
            pages.text(b"\n".join(lines) + b"\n")
        kept = b"" if last else whole[max(end, reached) :]

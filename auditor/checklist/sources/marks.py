"""Secrecy marks (MẬT, TỐI MẬT, TUYỆT MẬT) in files of a package: how many files bear one."""

from __future__ import annotations

import re
import zipfile
from typing import IO, TYPE_CHECKING, Final

from auditor.checklist.sources.values import secrecy_marks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MOST: Final = 64 * 1024 * 1024
"""Bytes of a file that are looked through; a larger one counts as unread unless it bears one."""
MEMBERS: Final = 2000
TEXTS: Final = (".txt", ".csv", ".json", ".xml", ".html", ".htm", ".md", ".yaml", ".yml", ".sql")
PACKED: Final = (".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods")
_TAGS: Final = re.compile(
    r"</(?:w:p|a:p|si|text:p|text:h|p|td|div|h[1-6]|title)\s*>|<[^<>]{0,2000}>"
)
_BREAKS: Final = re.compile(r'[\r\n\t,;|"{}]+')


def marked(paths: Sequence[Path]) -> tuple[int, int, int]:
    """How many files were looked through, how many bear a mark, how many could not be read.

    Files in a ZIP count one by one; ``.docx`` and the like count as one.
    """
    files = wrong = unread = 0
    for path in paths:
        for found in _looked(path):
            files += found is not None
            wrong += found is True
            unread += found is None
    return files, wrong, unread


def _looked(path: Path) -> Iterator[bool | None]:
    """For each file of a package whether it bears a mark; null = it could not be read."""
    suffix = path.suffix.lower()
    if suffix in TEXTS and path.is_file():
        try:
            with path.open("rb") as file:
                yield _bears(file)
        except OSError:
            yield None
    elif suffix in PACKED:
        try:
            with zipfile.ZipFile(path) as package:
                members = [entry for entry in package.infolist() if not entry.is_dir()]
                cut = members[:MEMBERS]
                texts = [entry for entry in cut if entry.filename.lower().endswith(TEXTS)]
                found = [_member(package, entry) for entry in texts]
                missed = len(members) - len(cut) + (len(cut) - len(texts))
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
            yield None
            return
        if suffix == ".zip":
            yield from found
            yield from [None] * missed
        else:
            yield True if True in found else None if None in found or not found else False
    else:
        yield None


def _member(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool | None:
    with package.open(entry) as file:
        return _bears(file)


def _bears(file: IO[bytes]) -> bool | None:
    import pyarrow as pa

    head = file.read(MOST + 1)
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    text = head[:MOST].decode(encoding, "replace")
    if text.lstrip().startswith("<"):
        text = _TAGS.sub(lambda tag: "\n" if tag[0].startswith("</") else "", text)
    lines = pa.array([line.strip() for line in _BREAKS.split(text)], pa.string())
    if secrecy_marks(lines).any():
        return True
    return None if len(head) > MOST or "\ufffd" in text else False

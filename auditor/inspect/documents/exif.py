"""Texts and the position in pictures: EXIF (CIPA DC-008), XMP, comments of JPEG files."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.inspect.contracts import Pages

MOST_ENTRIES: Final = 500
"""Of one directory; cameras write 60."""

_EXIF: Final = b"Exif\0\0"
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_COMMENT, _APP1 = 0xFE, 0xE1
_SCAN, _END = 0xDA, 0xD9
_ASCII, _BYTES, _LONG, _UNDEFINED = 2, 1, 4, 7
_TO_EXIF, _TO_POSITION = 0x8769, 0x8825
_WINDOWS: Final = range(0x9C9B, 0x9CA0)
"""Title, comment, author, keywords, subject as Windows writes them: UTF-16."""
_USER_COMMENT: Final = 0x9286
_LATITUDE, _LONGITUDE = 2, 4


def give_jpeg(head: bytes, pages: Pages) -> None:
    """Gives what stands in front of the picture itself."""
    at = 2
    while at + 4 <= len(head) and head[at] == 0xFF and head[at + 1] not in (_SCAN, _END):
        kind = head[at + 1]
        if kind == 0xFF:  # filling
            at += 1
            continue
        length = int.from_bytes(head[at + 2 : at + 4], "big")
        body = head[at + 4 : at + 2 + length]
        if kind == _APP1 and body.startswith(_EXIF):
            give_tiff(body[len(_EXIF) :], pages)
        elif kind == _APP1 and body.startswith(_XMP):
            pages.text(body[len(_XMP) :] + b"\n")
        elif kind == _COMMENT:
            pages.text(body + b"\n")
        at += 2 + max(length, 2)


def give_tiff(data: bytes, pages: Pages) -> None:
    """Gives the texts of a TIFF file (or of EXIF), and whether it says where it was taken."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        return
    (first,) = struct.unpack_from(f"{order}I", data, 4)
    texts: list[str] = []
    for tag, kind, value in _entries(data, order, first):
        if kind in (_ASCII, _BYTES):
            texts.append(_text(tag, kind, value))
        elif kind == _LONG and len(value) == 4:
            (place,) = struct.unpack(f"{order}I", value)
            if tag == _TO_EXIF:
                texts += (_text(*entry) for entry in _entries(data, order, place))
            elif tag == _TO_POSITION:
                tags = {tag for tag, _, _ in _entries(data, order, place)}
                if {_LATITUDE, _LONGITUDE} <= tags:
                    pages.fact("geodata", "EXIF position")
    found = [text for text in texts if text.strip()]
    if found:
        pages.text("\n".join(found).encode("utf-8", "replace") + b"\n")


def _entries(data: bytes, order: str, at: int) -> Iterator[tuple[int, int, bytes]]:
    """The entries of a directory: tag, type, value."""
    if at + 2 > len(data):
        return
    (count,) = struct.unpack_from(f"{order}H", data, at)
    for number in range(min(count, MOST_ENTRIES)):
        entry = at + 2 + 12 * number
        if entry + 12 > len(data):
            return
        tag, kind, length = struct.unpack_from(f"{order}HHI", data, entry)
        size = length * {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 10: 8}.get(kind, 0)
        begin = entry + 8
        if size > 4:
            (begin,) = struct.unpack_from(f"{order}I", data, begin)
        if 0 < size <= len(data) - begin:
            yield tag, kind, data[begin : begin + size]


def _text(tag: int, kind: int, value: bytes) -> str:
    if tag in _WINDOWS:
        return value.decode("utf-16-le", "ignore").strip("\0")
    if kind == _ASCII:
        return value.decode("utf-8", "replace").strip("\0")
    if tag == _USER_COMMENT and kind == _UNDEFINED:
        wide = value.startswith(b"UNICODE\0")
        return value[8:].decode("utf-16" if wide else "utf-8", "ignore").strip("\0")
    return ""

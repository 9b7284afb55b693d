"""Texts in the header of DICOM files (PS3.5 section 7, PS3.10), little endian."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from auditor.inspect.contracts import Pages

_START: Final = 132
_LONG: Final = frozenset((b"OB", b"OD", b"OF", b"OL", b"OW", b"SQ", b"UC", b"UR", b"UT", b"UN"))
"""Representations with a length of four bytes."""
_TEXTS: Final = frozenset(b"AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UT".split())
_SEQUENCE: Final = b"SQ"
_NO_LENGTH: Final = 0xFFFFFFFF
_ITEMS: Final = 0xFFFE
_PIXELS: Final = 0x7FE0
_SYNTAX: Final = (0x0002, 0x0010)
_IMPLICIT: Final = b"1.2.840.10008.1.2"

_NAMES: Final = {
    (0x0008, 0x0080): "Institution",
    (0x0008, 0x0090): "Referring physician",
    (0x0008, 0x1030): "Study description",
    (0x0010, 0x0010): "Patient name",
    (0x0010, 0x0020): "Patient ID",
    (0x0010, 0x0030): "Date of birth",
    (0x0010, 0x0040): "Sex",
    (0x0010, 0x1000): "Other patient IDs",
    (0x0010, 0x1001): "Other patient names",
    (0x0010, 0x1010): "Age",
    (0x0010, 0x1040): "Address",
    (0x0010, 0x2154): "Telephone",
    (0x0010, 0x2160): "Ethnic group",
    (0x0010, 0x21F0): "Religion",
    (0x0010, 0x4000): "Comments",
}


def give(head: bytes, pages: Pages) -> None:
    """Gives the texts in front of the picture, each in a line, those of the patient with a name."""
    lines: list[str] = []
    implicit = False
    at = _START
    while at + 8 <= len(head):
        tag = struct.unpack_from("<HH", head, at)
        kind = head[at + 4 : at + 6]
        if tag[0] == _PIXELS:
            break
        if tag[0] == _ITEMS:  # what an item holds is read as if it stood outside
            at += 8
            continue
        if implicit and tag[0] != 2:
            kind = b""
            (length,) = struct.unpack_from("<I", head, at + 4)
            at += 8
        elif kind in _LONG:
            if at + 12 > len(head):
                break
            (length,) = struct.unpack_from("<I", head, at + 8)
            at += 12
        else:
            (length,) = struct.unpack_from("<H", head, at + 6)
            at += 8
        if kind == _SEQUENCE or length == _NO_LENGTH:
            continue
        value = head[at : at + length].rstrip(b"\0 ")
        at += length
        if tag == _SYNTAX:
            implicit = value == _IMPLICIT
        if kind in _TEXTS or (not kind and tag in _NAMES):
            name = _NAMES.get(tag)
            text = _decoded(value)
            lines.append(f"{name}: {text}" if name else text)
    if lines:
        pages.text("\n".join(filter(None, lines)).encode() + b"\n")


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")

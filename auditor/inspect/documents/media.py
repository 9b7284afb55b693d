"""What is recognised by its first bytes and has no text to search: pictures, sound, programs.

Of JPEG and TIFF pictures the texts and the position in EXIF are read (CIPA DC-008), of DICOM files
the texts of the header (PS3.10, explicit VR little endian): both stand near the beginning.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.inspect.documents import dicom, exif
from auditor.model.content import Unread

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.inspect.contracts import About, Pages, Reading

LEAST_RANDOM: Final = 256
"""Bytes below which nothing is said about randomness."""

RANDOM_MARGIN: Final = 0.1
"""Bits by which the entropy of random bytes may lie below what is expected of so many of them.

4,096 random bytes have 7.955 +- 0.005 bits a byte, 256 have 7.17 +- 0.05. Text, tables and
programs have less than 7, base64 6; what is packed or encrypted comes close to random.
"""

HEAD: Final = 1 << 16
"""Bytes of a picture's or a scan's beginning in which its texts are looked for."""


def looks_random(head: bytes) -> bool:
    """The bytes are as even as those of a cipher, or of well packed data; 4,096 are enough."""
    size = len(head)
    if size < LEAST_RANDOM:
        return False
    entropy = -sum(n / size * math.log2(n / size) for n in Counter(head).values())
    return entropy > _expected(size) - RANDOM_MARGIN


def _expected(size: int) -> float:
    """Entropy that ``size`` random bytes show, in bits a byte: counts follow Poisson's law."""
    mean = size / 256
    chance, expected = math.exp(-mean), 0.0
    for count in range(1, int(mean + 10 * math.sqrt(mean) + 10)):
        chance *= mean / count
        expected -= 256 * chance * (count / size) * math.log2(count / size)
    return expected


@dataclass(frozen=True, slots=True)
class Mark:
    """How a kind of file begins.

    Attributes:
        what: for people.
        at: where ``begins`` stands.
        also: what stands elsewhere too, and where.
    """

    why: Unread
    what: str
    begins: bytes
    at: int = 0
    also: tuple[int, bytes] = (0, b"")

    def fits(self, head: bytes) -> bool:
        """Whether a file that begins with ``head`` is of this kind."""
        place, more = self.also
        return head.startswith(self.begins, self.at) and head.startswith(more, place)


MARKS: Final = (
    Mark("media", "JPEG", b"\xff\xd8\xff"),
    Mark("media", "PNG", b"\x89PNG\r\n\x1a\n"),
    Mark("media", "GIF", b"GIF87a"),
    Mark("media", "GIF", b"GIF89a"),
    Mark("media", "WebP", b"RIFF", also=(8, b"WEBP")),
    Mark("media", "WAV", b"RIFF", also=(8, b"WAVE")),
    Mark("media", "AVI", b"RIFF", also=(8, b"AVI ")),
    Mark("media", "BMP", b"BM", also=(6, b"\0\0\0\0")),
    Mark("media", "JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n"),
    Mark("media", "Photoshop", b"8BPS\0\1"),
    Mark("media", "MP4", b"ftyp", 4),
    Mark("media", "QuickTime", b"moov", 4),
    Mark("media", "Matroska", b"\x1a\x45\xdf\xa3"),
    Mark("media", "MPEG", b"\0\0\1\xba"),
    Mark("media", "MPEG", b"\0\0\1\xb3"),
    Mark("media", "Flash video", b"FLV\1"),
    Mark("media", "Windows Media", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    Mark("media", "MP3", b"ID3\2"),
    Mark("media", "MP3", b"ID3\3"),
    Mark("media", "MP3", b"ID3\4"),
    Mark("media", "Ogg", b"OggS\0"),
    Mark("media", "FLAC", b"fLaC"),
    Mark("media", "AMR", b"#!AMR"),
    Mark("media", "ELF program", b"\x7fELF"),
    Mark("media", "Mach-O program", b"\xcf\xfa\xed\xfe"),
    Mark("media", "Mach-O program", b"\xce\xfa\xed\xfe"),
    Mark("media", "Java class", b"\xca\xfe\xba\xbe"),
    Mark("media", "WebAssembly", b"\0asm\1\0\0\0"),
    Mark("media", "TrueType font", b"\0\1\0\0\0"),
    Mark("media", "OpenType font", b"OTTO\0"),
    Mark("media", "font collection", b"ttcf\0"),
    Mark("media", "WOFF font", b"wOFF"),
    Mark("media", "WOFF2 font", b"wOF2"),
    Mark("encrypted", "age", b"age-encryption.org/v1\n"),
    Mark("encrypted", "age", b"-----BEGIN AGE ENCRYPTED FILE-----"),
    Mark("encrypted", "PGP", b"-----BEGIN PGP MESSAGE-----"),
    Mark("encrypted", "LUKS", b"LUKS\xba\xbe"),
    Mark("encrypted", "OpenSSL", b"Salted__"),
    Mark("encrypted", "KeePass", b"\x03\xd9\xa2\x9a"),
    Mark("encrypted", "Ansible Vault", b"$ANSIBLE_VAULT;"),
    Mark("unsupported", "7z", b"7z\xbc\xaf\x27\x1c"),
    Mark("unsupported", "RAR", b"Rar!\x1a\x07"),
    Mark("unsupported", "CAB", b"MSCF\0\0\0\0"),
    Mark("unsupported", "compress", b"\x1f\x9d\x90"),
    Mark("unsupported", "ar", b"!<arch>\n"),
    Mark("unsupported", "cpio", b"070701"),
    Mark("unsupported", "RPM", b"\xed\xab\xee\xdb"),
    Mark("unsupported", "TNEF", b"\x78\x9f\x3e\x22"),
    Mark("unsupported", "Access database", b"\0\1\0\0Standard Jet DB"),
    Mark("unsupported", "Access database", b"\0\1\0\0Standard ACE DB"),
    Mark("unsupported", "Outlook data file", b"!BDN"),
    Mark("unsupported", "VMware disk", b"KDMV"),
    Mark("unsupported", "QCOW disk", b"QFI\xfb"),
    Mark("unsupported", "Windows registry", b"regf"),
    Mark("unsupported", "Windows event log", b"ElfFile\0"),
)

_BY_FIRST: Final = {
    first: tuple(mark for mark in MARKS if not mark.at and mark.begins[0] == first)
    for first in {mark.begins[0] for mark in MARKS}
}
_ANYWHERE: Final = tuple(mark for mark in MARKS if mark.at)
_TIFF: Final = (b"II*\0", b"MM\0*")
_ENVELOPED: Final = bytes.fromhex("06092a864886f70d010703")


class Media:
    """What is recognised and not searched; see ``MARKS``."""

    name = "media"

    def sniff(self, head: bytes, about: About) -> float:
        """See ``Document``. TIFF may also be geodata, which is told elsewhere."""
        del about
        why, _ = _kind(head)
        return 0.0 if why is None else 0.4 if head.startswith((*_TIFF, b"MZ")) else 0.95

    def reading(self, about: About, pages: Pages) -> Reading:
        """See ``Document``."""
        del about
        return _Reading(pages, _picture)


class Dicom:
    """Scans of patients: who and where is written in front of the picture."""

    name = "DICOM"

    def sniff(self, head: bytes, about: About) -> float:
        """See ``Document``."""
        del about
        return 0.99 if head[128:132] == b"DICM" else 0.0

    def reading(self, about: About, pages: Pages) -> Reading:
        """See ``Document``."""
        del about
        return _Reading(pages, _scan)


def _kind(head: bytes) -> tuple[Unread | None, str]:
    """Why a file that begins so is not searched (null = it is none of these), and what it is."""
    for mark in (*_BY_FIRST.get(head[0], ()), *_ANYWHERE) if head else ():
        if mark.fits(head):
            return mark.why, mark.what
    if head.startswith(_TIFF):
        return "media", "TIFF"
    if head.startswith(b"MZ") and len(head) >= 64:
        at = int.from_bytes(head[60:64], "little")
        if head[at : at + 4] == b"PE\0\0" or at >= len(head):
            return "media", "Windows program"
    if head.startswith(b"0") and _ENVELOPED in head[:24]:
        return "encrypted", "PKCS #7"
    if _is_pgp(head):
        return "encrypted", "PGP"
    return None, ""


def _is_pgp(head: bytes) -> bool:
    """An encrypted message begins with a key for it (RFC 9580 section 5.1 and 5.3), in binary."""
    if len(head) < 6:
        return False
    kind = head[0]
    if kind in (0x84, 0x8C):  # a length of one byte
        version = head[2]
    elif kind == 0x85:  # of two
        version = head[3]
    elif kind in (0xC1, 0xC3):
        version = head[2] if head[1] < 192 else head[3]
    else:
        return False
    if kind in (0x8C, 0xC3):  # by password: the version, then a cipher
        return version in (4, 5, 6) and head[3] <= 13
    return version in (3, 6)


class _Reading:
    """Keeps the beginning, until it is enough to tell what can be told."""

    def __init__(self, pages: Pages, told: Callable[[bytes, Pages], None]) -> None:
        self._pages, self._told = pages, told
        self._head = bytearray()
        self._over = False

    def feed(self, data: bytes) -> None:
        if self._over:
            return
        self._head += data[: HEAD - len(self._head)]
        if len(self._head) >= HEAD:
            self.close()

    def gap(self, size: int) -> None:
        del size
        self.close()

    def close(self) -> None:
        if not self._over:
            self._over = True
            self._told(bytes(self._head), self._pages)
            self._head.clear()


def _picture(head: bytes, pages: Pages) -> None:
    why, what = _kind(head)
    if what == "JPEG":
        exif.give_jpeg(head, pages)
    elif what == "TIFF":
        exif.give_tiff(head, pages)
    pages.unread(why or "opaque", what)


def _scan(head: bytes, pages: Pages) -> None:
    dicom.give(head, pages)
    pages.unread("media", Dicom.name)

"""Content transfer encodings of mail, undone piece by piece (RFC 2045 section 6)."""

from __future__ import annotations

import binascii
from typing import Final, Protocol

from auditor.inspect.contracts import MOST_HELD

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_FOREIGN: Final = bytes(sorted(set(range(256)) - set(_ALPHABET)))

_LONGEST_LINE: Final = MOST_HELD


class TransferDecoder(Protocol):
    """Undoes one encoding."""

    def feed(self, data: bytes) -> bytes:
        """What can be told so far."""

    def resumed(self) -> bytes:
        """Bytes are missing next; gives what was held back."""

    def close(self) -> bytes:
        """What was held back, as nothing more comes."""


class Plain:
    """7bit, 8bit, binary, and names that nobody knows."""

    def feed(self, data: bytes) -> bytes:
        """As ``TransferDecoder.feed``."""
        return data

    def resumed(self) -> bytes:
        """As ``TransferDecoder.resumed``."""
        return b""

    def close(self) -> bytes:
        """As ``TransferDecoder.close``."""
        return b""


class Base64:
    """Foreign bytes are passed over; padding within, as joined pieces have it, starts anew."""

    def __init__(self) -> None:
        self._held = b""
        self._skipping = False  # after missing bytes: to the next line, which begins a quadruple

    def feed(self, data: bytes) -> bytes:
        """As ``TransferDecoder.feed``."""
        if self._skipping:
            end = data.find(b"\n")
            if end < 0:
                return b""
            data = data[end + 1 :]
            self._skipping = False
        text = self._held + data.translate(None, _FOREIGN)
        if b"=" in text:
            return self._padded(text)
        whole = len(text) & ~3
        self._held = text[whole:]
        return binascii.a2b_base64(text[:whole])

    def resumed(self) -> bytes:
        """As ``TransferDecoder.resumed``."""
        rest = self.close()
        self._skipping = True
        return rest

    def close(self) -> bytes:
        """As ``TransferDecoder.close``."""
        held, self._held = self._held.rstrip(b"="), b""
        return _unpadded(held)

    def _padded(self, text: bytes) -> bytes:
        # Padding stays held while it may go on: the cut must change nothing.
        *ended, last = text.split(b"=")
        pieces = [_unpadded(piece) for piece in ended]
        whole = len(last) & ~3
        pieces.append(binascii.a2b_base64(last[:whole]))
        self._held = last[whole:]
        return b"".join(pieces)


def _unpadded(text: bytes) -> bytes:
    """Base64 without its padding; a single character at the end says nothing."""
    if len(text) & 3 == 1:
        text = text[:-1]
    return binascii.a2b_base64(text + b"=" * (-len(text) & 3))


class QuotedPrintable:
    """By whole lines: nothing reaches over the end of a line but the line break itself."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """As ``TransferDecoder.feed``."""
        pieces: list[bytes] = []
        text = self._held + data
        end = text.rfind(b"\n") + 1
        if end:
            pieces.append(binascii.a2b_qp(text[:end]))
        if len(text) - end >= _LONGEST_LINE:  # no line of mail is so long: read as it stands
            pieces.append(text[end:])
            end = len(text)
        self._held = text[end:]
        return b"".join(pieces)

    def resumed(self) -> bytes:
        """As ``TransferDecoder.resumed``."""
        return self.close()

    def close(self) -> bytes:
        """As ``TransferDecoder.close``."""
        held, self._held = self._held, b""
        return binascii.a2b_qp(held)


def decoder(encoding: str) -> TransferDecoder:
    """What undoes an encoding of that name; unknown ones stay as they are."""
    if encoding == "base64":
        return Base64()
    if encoding == "quoted-printable":
        return QuotedPrintable()
    return Plain()

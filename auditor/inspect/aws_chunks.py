"""``aws-chunked``: chunks with signatures, in which objects are sent to S3 and what speaks like it.

Amazon S3, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple
Chunks"; storage servers of other makers take the same, often in clear text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_LINE: Final = 1_024  # a size and a signature of 64 hex digits
_LINE: Final = re.compile(rb"(?:\r\n)?([0-9A-Fa-f]{1,16})(?:;[^\n]*)?\r\n")
_BROKEN: Final = re.compile(rb"(?:\r\n)?+[^\n]*\n")


class AwsChunks:
    """Takes the chunks' sizes and signatures off; what is in no chunk is given as it stands."""

    def __init__(self) -> None:
        self._held = b""
        self._left = 0
        self._ended = False
        self._astray = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The bytes of the object among the next ones."""
        data, self._held = self._held + data, b""
        begin = 0
        while begin < len(data) and not self._ended:
            if self._left == 0 and not self._astray:
                match = _LINE.match(data, begin, begin + _MOST_LINE)
                if match:
                    begin, self._left = match.end(), int(match[1], 16)
                    self._ended = not self._left  # checksums follow
                elif len(data) - begin < _MOST_LINE and not _BROKEN.match(data, begin):
                    self._held = data[begin:]
                    return
                else:
                    self._astray = True
                continue
            piece = data[begin:] if self._astray else data[begin : begin + self._left]
            begin += len(piece)
            self._left = max(0, self._left - len(piece))
            yield piece

    def rest(self) -> Iterator[bytes]:
        """What was held back."""
        yield self._held

    def resumed(self) -> bool:
        """Bytes are missing: where the next chunk begins is not known."""
        return False

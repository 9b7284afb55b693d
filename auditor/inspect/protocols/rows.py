"""Rows of a database on their way, as a CSV document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.inspect.contracts import Content, Part

PIECE: Final = 1 << 16
"""Bytes that are gathered before they are handed on."""


def csv_line(values: Sequence[bytes]) -> bytes:
    """One line of RFC 4180 without its end; line breaks and quotes inside are kept in quotes."""
    line = b",".join(values)
    if line.count(b",") == len(values) - 1 and not (b'"' in line or b"\n" in line or b"\r" in line):
        return line
    return b",".join(
        b'"' + value.replace(b'"', b'""') + b'"'
        if b'"' in value or b"," in value or b"\n" in value or b"\r" in value
        else value
        for value in values
    )


class Rows:
    """A part of media type ``text/csv`` that grows by rows; begun with the first of them."""

    def __init__(self, content: Content, side: int, place: str) -> None:
        self._content = content
        self._side = side
        self._place = place
        self._part: Part | None = None
        self._lines: list[bytes] = []
        self._size = 0

    def header(self, names: Iterable[bytes]) -> None:
        """Ends the rows there were and begins others with these names of columns."""
        self.close()
        self._line(csv_line(list(names)))

    def row(self, values: Sequence[bytes]) -> None:
        """One row in UTF-8; an absent value is empty."""
        self._line(csv_line(values))

    def miss(self, size: int) -> None:
        """So many bytes of rows were lost."""
        self.flush()
        if self._part is not None:
            self._part.gap(size)

    def flush(self) -> None:
        """Hands on what was gathered."""
        if not self._lines or self._part is None:
            return
        self._lines.append(b"")
        self._part.feed(b"\r\n".join(self._lines))
        self._lines, self._size = [], 0

    def close(self) -> None:
        """There are no more rows."""
        self.flush()
        if self._part is not None:
            self._part.close()
            self._part = None

    def _line(self, line: bytes) -> None:
        if self._part is None:
            self._part = self._content.part(
                self._side, self._place, media_type="text/csv", charset="utf-8"
            )
        self._lines.append(line)
        self._size += len(line)
        if self._size > PIECE:
            self.flush()

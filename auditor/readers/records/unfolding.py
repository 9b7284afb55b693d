"""JSON documents that hold all records of a file, made into lines of one record each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from auditor.readers.capture.numbers import entry
from auditor.readers.records.lines import BOM, LogFile
from auditor.readers.records.reader import LogReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.readers.records.reader import Form, Lines
    from auditor.readers.records.tally import Tally
    from auditor.readers.streams import Opened, Source

LONGEST: Final = 64 << 20
"""Bytes that one record of such a document may have."""

_RECORDS: Final = re.compile(rb'\{\s*"records"\s*:\s*\[')
_QUOTE, _ESCAPE, _OPEN, _CLOSE, _LIST, _END, _NEWLINE, _SPACE = 34, 92, 123, 125, 91, 93, 10, 32
_DEPTH, _IN_TEXT, _ESCAPED = range(3)


def unfolding(head: bytes) -> Callable[[bytes], bytes] | None:
    """What makes lines of a file that begins with ``head``; nothing where it has lines.

    A list of records, an object that holds such a list as ``records``, and records that are
    written over several lines are unfolded; whatever the size, piece by piece.
    """
    head = head.removeprefix(BOM).lstrip()
    if head.startswith(b"["):
        return _Unfolded(1)
    if _RECORDS.match(head):
        return _Unfolded(2)
    return _Unfolded(0) if head.partition(b"\n")[0].rstrip() == b"{" else None


class DocumentReader(LogReader):
    """Reads logs that may be documents; a line is a record of such a document."""

    of_text = False

    def lines(self, form: Form, source: Source, opened: Opened, tally: Tally) -> Lines:
        """The file's lines, or those that are made of it."""
        del form, source
        return LogFile(opened, tally, unfolding(opened.head), LONGEST)


class _Unfolded:
    """Keeps where it is in the document from piece to piece."""

    def __init__(self, level: int) -> None:
        self._level = level
        self._state = np.zeros(3, np.int64)

    def __call__(self, piece: bytes) -> bytes:
        out = np.empty(2 * len(piece) + 1, np.uint8)
        size = _lines(np.frombuffer(piece, np.uint8), self._level, self._state, out)
        return out[:size].tobytes()


@entry
def _lines(data: Any, level: int, state: Any, out: Any) -> int:  # noqa: ANN401 - compiled
    """Writes what lies deeper than ``level``, a line per object there; how many bytes."""
    depth, in_text, escaped = state[_DEPTH], state[_IN_TEXT], state[_ESCAPED]
    size = 0
    for place in range(data.shape[0]):
        letter = data[place] + 0
        if letter == _NEWLINE:
            letter = _SPACE
            in_text, escaped = 0, 0  # no text goes over a line: what was open is damaged
        if in_text:
            if escaped:
                escaped = 0
            elif letter == _ESCAPE:
                escaped = 1
            elif letter == _QUOTE:
                in_text = 0
        elif letter == _QUOTE:
            in_text = 1
        elif letter in (_OPEN, _LIST):
            depth += 1
        elif letter in (_CLOSE, _END):
            depth = max(depth - 1, 0)
            if depth == level and letter == _CLOSE:
                out[size], out[size + 1] = _CLOSE, _NEWLINE
                size += 2
                continue
        if depth > level:
            out[size] = letter
            size += 1
    state[_DEPTH], state[_IN_TEXT], state[_ESCAPED] = depth, in_text, escaped
    return size

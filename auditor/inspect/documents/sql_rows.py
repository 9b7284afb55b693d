"""Rows of INSERT that are written alike, taken many at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["bare", "string", "both"]

MOST_FAILURES: Final = 4
"""Times that a row was not as those before it, without telling more of its columns."""

_MOST_PATTERNED: Final = 200
_SPACE: Final = re.compile(r"\s*+")
_NOTHING: Final = frozenset({"NULL", "null"})
_BARE: Final = r"([^,'()]*+)"
_WITHIN: Final = {
    True: r"[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+",
    False: r"[^']*+(?:''[^']*+)*+",
}
_CAST: Final = r"(?:::\w[\w ]*+)?+"
_QUOTED: Final = re.compile(r"N?'.*'(?:::[\w ]+)?", re.DOTALL)


class RowPattern:
    """How the rows of one table are written, as far as they were seen.

    Args:
        head: of the statement, up to its first parenthesis.
        escapes: a backslash in a string means the letter after it.
    """

    def __init__(self, head: str, *, escapes: bool) -> None:
        self._between = rf"(?:\s*+,\s*+|\s*+;\s*+{re.escape(head)}\s*+)"
        self._escapes = escapes
        self._kinds: list[Kind] = []
        self._head = head
        self._source = ""
        self._pattern: re.Pattern[str] | None = None
        self._failures = 0

    def learn(self, values: Sequence[str]) -> None:
        """One more row, by its values as they are written."""
        if self._failures > MOST_FAILURES or len(values) > _MOST_PATTERNED:
            return
        kinds: list[Kind] = ["string" if _QUOTED.fullmatch(one) else "bare" for one in values]
        if len(kinds) == len(self._kinds):
            known = zip(self._kinds, kinds, strict=True)
            kinds = [one if one == other else "both" for one, other in known]
        if kinds == self._kinds:
            self._failures += 1
        if kinds == self._kinds and self._source:
            return
        self._kinds = kinds
        within = _WITHIN[self._escapes]
        written = {
            "bare": _BARE,
            "string": rf"N?'({within})'{_CAST}",
            "both": rf"(?:N(?='))?('{within}'|[^,'()]*+){_CAST}",
        }
        cells = r"\s*+,\s*+".join(written[kind] for kind in kinds)
        self._source = rf"({self._between}\(\s*+{cells}\s*+\))"
        self._pattern = None

    def rows(self, text: str, at: int, stop: int) -> tuple[int, list[list[str | None]]]:
        """Rows that follow at once, each with what parts it from the one before.

        Returns:
            Where they end, and their values by columns, as they are written between their quotes.
        """
        if not self._source or self._failures > MOST_FAILURES or not self._goes_on(text, at):
            return at, []
        if self._pattern is None:
            self._pattern = re.compile(self._source, re.DOTALL)
        if self._pattern.match(text, at, stop) is None:  # else the whole window would be searched
            return at, []
        found = self._pattern.findall(text, at, stop)
        if not found:
            return at, []
        whole, *columns = map(list, zip(*found, strict=True))
        end = at + sum(map(len, whole))
        # Equal only if nothing stands between two rows: what follows cannot begin earlier.
        if end != text.rfind(whole[-1], at, stop) + len(whole[-1]):
            end, count = at, 0
            while count < len(whole) and text.startswith(whole[count], end):
                end += len(whole[count])
                count += 1
            if not count:
                return at, []
            columns = [column[:count] for column in columns]
        return end, [
            column if kind == "string" else _values(kind, column)
            for kind, column in zip(self._kinds, columns, strict=True)
        ]

    def _goes_on(self, text: str, at: int) -> bool:
        """Whether one more row may follow: to compile a pattern for a single one is dear."""
        begin = _SPACE.match(text, at).end()  # type: ignore[union-attr] # it matches nothing too
        if text.startswith(";", begin):
            begin = _SPACE.match(text, begin + 1).end()  # type: ignore[union-attr]
            return text.startswith(self._head, begin)
        return text.startswith(",", begin)


def _values(kind: Kind, column: list[str]) -> list[str | None]:
    """Values of a column whose strings stand in quotes, and whose NULLs are written out."""
    if kind == "bare":
        return [None if cell in _NOTHING else cell for cell in column]
    return [
        cell[1:-1] if cell[:1] == "'" else None if cell in _NOTHING else cell for cell in column
    ]

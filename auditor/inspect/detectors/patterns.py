"""Detectors as bytes: what the search looks for, and where letters of a word begin and end.

Text is UTF-8, or nearly: a byte that belongs to no character does no harm. A **word character** is
a letter or digit of ASCII or any byte of a longer character, but for the punctuation, arrows and
blanks of Latin-1, U+2000 to U+2BFF and U+3000 to U+303F, the byte order mark and the replacement
character. Combining marks are word characters: what ends before one has not ended.

hyperscan has no look around: an expression takes one byte after a match, and the character before
it, into what it reports; the search takes both off again.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Final

import hyperscan
import numpy as np

from auditor.inspect.detectors.rules import Bound
from auditor.inspect.detectors.structure import literal, members, widths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from auditor.inspect.detectors.rules import Detector

WIDEST: Final = 1024
"""Bytes that a pattern may match at most: how far windows of a text overlap rests on it."""

GAPS: Final = (" ", "  ")
"""What a space of a word stands for in spaced text, the same between all its syllables; the second
one where letters are composed or bare."""

_ASCII: Final = r"[\x00-/:-@\x5b-`{-\x7f]"
_LONGER: Final = (
    r"\xc2[\x80-\xbf]", r"\xe2[\x80-\xaf][\x80-\xbf]", r"\xe3\x80[\x80-\xbf]",
    r"\xef\xbb\xbf", r"\xef\xbf\xbd",
)  # fmt: skip
"""Characters that are no word characters."""

_BEFORE: Final = {
    "none": "",
    "digits": "[^0-9]",
    "word": f"(?:{'|'.join((_ASCII, *_LONGER))})",
}
"""What hyperscan is to see before a match."""

_AFTER: Final = {
    "none": "",
    "digits": "[^0-9]",
    "word": r"[\x00-/:-@\x5b-`{-\x7f\xc2\xe2\xe3\xef]",
}
"""And after: one byte, always; ``ends_word`` looks further where it begins a longer character."""

_BEHIND: Final = {
    "none": "",
    "digits": "(?<![0-9])",
    "word": "(?:" + "|".join(f"(?<={one})" for one in (_ASCII, *_LONGER)) + ")",
}
"""The same as ``_BEFORE`` for the second look."""

_LONG: Final = 64
_TELLING: Final = 2
"""Bytes of a literal from which hyperscan finds an expression fast."""

_HEAD: Final = re.compile(
    r"(?:\[[^\]\\^]+\])?(\[[^\]\\^]+\])\{([1-9][0-9]*),[0-9]+\}(?=.)", re.DOTALL
)
"""Classes at the beginning of a pattern, the last of them repeated."""

_SPACES: Final = bytes(
    32 if byte < 0x80 and not chr(byte).isalnum() else byte for byte in range(256)
)
_LEADS: Final = (b"\xc2", b"\xe2", b"\xe3", b"\xef")
_SIGNS: Final = re.compile("|".join(_LONGER).encode(), re.DOTALL)
_ENDS: Final = re.compile("|".join((_ASCII, *_LONGER)).encode(), re.DOTALL)

_TONES: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")
_STROKES: Final = str.maketrans("đĐ", "dD")
_SMALL: Final = str.maketrans(ascii_uppercase, ascii_lowercase)
_WRITTEN: Final = tuple(
    re.escape(chr(byte)) if byte < 0x80 else f"\\x{byte:02x}" for byte in range(256)
)


@dataclass(frozen=True, slots=False)
class Expression:
    """One expression as the engine runs it; equal ones of several detectors run once.

    Attributes:
        source: over bytes, in ASCII.
        case: whether case of ASCII letters counts.
        before: what may not stand directly before a match.
        after: and after it.
        spaced: it is looked for in ``spaced`` text, with a blank on either side.
    """

    source: str
    case: bool
    before: Bound
    after: Bound
    spaced: bool = False

    @property
    def compiled_as(self) -> bytes:
        """What hyperscan is given.

        What may not stand before a match of no fixed length is left to the second look, which such
        a match needs anyway: with it some patterns are ten times as slow.
        """
        if self.spaced:
            return f" {self.source} ".encode("ascii")
        before = _BEFORE[self.before] if self.is_fixed else ""
        source = self.source if self.is_fixed else _without_head(self.source)
        return f"{before}(?:{source}){_AFTER[self.after]}".encode("ascii")

    @property
    def flags(self) -> int:
        """And its flags: lines count for ``^`` and ``$``."""
        caseless = 0 if self.case else hyperscan.HS_FLAG_CASELESS
        return int(hyperscan.HS_FLAG_MULTILINE | caseless)

    @cached_property
    def widths(self) -> tuple[int, int]:
        """Fewest and most bytes of a match."""
        return widths(self.source)

    @cached_property
    def is_fixed(self) -> bool:
        """Whether all matches are of one length, so that the end tells the beginning."""
        return self.widths[0] == self.widths[1]

    @cached_property
    def is_apart(self) -> bool:
        """Whether an automaton of its own is better: long, with nothing to begin from.

        The zone of a passport is one. Among others it makes all of them half as fast.
        """
        return self.widths[0] >= _LONG and literal(self.source) < _TELLING

    @property
    def taken(self) -> int:
        """Bytes after a match that its reported end includes."""
        return 1 if self.spaced or self.after != "none" else 0

    @cached_property
    def _from_behind(self) -> re.Pattern[bytes]:
        flags = re.MULTILINE | (0 if self.case else re.IGNORECASE)
        return re.compile(rf"{_BEHIND[self.before]}(?:{self.source})\Z".encode("ascii"), flags)

    @cached_property
    def _strangers(self) -> bytes:
        """A table in which all bytes that stand in no match are 1, and others 0."""
        own = members(self.source)
        return bytes(byte not in own for byte in range(256))

    def start(self, data: bytes, end: int, earliest: int) -> int | None:
        """The first place from which a match reaches to ``end``; null = none after ``earliest``."""
        begin = max(earliest, end - self.widths[1])
        # Behind the last byte that stands in no match: else each place before it would be tried.
        begin += data[begin:end].translate(self._strangers).rfind(b"\x01") + 1
        found = self._from_behind.search(data, begin, end)
        return None if found is None else found.start()


def _without_head(source: str) -> str:
    """A pattern with the same ends and some more: of how it begins, the fewest bytes only.

    The second look judges the rest. Addresses of mail compile ten times as fast without their head.
    """
    head = _HEAD.match(source)
    if head is None or source[head.end() :].startswith(("?", "+", "*", "{", "|")):
        return source
    return f"{head[1]}{{{head[2]}}}{source[head.end() :]}"


def ends_word(data: bytes, end: int) -> bool:
    """Whether no word character stands at ``end``."""
    return _ENDS.match(data, end) is not None


def spaced(data: bytes) -> bytes:
    """A text of the same length in which every byte that belongs to no word is a blank.

    In it words are literals, which hyperscan finds several times as fast as words with all the
    signs that may stand between and beside them.
    """
    text = data.translate(_SPACES)
    if any(lead in text for lead in _LEADS):
        text = _SIGNS.sub(lambda sign: b" " * len(sign.group()), text)
    return text


def digit_runs(data: bytes, size: int) -> NDArray[np.int64]:
    """Places, ascending, of which one at least lies in each run of so many digits, one or more.

    Of ``:;<=>?``, which differ from digits in their last four bits only, some are told too.
    """
    if size < 3:
        return np.flatnonzero((np.frombuffer(data, np.uint8) & 0xF0) == 0x30)
    pairs = np.frombuffer(data, np.uint16, len(data) // 2)
    runs = (pairs & np.uint16(0xF0F0)) == np.uint16(0x3030)
    wanted = (size - 1) // 2  # so many pairs at even places lie in a run, wherever it begins
    done = 1
    while done < wanted:
        step = min(done, wanted - done)
        runs = runs[:-step] & runs[step:]
        done += step
    return np.flatnonzero(runs) * 2


def of_words(words: tuple[str, ...], *, exact: bool, case: bool) -> list[Expression]:
    """Words as expressions: composed, decomposed, half composed, and without diacritics.

    Each form is spelled out, in small letters, in capitals, and with capitals at the beginning of
    each syllable or of the first one.

    Args:
        words: as people write them.
        exact: their diacritics must be there.
        case: letter case counts.
    """
    found: dict[Expression, None] = {}
    for word in words:
        letters = " ".join(unicodedata.normalize("NFC", word).split())
        signs = not all(part.isalnum() for part in plain(letters).split())
        for form in _forms(letters, exact=exact, case=case):
            found[_of_form(form, case=case, signs=signs)] = None
    return list(found)


def _forms(letters: str, *, exact: bool, case: bool) -> Iterable[str]:
    """All ways to write a word; all ways of writing ASCII letters are one where case is none."""
    cased: tuple[str, ...] = (letters,)
    if not case:
        cased = (letters.lower(), letters.upper(), letters.title(), letters.capitalize())
    bare: tuple[str, ...] = ()
    if not exact:
        naked = plain(letters)
        one_is_all = case or naked.isascii()
        bare = (naked,) if one_is_all else tuple(plain(one) for one in cased)
    forms = [form.replace(" ", gap) for form in (*cased, *bare) for gap in GAPS]
    forms += [form for one in cased for form in _apart(one)]
    forms += [form.replace(" ", "") for form in bare]  # names in programs: maSoThue
    return dict.fromkeys(forms if case else (form.translate(_SMALL) for form in forms))


def _of_form(form: str, *, case: bool, signs: bool) -> Expression:
    if not signs:
        return Expression(_escaped(form), case, "none", "none", spaced=True)
    # what has signs, such as "tel:", stands as it is; where it ends in one, it ends there whatever
    # follows
    before: Bound = "word" if form[0].isalnum() else "none"
    after: Bound = "word" if form[-1].isalnum() or unicodedata.combining(form[-1]) else "none"
    return Expression(_escaped(form), case, before, after)


def _apart(text: str) -> tuple[str, str]:
    """Decomposed; and letters composed with tones apart, as old Windows code pages have it."""
    return unicodedata.normalize("NFD", text), "".join(map(_half_apart, text))


@lru_cache(maxsize=4096)
def _half_apart(letter: str) -> str:
    apart = unicodedata.normalize("NFD", letter)
    base = "".join(mark for mark in apart if mark not in _TONES)
    tones = "".join(mark for mark in apart if mark in _TONES)
    return unicodedata.normalize("NFC", base) + tones


def _escaped(text: str) -> str:
    return "".join(map(_WRITTEN.__getitem__, text.encode()))


def plain(text: str) -> str:
    """A text without diacritics."""
    apart = unicodedata.normalize("NFD", text).translate(_STROKES)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def of_pattern(pattern: str, bound: Bound, *, case: bool) -> Expression:
    """A pattern over characters as one over bytes.

    Raises:
        ValueError: a letter beyond ASCII stands where it cannot become several bytes.
    """
    out: list[str] = []
    place = 0
    while place < len(pattern):
        letter = pattern[place]
        if letter == "\\":
            out.append(pattern[place : place + 2])
            place += 2
        elif letter == "[":
            end = _class_end(pattern, place)
            out.append(_class(pattern[place:end], case=case))
            place = end
        else:
            out.append(letter if letter.isascii() else _either(letter, case=case))
            place += 1
    source = "".join(out)
    if not source.isascii():
        raise ValueError("a letter of several bytes cannot stand after a backslash")
    return Expression(source, case, bound, bound)


def _either(letter: str, *, case: bool) -> str:
    forms = (letter,) if case else dict.fromkeys((letter.lower(), letter.upper()))
    return f"(?:{'|'.join(map(_escaped, forms))})"


def _class_end(pattern: str, begin: int) -> int:
    """The place after a class; a bracket directly at its beginning belongs to it."""
    place = begin + 1
    if pattern[place : place + 1] == "^":
        place += 1
    place += 1
    while place < len(pattern) and pattern[place] != "]":
        place += 2 if pattern[place] == "\\" else 1
    return place + 1


def _class(written: str, *, case: bool) -> str:
    """A class; its letters beyond ASCII, which are several bytes, become alternatives to it."""
    if written.isascii():
        return written
    long = [letter for letter in written if not letter.isascii()]
    if written.startswith("[^") or any(
        f"-{one}" in written or f"{one}-" in written for one in long
    ):
        raise ValueError(
            f"{long[0]!r} is several bytes and cannot stand in [^...] or in a range; name letters "
            "one by one"
        )
    short = "".join(letter for letter in written if letter.isascii())
    alternatives = [_either(one, case=case) for one in dict.fromkeys(long)]
    return f"(?:{'|'.join(([short] if short != '[]' else []) + alternatives)})"


def expressions(detector: Detector) -> list[Expression]:
    """What a detector looks for in text.

    Raises:
        ValueError: as ``of_pattern``.
    """
    found = [of_pattern(one, detector.bound, case=detector.case) for one in detector.patterns]
    exact = detector.kind == "mark"
    return found + of_words(detector.words, exact=exact, case=detector.case)


def context_words(detector: Detector) -> list[Expression]:
    """What must, or may, stand near it."""
    words = detector.context.words if detector.context else ()
    loud = tuple(word for word in words if _is_loud(word))
    quiet = tuple(word for word in words if not _is_loud(word))
    return [
        *of_words(quiet, exact=False, case=False),
        *of_words(loud, exact=False, case=True),
    ]


def _is_loud(word: str) -> bool:
    """An abbreviation in capitals, such as TIN, which in small letters is another word."""
    return word.isascii() and word.isalpha() and word.isupper()


def whole(found: list[Expression]) -> re.Pattern[bytes] | None:
    """What a value that stands by itself must be; null = there is no expression."""
    if not found:
        return None
    flags = re.MULTILINE | (0 if found[0].case else re.IGNORECASE)
    return re.compile("|".join(f"(?:{one.source})" for one in found).encode("ascii"), flags)


def database(numbered: dict[int, Expression]) -> hyperscan.Database | None:
    """Expressions as one automaton, reported by their numbers; null = there are none.

    Raises:
        hyperscan.error: an expression is refused.
    """
    if not numbered:
        return None
    compiled = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    compiled.compile(
        expressions=[one.compiled_as for one in numbered.values()],
        ids=list(numbered),
        elements=len(numbered),
        flags=[one.flags for one in numbered.values()],
    )
    return compiled

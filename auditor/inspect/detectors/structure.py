"""Whether an expression is fit to be run on hostile text, judged by its structure alone.

The search itself runs in linear time whatever the expression; but where a match begins is found by
a second look, which steps back, and what is compiled may be huge. Both are bounded here, before
anything is compiled.
"""

from __future__ import annotations

import functools
import operator
import re
import warnings
from re import _constants, _parser  # type: ignore[attr-defined] # the tree that ``re`` compiles
from typing import Any, Final

MOST_PLACES: Final = 6_000
"""Single characters that an expression has when its repeats are written out: a pattern near it
takes hyperscan some tenths of a second."""

MOST_AMBIGUOUS: Final = 2
"""Repeats that follow each other and could share the same bytes: each multiplies the ways back."""

MOST_HARMLESS: Final = 4
"""Rounds up to which it does not matter that each can be taken in two ways."""

_EVERY: Final = (1 << 256) - 1
_NEWLINE: Final = 1 << 10
_DIGITS: Final = 0x3FF << 48
_REPEATS: Final = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
_KINDS: Final = {
    _constants.CATEGORY_DIGIT: rb"\d", _constants.CATEGORY_NOT_DIGIT: rb"\D",
    _constants.CATEGORY_SPACE: rb"\s", _constants.CATEGORY_NOT_SPACE: rb"\S",
    _constants.CATEGORY_WORD: rb"\w", _constants.CATEGORY_NOT_WORD: rb"\W",
}  # fmt: skip

Tree = Any
"""What ``re._parser`` gives: sequences of (operation, arguments)."""


@functools.lru_cache(maxsize=4096)
def _tree(source: str) -> Tree:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return _parser.parse(source.encode("ascii"))
        except (re.error, FutureWarning, DeprecationWarning) as error:
            raise ValueError(f"is no regular expression: {error}") from None
        except (RecursionError, OverflowError):
            raise ValueError("is nested too deeply or repeats too often") from None


def widths(source: str) -> tuple[int, int]:
    """Fewest and most bytes of a match.

    Raises:
        ValueError: it is no regular expression.
    """
    fewest, most = _tree(source).getwidth()
    return int(fewest), int(most)


def literal(source: str) -> int:
    """Bytes of the longest literal that every match contains.

    Raises:
        ValueError: as ``widths``.
    """
    longest = run = 0
    for operation, _ in _tree(source):
        run = run + 1 if operation is _constants.LITERAL else 0
        longest = max(longest, run)
    return longest


def digits(source: str) -> int:
    """Digits that stand together in every match, at least.

    Raises:
        ValueError: as ``widths``.
    """
    return _digits(_tree(source))[0]


def members(source: str) -> bytes:
    """The bytes that may stand in a match: no other does.

    Raises:
        ValueError: as ``widths``.
    """
    bits = _members(_tree(source))
    return bytes(byte for byte in range(256) if bits >> byte & 1)


def _members(tree: Tree) -> int:
    out = 0
    for operation, argument in tree:
        if operation in _REPEATS:
            out |= _members(argument[2])
        elif operation in (_constants.SUBPATTERN, _constants.BRANCH):
            for body in _bodies(operation, argument):
                out |= _members(body)
        elif operation is not _constants.AT:
            out |= _class_of(operation, argument)
    return out


def _digits(tree: Tree) -> tuple[int, bool, int]:
    """As ``digits``; whether there is nothing but digits; the fewest bytes in that case."""
    longest = run = size = 0
    only = True
    for operation, argument in tree:
        if operation is _constants.AT:
            continue
        inner, plain, wide = _digits_of(operation, argument)
        run = run + wide if plain else 0
        size += wide
        only = only and plain
        longest = max(longest, inner, run)
    return longest, only, size


def _digits_of(operation: object, argument: Tree) -> tuple[int, bool, int]:
    if operation in _REPEATS:
        inner, plain, wide = _digits(argument[2])
        return (inner if argument[0] else 0), plain, wide * int(argument[0])
    bodies = _bodies(operation, argument)
    if bodies:
        each = [_digits(body) for body in bodies]
        return min(one[0] for one in each), all(one[1] for one in each), min(o[2] for o in each)
    plain = not _class_of(operation, argument) & ~_DIGITS
    return int(plain), plain, int(plain)


def objections(source: str, widest: int) -> list[str]:
    """What speaks against running an expression; empty = nothing."""
    try:
        tree = _tree(source)
        fewest, most = widths(source)
    except ValueError as error:
        return [str(error)]
    found: list[str] = []
    if tree.state.flags & ~re.UNICODE:
        found.append("sets flags for all of itself; use `case` and write (?i:...) for a part")
    if fewest == 0:
        found.append("matches the empty text")
    if most > widest:
        found.append(
            f"matches more than {widest} bytes; give every repeat an upper end, such as {{1,40}}"
        )
    found += dict.fromkeys(_refusals(tree))
    places = _places(tree)
    if most <= widest and places > MOST_PLACES:
        found.append(f"is {places:,} characters long with its repeats written out; write less")
    return found


def _places(tree: Tree) -> int:
    total = 0
    for operation, argument in tree:
        if operation in _REPEATS:
            _, most, body = argument
            total += min(int(most), 10_000) * _places(body)
        else:
            total += max(1, sum(_places(body) for body in _bodies(operation, argument)))
    return total


def _bodies(operation: object, argument: Tree) -> list[Tree]:
    if operation is _constants.SUBPATTERN:
        return [argument[-1]]
    if operation is _constants.BRANCH:
        return list(argument[1])
    return []


def _refusals(tree: Tree, rounds: int = 1) -> list[str]:
    """Operations that the engine lacks, and repeats whose ways multiply.

    ``rounds``: how often what surrounds ``tree`` repeats it.
    """
    found: list[str] = []
    unsure = 0
    for place, (operation, argument) in enumerate(tree):
        rest = tree[place + 1 :]
        if operation in _REPEATS:
            fewest, most, body = argument
            if most > 1 and rounds * most > MOST_HARMLESS:
                found += _ambiguities(body)
            if fewest != most and most > 1 and _first(body)[0] & _first(rest)[0]:
                unsure += 1
            found += _refusals(body, rounds * int(most))
        elif operation in (_constants.SUBPATTERN, _constants.BRANCH):
            for body in _bodies(operation, argument):
                found += _refusals(body, rounds)
        elif operation is _constants.AT:
            if argument not in (_constants.AT_BEGINNING, _constants.AT_END):
                found.append("uses \\b, \\A or \\Z; use `bound`, ^ and $")
        elif operation not in (
            _constants.LITERAL, _constants.NOT_LITERAL, _constants.IN, _constants.ANY,
        ):  # fmt: skip
            found.append(f"uses {str(operation).lower()}, which the search does not know")
    if unsure > MOST_AMBIGUOUS:
        found.append(
            f"has {unsure} repeats that could each take what stands behind them: its ways multiply"
        )
    return found


def _ambiguities(body: Tree, after: int = 0) -> list[str]:
    """Within something that repeats: can one text be taken in two ways?

    A repeat of another length, or an alternative, whose first bytes may also be those of what
    follows it (the rest of the round, or the next round) can be taken in a number of ways that
    grows exponentially: ``(a+)+``, ``(a|aa)*``, ``(a*)*``.
    """
    again, empty = _first(body)
    if empty:
        return ["repeats something that may be empty: its ways multiply, as in (a*)*"]
    found: list[str] = []
    for place, (operation, argument) in enumerate(body):
        follows, to_end = _first(body[place + 1 :])
        if to_end:
            follows |= again | after
        if operation in _REPEATS and argument[0] != argument[1]:
            if _first(argument[2])[0] & follows:
                found.append(
                    "repeats a repeat whose ends cannot be told apart: its ways multiply, as in "
                    "(a+)+"
                )
        elif operation is _constants.BRANCH:
            parts = [_first(one) for one in argument[1]]
            alike = sum(first for first, _ in parts) != functools.reduce(
                operator.or_, (first for first, _ in parts)
            )
            skipped = any(nothing for _, nothing in parts)
            if alike or (skipped and any(first & follows for first, _ in parts)):
                found.append(
                    "repeats alternatives that begin alike: its ways multiply, as in (a|aa)*"
                )
        for inner in _bodies(operation, argument):
            if inner and not _first(inner)[1]:
                found += _ambiguities(inner, follows)
    return found


def _first(tree: Tree) -> tuple[int, bool]:
    """The bytes that a sequence may begin with (a bit for each), and whether it may be empty."""
    out = 0
    for operation, argument in tree:
        one, empty = _first_of(operation, argument)
        out |= one
        if not empty:
            return out, False
    return out, True


def _first_of(operation: object, argument: Tree) -> tuple[int, bool]:
    if operation in _REPEATS:
        one, empty = _first(argument[2])
        return one, empty or argument[0] == 0
    if operation is _constants.SUBPATTERN:
        return _first(argument[-1])
    if operation is _constants.BRANCH:
        parts = [_first(body) for body in argument[1]]
        out = 0
        for one, _ in parts:
            out |= one
        return out, any(empty for _, empty in parts)
    if operation is _constants.AT:
        return 0, True
    return _class_of(operation, argument), False


def _class_of(operation: object, argument: Tree) -> int:
    if operation is _constants.LITERAL:
        return _folded(1 << int(argument))
    if operation is _constants.NOT_LITERAL:
        return _EVERY & ~(1 << int(argument))
    if operation is _constants.ANY:
        return _EVERY & ~_NEWLINE
    if operation is not _constants.IN:
        return _EVERY
    out = 0
    negated = False
    for kind, value in argument:
        if kind is _constants.NEGATE:
            negated = True
        elif kind is _constants.LITERAL:
            out |= 1 << value
        elif kind is _constants.RANGE:
            out |= (1 << (value[1] + 1)) - (1 << value[0])
        else:
            out |= sum(1 << byte for byte in range(256) if re.match(_KINDS[value], bytes((byte,))))
    return _EVERY & ~out if negated else _folded(out)


def _folded(bits: int) -> int:
    """With the other case of each letter, so that a look without case is covered too."""
    upper = (bits >> 65) & 0x3FFFFFF
    lower = (bits >> 97) & 0x3FFFFFF
    return bits | upper << 97 | lower << 65

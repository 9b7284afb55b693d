"""Whether a version falls under what a warning says of versions."""

from __future__ import annotations

import re
from typing import Final

_VERSION: Final = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,9})", re.IGNORECASE)
_ALL: Final = frozenset({"", "*", "all", "any", "tất cả", "mọi phiên bản"})


def affected(version: str, warned: str) -> bool | None:
    """Whether ``version`` is among the ``warned`` ones; null = they cannot be compared.

    Args:
        version: such as ``5.2.1``.
        warned: parts separated by commas or semicolons: ``*`` or nothing (all), ``5.2`` (it and
            what is below it, such as 5.2.1), ``<5.3``, ``<=5.2``, ``>6``, ``>=6``, ``5.0-5.2``.
    """
    if warned.strip().casefold() in _ALL:
        return True
    own = _numbers(version)
    answers = [_under(own, part.strip()) for part in re.split("[,;]", warned) if part.strip()]
    if True in answers:
        return True
    return None if None in answers else False


def _under(own: tuple[int, ...] | None, part: str) -> bool | None:
    if part.casefold() in _ALL:
        return True
    sign = re.match(r"<=|>=|<|>|≤|≥|=", part)
    low, dash, high = part[sign.end() if sign else 0 :].strip().partition("-")
    first = _numbers(low)
    if own is None or first is None:
        return None
    own = (*own, *(0,) * (len(first) - len(own)))  # 5 is 5.0
    if dash:
        last = _numbers(high)
        return None if last is None else first <= own <= (*last, *_END)
    match sign[0] if sign else "":
        case "<":
            return own < first
        case "<=" | "≤":
            return own <= (*first, *_END)
        case ">":
            return own > (*first, *_END)
        case ">=" | "≥":
            return own >= first
        case _:
            return own[: len(first)] == first


_END: Final = (10**10,)
"""After a version's numbers: behind everything below it."""


def _numbers(text: str) -> tuple[int, ...] | None:
    found = _VERSION.fullmatch(text.strip())
    return tuple(int(number) for number in found[1].split(".")) if found else None

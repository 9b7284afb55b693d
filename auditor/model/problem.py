"""What a run could go on without, but must not keep quiet about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that was not read, not placed or not decided.

    Attributes:
        code: stable, greppable kind, such as ``truncated-record``.
        source: the file (or other input) it happened in.
        message: one English sentence for people: what, where, how much.
        hint: what somebody can do about it.
        offset: byte offset in the file where it begins, if it has one.
        lost_bytes: bytes of the input that were not read because of it; null = not known.
        count: how often it happened, where it is a repeated small thing.
    """

    code: str
    source: str
    message: str
    hint: str = ""
    offset: int | None = None
    lost_bytes: int | None = None
    count: int = 1


Note = Callable[[Problem], None]
"""Takes a problem and goes on."""

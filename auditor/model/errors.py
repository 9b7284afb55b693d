"""Errors that end a run, each with the place and the way out.

``AuditorError``
├── ``InputError``    exit 11: a capture, log or path cannot be used at all
├── ``PolicyError``   exit 12: a file people write (rules, inventory, dossiers) is wrong
├── ``GeoDataError``  exit 13: a geo database is missing or broken
└── ``StoreError``    exit 14: results cannot be written
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar


class AuditorError(Exception):
    """Something the run cannot go on without, told with its place and a hint."""

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, place: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.place}: {self.message}\n  {self.hint}"

    def __reduce__(self) -> tuple[object, ...]:
        """So that it comes whole out of another process."""
        return partial(type(self), self.message, place=self.place, hint=self.hint), ()


class InputError(AuditorError):
    """The named input cannot be used at all."""

    exit_code = 11


class PolicyError(AuditorError):
    """A file that people write has mistakes; the message lists all of them."""

    exit_code = 12


class GeoDataError(AuditorError):
    """A geo database is missing, broken or of an unknown shape."""

    exit_code = 13


class StoreError(AuditorError):
    """Results could not be written; what stood there before is untouched."""

    exit_code = 14

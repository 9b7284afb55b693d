"""Compiled functions as Python can call them: most of the engine's can only call each other."""

from __future__ import annotations

from functools import cache
from typing import Any

from numba.core.dispatcher import Dispatcher

from auditor.readers.capture.numbers import entry


@cache
def called(function: Any) -> Any:
    """The same function with a way in from Python."""
    return entry(function.py_func)


class Direct:
    """A module of the engine whose functions can be called."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        return called(found) if isinstance(found, Dispatcher) else found

"""Names that content carries (files, fields, columns), as places show them.

A name tells where to look. It is content all the same: files are called after persons' numbers
(``CCCD_001085012345.pdf``) and addresses, so these are hidden, as in samples.
"""

from __future__ import annotations

import re
from typing import Final

from auditor.inspect.detectors.masks import legible

MOST_NAME: Final = 120
"""Characters of a name that are shown."""

MOST_LOOKED_AT: Final = 2_000
"""Characters of a name that are looked at: senders choose how long names are."""

_NUMBER: Final = re.compile(r"\d(?:[ ._-]?\d){5,}")
"""Six digits and more, also in groups: of personal numbers, phones, plates, dates of birth."""

_ADDRESS: Final = re.compile(r"[^\s@/\\<>,;]{1,64}@[^\s@/\\<>,;]{1,255}")
_DIGIT: Final = re.compile(r"\d")


def shown(name: str) -> str:
    """A name with numbers and mail addresses hidden, legible, and not too long."""
    name = _ADDRESS.sub("***@***", name[:MOST_LOOKED_AT])
    name = _NUMBER.sub(lambda number: _DIGIT.sub("*", number[0]), name)
    return legible(name, MOST_NAME)

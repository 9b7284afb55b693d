"""JSON of unknown origin: bounded, and of the types that were expected or empty."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from auditor.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

BYTES: Final = 32 << 20
"""Empty lists and objects take forty times their length in memory."""


def json_object(path: Path) -> dict[str, object]:
    """The object in ``path``.

    Raises:
        InputError: it is too large, damaged, nested too deeply, or no object.
    """
    if path.stat().st_size > BYTES:
        raise InputError(
            f"is larger than {BYTES >> 20} MB", place=path.name, hint="Attach a smaller part."
        )
    try:
        content = json.loads(path.read_bytes())
    except RecursionError:
        raise InputError(
            "is nested too deeply",
            place=path.name,
            hint="Attach the file as the tool itself wrote it.",
        ) from None
    except ValueError as error:
        raise InputError(
            f"is damaged JSON: {str(error)[:100]}",
            place=path.name,
            hint="Export it from the tool again; a file that was cut off cannot be used.",
        ) from None
    if not isinstance(content, dict):
        raise InputError(
            "is JSON, but no object", place=path.name, hint="Attach the tool's own result file."
        )
    return content


def members(value: object) -> dict[str, object]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def entries(value: object) -> list[object]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else []

"""What ``agent.yaml`` is made of: lengths of time, sizes, names, paths; and no secrets."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, model_validator

from auditor.model.documents import Document

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
SECRETS: Final = ("password", "secret", "token", "key", "passphrase", "credential", "credentials")
_SPAN: Final = re.compile(r"([1-9][0-9]{0,5}) ?(s|m|h|d)")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SIZE: Final = re.compile(r"([1-9][0-9]{0,8}) ?(kB|MB|GB|TB)")
_SIZES: Final = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def _span(value: object) -> timedelta:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("write a length of time such as 90s, 15m, 6h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _size(value: object) -> int:
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("write a size such as 64MB or 2GB")
    return int(found[1]) * _SIZES[found[2]]


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError("use small letters, digits and -, 60 at most")
    return text


def _zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError(
            "is no time zone; write Asia/Ho_Chi_Minh, UTC or another of the tz database"
        )
    return text


def _variable(text: str) -> str:
    """Refuses what may be the secret itself, without repeating it."""
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,99}", text):
        raise ValueError(
            "is no name of an environment variable; use capital letters, digits and _ "
            "(the secret itself does not belong into this file)"
        )
    return text


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError("write a time of the day in quotes, such as '07:30'")
    return text


def _path(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("write a path as text, such as /srv/captures")
    folder = (info.context or {}).get("folder", Path())
    try:
        return Path(folder) / Path(value).expanduser()
    except RuntimeError:
        raise ValueError("the path begins with a user that this machine does not have") from None


Span = Annotated[timedelta, BeforeValidator(_span)]
"""A length of time: ``90s``, ``15m``, ``6h``, ``2d``."""
Size = Annotated[int, BeforeValidator(_size)]
"""Bytes: ``64MB``, ``2GB`` (powers of ten)."""
Name = Annotated[str, AfterValidator(_name)]
Variable = Annotated[str, AfterValidator(_variable)]
"""The name of an environment variable that holds a secret."""
Clock = Annotated[str, AfterValidator(_clock)]
"""A time of the day in the agent's zone."""
Zone = Annotated[str, AfterValidator(_zone)]
Where = Annotated[Path, BeforeValidator(_path)]
"""A path; relative ones are meant from the folder of ``agent.yaml``."""


class Part(Document):
    """A part of the file; a secret in it is refused by name."""

    @model_validator(mode="before")
    @classmethod
    def _no_secret(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the YAML holds
        if isinstance(value, dict):
            for key in value:
                if str(key).lower().removesuffix("s") in SECRETS or str(key).lower() in SECRETS:
                    raise ValueError(
                        f"a secret ({key}) does not belong into this file: write {key}_env with "
                        f"the name of an environment variable, or {key}_file with the path of "
                        "a file of mode 600"
                    )
        return value

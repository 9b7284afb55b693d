"""Column types that mean the same in SQLite and PostgreSQL."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import String, Text
from sqlalchemy.types import TypeDecorator

from auditor.model.text import legible

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class Moment(TypeDecorator[datetime]):
    """A moment as ``2026-11-22T01:30:00.000000Z``: sorts as text, and keeps its microseconds."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Refuses a moment without a zone: nobody could say when it was."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a zone")
        utc = value.astimezone(UTC)
        return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond:06}Z"

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """The same moment in UTC; text that is none is a mistake of who wrote it past us."""
        del dialect
        if value is None:
            return None
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a moment needs a zone")
        return moment


class Day(TypeDecorator[date]):
    """A day as ``2026-11-22``: sorts as text."""

    impl = String(10)
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        """As text; null stays null."""
        del dialect
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        """The day again; text that is none is a mistake of who wrote it past us."""
        del dialect
        return None if value is None else date.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A JSON document, its keys sorted: equal content is equal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401
        """As text; null stays null."""
        del dialect
        if value is None:
            return None
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401
        """The document again."""
        del dialect
        return None if value is None else json.loads(value)


class Octets(TypeDecorator[bytes]):
    """Bytes as base64 text: in every database, dump and backup the same."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> str | None:
        """As text; null stays null."""
        del dialect
        return None if value is None else base64.b64encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> bytes | None:
        """The bytes again; text that is none is a mistake of who wrote it past us."""
        del dialect
        return None if value is None else base64.b64decode(value, validate=True)


LARGEST: Final = 2**63 - 1


def bounded(number: int) -> int:
    """``number``, or the largest one that a database holds: a log may claim any number of bytes."""
    return min(number, LARGEST)


def storable(text: str) -> str:
    r"""``text`` as every database takes it: no NUL, no half characters; these show as ``\x00``."""
    try:
        whole = legible(text)
    except UnicodeEncodeError:  # halves of characters that stand for no byte either
        whole = text.encode("utf-8", "backslashreplace").decode()
    return whole.replace("\0", r"\x00")

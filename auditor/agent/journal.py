"""The agent's log: one JSON object per line, for systemd's journal, logrotate and machines.

``begun`` once per process; ``tell`` for each event. Fields: ``time`` (UTC, ISO 8601), ``level``,
``event`` (what happened, a fixed word), and whatever belongs to it. No secret gets in by its name.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from datetime import UTC, date, datetime, timedelta
from logging.handlers import WatchedFileHandler
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final, Literal

from auditor.model.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import TextIOWrapper
    from typing import TextIO

Level = Literal["debug", "info", "warning", "error"]
NAME: Final = "auditor.agent"
MOST_TEXT: Final = 2_000
"""Characters of one value."""

MOST_PARTS: Final = 100
MOST_DEPTH: Final = 4
_SECRET: Final = re.compile(
    r"(?i)pass(word|phrase|wd)?$|secret|token|credential|authori[sz]ation|cookie|signature"
    r"|(^|_|-)(api|access|private|secret)?_?key$"
)
_IN_URL: Final = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20}://[^\s/:@]*):[^\s/@]*@")
_LOGGER: Final = logging.getLogger(NAME)
_LOGGER.addHandler(logging.NullHandler())  # a library that nobody listens to is silent
_LOGGER.propagate = False


class _Lines(logging.Formatter):
    """A record as one line of JSON; control characters in it are escaped by JSON itself."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _moment(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        given = getattr(record, "fields", {})
        line |= {name: value for name, value in plain(given).items() if name not in line}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = plain({"error": f"{type(error).__name__}: {error}"})["error"]
        return json.dumps(line, ensure_ascii=True)


class _File(WatchedFileHandler):
    """A file that is made for its owner only, each time that logrotate has moved it."""

    def _open(self) -> TextIOWrapper:
        number = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(number, "a", encoding=self.encoding)


def begun(level: Level, file: Path | None, stream: TextIO | None = None) -> logging.Handler:
    """Sends the log to ``file``, or to ``stream`` (standard error); gives the handler, to be ended.

    A file is made with mode 600, and opened anew when logrotate has moved it.

    Raises:
        StoreError: the file cannot be written.
    """
    ended()
    handler: logging.Handler
    if file is None:
        handler = logging.StreamHandler(stream or sys.stderr)
    else:
        try:
            handler = _File(file, encoding="utf-8")
        except OSError as error:
            raise StoreError(
                f"the log cannot be written: {error.strerror}",
                place=str(file),
                hint="Name a file that this user may write (--log-file), or leave it out.",
            ) from None
    handler.setFormatter(_Lines())
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel(level.upper())
    return handler


def ended() -> None:
    """Closes the log; what is told afterwards is not kept."""
    for handler in tuple(_LOGGER.handlers):
        if not isinstance(handler, logging.NullHandler):
            _LOGGER.removeHandler(handler)
            handler.close()


def tell(
    event: str, *, level: Level = "info", failed: BaseException | None = None, **fields: object
) -> None:
    """One line of the log.

    Args:
        event: what happened, a fixed word such as ``run-done``.
        level: how much it matters.
        failed: the error behind it; its kind and text are told, not its trace.
        fields: what belongs to it: job, run_id, attempt, seconds, path, ...
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    if _LOGGER.isEnabledFor(number):
        _LOGGER.log(number, "%s", event, extra={"fields": fields}, exc_info=failed)


def plain(fields: Mapping[str, object]) -> dict[str, Any]:
    """The fields as JSON can hold them: short, legible, and without secrets."""
    return {
        _legible(str(name))[:100]: "(secret)" if _SECRET.search(str(name)) else _value(value, 0)
        for name, value in list(fields.items())[:MOST_PARTS]
    }


def _value(value: object, depth: int) -> Any:  # noqa: ANN401 - whatever JSON holds
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if depth < MOST_DEPTH and isinstance(value, dict):
        return {
            name: inner if _SECRET.search(name) is None else "(secret)"
            for name, inner in (
                (_legible(str(key))[:100], _value(each, depth + 1))
                for key, each in list(value.items())[:MOST_PARTS]
            )
        }
    if depth < MOST_DEPTH and isinstance(value, (list, tuple, set, frozenset)):
        return [_value(each, depth + 1) for each in list(value)[:MOST_PARTS]]
    text = str(value) if isinstance(value, (str, PurePath, BaseException)) else repr(value)
    shown = _IN_URL.sub(r"\1:(secret)@", _legible(text[: 4 * MOST_TEXT]))
    return shown if len(shown) <= MOST_TEXT else shown[:MOST_TEXT] + "…"


def _legible(text: str) -> str:
    """The text with halves of characters written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _moment(value: datetime) -> str:
    """In UTC; a moment without a zone is told as it stands."""
    if value.tzinfo is None:
        return value.isoformat(timespec="milliseconds")
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

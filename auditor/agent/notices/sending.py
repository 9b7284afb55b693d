"""What all ways of sending share: the document, the failure, and the check of the other side."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from auditor.model.errors import AuditorError
from auditor.model.text import legible
from auditor.report.formats import visible

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from datetime import datetime, timedelta
    from pathlib import Path

    from auditor.store.outbox import Notice

TIMEOUT: Final = 20.0
"""Seconds that the other side may take for one step."""


class Undelivered(Exception):  # noqa: N818 - it is an outcome
    """The notice was not taken.

    Attributes:
        why: for people; holds no secret.
        slow: the answer will not change by itself soon: tried again every hour.
        alone: it is about this one notice; the next one may be taken.
        wait: how long the receiver asks to be left alone.
    """

    def __init__(
        self, why: str, *, slow: bool = False, alone: bool = False, wait: timedelta | None = None
    ) -> None:
        super().__init__(why)
        self.why = why
        self.slow = slow
        self.alone = alone
        self.wait = wait


def document(notice: Notice) -> dict[str, Any]:
    """What a receiver gets: the notice's content with its id, its channel and its time."""
    return {
        **notice.content,
        "id": notice.id,
        "channel": notice.channel,
        "created": stamp(notice.created),
    }


def body(notice: Notice) -> bytes:
    """The document as bytes: the same ones whenever the notice is sent."""
    text = json.dumps(document(notice), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def stamp(moment: datetime) -> str:
    """``2026-11-22T01:30:00Z``."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def told(error: BaseException | str, secrets: Iterable[str] = ()) -> str:
    """An error in one short line, without the secrets that its text may repeat."""
    text = str(error) or type(error).__name__
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    return visible(legible(text), 300)


def trusting(ca: Path | None, place: str) -> ssl.SSLContext:
    """A context that verifies the other side's certificate and name; by ``ca`` if one is given.

    Raises:
        Undelivered: the file of certificates cannot be used.
    """
    import ssl

    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ValueError) as error:
        raise Undelivered(f"{place}: the certificates in {ca} cannot be used: {error}") from None


def secret(env: str | None, file: Path | None, place: str) -> str | None:
    """The secret that the settings point to; null = they point to none.

    Raises:
        Undelivered: it is not there, or others may read it.
    """
    from auditor.agent.secret import secret_of

    if env is None and file is None:
        return None
    try:
        return secret_of(env, file, place)
    except AuditorError as error:
        raise Undelivered(told(f"{error.place}: {error.message}")) from None

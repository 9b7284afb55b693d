"""A folder that gets one JSON file per notice, for programs that look for files."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from auditor.agent.notices.sending import Undelivered, body, told
from auditor.model.errors import StoreError
from auditor.model.files import left_over, written

if TYPE_CHECKING:
    from datetime import datetime

    from auditor.agent.channels import Drop
    from auditor.store.outbox import Notice


def sent(drop: Drop, notice: Notice, now: datetime) -> str:
    """Puts the notice into the folder; the same notice again takes the same file.

    A folder that is not there is made for its owner alone; one that is there keeps its
    permissions. Files are for their owner alone (mode 600).

    Returns:
        nothing to remark.

    Raises:
        Undelivered: the folder cannot be written.
    """
    del now
    try:
        drop.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        left_over(drop.folder, [name(notice)])  # of an agent that was killed over it
        written(drop.folder, {name(notice): body(notice) + b"\n"}, private=True)
    except OSError as error:
        raise Undelivered(told(f"{drop.folder}: {error.strerror or error}")) from None
    except StoreError as error:
        raise Undelivered(told(f"{error.place}: {error.message}")) from None
    return ""


def name(notice: Notice) -> str:
    """The file's name: by time, then by id."""
    return f"{notice.created.astimezone(UTC):%Y%m%dT%H%M%SZ}-{notice.id}.json"

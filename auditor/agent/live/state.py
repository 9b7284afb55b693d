"""``live/NAME.json`` in the data directory: how a capture is going, for status and health."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from auditor.model.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

FOLDER: Final = "live"
MOST_BYTES: Final = 65_536
MOST_STATES: Final = 1_000


LATE: Final = timedelta(minutes=1)
"""A state older than this tells of a capture that is not at work."""


@dataclass(frozen=True, slots=True)
class State:
    """How a capture is going; all counts since ``since``, over restarts of the tool.

    Attributes:
        since: when the capture was begun; ``beat``: when this was written.
        pid: of the tool; null = it does not run at the moment.
        packets: written to files.
        dropped: packets that the tool or the kernel's buffer lost, as far as told; dumpcap tells
            at its end only. Null = nothing told yet.
        interface_dropped: packets that the network card lost; null = it does not count.
        current: name of the file that is written now.
        files: finished; ``empty``: without a packet, and therefore deleted.
        removed: audited files that made room; ``lost_files``, ``lost_bytes``: files that had to
            make room before an audit had seen them.
        restarts: how often the tool had to be started again.
    """

    name: str
    interface: str
    tool: str
    since: datetime
    beat: datetime
    pid: int | None = None
    packets: int = 0
    dropped: int | None = None
    interface_dropped: int | None = None
    current: str | None = None
    files: int = 0
    empty: int = 0
    removed: int = 0
    lost_files: int = 0
    lost_bytes: int = 0
    restarts: int = 0
    last_error: str | None = None

    def runs(self, at: datetime) -> bool:
        """Whether the capture is at work: it writes its state every few seconds."""
        return self.pid is not None and at - self.beat <= LATE


def written(state: State, data: Path) -> None:
    """Puts the state in its file, whole or not at all.

    Raises:
        StoreError: it cannot be written.
    """
    folder = data / FOLDER
    text = json.dumps(asdict(state), default=datetime.isoformat, ensure_ascii=True)
    try:
        for each in (data, folder):  # mkdir makes parents by the umask alone
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        # no link is followed: root would write where the directory's owner chooses
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _put(held, state.name, text, data.stat())
        finally:
            os.close(held)
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror}",
            place=str(folder),
            hint="Check the disk and that this user may write the data directory.",
        ) from None


def _put(folder: int, name: str, text: str, owner: os.stat_result) -> None:
    part = f".{name}.json"
    with suppress(FileNotFoundError):
        os.unlink(part, dir_fd=folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(part, flags, 0o600, dir_fd=folder), "w") as file:
        file.write(text)
        if os.geteuid() == 0:  # the agent, which is somebody else, must be able to read it
            for each in (folder, file.fileno()):
                os.fchown(each, owner.st_uid, owner.st_gid)
    os.replace(part, f"{name}.json", src_dir_fd=folder, dst_dir_fd=folder)


def states(data: Path) -> tuple[State, ...]:
    """The states of all captures, by name; a file that is no state is left out."""
    found = []
    for path in sorted((data / FOLDER).glob("*.json"))[:MOST_STATES]:
        try:
            with path.open("rb") as file:
                known = json.loads(file.read(MOST_BYTES))
            found.append(_state(known))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            continue
    return tuple(found)


def _state(known: dict[str, Any]) -> State:
    kept = {each.name: known[each.name] for each in fields(State) if each.name in known}
    for moment in ("since", "beat"):
        kept[moment] = datetime.fromisoformat(kept[moment])
        if kept[moment].tzinfo is None:
            raise ValueError(moment)
    for name, value in kept.items():
        if not isinstance(value, (int, str, datetime, type(None))):
            raise TypeError(name)
    return State(**kept)

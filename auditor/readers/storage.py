"""Files on shared storage, by address: ``s3://bucket/night/`` and the like, read through fsspec.

Who may read them is settled where the program runs (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL``,
a credentials file, fsspec's own settings): keys never stand in an address, and none travel.
"""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

STORAGES: Final = {
    "s3": "auditor[s3]", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs",
    "sftp": "paramiko", "smb": "smbprotocol", "hdfs": "pyarrow", "webhdfs": "requests",
    "memory": "fsspec",
}  # fmt: skip
"""Kinds of addresses that are read, and the package that each needs."""

LEAST: Final = 1 << 17
MOST: Final = 1 << 23
"""Bytes asked for at a time: few at first, for whoever only looks, then more and more."""

_ADDRESS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_KEYS: Final = re.compile(r"[^/@]*:[^@]*@")
_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "s3": {
        "use_listings_cache": False,  # what is new since the last look must be seen
        "config_kwargs": {
            "connect_timeout": 10,
            "read_timeout": 30,
            "retries": {"max_attempts": 2},
        },
    },
}
_CODES: Final[dict[type[Exception], int]] = {
    FileNotFoundError: errno.ENOENT,
    PermissionError: errno.EACCES,
    TimeoutError: errno.ETIMEDOUT,
}
_FAILURES: Final = (
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("aiohttp", "ClientError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("azure.core.exceptions", "AzureError"),
    ("paramiko", "SSHException"),
    ("smbprotocol.exceptions", "SMBException"),
)
"""What the storages' own libraries raise besides Python's errors."""


@dataclass(frozen=True, slots=True)
class Url:
    """An address on shared storage, as it was named; it holds no key."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Stored:
    """One file on shared storage, as its listing tells.

    Attributes:
        url: its address.
        written: when it was last written, in ns since 1970; null = not told.
        mark: changes whenever the content does, as far as the storage tells.
    """

    url: str
    size: int
    written: int | None = None
    mark: str = ""


def place_of(text: str) -> Path | Url:
    """What a text on the command line names: a path of this machine, or an address.

    Raises:
        InputError: the address is of no kind that is read, or it carries a key.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return Path(text)
    protocol, rest = found[1].lower(), found[2]
    if _KEYS.match(rest):
        raise InputError(
            "a key does not belong into an address: it would show in reports and process lists",
            place=f"{protocol}://…",
            hint="Name it without; keys come from the environment (AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY for S3) or the storage's own file of credentials.",
        )
    if protocol == "file" and rest.startswith("/"):
        return Path(rest)
    if protocol not in STORAGES or "::" in rest:
        known = ", ".join(f"{name}://" for name in STORAGES)
        hint = f"Write a path, file:///… or one of {known}"
        raise InputError("is no address that is read", place=text, hint=hint)
    return Url(f"{protocol}://{rest}")


def found_at(url: Url) -> list[Stored]:
    """The file at an address, or all files under it, hidden ones left out, in a fixed order.

    Raises:
        InputError: there is nothing, or the storage cannot be asked.
    """
    try:
        with _told():
            system, path = _opened(url.text)
            about = system.info(path)
            if about["type"] == "directory":
                inner = system.find(path, detail=True)
                listed = [each for each in inner.values() if each["type"] == "file"]
            else:
                listed = [about]
    except FileNotFoundError:
        hint = "Check the address."
        raise InputError("no such file or folder", place=str(url), hint=hint) from None
    except OSError as error:
        raise InputError(
            f"the storage cannot be asked: {error.strerror or error}",
            place=str(url),
            hint=_hint(url.text, error),
        ) from None
    root = path.rstrip("/")
    files = []
    for each in listed:
        name = str(each["name"])
        inside = name.removeprefix(root).lstrip("/")
        hidden = any(part.startswith(".") for part in inside.split("/"))
        if hidden or inside.endswith("/"):  # some programs leave a name/ for an empty folder
            continue
        told = f"{url.text.rstrip('/')}/{inside}" if inside else url.text
        files.append(Stored(told, int(each["size"] or 0), _written(each), _mark(each)))
    return sorted(files, key=lambda file: file.url)


def opened(stored: Stored) -> io.BufferedReader:
    """The content of a file, to be read and sought in; each look asks the storage anew.

    Raises:
        OSError: its library is missing; reading raises it where the storage does not answer, and
            at the end where the file was changed since it was listed.
    """
    with _told():
        return io.BufferedReader(_Stored(stored), MOST)


class _Stored(io.RawIOBase):
    """Bytes of a file on shared storage: a request per read, and none before."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._system, self._path = _opened(stored.url)
        self._place = 0
        self._asked = LEAST
        self._compared = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._stored.size}[whence]
        if begin + offset < 0:
            raise OSError(errno.EINVAL, "a place before the beginning")
        self._place = begin + offset
        self._asked = LEAST
        return self._place

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - any writable buffer
        view = memoryview(buffer).cast("B")
        size = min(len(view), self._asked, self._stored.size - self._place)
        if size <= 0:
            if len(view) and self._place == self._stored.size and not self._compared:
                self._unchanged()
                self._compared = True
            return 0
        with _told():
            got = self._system.cat_file(self._path, start=self._place, end=self._place + size)
        if not got or len(got) > size:
            raise OSError(errno.EIO, "the storage gave other bytes than it was asked for")
        view[: len(got)] = got
        self._place += len(got)
        self._asked = min(8 * self._asked, max(MOST, len(view)))
        return len(got)

    def _unchanged(self) -> None:
        """Raises an error where the file is another by now: what was read may be half of each."""
        if not _as_listed(self._stored, self._system, self._path):
            raise OSError(errno.ESTALE, "the file was changed while it was read")


def is_as_listed(stored: Stored) -> bool:
    """Whether the file is there, seen from this process, and is what was listed."""
    try:
        with _told():
            return _as_listed(stored, *_opened(stored.url))
    except OSError:
        return False


def _as_listed(stored: Stored, system: Any, path: str) -> bool:  # noqa: ANN401 - fsspec's own
    with _told():
        about = system.info(path)
    return (int(about["size"] or 0), _mark(about)) == (stored.size, stored.mark)


def _opened(url: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it."""
    # late: few inputs lie on shared storage
    from fsspec.core import url_to_fs

    system, path = url_to_fs(url, **_OPTIONS.get(url.partition("://")[0], {}))
    return system, str(path)


@contextmanager
def _told() -> Iterator[None]:
    """Whatever a storage's library raises becomes an OSError with plain words."""
    try:
        yield
    except OSError as error:
        if error.strerror:
            raise
        known = (code for kind, code in _CODES.items() if isinstance(error, kind))
        code = error.errno or next(known, errno.EIO)
        told = os.strerror(code) if code in _CODES.values() else _words(error)
        raise OSError(code, told) from None
    except ImportError as error:
        raise OSError(errno.ENOSYS, f"its library is not installed ({_words(error)})") from None
    except (ValueError, RuntimeError, LookupError, TypeError, EOFError) as error:
        raise OSError(errno.EIO, _words(error)) from None
    except _own_failures() as error:
        raise OSError(errno.EIO, _words(error)) from None


def _own_failures() -> tuple[type[Exception], ...]:
    loaded: list[object] = [
        getattr(sys.modules.get(module), name, None) for module, name in _FAILURES
    ]
    return tuple(kind for kind in loaded if isinstance(kind, type) and issubclass(kind, Exception))


def _words(error: Exception) -> str:
    first = (str(error).splitlines() or [""])[0][:200].strip().rstrip(".")
    return first or type(error).__name__


def _hint(url: str, error: OSError) -> str:
    if error.errno == errno.ENOSYS:
        return f"pip install '{STORAGES[url.partition('://')[0]]}'"
    return "Check the address, the network and the keys (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL…)."


def _mark(about: dict[str, Any]) -> str:
    return str(about.get("ETag") or about.get("etag") or about.get("md5") or _written(about) or "")


def _written(about: dict[str, Any]) -> int | None:
    names = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")
    moment = next((about[name] for name in names if about.get(name)), None)
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            return None
    if isinstance(moment, datetime):
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return int(moment * 1_000_000_000) if isinstance(moment, int | float) else None

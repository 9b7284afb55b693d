"""Buckets of S3-compatible services, and whatever else fsspec reads by its address."""

from __future__ import annotations

import errno
import hashlib
import ipaddress
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from auditor.agent.secret import secret_of
from auditor.model.errors import PolicyError
from auditor.model.problem import Problem
from auditor.model.text import legible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.agent.settings import Source
    from auditor.agent.watch.listing import Seen
    from auditor.model.problem import Note

AT_ONCE: Final = 4
"""Downloads side by side."""

SPARE: Final = 1 << 30
"""Bytes of the disk that downloads leave free."""

PLAIN_NAME: Final = 200
LARGEST: Final = 1 << 53
"""Bytes that no object has; what says so is no listing."""

LATEST: Final = 1 << 34
"""Seconds since 1970 that no file system refuses as a time."""

LISTING: Final = 600.0
"""Seconds in which a bucket must be listed."""

PATIENCE: Final = 60.0
SLOWEST: Final = 50_000
"""Seconds that a download may take, and more by this many bytes per second."""


class Found(NamedTuple):
    """An object of a bucket; ``written`` in seconds since 1970, 0 = not known."""

    path: str
    stamp: str
    size: int
    written: float


def listed(source: Source, place: str, note: Note) -> list[Found] | None:
    """The objects under a bucket's prefix; null if they cannot be listed, which is noted.

    Raises:
        PolicyError: the address, its driver or its secrets are not right.
    """
    system, root, scheme = _system(source, place)
    try:
        entries = _entries(system, root)
    except _failures() as error:
        note(
            Problem(
                "source-unreadable",
                legible(source.bucket or ""),
                f"The bucket cannot be listed: {_said(error)}.",
                "Check the address, the endpoint, and that these credentials may list it.",
            )
        )
        return None
    found = []
    for path, entry in entries.items():
        parts = path.removeprefix(root).split("/")
        hidden = any(part.startswith(".") and part not in (".", "..") for part in parts)
        if entry.get("type", "file") != "file" or path.endswith("/") or hidden:
            continue
        size = entry.get("size") or 0
        if not isinstance(size, int) or not 0 <= size < LARGEST or not _is_text(path):
            what = "The listing says of the object what no object can be; it was left out."
            note(Problem("source-odd", ascii(path), what, "Ask who runs the storage."))
            continue
        written = _moment(entry)
        stamp = f"{size}-{'' if written is None else written}-{_version(entry)}"[:500]
        found.append(Found(f"{scheme}://{path}", stamp, size, written or 0.0))
    return found


def fetched(
    source: Source, place: str, wanted: Sequence[Seen], folder: Path, note: Note
) -> dict[str, Path]:
    """Where in ``folder`` the wanted objects lie now, by name; those that failed are noted.

    They are whole, and what the listing said they were; only their owner may read them.

    Raises:
        PolicyError: as ``listed``.
    """
    system, root, scheme = _system(source, place)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def fetch(seen: Seen) -> tuple[Path | None, Problem | None]:
        path = seen.path.removeprefix(f"{scheme}://")
        try:
            return _fetched(system, path, seen, _place(folder, path.removeprefix(root))), None
        except _failures() as error:
            full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            what = f"The object was not downloaded: {_said(error)}; it waits."
            hint = "Free some space under the data directory." if full else "It is tried again."
            return None, Problem("not-downloaded", legible(seen.path), what, hint)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(fetch, wanted))
    for _, problem in answers:
        if problem is not None:
            note(problem)
    return {
        seen.name: path for seen, (path, _) in zip(wanted, answers, strict=True) if path is not None
    }


def _fetched(system: Any, path: str, seen: Seen, target: Path) -> Path:  # noqa: ANN401 - fsspec's
    """Downloads one object under another name first, and gives it its own once it is whole."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(target.parent).free - seen.size < SPARE:
        raise OSError(errno.ENOSPC, "the disk would be full")
    part = target.with_name(f"{target.name[:PLAIN_NAME]}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        # one stream: what comes is counted as it comes
        more = {"max_concurrency": 1} if "s3" in system.protocol else {}
        system.get_file(path, str(part), callback=_watch(seen.size), **more)
        if part.stat().st_size != seen.size:
            raise OSError(
                errno.EIO, f"{part.stat().st_size:,} of {seen.size:,} bytes came: it changes"
            )
        if not seen.stamp.endswith(f"-{_version(system.info(path))}"):
            raise OSError(errno.EIO, "it changed meanwhile")
        if seen.written:
            os.utime(part, (seen.written, seen.written))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _is_text(path: str) -> bool:
    """Whether it has no halves of characters, but for those that stand for bytes."""
    try:
        path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _entries(system: Any, root: str) -> dict[str, Any]:  # noqa: ANN401 - fsspec's
    from fsspec.asyn import AsyncFileSystem

    more = {"timeout": LISTING} if isinstance(system, AsyncFileSystem) else {}
    entries: dict[str, Any] = system.find(root, detail=True, **more)
    return entries


def _watch(size: int) -> Any:  # noqa: ANN401 - fsspec has no types
    """Ends a download of more bytes than the object has, or one that dribbles."""
    from fsspec.callbacks import Callback

    until = time.monotonic() + PATIENCE + size / SLOWEST

    class Watch(Callback):  # type: ignore[misc] # as above
        got = 0

        def relative_update(self, inc: int = 1) -> None:
            self.got += inc
            if self.got > size:
                raise OSError(errno.EFBIG, "more bytes come than it has")
            if time.monotonic() > until:
                raise OSError(errno.ETIMEDOUT, "it comes too slowly")

    return Watch()


def _place(folder: Path, path: str) -> Path:
    """A path in the folder, whatever the object is called; what lies together stays together."""
    parent, _, name = path.rpartition("/")
    plain = name.isprintable() and name not in ("", ".", "..") and "\\" not in name
    if not plain or len(os.fsencode(name)) > PLAIN_NAME:
        name = _digest(name)
    return folder / _digest(parent)[:16] / name


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _system(source: Source, place: str) -> tuple[Any, str, str]:
    """The driver, the address as it has it, and its scheme."""
    from fsspec.core import url_to_fs  # late: few jobs have a bucket

    address = source.bucket or ""
    scheme = address.partition("://")[0]
    try:
        parts = urlsplit(address)
        secret = parts.password
    except ValueError:
        raise PolicyError(
            "is no address", place=f"{place}.bucket", hint="Write s3://name/prefix."
        ) from None
    if secret is not None:
        raise PolicyError(
            "a password does not belong into an address",
            place=f"{place}.bucket",
            hint="Name its place with access_key_env or access_key_file.",
        )
    options: dict[str, Any] = {"skip_instance_cache": True}
    if scheme in ("s3", "s3a"):
        options |= _s3_options(source, place)
    try:
        system, root = url_to_fs(address, **options)
    except ImportError:
        extra = "auditor[s3]" if scheme in ("s3", "s3a") else "auditor' and fsspec's driver for it"
        raise PolicyError(
            f"the driver for {scheme}:// is not installed",
            place=f"{place}.bucket",
            hint=f"Install it: pip install '{extra}'.",
        ) from None
    except ValueError as error:
        raise PolicyError(
            f"is no address that can be read: {_said(error)}",
            place=f"{place}.bucket",
            hint="Write s3://name/prefix.",
        ) from None
    return system, root, scheme


def _s3_options(source: Source, place: str) -> dict[str, Any]:
    """What s3fs is told; certificates are always checked."""
    options: dict[str, Any] = {"use_listings_cache": False}
    client: dict[str, Any] = {}
    if source.endpoint is not None:
        parts = urlsplit(source.endpoint)
        if "@" in parts.netloc:
            raise PolicyError(
                "a password does not belong into an address",
                place=f"{place}.endpoint",
                hint="Name its place with access_key_env or access_key_file.",
            )
        if parts.scheme != "https" and not (
            parts.scheme == "http" and _is_loopback(parts.hostname)
        ):
            raise PolicyError(
                "is no address with https://",
                place=f"{place}.endpoint",
                hint="Write https://host; without TLS only on this machine itself.",
            )
        options["endpoint_url"] = source.endpoint
    if source.region is not None:
        client["region_name"] = source.region
    options["client_kwargs"] = client
    access = secret_of(source.access_id_env, None, f"{place}.access_id")
    key = secret_of(source.access_key_env, source.access_key_file, f"{place}.access_key")
    if bool(access) != bool(key):
        raise PolicyError(
            "one half of the credentials is missing",
            place=f"{place}.access_id_env",
            hint="Name access_id_env, and access_key_env or access_key_file.",
        )
    if access:
        options |= {"key": access, "secret": key}
    return options


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _version(entry: dict[str, Any]) -> str:
    return str(entry.get("ETag") or entry.get("etag") or entry.get("VersionId") or "")[:300]


def _moment(entry: dict[str, Any]) -> float | None:
    for name in ("LastModified", "mtime", "last_modified", "created"):
        value = entry.get(name)
        if isinstance(value, datetime):
            zoned = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
            value = zoned.timestamp()
        if isinstance(value, int | float):
            return float(value) if 0 <= value < LATEST else None
    return None


def _failures() -> tuple[type[BaseException], ...]:
    """What drivers raise when the other side, the line or the disk fails."""
    # what their parsers make of an answer that no storage gives is of many kinds
    kinds: list[type[BaseException]] = [OSError, EOFError, ValueError, LookupError, TypeError]
    kinds += [RuntimeError, AttributeError]
    try:
        import aiohttp
        import botocore.exceptions
        import botocore.parsers

        kinds += [botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError]
        kinds += [aiohttp.ClientError, botocore.parsers.ResponseParserError]
    except ImportError:
        pass  # other drivers do not need them
    return tuple(kinds)


def _said(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    line = " ".join(legible(str(text)).split())
    return "".join(each if each.isprintable() else " " for each in line)[:300].rstrip(".")

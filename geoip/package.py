"""Published packages, fetched by exact version and digest."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def step(what: str) -> None:
    """Prints one line of progress."""
    print(what, flush=True)


def fetched(package: str, version: str, sha256: str, folder: Path) -> dict[str, bytes]:
    """The files of ``package``, by name inside it; stops when its digest is not ``sha256``."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not installed; install it (Debian: apt-get install npm) and retry")
    command = [npm, "pack", f"{package}@{version}", "--json", "--pack-destination", str(folder)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - fixed words, no shell
    archive = folder / json.loads(answer)[0]["filename"]
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != sha256:
        raise SystemExit(f"{package}@{version} has SHA-256 {digest}, not {sha256}: stop")
    step(f"{package}@{version}: {archive.stat().st_size:,} bytes, SHA-256 as expected")
    files: dict[str, bytes] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is not None:
                files[member.name.removeprefix("package/")] = content.read()
    return files

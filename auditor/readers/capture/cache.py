"""Where compiled code is kept between runs.

numba notices a change only in the file a function stands in, not in the files it calls into: a
changed ``sequence.py`` would go on running as it was inside ``packet.py``. So the folder carries
a hash of all sources of the engine and of what compiled them.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

import llvmlite
import numba


def sources() -> str:
    """Digest of the engine's sources: who has the same keeps its state in the same way."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


def _engine() -> str:
    versions = f"{sys.version} {numba.__version__} {llvmlite.__version__} {sources()}"
    return f"engine-{hashlib.sha256(versions.encode()).hexdigest()[:16]}"


def folder() -> Path | None:
    """The first folder of these that can be written: beside the code, the user's cache; or none."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - never raises
    own = os.environ.get("NUMBA_CACHE_DIR")
    bases = [Path(own)] if own else [Path(__file__).parent / "__pycache__", Path(home) / "auditor"]
    for base in bases:
        place = base / _engine()
        try:
            place.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=place):
                return place
        except OSError:
            continue
    return None


FOLDER = folder()
"""None: nothing can be written, and the engine is compiled anew in every process."""

if FOLDER is not None:
    numba.config.CACHE_DIR = str(FOLDER)  # type: ignore[attr-defined]

"""The assessment folder as it lies on the disk."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, TypeVar

from auditor.checklist import assessment as nouns
from auditor.checklist.held import Held, Lying
from auditor.checklist.sources import content_of
from auditor.model.documents import Document, read
from auditor.model.errors import InputError, PolicyError

if TYPE_CHECKING:
    from auditor.checklist.assessment import EvidenceEntry
    from auditor.model.checklist import Checklist

EVIDENCE: Final = "evidence"
Kind = TypeVar("Kind", bound=Document)
FILES: Final = (
    "assessment.yaml", "network.yaml", "endpoints.yaml", "inventory.yaml", "answers.yaml",
    "evidence.yaml", "checks.json", "baseline.json",
)  # fmt: skip
HASHED_AT_ONCE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Folder:
    """An assessment as it lies on the disk.

    Attributes:
        network, endpoints: null = the file is not there.
        hashes: SHA-256 of each of its files as they were read, by name.
    """

    path: Path
    assessment: nouns.Assessment
    network: nouns.Network | None
    endpoints: nouns.Endpoints | None
    answers: nouns.Answers
    evidence: nouns.EvidenceRegister
    hashes: dict[str, str]


def opened(path: Path) -> Folder:
    """The assessment in ``path``.

    Raises:
        InputError: there is no such folder, or it holds no assessment.
        PolicyError: a file in it has mistakes, or is of a later format.
    """
    if not path.is_dir():
        raise InputError(
            "no such folder", place=str(path), hint="Make one: auditor checklist new DIR."
        )
    if not (path / "assessment.yaml").exists():
        raise InputError(
            "holds no assessment.yaml",
            place=str(path),
            hint="Name the folder of an assessment, or make one: auditor checklist new DIR.",
        )
    found = Folder(
        path,
        read(path / "assessment.yaml", nouns.Assessment),
        read(path / "network.yaml", nouns.Network) if (path / "network.yaml").exists() else None,
        (
            read(path / "endpoints.yaml", nouns.Endpoints)
            if (path / "endpoints.yaml").exists()
            else None
        ),
        _or_empty(path / "answers.yaml", nouns.Answers),
        _or_empty(path / "evidence.yaml", nouns.EvidenceRegister),
        {name: sha256(path / name) for name in FILES if (path / name).exists()},
    )
    for name, part in (
        ("assessment.yaml", found.assessment),
        ("answers.yaml", found.answers),
        ("evidence.yaml", found.evidence),
    ):
        if part.format > nouns.FORMAT:
            raise PolicyError(
                f"is of format {part.format}; this program knows formats up to {nouns.FORMAT}",
                place=str(path / name),
                hint="Use a newer auditor; nothing was changed.",
            )
    return found


def _or_empty(path: Path, kind: type[Kind]) -> Kind:
    return read(path, kind) if path.exists() else kind.model_validate({"format": nouns.FORMAT})


def held(folder: Folder, checklist: Checklist) -> dict[str, tuple[Held, ...]]:
    """What is registered, by kind, the youngest first; files are hashed, not yet read."""
    kinds = {kind.id: kind for kind in checklist.kinds}
    found: dict[str, list[Held]] = {}
    for entry in folder.evidence.evidence:
        path = folder.path / entry.file
        state = _state(folder.path, entry)

        def reads(entry: EvidenceEntry = entry, state: Lying = state, path: Path = path) -> object:
            kind = kinds.get(entry.kind)
            if state != "present" or kind is None:
                raise InputError(
                    {
                        "missing": "the file is gone since it was registered",
                        "changed": "the file is not the one that was registered",
                        "metadata-only": "only its metadata is registered",
                    }.get(state, f"no kind of evidence is called {entry.kind}"),
                    place=entry.file or entry.id,
                    hint="Put the file back as it was, or attach it anew.",
                )
            return content_of(path, kind)

        if entry.kind in kinds:
            found.setdefault(entry.kind, []).append(Held(entry, state, reads))
    return {
        kind: tuple(sorted(entries, key=lambda each: each.age_key, reverse=True))
        for kind, entries in found.items()
    }


def _state(folder: Path, entry: EvidenceEntry) -> Lying:
    if not entry.file:
        return "metadata-only"
    path = inside(folder, entry.file)
    if not path.is_file():
        return "missing"
    return "present" if sha256(path) == entry.sha256 else "changed"


def inside(folder: Path, name: str) -> Path:
    """The path of a file that the folder's own documents name; never outside of the folder.

    Raises:
        PolicyError: the name leads out of the folder.
    """
    parts = PurePosixPath(name).parts
    path = folder.joinpath(*parts)
    if (
        not parts
        or PurePosixPath(name).is_absolute()
        or ".." in parts
        or not path.resolve().is_relative_to(folder.resolve())
    ):
        raise PolicyError(
            f"{name!r} leads out of the assessment's folder",
            place=str(folder / "evidence.yaml"),
            hint="Evidence lies in the folder evidence/; attach the file anew.",
        )
    return path


def sha256(path: Path) -> str:
    """Hex digest of a file.

    Raises:
        InputError: it cannot be read, or is no regular file.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError("is no file", place=str(path), hint="Name a regular file.")
            while block := file.read(HASHED_AT_ONCE):
                digest.update(block)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", place=str(path), hint="Check the file."
        ) from None
    return digest.hexdigest()

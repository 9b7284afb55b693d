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
MORE: Final = (EVIDENCE, "history.jsonl", "endpoints.signature.json", "signatures", "papers")
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
    if not _there(path, "assessment.yaml"):
        raise InputError(
            "holds no assessment.yaml",
            place=str(path),
            hint="Name the folder of an assessment, or make one: auditor checklist new DIR.",
        )
    for name in (*FILES, *MORE):  # nothing is read or written where a link of the folder leads
        inside(path, name, "Put the file itself there in place of the link.", path / name)
    found = Folder(
        path,
        read(path / "assessment.yaml", nouns.Assessment),
        _or_none(path, "network.yaml", nouns.Network),
        _or_none(path, "endpoints.yaml", nouns.Endpoints),
        _or_none(path, "answers.yaml", nouns.Answers) or nouns.Answers(format=nouns.FORMAT),
        _or_none(path, "evidence.yaml", nouns.EvidenceRegister)
        or nouns.EvidenceRegister(format=nouns.FORMAT),
        {name: sha256(path / name) for name in FILES if _there(path, name)},
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


def _or_none(path: Path, name: str, kind: type[Kind]) -> Kind | None:
    return read(path / name, kind) if _there(path, name) else None


def _there(folder: Path, name: str) -> bool:
    """Whether there is such a name; a link that leads nowhere counts, so that reading it fails."""
    return os.path.lexists(folder / name)


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
    try:
        if not path.is_file():
            return "missing"
    except OSError:  # no system has files of such names
        return "missing"
    return "present" if sha256(path) == entry.sha256 else "changed"


def inside(
    folder: Path,
    name: str,
    hint: str = "Evidence lies in the folder evidence/; attach the file anew.",
    place: Path | None = None,
) -> Path:
    """The path of a file that the folder's own documents name; never outside of the folder.

    Raises:
        PolicyError: the name leads out of the folder.
    """
    parts = PurePosixPath(name).parts
    path = folder.joinpath(*parts)
    try:
        stays = path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # zero bytes; links that lead in a circle
        stays = False
    if not parts or PurePosixPath(name).is_absolute() or ".." in parts or not stays:
        raise PolicyError(
            f"{name!r} leads out of the assessment's folder",
            place=str(place or folder / "evidence.yaml"),
            hint=hint,
        )
    return path


def _not_waiting(path: str, flags: int) -> int:
    """Opens a pipe without waiting for somebody to write into it; Windows has no such files."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def sha256(path: Path) -> str:
    """Hex digest of a file.

    Raises:
        InputError: it cannot be read, or is no regular file.
    """
    digest = hashlib.sha256()
    try:
        with open(path, "rb", opener=_not_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError("is no file", place=str(path), hint="Name a regular file.")
            while block := file.read(HASHED_AT_ONCE):
                digest.update(block)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", place=str(path), hint="Check the file."
        ) from None
    return digest.hexdigest()

"""A new assessment folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from auditor.checklist.assessment import FORMAT, SystemPart
from auditor.checklist.folder import EVIDENCE
from auditor.model.errors import InputError, PolicyError, StoreError
from auditor.model.files import written

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.checklist.catalogue import Catalogue

TEMPLATES: Final = ("assessment.yaml", "network.yaml", "endpoints.yaml")


def begun(folder: Path, policies: Path, catalogue: Catalogue, *, system: str, level: int) -> None:
    """Makes the folder of a new assessment: templates to fill in, and an empty register.

    Raises:
        InputError: the folder holds something already, or the system's id is not one.
        PolicyError: the policies folder has no templates.
        StoreError: it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            "is there already and not empty",
            place=str(folder),
            hint="Choose a new folder; an assessment never replaces another.",
        )
    try:
        SystemPart(id=system, level=level)
    except ValueError:
        raise InputError(
            "is no id for a system of level 1 to 5",
            place=system,
            hint="Use letters, digits, dots and dashes, such as land-registry, and --level 1 to 5.",
        ) from None
    files: dict[str, str | bytes] = {}
    for name in TEMPLATES:
        template = policies / "checklists" / "new" / name
        try:
            text = template.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise PolicyError(
                "the template of a new assessment cannot be read",
                place=str(template),
                hint="Use the policies that came with this program.",
            ) from None
        for mark, value in (
            ("@SYSTEM@", system),
            ("@LEVEL@", str(level)),
            ("@VERSION@", catalogue.checklist.version),
        ):
            text = text.replace(mark, value)
        files[name] = text
    for name in ("answers.yaml", "evidence.yaml"):
        files[name] = yaml.safe_dump({"format": FORMAT})
    written(folder, files)
    try:
        (folder / EVIDENCE).mkdir()
    except OSError as error:
        raise StoreError(
            f"cannot be made: {error.strerror}",
            place=str(folder / EVIDENCE),
            hint="Check who may write there.",
        ) from None

"""Evidence files as typed content: one module for each form of evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model.checklist import EvidenceKind


def content_of(path: Path, kind: EvidenceKind) -> object:
    """What an evidence file of this kind holds; its type depends on the kind's form.

    Raises:
        InputError: it is damaged, too large, or not of this form.
    """
    # late: each of them brings a library of its own
    match kind.form:
        case "document":
            from auditor.checklist.sources.document import document

            return document(path)
        case "register":
            from auditor.checklist.sources.register import register

            return register(path, kind.columns)
        case "configuration":
            from auditor.checklist.sources.configuration import configuration

            return configuration(path, kind.id)
        case "scan":
            from auditor.checklist.sources.scan import saved_scan

            return saved_scan(path)
        case "sample":
            from auditor.checklist.sources.sample import sample

            return sample(path)
        case "results":
            from auditor.checklist.sources.results import results

            return results(path)
        case "traffic":
            return path

"""Probes of documents: the papers of an agency, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.probes import dossier, paper_order, paper_signatures, paper_texts, papers

if TYPE_CHECKING:
    from auditor.checklist.probe import Probe

PROBES: Final[tuple[Probe, ...]] = (
    *papers.PROBES,
    *paper_order.PROBES,
    *paper_signatures.PROBES,
    *paper_texts.PROBES,
    *dossier.PROBES,
)

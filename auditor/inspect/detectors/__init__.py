"""What is looked for: detectors as data, compiled to one search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.inspect.detectors import lint
from auditor.inspect.detectors.lint import Detectors, Trial
from auditor.inspect.detectors.rules import Detector
from auditor.inspect.detectors.search import Search
from auditor.model import content
from auditor.model.subjects import KEY_BYTES
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from auditor.model.run import DataSource

__all__ = [
    "KEY_BYTES",
    "Detector",
    "Search",
    "Trial",
    "all_sought",
    "compiled",
    "detectors_in",
    "sources",
    "tried",
]

FOLDER = "detectors"


def compiled(policies: Path, codes: Container[str], key: bytes) -> Search:
    """The detectors in the folder ``policies``, ready to search; their examples are not tried.

    Args:
        policies: the folder of the category lists; detectors lie in ``detectors/*.yaml``.
        codes: all codes of categories.
        key: ``KEY_BYTES`` bytes for hashes of values.

    Raises:
        PolicyError: there are none, or they have mistakes; all of them are told.
    """
    return lint.search(policies / FOLDER, codes, key)


def detectors_in(policies: Path, codes: Container[str], *, examples: bool = False) -> Detectors:
    """The detectors in the folder ``policies``; ``examples``: those are tried too.

    Raises:
        PolicyError: there are none, or they have mistakes; all of them are told.
    """
    return lint.load_detectors(policies / FOLDER, codes, examples=examples)


def tried(policies: Path, codes: Container[str]) -> list[Trial]:
    """The examples of all detectors, and whether each came out as it says.

    Raises:
        PolicyError: there are none, or they have mistakes other than in examples.
    """
    return lint.tried(detectors_in(policies, codes))


def sources(policies: Path) -> tuple[DataSource, ...]:
    """The files of detectors as an audit names what it relied on.

    Raises:
        PolicyError: a file is missing or has mistakes.
    """
    return lint.sources(policies / FOLDER)


def all_sought(search: Search) -> tuple[content.Sought, ...]:
    """What is looked for, for whoever shows what was found."""
    return tuple(
        content.Sought(
            each.detector.id,
            Text(each.detector.title.vi, each.detector.title.en),
            each.detector.labels,
            each.detector.subject,
            each.detector.mark,
            tuple(Text(said.vi, said.en) for said in each.detector.not_known),
        )
        for each in search.sought
    )

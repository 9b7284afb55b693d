"""Reads the detectors and holds them to what the search rests on.

Everything that a detector file can get wrong is told here, with its line: an unknown label or
check, a pattern that hyperscan refuses, that matches nothing, that may cost too much, and examples
that do not come out as they say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final, cast

import hyperscan
from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from auditor.inspect.detectors.patterns import WIDEST, database, expressions, of_pattern, of_words
from auditor.inspect.detectors.rules import Detector, DetectorFile
from auditor.inspect.detectors.search import Search
from auditor.inspect.detectors.sought import Check, structure_checks
from auditor.inspect.detectors.structure import objections
from auditor.model.content import COVERT_CHANNEL, STATE_SECRET
from auditor.model.documents import read
from auditor.model.errors import PolicyError
from auditor.model.run import DataSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


MOST_COMPILED: Final = 1 << 20
"""Bytes of one pattern's automaton. Ordinary ones have some thousands."""

MOST_DETECTORS: Final = 1_000
_TABLE: Final = "table:"
_SHORTENED: Final = 60
_TRIAL_KEY: Final = bytes(32)


@dataclass(frozen=True)
class Detectors:
    """All detectors, in the order of their files and within these."""

    all: tuple[Detector, ...]
    by_id: Mapping[str, Detector] = field(repr=False)

    def __iter__(self) -> Iterator[Detector]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)


@dataclass(slots=True)
class _Reading:
    """What the validators of a file must know."""

    name: str
    codes: Container[str]
    checks: Mapping[str, Check]
    examples: bool
    first_seen: dict[str, str]


def _pattern(pattern: str) -> str:
    """A pattern by itself."""
    expression = of_pattern(pattern, "none", case=True)
    against = objections(expression.source, WIDEST)
    if against:
        raise ValueError(f"the pattern {_short(pattern)!r} " + "; it ".join(against))
    try:
        compiled = database({0: expression})
    except hyperscan.error as error:
        raise ValueError(
            f"the pattern {_short(pattern)!r} is refused by hyperscan: {error}"
        ) from None
    size = len(hyperscan.dumpb(compiled)) if compiled else 0
    if size > MOST_COMPILED:
        raise ValueError(
            f"the pattern {_short(pattern)!r} compiles to {size:,} bytes; the most is "
            f"{MOST_COMPILED:,}: write shorter repeats"
        )
    return pattern


def _word(word: str) -> str:
    """A word by itself."""
    against = objections(of_words((word,), exact=False, case=False)[0].source, WIDEST)
    if against:
        raise ValueError(f"the word {_short(word)!r} " + "; it ".join(against))
    return word


class _Linted(Detector):
    """A detector that the search can run."""

    patterns: tuple[
        Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_pattern)], ...
    ] = ()
    words: tuple[
        Annotated[str, Field(min_length=2, max_length=80), AfterValidator(_word)], ...
    ] = ()

    @field_validator("id")
    @classmethod
    def _once(cls, name: str, info: ValidationInfo) -> str:
        now = cast("_Reading", info.context)
        if name in now.first_seen:
            raise ValueError(f"{name!r} stands in {now.first_seen[name]} already; write another")
        now.first_seen[name] = now.name
        return name

    @field_validator("labels")
    @classmethod
    def _known(cls, labels: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        now = cast("_Reading", info.context)
        unknown = [
            one
            for one in labels
            if one not in (STATE_SECRET, COVERT_CHANNEL) and one not in now.codes
        ]
        if unknown:
            raise ValueError(
                f"no list of categories has the code {', '.join(map(repr, unknown))}; write one "
                f"that has, {STATE_SECRET!r} or {COVERT_CHANNEL!r}"
            )
        return labels

    @field_validator("check")
    @classmethod
    def _there(cls, check: str | None, info: ValidationInfo) -> str | None:
        now = cast("_Reading", info.context)
        if check is not None and check not in now.checks:
            raise ValueError(f"there is no check {check!r}; write one of {', '.join(now.checks)}")
        return check

    @model_validator(mode="after")
    def _whole(self, info: ValidationInfo) -> _Linted:
        wrong = list(_contradictions(self))
        now = cast("_Reading", info.context)
        if not wrong and now.examples:
            try:
                wrong = list(_surprises(self, now.checks))
            except hyperscan.error as error:
                wrong = [f"is refused by hyperscan: {error}"]
        if wrong:
            raise ValueError(f"{self.id}: " + "; ".join(wrong))
        return self


def _some(found: tuple[_Linted, ...]) -> tuple[_Linted, ...]:
    if not found:
        raise ValueError("there is none; write one, or delete the file")
    return found


class _LintedFile(DetectorFile):
    """A file of such detectors."""

    detectors: Annotated[tuple[_Linted, ...], AfterValidator(_some)]


def load_detectors(
    folder: Path,
    codes: Container[str],
    *,
    checks: Mapping[str, Check] | None = None,
    examples: bool = True,
) -> Detectors:
    """All detectors of all files ``*.yaml`` in ``folder``.

    Args:
        folder: where they lie.
        codes: the codes of all lists of categories.
        checks: other structure checks than those that come with the program.
        examples: also try whether the examples come out as they say.

    Raises:
        PolicyError: there is no file, or files have mistakes; all mistakes of all files are told.
    """
    known = structure_checks() if checks is None else checks
    first_seen: dict[str, str] = {}
    found: list[Detector] = []
    mistakes: list[str] = []
    for path in _files(folder):
        reading = _Reading(path.name, codes, known, examples, first_seen)
        try:
            found += read(path, _LintedFile, reading).detectors
        except PolicyError as error:
            mistakes.append(f"{error.place}: {error.message}")
    if mistakes:
        raise PolicyError(
            "\n".join(mistakes),
            place=str(folder),
            hint="Correct the lines named and retry.",
        )
    if len(found) > MOST_DETECTORS:
        raise PolicyError(
            f"holds {len(found):,} detectors; the most is {MOST_DETECTORS:,}",
            place=str(folder),
            hint="Put patterns and words that mean the same into one detector.",
        )
    return Detectors(tuple(found), {one.id: one for one in found})


def sources(folder: Path) -> tuple[DataSource, ...]:
    """The files as an audit names what it relied on: file, version, SHA-256.

    Raises:
        PolicyError: a file is missing or has mistakes.
    """
    return tuple(
        DataSource(
            kind="detectors",
            name=path.name,
            version=read(path, DetectorFile).version,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in _files(folder)
    )


def _files(folder: Path) -> list[Path]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".yaml")
    except OSError as error:
        raise PolicyError(
            f"cannot be read: {error.strerror}",
            place=str(folder),
            hint="Name the folder with the detectors.",
        ) from None
    if not paths:
        raise PolicyError(
            "holds no detectors (*.yaml)",
            place=str(folder),
            hint="Name the folder with the detectors.",
        )
    return paths


def _contradictions(detector: Detector) -> Iterator[str]:
    """What fits no search."""
    searched = detector.patterns or detector.words
    by_column = detector.columns or detector.minimum.unnamed_column
    if not searched and not detector.columns and not detector.facts:
        # what another part of the program finds by itself has labels and examples only
        if detector.kind != "container" and COVERT_CHANNEL not in detector.labels:
            yield "looks for nothing: write patterns, words, columns or facts"
        return
    if detector.any_value and not detector.columns:
        yield "any_value needs columns"
    if detector.check and not detector.patterns:
        yield "a check needs patterns"
    if detector.context and not searched:
        yield "a context needs patterns or words"
    if searched and not by_column and not detector.context and detector.minimum.alone is None:
        yield (
            "can never be a hit: without context and columns it needs minimum.alone, such as "
            "{alone: 1}"
        )


def _surprises(detector: Detector, checks: Mapping[str, Check]) -> Iterator[str]:
    """Examples that come out otherwise than they say."""
    if not expressions(detector) and not detector.columns:
        return  # facts have no text
    search = Search([detector], _TRIAL_KEY, checks)
    for wanted, texts in ((True, detector.examples.hit), (False, detector.examples.miss)):
        for number, text in enumerate(texts, 1):
            if found_in(search, text) != wanted:
                word = "hit" if wanted else "miss"
                yield f"examples.{word}[{number}] is no {word}: {_short(text)!r}"


def found_in(search: Search, example: str) -> bool:
    """Whether a text of ``Expectations`` is a hit."""
    item = search.item(0, "example")
    if example.startswith(_TABLE):
        rows = [line.split("|") for line in example.removeprefix(_TABLE).strip("\n").split("\n")]
        names, *cells = rows
        wide = max(len(row) for row in rows)
        padded = [row + [""] * (wide - len(row)) for row in cells]
        item.table(names, [[row[place].strip() for row in padded] for place in range(wide)])
    else:
        item.text(example.encode("utf-8", "replace"))
    item.close()
    return bool(item.found)


def _short(text: str) -> str:
    return text if len(text) <= _SHORTENED else text[: _SHORTENED - 1] + "…"

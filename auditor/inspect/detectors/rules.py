"""Detectors as people write them (``policies/detectors/*.yaml``)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from auditor.model.catalogue import Mark, Wording
from auditor.model.documents import Document
from auditor.model.finding import Certainty

Bound = Literal["digits", "word", "none"]


class Context(Document):
    """Words that must, or may, stand near a match.

    Attributes:
        words: in any letter case, with or without diacritics, composed or decomposed; but an
            abbreviation written in capitals of ASCII (``TIN``) counts in capitals only. A space
            stands for one blank or sign of ASCII, for two such between all syllables (a no-break
            space is two), and in a word without diacritics also for nothing (``maSoThue``). No word
            character may stand beside a word. A word with signs of its own (``tel:``) has them as
            written. A short word that is also a syllable of ordinary text (``tin``) makes the
            search of all text slow.
        within: bytes before or after the match within which a word must end.
        required: without one of the words a match counts for nothing; else only with ``alone``.
    """

    words: tuple[Annotated[str, Field(min_length=2, max_length=80)], ...]
    within: Annotated[int, Field(ge=1, le=2048)] = 200
    required: bool = True


class Minimum(Document):
    """How many distinct values make a hit, in one item (document, body, side of a flow).

    Attributes:
        with_context: values that have a context word near them.
        alone: all values, where some or all have none; null = never a hit. A detector without
            context has its hits in text by this alone.
        column: values in a column of a table whose name fits ``columns``.
        share: part of the column's values that must pass the check.
        unnamed_column: values in a column whose name says nothing, all of the same form; null =
            never a hit.
    """

    with_context: Annotated[int, Field(ge=1)] = 1
    alone: Annotated[int, Field(ge=1)] | None = None
    column: Annotated[int, Field(ge=1)] = 1
    share: Annotated[float, Field(gt=0, le=1)] = 0.6
    unnamed_column: Annotated[int, Field(ge=1)] | None = None


class Certainties(Document):
    """How sure a hit is by the way it came about."""

    with_context: Certainty = "likely"
    alone: Certainty = "weak"
    column: Certainty = "firm"
    unnamed_column: Certainty = "likely"


class Expectations(Document):
    """Texts and what must become of them; each is an item by itself.

    A text that begins with ``table:`` is a table: its lines are rows, ``|`` stands between cells.
    """

    hit: Annotated[tuple[str, ...], Field(min_length=1)]
    miss: Annotated[tuple[str, ...], Field(min_length=1)]


class Source(Document):
    """Where the structure of what is looked for is written down."""

    title: str
    url: str = ""
    mark: Mark


class Detector(Document):
    """One thing that is looked for.

    Attributes:
        id: stable, lower case with hyphens.
        kind: ``identifier`` (a value of a person or thing), ``mark`` (a secrecy mark: outranks
            everything and ends copying), ``topic`` (words that tell what a text is about),
            ``container`` (a format that is itself the finding).
        labels: codes of categories (Decision 20 item, Decree 356 code), ``state-secret`` or
            ``covert-channel``; none = no category is meant, values are only counted.
        subject: whom distinct values stand for; null = nobody is counted.
        patterns: regular expressions over UTF-8 bytes, without capture groups that matter, look
            around and back references, matching at most 1,024 bytes; letters of Vietnamese stand
            for themselves only; ``^`` and ``$`` stand for the ends of lines.
        words: instead of patterns: words as in ``Context.words``, with boundaries. Those of a
            ``mark`` must have their diacritics.
        bound: what may not stand directly before or after a match.
        case: whether letter case counts in ``patterns`` and ``words``.
        check: name of a structure check in ``checks.CHECKS`` that a match must pass.
        columns: names of columns that hold such values, as in ``Context.words``, whole names.
        any_value: in a column of such a name every value that is not empty counts, pattern or not
            (names, addresses).
        facts: names of facts (``Pages.fact``) that are hits, with their details: ``geodata``.
        shown: leading and trailing characters of a sample that stay readable.
        note: for who reads the file.
        not_known: what hits cannot tell; every finding with one says so.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,60}$")]
    title: Wording
    kind: Literal["identifier", "mark", "topic", "container"]
    labels: tuple[str, ...]
    subject: Literal["person", "organisation", "object"] | None = None
    patterns: tuple[Annotated[str, Field(min_length=1, max_length=2000)], ...] = ()
    words: tuple[Annotated[str, Field(min_length=2, max_length=80)], ...] = ()
    bound: Bound = "none"
    case: bool = True
    check: str | None = None
    context: Context | None = None
    columns: tuple[Annotated[str, Field(min_length=1, max_length=80)], ...] = ()
    any_value: bool = False
    facts: tuple[str, ...] = ()
    minimum: Minimum = Minimum()
    certainty: Certainties = Certainties()
    shown: tuple[Annotated[int, Field(ge=0, le=6)], Annotated[int, Field(ge=0, le=4)]] = (2, 2)
    mark: Mark
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    note: str = ""
    not_known: tuple[Wording, ...] = ()
    examples: Expectations


class DetectorFile(Document):
    """One file of detectors."""

    version: str
    detectors: Annotated[tuple[Detector, ...], Field(min_length=1)]

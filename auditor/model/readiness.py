"""How ready an agency is: what was asked, seen, attested and decided (``readiness.json``).

One document holds everything a paper needs; renderers compute nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError

from auditor.model.catalogue import Mark
from auditor.model.checklist import Gate, Mode, State
from auditor.model.days import Moment
from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.model.text import Text

VERSION: Final = 1
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of a document that is read back; a whole assessment takes half a MiB."""

Answer = Literal["pass", "fail", "partial", "clear", "pending", "unknown", "error"]
"""What a probe says: holds; does not hold; holds in part; nothing against it was seen; a claim
of another tool or person that somebody must confirm; cannot be told; the probe broke down."""

Verdict = Literal["ready", "conditionally-ready", "not-ready"]
"""Đủ điều kiện, đủ điều kiện có điều kiện, chưa đủ điều kiện."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What an answer from traffic or a scan rests on; silence beyond it proves nothing.

    Attributes:
        window: first and last moment seen.
        vantage: where it was looked from: names of inputs and what they say of their sensor.
        lost: packets known to be lost; null = nobody says.
        seen, declared: of the things asked about (hosts, edges, endpoints).
        not_covered: what could not be seen, such as encrypted or sampled traffic.
    """

    window: tuple[Moment, Moment] | None = None
    vantage: tuple[str, ...] = ()
    lost: int | None = None
    seen: int | None = None
    declared: int | None = None
    not_covered: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a thing can be looked up again.

    Attributes:
        source: id of an evidence (``ev-0012``), or the name of a capture or log.
        place: where in it: ``flow 812``, ``line 14``, ``packet 77``, ``rule 12``.
        shows: what stands there, values masked.
    """

    source: str
    place: str = ""
    shows: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one probe found for one item.

    Attributes:
        says: one sentence with its numbers.
        rests_on: legal or engineering number it compared with, with its mark; empty = none.
        way_out: what to supply or do when it is not a pass.
        references: the first of what speaks for it (or against it); at most 20.
        references_cut: how many more there are.
    """

    probe: str
    answer: Answer
    says: Text
    rests_on: str = ""
    way_out: Text | None = None
    references: tuple[Reference, ...] = ()
    references_cut: int = 0
    coverage: Coverage | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """A provision as the papers show it."""

    instrument: str
    article: str
    mark: Mark
    binds: str = "everybody"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """How a gap is closed, in the six clear points.

    rõ người, rõ việc, rõ thời gian, rõ trách nhiệm, rõ sản phẩm, rõ thẩm quyền: who, what, by
    when, who answers for it, what comes out, who decides.
    """

    who: str
    what: str
    due: str
    responsible: str
    product: str
    authority: str


@dataclass(frozen=True, slots=True)
class Attestation:
    """A named person says that an item holds (or does not).

    Attributes:
        valid_until: ISO date.
        signature: hex of an Ed25519 signature over the statement; empty = not signed.
        voided: why it no longer counts: the wording or the evidence changed, or it ran out.
        applies: false = the person says that the item does not concern the system.
    """

    holds: bool
    person: str
    role: str
    unit: str
    statement: str
    at: Moment
    valid_until: str
    signature: str = ""
    key: str = ""
    voided: Text | None = None
    applies: bool = True


@dataclass(frozen=True, slots=True)
class Waiver:
    """An item's lack is accepted for a time; it stays a lack.

    Attributes:
        until: ISO date.
        void: why it does not count: it ran out, or the item cannot be waived.
    """

    approver: str
    role: str
    reason: str
    at: Moment
    until: str
    void: Text | None = None


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One registered piece of evidence.

    Attributes:
        kind_title, form: of its kind.
        file: path inside the assessment; empty = registered by metadata only.
        number, dated, signer: of a document; dated is an ISO date.
        effective, collected, registered: ISO dates, kept apart: since when it holds, when it was
            taken, when it was put here.
        signature: what is known of its digital signature.
        state: ``present``; ``changed`` and ``missing`` since it was registered; ``stale``;
            ``metadata-only`` (a document with a secrecy mark is never copied).
    """

    id: str
    kind: str
    kind_title: Text
    form: str
    file: str
    sha256: str
    size: int | None
    items: tuple[str, ...]
    number: str = ""
    dated: str = ""
    signer: str = ""
    effective: str = ""
    collected: str = ""
    registered: str = ""
    by: str = ""
    signature: Text | None = None
    state: Literal["present", "changed", "missing", "stale", "metadata-only"] = "present"


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One item, with everything that decides it.

    Attributes:
        why: how the state came about.
        said: the agency's own answer; ``nothing`` = not answered.
        contradicted: what the agency says and what was seen do not fit together.
        missing: kinds of evidence that were asked for and are not there.
        voided: an earlier answer that no longer counts, because the item's wording changed.
        way_out: the next thing to do; empty when nothing is left.
    """

    id: str
    group: str
    title: Text
    question: Text
    mode: Mode
    gate: Gate
    part: int
    basis: tuple[Basis, ...]
    state: State
    why: Text
    said: Literal["nothing", "yes", "partly", "no", "not-applicable"]
    explanation: str
    answered_by: str
    answered_at: Moment | None
    outcomes: tuple[Outcome, ...]
    evidence: tuple[str, ...]
    missing: tuple[Text, ...]
    attestations: tuple[Attestation, ...]
    waiver: Waiver | None
    measure: Measure | None
    contradicted: Text | None
    voided: Text | None
    way_out: Text | None
    hint: Text
    attests: Text | None
    text_sha256: str


@dataclass(frozen=True, slots=True)
class GroupResult:
    """The three numbers of a group; no percentage.

    Attributes:
        applicable: items that concern this system.
        met: of these, pass or attested.
        by_machine, by_person, open: how the applicable ones were looked at.
    """

    id: str
    title: Text
    applicable: int
    met: int
    failed: int
    by_machine: int
    by_person: int
    open: int


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """A signature over the whole assessment.

    Attributes:
        state: ``valid`` = what was signed is what lies here; ``changed`` = something differs, see
            ``changes``; ``invalid`` = the signature itself does not fit.
        key: fingerprint of the public key.
        known: the assessment names this key for this person; else compare it with a paper.
    """

    person: str
    role: str
    at: Moment
    key: str
    state: Literal["valid", "changed", "invalid"]
    changes: tuple[Text, ...] = ()
    known: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """The system that is to be connected, and who answers for it."""

    system: str
    name: str
    agency: str
    owner: str
    operator: str
    level: int
    conditions: tuple[str, ...]
    first_connection: str
    last_change: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """One assessment, whole.

    Attributes:
        gates: ids of gate items that stand in the way, the hard ones first.
        conditions: ids of items that must be mended by a date (conditionally ready).
        state_counts: how many items stand where.
        fingerprint: SHA-256 over catalogue, answers and evidence: what a signature signs.
        checked: when the probes last ran; null = never.
        unverified: instruments that an item rests on without anybody having read their text.
    """

    version: int
    auditor_version: str
    at: Moment
    checklist: str
    checklist_version: str
    checklist_sha256: str
    checklist_title: Text
    checklist_note: Text
    levels_version: str
    instruments: dict[str, str]
    subject: Subject
    verdict: Verdict
    verdict_why: Text
    gates: tuple[str, ...]
    conditions: tuple[str, ...]
    state_counts: dict[str, int]
    groups: tuple[GroupResult, ...]
    items: tuple[ItemResult, ...]
    evidence: tuple[EvidenceRow, ...]
    signatures: tuple[SignatureRow, ...]
    problems: tuple[Problem, ...]
    fingerprint: str
    checked: Moment | None
    inputs: tuple[Reference, ...] = ()
    coverage: Coverage | None = None
    unverified: tuple[str, ...] = ()


def to_json(readiness: Readiness) -> str:
    """``readiness`` as the text of ``readiness.json``, two spaces deep."""
    return TypeAdapter(Readiness).dump_json(readiness, indent=2).decode() + "\n"


def from_json(text: str, place: str) -> Readiness:
    """The readiness in ``text``.

    Raises:
        InputError: not such a document, or one of a later version.
    """
    try:
        content = json.loads(text)
        found = content.get("version") if isinstance(content, dict) else None
        if isinstance(found, int) and found > VERSION:
            raise InputError(
                f"is of version {found}; this program knows versions up to {VERSION}",
                place=place,
                hint="Use a newer auditor.",
            )
        return TypeAdapter(Readiness).validate_python(content, strict=False)
    except (ValidationError, ValueError, RecursionError) as error:
        raise InputError(
            f"is no readiness document: {str(error).splitlines()[0][:200]}",
            place=place,
            hint="Give the folder of an assessment, or its readiness.json, unchanged.",
        ) from None

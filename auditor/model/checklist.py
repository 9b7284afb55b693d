"""The checklist that an agency completes (``policies/checklists/pre-sync.yaml``).

An item asks one thing. Its evidence is of named kinds, its probes are questions that a program
answers from facts, and its mode says how far a program's answer goes.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from auditor.model.catalogue import Mark, Wording
from auditor.model.documents import Document

FORMAT: Final = 1
"""What this program understands; a catalogue of a later format is refused."""

Mode = Literal["A", "F", "P", "H"]
"""How far a program's answer goes.

A = both ways, where coverage suffices; F = it can only prove failure; P = it reads the evidence
and a person confirms; H = a person alone, the program looks at presence, date and hash.
"""

Gate = Literal["hard", "soft", "none"]
"""hard: without it no connection; soft: the same, but the basis is unconfirmed and an agency may
turn it off; none: counts, but does not decide alone."""

Form = Literal["document", "register", "configuration", "traffic", "scan", "sample", "results"]
"""What a kind of evidence is: a signed document; a table of rows (CSV, XLSX); an export of a
device or database; captures and flow logs; a TLS scan; data rows looked at on the spot; results
of another tool."""

State = Literal[
    "not_checked", "pass", "fail", "partial", "no_contrary_evidence", "manual_pending",
    "attested_pass", "attested_fail", "not_applicable", "unknown", "error", "waived", "stale",
]  # fmt: skip
"""Where an item stands (``auditor.checklist.verdict`` says how each comes about)."""

Condition = Literal["personal-data", "state-secrets", "national-security", "hosted"]
"""What must hold of the system for an item to concern it."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
ItemId = Annotated[str, Field(pattern=r"^[A-Z]{2,3}-[0-9]{2}$")]


class Provision(Document):
    """One provision an item rests on.

    Attributes:
        binds: whom it binds; a rule for Party bodies is a model for everybody else.
        seen: where its text was read.
        note: what is doubtful about it.
    """

    instrument: Annotated[str, Field(min_length=1)]
    article: str = ""
    mark: Mark
    binds: Literal["everybody", "party", "national-security", "derived"] = "everybody"
    seen: str = ""
    note: str = ""


class EvidenceKind(Document):
    """A kind of evidence that agencies attach.

    Attributes:
        fresh_days: how old it may be when it is relied on; null = it does not age by itself.
        basis: where the age comes from, with its mark, such as ``engineering default (M)``.
        columns: of a register: the columns it must have.
    """

    id: Name
    form: Form
    title: Wording
    fresh_days: Annotated[int, Field(gt=0)] | None = None
    basis: str = ""
    columns: tuple[Name, ...] = ()


class ProbeCall(Document):
    """A probe that an item asks, with its arguments."""

    probe: Name
    arguments: dict[Name, str | int] = Field(default={})


class Example(Document):
    """A case and the state it must come out with; ``auditor policy test`` runs all of them.

    Attributes:
        probes: answers of probes, in the order of the item's probes.
        evidence: whether the evidence asked for lies there.
        said: what the agency answered.
        attested: what a named person attests.
        waived: a waiver that is valid today.
    """

    probes: tuple[
        Literal["pass", "fail", "partial", "clear", "unknown", "error", "pending"], ...
    ] = ()
    evidence: Literal["none", "fresh", "stale"] = "fresh"
    said: Literal["nothing", "yes", "partly", "no", "not-applicable"] = "nothing"
    attested: Literal["nobody", "yes", "no"] = "nobody"
    waived: bool = False
    level: Annotated[int, Field(ge=1, le=5)] | None = None
    gives: State
    why: str = ""


class Item(Document):
    """One question of the checklist.

    Attributes:
        question: what is asked, in a sentence that the person at the desk understands.
        levels: system levels it applies to.
        when: it concerns only systems of which all of these hold.
        evidence: kinds of evidence; the first is the one that matters most.
        counts: what counts as evidence, and what does not.
        attests: what a person confirms; null = nothing is left to a person.
        hint: what to do when it is missing.
        part: of the plan that this item fills, 1 to 12.
    """

    id: ItemId
    title: Wording
    question: Wording
    basis: Annotated[tuple[Provision, ...], Field(min_length=1)]
    levels: Annotated[tuple[Annotated[int, Field(ge=1, le=5)], ...], Field(min_length=1)]
    when: tuple[Condition, ...] = ()
    mode: Mode
    gate: Gate = "none"
    evidence: Annotated[tuple[Name, ...], Field(min_length=1)]
    counts: Wording
    does_not_count: Wording
    probes: tuple[ProbeCall, ...] = ()
    attests: Wording | None = None
    hint: Wording
    part: Annotated[int, Field(ge=1, le=12)]
    examples: Annotated[tuple[Example, ...], Field(min_length=2)]

    @property
    def group(self) -> str:
        """The group it belongs to, such as ``NET``."""
        return self.id[:-3]

    @property
    def confirmed(self) -> bool:
        """Whether a provision of it was read in the text itself and binds everybody."""
        return any(row.mark == "C" and row.binds == "everybody" for row in self.basis)

    def text_hash(self) -> str:
        """SHA-256 of what the item asks: an answer to another wording is no answer to this one."""
        asked = self.model_dump(mode="json", exclude={"examples", "hint", "part"})
        text = json.dumps(asked, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @model_validator(mode="after")
    def _holds_together(self) -> Item:
        if self.mode in ("A", "F") and not self.probes:
            raise ValueError(f"mode {self.mode} says a program can answer, but no probe is named")
        if self.mode in ("P", "H") and self.attests is None:
            raise ValueError(f"mode {self.mode} needs a person, but says nothing to attest")
        if self.gate == "hard" and not self.confirmed:
            raise ValueError(
                "a hard gate needs a provision that was read in the text (mark C) and binds "
                "everybody"
            )
        if tuple(sorted(set(self.levels))) != self.levels:
            raise ValueError("levels must ascend")
        return self


class Group(Document):
    """Items that belong together."""

    id: Annotated[str, Field(pattern=r"^[A-Z]{2,3}$")]
    title: Wording


class Checklist(Document):
    """All items, their groups and the kinds of evidence.

    Attributes:
        format: of this file; see ``FORMAT``.
        version: of the content.
        note: what people must know before they rely on it.
    """

    format: Annotated[int, Field(ge=1)]
    id: Name
    version: Annotated[str, Field(pattern=r"^[0-9]{4}\.[0-9]{2}(\.[0-9]+)?$")]
    title: Wording
    note: Wording
    instruments: dict[str, str]
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]
    kinds: Annotated[tuple[EvidenceKind, ...], Field(min_length=1)]
    items: Annotated[tuple[Item, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _holds_together(self) -> Checklist:
        wrong: list[str] = []
        groups = {group.id for group in self.groups}
        kinds = {kind.id for kind in self.kinds}
        ids = [item.id for item in self.items]
        wrong += [f"{name} stands twice" for name in sorted({i for i in ids if ids.count(i) > 1})]
        for item in self.items:
            if item.group not in groups:
                wrong.append(f"{item.id}: no group {item.group}")
            wrong += [f"{item.id}: no kind {kind}" for kind in item.evidence if kind not in kinds]
            wrong += [
                f"{item.id}: no instrument {row.instrument}"
                for row in item.basis
                if row.instrument not in self.instruments
            ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def item(self, name: str) -> Item | None:
        """The item of this id; null = there is none."""
        return next((item for item in self.items if item.id == name), None)

    def kind(self, name: str) -> EvidenceKind | None:
        """The kind of evidence of this id; null = there is none."""
        return next((kind for kind in self.kinds if kind.id == name), None)


class Limit(Document):
    """A number of an instrument by system level; null = it sets none for that level.

    Attributes:
        id: such as ``log-months`` or ``scan-months``.
        levels: the values for levels 1 to 5.
    """

    id: Name
    title: Wording
    unit: Literal["months", "days", "hours", "minutes", "seconds", "count", "characters", "percent"]
    levels: tuple[float | None, float | None, float | None, float | None, float | None]
    article: str = ""
    mark: Mark
    note: str = ""


class LimitTable(Document):
    """The numbers of one instrument, in one version."""

    id: Annotated[str, Field(min_length=1)]
    instrument: Annotated[str, Field(min_length=1)]
    limits: tuple[Limit, ...]


class Levels(Document):
    """All tables of numbers; each number stands in one table only."""

    format: Annotated[int, Field(ge=1)]
    version: str
    tables: Annotated[tuple[LimitTable, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_once(self) -> Levels:
        ids = [limit.id for table in self.tables for limit in table.limits]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"these numbers stand twice: {', '.join(twice)}")
        return self

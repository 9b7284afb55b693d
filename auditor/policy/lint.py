"""Everything that is wrong or unwise in the files of the law, and the rules' examples run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from auditor.model.errors import PolicyError
from auditor.model.run import DataSource
from auditor.policy.facts import FactTable, evaluated
from auditor.policy.law import REGIMES, RULES
from auditor.policy.regimes import load_regimes, unreachable
from auditor.policy.rules import Verdict, load_rules
from auditor.policy.vocabulary import ARROW_TYPE, FACTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from auditor.model.catalogue import Catalogue
    from auditor.model.documents import Document
    from auditor.model.regimes import Basis, RegimeFile
    from auditor.model.register import Register
    from auditor.policy.law import Law
    from auditor.policy.rules import Rule, RuleFile


@dataclass(frozen=True, slots=True)
class Tested:
    """One example of a rule, and what the rule answered.

    Attributes:
        number: which example under ``expected``, from 1.
    """

    rule: str
    expected: Verdict
    number: int
    got: Verdict

    @property
    def passed(self) -> bool:
        """Whether the rule answered as the example says."""
        return self.got == self.expected


def tested(rules: RuleFile) -> list[Tested]:
    """Every example of every rule, run through the evaluator that the flows go through."""
    return [result for rule in rules.rules for result in _tested(rule)]


def lint(
    path: Path, catalogue: Catalogue | None = None, regimes: RegimeFile | None = None
) -> list[str]:
    """Every mistake of the rules file at ``path``, or else everything unwise in it.

    Mistakes come with their line, style warnings and failed examples with the rule's id. What
    rules name is compared to ``catalogue`` and ``regimes``, where these are given.
    """
    try:
        rules = load_rules(path, catalogue, regimes)
    except PolicyError as error:
        return _told(path, error)
    found = [f"{path}: {rule.id}: {what}" for rule in rules.rules for what in _unwise(rule)]
    found += [
        f"{path}: {result.rule}: example {result.expected}[{result.number}] gives {result.got}"
        for result in tested(rules)
        if not result.passed
    ]
    return found


def lint_regimes(path: Path, catalogue: Catalogue) -> list[str]:
    """Every mistake of the regimes file at ``path``, or else everything unwise in it."""
    try:
        regimes = load_regimes(path, catalogue)
    except PolicyError as error:
        return _told(path, error)
    found = [
        f"{path}: {name}: no transfer can fall under it, those before it take them all"
        for name in unreachable(regimes)
    ]
    several: list[tuple[str, Sequence[Basis]]] = [
        *((regime.id, regime.legal) for regime in regimes.regimes),
        *((ground.id, [ground.basis]) for ground in regimes.grounds),
        *((threshold.id, threshold.legal) for threshold in regimes.thresholds),
        *((sanction.id, [sanction.basis]) for sanction in regimes.sanctions),
    ]
    for name, legal in several:
        found += [f"{path}: {name}: {what}" for what in _unwise_basis(legal)]
    return found


def _told(path: Path, error: PolicyError) -> list[str]:
    lines = [line.strip() for line in error.message.splitlines()]
    return lines[1:] if len(lines) > 1 else [f"{path}: {error.message}. {error.hint}"]


def sources(
    folder: Path,
    law: Law,
    register_path: Path | None = None,
    register: Register | None = None,
) -> tuple[DataSource, ...]:
    """Rules and regimes, and the register if there is one, as the report names its sources.

    Raises:
        PolicyError: a file can no longer be read.
    """
    out = [
        _source("policy", folder / RULES, law.rules.version),
        _source("policy", folder / REGIMES, law.regimes.version),
    ]
    if register_path is not None and register is not None:
        out.append(_source("dossiers", register_path, register.version))
    return tuple(out)


def _source(kind: str, path: Path, version: str) -> DataSource:
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise PolicyError(
            f"cannot be read: {error.strerror}",
            place=str(path),
            hint="The file was there a moment ago; run again.",
        ) from None
    return DataSource(kind, path.name, version, digest)


def _tested(rule: Rule) -> list[Tested]:
    groups: tuple[tuple[Verdict, Sequence[Document]], ...] = (
        ("hit", rule.examples.hit),
        ("miss", rule.examples.miss),
        ("undecided", rule.examples.undecided),
    )
    examples = [
        (expected, number, facts)
        for expected, several in groups
        for number, facts in enumerate(several, start=1)
    ]
    answer = evaluated(rule.when, _table([facts for _, _, facts in examples]))
    verdicts = np.select([answer.hit, answer.miss], ["hit", "miss"], "undecided").tolist()
    return [
        Tested(rule.id, expected, number, got)
        for (expected, number, _), got in zip(examples, verdicts, strict=True)
    ]


def _table(examples: list[Document]) -> FactTable:
    columns = {
        fact.name: pa.array(
            [getattr(example, fact.name) for example in examples], ARROW_TYPE[fact.kind]
        )
        for fact in FACTS
    }
    return FactTable(len(examples), columns)


def _unwise(rule: Rule) -> list[str]:
    out: list[str] = []
    groups = (
        ("hits", rule.examples.hit),
        ("misses", rule.examples.miss),
        ("stays undecided", rule.examples.undecided),
    )
    out += [f"has no example that {name}" for name, examples in groups if not examples]
    out += _unwise_basis(rule.legal)
    if "outbound_bytes" not in rule.when.facts():
        out.append("does not ask for outbound_bytes: attempts that moved nothing count as well")
    if not rule.not_known:
        out.append("says nothing under not_known: which exemption or fact would change it?")
    return out


def _unwise_basis(legal: Iterable[Basis]) -> list[str]:
    out: list[str] = []
    for basis in legal:
        name = f"{basis.instrument}, {basis.article}"
        if basis.mark in ("T", "M"):
            out.append(f"rests on {name}, whose text nobody has confirmed (mark {basis.mark})")
        if not basis.url and basis.mark != "M":
            out.append(f"{name} names no url where the text can be read")
        if basis.says.vi == basis.says.en:
            out.append(f"{name}: Vietnamese and English are the same text")
    return out

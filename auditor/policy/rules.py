"""The rules: questions about flows, with their legal basis and their examples (``rules.yaml``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StrictBool, ValidationInfo, field_validator, model_validator

from auditor.model.catalogue import Wording
from auditor.model.content import COVERT_CHANNEL, STATE_SECRET
from auditor.model.documents import Document, Some, read
from auditor.model.finding import LegalBasis, Severity
from auditor.model.regimes import NO_REGIME, Basis
from auditor.model.text import Text
from auditor.policy.conditions import MOST_LEVELS, Condition, Facts, Lists, listed
from auditor.policy.vocabulary import OF_CATEGORY, OF_DATA, OF_OPERATOR

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from auditor.model.catalogue import Catalogue
    from auditor.model.regimes import RegimeFile

Key = Literal["system", "recipient", "category"]
Verdict = Literal["hit", "miss", "undecided"]


@dataclass(frozen=True, slots=True)
class Said:
    """The texts of a rule that every one of its findings carries."""

    title: Text
    next_step: Text
    not_known: tuple[Text, ...]


class Examples(Document):
    """Facts of which the rule's answer is known."""

    hit: tuple[Facts, ...] = ()
    miss: tuple[Facts, ...] = ()
    undecided: tuple[Facts, ...] = ()


class Rule(Document):
    """One question about flows, and what follows where the answer is yes.

    A flow from before the first provision of ``legal`` was in force is undecided at most.

    Attributes:
        question: what the rule asks, as one sentence.
        when: the condition.
        on_hit: state of the finding where the condition holds: ``undecided`` for rules that ask
            whether something is not known.
        on_unknown: what an undecided condition gives: a finding in state ``undecided``, or nothing.
        coverable: a filed dossier turns the finding into state ``covered``.
        group_by: what one finding is about; what is left out is put together.
        regime: id of the rules its findings fall under whatever their data is, such as those on
            state secrets; null = those that the transfers themselves fall under.
        sanctions: ids of sanctions of ``regimes.yaml`` that an inspector would look up.
        not_known: what traffic cannot show and would change the indicator, such as exemptions.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)]
    title: Wording
    severity: Severity
    question: Wording
    when: Condition
    on_hit: Literal["open", "undecided"] = "open"
    on_unknown: Literal["report", "ignore"]
    coverable: StrictBool = False
    group_by: Some[Key] = ("system", "recipient", "category")
    regime: str | None = None
    legal: Some[Basis]
    sanctions: tuple[str, ...] = ()
    next_step: Wording
    not_known: tuple[Wording, ...] = ()
    examples: Examples = Examples()

    @field_validator("id")
    @classmethod
    def _stands_once(cls, value: str, info: ValidationInfo) -> str:
        if isinstance(info.context, Lists):
            if value in info.context.ids:
                raise ValueError(f"another rule has the id {value!r}; every rule needs its own")
            info.context.ids.add(value)
        return value

    @field_validator("regime")
    @classmethod
    def _regime_exists(cls, value: str | None, info: ValidationInfo) -> str | None:
        return None if value is None else listed(value, "regime", info)

    @field_validator("sanctions")
    @classmethod
    def _sanctions_exist(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return tuple(listed(each, "sanction", info) for each in value)

    @field_validator("when")
    @classmethod
    def _is_small(cls, value: Condition) -> Condition:
        if value.levels() > MOST_LEVELS:
            raise ValueError(f"is more than {MOST_LEVELS} levels deep; split the rule")
        return value

    @field_validator("group_by")
    @classmethod
    def _names_each_once(cls, value: tuple[Key, ...]) -> tuple[Key, ...]:
        if len(set(value)) < len(value):
            raise ValueError("names something twice")
        return value

    @model_validator(mode="after")
    def _can_be_covered(self) -> Rule:
        if self.coverable and "category" not in self.group_by:
            raise ValueError(
                "a dossier covers categories: a coverable rule needs `category` in `group_by`"
            )
        return self

    @cached_property
    def by_category(self) -> bool:
        """Whether the rule looks at each category of a flow on its own."""
        return "category" in self.group_by or bool(self.when.facts() & OF_CATEGORY)

    @cached_property
    def about_data(self) -> bool:
        """Whether the answer rests on which data the flow carries."""
        return self.by_category or bool(self.when.facts() & OF_DATA)

    @cached_property
    def about_operator(self) -> bool:
        """Whether the answer rests on who runs the far side, wherever it stands."""
        return bool(self.when.facts() & OF_OPERATOR)

    @cached_property
    def crossing_is_enough(self) -> bool:
        """Whether the rule asks who runs the far side only where nothing crosses the border."""
        return any(
            any(each.facts() == {"crosses_border"} for each in branches)
            and any(each.facts() & OF_OPERATOR for each in branches)
            for branches in self.when.alternatives()
        )

    @cached_property
    def said(self) -> Said:
        """The rule's texts as its findings carry them."""
        return Said(
            text(self.title),
            text(self.next_step),
            tuple(text(wording) for wording in self.not_known),
        )

    @property
    def in_force_from(self) -> date | None:
        """First day of the provision the rule rests on first of all; null = on every day."""
        return self.legal[0].in_force

    def legal_between(self, first: date, last: date) -> tuple[LegalBasis, ...]:
        """What was in force between two days; all, where nothing was."""
        applying = [basis for basis in self.legal if basis.applies(first, last)]
        return tuple(basis_of(basis) for basis in applying or self.legal)


class RuleFile(Document):
    """All rules of one file."""

    version: Annotated[str, Field(min_length=1)]
    rules: Some[Rule]


def text(wording: Wording) -> Text:
    """A wording of a file as findings carry it."""
    return Text(wording.vi, wording.en)


def basis_of(basis: Basis) -> LegalBasis:
    """A provision of a file as findings carry it."""
    return LegalBasis(basis.instrument, basis.article, text(basis.says), basis.mark, basis.url)


def load_rules(
    path: Path, catalogue: Catalogue | None = None, regimes: RegimeFile | None = None
) -> RuleFile:
    """The rules in ``path``.

    Args:
        path: the file.
        catalogue: what codes of categories are compared to; null = they are not.
        regimes: what regimes and sanctions are compared to; null = they are not.

    Raises:
        PolicyError: the file is missing or has mistakes; all are listed, with their lines.
    """
    names: dict[str, frozenset[str]] = {}
    if catalogue is not None:
        names["category"] = frozenset(catalogue.by_code)
        names["label"] = names["category"] | {STATE_SECRET, COVERT_CHANNEL}
    if regimes is not None:
        names["regime"] = frozenset(each.id for each in regimes.regimes) | {NO_REGIME}
        names["sanction"] = frozenset(each.id for each in regimes.sanctions)
    return read(path, RuleFile, context=Lists(names))

"""The rules that transfers fall under, by kind of data, owner and day (``policies/regimes.yaml``).

Everything that the law sets as a number or a date stands in that file; what is chosen by it, and
how, is ``auditor.policy.regimes``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt, ValidationInfo, model_validator

from auditor.model.catalogue import Level, Mark, Wording
from auditor.model.documents import Document, Some

Day = Annotated[date, Field(ge=date(1900, 1, 1), lt=date(3000, 1, 1))]
Days = Annotated[StrictInt, Field(ge=0, le=36_500)]
"""No more than a century: every day that is reckoned by it is one of the calendar."""
NO_REGIME: Final = "none"
"""The answer for data of which it is known that it stands on no list."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the mistakes of ``regimes.yaml`` are found with.

    Attributes:
        categories: codes of all categories.
        numbered: codes of those that begin at a number of subjects, known or not.
        regimes: ids of the file's own regimes; filled while it is read, as ``ids`` is.
    """

    categories: frozenset[str]
    numbered: frozenset[str]
    regimes: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)


def _stands_once(value: str, info: ValidationInfo) -> str:
    if isinstance(info.context, Known):
        if value in info.context.ids:
            raise ValueError(f"another entry of this file has the id {value!r}")
        info.context.ids.add(value)
    return value


def _regime_exists(value: str, info: ValidationInfo) -> str:
    if isinstance(info.context, Known) and value not in info.context.regimes:
        raise ValueError(
            f"this file has no regime {value!r}; it has {', '.join(sorted(info.context.regimes))}"
        )
    return value


def _category_exists(value: str, info: ValidationInfo) -> str:
    if isinstance(info.context, Known) and value not in info.context.categories:
        raise ValueError(f"no category list has the code {value!r}")
    return value


def _has_a_number(value: str | None, info: ValidationInfo) -> str | None:
    if isinstance(info.context, Known) and value is not None:
        _category_exists(value, info)
        if value not in info.context.numbered:
            raise ValueError(f"category {value!r} has no `threshold` in the category list")
    return value


def _duties_stand_once(value: tuple[Duty, ...]) -> tuple[Duty, ...]:
    ids = [duty.id for duty in value]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ValueError(f"duties stand twice: {', '.join(twice)}")
    return value


Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)]
OwnId = Annotated[Id, AfterValidator(_stands_once)]
RegimeId = Annotated[Id, AfterValidator(_regime_exists)]
Owner = Literal["state-agency", "other", "any"]
Url = Annotated[str, Field(pattern=r"^(https?://[^\s<>\"']+)?$")]


class Basis(Document):
    """A provision that something rests on, with how sure its text is.

    Attributes:
        in_force: first day in force; null = no matter when, as a transitional provision.
        until: last day in force; null = in force still.
    """

    instrument: Annotated[str, Field(min_length=1)]
    article: Annotated[str, Field(min_length=1)]
    says: Wording
    mark: Mark
    url: Url = ""
    in_force: Day | None = None
    until: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Basis:
        if self.in_force is not None and self.until is not None and self.until < self.in_force:
            raise ValueError(f"ends ({self.until}) before it comes into force ({self.in_force})")
        return self

    def applies(self, first: date, last: date) -> bool:
        """Whether it was in force on a day between ``first`` and ``last``."""
        begun = self.in_force is None or self.in_force <= last
        return begun and (self.until is None or first <= self.until)


class Duty(Document):
    """Something that must be done by a day that can be reckoned.

    Attributes:
        id: what the program reckons by, such as ``file``, ``report-exempt``, ``update-soon``.
        event: the day that ``days``, ``months`` or ``hours`` are counted from or to.
        direction: ``before`` that day (15 days before the processing) or ``after`` it.
        paper: what is handed in, such as ``form-09``; empty = nothing is.
    """

    id: Id
    what: Wording
    event: Literal["first-transfer", "transfer", "change", "filing", "result", "discovery", "year"]
    direction: Literal["before", "after"]
    days: Days | None = None
    months: Annotated[StrictInt, Field(ge=1, le=1200)] | None = None
    hours: Annotated[StrictInt, Field(ge=1, le=876_000)] | None = None
    paper: str = ""
    basis: Basis

    @model_validator(mode="after")
    def _has_one_measure(self) -> Duty:
        if [self.days, self.months, self.hours].count(None) != 2:
            raise ValueError("write either `days`, `months` or `hours`")
        return self


class Sanction(Document):
    """The range that an inspector would look up: information, and no finding about anybody.

    Attributes:
        id: what rules name it by.
    """

    id: OwnId
    conduct: Wording
    range: Wording
    basis: Basis


class Regime(Document):
    """Rules that transfers of some data fall under in some time.

    Regimes are asked in the order of the file: the first that applies is the one.

    Attributes:
        levels: levels of the categories it speaks of; none = no category falls under it by itself,
            a rule says so (state secrets).
        personal: whether it speaks of personal data only (true) or of other data only (false);
            null = of both.
        owner: whose data it speaks of.
        since, until: first and last day on which it is applied to transfers.
        needs: what must be there: an assessment that passed before the transfer, a dossier filed
            ``days`` before it, one filed within ``days`` after the first transfer, or nothing.
        days: see ``needs``.
        dossiers_of: regimes whose dossiers count here as well: what was received under an earlier
            law stays in use, where the law says so, and a dossier of the later law that was filed
            before that law came into force.
    """

    id: OwnId
    title: Wording
    levels: tuple[Level, ...]
    personal: StrictBool | None = None
    owner: Owner = "any"
    since: Day
    until: Day | None = None
    needs: Literal["passed-before", "filed-before", "filed-after", "none"]
    days: Days = 0
    dossiers_of: tuple[RegimeId, ...] = ()
    legal: Some[Basis]
    duties: Annotated[tuple[Duty, ...], AfterValidator(_duties_stand_once)] = ()
    sanctions: tuple[Sanction, ...] = ()
    note: Wording | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Regime:
        if self.until is not None and self.until < self.since:
            raise ValueError(f"ends ({self.until}) before it begins ({self.since})")
        return self


class Ground(Document):
    """A ground on which a transfer needs no dossier, or no prior one; people claim it.

    Attributes:
        regimes: ids of the regimes that it frees from their ``needs``.
        duties: what must be done all the same, such as the report after 15 days.
    """

    id: OwnId
    title: Wording
    regimes: Some[RegimeId]
    basis: Basis
    duties: Annotated[tuple[Duty, ...], AfterValidator(_duties_stand_once)] = ()


class RunningThreshold(Document):
    """A number of subjects from which on something applies, counted over all transfers.

    Attributes:
        category: the category that begins there, whose number stands in the category list; null =
            ``above`` says the number.
        labels: codes of the data whose subjects count.
        since: day from which on transfers count.
        above: applies to more subjects than these.
    """

    id: OwnId
    title: Wording
    category: Annotated[str | None, AfterValidator(_has_a_number)] = None
    labels: Some[Annotated[str, AfterValidator(_category_exists)]]
    since: Day
    above: Annotated[StrictInt, Field(ge=0)] | None = None
    severity: Literal["critical", "high", "medium", "low", "info"]
    next_step: Wording
    legal: Some[Basis]

    @model_validator(mode="after")
    def _says_where_it_lies(self) -> RunningThreshold:
        if (self.category is None) == (self.above is None):
            raise ValueError("write either `category` or `above`")
        return self


class RegimeFile(Document):
    """``policies/regimes.yaml``."""

    version: Annotated[str, Field(min_length=1)]
    regimes: Some[Regime]
    grounds: tuple[Ground, ...] = ()
    thresholds: tuple[RunningThreshold, ...] = ()
    sanctions: tuple[Sanction, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _gather_regimes(cls, content: object, info: ValidationInfo) -> object:
        """What refers to a regime may stand before it: their ids are gathered first."""
        if isinstance(info.context, Known) and isinstance(content, dict):
            regimes = content.get("regimes")
            for each in regimes if isinstance(regimes, list) else ():
                name = each.get("id") if isinstance(each, dict) else None
                if isinstance(name, str):
                    info.context.regimes.add(name)
        return content

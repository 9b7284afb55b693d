"""The condition of a rule: a small tree over the facts of the vocabulary.

The format is built from ``vocabulary.FACTS``, so that an unknown fact, an operator that does not
fit it, and a value it can never take are mistakes of the file, with their line.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    StrictInt,
    ValidationInfo,
    create_model,
    model_validator,
)

from auditor.model.documents import Document, Some
from auditor.policy.vocabulary import FACTS, OPERATORS_OF, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LEVELS: Final = 8
"""How deep conditions may stand in one another."""


@dataclass(frozen=True, slots=True)
class Lists:
    """What exists that a rules file may name.

    Attributes:
        names: by what names it (``Fact.names``, and ``sanction``); what is absent is not compared.
        ids: of the rules read so far.
    """

    names: Mapping[str, frozenset[str]]
    ids: set[str] = field(default_factory=set)


def listed(value: str, names: str, info: ValidationInfo) -> str:
    """``value``, which must be on the list ``names`` where the reader of the file has that list."""
    known = info.context.names.get(names) if isinstance(info.context, Lists) else None
    if known is not None and value not in known:
        close = difflib.get_close_matches(value, sorted(known), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"no {names} {value!r} exists{hint}")
    return value


class Test(Document):
    """What is asked of one fact; where several operators stand, all must hold."""

    __test__ = False

    @model_validator(mode="after")
    def _asks_something(self) -> Test:
        if not self.model_fields_set:
            raise ValueError("name at least one operator, such as `known: true`")
        return self

    def operators(self) -> Iterator[tuple[str, Any]]:
        """Each operator written, with its value."""
        for name in sorted(self.model_fields_set):
            yield type(self).model_fields[name].alias or name, getattr(self, name)


class _Tree(Document):
    all_: Some[Condition] | None = Field(None, alias="all")
    any_: Some[Condition] | None = Field(None, alias="any")
    not_: Condition | None = Field(None, alias="not")

    @model_validator(mode="after")
    def _says_one_thing(self) -> _Tree:
        if len(self.model_fields_set) != 1:
            raise ValueError(
                "write exactly one of `all`, `any`, `not` or one fact here; "
                "several conditions go into a list under `all` or `any`"
            )
        return self

    @property
    def tests(self) -> Iterator[tuple[str, Test]]:
        """The fact tested here, if this is not a branch."""
        for name in self.model_fields_set - {"all_", "any_", "not_"}:
            yield name, getattr(self, name)

    def facts(self) -> frozenset[str]:
        """Names of all facts the condition speaks of."""
        names = {name for name, _ in self.tests}
        inner = (*(self.all_ or ()), *(self.any_ or ()), *((self.not_,) if self.not_ else ()))
        return frozenset(names).union(*(condition.facts() for condition in inner))

    def alternatives(self) -> Iterator[tuple[Condition, ...]]:
        """The branches of each ``any`` that must hold for the whole to hold."""
        if self.any_:
            yield self.any_
        for condition in self.all_ or ():
            yield from condition.alternatives()

    def levels(self) -> int:
        """How many levels deep the tree is; a single fact is one."""
        inner = (*(self.all_ or ()), *(self.any_ or ()), *((self.not_,) if self.not_ else ()))
        return 1 + max((condition.levels() for condition in inner), default=0)


def _value_type(kind: Kind, values: tuple[str, ...], names: str) -> Any:  # noqa: ANN401 - a type, made at run time
    if values:
        return Literal[values]
    text: Any = Annotated[str, Field(min_length=1, max_length=300)]
    if names:

        def exists(value: str, info: ValidationInfo) -> str:
            return listed(value, names, info)

        text = Annotated[text, AfterValidator(exists)]
    kinds: dict[Kind, Any] = {
        Kind.TRUTH: StrictBool,
        Kind.TEXT: text,
        Kind.TEXTS: text,
        Kind.NUMBER: Annotated[StrictInt, Field(ge=0, lt=2**63)],
        Kind.DAY: date,
    }
    return kinds[kind]


@cache  # facts of one kind share their test: building each is what importing this costs
def _test_type(kind: Kind, values: tuple[str, ...], names: str) -> type[Test]:
    one: Any = _value_type(kind, values, names)
    several = Some[one]
    types = {"known": StrictBool, "one_of": several, "has_any": several}
    fields: dict[str, Any] = {
        "is_" if name == "is" else name: (
            types.get(name, one),
            Field(None, alias="is") if name == "is" else None,
        )
        for name in OPERATORS_OF[kind]
    }
    return create_model(f"Test_{kind.name}", __base__=Test, **fields)


if TYPE_CHECKING:
    Condition = _Tree
    Facts = Document
else:
    Condition = create_model(
        "Condition",
        __base__=_Tree,
        **{fact.name: (_test_type(fact.kind, fact.values, fact.names), None) for fact in FACTS},
    )
    Condition.model_rebuild(_types_namespace={"Condition": Condition})
    Facts = create_model(
        "Facts",
        __base__=Document,
        __doc__="The facts of one example; a fact that is absent or null is unknown.",
        **{
            fact.name: (
                (
                    tuple[_value_type(fact.kind, fact.values, fact.names), ...]
                    if fact.kind is Kind.TEXTS
                    else _value_type(fact.kind, fact.values, fact.names)
                )
                | None,
                None,
            )
            for fact in FACTS
        },
    )

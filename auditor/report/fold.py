"""Findings that differ only in their category, put together for the reader.

The run keeps one finding per category of data. On paper the same flows of one system to one
recipient stand once, with the categories in a small table; nothing is left out by that.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from auditor.model.finding import (
    SEVERITIES,
    Claim,
    Comparison,
    Deadline,
    Evidence,
    Finding,
    LegalBasis,
    Recognised,
    Sanction,
    Step,
)
from auditor.model.text import Text
from auditor.report.digest import weighed

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

Said = TypeVar("Said")

_SEEN: Final = tuple(
    each.name
    for each in fields(Evidence)
    if each.name not in ("subjects", "subjects_basis", "recognised")
)
_CODE: Final = "\x00"  # where a sentence names its category
_COMMON: Final = 0.5
_FEW: Final = 5


@dataclass(frozen=True, slots=True)
class Shared(Generic[Said]):
    """Something said of a group, and of which categories; no codes: of the whole group."""

    value: Said
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one rule, system, recipient and state on the same flows.

    Attributes:
        place: its number in the report, from 1.
        members: one finding per category, heaviest first, then by code.
    """

    place: int
    members: tuple[Finding, ...]

    @property
    def head(self) -> Finding:
        """The heaviest member; what all members share can be read from it."""
        return self.members[0]

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the categories; none where the finding is not about categories."""
        return tuple(each.category for each in self.members if each.category is not None)

    def texts(self, part: Callable[[Finding], Iterable[Text]]) -> list[Shared[Text]]:
        """The sentences of all members, each once.

        Sentences that differ only in the code of the category become one that names them all.
        """
        if len(self.members) == 1:
            return [Shared(text) for text in part(self.head)]
        found: dict[tuple[str, str], list[str]] = {}
        for member in self.members:
            for text in part(member):
                found.setdefault(_without(text, member.category), []).append(member.category or "")
        return [
            Shared(Text(*(each.replace(_CODE, ", ".join(codes)) for each in pattern)))
            if any(_CODE in each for each in pattern)
            else Shared(Text(*pattern), self._unless_all(codes))
            for pattern, codes in found.items()
        ]

    def things(self, part: Callable[[Finding], Iterable[Said]]) -> list[Shared[Said]]:
        """The distinct things of all members, in the order in which they come first."""
        found: dict[Said, list[str]] = {}
        for member in self.members:
            for thing in part(member):
                found.setdefault(thing, []).append(member.category or "")
        return [Shared(thing, self._unless_all(codes)) for thing, codes in found.items()]

    def _unless_all(self, codes: list[str]) -> tuple[str, ...]:
        return () if len(codes) >= len(self.members) else tuple(codes)

    @property
    def legal(self) -> list[Shared[LegalBasis]]:
        """The provisions."""
        return self.things(lambda each: each.legal)

    @property
    def known_by(self) -> list[Shared[Text]]:
        """How each part is known."""
        return self.texts(lambda each: each.known_by)

    @property
    def not_known(self) -> list[Shared[Text]]:
        """What is not known."""
        return self.texts(lambda each: each.not_known)

    @property
    def next_steps(self) -> list[Shared[Text]]:
        """What to do next."""
        return self.texts(lambda each: (each.next_step,))

    @property
    def certainties(self) -> list[Shared[str]]:
        """How certain; one where all categories are equally so."""
        return self.things(lambda each: (each.certainty,))

    @property
    def severities(self) -> list[Shared[str]]:
        """How heavy; one where all categories are equally so."""
        return self.things(lambda each: (each.severity,))

    @property
    def recognised(self) -> list[Shared[Recognised]]:
        """What detectors recognised in the content."""
        return self.things(lambda each: each.evidence.recognised)

    @property
    def dossiers(self) -> list[Shared[tuple[str | None, Text | None]]]:
        """Dossiers with what is to be said of them."""
        return self.things(
            lambda each: (
                ((each.dossier, each.dossier_note),) if each.dossier or each.dossier_note else ()
            )
        )

    @property
    def regimes(self) -> list[Shared[Text]]:
        """The rules that the transfers fall under."""
        return self.things(lambda each: (each.regime_title,) if each.regime_title else ())

    @property
    def compared(self) -> list[Shared[Comparison]]:
        """Dossiers beside what was seen, the fields in the order in which they come first."""
        found = self.things(lambda each: each.compared)
        order = list(dict.fromkeys(each.value.field for each in found))
        return sorted(found, key=lambda each: order.index(each.value.field))

    @property
    def deadlines(self) -> list[Shared[Deadline]]:
        """What must be done by which day, the earliest first."""
        return sorted(self.things(lambda each: each.deadlines), key=lambda each: each.value.due)

    @property
    def claims(self) -> list[Shared[Claim]]:
        """The exemptions that are claimed."""
        return self.things(lambda each: (each.claim,) if each.claim else ())

    @property
    def sanctions(self) -> list[Shared[Sanction]]:
        """What an inspector would look up."""
        return self.things(lambda each: each.sanctions)

    @property
    def lives(self) -> list[Shared[tuple[Step, ...]]]:
        """What people decided, the newest first; one where all findings have the same life."""
        return self.things(lambda each: (each.life,) if each.life else ())


def folded(findings: Iterable[Finding]) -> list[Group]:
    """All findings as groups, in the order of attention of their heaviest members."""
    groups: dict[Hashable, list[Finding]] = {}
    for finding in weighed(findings):
        groups.setdefault(_key(finding), []).append(finding)
    return [
        Group(
            place,
            tuple(
                sorted(
                    members,
                    key=lambda one: (SEVERITIES.index(one.severity), one.category or "", one.id),
                )
            ),
        )
        for place, members in enumerate(groups.values(), start=1)
    ]


def common_doubts(doubts: Iterable[list[Shared[Text]]]) -> tuple[Text, ...]:
    """What is not known of at least half the groups, the most frequent first.

    Args:
        doubts: those of each group; of few groups nothing is common.
    """
    each_group = list(doubts)
    if len(each_group) < _FEW:
        return ()
    found = Counter(one.value for group in each_group for one in group if not one.codes)
    return tuple(text for text, count in found.most_common() if count >= _COMMON * len(each_group))


def _key(finding: Finding) -> Hashable:
    if finding.category is None:
        return finding.id
    return (
        finding.rule,
        finding.title,
        finding.state,
        finding.system,
        finding.system_name,
        finding.recipient,
        finding.countries,
        *(getattr(finding.evidence, name) for name in _SEEN),
    )


def _without(text: Text, code: str | None) -> tuple[str, str]:
    if not code or code not in text.vi or code not in text.en:
        return text.vi, text.en
    alone = re.compile(rf"(?<![\w.]){re.escape(code)}(?!\.?\w)")
    return alone.sub(_CODE, text.vi), alone.sub(_CODE, text.en)

"""Rules asked of the flows, and what they answer put together into findings."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.finding import SEVERITIES, Certainty, Finding, State
from auditor.model.flow_table import Stage, schema_at
from auditor.model.text import Text
from auditor.policy import masks, words
from auditor.policy.coverage import Reason, Register
from auditor.policy.evidence import Gathering
from auditor.policy.facts import column_of, evaluated, exploded, of_categories, of_flows
from auditor.policy.masks import Integers
from auditor.policy.rules import Rule, text

if TYPE_CHECKING:
    from auditor.model.catalogue import Catalogue
    from auditor.model.inventory import Inventory
    from auditor.policy.dossiers import DossierFile
    from auditor.policy.facts import Exploded, FactTable
    from auditor.policy.rules import RuleFile

STATES: Final[tuple[State, ...]] = ("open", "undecided", "covered")
"""From the heaviest to the lightest; a flow that is several at once is the heaviest."""

_OPEN, _UNDECIDED, _COVERED = range(3)
_CERTAINTIES: Final[tuple[Certainty, ...]] = ("weak", "likely", "firm")
_MOST_OTHERS: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """Where one rule answers: flows (and categories) with their state and closest dossier."""

    flow: Integers
    category: Integers
    state: Integers
    reason: Integers
    dossier: Integers


@dataclass(frozen=True, slots=True, eq=False)
class _Keys:
    """Per flow: numbers of what findings are grouped by."""

    system: Integers
    systems: list[str]
    recipient: Integers
    recipients: list[str]
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    rule: Rule
    system: str | None
    recipient: str
    category: str | None
    state: State

    @property
    def id(self) -> str:
        """Hash of rule, system, recipient and category, and of the state where it is not open.

        Covered and open flows of the same four are two findings; the open one has the plain id.
        """
        parts = [self.rule.id, self.system, self.recipient, self.category]
        if self.state != "open":
            parts.append(self.state)
        content = json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return hashlib.sha256(content).hexdigest()[:16]


def findings(
    flows: pd.DataFrame,
    rules: RuleFile,
    catalogue: Catalogue,
    inventory: Inventory | None,
    dossiers: DossierFile | None,
) -> tuple[Finding, ...]:
    """All indicators that ``rules`` find in ``flows``, the heaviest first.

    Args:
        flows: the flow table after stage ``classify``.
        rules: the questions.
        catalogue: all categories of data.
        inventory: the agency's systems; null = none was given, and no flow's system is known.
        dossiers: the register of filed dossiers; null = none was given.

    Returns:
        Sorted by severity, state (open, undecided, covered), outbound bytes and id.
    """
    table = _candidates(flows)
    if not table.num_rows:
        return ()
    by_flow = of_flows(table, inventory_given=inventory is not None)
    rows = exploded(column_of(table, "categories"))
    by_category = of_categories(table, by_flow, rows, catalogue)
    register = Register(dossiers.dossiers if dossiers else (), table)
    answers = [_answered(rule, by_flow, by_category, rows, register) for rule in rules.rules]
    return _Assembly(table, rules, answers, rows, register, catalogue, inventory).findings(
        register_given=dossiers is not None
    )


def _candidates(flows: pd.DataFrame) -> pa.Table:
    """The flows that cross the border or might."""
    schema = schema_at(Stage.CLASSIFY)
    maybe = ~masks.decided(pa.array(flows["crosses_border"], pa.bool_())).miss
    table = pa.Table.from_pandas(flows.loc[maybe, schema.names], schema, preserve_index=False)
    return table.combine_chunks()


def _answered(
    rule: Rule, by_flow: FactTable, by_category: FactTable, rows: Exploded, register: Register
) -> _Answer:
    facts = by_category if rule.by_category else by_flow
    answer = evaluated(rule.when, facts)
    state = np.full(facts.rows, -1, np.int64)
    state[answer.hit] = _OPEN if rule.on_hit == "open" else _UNDECIDED
    if rule.on_unknown == "report":
        state[answer.unknown] = _UNDECIDED
    chosen = np.flatnonzero(state >= 0)
    state = state[chosen]
    reason = np.full(len(chosen), Reason.NONE, np.int64)
    dossier = np.full(len(chosen), -1, np.int64)
    if rule.coverable and len(chosen):
        coverage = register.coverage(facts, rows, chosen)
        reason, dossier = coverage.reason, coverage.dossier
        state[coverage.covered] = _COVERED
    none = np.full(len(chosen), -1, np.int64)
    if not rule.by_category:
        return _Answer(chosen, none, state, reason, dossier)
    flow = rows.flow_of[chosen]
    if "category" in rule.group_by:
        return _Answer(flow, rows.code[chosen], state, reason, dossier)
    # Not grouped by category: a flow counts once, with the heaviest of its states.
    order = np.lexsort((state, flow))
    first = order[np.unique(flow[order], return_index=True)[1]]
    return _Answer(flow[first], none[first], state[first], reason[first], dossier[first])


class _Assembly:
    """The answers of all rules, grouped and written out."""

    def __init__(
        self,
        table: pa.Table,
        rules: RuleFile,
        answers: list[_Answer],
        rows: Exploded,
        register: Register,
        catalogue: Catalogue,
        inventory: Inventory | None,
    ) -> None:
        self._keys = _keys_of(table, rows)
        self._catalogue = catalogue
        self._register = register
        self._inventory = inventory
        systems = inventory.systems if inventory else ()
        self._systems = {system.id: system for system in systems}
        members: list[Integers] = []
        self._groups: list[_Group] = []
        for rule, answer in zip(rules.rules, answers, strict=True):
            numbers, groups = self._grouped(rule, answer)
            members.append(numbers + len(self._groups))
            self._groups += groups
        if not self._groups:
            return
        group = np.concatenate(members)
        flow = np.concatenate([answer.flow for answer in answers])
        self._gathering = Gathering(table, group, flow, len(self._groups))
        self._certainty = [
            self._gathering.best(_certainty(table, about_data=about)) for about in (False, True)
        ]
        self._closest(group, answers)

    def findings(self, *, register_given: bool) -> tuple[Finding, ...]:
        """One finding per group, in the order a reader wants them."""
        found = [
            self._finding(number, group, register_given=register_given)
            for number, group in enumerate(self._groups)
        ]
        found.sort(
            key=lambda one: (
                SEVERITIES.index(one.severity),
                STATES.index(one.state),
                -one.evidence.outbound_bytes,
                one.id,
            )
        )
        return tuple(found)

    def _grouped(self, rule: Rule, answer: _Answer) -> tuple[Integers, list[_Group]]:
        keys = self._keys
        system = keys.system[answer.flow] if "system" in rule.group_by else -1
        recipient = keys.recipient[answer.flow] if "recipient" in rule.group_by else -1
        # One number out of four, each moved up by one for "none".
        key = np.zeros(len(answer.flow), np.int64) + (system + 1)
        key = key * (len(keys.recipients) + 1) + (recipient + 1)
        key = key * (len(keys.categories) + 1) + (answer.category + 1)
        key = key * len(STATES) + answer.state
        numbers, distinct = pd.factorize(key)
        groups: list[_Group] = []
        for value in distinct.tolist():
            rest, state = divmod(value, len(STATES))
            rest, category = divmod(rest, len(keys.categories) + 1)
            of_system, of_recipient = divmod(rest, len(keys.recipients) + 1)
            groups.append(
                _Group(
                    rule,
                    keys.systems[of_system - 1] if of_system else None,
                    keys.recipients[of_recipient - 1] if of_recipient else "*",
                    keys.categories[category - 1] if category else None,
                    STATES[state],
                )
            )
        return numbers.astype(np.int64), groups

    def _closest(self, group: Integers, answers: list[_Answer]) -> None:
        """Per group: the furthest that any dossier reaches, and the dossiers that do."""
        reason = np.concatenate([answer.reason for answer in answers])
        dossier = np.concatenate([answer.dossier for answer in answers])
        self._reason = np.full(len(self._groups), Reason.NONE, np.int64)
        np.minimum.at(self._reason, group, reason)
        furthest = np.where(reason == self._reason[group], dossier, -1)
        codes = furthest[self._gathering.order]
        names = [str(number) for number in range(len(self._register.dossiers))]
        self._dossiers = self._gathering.heaviest_of_members(codes, names, _MOST_OTHERS + 1)

    def _finding(self, number: int, group: _Group, *, register_given: bool) -> Finding:
        rule = group.rule
        covered = group.state == "covered"
        system = self._systems.get(group.system) if group.system else None
        known = group.category is not None and group.category in self._catalogue
        category = self._catalogue[group.category] if group.category and known else None
        evidence = self._gathering.evidence(number, system.subjects if system else None)
        seen = self._gathering.seen(number)
        certainty = _CERTAINTIES[int(self._certainty[rule.about_data][number])]
        title = text(category.title) if category else None
        if group.category and not category:
            title = Text(group.category, group.category)
        closest = [self._register.dossiers[int(counted.name)] for counted in self._dossiers[number]]
        return Finding(
            id=group.id,
            rule=rule.id,
            title=rule.said.title,
            severity="info" if covered else rule.severity,
            state=group.state,
            system=group.system,
            system_name=system.name if system else None,
            recipient=group.recipient,
            category=group.category,
            category_title=title,
            category_verified=bool(category and category.verified) if group.category else None,
            countries=tuple(counted.name for counted in self._gathering.countries[number]),
            certainty="weak" if group.state == "undecided" else certainty,
            known_by=words.known_by(
                seen, evidence, group.system, group.category, about_data=rule.about_data
            ),
            not_known=rule.said.not_known
            + words.not_known(
                seen,
                evidence,
                category,
                about_data=rule.about_data,
                system=group.system,
                inventory_given=self._inventory is not None,
            ),
            legal=rule.said.legal,
            next_step=words.COVERED_STEP if covered else rule.said.next_step,
            evidence=evidence,
            dossier=closest[0].id if closest else None,
            dossier_note=words.dossier_said(
                Reason(int(self._reason[number])),
                closest[0] if closest else None,
                [dossier.id for dossier in closest[1:]],
                register_given=register_given,
            )
            if rule.coverable
            else None,
        )


def _keys_of(table: pa.Table, rows: Exploded) -> _Keys:
    systems = column_of(table, "system_id").dictionary_encode()
    # Without an organisation the address stands for the recipient; without a known home end, the
    # responder does.
    recipients = pc.coalesce(
        column_of(table, "peer_org"), column_of(table, "peer_ip"), column_of(table, "dst_ip")
    ).dictionary_encode()
    return _Keys(
        np.asarray(pc.fill_null(systems.indices, -1)).astype(np.int64),
        systems.dictionary.to_pylist(),
        np.asarray(recipients.indices).astype(np.int64),
        recipients.dictionary.to_pylist(),
        rows.codes,
    )


def _certainty(table: pa.Table, *, about_data: bool) -> Integers:
    """Per flow: 2 = firm, 1 = likely, 0 = weak; the weakest of its grounds decides.

    A finding is as certain as its best flow: one flow whose content was read and whose place is
    known makes the indicator firm, however many others are only declared.
    """
    state = column_of(table, "geo_state")
    place = np.where(masks.one_of(state, ["country"]).hit, 2, 1)
    # Known from the registration of the address block only: that may be another country.
    registered = pc.match_substring(column_of(table, "geo_basis"), "registered: ")
    place[masks.decided(registered).hit] = 1
    place[masks.one_of(state, ["unknown", "not-applicable"]).hit] = 0
    whole = masks.equals(column_of(table, "sampling"), 1).hit
    out = np.minimum(place, np.where(whole, 2, 1))
    if about_data:
        basis = column_of(table, "class_basis")
        data = np.where(masks.one_of(basis, ["content"]).hit, 2, 0)
        data[masks.one_of(basis, ["declared"]).hit] = 1
        out = np.minimum(out, data)
    return out.astype(np.int64)

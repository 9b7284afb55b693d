"""Rules asked of the flows, and what they answer put together into findings."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.content import NOTHING_OPENED, Contents
from auditor.model.finding import CERTAINTIES, SEVERITIES, Finding, State
from auditor.model.flow_table import FLOW_TABLE, Stage, to_arrow
from auditor.model.text import Text
from auditor.policy import dossier_words, masks, words
from auditor.policy.answers import STATES, answered, doubts_of
from auditor.policy.certainty import ANYTHING, Grounds, certainties_of
from auditor.policy.coverage import Reason, Register
from auditor.policy.destinations import FarSides, recipients_of
from auditor.policy.evidence import Gathering, heaviest
from auditor.policy.facts import (
    column_of,
    encoded,
    exploded,
    is_personal,
    numbers_of,
    of_categories,
    of_flows,
)
from auditor.policy.masks import Integers
from auditor.policy.members import flow_sets
from auditor.policy.recognised import Recognitions, with_recognised
from auditor.policy.rules import Rule, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.model.catalogue import Catalogue, Category
    from auditor.model.finding import Evidence
    from auditor.model.inventory import Inventory
    from auditor.policy.answers import Answer
    from auditor.policy.dossiers import DossierFile
    from auditor.policy.facts import Exploded
    from auditor.policy.rules import RuleFile

_MOST_OTHERS: Final = 5
_UNUSED: Final = (
    *("src_bytes", "dst_bytes", "src_payload", "dst_payload", "src_tcp_flags", "dst_tcp_flags"),
    *("rtt_us", "vlan", "tunnel", "outer_src_ip", "outer_dst_ip", "peer_asn", "time_basis"),
    *("window_s", "clock", "nat_src_ip", "nat_src_port", "nat_dst_ip", "nat_dst_port", "blocked"),
    *("alpn", "tls_version", "tls_cipher", "ja4", "community_id", "witness_of"),
)
_NEEDED: Final = tuple(field.name for field in FLOW_TABLE if field.name not in _UNUSED)
_PLAIN: Final = ("src_ip", "dst_ip", "initiator_basis")
"""Texts that nobody asks about; they only stand in evidence."""
_in_json: Final = json.JSONEncoder(ensure_ascii=False).encode


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
        content = _in_json(parts).encode("utf-8", "surrogatepass")
        return hashlib.sha256(content).hexdigest()[:16]


def candidates(parts: Iterable[pd.DataFrame]) -> pa.Table:
    """The flows that cross the border or might, and those to somebody foreign in the country.

    Args:
        parts: all parts of a flow table (``classify``).
    """
    return pa.concat_tables(map(_candidates, parts)).unify_dictionaries().combine_chunks()


def findings(
    table: pa.Table,
    rules: RuleFile,
    catalogue: Catalogue,
    inventory: Inventory | None,
    dossiers: DossierFile | None,
    contents: Contents = NOTHING_OPENED,
) -> tuple[Finding, ...]:
    """All indicators that ``rules`` find, the heaviest first.

    Args:
        table: the ``candidates`` of a flow table.
        rules: the questions.
        catalogue: all categories of data.
        inventory: the agency's systems; null = none was given, and no flow's system is known.
        dossiers: the register of filed dossiers; null = none was given.
        contents: what was inside the flows.

    Returns:
        Sorted by severity, state (open, undecided, covered), outbound bytes and id.
    """
    if not table.num_rows:
        return ()
    by_flow = of_flows(table, inventory_given=inventory is not None)
    rows = exploded(column_of(table, "categories"))
    by_category = of_categories(table, by_flow, rows, catalogue)
    register = Register(dossiers.dossiers if dossiers else (), table)
    doubts = doubts_of(table, rows.codes, catalogue, inventory)
    answers = [answered(rule, by_flow, by_category, rows, register, doubts) for rule in rules.rules]
    return _Assembly(
        table, rules, answers, rows, register, catalogue, inventory, contents
    ).findings(register_given=dossiers is not None)


def _candidates(flows: pd.DataFrame) -> pa.Table:
    """The flows that any rule may ask about, with their texts encoded once for everybody."""
    maybe = ~masks.decided(pa.array(flows["crosses_border"], pa.bool_())).miss
    # In the country, only what somebody foreign is known to run: most flows have no such end.
    maybe |= masks.decided(pa.array(flows["foreign_recipient"], pa.bool_())).hit
    table = to_arrow(flows, Stage.CLASSIFY).select(_NEEDED)
    if not maybe.all():
        table = table.filter(pa.array(maybe))
    columns = [
        column.dictionary_encode()
        if pa.types.is_string(column.type) and name not in _PLAIN
        else column
        for name, column in zip(_NEEDED, table.columns, strict=True)
    ]
    return pa.table(columns, names=list(_NEEDED))


class _Assembly:
    """The answers of all rules, grouped and written out."""

    def __init__(
        self,
        table: pa.Table,
        rules: RuleFile,
        answers: list[Answer],
        rows: Exploded,
        register: Register,
        catalogue: Catalogue,
        inventory: Inventory | None,
        contents: Contents,
    ) -> None:
        self._keys = _keys_of(table, rows)
        self._catalogue = catalogue
        self._register = register
        self._inventory = inventory
        systems = inventory.systems if inventory else ()
        self._systems = {system.id: system for system in systems}
        self._notes: dict[tuple[int, tuple[str, ...], bool], Text] = {}
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
        self._sets = flow_sets(group, flow, len(self._groups), table.num_rows)
        self._gathering = Gathering(table, self._sets)
        self._far = FarSides(table, self._sets, self._gathering.outbound_bytes)
        self._recognitions = Recognitions(contents, table, self._sets)
        labels = pc.list_flatten(column_of(table, "content_labels"))
        self._labels = frozenset(pc.unique(labels).to_pylist())
        self._certainty: dict[Grounds, list[int]] = {
            grounds: self._gathering.best(certainties_of(table, grounds)).tolist()
            for grounds in {self._grounds(group) for group in self._groups}
        }
        self._closest(group, answers, self._gathering.outbound_bytes[flow])

    def findings(self, *, register_given: bool) -> tuple[Finding, ...]:
        """One finding per group, in the order a reader wants them."""
        if not self._groups:
            return ()
        found: list[Finding] = []
        of_finding = self._sets.of_finding.tolist()
        # All findings of one set of flows together: they share what was seen in it.
        order = sorted(range(len(self._groups)), key=of_finding.__getitem__)
        for number, groups in groupby(order, key=of_finding.__getitem__):
            found += self._of_set(number, groups, register_given=register_given)
        found.sort(
            key=lambda one: (
                SEVERITIES.index(one.severity),
                STATES.index(one.state),
                -one.evidence.outbound_bytes,
                one.id,
            )
        )
        return tuple(found)

    def _grouped(self, rule: Rule, answer: Answer) -> tuple[Integers, list[_Group]]:
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

    def _closest(self, group: Integers, answers: list[Answer], outbound: Integers) -> None:
        """Per group: the furthest that any dossier reaches, and the dossiers that do."""
        reason = np.concatenate([answer.reason for answer in answers])
        dossier = np.concatenate([answer.dossier for answer in answers])
        furthest = np.full(len(self._groups), Reason.NONE, np.int64)
        np.minimum.at(furthest, group, reason)
        closest = np.where(reason == furthest[group], dossier, -1)
        names = pa.array([str(number) for number in range(len(self._register.dossiers))])
        self._reason: list[int] = furthest.tolist()
        self._dossiers = heaviest(
            group, closest, outbound, names, len(self._groups), _MOST_OTHERS + 1
        )

    def _of_set(
        self, number: int, groups: Iterable[int], *, register_given: bool
    ) -> Iterator[Finding]:
        """The findings whose flows are those of set ``number``."""
        seen, far = self._gathering.seen(number), self._far.of(number)
        countries = tuple(counted.name for counted in self._gathering.countries[number])
        first, last = self._gathering.days(number)
        by_most: dict[int | None, Evidence] = {}
        for each in groups:
            group = self._groups[each]
            rule, covered = group.rule, group.state == "covered"
            system = self._systems.get(group.system) if group.system else None
            most = system.subjects if system else None
            if most not in by_most:
                by_most[most] = self._gathering.evidence(number, most)
            evidence = by_most[most]
            category = self._catalogue.by_code.get(group.category) if group.category else None
            personal = bool(category and is_personal(category))
            recognised = self._recognitions.of(
                number, group.system, group.recipient, group.category
            )
            evidence = with_recognised(evidence, recognised)
            if group.category and not personal:
                evidence = replace(evidence, subjects=None, subjects_basis=None)
            certainty = CERTAINTIES[self._certainty[self._grounds(group)][number]]
            dossier, note = self._dossier_of(each, register_given=register_given, personal=personal)
            matter = words.Matter(rule, group.system, category, self._inventory, first)
            yield Finding(
                id=group.id,
                rule=rule.id,
                title=rule.said.title,
                severity="info" if covered else rule.severity,
                state=group.state,
                system=group.system,
                system_name=system.name if system else None,
                recipient=group.recipient,
                category=group.category,
                category_title=_title(group.category, category),
                category_verified=bool(category and category.verified) if group.category else None,
                countries=countries,
                certainty="weak" if group.state == "undecided" else certainty,
                known_by=words.known_by(seen, far, evidence, matter, group.category),
                not_known=(
                    *rule.said.not_known,
                    *self._recognitions.not_known(recognised),
                    *words.not_known(seen, far, evidence, matter),
                ),
                legal=rule.legal_between(first, last),
                next_step=dossier_words.COVERED_STEP if covered else rule.said.next_step,
                evidence=evidence,
                dossier=dossier,
                dossier_note=note if rule.coverable else None,
            )

    def _grounds(self, group: _Group) -> Grounds:
        label: str | None = ANYTHING
        if group.category is not None:
            label = group.category if group.category in self._labels else None
        rule = group.rule
        return Grounds(rule.about_data, rule.about_operator, rule.crossing_is_enough, label)

    def _dossier_of(
        self, group: int, *, register_given: bool, personal: bool
    ) -> tuple[str | None, Text]:
        """The closest dossier, and why it covers the transfer or does not."""
        reason = self._reason[group]
        names = tuple(counted.name for counted in self._dossiers[group])
        closest = [self._register.dossiers[int(name)] for name in names]
        key = (reason, names, personal)
        if key not in self._notes:
            self._notes[key] = dossier_words.dossier_said(
                Reason(reason),
                closest[0] if closest else None,
                [dossier.id for dossier in closest[1:]],
                register_given=register_given,
                personal=personal,
            )
        return closest[0].id if closest else None, self._notes[key]


def _title(code: str | None, category: Category | None) -> Text | None:
    if category is not None:
        return text(category.title)
    return Text(code, code) if code else None


def _keys_of(table: pa.Table, rows: Exploded) -> _Keys:
    systems = encoded(table, "system_id")
    recipients = recipients_of(table)
    return _Keys(
        numbers_of(systems),
        systems.dictionary.to_pylist(),
        numbers_of(recipients),
        recipients.dictionary.to_pylist(),
        rows.codes,
    )

"""How a rule came to its answer: its condition asked line by line of one flow of a finding."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import InputError
from auditor.model.explanation import Asked, Explanation
from auditor.policy.facts import (
    CategoryFacts,
    FactTable,
    column_of,
    days_of,
    evaluated,
    exploded,
    of_categories,
    of_flows,
)
from auditor.policy.regimes import applies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.finding import Finding
    from auditor.model.inventory import Inventory
    from auditor.policy.conditions import Condition
    from auditor.policy.law import Law
    from auditor.policy.masks import Masks
    from auditor.policy.rules import Rule

MOST_VALUE: Final = 300
"""Characters of a value that are shown: traffic may claim any name."""
_EPOCH: Final = date(1970, 1, 1).toordinal()


def explained(
    finding: Finding, table: pa.Table, law: Law, inventory: Inventory | None
) -> Explanation:
    """Why the rule of ``finding`` answered as it did about the heaviest flow that it shows.

    Args:
        finding: of a run.
        table: the run's ``candidates``.
        law: the rules and regimes that the run was judged by.
        inventory: as the run had it; null = none.

    Raises:
        InputError: the rules have no such rule, or the table has no flow of the finding.
    """
    rule = _rule(finding, law)
    flow = _flow(finding, table)
    by_flow = of_flows(flow, inventory)
    rows = exploded(column_of(flow, "categories"))
    by_category = of_categories(flow, by_flow, rows, law.catalogue, law.regimes)
    place = 0
    if finding.category is not None:
        codes = [rows.codes[code] if code >= 0 else None for code in rows.code.tolist()]
        if finding.category not in codes:
            raise _other_policies(finding, f"no flow has the category {finding.category} any more")
        place = codes.index(finding.category)
    facts: FactTable | CategoryFacts = by_category if rule.by_category else by_flow
    kind = int(by_category.kind_of[place])
    level, personal, regime = (
        by_category.kinds.columns[name][kind].as_py()
        for name in ("category_level", "category_personal", "regime")
    )
    state_agency = by_flow.columns["state_agency"][0].as_py()
    day = date.fromordinal(_EPOCH + int(days_of(flow)[0]))
    state_agency = by_flow.columns["state_agency"][0].as_py()
    return Explanation(
        flow_id=int(column_of(flow, "flow_id")[0].as_py()),
        question=(rule.question.vi, rule.question.en),
        asked=tuple(_asked(rule.when, facts, place, 0)),
        on_unknown=rule.on_unknown,
        regime=regime,
        regime_asked=tuple(
            (each.id, applies(each, level, personal, state_agency, day))
            for each in law.regimes.regimes
        )
        if finding.category is not None and level not in (None, "unclassified")
        else (),
    )


def _rule(finding: Finding, law: Law) -> Rule:
    if finding.evidence.running is not None:
        raise InputError(
            "it rests on a total over many flows, of which no single one answers a rule",
            place=finding.id,
            hint="The finding itself says what was counted and since when; `auditor ledger show` "
            "has the days.",
        )
    for rule in law.rules.rules:
        if rule.id == finding.rule:
            return rule
    raise _other_policies(finding, f"the rules have no rule {finding.rule}")


def _flow(finding: Finding, table: pa.Table) -> pa.Table:
    shown = [line.flow_id for line in finding.evidence.lines] or list(finding.evidence.flow_ids)
    for flow_id in shown:
        found = table.filter(pc.equal(table["flow_id"], flow_id))
        if found.num_rows:
            return found.combine_chunks()
    raise InputError(
        "the flow table has no flow of this finding",
        place=finding.id,
        hint="Give the folder of the audit, with run.json and flows.parquet, both unchanged; a "
        "threshold over many runs has no flows of its own.",
    )


def _other_policies(finding: Finding, what: str) -> InputError:
    return InputError(
        what, place=finding.id, hint="Give the policies that the run was judged by (--policies)."
    )


def _asked(
    condition: Condition, facts: FactTable | CategoryFacts, row: int, depth: int
) -> Iterator[Asked]:
    answer = _answer(evaluated(condition, facts), row)
    for name, parts in (("all of", condition.all_), ("any of", condition.any_)):
        if parts is not None:
            yield Asked(depth, name, "", answer)
            for part in parts:
                yield from _asked(part, facts, row, depth + 1)
    if condition.not_ is not None:
        yield Asked(depth, "not", "", answer)
        yield from _asked(condition.not_, facts, row, depth + 1)
    for name, test in condition.tests:
        told = ", ".join(f"{operator} {_written(value)}" for operator, value in test.operators())
        yield Asked(depth, f"{name} {told}", _written(_value(facts, name, row)), answer)


def _answer(masks: Masks, row: int) -> bool | None:
    return bool(masks.hit[row]) if masks.known[row] else None


def _value(facts: FactTable | CategoryFacts, name: str, row: int) -> Any:  # noqa: ANN401 - a fact of any kind
    if isinstance(facts, CategoryFacts):
        of_kind = name in facts.kinds.columns
        numbers = facts.kind_of if of_kind else facts.flow_of
        table = facts.kinds if of_kind else facts.flows
        return table.columns[name][int(np.asarray(numbers)[row])].as_py()
    return facts.columns[name][row].as_py()


def _written(value: Any) -> str:  # noqa: ANN401 - as above
    if isinstance(value, tuple):
        value = list(value)
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MOST_VALUE else text[: MOST_VALUE - 1] + "…"

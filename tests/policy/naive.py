"""The rules read row by row in plain Python: slow, short, and written from the files alone.

What the columns answer is compared to this; nothing of ``auditor.policy`` is used here.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any


def asked(value: Any, operator: str, wanted: Any) -> bool | None:
    """The plain meaning of one operator over one value."""
    if operator == "known":
        return (value is not None) is wanted
    if value is None:
        return None
    if operator == "has_any":
        if any(member in wanted for member in value if member is not None):
            return True
        return None if None in value else False
    return {
        "is": lambda: value == wanted,
        "equals": lambda: value == wanted,
        "one_of": lambda: value in wanted,
        "at_least": lambda: value >= wanted,
        "below": lambda: value < wanted,
        "on_or_after": lambda: value >= wanted,
        "before": lambda: value < wanted,
    }[operator]()


def interpreted(condition: dict[str, Any], row: dict[str, Any]) -> bool | None:
    """What a condition, as it is written in the file, says of one row."""
    ((name, inner),) = condition.items()
    if name == "not":
        answer = interpreted(inner, row)
        return None if answer is None else not answer
    if name in ("all", "any"):
        answers = [interpreted(part, row) for part in inner]
        decisive = name == "any"
        if decisive in answers:
            return decisive
        return None if None in answers else not decisive
    answers = [asked(row.get(name), operator, wanted) for operator, wanted in inner.items()]
    if False in answers:
        return False
    return None if None in answers else True


def names_in(condition: dict[str, Any]) -> set[str]:
    ((name, inner),) = condition.items()
    if name == "not":
        return names_in(inner)
    if name in ("all", "any"):
        return set().union(*(names_in(part) for part in inner))
    return {name}


Key = tuple[str, str | None, str, str | None, str]
"""Rule, system, recipient, category, state."""

OF_CATEGORY = {"category", "category_level", "category_personal", "regime"}
STATES = ["open", "undecided", "exempt", "covered"]


class Reader:
    """The files of the law as plain dictionaries, and the questions asked of single flows.

    Args:
        rules: the entries of ``rules.yaml``.
        regimes: the entries of ``regimes.yaml``.
        categories: the entries of the category lists.
        agency: whether the agency is a state agency; null = no inventory was given.
        systems: whether the data of a system is a state agency's, where the system says so.
    """

    def __init__(
        self,
        rules: list[dict[str, Any]],
        regimes: list[dict[str, Any]],
        categories: list[dict[str, Any]],
        agency: bool | None,
        systems: dict[str, bool],
    ) -> None:
        self.rules = rules
        self.regimes = regimes
        self.categories = {row["code"]: row for row in categories}
        self.agency = agency
        self.systems = systems

    def findings(self, flows: list[dict[str, Any]]) -> dict[Key, list[int]]:
        """The flows of each finding, without a register."""
        out: dict[Key, list[int]] = defaultdict(list)
        for rule in self.rules:
            group_by = rule.get("group_by", ["system", "recipient", "category"])
            by_category = "category" in group_by or bool(names_in(rule["when"]) & OF_CATEGORY)
            for flow in flows:
                if flow["crosses_border"] is False and flow["foreign_recipient"] is not True:
                    continue
                facts = self.of_flow(flow)
                rows = self.of_categories(flow, facts) if by_category else [facts]
                answers: dict[str | None, list[str]] = defaultdict(list)
                for row in rows:
                    state = self.state(rule, row, by_category)
                    if state is not None:
                        named = row.get("category") if "category" in group_by else None
                        answers[named].append(state)
                for category, states in answers.items():
                    heaviest = min(states, key=STATES.index)
                    system = flow["system_id"] if "system" in group_by else None
                    recipient = recipient_of(flow) if "recipient" in group_by else "*"
                    out[rule["id"], system, recipient, category, heaviest].append(flow["flow_id"])
        return dict(out)

    def state(self, rule: dict[str, Any], row: dict[str, Any], by_category: bool) -> str | None:
        """What a rule says of one row; null = nothing."""
        answer = interpreted(rule["when"], row)
        if answer is False or (answer is None and rule["on_unknown"] == "ignore"):
            return None
        begins = rule["legal"][0].get("in_force")
        if answer is None or (begins is not None and row["day"] < begins):
            return "undecided"
        listed = self.categories.get(row.get("category")) if by_category else None
        if listed is not None:
            for_agencies = listed["binds"] == "state-agencies" and row["state_agency"] is False
            if listed["mark"] in ("T", "M") or for_agencies:
                return "undecided"
        return str(rule.get("on_hit", "open"))

    def of_flow(self, flow: dict[str, Any]) -> dict[str, Any]:
        """The flow with the facts that follow from it."""
        system = flow["system_id"]
        given = self.agency is not None
        control = flow["app"] in ("dns", "mdns", "llmnr", "ntp", "icmp", "icmpv6")
        return flow | {
            "day": (flow["start"] + timedelta(hours=7)).date(),
            "listed": True if system is not None else (False if given else None),
            "state_agency": self.systems.get(system, self.agency) if given else None,
            "control_traffic": control or flow["protocol"] in (1, 58),
        }

    def of_categories(self, flow: dict[str, Any], facts: dict[str, Any]) -> list[dict[str, Any]]:
        """The facts once per category, or once where there is none."""
        codes = flow["categories"]
        if codes == []:
            empty = {"category": None, "category_level": "unclassified"}
            return [facts | empty | {"category_personal": False, "regime": "none"}]
        rows = []
        for code in dict.fromkeys(codes or [None]):
            listed = self.categories.get(code)
            level = listed and ("core" if code == "II.1" else listed["level"])
            personal = listed and (level == "personal" or listed.get("personal", False))
            about = {"category": code, "category_level": level, "category_personal": personal}
            about["regime"] = self.regime(level, personal, facts["state_agency"], facts["day"])
            rows.append(facts | about)
        return rows

    def regime(
        self, level: str | None, personal: bool | None, state_agency: bool | None, day: date
    ) -> str | None:
        """The first regime that applies; null = none, or what decides it is not known."""
        for each in self.regimes if level is not None else []:
            if level not in each["levels"] or not each["since"] <= day <= each.get("until", day):
                continue
            owner = each.get("owner", "any")
            asked = [(each.get("personal"), personal)]
            if owner != "any":
                asked.append((owner == "state-agency", state_agency))
            wrong = [known for wanted, known in asked if wanted is not None and known != wanted]
            if all(known is None for known in wrong):
                return None if wrong else str(each["id"])
        return None


def recipient_of(flow: dict[str, Any]) -> str:
    """Who stands for the far side."""
    named = flow["operator_basis"] in ("override", "service", "range") and flow["operator"]
    return str(named or flow["peer_org"] or flow["peer_ip"] or flow["dst_ip"])

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


class Registered:
    """Dossiers and exemptions as plain dictionaries, and what they make of single rows.

    Ceilings are not read: they are about many rows together.

    Args:
        dossiers, exemptions: the entries of ``dossiers.yaml``.
        regimes, grounds: the entries of ``regimes.yaml``.
    """

    def __init__(
        self,
        dossiers: list[dict[str, Any]],
        exemptions: list[dict[str, Any]],
        regimes: list[dict[str, Any]],
        grounds: list[dict[str, Any]],
    ) -> None:
        self.dossiers = dossiers
        self.exemptions = exemptions
        self.regimes = {each["id"]: each for each in regimes}
        self.frees = {each["id"]: each["regimes"] for each in grounds}

    def state(self, state: str, row: dict[str, Any]) -> str:
        """What a row is that a rule left in ``state``."""
        dossiers = {self.reached(each, row) for each in self.dossiers}
        claims = {self.claimed(each, row) for each in self.exemptions}
        # No other dossier lets go on what is stopped; what is filed goes before what is claimed.
        if "stopped" in dossiers:
            return state
        if "perhaps stopped" in dossiers:
            return "undecided"
        if "covered" in dossiers:
            return "covered"
        if "yes" in claims:
            return "exempt"
        return "undecided" if "perhaps" in dossiers | claims else state

    def reached(self, dossier: dict[str, Any], row: dict[str, Any]) -> str:
        """How far one dossier reaches: stopped, perhaps stopped, covered, perhaps, no."""
        if not self.speaks_of(dossier, row):
            return "no"
        who, where = recipient_fits(dossier["recipients"], row)
        day = row["day"]
        names = set(dossier["recipients"]) != {"countries"}
        for order in dossier.get("stops", []):
            if order["on"] <= day < order.get("lifted", date.max):
                meant = who if names else (False if where is False else None)
                if meant is not False:
                    return "stopped" if meant else "perhaps stopped"
        if not (self.same_law(dossier, row["regime"]) and self.in_order(dossier, day)):
            return "no"
        if who is False or where is False:
            return "no"
        return "covered" if names and who and where else "perhaps"

    def same_law(self, dossier: dict[str, Any], regime: str | None) -> bool:
        """Whether it was filed under the regime of a row, or stays in use under it."""
        if regime is None or regime == "none" or dossier["regime"] == regime:
            return dossier["regime"] == regime
        applied, own = self.regimes[regime], self.regimes[dossier["regime"]]
        in_time = dossier["filed"] < applied["since"] or dossier["filed"] < own["since"]
        return in_time and dossier["regime"] in applied.get("dossiers_of", [])

    def in_order(self, dossier: dict[str, Any], day: date) -> bool:
        """Whether it counts on a day: time, storage, result, and filed when it had to be."""
        if not dossier["valid_from"] <= day <= dossier.get("valid_to", date.max):
            return False
        if day > dossier.get("storage", {}).get("until", date.max):
            return False
        regime = self.regimes[dossier["regime"]]
        filed, days = dossier["filed"], timedelta(days=regime.get("days", 0))
        if regime["needs"] == "passed-before":
            return dossier["result"] == "passed" and day >= dossier.get("result_on", filed)
        if dossier["result"] == "failed":
            return False
        if regime["needs"] == "filed-before":
            return bool(day >= filed + days)
        return bool(filed <= dossier["valid_from"] + days or day >= filed)

    def claimed(self, exemption: dict[str, Any], row: dict[str, Any]) -> str:
        """Whether an exemption is claimed for a row: yes, perhaps, no."""
        if (
            not self.speaks_of(exemption, row)
            or row["regime"] not in self.frees[exemption["ground"]]
        ):
            return "no"
        if not exemption["valid_from"] <= row["day"] <= exemption.get("valid_to", date.max):
            return "no"
        who, where = recipient_fits(exemption["recipients"], row)
        if who is False or where is False:
            return "no"
        names = set(exemption["recipients"]) != {"countries"}
        return "yes" if names and who and where else "perhaps"

    def speaks_of(self, entry: dict[str, Any], row: dict[str, Any]) -> bool:
        """Whether an entry names system and category."""
        return row["system_id"] in entry["systems"] and row["category"] in entry["categories"]


def recipient_fits(
    named: dict[str, list[str]], row: dict[str, Any]
) -> tuple[bool | None, bool | None]:
    """Whether the far side is one of those named, and where they are; what is not named fits."""
    answers: list[bool | None] = []
    if "organisations" in named:
        stated = row["operator_basis"] in ("override", "service") and row["operator"] is not None
        if row["operator"] in named["organisations"]:
            answers.append(True)
        elif row["peer_org"] in named["organisations"]:
            answers.append(None if stated else True)
        else:
            nobody = row["operator"] is None and row["peer_org"] is None
            answers.append(None if nobody else False)
    if "hosts" in named:
        host = None if row["host_basis"] in ("dns-query", "ech-outer") else row["host"]
        ends = tuple(name[1:] for name in named["hosts"] if name.startswith("*."))
        answers.append(None if host is None else host in named["hosts"] or host.endswith(ends))
    who = True if True in answers or not answers else (False if False in answers else None)
    where: bool | None = True
    if "countries" in named:
        place = row["peer_country"] if row["geo_state"] == "country" else None
        places = [place]
        if row["foreign_recipient"] is True and row["crosses_border"] is False:
            places.append(row["operator_country"])
        hit = any(each in named["countries"] for each in places)
        where = True if hit else (None if None in places else False)
    return who, where


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
        register: the register, and the grounds of exemptions; null = none was given.
    """

    def __init__(
        self,
        rules: list[dict[str, Any]],
        regimes: list[dict[str, Any]],
        categories: list[dict[str, Any]],
        agency: bool | None,
        systems: dict[str, bool],
        register: Registered | None = None,
    ) -> None:
        self.rules = rules
        self.regimes = regimes
        self.categories = {row["code"]: row for row in categories}
        self.agency = agency
        self.systems = systems
        self.register = register

    def findings(self, flows: list[dict[str, Any]]) -> dict[Key, list[int]]:
        """The flows of each finding."""
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
        """What rule and register say of one row; null = nothing."""
        state = self.asked(rule, row, by_category)
        asks = by_category and rule.get("coverable", False)
        if state is None or self.register is None or not asks:
            return state
        return self.register.state(state, row)

    def asked(self, rule: dict[str, Any], row: dict[str, Any], by_category: bool) -> str | None:
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

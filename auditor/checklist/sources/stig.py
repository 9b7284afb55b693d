"""Checklists of STIG Viewer: CKLB (JSON, version 3) and CKL (XML, version 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.json_tree import entries, members
from auditor.checklist.sources.markup import elements
from auditor.checklist.sources.results import Host, Results, Rule, State, line, within
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.checklist.sources.markup import Node

STATES: Final[dict[str, State]] = {
    "open": "fail",
    "notafinding": "pass",
    "notapplicable": "not-applicable",
    "notreviewed": "not-checked",
}
"""Status words of both formats, in lower case and without their underscores."""


def cklb_results(content: dict[str, object], place: str) -> Results:
    """The rules of a CKLB document.

    Raises:
        InputError: it holds no rule.
    """
    target = members(content.get("target_data"))
    host = _named(target.get("host_name"), target.get("fqdn"), target.get("ip_address"))
    rules = within(_cklb_rules(content, host.name), place)
    return _checklist(host, rules, line(content.get("cklb_version"), 20), place)


def _cklb_rules(content: dict[str, object], host: str) -> Iterator[Rule]:
    for number, stig in enumerate(entries(content.get("stigs"))):
        for index, entry in enumerate(entries(members(stig).get("rules"))):
            rule = members(entry)
            name = line(rule.get("group_id"), 60) or line(rule.get("rule_id"), 60)
            yield Rule(
                name,
                line(rule.get("rule_title")) or line(rule.get("group_title")),
                _state(rule.get("status")),
                line(rule.get("severity"), 20),
                host,
                f"stigs[{number}].rules[{index}]",
                "baseline",
            )


def ckl_results(path: Path) -> Results:
    """The rules of a CKL document.

    Raises:
        InputError: it is damaged or too large, or holds no rule.
    """
    host = Host("")
    found: list[Node] = []
    for node in elements(path, ("ASSET", "VULN")):
        if node.name == "ASSET":
            host = _named(*(node.inner(name) for name in ("HOST_NAME", "HOST_FQDN", "HOST_IP")))
        else:
            found.append(node)
    rules = within((_ckl_rule(node, host.name) for node in found), path.name)
    return _checklist(host, rules, "", path.name)


def _ckl_rule(node: Node, host: str) -> Rule:
    data = {each.inner("VULN_ATTRIBUTE"): each.inner("ATTRIBUTE_DATA")
            for each in node.all("STIG_DATA")}  # fmt: skip
    return Rule(
        line(data.get("Vuln_Num"), 60) or line(data.get("Rule_ID"), 60),
        line(data.get("Rule_Title")),
        _state(node.inner("STATUS")),
        line(data.get("Severity"), 20),
        host,
        f"line {node.line}",
        "baseline",
    )


def _state(status: object) -> State:
    # a status that nobody knows is no pass: somebody has to look at it
    return STATES.get(line(status, 40).lower().replace("_", ""), "not-checked")


def _named(*names: object) -> Host:
    given = [name for name in map(line, names) if name]
    return Host(given[0] if given else "", tuple(given[1:]))


def _checklist(host: Host, rules: tuple[Rule, ...], version: str, place: str) -> Results:
    if not rules:
        raise InputError(
            "is a checklist without rules",
            place=place,
            hint="Export the checklist of the machine with its rules.",
        )
    return Results(
        format="cklb",
        tool="STIG checklist",
        version=version,
        taken=None,
        hosts=(host,) if host.name else (),
        rules=rules,
        about=("baseline",),
    )

"""XCCDF 1.1 and 1.2 results, alone, inside their benchmark or inside of an ARF collection.

NIST IR 7275 r4 (XCCDF 1.2), section 6.6.4.2: what the results of a rule mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.markup import Node, elements
from auditor.checklist.sources.results import Host, Results, Rule, State, line, moment, within
from auditor.model.errors import InputError
from auditor.model.text import Text

if TYPE_CHECKING:
    from pathlib import Path


STATES: Final[dict[str, State]] = {
    "pass": "pass",
    "fixed": "pass",
    "fail": "fail",
    "error": "error",
    "unknown": "error",
    "notapplicable": "not-applicable",
    "notchecked": "not-checked",
    "informational": "informational",
}
"""``notselected`` is not among them: such a rule was never asked."""
LOOPBACK: Final = ("127.", "::1", "fe80:", "0:0:0:0:0:0:0:1")
"""Addresses that every machine has."""
TESTS: Final = 10_000
"""Test results in one file."""


@dataclass(slots=True)
class _Test:
    """One TestResult as it is read."""

    line: int
    ended: datetime | None
    system: str
    names: list[str] = field(default_factory=list)
    rules: list[Node] = field(default_factory=list)

    @property
    def host(self) -> Host:
        return Host(self.names[0] if self.names else "", tuple(self.names[1:100]))


def xccdf_results(path: Path) -> Results:
    """The rule results in ``path``; of several runs on one host, the latest.

    Raises:
        InputError: it is damaged or too large, or holds no result.
    """
    titles: dict[str, tuple[str, str]] = {}
    tests: list[_Test] = []
    for node in elements(
        path, ("Rule", "rule-result", "target", "target-address"), ("TestResult",)
    ):
        match node.name:
            case "TestResult":
                ended = moment(node.attributes.get("end-time"))
                if len(tests) >= TESTS:
                    raise InputError(
                        f"holds more than {TESTS:,} test results",
                        place=path.name,
                        hint="Attach the results of this system only.",
                    )
                tests.append(_Test(node.line, ended, line(node.attributes.get("test-system"))))
            case "Rule":
                name = node.attributes.get("id", "")
                severity = line(node.attributes.get("severity"), 20)
                titles[name] = (line(node.inner("title")), severity)
            case "rule-result" if tests:
                tests[-1].rules.append(node)
            case "target" | "target-address" if tests:
                name = line(node.text)
                if name and not name.startswith(LOOPBACK):
                    tests[-1].names.append(name)
    if not tests:
        raise InputError(
            "holds a benchmark, but no result",
            place=path.name,
            hint="Attach what --results or --results-arf of the scanner wrote.",
        )
    latest: dict[str, _Test] = {}
    for test in tests:
        before = latest.get(test.host.name)
        if before is None or _later(test, before):
            latest[test.host.name] = test
    rules = within((rule for test in latest.values() for rule in _rules(test, titles)), path.name)
    overridden = sum(
        any(True for _ in node.all("override")) for test in latest.values() for node in test.rules
    )
    notes = []
    if overridden:
        notes.append(
            Text(
                f"{overridden} kết quả do người sửa lại, không tính theo giá trị đã sửa.",
                f"{overridden} results were overridden by a person; their new value is not taken.",
            )
        )
    tool, version = _tool(next(iter(latest.values())).system)
    return Results(
        format="xccdf",
        tool=tool,
        version=version,
        taken=min((test.ended for test in latest.values() if test.ended), default=None),
        hosts=tuple(test.host for test in latest.values() if test.host.name),
        rules=rules,
        about=("baseline",),
        finished=all(test.ended is not None for test in latest.values()),
        notes=tuple(notes),
    )


def _later(test: _Test, before: _Test) -> bool:
    if test.ended and before.ended:
        return test.ended >= before.ended
    return before.ended is None


def _rules(test: _Test, titles: dict[str, tuple[str, str]]) -> list[Rule]:
    found = []
    for node in test.rules:
        name = node.attributes.get("idref", "")
        title, severity = titles.get(name, ("", ""))
        result = node.inner("result")
        override = next(node.all("override"), None)
        if override is not None:
            # what a person made of it is a claim; what the tool found stands
            result = override.inner("old-result") or result
        state = STATES.get(result)
        if state is None:
            if result != "notselected":
                state = "error"  # a word the standard does not have
            else:
                continue
        if state == "fail" and node.attributes.get("role") in ("unscored", "unchecked"):
            state = "informational"
        short = line(name.partition("_rule_")[2] or name)
        severity = line(node.attributes.get("severity"), 20) or severity
        found.append(
            Rule(short, title, state, severity, test.host.name, f"line {node.line}", "baseline")
        )
    return found


def _tool(system: str) -> tuple[str, str]:
    """``cpe:/a:redhat:openscap:1.3.9`` as a name and a version."""
    parts = system.split(":")
    if parts[0] == "cpe" and len(parts) >= 4:
        # cpe:/a:vendor:product:version, or cpe:2.3:a:vendor:product:version:...
        product = parts[4:6] if parts[1] == "2.3" else parts[3:5]
        names = {"openscap": "OpenSCAP"}
        return names.get(product[0], product[0]) or "XCCDF", (product[1:] or [""])[0]
    return system or "XCCDF", ""

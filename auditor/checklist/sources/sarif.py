"""SARIF 2.1.0 (OASIS): results of source-code and secret scanners.

Messages and snippets are never taken over: a secret scanner's message may hold the secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.json_tree import entries, members
from auditor.checklist.sources.results import Host, Results, Rule, State, line, moment, within
from auditor.model.errors import InputError
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS: Final[dict[str, State]] = {
    "fail": "fail",
    "pass": "pass",
    "open": "not-checked",
    "review": "not-checked",
    "notApplicable": "not-applicable",
    "informational": "informational",
}
"""SARIF 2.1.0 section 3.27.9; without a kind a result is a failure."""
PARTS: Final = 3
"""Of a path, from its end: what lies before it names people and machines."""


def sarif_results(content: dict[str, object], place: str) -> Results:
    """The results of all runs of a SARIF log.

    Raises:
        InputError: it is of another version, or holds no run.
    """
    if not line(content.get("version"), 20).startswith("2."):
        raise InputError(
            f"is SARIF of version {line(content.get('version'), 20) or '?'}",
            place=place,
            hint="Export SARIF 2.1.0.",
        )
    runs = [members(run) for run in entries(content.get("runs"))]
    if not runs:
        raise InputError(
            "holds no run of a tool", place=place, hint="Attach the file the scanner wrote."
        )
    drivers = [members(members(run.get("tool")).get("driver")) for run in runs]
    names = list(dict.fromkeys(line(driver.get("name"), 60) or "?" for driver in drivers))
    versions = [
        line(driver.get("semanticVersion"), 40) or line(driver.get("version"), 40)
        for driver in drivers
    ]
    invocations = [members(each) for run in runs for each in entries(run.get("invocations"))]
    ended = [found for each in invocations if (found := moment(each.get("endTimeUtc")))]
    done = [each.get("executionSuccessful") for each in invocations]
    sources = [source for run in runs if (source := _source(run))]
    rules = within((rule for number, run in enumerate(runs) for rule in _rules(run, number)), place)
    set_aside = sum(
        _set_aside(members(each)) for run in runs for each in entries(run.get("results"))
    )
    notes = []
    if set_aside:
        notes.append(
            Text(
                f"{set_aside} phát hiện đã được bỏ qua trong công cụ, cần người xem lại.",
                f"{set_aside} findings were suppressed in the tool; a person must look at them.",
            )
        )
    return Results(
        format="sarif",
        tool=" + ".join(names[:5]),
        version=" + ".join(version for version in versions[:5] if version),
        taken=min(ended, default=None),
        hosts=tuple(Host(source) for source in dict.fromkeys(sources)),
        rules=rules,
        about=("vulnerabilities",),
        finished=None if not done else all(each is True for each in done),
        notes=tuple(notes),
    )


def _source(run: dict[str, object]) -> str:
    """What was scanned: the repository, or the name of the analysis."""
    for each in entries(run.get("versionControlProvenance")):
        if found := line(members(each).get("repositoryUri"), 200):
            # never the credentials that some tools leave in the address
            return found.rpartition("@")[2] if "@" in found else found
    return line(members(run.get("automationDetails")).get("id"), 200)


def _rules(run: dict[str, object], number: int) -> Iterator[Rule]:
    driver = members(members(run.get("tool")).get("driver"))
    known = [members(rule) for rule in entries(driver.get("rules"))]
    by_id = {line(rule.get("id"), 100): rule for rule in known}
    source = _source(run)
    for index, entry in enumerate(entries(run.get("results"))):
        result = members(entry)
        if result.get("baselineState") == "absent":
            continue  # it was there at an earlier time
        reference = members(result.get("rule"))
        name = line(result.get("ruleId"), 100) or line(reference.get("id"), 100)
        position = result.get("ruleIndex", reference.get("index"))
        rule = by_id.get(name, {})
        if not rule and isinstance(position, int) and 0 <= position < len(known):
            rule = known[position]
        level = line(result.get("level"), 20) or line(
            members(rule.get("defaultConfiguration")).get("level"), 20
        )
        title = line(members(rule.get("shortDescription")).get("text")) or line(rule.get("name"))
        yield Rule(
            name or line(rule.get("id"), 100),
            title,
            _state(result, level),
            level or "warning",
            source,
            _place(result) or f"runs[{number}].results[{index}]",
            "vulnerabilities",
        )


def _state(result: dict[str, object], level: str) -> State:
    state = KINDS.get(line(result.get("kind"), 20) or "fail", "not-checked")
    if state == "fail" and (level in ("note", "none") or _set_aside(result)):
        return "informational"
    return state


def _set_aside(result: dict[str, object]) -> bool:
    """Whether every suppression of it is accepted (section 3.35: without a status, it is)."""
    found = [members(each) for each in entries(result.get("suppressions"))]
    return bool(found) and all(each.get("status", "accepted") == "accepted" for each in found)


def _place(result: dict[str, object]) -> str:
    for each in entries(result.get("locations"))[:1]:
        physical = members(members(each).get("physicalLocation"))
        uri = line(members(physical.get("artifactLocation")).get("uri"), 1000)
        path = "/".join(uri.partition("?")[0].split("/")[-PARTS:])
        start = members(physical.get("region")).get("startLine")
        if path:
            return f"{path}:{start}" if isinstance(start, int) else path
    return ""

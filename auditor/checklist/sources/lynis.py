"""Lynis ``report.dat``: ``key=value`` lines; ``warning[]=TEST-0001|text|details|solution|``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.results import Host, Results, Rule, State, line, moment, within
from auditor.model.errors import InputError
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BYTES: Final = 50 << 20
ADDRESSES: Final = 100


def lynis_results(path: Path) -> Results:
    """What Lynis wrote of one machine.

    A warning counts as failed. A suggestion does not: every machine gets dozens of them.

    Raises:
        InputError: it is too large, or says nothing of Lynis.
    """
    if path.stat().st_size > BYTES:
        raise InputError(
            f"is larger than {BYTES >> 20} MB", place=path.name, hint="Attach the report alone."
        )
    lines = path.read_bytes().decode("utf-8", "replace").splitlines()
    pairs = [
        (number, key.strip(), value.strip())
        for number, text in enumerate(lines, start=1)
        if not text.startswith("#")
        for key, sign, value in [text.partition("=")]
        if sign
    ]
    single = {key: value for _, key, value in pairs if not key.endswith("[]")}
    name = line(single.get("hostname", ""))
    addresses = [
        line(value)
        for _, key, value in pairs
        if key in ("network_ipv4_address[]", "network_ipv6_address[]")
        and not value.startswith(("127.", "::1", "fe80"))
    ]
    host = Host(name or (addresses[0] if addresses else ""), tuple(addresses[:ADDRESSES]))
    domain = line(single.get("domainname", ""))
    if domain and host.name:
        host = Host(host.name, (*host.also, f"{host.name}.{domain}"))
    rules = within(_rules(pairs, host.name), path.name)
    suggestions = sum(rule.state == "informational" for rule in rules)
    done = single.get("lynis_tests_done", "")
    notes = [
        Text(
            f"Lynis {done or '?'} phép thử, {suggestions} gợi ý (không tính là không đạt).",
            f"Lynis: {done or '?'} tests, {suggestions} suggestions (not counted as failed).",
        )
    ]
    skipped = [entry for entry in single.get("tests_skipped", "").split("|") if entry]
    if skipped:
        notes.append(
            Text(f"{len(skipped)} phép thử bị bỏ qua.", f"{len(skipped)} tests were skipped.")
        )
    return Results(
        format="lynis",
        tool="Lynis",
        version=line(single.get("lynis_version", ""), 40),
        taken=moment(single.get("report_datetime_end"))
        or moment(single.get("report_datetime_start")),
        hosts=(host,) if host.name else (),
        rules=rules,
        about=("baseline",),
        finished=single.get("finish") == "true",
        notes=tuple(notes),
    )


def _rules(pairs: list[tuple[int, str, str]], host: str) -> Iterator[Rule]:
    states: dict[str, tuple[State, str]] = {
        "warning[]": ("fail", "warning"),
        "suggestion[]": ("informational", "suggestion"),
        "manual_event[]": ("not-checked", ""),
        "exception_event[]": ("error", ""),
    }
    spoken = set()
    for number, key, value in pairs:
        if key in states:
            state, severity = states[key]
            test, _, rest = value.partition("|")
            spoken.add(test)
            title = rest.partition("|")[0]
            yield Rule(
                line(test, 60), line(title), state, severity, host, f"line {number}", "baseline"
            )
    for number, key, value in pairs:
        if key == "tests_executed":
            for test in value.split("|"):
                if test and test not in spoken:
                    yield Rule(line(test, 60), "", "pass", "", host, f"line {number}", "baseline")

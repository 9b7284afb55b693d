"""Results of other tools: what each of them claims of which host, rule by rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from auditor.checklist.facts import VIETNAM
from auditor.model.errors import InputError
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


HEAD: Final = 65_536
RULES: Final = 500_000
"""More in one file is no assessment of one system."""
CHARACTERS: Final = 300
"""Longer names and titles are cut."""
FORMATS: Final = "Lynis report.dat, XCCDF or ARF, nmap XML, CKLB, CKL or SARIF 2.1.0"

State = Literal["pass", "fail", "not-checked", "not-applicable", "error", "informational"]
Format = Literal["lynis", "xccdf", "nmap", "cklb", "sarif"]
About = Literal["baseline", "vulnerabilities", "ports"]

_LYNIS = re.compile(rb"^(?:lynis_version|report_version_major)=", re.MULTILINE)
_BOMS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Host:
    """A machine, by the name the tool gives it and its other names and addresses."""

    name: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """What a tool says of one rule on one host.

    Attributes:
        severity: in the tool's own words; empty = it says none.
        host: name of the host; empty = it is about no host (source code).
        place: where in the file, or in what was examined.
    """

    id: str
    title: str
    state: State
    severity: str
    host: str
    place: str
    about: About


@dataclass(frozen=True, slots=True)
class Results:
    """One result file.

    Attributes:
        tool: its name as the file gives it.
        taken: when the tool finished; null = the file does not say.
        about: what the file can speak of at all, even when it lists no rule.
        finished: whether the tool says that it came to its end; null = the format has no word
            for it.
        notes: what people must know of it, such as findings that somebody set aside.
    """

    format: Format
    tool: str
    version: str
    taken: datetime | None
    hosts: tuple[Host, ...]
    rules: tuple[Rule, ...]
    about: tuple[About, ...]
    finished: bool | None = None
    notes: tuple[Text, ...] = ()


def results(path: Path) -> Results:
    """The results in ``path``, of whichever tool its content shows.

    Raises:
        InputError: it is damaged, too large, or of no tool that is known.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    # late: a checklist without such files needs none of the readers
    if text.startswith(b"<") or head.startswith(_BOMS):
        from auditor.checklist.sources.markup import root_name

        match root_name(path):
            case "Benchmark" | "TestResult" | "asset-report-collection":
                from auditor.checklist.sources.xccdf import xccdf_results

                return xccdf_results(path)
            case "nmaprun":
                from auditor.checklist.sources.nmap import nmap_results

                return nmap_results(path)
            case "CHECKLIST":
                from auditor.checklist.sources.stig import ckl_results

                return ckl_results(path)
            case name:
                raise _unfamiliar(path, f"is XML of another kind ({line(name, 60)})")
    if text.startswith((b"{", b"[")):
        from auditor.checklist.sources.json_tree import json_object

        content = json_object(path)
        if "runs" in content:
            from auditor.checklist.sources.sarif import sarif_results

            return sarif_results(content, path.name)
        if "stigs" in content:
            from auditor.checklist.sources.stig import cklb_results

            return cklb_results(content, path.name)
        raise _unfamiliar(path, "is JSON of another kind")
    if _LYNIS.search(head):
        from auditor.checklist.sources.lynis import lynis_results

        return lynis_results(path)
    raise _unfamiliar(path, "is the result of no tool that is known")


def _unfamiliar(path: Path, what: str) -> InputError:
    return InputError(
        what, place=path.name, hint=f"Attach the tool's own result file: {FORMATS}; not a print."
    )


def line(text: object, limit: int = CHARACTERS) -> str:
    """What a file holds as one line of plain characters; anything but text is empty."""
    if not isinstance(text, str):
        return ""
    shown = " ".join(text[: limit * 4].split())
    return "".join(char for char in shown if char.isprintable())[:limit].strip()


def moment(text: object) -> datetime | None:
    """A moment as tools write it; Vietnam's time where no zone is given; null = none."""
    try:
        found = datetime.fromisoformat(line(text, 40))
        return (found if found.tzinfo else found.replace(tzinfo=VIETNAM)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def within(rules: Iterable[Rule], place: str) -> tuple[Rule, ...]:
    """The rules, as long as they are not too many.

    Raises:
        InputError: there are more than ``RULES``.
    """
    kept: list[Rule] = []
    for rule in rules:
        if len(kept) >= RULES:
            raise InputError(
                f"holds more than {RULES:,} results",
                place=place,
                hint="Attach the results of this system only.",
            )
        kept.append(rule)
    return tuple(kept)

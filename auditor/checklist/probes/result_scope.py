"""Result files of other tools, and which of the agency's machines they are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.checklist.facts import VIETNAM
from auditor.checklist.sources.register import Register
from auditor.checklist.sources.results import Results
from auditor.model.errors import InputError
from auditor.model.readiness import Coverage
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.checklist.facts import Facts

NAMED: Final = 5
"""Rules, tools and machines that a sentence names."""


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A readable result file; ``stamp`` sorts by when it was taken."""

    id: str
    results: Results
    stamp: str


@dataclass(frozen=True, slots=True)
class CoveredAssets:
    """The register of assets against the machines that the results are of."""

    covered: int
    missing: tuple[str, ...]


def assets_of(facts: Facts, files: list[ResultFile]) -> tuple[CoveredAssets | None, Text | None]:
    """Which assets the results cover; null = it cannot be compared, and why."""
    files = [file for file in files if file.results.format != "sarif"]
    if not files:
        return None, None  # source code is on no machine
    seen = {
        name
        for file in files
        for host in file.results.hosts
        for given in (host.name, *host.also)
        for name in _names(given)
    }
    held = facts.held("assets")
    try:
        rows = held[0].content(Register).rows if held else None
    except InputError:
        rows = None
    if rows is None or rows.empty:
        return None, Text(
            "Không có danh mục tài sản đọc được nên không rõ còn máy nào chưa kiểm tra.",
            "Without a readable asset register it is not known which machines were left out.",
        )
    missing, covered = [], 0
    for asset, address in zip(rows["asset"], rows["address"], strict=True):
        if not asset and not address:
            continue
        if seen & (_names(asset) | _names(address)):
            covered += 1
        else:
            missing.append(str(asset or address))
    return CoveredAssets(covered, tuple(missing)), None


def _names(given: str) -> set[str]:
    """A name as it is compared: lower case, with and without its domain."""
    name = given.strip().lower()
    if not name:
        return set()
    digits = name.replace(".", "").isdigit() or ":" in name
    return {name} if digits else {name, name.partition(".")[0]}


def coverage_of(files: list[ResultFile], assets: CoveredAssets | None) -> Coverage | None:
    """What the results cover; null = it cannot be compared."""
    if assets is None:
        return None
    taken = [file.results.taken for file in files if file.results.taken]
    return Coverage(
        window=(min(taken), max(taken)) if taken else None,
        vantage=tuple(dict.fromkeys(used([file]) for file in files))[:20],
        seen=assets.covered,
        declared=assets.covered + len(assets.missing),
        not_covered=tuple(Text(name, name) for name in assets.missing[:20]),
    )


def used(files: Sequence[ResultFile]) -> str:
    """The tools with their versions and days, such as ``Lynis 3.1.4 (2026-11-20)``."""
    tools = []
    for file in files:
        found = file.results
        day = f" ({found.taken.astimezone(VIETNAM).date()})" if found.taken else " (?)"
        tools.append(f"{found.tool} {found.version}".strip() + day)
    named = list(dict.fromkeys(tools))
    return ", ".join(named[:NAMED]) + (f", +{len(named) - NAMED}" if len(named) > NAMED else "")

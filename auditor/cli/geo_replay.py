"""``auditor geoip replay``: decides again where a run's flows went, with other data."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from auditor.cli.geo_lookup import networks_of
from auditor.cli.options import Geoip, InventoryFile, Policies  # noqa: TC001 - typer reads them
from auditor.cli.run_folder import RunFlows, run_in
from auditor.cli.terminal import complain, say, say_json, tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.geo.replay import Change, MovedFinding, Placing, Replay
    from auditor.model.run import Run

_MOST_PLACES: Final = 20
_MOST_SHOWN: Final = 300
"""Characters of a text of the run on the screen: its flow table may claim any."""


def geoip_replay(
    run: Annotated[Path, typer.Argument(readable=False, help="Folder of a run, or its run.json.")],
    geoip: Geoip = None,
    inventory: InventoryFile = None,
    policies: Policies = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Changes that are shown one by one.")
    ] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="All of it as one JSON object, without --limit.")
    ] = False,
) -> None:
    """Decide again where a run's flows went, with other databases, and show what changes."""
    from auditor import geo, pipeline
    from auditor.geo.replay import COLUMNS, missing_of, moved_findings, prepared, replayed
    from auditor.model.text import legible

    told = run_in(run)
    flows = RunFlows(run, told, COLUMNS, missing_of, prepared)
    shipped = pipeline.data_folder("geoip")
    geodata = geo.open_geodata(
        geoip or shipped,
        shipped,
        policies or pipeline.data_folder("policies"),
        datetime.now(UTC).date(),
        tell,
    )
    if inventory is None and told.agency is not None:
        complain(
            "Cuộc kiểm tra có bản kê khai của cơ quan; nêu --inventory để xét giống lần trước.\n"
            "  The run had an inventory; give --inventory to decide as it did."
        )
    networks = networks_of(inventory, policies)
    names = {each.id: legible(each.name) for each in told.inputs}
    nearest = geo.nearest(flows, geodata, told.home, networks, names, tell)
    found = replayed(flows, geodata, told.home, networks, nearest)
    findings = moved_findings(told.findings, found)
    if as_json:
        say_json(_json(told, found, findings))
        return
    for line in _lines(told, found, findings, limit):
        say(line)


def _json(told: Run, found: Replay, findings: list[MovedFinding]) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "run_id": told.run_id,
        "home": told.home,
        "flows": found.flows,
        "changed_flows": found.changed_flows,
        "changes_cut": found.changes_cut,
        "changes": [asdict(each) for each in found.changes],
        "findings": [asdict(each) for each in findings],
    }


def _lines(told: Run, found: Replay, findings: list[MovedFinding], limit: int) -> Iterator[str]:
    yield f"{told.run_id}"
    yield f"  {found.changed_flows:,} / {found.flows:,} luồng được quyết định khác đi"
    yield f"  {found.changed_flows:,} of {found.flows:,} flows are decided otherwise"
    for change in found.changes[:limit]:
        yield from _change(change)
    more = len(found.changes) + found.changes_cut - limit
    if more > 0:
        yield f"  … {more:,} thay đổi nữa (--limit) / more changes (--limit)"
    if findings:
        counts = f"{len(findings):,} / {len(told.findings):,}"
        yield f"  {counts} phát hiện bị ảnh hưởng / findings touched"
    for each in findings[:limit]:
        rest = f" (+{each.unlisted:,} không liệt kê / not listed)" if each.unlisted else ""
        yield f"    {_line(each.id)}  {_line(each.rule)}  {_line(each.recipient)}"
        yield f"      {each.flows:,} / {each.listed:,} luồng / flows{rest}"
        yield f"      {_places(each.countries)} -> {_places(each.countries_now)}"
        if each.staying:
            yield f"      {each.staying:,} luồng nay ở trong nước / flows now stay at home"


def _change(change: Change) -> Iterator[str]:
    named = f"  {_line(change.host)}" if change.host else ""
    most = max(change.before.outbound_bytes, change.after.outbound_bytes)
    yield f"  {_line(change.address)}{named}"
    yield f"    {change.flows:,} luồng / flows, {most:,} byte"
    for label, placing in (("trước / before", change.before), ("nay / now   ", change.after)):
        yield f"    {label:<14}  {_placing(placing)}"


def _placing(one: Placing) -> str:
    where = one.country or _places(one.candidates)
    operator = f"{one.operator or '?'} ({one.operator_country or '?'})"
    forms = ", ".join(
        f"{letter}={_MARK[answer]}"
        for letter, answer in (
            ("a", one.crosses_border),
            ("b", one.foreign_recipient),
            ("c", one.foreign_platform),
        )
    )
    shown = (one.state, where, one.certainty or "-", operator, one.basis or "-")
    state, where, certainty, operator, basis = map(_line, shown)
    return f"{state} {where}, {certainty}; {operator}; {forms}; {basis}"


def _line(text: str) -> str:
    """Text of a run on one line."""
    one = " ".join(text[: _MOST_SHOWN * 2].split())
    return one if len(one) <= _MOST_SHOWN else one[: _MOST_SHOWN - 1] + "…"


_MARK: Final[dict[bool | None, str]] = {True: "có/yes", False: "không/no", None: "?"}


def _places(countries: Sequence[str]) -> str:
    more = f" +{len(countries) - _MOST_PLACES:,}" if len(countries) > _MOST_PLACES else ""
    return "/".join(countries[:_MOST_PLACES]) + more or "-"

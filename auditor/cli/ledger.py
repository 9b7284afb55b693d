"""``auditor ledger``: what left, added up over all runs, and how far it has come."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from auditor.cli.options import Config, Data, InventoryFile, Policies, data_directory, store_of
from auditor.cli.terminal import say, say_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.model.ledger import DayTotal, Ledger
    from auditor.policy import Progress

app = typer.Typer(
    help="Sổ cộng dồn lượng dữ liệu đã chuyển. / Running totals of what left.",
    no_args_is_help=True,
)
By = Literal["day", "month", "owner", "system", "recipient", "country", "category", "regime"]
OfOwner = Annotated[str | None, typer.Option("--owner", help="Only of this owner.")]
OfSystem = Annotated[str | None, typer.Option("--system", help="Only of this system (id).")]
OfRecipient = Annotated[str | None, typer.Option("--recipient", help="Only to this recipient.")]
OfCategory = Annotated[str | None, typer.Option("--category", help="Only with this category.")]
_NONE: Final = "—"
_DANGEROUS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
"""What makes a spreadsheet take a cell for a formula, or look past a line for one."""
_COLUMNS: Final = (
    "day", "owner", "system", "recipient", "country", "categories", "regimes", "flows", "bytes",
    "estimated_records",
)  # fmt: skip


@app.command()
def show(
    data: Data = None,
    config: Config = None,
    owner: OfOwner = None,
    system: OfSystem = None,
    recipient: OfRecipient = None,
    category: OfCategory = None,
    by: Annotated[By, typer.Option("--by", help="What the lines are.")] = "month",
    policies: Policies = None,
    inventory: InventoryFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show what left, and how far it is to each threshold; counts and estimates apart."""
    ledger = _read(data, config)
    totals = [each for each in ledger.totals if _wanted(each, owner, system, recipient, category)]
    far = [
        each
        for each in _progress(ledger, policies, inventory)
        if owner is None or each.owner == owner
    ]
    if as_json:
        say_json(
            {
                "complete_from": ledger.complete_from and ledger.complete_from.isoformat(),
                "totals": [_row(each) for each in totals],
                "thresholds": [_threshold_row(each) for each in far],
            }
        )
        return
    from auditor.model.text import visible

    since = f"{ledger.complete_from:%d/%m/%Y}" if ledger.complete_from else _NONE
    say(f"Có dữ liệu lưu lượng từ / traffic at hand from: {since}")
    say("luồng/flows  byte/bytes  bản ghi ước tính/estimated records")
    for name, flows, size, records in _grouped(totals, by):
        about = _NONE if records is None else f"≈ {records:,}"
        say(f"{visible(name)}: {flows:,}  {size:,}  {about}")
    if by in ("category", "regime"):
        say("Một luồng mang nhiều loại được tính ở mỗi loại. / A flow counts in each of several.")
    for each in far:
        _say_threshold(each)


@app.command()
def export(
    target: Annotated[Path, typer.Argument(readable=False, help="A file: *.csv or *.jsonl.")],
    data: Data = None,
    config: Config = None,
    owner: OfOwner = None,
    system: OfSystem = None,
    recipient: OfRecipient = None,
    category: OfCategory = None,
) -> None:
    """Write the totals of each day and route; text that a spreadsheet would run is quoted."""
    from auditor.model.files import written

    writers = {".csv": _csv, ".jsonl": _json_lines}
    if target.suffix not in writers:
        raise typer.BadParameter("name a file that ends in .csv or .jsonl")
    if target.exists() and not target.is_file():  # a pipe's reader would wait for ever
        raise typer.BadParameter(f"{target} is no plain file; it is left alone")
    ledger = _read(data, config)
    totals = [each for each in ledger.totals if _wanted(each, owner, system, recipient, category)]
    written(target.absolute().parent, {target.name: writers[target.suffix](totals)})
    say(f"{target}: {len(totals)} dòng / rows")


@app.command()
def rebuild(data: Data = None, config: Config = None) -> None:
    """Work the totals out anew from the flows that are kept, and say what was another."""
    from auditor.store import ledger as stored

    store = store_of(data_directory(data, config))
    try:
        with store.writing() as connection:
            changes = stored.rebuilt(connection)
    finally:
        store.close()
    for each in changes:
        flows, size = each.flows, each.bytes
        say(
            f"{each.day}: {flows[0]:,} → {flows[1]:,} luồng/flows, "
            f"{size[0]:,} → {size[1]:,} byte/bytes"
        )
    if not changes:
        say("Sổ cộng dồn đúng như các luồng đã ghi. / The totals are what the flows come to.")


def _read(data: Path | None, config: Path | None) -> Ledger:
    from auditor.store import ledger as stored

    store = store_of(data_directory(data, config))
    try:
        with store.reading() as connection:
            return stored.read(connection)
    finally:
        store.close()


def _progress(
    ledger: Ledger, policies: Path | None, inventory: Path | None
) -> tuple[Progress, ...]:
    from auditor import classify, inspect, pipeline, policy

    place = policies or pipeline.data_folder("policies")
    catalogue = classify.catalogue(place)
    law = policy.load_law(place, catalogue)
    if not law.regimes.thresholds:
        return ()
    systems = classify.inventory(inventory, catalogue) if inventory else None
    return policy.progress(ledger, law, systems, inspect.sought_in(place, catalogue.by_code))


def _wanted(
    total: DayTotal,
    owner: str | None,
    system: str | None,
    recipient: str | None,
    category: str | None,
) -> bool:
    route = total.route
    asked = ((owner, route.owner), (system, route.system), (recipient, route.recipient))
    if any(wanted is not None and wanted != there for wanted, there in asked):
        return False
    return category is None or category in {each.category for each in route.carried}


_NAMES: Final[dict[str, Callable[[DayTotal], list[str]]]] = {
    "day": lambda each: [f"{each.day}"],
    "month": lambda each: [f"{each.day:%Y-%m}"],
    "owner": lambda each: [each.route.owner or _NONE],
    "system": lambda each: [each.route.system or _NONE],
    "recipient": lambda each: [each.route.recipient],
    "country": lambda each: [each.route.country or _NONE],
    "category": lambda each: sorted({kind.category for kind in each.route.carried}) or [_NONE],
    "regime": lambda each: sorted({kind.regime or _NONE for kind in each.route.carried}) or [_NONE],
}


def _grouped(totals: list[DayTotal], by: By) -> Iterator[tuple[str, int, int, int | None]]:
    """Lines, by time or else the heaviest first: name, flows, bytes, estimated records."""
    flows: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    records: Counter[str] = Counter()
    for each in totals:
        for name in _NAMES[by](each):
            flows[name] += each.flows
            sizes[name] += each.bytes
            if each.records is not None:
                records[name] += each.records
    timed = by in ("day", "month")
    for name in sorted(flows, key=lambda name: name if timed else (-sizes[name], name)):
        yield name, flows[name], sizes[name], records.get(name)


def _say_threshold(each: Progress) -> None:
    from auditor.model.text import visible

    line = each.line.least
    limit = "chưa xác nhận / unconfirmed" if line is None else f"{line:,} [{each.line.mark}]"
    share = "" if not line else f" ({min(each.counted / line, 9.99):.1%})"
    about = "" if each.exact else "≈ "
    guess = _NONE if each.estimated is None else f"≈ {each.estimated:,}"
    say()
    say(f"{each.threshold.title.vi} / {each.threshold.title.en}")
    owner = visible(each.owner) or _NONE
    say(f"  {owner}; từ/since {each.threshold.since}; ngưỡng/threshold {limit}")
    say(f"  đếm được ít nhất / counted at least: {about}{each.counted:,}{share}")
    say(f"  ước tính riêng / estimated apart: {guess}")
    if each.reached is not None:
        say(f"  đạt ngưỡng ngày / reached on {each.reached}")
    elif each.perhaps is not None:
        say(f"  ước tính đạt ngưỡng ngày / by the estimate reached on {each.perhaps}")


def _threshold_row(each: Progress) -> dict[str, object]:
    return {
        "threshold": each.threshold.id,
        "owner": each.owner,
        "since": each.threshold.since.isoformat(),
        "from": each.line.least,
        "mark": each.line.mark,
        "counted": each.counted,
        "exact": each.exact,
        "estimated": each.estimated,
        "reached": each.reached and each.reached.isoformat(),
        "estimate_reached": each.perhaps and each.perhaps.isoformat(),
    }


def _row(total: DayTotal) -> dict[str, object]:
    route = total.route
    values = (
        total.day.isoformat(), route.owner, route.system, route.recipient, route.country,
        [each.category for each in route.carried], [each.regime for each in route.carried],
        total.flows, total.bytes, total.records,
    )  # fmt: skip
    return dict(zip(_COLUMNS, values, strict=True))


def _csv(totals: list[DayTotal]) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for total in totals:
        writer.writerow([_cell(value) for value in _row(total).values()])
    return file.getvalue()


def _cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, list):
        value = " ".join(each or _NONE for each in value)
    if isinstance(value, str) and value.lstrip(" ").startswith(_DANGEROUS):
        return f"'{value}"
    return value


def _json_lines(totals: list[DayTotal]) -> str:
    return "".join(json.dumps(_row(each), ensure_ascii=False) + "\n" for each in totals)

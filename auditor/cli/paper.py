"""The papers about a period: ``auditor paper``.

``auditor checklist report`` writes another kind: those of one assessment of the checklist.
"""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from auditor.cli.options import Data, InventoryFile, Policies, store_of
from auditor.cli.terminal import say
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.model.ledger import Ledger
    from auditor.model.run import Run
    from auditor.papers import Material, Paper

app = typer.Typer(
    help="Viết báo cáo rà soát, Mẫu số 09, hồ sơ. / Write papers of a period (docx, HTML).",
    no_args_is_help=True,
)

MOST_BYTES: Final = 1 << 30
MOST_RUNS: Final = 2000

Runs = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUN...", readable=False, help="run.json of audits, or folders with such files."
    ),
]
Dossiers = Annotated[
    Path | None,
    typer.Option("--dossiers", readable=False, help="Register of filed dossiers (dossiers.yaml)."),
]
AgencyFile = Annotated[
    Path | None,
    typer.Option("--agency", readable=False, help="What the agency says of itself (agency.yaml)."),
]
First = Annotated[
    str | None, typer.Option("--since", help="First day (2026-07-01); default: of the traffic.")
]
Last = Annotated[
    str | None, typer.Option("--until", help="Last day (2026-09-30); default: of the traffic.")
]
SystemId = Annotated[
    str | None, typer.Option("--system", metavar="ID", help="Only this system of the inventory.")
]
RecipientName = Annotated[
    str, typer.Option("--recipient", metavar="NAME", help="Only recipients with this in the name.")
]
Templates = Annotated[
    Path | None,
    typer.Option("--templates", readable=False, help="Folder of the agency's own Word templates."),
]
Out = Annotated[Path, typer.Option("--out", readable=False, help="Folder for the paper.")]


PAPERS: Final = {
    "review": "Write the status review of cross-border transfers (rà soát, đánh giá hiện trạng).",
    "form-09": "Fill Form 09 of Decree 356/2025 as far as traffic, inventory and register allow.",
    "assessment": "Write the assessment of Decree 165/2025 Article 12, in its clauses; not the "
    "official form.",
    "risk-report": "Write the yearly risk report of Decree 165/2025 Article 17(11); not the "
    "official form.",
}
"""The papers, named as ``auditor.papers`` names their makers."""


def _registered(name: str, told: str) -> None:
    """Adds the command of one paper: all take the same."""

    @app.command(name, help=told)
    def command(
        runs: Runs,
        out: Out,
        inventory: InventoryFile = None,
        dossiers: Dossiers = None,
        agency: AgencyFile = None,
        since: First = None,
        until: Last = None,
        system: SystemId = None,
        recipient: RecipientName = "",
        templates: Templates = None,
        data: Data = None,
        policies: Policies = None,
    ) -> None:
        from auditor import papers

        material = _material(
            runs, inventory, dossiers, agency, since, until, system, recipient, data, policies
        )
        _write(getattr(papers, name.replace("-", "_")), material, out, templates)


for _name, _told in PAPERS.items():
    _registered(_name, _told)


def _material(
    runs: list[Path],
    inventory: Path | None,
    dossiers: Path | None,
    agency: Path | None,
    since: str | None,
    until: str | None,
    system: str | None,
    recipient: str,
    data: Path | None,
    policies: Path | None,
) -> Material:
    from auditor import classify, inspect, papers, pipeline, policy
    from auditor.model.agency import Agency
    from auditor.model.documents import read
    from auditor.model.register import load_register

    first, last = _day(since, "--since"), _day(until, "--until")
    if first and last and last < first:
        raise typer.BadParameter("--since must not be after --until", param_hint="--since")
    folder = policies or pipeline.data_folder("policies")
    catalogue = classify.catalogue(folder)
    regimes = policy.load_regimes(folder / "regimes.yaml", catalogue)
    systems = classify.inventory(inventory, catalogue) if inventory else None
    if system is not None and systems and system not in {each.id for each in systems.systems}:
        known = ", ".join(each.id for each in systems.systems[:20])
        raise typer.BadParameter(f"the inventory has {known}", param_hint="--system")
    material = papers.gathered(
        [_run(path) for path in _files(runs)],
        read(agency, Agency) if agency else Agency(version="none"),
        catalogue,
        regimes,
        inventory=systems,
        register=load_register(dossiers, catalogue, systems, regimes) if dossiers else None,
        ledger=_ledger(data) if data else None,
        since=first,
        until=last,
        system=system,
        recipient=recipient,
        sought=inspect.sought_in(folder, catalogue.by_code) if data else (),
    )
    named = {seen.finding.system for seen in material.seen}
    if system is not None and systems is None and system not in named:
        raise typer.BadParameter(
            f"no indicator of these runs names {system}; name it as the inventory does, and give "
            "--inventory",
            param_hint="--system",
        )
    return material


def _ledger(data: Path) -> Ledger:
    from auditor.store import ledger as stored

    store = store_of(data)
    try:
        with store.reading() as connection:
            return stored.read(connection)
    finally:
        store.close()


def _write(
    made: Callable[[Material], Paper], material: Material, out: Path, templates: Path | None
) -> None:
    from auditor import papers
    from auditor.model.files import written

    paper = made(material)
    at = max(run.finished for run in material.runs)
    files: dict[str, str | bytes] = {
        f"{paper.name}.docx": papers.docx(paper, at, templates),
        f"{paper.name}.html": papers.html(paper),
    }
    written(out, files)
    for name in files:
        say(str(out / name))
    done, whole = paper.filled()
    say(f"Đã điền {done} trong {whole} trường. / {done} of {whole} fields filled.")


def _day(text: str | None, option: str) -> date | None:
    from auditor.model.days import iso_day

    if text is None:
        return None
    try:
        return iso_day(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def _files(paths: list[Path]) -> list[Path]:
    """The run documents that the paths name; in folders, all that are called ``run.json``."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            held = sorted(path.rglob("run.json"))
            if not held:
                raise InputError(
                    "holds no run.json", place=str(path), hint="Name the folder of an audit."
                )
            found += held
        else:
            found.append(path)
    if len(found) > MOST_RUNS:
        raise InputError(
            f"{len(found)} runs are more than {MOST_RUNS}",
            place=str(paths[0]),
            hint="Name fewer folders.",
        )
    return list(dict.fromkeys(found))


def _run(path: Path) -> Run:
    from auditor.model.run import from_json

    hint = "Give the run.json of an audit."
    refused = InputError(
        f"cannot be read, or is larger than {MOST_BYTES >> 20} MiB", place=str(path), hint=hint
    )
    if not path.exists():
        raise InputError("does not exist", place=str(path), hint=hint)
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode) or about.st_size > MOST_BYTES:
            raise refused
        return from_json(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError):
        raise refused from None

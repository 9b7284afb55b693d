"""The commands of the checklist that sign, compare and write papers."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli.assessments import (
    AsOf,
    Folder,
    Key,
    Person,
    Role,
    Unit,
    decided,
    key_of,
    made_key,
    now,
    opened,
)  # fmt: skip
from auditor.cli.options import FINDINGS, Policies
from auditor.cli.terminal import say, tell
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from auditor.model.readiness import Readiness

app = typer.Typer()


@app.command()
def sign(
    folder: Folder,
    name: Person,
    role: Role,
    unit: Unit = "",
    key: Key = None,
    make: Annotated[
        Path | None, typer.Option("--new-key", readable=False, help="Make this key first.")
    ] = None,
    endpoints: Annotated[
        bool, typer.Option("--endpoints", help="Sign the list of endpoints that may be scanned.")
    ] = False,
    policies: Policies = None,
) -> None:
    """Sign the whole assessment (Ed25519): catalogue, answers, evidence, checks, baseline."""
    from auditor import readiness, report
    from auditor.checklist.signing import Signer

    assessed = opened(folder, policies)
    if make is not None:
        made_key(make)
        key = make
    held = key_of(key)
    if held is None:
        raise typer.BadParameter("name the signer's key, or --new-key FILE", param_hint="--key")
    if not endpoints:
        found = decided(folder, policies)
        for line in report.readiness_lines(found, ())[:4]:
            say(line)  # who signs sees what the folder says today
        for problem in found.problems:
            tell(problem)
    printed, known = readiness.signed(
        assessed, Signer(name, role, unit), held, now(), endpoints=endpoints
    )
    say(f"Đã ký. Mã khoá / signed with key: {printed}")
    if not known:
        say("Khoá này chưa có trong assessment.yaml (people); ghi vào đó rồi ký lại:")
        say("assessment.yaml does not name this key yet; write it there and sign again:")
        say(f'  people: [{{name: "{name}", role: {role}, unit: "{unit}", key: "{printed}"}}]')


@app.command()
def verify(folder: Folder, as_of: AsOf = None, policies: Policies = None) -> None:
    """Tell what changed since each signature; exit code 1 if any does not hold."""
    from auditor.checklist.signing import last_words

    found = decided(folder, policies, as_of)
    for row in found.signatures:
        say(f"{row.state}  {row.at:%Y-%m-%d %H:%M}  {row.person} ({row.role})  {row.key}")
        if not row.known:
            say("  Khoá chưa có trong assessment.yaml / the key is not named in assessment.yaml")
        for change in row.changes:
            say(f"  {change.vi} / {change.en}")
    if not found.signatures:
        say("Chưa có chữ ký. / No signature.")
    for problem in found.problems:
        tell(problem)
    last = last_words(found.signatures)
    holds = bool(last) and all(row.state == "valid" and row.known for row in last)
    if not holds or any(problem.code == "history-broken" for problem in found.problems):
        raise typer.Exit(FINDINGS)


@app.command("report")
def papers(
    folder: Folder,
    out: Annotated[
        Path | None,
        typer.Option("--out", readable=False, help="Folder; default: papers/ in the assessment."),
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also as PDF (needs Chromium).")] = False,
    as_of: AsOf = None,
    policies: Policies = None,
) -> None:
    """Write the self-assessment report (HTML, PDF) and the plan (docx)."""
    from auditor import report
    from auditor.model import readiness as document

    found = decided(folder, policies, as_of)
    target = out or folder / "papers"
    page = report.readiness_html(found)
    files: dict[str, str | bytes] = {
        "readiness.html": page,
        "phuong-an.docx": report.plan_docx(found),
        "readiness.json": document.to_json(found),
    }
    if pdf:
        files["readiness.pdf"] = report.pdf(page, target)
    report.written(target, files)
    for file in files:
        say(str(target / file))


@app.command("export")
def exported(
    folder: Folder,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", readable=False, help="Workbook to fill in.")
    ] = None,
    oscal: Annotated[
        Path | None,
        typer.Option("--oscal", readable=False, help="Folder for OSCAL results and POA&M."),
    ] = None,
    ciso: Annotated[
        Path | None,
        typer.Option("--ciso", readable=False, help="CISO Assistant library of the checklist."),
    ] = None,
    as_of: AsOf = None,
    policies: Policies = None,
) -> None:
    """Write the assessment for Excel, as OSCAL, or the checklist as a CISO Assistant library."""
    from auditor import report

    assessed = opened(folder, policies)
    found = decided(folder, policies, as_of)
    wanted: list[tuple[Path, str | bytes]] = []
    if xlsx:
        wanted.append((xlsx, report.workbook_xlsx(found)))
    if oscal:
        wanted.append((oscal / "assessment-results.json", report.oscal_results(found)))
        wanted.append((oscal / "poam.json", report.oscal_poam(found)))
    if ciso:
        wanted.append((ciso, report.ciso_library(assessed.catalogue.checklist)))
    if not wanted:
        raise typer.BadParameter("name at least one of --xlsx, --oscal, --ciso")
    for path, content in wanted:
        report.written(path.parent, {path.name: content})
        say(str(path))


@app.command("import")
def imported(
    folder: Folder,
    workbook: Annotated[Path, typer.Argument(readable=False, help="A filled workbook (xlsx).")],
    apply: Annotated[
        bool, typer.Option("--apply", help="Take the answers over; without it: a preview.")
    ] = False,
    policies: Policies = None,
) -> None:
    """Read answers back from Excel: first a preview, with --apply they are taken over."""
    from auditor.checklist.workbook import answers_in, taken_over
    from auditor.checklist.writing import saved

    assessed = opened(folder, policies)
    found = answers_in(workbook, assessed.folder, assessed.catalogue.checklist)
    for line in (*found.lines, *found.mistakes):
        say(f"{line.vi} / {line.en}")
    if not apply:
        say(f"{len(found.rows)} câu trả lời mới; thêm --apply để ghi. / new answers; add --apply.")
        return
    if found.rows or found.mistakes:
        answers = taken_over(assessed.folder, assessed.catalogue.checklist, found, now())
        what = f"import {workbook.name}: {len(found.rows)}"
        saved(assessed.folder, "answers.yaml", answers, at=now(), what=what)
    say(f"{len(found.rows)} câu trả lời đã ghi. / answers taken over.")


@app.command()
def profile(
    rules: Annotated[
        Path, typer.Argument(readable=False, help="What the rows must fulfil (*.rules.yaml).")
    ],
    table: Annotated[
        list[str], typer.Option("--table", metavar="NAME=FILE", help="A CSV for each table.")
    ],
    out: Annotated[Path, typer.Option("--out", readable=False, help="The profile (JSON).")],
    codes: Annotated[
        Path | None, typer.Option("--codes", readable=False, help="Code lists (CSV, XLSX).")
    ] = None,
    package: Annotated[
        list[Path] | None,
        typer.Option("--package", readable=False, help="Files to look for secrecy marks in."),
    ] = None,
    as_of: AsOf = None,
) -> None:
    """Look at data on the spot and write counts only: the evidence of kind data-sample."""
    from auditor import report
    from auditor.checklist.facts import VIETNAM
    from auditor.checklist.sources.profile import profile as profiled
    from auditor.checklist.sources.rules import Rules
    from auditor.checklist.sources.sample import to_json
    from auditor.model.documents import read

    tables: dict[str, Path] = {}
    for given in table:
        name, _, path = given.partition("=")
        if not path or name in tables:
            raise typer.BadParameter(f"{given}: write NAME=FILE.csv, once", param_hint="--table")
        tables[name] = Path(path)
    today = now(as_of).astimezone(VIETNAM).date()
    found = profiled(tables, read(rules, Rules), today, codes=codes, packages=package or ())
    report.written(out.parent, {out.name: to_json(found)})
    say(f"{out}: chỉ có số đếm, không có giá trị nào. / counts only, no value.")


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(readable=False, help="A folder, or a readiness.json.")],
    after: Annotated[Path, typer.Argument(readable=False, help="The later one.")],
    policies: Policies = None,
) -> None:
    """Show what differs between two assessments; exit code 1 if anything does."""
    from auditor.checklist.differences import differences

    found = differences(_look(before, policies), _look(after, policies))
    for line in found:
        say(f"{line.vi} / {line.en}")
    if not found:
        say("Không khác. / No difference.")
        return
    raise typer.Exit(FINDINGS)


def _look(path: Path, policies: Path | None) -> Readiness:
    from auditor.model.readiness import MOST_BYTES, from_json

    if path.is_dir():
        return decided(path, policies)
    refused = InputError(
        f"cannot be read, or is larger than {MOST_BYTES >> 20} MiB",
        place=str(path),
        hint="Name the folder of an assessment, or its readiness.json.",
    )
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode) or about.st_size > MOST_BYTES:
            raise refused
        return from_json(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError):
        raise refused from None

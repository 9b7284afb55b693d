"""The commands of the pre-sync checklist."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from auditor.cli.options import (
    FINDINGS,
    Geoip,
    Jobs,
    LogZone,
    Mappings,
    Policies,
    Since,
    Until,
    order_of,
    settings_of,
)  # fmt: skip
from auditor.cli.terminal import progress_shown, say, tell
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from auditor.model.readiness import ItemResult, Readiness
    from auditor.readiness import Assessed

app = typer.Typer(
    help="Danh mục kiểm tra trước khi kết nối. / The pre-sync security checklist.",
    no_args_is_help=True,
)

PASSPHRASE = "AUDITOR_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable

Folder = Annotated[Path, typer.Argument(readable=False, help="Folder of the assessment.")]
ItemName = Annotated[str, typer.Argument(help="Id of the item, such as NET-03.")]
Person = Annotated[str, typer.Option("--name", help="Who: the person's name.")]
Role = Annotated[
    Literal[
        "owner", "operator", "security-unit", "assessor", "data-owner", "secrecy-officer",
        "custodian", "leader", "inspector", "staff",
    ],
    typer.Option("--role", help="In which role."),
]  # fmt: skip
Unit = Annotated[str, typer.Option("--unit", help="The person's unit.")]
Because = Annotated[str, typer.Option("--because", help="The reason, or what is in place.")]
Key = Annotated[
    Path | None, typer.Option("--key", readable=False, help="Private key (Ed25519, PEM).")
]


def _now() -> datetime:
    return datetime.now(UTC)


def _opened(folder: Path, policies: Path | None) -> Assessed:
    from auditor import pipeline, readiness

    return readiness.opened(folder, policies or pipeline.data_folder("policies"))


def _decided(folder: Path, policies: Path | None) -> Readiness:
    from auditor import readiness

    return readiness.readiness(_opened(folder, policies), _now())


@app.command()
def new(
    folder: Folder,
    system: Annotated[str, typer.Option("--system", help="Id of the system.")],
    level: Annotated[int, typer.Option("--level", min=1, max=5, help="Its security level.")],
    policies: Policies = None,
) -> None:
    """Begin an assessment: a folder with templates to fill in."""
    from auditor import pipeline
    from auditor.checklist.beginning import begun
    from auditor.checklist.catalogue import load

    place = policies or pipeline.data_folder("policies")
    catalogue = load(place)
    begun(folder, place, catalogue, system=system, level=level)
    say(f"{folder}: {len(catalogue.checklist.items)} mục / items, cấp độ / level {level}")
    say("Điền assessment.yaml và network.yaml, rồi: / Fill in both files, then:")
    say(f"  auditor checklist answer {folder}")


@app.command()
def show(
    folder: Folder,
    item: Annotated[str | None, typer.Argument(help="Id of an item, or of a group.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only items that are not met.")] = False,
    policies: Policies = None,
) -> None:
    """Show where the assessment stands, or everything about one item."""
    from auditor import report
    from auditor.checklist.verdict import MET

    assessed = _opened(folder, policies)
    found = _decided(folder, policies)
    name = (item or "").upper()
    chosen = [each for each in found.items if name in ("", each.id, each.group)]
    if not chosen:
        raise InputError("no such item or group", place=name, hint="Ids look like NET-03 or NET.")
    if name and len(chosen) == 1:
        asked = assessed.catalogue.checklist.item(chosen[0].id)
        lines = report.item_lines(chosen[0], asked, assessed.catalogue.checklist)
    else:
        if open_only:
            chosen = [each for each in chosen if each.state not in MET]
        lines = report.readiness_lines(found, tuple(chosen))
    for line in lines:
        say(line)


@app.command()
def answer(
    folder: Folder,
    item: Annotated[
        str | None, typer.Argument(help="Id of the item; without it: guided, item by item.")
    ] = None,
    said: Annotated[
        Literal["yes", "partly", "no", "not-applicable", "nothing"] | None,
        typer.Option("--say", help="The answer."),
    ] = None,
    because: Because = "",
    by: Annotated[str, typer.Option("--by", help="Who answers.")] = "",
    who: Annotated[str, typer.Option("--who", help="Remedy: who mends it.")] = "",
    what: Annotated[str, typer.Option("--what", help="Remedy: what is done.")] = "",
    due: Annotated[str, typer.Option("--due", help="Remedy: by which day.")] = "",
    responsible: Annotated[
        str, typer.Option("--responsible", help="Remedy: who answers for it.")
    ] = "",
    product: Annotated[str, typer.Option("--product", help="Remedy: what comes out.")] = "",
    authority: Annotated[str, typer.Option("--authority", help="Remedy: who decides.")] = "",
    policies: Policies = None,
) -> None:
    """Answer an item, with its remedy in the six clear points; without an item: guided."""
    from auditor.checklist.entries import answered, item_of
    from auditor.checklist.writing import saved

    assessed = _opened(folder, policies)
    if item is None:
        from auditor.cli.guided import asked_one_by_one

        asked_one_by_one(assessed, by)
        return
    asked = item_of(assessed.catalogue.checklist, item)
    if said is None:
        raise typer.BadParameter("say yes, partly, no, not-applicable", param_hint="--say")
    measure = {
        "who": who, "what": what, "due": due, "responsible": responsible, "product": product,
        "authority": authority,
    }  # fmt: skip
    answers = answered(
        assessed.folder, asked, said, explanation=because, by=by, at=_now(), measure=measure
    )
    saved(assessed.folder, "answers.yaml", answers, at=_now(), what=f"answer {asked.id}: {said}")
    _state(folder, policies, asked.id)


@app.command()
def attach(
    folder: Folder,
    file: Annotated[
        Path | None, typer.Argument(readable=False, help="The file; without it: metadata only.")
    ] = None,
    kind: Annotated[str, typer.Option("--kind", help="Kind of evidence (show ITEM lists).")] = "",
    item: Annotated[
        list[str] | None, typer.Option("--item", help="Only for this item; may be repeated.")
    ] = None,
    number: Annotated[str, typer.Option("--number", help="Number of the document.")] = "",
    dated: Annotated[str, typer.Option("--dated", help="Day of the document.")] = "",
    signer: Annotated[str, typer.Option("--signer", help="Who signed it.")] = "",
    effective: Annotated[str, typer.Option("--effective", help="Day from which it holds.")] = "",
    collected: Annotated[str, typer.Option("--collected", help="Day it was taken.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who attaches it.")] = "",
    note: Annotated[str, typer.Option("--note", help="A remark.")] = "",
    secret: Annotated[
        bool, typer.Option("--secret", help="It bears a secrecy mark: register metadata only.")
    ] = False,
    policies: Policies = None,
) -> None:
    """Attach evidence: the file is copied and hashed; one with a secrecy mark never is."""
    from auditor.checklist.entries import attached, item_of, kind_of
    from auditor.checklist.sources.document import first_look
    from auditor.checklist.writing import saved

    assessed = _opened(folder, policies)
    checklist = assessed.catalogue.checklist
    wanted = kind_of(checklist, kind)
    items = tuple(item_of(checklist, name).id for name in item or ())
    given = {
        "number": number, "dated": dated, "signer": signer, "effective": effective,
        "collected": collected, "note": note,
    }  # fmt: skip
    if file is not None and wanted.form in ("document", "register", "sample"):
        look = first_look(file)
        for name, text in (
            ("number", look.number),
            ("dated", look.dated),
            ("signer", look.signer),
        ):
            if not given[name] and text:
                given[name] = text
                say(f"  {name}: {text} (đọc trong tệp / read in the file)")
        if look.secrecy and not secret:
            secret = True
            say(f"Tệp có dấu {look.secrecy}: chỉ ghi thông tin, không sao chép nội dung.")
            say("The file bears a secrecy mark: its metadata is registered, nothing is copied.")
    register, entry = attached(
        assessed.folder, wanted, file, items=items, at=_now(), by=by, facts=given, secret=secret
    )
    saved(assessed.folder, "evidence.yaml", register, at=_now(), what=f"attach {entry.id}")
    say(f"{entry.id}  {wanted.title.vi} / {wanted.title.en}")
    say(f"  {entry.file or 'metadata only'}  {entry.sha256}")


@app.command()
def check(
    folder: Folder,
    paths: Annotated[
        list[Path] | None, typer.Argument(readable=False, help="Captures, flow logs, folders.")
    ] = None,
    scan: Annotated[
        bool, typer.Option("--scan", help="Scan the signed list of the agency's own endpoints.")
    ] = False,
    roots: Annotated[
        Path | None, typer.Option("--roots", readable=False, help="Trusted roots (PEM).")
    ] = None,
    since: Since = None,
    until: Until = None,
    log_zone: LogZone = "+07:00",
    mapping: Mappings = None,
    jobs: Jobs = 0,
    geoip: Geoip = None,
    policies: Policies = None,
) -> None:
    """Run every probe over the evidence, and over captures and logs where they are named."""
    from dataclasses import replace

    from auditor import readiness, report

    assessed = _opened(folder, policies)
    if scan:
        assessed = readiness.scanned(assessed, roots, _now())
    traffic = [*(paths or []), *readiness.attached_traffic(assessed)]
    order = None
    if traffic:
        settings = settings_of(0, False, log_zone, "", "")
        order = order_of(traffic, None, None, policies, geoip, "VN", jobs, since, until, settings)
        order = replace(order, mappings=tuple(mapping or ()))
    with progress_shown() as progress:
        assessed = readiness.checked(assessed, order, _now(), progress)
    found = readiness.readiness(assessed, _now())
    for line in report.readiness_lines(found, ()):
        say(line)


@app.command()
def waive(
    folder: Folder,
    item: ItemName,
    name: Person,
    role: Role,
    because: Because,
    until: Annotated[str, typer.Option("--until", help="Last day, within a year.")],
    unit: Unit = "",
    policies: Policies = None,
) -> None:
    """Accept a lack for a time; it stays a lack, and confirmed gates cannot be waived."""
    from auditor.checklist.entries import item_of, waived
    from auditor.checklist.signing import Signer
    from auditor.checklist.writing import saved

    assessed = _opened(folder, policies)
    asked = item_of(assessed.catalogue.checklist, item)
    signer = Signer(name, role, unit)
    answers = waived(assessed.folder, asked, signer, reason=because, at=_now(), until=until)
    saved(assessed.folder, "answers.yaml", answers, at=_now(), what=f"waive {asked.id}")
    _state(folder, policies, asked.id)


@app.command()
def attest(
    folder: Folder,
    item: ItemName,
    name: Person,
    role: Role,
    until: Annotated[str, typer.Option("--until", help="Valid until this day.")],
    statement: Annotated[
        str, typer.Option("--statement", help="What is attested; default: the item's own words.")
    ] = "",
    fails: Annotated[bool, typer.Option("--fails", help="It does not hold.")] = False,
    unit: Unit = "",
    key: Key = None,
    policies: Policies = None,
) -> None:
    """A named person's word for one item, bound to its wording and its evidence."""
    from auditor.checklist.entries import attested, item_of
    from auditor.checklist.signing import Signer
    from auditor.checklist.writing import saved

    assessed = _opened(folder, policies)
    asked = item_of(assessed.catalogue.checklist, item)
    evidence = tuple(each for kind in asked.evidence for each in assessed.held.get(kind, ()))
    words = statement or (asked.attests.vi if asked.attests else "")
    answers = attested(
        assessed.folder,
        asked,
        evidence,
        Signer(name, role, unit),
        holds=not fails,
        statement=words,
        at=_now(),
        valid_until=until,
        key=_key(key),
    )
    saved(assessed.folder, "answers.yaml", answers, at=_now(), what=f"attest {asked.id}")
    _state(folder, policies, asked.id)


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
    from auditor import readiness
    from auditor.checklist.signing import Signer

    assessed = _opened(folder, policies)
    if make is not None:
        _made_key(make)
        key = make
    held = _key(key)
    if held is None:
        raise typer.BadParameter("name the signer's key, or --new-key FILE", param_hint="--key")
    printed, known = readiness.signed(
        assessed, Signer(name, role, unit), held, _now(), endpoints=endpoints
    )
    say(f"Đã ký. Mã khoá / signed with key: {printed}")
    if not known:
        say("Khoá này chưa có trong assessment.yaml (people); ghi vào đó rồi ký lại:")
        say("assessment.yaml does not name this key yet; write it there and sign again:")
        say(f'  people: [{{name: "{name}", role: {role}, unit: "{unit}", key: "{printed}"}}]')


@app.command()
def verify(folder: Folder, policies: Policies = None) -> None:
    """Tell what changed since each signature; exit code 1 if any does not hold."""
    found = _decided(folder, policies)
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
    if not found.signatures or any(row.state != "valid" for row in found.signatures):
        raise typer.Exit(FINDINGS)


@app.command("report")
def papers(
    folder: Folder,
    out: Annotated[
        Path | None,
        typer.Option("--out", readable=False, help="Folder; default: papers/ in the assessment."),
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also as PDF (needs Chromium).")] = False,
    policies: Policies = None,
) -> None:
    """Write the self-assessment report (HTML, PDF) and the plan (docx)."""
    from auditor import report
    from auditor.model import readiness as document

    found = _decided(folder, policies)
    target = out or folder / "papers"
    page = report.readiness_html(found)
    files: dict[str, str | bytes] = {
        "readiness.html": page,
        "phuong-an.docx": report.plan_docx(found),
        "readiness.json": document.to_json(found),
    }
    if pdf:
        files["readiness.pdf"] = report.pdf(page)
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
    policies: Policies = None,
) -> None:
    """Write the assessment for Excel, as OSCAL, or the checklist as a CISO Assistant library."""
    from auditor import report

    assessed = _opened(folder, policies)
    found = _decided(folder, policies)
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

    assessed = _opened(folder, policies)
    found = answers_in(workbook, assessed.folder, assessed.catalogue.checklist)
    for line in found.lines:
        say(f"{line.vi} / {line.en}")
    if not apply:
        say(f"{len(found.rows)} câu trả lời mới; thêm --apply để ghi. / new answers; add --apply.")
        return
    if found.rows:
        answers = taken_over(assessed.folder, assessed.catalogue.checklist, found.rows, _now())
        what = f"import {workbook.name}: {len(found.rows)}"
        saved(assessed.folder, "answers.yaml", answers, at=_now(), what=what)
    say(f"{len(found.rows)} câu trả lời đã ghi. / answers taken over.")


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
    from auditor.model.readiness import from_json

    if path.is_dir():
        return _decided(path, policies)
    try:
        return from_json(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError):
        raise InputError(
            "cannot be read",
            place=str(path),
            hint="Name the folder of an assessment, or its readiness.json.",
        ) from None


def _state(folder: Path, policies: Path | None, name: str) -> None:
    """How the item stands after a change."""
    from auditor import report

    found: ItemResult = next(i for i in _decided(folder, policies).items if i.id == name)
    for line in report.item_summary(found):
        say(line)


def _key(path: Path | None) -> Ed25519PrivateKey | None:
    from auditor.checklist.signing import read_key

    if path is None:
        return None
    return read_key(path, _passphrase())


def _made_key(path: Path) -> None:
    from auditor.checklist.signing import key_text, new_key

    if path.exists():
        raise InputError("is there already", place=str(path), hint="Use it with --key.")
    content = key_text(new_key(), _passphrase())
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    say(f"{path}: khoá mới; giữ riêng, không để trong hồ sơ. / a new key; keep it elsewhere.")


def _passphrase() -> str:
    if PASSPHRASE in os.environ:
        return os.environ[PASSPHRASE]
    if not sys.stdin.isatty():
        return ""
    text: str = typer.prompt("Mật khẩu khoá / passphrase", default="", hide_input=True)
    return text

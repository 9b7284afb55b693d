"""The commands of the pre-sync checklist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from auditor.cli.assessments import (
    AsOf,
    Because,
    Folder,
    ItemName,
    Key,
    Person,
    Role,
    Unit,
    decided,
    key_of,
    now,
    opened,
)  # fmt: skip
from auditor.cli.options import (
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
from auditor.cli.terminal import progress_shown, say
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from auditor.model.checklist import EvidenceKind
    from auditor.model.readiness import ItemResult

app = typer.Typer()


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
    as_of: AsOf = None,
    policies: Policies = None,
) -> None:
    """Show where the assessment stands, or everything about one item."""
    from auditor import report
    from auditor.checklist.verdict import MET

    assessed = opened(folder, policies)
    found = decided(folder, policies, as_of)
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

    assessed = opened(folder, policies)
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
        assessed.folder.answers, asked, said, explanation=because, by=by, at=now(), measure=measure
    )
    saved(assessed.folder, "answers.yaml", answers, at=now(), what=f"answer {asked.id}: {said}")
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
        bool | None,
        typer.Option(
            "--secret/--not-secret",
            help="It bears a secrecy mark (metadata only is registered), or somebody looked: none.",
        ),
    ] = None,
    policies: Policies = None,
) -> None:
    """Attach evidence: the file is copied and hashed; one with a secrecy mark never is."""
    from auditor.checklist.entries import asking, attached, item_of, kind_of
    from auditor.checklist.writing import saved

    assessed = opened(folder, policies)
    checklist = assessed.catalogue.checklist
    wanted = kind_of(checklist, kind)
    items = tuple(asking(item_of(checklist, name), wanted).id for name in item or ())
    given = {
        "number": number, "dated": dated, "signer": signer, "effective": effective,
        "collected": collected, "note": note,
    }  # fmt: skip
    if file is not None and not file.exists():
        raise InputError(
            "no such file",
            place=str(file),
            hint="Check the path; without a file, metadata alone is registered.",
        )
    if file is not None and not secret:
        secret = _looked_at(file, wanted, given, secret)
    register, entry = attached(
        assessed.folder,
        wanted,
        file,
        items=items,
        at=now(),
        by=by,
        facts=given,
        secret=bool(secret),
    )
    saved(assessed.folder, "evidence.yaml", register, at=now(), what=f"attach {entry.id}")
    say(f"{entry.id}  {wanted.title.vi} / {wanted.title.en}")
    say(f"  {entry.file or 'metadata only'}  {entry.sha256}")


def _looked_at(file: Path, kind: EvidenceKind, given: dict[str, str], secret: bool | None) -> bool:
    """Whether the file bears a secrecy mark; what it says of itself is added to ``given``.

    Raises:
        InputError: it is a document, nobody looked, and a program cannot tell.
    """
    from auditor.checklist.sources.document import Untold, registered_facts

    look = registered_facts(file)
    if isinstance(look.secrecy, str):
        say(f"Tệp có dấu {look.secrecy}: chỉ ghi thông tin, không sao chép nội dung.")
        say("The file bears a secrecy mark: its metadata is registered, nothing is copied.")
        return True
    unseen = kind.form == "document" or _packed(file)
    if look.secrecy is Untold.CANNOT_TELL and unseen and secret is None:
        raise InputError(
            f"cannot tell whether it bears a secrecy mark: {look.why or 'unreadable'}",
            place=str(file),
            hint="Look at it, then say --secret (metadata only) or --not-secret.",
        )
    if kind.form == "document":
        for name, text in (
            ("number", look.number), ("dated", look.dated), ("signer", look.signer),
        ):  # fmt: skip
            if text and not given[name]:
                given[name] = text
                say(f"  {name}: {text} (đọc trong tệp / read in the file)")
    return False


PACKED = (b"PK", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")


def _packed(file: Path) -> bool:
    with file.open("rb") as opened_file:
        return opened_file.read(8).startswith(PACKED)


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
    as_of: AsOf = None,
    policies: Policies = None,
) -> None:
    """Run every probe over the evidence, and over captures and logs where they are named."""
    from dataclasses import replace

    from auditor import readiness, report

    assessed = opened(folder, policies)
    if scan:
        assessed = readiness.scanned(assessed, roots, now())
    traffic = [*(paths or []), *readiness.attached_traffic(assessed)]
    order = None
    if traffic:
        settings = settings_of(0, False, log_zone, "", "")
        order = order_of(
            list(map(str, traffic)), None, None, policies, geoip, "VN", jobs, since, until, settings
        )
        order = replace(order, mappings=tuple(mapping or ()))
    with progress_shown() as progress:
        assessed = readiness.checked(assessed, order, now(as_of), progress)
    found = readiness.readiness(assessed, now(as_of))
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

    assessed = opened(folder, policies)
    asked = item_of(assessed.catalogue.checklist, item)
    signer = Signer(name, role, unit)
    answers = waived(assessed.folder, asked, signer, reason=because, at=now(), until=until)
    saved(assessed.folder, "answers.yaml", answers, at=now(), what=f"waive {asked.id}")
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

    assessed = opened(folder, policies)
    asked = item_of(assessed.catalogue.checklist, item)
    evidence = tuple(each for kind in asked.evidence for each in assessed.held.get(kind, ()))
    answers = attested(
        assessed.folder,
        asked,
        evidence,
        Signer(name, role, unit),
        holds=not fails,
        statement=statement,
        at=now(),
        valid_until=until,
        key=key_of(key),
    )
    saved(assessed.folder, "answers.yaml", answers, at=now(), what=f"attest {asked.id}")
    _state(folder, policies, asked.id)


def _state(folder: Path, policies: Path | None, name: str) -> None:
    """How the item stands after a change."""
    from auditor import report

    found: ItemResult = next(i for i in decided(folder, policies).items if i.id == name)
    for line in report.item_summary(found):
        say(line)

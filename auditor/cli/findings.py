"""``auditor finding``: what the store knows of findings, and what people decide on them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from auditor.cli.options import Config, Data, data_directory, store_of
from auditor.cli.terminal import complain, say, say_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.finding import Finding, Step
    from auditor.store import Store
    from auditor.store.findings import Remembered, Sighting
    from auditor.store.runs import StoredRun

app = typer.Typer(
    help="Dấu hiệu: tra cứu, quyết định, kế hoạch. / Findings: look up, decide, plan.",
    no_args_is_help=True,
)
_LOCAL: Final = "%Y-%m-%d %H:%M"
Name = Annotated[str, typer.Argument(metavar="ID", help="Its id, or how the id begins.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Most = Annotated[int, typer.Option("--most", min=1, max=1_000_000, help="How many at most.")]
Stands = Literal[
    "open", "acknowledged", "claimed-exempt", "covered", "remediated", "accepted-risk"
]  # fmt: skip
Who = Annotated[str, typer.Option("--who", help="Who decides: the person's name.")]
Role = Annotated[str, typer.Option("--role", help="In which role.")]


@app.command("list")
def listed(
    data: Data = None,
    config: Config = None,
    job: Annotated[str | None, typer.Option("--job", help="Only of this job.")] = None,
    standing: Annotated[
        Stands | None, typer.Option("--standing", help="Only where people say so.")
    ] = None,
    state: Annotated[
        Literal["open", "undecided", "exempt", "covered"] | None,
        typer.Option("--state", help="Only where the last run says so."),
    ] = None,
    at_least: Annotated[
        Literal["critical", "high", "medium", "low", "info"] | None,
        typer.Option("--at-least", help="Only those at least this severe."),
    ] = None,
    gone: Annotated[bool, typer.Option("--gone", help="Also those that are gone.")] = False,
    most: Most = 100,
    as_json: AsJson = False,
) -> None:
    """Show findings with what people decided, the heaviest first."""
    from auditor.report import head_line
    from auditor.store import decisions, findings

    store = store_of(data_directory(data, config))
    try:
        with store.reading() as connection:
            found = findings.present(
                connection, job, at_least, most, state=state, standing=standing, gone=gone
            )
            lives = decisions.steps(connection, {each.finding_id for each in found})
    finally:
        store.close()
    if as_json:
        say_json([_listed(each, lives.get(each.finding_id, ())) for each in found])
        return
    for each in found:
        say(head_line(each.finding_id, each.severity, each.state))
        say(f"  {each.title.vi}")
        say(f"  {each.title.en}")
        to = f"{each.system or '?'} → {each.recipient} ({', '.join(each.countries) or '?'})"
        say(f"  {each.job}: {to}{f' [{each.category}]' if each.category else ''}")
        say(f"  {_stands(each, lives.get(each.finding_id, ()))}")
    if not found:
        say("Không có dấu hiệu nào. / There is no finding.")


@app.command()
def show(name: Name, data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Show all that is known of a finding: the last run, what people decided, its history."""
    from auditor.report import finding_lines, life_lines

    now, store = datetime.now(UTC), store_of(data_directory(data, config))
    try:
        finding_id, jobs, life, seen = _known(store, name, 5)
        finding, run = _as_last_seen(store, finding_id, jobs)
    finally:
        store.close()
    if as_json:
        say_json(
            {"id": finding_id, "finding": None if finding is None else asdict(finding)}
            | {"run": None if run is None else run.run_id, "jobs": [asdict(each) for each in jobs]}
            | {"life": [asdict(each) for each in life]}
            | {"sightings": {job: [asdict(one) for one in some] for job, some in seen.items()}}
        )
        return
    if finding is None:
        say(finding_id)
        for each in jobs[:1]:
            say(f"  {each.title.vi}")
            say(f"  {each.title.en}")
        say("  Không còn run.json của lần chạy đó. / The run.json of its last run is gone.")
    else:
        for line in finding_lines(finding, now):
            say(line)
    if life:
        say("  Quyết định / Decisions")
        for line in life_lines(life):
            say(f"    {line}")
    say("  Lịch sử / History")
    for line in _history(seen, ()):
        say(f"    {line}")


@app.command()
def history(
    name: Name,
    data: Data = None,
    config: Config = None,
    most: Most = 100,
    as_json: AsJson = False,
) -> None:
    """Show what each run saw of a finding and what people decided, the newest first."""
    store = store_of(data_directory(data, config))
    try:
        finding_id, _, life, seen = _known(store, name, most)
    finally:
        store.close()
    if as_json:
        say_json(
            {"id": finding_id, "life": [asdict(each) for each in life]}
            | {"sightings": {job: [asdict(one) for one in some] for job, some in seen.items()}}
        )
        return
    say(finding_id)
    for line in _history(seen, life):
        say(f"  {line}")


@app.command()
def decide(
    name: Name,
    standing: Annotated[Stands, typer.Option("--standing", help="How it stands from now on.")],
    who: Who,
    role: Role,
    why: Annotated[str, typer.Option("--why", help="Why: at least 10 characters.")],
    until: Annotated[
        str | None, typer.Option("--until", help="Day to look at it again: 2027-01-31.")
    ] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Record what somebody decides on a finding; steps are added, never changed."""
    from auditor.model.finding import Step
    from auditor.store import decisions

    step = Step(standing, datetime.now(UTC), who, role, why, _day(until))
    store = store_of(data_directory(data, config))
    try:
        with store.writing() as connection:
            finding_id = decisions.decided(connection, name, step)
    finally:
        store.close()
    _recorded(finding_id, step)


@app.command()
def plan(
    name: Name,
    people: Annotated[str, typer.Option("--people", help="Rõ người: who does it.")],
    work: Annotated[str, typer.Option("--work", help="Rõ việc: what is done.")],
    time: Annotated[str, typer.Option("--time", help="Rõ thời gian: by when.")],
    responsibility: Annotated[
        str, typer.Option("--responsibility", help="Rõ trách nhiệm: who answers for it.")
    ],
    product: Annotated[str, typer.Option("--product", help="Rõ sản phẩm: what comes of it.")],
    authority: Annotated[str, typer.Option("--authority", help="Rõ thẩm quyền: who decides.")],
    who: Who,
    role: Role,
    why: Annotated[
        str, typer.Option("--why", help="Why so.")
    ] = "Lập kế hoạch khắc phục. / A remediation plan is made.",
    data: Data = None,
    config: Config = None,
) -> None:
    """Record the plan by which a finding is remedied, in six clear points."""
    from auditor.model.finding import Plan, Step
    from auditor.store import decisions

    points = Plan(people, work, time, responsibility, product, authority)
    step = Step("acknowledged", datetime.now(UTC), who, role, why)
    store = store_of(data_directory(data, config))
    try:
        with store.writing() as connection:
            finding_id = decisions.planned(connection, name, points, step)
            made = decisions.steps(connection, [finding_id])[finding_id][0]
    finally:
        store.close()
    _recorded(finding_id, made)


def _known(
    store: Store, name: str, most: int
) -> tuple[str, tuple[Remembered, ...], tuple[Step, ...], dict[str, tuple[Sighting, ...]]]:
    """The whole id, what jobs remember, what people decided, what the newest runs saw."""
    from auditor.store import decisions, findings

    with store.reading() as connection:
        finding_id = decisions.found(connection, name)
        jobs = findings.jobs_with(connection, finding_id)
        life = decisions.steps(connection, [finding_id]).get(finding_id, ())
        seen = {each.job: findings.history(connection, each.job, finding_id, most) for each in jobs}
    return finding_id, jobs, life, seen


def _as_last_seen(
    store: Store, finding_id: str, jobs: tuple[Remembered, ...]
) -> tuple[Finding | None, StoredRun | None]:
    """The finding as the last run with it had it, and that run; null = its files are pruned."""
    from auditor.store import runs

    if not jobs:
        return None, None
    with store.reading() as connection:
        if not runs.known(connection, jobs[0].last_run):
            return None, None
        run = runs.named(connection, jobs[0].last_run)
    document = runs.document(store.folder, run)
    found = document.findings if document is not None else ()
    return next((each for each in found if each.id == finding_id), None), run


def _history(seen: dict[str, tuple[Sighting, ...]], life: tuple[Step, ...]) -> Iterator[str]:
    from auditor.agent.notices.wording import NEWS
    from auditor.model.text import Text
    from auditor.report import life_lines

    words = {**NEWS, "same": Text("vẫn còn", "still there")}
    lines: list[tuple[datetime, list[str]]] = [(step.at, life_lines((step,))) for step in life]
    for job, some in seen.items():
        for each in some:
            word = words.get(each.news, Text(each.news, each.news))
            at = each.started.astimezone(UTC)
            amount = f"{each.flows} luồng/flows, {each.outbound_bytes} byte/bytes"
            line = f"{at:{_LOCAL}}Z  {job}: {word.vi} / {word.en}, {amount}"
            lines.append((at, [line, f"  {each.run_id}"]))
    for _, some_lines in sorted(lines, key=lambda one: one[0], reverse=True):
        yield from some_lines


def _listed(each: Remembered, life: tuple[Step, ...]) -> dict[str, object]:
    from auditor.store.decisions import standing

    newest = asdict(life[0]) if life else None
    return {**asdict(each), "standing": standing(life), "decision": newest}


def _stands(each: Remembered, life: tuple[Step, ...]) -> str:
    from auditor.report.law_words import STANDING
    from auditor.store.decisions import standing

    word = STANDING[standing(life)]
    told = f"{word.vi} / {word.en}" if life else "Chưa có quyết định / No decision yet"
    told += f", {life[0].at:%Y-%m-%d}" if life else ""
    if not each.present:
        return f"{told}; không còn thấy / gone"
    if life and life[0].standing == "remediated" and each.last_seen > life[0].at:
        return f"{told}; một lần chạy sau đó còn thấy / a later run had it"
    return told


def _recorded(finding_id: str, step: Step) -> None:
    from auditor.report.law_words import STANDING

    word = STANDING[step.standing]
    say(f"{finding_id}: {word.vi} / {word.en}")
    if step.standing in ("claimed-exempt", "covered"):
        complain(
            "Trạng thái trong báo cáo chỉ đổi khi sổ đăng ký (dossiers.yaml) có hồ sơ hoặc lời "
            "khai đó.\n  The report's own state changes only when the register (dossiers.yaml) "
            "has that dossier or claim."
        )


def _day(text: str | None) -> date | None:
    """The day that ``--until`` names."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no day; write 2027-01-31", param_hint="--until"
        ) from None

"""``auditor store``: whether it is whole, its backup, its room, what is old; what it remembers."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from auditor.cli.options import Config, Data, data_directory, store_of
from auditor.cli.terminal import progress_shown, say, say_json, tell
from auditor.model.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.agent.settings import Retention
    from auditor.model.problem import Problem

app = typer.Typer(
    help="Kho kết quả: kiểm tra, sao lưu, dọn dẹp. / The store: check, back up, tidy.",
    no_args_is_help=True,
)
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
OfJob = Annotated[str | None, typer.Option("--job", help="Only of this job.")]
Most = Annotated[int, typer.Option("--most", min=1, help="How many at most.")]
_LOCAL: Final = "%Y-%m-%d %H:%M"


@app.command()
def check(
    data: Data = None,
    config: Config = None,
    deep: Annotated[bool, typer.Option("--deep", help="Compare every file's content too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look whether the store is whole; exit code 14 if it is not."""
    from auditor.store.consistency import checked

    store = store_of(data_directory(data, config))
    try:
        problems = checked(store, datetime.now(UTC), deep=deep)
    finally:
        store.close()
    if as_json:
        say_json({"ok": not problems, "problems": [asdict(each) for each in problems]})
    elif not problems:
        say("Kho nguyên vẹn. / The store is whole.")
    _end(problems, told=as_json)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(readable=False, help="A new file, or a folder.")],
    data: Data = None,
    config: Config = None,
) -> None:
    """Write one state of the store into one file (mode 600), while the agent goes on."""
    from auditor.store.archive import backed_up

    store = store_of(data_directory(data, config))
    try:
        with progress_shown() as progress:
            progress.stage("write")
            made = backed_up(store, target, datetime.now(UTC), progress.advance)
    finally:
        store.close()
    say(f"{made.path}")
    say(f"  {made.rows} dòng, {made.files} tệp, {made.size} byte")
    say(f"  {made.rows} rows, {made.files} files, {made.size} bytes")
    _end(made.problems)


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(readable=False, help="A backup.")],
    data: Data = None,
    config: Config = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put aside the store that is there.")
    ] = False,
) -> None:
    """Make a store out of a backup: into an empty one only, unless --replace."""
    from auditor.store.restoring import restored

    folder = data_directory(data, config)
    with progress_shown() as progress:
        progress.stage("read")
        done = restored(
            source,
            folder,
            os.environ.get("AUDITOR_DATABASE_URL", ""),
            datetime.now(UTC),
            replace=replace,
            advance=progress.advance,
        )
    say(f"Đã phục hồi {done.rows} dòng, {done.files} tệp ({done.made:{_LOCAL}}Z).")
    say(f"Restored {done.rows} rows, {done.files} files, as of {done.made:{_LOCAL}}Z.")
    if done.aside:
        say(f"Kho cũ / the old store: {done.aside}")
    _end(done.problems)


@app.command()
def vacuum(data: Data = None, config: Config = None) -> None:
    """Give the room of what was removed back to the disk."""
    from auditor.store.retention import vacuumed

    store = store_of(data_directory(data, config))
    try:
        size, then = vacuumed(store)
    finally:
        store.close()
    say(f"{size} → {then} byte / bytes")


@app.command()
def prune(
    data: Data = None,
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove what is older than it must be kept (retention in agent.yaml; 36, 12, 12 months)."""
    from auditor.store.retention import believed, pruned

    folder, kept, now = data_directory(data, config), _retention(config), datetime.now(UTC)
    store = store_of(folder)
    try:
        with store.reading() as connection:
            today = believed(connection, now)
        gone = pruned(store, kept.runs, kept.flows, kept.notices, now, dry=dry_run)
    finally:
        store.close()
    if today < now:
        say(f"Tác vụ đã lâu không chạy, hoặc đồng hồ sai: tính tuổi đến {today:%Y-%m-%d}.")
        say(f"No job has run for long, or the clock is wrong: ages as of {today:%Y-%m-%d}.")
    say("Sẽ xoá / would go:" if dry_run else "Đã xoá / removed:")
    for kind, many in asdict(gone).items():
        say(f"  {kind.replace('_', ' ')}: {many}")


@app.command()
def runs(
    data: Data = None,
    config: Config = None,
    job: OfJob = None,
    most: Most = 20,
    as_json: AsJson = False,
) -> None:
    """Show the newest runs."""
    from auditor.store import runs as stored

    store = store_of(data_directory(data, config))
    try:
        with store.reading() as connection:
            found = stored.listed(connection, job, most)
    finally:
        store.close()
    if as_json:
        say_json([asdict(each) for each in found])
        return
    for each in found:
        say(
            f"{each.run_id}  {each.job}  {each.started:{_LOCAL}}Z  "
            f"{each.flows} luồng/flows, {each.findings} dấu hiệu/findings "
            f"(+{each.new} ~{each.changed} -{each.gone})"
        )


@app.command()
def findings(
    data: Data = None,
    config: Config = None,
    job: OfJob = None,
    most: Most = 100,
    as_json: AsJson = False,
) -> None:
    """Show the findings of each job that are not gone, the heaviest first."""
    from auditor.store import findings as stored

    store = store_of(data_directory(data, config))
    try:
        with store.reading() as connection:
            found = stored.present(connection, job, None, most)
    finally:
        store.close()
    if as_json:
        say_json([asdict(each) for each in found])
        return
    for each in found:
        say(f"[{each.severity}] {each.title.vi}")
        say(f"  {each.title.en}")
        since = f"{each.first_seen:{_LOCAL}}Z"
        say(f"  {each.job}, {each.recipient}, {', '.join(each.countries)}, từ/since {since}")


@app.command()
def subjects(data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Show how many different persons, organisations or things content was about, over all days."""
    from auditor.store import subjects as stored

    store = store_of(data_directory(data, config))
    try:
        with store.reading() as connection:
            found = stored.totals(connection)
    finally:
        store.close()
    if as_json:
        say_json([asdict(each) for each in found])
        return
    words = {True: "ra / out", False: "vào / in", None: "chưa rõ / not known"}
    for each in found:
        count = f"{each.count:,}" if each.exact else f"≈ {each.count:,}"
        system = each.system or "hệ thống chưa kê khai / unlisted system"
        say(
            f"{count}  {each.detector}  {words[each.outbound]}  {system}  "
            f"({each.recipients} bên nhận/recipients, {each.days} ngày/days)"
        )


def _retention(config: Path | None) -> Retention:
    from auditor.agent.settings import Retention, settings
    from auditor.cli.options import settings_file

    place = settings_file(config)
    return settings(place).retention if place else Retention()


def _end(problems: Iterable[Problem], *, told: bool = False) -> None:
    """Tells what is wrong, and ends with the code for it."""
    count = 0
    for problem in problems:
        count += 1
        if not told:
            tell(problem)
    if count:
        if not told:
            say(f"{count} vấn đề. / {count} problems.")
        raise typer.Exit(StoreError.exit_code)

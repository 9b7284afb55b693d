"""``auditor scan``: what would be recognised in files, if they left in clear text."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from auditor.cli.options import FINDINGS, Policies
from auditor.cli.terminal import complain, progress_shown, say, say_json
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.inspect import Scanned
    from auditor.model.catalogue import Catalogue
    from auditor.model.text import Text

app = typer.Typer()

STANDARD_INPUT: Final = "-"
SHOWN: Final = 3
"""Places that are shown of one detector."""

SURE: Final = ("firm", "likely", "weak")


@app.command()
def scan(
    files: Annotated[
        list[Path],
        typer.Argument(readable=False, help="Files of any kind, or - for standard input."),
    ],
    policies: Policies = None,
    fail_on: Annotated[
        Literal["firm", "likely", "weak"] | None,
        typer.Option(
            "--fail-on", help="Exit with 1 if something is recognised at least so surely."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as one JSON list.")] = False,
) -> None:
    """Say what would be recognised in files if they left in clear text; nothing is written."""
    import secrets

    from auditor import classify, inspect, pipeline
    from auditor.model.text import legible

    folder = policies or pipeline.data_folder("policies")
    catalogue = classify.catalogue(folder)
    search = inspect.compiled(folder, catalogue.by_code, secrets.token_bytes(inspect.KEY_BYTES))
    found: list[Scanned] = []
    with progress_shown() as progress:
        for path in files:
            name = "standard input" if str(path) == STANDARD_INPUT else legible(str(path))
            try:
                with _opened(path) as (file, size):
                    progress.stage("inspect", size)
                    found.append(inspect.scanned(file, name, search, progress.advance))
            except OSError as error:
                complain(f"{name}: cannot be read: {error.strerror}")
    if not found:
        raise InputError(
            "none of the files could be read",
            place=", ".join(legible(str(path)) for path in files[:SHOWN]),
            hint="Name files that can be read; of folders, the files in them.",
        )
    if as_json:
        say_json([_document(each, catalogue) for each in found])
    else:
        for each in found:
            _say_one(each, catalogue)
    sure = [one.certainty for each in found for one in each.recognised]
    if fail_on is not None and any(SURE.index(one) <= SURE.index(fail_on) for one in sure):
        raise typer.Exit(FINDINGS)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], int | None]]:
    """The bytes, and how many there are; null = not known."""
    if str(path) == STANDARD_INPUT:
        yield sys.stdin.buffer, None
        return
    with path.open("rb") as file:
        about = os.fstat(file.fileno())
        yield file, about.st_size if stat.S_ISREG(about.st_mode) else None


def _say_one(each: Scanned, catalogue: Catalogue) -> None:
    from auditor.report.content import UNREAD
    from auditor.report.words import CERTAINTY, PROBLEM

    say(f"{each.name}  ({each.size:,} byte)")
    if each.capture:
        say("  Tệp lưu lượng: dùng auditor audit. / A capture: `auditor audit` takes it apart.")
    if each.unread is not None:
        why = UNREAD[each.unread]
        say(f"  Không đọc được trọn vẹn: {why.vi}. / Not read, or not to its end: {why.en}.")
    if each.secret:
        say("  Mang dấu độ mật: không hiện mẫu nào. / Bears a secrecy mark: no samples are shown.")
    for one in each.recognised:
        say(f"  {one.title.vi} / {one.title.en}  [{one.detector}]")
        for code in one.labels:
            title = _title(code, catalogue)
            say(f"    {code}: {title.vi} / {title.en}")
        about = "" if one.exact else "≈ "
        level = CERTAINTY[one.certainty]
        say(f"    {level.vi} / {level.en}")
        say(
            f"    {about}{one.distinct:,} giá trị khác nhau, {one.matches:,} lần"
            f" / {about}{one.distinct:,} different values, {one.matches:,} matches"
        )
        if one.samples:
            say(f"    Mẫu đã che / masked: {', '.join(one.samples)}")
        for place in one.places[:SHOWN]:
            say(f"    @ {place}")
    if not each.recognised:
        say("  Không nhận ra gì. / Nothing was recognised.")
    for left in each.left_out:
        why = UNREAD[left.why]
        kind = f" ({left.kind})" if left.kind else ""
        say(f"  ✗ {left.place}{kind}: {why.vi} / {why.en}")
    more = each.left_out_in_all - len(each.left_out)
    if more:
        say(f"  ✗ … {more:,} tài liệu nữa / {more:,} more documents")
    for code, message in each.problems:
        words = PROBLEM[code]
        say(f"  ! {words.vi} / {words.en}: {message}")
    say()


def _document(each: Scanned, catalogue: Catalogue) -> dict[str, Any]:
    """One file for machines: the fields of ``Scanned``, labels with their titles."""
    from dataclasses import asdict

    document = asdict(each)
    document["problems"] = [{"code": code, "message": text} for code, text in each.problems]
    for one in document["recognised"]:
        titles = [_title(code, catalogue) for code in one["labels"]]
        one["labels"] = [
            {"code": code, "title": {"vi": title.vi, "en": title.en}}
            for code, title in zip(one["labels"], titles, strict=True)
        ]
    return document


def _title(code: str, catalogue: Catalogue) -> Text:
    """What a label stands for."""
    from auditor.inspect import OUTSIDE
    from auditor.model.text import Text

    if code in OUTSIDE:
        return OUTSIDE[code]
    title = catalogue[code].title
    return Text(title.vi, title.en)

"""Answers that come back in the workbook (``auditor.model.workbook`` names its columns).

Columns are found by their headings, wherever they moved. Nothing is taken over that is not
understood, and an empty cell never erases an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.checklist.entries import answered
from auditor.checklist.sources.register import CHARACTERS, register
from auditor.model.errors import InputError
from auditor.model.text import Text
from auditor.model.workbook import COLUMNS, Said, read, said

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from auditor.checklist.assessment import AnswerEntry, Answers
    from auditor.checklist.folder import Folder
    from auditor.model.checklist import Checklist

NEEDED: Final = ("item", "said", "text_sha256")
WRITTEN: Final = tuple(column.id for column in COLUMNS if column.input)
MEASURE: Final = "measure_"


@dataclass(frozen=True, slots=True)
class Row:
    """One answer of the workbook that differs from what is kept."""

    line: int
    item: str
    said: Said
    explanation: str
    by: str
    measure: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a workbook says that is new.

    Attributes:
        rows: answers to take over.
        lines: what will change, and what is not taken and why.
        mistakes: what must be corrected before anything is taken.
    """

    rows: tuple[Row, ...]
    lines: tuple[Text, ...]
    mistakes: tuple[Text, ...]


def answers_in(path: Path, folder: Folder, checklist: Checklist) -> Answered:
    """The answers of a workbook, held against those of the folder.

    Raises:
        InputError: it is no workbook of ours, or is damaged.
    """
    try:
        table = register(path, tuple(column.id for column in COLUMNS))
    except InputError as error:
        raise InputError(
            error.message,
            place=error.place,
            hint="Import the workbook that auditor checklist export DIR --xlsx FILE wrote: columns "
            "may move, headings stay. Nothing was taken over.",
        ) from None
    lacking = [column for column in COLUMNS if column.id in NEEDED and column.id in table.missing]
    if lacking:
        named = "; ".join(f"{column.title.vi} / {column.title.en}" for column in lacking)
        raise InputError(
            f"lacks the columns: {named}",
            place=path.name,
            hint="Columns may move, but keep their headings. Nothing was taken over.",
        )
    kept = {entry.item: entry for entry in folder.answers.answers}
    rows: dict[str, Row] = {}
    lines: list[Text] = []
    mistakes: list[Text] = []
    for row_number, cells in zip(table.rows.index, table.rows.to_dict("records"), strict=True):
        line, given = int(row_number), {str(name): read(str(text)) for name, text in cells.items()}
        name = given["item"].strip().upper()
        item = checklist.item(name)
        if item is None:
            mistakes.append(
                Text(f"dòng {line}: không có mục {name[:20]!r}", f"line {line}: no such item")
            )
            continue
        word = said(given["said"])
        if word is None:
            mistakes.append(
                Text(
                    f"dòng {line}, {name}: không hiểu câu trả lời; dùng có, một phần, không, "
                    "không áp dụng",
                    f"line {line}, {name}: not an answer; use yes, partly, no, not applicable",
                )
            )
            continue
        if any(len(given[name]) >= CHARACTERS for name in WRITTEN):
            mistakes.append(
                Text(
                    f"dòng {line}, {name}: ô dài hơn {CHARACTERS} ký tự; rút gọn, hoặc nộp thành "
                    "bằng chứng",
                    f"line {line}, {name}: a cell is longer than {CHARACTERS} characters; shorten "
                    "it, or attach it as evidence",
                )
            )
            continue
        measure = {
            key.removeprefix(MEASURE): text
            for key, text in given.items()
            if key.startswith(MEASURE) and text
        }
        row = Row(line, name, word, given["explanation"], given["by"], measure)
        if name in rows:
            mistakes.append(
                Text(
                    f"dòng {rows[name].line} và {line}: hai câu trả lời cho {name}; giữ một",
                    f"lines {rows[name].line} and {line}: two answers to {name}; keep one",
                )
            )
            continue
        rows[name] = row
        if given["text_sha256"].strip() != item.text_hash() and word != "nothing":
            mistakes.append(
                Text(
                    f"dòng {line}, {name}: trả lời cho cách hỏi khác với danh mục này; xuất lại "
                    "và trả lời lại",
                    f"line {line}, {name}: answers another wording than this checklist's; export "
                    "anew and answer again",
                )
            )
    new = tuple(row for row in rows.values() if _differs(row, kept.get(row.item)))
    for row in new:
        before = kept[row.item].said if row.item in kept else "nothing"
        lines.append(
            Text(f"{row.item}: {before} → {row.said}", f"{row.item}: {before} → {row.said}")
        )
    lines += [
        Text(
            f"{row.item}: để trống, giữ câu trả lời đã có",
            f"{row.item}: left empty, the answer that is there is kept",
        )
        for row in rows.values()
        if row.said == "nothing" and row.item in kept and kept[row.item].said != "nothing"
    ]
    return Answered(new, tuple(lines), tuple(mistakes))


def taken_over(folder: Folder, checklist: Checklist, found: Answered, at: datetime) -> Answers:
    """All answers, with those of the workbook in their places.

    Raises:
        InputError: the workbook has mistakes; all are listed and nothing is taken over.
    """
    if found.mistakes:
        listed = "\n  ".join(f"{each.vi} / {each.en}" for each in found.mistakes[:50])
        raise InputError(
            f"{len(found.mistakes)} mistakes:\n  {listed}",
            place="workbook",
            hint="Correct them in the workbook and import again; nothing was taken over.",
        )
    answers = folder.answers
    for row in found.rows:
        item = checklist.item(row.item)
        if item is None:
            continue
        answers = answered(
            answers,
            item,
            row.said,
            explanation=row.explanation,
            by=row.by,
            at=at,
            measure=row.measure,
        )
    return answers


def _differs(row: Row, kept: AnswerEntry | None) -> bool:
    if row.said == "nothing":
        return False
    if kept is None:
        return True
    old = kept.measure.model_dump() if kept.measure else {}
    before = {"explanation": kept.explanation, "by": kept.by, **old}
    now = {"explanation": row.explanation, "by": row.by, **row.measure}
    return kept.said != row.said or any(
        _one_line(before.get(name, "")) != _one_line(text) for name, text in now.items()
    )


def _one_line(text: str) -> str:
    """As a cell comes back from a workbook: lines joined."""
    return " ".join(text.split())

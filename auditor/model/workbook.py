"""The workbook that agencies pass around: its sheets, columns and answers.

What writes the workbook and what reads it back both go by these names.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from auditor.model.text import Text

SHEET: Final = "Tra loi"
"""One row an item; the only sheet that is read back."""

EVIDENCE_SHEET: Final = "Bang chung"
GUIDE_SHEET: Final = "Huong dan"
BASIS_SHEET: Final = "Can cu"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sheet of answers.

    Attributes:
        id: how the program names it; those of a measure begin with ``measure_``.
        title: the first line of its heading in Vietnamese, the second in English.
        input: people write in it; all others are for reading, and an import ignores them, except
            ``item`` and ``text_sha256``, which say what was answered.
    """

    id: str
    title: Text
    input: bool

    @property
    def heading(self) -> str:
        """What stands in the first row."""
        return f"{self.title.vi}\n{self.title.en}"


COLUMNS: Final[tuple[Column, ...]] = (
    Column("item", Text("Mã mục", "Item"), input=False),
    Column("group", Text("Nhóm", "Group"), input=False),
    Column("question", Text("Câu hỏi", "Question"), input=False),
    Column("evidence", Text("Bằng chứng", "Evidence"), input=False),
    Column("state", Text("Trạng thái hiện nay", "State now"), input=False),
    Column("said", Text("Trả lời", "Answer"), input=True),
    Column("explanation", Text("Giải trình", "Explanation"), input=True),
    Column("measure_who", Text("Rõ người", "Who"), input=True),
    Column("measure_what", Text("Rõ việc", "What"), input=True),
    Column("measure_due", Text("Rõ thời gian", "By when"), input=True),
    Column("measure_responsible", Text("Rõ trách nhiệm", "Who answers for it"), input=True),
    Column("measure_product", Text("Rõ sản phẩm", "What comes out"), input=True),
    Column("measure_authority", Text("Rõ thẩm quyền", "Who decides"), input=True),
    Column("by", Text("Người trả lời", "Answered by"), input=True),
    Column("text_sha256", Text("Mã câu hỏi, không sửa", "Hash of the question"), input=False),
)

Said = Literal["yes", "partly", "no", "not-applicable", "nothing"]

ANSWERS: Final[dict[Said, Text]] = {
    "yes": Text("có", "yes"),
    "partly": Text("một phần", "partly"),
    "no": Text("không", "no"),
    "not-applicable": Text("không áp dụng", "not applicable"),
    "nothing": Text("chưa trả lời", "not answered"),
}
"""What the drop-down offers, in Vietnamese; an import takes the English words too."""


def column(heading: str) -> Column | None:
    """The column with this heading, or with one of its titles or its id; null = none of ours."""
    asked = _plain(heading)
    for each in COLUMNS:
        if asked in map(_plain, (each.heading, each.title.vi, each.title.en, each.id)):
            return each
    return None


def said(text: str) -> Said | None:
    """The answer that a cell names, in either language; an empty cell is no answer yet."""
    asked = _plain(text)
    if not asked:
        return "nothing"
    for each, words in ANSWERS.items():
        if asked in (_plain(words.vi), _plain(words.en), each):
            return each
    return None


MOST: Final = 32_000
"""Characters that are written into one cell; the format allows 32 767."""

_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ESCAPE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")


def written(text: str) -> str:
    """``text`` as a cell holds it: letter for letter, but for what no workbook can hold.

    In a workbook ``_x000D_`` is a carriage return; ``_x005F_`` in front says that it is meant as
    it stands (ECMA-376 part 1, 22.9.2.19).
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    shown = _NOT_XML.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", plain)
    if len(shown) > MOST:
        shown = f"{shown[: MOST - 40]} […{len(shown) - MOST + 40}…]"
    return _ESCAPE.sub("_x005F_", shown)


def read(cell: str) -> str:
    """What somebody meant by a text cell: ``written`` undone, also as Excel itself writes it."""
    text = _ESCAPED.sub(lambda found: _meant(found[0], chr(int(found[1], 16))), cell)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _meant(escape: str, character: str) -> str:
    return escape if _NOT_XML.match(character) else character


def _plain(text: str) -> str:
    """Letters alone decide, in the composed form of Unicode, not spaces or capitals."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())

"""What a paper consists of, whatever it is written as: the same blocks become Word and HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


MOST_ROWS: Final = 200

OPEN: Final = "……… [đơn vị điền]"
"""What stands where only the agency can say something; it is marked by colour and hatching."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One paragraph.

    Attributes:
        look: ``text`` = running text; ``item`` = a line of a list; ``note`` = a remark in italics
            about how the paper was made; ``strong`` = a line that must not be overlooked.
    """

    text: str
    look: Literal["text", "item", "note", "strong"] = "text"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    Attributes:
        ref: its number in the form, such as ``A.I.3``; empty = none.
        value: empty = open: the agency fills it in.
        hint: what should stand there, where it is open, or how the value is known.
    """

    ref: str
    label: Text
    value: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """One box to tick: ticked where something speaks for it, with what that is."""

    ticked: bool
    text: str
    known_by: str = ""


@dataclass(frozen=True, slots=True)
class Boxes:
    """A list of boxes; an empty box says that nothing was seen, not that there is nothing."""

    ref: str
    label: Text
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a heading row.

    Attributes:
        widths: relative.
        rows: a null cell is open: the agency fills it in.
        left_out: how many rows more there are than it shows.
        empty: what is said where there are no rows.
    """

    titles: tuple[Text, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str | None, ...], ...]
    left_out: int = 0
    empty: str = "Không có."

    @classmethod
    def bounded(
        cls,
        titles: tuple[Text, ...],
        widths: tuple[int, ...],
        rows: Sequence[tuple[str | None, ...]],
        most: int = MOST_ROWS,
        empty: str = "Không có.",
    ) -> Table:
        """A table of the first ``most`` rows that says how many more there are."""
        return cls(titles, widths, tuple(rows[:most]), max(0, len(rows) - most), empty)


@dataclass(frozen=True, slots=True)
class Arrow:
    """One transfer in the flow diagram; ``sure`` = it is known that it leaves."""

    system: str
    recipient: str
    country: str
    says: str
    sure: bool


@dataclass(frozen=True, slots=True)
class Diagram:
    """Who sends to whom: drawn in HTML, a table of arrows in Word."""

    arrows: tuple[Arrow, ...]
    left_out: int = 0


Block = Sentence | Field | Boxes | Table | Diagram


@dataclass(frozen=True, slots=True)
class Part:
    """A numbered heading and what stands under it; ``level`` 1 = ``I.``, 2 = ``1.``."""

    number: str
    title: Text
    blocks: tuple[Block, ...] = ()
    level: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above and below the text of an administrative document; empty = open."""

    parent: str
    issuer: str
    number: str
    place_and_date: str
    signer_title: tuple[str, ...]
    signer_name: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole paper.

    Attributes:
        name: of its template and file: ``review``, ``form-09``, ``assessment``, ``risk-report``.
        kind: the kind of document, in capitals (tên loại).
        subject: what it is about (trích yếu).
        warning: stands on the first page in a frame; null = none.
        bases: the instruments it rests on, in order (căn cứ).
        opening: the sentence before the first part.
        annexes: on paper across.
    """

    name: str
    kind: Text
    subject: Text
    head: Head
    warning: Text | None
    bases: tuple[str, ...]
    opening: str
    parts: tuple[Part, ...]
    annexes: tuple[Part, ...] = field(default=())

    def filled(self) -> tuple[int, int]:
        """How many of how many fields are filled: fields, lists of boxes, and cells of tables.

        Cells count in columns that have an open one; other columns ask nobody for anything.
        """
        done = whole = 0
        for block in self._blocks():
            for is_filled in _asked(block):
                whole += 1
                done += is_filled
        return done, whole

    def _blocks(self) -> Iterator[Block]:
        for part in (*self.parts, *self.annexes):
            yield from part.blocks


def _asked(block: Block) -> Iterator[bool]:
    if isinstance(block, Field):
        yield bool(block.value)
    elif isinstance(block, Boxes):
        yield any(box.ticked for box in block.boxes)
    elif isinstance(block, Table):
        for column in zip(*block.rows, strict=True):
            if None in column:
                yield from (cell is not None for cell in column)

"""Which day a document is of, and how days and calendar months are counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from auditor.checklist.held import Held
from auditor.checklist.probe import Found, unknown
from auditor.checklist.sources.document import Paper
from auditor.checklist.working_days import months_before
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts, Number


@dataclass(frozen=True, slots=True)
class PaperDay:
    """The day of one document.

    Attributes:
        day: null = neither the document nor the register says.
        own: the document's own text says so; false = only the register does.
    """

    held: Held
    day: date | None
    own: bool

    @property
    def reference(self) -> Reference:
        """The document, with its day and who says so."""
        whose = "in its own text" if self.own else "as registered, not read in its text"
        shows = f"{self.day.isoformat()} {whose}" if self.day else "no date"
        return Reference(self.held.entry.id, self.held.entry.file, shows)

    @property
    def vi(self) -> str:
        """Who says the day, in a word."""
        return "theo văn bản" if self.own else "theo sổ đăng ký"

    @property
    def en(self) -> str:
        """Who says the day, in a word."""
        return "by its own text" if self.own else "by the register"


def paper(held: Held) -> Paper | None:
    """The document itself; null = only its metadata is registered.

    Raises:
        InputError: it is missing, changed, damaged or locked.
    """
    return None if held.state == "metadata-only" else held.content(Paper)


def paper_day(held: Held) -> PaperDay:
    """The document's own date where it can be read, else the registered one.

    Raises:
        InputError: it is missing, changed, damaged or locked.
    """
    found = paper(held)
    own = day(found.dated) if found else None
    return PaperDay(held, own or day(held.entry.dated), own is not None)


def paper_days(facts: Facts, kind: str) -> list[PaperDay]:
    """Every document of a kind with its day: dated ones first, the youngest before the others."""
    days = [paper_day(held) for held in facts.held(kind)]
    return sorted(days, key=lambda each: each.day or date.min, reverse=True)


def day(text: str) -> date | None:
    """The day of an ISO date; null = there is none, or no calendar has it."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def after(start: date, number: Number) -> date:
    """The last day on which something of ``start`` still counts.

    Six months are calendar months: the same day of the month, or its last one.
    """
    count = int(number.value or 0)
    if number.unit != "months":
        return start + timedelta(days=count)
    return months_before(start, -count)


def in_future(each: PaperDay, today: date) -> Found | None:
    """What to say of a document that is dated after today; null = it is not."""
    if each.day is None or each.day <= today:
        return None
    entry = each.held.entry
    return Found(
        "fail",
        f"{entry.id} ghi ngày {written(each.day)}, ở tương lai ({each.vi}).",
        f"{entry.id} is dated {each.day}, in the future ({each.en}).",
        [each.reference],
        way_out=Text("Kiểm tra lại ngày của tài liệu.", "Check the document's date."),
    )


def written(when: date) -> str:
    """A day as Vietnamese papers write it."""
    return when.strftime("%d/%m/%Y")


def nothing_held(kind: str) -> Found:
    """No document of this kind is registered."""
    return unknown(
        f"Chưa đăng ký tài liệu nào loại {kind}.",
        f"No document of kind {kind} is registered.",
        f"Gắn tài liệu loại {kind}: auditor checklist attach.",
        f"Attach a document of kind {kind}: auditor checklist attach.",
    )


def no_day(each: PaperDay) -> Found:
    """A document's day is not known."""
    return unknown(
        f"Không biết ngày của tài liệu {each.held.entry.id}: văn bản không đọc được ngày, "
        "sổ đăng ký cũng không ghi.",
        f"The day of {each.held.entry.id} is not known: neither its text nor the register says.",
        "Ghi ngày ban hành (dated) của tài liệu vào evidence.yaml.",
        "Write the document's date (dated) into evidence.yaml.",
    )

"""One registered piece of evidence, and what it holds."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal, TypeVar

from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.checklist.assessment import EvidenceEntry

Content = TypeVar("Content")

Lying = Literal["present", "changed", "missing", "metadata-only"]


class Held:
    """One registered piece of evidence, and what it holds, read when first asked for.

    Attributes:
        state: ``present``, ``changed`` or ``missing`` since it was registered, or
            ``metadata-only``.
    """

    def __init__(self, entry: EvidenceEntry, state: Lying, reads: Callable[[], object]) -> None:
        self.entry = entry
        self.state = state
        self._reads = reads
        self._content: object = None
        self._broken: Exception | None = None
        self._asked = False

    @property
    def day(self) -> date:
        """The earlier of the document's day and that of its taking; at most its registration."""
        entry = self.entry
        told = [text for text in (entry.dated, entry.collected) if text]
        day = min(told) if told else entry.effective or entry.registered
        return date.fromisoformat(min(day, entry.registered))

    @property
    def age_key(self) -> tuple[date, str, str]:
        """Sorts by age; of two of one day the one that was registered later is the younger."""
        return self.day, self.entry.registered, self.entry.id

    def content(self, kind: type[Content]) -> Content:
        """What it holds.

        Raises:
            InputError: it is missing, damaged, too large, or not of this kind.
        """
        if not self._asked:
            self._asked = True
            try:
                self._content = self._reads()
            except Exception as error:
                self._broken = error
                raise
        if self._broken is not None:
            raise self._broken
        if not isinstance(self._content, kind):
            raise InputError(
                f"is no {kind.__name__.lower()}",
                place=self.entry.file or self.entry.id,
                hint=f"Attach a file that fits the kind {self.entry.kind}.",
            )
        return self._content

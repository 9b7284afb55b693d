"""One registered piece of evidence, and what it holds."""

from __future__ import annotations

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
    def age_key(self) -> str:
        """Sorts by age: the day it holds for, or was taken, or was registered."""
        entry = self.entry
        return entry.dated or entry.collected or entry.effective or entry.registered

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

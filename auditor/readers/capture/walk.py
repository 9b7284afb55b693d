"""The walk over a capture file, window by window, for whoever looks at its packets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from auditor.readers.capture import form as forms
from auditor.readers.capture import records
from auditor.readers.capture.layout import BLOCK, MORE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.capture.container import Container
    from auditor.readers.capture.layout import State
    from auditor.readers.capture.windows import Windows


class Walker(Protocol):
    """Who keeps the state of the walk."""

    state: State

    def make_room(self, lacking: int) -> None:
        """Gives the walk what it had no room for."""


class Walk:
    """A file walked to its end by iterating over it.

    It pauses before a table of the state is emptied or enlarged and before a window goes: what
    points into the window must be taken out of it then.

    Attributes:
        cut: code, place and reason where the file is cut off; null = it is not, or not yet.
        whole: at a pause, whether the window has been walked to its end.
    """

    def __init__(self, windows: Windows, walker: Walker, seen: Container) -> None:
        self.cut: tuple[str, int, str] | None = None
        self.whole = False
        self._windows = windows
        self._walker = walker
        self._seen = seen

    def to_end(self) -> tuple[str, int, str] | None:
        """Walks without pauses; where and how the file is cut off, if it is."""
        for _ in self:
            pass
        return self.cut

    def __iter__(self) -> Iterator[None]:
        windows, seen = self._windows, self._seen
        if seen.begin < 0:
            self.cut = "truncated-header", 0, "The file ends inside its own header"
            return
        form = seen.form
        place = windows.start + seen.begin
        while place > windows.end and not windows.finished:  # tiny windows
            windows.advance(windows.start)
            place = windows.start + seen.begin
        while True:
            place, why = self._stopped(place)
            self.whole = why == MORE
            if not self.whole:
                yield
                self._walker.make_room(why)
                continue
            yield
            if windows.finished:
                break
            windows.advance(place)
            place = windows.start
        if form[forms.GAP_FROM] >= 0:
            records.gap_ended(form, seen.gaps, windows.offset + windows.end)
        elif place < windows.end:
            what = "block" if form[forms.PCAPNG] else "packet record"
            where = windows.offset + place
            self.cut = "truncated-record", where, f"The file ends inside a {what}"

    def _stopped(self, place: int) -> tuple[int, int]:
        """Walks from ``place``; where somebody else is needed, and what for."""
        windows, seen = self._windows, self._seen
        form = seen.form
        form[forms.OFFSET], form[forms.FINISHED] = windows.offset, windows.finished
        while True:
            place, why = records.walked(
                self._walker.state, windows.data, place, windows.end, form, seen.interfaces,
                seen.gaps, seen.places,
            )  # fmt: skip
            if form[forms.COMMENTS]:
                seen.taken_comments(windows.data, windows.offset)
            if why == records.SKIP:
                continue
            if why != BLOCK:
                return place, why
            after = seen.block(windows.data, place, windows.end)
            if after is None:
                return place, MORE
            place = after

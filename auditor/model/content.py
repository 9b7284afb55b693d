"""What was inside: hits of detectors, what could be read, how many subjects.

Nothing here holds a value that was found: counts, masked samples, places. Keyed hashes stay with
who counts (``Subjects``), and go nowhere but into the store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from auditor.model.finding import Certainty

MOST_SAMPLES: Final = 3
"""Masked samples a detector shows in a finding."""

STATE_SECRET: Final = "state-secret"  # noqa: S105 - a label
"""Label of secrecy marks: outside the lists of data categories, above all of them."""

COVERT_CHANNEL: Final = "covert-channel"
"""Label of content that hides in another protocol."""

Unread = Literal[
    "encrypted", "missing", "unordered", "media", "locked", "bomb", "damaged", "too-large",
    "opaque", "unsupported",
]  # fmt: skip
"""Why bytes were not read.

encrypted: protected, and no key is at hand. missing: not in the capture (lost or cut). unordered:
in the capture, but could not be put in order. media: picture, sound, film, program. locked: a
document with a password. bomb: unpacks to more than any document holds. damaged: cannot be taken
apart. too-large: beyond what is held at once. opaque: not recognised and looks like random bytes.
unsupported: of a kind that is known but not read.
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """What one detector found in one direction of one flow.

    Attributes:
        outbound: it left home; false = it came in; null = which end is home is not known.
        labels: codes of data categories, or ``STATE_SECRET`` or ``COVERT_CHANNEL``.
        matches: how often.
        distinct: how many different values; an estimate unless ``exact``.
        samples: masked, at most ``MOST_SAMPLES``; none where ``withheld``.
        places: where it stood, such as ``HTTP request body / khach.csv / column so_cccd``; at most
            ``MOST_SAMPLES``.
        withheld: the content carries a secrecy mark: nothing of it is copied.
    """

    flow_id: int
    outbound: bool | None
    detector: str
    labels: tuple[str, ...]
    certainty: Certainty
    matches: int
    distinct: int
    exact: bool = True
    samples: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    withheld: bool = False


@dataclass(slots=True)
class Tally:
    """Payload bytes of one direction, each counted once.

    Attributes:
        seen: payload bytes that the flow table counts.
        read: the protocol was understood and the content searched.
        raw: searched as it stood; the protocol was not understood.
        unread: not searched, by why. ``read + raw + sum(unread)`` = ``seen``.
    """

    seen: int = 0
    read: int = 0
    raw: int = 0
    unread: dict[Unread, int] = field(default_factory=dict)

    def moved(self, size: int, why: Unread) -> None:
        """So many bytes that were taken for read turned out not to be."""
        self.read -= size
        self.unread[why] = self.unread.get(why, 0) + size

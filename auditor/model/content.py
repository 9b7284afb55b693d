"""What was inside: hits of detectors, what could be read, how many subjects.

Nothing here holds a value that was found: counts, masked samples, places. Keyed hashes stay with
who counts (``Counted.state``), and go nowhere but into the store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import pyarrow as pa

from auditor.model.catalogue import Mark
from auditor.model.finding import Certainty
from auditor.model.text import Text

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

UNREAD: Final[tuple[Unread, ...]] = get_args(Unread)


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
            ``MOST_SAMPLES``. Numbers in names are hidden, and all names where ``withheld``.
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


CONTENT: Final = pa.schema(
    [
        pa.field("flow_id", pa.int64()),
        pa.field("content_labels", pa.list_(pa.string())),
        pa.field("content_certainties", pa.list_(pa.string())),
        pa.field("content_hints", pa.list_(pa.string())),
        pa.field("read_bytes", pa.int64()),
        pa.field("raw_bytes", pa.int64()),
        pa.field("unread_why", pa.list_(pa.string())),
        pa.field("persons", pa.int64()),
    ]
)
"""What was inside each flow that was opened, ordered by flow: columns of the flow table's last
stage, and how many persons the values in what left stand for (null = none was recognised)."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What a detector is, for whoever shows its hits.

    Attributes:
        subject: whom distinct values stand for; null = nobody is counted.
        mark: how sure the structure that is looked for is.
        not_known: what its hits cannot tell.
    """

    detector: str
    title: Text
    labels: tuple[str, ...]
    subject: Literal["person", "organisation", "object"] | None
    mark: Mark
    not_known: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """How many different values one detector found between a system and a recipient.

    Attributes:
        count: an estimate unless ``exact``.
        state: keyed hashes to count on with in later runs (``auditor.inspect.Subjects``): they say
            nothing to who has not the key, and stay in the store.
    """

    system: str | None
    recipient: str
    detector: str
    outbound: bool | None
    count: int
    exact: bool
    state: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Contents:
    """What was inside the flows of an audit.

    Attributes:
        sought: all detectors that were looked for.
        hits: by flow, detector and direction; ordered by flow.
        counted: distinct values across flows.
    """

    sought: tuple[Sought, ...] = ()
    hits: tuple[Hit, ...] = ()
    counted: tuple[Counted, ...] = ()


NOTHING_OPENED: Final = Contents()

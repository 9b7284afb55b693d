"""What flows carried, in order: the bytes that readers hand to inspection."""

from __future__ import annotations

from typing import NamedTuple


class Chunk(NamedTuple):
    """The next bytes that one end of a flow sent.

    Attributes:
        flow_id: as in the flow table.
        side: 0 = sent by the initiator (``src``), 1 = by the responder (``dst``).
        data: TCP: bytes of the stream in their order, each once; UDP: the payload of one datagram.
            Empty where only ``gap`` is told.
        gap: bytes of the stream just before ``data`` that the capture does not hold.
        whole: ``data`` is one datagram; else it is a piece of a stream, cut anywhere.
    """

    flow_id: int
    side: int
    data: bytes
    gap: int = 0
    whole: bool = False


class Ended(NamedTuple):
    """A flow has no more bytes.

    Attributes:
        conflicts: by side, bytes that were sent again with another content; the first copy counts.
        midstream: by side, whether the beginning of the stream was not captured.
        unread: by side, bytes that lie in the capture but could not be put in order (IP fragments,
            beyond the memory for segments out of order).
    """

    flow_id: int
    conflicts: tuple[int, int] = (0, 0)
    midstream: tuple[bool, bool] = (False, False)
    unread: tuple[int, int] = (0, 0)

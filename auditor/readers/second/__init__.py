"""The second opinion: the same flow table by entirely other code, slowly.

Two sources of packets (scapy, and tshark by way of pyshark) and one plain tally of flows, written
from the contract. Use the packet engine for work, and these to check it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from auditor.model.problem import Note
    from auditor.readers.reading import Settings

Second = Literal["scapy", "tshark"]
SECOND_ENGINES: Final[tuple[Second, ...]] = ("scapy", "tshark")


def flows_of(
    path: Path, settings: Settings, *, engine: Second, note: Note | None = None
) -> pa.Table:
    """The flows of one capture: stage ``read`` without ``flow_id`` and ``input_id``.

    Raises:
        InputError: the file cannot be read, or the engine is not installed.
    """
    from auditor.readers.second import conversations

    if engine == "scapy":
        from auditor.readers.second import scapy_packets

        return conversations.flows_of_packets(scapy_packets.packets(path, note), settings)
    from auditor.readers.second import tshark_packets

    return conversations.flows_of_packets(tshark_packets.packets(path, note), settings)

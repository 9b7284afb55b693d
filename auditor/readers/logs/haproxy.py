"""HAProxy's HTTP and TCP logs, as syslog writes them (``docs/formats/haproxy.md``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.records.checked import bools
from auditor.readers.records.own_server import (
    KINDS,
    OwnServer,
    fields_of,
    matches,
    seconds_of,
    whole,
)
from auditor.readers.records.text import cleaned
from auditor.readers.records.unplaced import kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from auditor.readers.reading import Settings
    from auditor.readers.records.batch import Batch
    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Kinds, Tally

_INT: Final = pa.int64()

_RECORD: Final = (
    r" (?P<client>[0-9A-Fa-f:.]+):(?P<port>[0-9]{1,5}) "
    r"\[(?P<time>[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2})\.(?P<ms>[0-9]{3})\] "
    r"[^ \n]*?(?P<tls>~?) [^ /\n]+/(?P<server>[^ \n]+) (?:-?[0-9]+/){2,4}\+?(?P<lasted>-?[0-9]+)"
    r"(?P<http> -?[0-9]{1,3})? \+?(?P<size>[0-9]+)(?: [^ \n]+ [^ \n]+)? (?P<state>[A-Za-z-]{2,4}) "
)
_LINE: Final = r"^[^\n\[]*(?:\[[0-9]+\]:| [0-9]+ [^ \n]+ -)" + _RECORD
_SPEAKS: Final = re.compile(rb"[^\n]{0,400}haproxy(?:[^\n ]{0,40}\[\d+\]:| \d+ [^\n ]+ -) ")
"""A line of HAProxy; when it starts it also writes others than of connections."""

_CONNECTION: Final = r"\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:"
NO_SERVER: Final = "<NOSRV>"
TCP: Final = 6
MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Haproxy:
    """The format."""

    name: str = "haproxy"
    seen_by: str = "haproxy"
    one_way: bool = False

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return {
            **KINDS,
            "other-message": ("{count} line(s) tell of something else than a connection", ""),
        }

    def sniff(self, head: bytes) -> float:
        """Nearly certain where one of the first lines is a connection in HAProxy's words."""
        lines = head.split(b"\n")[:20]
        if not _SPEAKS.match(lines[0]):
            return 0.0
        return 0.9 if any(matches(_LINE, line) for line in lines) else 0.0

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Text:
        """One file.

        Raises:
            InputError: the address given for the server is none.
        """
        del head
        return _Text(OwnServer(settings, tally), settings.log_zone, tally)


_FIELDS: Final = (
    "client",
    "port",
    "time",
    "ms",
    "tls",
    "server",
    "lasted",
    "http",
    "size",
    "state",
)


class _Text:
    def __init__(self, server: OwnServer, zone: str, tally: Tally) -> None:
        self._server = server
        self._zone = zone
        self._tally = tally

    def pieces(self, block: Block) -> Iterator[tuple[bytes, int]]:
        yield cleaned(block, self._tally), block.line

    def parsed(self, piece: tuple[bytes, int]) -> Batch:
        text, line = piece
        batch = fields_of(text, line, _LINE, _FIELDS)
        known = bools(pc.is_valid(batch.columns["client"]))
        if not known.all():
            batch = self._connections(batch, known)
        size = whole(batch.columns["size"])
        batch.counted(
            np.ones(len(batch), np.bool_), "zone-assumed", self._tally, f"UTC{self._zone}"
        )
        return self._server.placed(self._records(batch.columns, size), batch.where, size)

    def _connections(self, batch: Batch, known: npt.NDArray[np.bool_]) -> Batch:
        """Without the lines of anything else, and those that are damaged."""
        meant = bools(pc.match_substring_regex(batch.columns["line"], _CONNECTION))
        batch.counted(~known & ~meant, "other-message", self._tally, "")
        batch = kept(batch, known | meant)
        return batch.without(~known[known | meant], "bad-line", self._tally)

    def _records(self, fields: dict[str, Any], size: pa.Array) -> dict[str, Any]:
        """Records, but for the server's address."""
        rows = len(size)
        seconds = pc.subtract(seconds_of(fields["time"]), _offset(self._zone))
        start = pc.add(pc.multiply(seconds, 1000), whole(fields["ms"]))
        lasted = fields["lasted"]
        lasted = pc.if_else(pc.starts_with(lasted, "-"), "0", lasted)
        end = pc.add(start, pc.min_element_wise(whole(lasted), MOST_LASTED, skip_nulls=False))
        refused = pc.and_(
            pc.equal(fields["server"], NO_SERVER), pc.starts_with(fields["state"], "P")
        )
        return {
            "start": pc.multiply(start, MILLION),
            "end": pc.multiply(end, MILLION),
            "clock": pa.repeat("assumed", rows),
            "protocol": pa.repeat(pa.scalar(TCP, _INT), rows),
            "src_ip": fields["client"],
            "src_port": whole(fields["port"]),
            "dst_payload": pc.if_else(refused, None, size),
            "blocked": refused,
            "app": pc.if_else(pc.equal(fields["http"], ""), None, "http"),
            "encrypted": pc.if_else(pc.equal(fields["tls"], "~"), True, None),
        }

    def ended(self, line: int) -> None:
        """Tells the sums of what has no place."""
        del line
        self._server.told()


MOST_LASTED: Final = 366 * 86_400_000
"""Longest connection that is believed, in ms."""


def _offset(zone: str) -> int:
    """Seconds that ``+07:00`` is ahead of UTC."""
    hours, _, minutes = zone[1:].partition(":")
    return (-1 if zone.startswith("-") else 1) * (int(hours) * 3600 + int(minutes or 0) * 60)

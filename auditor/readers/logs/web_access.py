"""Access logs of web servers: common and combined format (``docs/formats/web-access.md``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

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
from auditor.readers.records.unplaced import Unplaced, kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.reading import Settings
    from auditor.readers.records.batch import Batch
    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Kinds, Tally

_TEXT: Final = pa.string()
_INT: Final = pa.int64()

_START: Final = (
    r"^(?:(?P<host>[^ :\n]*[G-Zg-z_-][^ :\n]*)(?::(?P<port>[0-9]{1,5}))? )?"
    r"(?P<client>[0-9A-Fa-f:.]+) [^ ]+ [^\[\n]*"
    r"\[(?P<time>[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2}) "
    r'(?P<zone>[+-][0-9]{4})\] "(?:[A-Z]+ (?P<asked>[a-z]{2,5}://[^/ "\\\n]*|[^/ "\\\n]+:[0-9]+)?)?'
    r'(?:[^"\\\n]|\\[^\n])*" (?:[0-9]{3}|-) (?P<size>[0-9]+|-)'
)
_LINE: Final = (
    _START + r'(?: "(?:[^"\\\n]|\\[^\n])*" "(?:[^"\\\n]|\\[^\n])*"'
    r"(?: (?P<came>[0-9]+) (?P<went>[0-9]+))?)?(?P<proxy> [A-Z_]+:[A-Z_]+)?[ \n]"
)
TCP: Final = 6
LONGEST_NAME: Final = 256
BILLION: Final = 1_000_000_000
LEAST_REQUEST: Final = 16
"""Bytes of the shortest request that a server logs: ``GET / HTTP/1.0`` and two line ends."""


@dataclass(frozen=True, slots=True)
class WebAccess:
    """The format."""

    name: str = "web-access"
    seen_by: str = "web-access"
    one_way: bool = False

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return {
            **KINDS,
            "proxy-line": (
                "{count} line(s) of a proxy name servers without an address, in no flow{detail}",
                "Let the proxy log in its own format: Squid's native one has the address.",
            ),
        }

    def sniff(self, head: bytes) -> float:
        """Nearly certain of a first line in the common format."""
        return 0.8 if matches(_LINE, head.partition(b"\n")[0].rstrip(b"\r") + b"\n") else 0.0

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Text:
        """One file.

        Raises:
            InputError: the address given for the server is none.
        """
        del head
        return _Text(OwnServer(settings, tally), tally)


class _Text:
    def __init__(self, server: OwnServer, tally: Tally) -> None:
        self._server = server
        self._tally = tally
        self._proxied = Unplaced("proxy-line", "server(s)", tally)

    def pieces(self, block: Block) -> Iterator[tuple[bytes, int]]:
        yield cleaned(block, self._tally), block.line

    def parsed(self, piece: tuple[bytes, int]) -> Batch:
        text, line = piece
        batch = fields_of(text, line, _LINE, _FIELDS)
        known = bools(pc.is_valid(batch.columns["client"]))
        batch = batch.without(~known, "bad-line", self._tally)
        fields = batch.columns
        size = whole(pc.if_else(pc.equal(fields["size"], "-"), "0", fields["size"]))
        proxied = bools(pc.not_equal(fields["proxy"], ""))
        if proxied.any():  # Squid imitating a web server: the server is not the one that logs
            self._proxied.count(batch, proxied, size, fields["asked"])
            batch, size = kept(batch, ~proxied), size.filter(pa.array(~proxied))
            fields = batch.columns
        return self._server.placed(records(fields, size), batch.where, size)

    def ended(self, line: int) -> None:
        """Tells the sums of what has no place."""
        del line
        self._server.told()
        self._proxied.told()


_FIELDS: Final = (
    "host",
    "port",
    "client",
    "time",
    "zone",
    "size",
    "came",
    "went",
    "asked",
    "proxy",
)


def records(fields: dict[str, Any], size: pa.Array) -> dict[str, Any]:
    """Records, but for the server's address."""
    rows = len(size)
    zone = fields["zone"].dictionary_encode()
    offsets = pa.array([_offset(word) for word in zone.dictionary.to_pylist()], _INT)
    moment = pc.subtract(seconds_of(fields["time"]), offsets.take(zone.indices))
    came, went = whole(fields["came"]), whole(fields["went"])
    # two numbers behind the usual fields are bytes in and out only if they can be
    both = pc.and_(pc.greater_equal(came, LEAST_REQUEST), pc.greater_equal(went, size))
    both = pc.fill_null(both, False)
    host = fields["host"]
    named = pc.and_(pc.not_equal(host, ""), pc.less(pc.utf8_length(host), LONGEST_NAME))
    host = pc.utf8_lower(pc.if_else(named, host, None))
    return {
        "start": pc.multiply(moment, BILLION),
        "time_basis": pa.repeat("log-time", rows),
        "protocol": pa.repeat(pa.scalar(TCP, _INT), rows),
        "src_ip": fields["client"],
        "dst_port": whole(fields["port"]),
        "src_payload": pc.if_else(both, came, None),
        "dst_payload": pc.if_else(both, went, size),
        "app": pa.repeat("http", rows),
        "host": host,
        "host_basis": pc.if_else(pc.is_valid(host), "log", None).cast(_TEXT),
    }


def _offset(zone: str | None) -> int:
    """Seconds that ``+0700`` is ahead of UTC."""
    sign = -1 if (zone or "+").startswith("-") else 1
    digits = int((zone or "+0000")[1:])
    return sign * (digits // 100 * 3600 + digits % 100 * 60)

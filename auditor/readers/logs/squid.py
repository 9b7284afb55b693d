"""Squid's ``access.log`` in its native format (``docs/formats/squid.md``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.records.batch import Batch, Where
from auditor.readers.records.checked import addressed
from auditor.readers.records.text import cleaned, delimited
from auditor.readers.records.unplaced import Unplaced, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from auditor.readers.reading import Settings
    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Kinds, Tally

    Bools = npt.NDArray[np.bool_]

_TEXT: Final = pa.string()
_WORD: Final = pa.dictionary(pa.int32(), pa.string())
_INT: Final = pa.int64()

NAMES: Final = [
    "time", "elapsed", "client", "status", "size", "method", "url", "user", "way", "type",
]  # fmt: skip
KINDS: Final[dict[str, pa.DataType]] = {
    "time": pa.float64(), "elapsed": _INT, "client": _WORD, "status": _WORD, "size": _INT,
    "method": _WORD, "url": _TEXT, "way": _WORD,
}  # fmt: skip
"""The user's name and the type of the content are not taken in, the URL only for its server."""

_HEAD: Final = re.compile(
    rb"\d{9,10}\.\d{3} +-?\d+ \S+ [A-Z_]+/\d{3} \d+ \S+ \S+ \S+ [A-Z_]+/\S+ \S+\r?(?:\n|\Z)"
)
_URL: Final = (
    r"^(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,15})://)?(?:[^/?#@]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#:@\[\]]+)(?::(?P<port>[0-9]{1,5}))?(?:[/?#].*)?$"
)
PORTS: Final = {"http": 80, "https": 443, "ftp": 21, "ws": 80, "wss": 443}
APPS: Final = {"http": "http", "https": "http", "ftp": "ftp", "ws": "http", "wss": "http"}
PROTECTED: Final = frozenset(("https", "wss"))
STRAIGHT: Final = ("DIRECT", "ORIGINAL_DST", "PINNED")
"""In the code of the way: the proxy itself talked to the server, not to another proxy."""

TCP: Final = 6
LONGEST_NAME: Final = 256
LATEST: Final = 9.2e9
"""Seconds since 1970: in the year 2261."""

DAYS: Final = 30 * 86_400_000
"""Longest request that is believed, in ms."""

MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Squid:
    """The format."""

    name: str = "squid"
    seen_by: str = "squid"
    one_way: bool = False

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return {
            "no-server-address": (
                "{count} line(s) name a server without its address and are in no flow{detail}",
                "Log the address: logformat with %<a, as Squid's own format has it.",
            ),
            "answered-by-proxy": (
                "{count} line(s) were answered by the proxy itself: no server was asked{detail}",
                "Nothing is lost: from its cache, or a fault of its own.",
            ),
            "refused-unplaced": (
                "{count} line(s) tell of refusals before a server was looked up{detail}",
                "Nothing went out; the servers are known by name only.",
            ),
            "other-proxy": (
                "{count} line(s) went to another proxy: the server behind it has no address here",
                "Audit the log of that proxy too.",
            ),
        }

    def sniff(self, head: bytes) -> float:
        """Certain of a first line in Squid's own format."""
        return 0.95 if _HEAD.match(head) else 0.0

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Text:
        """One file."""
        del head, settings
        return _Text(tally)


class _Text:
    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._nameless = Unplaced("no-server-address", "server(s)", tally)
        self._own = Unplaced("answered-by-proxy", "server(s)", tally)
        self._refused = Unplaced("refused-unplaced", "server(s)", tally)

    def pieces(self, block: Block) -> Iterator[tuple[bytes, int]]:
        yield cleaned(block, self._tally), block.line

    def parsed(self, piece: tuple[bytes, int]) -> Batch:
        text, line = piece
        text = re.sub(rb"  +", b" ", text)  # Squid fills up short numbers
        columns, where = delimited(text, NAMES, KINDS, self._tally, line=line, delimiter=" ")
        return self._placed(columns, where)

    def _placed(self, columns: dict[str, Any], where: Where) -> Batch:
        """The records whose server has an address; the others are counted."""
        way = columns["way"]
        parts = pc.extract_regex(way.dictionary, r"^(?P<code>[^/]*)/(?P<peer>.*)$")
        code = pc.struct_field(parts, "code").dictionary_encode().take(way.indices)
        peers = pa.DictionaryArray.from_arrays(way.indices, pc.struct_field(parts, "peer"))
        server, known = addressed(peers.cast(_TEXT))
        # ICP: proxies asking each other what they have
        icp = _each(columns["status"], lambda word: word.startswith(("UDP_", "ICP_")))
        denied = _each(columns["status"], lambda word: "DENIED" in word)
        asked = _each(code, lambda word: not word.endswith("NONE")) & ~icp
        # where only the answer was refused the request had gone out
        refused = denied & ~asked & ~icp
        scheme, host, port = _servers(columns["url"])
        # a refused request asked no server, but some name one by its address
        named, literally = addressed(pc.replace_substring_regex(host, r"^\[|\]$", ""))
        by_address = refused & (literally >= 0)
        straight = _each(code, lambda word: any(part in word for part in STRAIGHT))
        placed = (asked & (known >= 0)) | by_address
        found = _records(columns, scheme)
        found["dst_ip"] = pc.if_else(pa.array(by_address), named, server)
        found["dst_port"] = pc.if_else(pa.array(straight | by_address), port, None)
        found["dst_payload"] = pc.if_else(pa.array(denied), None, columns["size"])
        found["blocked"] = pa.array(refused)
        a_name = pa.array(literally < 0)
        found["host"] = pc.if_else(a_name, host, None)
        found["host_basis"] = pc.if_else(pc.and_(a_name, pc.is_valid(host)), "log", None)
        batch = Batch(found, where)
        size = columns["size"]
        self._refused.count(batch, refused & ~placed, size, host)
        self._nameless.count(batch, asked & ~placed, size, host)
        self._own.count(batch, ~asked & ~refused, size, host)
        batch.counted(placed & asked & ~straight, "other-proxy", self._tally, "")
        return kept(batch, placed)

    def ended(self, line: int) -> None:
        """Tells the sums of what has no place."""
        del line
        for each in (self._nameless, self._own, self._refused):
            each.told()


def _each(column: pa.DictionaryArray, which: Callable[[str], bool]) -> Bools:
    """Where the words of a column pass a test, which is made once per distinct word."""
    marks = np.array([which(word or "") for word in column.dictionary.to_pylist()] + [False])
    chosen: Bools = marks[np.asarray(pc.fill_null(column.indices, len(marks) - 1))]
    return chosen


def _servers(urls: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Scheme, host and port that URLs name, or the ``host:port`` of CONNECT; null = none."""
    parts = pc.extract_regex(urls, _URL)
    scheme, host, port = (pc.struct_field(parts, name) for name in ("scheme", "host", "port"))
    scheme = pc.utf8_lower(scheme).dictionary_encode()
    usual = pa.array([PORTS.get(word or "") for word in scheme.dictionary.to_pylist()], _INT)
    port = pc.if_else(pc.equal(port, ""), None, port).cast(_INT)
    named = pc.and_(pc.not_equal(host, ""), pc.less(pc.utf8_length(host), LONGEST_NAME))
    host = pc.utf8_lower(pc.if_else(named, host, None))
    return scheme, host, pc.coalesce(port, usual.take(scheme.indices))


def _records(columns: dict[str, Any], scheme: pa.DictionaryArray) -> dict[str, Any]:
    """Records, but for what is known of the server."""
    size = len(columns["time"])
    seconds = columns["time"]
    seconds = pc.if_else(pc.less(seconds, LATEST), seconds, None)
    milliseconds = pc.cast(pc.round(pc.multiply(seconds, 1000.0)), _INT)
    end = pc.multiply(milliseconds, MILLION)
    elapsed = columns["elapsed"]
    lasted = pc.if_else(pc.fill_null(pc.less(elapsed, 0), True), 0, elapsed)
    words = scheme.dictionary.to_pylist()
    apps = pa.array([APPS.get(word or "") for word in words], _TEXT)
    protected = pa.array(
        [word in PROTECTED if word in APPS else None for word in words], pa.bool_()
    )
    return {
        "start": pc.subtract(end, pc.multiply(pc.min_element_wise(lasted, DAYS), MILLION)),
        "end": end,
        "protocol": pa.repeat(pa.scalar(TCP, _INT), size),
        "src_ip": columns["client"],
        "app": apps.take(scheme.indices),
        "encrypted": protected.take(scheme.indices),
    }

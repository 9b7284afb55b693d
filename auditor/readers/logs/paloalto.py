"""PAN-OS traffic logs: CSV from syslog or from the web console (``docs/formats/paloalto.md``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import InputError
from auditor.readers.logs.firewalls import (
    KINDS,
    REFUSED,
    Words,
    application,
    observers,
    protocol,
    refusal,
    sessions,
    translate,
)
from auditor.readers.records.batch import Batch
from auditor.readers.records.checked import bools
from auditor.readers.records.countries import codes
from auditor.readers.records.key_values import Keys, Values, separated_values
from auditor.readers.records.moments import LOCAL, NONE, SECOND, ZONED, moments, placed
from auditor.readers.records.text import cleaned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.reading import Settings
    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Kinds, Tally

# name of the value: its field in syslog (the same in PAN-OS 8.1 to 11.2), its heads in exports
FIELDS: Final[dict[str, tuple[int, tuple[str, ...]]]] = {
    "serial": (2, ("serial #", "serial number")),
    "type": (3, ("type",)),
    "subtype": (4, ("threat/content type",)),
    "generated": (6, ("generate time", "generated time", "time generated")),
    "src": (7, ("source address",)),
    "dst": (8, ("destination address",)),
    "natsrc": (9, ("nat source ip",)),
    "natdst": (10, ("nat destination ip",)),
    "app": (14, ("application",)),
    "vsys": (15, ("virtual system",)),
    "session": (22, ("session id",)),
    "sport": (24, ("source port",)),
    "dport": (25, ("destination port",)),
    "natsport": (26, ("nat source port",)),
    "natdport": (27, ("nat destination port",)),
    "proto": (29, ("ip protocol", "protocol")),
    "action": (30, ("action",)),
    "sent": (32, ("bytes sent",)),
    "received": (33, ("bytes received",)),
    "start": (35, ("start time",)),
    "elapsed": (36, ("elapsed time (sec)", "elapsed time")),
    "srccountry": (41, ("source country", "source location")),
    "dstcountry": (42, ("destination country", "destination location")),
    "packets_sent": (44, ("packets sent", "pkts_sent")),
    "packets_received": (45, ("packets received", "pkts_received")),
    "exact": (-1, ("high res timestamp", "high resolution timestamp")),
}
NEEDED: Final = ("src", "dst", "start", "subtype")
WANTED: Final = Keys(*FIELDS)
LEAST: Final = 43
"""Fields up to the countries, which every version writes."""

_EXACT: Final = r",(?P<exact>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}[+-][0-9]{2}:[0-9]{2})"
_LINE: Final = re.compile(
    rb"(?:^|[ ])\d*,\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d[^,]{0,12},[^,]*,"
    rb"(?:TRAFFIC|THREAT|SYSTEM|CONFIG|HIP-?MATCH|USERID|GLOBALPROTECT|DECRYPTION|AUTHENTICATION"
    rb"|CORRELATION|TUNNEL|SCTP|GTP|IPTAG),"
)
QUARTER: Final = 900 * SECOND
REFUSING: Final = ("drop", "deny")


@dataclass(frozen=True, slots=True)
class PaloAlto:
    """The format."""

    name: str = "paloalto"
    seen_by: str = "paloalto"
    one_way: bool = False

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return KINDS

    def sniff(self, head: bytes) -> float:
        """Certain of the head of an export; nearly of lines with two dates and a type of log."""
        lines = [line for line in head[:65536].split(b"\n")[:20] if line.strip()]
        if lines and _headed(lines[0]):
            return 1.0
        return 0.9 if any(_LINE.search(line[:4096]) for line in lines) else 0.0

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Text:
        """One file.

        Raises:
            InputError: an export lacks columns that a flow needs.
        """
        first = head.partition(b"\n")[0].removeprefix(b"\xef\xbb\xbf").strip()
        if not _headed(first):
            return _Text(settings, tally, [place for place, _ in FIELDS.values()], LEAST)
        heading = first.decode("utf-8", "replace").lower()
        names = [name.strip().strip('"') for name in heading.split(",")]
        places = [_place(names, heads) for _, heads in FIELDS.values()]
        missing = [FIELDS[name][1][0] for name in NEEDED if places[WANTED.places[name]] < 0]
        if missing:
            raise InputError(
                f"lacks the columns {', '.join(missing)}",
                place="header",
                hint="Export the traffic log with all its columns.",
            )
        return _Text(settings, tally, places, len(names), headed=True)


def _headed(line: bytes) -> bool:
    """Whether a line has the names of columns that exports have."""
    plain = line[:8192].lower()
    return all(name in plain for name in (b"receive time", b"threat/content type", b",type,"))


def _place(names: list[str], heads: tuple[str, ...]) -> int:
    return next((names.index(head) for head in heads if head in names), -1)


class _Text:
    def __init__(
        self,
        settings: Settings,
        tally: Tally,
        places: list[int],
        fields: int,
        *,
        headed: bool = False,
    ) -> None:
        self._settings = settings
        self._tally = tally
        self._places = places
        self._fields = fields
        self._headed = headed

    def pieces(self, block: Block) -> Iterator[tuple[bytes, int]]:
        yield cleaned(block, self._tally), block.line

    def parsed(self, piece: tuple[bytes, int]) -> Batch:
        text, line = piece
        values, counts = separated_values(text, WANTED, self._places, self._tally, line=line)
        kind = values.texts("type")
        header = bools(pc.equal(kind, "Type")) & self._headed
        traffic = bools(pc.equal(kind, "TRAFFIC"))
        right = counts >= self._fields
        whole = traffic & right
        batch = Batch({"type": kind}, values.where)
        known = bools(pc.match_substring_regex(kind, "^[A-Z][A-Z0-9-]+$"))
        batch.counted(known & ~traffic, "not-traffic", self._tally, "")
        wrong = (traffic & ~right) | ~(known | header)
        if wrong.any():
            batch.without(wrong, "bad-line", self._tally)
        return records(values.taken(whole), self._settings, self._tally)

    def ended(self, line: int) -> None:
        """Nothing marks the end of such a log."""


def records(values: Values, settings: Settings, tally: Tally) -> Batch:
    """Records out of PAN-OS's own fields."""
    where = values.where
    start, clock = _start(values, settings, tally)
    elapsed = values.numbers("elapsed", tally)
    right = pc.and_(pc.greater_equal(elapsed, 0), pc.less(elapsed, 1 << 31))
    lasting = pc.fill_null(pc.if_else(right, elapsed, 0), 0)
    columns: dict[str, Any] = {
        "start": start,
        "end": pc.add(start, pc.multiply(lasting, SECOND)),
        "time_basis": pc.if_else(pc.is_valid(elapsed), "recorded", "start-only"),
        "clock": clock,
        "protocol": protocol(values.texts("proto"), where, tally),
        "src_ip": values.texts("src"),
        "src_port": values.numbers("sport", tally),
        "dst_ip": values.texts("dst"),
        "dst_port": values.numbers("dport", tally),
        "src_bytes": values.numbers("sent", tally),
        "dst_bytes": values.numbers("received", tally),
        "src_packets": values.numbers("packets_sent", tally),
        "dst_packets": values.numbers("packets_received", tally),
        "src_log_country": codes(values.texts("srccountry")).cast(pa.string()),
        "dst_log_country": codes(values.texts("dstcountry")).cast(pa.string()),
        **application(values.texts("app")),
        **_sessions(values),
    }
    translate(
        columns,
        where,
        tally,
        source=(values.texts("natsrc"), values.numbers("natsport", tally)),
        target=(values.texts("natdst"), values.numbers("natdport", tally)),
    )
    batch = Batch(columns, where)
    refused = Words(
        Words.of(values.texts("action").dictionary_encode(), REFUSED).marked
        | Words.of(values.texts("subtype").dictionary_encode(), REFUSING).marked
    )
    columns["blocked"] = refusal(batch, refused, tally)
    return batch


def _start(values: Values, settings: Settings, tally: Tally) -> tuple[pa.Array, pa.Array]:
    """When each session began; dates are in the zone of the device, which an exact stamp betrays.

    The exact stamp and the date of the record are of the same moment: how far they lie apart, in
    quarters of an hour, is the zone.
    """
    found, kinds = moments(values.texts("start"))
    generated, its = moments(values.texts("generated"))
    missing = kinds == NONE
    found, kinds = np.where(missing, generated, found), np.where(missing, its, kinds)
    exact, zone = moments(_exact(values))
    apart = generated - exact
    offset = (apart + QUARTER // 2) // QUARTER * QUARTER
    told = (zone == ZONED) & (its == LOCAL) & (kinds == LOCAL) & (abs(offset) <= 56 * QUARTER)
    found, kinds = np.where(told, found - offset, found), np.where(told, ZONED, kinds)
    return placed(found, kinds, settings, values.where, tally)


def _exact(values: Values) -> pa.StringArray:
    """The stamp with milliseconds and zone that PAN-OS 10.0 and later add, wherever it stands."""
    if values.has("exact"):
        return values.texts("exact")
    if not re.search(rb"T\d\d:\d\d:\d\d\.\d{3}[+-]", values.where.text):
        return pa.nulls(len(values), pa.string())
    lines = values.lines()
    return pc.struct_field(pc.extract_regex(lines, _EXACT), [0])


def _sessions(values: Values) -> dict[str, Any]:
    """Name of each session, and whether it goes on; the firewall that tells of it."""
    observer = observers(values.texts("serial"), values.texts("vsys"))
    ends = (values.texts(name) for name in ("src", "sport", "dst"))
    return {
        "session": sessions(observer, values.texts("session"), *ends),
        "unfinished": pc.fill_null(pc.equal(values.texts("subtype"), "start"), False),
        "observer": observer,
    }

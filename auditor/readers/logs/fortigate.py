"""FortiGate traffic logs in their own writing (``docs/formats/fortigate.md``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.logs.firewalls import (
    KINDS,
    REFUSED,
    Words,
    named,
    observers,
    refusal,
    service,
    sessions,
    translate,
)
from auditor.readers.records.batch import Batch
from auditor.readers.records.checked import bools
from auditor.readers.records.countries import codes
from auditor.readers.records.key_values import Keys, Values, quoted_values
from auditor.readers.records.moments import SECOND, moments, placed
from auditor.readers.records.pairs import SPACE
from auditor.readers.records.text import cleaned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.reading import Settings
    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Kinds, Tally

WANTED: Final = Keys(
    "date", "time", "tz", "eventtime", "logid", "type", "devid", "devname", "vd", "srcip",
    "srcport", "dstip", "dstport", "proto", "action", "sentbyte", "rcvdbyte", "sentpkt", "rcvdpkt",
    "duration", "sessionid", "trandisp", "transip", "transport", "tranip", "tranport",
    "srccountry", "dstcountry", "service", "hostname",
)  # fmt: skip
GOING_ON: Final = ("start",)
INTERIM: Final = "0000000020"
"""Log ID of the statistics that are written while a session lasts."""

_LINE: Final = re.compile(
    rb"(?:^|[ >])(?:date=\d{4}-\d\d-\d\d[ ,]time=\d\d:\d\d:\d\d|eventtime=\d{10,19})[ ,]"
    rb"(?=.*\btype=\"?(?:traffic|utm|event|dns|anomaly|voip))(?=.*\b(?:logid|devid|vd)=)"
)


@dataclass(frozen=True, slots=True)
class FortiGate:
    """The format."""

    name: str = "fortigate"
    seen_by: str = "fortigate"
    one_way: bool = False

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return KINDS

    def sniff(self, head: bytes) -> float:
        """Nearly certain of lines with a date, a type and the marks of a FortiGate."""
        if b"CEF:" in head[:4096] or b"LEEF:" in head[:4096]:
            return 0.0
        lines = [line for line in head[:65536].split(b"\n")[:20] if line.strip()]
        return 0.9 if any(_LINE.search(line[:4096]) for line in lines) else 0.0

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Text:
        """One file."""
        commas = re.search(rb"date=\d{4}-\d\d-\d\d,\"?time=", head) is not None
        return _Text(settings, tally, ord(",") if commas else SPACE)


class _Text:
    def __init__(self, settings: Settings, tally: Tally, separator: int) -> None:
        self._settings = settings
        self._tally = tally
        self._separator = separator

    def pieces(self, block: Block) -> Iterator[tuple[bytes, int]]:
        yield cleaned(block, self._tally), block.line

    def parsed(self, piece: tuple[bytes, int]) -> Batch:
        text, line = piece
        values = quoted_values(text, WANTED, self._tally, line=line, separator=self._separator)
        kind = values.texts("type")
        traffic = bools(pc.equal(kind, "traffic"))
        batch = Batch({"type": kind}, values.where)
        batch.counted(bools(pc.is_valid(kind)) & ~traffic, "not-traffic", self._tally, "")
        known = bools(pc.is_valid(kind))
        if not known.all():
            batch.without(~known, "bad-line", self._tally)
        return records(values.taken(traffic), self._settings, self._tally)

    def ended(self, line: int) -> None:
        """Nothing marks the end of such a log."""


def records(values: Values, settings: Settings, tally: Tally) -> Batch:
    """Records out of FortiGate's own fields."""
    where = values.where
    end, clock = _times(values, settings, tally)
    duration = values.numbers("duration", tally)
    lasting = pc.if_else(
        pc.and_(pc.greater_equal(duration, 0), pc.less(duration, 1 << 31)), duration, 0
    )
    action = values.texts("action").dictionary_encode()
    counters = {
        name: values.numbers(its, tally)
        for name, its in (
            ("src_bytes", "sentbyte"), ("dst_bytes", "rcvdbyte"), ("src_packets", "sentpkt"),
            ("dst_packets", "rcvdpkt"),
        )
    }  # fmt: skip
    columns: dict[str, Any] = {
        "start": pc.subtract(end, pc.multiply(pc.fill_null(lasting, 0), SECOND)),
        "end": end,
        "clock": clock,
        "protocol": values.numbers("proto", tally),
        "src_ip": values.texts("srcip"),
        "src_port": values.numbers("srcport", tally),
        "dst_port": values.numbers("dstport", tally),
        "dst_ip": values.texts("dstip"),
        **counters,
        "src_log_country": codes(values.texts("srccountry")),
        "dst_log_country": codes(values.texts("dstcountry")),
        "app": service(values.texts("service")),
        **named(values.texts("hostname")),
        **_sessions(values, action),
    }
    columns["time_basis"] = pc.if_else(pc.is_valid(duration), "recorded", "log-time")
    translate(
        columns,
        where,
        tally,
        source=(values.texts("transip"), values.numbers("transport", tally)),
        target=(values.texts("tranip"), values.numbers("tranport", tally)),
    )
    batch = Batch(columns, where)
    columns["blocked"] = refusal(batch, Words.of(action, REFUSED), tally)
    return batch


def _times(values: Values, settings: Settings, tally: Tally) -> tuple[pa.Array, pa.Array]:
    """When each line was written; ``eventtime`` tells it best, where there is one."""
    found, kinds = moments(values.texts("eventtime"))
    missing = kinds == 0
    if missing.any():
        # what date and time say is the clock of the device, in the zone that tz names
        words = [values.texts("date"), values.texts("time")]
        zone = pc.fill_null(values.texts("tz"), "")
        written, zoned = moments(
            pc.binary_join_element_wise(pc.binary_join_element_wise(*words, " "), zone, "")
        )
        found, kinds = np.where(missing, written, found), np.where(missing, zoned, kinds)
    return placed(found, kinds, settings, values.where, tally)


def _sessions(values: Values, action: pa.DictionaryArray) -> dict[str, Any]:
    """Name of each session, and whether it goes on; the firewall that tells of it."""
    device = pc.coalesce(values.texts("devid"), values.texts("devname"))
    observer = observers(device, values.texts("vd"))
    ends = (values.texts(name) for name in ("srcip", "srcport", "dstip"))
    interim = pc.equal(values.texts("logid"), INTERIM)
    begun = pa.array(Words.of(action, GOING_ON).marked)
    return {
        "session": sessions(observer, values.texts("sessionid"), *ends),
        "unfinished": pc.or_(pc.fill_null(interim, False), begun),
        "observer": observer,
    }

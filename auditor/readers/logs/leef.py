"""Firewall logs in the Log Event Extended Format (``docs/formats/leef.md``)."""

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
    application,
    hosts_of,
    named,
    observers,
    protocol,
    refusal,
    sessions,
    translate,
)
from auditor.readers.records.batch import Batch
from auditor.readers.records.checked import bools
from auditor.readers.records.countries import codes
from auditor.readers.records.key_values import VENDOR, Keys, Values, leef_values
from auditor.readers.records.moments import NONE, SECOND, moments, placed
from auditor.readers.records.text import cleaned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.reading import Settings
    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Kinds, Tally

WANTED: Final = Keys(
    "src", "srcPort", "dst", "dstPort", "proto", "srcBytes", "dstBytes", "srcPackets", "dstPackets",
    "srcPostNAT", "srcPostNATPort", "dstPostNAT", "dstPostNATPort", "devTime", "cat", "Type",
    "Subtype", "SubType", "action", "Action", "act", "Application", "app", "StartTime",
    "SessionStartTime", "ElapsedTime", "SessionDuration", "SourceLocation", "DestinationLocation",
    "SessionID", "SerialNumber", "DeviceSN", "devName", "identHostName", "url", "dstHostName",
)  # fmt: skip
"""Field of the header."""

_HEADER: Final = re.compile(rb"LEEF: ?[12]\.[0-9]\|[^|\n]*\|[^|\n]*\|")


@dataclass(frozen=True, slots=True)
class Leef:
    """The format."""

    name: str = "leef"
    seen_by: str = "leef"
    one_way: bool = False

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return KINDS

    def sniff(self, head: bytes) -> float:
        """Nearly certain of lines with a LEEF header."""
        return 0.9 if any(map(_HEADER.search, head[:65536].split(b"\n")[:20])) else 0.0

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Text:
        """One file."""
        del head
        return _Text(settings, tally)


class _Text:
    def __init__(self, settings: Settings, tally: Tally) -> None:
        self._settings = settings
        self._tally = tally

    def pieces(self, block: Block) -> Iterator[tuple[bytes, int]]:
        text = cleaned(block, self._tally)
        if b"#011" in text and b"\t" not in text:
            text = text.replace(b"#011", b"\t")  # rsyslog writes tabs so, unless told otherwise
        yield text, block.line

    def parsed(self, piece: tuple[bytes, int]) -> Batch:
        text, line = piece
        values = leef_values(text, WANTED, self._tally, line=line).headed(self._tally)
        traffic = _traffic(values)
        seen = Batch({"vendor": values.header(VENDOR)}, values.where)
        seen.counted(~traffic, "not-traffic", self._tally, "")
        return records(values.taken(traffic), self._settings, self._tally)

    def ended(self, line: int) -> None:
        """Nothing marks the end of such a log."""


def _traffic(values: Values) -> np.ndarray:
    """Which records tell of traffic: PAN-OS says so; of others, those with two ends."""
    category = pc.utf8_lower(pc.coalesce(values.texts("cat"), values.texts("Type")))
    palo_alto = pc.starts_with(values.header(VENDOR), "Palo Alto")
    ends = pc.or_(pc.is_valid(values.texts("src")), pc.is_valid(values.texts("dst")))
    return bools(pc.if_else(palo_alto, pc.equal(category, "traffic"), ends))


def records(values: Values, settings: Settings, tally: Tally) -> Batch:
    """Records out of LEEF's keys, and of those that PAN-OS adds."""
    where = values.where
    start, end, basis, clock = _times(values, settings, tally)
    columns: dict[str, Any] = {
        "start": start,
        "end": end,
        "time_basis": basis,
        "clock": clock,
        "protocol": protocol(values.texts("proto"), where, tally),
        "src_ip": values.texts("src"),
        "src_port": values.numbers("srcPort", tally),
        "dst_ip": values.texts("dst"),
        "dst_port": values.numbers("dstPort", tally),
        "src_bytes": values.numbers("srcBytes", tally),
        "dst_bytes": values.numbers("dstBytes", tally),
        "src_packets": values.numbers("srcPackets", tally),
        "dst_packets": values.numbers("dstPackets", tally),
        "src_log_country": codes(values.texts("SourceLocation")).cast(pa.string()),
        "dst_log_country": codes(values.texts("DestinationLocation")).cast(pa.string()),
        **application(pc.coalesce(values.texts("Application"), values.texts("app"))),
        **named(pc.coalesce(values.texts("dstHostName"), hosts_of(values.texts("url")))),
        **_sessions(values),
    }
    translate(
        columns,
        where,
        tally,
        source=(values.texts("srcPostNAT"), values.numbers("srcPostNATPort", tally)),
        target=(values.texts("dstPostNAT"), values.numbers("dstPostNATPort", tally)),
    )
    batch = Batch(columns, where)
    action = pc.coalesce(values.texts("action"), values.texts("Action"), values.texts("act"))
    columns["blocked"] = refusal(batch, Words.of(action.dictionary_encode(), REFUSED), tally)
    return batch


def _times(
    values: Values, settings: Settings, tally: Tally
) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    """Start, end, what they are, and how their zone is known.

    ``devTime`` is when the device wrote the record, with its zone; the length counts back from it.
    Where only a start is told besides, that start is taken.
    """
    duration = pc.coalesce(
        values.numbers("ElapsedTime", tally), values.numbers("SessionDuration", tally)
    )
    right = pc.and_(pc.greater_equal(duration, 0), pc.less(duration, 1 << 31))
    lasting = np.asarray(pc.fill_null(pc.if_else(right, duration, 0), 0)) * SECOND
    written, kinds = moments(values.texts("devTime"))
    begun, its = moments(pc.coalesce(values.texts("StartTime"), values.texts("SessionStartTime")))
    alone = kinds == NONE
    start = np.where(alone, begun, written - lasting)
    kinds = np.where(alone, its, kinds)
    found, clock = placed(start, kinds, settings, values.where, tally)
    basis = np.where(bools(pc.is_valid(duration)), 0, np.where(alone, 1, 2))
    words = pa.array(["recorded", "start-only", "log-time"])
    return (
        found,
        pc.add(found, pa.array(lasting)),
        pa.DictionaryArray.from_arrays(pa.array(basis.astype(np.int32)), words),
        clock,
    )


def _sessions(values: Values) -> dict[str, Any]:
    """Name of each session, where the record has its number; and who saw it."""
    names = ("SerialNumber", "DeviceSN", "devName", "identHostName")
    observer = observers(pc.coalesce(*(values.texts(name) for name in names)))
    ends = (values.texts(name) for name in ("src", "srcPort", "dst"))
    subtype = pc.coalesce(values.texts("Subtype"), values.texts("SubType"))
    return {
        "session": sessions(observer, values.texts("SessionID"), *ends),
        "unfinished": pc.fill_null(pc.equal(subtype, "start"), False),
        "observer": observer,
    }

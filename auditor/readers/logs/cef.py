"""Firewall logs in the Common Event Format (``docs/formats/cef.md``)."""

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
    service,
    sessions,
    translate,
)
from auditor.readers.records.batch import Batch
from auditor.readers.records.checked import bools
from auditor.readers.records.countries import codes
from auditor.readers.records.key_values import VENDOR, Keys, Values, cef_values
from auditor.readers.records.moments import NONE, SECOND, moments, placed
from auditor.readers.records.text import cleaned, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from auditor.readers.reading import Settings
    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Kinds, Tally

    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]

WANTED: Final = Keys(
    "src", "spt", "dst", "dpt", "proto", "in", "out", "start", "end", "rt", "dtz", "act", "app",
    "dhost", "request", "cat", "externalId", "deviceExternalId", "dvchost", "dvc",
    "sourceTranslatedAddress", "sourceTranslatedPort", "destinationTranslatedAddress",
    "destinationTranslatedPort", "cn1", "cn2", "cn3", "cn1Label", "cn2Label", "cn3Label",
    "FTNTFGTlogid", "FTNTFGTvd", "FTNTFGTeventtime", "FTNTFGTtz", "FTNTFGTduration",
    "FTNTFGTsentpkt", "FTNTFGTrcvdpkt", "FTNTFGTsrccountry", "FTNTFGTdstcountry",
    "PanOSPacketsSent", "PanOSPacketsReceived", "PanOSSourceLocation", "PanOSDestinationLocation",
)  # fmt: skip
PRODUCT, CLASS, NAME = 2, 4, 5
"""Fields of the header."""

_HEADER: Final = re.compile(rb"CEF: ?[01]\|[^|\n]*\|[^|\n]*\|")


@dataclass(frozen=True, slots=True)
class Cef:
    """The format."""

    name: str = "cef"
    seen_by: str = "cef"
    one_way: bool = False

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return {
            **KINDS,
            "directions-assumed": (
                "{count} record(s) of {detail} use in and out in a way not known: read as CEF says",
                "By the standard, in is from source to destination; compare a session you know.",
            ),
        }

    def sniff(self, head: bytes) -> float:
        """Nearly certain of lines with a CEF header."""
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
        # FortiOS 6.0 wrote its prefix in full
        yield cleaned(block, self._tally).replace(b" FortinetFortiGate", b" FTNTFGT"), block.line

    def parsed(self, piece: tuple[bytes, int]) -> Batch:
        text, line = piece
        values = cef_values(text, WANTED, self._tally, line=line).headed(self._tally)
        kinds = _Makers.of(values)
        Batch({"vendor": values.header(VENDOR)}, values.where).counted(
            ~kinds.traffic, "not-traffic", self._tally, ""
        )
        values = values.taken(kinds.traffic)
        return records(values, _Makers.of(values), self._settings, self._tally)

    def ended(self, line: int) -> None:
        """Nothing marks the end of such a log."""


@dataclass(frozen=True, slots=True)
class _Makers:
    """Whose records they are.

    Attributes:
        traffic: which tell of traffic.
        fortinet: which FortiGate wrote.
        palo_alto: which PAN-OS wrote, by itself or through its logging service.
        service: which the logging service wrote.
        begun: which tell that a session begins.
    """

    traffic: Bools
    fortinet: Bools
    palo_alto: Bools
    service: Bools
    begun: Bools

    @classmethod
    def of(cls, values: Values) -> _Makers:
        """Looks at the header of each record."""
        vendor = values.header(VENDOR)
        fortinet = _matching(vendor, "^Fortinet")
        palo_alto = _matching(vendor, "^Palo Alto")
        device = _matching(values.header(PRODUCT), "^PAN-OS")
        # the device writes subtype and type, its logging service type and subtype
        kinds, names = values.header(CLASS), values.header(NAME)
        pan_traffic = _matching(kinds, "(?i)^traffic$") | _matching(names, "(?i)^traffic$")
        begun = _matching(kinds, "(?i)^start$") | _matching(names, "(?i)^start$")
        traffic = np.ones(len(values), np.bool_)
        traffic[fortinet] = _matching(values.texts("cat"), "^traffic(:|$)")[fortinet]
        traffic[palo_alto] = pan_traffic[palo_alto]
        placed_ = pc.or_(pc.is_valid(values.texts("src")), pc.is_valid(values.texts("dst")))
        traffic &= fortinet | palo_alto | bools(placed_)
        starting = _matching(values.texts("act"), "(?i)^start$")
        begun = (palo_alto & begun) | (fortinet & starting)
        return cls(traffic, fortinet, palo_alto, palo_alto & ~device, begun)

    @property
    def others(self) -> Bools:
        """Which any other maker wrote."""
        return ~(self.fortinet | self.palo_alto)

    @property
    def out_is_sent(self) -> Bools:
        """Where ``out`` is what the source sent, against the letter of CEF."""
        return self.fortinet | self.service


def _matching(words: pa.StringArray, pattern: str) -> Bools:
    encoded = words.dictionary_encode()
    if not len(encoded.dictionary):
        return np.zeros(len(words), np.bool_)
    return bools(pc.match_substring_regex(encoded.dictionary, pattern).take(encoded.indices))


def records(values: Values, makers: _Makers, settings: Settings, tally: Tally) -> Batch:
    """Records out of CEF's keys, as each maker uses them."""
    where = values.where
    labelled = _Labelled(values, tally)
    lasting = pc.coalesce(values.numbers("FTNTFGTduration", tally), labelled.number("duration"))
    sent = pa.array(makers.out_is_sent)
    out, into = values.numbers("out", tally), values.numbers("in", tally)
    start, end, basis, clock = _times(values, makers, lasting, settings, tally)
    app = values.texts("app")
    by_content = pa.array(makers.palo_alto)  # others name a service by its port
    recognised = application(pc.if_else(by_content, app, None))
    columns: dict[str, Any] = {
        "start": start,
        "end": end,
        "time_basis": basis,
        "clock": clock,
        "protocol": protocol(values.texts("proto"), where, tally),
        "src_ip": values.texts("src"),
        "src_port": values.numbers("spt", tally),
        "dst_ip": values.texts("dst"),
        "dst_port": values.numbers("dpt", tally),
        "src_bytes": pc.if_else(sent, out, into),
        "dst_bytes": pc.if_else(sent, into, out),
        "src_packets": pc.coalesce(
            values.numbers("FTNTFGTsentpkt", tally),
            values.numbers("PanOSPacketsSent", tally),
            labelled.number("packets sent"),
        ),
        "dst_packets": pc.coalesce(
            values.numbers("FTNTFGTrcvdpkt", tally),
            values.numbers("PanOSPacketsReceived", tally),
            labelled.number("packets received"),
        ),
        "app": pc.if_else(
            by_content, recognised["app"].cast(pa.string()), service(app).cast(pa.string())
        ),
        "encrypted": recognised["encrypted"],
        **named(_hosts(values)),
        **_sessions(values, makers, labelled),
    }
    for side, words in (
        ("src", ("FTNTFGTsrccountry", "PanOSSourceLocation")),
        ("dst", ("FTNTFGTdstcountry", "PanOSDestinationLocation")),
    ):
        columns[f"{side}_log_country"] = codes(
            pc.coalesce(*(values.texts(word, escaped=True) for word in words))
        ).cast(pa.string())
    translate(
        columns,
        where,
        tally,
        source=_translation(values, "source", tally),
        target=_translation(values, "destination", tally),
    )
    batch = Batch(columns, where)
    action = values.texts("act").dictionary_encode()
    columns["blocked"] = refusal(batch, Words.of(action, REFUSED), tally)
    counts = bools(pc.or_(pc.is_valid(out), pc.is_valid(into)))
    doubtful = makers.others & counts
    if doubtful.any():
        vendors = pc.unique(values.header(VENDOR).filter(pa.array(doubtful))).to_pylist()
        plain = sorted(name for name in vendors if re.fullmatch(r"[A-Za-z0-9 .&-]{1,40}", name))
        batch.counted(doubtful, "directions-assumed", tally, ", ".join(plain[:5]) or "?")
    return batch


def _translation(values: Values, side: str, tally: Tally) -> tuple[pa.Array, pa.Array]:
    return (
        values.texts(f"{side}TranslatedAddress"),
        values.numbers(f"{side}TranslatedPort", tally),
    )


def _hosts(values: Values) -> pa.StringArray:
    """Names of servers: the name of the destination, else that of the request's URL."""
    return pc.coalesce(
        values.texts("dhost", escaped=True), hosts_of(values.texts("request", escaped=True))
    )


class _Labelled:
    """Values whose meaning the record itself names: ``cn1=7 cn1Label=Duration``."""

    def __init__(self, values: Values, tally: Tally) -> None:
        self._values = values
        self._tally = tally
        self._labels = {
            key: pc.utf8_lower(values.texts(f"{key}Label", escaped=True))
            for key in ("cn1", "cn2", "cn3")
        }

    def number(self, what: str) -> pa.Int64Array:
        """The whole numbers with that label."""
        return numbers(self.text(what), what, self._values.where, self._tally)

    def text(self, what: str) -> pa.StringArray:
        """The values with that label, as they stand there."""
        found = pa.nulls(len(self._values), pa.string())
        for key, labels in self._labels.items():
            if labels.null_count < len(labels):
                pattern = _LABELS[what]
                right = pc.match_substring_regex(labels, pattern)
                found = pc.coalesce(found, pc.if_else(right, self._values.texts(key), None))
        return found


_LABELS: Final = {
    "duration": r"^(duration|elapsed( time)?|session ?duration)( in seconds| \(s\)| seconds)?$",
    "packets sent": r"^packets? ?sent$",
    "packets received": r"^packets? ?received$",
    "session": r"^session ?id$",
}


def _times(
    values: Values, makers: _Makers, lasting: pa.Array, settings: Settings, tally: Tally
) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    """Start, end, what they are, and how their zone is known."""
    zone = pc.coalesce(values.texts("dtz"), values.texts("FTNTFGTtz"))
    given = {name: _moments(values.texts(name), zone) for name in ("start", "end", "rt")}
    event = moments(values.texts("FTNTFGTeventtime"))
    # FortiGate and PAN-OS write when a session is over; what PAN-OS calls start is that moment
    written = _first(event, given["start"], given["end"], given["rt"])
    both = (given["start"][1] != NONE) & (given["end"][1] != NONE) & makers.others
    first = _first(given["start"], given["rt"], given["end"])
    lasts = pc.if_else(pc.and_(pc.greater_equal(lasting, 0), pc.less(lasting, 1 << 31)), lasting, 0)
    length = np.asarray(pc.fill_null(lasts, 0)) * SECOND
    own = makers.fortinet | makers.palo_alto
    is_start = makers.others & (given["start"][1] != NONE)
    kinds = np.where(own, written[1], first[1])
    moment = np.where(own, written[0], first[0])
    start = np.where(is_start, moment, moment - length)
    end = np.where(both, given["end"][0], np.where(is_start, moment + length, moment))
    known = bools(pc.is_valid(lasting)) | both
    basis = np.where(known, 0, np.where(is_start, 1, 2))
    begun, clock = placed(start, kinds, settings, values.where, tally)
    shift = np.asarray(pc.fill_null(begun, 0)) - start
    words = pa.array(["recorded", "start-only", "log-time"])
    return (
        begun,
        pa.array(end + shift, mask=kinds == NONE),
        pa.DictionaryArray.from_arrays(pa.array(basis.astype(np.int32)), words),
        clock,
    )


def _moments(texts: pa.StringArray, zone: pa.StringArray) -> tuple[Ints, Ints]:
    """Moments, with the zone that the record names besides, where it helps."""
    plain = moments(texts)
    if zone.null_count == len(zone):
        return plain
    return _first(moments(pc.binary_join_element_wise(texts, zone, " ")), plain)


def _first(*given: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """The first that is there, row by row."""
    found, kinds = given[0]
    for more, its in given[1:]:
        missing = kinds == NONE
        found, kinds = np.where(missing, more, found), np.where(missing, its, kinds)
    return found, kinds


def _sessions(values: Values, makers: _Makers, labelled: _Labelled) -> dict[str, Any]:
    """Name of each session, where the maker's number is known; and who saw it."""
    device = pc.coalesce(*(values.texts(name) for name in ("deviceExternalId", "dvchost", "dvc")))
    observer = observers(device, values.texts("FTNTFGTvd"))
    number = pc.if_else(
        pa.array(makers.fortinet),
        values.texts("externalId"),
        pc.if_else(pa.array(makers.palo_alto), labelled.text("session"), None),
    )
    ends = (values.texts(name) for name in ("src", "spt", "dst"))
    interim = _matching(values.texts("FTNTFGTlogid"), "00020$") & makers.fortinet
    return {
        "session": sessions(observer, number, *ends),
        "unfinished": pa.array(interim | makers.begun),
        "observer": observer,
    }

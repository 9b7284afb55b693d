"""Records of NetFlow and IPFIX in the columns that all logs share."""

from __future__ import annotations

from dataclasses import dataclass
from socket import AF_INET6, inet_ntop
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.exports.templates import (
    EVENTS,
    REVERSE,
    TWO_WAYS,
    are_events,
    tell_initiator,
)
from auditor.readers.records.batch import Batch, Where, to_the_real_responder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.readers.exports.domains import Domain

Ints = npt.NDArray[np.int64]
Values = dict[int, Any]
"""Columns by element: ``Ints``, or rows of 16 bytes for IPv6 addresses."""

MILLISECOND: Final = 1_000_000
MICROSECOND: Final = 1_000
SECOND: Final = 1_000_000_000
NTP: Final = 2_208_988_800  # seconds from 1900 to 1970
LONG: Final = 1 << 42  # ms: 139 years
FAR: Final = 1 << 53  # µs


@dataclass(frozen=True, slots=True)
class Heads:
    """What the datagrams tell, per record.

    Attributes:
        exported: ns.
        uptime: ms that the exporter had been up when it sent it; -1 = not told.
        domain: place of the domain.
        sampling: 1 in how many packets; 0 = not told.
    """

    exported: Ints
    uptime: Ints
    domain: Ints
    sampling: Ints


def batch(values: Values, heads: Heads, domains: Sequence[Domain]) -> Batch:
    """Records with two addresses, as columns; ``values`` by element, ``domains`` by place."""
    size = len(heads.exported)
    columns: dict[str, Any] = _times(values, heads, domains)
    columns["src_ip"] = _addresses(values, 8, 27)
    columns["dst_ip"] = _addresses(values, 12, 28)
    if 4 in values:
        columns["protocol"] = pa.array(values[4])
    ported = values.get(7, 0) | values.get(11, 0) if 7 in values or 11 in values else None
    for name, element in (("src_port", 7), ("dst_port", 11)):
        if element in values:  # two zeros: a fragment, or an exporter that does not look
            columns[name] = pa.array(values[element], mask=np.asarray(ported == 0))
    columns |= _counters(values)
    columns["sampling"] = _maybe(_sampling(values, heads, domains))
    columns["observer"] = _observers(values, heads)
    for element in (243, 58):
        if element in values and values[element].any():
            columns["vlan"] = numbers_as_text(values[element])
            break
    columns = to_the_real_responder(columns | _translated(values))
    blocked = _blocked(values, size)
    if blocked is not None:
        columns["blocked"] = blocked
    if 148 in values and are_events(values.keys()):
        columns |= _sessions(values, heads)
    if values.keys() & TWO_WAYS and not tell_initiator(values.keys()):
        columns = _split(columns)
    elif 239 in values:
        columns = _turned(columns, values[239])
    return Batch(columns, nowhere(len(columns["start"])))


def nowhere(size: int) -> Where:
    """The place of records that stand in no line."""
    return Where(b"", 0, np.zeros(size, np.int64))


# Start, end, and ns of one unit; the first pair that is there counts.
_ABSOLUTE: Final = ((152, 153, MILLISECOND), (150, 151, SECOND))
_NTP: Final = ((156, 157), (154, 155))


def _times(values: Values, heads: Heads, domains: Sequence[Domain]) -> dict[str, Any]:
    start: Any = None
    end: Any = None
    for first, last in _NTP:
        start = _ntp(values[first]) if start is None and first in values else start
        end = _ntp(values[last]) if end is None and last in values else end
    for first, last, unit in _ABSOLUTE:
        start = _scaled(values[first], unit) if start is None and first in values else start
        end = _scaled(values[last], unit) if end is None and last in values else end
    if start is None and 158 in values:
        start = heads.exported - values[158] % FAR * MICROSECOND
        end = heads.exported - values[159] % FAR * MICROSECOND if 159 in values else end
    if start is None and end is None and (22 in values or 21 in values):
        start, end = (_since_start(values, at, heads, domains) for at in (22, 21))
    if start is not None and end is None:
        for element, unit in ((161, MILLISECOND), (162, MICROSECOND)):
            if element in values:
                end = start + values[element] % (1 << 40) * unit
    event = _event(values)
    basis = "recorded"
    if event is not None:
        start, end = (event, event) if start is None else (start, event if end is None else end)
        basis = "recorded" if start is not event else "start-only"
    elif start is None and end is None:
        start = end = heads.exported
        basis = "log-time"
    elif start is None:
        start, basis = end, "end-only"
    elif end is None:
        end, basis = start, "start-only"
    assert start is not None  # noqa: S101 - one of the branches above gave it
    unknown = start == _UNKNOWN
    bases = pa.repeat(basis, len(start))
    if unknown.any():
        bases = pc.if_else(pa.array(unknown), "log-time", bases)
        start, end = (np.where(unknown, heads.exported, each) for each in (start, end))
    return {"start": pa.array(start), "end": pa.array(end), "time_basis": bases}


_UNKNOWN: Final = np.iinfo(np.int64).min


def _scaled(values: Ints, unit: int) -> Ints:
    """Times in ns; -1, which no record is read with, where they are beyond what can be."""
    fits = (values > 0) & (values < (1 << 63) // unit)
    return np.where(fits, np.where(fits, values, 0) * unit, -1)


def _ntp(values: Ints) -> Ints:
    """Times of NTP's kind (RFC 7011 sections 6.1.9 and 6.1.10) in ns."""
    seconds, fraction = values >> 32 & 0xFFFFFFFF, values & 0xFFFFFFFF
    return (seconds - NTP) * SECOND + (fraction * SECOND >> 32)


def _since_start(
    values: Values, element: int, heads: Heads, domains: Sequence[Domain]
) -> Ints | None:
    """Times in ms since the exporter started, which is known from the datagram or from options."""
    if element not in values:
        return None
    moment = values[element]
    # from the datagram: how long ago it was, across the wrap of the uptime after 49 days
    ago = ((heads.uptime - moment + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
    found = heads.exported - ago * MILLISECOND
    told = heads.uptime >= 0
    if told.all():
        return np.asarray(found)
    boot = values.get(160)
    if boot is None:
        boots = np.array([domain.boot for domain in domains], np.int64)
        boot = boots[heads.domain]
    known = (boot >= 0) & (boot < LONG) & (moment >= 0) & (moment < LONG)
    since = np.where(known, (boot * known + moment * known) * MILLISECOND, _UNKNOWN)
    return np.where(told, found, since)


def _event(values: Values) -> Ints | None:
    """The moment that a record tells of instead of a span: events of firewalls and translators."""
    if 323 in values:
        return _scaled(values[323], MILLISECOND)
    if 322 in values:
        return _scaled(values[322], SECOND)
    for element in (324, 325):
        if element in values:
            return _ntp(values[element])
    return None


# What a side sent: columns and the elements that may have it, the best first.
_ONE_WAY: Final = {
    "src_packets": (2, 86, 298, 24), "src_bytes": (1, 85, 23), "src_payload": (231,),
    "src_tcp_flags": (6,),
}  # fmt: skip
_WAY_BACK: Final = {
    "dst_packets": (299, REVERSE | 2, REVERSE | 86), "dst_bytes": (REVERSE | 1, REVERSE | 85),
    "dst_payload": (232,), "dst_tcp_flags": (REVERSE | 6,),
}  # fmt: skip


def _counters(values: Values) -> dict[str, Any]:
    found = {}
    for name, elements in (_ONE_WAY | _WAY_BACK).items():
        for element in elements:
            if element in values:
                found[name] = pa.array(values[element])
                break
    if are_events(values.keys()):
        found.pop("src_bytes", None)  # 85: of both ways, and nobody knows how much of which
    return found


def rates(values: Values) -> Ints | None:
    """1 in how many packets, as records or options have it; null = they do not tell."""
    if 305 in values and 306 in values:
        each, space = values[305], values[306]
        return np.where(each > 0, (each + space) // np.maximum(each, 1), 0)
    if 309 in values and 310 in values:
        size, population = values[309], values[310]
        return np.where(size > 0, population // np.maximum(size, 1), 0)
    for element in (50, 34):
        if element in values:
            return np.asarray(np.maximum(values[element], 1), np.int64)
    return None


def _sampling(values: Values, heads: Heads, domains: Sequence[Domain]) -> Ints:
    own = rates(values)
    if own is not None:
        return own
    if values.keys() & set(EVENTS):  # a firewall tells of every connection
        return np.ones(len(heads.domain), np.int64)
    named = values.get(302, values.get(48))
    if named is None:
        told = np.array([domain.rate(-1) for domain in domains], np.int64)[heads.domain]
        return np.where(heads.sampling > 0, heads.sampling, told)
    both = heads.domain << 32 | (named & 0xFFFFFFFF)
    pairs, of_row = np.unique(both, return_inverse=True)
    listed: list[int] = pairs.tolist()
    found = [domains[pair >> 32].rate(pair & 0xFFFFFFFF) for pair in listed]
    return np.array(found, np.int64)[of_row]


def _observers(values: Values, heads: Heads) -> pa.Array:
    """Who saw it: domain, direction and interface, so that what went in and out counts once."""
    nothing = np.zeros(len(heads.domain), np.int64)
    out = np.asarray(values.get(61, nothing) == 1)
    interface = np.asarray(np.where(out, values.get(14, nothing), values.get(10, nothing)))
    place = heads.domain << 33 | out.astype(np.int64) << 32 | (interface & 0xFFFFFFFF)
    return numbers_as_text(place, zero=True)


def _blocked(values: Values, size: int) -> pa.Array | None:
    """What a firewall denied (233: event 3) or the forwarding dropped (89: RFC 7270)."""
    events = [values[element] for element in EVENTS if element in values]
    if not events and 89 not in values:
        return None
    blocked = np.zeros(size, np.bool_)
    for event in events:
        blocked |= event == 3
    if 89 in values:
        blocked |= values[89] & 0xC0 == 0x80
    return pa.array(blocked)


def _translated(values: Values) -> dict[str, Any]:
    """Addresses and ports after translation, where they differ from those before."""
    found: dict[str, Any] = {}
    for side, fours, six, ports, own in (
        ("src", (225, 40001), 281, (227, 40003), (8, 27, 7)),
        ("dst", (226, 40002), 282, (228, 40004), (12, 28, 11)),
    ):
        four = next((each for each in fours if each in values), None)
        if four is not None and own[0] in values:
            changed = (values[four] != 0) & (values[four] != values[own[0]])
            text = four_as_text(values[four])
        elif six in values and own[1] in values:
            changed = values[six].any(axis=1) & (values[six] != values[own[1]]).any(axis=1)
            text = sixteen_as_text(values[six])
        else:
            continue
        port = next((values[each] for each in ports if each in values), None)
        if port is not None:
            changed |= (port != 0) & (port != values.get(own[2], port))
        if not changed.any():
            continue
        mask = pa.array(changed)
        found[f"nat_{side}_ip"] = pc.if_else(mask, text.cast(pa.string()), None)
        if port is not None:
            found[f"nat_{side}_port"] = pc.if_else(mask, pa.array(port), None)
    return found


def _sessions(values: Values, heads: Heads) -> dict[str, Any]:
    """Events that a connection began (1) give way to the one that it ended (2)."""
    event = next(values[element] for element in EVENTS if element in values)
    marked = pa.array((event == 1) | (event == 2))
    name = pc.binary_join_element_wise(
        *(pa.array(column).cast(pa.string()) for column in (heads.domain, values[148])), "."
    )
    return {"session": pc.if_else(marked, name, None), "unfinished": pa.array(event == 1)}


_SIDED: Final = ("ip", "port", "packets", "bytes", "payload", "tcp_flags")


def _turned(columns: dict[str, Any], direction: Ints) -> dict[str, Any]:
    """Ends exchanged where the source is the one that answered (RFC 5103: biflowDirection)."""
    turned, size = pa.array(direction == 2), len(direction)
    found = dict(columns)
    for prefix in ("", "nat_"):
        for name in _SIDED:
            src, dst = _sides(columns, prefix, name, size)
            if src is not None:
                found[f"{prefix}src_{name}"] = pc.if_else(turned, dst, src)
                found[f"{prefix}dst_{name}"] = pc.if_else(turned, src, dst)
    told = pa.array((direction == 1) | (direction == 2))
    found["initiator_basis"] = pc.if_else(told, "recorded", "first-packet")
    return found


def _split(columns: dict[str, Any]) -> dict[str, Any]:
    """Both ways of records as records of one way: nobody says which end opened the flow."""
    size = len(columns["start"])
    found: dict[str, Any] = {}
    for prefix in ("", "nat_"):
        for name in _SIDED:
            src, dst = _sides(columns, prefix, name, size)
            if src is None:
                continue
            found[f"{prefix}src_{name}"] = pa.concat_arrays([src, dst])
            if prefix or name in ("ip", "port"):
                found[f"{prefix}dst_{name}"] = pa.concat_arrays([dst, src])
    ends = {f"{side}_{name}" for side in ("src", "dst") for name in _SIDED}
    for name, column in columns.items():
        if name.removeprefix("nat_") not in ends:
            found[name] = pa.concat_arrays([column, column])
    return found


def _sides(columns: dict[str, Any], prefix: str, name: str, size: int) -> tuple[Any, Any]:
    """A column of both ends, in one type; null if neither is there."""
    pair = [columns.get(f"{prefix}{side}_{name}") for side in ("src", "dst")]
    if pair == [None, None]:
        return None, None
    kind = pa.string() if name == "ip" else pa.int64()
    src, dst = (pa.nulls(size, kind) if each is None else each.cast(kind) for each in pair)
    return src, dst


def _addresses(values: Values, four: int, six: int) -> pa.Array:
    """Addresses as text; records that have room for both kinds use one of them."""
    if six not in values:
        return four_as_text(values[four])
    if four not in values:
        return sixteen_as_text(values[six])
    # the other kind is all zeros, in source and target alike
    old = (values.get(8, values[four]) != 0) | (values.get(12, values[four]) != 0)
    if 60 in values:
        old = values[60] == 4
    return pc.if_else(
        pa.array(old),
        four_as_text(values[four]),
        sixteen_as_text(values[six]).cast(pa.string()),
    )


_OCTETS: Final = pa.array([str(octet) for octet in range(256)])


def four_as_text(numbers: Ints) -> pa.Array:
    """IPv4 addresses as text."""
    octets = (_OCTETS.take(pa.array(numbers >> shift & 0xFF)) for shift in (24, 16, 8, 0))
    return pc.binary_join_element_wise(*octets, ".")


def sixteen_as_text(rows: npt.NDArray[np.uint8]) -> pa.Array:
    """IPv6 addresses, 16 bytes each, as text."""
    raw = pa.py_buffer(np.ascontiguousarray(rows).tobytes())
    encoded = pa.Array.from_buffers(pa.binary(16), len(rows), [None, raw]).dictionary_encode()
    texts = [inet_ntop(AF_INET6, address) for address in encoded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(texts, pa.string()))


def numbers_as_text(numbers: Ints, *, zero: bool = False) -> pa.Array:
    """Numbers as text; 0 is null unless it says something."""
    encoded = pa.array(numbers).dictionary_encode()
    texts = [str(each) if each or zero else None for each in encoded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(texts, pa.string()))


def _maybe(numbers: Ints) -> pa.Array:
    """Numbers above 0; null for others."""
    return pa.array(numbers, mask=numbers <= 0)

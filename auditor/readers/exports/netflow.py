"""NetFlow v5, v9 (RFC 3954) and IPFIX (RFC 7011) datagrams, taken apart into columns.

The loop goes over datagrams and sets; records are read many at a time, those of one layout
together, whoever sent them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from struct import Struct
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.readers.exports.columns import Heads, batch, rates
from auditor.readers.exports.domains import Domain, Head, Told
from auditor.readers.exports.templates import V5, Template, template
from auditor.readers.records.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.readers.records.batch import Batch

MOST_DOMAINS: Final = 1 << 14
MOST_LAYOUTS: Final = 1 << 10
MOST_TEMPLATES: Final = 1 << 16
MOST_FIELDS: Final = 1 << 18
"""So much is kept of templates in all; real exporters have a few layouts of some 20 fields."""

ALL, ALL_OPTIONS = 2, 3
"""Numbers that stand for all templates when they are withdrawn."""

MOST_WAITING: Final = 1 << 24
"""Bytes of records that wait for their template."""

PART: Final = 1 << 17
"""Records that are made columns together."""

SECOND: Final = 1_000_000_000
MOST_SKEW: Final = 120
"""Seconds that the clocks of exporter and sensor may differ before that is told."""

_V5: Final = Struct(">HHIIIIBBH")
_V9: Final = Struct(">HHIIII")
_IPFIX: Final = Struct(">HHIII")
_SET: Final = Struct(">HH")
_ENTERPRISE: Final = Struct(">I")


@dataclass(slots=True)
class NetFlow:
    """Takes datagrams in their order, and gives batches of records now and then."""

    tally: Tally
    domains: list[Domain] = field(default_factory=list)
    records: int = 0
    _by_stream: dict[tuple[int, int, int], Domain] = field(default_factory=dict)
    _exporters: dict[tuple[int, int], Told] = field(default_factory=dict)
    _layouts: dict[tuple[int, bytes], Template | None] = field(default_factory=dict)
    _templates: int = 0
    _fields: int = 0
    _waiting: int = 0
    _pending: dict[tuple[str, Template], list[tuple[bytes, Head]]] = field(default_factory=dict)

    def take(self, stream: int, payload: bytes, time: int) -> None:
        """One datagram of a stream (exporter and collector, with their ports), seen at ``time``."""
        version = int.from_bytes(payload[:2], "big")
        place = 4 if version == 10 else 8
        seconds = int.from_bytes(payload[place : place + 4], "big")
        if abs(seconds - time // SECOND) > MOST_SKEW:
            self.tally.add("exporter-clock", 0)
        if version == 5 and len(payload) >= _V5.size:
            self._v5(stream, payload)
        elif version == 9 and len(payload) >= _V9.size:
            self._v9(stream, payload)
        elif version == 10 and len(payload) >= _IPFIX.size:
            self._ipfix(stream, payload)
        else:
            self.tally.add("export-damaged", 0)

    def full(self) -> bool:
        """Whether there are enough records to make columns of."""
        return self.records >= PART

    def batches(self) -> Iterator[tuple[str, bool, Batch]]:
        """Who saw them, whether they tell who opened the flows, and the records taken so far."""
        pending, self._pending, self.records = self._pending, {}, 0
        for (seen_by, layout), sets in pending.items():
            counts = [len(body) // layout.size for body, _ in sets]
            values = layout.values(b"".join(body for body, _ in sets))
            flat = np.fromiter(chain.from_iterable(head for _, head in sets), np.int64)
            heads = Heads(*np.repeat(flat.reshape(-1, 4), counts, axis=0).T)
            yield seen_by, layout.initiated, batch(values, heads, self.domains)

    def ended(self) -> None:
        """Counts what never got its template, and what never arrived."""
        for domain in self.domains:
            sets = sum(map(len, domain.waiting.values()))
            if sets:
                self.tally.add("no-template", 0, count=sets)
            if domain.sequence.missing:
                self.tally.add("export-lost", 0, count=domain.sequence.missing)

    def _domain(self, stream: int, version: int, number: int) -> Domain | None:
        key = (stream, version, number)
        domain = self._by_stream.get(key)
        if domain is None:
            if len(self.domains) == MOST_DOMAINS:
                self.tally.add("export-limit", 0)
                return None
            exporter = self._exporters.setdefault((stream, version), Told())
            own = Told() if number else exporter
            domain = self._by_stream[key] = Domain(len(self.domains), own, exporter)
            self.domains.append(domain)
        return domain

    def _v5(self, stream: int, payload: bytes) -> None:
        _, count, uptime, *time, number, kind, engine, sampling = _V5.unpack_from(payload)
        seconds, nanoseconds = time
        body = payload[_V5.size : _V5.size + count * V5.size]
        if len(body) < count * V5.size:
            self.tally.add("export-damaged", 0)
        domain = self._domain(stream, 5, kind << 8 | engine)
        if domain is None or self._again(domain, number, payload):
            return
        rate = max(sampling & 0x3FFF, 1)
        head = (seconds * SECOND + nanoseconds % SECOND, uptime, domain.number, rate)
        self._data(domain, "netflow", V5, body, head)
        domain.sequence.follow(number, count, counts_itself=False)

    def _v9(self, stream: int, payload: bytes) -> None:
        _, _, uptime, seconds, number, source = _V9.unpack_from(payload)
        domain = self._domain(stream, 9, source)
        if domain is None or self._again(domain, number, payload):
            return
        head = (seconds * SECOND, uptime, domain.number, 0)
        count = self._sets(domain, "netflow", payload, _V9.size, head)
        domain.sequence.follow(number, count, counts_itself=True)

    def _ipfix(self, stream: int, payload: bytes) -> None:
        _, length, seconds, number, source = _IPFIX.unpack_from(payload)
        if length > len(payload):
            self.tally.add("export-damaged", 0)
        domain = self._domain(stream, 10, source)
        if domain is None or self._again(domain, number, payload):
            return
        head = (seconds * SECOND, -1, domain.number, 0)
        count = self._sets(domain, "ipfix", payload[:length], _IPFIX.size, head)
        domain.sequence.follow(number, count, counts_itself=False)

    def _again(self, domain: Domain, number: int, payload: bytes) -> bool:
        if domain.sequence.again(number, payload):
            self.tally.add("export-repeated", 0)
            return True
        return False

    def _sets(self, domain: Domain, seen_by: str, payload: bytes, place: int, head: Head) -> int:
        """Takes the sets of a datagram; how many records they have, -1 if that is not known."""
        first = 2 if seen_by == "ipfix" else 0
        count, known = 0, True
        for kind, body in _parts(payload, place):
            if kind >= 256:
                layout = domain.templates.get(kind, _NOT_COME)
                if layout is _NOT_COME:
                    self._wait(domain, kind, body, head)
                    known = False
                else:
                    count += self._data(domain, seen_by, layout, body, head)
            elif kind == first:
                self._defined(domain, seen_by, body)
            elif kind == first + 1:
                self._options(domain, seen_by, body)
            else:
                self.tally.add("export-damaged", 0)
        return count if known else -1

    def _wait(self, domain: Domain, kind: int, body: bytes, head: Head) -> None:
        if self._waiting + len(body) > MOST_WAITING:
            self.tally.add("no-template", 0)
            return
        self._waiting += len(body) + 64
        domain.waiting.setdefault(kind, []).append((body, head))

    def _data(
        self, domain: Domain, seen_by: str, layout: Template | None, body: bytes, head: Head
    ) -> int:
        """Takes the records of a set; how many there are."""
        if layout is None:
            self.tally.add("not-ip", 0)
            return 0
        records = layout.whole(body)
        count = len(records) // layout.size
        if layout.scope >= 0:
            _told(domain.own, layout, records)
        elif not layout.placed:
            self.tally.add("not-ip", 0, count=count)
        elif count:
            self._pending.setdefault((seen_by, layout), []).append((records, head))
            self.records += count
        return count

    def _defined(self, domain: Domain, seen_by: str, body: bytes) -> None:
        """A set of templates."""
        place = 0
        while place + 4 <= len(body):
            number, count = _SET.unpack_from(body, place)
            place += 4
            if count == 0 and seen_by == "ipfix" and (number == ALL or number >= 256):
                _withdrawn(domain, number)
            elif number < 256:
                return  # padding
            else:
                place = self._template(domain, seen_by, number, body, place, count, -1)

    def _options(self, domain: Domain, seen_by: str, body: bytes) -> None:
        """A set of templates of options."""
        place = 0
        while place + 4 <= len(body):
            number, count = _SET.unpack_from(body, place)
            place += 4
            if count == 0 and seen_by == "ipfix" and (number == ALL_OPTIONS or number >= 256):
                _withdrawn(domain, number)
                continue
            if number < 256:
                return  # padding
            scope = int.from_bytes(body[place : place + 2], "big")
            place += 2
            if seen_by == "netflow":  # lengths in bytes: of the scope, and of the options
                count, scope = (count + scope) // 4, count // 4
            place = self._template(domain, seen_by, number, body, place, count, scope)

    def _template(
        self, domain: Domain, seen_by: str, number: int, body: bytes, begin: int, count: int,
        scope: int,
    ) -> int:  # fmt: skip
        """Takes one template; where it ends."""
        fields: list[tuple[int, int, int]] = []
        place, size = begin, len(body)
        while len(fields) < count and place + 4 <= size:
            element, length = _SET.unpack_from(body, place)
            place += 4
            enterprise = 0
            if seen_by == "ipfix" and element & 0x8000:
                if place + 4 > size:
                    break
                (enterprise,) = _ENTERPRISE.unpack_from(body, place)
                element &= 0x7FFF
                place += 4
            elif seen_by == "netflow" and len(fields) < scope:
                element = 0  # scopes of NetFlow v9 have numbers of their own
            fields.append((element, length, enterprise))
        if len(fields) < count:
            self.tally.add("export-damaged", 0)
            return size
        layout = self._layout(scope, seen_by, body[begin:place], fields)
        if layout is not _NOT_COME:
            self._learned(domain, seen_by, number, layout)
        return place

    def _layout(
        self, scope: int, seen_by: str, text: bytes, fields: list[tuple[int, int, int]]
    ) -> Template | None:
        """The layout of a template; exporters that say the same share it. See ``_NOT_COME``."""
        key = (scope << 1 | (seen_by == "ipfix"), text)
        if key in self._layouts:
            return self._layouts[key]
        if len(self._layouts) == MOST_LAYOUTS or self._fields + len(fields) > MOST_FIELDS:
            self.tally.add("export-limit", 0)
            return _NOT_COME
        self._fields += len(fields)
        layout = self._layouts[key] = template(fields, scope)
        for enterprise in layout.strangers if layout else ():
            self.tally.add("vendor-fields", 0, detail=f"{enterprise}")
        return layout

    def _learned(self, domain: Domain, seen_by: str, number: int, layout: Template | None) -> None:
        if number not in domain.templates:
            if self._templates == MOST_TEMPLATES:
                self.tally.add("export-limit", 0)
                return
            self._templates += 1
        domain.templates[number] = layout
        for body, head in domain.waiting.pop(number, ()):
            self._waiting -= len(body) + 64
            self._data(domain, seen_by, layout, body, head)


_NOT_COME: Final = Template(np.dtype("u1"), 1, (), frozenset(), -1)
"""Stands for a template that is not known."""


def _parts(payload: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    """Number and content of the sets from ``place`` on; number 4: the length of one is wrong."""
    end = len(payload)
    while place + 4 <= end:
        kind, size = _SET.unpack_from(payload, place)
        if size < 4 or place + size > end:
            yield 4, b""
            return
        yield kind, payload[place + 4 : place + size]
        place += size


def _withdrawn(domain: Domain, number: int) -> None:
    """Forgets a template, or all of them (RFC 7011 section 8.1)."""
    if number >= 256:
        domain.templates.pop(number, None)
        return
    for known, layout in list(domain.templates.items()):
        if layout is None or (layout.scope >= 0) == (number == ALL_OPTIONS):
            del domain.templates[known]


def _told(told: Told, layout: Template, records: bytes) -> None:
    """Takes sampling and the time of start out of options."""
    values = layout.values(records)
    count = len(records) // layout.size
    if 160 in values and count:
        told.boot = int(values[160][-1])
    found = rates(values)
    if found is None:
        return
    samplers = values.get(48, values.get(302))
    named = [-1] * count if samplers is None else samplers.tolist()
    for sampler, rate in zip(named, found.tolist(), strict=True):
        if rate > 0:
            told.sampled(sampler, rate)

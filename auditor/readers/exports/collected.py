"""The flows that exporters reported, out of captures in which their datagrams passed."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.capture.layout import EXPORTS
from auditor.readers.exports.datagrams import (
    BEGIN, END, FRAGMENT, PORTS, SIZE, SOURCE, TARGET, TIME, UDP, datagrams,
)  # fmt: skip
from auditor.readers.exports.netflow import NetFlow
from auditor.readers.exports.sflow import SFlow
from auditor.readers.records.checked import checked
from auditor.readers.records.gathering import Gathering
from auditor.readers.records.tally import Kinds, Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.model.problem import Note
    from auditor.readers.reading import Settings, Take
    from auditor.readers.streams import Source

SCTP: Final = 132
IPFIX_PORT: Final = 4739
MOST_STREAMS: Final = 1 << 14

KINDS: Final[Kinds] = {
    "no-template": (
        "{count} set(s) of exported records came without their template and were not decoded",
        "Capture for longer: exporters send templates every few minutes.",
    ),
    "export-lost": (
        "{count} exported record(s) or datagram(s) never came: their numbers are missing",
        "The flows in them are not known; look for losses between exporter and sensor.",
    ),
    "export-repeated": (
        "{count} export datagram(s) are in the capture more than once and were counted once",
        "Mirror ports often show a packet twice.",
    ),
    "export-damaged": (
        "{count} export datagram(s) or parts of them say wrong lengths and were not decoded",
        "Other parts of them were; look at the exporter if there are many.",
    ),
    "export-cut": (
        "{count} export datagram(s) are fragmented or were not captured whole, and not decoded",
        "Capture whole packets (`tcpdump -s 0`); let exporters send below the MTU.",
    ),
    "exporter-clock": (
        "{count} export datagram(s) have a clock more than two minutes off the capture's",
        "The times of the flows in them are by the exporter's clock; check it.",
    ),
    "export-limit": (
        "{count} part(s) of export datagrams are beyond what is kept of exporters and templates",
        "No real exporter needs so many; look at who sends them.",
    ),
    "export-not-read": (
        "{count} flow(s) carry flow records in a way that is not decoded ({detail})",
        "Let exporters send over UDP, or audit the collector's own files.",
    ),
    "not-ip": (
        "{count} exported record(s) or sample(s) have no two IP addresses and were not read",
        "They tell of layer 2, of MPLS, or of the exporter itself.",
    ),
    "vendor-fields": (
        "{count} template(s) have fields of vendors (enterprise {detail}) that were not read",
        "Their other fields were read.",
    ),
    "counter-samples": (
        "{count} sFlow sample(s) are counters of interfaces, which tell of no flow",
        "",
    ),
    "samples-dropped": (
        "{count} sFlow sample(s) were dropped by the switch for lack of resources",
        "Volumes are too low by that much; sample less often.",
    ),
}
"""Troubles of exports. Most are of a capture as a whole; lines mean nothing here."""


class Collected:
    """What exporters reported in captures that follow one another.

    ``first`` is the number of the first of them; flows and ``take`` go by that.
    """

    def __init__(
        self, sources: Sequence[Source], first: int, settings: Settings, take: Take
    ) -> None:
        self._sources = sources
        self._settings = settings
        self._first = first
        self._take: Take = lambda number, table: take(first + number, table)
        self._tallies = [Tally(KINDS) for _ in sources]
        self._gatherings: dict[tuple[str, bool], Gathering] = {}

    def read(self, flows: pa.Table, note: Note, still_open: pa.Table | None = None) -> None:
        """Hands on the flows reported in the datagrams of ``flows``, as the engine saw these.

        The flows of file number so-and-so go to ``take``, in parts that are each in order. What
        flows that are ``still_open`` report is handed on as well: these files are not read again.
        """
        exporting = flows.filter(pc.is_in(flows["app"], pa.array(EXPORTS)))
        if still_open is not None:
            more = still_open.filter(pc.is_in(still_open["app"], pa.array(EXPORTS)))
            exporting = pa.concat_tables(
                [exporting, more.filter(pc.equal(more["protocol"], UDP))],
                promote_options="default",
            )
        over_udp = pc.equal(exporting["protocol"], UDP)
        self._unread(flows, exporting.filter(pc.invert(over_udp)))
        streams, beyond = _streams(exporting.filter(over_udp))
        if beyond:
            self._tallies[0].add("export-limit", 0, count=beyond)
        if streams:
            self._decoded(streams)
        for tally, source in zip(self._tallies, self._sources, strict=True):
            tally.tell(source.name, note, offsets=False)

    def _unread(self, flows: pa.Table, others: pa.Table) -> None:
        """Counts flows whose records are not decoded: over TCP, and over SCTP at IPFIX's port."""
        for file in others["file"].to_pylist():
            self._tallies[file - self._first].add("export-not-read", 0, detail="IPFIX over TCP")
        sctp = pc.and_(
            pc.equal(flows["protocol"], SCTP),
            pc.or_(
                *(pc.equal(flows[name], IPFIX_PORT) for name in ("src_port", "dst_port")),
            ),
        )
        for file in flows["file"].filter(pc.fill_null(sctp, False)).to_pylist():
            self._tallies[file - self._first].add("export-not-read", 0, detail="IPFIX over SCTP")

    def _decoded(self, streams: dict[tuple[int, ...], int]) -> None:
        ports = {key[-1] >> 16 for key in streams}
        netflow, sflow = NetFlow(self._tallies[0]), SFlow(self._tallies[0])
        for number, source in enumerate(self._sources):
            tally = netflow.tally = sflow.tally = self._tallies[number]
            if source.pipe is not None:
                tally.add("export-not-read", 0, detail="a pipe cannot be read twice")
                continue
            try:
                for found in datagrams(source, ports):
                    for row in found.rows.tolist():
                        key = (*row[SOURCE : SOURCE + 2], *row[TARGET : TARGET + 2], row[PORTS])
                        stream = streams.get(key)
                        if stream is None:
                            continue
                        if row[FRAGMENT] or row[END] - row[BEGIN] < row[SIZE]:
                            tally.add("export-cut", 0)
                            continue
                        payload = found.data[row[BEGIN] : row[END]].tobytes()
                        if payload[:4] == b"\0\0\0\5":
                            sflow.take(stream, payload, row[TIME])
                        else:
                            netflow.take(stream, payload, row[TIME])
                        if netflow.full() or sflow.full():
                            self._add(number, netflow, sflow, tally)
            except OSError as error:
                what = f"the file cannot be opened again: {error.strerror or error}"
                tally.add("export-not-read", 0, detail=what)
            self._add(number, netflow, sflow, tally)
        netflow.ended()
        sflow.ended()
        for gathering in self._gatherings.values():
            gathering.finish()

    def _add(self, number: int, netflow: NetFlow, sflow: SFlow, tally: Tally) -> None:
        for exports in (netflow, sflow):
            for seen_by, initiated, batch in exports.batches():
                key = (seen_by, initiated)
                if key not in self._gatherings:
                    self._gatherings[key] = Gathering(
                        self._tallies, self._settings, self._take, seen_by, one_way=not initiated
                    )
                self._gatherings[key].add(number, checked(batch, tally))


def _streams(flows: pa.Table) -> tuple[dict[tuple[int, ...], int], int]:
    """A number for each stream of datagrams, by addresses and ports as ``datagrams`` has them.

    And how many flows are beyond those that are followed.
    """
    streams: dict[tuple[int, ...], int] = {}
    beyond = 0
    names = ("src_ip", "dst_ip", "src_port", "dst_port")
    for source, target, port, other in zip(
        *(flows[name].to_pylist() for name in names), strict=True
    ):
        key = (*_halves(source), *_halves(target), port | other << 16)
        if key in streams:
            continue
        if len(streams) < MOST_STREAMS:
            streams[key] = len(streams)
        else:
            beyond += 1
    return streams, beyond


def _halves(text: str) -> tuple[int, int]:
    """High and low half of an address, as signed numbers."""
    address = ipaddress.ip_address(text)
    packed = address.packed.rjust(16, b"\0")
    return (
        int.from_bytes(packed[:8], "big", signed=True),
        int.from_bytes(packed[8:], "big", signed=True),
    )

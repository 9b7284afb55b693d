"""The decision records of the destinations that findings name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.geo.lookup import Question, destinations

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.geo.geodata import GeoData
    from auditor.geo.nearest import Nearest
    from auditor.model.inventory import Network
    from auditor.model.place import Destination

_KEYS = ["peer_ip", "host", "log_country"]
_NEEDED = [
    *("peer_ip", "witness_of", "home_side", "host", "host_basis"),
    *("src_log_country", "dst_log_country", "outbound_bytes", "start"),
]
_SUMS = [("outbound_bytes", "sum"), ("start", "min"), ("flows", "sum")]


def recorded(
    parts: Iterable[pa.Table],
    addresses: Sequence[str],
    geodata: GeoData,
    home: str,
    home_networks: Sequence[Network],
    nearest: Nearest,
) -> list[Destination]:
    """The record of each of ``addresses``, with the name that most was sent to.

    Args:
        parts: the flow table after stage ``geo``.
        addresses: peers of findings, each once; one that no flow has is left out.
        geodata: what knows about places.
        home: as in ``located``.
        home_networks: likewise.
        nearest: the fastest handshakes of the run.

    Returns:
        Heaviest outbound first, then by address.
    """
    wanted = pa.array(addresses, pa.string())
    sums = [_summed(part, wanted) for part in parts]
    if not sums or not len(addresses):
        return []
    whole = (
        pa.concat_tables(sums)
        .group_by(_KEYS)
        .aggregate([(f"{name}_{function}", function) for name, function in _SUMS])
    )
    rows = whole.select([*_KEYS, *(f"{n}_{f}_{f}" for n, f in _SUMS)]).rename_columns(
        [*_KEYS, "outbound_bytes", "start", "flows"]
    )
    heard = _by_address(rows)
    known = [address for address in addresses if address in heard]
    rtt_us = nearest.of(pa.array(known, pa.string())).tolist()
    questions = [
        Question(
            address, heard[address].host, heard[address].log_country, rtt if rtt >= 0 else None
        )
        for address, rtt in zip(known, rtt_us, strict=True)
    ]
    starts = np.array([heard[address].start for address in known], dtype=np.int64)
    editions, codes = geodata.editions(starts)
    found: list[Destination] = []
    for number, edition in enumerate(editions):
        asked = [questions[at] for at in np.flatnonzero(codes == number).tolist()]
        found += destinations(asked, geodata, edition, home, home_networks)
    weighed = [
        replace(each, flows=heard[each.address].flows, outbound_bytes=heard[each.address].outbound)
        for each in found
    ]
    return sorted(weighed, key=lambda each: (-each.outbound_bytes, each.address))


@dataclass(frozen=True, slots=True)
class _Heard:
    """What flows tell of one address: its heaviest name, first start (ns), flows and bytes."""

    host: str | None
    log_country: str | None
    start: int
    flows: int
    outbound: int


def _by_address(rows: pa.Table) -> dict[str, _Heard]:
    """What is heard of each address; of names that are as heavy the first by alphabet."""
    sums = [("outbound_bytes", "sum"), ("start", "min"), ("flows", "sum")]
    whole = rows.group_by("peer_ip").aggregate(sums)
    totals = {row["peer_ip"]: row for row in whole.to_pylist()}
    order = [("peer_ip", "ascending"), ("outbound_bytes", "descending")]
    order += [("host", "ascending"), ("log_country", "ascending")]
    ranked = rows.take(pc.sort_indices(rows, order))
    codes = ranked["peer_ip"].combine_chunks().dictionary_encode().indices.to_numpy()
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    return {
        row["peer_ip"]: _Heard(
            row["host"],
            row["log_country"],
            totals[row["peer_ip"]]["start_min"],
            totals[row["peer_ip"]]["flows_sum"],
            int(totals[row["peer_ip"]]["outbound_bytes_sum"] or 0),
        )
        for row in ranked.take(pa.array(first)).to_pylist()
    }


def _summed(part: pa.Table, wanted: pa.Array) -> pa.Table:
    mine = part.select(_NEEDED)  # before rows are taken: most columns are not looked at
    mine = mine.filter(
        pc.and_(pc.is_in(mine["peer_ip"], value_set=wanted), pc.is_null(mine["witness_of"]))
    )
    at_dst = pc.equal(mine["home_side"], "src")
    apart = pc.is_in(mine["host_basis"], value_set=pa.array(["dns-query", "ech-outer"]))
    served = pc.and_(at_dst, pc.invert(apart))  # a name says nothing about a client
    said = pc.if_else(at_dst, mine["dst_log_country"], mine["src_log_country"])
    table = pa.table(
        {
            "peer_ip": mine["peer_ip"],
            "host": pc.if_else(served, mine["host"], pa.scalar(None, pa.string())),
            "log_country": said,
            "outbound_bytes": mine["outbound_bytes"].cast(pa.decimal128(38)),
            "start": mine["start"].cast(pa.int64()),
            "flows": pa.repeat(pa.scalar(1, pa.int64()), len(mine)),
        }
    )
    return table.group_by(_KEYS).aggregate(_SUMS)

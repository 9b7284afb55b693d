"""What left, as the ledger wants it: which traffic, on which route, how much.

The loops here run over distinct routes and addresses, never over flows.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.ledger import COUNTED_FROM, TRANSFERS, Carried, Route, Transfers
from auditor.policy import masks
from auditor.policy.destinations import recipients_of
from auditor.policy.facts import (
    column_of,
    control_traffic_of,
    days_of,
    distinct_lists,
    encoded,
    exploded,
    numbers_of,
    of_categories,
    of_flows,
)
from auditor.policy.regimes import period_starts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from auditor.model.inventory import Inventory
    from auditor.policy.law import Law
    from auditor.policy.masks import Integers

    Hashes = NDArray[np.uint64]

_EPOCH_DAY: Final = 719_163  # 1970-01-01 as datetime.date.toordinal has it
_NO_PORT: Final = 1 << 16


def transfers(table: pa.Table, law: Law, inventory: Inventory | None, key: bytes) -> Transfers:
    """The flows that leave: across the border, or to somebody foreign wherever the server stands.

    Not among them: what left before ``COUNTED_FROM``; what may leave, but need not; what sent
    nothing or was blocked; name, time and control messages.

    Args:
        table: the ``candidates`` of a flow table.
        law: categories and regimes.
        inventory: the agency's systems, their owners and the size of their records.
        key: 1 to 64 secret bytes; with another one the same traffic has another ``key`` column.
    """
    leaves = masks.decided(column_of(table, "crosses_border")).hit
    leaves |= masks.decided(column_of(table, "foreign_recipient")).hit
    leaves &= np.asarray(pc.fill_null(pc.greater(column_of(table, "outbound_bytes"), 0), False))
    leaves &= ~control_traffic_of(table)
    leaves &= days_of(table) >= COUNTED_FROM.toordinal() - _EPOCH_DAY
    flows = table.filter(pa.array(leaves)).combine_chunks()
    if not flows.num_rows:
        return Transfers()
    route, routes = _routes(flows, law, inventory)
    columns = {
        "key": pa.array(_keys(flows, key)),
        "start": column_of(flows, "start").cast(pa.int64()),
        "end": column_of(flows, "end").cast(pa.int64()),
        "route": pa.array(route.astype(np.int32)),
        "bytes": column_of(flows, "outbound_bytes"),
        "records": _records(flows, inventory),
    }
    return Transfers(routes, pa.table(columns, schema=TRANSFERS))


def owner_of(inventory: Inventory | None, system: str | None) -> str:
    """Whose data it is: of the system's owner, else of the agency; empty = no inventory."""
    if inventory is None:
        return ""
    for each in inventory.systems:
        if each.id == system:
            return each.owner or inventory.agency
    return inventory.agency


def _routes(
    flows: pa.Table, law: Law, inventory: Inventory | None
) -> tuple[Integers, tuple[Route, ...]]:
    """Per flow the number of its route, and the routes."""
    abroad = pc.fill_null(column_of(flows, "crosses_border"), False)
    there, owned = (
        column_of(flows, name).cast(pa.string()) for name in ("peer_country", "operator_country")
    )
    texts = {
        "system": encoded(flows, "system_id"),
        "recipient": recipients_of(flows),
        "country": pc.if_else(abroad, there, owned).dictionary_encode(),
        "categories": distinct_lists(column_of(flows, "categories")),
    }
    starts = np.array([day.toordinal() - _EPOCH_DAY for day in period_starts(law.regimes)])
    period = np.searchsorted(starts, days_of(flows), side="right")
    number: Integers = period.astype(np.int64)
    for column in texts.values():
        # Numbered anew after each column, so that the product stays small.
        number = number * (len(column.dictionary) + 1) + numbers_of(column) + 1
        number = pd.factorize(number)[0].astype(np.int64)
    first = np.empty(int(number.max()) + 1, np.int64)
    first[number[::-1]] = np.arange(len(number))[::-1]
    some = flows.take(pa.array(first)).combine_chunks()
    systems, recipients, countries = (
        texts[name].take(pa.array(first)).cast(pa.string()).to_pylist()
        for name in ("system", "recipient", "country")
    )
    owners = {system: owner_of(inventory, system) for system in set(systems)}
    routes = [
        Route(owners[system], system, recipient, country, carried)
        for system, recipient, country, carried in zip(
            systems, recipients, countries, _carried(some, law, inventory), strict=True
        )
    ]
    # Several lists may hold the same categories: one route.
    distinct = list(dict.fromkeys(routes))
    places = {route: place for place, route in enumerate(distinct)}
    again = np.array([places[route] for route in routes], np.int64)
    return again[number], tuple(distinct)


def _carried(flows: pa.Table, law: Law, inventory: Inventory | None) -> list[tuple[Carried, ...]]:
    """Per flow, of which there are few: its categories, each under its regime of that day."""
    rows = exploded(column_of(flows, "categories"))
    facts = of_categories(
        flows,
        of_flows(flows, inventory_given=inventory is not None),
        rows,
        law.catalogue,
        law.regimes,
        state_agency=inventory.state_agency if inventory else None,
    )
    kinds = [
        Carried(category, regime) if category is not None else None
        for category, regime in zip(
            facts.kinds.columns["category"].to_pylist(),
            facts.kinds.columns["regime"].to_pylist(),
            strict=True,
        )
    ]
    found: list[list[Carried]] = [[] for _ in range(flows.num_rows)]
    for flow, kind in zip(facts.flow_of.tolist(), facts.kind_of.tolist(), strict=True):
        carried = kinds[kind]
        if carried is not None:
            found[flow].append(carried)
    return [tuple(sorted(some, key=lambda each: each.category)) for some in found]


def _records(flows: pa.Table, inventory: Inventory | None) -> pa.Array:
    """Records that fit into what left, by the declared size of one; null = none declared.

    Where persons were counted in a flow the flow table has their number in place of the estimate:
    the estimate is made again.
    """
    estimated = masks.one_of(column_of(flows, "subjects_basis"), ["estimated"]).hit
    counted = masks.one_of(column_of(flows, "subjects_basis"), ["counted"]).hit
    known = column_of(flows, "subjects")
    records = pc.if_else(pa.array(estimated), known, pa.scalar(None, pa.int64()))
    if not counted.any() or inventory is None:
        return records
    systems = encoded(flows, "system_id")
    sizes = {each.id: (each.record_bytes, each.subjects) for each in inventory.systems}
    of_system = [sizes.get(name, (None, None)) for name in systems.dictionary.to_pylist()]
    size, most = (
        pa.array([pair[place] for pair in of_system], pa.int64()).take(systems.indices)
        for place in (0, 1)
    )
    sent = pc.subtract(column_of(flows, "outbound_bytes"), 1)
    again = pc.add(pc.divide(sent, size), 1)
    again = pc.if_else(pc.is_valid(again), pc.min_element_wise(again, most), None)
    return pc.if_else(pa.array(counted), again.cast(pa.int64()), records)


def _keys(flows: pa.Table, key: bytes) -> Integers:
    """Per flow a keyed hash of protocol, addresses and ports, the same in both directions.

    Who began is sometimes a guess, and two inputs may guess differently. Without the key nobody
    can try addresses, nor make two connections that share a hash; two share one by chance once in
    2^63 pairs.
    """
    mixed = [
        int.from_bytes(
            hashlib.blake2b(bytes([number]), key=key, digest_size=8, person=b"ledger-mix").digest()
        )
        for number in range(3)
    ]
    first, second, third = np.array(mixed, np.uint64)[:, None]
    one, other = (_ends(flows, side, key, first) for side in ("src", "dst"))
    protocol = np.asarray(column_of(flows, "protocol")).astype(np.uint64)
    both = _mixed(np.minimum(one, other) ^ second) + np.maximum(one, other)
    hashes = _mixed(_mixed(both) + _mixed(protocol ^ third))
    keys: Integers = (hashes >> np.uint64(1)).astype(np.int64)
    return keys


def _ends(flows: pa.Table, side: str, key: bytes, secret: Hashes) -> Hashes:
    """Per flow a keyed hash of one end's address and port."""
    address = column_of(flows, f"{side}_ip").dictionary_encode()
    distinct = _addresses(address.dictionary.to_pylist(), key)
    port = column_of(flows, f"{side}_port").cast(pa.int64())
    ports = np.asarray(pc.fill_null(port, _NO_PORT)).astype(np.uint64)
    return _mixed(distinct[numbers_of(address)] + _mixed(ports ^ secret))


def _addresses(addresses: Sequence[str | None], key: bytes) -> Hashes:
    hashes = [
        hashlib.blake2b(
            (each or "").encode("utf-8", "surrogatepass"),
            key=key,
            digest_size=8,
            person=b"ledger-address",
        ).digest()
        for each in addresses
    ]
    return np.frombuffer(b"".join(hashes), "<u8").astype(np.uint64)


def _mixed(numbers: Hashes) -> Hashes:
    """Each number spread over all 64 bits, no two alike (the finalizer of SplitMix64)."""
    mixed = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))

"""The flows that are opened, shared out between processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

TCP: Final = 6

FLOW: Final = 10_000
"""Bytes of payload that take as long to inspect as a flow by itself does."""

LEAST: Final = 40_000_000
"""Bytes for which another process is worth its start, flows at ``FLOW`` bytes each included."""

MOST_DEALT: Final = 1_000
"""Conversations that are dealt one by one, the largest first; the rest fills up the shares."""


def shared_out(flows: pa.Table, processes: int) -> list[pa.Table]:
    """The flows in shares that take about as long, at most one for each process.

    All flows between the same two endpoints are in one share, and all between the same two
    addresses where one is the control connection of FTP, which announces others. There are fewer
    shares than processes where a process takes longer to start than its share would.

    Args:
        flows: ``auditor.inspect.COLUMNS``, at least one row; the order within is kept.
        processes: at least 1.
    """
    weights = _weights(flows)
    count = min(processes, 1 + int(weights.sum()) // LEAST)
    if count == 1:
        return [flows]
    numbers = _conversations(flows)
    share = _dealt(np.bincount(numbers, weights).astype(np.int64), count)[numbers]
    return [flows.filter(pa.array(share == each)) for each in range(count) if (share == each).any()]


def _weights(flows: pa.Table) -> Ints:
    payload = pc.add(pc.fill_null(flows["src_payload"], 0), pc.fill_null(flows["dst_payload"], 0))
    weights: Ints = payload.to_numpy().astype(np.int64) + FLOW
    return weights


def _conversations(flows: pa.Table) -> Ints:
    """A number for each flow, the same for those that must be in one share."""
    from auditor import inspect

    count = len(flows)
    addresses = pa.concat_arrays(
        [flows[name].combine_chunks().cast(pa.string()) for name in ("src_ip", "dst_ip")]
    )
    hosts = addresses.dictionary_encode().indices.to_numpy().astype(np.int64)
    ends = hosts << 16
    for begin, name in ((0, "src_port"), (count, "dst_port")):
        ends[begin : begin + count] |= pc.fill_null(flows[name], 0).to_numpy().astype(np.int64)
    one, other = ends[:count], ends[count:]
    columns = (flows["protocol"].to_numpy(), np.maximum(one, other), np.minimum(one, other))
    order = np.lexsort(columns)
    new = np.zeros(count, np.int64)
    for column in columns:
        new[1:] |= column[order][1:] != column[order][:-1]
    numbers = np.empty(count, np.int64)
    numbers[order] = np.cumsum(new)
    control = (ends & 0xFFFF == inspect.CONTROL_PORT).reshape(2, count).any(axis=0)
    pairs = np.maximum(hosts[:count], hosts[count:]) << 32 | np.minimum(
        hosts[:count], hosts[count:]
    )
    _, place, pair = np.unique(pairs, return_index=True, return_inverse=True)
    announced = np.isin(pair, pair[control]) & (columns[0] == TCP)
    numbers[announced] = numbers[place[pair[announced]]]
    return numbers


def _dealt(weights: Ints, count: int) -> Ints:
    """The share of each conversation, so that shares weigh about the same."""
    order = np.argsort(-weights, kind="stable")
    share = np.zeros(len(weights), np.int64)
    loads = np.zeros(count, np.int64)
    for each in order[:MOST_DEALT].tolist():
        lightest = int(loads.argmin())
        share[each] = lightest
        loads[lightest] += weights[each]
    rest = order[MOST_DEALT:]
    if len(rest):
        lacking = np.maximum(weights.sum() / count - loads, 0)
        bounds = np.cumsum(lacking) * (weights[rest].sum() / max(lacking.sum(), 1))
        middle = np.cumsum(weights[rest]) - weights[rest] / 2
        share[rest] = np.minimum(np.searchsorted(bounds, middle), count - 1)
    return share

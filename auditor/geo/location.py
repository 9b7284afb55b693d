"""The geo stage: where each flow went, which end is at home, what left and what came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.geo.addresses import numbered
from auditor.geo.decision import Place
from auditor.geo.initiator import turned
from auditor.geo.placement import Placements, placed
from auditor.model.flow_table import Stage, conform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.geo.databases import GeoDatabases
    from auditor.model.inventory import Network

_SIDES: Final = ("src", "dst", "both", "none")
_SRC, _DST, _BOTH, _NONE, _UNDECIDED = 0, 1, 2, 3, -1
_MOVED_COLUMNS: Final = ("src_payload", "src_bytes", "dst_payload", "dst_bytes", "blocked")


def located(
    flows: pd.DataFrame,
    databases: GeoDatabases,
    home: str,
    home_networks: Sequence[Network],
) -> pd.DataFrame:
    """``flows`` with the columns of the stage ``geo``.

    Args:
        flows: a flow table of the stage ``read``.
        databases: what knows the places of addresses; each distinct address is looked up once.
        home: the home country (ISO 3166-1 alpha-2).
        home_networks: networks the agency calls its own: at home whatever databases say.
    """
    texts, src, dst = _ends(flows)
    places = placed(numbered(texts.to_pylist()), databases, home.upper(), home_networks)
    side = _sides(places, src, dst)
    flows, turn = turned(flows, side == _SRC, side == _DST)
    if turn.any():
        src, dst = np.where(turn, dst, src), np.where(turn, src, dst)
        side = np.where(turn, _SRC, side)
    table = pa.Table.from_pandas(flows[list(_MOVED_COLUMNS)], preserve_index=False)
    blocked = np.asarray(pc.fill_null(table["blocked"], False), dtype=np.bool_)
    peer = np.select([side == _SRC, side == _DST], [dst, src], -1)
    state, basis = _states(places, src, dst, side)
    columns: dict[str, Any] = {
        "home_side": _taken(_SIDES, side, pa.string()),
        "peer_ip": _taken(texts, peer, pa.string()),
        "peer_country": _of_decision(places, "country", peer),
        "peer_asn": _asn(places, peer),
        "peer_org": _taken(places.orgs, _through(places.org_codes, peer), pa.string()),
        "peer_org_country": pa.nulls(len(side), pa.string()),
        "geo_state": state,
        "geo_basis": basis,
        "crosses_border": _crosses(places, peer, side, blocked),
        "outbound_bytes": _moved(table, "src", "dst", side, blocked),
        "inbound_bytes": _moved(table, "dst", "src", side, blocked),
    }
    done = flows.assign(
        **{name: pd.arrays.ArrowExtensionArray(column) for name, column in columns.items()}
    )
    return conform(done, Stage.GEO)


def _ends(flows: pd.DataFrame) -> tuple[pa.Array, np.ndarray, np.ndarray]:
    """The distinct addresses, and for each flow the index of its source and its destination."""
    table = pa.Table.from_pandas(flows[["src_ip", "dst_ip"]], preserve_index=False)
    chunks = [*table["src_ip"].chunks, *table["dst_ip"].chunks]
    encoded = pa.chunked_array(chunks, type=pa.string()).dictionary_encode().combine_chunks()
    indices = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return encoded.dictionary, indices[: table.num_rows], indices[table.num_rows :]


def _sides(places: Placements, src: np.ndarray, dst: np.ndarray) -> np.ndarray:
    """Which end is at home, as an index of ``_SIDES``; -1 = not known."""
    where = _where(places)
    at_src, at_dst = where[src], where[dst]
    src_home, dst_home = at_src == Place.HOME, at_dst == Place.HOME
    both_foreign = (at_src == Place.FOREIGN) & (at_dst == Place.FOREIGN)
    return np.select(
        [src_home & dst_home, src_home, dst_home, both_foreign],
        [_BOTH, _SRC, _DST, _NONE],
        _UNDECIDED,
    )


def _where(places: Placements) -> np.ndarray:
    of_decision = np.array([int(decision.place) for decision in places.decisions], dtype=np.int8)
    return np.asarray(of_decision[places.codes])


def _states(
    places: Placements, src: np.ndarray, dst: np.ndarray, side: np.ndarray
) -> tuple[pa.Array, pa.Array]:
    """State and basis of each flow.

    A flow with one end at home has those of its peer. Of the others, one that stays at home or
    never touches it is ``not-applicable``; an undecided one has the state of the end that nobody
    can place. Their basis names both ends.
    """
    where = _where(places)
    dst_open = where[dst] == Place.UNKNOWN
    subject = np.select(
        [side == _SRC, side == _DST, (side == _UNDECIDED) & dst_open, side == _UNDECIDED],
        [dst, src, dst, src],
        -1,
    )
    state = pc.fill_null(_of_decision(places, "state", subject), "not-applicable")
    paired = ~((side == _SRC) | (side == _DST))
    count = max(len(places.decisions), 1)
    pairs = places.codes[src] * count + places.codes[dst]
    codes, distinct = pd.factorize(np.where(paired, pairs, -1 - places.codes[subject]))
    texts: list[str] = []
    for pair in distinct.tolist():
        if pair < 0:
            texts.append(places.decisions[-1 - pair].basis)
        else:
            at_src, at_dst = (places.decisions[code].basis for code in divmod(pair, count))
            texts.append(at_src if at_src == at_dst else f"{at_src}; {at_dst}")
    return state, _taken(texts, codes, pa.string())


def _crosses(
    places: Placements, peer: np.ndarray, side: np.ndarray, blocked: np.ndarray
) -> pa.Array:
    abroad = _where(places)[peer] == Place.FOREIGN if len(peer) else np.empty(0, dtype=bool)
    alone = (side == _SRC) | (side == _DST)
    unknown = ((side == _UNDECIDED) | (alone & ~abroad)) & ~blocked
    return pa.array(alone & abroad & ~blocked, mask=unknown, type=pa.bool_())


def _moved(
    table: pa.Table, at_src: str, at_dst: str, side: np.ndarray, blocked: np.ndarray
) -> pa.Array:
    """Bytes that the end ``at_src`` sent where src is home, ``at_dst`` where dst is; else 0."""
    sent = {
        end: pc.coalesce(table[f"{end}_payload"], table[f"{end}_bytes"]) for end in ("src", "dst")
    }
    zero = pa.scalar(0, pa.int64())
    moved = pc.if_else(pa.array(side == _DST), sent[at_dst], zero)
    moved = pc.if_else(pa.array(side == _SRC), sent[at_src], moved)
    moved = pc.if_else(pa.array(side == _UNDECIDED), pa.scalar(None, pa.int64()), moved)
    return pc.if_else(pa.array(blocked), zero, moved)


def _of_decision(places: Placements, attribute: str, at: np.ndarray) -> pa.Array:
    values = [getattr(decision, attribute) for decision in places.decisions]
    return _taken(values, _through(places.codes, at), pa.string())


def _asn(places: Placements, peer: np.ndarray) -> pa.Array:
    numbers = _through(places.asn, peer)
    return pa.array(numbers, mask=numbers < 0, type=pa.int64())


def _through(codes: np.ndarray, at: np.ndarray) -> np.ndarray:
    """``codes[at]``, and -1 where ``at`` is -1."""
    if not len(codes):
        return at
    return np.where(at < 0, -1, codes[at])


def _taken(values: Sequence[str | None] | pa.Array, at: np.ndarray, kind: pa.DataType) -> pa.Array:
    """The values at the given indices; null where the index is -1."""
    held = values if isinstance(values, pa.Array) else pa.array(values, type=kind)
    return held.take(pa.array(at, mask=at < 0, type=pa.int64()))

"""The geo stage: where each flow went, which end is at home, what left and what came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.geo.addresses import numbered
from auditor.geo.decision import Decision, Place
from auditor.geo.initiator import turned
from auditor.geo.operators import Operators, names_of, operators, through
from auditor.geo.placement import Known, distinct_rows, known
from auditor.model.flow_table import FLOW_TABLE, Stage, conform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.geo.geodata import Edition, GeoData
    from auditor.geo.nearest import Nearest
    from auditor.geo.operators import Names, RunBy
    from auditor.model.inventory import Network

_SIDES: Final = ("src", "dst", "both", "none")
_SRC, _DST, _BOTH, _NONE, _UNDECIDED = 0, 1, 2, 3, -1
_MOVED_COLUMNS: Final = ("src_payload", "src_bytes", "dst_payload", "dst_bytes")


def located(
    flows: pd.DataFrame,
    geodata: GeoData,
    home: str,
    home_networks: Sequence[Network],
    nearest: Nearest | None = None,
) -> pd.DataFrame:
    """``flows`` with the columns of the stage ``geo``.

    Args:
        flows: a flow table of the stage ``read``.
        geodata: what knows about places; each distinct address is looked up once, in the builds
            nearest to the time of its flows.
        home: the home country (ISO 3166-1 alpha-2).
        home_networks: networks the agency calls its own: at home whatever databases say.
        nearest: the fastest handshakes of the whole run; null = physics is not asked.
    """
    starts = pa.Table.from_pandas(flows[["start"]], preserve_index=False)["start"]
    moments = starts.cast(pa.int64()).to_numpy()
    editions, codes = geodata.editions(moments)
    if len(editions) <= 1:
        edition = editions[0] if editions else geodata.newest()
        return _located(flows, geodata, edition, home.upper(), home_networks, nearest)
    order = np.argsort(codes, kind="stable")
    parts = [
        _located(flows.iloc[rows], geodata, edition, home.upper(), home_networks, nearest)
        for edition, rows in zip(
            editions, np.split(order, np.cumsum(np.bincount(codes))[:-1]), strict=True
        )
    ]
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    whole = pd.concat(parts, ignore_index=True).iloc[back]
    whole.index = flows.index
    return conform(whole, Stage.GEO)


@dataclass(frozen=True, slots=True)
class _Ends:
    """Both ends of every flow.

    Attributes:
        texts: the distinct addresses.
        src, dst: per flow, the index of each end in ``texts``.
        decisions: the distinct decisions.
        at_src, at_dst: per flow, the index of each end's decision.
    """

    texts: pa.Array
    src: np.ndarray
    dst: np.ndarray
    decisions: tuple[Decision, ...]
    at_src: np.ndarray
    at_dst: np.ndarray

    def swapped(self, where: np.ndarray) -> _Ends:
        """With source and destination exchanged."""
        pairs = ((self.src, self.dst), (self.at_src, self.at_dst))
        (src, dst), (at_src, at_dst) = (
            (np.where(where, b, a), np.where(where, a, b)) for a, b in pairs
        )
        return _Ends(self.texts, src, dst, self.decisions, at_src, at_dst)

    def where(self, codes: np.ndarray) -> np.ndarray:
        """The place of each decision."""
        places = np.array([int(each.place) for each in self.decisions], dtype=np.int8)
        return np.asarray(places[codes])


def _located(
    flows: pd.DataFrame,
    geodata: GeoData,
    edition: Edition,
    home: str,
    home_networks: Sequence[Network],
    nearest: Nearest | None,
) -> pd.DataFrame:
    texts, src, dst = _addresses(flows)
    rtt_us = None if nearest is None else nearest.of(texts)
    about = known(numbered(texts.to_pylist()), geodata, edition, home_networks, rtt_us)
    named = names_of(flows, geodata.names)
    decisions, at_src, at_dst = _decisions(flows, about, named, src, dst, home)
    ends = _Ends(texts, src, dst, decisions, at_src, at_dst)
    runs = operators(about, named, geodata.registrations)
    side = _sides(ends, runs, home)
    flows, turn = turned(flows, side == _SRC, side == _DST)
    served = dst  # the end that a server's name belongs to
    if turn.any():
        ends = ends.swapped(turn)
        side = np.where(turn, _SRC, side)
    peer = np.select([side == _SRC, side == _DST], [ends.dst, ends.src], -1)
    run_by = runs.of(peer, by_name=(peer == served) & (peer >= 0), home=home)
    columns = _columns(flows, ends, about, side, peer) | run_by.columns()
    columns |= _forms(columns["crosses_border"], _blocked(flows), run_by, side, home)
    done = flows.assign(
        **{name: pd.arrays.ArrowExtensionArray(column) for name, column in columns.items()}
    )
    return conform(done, Stage.GEO)


def _addresses(flows: pd.DataFrame) -> tuple[pa.Array, np.ndarray, np.ndarray]:
    """The distinct addresses, and for each flow the index of its source and its destination."""
    table = pa.Table.from_pandas(flows[["src_ip", "dst_ip"]], preserve_index=False)
    chunks = [*table["src_ip"].chunks, *table["dst_ip"].chunks]
    encoded = pa.chunked_array(chunks, type=pa.string()).dictionary_encode().combine_chunks()
    indices = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return encoded.dictionary, indices[: table.num_rows], indices[table.num_rows :]


def _decisions(
    flows: pd.DataFrame, about: Known, named: Names, src: np.ndarray, dst: np.ndarray, home: str
) -> tuple[tuple[Decision, ...], np.ndarray, np.ndarray]:
    """The distinct decisions, and the index of each flow's two ends in them.

    What the server's name says is heard about the responder; what the log says, about both ends.
    """
    countries, at_src, at_dst = _log_countries(flows)
    count = len(src)
    state = about.codes[np.concatenate([src, dst])] if count else np.empty(0, np.int64)
    name = np.concatenate([np.zeros(count, np.int64), named.region_codes + 1])
    log = np.concatenate([at_src, at_dst]) + 1
    codes, first = distinct_rows([state, name, log])
    decisions: dict[Decision, int] = {}
    of_code = np.array(
        [
            decisions.setdefault(
                about.decided(
                    int(about.first[state[at]]),
                    home,
                    named.regions[int(name[at]) - 1] if name[at] else None,
                    countries[int(log[at]) - 1] if log[at] else None,
                ),
                len(decisions),
            )
            for at in first.tolist()
        ],
        dtype=np.int64,
    )
    codes = of_code[codes]
    return tuple(decisions), codes[:count], codes[count:]


def _log_countries(flows: pd.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray]:
    names = ["src_log_country", "dst_log_country"]
    table = pa.Table.from_pandas(flows[names], preserve_index=False)
    chunks = [chunk for name in names for chunk in table[name].chunks]
    encoded = pa.chunked_array(chunks, type=pa.string()).dictionary_encode().combine_chunks()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return encoded.dictionary.to_pylist(), codes[: len(flows)], codes[len(flows) :]


def _sides(ends: _Ends, runs: Operators, home: str) -> np.ndarray:
    """Which end is at home, as an index of ``_SIDES``; -1 = not known.

    A server in the country that somebody foreign runs is the far side of whoever talks with it
    (Law on Data, Article 23(2)(b)), unless the agency calls it its own.
    """
    at_src, at_dst = ends.where(ends.at_src), ends.where(ends.at_dst)
    src_home, dst_home = at_src == Place.HOME, at_dst == Place.HOME
    both = src_home & dst_home
    if both.any():
        placed = np.array([each.state == "country" for each in ends.decisions], dtype=bool)
        src_away = both & placed[ends.at_src] & runs.of(ends.src, None, home).foreign(home)
        named = np.ones(len(both), dtype=bool)
        dst_away = both & placed[ends.at_dst] & runs.of(ends.dst, named, home).foreign(home)
        src_home &= ~(src_away & ~dst_away)
        dst_home &= ~(dst_away & ~src_away)
    both_foreign = (at_src == Place.FOREIGN) & (at_dst == Place.FOREIGN)
    return np.select(
        [src_home & dst_home, src_home, dst_home, both_foreign],
        [_BOTH, _SRC, _DST, _NONE],
        _UNDECIDED,
    )


def _columns(
    flows: pd.DataFrame, ends: _Ends, about: Known, side: np.ndarray, peer: np.ndarray
) -> dict[str, Any]:
    table = pa.Table.from_pandas(flows[list(_MOVED_COLUMNS)], preserve_index=False)
    blocked = _blocked(flows)
    at_peer = np.select([side == _SRC, side == _DST], [ends.at_dst, ends.at_src], -1)
    subject, basis = _subjects(ends, side)
    numbers = through(about.asn, peer)
    return {
        "home_side": taken(_SIDES, side, pa.string()),
        "peer_ip": taken(ends.texts, peer, pa.string()),
        "peer_country": _of_decision(ends, "country", at_peer),
        "peer_asn": pa.array(numbers, mask=numbers < 0, type=pa.int64()),
        "geo_state": pc.fill_null(_of_decision(ends, "state", subject), "not-applicable"),
        "geo_rule": _of_decision(ends, "rule", subject),
        "geo_certainty": _of_decision(ends, "certainty", subject),
        "geo_candidates": _candidates(ends, subject),
        "geo_basis": basis,
        "crosses_border": _crosses(ends, at_peer, side, blocked),
        "outbound_bytes": _moved(table, "src", "dst", side, blocked),
        "inbound_bytes": _moved(table, "dst", "src", side, blocked),
    }


def _subjects(ends: _Ends, side: np.ndarray) -> tuple[np.ndarray, pa.Array]:
    """The decision whose state each flow has (-1 = none), and the basis of each flow.

    A flow with one end at home has those of its peer. Of the others, one that stays at home or
    never touches it is ``not-applicable``; an undecided one has the state of the end that nobody
    can place. Their basis names both ends.
    """
    src, dst = ends.at_src, ends.at_dst
    dst_open = ends.where(dst) == Place.UNKNOWN
    subject = np.select(
        [side == _SRC, side == _DST, (side == _UNDECIDED) & dst_open, side == _UNDECIDED],
        [dst, src, dst, src],
        -1,
    )
    paired = ~((side == _SRC) | (side == _DST))
    count = max(len(ends.decisions), 1)
    codes, distinct = pd.factorize(np.where(paired, src * count + dst, -1 - subject))
    texts: list[str] = []
    for pair in distinct.tolist():
        if pair < 0:
            texts.append(ends.decisions[-1 - pair].basis)
        else:
            at_src, at_dst = (ends.decisions[code].basis for code in divmod(pair, count))
            texts.append(at_src if at_src == at_dst else f"{at_src}; {at_dst}")
    return subject, taken(texts, codes, pa.string())


def _candidates(ends: _Ends, at: np.ndarray) -> pa.Array:
    kind = FLOW_TABLE.field("geo_candidates").type
    lists = [list(each.candidates) or None for each in ends.decisions]
    return taken(pa.array(lists, type=kind), at, kind)


def _crosses(ends: _Ends, at_peer: np.ndarray, side: np.ndarray, blocked: np.ndarray) -> pa.Array:
    where = ends.where(at_peer) if len(ends.decisions) else np.empty(0, dtype=np.int8)
    alone = (side == _SRC) | (side == _DST)
    unknown = ((side == _UNDECIDED) | (alone & (where == Place.UNKNOWN))) & ~blocked
    abroad = alone & (where == Place.FOREIGN) & ~blocked
    return pa.array(abroad, mask=unknown, type=pa.bool_())


def _forms(
    crosses: pa.Array, blocked: np.ndarray, run_by: RunBy, side: np.ndarray, home: str
) -> dict[str, Any]:
    """The forms (b) and (c) of Article 23(2); false without a far side or where refused."""
    out = pa.array((side == _BOTH) | (side == _NONE) | blocked)
    foreign = pa.array(run_by.foreign(home), mask=~run_by.known)
    platform = pa.array(run_by.platform, mask=run_by.service < 0)
    used = pc.and_kleene(pc.and_kleene(platform, foreign), crosses)
    return {
        "foreign_recipient": pc.if_else(out, False, foreign),
        "foreign_platform": pc.if_else(out, False, used),
    }


def _blocked(flows: pd.DataFrame) -> np.ndarray:
    column = pa.Table.from_pandas(flows[["blocked"]], preserve_index=False)["blocked"]
    return np.asarray(pc.fill_null(column, False), dtype=np.bool_)


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


def _of_decision(ends: _Ends, attribute: str, at: np.ndarray) -> pa.Array:
    values = [getattr(decision, attribute) for decision in ends.decisions]
    return taken(values, at, pa.string())


def taken(values: Sequence[Any] | pa.Array, at: np.ndarray, kind: pa.DataType) -> pa.Array:
    """The values at the given indices; null where the index is -1."""
    held = values if isinstance(values, pa.Array) else pa.array(values, type=kind)
    return held.take(pa.array(at, mask=at < 0, type=pa.int64()))

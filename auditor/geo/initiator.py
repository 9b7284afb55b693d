"""Who opened a flow, where nothing but the place of its ends can tell."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_SWAPPED: Final = (
    ("src_ip", "dst_ip"), ("src_port", "dst_port"), ("src_packets", "dst_packets"),
    ("src_bytes", "dst_bytes"), ("src_payload", "dst_payload"),
    ("src_tcp_flags", "dst_tcp_flags"), ("outer_src_ip", "outer_dst_ip"),
    ("nat_src_ip", "nat_dst_ip"), ("nat_src_port", "nat_dst_port"),
    ("src_log_country", "dst_log_country"),
)  # fmt: skip
COLUMNS: Final = ("initiator_basis", *(name for pair in _SWAPPED for name in pair))


def turned(
    flows: pd.DataFrame, src_home: np.ndarray, dst_home: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """``flows`` with the home end as initiator where only the first packet told; which were turned.

    The packet a capture happens to begin with says little; that home asked and abroad answered is
    the better guess where both ends sent something. Its basis is then ``home``.

    Args:
        flows: a flow table of the stage ``read``.
        src_home: per flow, whether that end alone is at home.
        dst_home: the same of the other end.
    """
    table = pa.Table.from_pandas(flows[list(COLUMNS)], preserve_index=False)
    guessed = pc.equal(table["initiator_basis"], "first-packet")
    both_sent = pc.and_(pc.greater(table["src_packets"], 0), pc.greater(table["dst_packets"], 0))
    open_ = np.asarray(pc.fill_null(pc.and_(guessed, both_sent), False), dtype=np.bool_)
    known, turn = open_ & (src_home | dst_home), open_ & dst_home
    if not known.any():
        return flows, turn
    named = pc.if_else(pa.array(known), "home", table["initiator_basis"])
    columns: dict[str, pa.ChunkedArray] = {"initiator_basis": named}
    if turn.any():
        for src, dst in _SWAPPED:
            columns[src] = pc.if_else(pa.array(turn), table[dst], table[src])
            columns[dst] = pc.if_else(pa.array(turn), table[src], table[dst])
    named_anew = {name: pd.arrays.ArrowExtensionArray(it) for name, it in columns.items()}
    return flows.assign(**named_anew), turn

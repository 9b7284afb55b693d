"""Which flows are opened: those that leave, or may, and were captured in clear text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

TCP: Final = 6
UDP: Final = 17

COLUMNS: Final = (
    *("flow_id", "input_id", "protocol", "src_ip", "src_port", "dst_ip", "dst_port"),
    *("start", "end", "app", "host", "home_side", "src_payload", "dst_payload", "encrypted"),
)
"""Columns of the flow table that opening a flow needs."""


def opened(flows: pa.Table, *, with_keys: bool | Sequence[int] = False) -> pa.Table:
    """The rows of a flow table (stage ``classify``) whose content is read.

    They cross the border, or nobody can say whether they do, or go to somebody foreign; were read
    from packets; count; have ports and payload; and are not encrypted, unless they are TLS whose
    keys are at hand (``with_keys``: of all inputs, or of these).
    """
    true, false = pa.scalar(value=True), pa.scalar(value=False)
    leaves = pc.or_(
        pc.fill_null(flows["crosses_border"], true),
        pc.fill_null(flows["foreign_recipient"], false),
    )
    payload = pc.add(pc.fill_null(flows["src_payload"], 0), pc.fill_null(flows["dst_payload"], 0))
    encrypted = pc.fill_null(flows["encrypted"], false)
    if with_keys:
        keyed = pc.fill_null(pc.equal(flows["app"], "tls"), false)
        if not isinstance(with_keys, bool):
            keyed = pc.and_(keyed, pc.is_in(flows["input_id"], pa.array(with_keys, pa.int32())))
        encrypted = pc.and_not(encrypted, keyed)
    wanted = [
        leaves,
        pc.equal(flows["seen_by"], "packets"),
        pc.is_null(flows["witness_of"]),
        pc.is_in(flows["protocol"], pa.array([TCP, UDP], pa.uint8())),
        pc.is_valid(flows["src_port"]),
        pc.greater(payload, 0),
        pc.invert(encrypted),
    ]
    mask = wanted[0]
    for each in wanted[1:]:
        mask = pc.and_(mask, pc.fill_null(each, false))
    return flows.filter(mask)

"""What the fields of AWS flow logs mean, whatever file they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.records.batch import Batch
from auditor.readers.records.checked import bools

if TYPE_CHECKING:
    import numpy.typing as npt

    from auditor.readers.records.batch import Where
    from auditor.readers.records.tally import Tally

    Bools = npt.NDArray[np.bool_]

_TEXT: Final = pa.string()
_WORD: Final = pa.dictionary(pa.int32(), pa.string())
_INT: Final = pa.int64()

FIELDS: Final[dict[str, pa.DataType]] = {
    "interface-id": _WORD, "tgw-attachment-id": _WORD, "instance-id": _WORD,
    "interface-type": _WORD, "srcaddr": _TEXT, "dstaddr": _TEXT, "pkt-srcaddr": _TEXT,
    "pkt-dstaddr": _TEXT, "srcport": _INT, "dstport": _INT, "protocol": _INT, "packets": _INT,
    "bytes": _INT, "start": _INT, "end": _INT, "action": _WORD, "log-status": _WORD,
    "tcp-flags": _INT, "flow-direction": _WORD, "region": _WORD, "sublocation-type": _WORD,
    "encryption-status": _INT, "packets-lost-no-route": _INT, "packets-lost-blackhole": _INT,
    "packets-lost-mtu-exceeded": _INT, "packets-lost-ttl-expired": _INT,
}  # fmt: skip
"""The fields that say something here; all others of versions 2 to 11 are not read."""

SECOND: Final = 1_000_000_000
LATEST: Final = 9_200_000_000
SHORT_WINDOW, LONG_WINDOW = 60, 600
"""Seconds that a record may sum up: who sets up the log chooses one of the two."""

# Countries of AWS's regions, as AWS's list of regions has them
REGIONS: Final = {
    "af-south-1": "ZA", "ap-east-1": "HK", "ap-east-2": "TW", "ap-northeast-1": "JP",
    "ap-northeast-2": "KR", "ap-northeast-3": "JP", "ap-south-1": "IN", "ap-south-2": "IN",
    "ap-southeast-1": "SG", "ap-southeast-2": "AU", "ap-southeast-3": "ID",
    "ap-southeast-4": "AU", "ap-southeast-5": "MY", "ap-southeast-6": "NZ",
    "ap-southeast-7": "TH", "ca-central-1": "CA", "ca-west-1": "CA", "cn-north-1": "CN",
    "cn-northwest-1": "CN", "eu-central-1": "DE", "eu-central-2": "CH", "eu-north-1": "SE",
    "eu-south-1": "IT", "eu-south-2": "ES", "eu-west-1": "IE", "eu-west-2": "GB",
    "eu-west-3": "FR", "il-central-1": "IL", "me-central-1": "AE", "me-south-1": "BH",
    "mx-central-1": "MX", "sa-east-1": "BR", "us-east-1": "US", "us-east-2": "US",
    "us-gov-east-1": "US", "us-gov-west-1": "US", "us-west-1": "US", "us-west-2": "US",
}  # fmt: skip


def records(columns: dict[str, Any], where: Where, tally: Tally) -> Batch:
    """Records out of AWS's own columns (some of ``FIELDS``)."""
    batch = _with_traffic(Batch(columns, where), tally)
    aws = batch.columns
    texts = {name: aws[name] for name in aws if name.endswith("addr")}
    src, dst = (_real(texts, side) for side in ("srcaddr", "dstaddr"))
    found: dict[str, Any] = {
        "start": _nanoseconds(aws["start"]),
        "end": _nanoseconds(aws["end"]),
        "time_basis": pa.repeat("window", len(batch)),
        "window_s": pa.repeat(_window(aws), len(batch)),
        "src_ip": src,
        "dst_ip": dst,
    }
    for name, its in (
        ("src_port", "srcport"), ("dst_port", "dstport"), ("protocol", "protocol"),
        ("src_packets", "packets"), ("src_bytes", "bytes"), ("src_tcp_flags", "tcp-flags"),
        ("observer", "tgw-attachment-id"), ("observer", "interface-id"),
    ):  # fmt: skip
        if its in aws:
            found[name] = aws[its]
    if "action" in aws:
        found["blocked"] = _is(aws["action"], "REJECT")
    if "encryption-status" in aws:
        # 0 and 1 tell of AWS's own hardware only, not of what the ends themselves encrypt
        inside = pc.is_in(aws["encryption-status"], pa.array([2, 3]))
        found["encrypted"] = pc.if_else(inside, True, None)
    found |= _countries(aws)
    _count_lost(batch, tally)
    return _without_copies(Batch(found, batch.where), aws, tally)


def _with_traffic(batch: Batch, tally: Tally) -> Batch:
    """Without the lines that tell that there was nothing, or that something was skipped."""
    aws = batch.columns
    if "log-status" in aws:
        skipped = bools(_is(aws["log-status"], "SKIPDATA"))
        idle = bools(_is(aws["log-status"], "NODATA"))
    else:
        sides = [name for name in aws if name.endswith("addr")]
        idle = np.all([np.asarray(pc.is_null(aws[name])) for name in sides], axis=0)
        skipped = np.zeros(len(batch), np.bool_)
    if not (idle.any() or skipped.any()):
        return batch
    batch.counted(idle, "no-traffic", tally, "")
    batch.counted(skipped, "skipped-records", tally, "")
    kept = ~(idle | skipped)
    mask = pa.array(kept)
    columns = {name: column.filter(mask) for name, column in aws.items()}
    return Batch(columns, batch.where.taken(kept))


def _is(words: pa.DictionaryArray, word: str) -> pa.Array:
    """Which are this word; null for none."""
    right = pc.equal(words.dictionary, word)
    return right.take(words.indices)


def _real(texts: dict[str, Any], side: str) -> pa.Array:
    """The end itself, not what stands between: NAT gateways, nodes of containers."""
    packet, shown = texts.get(f"pkt-{side}"), texts.get(side)
    if packet is None or shown is None:
        return shown if packet is None else packet
    return pc.coalesce(packet, shown) if packet.null_count else packet


def _nanoseconds(seconds: pa.Array) -> pa.Array:
    """Moments; -1 for what would run over."""
    good = pc.and_(pc.greater_equal(seconds, 0), pc.less(seconds, LATEST))
    return pc.multiply(pc.if_else(good, seconds, -1), SECOND)


def _window(aws: dict[str, Any]) -> int:
    """Seconds that the records may sum up at most, as their lengths tell."""
    longest = pc.max(pc.subtract(aws["end"], aws["start"])).as_py()
    return SHORT_WINDOW if longest is None or longest <= SHORT_WINDOW else LONG_WINDOW


def _countries(aws: dict[str, Any]) -> dict[str, pa.Array]:
    """Where the interface is that saw the record, for the end that is the interface itself."""
    if "region" not in aws or "flow-direction" not in aws or "tgw-attachment-id" in aws:
        return {}
    names = aws["region"].dictionary.to_pylist()
    lands = pa.array([REGIONS.get(name) for name in names], _TEXT).take(aws["region"].indices)
    if "sublocation-type" in aws:  # a local zone or an outpost may stand in another country
        lands = pc.if_else(pc.is_valid(aws["sublocation-type"]), None, lands)
    found = {}
    for side, way in (("src", "egress"), ("dst", "ingress")):
        here = _is(aws["flow-direction"], way)
        if f"pkt-{side}addr" in aws and f"{side}addr" in aws:  # not for ends behind a gateway
            here = pc.and_(here, pc.equal(aws[f"pkt-{side}addr"], aws[f"{side}addr"]))
        found[f"{side}_log_country"] = pc.if_else(here, lands, None)
    return found


def _count_lost(batch: Batch, tally: Tally) -> None:
    names = [name for name in batch.columns if name.startswith("packets-lost-")]
    if not names or not len(batch):
        return
    lost = np.zeros(len(batch), np.int64)
    for name in names:
        lost += np.asarray(pc.fill_null(batch.columns[name], 0)).clip(0, 1 << 40)
    if batch.counted(lost > 0, "lost-in-transit", tally, ""):
        tally.add_sum("lost-in-transit", int(lost.sum()))


def _without_copies(batch: Batch, aws: dict[str, Any], tally: Tally) -> Batch:
    """Without the outer side of NAT gateways, whose inner side is in the log too.

    Beside the addresses inside (``pkt-*``) a gateway's own records show its address as one of the
    ends; only who asked for the field sees which interfaces are gateways.
    """
    sides = ("srcaddr", "dstaddr")
    shown = [name for side in sides for name in (side, f"pkt-{side}")]
    if "interface-id" not in aws or any(name not in aws for name in shown):
        return batch
    gateway = _gateways(aws)
    other = [bools(pc.not_equal(aws[side], aws[f"pkt-{side}"])) & gateway for side in sides]
    inner = other[0] | other[1]
    if not inner.any():
        return batch
    places = [_places(aws["interface-id"], aws[side]) for side in sides]
    own = pc.unique(
        pa.chunked_array([places[side].filter(pa.array(other[side])) for side in (0, 1)])
    )
    outer = gateway & ~inner & (bools(pc.is_in(places[0], own)) | bools(pc.is_in(places[1], own)))
    # the address that stands between is the one that the end inside has outside
    for side, nat in ((1, "nat_src_ip"), (0, "nat_dst_ip")):
        batch.columns[nat] = pc.if_else(pa.array(other[side]), aws[sides[side]], None)
    if not outer.any():
        return batch
    batch.counted(outer, "gateway-copies", tally, "")
    kept = ~outer
    mask = pa.array(kept)
    columns = {name: column.filter(mask) for name, column in batch.columns.items()}
    return Batch(columns, batch.where.taken(kept))


def _gateways(aws: dict[str, Any]) -> Bools:
    """Records of interfaces that AWS runs itself, as those of NAT gateways are."""
    if "interface-type" in aws:
        return bools(
            pc.or_(
                _is(aws["interface-type"], "nat_gateway"),
                _is(aws["interface-type"], "regional_nat_gateway"),
            )
        )
    if "instance-id" in aws:
        return np.asarray(pc.is_null(aws["instance-id"]), np.bool_)
    return np.zeros(len(aws["start"]), np.bool_)


def _places(interface: pa.DictionaryArray, address: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(interface.cast(_TEXT), address, " ")

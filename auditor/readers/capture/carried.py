"""The state of a sweep that goes on in another run, as bytes.

The compiled walk believes every number in its tables. So nothing is taken over as it stands: hash
indices are built anew, and what points into another table is checked here, by range.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditor.readers.capture import names, tunnels
from auditor.readers.capture.cache import sources
from auditor.readers.capture.layout import (
    ADDRESS, ALPN, ANSWERS, APPS, BASE, BASES, CAPACITY, END, FEEDER, FILE_SHIFT, FLOWS_LIVE,
    FRAGMENTS, HELLO, HOLES, HOLES_FREE, HOLES_USED, LAST_TIME, MARKS, MOST_HOLES, NAME, NAMES,
    NAME_BYTES, NEXT, OUTER_6, PACKETS, PAYLOAD, PIECES, PORTS, RECENT, START, TUNNEL,
    TUNNELS_USED, TUNNEL_BITS, VERSION, VERSION_NAMES, WIDTH, Ints, State, fresh, rows_of_flows,
)  # fmt: skip
from auditor.readers.capture.naming import WINDOW
from auditor.readers.capture.pieces import OWNER, RANGES, SIZE, WIDTH_HELD
from auditor.readers.capture.table import SLACK, indexed

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

CARRIED: Final = (1 << 31) - 1
"""Stands for the number of the file a flow began in: a capture of an earlier run."""

MOST_BYTES: Final = 1 << 34
"""Bytes of an unpacked state (80 million live flows); one that claims more is refused."""

SHAPES: Final[dict[str, tuple[type, tuple[int, ...]]]] = {
    "numbers": (np.int64, ()),  # hash seed, time of the last packet
    "flows": (np.int64, ()),  # WIDTH columns one after the other
    "holes": (np.int64, (2, MOST_HOLES, 2)),
    "fragments": (np.int64, (11,)),
    "answers": (np.int64, (6,)),
    "recent": (np.int64, (2,)),
    "fragment_places": (np.int64, ()),
    "answer_places": (np.int64, ()),
    "recent_places": (np.int64, ()),
    "held": (np.int64, (WIDTH_HELD + 2,)),
    "pieces": (np.uint8, (SIZE,)),
    "tunnels": (np.int64, (5,)),
    "name_bytes": (np.uint8, ()),
    "name_ends": (np.int64, ()),
}
"""The arrays of a saved state: kind of number, and shape but for the first dimension."""

MOST: Final = (1 << 63) - 1

SOURCES: Final = sources()

_LENGTH: Final = struct.Struct("<Q")
_MOST_ID: Final = 20  # bytes of a QUIC connection ID


class UnfitError(Exception):
    """A saved state is of no use to this engine; the message goes on from "the saved state"."""


def narrowed(s: State) -> tuple[State, Ints]:
    """The state with only what may still be continued, and the rows of flows that have ended.

    A flow has ended that has been silent for its timeout and a minute more, as when the table is
    full; the names only it had go, and DNS answers whose time is over. ``s`` is used up.
    """
    now, count = int(s.counters[LAST_TIME]), int(s.counters[FLOWS_LIVE])
    rows = s.flows[:count]
    tcp = (rows[:, PORTS] >> 32) & 0xFF == 6
    silence = np.where(tcp, s.settings[0], s.settings[1]) + SLACK
    stays = now - rows[:, END] <= silence
    ended = rows[~stays]
    order = _order(s, stays)
    place = np.full(count, -1, np.int64)
    place[order] = np.arange(len(order))
    _rehoused(s, place)
    s.flows[: len(order)] = rows[order]
    s.counters[FLOWS_LIVE] = len(order)
    indexed(s)
    old = (s.answers[:, 5] <= now - WINDOW - SLACK) | (s.answers[:, 4] == 0)
    s.answers[old] = 0
    return s, ended


def given_up_later(s: State) -> npt.NDArray[np.bool_]:
    """Of each row of fragments: whether it may still belong to a packet to come."""
    later: npt.NDArray[np.bool_] = (
        s.counters[LAST_TIME] - s.fragments[:, 6] <= s.settings[1] + SLACK
    )
    return later


def _order(s: State, stays: npt.NDArray[np.bool_]) -> Ints:
    """The rows that stay, in their new order.

    A message that is being put together lies where its flow's row says (modulo ``PIECES``), so
    such flows get a row that says the same; where there are fewer rows each has a place anyway.
    """
    kept = np.flatnonzero(stays)
    if len(kept) <= PIECES:
        return kept
    feeders = (s.held[:, FEEDER] >> 1) - 1
    feeders = feeders[(feeders >= 0) & (feeders < len(stays))]
    feeders = feeders[stays[feeders]]
    order = np.full(len(kept), -1, np.int64)
    order[feeders & (PIECES - 1)] = feeders
    order[order < 0] = kept[~np.isin(kept, feeders)]
    return order


def _rehoused(s: State, place: Ints) -> None:
    """Moves messages that are being put together to where the new rows of their flows say."""
    held, pieces = s.held.copy(), s.pieces.copy()
    s.held[:] = 0
    s.pieces[:] = 0
    for slot in np.flatnonzero(held[:, FEEDER] > 1).tolist():
        feeder = int(held[slot, FEEDER])
        row = (feeder >> 1) - 1
        if row >= len(place) or place[row] < 0:
            continue
        new = int(place[row])
        target = new & (PIECES - 1)
        s.held[target] = held[slot]
        s.held[target, FEEDER] = 2 * (new + 1) + (feeder & 1)
        for i in range(int(held[slot, 0])):  # what else lies there is of other flows
            begin, end = held[slot, 1 + 2 * i : 3 + 2 * i].tolist()
            s.pieces[target, begin:end] = pieces[slot, begin:end]


def packed(s: State) -> bytes:
    """A narrowed state as bytes."""
    count = int(s.counters[FLOWS_LIVE])
    flows = s.flows[:count].copy()
    holed = np.flatnonzero(flows[:, HOLES])
    holes = s.holes[flows[holed, HOLES] - 1]
    flows[holed, HOLES] = np.arange(1, len(holed) + 1)
    inside, numbers = np.unique(flows[:, TUNNEL], return_inverse=True)
    outside = int(len(inside) > 0 and inside[0] == 0)
    flows[:, TUNNEL] = numbers.reshape(-1) + 1 - outside
    now = s.counters[LAST_TIME]
    waiting = np.flatnonzero((s.fragments[:, 4] != 0) & given_up_later(s))
    answered = np.flatnonzero(s.answers[:, 4])
    lately = s.recent.reshape(-1, 2)
    recent = np.flatnonzero((lately[:, 0] != 0) & (now - lately[:, 1] <= s.settings[4] + SLACK))
    held = np.flatnonzero(s.held[:, FEEDER])
    return _as_bytes(
        numbers=[int(s.settings[3]), int(now)],
        flows=flows.T,
        holes=holes,
        fragments=s.fragments[waiting],
        fragment_places=waiting,
        answers=s.answers[answered],
        answer_places=answered,
        recent=lately[recent],
        recent_places=recent,
        held=s.held[held],
        pieces=s.pieces[held],
        tunnels=s.tunnels[inside[outside:] - 1, :5],
        name_bytes=s.name_bytes[: s.counters[NAME_BYTES]],
        name_ends=s.name_ends[: s.counters[NAMES] + 1],
    )


def _as_bytes(**arrays: Any) -> bytes:  # noqa: ANN401 - arrays and lists of numbers
    codec = pa.Codec("zstd", compression_level=1)
    sizes, bodies = {}, []
    for name, (kind, _) in SHAPES.items():
        array: Array = np.ascontiguousarray(arrays[name], kind)
        body = codec.compress(array.reshape(-1).view(np.uint8), asbytes=True)
        sizes[name] = [array.size, len(body)]
        bodies.append(body)
    head = json.dumps({"engine": SOURCES, "sizes": sizes}).encode()
    return b"".join((_LENGTH.pack(len(head)), head, *bodies))


def restored(data: bytes, timeouts_ns: tuple[int, int, int], copies_ns: int) -> State:
    """The state that ``packed`` made into bytes.

    Raises:
        UnfitError: another version of the engine made it, or the bytes are no such state.
    """
    try:
        arrays = _arrays(data)
    except (ValueError, KeyError, TypeError, struct.error, pa.ArrowException) as error:
        raise UnfitError(f"cannot be unpacked ({type(error).__name__})") from None
    wrong = _wrong(arrays)
    if wrong:
        raise UnfitError(f"has {wrong} that cannot be")
    return _state(arrays, timeouts_ns, copies_ns)


def _arrays(data: bytes) -> dict[str, Array]:
    (size,) = _LENGTH.unpack_from(data)
    place = _LENGTH.size + size
    head = json.loads(data[_LENGTH.size : place])
    if head["engine"] != SOURCES:
        raise UnfitError("was made by another version of this program")
    codec = pa.Codec("zstd")
    arrays: dict[str, Array] = {}
    total = 0
    for name, (kind, shape) in SHAPES.items():
        count, length = head["sizes"][name]
        bytes_of = count * np.dtype(kind).itemsize
        total += bytes_of
        if not 0 <= total <= MOST_BYTES or not 0 <= length <= len(data) - place or count < 0:
            raise ValueError(name)
        body = codec.decompress(data[place : place + length], bytes_of)
        place += length
        arrays[name] = np.frombuffer(body, kind).reshape(-1, *shape)
    arrays["flows"] = arrays["flows"].reshape(WIDTH, -1).T
    return arrays


def _wrong(of: dict[str, Array]) -> str:
    """The first array with a number that compiled code must not meet; empty if all are sound."""
    flows, ends, held = of["flows"], of["name_ends"], of["held"]
    if len(of["numbers"]) != 2 or (len(of["flows"]) and of["numbers"][1] < 0):
        return "numbers"
    if len(ends) < 1 or ends[0] != 0 or ends[-1] != len(of["name_bytes"]):
        return "name_ends"
    if (ends[1:] < ends[:-1]).any() or len(ends) > 1 << 30:
        return "name_ends"
    known = len(ends) - 1
    packed_name, hello = flows[:, NAME], flows[:, HELLO]
    limits = (
        ("holes", flows[:, HOLES], len(of["holes"])),
        ("tunnels", flows[:, TUNNEL], len(of["tunnels"])),
        ("names", packed_name & 0xFFFFFFFF, known),
        ("bases of names", (packed_name >> 32) & 0xFF, len(BASES) - 1),
        ("applications", packed_name >> 40, len(APPS) - 1),
        ("fingerprints", hello & ((1 << ALPN) - 1), known),
        ("protocols", (hello >> ALPN) & ((1 << VERSION - ALPN) - 1), known),
        ("versions", hello >> VERSION, len(VERSION_NAMES) - 1),
        ("answers", of["answers"][:, 4], known),
        ("numbers of holes", of["holes"], 0xFFFFFFFF),
        ("ranges", held[:, 0], RANGES),
        ("connection IDs", held[:, OWNER], _MOST_ID + 1),
        ("sequence numbers", held[:, BASE], 0xFFFFFFFF),
        ("feeders", held[:, FEEDER], 2 * len(flows) + 1),
    )
    for name, numbers, most in (*limits, *_plain(flows, of["fragments"])):
        if numbers.size and (numbers.min() < 0 or numbers.max() > most):
            return name
    for name, places, most in (
        ("fragment", of["fragment_places"], FRAGMENTS),
        ("answer", of["answer_places"], ANSWERS),
        ("recent", of["recent_places"], RECENT * 4),
    ):
        if len(places) != len(of[_ROWS[name]]) or not _ascending(places, most):
            return f"places of {_ROWS[name]}"
    return _wrong_pieces(held, of["pieces"]) or _wrong_tunnels(of["tunnels"])


def _plain(flows: Ints, fragments: Ints) -> tuple[tuple[str, Ints, int], ...]:
    """Numbers that stand for themselves, and the most they may be: else making columns fails."""
    ports = flows[:, PORTS]
    four = flows[(ports >> 40) & 0xFF == 4]
    icmp = flows[np.isin((ports >> 32) & 0xFF, (1, 58))]
    datagrams = fragments[fragments[:, 4] & 0x100 == 0]
    return (
        ("ports", ports, (1 << 49) - 1),
        ("times", flows[:, (START, END)], MOST),
        ("counts", flows[:, PACKETS : PAYLOAD + 2], MOST),
        ("addresses", four[:, (ADDRESS + 1, ADDRESS + 3)], 0xFFFFFFFF),
        ("addresses", four[:, (ADDRESS, ADDRESS + 2)], 0),
        ("sequence numbers", flows[:, (NEXT, NEXT + 1)] + 1, 1 << 32),
        ("messages", icmp[:, (NEXT, NEXT + 1)] + 1, 1 << 16),
        ("fragments", fragments[:, 6:], MOST),
        ("fragments", datagrams[:, (1, 3)], 0xFFFFFFFF),
        ("fragments", datagrams[:, (0, 2)], 0),
    )


_ROWS: Final = {"fragment": "fragments", "answer": "answers", "recent": "recent"}


def _ascending(places: Ints, most: int) -> bool:
    """Whether these are distinct places of a table with so many rows."""
    if not len(places):
        return True
    return bool(places[0] >= 0 and places[-1] < most and (places[1:] > places[:-1]).all())


def _wrong_pieces(held: Ints, pieces: Array) -> str:
    if len(held) != len(pieces):
        return "pieces"
    slots = ((held[:, FEEDER] >> 1) - 1) & (PIECES - 1)
    if (held[:, FEEDER] < 2).any() or len(np.unique(slots)) != len(slots):
        return "feeders"
    for row in held.tolist():
        bounds = row[1 : 1 + 2 * row[0]]
        if bounds and (bounds[0] < 0 or bounds[-1] > SIZE or sorted(set(bounds)) != bounds):
            return "ranges"
    return ""


def _wrong_tunnels(rows: Ints) -> str:
    for kinds in set(rows[:, 4].tolist()):
        codes = kinds & ~OUTER_6
        if not 0 < codes < 1 << (TUNNEL_BITS * tunnels.MOST_NESTED):
            return "tunnels"
        while codes:
            if not 0 < codes & ((1 << TUNNEL_BITS) - 1) < len(tunnels.TUNNELS):
                return "tunnels"
            codes >>= TUNNEL_BITS
    four = rows[rows[:, 4] & OUTER_6 == 0]
    low, high = four[:, (1, 3)], four[:, (0, 2)]
    return "tunnels" if (low < 0).any() or (low > 0xFFFFFFFF).any() or high.any() else ""


def _state(of: dict[str, Array], timeouts_ns: tuple[int, int, int], copies_ns: int) -> State:
    count = len(of["flows"])
    seed, now = of["numbers"].tolist()
    capacity = max(CAPACITY, 1 << (2 * count).bit_length())
    s = fresh(timeouts_ns, seed, copies_ns, CAPACITY)
    flows = rows_of_flows(capacity)
    flows[:count] = of["flows"]
    flows[:count, MARKS] = (flows[:count, MARKS] & ((1 << FILE_SHIFT) - 1)) | CARRIED << FILE_SHIFT
    holes = np.zeros((max(len(s.holes), 2 * len(of["holes"])), 2, MOST_HOLES, 2), np.int64)
    holes[: len(of["holes"])] = of["holes"]
    s.fragments[of["fragment_places"]] = of["fragments"]
    s.answers[of["answer_places"]] = of["answers"]
    s.recent.reshape(-1, 2)[of["recent_places"]] = of["recent"]
    slots = ((of["held"][:, FEEDER] >> 1) - 1) & (PIECES - 1)
    s.held[slots] = of["held"]
    s.pieces[slots] = of["pieces"]
    inside = len(of["tunnels"])
    nested = np.zeros((max(len(s.tunnels), 1 << (4 * inside).bit_length()), 6), np.int64)
    nested[:inside, :5] = of["tunnels"]
    c = s.counters
    c[LAST_TIME], c[FLOWS_LIVE], c[TUNNELS_USED] = now, count, inside
    c[HOLES_USED], c[HOLES_FREE] = len(of["holes"]), 0
    c[NAMES], c[NAME_BYTES] = len(of["name_ends"]) - 1, len(of["name_bytes"])
    s = s.having(
        flows=flows,
        slots=np.zeros(capacity * 2, np.int64),
        holes=holes,
        tunnels=nested,
        name_bytes=of["name_bytes"].copy(),
        name_ends=of["name_ends"].copy(),
    )
    indexed(s)
    tunnels.tunnels_indexed(s)
    return names.with_more_names(s)

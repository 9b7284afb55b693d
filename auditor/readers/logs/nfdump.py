"""Files of nfdump, through the installed program ``nfdump`` (``docs/formats/nfdump.md``)."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import InputError
from auditor.readers.logs.nfdump_listing import BASIC, DELIMITER, NOT_UNNAMED, WHOLE, Listing
from auditor.readers.records.batch import Batch, Where, to_the_real_responder
from auditor.readers.records.checked import bools
from auditor.readers.records.reader import LogReader
from auditor.readers.records.text import cleaned, delimited

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from auditor.readers.reading import Settings
    from auditor.readers.records.lines import Block
    from auditor.readers.records.reader import Form, Lines
    from auditor.readers.records.tally import Kinds, Tally
    from auditor.readers.streams import Opened, Source

    Bools = npt.NDArray[np.bool_]

MAGIC: Final = b"\x0c\xa5"
LAYOUTS: Final = (1, 2, 3)
NOTHING: Final = b"No matching flows"
PROGRAM: Final = "nfdump"

_TEXT: Final = pa.string()
_WORD: Final = pa.dictionary(pa.int32(), pa.string())
_INT: Final = pa.int64()
KINDS: Final[dict[str, pa.DataType]] = {
    "ts": _TEXT, "te": _TEXT, "pr": _INT, "sa": _WORD, "sp": _INT, "da": _WORD,
    "dp": pa.float64(),  # ICMP: type.code
    "ipkt": _INT, "ibyt": _INT, "opkt": _INT, "obyt": _INT, "flg": _WORD, "svln": _INT,
    "ra": _WORD, "exp": _WORD, "dir": _WORD, "evt": _WORD, "tevt": _TEXT, "xsa": _WORD,
    "xda": _WORD, "xsp": _INT, "xdp": _INT,
}  # fmt: skip

_DATE: Final = r"^(19[7-9]\d|20\d\d|21\d\d|22[0-5]\d)-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$"
_LETTERS: Final = dict(zip("FSRPAUEC", (1, 2, 4, 8, 16, 32, 64, 128), strict=True))
REFUSED: Final = frozenset(("DENIED", "DENY", "EXHAUST", "PEXHAUST", "QUOTAEXH"))
LET_THROUGH: Final = frozenset(("CREATE", "UPDATE", "DELETE"))
TUNNELS: Final = {4: "4in4", 41: "6in4", 47: "gre"}
"""Protocols of which nfdump lists the outer addresses on a line of their own, above the flow."""

MILLION: Final = 1_000_000
WRAP: Final = (1 << 32) * MILLION
"""NetFlow 5 and 9 count milliseconds since the exporter started in 32 bits."""


@dataclass(frozen=True, slots=True)
class Nfdump:
    """The format."""

    name: str = "nfdump"
    seen_by: str = "netflow"
    one_way: bool = True

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return {
            "nfdump-failed": (
                "the program nfdump could not list all of it ({detail}); what it listed was read",
                "Copy the file again; if it is sound, nfdump may be too old for it: update it.",
            ),
            "swapped-times": (
                "{count} record(s) end before they begin; their two times were exchanged",
                "Some exporters write them so; the time span is right.",
            ),
            "event-unknown": (
                "{count} event(s) of a firewall may be refusals: nfdump does not say which event",
                "Update nfdump: it has no filter for refusals.",
            ),
            "no-traffic": ("{count} record(s) count no packet and were not read ({detail})", ""),
        }

    def sniff(self, head: bytes) -> float:
        """Certain of nfdump's mark with a layout that is known."""
        known = len(head) > 4 and int.from_bytes(head[2:4], "little") in LAYOUTS
        return 1.0 if known and head.startswith(MAGIC) else 0.0

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Records:
        """One file.

        Raises:
            InputError: the program is not installed.
        """
        del head, settings
        program = shutil.which(PROGRAM)
        if program is None:
            raise InputError(
                "is a file of nfdump, and the program that reads it is not installed",
                place="",
                hint="Install it (Debian, Ubuntu: apt install nfdump) and audit again.",
            )
        return _Records(program, tally)


class NfdumpReader(LogReader):
    """Reads what the program lists of a file."""

    of_text = False

    def __init__(self) -> None:
        super().__init__(Nfdump())

    def lines(self, form: Form, source: Source, opened: Opened, tally: Tally) -> Lines:
        """What the program lists of ``source``."""
        assert isinstance(form, _Records)  # noqa: S101 - made by ``begun``
        return form.listed(source, opened)


class _Records:
    def __init__(self, program: str, tally: Tally) -> None:
        self._program = program
        self._tally = tally
        self._sampling: dict[str, int] = {}

    def listed(self, source: Source, opened: Opened) -> Listing:
        return Listing(self._program, source, opened, self._sampling, self._tally)

    def pieces(self, block: Block) -> Iterator[tuple[bytes, int]]:
        text = cleaned(block, self._tally)
        line = block.line
        if text.startswith(NOTHING):
            text = text[text.find(b"\n") + 1 :]
            line += 1
        if text:
            yield text, line

    def parsed(self, piece: tuple[bytes, int]) -> Batch:
        text, line = piece
        fields = text.count(DELIMITER, 0, text.find(b"\n")) + 1
        names = list(WHOLE if fields == len(WHOLE) else BASIC)
        kinds = {name: kind for name, kind in KINDS.items() if name in names}
        columns, where = delimited(
            text, names, kinds, self._tally, line=line, delimiter=DELIMITER.decode()
        )
        # lines of a listing are no lines of the file: only their numbers are told
        where = Where(b"", where.line, where.kept)
        return records(columns, where, self._sampling, self._tally)

    def ended(self, line: int) -> None:
        """Whether the listing is whole was told when the program ended."""


def records(columns: dict[str, Any], where: Where, sampling: dict[str, int], tally: Tally) -> Batch:
    """One-way records out of nfdump's own columns; ``sampling`` is by exporter."""
    columns = {name: _trimmed(column) for name, column in columns.items()}
    events = _words(columns.get("evt"), len(columns["ts"]))
    columns, where = _without_outer(columns, where, events)
    events = _words(columns.get("evt"), len(columns["ts"]))
    event = _has(events, bool)
    end = _nanoseconds(columns["te"])
    if "tevt" in columns:  # an event often has no end of its own, but a moment
        moment = pc.if_else(pa.array(event), columns["tevt"], None)
        end = pc.coalesce(end, _nanoseconds(moment))
    start, end, swapped = _in_order(_nanoseconds(columns["ts"]), end)
    batch = Batch({"start": start}, where)
    batch.counted(swapped, "swapped-times", tally, "")
    batch.counted(_has(events, lambda word: word.startswith("UNK")), "event-unknown", tally, "")
    found: dict[str, Any] = {
        "start": start,
        "end": end,
        "protocol": columns["pr"],
        "src_ip": columns["sa"],
        "src_port": columns["sp"],
        "dst_ip": columns["da"],
        "dst_port": _ports(columns["dp"]),
        "src_packets": columns["ipkt"],
        "src_bytes": columns["ibyt"],
        "src_tcp_flags": pc.if_else(pa.array(event), None, _flags(columns["flg"])),
        "vlan": pc.if_else(pc.greater(columns["svln"], 0), columns["svln"], None).cast(_TEXT),
        "observer": _observers(columns["ra"], columns["dir"]),
    }
    found |= {name: columns[name] for name in ("tunnel", "outer_src_ip", "outer_dst_ip")}
    factors = pa.array([sampling.get(word) for word in _list(columns["exp"])], _INT)
    found["sampling"] = factors.take(columns["exp"].indices)
    found["scaled"] = pa.repeat(pa.scalar(True), len(start))
    found["blocked"] = _blocked(events)
    if "xsa" in columns:
        found |= _translated(columns, "src", "s") | _translated(columns, "dst", "d")
        found = to_the_real_responder(found)
    return _both_ways(found, columns["opkt"], columns["obyt"], events, where, tally)


def _trimmed(column: pa.Array) -> pa.Array:
    if not pa.types.is_dictionary(column.type):
        return column
    words = pc.ascii_trim_whitespace(column.dictionary)
    return pa.DictionaryArray.from_arrays(column.indices, words)


def _list(column: pa.DictionaryArray) -> list[str]:
    return [word or "" for word in column.dictionary.to_pylist()]


def _words(column: pa.DictionaryArray | None, size: int) -> pa.DictionaryArray:
    """Events, in capitals; empty where there is none."""
    if column is None:
        return pa.array([""] * size, _TEXT).dictionary_encode()
    plain = pa.array([_event(word) for word in _list(column)], _TEXT)
    return pa.DictionaryArray.from_arrays(pc.fill_null(column.indices, 0), plain)


def _event(word: str) -> str:
    name = word.rstrip(NOT_UNNAMED).strip().upper()
    if name in ("INVALID", "IGNORE", "NO-EVENT", "NO-EVT", "NONE", "0"):
        return ""
    return "OTHER" if name.startswith("UNK") and word.endswith(NOT_UNNAMED) else name


def _has(events: pa.DictionaryArray, which: Any) -> Bools:  # noqa: ANN401 - a test of a word
    marks = np.array([which(word) for word in _list(events)], np.bool_)
    return marks[np.asarray(events.indices)] if len(marks) else np.zeros(len(events), np.bool_)


def _blocked(events: pa.DictionaryArray) -> pa.Array:
    refused = _has(events, lambda word: word in REFUSED)
    passed = _has(events, lambda word: word in LET_THROUGH or word[:3] in ("ADD", "DEL"))
    return pa.array(refused, mask=~(refused | passed))


def _without_outer(
    columns: dict[str, Any], where: Where, events: pa.DictionaryArray
) -> tuple[dict[str, Any], Where]:
    """The records without the lines that only tell of a tunnel; the flow below has its ends."""
    size = len(columns["ts"])
    counted = np.zeros(size, np.bool_)
    for name in ("ipkt", "ibyt", "opkt", "obyt"):
        counted |= bools(pc.not_equal(columns[name], 0))
    outer = ~counted & bools(pc.is_in(columns["pr"], pa.array(list(TUNNELS), _INT)))
    outer &= ~_has(events, bool)
    outer[:-1] &= bools(pc.equal(columns["ts"][:-1], columns["ts"][1:]))
    outer[-1:] = False
    if not outer.any():
        nothing = pa.nulls(size, _TEXT)
        return columns | dict.fromkeys(("tunnel", "outer_src_ip", "outer_dst_ip"), nothing), where
    inside = np.zeros(size, np.bool_)
    inside[1:] = outer[:-1]
    above = pa.array(np.arange(size) - 1, mask=~inside)
    names = pa.array([TUNNELS.get(number, "") for number in range(256)], _TEXT)
    protocol = pc.if_else(pa.array(outer), columns["pr"], 0)
    more = {
        "tunnel": names.take(protocol).take(above),
        "outer_src_ip": columns["sa"].take(above).cast(_TEXT),
        "outer_dst_ip": columns["da"].take(above).cast(_TEXT),
    }
    keep = pa.array(~outer)
    kept = {name: column.filter(keep) for name, column in (columns | more).items()}
    return kept, where.taken(~outer)


def _in_order(start: pa.Array, end: pa.Array) -> tuple[pa.Array, pa.Array, Bools]:
    """Start and end, the earlier first, and where they stood the other way round."""
    length = pc.subtract(end, start)
    wrapped = bools(pc.and_(pc.greater(length, WRAP // 2), pc.less(length, WRAP)))
    if wrapped.any():  # the collector took a start behind the end for one of 49 days before
        start = pc.if_else(pa.array(wrapped), pc.add(start, WRAP), start)
        length = pc.subtract(end, start)
    swapped = bools(pc.and_(pc.less(length, 0), pc.greater(length, -WRAP // 2)))
    if not swapped.any():
        return start, end, swapped
    mask = pa.array(swapped)
    return pc.if_else(mask, end, start), pc.if_else(mask, start, end), swapped


def _nanoseconds(texts: pa.Array) -> pa.Array:
    sound = bools(pc.match_substring_regex(texts, _DATE))
    if not sound.all():
        texts = pc.if_else(pa.array(sound), texts, None)
    try:
        moments = texts.cast(pa.timestamp("ms"))
    except pa.ArrowInvalid:  # a 31 February: some are no dates after all
        return pa.nulls(len(texts), _INT)
    times = pc.multiply(moments.cast(_INT), MILLION)
    return pc.if_else(pc.greater(times, 0), times, None)  # 1970 stands for none


def _ports(column: pa.Array) -> pa.Array:
    return pc.cast(pc.trunc(column), _INT, safe=False)


def _flags(column: pa.DictionaryArray) -> pa.Array:
    return pa.array([_flag(word) for word in _list(column)], _INT).take(column.indices)


def _flag(word: str) -> int | None:
    """``...AP.SF`` as a number; older versions write rare combinations as ``0x..``."""
    if re.fullmatch(r"0x[0-9a-fA-F]{1,2}", word):
        return int(word, 16)
    letters = set(word) - {"."}
    return sum(_LETTERS[letter] for letter in letters) if letters <= _LETTERS.keys() else None


def _observers(router: pa.DictionaryArray, direction: pa.DictionaryArray) -> pa.Array:
    """Exporter and direction: a router that counts flows coming in and going out tells twice."""
    known = pa.array([word in ("", "0.0.0.0", "::") for word in _list(router)])  # noqa: S104
    names = pc.if_else(known, None, router.dictionary)
    routers = names.take(router.indices)
    return pc.binary_join_element_wise(routers, direction.cast(_TEXT), "/")


def _translated(columns: dict[str, Any], side: str, letter: str) -> dict[str, Any]:
    """Address and port behind a translation, where they are others."""
    address, own = columns[f"x{letter}a"], columns[f"{letter}a"].cast(_TEXT)
    none = pa.array([word in ("", "0.0.0.0", "::") for word in _list(address)])  # noqa: S104
    there = pc.if_else(none, None, address.dictionary).take(address.indices)
    port = columns[f"x{letter}p"]
    own_port = _ports(columns["dp"]) if letter == "d" else columns["sp"]
    same = pc.and_(pc.equal(there, own), pc.equal(port, own_port))
    there = pc.if_else(pc.fill_null(same, True), None, there)
    port = pc.if_else(pc.and_(pc.is_valid(there), pc.greater(port, 0)), port, None)
    return {f"nat_{side}_ip": there, f"nat_{side}_port": port}


_SWAPPED: Final = (
    ("src_ip", "dst_ip"), ("src_port", "dst_port"), ("nat_src_ip", "nat_dst_ip"),
    ("nat_src_port", "nat_dst_port"), ("outer_src_ip", "outer_dst_ip"),
)  # fmt: skip


def _both_ways(
    found: dict[str, Any],
    packets: pa.Array,
    size: pa.Array,
    events: pa.DictionaryArray,
    where: Where,
    tally: Tally,
) -> Batch:
    """Records of one way each: what was counted the other way is a record of its own."""
    none = [bools(pc.equal(found[name], 0)) for name in ("src_packets", "src_bytes")]
    there = ~(none[0] & none[1])  # a counter that could not be read is not 0
    back = bools(pc.greater(packets, 0)) | bools(pc.greater(size, 0))
    event = _has(events, bool)
    empty = ~(there | back | event)
    if empty.any():
        Batch(found, where).counted(empty, "no-traffic", tally, "packets and bytes are 0")
    # an event counts nothing of its own: null, not 0
    silent = pa.array(event & ~there)
    for name in ("src_packets", "src_bytes"):
        found[name] = pc.if_else(silent, None, found[name])
    rows = [np.flatnonzero(there | (event & ~back)), np.flatnonzero(back)]
    order = np.argsort(np.concatenate(rows), kind="stable")
    index = np.concatenate(rows)[order]
    turned = (np.arange(len(index)) >= len(rows[0]))[order]
    if not turned.any() and not empty.any():
        return Batch(found, where)
    take = pa.array(index)
    taken = {name: column.take(take) for name, column in found.items()}
    mask = pa.array(turned)
    result = dict(taken)
    for pair in _SWAPPED:
        for one, other in (pair, pair[::-1]):
            if one in taken:
                result[one] = pc.if_else(mask, _plain(taken[other]), _plain(taken[one]))
    result["src_packets"] = pc.if_else(mask, packets.take(take), taken["src_packets"])
    result["src_bytes"] = pc.if_else(mask, size.take(take), taken["src_bytes"])
    result["src_tcp_flags"] = pc.if_else(mask, None, taken["src_tcp_flags"])
    kept = index if where.kept is None else where.kept[index]
    return Batch(result, Where(where.text, where.line, kept))


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(_TEXT) if pa.types.is_dictionary(column.type) else column

"""What the columns of a table mean, guessed from their names and values."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from auditor.readers.tables.conversion import PROTOCOLS
from auditor.readers.tables.guess_words import IDLE, NAMES, REFUSED, SECOND_HALVES, SPANS
from auditor.readers.tables.mapping import Columns, Mapping, Rows, Time, Units, as_yaml
from auditor.readers.tables.patterns import EPOCHS
from auditor.readers.tables.shapes import MOST, addresses, numbers, time_shape

if TYPE_CHECKING:
    from auditor.readers.tables.shapes import TimeShape
    from auditor.readers.tables.table import Table

MOST_CANDIDATES: Final = 3
MARGIN: Final = 2
"""How far the best choice of addresses must be ahead of the next."""

NAMED: Final = 7
"""A column whose name scores more has a name that is known, not just some words of one."""

_ADDRESSES: Final = ("src_ip", "dst_ip", "nat_src_ip", "nat_dst_ip")
_TIMES: Final = ("start", "end", "time")
_COUNTERS: Final = (
    "src_packets", "dst_packets", "src_bytes", "dst_bytes", "duration", "src_port", "dst_port",
    "nat_src_port", "nat_dst_port", "sampling",
)  # fmt: skip
_AMOUNTS: Final = ("src_packets", "dst_packets", "src_bytes", "dst_bytes", "duration")
_DIRECTION: Final = ("direction", "flowdirection", "huong", "chieu", "huongluuluong")
_INWARD: Final = ("in", "inbound", "ingress", "incoming", "vào", "đến")
_BACK: Final = ("dst_packets", "dst_bytes")
_SOURCE: Final = frozenset(("src", "source", "nguon", "client", "from", "origin"))
_TARGET: Final = frozenset(("dst", "dest", "destination", "dich", "server", "to", "target"))
_PLACE: Final = frozenset(("ip", "addr", "address", "ipv4", "ipv6", "chi"))
_PORT: Final = frozenset(("port", "cong"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way in which a table may be meant.

    Attributes:
        mapping: that says so; null = something that is needed is missing.
        score: how likely it is, to be compared with others of the same table only.
        chosen: our columns and theirs.
        doubts: what speaks against using it unasked.
    """

    mapping: Mapping | None
    score: float
    chosen: dict[str, str]
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guess:
    """What a table may mean.

    Attributes:
        candidates: the most likely ways, the best first; at most three.
        doubts: why the best is not used; empty = it is.
    """

    candidates: tuple[Candidate, ...]
    doubts: tuple[str, ...]

    @property
    def mapping(self) -> Mapping | None:
        """The mapping that is used."""
        return self.candidates[0].mapping if self.candidates and not self.doubts else None

    @property
    def is_flow_table(self) -> bool:
        """Whether the table tells of flows at all, as far as it shows."""
        return bool(self.candidates)

    @property
    def shown(self) -> str:
        """The choice in one line, and what else was likely."""
        if not self.candidates:
            return ""
        text = _pairs(self.candidates[0].chosen)
        for other in self.candidates[1:]:
            differing = {
                ours: theirs
                for ours, theirs in other.chosen.items()
                if self.candidates[0].chosen.get(ours) != theirs
            }
            text += f"; less likely: {_pairs(differing)}"
        return text


def written(guess: Guess) -> str:
    """The best candidate as a mapping file, with what is doubtful about it as comments.

    Empty if the table does not even have two ends and a time.
    """
    mapping = guess.candidates[0].mapping if guess.candidates else None
    if mapping is None:
        return ""
    lines = [f"# in doubt: {doubt}" for doubt in guess.doubts]
    lines += [f"# less likely: {_pairs(other.chosen)}" for other in guess.candidates[1:]]
    comments = "".join(" ".join(line.split()) + "\n" for line in lines)
    return comments + as_yaml(mapping)


def _pairs(chosen: dict[str, str]) -> str:
    return ", ".join(f"{ours} = {theirs[:60]!r}" for ours, theirs in chosen.items())


def compact(name: str) -> str:
    """A column's name for comparing: small letters and digits, without accents."""
    return "".join(words_of(name))


def words_of(name: str) -> list[str]:
    """The words of a column's name, without accents: ``srcIp`` has two."""
    name = re.sub(r"\b([KMG])iB\b", r"\1ib", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name).replace("đ", "d").replace("Đ", "d")
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.findall("[a-z0-9]+", plain.lower())


def guessed(table: Table) -> Guess:
    """The three most likely meanings of a table's columns, and whether the best is sure enough."""
    return _Guessing(table).guess()


class _Guessing:
    def __init__(self, table: Table) -> None:
        self._table = table
        nothing = Mapping.model_fields["null"].default
        self._values = {
            name: [value for value in table.values(name) if value not in nothing]
            for name in table.names
            if name
        }
        self._shapes: dict[str, TimeShape] = {}
        self._decimal, self._thousands, self._sign_doubt = _signs(
            [
                value
                for name, values in self._values.items()
                if any(_by_name(ours, name) for ours in _AMOUNTS)
                for value in values
            ]
        )

    def guess(self) -> Guess:
        scored = {ours: self._scored(ours) for ours in NAMES}
        pairs = sorted(
            (
                (one + two, source, target)
                for one, source in scored["src_ip"][:4]
                for two, target in scored["dst_ip"][:4]
                if source != target
            ),
            key=lambda pair: -pair[0],
        )
        timed = any(scored[ours] for ours in _TIMES) or any(map(self._looks_timed, self._values))
        named = [pair for pair in pairs if pair[0] >= 2 * MARGIN]
        if not named and not (pairs and timed):
            return Guess((), ("no two columns hold addresses of flows",))
        candidates = [
            self._candidate(score, source, target, scored)
            for score, source, target in pairs[:MOST_CANDIDATES]
            if score * 3 >= pairs[0][0]
        ]
        best = candidates[0]
        doubts = list(best.doubts)
        if len(pairs) > 1 and pairs[0][0] - pairs[1][0] < MARGIN:
            first, second = candidates[0].chosen, candidates[1].chosen
            doubts.append(
                f"the ends may be {first['src_ip']!r} and {first['dst_ip']!r}, or "
                f"{second['src_ip']!r} and {second['dst_ip']!r}"
            )
        return Guess(tuple(candidates), tuple(doubts))

    def _scored(self, ours: str) -> list[tuple[float, str]]:
        """Columns that may be this one, the likeliest first."""
        found = []
        for name, values in self._values.items():
            score = _by_name(ours, name)
            if ours in _ADDRESSES:
                if addresses(values) < MOST and not (score and not values):
                    continue
                score += 0.5 if ours in ("src_ip", "dst_ip") and "nat" not in words_of(name) else 0
            elif not score or not self._may_be(ours, name, values):
                continue
            if score:
                found.append((score, name))
        return sorted(found, key=lambda pair: -pair[0])

    def _may_be(self, ours: str, name: str, values: list[Any]) -> bool:
        if ours in _TIMES:
            return not values or self._shape(name).format is not None
        if ours in _COUNTERS:
            return not values or numbers(values, self._decimal, self._thousands) >= MOST
        if ours == "protocol":
            words = {str(value).lower() for value in values}
            return not values or any(word in PROTOCOLS or word.isdigit() for word in words)
        if ours == "blocked":
            return any(str(value).lower() in REFUSED for value in values) or not values
        if ours == "skipped":
            return any(str(value).lower() in IDLE for value in values) or not values
        return True

    def _shape(self, name: str) -> TimeShape:
        if name not in self._shapes:
            self._shapes[name] = time_shape(self._values[name])
        return self._shapes[name]

    def _looks_timed(self, name: str) -> bool:
        """Whether values are moments whatever their column is called; mere numbers may be any."""
        form = self._shape(name).format
        return form is not None and form not in EPOCHS

    def _candidate(
        self, score: float, source: str, target: str, scored: dict[str, list[tuple[float, str]]]
    ) -> Candidate:
        chosen = {"src_ip": source, "dst_ip": target}
        taken = {source, target}
        for ours in (name for name in NAMES if name not in chosen):
            name = next((name for _, name in scored[ours] if name not in taken), None)
            if name is not None:
                chosen[ours] = name
                taken.add(name)
        if "start" in chosen or "end" in chosen:
            chosen.pop("time", None)
        if {"start", "end"} <= chosen.keys() or "time" in chosen:
            chosen.pop("duration", None)
        if not any(name in chosen for name in _TIMES):
            by_looks = next(
                (name for name in self._values if name not in taken and self._looks_timed(name)),
                None,
            )
            if by_looks is not None:
                chosen["time"] = by_looks
        missing = self._missing(chosen)
        if missing:
            return Candidate(None, score, chosen, (missing,))
        doubts = self._doubts(chosen)
        try:
            return Candidate(self._mapping(chosen), score, chosen, tuple(doubts))
        except ValidationError as error:
            return Candidate(None, score, chosen, (str(error.errors()[0]["msg"]),))

    def _missing(self, chosen: dict[str, str]) -> str:
        """What is needed and was not found."""
        unread = [
            name
            for name, values in self._values.items()
            if values and self._shape(name).format is None
            if any(_by_name(ours, name) > NAMED for ours in ("start", "end"))
        ]
        if unread:
            return f"the times of {', '.join(map(repr, unread))} are in no format that is known"
        if not any(ours in chosen for ours in _TIMES):
            return "no column holds times in a format that is known"
        return ""

    def _doubts(self, chosen: dict[str, str]) -> list[str]:
        times = [chosen[ours] for ours in _TIMES if ours in chosen]
        shapes = {name: self._shape(name) for name in times if self._values[name]}
        out = [
            f"day and month of {name!r} may stand either way: {shape.format} or {shape.other}"
            for name, shape in shapes.items()
            if shape.other is not None
        ]
        if len({shape.format for shape in shapes.values()}) > 1:
            out.append(f"the times {', '.join(map(repr, times))} are written in different ways")
        if self._sign_doubt and any(ours in chosen for ours in _AMOUNTS):
            out.append(self._sign_doubt)
        return out

    def _mapping(self, chosen: dict[str, str]) -> Mapping:
        times = [chosen[ours] for ours in _TIMES if ours in chosen]
        form = next((self._shape(name).format for name in times if self._values[name]), None)
        columns = {ours: name for ours, name in chosen.items() if ours in Columns.model_fields}
        return Mapping(
            name="table",
            columns=Columns(**columns),
            time=Time(format=form) if form else Time(),
            units=self._units(chosen),
            one_way=not any(ours in chosen for ours in _BACK),
            delimiter=self._table.delimiter if self._table.kind == "csv" else None,
            decimal=self._decimal,
            thousands=self._thousands,
            blocked=self._rows(chosen, "blocked", REFUSED),
            skipped=self._rows(chosen, "skipped", IDLE),
            swapped=self._inward(chosen["src_ip"]),
        )

    def _inward(self, source: str) -> Rows | None:
        """Records that came in, where the table has a near and a far end instead of a source."""
        if words_of(source)[:1] != ["local"]:
            return None
        name = next((name for name in self._values if compact(name) in _DIRECTION), None)
        return None if name is None else Rows(column=name, values=_INWARD)

    def _rows(self, chosen: dict[str, str], ours: str, words: tuple[str, ...]) -> Rows | None:
        return Rows(column=chosen[ours], values=words) if ours in chosen else None

    def _units(self, chosen: dict[str, str]) -> Units:
        sizes = {
            SECOND_HALVES[word]
            for ours in ("src_bytes", "dst_bytes")
            for word in words_of(chosen.get(ours, ""))[1:]
            if word in SECOND_HALVES
        }
        spans = [SPANS[word] for word in words_of(chosen.get("duration", ""))[1:] if word in SPANS]
        return Units(bytes=sizes.pop() if len(sizes) == 1 else "B", duration=(spans or ["s"])[-1])


def _by_name(ours: str, name: str) -> float:
    """How well a column's name fits one of ours: 10 as it is known, 5 by its words, else 0."""
    words = words_of(name)
    plain = [word for word in words if word not in SECOND_HALVES and word not in SPANS] or words
    known = NAMES[ours]
    for form in ("".join(words), "".join(plain)):
        if form in known:
            return 10 - known.index(form) * 0.05
    several = set(words)
    if ours in ("src_ip", "dst_ip", "src_port", "dst_port"):
        if several & {"nat", "translated", "xlate"}:
            return 0
        side = _SOURCE if ours.startswith("src") else _TARGET
        what = _PLACE if ours.endswith("ip") else _PORT
        return 5.0 if several & side and several & what else 0.0
    return 0.0


def _signs(values: list[Any]) -> tuple[Any, Any, str]:
    """How these numbers write decimals and thousands, and what is in doubt about it."""
    words = [value.strip() for value in values if isinstance(value, str)]
    many = {
        sign: any(re.fullmatch(_GROUPS[sign] + "{2,}", word) for word in words) for sign in ",."
    }
    one = {sign: any(re.fullmatch(_GROUPS[sign], word) for word in words) for sign in ",."}
    decimals = {
        sign: any(
            re.fullmatch(rf"\d+\{sign}\d+", word) and not re.fullmatch(_GROUPS[sign], word)
            for word in words
        )
        for sign in ",."
    }
    for sign, other in ((",", "."), (".", ",")):
        if many[sign] or (one[sign] and decimals[other]):
            return other, sign, ""
    for sign, other in ((",", "."), (".", ",")):
        if decimals[sign]:
            return sign, other if one[other] else "", ""
        if one[sign]:
            what = f"numbers such as 9{sign}999 may have decimals or thousands behind the {sign!r}"
            return other, sign, what
    return ".", "", ""


_GROUPS: Final = {sign: rf"[1-9]\d{{0,2}}(\{sign}\d{{3}})" for sign in ",."}

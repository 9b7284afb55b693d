"""Address ranges without overlaps, each with a statement; looked up for all addresses at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.geo.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.geo.addresses import Addresses
    from auditor.model.inventory import Network

MOST_DETAIL: Final = 200
_HALF: Final = (1 << 64) - 1

Entry = tuple["Network", "Statement"]
_Segment = tuple[int, int, int]
"""First and last address, and the index of the statement."""


@dataclass(frozen=True, slots=True)
class RangeTable:
    """Ranges in ascending order, without overlaps; both ends of a range belong to it.

    Attributes:
        statements: the distinct statements; columns named ``code`` hold indices into them (uint32).
        four: first address, last address and code of IPv4 ranges (uint32).
        six_first, six_last: upper and lower half of the addresses of IPv6 ranges (uint64), in the
            shape (2, ranges).
        six_code: codes of the IPv6 ranges.
    """

    statements: tuple[Statement, ...]
    four: np.ndarray
    six_first: np.ndarray
    six_last: np.ndarray
    six_code: np.ndarray

    def __len__(self) -> int:
        return int(self.four.shape[1]) + len(self.six_code)

    def codes(self, addresses: Addresses) -> np.ndarray:
        """For each address the index of its statement (int64); -1 = no range holds it."""
        codes = np.full(len(addresses), -1, dtype=np.int64)
        four = np.flatnonzero(addresses.family == 4)
        if len(four) and self.four.shape[1]:
            codes[four] = self._codes_of_four(addresses.low[four].astype(np.uint32))
        six = np.flatnonzero(addresses.family == 6)
        if len(six) and len(self.six_code):
            codes[six] = self._codes_of_six(addresses.high[six], addresses.low[six])
        return codes

    def _codes_of_four(self, wanted: np.ndarray) -> np.ndarray:
        first, last, code = self.four
        row = np.searchsorted(first, wanted, side="right") - 1
        inside = (row >= 0) & (wanted <= last[row])
        return np.where(inside, code[row].astype(np.int64), -1)

    def _codes_of_six(self, high: np.ndarray, low: np.ndarray) -> np.ndarray:
        """By the upper halves first; by the lower ones among ranges that share the upper half."""
        highs, begins = np.unique(self.six_first[0], return_index=True)
        ends = np.append(begins[1:], len(self.six_code)) - 1
        group = np.searchsorted(highs, high, side="right") - 1
        least = begins[group] - 1  # the range before the group may reach into it
        row = np.where(group >= 0, ends[group], -1)
        open_rows = np.flatnonzero((group >= 0) & (highs[group] == high))
        while len(open_rows):
            below, above, lows = least[open_rows], row[open_rows], low[open_rows]
            middle = (below + above + 1) >> 1
            begun = self.six_first[1][middle] <= lows
            least[open_rows] = np.where(begun, middle, below)
            row[open_rows] = np.where(begun, above, middle - 1)
            open_rows = open_rows[least[open_rows] < row[open_rows]]
        last_high, last_low = self.six_last[0][row], self.six_last[1][row]
        inside = (row >= 0) & ((high < last_high) | ((high == last_high) & (low <= last_low)))
        return np.where(inside, self.six_code[row].astype(np.int64), -1)


def flattened(entries: Iterable[Entry], *, inherits: bool = False) -> RangeTable:
    """The ranges of networks that may lie inside one another: the longest prefix counts.

    Statements about the same network become one, with everything they say.

    Args:
        entries: networks and what is said of them, in any order.
        inherits: a network of which no place is said stands where the network around it does.
    """
    by_network: dict[tuple[int, int, int], list[Statement]] = {}
    for network, statement in entries:
        # numbers, not networks: those take long to hash
        key = (network.version, int(network.network_address), network.prefixlen)
        said = by_network.setdefault(key, [])
        if statement not in said:
            said.append(statement)
    codes: dict[Statement, int] = {}
    segments: dict[int, list[_Segment]] = {4: [], 6: []}
    opened: list[_Open] = []
    for version, first, prefix in sorted(by_network):  # a wide network before those inside it
        last = first + (1 << ((32 if version == 4 else 128) - prefix)) - 1
        if opened and opened[0].version != version:
            _close(opened, segments)
        statement = _joined(by_network[version, first, prefix])
        _open(_Open(version, first, last, statement), opened, codes, segments, inherits=inherits)
    _close(opened, segments)
    return _table(tuple(codes), segments[4], segments[6])


@dataclass(slots=True)
class _Open:
    """A network that the walk up the addresses is in; ``cursor`` = from where it still counts."""

    version: int
    cursor: int
    last: int
    statement: Statement
    code: int = -1


def _open(
    network: _Open,
    opened: list[_Open],
    codes: dict[Statement, int],
    segments: dict[int, list[_Segment]],
    *,
    inherits: bool,
) -> None:
    """Goes into a network: those that end before it are closed, the one around it is cut."""
    first = network.cursor
    _close(opened, segments, before=first)
    if opened:
        around = opened[-1]
        _emit(segments[around.version], around.cursor, first - 1, around.code)
        around.cursor = network.last + 1
        if inherits:
            network.statement = _placed_within(network.statement, around.statement)
    network.code = codes.setdefault(network.statement, len(codes))
    opened.append(network)


def _close(
    opened: list[_Open], segments: dict[int, list[_Segment]], before: int | None = None
) -> None:
    """Leaves the innermost networks, all of them or those that end before an address."""
    while opened and (before is None or opened[-1].last < before):
        left = opened.pop()
        _emit(segments[left.version], left.cursor, left.last, left.code)


def _emit(segments: list[_Segment], first: int, last: int, code: int) -> None:
    """Adds a range, if it holds anything, or lengthens the one before it."""
    if first > last:
        return
    if segments and segments[-1][2] == code and segments[-1][1] + 1 == first:
        segments[-1] = (segments[-1][0], last, code)
    else:
        segments.append((first, last, code))


def _placed_within(inner: Statement, around: Statement) -> Statement:
    if inner.countries or inner.anycast or not around.countries:
        return inner
    return replace(
        inner, countries=around.countries, detail=_details([around.detail, inner.detail])
    )


def _joined(statements: list[Statement]) -> Statement:
    if len(statements) == 1:
        return statements[0]
    # whatever order a file gives them in, they become the same
    statements = sorted(statements, key=_in_order)
    countries = {country for statement in statements for country in statement.countries}
    relays = [statement.relay for statement in statements if statement.relay]
    operators = [statement for statement in statements if statement.operator]
    operator = operators[0] if operators else statements[0]
    return replace(
        statements[0],
        countries=tuple(sorted(countries)),
        anycast=any(statement.anycast for statement in statements),
        relay=relays[0] if relays else None,
        operator=operator.operator,
        operator_country=operator.operator_country,
        detail=_details([statement.detail for statement in statements]),
    )


def _in_order(statement: Statement) -> tuple[str, ...]:
    return tuple(
        str(part or "")
        for part in (
            statement.kind,
            statement.detail,
            statement.operator,
            statement.operator_country,
            statement.relay,
            statement.countries,
            statement.anycast,
        )
    )


def _details(details: list[str]) -> str:
    parts = dict.fromkeys(part for detail in details for part in detail.split(", ") if part)
    text = ", ".join(parts)
    return text if len(text) <= MOST_DETAIL else text[: MOST_DETAIL - 1] + "…"


def _table(
    statements: tuple[Statement, ...], four: list[_Segment], six: list[_Segment]
) -> RangeTable:
    def halves(column: int) -> np.ndarray:
        numbers = [segment[column] for segment in six]
        return np.array(
            [[number >> 64 for number in numbers], [number & _HALF for number in numbers]],
            dtype=np.uint64,
        ).reshape(2, len(six))

    return RangeTable(
        statements,
        np.array(four, dtype=np.uint32).reshape(len(four), 3).T.copy(),
        halves(0),
        halves(1),
        np.array([segment[2] for segment in six], dtype=np.uint32),
    )

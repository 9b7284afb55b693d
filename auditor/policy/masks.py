"""Three-valued truth over columns: the only place where policy compares values.

Arrow columns hold nulls, and a plain comparison of a null is itself null (or, as ``isin``, silently
false). ``Masks`` keeps both answers apart: whether a condition holds, and whether it could be
decided at all. The connectives are those of Kleene's strong three-valued logic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """Per row: does the condition hold, and could it be decided at all?

    Attributes:
        hit: the condition holds; never true where ``known`` is false.
        known: the condition could be decided.
    """

    hit: Bools
    known: Bools

    @property
    def miss(self) -> Bools:
        """Rows of which it is known that the condition does not hold."""
        return self.known & ~self.hit

    @property
    def unknown(self) -> Bools:
        """Rows of which nobody can say."""
        return ~self.known

    def __and__(self, other: Masks) -> Masks:
        hit = self.hit & other.hit
        return Masks(hit, hit | self.miss | other.miss)

    def __or__(self, other: Masks) -> Masks:
        hit = self.hit | other.hit
        return Masks(hit, hit | (self.miss & other.miss))

    def __invert__(self) -> Masks:
        return Masks(self.miss, self.known)

    def take(self, rows: Integers) -> Masks:
        """The masks of ``rows``, in that order, repeated where a row is named twice."""
        return Masks(self.hit[rows], self.known[rows])


def nothing(rows: int) -> Masks:
    """A condition that holds nowhere, and is known not to."""
    return Masks(np.zeros(rows, np.bool_), np.ones(rows, np.bool_))


def decided(answers: pa.Array) -> Masks:
    """Masks of a column of true, false and null."""
    return Masks(_bools(pc.fill_null(answers, False)), _bools(pc.is_valid(answers)))


def equals(column: pa.Array, value: Any) -> Masks:  # noqa: ANN401 - bool, number or text
    """Where ``column`` is ``value``."""
    return _by_value(column, lambda plain: decided(pc.equal(plain, _scalar(value, plain))))


def one_of(column: pa.Array, values: Sequence[str]) -> Masks:
    """Where ``column`` is one of ``values``."""

    def compared(plain: pa.Array) -> Masks:
        known = _bools(pc.is_valid(plain))
        return Masks(_bools(pc.is_in(plain, pa.array(values, plain.type))) & known, known)

    return _by_value(column, compared)


def has_any(column: pa.Array, values: Sequence[str]) -> Masks:
    """Where the list in ``column`` holds one of ``values``.

    An empty list holds none of them; a list with a null among its members is undecided unless
    another member hits.
    """
    rows = len(column)
    parents = np.asarray(pc.list_parent_indices(column))
    members = one_of(pc.list_flatten(column), values)
    hit = np.zeros(rows, np.bool_)
    hit[parents[members.hit]] = True
    known = _bools(pc.is_valid(column))
    known[parents[members.unknown]] = False
    return Masks(hit, known | hit)


def contains(column: pa.Array, part: str) -> Masks:
    """Where ``part`` stands in the text of ``column``."""
    return _by_value(column, lambda plain: decided(pc.match_substring(plain, part)))


def at_least(column: pa.Array, value: int) -> Masks:
    """Where ``column`` is ``value`` or more."""
    return decided(pc.greater_equal(column, _scalar(value, column)))


def below(column: pa.Array, value: int) -> Masks:
    """Where ``column`` is less than ``value``."""
    return decided(pc.less(column, _scalar(value, column)))


def on_or_after(column: pa.Array, value: date) -> Masks:
    """Where the day in ``column`` is ``value`` or later."""
    return decided(pc.greater_equal(column, _scalar(value, column)))


def before(column: pa.Array, value: date) -> Masks:
    """Where the day in ``column`` lies before ``value``."""
    return decided(pc.less(column, _scalar(value, column)))


def is_known(column: pa.Array, value: bool) -> Masks:  # noqa: FBT001 - the value written in the rule
    """Where ``column`` is known (or, with ``value`` false, is not); this is never undecided."""
    valid = _bools(pc.is_valid(column))
    return Masks(valid if value else ~valid, np.ones(len(column), np.bool_))


OPERATORS: Final[dict[str, Callable[[pa.Array, Any], Masks]]] = {
    "is": equals,
    "equals": equals,
    "one_of": one_of,
    "has_any": has_any,
    "at_least": at_least,
    "below": below,
    "on_or_after": on_or_after,
    "before": before,
    "known": is_known,
}
"""What stands behind each operator a rule may write."""


def _bools(values: Any) -> Bools:  # noqa: ANN401 - pyarrow has no types
    return np.array(values, dtype=np.bool_)


def _scalar(value: Any, column: pa.Array) -> pa.Scalar:  # noqa: ANN401 - as equals
    # A number beyond the column's own type must compare, not overflow.
    kind = pa.int64() if pa.types.is_integer(column.type) else column.type
    return pa.scalar(value, kind)


def _by_value(column: pa.Array, compared: Callable[[pa.Array], Masks]) -> Masks:
    """``compared``, made once per distinct value where ``column`` is dictionary-encoded."""
    if not pa.types.is_dictionary(column.type):
        return compared(column)
    # A last, null value stands for the rows without an index.
    distinct = pa.concat_arrays([column.dictionary, pa.nulls(1, column.dictionary.type)])
    codes = np.asarray(pc.fill_null(column.indices, len(distinct) - 1)).astype(np.int64)
    return compared(distinct).take(codes)

"""All networks of databases: their search trees walked whole, level by level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.geo.database import UnusableError

if TYPE_CHECKING:
    from auditor.geo.database import Database, Tree
    from auditor.geo.records import Answer

MOST_PAIRS: Final = 1 << 23
"""Nodes of one level of a walk; the largest databases have fewer than half of it."""
MOST_BLOCKS: Final = 1 << 25
"""Networks of a database: several times those of the largest."""
FOUR_BITS: Final = 32
SIX_BITS: Final = 64
"""Levels that are walked of IPv6: nobody is given less than a /64."""
_RECORDS_AT_ONCE: Final = 1024
_NOTHING: Final = -1


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks of addresses, in parallel columns.

    Attributes:
        first, second: where the records of the two databases begin (int64); -1 = the second says
            nothing.
        bits: length of the block's prefix (int64).
    """

    first: np.ndarray
    second: np.ndarray
    bits: np.ndarray


def blocks(first: Database, second: Database, family: int) -> Blocks:
    """The blocks that the first database knows, cut where the second changes.

    Args:
        first: the database whose networks are wanted.
        second: the one that is asked about them.
        family: 4, or 6: then without the IPv4 addresses that lie in the IPv6 tree.

    Raises:
        UnusableError: a search tree is no tree; its walk would never end.
    """
    one, other = first.tree, second.tree
    if family == 6 and not one.six:
        return Blocks(*(np.empty(0, np.int64) for _ in range(3)))
    starts = [tree.four if family == 4 else 0 if tree.six else tree.nodes for tree in (one, other)]
    at, beside = (np.array([start], dtype=np.int64) for start in starts)
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    count = 0
    for bits in range((FOUR_BITS if family == 4 else SIX_BITS) + 1):
        known = at != one.nodes
        if family == 6:  # aliases of IPv4, such as 6to4
            known &= at != one.four
        at, beside = at[known], beside[known]
        done = (at > one.nodes) & (beside >= other.nodes)
        found.append((at[done], beside[done], np.full(int(done.sum()), bits, dtype=np.int64)))
        at, beside = at[~done], beside[~done]
        count += int(done.sum())
        if len(at) * 2 > MOST_PAIRS or count > MOST_BLOCKS:
            raise UnusableError(
                "is damaged: nodes of its search tree lead back to others",
                "Get the database again from its publisher and compare its checksum.",
            )
        at, beside = _below(one, at), _below(other, beside)
    records, others, lengths = (np.concatenate(column) for column in zip(*found, strict=True))
    silent = others <= other.nodes
    return Blocks(one.places(records), np.where(silent, _NOTHING, other.places(others)), lengths)


def _below(tree: Tree, at: np.ndarray) -> np.ndarray:
    """Both entries of each node; records, and nothing, stay what they are."""
    inside = at < tree.nodes
    nodes = np.where(inside, at, 0) * 2
    sides = [np.where(inside, tree.entries[nodes + side].astype(np.int64), at) for side in (0, 1)]
    return np.concatenate(sides)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a whole database holds.

    Attributes:
        four, six: networks that have a record.
        records: distinct records.
        broken: those that cannot be read.
    """

    four: int
    six: int
    records: int
    broken: int


def contents(database: Database) -> Contents:
    """Walks the tree and reads every record.

    Raises:
        UnusableError: as ``blocks``.
    """
    four, six = (len(blocks(database, database, family).bits) for family in (4, 6))
    tree = database.tree
    leaves = np.unique(np.compress(tree.entries > tree.nodes, tree.entries))
    before = database.broken
    answers_of(database, tree.places(leaves))
    return Contents(four, six, len(leaves), database.broken - before)


def answers_of(database: Database, places: np.ndarray) -> list[Answer]:
    """The answer of each record, however many are broken."""
    found: list[Answer] = []
    for start in range(0, len(places), _RECORDS_AT_ONCE):
        found += database.answers_at(places[start : start + _RECORDS_AT_ONCE].tolist())
    return found

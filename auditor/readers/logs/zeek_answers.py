"""Addresses that DNS gave to clients, out of Zeek's ``dns.log``: 28 bytes for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.capture.numbers import entry
from auditor.readers.logs.zeek_text import INT, REAL, REALS, TEXT, moments
from auditor.readers.records.checked import addressed, bools
from auditor.readers.records.kernels import combined

if TYPE_CHECKING:
    Ints = npt.NDArray[np.int64]

_MOST_TTL: Final = 86_400.0
_DNS_PORT: Final = 53


class Answers:
    """Addresses that DNS gave to clients, in the order of both and of time."""

    def __init__(self, answers: list[pa.Table]) -> None:
        table = pa.concat_tables(answers).unify_dictionaries()
        host = table["host"].combine_chunks()
        self.names: pa.Array = host.dictionary
        pair, start = np.asarray(table["pair"]), np.asarray(table["start"])
        order = np.lexsort((start, pair))
        self._pair, self._start = pair[order], start[order]
        self._until = np.asarray(table["until"])[order]
        self._number = np.asarray(pc.fill_null(host.indices, -1))[order]

    def to(self, client: Ints, server: Ints, start: Ints) -> npt.NDArray[np.int32]:
        """The number of the name that this server had for this client then; -1 = none."""
        rows = np.full(len(start), -1, np.int64)
        answers = self._pair, self._start, self._until
        _lately(answers, combined([client, server]), start, rows)
        return np.where(rows >= 0, self._number[rows] if len(self._number) else -1, -1)


def answered(zeek: dict[str, Any], hosts: pa.DictionaryArray) -> pa.Table:
    """Which addresses were given out for which names, to whom, from when until when."""
    rows = len(hosts)
    none = pa.nulls(rows)
    answers = zeek["answers"]
    kind = zeek.get("qtype_name", none).cast(TEXT)
    start = moments(zeek["ts"]) if "ts" in zeek else none.cast(INT)
    asker = zeek.get("id.orig_h", none).cast(TEXT)
    lifetimes = zeek.get("TTLs", pa.nulls(rows, REALS))
    good = bools(pc.greater(pc.list_value_length(answers), 0))
    good &= np.asarray(pc.is_valid(hosts)) & np.asarray(pc.is_valid(start))
    good &= bools(pc.equal(zeek.get("id.resp_p", none).cast(INT), _DNS_PORT))
    good &= bools(pc.or_kleene(pc.is_in(kind, pa.array(["A", "AAAA"])), pc.is_null(kind)))
    lengths = (pc.list_value_length(each) for each in (answers, lifetimes))
    good &= bools(pc.equal(*lengths))  # each answer has one
    places = pa.array(np.flatnonzero(good))
    answers = answers.take(places)
    parents = np.asarray(pc.list_parent_indices(answers)).astype(np.int64)
    flat = answers.flatten()
    server = addressed(flat)[1]
    client = addressed(asker.take(places))[1]
    start = np.asarray(start.take(places))
    delay = _seconds(zeek.get("rtt", pa.nulls(rows, REAL)).take(places), 60.0)
    seconds = _seconds(lifetimes.take(places).flatten(), _MOST_TTL) + delay[parents]
    # the other records of an answer (aliases) are no addresses
    kept = (server >= 0) & (client[parents] >= 0)
    parents = parents[kept]
    return pa.table(
        {
            "pair": combined([client[parents], server[kept]]),
            "start": start[parents],
            "until": start[parents] + (seconds[kept] * 1e9).astype(np.int64),
            "host": hosts.take(places).take(pa.array(parents)),
        }
    )


def _seconds(column: pa.DoubleArray, most: float) -> npt.NDArray[np.float64]:
    known = np.asarray(pc.fill_null(column, 0.0))
    seconds: npt.NDArray[np.float64] = np.clip(np.nan_to_num(known, nan=0.0), 0.0, most)
    return seconds


@entry
def _lately(answers: Any, wanted: Any, times: Any, rows: Any) -> None:  # noqa: ANN401 - compiled
    """The last answer of each wanted pair before its time, if it still holds."""
    pairs, starts, untils = answers
    for place in range(wanted.shape[0]):
        low, high = 0, pairs.shape[0]
        while low < high:
            middle = (low + high) // 2
            if pairs[middle] < wanted[place] or (
                pairs[middle] == wanted[place] and starts[middle] <= times[place]
            ):
                low = middle + 1
            else:
                high = middle
        low -= 1
        if low >= 0 and pairs[low] == wanted[place] and times[place] <= untils[low]:
            rows[place] = low

"""What the logs of firewalls have in common: refusals, names of services and of servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.logs.checked import bools

if TYPE_CHECKING:
    import numpy.typing as npt

    from auditor.readers.logs.batch import Batch
    from auditor.readers.logs.tally import Kinds, Tally

    Bools = npt.NDArray[np.bool_]

KINDS: Final[Kinds] = {
    "not-traffic": (
        "{count} line(s) tell of other things than traffic and were not read",
        "Logs of threats, web filters and events describe the same sessions again.",
    ),
    "refused-late": (
        "{count} record(s) tell of refusals after data had come back; what had passed counts",
        "The firewall knew the application only after some packets; see the action in the log.",
    ),
}
_HOST: Final = r"^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?$"
_ADDRESS: Final = r"^[0-9.]+$"
_WORD: Final = r"^[A-Za-z][A-Za-z0-9_.+-]{0,31}$"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which records have one of some words, whatever its case."""

    marked: Bools

    @classmethod
    def of(cls, words: pa.DictionaryArray, wanted: tuple[str, ...]) -> Refusal:
        """Looks at each different word once."""
        if not len(words.dictionary):
            return cls(np.zeros(len(words), np.bool_))
        lower = pc.utf8_lower(pc.utf8_trim_whitespace(words.dictionary))
        right = pc.is_in(lower, pa.array(wanted))
        return cls(bools(right.take(words.indices)))


def refusal(batch: Batch, refused: Refusal, tally: Tally) -> pa.BooleanArray:
    """Which records are of traffic that did not get through.

    A session that was refused after the other end had answered is not: what passed has passed.
    """
    answered = np.zeros(len(batch), np.bool_)
    for name in ("dst_bytes", "dst_packets"):
        if name in batch.columns:
            answered |= bools(pc.greater(batch.columns[name], 0))
    batch.counted(refused.marked & answered, "refused-late", tally, "")
    return pa.array(refused.marked & ~answered)


def port(numbers: pa.Int64Array) -> pa.Int64Array:
    """Ports behind a translation; 0 stands for none."""
    return pc.if_else(pc.equal(numbers, 0), None, numbers)


def service(names: pa.StringArray) -> pa.DictionaryArray:
    """Names of services in lower case; what only says a port (``tcp/8443``) is none."""
    encoded = names.dictionary_encode()
    words = encoded.dictionary
    right = pc.match_substring_regex(words, _WORD)
    return pa.DictionaryArray.from_arrays(
        encoded.indices, pc.if_else(right, pc.utf8_lower(words), None)
    )


def named(hosts: pa.StringArray) -> dict[str, Any]:
    """``host`` and ``host_basis`` out of names of servers; addresses and the like are none."""
    encoded = hosts.dictionary_encode()
    words = encoded.dictionary
    name = pc.and_(
        pc.match_substring_regex(words, _HOST),
        pc.invert(pc.match_substring_regex(words, _ADDRESS)),
    )
    lower = pc.utf8_rtrim(pc.utf8_lower(words), ".")
    host = pa.DictionaryArray.from_arrays(encoded.indices, pc.if_else(name, lower, None))
    return {"host": host, "host_basis": pc.if_else(_present(host), "log", None)}


def _present(words: pa.DictionaryArray) -> pa.BooleanArray:
    """Whether each has a word: the index, and the word behind it."""
    return pc.is_valid(words.cast(pa.string()))

"""What the logs of firewalls have in common: refusals, names of services and of servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.records.checked import addressed, bools
from auditor.readers.records.kernels import combined, text_keys

if TYPE_CHECKING:
    import numpy.typing as npt

    from auditor.readers.records.batch import Batch, Where
    from auditor.readers.records.tally import Kinds, Tally

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
REFUSED: Final = (
    "deny", "denied", "drop", "dropped", "drop-icmp", "block", "blocked", "reject", "rejected",
    "reset-both", "reset-client", "reset-server", "discard", "discarded", "prevent", "prevented",
    "refuse", "refused", "silent-drop", "teardown-denied",
)  # fmt: skip
"""What firewalls call a refusal."""

PROTOCOLS: Final[dict[str, int]] = {
    "hopopt": 0, "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "egp": 8, "igp": 9, "udp": 17,
    "ipv6": 41, "rsvp": 46, "gre": 47, "esp": 50, "ipsec-esp": 50, "ah": 51, "icmp6": 58,
    "icmpv6": 58, "ipv6-icmp": 58, "eigrp": 88, "ospf": 89, "pim": 103, "vrrp": 112, "l2tp": 115,
    "sctp": 132, "udplite": 136,
}  # fmt: skip
"""Names of IP protocols as firewalls write them."""

ENCRYPTED: Final = (
    "ssl", "tls", "dtls", "ssh", "quic", "quic-base", "ipsec-esp", "ipsec-esp-udp", "wireguard",
    "openvpn", "dns-over-tls",
)  # fmt: skip
_APPLICATIONS: Final[dict[str, str | None]] = {
    "ssl": "tls", "web-browsing": "http", "dns-base": "dns", "quic-base": "quic",
    "not-applicable": None, "incomplete": None, "insufficient-data": None, "unknown-tcp": None,
    "unknown-udp": None, "unknown": None, "unknown-p2p": None, "non-syn-tcp": None,
}  # fmt: skip
_NO_ADDRESS: Final = r"^(0\.0\.0\.[0-9]{1,3}|::|)$"
_URL: Final = r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?(?P<host>[^/?#:@]+)"
_HOST: Final = r"^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?$"
_ADDRESS: Final = r"^[0-9.]+$"
_WORD: Final = r"^[A-Za-z][A-Za-z0-9_.+-]{0,31}$"


@dataclass(frozen=True, slots=True)
class Words:
    """Which records have one of some words, whatever its case."""

    marked: Bools

    @classmethod
    def of(cls, words: pa.DictionaryArray, wanted: tuple[str, ...]) -> Words:
        """Looks at each different word once."""
        if not len(words.dictionary):
            return cls(np.zeros(len(words), np.bool_))
        lower = pc.utf8_lower(pc.utf8_trim_whitespace(words.dictionary))
        right = pc.is_in(lower, pa.array(wanted))
        return cls(bools(right.take(words.indices)))


def refusal(batch: Batch, refused: Words, tally: Tally) -> pa.BooleanArray:
    """Which records are of traffic that did not get through.

    A session that was refused after the other end had answered is not: what passed has passed.
    """
    answered = np.zeros(len(batch), np.bool_)
    for name in ("dst_bytes", "dst_packets"):
        if name in batch.columns:
            answered |= bools(pc.greater(batch.columns[name], 0))
    batch.counted(refused.marked & answered, "refused-late", tally, "")
    return pa.array(refused.marked & ~answered)


def translate(
    columns: dict[str, Any],
    where: Where,
    tally: Tally,
    *,
    source: tuple[pa.Array, pa.Array] | None,
    target: tuple[pa.Array, pa.Array] | None,
) -> None:
    """Enters addresses behind translation: each end's own one stands in ``src_ip``, ``dst_ip``.

    Args:
        columns: the record's columns, with the addresses as the initiator sent them.
        where: where the records stand.
        tally: told of translated addresses that are none.
        source: address and port that the initiator was given; null, 0.0.0.0 and its own = none.
        target: address and port of the one who really answered, likewise.
    """
    if source is not None:
        moved, given = _moved(source[0], columns["src_ip"], where, tally)
        columns["nat_src_ip"] = given
        columns["nat_src_port"] = pc.if_else(moved, port(source[1]), None)
    if target is not None:
        moved, own = _moved(target[0], columns["dst_ip"], where, tally)
        published, keys = addressed(pc.if_else(moved, columns["dst_ip"], None))
        moved = pc.and_(moved, pa.array(keys >= 0))  # else the record is refused for its address
        own = pc.if_else(moved, own, None)
        columns["nat_dst_ip"] = pc.if_else(moved, published, None)
        columns["nat_dst_port"] = pc.if_else(moved, columns["dst_port"], None)
        columns["dst_ip"] = pc.coalesce(own, columns["dst_ip"])
        behind = pc.coalesce(port(target[1]), columns["dst_port"])
        columns["dst_port"] = pc.if_else(moved, behind, columns["dst_port"])
        if "dst_log_country" in columns:  # it is the country of the published address
            columns["dst_log_country"] = pc.if_else(moved, None, columns["dst_log_country"])


def _moved(given: pa.Array, own: pa.Array, where: Where, tally: Tally) -> tuple[pa.Array, pa.Array]:
    """Which addresses were translated, and to what."""
    if given.null_count == len(given):
        return pa.array(np.zeros(len(given), np.bool_)), given
    none = pc.or_kleene(pc.match_substring_regex(given, _NO_ADDRESS), pc.equal(given, own))
    some = pc.if_else(pc.fill_null(none, False), None, given)
    texts, keys = addressed(some)
    moved = pc.and_(pa.array(keys >= 0), pc.is_valid(some))
    wrong = bools(pc.and_(pc.is_valid(given), pc.invert(pc.or_(pc.fill_null(none, False), moved))))
    counted(wrong, "translated address", where, tally)
    return moved, pc.if_else(moved, texts, None)


def counted(wrong: Bools, what: str, where: Where, tally: Tally) -> None:
    """Counts values that are not of their field, which are null."""
    if wrong.any():
        first, count = int(np.argmax(wrong)), int(np.count_nonzero(wrong))
        tally.add("bad-number", where.number(first), count=count, detail=what)


def protocol(names: pa.StringArray, where: Where, tally: Tally) -> pa.Int64Array:
    """Numbers of protocols that are written as names or as numbers."""
    encoded = names.dictionary_encode()
    known = [_number(word) for word in encoded.dictionary.to_pylist()[:MOST_WORDS]]
    known += [None] * (len(encoded.dictionary) - len(known))
    found = pa.array(known, pa.int64()).take(encoded.indices)
    wrong = bools(pc.and_(pc.is_valid(names), pc.is_null(found)))
    counted(wrong, "protocol", where, tally)
    return found


MOST_WORDS: Final = 4096
"""Different words beyond this in one column are no names of protocols."""


def _number(word: str) -> int | None:
    if word.isascii() and word.isdigit() and len(word) <= 3:
        return int(word)
    return PROTOCOLS.get(word.strip().lower())


def application(names: pa.StringArray) -> dict[str, Any]:
    """``app`` and ``encrypted`` out of applications that a firewall recognised by content."""
    words = service(names)
    lower = words.dictionary
    plain = lower.to_pylist()[:MOST_WORDS]
    ours = [_APPLICATIONS.get(word, word) if word else None for word in plain]
    ours += [None] * (len(lower) - len(ours))
    hidden = pc.if_else(pc.is_in(lower, pa.array(ENCRYPTED)), True, None)
    hidden = pc.if_else(pc.is_valid(lower), hidden, None).cast(pa.bool_())
    return {
        "app": pa.DictionaryArray.from_arrays(words.indices, pa.array(ours, pa.string())),
        "encrypted": hidden.take(words.indices),
    }


def hosts_of(urls: pa.StringArray) -> pa.StringArray:
    """The names of servers in URLs; nothing else of a URL is kept."""
    return pc.struct_field(pc.extract_regex(urls, _URL), [0])


def observers(*parts: pa.StringArray) -> pa.DictionaryArray:
    """Names of devices and their virtual parts, joined by ``/``: few, so once per name."""
    codes = np.zeros(len(parts[0]), np.int64)
    for part in parts:
        encoded = pc.fill_null(part, "").dictionary_encode()
        codes = codes * max(1, len(encoded.dictionary)) + np.asarray(encoded.indices)
    _, first, places = np.unique(codes, return_index=True, return_inverse=True)
    each = [pc.fill_null(part.take(pa.array(first)), "") for part in parts]
    names = pc.binary_join_element_wise(*each, "/")
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), names)


def sessions(
    observer: pa.DictionaryArray, number: pa.StringArray, *parts: pa.StringArray
) -> pa.StringArray:
    """Names of sessions; null where there is no number, or 0.

    Numbers begin anew when a device starts: only with the addresses are they names.
    """
    seen = text_keys(observer.dictionary)[np.asarray(observer.indices)]
    keys = combined([seen, text_keys(number), *(text_keys(part) for part in parts)])
    counts = pc.and_(pc.is_valid(number), pc.not_equal(number, "0"))
    return pc.if_else(counts, pa.array(keys).cast(pa.string()), None)


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

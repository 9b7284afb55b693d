"""What Zeek's other logs know of a connection: the server's name, TLS, what DNS answered.

They are kept as numbers: 28 bytes for a record, 10 to 18 for its place in the index, 28 for an
address that DNS gave out, and each distinct text once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.capture.numbers import entry, mixed
from auditor.readers.logs.zeek_answers import Answers, answered
from auditor.readers.logs.zeek_text import INT, LIST, REAL, REALS, TEXT, WORD, Wanted
from auditor.readers.records.checked import addressed, bools
from auditor.readers.records.kernels import text_keys

if TYPE_CHECKING:
    from auditor.readers.records.batch import Batch

    Ints = npt.NDArray[np.int64]

_UID: Final = (("uid",),)
_HELLO: Final = {"uid": TEXT, "server_name": WORD, "ja4": WORD}


@dataclass(frozen=True, slots=True)
class Log:
    """One of the logs that are joined.

    Attributes:
        host: the field that names the server.
        alpn: the field with what the client offered, first first.
        secret: whether what it speaks is encrypted.
    """

    wanted: Wanted
    host: str
    basis: str
    app: str
    alpn: str
    secret: bool


# The first that names a server is believed: QUIC's hello stands in ssl.log again.
LOGS: Final = (
    Log(
        Wanted(frozenset({"quic"}), {**_HELLO, "client_protocol": WORD}, _UID),
        *("server_name", "quic-sni", "quic", "client_protocol", True),
    ),
    Log(
        Wanted(
            frozenset({"ssl", "open_ssl"}),
            {
                **_HELLO, "version": WORD, "cipher": WORD, "orig_alpn": LIST,
                "ech_kdf_id": INT,
            },
            _UID,
        ),
        *("server_name", "tls-sni", "tls", "orig_alpn", True),
    ),
    Log(
        Wanted(frozenset({"http", "open_http"}), {"uid": TEXT, "host": WORD}, _UID),
        *("host", "http-host", "http", "", False),
    ),
    Log(
        Wanted(
            frozenset({"dns"}),
            {
                "uid": TEXT, "query": WORD, "ts": REAL, "rtt": REAL, "id.orig_h": TEXT,
                "id.resp_p": INT, "qtype_name": WORD, "answers": LIST, "TTLs": REALS,
            },
            _UID,
        ),
        *("query", "dns-query", "dns", "", False),
    ),
)  # fmt: skip
JOINED: Final = frozenset(name for log in LOGS for name in log.wanted.logs)

_BASES: Final = pa.array([log.basis for log in LOGS] + ["ech-outer", "dns-answer"])
_ECH_OUTER, _DNS_ANSWER = len(LOGS), len(LOGS) + 1
_VERSIONS: Final = (
    "", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3", "DTLS 1.0", "DTLS 1.2", "DTLS 1.3",
)  # fmt: skip
_WRITTEN: Final = (
    "", "SSLv3", "TLSv10", "TLSv11", "TLSv12", "TLSv13", "DTLSv10", "DTLSv12", "DTLSv13",
)  # fmt: skip
_APPS: Final = pa.array([log.app for log in LOGS] + ["dtls"])
# columns of what is kept; the last is not merged
_HOST, _ALPN, _JA4, _CIPHER, _VERSION, _FILE = range(6)
_PLAIN: Final = "^[a-z0-9._-]*[a-z0-9_-]$"  # nearly all: told without looking for parts
_NAME: Final = r"^(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,255}?)\.?(?::[0-9]*)?$"
_LONGEST: Final = 255
_OFFERED: Final = 16  # added to the version: Encrypted Client Hello


class Names:
    """All that the logs beside a ``conn.log`` say; records come first, questions later."""

    def __init__(self) -> None:
        self._records: list[tuple[int, int, int, pa.Table]] = []
        self._answers: list[pa.Table] = []
        self._keys: Ints = np.zeros(0, np.int64)
        self._fields = np.zeros((0, 6), np.int32)
        self._slots = np.zeros(1, np.int32)
        self._used = np.zeros(0, np.bool_)
        self._several = np.zeros(0, np.bool_)
        self._texts: dict[int, pa.Array] = {}
        self._given: Answers | None = None

    def __bool__(self) -> bool:
        return bool(self._records) or len(self._keys) > 0

    def add(self, rank: int, batch: Batch, file: int) -> None:
        """Keeps the records of one of ``LOGS``; several threads may do so."""
        log = LOGS[rank]
        zeek = batch.columns
        uid = zeek["uid"]
        keys = text_keys(uid)
        rows = len(uid)
        hosts = _encoded(zeek.get(log.host), rows, _hosts)
        version = _version_codes(zeek.get("version"), rows)
        if "ech_kdf_id" in zeek:
            offered = np.asarray(pc.is_valid(zeek["ech_kdf_id"]))
            version = np.where(offered, np.maximum(version, 0) | _OFFERED, version)
        table = pa.table(
            {
                "key": pa.array(keys),
                "host": hosts,
                "alpn": _encoded(_first(zeek.get(log.alpn)), rows, _tokens),
                "ja4": _encoded(zeek.get("ja4"), rows, _tokens),
                "cipher": _encoded(zeek.get("cipher"), rows, _suites),
                "version": pa.array(version.astype(np.int8)),
            }
        )
        if uid.null_count:
            table = table.filter(pc.is_valid(uid))
        self._records.append((rank, file, batch.where.line, table))
        if log.app == "dns" and "answers" in zeek:
            self._answers.append(answered(zeek, hosts))

    def settle(self) -> None:
        """Joins what was kept; nothing may be added afterwards."""
        self._records.sort(key=lambda record: record[:3])
        sizes = [len(table) for *_, table in self._records]
        if not sum(sizes):
            self._records = []
            return
        kept = pa.concat_tables([table for *_, table in self._records])
        told = [rank << 28 | file for rank, file, *_ in self._records]
        self._records = []
        self._fields = np.empty((len(kept), 6), np.int32)
        for place, name in (
            (_HOST, "host"), (_ALPN, "alpn"), (_JA4, "ja4"), (_CIPHER, "cipher"),
        ):  # fmt: skip
            self._fields[:, place], self._texts[place] = _unified(kept[name])
            kept = kept.drop_columns([name])  # no more is held than must be
        self._fields[:, _VERSION] = np.asarray(kept["version"])
        self._fields[:, _FILE] = np.repeat(np.array(told, np.int32), sizes)
        self._keys = np.require(kept["key"].to_numpy(), requirements=["W"])
        del kept
        pa.default_memory_pool().release_unused()
        # a name and where it was seen belong together
        named = self._fields[:, _HOST] >= 0
        self._fields[named, _HOST] = self._fields[named, _HOST] << 2 | (
            self._fields[named, _FILE] >> 28
        )
        self._slots = np.zeros(1 << (len(self._keys) * 2 - 1).bit_length(), np.int32)
        self._used = np.zeros(len(self._keys), np.bool_)
        self._several = np.zeros(len(self._keys), np.bool_)
        _merged(self._keys, self._fields, self._slots, self._several)
        if self._answers:
            self._given = Answers(self._answers)
            self._answers = []

    def unmatched(self) -> dict[int, int]:
        """Per file, how many connections it told of first that nobody asked for."""
        rows = self._slots[self._slots > 0] - 1
        return self._by_file(rows[~self._used[rows]])

    def several(self) -> dict[int, int]:
        """Per file, how many connections of which it gives only one of several names."""
        return self._by_file(np.flatnonzero(self._several & self._used))

    def _by_file(self, rows: Any) -> dict[int, int]:  # noqa: ANN401 - numbers of rows
        files, counts = np.unique(self._fields[rows, _FILE] & (1 << 28) - 1, return_counts=True)
        return dict(zip(files.tolist(), counts.tolist(), strict=True))

    def told(self, uid: pa.StringArray, flows: dict[str, Any]) -> dict[str, Any]:
        """``flows`` (columns of a batch) with what is known of these connections."""
        rows = np.full(len(uid), -1, np.int64)
        if len(self._keys):
            _found(text_keys(uid), self._keys, self._slots, self._used, rows)
            if uid.null_count:
                rows[np.asarray(pc.is_null(uid))] = -1
        some = rows >= 0
        fields = np.where(some[:, None], self._fields[rows], -1) if len(self._keys) else None
        if fields is None:
            return flows
        named = fields[:, _HOST] >= 0
        version = np.maximum(fields[:, _VERSION], 0)
        rank = np.maximum(fields[:, _FILE] >> 28, 0)
        ech = version & _OFFERED > 0
        basis = np.where(ech, _ECH_OUTER, fields[:, _HOST] & 3)
        host = _texts(self._texts[_HOST], fields[:, _HOST] >> 2, named)
        given = self._given_to(flows, named)
        if given is not None:
            numbers, names = given
            told = numbers >= 0
            host = pc.coalesce(host, _texts(names, numbers, told))
            basis = np.where(told, _DNS_ANSWER, basis)
            named |= told
        dtls = (version & 15) >= _VERSIONS.index("DTLS 1.0")
        app = _texts(_APPS, np.where(dtls, len(LOGS), rank), some)
        secret = pa.array(np.array([log.secret for log in LOGS])[rank], mask=~some)
        flows |= {
            "host": host,
            "host_basis": _texts(_BASES, basis, named),
            "alpn": _texts(self._texts[_ALPN], fields[:, _ALPN], fields[:, _ALPN] >= 0),
            "ja4": _texts(self._texts[_JA4], fields[:, _JA4], fields[:, _JA4] >= 0),
            "tls_version": _texts(pa.array(_VERSIONS), version & 15, version & 15 > 0),
            "tls_cipher": _texts(self._texts[_CIPHER], fields[:, _CIPHER], fields[:, _CIPHER] >= 0),
            "ech": pa.array(ech, mask=~ech),  # that none was offered, no log says
            "app": pc.coalesce(flows["app"], app),
            "encrypted": pc.if_else(
                pc.fill_null(secret, False), True, pc.coalesce(flows["encrypted"], secret)
            ),
        }
        return flows

    def _given_to(
        self, flows: dict[str, Any], named: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.int32], pa.Array] | None:
        """Per flow without a name, the number of the one that DNS gave its server's address."""
        if self._given is None:
            return None
        asking = np.flatnonzero(~named)
        numbers = np.full(len(named), -1, np.int32)
        if len(asking):
            places = pa.array(asking)
            client, server = (addressed(flows[end].take(places))[1] for end in ("src_ip", "dst_ip"))
            start = np.asarray(pc.fill_null(flows["start"].take(places), -1))
            numbers[asking] = self._given.to(client, server, start)
        return numbers, self._given.names


def _encoded(column: Any, rows: int, made: Any) -> pa.DictionaryArray:  # noqa: ANN401
    """A column of texts, as ``made`` writes its distinct values; what that leaves out is null."""
    if column is None:
        column = pa.nulls(rows, TEXT)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    words = made(column.dictionary).dictionary_encode()
    return pa.DictionaryArray.from_arrays(words.indices.take(column.indices), words.dictionary)


def _unified(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int32], pa.Array]:
    """The number of each text, -1 = null, and the texts."""
    array = column.unify_dictionaries().combine_chunks()
    return _codes(array), array.dictionary


def _codes(column: pa.DictionaryArray) -> npt.NDArray[np.int32]:
    """The number of each text; -1 = null."""
    codes: npt.NDArray[np.int32] = np.asarray(pc.fill_null(column.indices, -1))
    return codes.astype(np.int32)


def _texts(words: pa.Array, codes: Any, known: npt.NDArray[np.bool_]) -> pa.Array:  # noqa: ANN401
    return words.take(pa.array(codes.astype(np.int32), mask=~known))


def _hosts(texts: pa.StringArray) -> pa.StringArray:
    """Names in lower case, without port or last dot; null where one is no name."""
    names = pc.ascii_lower(texts)
    plain = bools(pc.match_substring_regex(names, _PLAIN))
    plain &= bools(pc.less_equal(pc.binary_length(names), _LONGEST))
    if plain.all():
        return names
    others = pc.struct_field(pc.extract_regex(names.filter(pa.array(~plain)), _NAME), "host")
    return pc.replace_with_mask(names, pa.array(~plain), others)


def _tokens(texts: pa.StringArray) -> pa.StringArray:
    return pc.if_else(pc.match_substring_regex(texts, "^[!-~]{1,64}$"), texts, None)


def _suites(texts: pa.StringArray) -> pa.StringArray:
    """Names as IANA writes them; what Zeek has no name for is null."""
    return pc.if_else(pc.match_substring_regex(texts, "^TLS_[A-Za-z0-9_]{1,80}$"), texts, None)


def _version_codes(column: Any, rows: int) -> npt.NDArray[np.int32]:  # noqa: ANN401
    """Places in ``_VERSIONS``: ``TLSv12`` is ``TLS 1.2``, a draft is what it became; -1 = none."""
    if column is None:
        return np.full(rows, -1, np.int32)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    plain = pc.replace_substring_regex(column.dictionary, "-draft.*", "")
    places = pc.index_in(plain, pa.array(_WRITTEN)).take(column.indices)
    return np.asarray(pc.fill_null(places, -1)).astype(np.int32)


def _first(column: Any) -> Any:  # noqa: ANN401
    """The first text of each list; a column of texts stays as it is."""
    if column is None or not pa.types.is_list(column.type):
        return column
    some = bools(pc.greater(pc.list_value_length(column), 0))
    firsts = pc.list_flatten(pc.list_slice(column.filter(pa.array(some)), 0, 1))
    places = np.cumsum(some) - 1
    return firsts.take(pa.array(places, mask=~some))


@entry
def _merged(keys: Any, fields: Any, slots: Any, several: Any) -> None:  # noqa: ANN401 - compiled
    """Enters each key once; later records of it fill in what the first does not say.

    Marks those for which one log has several names.
    """
    mask = slots.shape[0] - 1
    for row in range(keys.shape[0]):
        slot = mixed(keys[row], 1) & mask
        while slots[slot] > 0 and keys[slots[slot] - 1] != keys[row]:
            slot = (slot + 1) & mask
        if slots[slot] == 0:
            slots[slot] = row + 1
            continue
        first = slots[slot] - 1
        name, other = fields[first, 0], fields[row, 0]
        if name >= 0 and other >= 0 and name != other and (name ^ other) & 3 == 0:
            several[first] = True
        for place in range(5):
            if fields[first, place] < 0:
                fields[first, place] = fields[row, place]


@entry
def _found(wanted: Any, keys: Any, slots: Any, used: Any, rows: Any) -> None:  # noqa: ANN401
    """Writes the row of each key that is known, and marks it as used."""
    mask = slots.shape[0] - 1
    for place in range(wanted.shape[0]):
        slot = mixed(wanted[place], 1) & mask
        while slots[slot] > 0 and keys[slots[slot] - 1] != wanted[place]:
            slot = (slot + 1) & mask
        if slots[slot] > 0:
            rows[place] = slots[slot] - 1
            used[slots[slot] - 1] = True

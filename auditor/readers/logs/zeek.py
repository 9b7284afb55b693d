"""Zeek's ``conn.log``, joined with the logs beside it (``docs/formats/zeek.md``)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.logs.zeek_names import JOINED, Names
from auditor.readers.logs.zeek_text import (
    CONN,
    INT,
    LIST,
    REAL,
    TEXT,
    WORD,
    Piece,
    Text,
    Wanted,
    log_of,
    moments,
    nanoseconds,
    unescaped,
)  # fmt: skip
from auditor.readers.records.batch import Batch
from auditor.readers.records.checked import bools

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.readers.reading import Settings
    from auditor.readers.records.tally import Kinds, Tally

KINDS: Final[Kinds] = {
    "no-header": (
        "{count} line(s) have no Zeek header above them and were not read",
        "Keep the # lines that Zeek writes at the top; zeek-cut without -C drops them.",
    ),
    "other-log": (
        "{count} line(s) belong to another Zeek log than their file and were not read",
        "Give each log as a file of its own.",
    ),
    "missing-field": (
        "{count} line(s) were not read, for their header lacks {detail}",
        "conn.log must keep ts, id.orig_h, id.resp_h, and proto or ip_proto; the others uid.",
    ),
    "bad-header": (
        "{count} header line(s) were not obeyed ({detail})",
        "Write the log with Zeek's ASCII writer and a separator of one ASCII character.",
    ),
    "no-duration": (
        "{count} record(s) of several packets have no duration and end when they start",
        "Their totals are right; their time span is not known.",
    ),
    "missed-bytes": (
        "Zeek missed {detail} bytes of content in {count} record(s)",
        "The sensor lost packets: see capture_loss.log; volumes of these flows are uncertain.",
    ),
    "absurd-payload": (
        "{count} payload size(s) exceed the IP bytes of their side and were left empty",
        "Zeek takes them from TCP sequence numbers, which can mislead; IP bytes are used instead.",
    ),
    "tunnelled": (
        "{count} record(s) ran inside tunnels whose kind conn.log does not say",
        "tunnel.log of the same hour names the tunnels; audit the capture to see both ends.",
    ),
    "cut-last-line": (
        "the last line has no line end: {detail}",
        "The file was cut, or was still being written; copy it again once Zeek has rotated it.",
    ),
    "not-closed": (
        "the log has no #close line at its end: it was cut there, or is still growing",
        "Copy it again once Zeek has rotated it, if records could be missing.",
    ),
    "not-needed": (
        "this is Zeek's {detail} log, which says nothing of where data went; it was not used",
        "Nothing needs to be done: conn, ssl, quic, http and dns are used.",
    ),
    "names-without-conn": (
        "no conn.log lies beside this log ({detail}): its {count} record(s) make no flows",
        "Put conn.log of the same time into the same folder, and name the folder.",
    ),
    "unmatched-names": (
        "{count} connection(s) that this log tells of are in no conn.log beside it",
        "Give the conn.log of the hours before and after too; long connections are logged late.",
    ),
    "several-names": (
        "{count} connection(s) asked for several hosts; the first is shown",
        "http.log and dns.log list every one, by uid.",
    ),
}

WANTED: Final = Wanted(
    CONN,
    {
        "ts": REAL, "id.orig_h": TEXT, "id.orig_p": INT, "id.resp_h": TEXT, "id.resp_p": INT,
        "proto": WORD, "ip_proto": INT, "service": WORD, "duration": REAL, "orig_bytes": INT,
        "resp_bytes": INT, "missed_bytes": INT, "history": WORD, "orig_pkts": INT,
        "orig_ip_bytes": INT, "resp_pkts": INT, "resp_ip_bytes": INT, "tunnel_parents": LIST,
        "vlan": INT, "inner_vlan": INT, "community_id": TEXT, "uid": TEXT,
    },
    (("ts",), ("id.orig_h",), ("id.resp_h",), ("proto", "ip_proto")),
    JOINED,
)  # fmt: skip
"""Times and intervals are in seconds."""

ALONE: Final = replace(WANTED, fields={k: v for k, v in WANTED.fields.items() if k != "uid"})
"""Where no other log lies beside it, nobody asks for the name of a connection."""

PROTOCOLS: Final = {
    "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "dccp": 33, "gre": 47, "esp": 50, "ah": 51,
    "icmp6": 58, "ospf": 89, "pim": 103, "sctp": 132, "udplite": 136,
}  # fmt: skip
ICMP, ICMPV6 = 1, 58
# Letter of ``history``: the TCP flags it proves (bits of RFC 9293 section 3.1); ``D`` proves none.
FLAGS: Final = {"S": 2, "H": 2 | 16, "A": 16, "F": 1, "R": 4, "I": 1 | 4, "Q": 2}
ENCRYPTED: Final = frozenset({"ssl", "tls", "dtls", "ssh", "quic", "wireguard", "openvpn", "ipsec"})
CLEAR: Final = frozenset((
    "dhcp", "dnp3", "dns", "finger", "ftp", "ftp-data", "http", "ident", "imap", "irc",
    "modbus", "mqtt", "mysql", "nfs", "nntp", "ntp", "pop3", "postgresql", "redis", "sip",
    "smtp", "snmp", "socks", "syslog", "telnet", "tftp", "websocket", "xmpp",
))  # fmt: skip
WRAPPERS: Final = frozenset({"gssapi", "ntlm", "spnego"})  # they sign in; another protocol talks
NAMES: Final = {"ssl": "tls", "krb": "kerberos", "krb_tcp": "kerberos", "ldap_tcp": "ldap",
                "ldap_udp": "ldap"}  # fmt: skip
_SAME: Final = ("start", "src_ip", "src_port", "dst_ip", "dst_port", "protocol")
LONG: Final = 60 * 1_000_000_000
"""ns from which on a connection may have been logged while it ran."""


@dataclass(frozen=True, slots=True)
class Conn:
    """The log of connections, as a format; ``names`` is what the logs beside it say."""

    names: Names = field(default_factory=Names)
    name: str = "zeek"
    seen_by: str = "zeek"
    one_way: bool = False

    @property
    def kinds(self) -> Kinds:
        """Troubles that only Zeek's logs have."""
        return KINDS

    def sniff(self, head: bytes) -> float:
        """Sure of a header, nearly of JSON: any of Zeek's logs is taken."""
        if not log_of(head):
            return 0.0
        return 0.9 if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else 1.0

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Form:
        """One file."""
        del settings
        return _Form(head, self.names, tally, interim=log_of(head) != "conn")


class _Form(Text):
    def __init__(self, head: bytes, names: Names, tally: Tally, *, interim: bool) -> None:
        super().__init__(head, WANTED if names else ALONE, tally)
        self._names = names
        self._interim = interim

    def parsed(self, piece: Piece) -> Batch:
        """The records of a piece."""
        zeek = self.columns(piece)
        found = flows(zeek, self._tally)
        if self._names:
            uid = zeek.columns.get("uid", pa.nulls(len(zeek), TEXT))
            found = self._names.told(uid, found)
        found |= _sessions(found, interim=self._interim)
        return Batch(found, zeek.where)


def flows(batch: Batch, tally: Tally) -> dict[str, Any]:
    """The columns of a batch out of Zeek's own."""
    zeek = batch.columns
    rows = len(batch)
    start = moments(zeek["ts"])
    found: dict[str, Any] = {
        "start": start,
        "end": _end(start, batch, tally),
        "protocol": _protocols(zeek, rows),
        "src_ip": zeek["id.orig_h"],
        "dst_ip": zeek["id.resp_h"],
    }
    for name, its in (
        ("src_port", "id.orig_p"), ("dst_port", "id.resp_p"), ("src_packets", "orig_pkts"),
        ("dst_packets", "resp_pkts"), ("src_bytes", "orig_ip_bytes"),
        ("dst_bytes", "resp_ip_bytes"), ("community_id", "community_id"),
    ):  # fmt: skip
        if its in zeek:
            found[name] = zeek[its]
    for side, its in (("src", "orig"), ("dst", "resp")):
        found[f"{side}_payload"] = _payload(its, batch, tally)
        if "history" in zeek:
            found[f"{side}_tcp_flags"] = _by_word(zeek["history"], _flags[side])
    services = zeek.get("service", pa.nulls(rows, TEXT))
    found["app"] = _by_word(services, _apps)
    found["encrypted"] = _by_word(services, _encryption)
    if "vlan" in zeek:
        found["vlan"] = _vlans(zeek, rows)
    parents = zeek.get("tunnel_parents")
    if parents is not None and parents.null_count < rows:
        inside = bools(pc.greater(pc.list_value_length(parents), 0))
        batch.counted(inside, "tunnelled", tally, "")
    missed = zeek.get("missed_bytes")
    if missed is not None:
        gaps = bools(pc.greater(missed, 0))
        if gaps.any():
            batch.counted(gaps, "missed-bytes", tally, "")
            tally.add_sum("missed-bytes", pc.sum(missed.filter(pa.array(gaps))).as_py())
    return found


def _end(start: pa.Int64Array, batch: Batch, tally: Tally) -> pa.Int64Array:
    """When a connection ended; when it began, if its duration is not known."""
    zeek = batch.columns
    lasted = zeek.get("duration", pa.nulls(len(batch), REAL))
    length = nanoseconds(lasted)
    if length.null_count > lasted.null_count:
        wrong = np.asarray(pc.and_(pc.is_null(length), pc.is_valid(lasted)))
        batch.counted(wrong, "bad-number", tally, "duration")
    if length.null_count and {"orig_pkts", "resp_pkts"} <= zeek.keys():
        several = pc.greater(pc.add(zeek["orig_pkts"], zeek["resp_pkts"]), 1)
        batch.counted(bools(pc.and_(pc.is_null(length), several)), "no-duration", tally, "")
    return pc.add(start, pc.fill_null(length, 0))


def _protocols(zeek: dict[str, Any], rows: int) -> pa.Int64Array:
    """IP protocol numbers: as logged, else from the name; Zeek calls ICMPv6 ``icmp`` too."""
    logged = zeek.get("ip_proto", pa.nulls(rows, INT))
    span = pc.min_max(logged).as_py()
    if rows and logged.null_count == 0 and span["min"] >= 0 and span["max"] < 256:
        return logged
    in_range = pc.and_(pc.greater_equal(logged, 0), pc.less(logged, 256))
    logged = pc.if_else(in_range, logged, None)
    if "proto" not in zeek:
        return logged
    named = _by_word(zeek["proto"], _numbers)
    echo = bools(pc.equal(named, ICMP))
    if echo.any():
        over_v6 = pc.match_substring(zeek["id.orig_h"], ":")
        named = pc.if_else(pc.and_(pa.array(echo), over_v6), ICMPV6, named)
    return pc.coalesce(logged, named)


def _payload(side: str, batch: Batch, tally: Tally) -> pa.Int64Array:
    """Payload of one side; null where it cannot be true.

    Zeek takes it from TCP sequence numbers. More payload than IP bytes and known gaps together
    can hold is a mistake of that method, not traffic.
    """
    zeek = batch.columns
    payload, held = zeek.get(f"{side}_bytes"), zeek.get(f"{side}_ip_bytes")
    if payload is None or held is None:
        return pa.nulls(len(batch), INT) if payload is None else payload
    absurd = bools(pc.greater(payload, held))
    if absurd.any() and "missed_bytes" in zeek:
        room = pc.add(held, pc.fill_null(zeek["missed_bytes"], 0))
        absurd = bools(pc.greater(payload, room))
    if not batch.counted(absurd, "absurd-payload", tally, ""):
        return payload
    return pc.if_else(pa.array(absurd), None, payload)


def _sessions(found: dict[str, Any], *, interim: bool) -> dict[str, Any]:
    """Of which connection a record tells, where another record may tell of it again.

    Zeek logs a connection when it is over; packages log long ones as long as they run too. What
    they have in common besides ``uid`` is enough, and need not be read for every record.
    """
    start = found["start"]
    rows = len(start)
    if interim:
        lasting = np.ones(rows, np.bool_)
    else:
        lasting = bools(pc.greater_equal(pc.subtract(found["end"], start), LONG))
    if not lasting.any():
        return {}
    places = pa.array(np.flatnonzero(lasting))
    parts = [found[name].take(places).cast(TEXT) for name in _SAME if name in found]
    told = pc.binary_join_element_wise(*parts, " ", null_handling="replace")
    session = told.take(pa.array(np.cumsum(lasting) - 1, mask=~lasting))
    return {"session": session, "unfinished": pa.repeat(interim, rows)}


def _by_word(column: Any, made: Callable[[pa.Array], pa.Array]) -> pa.Array:  # noqa: ANN401
    """``made`` of the distinct values of ``column``, spread over its rows."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    return made(column.dictionary).take(column.indices)


def _numbers(names: pa.StringArray) -> pa.Int64Array:
    return pa.array([PROTOCOLS.get(name.lower()) for name in names.to_pylist()], INT)


def _proved(history: str, letters: dict[str, int]) -> int | None:
    """TCP flags of one side that ``history`` proves.

    Null where the letters do not tell all: analysis stopped (``x``), or Zeek turned the
    connection round (``^``) after some letters had been written for the other side.
    """
    if "x" in history.lower() or history.find("^") > 0:
        return None
    flags = 0
    for letter in set(history):
        flags |= letters.get(letter, 0)
    return flags


def _src_flags(texts: pa.StringArray) -> pa.Int64Array:
    return pa.array([_proved(text, FLAGS) for text in texts.to_pylist()], INT)


def _dst_flags(texts: pa.StringArray) -> pa.Int64Array:
    letters = {letter.lower(): bits for letter, bits in FLAGS.items()}
    return pa.array([_proved(text, letters) for text in texts.to_pylist()], INT)


_flags: Final = {"src": _src_flags, "dst": _dst_flags}


def _vlans(zeek: dict[str, Any], rows: int) -> pa.StringArray:
    inner = zeek.get("inner_vlan", pa.nulls(rows, INT))
    outer, inner = (column.cast(TEXT) for column in (zeek["vlan"], inner))
    both = pc.binary_join_element_wise(outer, inner, ".")
    return pc.coalesce(both, outer, inner)


def _services(text: str) -> list[str]:
    """Protocols of one ``service`` value; those that Zeek took back (``-ssl``) are left out."""
    plain = unescaped(text.encode()).decode("utf-8", "replace").lower()
    names = (name.strip() for name in plain.split(","))
    return [name for name in names if name and not name.startswith("-")]


def _apps(texts: pa.StringArray) -> pa.StringArray:
    return pa.array([_app(_services(text)) for text in texts.to_pylist()], TEXT)


def _app(services: list[str]) -> str | None:
    if "quic" in services:  # Zeek names the TLS inside it as well, in any order
        return "quic"
    talking = [name for name in services if name not in WRAPPERS] or services
    return NAMES.get(talking[0], talking[0]) if talking else None


def _encryption(texts: pa.StringArray) -> pa.BooleanArray:
    return pa.array([_encrypted(_services(text)) for text in texts.to_pylist()], pa.bool_())


def _encrypted(services: list[str]) -> bool | None:
    if ENCRYPTED.intersection(services):
        return True
    return False if CLEAR.intersection(services) else None

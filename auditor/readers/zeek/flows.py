"""Zeek's columns turned into the columns of the flow table."""

from __future__ import annotations

import ipaddress
from socket import AF_INET6, inet_ntop, inet_pton
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.reading import ROWS
from auditor.readers.zeek.tsv import unescaped

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.readers.logs.tally import Tally
    from auditor.readers.zeek.records import Records

SCHEMA: Final = ROWS
ORDER: Final = ("start", "src_ip", "src_port", "dst_ip", "dst_port", "protocol")
LATEST: Final = 9_200_000_000.0  # seconds; nanoseconds end in the year 2262
UNKNOWN_PROTOCOL: Final = 255  # IANA: reserved
PROTOCOLS: Final = {
    "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "dccp": 33, "gre": 47, "esp": 50, "ah": 51,
    "icmp6": 58, "ospf": 89, "pim": 103, "sctp": 132, "udplite": 136,
}  # fmt: skip
WITH_PORTS: Final = (6, 17, 33, 132, 136)
ICMP: Final = 1
ICMPV6: Final = 58
TCP: Final = 6
# Letter of ``history``: the TCP flags it proves (bits of RFC 9293 section 3.1); ``D`` proves none.
FLAGS: Final = {"S": 2, "H": 2 | 16, "A": 16, "F": 1, "R": 4, "I": 1 | 4, "Q": 2}
_OCTET: Final = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4: Final = rf"^({_OCTET}\.){{3}}{_OCTET}$"

ENCRYPTED: Final = frozenset({"ssl", "tls", "dtls", "ssh", "quic", "wireguard", "openvpn", "ipsec"})
CLEAR: Final = frozenset((
    "dhcp", "dnp3", "dns", "finger", "ftp", "ftp-data", "http", "ident", "imap", "irc",
    "modbus", "mqtt", "mysql", "nfs", "nntp", "ntp", "pop3", "postgresql", "redis", "sip",
    "smtp", "snmp", "socks", "syslog", "telnet", "tftp", "websocket", "xmpp",
))  # fmt: skip
WRAPPERS: Final = frozenset({"gssapi", "ntlm", "spnego"})  # they sign in; another protocol talks
NAMES: Final = {"ssl": "tls", "krb": "kerberos", "krb_tcp": "kerberos", "ldap_tcp": "ldap",
                "ldap_udp": "ldap"}  # fmt: skip


def flow_columns(records: Records, tally: Tally) -> pa.Table:
    """The flows of ``records``, in ``SCHEMA``; what is wrong with them goes into ``tally``."""
    for name, wrong in records.bad_numbers.items():
        if name != "ts":
            _count("bad-number", wrong, records, tally, detail=name)
    kept, source, target = _usable(records, tally)
    zeek = {name: kept.columns.column(name).combine_chunks() for name in kept.columns.column_names}
    protocol = _protocols(zeek, source, kept, tally)
    has_ports = pc.is_in(protocol, pa.array(WITH_PORTS, pa.uint8()))
    start, end = _times(zeek, kept, tally)
    app = _by_distinct(zeek["service"], _apps)
    columns = {
        "start": start,
        "end": end,
        "seen_by": pa.repeat("zeek", len(source)),
        "time_basis": pa.repeat("recorded", len(source)),
        "clock": pa.repeat("stated", len(source)),
        "protocol": protocol,
        "src_ip": source,
        "src_port": _ports(zeek["id.orig_p"], has_ports, kept, tally, "id.orig_p"),
        "dst_ip": target,
        "dst_port": _ports(zeek["id.resp_p"], has_ports, kept, tally, "id.resp_p"),
        "initiator_basis": pa.repeat("recorded", len(source)),
        "src_packets": _count_of("orig_pkts", zeek, kept, tally),
        "dst_packets": _count_of("resp_pkts", zeek, kept, tally),
        "src_bytes": _count_of("orig_ip_bytes", zeek, kept, tally),
        "dst_bytes": _count_of("resp_ip_bytes", zeek, kept, tally),
        "src_payload": _payload("orig", zeek, kept, tally),
        "dst_payload": _payload("resp", zeek, kept, tally),
        "src_tcp_flags": _flags(zeek["history"], protocol, str.upper),
        "dst_tcp_flags": _flags(zeek["history"], protocol, str.lower),
        "vlan": _vlans(zeek),
        "app": app,
        "encrypted": _by_distinct(zeek["service"], _encryption),
    }
    _count("tunnelled", pc.is_valid(zeek["tunnel_parents"]), kept, tally)
    missed = pc.greater(zeek["missed_bytes"], 0)
    if _count("missed-bytes", missed, kept, tally):
        tally.add_sum("missed-bytes", pc.sum(zeek["missed_bytes"].filter(missed)).as_py())
    rows = len(source)
    return pa.table(
        [columns.get(field.name, pa.nulls(rows, field.type)) for field in SCHEMA], schema=SCHEMA
    )


def _count(
    kind: str, mask: pa.BooleanArray, records: Records, tally: Tally, *, detail: str = ""
) -> int:
    """How many rows ``mask`` marks; counted as ``kind`` if there are any."""
    count: int = pc.sum(mask).as_py() or 0
    if count:
        first = pc.index(mask, True).as_py()
        tally.add(kind, records.line_of(first), count=count, detail=detail)
    return count


def _usable(records: Records, tally: Tally) -> tuple[Records, pa.StringArray, pa.StringArray]:
    """The records that have a time and two addresses, and these; the others are counted."""
    time = records.columns.column("ts").combine_chunks()
    in_range = pc.and_(pc.greater_equal(time, 0.0), pc.less(time, LATEST))
    has_time = pc.fill_null(in_range, False)
    source, target = (
        _by_distinct(records.columns.column(name).combine_chunks(), _addresses)
        for name in ("id.orig_h", "id.resp_h")
    )
    placed = pc.and_(pc.is_valid(source), pc.is_valid(target))
    usable = pc.and_(has_time, placed)
    for kind, lost in (
        ("bad-time", pc.invert(has_time)),
        ("bad-address", pc.and_(has_time, pc.invert(placed))),
    ):
        rows = pc.indices_nonzero(lost).to_pylist()
        if rows:
            size = records.size_of(rows)
            tally.add(kind, records.line_of(rows[0]), count=len(rows), lost=size)
    return records.filtered(usable), source.filter(usable), target.filter(usable)


def _by_distinct(column: pa.DictionaryArray, values: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """``values`` of the distinct values of ``column``, spread over its rows."""
    return values(column.dictionary).take(column.indices)


def _addresses(texts: pa.StringArray) -> pa.StringArray:
    """Addresses in canonical form (RFC 5952); null where the text is none."""
    is_v4 = pc.match_substring_regex(texts, _IPV4)
    if pc.all(is_v4).as_py():
        return texts
    checked = [
        text if plain else _ipv6(text)
        for text, plain in zip(texts.to_pylist(), is_v4.to_pylist(), strict=True)
    ]
    return pa.array(checked, pa.string())


def _ipv6(text: str) -> str | None:
    try:
        packed = inet_pton(AF_INET6, text.removeprefix("[").removesuffix("]"))
    except (OSError, ValueError):
        return None
    if any(packed[:10]):
        return inet_ntop(AF_INET6, packed)
    address = ipaddress.IPv6Address(packed)  # C libraries disagree about addresses in ::/80
    mapped = address.ipv4_mapped
    return str(address) if mapped is None else f"::ffff:{mapped}"


def _protocols(
    zeek: dict[str, Any], source: pa.StringArray, records: Records, tally: Tally
) -> pa.UInt8Array:
    """IP protocol numbers: as logged, else from the name; Zeek calls ICMPv6 ``icmp`` too."""
    logged = zeek["ip_proto"]
    in_range = pc.and_(pc.greater_equal(logged, 0), pc.less(logged, 256))
    logged = pc.if_else(in_range, logged, None)
    named = _by_distinct(
        zeek["proto"],
        lambda names: pa.array(
            [PROTOCOLS.get(name.lower()) for name in names.to_pylist()], pa.int64()
        ),
    )
    over_v6 = pc.match_substring(source, ":")
    named = pc.if_else(pc.and_(pc.equal(named, ICMP), over_v6), ICMPV6, named)
    number = pc.coalesce(logged, named)
    _count("unknown-protocol", pc.is_null(number), records, tally)
    return pc.fill_null(number, UNKNOWN_PROTOCOL).cast(pa.uint8())


def _times(zeek: dict[str, Any], records: Records, tally: Tally) -> tuple[pa.Array, pa.Array]:
    """Start and end. Zeek's times are doubles: microseconds are what they hold exactly."""
    kind = pa.timestamp("ns", tz="UTC")
    lasted = zeek["duration"]
    end = pc.add(zeek["ts"], lasted)
    possible = pc.and_(pc.greater_equal(lasted, 0.0), pc.less(end, LATEST))
    _count(
        "bad-number", pc.fill_null(pc.invert(possible), False), records, tally, detail="duration"
    )
    lasted = pc.if_else(possible, lasted, None)
    several = pc.greater(pc.add(zeek["orig_pkts"], zeek["resp_pkts"]), 1)
    _count("no-duration", pc.and_(pc.is_null(lasted), several), records, tally)
    start = _nanoseconds(zeek["ts"])
    end = pc.add(start, pc.fill_null(_nanoseconds(lasted), 0))
    return start.cast(kind), end.cast(kind)


def _nanoseconds(seconds: pa.DoubleArray) -> pa.Int64Array:
    return pc.multiply(pc.round(pc.multiply(seconds, 1e6)).cast(pa.int64()), 1000)


def _ports(
    column: pa.Int64Array, has_ports: pa.BooleanArray, records: Records, tally: Tally, name: str
) -> pa.UInt16Array:
    """Ports; for ICMP Zeek writes type and code here, which are none."""
    in_range = pc.and_(pc.greater_equal(column, 0), pc.less(column, 65536))
    _count("bad-number", pc.fill_null(pc.invert(in_range), False), records, tally, detail=name)
    return pc.if_else(pc.and_(in_range, has_ports), column, None).cast(pa.uint16())


def _count_of(name: str, zeek: dict[str, Any], records: Records, tally: Tally) -> pa.Int64Array:
    """A counter; null where it is negative."""
    negative = pc.less(zeek[name], 0)
    _count("bad-number", pc.fill_null(negative, False), records, tally, detail=name)
    return pc.if_else(negative, None, zeek[name])


def _payload(side: str, zeek: dict[str, Any], records: Records, tally: Tally) -> pa.Int64Array:
    """Payload of one side; null where it cannot be true.

    Zeek takes it from TCP sequence numbers. More payload than IP bytes and known gaps together
    can hold is a mistake of that method, not traffic.
    """
    payload = _count_of(f"{side}_bytes", zeek, records, tally)
    missed = pc.fill_null(zeek["missed_bytes"], 0)
    room = pc.add(zeek[f"{side}_ip_bytes"], missed)
    absurd = pc.greater(payload, room)
    _count("absurd-payload", pc.fill_null(absurd, False), records, tally)
    return pc.if_else(pc.fill_null(absurd, False), None, payload)


def _flags(
    history: pa.DictionaryArray, protocol: pa.UInt8Array, case: Callable[[str], str]
) -> pa.UInt8Array:
    """TCP flags of one side that ``history`` proves.

    Null where the letters do not tell all: analysis stopped (``x``), or Zeek turned the
    connection round (``^``) after some letters had been written for the other side.
    """

    def proved(texts: pa.StringArray) -> pa.UInt8Array:
        total = pa.repeat(pa.scalar(0, pa.uint8()), len(texts))
        for letter, bits in FLAGS.items():
            seen = pc.match_substring(texts, case(letter)).cast(pa.uint8())
            total = pc.bit_wise_or(total, pc.multiply(seen, pa.scalar(bits, pa.uint8())))
        unclear = pc.or_(
            pc.greater(pc.find_substring(texts, "^"), 0),
            pc.match_substring(texts, "x", ignore_case=True),
        )
        return pc.if_else(unclear, None, total)

    flags = _by_distinct(history, proved)
    return pc.if_else(pc.equal(protocol, TCP), flags, None)


def _vlans(zeek: dict[str, Any]) -> pa.StringArray:
    outer, inner = (zeek[name].cast(pa.string()) for name in ("vlan", "inner_vlan"))
    both = pc.binary_join_element_wise(outer, inner, ".")
    return pc.coalesce(both, outer, inner)


def _services(text: str) -> list[str]:
    """Protocols of one ``service`` value; those that Zeek took back (``-ssl``) are left out."""
    plain = unescaped(text.encode()).decode("utf-8", "replace").lower()
    names = (name.strip() for name in plain.split(","))
    return [name for name in names if name and not name.startswith("-")]


def _apps(texts: pa.StringArray) -> pa.StringArray:
    return pa.array([_app(_services(text)) for text in texts.to_pylist()], pa.string())


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

"""Suricata's EVE JSON (``docs/formats/suricata.md``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.cipher_suites import suite_name
from auditor.readers.records.batch import Batch
from auditor.readers.records.checked import bools
from auditor.readers.records.joining import Joining
from auditor.readers.records.moments import moments, placed
from auditor.readers.records.reader import LogReader
from auditor.readers.records.tally import Tally
from auditor.readers.records.text import cleaned, json_lines
from auditor.readers.records.words import first_of, hosts, mapped, protocol_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from auditor.readers.reading import Settings
    from auditor.readers.records.lines import Block
    from auditor.readers.records.tally import Kinds

    Bools = npt.NDArray[np.bool_]

_TEXT: Final = pa.string()
_INT: Final = pa.int64()
TCP: Final = 6


def _object(kind: pa.DataType, *names: str, **more: pa.DataType) -> pa.StructType:
    return pa.struct([*((name, kind) for name in names), *more.items()])


SCHEMA: Final = pa.schema({
    "timestamp": _TEXT, "flow_id": _INT, "parent_id": _INT, "event_type": _TEXT,
    "src_ip": _TEXT, "src_port": _INT, "dest_ip": _TEXT, "dest_port": _INT, "proto": _TEXT,
    "app_proto": _TEXT, "community_id": _TEXT, "host": _TEXT, "pkt_src": _TEXT,
    "vlan": pa.list_(_INT),
    "flow": _object(
        _INT, "pkts_toserver", "pkts_toclient", "bytes_toserver", "bytes_toclient",
        start=_TEXT, end=_TEXT, action=_TEXT,
    ),
    "netflow": _object(_INT, "pkts", "bytes", start=_TEXT, end=_TEXT),
    "tcp": _object(_TEXT, "tcp_flags", "tcp_flags_ts", "tcp_flags_tc"),
    "tls": _object(
        _TEXT, "sni", "version", "ja4", client_alpns=pa.list_(_TEXT), ja3s=_object(_TEXT, "string"),
    ),
    "quic": _object(_TEXT, "sni", "ja4"),
    "http": _object(_TEXT, "hostname"),
    "dns": _object(_TEXT, "rrname", queries=pa.list_(_object(_TEXT, "rrname"))),
    "tunnel": _object(_TEXT, "src_ip", "dest_ip", "proto"),
})  # fmt: skip

EVENTS: Final = ("flow", "netflow", "tls", "quic", "http", "dns", "fileinfo")
"""Events that tell of flows, by the numbers that stand for them here."""

FLOW, NETFLOW, TLS, QUIC, HTTP, DNS, FILEINFO = range(len(EVENTS))
BASES: Final = (None, None, "tls-sni", "quic-sni", "http-host", "dns-query", "http-host")

ENCRYPTED: Final = frozenset({"tls", "ssh", "quic"})
CLEAR: Final = frozenset((
    "dhcp", "dnp3", "dns", "enip", "ftp", "ftp-data", "http", "http1", "http2", "imap", "ldap",
    "mdns", "modbus", "mqtt", "nfs", "ntp", "pgsql", "pop3", "sip", "smtp", "snmp", "telnet",
    "tftp", "websocket",
))  # fmt: skip
VERSIONS: Final = {
    "SSLv3": "SSL 3.0", "TLSv1": "TLS 1.0", "TLS 1.0": "TLS 1.0", "TLS 1.1": "TLS 1.1",
    "TLS 1.2": "TLS 1.2", "TLS 1.3": "TLS 1.3",
}  # fmt: skip

_KINDS: Final[Kinds] = {
    "frame-bytes": (
        "{count} record(s) count whole frames: link headers and padding are in their bytes",
        "On Ethernet take off 14 bytes a packet for the IP bytes; Suricata logs no exact number.",
    ),
    "no-flow-event": (
        "{count} flow(s) are known by their events only; their volumes are not in the log",
        "Turn on flow in eve-log's types, and give all files of the time span together.",
    ),
    "late-names": (
        "{count} event(s) of flows came so long after them that their names were not used",
        "Give the files of one sensor in one folder.",
    ),
    "several-names": (
        "{count} event(s) name another server than the one that is shown for their flow",
        "A proxy or a resolver: see the sensor's own http and dns events for all names.",
    ),
    "dropped-midway": (
        "{count} flow(s) were cut off by the sensor on the way; what it let pass is not known",
        "All their bytes are counted: an upper bound.",
    ),
    "tunnelled": (
        "{count} record(s) ran inside tunnels, which are flows of their own here",
        "The bytes of a tunnel hold those of the flows inside it.",
    ),
}


@dataclass(frozen=True, slots=True)
class Suricata:
    """The format."""

    name: str = "suricata-eve"
    seen_by: str = "suricata"
    one_way: bool = False

    @property
    def kinds(self) -> Kinds:
        """Troubles of this format."""
        return _KINDS

    def sniff(self, head: bytes) -> float:
        """Nearly certain where a line has what all events have, or is the sensor's statistics."""
        for line in head.split(b"\n")[:50]:
            if not line.startswith(b"{") or b'"event_type"' not in line:
                continue
            if b'"timestamp"' in line and (b'"src_ip"' in line or b'"stats"' in line):
                return 0.9
        return 0.0

    def begun(self, head: bytes, settings: Settings, tally: Tally) -> _Eve:
        """One file."""
        del head
        return _Eve(settings, tally)


class SuricataReader(LogReader):
    """Reads EVE logs; the events of a flow are joined."""

    gathering = Joining


class _Eve:
    def __init__(self, settings: Settings, tally: Tally) -> None:
        self._settings, self._tally = settings, tally

    def pieces(self, block: Block) -> Iterator[Block]:
        yield block

    def parsed(self, piece: Block) -> Batch:
        text = cleaned(piece, self._tally)
        table, where = json_lines(text, SCHEMA, self._tally, line=piece.line)
        names = table["event_type"].combine_chunks()
        kinds = pc.index_in(names, pa.array(EVENTS))
        batch = Batch({name: _whole(table[name]) for name in SCHEMA.names}, where)
        batch.columns["kind"] = pc.fill_null(kinds, -1)
        batch = batch.without(bools(pc.is_null(names)), "bad-line", self._tally)
        told = bools(pc.greater_equal(batch.columns["kind"], 0))
        if not told.all():
            keep = pa.array(told)
            columns = {name: column.filter(keep) for name, column in batch.columns.items()}
            batch = Batch(columns, batch.where.taken(told))
        return self._records(batch)

    def ended(self, line: int) -> None:
        """Nothing marks the end of such a log."""

    def _records(self, batch: Batch) -> Batch:
        eve = batch.columns
        kind = np.asarray(eve["kind"])
        is_flow, is_net = kind == FLOW, kind == NETFLOW
        counted = is_flow | is_net
        found: dict[str, Any] = {"session": pc.cast(eve["flow_id"], _TEXT)}
        self._times(batch, is_flow, is_net, found)
        for name, its in (
            ("src_ip", "src_ip"), ("dst_ip", "dest_ip"), ("src_port", "src_port"),
            ("dst_port", "dest_port"), ("community_id", "community_id"), ("observer", "host"),
        ):  # fmt: skip
            found[name] = eve[its]
        found["protocol"] = mapped(eve["proto"], protocol_number, _INT)
        _turn_answers(found, kind)
        flow, net = eve["flow"], eve["netflow"]
        for name, its, same in (
            ("src_packets", "pkts_toserver", "pkts"), ("src_bytes", "bytes_toserver", "bytes"),
            ("dst_packets", "pkts_toclient", None), ("dst_bytes", "bytes_toclient", None),
        ):  # fmt: skip
            column = pc.if_else(pa.array(is_flow), pc.struct_field(flow, its), None)
            if same and is_net.any():
                column = pc.if_else(pa.array(is_net), pc.struct_field(net, same), column)
            found[name] = column
        tcp = eve["tcp"]
        sent = pc.struct_field(tcp, "tcp_flags_ts")
        if is_net.any():
            sent = pc.if_else(pa.array(is_net), pc.struct_field(tcp, "tcp_flags"), sent)
        found["src_tcp_flags"] = mapped(sent, _flags, _INT)
        found["dst_tcp_flags"] = mapped(pc.struct_field(tcp, "tcp_flags_tc"), _flags, _INT)
        _names(eve, kind, found)
        if eve["vlan"].null_count < len(kind):
            found["vlan"] = pc.binary_join(eve["vlan"].cast(pa.list_(_TEXT)), ".")
        if eve["tunnel"].null_count < len(kind):
            _tunnels(eve, found)
        found["unfinished"] = pa.array(~is_flow)  # the flow's own event is still to come
        self._blocked(batch, is_flow, found)
        batch.counted(counted, "frame-bytes", self._tally, "")
        inside = bools(pc.is_valid(eve["parent_id"])) & counted
        batch.counted(inside, "tunnelled", self._tally, "")
        return Batch(found, batch.where)

    def _times(self, batch: Batch, is_flow: Bools, is_net: Bools, found: dict[str, Any]) -> None:
        eve = batch.columns
        texts = {"start": eve["timestamp"], "end": None}
        for mask, its in ((is_flow, "flow"), (is_net, "netflow")):
            if mask.any():
                here = pa.array(mask)
                for name, before in texts.items():
                    texts[name] = pc.if_else(here, pc.struct_field(eve[its], name), before)
        told = moments(texts["start"])
        found["start"], found["clock"] = placed(*told, self._settings, batch.where, self._tally)
        if texts["end"] is not None:  # what is to be said was said of the beginning
            told = moments(texts["end"])
            found["end"] = placed(*told, self._settings, batch.where, Tally())[0]

    def _blocked(self, batch: Batch, is_flow: Bools, found: dict[str, Any]) -> None:
        action = pc.struct_field(batch.columns["flow"], "action")
        if action.null_count == len(action):
            return
        dropped = bools(pc.equal(action, "drop")) & is_flow
        # what TCP carries moves only once both ends have spoken; other protocols do not wait
        silent = bools(pc.equal(found["dst_packets"], 0)) & bools(pc.equal(found["protocol"], TCP))
        known = is_flow & bools(pc.is_valid(action))
        found["blocked"] = pa.array(dropped & silent, mask=~known)
        batch.counted(dropped & ~silent, "dropped-midway", self._tally, "")


def _whole(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


def _flags(text: str) -> int | None:
    try:
        return int(text, 16) if len(text) <= 4 else None
    except ValueError:
        return None


def _turn_answers(found: dict[str, Any], kind: npt.NDArray[np.int32]) -> None:
    """Files and answers may be told from the server's side: it has the system's port."""
    told = (kind == DNS) | (kind == FILEINFO)
    src, dst = found["src_port"], found["dst_port"]
    turned = told & bools(pc.and_(pc.less(src, 1024), pc.greater_equal(dst, 1024)))
    if turned.any():
        mask = pa.array(turned)
        for one, other in (("src_ip", "dst_ip"), ("src_port", "dst_port")):
            ends = found[one], found[other]
            found[one], found[other] = pc.if_else(mask, *ends[::-1]), pc.if_else(mask, *ends)
        found["initiator_basis"] = pc.if_else(mask, "port", "recorded")


def _names(eve: dict[str, Any], kind: npt.NDArray[np.int32], found: dict[str, Any]) -> None:
    """Who was asked for, and by what protocol."""
    tls, quic, dns = eve["tls"], eve["quic"], eve["dns"]
    by_kind = {
        TLS: pc.struct_field(tls, "sni"),
        QUIC: pc.struct_field(quic, "sni"),
        HTTP: pc.struct_field(eve["http"], "hostname"),
        DNS: pc.struct_field(dns, "rrname"),
    }
    queries = pc.struct_field(dns, "queries")
    if queries.null_count < len(queries):
        asked = pc.struct_field(first_of(queries), "rrname")
        by_kind[DNS] = pc.coalesce(by_kind[DNS], asked)
    by_kind[FILEINFO] = by_kind[HTTP]
    host = pa.nulls(len(kind), _TEXT)
    for number, names in by_kind.items():
        mask = kind == number
        if mask.any():
            host = pc.if_else(pa.array(mask), names, host)
    host = hosts(host)
    found["host"] = host
    missing = bools(pc.is_null(host))
    found["host_basis"] = pa.DictionaryArray.from_arrays(
        pa.array(kind.astype(np.int32), mask=missing), pa.array([basis or "" for basis in BASES])
    )
    app = mapped(eve["app_proto"], _app, _TEXT)
    own = np.isin(kind, (TLS, QUIC, HTTP, DNS))
    if own.any():
        by_event = pa.DictionaryArray.from_arrays(
            pa.array(kind.astype(np.int32), mask=~own), pa.array(EVENTS)
        )
        app = pc.coalesce(by_event.cast(_TEXT), app)
    found["app"] = app
    found["encrypted"] = mapped(app, _encrypted, pa.bool_())
    found["tls_version"] = mapped(pc.struct_field(tls, "version"), _version, _TEXT)
    ja3s = pc.struct_field(pc.struct_field(tls, "ja3s"), "string")
    found["tls_cipher"] = mapped(ja3s, _suite, _TEXT)
    found["ja4"] = pc.coalesce(pc.struct_field(tls, "ja4"), pc.struct_field(quic, "ja4"))
    found["alpn"] = first_of(pc.struct_field(tls, "client_alpns"))


def _app(text: str) -> str | None:
    return None if text in ("failed", "unknown", "") else text.lower()


def _encrypted(app: str) -> bool | None:
    return True if app in ENCRYPTED else False if app in CLEAR else None


def _version(text: str) -> str | None:
    return "TLS 1.3" if text.startswith("TLS 1.3 draft") else VERSIONS.get(text)


def _suite(ja3s: str) -> str | None:
    """The suite in ``version,suite,extensions``, which JA3S is the hash of."""
    parts = ja3s.split(",")
    if len(parts) != 3 or not (parts[1].isascii() and parts[1].isdigit() and len(parts[1]) <= 5):
        return None
    number = int(parts[1])
    return suite_name(number) if number <= 0xFFFF else None


def _tunnels(eve: dict[str, Any], found: dict[str, Any]) -> None:
    """The tunnel around the packet that an event was logged for."""
    tunnel = eve["tunnel"]
    outer = pc.struct_field(tunnel, "src_ip")
    found["outer_src_ip"] = outer
    found["outer_dst_ip"] = pc.struct_field(tunnel, "dest_ip")
    family = [pc.if_else(pc.match_substring(ip, ":"), "6", "4") for ip in (eve["src_ip"], outer)]
    source = pc.fill_null(eve["pkt_src"], "")
    protocol = pc.fill_null(pc.struct_field(tunnel, "proto"), "")
    said = pc.binary_join_element_wise(
        source, protocol, pc.binary_join_element_wise(*family, "in"), "|"
    )
    found["tunnel"] = mapped(said, _tunnel, _TEXT)


def _tunnel(said: str) -> str | None:
    source, protocol, families = said.rsplit("|", 2)
    kind = source.removesuffix(" tunnel").lower() if source.endswith(" tunnel") else ""
    if kind in ("gre", "teredo", "vxlan", "geneve"):
        return kind
    if "erspan" in source.lower():
        return "erspan"
    if protocol.upper() == "GRE":
        return "gre"
    direct = kind in ("ipv4", "ipv6") or protocol.upper() in ("IP", "IPV4", "IPV6", "IPIP")
    return families if direct else None

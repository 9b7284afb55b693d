"""How the packet engine keeps its state: integer arrays, so that nothing per packet is an object.

A live flow is one row of ``int64`` (three cache lines). End 0 is the end with the smaller
(address, port); a packet's direction is 0 when it comes from end 0. Numbers below name the columns.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types, typeof
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import NativeValue, models, register_model, typeof_impl, unbox

from auditor.readers.capture.hello import SCRATCH_JA4, WIDTH_FOUND, WORK_JA4
from auditor.readers.capture.pieces import SIZE, WIDTH_HELD
from auditor.readers.capture.quic import SCRATCH_QUIC, WORK_QUIC

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

# Columns of a flow row, by cache line: most packets touch the first two only.
ADDRESS: Final = 0  # 0-3: high and low half of address 0, then of address 1
PORTS: Final = 4  # port 0, port 1 << 16, protocol << 32, IP version << 40, ports seen << 48
START: Final = 5  # ns since the epoch
END: Final = 6
FLAGS: Final = 7  # TCP flags or-ed: direction 0, direction 1 << 8; from bit BUDGET the looks left
PACKETS: Final = 8  # 8-9: by direction, as all pairs below
OCTETS: Final = 10  # 10-11: bytes of the IP layer
PAYLOAD: Final = 12  # 12-13
NEXT: Final = 14  # 14-15: -1 = nothing seen; TCP sequence number expected next; ICMP type, code
MARKS: Final = 16  # bits below
SYN_TIME: Final = 17  # ns, of the first SYN; -1 = none seen
ANSWER_TIME: Final = 18  # ns, of the first SYN-ACK; -1 = none seen
NAME: Final = 19  # name number + 1, basis << 32, application << 40
VLAN: Final = 20  # number of tags, then 12 bits each from bit 4
HOLES: Final = 21  # row in the table of sequence holes + 1; 0 = none
TUNNEL: Final = 22  # number of the tunnel around it; 0 = none
HELLO: Final = 23  # JA4 name + 1, from bit ALPN ALPN's name + 1, from bit VERSION TLS version
WIDTH: Final = 24

BUDGET: Final = 16  # in FLAGS: payload packets still to be looked into, 8 bits per direction

# Bits of MARKS.
FIRST_FROM_1: Final = 1  # the first packet came from end 1
SYN_FROM_0: Final = 2
SYN_FROM_1: Final = 4
SYNACK_FROM_0: Final = 8
SYNACK_FROM_1: Final = 16
ROLE_CLIENT_0: Final = 32  # end 0 sent a request, or end 1 a reply
ROLE_CLIENT_1: Final = 64
CLOSED: Final = 128  # FIN or RST seen
ENCRYPTED: Final = 256
CLEAR: Final = 512
ECH: Final = 1024
CONTINUED: Final = 2048  # goes on from a row that the active timeout ended
NAMED_0: Final = 4096  # a DNS answer gave end 0 its name
NAMED_1: Final = 8192
SUITE: Final = 14  # from this bit: cipher suite the server chose + 1
SUITES: Final = (1 << 17) - 1
FILE_SHIFT: Final = 32  # above the bits: number of the file the row began in

# Where a name comes from (column NAME), best last.
BASES: Final = (
    "", "ech-outer", "dns-answer", "dns-query", "http-host", "quic-sni", "tls-sni",
)  # fmt: skip
ECH_OUTER, DNS_ANSWER, DNS_QUERY, HTTP_HOST, QUIC_SNI, TLS_SNI = range(1, 7)

# Applications told from the first payload bytes.
APPS: Final = (
    "", "tls", "http", "http2", "dns", "mdns", "llmnr", "ssh", "smtp", "ftp", "imap", "pop3",
    "postgresql", "mysql", "quic", "ntp", "smb", "rdp", "mqtt", "syslog", "snmp", "ldap",
    "dtls", "stun", "wireguard", "ipsec", "ike", "openvpn", "netflow", "ipfix", "sflow",
    "rtsp", "s7comm", "mms",
)  # fmt: skip
TLS, HTTP, HTTP2, DNS, MDNS, LLMNR, SSH, SMTP, FTP, IMAP, POP3 = range(1, 12)
POSTGRESQL, MYSQL, QUIC, NTP, SMB, RDP, MQTT, SYSLOG, SNMP, LDAP = range(12, 22)
DTLS, STUN, WIREGUARD, IPSEC, IKE, OPENVPN, NETFLOW, IPFIX, SFLOW = range(22, 31)
RTSP, S7COMM, MMS = range(31, 34)

OPAQUE_APPS: Final = ("ipsec", "openvpn", "wireguard")
"""Those that carry others where nobody can see them."""

EXPORTS: Final = ("ipfix", "netflow", "sflow")
"""Those that carry what somebody else saw: records of flows, on their way to a collector."""

VERSIONS: Final = (
    0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0xFEFF, 0xFEFD, 0xFEFC,
)  # fmt: skip
VERSION_NAMES: Final = (
    "", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3", "DTLS 1.0", "DTLS 1.2", "DTLS 1.3",
)  # fmt: skip
"""TLS versions a server can choose, and their names by number + 1."""

# Counters of a sweep.
PACKETS_READ: Final = 0
NOT_IP: Final = 1
WIRE_BYTES: Final = 2
HEADERS_CUT: Final = 3  # IP or transport header not captured or not valid: packet is in no flow
FIRST_TIME: Final = 4
LAST_TIME: Final = 5
LINK_UNKNOWN: Final = 6  # packets of a link type that is not read
LINK_UNKNOWN_TYPE: Final = 7  # the last such link type
FRAGMENTS_LOST: Final = 8  # later fragments whose first fragment was not seen before them
SNAPPED: Final = 9  # packets shorter in the file than on the wire
FLOWS_LIVE: Final = 10
FLOWS_DONE: Final = 11
NAMES: Final = 12
NAME_BYTES: Final = 13
HOLES_USED: Final = 14
HOLES_FREE: Final = 15  # head of the list of freed hole rows + 1
PORTS_CUT: Final = 16  # transport header cut before the ports: flow without ports
NO_TIME: Final = 17  # packets without a time of their own
BAD_TIME: Final = 18
TUNNELS_USED: Final = 20
LINK_SECRET: Final = 21  # frames encrypted at the link layer (802.11, MACsec)
LINK_SEVERAL: Final = 22  # 802.11 frames of several packets
DUPLICATES: Final = 23  # packets left out as copies
NESTED_DEEP: Final = 24  # packets whose tunnels are nested too deeply
FILE: Final = 19  # number of the file being swept, from 0
COUNTERS: Final = 28

# Answers of a sweep.
MORE: Final = 0  # the window is used up
FLOWS_FULL: Final = 1
DONE_FULL: Final = 2
NAMES_FULL: Final = 3
DAMAGED: Final = 4
BLOCK: Final = 5  # pcapng: a block for the caller to look at
HOLES_FULL: Final = 6
TUNNELS_FULL: Final = 7

# Columns of a pcapng interface.
LINK: Final = 0
SNAP: Final = 1
TIME_KIND: Final = 2  # 0: multiply, 1: divide, 2: binary fraction of so many bits
TIME_BY: Final = 3
TIME_OFFSET: Final = 4  # ns
INTERFACE_WIDTH: Final = 5

MOST_HOLES: Final = 4  # remembered per direction; the smallest is forgotten beyond that
NAME_LENGTH: Final = 255
FRAGMENTS: Final = 1 << 14
RECENT: Final = 1 << 16
PIECES: Final = 1 << 10  # a flow's place is its row modulo this
FEEDER: Final = 32  # in a row of ``held``: 2 * (row + 1) + direction of the flow it belongs to
BASE: Final = 33  # and the sequence number of its first byte

# Columns of ``settings``: addresses that ``units`` writes.
LOOK_TCP: Final = 5
LOOK_UDP: Final = 6
FEED_QUIC: Final = 7
PICK: Final = 8  # second pass alone: whoever gets each packet instead of the flow table

# Regions of ``scratch`` and ``work``.
JA4_TEXT: Final = 384  # before it, from 0 on: a name being read
MESSAGE: Final = 512  # a hello without its record headers
ROOM: Final = MESSAGE + SIZE  # for JA4 and QUIC
FOUND: Final = max(WORK_JA4, WORK_QUIC)  # before it: for hashes
PRINTS: Final = FOUND + WIDTH_FOUND  # pairs: key of a hello, number of its JA4
MOST_PRINTS: Final = 1 << 11

TUNNEL_BITS: Final = 5  # of one kind in a nesting of tunnels
OUTER_6: Final = 1 << 48  # in a nesting of tunnels: the outer addresses are IPv6
ALPN: Final = 28
VERSION: Final = 52
ANSWERS: Final = 1 << 16


CAPACITY: Final = 1 << 16
"""Live flows there is room for at first; memory that is not touched is not taken."""


class State:
    """Everything a sweep remembers between packets: tables that compiled code sees as attributes.

    ``address`` is where their array descriptions stand one after the other: compiled functions pass
    on that one number instead of 150 (the sweep went from 4.4 to 6.0 million packets/s with it). A
    table is replaced by making another state with ``having``.
    """

    flows: Ints  # [capacity, WIDTH]
    slots: Ints  # [power of two]: hash tag << 32 | row + 1
    done: Ints  # [capacity, WIDTH]: ended flows, waiting to be taken
    counters: Ints
    holes: Ints  # [capacity, 2, MOST_HOLES, 2]: start and end of bytes not seen yet
    fragments: Ints  # [FRAGMENTS, 11]: see ``fragments``
    answers: Ints  # [ANSWERS, 6]: client, address, name, time
    name_bytes: Bytes
    name_ends: Ints  # name i is name_bytes[name_ends[i] : name_ends[i + 1]]
    name_index: Ints
    scratch: Bytes  # regions above
    settings: Ints  # timeouts of TCP, of others, active timeout (ns); hash seed; copies within ns;
    # addresses of compiled functions: above
    pieces: Bytes  # [PIECES, SIZE]: beginnings of streams that came in parts
    held: Ints  # [PIECES, WIDTH_HELD + 2]: which bytes of them are there, and whose they are
    work: Ints  # for hashes and hellos: see ``hello`` and ``crypto``
    tunnels: Ints  # [power of two, 6]: outer address of end 0, of end 1, kinds; slot: number
    recent: Ints  # [RECENT, 4, 2]: hash and time of the last packets, if copies are left out

    def __init__(self, **tables: npt.NDArray[Any]) -> None:
        words: list[int] = []
        for name, kind in TABLES.items():
            table = tables[name]
            if typeof(table) != kind:
                raise TypeError(f"table {name} is {typeof(table)}, must be {kind}")
            setattr(self, name, table)
            words += (0, 0, table.size, table.itemsize, table.ctypes.data)
            words += (*table.shape, *table.strides)
        self._words = np.array(words, np.int64)
        self.address = int(self._words.ctypes.data)

    def having(self, **tables: npt.NDArray[Any]) -> State:
        """The same state with some tables replaced."""
        return State(**{name: tables.get(name, getattr(self, name)) for name in TABLES})


TABLES: Final[dict[str, types.Array]] = {
    "flows": types.int64[:, ::1], "slots": types.int64[::1], "done": types.int64[:, ::1],
    "counters": types.int64[::1], "holes": types.int64[:, :, :, ::1],
    "fragments": types.int64[:, ::1], "answers": types.int64[:, ::1],
    "name_bytes": types.uint8[::1], "name_ends": types.int64[::1],
    "name_index": types.int64[::1], "scratch": types.uint8[::1], "settings": types.int64[::1],
    "pieces": types.uint8[:, ::1], "held": types.int64[:, ::1], "work": types.int64[::1],
    "tunnels": types.int64[:, ::1], "recent": types.int64[:, :, ::1],
}  # fmt: skip
"""Types of the tables, in the order of their descriptions."""


class StateType(types.Type):
    """What numba knows of a state: an address."""

    def __init__(self) -> None:
        super().__init__("State")


STATE: Final = StateType()


@typeof_impl.register(State)
def _type_of_state(value: State, context: Any) -> StateType:  # noqa: ANN401
    return STATE


@register_model(StateType)
class _StateModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: StateType) -> None:  # noqa: ANN401
        super().__init__(manager, kind, ir.IntType(64))


@unbox(StateType)
def _unboxed(kind: StateType, value: Any, c: Any) -> NativeValue:  # noqa: ANN401
    number = c.pyapi.object_getattr_string(value, "address")
    address = c.pyapi.long_as_longlong(number)
    c.pyapi.decref(number)
    return NativeValue(address)


@infer_getattr
class _Tables(AttributeTemplate):
    key = StateType

    def generic_resolve(self, value: StateType, attr: str) -> Any:  # type: ignore[override]  # noqa: ANN401
        return TABLES.get(attr)


@lower_getattr_generic(StateType)
def _table(context: Any, builder: Any, kind: StateType, value: Any, name: str) -> Any:  # noqa: ANN401
    before = list(TABLES).index(name)
    place = 8 * sum(5 + 2 * table.ndim for table in list(TABLES.values())[:before])
    described = context.get_value_type(TABLES[name]).as_pointer()
    loaded = builder.load(builder.inttoptr(builder.add(value, ir.IntType(64)(place)), described))
    # no compiled function replaces a table, so its description need not be read twice
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return loaded


def rows_of_flows(rows: int) -> Ints:
    """Empty flow rows, each on three cache lines of its own."""
    raw = np.zeros(rows * WIDTH + 8, np.int64)
    first = -raw.ctypes.data % 64 // 8
    return raw[first : first + rows * WIDTH].reshape(rows, WIDTH)


def fresh(
    timeouts_ns: tuple[int, int, int], seed: int, copies_ns: int = 0, capacity: int = CAPACITY
) -> State:
    """The state of a sweep that has seen nothing yet."""
    counters = np.zeros(COUNTERS, np.int64)
    counters[FIRST_TIME] = np.iinfo(np.int64).max
    counters[LAST_TIME] = np.iinfo(np.int64).min
    return State(
        flows=rows_of_flows(capacity),
        slots=np.zeros(capacity * 2, np.int64),
        done=np.zeros((1 << 16, WIDTH), np.int64),
        counters=counters,
        holes=np.zeros((1 << 10, 2, MOST_HOLES, 2), np.int64),
        fragments=np.zeros((FRAGMENTS, 11), np.int64),
        answers=np.zeros((ANSWERS, 6), np.int64),
        name_bytes=np.zeros(1 << 20, np.uint8),
        name_ends=np.zeros((1 << 14) + 1, np.int64),
        name_index=np.zeros(1 << 15, np.int64),
        scratch=np.zeros(ROOM + max(SCRATCH_JA4, SCRATCH_QUIC), np.uint8),
        settings=np.array([*timeouts_ns, seed, copies_ns, 0, 0, 0, 0], np.int64),
        pieces=np.zeros((PIECES, SIZE), np.uint8),
        held=np.zeros((PIECES, WIDTH_HELD + 2), np.int64),
        work=np.zeros(PRINTS + 2 * MOST_PRINTS, np.int64),
        tunnels=np.zeros((1 << 10, 6), np.int64),
        recent=np.zeros((RECENT, 4, 2), np.int64),
    )

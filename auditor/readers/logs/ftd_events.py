"""Connection events of Cisco FTD (messages 430002 and 430003): ``key: value, key: value``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditor.readers.logs.firewalls import (
    Words,
    application,
    hosts_of,
    named,
    observers,
    protocol,
    refusal,
    sessions,
)
from auditor.readers.records.batch import Batch, Where
from auditor.readers.records.moments import NONE, SECOND, moments
from auditor.readers.records.text import numbers

if TYPE_CHECKING:
    from auditor.readers.records.tally import Tally

REFUSED: Final = (
    "block", "block with reset", "interactive block", "interactive block with reset",
)  # fmt: skip
BEGIN: Final = "430002"


class _Values:
    """The values of events, found as they are asked for."""

    def __init__(self, words: pa.StringArray, where: Where, tally: Tally) -> None:
        self._words = words
        self._where = where
        self._tally = tally

    def text(self, key: str) -> pa.StringArray:
        """The first value of that key; null where there is none."""
        found = pc.extract_regex(self._words, f"(?:^|, ){key}: (?P<value>[^,]*)")
        value = pc.utf8_trim_whitespace(pc.struct_field(found, [0]))
        return pc.if_else(pc.equal(value, ""), None, value)

    def number(self, key: str) -> pa.Int64Array:
        """The same as whole numbers."""
        return numbers(self.text(key), key, self._where, self._tally)


def events(
    number: pa.StringArray, words: pa.StringArray, common: dict[str, pa.Array], where: Where,
    tally: Tally,
) -> dict[str, Any]:  # fmt: skip
    """Columns of events; ``common`` has moment, clock and device of each message."""
    values = _Values(words, where, tally)
    first, kinds = moments(values.text("FirstPacketSecond"))
    told = pa.array(kinds != NONE)
    duration = values.number("ConnectionDuration")
    lasted = pc.if_else(
        pc.and_(pc.greater_equal(duration, 0), pc.less(duration, 1 << 31)), duration, 0
    )
    length = pc.multiply(pc.fill_null(lasted, 0), SECOND)
    start = pc.if_else(told, pa.array(first), pc.subtract(common["moment"], length))
    basis = pc.if_else(pc.is_valid(duration), "recorded", "start-only")
    device = pc.coalesce(values.text("DeviceUUID"), common["device"])
    seen = observers(device, pa.repeat("events", len(words)))
    nat = {
        f"nat_{side}_{what}": values.text(f"NAT_{end}{key}")
        if what == "ip"
        else values.number(f"NAT_{end}{key}")
        for side, end in (("src", "Initiator"), ("dst", "Responder"))
        for what, key in (("ip", "IP"), ("port", "Port"))
    }
    columns: dict[str, Any] = {
        "start": start,
        "end": pc.add(start, length),
        "time_basis": basis,
        "clock": pc.if_else(told, "stated", common["clock"]),
        "protocol": protocol(values.text("Protocol"), where, tally),
        "src_ip": values.text("SrcIP"),
        "src_port": values.number("SrcPort"),
        "dst_ip": values.text("DstIP"),
        "dst_port": values.number("DstPort"),
        "src_bytes": values.number("InitiatorBytes"),
        "dst_bytes": values.number("ResponderBytes"),
        "src_packets": values.number("InitiatorPackets"),
        "dst_packets": values.number("ResponderPackets"),
        **_translated(nat),
        **application(values.text("ApplicationProtocol")),
        **named(hosts_of(values.text("URL"))),
        "session": sessions(
            seen,
            values.text("ConnectionID"),
            *(values.text(key) for key in ("InstanceID", "FirstPacketSecond", "SrcIP", "DstIP")),
        ),
        "unfinished": pc.equal(number, BEGIN),
        "observer": seen,
    }
    action = values.text("AccessControlRuleAction").dictionary_encode()
    batch = Batch(columns, where)
    columns["blocked"] = refusal(batch, Words.of(action, REFUSED), tally)
    # one kind of text for all messages of a block
    return {
        name: column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        for name, column in columns.items()
    }


def _translated(nat: dict[str, Any]) -> dict[str, Any]:
    """Addresses outside, where they are addresses: events have the real ones as their ends."""
    for side in ("src", "dst"):
        right = pc.match_substring_regex(nat[f"nat_{side}_ip"], r"^[0-9A-Fa-f.:]{2,45}$")
        nat[f"nat_{side}_ip"] = pc.if_else(right, nat[f"nat_{side}_ip"], None)
        nat[f"nat_{side}_port"] = pc.if_else(right, nat[f"nat_{side}_port"], None)
    return nat

"""Who speaks over ISO transport on TCP: RDP, S7comm, MMS (compiled).

TPKT: RFC 1006, section 6; TPDUs: ISO 8073 (X.224), section 13; RDP: MS-RDPBCGR, sections 2.2.1.1
and 2.2.1.2; S7comm: as the dissector of Wireshark has it; MMS: ISO 9506-2, over ISO 8327 session.
"""

from __future__ import annotations

from typing import Final

from auditor.readers.capture.http import begins
from auditor.readers.capture.layout import CLEAR, MARKS, MMS, RDP, S7COMM, Bytes, State
from auditor.readers.capture.naming import client_is, told
from auditor.readers.capture.numbers import be16, compiled

REQUEST: Final = 0xE0
CONFIRM: Final = 0xD0
HEADER: Final = 11
"""Bytes of TPKT and of the fixed part of a connection request or confirm."""

MMS_CONTEXT: Final = b"\x06\x05\x28\xca\x22"
"""An object identifier below 1.0.9506: MMS and its application context."""

LOOKED_THROUGH: Final = 256
"""Bytes of a session's first message in which the application context stands."""


@compiled
def iso_transport(
    s: State, row: int, direction: int, data: Bytes, p: int, end: int, server_port: int
) -> bool:
    """Recognises the protocol within one TPKT of at least ``HEADER`` bytes; True if one was."""
    code = data[p + 5] & 0xF0
    if code == REQUEST or code == CONFIRM:
        client_is(s, row, direction if code == REQUEST else 1 - direction)
        if not negotiates_rdp(data, p, end, server_port):
            return False
        told(s, row, RDP, -1, 0)
        return True
    if not begins(data, p + 4, end, b"\x02\xf0\x80"):
        return False
    if data[p + 7] == 0x32 and (1 <= data[p + 8] <= 3 or data[p + 8] == 7):
        told(s, row, S7COMM, -1, 0)
    elif (data[p + 7] == 0x0D or data[p + 7] == 0x0E) and names_mms(data, p + 8, end):
        told(s, row, MMS, -1, 0)
    else:
        return False
    s.flows[row, MARKS] |= CLEAR
    return True


@compiled
def negotiates_rdp(data: Bytes, p: int, end: int, server_port: int) -> bool:
    """Whether a connection is asked for or confirmed as only RDP does; bare ones at its port."""
    p += HEADER
    if p == end:
        return server_port == 3389
    if begins(data, p, end, b"Cookie: msts"):
        return True
    return p + 8 <= end and 1 <= data[p] <= 3 and be16(data, p + 2) == 0x0800


@compiled
def names_mms(data: Bytes, p: int, end: int) -> bool:
    """Whether a session is opened for MMS."""
    for place in range(p, min(end, p + LOOKED_THROUGH)):
        if data[place] == 6 and begins(data, place, end, MMS_CONTEXT):
            return True
    return False

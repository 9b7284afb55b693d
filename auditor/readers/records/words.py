"""Texts of logs: what is worked out once per distinct text, and names of protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable

# IANA's keywords, and what exporters call them
PROTOCOLS: Final = {
    "hopopt": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ip": 4, "ipv4": 4, "ipip": 4, "ipencap": 4,
    "st": 5, "tcp": 6, "cbt": 7, "egp": 8, "igp": 9, "udp": 17, "dccp": 33, "ipv6": 41,
    "ipv6-route": 43, "ipv6-frag": 44, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51,
    "ipv6-icmp": 58, "icmpv6": 58, "icmp6": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "eigrp": 88,
    "ospf": 89, "ospfigp": 89, "etherip": 97, "encap": 98, "pim": 103, "ipcomp": 108,
    "vrrp": 112, "l2tp": 115, "sctp": 132, "udplite": 136, "mpls-in-ip": 137,
}  # fmt: skip

LONGEST_HOST: Final = 255
"""Octets of a name in DNS (RFC 1035 section 2.3.4)."""


def mapped(texts: pa.Array, meaning: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    """What each text means; worked out once per distinct text. Null stays null."""
    if not pa.types.is_dictionary(texts.type):
        texts = texts.dictionary_encode()
    meanings = [None if text is None else meaning(text) for text in texts.dictionary.to_pylist()]
    return pa.array(meanings, kind).take(texts.indices)


def protocol_number(text: str) -> int | None:
    """The IANA number of a protocol by its name or its number; none where nobody knows it."""
    known = PROTOCOLS.get(text.lower())
    if known is None and text.isascii() and text.isdigit() and len(text) <= 3:
        return int(text)
    return known


def hosts(names: pa.Array) -> pa.Array:
    """Names of servers as the flow table has them; null for what is empty or no name's length."""
    names = pc.ascii_rtrim(pc.utf8_lower(names), ".")
    size = pc.binary_length(names)
    return pc.if_else(pc.and_(pc.greater(size, 0), pc.less_equal(size, LONGEST_HOST)), names, None)


def first_of(lists: pa.ListArray) -> pa.Array:
    """The first element of each list; null where there is none."""
    values, offsets = lists.values, lists.offsets
    some = pc.greater(pc.fill_null(pc.list_value_length(lists), 0), 0)
    return values.take(pc.if_else(some, offsets[:-1], None))

"""Destinations whose place is worth a second look, by address and by how fast they answer."""

from __future__ import annotations

from random import Random
from typing import Final

from tls import greet, sealed
from wire import Tcp, Wire, at, pcap

PORTAL: Final = "10.20.2.15"
LAND: Final = "10.20.1.9"
NEAR: Final = ("tep.cdn.example.net", "23.210.215.50")
"""Databases have it in the United States; what answers after 2 ms is a cache at home."""
FAR: Final = ("archive.example.edu", "128.30.52.100")
"""In the United States by every account; 188 ms say nothing against it."""
ANYCAST: Final = ("one.one.one.one", "1.1.1.1")
"""A public resolver that is served from many places at once, DNS over TLS."""
HOME: Final = ("trao-doi.mau.gov.vn", "27.68.10.10")


def place() -> bytes:
    """A cache at home with a foreign address, a far server, an anycast resolver, one at home."""
    wire = Wire(Random(1013))
    start = at("2026-09-23 09:20:00")
    scenes = (
        (PORTAL, 46_210, NEAR, 443, 2_140, 52_000, 600),
        (PORTAL, 46_350, FAR, 443, 188_300, 36_000, 900),
        (LAND, 39_480, ANYCAST, 853, 3_260, 300, 500),
        (LAND, 39_517, HOME, 443, 6_400, 24_000, 700),
    )
    for index, (client, port, server, service, rtt, sent, received) in enumerate(scenes):
        now = start + index * 20_000_000
        talk = Tcp(wire, (client, port), (server[1], service), now, rtt=rtt)
        greet(talk, server[0])
        talk.send("client", sealed(wire.rng, sent))
        talk.send("server", sealed(wire.rng, received))
        talk.close()
    # a second connection to the cache, its first SYN lost: slower, so it changes nothing
    again = Tcp(wire, (PORTAL, 46_211), (NEAR[1], 443), start + 90_000_000, rtt=2_310)
    again.segment("client", "S", time=again.now - 1_000_000)
    greet(again, NEAR[0])
    again.send("client", sealed(wire.rng, 4_000))
    again.close()
    return pcap(wire.frames)

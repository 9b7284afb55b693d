"""Why the packet engine and others differ on a real capture, and who is right.

Each reason was found by looking at the packets. It is kept as narrow as it can be: what it is
about (``conversation``, ``host``, ``alpn``, ``ja4``), the capture (or a pattern of names) and the
text; ``when`` narrows it further.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some differences of a capture are there.

    Attributes:
        when: asked with the pair and with both sides; always true by default.
    """

    kind: str
    file: str
    text: str
    when: Callable[[Any, Any, Any], bool] = lambda pair, ours, theirs: True


NO_SERVER_NAME: Final = "nDPI shows no name that the packets hold: "

_BEYOND = (
    "some IP lengths reach beyond a frame that was captured whole: such packets never were on the "
    "wire; cut to the frame here, believed by tshark"
)
_ODD_QUESTION = NO_SERVER_NAME + (
    "the DNS question has bytes that are no letters, digits, - or _; nDPI replaces them, here the "
    "question is no host name"
)

REASONS: Final[tuple[Reason, ...]] = (
    Reason("conversation", "fuzz-2020-02-16-11740.pcap", _BEYOND),
    Reason("conversation", "reasm_crash_anon.pcapng", _BEYOND),
    Reason("conversation", "telnet.pcap", _BEYOND),
    Reason(
        "ja4",
        "dtls_old_version.pcapng",
        "DTLS of OpenSSL before 0.9.8f (version 1.0 in the bytes), which no standard describes",
    ),
    Reason(
        "ja4",
        "quic-forcing-vn-with-data.pcapng",
        "after a version negotiation the client says hello again, with other extensions: the first "
        "hello counts here, nDPI shows the second (read from packet 3 on, this one has it too)",
    ),
    Reason("host", "dns-exf.pcap", _ODD_QUESTION),
    Reason("host", "dns-invalid-chars.pcap", _ODD_QUESTION),
    Reason(
        "host",
        "dns_invert_query.pcapng",
        NO_SERVER_NAME + "an inverse query has no question, only the address of its answer",
    ),
    Reason(
        "host",
        "smtp-starttls.pcap",
        NO_SERVER_NAME + "the hello behind STARTTLS has no SNI; the text is the SMTP greeting's",
    ),
)


def reason_of(kind: str, file: str, pair: object, ours: object, theirs: object) -> str:
    """The reason of a difference; empty if none is known."""
    for reason in REASONS:
        fits = reason.kind == kind and fnmatchcase(file, reason.file)
        if fits and reason.when(pair, ours, theirs):
            return reason.text
    return ""


def reason_of_ja4(ours: tuple[str, ...], theirs: str, alpn: str, names: set[str]) -> str:
    """Where nDPI departs from JA4's definition; empty if that does not explain it all.

    The definition (FoxIO, JA4 technical details): ``d`` if the hello has an SNI, else ``i``; the
    first and the last letter of the first ALPN; zeros in the place of a hash of nothing.

    Args:
        ours: the fingerprints here.
        alpn: the first ALPN as nDPI reads it.
        names: the server names that tshark reads.
    """
    if len(ours) != 1:
        return ""
    (a, b, c), (their_a, their_b, their_c) = ours[0].split("_"), theirs.split("_")
    departures = []
    if a[3] != their_a[3]:
        if (a[3] == "d") != bool(names):
            return ""
        departures.append(
            "`d` without an SNI" if a[3] == "i" else "`i` for an SNI that is an address"
        )
    if a[8:] != their_a[8:]:
        if a[8:] != alpn[:1] + alpn[-1:]:
            return ""
        departures.append("other letters than the first and last of the ALPN")
    if c != their_c:
        if (c, their_c) != ("0" * 12, "e3b0c44298fc"):
            return ""
        departures.append("the hash of nothing, not zeros")
    rest = (a[:3] + a[4:8], b) == (their_a[:3] + their_a[4:8], their_b)
    return "as JA4 is defined; nDPI has " + ", ".join(departures) if rest and departures else ""

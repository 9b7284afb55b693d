"""Scans the agency's own endpoints, and nobody else's."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.scan.certificates import certificates
from auditor.checklist.sources.scan.connection import (
    Roots,
    Target,
    answered,
    checked,
    without_certificate,
)
from auditor.checklist.sources.scan.hello import (
    NEW_SUITES,
    OLDER_SUITES,
    TLS13,
    VERSION_NAMES,
    WEAK_GROUPS,
    Heard,
    client_hello,
)
from auditor.checklist.sources.scan.result import (
    FORMAT,
    MOST_ENDPOINTS,
    EndpointScan,
    Refusal,
    Scan,
    SuitesAsked,
    VersionAsked,
)
from auditor.model.cipher_suites import suite_name
from auditor.model.errors import InputError
from auditor.model.text import Text

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from auditor.checklist.assessment import Endpoint, Endpoints
    from auditor.model.inventory import Network

_NAME: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,250}[A-Za-z0-9_])?")

CONNECTIONS: Final = 11
"""To an endpoint, at most."""

NOT_COVERED: Final = (
    Text(
        "Chưa hỏi: bộ mã dùng khoá chia sẻ trước (PSK), Kerberos, SRP, GOST; "
        "bộ mã TLS 1.3 không mã hoá",
        "Not asked for: suites with pre-shared keys, Kerberos, SRP or GOST; "
        "TLS 1.3 suites without encryption",
    ),
    Text(
        "Bộ mã yếu chỉ được hỏi ở phiên bản cao nhất đến TLS 1.2 mà máy chủ chấp nhận",
        "Weak suites were asked for only at the highest version up to TLS 1.2 that is accepted",
    ),
    Text(
        "Chưa kiểm tra: SSL 2.0, thu hồi chứng thư (CRL, OCSP), nén, thương lượng lại, "
        "lỗi phần mềm",
        "Not tested: SSL 2.0, revocation (CRL, OCSP), compression, renegotiation, software flaws",
    ),
)  # fmt: skip


def scanned(
    endpoints: Endpoints,
    *,
    own: Iterable[Network],
    forbidden: Iterable[Network],
    now: datetime,
    timeout_s: float = 5.0,
    roots: Path | None = None,
    advance: Callable[[Endpoint], None] = lambda _: None,
) -> Scan:
    """A TLS scan of these endpoints: at most ``CONNECTIONS`` to each, one after the other.

    Args:
        endpoints: what the agency lists; whoever calls has checked its signature.
        own: the agency's networks; every endpoint must stand in one of them.
        forbidden: the Center's networks and the Agent Node's addresses.
        now: the clock.
        timeout_s: of each connection.
        roots: PEM bundle that chains must lead to; null = the system's store.
        advance: told of each endpoint when it is done.

    Raises:
        InputError: an endpoint is not the agency's to scan, there is none, there are too many, or
            the roots cannot be used. Then nothing was sent to anybody.
    """
    listed = tuple(dict.fromkeys(endpoints.endpoints))
    _permitted(listed, tuple(own), tuple(forbidden))
    trusted = _roots(roots)
    trusting = trusted.loaded()
    found = []
    for endpoint in listed:
        found.append(_endpoint(endpoint, timeout_s, trusting))
        advance(endpoint)
    return Scan(FORMAT, now, trusted.name, tuple(found), NOT_COVERED)


def _permitted(
    endpoints: tuple[Endpoint, ...], own: tuple[Network, ...], forbidden: tuple[Network, ...]
) -> None:
    wrong: list[str] = []
    for endpoint in endpoints:
        address = ipaddress.ip_address(endpoint.address)
        # ::ffff:10.20.0.5 reaches 10.20.0.5
        address = getattr(address, "ipv4_mapped", None) or address
        if any(address in network for network in forbidden):
            wrong.append(f"{address} belongs to the Center or is the Agent Node: never scanned")
        elif not any(address in network for network in own):
            wrong.append(f"{address} is in none of the agency's own networks")
        elif address.is_multicast or address.is_unspecified:
            wrong.append(f"{address} is no address of one host")
        if endpoint.name and not _NAME.fullmatch(endpoint.name):
            wrong.append(f"{endpoint.name[:80]!r} is no host name (write xn-- forms in full)")
    if not endpoints:
        wrong.append("lists no endpoint")
    if len(endpoints) > MOST_ENDPOINTS:
        wrong.append(f"lists {len(endpoints)} endpoints; {MOST_ENDPOINTS} can be scanned at once")
    if wrong:
        raise InputError(
            "; ".join(wrong[:20]) + (f"; and {len(wrong) - 20} more" if len(wrong) > 20 else ""),
            place="endpoints.yaml",
            hint="List only endpoints of the agency itself; nothing was sent to anybody.",
        )


def _roots(path: Path | None) -> Roots:
    if path is None:
        return Roots(None, "system")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", place=str(path), hint="Check the file."
        ) from None
    return Roots(path, f"{path.name[:200]} (SHA-256 {hashlib.sha256(data).hexdigest()[:16]})")


def _endpoint(endpoint: Endpoint, timeout_s: float, trusting: ssl.SSLContext) -> EndpointScan:
    target = Target(endpoint.address, endpoint.port, endpoint.name, timeout_s)
    declared = (
        endpoint.address, endpoint.port, endpoint.name, endpoint.role, endpoint.client_certificate,
    )  # fmt: skip
    versions: list[VersionAsked] = []
    sent: tuple[bytes, ...] = ()
    foreign = False
    highest = 0  # of those before TLS 1.3
    for number, version in VERSION_NAMES.items():
        suites = NEW_SUITES if number == TLS13 else OLDER_SUITES
        try:
            answer = answered(target, client_hello(number, suites, endpoint.name))
        except OSError as error:
            if not versions:
                return EndpointScan(*declared, "no-answer", (error.strerror or "timed out").lower())
            answer = None
        accepted = None if answer is None else answer.version == number
        versions.append(VersionAsked(version, accepted, _suite(answer) if accepted else ""))
        if answer is not None:
            foreign |= answer.foreign
            sent = sent or answer.chain
            if accepted and number != TLS13:
                highest = max(highest, number)
    if not any(each.accepted for each in versions):
        says = "does not speak TLS" if foreign else "agrees to no version"
        return EndpointScan(*declared, "no-tls", says, tuple(versions))
    weak = _weak(target, highest) if highest else ()
    proof = checked(target, trusting)
    chain, unread = certificates(proof.chain or sent)
    refused: Refusal = "not-asked"
    how = ""
    if endpoint.client_certificate:
        refused, how = without_certificate(target)
    return EndpointScan(
        *declared, "scanned", "", tuple(versions), weak, chain, proof.valid, proof.says[:300],
        refused, how[:300], unread,
    )  # fmt: skip


def _weak(target: Target, version: int) -> tuple[SuitesAsked, ...]:
    """Which groups of weak suites it accepts at a version."""
    found = []
    for group, suites in WEAK_GROUPS.items():
        try:
            answer = answered(target, client_hello(version, suites, target.name))
        except OSError:
            answer = None
        accepted = None if answer is None else answer.suite in suites
        found.append(SuitesAsked(group, accepted, _suite(answer) if accepted else ""))
    return tuple(found)


def _suite(answer: Heard | None) -> str:
    return "" if answer is None or answer.suite is None else suite_name(answer.suite)

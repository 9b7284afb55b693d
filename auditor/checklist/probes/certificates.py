"""Whether endpoints showed good certificates in a scan, and demand them from clients."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Found, Probe, unknown
from auditor.checklist.probes.endpoints import (
    KIND,
    MAKE,
    Grave,
    Told,
    reached,
    scan_of,
    scanned_en,
    scanned_vi,
    summed,
    told_of,
)
from auditor.checklist.sources.scan.certificates import fits
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments
    from auditor.checklist.sources.scan.result import Certificate, EndpointScan

OLD_HASHES: Final = ("md2", "md4", "md5", "sha1")
RENEW: Final = Text(
    "Thay chứng thư đúng tên, còn hạn, khoá đủ dài, do tổ chức được tin cậy cấp; gửi kèm chuỗi.",
    "Install a certificate with the right name, in time, of a long enough key and a trusted "
    "issuer; let the server send its chain.",
)
DEMAND: Final = Text(
    "Cấu hình máy chủ bắt buộc chứng thư máy khách (mTLS) rồi quét lại.",
    "Make the server demand client certificates (mTLS), then scan again.",
)


def certificates_valid(facts: Facts, arguments: Arguments) -> Found:
    """Certificates lead to the roots, fit names, are in time, and have strong keys and hashes."""
    del arguments
    scanned = scan_of(facts)
    if scanned is None:
        return unknown("Chưa có kết quả quét TLS.", "There is no TLS scan.", *MAKE)
    scan, source = scanned
    told = [each for endpoint in scan.endpoints for each in _flaws(endpoint, source, facts)]
    sources = dict.fromkeys(
        facts.number(name).source for name in ("certificate-days", "rsa-bits", "ec-bits")
    )
    vi = f"{scanned_vi(scan)}, gốc tin cậy: {scan.roots}"
    en = f"{scanned_en(scan)}, roots: {scan.roots}"
    return summed(
        told,
        Text(f"{vi}: mọi chứng thư đều hợp lệ.", f"{en}: all certificates are valid."),
        Text(f"{vi}; chứng thư có khiếm khuyết", f"{en}; flawed certificates"),
        RENEW,
        reached(scan),
        "; ".join(sources),
    )


def _flaws(endpoint: EndpointScan, source: str, facts: Facts) -> list[Told]:
    """What speaks against the certificates of an endpoint."""
    if endpoint.state != "scanned":
        return [told_of("unknown", endpoint, source, endpoint.says or endpoint.state)]
    if not endpoint.chain:
        return [told_of("unknown", endpoint, source, "no certificate was read")]
    own = endpoint.chain[0]
    told: list[Told] = []
    if own.self_signed:
        grave: Grave = "partial" if endpoint.role == "internal" else "fail"
        told.append(told_of(grave, endpoint, source, "self-signed"))
    elif endpoint.chain_valid is False:
        told.append(told_of("fail", endpoint, source, endpoint.chain_says))
    elif endpoint.chain_valid is None:
        told.append(told_of("unknown", endpoint, source, f"chain: {endpoint.chain_says}"))
    if not fits(own, endpoint.name, endpoint.address):
        names = ", ".join(own.names[:3]) or "no name"
        grave = "fail" if endpoint.name else "unknown"  # nobody said which name it serves
        told.append(told_of(grave, endpoint, source, f"is for {names}"))
    days = facts.number("certificate-days").value or 0
    for each in endpoint.chain:
        if each.not_after - facts.now < timedelta(days=days):
            told.append(told_of("fail", endpoint, source, f"ends {each.not_after:%Y-%m-%d}"))
        if each.not_before > facts.now:
            told.append(told_of("fail", endpoint, source, f"begins {each.not_before:%Y-%m-%d}"))
        if weak := _weak_key(each, facts):
            told.append(told_of(weak, endpoint, source, f"{each.key} {each.bits or '?'}"))
        # nobody relies on the signature of a root under itself
        if each.hash.lower() in OLD_HASHES and (each is own or not each.self_signed):
            told.append(told_of("fail", endpoint, source, each.hash))
    if endpoint.unread:
        told.append(told_of("unknown", endpoint, source, f"{endpoint.unread} not understood"))
    return told


def _weak_key(certificate: Certificate, facts: Facts) -> Grave | None:
    limits = {"RSA": "rsa-bits", "DSA": "rsa-bits", "EC": "ec-bits"}
    if certificate.key not in limits:
        return None if certificate.key.startswith("Ed") else "unknown"
    least = facts.number(limits[certificate.key]).value
    return "fail" if least is not None and (certificate.bits or 0) < least else None


def client_certificate_required(facts: Facts, arguments: Arguments) -> Found:
    """Endpoints that are to demand a client certificate refuse a client without one."""
    del arguments
    scanned = scan_of(facts)
    if scanned is None:
        return unknown("Chưa có kết quả quét TLS.", "There is no TLS scan.", *MAKE)
    scan, source = scanned
    demanding = [endpoint for endpoint in scan.endpoints if endpoint.client_certificate]
    if not demanding:
        return unknown(
            f"{scanned_vi(scan)}; không điểm nào khai báo phải có chứng thư máy khách.",
            f"{scanned_en(scan)}; none is declared to demand client certificates.",
            "Đặt client_certificate: true cho điểm cuối trao đổi trong endpoints.yaml, ký, "
            "quét lại.",
            "Set client_certificate: true for exchange endpoints in endpoints.yaml, sign it, "
            "scan again.",
        )
    told: list[Told] = []
    for endpoint in demanding:
        if endpoint.without_certificate == "accepted":
            told.append(told_of("fail", endpoint, source, f"accepted: {endpoint.without_says}"))
        elif endpoint.without_certificate != "refused":
            says = endpoint.without_says or endpoint.says or endpoint.state
            told.append(told_of("unknown", endpoint, source, says))
    told += [
        told_of("partial", endpoint, source, "exchange without client_certificate: true")
        for endpoint in scan.endpoints
        if endpoint.role == "exchange" and not endpoint.client_certificate
    ]
    count = len(demanding)
    vi = f"{scanned_vi(scan)}; {count} điểm phải có chứng thư máy khách"
    en = f"{scanned_en(scan)}; {count} must demand client certificates"
    return summed(
        told,
        Text(
            f"{vi}: đều từ chối máy khách không có chứng thư.",
            f"{en}: all refuse a client without one.",
        ),
        Text(f"{vi}; chưa bắt buộc xác thực hai chiều", f"{en}; mutual TLS is not enforced"),
        DEMAND,
        reached(scan),
        "",
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "certificates-valid",
        Text(
            "Chứng thư của các điểm cuối có hợp lệ không (chuỗi, tên, hạn, khoá, thuật toán)?",
            "Are the endpoints' certificates valid (chain, name, time, key, algorithm)?",
        ),
        (KIND,),
        "both",
        certificates_valid,
    ),
    Probe(
        "client-certificate-required",
        Text(
            "Điểm cuối phải xác thực hai chiều có từ chối máy khách không có chứng thư không?",
            "Do endpoints with mutual TLS refuse a client without certificate?",
        ),
        (KIND,),
        "both",
        client_certificate_required,
    ),
)

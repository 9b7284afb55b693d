"""What a certificate says, from its DER (X.509, RFC 5280)."""

from __future__ import annotations

import hashlib
import ipaddress
import warnings
from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.scan.result import MOST_NAMES, Certificate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509

MOST_BYTES: Final = 1 << 16
LONGEST: Final = 300


def certificates(chain: Sequence[bytes]) -> tuple[tuple[Certificate, ...], int]:
    """The certificates of a chain, and how many of them cannot be understood."""
    found = [certificate(der) for der in chain]
    known = tuple(each for each in found if each is not None)
    return known, len(found) - len(known)


def certificate(der: bytes) -> Certificate | None:
    """What a certificate says; null = it cannot be understood."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    if len(der) > MOST_BYTES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd certificates are what we are here to tell of
            parsed = x509.load_der_x509_certificate(der)
            key, bits = _key(parsed)
            algorithm = parsed.signature_hash_algorithm
            return Certificate(
                subject=parsed.subject.rfc4514_string()[:LONGEST],
                issuer=parsed.issuer.rfc4514_string()[:LONGEST],
                serial=f"{parsed.serial_number:x}"[:64],
                names=_names(parsed),
                not_before=parsed.not_valid_before_utc,
                not_after=parsed.not_valid_after_utc,
                key=key,
                bits=bits,
                hash=algorithm.name if algorithm else "",
                self_signed=_self_signed(parsed),
                sha256=hashlib.sha256(der).hexdigest(),
            )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _names(parsed: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        held = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    names = [
        *held.get_values_for_type(x509.DNSName),
        *(str(each) for each in held.get_values_for_type(x509.IPAddress)),
    ]
    return tuple(name[:LONGEST] for name in names[:MOST_NAMES])


def _key(parsed: x509.Certificate) -> tuple[str, int | None]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

    try:
        key = parsed.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "unknown", None
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "EC", key.curve.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return "DSA", key.key_size
    return type(key).__name__.strip("_").removesuffix("PublicKey")[:40], None


def _self_signed(parsed: x509.Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    if parsed.issuer != parsed.subject:
        return False
    try:
        parsed.verify_directly_issued_by(parsed)
    except (InvalidSignature, ValueError, TypeError):
        return False
    except UnsupportedAlgorithm:
        return True  # named so on both sides; the signature cannot be computed here
    return True


def fits(certificate: Certificate, name: str, address: str) -> bool:
    """Whether a certificate is for a name (RFC 6125); for the address where there is no name.

    ``*`` stands for one whole label, the first, of a name of at least three.
    """
    if not name:
        return ipaddress.ip_address(address) in [_address(each) for each in certificate.names]
    wanted = name.lower().rstrip(".").split(".")
    for held in certificate.names:
        labels = held.lower().rstrip(".").split(".")
        wild = labels[0] == "*" and len(labels) > 2 and len(labels) == len(wanted)
        if labels == wanted or (wild and labels[1:] == wanted[1:]):
            return True
    return False


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None

"""Digital signatures of a PDF (ISO 32000-2 §12.8, PAdES), checked without any network.

pyHanko does the work: digest over the byte range, signature over the attributes, what was added
to the file after signing. Whether a certificate was revoked is not known offline.
"""

from __future__ import annotations

import logging
import mmap
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from asn1crypto.x509 import Name
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
    from pyhanko_certvalidator import ValidationContext

MOST_SIGNATURES: Final = 20

Changed = Literal["no", "allowed", "yes", "unknown"]
"""What was added after signing: nothing; what a signature allows, such as another signature; more
than that; cannot be told."""


@dataclass(frozen=True, slots=True)
class DigitalSignature:
    """One signature.

    Attributes:
        signer: common name in the certificate.
        issuer: who issued the certificate, by its own word.
        time: ISO moment of signing in UTC; empty = not said.
        stamped: a time stamp says when; false = only the signer's own clock.
        intact: the signed bytes are unchanged and the signature fits; null = it could not be
            checked, see ``problem``.
        covers_all: nothing of the file lies outside of what was signed (but for the signature).
        changed: what happened to the file after signing.
        certificate_valid: the certificate was valid at that time; null = the time is not known.
        trusted: it leads to one of the given roots; null = no roots were given.
        problem: why it could not be checked.
    """

    signer: str
    issuer: str
    time: str
    stamped: bool
    intact: bool | None
    covers_all: bool
    changed: Changed
    certificate_valid: bool | None
    trusted: bool | None
    problem: str = ""


def signatures(path: Path, roots: tuple[bytes, ...] = ()) -> tuple[DigitalSignature, ...]:
    """All signatures of a PDF, in the order they were made.

    Args:
        path: the file.
        roots: certificates (DER) that are trusted; none = whether one is trusted stays unknown.

    Returns:
        One that could not be checked (``intact`` is null) where the file says that it is signed,
        but its signatures cannot be taken apart; nothing when it carries none.
    """
    if not _may_be_signed(path):
        return ()
    from pyhanko.pdf_utils.reader import PdfFileReader

    # they tell of every certificate that leads to no root, with its names and a trace
    for library in ("pyhanko", "pyhanko_certvalidator"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    try:
        with path.open("rb") as file:
            reader = PdfFileReader(file, strict=False)
            if reader.encrypted:
                reader.decrypt("")
            found = reader.embedded_regular_signatures
            return tuple(_checked(each, roots) for each in found[:MOST_SIGNATURES])
    except Exception as error:  # noqa: BLE001 - a hostile PDF makes the library fail in any way
        problem = f"the signatures cannot be taken apart ({type(error).__name__})"
        return (DigitalSignature("", "", "", False, None, False, "unknown", None, None, problem),)


def _may_be_signed(path: Path) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as seen:
        return seen.find(b"/ByteRange") >= 0


def _checked(each: EmbeddedPdfSignature, roots: tuple[bytes, ...]) -> DigitalSignature:
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    signer = issuer = time = problem = ""
    intact: bool | None = None
    valid: bool | None = None
    trusted: bool | None = None
    stamped = covers = False
    changed: Changed = "unknown"
    try:
        certificate = each.signer_cert
        signer, issuer = _common_name(certificate.subject), _common_name(certificate.issuer)
        moment = each.self_reported_timestamp
        status = validate_pdf_signature(each, _context(roots, moment))
        intact = bool(status.intact and status.valid)
        covers = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
        level = status.modification_level
        if level is not None:
            small = level <= ModificationLevel.FORM_FILLING and status.docmdp_ok is not False
            changed = "no" if level == ModificationLevel.NONE else "allowed" if small else "yes"
        stamp = status.timestamp_validity
        stamped = bool(stamp and stamp.intact and stamp.valid)
        if stamp and stamped:
            moment = stamp.timestamp
        if moment is not None:
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            time = moment.astimezone(UTC).isoformat()
            valid = certificate.not_valid_before <= moment <= certificate.not_valid_after
        trusted = bool(status.trusted) if roots else None
    except Exception as error:  # noqa: BLE001 - one signature must not hide the others
        problem = f"{type(error).__name__}: {error}"[:200]
    return DigitalSignature(
        signer, issuer, time, stamped, intact, covers, changed, valid, trusted, problem
    )


def _context(roots: tuple[bytes, ...], moment: datetime | None) -> ValidationContext:
    from asn1crypto.x509 import Certificate
    from pyhanko_certvalidator import ValidationContext

    return ValidationContext(
        trust_roots=[Certificate.load(root) for root in roots],
        allow_fetching=False,
        moment=moment,
    )


def _common_name(name: Name) -> str:
    native = name.native
    said = native.get("common_name") or native.get("organization_name") or ""
    return str(said[0] if isinstance(said, list) else said)[:200]

"""What a scan found, and the file it is kept in (``kind: tls-scan``)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from pydantic import AwareDatetime, ConfigDict, Field, ValidationError

from auditor.checklist.assessment import Address
from auditor.model.errors import InputError
from auditor.model.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import TypeAdapter

FORMAT: Final = 1
MOST_BYTES: Final = 16 << 20
MOST_ENDPOINTS: Final = 500
MOST_NAMES: Final = 200
MOST_CERTIFICATES: Final = 10

Short = Annotated[str, Field(max_length=300)]
Version = Literal["SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"]
"""In the words of the flow table's ``tls_version``."""

Group = Literal["null-anon-export", "rc4", "des", "cbc-sha1"]
Refusal = Literal["refused", "accepted", "unknown", "not-asked"]

_STRICT: Final = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class VersionAsked:
    """Whether a version was accepted when it alone was offered.

    Attributes:
        accepted: null = the server neither agreed nor refused in time.
        suite: that it chose of nearly all; empty = none.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    version: Version
    accepted: bool | None
    suite: Short = ""


@dataclass(frozen=True, slots=True)
class SuitesAsked:
    """Whether one of a group of weak suites was accepted when nothing else was offered.

    Attributes:
        accepted: null = the server neither agreed nor refused in time.
        suite: that it chose; empty = none.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    group: Group
    accepted: bool | None
    suite: Short = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate that the server sent.

    Attributes:
        names: DNS names and addresses it is for (subjectAltName).
        key: ``RSA``, ``EC``, ``Ed25519``...; ``bits`` null = not known.
        hash: that its signature is made with, such as ``sha256``; empty = part of the algorithm.
        self_signed: its own key signed it.
        sha256: hex digest of the certificate.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    subject: Short
    issuer: Short
    serial: Annotated[str, Field(pattern=r"^-?[0-9a-f]{1,64}$")]
    names: Annotated[tuple[Short, ...], Field(max_length=MOST_NAMES)]
    not_before: AwareDatetime
    not_after: AwareDatetime
    key: Short
    bits: Annotated[int, Field(ge=0, le=1 << 20)] | None
    hash: Short
    self_signed: bool
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class EndpointScan:
    """What one endpoint did.

    Attributes:
        role, client_certificate: as ``endpoints.yaml`` declared them.
        state: ``scanned``; ``no-answer`` = nobody accepts connections there; ``no-tls`` = none of
            the versions was accepted.
        chain: as sent, the server's own certificate first.
        chain_valid: whether the certificate leads to the given roots (names are not part of it);
            null = could not be told.
        chain_says: why not, in OpenSSL's words.
        without_certificate: what became of a client that has no certificate; ``not-asked`` where
            the endpoint does not demand one.
        unread: certificates that were sent but cannot be understood.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    address: Address
    port: Annotated[int, Field(gt=0, lt=65536)]
    name: Short
    role: Literal["exchange", "public", "internal"]
    client_certificate: bool
    state: Literal["scanned", "no-answer", "no-tls"]
    says: Short = ""
    versions: Annotated[tuple[VersionAsked, ...], Field(max_length=5)] = ()
    weak: Annotated[tuple[SuitesAsked, ...], Field(max_length=4)] = ()
    chain: Annotated[tuple[Certificate, ...], Field(max_length=MOST_CERTIFICATES)] = ()
    chain_valid: bool | None = None
    chain_says: Short = ""
    without_certificate: Refusal = "not-asked"
    without_says: Short = ""
    unread: Annotated[int, Field(ge=0, le=MOST_CERTIFICATES)] = 0

    @property
    def place(self) -> str:
        """Where it stands, such as ``10.20.1.5:443 (api.example.vn)``."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}" + (f" ({self.name})" if self.name else "")


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan of all endpoints that the agency lists.

    Attributes:
        roots: the store that chains were checked against: ``system``, or a file's name and the
            first digits of its SHA-256.
        not_covered: what this scan cannot tell.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    format: Literal[1]
    at: AwareDatetime
    roots: Short
    endpoints: Annotated[tuple[EndpointScan, ...], Field(min_length=1, max_length=MOST_ENDPOINTS)]
    not_covered: Annotated[tuple[Text, ...], Field(max_length=50)] = ()


def to_json(scan: Scan) -> str:
    """The scan as the text that ``saved_scan`` reads."""
    plain = _adapter().dump_python(scan, mode="json")
    return json.dumps(plain, ensure_ascii=False, indent=1) + "\n"


def saved_scan(path: Path) -> Scan:
    """The scan that is kept in ``path``.

    Raises:
        InputError: it cannot be read, is too large, or is no scan of this format.
    """
    hint = "Make a scan anew and attach the file it writes."
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", place=str(path), hint="Check the file."
        ) from None
    if len(data) > MOST_BYTES:
        raise InputError(f"is larger than {MOST_BYTES >> 20} MiB", place=str(path), hint=hint)
    try:
        plain = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once)
        return _adapter().validate_python(plain)
    except UnicodeDecodeError as error:
        wrong = f"is not UTF-8 text (byte {error.start})"
    except RecursionError:
        wrong = "is nested too deeply"
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        wrong = f"is no TLS scan: {where}: {first['msg']} ({error.error_count()} mistakes)"
    except ValueError as error:
        wrong = f"is no TLS scan: {error}"
    raise InputError(wrong, place=str(path), hint=hint)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


@cache
def _adapter() -> TypeAdapter[Scan]:
    from pydantic import TypeAdapter

    return TypeAdapter(Scan)

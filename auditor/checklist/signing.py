"""Signatures over the whole assessment, and what changed since (Ed25519, RFC 8032).

A signature covers a manifest: the catalogue, every file of the folder, every piece of evidence and
every answer by its hash. The manifest is written beside the signature, so that a later look can
name what differs.
"""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from auditor.checklist.folder import FILES, sha256
from auditor.model.days import YEARS
from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.model.readiness import SignatureRow
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from auditor.checklist.catalogue import Catalogue
    from auditor.checklist.folder import Folder
    from auditor.checklist.held import Held
    from auditor.model.problem import Note

FORMAT: Final = 1
FOLDER: Final = "signatures"
ENDPOINTS: Final = "endpoints.signature.json"
MOST_BYTES: Final = 16 * 1024 * 1024
MOST_SIGNATURES: Final = 200

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs."""

    person: str
    role: str
    unit: str


def canonical(content: object) -> bytes:
    """JSON with sorted keys, no blanks, UTF-8: RFC 8785 for text, whole numbers, lists, maps."""
    return json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode("utf-8", "backslashreplace")


def manifest(
    folder: Folder, catalogue: Catalogue, held: Mapping[str, tuple[Held, ...]]
) -> Manifest:
    """Hashes of everything that an assessment says, as it lies there now."""
    answers = folder.answers
    entries: dict[str, dict[str, str]] = {"answers": {}, "attestations": {}, "waivers": {}}
    for name, listed in (
        ("answers", answers.answers),
        ("attestations", answers.attestations),
        ("waivers", answers.waivers),
    ):
        for entry in listed:
            found = entries[name].get(entry.item, "")
            text = found.encode() + canonical(entry.model_dump(mode="json"))
            entries[name][entry.item] = hashlib.sha256(text).hexdigest()
    return {
        "checklist": catalogue.checklist.id,
        "checklist_version": catalogue.checklist.version,
        "checklist_sha256": catalogue.sha256,
        "numbers_sha256": catalogue.numbers_sha256,
        "files": {
            name: sha256(folder.path / name) for name in FILES if (folder.path / name).exists()
        },
        "evidence": {
            each.entry.id: each.entry.sha256 if each.state == "present" else each.state
            for every in held.values()
            for each in every
        },
        **entries,
    }


def fingerprint(content: Manifest) -> str:
    """SHA-256 of a manifest: what a signature signs, in one line for a paper."""
    return hashlib.sha256(canonical(content)).hexdigest()


def signed(content: Manifest, signer: Signer, key: Ed25519PrivateKey, at: datetime) -> str:
    """The text of a signature file over this manifest."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    body = {
        "format": FORMAT,
        "manifest": content,
        "person": signer.person,
        "role": signer.role,
        "unit": signer.unit,
        "at": at.isoformat(),
        "public_key": public,
    }
    body["signature"] = key.sign(canonical(body)).hex()
    return json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def statement_signed(content: Mapping[str, object], key: Ed25519PrivateKey) -> tuple[str, str]:
    """Public key and signature, in hex, over a single statement."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    return public, key.sign(canonical(content)).hex()


def fits(public: str, signature: str, content: object) -> bool:
    """Whether the signature was made with this key over this content."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), canonical(content))
    except (InvalidSignature, ValueError, RecursionError):
        return False
    return True


def key_fingerprint(public: str) -> str:
    """SHA-256 of a public key in hex, as people compare it with a paper: groups of four."""
    digest = hashlib.sha256(bytes.fromhex(public)).hexdigest()[:32]
    return " ".join(digest[start : start + 4] for start in range(0, 32, 4))


def new_key() -> Ed25519PrivateKey:
    """A new private key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate()


def key_text(key: Ed25519PrivateKey, passphrase: str) -> bytes:
    """A private key as PEM (PKCS #8), encrypted unless the passphrase is empty."""
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        KeySerializationEncryption,
        NoEncryption,
        PrivateFormat,
    )  # fmt: skip

    lock: KeySerializationEncryption = (
        BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def read_key(path: Path, passphrase: str) -> Ed25519PrivateKey:
    """The private key in a PEM file.

    Raises:
        InputError: no such file, not an Ed25519 key, or the passphrase is wrong.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    hint = "Give the private key of the signer: auditor checklist sign --new-key FILE makes one."
    try:
        content = path.read_bytes()
        key = load_pem_private_key(content, passphrase.encode() or None)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", place=str(path), hint=hint) from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InputError(
            "is no private key, or its passphrase is another one", place=str(path), hint=hint
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError("is no Ed25519 key", place=str(path), hint=hint)
    return key


def signatures(
    folder: Folder, now: Manifest, note: Note
) -> tuple[tuple[SignatureRow, ...], tuple[Manifest, ...]]:
    """Every signature of the folder, held against what lies there now, and what they signed.

    Only manifests whose signature fits are given back. A file that is no signature is noted.
    """
    rows: list[SignatureRow] = []
    manifests: list[Manifest] = []
    place = folder.path / FOLDER
    files = sorted(place.glob("*.json")) if place.is_dir() else []
    if len(files) > MOST_SIGNATURES:
        note(
            Problem(
                "signature-unreadable",
                FOLDER,
                f"{len(files) - MOST_SIGNATURES} of {len(files)} signatures are not looked at",
                f"Keep the last signatures only, {MOST_SIGNATURES} at most.",
            )
        )
    for path in files[:MOST_SIGNATURES]:
        try:
            body = _body(path)
        except InputError as error:
            note(
                Problem(
                    "signature-unreadable",
                    f"{FOLDER}/{path.name}",
                    f"{error.message}; what it signed cannot be told",
                    "Ask who signed for the file as it was.",
                )
            )
            continue
        signature = body.pop("signature")
        valid = fits(body["public_key"], signature, body)
        changes = _changes(body["manifest"], now) if valid else ()
        if valid:
            manifests.append(body["manifest"])
        rows.append(
            SignatureRow(
                person=body["person"],
                role=body["role"],
                at=datetime.fromisoformat(body["at"]),
                key=key_fingerprint(body["public_key"]),
                state="invalid" if not valid else "changed" if changes else "valid",
                changes=changes,
                known=valid
                and is_known(folder, body["public_key"], body["role"], name=body["person"]),
            )
        )
    return tuple(rows), tuple(manifests)


def last_words(rows: Iterable[SignatureRow]) -> tuple[SignatureRow, ...]:
    """The last signature of each person in each role with each key; earlier ones are history."""
    last: dict[tuple[str, str, str], SignatureRow] = {}
    for row in sorted(rows, key=lambda row: row.at):
        last[row.person, row.role, row.key] = row
    return tuple(last.values())


def is_known(folder: Folder, public: str, *roles: str, name: str | None = None) -> bool:
    """Whether ``assessment.yaml`` names this key for one of these roles, and for this person."""
    printed = key_fingerprint(public).replace(" ", "")
    return any(
        person.role in roles
        and person.key.replace(" ", "").lower() == printed
        and (name is None or " ".join(person.name.split()) == " ".join(name.split()))
        for person in folder.assessment.people
    )


def endpoints_text(folder: Folder, signer: Signer, key: Ed25519PrivateKey, at: datetime) -> str:
    """The text of a signature over ``endpoints.yaml``: the agency's leave to scan them."""
    content = {"endpoints.yaml": sha256(folder.path / "endpoints.yaml")}
    return signed({"files": content}, signer, key, at)


def endpoints_allowed(folder: Folder) -> None:
    """Nothing, where the agency's list of endpoints is signed by its owner or operator.

    Raises:
        InputError: there is no list, no signature, or it does not fit; what to do is said.
    """
    place = folder.path / ENDPOINTS
    hint = (
        "List the agency's own endpoints in endpoints.yaml, write the owner's or operator's key "
        "into assessment.yaml (people), and sign: auditor checklist sign DIR --endpoints."
    )
    if folder.endpoints is None or not place.exists():
        raise InputError(
            "no scan: the agency's list of its own endpoints is not there or not signed",
            place=str(folder.path / "endpoints.yaml"),
            hint=hint,
        )
    body = _body(place)
    signature = body.pop("signature")
    listed = body["manifest"].get("files", {}).get("endpoints.yaml")
    if not fits(body["public_key"], signature, body):
        raise InputError("no scan: the signature does not fit", place=str(place), hint=hint)
    if listed != sha256(folder.path / "endpoints.yaml"):
        raise InputError(
            "no scan: the list changed after it was signed", place=str(place), hint=hint
        )
    if not is_known(folder, body["public_key"], "owner", "operator"):
        raise InputError(
            "no scan: the key is not one that assessment.yaml names for the owner or operator",
            place=str(place),
            hint=hint,
        )


_TEXTS: Final = ("person", "role", "unit", "at", "public_key", "signature")


def _body(path: Path) -> dict[str, Any]:
    hint = "Put the signature file back as it was."
    try:
        about = path.stat()  # before it is opened: opening a pipe would wait for ever
        if not stat.S_ISREG(about.st_mode) or about.st_size > MOST_BYTES:
            raise InputError("is no file, or too large for a signature", place=str(path), hint=hint)
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise InputError("is no signature file", place=str(path), hint=hint) from None
    if (
        not isinstance(body, dict)
        or not isinstance(body.get("manifest"), dict)
        or not all(isinstance(body.get(name), str) for name in _TEXTS)
    ):
        raise InputError("is no signature file", place=str(path), hint=hint)
    try:
        moment = datetime.fromisoformat(body["at"])
        bytes.fromhex(body["public_key"])
    except ValueError:
        raise InputError("is no signature file", place=str(path), hint=hint) from None
    if moment.tzinfo is None or moment.year not in YEARS or body.get("format") != FORMAT:
        raise InputError("is a signature of another format", place=str(path), hint=hint)
    return body


_WORDS: Final = {
    "answers": ("Câu trả lời", "The answer to"),
    "attestations": ("Xác nhận của", "The attestation of"),
    "waivers": ("Tạm chấp nhận của", "The waiver of"),
    "evidence": ("Bằng chứng", "Evidence"),
    "files": ("Tệp", "File"),
}
_SPLIT: Final = ("answers.yaml", "evidence.yaml")
"""Files whose changes are told entry by entry."""


def _changes(then: Manifest, now: Manifest) -> tuple[Text, ...]:
    """What differs between two manifests, most telling first."""
    found: list[Text] = []
    if then.get("checklist_sha256") != now["checklist_sha256"]:
        found.append(
            Text(
                f"Danh mục kiểm tra đã đổi: {then.get('checklist_version')} thành "
                f"{now['checklist_version']}.",
                f"The checklist changed: {then.get('checklist_version')} to "
                f"{now['checklist_version']}.",
            )
        )
    if then.get("numbers_sha256") != now["numbers_sha256"]:
        found.append(
            Text(
                "Bảng ngưỡng theo cấp độ hoặc ngày nghỉ lễ đã đổi.",
                "The numbers by level, or the public holidays, changed.",
            )
        )
    for part, (vi, en) in _WORDS.items():
        before = then.get(part)
        old: dict[str, Any] = before if isinstance(before, dict) else {}
        new: dict[str, str] = now[part]
        for name in sorted({*old, *new}):
            if old.get(name) == new.get(name):
                continue
            if part == "files" and name in _SPLIT:
                continue
            if name not in old:
                what = "được thêm sau khi ký", "was added after the signature"
            elif name not in new or new[name] == "missing":
                what = "không còn", "is gone"
            else:
                what = "đã thay đổi", "changed"
            found.append(Text(f"{vi} {name} {what[0]}.", f"{en} {name} {what[1]}."))
    return tuple(found)

"""New entries of an assessment: answers, attestations, waivers, evidence.

What an entry replaces goes into the history (``auditor.checklist.writing``).
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from auditor.checklist import assessment as nouns
from auditor.checklist.facts import VIETNAM
from auditor.checklist.folder import EVIDENCE, sha256
from auditor.model.days import iso_day
from auditor.model.errors import InputError
from auditor.model.files import written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path
    from typing import IO

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from auditor.checklist.assessment import Said
    from auditor.checklist.folder import Folder
    from auditor.checklist.held import Held
    from auditor.checklist.signing import Signer
    from auditor.model.checklist import Checklist, EvidenceKind, Item

LONGEST_WAIVER: Final = timedelta(days=366)
LONGEST_WORD: Final = timedelta(days=366)
COPIED_AT_ONCE: Final = 1 << 20
LAST_NUMBER: Final = 9999
"""Ids of evidence have four digits."""


def item_of(checklist: Checklist, name: str) -> Item:
    """The item of this id.

    Raises:
        InputError: there is none.
    """
    item = checklist.item(name.upper())
    if item is None:
        raise InputError(
            "no item of this id",
            place=name,
            hint="Item ids look like NET-03; auditor checklist show DIR lists them.",
        )
    return item


def asking(item: Item, kind: EvidenceKind) -> Item:
    """The item, which asks for this kind of evidence.

    Raises:
        InputError: it does not; what is attached for it would never be looked at.
    """
    if kind.id not in item.evidence:
        raise InputError(
            f"asks for no evidence of the kind {kind.id}",
            place=item.id,
            hint=f"It asks for: {', '.join(item.evidence)}.",
        )
    return item


def kind_of(checklist: Checklist, name: str) -> EvidenceKind:
    """The kind of evidence of this id.

    Raises:
        InputError: there is none.
    """
    kind = checklist.kind(name)
    if kind is None:
        near = [each.id for each in checklist.kinds if name[:4] in each.id][:5]
        raise InputError(
            "no kind of evidence is called so",
            place=name,
            hint=f"Kinds are listed by: auditor checklist show DIR ITEM. Near: {', '.join(near)}",
        )
    return kind


def answered(
    answers: nouns.Answers,
    item: Item,
    said: Said,
    *,
    explanation: str,
    by: str,
    at: datetime,
    measure: Mapping[str, str] | None = None,
) -> nouns.Answers:
    """All answers, with this one in the place of an earlier one.

    Raises:
        InputError: a "not applicable" without a reason or a name, or a day that is none.
    """
    if said == "not-applicable" and not explanation.strip():
        raise InputError(
            '"not applicable" needs a reason',
            place=item.id,
            hint="Say why it does not concern this system: --because TEXT.",
        )
    if said == "not-applicable" and not by.strip():
        raise InputError(
            '"not applicable" needs the name of who says so',
            place=item.id,
            hint="Say who answers: --by NAME.",
        )
    before = next((each for each in answers.answers if each.item == item.id), None)
    old = before.measure.model_dump() if before and before.measure else {}
    parts = old | {name: text for name, text in (measure or {}).items() if text}
    if parts.get("due"):
        _day(parts["due"], item.id)
    entry = nouns.AnswerEntry(
        item=item.id,
        said=said,
        explanation=explanation,
        by=by,
        at=at,
        text_sha256=item.text_hash(),
        measure=nouns.MeasurePart(**parts) if parts else None,
    )
    kept = tuple(each for each in answers.answers if each.item != item.id)
    return answers.model_copy(update={"answers": (*kept, entry)})


def attested(
    folder: Folder,
    item: Item,
    evidence: tuple[Held, ...],
    signer: Signer,
    *,
    holds: bool,
    statement: str,
    at: datetime,
    valid_until: str,
    key: Ed25519PrivateKey | None,
) -> nouns.Answers:
    """All answers, with one more attestation; an earlier one of the same person goes.

    It covers the evidence that lies there for this item; what is gone or changed is not attested.
    A "yes" to an item that is answered as not applicable says just that, and nothing of evidence.
    An empty ``statement`` = the item's own words.

    Raises:
        InputError: the item leaves nothing to a person, a name or the words are missing, or the day
            is none or too far away.
    """
    answer = next((each for each in folder.answers.answers if each.item == item.id), None)
    apart = holds and answer is not None and answer.said == "not-applicable"
    if item.attests is None and not apart:
        raise InputError(
            "this item leaves nothing to a person: only checks decide it",
            place=item.id,
            hint="Attach evidence, or run the checks.",
        )
    if not (signer.person.strip() and signer.role.strip()):
        raise InputError(
            "an attestation needs who attests, and in which role",
            place=item.id,
            hint="Give --name and --role.",
        )
    if apart and answer is not None and not statement.strip():
        statement = f"Không áp dụng cho hệ thống này: {answer.explanation}"
    until = _day(valid_until, item.id)
    today = at.astimezone(VIETNAM).date()
    if not today <= until <= today + LONGEST_WORD:
        raise InputError(
            "an attestation holds for a year at most, and not into the past",
            place=item.id,
            hint="Give --until a day within a year.",
        )
    entry = nouns.AttestationEntry(
        item=item.id,
        holds=holds,
        applies=not apart,
        person=signer.person,
        role=signer.role,
        unit=signer.unit,
        statement=statement.strip() or (item.attests.vi if item.attests else ""),
        at=at,
        valid_until=valid_until,
        text_sha256=item.text_hash(),
        evidence={
            each.entry.id: each.entry.sha256
            for each in evidence
            if each.state in ("present", "metadata-only")
            and (not each.entry.items or item.id in each.entry.items)
        },
    )
    if key is not None:
        from auditor.checklist.signing import statement_signed

        public, signature = statement_signed(unsigned(entry), key)
        entry = entry.model_copy(update={"key": public, "signature": signature})
    kept = tuple(
        each
        for each in folder.answers.attestations
        if (each.item, each.person, each.role) != (entry.item, entry.person, entry.role)
    )
    return folder.answers.model_copy(update={"attestations": (*kept, entry)})


def unsigned(entry: nouns.AttestationEntry) -> dict[str, object]:
    """What a signature of an attestation signs: all of it but the signature itself."""
    return entry.model_dump(mode="json", exclude={"key", "signature"})


def waived(
    folder: Folder, item: Item, signer: Signer, *, reason: str, at: datetime, until: str
) -> nouns.Answers:
    """All answers, with this item's lack accepted for a time.

    Raises:
        InputError: the item is a gate on a confirmed basis; a part is missing; the day is none,
            past, or more than a year away.
    """
    if item.gate == "hard":
        raise InputError(
            "this is a gate on a confirmed provision: it cannot be waived",
            place=item.id,
            hint="Mend it; or show why it does not concern this system (answer, attest).",
        )
    if not (signer.person.strip() and signer.role.strip() and reason.strip()):
        raise InputError(
            "a waiver needs who approves, in which role, and why",
            place=item.id,
            hint="Give --name, --role and --because.",
        )
    day, today = _day(until, item.id), at.astimezone(VIETNAM).date()
    if not today < day <= today + LONGEST_WAIVER:
        raise InputError(
            "a waiver ends within a year",
            place=item.id,
            hint="Give --until a day after today and within a year.",
        )
    entry = nouns.WaiverEntry(
        item=item.id, approver=signer.person, role=signer.role, reason=reason, at=at, until=until
    )
    kept = tuple(each for each in folder.answers.waivers if each.item != item.id)
    return folder.answers.model_copy(update={"waivers": (*kept, entry)})


def attached(
    folder: Folder,
    kind: EvidenceKind,
    file: Path | None,
    *,
    items: tuple[str, ...],
    at: datetime,
    by: str,
    facts: Mapping[str, str],
    secret: bool,
) -> tuple[nouns.EvidenceRegister, nouns.EvidenceEntry]:
    """The register with one more piece of evidence, whose file was copied into the folder.

    ``file`` is null, or a file whose content must not be copied (``secret``), where only metadata
    is registered; ``facts`` are number, dated, signer, effective, collected and note, as far as
    they are known; empty ``items`` = all that ask for this kind.

    Raises:
        InputError: the file cannot be read, is empty, or a day is none or still to come.
        StoreError: it cannot be copied.
    """
    for name in ("dated", "effective", "collected"):
        if facts.get(name):
            _day(facts[name], name)
    number = max((int(each.id[3:]) for each in folder.evidence.evidence), default=0) + 1
    if number > LAST_NUMBER:
        raise InputError(
            f"the register is full: it holds {LAST_NUMBER}",
            place=str(folder.path / "evidence.yaml"),
            hint="Give the last entry of evidence.yaml a lower number that is free.",
        )
    name = f"ev-{number:04}"
    today = at.astimezone(VIETNAM).date()
    for known in ("dated", "collected"):
        if facts.get(known) and _day(facts[known], known) > today:
            raise InputError(
                f"{facts[known]} is a day to come",
                place=known,
                hint="Evidence tells of what was: write the day it is of; --effective may come.",
            )
    place, digest, size = "", "", None
    if file is not None and not secret:
        digest, size = sha256(file), file.stat().st_size
        if size == 0:
            raise InputError("is empty", place=str(file), hint="Attach the file with its content.")
        place = f"{EVIDENCE}/{name}-{_slug(file.name)}"
        if os.path.lexists(folder.path / place):  # of somebody who attaches at the same time
            place = f"{EVIDENCE}/{name}-{digest[:16]}-{_slug(file.name)}"
        _copied(file, folder.path / place, digest)
    entry = nouns.EvidenceEntry(
        id=name,
        kind=kind.id,
        file=place,
        sha256=digest,
        size=size,
        items=items,
        registered=today.isoformat(),
        by=by,
        secrecy="registered-only" if secret else "none",
        **{key: value for key, value in facts.items() if value},
    )
    entries = (*folder.evidence.evidence, entry)
    return folder.evidence.model_copy(update={"evidence": entries}), entry


def _copied(file: Path, target: Path, digest: str) -> None:
    def copy(out: IO[bytes]) -> None:
        seen = hashlib.sha256()
        with file.open("rb") as source:
            while block := source.read(COPIED_AT_ONCE):
                seen.update(block)
                out.write(block)
        if seen.hexdigest() != digest:
            raise InputError(
                "changed while it was copied", place=str(file), hint="Attach it again."
            )

    written(target.parent, {target.name: copy})


def _slug(name: str) -> str:
    """A file name that every system can hold: ASCII letters, digits, dots, dashes."""
    plain = unicodedata.normalize("NFKD", name.replace("đ", "d").replace("Đ", "D"))
    ascii_only = plain.encode("ascii", "ignore").decode()
    stem, dot, ending = ascii_only.rpartition(".")
    if not dot:
        stem, ending = ascii_only, ""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-").lower()[:60] or "file"
    ending = re.sub(r"[^A-Za-z0-9]", "", ending).lower()[:8]
    return f"{stem}.{ending}" if ending else stem


def _day(text: str, place: str) -> date:
    try:
        return iso_day(text)
    except ValueError:
        raise InputError(
            f"{text!r} is no day", place=place, hint="Write days as 2026-11-21."
        ) from None

"""Who signs the papers: what an agency writes of itself (``agency.yaml``)."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from pydantic import Field, model_validator

from auditor.model.documents import Document

Name = Annotated[str, Field(max_length=300)]
Long = Annotated[str, Field(max_length=4000)]


class Contact(Document):
    """A unit or person that can be asked."""

    unit: Name = ""
    person: Name = ""
    title: Name = ""
    phone: Name = ""
    email: Name = ""


class Signer(Document):
    """Who signs, as it stands above and below the signature.

    Attributes:
        title: in capitals on paper, such as ``KT. GIÁM ĐỐC``; several lines with line breaks.
    """

    title: Name = ""
    name: Name = ""


class SystemDetails(Document):
    """What traffic cannot tell of a system of the inventory.

    Attributes:
        id: of the inventory's system.
        recipients: names as the papers show them, upper and lower case alike: only what goes to
            these is meant; empty = all of the system's transfers that no other entry names.
        purpose: why the data is transferred.
        subject_groups: whose data it is, such as ``người sử dụng đất``.
    """

    id: Annotated[str, Field(min_length=1, max_length=100)]
    recipients: Annotated[tuple[Name, ...], Field(max_length=200)] = ()
    purpose: Long = ""
    subject_groups: Long = ""
    retention: Long = ""
    deletion: Long = ""


class Agency(Document):
    """One agency; whatever is empty stays visibly open on the papers.

    Attributes:
        parent: the body above it (cơ quan chủ quản).
        place: where papers are signed (địa danh).
        number: of the paper, where it is known already.
        symbol: the agency's part of the number (ký hiệu): ``SNNMT`` gives ``Số: …/BC-SNNMT``.
        recipients: the lines under *Nơi nhận*.
        protection_officer: unit or person in charge of data protection (Form 09, A.I.8).
        security_unit: unit in charge of data security (Decree 165/2025, Article 17(11)(a)).
    """

    version: Annotated[str, Field(min_length=1)]
    name: Name = ""
    parent: Name = ""
    place: Name = ""
    number: Name = ""
    symbol: Name = ""
    signer: Signer = Signer()
    recipients: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    name_english: Name = ""
    tax_code: Name = ""
    address: Name = ""
    phone: Name = ""
    email: Name = ""
    website: Name = ""
    business_lines: Long = ""
    branches: Long = ""
    protection_officer: Contact = Contact()
    security_unit: Contact = Contact()
    protection_measures: Long = ""
    systems: Annotated[tuple[SystemDetails, ...], Field(max_length=1000)] = ()

    @model_validator(mode="after")
    def _says_it_once(self) -> Agency:
        said = Counter(
            (each.id, name.casefold()) for each in self.systems for name in each.recipients or ("",)
        )
        twice = sorted(
            {f"{id_} {name}".strip() for (id_, name), count in said.items() if count > 1}
        )
        if twice:
            raise ValueError(f"the same system and recipient stand twice: {', '.join(twice)}")
        return self

    def details(self, system: str | None, recipient: str) -> SystemDetails | None:
        """What it says of a system's transfers to a recipient; null = nothing."""
        general = None
        for each in self.systems:
            if each.id != system:
                continue
            if recipient.casefold() in (name.casefold() for name in each.recipients):
                return each
            general = general if each.recipients else each
        return general

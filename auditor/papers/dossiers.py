"""What the register's dossiers say of a transfer beyond whether they cover it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.papers.wording import countries, day

if TYPE_CHECKING:
    from auditor.model.register import Dossier
    from auditor.papers.material import Material
    from auditor.papers.transfers import Transfer


def dossiers_of(material: Material, transfer: Transfer | None = None) -> tuple[Dossier, ...]:
    """Dossiers that cover a transfer's findings, or any finding; in the register's order.

    A dossier that only comes closest speaks of something else, and nothing is taken from it.
    """
    seen = material.seen if transfer is None else transfer.seen
    named = {each.finding.dossier for each in seen if each.finding.state == "covered"}
    held = material.register.dossiers if material.register else ()
    return tuple(each for each in held if each.id in named)


def purpose_of(material: Material, transfer: Transfer) -> str:
    """Why, as the agency or else its dossiers say; empty = nobody does."""
    details = material.agency.details(transfer.system, transfer.recipient)
    if details is not None and details.purpose:
        return details.purpose
    said = (each.purpose for each in dossiers_of(material, transfer))
    return "; ".join(dict.fromkeys(filter(None, said)))


def contract_of(material: Material, transfer: Transfer) -> str:
    """The contracts that its dossiers name; empty = none."""
    return "; ".join(
        f"{each.contract.number}, {day(each.contract.on)}"
        for each in dossiers_of(material, transfer)
        if each.contract is not None
    )


def storage_of(material: Material, transfer: Transfer) -> str:
    """Where its dossiers say that the recipient keeps the data, and until when; empty = nothing."""
    return "; ".join(
        countries(each.storage.countries)
        + (f", đến {day(each.storage.until)}" if each.storage.until else "")
        for each in dossiers_of(material, transfer)
        if each.storage is not None
    )

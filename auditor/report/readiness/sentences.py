"""Sentences that several papers share, in Vietnamese."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.report.formats import day, moment
from auditor.report.readiness import words

if TYPE_CHECKING:
    from auditor.model.readiness import Attestation, EvidenceRow, ItemResult, Readiness


def gap(what: str) -> str:
    """A place that somebody must fill: ``[…chưa có bằng chứng…]``."""
    return f"[…{what}…]"


def proof(row: EvidenceRow) -> str:
    """A piece of evidence as a document names it: title, number, date, signer, id, state."""
    number = f" số {row.number}" if row.number else ""
    dated = f" ngày {day(row.dated).vi}" if row.dated else ""
    signer = f", {row.signer} ký" if row.signer else ""
    state = "" if row.state == "present" else f" – {words.EVIDENCE_STATE[row.state].vi}"
    return f"{row.kind_title.vi}{number}{dated}{signer} ({row.id}){state}"


def attested(one: Attestation) -> str:
    """Who attests what, since when, and whether it still counts."""
    void = f" – không còn được tính: {one.voided.vi}" if one.voided else ""
    unit = f", {one.unit}" if one.unit else ""
    what = "không đạt" if not one.holds else "đạt" if one.applies else "không áp dụng"
    return (
        f"{one.person} ({words.role(one.role).vi}{unit}) ngày {moment(one.at).vi[:10]} xác nhận "
        f"{what}: “{one.statement}”{void}"
    )


def short(title: str) -> str:
    """An instrument's kind and number, without what it is about."""
    return title.partition(" (")[0]


def basis(item: ItemResult, readiness: Readiness) -> str:
    """The provisions of an item with their marks; the full titles stand elsewhere."""
    told = []
    for one in item.basis:
        title = short(readiness.instruments.get(one.instrument, one.instrument))
        article = f", {one.article}" if one.article else ""
        told.append(f"{title}{article} [{one.mark}]")
    return "; ".join(told)


def papers(row: EvidenceRow) -> str:
    """Number, date and signer of a document, as far as it has them."""
    known = [part for part in (row.number, day(row.dated).vi, row.signer) if part]
    return " ".join(known) or "–"

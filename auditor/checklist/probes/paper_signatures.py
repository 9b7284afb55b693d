"""The probe of a document's digital signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Found, Probe, unknown
from auditor.checklist.probes.paper_days import (
    nothing_held,
    paper,
)
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments
    from auditor.checklist.sources.pdf_signatures import DigitalSignature


def _signed(facts: Facts, arguments: Arguments) -> Found:
    kind = str(arguments["kind"])
    entries = facts.held(kind)
    if not entries:
        return nothing_held(kind)
    held = entries[0]
    found = paper(held)
    signatures = found.signatures if found else ()
    if not signatures:
        return unknown(
            f"{held.entry.id} không có chữ ký số PDF; có thể được ký trên giấy.",
            f"{held.entry.id} carries no digital PDF signature; it may be signed on paper.",
            "Gắn bản PDF ký số, hoặc người có trách nhiệm xác nhận chữ ký trên bản giấy.",
            "Attach the digitally signed PDF, or let somebody confirm the signature on paper.",
        )
    said = [
        (each, *_wrong(each, last=at == len(signatures) - 1)) for at, each in enumerate(signatures)
    ]
    references = [
        Reference(held.entry.id, f"signature {at}", f"{each.time or 'no time'}: {en or 'intact'}")
        for at, (each, _, _, en) in enumerate(said, start=1)
    ]
    failing = [row for row in said if row[1] == "fail"]
    unsure = [row for row in said if row[1] == "unknown"]
    if failing or unsure:
        _, answer, vi, en = (failing or unsure)[0]
        return Found(
            "fail" if answer == "fail" else "unknown",
            f"{len(failing or unsure)}/{len(said)} chữ ký số của {held.entry.id} không dùng được: "
            f"{vi}.",
            f"{len(failing or unsure)} of {len(said)} signatures of {held.entry.id} do not hold: "
            f"{en}.",
            references,
            way_out=Text(
                "Lấy lại bản gốc ký số từ hệ thống quản lý văn bản, hoặc ký lại.",
                "Get the signed original from the document system, or have it signed again.",
            ),
        )
    if all(each.trusted for each in signatures):
        return Found(
            "pass",
            f"{len(said)} chữ ký số của {held.entry.id} nguyên vẹn, chứng thư tin cậy.",
            f"{len(said)} signatures of {held.entry.id} are intact, their certificates trusted.",
            references,
        )
    return Found(
        "pending",
        f"{len(said)} chữ ký số của {held.entry.id} nguyên vẹn, bao trùm cả tệp, chứng thư còn hạn "
        "lúc ký; nguồn cấp và việc thu hồi chứng thư chưa kiểm tra được khi ngoại tuyến.",
        f"{len(said)} signatures of {held.entry.id} are intact, cover the whole file, the "
        "certificate "
        "was in its time; who issued it and whether it was revoked cannot be told offline.",
        references,
        way_out=Text(
            "Kiểm tra chứng thư bằng công cụ của Ban Cơ yếu Chính phủ rồi xác nhận.",
            "Check the certificate with the government cipher agency's tool, then confirm.",
        ),
    )


def _wrong(each: DigitalSignature, *, last: bool) -> tuple[str, str, str]:
    """What speaks against a signature: how much, and in which words; nothing = empty."""
    if each.intact is False:
        return "fail", "nội dung đã bị sửa sau khi ký", "what was signed has been changed"
    if each.changed == "yes":
        return "fail", "tệp bị sửa sau khi ký", "the file was changed after signing"
    if each.certificate_valid is False:
        return (
            "fail",
            "chứng thư không có hiệu lực lúc ký",
            "the certificate was not in its time when it was signed",
        )
    if each.intact is None:
        return "unknown", "không kiểm tra được", "it could not be checked"
    if each.changed == "unknown" or (last and not each.covers_all and each.changed != "allowed"):
        return "unknown", "không bao trùm cả tệp", "it does not cover the whole file"
    if each.certificate_valid is None:
        return "unknown", "không biết thời điểm ký", "nobody says when it was signed"
    return "", "", ""


PROBES: Final = (
    Probe(
        "document-signed",
        Text("Chữ ký số của tài liệu có nguyên vẹn không?", "Is its digital signature intact?"),
        ("kind",),
        "both",
        _signed,
        ("kind",),
    ),
)

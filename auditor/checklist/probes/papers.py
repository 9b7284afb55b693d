"""Probes of one kind of document: is it held, and is it young enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Found, Probe, unknown
from auditor.checklist.probes.paper_days import (
    after,
    day,
    in_future,
    no_day,
    nothing_held,
    paper,
    paper_day,
    paper_days,
    written,
)
from auditor.checklist.sources.letterhead import folded
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.held import Held
    from auditor.checklist.probe import Arguments
    from auditor.checklist.sources.document import Paper


def _held(facts: Facts, arguments: Arguments) -> Found:
    kind = str(arguments["kind"])
    entries = facts.held(kind)
    if not entries:
        return nothing_held(kind)
    held = entries[0]
    entry = held.entry
    if held.state == "changed":
        return Found(
            "fail",
            f"Tệp {entry.id} không còn là tệp đã đăng ký (mã băm khác).",
            f"The file of {entry.id} is not the one that was registered (its hash differs).",
            [Reference(entry.id, entry.file, "SHA-256 differs")],
            way_out=Text(
                "Trả lại tệp cũ, hoặc gắn bản mới thành bằng chứng mới.",
                "Put the old file back, or attach the new one as a new piece of evidence.",
            ),
        )
    if held.state == "metadata-only" and entry.secrecy != "registered-only":
        return unknown(
            f"{entry.id} chỉ có thông tin đăng ký, không có tệp, và không ghi là tài liệu mật.",
            f"{entry.id} has metadata only, no file, and is not registered as marked secret.",
            "Gắn tệp của tài liệu.",
            "Attach the document's file.",
        )
    found = paper(held)
    if found and found.secrecy:
        return Found(
            "fail",
            f"{entry.id} có dấu độ mật nhưng nội dung lại nằm trong hồ sơ.",
            f"{entry.id} carries a secrecy mark, yet its content lies in this folder.",
            [Reference(entry.id, entry.file, found.secrecy)],
            way_out=Text(
                "Gỡ tệp khỏi hồ sơ theo quy định bảo vệ bí mật nhà nước, chỉ đăng ký thông tin.",
                "Take the file out as the rules on state secrets say; register its metadata only.",
            ),
        )
    return _known(facts, held, found, len(entries))


def _known(facts: Facts, held: Held, found: Paper | None, count: int) -> Found:
    entry = held.entry
    differing = [
        Reference(entry.id, entry.file, f"{name}: registered {said}, in the text {shown}")
        for name, said, shown in _pairs(held, found)
        if said and shown and _plain(said) != _plain(shown)
    ]
    if differing:
        return Found(
            "fail",
            f"{len(differing)} thông tin đăng ký của {entry.id} khác với văn bản.",
            f"{len(differing)} registered facts of {entry.id} differ from the document's own text.",
            differing,
            way_out=Text(
                "Đối chiếu văn bản, sửa sổ đăng ký hoặc gắn đúng tệp.",
                "Compare with the document; mend the register, or attach the right file.",
            ),
        )
    known = {name: said or shown for name, said, shown in _pairs(held, found)}
    if future := in_future(paper_day(held), facts.today):
        return future
    when = day(known["date"])
    missing = [name for name, value in known.items() if not value]
    vi = {"number": "số, ký hiệu", "date": "ngày", "signer": "người ký"}
    if missing:
        return Found(
            "partial",
            f"Có tài liệu {entry.id}, nhưng chưa biết {', '.join(vi[name] for name in missing)}.",
            f"{entry.id} is there, but its {', '.join(missing)} is not known.",
            [Reference(entry.id, entry.file)],
            way_out=Text(
                "Ghi các thông tin đó (number, dated, signer) vào evidence.yaml.",
                "Write them (number, dated, signer) into evidence.yaml.",
            ),
        )
    more_vi = more_en = ""
    if found is None:
        more_vi = "; chỉ đăng ký thông tin, không lưu nội dung"
        more_en = "; by metadata only, its content is not kept"
    elif found.macros:
        more_vi, more_en = (
            "; tệp chứa macro, đã không chạy",
            "; it carries macros, which were not run",
        )
    return Found(
        "pass",
        f"Có tài liệu {entry.id}, số {known['number']}, ngày {written(when or facts.today)}, "
        f"có người ký; {count} tài liệu loại này{more_vi}.",
        f"{entry.id} is held, number {known['number']} of {when}, with its signer; "
        f"{count} of this kind{more_en}.",
        [Reference(entry.id, entry.file, known["number"])],
    )


def _pairs(held: Held, found: Paper | None) -> tuple[tuple[str, str, str], ...]:
    entry = held.entry
    return (
        ("number", entry.number, found.number if found else ""),
        ("date", entry.dated, found.dated if found else ""),
        ("signer", entry.signer, found.signer if found else ""),
    )


def _plain(text: str) -> str:
    return folded(text).replace(" ", "").removeprefix("so:")


def _fresh(facts: Facts, arguments: Arguments) -> Found:
    kind, number = str(arguments["kind"]), facts.number(str(arguments["number"]))
    days = paper_days(facts, kind)
    if not days:
        return nothing_held(kind)
    youngest = days[0]
    if youngest.day is None:
        return no_day(youngest)
    entry, when = youngest.held.entry, youngest.day
    reference = [youngest.reference]
    if future := in_future(youngest, facts.today):
        return future
    if number.value is None:
        return Found(
            "pass",
            f"{entry.id} ngày {written(when)} ({youngest.vi}); căn cứ không đặt thời hạn cho cấp "
            f"độ {facts.assessment.system.level}.",
            f"{entry.id} is of {when} ({youngest.en}); no limit is set for level "
            f"{facts.assessment.system.level}.",
            reference,
            number.source,
        )
    ends, count = after(when, number), f"{number.value:g}"
    unit = {"months": "tháng", "days": "ngày"}.get(number.unit, number.unit)
    if ends >= facts.today:
        return Found(
            "pass",
            f"{entry.id} ngày {written(when)} ({youngest.vi}), còn hạn đến {written(ends)} "
            f"({count} {unit}).",
            f"{entry.id} is of {when} ({youngest.en}) and counts until {ends} "
            f"({count} {number.unit}).",
            reference,
            number.source,
        )
    if undated := next((each for each in days if each.day is None), None):
        return no_day(undated)
    late = (facts.today - ends).days
    return Found(
        "fail",
        f"{entry.id} ngày {written(when)} ({youngest.vi}) đã quá hạn {late} ngày (thời hạn {count} "
        f"{unit}, hết ngày {written(ends)}).",
        f"{entry.id} of {when} ({youngest.en}) ran out {late} days ago (limit {count} "
        f"{number.unit}, until {ends}).",
        reference,
        number.source,
        Text(
            f"Làm lại và gắn tài liệu mới loại {kind}.",
            f"Do it again and attach the new document of kind {kind}.",
        ),
    )


PROBES: Final = (
    Probe(
        "document-held",
        Text(
            "Tài liệu có được đăng ký, còn nguyên, có số, ngày, người ký không?",
            "Is the document registered and unchanged, with number, date and signer?",
        ),
        ("kind",),
        "both",
        _held,
        ("kind",),
    ),
    Probe(
        "document-fresh",
        Text("Tài liệu còn trong thời hạn không?", "Is the document young enough?"),
        ("kind",),
        "both",
        _fresh,
        ("kind", "number"),
    ),
)

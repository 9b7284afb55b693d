"""Probes of one kind of document: is it held, is it young enough, did it come in order, signed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from auditor.checklist.facts import VIETNAM
from auditor.checklist.probe import Found, Probe, unknown
from auditor.checklist.probes.paper_days import (
    after,
    day,
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
    from auditor.checklist.probes.paper_days import PaperDay
    from auditor.checklist.sources.document import Paper
    from auditor.checklist.sources.pdf_signatures import DigitalSignature

MILESTONES: Final = {
    "first-connection": ("ngày kết nối đầu tiên", "the first connection", "first_connection"),
    "go-live": ("ngày đưa vào vận hành", "the day of going live", "go_live"),
    "first-sync": ("ngày đồng bộ đầu tiên", "the first sync", "first_sync"),
    "last-change": ("lần thay đổi kiến trúc gần nhất", "the last change", "last_change"),
}
"""Days of ``assessment.yaml`` that a document is compared with."""

ORDER: Final = {
    ("regulation", "level-decision"): "ND331 Đ30.7 [C]",
    ("level-decision", "first-connection"): "ND331 Đ30.6 [C]",
    ("level-decision", "go-live"): "ND331 Đ30.6 [C]",
    ("deployment-record", "first-connection"): "ND331 Đ30.6 [C]",
    ("deployment-record", "go-live"): "ND331 Đ30.6 [C]",
    ("risk-report", "last-change"): "ND331 Đ10.2.c [C]",
    ("risk-report", "first-connection"): "ND331 Đ10.2.c [C]",
    ("condition-report", "last-change"): "ND331 Đ28.3.b [C]",
    ("condition-report", "go-live"): "ND331 Đ28.3.b [C]",
    ("agreement", "first-sync"): "L60 Đ36.3 [C]",
    ("line-minutes", "first-connection"): "QD33 Đ12 [C]",
}
"""The provisions that set an order."""


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
    when = day(known["date"])
    if when and when > facts.today:
        return Found(
            "fail",
            f"Ngày của {entry.id} là {written(when)}, ở tương lai.",
            f"{entry.id} is dated {when}, in the future.",
            [Reference(entry.id, entry.file, str(when))],
            way_out=Text("Kiểm tra lại ngày ban hành.", "Check the date of issue."),
        )
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
    alone_vi = "; chỉ đăng ký thông tin, không lưu nội dung" if found is None else ""
    alone_en = "; by metadata only, its content is not kept" if found is None else ""
    return Found(
        "pass",
        f"Có tài liệu {entry.id}, số {known['number']}, ngày {written(when or facts.today)}, "
        f"có người ký; {count} tài liệu loại này{alone_vi}.",
        f"{entry.id} is held, number {known['number']} of {when}, with its signer; "
        f"{count} of this kind{alone_en}.",
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
    if when > facts.today:
        return Found(
            "fail",
            f"{entry.id} ghi ngày {written(when)}, ở tương lai ({youngest.vi}).",
            f"{entry.id} is dated {when}, in the future ({youngest.en}).",
            reference,
            number.source,
            Text("Kiểm tra lại ngày của tài liệu.", "Check the document's date."),
        )
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


def _before(facts: Facts, arguments: Arguments) -> Found:
    """R1, R2: the oldest document of the kind counts; what matters is that one came before."""
    return _ordered(facts, str(arguments["kind"]), str(arguments["than"]), before=True)


def _after(facts: Facts, arguments: Arguments) -> Found:
    """R3, R4: the youngest document of the kind counts."""
    return _ordered(facts, str(arguments["kind"]), str(arguments["than"]), before=False)


def _ordered(facts: Facts, kind: str, than: str, *, before: bool) -> Found:
    days = paper_days(facts, kind)
    if not days:
        return nothing_held(kind)
    known = [each for each in days if each.day]
    if not known:
        return no_day(days[0])
    mine = known[-1] if before else known[0]
    milestone = than in MILESTONES
    theirs: PaperDay | None = None
    if milestone:
        vi, en, name = MILESTONES[than]
        other = _milestone(facts, name)
        if other is None:
            return unknown(
                f"Chưa ghi {vi}.",
                f"The day of {en} is not given.",
                f"Ghi dates.{name} vào assessment.yaml (ngày dự kiến cũng được).",
                f"Write dates.{name} into assessment.yaml (a planned day will do).",
            )
    else:
        others = [each for each in paper_days(facts, than) if each.day]
        if not facts.held(than):
            return nothing_held(than)
        if not others:
            return no_day(paper_day(facts.held(than)[0]))
        theirs = others[0]
        other, vi, en = (
            theirs.day,
            f"{theirs.held.entry.id} ({than})",
            f"{theirs.held.entry.id} ({than})",
        )
    if other is None or mine.day is None:
        raise AssertionError("both days are known here")
    return _compared(kind, than, mine, mine.day, other, vi, en, theirs, before=before)


def _compared(
    kind: str,
    than: str,
    mine: PaperDay,
    own: date,
    other: date,
    vi: str,
    en: str,
    theirs: PaperDay | None,
    *,
    before: bool,
) -> Found:
    entry, basis = mine.held.entry, ORDER.get((kind, than), "")
    references = [mine.reference, *([theirs.reference] if theirs else [])]
    same_counts = before and theirs is None  # "on or before the day of connecting"
    if own == other and not same_counts:
        return Found(
            "unknown",
            f"{entry.id} và {vi} cùng ngày {written(own)}: không biết cái nào trước.",
            f"{entry.id} and {en} are of the same day {own}: which came first cannot be told.",
            references,
            basis,
            Text(
                "Người có trách nhiệm xác nhận thứ tự (giờ ký, số văn bản).",
                "Somebody must confirm the order (hour of signing, numbers of the documents).",
            ),
        )
    holds = own <= other if before else own > other
    word_vi, word_en = ("trước", "before") if before else ("sau", "after")
    said_vi = f"{entry.id} ngày {written(own)} ({mine.vi}), {vi} {written(other)}"
    said_en = f"{entry.id} is of {own} ({mine.en}), {en} of {other}"
    if holds:
        same_vi, same_en = (" (cùng ngày)", " (the same day)") if own == other else ("", "")
        return Found(
            "pass",
            f"{said_vi}: đúng thứ tự ({word_vi}){same_vi}.",
            f"{said_en}: it came {word_en}{same_en}.",
            references,
            basis,
        )
    return Found(
        "fail",
        f"{said_vi}: phải có {word_vi}, nhưng không phải vậy.",
        f"{said_en}: it should have come {word_en}, and did not.",
        references,
        basis,
        Text(
            f"Gắn tài liệu loại {kind} có ngày {word_vi} {vi}, hoặc làm lại cho đúng thứ tự.",
            f"Attach a document of kind {kind} from {word_en} {en}, or do it again in order.",
        ),
    )


def _milestone(facts: Facts, name: str) -> date | None:
    dates = facts.assessment.dates
    if name == "first_sync":
        return dates.first_sync.astimezone(VIETNAM).date() if dates.first_sync else None
    said: str | None = getattr(dates, name)
    return day(said or "")


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
            f"{len(failing or unsure)}/{len(said)} chữ ký số của {held.entry.id} không dùng được: {vi}.",
            f"{len(failing or unsure)} of {len(said)} signatures of {held.entry.id} do not hold: {en}.",
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
        f"{len(said)} signatures of {held.entry.id} are intact, cover the whole file, the certificate "
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
    Probe(
        "document-before",
        Text("Tài liệu có trước mốc phải có trước không?", "Did the document come before?"),
        ("kind",),
        "both",
        _before,
        ("kind", "than"),
    ),
    Probe(
        "document-after",
        Text("Tài liệu có sau mốc phải có sau không?", "Did the document come after?"),
        ("kind",),
        "both",
        _after,
        ("kind", "than"),
    ),
    Probe(
        "document-signed",
        Text("Chữ ký số của tài liệu có nguyên vẹn không?", "Is its digital signature intact?"),
        ("kind",),
        "both",
        _signed,
        ("kind",),
    ),
)

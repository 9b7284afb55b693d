"""Probes that look into the text of documents: words, headings, parties, statuses.

That words stand in a text proves that they stand there, no more; a person judges the rest.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Found, Probe, unknown
from auditor.checklist.probes.paper_days import nothing_held, paper
from auditor.checklist.probes.paper_parts import PARTS
from auditor.checklist.sources.letterhead import folded, has_vietnamese_letters
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.held import Held
    from auditor.checklist.probe import Arguments
    from auditor.checklist.probes.paper_parts import Part
    from auditor.checklist.sources.document import Paper

BOTH_PARTIES: Final = ("owner-decision", "level-decision")
"""Documents that name owner and operator."""
ONE_PARTY: Final = ("agreement", "confirmation-minutes")
"""Documents that the agency concludes with others: one of the two must stand there."""

_MARKER: Final = re.compile(
    r"^\s{0,20}(?:(?:phần|chương|mục|điều|khoản|phụ lục)\s{1,3}[0-9ivxlc]{1,6}|[ivxlc]{1,6}|"
    r"[0-9]{1,2}(?:\.[0-9]{1,2}){0,4}|[a-zđ])\s{0,2}[.):/-]",
    re.IGNORECASE,
)
_LONGEST_HEADING: Final = 20
"""Words; a longer line is a sentence."""
_SHORT: Final = 12
"""Words of a heading that has neither number nor capitals."""

_DONE: Final = ("da trien khai day du", "da dap ung day du", "khong ap dung")
_PART_DONE: Final = (
    "da trien khai mot so", "da trien khai mot phan", "dang trien khai", "chua trien khai",
    "chua dap ung",
)  # fmt: skip
_ROW_NUMBER: Final = re.compile(
    r"^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){0,4}|[a-zđ]|[ivxlc]{1,6})[.)]?$", re.IGNORECASE
)


def text_of(held: Held) -> tuple[Paper | None, Found | None]:
    """The document, or why its text says nothing.

    Raises:
        InputError: it is missing, changed, damaged or locked.
    """
    found = paper(held)
    entry = held.entry
    if found is None or found.secrecy:
        return None, unknown(
            f"{entry.id} chỉ được đăng ký thông tin; nội dung không được đọc.",
            f"{entry.id} is registered by metadata only; its content is not read.",
            "Người được phép tiếp cận tài liệu xác nhận nội dung.",
            "Somebody who may see the document confirms what it says.",
        )
    if not found.readable:
        return None, unknown(
            f"{entry.id} là bản quét không có lớp chữ; máy không đọc được.",
            f"{entry.id} is a scan without a text layer; a machine cannot read it.",
            "Gắn bản có lớp chữ (PDF xuất từ phần mềm soạn thảo, DOCX), hoặc người xem xác nhận.",
            "Attach a copy with text (PDF from the word processor, DOCX), or let a person confirm.",
        )
    return found, None


def _names(facts: Facts, arguments: Arguments) -> Found:
    """Terms are separated by ``|``; `` / `` separates other ways to say one term."""
    kind = str(arguments["kind"])
    if not facts.held(kind):
        return nothing_held(kind)
    held = facts.held(kind)[0]
    found, why_not = text_of(held)
    if found is None:
        return why_not or nothing_held(kind)
    terms = [term.strip() for term in str(arguments["words"]).split("|") if term.strip()]
    whole = f" {folded(found.text)} "
    there = [term for term in terms if any(_stands(word, whole) for word in term.split(" / "))]
    missing = [term for term in terms if term not in there]
    return _found_in(held, found, there, missing, "", [(term, term) for term in missing])


def _stands(word: str, whole: str) -> bool:
    bare = re.escape(folded(word))
    return re.search(rf"(?<!\w){bare}(?!\w)", whole) is not None


def _parts(facts: Facts, arguments: Arguments) -> Found:
    kind, wanted = str(arguments["kind"]), PARTS[str(arguments["parts"])]
    if not facts.held(kind):
        return nothing_held(kind)
    held = facts.held(kind)[0]
    found, why_not = text_of(held)
    if found is None:
        return why_not or nothing_held(kind)
    places = _headings(found.text) if wanted.headings else [folded(found.text)]
    there = [part.vi for part in wanted.parts if _has(part, places)]
    missing = [part for part in wanted.parts if part.vi not in there]
    names = [(part.vi, part.en) for part in missing]
    return _found_in(held, found, there, [part.vi for part in missing], wanted.article, names)


def _has(part: Part, places: list[str]) -> bool:
    return any(
        all(word in place for word in together) for together in part.words for place in places
    )


def _headings(text: str) -> list[str]:
    """Lines that are headings, folded: numbered ones, capitals, and short lines of their own.

    A heading may go on in the next line. Wrapped lines of a paragraph are none, though they are
    short too: the line before ends no sentence, or the next one goes on in small letters.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found: list[str] = []
    before = True  # whether the line before ended a sentence, or was a heading
    for at, line in enumerate(lines):
        after = lines[at + 1] if at + 1 < len(lines) else ""
        goes_on = after[:1].islower() and not _MARKER.match(after)
        count = len(line.split())
        alone = before and not goes_on and count <= _SHORT and line[-1] not in ".,;"
        marked = bool(_MARKER.match(line)) or line == line.upper()
        heading = count <= _LONGEST_HEADING and (marked or alone)
        if heading:
            joined = goes_on or (line == line.upper() and after == after.upper())
            found.append(folded(f"{line} {after}" if joined else line))
        before = heading or line[-1] in ".;:!?"
    return found


def _found_in(
    held: Held,
    found: Paper,
    there: list[str],
    missing: list[str],
    basis: str,
    names: list[tuple[str, str]],
) -> Found:
    entry, total = held.entry, len(there) + len(missing)
    references = [Reference(entry.id, entry.file, f"{len(there)} of {total} found")]
    if not missing:
        return Found(
            "pass",
            f"{entry.id} nêu đủ {total}/{total} nội dung được tìm; nội dung đúng hay không do "
            "người "
            "xem đánh giá.",
            f"{entry.id} names all {total} of {total}; whether it says the right thing is for a "
            "person to judge.",
            references,
            basis,
        )
    vi, en = "; ".join(name for name, _ in names), "; ".join(name for _, name in names)
    way = Text(
        f"Bổ sung vào văn bản hoặc gắn bản đầy đủ: {vi}.",
        f"Add to the document, or attach the whole one: {en}.",
    )
    if found.bare or found.cut or not has_vietnamese_letters(found.text):
        return Found(
            "unknown",
            f"{entry.id}: tìm thấy {len(there)}/{total}; phần còn lại không đọc được hết "
            f"({_why(found)[0]}).",
            f"{entry.id}: {len(there)} of {total} found; not all of it can be read "
            f"({_why(found)[1]}).",
            references,
            basis,
            Text(
                "Gắn bản có lớp chữ Unicode cho mọi trang.",
                "Attach a copy with Unicode text on every page.",
            ),
        )
    return Found(
        "partial" if there else "fail",
        f"{entry.id} nêu {len(there)}/{total} nội dung; không thấy: {vi}.",
        f"{entry.id} names {len(there)} of {total}; not found: {en}.",
        references,
        basis,
        way,
    )


def _why(found: Paper) -> tuple[str, str]:
    if found.bare:
        return f"{found.bare} trang không có chữ", f"{found.bare} pages have no text"
    if found.cut:
        return "văn bản quá dài", "it is too long"
    return "phông chữ cũ, không phải Unicode", "old fonts, not Unicode"


def _agree(facts: Facts, arguments: Arguments) -> Found:
    del arguments
    system = facts.assessment.system
    owner, operator = system.owner or system.agency, system.operator
    if not owner or not operator:
        return unknown(
            "assessment.yaml chưa ghi đủ chủ quản và đơn vị vận hành.",
            "assessment.yaml does not name both the owner and the operator.",
            "Ghi system.owner và system.operator.",
            "Write system.owner and system.operator.",
        )
    agreeing: list[Reference] = []
    differing: list[Reference] = []
    unread: list[str] = []
    for kind in (*BOTH_PARTIES, *ONE_PARTY):
        for held in facts.held(kind)[:1]:
            found, why_not = text_of(held)
            if found is None or why_not:
                unread.append(held.entry.id)
                continue
            text = _spelled(found.text)
            here = [name for name in (owner, operator) if _spelled(name) in text]
            enough = len(set(here)) == len({owner, operator}) if kind in BOTH_PARTIES else here
            if not enough and (found.bare or found.cut or not has_vietnamese_letters(found.text)):
                unread.append(held.entry.id)
                continue
            shows = "names " + (" and ".join(here) if here else "neither owner nor operator")
            row = Reference(held.entry.id, held.entry.file, f"{kind}: {shows}")
            (agreeing if enough else differing).append(row)
    compared = len(agreeing) + len(differing)
    if differing:
        return Found(
            "fail",
            f"{len(differing)}/{compared} văn bản không nêu đúng chủ quản, đơn vị vận hành như "
            "assessment.yaml.",
            f"{len(differing)} of {compared} documents do not name the owner and operator of "
            "assessment.yaml.",
            [*differing, *agreeing],
            "ND331 Đ4, Đ5 [C]",
            Text(
                "Thống nhất tên chủ quản, đơn vị vận hành giữa các văn bản và assessment.yaml.",
                "Make the names agree in the documents and in assessment.yaml.",
            ),
        )
    if unread or not agreeing:
        return unknown(
            f"Đối chiếu được {compared} văn bản, {len(unread)} văn bản không đọc được; chưa đủ.",
            f"{compared} documents could be compared, {len(unread)} cannot be read; not enough.",
            f"Gắn bản có lớp chữ của: {', '.join((*BOTH_PARTIES, *ONE_PARTY))}.",
            f"Attach copies with text of: {', '.join((*BOTH_PARTIES, *ONE_PARTY))}.",
        )
    return Found(
        "pass",
        f"{compared} văn bản nêu đúng chủ quản, đơn vị vận hành như assessment.yaml.",
        f"{compared} documents name the owner and operator of assessment.yaml.",
        agreeing,
        "ND331 Đ4, Đ5 [C]",
    )


def _spelled(text: str) -> str:
    """Folded, with the usual short forms written out."""
    bare = re.sub(r"[^\w]+", " ", folded(text)).strip()
    for short, long in (("ubnd", "uy ban nhan dan"), ("tp", "thanh pho")):
        bare = re.sub(rf"\b{short}\b", long, bare)
    return bare


def _deployed(facts: Facts, arguments: Arguments) -> Found:
    del arguments
    kind = "deployment-record"
    if not facts.held(kind):
        return nothing_held(kind)
    held = facts.held(kind)[0]
    found, why_not = text_of(held)
    if found is None:
        return why_not or nothing_held(kind)
    done, open_, bare = _statuses(held, found.text)
    rows, basis = len(done) + len(open_) + len(bare), "ND331 Đ30.6, Mẫu 08 [C]"
    way = Text(
        "Ghi trạng thái từng yêu cầu theo Mẫu 08; hoàn thành các yêu cầu còn lại.",
        "Give each requirement a status as in Form 08; complete what is left.",
    )
    if not rows:
        return unknown(
            f"{held.entry.id} không có bảng yêu cầu nào đọc được.",
            f"{held.entry.id} has no table of requirements that can be read.",
            "Gắn bảng đối chiếu từng yêu cầu (DOCX, XLSX, hoặc chữ cách nhau bằng tab).",
            "Attach the table of requirements (DOCX, XLSX, or text separated by tabs).",
        )
    claims = any(
        _DONE[0] in folded(line) and len(line.split("\t")) == 1 for line in found.text.splitlines()
    )
    if claims and open_:
        return Found(
            "fail",
            f"{held.entry.id} ghi “Đã triển khai đầy đủ”, nhưng {len(open_)}/{rows} yêu cầu chưa "
            "đủ.",
            f"{held.entry.id} claims full deployment, but {len(open_)} of {rows} requirements are "
            "open.",
            [*open_, *bare],
            basis,
            way,
        )
    if open_ or bare:
        return Found(
            "partial",
            f"{held.entry.id}: {len(done)}/{rows} yêu cầu đã đủ, {len(open_)} chưa đủ, {len(bare)} "
            "không ghi trạng thái.",
            f"{held.entry.id}: {len(done)} of {rows} requirements are done, {len(open_)} open, "
            f"{len(bare)} without a status.",
            [*open_, *bare],
            basis,
            way,
        )
    return Found(
        "pass",
        f"{held.entry.id}: {rows}/{rows} yêu cầu ghi đã triển khai đầy đủ.",
        f"{held.entry.id}: {rows} of {rows} requirements are recorded as fully deployed.",
        [Reference(held.entry.id, held.entry.file, f"{rows} rows")],
        basis,
    )


def _statuses(held: Held, text: str) -> tuple[list[Reference], list[Reference], list[Reference]]:
    """Rows of requirements: done, open, without a status."""
    found: tuple[list[Reference], list[Reference], list[Reference]] = ([], [], [])
    for at, line in enumerate(text.splitlines(), start=1):
        cells = [cell.strip() for cell in re.split(r"[\t|]", line.strip().strip("|"))]
        if len(cells) < 2 or not _ROW_NUMBER.match(cells[0]):
            continue
        statuses = [folded(cell) for cell in cells[1:]]
        if any(cell.startswith(_PART_DONE) for cell in statuses):
            which = 1
        elif any(cell.startswith(_DONE) for cell in statuses):
            which = 0
        else:
            which = 2
        found[which].append(Reference(held.entry.id, f"line {at}", f"requirement {cells[0][:20]}"))
    return found


PROBES: Final = (
    Probe(
        "document-names",
        Text("Văn bản có nêu đích danh không?", "Does the document name them?"),
        ("kind",),
        "both",
        _names,
        ("kind", "words"),
    ),
    Probe(
        "document-parts",
        Text("Văn bản có đủ các phần không?", "Does the document have all its parts?"),
        ("kind",),
        "both",
        _parts,
        ("kind", "parts"),
    ),
    Probe(
        "parties-agree",
        Text(
            "Các văn bản có nêu cùng một chủ quản, đơn vị vận hành không?",
            "Do the documents name the same owner and operator?",
        ),
        (*BOTH_PARTIES, *ONE_PARTY),
        "both",
        _agree,
    ),
    Probe(
        "deployment-not-contradicted",
        Text(
            "Bảng triển khai có trạng thái từng yêu cầu và không tự mâu thuẫn không?",
            "Does the deployment record give each requirement a status, without contradiction?",
        ),
        ("deployment-record",),
        "both",
        _deployed,
    ),
)

"""Probes of the level dossier: the level itself, who assesses, which decree the decision cites."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Found, Probe, unknown
from auditor.checklist.probes.paper_days import nothing_held, paper_day, written
from auditor.checklist.probes.paper_texts import text_of
from auditor.checklist.sources.letterhead import folded
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments

LAW: Final = date(2026, 7, 1)
"""Law 116/2025 took effect."""
APPROVED_BY: Final = date(2026, 12, 31)
"""Six months later: approvals under Decree 85/2016 end (systems under construction)."""
MET_BY: Final = date(2027, 6, 30)
"""Twelve months later: the new conditions must be met; a level set before the law is kept."""
TRANSITION: Final = "ND331 Đ39.1 [C]; L116 Đ45.1 [C]"
CONNECTED_LEVEL: Final = 3
_OLD: Final = re.compile(r"\b85/2016/nd-cp\b|\bnghi dinh (?:so )?85/2016\b")
_NEW: Final = re.compile(r"\b331/2026/nd-cp\b|\b116/2025/qh15\b")

ASSESSED: Final = "ND331 Đ31.2.c [C]"


def _independent(facts: Facts, arguments: Arguments) -> Found:
    """R5."""
    del arguments
    assessment = facts.assessment
    assessor, system = assessment.assessor, assessment.system
    if not assessor.unit or not system.operator:
        return unknown(
            "assessment.yaml chưa ghi đơn vị đánh giá hoặc đơn vị vận hành.",
            "assessment.yaml does not name the assessing unit, or not the operator.",
            "Ghi assessor.unit và system.operator.",
            "Write assessor.unit and system.operator.",
        )
    unit, operator = folded(assessor.unit), folded(system.operator)
    if unit == operator:
        return Found(
            "fail",
            f"Đơn vị đánh giá cũng là đơn vị vận hành ({system.operator}).",
            f"The assessing unit is the operator itself ({system.operator}).",
            [Reference("assessment.yaml", "assessor.unit", assessor.unit)],
            ASSESSED,
            Text(
                "Giao việc đánh giá cho đơn vị độc lập với đơn vị vận hành.",
                "Give the assessment to a unit that is independent of the operator.",
            ),
        )
    change = assessment.major_change
    reasons = [
        (vi, en)
        for holds, vi, en in (
            (system.level == 5, "hệ thống cấp độ 5", "the system is of level 5"),
            (
                "national-security" in system.conditions,
                "hệ thống quan trọng về an ninh quốc gia",
                "it matters to national security",
            ),
            (
                change.is_one or not change.decision,
                "kết nối được coi là thay đổi lớn",
                "the connection counts as a major change",
            ),
        )
        if holds
    ]
    if reasons and not (assessor.licence or assessor.designated):
        vi = ", ".join(vi for vi, _ in reasons)
        en = ", ".join(en for _, en in reasons)
        return Found(
            "fail",
            "Cần tổ chức được cấp phép, được chỉ định hoặc tổ chức sự nghiệp nhà nước có chức năng "
            f"phù hợp ({vi}); {assessor.unit} chưa có giấy phép, văn bản chỉ định.",
            "A licensed or designated body, or a state service unit with that function, is needed "
            f"({en}); {assessor.unit} shows neither licence nor designation.",
            [Reference("assessment.yaml", "assessor.licence", "empty")],
            ASSESSED,
            Text(
                "Giao tổ chức như vậy (ghi assessor.licence hoặc assessor.designated); nếu chỉ do "
                "thay đổi lớn thì chủ quản có thể quyết định bằng văn bản rằng không phải "
                "thay đổi lớn (major_change).",
                "Engage such a body (assessor.licence or assessor.designated); where only the "
                "change asks for it, the owner may decide in writing that it is no major one "
                "(major_change).",
            ),
        )
    if operator in unit or unit in operator:
        return unknown(
            f"Tên đơn vị đánh giá ({assessor.unit}) và đơn vị vận hành trùng nhau một phần.",
            f"The names of the assessing unit ({assessor.unit}) and of the operator overlap.",
            "Xác nhận đơn vị đánh giá không thuộc đơn vị vận hành.",
            "Confirm that the assessing unit is no part of the operator.",
        )
    licence = assessor.licence or ("designated" if assessor.designated else "-")
    return Found(
        "pass",
        f"{assessor.unit} độc lập với đơn vị vận hành {system.operator}; giấy phép, chỉ định: "
        f"{licence}.",
        f"{assessor.unit} is not the operator {system.operator}; licence or designation: "
        f"{licence}.",
        [Reference("assessment.yaml", "assessor", licence)],
        ASSESSED,
    )


def _level(facts: Facts, arguments: Arguments) -> Found:
    """R19: the least level that functions and numbers of data subjects ask for."""
    del arguments
    system = facts.assessment.system
    functions, declared = frozenset(system.functions), system.level
    reasons: list[tuple[int, str, str, str]] = []
    wide = functions & {"nationwide", "national-database"}
    if wide and "round-the-clock" in functions:
        reasons.append(
            (4, "ND331 Đ14.2 [C]", "phạm vi toàn quốc, 24/7", "nationwide, round the clock")
        )
    if "public-services" in functions:
        reasons.append((3, "ND331 Đ13.2.b [C]", "thủ tục hành chính", "administrative procedures"))
    if functions & {"shared-infrastructure", "nationwide", "national-database"}:
        reasons.append(
            (
                3,
                "ND331 Đ13.3 [C]",
                "hạ tầng, cơ sở dữ liệu dùng chung",
                "shared infrastructure or database",
            )
        )
    if "state-secrets" in system.conditions:
        reasons.append((3, "ND331 Đ13.1 [C]", "bí mật nhà nước", "state secrets"))
    for name, count in (
        ("level3-basic-subjects", system.basic_subjects),
        ("level3-sensitive-subjects", system.sensitive_subjects),
    ):
        limit = facts.number(name)
        large = count is not None and limit.value is not None and count >= limit.value
        if large and "online-services" in functions:
            reasons.append(
                (
                    3,
                    limit.source,
                    f"{count} chủ thể dữ liệu của dịch vụ trực tuyến",
                    f"{count} data subjects of an online service",
                )
            )
    if "personal-data" in system.holding:
        reasons.append((2, "ND331 Đ12.1 [C]", "có dữ liệu cá nhân", "personal data"))
    computed = max((reason[0] for reason in reasons), default=1)
    deciding = [reason for reason in reasons if reason[0] == computed]
    references = [
        Reference("assessment.yaml", basis, f"level {level}: {en}")
        for level, basis, _, en in deciding
    ]
    basis = "; ".join(dict.fromkeys(reason[1] for reason in deciding))
    vi, en = (
        ", ".join(reason[2] for reason in deciding),
        ", ".join(reason[3] for reason in deciding),
    )
    if declared < computed:
        return Found(
            "fail",
            f"Khai cấp độ {declared}, tiêu chí cho thấy ít nhất cấp độ {computed} ({vi}).",
            f"Level {declared} is declared, the criteria ask for at least level {computed} ({en}).",
            references,
            basis,
            Text(
                "Lập lại hồ sơ đề xuất cấp độ theo tiêu chí.",
                "Redo the level dossier by the criteria.",
            ),
        )
    if not functions and system.basic_subjects is None and system.sensitive_subjects is None:
        return unknown(
            "Chưa khai chức năng và số chủ thể dữ liệu, nên chưa tính lại được cấp độ.",
            "Neither functions nor numbers of data subjects are declared; no level can be "
            "computed.",
            "Ghi system.functions, basic_subjects, sensitive_subjects vào assessment.yaml.",
            "Write system.functions, basic_subjects and sensitive_subjects into assessment.yaml.",
        )
    if declared < CONNECTED_LEVEL:
        return Found(
            "pending",
            f"Cấp độ {declared} khớp tiêu chí, nhưng hệ thống kết nối thường phải từ cấp độ 3: "
            "TT46 Đ6 (dân cư) [S], QĐ384 Đ13.3 (cơ quan Đảng) [C], ND69 Đ18.1 (định danh) [S]; "
            "chưa thấy điều khoản chung cho Trung tâm dữ liệu quốc gia.",
            f"Level {declared} fits the criteria, but connected systems are mostly asked for "
            "level 3: TT46 Đ6 (population) [S], QD384 Đ13.3 (Party) [C], ND69 Đ18.1 "
            "(identification) [S]; no general rule for the National Data Center was seen.",
            references,
            basis,
            Text(
                "Hỏi Trung tâm dữ liệu quốc gia về cấp độ tối thiểu của hệ thống kết nối.",
                "Ask the National Data Center which level a connected system needs.",
            ),
        )
    said_vi, said_en = (f" ({vi})", f" ({en})") if deciding else ("", "")
    return Found(
        "pass",
        f"Khai cấp độ {declared}; tiêu chí đòi hỏi ít nhất cấp độ {computed}{said_vi}.",
        f"Level {declared} is declared; the criteria ask for at least level {computed}{said_en}.",
        references,
        basis,
    )


def _transition(facts: Facts, arguments: Arguments) -> Found:
    """R9: a level set before the law is kept (L116 Đ45.1), its conditions have twelve months."""
    del arguments
    if not facts.held("level-decision"):
        return nothing_held("level-decision")
    held = facts.held("level-decision")[0]
    found, why_not = text_of(held)
    if found is None:
        return why_not or nothing_held("level-decision")
    text, entry = folded(found.text), held.entry
    reference = [Reference(entry.id, entry.file, "cites 85/2016" if _OLD.search(text) else "")]
    if not _OLD.search(text):
        if _NEW.search(text):
            return Found(
                "pass",
                f"{entry.id} dẫn chiếu quy định hiện hành, không thuộc diện chuyển tiếp.",
                f"{entry.id} cites the rules in force; no transition applies.",
                [Reference(entry.id, entry.file, "cites 331/2026 or 116/2025")],
                TRANSITION,
            )
        return unknown(
            f"{entry.id} không dẫn chiếu Nghị định 85/2016 hay 331/2026.",
            f"{entry.id} cites neither Decree 85/2016 nor Decree 331/2026.",
            "Kiểm tra căn cứ của quyết định phê duyệt cấp độ.",
            "Look at what the level decision rests on.",
        )
    when, built = paper_day(held).day, facts.assessment.dates.built_before_july_2026
    late = (
        (
            when is not None and when > APPROVED_BY,
            "phê duyệt sau ngày 31/12/2026",
            "it was approved after 2026-12-31",
        ),
        (
            when is not None and when >= LAW and built is False,
            "hệ thống không thuộc diện đang đầu tư, xây dựng trước ngày 01/07/2026",
            "the system was not under construction before 2026-07-01",
        ),
    )
    for holds, vi, en in late:
        if holds:
            return Found(
                "fail",
                f"{entry.id} dẫn chiếu Nghị định 85/2016, nhưng {vi}.",
                f"{entry.id} cites Decree 85/2016, but {en}.",
                reference,
                TRANSITION,
                Text(
                    "Lập lại hồ sơ cấp độ theo Nghị định 331/2026/NĐ-CP.",
                    "Redo the level dossier under Decree 331/2026.",
                ),
            )
    if facts.today > MET_BY:
        return Found(
            "unknown",
            f"{entry.id} dẫn chiếu Nghị định 85/2016; hạn đáp ứng điều kiện mới (30/06/2027) đã "
            "qua, quyết định không cho biết điều kiện đã được đáp ứng chưa.",
            f"{entry.id} cites Decree 85/2016; the new conditions were due by 2027-06-30, and the "
            "decision does not tell whether they are met.",
            reference,
            TRANSITION,
            Text(
                "Xác nhận hệ thống đã đáp ứng điều kiện của Nghị định 331/2026/NĐ-CP, hoặc lập lại "
                "hồ sơ cấp độ.",
                "Confirm that the conditions of Decree 331/2026 are met, or redo the level "
                "dossier.",
            ),
        )
    left = (MET_BY - facts.today).days
    of_vi, of_en = (f" ngày {written(when)}", f" of {when}") if when else ("", "")
    kept = when is not None and when < LAW
    rule_vi, rule_en = (
        ("cấp độ đã xác định được giữ", "the level is kept")
        if kept
        else ("hạn phê duyệt 31/12/2026", "approvals end 2026-12-31")
    )
    unsaid_vi, unsaid_en = (
        ("; chưa khai built_before_july_2026", "; built_before_july_2026 is not said")
        if built is None and not kept
        else ("", "")
    )
    return Found(
        "partial",
        f"{entry.id}{of_vi} dẫn chiếu Nghị định 85/2016: {rule_vi}, hạn đáp ứng đủ điều kiện mới "
        f"30/06/2027 (còn {left} ngày){unsaid_vi}.",
        f"{entry.id}{of_en} cites Decree 85/2016: {rule_en}, the new conditions in full by "
        f"2027-06-30 ({left} days left){unsaid_en}.",
        reference,
        TRANSITION,
        Text(
            "Lập kế hoạch đáp ứng điều kiện của Nghị định 331/2026/NĐ-CP trước ngày 30/06/2027.",
            "Plan how the conditions of Decree 331/2026 are met by 2027-06-30.",
        ),
    )


PROBES: Final = (
    Probe(
        "assessor-independent",
        Text(
            "Đơn vị đánh giá có độc lập với đơn vị vận hành, có giấy phép khi cần không?",
            "Is the assessor independent of the operator, and licensed where needed?",
        ),
        (),
        "both",
        _independent,
    ),
    Probe(
        "level-recomputed",
        Text(
            "Cấp độ khai báo có thấp hơn tiêu chí không?",
            "Is the declared level lower than the criteria ask for?",
        ),
        (),
        "both",
        _level,
    ),
    Probe(
        "transition-dates",
        Text(
            "Quyết định cấp độ theo quy định cũ còn trong thời hạn chuyển tiếp không?",
            "Is a level decision under the old rules still within the transition?",
        ),
        ("level-decision",),
        "both",
        _transition,
    ),
)

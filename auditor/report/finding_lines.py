"""One finding as lines for a terminal: all that its run says of it, and what people decided."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.report import law_words, words
from auditor.report.countries import countries_named
from auditor.report.dues import REPORT_EXEMPT, days_to
from auditor.report.formats import day_of, days, flow_count, records, sent, visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from auditor.model.finding import Deadline, Finding, LegalBasis, Step

_MOST: Final = 1000


def finding_lines(finding: Finding, now: datetime) -> list[str]:
    """What the run says of the finding: Vietnamese, then English below it.

    Args:
        finding: as the run has it.
        now: days that are left are counted from its day in Vietnam.
    """
    found = [head_line(finding.id, finding.severity, finding.state)]
    found += _two("  ", finding.title)
    for name, text in _facts(finding):
        found += _named(name, text)
    for title, bodies in (
        (Text("Căn cứ pháp lý", "Legal basis"), list(map(_provision, finding.legal))),
        (Text("Thời hạn", "Deadlines"), [_deadline(one, now) for one in finding.deadlines]),
        (Text("Hồ sơ", "Dossier"), list(_dossier(finding))),
        (Text("Lời khai được miễn", "Exemption claimed"), list(_claim(finding))),
        (Text("Khung xử lý", "Range"), list(_sanctions(finding))),
        (Text("Căn cứ nhận biết", "How it is known"), list(finding.known_by)),
        (Text("Chưa biết", "Not known"), list(finding.not_known)),
        (Text("Việc cần làm tiếp", "Next step"), [finding.next_step]),
    ):
        if bodies:
            found.append(f"  {title.vi} / {title.en}")
            for body in bodies:
                found += _two("    ", body)
    return found


def head_line(finding_id: str, severity: str, state: str) -> str:
    """Id, severity and state; what is no word of ours stands for itself, for a file may say it."""
    heavy = {name: text for name, text in words.SEVERITY.items() if name == severity}
    stands = {name: text for name, text in words.STATE.items() if name == state}
    severities = [f"{words.DOTS[name]} {text.vi} / {text.en}" for name, text in heavy.items()]
    states = [f"{words.STATE_MARK[name]} {text.vi} / {text.en}" for name, text in stands.items()]
    shown = (severities or [visible(severity, 20)]) + (states or [visible(state, 20)])
    return f"{visible(finding_id, 80)}  {'  '.join(shown)}"


def life_lines(life: tuple[Step, ...]) -> list[str]:
    """What people decided, the newest first, and the plan that stands."""
    found = []
    for step in life:
        stands = law_words.STANDING[step.standing]
        who = f"{visible(step.who, 200)} ({visible(step.role, 200)})"
        found.append(f"{step.at.astimezone(UTC):%Y-%m-%d %H:%M}Z  {stands.vi} / {stands.en}: {who}")
        found.append(f"  {visible(step.why, _MOST)}")
        if step.until is not None:
            found.append(f"  Xem lại ngày / look again on {step.until.isoformat()}")
    plan = next((step.plan for step in life if step.plan is not None), None)
    if plan is not None:
        found.append("Kế hoạch khắc phục / Remediation plan")
        found += [
            f"  {title.vi} / {title.en}: {visible(getattr(plan, name), _MOST)}"
            for name, title in law_words.PLAN.items()
        ]
    return found


def _facts(one: Finding) -> Iterator[tuple[Text, Text]]:
    evidence = one.evidence
    if one.system:
        yield Text("Hệ thống", "System"), _same(f"{one.system_name or one.system} ({one.system})")
    if evidence.running is None:
        yield Text("Bên nhận", "Recipient"), _same(one.recipient)
    if one.countries:
        yield Text("Quốc gia", "Countries"), countries_named(one.countries)
    if one.category:
        title = one.category_title or Text("", "")
        code = one.category
        yield Text("Nhóm dữ liệu", "Category"), Text(f"{code} {title.vi}", f"{code} {title.en}")
    yield Text("Ngày", "Days"), days(evidence.first, evidence.last)
    if (total := evidence.running) is not None:
        yield Text("Chủ quản dữ liệu", "Owner of the data"), _same(total.owner or "–")
        yield Text("Tính đến ngưỡng từ", "Counted from"), day_of(total.since)
        yield Text("Ngày ghi nhận", "Day it was noted for"), day_of(total.crossed)
    else:
        many, size = flow_count(evidence.flows), sent(evidence)
        yield Text("Lưu lượng", "Traffic"), Text(f"{many.vi}, {size.vi}", f"{many.en}, {size.en}")
    if evidence.subjects is not None:
        about = records(evidence.subjects, estimated=evidence.subjects_basis != "counted")
        yield Text("Chủ thể dữ liệu", "Data subjects"), about
    if one.regime_title:
        yield Text("Quy định áp dụng", "Rules that apply"), one.regime_title
    sure = words.CERTAINTY[one.certainty]  # "Certainty: high" says its name once more
    vi, en = sure.vi.rpartition(": ")[2], sure.en.rpartition(": ")[2]
    yield Text("Độ chắc chắn", "Certainty"), Text(vi, en)


def _provision(one: LegalBasis) -> Text:
    head = f"{one.instrument}, {one.article} [{one.mark}]"
    return Text(f"{head}: {one.says.vi}", f"{head}: {one.says.en}")


def _deadline(one: Deadline, now: datetime) -> Text:
    due, since, left = day_of(one.due), day_of(one.counted_from), law_words.days_left
    away = left(days_to(one, now))
    basis = f"{one.basis.instrument}, {one.basis.article} [{one.basis.mark}]"
    sure = Text("", "") if one.known else Text(", có thể sớm hơn", ", may be earlier")
    return Text(
        f"{due.vi} ({away.vi}{sure.vi}; tính từ {since.vi}): {one.what.vi} ({basis})",
        f"{due.en} ({away.en}{sure.en}; counted from {since.en}): {one.what.en} ({basis})",
    )


def _dossier(one: Finding) -> Iterator[Text]:
    if one.dossier or one.dossier_note:
        note, number = one.dossier_note or Text("", ""), one.dossier or ""
        yield Text(f"{number} {note.vi}".strip(), f"{number} {note.en}".strip())
    for each in one.compared:
        name, mark = law_words.field(each.field), law_words.FITS_MARK[each.fits]
        fits = law_words.FITS[each.fits]
        yield Text(
            f"{mark} {name.vi}: {each.said.vi or '–'} | {each.seen.vi or '–'} ({fits.vi})",
            f"{mark} {name.en}: {each.said.en or '–'} | {each.seen.en or '–'} ({fits.en})",
        )


def _claim(one: Finding) -> Iterator[Text]:
    claim = one.claim
    if claim is None:
        return
    basis = f"{claim.basis.instrument}, {claim.basis.article} [{claim.basis.mark}]"
    yield Text(f"{claim.id} {claim.ground.vi} ({basis})", f"{claim.id} {claim.ground.en} ({basis})")
    yield _same(claim.reason)
    recorded, reviewed = day_of(claim.recorded), day_of(claim.reviewed)
    yield Text(
        f"ghi: {claim.recorded_by}, {recorded.vi}; rà soát: {claim.reviewed_by}, {reviewed.vi}",
        f"recorded: {claim.recorded_by}, {recorded.en}; "
        f"reviewed: {claim.reviewed_by}, {reviewed.en}",
    )
    if claim.reported is not None:
        sent_on = day_of(claim.reported)
        yield Text(f"đã gửi báo cáo ngày {sent_on.vi}", f"the report was sent on {sent_on.en}")
    elif any(each.duty == REPORT_EXEMPT for each in one.deadlines):
        yield Text("chưa ghi là đã gửi báo cáo", "no report is recorded as sent")


def _sanctions(one: Finding) -> Iterator[Text]:
    if one.sanctions:
        yield law_words.SANCTIONS_ARE
    for each in one.sanctions:
        basis = f"{each.basis.instrument}, {each.basis.article} [{each.basis.mark}]"
        yield Text(
            f"{each.conduct.vi}: {each.range.vi} ({basis})",
            f"{each.conduct.en}: {each.range.en} ({basis})",
        )


def _same(text: str) -> Text:
    return Text(text, text)


def _named(name: Text, text: Text) -> list[str]:
    if text.vi == text.en:
        return [f"  {name.vi} / {name.en}: {visible(text.vi, _MOST)}"]
    return [f"  {name.vi}: {visible(text.vi, _MOST)}", f"  {name.en}: {visible(text.en, _MOST)}"]


def _two(before: str, text: Text) -> list[str]:
    found = [before + visible(text.vi, _MOST)]
    return found if text.vi == text.en else [*found, before + visible(text.en, _MOST)]

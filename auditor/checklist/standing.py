"""What still counts on a day: words, waivers, evidence and the last check."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from auditor.checklist.entries import LONGEST_WAIVER, LONGEST_WORD, unsigned
from auditor.checklist.facts import VIETNAM
from auditor.checklist.signing import fits
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from auditor.checklist.assessment import AnswerEntry, AttestationEntry, WaiverEntry
    from auditor.checklist.checks import Checks
    from auditor.checklist.held import Held
    from auditor.model.checklist import EvidenceKind, Item

USABLE: Final = ("present", "metadata-only")


def day_of(moment: datetime) -> date:
    """The day in Vietnam."""
    return moment.astimezone(VIETNAM).date()


def usable(held: Held, today: date) -> bool:
    """Whether it lies there as it was registered, and was registered by this day."""
    return held.state in USABLE and date.fromisoformat(held.entry.registered) <= today


def too_old(held: Held, kind: EvidenceKind, today: date) -> bool:
    """Whether it is older than its kind allows."""
    return kind.fresh_days is not None and today - held.day > timedelta(days=kind.fresh_days)


def answer_void(entry: AnswerEntry, item: Item, today: date) -> Text | None:
    """Why an answer does not count; null = it counts."""
    if entry.text_sha256 != item.text_hash():
        return Text(
            f"Câu trả lời ngày {entry.at:%d/%m/%Y} là cho cách hỏi cũ: cần trả lời lại.",
            f"The answer of {entry.at:%Y-%m-%d} was to an earlier wording: answer again.",
        )
    if day_of(entry.at) > today:
        return Text(
            "Câu trả lời ghi ngày ở tương lai nên không tính.",
            "The answer is dated in the future and does not count.",
        )
    if entry.said == "not-applicable" and not (entry.by.strip() and entry.explanation.strip()):
        return Text(
            "“Không áp dụng” phải có người trả lời và lý do; thiếu thì không tính.",
            '"Not applicable" needs a name and a reason; without them it does not count.',
        )
    return None


def word_void(
    entry: AttestationEntry,
    item: Item,
    held: Mapping[str, Held],
    asked: Sequence[Held],
    kinds: Mapping[str, EvidenceKind],
    today: date,
    answer: AnswerEntry | None,
) -> Text | None:
    """Why a person's word no longer counts; null = it counts.

    A "no" is not undone by taking its evidence away: only who said it takes it back.

    Args:
        entry: the word.
        item: what it is about.
        held: all evidence, by id.
        asked: evidence that lies there for the item, the youngest of each kind first.
        kinds: kinds of evidence, by id.
        today: the day.
        answer: the agency's own answer, as far as it counts.
    """
    if entry.signature and not fits(entry.key, entry.signature, unsigned(entry)):
        return Text("Chữ ký không khớp.", "Its signature does not fit.")
    if entry.text_sha256 != item.text_hash():
        return Text("Cách hỏi đã đổi sau khi xác nhận.", "The wording changed since.")
    if not (entry.person.strip() and entry.role.strip() and entry.statement.strip()):
        return Text(
            "Thiếu tên, vai trò hoặc nội dung xác nhận.",
            "It lacks the person's name, the role or what is attested.",
        )
    given, until = day_of(entry.at), date.fromisoformat(entry.valid_until)
    if given > today:
        return Text(f"Ghi ngày ở tương lai ({given}).", f"It is dated in the future ({given}).")
    if until < today:
        return Text(f"Hết hạn ngày {until}.", f"It ran out on {until}.")
    if until > given + LONGEST_WORD:
        return Text(
            f"Ghi thời hạn đến {until}: dài hơn một năm.",
            f"It is to hold until {until}: longer than a year.",
        )
    if not entry.holds:
        return None
    apart = answer is not None and answer.said == "not-applicable"
    if entry.applies and apart:
        return Text(
            "Xác nhận này nói mục đạt, không nói mục không áp dụng.",
            "It attests that the item holds, not that it does not concern this system.",
        )
    if not entry.applies:
        return None if apart and answer is not None and entry.at >= answer.at else Text(
            "Xác nhận này nói mục không áp dụng, không phải về câu trả lời hiện nay.",
            "It attests that the item does not concern this system, not the answer of today.",
        )  # fmt: skip
    return _other_evidence(entry, held, asked, kinds)


def _other_evidence(
    entry: AttestationEntry,
    held: Mapping[str, Held],
    asked: Sequence[Held],
    kinds: Mapping[str, EvidenceKind],
) -> Text | None:
    """What differs between the evidence that was looked at and what lies there now."""
    for name, digest in entry.evidence.items():
        each = held.get(name)
        if each is None or each.state not in USABLE or each.entry.sha256 != digest:
            return Text(
                f"Bằng chứng {name} không còn như lúc xác nhận.",
                f"Evidence {name} is not what it was when this was attested.",
            )
    youngest: dict[str, Held] = {}
    for each in asked:
        youngest.setdefault(each.entry.kind, each)
    lasting = [name for name in youngest if kinds[name].fresh_days is None]
    later = [youngest[name] for name in lasting if youngest[name].entry.id not in entry.evidence]
    if not later and asked and not any(each.entry.id in entry.evidence for each in asked):
        later = [asked[0]]
    if later:
        named = later[0].entry.id
        return Text(
            f"Bằng chứng {named} được nộp sau khi xác nhận: cần xem và xác nhận lại.",
            f"Evidence {named} was attached after this was attested: look at it, attest again.",
        )
    return None


def waiver_void(entry: WaiverEntry, item: Item, today: date) -> Text | None:
    """Why a waiver does not count; null = it counts."""
    given, until = day_of(entry.at), date.fromisoformat(entry.until)
    if item.gate == "hard":
        return Text(
            "Điều kiện chặn có căn cứ đã đọc: không được tạm chấp nhận.",
            "A gate on a confirmed basis: it cannot be waived.",
        )
    if given > today:
        return Text(f"Ghi ngày ở tương lai ({given}).", f"It is dated in the future ({given}).")
    if until < today:
        return Text(f"Hết hạn ngày {until}.", f"It ran out on {until}.")
    if until > given + LONGEST_WAIVER:
        return Text(
            f"Ghi thời hạn đến {until}: dài hơn một năm.",
            f"It is to last until {until}: longer than a year.",
        )
    return None


def check_void(
    checks: Checks, held: Mapping[str, Held], today: date, most_days: float | None
) -> Text | None:
    """Why the last check says nothing of today; null = it does.

    Time limits, expiry and silence were judged on the day of the check.
    """
    made = day_of(checks.at)
    if made > today:
        return Text(
            f"lần kiểm tra ghi ngày {made}, sau ngày xem xét",
            f"the check is dated {made}, after the day that is looked at",
        )
    if most_days is not None and today - made > timedelta(days=most_days):
        return Text(
            f"lần kiểm tra ngày {made} đã quá {most_days:g} ngày",
            f"the check of {made} is more than {most_days:g} days old",
        )
    before = sorted(
        name
        for name, each in held.items()
        if name in checks.made_from and date.fromisoformat(each.entry.registered) > made
    )
    if before:
        return Text(
            f"lần kiểm tra ghi ngày {made}, trước khi {before[0]} được nộp",
            f"the check is dated {made}, before {before[0]} was registered",
        )
    return None

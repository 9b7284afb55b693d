"""How probes come to profiles of data, and how they say what the counts show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from auditor.checklist.held import Held
from auditor.checklist.probe import Found, unknown
from auditor.checklist.sources.sample import Count, Rule, Sample, TableShape
from auditor.model.readiness import Coverage, Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.checklist.facts import Facts, Number
    from auditor.checklist.probe import Arguments
    from auditor.model.readiness import Answer

KIND: Final = "data-sample"
LEAST_ROWS: Final = 30
FRESH_DAYS: Final = 30
"""As the kind of evidence: a profile says itself when it was made, whatever its file's date."""
DRAWN: Final = ("all", "random", "systematic")
STRICT: Final[tuple[Rule, ...]] = ("doubled-key", "late")
"""One is too many."""
SOFT: Final[tuple[Rule, ...]] = ("check-digit", "one-day")
"""Signs, no proof: no instrument that was read prints the check digit; a day that all rows share
may be true."""

RULES: Final[dict[Rule, Text]] = {
    "empty": Text("rỗng", "empty"),
    "placeholder": Text("giá trị điền tạm", "placeholder"),
    "malformed": Text("sai dạng", "malformed"),
    "check-digit": Text("sai chữ số kiểm tra", "wrong check digit"),
    "range": Text("ngoài khoảng", "out of range"),
    "order": Text("sai thứ tự giữa hai trường", "two fields in the wrong order"),
    "code-unknown": Text("mã không có trong danh mục", "code on no list"),
    "code-ended": Text("mã đã hết hiệu lực", "code that has ended"),
    "junk": Text("dữ liệu rác", "junk"),
    "damaged-text": Text("lỗi mã hoá ký tự", "broken encoding"),
    "decomposed": Text("Unicode tổ hợp", "decomposed Unicode"),
    "broken-row": Text("dòng thừa hoặc thiếu ô", "too many or too few cells"),
    "empty-key": Text("khoá chính rỗng", "empty primary key"),
    "doubled-key": Text("trùng khoá chính", "doubled primary key"),
    "doubled-row": Text("trùng dòng", "doubled row"),
    "undated": Text("không có ngày cập nhật", "no date of change"),
    "future": Text("ngày ở tương lai", "date in the future"),
    "old": Text("cũ hơn tuổi cho phép", "older than agreed"),
    "late": Text("lần cập nhật mới nhất quá chu kỳ", "the youngest change is late"),
    "one-day": Text("mọi dòng cùng một ngày cập nhật", "all rows changed on one day"),
    "orphan": Text("khoá ngoại mất liên kết", "orphaned foreign key"),
    "differs": Text("cùng khoá khác giá trị", "one key, two values"),
    "missing-rows": Text("thiếu bản ghi", "missing rows"),
    "identifier": Text("số có dạng số định danh thật", "looks like a real identifier"),
    "mark": Text("dấu mật", "secrecy mark"),
    "mark-unread": Text("tệp không đọc được", "unreadable file"),
}
WAY: Final = Text(
    "Sửa từ nguồn nhập liệu theo bảng số đếm, lấy mẫu mới và xem lại tại chỗ.",
    "Mend it where data is entered, by the counts; draw a new sample and look again.",
)
LOOK: Final = Text(
    "Tại nơi có dữ liệu, chạy `auditor checklist profile RULES.yaml --table TÊN=TỆP.csv --out "
    f"profile.json`, rồi đính kèm profile.json (chỉ số đếm) là bằng chứng loại {KIND}.",
    "Where the data lies, run `auditor checklist profile RULES.yaml --table NAME=FILE.csv --out "
    f"profile.json`, then attach profile.json (counts only) as evidence of the kind {KIND}.",
)


@dataclass(frozen=True, slots=True)
class Look:
    """A profile that is registered."""

    held: Held
    sample: Sample

    def tables(self, *purposes: str) -> tuple[TableShape, ...]:
        """Its tables with one of these purposes."""
        return tuple(table for table in self.sample.tables if table.purpose in purposes)

    def counts(self, rules: Sequence[Rule], *purposes: str) -> tuple[Count, ...]:
        """What was counted by these rules in tables with one of these purposes."""
        names = {table.name for table in self.tables(*purposes)}
        return tuple(
            count for count in self.sample.counts if count.rule in rules and count.table in names
        )

    def kind(self, count: Count) -> str:
        """The kind of a count's column."""
        return next((
            column.kind
            for table in self.sample.tables if table.name == count.table
            for column in table.columns if column.name == count.column
        ), "")  # fmt: skip

    def mandatory(self, count: Count) -> bool:
        """Whether a count's column must be filled."""
        return any(
            column.mandatory
            for table in self.sample.tables if table.name == count.table
            for column in table.columns if column.name == count.column
        )  # fmt: skip

    def whole(self, name: str) -> bool:
        """Whether all rows of a table were looked at; a key missing in a sample is no orphan."""
        table = self.sample.table(name)
        return table is not None and table.drawn == "all"

    def at(self, count: Count) -> Reference:
        """Where a count can be looked up again: table, column, row numbers, rule."""
        place = ".".join(name for name in (count.table, count.column) if name) or "packages"
        if count.other:
            place += f" - {count.other}"
        if count.rows:
            place += f", row {', '.join(str(row) for row in count.rows)}"
        return Reference(
            self.held.entry.id,
            place,
            f"{RULES[count.rule].en}: {count.wrong:,} of {count.of:,}",
        )


def looks(facts: Facts) -> tuple[Look, ...] | Found:
    """All profiles that are fresh, the youngest first, or why there is none."""
    held = facts.held(KIND)
    if not held:
        return unknown(
            "Chưa xem mẫu dữ liệu nào tại chỗ.",
            "No data sample was looked at on the spot.",
            LOOK.vi,
            LOOK.en,
        )
    all_looks = [Look(each, each.content(Sample)) for each in held]
    ages = [(facts.today - date.fromisoformat(look.sample.made)).days for look in all_looks]
    fresh = tuple(look for look, age in zip(all_looks, ages, strict=True) if 0 <= age <= FRESH_DAYS)
    if not fresh:
        future = min(ages) < 0
        return unknown(
            "Kết quả xem mẫu ghi ngày ở tương lai."
            if future
            else f"Kết quả xem mẫu đã {min(ages)} ngày, quá {FRESH_DAYS} ngày.",
            "The profile says it was made in the future."
            if future
            else f"The profile is {min(ages)} days old, more than {FRESH_DAYS}.",
            LOOK.vi,
            LOOK.en,
        )
    return fresh


def judged(
    rules: tuple[Rule, ...],
    chosen: Callable[[Look, Count], bool],
    asks: Text,
    limit: str = "quality-percent",
    more: Callable[[Facts, Look], tuple[Text, ...]] = lambda _, __: (),
    must: Callable[[Look, Count], bool] = lambda _, __: True,
) -> Callable[[Facts, Arguments], Found]:
    """A probe's function: how many rows of the tables to be synced do not fulfil some rules.

    Args:
        rules: what it looks at.
        chosen: which counts of these rules concern it.
        asks: what the rules file must say for it to find anything.
        limit: the least share of right rows.
        more: what could not be looked at.
        must: at least one count must be of this kind.
    """

    def answer(facts: Facts, _: Arguments) -> Found:
        found = looks(facts)
        if isinstance(found, Found):
            return found
        look = next((look for look in found if look.tables("sync")), None)
        counts = (
            tuple(count for count in look.counts(rules, "sync") if count.of and chosen(look, count))
            if look
            else ()
        )
        if look is None or not any(must(look, count) for count in counts):
            return unknown(
                "Kết quả xem mẫu không có số đếm nào về điều này.",
                "The profile counts nothing of this kind.",
                f"Ghi trong tệp quy tắc: {asks.vi}; rồi xem mẫu lại. {LOOK.vi}",
                f"Say in the rules: {asks.en}; then look again. {LOOK.en}",
            )
        if small := _too_small(look, counts):
            return small
        return _found(look, counts, facts.number(limit), more(facts, look))

    return answer


def _too_small(look: Look, counts: Sequence[Count]) -> Found | None:
    """Why the tables that were counted in show nothing; null = they do."""
    names = {count.table for count in counts}
    for table in look.sample.tables:
        if table.name not in names:
            continue
        if table.rows < LEAST_ROWS:
            return unknown(
                f"Mẫu của bảng {table.name} chỉ có {table.rows} dòng, dưới {LEAST_ROWS} dòng.",
                f"The sample of {table.name} has {table.rows} rows, fewer than {LEAST_ROWS}.",
                f"Lấy mẫu ngẫu nhiên từ {LEAST_ROWS} dòng trở lên (hoặc toàn bộ bảng) rồi xem lại.",
                f"Draw {LEAST_ROWS} rows or more at random (or all of them) and look again.",
            )
        if table.drawn not in DRAWN:
            picked = table.drawn == "picked"
            return unknown(
                f"Mẫu của bảng {table.name} "
                f"{'được chọn sẵn' if picked else 'không nói rõ cách lấy'}.",
                f"The sample of {table.name} "
                f"{'was picked by hand' if picked else 'does not say how it was drawn'}.",
                "Lấy mẫu ngẫu nhiên hoặc toàn bộ bảng, ghi drawn: random hoặc drawn: all.",
                "Draw it at random or take all rows, and say drawn: random or drawn: all.",
            )
    return None


def _found(look: Look, counts: Sequence[Count], number: Number, more: tuple[Text, ...]) -> Found:
    tables = [table for table in look.sample.tables if table.name in {c.table for c in counts}]
    rows = sum(table.rows for table in tables)
    grouped = f"{rows:,}".replace(",", ".")
    wrong = sorted(
        (count for count in counts if count.wrong),
        key=lambda count: (count.rule in SOFT, -count.wrong / count.of),
    )
    far = [
        count
        for count in wrong
        if count.rule not in SOFT
        and (
            count.rule in STRICT
            or (
                number.value is not None
                and 100 * (count.of - count.wrong) < number.value * count.of
            )
        )
    ]
    answer: Answer = "fail" if far else "partial" if wrong or more else "pass"
    seen = Text(
        f"{len(counts)} phép đếm trên {len(tables)} bảng, {grouped} dòng",
        f"{len(counts)} counts over {len(tables)} table{'s' * (len(tables) > 1)}, {rows:,} rows",
    )
    if wrong:
        worst = (far or wrong)[0]
        place = ".".join(name for name in (worst.table, worst.column) if name)
        share = 100 * worst.wrong / worst.of
        says = Text(
            f"{len(wrong)}/{seen.vi} có dòng không đạt; nhiều nhất: {place}, "
            f"{RULES[worst.rule].vi} {worst.wrong}/{worst.of} ({share:.2f} %).",
            f"{len(wrong)} of {seen.en} have rows that do not hold; worst: {place}, "
            f"{RULES[worst.rule].en} {worst.wrong:,} of {worst.of:,} ({share:.2f} %).",
        )
    elif more:
        says = Text(f"{seen.vi} đều đạt; {more[0].vi}", f"{seen.en} all hold; {more[0].en}")
    else:
        says = Text(f"{seen.vi} đều đạt.", f"{seen.en} all hold.")
    return Found(
        answer,
        says.vi,
        says.en,
        [look.at(count) for count in wrong],
        number.source if number.value is not None else "",
        None if answer == "pass" else WAY,
        Coverage(
            vantage=(look.held.entry.id,),
            seen=rows,
            declared=sum(max(table.rows, table.expected or 0) for table in tables),
            not_covered=(*more, *_sampled(tables)),
        ),
    )


def _sampled(tables: Sequence[TableShape]) -> tuple[Text, ...]:
    names = ", ".join(table.name for table in tables if table.drawn != "all")
    return (
        (
            Text(
                f"Chỉ xem mẫu của {names}; trùng lặp giữa các dòng ngoài mẫu không thấy được.",
                f"Only samples of {names} were seen; duplicates outside of them do not show.",
            ),
        )
        if names
        else ()
    )

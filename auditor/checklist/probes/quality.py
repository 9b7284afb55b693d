"""Probes of data quality, over profiles: đúng, đủ, sạch, sống, thống nhất, and identifier keys.

A profile holds counts and never a value (``auditor.checklist.sources.sample``), so nothing here
can tell one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Found, Probe, unknown
from auditor.checklist.probes.profiles import KIND, LEAST_ROWS, LOOK, judged, looks
from auditor.model.readiness import Coverage
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments
    from auditor.checklist.probes.profiles import Look
    from auditor.checklist.sources.sample import Count

CHANCE: Final = 0.1
"""About 2 % of random numbers of twelve digits look like personal numbers; up to this share of
them, real ones are not shown, only possible."""
IDENTIFIERS: Final = ("citizen-id", "tax-code", "admin-code")


def _code_lists(facts: Facts, look: Look) -> tuple[Text, ...]:
    """What is said when other code lists were used than those registered."""
    registered = {held.entry.sha256 for held in facts.held("codes")}
    if look.sample.codes in registered:
        return ()
    return (
        Text(
            "danh mục mã đã dùng khi xem mẫu không phải tệp đã đính kèm (loại codes).",
            "the code lists that the look used are not the registered file (kind codes).",
        ),
    )


def _undated(_: Facts, look: Look) -> tuple[Text, ...]:
    """What is said of tables whose age cannot be told."""
    names = ", ".join(
        table.name
        for table in look.tables("sync")
        if table.max_age_days is None
        and (table.interval_days is None or not look.whole(table.name))
    )
    return (
        (
            Text(
                f"chưa thống nhất tuổi dòng, hoặc chỉ xem mẫu nên không biết lần cập nhật mới "
                f"nhất: {names}.",
                f"no age of rows is agreed, or a sample does not show the youngest change: "
                f"{names}.",
            ),
        )
        if names
        else ()
    )


def _aged(look: Look, count: Count) -> bool:
    table = look.sample.table(count.table)
    if table is None or (count.rule == "late" and not look.whole(table.name)):
        return False
    return table.max_age_days is not None or table.interval_days is not None


def _key(look: Look, count: Count) -> bool:
    if count.column and count.rule != "orphan":
        return look.kind(count) in IDENTIFIERS and (count.rule != "empty" or look.mandatory(count))
    return count.rule != "orphan" or look.whole(count.other)


def _joined(look: Look, count: Count) -> bool:
    return count.rule != "orphan" or look.whole(count.other)


def secrecy_marks(facts: Facts, _: Arguments) -> Found:
    """No secrecy mark was seen in the tables and packages that were looked through."""
    found = looks(facts)
    if isinstance(found, Found):
        return found
    counts = [
        (look, count) for look in found for count in look.sample.counts if count.rule == "mark"
    ]
    seen = sum(count.of for _, count in counts)
    hits = [(look, count) for look, count in counts if count.wrong]
    unread = sum(
        count.wrong for look in found for count in look.sample.counts if count.rule == "mark-unread"
    )
    if hits:
        number = sum(count.wrong for _, count in hits)
        return Found(
            "fail",
            f"Thấy dấu mật ở {number} chỗ (dòng hoặc tệp) trong mẫu.",
            f"Secrecy marks were counted in the sample: {number:,} (rows or files).",
            [look.at(count) for look, count in hits],
            way_out=Text(
                "Dừng gói này, báo người phụ trách bảo vệ bí mật nhà nước; không sao chép thêm nội "
                "dung.",
                "Hold the package back and tell the secrecy officer; copy nothing of it.",
            ),
        )
    if not seen:
        return unknown(
            "Chưa tìm dấu mật trong bảng hoặc gói nào.",
            "No table or package was looked through for secrecy marks.",
            f"{LOOK.vi} Thêm --package TỆP cho các gói tài liệu.",
            f"{LOOK.en} Add --package FILE for packages of documents.",
        )
    return Found(
        "clear",
        f"Không thấy dấu mật đứng riêng ở {seen} chỗ đã xem; đó không phải bằng chứng là không có.",
        f"No secrecy mark stands alone in {seen:,} places looked at; it proves no absence.",
        coverage=Coverage(
            vantage=tuple(look.held.entry.id for look in found),
            not_covered=(
                Text(f"{unread} tệp không đọc được.", f"{unread} files could not be read."),
            )
            if unread
            else (),
        ),
    )


def real_identifiers(facts: Facts, _: Arguments) -> Found:
    """No test data and no log holds what looks like real personal numbers."""
    found = looks(facts)
    if isinstance(found, Found):
        return found
    counts = [(look, c) for look in found for c in look.counts(("identifier",), "test", "log")]
    tables = [table for look in found for table in look.tables("test", "log")]
    hits = [(look, count) for look, count in counts if count.wrong]
    way = Text(
        "Thay bằng dữ liệu tạo sinh có đầu số không tồn tại (như 000), che số trong nhật ký.",
        "Use made-up numbers that begin with no province (such as 000); mask numbers in logs.",
    )
    if hits:
        number = sum(count.wrong for _, count in hits)
        real = any(count.wrong > CHANCE * count.of for _, count in hits)
        return Found(
            "fail" if real else "partial",
            f"{number} ô trong dữ liệu thử, nhật ký có dạng số định danh cá nhân thật"
            + ("." if real else ", không nhiều hơn mức ngẫu nhiên; cần người xem lại."),
            f"{number} cells of test data or logs look like real personal numbers"
            + ("." if real else ", no more than chance gives; a person must look."),
            [look.at(count) for look, count in hits],
            way_out=way,
        )
    if not tables or all(table.rows < LEAST_ROWS for table in tables):
        return unknown(
            f"Chưa xem bảng dữ liệu thử hoặc nhật ký nào đủ {LEAST_ROWS} dòng.",
            f"No test data or log of {LEAST_ROWS} rows or more was looked at.",
            f"Khai trong tệp quy tắc bảng có purpose: test và purpose: log. {LOOK.vi}",
            f"Name tables with purpose: test and purpose: log in the rules. {LOOK.en}",
        )
    rows = sum(table.rows for table in tables)
    return Found(
        "clear",
        f"Không thấy số định danh có dạng thật trong {rows} dòng dữ liệu thử, nhật ký.",
        f"No real-looking personal number stands in {rows} rows of test data and logs.",
        coverage=Coverage(vantage=tuple(look.held.entry.id for look in found), seen=rows),
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "values-valid",
        Text("Giá trị có đúng quy tắc không?", "Are values valid?"),
        (KIND,),
        "both",
        judged(
            ("malformed", "check-digit", "range", "order"),
            lambda _, __: True,
            Text("kind của từng cột, least, most, orders", "kind of columns, least, most, orders"),
        ),
    ),
    Probe(
        "fields-filled",
        Text("Trường bắt buộc có giá trị thật không?", "Are mandatory fields filled?"),
        (KIND,),
        "both",
        judged(
            ("empty", "placeholder", "missing-rows"),
            lambda look, count: look.mandatory(count) or count.rule == "missing-rows",
            Text("mandatory: true ở cột bắt buộc", "mandatory: true for mandatory columns"),
        ),
    ),
    Probe(
        "rows-distinct",
        Text("Dữ liệu có sạch không?", "Is data free of duplicates and junk?"),
        (KIND,),
        "both",
        judged(
            ("doubled-key", "doubled-row", "junk", "damaged-text", "decomposed", "broken-row"),
            lambda _, __: True,
            Text("primary_key, distinct", "primary_key, distinct"),
        ),
    ),
    Probe(
        "rows-fresh",
        Text("Dữ liệu có được cập nhật không?", "Is data kept up to date?"),
        (KIND,),
        "both",
        judged(
            ("undated", "future", "old", "late", "one-day"),
            _aged,
            Text(
                "updated_at cùng max_age_days hoặc interval_days",
                "updated_at with max_age_days or interval_days",
            ),
            more=_undated,
        ),
    ),
    Probe(
        "codes-current",
        Text("Mã có thuộc danh mục hiện hành không?", "Do all codes stand on current lists?"),
        (KIND, "codes"),
        "both",
        judged(
            ("code-unknown", "code-ended"),
            lambda _, __: True,
            Text(
                "cột kind: admin-code hoặc code với codes: tên danh mục",
                "columns of kind: admin-code or code, with codes: the list",
            ),
            more=_code_lists,
        ),
    ),
    Probe(
        "cross-table",
        Text("Các bảng có khớp nhau không?", "Do the tables agree?"),
        (KIND,),
        "both",
        judged(
            ("orphan", "differs"),
            _joined,
            Text(
                "foreign_keys tới bảng có drawn: all, hoặc same",
                "foreign_keys into a table with drawn: all, or same",
            ),
        ),
    ),
    Probe(
        "identifier-keys",
        Text("Khoá định danh có đúng ở mọi dòng không?", "Are identifier keys right in all rows?"),
        (KIND,),
        "both",
        judged(
            ("malformed", "check-digit", "code-unknown", "code-ended", "empty", "empty-key",
             "doubled-key", "orphan"),
            _key,
            Text("cột kind: citizen-id, tax-code, admin-code; primary_key",
                 "columns of kind: citizen-id, tax-code, admin-code; primary_key"),
            "key-quality-percent",
            must=lambda look, count: look.kind(count) in IDENTIFIERS,
        ),
    ),
    Probe(
        "secrecy-marks",
        Text("Mẫu có dấu mật không?", "Does the sample bear secrecy marks?"),
        (KIND,),
        "failure",
        secrecy_marks,
    ),
    Probe(
        "real-identifiers",
        Text("Dữ liệu thử, nhật ký có số định danh thật không?",
             "Do test data and logs hold real identifiers?"),
        (KIND,),
        "failure",
        real_identifiers,
    ),
)  # fmt: skip

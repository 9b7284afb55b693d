"""How probes come to the rows of registers, and how they say what the rows showed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd

from auditor.checklist.held import Held
from auditor.checklist.probe import Found, unknown
from auditor.checklist.sources.register import Register, number, plain
from auditor.model.readiness import Coverage, Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments
    from auditor.model.readiness import Answer

TITLES: Final[dict[str, Text]] = {
    "accounts": Text("bản xuất tài khoản", "account export"),
    "assets": Text("danh mục tài sản, máy chủ", "assets"),
    "backups": Text("nhật ký sao lưu", "backup log"),
    "capacity": Text("số đo năng lực đường truyền", "line capacity measurements"),
    "change-history": Text("lịch sử thay đổi dữ liệu", "data change history"),
    "classification": Text("bảng phân loại theo bảng, trường", "classification by field"),
    "components": Text("thành phần phần mềm (SBOM)", "software components (SBOM)"),
    "connection-steps": Text("các bước đề nghị kết nối", "steps of the connection request"),
    "contacts": Text("danh bạ đầu mối 24/7", "24/7 contacts"),
    "datasets": Text("danh mục dữ liệu đồng bộ", "datasets to be synced"),
    "dictionary": Text("từ điển dữ liệu dùng chung", "shared data dictionary"),
    "field-map": Text("bảng ánh xạ trường", "field mapping"),
    "gateway-settings": Text("cấu hình cổng trao đổi", "gateway settings"),
    "hosts": Text("thông tin máy", "host facts"),
    "incidents": Text("sổ sự cố", "incident register"),
    "key-register": Text("sổ khoá mật mã", "key register"),
    "log-index": Text("chỉ mục nhật ký theo ngày", "log index by day"),
    "log-sources": Text("danh sách nguồn nhật ký", "log sources"),
    "manifest": Text("bảng mã băm", "hash manifest"),
    "personal-fields": Text("bảng kiểm kê dữ liệu cá nhân", "personal-data inventory"),
    "products": Text("kiểm kê sản phẩm", "products"),
    "protection-agents": Text("bản xuất phòng chống mã độc, EDR", "anti-malware and EDR export"),
    "quality-errors": Text("sổ lỗi chất lượng dữ liệu", "data-quality errors"),
    "reconciliation": Text("bảng đối soát theo lô", "reconciliation by batch"),
    "sharing-log": Text("mẫu nhật ký chia sẻ", "sharing log sample"),
    "snapshots": Text("bản chụp trước đồng bộ", "pre-sync snapshots"),
    "suppliers": Text("danh sách nhà cung cấp", "suppliers"),
    "time-records": Text("độ lệch giờ các máy chủ", "clock offsets"),
    "vulnerabilities": Text("bảng lỗ hổng và khắc phục", "vulnerabilities and fixes"),
    "warned-products": Text("danh sách sản phẩm bị cấm, cảnh báo", "banned or warned products"),
    "web-protection": Text("danh sách ứng dụng sau tường lửa", "applications behind firewalls"),
}
"""What sentences call a kind; its full title stands in the catalogue."""

MAY_BE_EMPTY: Final = ("incidents", "quality-errors")
"""Registers in which nothing may have happened; an empty one is a claim, to be attested."""


@dataclass(frozen=True, slots=True)
class Table:
    """The youngest register of a kind.

    Attributes:
        rows: by line of the file; columns are those of the kind.
        notes: what had to be guessed when it was read.
    """

    held: Held
    rows: pd.DataFrame
    notes: tuple[Text, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def records(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Line and cells of each row."""
        columns = list(self.rows.columns)
        lines = (int(line) for line in self.rows.index)
        for line, cells in zip(lines, self.rows.itertuples(index=False, name=None), strict=True):
            yield line, dict(zip(columns, map(str, cells), strict=True))

    def at(self, line: int, shows: str) -> Reference:
        """A reference to one of its rows; ``shows`` is cut, and is never a personal value."""
        return Reference(self.held.entry.id, f"line {line}", shows[:160])


def from_registers(
    answer: Callable[..., Found], *needs: tuple[str, str]
) -> Callable[[Facts, Arguments], Found]:
    """A probe's function that asks ``answer`` once all its registers are there.

    Args:
        answer: takes the facts, the arguments and a table for each need.
        needs: kind of register, and the columns it cannot do without, separated by spaces.
    """

    def asked(facts: Facts, arguments: Arguments) -> Found:
        tables: list[Table] = []
        for kind, columns in needs:
            table = table_of(facts, kind, tuple(columns.split()))
            if isinstance(table, Found):
                return table
            tables.append(table)
        return answer(facts, arguments, *tables)

    return asked


def table_of(facts: Facts, kind: str, columns: tuple[str, ...]) -> Table | Found:
    """The youngest register of a kind, or why nothing can be told from it.

    Raises:
        InputError: it is missing, changed or damaged.
    """
    title = TITLES[kind]
    held = facts.held(kind)
    if not held:
        return unknown(
            f"Chưa có bằng chứng: {title.vi}.",
            f"No evidence is registered: {title.en}.",
            f"Lập hoặc xuất bảng (CSV, XLSX) có các cột {', '.join(columns)} rồi đính kèm là "
            f"bằng chứng loại {kind}.",
            f"Export a table (CSV, XLSX) with the columns {', '.join(columns)} and attach it as "
            f"evidence of the kind {kind}.",
        )
    register = held[0].content(Register)
    entry = held[0].entry
    missing = tuple(column for column in columns if column in register.missing)
    if missing:
        return unknown(
            f"Bảng {title.vi} ({entry.id}) thiếu cột: {', '.join(missing)}.",
            f"The table {title.en} ({entry.id}) lacks the columns: {', '.join(missing)}.",
            "Bổ sung các cột còn thiếu rồi đính kèm lại.",
            "Add the missing columns and attach it anew.",
        )
    if register.rows.empty and kind in MAY_BE_EMPTY:
        return Found(
            "pending",
            f"Bảng {title.vi} ({entry.id}) không có dòng nào: theo bảng này là chưa từng có.",
            f"The table {title.en} ({entry.id}) has no rows: it says that there were none.",
            references=(Reference(entry.id),),
            way_out=Text(
                "Người có trách nhiệm xác nhận là thật sự không có.",
                "A responsible person attests that there truly were none.",
            ),
        )
    if register.rows.empty:
        return unknown(
            f"Bảng {title.vi} ({entry.id}) không có dòng dữ liệu nào.",
            f"The table {title.en} ({entry.id}) has no rows.",
            "Xuất lại bảng có dữ liệu; nếu thật sự không có gì để ghi thì người có thẩm quyền "
            "xác nhận.",
            "Export it with its rows; if there truly is nothing to list, a responsible person "
            "attests that.",
        )
    return Table(held[0], register.rows, register.notes)


def optional_table(facts: Facts, kind: str, columns: str) -> Table | None:
    """A register that helps when it is there and can be used."""
    if not facts.held(kind):
        return None
    table = table_of(facts, kind, tuple(columns.split()))
    return table if isinstance(table, Table) else None


def judged(
    good: Text,
    bad: Text,
    way: Text,
    *,
    failing: Sequence[Reference] = (),
    lacking: Sequence[Reference] = (),
    unread: Sequence[Reference] = (),
    rests_on: str = "",
    tables: Sequence[Table] = (),
    covered: tuple[int, int] | None = None,
    not_covered: Sequence[Text] = (),
    best: Answer = "pass",
) -> Found:
    """What is said after all rows were looked at, the worst first.

    Args:
        good: sentence when nothing is wrong.
        bad: sentence when something is.
        way: what to do.
        failing: rows that do not hold: fail.
        lacking: what is not covered or only holds in part: partial.
        unread: rows that cannot be told: unknown.
        rests_on: number that it was compared with.
        tables: what was looked at; their notes are told.
        covered: how many of the things asked about were seen, and how many are declared.
        not_covered: what could not be looked at.
        best: ``clear`` for probes that can only prove failure.
    """
    answer: Answer = "fail" if failing else "unknown" if unread else "partial" if lacking else best
    if answer == best and covered is not None and covered[1] == 0:
        return unknown(
            "Các bảng đã đính kèm không có đối tượng nào để xét.",
            "The tables that are attached name nothing to look at.",
            way.vi,
            way.en,
        )
    says = good if answer == best else bad
    if answer == "unknown":
        says = Text(
            f"{bad.vi} Có {len(unread)} dòng không đọc được nên chưa kết luận được.",
            f"{bad.en} {len(unread)} rows cannot be read, so nothing is concluded.",
        )
    return Found(
        answer,
        says.vi,
        says.en,
        (*failing, *unread, *lacking),
        rests_on,
        None if answer in ("pass", "clear") else way,
        Coverage(
            vantage=tuple(table.held.entry.id for table in tables),
            seen=covered[0] if covered else None,
            declared=covered[1] if covered else None,
            not_covered=(*not_covered, *(note for table in tables for note in table.notes)),
        ),
    )


def key(text: str) -> str:
    """An id or address to join by: without case and space."""
    return "".join(text.casefold().split())


def parts_of(text: str) -> list[str]:
    """The parts of a cell that lists several things."""
    return [part for part in re.split(r"[;,\s]+", text) if part]


_folded = lru_cache(maxsize=4096)(plain)


def names(text: str, words: tuple[str, ...]) -> bool:
    """Whether a cell names one of the words, in any spelling; short words must stand alone."""
    if not text:
        return False
    folded = _folded(text)
    alone = {_folded(part) for part in re.split(r"\W+", text)}
    return any(
        _folded(word) in folded if len(_folded(word)) > 3 else _folded(word) in alone
        for word in words
    )


def denied(text: str) -> bool:
    """Whether a cell says that something is not so, such as “không cốt lõi”."""
    return _folded(re.split(r"\W+", text.strip())[0]) in ("khong", "chua", "non", "not", "no")


def ids_of(row: dict[str, str]) -> list[str]:
    """What an asset is joined by: its id and its addresses."""
    ids = (row["asset"], *parts_of(row.get("address", "")))
    return [key(name) for name in ids if name]


Severity = Literal["critical", "high", "medium", "low"]
_SEVERITIES: Final[tuple[tuple[Severity, tuple[str, ...]], ...]] = (
    (
        "low",
        ("không nghiêm trọng", "ít nghiêm trọng", "thấp", "low", "nhẹ", "info", "minor", "none"),
    ),
    ("medium", ("trung bình", "medium", "moderate", "vừa", "bình thường", "thông thường")),
    (
        "critical",
        ("nghiêm trọng", "critical", "serious", "severe", "khẩn cấp", "nguy cấp", "emergency"),
    ),
    ("high", ("cao", "high", "major", "nặng", "important")),
)


def severity(text: str) -> Severity | None:
    """How grave a cell says something is, in words or as a CVSS score; null = not known."""
    score = number(text)
    if score is not None and 0 <= score <= 10:
        steps: tuple[tuple[Severity, float], ...] = (("critical", 9), ("high", 7), ("medium", 4))
        return next((level for level, least in steps if score >= least), "low")
    return next((level for level, words in _SEVERITIES if names(text, words)), None)


NETWORK_DEVICES: Final = (
    "switch", "router", "firewall", "tường lửa", "chuyển mạch", "định tuyến", "thiết bị mạng",
    "printer", "máy in", "camera", "ups", "load balancer", "cân bằng tải", "access point",
)  # fmt: skip
WORKSTATIONS: Final = ("workstation", "máy trạm", "máy tính cá nhân", "laptop", "desktop", "pc")
SERIOUS: Final = ("critical", "high")
"""Severities of a serious incident, and of a vulnerability that must not wait."""

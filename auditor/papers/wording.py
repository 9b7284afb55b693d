"""Numbers, days and names as Vietnamese administrative papers write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from auditor.model.countries import NAMES
from auditor.model.text import Text, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.model.catalogue import Catalogue
    from auditor.model.finding import Severity, Standing, State

VIETNAM: Final = timezone(timedelta(hours=7), "+07:00")

_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")

STATE: Final[dict[State, Text]] = {
    "open": Text("cần xem xét", "to be reviewed"),
    "undecided": Text("chưa xác định", "undecided"),
    "exempt": Text("khai được miễn", "exemption claimed"),
    "covered": Text("có hồ sơ khớp", "covered by a dossier"),
}
SEVERITY: Final[dict[Severity, Text]] = {
    "critical": Text("rất cao", "critical"),
    "high": Text("cao", "high"),
    "medium": Text("trung bình", "medium"),
    "low": Text("thấp", "low"),
    "info": Text("để biết", "info"),
}
STANDING: Final[dict[Standing, Text]] = {
    "open": Text("để ngỏ", "open"),
    "acknowledged": Text("đã tiếp nhận", "acknowledged"),
    "claimed-exempt": Text("khai được miễn", "exemption claimed"),
    "covered": Text("có hồ sơ", "covered"),
    "remediated": Text("đã khắc phục", "remediated"),
    "accepted-risk": Text("chấp nhận rủi ro", "risk accepted"),
}

_QUOTED: Final = {
    "S-g": "Dữ liệu nêu tại điểm g khoản 1 Điều 4 Nghị định 356/2025/NĐ-CP, do cơ quan thực thi "
    "pháp luật thu thập, lưu trữ",
}
"""Categories named by their provision: their wording speaks of people's conduct."""


def number(value: int) -> str:
    """``1234567`` as ``1.234.567``."""
    return f"{value:,}".replace(",", ".")


def size(value: int) -> str:
    """Bytes in the decimal unit that suits them: ``2,4 GB``."""
    amount, unit = float(value), 0
    while abs(amount) >= (1000 if unit == 0 else 999.95) and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{value} B" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}".replace(".", ",")


def rounded(value: int) -> str:
    """An estimate, with two significant digits: more would claim what nobody knows."""
    unit = int(10 ** max(0, len(str(abs(value))) - 2))
    return "≈ " + number((value + unit // 2) // unit * unit)


def day(value: date) -> str:
    """``05/03/2026``."""
    return f"{value:%d/%m/}{value.year:04d}"


def day_of(moment: datetime) -> date:
    """The day in Vietnam; a moment at the calendar's end keeps its own."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return aware.astimezone(VIETNAM).date()
    except OverflowError:
        return aware.date()


def country(code: str | None) -> str:
    """The Vietnamese name; what is no known code as it stands."""
    if not code:
        return "chưa xác định"
    known = NAMES.get(code.upper())
    return known.vi if known else visible(code, 12)


def countries(codes: Iterable[str], most: int = 5) -> str:
    """Their names, each once, ``most`` of them."""
    named = list(dict.fromkeys(country(code) for code in codes))
    more = f" và {len(named) - most} nơi khác" if len(named) > most else ""
    return (", ".join(named[:most]) or "chưa xác định") + more


def category(code: str, catalogue: Catalogue, most: int = 1000) -> str:
    """``B7 – Số điện thoại, …``; the code alone where no list has it.

    Of a wording longer than ``most`` letters its first words, with ``…``.
    """
    shown = visible(code, 40)
    if code in _QUOTED:
        return f"{shown} – {cut(_QUOTED[code], most)}"
    if code not in catalogue:
        return shown
    doubt = "" if catalogue[code].verified else " (lời văn chưa đối chiếu được bản gốc)"
    return f"{shown} – {cut(catalogue[code].title.vi, most)}{doubt}"


def cut(text: str, most: int) -> str:
    """The first words of a text, with ``…`` where it goes on."""
    if len(text) <= most:
        return text
    return text[:most].rsplit(" ", 1)[0].rstrip(" ,;") + "…"


def listed(values: Iterable[str], most: int = 12) -> str:
    """Each value once, ``most`` of them, and how many more there are."""
    each = list(dict.fromkeys(values))
    more = f" (và {len(each) - most} mục khác)" if len(each) > most else ""
    return ", ".join(each[:most]) + more

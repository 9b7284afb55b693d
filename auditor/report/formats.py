"""Numbers, bytes, times and foreign text as people read them, in Vietnamese and in English.

Nothing here computes a fact: a value of the run goes in, its spelling in both languages comes out.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.model.text import visible as visible  # shown beside the spellings of this file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.model.finding import Evidence

VIETNAM: Final = timezone(timedelta(hours=7), "+07:00")
"""Asia/Ho_Chi_Minh. Fixed since 1975: no time zone database is needed to print it."""

UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
"""Decimal: 1 kB = 1000 bytes (IEC 80000-13)."""

NOT_KNOWN: Final = Text("chưa biết", "not known")


def number(value: int | None) -> Text:
    """``1234567`` as ``1.234.567`` and ``1,234,567``."""
    if value is None:
        return NOT_KNOWN
    english = f"{value:,}"
    return Text(english.replace(",", "."), english)


def flow_count(value: int) -> Text:
    """So many flows, with the word in the right number."""
    text = number(value)
    return Text(f"{text.vi} luồng", f"{text.en} {'flow' if value == 1 else 'flows'}")


def exact_bytes(value: int | None) -> Text:
    """The byte count to the last byte, with the word."""
    if value is None:
        return NOT_KNOWN
    text = number(value)
    return Text(f"{text.vi} byte", f"{text.en} {'byte' if value == 1 else 'bytes'}")


ABOUT: Final = "≈ "
"""Before numbers with an estimate in them."""


def size(value: int | None, *, estimated: bool = False) -> Text:
    """The byte count in the unit that suits it: ``2,4 GB`` and ``2.4 GB``; ``≈`` if estimated."""
    if value is None:
        return NOT_KNOWN
    if estimated:
        plain = size(value)
        return Text(ABOUT + plain.vi, ABOUT + plain.en)
    amount, unit = float(value), 0
    # 999.95 would round to 1000.0 of the smaller unit
    while abs(amount) >= (1000 if unit == 0 else 999.95) and unit < len(UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    if unit == 0:
        return Text(f"{value} B", f"{value} B")
    return _decimal(f"{amount:.1f}", f" {UNITS[unit]}")


def sent(evidence: Evidence) -> Text:
    """How many bytes left: ``≥`` where some flows do not say, not known where none does."""
    text = size(evidence.outbound_bytes, estimated=evidence.estimated_bytes > 0)
    return at_least(text, evidence.unknown_flows, evidence.flows)


def at_least(text: Text, unknown: int, flows: int) -> Text:
    """``text`` with ``≥`` where some flows do not say how much left, not known where none does."""
    if unknown and unknown == flows:
        return NOT_KNOWN
    return Text(f"≥ {text.vi}", f"≥ {text.en}") if unknown else text


def records(value: int | None, *, estimated: bool) -> Text:
    """How many records of persons: ``≈ 290.000 lượt bản ghi (ước tính)``; nothing where null.

    An estimate keeps two significant digits: more would claim what nobody knows.
    """
    if value is None:
        return Text("", "")
    text = number(rounded(value) if estimated else value)
    if estimated:
        return Text(f"≈ {text.vi} lượt bản ghi (ước tính)", f"≈ {text.en} records (estimate)")
    word = "record" if value == 1 else "records"
    return Text(f"{text.vi} lượt bản ghi (đếm được)", f"{text.en} {word} (counted)")


def rounded(value: int) -> int:
    """``value`` with two significant digits, halves away from zero."""
    unit = int(10 ** max(0, len(str(abs(value))) - 2))
    whole = (abs(value) + unit // 2) // unit * unit
    return whole if value >= 0 else -whole


def share(part: int, whole: int) -> Text:
    """``part`` of ``whole`` as a percentage; never 0 % of something, nor 100 % of less than all."""
    if whole <= 0:
        return Text("–", "–")
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return Text("dưới 0,1%", "under 0.1%")
    if 99.9 < percent < 100:
        return Text("trên 99,9%", "over 99.9%")
    if percent == int(percent):
        return Text(f"{percent:.0f}%", f"{percent:.0f}%")
    return _decimal(f"{percent:.1f}", "%")


def moment(value: datetime | None, *, fine: bool = False) -> Text:
    """A time in Vietnam: ``17/07/2026 09:05:00`` and ``2026-07-17 09:05:00``; naive means UTC."""
    if value is None:
        return NOT_KNOWN
    local = _local(value)
    clock = local.strftime("%H:%M:%S")
    if fine:
        clock += f".{local.microsecond // 1000:03d}"
    vi_clock = clock.replace(".", ",")
    return Text(
        f"{local:%d/%m/}{local.year:04d} {vi_clock}", f"{local.year:04d}-{local:%m-%d} {clock}"
    )


def day(text: str) -> Text:
    """An ISO date as ``05/03/2026`` and ``2026-03-05``; anything else as it was written."""
    try:
        value = date.fromisoformat(text)
    except ValueError:
        return Text(text, text)
    return Text(f"{value:%d/%m/}{value.year:04d}", value.isoformat())


def local_day(value: datetime) -> date:
    """The day in Vietnam; naive means UTC."""
    return _local(value).date()


def day_of(value: date) -> Text:
    """A date as ``05/03/2026`` and ``2026-03-05``."""
    return day(value.isoformat())


def days(first: datetime, last: datetime) -> Text:
    """From which day to which in Vietnam; one day is said once."""
    begin, end = day_of(local_day(first)), day_of(local_day(last))
    return begin if begin == end else Text(f"{begin.vi} – {end.vi}", f"{begin.en} – {end.en}")


def period(first: datetime | None, last: datetime | None) -> Text:
    """From when to when; the day is said once where both ends share it."""
    if first is None or last is None:
        return NOT_KNOWN
    begin, end = moment(first), moment(last)
    if begin == end:
        return begin
    if _local(first).date() == _local(last).date():
        clock = f"{_local(last):%H:%M:%S}"
        return Text(f"{begin.vi} – {clock}", f"{begin.en} – {clock}")
    return Text(f"{begin.vi} – {end.vi}", f"{begin.en} – {end.en}")


def duration(first: datetime, last: datetime) -> Text:
    """How long it lasted, in the two largest units that matter."""
    seconds = max(0, round((last - first).total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [
        (days, "ngày", "d"),
        (hours, "giờ", "h"),
        (minutes, "phút", "min"),
        (seconds, "giây", "s"),
    ]
    leading = next((index for index, part in enumerate(parts) if part[0]), 3)
    chosen = [part for part in parts[leading : leading + 2] if part[0]] or [parts[3]]
    return Text(
        " ".join(f"{count} {vi}" for count, vi, _ in chosen),
        " ".join(f"{count} {en}" for count, _, en in chosen),
    )


def milliseconds(microseconds: int) -> Text:
    """A round trip: ``2,1 ms`` and ``2.1 ms``; ``0,04 ms`` below one."""
    return _decimal(f"{microseconds / 1000:.{1 if microseconds >= 1000 else 2}f}", " ms")


def kilometres(value: int) -> Text:
    """A distance in whole kilometres."""
    text = number(value)
    return Text(f"{text.vi} km", f"{text.en} km")


def endpoint(address: str, port: int | None) -> str:
    """``address:port``; IPv6 addresses in brackets (RFC 5952 section 6)."""
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def ranges(ids: Iterable[int], most: int) -> tuple[str, int]:
    """Ascending ids as ``3–7, 9``, at most ``most`` pieces, and how many ids were left out."""
    pieces: list[tuple[int, int]] = []
    left_out = 0
    for each in ids:
        if pieces and each == pieces[-1][1] + 1 and not left_out:
            pieces[-1] = (pieces[-1][0], each)
        elif len(pieces) < most:
            pieces.append((each, each))
        else:
            left_out += 1
    text = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in pieces)
    return text, left_out


def _decimal(english: str, unit: str) -> Text:
    return Text(english.replace(".", ",") + unit, english + unit)


def _local(value: datetime) -> datetime:
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return aware.astimezone(VIETNAM)
    except OverflowError:  # a broken clock in a capture: the first or last hours of the calendar
        return aware.replace(tzinfo=VIETNAM)

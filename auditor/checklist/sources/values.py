"""What is wrong with values, for whole columns at once (regular expressions run on RE2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from datetime import date

    from auditor.checklist.sources.rules import Column

Mask = NDArray[np.bool_]

PROVINCES: Final = (
    "001", "002", "004", "006", "008", "010", "011", "012", "014", "015", "017", "019", "020",
    "022", "024", "025", "026", "027", "030", "031", "033", "034", "035", "036", "037", "038",
    "040", "042", "044", "045", "046", "048", "049", "051", "052", "054", "056", "058", "060",
    "062", "064", "066", "067", "068", "070", "072", "074", "075", "077", "079", "080", "082",
    "083", "084", "086", "087", "089", "091", "092", "093", "094", "095", "096",
)  # fmt: skip
"""Where a birth was registered (TT 07/2016/TT-BCA, appendix 1); codes from 100 on are countries."""
TAX_CODE: Final = r"^[0-9]{10}(-[0-9]{3})?$"
TAX_WEIGHTS: Final = (31, 29, 23, 19, 17, 13, 7, 5, 3)
"""Of the check digit, 10 - sum mod 11. No instrument that was read prints it; tax software and
open libraries (python-stdnum, ``vn.mst``) agree on it."""
PLACEHOLDERS: Final = (
    "null", "none", "n/a", "nan", "nil", "undefined", "unknown", "tbd", "-", "--", "---", ".",
    "..", "...", "?", "??", "???", "không có", "không rõ", "chưa có", "chưa rõ", "chưa xác định",
    "không xác định", "chưa cập nhật", "đang cập nhật", "khong co", "khong ro", "chua co",
)  # fmt: skip
"""Words that stand where a value should; compared in lower case."""
JUNK_WORDS: Final = (
    r"^(test|testing|thử|thử nghiệm|dữ liệu thử|demo|asdf|asdfgh|qwerty|abc|abcxyz|a{3,}|x{3,})"
    r"[ _-]?[0-9]{0,6}$"
)
JUNK_DIGITS: Final = (
    r"^(0{3,}|" + "|".join(f"{digit}{{6,}}" for digit in range(1, 10)) + r"|0?123456789[0-9]{0,3})$"
)
JUNK_DAYS: Final = (
    r"^(0?1[/.-]0?1[/.-](1900|0001)|(1900|0001)-01-01|31[/.-]12[/.-]9999|9999-12-31)([T ].*)?$"
)
DAMAGED: Final = (
    r"[\x{fffd}\x{80}-\x{9f}]|Ã[¡-¿]|á[º»]|Ä[‘ƒ‚©]|Æ[°¡¯]|\pL[¨©ª«¬®µ¶·¸¹»¼½¾]\pL|\pL\?\pL"
)
"""Signs of a wrong encoding: replaced characters; UTF-8 read as Windows-1252; TCVN3 fonts (ABC)
read as Unicode; letters that became question marks."""
MARKS: Final = r"^[\[(* ]*((độ mật|mức độ mật)\s*[:：]?\s*)?(tuyệt\s+mật|tối\s+mật|mật)[\])*. ]*$"
"""A secrecy mark that stands alone; “bảo mật” and “mật khẩu” are none."""
DATE: Final = (
    r"^(?:(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})|"
    r"(?P<dd>[0-9]{1,2})[/.-](?P<mm>[0-9]{1,2})[/.-](?P<yy>[0-9]{4}))(?:[T ][0-9:.,+Zz -]{1,30})?$"
)
PATTERNS: Final = {
    "email": r"^[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$",
    "phone": r"^(\+?84|0)([ .-]?[0-9]){8,10}$",
    "number": r"^[+-]?[0-9]{1,18}([.,][0-9]{1,18})?$",
    "tax-code": TAX_CODE,
}
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200
NO_DAY: Final = np.iinfo(np.int64).min


def citizen_id(today: date, *, abroad: bool = True) -> str:
    """A pattern of personal numbers: place of birth, century and sex, year not in the future.

    Structure: NĐ 137/2015/NĐ-CP Đ13, TT 07/2016/TT-BCA. Digits 4 to 9 of the century are of
    people who are not born yet.
    """
    places = "|".join((*PROVINCES, "[1-9][0-9]{2}") if abroad else PROVINCES)
    years = "|".join(f"{year:02}" for year in range(today.year % 100 + 1))
    return rf"(?:{places})(?:[01][0-9]{{2}}|[23](?:{years}))[0-9]{{6}}"


def matching(values: Any, pattern: str, *, any_case: bool = False) -> Mask:  # noqa: ANN401 - arrow
    """Which values hold the pattern."""
    import pyarrow.compute as pc

    found = pc.match_substring_regex(_folded(values) if any_case else values, pattern)
    return _mask(found)


def among(values: Any, words: Any) -> Mask:  # noqa: ANN401 - arrow
    """Which values are one of the words."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return _mask(pc.is_in(values, value_set=pa.array(list(words), pa.string())))


def empty(values: Any) -> Mask:  # noqa: ANN401 - arrow
    """Which values are empty."""
    import pyarrow.compute as pc

    return _mask(pc.equal(values, ""))


def placeholders(values: Any) -> Mask:  # noqa: ANN401 - arrow
    """Which values are words that stand where a value should."""
    return among(_folded(values), PLACEHOLDERS)


def secrecy_marks(values: Any) -> Mask:  # noqa: ANN401 - arrow
    """Which values are secrecy marks."""
    return _none(values) if _ascii(values) else matching(values, MARKS, any_case=True)


def junk(values: Any, kind: str) -> Mask:  # noqa: ANN401 - arrow
    """Which values are dummies: 000, test, 01/01/1900."""
    if kind in ("code", "admin-code", "enum", "number"):
        return matching(values, JUNK_WORDS, any_case=True)
    found = matching(values, JUNK_WORDS, any_case=True) | matching(values, JUNK_DAYS)
    return found if kind == "date" else found | matching(values, JUNK_DIGITS)


def damaged(values: Any, kind: str) -> Mask:  # noqa: ANN401 - arrow
    """Which values show a wrong encoding."""
    if kind in ("text", "enum"):
        return matching(values, DAMAGED)
    return _none(values) if _ascii(values) else matching(values, "[\\x{fffd}\\x{80}-\\x{9f}]")


def decomposed(values: Any) -> Mask:  # noqa: ANN401 - arrow
    """Which values are not in composed Unicode (NFC)."""
    import pyarrow.compute as pc

    if _ascii(values):
        return _none(values)
    return _mask(pc.not_equal(values, pc.utf8_normalize(values, "NFC")))


def malformed(values: Any, column: Column, today: date) -> Mask:  # noqa: ANN401 - arrow
    """Which values do not have the form of the column's kind."""
    match column.kind:
        case "citizen-id":
            return ~matching(values, f"^{citizen_id(today)}$")
        case "date":
            mask: Mask = days(values) == NO_DAY
            return mask
        case "enum":
            return ~among(values, column.values)
        case "pattern":
            return ~matching(values, f"^(?:{column.pattern})$")
        case "email" | "phone" | "number" | "tax-code":
            return ~matching(values, PATTERNS[column.kind])
    return _none(values)


def check_digit_wrong(values: Any) -> Mask:  # noqa: ANN401 - arrow
    """Which well-formed tax codes do not fit their tenth digit."""
    import pyarrow.compute as pc

    wrong = _none(values)
    formed = matching(values, TAX_CODE)
    if formed.any():
        chosen = pc.utf8_slice_codeunits(values.filter(formed), 0, 10)
        letters = np.array(chosen.to_pylist(), dtype="S10").view(np.uint8).reshape(-1, 10)
        digits = letters.astype(np.int64) - ord("0")
        wrong[formed] = 10 - digits[:, :9] @ np.array(TAX_WEIGHTS) % 11 != digits[:, 9]
    return wrong


def outside(values: Any, column: Column, today: date) -> Mask:  # noqa: ANN401 - arrow
    """Which values are out of their range; malformed ones are not."""
    wrong: Mask
    if column.kind == "date":
        dated = days(values)
        wrong = (dated != NO_DAY) & (dated > day_number(today))
        return wrong
    found = numbers(values)
    least, most = column.least, column.most
    wrong = (found < (-np.inf if least is None else least)) | (
        found > (np.inf if most is None else most)
    )
    return wrong


def numbers(values: Any) -> NDArray[np.float64]:  # noqa: ANN401 - arrow
    """The numbers; what is none is not a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    formed = matching(values, PATTERNS["number"])
    dotted = pc.replace_substring(pc.utf8_ltrim(values, "+"), ",", ".")
    chosen = pc.if_else(pa.array(formed), dotted, pa.scalar(None, pa.string()))
    found: NDArray[np.float64] = chosen.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found


def days(values: Any) -> NDArray[np.int64]:  # noqa: ANN401 - arrow
    """Days since 1970 of dates as 2026-11-21 or 21/11/2026; ``NO_DAY`` = no such day."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = pc.extract_regex(values, DATE)

    def part(iso: str, vietnamese: str) -> NDArray[np.int64]:
        iso_part, other = (pc.struct_field(parts, name) for name in (iso, vietnamese))
        text = pc.if_else(pc.equal(iso_part, ""), other, iso_part)
        text = pc.if_else(pc.equal(text, ""), "0", text)
        filled: NDArray[np.int64] = (
            pc.fill_null(text.cast(pa.int64()), 0).to_numpy(zero_copy_only=False).copy()
        )
        return filled

    year, month, day = part("y", "yy"), part("m", "mm"), part("d", "dd")
    possible = (
        (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    )
    months = np.where(possible, (year - 1970) * 12 + month - 1, 0)
    found = months.astype("datetime64[M]").astype("datetime64[D]") + np.where(possible, day - 1, 0)
    possible &= found.astype("datetime64[M]").astype(np.int64) == months
    return np.where(possible, found.astype(np.int64), NO_DAY)


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - _EPOCH


_EPOCH: Final = 719_163
"""1970-01-01, as ``date`` counts days."""


def _ascii(values: Any) -> bool:  # noqa: ANN401 - arrow
    """Whether no value holds anything beyond ASCII: most columns are codes and numbers."""
    import pyarrow.compute as pc

    return pc.all(pc.string_is_ascii(values)).as_py() is not False


def _folded(values: Any) -> Any:  # noqa: ANN401 - arrow
    """In lower case, and composed: RE2 and word lists know letters in that form only."""
    import pyarrow.compute as pc

    if _ascii(values):
        return pc.ascii_lower(values)
    return pc.utf8_lower(pc.utf8_normalize(values, "NFC"))


def _none(values: Any) -> Mask:  # noqa: ANN401 - arrow
    return np.zeros(len(values), dtype=np.bool_)


def _mask(found: Any) -> Mask:  # noqa: ANN401 - arrow
    mask: Mask = found.to_numpy(zero_copy_only=False).astype(np.bool_)
    return mask

"""What an administrative document says of itself: number, date, issuer, signer, secrecy mark.

Layout: Decree 30/2020/NĐ-CP, Annex I. Every function gives an empty text where it is not sure.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from itertools import pairwise
from typing import Final

HEAD_LINES: Final = 60
"""Lines in which the letterhead stands, counted from the first."""
_LAST_LINES: Final = 400
_MARKS: Final = ("TUYỆT MẬT", "TỐI MẬT", "MẬT")
_NUMBER: Final = re.compile(
    r"(?:(?:^|\t|\s{2})(?:Số|SỐ)\s{0,3}:?|\s(?:Số|SỐ)\s{0,3}:)\s{0,3}"
    r"([0-9]{1,6}[a-zA-Z]?(?:/[0-9]{4})?)\s{0,2}([/-])\s{0,2}"
    r"([A-ZĐƯa-z0-9]{1,20}(?:[-/.&][A-ZĐƯa-z0-9&]{1,20}){0,4})",
    re.MULTILINE,
)
_WORDS_DATE: Final = re.compile(
    r"ngày\s{1,3}([0-9]{1,2})\s{1,3}tháng\s{1,3}([0-9]{1,2})\s{1,3}năm\s{1,3}([0-9]{4})(?![0-9])",
    re.IGNORECASE,
)
_DIGITS_DATE: Final = re.compile(
    r"ngày\s{1,3}([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})(?![0-9])", re.IGNORECASE
)
_CITES: Final = re.compile(r"^\s*(căn cứ|theo|xét|thực hiện|kèm theo|\()", re.IGNORECASE)
_STATE: Final = ("CỘNG HÒA XÃ HỘI", "CỘNG HOÀ XÃ HỘI", "ĐẢNG CỘNG SẢN")
_TITLE: Final = re.compile(
    r"^(?:(?:KT|TM|TL|TUQ|Q)\.\s{0,2})?(?:QUYỀN\s|PHÓ\s){0,2}"
    r"(?:TỔNG GIÁM ĐỐC|GIÁM ĐỐC|CHỦ TỊCH|BỘ TRƯỞNG|THỨ TRƯỞNG|CỤC TRƯỞNG|VỤ TRƯỞNG|"
    r"CHÁNH VĂN PHÒNG|TRƯỞNG PHÒNG|TRƯỞNG BAN|VIỆN TRƯỞNG|HIỆU TRƯỞNG|THỦ TRƯỞNG|CHI CỤC TRƯỞNG|"
    r"TỔNG CỤC TRƯỞNG|CHỦ NHIỆM|THỐNG ĐỐC|THỦ TƯỚNG)\b"
)
_SURNAME_WORDS: Final = (
    "Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đinh Trương Đoàn "
    "Lâm Mai Trịnh Đào Tô Tạ Hà Cao Lương Lưu Tăng Thái Châu Chu Quách Kiều La Vương Nông "
    "Triệu Phùng Từ Mạc Tống Thân Bạch Khổng Giang Tôn Hứa Quan Viên Doãn Phương Nghiêm Lã "
    "Ninh Ông Thạch"
)
_SURNAMES: Final = frozenset(_SURNAME_WORDS.split())
_NAME: Final = re.compile(r"^(?:(?:GS|PGS|TS|ThS|BS|KS|CN)\.\s?){0,3}(\w+(?: \w+){1,4})$")


def normal(text: str) -> str:
    """The text with composed letters, plain spaces and plain line ends."""
    text = unicodedata.normalize("NFC", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n")
    return text.replace("\xa0", " ").replace("\u200b", "").replace("\ufeff", "")


def folded(text: str) -> str:
    """Small letters without diacritics, one space between words: for comparing names and headings.

    Tone marks stand on different letters in different schools (hoà, hòa); without them both agree.
    """
    text = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    bare = "".join(char for char in text if not unicodedata.combining(char))
    return " ".join(bare.casefold().split())


def number(text: str) -> str:
    """The document's number and sign (số, ký hiệu) such as ``123/QĐ-UBND``; empty = not there.

    A blank that is filled by hand (``Số:     /QĐ-UBND``) is no number.
    """
    found = _NUMBER.search("\n".join(_head(text)))
    return f"{found[1]}{found[2]}{found[3].rstrip('.')}" if found else ""


def dated(text: str) -> str:
    """The ISO date of the line with place and date (``Hà Nội, ngày 05 tháng 3 năm 2026``).

    Minutes begin ``Hôm nay, ngày …``; that counts too. Dates of cited instruments do not.
    """
    for line in _head(text):
        if _CITES.match(line):
            continue
        for pattern in (_WORDS_DATE, _DIGITS_DATE):
            found = pattern.search(line)
            if found and line[: found.start()].rstrip().endswith(","):
                return _iso(int(found[3]), int(found[2]), int(found[1]))
    return ""


def issuer(text: str) -> str:
    """Who issued it: the last line in capitals above the number; empty = not sure."""
    found = ""
    for line in _head(text):
        for segment in _segments(line):
            if segment.startswith(("Số", "SỐ")):
                return found
            for words in _STATE:  # it may stand on one line with the other column, or be wrapped
                segment = segment.partition(words)[0].strip()
            letters = [char for char in segment if char.isalpha()]
            if len(letters) > 3 and segment == segment.upper() and not _is_mark(segment):
                found = segment
    return ""


def signer(text: str) -> str:
    """The name under the signing title (``KT. GIÁM ĐỐC``); empty = none, several, or not sure."""
    lines = [segment for line in _tail(text) for segment in _segments(line)]
    names: set[str] = set()
    for at, line in enumerate(lines):
        if not _TITLE.match(line):
            continue
        for below in lines[at + 1 : at + 9]:
            name = _name(below)
            if name:
                names.add(name)
            if name or below.startswith("Nơi nhận"):
                break
    return names.pop() if len(names) == 1 else ""


def secrecy(text: str) -> str:
    """The secrecy mark that stands on a line of its own: MẬT, TỐI MẬT, TUYỆT MẬT; empty = none.

    Only capitals count: ``Mật`` in a table and ``bảo mật`` in a sentence are no stamp.
    """
    found = {
        mark
        for line in text.splitlines()
        if "Ậ" in line or "ậ" in line
        for segment in (line, *_segments(line))
        if (mark := _is_mark(segment))
    }
    return next((mark for mark in _MARKS if mark in found), "")


def secrecy_in_name(name: str) -> str:
    """The secrecy mark in a file name or title, such as ``12-QD (TOI MAT).pdf``; empty = none."""
    upper = unicodedata.normalize("NFC", name).upper()
    words = [word for word in re.split(r"[^\w]|_", upper) if word]
    pairs = set(pairwise(words))
    for mark, first in (("TUYỆT MẬT", "TUYET"), ("TỐI MẬT", "TOI")):
        if tuple(mark.split()) in pairs or (first, "MAT") in pairs:
            return mark
    if re.search(r"[(\[]\s?M[AẬ]T\s?[)\]]", upper):
        return "MẬT"
    original = [word for word in re.split(r"[^\w]|_", unicodedata.normalize("NFC", name)) if word]
    for at, word in enumerate(original):
        before = words[at - 1] if at else ""
        after = words[at + 1] if at + 1 < len(words) else ""
        if word == "MẬT" and before != "BẢO" and after not in ("KHẨU", "MÃ", "ĐỘ"):
            return "MẬT"
    return ""


def has_vietnamese_letters(text: str) -> bool:
    """Whether letters with Vietnamese diacritics are in it; old fonts (.VnTime) leave none."""
    return any(char in _LETTERS for char in text.casefold())


_LETTERS: Final = frozenset("ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ")


def _head(text: str) -> list[str]:
    return [line for line in text[:20_000].splitlines() if line.strip()][:HEAD_LINES]


def _tail(text: str) -> list[str]:
    return [line for line in text[-40_000:].splitlines() if line.strip()][-_LAST_LINES:]


def _segments(line: str) -> list[str]:
    return [part.strip() for part in re.split(r"\t| {2,}", line) if part.strip()]


def _is_mark(segment: str) -> str:
    """The mark, if nothing else stands in the segment; stamps may space their letters."""
    bare = "".join(segment.strip(" \t.:*-–_[](){}|\"'").split())
    for prefix in ("ĐỘMẬT", "Độmật"):
        if bare.startswith(prefix):
            bare = bare.removeprefix(prefix).strip(".:").upper()
    return next((mark for mark in _MARKS if bare == mark.replace(" ", "")), "")


def _name(line: str) -> str:
    found = _NAME.match(line)
    if not found:
        return ""
    words = found[1].split()
    proper = all(word[0].isupper() and word[1:].islower() for word in words if word.isalpha())
    sure = words[0] in _SURNAMES and proper and found[1].replace(" ", "").isalpha()
    return found[1] if sure else ""


def _iso(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat() if 1945 <= year <= 2200 else ""
    except ValueError:
        return ""

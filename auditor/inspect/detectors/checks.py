"""Structure checks: whether what a pattern matched can be the thing it looks like.

Each takes the bytes of one match, as they stood (with blanks and hyphens), and says yes or no. A
yes means that digits, dates and codes fit together; it never means that the number was issued.
"""

from __future__ import annotations

import calendar
import re
from typing import TYPE_CHECKING, Final

from auditor.inspect.detectors import places
from auditor.inspect.detectors.codes import (
    CARD_RANGES,
    COUNTRIES,
    ICD_CHAPTERS,
    INSURANCE_PLACES,
    INSURED,
    PLATES,
    PROVINCES,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EARLIEST_YEAR: Final = 1906
LATEST_YEAR: Final = 2040
"""Years of birth and of issue. A check reads no clock, so that the same bytes are always judged the
same way; the last year is one that these rules will hardly outlive."""

FEWEST_DISTINCT: Final = 3
"""Different digits in a number that nobody made up: 000000000 and 121212121 are fillers."""

_DIGITS: Final = re.compile(rb"[0-9]+")
_EACH_DIGIT: Final = b"0123456789"
_TAX_WEIGHTS: Final = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_MOBILE: Final = re.compile(r"0(?:3[2-9]|5[25689]|7[06-9]|8[1-689]|9[0-46-9])[0-9]{7}", re.ASCII)
_ICD: Final = re.compile(r"([A-Z][0-9]{2})(?:\.?[0-9]{1,2})?[*†+]?")
_PLATE: Final = re.compile(r"([0-9]{2})[A-ZĐ][A-Z0-9Đ]?([0-9]{4,5})")
_ROLES: Final = frozenset(
    b"""
    info support noreply no-reply donotreply admin administrator contact sales
    lienhe hotro cskh webmaster postmaster hostmaster abuse mailer-daemon root
    security help service office marketing hr tuyendung billing newsletter
    notification notifications bounce bounces git example user daemon nobody
    www
    """.split()
)


def digits(match: bytes) -> str:
    """The digits of a match, without what stands between them."""
    return b"".join(_DIGITS.findall(match)).decode("ascii")


def varied(number: str) -> bool:
    """Whether a number has enough different digits to be somebody's."""
    return len(set(number)) >= FEWEST_DISTINCT


def _born(number: str) -> int:
    """Year of birth in a personal number: century and sex in the fourth digit, then the year."""
    return 1900 + int(number[3]) // 2 * 100 + int(number[4:6])


def _person(number: str) -> bool:
    plain = len(number) == 12 and number[3] in "0123" and len(set(number[6:])) > 1
    return plain and EARLIEST_YEAR <= _born(number) <= LATEST_YEAR


def personal_number(match: bytes) -> bool:
    """Personal number: province of birth registration, century and sex, year, six random digits.

    Source: Decree 137/2015/NĐ-CP Article 13, Circular 07/2016/TT-BCA Article 7 and Annex I.
    There is no check digit: of random 12 digits about 2 % pass; context or a column must speak too.
    """
    number = digits(match)
    return _person(number) and number[:3] in PROVINCES


def personal_number_abroad(match: bytes) -> bool:
    """The same where birth was registered abroad: a country's code (101 to 295) comes first.

    Source: Circular 59/2021/TT-BCA Annex II (secondary). About 5 % of random 12 digits pass.
    """
    number = digits(match)
    return _person(number) and int(number[:3]) in COUNTRIES


def identity_line(match: bytes) -> bool:
    """Text of an identity card's QR code: seven fields; number, sex and birth agree.

    Number | old number or nothing | name | ddmmyyyy | Nam or Nữ | address | ddmmyyyy of issue.
    Source: public readers of the card (secondary).
    """
    fields = match.decode("utf-8", "replace").split("|")
    if len(fields) < 7:
        return False
    number, old, _, born, sex, _, issued = fields[:7]
    known = number[:3] in PROVINCES or (number[:3].isdigit() and int(number[:3]) in COUNTRIES)
    if not (known and number.isdigit() and _person(number) and (not old or len(old) == 9)):
        return False
    if not (_day(born[4:8], born[2:4], born[:2]) and _day(issued[4:8], issued[2:4], issued[:2])):
        return False
    return int(born[4:8]) == _born(number) and (int(number[3]) % 2 == 0) == (sex == "Nam")


def old_identity_number(match: bytes) -> bool:
    """Number of the people's identity card: nine digits that begin with an office, 01 to 38.

    Source: public code and memory; the cards ended on 2024-12-31.
    """
    number = digits(match)
    return len(number) == 9 and 1 <= int(number[:2]) <= 38 and varied(number)


def passport_number(match: bytes) -> bool:
    """Vietnamese passport: a letter and seven digits, since 2022 eight. Source: secondary."""
    number = match.strip().upper().replace(b" ", b"").decode("ascii", "replace")
    return bool(re.fullmatch(r"[A-Z][0-9]{7,8}", number)) and varied(number[1:])


def _mrz_digit(field: str) -> str:
    total = sum(
        (0 if letter == "<" else int(letter, 36)) * (7, 3, 1)[place % 3]
        for place, letter in enumerate(field)
    )
    return str(total % 10)


def travel_document(match: bytes) -> bool:
    """Machine-readable zone of a passport (TD3, 2 x 44) or card (TD1, 3 x 30), by its digits.

    Digits 0 to 9, letters 10 to 35, ``<`` 0, weights 7-3-1, modulo 10. Source: ICAO Doc 9303 parts
    3, 4 and 5.
    """
    zone = re.sub(rb"\\[rn]|\s", b"", match).decode("ascii", "replace")
    if not re.fullmatch(r"[A-Z0-9<]+", zone):
        return False
    if len(zone) == 88:
        below = zone[44:]
        single = ((below[:9], below[9]), (below[13:19], below[19]), (below[21:27], below[27]))
        whole = (below[:10] + below[13:20] + below[21:43], below[43])
        birth = below[13:19]
    elif len(zone) == 90:
        above, below = zone[:30], zone[30:60]
        single = ((above[5:14], above[14]), (below[:6], below[6]), (below[8:14], below[14]))
        whole = (above[5:30] + below[:7] + below[8:15] + below[18:29], below[29])
        birth = below[:6]
    else:
        return False
    agree = all(_mrz_digit(field) == digit for field, digit in (*single, whole))
    return agree and 1 <= int(birth[2:4]) <= 12 and 1 <= int(birth[4:6]) <= 31


def tax_code(match: bytes) -> bool:
    """Tax code: ten digits of which the last checks the others, or 13 with a unit 001 to 999.

    ``N10 = 10 - (31 N1 + 29 N2 + 23 N3 + 19 N4 + 17 N5 + 13 N6 + 7 N7 + 5 N8 + 3 N9) mod 11``;
    where that is 10 the number is not issued. Source: Circular 90/2026/TT-BTC Article 5;
    python-stdnum.
    """
    number = digits(match)
    if len(number) not in (10, 13) or number[:2] == "00" or number[2:9] == "0000000":
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_TAX_WEIGHTS, number, strict=False))
    return number[9] == str(10 - total % 11) and number[10:] != "000" and varied(number)


def luhn(number: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812-1, Annex B)."""
    doubled = (int(digit) * 2 for digit in number[-2::-2])
    return (sum(map(int, number[-1::-2])) + sum(d - 9 if d > 9 else d for d in doubled)) % 10 == 0


def card_number(match: bytes) -> bool:
    """Payment card: a known range of issuers with its length, and the Luhn digit."""
    number = digits(match)
    if not 13 <= len(number) <= 19 or len(set(number)) == 1:
        return False
    issuer = int(number[:6])
    known = any(low <= issuer <= high and len(number) in sizes for low, high, sizes in CARD_RANGES)
    return known and luhn(number)


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF; 0x29B1 for ``123456789``."""
    rest = 0xFFFF
    for byte in data:
        rest ^= byte << 8
        for _ in range(8):
            rest = (rest << 1 ^ 0x1021) & 0xFFFF if rest & 0x8000 else rest << 1
    return rest


def _fields(text: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        name, size = text[place : place + 2], text[place + 2 : place + 4]
        if not (name.isascii() and name.isdigit() and size.isascii() and size.isdigit()):
            return None
        place += 4 + int(size)
        if len(size) < 2 or place > len(text):
            return None
        found[name] = text[place - int(size) : place]
    return found


def vietqr(match: bytes) -> bool:
    """Payment QR text of NAPAS: fields of name, length and value, account in 38, CRC at the end.

    Source: EMVCo merchant-presented QR; NAPAS IBFT format 1.5.2 (GitHub napas-qr and others).
    """
    if len(match) < 40 or match[-8:-4] != b"6304":
        return False
    if f"{crc16(match[:-4]):04X}".encode() != match[-4:].upper():
        return False
    root = _fields(match.decode("utf-8", "replace"))
    account = _fields(root.get("38", "")) if root else None
    bank = _fields(account.get("01", "")) if account else None
    return bool(account and bank and account.get("00") == "A000000727" and bank.get("01"))


def bank_account(match: bytes) -> bool:
    """Number of a bank account beside its word: 8 to 19 digits that are no sum, date or mobile.

    There is no national form. Sums end in 000; accounts that equal their owner's mobile number are
    left to the detector of telephone numbers.
    """
    number = digits(match)
    if not (8 <= len(number) <= 19 and varied(number)) or number.endswith("000"):
        return False
    dated = len(number) == 8 and (
        _compact_date(number) or _compact_date(number[4:] + number[2:4] + number[:2])
    )
    return not (dated or _MOBILE.fullmatch(number))


def bank_account_cell(match: bytes) -> bool:
    """Number of a bank account in a column of its own: 6 to 19 digits, mobile numbers too."""
    number = digits(match)
    return 6 <= len(number) <= 19 and varied(number)


def social_insurance_number(match: bytes) -> bool:
    """Social-insurance number: ten digits, the first two a place, no mobile (08 is both).

    Source: public code (secondary).
    """
    number = digits(match)
    plain = len(number) == 10 and number[:2] != "00" and varied(number)
    return plain and (number[:2] == "08" or not _MOBILE.fullmatch(number))


def health_card(match: bytes) -> bool:
    """Old health-insurance card: group, benefit 1 to 5, province, ten digits of insurance number.

    Source: Decision 1351/QĐ-BHXH of 2015 (secondary); 15 characters as in ``MA_THE_BHYT`` of the
    Ministry of Health's Decision 130/QĐ-BYT.
    """
    card = re.sub(r"[\s.-]", "", match.decode("ascii", "replace")).upper()
    shape = re.fullmatch(r"([A-Z]{2})[1-5]([0-9]{2})([0-9]{10})", card)
    return bool(shape and shape[1] in INSURED and shape[2] in INSURANCE_PLACES and varied(shape[3]))


def mobile(match: bytes) -> bool:
    """Mobile number of Vietnam: 0, 84 or +84, a network's two digits, seven more.

    Source: numbering plan as in public code (secondary).
    """
    number = digits(match)
    if number.startswith("0084"):
        number = "0" + number[4:]
    elif number.startswith("84") and len(number) >= 11:
        number = "0" + number[2:].removeprefix("0")
    return bool(_MOBILE.fullmatch(number)) and varied(number[3:])


def plate(match: bytes) -> bool:
    """Number plate: a province's number, series, four or five digits.

    Source: Circular 51/2025/TT-BCA, Annex 02.
    """
    text = re.sub(r"[\s.-]", "", match.decode("utf-8", "replace")).upper()
    shape = _PLATE.fullmatch(text)
    return bool(shape and int(shape[1]) in PLATES and shape[2].strip("0"))


def icd10(match: bytes) -> bool:
    """Code of a diagnosis: a category of an ICD-10 chapter, with or without its subdivision."""
    shape = _ICD.fullmatch(match.decode("utf-8", "replace").strip().upper())
    return bool(shape) and any(low <= shape[1] <= high for low, high in ICD_CHAPTERS if shape)


def _day(year: str, month: str, day: str) -> bool:
    if not (year.isdigit() and month.isdigit() and day.isdigit()):
        return False
    y, m, d = int(year), int(month), int(day)
    return (
        EARLIEST_YEAR <= y <= LATEST_YEAR
        and 1 <= m <= 12
        and 1 <= d <= calendar.monthrange(y, m)[1]
    )


def _compact_date(number: str) -> bool:
    return _day(number[:4], number[4:6], number[6:])


def birth_date(match: bytes) -> bool:
    """A day of the calendar from 1906 on, as dd/mm/yyyy, yyyy-mm-dd, ddmmyyyy or yyyymmdd."""
    parts = [part.decode("ascii") for part in _DIGITS.findall(match)]
    if len(parts) == 1 and len(parts[0]) == 8:
        text = parts[0]
        return _compact_date(text) or _day(text[4:], text[2:4], text[:2])
    if len(parts) < 3:
        return False
    first, second, third = parts[:3]
    if len(first) == 4:
        return _day(first, second, third)
    return len(third) == 4 and (_day(third, second, first) or _day(third, first, second))


def person_email(match: bytes) -> bool:
    """An address that can be a person's: no role such as info@, no identifier of a message."""
    local, _, host = match.strip().lower().rpartition(b"@")
    if not local or not host or len(local) > 32 or b"example." in host:
        return False
    few = len(local) <= 8 or len(local) - len(local.translate(None, _EACH_DIGIT)) <= 8
    return few and local.partition(b"+")[0] not in _ROLES


CHECKS: Final[Mapping[str, Callable[[bytes], bool]]] = {
    "personal-number": personal_number,
    "personal-number-abroad": personal_number_abroad,
    "identity-line": identity_line,
    "old-identity-number": old_identity_number,
    "passport-number": passport_number,
    "travel-document": travel_document,
    "tax-code": tax_code,
    "card-number": card_number,
    "vietqr": vietqr,
    "bank-account": bank_account,
    "bank-account-cell": bank_account_cell,
    "social-insurance-number": social_insurance_number,
    "health-card": health_card,
    "mobile": mobile,
    "plate": plate,
    "parcel": places.parcel,
    "vn2000-pair": places.vn2000_pair,
    "vn2000-value": places.vn2000_value,
    "position": places.position,
    "icd10": icd10,
    "birth-date": birth_date,
    "person-email": person_email,
}
"""Checks by the name that detectors call them."""

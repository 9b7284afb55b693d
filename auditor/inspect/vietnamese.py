"""The character sets Vietnamese was written in before Unicode, and how its syllables look.

Sources: TCVN 5712:1993 (VN1, registered as ISO-IR 180; the ABC fonts use its lower case part);
RFC 1456 section 3 table 1 (VISCII); VNI-Windows as its input methods produce it (a base letter and
a second byte for the marks, over Windows-1252). The capital letters of ABC fonts are fonts of
their own with the same codes: they come out in lower case.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import lru_cache
from typing import Final

_ASCII: Final = "".join(map(chr, range(128)))


def _table(high: str, low: dict[int, str]) -> str:
    """Characters of the 256 codes: ASCII but for ``low``, then the upper half."""
    codes = list(_ASCII + high)
    for code, letter in low.items():
        codes[code] = letter
    return "".join(codes)


_TCVN: Final = _table(
    "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ"
    "\u00a0ĂÂÊÔƠƯĐăâêôơưđẰ\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴ"
    "ẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịò"
    "ỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ",
    dict(zip((1, 2, 4, 5, 6, 17, 18, 19, 20, 21, 22, 23), "ÚỤỪỬỮỨỰỲỶỸÝỴ", strict=True)),
)
_VISCII: Final = _table(
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ"
    "ÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯ"
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡư"
    "àáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ",
    {2: "Ẳ", 5: "Ẵ", 6: "Ẫ", 20: "Ỷ", 25: "Ỹ", 30: "Ỵ"},
)

# VNI: what a byte after a base letter puts on it: circumflex or breve, then the tone.
_VNI_MARKS: Final = {
    "ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323",
    "â": "\u0302", "á": "\u0302\u0301", "à": "\u0302\u0300", "å": "\u0302\u0309",
    "ã": "\u0302\u0303", "ä": "\u0302\u0323",
    "ê": "\u0306", "é": "\u0306\u0301", "è": "\u0306\u0300", "ú": "\u0306\u0309",
    "ü": "\u0306\u0303", "ë": "\u0306\u0323",
}  # fmt: skip
_VNI_LETTERS: Final = {
    "ô": "ơ", "ö": "ư", "í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "ñ": "đ",
}  # fmt: skip

# A table of 256 characters is fast, but holds one character per code: two marks stand as one
# character of private use and are replaced afterwards.
_PRIVATE: Final = {
    marks: chr(0xE000 + at)
    for at, marks in enumerate(m for m in _VNI_MARKS.values() if len(m) == 2)
}


def _vni_table() -> str:
    codes = list(bytes(range(256)).decode("cp1252", "replace"))
    for code in range(0xC0, 0x100):
        letter = chr(code)
        lower = letter.lower()
        if lower in _VNI_MARKS:
            marks = _VNI_MARKS[lower]
            codes[code] = _PRIVATE.get(marks, marks)
        elif lower in _VNI_LETTERS:
            other = _VNI_LETTERS[lower]
            codes[code] = other if letter == lower else other.upper()
    return "".join(codes)


_VNI: Final = _vni_table()
_CP1258: Final = bytes(range(256)).decode("cp1258", "replace")

TABLES: Final = {"tcvn3": _TCVN, "vni": _VNI, "viscii": _VISCII, "windows-1258": _CP1258}
"""Characters of each charset by code."""

MARKS: Final = frozenset("\u0300\u0301\u0302\u0303\u0306\u0309\u0323") | set(_PRIVATE.values())
"""Characters of ``lettered`` that belong to the one before."""


def lettered(data: bytes, name: str) -> str:
    """The characters of bytes in a charset of ``TABLES``, not yet composed (see ``composed``)."""
    return codecs.charmap_decode(data, "strict", TABLES[name])[0]


def composed(text: str) -> str:
    """Text of ``lettered`` in NFC; it must not end between a letter and its marks."""
    for marks, private in _PRIVATE.items():
        if private in text:
            text = text.replace(private, marks)
    return unicodedata.normalize("NFC", text)


_ONSETS: Final = re.findall(
    r"\w+", "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
)
_RIMES: Final = re.findall(
    r"\w+",
    "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây "
    "e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich im in inh ip it iu "
    "iêc iêm iên iêng iêp iêt iêu o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn "
    "oăng oăt oc oe oen oeo oet oi om on ong ooc oong op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp "
    "ơt u ua uân uâng uât uây uc ui um un ung up ut uy uya uych uynh uyn uyt uyu uê uêch uênh uơ "
    "uôc uôi uôm uôn uông uôt uyên uyêt ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt "
    "ươu y yêm yên yêng yêt yêu",
)
_SYLLABLES: Final = frozenset(onset + rime for onset in ["", *_ONSETS] for rime in _RIMES)
_TONE: Final = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_STOPPED: Final = ("c", "ch", "p", "t")
_WORD: Final = re.compile("(?:[^\\W\\d_]|[\u0300-\u036f])+")

# What the quotation marks « and » are in TCVN3 and VISCII: alone they are no words.
_QUOTES: Final = frozenset("ôằềừÔẰỀỪ")

MOST_WORDS: Final = 2000
"""Words that are looked at to tell a charset."""


@lru_cache(maxsize=1 << 15)
def is_syllable(word: str) -> bool:
    """Whether a word (lower case) is built as Vietnamese syllables are, tone included."""
    parts = unicodedata.normalize("NFD", word)
    tones = _TONE.findall(parts)
    if len(tones) > 1:
        return False
    base = unicodedata.normalize("NFC", _TONE.sub("", parts))
    # A syllable that ends in a stop has the rising or the heavy tone, or none in old spellings.
    if tones and base.endswith(_STOPPED) and tones[0] not in "\u0301\u0323":
        return False
    return base in _SYLLABLES


def _is_odd_case(word: str) -> bool:
    """Whether an accented capital stands behind a first small letter: a wrong charset's sign."""
    return word[0].islower() and any(letter > "\x7f" and letter.isupper() for letter in word)


def vietnamese_share(text: str) -> tuple[float, int]:
    """How much of a text's accented words are Vietnamese syllables.

    Returns:
        Part of the distinct words beyond ASCII that are syllables, and how many are.
    """
    words = set()
    for match in _WORD.finditer(text):
        word = match[0]
        if not word.isascii():
            words.add(word)
            if len(words) >= MOST_WORDS:
                break
    words -= {word for word in words if len(word) == 1 and word not in _QUOTES}
    good = sum(
        len(word) > 1 and not _is_odd_case(word) and is_syllable(word.lower()) for word in words
    )
    return (good / len(words) if words else 0.0), good

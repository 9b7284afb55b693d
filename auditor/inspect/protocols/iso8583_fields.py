"""Fields of ISO 8583 messages: how each is written, and what those are called that are looked for.

Sources: ISO 8583:1987 and ISO 8583-1:1993, tables of data elements, as published in the open
descriptions of the jPOS project (``iso87binary.xml``, ``ISO93APackager.java``).
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Field(NamedTuple):
    """How a field is written.

    Attributes:
        kind: ``n`` digits, ``c`` characters, ``z`` track (digits, ``=`` or ``D``), ``b`` bytes,
            ``x`` a sign and digits.
        length: digits of the length that stands before it; 0 = it is always as long as ``size``.
        size: digits, characters or bytes, at most.
    """

    kind: str
    length: int
    size: int


def _fields(text: str) -> dict[int, Field]:
    """Fields 2 to 128 in order: ``n6`` = six digits, ``cc28`` = characters, two digits length."""
    fields = {}
    for number, word in enumerate(text.split(), 2):
        letters = word.rstrip("0123456789")
        size = int(word[len(letters) :])
        fields[number] = Field(letters[0], len(letters) if len(letters) > 1 else 0, size)
    return fields


_1987: Final = _fields(
    """
    nn19 n6 n12 n12 n12 n10 n8 n8 n8 n6 n6 n4 n4 n4 n4 n4 n4 n3 n3 n3 n3 n3 n3 n2 n2 n1 x9 x9 x9 x9
    nn11 nn11 cc28 zz37 ccc104 c12 c6 c2 c3 c8 c15 c40 cc25 cc76 ccc999 ccc999 ccc999 c3 c3 c3 b8
    n16 ccc120 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 b8
    b1 n1 n2 n3 n3 n3 n4 n4 n6 n10 n10 n10 n10 n10 n10 n10 n10 n12 n12 n12 n12 n16 n16 n16 n16 n42
    c1 c2 c6 c7 c42 b8 x17 c25 nn11 nn11 cc17 cc28 cc28 ccc100
    ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999
    ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 b8
    """
)
_1993: Final = _fields(
    """
    nn19 n6 n12 n12 n12 n10 n8 n8 n8 n6 n12 n4 n4 n6 n4 n4 n4 n3 n3 n3 c12 n3 n3 n4 n4 n1 n6 n3 n24
    cc99 nn11 nn11 cc28 zz37 ccc104 c12 c6 n3 n3 c8 c15 cc99 cc99 cc76 ccc204 ccc999 ccc999 c3 c3 c3
    b8 bb48 ccc120 bbb255 nn35 n3 nn11 ccc999 ccc999 ccc999 ccc999 ccc999 b8
    b8 ccc204 n2 n3 n3 n3 n8 ccc999 n6 n10 n10 n10 n10 n10 n10 n10 n10 n10 n10 n10 n10 n16 n16 n16
    n16 n10 n3 n3 nn11 nn11 cc99 bbb999 x17 c25 nn11 nn11 cc17 cc28 cc28 ccc100 n16 n16 n10 n10 cc84
    cc84 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999 ccc999
    ccc999 ccc999 ccc999 ccc999 b8
    """
)
VERSIONS: Final = {"0": _1987, "1": _1993}
"""Fields by the first digit of the message type."""

SECRET: Final = frozenset((52, 53, 64, 96, 128))
"""PIN block, key information, authentication codes: encrypted, and never copied."""

NAMES: Final = {
    2: "số thẻ (primary account number)",
    4: "số tiền (amount)",
    34: "số thẻ mở rộng (primary account number, extended)",
    35: "thẻ từ (track 2)",
    36: "thẻ từ (track 3)",
    41: "terminal",
    42: "merchant identification",
    43: "merchant name and location",
    45: "thẻ từ (track 1)",
    48: "additional data",
    55: "chip data",
    98: "người thụ hưởng (payee)",
    102: "số tài khoản (account identification 1)",
    103: "số tài khoản (account identification 2)",
    104: "nội dung giao dịch (transaction description)",
}

"""Codes that structure checks look up: provinces, plate numbers, cards, chapters of diagnoses."""

from __future__ import annotations

from typing import Final


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


PROVINCES: Final = _listed("""
    001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031
    033 034 035 036 037 038 040 042 044 045 046 048 049 051 052 054 056 058 060 062
    064 066 067 068 070 072 074 075 077 079 080 082 083 084 086 087 089 091 092 093
    094 095 096
""")
"""The 63 provinces as the first three digits of a personal number (Circular 07/2016/TT-BCA, Annex
I; the list of 2025 with 34 provinces is a part of it)."""

COUNTRIES: Final = range(101, 296)
"""First three digits for births registered abroad: 101 to 295 (Circular 59/2021/TT-BCA, Annex II,
as a public issue tracker quotes it: secondary)."""

INSURANCE_PLACES: Final = frozenset(code[1:] for code in PROVINCES) | {"97", "98", "99"}
"""Places on health-insurance cards: provinces by their last two digits; 97 to 99 are the army's,
the police's and the fund's own (from memory)."""

INSURED: Final = _listed("""
    DN HX CH NN TK HC XK HT TB NO CT XB TN CS QN CA CY XN MS CC
    CK CB KC HD TE BT HN DT DK XD TS TC TQ TA TY HG LS PV CN HS
    SV GB GD TV TD XV TL HK ND TG DS TH
""")
"""Groups of insured persons on the old health-insurance card (Decision 1351/QĐ-BHXH of 2015,
from memory; public code checks the same shape with 65 groups and more)."""

PLATES: Final = frozenset(
    number for number in range(11, 100) if number not in {13, 42, 44, 45, 46, 87, 91, 96}
)
"""Numbers of provinces on plates (Circular 51/2025/TT-BCA, Annex 02), 80 = traffic police."""

CARD_RANGES: Final[tuple[tuple[int, int, frozenset[int]], ...]] = (
    (970400, 970499, frozenset({16, 19})),  # domestic, NAPAS
    (400000, 499999, frozenset({13, 16, 19})),  # Visa
    (510000, 559999, frozenset({16})),  # Mastercard
    (222100, 272099, frozenset({16})),  # Mastercard
    (340000, 349999, frozenset({15})),  # American Express
    (370000, 379999, frozenset({15})),  # American Express
    (352800, 358999, frozenset({16})),  # JCB
    (620000, 629999, frozenset({16, 17, 18, 19})),  # UnionPay
    (300000, 305999, frozenset({14})),  # Diners Club
    (360000, 369999, frozenset({14})),  # Diners Club
    (380000, 399999, frozenset({14})),  # Diners Club
    (601100, 601199, frozenset({16})),  # Discover
    (644000, 659999, frozenset({16})),  # Discover
)
"""First six digits and lengths of payment cards (ISO/IEC 7812 issuers as published by the brands;
970400 to 970499 as in NAPAS' list of banks)."""

ICD_CHAPTERS: Final[tuple[tuple[str, str], ...]] = (
    ("A00", "B99"), ("C00", "D48"), ("D50", "D89"), ("E00", "E90"), ("F00", "F99"), ("G00", "G99"),
    ("H00", "H95"), ("I00", "I99"), ("J00", "J99"), ("K00", "K93"), ("L00", "L99"), ("M00", "M99"),
    ("N00", "N99"), ("O00", "O99"), ("P00", "P96"), ("Q00", "Q99"), ("R00", "R99"), ("S00", "T98"),
    ("U00", "U99"), ("V01", "Y98"), ("Z00", "Z99"),
)  # fmt: skip
"""Chapters of ICD-10 by their first and last category (WHO, version of 2019)."""

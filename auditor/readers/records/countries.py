"""Countries as makers of firewalls write them, as codes."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import pyarrow as pa

from auditor.model.countries import NAMES

MOST_NAMES: Final = 4096
"""Different names beyond this in one column are no names of countries."""

# Names of ISO 3166-1, of older lists, and of geo databases, where they differ from ours.
OTHERS: Final[dict[str, str]] = {
    "bolivia, plurinational state of": "BO",
    "bonaire, sint eustatius and saba": "BQ",
    "bosnia & herzegovina": "BA",
    "brunei darussalam": "BN",
    "burma": "MM",
    "cape verde": "CV",
    "cocos islands": "CC",
    "congo": "CG",
    "congo, democratic republic of the": "CD",
    "congo, republic of the": "CG",
    "congo, the democratic republic of the": "CD",
    "cote d'ivoire": "CI",
    "czech republic": "CZ",
    "east timor": "TL",
    "falkland islands": "FK",
    "great britain": "GB",
    "holy see": "VA",
    "holy see (vatican city state)": "VA",
    "hong kong": "HK",
    "hong kong sar china": "HK",
    "iran, islamic republic of": "IR",
    "ivory coast": "CI",
    "korea, democratic people's republic of": "KP",
    "korea, republic of": "KR",
    "kosovo, republic of": "XK",
    "lao people's democratic republic": "LA",
    "libyan arab jamahiriya": "LY",
    "macao": "MO",
    "macao sar china": "MO",
    "macau": "MO",
    "macedonia": "MK",
    "macedonia, the former yugoslav republic of": "MK",
    "micronesia, federated states of": "FM",
    "moldova, republic of": "MD",
    "myanmar (burma)": "MM",
    "netherlands, kingdom of the": "NL",
    "north korea": "KP",
    "palestine": "PS",
    "palestine, state of": "PS",
    "palestinian territory": "PS",
    "palestinian territory, occupied": "PS",
    "pitcairn": "PN",
    "republic of korea": "KR",
    "russia": "RU",
    "saint barthelemy": "BL",
    "saint helena": "SH",
    "saint helena, ascension and tristan da cunha": "SH",
    "saint martin": "MF",
    "sint maarten": "SX",
    "slovak republic": "SK",
    "south georgia and the south sandwich islands": "GS",
    "swaziland": "SZ",
    "syrian arab republic": "SY",
    "taiwan": "TW",
    "taiwan, province of china": "TW",
    "tanzania, united republic of": "TZ",
    "the netherlands": "NL",
    "turkey": "TR",
    "united kingdom of great britain and northern ireland": "GB",
    "united states of america": "US",
    "vatican city": "VA",
    "venezuela, bolivarian republic of": "VE",
    "vietnam": "VN",
    "virgin islands, british": "VG",
    "virgin islands, u.s.": "VI",
}
NO_COUNTRY: Final = frozenset({"AP", "EU"})
"""Codes of our table that stand for no country."""


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.replace("’", "'")).casefold()
    return " ".join("".join(each for each in letters if not unicodedata.combining(each)).split())


CODES: Final[dict[str, str]] = {
    **{_plain(name.en): code for code, name in NAMES.items() if code not in NO_COUNTRY},
    **{code.casefold(): code for code in NAMES if code not in NO_COUNTRY},
    **OTHERS,
}


def code_of(name: str) -> str | None:
    """ISO 3166-1 alpha-2 code of a country's English name or of the code itself; null = none.

    What stands for private addresses (``Reserved``, ``10.0.0.0-10.255.255.255``) is none.
    """
    if len(name) > 80 or not re.match(r"[A-Za-zÀ-ž]", name):
        return None
    return CODES.get(_plain(name))


def codes(names: pa.StringArray) -> pa.DictionaryArray:
    """The codes of a column of names, found once per different name."""
    encoded = names.dictionary_encode()
    words = encoded.dictionary
    if len(words) > MOST_NAMES:
        return pa.nulls(len(names), pa.string()).dictionary_encode()
    found = [code_of(name) for name in words.to_pylist()]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(found, pa.string()))

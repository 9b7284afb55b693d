"""Whose land is whose, for ``outlines.py``: Natural Earth's shapes by ISO 3166-1 alpha-2 code.

Natural Earth draws who holds a place on the ground. These tables say under which code a network
there may be filed; they say nothing about status, but for what belongs to Vietnam.
"""

from __future__ import annotations

from typing import Final

# fmt: off
CODES: Final[dict[str, str]] = {
    "004": "AF", "008": "AL", "010": "AQ", "012": "DZ", "016": "AS", "020": "AD", "024": "AO",
    "028": "AG", "031": "AZ", "032": "AR", "036": "AU", "040": "AT", "044": "BS", "048": "BH",
    "050": "BD", "051": "AM", "052": "BB", "056": "BE", "060": "BM", "064": "BT", "068": "BO",
    "070": "BA", "072": "BW", "076": "BR", "084": "BZ", "086": "IO", "090": "SB", "092": "VG",
    "096": "BN", "100": "BG", "104": "MM", "108": "BI", "112": "BY", "116": "KH", "120": "CM",
    "124": "CA", "132": "CV", "136": "KY", "140": "CF", "144": "LK", "148": "TD", "152": "CL",
    "156": "CN", "158": "TW", "170": "CO", "174": "KM", "178": "CG", "180": "CD", "184": "CK",
    "188": "CR", "191": "HR", "192": "CU", "196": "CY", "203": "CZ", "204": "BJ", "208": "DK",
    "212": "DM", "214": "DO", "218": "EC", "222": "SV", "226": "GQ", "231": "ET", "232": "ER",
    "233": "EE", "234": "FO", "238": "FK", "239": "GS", "242": "FJ", "246": "FI", "248": "AX",
    "250": "FR", "258": "PF", "260": "TF", "262": "DJ", "266": "GA", "268": "GE", "270": "GM",
    "275": "PS", "276": "DE", "288": "GH", "292": "GI", "296": "KI", "300": "GR", "304": "GL",
    "308": "GD", "316": "GU", "320": "GT", "324": "GN", "328": "GY", "332": "HT", "334": "HM",
    "336": "VA", "340": "HN", "344": "HK", "348": "HU", "352": "IS", "356": "IN", "360": "ID",
    "364": "IR", "368": "IQ", "372": "IE", "376": "IL", "380": "IT", "384": "CI", "388": "JM",
    "392": "JP", "398": "KZ", "400": "JO", "404": "KE", "408": "KP", "410": "KR", "414": "KW",
    "417": "KG", "418": "LA", "422": "LB", "426": "LS", "428": "LV", "430": "LR", "434": "LY",
    "438": "LI", "440": "LT", "442": "LU", "446": "MO", "450": "MG", "454": "MW", "458": "MY",
    "462": "MV", "466": "ML", "470": "MT", "478": "MR", "480": "MU", "484": "MX", "492": "MC",
    "496": "MN", "498": "MD", "499": "ME", "500": "MS", "504": "MA", "508": "MZ", "512": "OM",
    "516": "NA", "520": "NR", "524": "NP", "528": "NL", "531": "CW", "533": "AW", "534": "SX",
    "540": "NC", "548": "VU", "554": "NZ", "558": "NI", "562": "NE", "566": "NG", "570": "NU",
    "574": "NF", "578": "NO", "580": "MP", "581": "UM", "583": "FM", "584": "MH", "585": "PW",
    "586": "PK", "591": "PA", "598": "PG", "600": "PY", "604": "PE", "608": "PH", "612": "PN",
    "616": "PL", "620": "PT", "624": "GW", "626": "TL", "630": "PR", "634": "QA", "642": "RO",
    "643": "RU", "646": "RW", "652": "BL", "654": "SH", "659": "KN", "660": "AI", "662": "LC",
    "663": "MF", "666": "PM", "670": "VC", "674": "SM", "678": "ST", "682": "SA", "686": "SN",
    "688": "RS", "690": "SC", "694": "SL", "702": "SG", "703": "SK", "704": "VN", "705": "SI",
    "706": "SO", "710": "ZA", "716": "ZW", "724": "ES", "728": "SS", "729": "SD", "732": "EH",
    "740": "SR", "748": "SZ", "752": "SE", "756": "CH", "760": "SY", "762": "TJ", "764": "TH",
    "768": "TG", "776": "TO", "780": "TT", "784": "AE", "788": "TN", "792": "TR", "795": "TM",
    "796": "TC", "798": "TV", "800": "UG", "804": "UA", "807": "MK", "818": "EG", "826": "GB",
    "831": "GG", "832": "JE", "833": "IM", "834": "TZ", "840": "US", "850": "VI", "854": "BF",
    "858": "UY", "860": "UZ", "862": "VE", "876": "WF", "882": "WS", "887": "YE", "894": "ZM",
}
"""ISO 3166-1 numeric code, by which Natural Earth knows a country: alpha-2."""

UNNUMBERED: Final[dict[str, tuple[str, ...]]] = {
    "Kosovo": ("XK", "RS"),  # filed under either
    "N. Cyprus": ("CY",),
    "Cyprus U.N. Buffer Zone": ("CY",),
    "Dhekelia": ("CY", "GB"),  # British bases
    "Akrotiri": ("CY", "GB"),
    "Somaliland": ("SO",),
    "Siachen Glacier": ("IN", "PK"),  # held by one, claimed by the other
    "Baikonur": ("KZ", "RU"),  # leased
    "USNB Guantanamo Bay": ("CU", "US"),
    "Indian Ocean Ter.": ("CX", "CC"),  # shared out by PARTS
    "Coral Sea Is.": ("AU",),
    "Clipperton I.": ("FR",),
    "Spratly Is.": ("VN",),  # Trường Sa
    "Scarborough Reef": ("PH", "CN"),  # held by one, claimed by the other
    "Bajo Nuevo Bank": ("CO",),
    "Serranilla Bank": ("CO",),
}
"""Shapes without a numeric code, by Natural Earth's name: the codes they may be filed under. The
first is the one that the map draws them with."""

PARTS: Final[tuple[tuple[str, str, tuple[float, float, float, float]], ...]] = (
    ("VN", "CN", (110.8, 15.5, 113.3, 17.4)),  # Hoàng Sa
    ("GF", "FR", (-55.5, 1.5, -51.0, 6.5)),
    ("GP", "FR", (-62.0, 15.7, -60.8, 16.7)),
    ("MQ", "FR", (-61.5, 14.2, -60.6, 15.1)),
    ("YT", "FR", (44.8, -13.2, 45.5, -12.4)),
    ("RE", "FR", (55.0, -21.6, 56.0, -20.7)),
    ("BQ", "NL", (-68.6, 11.9, -62.8, 17.8)),
    ("SJ", "NO", (-9.5, 70.5, -7.5, 71.5)),  # Jan Mayen
    ("SJ", "NO", (8.0, 74.0, 36.0, 82.0)),  # Svalbard
    ("BV", "NO", (3.0, -55.0, 4.0, -54.0)),
    ("TK", "NZ", (-173.0, -9.8, -170.5, -8.2)),
    ("CC", "CX", (96.5, -12.5, 97.2, -11.5)),
)
"""Islands that Natural Earth draws with another country: their own code, that country's, and the
box (west, south, east, north) that holds them."""
# fmt: on

_TERRITORY: Final = "overseas territories; databases file their networks under either code"
DEPENDENCIES: Final[dict[str, tuple[str, str]]] = {
    "US": ("AS GU MP PR UM VI", f"{_TERRITORY}; Guam is the one nearest to Vietnam"),
    "GB": ("AI BM FK GG GI GS IM IO JE KY MS PN SH TC VG", f"{_TERRITORY}, and Crown dependencies"),
    "FR": ("BL GF GP MF MQ NC PF PM RE TF WF YT", "overseas France, part of it under code FR"),
    "NL": ("AW BQ CW SX", "the Kingdom in the Caribbean"),
    "DK": ("FO GL", "the Realm"),
    "NO": ("BV SJ", _TERRITORY),
    "AU": ("CC CX HM NF", f"{_TERRITORY}; Christmas Island is the one nearest to Vietnam"),
    "NZ": ("CK NU TK", "the Realm"),
    "FI": ("AX", "autonomous, within the country"),
    "CN": ("HK MO", "special administrative regions"),
}
"""A network claimed for the first may stand in one of these too: the least distance counts."""

HOANG_SA: Final = ("Quần đảo Hoàng Sa (Việt Nam)", "Hoàng Sa (Paracel) Islands (Viet Nam)")
TRUONG_SA: Final = ("Quần đảo Trường Sa (Việt Nam)", "Trường Sa (Spratly) Islands (Viet Nam)")
ISLANDS: Final[dict[tuple[str, str], tuple[tuple[float, float], ...]]] = {
    HOANG_SA: (
        (112.34, 16.83), (112.73, 16.67), (111.61, 16.53), (111.71, 16.45), (111.51, 16.45),
        (111.20, 15.78), (112.50, 16.05), (111.76, 16.06),
    ),
    TRUONG_SA: (
        (111.92, 8.64), (114.33, 11.43), (114.37, 10.18), (114.36, 10.38), (114.33, 9.89),
        (112.91, 7.89), (111.66, 8.67), (113.68, 8.97), (112.89, 9.55), (113.30, 8.17),
        (112.22, 8.86), (115.80, 10.73), (114.28, 11.05), (115.02, 11.08), (114.42, 10.67),
    ),
}  # fmt: skip
"""Islands and reefs of the two archipelagos (longitude, latitude), for the marks on the map and as
ground of Vietnam: Natural Earth leaves many of them out."""

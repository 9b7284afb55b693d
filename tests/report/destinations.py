"""Decision records of an invented audit: one of each state, with every kind of witness."""

# ruff: noqa: E501 - tables of texts

from __future__ import annotations

from datetime import date
from typing import Any

from auditor.model.place import Destination, Reach, Witness
from auditor.model.run import FormTotal

JUNE = date(2026, 6, 17)
JULY = date(2026, 7, 10)

COUNTRY = Witness("database", "country.mmdb", ("SG",), "", JUNE, "CC0-1.0")
CITY = Witness(
    "database", "city.mmdb", ("SG",), "Singapore, Singapore", date(2026, 7, 1), "CC-BY-4.0"
)
NETWORK = Witness(
    "network", "asn.mmdb", ("US",), "AS16509 Amazon.com, Inc.", JUNE, "CC-BY-4.0", derived=True
)
REGISTERED = Witness("registered", "country.mmdb", ("US",), "", JUNE, "CC0-1.0")
RANGE = Witness(
    "cloud", "ip-ranges.json", ("SG",), "ap-southeast-1, S3", JULY, "Amazon, công bố công khai"
)
NAME = Witness("host", "TLS", ("SG",), "s3.ap-southeast-1.amazonaws.com", None, "", derived=True)
SERVICE = Witness(
    "service",
    "services.yaml",
    (),
    "Amazon S3 (object-store)",
    date(2026, 11, 20),
    "GPL-2.0-or-later",
)
HANDSHAKE = Witness("handshake", "gói tin", (), "31,4 ms", None, "", derived=True)


def destination(address: str, **changes: Any) -> Destination:
    values: dict[str, Any] = {
        "address": address,
        "host": "replica-1.storage.ap-southeast-1.example.com",
        "state": "country",
        "country": "SG",
        "candidates": (),
        "rule": "cloud-region",
        "certainty": "firm",
        "basis": "ip-ranges.json: ap-southeast-1",
        "witnesses": (RANGE, COUNTRY, CITY, REGISTERED, NETWORK, NAME, SERVICE, HANDSHAKE),
        "reach": Reach(31_400, 3_140, "SG", 817),
        "asn": 16509,
        "org": "Amazon.com, Inc.",
        "org_country": "US",
        "service": "Amazon S3",
        "service_kind": "object-store",
        "operator": "Amazon Web Services",
        "operator_country": "US",
        "operator_basis": "range",
        "abroad": True,
        "foreign_recipient": True,
        "foreign_platform": True,
        "flows": 1_204,
        "outbound_bytes": 48_211_904_512,
    }
    return Destination(**(values | changes))


def destinations() -> tuple[Destination, ...]:
    bare: dict[str, Any] = {
        "host": None, "service": None, "service_kind": None, "operator": None, "asn": None,
        "operator_country": None, "operator_basis": None, "org": None, "org_country": None,
        "reach": None,
    }  # fmt: skip
    return (
        destination("203.0.113.10"),
        destination("2001:db8:4001:830:9f2c:77aa:120b:200e", country="JP", rule="databases", certainty="likely", basis="country.mmdb, city.mmdb", witnesses=(COUNTRY, CITY), outbound_bytes=2_412_345_678, flows=88, reach=None),
        destination("198.51.100.7", host="api.example-ai.com", state="contradicted", country=None, candidates=("US",), rule="databases", certainty=None, basis="databases: US; handshake 2.1 ms", reach=Reach(2_100, 210, "US", 9_980), witnesses=(Witness("database", "country.mmdb", ("US",), "", JUNE, "CC0-1.0"), NETWORK, HANDSHAKE), service="Example AI", service_kind="ai", operator="Example AI, Inc.", operator_basis="service", abroad=None, foreign_platform=None, outbound_bytes=912_400_100, flows=61),
        destination("192.0.2.53", host=None, state="anycast", country=None, rule="anycast", certainty=None, basis="anycast: anycast.csv", reach=None, witnesses=(Witness("anycast", "anycast.csv", (), "192.0.2.0/24", JULY, "MPL-2.0"), Witness("database", "country.mmdb", ("AU",), "", JUNE, "CC0-1.0")), service="Example DNS", service_kind="resolver-of-tomorrow", operator_basis="network", abroad=None, foreign_platform=None, outbound_bytes=734_000_001, flows=3_600),
        destination("198.51.100.99", state="ambiguous", country=None, candidates=("CN", "HK", "SG"), rule="databases", certainty=None, basis="disagree: country.mmdb=SG, city.mmdb=HK", outbound_bytes=190_554_000, flows=12, reach=None),
        destination("203.0.113.44", country="VN", rule="geofeed", certainty="firm", basis="geofeed.csv", host="cache.google.example", operator="Google LLC", service="Google Global Cache", service_kind="cdn", abroad=False, foreign_platform=False, reach=Reach(900, 90, "VN", 0), outbound_bytes=88_000_000, flows=410, witnesses=(Witness("geofeed", "geofeed.csv", ("VN",), "VN-HN, Hà Nội", JULY, ""), Witness("log", "fortigate", ("US",), "", None, ""))),
        destination("203.0.113.77", state="country", country="TW", rule="registration", certainty="weak", basis="registered: country.mmdb", witnesses=(REGISTERED, Witness("relay", "tor-exits.txt", (), "tor-exit", JULY, "")), outbound_bytes=40_554_000, flows=9, **(bare | {"reach": None})),
        destination("192.0.2.200", state="unknown", country=None, rule="none", certainty=None, basis="in no database", witnesses=(), abroad=None, foreign_recipient=None, foreign_platform=None, outbound_bytes=12_001_000, flows=4, **bare),
    )  # fmt: skip


STATE_BYTES = {
    "country": 54_510_002_247,
    "anycast": 734_000_001,
    "ambiguous": 190_554_000,
    "contradicted": 912_400_100,
    "unknown": 12_001_000,
    "not-applicable": 0,
}
CERTAINTY_BYTES = {"firm": 49_002_111_222, "likely": 5_300_000_000, "weak": 207_891_025}
FORMS = (
    FormTotal("a", 38_204, 54_422_002_247, 0, 0, 4_101, 746_001_000),
    FormTotal("b", 29_010, 53_100_400_000, 410, 88_000_000, 5_002, 1_001_200_000),
    FormTotal("c", 9_312, 49_120_000_000, 0, 0, 6_120, 1_900_000_000),
)

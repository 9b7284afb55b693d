"""Builds the databases of this folder and their manifest from two published packages.

A maintainer runs it: ``python geoip/build.py``, then ``auditor geoip build``, which derives
``as-countries.csv`` from them, then ``python geoip/build.py --manifest``, which lists all files as
they lie there. It needs ``npm`` (to fetch the packages, by their
exact versions and digests), ``mmdb_writer`` and ``netaddr``. The same versions give the same
bytes; the downloads stay in a temporary folder. ``python geoip/build.py --lists`` compiles the
lists of ``lists/`` only, and needs no network.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from mmdb_writer import MMDBWriter
from netaddr import IPSet, iprange_to_cidrs
from package import fetched, step

HERE: Final = Path(__file__).resolve().parent
VERSION: Final = "2.3.2026061719"
COUNTRY: Final = "@ip-location-db/geo-whois-asn-country-mmdb"
ASN: Final = "@ip-location-db/asn"
SHA256: Final = {
    COUNTRY: "91757a1b06cdcd1955f292e4c4cfc54e091204f998e159a3187f7a2ef3724be0",
    ASN: "b9425daf2f011c28f8586685d4f89166e77627e2c15fd93c6262c3e2dead6153",
}
BUILT: Final = datetime.strptime(VERSION.rsplit(".", 1)[1], "%Y%m%d%H").replace(tzinfo=UTC)

CAUTION: Final = (
    "The publisher warns in the package's README that the data of this line of packages contains "
    "bugs resulting in incorrect data, and publishes no newer version of it; a database of the "
    "user's own in this folder takes precedence over it."
)
NRO: Final = "Statistics data by the Number Resource Organization (NRO), nro.net, CC BY 4.0."
ABOUT: Final[dict[str, dict[str, str]]] = {
    "country.mmdb": {
        "kind": "country",
        "package": COUNTRY,
        "version": VERSION,
        "licence": "CC0-1.0",
        "attribution": f"ip-location-db (sapics), geo-whois-asn-country. {NRO}",
        "licence_note": (
            "The package declares CC0-1.0; its README and its NRO_LICENSE ask for attribution to "
            "nro.net under CC BY 4.0. The stricter of the two is followed."
        ),
        "caution": CAUTION,
    },
    "asn.mmdb": {
        "kind": "asn",
        "package": ASN,
        "version": VERSION,
        "licence": "CC-BY-4.0",
        "attribution": (
            "IP Geolocation by DB-IP (https://db-ip.com); Route Views (https://www.routeviews.org);"
            f" {NRO} Merged by ip-location-db (sapics), turned into an MMDB file here."
        ),
        "licence_note": (
            "Pages that show results of this database must link to https://db-ip.com with the "
            "words 'IP Geolocation by DB-IP'. LICENSES/ holds the full notices."
        ),
        "caution": CAUTION,
    },
}

OTHERS: Final[dict[str, dict[str, str]]] = {
    "as-countries.csv": {
        "about": "Country that each autonomous system is taken to be registered in.",
        "source": "Derived from asn.mmdb and country.mmdb by `auditor geoip build`.",
        "licence": "CC-BY-4.0",
        "attribution": (
            "IP Geolocation by DB-IP (https://db-ip.com); Route Views (https://www.routeviews.org);"
            f" {NRO} Merged by ip-location-db (sapics); countries of systems derived here."
        ),
    },
    "distances.csv": {
        "about": "Least distance from Vietnam to each country.",
        "source": "Natural Earth 4.1.0 (npm world-atlas 2.0.2), by geoip/outlines.py.",
        "licence": "public domain (Natural Earth), ISC (world-atlas)",
    },
    "regions.yaml": {
        "about": "Country that each region of the clouds stands in.",
        "source": "The clouds' own pages; the file names them.",
        "licence": "facts",
    },
}


def main() -> None:
    """Fetches, builds, and writes both databases, the licence notices and ``MANIFEST.yaml``."""
    if sys.argv[1:] == ["--manifest"]:
        (HERE / "MANIFEST.yaml").write_text(manifest(), encoding="utf-8")
        return
    with tempfile.TemporaryDirectory() as folder:
        country = fetched(COUNTRY, VERSION, SHA256[COUNTRY], Path(folder))
        (HERE / "country.mmdb").write_bytes(country["geo-whois-asn-country.mmdb"])
        step("country.mmdb: unchanged from the package")
        asn = fetched(ASN, VERSION, SHA256[ASN], Path(folder))
        write_asn((asn["asn-ipv4.csv"], asn["asn-ipv6.csv"]), HERE / "asn.mmdb")
    notices = HERE / "LICENSES"
    notices.mkdir(exist_ok=True)
    for name in ("DBIP-LICENSE", "NRO_LICENSE", "ROUTEVIEWS-LICENSE", "MODIFICATIONS"):
        (notices / f"{name}.txt").write_bytes(asn[name].rstrip() + b"\n")
    (HERE / "MANIFEST.yaml").write_text(manifest(), encoding="utf-8")
    step("MANIFEST.yaml and LICENSES/ written")


class DatedWriter(MMDBWriter):
    """An MMDB writer whose build time is that of the data, so that the bytes can be repeated."""

    def _build_meta(self) -> dict[str, Any]:
        meta: dict[str, Any] = super()._build_meta()
        return {**meta, "build_epoch": int(BUILT.timestamp())}


def write_asn(tables: tuple[bytes, ...], path: Path) -> None:
    """Writes ``path`` from CSV tables of start, end, number, organisation."""
    networks: dict[tuple[int, str], list[Any]] = {}
    for table in tables:
        text = io.StringIO(table.decode("utf-8"))
        for start, end, number, organisation in csv.reader(text):
            blocks = iprange_to_cidrs(start, end)
            networks.setdefault((int(number), organisation), []).extend(blocks)
    step(f"asn.mmdb: {len(networks):,} networks' owners")
    writer = DatedWriter(
        ip_version=6,
        ipv4_compatible=True,
        database_type="ip-location-db-ASN",
        languages=["en"],
        description=f"Autonomous systems, {ASN} {VERSION}, CC BY 4.0: RouteViews, DB-IP, NRO",
        int_type="u32",
    )
    for (number, organisation), blocks in networks.items():
        record: dict[str, Any] = {"autonomous_system_number": number}
        if organisation:
            record["autonomous_system_organization"] = organisation
        writer.insert_network(IPSet(blocks), record)
    writer.to_db_file(str(path))
    step(f"asn.mmdb: {path.stat().st_size:,} bytes")


def manifest() -> str:
    """The text of ``MANIFEST.yaml`` for the files as they lie in this folder."""
    lines = [
        "# Written by geoip/build.py. Where each file comes from, and what its licence asks.",
        "# auditor compares the SHA-256 of a database each time it opens one; auditor geoip verify",
        "# compares all files.",
        "databases:",
    ]
    for name, about in ABOUT.items():
        content = (HERE / name).read_bytes()
        lines.append(f"  - name: {name}")
        lines += [f"    {key}: {json.dumps(value)}" for key, value in about.items()]
        lines.append(f"    built: {json.dumps(BUILT.date().isoformat())}")
        lines.append(f"    sha256: {hashlib.sha256(content).hexdigest()}")
        lines.append(f"    size: {len(content)}")
    lines.append("files:")
    for name, about in OTHERS.items():
        content = (HERE / name).read_bytes()
        lines.append(f"  - name: {name}")
        lines += [f"    {key}: {json.dumps(value)}" for key, value in about.items()]
        lines.append(f"    sha256: {hashlib.sha256(content).hexdigest()}")
        lines.append(f"    size: {len(content)}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--lists"]:
        import anycast

        anycast.main()
    else:
        main()

"""Small real sources for the tests of this room: lists of ranges, and names of servers."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_network
from pathlib import Path

import numpy as np

from auditor.geo.addresses import Addresses, within
from auditor.geo.databases import open_databases
from auditor.geo.geodata import GeoData
from auditor.geo.host_names import HostNames
from auditor.geo.regions import Provider, Regions
from auditor.geo.services import Services
from auditor.geo.statements import Statement
from auditor.model.problem import Note

READ = date(2026, 11, 22)


class Ranges:
    """A list of networks, each with a statement; the narrowest speaks."""

    def __init__(
        self,
        name: str,
        told: dict[str, Statement],
        built: date | None = None,
        licence: str = "",
        publisher: str = "",
    ) -> None:
        self.name = name
        self.publisher = publisher or name
        self.built = built
        self.licence = licence
        self.sha256 = ""
        self.statements = tuple(dict.fromkeys(told.values()))
        networks = [(ip_network(text), each) for text, each in told.items()]
        self._networks = sorted(networks, key=lambda pair: pair[0].prefixlen)

    def codes(self, addresses: Addresses) -> np.ndarray:
        """For each address the index of its statement; -1 = none."""
        codes = np.full(len(addresses), -1, dtype=np.int64)
        for network, statement in self._networks:
            codes[within(addresses, network)] = self.statements.index(statement)
        return codes


def databases_of(folder: Path, note: Note) -> GeoData:
    """The databases of ``folder`` and nothing else that knows about places."""
    databases = open_databases(folder, note)
    return GeoData(databases, sources=tuple(each.source for each in databases))


def names() -> HostNames:
    """Three services: a foreign object store with regions, a foreign resolver, a mail at home."""
    common = {"source": "https://example.com/", "checked": READ, "verified": True}
    services = [
        {"id": "store", "name": "Store", "operator": "Store Inc", "operator_country": "US",
         "kind": "object-store", "platform": True, "regions": "aws",
         "hosts": ["*.s3.{region}.example.com", "*.store.example.com"]},
        {"id": "resolver", "name": "Resolver", "operator": "Resolver Ltd",
         "operator_country": "SG", "kind": "dns", "platform": False,
         "hosts": ["dns.example.net"]},
        {"id": "mail", "name": "Thư", "operator": "Thư Việt", "operator_country": "VN",
         "kind": "mail", "platform": True, "hosts": ["mail.example.vn"]},
    ]  # fmt: skip
    words = {"vi": "loại", "en": "kind"}
    return HostNames(
        Services.model_validate(
            {
                "version": "2026-11-22",
                "kinds": dict.fromkeys(("object-store", "dns", "mail"), words),
                "services": [each | common for each in services],
            }
        ),
        Regions(
            {
                "aws": _provider(
                    {
                        "ap-southeast-1": "SG Singapore",
                        "ap-southeast-1-han-1": "VN Hanoi",
                        "us-east-1": "US Virginia",
                    }
                ),
            }
        ),
    )


def _provider(regions: dict[str, str]) -> Provider:
    return Provider(
        name="AWS", operator_country="US", source="https://example.com/", read=READ, regions=regions
    )

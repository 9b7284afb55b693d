"""Who runs what is at an address: the service by its name, the cloud by its list, else the network.

Article 23(2)(b) of the Law on Data asks for the recipient, wherever the server stands. A name is
what the client asked for: one that tells of an operator at home goes before nobody foreign whose
list or network has the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.geo.decision import Origin, Said
from auditor.geo.placement import distinct_rows
from auditor.geo.services import Service

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from auditor.geo.host_names import HostNames
    from auditor.geo.placement import Known

BASES: Final = ("override", "service", "range", "network")
_NOT_THE_SERVERS: Final = ("dns-query", "ech-outer")
"""Names with these bases are not, or perhaps not, those of the server."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the names of servers say.

    Attributes:
        services: the distinct services.
        service_codes: per flow, the index of its service; -1 = none is known (int64).
        regions: the distinct regions of clouds.
        region_codes: per flow, likewise.
    """

    services: tuple[Service, ...]
    service_codes: np.ndarray
    regions: tuple[Said, ...]
    region_codes: np.ndarray


def names_of(flows: pd.DataFrame, names: HostNames | None) -> Names:
    """What the names in ``flows`` (stage ``read``) say."""
    none = np.full(len(flows), -1, dtype=np.int64)
    if names is None or not len(flows):
        return Names((), none, (), none)
    table = pa.Table.from_pandas(flows[["host", "host_basis"]], preserve_index=False)
    apart = pc.is_in(table["host_basis"], value_set=pa.array(_NOT_THE_SERVERS))
    host = pc.if_else(apart, pa.scalar(None, pa.string()), table["host"])
    encoded = host.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = np.asarray(pc.fill_null(encoded.indices, -1)).astype(np.int64)
    told = names.told(encoded.dictionary.to_pylist())
    services: dict[str, Service] = {}
    places: dict[str, int] = {}
    regions: dict[Said, int] = {}
    of_service, of_region = [], []
    for each in told:
        one = each.service
        if one is not None:
            services[one.id] = one
        of_service.append(-1 if one is None else places.setdefault(one.id, len(places)))
        of_region.append(
            -1
            if each.region is None
            else regions.setdefault(Said(Origin("host"), each.region), len(regions))
        )
    return Names(
        tuple(services.values()),
        through(np.array(of_service, dtype=np.int64), codes),
        tuple(regions),
        through(np.array(of_region, dtype=np.int64), codes),
    )


@dataclass(frozen=True, slots=True)
class RunBy:
    """Who runs the end of each flow that was asked about.

    Attributes:
        parties: the distinct operators, with the countries they are registered in.
        party: per flow, the index of its operator; -1 = not known.
        basis: per flow, the index in ``BASES`` of how it is known; -1 likewise.
        services: the distinct services.
        service: per flow, the index of its service; -1 = none is known.
        network: per flow, the index in ``parties`` of the network's owner; -1 likewise.
    """

    parties: tuple[tuple[str | None, str | None], ...]
    party: np.ndarray
    basis: np.ndarray
    services: tuple[Service, ...]
    service: np.ndarray
    network: np.ndarray

    def foreign(self, home: str) -> np.ndarray:
        """Where the operator is known to be registered in another country than ``home``."""
        away = [country is not None and country != home for _, country in self.parties]
        return _marked(away, self.party)

    @property
    def known(self) -> np.ndarray:
        """Where the operator's country is known."""
        return _marked([country is not None for _, country in self.parties], self.party)

    @property
    def platform(self) -> np.ndarray:
        """Where a platform is used on which data is processed."""
        return _marked([each.platform for each in self.services], self.service)

    def columns(self) -> dict[str, Any]:
        """Columns of the flow table."""
        names = pa.array([name for name, _ in self.parties], pa.string())
        countries = pa.array([country for _, country in self.parties], pa.string())
        return {
            "peer_org": _at(names, self.network),
            "peer_org_country": _at(countries, self.network),
            "service": _at(pa.array([s.id for s in self.services], pa.string()), self.service),
            "service_kind": _at(
                pa.array([s.kind for s in self.services], pa.string()), self.service
            ),
            "operator": _at(names, self.party),
            "operator_country": _at(countries, self.party),
            "operator_basis": _at(pa.array(BASES), self.basis),
        }


@dataclass(frozen=True, slots=True)
class Operators:
    """Who runs what, by address and by flow; ``of`` asks.

    Attributes:
        parties: as in ``RunBy``.
        stated, listed, network: per address, the index of the operator that an override, a list
            of ranges and the network name; -1 = none.
        services: the distinct services.
        service: per flow, the service that the server's name tells.
        served: per service, the index of its operator.
    """

    parties: tuple[tuple[str | None, str | None], ...]
    stated: np.ndarray
    listed: np.ndarray
    network: np.ndarray
    services: tuple[Service, ...]
    service: np.ndarray
    served: np.ndarray

    def of(self, at: np.ndarray, by_name: np.ndarray | None, home: str) -> RunBy:
        """Who runs the addresses ``at`` (per flow, an index; -1 = none).

        Args:
            at: per flow, the index of an address.
            by_name: where that end is the one that the server's name belongs to; null = nowhere.
            home: the home country (ISO 3166-1 alpha-2).
        """
        none = np.full(len(at), -1, dtype=np.int64)
        service = none if by_name is None else np.where(by_name, self.service, -1)
        named, listed, network = (
            through(codes, of)
            for codes, of in ((self.served, service), (self.listed, at), (self.network, at))
        )
        landlord = np.where(listed >= 0, listed, network)
        away = [country is not None and country != home for _, country in self.parties]
        ours = [country == home for _, country in self.parties]
        named = np.where(_marked(ours, named) & _marked(away, landlord), -1, named)
        voices = (through(self.stated, at), named, listed, network)
        party, basis = none, none
        for number, voice in enumerate(voices):
            open_ = (party < 0) & (voice >= 0)
            party, basis = np.where(open_, voice, party), np.where(open_, number, basis)
        return RunBy(self.parties, party, basis, self.services, service, voices[-1])


def operators(about: Known, names: Names, registrations: Mapping[int, str]) -> Operators:
    """Who runs the addresses of ``about``."""
    parties: dict[tuple[str | None, str | None], int] = {}
    count = len(about.real)
    stated = listed = np.full(count, -1, dtype=np.int64)
    for each in about.lists:
        of_statement = [
            -1
            if told.operator is None and told.operator_country is None
            else parties.setdefault((told.operator, told.operator_country), len(parties))
            for told in each.statements
        ]
        codes = through(np.array(of_statement, dtype=np.int64), each.codes)
        if each.statements and each.statements[0].kind == "override":
            stated = np.where(stated < 0, codes, stated)
        else:
            listed = np.where(listed < 0, codes, listed)
    codes, first = (
        distinct_rows([about.asn + 1, about.org_codes + 1]) if count else (listed, stated)
    )
    owners: list[int] = []
    for at in first.tolist():
        asn, org = int(about.asn[at]), int(about.org_codes[at])
        owner = about.orgs[org] if org >= 0 else None, registrations.get(asn)
        owners.append(-1 if owner == (None, None) else parties.setdefault(owner, len(parties)))
    network = through(np.array(owners, dtype=np.int64), codes)
    served = [
        parties.setdefault((each.operator, each.operator_country), len(parties))
        for each in names.services
    ]
    return Operators(
        tuple(parties),
        stated,
        listed,
        network,
        names.services,
        names.service_codes,
        np.array(served, dtype=np.int64),
    )


def through(codes: np.ndarray, at: np.ndarray) -> np.ndarray:
    """``codes[at]``, and -1 where ``at`` is -1."""
    if not len(codes):
        return np.full(len(at), -1, dtype=np.int64)
    return np.where(at < 0, -1, codes[at])


def _marked(marks: list[bool], at: np.ndarray) -> np.ndarray:
    return np.asarray(through(np.array(marks, dtype=np.int64), at) > 0)


def _at(values: pa.Array, at: np.ndarray) -> pa.Array:
    return values.take(pa.array(at, mask=at < 0, type=pa.int64()))

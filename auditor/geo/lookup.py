"""Everything known about single destinations: the whole record, for people who ask why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auditor.geo.addresses import CARRIERS, numbered
from auditor.geo.decision import Decision, Heard, Origin, Place, Said
from auditor.geo.operators import BASES, Names, operators
from auditor.geo.physics import reach_km
from auditor.geo.placement import known
from auditor.geo.registrations import FILE_NAME as REGISTRATIONS
from auditor.geo.registrations import Registrations
from auditor.geo.special import SPECIAL_RANGES
from auditor.model.errors import InputError
from auditor.model.place import Destination, Reach, Witness

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.geo.geodata import Edition, GeoData
    from auditor.geo.operators import RunBy
    from auditor.geo.placement import Known
    from auditor.geo.services import Service
    from auditor.model.inventory import Network


@dataclass(frozen=True, slots=True)
class Question:
    """One destination somebody asks about.

    Attributes:
        host: the server's name; null = none.
        log_country: what the maker of a log claims.
        rtt_us: the fastest handshake with it, in µs.
    """

    address: str
    host: str | None = None
    log_country: str | None = None
    rtt_us: int | None = None


def destinations(
    questions: Sequence[Question],
    geodata: GeoData,
    edition: Edition,
    home: str,
    home_networks: Sequence[Network],
) -> list[Destination]:
    """The decision record of each destination, by the same rules as for flows.

    Raises:
        InputError: one of the addresses is no IP address.
    """
    home = home.upper()
    addresses = numbered([each.address for each in questions])
    for question, family in zip(questions, addresses.family.tolist(), strict=True):
        if not family:
            raise InputError(
                "is no IP address",
                place=repr(question.address[:100]),
                hint="Write one IPv4 or IPv6 address, such as 203.162.4.191 or 2001:dc8::1, "
                "without port, prefix length or zone.",
            )
    rtt_us = np.array([-1 if each.rtt_us is None else each.rtt_us for each in questions], np.int64)
    about = known(addresses, geodata, edition, home_networks, rtt_us)
    names = _names(questions, geodata)
    at = np.arange(len(questions))
    runs = operators(about, names, geodata.registrations)
    run_by = runs.of(at, by_name=np.ones(len(at), bool), home=home)
    return [
        _record(question, number, about, names, run_by, geodata, home)
        for number, question in enumerate(questions)
    ]


def _names(questions: Sequence[Question], geodata: GeoData) -> Names:
    services: list[Service] = []
    regions: list[Said] = []
    told = geodata.names.told([each.host or "" for each in questions]) if geodata.names else ()
    service = np.full(len(questions), -1, dtype=np.int64)
    region = service.copy()
    for number, each in enumerate(told):
        if each.service is not None:
            service[number] = len(services)
            services.append(each.service)
        if each.region is not None:
            region[number] = len(regions)
            regions.append(Said(Origin("host"), each.region))
    return Names(tuple(services), service, tuple(regions), region)


def _record(
    question: Question,
    number: int,
    about: Known,
    names: Names,
    run_by: RunBy,
    geodata: GeoData,
    home: str,
) -> Destination:
    region = int(names.region_codes[number])
    host = names.regions[region] if region >= 0 else None
    heard = about.heard(number, host, question.log_country)
    decision = about.decided(number, home, host, question.log_country)
    party, service = int(run_by.party[number]), int(run_by.service[number])
    network, basis = int(run_by.network[number]), int(run_by.basis[number])
    operator, operator_country = run_by.parties[party] if party >= 0 else (None, None)
    org, org_country = run_by.parties[network] if network >= 0 else (None, None)
    named = run_by.services[service] if service >= 0 else None
    asn = int(about.asn[number])
    own = decision.state == "not-applicable"
    abroad = None if decision.place == Place.UNKNOWN else decision.place == Place.FOREIGN
    foreign = None if operator_country is None else operator_country != home
    return Destination(
        address=question.address,
        host=question.host,
        state=decision.state,
        country=decision.country,
        candidates=decision.candidates,
        rule=decision.rule,
        certainty=decision.certainty,
        basis=decision.basis,
        witnesses=tuple(_witnesses(question, number, about, heard, geodata, org, org_country)),
        reach=_reach(question, decision, geodata) if not own else None,
        asn=asn if asn >= 0 else None,
        org=org,
        org_country=org_country,
        service=named.id if named else None,
        service_kind=named.kind if named else None,
        operator=operator,
        operator_country=operator_country,
        operator_basis=BASES[basis] if basis >= 0 else None,
        abroad=abroad,
        foreign_recipient=False if own else foreign,
        foreign_platform=_platform(named.platform if named else None, foreign, abroad),
    )


def _platform(platform: bool | None, foreign: bool | None, abroad: bool | None) -> bool | None:  # noqa: FBT001 - three answers
    answers = (platform, foreign, abroad)
    if False in answers:
        return False
    return None if None in answers else True


def _reach(question: Question, decision: Decision, geodata: GeoData) -> Reach | None:
    if question.rtt_us is None:
        return None
    claimed = decision.country or next(iter(decision.candidates), None)
    return Reach(
        question.rtt_us,
        reach_km(question.rtt_us),
        claimed,
        geodata.distances.get(claimed) if claimed else None,
    )


def _witnesses(
    question: Question,
    number: int,
    about: Known,
    heard: Heard,
    geodata: GeoData,
    org: str | None,
    org_country: str | None,
) -> Iterator[Witness]:
    """Everything that was heard, in the order of precedence."""
    special = int(about.special[number])
    if about.own[number]:
        yield Witness("inventory", "inventory")
    if special >= 0:
        one = SPECIAL_RANGES[special]
        yield Witness("special", one.source, detail=one.name)
    if heard.carrier:
        yield Witness("special", CARRIERS[int(about.carriers[number])], detail="IPv4 inside")
    for said in heard.said:
        told, origin = said.statement, said.origin
        detail = ", ".join(
            part
            for part in (told.detail, told.operator, told.relay, "anycast" * told.anycast)
            if part
        )
        yield Witness(told.kind, origin.name, told.countries, detail, origin.built, origin.licence)
    if heard.host is not None:
        told = heard.host.statement
        yield Witness("host", question.host or "", told.countries, told.detail)
    yield from _of_databases(heard)
    if org_country:
        registered = geodata.registrations
        built = registered.built if isinstance(registered, Registrations) else None
        yield Witness("network", REGISTRATIONS, (org_country,), org or "", built, derived=True)
    if question.log_country:
        yield Witness("log", "log", (question.log_country,))
    if geodata.names and question.host:
        named = geodata.names.told([question.host])[0]
        if named.service is not None:
            one_service = named.service
            detail = f"{one_service.name}, {one_service.operator}"
            yield Witness("service", "services.yaml", (), detail)
        if named.top_level is not None:
            yield Witness("host", question.host, named.top_level.countries, named.top_level.detail)
    if question.rtt_us is not None and not about.own[number]:
        yield Witness("handshake", "handshake", (), f"{question.rtt_us} µs")


def _of_databases(heard: Heard) -> Iterator[Witness]:
    """What databases say of the place, then of the registration, then of the network."""
    for voice in heard.voices:
        answer, origin = voice.answer, voice.origin
        if answer.country or answer.anycast or answer.relay or answer.city:
            detail = ", ".join(
                part for part in (answer.city, answer.relay, "anycast" * answer.anycast) if part
            )
            countries = (answer.country,) if answer.country else ()
            yield Witness("database", origin.name, countries, detail, origin.built, origin.licence)
    for voice in heard.voices:
        answer, origin = voice.answer, voice.origin
        if answer.registered:
            yield Witness(
                "registered", origin.name, (answer.registered,), "", origin.built, origin.licence
            )
    for voice in heard.voices:
        answer, origin = voice.answer, voice.origin
        if answer.asn or answer.org:
            detail = " ".join(part for part in (f"AS{answer.asn or '?'}", answer.org) if part)
            yield Witness("network", origin.name, (), detail, origin.built, origin.licence)

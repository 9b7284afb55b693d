"""Which systems an agency has, where they stand and which data they hold (``inventory.yaml``)."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from auditor.model.documents import Document

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network(value: object) -> Network:
    """The network written as text; what is wrong with it is told as pydantic wants it."""
    if not isinstance(value, str):
        raise ValueError("write an address or a network as text, such as 10.20.0.0/16")  # noqa: TRY004 - pydantic turns ValueError into a line of the report
    try:
        return ipaddress.ip_network(value.strip(), strict=True)
    except ValueError as error:
        raise ValueError(f"{error}; write an address or a network such as 10.20.0.0/16") from None


class System(Document):
    """One information system.

    Attributes:
        networks: addresses and networks the system stands in; the longest match wins where two
            systems overlap.
        hosts: names the system answers to (exact, or ``*.example.vn``).
        categories: codes of the data it holds: items of Decision 20 (``I.26a``) and personal-data
            codes of Decree 356 (``B7``, ``S-d``).
        subjects: how many data subjects the system holds data of.
        record_bytes: average size of one subject's record as it leaves, in bytes.
        state_agency: whether its data is a state agency's; null = as the whole agency is.
    """

    id: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    name: Annotated[str, Field(min_length=1)]
    owner: str = ""
    networks: tuple[Annotated[Network, BeforeValidator(network)], ...] = ()
    hosts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subjects: Annotated[int, Field(ge=0)] | None = None
    record_bytes: Annotated[int, Field(gt=0)] | None = None
    state_agency: bool | None = None
    note: str = ""

    @model_validator(mode="after")
    def _can_be_found(self) -> System:
        if not self.networks and not self.hosts:
            raise ValueError("a system needs networks or hosts, else no flow can belong to it")
        return self


class Inventory(Document):
    """All systems of one agency.

    Attributes:
        state_agency: whether it is a state agency; systems that it runs for others say so.
    """

    agency: Annotated[str, Field(min_length=1)]
    state_agency: bool = True
    home_networks: tuple[Annotated[Network, BeforeValidator(network)], ...] = ()
    systems: tuple[System, ...] = ()

    @model_validator(mode="after")
    def _no_system_twice(self) -> Inventory:
        ids = [system.id for system in self.systems]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"system ids stand twice: {', '.join(twice)}")
        return self

    @property
    def owners(self) -> dict[str, bool]:
        """Per system id: whether its data is a state agency's."""
        return {
            system.id: self.state_agency if system.state_agency is None else system.state_agency
            for system in self.systems
        }

    @property
    def networks(self) -> tuple[Network, ...]:
        """Every network the agency calls its own: home by declaration."""
        return self.home_networks + tuple(
            network for system in self.systems for network in system.networks
        )

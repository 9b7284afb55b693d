"""All probes, by id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.probes import (
    access,
    accounts,
    channel,
    configuration,
    datasets,
    devices,
    documents,
    egress,
    exchange,
    expiry,
    logs,
    machines,
    monitoring,
    products,
    quality,
    recovery,
    registers,
    results,
    sessions,
    tls,
    traffic,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.checklist.probe import Probe

_MODULES = (
    traffic, devices, access, egress, monitoring, channel, sessions, tls, configuration, accounts,
    documents, registers, datasets, logs, machines, products, recovery, exchange, expiry, quality,
    results,
)  # fmt: skip

PROBES: Final[Mapping[str, Probe]] = {
    probe.id: probe for module in _MODULES for probe in module.PROBES
}

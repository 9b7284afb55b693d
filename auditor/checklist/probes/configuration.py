"""Questions about exports of devices and databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.probes import (
    database,
    firewall_exposure,
    firewall_flows,
    firewall_rules,
    passwords,
)

if TYPE_CHECKING:
    from auditor.checklist.probe import Probe

PROBES: Final[tuple[Probe, ...]] = (
    *firewall_rules.PROBES,
    *firewall_exposure.PROBES,
    *firewall_flows.PROBES,
    *passwords.PROBES,
    *database.PROBES,
)

"""TODO tls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.checklist.probe import Probe

PROBES: tuple[Probe, ...] = ()

"""What captures and flow logs showed, added up for the probes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from auditor.checklist.assessment import Network
    from auditor.checklist.facts import Traffic
    from auditor.model.inventory import Inventory
    from auditor.model.problem import Problem
    from auditor.model.run import InputFile


def traffic(
    parts: Iterable[pa.Table],
    inputs: tuple[InputFile, ...],
    problems: tuple[Problem, ...],
    network: Network | None,
    inventory: Inventory | None,
) -> Traffic:
    """The traffic in a flow table (parts of stage ``geo``)."""
    raise NotImplementedError
